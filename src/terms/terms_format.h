/*
 * terms_format.h - the layout of a dictionary on disk, shared by the writer, the reader and the check.
 *
 * All integers little-endian; offsets are logical offsets of their stream. Everything here is ON DISK.
 *
 *   TERMS     = block*                          16 terms each, the last fewer; none straddles an extent
 *   block     = entry*
 *   entry     = u8 lengths                      shared << 4 | suffix, 15 in either meaning that a byte follows
 *               u8 value size                   0..LIMIT_TERM_VALUE_BYTES
 *               [u8 shared] [u8 suffix]         in this order, when announced
 *               suffix, value                   term = first `shared` bytes of the one before, then suffix (1..120)
 *                                               the first entry of a block shares nothing
 *
 *   INDEX     = table, directory, samples, footer
 *   table     = line*                           4,091 lines an extent, behind 48 zero bytes: an extent begins 16 bytes
 *                                               into a page, so a line is one cache line
 *   line      = u32 slot * 16                   filled from the front, 0: free
 *   slot      = fingerprint << number_bits | number of the term in sorted order
 *   directory = u64 for each block              offset in TERMS << 16 | size; 16-byte aligned as a whole
 *   samples   = 16 bytes for each 16th block    its first term, cut or padded with zeros
 *   footer    = u64 terms, u64 bytes of TERMS, u64 directory offset, u64 samples offset, u32 lines, u32 zero,
 *               u32 version, u32 magic          the last bytes of INDEX
 *
 * The hash of a term is the high half of hash_bytes. Its line is hash * lines >> 32 or, that being full, the next with
 * room, past the last comes the first. The fingerprint is as many low bits of the hash as the term's number leaves of
 * 32, 0 replaced by 1: twelve bits with a million terms, five with a hundred million, where an absent term costs four
 * tenths of a block more. High bits choose the line and low bits tell apart: both together need fewer than 32 bits
 * whatever the number of terms, which is why half of the hash is enough.
 */
#ifndef AISLE_TERMS_TERMS_FORMAT_H
#define AISLE_TERMS_TERMS_FORMAT_H

#include "base/extents.h"
#include "base/hash.h"

#define TERMS_MAGIC 0x4d524554u /* "TERM" */
#define TERMS_VERSION 1u
#define TERMS_BLOCK_TERMS 16u
#define TERMS_LENGTH_ESCAPE 15u
#define TERMS_ENTRY_BYTES_MAX (4u + LIMIT_TERM_BYTES + LIMIT_TERM_VALUE_BYTES)
#define TERMS_BLOCK_BYTES_MAX (TERMS_BLOCK_TERMS * TERMS_ENTRY_BYTES_MAX)
#define TERMS_LINE_SLOTS 16u
#define TERMS_LINE_FILL 13u /* mean slots used: 4.9 bytes a term, and one line in eight overflows */
#define TERMS_LINE_BYTES (TERMS_LINE_SLOTS * sizeof(uint32_t))
#define TERMS_LINE_HEAD 48u
#define TERMS_LINES_EXTENT ((uint32_t)((EXTENT_PAYLOAD - TERMS_LINE_HEAD) / TERMS_LINE_BYTES))
#define TERMS_DIRECTORY_SHIFT 16u
#define TERMS_SAMPLE_BLOCKS 16u
#define TERMS_SAMPLE_BYTES 16u
#define TERMS_FOOTER_BYTES 48u

static_assert(TERMS_BLOCK_BYTES_MAX < 1u << TERMS_DIRECTORY_SHIFT, "a block's size fits the directory");
static_assert(LIMIT_SEGMENT_TERMS <= 1u << 29, "a fingerprint has three bits or more");
static_assert(TERMS_LINE_HEAD + TERMS_LINES_EXTENT * TERMS_LINE_BYTES == EXTENT_PAYLOAD, "lines fill an extent");
static_assert(EXTENT_PAYLOAD % TERMS_SAMPLE_BYTES == 0, "aligned directory words and samples never straddle");

static inline uint32_t terms_blocks_of(uint64_t count)
{
    return (uint32_t)((count + TERMS_BLOCK_TERMS - 1) / TERMS_BLOCK_TERMS);
}

static inline uint32_t terms_lines_of(uint64_t count)
{
    return (uint32_t)((count + TERMS_LINE_FILL - 1) / TERMS_LINE_FILL);
}

static inline uint32_t terms_samples_of(uint32_t blocks)
{
    return (blocks + TERMS_SAMPLE_BLOCKS - 1) / TERMS_SAMPLE_BLOCKS;
}

/* Bits that hold the numbers of all terms; at most 29. */
static inline uint32_t terms_number_bits_of(uint64_t count)
{
    return count <= 1 ? 0 : 32u - (uint32_t)__builtin_clz((uint32_t)(count - 1));
}

static inline uint32_t terms_hash(struct bytes term)
{
    return (uint32_t)(hash_bytes(term.data, term.size) >> 32);
}

static inline uint32_t terms_line_of(uint32_t hash, uint32_t lines)
{
    return (uint32_t)((uint64_t)hash * lines >> 32);
}

static inline uint64_t terms_line_offset(uint32_t line)
{
    return (uint64_t)(line / TERMS_LINES_EXTENT) * EXTENT_PAYLOAD + TERMS_LINE_HEAD +
           (uint64_t)(line % TERMS_LINES_EXTENT) * TERMS_LINE_BYTES;
}

static inline uint32_t terms_fingerprint(uint32_t hash, uint32_t number_bits)
{
    uint32_t fingerprint = hash & (UINT32_MAX >> number_bits);
    return fingerprint == 0 ? 1 : fingerprint;
}

/* The first bytes of a term as samples hold them; out has TERMS_SAMPLE_BYTES. Weakly of the terms' order. */
static inline void terms_sample(struct bytes term, uint8_t *out)
{
    memset(out, 0, TERMS_SAMPLE_BYTES);
    if (term.size != 0) {
        memcpy(out, term.data, term.size < TERMS_SAMPLE_BYTES ? term.size : TERMS_SAMPLE_BYTES);
    }
}

struct terms_entry {
    size_t shared;
    struct bytes suffix;
    struct bytes value;
};

/* Decodes the entry at next and returns where the one behind it begins; NULL when it is malformed. */
static inline const uint8_t *terms_entry_decode(const uint8_t *next, const uint8_t *end, struct terms_entry *entry)
{
    if (end - next < 2) {
        return NULL;
    }
    size_t shared = next[0] >> 4;
    size_t suffix_size = next[0] & 15u;
    size_t value_size = next[1];
    next += 2;
    if (shared == TERMS_LENGTH_ESCAPE) {
        if (next == end) {
            return NULL;
        }
        shared = *next++;
    }
    if (suffix_size == TERMS_LENGTH_ESCAPE) {
        if (next == end) {
            return NULL;
        }
        suffix_size = *next++;
    }
    if (suffix_size == 0 || value_size > LIMIT_TERM_VALUE_BYTES || shared + suffix_size > LIMIT_TERM_BYTES ||
        suffix_size + value_size > (size_t)(end - next)) {
        return NULL;
    }
    entry->shared = shared;
    entry->suffix = bytes_of(next, suffix_size);
    entry->value = bytes_of(next + suffix_size, value_size);
    return next + suffix_size + value_size;
}

#endif
