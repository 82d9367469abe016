/*
 * column_encode.c - values to the smallest page that holds them.
 *
 * Tries what the kind allows (a frame of reference; decimals for doubles; deltas for ascending keys), takes the
 * smallest, the frame when equal: it reads fastest. Reading is column_page.c's.
 * Thread rule: pure functions.
 */
#include "columns/columns_format.h"

/* Bounds of the values that are there, and what all differences from the least have in common. */
struct profile {
    int64_t least;
    int64_t greatest;
    uint32_t value_count;
    uint32_t shift; /* low zero bits of all differences */
};

static struct profile profile_of(const int64_t *values, uint32_t count, bool may_miss)
{
    struct profile profile = {.least = INT64_MAX, .greatest = INT64_MIN};
    for (uint32_t i = 0; i < count; i++) {
        if (may_miss && values[i] == COLUMN_MISSING) {
            continue;
        }
        profile.least = values[i] < profile.least ? values[i] : profile.least;
        profile.greatest = values[i] > profile.greatest ? values[i] : profile.greatest;
        profile.value_count++;
    }
    uint64_t differences = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!may_miss || values[i] != COLUMN_MISSING) {
            differences |= (uint64_t)values[i] - (uint64_t)profile.least;
        }
    }
    profile.shift = differences == 0 ? 0 : (uint32_t)__builtin_ctzll(differences);
    if (profile.value_count == 0) {
        profile.least = COLUMN_MISSING;
        profile.greatest = COLUMN_MISSING;
    }
    return profile;
}

/* The header of a page of codes for values of that profile, in units of 1 << shift. */
static struct column_header frame_of(enum column_kind kind, const struct profile *profile, uint32_t count,
                                     uint32_t shift)
{
    struct column_header header = {.kind = kind,
                                   .encoding = COLUMN_FRAME,
                                   .unit = shift,
                                   .count = count,
                                   .has_missing = profile->value_count < count,
                                   .least = profile->least,
                                   .greatest = profile->greatest};
    if (profile->value_count != 0) {
        uint64_t codes = (((uint64_t)profile->greatest - (uint64_t)profile->least) >> shift) + header.has_missing;
        header.width = codes == 0 ? 0 : 64u - (uint32_t)__builtin_clzll(codes);
        header.width = header.width > COLUMN_WIDTH_MAX ? 64 : header.width;
    }
    return header;
}

bool column_to_decimal(int64_t value, uint32_t scale, int64_t *decimal)
{
    double scaled = column_to_double(value) * column_power_of_ten(scale);
    if (!(scaled > -(double)COLUMN_DECIMAL_MAX && scaled < (double)COLUMN_DECIMAL_MAX)) {
        return false;
    }
    *decimal = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
    return *decimal > -COLUMN_DECIMAL_MAX && *decimal < COLUMN_DECIMAL_MAX &&
           column_from_decimal(*decimal, scale) == value;
}

/*
 * Doubles as integers of 10^-scale with the least scale that is exact for all of them; decimals has room for count.
 * False when there is none.
 */
static bool to_decimals(const int64_t *values, uint32_t count, int64_t *decimals, uint32_t *scale)
{
    uint32_t tried = 0;
    for (uint32_t i = 0; i < count; i++) {
        decimals[i] = COLUMN_MISSING;
        if (values[i] == COLUMN_MISSING) {
            continue;
        }
        int64_t decimal = 0;
        if (column_to_decimal(values[i], tried, &decimal)) {
            decimals[i] = decimal;
        } else if (tried == COLUMN_SCALE_MAX) {
            return false;
        } else {
            tried++;
            i = UINT32_MAX; /* from the start again: what fits a scale need not fit the next */
        }
    }
    *scale = tried;
    return true;
}

static uint8_t *put_header(const struct column_header *header, size_t body_bytes, struct buf *out)
{
    uint8_t *p = buf_extend(out, COLUMN_HEADER_BYTES + body_bytes);
    if (p == NULL) {
        return NULL;
    }
    memset(p, 0, COLUMN_HEADER_BYTES + body_bytes);
    p[0] = (uint8_t)header->kind;
    p[1] = (uint8_t)header->encoding;
    p[2] = (uint8_t)header->width;
    p[3] = header->has_missing;
    p[4] = (uint8_t)header->unit;
    store_u16(p + 6, (uint16_t)header->count);
    store_u64(p + 8, (uint64_t)header->least);
    store_u64(p + 16, (uint64_t)header->greatest);
    return p + COLUMN_HEADER_BYTES;
}

static int put_codes(const struct column_header *header, const int64_t *values, struct buf *out)
{
    uint8_t *body = put_header(header, column_body_bytes(header->width, header->count), out);
    if (body == NULL) {
        return buf_status(out);
    }
    uint32_t shift = header->encoding == COLUMN_FRAME ? header->unit : 0;
    uint64_t word = 0; /* of codes that are not stored yet, and its bits in use */
    uint32_t used = 0;
    for (uint32_t i = 0; i < header->count && header->width != 0; i++) {
        uint64_t code = 0;
        if (!header->has_missing || values[i] != COLUMN_MISSING) {
            code = (((uint64_t)values[i] - (uint64_t)header->least) >> shift) + header->has_missing;
        }
        word |= code << used;
        used += header->width;
        if (used >= 64) {
            store_u64(body, word);
            body += sizeof word;
            used -= 64;
            word = used == 0 ? 0 : code >> (header->width - used);
        }
    }
    if (used != 0) {
        store_u64(body, word); /* the zero bytes behind the codes have room */
    }
    return 0;
}

static size_t varint_size(uint64_t v)
{
    return v == 0 ? 1 : (size_t)(70 - __builtin_clzll(v)) / 7;
}

static uint64_t delta_at(const int64_t *values, uint32_t i, uint32_t shift)
{
    return ((uint64_t)values[i] - (uint64_t)values[i - 1]) >> shift;
}

static size_t delta_body_bytes(const int64_t *values, uint32_t count, uint32_t shift)
{
    size_t bytes = (size_t)(column_groups_of(count) - 1) * COLUMN_RESTART_BYTES;
    for (uint32_t i = 1; i < count; i++) {
        bytes += i % COLUMN_GROUP_VALUES == 0 ? 0 : varint_size(delta_at(values, i, shift));
    }
    return bytes;
}

static int put_deltas(const struct column_header *header, const int64_t *values, size_t body_bytes, struct buf *out)
{
    uint8_t *body = put_header(header, body_bytes, out);
    if (body == NULL) {
        return buf_status(out);
    }
    uint8_t *restart = body;
    uint8_t *deltas = body + (size_t)(column_groups_of(header->count) - 1) * COLUMN_RESTART_BYTES;
    uint8_t *next = deltas;
    for (uint32_t i = 1; i < header->count; i++) {
        if (i % COLUMN_GROUP_VALUES == 0) {
            store_u64(restart, (uint64_t)values[i]);
            store_u16(restart + 8, (uint16_t)(next - deltas));
            restart += COLUMN_RESTART_BYTES;
        } else {
            uint8_t scratch[VARINT_BYTES_MAX];
            size_t size = varint_store(scratch, delta_at(values, i, header->unit));
            memcpy(next, scratch, size);
            next += size;
        }
    }
    return 0;
}

static int encode_ascending(const int64_t *values, uint32_t count, struct buf *out)
{
    for (uint32_t i = 1; i < count; i++) {
        if (values[i] < values[i - 1]) {
            return AISLE_INVALID;
        }
    }
    struct profile profile = profile_of(values, count, false);
    struct column_header header = frame_of(COLUMN_ASCENDING, &profile, count, profile.shift);
    size_t delta_bytes = delta_body_bytes(values, count, profile.shift);
    if (delta_bytes >= column_body_bytes(header.width, count)) {
        return put_codes(&header, values, out);
    }
    header.encoding = COLUMN_DELTA;
    header.width = 0;
    return put_deltas(&header, values, delta_bytes, out);
}

int column_page_encode(enum column_kind kind, const int64_t *values, uint32_t count, struct buf *out)
{
    if (count == 0 || count > COLUMN_PAGE_DOCUMENTS || (unsigned)kind > COLUMN_ASCENDING) {
        return AISLE_INVALID;
    }
    if (kind == COLUMN_ASCENDING) {
        return encode_ascending(values, count, out);
    }
    struct profile profile = profile_of(values, count, true);
    struct column_header frame = frame_of(kind, &profile, count, profile.shift);
    int64_t decimals[COLUMN_PAGE_DOCUMENTS];
    uint32_t scale = 0;
    if (kind == COLUMN_DOUBLE && frame.width != 0 && to_decimals(values, count, decimals, &scale)) {
        struct profile decimal_profile = profile_of(decimals, count, true);
        struct column_header decimal = frame_of(kind, &decimal_profile, count, 0);
        if (decimal.width < frame.width) {
            decimal.encoding = COLUMN_DECIMAL;
            decimal.unit = scale;
            return put_codes(&decimal, decimals, out);
        }
    }
    return put_codes(&frame, values, out);
}
