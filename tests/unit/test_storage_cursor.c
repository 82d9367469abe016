/*
 * test_storage_cursor.c - cursors move in memcmp order, compared with a plain model of the table.
 */
#include "storage_fixture.h"

#define SEED 20240611u
#define KEYS 4096u /* the model: a flag for each of these two-byte keys */

static uint32_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

static struct bytes key_of(uint8_t out[2], uint32_t number)
{
    out[0] = (uint8_t)(number >> 8);
    out[1] = (uint8_t)number;
    return bytes_of(out, 2);
}

static uint32_t number_of(struct bytes key)
{
    assert_int_equal(key.size, 2);
    return (uint32_t)key.data[0] << 8 | key.data[1];
}

static void empty_table_ends_at_once_and_stays_ended(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_read(storage);
    struct storage_cursor *cursor = NULL;
    struct bytes key = bytes_of("x", 1);
    struct bytes value;
    assert_int_equal(storage_cursor_open(txn, TABLE_PAGES, &cursor), 0);
    assert_int_equal(storage_cursor_next(cursor, &key, &value), AISLE_END);
    assert_null(key.data);
    assert_int_equal(storage_cursor_next(cursor, &key, &value), AISLE_END);
    assert_int_equal(storage_cursor_seek(cursor, bytes_of(NULL, 0), &key, &value), AISLE_END);
    assert_int_equal(storage_cursor_seek(cursor, bytes_of("a", 1), &key, &value), AISLE_END);
    storage_cursor_close(cursor);
    storage_cursor_close(NULL);
    storage_read_end(txn);
    storage_close(storage);
}

static void order_is_that_of_memcmp_with_prefixes_first(void **state)
{
    (void)state;
    static const char *const ordered[] = {"a", "ab", "abc", "b", "\x7f", "\x80", "\xff", "\xff\xff"};
    const size_t count = sizeof ordered / sizeof ordered[0];
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    for (size_t i = 0; i < count; i++) {
        size_t k = (i * 5 + 3) % count;
        assert_int_equal(put(txn, ordered[k], ordered[k]), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
    txn = begin_read(storage);
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    assert_int_equal(storage_cursor_open(txn, TABLE_META, &cursor), 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(storage_cursor_next(cursor, &key, &value), 0);
        assert_true(bytes_equal(key, bytes_of_string(ordered[i])));
        assert_true(bytes_equal(value, key));
    }
    assert_int_equal(storage_cursor_next(cursor, &key, &value), AISLE_END);
    assert_int_equal(storage_cursor_next(cursor, &key, &value), AISLE_END);
    assert_int_equal(storage_cursor_seek(cursor, bytes_of_string("abb"), &key, &value), 0);
    assert_true(bytes_equal(key, bytes_of_string("abc")));
    assert_int_equal(storage_cursor_seek(cursor, bytes_of_string("\xff\xff\x01"), &key, &value), AISLE_END);
    assert_int_equal(storage_cursor_next(cursor, &key, &value), AISLE_END);
    assert_int_equal(storage_cursor_seek(cursor, bytes_of(NULL, 0), &key, &value), 0);
    assert_true(bytes_equal(key, bytes_of_string("a")));
    storage_cursor_close(cursor);
    storage_read_end(txn);
    storage_close(storage);
}

static void compare_with_model(struct storage_txn *txn, const bool model[KEYS])
{
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    uint8_t scratch[2];
    assert_int_equal(storage_cursor_open(txn, TABLE_PAGES, &cursor), 0);
    for (unsigned round = 0; round < 20; round++) {
        uint32_t expected = round == 0 ? KEYS - 1 : random_below(KEYS);
        int status = storage_cursor_seek(cursor, key_of(scratch, expected), &key, &value);
        for (unsigned step = 0; step < 200; step++) {
            while (expected < KEYS && !model[expected]) {
                expected++;
            }
            assert_int_equal(status, expected == KEYS ? AISLE_END : 0);
            if (status != 0) {
                assert_int_equal(storage_cursor_next(cursor, &key, &value), AISLE_END);
                break;
            }
            assert_int_equal(number_of(key), expected);
            assert_int_equal(value.size, expected % 3000);
            expected++;
            status = storage_cursor_next(cursor, &key, &value);
        }
    }
    storage_cursor_close(cursor);
}

static void random_changes_agree_with_a_model(void **state)
{
    (void)state;
    static bool model[KEYS];
    static uint8_t filler[3000];
    struct storage *storage = open_storage(CREATE);
    uint8_t scratch[2];
    random_state = SEED;
    print_message("seed %u\n", SEED);
    assert_int_equal(storage_set_fast(storage, true, &error), 0);
    for (unsigned round = 0; round < 30; round++) {
        struct storage_txn *txn = begin_write(storage);
        for (unsigned i = 0; i < 100; i++) {
            uint32_t number = random_below(KEYS);
            struct bytes key = key_of(scratch, number);
            if (random_below(3) != 0) {
                assert_int_equal(storage_put(txn, TABLE_PAGES, key, bytes_of(filler, number % 3000)), 0);
                model[number] = true;
            } else {
                assert_int_equal(storage_delete(txn, TABLE_PAGES, key), model[number] ? 0 : AISLE_END);
                model[number] = false;
            }
        }
        compare_with_model(txn, model);
        assert_int_equal(storage_commit(txn, &error), 0);
        txn = begin_read(storage);
        compare_with_model(txn, model);
        storage_read_end(txn);
    }
    storage_close(storage);
}

static void cursor_of_a_reader_does_not_see_later_commits(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    assert_int_equal(put_and_commit(storage, "a", "1"), 0);
    struct storage_txn *txn = begin_read(storage);
    assert_int_equal(storage_cursor_open(txn, TABLE_META, &cursor), 0);
    assert_int_equal(storage_cursor_next(cursor, &key, &value), 0);
    assert_int_equal(put_and_commit(storage, "b", "2"), 0);
    assert_int_equal(storage_cursor_next(cursor, &key, &value), AISLE_END);
    storage_cursor_close(cursor);
    storage_read_end(txn);
    storage_close(storage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(empty_table_ends_at_once_and_stays_ended),
        TEST(order_is_that_of_memcmp_with_prefixes_first),
        TEST(random_changes_agree_with_a_model),
        TEST(cursor_of_a_reader_does_not_see_later_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
