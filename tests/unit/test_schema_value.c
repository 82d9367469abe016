/*
 * test_schema_value.c - numbers are exact, dates are real days, and both come back from their text.
 */
#include "schema/value.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static uint64_t random_state = 99;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void scales(const char *number, unsigned scale, enum value_fault fault, int64_t expected)
{
    int64_t found = 0;
    enum value_fault result = value_scaled(bytes_of_string(number), scale, &found);
    if (result != fault || (fault == VALUE_OK && found != expected)) {
        fail_msg("%s at scale %u: fault %d, %lld", number, scale, (int)result, (long long)found);
    }
}

static void decimals_are_scaled_exactly(void **state)
{
    (void)state;
    scales("9.99", 2, VALUE_OK, 999);
    scales("-9.99", 2, VALUE_OK, -999);
    scales("0.1", 2, VALUE_OK, 10);
    scales("0.10000", 2, VALUE_OK, 10);
    scales("0.105", 2, VALUE_TOO_FINE, 0);
    scales("0.001", 2, VALUE_TOO_FINE, 0);
    scales("1000.0", 0, VALUE_OK, 1000);
    scales("5.5", 0, VALUE_TOO_FINE, 0);
    scales("1e3", 0, VALUE_OK, 1000);
    scales("1.25E2", 0, VALUE_OK, 125);
    scales("1.255E2", 0, VALUE_TOO_FINE, 0);
    scales("12500e-2", 0, VALUE_OK, 125);
    scales("12500e-3", 0, VALUE_TOO_FINE, 0);
    scales("1e-9", 9, VALUE_OK, 1);
    scales("0", 9, VALUE_OK, 0);
    scales("-0", 2, VALUE_OK, 0);
    scales("0.000", 0, VALUE_OK, 0);
    scales("0e999999999999999999999", 0, VALUE_OK, 0);
    scales("1e999999999999999999999", 0, VALUE_TOO_LARGE, 0);
    scales("1e-999999999999999999999", 0, VALUE_TOO_FINE, 0);
    scales("100000000000000000000000000000e-28", 0, VALUE_OK, 10);
    scales("10.00000000000000000000000000000000000", 2, VALUE_OK, 1000);
    scales("1.0000000000000000000000000000000000001", 2, VALUE_TOO_FINE, 0);
    scales("0.00000000000000000000000000000000000000001e41", 0, VALUE_OK, 1);
}

static void integers_reach_to_the_ends_of_their_range(void **state)
{
    (void)state;
    scales("9223372036854775807", 0, VALUE_OK, INT64_MAX);
    scales("-9223372036854775807", 0, VALUE_OK, -INT64_MAX);
    scales("9223372036854775808", 0, VALUE_TOO_LARGE, 0);
    scales("-9223372036854775808", 0, VALUE_TOO_LARGE, 0);
    scales("92233720368547758.07", 2, VALUE_OK, INT64_MAX);
    scales("92233720368547758.08", 2, VALUE_TOO_LARGE, 0);
    scales("9999999999999999999", 0, VALUE_TOO_LARGE, 0);
    scales("10000000000000000000", 0, VALUE_TOO_LARGE, 0);
    scales("1000000000000000000", 0, VALUE_OK, 1000000000000000000);
    scales("100000000000000000000000001", 0, VALUE_TOO_LARGE, 0);
}

static void fraction_digits_are_counted_without_trailing_zeros(void **state)
{
    (void)state;
    assert_int_equal(value_fraction_digits(bytes_of_string("5.00")), 0);
    assert_int_equal(value_fraction_digits(bytes_of_string("1.25")), 2);
    assert_int_equal(value_fraction_digits(bytes_of_string("1e3")), 0);
    assert_int_equal(value_fraction_digits(bytes_of_string("1e-3")), 3);
    assert_int_equal(value_fraction_digits(bytes_of_string("1e-999999")), 1000);
}

static double double_of(const char *number)
{
    double value = 0;
    assert_true(value_double(bytes_of_string(number), &value));
    return value;
}

static void doubles_are_the_nearest_ones(void **state)
{
    (void)state;
    double value = 0;
    static const char *const numbers[] = {"0.1",
                                          "4.5",
                                          "-3.25e2",
                                          "1e22",
                                          "1e23",
                                          "123456789012345678",
                                          "5e-324",
                                          "1.7976931348623157e308",
                                          "2.2250738585072014e-308",
                                          "9007199254740993",
                                          "0.000001",
                                          "1e-400",
                                          "3.0000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_true(double_of(numbers[i]) == strtod(numbers[i], NULL));
    }
    assert_false(value_double(bytes_of_string("1e999"), &value));
    assert_false(value_double(bytes_of_string("-1e309"), &value));
    /* The byte behind ends the number, whatever the locale makes of it. */
    assert_true(value_double(bytes_of("123456789012345678,5]", 18), &value) && value == 123456789012345678.0);
}

static void random_doubles_come_back_from_their_text(void **state)
{
    (void)state;
    char text[VALUE_DOUBLE_BYTES];
    for (int i = 0; i < 30000; i++) {
        uint64_t bits = random_bits();
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            value_double_print(value, text);
            assert_true(double_of(text) == value);
            value = (double)(int64_t)(bits % 100000) / 100;
            value_double_print(value, text);
            assert_true(double_of(text) == value);
            assert_true(strlen(text) <= 7);
        }
    }
    value_double_print(0.1, text);
    assert_string_equal(text, "0.1");
    value_double_print(1e22, text);
    assert_string_equal(text, "1e+22");
    value_double_print(0.1 + 0.2, text);
    assert_string_equal(text, "0.30000000000000004");
    value_double_print(3, text);
    assert_string_equal(text, "3");
}

static void the_locale_changes_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "fr_FR.utf8"};
    char text[VALUE_DOUBLE_BYTES];
    bool set = false;
    for (size_t i = 0; i < 4 && !set; i++) {
        set = setlocale(LC_NUMERIC, names[i]) != NULL;
    }
    value_double_print(-12.5, text);
    assert_string_equal(text, "-12.5");
    assert_true(double_of("0.12345678901234567890") == 0.12345678901234567890);
    setlocale(LC_NUMERIC, "C");
    if (!set) {
        print_message("no locale with a decimal comma is installed\n");
    }
}

static void dates_are(const char *text, int64_t expected_ms)
{
    int64_t ms = 0;
    if (!value_date(bytes_of_string(text), &ms) || ms != expected_ms) {
        fail_msg("%s: %lld", text, (long long)ms);
    }
}

static void dates_are_read_in_utc(void **state)
{
    (void)state;
    dates_are("1970-01-01", 0);
    dates_are("1969-12-31", -86400000);
    dates_are("2026-11-23", INT64_C(1795392000000));
    dates_are("2026-11-23T10:00:00", INT64_C(1795428000000));
    dates_are("2026-11-23T10:00:00Z", INT64_C(1795428000000));
    dates_are("2026-11-23T10:00:00.5Z", INT64_C(1795428000500));
    dates_are("2026-11-23T10:00:00.123456789Z", INT64_C(1795428000123));
    dates_are("2026-11-23T10:00:00+01:30", INT64_C(1795422600000));
    dates_are("2026-11-23T10:00:00.25-01:30", INT64_C(1795433400250));
    dates_are("0001-01-01", INT64_C(-62135596800000));
    dates_are("9999-12-31T23:59:59.999Z", INT64_C(253402300799999));
    dates_are("2000-02-29", INT64_C(951782400000));
    dates_are("2024-02-29T00:00:00Z", INT64_C(1709164800000));
    dates_are("1969-12-31T23:59:59.5Z", -500);
}

static void days_that_do_not_exist_are_no_dates(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026",
        "2026-11",
        "2026-11-2",
        "2026-11-233",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-01-32",
        "2026-02-29",
        "1900-02-29",
        "2026-04-31",
        "0000-01-01",
        "10000-01-01",
        "-2026-01-01",
        "2026/11/23",
        "26-11-23",
        "2026-11-23T",
        "2026-11-23T10",
        "2026-11-23T10:00",
        "2026-11-23T24:00:00",
        "2026-11-23T10:60:00",
        "2026-11-23T10:00:60",
        "2026-11-23 10:00:00",
        "2026-11-23T10:00:00z",
        "2026-11-23T10:00:00.",
        "2026-11-23T10:00:00.Z",
        "2026-11-23T10:00:00.1234567890",
        "2026-11-23T10:00:00+01",
        "2026-11-23T10:00:00+0100",
        "2026-11-23T10:00:00+24:00",
        "2026-11-23T10:00:00+01:60",
        "2026-11-23T10:00:00ZZ",
        "2026-11-23Z",
        " 2026-11-23",
        "2026-11-23 ",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2026-1a-23",
    };
    int64_t ms = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (value_date(bytes_of_string(texts[i]), &ms)) {
            fail_msg("%s is accepted", texts[i]);
        }
    }
    assert_true(value_date_of_seconds(1795428000, &ms) && ms == INT64_C(1795428000000));
    assert_true(value_date_of_seconds(INT64_C(-62135596800), &ms));
    assert_true(value_date_of_seconds(INT64_C(253402300799), &ms));
    assert_false(value_date_of_seconds(INT64_C(-62135596801), &ms));
    assert_false(value_date_of_seconds(INT64_C(253402300800), &ms));
}

static void every_day_agrees_with_the_system_and_comes_back(void **state)
{
    (void)state;
    char text[VALUE_DATE_BYTES];
    char expected[64];
    for (int64_t day = -719162; day <= 2932896; day += day % 3 == 0 ? 7 : 40) {
        int64_t ms = day * INT64_C(86400000) + (int64_t)(random_bits() % 86400000);
        time_t seconds = (time_t)((ms - (ms % 1000 + 1000) % 1000) / 1000);
        struct tm parts;
        int64_t back = 0;
        assert_non_null(gmtime_r(&seconds, &parts));
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
                 parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
        assert_true(value_date_print(ms, text));
        assert_memory_equal(text, expected, strlen(expected));
        assert_true(value_date(bytes_of_string(text), &back));
        assert_int_equal(back, ms);
    }
    assert_true(value_date_print(0, text));
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    assert_true(value_date_print(-1, text));
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    assert_false(value_date_print(INT64_C(253402300800000), text));
    assert_false(value_date_print(INT64_C(-62135596800001), text));
    assert_false(value_date_print(INT64_MIN, text));
}

static void zero_and_the_largest_double_are_exact(void **state)
{
    (void)state;
    char text[VALUE_DOUBLE_BYTES];
    assert_true(double_of("-0.00e5") == 0.0);
    assert_int_equal(value_fraction_digits(bytes_of_string("0.00")), 0);
    value_double_print(DBL_MAX, text); /* in 15 digits it is no double any longer */
    assert_string_equal(text, "1.7976931348623157e+308");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_scaled_exactly),
        cmocka_unit_test(integers_reach_to_the_ends_of_their_range),
        cmocka_unit_test(fraction_digits_are_counted_without_trailing_zeros),
        cmocka_unit_test(doubles_are_the_nearest_ones),
        cmocka_unit_test(random_doubles_come_back_from_their_text),
        cmocka_unit_test(the_locale_changes_nothing),
        cmocka_unit_test(dates_are_read_in_utc),
        cmocka_unit_test(days_that_do_not_exist_are_no_dates),
        cmocka_unit_test(every_day_agrees_with_the_system_and_comes_back),
        cmocka_unit_test(zero_and_the_largest_double_are_exact),
    };
    print_message("seed 99\n");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
