/*
 * keys.c - a ring of results and a hash table over it.
 *
 * Removal by moving back what stands behind (no tombstones), so that the table stays as fast after a million keys.
 */
#include "server/keys.h"

#include "base/alloc.h"
#include "base/hash.h"

#define SLOTS (2 * KEYS_MAX)

static void hash_key(struct bytes key, uint64_t hash[2])
{
    hash[0] = hash_bytes(key.data, key.size);
    hash[1] = hash_bytes_seeded(key.data, key.size, UINT64_C(0x6169736c65));
}

void keys_release(struct keys *keys)
{
    mem_free(keys->entries);
    mem_free(keys->slots);
    *keys = (struct keys){.entries = NULL};
}

static size_t home_of(const struct keys_entry *entry)
{
    return (size_t)(entry->hash[0] % SLOTS);
}

/* The slot of the key, or the free one where it would stand. */
static size_t find_slot(const struct keys *keys, const uint64_t hash[2])
{
    size_t slot = (size_t)(hash[0] % SLOTS);
    while (keys->slots[slot] != 0) {
        const struct keys_entry *entry = &keys->entries[keys->slots[slot] - 1];
        if (entry->hash[0] == hash[0] && entry->hash[1] == hash[1]) {
            break;
        }
        slot = (slot + 1) % SLOTS;
    }
    return slot;
}

const struct keys_entry *keys_find(const struct keys *keys, struct bytes key)
{
    uint64_t hash[2];
    if (keys->entries == NULL) {
        return NULL;
    }
    hash_key(key, hash);
    uint32_t place = keys->slots[find_slot(keys, hash)];
    return place == 0 ? NULL : &keys->entries[place - 1];
}

static void forget(struct keys *keys, const struct keys_entry *old)
{
    size_t hole = find_slot(keys, old->hash);
    keys->slots[hole] = 0;
    for (size_t slot = (hole + 1) % SLOTS; keys->slots[slot] != 0; slot = (slot + 1) % SLOTS) {
        size_t home = home_of(&keys->entries[keys->slots[slot] - 1]);
        /* It may move into the hole if its home is not behind the hole, going round. */
        if ((slot + SLOTS - home) % SLOTS >= (slot + SLOTS - hole) % SLOTS) {
            keys->slots[hole] = keys->slots[slot];
            keys->slots[slot] = 0;
            hole = slot;
        }
    }
}

int keys_add(struct keys *keys, struct bytes key, uint64_t digest, uint64_t seq, bool found)
{
    if (keys->entries == NULL) {
        keys->entries = mem_calloc(KEYS_MAX, sizeof *keys->entries);
        keys->slots = mem_calloc(SLOTS, sizeof *keys->slots);
        if (keys->entries == NULL || keys->slots == NULL) {
            keys_release(keys);
            return AISLE_NO_MEMORY;
        }
    }
    uint32_t place = (uint32_t)(keys->added % KEYS_MAX);
    if (keys->added >= KEYS_MAX) {
        forget(keys, &keys->entries[place]);
    }
    struct keys_entry *entry = &keys->entries[place];
    *entry = (struct keys_entry){.digest = digest, .seq = seq, .found = found};
    hash_key(key, entry->hash);
    keys->slots[find_slot(keys, entry->hash)] = place + 1;
    keys->added++;
    return 0;
}
