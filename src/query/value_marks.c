/*
 * value_marks.c - begins the marks of a field, and fills them, and places of values, page by page.
 */
#include "query/value_marks.h"

#include "base/alloc.h"
#include "base/hash.h"

#define RUNS 64u
#define PROBES 8u /* places that a range may have */

enum { PLACE_FREE, PLACE_BEING_TAKEN, PLACE_TAKEN };

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
    struct value_marks *there = value_marks_there(segment, field);
    if (there != NULL || atomic_load_explicit(&segment->keeps_no_more, memory_order_relaxed)) {
        return there;
    }
    uint32_t pages = segment->info.documents / COLUMN_PAGE_DOCUMENTS + 1;
    size_t bytes = sizeof *there + (size_t)pages * ((1 + VALUE_MARKS_PAGE_GROUPS) * sizeof(uint64_t) +
                                                    VALUE_PLACES * sizeof(uint32_t) + 1);
    struct value_marks *marks = mem_calloc(1, bytes);
    if (marks == NULL) {
        return NULL;
    }
    marks->pages = pages;
    marks->page = (_Atomic uint64_t *)(marks + 1);
    marks->group = marks->page + pages;
    _Atomic uint32_t *groups = (_Atomic uint32_t *)(marks->group + (size_t)pages * VALUE_MARKS_PAGE_GROUPS);
    for (uint32_t i = 0; i < VALUE_PLACES; i++, groups += pages) {
        marks->places[i].groups = groups;
    }
    marks->known = (_Atomic uint8_t *)groups;
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

static uint32_t first_name(uint32_t kind, struct bytes name)
{
    return (uint32_t)(hash_bytes(name.data, name.size) + kind);
}

bool value_name_find(const struct value_marks *marks, uint32_t kind, struct bytes name, uint32_t *first,
                     uint32_t *last)
{
    uint32_t at = first_name(kind, name);
    for (uint32_t i = 0; i < PROBES; i++) {
        const struct value_name *known = &marks->names[(at + i) % VALUE_NAMES];
        if (atomic_load_explicit(&known->state, memory_order_acquire) != PLACE_TAKEN) {
            return false;
        }
        if (known->kind == kind && bytes_equal(name, bytes_of(known->bytes, known->size))) {
            *first = known->first;
            *last = known->last;
            return true;
        }
    }
    return false;
}

void value_name_keep(struct value_marks *marks, uint32_t kind, struct bytes name, uint32_t first, uint32_t last)
{
    uint32_t at = first_name(kind, name);
    for (uint32_t i = 0; i < PROBES && name.size <= VALUE_NAME_BYTES; i++) {
        struct value_name *own = &marks->names[(at + i) % VALUE_NAMES];
        uint32_t state = PLACE_FREE;
        if (atomic_compare_exchange_strong_explicit(&own->state, &state, PLACE_BEING_TAKEN, memory_order_acquire,
                                                    memory_order_relaxed)) {
            own->first = first;
            own->last = last;
            own->kind = (uint8_t)kind;
            own->size = (uint8_t)name.size;
            memcpy(own->bytes, name.data, name.size);
            atomic_store_explicit(&own->state, PLACE_TAKEN, memory_order_release);
            return;
        }
    }
}

struct value_place *value_place_of(struct value_marks *marks, uint32_t first, uint32_t last)
{
    uint64_t hash = ((uint64_t)first << 32 | last) * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < PROBES; i++) {
        struct value_place *place = &marks->places[(uint32_t)((hash >> 40) + i) % VALUE_PLACES];
        uint32_t state = PLACE_FREE;
        if (atomic_compare_exchange_strong_explicit(&place->state, &state, PLACE_BEING_TAKEN, memory_order_acquire,
                                                    memory_order_acquire)) {
            place->first = first;
            place->last = last;
            atomic_store_explicit(&place->state, PLACE_TAKEN, memory_order_release);
            return place;
        }
        if (state == PLACE_TAKEN && place->first == first && place->last == last) {
            return place;
        }
    }
    return NULL;
}

/* Whether a code is one of the place's ordinals, or a list with one. */
static int has_value(const struct value_place *place, const struct values_reader *values, int64_t code, bool *has)
{
    struct values_of_code walk;
    *has = code >= (int64_t)place->first && code <= (int64_t)place->last;
    if (code < (int64_t)values->count) {
        return 0;
    }
    int status = values_of_code_init(&walk, values, code);
    while (status == 0 && !*has) {
        uint32_t ordinal;
        status = values_of_code_next(&walk, &ordinal);
        *has = status == 0 && ordinal >= place->first && ordinal <= place->last;
    }
    return status == AISLE_END ? 0 : status;
}

/* As bits of documents, of a field some of whose documents have several values. */
static int match_lists(const struct value_place *place, const struct values_reader *values, struct bytes page,
                       uint64_t bits[VALUE_MARKS_PAGE_GROUPS])
{
    int64_t codes[COLUMN_PAGE_DOCUMENTS];
    uint32_t count = 0;
    int status = column_page_decode(page, codes, &count);
    memset(bits, 0, VALUE_MARKS_PAGE_GROUPS * sizeof *bits);
    for (uint32_t i = 0; i < count && status == 0; i++) {
        bool has;
        status = has_value(place, values, codes[i], &has);
        bits[i / 64] |= (uint64_t)(status == 0 && has) << (i % 64);
    }
    return status;
}

int value_place_groups(const struct value_place *place, const struct segment *segment, uint8_t field, uint32_t page,
                       uint32_t *groups)
{
    const struct values_reader *values = &segment->values[field];
    const struct column_reader *column = &segment->column[field];
    uint64_t bits[VALUE_MARKS_PAGE_GROUPS];
    struct bytes content;
    uint32_t count;
    uint32_t known = atomic_load_explicit(&place->groups[page], memory_order_relaxed);
    if (known != 0) {
        *groups = known & (VALUE_GROUPS_KNOWN - 1);
        return 0;
    }
    int status = column_page(column, page, &content);
    if (status == 0) {
        status = column->max < (int64_t)values->count
                     ? column_page_match(content, place->first, place->last, bits, &count)
                     : match_lists(place, values, content, bits);
    }
    if (status != 0) {
        return status == AISLE_NO_MEMORY ? status : AISLE_CORRUPT;
    }
    *groups = 0;
    for (uint32_t i = 0; i < VALUE_MARKS_PAGE_GROUPS; i++) {
        *groups |= (uint32_t)(bits[i] != 0) << i;
    }
    atomic_store_explicit(&place->groups[page], *groups | VALUE_GROUPS_KNOWN, memory_order_relaxed);
    return 0;
}
