/*
 * value_marks.h - which values of a keyword or path some documents have, in a word of 64 bits: what queries keep with a
 * segment, so that a bound for a value is had without reading the column.
 *
 * The ordinals of a segment are divided into 64 runs of about the same length; a document has the bits of the runs that
 * its values lie in. Kept are those of a page and of each 64 documents of it, filled when a page is first looked into:
 * 0.14 bytes a document of each field that boosts ask about. The usual document order puts products of one category and
 * brand beside each other, so that 64 documents have a few runs of each.
 *
 * Keywords are never patched in place, so that marks hold as long as the segment.
 *
 * Thread rule: any number of threads read and fill; what they fill is the same.
 */
#ifndef AISLE_QUERY_VALUE_MARKS_H
#define AISLE_QUERY_VALUE_MARKS_H

#include "segment/segment.h"

#define VALUE_MARKS_GROUP 64u /* documents */
#define VALUE_MARKS_PAGE_GROUPS (COLUMN_PAGE_DOCUMENTS / VALUE_MARKS_GROUP)

struct value_marks {
    uint32_t pages;
    _Atomic uint8_t *known;  /* by page: 1 when filled; behind the struct, as all arrays are */
    _Atomic uint64_t *page;  /* the bits of pages */
    _Atomic uint64_t *group; /* VALUE_MARKS_PAGE_GROUPS for each page */
};

/* The bits of ordinals first to last of count; first is not above last, which is below count. */
uint64_t value_marks_of(uint32_t count, uint32_t first, uint32_t last);

/* The marks of a field that has values, begun now if there are none; NULL: no memory. */
struct value_marks *value_marks_of_field(const struct segment *segment, uint8_t field);

/* Fills a page from its values, unless it is. AISLE_CORRUPT. */
must_check int value_marks_fill(struct value_marks *marks, const struct segment *segment, uint8_t field, uint32_t page);

static inline bool value_marks_known(const struct value_marks *marks, uint32_t page)
{
    return atomic_load_explicit(&marks->known[page], memory_order_acquire) != 0;
}

/* Of a page, or a group, that is known. */
static inline uint64_t value_marks_page(const struct value_marks *marks, uint32_t page)
{
    return atomic_load_explicit(&marks->page[page], memory_order_relaxed);
}

static inline uint64_t value_marks_group(const struct value_marks *marks, uint32_t group)
{
    return atomic_load_explicit(&marks->group[group], memory_order_relaxed);
}

#endif
