/*
 * test_schema_variant.c - a variant's bytes, and what the variants of a product come to.
 */
#include "schema/product.h"
#include "schema/variant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char schema_text[] =
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},\"variants\":{\"type\":\"variants\"},"
    "\"color\":{\"type\":\"keyword\",\"facet\":true,\"variant\":true},"
    "\"note\":{\"type\":\"text\",\"variant\":true},"
    "\"price\":{\"type\":\"decimal\",\"variant\":true},"
    "\"top\":{\"type\":\"double\",\"variant\":true,\"keeps\":\"greatest\"},"
    "\"mass\":{\"type\":\"double\",\"variant\":true,\"keeps\":\"sum\"},"
    "\"stock\":{\"type\":\"integer\",\"variant\":true,\"keeps\":\"sum\"},"
    "\"ok\":{\"type\":\"bool\",\"variant\":true}}}";

struct fixture {
    struct schema *schema;
    struct product_reader *reader;
    struct product product;
    aisle_error error;
};

static struct fixture *open_schema(const char *text)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_int_equal(schema_parse(bytes_of_string(text), &fixture->schema, &fixture->error), 0);
    assert_int_equal(product_reader_new(&fixture->reader), 0);
    return fixture;
}

static void close_schema(struct fixture *fixture)
{
    product_reader_free(fixture->reader);
    schema_free(fixture->schema);
    free(fixture);
}

static int read_product(struct fixture *fixture, const char *text)
{
    return product_reader_read(fixture->reader, fixture->schema, bytes_of_string(text), &fixture->product,
                               &fixture->error);
}

static const struct product_value *value_of(const struct fixture *fixture, const char *name)
{
    int field = schema_field_find(fixture->schema, bytes_of_string(name));
    assert_true(field >= 0);
    return &fixture->product.values[field];
}

static void is_refused(struct fixture *fixture, const char *text, const char *message, const char *at)
{
    assert_int_equal(read_product(fixture, text), AISLE_BAD_PRODUCT);
    assert_string_equal(fixture->error.message, message);
    assert_int_equal(fixture->error.position, strstr(text, at) - text);
}

static void entries_come_back_as_they_were_put(void **state)
{
    static const int64_t numbers[] = {0, 1, -1, 5990, INT64_MAX, INT64_MIN + 1};
    struct buf buf;
    struct variant_entry entry;
    (void)state;
    buf_init(&buf, 4096);
    variant_put_word(&buf, 3, bytes_of_string("red"));
    for (uint8_t i = 0; i < 6; i++) {
        variant_put_number(&buf, (uint8_t)(58 + i), numbers[i]);
    }
    assert_int_equal(variant_check(buf_bytes(&buf)), 0);
    struct byte_reader reader = byte_reader_of(buf_bytes(&buf));
    assert_int_equal(variant_next(&reader, &entry), 0);
    assert_true(entry.is_word && entry.field == 3 && bytes_equal(entry.word, bytes_of_string("red")));
    for (uint8_t i = 0; i < 6; i++) {
        assert_int_equal(variant_next(&reader, &entry), 0);
        assert_true(!entry.is_word && entry.field == 58 + i && entry.number == numbers[i]);
    }
    assert_int_equal(variant_next(&reader, &entry), AISLE_END);
    for (size_t size = 1; size < buf.size; size++) { /* cut anywhere: between entries or refused */
        struct byte_reader part = byte_reader_of(bytes_of(buf.data, size));
        int status = 0;
        while (status == 0) {
            status = variant_next(&part, &entry);
        }
        assert_true(status == AISLE_END || status == AISLE_CORRUPT);
    }
    buf_release(&buf);
}

static void bytes_that_are_no_variant_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } wrong[] = {{"", 0}, {"\x80\x00", 2}, {"\x01", 1}, {"\x43\x05red", 5}, {"\x02\x02\x01\x02", 4},
                 {"\x02\x02\x02\x02", 4}, {"\xff\x01", 2}, {"\x43\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11}};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(variant_check(bytes_of(wrong[i].bytes, wrong[i].size)), AISLE_CORRUPT);
    }
    assert_int_equal(variant_check(bytes_of("\xff", 1)), 0);
}

static void words_unite_and_numbers_are_kept_as_the_schema_says(void **state)
{
    struct fixture *fixture = open_schema(schema_text);
    (void)state;
    assert_int_equal(read_product(fixture,
                                  "{\"id\":1,\"color\":\"grey\",\"price\":7,\"variants\":["
                                  "{\"color\":\"red\",\"note\":[\"a\",\"b\"],\"price\":5.5,\"top\":-1.5,\"mass\":1.5,"
                                  "\"stock\":3,\"ok\":false},{\"color\":\"red\",\"note\":\"b\",\"top\":2.5,"
                                  "\"mass\":2.25,\"stock\":-5,\"ok\":true,\"other\":1},{\"price\":null}]}"),
                     0);
    const struct product_value *color = value_of(fixture, "color");
    assert_int_equal(color->string_count, 2);
    assert_true(bytes_equal(color->strings[0], bytes_of_string("grey")));
    assert_true(bytes_equal(color->strings[1], bytes_of_string("red")));
    assert_int_equal(value_of(fixture, "note")->string_count, 2);
    assert_int_equal(value_of(fixture, "price")->number, 550);
    assert_int_equal(value_of(fixture, "top")->number, product_number_of_double(2.5));
    assert_int_equal(value_of(fixture, "mass")->number, product_number_of_double(3.75));
    assert_int_equal(value_of(fixture, "stock")->number, -2);
    assert_int_equal(value_of(fixture, "ok")->number, 1);
    assert_int_equal(value_of(fixture, "variants")->string_count, 3);
    assert_int_equal(fixture->product.unknown_fields, 1);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(variant_check(value_of(fixture, "variants")->strings[i]), 0);
    }
    close_schema(fixture);
}

static void many_strings_of_variants_stand_once_each_in_their_order(void **state)
{
    enum { VARIANTS = 200, DIFFERENT = 90 };
    struct fixture *fixture = open_schema(schema_text);
    char text[VARIANTS * 40];
    size_t size = (size_t)sprintf(text, "{\"id\":1,\"note\":\"own\",\"variants\":[");
    (void)state;
    for (unsigned i = 0; i < VARIANTS; i++) {
        size += (size_t)sprintf(text + size, "%s{\"note\":[\"n%u\",\"own\"]}", i == 0 ? "" : ",", i % DIFFERENT);
    }
    sprintf(text + size, "]}");
    assert_int_equal(read_product(fixture, text), 0);
    const struct product_value *note = value_of(fixture, "note");
    assert_int_equal(note->string_count, DIFFERENT + 1);
    assert_true(bytes_equal(note->strings[0], bytes_of_string("own")));
    for (unsigned i = 0; i < DIFFERENT; i++) {
        char wanted[16];
        sprintf(wanted, "n%u", i);
        assert_true(bytes_equal(note->strings[i + 1], bytes_of_string(wanted)));
    }
    close_schema(fixture);
}

static void a_product_without_variants_is_its_own(void **state)
{
    static const char *const texts[] = {"{\"id\":1,\"color\":\"red\"}", "{\"id\":1,\"color\":\"red\",\"variants\":[]}",
                                        "{\"id\":1,\"color\":\"red\",\"variants\":null}"};
    struct fixture *fixture = open_schema(schema_text);
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read_product(fixture, texts[i]), 0);
        assert_int_equal(value_of(fixture, "variants")->string_count, 1);
        assert_int_equal(value_of(fixture, "color")->string_count, 1);
    }
    assert_int_equal(read_product(fixture, "{\"id\":1}"), 0);
    assert_false(value_of(fixture, "variants")->present);
    assert_int_equal(read_product(fixture, "{\"id\":1,\"variants\":[{}]}"), 0);
    assert_int_equal(value_of(fixture, "variants")->string_count, 1);
    close_schema(fixture);
}

static void faults_in_variants_are_told_with_their_place(void **state)
{
    struct fixture *fixture = open_schema(schema_text);
    (void)state;
    is_refused(fixture, "{\"id\":1,\"variants\":{\"color\":\"x\"}}",
               "field \"variants\": found an object, expected an array of objects", "{\"color");
    is_refused(fixture, "{\"id\":1,\"variants\":[{},7]}",
               "field \"variants\": found a number in the list, expected an object", "7");
    is_refused(fixture, "{\"id\":1,\"variants\":[{\"price\":\"x\"}]}",
               "field \"price\": found a string, expected a number", "\"x\"");
    is_refused(fixture, "{\"id\":1,\"variants\":[{\"color\":[\"a\",\"b\"]}]}",
               "field \"color\": found 2 values, expected one of each variant", "[\"a");
    is_refused(fixture, "{\"id\":1,\"color\":[\"a\",\"b\"]}",
               "field \"color\": found 2 values, expected one of each variant", "{");
    is_refused(fixture, "{\"id\":1,\"variants\":[{\"stock\":9223372036854775807},{\"stock\":1}]}",
               "field \"stock\": the sum of all variants is too large", "[{");
    is_refused(fixture, "{\"id\":1,\"variants\":[{\"mass\":1e308},{\"mass\":1e308}]}",
               "field \"mass\": the sum of all variants is too large", "[{");
    close_schema(fixture);
}

static void limits_hold_on_both_sides(void **state)
{
    struct fixture *fixture = open_schema(schema_text);
    char *text = malloc(1 << 20);
    (void)state;
    for (uint32_t extra = 0; extra < 2; extra++) {
        size_t used = (size_t)sprintf(text, "{\"id\":1,\"variants\":[");
        for (uint32_t i = 0; i < LIMIT_PRODUCT_VARIANTS + extra; i++) {
            used += (size_t)sprintf(text + used, "%s{\"color\":\"c%u\"}", i == 0 ? "" : ",", i);
        }
        sprintf(text + used, "]}");
        int status = read_product(fixture, text);
        assert_int_equal(status, extra == 0 ? 0 : AISLE_BAD_PRODUCT);
        if (extra == 0) {
            assert_int_equal(value_of(fixture, "color")->string_count, LIMIT_PRODUCT_VARIANTS);
        } else {
            assert_string_equal(fixture->error.message,
                                "field \"variants\": too many variants, expected at most 1024");
        }
    }
    /* A word of n bytes takes n + 3 here. */
    for (uint32_t extra = 0; extra < 2; extra++) {
        size_t size = LIMIT_VARIANT_BYTES - 3 + extra;
        sprintf(text, "{\"id\":1,\"variants\":[{\"color\":\"%0*d\"}]}", (int)size, 1);
        assert_int_equal(read_product(fixture, text), extra == 0 ? 0 : AISLE_BAD_PRODUCT);
    }
    assert_string_equal(fixture->error.message,
                        "field \"variants\": a variant's values have 1025 bytes, expected at most 1024");
    sprintf(text, "{\"id\":1,\"color\":\"own\",\"variants\":[");
    for (uint32_t i = 0; i < LIMIT_LIST_VALUES; i++) {
        sprintf(text + strlen(text), "%s{\"color\":\"c%u\"}", i == 0 ? "" : ",", i);
    }
    strcat(text, "]}");
    assert_int_equal(read_product(fixture, text), AISLE_BAD_PRODUCT);
    assert_string_equal(fixture->error.message, "field \"color\": 1025 values in all variants, expected at most 1024");
    free(text);
    close_schema(fixture);
}

static void a_strict_schema_knows_the_members_of_variants(void **state)
{
    struct fixture *fixture = open_schema(
        "{\"version\":1,\"id\":\"id\",\"strict\":true,\"fields\":{\"title\":{\"type\":\"text\"},"
        "\"variants\":{\"type\":\"variants\"},\"color\":{\"type\":\"keyword\",\"facet\":true,\"variant\":true}}}");
    (void)state;
    assert_int_equal(read_product(fixture, "{\"id\":1,\"variants\":[{\"color\":\"red\"}]}"), 0);
    is_refused(fixture, "{\"id\":1,\"variants\":[{\"title\":\"x\"}]}",
               "field \"title\": no field of variants in the schema, which is strict", "\"x\"");
    close_schema(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_back_as_they_were_put),
        cmocka_unit_test(bytes_that_are_no_variant_are_refused),
        cmocka_unit_test(words_unite_and_numbers_are_kept_as_the_schema_says),
        cmocka_unit_test(many_strings_of_variants_stand_once_each_in_their_order),
        cmocka_unit_test(a_product_without_variants_is_its_own),
        cmocka_unit_test(faults_in_variants_are_told_with_their_place),
        cmocka_unit_test(limits_hold_on_both_sides),
        cmocka_unit_test(a_strict_schema_knows_the_members_of_variants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
