/*
 * columns_format.h - the layout of column pages and of the COLUMN stream on disk, and the decoding of page headers.
 *
 * All integers little-endian. Everything here is ON DISK.
 *
 *   COLUMN    = page*, directory, footer        a page is 8-byte aligned and does not straddle extents
 *   directory = u64 for each page               offset << 16 | size; 8-byte aligned as a whole
 *   footer    = u64 directory offset, i64 least, i64 greatest, u32 pages, u32 documents, u32 missing, u32 kind,
 *               u32 version, u32 magic          the last bytes of COLUMN
 *
 *   page      = u8 kind, u8 encoding, u8 width, u8 has_missing, u8 unit, u8 zero, u16 count, i64 least, i64 greatest,
 *               body                            24 bytes and the body; 1..1,024 values
 *
 *   encoding FRAME    value = least + (code << unit)                             unit 0..63
 *   encoding DECIMAL  value = column_from_double((least + code) / 10^unit)       unit 0..4; kind DOUBLE only
 *     body   = codes of width bits, one after another from the low bit of the first byte, then 7 zero bytes, so that
 *              any code is one unaligned 8-byte load; width is 0..57 or 64, and the body is empty for width 0. With
 *              has_missing, code 0 means that there is no value, and the codes of values count from 1.
 *     least and greatest are in the units of the codes: of values in FRAME, of values * 10^unit in DECIMAL. Both are
 *     COLUMN_MISSING when every value is missing; width 0 then as ever means that all are the same.
 *   encoding DELTA    kind ASCENDING only; width 0
 *     body   = restart for each group of 64 values but the first, deltas
 *     restart= i64 first value of the group, u16 offset of its deltas behind the restarts
 *     deltas = a varint for each value but the first of its group: (value - the one before) >> unit
 */
#ifndef AISLE_COLUMNS_COLUMNS_FORMAT_H
#define AISLE_COLUMNS_COLUMNS_FORMAT_H

#include "columns/columns.h"

#define COLUMN_MAGIC 0x4d4c4f43u /* "COLM" */
#define COLUMN_VERSION 1u
#define COLUMN_FOOTER_BYTES 48u
#define COLUMN_DIRECTORY_SHIFT 16u
#define COLUMN_HEADER_BYTES 24u
#define COLUMN_TAIL_BYTES 7u
#define COLUMN_WIDTH_MAX 57u /* bits that one 8-byte load at any bit gets; wider codes take 64 */
#define COLUMN_SCALE_MAX 4u
#define COLUMN_DECIMAL_MAX (INT64_C(1) << 51) /* magnitude below which division by 10^scale keeps integers apart */
#define COLUMN_GROUP_VALUES 64u
#define COLUMN_RESTART_BYTES 10u

static_assert(COLUMN_PAGE_BYTES_MAX == COLUMN_HEADER_BYTES + COLUMN_PAGE_DOCUMENTS * 8 + COLUMN_TAIL_BYTES, "");
static_assert(COLUMN_PAGE_BYTES_MAX < 1u << COLUMN_DIRECTORY_SHIFT, "a page's size fits the directory");
static_assert(EXTENT_PAYLOAD % sizeof(uint64_t) == 0, "directory words never straddle");

enum column_encoding { COLUMN_FRAME = 0, COLUMN_DECIMAL = 1, COLUMN_DELTA = 2 };

/* A page's header in memory, sound as far as a header can be judged. */
struct column_header {
    enum column_kind kind;
    enum column_encoding encoding;
    uint32_t width;
    uint32_t unit; /* shift or scale */
    uint32_t count;
    bool has_missing;
    int64_t least;    /* in the units of the codes */
    int64_t greatest; /* likewise */
    struct bytes body;
};

/* Bytes of the body of count codes. */
static inline size_t column_body_bytes(uint32_t width, uint32_t count)
{
    return width == 0 ? 0 : ((size_t)width * count + 7) / 8 + COLUMN_TAIL_BYTES;
}

static inline uint32_t column_groups_of(uint32_t count)
{
    return (count + COLUMN_GROUP_VALUES - 1) / COLUMN_GROUP_VALUES;
}

/* 10^scale; scale is at most COLUMN_SCALE_MAX. */
static inline double column_power_of_ten(uint32_t scale)
{
    static const double powers[COLUMN_SCALE_MAX + 1] = {1.0, 10.0, 100.0, 1000.0, 10000.0};
    return powers[scale];
}

/* The value of a decimal page that is i in the units of its codes. */
static inline int64_t column_from_decimal(int64_t i, uint32_t scale)
{
    return column_from_double((double)i / column_power_of_ten(scale));
}

/* The double value in units of 10^-scale; false when it is none of them exactly. */
bool column_to_decimal(int64_t value, uint32_t scale, int64_t *decimal);

/* 0 with a header whose body has the right size (DELTA: at least its restarts), or AISLE_CORRUPT. */
int column_header_decode(struct bytes page, struct column_header *header);

/* Least and greatest value as column_page_range gives them, of a header that was decoded. */
void column_header_range(const struct column_header *header, int64_t *min, int64_t *max);

#endif
