/*
 * filter.h - conditions on columns: parsing, finding their values in a segment, and evaluating them window by window.
 *
 *   or     = and { "OR" and }
 *   and    = not { "AND" not }
 *   not    = [ "NOT" ] term
 *   term   = "(" or ")" | field op value | field bound "TO" bound | field "EXISTS" | field "UNDER" string
 *          | field "IN" ( "[" value { "," value } "]" | "$" name )
 *          | "ANY" field "(" or ")"
 *   op     = "=" | "!=" | "<" | "<=" | ">" | ">="
 *   value  = number | string | date | "true" | "false" | "$" name
 *   bound  = value | "*"
 *   field  = the name of a field that has a column; in quotes if a word of the grammar
 *   string = '"' any but '"' and '\', or '\"', or '\\' '"'
 *
 * Words of the grammar are read in any case. TO includes both ends. A list matches if any element does. A product
 * without a value matches != and NOT, nothing else. Keywords compare folded, ranges of them by the bytes of that. A
 * path equals whole paths ("Audio > Headphones"); UNDER takes it and all below. A date is its first moment. A bound
 * value ($name) is read as the field's type asks, and never as a piece of the grammar; behind IN it may be several.
 *
 * ANY names the field of variants and holds if one variant of the product meets all that stands in the parentheses,
 * where only fields of variants may stand. Elsewhere a keyword of variants has the values of all of them, and a number
 * of variants is asked of each: price < 60 is ANY variants (price < 60), and != is that none is equal.
 *
 * A filter never scores. It is evaluated into bitsets of CURSOR_WINDOW documents, only for windows that are asked for:
 * a page of a column that its least and greatest value decide is not read, and the conditions of an AND go by
 * estimated selectivity, each behind the first for what the ones before it have left.
 *
 * Memory: all in the arena given. Thread rule: a filter belongs to one query and its thread.
 */
#ifndef AISLE_QUERY_FILTER_H
#define AISLE_QUERY_FILTER_H

#include "base/arena.h"
#include "segment/segment.h"
#include "schema/schema.h"
#include "text/text.h"

enum filter_kind {
    FILTER_AND,     /* all children */
    FILTER_OR,      /* any child */
    FILTER_NOT,     /* not the one child */
    FILTER_ANY,     /* one variant meets the first child; the second, if any, is met by all such products' columns */
    FILTER_NUMBERS, /* leaf: a number from least to greatest; greatest below least: none */
    FILTER_SET,     /* leaf: one of numbers, ascending */
    FILTER_WORDS,   /* leaf: a folded value from low to high; both ends as includes_ tells, NULL data: open */
    FILTER_WORD_SET, /* leaf: one of the folded words, ascending */
    FILTER_UNDER,   /* leaf: the path low, or one below it */
    FILTER_EXISTS,  /* leaf: any value */
    FILTER_DOCUMENTS /* leaf: single documents; asks about no field, so that it is never lifted */
};

/* A document of one of the segments that are searched. */
struct filter_document {
    const struct segment *segment;
    uint32_t document;
};

struct filter_node {
    enum filter_kind kind;
    uint8_t field;
    bool includes_low;
    bool includes_high;
    struct filter_node **children;
    uint32_t child_count;
    uint32_t count; /* of numbers or words */
    int64_t least;
    int64_t greatest;
    int64_t *numbers;
    struct bytes low;
    struct bytes high;
    struct bytes *words;
    const struct schema *schema; /* of FILTER_ANY */
    const struct filter_document *documents; /* count of them, each once, in any order */
};

/* Values for $names, and what a filter's text is read by. Everything is borrowed. */
struct filter_source {
    const struct schema *schema;
    const struct segment_columns *columns; /* that the catalog keeps */
    struct analyser *analyser;
    const aisle_param *params;
    size_t param_count;
    struct arena *arena;
};

/*
 * Parses text. *root lives in the arena. AISLE_BAD_QUERY (error->position is the byte), AISLE_LIMIT, AISLE_NO_MEMORY.
 */
must_check int filter_parse(struct bytes text, const struct filter_source *source, struct filter_node **root,
                            aisle_error *error);

/*
 * Divides a filter: *lifted is all that is AND-ed at its top and asks about field alone, *rest the other conditions;
 * both together are root, which may be NULL. Each is NULL when there is nothing of it. AISLE_NO_MEMORY.
 */
must_check int filter_lift(struct filter_node *root, uint8_t field, struct arena *arena, struct filter_node **lifted,
                           struct filter_node **rest);

/*
 * What the columns of all products tell of which one variant meets node, as conditions without FILTER_ANY: all that do,
 * and others. *out is NULL when they tell nothing. AISLE_NO_MEMORY.
 */
must_check int filter_variant_columns(struct filter_node *node, const struct schema *schema, struct arena *arena,
                                      struct filter_node **out);

/* Parents of one or more nodes, and single documents (copied); NULL: no memory. Made in place of text, by rules. */
struct filter_node *filter_new_parent(struct arena *arena, enum filter_kind kind, struct filter_node *const *children,
                                      uint32_t count);
struct filter_node *filter_new_documents(struct arena *arena, const struct filter_document *documents, uint32_t count);

/*
 * What numbers of a field that is none of variants lie between, by conditions that stand AND-ed at the top of root,
 * which may be NULL. False: there are none.
 */
bool filter_confines(const struct filter_node *root, uint8_t field, int64_t *least, int64_t *greatest);

/* A filter in one segment. */
struct filter;

/* Finds the values of root in a segment; *out lives in arena. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int filter_open(const struct filter_node *root, const struct segment *segment,
                           const struct segment_state *state, struct arena *arena, struct filter **out);

/* Whether it keeps the documents of which a keyword or path has an ordinal from *least to *greatest, and no others. */
bool filter_is_range(const struct filter *filter, uint8_t *field, int64_t *least, int64_t *greatest);

/* Likewise of none, *greatest being below *least then. */
bool filter_is_range_or_none(const struct filter *filter, uint8_t *field, int64_t *least, int64_t *greatest);

/* About how many of the segment's documents match. */
uint64_t filter_estimate(const struct filter *filter);

/* Whether no document of the segment matches, as far as that costs nothing to know; unlike an estimate of 0, surely. */
bool filter_is_empty(const struct filter *filter);

/* The first document from `from` on that may match, as far as that costs nothing to know; POSTINGS_END: none does. */
uint32_t filter_next(const struct filter *filter, uint32_t from);

/* False when no document from first to last matches, as far as that costs nothing to know. */
bool filter_may_keep(const struct filter *filter, uint32_t first, uint32_t last);

/* Documents of one window, as CURSOR_WINDOW. */
#define FILTER_WINDOW 4096u

/*
 * Sets bits to the matches of [from, from + FILTER_WINDOW), from being a multiple of it; dead documents may be among
 * them, documents behind the last are not. Any order of windows. AISLE_CORRUPT.
 */
must_check int filter_fill(struct filter *filter, uint32_t from, uint64_t *bits);

/* The same for those documents alone that are set in bits already, of which the others are cleared. */
must_check int filter_keep(struct filter *filter, uint32_t from, uint64_t *bits);

/* filter_keep for words of bits that begin at from, a multiple of 64, wherever they end. AISLE_CORRUPT. */
must_check int filter_keep_words(struct filter *filter, uint32_t from, uint64_t *bits, size_t words);

/* Whether one document matches, for when there are few to look at. AISLE_CORRUPT. */
must_check int filter_test(struct filter *filter, uint32_t document, bool *matches);

/*
 * A filter that is asked about documents as they come: few of a window are tested one by one; once there are more, it
 * is evaluated for the whole window.
 */
struct filter_asked {
    struct filter *filter;
    uint32_t window; /* that tests and bits are of */
    uint32_t tests;
    bool has_bits;
    int status; /* AISLE_CORRUPT sticks; answers are no then */
    uint64_t bits[FILTER_WINDOW / 64];
};

void filter_asked_init(struct filter_asked *asked, struct filter *filter);

/* The bits of the window that document lies in. */
const uint64_t *filter_asked_bits(struct filter_asked *asked, uint32_t document);

bool filter_asks(struct filter_asked *asked, uint32_t document);

#endif
