/*
 * highlight.h - where in a product's text the words of a query stand, and a snippet of a long one.
 *
 * A word is marked when the index would have counted it: its stem is a term of the query, or begins with one that is a
 * prefix. So synonyms, corrections and compounds are marked as they stand in the text, whatever was typed. What a query
 * excludes is never marked. Words of a phrase are marked wherever they stand.
 *
 * The text comes out safe to be put into HTML, unless it is wanted plain: & < > " ' as entities, the marks as they are
 * given.
 *
 * Memory: a set of words lives in the arena it was made in, as long as the query's tree. Thread rule: one at a time.
 */
#ifndef AISLE_QUERY_HIGHLIGHT_H
#define AISLE_QUERY_HIGHLIGHT_H

#include "base/buf.h"
#include "query/query.h"

/* A term that is marked, and where. */
struct highlight_word {
    struct bytes term;
    uint64_t scope; /* fields as in struct query_node; 0: all */
    uint32_t leaf;  /* which the words of a snippet are counted by */
};

struct highlight_words {
    struct highlight_word *exact; /* sorted by term */
    uint32_t exact_count;
    struct highlight_word *prefixes;
    uint32_t prefix_count;
};

/* Collects the words of a parsed tree. AISLE_NO_MEMORY. */
must_check int highlight_collect(const struct query_node *root, const struct schema *schema, struct arena *arena,
                                 struct highlight_words *words);

struct highlight_style {
    struct bytes before; /* a marked run */
    struct bytes after;
    uint32_t snippet_words; /* of longer texts only so many, where most of the query stands; 0: all */
    bool plain;             /* the text as it is, not for HTML */
};

/* Where a text is from: decides which words count there and how they are stemmed. */
struct highlight_field {
    uint8_t language;
    uint8_t rank; /* searchable_rank */
    bool is_code; /* a part number */
};

/*
 * Appends text with its marks to out. *found: how many different leaves of the query stand in it; 0 marks nothing, and
 * a snippet is then the text's beginning. arena is rewound. Errors of analyser_run, and of out.
 */
must_check int highlight_text(const struct highlight_words *words, const struct highlight_field *field,
                              const struct highlight_style *style, struct bytes text, struct analyser *analyser,
                              struct arena *arena, struct buf *out, uint32_t *found);

#endif
