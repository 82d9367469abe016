/*
 * boost_values.c - a table of parts by ordinal, what runs of ordinals are worth at most, and the pages of the column.
 */
#include "query/boost_values.h"

#include "query/value_marks.h"

/* A table of more ordinals, of 4 bytes each, is not made: ranges are looked through instead. */
#define TABLE_MAX (1u << 16)

/* A range of more pages is bounded by what no document gets more than. */
#define PAGES_MAX 64u

/* Of a range of more pages, those that are not known are not read: it will be asked about in pieces. */
#define PAGES_READ_MAX 4u

struct boost_values {
    const struct segment *segment;
    const struct column_reader *column;
    const struct values_reader *values;
    struct value_marks *marks; /* NULL: no memory for them */
    uint8_t field;
    const struct boost_range *ranges;
    uint64_t *marks_of;   /* by range: the bits of its ordinals */
    uint32_t count;
    uint64_t wanted;      /* the bits of all ranges */
    bool has_lists;       /* documents may have several values */
    int32_t max;
    uint32_t table_first; /* ordinal that table begins with; all that any range has lie in it */
    uint32_t table_count;
    int32_t *table;       /* NULL: too many ordinals */
    int32_t run_max[64];  /* what one value of a run is worth at most */
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

static int make_table(struct boost_values *values, struct arena *arena)
{
    uint32_t first = UINT32_MAX;
    uint32_t last = 0;
    for (uint32_t i = 0; i < values->count; i++) {
        first = values->ranges[i].first < first ? values->ranges[i].first : first;
        last = values->ranges[i].last > last ? values->ranges[i].last : last;
    }
    values->table_first = first;
    values->table_count = last - first + 1;
    if (values->table_count > TABLE_MAX) {
        return 0;
    }
    values->table = arena_calloc(arena, values->table_count, sizeof *values->table);
    if (values->table == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < values->count; i++) {
        for (uint32_t o = values->ranges[i].first; o <= values->ranges[i].last; o++) {
            values->table[o - first] += values->ranges[i].part;
        }
    }
    return 0;
}

/*
 * What one value is worth at most, of all and of each run. Sums change only where a range begins or ends, so that the
 * places where one begins, and the first of a run, are those to look at.
 */
static void bound_runs(struct boost_values *values)
{
    const uint64_t ordinals = values->values->count;
    for (uint32_t i = 0; i < values->count; i++) {
        int32_t one = part_by_ranges(values, values->ranges[i].first);
        int32_t sum = values->max + values->ranges[i].part;
        values->max = values->has_lists ? sum : one > values->max ? one : values->max;
        for (uint64_t runs = values->marks_of[i]; runs != 0; runs &= runs - 1) {
            uint32_t run = (uint32_t)__builtin_ctzll(runs);
            uint32_t run_first = (uint32_t)((run * ordinals + 63) / 64);
            uint32_t first = values->ranges[i].first > run_first ? values->ranges[i].first : run_first;
            int32_t most = part_by_ranges(values, first);
            values->run_max[run] = most > values->run_max[run] ? most : values->run_max[run];
        }
    }
}

int boost_values_open(const struct segment *segment, uint8_t field, const struct boost_range *ranges, uint32_t count,
                      struct arena *arena, struct boost_values **out)
{
    struct boost_values *values = arena_calloc(arena, 1, sizeof *values);
    uint64_t *marks_of = arena_alloc(arena, count * sizeof *marks_of);
    *out = NULL;
    if (values == NULL || marks_of == NULL) {
        return AISLE_NO_MEMORY;
    }
    *values = (struct boost_values){.segment = segment,
                                    .column = &segment->column[field],
                                    .values = &segment->values[field],
                                    .marks = value_marks_of_field(segment, field),
                                    .field = field,
                                    .ranges = ranges,
                                    .marks_of = marks_of,
                                    .count = count,
                                    .page = UINT32_MAX};
    values->has_lists = values->column->max >= (int64_t)values->values->count;
    for (uint32_t i = 0; i < count; i++) {
        marks_of[i] = value_marks_of(values->values->count, ranges[i].first, ranges[i].last);
        values->wanted |= marks_of[i];
    }
    bound_runs(values);
    int status = make_table(values, arena);
    *out = status == 0 ? values : NULL;
    return status;
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

/* What a document that has some of these bits gets at most. */
static int32_t bound_of_marks(const struct boost_values *values, uint64_t marks)
{
    int32_t bound = 0;
    marks &= values->wanted;
    if (marks == 0) {
        return 0;
    }
    if (values->has_lists) {
        for (uint32_t i = 0; i < values->count; i++) {
            bound += (marks & values->marks_of[i]) != 0 ? values->ranges[i].part : 0;
        }
        return bound;
    }
    for (; marks != 0; marks &= marks - 1) {
        int32_t of_run = values->run_max[__builtin_ctzll(marks)];
        bound = of_run > bound ? of_run : bound;
    }
    return bound;
}

/* The bits of documents from first to last, of one page that is known. */
static uint64_t marks_in_page(const struct value_marks *marks, uint32_t page, uint32_t first, uint32_t last)
{
    uint64_t bits = 0;
    if (last - first >= COLUMN_PAGE_DOCUMENTS - VALUE_MARKS_GROUP) {
        return value_marks_page(marks, page);
    }
    for (uint32_t group = first / VALUE_MARKS_GROUP; group <= last / VALUE_MARKS_GROUP; group++) {
        bits |= value_marks_group(marks, group);
    }
    return bits;
}

int32_t boost_values_bound(struct boost_values *values, uint32_t first, uint32_t last)
{
    uint32_t page = first / COLUMN_PAGE_DOCUMENTS;
    uint32_t end = last / COLUMN_PAGE_DOCUMENTS;
    bool reads = end - page < PAGES_READ_MAX;
    uint64_t bits = 0;
    if (values->marks == NULL || end - page >= PAGES_MAX) {
        return values->max;
    }
    for (; page <= end; page++) {
        uint32_t page_first = page * COLUMN_PAGE_DOCUMENTS;
        uint32_t page_last = page_first + (COLUMN_PAGE_DOCUMENTS - 1);
        if (!value_marks_known(values->marks, page)) {
            int status = reads ? value_marks_fill(values->marks, values->segment, values->field, page) : 0;
            values->status = values->status == 0 ? status : values->status;
            if (!reads || status != 0) {
                return status == 0 ? values->max : 0;
            }
        }
        if ((value_marks_page(values->marks, page) & values->wanted & ~bits) != 0) {
            bits |= marks_in_page(values->marks, page, first > page_first ? first : page_first,
                                  last < page_last ? last : page_last);
        }
    }
    return bound_of_marks(values, bits);
}

int32_t boost_values_group(struct boost_values *values, uint32_t group)
{
    uint32_t page = group / VALUE_MARKS_PAGE_GROUPS;
    if (values->marks == NULL) {
        return values->max;
    }
    if (!value_marks_known(values->marks, page)) {
        int status = value_marks_fill(values->marks, values->segment, values->field, page);
        if (status != 0) {
            values->status = values->status == 0 ? status : values->status;
            return 0;
        }
    }
    return bound_of_marks(values, value_marks_group(values->marks, group));
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

int32_t boost_values_part(struct boost_values *values, uint32_t document)
{
    uint32_t index = document % COLUMN_PAGE_DOCUMENTS;
    if (!turn_to(values, document / COLUMN_PAGE_DOCUMENTS) || index >= values->view.count) {
        values->status = values->status == 0 ? AISLE_CORRUPT : values->status;
        return 0;
    }
    int64_t code = column_page_view_at(&values->view, index);
    if (code < 0) { /* COLUMN_MISSING; no code is below 0 in a sound column */
        return 0;
    }
    if (code >= (int64_t)values->values->count) {
        return part_of_list(values, code);
    }
    uint32_t ordinal = (uint32_t)code;
    if (values->table == NULL) {
        return part_by_ranges(values, ordinal);
    }
    return ordinal >= values->table_first && ordinal - values->table_first < values->table_count
               ? values->table[ordinal - values->table_first]
               : 0;
}
