/*
 * after.c - document order across segments, and a place in it.
 *
 * Thread rule: see after.h.
 */
#include "query/after.h"

#include "base/hash.h"

/* Most ties between segments are decided by the key; only where keys are equal is an id read, too. */
static int read_key(const struct query_context *context, struct query_hit *hit)
{
    int status = 0;
    if (!hit->placed) {
        status = column_keys_get(&context->segments[hit->segment].segment->order, hit->document, &hit->order);
        hit->placed = true;
    }
    return status == 0 ? 0 : AISLE_CORRUPT;
}

static int read_name(const struct query_context *context, struct query_hit *hit)
{
    uint8_t id[LIMIT_ID_BYTES];
    size_t size = 0;
    int status = 0;
    if (!hit->named) {
        status = ids_get(&context->segments[hit->segment].segment->ids, hit->document, id, &size);
        hit->id_hash = status == 0 ? hash_bytes(id, size) : 0;
        hit->named = true;
    }
    return status == 0 ? 0 : AISLE_CORRUPT;
}

int query_hit_place(const struct query_context *context, struct query_hit *hit)
{
    int status = read_key(context, hit);
    return status == 0 ? read_name(context, hit) : status;
}

static void note(int *status, int failed)
{
    *status = failed != 0 && *status == 0 ? failed : *status;
}

int query_compare_places(const struct query_context *context, struct query_hit *a, struct query_hit *b, int *status)
{
    if (a->segment == b->segment) {
        return a->document < b->document ? -1 : a->document > b->document;
    }
    note(status, read_key(context, a));
    note(status, read_key(context, b));
    if (a->order != b->order) {
        return a->order < b->order ? -1 : 1;
    }
    note(status, read_name(context, a));
    note(status, read_name(context, b));
    return (a->id_hash > b->id_hash) - (a->id_hash < b->id_hash);
}

/* By halving: the documents of a segment stand in this order. */
static int find_first(const struct query_after *after, const struct query_context *context, uint32_t segment,
                      uint32_t *first)
{
    uint32_t low = 0;
    uint32_t high = context->segments[segment].segment->info.documents;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct query_hit hit = {.segment = segment, .document = middle};
        int status = query_hit_place(context, &hit);
        if (status != 0) {
            return status;
        }
        if (hit.order < after->order || (hit.order == after->order && hit.id_hash <= after->id_hash)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *first = low;
    return 0;
}

int query_after_init(struct query_after *after, const struct query_context *context)
{
    after->first = arena_alloc(context->arena, context->segment_count * sizeof *after->first);
    int status = after->first == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < context->segment_count && status == 0; i++) {
        status = find_first(after, context, i, &after->first[i]);
    }
    return status;
}
