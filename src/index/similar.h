/*
 * similar.h - products like one: its most telling words as a query.
 *
 * What is like a product is defined as the answer to its words joined by OR: those of its first text field, keywords
 * and paths as far as they are searched and no part numbers, of which the LIMIT_LIKE_WORDS with the least df in the
 * catalog are taken (of equal ones those that stand first), and none that only one product has. The product itself is
 * left out by a filter, so that totals, facets, groups and pages are those of the others.
 *
 * Thread rule: as the search.
 */
#ifndef AISLE_INDEX_SIMILAR_H
#define AISLE_INDEX_SIMILAR_H

#include "index/look.h"
#include "query/filter.h"

struct similar {
    const char *text;            /* of the query, in the searcher's arena; empty: no word of it is another product's */
    struct filter_node *without; /* keeps all products but that one; of an empty text, none */
};

/*
 * Finds the product with this id and its words; context is begun. AISLE_NOT_FOUND with error filled, AISLE_CORRUPT,
 * AISLE_NO_MEMORY.
 */
must_check int similar_take(const struct look *look, const struct query_context *context, struct bytes id,
                            struct similar *out, aisle_error *error);

#endif
