/*
 * documents_format.h - the layout of stored products on disk, shared by the writer, the reader and the check.
 *
 * All integers little-endian; offsets are logical offsets of their stream. Everything here is ON DISK.
 *
 *   DATA      = bytes of document 0, of document 1, ...         without gaps; they straddle extents
 *
 *   INDEX     = block*, directory, footer
 *   block     = u64 head                        of 64 documents, the last of fewer; 4-byte aligned, none straddles
 *               codes                           head.width bits for each document, in whole bytes
 *               u24 size * head.escapes         in order of documents
 *   head      = base in DATA                    40 bits, low first
 *               width                           5 bits: 1..21
 *               escapes                         7 bits: 0..64
 *               least                           12 bits: a size that none of the coded ones is below
 *   directory = u32 for each block              its offset in INDEX / 4; 16-byte aligned as a whole
 *   footer    = u64 bytes of DATA, u64 directory offset, u32 documents, u32 zero, u32 version, u32 magic
 *                                               the last bytes of INDEX
 *
 * A code is size - least, or, with all bits set, an escape. Width and escapes are chosen for the fewest bytes, so that
 * one long product does not widen 63 codes. A document begins at its block's base plus the sizes before it.
 */
#ifndef AISLE_DOCUMENTS_DOCUMENTS_FORMAT_H
#define AISLE_DOCUMENTS_DOCUMENTS_FORMAT_H

#include "documents/bits.h"
#include "documents/documents.h"

#define DOCUMENTS_MAGIC 0x53434f44u /* "DOCS" */
#define DOCUMENTS_VERSION 1u
#define DOCUMENTS_BLOCK_ALIGNMENT 4u
#define DOCUMENTS_HEAD_BYTES 8u
#define DOCUMENTS_BASE_BITS 40u
#define DOCUMENTS_WIDTH_BITS 5u
#define DOCUMENTS_WIDTH_MAX 21u
#define DOCUMENTS_ESCAPES_BITS 7u
#define DOCUMENTS_LEAST_MAX 4095u
#define DOCUMENTS_ESCAPE_BYTES 3u
#define DOCUMENTS_BLOCK_BYTES_MAX \
    (DOCUMENTS_HEAD_BYTES + DOCUMENTS_BLOCK_DOCUMENTS * DOCUMENTS_WIDTH_MAX / 8 + \
     DOCUMENTS_BLOCK_DOCUMENTS * DOCUMENTS_ESCAPE_BYTES)
#define DOCUMENTS_FOOTER_BYTES 32u

static_assert(DOCUMENT_STORED_BYTES_MAX < (1u << DOCUMENTS_WIDTH_MAX) - 1, "any size has a code without escape");
static_assert((uint64_t)LIMIT_EXTENTS_COMPONENT * EXTENT_PAYLOAD < UINT64_C(1) << DOCUMENTS_BASE_BITS,
              "a base fits its bits");
static_assert(DOCUMENTS_HEAD_BYTES >= BITS_HEAD_BYTES, "codes may be loaded from within the head");
static_assert((uint64_t)(LIMIT_SEGMENT_DOCUMENTS / DOCUMENTS_BLOCK_DOCUMENTS + 1) * DOCUMENTS_BLOCK_BYTES_MAX <
                  (UINT64_C(1) << 32) * DOCUMENTS_BLOCK_ALIGNMENT,
              "a block's place fits the directory");
static_assert(EXTENT_PAYLOAD % 16 == 0, "aligned directory words never straddle");

/* A block's head, decoded. */
struct documents_head {
    uint64_t base;
    uint32_t least;
    unsigned width;
    unsigned escapes;
};

static inline uint64_t documents_head_encode(const struct documents_head *head)
{
    unsigned escapes_at = DOCUMENTS_BASE_BITS + DOCUMENTS_WIDTH_BITS;
    return head->base | (uint64_t)head->width << DOCUMENTS_BASE_BITS | (uint64_t)head->escapes << escapes_at |
           (uint64_t)head->least << (escapes_at + DOCUMENTS_ESCAPES_BITS);
}

static inline struct documents_head documents_head_decode(uint64_t word)
{
    unsigned escapes_at = DOCUMENTS_BASE_BITS + DOCUMENTS_WIDTH_BITS;
    return (struct documents_head){
        .base = word & ((UINT64_C(1) << DOCUMENTS_BASE_BITS) - 1),
        .width = (unsigned)(word >> DOCUMENTS_BASE_BITS) & ((1u << DOCUMENTS_WIDTH_BITS) - 1),
        .escapes = (unsigned)(word >> escapes_at) & ((1u << DOCUMENTS_ESCAPES_BITS) - 1),
        .least = (uint32_t)(word >> (escapes_at + DOCUMENTS_ESCAPES_BITS)),
    };
}

static inline uint32_t documents_blocks_of(uint32_t count)
{
    return (uint32_t)(((uint64_t)count + DOCUMENTS_BLOCK_DOCUMENTS - 1) / DOCUMENTS_BLOCK_DOCUMENTS);
}

/* A block that has passed all bounds: its sizes can be read one after the other. */
struct documents_block {
    struct documents_head head;
    uint32_t count;         /* documents in it */
    const uint8_t *codes;   /* behind the head, in an extent of INDEX */
    const uint8_t *escapes; /* u24 each */
};

/* Reads block number block, which exists, as far as its bounds. AISLE_CORRUPT. */
must_check int documents_block_open(const struct documents_reader *reader, uint32_t block,
                                    struct documents_block *out);

/*
 * Sums sizes: *start of document index of the block relative to its base, and its *size. AISLE_CORRUPT when a size is
 * not allowed or an escape is missing.
 */
must_check int documents_block_locate(const struct documents_block *block, uint32_t index, uint64_t *start,
                                      uint32_t *size);

#endif
