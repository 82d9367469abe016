/*
 * test_storage_space.c - the figures of the file, and commits that do not wait for the disk.
 */
#include "storage_fixture.h"

#include "base/extents.h"

#include <errno.h>

static struct storage_space space_of(struct storage *storage)
{
    struct storage_space space;
    assert_int_equal(storage_space(storage, &space, &error), 0);
    assert_int_equal(space.file_bytes, size_of_file(path_of("data.mdb")));
    assert_int_equal(space.file_bytes, storage_file_bytes(storage));
    return space;
}

static void deleted_extents_become_free_pages(void **state)
{
    (void)state;
    static uint8_t value[EXTENT_BYTES];
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    for (uint8_t i = 0; i < 8; i++) {
        assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(&i, 1), bytes_of(value, sizeof value)), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
    struct storage_space full = space_of(storage);
    assert_true(full.used_bytes >= 8 * (uint64_t)EXTENT_PAGES * EXTENT_PAGE_BYTES);
    assert_true(full.free_pages < 16);
    txn = begin_write(storage);
    for (uint8_t i = 0; i < 8; i++) {
        assert_int_equal(storage_delete(txn, TABLE_EXTENTS, bytes_of(&i, 1)), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
    struct storage_space empty = space_of(storage);
    assert_true(empty.free_pages >= 8 * EXTENT_PAGES);
    assert_true(empty.used_bytes < 32 * EXTENT_PAGE_BYTES);
    assert_int_equal(empty.used_bytes + empty.free_pages * EXTENT_PAGE_BYTES, empty.file_bytes);
    storage_close(storage);
}

static void readers_under_way_are_counted_and_idle_ones_are_not(void **state)
{
    (void)state;
    struct storage_txn *readers[5];
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(space_of(storage).readers, 0);
    for (unsigned i = 0; i < 5; i++) {
        readers[i] = begin_read(storage);
        assert_int_equal(space_of(storage).readers, i + 1);
    }
    for (unsigned i = 0; i < 5; i++) {
        storage_read_end(readers[i]);
        assert_int_equal(space_of(storage).readers, 4 - i);
    }
    storage_close(storage);
}

static void fast_commits_are_visible_and_survive_an_orderly_close(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(storage_set_fast(storage, true, &error), 0);
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(put_and_commit(storage, "key", i % 2 == 0 ? "even" : "odd"), 0);
    }
    assert_true(committed(storage, "key", "odd"));
    storage_close(storage);
    storage = open_storage(NULL);
    assert_true(committed(storage, "key", "odd"));
    assert_int_equal(storage_set_fast(storage, true, &error), 0);
    assert_int_equal(storage_set_fast(storage, false, &error), 0);
    storage_close(storage);
}

static void failing_sync_is_reported(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    storage_fail_at(2, 0, EIO);
    assert_int_equal(storage_set_fast(storage, false, &error), AISLE_IO);
    assert_true(storage_failed());
    storage_fail_at(2, 0, ENOSPC);
    assert_int_equal(storage_set_fast(storage, false, &error), AISLE_DISK_FULL);
    storage_fail_at(0, 0, 0);
    storage_close(storage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(deleted_extents_become_free_pages),
        TEST(readers_under_way_are_counted_and_idle_ones_are_not),
        TEST(fast_commits_are_visible_and_survive_an_orderly_close),
        TEST(failing_sync_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
