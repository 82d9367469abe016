/*
 * rounds.h - the life of a random catalog, of the engine and of the oracle side by side, with looks at it in between.
 *
 * A round is a seed: a random schema, batches of puts, patches and deletes, merges and reopenings; after each batch the
 * caller's comparison is asked. A failure prints the seed and the schema.
 *
 * Thread rule: one round, one thread at a time.
 */
#ifndef ORACLE_ROUNDS_H
#define ORACLE_ROUNDS_H

#include "oracle/engine_fixture.h"
#include "oracle/random_shop.h"

/* Compares one answer of both; false, having printed how they differ, ends the round. */
typedef bool rounds_compare(struct pair *pair, struct shop *shop, void *tally);

struct rounds {
    const char *name; /* of the directory */
    rounds_compare *compare;
    void *tally;      /* of compare */
    unsigned looks;   /* comparisons after each batch */
    uint32_t ids_max; /* of rounds_run's catalogs; 0: as many as are drawn */
};

/* One round of small batches. */
bool rounds_run(const struct rounds *rounds, uint64_t seed);

/* One with more documents than a window or two has, in one segment, some of them dead or patched. */
bool rounds_run_large(const struct rounds *rounds, uint64_t seed);

/*
 * Runs rounds as AISLE_ORACLE_SEED and AISLE_ORACLE_ROUNDS say, otherwise for some seconds; prints the seeds. False
 * when one failed.
 */
bool rounds_campaign(const struct rounds *rounds);

#endif
