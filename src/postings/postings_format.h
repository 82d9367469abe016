/*
 * postings_format.h - the layout of records, SKIPS and BLOCKS on disk, shared by the writer and the readers.
 *
 * All integers little-endian, varint as in base/bytes.h; offsets are logical offsets of their stream. Everything here
 * is ON DISK. n is the number of postings of a block: POSTINGS_BLOCK, in the last block of a list 1 to that.
 *
 *   record    = u8 kind | extra << 3, then by kind
 *   TINY      = varint first, varint (gap - 1)*, u8 code+    1..4 postings: extra is their number - 1, plus 4 when all
 *                                                          have the one code that follows
 *   INLINE    = [u8 count - 36], u8 dominant, block        5 postings and more; extra is count - 5, 31 when announced
 *   SINGLE    = u8 count - 1, u8 dominant, varint offset in BLOCKS, varint size
 *   SHORT     = varint count, u8 dominant, varint first document, varint offset of the superblock in SKIPS
 *   LONG      = as SHORT, varint offset of the second level in SKIPS
 *
 *   SKIPS     = (superblock* | upper)*                    a list's superblocks are neighbours
 *   superblock= u40 base, u32 last*, u16 end*, u8 dominant*
 *                                                          one of each for each of its up to 32 blocks: the block's
 *                                                          last document; the offset behind it, from base, where the
 *                                                          first block begins; its dominating code
 *   upper     = chunk*                                    the second level
 *   chunk     = u32 last*, u8 dominant*                   one of each for up to 4,096 superblocks
 *   Superblocks and chunks do not straddle extents: the next begins right behind the one before, or at the next extent
 *   when a full one would straddle. So their places need no table.
 *
 *   BLOCKS    = block*                                    none straddles; it begins the next extent instead
 *   block     = u8 shape of documents, documents, u8 shape of codes, classes, lengths
 *
 *   documents, whose first gap counts from the last document of the block before, the list's from -1:
 *     shape    = width 0..31 | 64 when exceptions follow; or 32, a bitset
 *     packed   = [exceptions], gap - 1 of each posting, width bits each; exceptions hold the higher bits of some
 *     exceptions = u8 e (1..32), u8 position*, varint high*     positions ascend; high << width is added
 *     full block: 8 streams of STEPS = POSTINGS_BLOCK / 8 values, stream s in the s-th u32 of each 32-byte row, from
 *                the low bit on; value i of the first half is the (i / 4)-th of stream i % 4, the second half has
 *                streams 4 to 7 likewise. Rows are ceil(width * STEPS / 32).
 *     other    : one stream of bits from the low bit of the first byte, ceil(n * width / 8) bytes
 *     bitset   = varint skip, u8 words, u64*                 bit 0 is the document skip + 1 behind the one before the
 *                                                          block; the first bit and the last word are not 0
 *
 *   codes, of class and length:
 *     shape    = length mode | class mode << 2 | planes << 4     planes 1..5, of lengths, 0 unless in mode PLANES
 *     classes  CONSTANT: that of the dominating code
 *              PLANES  : u8 set of classes (at least 2), planes of the class's rank in the set
 *              SPARSE  : u8 common class, u8 e, (u8 position, u8 class)*       all but e have the common one
 *     lengths  CONSTANT: that of the block's dominating code, which is the least
 *              PLANES  : planes of length - least
 *              STEPS   : u8 steps (1..31), u8 bound*         length is the least plus the number of bounds <= i
 *              UNARY   : for each posting a 0 bit for each step up from the one before, then a 1 bit; from the low bit
 *     plane    = bit b of each value in the b-th plane, value i in bit i % 8 of byte i / 8; ceil(n / 8) bytes
 *   Lengths ascend within a block when products are ordered by length: STEPS and UNARY are for that.
 */
#ifndef AISLE_POSTINGS_POSTINGS_FORMAT_H
#define AISLE_POSTINGS_POSTINGS_FORMAT_H

#include "postings/postings.h"

#define POSTINGS_VERSION 1u /* of all this; streams do not carry it: whoever raises it raises the segment format too */

#define POSTINGS_HALF (POSTINGS_BLOCK / 2)
#define POSTINGS_LANES 8u
#define POSTINGS_STEPS (POSTINGS_BLOCK / POSTINGS_LANES)
#define POSTINGS_ROW_BYTES 32u

#define POSTINGS_SUPERBLOCK_POSTINGS (POSTINGS_SUPERBLOCK_BLOCKS * POSTINGS_BLOCK)
#define POSTINGS_BASE_BYTES 5u
#define POSTINGS_SKIP_BYTES 7u /* of a block in its superblock */
#define POSTINGS_SUPERBLOCK_BYTES (POSTINGS_BASE_BYTES + POSTINGS_SUPERBLOCK_BLOCKS * POSTINGS_SKIP_BYTES)
#define POSTINGS_CHUNK_SUPERBLOCKS 4096u
#define POSTINGS_UPPER_BYTES 5u /* of a superblock in the second level */
#define POSTINGS_CHUNK_BYTES (POSTINGS_CHUNK_SUPERBLOCKS * POSTINGS_UPPER_BYTES)

#define POSTINGS_KIND_BITS 3u
#define POSTINGS_EXTRA_MAX 31u
#define POSTINGS_INLINE_MIN (POSTINGS_TINY_MAX + 1)

#define POSTINGS_WIDTH_MAX 31u
#define POSTINGS_SHAPE_BITSET 32u
#define POSTINGS_SHAPE_EXCEPTIONS 64u
#define POSTINGS_EXCEPTIONS_MAX 32u
#define POSTINGS_BITSET_WORDS_MAX 64u
#define POSTINGS_CLASSES 8u
#define POSTINGS_LENGTHS 32u
#define POSTINGS_LENGTH_PLANES_MAX 5u

enum postings_length_mode {
    POSTINGS_LENGTH_CONSTANT = 0,
    POSTINGS_LENGTH_PLANES = 1,
    POSTINGS_LENGTH_STEPS = 2,
    POSTINGS_LENGTH_UNARY = 3
};

enum postings_class_mode { POSTINGS_CLASS_CONSTANT = 0, POSTINGS_CLASS_PLANES = 1, POSTINGS_CLASS_SPARSE = 2 };

#define POSTINGS_CLASS_MODE_SHIFT 2u
#define POSTINGS_PLANES_SHIFT 4u
#define POSTINGS_MODES_MASK 15u /* both modes of codes in their shape */
#define POSTINGS_LENGTH_BITS 5u /* of a code; its class is above */
#define POSTINGS_LENGTH_MASK 31u

/* The most that each part of a block takes; encoders choose the least of several ways and so stay within. */
#define POSTINGS_PACKED_BYTES_MAX (POSTINGS_WIDTH_MAX * POSTINGS_ROW_BYTES)
#define POSTINGS_EXCEPTIONS_BYTES_MAX (1u + POSTINGS_EXCEPTIONS_MAX * 6u)
#define POSTINGS_CODES_BYTES_MAX (1u + POSTINGS_BLOCK)
#define POSTINGS_BLOCK_BYTES_MAX                                                                                      \
    (2u + POSTINGS_EXCEPTIONS_BYTES_MAX + POSTINGS_PACKED_BYTES_MAX + POSTINGS_CODES_BYTES_MAX)

static_assert(POSTINGS_BLOCK == 256 || POSTINGS_BLOCK == 128, "positions are bytes, streams are rows of AVX2");
static_assert((POSTINGS_SUPERBLOCK_BLOCKS + 1) * POSTINGS_BLOCK_BYTES_MAX < 65536u,
              "ends of blocks, padding before one included, are u16");
static_assert((uint64_t)LIMIT_EXTENTS_COMPONENT * EXTENT_PAYLOAD < UINT64_C(1) << (8 * POSTINGS_BASE_BYTES),
              "the base of a superblock fits");
static_assert(POSTINGS_CHUNK_BYTES <= EXTENT_PAYLOAD, "a chunk fits an extent");
static_assert((LIMIT_SEGMENT_DOCUMENTS - 1) / POSTINGS_SUPERBLOCK_POSTINGS / POSTINGS_CHUNK_SUPERBLOCKS < 128u,
              "the longest list has up to 64 chunks, with blocks of 128 twice that: numbers of blocks fit u32 by far");
static_assert(LIMIT_SEGMENT_DOCUMENTS <= INT32_MAX, "documents compare alike signed and unsigned");
static_assert(POSTINGS_BITSET_WORDS_MAX * 8 <= POSTINGS_PACKED_BYTES_MAX, "a bitset fits a block");

/* Parts of a list of count postings. */
static inline uint32_t postings_blocks_of(uint32_t count)
{
    return (count + (POSTINGS_BLOCK - 1)) / POSTINGS_BLOCK;
}

static inline uint32_t postings_superblocks_of(uint32_t block_count)
{
    return (block_count + (POSTINGS_SUPERBLOCK_BLOCKS - 1)) / POSTINGS_SUPERBLOCK_BLOCKS;
}

/* Where the number-th of neighbouring pieces of size bytes lies, the first being at start and none straddling. */
static inline uint64_t postings_place_of(uint64_t start, uint32_t number, uint32_t size)
{
    uint32_t in_first = (uint32_t)((EXTENT_PAYLOAD - start % EXTENT_PAYLOAD) / size);
    /* A single piece may be shorter than size and lie closer to the end. */
    if (number == 0 || number < in_first) {
        return start + (uint64_t)number * size;
    }
    uint32_t in_extent = (uint32_t)EXTENT_PAYLOAD / size;
    uint64_t extent = start / EXTENT_PAYLOAD + 1 + (number - in_first) / in_extent;
    return extent * EXTENT_PAYLOAD + (uint64_t)((number - in_first) % in_extent) * size;
}

/* Rows of 32 bytes that a full block's values of width bits take. */
static inline uint32_t postings_rows_of(uint32_t width)
{
    return (width * POSTINGS_STEPS + 31) / 32;
}

/* Bytes that count values of width bits take in a block. */
static inline uint32_t postings_packed_bytes(uint32_t count, uint32_t width)
{
    return count == POSTINGS_BLOCK ? postings_rows_of(width) * POSTINGS_ROW_BYTES : (count * width + 7) / 8;
}

static inline uint32_t postings_plane_bytes(uint32_t count)
{
    return (count + 7) / 8;
}

/* Planes that tell count things apart. */
static inline uint32_t postings_planes_for(uint32_t count)
{
    return count <= 1 ? 0 : 32u - (uint32_t)__builtin_clz(count - 1);
}

#endif
