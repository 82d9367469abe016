/*
 * facet.h - what matches of a query have in a field: counts of values, of ranges, of a tree's children; figures.
 *
 *   facet   = field [ ">" path | "[" bound "," bound { "," bound } "]" | "/" width ] { ":" option }
 *   path    = the levels that children are counted of, with ">" between them, or a string
 *   bound   = a value as the field holds it, or "*" as the first or last
 *   width   = a number, or for dates one followed by s, m, h, d or w
 *   option  = N | "count" | "name" | "size" | "multi" | "stats" | "prefix=" text | "contains=" text | "like=" text
 *           | "sample=" N | "groups=" name
 *   text    = anything up to the next ":", or a string;    string = '"' ... '"' with \" and \\ in it
 *
 * With "groups=" the count of a value, a range or a bucket is the number of different values that the products which
 * have it have in the field of groups (a product without one is a group by itself): exact, too. Stats stay those of
 * products.
 *
 * Values are counted as products, exactly: a product with several values counts once for each, and once for a value
 * however often it has it. Ordinals of keywords mean something in one segment only, so that counts of segments are
 * brought together by the values' folded bytes. Ranges hold their lower bound and not their upper one. A path field
 * counts the top level, or the children of a path; a product counts for the child that it lies in or below.
 *
 * Counting (facet_count.c): a window's matches become positions in pages of columns, once for all facets that see the
 * same matches; where all documents of a page match, it is unpacked as a whole, else single codes are picked; pages
 * whose values are all the same are not read. Lists are counted by their place first, and opened when their table is
 * full and at the end, because many products share them.
 *
 * Memory: an arena of the set, bounded as a query's. Thread rule: a set belongs to one thread.
 */
#ifndef AISLE_FACET_FACET_H
#define AISLE_FACET_FACET_H

#include "query/walk.h"

enum facet_kind {
    FACET_WORDS,   /* counts of keywords, or of a path's children */
    FACET_NUMBERS, /* counts of numbers, bools, dates */
    FACET_RANGES,
    FACET_HISTOGRAM
};

enum facet_order {
    FACET_BY_COUNT, /* the most first; equal counts by value */
    FACET_BY_VALUE, /* ascending: keywords by their folded bytes, numbers by size */
    FACET_BY_SIZE   /* keywords as sizes: XS before S before M, 38 before 38.5, others behind by value */
};

#define FACET_NOT_LIFTED UINT32_MAX

struct facet_request {
    enum facet_kind kind;
    enum facet_order order;
    uint8_t field;
    bool multi;          /* the filter's conditions on the field do not narrow its counts */
    bool whole;          /* paths as they are, in place of a level of them */
    bool by_groups;      /* counts are of groups, values of group_field */
    uint8_t group_field;
    bool stats;          /* with the least, greatest, sum and mean */
    uint32_t limit;      /* values wanted */
    uint32_t sample;     /* of so many matches one is looked at; 1: all */
    uint32_t levels;     /* of the path that children are counted of */
    struct bytes under;  /* that path, folded; NULL data: none */
    struct bytes prefix; /* folded; values begin so. Empty: any */
    struct bytes contains;
    struct bytes like; /* likewise, but for a misspelling of a word's beginning */
    int64_t *bounds; /* ascending, numbers as columns have them: range i is [bounds[i], bounds[i + 1]) */
    struct bytes *bound_texts; /* as they were written; empty: open */
    uint32_t bound_count;
    int64_t width;     /* histograms of whole numbers, decimals and dates, as columns have them */
    double real_width; /* of doubles */
};

/*
 * Parses a facet's text; what it holds lives in source->arena. AISLE_BAD_QUERY (error->position is the byte),
 * AISLE_LIMIT, AISLE_NO_MEMORY. The message begins with "facet:".
 */
must_check int facet_parse(struct bytes text, const struct filter_source *source, struct facet_request *out,
                           aisle_error *error);

/* ---- counting ---- */

struct facet_set;

/*
 * Makes count requests (borrowed) ready to be counted in the context's segments by a walk (borrowed for the call);
 * lifted[i] is the number of the filter that it lifts for request i, or FACET_NOT_LIFTED. error must live as long as
 * the set. AISLE_LIMIT (error tells), AISLE_NO_MEMORY.
 */
must_check int facet_set_new(const struct query_context *context, const struct facet_request *requests,
                             const struct walk *walk, const uint32_t *lifted, uint32_t count, struct facet_set **out,
                             aisle_error *error);

/* Frees, with all answers; NULL is allowed. */
void facet_set_free(struct facet_set *set);

/* Counts a window. AISLE_CORRUPT, AISLE_LIMIT (the set's error tells), AISLE_NO_MEMORY. */
must_check int facet_set_count(struct facet_set *set, const struct walk_window *window);

/* ---- answers ---- */

struct facet_value {
    struct bytes text; /* to be shown: a value as first written, a path in full, a number, "10..20" */
    struct bytes from; /* ranges and histograms: the bounds, empty where open */
    struct bytes to;
    uint64_t count;
};

struct facet_answer {
    const struct facet_value *values;
    uint32_t value_count;
    uint64_t distinct;   /* values that were counted, shown or not */
    uint64_t products;   /* matches with a value */
    uint64_t missing;    /* matches without */
    bool sampled;        /* counts are estimates */
    struct bytes min;    /* stats; empty unless there is a value */
    struct bytes max;
    struct bytes sum;    /* empty for bools, dates, and what no double holds */
    double mean;
};

/* The answer of request number i; lives as long as the set. AISLE_CORRUPT, AISLE_LIMIT, AISLE_NO_MEMORY. */
must_check int facet_set_answer(struct facet_set *set, uint32_t i, struct facet_answer *out, aisle_error *error);

#endif
