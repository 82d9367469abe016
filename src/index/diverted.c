/*
 * diverted.c - an open hash table that doubles up to its limit, at most half full. Thread rule: see diverted.h.
 */
#include "index/diverted.h"

#include "base/alloc.h"

#include <string.h>

#define SLOTS_FIRST ((size_t)1024)
#define SLOT_BYTES (sizeof(uint64_t) + sizeof(uint8_t))

void diverted_init(struct diverted *diverted, size_t bytes_max)
{
    *diverted = (struct diverted){.bytes_max = bytes_max};
}

void diverted_release(struct diverted *diverted)
{
    mem_free(diverted->hashes);
    mem_free(diverted->lanes);
    diverted_init(diverted, diverted->bytes_max);
}

void diverted_clear(struct diverted *diverted)
{
    if (diverted->count != 0) {
        memset(diverted->hashes, 0, diverted->slots * sizeof *diverted->hashes);
        diverted->count = 0;
    }
    diverted->is_full = false;
}

/* Where the hash stands, or would. The low bits of ids' hashes choose shards: others are used here. */
static size_t slot_of(const struct diverted *diverted, uint64_t id_hash)
{
    size_t mask = diverted->slots - 1;
    size_t at = (size_t)((id_hash * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;
    while (diverted->hashes[at] != 0 && diverted->hashes[at] != id_hash) {
        at = (at + 1) & mask;
    }
    return at;
}

/* While both tables are there they take half as much again as the larger. */
static bool grow(struct diverted *diverted)
{
    size_t slots = diverted->slots == 0 ? SLOTS_FIRST : diverted->slots * 2;
    if (slots * SLOT_BYTES + diverted->slots * SLOT_BYTES > diverted->bytes_max) {
        return false;
    }
    struct diverted grown = {.slots = slots, .count = diverted->count, .bytes_max = diverted->bytes_max};
    grown.hashes = mem_calloc(slots, sizeof *grown.hashes);
    grown.lanes = mem_alloc(slots);
    if (grown.hashes == NULL || grown.lanes == NULL) {
        diverted_release(&grown);
        return false;
    }
    for (size_t i = 0; i < diverted->slots; i++) {
        if (diverted->hashes[i] != 0) {
            size_t at = slot_of(&grown, diverted->hashes[i]);
            grown.hashes[at] = diverted->hashes[i];
            grown.lanes[at] = diverted->lanes[i];
        }
    }
    diverted_release(diverted);
    *diverted = grown;
    return true;
}

bool diverted_add(struct diverted *diverted, uint64_t id_hash, uint8_t lane)
{
    if (id_hash == 0) {
        return false;
    }
    if (diverted->count * 2 >= diverted->slots && !grow(diverted)) {
        diverted->is_full = true;
        return false;
    }
    size_t at = slot_of(diverted, id_hash);
    diverted->hashes[at] = id_hash;
    diverted->lanes[at] = lane;
    diverted->count++;
    return true;
}

bool diverted_find(const struct diverted *diverted, uint64_t id_hash, uint8_t *lane)
{
    if (diverted->count == 0 || id_hash == 0) {
        return false;
    }
    size_t at = slot_of(diverted, id_hash);
    *lane = diverted->lanes[at];
    return diverted->hashes[at] != 0;
}
