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
    QUERY_WITHOUT, /* the first child, unless the second matches */
    QUERY_PREFER,  /* the first child; the others need not match, but add their scores where they do */
    QUERY_DOCUMENTS /* single products, score 0 */
};

struct filter_node;

/* Shares of what a clause is worth, in parts of it. */
#define QUERY_WEIGHT_WHOLE 256u

/* A word that was typed without operators, on the node that it became. */
struct query_word {
    struct bytes folded; /* of a compound: its parts as one */
    struct bytes parts[4]; /* terms of the first language, of a compound one a part */
    uint32_t part_count;
    uint32_t run;  /* words of equal numbers stand side by side, in the order of their nodes */
    size_t start;  /* bytes start to end - 1 of the query's text */
    size_t end;
    bool prefix;   /* not typed to its end */
};

/* The lists of a leaf in one segment. */
struct query_lists {
    struct segment_list *lists;
    uint32_t count;
    uint32_t total; /* documents that any of several has; 0: that is not known */
    const struct union_kept *kept; /* bits of the one list, as long as query_keep; NULL: none (query/count_words.h) */
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
    uint32_t weight; /* what its scores count, of QUERY_WEIGHT_WHOLE */
    bool one_price;  /* QUERY_ANY: the children mean the same, so that the most frequent prices all (query_bind.c) */
    const struct query_word *word; /* NULL: none */
    /* QUERY_TERMS: */
    struct bytes *terms; /* one for each distinct stem; of a prefix, first itself, then stems that do not begin so */
    uint32_t term_count;
    bool prefix;
    bool is_placed;  /* positions of its terms are asked for: by a phrase, or for its scope */
    bool first_only; /* in the first text field only, which codes can tell */
    uint64_t scope;  /* of its terms only those count that stand in one of these fields (as fields below); 0: all */
    uint32_t leaf;   /* its number in the query, below LIMIT_QUERY_LEAVES */
    struct terms_place *places; /* one for each term and segment, once query_ahead has asked; NULL: not yet */
    uint32_t steps_ahead;       /* that it has made (enum terms_ahead) */
    /* QUERY_PHRASE: every way through it leads along steps from 0 to its length. One word: only its field counts. */
    struct query_step *steps; /* one for each child; whatever leads to a place stands before what leads on from it */
    uint32_t length;
    uint32_t slop;                 /* LIMIT_SLOP at most */
    uint64_t fields;               /* it looks in: a bit for each searchable_rank */
    struct query_node *candidates; /* the same leaves, as if they had been typed without quotes */
    /* QUERY_DOCUMENTS: */
    const struct filter_node *documents; /* of FILTER_DOCUMENTS (query/filter.h) */
    /* QUERY_TERMS, after query_bind: */
    struct query_lists *in_segment; /* one for each segment */
    uint64_t df;                    /* the largest of its terms' over the catalog; of a prefix, rank_prefix_df */
    double share; /* of what a term of this df is worth it is given, by weights and the price of its clause */
    struct rank_table *table;
};

/*
 * Parses text; what there is to type stands in query_lex.h. *root lives in arena. AISLE_BAD_QUERY (error->position is
 * the byte), AISLE_LIMIT, AISLE_NO_MEMORY.
 */
must_check int query_parse(struct bytes text, const struct schema *schema, struct analyser *analyser,
                           struct arena *arena, struct query_node **root, aisle_error *error);

/* What makes nodes of text, kept for nodes that are wanted later (src/rewrite). Lives in the arena. */
struct query_parser;

/* AISLE_NO_MEMORY; AISLE_BAD_SCHEMA: a language that is not known. error is used by all calls below. */
must_check int query_parser_new(const struct schema *schema, struct analyser *analyser, struct arena *arena,
                                struct query_parser **out, aisle_error *error);

/* query_parse, before the others; again for a text that is to be read in another way, in place of all nodes so far. */
must_check int query_parser_run(struct query_parser *parser, struct bytes text, struct query_node **root);

/* All words of text, read without operators: a leaf, a compound, or a QUERY_AND, without children if there are none. */
must_check int query_parser_words(struct query_parser *parser, struct bytes text, struct query_node **out);

/* The same, looked for in one searchable field alone. */
must_check int query_parser_field(struct query_parser *parser, struct bytes text, uint8_t field,
                                  struct query_node **out);

/* The same, side by side and in their order. AISLE_BAD_QUERY: no field keeps positions. */
must_check int query_parser_phrase(struct query_parser *parser, struct bytes text, struct query_node **out);

/* Whatever begins with word, which is one. */
must_check int query_parser_prefix(struct query_parser *parser, struct bytes word, struct query_node **out);

/* The terms that one word is looked up by, one for each distinct stem. They live in the arena. */
must_check int query_parser_terms(struct query_parser *parser, struct bytes word, struct bytes terms[LIMIT_FIELDS],
                                  uint32_t *count);

/* One leaf of any of count words. */
must_check int query_parser_group(struct query_parser *parser, const struct bytes *words, uint32_t count,
                                  struct query_node **out);

/* A node with room for children; NULL: no memory. */
struct query_node *query_parser_node(struct query_parser *parser, enum query_kind kind, uint32_t child_capacity);

/*
 * What calls above make from now on without naming a field counts only in these (a bit for each searchable_rank), all
 * of which keep positions; 0: in all.
 */
void query_parser_set_scope(struct query_parser *parser, uint64_t fields);

/* A leaf that was made last is used no more: another may have its number. */
void query_parser_drop_leaf(struct query_parser *parser);

/* How many leaves the query may still be given. */
uint32_t query_parser_leaves_left(const struct query_parser *parser);

/* ------------------------------------------------------------------------------------------------- run -- */

struct query_segment {
    const struct segment *segment;
    const struct segment_state *state;
};

struct cursor;
struct crew;
struct query_watch;
struct query_after;
struct boost_list;
struct group_kept;
struct filter_kept;
struct unions_held;
struct union_kept;
struct words_chain;
struct words_kept;
struct unions_keeper;

/* Segments in an order in which what the last queries had comes first, if it is there still. */
struct words_chain {
    uint32_t *segments; /* numbers in the context; NULL: not made yet */
    uint64_t *seeds;    /* seeds[n] is a hash of the first n */
    uint32_t settled;   /* so many are large: most commits and merges leave them as they are */
};

/* What passes of one query keep for each other (query/group_keep.h, query/filter_kept.h), and hold of what is kept. */
struct query_keep {
    struct arena arena;
    struct group_kept **of;     /* by segment; NULL: nothing is kept yet */
    struct filter_kept *filter; /* likewise */
    struct unions_held *unions; /* likewise */
    size_t unions_bytes; /* of those that the query has made: they may have gone for others meanwhile */
};

/* Begins with nothing kept, and an arena that may stay from query to query. */
void query_keep_init(struct query_keep *keep);

/* Forgets what a query has kept. */
void query_keep_reset(struct query_keep *keep);
void query_keep_release(struct query_keep *keep);

struct query_context {
    const struct query_segment *segments; /* of all shards */
    uint32_t segment_count;
    uint32_t field_count; /* searchable ones: what a step of one position adds to a place (postings/positions.h) */
    struct rank_weights weights;
    struct rank_statistics statistics;
    const struct schema *schema; /* borrowed; names what query_explain shows of signals */
    const struct signal_rules *signals; /* borrowed; NULL: scores are those of words alone */
    const struct boost_list *boosts; /* borrowed (query/boosts.h); NULL: none */
    const struct filter_node *filter; /* what else products must be (query/filter.h); NULL: anything */
    bool is_cut;   /* set by query_bind: not all terms of a prefix were taken */
    const struct query_after *after; /* hits up to this place are passed over (query/after.h); NULL: none */
    struct query_watch *watch; /* when to stop (query/watch.h); NULL: at the end */
    bool unpriced; /* only to be counted: every code of a word is worth nothing */
    struct crew *crew;      /* borrowed (base/crew.h); NULL: the caller's thread works alone */
    uint64_t crew_postings; /* from how many postings to look at on the crew helps */
    struct ranks_keeper *ranks; /* borrowed (query/ranks.h); NULL: nothing is kept of keywords between queries */
    struct unions_keeper *unions; /* borrowed (query/unions.h); NULL: nothing is kept of lists between queries */
    struct words_kept *words;   /* borrowed (query/words_kept.h); NULL: nothing is kept of words between queries */
    struct words_chain *chain;  /* what is known of words is of (query_df.c); in the arena, zeroed, if words is given */
    struct query_keep *keep; /* borrowed; NULL: each pass opens its lists anew */
    struct arena *arena;
    /* Private to the module: the leaves' cursors in the segment at hand, set before they are read; last here. */
    struct cursor *leaves[LIMIT_QUERY_LEAVES];
};

/* All of a context but its cursors, which are 2 KiB that most queries need not copy. */
static inline void query_context_copy(struct query_context *to, const struct query_context *from)
{
    memcpy(to, from, offsetof(struct query_context, leaves));
}

/*
 * Begins to keep what passes make of context->filter, unless another is kept or there is no memory for it. The filter
 * must live as long as what the query keeps, since it is known by its address.
 */
void query_keep_filter(const struct query_context *context);

/*
 * Asks memory for the next of what query_bind reads of the dictionaries (terms/terms.h): to be called some time before,
 * more than once, since each step reads what the one before asked for. query_bind makes the steps that are left.
 */
void query_ahead(const struct query_context *context, struct query_node *root);

/*
 * Finds the leaves' postings, of those that have none yet, and prices all of them. So a tree that was bound may be
 * given more leaves and bound again. A prefix takes the list that a segment has of it, or up to LIMIT_PREFIX_TERMS
 * terms, the most frequent; if there were more, context->is_cut tells. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int query_bind(struct query_context *context, struct query_node *root);

/* Whether it is known from another query what query_df finds. */
bool query_df_is_known(const struct query_context *context, const struct bytes *terms, uint32_t count, uint64_t *df);

/* Asks memory for what query_df begins with: for several words, before the first of them is looked up. */
void query_df_ahead(const struct query_context *context, const struct bytes *terms, uint32_t count);

/* The largest df of count terms over the catalog, as in query_node. AISLE_CORRUPT. */
must_check int query_df(const struct query_context *context, const struct bytes *terms, uint32_t count, uint64_t *df);

/* What matching a bound node tells: the sum of its words' idf, of alternatives the least; 0: nothing can match. */
double query_information(const struct query_context *context, const struct query_node *node);

struct query_hit {
    int32_t score; /* in parts of 1 / RANK_SCALE */
    uint32_t segment;
    uint32_t document;
    uint32_t run;   /* of those of a search, in which it was found (index/runs.h); this module leaves it 0 */
    bool placed;    /* order is known: it was needed to tell a tie between two segments */
    bool named;     /* likewise id_hash */
    bool pinned;    /* it stands where a rule says, whatever it scores; false here, set by who places it */
    uint64_t order; /* of the document, as in its segment */
    uint64_t id_hash;
};

/*
 * The best count products: score descending, then document order, whoever helps. *hits lives in the arena,
 * *hit_count <= count.
 */
must_check int query_top(struct query_context *context, struct query_node *root, uint32_t count,
                         struct query_hit **hits, uint32_t *hit_count);

/* How many products match, exactly. */
must_check int query_count(struct query_context *context, struct query_node *root, uint64_t *total);

/* Likewise, but no further than to the run of documents with which they are enough; then there may be more. */
must_check int query_count_to(struct query_context *context, struct query_node *root, uint64_t enough,
                              uint64_t *total);

/* Whether any product matches. */
must_check int query_has_any(struct query_context *context, struct query_node *root, bool *any);

/*
 * Whether any product of the context's only segment matches among so many documents from *from on, which is a multiple
 * of QUERY_PART, as their number is. *from: where to go on, or the segment's number of documents when there is no more.
 */
#define QUERY_PART 4096u
must_check int query_has_any_from(struct query_context *context, struct query_node *root, uint32_t documents,
                                  uint32_t *from, bool *any);

/*
 * Whether any product matches a bound tree. *steps: how many dead ones may be passed over, which are taken off;
 * AISLE_LIMIT when there were more. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int query_exists(struct query_context *context, const struct query_node *root, uint32_t *steps,
                            bool *exists);

/* Appends a JSON object that shows each part of the hit's score. */
must_check int query_explain(struct query_context *context, struct query_node *root, const struct query_hit *hit,
                             struct buf *out);

#endif
