/*
 * test_storage_lmdb_call.c - damage that makes LMDB fail an assertion becomes a status, not the end of the program.
 *
 * The damage: the branch pages of one table claim to hold no keys, which LMDB asserts never to be so.
 */
#include "storage_fixture.h"

#include <fcntl.h>

#define PAGE 4096u
#define BRANCH 0x01u /* LMDB's page flag; the layout of a page's head below is LMDB's as well */
#define FLAGS_AT 10u
#define LOWER_AT 12u
#define HEAD_BYTES 16u

static struct bytes key_of(uint8_t out[4], uint32_t number)
{
    store_u32_big(out, number);
    return bytes_of(out, 4);
}

/* A storage with a record in TABLE_META and enough in TABLE_VALUES for branch pages, which are then damaged. */
static void make_damaged(void)
{
    uint8_t key[4];
    uint8_t page[PAGE] = {0};
    unsigned damaged = 0;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(put(txn, "key", "value"), 0);
    for (uint32_t i = 0; i < 2000; i++) {
        assert_int_equal(storage_put(txn, TABLE_VALUES, key_of(key, i), bytes_of(page, 100)), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
    storage_close(storage);
    int fd = open(path_of("data.mdb"), O_RDWR);
    for (off_t at = 2 * PAGE; pread(fd, page, PAGE, at) == PAGE; at += PAGE) {
        if (load_u16(page + FLAGS_AT) == BRANCH && load_u64(page) == (uint64_t)at / PAGE) {
            store_u16(page + LOWER_AT, HEAD_BYTES);
            assert_int_equal(pwrite(fd, page, PAGE, at), PAGE);
            damaged++;
        }
    }
    close(fd);
    assert_true(damaged > 0);
}

static void reading_damage_is_corrupt_and_harms_nothing_else(void **state)
{
    (void)state;
    uint8_t scratch[4];
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    make_damaged();
    struct storage *storage = open_storage(NULL);
    for (unsigned i = 0; i < 3; i++) {
        struct storage_txn *txn = begin_read(storage);
        assert_int_equal(storage_get(txn, TABLE_VALUES, key_of(scratch, 77), &value), AISLE_CORRUPT);
        assert_null(value.data);
        assert_int_equal(storage_cursor_open(txn, TABLE_VALUES, &cursor), 0);
        assert_int_equal(storage_cursor_next(cursor, &key, &value), AISLE_CORRUPT);
        assert_int_equal(storage_cursor_seek(cursor, key_of(scratch, 5), &key, &value), AISLE_CORRUPT);
        storage_cursor_close(cursor);
        assert_true(holds(txn, "key", "value"));
        storage_read_end(txn);
    }
    assert_int_equal(put_and_commit(storage, "key", "other"), 0);
    assert_true(committed(storage, "key", "other"));
    storage_close(storage);
    storage = open_storage(NULL);
    storage_close(storage);
}

/* In a child, because the environment is lost to its process. */
static void change_damaged(void)
{
    uint8_t scratch[4];
    struct storage *storage = NULL;
    struct storage *second = NULL;
    struct storage_txn *txn = NULL;
    struct storage_cursor *cursor = NULL;
    CHILD_EXPECT(storage_open(directory, NULL, &storage, &error) == 0);
    CHILD_EXPECT(storage_write_begin(storage, &txn, &error) == 0);
    CHILD_EXPECT(put(txn, "key", "new") == 0);
    CHILD_EXPECT(storage_cursor_open(txn, TABLE_META, &cursor) == 0);
    CHILD_EXPECT(storage_put(txn, TABLE_VALUES, key_of(scratch, 5), bytes_of("x", 1)) == AISLE_CORRUPT);
    storage_cursor_close(cursor);
    CHILD_EXPECT(storage_delete(txn, TABLE_VALUES, key_of(scratch, 6)) == AISLE_CORRUPT);
    CHILD_EXPECT(storage_commit(txn, &error) == AISLE_CORRUPT);
    CHILD_EXPECT(committed(storage, "key", "value"));
    CHILD_EXPECT(storage_write_begin(storage, &txn, &error) == AISLE_CORRUPT);
    CHILD_EXPECT(strstr(error.message, "ssertion") != NULL);
    CHILD_EXPECT(storage_open(directory, NULL, &second, &error) == AISLE_CORRUPT && second == NULL);
    CHILD_EXPECT(committed(storage, "key", "value"));
    storage_close(storage);
    CHILD_EXPECT(storage_open(directory, NULL, &second, &error) == AISLE_CORRUPT);
}

static void changing_damage_is_corrupt_and_ends_writing_in_that_process_only(void **state)
{
    (void)state;
    make_damaged();
    pid_t child = fork();
    if (child == 0) {
        change_damaged();
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    struct storage *storage = open_storage(NULL);
    assert_true(committed(storage, "key", "value"));
    assert_int_equal(put_and_commit(storage, "key", "other"), 0);
    assert_true(committed(storage, "key", "other"));
    storage_close(storage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reading_damage_is_corrupt_and_harms_nothing_else),
        TEST(changing_damage_is_corrupt_and_ends_writing_in_that_process_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
