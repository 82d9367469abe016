/*
 * test_storage_txn.c - what transactions promise: isolation, all or nothing, reuse of space, and many readers.
 */
#include "storage_fixture.h"

#include "base/alloc.h"
#include "base/extents.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static void commit_is_seen_by_later_readers_and_by_no_earlier_one(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "key", "one"), 0);
    struct storage_txn *before = begin_read(storage);
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(put(txn, "key", "two"), 0);
    assert_true(holds(txn, "key", "two"));
    struct storage_txn *during = begin_read(storage);
    assert_true(holds(during, "key", "one"));
    assert_int_equal(storage_commit(txn, &error), 0);
    struct storage_txn *after = begin_read(storage);
    assert_true(holds(before, "key", "one"));
    assert_true(holds(during, "key", "one"));
    assert_true(holds(after, "key", "two"));
    storage_read_end(before);
    storage_read_end(during);
    storage_read_end(after);
    storage_close(storage);
}

static void ended_reader_that_is_taken_again_sees_the_newest_commit(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    char value[16];
    for (unsigned i = 0; i < 100; i++) {
        snprintf(value, sizeof value, "%u", i);
        assert_int_equal(put_and_commit(storage, "key", value), 0);
        assert_true(committed(storage, "key", value));
    }
    storage_close(storage);
}

static void aborted_changes_are_gone(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "kept", "value"), 0);
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(put(txn, "key", "value"), 0);
    assert_int_equal(storage_delete(txn, TABLE_META, bytes_of_string("kept")), 0);
    assert_true(holds(txn, "kept", NULL));
    storage_abort(txn);
    assert_true(committed(storage, "key", NULL));
    assert_true(committed(storage, "kept", "value"));
    storage_abort(NULL);
    storage_read_end(NULL);
    storage_close(NULL);
    storage_close(storage);
}

static void tables_do_not_share_keys(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    struct bytes found;
    for (unsigned i = 0; i < TABLE_COUNT; i++) {
        uint8_t value = (uint8_t)i;
        assert_int_equal(storage_put(txn, (enum storage_table)i, bytes_of("k", 1), bytes_of(&value, 1)), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
    txn = begin_read(storage);
    for (unsigned i = 0; i < TABLE_COUNT; i++) {
        assert_int_equal(storage_get(txn, (enum storage_table)i, bytes_of("k", 1), &found), 0);
        assert_int_equal(found.size, 1);
        assert_int_equal(found.data[0], i);
    }
    storage_read_end(txn);
    storage_close(storage);
}

static void absent_keys_end_and_impossible_keys_are_invalid(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    struct bytes found = bytes_of("x", 1);
    uint8_t key[512] = {1};
    assert_int_equal(storage_get(txn, TABLE_META, bytes_of_string("none"), &found), AISLE_END);
    assert_null(found.data);
    assert_int_equal(found.size, 0);
    assert_int_equal(storage_delete(txn, TABLE_META, bytes_of_string("none")), AISLE_END);
    assert_int_equal(storage_get(txn, TABLE_META, bytes_of(NULL, 0), &found), AISLE_INVALID);
    assert_int_equal(storage_put(txn, TABLE_META, bytes_of(key, 511), bytes_of(NULL, 0)), 0);
    assert_int_equal(storage_get(txn, TABLE_META, bytes_of(key, 511), &found), 0);
    assert_int_equal(found.size, 0);
    assert_int_equal(storage_put(txn, TABLE_META, bytes_of(key, 512), bytes_of(NULL, 0)), AISLE_INVALID);
    assert_int_equal(put(txn, "good", "value"), AISLE_INVALID);
    assert_int_equal(storage_commit(txn, &error), AISLE_INVALID);
    assert_true(committed(storage, "good", NULL));
    txn = begin_write(storage);
    assert_int_equal(storage_put(txn, TABLE_META, bytes_of(NULL, 0), bytes_of("x", 1)), AISLE_INVALID);
    storage_abort(txn);
    storage_close(storage);
}

static void second_write_transaction_of_the_process_is_busy_at_once(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *second = NULL;
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(storage_write_begin(storage, &second, &error), AISLE_BUSY);
    assert_int_equal(storage_set_fast(storage, true, &error), AISLE_BUSY);
    storage_abort(txn);
    txn = begin_write(storage);
    assert_int_equal(storage_commit(txn, &error), 0);
    txn = begin_write(storage);
    storage_abort(txn);
    storage_close(storage);
}

static void killed_writer_leaves_the_last_commit_and_no_lock(void **state)
{
    (void)state;
    int ready[2];
    char byte = 0;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "key", "old"), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct storage *own = NULL;
        struct storage_txn *txn = NULL;
        CHILD_EXPECT(storage_open(directory, NULL, &own, &error) == 0);
        CHILD_EXPECT(storage_write_begin(own, &txn, &error) == 0);
        CHILD_EXPECT(put(txn, "key", "new") == 0);
        CHILD_EXPECT(write(ready[1], "x", 1) == 1);
        for (;;) {
            pause();
        }
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(committed(storage, "key", "old"));
    assert_int_equal(put_and_commit(storage, "key", "newer"), 0);
    assert_true(committed(storage, "key", "newer"));
    close(ready[0]);
    close(ready[1]);
    storage_close(storage);
}

#define EXTENTS 32u

static void put_extents(struct storage *storage, const uint8_t *value, uint32_t generation)
{
    struct storage_txn *txn = begin_write(storage);
    for (uint32_t i = 0; i < EXTENTS; i++) {
        uint8_t key[8];
        store_u32_big(key, generation - 1);
        store_u32_big(key + 4, i);
        int status = storage_delete(txn, TABLE_EXTENTS, bytes_of(key, sizeof key));
        assert_true(status == 0 || status == AISLE_END);
        store_u32_big(key, generation);
        assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of(value, EXTENT_BYTES)), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
}

static void extents_fill_the_holes_that_deleted_extents_leave(void **state)
{
    (void)state;
    static uint8_t value[EXTENT_BYTES];
    struct storage *storage = open_storage(CREATE);
    uint64_t settled = 0;
    assert_int_equal(storage_set_fast(storage, true, &error), 0);
    for (uint32_t generation = 1; generation <= 20; generation++) {
        memset(value, (int)generation, sizeof value);
        put_extents(storage, value, generation);
        settled = generation == 5 ? storage_file_bytes(storage) : settled;
    }
    assert_int_equal(storage_file_bytes(storage), settled);
    /* The present generation, the last, and one on its way; beside some pages for the trees. */
    assert_true(settled <= (3 * EXTENTS * EXTENT_PAGES + 64) * 4096);
    storage_close(storage);
}

static void values_of_a_held_snapshot_do_not_move_nor_change(void **state)
{
    (void)state;
    static uint8_t value[EXTENT_BYTES];
    struct storage *storage = open_storage(CREATE);
    struct bytes first;
    struct bytes again;
    uint8_t key[8] = {0, 0, 0, 1, 0, 0, 0, 7};
    memset(value, 1, sizeof value);
    put_extents(storage, value, 1);
    struct storage_txn *held = begin_read(storage);
    assert_int_equal(storage_get(held, TABLE_EXTENTS, bytes_of(key, 8), &first), 0);
    assert_int_equal((uintptr_t)first.data % 4096, 16);
    assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    struct storage_txn *later = begin_read(storage);
    assert_int_equal(storage_get(later, TABLE_EXTENTS, bytes_of(key, 8), &again), 0);
    assert_ptr_equal(again.data, first.data); /* kept by both: same place */
    storage_read_end(later);
    for (uint32_t generation = 2; generation < 6; generation++) {
        memset(value, (int)generation, sizeof value);
        put_extents(storage, value, generation);
    }
    for (size_t i = 0; i < first.size; i++) {
        assert_int_equal(first.data[i], 1);
    }
    storage_read_end(held);
    storage_close(storage);
}

static void readers_past_the_limit_are_refused_and_welcome_again_later(void **state)
{
    (void)state;
    static struct storage_txn *readers[LIMIT_READERS];
    struct storage_txn *more = NULL;
    struct storage_space space;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    for (size_t i = 0; i < LIMIT_READERS; i++) {
        assert_int_equal(storage_read_begin(storage, &readers[i], &error), 0);
    }
    assert_int_equal(storage_read_begin(storage, &more, &error), AISLE_READERS_FULL);
    assert_null(more);
    assert_int_equal(error.code, AISLE_READERS_FULL);
    assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    storage_read_end(readers[500]);
    assert_int_equal(storage_read_begin(storage, &readers[500], &error), 0);
    for (size_t i = 0; i < LIMIT_READERS; i++) {
        assert_true(holds(readers[i], "key", "value"));
        storage_read_end(readers[i]);
    }
    assert_int_equal(storage_space(storage, &space, &error), 0);
    assert_int_equal(space.readers, 0);
    storage_close(storage);
}

static void reader_slots_of_killed_processes_are_cleared(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = NULL;
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct storage *own = NULL;
        CHILD_EXPECT(storage_open(directory, NULL, &own, &error) == 0);
        for (size_t i = 0; i < LIMIT_READERS; i++) {
            CHILD_EXPECT(storage_read_begin(own, &txn, &error) == 0);
        }
        CHILD_EXPECT(write(ready[1], "x", 1) == 1);
        for (;;) {
            pause();
        }
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(storage_read_begin(storage, &txn, &error), AISLE_READERS_FULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(storage_read_begin(storage, &txn, &error), 0);
    storage_read_end(txn);
    close(ready[0]);
    close(ready[1]);
    storage_close(storage);
}

#define THREADS 8u /* more than there are cores: a reader must be put to sleep at every point now and then */
#define COMMITS 600u

static atomic_bool writer_done;
static atomic_uint mismatches;

static void *read_pairs(void *context)
{
    struct storage *storage = context;
    uint32_t last = 0;
    while (!atomic_load(&writer_done)) {
        struct storage_txn *txn = NULL;
        struct bytes a;
        struct bytes b;
        if (storage_read_begin(storage, &txn, NULL) != 0) {
            atomic_fetch_add(&mismatches, 1);
            break;
        }
        bool good = storage_get(txn, TABLE_META, bytes_of_string("a"), &a) == 0 &&
                    storage_get(txn, TABLE_PAGES, bytes_of_string("b"), &b) == 0 && a.size == 4 &&
                    bytes_equal(a, b) && load_u32(a.data) >= last;
        last = good ? load_u32(a.data) : last;
        storage_read_end(txn);
        atomic_fetch_add(&mismatches, !good);
    }
    return NULL;
}

static void write_pair(struct storage *storage, uint32_t number)
{
    struct storage_txn *txn = begin_write(storage);
    struct bytes value = bytes_of(&number, sizeof number);
    assert_int_equal(storage_put(txn, TABLE_META, bytes_of_string("a"), value), 0);
    assert_int_equal(storage_put(txn, TABLE_PAGES, bytes_of_string("b"), value), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
}

static void threads_see_whole_commits_in_order(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    pthread_t threads[THREADS];
    atomic_store(&writer_done, false);
    atomic_store(&mismatches, 0);
    write_pair(storage, 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_pairs, storage), 0);
    }
    for (uint32_t i = 1; i <= COMMITS; i++) {
        write_pair(storage, i);
    }
    atomic_store(&writer_done, true);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&mismatches), 0);
    storage_close(storage);
}

/* Creates or opens, and moves "key" from one value to another: a status. */
static int move_key(const char *to)
{
    struct storage *storage = NULL;
    struct storage_txn *txn = NULL;
    struct bytes found;
    int status = storage_open(directory, CREATE, &storage, &error);
    if (status != 0) {
        return status;
    }
    status = put_and_commit(storage, "key", to);
    if (status == 0) {
        status = storage_read_begin(storage, &txn, &error);
    }
    if (status == 0) {
        status = storage_get(txn, TABLE_META, bytes_of_string("key"), &found);
        storage_read_end(txn);
    }
    storage_close(storage);
    return status;
}

static void sweep_faults(int code)
{
    for (unsigned long n = 1;; n++) {
        assert_true(n < 100);
        assert_int_equal(move_key("old"), 0);
        storage_fail_at(n, 0, code);
        int status = move_key("new");
        bool struck = storage_failed();
        storage_fail_at(0, 0, 0);
        if (!struck) {
            assert_int_equal(status, 0);
            assert_true(n > 10); /* opening alone makes that many calls */
            return;
        }
        struct storage *storage = open_storage(NULL);
        bool is_new = committed(storage, "key", "new");
        assert_true(is_new || committed(storage, "key", "old"));
        assert_true(status < 0 || is_new); /* lengthening the file after a commit may fail without failing it */
        storage_close(storage);
    }
}

static void each_failing_call_is_a_status_and_leaves_old_or_new(void **state)
{
    (void)state;
    sweep_faults(EIO);
    sweep_faults(MDB_PANIC);
    sweep_faults(MDB_MAP_FULL);
}

static void lasting_failure_is_a_status_at_every_point(void **state)
{
    (void)state;
    for (unsigned long n = 1; n < 14; n++) {
        assert_int_equal(move_key("old"), 0);
        storage_fail_at(n, 1, ENOSPC);
        assert_int_equal(move_key("new"), AISLE_DISK_FULL);
        storage_fail_at(0, 0, 0);
    }
}

static void each_failing_allocation_is_a_status_and_leaves_old_or_new(void **state)
{
    (void)state;
    unsigned long n = 1;
    unsigned long unnoticed = 0;
    for (;; n++) {
        assert_int_equal(move_key("old"), 0);
        unsigned long before = alloc_calls();
        alloc_fail_at(n, 0);
        int status = move_key("new");
        bool struck = alloc_calls() - before >= n;
        alloc_fail_at(0, 0);
        unnoticed += struck && status == 0; /* the commit is sealed in another way */
        assert_true(status == (struck ? AISLE_NO_MEMORY : 0) || status == 0);
        struct storage *storage = open_storage(NULL);
        assert_true(committed(storage, "key", "new") || (status != 0 && committed(storage, "key", "old")));
        storage_close(storage);
        if (!struck) {
            break;
        }
    }
    assert_true(n > 4);
    assert_true(unnoticed <= 8); /* two commits of a few lists each */
}

static void failed_put_dooms_its_transaction_only(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(put(txn, "one", "value"), 0);
    storage_fail_at(1, 0, ENOMEM);
    assert_int_equal(put(txn, "two", "value"), AISLE_NO_MEMORY);
    storage_fail_at(0, 0, 0);
    assert_int_equal(put(txn, "three", "value"), AISLE_NO_MEMORY);
    assert_int_equal(storage_commit(txn, &error), AISLE_NO_MEMORY);
    assert_true(committed(storage, "one", NULL));
    assert_int_equal(put_and_commit(storage, "one", "value"), 0);
    storage_close(storage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(commit_is_seen_by_later_readers_and_by_no_earlier_one),
        TEST(ended_reader_that_is_taken_again_sees_the_newest_commit),
        TEST(aborted_changes_are_gone),
        TEST(tables_do_not_share_keys),
        TEST(absent_keys_end_and_impossible_keys_are_invalid),
        TEST(second_write_transaction_of_the_process_is_busy_at_once),
        TEST(killed_writer_leaves_the_last_commit_and_no_lock),
        TEST(extents_fill_the_holes_that_deleted_extents_leave),
        TEST(values_of_a_held_snapshot_do_not_move_nor_change),
        TEST(readers_past_the_limit_are_refused_and_welcome_again_later),
        TEST(reader_slots_of_killed_processes_are_cleared),
        TEST(threads_see_whole_commits_in_order),
        TEST(each_failing_call_is_a_status_and_leaves_old_or_new),
        TEST(lasting_failure_is_a_status_at_every_point),
        TEST(each_failing_allocation_is_a_status_and_leaves_old_or_new),
        TEST(failed_put_dooms_its_transaction_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
