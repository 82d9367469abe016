/*
 * topk.h - the best hits seen so far: a heap whose root is the worst of them.
 *
 * Better means a higher score, then the lower document order key, then the lower hash of the id. Two products with
 * all three equal would need equal 64-bit hashes of different ids; they keep the order of segments then. Documents of
 * one segment stand in that order, so that their numbers tell; keys and ids are read only for ties between segments.
 *
 * Each worker of a query has a heap of its own. They share what the worst hit of a full one scores at most: hits below
 * that are not among the best of all, hits that equal it may be, so that the answer does not depend on who was first.
 */
#ifndef AISLE_QUERY_TOPK_H
#define AISLE_QUERY_TOPK_H

#include "query/query.h"

#include <stdatomic.h>

struct topk {
    const struct query_context *context; /* borrowed */
    struct query_hit *hits;              /* in the arena */
    uint32_t count;
    uint32_t capacity;
    atomic_int *shared; /* the most that a full heap's worst hit scores, of all workers'; NULL: this is the only one */
    int status; /* sticky: AISLE_CORRUPT when a key or an id could not be read */
};

must_check int topk_init(struct topk *top, const struct query_context *context, uint32_t capacity,
                         atomic_int *shared);

static inline bool topk_full(const struct topk *top)
{
    return top->count == top->capacity;
}

/* Score of the worst hit held; only of a full heap. */
static inline int32_t topk_worst(const struct topk *top)
{
    return top->hits[0].score;
}

/* What the heaps of other workers ask for; a lower score cannot be among the best. */
static inline int32_t topk_shared(const struct topk *top)
{
    return top->shared == NULL ? 0 : atomic_load_explicit(top->shared, memory_order_relaxed);
}

/* What a hit must score to have a chance, wherever it stands. */
static inline int32_t topk_minimum(const struct topk *top)
{
    int32_t shared = topk_shared(top);
    int32_t own = topk_full(top) && top->capacity != 0 ? topk_worst(top) : 0;
    return own > shared ? own : shared;
}

/* Takes hit if there is room or it is better than the worst, which then goes. Whether it was taken. */
bool topk_offer(struct topk *top, struct query_hit *hit);

/*
 * Offers hit, which is behind all that were offered of its segment; returns what a later document of that segment must
 * score at least to have a chance.
 */
int32_t topk_offer_in_order(struct topk *top, struct query_hit *hit);

/*
 * Offers hit, whose document may be held with another score: the higher one counts. Looks at all hits held. A document
 * that was turned down or went may come again with a higher score. Returns what the next document behind must score, as
 * topk_offer_in_order, if hit scored the minimum at least.
 */
int32_t topk_offer_again(struct topk *top, struct query_hit *hit);

/* Offers all hits of another worker's heap. */
void topk_join(struct topk *top, const struct topk *other);

/* Best first; the heap is no heap any more. */
void topk_sort(struct topk *top);

#endif
