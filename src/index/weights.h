/*
 * weights.h - a query's own weights of signals, from the text of aisle_query.weights.
 *
 *   weights = weight { "," weight }        weight = FIELD ":" number        number: 0 to 100, at most two decimals
 *
 * FIELD is the first field that a signal of the schema reads; when several read it, the weight is that of each.
 * "exact" is the weight of whole titles and part numbers (exact.h), where the schema has one and no signal reads a
 * field of that name.
 * Thread rule: pure functions.
 */
#ifndef AISLE_INDEX_WEIGHTS_H
#define AISLE_INDEX_WEIGHTS_H

#include "rank/signal.h"

/*
 * Fills weights, one for each of the schema's signals: in hundredths, or SIGNAL_WEIGHT_SCHEMA for those not named; and
 * *exact, in hundredths, the schema's unless named. text may be NULL. AISLE_BAD_QUERY: the byte is error->position.
 */
must_check int weights_parse(const char *text, const struct schema *schema, uint32_t weights[LIMIT_SIGNALS],
                             uint32_t *exact, aisle_error *error);

#endif
