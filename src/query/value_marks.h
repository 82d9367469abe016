/*
 * value_marks.h - which groups of 64 documents have a value of a keyword or path, and which values some documents have,
 * in a word of 64 bits: what queries keep with a segment, so that a bound for a value is had without reading the
 * column.
 *
 * The ordinals of a segment are divided into 64 runs of about the same length; a document has the bits of the runs that
 * its values lie in. Kept are those of a page and of each 64 documents of it, filled when a page is first looked into:
 * 0.14 bytes a document of each field that boosts ask about. The usual document order puts products of one category and
 * brand beside each other, so that 64 documents have a few runs of each.
 *
 * Marks do not tell a value from its neighbours. For the first VALUE_PLACES ranges of ordinals that are asked for, the
 * groups that have one of them are kept exactly, filled page by page, too: 0.25 bytes a document. And for the first
 * values that are asked for by name, their ordinals: shoppers like the same brands all day.
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

#define VALUE_PLACES 64u          /* a power of two */
#define VALUE_GROUPS_KNOWN (1u << VALUE_MARKS_PAGE_GROUPS) /* beside the bits of a page's groups */

/* A range of ordinals, and for each page the bits of the groups that have one, once known. */
struct value_place {
    _Atomic uint32_t state; /* 0: free; 1: being taken; 2: taken */
    uint32_t first;
    uint32_t last;
    _Atomic uint32_t *groups;
};

#define VALUE_NAMES 128u     /* a power of two */
#define VALUE_NAME_BYTES 50u /* of longer values nothing is kept */

/* What a value, or all below a path, was found to be; immutable once taken. */
struct value_name {
    _Atomic uint32_t state; /* as a place's */
    uint32_t first;
    uint32_t last; /* below first: the segment has none */
    uint8_t kind;  /* enum filter_kind */
    uint8_t size;
    uint8_t bytes[VALUE_NAME_BYTES];
};

struct value_marks {
    uint32_t pages;
    _Atomic uint8_t *known;  /* by page: 1 when filled; behind the struct, as all arrays are */
    _Atomic uint64_t *page;  /* the bits of pages */
    _Atomic uint64_t *group; /* VALUE_MARKS_PAGE_GROUPS for each page */
    struct value_place places[VALUE_PLACES];
    struct value_name names[VALUE_NAMES];
};

/* The bits of ordinals first to last of count; first is not above last, which is below count. */
uint64_t value_marks_of(uint32_t count, uint32_t first, uint32_t last);

/* The marks of a field that has values, begun now if there are none; NULL: no memory, or no room (keeps_no_more). */
struct value_marks *value_marks_of_field(const struct segment *segment, uint8_t field);

/* Fills a page from its values, unless it is. AISLE_CORRUPT. */
must_check int value_marks_fill(struct value_marks *marks, const struct segment *segment, uint8_t field, uint32_t page);

/* The marks of a field if they were begun, else NULL. */
static inline struct value_marks *value_marks_there(const struct segment *segment, uint8_t field)
{
    return atomic_load_explicit(&segment->marks.blocks[field], memory_order_acquire);
}

/* The ordinals that a name of a kind was found to be, if that was kept. */
bool value_name_find(const struct value_marks *marks, uint32_t kind, struct bytes name, uint32_t *first,
                     uint32_t *last);

/* Keeps them, if there is room. */
void value_name_keep(struct value_marks *marks, uint32_t kind, struct bytes name, uint32_t first, uint32_t last);

/* The place of a range of ordinals, taken now if there is none; NULL: none is free. */
struct value_place *value_place_of(struct value_marks *marks, uint32_t first, uint32_t last);

/* The bits of a page's groups that have a value of the place. AISLE_CORRUPT. */
must_check int value_place_groups(const struct value_place *place, const struct segment *segment, uint8_t field,
                                  uint32_t page, uint32_t *groups);

/* The same beside VALUE_GROUPS_KNOWN, if they are known; else 0. */
static inline uint32_t value_place_known(const struct value_place *place, uint32_t page)
{
    return atomic_load_explicit(&place->groups[page], memory_order_relaxed);
}

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
