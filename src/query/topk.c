/*
 * topk.c - a binary heap of hits.
 */
#include "query/topk.h"

#include <stdlib.h>

int topk_init(struct topk *top, struct arena *arena, uint32_t capacity)
{
    *top = (struct topk){.capacity = capacity};
    top->hits = arena_alloc(arena, (size_t)capacity * sizeof *top->hits);
    return top->hits == NULL ? AISLE_NO_MEMORY : 0;
}

/* Negative when a is the better hit. */
static int compare_hits(const void *left, const void *right)
{
    const struct query_hit *a = left;
    const struct query_hit *b = right;
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    if (a->order != b->order) {
        return a->order < b->order ? -1 : 1;
    }
    return (a->id_hash > b->id_hash) - (a->id_hash < b->id_hash);
}

static void sink_root(struct topk *top)
{
    struct query_hit hit = top->hits[0];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = at * 2 + 1;
        if (child >= top->count) {
            break;
        }
        if (child + 1 < top->count && compare_hits(&top->hits[child + 1], &top->hits[child]) > 0) {
            child++;
        }
        if (compare_hits(&top->hits[child], &hit) <= 0) {
            break;
        }
        top->hits[at] = top->hits[child];
        at = child;
    }
    top->hits[at] = hit;
}

static void add(struct topk *top, const struct query_hit *hit)
{
    uint32_t at = top->count++;
    while (at > 0 && compare_hits(hit, &top->hits[(at - 1) / 2]) > 0) {
        top->hits[at] = top->hits[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    top->hits[at] = *hit;
}

bool topk_offer(struct topk *top, const struct query_hit *hit)
{
    if (!topk_full(top)) {
        add(top, hit);
        return true;
    }
    if (top->capacity == 0 || compare_hits(hit, &top->hits[0]) >= 0) {
        return false;
    }
    top->hits[0] = *hit;
    sink_root(top);
    return true;
}

void topk_sort(struct topk *top)
{
    qsort(top->hits, top->count, sizeof *top->hits, compare_hits);
}
