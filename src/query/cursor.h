/*
 * cursor.h - one contract for everything that walks matching documents of one segment.
 *
 * A cursor stands on a document (`document`), or at POSTINGS_END. It never goes back, and calls after the end are
 * legal. Cursors and what they need live in the query's arena; nothing is freed singly. A damaged posting list ends
 * its cursor; cursor_status tells of it afterwards.
 */
#ifndef AISLE_QUERY_CURSOR_H
#define AISLE_QUERY_CURSOR_H

#include "postings/positions.h"
#include "query/query.h"

/* Documents are counted in windows of this many: 64 words of bits, 16 KiB of scores. */
#define CURSOR_WINDOW 4096u
#define CURSOR_WINDOW_WORDS (CURSOR_WINDOW / 64u)

/* Any score will do: seek skips nothing. */
#define CURSOR_ANY_SCORE INT32_MIN

/* Occurrences of a word in one document, ascending by place. Zeros but for the arena are an empty one. */
struct cursor_places {
    struct position *places; /* in the arena */
    size_t count;
    size_t capacity;
    struct arena *arena;
};

struct cursor_ops {
    /*
     * Unless it stands there or behind already, goes to the first match at or behind target that can score at least
     * minimum: matches that surely score less may be passed over. Returns its document.
     */
    uint32_t (*seek)(struct cursor *cursor, uint32_t target, int32_t minimum);

    /* Score of the current document. */
    int32_t (*score)(struct cursor *cursor);

    /*
     * The most that any document from target (not before the current one) to *last can score. *last is at least
     * target, and POSTINGS_END - 1 when the bound holds to the end. Decodes nothing.
     */
    int32_t (*bound)(struct cursor *cursor, uint32_t target, uint32_t *last);

    /* A document not behind the first match at or after target; cheap. */
    uint32_t (*least)(struct cursor *cursor, uint32_t target);

    /* ORs the matches of [from, from + CURSOR_WINDOW) into bits; from never decreases from call to call. */
    void (*fill)(struct cursor *cursor, uint32_t from, uint64_t *bits);

    /* 0, or what ended a posting list early. */
    int (*status)(const struct cursor *cursor);

    /*
     * Leaves only, others have NULL: where the word stands in the current document, into out, which is empty.
     * AISLE_CORRUPT, AISLE_NO_MEMORY.
     */
    int (*places)(struct cursor *cursor, struct cursor_places *out);
};

struct cursor {
    const struct cursor_ops *ops;
    uint32_t document;
    int32_t max;   /* the most that any document scores */
    uint64_t cost; /* about how many documents match */
};

/* Makes the cursors of a bound tree for one segment; *out stands before its first match: seek it to 0. */
must_check int cursor_open(struct query_context *context, const struct query_node *node, uint32_t segment,
                           struct cursor **out);

/* The same for the whole query: only documents that context->filter keeps, if there is one. */
must_check int cursor_open_filtered(struct query_context *context, const struct query_node *root, uint32_t segment,
                                    struct cursor **out);

struct phrase;

/* What a conjunction asks of a document: to match all children, and then to pass all phrases. */
struct cursor_conjuncts {
    struct cursor **children;
    struct phrase **phrases;
    uint32_t child_count;
    uint32_t phrase_count;
};

/* Per kind of node; children are opened already. */
must_check int cursor_open_leaf(struct query_context *context, const struct query_node *node, uint32_t segment,
                                struct cursor **out);
must_check int cursor_open_group(struct query_context *context, const struct query_node *node, uint32_t segment,
                                 struct cursor **out);
must_check int cursor_open_all(struct query_context *context, uint32_t documents, struct cursor **out);
must_check int cursor_open_documents(struct query_context *context, const struct filter_node *documents,
                                     uint32_t segment, struct cursor **out);
must_check int cursor_open_and(struct query_context *context, const struct cursor_conjuncts *conjuncts,
                               struct cursor **out);
must_check int cursor_open_or(struct query_context *context, struct cursor **children, uint32_t count, bool sum,
                              struct cursor **out);
must_check int cursor_open_prefer(struct query_context *context, struct cursor **children, uint32_t count,
                                  struct cursor **out);
must_check int cursor_open_without(struct query_context *context, struct cursor *wanted, struct cursor *unwanted,
                                   struct cursor **out);

/* Appends the occurrences that one list's entry of the current document holds. Errors as places above. */
must_check int cursor_places_add(struct cursor_places *out, struct positions_cursor *positions, uint32_t ordinal);

/*
 * Whether the ordinal-th posting of a list has an occurrence in one of the fields (query_node.scope; 0: always).
 * scratch is overwritten. Errors as places above.
 */
must_check int cursor_in_scope(const struct query_context *context, uint64_t scope, struct positions_cursor *positions,
                               uint32_t ordinal, struct cursor_places *scratch, bool *in_scope);

/* Which codes a leaf takes when it looks in the first text field only. */
void cursor_accept_first(const struct query_context *context, bool accept[256]);

#endif
