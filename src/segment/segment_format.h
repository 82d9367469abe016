/*
 * segment_format.h - what a shard's storage holds, table by table. All of it is ON DISK; integers in keys are
 * big-endian (memcmp order), in values little-endian.
 *
 *   meta       "format"            u32 FORMAT_VERSION
 *              "log/" source       position of a change log: see index/position.c
 *   manifest   "current"           manifest of the current generation (below)
 *   extents    u32 segment, u8 component, u32 index
 *                                  one extent of a component (base/extents.h)
 *   pages      u32 segment, u8 kind, u32 page
 *                                  u32 checksum of the rest, then the page: bits or a column page
 *   dictionaries  u32 id           a zstd dictionary for stored products
 *   values     empty: keyword values and their ordinals belong to segments (COMPONENT_VALUES)
 *
 *   manifest = u32 checksum of the rest, u32 MANIFEST_VERSION, u64 generation, u32 next segment id,
 *              u32 next dictionary id, u32 current dictionary (0: none), u32 segment count, segment*,
 *              u32 part count, part*
 *   segment  = u32 id, u32 documents, u32 dead, u32 dictionary, u64 postings, u64 terms, u64 length sum,
 *              u8 component count, (u8 component, u64 logical size)*
 *   part     = u32 id, u8 kind, u64 entries, u8 component count, (u8 component, u64 logical size)*
 *
 * Parts are what a shard keeps besides its segments: of its lexicon, of its suggestions. They are immutable and listed
 * as segments are, their ids are of the same numbers, and their components are extents under these.
 *
 * A term's value in COMPONENT_TERMS is the reference of its positions (postings/positions_format.h), then the record of
 * its postings, which takes the rest.
 *
 * What begins like this: a list of the documents that have any of the terms, with the largest of their codes, which
 * differ in class alone, for beginnings of 1 to PREFIX_CHARACTERS_MAX characters, unless the segment has fewer than
 * PREFIX_DOCUMENTS_MIN documents or the terms are fewer than PREFIX_WORDS_MIN, PREFIX_LONG_WORDS_MIN for the longest.
 * Beginnings of two characters and more are without frequent terms, of more than one document in PREFIX_FREQUENT_PART,
 * which do not count: there are a handful, as well read from their own lists, and with them these would take three
 * times as much. COMPONENT_PREFIXES and _PREFIX_INDEX, empty when there is no list, are a dictionary
 * (terms/terms_format.h) of beginnings and, behind PREFIX_WORD_MARK, frequent terms; behind PREFIX_TOTAL_MARK stand
 * beginnings that have a list and frequent terms. Postings lie among those of the terms. Terms that begin with a byte
 * below PREFIX_TEXT_MIN, which nobody types, are in none. The value of a beginning is
 *   varint sum of the terms' document frequencies, record
 * that of a frequent term, of two characters and up to PREFIX_WORD_BYTES_MAX bytes, is empty, and behind
 * PREFIX_TOTAL_MARK it is
 *   varint documents that have any of the terms, the frequent ones among them
 * which segments of the first builds of this version do not have: then it is counted.
 *
 * Bits pages (kind PAGE_DEAD, and PAGE_PATCHED + field) hold PAGE_BITS_DOCUMENTS bits; an absent page is all zeros.
 * Column pages (kind PAGE_COLUMN + field) replace the page of that number in the segment's column component.
 *
 * Segments are immutable, so a component is written once, under an id that no manifest lists yet, in any number of
 * transactions; listing it in the manifest is the commit. Extents and pages of unlisted ids are refuse.
 */
#ifndef AISLE_SEGMENT_SEGMENT_FORMAT_H
#define AISLE_SEGMENT_SEGMENT_FORMAT_H

#include "base/limits.h"

/* None before 5 was released: 4 had no lists of beginnings, 2 and 3 no lexicon, 2 no columns of keywords and paths. */
#define FORMAT_VERSION 5u
#define MANIFEST_VERSION 2u

/* What a part is of. */
enum part_kind_number {
    PART_LEXICON = 1,
    PART_SUGGESTIONS = 2, /* of the products' texts */
    PART_LEARNED = 3      /* of what shoppers searched for */
};

#define PART_COMPONENTS 8u /* of one part, at most */

enum segment_component {
    COMPONENT_TERMS = 0,
    COMPONENT_TERM_INDEX = 1,
    COMPONENT_SKIPS = 2,
    COMPONENT_BLOCKS = 3,
    COMPONENT_IDS = 4,
    COMPONENT_ID_TABLE = 5,
    COMPONENT_ORDER = 6,
    COMPONENT_DOCUMENTS = 7,
    COMPONENT_DOCUMENT_INDEX = 8,
    COMPONENT_POSITIONS = 9,
    COMPONENT_PREFIXES = 10,
    COMPONENT_PREFIX_INDEX = 11,
    COMPONENT_COLUMN = 64, /* + field number */
    COMPONENT_VALUES = COMPONENT_COLUMN + LIMIT_FIELDS, /* + field number: what its codes mean (columns/values.h) */
    COMPONENT_COUNT = COMPONENT_VALUES + LIMIT_FIELDS
};

/*
 * Which lists of beginnings there are: all ON DISK, since check expects just these. Terms up to 64 are brought together
 * by the query as fast.
 */
#define PREFIX_CHARACTERS_MAX 3u
#define PREFIX_BYTES_MAX (4u * PREFIX_CHARACTERS_MAX)
#define PREFIX_WORDS_MIN 64u
#define PREFIX_LONG_WORDS_MIN 128u
#define PREFIX_DOCUMENTS_MIN 512u
#define PREFIX_FREQUENT_PART 512u
#define PREFIX_WORD_MARK 1u
#define PREFIX_TOTAL_MARK 2u
#define PREFIX_TEXT_MIN 0x20u
#define PREFIX_WORD_BYTES_MAX (LIMIT_TERM_BYTES - 1)

enum segment_page_kind {
    PAGE_DEAD = 0,
    PAGE_COLUMN = 64,   /* + field number */
    PAGE_PATCHED = 128, /* + field number: documents whose stored product has an older value */
    PAGE_KIND_COUNT = PAGE_PATCHED + LIMIT_FIELDS
};

/* 4,080 bytes fill one LMDB overflow page; less the checksum, in whole words. */
#define PAGE_BITS_WORDS 508u
#define PAGE_BITS_DOCUMENTS (PAGE_BITS_WORDS * 64u)

#define EXTENT_KEY_BYTES 9u
#define PAGE_KEY_BYTES 9u

#endif
