/*
 * test_storage_copy.c - a storage copied from a read transaction: what it sees, without free pages, or an error.
 */
#include "storage_fixture.h"

#include <errno.h>
#include <ftw.h>

static char target[600];

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int make_target(void **state)
{
    if (make_directory(state) != 0) {
        return -1;
    }
    snprintf(target, sizeof target, "%s.copy", directory);
    return mkdir(target, 0777);
}

static int remove_target(void **state)
{
    (void)nftw(target, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return remove_directory(state);
}

static void empty_target(void)
{
    (void)nftw(target, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(target, 0777), 0);
}

static struct storage *open_target(void)
{
    struct storage *storage = NULL;
    assert_int_equal(storage_open(target, NULL, &storage, &error), 0);
    return storage;
}

static void fill(struct storage *storage, unsigned first, unsigned count, size_t value_bytes)
{
    static uint8_t value[64 * 4096];
    struct storage_txn *txn = begin_write(storage);
    for (unsigned i = first; i < first + count; i++) {
        uint8_t key[4];
        store_u32_big(key, i);
        memset(value, (int)i, sizeof value);
        assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of(value, value_bytes)), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
}

static int leave_odd_out(void *context, enum storage_table table, struct bytes key, struct bytes value)
{
    unsigned *calls = context;
    ++*calls;
    (void)value;
    return table == TABLE_EXTENTS && (key.data[3] & 1) != 0 ? AISLE_END : 0;
}

static void copy_is_what_the_transaction_sees(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "name", "old"), 0);
    fill(storage, 0, 90, 64 * 4096 - 16);
    struct storage_txn *seen = begin_read(storage);
    assert_int_equal(put_and_commit(storage, "name", "new"), 0);
    assert_int_equal(storage_copy(seen, target, NULL, NULL, &error), 0);
    storage_read_end(seen);
    struct storage *copy = open_target();
    struct storage_space space;
    assert_true(committed(copy, "name", "old"));
    assert_int_equal(storage_space(copy, &space, &error), 0);
    assert_true(space.used_bytes >= 90u * 64 * 4096);
    assert_true(space.file_bytes < 91u * 64 * 4096);
    struct storage_txn *txn = begin_read(copy);
    uint8_t key[4] = {0, 0, 0, 77};
    struct bytes value;
    assert_int_equal(storage_get(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), &value), 0);
    assert_int_equal(value.size, 64 * 4096 - 16);
    assert_int_equal(value.data[4711], 77);
    storage_read_end(txn);
    storage_close(copy);
    storage_close(storage);
}

static void choice_leaves_records_out(void **state)
{
    (void)state;
    empty_target();
    unsigned calls = 0;
    struct storage *storage = open_storage(NULL);
    struct storage_txn *txn = begin_read(storage);
    assert_int_equal(storage_copy(txn, target, leave_odd_out, &calls, &error), 0);
    storage_read_end(txn);
    assert_int_equal(calls, 91);
    struct storage *copy = open_target();
    txn = begin_read(copy);
    for (unsigned i = 0; i < 90; i++) {
        uint8_t key[4];
        struct bytes value;
        store_u32_big(key, i);
        int status = storage_get(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), &value);
        assert_int_equal(status, i % 2 == 0 ? 0 : AISLE_END);
    }
    storage_read_end(txn);
    storage_close(copy);
    storage_close(storage);
}

static void each_failing_call_is_an_error(void **state)
{
    (void)state;
    struct storage *storage = open_storage(NULL);
    struct storage_txn *txn = begin_read(storage);
    unsigned long n = 0;
    unsigned long refused = 0;
    bool struck = true;
    while (struck) {
        empty_target();
        error.message[0] = '\0';
        storage_fail_at(++n, 0, ENOSPC);
        int status = storage_copy(txn, target, NULL, NULL, &error);
        struck = storage_failed();
        storage_fail_at(0, 0, 0);
        /* Clearing away dead readers may fail, once a transaction: the copy is as good without. */
        assert_true(status == 0 || (status == AISLE_DISK_FULL && error.message[0] != '\0'));
        refused += status != 0 ? 1 : 0;
    }
    assert_true(refused > 200);
    assert_in_range(n - refused, 1, 10);
    storage_read_end(txn);
    storage_close(storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_is_what_the_transaction_sees),
        cmocka_unit_test(choice_leaves_records_out),
        cmocka_unit_test(each_failing_call_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_target, remove_target);
}
