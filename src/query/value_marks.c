/*
 * value_marks.c - begins the marks of a field, and fills them page by page.
 */
#include "query/value_marks.h"

#include "base/alloc.h"

#define RUNS 64u

static uint32_t run_of(uint32_t count, uint32_t ordinal)
{
    return (uint32_t)((uint64_t)ordinal * RUNS / count);
}

uint64_t value_marks_of(uint32_t count, uint32_t first, uint32_t last)
{
    uint32_t low = run_of(count, first);
    uint32_t high = run_of(count, last);
    return (UINT64_MAX >> (RUNS - 1 - (high - low))) << low;
}

struct value_marks *value_marks_of_field(const struct segment *segment, uint8_t field)
{
    struct value_marks *there = atomic_load_explicit(&segment->marks.blocks[field], memory_order_acquire);
    if (there != NULL) {
        return there;
    }
    uint32_t pages = segment->info.documents / COLUMN_PAGE_DOCUMENTS + 1;
    size_t bytes = sizeof *there + (size_t)pages * ((1 + VALUE_MARKS_PAGE_GROUPS) * sizeof(uint64_t) + 1);
    struct value_marks *marks = mem_calloc(1, bytes);
    if (marks == NULL) {
        return NULL;
    }
    marks->pages = pages;
    marks->page = (_Atomic uint64_t *)(marks + 1);
    marks->group = marks->page + pages;
    marks->known = (_Atomic uint8_t *)(marks->group + (size_t)pages * VALUE_MARKS_PAGE_GROUPS);
    there = segment_keep_marks(segment, field, marks, bytes);
    if (there != marks) {
        mem_free(marks);
    }
    return there;
}

/* The bits of a document's code. */
static int bits_of(const struct values_reader *values, int64_t code, uint64_t *bits)
{
    struct values_of_code walk;
    *bits = 0;
    if (code == COLUMN_MISSING) {
        return 0;
    }
    if (code >= 0 && code < (int64_t)values->count) {
        *bits = UINT64_C(1) << run_of(values->count, (uint32_t)code);
        return 0;
    }
    int status = values_of_code_init(&walk, values, code);
    while (status == 0) {
        uint32_t ordinal;
        status = values_of_code_next(&walk, &ordinal);
        *bits |= status == 0 ? UINT64_C(1) << run_of(values->count, ordinal) : 0;
    }
    return status == AISLE_END ? 0 : status;
}

int value_marks_fill(struct value_marks *marks, const struct segment *segment, uint8_t field, uint32_t page)
{
    int64_t codes[COLUMN_PAGE_DOCUMENTS];
    uint64_t groups[VALUE_MARKS_PAGE_GROUPS] = {0};
    uint64_t all = 0;
    uint32_t count = 0;
    struct bytes content;
    if (value_marks_known(marks, page)) {
        return 0;
    }
    int status = column_page(&segment->column[field], page, &content);
    status = status == 0 ? column_page_decode(content, codes, &count) : status;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        uint64_t bits;
        status = bits_of(&segment->values[field], codes[i], &bits);
        groups[i / VALUE_MARKS_GROUP] |= bits;
    }
    if (status != 0) {
        return status == AISLE_NO_MEMORY ? status : AISLE_CORRUPT;
    }
    for (uint32_t i = 0; i < VALUE_MARKS_PAGE_GROUPS; i++) {
        atomic_store_explicit(&marks->group[(size_t)page * VALUE_MARKS_PAGE_GROUPS + i], groups[i],
                              memory_order_relaxed);
        all |= groups[i];
    }
    atomic_store_explicit(&marks->page[page], all, memory_order_relaxed);
    atomic_store_explicit(&marks->known[page], 1, memory_order_release);
    return 0;
}
