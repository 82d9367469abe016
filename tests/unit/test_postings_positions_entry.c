/*
 * test_postings_positions_entry.c - occurrences to entries and back, what is no entry, and both kernels that pass over
 * entries against the obvious loop.
 */
#include "tests/support/positions_model.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct bytes encode(struct buf *out, const struct position *occurrences, size_t count)
{
    buf_clear(out);
    positions_encode(occurrences, count, out);
    assert_int_equal(buf_status(out), 0);
    return buf_bytes(out);
}

static void expect_round(struct buf *out, const struct position *occurrences, size_t count, size_t size)
{
    struct position *decoded = test_malloc((count + 8) * 8 * sizeof *decoded);
    size_t found = 0;
    struct bytes entry = encode(out, occurrences, count);
    assert_true(size == 0 || entry.size == size);
    assert_true(positions_are(entry, 1));
    assert_false(positions_are(entry, 2));
    assert_int_equal(positions_decode(entry, decoded, &found), 0);
    assert_int_equal(found, count);
    assert_memory_equal(decoded, occurrences, count * sizeof *occurrences);
    test_free(decoded);
}

static void numbers_take_as_many_bytes_as_they_need(void **state)
{
    (void)state;
    static const struct {
        uint32_t place;
        size_t size;
    } edges[] = {{0, 1},          {1, 1},          {63, 1},         {64, 2},         {127, 2},
                 {128, 2},        {8191, 2},       {8192, 3},       {(1u << 20) - 1, 3}, {1u << 20, 4},
                 {(1u << 27) - 1, 4}, {1u << 27, 5}, {LIMIT_PLACE - 1, 5}};
    struct buf out;
    buf_init(&out, 1024);
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        for (uint32_t span = 1; span <= POSITIONS_SPAN_MAX; span++) {
            struct position one = {edges[i].place, span};
            expect_round(&out, &one, 1, edges[i].size + span - 1);
        }
        for (size_t k = 0; k < sizeof edges / sizeof *edges; k++) {
            struct position two[2] = {{edges[i].place, 1}, {edges[i].place + edges[k].place, 2}};
            if (edges[k].place != 0 && two[1].place < LIMIT_PLACE) {
                expect_round(&out, two, 2, edges[i].size + edges[k].size + 1);
            }
        }
    }
    buf_release(&out);
}

static void random_occurrences_come_back(void **state)
{
    (void)state;
    struct position occurrences[300];
    struct buf out;
    buf_init(&out, 1 << 20);
    for (uint32_t round = 0; round < 3000; round++) {
        expect_round(&out, occurrences, draw_occurrences(occurrences, 300), 0);
    }
    buf_release(&out);
}

static void a_full_buffer_is_told_once(void **state)
{
    (void)state;
    struct position one = {500, 1};
    struct buf out;
    buf_init(&out, 1);
    positions_encode(&one, 1, &out);
    assert_int_equal(buf_status(&out), AISLE_LIMIT);
    buf_release(&out);
}

static void damaged_entries_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        uint8_t bytes[8];
        const char *why;
    } bad[] = {
        {0, {0}, "nothing"},
        {1, {0x05}, "no end"},
        {1, {0x85}, "cut number"},
        {2, {0x85, 0xc5}, "cut number whose byte has the end's bit"},
        {2, {0x45, 0x45}, "two entries"},
        {2, {0x81, 0x40}, "one byte too many"},
        {3, {0xff, 0x81, 0x40}, "one byte more than 13 bits need"},
        {5, {0x05, 0x00, 0x00, 0x00, 0x40}, "a span of five"},
        {6, {0x80, 0x80, 0x80, 0x80, 0x80, 0x41}, "a number of six bytes"},
        {5, {0x80, 0x80, 0x80, 0x80, 0x48}, "the place 2^31"},
        {6, {0xff, 0xff, 0xff, 0xff, 0x07, 0x41}, "places that pass 2^31"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct position out[16];
        size_t count = 7;
        uint8_t *exact = test_malloc(bad[i].size + (bad[i].size == 0));
        memcpy(exact, bad[i].bytes, bad[i].size);
        if (positions_decode(bytes_of(exact, bad[i].size), out, &count) != AISLE_CORRUPT) {
            fail_msg("%s was not refused", bad[i].why);
        }
        test_free(exact);
    }
}

static const uint8_t *skip_slowly(const uint8_t *next, const uint8_t *end, uint32_t count)
{
    for (; count != 0 && next != NULL; count--) {
        next = positions_entry_end(next, end);
    }
    return next;
}

static void kernels_pass_over_entries_alike(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 400; round++) {
        struct positions_model model = draw_model(1 + draw_below(300), 1 + round % 20, round % 4 == 0);
        size_t from = draw_below((uint32_t)model.bytes.size);
        size_t size = draw_below((uint32_t)(model.bytes.size - from) + 1);
        uint8_t *exact = test_malloc(size + (size == 0)); /* reading past the end would be seen */
        memcpy(exact, model.bytes.data + from, size);
        for (uint32_t count = 0; count < model.count + 3; count++) {
            const uint8_t *expected = skip_slowly(exact, exact + size, count);
            assert_ptr_equal(positions_scan_plain(exact, exact + size, count), expected);
            assert_ptr_equal(positions_skip(exact, exact + size, count), expected);
            if (positions_scan_avx2() != NULL) {
                assert_ptr_equal(positions_scan_avx2()(exact, exact + size, count), expected);
            }
        }
        test_free(exact);
        release_model(&model);
    }
}

static void entries_are_counted_and_cut(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        struct positions_model model = draw_model(1 + draw_below(600), 1 + round % 20, false);
        struct bytes left = buf_bytes(&model.bytes);
        assert_true(positions_are(left, model.count));
        assert_false(positions_are(left, model.count - 1));
        assert_false(positions_are(left, model.count + 1));
        assert_false(positions_are(bytes_of(left.data, left.size - 1), model.count));
        for (uint32_t i = 0; i < model.count; i++) {
            assert_true(bytes_equal(positions_cut(&left), model_entry(&model, i)));
        }
        assert_int_equal(left.size, 0);
        release_model(&model);
    }
    assert_true(positions_are(bytes_of(NULL, 0), 0));
    assert_false(positions_are(bytes_of(NULL, 0), 1));
}

static void sums_of_places_past_the_limit_are_refused(void **state)
{
    (void)state;
    const uint8_t greatest[] = {0xff, 0xff, 0xff, 0xff, 0x47};
    const uint8_t behind[] = {0xff, 0xff, 0xff, 0xff, 0x07, 0x41};
    struct position out[sizeof behind];
    size_t count;
    assert_int_equal(positions_decode(bytes_of(greatest, sizeof greatest), out, &count), 0);
    assert_int_equal(out[0].place, LIMIT_PLACE - 1);
    assert_int_equal(positions_decode(bytes_of(behind, sizeof behind), out, &count), AISLE_CORRUPT);
    const uint8_t *next = greatest;
    assert_int_equal(positions_entry_check(&next, greatest + sizeof greatest), 0);
    assert_ptr_equal(next, greatest + sizeof greatest);
    next = behind;
    assert_int_equal(positions_entry_check(&next, behind + sizeof behind), AISLE_CORRUPT);
}

static void spans_past_the_limit_are_refused(void **state)
{
    (void)state;
    const uint8_t longest[] = {1, 0, 0, 0x40};
    const uint8_t longer[] = {1, 0, 0, 0, 0x40};
    struct position out[sizeof longer];
    size_t count;
    assert_int_equal(positions_decode(bytes_of(longest, sizeof longest), out, &count), 0);
    assert_int_equal(out[0].span, POSITIONS_SPAN_MAX);
    assert_int_equal(positions_decode(bytes_of(longer, sizeof longer), out, &count), AISLE_CORRUPT);
    const uint8_t *next = longer;
    assert_int_equal(positions_entry_check(&next, longer + sizeof longer), AISLE_CORRUPT);
}

static void counts_that_cannot_be_are_refused(void **state)
{
    (void)state;
    uint8_t byte = 0x41;
    struct buf out;
    buf_init(&out, 100);
    positions_encode(NULL, 0, &out);
    assert_int_equal(out.size, 0);
    assert_int_equal(buf_status(&out), 0);
    buf_release(&out);
    /* Nothing of so many is looked at. */
    assert_false(positions_are(bytes_of(&byte, SIZE_MAX / 2), (size_t)UINT32_MAX + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_take_as_many_bytes_as_they_need),
        cmocka_unit_test(random_occurrences_come_back),
        cmocka_unit_test(a_full_buffer_is_told_once),
        cmocka_unit_test(damaged_entries_are_refused),
        cmocka_unit_test(kernels_pass_over_entries_alike),
        cmocka_unit_test(entries_are_counted_and_cut),
        cmocka_unit_test(sums_of_places_past_the_limit_are_refused),
        cmocka_unit_test(spans_past_the_limit_are_refused),
        cmocka_unit_test(counts_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
