/*
 * column_page.c - reads and patches one page: header, one value, all values, range.
 *
 * Pages are bytes of the world: the header is judged on every call, and nothing behind it can lead outside. That the
 * codes agree with the header is for column_page_check (column_check.c). Encoding is column_encode.c's.
 * Thread rule: pure functions.
 */
#include "columns/columns_format.h"

#include "columns/column_unpack.h"

static bool bounds_are_sound(const struct column_header *header)
{
    if (header->has_missing && header->width == 0) {
        return header->least == COLUMN_MISSING && header->greatest == COLUMN_MISSING;
    }
    if (header->encoding == COLUMN_DECIMAL) {
        return header->least > -COLUMN_DECIMAL_MAX && header->greatest < COLUMN_DECIMAL_MAX;
    }
    return header->kind == COLUMN_ASCENDING || header->least != COLUMN_MISSING;
}

static bool encoding_is_sound(const struct column_header *header)
{
    switch (header->encoding) {
    case COLUMN_FRAME:
        return (header->width <= COLUMN_WIDTH_MAX || header->width == 64) &&
               header->body.size == column_body_bytes(header->width, header->count);
    case COLUMN_DECIMAL:
        return header->kind == COLUMN_DOUBLE && header->width <= COLUMN_WIDTH_MAX &&
               header->unit <= COLUMN_SCALE_MAX &&
               header->body.size == column_body_bytes(header->width, header->count);
    case COLUMN_DELTA:
        return header->kind == COLUMN_ASCENDING && header->width == 0 &&
               header->body.size >= (size_t)(column_groups_of(header->count) - 1) * COLUMN_RESTART_BYTES;
    default:
        return false;
    }
}

int column_header_decode(struct bytes page, struct column_header *header)
{
    if (page.size < COLUMN_HEADER_BYTES || page.size > COLUMN_PAGE_BYTES_MAX) {
        return AISLE_CORRUPT;
    }
    const uint8_t *p = page.data;
    header->kind = p[0];
    header->encoding = p[1];
    header->width = p[2];
    header->has_missing = p[3] != 0;
    header->unit = p[4];
    header->count = load_u16(p + 6);
    header->least = (int64_t)load_u64(p + 8);
    header->greatest = (int64_t)load_u64(p + 16);
    header->body = bytes_of(p + COLUMN_HEADER_BYTES, page.size - COLUMN_HEADER_BYTES);
    if (p[0] > COLUMN_ASCENDING || p[3] > 1 || p[4] > 63 || p[5] != 0 || header->count == 0 ||
        header->count > COLUMN_PAGE_DOCUMENTS || header->least > header->greatest ||
        (header->has_missing && header->kind == COLUMN_ASCENDING) ||
        (header->width == 0 && header->encoding != COLUMN_DELTA && header->least != header->greatest)) {
        return AISLE_CORRUPT;
    }
    return bounds_are_sound(header) && encoding_is_sound(header) ? 0 : AISLE_CORRUPT;
}

/*
 * Where a group of a DELTA page begins: its first value and a reader over the deltas, which run on into the groups
 * behind it.
 */
static int enter_group(const struct column_header *header, uint32_t group, int64_t *value, struct byte_reader *deltas)
{
    size_t restart_bytes = (size_t)(column_groups_of(header->count) - 1) * COLUMN_RESTART_BYTES;
    struct bytes all = bytes_of(header->body.data + restart_bytes, header->body.size - restart_bytes);
    size_t offset = 0;
    *value = header->least;
    if (group != 0) {
        const uint8_t *restart = header->body.data + (size_t)(group - 1) * COLUMN_RESTART_BYTES;
        *value = (int64_t)load_u64(restart);
        offset = load_u16(restart + 8);
    }
    if (offset > all.size) {
        return AISLE_CORRUPT;
    }
    *deltas = byte_reader_of(bytes_of(all.data + offset, all.size - offset));
    return 0;
}

static int64_t add_delta(int64_t value, struct byte_reader *deltas, uint32_t shift)
{
    return (int64_t)((uint64_t)value + (byte_reader_varint_long(deltas) << shift));
}

static int get_delta(const struct column_header *header, uint32_t index, int64_t *value)
{
    struct byte_reader deltas;
    int64_t current = 0;
    if (enter_group(header, index / COLUMN_GROUP_VALUES, &current, &deltas) != 0) {
        return AISLE_CORRUPT;
    }
    for (uint32_t i = 0; i < index % COLUMN_GROUP_VALUES; i++) {
        current = add_delta(current, &deltas, header->unit);
    }
    if (!byte_reader_ok(&deltas)) {
        return AISLE_CORRUPT;
    }
    *value = current;
    return 0;
}

static int decode_deltas(const struct column_header *header, int64_t *values)
{
    for (uint32_t group = 0; group < column_groups_of(header->count); group++) {
        struct byte_reader deltas;
        int64_t current = 0;
        uint32_t first = group * COLUMN_GROUP_VALUES;
        uint32_t left = header->count - first;
        uint32_t count = left < COLUMN_GROUP_VALUES ? left : COLUMN_GROUP_VALUES;
        if (enter_group(header, group, &current, &deltas) != 0) {
            return AISLE_CORRUPT;
        }
        values[first] = current;
        for (uint32_t i = 1; i < count; i++) {
            current = add_delta(current, &deltas, header->unit);
            values[first + i] = current;
        }
        if (!byte_reader_ok(&deltas)) {
            return AISLE_CORRUPT;
        }
    }
    return 0;
}

static void init_view(struct column_page_view *view, const struct column_header *header)
{
    bool decimal = header->encoding == COLUMN_DECIMAL;
    view->codes = header->body.data;
    view->mask = header->width == 64 ? UINT64_MAX : (UINT64_C(1) << header->width) - 1;
    view->least = header->least;
    view->width = header->width;
    view->shift = decimal ? 0 : header->unit;
    view->scale = decimal ? header->unit : 0;
    view->count = header->count;
    view->decimal = decimal;
    view->has_missing = header->has_missing;
}

int64_t column_page_view_at(const struct column_page_view *view, uint32_t index)
{
    uint64_t code = 0;
    if (view->mask != 0) {
        size_t bit = (size_t)index * view->width;
        code = load_u64(view->codes + bit / 8) >> (bit % 8) & view->mask;
    }
    if (view->has_missing) {
        if (code == 0) {
            return COLUMN_MISSING;
        }
        code--;
    }
    int64_t value = (int64_t)((uint64_t)view->least + (code << view->shift));
    return view->decimal ? column_from_decimal(value, view->scale) : value;
}

int column_page_view_init(struct column_page_view *view, struct bytes page)
{
    struct column_header header;
    *view = (struct column_page_view){.min = COLUMN_MISSING, .max = COLUMN_MISSING};
    if (column_header_decode(page, &header) != 0) {
        return AISLE_CORRUPT;
    }
    if (header.kind == COLUMN_ASCENDING) {
        return AISLE_INVALID;
    }
    init_view(view, &header);
    column_header_range(&header, &view->min, &view->max);
    return 0;
}

int column_page_get(struct bytes page, uint32_t index, int64_t *value)
{
    struct column_header header;
    *value = COLUMN_MISSING;
    if (column_header_decode(page, &header) != 0) {
        return AISLE_CORRUPT;
    }
    if (index >= header.count) {
        return AISLE_END;
    }
    if (header.encoding == COLUMN_DELTA) {
        return get_delta(&header, index, value);
    }
    struct column_page_view view;
    init_view(&view, &header);
    *value = column_page_view_at(&view, index);
    return 0;
}

int column_page_decode(struct bytes page, int64_t *values, uint32_t *count)
{
    struct column_header header;
    *count = 0;
    if (column_header_decode(page, &header) != 0) {
        return AISLE_CORRUPT;
    }
    if (header.encoding == COLUMN_DELTA) {
        if (decode_deltas(&header, values) != 0) {
            return AISLE_CORRUPT;
        }
    } else {
        column_unpack(&header, values);
    }
    *count = header.count;
    return 0;
}

void column_header_range(const struct column_header *header, int64_t *min, int64_t *max)
{
    bool empty = header->has_missing && header->width == 0;
    if (header->encoding == COLUMN_DECIMAL && !empty) {
        *min = column_from_decimal(header->least, header->unit);
        *max = column_from_decimal(header->greatest, header->unit);
    } else {
        *min = header->least;
        *max = header->greatest;
    }
}

int column_page_range(struct bytes page, int64_t *min, int64_t *max, bool *has_missing, bool *constant)
{
    struct column_header header;
    *min = COLUMN_MISSING;
    *max = COLUMN_MISSING;
    *has_missing = false;
    *constant = false;
    if (column_header_decode(page, &header) != 0) {
        return AISLE_CORRUPT;
    }
    column_header_range(&header, min, max);
    *has_missing = header.has_missing;
    *constant = header.width == 0 && header.encoding != COLUMN_DELTA;
    return 0;
}
