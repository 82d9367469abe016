/*
 * test_base_utf8.c - strict UTF-8: the borders of every form, and agreement with a check made of ranges.
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool valid(const char *text, size_t *bad_position)
{
    return utf8_valid(bytes_of_string(text), bad_position);
}

static void first_and_last_of_each_length_are_valid(void **state)
{
    (void)state;
    assert_true(utf8_valid(bytes_of("\0", 1), NULL));
    assert_true(valid("\x7f", NULL));
    assert_true(valid("\xc2\x80\xdf\xbf", NULL));
    assert_true(valid("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", NULL));
    assert_true(valid("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", NULL));
    assert_true(utf8_valid(bytes_of(NULL, 0), NULL));
}

static void overlongs_surrogates_and_too_large_are_invalid(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80", "\xfe",
        "\xff", "\xc2", "\xe1\x80", "\xf1\x80\x80", "\xc2\x41", "\xe1\x80\x41", "\xf1\x80\x80\x41", "\xe1\x41\x80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t point;
        const uint8_t *p = (const uint8_t *)bad[i];
        assert_false(valid(bad[i], NULL));
        assert_int_equal(utf8_decode(p, p + strlen(bad[i]), &point), 0);
    }
}

static void position_of_first_bad_character_is_told(void **state)
{
    (void)state;
    char text[64];
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'x', sizeof text);
        text[at] = (char)0xe1;
        size_t bad_position = 99;
        assert_false(utf8_valid(bytes_of(text, sizeof text), &bad_position));
        assert_int_equal(bad_position, at);
    }
    size_t bad_position = 99;
    assert_false(valid("h\xc3\xa9llo w\xc3\xb6rld \xe2\x82", &bad_position));
    assert_int_equal(bad_position, 14);
}

static void every_scalar_value_survives_a_round_trip(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        uint8_t bytes[UTF8_BYTES_MAX];
        size_t size = utf8_encode(bytes, point);
        uint32_t back = 0;
        if (point >= 0xd800 && point <= 0xdfff) {
            assert_int_equal(utf8_decode(bytes, bytes + size, &back), 0);
            continue;
        }
        if (utf8_decode(bytes, bytes + size, &back) != size || back != point) {
            fail_msg("U+%04X does not survive", point);
        }
        if (size > 1 && utf8_decode(bytes, bytes + size - 1, &back) != 0) {
            fail_msg("U+%04X cut short is accepted", point);
        }
    }
}

/* Unicode's table of well-formed sequences, written as ranges of the second byte. */
static size_t length_by_table(const uint8_t *p, size_t left)
{
    uint8_t lead = p[0];
    size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (size < 2) {
        return size;
    }
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (left < size || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }
    return size;
}

static void random_bytes_agree_with_the_table_of_ranges(void **state)
{
    (void)state;
    static const uint8_t likely[] = {0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf,
                                     0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff};
    uint64_t seed = 20240611;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < 200000; round++) {
        uint8_t text[12];
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1;
            text[i] = likely[(seed >> 33) % sizeof likely];
        }
        size_t at = 0;
        size_t size = 1;
        while (at < sizeof text && size != 0) {
            size = length_by_table(text + at, sizeof text - at);
            at += size;
        }
        size_t bad_position = sizeof text;
        bool ok = utf8_valid(bytes_of(text, sizeof text), &bad_position);
        assert_int_equal(ok, at == sizeof text && size != 0);
        assert_int_equal(bad_position, at);
    }
}

static void cut_ends_with_a_whole_character(void **state)
{
    (void)state;
    struct bytes text = bytes_of_string("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t max = 0; max < sizeof expected / sizeof expected[0]; max++) {
        assert_int_equal(utf8_cut(text, max).size, expected[max]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_and_last_of_each_length_are_valid),
        cmocka_unit_test(overlongs_surrogates_and_too_large_are_invalid),
        cmocka_unit_test(position_of_first_bad_character_is_told),
        cmocka_unit_test(every_scalar_value_survives_a_round_trip),
        cmocka_unit_test(random_bytes_agree_with_the_table_of_ranges),
        cmocka_unit_test(cut_ends_with_a_whole_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
