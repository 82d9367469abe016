/*
 * test_schema_json.c - strictness of the JSON reader, on both sides of each rule, and the nodes it makes.
 */
#include "base/alloc.h"
#include "base/limits.h"
#include "schema/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct json *json;

static int set_up(void **state)
{
    (void)state;
    return json_new(&json);
}

static int tear_down(void **state)
{
    (void)state;
    json_free(json);
    return 0;
}

/* Parses a copy of exactly its size, so that a sanitizer sees a read past the end. */
static int parse(const void *data, size_t size, aisle_error *error)
{
    uint8_t *copy = mem_alloc(size);
    assert_non_null(copy);
    memcpy(copy, data, size);
    int status = json_parse(json, bytes_of(copy, size), error);
    mem_free(copy);
    return status;
}

static void accepts(const char *text)
{
    aisle_error error = {.message = ""};
    if (parse(text, strlen(text), &error) != 0) {
        fail_msg("%s: %s at %zu", text, error.message, error.position);
    }
}

static void refuses(const char *text, size_t position, const char *reason)
{
    aisle_error error = {.message = ""};
    size_t count = 1;
    if (parse(text, strlen(text), &error) != AISLE_BAD_PRODUCT || error.code != AISLE_BAD_PRODUCT) {
        fail_msg("%s is accepted", text);
    }
    if (error.position != position || strstr(error.message, reason) == NULL) {
        fail_msg("%s: \"%s\" at %zu, expected \"%s\" at %zu", text, error.message, error.position, reason, position);
    }
    json_nodes(json, &count);
    assert_int_equal(count, 0);
}

static void texts_of_the_rfc_are_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "12",
        "-1.5e+10",
        "1E2",
        "1e-2",
        "0.1",
        "\"\"",
        "\"abc\"",
        " 1 ",
        "\t\r\n[]\n",
        "[]",
        "{}",
        "[1]",
        "[[],{}]",
        "[1,2.0,\"x\",null,true,false]",
        "{\"\":0}",
        "{\"a\":{\"a\":{\"a\":1}}}",
        "{\"a\":1,\"b\":2}",
        "[{\"a\":1},{\"a\":1}]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
        "\"\\ud834\\udd1e\"",
        "\"\\uD834\\uDD1E\"",
        "\"\\u0001\"",
        "\"\x7f\"",
        "\"\xf0\x9f\x91\x9f\"",
        "\"\xed\x9f\xbf\"",
        "\"\\uffff\"",
        "\"\xef\xbb\xbf\"",
        "[1 , 2]",
        "{ \"a\" : 1 }",
        "123456789012345678901234567890",
        "1e99999",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        accepts(texts[i]);
    }
}

static void texts_that_are_not_json_are_refused_at_their_byte(void **state)
{
    (void)state;
    refuses("", 0, "empty");
    refuses(" ", 1, "too early");
    refuses("[", 1, "too early");
    refuses("{", 1, "too early");
    refuses("[1", 2, "too early");
    refuses("{\"a\":1", 6, "too early");
    refuses("{\"a\"", 4, "too early");
    refuses("\"abc", 4, "too early");
    refuses("\"abc\\", 5, "too early");
    refuses("[1,]", 3, "unallowed token");
    refuses("[,1]", 1, "unallowed token");
    refuses("[1,,2]", 3, "unallowed token");
    refuses("[1 2]", 3, "after array element");
    refuses("{\"a\":1,}", 7, "invalid object key");
    refuses("{,}", 1, "invalid object key");
    refuses("{a:1}", 1, "invalid char");
    refuses("{'a':1}", 1, "invalid char");
    refuses("{1:1}", 1, "invalid object key");
    refuses("{\"a\" 1}", 5, "separated by a colon");
    refuses("{\"a\":}", 5, "unallowed token");
    refuses("{\"a\":1 \"b\":2}", 7, "key and value");
    refuses("]", 0, "unallowed token");
    refuses("}", 0, "unallowed token");
    refuses("[1}", 2, "after array element");
    refuses("01", 1, "something follows");
    refuses("[01]", 2, "after array element");
    refuses("-", 1, "too early");
    refuses("[-]", 2, "minus");
    refuses("[+1]", 1, "invalid char");
    refuses("[1.]", 3, "decimal point");
    refuses("[.5]", 1, "invalid char");
    refuses("[1e]", 3, "exponent");
    refuses("[1e+]", 4, "exponent");
    refuses("[0x10]", 2, "invalid");
    refuses("[NaN]", 1, "invalid char");
    refuses("[Infinity]", 1, "invalid char");
    refuses("[-Infinity]", 2, "minus");
    refuses("nul", 3, "too early");
    refuses("[nulx]", 4, "invalid string");
    refuses("[True]", 1, "invalid char");
    refuses("[1]x", 3, "something follows");
    refuses("[1] \"abc", 4, "something follows");
    refuses("{} {}", 3, "something follows");
    refuses("1 2", 2, "something follows");
    refuses("[1] // no", 4, "something follows");
    refuses("[/* no */1]", 1, "comments");
    refuses("\xef\xbb\xbf[]", 0, "invalid char");
}

static void control_characters_and_bad_escapes_are_refused(void **state)
{
    (void)state;
    refuses("[\"a\nb\"]", 3, "invalid character");
    refuses("[\"a\tb\"]", 3, "invalid character");
    refuses("[\"\x1f\"]", 2, "invalid character");
    refuses("\f[]", 0, "control character");
    refuses("[1\v,\f2]", 2, "control character");
    refuses("[\f\v]", 1, "control character");
    refuses("[]\v", 2, "control character");
    refuses("[\"\\a\"]", 3, "before a character");
    refuses("[\"\\u12g4\"]", 6, "hex");
    refuses("[\"\\x41\"]", 3, "before a character");
    refuses("[\"ab\\u0000\"]", 4, "U+0000");
    refuses("{\"\\u0000\":1}", 2, "U+0000");
    aisle_error error;
    assert_int_equal(parse("[\"a\0b\"]", 7, &error), AISLE_BAD_PRODUCT);
    assert_int_equal(error.position, 3);
    assert_int_equal(parse("[1]\0", 4, &error), AISLE_BAD_PRODUCT);
    assert_int_equal(error.position, 3);
}

static void lone_surrogates_are_refused(void **state)
{
    (void)state;
    refuses("\"\\ud800\"", 1, "lone surrogate \\ud800");
    refuses("\"\\udbff x\"", 1, "lone surrogate");
    refuses("\"ab\\udc00\"", 3, "lone surrogate \\udc00");
    refuses("\"\\ud800\\ud800\"", 1, "lone surrogate");
    refuses("\"\\ud800\\u0041\"", 1, "lone surrogate");
    refuses("\"\\ud800\\\\udc00\"", 1, "lone surrogate");
    refuses("\"\\ud834\\udd1e\\udd1e\"", 13, "lone surrogate");
    refuses("{\"\\ud800\":1}", 2, "lone surrogate");
    accepts("\"\\\\ud800\"");
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
    (void)state;
    refuses("\"a\xff\"", 2, "not UTF-8");
    refuses("\"\xc0\x80\"", 1, "not UTF-8");
    refuses("\"\xed\xa0\x80\"", 1, "not UTF-8");
    refuses("\"\xf4\x90\x80\x80\"", 1, "not UTF-8");
    refuses("\"\xe2\x82\"", 1, "not UTF-8");
    refuses("{}\x80", 2, "not UTF-8");
    refuses("[\xc3\xa9]", 1, "invalid char");
}

static void a_key_stands_once_in_an_object(void **state)
{
    (void)state;
    refuses("{\"a\":1,\"b\":2,\"a\":3}", 13, "the key \"a\" stands twice");
    refuses("{\"a\":1,\"\\u0061\":3}", 7, "stands twice");
    refuses("{\"\":1,\"\":3}", 6, "stands twice");
    refuses("[{\"x\":{\"k\":1,\"k\":1}}]", 13, "the key \"k\"");
    accepts("{\"a\":{\"a\":1},\"b\":{\"a\":1}}");
}

static void nesting_and_values_are_bounded(void **state)
{
    (void)state;
    char text[256];
    for (unsigned depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        if (depth == LIMIT_JSON_DEPTH) {
            accepts(text);
        } else {
            refuses(text, LIMIT_JSON_DEPTH, "nested more than 32");
        }
    }
    size_t size = 2 * (size_t)LIMIT_JSON_NODES;
    char *list = mem_alloc(size + 3);
    assert_non_null(list);
    for (size_t i = 0; i < size; i += 2) {
        memcpy(list + i, ",0", 2);
    }
    list[0] = '[';
    memcpy(list + size - 2, "]", 2); /* the array and LIMIT_JSON_NODES - 1 numbers */
    accepts(list);
    memcpy(list + size - 2, ",0]", 4);
    refuses(list, size - 1, "more than 65536 values");
    mem_free(list);
}

static void the_longest_text_is_accepted_and_one_byte_more_is_not(void **state)
{
    (void)state;
    size_t size = LIMIT_LINE_BYTES + 1;
    aisle_error error;
    uint8_t *text = mem_alloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    text[0] = '"';
    text[1] = '\\';
    text[2] = 'n';
    text[LIMIT_LINE_BYTES - 1] = '"';
    assert_int_equal(json_parse(json, bytes_of(text, LIMIT_LINE_BYTES), &error), 0);
    assert_int_equal(json_parse(json, bytes_of(text, size), &error), AISLE_BAD_PRODUCT);
    assert_int_equal(error.position, LIMIT_LINE_BYTES);
    text[LIMIT_LINE_BYTES - 1] = 'x'; /* not terminated: yajl buffers all of it */
    assert_int_equal(json_parse(json, bytes_of(text, LIMIT_LINE_BYTES), &error), AISLE_BAD_PRODUCT);
    mem_free(text);
}

static void nodes_tell_where_values_stand(void **state)
{
    (void)state;
    static const char text[] = " {\"a\" : [1.50, \"x\\ty\"] , \"b\\u0062\":{}, \"c\":true ,\"d\":\"\"} ";
    size_t count = 0;
    assert_int_equal(json_parse(json, bytes_of_string(text), NULL), 0);
    const struct json_node *nodes = json_nodes(json, &count);
    static const struct {
        uint8_t type;
        uint32_t next;
        const char *raw;
        const char *key;
        const char *value;
    } expected[] = {
        {JSON_OBJECT, 7, "{\"a\" : [1.50, \"x\\ty\"] , \"b\\u0062\":{}, \"c\":true ,\"d\":\"\"}", "", ""},
        {JSON_ARRAY, 4, "[1.50, \"x\\ty\"]", "a", ""},
        {JSON_NUMBER, 3, "1.50", "", "1.50"},
        {JSON_STRING, 4, "\"x\\ty\"", "", "x\ty"},
        {JSON_OBJECT, 5, "{}", "bb", ""},
        {JSON_TRUE, 6, "true", "c", ""},
        {JSON_STRING, 7, "\"\"", "d", ""},
    };
    assert_int_equal(count, 7);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(nodes[i].type, expected[i].type);
        assert_int_equal(nodes[i].next, expected[i].next);
        assert_int_equal(nodes[i].end - nodes[i].position, strlen(expected[i].raw));
        assert_memory_equal(text + nodes[i].position, expected[i].raw, strlen(expected[i].raw));
        assert_true(bytes_equal(nodes[i].key, bytes_of_string(expected[i].key)));
        assert_true(bytes_equal(nodes[i].text, bytes_of_string(expected[i].value)));
    }
    assert_int_equal(json_member(json, 0, bytes_of_string("bb")), 4);
    assert_int_equal(json_member(json, 0, bytes_of_string("b")), 0);
    assert_int_equal(json_member(json, 1, bytes_of_string("a")), 0);
    assert_int_equal(json_member(json, 99, bytes_of_string("a")), 0);
}

static void a_number_that_ends_the_text_is_whole(void **state)
{
    (void)state;
    size_t count = 0;
    assert_int_equal(json_parse(json, bytes_of_string("  -12.5"), NULL), 0);
    const struct json_node *node = json_nodes(json, &count);
    assert_int_equal(count, 1);
    assert_true(bytes_equal(node->text, bytes_of_string("-12.5")));
    assert_int_equal(node->position, 2);
    assert_int_equal(node->end, 7);
}

static void many_members_are_found_and_doubles_among_them_refused(void **state)
{
    (void)state;
    enum { MEMBERS = 20000 };
    struct buf text;
    aisle_error error;
    buf_init(&text, 1u << 20);
    for (unsigned i = 0; i < MEMBERS; i++) {
        buf_printf(&text, "%s\"k%u\":%u", i == 0 ? "{" : ",", i, i);
    }
    size_t open_size = text.size;
    buf_put_u8(&text, '}');
    assert_int_equal(json_parse(json, buf_bytes(&text), &error), 0);
    for (unsigned i = 0; i < MEMBERS; i += 777) {
        char key[16];
        snprintf(key, sizeof key, "k%u", i);
        assert_int_equal(json_member(json, 0, bytes_of_string(key)), i + 1);
    }
    text.size = open_size;
    buf_put_string(&text, ",\"k777\":0}");
    assert_int_equal(json_parse(json, buf_bytes(&text), &error), AISLE_BAD_PRODUCT);
    assert_int_equal(error.position, open_size + 1);
    buf_release(&text);
}

static void a_warm_reader_allocates_nothing(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,2,3],\"b\":\"\\u00e9\",\"c\":{\"d\":null}}";
    accepts(text);
    struct bytes view = bytes_of_string(text);
    unsigned long before = alloc_calls();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(json_parse(json, view, NULL), 0);
    }
    assert_int_equal(alloc_calls(), before);
}

static void every_failing_allocation_is_a_status(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1u << 20);
    buf_put_string(&text, "[\"\\n\"");
    for (int i = 0; i < 3000; i++) {
        buf_put_string(&text, ",{\"a\":\"\\t\"}");
    }
    buf_put_string(&text, "]");
    bool done = false;
    for (unsigned long n = 1; !done; n++) {
        struct json *fresh = NULL;
        aisle_error error;
        alloc_fail_at(n, 0);
        int status = json_new(&fresh);
        if (status == 0) {
            status = json_parse(fresh, buf_bytes(&text), &error);
        }
        alloc_fail_at(0, 0);
        done = status == 0;
        assert_true(done || status == AISLE_NO_MEMORY);
        if (!done && fresh != NULL) {
            assert_int_equal(json_parse(fresh, buf_bytes(&text), &error), 0);
        }
        json_free(fresh);
        assert_true(n < 100);
    }
    buf_release(&text);
}

/* ------------------------------------------------------------------------------------ random round trips -- */

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static void put_random_string(struct buf *out)
{
    static const char *const pieces[] = {"a",    "\\n",  "\\u00e9", "\xc3\xa9", "\\ud83d\\udc5f",
                                         "\\\"", "\\\\", "Zz 9",    "{",        ":"};
    buf_put_u8(out, '"');
    for (uint32_t n = random_below(6); n > 0; n--) {
        buf_put_string(out, pieces[random_below(sizeof pieces / sizeof pieces[0])]);
    }
    buf_put_u8(out, '"');
}

static void put_random_value(struct buf *out, unsigned depth)
{
    static const char *const scalars[] = {"null", "true", "false", "0", "-1.25e3", "12345"};
    uint32_t kind = random_below(depth < 6 ? 8 : 4);
    if (kind < 2) {
        buf_put_string(out, scalars[random_below(6)]);
    } else if (kind < 4) {
        put_random_string(out);
    } else {
        bool object = kind < 6;
        uint32_t n = random_below(5);
        buf_put_string(out, object ? "{ " : "[\n");
        for (uint32_t i = 0; i < n; i++) {
            buf_put_string(out, i == 0 ? "" : " ,");
            if (object) {
                buf_printf(out, "\"k%u\" :", i);
            }
            put_random_value(out, depth + 1);
        }
        buf_put_string(out, object ? "}" : " ]");
    }
}

/* Writes the nodes from index on again and returns the index behind. */
static uint32_t put_node(struct buf *out, const struct json_node *nodes, uint32_t index)
{
    static const char *const literals[] = {"null", "false", "true"};
    const struct json_node *node = &nodes[index];
    if (node->type <= JSON_TRUE) {
        buf_put_string(out, literals[node->type]);
    } else if (node->type == JSON_NUMBER) {
        buf_put(out, node->text.data, node->text.size);
    } else if (node->type == JSON_STRING) {
        json_put_string(out, node->text);
    } else {
        buf_put_u8(out, node->type == JSON_OBJECT ? '{' : '[');
        for (uint32_t i = index + 1; i < node->next;) {
            buf_put_string(out, i == index + 1 ? "" : ",");
            if (node->type == JSON_OBJECT) {
                json_put_string(out, nodes[i].key);
                buf_put_u8(out, ':');
            }
            i = put_node(out, nodes, i);
        }
        buf_put_u8(out, node->type == JSON_OBJECT ? '}' : ']');
    }
    return node->next;
}

static void random_texts_written_again_parse_to_the_same(void **state)
{
    (void)state;
    struct buf text;
    struct buf once;
    struct buf twice;
    size_t count = 0;
    const uint64_t seed = 20260101;
    print_message("seed %llu\n", (unsigned long long)seed);
    random_state = seed;
    buf_init(&text, 1u << 20);
    buf_init(&once, 1u << 20);
    buf_init(&twice, 1u << 20);
    for (int i = 0; i < 3000; i++) {
        buf_clear(&text);
        buf_clear(&once);
        buf_clear(&twice);
        put_random_value(&text, 0);
        assert_int_equal(json_parse(json, buf_bytes(&text), NULL), 0);
        put_node(&once, json_nodes(json, &count), 0);
        assert_int_equal(json_parse(json, buf_bytes(&once), NULL), 0);
        put_node(&twice, json_nodes(json, &count), 0);
        assert_true(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    }
    buf_release(&text);
    buf_release(&once);
    buf_release(&twice);
}

static void cut_and_flipped_texts_never_crash(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[1,-2.5e3,\"\\u00e9\\ud83d\\udc5f\"],\"b\":{\"c\":null,\"d\":true},\"\xc3\xa9\":\"x\"}";
    uint8_t copy[sizeof text];
    for (size_t size = 0; size < sizeof text - 1; size++) {
        assert_int_equal(parse(text, size, NULL), AISLE_BAD_PRODUCT);
    }
    random_state = 7;
    for (int i = 0; i < 20000; i++) {
        memcpy(copy, text, sizeof text);
        copy[random_below(sizeof text - 1)] ^= (uint8_t)(1u << random_below(8));
        copy[random_below(sizeof text - 1)] = (uint8_t)random_below(128);
        int status = parse(copy, sizeof text - 1, NULL);
        assert_true(status == 0 || status == AISLE_BAD_PRODUCT);
    }
}

static void types_have_names_and_what_is_none_has_one_too(void **state)
{
    (void)state;
    assert_string_equal(json_type_name(JSON_NULL), "null");
    assert_string_equal(json_type_name(JSON_OBJECT), "an object");
    assert_string_equal(json_type_name(JSON_OBJECT + 1), "nothing");
}

/* Objects of all sizes around that from which members are found by their hashes, each with an object inside. */
static void members_are_found_and_repeats_refused_in_objects_of_any_size(void **state)
{
    (void)state;
    char text[4096];
    char key[32];
    for (unsigned count = 1; count <= 70; count++) {
        size_t size = (size_t)snprintf(text, sizeof text, "{");
        for (unsigned i = 0; i < count; i++) {
            size += (size_t)snprintf(text + size, sizeof text - size, "\"%s%u\":{\"k1\":[%u],\"b\":2},",
                                     i % 2 == 0 ? "k" : "a longer name ", i, i);
        }
        snprintf(text + size - 1, sizeof text - size + 1, "}");
        aisle_error error;
        assert_int_equal(json_parse(json, bytes_of_string(text), &error), 0);
        for (unsigned i = 0; i < count; i++) {
            snprintf(key, sizeof key, "%s%u", i % 2 == 0 ? "k" : "a longer name ", i);
            size_t member = json_member(json, 0, bytes_of_string(key));
            assert_int_equal(member, 1 + 4 * i);
            assert_int_equal(json_member(json, member, bytes_of_string("b")), member + 3);
            assert_int_equal(json_member(json, member, bytes_of_string("k2")), 0);
        }
        assert_int_equal(json_member(json, 0, bytes_of_string("b")), 0);
        snprintf(text + size - 1, sizeof text - size + 1, ",\"k0\":1}");
        assert_int_equal(json_parse(json, bytes_of_string(text), &error), AISLE_BAD_PRODUCT);
        assert_non_null(strstr(error.message, "stands twice"));
        assert_int_equal(error.position, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_the_rfc_are_accepted),
        cmocka_unit_test(texts_that_are_not_json_are_refused_at_their_byte),
        cmocka_unit_test(control_characters_and_bad_escapes_are_refused),
        cmocka_unit_test(lone_surrogates_are_refused),
        cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
        cmocka_unit_test(a_key_stands_once_in_an_object),
        cmocka_unit_test(nesting_and_values_are_bounded),
        cmocka_unit_test(the_longest_text_is_accepted_and_one_byte_more_is_not),
        cmocka_unit_test(nodes_tell_where_values_stand),
        cmocka_unit_test(a_number_that_ends_the_text_is_whole),
        cmocka_unit_test(many_members_are_found_and_doubles_among_them_refused),
        cmocka_unit_test(a_warm_reader_allocates_nothing),
        cmocka_unit_test(every_failing_allocation_is_a_status),
        cmocka_unit_test(random_texts_written_again_parse_to_the_same),
        cmocka_unit_test(cut_and_flipped_texts_never_crash),
        cmocka_unit_test(types_have_names_and_what_is_none_has_one_too),
        cmocka_unit_test(members_are_found_and_repeats_refused_in_objects_of_any_size),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
