/*
 * test_server_reply.c - answers in both versions of the protocol.
 */
#include "server/reply.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct buf out;

static void expect(const char *text)
{
    assert_true(bytes_equal(buf_bytes(&out), bytes_of_string(text)));
    buf_clear(&out);
}

static int make(void **state)
{
    (void)state;
    buf_init(&out, 1u << 16);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

static void both_versions_share_the_plain_kinds(void **state)
{
    (void)state;
    for (int version = 2; version <= 3; version++) {
        const struct reply reply = {&out, version};
        reply_simple(&reply, "OK");
        expect("+OK\r\n");
        reply_error(&reply, "ERR", "a\r\nb");
        expect("-ERR a  b\r\n");
        reply_integer(&reply, INT64_MIN);
        expect(":-9223372036854775808\r\n");
        reply_unsigned(&reply, UINT64_MAX);
        expect(":9223372036854775807\r\n");
        reply_bulk(&reply, bytes_of("a\r\n", 3));
        expect("$3\r\na\r\n\r\n");
        reply_array(&reply, 0);
        expect("*0\r\n");
    }
}

static void version_2_flattens(void **state)
{
    (void)state;
    const struct reply reply = {&out, 2};
    reply_map(&reply, 2);
    reply_set(&reply, 1);
    reply_bool(&reply, true);
    reply_null(&reply);
    reply_double(&reply, 1.5);
    expect("*4\r\n*1\r\n:1\r\n$-1\r\n$3\r\n1.5\r\n");
}

static void version_3_has_kinds_of_its_own(void **state)
{
    (void)state;
    const struct reply reply = {&out, 3};
    reply_map(&reply, 2);
    reply_set(&reply, 1);
    reply_bool(&reply, false);
    reply_null(&reply);
    reply_double(&reply, -INFINITY);
    expect("%2\r\n~1\r\n#f\r\n_\r\n,-inf\r\n");
}

static void doubles_are_as_short_as_reads_back(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } cases[] = {{1, "1"}, {0.1, "0.1"}, {0.1 + 0.2, "0.30000000000000004"}, {1e300, "1e+300"}, {NAN, "nan"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[REPLY_DOUBLE_BYTES];
        assert_int_equal(reply_double_text(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

/* What the text of a score must be: the fewest digits from 15 on that read back. */
static void expect_shortest(double value)
{
    char text[REPLY_DOUBLE_BYTES];
    char wanted[REPLY_DOUBLE_BYTES];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(wanted, sizeof wanted, "%.*g", digits, value);
        if (strtod(wanted, NULL) <= value && strtod(wanted, NULL) >= value) {
            break;
        }
    }
    assert_int_equal(reply_double_text(value, text), strlen(wanted));
    assert_string_equal(text, wanted);
}

static void texts_of_scores_are_those_of_printing(void **state)
{
    (void)state;
    const double grid = 1.0 / 262144;
    uint64_t seed = 1;
    for (uint64_t i = 0; i < 20000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint64_t bits = seed >> 15; /* 49 */
        expect_shortest((double)(bits >> seed % 49) * grid);
        expect_shortest((double)i * grid);
        expect_shortest((double)(262144 + i) * grid);
        expect_shortest((double)bits / 3);
    }
    for (double value = 1; value < 1e20; value *= 10) {
        expect_shortest(value);
        expect_shortest(value - grid);
        expect_shortest(value + grid);
        expect_shortest(-value);
    }
    for (double value = 1; value < 1e10; value *= 2) {
        expect_shortest(value);
        expect_shortest(value - grid);
        expect_shortest(value + grid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_share_the_plain_kinds),
        cmocka_unit_test(version_2_flattens),
        cmocka_unit_test(version_3_has_kinds_of_its_own),
        cmocka_unit_test(doubles_are_as_short_as_reads_back),
        cmocka_unit_test(texts_of_scores_are_those_of_printing),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
