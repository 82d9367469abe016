/*
 * column_check.c - proves that pages and columns are what their headers and footers say: the walk behind `check`.
 *
 * Thread rule: pure functions over shared readers.
 */
#include "columns/columns.h"

#include "columns/columns_format.h"

/* Whether the bits behind the last code are zero, as they were written. */
static bool tail_is_zero(const struct column_header *header)
{
    size_t used_bits = (size_t)header->width * header->count;
    size_t at = used_bits / 8;
    uint8_t rest = 0;
    if (at < header->body.size) {
        rest = (uint8_t)(header->body.data[at] >> (used_bits % 8));
    }
    for (size_t i = at + 1; i < header->body.size; i++) {
        rest |= header->body.data[i];
    }
    return rest == 0;
}

/* Whether deltas follow each other without gap up to the end of the body; they decode, as the caller made sure. */
static bool deltas_fill_body(const struct column_header *header)
{
    size_t restart_bytes = (size_t)(column_groups_of(header->count) - 1) * COLUMN_RESTART_BYTES;
    struct byte_reader deltas =
        byte_reader_of(bytes_of(header->body.data + restart_bytes, header->body.size - restart_bytes));
    size_t all = byte_reader_left(&deltas);
    for (uint32_t i = 1; i < header->count; i++) {
        if (i % COLUMN_GROUP_VALUES != 0) {
            (void)byte_reader_varint(&deltas);
        } else {
            const uint8_t *restart =
                header->body.data + (size_t)(i / COLUMN_GROUP_VALUES - 1) * COLUMN_RESTART_BYTES;
            if (load_u16(restart + 8) != all - byte_reader_left(&deltas)) {
                return false;
            }
        }
    }
    return byte_reader_left(&deltas) == 0;
}

/* What a page's values are, for comparison with its header. */
struct tally {
    int64_t least;
    int64_t greatest;
    uint32_t missing_count;
    bool ascending;
};

static struct tally tally_of(enum column_kind kind, const int64_t *values, uint32_t count)
{
    struct tally tally = {.least = INT64_MAX, .greatest = INT64_MIN, .ascending = true};
    for (uint32_t i = 0; i < count; i++) {
        if (kind != COLUMN_ASCENDING && values[i] == COLUMN_MISSING) {
            tally.missing_count++;
            continue;
        }
        tally.least = values[i] < tally.least ? values[i] : tally.least;
        tally.greatest = values[i] > tally.greatest ? values[i] : tally.greatest;
        tally.ascending = tally.ascending && (i == 0 || values[i - 1] <= values[i]);
    }
    if (tally.missing_count == count) {
        tally.least = COLUMN_MISSING;
        tally.greatest = COLUMN_MISSING;
    }
    return tally;
}

/* As column_page_check, and hands out what it found. */
static int check_page(struct bytes page, struct column_header *header, struct tally *tally, aisle_error *error)
{
    int64_t values[COLUMN_PAGE_DOCUMENTS];
    uint32_t count = 0;
    int64_t min;
    int64_t max;
    if (column_header_decode(page, header) != 0 || column_page_decode(page, values, &count) != 0) {
        return error_set(error, AISLE_CORRUPT, "column page: malformed header or body");
    }
    column_header_range(header, &min, &max);
    *tally = tally_of(header->kind, values, count);
    if (tally->least != min || tally->greatest != max || (tally->missing_count != 0) != header->has_missing) {
        return error_set(error, AISLE_CORRUPT, "column page: values differ from the header's range");
    }
    if (header->kind == COLUMN_ASCENDING && !tally->ascending) {
        return error_set(error, AISLE_CORRUPT, "column page: keys are out of order");
    }
    if (header->encoding == COLUMN_DELTA ? !deltas_fill_body(header) : !tail_is_zero(header)) {
        return error_set(error, AISLE_CORRUPT, "column page: bytes behind the last value");
    }
    return 0;
}

int column_page_check(struct bytes page, aisle_error *error)
{
    struct column_header header;
    struct tally tally;
    return check_page(page, &header, &tally, error);
}

int column_check(const struct column_reader *reader, aisle_error *error)
{
    int64_t min = COLUMN_MISSING;
    int64_t max = COLUMN_MISSING;
    uint64_t missing = 0;
    bool any = false;
    for (uint32_t i = 0; i < reader->page_count; i++) {
        struct bytes page;
        struct column_header header;
        struct tally tally;
        if (column_page(reader, i, &page) != 0) {
            return error_set(error, AISLE_CORRUPT, "column: page %u cannot be read", i);
        }
        int status = check_page(page, &header, &tally, error);
        if (status != 0) {
            return status;
        }
        uint32_t left = reader->document_count - i * COLUMN_PAGE_DOCUMENTS;
        uint32_t expected = left < COLUMN_PAGE_DOCUMENTS ? left : COLUMN_PAGE_DOCUMENTS;
        if (header.kind != reader->kind || header.count != expected) {
            return error_set(error, AISLE_CORRUPT, "column: page %u is of the wrong kind or size", i);
        }
        if (reader->kind == COLUMN_ASCENDING && any && tally.least < max) {
            return error_set(error, AISLE_CORRUPT, "column: page %u begins below the end of the one before", i);
        }
        missing += tally.missing_count;
        if (tally.missing_count < header.count) {
            min = !any || tally.least < min ? tally.least : min;
            max = !any || tally.greatest > max ? tally.greatest : max;
            any = true;
        }
    }
    if (min != reader->min || max != reader->max || missing != reader->missing_count) {
        return error_set(error, AISLE_CORRUPT, "column: values differ from the footer's range or missing count");
    }
    return 0;
}
