/*
 * test_indexer_sequence.c - orders of changes, moments and decimals as databases write them.
 */
#include "indexer/decimal.h"
#include "indexer/sequence.h"
#include "indexer/times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void sequences_are_compared_number_by_number(void **state)
{
    (void)state;
    static const char *const ascending[] = {"0/1F/3", "0/1F/12", "0/0020/0", "1/0/0"};
    for (size_t i = 1; i < sizeof ascending / sizeof *ascending; i++) {
        assert_true(sequence_compare(ascending[i - 1], ascending[i]) < 0);
    }
    assert_true(sequence_compare("9", "10") < 0);
    assert_true(sequence_compare("F", "1F") < 0);
    assert_true(sequence_compare("0/1f", "00/1F") == 0);
    assert_true(sequence_compare("mysql-bin.000003/4711/0", "mysql-bin.000003/12000/0") < 0);
    assert_true(sequence_compare("5", "5/0") < 0);
    assert_true(sequence_compare("", "0") < 0);
}

static void repeats_in_any_order_are_told(void **state)
{
    (void)state;
    struct sequence sequence = {.repeats = 0};
    assert_true(sequence_take(&sequence, "0/10/0"));
    assert_true(sequence_take(&sequence, "0/10/1"));
    assert_false(sequence_take(&sequence, "0/10/1"));
    assert_false(sequence_take(&sequence, "0/F/9"));
    assert_true(sequence_take(&sequence, ""));
    assert_true(sequence_take(&sequence, "0/10/2"));
    assert_int_equal(sequence.repeats, 2);
    assert_string_equal(sequence.high, "0/10/2");
}

static void transaction_goes_on_where_a_commit_divided_it(void **state)
{
    (void)state;
    char seq[SEQUENCE_BYTES + 1];
    struct sequence sequence = {.repeats = 0};
    sequence_resume(&sequence, "0/10/7");
    sequence_next(&sequence, seq);
    assert_string_equal(seq, "0/10/8");
    sequence_begin(&sequence, bytes_of_string("0/20"));
    sequence_next(&sequence, seq);
    assert_string_equal(seq, "0/20/0");
    sequence_begin(&sequence, bytes_of_string("a base that is longer than anything that a database would write"));
    sequence_next(&sequence, seq);
    assert_string_equal(seq, "");
}

static void gaps_are_told_of_dense_streams_alone(void **state)
{
    (void)state;
    struct sequence dense = {.repeats = 0};
    struct sequence loose = {.repeats = 0};
    for (unsigned i = 1; i <= 500; i++) {
        char seq[16];
        snprintf(seq, sizeof seq, "%u", i > 250 ? i + 3 : i);
        assert_true(sequence_take(&dense, seq));
        snprintf(seq, sizeof seq, "%u", i * 7);
        assert_true(sequence_take(&loose, seq));
    }
    assert_int_equal(sequence_gaps(&dense), 3);
    assert_int_equal(sequence_gaps(&loose), 0);
}

static void moments_are_read_and_printed(void **state)
{
    (void)state;
    static const char *const texts[][2] = {{"1970-01-01", "1970-01-01T00:00:00Z"},
                                           {"2024-02-29 23:59:59.999+00", "2024-02-29T23:59:59.999Z"},
                                           {"2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"},
                                           {"2026-01-01T00:30:00-0130", "2026-01-01T02:00:00Z"},
                                           {"1969-12-31T23:59:59.001Z", "1969-12-31T23:59:59.001Z"},
                                           {"0001-01-01", "0001-01-01T00:00:00Z"},
                                           {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"}};
    static const char *const faults[] = {"", "2026", "2026-13-01", "2026-02-29", "2026-01-01T", "2026-01-01T25:00:00Z",
                                         "0000-01-01", "2026-01-01T00:00:00+1", "2026-01-01 00:00:00 BC", "infinity"};
    char text[TIMES_BYTES];
    int64_t ms;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_true(times_read(bytes_of_string(texts[i][0]), &ms));
        assert_true(times_print(ms, text));
        assert_string_equal(text, texts[i][1]);
    }
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        assert_false(times_read(bytes_of_string(faults[i]), &ms));
    }
    assert_false(times_print(INT64_MAX, text));
    assert_false(times_print(INT64_MIN, text));
}

static void base64_decimals_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *base64;
        int scale;
        const char *text;
    } cases[] = {{"A+c=", 2, "9.99"},  {"AA==", 2, "0"},     {"/w==", 0, "-1"},     {"/w==", 3, "-0.001"},
                 {"gA==", 0, "-128"},  {"AIA=", 0, "128"},   {"AQ==", -3, "1000"},  {"AfQ=", 2, "5.00"},
                 {"AP////////////8=", 4, "120892581961462917470.6175"}};
    char text[DECIMAL_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(decimal_of_base64(bytes_of_string(cases[i].base64), cases[i].scale, text));
        assert_string_equal(text, cases[i].text);
    }
    assert_false(decimal_of_base64(bytes_of_string(""), 2, text));
    assert_false(decimal_of_base64(bytes_of_string("a b"), 2, text));
    assert_false(decimal_of_base64(bytes_of_string("AA=="), 100, text));
}

static void products_of_decimals_are_exact(void **state)
{
    (void)state;
    static const char *const cases[][3] = {{"1999", "0.01", "19.99"},  {"-5", "0.1", "-0.5"},  {"0", "3", "0"},
                                           {"2.54", "10", "25.4"},     {"1e3", "0.5", "500"},  {"7", "1000", "7000"},
                                           {"0.1", "0.1", "0.01"},
                                           {"123456789012345678", "100", "12345678901234567800"}};
    char text[DECIMAL_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(decimal_multiply(bytes_of_string(cases[i][0]), bytes_of_string(cases[i][1]), text));
        assert_string_equal(text, cases[i][2]);
    }
    assert_false(decimal_multiply(bytes_of_string("x"), bytes_of_string("1"), text));
    assert_false(decimal_multiply(bytes_of_string("1234567890123456789"), bytes_of_string("1"), text));
    assert_false(decimal_multiply(bytes_of_string("1e99"), bytes_of_string("1"), text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_are_compared_number_by_number),
        cmocka_unit_test(repeats_in_any_order_are_told),
        cmocka_unit_test(transaction_goes_on_where_a_commit_divided_it),
        cmocka_unit_test(gaps_are_told_of_dense_streams_alone),
        cmocka_unit_test(moments_are_read_and_printed),
        cmocka_unit_test(base64_decimals_are_exact),
        cmocka_unit_test(products_of_decimals_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
