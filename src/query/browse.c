/*
 * browse.c - pages from the highest bound down, then groups and documents of those that can hold one of the best.
 *
 * Documents do not come in their order, so that equal scores are told apart by the heap alone.
 */
#include "query/browse.h"

#define BUCKETS 256u

static uint32_t last_of(const struct signals *signals, uint32_t first, uint32_t size)
{
    uint32_t left = signals->documents - first;
    return first + (left < size ? left : size) - 1;
}

static int32_t bound_of(struct signals *signals, uint32_t page)
{
    uint32_t first = page * COLUMN_PAGE_DOCUMENTS;
    return signals_bound(signals, first, last_of(signals, first, COLUMN_PAGE_DOCUMENTS));
}

/*
 * Numbers of the pages by falling bound, as far as its highest 8 bits tell. Bounds are asked for once: other threads
 * may narrow them meanwhile (signals_kept.h), and a page must come out of the bucket that it was counted in.
 */
static void order_pages(struct signals *signals, uint32_t *order, uint16_t *buckets, uint32_t pages)
{
    uint32_t starts[BUCKETS + 1] = {0};
    uint32_t shift = 0;
    int32_t most = signals->rules->max + (signals->boosts == NULL ? 0 : boosts_max(signals->boosts));
    while (most >> shift >= (int32_t)BUCKETS) {
        shift++;
    }
    for (uint32_t page = 0; page < pages; page++) {
        buckets[page] = (uint16_t)(BUCKETS - ((uint32_t)bound_of(signals, page) >> shift));
        starts[buckets[page]]++;
    }
    for (uint32_t i = 1; i <= BUCKETS; i++) {
        starts[i] += starts[i - 1];
    }
    for (uint32_t page = pages; page-- > 0;) {
        order[--starts[buckets[page]]] = page;
    }
}

static void browse_page(const struct query_segment *in, uint32_t number, uint32_t page, struct signals *signals,
                        struct topk *top)
{
    uint32_t first = page * COLUMN_PAGE_DOCUMENTS;
    uint32_t last = last_of(signals, first, COLUMN_PAGE_DOCUMENTS);
    for (uint32_t document = first; document <= last; document++) {
        if (document % SIGNALS_GROUP == 0 &&
            signals_bound(signals, document, last_of(signals, document, SIGNALS_GROUP)) < topk_minimum(top)) {
            document += SIGNALS_GROUP - 1;
            continue;
        }
        if (signals_bound_near(signals, document) >= topk_minimum(top) && segment_state_alive(in->state, document)) {
            struct query_hit hit = {
                .score = signals_part(signals, document), .segment = number, .document = document};
            topk_offer(top, &hit);
        }
    }
}

int browse_run(const struct query_context *context, uint32_t number, struct signals *signals, struct topk *top)
{
    uint32_t pages = (signals->documents + COLUMN_PAGE_DOCUMENTS - 1) / COLUMN_PAGE_DOCUMENTS;
    uint32_t *order = arena_alloc(context->arena, pages * sizeof *order);
    uint16_t *buckets = arena_alloc(context->arena, pages * sizeof *buckets);
    if (order == NULL || buckets == NULL) {
        return AISLE_NO_MEMORY;
    }
    order_pages(signals, order, buckets, pages);
    for (uint32_t i = 0; i < pages; i++) {
        if (bound_of(signals, order[i]) >= topk_minimum(top)) {
            browse_page(&context->segments[number], number, order[i], signals, top);
        }
    }
    return signals_status(signals) != 0 ? signals_status(signals) : top->status;
}
