/*
 * topk.c - a binary heap of hits.
 */
#include "query/topk.h"

#include "query/after.h"

int topk_init(struct topk *top, const struct query_context *context, uint32_t capacity, atomic_int *shared)
{
    *top = (struct topk){.context = context, .capacity = capacity, .shared = shared};
    top->hits = arena_alloc(context->arena, (size_t)capacity * sizeof *top->hits);
    return top->hits == NULL ? AISLE_NO_MEMORY : 0;
}

/* Negative when a is the better hit. */
static int compare_hits(struct topk *top, struct query_hit *a, struct query_hit *b)
{
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    if (a->segment == b->segment) {
        return a->document < b->document ? -1 : a->document > b->document;
    }
    return query_compare_places(top->context, a, b, &top->status);
}

static void sink(struct topk *top, uint32_t at)
{
    struct query_hit hit = top->hits[at];
    for (;;) {
        uint32_t child = at * 2 + 1;
        if (child >= top->count) {
            break;
        }
        if (child + 1 < top->count && compare_hits(top, &top->hits[child + 1], &top->hits[child]) > 0) {
            child++;
        }
        if (compare_hits(top, &top->hits[child], &hit) <= 0) {
            break;
        }
        top->hits[at] = top->hits[child];
        at = child;
    }
    top->hits[at] = hit;
}

static void add(struct topk *top, struct query_hit *hit)
{
    uint32_t at = top->count++;
    while (at > 0 && compare_hits(top, hit, &top->hits[(at - 1) / 2]) > 0) {
        top->hits[at] = top->hits[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    top->hits[at] = *hit;
}

/* Tells the other workers what the worst hit held scores. */
static void tell(struct topk *top)
{
    if (top->shared == NULL || !topk_full(top)) {
        return;
    }
    int32_t known = atomic_load_explicit(top->shared, memory_order_relaxed);
    int32_t worst = topk_worst(top);
    while (known < worst && !atomic_compare_exchange_weak_explicit(top->shared, &known, worst, memory_order_relaxed,
                                                                   memory_order_relaxed)) {
    }
}

/* Whether the page that is wanted begins behind hit. */
static bool is_passed(const struct topk *top, const struct query_hit *hit)
{
    return top->context->after != NULL && query_after_passes(top->context->after, hit);
}

bool topk_offer(struct topk *top, struct query_hit *hit)
{
    if (is_passed(top, hit)) {
        return false;
    }
    if (!topk_full(top)) {
        add(top, hit);
        tell(top);
        return true;
    }
    if (top->capacity == 0 || compare_hits(top, hit, &top->hits[0]) >= 0) {
        return false;
    }
    top->hits[0] = *hit;
    sink(top, 0);
    tell(top);
    return true;
}

int32_t topk_offer_in_order(struct topk *top, struct query_hit *hit)
{
    if (is_passed(top, hit)) {
        return topk_minimum(top); /* a later one with the worst score held may not be */
    }
    bool taken = topk_offer(top, hit);
    if (!topk_full(top)) {
        return topk_shared(top);
    }
    return topk_worst(top) + (!taken || top->hits[0].segment == hit->segment ? 1 : 0);
}

int32_t topk_offer_again(struct topk *top, struct query_hit *hit)
{
    bool lost = false;
    uint32_t at = 0;
    while (at < top->count && (top->hits[at].document != hit->document || top->hits[at].segment != hit->segment)) {
        at++;
    }
    if (at == top->count) {
        lost = !topk_offer(top, hit);
    } else if (hit->score > top->hits[at].score) {
        top->hits[at].score = hit->score;
        sink(top, at);
        tell(top);
    }
    if (!topk_full(top)) {
        return 0;
    }
    const struct query_hit *worst = &top->hits[0];
    bool is_behind = worst->segment == hit->segment && worst->document <= hit->document;
    return worst->score + (lost || is_behind ? 1 : 0);
}

void topk_join(struct topk *top, const struct topk *other)
{
    for (uint32_t i = 0; i < other->count; i++) {
        (void)topk_offer(top, &other->hits[i]);
    }
    top->status = top->status != 0 ? top->status : other->status;
}

/* The worst of those left goes to the end of what is left. */
void topk_sort(struct topk *top)
{
    uint32_t all = top->count;
    while (top->count > 1) {
        struct query_hit worst = top->hits[0];
        top->hits[0] = top->hits[--top->count];
        sink(top, 0);
        top->hits[top->count] = worst;
    }
    top->count = all;
}
