/*
 * test_indexer_decoder.c - Debezium's and wal2json's lines as changes of products.
 */
#include "indexer/decoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char schema[] =
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
    "\"price\":{\"type\":\"decimal\",\"scale\":2},"
    "\"stock\":{\"type\":\"bool\"},\"made\":{\"type\":\"date\"},\"tags\":{\"type\":\"keyword\"},"
    "\"category\":{\"type\":\"path\"}}}";

static struct json *json;
static struct product_fields fields;
static struct mapping *mapping;
static struct decoder decoder;
static struct sequence sequence;
static struct change change;
static aisle_error error;

static int set_up(void **state)
{
    (void)state;
    memset(&sequence, 0, sizeof sequence);
    return product_fields_read(schema, &json, &fields, NULL) != 0 ||
           decoder_init(&decoder, FORMAT_AUTO, &fields, NULL) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    decoder_release(&decoder);
    mapping_free(mapping);
    mapping = NULL;
    json_free(json);
    return 0;
}

static void use_mapping(const char *text)
{
    assert_int_equal(mapping_parse(bytes_of_string(text), &mapping, NULL), 0);
    decoder.rows.mapping = mapping;
}

static int next(void)
{
    memset(&error, 0, sizeof error);
    return decoder_next(&decoder, &sequence, &change, &error);
}

static int decode(const char *line)
{
    decoder_begin(&decoder, bytes_of_string(line));
    return next();
}

static void expect(enum change_kind kind, const char *id, const char *body)
{
    assert_int_equal(change.kind, kind);
    assert_int_equal(change.id.size, strlen(id));
    assert_memory_equal(change.id.data, id, change.id.size);
    if (body != NULL) {
        char text[2000];
        snprintf(text, sizeof text, "%.*s", (int)change.body.size, (const char *)change.body.data);
        assert_string_equal(text, body);
    }
}

static void expect_refusal(const char *line, const char *why)
{
    assert_int_equal(decode(line), AISLE_BAD_PRODUCT);
    if (strstr(error.message, why) == NULL) {
        print_message("%s\n", error.message);
    }
    assert_non_null(strstr(error.message, why));
}

#define SOURCE ",\"source\":{\"schema\":\"public\",\"table\":\"products\",\"ts_ms\":1700000000000," \
               "\"sequence\":\"[\\\"100\\\",\\\"120\\\"]\"}"

static void debezium_events_are_puts_patches_and_deletes(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"op\":\"c\",\"before\":null,\"after\":{\"id\":\"A\",\"title\":\"one\"}" SOURCE "}"), 0);
    expect(CHANGE_PUT, "A", "{\"id\":\"A\",\"title\":\"one\"}");
    assert_string_equal(change.seq, "100/120/0");
    assert_int_equal(change.time_ms, INT64_C(1700000000000));
    assert_int_equal(decode("{\"op\":\"u\",\"before\":null,\"after\":{\"id\":7,\"price\":\"9.50\"}" SOURCE "}"), 0);
    expect(CHANGE_PATCH, "7", "{\"id\":\"7\",\"price\":9.50}");
    assert_true(change.or_put);
    assert_string_equal(change.seq, "100/120/1");
    assert_int_equal(decode("{\"op\":\"d\",\"before\":{\"id\":\"A\"},\"after\":null" SOURCE "}"), 0);
    expect(CHANGE_DELETE, "A", NULL);
    assert_int_equal(decode("{\"op\":\"r\",\"after\":{\"id\":\"B\",\"stock\":1}" SOURCE "}"), 0);
    expect(CHANGE_PUT, "B", "{\"id\":\"B\",\"stock\":true}");
    assert_true(change.is_snapshot);
    assert_true(sequence_compare(change.seq, "100/120/4711") > 0); /* behind whatever was of its moment */
    assert_true(sequence_compare(change.seq, "100/121/0") < 0);
    assert_int_equal(decode("{\"op\":\"r\",\"after\":{\"id\":\"B\",\"stock\":1},\"source\":{\"schema\":\"public\","
                            "\"table\":\"products\"}}"), 0);
    assert_string_equal(change.seq, "");
}

static void debezium_events_without_a_row_are_refused(void **state)
{
    (void)state;
    expect_refusal("{\"op\":\"c\",\"before\":{\"id\":\"A\"}" SOURCE "}", "event without \"after\"");
    expect_refusal("{\"op\":\"u\",\"after\":null" SOURCE "}", "event without \"after\"");
    expect_refusal("{\"op\":\"u\",\"after\":[]" SOURCE "}", "event whose \"after\" has no columns");
    assert_int_equal(error.position, 18);
    expect_refusal("{\"op\":\"r\",\"after\":{}" SOURCE "}", "event whose \"after\" has no columns");
    expect_refusal("{\"op\":\"d\",\"after\":null" SOURCE "}", "delete without \"before\"");
    expect_refusal("{\"op\":\"d\",\"before\":7" SOURCE "}", "delete whose \"before\" has no columns");
}

static void tombstones_and_heartbeats_ask_for_nothing(void **state)
{
    (void)state;
    assert_int_equal(decode("null"), AISLE_END);
    assert_int_equal(decode("{\"schema\":null,\"payload\":null}"), AISLE_END);
    assert_int_equal(decode("{\"op\":\"m\",\"source\":{\"table\":\"\"}}"), AISLE_END);
    assert_int_equal(decode("{\"action\":\"B\",\"xid\":5}"), AISLE_END);
}

static void placeholder_of_an_unchanged_value_is_left_out(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"op\":\"u\",\"after\":{\"id\":\"A\",\"title\":\"__debezium_unavailable_value\","
                            "\"tags\":[\"__debezium_unavailable_value\"],\"price\":null}" SOURCE "}"), 0);
    expect(CHANGE_PATCH, "A", "{\"id\":\"A\",\"price\":null}");
    assert_false(change.or_put); /* it would make a product without its title */
}

static void schema_wrapper_tells_decimals_and_dates(void **state)
{
    (void)state;
    assert_int_equal(
        decode("{\"schema\":{\"type\":\"struct\",\"fields\":[{\"field\":\"after\",\"type\":\"struct\",\"fields\":["
               "{\"field\":\"id\",\"type\":\"string\"},"
               "{\"field\":\"price\",\"type\":\"bytes\",\"name\":\"org.apache.kafka.connect.data.Decimal\","
               "\"parameters\":{\"scale\":\"2\"}},"
               "{\"field\":\"made\",\"type\":\"int32\",\"name\":\"io.debezium.time.Date\"}]}]},"
               "\"payload\":{\"op\":\"c\",\"after\":{\"id\":\"A\",\"price\":\"A+c=\",\"made\":19000}" SOURCE "}}"), 0);
    expect(CHANGE_PUT, "A", "{\"id\":\"A\",\"price\":9.99,\"made\":\"2022-01-08T00:00:00Z\"}");
}

static void dates_without_a_schema_are_told_by_their_size(void **state)
{
    (void)state;
    static const char *const made[] = {"19000", "1641600000", "1641600000000", "1641600000000000",
                                       "1641600000000000000", "\"2022-01-08 00:00:00+00\"", "\"2022-01-08\"",
                                       "\"2022-01-08 02:00:00+02\"", "\"2022-01-08T00:00:00.000Z\""};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        char line[300];
        snprintf(line, sizeof line, "{\"op\":\"c\",\"after\":{\"id\":\"A\",\"made\":%s},\"source\":{}}", made[i]);
        assert_int_equal(decode(line), 0);
        expect(CHANGE_PUT, "A", "{\"id\":\"A\",\"made\":\"2022-01-08T00:00:00Z\"}");
    }
}

static void decimals_of_variable_scale_are_exact(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"op\":\"c\",\"after\":{\"id\":\"A\",\"price\":{\"scale\":3,\"value\":\"/w==\"}},"
                            "\"source\":{}}"), 0);
    expect(CHANGE_PUT, "A", "{\"id\":\"A\",\"price\":-0.001}");
}

#define V2 "\"schema\":\"public\",\"table\":\"products\""

static void wal2json_lines_are_numbered_within_their_transaction(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"action\":\"B\",\"lsn\":\"0/10\",\"nextlsn\":\"0/1F\"}"), AISLE_END);
    assert_true(decoder.inside);
    assert_int_equal(decode("{\"action\":\"I\"," V2 ",\"columns\":[{\"name\":\"id\",\"type\":\"text\",\"value\":\"A\"},"
                            "{\"name\":\"tags\",\"type\":\"text[]\",\"value\":\"{a,\\\"b, c\\\",NULL}\"}]}"), 0);
    expect(CHANGE_PUT, "A", "{\"id\":\"A\",\"tags\":[\"a\",\"b, c\"]}");
    assert_string_equal(change.seq, "0/1F/0");
    assert_int_equal(decode("{\"action\":\"D\"," V2 ",\"identity\":[{\"name\":\"id\",\"value\":\"A\"}]}"), 0);
    expect(CHANGE_DELETE, "A", NULL);
    assert_string_equal(change.seq, "0/1F/1");
    assert_int_equal(decode("{\"action\":\"C\",\"lsn\":\"0/10\",\"nextlsn\":\"0/1F\"}"), AISLE_END);
    assert_false(decoder.inside);
}

static void changed_key_moves_the_product(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"action\":\"U\"," V2 ",\"columns\":[{\"name\":\"id\",\"value\":\"B\"}],"
                            "\"identity\":[{\"name\":\"id\",\"value\":\"A\"}]}"), 0);
    expect(CHANGE_PATCH, "B", "{\"id\":\"B\"}");
    assert_true(bytes_equal(change.moved_from, bytes_of_string("A")));
}

static void transaction_of_one_line_gives_all_its_changes(void **state)
{
    (void)state;
    assert_int_equal(
        decode("{\"xid\":7,\"nextlsn\":\"0/2A\",\"timestamp\":\"2026-11-26 15:17:11.7+00\",\"change\":["
               "{\"kind\":\"insert\"," V2 ",\"columnnames\":[\"id\",\"title\"],\"columntypes\":[\"text\",\"text\"],"
               "\"columnvalues\":[\"A\",\"}]{\\\"\"]},"
               "{\"kind\":\"update\"," V2 ",\"columnnames\":[\"id\",\"price\"],\"columntypes\":[\"text\",\"numeric\"],"
               "\"columnvalues\":[\"A\",2.5],\"oldkeys\":{\"keynames\":[\"id\"],\"keyvalues\":[\"A\"]}},"
               "{\"kind\":\"delete\"," V2 ",\"oldkeys\":{\"keynames\":[\"id\"],\"keytypes\":[\"text\"],"
               "\"keyvalues\":[\"A\"]}}]}"), 0);
    expect(CHANGE_PUT, "A", "{\"id\":\"A\",\"title\":\"}]{\\\"\"}");
    assert_string_equal(change.seq, "0/2A/0");
    assert_int_equal(next(), 0);
    expect(CHANGE_PATCH, "A", "{\"id\":\"A\",\"price\":2.5}");
    assert_int_equal(next(), 0);
    expect(CHANGE_DELETE, "A", NULL);
    assert_string_equal(change.seq, "0/2A/2");
    assert_int_equal(next(), AISLE_END);
    assert_int_equal(decode("{\"xid\":8,\"nextlsn\":\"0/2B\",\"change\":[]}"), AISLE_END);
    expect_refusal("{\"xid\":8,\"nextlsn\":\"0/2B\",\"change\":[{\"kind\":\"insert\"", "do not end");
}

static void torn_line_gives_the_whole_change_behind_it(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"action\":\"I\",\"schema\":\"pub{\"action\":\"D\"," V2
                            ",\"identity\":[{\"name\":\"id\",\"value\":\"A\"}]}"), 0);
    expect(CHANGE_DELETE, "A", NULL);
    assert_true(decoder.torn);
    assert_int_equal(next(), AISLE_END);
    assert_int_equal(decode("{\"op\":\"delete\",\"id\":\"A\"}{\"op\":\"delete\",\"id\":\"B\"}"), 0);
    expect(CHANGE_DELETE, "A", NULL);
    assert_int_equal(next(), 0);
    expect(CHANGE_DELETE, "B", NULL);
    assert_int_equal(next(), AISLE_END);
}

static void line_of_very_many_texts_is_refused_in_its_middle(void **state)
{
    (void)state;
    static char line[2 * 5000 + 10];
    unsigned count = 0;
    for (size_t i = 0; i < 5000; i++) {
        memcpy(line + 2 * i, "{}", 2);
    }
    memcpy(line + 2 * 5000, "{\"op\":1}", sizeof "{\"op\":1}");
    int status = decode(line);
    for (; status == 0; status = next()) {
        count++;
    }
    assert_int_equal(status, AISLE_BAD_PRODUCT);
    assert_int_equal(count, 999);
    assert_int_equal(next(), AISLE_END);
}

static void second_table_needs_a_mapping_file(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"action\":\"D\"," V2 ",\"identity\":[{\"name\":\"id\",\"value\":\"A\"}]}"), 0);
    expect_refusal("{\"action\":\"D\",\"schema\":\"public\",\"table\":\"prices\","
                   "\"identity\":[{\"name\":\"id\",\"value\":\"A\"}]}", "a row of table public.prices");
}

#define COLUMN(name, type, value) "{\"name\":\"" name "\",\"type\":\"" type "\",\"value\":\"" value "\"}"
#define INSERT(columns) "{\"action\":\"I\",\"schema\":\"public\",\"table\":\"products\",\"columns\":[" columns "]}"

static void texts_that_only_begin_as_arrays_stay_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"{a}b}", "{a}}", "{}}", "{a},{b}", "{{a}}", "{a", "{\\\\}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char line[200];
        char body[100];
        snprintf(line, sizeof line, INSERT(COLUMN("id", "text", "A") "," COLUMN("tags", "text[]", "%s")), texts[i]);
        snprintf(body, sizeof body, "{\"id\":\"A\",\"tags\":\"%s\"}", texts[i]);
        assert_int_equal(decode(line), 0);
        expect(CHANGE_PUT, "A", body);
    }
}

static void rows_whose_id_is_too_long_are_refused(void **state)
{
    (void)state;
    static char id[8 * LIMIT_ID_BYTES + 1];
    static char line[sizeof id + 200];
    for (size_t size = LIMIT_ID_BYTES; size < sizeof id; size *= 2) {
        memset(id, 'x', size);
        snprintf(line, sizeof line, INSERT(COLUMN("id", "text", "%s")), id);
        if (size == LIMIT_ID_BYTES) {
            assert_int_equal(decode(line), 0);
        } else {
            expect_refusal(line, size <= 4 * LIMIT_ID_BYTES ? "must have 1 to 512 bytes" : "is too long");
        }
    }
}

static void truncate_names_its_table(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"action\":\"T\"," V2 "}"), 0);
    assert_int_equal(change.kind, CHANGE_TRUNCATE);
    assert_true(bytes_equal(change.table, bytes_of_string("products")));
}

static void mapping_renames_joins_splits_and_scales(void **state)
{
    (void)state;
    use_mapping("{\"tables\":{\"products\":{\"id\":[\"shop\",\"sku\"],\"rest\":false,\"fields\":{\"title\":\"name\","
                "\"currency\":{\"value\":\"EUR\"},\"category\":{\"columns\":[\"dept\",\"kind\"],\"join\":\" > \"},"
                "\"tags\":{\"column\":\"labels\",\"split\":\",\"},\"price\":{\"column\":\"cents\",\"multiply\":0.01},"
                "\"weight\":{\"column\":\"specs\",\"path\":\"size.1.kg\"}}},"
                "\"public.prices\":{\"id\":\"product\",\"patch\":true,\"fields\":{\"price\":\"amount\"}},"
                "\"audit\":{\"ignore\":true}}}");
    assert_int_equal(decode("{\"op\":\"c\",\"after\":{\"shop\":1,\"sku\":\"A\",\"name\":\"one\",\"dept\":\"x\","
                            "\"kind\":\"y\",\"labels\":\"a, b,,c\",\"cents\":1999,\"secret\":1,"
                            "\"specs\":\"{\\\"size\\\":[0,{\\\"kg\\\":2.5}]}\"}" SOURCE "}"), 0);
    expect(CHANGE_PUT, "1/A", "{\"id\":\"1/A\",\"title\":\"one\",\"currency\":\"EUR\",\"category\":\"x > y\","
                              "\"tags\":[\"a\",\"b\",\"c\"],\"price\":19.99,\"weight\":2.5}");
    assert_int_equal(decode("{\"op\":\"u\",\"after\":{\"product\":\"1/A\",\"amount\":\"5.00\"},"
                            "\"source\":{\"schema\":\"public\",\"table\":\"prices\"}}"), 0);
    expect(CHANGE_PATCH, "1/A", "{\"price\":5.00}");
    assert_int_equal(decode("{\"op\":\"d\",\"before\":{\"product\":\"1/A\"},"
                            "\"source\":{\"schema\":\"public\",\"table\":\"prices\"}}"), 0);
    expect(CHANGE_PATCH, "1/A", "{\"price\":null}");
    assert_int_equal(decode("{\"op\":\"c\",\"after\":{\"x\":1},\"source\":{\"table\":\"audit\"}}"), AISLE_END);
    assert_int_equal(decode("{\"op\":\"c\",\"after\":{\"x\":1},\"source\":{\"table\":\"unknown\"}}"), AISLE_END);
    assert_int_equal(decoder.rows.ignored, 2);
}

static void faulty_mapping_files_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const faults[][2] = {
        {"{}", "\"tables\""},
        {"{\"tables\":{\"a\":{\"feilds\":{}}}}", "\"feilds\" is not known here"},
        {"{\"tables\":{\"a\":{\"fields\":{\"t\":{}}}}}", "needs one of"},
        {"{\"tables\":{\"a\":{\"fields\":{\"t\":{\"column\":\"x\",\"multiply\":\"2\"}}}}}", "must be a number"},
        {"{\"tables\":{\"a\":{\"fields\":{\"t\":{\"column\":\"x\",\"time\":\"h\"}}}}}", "must be \"days\""},
        {"{\"tables\":{\"a\":{\"id\":[]}}}", "must name columns"},
        {"{\"tables\":", "not JSON"}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct mapping *none = NULL;
        assert_int_equal(mapping_parse(bytes_of_string(faults[i][0]), &none, &error), AISLE_INVALID);
        assert_null(none);
        if (strstr(error.message, faults[i][1]) == NULL) {
            print_message("%s\n", error.message);
        }
        assert_non_null(strstr(error.message, faults[i][1]));
    }
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        RUN_TEST(debezium_events_are_puts_patches_and_deletes),
        RUN_TEST(debezium_events_without_a_row_are_refused),
        RUN_TEST(tombstones_and_heartbeats_ask_for_nothing),
        RUN_TEST(placeholder_of_an_unchanged_value_is_left_out),
        RUN_TEST(schema_wrapper_tells_decimals_and_dates),
        RUN_TEST(dates_without_a_schema_are_told_by_their_size),
        RUN_TEST(decimals_of_variable_scale_are_exact),
        RUN_TEST(wal2json_lines_are_numbered_within_their_transaction),
        RUN_TEST(changed_key_moves_the_product),
        RUN_TEST(transaction_of_one_line_gives_all_its_changes),
        RUN_TEST(torn_line_gives_the_whole_change_behind_it),
        RUN_TEST(line_of_very_many_texts_is_refused_in_its_middle),
        RUN_TEST(second_table_needs_a_mapping_file),
        RUN_TEST(texts_that_only_begin_as_arrays_stay_texts),
        RUN_TEST(rows_whose_id_is_too_long_are_refused),
        RUN_TEST(truncate_names_its_table),
        RUN_TEST(mapping_renames_joins_splits_and_scales),
        RUN_TEST(faulty_mapping_files_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
