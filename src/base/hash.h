/*
 * hash.h - the hashes of the system: xxHash3 for tables and placement, and its low half as a checksum.
 *
 * These constants and functions end up on disk (id tables, fingerprints, shard routing, extent checksums) and thus
 * must not change.
 */
#ifndef AISLE_BASE_HASH_H
#define AISLE_BASE_HASH_H

#include "base/bytes.h"

/* 64 well-mixed bits of size bytes. */
uint64_t hash_bytes(const void *data, size_t size);

/* As hash_bytes, another function for each seed. */
uint64_t hash_bytes_seeded(const void *data, size_t size, uint64_t seed);

/*
 * Of 1 to 16 bytes, in the time of a few multiplications: for tables of what a thread remembers, which lose an entry
 * when keys collide and nothing else. The high half is folded in before the last one, so that each byte reaches the
 * bits that such tables use. May change.
 */
static inline uint32_t hash_short(const uint8_t *data, size_t size, uint8_t seed)
{
    uint64_t front;
    uint64_t back;
    bytes_ends(data, size, &front, &back);
    front ^= (uint64_t)seed << 56 ^ size;
    uint64_t mixed = front * UINT64_C(0x9e3779b97f4a7c15) ^ back * UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)((mixed ^ mixed >> 32) * UINT64_C(0xc2b2ae3d27d4eb4f) >> 32);
}

/* The checksum of a stored block. */
static inline uint32_t hash_checksum(const void *data, size_t size)
{
    return (uint32_t)hash_bytes(data, size);
}

#endif
