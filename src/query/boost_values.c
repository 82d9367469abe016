/*
 * boost_values.c - a table of parts by ordinal, where ranges of ordinals stand, and the pages of the column.
 */
#include "query/boost_values.h"

#include "query/filter_runs.h"

/* A table of more ordinals, of 4 bytes each, is not made: ranges are looked through instead. */
#define TABLE_MAX (1u << 16)

/* Nor is one before so many ranges were looked through, which costs about as much for few ordinals. */
#define LOOKED_MAX 4096u

/* Pages that are bounded by other means than runs are told in so many to what makes runs. */
#define PAGES_TOLD 64u

/* Where a range of ordinals stands, by the first of these that there is. */
struct standing {
    struct value_place *place;
    struct runs_walk *runs;
    uint64_t marks; /* of its ordinals */
};

struct boost_values {
    const struct segment *segment;
    const struct column_reader *column;
    const struct values_reader *values;
    struct value_marks *marks; /* NULL: no memory for them */
    uint8_t field;
    const struct boost_range *ranges;
    struct arena *arena;
    struct standing *standing; /* by range; NULL: no bounds were asked for yet */
    uint32_t count;
    uint32_t bounded; /* pages, by other means than runs */
    uint32_t looked;  /* ranges, for parts */
    bool adds_up;         /* a document may be in several ranges */
    int32_t max;
    uint32_t table_first; /* ordinal that table begins with; all that any range has lie in it */
    uint32_t table_count;
    int32_t *table;       /* NULL: there is none yet, or too many ordinals */
    uint32_t page;        /* that view shows; UINT32_MAX: none */
    struct column_page_view view;
    int status;
};

static int32_t part_by_ranges(const struct boost_values *values, uint32_t ordinal)
{
    int32_t part = 0;
    for (uint32_t i = 0; i < values->count; i++) {
        const struct boost_range *range = &values->ranges[i];
        part += ordinal >= range->first && ordinal <= range->last ? range->part : 0;
    }
    return part;
}

/* Without memory for it, ranges are looked through. */
static void make_table(struct boost_values *values)
{
    if (values->table_count > TABLE_MAX) {
        return;
    }
    values->table = arena_calloc(values->arena, values->table_count, sizeof *values->table);
    for (uint32_t i = 0; i < values->count && values->table != NULL; i++) {
        for (uint32_t o = values->ranges[i].first; o <= values->ranges[i].last; o++) {
            values->table[o - values->table_first] += values->ranges[i].part;
        }
    }
}

/* Whether a document may be in several ranges, and what it gets at most then. */
static void bound_all(struct boost_values *values)
{
    int32_t sum = 0;
    uint32_t first = UINT32_MAX;
    uint32_t last = 0;
    values->adds_up = values->column->max >= (int64_t)values->values->count;
    for (uint32_t i = 0; i < values->count; i++) {
        const struct boost_range *a = &values->ranges[i];
        first = a->first < first ? a->first : first;
        last = a->last > last ? a->last : last;
        sum += a->part;
        values->max = a->part > values->max ? a->part : values->max;
        for (uint32_t k = 0; k < i; k++) {
            const struct boost_range *b = &values->ranges[k];
            values->adds_up = values->adds_up || (a->first <= b->last && b->first <= a->last);
        }
    }
    values->max = values->adds_up ? sum : values->max;
    values->table_first = first;
    values->table_count = last - first + 1;
}

int boost_values_open(const struct segment *segment, uint8_t field, const struct boost_range *ranges, uint32_t count,
                      struct arena *arena, struct boost_values **out)
{
    struct boost_values *values = arena_calloc(arena, 1, sizeof *values);
    *out = NULL;
    if (values == NULL) {
        return AISLE_NO_MEMORY;
    }
    *values = (struct boost_values){.segment = segment,
                                    .column = &segment->column[field],
                                    .values = &segment->values[field],
                                    .field = field,
                                    .ranges = ranges,
                                    .count = count,
                                    .arena = arena,
                                    .page = UINT32_MAX};
    bound_all(values);
    *out = values;
    return 0;
}

int32_t boost_values_max(const struct boost_values *values)
{
    return values->max;
}

int boost_values_status(const struct boost_values *values)
{
    return values->status;
}

/* ---- bounds ---- */

static void fail(struct boost_values *values, int status)
{
    values->status = values->status == 0 ? status : values->status;
}

/* Finds where each range stands. */
static int find_standing(struct boost_values *values)
{
    int status = 0;
    struct standing *all = arena_calloc(values->arena, values->count, sizeof *all);
    if (all == NULL) {
        return AISLE_NO_MEMORY;
    }
    values->marks = value_marks_of_field(values->segment, values->field);
    for (uint32_t i = 0; i < values->count && status == 0; i++) {
        const struct boost_range *range = &values->ranges[i];
        const struct runs_wanted wanted = {.least = range->first, .greatest = range->last};
        if (values->marks != NULL) {
            all[i].place = value_place_of(values->marks, range->first, range->last);
            all[i].marks = value_marks_of(values->values->count, range->first, range->last);
        }
        if (all[i].place == NULL) {
            status = runs_walk_open(values->segment, values->field, &wanted, values->arena, &all[i].runs);
        }
    }
    values->standing = status == 0 ? all : NULL;
    return status;
}

/* The bits of a page's groups that may have a value of a range, by marks. */
static uint32_t groups_by_marks(struct boost_values *values, uint32_t page, uint64_t wanted)
{
    uint32_t groups = 0;
    int status = value_marks_fill(values->marks, values->segment, values->field, page);
    if (status != 0) {
        fail(values, status);
        return 0;
    }
    for (uint32_t i = 0; i < VALUE_MARKS_PAGE_GROUPS; i++) {
        uint64_t marks = value_marks_group(values->marks, page * VALUE_MARKS_PAGE_GROUPS + i);
        groups |= (uint32_t)((marks & wanted) != 0) << i;
    }
    return groups;
}

static uint32_t groups_of(struct boost_values *values, const struct standing *standing, uint32_t page)
{
    uint32_t groups = VALUE_GROUPS_KNOWN - 1;
    if (standing->place != NULL) {
        int status = value_place_groups(standing->place, values->segment, values->field, page, &groups);
        if (status != 0) {
            fail(values, status);
            return 0;
        }
        return groups;
    }
    if (standing->runs != NULL) {
        return runs_walk_groups(standing->runs, page * COLUMN_PAGE_DOCUMENTS);
    }
    if (++values->bounded % PAGES_TOLD == 0) {
        filter_runs_note(values->segment, values->field, PAGES_TOLD);
    }
    return values->marks == NULL ? groups : groups_by_marks(values, page, standing->marks);
}

static bool is_ready(struct boost_values *values)
{
    int status = values->standing == NULL ? find_standing(values) : 0;
    if (status != 0) {
        fail(values, status);
    }
    return status == 0;
}

const struct value_place *boost_values_place(struct boost_values *values, uint32_t range)
{
    return is_ready(values) ? values->standing[range].place : NULL;
}

uint32_t boost_values_groups(struct boost_values *values, uint32_t range, uint32_t page)
{
    return is_ready(values) ? groups_of(values, &values->standing[range], page) : 0;
}

uint32_t boost_values_count(const struct boost_values *values)
{
    return values->values->count;
}

const struct boost_range *boost_values_range(const struct boost_values *values, uint32_t range)
{
    return &values->ranges[range];
}

bool boost_values_add_up(const struct boost_values *values)
{
    return values->adds_up;
}

void boost_values_add_bounds(struct boost_values *values, uint32_t page, int32_t bounds[VALUE_MARKS_PAGE_GROUPS])
{
    int32_t own[VALUE_MARKS_PAGE_GROUPS] = {0};
    if (!is_ready(values)) {
        return;
    }
    for (uint32_t i = 0; i < values->count; i++) {
        int32_t part = values->ranges[i].part;
        for (uint32_t left = groups_of(values, &values->standing[i], page); left != 0; left &= left - 1) {
            uint32_t group = (uint32_t)__builtin_ctz(left);
            int32_t sum = values->adds_up ? own[group] + part : part;
            own[group] = sum > own[group] ? sum : own[group];
        }
    }
    for (uint32_t i = 0; i < VALUE_MARKS_PAGE_GROUPS; i++) {
        bounds[i] += own[i];
    }
}

/* ---- single documents ---- */

static bool turn_to(struct boost_values *values, uint32_t page)
{
    struct bytes content;
    if (values->page == page) {
        return true;
    }
    values->page = UINT32_MAX;
    int status = column_page(values->column, page, &content);
    status = status == 0 ? column_page_view_init(&values->view, content) : status;
    if (status != 0) {
        values->status = status == AISLE_NO_MEMORY ? status : AISLE_CORRUPT;
        return false;
    }
    values->page = page;
    return true;
}

/* Of several values: each range that one of them lies in, once. */
static int32_t part_of_list(struct boost_values *values, int64_t code)
{
    struct values_of_code walk;
    uint64_t counted = 0;
    int32_t part = 0;
    int status = values_of_code_init(&walk, values->values, code);
    while (status == 0) {
        uint32_t ordinal;
        status = values_of_code_next(&walk, &ordinal);
        for (uint32_t i = 0; i < values->count && status == 0; i++) {
            bool is_new = ordinal >= values->ranges[i].first && ordinal <= values->ranges[i].last &&
                          (counted >> i & 1) == 0;
            part += is_new ? values->ranges[i].part : 0;
            counted |= (uint64_t)is_new << i;
        }
    }
    values->status = status == AISLE_END || values->status != 0 ? values->status : status;
    return status == AISLE_END ? part : 0;
}

static int32_t part_of_code(struct boost_values *values, int64_t code)
{
    if (code < 0) { /* COLUMN_MISSING; no code is below 0 in a sound column */
        return 0;
    }
    if (code >= (int64_t)values->values->count) {
        return part_of_list(values, code);
    }
    uint32_t ordinal = (uint32_t)code;
    if (values->table == NULL) {
        values->looked += values->count;
        if (values->looked >= LOOKED_MAX && values->looked - values->count < LOOKED_MAX) {
            make_table(values);
        }
        return part_by_ranges(values, ordinal);
    }
    return ordinal >= values->table_first && ordinal - values->table_first < values->table_count
               ? values->table[ordinal - values->table_first]
               : 0;
}

int32_t boost_values_part(struct boost_values *values, uint32_t document)
{
    uint32_t index = document % COLUMN_PAGE_DOCUMENTS;
    if (!turn_to(values, document / COLUMN_PAGE_DOCUMENTS) || index >= values->view.count) {
        values->status = values->status == 0 ? AISLE_CORRUPT : values->status;
        return 0;
    }
    return part_of_code(values, column_page_view_at(&values->view, index));
}

/* Adds to parts what 64 codes of the page at hand get, which count are, by the ranges that the group has any of. */
static void add_by_ranges(struct boost_values *values, uint32_t group, const uint32_t *codes, uint32_t count,
                          int32_t *parts)
{
    const uint64_t there = count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    for (uint32_t i = 0; i < values->count; i++) {
        const struct boost_range *range = &values->ranges[i];
        uint32_t groups = boost_values_groups(values, i, group / VALUE_MARKS_PAGE_GROUPS);
        int64_t first = (int64_t)range->first - values->view.least;
        int64_t last = (int64_t)range->last - values->view.least;
        if ((groups >> group % VALUE_MARKS_PAGE_GROUPS & 1) == 0 || last < 0) {
            continue;
        }
        first = first > 0 ? first : 0;
        uint32_t least = (uint32_t)first + (values->view.has_missing ? 1 : 0);
        for (uint64_t left = there & column_codes_within(codes, least, (uint32_t)(last - first)); left != 0;
             left &= left - 1) {
            parts[__builtin_ctzll(left)] += range->part;
        }
    }
}

void boost_values_add_group(struct boost_values *values, uint32_t group, int32_t parts[VALUE_MARKS_GROUP])
{
    const struct column_page_view *view = &values->view;
    uint32_t first = group % VALUE_MARKS_PAGE_GROUPS * VALUE_MARKS_GROUP;
    uint32_t codes[VALUE_MARKS_GROUP];
    if (!turn_to(values, group / VALUE_MARKS_PAGE_GROUPS) || first >= view->count) {
        return;
    }
    uint32_t left = view->count - first;
    uint32_t count = left < VALUE_MARKS_GROUP ? left : VALUE_MARKS_GROUP;
    bool is_plain = view->mask != 0 && view->width <= COLUMN_CODES_WIDTH_MAX && view->shift == 0 && !view->decimal &&
                    view->least >= 0 && view->max < (int64_t)values->values->count;
    if (!is_plain) {
        for (uint32_t i = 0; i < count; i++) {
            parts[i] += part_of_code(values, column_page_view_at(view, first + i));
        }
        return;
    }
    if (count < VALUE_MARKS_GROUP) {
        memset(codes, 0, sizeof codes);
    }
    column_page_run_codes(view, first, count, codes);
    add_by_ranges(values, group, codes, count, parts);
}
