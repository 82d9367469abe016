/*
 * test_columns_column_match.c - matching packed codes finds the documents that comparing unpacked values finds.
 */
#include "base/alloc.h"
#include "base/bitset.h"
#include "columns/column_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t state_of_dice = 20260101;

static uint64_t draw(void)
{
    uint64_t z = state_of_dice += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Every bound that may matter: ends of the page, values in it, their neighbours, ends of the type. */
static int64_t draw_bound(const int64_t *values, uint32_t count)
{
    int64_t value = values[draw() % count];
    switch (draw() % 8) {
    case 0:
        return INT64_MIN + 1;
    case 1:
        return INT64_MAX;
    default:
        value = value == COLUMN_MISSING ? 0 : value;
        return value > INT64_MAX - 2 || value < INT64_MIN + 4 ? value : value + (int64_t)(draw() % 5) - 2;
    }
}

static void check_page(enum column_kind kind, const int64_t *values, uint32_t count)
{
    struct buf page;
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    assert_int_equal(column_page_encode(kind, values, count, &page), 0);
    uint8_t *exact = mem_alloc(page.size); /* so that a sanitizer sees a read past the end */
    assert_non_null(exact);
    memcpy(exact, page.data, page.size);
    for (int round = 0; round < 40; round++) {
        uint64_t bits[COLUMN_PAGE_DOCUMENTS / 64];
        uint32_t found = 0;
        int64_t least = draw_bound(values, count);
        int64_t greatest = draw_bound(values, count);
        assert_int_equal(column_page_match(bytes_of(exact, page.size), least, greatest, bits, &found), 0);
        assert_int_equal(found, count);
        for (uint32_t i = 0; i < COLUMN_PAGE_DOCUMENTS; i++) {
            bool expected = i < count && values[i] != COLUMN_MISSING && values[i] >= least && values[i] <= greatest;
            assert_int_equal(bitset_get(bits, i), expected);
        }
    }
    mem_free(exact);
    buf_release(&page);
}

static uint32_t draw_count(void)
{
    static const uint32_t counts[] = {1, 7, 8, 9, 63, 64, 65, 500, 1023, 1024, 1024, 1024};
    return counts[draw() % 12];
}

static void integers_of_every_width_match(void **state)
{
    (void)state;
    for (unsigned width = 0; width < 64; width++) {
        for (unsigned shift = 0; shift < 9; shift += 4) {
            for (int missing = 0; missing < 2; missing++) {
                int64_t values[COLUMN_PAGE_DOCUMENTS];
                uint32_t count = draw_count();
                int64_t base = (int64_t)(draw() % 1000000) - 500000;
                for (uint32_t i = 0; i < count; i++) {
                    uint64_t code = width == 0 ? 0 : draw() & ((UINT64_C(1) << width) - 1);
                    values[i] = (int64_t)((uint64_t)base + ((code >> shift) << shift));
                    if (missing && draw() % 5 == 0) {
                        values[i] = COLUMN_MISSING;
                    }
                }
                check_page(COLUMN_INTEGER, values, count);
            }
        }
    }
}

static void each_way_of_comparing_codes_agrees(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        int64_t values[COLUMN_PAGE_DOCUMENTS];
        struct buf page;
        struct column_header header;
        uint64_t bits[2][COLUMN_PAGE_DOCUMENTS / 64] = {{0}};
        uint32_t width = 1 + round % COLUMN_CODES_WIDTH_MAX;
        uint32_t count = draw_count();
        for (uint32_t i = 0; i < count; i++) {
            values[i] = (int64_t)(draw() & ((UINT64_C(1) << width) - 1));
        }
        buf_init(&page, COLUMN_PAGE_BYTES_MAX);
        assert_int_equal(column_page_encode(COLUMN_INTEGER, values, count, &page), 0);
        uint8_t *exact = mem_alloc(page.size);
        assert_non_null(exact);
        memcpy(exact, page.data, page.size);
        assert_int_equal(column_header_decode(bytes_of(exact, page.size), &header), 0);
        struct column_codes range = {draw() >> (64 - width), draw() >> (64 - width)};
        if (header.width != 0) {
            column_match_plain(&header, range, bits[0]);
            memcpy(bits[1], bits[0], sizeof bits[0]);
#if defined(__x86_64__)
            if (__builtin_cpu_supports("avx2")) {
                memset(bits[1], 0, sizeof bits[1]);
                column_match_avx2(&header, range, bits[1]);
            }
#endif
            assert_memory_equal(bits[0], bits[1], sizeof bits[0]);
        }
        mem_free(exact);
        buf_release(&page);
    }
}

static void codes_are_those_that_values_are_made_of(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        int64_t values[COLUMN_PAGE_DOCUMENTS];
        uint32_t codes[COLUMN_PAGE_DOCUMENTS], picked[COLUMN_PAGE_DOCUMENTS];
        uint16_t positions[COLUMN_PAGE_DOCUMENTS];
        uint32_t picked_count = 0;
        struct buf page;
        struct column_page_view view;
        uint32_t width = 1 + round % COLUMN_CODES_WIDTH_MAX;
        unsigned shift = round % 3 * 5;
        uint32_t count = draw_count();
        for (uint32_t i = 0; i < count; i++) {
            values[i] = (int64_t)((draw() & ((UINT64_C(1) << width) - 1)) << shift) - 1000;
            values[i] = round % 2 == 0 && draw() % 4 == 0 ? COLUMN_MISSING : values[i];
        }
        buf_init(&page, COLUMN_PAGE_BYTES_MAX);
        assert_int_equal(column_page_encode(COLUMN_INTEGER, values, count, &page), 0);
        uint8_t *exact = mem_alloc(page.size);
        assert_non_null(exact);
        memcpy(exact, page.data, page.size);
        assert_int_equal(column_page_view_init(&view, bytes_of(exact, page.size)), 0);
        if (view.mask != 0 && view.width <= COLUMN_CODES_WIDTH_MAX) {
            for (uint16_t i = 0; i < count; i++) {
                positions[picked_count] = i;
                picked_count += draw() % 3 == 0 ? 1 : 0;
            }
            column_page_codes(&view, codes);
            column_page_pick_codes(&view, positions, picked_count, picked);
            for (uint32_t i = 0; i < count; i++) {
                uint64_t value = (uint64_t)view.least + ((uint64_t)(codes[i] - view.has_missing) << view.shift);
                bool missing = view.has_missing && codes[i] == 0;
                assert_int_equal(missing ? COLUMN_MISSING : (int64_t)value, values[i]);
            }
            for (uint32_t i = 0; i < picked_count; i++) {
                assert_int_equal(picked[i], codes[positions[i]]);
            }
            uint32_t first = (uint32_t)draw() % count / COLUMN_RUN * COLUMN_RUN;
            column_page_run_codes(&view, first, count - first, picked);
            assert_memory_equal(picked, codes + first, (count - first) * sizeof *codes);
        }
        mem_free(exact);
        buf_release(&page);
    }
}

static void codes_within_a_range_are_those_that_are(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 5000; round++) {
        uint32_t codes[64];
        uint32_t most = round % 2 == 0 ? 20 : UINT32_MAX;
        uint32_t least = (uint32_t)draw() % most;
        uint32_t span = round % 5 == 0 ? UINT32_MAX : (uint32_t)draw() % most;
        uint64_t expected = 0;
        for (uint32_t i = 0; i < 64; i++) {
            codes[i] = (uint32_t)draw() % most;
            expected |= (uint64_t)(codes[i] >= least && codes[i] - least <= span) << i;
            expected |= (uint64_t)(codes[i] < least && (uint64_t)codes[i] + UINT32_MAX + 1 - least <= span) << i;
        }
        assert_true(column_codes_within(codes, least, span) == expected);
        assert_true(column_codes_within_plain(codes, least, span) == expected);
    }
}

static void doubles_match_as_decimals_and_as_bits(void **state)
{
    (void)state;
    static const double scales[] = {1, 10, 100, 1000, 10000, 0.37};
    for (unsigned s = 0; s < 6; s++) {
        for (int round = 0; round < 60; round++) {
            int64_t values[COLUMN_PAGE_DOCUMENTS];
            uint32_t count = draw_count();
            uint64_t span = round % 3 == 0 ? 50 : round % 3 == 1 ? 100000 : UINT64_C(1) << 50;
            for (uint32_t i = 0; i < count; i++) {
                double whole = (double)(int64_t)(draw() % span) - (double)(round % 2 == 0 ? span / 2 : 0);
                values[i] = draw() % 9 == 0 && round % 4 == 0 ? COLUMN_MISSING : column_from_double(whole / scales[s]);
            }
            check_page(COLUMN_DOUBLE, values, count);
        }
    }
}

static void pages_without_values_match_nothing(void **state)
{
    (void)state;
    int64_t values[COLUMN_PAGE_DOCUMENTS];
    for (uint32_t i = 0; i < COLUMN_PAGE_DOCUMENTS; i++) {
        values[i] = COLUMN_MISSING;
    }
    check_page(COLUMN_INTEGER, values, COLUMN_PAGE_DOCUMENTS);
    check_page(COLUMN_DOUBLE, values, 3);
}

static void damaged_and_ascending_pages_are_refused(void **state)
{
    (void)state;
    const int64_t values[] = {1, 5, 9};
    uint64_t bits[COLUMN_PAGE_DOCUMENTS / 64];
    uint32_t count;
    struct buf page;
    buf_init(&page, COLUMN_PAGE_BYTES_MAX);
    assert_int_equal(column_page_encode(COLUMN_ASCENDING, values, 3, &page), 0);
    assert_int_equal(column_page_match(buf_bytes(&page), 0, 9, bits, &count), AISLE_CORRUPT);
    buf_clear(&page);
    assert_int_equal(column_page_encode(COLUMN_INTEGER, values, 3, &page), 0);
    assert_int_equal(column_page_match(bytes_of(page.data, page.size - 1), 0, 9, bits, &count), AISLE_CORRUPT);
    buf_release(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_width_match),
        cmocka_unit_test(each_way_of_comparing_codes_agrees),
        cmocka_unit_test(codes_are_those_that_values_are_made_of),
        cmocka_unit_test(codes_within_a_range_are_those_that_are),
        cmocka_unit_test(doubles_match_as_decimals_and_as_bits),
        cmocka_unit_test(pages_without_values_match_nothing),
        cmocka_unit_test(damaged_and_ascending_pages_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
