/*
 * test_server_reply.c - answers in both versions of the protocol.
 */
#include "server/reply.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_share_the_plain_kinds),
        cmocka_unit_test(version_2_flattens),
        cmocka_unit_test(version_3_has_kinds_of_its_own),
        cmocka_unit_test(doubles_are_as_short_as_reads_back),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
