/*
 * random_affinity.h - random affinities of a shopper, as text for the engine and as what each product gets for them, by
 * its JSON.
 *
 * One set is under way at a time and is the module's. Thread rule: one thread.
 */
#ifndef ORACLE_RANDOM_AFFINITY_H
#define ORACLE_RANDOM_AFFINITY_H

#include "oracle/random_filter.h"

#define RANDOM_AFFINITIES_MAX 32u

/* Draws affinities, most at most, perhaps none, in place of those there were. */
void random_affinities_draw(struct shop *shop, uint32_t most);

/* Their texts, as aisle_query has them; *count: how many. */
const char *const *random_affinities_texts(size_t *count);

/* What the live product with this id gets, in parts of a score, exactly. */
double random_affinities_of(struct oracle *oracle, const char *id);

void random_affinities_release(void);

#endif
