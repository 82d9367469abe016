/*
 * test_storage_readers.c - snapshots under way in this and other processes, what they pin, and what the dead leave.
 */
#include "storage_fixture.h"

#include "base/alloc.h"

#include <errno.h>
#include <signal.h>

#define VALUE_BYTES (16u * 4096u - 16u)

/* Replaces one value of 16 pages in a commit of its own. */
static void replace(struct storage *storage, unsigned number)
{
    static uint8_t value[VALUE_BYTES];
    uint8_t key = (uint8_t)number;
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(&key, 1), bytes_of(value, sizeof value)), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
}

static uint32_t readers_of(struct storage *storage, struct storage_reader **readers)
{
    uint32_t count = 99;
    assert_int_equal(storage_readers(storage, readers, &count, &error), 0);
    return count;
}

struct holder {
    pid_t pid;
    int ready;   /* read end: a byte when the snapshot is taken */
    int release; /* write end: closed to let it go */
};

/* A child that takes a snapshot and keeps it until told. */
static struct holder hold_snapshot(void)
{
    struct holder holder;
    int ready[2];
    int release[2];
    char token = 'x';
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(release), 0);
    holder.pid = fork();
    if (holder.pid == 0) {
        struct storage *own = NULL;
        struct storage_txn *txn = NULL;
        close(release[1]);
        CHILD_EXPECT(storage_open(directory, NULL, &own, NULL) == 0);
        CHILD_EXPECT(storage_read_begin(own, &txn, NULL) == 0);
        CHILD_EXPECT(write(ready[1], &token, 1) == 1);
        CHILD_EXPECT(read(release[0], &token, 1) == 0);
        storage_read_end(txn);
        storage_close(own);
        _exit(0);
    }
    close(ready[1]);
    close(release[0]);
    assert_int_equal(read(ready[0], &token, 1), 1);
    holder.ready = ready[0];
    holder.release = release[1];
    return holder;
}

static void let_go(struct holder *holder)
{
    close(holder->release);
    close(holder->ready);
}

static void readers_are_told_with_process_age_and_what_they_pin(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_reader *readers = NULL;
    for (unsigned i = 0; i < 4; i++) {
        replace(storage, i);
    }
    assert_int_equal(readers_of(storage, &readers), 0);
    assert_null(readers);
    struct holder old = hold_snapshot();
    replace(storage, 0);
    replace(storage, 1);
    struct storage_txn *own = begin_read(storage);
    replace(storage, 2);
    replace(storage, 3);
    assert_int_equal(readers_of(storage, &readers), 2);
    assert_int_equal(readers[0].pid, old.pid);
    assert_int_equal(readers[0].behind, 4);
    assert_in_range(readers[0].pinned_bytes, 3 * 16 * 4096, 3 * 24 * 4096); /* what the last commit freed is not yet */
    assert_int_equal(readers[1].pid, getpid());
    assert_int_equal(readers[1].behind, 2);
    assert_in_range(readers[1].pinned_bytes, 16 * 4096, 2 * 24 * 4096);
    mem_free(readers);
    storage_read_end(own);
    let_go(&old);
    assert_int_equal(wait_for(old.pid), 0);
    assert_int_equal(readers_of(storage, &readers), 0);
    own = begin_read(storage);
    assert_int_equal(readers_of(storage, &readers), 1);
    assert_int_equal(readers[0].behind, 0);
    assert_int_equal(readers[0].pinned_bytes, 0);
    mem_free(readers);
    storage_read_end(own);
    storage_close(storage);
}

/* How far the file grows over many commits that each free as much as they take. */
static uint64_t growth(struct storage *storage)
{
    uint64_t before = storage_file_bytes(storage);
    for (unsigned i = 0; i < 60; i++) {
        replace(storage, i % 4);
    }
    return storage_file_bytes(storage) - before;
}

static void killed_reader_is_cleared_by_the_next_commit(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_reader *readers = NULL;
    (void)growth(storage);
    assert_true(growth(storage) == 0);
    struct holder holder = hold_snapshot();
    assert_true(growth(storage) >= 50 * (uint64_t)VALUE_BYTES); /* it pins all that is freed */
    assert_int_equal(kill(holder.pid, SIGKILL), 0);
    assert_int_equal(wait_for(holder.pid), -1);
    let_go(&holder);
    assert_true(growth(storage) == 0);
    assert_int_equal(readers_of(storage, &readers), 0);
    storage_close(storage);
}

static void listing_fails_with_a_status(void **state)
{
    (void)state;
    struct storage_reader *readers = NULL;
    uint32_t count = 7;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *own = begin_read(storage);
    storage_fail_at(1, 0, EIO);
    assert_int_equal(storage_readers(storage, &readers, &count, &error), AISLE_IO);
    storage_fail_at(2, 1, EIO);
    assert_int_equal(storage_readers(storage, &readers, &count, &error), AISLE_IO);
    storage_fail_at(0, 0, 0);
    alloc_fail_at(1, 0);
    assert_int_equal(storage_readers(storage, &readers, &count, &error), AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    assert_null(readers);
    assert_int_equal(count, 0);
    storage_read_end(own);
    storage_close(storage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(readers_are_told_with_process_age_and_what_they_pin),
        TEST(killed_reader_is_cleared_by_the_next_commit),
        TEST(listing_fails_with_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
