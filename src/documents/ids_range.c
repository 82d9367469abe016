/*
 * ids_range.c - comparing and widening ranges of ids.
 */
#include "documents/ids_range.h"

static void set_end(struct ids_end *end, struct bytes id)
{
    *end = (struct ids_end){.size = (uint32_t)id.size};
    memcpy(end->head, id.data, id.size < IDS_RANGE_BYTES ? id.size : IDS_RANGE_BYTES);
}

static int compare_ends(const struct ids_end *a, const struct ids_end *b)
{
    if (a->size != b->size) {
        return a->size < b->size ? -1 : 1;
    }
    return memcmp(a->head, b->head, IDS_RANGE_BYTES);
}

/* As compare_ends, without a copy of the id. */
static int compare_id(struct bytes id, const struct ids_end *end)
{
    if (id.size != end->size) {
        return id.size < end->size ? -1 : 1;
    }
    return memcmp(id.data, end->head, id.size < IDS_RANGE_BYTES ? id.size : IDS_RANGE_BYTES);
}

void ids_range_begin(struct ids_range *range)
{
    *range = (struct ids_range){.known = true};
}

void ids_range_add(struct ids_range *range, struct bytes id)
{
    if (!range->any || compare_id(id, &range->most) > 0) {
        set_end(&range->most, id);
    }
    if (!range->any || compare_id(id, &range->least) < 0) {
        set_end(&range->least, id);
    }
    range->any = true;
}

void ids_range_join(struct ids_range *range, const struct ids_range *other)
{
    range->known = range->known && other->known;
    if (!other->any) {
        return;
    }
    if (!range->any || compare_ends(&other->most, &range->most) > 0) {
        range->most = other->most;
    }
    if (!range->any || compare_ends(&other->least, &range->least) < 0) {
        range->least = other->least;
    }
    range->any = true;
}

bool ids_range_has(const struct ids_range *range, struct bytes id)
{
    return !range->known ||
           (range->any && compare_id(id, &range->least) >= 0 && compare_id(id, &range->most) <= 0);
}

bool ids_range_meets(const struct ids_range *a, const struct ids_range *b)
{
    if (!a->known || !b->known) {
        return true;
    }
    return a->any && b->any && compare_ends(&a->least, &b->most) <= 0 && compare_ends(&b->least, &a->most) <= 0;
}
