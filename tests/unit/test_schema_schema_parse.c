/*
 * test_schema_schema_parse.c - each rule of a schema on both sides, with the message and the byte it names; encoding.
 */
#include "base/alloc.h"
#include "schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct schema *accept(const char *text)
{
    aisle_error error = {.message = ""};
    struct schema *schema = NULL;
    if (schema_parse(bytes_of_string(text), &schema, &error) != 0) {
        fail_msg("%s: %s at %zu", text, error.message, error.position);
    }
    return schema;
}

static void accepts(const char *text)
{
    schema_free(accept(text));
}

/* at: where the position should be, as a piece of the text. */
static void refuses(const char *text, const char *at, const char *message)
{
    aisle_error error = {.message = ""};
    struct schema *schema = (struct schema *)&error;
    assert_int_equal(schema_parse(bytes_of_string(text), &schema, &error), AISLE_BAD_SCHEMA);
    assert_int_equal(error.code, AISLE_BAD_SCHEMA);
    assert_null(schema);
    if (strstr(error.message, message) == NULL) {
        fail_msg("%s: \"%s\", expected \"%s\"", text, error.message, message);
    }
    if (text + error.position != strstr(text, at)) {
        fail_msg("%s: position %zu (\"%s\")", text, error.position, error.message);
    }
}

#define ROOT(fields) "{\"version\":1,\"id\":\"id\",\"fields\":{" fields "}}"
#define FIELDS(fields, more) "{\"version\":1,\"id\":\"id\",\"fields\":{" fields "}," more "}"

static void the_shop_schema_has_its_fields(void **state)
{
    (void)state;
    struct schema *schema = NULL;
    assert_int_equal(schema_default(&schema), 0);
    assert_int_equal(schema->version, 1);
    assert_string_equal(schema->id_name, "id");
    assert_string_equal(schema->language, "english");
    assert_int_equal(schema->field_count, 12);
    assert_int_equal(schema->first_text, 0);
    assert_int_equal(schema->id_field, SCHEMA_NO_FIELD);
    static const struct {
        const char *name;
        enum field_type type;
        uint32_t weight;
        uint8_t scale;
        bool facet, code, searchable, column;
    } expected[] = {
        {"title", FIELD_TEXT, 500, 0, false, false, true, false},
        {"description", FIELD_TEXT, 100, 0, false, false, true, false},
        {"brand", FIELD_KEYWORD, 300, 0, true, false, true, true},
        {"category", FIELD_PATH, 0, 0, true, false, false, true},
        {"sku", FIELD_KEYWORD, 100, 0, false, true, true, false},
        {"size", FIELD_KEYWORD, 0, 0, true, false, false, true},
        {"price", FIELD_DECIMAL, 0, 2, true, false, false, true},
        {"in_stock", FIELD_BOOL, 0, 0, false, false, false, true},
        {"sales", FIELD_INTEGER, 0, 0, false, false, false, true},
        {"rating", FIELD_DOUBLE, 0, 0, false, false, false, true},
        {"reviews", FIELD_INTEGER, 0, 0, false, false, false, true},
        {"updated", FIELD_DATE, 0, 0, false, false, false, true},
    };
    for (unsigned i = 0; i < 12; i++) {
        const struct field *field = &schema->fields[i];
        assert_string_equal(field->name, expected[i].name);
        assert_int_equal(field->type, expected[i].type);
        assert_int_equal(field->weight, expected[i].weight);
        assert_int_equal(field->scale, expected[i].scale);
        assert_int_equal(field->facet, expected[i].facet);
        assert_int_equal(field->code, expected[i].code);
        assert_int_equal(field->searchable, expected[i].searchable);
        assert_int_equal(field->column, expected[i].column);
        assert_string_equal(field->language, "english");
        assert_int_equal(schema_field_find(schema, bytes_of_string(expected[i].name)), i);
    }
    assert_int_equal(schema->order_count, 4);
    assert_int_equal(schema->order[0].kind, ORDER_LENGTH);
    assert_int_equal(schema->order[1].field, 3);
    assert_int_equal(schema->order[2].field, 2);
    assert_int_equal(schema->order[3].field, 8);
    assert_true(schema->order[3].descending);
    assert_int_equal(schema_field_find(schema, bytes_of_string("titles")), -1);
    assert_int_equal(schema_field_find(schema, bytes_of_string("titl")), -1);
    assert_int_equal(schema_field_find(schema, bytes_of("title\0", 6)), -1);
    assert_int_equal(schema_field_find(schema, bytes_of(NULL, 0)), -1);
    schema_free(schema);
}

static void the_shop_schema_is_the_file_in_data(void **state)
{
    (void)state;
    char text[8192];
    FILE *file = fopen(AISLE_SOURCE_DIR "/data/shop.schema.json", "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_true(bytes_equal(bytes_of(text, size), schema_default_json()));
}

static void keys_are_known_at_every_level(void **state)
{
    (void)state;
    refuses("{\"version\":1,\"id\":\"id\",\"feilds\":{}}", "{}",
            "schema: unknown key \"feilds\", expected one of version, id");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"wieght\":5}"), "5}", "field \"a\": unknown key \"wieght\"");
    refuses(FIELDS("\"a\":{\"type\":\"integer\"}", "\"signals\":[{\"knid\":1}]"), "1}]",
            "signal 1: unknown key \"knid\"");
    refuses("[]", "[]", "schema: found an array, expected an object");
    refuses("{\"version\":1,\"version\":1}", "\"version\":1}", "stands twice");
    refuses("{\"version\":1,}", "}", "not JSON");
}

static void the_root_has_version_id_and_fields(void **state)
{
    (void)state;
    accepts(ROOT("\"a\":{\"type\":\"text\"}"));
    refuses("{\"id\":\"id\",\"fields\":{\"a\":{\"type\":\"text\"}}}", "{", "\"version\" is missing");
    refuses("{\"version\":2,\"id\":\"id\",\"fields\":{}}", "2", "\"version\": found 2, expected 1");
    refuses("{\"version\":\"1\",\"id\":\"id\"}", "\"1\"", "\"version\": found a string, expected a number");
    refuses("{\"version\":1,\"fields\":{}}", "{", "\"id\" is missing, expected a string");
    refuses("{\"version\":1,\"id\":\"\",\"fields\":{}}", "\"\"", "id: \"\" cannot be a name");
    refuses("{\"version\":1,\"id\":\"a b\",\"fields\":{}}", "\"a b\"", "id: \"a b\" cannot be a name");
    refuses("{\"version\":1,\"id\":\"id\"}", "{", "\"fields\" is missing, expected an object");
    refuses("{\"version\":1,\"id\":\"id\",\"fields\":[]}", "[]", "\"fields\": found an array");
    refuses(ROOT(""), "{}}", "\"fields\" is empty, expected at least one field");
    refuses(FIELDS("\"a\":{\"type\":\"text\"}", "\"strict\":1"), "1}",
            "\"strict\": found a number, expected true or false");
    refuses(FIELDS("\"a\":{\"type\":\"text\"}", "\"language\":\"\""), "\"\"}", "\"language\": found \"\"");
    refuses(FIELDS("\"a\":{\"type\":\"text\"}", "\"language\":\"abcdefghijabcdefghijabcdefghijab\""), "\"abc",
            "\"language\": found \"abc");
    struct schema *schema = accept(FIELDS("\"a\":{\"type\":\"text\"}", "\"strict\":true"));
    assert_true(schema->strict);
    assert_string_equal(schema->language, "none");
    assert_string_equal(schema->fields[0].language, "none");
    assert_int_equal(schema->order_count, 1);
    assert_int_equal(schema->order[0].kind, ORDER_LENGTH);
    schema_free(schema);
}

static void field_names_are_words(void **state)
{
    (void)state;
    accepts(ROOT("\"_a.b-c9\":{\"type\":\"text\"},\"gr\xc3\xb6\xc3\x9f"
                 "e\":{\"type\":\"text\"}"));
    accepts(ROOT("\"a123456789012345678901234567890123456789012345678901234567890123\":{\"type\":\"text\"}"));
    refuses(ROOT("\"a1234567890123456789012345678901234567890123456789012345678901234\":{\"type\":\"text\"}"),
            "{\"type", "cannot be a name");
    refuses(ROOT("\"\":{\"type\":\"text\"}"), "{\"type", "fields: \"\" cannot be a name");
    refuses(ROOT("\"a:desc\":{\"type\":\"text\"}"), "{\"type", "cannot be a name");
    refuses(ROOT("\"9a\":{\"type\":\"text\"}"), "{\"type", "cannot be a name");
    refuses(ROOT("\"a b\":{\"type\":\"text\"}"), "{\"type", "fields: \"a b\" cannot be a name, expected 1 to 64 bytes");
    refuses(ROOT("\"a\":{\"type\":\"text\"},\"a\":{\"type\":\"text\"}"), "\"a\":{\"type\":\"text\"}}", "stands twice");
}

static void types_are_known(void **state)
{
    (void)state;
    refuses(ROOT("\"a\":{}"), "{}", "field \"a\": \"type\" is missing, expected a string");
    refuses(ROOT("\"a\":\"text\""), "\"text\"", "field \"a\": found a string, expected an object");
    refuses(ROOT("\"a\":{\"type\":\"string\"}"), "\"string\"", "\"type\": found \"string\", expected text, keyword");
    refuses(ROOT("\"a\":{\"type\":1}"), "1}}", "\"type\": found a number, expected a string");
}

static void weights_have_two_digits_from_a_hundredth_to_a_hundred(void **state)
{
    (void)state;
    struct schema *schema =
        accept(ROOT("\"a\":{\"type\":\"text\",\"weight\":100},\"b\":{\"type\":\"text\",\"weight\":0.01},"
                    "\"c\":{\"type\":\"keyword\",\"search_weight\":2.50},"
                    "\"d\":{\"type\":\"keyword\",\"code\":true,\"search_weight\":4}"));
    assert_int_equal(schema->fields[0].weight, 10000);
    assert_int_equal(schema->fields[1].weight, 1);
    assert_int_equal(schema->fields[2].weight, 250);
    assert_int_equal(schema->fields[3].weight, 400);
    schema_free(schema);
    refuses(ROOT("\"a\":{\"type\":\"text\",\"weight\":100.01}"), "100.01",
            "\"weight\": found 100.01, expected 0.01 to 100");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"weight\":0}"), "0}", "\"weight\": found 0");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"weight\":-1}"), "-1", "found -1");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"weight\":0.005}"), "0.005", "with at most 2 digits behind the point");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"weight\":\"5\"}"), "\"5\"", "found a string, expected a number");
    refuses(ROOT("\"a\":{\"type\":\"path\",\"search_weight\":0}"), "0}", "\"search_weight\": found 0");
}

static void no_field_outweighs_the_first_text_field(void **state)
{
    (void)state;
    accepts(ROOT("\"b\":{\"type\":\"keyword\",\"search_weight\":5},\"a\":{\"type\":\"text\",\"weight\":5}"));
    accepts(ROOT("\"b\":{\"type\":\"keyword\",\"search_weight\":50}"));
    refuses(ROOT("\"b\":{\"type\":\"keyword\",\"search_weight\":5.01},\"a\":{\"type\":\"text\",\"weight\":5}"),
            "{\"type\":\"keyword\"",
            "field \"b\": weighs 5.01, expected no more than the first text field \"a\" (5.00)");
    refuses(ROOT("\"a\":{\"type\":\"text\"},\"b\":{\"type\":\"text\",\"weight\":2}"), "{\"type\":\"text\",\"weight\"",
            "field \"b\": weighs 2.00");
}

static void options_belong_to_their_types(void **state)
{
    (void)state;
    refuses(ROOT("\"a\":{\"type\":\"keyword\",\"weight\":1}"), "1}", "field \"a\": \"weight\" is only for text fields");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"search_weight\":1}"), "1}",
            "\"search_weight\" is only for keyword and path");
    refuses(ROOT("\"a\":{\"type\":\"integer\",\"search_weight\":1}"), "1}", "\"search_weight\" is only for");
    refuses(ROOT("\"a\":{\"type\":\"path\",\"code\":true}"), "true",
            "\"code\" is only for keyword fields (type is path)");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"facet\":false}"), "false", "\"facet\" is only for");
    refuses(ROOT("\"a\":{\"type\":\"double\",\"scale\":2}"), "2}", "\"scale\" is only for decimal fields");
    refuses(ROOT("\"a\":{\"type\":\"keyword\",\"language\":\"german\"}"), "\"german\"", "\"language\" is only for");
    accepts(ROOT("\"a\":{\"type\":\"keyword\",\"search_weight\":1,\"language\":\"german\"}"));
    struct schema *schema = accept(ROOT("\"a\":{\"type\":\"text\",\"language\":\"german\"},\"b\":{\"type\":\"text\"}"));
    assert_string_equal(schema->fields[0].language, "german");
    assert_string_equal(schema->fields[1].language, "none");
    schema_free(schema);
}

static void searchable_fields_take_corrections_unless_told(void **state)
{
    (void)state;
    static const char text[] = ROOT("\"t\":{\"type\":\"text\"},\"n\":{\"type\":\"integer\"},"
                                    "\"b\":{\"type\":\"keyword\",\"search_weight\":1,\"typos\":false},"
                                    "\"d\":{\"type\":\"text\",\"typos\":false,\"positions\":false}");
    static const bool typos[] = {true, false, false, false};
    struct schema *first = accept(text);
    struct buf encoded;
    buf_init(&encoded, LIMIT_SCHEMA_BYTES);
    assert_int_equal(schema_encode(first, &encoded), 0);
    buf_put_u8(&encoded, 0);
    struct schema *again = accept((const char *)encoded.data);
    for (unsigned f = 0; f < 4; f++) {
        assert_int_equal(first->fields[f].typos, typos[f]);
        assert_int_equal(again->fields[f].typos, typos[f]);
    }
    buf_release(&encoded);
    schema_free(first);
    schema_free(again);
    refuses(ROOT("\"a\":{\"type\":\"keyword\",\"typos\":true}"), "true}",
            "field \"a\": \"typos\" is only for text fields and fields with \"search_weight\" (type is keyword)");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"typos\":1}"), "1}", "\"typos\": found a number, expected true or false");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"typos\":false},\"b\":{\"type\":\"text\",\"positions\":false}"),
            "{\"type\":\"text\",\"positions\"",
            "fields: \"b\" without positions needs \"typos\": false, as another field has it");
}

static void searchable_fields_keep_positions_unless_told(void **state)
{
    (void)state;
    static const char text[] = ROOT("\"n\":{\"type\":\"integer\"},\"t\":{\"type\":\"text\",\"positions\":true},"
                                    "\"k\":{\"type\":\"keyword\"},"
                                    "\"p\":{\"type\":\"path\",\"search_weight\":1,\"positions\":false},"
                                    "\"c\":{\"type\":\"keyword\",\"code\":true}");
    static const bool searchable[] = {false, true, false, true, true};
    static const bool positions[] = {false, true, false, false, true};
    static const uint8_t ranks[] = {0, 0, 0, 1, 2};
    struct schema *first = accept(text);
    struct buf encoded;
    buf_init(&encoded, LIMIT_SCHEMA_BYTES);
    assert_int_equal(schema_encode(first, &encoded), 0);
    buf_put_u8(&encoded, 0);
    struct schema *again = accept((const char *)encoded.data);
    const struct schema *const both[] = {first, again};
    for (unsigned s = 0; s < 2; s++) {
        assert_int_equal(both[s]->searchable_count, 3);
        for (unsigned f = 0; f < 5; f++) {
            const struct field *field = &both[s]->fields[f];
            assert_int_equal(field->searchable, searchable[f]);
            assert_int_equal(field->positions, positions[f]);
            assert_true(!searchable[f] || field->searchable_rank == ranks[f]);
        }
    }
    buf_release(&encoded);
    schema_free(first);
    schema_free(again);
    refuses(ROOT("\"a\":{\"type\":\"keyword\",\"positions\":true}"), "true}",
            "field \"a\": \"positions\" is only for text fields and fields with \"search_weight\" (type is keyword)");
    refuses(ROOT("\"a\":{\"type\":\"text\",\"positions\":1}"), "1}",
            "\"positions\": found a number, expected true or false");
}

static void scales_go_from_none_to_nine(void **state)
{
    (void)state;
    struct schema *schema = accept(ROOT("\"a\":{\"type\":\"decimal\"},\"b\":{\"type\":\"decimal\",\"scale\":0},"
                                        "\"c\":{\"type\":\"decimal\",\"scale\":9}"));
    assert_int_equal(schema->fields[0].scale, 2);
    assert_int_equal(schema->fields[1].scale, 0);
    assert_int_equal(schema->fields[2].scale, 9);
    schema_free(schema);
    refuses(ROOT("\"a\":{\"type\":\"decimal\",\"scale\":10}"), "10",
            "\"scale\": found 10, expected a whole number from 0 to 9");
    refuses(ROOT("\"a\":{\"type\":\"decimal\",\"scale\":-1}"), "-1", "\"scale\": found -1");
    refuses(ROOT("\"a\":{\"type\":\"decimal\",\"scale\":1.5}"), "1.5", "\"scale\": found 1.5");
}

static void a_listed_id_is_a_keyword(void **state)
{
    (void)state;
    struct schema *schema = accept(ROOT("\"a\":{\"type\":\"text\"},\"id\":{\"type\":\"keyword\"}"));
    assert_int_equal(schema->id_field, 1);
    schema_free(schema);
    refuses(ROOT("\"id\":{\"type\":\"text\"}"), "{\"type",
            "field \"id\": is the id, found type text, expected keyword");
    refuses(ROOT("\"id\":{\"type\":\"integer\"}"), "{\"type", "found type integer");
}

static void fields_are_bounded(void **state)
{
    (void)state;
    struct buf text;
    aisle_error error;
    struct schema *schema = NULL;
    buf_init(&text, 1u << 16);
    buf_put_string(&text, "{\"version\":1,\"id\":\"id\",\"fields\":{");
    for (unsigned i = 0; i < LIMIT_FIELDS; i++) {
        buf_printf(&text, "%s\"f%u\":{\"type\":\"text\"}", i == 0 ? "" : ",", i);
    }
    size_t size = text.size;
    buf_put_string(&text, "}}");
    assert_int_equal(schema_parse(buf_bytes(&text), &schema, &error), 0);
    for (unsigned i = 0; i < LIMIT_FIELDS; i++) {
        assert_int_equal(schema_field_find(schema, bytes_of_string(schema->fields[i].name)), i);
    }
    schema_free(schema);
    text.size = size;
    buf_put_string(&text, ",\"g\":{\"type\":\"text\"}}}");
    assert_int_equal(schema_parse(buf_bytes(&text), &schema, &error), AISLE_BAD_SCHEMA);
    assert_int_equal(error.position, size + 5);
    assert_non_null(strstr(error.message, "too many fields, expected at most 64"));
    buf_release(&text);
}

#define ORDERED(order)                                                                                                 \
    FIELDS("\"t\":{\"type\":\"text\"},\"k\":{\"type\":\"keyword\"},\"p\":{\"type\":\"path\"},\"i\":{\"type\":"         \
           "\"integer\"},"                                                                                             \
           "\"d\":{\"type\":\"decimal\"},\"f\":{\"type\":\"double\"},\"b\":{\"type\":\"bool\"},\"length\":{\"type\":"  \
           "\"double\"}",                                                                                              \
           "\"order\":" order)

static void order_refers_to_fields_that_can_order(void **state)
{
    (void)state;
    struct schema *schema = accept(ORDERED("[\"k\",\"i\",\"d:asc\",\"b:desc\",\"length\",\"length:desc\"]"));
    assert_int_equal(schema->order_count, 6);
    assert_true(schema->fields[1].column);
    assert_false(schema->fields[2].column);
    assert_false(schema->order[1].descending);
    assert_false(schema->order[2].descending);
    assert_true(schema->order[3].descending);
    assert_int_equal(schema->order[4].kind, ORDER_LENGTH);
    assert_int_equal(schema->order[5].kind, ORDER_FIELD);
    assert_int_equal(schema->order[5].field, 7);
    schema_free(schema);
    refuses(ORDERED("[\"x\"]"), "\"x\"", "order: \"x\" is no field");
    refuses(ORDERED("[\"t\"]"), "\"t\"]", "order: field \"t\" is of type text");
    refuses(ORDERED("[\"k:desc\"]"), "\"k:desc\"",
            "order: field \"k\" is of type keyword, only numbers, bools and dates");
    refuses(ORDERED("[\"p:asc\"]"), "\"p:asc\"", "field \"p\" is of type path");
    refuses(ORDERED("[\"i:down\"]"), "\"i:down\"", "\"i:down\" is no field");
    refuses(ORDERED("[\"i\",\"i:desc\"]"), "\"i:desc\"", "\"i:desc\" stands twice");
    refuses(ORDERED("[\"length\",\"length\"]"), "\"length\"]", "stands twice");
    refuses(ORDERED("[5]"), "5]", "order: found a number");
    refuses(ORDERED("[]"), "[]", "order: is empty, expected 1 to 6 parts");
    refuses(ORDERED("\"length\""), "\"length\"}", "\"order\": found a string, expected an array");
    refuses(ORDERED("[\"k\",\"p\",\"i\",\"d\",\"f\",\"b\",\"length\"]"), "\"length\"]",
            "order: too many parts, expected at most 6");
}

#define SIGNALLED(signals)                                                                                             \
    FIELDS("\"i\":{\"type\":\"integer\"},\"f\":{\"type\":\"double\"},\"b\":{\"type\":\"bool\"},\"w\":{\"type\":"       \
           "\"date\"},"                                                                                                \
           "\"k\":{\"type\":\"keyword\"}",                                                                             \
           "\"signals\":[" signals "]")

static void signals_are_kept(void **state)
{
    (void)state;
    struct schema *schema =
        accept(SIGNALLED("{\"kind\":\"popularity\",\"field\":\"i\",\"weight\":0.5},"
                         "{\"kind\":\"rating\",\"field\":\"f\",\"count\":\"i\",\"weight\":0.3},"
                         "{\"kind\":\"recency\",\"field\":\"w\",\"half_life\":\"36h\",\"weight\":0.25},"
                         "{\"kind\":\"recency\",\"field\":\"w\",\"weight\":1},"
                         "{\"kind\":\"stock\",\"field\":\"b\",\"weight\":100}"));
    assert_int_equal(schema->signal_count, 5);
    assert_int_equal(schema->signals[0].kind, SIGNAL_POPULARITY);
    assert_int_equal(schema->signals[0].weight, 50);
    assert_int_equal(schema->signals[0].count_field, SCHEMA_NO_FIELD);
    assert_int_equal(schema->signals[1].field, 1);
    assert_int_equal(schema->signals[1].count_field, 0);
    assert_int_equal(schema->signals[2].half_life_ms, 36 * 3600000);
    assert_int_equal(schema->signals[3].half_life_ms, INT64_C(90) * 86400000);
    assert_int_equal(schema->signals[4].kind, SIGNAL_STOCK);
    schema_free(schema);
    accepts(SIGNALLED(""));
}

static void signals_read_fields_of_fitting_types(void **state)
{
    (void)state;
    refuses(SIGNALLED("{\"kind\":\"fame\",\"field\":\"i\",\"weight\":1}"), "\"fame\"",
            "signal 1: \"kind\": found \"fame\"");
    refuses(SIGNALLED("{\"kind\":\"stock\",\"field\":\"x\",\"weight\":1}"), "\"x\"", "signal 1: \"x\" is no field");
    refuses(
        SIGNALLED(
            "{\"kind\":\"stock\",\"field\":\"b\",\"weight\":1},{\"kind\":\"popularity\",\"field\":\"k\",\"weight\":1}"),
        "\"k\",\"w", "signal 2: field \"k\" is of type keyword, popularity expects integer, decimal or double");
    refuses(SIGNALLED("{\"kind\":\"recency\",\"field\":\"i\",\"weight\":1}"), "\"i\",\"w", "recency expects date");
    refuses(SIGNALLED("{\"kind\":\"stock\",\"field\":\"f\",\"weight\":1}"), "\"f\",\"w",
            "stock expects bool or integer");
    refuses(SIGNALLED("{\"kind\":\"rating\",\"field\":\"f\",\"count\":\"f\",\"weight\":1}"), "\"f\",\"weight",
            "\"count\": field \"f\" is of type double, expected integer");
    refuses(SIGNALLED("{\"kind\":\"popularity\",\"field\":\"i\",\"count\":\"i\",\"weight\":1}"), "\"i\",\"weight",
            "\"count\" is only for rating");
    refuses(SIGNALLED("{\"kind\":\"popularity\",\"field\":\"i\",\"half_life\":\"9d\",\"weight\":1}"), "\"9d\"",
            "\"half_life\" is only for recency");
    refuses(SIGNALLED("{\"kind\":\"recency\",\"field\":\"w\",\"half_life\":\"9y\",\"weight\":1}"), "\"9y\"",
            "found \"9y\"");
    refuses(SIGNALLED("{\"kind\":\"recency\",\"field\":\"w\",\"half_life\":\"d\",\"weight\":1}"), "\"d\"",
            "found \"d\"");
    refuses(SIGNALLED("{\"kind\":\"recency\",\"field\":\"w\",\"half_life\":\"0d\",\"weight\":1}"), "\"0d\"",
            "found \"0d\"");
    refuses(SIGNALLED("{\"kind\":\"recency\",\"field\":\"w\",\"half_life\":\"36501d\",\"weight\":1}"), "\"36501d\"",
            "up to 36500d");
    refuses(SIGNALLED("{\"kind\":\"stock\",\"field\":\"b\"}"), "{\"kind", "signal 1: \"weight\" is missing");
    refuses(SIGNALLED("{\"field\":\"b\",\"weight\":1}"), "{\"field\"", "\"kind\" is missing");
    refuses(SIGNALLED("{\"kind\":\"stock\",\"weight\":1}"), "{\"kind", "\"field\" is missing");
    refuses(SIGNALLED("7"), "7]", "signal 1: found a number");
#define STOCK "{\"kind\":\"stock\",\"field\":\"b\",\"weight\":1},"
    accepts(SIGNALLED(STOCK STOCK STOCK STOCK STOCK STOCK STOCK "{\"kind\":\"stock\",\"field\":\"b\",\"weight\":2}"));
    refuses(
        SIGNALLED(STOCK STOCK STOCK STOCK STOCK STOCK STOCK STOCK "{\"kind\":\"stock\",\"field\":\"b\",\"weight\":2}"),
        "{\"kind\":\"stock\",\"field\":\"b\",\"weight\":2}", "signal 9: too many signals");
}

static void encoded_schemas_parse_to_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        ROOT("\"a\":{\"type\":\"text\"}"),
        ROOT("\"a\":{\"type\":\"text\",\"weight\":0.01},\"id\":{\"type\":\"keyword\"}"),
        FIELDS("\"a\":{\"type\":\"text\",\"weight\":12.34,\"language\":\"german\"},\"gr\xc3\xb6\xc3\x9f"
               "e\":{\"type\":\"path\","
               "\"search_weight\":0.5,\"facet\":true,\"language\":\"none\"},\"c\":{\"type\":\"keyword\",\"code\":true,"
               "\"search_weight\":0.07},\"a_rather_long_name_of_a_field_that_is_no_longer_aligned\":{\"type\":"
               "\"decimal\",\"scale\":0}",
               "\"strict\":true,\"language\":\"french\",\"order\":[\"c\",\"length\"]"),
        ORDERED("[\"i\",\"d:asc\",\"b:desc\",\"length:desc\",\"k\",\"length\"]"),
        SIGNALLED("{\"kind\":\"popularity\",\"field\":\"i\",\"weight\":0.5},{\"kind\":\"rating\",\"field\":\"f\","
                  "\"count\":\"i\","
                  "\"weight\":0.35},{\"kind\":\"recency\",\"field\":\"w\",\"half_life\":\"61s\",\"weight\":10},"
                  "{\"kind\":\"recency\",\"field\":\"w\",\"half_life\":\"120m\",\"weight\":10},{\"kind\":\"stock\","
                  "\"field\":\"b\","
                  "\"weight\":1}"),
    };
    struct buf once;
    struct buf twice;
    buf_init(&once, 1u << 16);
    buf_init(&twice, 1u << 16);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct schema *first = accept(texts[i]);
        buf_clear(&once);
        buf_clear(&twice);
        assert_int_equal(schema_encode(first, &once), 0);
        buf_put_u8(&once, 0);
        struct schema *second = accept((const char *)once.data);
        assert_memory_equal(first, second, sizeof *first);
        assert_int_equal(schema_encode(second, &twice), 0);
        buf_put_u8(&twice, 0);
        assert_true(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
        schema_free(first);
        schema_free(second);
    }
    buf_release(&once);
    buf_release(&twice);
}

static void the_shop_schema_encodes_to_an_equal_one(void **state)
{
    (void)state;
    struct schema *shop = NULL;
    struct buf text;
    buf_init(&text, 1u << 16);
    assert_int_equal(schema_default(&shop), 0);
    assert_int_equal(schema_encode(shop, &text), 0);
    buf_put_u8(&text, 0);
    struct schema *again = accept((const char *)text.data);
    assert_memory_equal(shop, again, sizeof *shop);
    schema_free(shop);
    schema_free(again);
    buf_release(&text);
    buf_init(&text, 20);
    assert_int_equal(schema_default(&shop), 0);
    assert_int_equal(schema_encode(shop, &text), AISLE_LIMIT);
    schema_free(shop);
    buf_release(&text);
}

static void cut_and_flipped_schemas_never_crash(void **state)
{
    (void)state;
    struct bytes shop = schema_default_json();
    uint8_t copy[2048];
    uint64_t random = 11;
    print_message("seed %llu\n", (unsigned long long)random);
    assert_true(shop.size <= sizeof copy);
    for (int i = 0; i < 20000; i++) {
        struct schema *schema = NULL;
        memcpy(copy, shop.data, shop.size);
        random = random * 6364136223846793005u + 1442695040888963407u;
        copy[(random >> 33) % shop.size] = (uint8_t)(32 + (random >> 20) % 95);
        size_t size = i % 4 == 0 ? (size_t)(random >> 40) % shop.size : shop.size;
        int status = schema_parse(bytes_of(copy, size), &schema, NULL);
        assert_true(status == 0 || status == AISLE_BAD_SCHEMA);
        schema_free(schema);
    }
}

static void failing_allocations_are_a_status(void **state)
{
    (void)state;
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        struct schema *schema = NULL;
        alloc_fail_at(n, 0);
        status = schema_default(&schema);
        alloc_fail_at(0, 0);
        assert_true(status == 0 || (status == AISLE_NO_MEMORY && schema == NULL));
        schema_free(schema);
        assert_true(n < 50);
    }
}

static void options_of_a_wrong_type_are_refused_with_their_place(void **state)
{
    (void)state;
    refuses("{\"version\":1,\"id\":\"id\",\"language\":5,\"fields\":{\"t\":{\"type\":\"text\"}}}", "5,",
            "schema: \"language\": found a number, expected a string");
    refuses("{\"version\":1.5,\"id\":\"id\",\"fields\":{\"t\":{\"type\":\"text\"}}}", "1.5", "\"version\": found 1.5");
    refuses(ROOT("\"t\":{\"type\":\"text\",\"language\":[]}"), "[]", "\"language\": found an array");
    refuses(ROOT("\"d\":{\"type\":\"decimal\",\"scale\":\"2\"}"), "\"2\"", "\"scale\": found a string");
    refuses(ROOT("\"k\":{\"type\":\"keyword\",\"code\":1}"), "1}", "\"code\": found a number, expected true or false");
    refuses(ROOT("\"k\":{\"type\":\"keyword\",\"facet\":null}"), "null", "\"facet\": found null");
    refuses(SIGNALLED("{\"kind\":\"rating\",\"field\":\"f\",\"count\":5,\"weight\":1}"), "5,",
            "\"count\": found a number");
    refuses(SIGNALLED("{\"kind\":\"rating\",\"field\":\"f\",\"count\":\"x\",\"weight\":1}"), "\"x\"", "is no field");
    refuses(SIGNALLED("{\"kind\":\"rating\",\"field\":5,\"weight\":1}"), "5,", "\"field\": found a number");
    refuses(SIGNALLED("{\"kind\":\"stock\",\"field\":\"b\",\"weight\":0}"), "0}", "\"weight\": found 0");
    refuses(SIGNALLED("{\"kind\":\"recency\",\"field\":\"w\",\"half_life\":9,\"weight\":1}"), "9,",
            "\"half_life\": found a number");
}

static void half_lives_are_whole_numbers_with_a_unit(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "/d", "9:d", "-9d", "9.5d", "0000000000001d"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[512];
        char at[32];
        snprintf(text, sizeof text,
                 SIGNALLED("{\"kind\":\"recency\",\"field\":\"w\",\"weight\":1,\"half_life\":\"%s\"}"), bad[i]);
        snprintf(at, sizeof at, "\"%s\"}]", bad[i]);
        refuses(text, at, "expected a whole number and s, m, h or d");
    }
}

static void signals_take_every_type_of_number(void **state)
{
    (void)state;
    accepts(FIELDS("\"d\":{\"type\":\"decimal\"},\"i\":{\"type\":\"integer\"}",
                   "\"signals\":[{\"kind\":\"popularity\",\"field\":\"d\",\"weight\":1},"
                   "{\"kind\":\"stock\",\"field\":\"i\",\"weight\":1}]"));
}

static void schema_larger_than_its_limit_is_refused(void **state)
{
    (void)state;
    aisle_error error;
    struct schema *schema = NULL;
    char *text = mem_alloc(LIMIT_SCHEMA_BYTES + 1);
    assert_non_null(text);
    memset(text, ' ', LIMIT_SCHEMA_BYTES + 1);
    assert_int_equal(schema_parse(bytes_of(text, LIMIT_SCHEMA_BYTES + 1), &schema, &error), AISLE_BAD_SCHEMA);
    assert_non_null(strstr(error.message, "expected at most"));
    assert_int_equal(schema_parse(bytes_of(text, LIMIT_SCHEMA_BYTES), &schema, NULL), AISLE_BAD_SCHEMA);
    mem_free(text);
}

static void names_that_cannot_be_fields_are_not_looked_for(void **state)
{
    (void)state;
    char name[LIMIT_FIELD_NAME_BYTES + 1];
    struct schema *schema = accept(ROOT("\"t\":{\"type\":\"text\"}"));
    memset(name, 't', sizeof name);
    assert_int_equal(schema_field_find(schema, bytes_of(name, 1)), 0);
    assert_int_equal(schema_field_find(schema, bytes_of(name, 0)), -1);
    assert_int_equal(schema_field_find(schema, bytes_of(name, LIMIT_FIELD_NAME_BYTES)), -1);
    assert_int_equal(schema_field_find(schema, bytes_of(name, sizeof name)), -1);
    schema_free(schema);
}

static void stems_are_words_for_words(void **state)
{
    (void)state;
    struct schema *schema =
        accept(FIELDS("\"a\":{\"type\":\"text\"}", "\"stems\":{\"mice\":\"mouse\",\"pods\":\"pods\"}"));
    assert_int_equal(schema->stem_count, 2);
    assert_true(bytes_equal(schema->stems[0].word, bytes_of_string("mice")));
    assert_true(bytes_equal(schema->stems[0].stem, bytes_of_string("mouse")));
    assert_true(bytes_equal(schema->stems[1].word, schema->stems[1].stem));
    schema_free(schema);
    schema = accept(FIELDS("\"a\":{\"type\":\"text\"}", "\"stems\":{}"));
    assert_null(schema->stems);
    schema_free(schema);
    static const char *const wrong[][3] = {
        {"\"stems\":[]", "[]", "found an array, expected an object"},
        {"\"stems\":{\"a\":1}", "1}", "found a number, expected a word"},
        {"\"stems\":{\"a b\":\"c\"}", "\"c\"", "expected one word for one word"},
        {"\"stems\":{\"a\":\"b c\"}", "\"b c\"", "expected one word for one word"},
        {"\"stems\":{\"\":\"b\"}", "\"b\"", "expected one word for one word"},
        {"\"stems\":{\"b\":\"\"}", "\"\"", "expected one word for one word"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, FIELDS("\"a\":{\"type\":\"text\"}", "%s"), wrong[i][0]);
        refuses(text, wrong[i][1], wrong[i][2]);
    }
}

static void as_many_stems_as_the_limit_says_are_taken(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, LIMIT_SCHEMA_BYTES);
    for (unsigned more = 0; more < 2; more++) {
        buf_clear(&text);
        buf_put_string(&text, FIELDS("\"a\":{\"type\":\"text\"}", "\"stems\":{\"a\":\"b\""));
        text.size -= 1;
        for (unsigned i = 1; i < LIMIT_STEM_EXCEPTIONS + more; i++) {
            buf_printf(&text, ",\"w%u\":\"v%u\"", i, i);
        }
        buf_put_string(&text, "}}");
        struct schema *schema = NULL;
        assert_int_equal(buf_status(&text), 0);
        assert_int_equal(schema_parse(buf_bytes(&text), &schema, NULL), more == 0 ? 0 : AISLE_BAD_SCHEMA);
        schema_free(schema);
    }
    buf_release(&text);
}

static void stems_are_encoded(void **state)
{
    (void)state;
    struct schema *schema =
        accept(FIELDS("\"a\":{\"type\":\"text\"}", "\"stems\":{\"mice\":\"mouse\",\"a\\\"b\":\"c\"}"));
    struct schema *again = NULL;
    struct buf out;
    buf_init(&out, LIMIT_SCHEMA_BYTES);
    assert_int_equal(schema_encode(schema, &out), 0);
    assert_int_equal(schema_parse(buf_bytes(&out), &again, NULL), 0);
    assert_int_equal(again->stem_count, 2);
    assert_true(bytes_equal(again->stems[1].word, bytes_of_string("a\"b")));
    buf_release(&out);
    schema_free(again);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stems_are_words_for_words),
        cmocka_unit_test(as_many_stems_as_the_limit_says_are_taken),
        cmocka_unit_test(stems_are_encoded),
        cmocka_unit_test(the_shop_schema_has_its_fields),
        cmocka_unit_test(the_shop_schema_is_the_file_in_data),
        cmocka_unit_test(keys_are_known_at_every_level),
        cmocka_unit_test(the_root_has_version_id_and_fields),
        cmocka_unit_test(field_names_are_words),
        cmocka_unit_test(types_are_known),
        cmocka_unit_test(weights_have_two_digits_from_a_hundredth_to_a_hundred),
        cmocka_unit_test(no_field_outweighs_the_first_text_field),
        cmocka_unit_test(options_belong_to_their_types),
        cmocka_unit_test(searchable_fields_keep_positions_unless_told),
        cmocka_unit_test(searchable_fields_take_corrections_unless_told),
        cmocka_unit_test(scales_go_from_none_to_nine),
        cmocka_unit_test(a_listed_id_is_a_keyword),
        cmocka_unit_test(fields_are_bounded),
        cmocka_unit_test(order_refers_to_fields_that_can_order),
        cmocka_unit_test(signals_are_kept),
        cmocka_unit_test(signals_read_fields_of_fitting_types),
        cmocka_unit_test(encoded_schemas_parse_to_the_same),
        cmocka_unit_test(the_shop_schema_encodes_to_an_equal_one),
        cmocka_unit_test(cut_and_flipped_schemas_never_crash),
        cmocka_unit_test(failing_allocations_are_a_status),
        cmocka_unit_test(options_of_a_wrong_type_are_refused_with_their_place),
        cmocka_unit_test(half_lives_are_whole_numbers_with_a_unit),
        cmocka_unit_test(signals_take_every_type_of_number),
        cmocka_unit_test(schema_larger_than_its_limit_is_refused),
        cmocka_unit_test(names_that_cannot_be_fields_are_not_looked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
