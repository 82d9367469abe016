/*
 * query.h - from what a shopper typed to the best products: parsing, planning, running, explaining.
 *
 * A query goes through four steps, each a call: query_parse makes a tree of clauses; query_bind finds the terms of
 * its leaves in every segment and prices them with catalog-wide statistics; query_run finds the best products and
 * their number; query_explain tells why one of them scored what it did. This module reads segments through the
 * states a snapshot gives it; which segments there are, and the products of hits, are the business of index.
 *
 * Memory: everything of one query lives in one arena given by the caller. Thread rule: a query belongs to one
 * thread; segments and states are only read.
 */
#ifndef AISLE_QUERY_QUERY_H
#define AISLE_QUERY_QUERY_H

#include "base/arena.h"
#include "rank/rank.h"
#include "rank/signal.h"
#include "segment/segment.h"
#include "text/text.h"

/* ------------------------------------------------------------------------------------------------ tree -- */

enum query_kind {
    QUERY_ALL,    /* every product, score 0 */
    QUERY_NOTHING,
    QUERY_TERMS,  /* leaf: any of its terms, or any term with its prefix; scores the best of them */
    QUERY_AND,    /* all children; scores their sum */
    QUERY_OR,     /* any child; scores the sum of those that match */
    QUERY_ANY,    /* any child; scores the largest of those that match */
    QUERY_PHRASE, /* candidates, if its words, the children, stand there as it wants them; scores candidates */
    QUERY_WITHOUT /* the first child, unless the second matches */
};

/* The lists of a leaf in one segment. */
struct query_lists {
    struct segment_list *lists;
    uint32_t count;
};

/* From where to where in a phrase a word leads: one step, or as many as the parts of a compound written as one. */
struct query_step {
    uint32_t from;
    uint32_t to;
};

struct query_node {
    enum query_kind kind;
    struct query_node **children;
    uint32_t child_count;
    /* QUERY_TERMS: */
    struct bytes *terms; /* one for each distinct stem; of a prefix, first itself, then stems that do not begin so */
    uint32_t term_count;
    bool prefix;
    bool first_only; /* in the first text field only, which codes can tell */
    uint64_t scope;  /* of its terms only those count that stand in one of these fields (as fields below); 0: all */
    uint32_t leaf;   /* its number in the query, below LIMIT_QUERY_TERMS */
    /* QUERY_PHRASE: every way through it leads along steps from 0 to its length. One word: only its field counts. */
    struct query_step *steps; /* one for each child; whatever leads to a place stands before what leads on from it */
    uint32_t length;
    uint32_t slop;                 /* LIMIT_SLOP at most */
    uint64_t fields;               /* it looks in: a bit for each searchable_rank */
    struct query_node *candidates; /* the same leaves, as if they had been typed without quotes */
    /* QUERY_TERMS, after query_bind: */
    struct query_lists *in_segment; /* one for each segment */
    uint64_t df;                    /* the largest of its terms' over the catalog */
    struct rank_table *table;
};

/*
 * Parses text; what there is to type stands in query_lex.h. *root lives in arena. AISLE_BAD_QUERY (error->position is
 * the byte), AISLE_LIMIT, AISLE_NO_MEMORY.
 */
must_check int query_parse(struct bytes text, const struct schema *schema, struct analyser *analyser,
                           struct arena *arena, struct query_node **root, aisle_error *error);

/* ------------------------------------------------------------------------------------------------- run -- */

struct query_segment {
    const struct segment *segment;
    const struct segment_state *state;
};

struct cursor;
struct filter_node;

struct query_context {
    const struct query_segment *segments; /* of all shards */
    uint32_t segment_count;
    uint32_t field_count; /* searchable ones: what a step of one position adds to a place (postings/positions.h) */
    struct rank_weights weights;
    struct rank_statistics statistics;
    const struct schema *schema; /* borrowed; names what query_explain shows of signals */
    const struct signal_rules *signals; /* borrowed; NULL: scores are those of words alone */
    const struct filter_node *filter; /* what else products must be (query/filter.h); NULL: anything */
    bool unpriced; /* only to be counted: every code of a word is worth nothing */
    struct arena *arena;
    struct cursor *leaves[LIMIT_QUERY_TERMS]; /* private to the module: the leaves' cursors in the segment at hand */
};

/* Finds the leaves' postings and prices them. AISLE_CORRUPT, AISLE_LIMIT (prefix too wide), AISLE_NO_MEMORY. */
must_check int query_bind(struct query_context *context, struct query_node *root);

struct query_hit {
    int32_t score; /* in parts of 1 / RANK_SCALE */
    uint32_t segment;
    uint32_t document;
    bool placed;    /* order and id_hash are known: they were needed to tell a tie between two segments */
    uint64_t order; /* of the document, as in its segment */
    uint64_t id_hash;
};

/*
 * The best count products: score descending, then document order. *hits lives in the arena, *hit_count <= count.
 */
must_check int query_top(struct query_context *context, struct query_node *root, uint32_t count,
                         struct query_hit **hits, uint32_t *hit_count);

/* How many products match, exactly. */
must_check int query_count(struct query_context *context, struct query_node *root, uint64_t *total);

/* Appends a JSON object that shows each part of the hit's score. */
must_check int query_explain(struct query_context *context, struct query_node *root, const struct query_hit *hit,
                             struct buf *out);

#endif
