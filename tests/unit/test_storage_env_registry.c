/*
 * test_storage_env_registry.c - one environment per directory and process: sharing, other names, and forks.
 */
#include "storage_fixture.h"

static void second_handle_shares_the_environment_through_another_name_too(void **state)
{
    (void)state;
    char link[600];
    struct storage *other = NULL;
    struct storage_txn *none = NULL;
    snprintf(link, sizeof link, "%s-link", directory);
    assert_int_equal(symlink(directory, link), 0);
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(storage_open(link, NULL, &other, &error), 0);
    assert_ptr_not_equal(storage, other);
    /* Two environments would let this wait for the first, that is for ever. */
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(storage_write_begin(other, &none, &error), AISLE_BUSY);
    assert_null(none);
    assert_int_equal(put(txn, "key", "value"), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    storage_close(storage);
    assert_true(committed(other, "key", "value"));
    storage_close(other);
    assert_int_equal(unlink(link), 0);
}

static void closing_one_of_many_handles_leaves_the_rest_open(void **state)
{
    (void)state;
    struct storage *handles[10];
    handles[0] = open_storage(CREATE);
    assert_int_equal(put_and_commit(handles[0], "key", "value"), 0);
    for (size_t i = 1; i < 10; i++) {
        handles[i] = open_storage(i % 2 == 0 ? NULL : READ_ONLY);
    }
    for (size_t i = 0; i < 10; i++) {
        storage_close(handles[i]);
        for (size_t k = i + 1; k < 10; k++) {
            assert_true(committed(handles[k], "key", "value"));
        }
    }
}

static void directory_made_anew_under_the_same_name_is_another_storage(void **state)
{
    (void)state;
    struct storage *old = open_storage(CREATE);
    assert_int_equal(put_and_commit(old, "key", "value"), 0);
    empty_directory();
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(mkdir(directory, 0700), 0);
    struct storage *fresh = open_storage(CREATE);
    assert_true(committed(fresh, "key", NULL));
    assert_true(committed(old, "key", "value"));
    storage_close(old);
    storage_close(fresh);
}

static void use_inherited_handles(struct storage *storage, struct storage_txn *reading, struct storage_txn *writing)
{
    struct storage_txn *txn = NULL;
    struct storage_space space;
    CHILD_EXPECT(storage_forked(storage));
    CHILD_EXPECT(storage_read_begin(storage, &txn, &error) == AISLE_FORKED && txn == NULL);
    CHILD_EXPECT(storage_write_begin(storage, &txn, &error) == AISLE_FORKED && txn == NULL);
    CHILD_EXPECT(storage_set_fast(storage, true, &error) == AISLE_FORKED);
    CHILD_EXPECT(storage_space(storage, &space, &error) == AISLE_FORKED);
    CHILD_EXPECT(storage_file_bytes(storage) == 0);
    CHILD_EXPECT(storage_commit(writing, &error) == AISLE_FORKED);
    storage_read_end(reading);
    storage_close(storage);
}

static void child_opens_its_own_and_touches_nothing_of_its_parents(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "key", "old"), 0);
    struct storage_txn *reading = begin_read(storage);
    struct storage_txn *writing = begin_write(storage);
    pid_t child = fork();
    if (child == 0) {
        use_inherited_handles(storage, reading, writing);
        struct storage *own = NULL;
        CHILD_EXPECT(storage_open(directory, NULL, &own, &error) == 0);
        CHILD_EXPECT(!storage_forked(own));
        CHILD_EXPECT(committed(own, "key", "old"));
        storage_close(own);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    assert_false(storage_forked(storage));
    storage_abort(writing);
    child = fork();
    if (child == 0) {
        /* Writes over whatever no snapshot holds: the parent's must. */
        struct storage *own = NULL;
        storage_read_end(reading);
        CHILD_EXPECT(storage_open(directory, NULL, &own, &error) == 0);
        for (unsigned i = 0; i < 50; i++) {
            CHILD_EXPECT(put_and_commit(own, "key", i % 2 == 0 ? "new" : "newer") == 0);
        }
        storage_close(own);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    assert_true(holds(reading, "key", "old"));
    storage_read_end(reading);
    assert_true(committed(storage, "key", "newer"));
    assert_int_equal(put_and_commit(storage, "key", "newest"), 0);
    storage_close(storage);
}

static void readers_in_other_processes_see_commits(void **state)
{
    (void)state;
    int to_child[2];
    int to_parent[2];
    char byte = 0;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(pipe(to_child) | pipe(to_parent), 0);
    pid_t child = fork();
    if (child == 0) {
        struct storage *own = NULL;
        CHILD_EXPECT(storage_open(directory, READ_ONLY, &own, &error) == 0);
        CHILD_EXPECT(committed(own, "key", NULL));
        CHILD_EXPECT(write(to_parent[1], "x", 1) == 1 && read(to_child[0], &byte, 1) == 1);
        CHILD_EXPECT(committed(own, "key", "value"));
        storage_close(own);
        _exit(0);
    }
    assert_int_equal(read(to_parent[0], &byte, 1), 1);
    assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    assert_int_equal(write(to_child[1], "x", 1), 1);
    assert_int_equal(wait_for(child), 0);
    for (size_t i = 0; i < 2; i++) {
        close(to_child[i]);
        close(to_parent[i]);
    }
    storage_close(storage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(second_handle_shares_the_environment_through_another_name_too),
        TEST(closing_one_of_many_handles_leaves_the_rest_open),
        TEST(directory_made_anew_under_the_same_name_is_another_storage),
        TEST(child_opens_its_own_and_touches_nothing_of_its_parents),
        TEST(readers_in_other_processes_see_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
