/*
 * test_indexer_change.c - which lines are changes, and what they ask for.
 */
#include "base/limits.h"
#include "indexer/decoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct product_fields fields = {.id_name = {(const uint8_t *)"id", 2}};
static struct decoder decoder;
static struct sequence sequence;
static struct change change;
static aisle_error error;

static int make_json(void **state)
{
    (void)state;
    return decoder_init(&decoder, FORMAT_AUTO, &fields, NULL);
}

static int free_json(void **state)
{
    (void)state;
    decoder_release(&decoder);
    return 0;
}

static int decode_bytes(struct bytes line)
{
    memset(&error, 0, sizeof error);
    decoder_begin(&decoder, line);
    return decoder_next(&decoder, &sequence, &change, &error);
}

static int decode(const char *line)
{
    return decode_bytes(bytes_of_string(line));
}

static void expect_bare(const char *line)
{
    assert_int_equal(decode(line), 0);
    assert_int_equal(change.kind, CHANGE_PUT);
    assert_int_equal(change.body_position, 0);
    assert_true(bytes_equal(change.body, bytes_of_string(line)));
    assert_string_equal(change.seq, "");
}

static void expect_refusal(const char *line, const char *why, size_t position)
{
    assert_int_equal(decode(line), AISLE_BAD_PRODUCT);
    assert_non_null(strstr(error.message, why));
    assert_int_equal(error.position, position);
}

static void bare_products_pass_unparsed(void **state)
{
    (void)state;
    expect_bare("{\"id\":\"P1\"}");
    expect_bare("{\"id\": not even JSON");
    expect_bare("{\"id\":\"P1\",\"title\":\"the \\\"op\\\" of it\"}");
}

static void products_may_have_an_op_of_their_own(void **state)
{
    (void)state;
    expect_bare("{\"id\":\"P1\",\"op\":\"double\"}");
    expect_bare("{\"id\":\"P1\",\"op\":1}");
    expect_bare("{\"id\":\"P1\",\"parts\":{\"op\":\"delete\"}}");
}

static void puts_hand_out_the_product_as_it_stands(void **state)
{
    (void)state;
    static const char line[] = " { \"op\" : \"put\",\"seq\":\"16B/0\",\"time\":1,\"product\": {\"id\" :\"P1\"} }";
    assert_int_equal(decode(line), 0);
    assert_int_equal(change.kind, CHANGE_PUT);
    assert_true(bytes_equal(change.body, bytes_of_string("{\"id\" :\"P1\"}")));
    assert_ptr_equal(line + change.body_position, strstr(line, "{\"id\""));
    assert_string_equal(change.seq, "16B/0");
}

static void patches_and_deletes_name_their_product(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"op\":\"patch\",\"seq\":12,\"id\":\"P\\u0031\",\"fields\":{\"price\":9.99}}"), 0);
    assert_int_equal(change.kind, CHANGE_PATCH);
    assert_true(bytes_equal(change.id, bytes_of_string("P1")));
    assert_true(bytes_equal(change.body, bytes_of_string("{\"price\":9.99}")));
    assert_string_equal(change.seq, "12");
    assert_int_equal(decode("{\"op\":\"delete\",\"id\":77}"), 0);
    assert_int_equal(change.kind, CHANGE_DELETE);
    assert_true(bytes_equal(change.id, bytes_of_string("77")));
}

static void op_may_stand_anywhere(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"id\":\"P1\",\"fields\":{\"price\":1},\"op\":\"patch\"}"), 0);
    assert_int_equal(change.kind, CHANGE_PATCH);
    assert_int_equal(decode("{\"id\":\"P1\",\"op\":\"delete\"}"), 0);
    assert_int_equal(change.kind, CHANGE_DELETE);
}

static void broken_changes_are_refused_with_their_place(void **state)
{
    (void)state;
    expect_refusal("{\"op\":\"upsert\",\"product\":{}}", "must be \"put\"", 6);
    expect_refusal("{\"op\":null}", "must be \"put\"", 6);
    expect_refusal("{\"op\":\"put\"}", "no \"product\"", 0);
    expect_refusal("{\"op\":\"put\",\"product\":[]}", "must be an object", 22);
    expect_refusal("{\"op\":\"patch\",\"fields\":{}}", "no \"id\"", 0);
    expect_refusal("{\"op\":\"patch\",\"id\":\"P1\"}", "no \"fields\"", 0);
    expect_refusal("{\"op\":\"patch\",\"id\":true,\"fields\":{}}", "must be a string", 19);
    expect_refusal("{\"op\":\"delete\",\"id\":\"\"}", "must be a string", 20);
    char line[64 + LIMIT_ID_BYTES];
    snprintf(line, sizeof line, "{\"op\":\"delete\",\"id\":\"%0*d\"}", (int)LIMIT_ID_BYTES, 1);
    assert_int_equal(decode(line), 0);
    snprintf(line, sizeof line, "{\"op\":\"delete\",\"id\":\"%0*d\"}", (int)LIMIT_ID_BYTES + 1, 1);
    expect_refusal(line, "must be a string", 20);
    assert_int_equal(decode("{\"op\":\"delete\",\"id\":\"P1\""), AISLE_BAD_PRODUCT);
}

static void seq_that_is_no_text_or_number_is_left_out(void **state)
{
    (void)state;
    assert_int_equal(decode("{\"op\":\"delete\",\"id\":\"P1\",\"seq\":true}"), 0);
    assert_string_equal(change.seq, "");
    assert_int_equal(decode("{\"op\":\"delete\",\"id\":\"P1\",\"seq\":17}"), 0);
    assert_string_equal(change.seq, "17");
}

static void long_seq_is_cut_at_a_character(void **state)
{
    (void)state;
    char line[300] = "{\"op\":\"delete\",\"id\":\"P1\",\"seq\":\"";
    for (int i = 0; i < 40; i++) {
        strcat(line, "\xc3\xa9");
    }
    strcat(line, "\"}");
    assert_int_equal(decode(line), 0);
    assert_int_equal(strlen(change.seq), 62);
}

static void spoilt_lines_never_escape_their_bounds(void **state)
{
    (void)state;
    static const char good[] =
        "{\"op\":\"patch\",\"seq\":\"1\",\"id\":\"P1\",\"fields\":{\"a\":[1,2,{\"op\":\"put\"}],\"b\":\"x\"}}";
    uint64_t random = 7;
    for (int i = 0; i < 100000; i++) {
        char line[sizeof good];
        memcpy(line, good, sizeof good);
        for (int k = 0; k < 2; k++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            line[(random >> 40) % (sizeof good - 1)] = (char)(random >> 33);
        }
        struct bytes text = bytes_of(line, (random >> 20) % 4 == 0 ? (random >> 50) % sizeof good : sizeof good - 1);
        int status = decode_bytes(text);
        assert_true(status == 0 || status == AISLE_BAD_PRODUCT || (status == AISLE_END && text.size == 0));
        if (status == 0 && change.kind != CHANGE_DELETE) {
            assert_true(change.body_position + change.body.size <= text.size);
            assert_ptr_equal(change.body.data, text.data + change.body_position);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bare_products_pass_unparsed),
        cmocka_unit_test(products_may_have_an_op_of_their_own),
        cmocka_unit_test(puts_hand_out_the_product_as_it_stands),
        cmocka_unit_test(patches_and_deletes_name_their_product),
        cmocka_unit_test(op_may_stand_anywhere),
        cmocka_unit_test(broken_changes_are_refused_with_their_place),
        cmocka_unit_test(seq_that_is_no_text_or_number_is_left_out),
        cmocka_unit_test(long_seq_is_cut_at_a_character),
        cmocka_unit_test(spoilt_lines_never_escape_their_bounds),
    };
    return cmocka_run_group_tests(tests, make_json, free_json);
}
