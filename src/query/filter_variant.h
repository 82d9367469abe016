/*
 * filter_variant.h - conditions that one variant of a product meets, in one segment.
 *
 * The segment keeps each variant as bytes (schema/variant.h) in a sorted dictionary, and a product's as a list of
 * ordinals. What is asked to be equal in the first fields of variants is a range of ordinals, outside of which nothing
 * is read; where that is all that is asked, no variant's bytes are. Others are decoded and evaluated one by one.
 *
 * Private to the module. Thread rule: one thread, as its filter.
 */
#ifndef AISLE_QUERY_FILTER_VARIANT_H
#define AISLE_QUERY_FILTER_VARIANT_H

#include "query/filter.h"

struct variant_test;

/*
 * Makes any, a node of FILTER_ANY, ready. *first to before *end are the ordinals that can meet its condition;
 * *is_range: all of them do, and so does no product without a variant; then *out is NULL. AISLE_CORRUPT,
 * AISLE_NO_MEMORY.
 */
must_check int variant_test_open(const struct filter_node *any, const struct values_reader *values,
                                 struct arena *arena, uint32_t *first, uint32_t *end, bool *is_range,
                                 struct variant_test **out);

/* Whether a variant of a product with this code, or its none, meets the conditions. AISLE_CORRUPT. */
must_check int variant_test_code(struct variant_test *test, int64_t code, bool *matches);

#endif
