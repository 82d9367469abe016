/*
 * lexicon_format.h - the layout of a part of a lexicon, one stream of extents. Little-endian; all of it is ON DISK.
 *
 *   part      = texts, masks, blocks, ranges, lists, grams, trie, classes, footer
 *               each section begins at a multiple of 16; nothing of 16 bytes or less straddles an extent
 *   texts     = the words, in order of their numbers, none straddling an extent
 *   masks     = u32 for each eligible word          which characters it has (lexicon_mask)
 *   blocks    = block * 2^range bits            each at a multiple of 16
 *   block     = u32 * (2^(bucket bits - range bits) + 1), entry*   where each bucket's entries begin, then they
 *   entry     = u32 check << number bits | (number - first eligible number), ascending numbers in a bucket
 *   ranges    = u64 * 2^range bits  where each block begins, from the stream's beginning
 *   lists     = varint*             ascending numbers of codes, as differences; a list for each gram
 *   grams     = (u32 gram, u32 count, u64 offset of its list, from that of lists)*, ascending by gram
 *   trie      = node*               the beginnings of eligible words, of 1 to LEXICON_PREFIX characters, by length,
 *                                   then by bytes
 *   node      = u32 character, u32 number of its first child; they end where those of the next node begin, the last
 *                                   node's with the trie
 *   classes   = (u16 class, u16 zero, u32 words, u64 offset in the stream of the first)*, ascending, none empty
 *   footer    = struct lexicon_footer, the last bytes of the stream
 *
 * A class is a group and a length in bytes, and words are numbered by class, then by bytes. So all words of a class
 * have one size: a word is found by its number alone with nothing stored beside its text, an exact look-up is a binary
 * search in one class, and the words of eligible lengths for a distance are one range of numbers, which decides about
 * most candidates before they are looked at.
 *
 * The deletes index. Of a word's first LEXICON_PREFIX characters (all, if it has fewer: its head, of b characters),
 * every subsequence that lacks m of them has an entry: m = 1 and 2, and 0 where b < LEXICON_PREFIX. If a word and a
 * query are within d edits, then their heads of b and a characters have a common subsequence of max(a, b) - d
 * characters: edits that lie in the heads cost each at most one character of it, and so does each place by which they
 * shift the end. So a query whose head lacks k characters needs to be looked up for k = d and, while a + d - k <=
 * LEXICON_PREFIX, for smaller k: with equal lengths on both sides no other combination is needed, which is a quarter
 * less entries and look-ups than all of 0, 1 and 2. (After Garbe, SymSpell, whose deletes are of all sizes.)
 * A subsequence is packed into 64 bits, a byte a character (lexicon_symbol), first character lowest. Of its hash, the
 * highest range bits say the block, the next (bucket bits together) the bucket in it, the lowest the check. Blocks are
 * there so that a part is written with little memory, a few blocks at a time.
 *
 * An edit changes how many there are of at most two characters, by one each, and so at most two bits of a mask;
 * inserting and deleting, of one. A candidate whose mask differs from the query's in more bits is not looked at: nine
 * of ten.
 *
 * A gram is three neighbouring bytes of a code; a code's beginning counts as a byte 0. Codes of LEXICON_CODE_MIN bytes
 * and more are in the lists of all their grams. Since codes are numbered by length, lists begin with the shortest.
 */
#ifndef AISLE_LEXICON_LEXICON_FORMAT_H
#define AISLE_LEXICON_LEXICON_FORMAT_H

#include "base/extents.h"
#include "base/limits.h"

#define LEXICON_MAGIC 0x3158454cu /* "LEX1" */
#define LEXICON_VERSION 1u

#define LEXICON_EDITS_MAX 2u
#define LEXICON_PREFIX 7u
#define LEXICON_SIMILAR_MIN 3u
#define LEXICON_SIMILAR_MAX 32u
#define LEXICON_CODE_MIN 4u
#define LEXICON_FRAGMENT_MIN 3u

/* Groups of words, in the order of their numbers. */
enum lexicon_group {
    LEXICON_CODES,  /* an ASCII digit is in them */
    LEXICON_PLAIN,  /* eligible for similarity, ASCII: a character is a byte */
    LEXICON_WIDE,   /* eligible, with other characters */
    LEXICON_OTHERS, /* too short or too long */
    LEXICON_GROUPS
};

#define LEXICON_LENGTHS (LIMIT_TERM_BYTES + 1u)
#define LEXICON_CLASSES (LEXICON_GROUPS * LEXICON_LENGTHS)
#define LEXICON_CLASS_BYTES 16u
#define LEXICON_NODE_BYTES 8u
#define LEXICON_GRAM_BYTES 16u

struct lexicon_footer {
    uint64_t masks_offset;
    uint64_t blocks_offset;
    uint64_t ranges_offset;
    uint64_t lists_offset;
    uint64_t lists_bytes;
    uint64_t grams_offset;
    uint64_t trie_offset;
    uint64_t classes_offset;
    uint64_t entry_count;
    uint32_t node_count;
    uint32_t gram_count;
    uint32_t class_count;
    uint32_t word_count;
    uint8_t bucket_bits;
    uint8_t range_bits;
    uint8_t zeros[2];
    uint32_t root_count; /* nodes of one character */
    uint32_t zero[2];
    uint32_t version;
    uint32_t magic;
};

static_assert(sizeof(struct lexicon_footer) == 112, "no padding, and a multiple of 16");
#define LEXICON_FOOTER_BYTES 112u

#define LEXICON_BUCKET_ENTRIES 12u /* mean wanted: about a cache line; 6 to 12, since buckets are a power of two */
#define LEXICON_RANGE_BITS_MAX 12u

static inline uint32_t lexicon_class_of(enum lexicon_group group, size_t size)
{
    return (uint32_t)group * LEXICON_LENGTHS + (uint32_t)size;
}

/* The byte that stands for a character in the deletes index; never 0. Different characters may share one. */
static inline uint8_t lexicon_symbol(uint32_t character)
{
    return (uint8_t)(character < 0x80 ? character : 0x80 | (character * 0x9e3779b1u) >> 25);
}

/*
 * The mask with one more character in it: a bit each for the letters that are there, of which other characters share
 * some, and one for each of six frequent letters that is there twice.
 */
static inline uint32_t lexicon_mask_add(uint32_t mask, uint32_t character)
{
    static const uint8_t twice[26] = {[0] = 26, ['e' - 'a'] = 27, ['i' - 'a'] = 28,
                                      ['o' - 'a'] = 29, ['s' - 'a'] = 30, ['t' - 'a'] = 31};
    uint32_t letter = character - 'a';
    letter = letter < 26 ? letter : (character * 0x9e3779b1u >> 16) * 26 >> 16;
    uint32_t bit = 1u << letter;
    return mask | bit | ((mask & bit) != 0 && twice[letter] != 0 ? 1u << twice[letter] : 0);
}

/* The hash of a packed subsequence. */
static inline uint64_t lexicon_hash(uint64_t packed)
{
    uint64_t mixed = packed * UINT64_C(0x9e3779b97f4a7c15);
    mixed ^= mixed >> 32;
    mixed *= UINT64_C(0xd6e8feb86659fd93);
    return mixed ^ mixed >> 29;
}

/* The packed subsequence without the character at place i. */
static inline uint64_t lexicon_without(uint64_t packed, unsigned i)
{
    uint64_t below = (UINT64_C(1) << (8 * i)) - 1;
    return (packed & below) | ((packed >> 8) & ~below);
}

#endif
