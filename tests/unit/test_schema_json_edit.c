/*
 * test_schema_json_edit.c - overlays keep every byte they need not touch; strings and names are written safely.
 */
#include "base/alloc.h"
#include "schema/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct json_overlay_field put(const char *key, const char *value)
{
    return (struct json_overlay_field){.key = bytes_of_string(key), .value_json = bytes_of_string(value)};
}

static struct json_overlay_field drop(const char *key)
{
    return (struct json_overlay_field){.key = bytes_of_string(key), .remove = true};
}

static void overlay(const char *object, const struct json_overlay_field *fields, size_t count, const char *expected)
{
    struct buf out;
    aisle_error error = {.message = ""};
    buf_init(&out, 1u << 16);
    buf_put_string(&out, "before");
    if (json_overlay(bytes_of_string(object), fields, count, &out, &error) != 0) {
        fail_msg("%s: %s", object, error.message);
    }
    assert_memory_equal(out.data, "before", 6);
    buf_put_u8(&out, 0);
    assert_string_equal((const char *)out.data + 6, expected);
    buf_release(&out);
}

#define OVERLAY(object, expected, ...)                                                                                 \
    do {                                                                                                               \
        const struct json_overlay_field fields_[] = {__VA_ARGS__};                                                     \
        overlay(object, fields_, sizeof fields_ / sizeof fields_[0], expected);                                        \
    } while (0)

static void nothing_laid_over_changes_nothing(void **state)
{
    (void)state;
    overlay(" { \"a\" : 1 ,\n\"b\":[ 2 ] }\n", NULL, 0, " { \"a\" : 1 ,\n\"b\":[ 2 ] }\n");
    overlay("{}", NULL, 0, "{}");
}

static void values_are_replaced_in_place(void **state)
{
    (void)state;
    OVERLAY("{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"b\":9.99,\"c\":3}", put("b", "9.99"));
    OVERLAY("{ \"a\" : 1.0 , \"b\" : {\"x\": [1, 2]} }", "{ \"a\" : \"n\" , \"b\" : null }", put("b", "null"),
            put("a", "\"n\""));
    OVERLAY("{\"a\\u0062\":1}", "{\"a\\u0062\":2}", put("ab", "2"));
    OVERLAY("{\"a\":{\"b\":1},\"b\":2}", "{\"a\":{\"b\":1},\"b\":3}", put("b", "3"));
}

static void removed_members_go_with_their_comma(void **state)
{
    (void)state;
    OVERLAY("{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":2,\"c\":3}", drop("a"));
    OVERLAY("{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"c\":3}", drop("b"));
    OVERLAY("{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"b\":2}", drop("c"));
    OVERLAY("{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3}", drop("b"), drop("a"));
    OVERLAY("{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":2}", drop("a"), drop("c"));
    OVERLAY("{\"a\":1,\"b\":2}", "{}", drop("a"), drop("b"));
    OVERLAY("{ \"a\" : 1 , \"b\" : 2 }", "{ \"b\" : 2 }", drop("a"));
    OVERLAY("{ \"a\" : 1 , \"b\" : 2 }", "{ \"a\" : 1 }", drop("b"));
    OVERLAY("{\n  \"a\": 1,\n  \"b\": 2\n}", "{\n  \"b\": 2\n}", drop("a"));
    OVERLAY("{\"a\":1}", "{\"a\":1}", drop("x"));
    OVERLAY("{}", "{}", drop("x"));
}

static void new_members_come_last(void **state)
{
    (void)state;
    OVERLAY("{\"a\":1}", "{\"a\":1,\"z\":2,\"y\":3}", put("z", "2"), put("y", "3"));
    OVERLAY("{}", "{\"z\":2}", put("z", "2"));
    OVERLAY("{ }", "{\"z\":2 }", put("z", "2"));
    OVERLAY("{ \"a\": 1 }", "{ \"a\": 1,\"q\\\"\\n\":2 }", put("q\"\n", "2"));
    OVERLAY("{\"a\":1}", "{\"z\":2}", put("z", "2"), drop("a"));
    OVERLAY("{\"a\":1,\"b\":1}", "{\"b\":7,\"z\":2}", drop("a"), put("z", "2"), put("b", "7"));
}

static void what_is_no_object_is_refused_and_out_stays(void **state)
{
    (void)state;
    static const char *const texts[] = {"[1]", "", "{\"a\":1", "{\"a\":1,\"a\":2}", "3"};
    struct buf out;
    aisle_error error;
    struct json_overlay_field field = put("a", "1");
    buf_init(&out, 100);
    buf_put_u8(&out, 'x');
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(json_overlay(bytes_of_string(texts[i]), &field, 1, &out, &error), AISLE_BAD_PRODUCT);
        assert_int_equal(out.size, 1);
    }
    buf_release(&out);
    buf_init(&out, 8);
    buf_put_u8(&out, 'x');
    assert_int_equal(json_overlay(bytes_of_string("{\"a\":100}"), &field, 1, &out, &error), 0);
    buf_clear(&out);
    assert_int_equal(json_overlay(bytes_of_string("{\"abcdef\":100}"), &field, 1, &out, &error), AISLE_LIMIT);
    assert_int_equal(out.size, 0);
    buf_release(&out);
}

static void failing_allocations_are_a_status(void **state)
{
    (void)state;
    struct json_overlay_field field = put("a", "1");
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        struct buf out;
        buf_init(&out, 100);
        alloc_fail_at(n, 0);
        status = json_overlay(bytes_of_string("{\"a\":100}"), &field, 1, &out, NULL);
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        assert_int_equal(out.size == 0, status != 0);
        buf_release(&out);
        assert_true(n < 50);
    }
}

/* Random overlays against the plain rule: members in order, replaced or dropped, then the new ones. */
static void random_overlays_follow_the_rule(void **state)
{
    (void)state;
    uint64_t random = 42;
    print_message("seed %llu\n", (unsigned long long)random);
    for (int round = 0; round < 3000; round++) {
        char object[256] = "{";
        char expected[256] = "{";
        char values[8][8];
        char keys[8][4];
        struct json_overlay_field fields[8];
        size_t count = 0;
        for (unsigned k = 0; k < 8; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            unsigned dice = (unsigned)(random >> 40);
            bool present = dice & 1;
            unsigned action = dice >> 1 & 3; /* 0, 1: keep; 2: put; 3: drop */
            snprintf(keys[k], sizeof keys[k], "k%u", k);
            snprintf(values[k], sizeof values[k], "%u", dice >> 8 & 255);
            if (action >= 2) {
                fields[count++] = action == 2 ? put(keys[k], values[k]) : drop(keys[k]);
            }
            if (present) {
                snprintf(object + strlen(object), sizeof object - strlen(object), "%s\"k%u\":true",
                         strlen(object) > 1 ? "," : "", k);
                if (action != 3) {
                    snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s\"k%u\":%s",
                             strlen(expected) > 1 ? "," : "", k, action == 2 ? values[k] : "true");
                }
            }
        }
        strcat(object, "}");
        for (size_t i = 0; i < count; i++) {
            char quoted[8];
            snprintf(quoted, sizeof quoted, "\"%.2s\"", (const char *)fields[i].key.data);
            if (!fields[i].remove && strstr(object, quoted) == NULL) {
                snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s%s:%s",
                         strlen(expected) > 1 ? "," : "", quoted, (const char *)fields[i].value_json.data);
            }
        }
        strcat(expected, "}");
        overlay(object, fields, count, expected);
    }
}

static void strings_are_escaped_where_json_asks_for_it(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 100);
    json_put_string(&out, bytes_of_string("a\"b\\c\n\t\r\b\f\x01\x1f/\xc3\xa9\x7f"));
    buf_put_u8(&out, 0);
    assert_string_equal((const char *)out.data, "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u001f/\xc3\xa9\x7f\"");
    buf_clear(&out);
    json_put_string(&out, bytes_of(NULL, 0));
    assert_true(bytes_equal(buf_bytes(&out), bytes_of_string("\"\"")));
    buf_release(&out);
}

static void names_in_messages_are_cut_at_a_character(void **state)
{
    (void)state;
    char shown[JSON_SHOWN_BYTES];
    char text[JSON_SHOWN_BYTES + 8];
    assert_string_equal(json_show(bytes_of_string("a\nb\x7f"), shown), "a?b?");
    memset(text, 'x', sizeof text);
    assert_int_equal(strlen(json_show(bytes_of(text, JSON_SHOWN_BYTES - 4), shown)), JSON_SHOWN_BYTES - 4);
    memcpy(text + JSON_SHOWN_BYTES - 5, "\xc3\xa9", 2);
    json_show(bytes_of(text, sizeof text), shown);
    assert_int_equal(strlen(shown), JSON_SHOWN_BYTES - 5 + 3);
    assert_string_equal(shown + JSON_SHOWN_BYTES - 6, "x...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_laid_over_changes_nothing),
        cmocka_unit_test(values_are_replaced_in_place),
        cmocka_unit_test(removed_members_go_with_their_comma),
        cmocka_unit_test(new_members_come_last),
        cmocka_unit_test(what_is_no_object_is_refused_and_out_stays),
        cmocka_unit_test(failing_allocations_are_a_status),
        cmocka_unit_test(random_overlays_follow_the_rule),
        cmocka_unit_test(strings_are_escaped_where_json_asks_for_it),
        cmocka_unit_test(names_in_messages_are_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
