/*
 * test_storage_lmdb_call.c - damage that makes LMDB fail an assertion becomes a status, not the end of the program.
 *
 * The damage: branch pages claim to hold no keys, which LMDB asserts never to be so; it is done behind the back of an
 * open storage, because opening notices it.
 */
#include "storage_fixture.h"

#include <fcntl.h>

#define PAGE 4096u
#define BRANCH 0x01u /* LMDB's page flag; the layout of a page's head below is LMDB's as well */
#define FLAGS_AT 10u
#define LOWER_AT 12u
#define HEAD_BYTES 16u
#define FREE_ROOT_AT (16u + 24u + 40u) /* in a meta page */
#define NUMBER_AT (16u + 128u)

static struct bytes key_of(uint8_t out[4], uint32_t number)
{
    store_u32_big(out, number);
    return bytes_of(out, 4);
}

/* A storage with a record in TABLE_META, free pages, and enough in TABLE_VALUES for branch pages. */
static void make_storage(void)
{
    uint8_t key[4];
    uint8_t value[100] = {0};
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    for (uint32_t i = 0; i < 2000; i++) {
        assert_int_equal(storage_put(txn, TABLE_VALUES, key_of(key, i), bytes_of(value, sizeof value)), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    }
    storage_close(storage);
}

/* Every branch page claims to hold no keys. Opening would notice, so it is done to an open storage. */
static void damage_branches(void)
{
    uint8_t page[PAGE];
    unsigned damaged = 0;
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

/* The root of the free list becomes a branch without keys, or what it was again. */
static void damage_free_list(bool mend)
{
    static uint8_t sound[PAGE];
    static off_t at;
    uint8_t page[PAGE];
    uint64_t numbers[2];
    uint64_t roots[2];
    int fd = open(path_of("data.mdb"), O_RDWR);
    for (unsigned i = 0; i < 2 && !mend; i++) {
        assert_int_equal(pread(fd, page, PAGE, i * PAGE), PAGE);
        roots[i] = load_u64(page + FREE_ROOT_AT);
        numbers[i] = load_u64(page + NUMBER_AT);
    }
    if (!mend) {
        at = (off_t)(numbers[0] > numbers[1] ? roots[0] : roots[1]) * (off_t)PAGE;
        assert_int_equal(pread(fd, sound, PAGE, at), PAGE);
    }
    memcpy(page, sound, PAGE);
    if (!mend) {
        store_u16(page + FLAGS_AT, BRANCH);
        store_u16(page + LOWER_AT, HEAD_BYTES);
    }
    assert_int_equal(pwrite(fd, page, PAGE, at), PAGE);
    close(fd);
}

static void reading_damage_is_corrupt_and_harms_nothing_else(void **state)
{
    (void)state;
    uint8_t scratch[4];
    struct storage_cursor *cursor = NULL;
    struct bytes key;
    struct bytes value;
    make_storage();
    struct storage *storage = open_storage(NULL);
    damage_branches();
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
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(storage_put(txn, TABLE_VALUES, key_of(scratch, 5), bytes_of("x", 1)), AISLE_CORRUPT);
    assert_int_equal(storage_commit(txn, &error), AISLE_CORRUPT);
    storage_close(storage);
    assert_int_equal(storage_open(directory, NULL, &storage, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "page"));
}

/* In a child, because the environment is lost to its process. */
static void change_damaged(void)
{
    struct storage *storage = NULL;
    struct storage *second = NULL;
    struct storage_txn *txn = NULL;
    struct storage_cursor *cursor = NULL;
    CHILD_EXPECT(storage_open(directory, NULL, &storage, &error) == 0);
    damage_free_list(false);
    CHILD_EXPECT(storage_write_begin(storage, &txn, &error) == 0);
    CHILD_EXPECT(storage_cursor_open(txn, TABLE_META, &cursor) == 0);
    CHILD_EXPECT(put(txn, "key", "new") == AISLE_CORRUPT);
    storage_cursor_close(cursor);
    CHILD_EXPECT(storage_delete(txn, TABLE_META, bytes_of_string("key")) == AISLE_CORRUPT);
    CHILD_EXPECT(storage_commit(txn, &error) == AISLE_CORRUPT);
    CHILD_EXPECT(committed(storage, "key", "value"));
    CHILD_EXPECT(storage_write_begin(storage, &txn, &error) == AISLE_CORRUPT);
    CHILD_EXPECT(strstr(error.message, "ssertion") != NULL);
    CHILD_EXPECT(storage_open(directory, NULL, &second, &error) == AISLE_CORRUPT && second == NULL);
    CHILD_EXPECT(committed(storage, "key", "value"));
    storage_close(storage);
    CHILD_EXPECT(storage_open(directory, NULL, &second, &error) == AISLE_CORRUPT);
    damage_free_list(true);
}

static void changing_damage_is_corrupt_and_ends_writing_in_that_process_only(void **state)
{
    (void)state;
    make_storage();
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
