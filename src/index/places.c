/*
 * places.c - collecting and encoding the positions of one product.
 *
 * Terms come interleaved and leave one by one. Most stand in a product once, and that place is kept with the slot; what
 * further occurrences there are is kept as it comes and turned round at the end by a counting sort; those of a term are
 * then nearly in order. After the first large products nothing is allocated.
 */
#include "index/places.h"

#include "base/alloc.h"

/* A product has fewer words and compounds than twice its bytes, even of characters that fold to several words. */
#define PLACES_MAX (2 * (size_t)LIMIT_PRODUCT_BYTES)
#define PLACES_FIRST 1024u

void places_init(struct places *places, uint32_t fields)
{
    *places = (struct places){.fields = fields};
    buf_init(&places->entries, PLACES_MAX * POSITIONS_OCCURRENCE_BYTES_MAX);
}

void places_release(struct places *places)
{
    mem_free(places->further);
    mem_free(places->sorted);
    mem_free(places->slots);
    buf_release(&places->entries);
    *places = (struct places){.fields = 0};
}

void places_begin(struct places *places)
{
    places->count = 0;
    places->slot_count = 0;
}

int places_grow(struct places *places)
{
    size_t wanted = places->capacity == 0 ? PLACES_FIRST : places->capacity * 2;
    if (wanted > PLACES_MAX) {
        return AISLE_LIMIT;
    }
    struct places_occurrence *further = mem_realloc(places->further, wanted * sizeof *further);
    if (further == NULL) {
        return AISLE_NO_MEMORY;
    }
    places->further = further;
    struct position *sorted = mem_realloc(places->sorted, 2 * wanted * sizeof *sorted);
    if (sorted == NULL) {
        return AISLE_NO_MEMORY;
    }
    places->sorted = sorted;
    places->capacity = wanted;
    return 0;
}

int places_grow_slots(struct places *places)
{
    size_t wanted = places->slot_capacity == 0 ? PLACES_FIRST : places->slot_capacity * 2;
    struct places_slot *slots = mem_realloc(places->slots, wanted * sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    places->slots = slots;
    places->slot_capacity = wanted;
    return 0;
}

/* Shell's sort: in place, and fast for what is nearly in order. Of one place the shorter span comes first. */
static void sort_places(struct position *at, size_t count)
{
    size_t gap = 1;
    while (gap < count / 3) {
        gap = gap * 3 + 1;
    }
    for (; gap > 0; gap /= 3) {
        for (size_t i = gap; i < count; i++) {
            struct position moved = at[i];
            size_t k = i;
            for (; k >= gap && (at[k - gap].place > moved.place ||
                                (at[k - gap].place == moved.place && at[k - gap].span > moved.span));
                 k -= gap) {
                at[k] = at[k - gap];
            }
            at[k] = moved;
        }
    }
}

/* Keeps the first occurrence at each place; returns how many are left. */
static size_t drop_doubles(struct position *at, size_t count)
{
    size_t kept = 1;
    for (size_t i = 1; i < count; i++) {
        if (at[i].place != at[kept - 1].place) {
            at[kept++] = at[i];
        }
    }
    return kept;
}

/* Brings the occurrences of each slot that has several together. */
static void sort_by_slot(struct places *places)
{
    uint32_t start = 0;
    for (size_t i = 0; i < places->slot_count && places->count != 0; i++) {
        struct places_slot *slot = &places->slots[i];
        if (slot->count > 1) {
            places->sorted[start] = slot->first;
            slot->end = start + 1;
            start += slot->count;
        }
    }
    for (size_t i = 0; i < places->count; i++) {
        const struct places_occurrence *occurrence = &places->further[i];
        places->sorted[places->slots[occurrence->slot].end++] = occurrence->at;
    }
}

static void encode_slot(struct places *places, const struct places_slot *slot)
{
    if (slot->count == 1) {
        positions_encode(&slot->first, 1, &places->entries);
    } else {
        struct position *at = places->sorted + slot->end - slot->count;
        sort_places(at, slot->count);
        positions_encode(at, drop_doubles(at, slot->count), &places->entries);
    }
}

int places_encode(struct places *places, struct bytes *entries)
{
    uint8_t written[128]; /* not yet in entries */
    size_t size = 0;
    buf_clear(&places->entries);
    sort_by_slot(places);
    for (size_t i = 0; i < places->slot_count; i++) {
        const struct places_slot *slot = &places->slots[i];
        size_t more = slot->count == 1 ? positions_encode_short(&slot->first, written + size) : 0;
        size += more;
        if (more == 0 || size > sizeof written - 2) {
            buf_put(&places->entries, written, size);
            size = 0;
        }
        if (more == 0) {
            encode_slot(places, slot);
        }
    }
    buf_put(&places->entries, written, size);
    *entries = buf_bytes(&places->entries);
    return buf_status(&places->entries);
}
