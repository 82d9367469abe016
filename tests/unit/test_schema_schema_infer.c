/*
 * test_schema_schema_infer.c - what a guessed schema makes of names and values, and that it accepts what it saw.
 */
#include "base/alloc.h"
#include "schema/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct schema *infer(const char *lines)
{
    struct buf text;
    aisle_error error = {.message = ""};
    struct schema *schema = NULL;
    buf_init(&text, 1u << 20);
    if (schema_infer(bytes_of_string(lines), &text, &error) != 0 ||
        schema_parse(buf_bytes(&text), &schema, &error) != 0) {
        fail_msg("%s: %.*s", error.message, (int)text.size, (const char *)text.data);
    }
    buf_release(&text);
    return schema;
}

static const struct field *find(const struct schema *schema, const char *name)
{
    int field = schema_field_find(schema, bytes_of_string(name));
    return field < 0 ? NULL : &schema->fields[field];
}

static void has(const struct schema *schema, const char *name, enum field_type type, uint32_t weight, bool facet)
{
    const struct field *field = find(schema, name);
    if (field == NULL || field->type != type || field->weight != weight || field->facet != facet) {
        fail_msg("%s: %s, weight %u, facet %d", name, field == NULL ? "missing" : field_type_name(field->type),
                 field == NULL ? 0 : field->weight, field != NULL && field->facet);
    }
}

static void refuses(const char *lines, const char *message)
{
    struct buf text;
    aisle_error error = {.message = ""};
    buf_init(&text, 1u << 20);
    assert_int_equal(schema_infer(bytes_of_string(lines), &text, &error), AISLE_BAD_PRODUCT);
    assert_non_null(strstr(error.message, message));
    assert_int_equal(text.size, 0);
    buf_release(&text);
}

static void names_take_the_roles_of_a_shop(void **state)
{
    (void)state;
    struct schema *schema = infer(
        "{\"id\":1,\"description\":\"Long\",\"name\":\"Shoe\",\"Brand\":\"Acme\",\"category\":[\"A\",\"B\"],\"sku\":"
        "\"X-1\","
        "\"ean\":4006381333931,\"price\":10,\"size\":\"41\",\"rating\":4,\"reviews\":3,\"sales\":5,\"in_stock\":true,"
        "\"updated\":\"2026-11-23\",\"tags\":[\"a\",\"b\"],\"image\":\"https://example.org/1.jpg\",\"x\":{\"y\":1}}\n"
        "{\"id\":2,\"description\":\"Text\",\"name\":\"Boot\",\"price\":12.5}\n");
    assert_string_equal(schema->id_name, "id");
    assert_string_equal(schema->language, "english");
    assert_int_equal(schema->first_text, 0);
    assert_string_equal(schema->fields[0].name, "name");
    has(schema, "name", FIELD_TEXT, 500, false);
    has(schema, "description", FIELD_TEXT, 100, false);
    has(schema, "Brand", FIELD_KEYWORD, 300, true);
    has(schema, "category", FIELD_PATH, 100, true);
    has(schema, "sku", FIELD_KEYWORD, 100, false);
    has(schema, "ean", FIELD_KEYWORD, 100, false);
    assert_true(find(schema, "sku")->code && find(schema, "ean")->code);
    has(schema, "price", FIELD_DECIMAL, 0, true);
    assert_int_equal(find(schema, "price")->scale, 2);
    has(schema, "size", FIELD_KEYWORD, 100, true);
    has(schema, "rating", FIELD_DOUBLE, 0, false);
    has(schema, "reviews", FIELD_INTEGER, 0, false);
    has(schema, "sales", FIELD_INTEGER, 0, false);
    has(schema, "in_stock", FIELD_BOOL, 0, false);
    has(schema, "updated", FIELD_DATE, 0, false);
    has(schema, "tags", FIELD_KEYWORD, 0, true);
    assert_null(find(schema, "image"));
    assert_null(find(schema, "x"));
    assert_null(find(schema, "id"));
    assert_int_equal(schema->order_count, 4);
    assert_int_equal(schema->order[0].kind, ORDER_LENGTH);
    assert_string_equal(schema->fields[schema->order[1].field].name, "category");
    assert_string_equal(schema->fields[schema->order[2].field].name, "Brand");
    assert_true(schema->order[3].descending);
    schema_free(schema);
}

static void values_decide_where_names_say_nothing(void **state)
{
    (void)state;
    struct buf lines;
    buf_init(&lines, 1u << 20);
    for (int i = 0; i < 100; i++) {
        buf_printf(
            &lines,
            "{\"_id\":\"p%d\",\"season\":\"%s\",\"note\":\"note number "
            "%d\",\"whole\":%d,\"cents\":%d.5,\"fine\":0.%04d1,"
            "\"milli\":0.125,\"mixed\":%s,\"numbers\":[1,2],\"trail\":\"A > B\",\"category\":\"%s\",\"huge\":1e30,"
            "\"list\":[{\"a\":1}],\"not a name\":1,\"nothing\":null,\"empty\":\"\"}\n",
            i, i % 2 ? "summer" : "winter", i, i, i, i, i % 2 ? "1" : "\"one\"", i % 3 ? "Shoes" : "Hats > Caps");
    }
    buf_put_u8(&lines, 0);
    struct schema *schema = infer((const char *)lines.data);
    assert_string_equal(schema->id_name, "_id");
    has(schema, "season", FIELD_KEYWORD, 0, true);
    has(schema, "note", FIELD_TEXT, 500, false); /* the only text field stands for the title */
    has(schema, "whole", FIELD_INTEGER, 0, false);
    has(schema, "cents", FIELD_DECIMAL, 0, false);
    has(schema, "milli", FIELD_DECIMAL, 0, false);
    assert_int_equal(find(schema, "milli")->scale, 3);
    has(schema, "fine", FIELD_DOUBLE, 0, false);
    has(schema, "huge", FIELD_DOUBLE, 0, false);
    has(schema, "mixed", FIELD_KEYWORD, 0, true);
    has(schema, "numbers", FIELD_KEYWORD, 0, true);
    has(schema, "category", FIELD_PATH, 100, true);
    assert_null(find(schema, "list"));
    assert_null(find(schema, "nothing"));
    assert_null(find(schema, "empty"));
    schema_free(schema);
    buf_release(&lines);
}

static void the_id_is_the_first_candidate_that_products_have(void **state)
{
    (void)state;
    struct schema *schema =
        infer("{\"sku\":\"a\",\"objectID\":\"x\",\"title\":\"t\"}\n{\"sku\":\"b\",\"title\":\"t\"}");
    assert_string_equal(schema->id_name, "sku");
    has(schema, "sku", FIELD_KEYWORD, 100, false);
    schema_free(schema);
    schema = infer("{\"objectID\":77,\"id\":null,\"title\":\"t\"}");
    assert_string_equal(schema->id_name, "objectID");
    assert_null(find(schema, "objectID"));
    schema_free(schema);
    refuses("{\"title\":\"t\"}\n", "no field can be the id, expected id, _id, sku or objectID");
    refuses("{\"id\":1.5,\"title\":\"t\"}\n", "no field can be the id");
    refuses("{\"id\":1,\"title\":\"t\"}\n{\"title\":\"u\"}\n", "no field can be the id");
    refuses("{\"id\":1}\n", "no field besides \"id\"");
    refuses("", "no line holds a product");
    refuses("\n\n[1]\nnot json\n{\"op\":\"delete\",\"id\":\"1\"}\n", "no line holds a product");
}

static void change_log_lines_hold_products(void **state)
{
    (void)state;
    struct schema *schema = infer("{\"op\":\"put\",\"seq\":\"1\",\"product\":{\"id\":\"1\",\"title\":\"a\"}}\r\n"
                                  "{\"op\":\"patch\",\"id\":\"1\",\"fields\":{\"price\":1}}\n"
                                  "{\"op\":\"delete\",\"id\":\"1\"}\nbroken\n"
                                  "{\"id\":\"2\",\"title\":\"b\",\"op\":\"other\"}");
    assert_string_equal(schema->id_name, "id");
    has(schema, "title", FIELD_TEXT, 500, false);
    assert_null(find(schema, "seq"));
    assert_null(find(schema, "fields"));
    schema_free(schema);
}

static void only_the_first_ten_thousand_lines_are_read(void **state)
{
    (void)state;
    struct buf lines;
    buf_init(&lines, 1u << 20);
    for (int i = 0; i < 10000; i++) {
        buf_put_string(&lines, "{\"id\":1,\"title\":\"t\"}\n");
    }
    buf_put_string(&lines, "{\"id\":1,\"late\":\"t\"}\n");
    buf_put_u8(&lines, 0);
    struct schema *schema = infer((const char *)lines.data);
    assert_null(find(schema, "late"));
    schema_free(schema);
    buf_release(&lines);
}

static void many_fields_are_cut_to_the_limit(void **state)
{
    (void)state;
    struct buf lines;
    buf_init(&lines, 1u << 20);
    buf_put_string(&lines, "{\"id\":1");
    for (int i = 0; i < 400; i++) {
        buf_printf(&lines, ",\"f%d\":\"text %d\"", i, i);
    }
    buf_put_string(&lines, ",\"title\":\"t\"}\n");
    buf_put_u8(&lines, 0);
    struct schema *schema = infer((const char *)lines.data);
    assert_int_equal(schema->field_count, LIMIT_FIELDS);
    schema_free(schema);
    buf_release(&lines);
}

static void failing_allocations_are_a_status(void **state)
{
    (void)state;
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        struct buf text;
        buf_init(&text, 1u << 16);
        alloc_fail_at(n, 0);
        status = schema_infer(bytes_of_string("{\"id\":1,\"title\":\"a\",\"brand\":\"b\"}"), &text, NULL);
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        buf_release(&text);
        assert_true(n < 60);
    }
}

static void read_back(const char *text, size_t size, const struct schema *schema)
{
    struct product_reader *reader = NULL;
    struct product product;
    aisle_error error = {.message = ""};
    assert_int_equal(product_reader_new(&reader), 0);
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t line = end == NULL ? size - at : (size_t)(end - text) - at;
        if (product_reader_read(reader, schema, bytes_of(text + at, line), &product, &error) != 0) {
            fail_msg("%.*s: %s", (int)line, text + at, error.message);
        }
        at += line + 1;
    }
    product_reader_free(reader);
}

static void the_sample_catalog_is_accepted_by_its_own_guess(void **state)
{
    (void)state;
    struct buf guess;
    struct buf again;
    FILE *pipe = NULL;
    char *text = NULL;
    size_t size = 0;
    const size_t room = 16u << 20;
    static const char sample[] = AISLE_SOURCE_DIR "/../shared/data/sample-products.jsonl.gz";
    FILE *file = fopen(sample, "rb");
    if (file == NULL) {
        skip();
    }
    fclose(file);
    pipe = popen("gzip -dc '" AISLE_SOURCE_DIR "/../shared/data/sample-products.jsonl.gz'", "r");
    assert_non_null(pipe);
    text = mem_alloc(room);
    assert_non_null(text);
    size = fread(text, 1, room, pipe);
    pclose(pipe);
    assert_true(size > 1000000);
    buf_init(&guess, 1u << 16);
    buf_init(&again, 1u << 16);
    assert_int_equal(schema_infer(bytes_of(text, size), &guess, NULL), 0);
    assert_int_equal(schema_infer(bytes_of(text, size), &again, NULL), 0);
    assert_true(bytes_equal(buf_bytes(&guess), buf_bytes(&again)));
    print_message("%.*s", (int)guess.size, (const char *)guess.data);
    struct schema *schema = NULL;
    assert_int_equal(schema_parse(buf_bytes(&guess), &schema, NULL), 0);
    assert_string_equal(schema->id_name, "id");
    has(schema, "title", FIELD_TEXT, 500, false);
    has(schema, "category", FIELD_PATH, 100, true);
    read_back(text, size, schema);
    schema_free(schema);
    buf_release(&guess);
    buf_release(&again);
    mem_free(text);
}

static void signals_read_what_their_kind_takes(void **state)
{
    static const struct {
        const char *stock;
        bool has;
    } cases[] = {{"3", true}, {"true", true}, {"2.5", false}, {"3.0", false}, {"\"many\"", false}, {"0.12345", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[160];
        snprintf(line, sizeof line, "{\"id\":1,\"name\":\"Shoe\",\"stock\":%s}\n", cases[i].stock);
        struct schema *schema = infer(line);
        assert_int_equal(schema->signal_count, cases[i].has ? 1 : 0);
        schema_free(schema);
    }
}

static void what_products_cannot_have_is_no_field_of_variants(void **state)
{
    static const char lines[] =
        "{\"id\":1,\"name\":\"Shoe\",\"color\":{\"x\":1},\"updated\":\"http://x/y\",\"size\":null,\"stock\":[1,null],"
        "\"variants\":[{\"color\":\"red\",\"updated\":\"2026-11-23\",\"size\":\"9\",\"stock\":3,\"sku\":\"S\"}]}\n";
    (void)state;
    struct schema *schema = infer(lines);
    assert_null(find(schema, "color"));
    assert_null(find(schema, "updated"));
    assert_null(find(schema, "stock"));
    assert_true(find(schema, "size")->of_variants && find(schema, "sku")->of_variants);
    read_back(lines, sizeof lines - 1, schema);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_take_the_roles_of_a_shop),
        cmocka_unit_test(values_decide_where_names_say_nothing),
        cmocka_unit_test(the_id_is_the_first_candidate_that_products_have),
        cmocka_unit_test(change_log_lines_hold_products),
        cmocka_unit_test(only_the_first_ten_thousand_lines_are_read),
        cmocka_unit_test(many_fields_are_cut_to_the_limit),
        cmocka_unit_test(signals_read_what_their_kind_takes),
        cmocka_unit_test(what_products_cannot_have_is_no_field_of_variants),
        cmocka_unit_test(failing_allocations_are_a_status),
        cmocka_unit_test(the_sample_catalog_is_accepted_by_its_own_guess),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
