/*
 * signals_kept.h - what queries keep with a segment of its signals: bounds of pages, of 64 documents, of single ones.
 *
 * The bound of a page by its header adds up the largest value of each column, which no one document has. So when a page
 * has been looked into, the largest sums of its groups are kept for all queries to come, and those of its documents in
 * a byte each: with the segment for pages as they were written, with its states for pages that patches have changed
 * since. They are by the rules and at the time of the query that began them, and hold for later times (dates only grow
 * older) and the same weights.
 *
 * States in a row share the bounds of patched pages, as a commit of many patches changes nearly all of them, most in a
 * document or two. Each state has a number for each page, that of the state that it last changed with, and bounds tell
 * of which number a page's are; of another number they are not looked at. A commit tells what its values were before
 * and are now, and who makes the next state raises the bounds by what products are worth more for that, without reading
 * a page: bounds only rise, so that queries of states before, which may be reading them, stay right. Of pages in which
 * much has risen nothing is handed on, and after a long while the next state begins anew.
 *
 * Thread rule: any number of threads read and fill; who fills has the bounds' lock.
 */
#ifndef AISLE_QUERY_SIGNALS_KEPT_H
#define AISLE_QUERY_SIGNALS_KEPT_H

#include "columns/columns.h"
#include "rank/signal.h"
#include "segment/segment.h"

#include <stdatomic.h>

#define SIGNALS_GROUP 64u /* documents: of the bounds that ranges are passed over by */
#define SIGNALS_SMALL_BYTES_MAX (4u << 20) /* of a segment's bounds of documents; larger ones have some share a byte */
#define SIGNALS_PAGE_GROUPS (COLUMN_PAGE_DOCUMENTS / SIGNALS_GROUP)
#define SIGNALS_COLUMNS (2 * LIMIT_SIGNALS) /* that rules read at most: a rating reads two */

enum signals_known {
    SIGNALS_NOTHING,
    SIGNALS_PAGE, /* the bound of the page, by its header */
    SIGNALS_FULL  /* and those of its groups and documents */
};

/* What a word's parts follow from. */
struct signals_price {
    uint64_t df;
    uint64_t products;
    uint64_t length_sum;
};

/* A list of whose blocks something is kept (signals_blocks.h). */
struct signals_kept_list {
    atomic_uint_fast64_t key;   /* 0: none */
    atomic_uint_fast64_t place; /* of its first sum, from 1 on; 0: not settled; SIGNALS_NO_ROOM */
    struct signals_price price; /* when it was settled: what is kept is by that */
};

#define SIGNALS_NO_ROOM UINT64_MAX

/* Shared by states; one block with its arrays. */
struct signals_bounds {
    atomic_int references;
    atomic_bool is_filled; /* now, by some thread: the lock */
    size_t bytes;
    uint64_t begun_ns; /* of the monotonic clock */
    struct signal_rules rules;
    uint32_t pages;
    uint32_t small_shift;     /* 1 << small_shift documents share a byte */
    int32_t unit;             /* of the bounds of pages and groups: ceil(largest sum / unit) is kept */
    int32_t small_unit;       /* of those of documents */
    uint32_t worn;            /* pages whose bounds have risen so often that they are of little use; with the lock */
    uint16_t *risen;          /* by page: how often a document has risen since it was filled; with the lock */
    _Atomic uint64_t *known;  /* by page: a number of changed_at times SIGNALS_LEVELS, and of enum signals_known */
    _Atomic uint16_t *page;   /* the bounds of pages */
    _Atomic uint16_t *groups; /* SIGNALS_PAGE_GROUPS for each page */
    _Atomic uint8_t *small;
};

#define SIGNALS_LEVELS 4u

/* Lists of whose blocks something is kept, and their sums; one block with its arrays. */
struct signals_sums {
    struct signals_kept_list *lists; /* a hash table */
    uint32_t list_slots;             /* a power of two */
    _Atomic uint16_t *sums;          /* of their blocks, lists in the order they came in */
    size_t sum_count;
    atomic_size_t sums_taken; /* may pass sum_count */
};

struct signals_kept {
    struct segment_kept_head head;
    size_t bytes; /* with all below */
    struct signals_bounds *bounds; /* a reference */
    uint64_t serial;      /* of the state; 0: of the segment as it was written */
    uint64_t *changed_at; /* by page, the serial of the state that it changed with last; 0: as it was written */
    uint64_t *patched;    /* a bit a page, as it was told; NULL when nothing was. Not changed any more */
    atomic_bool is_foreign; /* a query of other rules has found it of no use: the next state begins its own */
    _Atomic(struct signals_sums *) sums; /* owned; NULL: not begun */
    atomic_uint sums_asked;              /* how often, of those of a state */
    atomic_uint turn;
};

/* What is kept there; NULL: nothing, or of no use for these rules. */
struct signals_kept *signals_kept_find(const struct segment_kept *in, const struct signal_rules *rules);

/*
 * The same, begun now if nothing is kept, with a copy of patched (a bit for each page of the segment, or NULL); NULL:
 * of no use for these rules, no memory, or no room in what may be kept.
 */
struct signals_kept *signals_kept_of(const struct segment_kept *in, const struct segment *segment,
                                     const struct signal_rules *rules, const uint64_t *patched);

void signals_kept_free(void *kept);

/* Keeps the bound of a page, unless more is known of it. False: what is known is of a later state. */
bool signals_kept_page(struct signals_kept *kept, uint32_t page, int32_t bound);

/* Keeps the parts of a page's documents; those behind the last are 0. Unless what is known is of a later state. */
void signals_kept_fill(struct signals_kept *kept, uint32_t page, const int32_t parts[COLUMN_PAGE_DOCUMENTS]);

/*
 * The sums of a list, count of them, zeros at first. key: above 0, another one for each list of the segment. now: what
 * the word's parts follow from, and *then what those did that are kept. NULL: there is no room, or another thread is
 * just making it, or so little was asked of the state that it may be gone before they are of use.
 */
_Atomic uint16_t *signals_kept_sums(struct signals_kept *kept, uint64_t key, uint32_t count,
                                    const struct signals_price *now, struct signals_price *then);

/* Whether a query over so many segments may work for what is kept alone in this one: one in so many times it may. */
static inline bool signals_kept_turn(struct signals_kept *kept, uint32_t segments)
{
    return atomic_fetch_add_explicit(&kept->turn, 1, memory_order_relaxed) % segments == 0;
}

static inline enum signals_known signals_kept_known(const struct signals_kept *kept, uint32_t page)
{
    uint64_t known = atomic_load_explicit(&kept->bounds->known[page], memory_order_acquire);
    uint64_t number = kept->changed_at == NULL ? 0 : kept->changed_at[page];
    return known / SIGNALS_LEVELS == number ? (enum signals_known)(known % SIGNALS_LEVELS) : SIGNALS_NOTHING;
}

/* One of the bounds that are known: of bounds->page or groups. */
static inline int32_t signals_kept_bound(const struct signals_kept *kept, const _Atomic uint16_t *bound)
{
    return kept->bounds->unit * atomic_load_explicit(bound, memory_order_relaxed);
}

/* The document gets no more, in units of bounds->small_unit; its page is full. */
static inline uint8_t signals_kept_units(const struct signals_kept *kept, uint32_t document)
{
    const struct signals_bounds *bounds = kept->bounds;
    return atomic_load_explicit(&bounds->small[document >> bounds->small_shift], memory_order_relaxed);
}

static inline int32_t signals_kept_document(const struct signals_kept *kept, uint32_t document)
{
    return kept->bounds->small_unit * signals_kept_units(kept, document);
}

#endif
