/*
 * test_server_protocol.c - requests out of bytes: whole, in pieces, as lines, wrong, too large.
 */
#include "base/alloc.h"
#include "server/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct parsed {
    int status;
    size_t consumed;
    char text[256]; /* the arguments, each in brackets */
    aisle_error error;
};

/* Parses input that arrives step bytes at a time. */
static struct parsed parse_in_steps(const char *input, size_t size, size_t step)
{
    struct protocol protocol;
    struct parsed parsed = {.status = AISLE_END};
    protocol_init(&protocol);
    for (size_t have = step < size ? step : size; parsed.status == AISLE_END; have += step) {
        have = have > size ? size : have;
        struct bytes bytes = bytes_of(input, have);
        parsed.status = protocol_parse(&protocol, bytes, &parsed.consumed, &parsed.error);
        for (uint32_t i = 0; parsed.status == 0 && i < protocol.count; i++) {
            struct bytes argument = protocol_argument(&protocol, bytes, i);
            size_t at = strlen(parsed.text);
            snprintf(parsed.text + at, sizeof parsed.text - at, "[%.*s]", (int)argument.size,
                     (const char *)argument.data);
        }
        if (have == size) {
            break;
        }
    }
    protocol_release(&protocol);
    return parsed;
}

static void expect(const char *input, int status, const char *text)
{
    size_t size = strlen(input);
    for (size_t step = 1; step <= size; step++) {
        struct parsed parsed = parse_in_steps(input, size, step);
        assert_int_equal(parsed.status, status);
        if (status < 0) {
            assert_non_null(strstr(parsed.error.message, text));
        } else {
            assert_string_equal(parsed.text, text);
        }
    }
}

static void arrays_are_read_however_they_arrive(void **state)
{
    (void)state;
    expect("*1\r\n$4\r\nPING\r\n", 0, "[PING]");
    expect("*3\r\n$3\r\nGET\r\n$0\r\n\r\n$5\r\na\r\nbc\r\n", 0, "[GET][][a\r\nbc]");
    expect("*0\r\n", 0, "");
    expect("*-1\r\n", 0, "");
    expect("*2\r\n$4\r\nPING\r\n", AISLE_END, "");
    expect("*2\r\n$4\r\nPING\r\n$3\r\nab", AISLE_END, "");
}

static void consumed_ends_at_the_next_request(void **state)
{
    (void)state;
    const char *input = "*1\r\n$4\r\nPING\r\nECHO 'a b'\n";
    struct protocol protocol;
    size_t consumed;
    protocol_init(&protocol);
    assert_int_equal(protocol_parse(&protocol, bytes_of_string(input), &consumed, NULL), 0);
    assert_int_equal(consumed, 14);
    protocol_next(&protocol);
    struct bytes rest = bytes_of_string(input + consumed);
    assert_int_equal(protocol_parse(&protocol, rest, &consumed, NULL), 0);
    assert_int_equal(consumed, rest.size);
    assert_int_equal(protocol.count, 2);
    assert_true(bytes_equal(protocol_argument(&protocol, rest, 1), bytes_of_string("a b")));
    protocol_release(&protocol);
}

static void lines_have_quotes_and_escapes(void **state)
{
    (void)state;
    expect("PING\r\n", 0, "[PING]");
    expect("  search  shop \t\"red \\\"shoes\\\" \\x41\\n\" 'a\\n'\n", 0, "[search][shop][red \"shoes\" A\n][a\\n]");
    expect("\r\n", 0, "");
    expect("a \"\"\n", 0, "[a][]");
    expect("PING", AISLE_END, "");
    expect("a \"b\n", AISLE_INVALID, "unbalanced quotes");
    expect("a \"b\"c\n", AISLE_INVALID, "unbalanced quotes");
}

static void http_is_refused(void **state)
{
    (void)state;
    expect("POST / HTTP/1.1\r\n", AISLE_INVALID, "not an HTTP server");
    expect("Host: localhost\r\n", AISLE_INVALID, "not an HTTP server");
}

static void what_is_no_request_is_named(void **state)
{
    (void)state;
    expect("*x\r\n", AISLE_INVALID, "count of arguments");
    expect("*1\n", AISLE_INVALID, "count of arguments");
    expect("*1\r\n:5\r\n", AISLE_INVALID, "expected '$' before argument 1");
    expect("*1\r\n$-5\r\n", AISLE_INVALID, "negative size");
    expect("*1\r\n$1x\r\n", AISLE_INVALID, "size of an argument");
    expect("*2\r\n$1\r\na\r\n$1\r\nabc", AISLE_INVALID, "argument 2 does not end");
    expect("*00000000000000000000000000000000000001\r\n", AISLE_INVALID, "count of arguments");
    expect("*99999999999999999999\r\n", AISLE_INVALID, "count of arguments");
}

static void limits_hold_on_both_sides(void **state)
{
    (void)state;
    expect("*32769\r\n", AISLE_LIMIT, "32768 arguments");
    expect("*32768\r\n", AISLE_END, "");
    expect("*1\r\n$4194304\r\n", AISLE_LIMIT, "4194304 bytes");
    expect("*1\r\n$4194288\r\n", AISLE_END, "");
    struct protocol protocol;
    size_t consumed;
    aisle_error error;
    protocol_init(&protocol);
    protocol_limit(&protocol, 2, 32);
    assert_int_equal(protocol_parse(&protocol, bytes_of_string("*3\r\n"), &consumed, &error), AISLE_LIMIT);
    protocol_next(&protocol);
    assert_int_equal(protocol_parse(&protocol, bytes_of_string("*1\r\n$25\r\n"), &consumed, &error), AISLE_LIMIT);
    protocol_next(&protocol);
    assert_int_equal(protocol_parse(&protocol, bytes_of_string("a b c\n"), &consumed, &error), AISLE_LIMIT);
    protocol_release(&protocol);
}

static void an_endless_line_ends_at_its_limit(void **state)
{
    (void)state;
    static char line[LIMIT_SERVER_INLINE_BYTES + 1];
    memset(line, 'a', sizeof line);
    struct parsed parsed = parse_in_steps(line, LIMIT_SERVER_INLINE_BYTES - 1, 1000);
    assert_int_equal(parsed.status, AISLE_END);
    parsed = parse_in_steps(line, LIMIT_SERVER_INLINE_BYTES, 1000);
    assert_int_equal(parsed.status, AISLE_LIMIT);
}

static void memory_that_fails_is_a_status(void **state)
{
    (void)state;
    struct protocol protocol;
    size_t consumed;
    protocol_init(&protocol);
    alloc_fail_at(1, 0);
    assert_int_equal(protocol_parse(&protocol, bytes_of_string("*1\r\n$1\r\na\r\n"), &consumed, NULL),
                     AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    protocol_release(&protocol);
    alloc_fail_at(1, 0);
    assert_int_equal(protocol_parse(&protocol, bytes_of_string("PING\n"), &consumed, NULL), AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    protocol_release(&protocol);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_read_however_they_arrive),
        cmocka_unit_test(consumed_ends_at_the_next_request),
        cmocka_unit_test(lines_have_quotes_and_escapes),
        cmocka_unit_test(http_is_refused),
        cmocka_unit_test(what_is_no_request_is_named),
        cmocka_unit_test(limits_hold_on_both_sides),
        cmocka_unit_test(an_endless_line_ends_at_its_limit),
        cmocka_unit_test(memory_that_fails_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
