/*
 * test_schema_product.c - what each field type takes and refuses, ids, patches, and columns printed back.
 */
#include "base/alloc.h"
#include "schema/product.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char schema_text[] =
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"t\":{\"type\":\"text\"},\"k\":{\"type\":\"keyword\",\"facet\":true},"
    "\"p\":{\"type\":\"path\"},\"i\":{\"type\":\"integer\"},\"d\":{\"type\":\"decimal\",\"scale\":2},"
    "\"f\":{\"type\":\"double\"},\"b\":{\"type\":\"bool\"},\"w\":{\"type\":\"date\"}}}";

enum { T, K, P, I, D, F, B, W };

static struct schema *schema;
static struct product_reader *reader;
static struct product product;

static int set_up(void **state)
{
    (void)state;
    int status = schema_parse(bytes_of_string(schema_text), &schema, NULL);
    return status != 0 ? status : product_reader_new(&reader);
}

static int tear_down(void **state)
{
    (void)state;
    schema_free(schema);
    product_reader_free(reader);
    return 0;
}

static void reads(const char *text)
{
    aisle_error error = {.message = ""};
    if (product_reader_read(reader, schema, bytes_of_string(text), &product, &error) != 0) {
        fail_msg("%s: %s at %zu", text, error.message, error.position);
    }
}

/* at: where the position should be, as a piece of the text. */
static void refuses(const char *text, const char *at, const char *message)
{
    aisle_error error = {.message = ""};
    assert_int_equal(product_reader_read(reader, schema, bytes_of_string(text), &product, &error), AISLE_BAD_PRODUCT);
    assert_int_equal(error.code, AISLE_BAD_PRODUCT);
    if (strstr(error.message, message) == NULL) {
        fail_msg("%s: \"%s\", expected \"%s\"", text, error.message, message);
    }
    if (text + error.position != strstr(text, at)) {
        fail_msg("%s: position %zu (\"%s\")", text, error.position, error.message);
    }
}

static void string_is(unsigned field, uint32_t index, const char *expected)
{
    assert_true(product.values[field].present);
    assert_true(index < product.values[field].string_count);
    assert_true(bytes_equal(product.values[field].strings[index], bytes_of_string(expected)));
}

static void number_is(unsigned field, int64_t expected)
{
    assert_true(product.values[field].present);
    assert_int_equal(product.values[field].number, expected);
}

static void a_whole_product_is_read(void **state)
{
    (void)state;
    reads("{\"id\":\"P1\",\"t\":\"Red shoe\",\"k\":[\"41\",42,true],\"p\":[\"Shoes\",\"Running\"],\"i\":7,\"d\":9.5,"
          "\"f\":4.5,\"b\":true,\"w\":\"2026-11-23\",\"x\":{},\"y\":1}");
    assert_true(bytes_equal(product.id, bytes_of_string("P1")));
    string_is(T, 0, "Red shoe");
    string_is(K, 0, "41");
    string_is(K, 1, "42");
    string_is(K, 2, "true");
    string_is(P, 1, "Running");
    number_is(I, 7);
    number_is(D, 950);
    assert_true(product_double_of_number(product.values[F].number) == 4.5);
    number_is(B, 1);
    number_is(W, INT64_C(1795392000000));
    assert_int_equal(product.unknown_fields, 2);
}

static void ids_are_strings_or_whole_numbers(void **state)
{
    (void)state;
    char text[LIMIT_ID_BYTES + 64];
    reads("{\"id\":12345678901234567890123}");
    assert_true(bytes_equal(product.id, bytes_of_string("12345678901234567890123")));
    reads("{\"id\":-5}");
    reads("{\"id\":\"\\u00e9\"}");
    assert_true(bytes_equal(product.id, bytes_of_string("\xc3\xa9")));
    snprintf(text, sizeof text, "{\"id\":\"%0*d\"}", (int)LIMIT_ID_BYTES, 1);
    reads(text);
    snprintf(text, sizeof text, "{\"id\":\"%0*d\"}", (int)LIMIT_ID_BYTES + 1, 1);
    refuses(text, "\"000", "field \"id\": an id of 513 bytes, expected 1 to 512");
    refuses("{\"id\":\"\"}", "\"\"", "an id of 0 bytes");
    refuses("{\"id\":1.5}", "1.5", "field \"id\": 1.5 is not whole");
    refuses("{\"id\":1e3}", "1e3", "not whole");
    refuses("{\"id\":true}", "true", "found true, expected a string or whole number as the id");
    refuses("{\"id\":[\"a\"]}", "[", "found an array");
    refuses(" {\"t\":\"x\"}", "{", "field \"id\": missing");
    refuses("{\"id\":null}", "{", "field \"id\": missing");
    refuses("[1]", "[", "found an array, expected an object");
    refuses("{\"id\":\"a\",}", "}", "not JSON");
}

static void null_is_absent_in_every_field(void **state)
{
    (void)state;
    reads("{\"id\":\"a\",\"t\":null,\"k\":null,\"p\":null,\"i\":null,\"d\":null,\"f\":null,\"b\":null,\"w\":null}");
    for (unsigned i = T; i <= W; i++) {
        assert_false(product.values[i].present);
        assert_true(product.values[i].named);
        assert_int_equal(product.values[i].string_count, 0);
    }
    reads("{\"id\":\"a\"}");
    for (unsigned i = T; i <= W; i++) {
        assert_false(product.values[i].present);
        assert_false(product.values[i].named);
    }
}

static void text_is_a_string_or_strings(void **state)
{
    (void)state;
    reads("{\"id\":1,\"t\":[\"a\",\"\",\"b\\n\"]}");
    assert_int_equal(product.values[T].string_count, 2);
    string_is(T, 1, "b\n");
    reads("{\"id\":1,\"t\":\"\"}");
    assert_false(product.values[T].present);
    reads("{\"id\":1,\"t\":[]}");
    assert_false(product.values[T].present);
    refuses("{\"id\":1,\"t\":5}", "5", "field \"t\": found a number, expected a string or an array of strings");
    refuses("{\"id\":1,\"t\":[\"a\",null]}", "null", "found null");
    refuses("{\"id\":1,\"t\":[[\"a\"]]}", "[\"a\"]", "found an array");
    refuses("{\"id\":1,\"t\":{}}", "{}", "found an object");
    refuses("{\"id\":1,\"t\":false}", "false", "found false");
}

static void keywords_are_scalars_of_bounded_length(void **state)
{
    (void)state;
    char text[LIMIT_KEYWORD_BYTES + 64];
    reads("{\"id\":1,\"k\":4.50}");
    string_is(K, 0, "4.50");
    reads("{\"id\":1,\"k\":false}");
    string_is(K, 0, "false");
    snprintf(text, sizeof text, "{\"id\":1,\"k\":\"%0*d\"}", (int)LIMIT_KEYWORD_BYTES, 1);
    reads(text);
    snprintf(text, sizeof text, "{\"id\":1,\"k\":\"%0*d\"}", (int)LIMIT_KEYWORD_BYTES + 1, 1);
    refuses(text, "\"000", "field \"k\": a value of 1025 bytes, expected at most 1024");
    refuses("{\"id\":1,\"k\":{}}", "{}", "field \"k\": found an object, expected a string, number or bool");
    refuses("{\"id\":1,\"k\":[[1]]}", "[1]", "found an array");
}

static void paths_are_arrays_or_trails_of_bounded_depth(void **state)
{
    (void)state;
    char text[LIMIT_KEYWORD_BYTES + 64];
    reads("{\"id\":1,\"p\":\"A > B >  C\"}");
    assert_int_equal(product.values[P].string_count, 3);
    string_is(P, 0, "A");
    string_is(P, 1, "B");
    reads("{\"id\":1,\"p\":\"A>B\"}");
    assert_int_equal(product.values[P].string_count, 1);
    reads("{\"id\":1,\"p\":\" > A >  > B > \"}");
    assert_int_equal(product.values[P].string_count, 2);
    reads("{\"id\":1,\"p\":[\"A > B\"]}");
    assert_int_equal(product.values[P].string_count, 1);
    reads("{\"id\":1,\"p\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\","
          "\"g\"]}");
    assert_int_equal(product.values[P].string_count, LIMIT_PATH_PARTS);
    refuses("{\"id\":1,\"p\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"a\",\"b\",\"c\",\"d\",\"e\","
            "\"f\",\"g\",\"z\"]}",
            "\"z\"", "field \"p\": more than 16 levels");
    reads("{\"id\":1,\"p\":\"1 > 2 > 3 > 4 > 5 > 6 > 7 > 8 > 9 > a > b > c > d > e > f > g\"}");
    refuses("{\"id\":1,\"p\":\"1 > 2 > 3 > 4 > 5 > 6 > 7 > 8 > 9 > a > b > c > d > e > f > g > h\"}", "\"1 >",
            "more than 16 levels");
    reads("{\"id\":1,\"p\":\"1 > 2 > 3 > 4 > 5 > 6 > 7 > 8 > 9 > a > b > c > d > e > f > g > \"}");
    assert_int_equal(product.values[P].string_count, LIMIT_PATH_PARTS); /* a level without a name is none */
    reads("{\"id\":1,\"p\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\","
          "\"g\",\"\"]}");
    assert_int_equal(product.values[P].string_count, LIMIT_PATH_PARTS);
    snprintf(text, sizeof text, "{\"id\":1,\"p\":[\"A\",\"%0*d\"]}", (int)LIMIT_KEYWORD_BYTES - 4, 1);
    reads(text);
    snprintf(text, sizeof text, "{\"id\":1,\"p\":[\"A\",\"%0*d\"]}", (int)LIMIT_KEYWORD_BYTES - 3, 1);
    refuses(text, "[\"A", "field \"p\": a path of 1025 bytes");
    refuses("{\"id\":1,\"p\":[5,\"A\"]}", "5,", "field \"p\": found a number in the path");
    refuses("{\"id\":1,\"p\":[[\"A\"]]}", "[\"A\"]", "field \"p\": found an array in the path");
    refuses("{\"id\":1,\"p\":5}", "5", "field \"p\": found a number, expected an array of strings");
}

static void numbers_are_exact_or_refused(void **state)
{
    (void)state;
    reads("{\"id\":1,\"i\":9223372036854775807,\"d\":-0.01}");
    number_is(I, INT64_MAX);
    number_is(D, -1);
    reads("{\"id\":1,\"i\":5.0,\"d\":1e3}");
    number_is(I, 5);
    number_is(D, 100000);
    refuses("{\"id\":1,\"i\":-9223372036854775808}", "-9", "field \"i\": -9223372036854775808 is too large");
    refuses("{\"id\":1,\"i\":5.5}", "5.5", "field \"i\": 5.5 is not whole");
    refuses("{\"id\":1,\"i\":\"5\"}", "\"5\"", "field \"i\": found a string, expected a whole number");
    refuses("{\"id\":1,\"i\":[5]}", "[5]", "found an array");
    refuses("{\"id\":1,\"d\":9.999}", "9.999", "field \"d\": 9.999 is too fine, expected at most 2 digits");
    refuses("{\"id\":1,\"d\":\"9.99\"}", "\"9.99\"", "field \"d\": found a string, expected a number");
    refuses("{\"id\":1,\"f\":1e999}", "1e999", "field \"f\": 1e999 is too large for a double");
    refuses("{\"id\":1,\"f\":true}", "true", "field \"f\": found true, expected a number");
    reads("{\"id\":1,\"b\":false}");
    number_is(B, 0);
    refuses("{\"id\":1,\"b\":1}", "1}", "field \"b\": found a number, expected true or false");
    refuses("{\"id\":1,\"b\":\"true\"}", "\"true\"", "found a string");
}

static void dates_are_texts_or_seconds(void **state)
{
    (void)state;
    reads("{\"id\":1,\"w\":1795428000}");
    number_is(W, INT64_C(1795428000000));
    reads("{\"id\":1,\"w\":\"2026-11-23T11:00:00.250+01:00\"}");
    number_is(W, INT64_C(1795428000250));
    refuses("{\"id\":1,\"w\":\"2026-02-30\"}", "\"2026", "field \"w\": 2026-02-30 is not a date");
    refuses("{\"id\":1,\"w\":1795428000000}", "1795", "field \"w\": 1795428000000 is not a date");
    refuses("{\"id\":1,\"w\":1.5}", "1.5", "is not a date");
    refuses("{\"id\":1,\"w\":true}", "true", "field \"w\": found true, expected a date");
}

static void a_strict_schema_refuses_unknown_fields(void **state)
{
    (void)state;
    schema->strict = true;
    refuses("{\"id\":1,\"t\":\"x\",\"new\\n\":[2]}", "[2]", "field \"new?\": not in the schema");
    reads("{\"id\":1,\"t\":\"x\"}");
    schema->strict = false;
    reads("{\"id\":1,\"t\":\"x\",\"new\":[2]}");
    assert_int_equal(product.unknown_fields, 1);
}

static void an_id_listed_as_a_field_is_both(void **state)
{
    (void)state;
    struct schema *own = NULL;
    assert_int_equal(
        schema_parse(bytes_of_string("{\"version\":1,\"id\":\"sku\",\"fields\":{\"sku\":{\"type\":\"keyword\","
                                     "\"code\":true}}}"),
                     &own, NULL),
        0);
    assert_int_equal(product_reader_read(reader, own, bytes_of_string("{\"sku\":77}"), &product, NULL), 0);
    assert_true(bytes_equal(product.id, bytes_of_string("77")));
    string_is(0, 0, "77");
    assert_int_equal(product.unknown_fields, 0);
    schema_free(own);
}

static void a_patch_names_what_it_changes(void **state)
{
    (void)state;
    aisle_error error;
    assert_int_equal(
        product_reader_read_patch(reader, schema, bytes_of_string("{\"d\":9.99,\"t\":null,\"x\":1}"), &product, &error),
        0);
    assert_int_equal(product.id.size, 0);
    number_is(D, 999);
    assert_true(product.values[T].named && !product.values[T].present);
    assert_false(product.values[K].named);
    size_t member = json_member(product_reader_json(reader), 0, bytes_of_string("d"));
    size_t count = 0;
    assert_true(bytes_equal(json_nodes(product_reader_json(reader), &count)[member].text, bytes_of_string("9.99")));
    assert_int_equal(product_reader_read_patch(reader, schema, bytes_of_string("{\"id\":\"P9\"}"), &product, &error),
                     0);
    assert_true(bytes_equal(product.id, bytes_of_string("P9")));
    assert_int_equal(product_reader_read_patch(reader, schema, bytes_of_string("{\"d\":\"x\"}"), &product, &error),
                     AISLE_BAD_PRODUCT);
}

static void a_product_of_a_mebibyte_is_the_largest(void **state)
{
    (void)state;
    aisle_error error;
    uint8_t *text = mem_alloc(LIMIT_PRODUCT_BYTES + 1);
    assert_non_null(text);
    memset(text, ' ', LIMIT_PRODUCT_BYTES + 1);
    memcpy(text, "{\"id\":1}", 8);
    assert_int_equal(product_reader_read(reader, schema, bytes_of(text, LIMIT_PRODUCT_BYTES), &product, &error), 0);
    assert_int_equal(product_reader_read(reader, schema, bytes_of(text, LIMIT_PRODUCT_BYTES + 1), &product, &error),
                     AISLE_BAD_PRODUCT);
    assert_int_equal(error.position, LIMIT_PRODUCT_BYTES);
    mem_free(text);
}

static void a_warm_reader_allocates_nothing(void **state)
{
    (void)state;
    static const char text[] = "{\"id\":1,\"t\":\"a\\nb\",\"k\":[1,2,3],\"p\":\"A > B\",\"f\":1.25}";
    reads(text);
    unsigned long before = alloc_calls();
    for (int i = 0; i < 100; i++) {
        reads(text);
    }
    assert_int_equal(alloc_calls(), before);
}

static void failing_allocations_are_a_status(void **state)
{
    (void)state;
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        struct product_reader *fresh = NULL;
        alloc_fail_at(n, 0);
        status = product_reader_new(&fresh);
        if (status == 0) {
            status = product_reader_read(fresh, schema, bytes_of_string("{\"id\":\"\\n\"}"), &product, NULL);
        }
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        product_reader_free(fresh);
        assert_true(n < 50);
    }
}

static void doubles_keep_their_order_as_integers(void **state)
{
    (void)state;
    static const double values[] = {-1.7e308, -2.5, -1.0, -5e-324, 0.0, 5e-324, 0.1, 1.0, 1.5, 1.7e308};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        int64_t number = product_number_of_double(values[i]);
        assert_true(product_double_of_number(number) == values[i]);
        assert_true(i == 0 || product_number_of_double(values[i - 1]) < number);
    }
    assert_int_equal(product_number_of_double(-0.0), 0);
}

static void prints(unsigned field, int64_t number, const char *expected)
{
    struct buf out;
    buf_init(&out, 100);
    assert_int_equal(product_value_print(&schema->fields[field], number, &out), 0);
    if (!bytes_equal(buf_bytes(&out), bytes_of_string(expected))) {
        fail_msg("%.*s, expected %s", (int)out.size, (const char *)out.data, expected);
    }
    buf_release(&out);
}

static void columns_print_as_json(void **state)
{
    (void)state;
    struct buf out;
    prints(I, -5, "-5");
    prints(I, INT64_MAX, "9223372036854775807");
    prints(D, 999, "9.99");
    prints(D, -999, "-9.99");
    prints(D, -5, "-0.05");
    prints(D, 950, "9.5");
    prints(D, 100, "1");
    prints(D, 0, "0");
    prints(D, -INT64_MAX, "-92233720368547758.07");
    prints(F, product_number_of_double(4.1), "4.1");
    prints(B, 1, "true");
    prints(B, 0, "false");
    prints(W, INT64_C(1795428000000), "\"2026-11-23T10:00:00Z\"");
    prints(W, INT64_C(1795428000250), "\"2026-11-23T10:00:00.250Z\"");
    buf_init(&out, 100);
    assert_int_equal(product_value_print(&schema->fields[I], INT64_MIN, &out), AISLE_INVALID);
    assert_int_equal(product_value_print(&schema->fields[W], INT64_MAX, &out), AISLE_INVALID);
    assert_int_equal(product_value_print(&schema->fields[F], INT64_MAX, &out), AISLE_INVALID);
    assert_int_equal(product_value_print(&schema->fields[T], 1, &out), AISLE_INVALID);
    assert_int_equal(out.size, 0);
    buf_release(&out);
}

static void printed_columns_read_back(void **state)
{
    (void)state;
    static const unsigned fields[] = {I, D, F, W};
    uint64_t random = 5;
    struct buf out;
    print_message("seed %llu\n", (unsigned long long)random);
    buf_init(&out, 200);
    for (int i = 0; i < 20000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned field = fields[i % 4];
        int64_t number = (int64_t)(random ^ random >> 31) >> (random >> 58);
        if (field == W) {
            number %= INT64_C(62135596800000);
        }
        if (number == INT64_MIN || (field == F && !isfinite(product_double_of_number(number)))) {
            continue;
        }
        if (field == F) { /* -0.0 has no integer of its own */
            number = product_number_of_double(product_double_of_number(number));
        }
        buf_clear(&out);
        buf_printf(&out, "{\"id\":1,\"%s\":", schema->fields[field].name);
        assert_int_equal(product_value_print(&schema->fields[field], number, &out), 0);
        buf_put_u8(&out, '}');
        assert_int_equal(product_reader_read(reader, schema, buf_bytes(&out), &product, NULL), 0);
        number_is(field, number);
    }
    buf_release(&out);
}

/* One reader, products with other members at each place, and two schemas that call other things by the same names. */
static void a_name_means_the_same_wherever_it_stands(void **state)
{
    (void)state;
    static const char other_text[] = "{\"version\":1,\"id\":\"i\",\"fields\":{\"id\":{\"type\":\"text\"},"
                                     "\"t\":{\"type\":\"integer\"},\"k\":{\"type\":\"keyword\"}}}";
    struct schema *first = schema;
    struct schema *other;
    assert_int_equal(schema_parse(bytes_of_string(other_text), &other, NULL), 0);
    for (int round = 0; round < 3; round++) {
        schema = first;
        reads("{\"id\":\"P1\",\"t\":\"red\",\"k\":\"a\",\"i\":7}");
        assert_true(bytes_equal(product.id, bytes_of_string("P1")));
        string_is(T, 0, "red");
        string_is(K, 0, "a");
        number_is(I, 7);
        reads("{\"k\":\"a\",\"\":1,\"tt\":1,\"t\":\"red\",\"id\":\"P2\",\"i\":8}");
        assert_true(bytes_equal(product.id, bytes_of_string("P2")));
        assert_int_equal(product.unknown_fields, 2);
        string_is(T, 0, "red");
        string_is(K, 0, "a");
        number_is(I, 8);
        schema = other;
        reads("{\"k\":\"a\",\"i\":3,\"t\":9,\"id\":\"text\"}");
        assert_true(bytes_equal(product.id, bytes_of_string("3")));
        string_is(0, 0, "text");
        number_is(1, 9);
    }
    schema = first;
    schema_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_product_is_read),
        cmocka_unit_test(ids_are_strings_or_whole_numbers),
        cmocka_unit_test(null_is_absent_in_every_field),
        cmocka_unit_test(text_is_a_string_or_strings),
        cmocka_unit_test(keywords_are_scalars_of_bounded_length),
        cmocka_unit_test(paths_are_arrays_or_trails_of_bounded_depth),
        cmocka_unit_test(numbers_are_exact_or_refused),
        cmocka_unit_test(dates_are_texts_or_seconds),
        cmocka_unit_test(a_strict_schema_refuses_unknown_fields),
        cmocka_unit_test(an_id_listed_as_a_field_is_both),
        cmocka_unit_test(a_patch_names_what_it_changes),
        cmocka_unit_test(a_product_of_a_mebibyte_is_the_largest),
        cmocka_unit_test(a_warm_reader_allocates_nothing),
        cmocka_unit_test(failing_allocations_are_a_status),
        cmocka_unit_test(doubles_keep_their_order_as_integers),
        cmocka_unit_test(columns_print_as_json),
        cmocka_unit_test(printed_columns_read_back),
        cmocka_unit_test(a_name_means_the_same_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
