/*
 * changes.c - the hash table of pending column values.
 */
#include "index/changes.h"

#include "base/alloc.h"
#include "base/hash.h"

#define SLOTS_FIRST 256u

void changes_release(struct changes *changes)
{
    mem_free(changes->slots);
    *changes = (struct changes){.slots = NULL};
}

static size_t find_slot(const struct column_patch *slots, size_t slot_count, uint32_t segment, uint32_t document,
                        uint8_t field)
{
    uint32_t key[3] = {segment, document, field};
    size_t at = hash_bytes(key, sizeof key) & (slot_count - 1);
    while (slots[at].used &&
           (slots[at].segment != segment || slots[at].document != document || slots[at].field != field)) {
        at = (at + 1) & (slot_count - 1);
    }
    return at;
}

static int grow(struct changes *changes)
{
    size_t wanted = changes->slot_count == 0 ? SLOTS_FIRST : changes->slot_count * 2;
    struct column_patch *slots = mem_calloc(wanted, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < changes->slot_count; i++) {
        const struct column_patch *patch = &changes->slots[i];
        if (patch->used) {
            slots[find_slot(slots, wanted, patch->segment, patch->document, patch->field)] = *patch;
        }
    }
    mem_free(changes->slots);
    changes->slots = slots;
    changes->slot_count = wanted;
    return 0;
}

int changes_set(struct changes *changes, uint32_t segment, uint32_t document, uint8_t field, int64_t value)
{
    if (changes->count * 2 >= changes->slot_count) {
        int status = grow(changes);
        if (status != 0) {
            return status;
        }
    }
    struct column_patch *slot =
        &changes->slots[find_slot(changes->slots, changes->slot_count, segment, document, field)];
    changes->count += slot->used ? 0 : 1;
    *slot = (struct column_patch){
        .segment = segment, .document = document, .value = value, .field = field, .used = true};
    return 0;
}

bool changes_get(const struct changes *changes, uint32_t segment, uint32_t document, uint8_t field, int64_t *value)
{
    if (changes->slot_count == 0) {
        return false;
    }
    const struct column_patch *slot =
        &changes->slots[find_slot(changes->slots, changes->slot_count, segment, document, field)];
    *value = slot->value;
    return slot->used;
}

static int compare_patches(const void *left, const void *right)
{
    const struct column_patch *a = left;
    const struct column_patch *b = right;
    if (a->segment != b->segment) {
        return a->segment < b->segment ? -1 : 1;
    }
    if (a->field != b->field) {
        return a->field < b->field ? -1 : 1;
    }
    return (a->document > b->document) - (a->document < b->document);
}

struct column_patch *changes_sort(struct changes *changes)
{
    size_t packed = 0;
    for (size_t i = 0; i < changes->slot_count; i++) {
        if (changes->slots[i].used) {
            changes->slots[packed++] = changes->slots[i];
        }
    }
    if (packed > 1) {
        qsort(changes->slots, packed, sizeof *changes->slots, compare_patches);
    }
    return changes->slots;
}
