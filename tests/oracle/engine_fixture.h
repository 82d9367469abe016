/*
 * engine_fixture.h - a catalog of the engine beside one of the oracle, and the comparison of their answers.
 *
 * Shared by the oracle's tests; sees the engine through aisle.h only. A comparison that fails prints the query, both
 * answers and the products that they differ in (difference.h), and returns false; the test adds its seed.
 *
 * Thread rule: one pair, one thread at a time.
 */
#ifndef ORACLE_ENGINE_FIXTURE_H
#define ORACLE_ENGINE_FIXTURE_H

#include "aisle.h"
#include "oracle/oracle.h"

#include <stdbool.h>

struct pair {
    char path[256];
    aisle *catalog;
    aisle_writer *writer;
    aisle_result *result;
    struct oracle *oracle;
    const char *weights; /* of the searches to come, as aisle_query has it; borrowed */
    int64_t now_ms;
    uint32_t search_threads; /* that work on each search: several where there are several shards */
    bool exact; /* nothing dead was dropped, or all of it: the oracle's own statistics are the engine's */
    int status;     /* of the last search             */
    uint64_t total; /* of the last search, when it is 0 */
};

/* Creates both catalogs with this schema and opens a writer. path: a directory that does not exist. */
bool pair_open(struct pair *pair, const char *path, const char *schema, uint32_t shards);

/* Closes the engine's and opens it anew. */
bool pair_reopen(struct pair *pair);

/* Closes the engine's and has every structure of it verified; false, with what was found, when there is a fault. */
bool pair_check(struct pair *pair);

/* Frees both and removes the engine's directory. */
void pair_close(struct pair *pair);

/* Removes a directory with all that is in it; one that is not there is no error. */
void pair_remove(const char *path);

/* Each does the same to both and compares what they return. */
bool pair_put(struct pair *pair, const char *product);
bool pair_patch(struct pair *pair, const char *id, const char *fields);

/* The same when the oracle is given it in another form (random_variants.c). */
bool pair_put_flat(struct pair *pair, const char *product, const char *flat);
bool pair_patch_flat(struct pair *pair, const char *id, const char *fields, const char *flat);
bool pair_delete(struct pair *pair, const char *id);

/* Commits (or compacts, which commits), compares the number of products and decides whether scores are comparable. */
bool pair_commit(struct pair *pair, bool compact);

/*
 * Searches both. Exact: total, hits, order and scores to the bit. Otherwise, total and set of hits, their order by the
 * engine's scores, and, when plain says that all clauses are of one term each, scores to the bit by the statistics
 * that the engine's explanation names. *hits, unless NULL, grows by the number of hits compared.
 */
bool pair_search(struct pair *pair, const char *text, uint32_t offset, uint32_t limit, bool plain, uint64_t *hits);

#endif
