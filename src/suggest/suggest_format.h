/*
 * suggest_format.h - the layout of a part of completions on disk, shared by writer, reader and check.
 *
 * All integers little-endian; offsets are logical offsets of their stream. Everything here is ON DISK.
 *
 *   TEXT     = record*, context*                  records in ascending order of keys; no piece straddles an extent:
 *                                                 what is left of one before a piece that did not fit is zeros
 *   record   = u8 kind | 0x80 if a key follows    kind: enum suggest_kind, never 0
 *              u8 shown size                      1..SUGGEST_SHOWN_BYTES
 *              u8 key size                        0 unless a key follows
 *              u16 code of the weight
 *              u8 contexts                        0..SUGGEST_CONTEXTS
 *              shown, [key]                       without a key, it is what is shown with A to Z made small
 *              (u32 context, u16 code)*           the context's number, ascending; the weight there
 *   context  = u8 field + 1, u8 size, value       in the order of their numbers; value: 1..SUGGEST_CONTEXT_BYTES
 *
 *   TREE     = node*, footer                      a node stands behind those below it
 *   node     = u8 label size, u16 entries, label, u8 first[entries], u8 follow[entries], u16 code[entries],
 *              u32 reference[entries]
 *              an entry leads to what is below; entries stand in descending order of codes
 *   first    = the next byte of the key; 0: the key ends here (at most SUGGEST_SAME such entries a node, the best)
 *   follow   = suggest_follow of each byte that comes behind the first, or-ed: what cannot follow need not be looked up
 *   code     = of the greatest weight below
 *   reference= offset of a node, or SUGGEST_LEAF + the offset of a record, when a single key is below
 *   footer   = u32 root, u32 suggestions, u64 bytes of TEXT, u64 offset of the first context, u32 contexts,
 *              u32 products, u32 version, u32 magic    the last bytes of TREE
 *
 * The keys of the tree: SUGGEST_ALL, then the record's key, whole or from the start of one of its next words; and for
 * each of its contexts SUGGEST_IN, field + 0x20, value, SUGGEST_IN, then the same. Bytes below 0x20 occur in no key,
 * so a context is a branch of the tree, with weights of its own, and completing inside it costs what it costs outside.
 * What is left of a leaf's key is not stored: the record has it.
 *
 * A code is a logarithmic form of a weight, exact below 2,048 and within a thousandth above: six bits of exponent, ten
 * behind the point. Reached from a later word a suggestion counts a quarter, which lowers the exponent by two, so that
 * sums over parts may be taken before or after.
 */
#ifndef AISLE_SUGGEST_SUGGEST_FORMAT_H
#define AISLE_SUGGEST_SUGGEST_FORMAT_H

#include "base/extents.h"
#include "base/limits.h"

#define SUGGEST_MAGIC 0x47475553u /* "SUGG" */
#define SUGGEST_VERSION 1u
#define SUGGEST_FOOTER_BYTES 40u
#define SUGGEST_RECORD_HEAD 6u
#define SUGGEST_RECORD_CONTEXT 6u
#define SUGGEST_RECORD_KEYED 0x80u
#define SUGGEST_NODE_HEAD 3u
#define SUGGEST_ENTRY_BYTES 8u
#define SUGGEST_LEAF 0x80000000u
#define SUGGEST_SAME 64u /* a shopper is shown no more */
#define SUGGEST_IN 1u
#define SUGGEST_ALL 2u
#define SUGGEST_CONTEXT_FIELD 0x20u
#define SUGGEST_MANTISSA_BITS 10u
#define SUGGEST_LATER_SHIFT 2u /* a later word's weight is divided by four */
#define SUGGEST_BIAS (SUGGEST_LATER_SHIFT + 1u) /* so that no code is 0 */
#define SUGGEST_UNIT_BITS (SUGGEST_MANTISSA_BITS + SUGGEST_BIAS)
#define SUGGEST_TREE_KEY_BYTES (3u + SUGGEST_CONTEXT_BYTES + SUGGEST_KEY_BYTES)
#define SUGGEST_ENTRIES_MAX (255u + SUGGEST_SAME)

static_assert(SUGGEST_TREE_KEY_BYTES < 256u, "a label's size is a byte");
static_assert(LIMIT_FIELDS + SUGGEST_CONTEXT_FIELD < 128u, "a context's field is one plain byte");
static_assert(LIMIT_SUGGESTIONS <= SUGGEST_SAME, "what a node leaves out is not asked for");

/* weight: 1 to SUGGEST_WEIGHT_MAX. */
static inline uint16_t suggest_code_of(uint64_t weight)
{
    uint32_t exponent = 63u - (uint32_t)__builtin_clzll(weight);
    uint64_t fraction = exponent > SUGGEST_MANTISSA_BITS ? weight >> (exponent - SUGGEST_MANTISSA_BITS)
                                                         : weight << (SUGGEST_MANTISSA_BITS - exponent);
    return (uint16_t)((exponent + SUGGEST_BIAS) << SUGGEST_MANTISSA_BITS |
                      (fraction & ((1u << SUGGEST_MANTISSA_BITS) - 1)));
}

/* In units of 2^-SUGGEST_UNIT_BITS; below 2^56 for a whole weight's code, so that those of many parts add up. */
static inline uint64_t suggest_units_of(uint16_t code)
{
    uint64_t fraction = (1u << SUGGEST_MANTISSA_BITS) | (code & ((1u << SUGGEST_MANTISSA_BITS) - 1));
    return fraction << (code >> SUGGEST_MANTISSA_BITS);
}

static inline uint16_t suggest_code_later(uint16_t code)
{
    return (uint16_t)(code - (SUGGEST_LATER_SHIFT << SUGGEST_MANTISSA_BITS));
}

static inline bool suggest_code_is_whole(uint16_t code)
{
    return code >= SUGGEST_BIAS << SUGGEST_MANTISSA_BITS &&
           code < (SUGGEST_WEIGHT_BITS + SUGGEST_BIAS) << SUGGEST_MANTISSA_BITS;
}

/* One of eight bits for a byte, in which vowels differ. */
static inline uint8_t suggest_follow(uint8_t byte)
{
    return (uint8_t)(1u << ((byte ^ byte >> 3) & 7u));
}

static inline uint8_t suggest_small(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

/* The next place in key behind at where a word starts; key.size when there is none. Words stand between spaces. */
static inline size_t suggest_word_after(struct bytes key, size_t at)
{
    const uint8_t *space = at < key.size ? memchr(key.data + at, ' ', key.size - at) : NULL;
    return space == NULL ? key.size : (size_t)(space - key.data) + 1;
}

#endif
