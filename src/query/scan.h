/*
 * scan.h - the best products of queries made of plain words, many postings at a time.
 *
 * A conjunction or a sum of posting lists is not followed document by document (cursor.h), but in ranges: the bounds of
 * all lists over a range say whether it can hold anything, and which lists must be read there (block-max MaxScore,
 * Turtle and Flood 1995, Ding and Suel 2011; block-max conjunctions as in Lucene's BlockMaxConjunctionBulkScorer). Of
 * those, codes that are worth too little are passed over 32 at a time; what is left are candidates, which are then
 * looked up in the other lists together. Alternatives of a word are one list, a group (scan_group.h). What is neither
 * (fields, nested queries), phrases and what is not wanted are asked last, about candidates that would enter the
 * answer.
 *
 * Private to the module; lives in the query's arena. Thread rule: as the query.
 */
#ifndef AISLE_QUERY_SCAN_H
#define AISLE_QUERY_SCAN_H

#include "query/cursor.h"
#include "query/filter.h"
#include "query/scan_group.h"
#include "query/signals_blocks.h"
#include "query/topk.h"
#include "query/word_marks.h"

/* Lists with fewer postings in a window are merged instead; with far fewer, windows would be empty. */
#define SCAN_MERGE_MAX 512u
#define SCAN_SPARSE_MAX 24u
#define SCAN_MERGED_MAX (SCAN_WINDOW / POSTINGS_BLOCK)

/* What a document must have, or may have: a posting list or a group of them. */
struct scan_list {
    struct postings_cursor *postings; /* NULL: a group */
    const struct rank_table *table;
    struct scan_group *group;
    const struct query_node *node; /* of a group */
    const uint64_t *bits; /* its documents in the segment, for who counts them (count_words.h); NULL: not kept */
    uint32_t count;     /* of its postings */
    uint32_t total;     /* of its documents; 0: not known */
    int32_t max;        /* the most that any posting is worth */
    int32_t wide;       /* likewise up to document wide_last */
    int32_t bound;      /* likewise in the range at hand */
    uint32_t wide_last;
    struct signals_blocks marks; /* of a list, where there are signals */
    bool is_optional;   /* where all must match: this one need not, but adds what it is worth */
    bool is_merged;     /* not summed up in windows */
    bool is_sparse;     /* blocks are much longer than windows */
    bool followed;      /* a document of this list alone may be worth enough in the range at hand */
};

/* Documents that may be among the best, ascending, and what is known of their scores so far. */
struct scan_candidates {
    uint32_t count;
    uint32_t documents[SCAN_WINDOW];
    int32_t scores[SCAN_WINDOW];
    uint8_t codes[SCAN_WINDOW]; /* in the list at hand */
    uint64_t found[SCAN_WINDOW / 64];
};

/* What scans of one query use in turn. */
struct scan_room {
    struct scan_candidates candidates;
    uint32_t documents[SCAN_WINDOW]; /* candidates being merged */
    int32_t scores[SCAN_WINDOW];
    bool is_clean;                   /* bits and sums have been zeroed; they are zeros between windows */
    uint64_t bits[SCAN_WINDOW / 64]; /* of the window: documents of the lists that are summed up */
    int32_t sums[SCAN_WINDOW];
    struct scan_group_room group;
};

struct scan {
    struct query_context *context;
    const struct query_segment *segment;
    uint32_t number; /* of the segment */
    uint32_t documents;
    uint32_t from; /* the part at hand; every list stands there or behind */
    uint32_t end;
    struct topk *top;
    int32_t minimum; /* what a document must score to enter the answer */
    bool all;        /* every list must have a document; else any */
    bool is_again;   /* documents may have been offered before, with other scores */
    bool has_marks;  /* liked documents can be found by where the word of the list that leads stands (scan_liked.c) */
    bool is_unfit;   /* something that is no list need not match */
    const struct select_kernels *kernels;
    struct scan_list *lists;
    struct scan_list **order; /* all: rarest first, optional ones last; any: in a range, weakest first */
    uint32_t list_count;
    uint32_t wanted_count; /* of them, that are not optional */
    struct cursor **others; /* that must match, too; only where all */
    uint32_t other_count;
    int32_t others_max; /* the most that they add */
    struct signals *signals; /* NULL: none */
    int32_t extra_max;       /* the most that others and signals add anywhere */
    int32_t extra;           /* likewise in the range at hand */
    struct phrase **phrases;
    uint32_t phrase_count;
    struct cursor *unwanted; /* NULL: none */
    struct filter_asked *filter; /* NULL: none */
    bool filter_first; /* it keeps so little that it is asked before lists are looked up */
    struct scan_room *room;
    struct word_marks word; /* of the list that leads, when has_marks */
    uint32_t marks_spare;   /* pages that may be read for them alone */
};

/* ---- a list or a group ---- */

static inline uint32_t scan_list_document(const struct scan_list *list)
{
    return list->group == NULL ? postings_cursor_document(list->postings) : scan_group_document(list->group);
}

static inline uint32_t scan_list_seek(struct scan_list *list, uint32_t target)
{
    return list->group == NULL ? postings_cursor_seek(list->postings, target) : scan_group_seek(list->group, target);
}

/* What any document up to *last is worth at most: of a block, of a superblock, of a range. */
static inline int32_t scan_list_bound(struct scan_list *list, uint32_t from, uint32_t *last)
{
    return list->group == NULL ? list->table->bound[postings_cursor_bound(list->postings, from, last)]
                               : scan_group_bound(list->group, from, last);
}

static inline int32_t scan_list_bound_wide(struct scan_list *list, uint32_t from, uint32_t *last)
{
    return list->group == NULL ? list->table->bound[postings_cursor_bound_wide(list->postings, from, last)]
                               : scan_group_bound_wide(list->group, from, last);
}

static inline int32_t scan_list_bound_range(struct scan_list *list, uint32_t from, uint32_t to, bool *any)
{
    if (list->group != NULL) {
        return scan_group_bound_range(list->group, from, to, any);
    }
    uint8_t dominant = postings_cursor_bound_range(list->postings, from, to, any);
    return *any ? list->table->bound[dominant] : 0;
}

/* ---- */

/* The most that others and signals add to documents from first to last. */
static inline int32_t scan_extra(const struct scan *scan, uint32_t first, uint32_t last)
{
    return scan->others_max + (scan->signals == NULL ? 0 : signals_bound(scan->signals, first, last));
}

/* Whether a word that is needed does not occur in the segment: nothing of it need be opened. */
bool scan_is_absent(const struct query_node *node, uint32_t number);

/* Of alternatives that are absent here but for one, that one: of "size 1" as one word and as two, mostly the latter. */
const struct query_node *scan_only_present(const struct query_node *node, uint32_t number);

/*
 * Prepares to scan a bound tree in a part of a segment; signals may be NULL. *out is NULL when the tree is none that
 * this is for: then cursors must do. room is the query's, of which only is_clean, and that of its group, is set, to
 * false, at first; NULL where it is only counted. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int scan_open(struct query_context *context, const struct query_node *root,
                         const struct share_part *part, struct signals *signals, struct scan_room *room,
                         struct scan **out);

/* Offers the part's documents that may be among the best to top. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int scan_run(struct scan *scan, struct topk *top);

/* Looks whether what must match in a scan, and what is liked, can be brought together by scan_liked. */
void scan_liked_open(struct scan *scan);

/*
 * Offers what may be among the best from *from to last, in order, as far as these are few; *from is where others begin,
 * which are to be found by blocks. most bounds the list that leads. Whether nothing is left.
 */
bool scan_liked(struct scan *scan, uint32_t *from, uint32_t last, int32_t most);

/* Heaps of more hits are too large to look for a document in them. */
#define SCAN_AGAIN_HITS_MAX 128u

/*
 * Scans a tree as several if just one clause of it is a few alternatives, of which not all are leaves. *is_done:
 * whether it did. Errors as scan_open.
 */
must_check int scan_alternatives(struct query_context *context, const struct query_node *root,
                                 const struct share_part *part, struct scan_room *room, struct topk *top,
                                 bool *is_done);

/*
 * *least: what the best count of a bound tree score at least, from documents that boosts make likely (scan_seed.c); 0:
 * nothing is known. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int scan_seed(struct query_context *context, const struct query_node *root, uint32_t count, int32_t *least);

/* Takes note of what other threads have found meanwhile. */
static inline void scan_refresh(struct scan *scan)
{
    int32_t shared = topk_shared(scan->top);
    scan->minimum = shared > scan->minimum ? shared : scan->minimum;
}

/* Whether what matches are the documents of one list, whose number is known, but for the dead. */
bool scan_counts_dead(const struct scan *scan);

/* 0, or what ended a list, another cursor or a phrase early. */
int scan_status(const struct scan *scan);

/*
 * Whether a bound tree is one leaf of several lists here, or alternatives of leaves, which scan_best is for: it wants a
 * small heap, because it looks for each document that it takes among those held.
 */
bool scan_is_best(const struct query_context *context, const struct query_node *root, uint32_t number,
                  const struct topk *top);

/* Offers the documents of such a tree. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int scan_best(struct query_context *context, const struct query_node *root, uint32_t number,
                         struct signals *signals, struct topk *top);

/*
 * Bounds count lists, from first on in steps of step, over a range into their bound; returns the sum. *every: each may
 * have a posting there.
 */
int32_t scan_bound_lists(struct scan_list **first, uint32_t count, int step, uint32_t from, uint32_t last,
                         bool *every);

/*
 * Looks the candidates up in count lists, from first on in steps of step, and drops those that cannot reach the
 * minimum, or that are missing where all must match; then offers the rest. bound of each list and extra hold for all
 * candidates.
 */
void scan_complete(struct scan *scan, struct scan_list **first, uint32_t count, int step);

/* Makes the candidates those documents of the postings, up to last, of count lists that are worth least together. */
void scan_merge(struct scan *scan, struct scan_list **lists, uint32_t count, uint32_t last, int32_t least);

#endif
