/*
 * affinity.h - a shopper's affinities, aisle_query.affinities: "brand:Sony=0.3" becomes a boost of what has that brand.
 *
 *   affinity = FIELD ":" VALUE "=" number        number: 0.01 to 10, at most two decimals
 *
 * FIELD is one that can be filtered by. Of a path, VALUE is a level with those above it, and all below it has it, too.
 * Thread rule: as the search.
 */
#ifndef AISLE_INDEX_AFFINITY_H
#define AISLE_INDEX_AFFINITY_H

#include "query/boosts.h"

/* Hundredths that one affinity may weigh. */
#define AFFINITY_WEIGHT_MAX (100u * LIMIT_AFFINITY_WEIGHT)

/*
 * Appends a boost for each affinity of the query; list has room for LIMIT_AFFINITIES more. source is that of the
 * query's filter. AISLE_BAD_QUERY, AISLE_LIMIT (both name the affinity), AISLE_NO_MEMORY.
 */
must_check int affinity_take(const aisle_query *query, const struct filter_source *source, struct boost_list *list,
                             aisle_error *error);

/* A weight of at most max hundredths as text, 0 excluded; false when it is none. */
bool affinity_weight(struct bytes text, uint32_t max, uint32_t *hundredths);

/* The part of a score that a weight in hundredths is worth: as that of a signal, a whole share of it. */
int32_t affinity_part(uint32_t hundredths);

#endif
