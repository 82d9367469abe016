/*
 * segment_check.c - everything that can be verified about one segment: checksums of all extents first, then the
 * structures inside, and that they agree with each other and with the manifest.
 */
#include "segment/segment_private.h"

#include <stdarg.h>
#include <stdio.h>

struct check {
    const struct segment *segment;
    aisle_check_report *report;
    void *context;
    uint64_t faults;
    int status; /* AISLE_NO_MEMORY: says nothing about the segment, and ends the walk */
};

static void fault(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fault(struct check *check, const char *format, ...)
{
    char text[320];
    va_list arguments;
    int prefix = snprintf(text, sizeof text, "segment %u: ", check->segment->info.id);
    va_start(arguments, format);
    vsnprintf(text + prefix, sizeof text - (size_t)prefix, format, arguments);
    va_end(arguments);
    check->faults++;
    check->report(check->context, text);
}

static void check_extents(struct check *check)
{
    for (unsigned component = 0; component < COMPONENT_COUNT; component++) {
        const struct extent_view *view = &check->segment->views[component];
        for (uint32_t i = 0; i < view->extent_count; i++) {
            uint64_t offset = 0;
            if (extent_view_check(view, i, &offset) != 0) {
                fault(check, "component %u, extent %u: checksum mismatch at offset %llu", component, i,
                      (unsigned long long)offset);
            }
        }
    }
}

static void check_result(struct check *check, const char *what, int status, const aisle_error *error)
{
    if (status != 0) {
        fault(check, "%s: %s", what, error->message);
    }
}

/* Whether every code of a column means values of its dictionary. */
static void check_codes(struct check *check, uint8_t field)
{
    int64_t codes[COLUMN_PAGE_DOCUMENTS];
    const struct column_reader *column = &check->segment->column[field];
    for (uint32_t page_index = 0; page_index < column->page_count; page_index++) {
        struct bytes page;
        uint32_t count = 0;
        int status = column_page(column, page_index, &page);
        status = status == 0 ? column_page_decode(page, codes, &count) : status;
        for (uint32_t i = 0; i < count && status == 0; i++) {
            struct values_of_code walk;
            uint32_t ordinal;
            if (codes[i] == COLUMN_MISSING) {
                continue;
            }
            status = values_of_code_init(&walk, &check->segment->values[field], codes[i]);
            while (status == 0) {
                status = values_of_code_next(&walk, &ordinal);
            }
            status = status == AISLE_END ? 0 : status;
        }
        if (status != 0) {
            fault(check, "values: page %u of field %u has a code of no value", page_index, field);
        }
    }
}

static void check_structures(struct check *check)
{
    const struct segment *segment = check->segment;
    aisle_error error;
    check_result(check, "terms", terms_check(&segment->terms, &error), &error);
    check_result(check, "ids", ids_check(&segment->ids, &error), &error);
    check_result(check, "stored products", documents_check(&segment->documents, &error), &error);
    check_result(check, "order keys", column_check(&segment->order, &error), &error);
    for (uint8_t i = 0; i < segment->columns.count; i++) {
        uint8_t field = segment->columns.field[i];
        check_result(check, "column", column_check(&segment->column[field], &error), &error);
        if (segment->columns.values[i] && check->faults == 0) {
            check_result(check, "values", values_check(&segment->values[field], &error), &error);
            check_codes(check, field);
        }
    }
}

static void check_lists(struct check *check)
{
    const struct segment *segment = check->segment;
    const struct extent_view *positions = &segment->views[COMPONENT_POSITIONS];
    struct terms_cursor cursor;
    uint64_t postings = 0;
    uint64_t terms = 0;
    int status = terms_cursor_seek(&cursor, &segment->terms, bytes_of(NULL, 0));
    while (status == 0 && check->status == 0) {
        struct segment_list list;
        aisle_error error = {.code = 0};
        int bad = segment_list_decode(cursor.value, &list);
        if (bad == 0) {
            bad = postings_check(&segment->postings, &list.postings, &error);
            postings += list.postings.count;
        }
        if (bad == 0) {
            bad = positions_check(positions, &list.positions, list.postings.count, &error);
        }
        if (bad == AISLE_NO_MEMORY) {
            check->status = bad;
        } else if (bad != 0) {
            fault(check, "postings of \"%.*s\": %s", (int)cursor.term.size, (const char *)cursor.term.data,
                  error.code != 0 ? error.message : aisle_error_text(bad));
        }
        terms++;
        status = terms_cursor_next(&cursor);
    }
    if (check->status == 0 && (postings != segment->info.postings || terms != segment->info.terms)) {
        fault(check, "%llu postings of %llu terms, but the manifest says %llu of %llu", (unsigned long long)postings,
              (unsigned long long)terms, (unsigned long long)segment->info.postings,
              (unsigned long long)segment->info.terms);
    }
}

int segment_check(const struct segment *segment, aisle_check_report *report, void *context, uint64_t *faults)
{
    struct check check = {.segment = segment, .report = report, .context = context};
    check_extents(&check);
    if (check.faults == 0) {
        check_structures(&check);
    }
    if (check.faults == 0) {
        check_lists(&check);
    }
    *faults += check.faults;
    return check.status;
}
