/*
 * column_match.c - which documents of a page have a value within a range, without unpacking the page.
 *
 * The range is turned into one of codes, once; then codes are compared as they stand (column_match_codes.c).
 * Thread rule: pure functions.
 */
#include "columns/column_match.h"

#define PAGE_WORDS (COLUMN_PAGE_DOCUMENTS / 64u)

/* The least integer i, within a page's bounds or one behind, that column_from_decimal makes at least value. */
static int64_t decimal_from(const struct column_header *header, int64_t value)
{
    double wanted = column_to_double(value) * column_power_of_ten(header->unit);
    int64_t i = header->least;
    if (wanted >= (double)header->greatest) {
        i = header->greatest - 2 > header->least ? header->greatest - 2 : header->least;
    } else if (wanted > (double)header->least + 2) {
        i = (int64_t)wanted - 2; /* multiplying rounds by less than one */
    }
    while (i <= header->greatest && column_from_decimal(i, header->unit) < value) {
        i++;
    }
    return i;
}

/* False when no code can be in the range. header holds a value at least. */
static bool codes_of(const struct column_header *header, int64_t least, int64_t greatest, struct column_codes *out)
{
    int64_t first = least;
    int64_t last = greatest; /* in the units of least and greatest */
    unsigned shift = header->unit;
    if (header->encoding == COLUMN_DECIMAL) {
        /* A bound within the page's range is a finite number, so the steps to it are few. */
        int64_t min;
        int64_t max;
        column_header_range(header, &min, &max);
        first = least <= min ? header->least : decimal_from(header, least);
        last = greatest >= max ? header->greatest : decimal_from(header, greatest + 1) - 1;
        shift = 0;
    }
    first = first < header->least ? header->least : first;
    last = last > header->greatest ? header->greatest : last;
    if (first > last) {
        return false;
    }
    uint64_t low = (uint64_t)first - (uint64_t)header->least;
    uint64_t high = ((uint64_t)last - (uint64_t)header->least) >> shift;
    low = (low >> shift) + ((low & ((UINT64_C(1) << shift) - 1)) != 0 ? 1 : 0);
    if (low > high) {
        return false;
    }
    out->least = low + (header->has_missing ? 1 : 0);
    out->span = high - low;
    return true;
}

static void fill(uint64_t *bits, uint32_t count)
{
    for (uint32_t word = 0; word < PAGE_WORDS; word++) {
        uint32_t left = count > word * 64 ? count - word * 64 : 0;
        bits[word] = left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
    }
}

int column_page_match(struct bytes page, int64_t least, int64_t greatest, uint64_t *bits, uint32_t *count)
{
    struct column_header header;
    int64_t min;
    int64_t max;
    struct column_codes range;
    memset(bits, 0, PAGE_WORDS * sizeof *bits);
    *count = 0;
    if (column_header_decode(page, &header) != 0 || header.encoding == COLUMN_DELTA) {
        return AISLE_CORRUPT;
    }
    *count = header.count;
    column_header_range(&header, &min, &max);
    if (max == COLUMN_MISSING || greatest < min || least > max) {
        return 0;
    }
    if (least <= min && greatest >= max && !header.has_missing) {
        fill(bits, header.count);
    } else if (codes_of(&header, least, greatest, &range)) {
        column_match_codes(&header, range, bits);
    }
    return 0;
}
