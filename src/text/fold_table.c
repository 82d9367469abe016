/*
 * fold_table.c - the folding procedure on code points, over utf8proc, and its table.
 *
 * utf8proc gives the Unicode data: decompositions, case folding, combining classes, composition. The order of marks is
 * ours: a counting sort, because utf8proc's exchange sort is quadratic in the length of a run of marks, and text is
 * the world's. utf8proc's allocating calls are not used.
 */
#include "text/fold_table.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <utf8proc.h>

#define DECOMPOSED_MAX 32u /* code points one code point decomposes to: 18 in Unicode, the rest is margin */

static int reserve(struct fold_work *work, size_t capacity)
{
    if (capacity <= work->capacity) {
        return 0;
    }
    capacity += capacity / 2;
    int32_t *points = mem_realloc(work->points, capacity * sizeof *points);
    if (points == NULL) {
        return AISLE_NO_MEMORY;
    }
    work->points = points;
    int32_t *other = mem_realloc(work->other, capacity * sizeof *other);
    if (other == NULL) {
        return AISLE_NO_MEMORY;
    }
    work->other = other;
    work->capacity = capacity;
    return 0;
}

void fold_work_release(struct fold_work *work)
{
    mem_free(work->points);
    mem_free(work->other);
    *work = (struct fold_work){0};
}

void fold_work_clear(struct fold_work *work)
{
    work->count = 0;
}

/* Decomposes at the end of points; room for DECOMPOSED_MAX is there. */
static size_t decompose(int32_t *points, int32_t code_point, int options)
{
    int boundary = 0;
    utf8proc_ssize_t size = utf8proc_decompose_char(code_point, points, DECOMPOSED_MAX,
                                                    (utf8proc_option_t)(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | options),
                                                    &boundary);
    return size < 0 || size > (utf8proc_ssize_t)DECOMPOSED_MAX ? 0 : (size_t)size;
}

/* Signs that decomposition would turn into letters stuck to the word before: "Kindle\u2122" is not "kindletm". */
static bool is_mark_of_trade(uint32_t code_point)
{
    return code_point == 0x2122 || code_point == 0x2120;
}

int fold_work_add(struct fold_work *work, uint32_t code_point)
{
    code_point = is_mark_of_trade(code_point) ? ' ' : code_point;
    int status = reserve(work, work->count + DECOMPOSED_MAX);
    if (status == 0) {
        work->count += decompose(work->points + work->count, (int32_t)code_point, 0);
    }
    return status;
}

static uint8_t combining_class(int32_t code_point)
{
    return (uint8_t)utf8proc_get_property(code_point)->combining_class;
}

/* Sorts count marks by combining class, those of one class as they stood. */
static void sort_marks(int32_t *marks, size_t count, int32_t *scratch)
{
    size_t places[256] = {0};
    for (size_t i = 0; i < count; i++) {
        places[combining_class(marks[i])]++;
    }
    size_t place = 0;
    for (size_t i = 0; i < 256; i++) {
        size_t here = places[i];
        places[i] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++) {
        scratch[places[combining_class(marks[i])]++] = marks[i];
    }
    memcpy(marks, scratch, count * sizeof *marks);
}

/* Canonical order: every run of marks is sorted. */
static void order(int32_t *points, size_t count, int32_t *scratch)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t class = combining_class(points[i]);
        if (class == 0) {
            continue;
        }
        size_t start = i;
        bool sorted = true;
        for (i++; i < count; i++) {
            uint8_t next = combining_class(points[i]);
            if (next == 0) {
                break;
            }
            sorted = sorted && next >= class;
            class = next;
        }
        if (!sorted) {
            sort_marks(points + start, i - start, scratch);
        }
    }
}

/* Removes the marks that folding drops and makes quotation marks apostrophes; returns the new count. */
static size_t clean(int32_t *points, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t point = points[i];
        if (point < 0x300 || point > 0x36f) {
            points[kept++] = point == 0x2018 || point == 0x2019 ? '\'' : point;
        }
    }
    return kept;
}

/* Case folding, decomposed, of points into other; the two change places. */
static int fold_case(struct fold_work *work)
{
    size_t count = 0;
    for (size_t i = 0; i < work->count; i++) {
        int status = reserve(work, count + DECOMPOSED_MAX);
        if (status != 0) {
            return status;
        }
        count += decompose(work->other + count, work->points[i], UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    }
    int32_t *folded = work->other;
    work->other = work->points;
    work->points = folded;
    work->count = count;
    return 0;
}

int fold_work_run(struct fold_work *work)
{
    /* Ordered before folding: U+0345 is a mark but folds to a letter, and where that one stands depends on it. */
    order(work->points, work->count, work->other);
    int status = fold_case(work);
    if (status != 0) {
        return status;
    }
    work->count = clean(work->points, work->count);
    order(work->points, work->count, work->other);
    utf8proc_ssize_t count = utf8proc_normalize_utf32(work->points, (utf8proc_ssize_t)work->count,
                                                      (utf8proc_option_t)(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    work->count = count < 0 ? 0 : (size_t)count;
    return 0;
}

/* Their letters alone are solid: digits and signs of these blocks are what they are elsewhere. */
static bool in_solid_block(uint32_t point)
{
    static const uint32_t blocks[][2] = {
        {0x0e00, 0x0eff}, /* Thai, Lao */
        {0x1000, 0x109f}, /* Burmese */
        {0x1100, 0x11ff}, /* Hangul jamo */
        {0x1780, 0x17ff}, /* Khmer */
        {0x2e80, 0x2fdf}, /* radicals */
        {0x3005, 0x3007}, {0x3031, 0x3035}, {0x303b, 0x303c},
        {0x3041, 0x31ff}, /* kana, Bopomofo, Hangul letters */
        {0x3400, 0x9fff}, /* Han */
        {0xa960, 0xa97f}, {0xac00, 0xd7ff}, /* Hangul */
        {0xf900, 0xfaff}, {0x1aff0, 0x1b16f}, {0x20000, 0x3ffff},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (point <= blocks[i][1]) {
            return point >= blocks[i][0];
        }
    }
    return false;
}

bool fold_is_mark(uint32_t code_point)
{
    utf8proc_category_t category = utf8proc_category((int32_t)code_point);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

uint8_t fold_kind(uint32_t code_point)
{
    switch (utf8proc_category((int32_t)code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return in_solid_block(code_point) ? KIND_SOLID : KIND_LETTER;
    case UTF8PROC_CATEGORY_ND:
        return KIND_DIGIT;
    default:
        return KIND_SEPARATOR;
    }
}

/* Whether nothing that stands before this decomposed character can change places or compose with it. */
static bool begins_anew(int32_t point)
{
    if ((point >= 0x1161 && point <= 0x1175) || (point >= 0x11a8 && point <= 0x11c2)) {
        return false; /* Hangul vowels and final consonants, which utf8proc composes by rule */
    }
    const utf8proc_property_t *property = utf8proc_get_property(point);
    bool composes_backwards = property->comb_index != UINT16_MAX && property->comb_index >= 0x8000;
    return property->combining_class == 0 && !composes_backwards;
}

static int fill(struct fold_work *work, uint32_t code_point, struct fold_entry *entry)
{
    *entry = (struct fold_entry){0};
    fold_work_clear(work);
    int status = fold_work_add(work, code_point);
    bool anew = status == 0 && work->count != 0 && begins_anew(work->points[0]);
    if (status == 0) {
        status = fold_work_run(work);
    }
    if (status != 0) {
        return status;
    }
    if (work->count == 0) {
        entry->shape = FOLD_DROPPED;
        return 0;
    }
    if (!anew || !begins_anew(work->points[0])) {
        entry->shape = FOLD_ATTACHED;
        return 0;
    }
    entry->kind = fold_kind((uint32_t)work->points[0]);
    uint8_t scratch[UTF8_BYTES_MAX];
    for (size_t i = 0; i < work->count; i++) {
        size_t size = utf8_encode(scratch, (uint32_t)work->points[i]);
        if (entry->size + size > sizeof entry->bytes || fold_kind((uint32_t)work->points[i]) != entry->kind) {
            *entry = (struct fold_entry){.shape = FOLD_COMPLEX};
            return 0;
        }
        memcpy(entry->bytes + entry->size, scratch, size);
        entry->size = (uint8_t)(entry->size + size);
    }
    entry->shape = FOLD_SIMPLE;
    return 0;
}

static int fill_page(struct fold_table *table, uint32_t page)
{
    struct fold_entry *entries = mem_calloc(FOLD_PAGE_SIZE, sizeof *entries);
    int status = entries == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; status == 0 && i < FOLD_PAGE_SIZE; i++) {
        status = fill(&table->work, page * FOLD_PAGE_SIZE + i, &entries[i]);
    }
    if (status != 0) {
        mem_free(entries);
        return status;
    }
    table->pages[page] = entries;
    return 0;
}

int fold_table_find(struct fold_table *table, uint32_t code_point, const struct fold_entry **entry)
{
    *entry = NULL;
    uint32_t page = code_point / FOLD_PAGE_SIZE;
    int status = 0;
    if (page >= FOLD_PAGES) {
        status = fill(&table->work, code_point, &table->beyond);
        *entry = status == 0 ? &table->beyond : NULL;
        return status;
    }
    if (table->pages[page] == NULL) {
        status = fill_page(table, page);
    }
    if (status == 0) {
        *entry = &table->pages[page][code_point % FOLD_PAGE_SIZE];
    }
    return status;
}

void fold_table_release(struct fold_table *table)
{
    for (size_t i = 0; i < FOLD_PAGES; i++) {
        mem_free(table->pages[i]);
    }
    fold_work_release(&table->work);
    *table = (struct fold_table){0};
}
