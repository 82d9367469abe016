/*
 * positions_format.h - the layout of positions: what positions.h describes, as bytes. Everything here is ON DISK.
 *
 * All integers little-endian; offsets are logical offsets of the stream POSITIONS.
 *
 *   entry     = (place span*)+                  one posting's occurrences, places ascending strictly
 *   place     = number                          the first as it is, each further one less the one before, so above 0
 *   span      = number 0                        one word more: behind a place, up to POSITIONS_SPAN_MAX - 1 times
 *   number    = more*, last                     low bits first
 *   more      = 1 bbbbbbb                       seven bits, and another byte follows
 *   last      = 0 e bbbbbb                      the six highest; e: this ends the entry. A number takes no more bytes
 *                                               than it needs
 *
 *   block     = entry+ | entry                  those of POSTINGS_BLOCK postings, the last block's fewer; where all are
 *                                               equal only one stands for them, which shows by ending the block
 *   POSITIONS = (block | directory)*            of lists that do not stand in their references
 *   directory = u64 start, u64 end*             of a list of several blocks: where the first begins, then where each
 *                                               ends; 8-aligned, so that no word straddles two extents
 *
 *   reference = varint size << 2 | 0, block     INLINE: a list of one block of 1 to POSITIONS_INLINE_MAX_BYTES
 *             | varint offset << 2 | 1, varint size     SINGLE: a list of one block
 *             | varint offset << 2 | 2          BLOCKS: the directory of more than one
 *
 * A block begins where the one before ends, or, if it would lie in two extents from there, where the next extent
 * begins; so only blocks larger than an extent straddle. The ends of entries are told by two bits of a byte whatever
 * stands before it, so 32 bytes are looked at at once, and an entry is found without reading those in front of it.
 */
#ifndef AISLE_POSTINGS_POSITIONS_FORMAT_H
#define AISLE_POSTINGS_POSITIONS_FORMAT_H

#include "postings/positions.h"
#include "postings/postings.h"

#define POSITIONS_END_MASK (POSITIONS_MORE | POSITIONS_ENTRY_END)
#define POSITIONS_KIND_BITS 2u

#define POSITIONS_BLOCK_BYTES_MAX ((size_t)POSTINGS_BLOCK * POSITIONS_ENTRY_BYTES_MAX)

enum positions_kind {
    POSITIONS_INLINE = 0,
    POSITIONS_SINGLE = 1,
    POSITIONS_BLOCKS = 2
};

static_assert(LIMIT_PLACE <= UINT64_C(1) << (POSITIONS_NUMBER_BYTES_MAX * POSITIONS_MORE_BITS - 1),
              "a number has room for a place");
static_assert(EXTENT_PAYLOAD % sizeof(uint64_t) == 0, "aligned words of a directory never straddle");
static_assert(POSITIONS_REFERENCE_MAX_BYTES >= 1 + POSITIONS_INLINE_MAX_BYTES &&
                  POSITIONS_REFERENCE_MAX_BYTES >= 2 * VARINT_BYTES_MAX,
              "a reference of each kind has room");

static inline bool positions_is_end(uint8_t byte)
{
    return (byte & POSITIONS_END_MASK) == POSITIONS_ENTRY_END;
}

/*
 * Takes the number at *next. ends: whether it is the entry's last. False when it is cut off by end, takes more bytes
 * than it needs, or is not below LIMIT_PLACE.
 */
static inline bool positions_take_number(const uint8_t **next, const uint8_t *end, uint32_t *number, bool *ends)
{
    const uint8_t *p = *next;
    uint64_t value = 0;
    unsigned shift = 0;
    for (; p != end && *p >= POSITIONS_MORE && shift < (POSITIONS_NUMBER_BYTES_MAX - 1) * POSITIONS_MORE_BITS; p++) {
        value |= (uint64_t)(*p & (POSITIONS_MORE - 1)) << shift;
        shift += POSITIONS_MORE_BITS;
    }
    if (p == end || *p >= POSITIONS_MORE) {
        return false;
    }
    value |= (uint64_t)(*p & (POSITIONS_ENTRY_END - 1)) << shift;
    *ends = (*p & POSITIONS_ENTRY_END) != 0;
    *number = (uint32_t)value;
    *next = p + 1;
    return value < LIMIT_PLACE && (shift == 0 || value >> (shift - 1) != 0);
}

#endif
