/*
 * test_base_number.c - numbers of options and settings, on both sides of what they may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/number.h"

static void expect(const char *text, bool units, uint64_t value)
{
    uint64_t number = 1;
    assert_true(number_parse(text, units, &number));
    assert_true(number == value);
}

static void refuse(const char *text, bool units)
{
    uint64_t number;
    assert_false(number_parse(text, units, &number));
}

static void digits_are_read_to_the_last_of_64_bits(void **state)
{
    (void)state;
    expect("0", false, 0);
    expect("007", false, 7);
    expect("18446744073709551615", false, UINT64_MAX);
    refuse("18446744073709551616", false);
    refuse("99999999999999999999", false);
    refuse("", false);
    refuse("-1", false);
    refuse("1 ", false);
    refuse("1.5", false);
}

static void units_are_powers_of_1024_where_they_are_allowed(void **state)
{
    (void)state;
    expect("1k", true, 1024);
    expect("3M", true, UINT64_C(3) << 20);
    expect("2g", true, UINT64_C(2) << 30);
    expect("16777215T", true, UINT64_C(16777215) << 40);
    refuse("16777216T", true);
    refuse("1K", false);
    refuse("1KB", true);
    refuse("1X", true);
    refuse("K", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_read_to_the_last_of_64_bits),
        cmocka_unit_test(units_are_powers_of_1024_where_they_are_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
