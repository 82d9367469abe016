/*
 * values_format.h - the layout of the VALUES stream on disk.
 *
 * All integers little-endian. Everything here is ON DISK.
 *
 *   VALUES    = block*, list*, directory, footer      a block or a list does not straddle extents
 *   block     = value{1..16}                          16 in every block but the last
 *   value     = varint shared, varint rest, rest bytes of the folded form, whose first `shared` bytes are those of the
 *               value before (0 in a block's first), varint shown, then the form to be shown: shown - 1 bytes, or with
 *               shown 0 it is the folded one
 *   list      = u16 bytes of the rest, varint count (2..1,024), count varints: the first ordinal, then each one's
 *               distance from the one before, less 1
 *   directory = u64 for each block                    offset << 16 | size; 8-byte aligned as a whole
 *   footer    = u64 directory offset, u64 offset behind the last block, u32 values, u32 VALUES_VERSION, u32 zero,
 *               u32 magic                             the last bytes of VALUES
 *
 * A document's code is an ordinal, or the number of values plus the offset of its list in VALUES.
 */
#ifndef AISLE_COLUMNS_VALUES_FORMAT_H
#define AISLE_COLUMNS_VALUES_FORMAT_H

#include "columns/columns.h"
#include "columns/values.h"

#define VALUES_MAGIC 0x53554c56u /* "VLUS" */
#define VALUES_VERSION 1u
#define VALUES_BLOCK 16u
#define VALUES_FOOTER_BYTES 32u
#define VALUES_DIRECTORY_SHIFT 16u
#define VALUES_LIST_HEAD 2u
#define VALUES_BLOCK_BYTES_MAX (VALUES_BLOCK * (VALUES_FOLDED_BYTES_MAX + LIMIT_KEYWORD_BYTES + 3 * 3))
#define VALUES_LIST_BYTES_MAX (VALUES_LIST_HEAD + 2 + LIMIT_LIST_VALUES * 4)

static_assert(VALUES_BLOCK_BYTES_MAX < 1u << VALUES_DIRECTORY_SHIFT, "a block's size fits the directory");
static_assert(VALUES_LIST_BYTES_MAX < 1u << 16, "a list's size is a u16");
static_assert(LIMIT_COLUMN_VALUES <= 1u << 28, "an ordinal takes at most four bytes of varint");
static_assert(EXTENT_PAYLOAD % sizeof(uint64_t) == 0, "directory words never straddle");

#endif
