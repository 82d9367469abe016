/*
 * test_storage_env.c - opening: creation, permissions, address space, full disks, and files that were cut short.
 */
#include "storage_fixture.h"

#include "base/extents.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define NOBODY 65534u

static uint8_t extent[EXTENT_BYTES];

static int put_extent(struct storage_txn *txn, uint32_t number)
{
    uint8_t key[4];
    store_u32_big(key, number);
    return storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of(extent, sizeof extent));
}

static int open_status(const struct storage_options *options)
{
    struct storage *storage = NULL;
    int status = storage_open(directory, options, &storage, &error);
    assert_true(status == 0 || storage == NULL);
    storage_close(storage);
    return status;
}

static void missing_data_is_not_found_unless_it_is_to_be_created(void **state)
{
    (void)state;
    struct storage *storage = NULL;
    assert_int_equal(storage_open(path_of("none"), CREATE, &storage, &error), AISLE_NOT_FOUND);
    assert_int_equal(open_status(NULL), AISLE_NOT_FOUND);
    assert_int_equal(open_status(READ_ONLY), AISLE_NOT_FOUND);
    assert_int_equal(open_status(&(struct storage_options){.create = true, .read_only = true}), AISLE_INVALID);
    assert_int_equal(access(path_of("data.mdb"), F_OK), -1);
    assert_int_equal(open_status(CREATE), 0);
    assert_int_equal(open_status(NULL), 0);
    assert_int_equal(open_status(READ_ONLY), 0);
}

static void records_survive_closing_and_opening(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    storage_close(storage);
    storage = open_storage(CREATE);
    assert_true(committed(storage, "key", "value"));
    storage_close(storage);
}

static void read_only_handle_reads_and_never_writes(void **state)
{
    (void)state;
    struct storage_txn *txn = NULL;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    storage_close(storage);
    storage = open_storage(READ_ONLY);
    assert_true(committed(storage, "key", "value"));
    assert_int_equal(storage_write_begin(storage, &txn, &error), AISLE_READ_ONLY);
    assert_null(txn);
    assert_int_equal(storage_set_fast(storage, true, &error), AISLE_READ_ONLY);
    txn = begin_read(storage);
    assert_int_equal(put(txn, "key", "other"), AISLE_INVALID);
    assert_int_equal(storage_delete(txn, TABLE_META, bytes_of_string("key")), AISLE_INVALID);
    storage_read_end(txn);
    storage_close(storage);
}

/* As a user without rights when the tests run as root. */
static pid_t fork_unprivileged(void)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0 && geteuid() == 0) {
        CHILD_EXPECT(setresuid(NOBODY, NOBODY, NOBODY) == 0);
    }
    return child;
}

static void check_unwritable(const char *lock_is, mode_t lock_mode)
{
    assert_int_equal(chmod(path_of("data.mdb"), 0444), 0);
    assert_int_equal(chmod(path_of("lock.mdb"), lock_mode), 0);
    assert_int_equal(chmod(directory, 0555), 0);
    pid_t child = fork_unprivileged();
    if (child == 0) {
        struct storage *storage = NULL;
        if (access(directory, X_OK) != 0) {
            _exit(77);
        }
        CHILD_EXPECT(storage_open(directory, NULL, &storage, &error) == AISLE_PERMISSION);
        CHILD_EXPECT(storage_open(directory, CREATE, &storage, &error) == AISLE_PERMISSION);
        CHILD_EXPECT(storage_open(directory, READ_ONLY, &storage, &error) == 0);
        CHILD_EXPECT(committed(storage, "key", "value"));
        struct storage *second = NULL;
        CHILD_EXPECT(storage_open(directory, NULL, &second, &error) == AISLE_PERMISSION);
        CHILD_EXPECT(storage_open(directory, READ_ONLY, &second, &error) == 0);
        storage_close(second);
        storage_close(storage);
        _exit(0);
    }
    int status = wait_for(child);
    assert_int_equal(chmod(directory, 0755), 0);
    if (status == 77) {
        print_message("skipped (%s): no way to the directory for others\n", lock_is);
    } else {
        assert_int_equal(status, 0);
    }
}

static void unwritable_directory_opens_for_reading_only(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    storage_close(storage);
    check_unwritable("lock file unwritable", 0444);
    check_unwritable("lock file writable", 0666);
}

static void unwritable_lock_file_in_an_own_directory_is_refused_not_gone_around(void **state)
{
    (void)state;
    assert_int_equal(open_status(CREATE), 0);
    assert_int_equal(chmod(path_of("lock.mdb"), 0444), 0);
    assert_int_equal(chmod(path_of("data.mdb"), 0666), 0);
    assert_int_equal(chmod(directory, 0777), 0);
    pid_t child = fork_unprivileged();
    if (child == 0) {
        struct storage *storage = NULL;
        CHILD_EXPECT(storage_open(directory, READ_ONLY, &storage, &error) == AISLE_PERMISSION);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
}

static void full_map_is_named_and_leaves_the_old_state(void **state)
{
    (void)state;
    struct storage *storage = open_storage(&(struct storage_options){.create = true, .map_bytes = 4u << 20});
    assert_int_equal(put_and_commit(storage, "key", "old"), 0);
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(put(txn, "key", "new"), 0);
    int status = 0;
    for (uint32_t i = 0; i < 64 && status == 0; i++) {
        status = put_extent(txn, i);
    }
    assert_int_equal(status, AISLE_MAP_FULL);
    assert_int_equal(put(txn, "key", "newer"), AISLE_MAP_FULL);
    assert_int_equal(storage_commit(txn, &error), AISLE_MAP_FULL);
    assert_int_equal(error.code, AISLE_MAP_FULL);
    assert_true(committed(storage, "key", "old"));
    assert_int_equal(put_and_commit(storage, "key", "next"), 0);
    assert_true(committed(storage, "key", "next"));
    storage_close(storage);
}

static void data_grown_past_the_map_by_another_process_is_map_full_until_opened_again(void **state)
{
    (void)state;
    struct storage_txn *txn = NULL;
    struct storage *storage = open_storage(&(struct storage_options){.create = true, .map_bytes = 1u << 20});
    assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    assert_true(committed(storage, "key", "value"));
    pid_t child = fork();
    if (child == 0) {
        struct storage *own = NULL;
        CHILD_EXPECT(storage_open(directory, &(struct storage_options){.map_bytes = 64u << 20}, &own, NULL) == 0);
        CHILD_EXPECT(storage_write_begin(own, &txn, NULL) == 0);
        for (uint32_t i = 0; i < 16; i++) {
            CHILD_EXPECT(put_extent(txn, i) == 0);
        }
        CHILD_EXPECT(storage_commit(txn, NULL) == 0);
        storage_close(own);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
    assert_int_equal(storage_read_begin(storage, &txn, &error), AISLE_MAP_FULL);
    assert_non_null(strstr(error.message, "another process"));
    assert_int_equal(storage_read_begin(storage, &txn, &error), AISLE_MAP_FULL);
    assert_int_equal(storage_write_begin(storage, &txn, &error), AISLE_MAP_FULL);
    storage_close(storage);
    storage = open_storage(NULL);
    assert_true(committed(storage, "key", "value"));
    storage_close(storage);
}

static void little_address_space_is_enough(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* a sanitizer's own map is far beyond any limit */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    skip();
#endif
#endif
    pid_t child = fork();
    if (child == 0) {
        struct storage *storage = NULL;
        struct rlimit limit = {.rlim_cur = UINT64_C(3) << 30, .rlim_max = UINT64_C(3) << 30};
        CHILD_EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
        CHILD_EXPECT(storage_open(directory, CREATE, &storage, NULL) == 0);
        CHILD_EXPECT(put_and_commit(storage, "key", "value") == 0);
        storage_close(storage);
        limit = (struct rlimit){.rlim_cur = UINT64_C(1) << 29, .rlim_max = UINT64_C(1) << 29};
        CHILD_EXPECT(setrlimit(RLIMIT_AS, &limit) == 0);
        CHILD_EXPECT(storage_open(directory, CREATE, &storage, &error) == AISLE_NO_MEMORY);
        CHILD_EXPECT(strstr(error.message, "address space") != NULL);
        _exit(0);
    }
    assert_int_equal(wait_for(child), 0);
}

/* Fills the disk in a transaction; afterwards the old state stands, and there is room again for small things. */
static void fill_the_disk(struct storage *storage)
{
    struct storage_txn *txn = NULL;
    CHILD_EXPECT(put_and_commit(storage, "key", "old") == 0);
    CHILD_EXPECT(storage_write_begin(storage, &txn, NULL) == 0);
    CHILD_EXPECT(put(txn, "key", "new") == 0);
    int status = 0;
    for (uint32_t i = 0; i < 64 && status == 0; i++) {
        status = put_extent(txn, i);
    }
    if (status == 0) {
        status = storage_commit(txn, &error);
    } else {
        storage_abort(txn);
    }
    CHILD_EXPECT(status == AISLE_DISK_FULL);
    CHILD_EXPECT(error.code == AISLE_DISK_FULL);
    CHILD_EXPECT(committed(storage, "key", "old"));
}

static void full_disk_is_named_and_leaves_the_old_state(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct storage *storage = NULL;
        struct rlimit limit = {.rlim_cur = 4u << 20, .rlim_max = RLIM_INFINITY};
        struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
            _exit(77);
        }
        CHILD_EXPECT(storage_open(directory, CREATE, &storage, NULL) == 0);
        fill_the_disk(storage);
        CHILD_EXPECT(setrlimit(RLIMIT_FSIZE, &none) == 0);
        CHILD_EXPECT(put_and_commit(storage, "key", "next") == 0);
        storage_close(storage);
        CHILD_EXPECT(storage_open(directory, NULL, &storage, NULL) == 0);
        CHILD_EXPECT(committed(storage, "key", "next"));
        storage_close(storage);
        _exit(0);
    }
    int status = wait_for(child);
    if (status == 77) {
        skip();
    }
    assert_int_equal(status, 0);
}

static void full_file_system_is_named_and_leaves_the_old_state(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct storage *storage = NULL;
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") != 0 ||
            mount("none", directory, "tmpfs", 0, "size=4m") != 0) {
            _exit(77);
        }
        CHILD_EXPECT(storage_open(directory, CREATE, &storage, NULL) == 0);
        fill_the_disk(storage);
        storage_close(storage);
        CHILD_EXPECT(storage_open(directory, NULL, &storage, NULL) == 0);
        CHILD_EXPECT(committed(storage, "key", "old"));
        storage_close(storage);
        _exit(0);
    }
    int status = wait_for(child);
    if (status == 77) {
        skip();
    }
    assert_int_equal(status, 0);
}

static void cut_data_file_is_corrupt_and_left_as_it_is(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *txn = begin_write(storage);
    for (uint32_t i = 0; i < 16; i++) {
        assert_int_equal(put_extent(txn, i), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
    storage_close(storage);
    uint64_t whole = size_of_file(path_of("data.mdb"));
    uint64_t cuts[] = {whole - 1, whole - 4096, whole / 2, 3 * 4096, 2 * 4096, 4096, 100, 0};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        assert_int_equal(truncate(path_of("data.mdb"), (off_t)cuts[i]), 0);
        assert_int_equal(open_status(READ_ONLY), AISLE_CORRUPT);
        assert_int_equal(open_status(NULL), AISLE_CORRUPT);
        assert_int_equal(error.code, AISLE_CORRUPT);
        assert_int_equal(size_of_file(path_of("data.mdb")), cuts[i]);
    }
}

static void missing_pages_that_are_all_free_are_no_damage(void **state)
{
    (void)state;
    memset(extent, 0xab, sizeof extent);
    struct storage *storage = open_storage(CREATE);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(put_and_commit(storage, "key", "value"), 0); /* leaves free pages for what follows */
    }
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(put_extent(txn, 0), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    txn = begin_write(storage);
    assert_int_equal(storage_delete(txn, TABLE_EXTENTS, bytes_of("\0\0\0\0", 4)), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    storage_close(storage);
    uint64_t whole = size_of_file(path_of("data.mdb"));
    uint64_t cut = whole - 8 * 4096;
    uint8_t tail[8 * 4096];
    int fd = open(path_of("data.mdb"), O_RDWR);
    assert_int_equal(pread(fd, tail, sizeof tail, (off_t)cut), sizeof tail);
    for (size_t i = 0; i < sizeof tail; i++) {
        assert_int_equal(tail[i], 0xab); /* the deleted extent is the end of the file, or this tests nothing */
    }
    assert_int_equal(ftruncate(fd, (off_t)cut), 0);
    close(fd);
    assert_int_equal(open_status(READ_ONLY), 0);
    assert_int_equal(size_of_file(path_of("data.mdb")), whole);
}

static void pages_taken_and_given_back_in_one_transaction_leave_no_short_file(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(put_and_commit(storage, "key", "value"), 0); /* a list of free pages to give back to */
    }
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(put(txn, "key", "other"), 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(put_extent(txn, i), 0);
    }
    for (uint8_t i = 0; i < 4; i++) {
        uint8_t key[4] = {0, 0, 0, i};
        assert_int_equal(storage_delete(txn, TABLE_EXTENTS, bytes_of(key, 4)), 0);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
    struct storage_space space;
    assert_int_equal(storage_space(storage, &space, &error), 0);
    assert_true(space.file_bytes >= space.used_bytes + space.free_pages * 4096);
    assert_true(space.free_pages >= 4 * 64);
    storage_close(storage);
    assert_int_equal(open_status(READ_ONLY), 0);
}

#define COMMITS 37u /* a number that nothing else in the lock file has */

/* As LMDB does for whoever opens a lock file first, until the commit's number is in it: locks it, with number 0. */
static void lock_half_made(void)
{
    struct flock first = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    uint8_t head[256];
    unsigned found = 0;
    int fd = open(path_of("lock.mdb"), O_RDWR);
    CHILD_EXPECT(fd >= 0 && fcntl(fd, F_SETLK, &first) == 0 && pread(fd, head, sizeof head, 0) == sizeof head);
    for (size_t at = 0; at < sizeof head; at += 8) {
        if (load_u64(head + at) == COMMITS) {
            memset(head + at, 0, 8);
            found++;
        }
    }
    CHILD_EXPECT(found == 1 && pwrite(fd, head, sizeof head, 0) == sizeof head);
}

static uint64_t last_commit(struct storage *storage)
{
    struct storage_txn *txn = begin_read(storage);
    uint64_t number = storage_read_number(txn);
    storage_read_end(txn);
    return number;
}

static void first_to_open_may_die_half_way(void **state)
{
    (void)state;
    int locked[2];
    char ready = 0;
    struct storage *storage = open_storage(CREATE);
    while (last_commit(storage) < COMMITS) {
        assert_int_equal(put_and_commit(storage, "key", "value"), 0);
    }
    storage_close(storage);
    assert_int_equal(pipe(locked), 0);
    pid_t child = fork();
    if (child == 0) {
        lock_half_made();
        CHILD_EXPECT(write(locked[1], "", 1) == 1);
        (void)usleep(200000); /* in which the other comes to wait */
        _exit(0);
    }
    assert_int_equal(read(locked[0], &ready, 1), 1);
    storage = open_storage(NULL);
    assert_int_equal(wait_for(child), 0);
    assert_true(committed(storage, "key", "value"));
    assert_int_equal(put_and_commit(storage, "key", "other"), 0);
    assert_int_equal(last_commit(storage), COMMITS + 1);
    storage_close(storage);
    close(locked[0]);
    close(locked[1]);
}

static void foreign_and_empty_files_are_corrupt(void **state)
{
    (void)state;
    uint8_t noise[3 * 4096];
    int fd = open(path_of("data.mdb"), O_RDWR | O_CREAT, 0644);
    assert_int_equal(open_status(NULL), AISLE_CORRUPT);
    memset(noise, 'x', sizeof noise);
    assert_int_equal(write(fd, noise, sizeof noise), sizeof noise);
    close(fd);
    assert_int_equal(open_status(NULL), AISLE_CORRUPT);
    assert_int_equal(open_status(CREATE), AISLE_CORRUPT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(missing_data_is_not_found_unless_it_is_to_be_created),
        TEST(records_survive_closing_and_opening),
        TEST(read_only_handle_reads_and_never_writes),
        TEST(unwritable_directory_opens_for_reading_only),
        TEST(unwritable_lock_file_in_an_own_directory_is_refused_not_gone_around),
        TEST(full_map_is_named_and_leaves_the_old_state),
        TEST(data_grown_past_the_map_by_another_process_is_map_full_until_opened_again),
        TEST(little_address_space_is_enough),
        TEST(full_disk_is_named_and_leaves_the_old_state),
        TEST(full_file_system_is_named_and_leaves_the_old_state),
        TEST(cut_data_file_is_corrupt_and_left_as_it_is),
        TEST(missing_pages_that_are_all_free_are_no_damage),
        TEST(pages_taken_and_given_back_in_one_transaction_leave_no_short_file),
        TEST(first_to_open_may_die_half_way),
        TEST(foreign_and_empty_files_are_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
