/*
 * block.h - one block of postings: to bytes and back.
 *
 * Private to the module. The layout stands in postings_format.h. Decoders take any bytes: what they do not refuse has
 * the number of postings that was asked for, ascending. Whether those fit what the skip data says is the cursor's
 * affair.
 * Thread rule: pure functions.
 */
#ifndef AISLE_POSTINGS_BLOCK_H
#define AISLE_POSTINGS_BLOCK_H

#include "postings/bitpack.h"

/* Postings of a block. */
struct block_content {
    const uint32_t *documents;
    const uint8_t *codes;
    uint32_t count;
    int64_t before; /* the document in front of the first, -1 for none */
};

/* Writes a block to out, which has room for POSTINGS_BLOCK_BYTES_MAX; returns its size. */
size_t block_encode(const struct block_content *content, uint8_t dominant, uint8_t *out);

/* The dominating code of count (at least 1) codes. */
uint8_t block_dominant(const uint8_t *codes, uint32_t count);

/* Where things are in a stored block. */
struct block_parts {
    const uint8_t *bits; /* a bitset, or NULL: documents have been decoded */
    uint32_t bits_words;
    uint32_t bits_first; /* document of bit 0, which is set */
    uint32_t bits_last;  /* document of the last set bit */
    struct bytes coded;  /* shape of codes, and codes */
};

/* A block as its skip entry describes it. */
struct block_place {
    struct bytes stored;
    uint32_t count;
    int64_t before;
    const struct postings_kernels *kernels;
};

/*
 * Decodes documents, which has room for POSTINGS_SLACK past a block, unless they are a bitset: then only finds it.
 * Documents are ascending and behind before; the last of a bitset may be above all limits. AISLE_CORRUPT.
 */
must_check int block_decode(const struct block_place *place, struct block_parts *parts, uint32_t *documents);

/* Whether all codes of the block are its dominating code. */
static inline bool block_is_equal(struct bytes coded)
{
    const uint8_t equal = POSTINGS_LENGTH_CONSTANT | POSTINGS_CLASS_CONSTANT << POSTINGS_CLASS_MODE_SHIFT;
    return coded.size != 0 && (coded.data[0] & POSTINGS_MODES_MASK) == equal;
}

/* Decodes count codes; codes has room for POSTINGS_BLOCK. AISLE_CORRUPT. */
must_check int block_decode_codes(const struct postings_kernels *kernels, struct bytes coded, uint32_t count,
                                  uint8_t dominant, uint8_t *codes);

/*
 * Only the code of the index-th posting, below count: where block_decode_codes succeeds, what it gives. A fifth of its
 * price. AISLE_CORRUPT.
 */
must_check int block_decode_code(struct bytes coded, uint32_t count, uint8_t dominant, uint32_t index, uint8_t *code);

#endif
