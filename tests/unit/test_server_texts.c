/*
 * test_server_texts.c - the server's small readers: products' members, arguments, addresses, queries of dialect 2.
 */
#include "server/address.h"
#include "server/arguments.h"
#include "server/ft.h"
#include "server/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char product[] =
    " {\"id\" : \"A\\\"1\" , \"tags\":[\"x\",{\"id\":2}],\"p\":1.50,\"t\":\"\\u00e9\\n\\ud83d\\ude00\"}";

static void members_are_found_at_the_top_only(void **state)
{
    (void)state;
    struct bytes value;
    assert_true(product_find(bytes_of_string(product), bytes_of_string("p"), &value));
    assert_true(bytes_equal(value, bytes_of_string("1.50")));
    assert_true(product_find(bytes_of_string(product), bytes_of_string("id"), &value));
    assert_true(bytes_equal(value, bytes_of_string("\"A\\\"1\"")));
    assert_false(product_find(bytes_of_string(product), bytes_of_string("x"), &value));
}

static void cutting_keeps_the_order_asked_for(void **state)
{
    (void)state;
    const struct bytes names[] = {bytes_of_string("p"), bytes_of_string("none"), bytes_of_string("tags")};
    struct buf out;
    buf_init(&out, 1000);
    product_cut(bytes_of_string(product), names, 3, &out);
    assert_true(bytes_equal(buf_bytes(&out), bytes_of_string("{\"p\":1.50,\"tags\":[\"x\",{\"id\":2}]}")));
    buf_clear(&out);
    struct bytes value;
    assert_true(product_find(bytes_of_string(product), bytes_of_string("t"), &value));
    product_plain(value, &out);
    assert_true(bytes_equal(buf_bytes(&out), bytes_of_string("\xc3\xa9\n\xf0\x9f\x98\x80")));
    buf_release(&out);
}

static void any_bytes_are_read_within_their_bounds(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof product; size++) {
        uint8_t *copy = malloc(size + 1);
        struct buf out;
        struct bytes value;
        memcpy(copy, product, size);
        buf_init(&out, 4096);
        (void)product_find(bytes_of(copy, size), bytes_of_string("none"), &value);
        if (product_find(bytes_of(copy, size), bytes_of_string("t"), &value)) {
            product_plain(value, &out);
        }
        buf_release(&out);
        free(copy);
    }
}

static void addresses_of_all_kinds(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool local;
        const char *shown;
    } good[] = {{"127.0.0.1:7707", true, "127.0.0.1:7707"}, {"localhost:1", true, "127.0.0.1:1"},
                {":7707", false, "0.0.0.0:7707"},           {"10.0.0.1:65535", false, "10.0.0.1:65535"},
                {"[::1]:7707", true, "[::1]:7707"},         {"[::]:0", false, "[::]:0"},
                {"unix:/run/a", true, "unix:/run/a"}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct address address;
        char text[ADDRESS_TEXT_BYTES];
        assert_int_equal(address_parse(good[i].text, &address, NULL), 0);
        assert_int_equal(address_is_local(&address), good[i].local);
        address_text(&address, text);
        assert_string_equal(text, good[i].shown);
    }
    const char *bad[] = {"", "7707", "a:1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:1x", "[::1]", "[::1:7", "unix:",
                         "[zz]:1", "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20:1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct address address;
        assert_int_equal(address_parse(bad[i], &address, NULL), AISLE_INVALID);
    }
}

static void numbers_have_bounds(void **state)
{
    (void)state;
    uint64_t number;
    assert_true(arguments_parse_number(bytes_of_string("10"), 10, &number));
    assert_false(arguments_parse_number(bytes_of_string("11"), 10, &number));
    assert_false(arguments_parse_number(bytes_of_string(""), 10, &number));
    assert_false(arguments_parse_number(bytes_of_string("-1"), 10, &number));
    assert_false(arguments_parse_number(bytes_of_string("99999999999999999999"), UINT64_MAX, &number));
}

static void expect_query(const char *theirs, const char *text, const char *filter)
{
    struct ft_query query;
    aisle_error error = {0};
    ft_query_init(&query, NULL, 0);
    int status = ft_query_parse(&query, bytes_of_string(theirs), &error);
    assert_int_equal(status, 0);
    assert_true(bytes_equal(buf_bytes(&query.text), bytes_of_string(text)));
    assert_true(bytes_equal(buf_bytes(&query.filter), bytes_of_string(filter)));
    ft_query_release(&query);
}

static void queries_of_dialect_2_become_text_and_filter(void **state)
{
    (void)state;
    expect_query("*", "", "");
    expect_query("red shoes", "red shoes", "");
    expect_query("red|blue", "red OR blue", "");
    expect_query("(red|blue) -green sho*", "red OR blue -green sho*", "");
    expect_query("@title:(a b) c", "title:a title:b c", "");
    expect_query("OR t\\-shirt", "\"OR\" \"t-shirt\"", "");
    expect_query("@brand:{Acme | B\\-C}", "", "(brand IN [$v0, $v1])");
    expect_query("x -@price:[(1 +inf]", "x ", "NOT (price > $v0)");
    expect_query("@price:[5]", "", "(price >= $v0 AND price <= $v1)");
    expect_query("@price:[-inf inf]", "", "(price EXISTS)");
    expect_query("@a>=1 @b!=2", "", "(a >= $v0) AND (b != $v1)");
}

static void any_query_is_read_or_refused(void **state)
{
    (void)state;
    static const char pieces[] = "@a:{}[]()|-\"'*%~$=> \\1b";
    srand(7);
    for (unsigned i = 0; i < 200000; i++) {
        size_t size = (size_t)rand() % 24;
        char *text = malloc(size + 1);
        struct ft_query query;
        aisle_error error = {0};
        for (size_t k = 0; k < size; k++) {
            text[k] = pieces[(size_t)rand() % (sizeof pieces - 1)];
        }
        ft_query_init(&query, NULL, 0);
        int status = ft_query_parse(&query, bytes_of(text, size), &error);
        assert_true(status == 0 || (status == error.code && error.message[0] != '\0'));
        ft_query_release(&query);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_at_the_top_only),
        cmocka_unit_test(cutting_keeps_the_order_asked_for),
        cmocka_unit_test(any_bytes_are_read_within_their_bounds),
        cmocka_unit_test(addresses_of_all_kinds),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(queries_of_dialect_2_become_text_and_filter),
        cmocka_unit_test(any_query_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
