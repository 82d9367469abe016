/*
 * test_storage_seal.c - damage in LMDB's own structures is found at opening, and a lost seal does no harm.
 *
 * The bytes that are damaged are found in the file by LMDB's layout (storage/structure.h).
 */
#include "storage_fixture.h"

#include "base/hash.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

#define PAGE 4096u
#define META 16u
#define NUMBER (META + 128u)
#define ANNOUNCED 48 /* in the lock file, behind its mutex: the number of the last commit */
#define BIG (3u * PAGE)
#define SLOT 48u

static uint8_t whole[64u * PAGE];

static size_t read_data(void)
{
    int fd = open(path_of("data.mdb"), O_RDONLY);
    ssize_t size = read(fd, whole, sizeof whole);
    assert_true(size > 0 && (size_t)size < sizeof whole);
    close(fd);
    return (size_t)size;
}

static void write_at(size_t at, const void *bytes, size_t size)
{
    int fd = open(path_of("data.mdb"), O_WRONLY);
    assert_int_equal(pwrite(fd, bytes, size, (off_t)at), (ssize_t)size);
    close(fd);
}

/* Three commits of "key", to one, two, three; and a value in overflow pages. */
static void make_storage(void)
{
    static const char *const values[] = {"one", "two", "three"};
    static uint8_t big[BIG];
    struct storage *storage = open_storage(CREATE);
    for (unsigned i = 0; i < 3; i++) {
        struct storage_txn *txn = begin_write(storage);
        assert_int_equal(put(txn, "key", values[i]), 0);
        if (i == 0) {
            assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of_string("big"), bytes_of(big, BIG)), 0);
        }
        assert_int_equal(storage_commit(txn, &error), 0);
    }
    storage_close(storage);
}

static size_t newest_meta(void)
{
    return load_u64(whole + NUMBER) > load_u64(whole + PAGE + NUMBER) ? 0 : PAGE;
}

/* Where needle stands in the file, at or behind from. */
static size_t find(const char *needle, size_t from, size_t size)
{
    for (size_t i = from; i + strlen(needle) <= size; i++) {
        if (memcmp(whole + i, needle, strlen(needle)) == 0) {
            return i;
        }
    }
    return 0;
}

static int open_status(void)
{
    struct storage *storage = NULL;
    int status = storage_open(directory, NULL, &storage, &error);
    storage_close(storage);
    return status;
}

static void commit_that_lost_its_number_is_missed(void **state)
{
    (void)state;
    make_storage();
    read_data();
    size_t meta = newest_meta();
    uint8_t number[8];
    store_u64(number, load_u64(whole + meta + NUMBER) - 2);
    write_at(meta + NUMBER, number, sizeof number);
    assert_int_equal(open_status(), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "vanished"));
    write_at(meta + NUMBER, whole + meta + NUMBER, sizeof number);
    assert_int_equal(open_status(), 0);
}

static void older_copy_written_over_the_file_needs_its_seal_removed(void **state)
{
    (void)state;
    static uint8_t copy[sizeof whole];
    make_storage();
    size_t size = read_data();
    memcpy(copy, whole, size);
    make_storage();
    write_at(0, copy, size);
    assert_int_equal(truncate(path_of("data.mdb"), (off_t)size), 0);
    assert_int_equal(open_status(), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "put back from a copy, remove \"seal\""));
    assert_int_equal(unlink(path_of("seal")), 0);
    assert_int_equal(open_status(), 0);
}

static void earlier_commit_does_not_pass_for_a_later_one(void **state)
{
    (void)state;
    make_storage();
    read_data();
    size_t other = PAGE - newest_meta();
    uint8_t number[8];
    store_u64(number, load_u64(whole + other + NUMBER) + 2);
    write_at(other + NUMBER, number, sizeof number);
    assert_int_equal(open_status(), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "earlier commit"));
}

static void fields_of_a_meta_page_that_no_commit_writes_are_refused(void **state)
{
    (void)state;
    static const size_t places[] = {0, 10, META + 8, META + 24, META + 28, META + 76, NUMBER};
    make_storage();
    read_data();
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        size_t at = newest_meta() + places[i];
        uint8_t changed = whole[at] ^ 0x41;
        write_at(at, &changed, 1);
        assert_int_equal(open_status(), AISLE_CORRUPT);
        write_at(at, whole + at, 1);
    }
    assert_int_equal(open_status(), 0);
}

static void flipped_bits_of_live_trees_are_found(void **state)
{
    (void)state;
    unsigned found = 0;
    make_storage();
    size_t size = read_data();
    for (size_t page = 2; page < size / PAGE; page++) {
        for (size_t byte = 0; byte < PAGE; byte += 6) {
            size_t at = page * PAGE + byte;
            uint8_t changed = whole[at] ^ 0x04;
            write_at(at, &changed, 1);
            int status = open_status();
            assert_true(status == 0 || status == AISLE_CORRUPT);
            if (status == 0) {
                struct storage *storage = open_storage(NULL);
                assert_true(committed(storage, "key", "three"));
                storage_close(storage);
            }
            found += status == AISLE_CORRUPT;
            write_at(at, whole + at, 1);
        }
    }
    assert_true(found > 20);
}

/* As above, with nothing to compare with: the structures alone must keep LMDB from harm. */
static void flipped_bits_without_a_seal_end_in_a_status(void **state)
{
    (void)state;
    unsigned found = 0;
    make_storage();
    size_t size = read_data();
    assert_int_equal(unlink(path_of("seal")), 0);
    for (size_t at = 0; at < size; at += at < 2 * PAGE ? 13 : 7) {
        uint8_t changed = whole[at] ^ 0x20;
        write_at(at, &changed, 1);
        int status = open_status();
        assert_true(status <= 0); /* a last page far away may also be more than the disk has */
        found += status != 0;
        write_at(at, whole + at, 1);
    }
    assert_true(found > 20);
}

static void lost_older_or_damaged_seal_does_no_harm(void **state)
{
    (void)state;
    uint8_t old[80];
    make_storage();
    int fd = open(path_of("seal"), O_RDONLY);
    assert_int_equal(read(fd, old, sizeof old), sizeof old);
    close(fd);
    struct storage *storage = open_storage(NULL);
    assert_int_equal(put_and_commit(storage, "key", "four"), 0);
    storage_close(storage);
    fd = open(path_of("seal"), O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, old, sizeof old), sizeof old);
    assert_int_equal(open_status(), 0);
    assert_int_equal(pwrite(fd, "damage", 6, 2), 6);
    assert_int_equal(pwrite(fd, "damage", 6, 42), 6);
    close(fd);
    assert_int_equal(open_status(), 0);
    assert_int_equal(unlink(path_of("seal")), 0);
    storage = open_storage(NULL);
    assert_true(committed(storage, "key", "four"));
    storage_close(storage);
}

static void head_of_a_big_value_is_looked_at_before_it_is_freed(void **state)
{
    (void)state;
    make_storage();
    size_t size = read_data();
    size_t key = find("big", 2 * PAGE, size);
    assert_true(key != 0);
    size_t head = (size_t)load_u64(whole + key + 3) * PAGE;
    uint8_t more = (uint8_t)(whole[head + 12] + 1);
    write_at(head + 12, &more, 1);
    struct storage *storage = open_storage(NULL);
    assert_int_equal(storage_check(storage, &error), AISLE_CORRUPT);
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(storage_delete(txn, TABLE_EXTENTS, bytes_of_string("big")), AISLE_CORRUPT);
    storage_abort(txn);
    write_at(head + 12, whole + head + 12, 1);
    assert_int_equal(storage_check(storage, &error), 0);
    txn = begin_write(storage);
    assert_int_equal(storage_delete(txn, TABLE_EXTENTS, bytes_of_string("big")), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    storage_close(storage);
}

static void other_data_file_in_the_place_of_this_one_needs_its_seal_broken(void **state)
{
    (void)state;
    make_storage();
    size_t size = read_data();
    struct storage *storage = open_storage(NULL);
    assert_int_equal(put_and_commit(storage, "key", "four"), 0);
    storage_close(storage);
    write_at(0, whole, size);
    assert_int_equal(open_status(), AISLE_CORRUPT);
    storage_break_seal(directory);
    assert_int_equal(open_status(), 0);
}

/* What LMDB would keep in more pages than its size needs; then a later look at its head could not be exact. */
static void value_written_twice_in_a_transaction_takes_no_more_pages_than_it_needs(void **state)
{
    (void)state;
    static uint8_t big[BIG];
    struct storage *storage = open_storage(CREATE);
    for (unsigned i = 0; i < 3; i++) {
        struct storage_txn *txn = begin_write(storage);
        assert_int_equal(storage_put(txn, TABLE_VALUES, bytes_of_string("k"), bytes_of(big, BIG)), 0);
        assert_int_equal(storage_put(txn, TABLE_VALUES, bytes_of_string("k"), bytes_of(big, PAGE)), 0);
        assert_int_equal(storage_commit(txn, &error), 0);
        assert_int_equal(storage_check(storage, &error), 0);
    }
    storage_close(storage);
}

static void seal_of_another_version_says_nothing(void **state)
{
    (void)state;
    uint8_t slots[2 * SLOT];
    make_storage();
    int fd = open(path_of("seal"), O_RDWR);
    assert_int_equal(read(fd, slots, sizeof slots), sizeof slots);
    for (size_t i = 0; i < 2; i++) {
        store_u64(slots + i * SLOT + 8, 1000 + i); /* a commit that is missing */
        store_u32(slots + i * SLOT, hash_checksum(slots + i * SLOT + 4, SLOT - 4));
    }
    assert_int_equal(pwrite(fd, slots, sizeof slots, 0), sizeof slots);
    assert_int_equal(open_status(), AISLE_CORRUPT);
    for (size_t i = 0; i < 2; i++) {
        store_u32(slots + i * SLOT + 4, 1);
        store_u32(slots + i * SLOT, hash_checksum(slots + i * SLOT + 4, SLOT - 4));
    }
    assert_int_equal(pwrite(fd, slots, sizeof slots, 0), sizeof slots);
    close(fd);
    assert_int_equal(open_status(), 0);
}

static void seal_may_be_older_than_both_meta_pages(void **state)
{
    (void)state;
    uint8_t old[2 * SLOT];
    make_storage();
    int fd = open(path_of("seal"), O_RDWR);
    assert_int_equal(read(fd, old, sizeof old), sizeof old);
    struct storage *storage = open_storage(NULL);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(put_and_commit(storage, "key", "four"), 0);
        storage_close(storage);
        assert_int_equal(pwrite(fd, old, sizeof old, 0), sizeof old);
        storage = open_storage(NULL);
    }
    storage_close(storage);
    close(fd);
}

static void page_size_that_is_none_is_told(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 256, 1u << 20};
    make_storage();
    read_data();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_at(META + 24, &sizes[i], sizeof sizes[i]);
        assert_int_equal(open_status(), AISLE_CORRUPT);
        assert_non_null(strstr(error.message, "page 0: not a page size"));
    }
}

static void data_file_that_cannot_be_opened_is_told(void **state)
{
    (void)state;
    assert_int_equal(symlink("data.mdb", path_of("data.mdb")), 0);
    assert_int_equal(open_status(), AISLE_IO);
    assert_non_null(strstr(error.message, "cannot open data.mdb"));
    assert_int_equal(unlink(path_of("data.mdb")), 0);
    make_storage();
    assert_int_equal(chmod(path_of("data.mdb"), 0), 0);
    assert_int_equal(chmod(path_of("lock.mdb"), 0666), 0);
    assert_int_equal(chmod(directory, 0777), 0);
    uid_t user = geteuid();
    if (user == 0) {
        assert_int_equal(seteuid(65534), 0); /* who may do everything would be let in */
    }
    struct storage *storage = NULL;
    int status = storage_open(directory, READ_ONLY, &storage, &error);
    storage_close(storage);
    assert_int_equal(seteuid(user), 0);
    assert_int_equal(status, AISLE_PERMISSION);
    assert_non_null(strstr(error.message, "cannot open data.mdb"));
}

/* Looking for the last commit must end, though no page has its number. */
static void number_of_a_commit_damaged_while_open_is_told(void **state)
{
    (void)state;
    make_storage();
    struct storage *storage = open_storage(NULL);
    read_data();
    size_t meta = newest_meta();
    uint64_t commit = load_u64(whole + meta + NUMBER);
    uint8_t number[8];
    store_u64(number, commit + 2);
    write_at(meta + NUMBER, number, sizeof number);
    assert_int_equal(storage_check(storage, &error), AISLE_CORRUPT);
    store_u64(number, commit - 2);
    write_at(meta + NUMBER, number, sizeof number);
    assert_int_equal(storage_check(storage, &error), AISLE_CORRUPT);
    write_at(PAGE - meta + NUMBER, whole + meta + NUMBER, sizeof number); /* the other page claims to be it */
    assert_int_equal(storage_check(storage, &error), AISLE_CORRUPT);
    write_at(PAGE - meta + NUMBER, whole + (PAGE - meta) + NUMBER, sizeof number);
    write_at(meta + NUMBER, whole + meta + NUMBER, sizeof number);
    assert_int_equal(storage_check(storage, &error), 0);
    storage_close(storage);
}

static void meta_page_changed_while_open_differs_from_its_seal(void **state)
{
    (void)state;
    make_storage();
    struct storage *storage = open_storage(NULL);
    read_data();
    size_t unused = newest_meta() + META + 72; /* the main tree has no page size of its own */
    write_at(unused, "x", 1);
    assert_int_equal(storage_check(storage, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "not those that the last commit wrote"));
    write_at(unused, whole + unused, 1);
    assert_int_equal(storage_check(storage, &error), 0);
    storage_close(storage);
    storage_break_seal(path_of("missing"));
}

/* As a writer leaves it that is killed when its meta page is written, while somebody else has the storage open. */
static void announce(uint64_t number)
{
    pid_t child = fork(); /* this process would lose its locks on the file by closing it */
    if (child == 0) {
        int fd = open(path_of("lock.mdb"), O_WRONLY);
        _exit(pwrite(fd, &number, sizeof number, ANNOUNCED) == (ssize_t)sizeof number ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void commit_that_was_written_and_not_announced_is_waited_for_by_nobody(void **state)
{
    (void)state;
    make_storage();
    struct storage *storage = open_storage(NULL);
    read_data();
    uint64_t number = load_u64(whole + newest_meta() + NUMBER);
    announce(number - 1);
    assert_int_equal(storage_check(storage, &error), 0);
    announce(number);
    storage_close(storage);
}

/* Lengthens the file after 10 ms; tells by its result whether it came to that in time. */
static void *lengthen(void *last_page)
{
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    usleep(10000);
    write_at(read_data(), last_page, PAGE);
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t ns = (end.tv_sec - start.tv_sec) * INT64_C(1000000000) + end.tv_nsec - start.tv_nsec;
    return ns < 20000000 ? last_page : NULL;
}

static void file_that_a_commit_is_about_to_lengthen_is_no_damage(void **state)
{
    (void)state;
    static uint8_t last_page[PAGE];
    make_storage();
    struct storage *storage = open_storage(NULL);
    size_t size = read_data();
    memcpy(last_page, whole + size - PAGE, PAGE);
    int status = AISLE_CORRUPT;
    void *in_time = NULL;
    for (unsigned i = 0; i < 100 && status != 0 && in_time == NULL; i++) { /* on a busy machine threads come late */
        pthread_t thread;
        assert_int_equal(truncate(path_of("data.mdb"), (off_t)(size - PAGE)), 0);
        assert_int_equal(pthread_create(&thread, NULL, lengthen, last_page), 0);
        status = storage_check(storage, &error);
        pthread_join(thread, &in_time);
    }
    assert_int_equal(status, 0);
    storage_close(storage);
}

static void seal_that_cannot_be_written_does_no_harm(void **state)
{
    (void)state;
    make_storage();
    assert_int_equal(unlink(path_of("seal")), 0);
    assert_int_equal(mkdir(path_of("seal"), 0777), 0);
    struct storage *storage = open_storage(NULL);
    assert_int_equal(put_and_commit(storage, "key", "four"), 0);
    assert_true(committed(storage, "key", "four"));
    storage_close(storage);
    assert_int_equal(open_status(), 0);
    assert_int_equal(rmdir(path_of("seal")), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(commit_that_lost_its_number_is_missed),
        TEST(older_copy_written_over_the_file_needs_its_seal_removed),
        TEST(earlier_commit_does_not_pass_for_a_later_one),
        TEST(fields_of_a_meta_page_that_no_commit_writes_are_refused),
        TEST(flipped_bits_of_live_trees_are_found),
        TEST(flipped_bits_without_a_seal_end_in_a_status),
        TEST(lost_older_or_damaged_seal_does_no_harm),
        TEST(head_of_a_big_value_is_looked_at_before_it_is_freed),
        TEST(other_data_file_in_the_place_of_this_one_needs_its_seal_broken),
        TEST(file_that_a_commit_is_about_to_lengthen_is_no_damage),
        TEST(commit_that_was_written_and_not_announced_is_waited_for_by_nobody),
        TEST(value_written_twice_in_a_transaction_takes_no_more_pages_than_it_needs),
        TEST(seal_of_another_version_says_nothing),
        TEST(seal_may_be_older_than_both_meta_pages),
        TEST(page_size_that_is_none_is_told),
        TEST(data_file_that_cannot_be_opened_is_told),
        TEST(number_of_a_commit_damaged_while_open_is_told),
        TEST(meta_page_changed_while_open_differs_from_its_seal),
        TEST(seal_that_cannot_be_written_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
