/*
 * columns.h - one 64-bit value a document, or none: what filters, facets, sorting and ranking read.
 *
 * Values stand in pages of COLUMN_PAGE_DOCUMENTS. A page is a self-contained byte string: it lies inside a segment's
 * COLUMN stream, and the caller may keep a patched copy of it elsewhere and read that instead. The layout stands in
 * columns_format.h. Which pages are overlaid, and what values mean to a query, is decided above.
 *
 * Three kinds: integers; doubles, held as integers of the same order; and ascending keys, the u64 by which the
 * documents of a segment are sorted.
 *
 * Thread rule: a writer belongs to one thread. A reader never changes after column_open and may be shared.
 */
#ifndef AISLE_COLUMNS_COLUMNS_H
#define AISLE_COLUMNS_COLUMNS_H

#include "base/buf.h"
#include "base/extents.h"
#include "base/status.h"

#define COLUMN_PAGE_DOCUMENTS 1024u  /* ON DISK: documents of every page but the last    */
#define COLUMN_PAGE_BYTES_MAX 8223u  /* the largest page: header, 1,024 codes of 64 bits */
#define COLUMN_CODES_WIDTH_MAX 25u   /* bits that four bytes hold from any bit on        */
#define COLUMN_MISSING INT64_MIN     /* the document has no value                        */

/* ON DISK. */
enum column_kind {
    COLUMN_INTEGER = 0,  /* any int64 but COLUMN_MISSING, or that */
    COLUMN_DOUBLE = 1,   /* results of column_from_double; pages hold decimals of up to 4 places when that is exact */
    COLUMN_ASCENDING = 2 /* results of column_from_key, ascending, repeats allowed; none is missing */
};

/*
 * A double as an integer of the same order (-0.0 becomes 0.0), and back. Not a number becomes COLUMN_MISSING, and
 * COLUMN_MISSING comes back as not a number; infinities stand at the ends.
 */
int64_t column_from_double(double value);
double column_to_double(int64_t value);

/* A u64 as an integer of the same order, and back. */
static inline int64_t column_from_key(uint64_t key)
{
    return (int64_t)(key ^ (UINT64_C(1) << 63));
}

static inline uint64_t column_to_key(int64_t value)
{
    return (uint64_t)value ^ (UINT64_C(1) << 63);
}

/* -------------------------------------------------------------------------------------------------- pages -- */

/*
 * Appends a page of values[0..count) to out. AISLE_INVALID: count not in 1..COLUMN_PAGE_DOCUMENTS, an unknown kind,
 * or ascending values that are not; else the status of out.
 */
must_check int column_page_encode(enum column_kind kind, const int64_t *values, uint32_t count, struct buf *out);

/* The value at index, in constant time (ascending pages: up to 63 steps). AISLE_END past the end; AISLE_CORRUPT. */
must_check int column_page_get(struct bytes page, uint32_t index, int64_t *value);

/* A page of codes whose header has been read, for many single values of it. Borrows the page. */
struct column_page_view {
    const uint8_t *codes;
    uint64_t mask; /* of a code; 0: all values are the same */
    int64_t least; /* in the units of the codes */
    uint32_t width;
    uint32_t shift; /* of codes */
    uint32_t scale; /* of decimals */
    uint32_t count;
    bool decimal;
    bool has_missing;
    int64_t min; /* as column_page_range */
    int64_t max;
};

/* AISLE_INVALID for an ascending page, whose values are not codes; AISLE_CORRUPT. */
must_check int column_page_view_init(struct column_page_view *view, struct bytes page);

/* The value at index; index is below view->count. */
int64_t column_page_view_at(const struct column_page_view *view, uint32_t index);

/* Those of a run of documents: count of them, that the page has, from first on, a multiple of COLUMN_RUN. */
#define COLUMN_RUN 8u
void column_page_run_codes(const struct column_page_view *view, uint32_t first, uint32_t count, uint32_t *codes);

/* Which of 64 codes are from least to least + span, as bits. The second is the plain twin, which tests compare with. */
uint64_t column_codes_within(const uint32_t codes[64], uint32_t least, uint32_t span);
uint64_t column_codes_within_plain(const uint32_t codes[64], uint32_t least, uint32_t span);

/*
 * The codes as they stand, of a view with a mask and at most COLUMN_CODES_WIDTH_MAX bits: all of them, in room for
 * COLUMN_PAGE_DOCUMENTS, or those of count documents, each below view->count. Of a page with missing values code 0 is
 * none, and the others begin with 1; a value is least + (code << shift), in the units of least.
 */
void column_page_codes(const struct column_page_view *view, uint32_t *codes);
void column_page_pick_codes(const struct column_page_view *view, const uint16_t *positions, uint32_t count,
                            uint32_t *codes);

/* All values; values has room for COLUMN_PAGE_DOCUMENTS. *count is 0 and values is undefined on AISLE_CORRUPT. */
must_check int column_page_decode(struct bytes page, int64_t *values, uint32_t *count);

/*
 * Least and greatest value from the page's header, missing ones left out; both COLUMN_MISSING when there is no value
 * at all (in ascending pages COLUMN_MISSING is key 0). *constant: every document has the same, value or none.
 * AISLE_CORRUPT.
 */
must_check int column_page_range(struct bytes page, int64_t *min, int64_t *max, bool *has_missing, bool *constant);

/*
 * Which documents have a value from least (above COLUMN_MISSING) to greatest: bits, COLUMN_PAGE_DOCUMENTS of them, are
 * set to that. *count: the page's documents. Unpacks nothing, and reads nothing but the header where that decides.
 * Not for ascending pages. AISLE_CORRUPT.
 */
must_check int column_page_match(struct bytes page, int64_t least, int64_t greatest, uint64_t *bits, uint32_t *count);

/* Decodes the page and compares it with its header. Fills error (may be NULL) with what is wrong. */
must_check int column_page_check(struct bytes page, aisle_error *error);

struct column_change {
    uint32_t index; /* within the page */
    int64_t value;
};

/*
 * Appends to out the page with changes applied in their order; page and changes are borrowed. page may not lie in out.
 * AISLE_INVALID for an index past the page's end; AISLE_CORRUPT; else as column_page_encode.
 */
must_check int column_page_patch(struct bytes page, const struct column_change *changes, size_t count,
                                 struct buf *out);

/* ------------------------------------------------------------------------------------------------ writing -- */

struct column_writer {
    struct extent_writer *stream; /* borrowed */
    enum column_kind kind;
    uint32_t page_count;
    uint32_t filled;        /* values waiting in the page */
    uint32_t missing_count; /* in the column */
    int64_t min;            /* of the column; COLUMN_MISSING both when there is none */
    int64_t max;
    struct buf page;
    struct buf directory;
    int status; /* sticky */
    int64_t values[COLUMN_PAGE_DOCUMENTS];
};

/* Begins a column in a fresh stream, borrowed until release. AISLE_INVALID: a used stream or an unknown kind. */
must_check int column_writer_init(struct column_writer *writer, enum column_kind kind, struct extent_writer *stream);

/*
 * Adds the next document's value. AISLE_INVALID for an ascending value below the one before it, AISLE_LIMIT past
 * LIMIT_SEGMENT_DOCUMENTS, AISLE_NO_MEMORY or what the stream reported; after an error every call repeats it.
 */
must_check int column_writer_add(struct column_writer *writer, int64_t value);

/* column_writer_add of a key, for columns of kind COLUMN_ASCENDING. */
must_check int column_keys_add(struct column_writer *writer, uint64_t key);

/* Completes the stream, short of extent_writer_finish, which is the caller's. Errors as column_writer_add. */
must_check int column_writer_finish(struct column_writer *writer);

/* Frees what the writer holds, finished or not; allowed twice. */
void column_writer_release(struct column_writer *writer);

/* ------------------------------------------------------------------------------------------------ reading -- */

struct column_reader {
    const struct extent_view *stream; /* borrowed */
    enum column_kind kind;
    uint32_t document_count;
    uint32_t page_count;
    uint32_t missing_count;
    int64_t min; /* of the column; COLUMN_MISSING both when no document has a value */
    int64_t max;
    uint64_t directory_offset;
};

/* Opens a column over a view that must outlive the reader. Reads the footer only. AISLE_CORRUPT, NEWER_FORMAT. */
must_check int column_open(struct column_reader *reader, const struct extent_view *stream);

/* Number of documents. */
static inline uint32_t column_documents(const struct column_reader *reader)
{
    return reader->document_count;
}

/* A page, as a view into an extent. AISLE_END past the last; AISLE_CORRUPT. */
must_check int column_page(const struct column_reader *reader, uint32_t page_index, struct bytes *page);

/*
 * As column_page count pages from first on, less than 32, all of which there are, with one look at the directory: those
 * whose bit of wanted is set, the others are empty. If all are, asks memory for the beginnings of as many behind them.
 * AISLE_CORRUPT.
 */
must_check int column_pages(const struct column_reader *reader, uint32_t first, uint32_t count, uint32_t wanted,
                            struct bytes *pages);

/* Asks memory for the header of a page that will be read soon, and about what lies at index. Any page_index. */
void column_page_ahead_at(const struct column_reader *reader, uint32_t page_index, uint32_t index);

/* The value of one document. AISLE_END past the last; AISLE_CORRUPT. */
must_check int column_get(const struct column_reader *reader, uint32_t document, int64_t *value);

/* The key of one document of an ascending column. As column_get; AISLE_INVALID for another kind. */
must_check int column_keys_get(const struct column_reader *reader, uint32_t document, uint64_t *key);

/*
 * Asks memory for what column_keys_get will read of a document: first where its page is, then, some time later, the
 * page.
 */
enum column_ahead { COLUMN_AHEAD_PLACE, COLUMN_AHEAD_PAGE };
void column_keys_ahead(const struct column_reader *reader, uint32_t document, enum column_ahead step);

/* Walks the whole column: every page, counts, ranges, order. Fills error (may be NULL) with what is wrong. */
must_check int column_check(const struct column_reader *reader, aisle_error *error);

#endif
