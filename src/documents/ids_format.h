/*
 * ids_format.h - the layout of ids on disk, shared by the writer, the reader, the table and the check.
 *
 * All integers little-endian; offsets are logical offsets of their stream. Everything here is ON DISK.
 *
 *   IDS       = block*, directory, footer
 *   block     = bytes | numbers | nibbles       of 64 ids, the last of fewer; none straddles an extent
 *   bytes     = u8 kind 0, u8 width, u16 prefix size, u16 least size, u16 zero,
 *               packed (rest size - least) * ids, prefix, rest of each id
 *   numbers   = u8 kind 1, u8 width, u8 shape bits, u8 shapes, u64 least number,
 *               packed (shape | (number - least) << shape bits) * ids, shape*
 *   shape     = u8 digits, u16 head size, head  id = head, number in decimal with leading zeros up to `digits`
 *   nibbles   = u8 kind 2, u8 first letter ('a' or 'A'), u16 id size, u16 varying positions, u16 zero,
 *               bit mask of the varying positions, bytes of the others, packed hexadecimal digits: 4 bits each,
 *               those of the first id, those of the second, ...
 *   directory = u64 for each block              offset in IDS << 16 | size; 16-byte aligned as a whole
 *   footer    = u64 directory offset, u32 ids, u32 zero, u32 version, u32 magic        the last bytes of IDS
 *
 * Packed means bits.h. The writer takes the smallest of the three: numbers suit P00012345, with or without leading
 * zeros and with a few heads mixed; nibbles suit UUIDs and object ids; bytes hold anything.
 *
 *   TABLE     = entries, directory, footer
 *   entry     = 40 bits: document | fingerprint << document bits; 52,374 entries an extent, then 2 zero bytes
 *   directory = u32 for each bucket and one     number of its first entry; 16-byte aligned, directly behind the entries
 *   footer    = u32 ids, u32 zero, u32 version, u32 magic                              the last bytes of TABLE
 *
 * The hash of an id is hash_bytes. Its bucket is (hash >> 32) * buckets >> 32, so buckets ascend with the hash; in a
 * bucket entries stand in order of documents. The fingerprint is the low bits of the hash, as many as the document
 * leaves of 40: 20 for a million ids, 9 for the most there can be.
 */
#ifndef AISLE_DOCUMENTS_IDS_FORMAT_H
#define AISLE_DOCUMENTS_IDS_FORMAT_H

#include "base/hash.h"
#include "documents/bits.h"
#include "documents/ids.h"

#define IDS_MAGIC 0x20534449u       /* "IDS " */
#define IDS_TABLE_MAGIC 0x54534449u /* "IDST" */
#define IDS_VERSION 1u
#define IDS_FOOTER_BYTES 24u
#define IDS_TABLE_FOOTER_BYTES 16u

enum ids_kind { IDS_KIND_BYTES = 0, IDS_KIND_NUMBERS = 1, IDS_KIND_NIBBLES = 2 };

#define IDS_HEAD_BYTES 8u          /* of bytes and nibbles */
#define IDS_NUMBERS_HEAD_BYTES 12u
#define IDS_SHAPE_HEAD_BYTES 3u
#define IDS_SHAPES_MAX 8u
#define IDS_DIGITS_MAX 18u
#define IDS_NUMBER_MAX UINT64_C(999999999999999999)
#define IDS_SIZE_WIDTH_MAX 10u
#define IDS_BLOCK_BYTES_MAX (IDS_HEAD_BYTES + IDS_BLOCK_IDS * IDS_SIZE_WIDTH_MAX / 8 + IDS_BLOCK_IDS * LIMIT_ID_BYTES)
#define IDS_DIRECTORY_SHIFT 16u

#define IDS_BUCKET_ENTRIES 16u /* mean: 80 bytes, and a quarter of a byte of directory an id */
#define IDS_ENTRY_BYTES 5u
#define IDS_ENTRY_BITS 40u
#define IDS_ENTRIES_EXTENT ((uint32_t)(EXTENT_PAYLOAD / IDS_ENTRY_BYTES))

static_assert(IDS_BLOCK_BYTES_MAX < 1u << IDS_DIRECTORY_SHIFT, "a block's size fits the directory");
static_assert(LIMIT_ID_BYTES < 1u << IDS_SIZE_WIDTH_MAX, "an id's size fits its width");
static_assert(IDS_HEAD_BYTES >= BITS_HEAD_BYTES, "packed values may be loaded from within the head");
static_assert(EXTENT_PAYLOAD % 16 == 0, "aligned directory words never straddle");
static_assert(EXTENT_PAYLOAD - IDS_ENTRIES_EXTENT * IDS_ENTRY_BYTES == 2, "entries fill an extent but for 2 bytes");

static inline uint32_t ids_blocks_of(uint32_t count)
{
    return (uint32_t)(((uint64_t)count + IDS_BLOCK_IDS - 1) / IDS_BLOCK_IDS);
}

/* At least one, so that an empty table needs no special case. */
static inline uint32_t ids_buckets_of(uint32_t count)
{
    return count / IDS_BUCKET_ENTRIES + 1;
}

static inline uint32_t ids_bucket_of(uint64_t hash, uint32_t buckets)
{
    return (uint32_t)(((hash >> 32) * buckets) >> 32);
}

/* Bits of an entry that hold a document below count. */
static inline unsigned ids_document_bits_of(uint32_t count)
{
    return bits_width(count);
}

static inline uint64_t ids_fingerprint_of(uint64_t hash, unsigned document_bits)
{
    return hash & ((UINT64_C(1) << (IDS_ENTRY_BITS - document_bits)) - 1);
}

/* Offset in TABLE of an entry; that of entry number count, rounded up to 16, is the directory's. */
static inline uint64_t ids_entry_offset(uint32_t entry)
{
    return (uint64_t)(entry / IDS_ENTRIES_EXTENT) * EXTENT_PAYLOAD +
           (uint64_t)(entry % IDS_ENTRIES_EXTENT) * IDS_ENTRY_BYTES;
}

static inline uint64_t ids_entry_load(const uint8_t *entry)
{
    return load_u32(entry) | (uint64_t)entry[4] << 32;
}

/* What one id looks like as a number: how the writer sees it, and what a shape keeps. */
struct ids_shape {
    struct bytes head;
    unsigned digits; /* 0: no leading zeros */
};

/* Appends the encoding of count ids, 1 to IDS_BLOCK_IDS, of allowed sizes. Status of out. */
must_check int ids_block_encode(const struct bytes *ids, uint32_t count, struct buf *out);

/*
 * Decodes id number index of a block that holds count of them, from exactly its bytes. out has room for
 * LIMIT_ID_BYTES. AISLE_CORRUPT.
 */
must_check int ids_block_decode(struct bytes block, uint32_t count, uint32_t index, uint8_t *out, size_t *size);

/* Writes the table of these hashes, one for each document: entries, directory and footer. */
must_check int ids_table_write(struct extent_writer *table, const uint8_t *hashes, uint32_t count);

/* Opens the reader's table, whose count is set. AISLE_CORRUPT or AISLE_NEWER_FORMAT. */
must_check int ids_table_open(struct ids_reader *reader);

/* Entries [*first, *end) of a bucket. AISLE_CORRUPT. */
must_check int ids_table_bucket(const struct ids_reader *reader, uint32_t bucket, uint32_t *first, uint32_t *end);

#endif
