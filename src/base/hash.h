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

/* The checksum of a stored block. */
static inline uint32_t hash_checksum(const void *data, size_t size)
{
    return (uint32_t)hash_bytes(data, size);
}

#endif
