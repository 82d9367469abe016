/*
 * sort.h - answers in the order of columns instead of scores.
 *
 *   sort = part { "," part }       part = field [ ":asc" | ":desc" ] | "score"
 *
 * Parts decide one after another; a field without a direction ascends, scores always descend. Products without a value
 * come last in either direction. Of several values the least counts when ascending, the greatest when descending.
 * Numbers are compared as columns hold them, exactly; keywords and paths by their folded bytes. What is equal in all
 * parts stands in the document order, so that an answer has one order whatever the segments are.
 *
 * Every part becomes a number that ascends, so that the best are kept in a heap of plain numbers. For that, ordinals of
 * several segments get common ranks, by one merge of the field's values. The least and greatest value of a page say
 * whether it can hold anything better than the worst hit held; otherwise it is not read, and if nothing else must see
 * its matches, its lists are not read either.
 *
 * Memory: the context's arena. Thread rule: as the query.
 */
#ifndef AISLE_QUERY_SORT_H
#define AISLE_QUERY_SORT_H

#include "query/after.h"
#include "query/walk.h"

struct sort_part {
    uint8_t field;
    bool is_score; /* instead of a field */
    bool descending;
};

struct sort_order {
    struct sort_part parts[LIMIT_SORT_PARTS];
    uint32_t count;
};

/*
 * Parses text; "score" alone is an order of no parts, which is that of answers by score. AISLE_BAD_QUERY
 * (error->position is the byte), AISLE_LIMIT. The message begins with "sort:".
 */
must_check int sort_parse(struct bytes text, const struct filter_source *source, struct sort_order *out,
                          aisle_error *error);

/* What a hit is sorted by in one part, in a form that does not depend on segments. */
struct sort_value {
    enum { SORT_MISSING, SORT_NUMBER, SORT_WORD } kind;
    int64_t number;    /* as the column has it, or a score */
    struct bytes word; /* folded */
};

struct sorter;

/* Where a page begins: place->score is not used. */
struct sort_after {
    struct query_after *place;
    struct sort_value values[LIMIT_SORT_PARTS];
};

/*
 * Makes a sorter for the best capacity hits of a bound query, behind after (NULL: from the first). AISLE_LIMIT (error
 * tells), AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int sorter_new(const struct query_context *context, const struct query_node *root,
                          const struct sort_order *order, uint32_t capacity, const struct sort_after *after,
                          struct sorter **out, aisle_error *error);

/* For walks that serve the sorter alone, and may leave windows out. */
struct walk_visitor sorter_visitor(struct sorter *sorter);

/* For visitors that serve others, too: called as theirs are. */
must_check int sorter_enter(struct sorter *sorter, uint32_t segment);
must_check int sorter_visit(struct sorter *sorter, const struct walk_window *window);

/* The hits, best first; their scores are 0 unless they are sorted by. AISLE_CORRUPT. */
must_check int sorter_hits(struct sorter *sorter, struct query_hit **hits, uint32_t *count);

/* What a hit was sorted by; words live in the arena. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int sort_values(const struct query_context *context, const struct sort_order *order,
                           const struct query_hit *hit, struct sort_value *values);

#endif
