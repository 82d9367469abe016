/*
 * test_columns_column_page.c - pages of every kind and width against plain arrays: decode, get, range, patch, damage.
 */
#include "base/alloc.h"
#include "columns/column_unpack.h"
#include "columns/columns.h"
#include "columns/columns_format.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SEED UINT64_C(0xc01a3e5)
#define N COLUMN_PAGE_DOCUMENTS

static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int reseed(void **state)
{
    (void)state;
    random_state = SEED;
    return 0;
}

/* Encodes, reads back in every way, and compares with values; the page stays in out. */
static void round_trip(enum column_kind kind, const int64_t *values, uint32_t count, struct buf *out)
{
    int64_t decoded[N];
    uint32_t decoded_count = 0;
    aisle_error error = {0};
    int64_t min = 0;
    int64_t max = 0;
    bool has_missing = false;
    bool constant = false;
    buf_clear(out);
    assert_int_equal(column_page_encode(kind, values, count, out), 0);
    /* Exactly sized, so that a sanitizer sees a read past the end. */
    uint8_t *copy = mem_alloc(out->size);
    assert_non_null(copy);
    memcpy(copy, out->data, out->size);
    struct bytes page = bytes_of(copy, out->size);
    assert_int_equal(column_page_decode(page, decoded, &decoded_count), 0);
    assert_int_equal(decoded_count, count);
    assert_memory_equal(decoded, values, count * sizeof *values);
    int64_t least = INT64_MAX;
    int64_t greatest = INT64_MIN;
    uint32_t missing = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t value = 0;
        assert_int_equal(column_page_get(page, i, &value), 0);
        assert_true(value == values[i]);
        if (kind != COLUMN_ASCENDING && values[i] == COLUMN_MISSING) {
            missing++;
        } else {
            least = values[i] < least ? values[i] : least;
            greatest = values[i] > greatest ? values[i] : greatest;
        }
    }
    int64_t value = 0;
    assert_int_equal(column_page_get(page, count, &value), AISLE_END);
    assert_int_equal(column_page_range(page, &min, &max, &has_missing, &constant), 0);
    assert_true(min == (missing == count ? COLUMN_MISSING : least));
    assert_true(max == (missing == count ? COLUMN_MISSING : greatest));
    assert_int_equal(has_missing, missing != 0);
    assert_true(!constant || missing == count || (missing == 0 && least == greatest));
    if (column_page_check(page, &error) != 0) {
        fail_msg("%s", error.message);
    }
    struct column_header header;
    assert_int_equal(column_header_decode(page, &header), 0);
    if (header.encoding != COLUMN_DELTA) {
        int64_t plain[N];
        column_unpack_plain(&header, plain);
        assert_memory_equal(plain, values, count * sizeof *values);
    }
    mem_free(copy);
}

static void integers_of_every_width_round_trip(void **state)
{
    (void)state;
    struct buf page;
    int64_t values[N];
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (unsigned width = 0; width <= 64; width++) {
        for (unsigned variant = 0; variant < 8; variant++) {
            uint32_t count = variant < 4 ? N : 1 + (uint32_t)(next_random() % N);
            uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
            uint64_t base = width == 64 ? 0 : next_random() >> (variant % 3 * 20);
            unsigned shift = variant % 2 == 1 && width < 60 ? (unsigned)(next_random() % (64 - width)) : 0;
            for (uint32_t i = 0; i < count; i++) {
                values[i] = (int64_t)(base + ((next_random() & mask) << shift));
                if (variant % 4 >= 2 && next_random() % 10 == 0) {
                    values[i] = COLUMN_MISSING;
                }
            }
            round_trip(COLUMN_INTEGER, values, count, &page);
            round_trip(COLUMN_DOUBLE, values, count, &page);
        }
    }
    buf_release(&page);
}

static void extreme_integers_round_trip(void **state)
{
    (void)state;
    struct buf page;
    const int64_t values[] = {INT64_MAX, COLUMN_MISSING, INT64_MIN + 1, 0, -1, 1};
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (uint32_t count = 1; count <= 6; count++) {
        round_trip(COLUMN_INTEGER, values, count, &page);
    }
    round_trip(COLUMN_INTEGER, values + 1, 1, &page);
    assert_int_equal(page.size, COLUMN_HEADER_BYTES);
    buf_release(&page);
}

static void constant_and_empty_pages_are_a_header(void **state)
{
    (void)state;
    struct buf page;
    int64_t values[N];
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (enum column_kind kind = COLUMN_INTEGER; kind <= COLUMN_ASCENDING; kind++) {
        for (uint32_t i = 0; i < N; i++) {
            values[i] = 77;
        }
        round_trip(kind, values, N, &page);
        assert_int_equal(page.size, COLUMN_HEADER_BYTES);
        for (uint32_t i = 0; i < N; i++) {
            values[i] = COLUMN_MISSING;
        }
        round_trip(kind, values, N, &page);
        assert_int_equal(page.size, COLUMN_HEADER_BYTES);
    }
    buf_release(&page);
}

static void doubles_keep_their_order_and_value(void **state)
{
    (void)state;
    const double ascending[] = {-INFINITY, -1.7e308, -2.5, -1e-300, -5e-324, 0.0, 5e-324, 1e-300, 0.1, 2.5, 1.7e308,
                                INFINITY};
    for (size_t i = 0; i < sizeof ascending / sizeof ascending[0]; i++) {
        int64_t mapped = column_from_double(ascending[i]);
        assert_true(mapped != COLUMN_MISSING);
        assert_true(column_to_double(mapped) == ascending[i]);
        assert_true(i == 0 || column_from_double(ascending[i - 1]) < mapped);
    }
    assert_true(column_from_double(-0.0) == column_from_double(0.0));
    assert_true(column_from_double((double)NAN) == COLUMN_MISSING);
    assert_true(isnan(column_to_double(COLUMN_MISSING)));
}

static void decimals_are_stored_small(void **state)
{
    (void)state;
    struct buf page;
    int64_t values[N];
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (uint32_t scale = 0; scale <= 4; scale++) {
        for (unsigned missing = 0; missing < 2; missing++) {
            for (uint32_t i = 0; i < N; i++) {
                double v = (double)((int64_t)(next_random() % 1000) - 300) / column_power_of_ten(scale);
                values[i] = missing != 0 && i % 7 == 0 ? COLUMN_MISSING : column_from_double(v);
            }
            round_trip(COLUMN_DOUBLE, values, N, &page);
            assert_true(page.size <= COLUMN_HEADER_BYTES + N * 10 / 8 + COLUMN_TAIL_BYTES);
            assert_int_equal(page.data[1], COLUMN_DECIMAL);
        }
    }
    values[5] = column_from_double(1.0 / 3);
    round_trip(COLUMN_DOUBLE, values, N, &page);
    assert_int_equal(page.data[1], COLUMN_FRAME);
    buf_release(&page);
}

static void odd_doubles_round_trip(void **state)
{
    (void)state;
    struct buf page;
    int64_t values[N];
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    const double odd[] = {0.0,   1e15,    -1e15,      2251799813685247.0, 2251799813685248.0,
                          1e300, 0.00005, 12345.6789, INFINITY};
    for (size_t n = 1; n <= sizeof odd / sizeof odd[0]; n++) {
        for (uint32_t i = 0; i < n; i++) {
            values[i] = column_from_double(odd[i]);
        }
        round_trip(COLUMN_DOUBLE, values, (uint32_t)n, &page);
    }
    for (uint32_t i = 0; i < N; i++) {
        values[i] = (int64_t)next_random(); /* any bits, numbers or not */
    }
    round_trip(COLUMN_DOUBLE, values, N, &page);
    buf_release(&page);
}

static int compare_values(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void ascending_keys_round_trip(void **state)
{
    (void)state;
    struct buf page;
    int64_t values[N];
    bool seen[3] = {false};
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (unsigned round = 0; round < 300; round++) {
        uint32_t count = round % 3 == 0 ? N : 1 + (uint32_t)(next_random() % N);
        unsigned width = 1 + (unsigned)(next_random() % 64);
        unsigned zeros = (unsigned)(next_random() % width);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t high = next_random() % 5 == 0 ? next_random() >> (64 - width) : next_random() % 300;
            values[i] = column_from_key(high >> zeros << zeros);
        }
        qsort(values, count, sizeof *values, compare_values);
        if (round == 0) {
            values[0] = column_from_key(0);
            values[count - 1] = column_from_key(UINT64_MAX);
        }
        round_trip(COLUMN_ASCENDING, values, count, &page);
        seen[page.data[1]] = true;
    }
    assert_true(seen[COLUMN_FRAME] && seen[COLUMN_DELTA]);
    buf_release(&page);
}

static void encode_refuses_what_it_cannot_hold(void **state)
{
    (void)state;
    struct buf page;
    int64_t values[2] = {5, 4};
    buf_init(&page, 30);
    assert_int_equal(column_page_encode(COLUMN_INTEGER, values, 0, &page), AISLE_INVALID);
    assert_int_equal(column_page_encode(COLUMN_INTEGER, values, N + 1, &page), AISLE_INVALID);
    assert_int_equal(column_page_encode((enum column_kind)3, values, 2, &page), AISLE_INVALID);
    assert_int_equal(column_page_encode(COLUMN_ASCENDING, values, 2, &page), AISLE_INVALID);
    assert_int_equal(page.size, 0);
    assert_int_equal(column_page_encode(COLUMN_INTEGER, values, 2, &page), AISLE_LIMIT);
    buf_release(&page);
}

static void assert_page_holds(struct bytes page, const int64_t *values, uint32_t count)
{
    int64_t decoded[N];
    uint32_t decoded_count = 0;
    aisle_error error = {.message = ""};
    assert_int_equal(column_page_decode(page, decoded, &decoded_count), 0);
    assert_int_equal(decoded_count, count);
    assert_memory_equal(decoded, values, count * sizeof *values);
    assert_int_equal(column_page_check(page, &error), 0);
}

/* Values of the kind that are multiples of 5 in any frame of width bits, some of them missing. */
static int64_t small_value(enum column_kind kind, unsigned width, bool may_miss)
{
    uint64_t draw = next_random() & (width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1);
    if (may_miss && next_random() % 4 == 0) {
        return COLUMN_MISSING;
    }
    return kind == COLUMN_DOUBLE && width < 40 ? column_from_double((double)draw / 10) : (int64_t)(draw << 1);
}

/* A patch of values that the frame holds keeps it; one of its bounds, or of what it cannot hold, makes another. */
static void patch_keeps_the_frame_that_holds_its_values(void **state)
{
    (void)state;
    struct buf page, patched;
    int64_t values[N];
    unsigned kept = 0;
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    buf_init(&patched, COLUMN_PAGE_BYTES_MAX);
    for (unsigned round = 0; round < 1300; round++) {
        enum column_kind kind = round % 2 == 0 ? COLUMN_INTEGER : COLUMN_DOUBLE;
        unsigned width = 1 + round / 2 % 64, missing = round / 130 % 2;
        uint32_t count = 1 + (uint32_t)(next_random() % N);
        for (uint32_t i = 0; i < count; i++) {
            values[i] = small_value(kind, width, missing);
        }
        round_trip(kind, values, count, &page);
        for (unsigned step = 0; step < 10; step++) {
            struct column_change change = {.index = (uint32_t)(next_random() % count),
                                           .value = small_value(kind, width, missing || step == 9)};
            values[change.index] = change.value;
            buf_clear(&patched);
            assert_int_equal(column_page_patch(buf_bytes(&page), &change, 1, &patched), 0);
            assert_page_holds(buf_bytes(&patched), values, count);
            kept += memcmp(patched.data, page.data, COLUMN_HEADER_BYTES) == 0;
            buf_clear(&page);
            buf_put(&page, patched.data, patched.size);
        }
    }
    assert_in_range(kept, 9000, 12950); /* of 13,000 */
    buf_release(&page);
    buf_release(&patched);
}

static void patch_changes_what_it_is_told(void **state)
{
    (void)state;
    struct buf page;
    struct buf patched;
    int64_t values[N];
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    buf_init(&patched, COLUMN_PAGE_BYTES_MAX);
    for (unsigned round = 0; round < 100; round++) {
        enum column_kind kind = round % 2 == 0 ? COLUMN_INTEGER : COLUMN_DOUBLE;
        uint32_t count = 1 + (uint32_t)(next_random() % N);
        struct column_change changes[20];
        for (uint32_t i = 0; i < count; i++) {
            values[i] = kind == COLUMN_INTEGER ? (int64_t)(next_random() % 5000)
                                               : column_from_double((double)(next_random() % 500) / 10);
        }
        round_trip(kind, values, count, &page);
        for (size_t i = 0; i < 20; i++) {
            uint32_t at = (uint32_t)(next_random() % count);
            int64_t value = round % 5 == 0 ? COLUMN_MISSING : (int64_t)(next_random() >> (round % 60));
            changes[i] = (struct column_change){.index = at, .value = value};
            values[at] = value;
        }
        buf_clear(&patched);
        assert_int_equal(column_page_patch(buf_bytes(&page), changes, 20, &patched), 0);
        assert_page_holds(buf_bytes(&patched), values, count);
        changes[7].index = count;
        buf_clear(&patched);
        assert_int_equal(column_page_patch(buf_bytes(&page), changes, 20, &patched), AISLE_INVALID);
    }
    buf_release(&page);
    buf_release(&patched);
}

/* Reads a page that may be anything; only that it returns matters. */
static void exercise(struct bytes page)
{
    int64_t values[N];
    uint32_t count = 0;
    int64_t min;
    int64_t max;
    int64_t value;
    bool has_missing;
    bool constant;
    struct buf patched;
    struct column_change change = {.index = 0, .value = 3};
    buf_init(&patched, COLUMN_PAGE_BYTES_MAX);
    int status = column_page_decode(page, values, &count);
    assert_true(status == 0 || (status == AISLE_CORRUPT && count == 0));
    assert_true(count <= N);
    int sum = column_page_range(page, &min, &max, &has_missing, &constant);
    for (uint32_t i = 0; i < N; i += 77) {
        sum += column_page_get(page, i, &value);
    }
    sum += column_page_check(page, NULL);
    sum += column_page_patch(page, &change, 1, &patched);
    assert_true(status != AISLE_CORRUPT || sum < 0);
    buf_release(&patched);
}

static void make_some_page(unsigned shape, struct buf *page)
{
    int64_t values[N];
    uint32_t count = 1 + (uint32_t)(next_random() % N);
    for (uint32_t i = 0; i < count; i++) {
        switch (shape % 4) {
        case 0:
            values[i] = (int64_t)(next_random() >> (shape % 64));
            break;
        case 1:
            values[i] = i % 9 == 0 ? COLUMN_MISSING : (int64_t)(next_random() % 100) * 1024;
            break;
        case 2:
            values[i] = column_from_double((double)(next_random() % 500) / 100);
            break;
        default:
            values[i] = (int64_t)i * i * 64 + (i / 100 << 20);
        }
    }
    buf_clear(page);
    enum column_kind kind = shape % 4 == 3 ? COLUMN_ASCENDING : shape % 4 == 2 ? COLUMN_DOUBLE : COLUMN_INTEGER;
    assert_int_equal(column_page_encode(kind, values, count, page), 0);
}

static void damaged_pages_never_crash(void **state)
{
    (void)state;
    struct buf page;
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (unsigned round = 0; round < 4000; round++) {
        make_some_page(round, &page);
        size_t size = round % 3 == 0 ? (size_t)(next_random() % (page.size + 1)) : page.size;
        uint8_t *copy = mem_alloc(size);
        assert_non_null(copy);
        memcpy(copy, page.data, size);
        for (unsigned i = 0; i < 1 + round % 3 && size != 0; i++) {
            /* Half of the flips in the header, where they matter most. */
            size_t range = i % 2 == 0 && size > COLUMN_HEADER_BYTES ? COLUMN_HEADER_BYTES : size;
            uint64_t bit = next_random() % (range * 8);
            copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        exercise(bytes_of(copy, size));
        mem_free(copy);
    }
    exercise(bytes_of(NULL, 0));
    buf_release(&page);
}

static void truncated_pages_are_corrupt(void **state)
{
    (void)state;
    struct buf page;
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (unsigned shape = 0; shape < 4; shape++) {
        int64_t values[N];
        uint32_t count;
        make_some_page(shape, &page);
        for (size_t size = 0; size < page.size; size++) {
            assert_int_equal(column_page_decode(bytes_of(page.data, size), values, &count), AISLE_CORRUPT);
        }
        buf_put_u8(&page, 0);
        assert_int_equal(column_page_check(buf_bytes(&page), NULL), AISLE_CORRUPT);
    }
    buf_release(&page);
}

static void check_notices_headers_that_lie(void **state)
{
    (void)state;
    struct buf page;
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (unsigned shape = 0; shape < 4; shape++) {
        make_some_page(shape, &page);
        for (size_t bit = 0; bit < COLUMN_HEADER_BYTES * 8; bit++) {
            /* Integers may call themselves doubles, decimals have another scale, deltas start elsewhere. */
            if (bit == 0 || (bit / 8 == 4 && page.data[1] == COLUMN_DECIMAL) ||
                (bit / 64 == 1 && page.data[1] == COLUMN_DELTA)) {
                continue;
            }
            page.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            if (column_page_check(buf_bytes(&page), NULL) == 0) {
                fail_msg("shape %u, bit %zu", shape, bit);
            }
            page.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        assert_int_equal(column_page_check(buf_bytes(&page), NULL), 0);
    }
    buf_release(&page);
}

/* Appends a header made by hand; out is emptied before. */
static void put_header(const struct column_header *header, struct buf *out)
{
    buf_clear(out);
    buf_put_u8(out, (uint8_t)header->kind);
    buf_put_u8(out, (uint8_t)header->encoding);
    buf_put_u8(out, (uint8_t)header->width);
    buf_put_u8(out, header->has_missing);
    buf_put_u8(out, (uint8_t)header->unit);
    buf_put_u8(out, 0);
    buf_put_u16(out, (uint16_t)header->count);
    buf_put_u64(out, (uint64_t)header->least);
    buf_put_u64(out, (uint64_t)header->greatest);
    assert_int_equal(buf_status(out), 0);
}

static int check_header(struct column_header header)
{
    struct buf page;
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    put_header(&header, &page);
    int status = column_page_check(buf_bytes(&page), NULL);
    buf_release(&page);
    return status;
}

static void pages_of_one_value_have_one_bound(void **state)
{
    (void)state;
    const int64_t none = COLUMN_MISSING;
    assert_int_equal(check_header((struct column_header){.count = 0, .least = 1, .greatest = 1}), AISLE_CORRUPT);
    assert_int_equal(check_header((struct column_header){.count = 3, .least = 1, .greatest = 1}), 0);
    assert_int_equal(check_header((struct column_header){.count = 3, .least = 1, .greatest = 2}), AISLE_CORRUPT);
    assert_int_equal(check_header((struct column_header){.count = 3, .least = none, .greatest = none}), AISLE_CORRUPT);
    struct column_header empty = {.count = 3, .has_missing = true, .least = none, .greatest = none};
    assert_int_equal(check_header(empty), 0);
    empty.encoding = COLUMN_DELTA;
    empty.greatest = 7;
    assert_int_equal(check_header(empty), AISLE_CORRUPT);
    empty.encoding = COLUMN_FRAME;
    empty.least = 7;
    assert_int_equal(check_header(empty), AISLE_CORRUPT);
}

/* The writer has no use for such pages, but the format does not forbid them. */
static void constant_and_empty_decimals_are_read(void **state)
{
    (void)state;
    struct buf page;
    int64_t values[N];
    uint32_t count;
    int64_t value;
    int64_t min;
    int64_t max;
    bool has_missing;
    bool constant;
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (unsigned empty = 0; empty < 2; empty++) {
        int64_t stored = empty != 0 ? COLUMN_MISSING : 1999;
        int64_t expected = empty != 0 ? COLUMN_MISSING : column_from_double(19.99);
        put_header(&(struct column_header){.kind = COLUMN_DOUBLE,
                                           .encoding = COLUMN_DECIMAL,
                                           .unit = 2,
                                           .count = 5,
                                           .has_missing = empty != 0,
                                           .least = stored,
                                           .greatest = stored},
                   &page);
        assert_int_equal(column_page_check(buf_bytes(&page), NULL), 0);
        assert_int_equal(column_page_decode(buf_bytes(&page), values, &count), 0);
        assert_int_equal(count, 5);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(column_page_get(buf_bytes(&page), i, &value), 0);
            assert_true(value == expected && values[i] == expected);
        }
        assert_int_equal(column_page_range(buf_bytes(&page), &min, &max, &has_missing, &constant), 0);
        assert_true(min == expected && max == expected && constant && has_missing == (empty != 0));
    }
    buf_release(&page);
}

static void check_compares_both_bounds_and_the_missing(void **state)
{
    (void)state;
    struct column_header header = {.width = 8, .count = 4, .greatest = 4};
    struct buf page;
    uint8_t codes[4 + COLUMN_TAIL_BYTES] = {4, 0, 1, 2};
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    for (unsigned lie = 0; lie < 4; lie++) {
        header.greatest = lie == 1 ? 5 : lie == 3 ? 3 : 4;
        header.least = lie == 2 ? -1 : 0;
        header.has_missing = lie == 3;
        codes[1] = lie == 3 ? 1 : 0; /* with has_missing, code 1 is the least value */
        put_header(&header, &page);
        buf_put(&page, codes, sizeof codes);
        assert_int_equal(column_page_check(buf_bytes(&page), NULL), lie == 0 ? 0 : AISLE_CORRUPT);
    }
    buf_release(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(integers_of_every_width_round_trip, reseed),
        cmocka_unit_test_setup(extreme_integers_round_trip, reseed),
        cmocka_unit_test_setup(constant_and_empty_pages_are_a_header, reseed),
        cmocka_unit_test_setup(doubles_keep_their_order_and_value, reseed),
        cmocka_unit_test_setup(decimals_are_stored_small, reseed),
        cmocka_unit_test_setup(odd_doubles_round_trip, reseed),
        cmocka_unit_test_setup(ascending_keys_round_trip, reseed),
        cmocka_unit_test_setup(encode_refuses_what_it_cannot_hold, reseed),
        cmocka_unit_test_setup(patch_changes_what_it_is_told, reseed),
        cmocka_unit_test_setup(patch_keeps_the_frame_that_holds_its_values, reseed),
        cmocka_unit_test_setup(damaged_pages_never_crash, reseed),
        cmocka_unit_test_setup(truncated_pages_are_corrupt, reseed),
        cmocka_unit_test_setup(check_notices_headers_that_lie, reseed),
        cmocka_unit_test(pages_of_one_value_have_one_bound),
        cmocka_unit_test(constant_and_empty_decimals_are_read),
        cmocka_unit_test(check_compares_both_bounds_and_the_missing),
    };
    printf("seed %llx\n", (unsigned long long)SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
