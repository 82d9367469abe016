/*
 * keys.h - which writes were done already: the results of the newest idempotency keys.
 *
 * Keeps the last KEYS_MAX; older ones are forgotten in the order in which they came. Keys are told apart by 128 bits of
 * hash. Thread rule: one thread at a time.
 */
#ifndef AISLE_SERVER_KEYS_H
#define AISLE_SERVER_KEYS_H

#include "base/bytes.h"
#include "base/status.h"

#define KEYS_MAX 65536u

struct keys_entry {
    uint64_t hash[2];
    uint64_t digest; /* of the write that it was for */
    uint64_t seq;
    bool found;
};

struct keys {
    struct keys_entry *entries; /* a ring of KEYS_MAX; owned, made with the first key */
    uint32_t *slots;            /* of twice as many: 1 + place in the ring; open addressing */
    uint64_t added;
};

void keys_release(struct keys *keys);

/* What is known of the key, or NULL; lives until the next call of keys_add. */
const struct keys_entry *keys_find(const struct keys *keys, struct bytes key);

/* Remembers the key, which is not known. AISLE_NO_MEMORY. */
must_check int keys_add(struct keys *keys, struct bytes key, uint64_t digest, uint64_t seq, bool found);

#endif
