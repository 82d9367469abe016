/*
 * highlights.h - the fields of hits in which a query's words are to be marked.
 *
 * Thread rule: as the search that it belongs to.
 */
#ifndef AISLE_INDEX_HIGHLIGHTS_H
#define AISLE_INDEX_HIGHLIGHTS_H

#include "aisle.h"
#include "index/result.h"
#include "query/highlight.h"
#include "schema/product.h"

struct highlights {
    const struct schema *schema; /* borrowed, like analyser and arena */
    struct analyser *analyser;
    struct arena *arena;
    struct highlight_words words;
    struct highlight_style style;
    uint8_t *fields; /* of the schema, in the arena */
    struct highlight_field *sources; /* one for each */
    uint32_t count;
    struct product_reader *reader; /* owned */
    struct buf text;               /* scratch: a value with its marks */
    struct buf joined;             /* scratch: a path in one piece */
};

/*
 * Makes ready what the query wants marked, for the words of root. Release it whatever it returns. AISLE_BAD_QUERY: a
 * field that is not there or not searched; AISLE_LIMIT: more fields than a schema has; AISLE_NO_MEMORY.
 */
must_check int highlights_init(struct highlights *highlights, const aisle_query *query, const struct schema *schema,
                               struct analyser *analyser, struct arena *arena, const struct query_node *root,
                               aisle_error *error);
void highlights_release(struct highlights *highlights);

/* Marks the words in a hit's product (its JSON) and adds the texts to result, one for each field. */
must_check int highlights_add(struct highlights *highlights, struct bytes product, struct aisle_result *result);

#endif
