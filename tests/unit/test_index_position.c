/*
 * test_index_position.c - what is stored as a log position is refused unless it is one, and the newest is found.
 */
#include "storage_fixture.h"

#include "base/alloc.h"
#include "index/position.h"

#define HEAD 25u

static struct log_position decoded;

static int decode(const char *key, const uint8_t *value, size_t size)
{
    return position_decode(bytes_of_string(key), bytes_of(value, size), &decoded);
}

static void decoding_refuses_each_broken_rule(void **state)
{
    (void)state;
    uint8_t value[HEAD + POSITION_SEQ_BYTES + 2] = {0};
    char key[4 + POSITION_SOURCE_BYTES + 2] = "log/";
    store_u64(value + 8, 4711);
    value[24] = 2;
    value[HEAD] = 'a';
    value[HEAD + 1] = 'b';
    assert_int_equal(decode("log/file", value, HEAD + 2), 0);
    assert_int_equal(decoded.offset, 4711);
    assert_string_equal(decoded.source, "file");
    assert_string_equal(decoded.seq, "ab");
    assert_int_equal(decode("log/", value, HEAD + 2), AISLE_CORRUPT);
    memset(key + 4, 'x', POSITION_SOURCE_BYTES + 1);
    assert_int_equal(decode(key, value, HEAD + 2), AISLE_CORRUPT);
    assert_int_equal(decode("log/file", value, HEAD + 1), AISLE_CORRUPT);
    assert_int_equal(decode("log/file", value, HEAD + 3), AISLE_CORRUPT);
    assert_int_equal(decode("log/file", value, 7), AISLE_CORRUPT);
    value[24] = POSITION_SEQ_BYTES + 1;
    assert_int_equal(decode("log/file", value, HEAD + POSITION_SEQ_BYTES + 1), AISLE_CORRUPT);
    value[24] = 0;
    assert_int_equal(decode("log/file", value, HEAD), 0);
    assert_string_equal(decoded.seq, "");
}

static void put_position(struct storage_txn *txn, const char *source, uint64_t offset, uint64_t recency)
{
    aisle_position given = {.source = source, .offset = offset};
    struct log_position position;
    assert_int_equal(position_take(&given, &position, &error), 0);
    position.recency = recency;
    assert_int_equal(position_store(txn, &position), 0);
}

static void newest_of_several_is_found_and_damage_among_them_is_told(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(position_latest(txn, &decoded), AISLE_END);
    assert_int_equal(put(txn, "format", "1"), 0);
    assert_int_equal(put(txn, "zebra", "1"), 0);
    assert_int_equal(position_latest(txn, &decoded), AISLE_END);
    put_position(txn, "a", 1, 5);
    put_position(txn, "b", 2, 9);
    put_position(txn, "c", 3, 7);
    assert_int_equal(position_latest(txn, &decoded), 0);
    assert_string_equal(decoded.source, "b");
    assert_int_equal(position_load(txn, "c", &decoded), 0);
    assert_int_equal(decoded.offset, 3);
    assert_int_equal(position_load(txn, "d", &decoded), AISLE_END);
    assert_int_equal(put(txn, "log/b", "short"), 0);
    assert_int_equal(position_latest(txn, &decoded), AISLE_CORRUPT);
    assert_int_equal(position_load(txn, "b", &decoded), AISLE_CORRUPT);
    storage_abort(txn);
    storage_close(storage);
}

static void what_is_too_long_or_empty_is_not_taken(void **state)
{
    (void)state;
    char text[POSITION_SOURCE_BYTES + 2];
    struct log_position position;
    memset(text, 'x', sizeof text);
    text[POSITION_SOURCE_BYTES + 1] = '\0';
    assert_int_equal(position_take(&(aisle_position){.source = NULL}, &position, &error), AISLE_INVALID);
    assert_int_equal(position_take(&(aisle_position){.source = ""}, &position, &error), AISLE_INVALID);
    assert_int_equal(position_take(&(aisle_position){.source = text}, &position, &error), AISLE_INVALID);
    text[POSITION_SOURCE_BYTES] = '\0';
    assert_int_equal(position_take(&(aisle_position){.source = text}, &position, &error), 0);
    assert_int_equal(position_take(&(aisle_position){.source = "s", .seq = text}, &position, &error), AISLE_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

static void looking_for_the_newest_without_memory_is_told(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    alloc_fail_at(1, 0);
    int status = position_latest(txn, &decoded);
    alloc_fail_at(0, 0);
    assert_int_equal(status, AISLE_NO_MEMORY);
    storage_abort(txn);
    storage_close(storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding_refuses_each_broken_rule),
        TEST(newest_of_several_is_found_and_damage_among_them_is_told),
        cmocka_unit_test(what_is_too_long_or_empty_is_not_taken),
        TEST(looking_for_the_newest_without_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
