/*
 * test_storage_structure_follow.c - the hash that is carried from commit to commit is that of all trees.
 *
 * The storage seals its commits by following them; the test walks the data file whole, through a map of its own, and
 * compares. What was damaged beside a commit must be found after it.
 */
#include "storage_fixture.h"

#include "storage/seal.h"

#include <fcntl.h>
#include <sys/mman.h>

#define PAGE 4096u
#define KEYS 3000u
#define EXTENT (64u * PAGE - 16u)
#define COMMITS 300u

static uint32_t random_state;
static uint8_t content[EXTENT];

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)random_state * below) >> 32);
}

struct file {
    uint8_t *map;
    size_t size;
};

/* Closing a descriptor of the data file costs this process no lock: LMDB's are on the lock file. */
static struct file map_data(int protection)
{
    struct file file = {.size = size_of_file(path_of("data.mdb"))};
    int fd = open(path_of("data.mdb"), O_RDWR);
    file.map = mmap(NULL, file.size, protection, MAP_SHARED, fd, 0);
    assert_true(file.map != MAP_FAILED);
    close(fd);
    return file;
}

static void newest_metas(const struct file *file, struct structure_meta *newest, struct structure_meta *other)
{
    struct structure_meta metas[2];
    structure_meta_read(file->map, &metas[0]);
    structure_meta_read(file->map + PAGE, &metas[1]);
    unsigned last = metas[1].number > metas[0].number;
    *newest = metas[last];
    *other = metas[1 - last];
}

static uint64_t whole_hash(const struct file *file, const struct structure_meta *meta)
{
    struct structure_walk walk = {.map = file->map, .file_bytes = file->size};
    int status = structure_walk(&walk, meta);
    if (status != 0) {
        fail_msg("%d \"%s\"", status, walk.fault);
    }
    return walk.hash;
}

static uint64_t sealed_hash(uint64_t number)
{
    uint8_t slots[2 * SEAL_BYTES] = {0};
    int fd = open(path_of(SEAL_FILE), O_RDONLY);
    assert_true(read(fd, slots, sizeof slots) >= (ssize_t)SEAL_BYTES);
    close(fd);
    const uint8_t *slot = slots + number % 2 * SEAL_BYTES;
    assert_int_equal(load_u64(slot + 8), number);
    return load_u64(slot + 24);
}

static void expect_sealed_as_whole(void)
{
    struct file file = map_data(PROT_READ);
    struct structure_meta newest;
    struct structure_meta other;
    newest_metas(&file, &newest, &other);
    assert_int_equal(sealed_hash(newest.number), whole_hash(&file, &newest));
    munmap(file.map, file.size);
}

static void put_number(struct storage_txn *txn, enum storage_table table, uint32_t number, size_t size)
{
    uint8_t key[4];
    store_u32_big(key, number);
    assert_int_equal(storage_put(txn, table, bytes_of(key, sizeof key), bytes_of(content, size)), 0);
}

static void delete_numbers(struct storage_txn *txn, enum storage_table table, uint32_t from, uint32_t to)
{
    uint8_t key[4];
    for (uint32_t i = from; i < to; i++) {
        store_u32_big(key, i);
        assert_true(storage_delete(txn, table, bytes_of(key, sizeof key)) >= 0);
    }
}

/* One kind of change of many: single records, runs of them, extents, or a table emptied. */
static void change_at_random(struct storage_txn *txn)
{
    enum storage_table table = draw(2) == 0 ? TABLE_PAGES : TABLE_VALUES;
    uint32_t first = draw(KEYS);
    uint32_t last = first + draw(200);
    switch (draw(8)) {
    case 0:
        delete_numbers(txn, table, first, last);
        break;
    case 1:
        delete_numbers(txn, table, 0, draw(6) == 0 ? KEYS + 200 : 0);
        break;
    case 2:
        put_number(txn, TABLE_EXTENTS, draw(40), EXTENT);
        break;
    case 3:
        delete_numbers(txn, TABLE_EXTENTS, 0, draw(40)); /* a record of free pages that needs pages itself */
        break;
    case 4:
        for (uint32_t i = first; i < last; i++) {
            put_number(txn, table, i, 1 + draw(1500));
        }
        break;
    default:
        put_number(txn, table, first, 1 + draw(20) * 100);
    }
}

static void hash_followed_through_random_commits_is_that_of_the_whole(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct storage_txn *reader = NULL;
    random_state = 7;
    for (unsigned i = 0; i < COMMITS; i++) {
        struct storage_txn *txn = begin_write(storage);
        content[draw(EXTENT)]++;
        for (uint32_t changes = draw(4); changes-- > 0;) {
            change_at_random(txn);
        }
        if (draw(10) == 0) {
            storage_abort(txn);
        } else {
            assert_int_equal(storage_commit(txn, &error), 0);
        }
        if (draw(20) == 0) { /* whose snapshot keeps pages from being used again */
            storage_read_end(reader);
            reader = begin_read(storage);
        }
        expect_sealed_as_whole();
    }
    storage_read_end(reader);
    storage_close(storage);
    storage_close(open_storage(NULL));
}

static void following_one_commit_equals_walking_it(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    for (unsigned i = 0; i < 5; i++) {
        struct storage_txn *txn = begin_write(storage);
        for (uint32_t j = 0; j < KEYS; j += 1 + i * 700) {
            put_number(txn, TABLE_PAGES, j, 900 + i);
        }
        assert_int_equal(storage_commit(txn, &error), 0);
    }
    struct file file = map_data(PROT_READ);
    struct structure_meta newest;
    struct structure_meta other;
    newest_metas(&file, &newest, &other);
    struct structure_walk walk = {.map = file.map, .file_bytes = file.size, .hash = whole_hash(&file, &other)};
    assert_int_equal(structure_follow(&walk, &other, &newest), 0);
    assert_int_equal(walk.hash, whole_hash(&file, &newest));
    assert_int_equal(structure_follow(&walk, &newest, &newest), 0); /* nothing changes */
    assert_int_equal(walk.hash, whole_hash(&file, &newest));
    walk.file_bytes = PAGE * 3;
    assert_int_equal(structure_follow(&walk, &other, &newest), AISLE_CORRUPT);
    munmap(file.map, file.size);
    storage_close(storage);
}

/* A seal lost, of another commit or of a commit that fast mode left out: the next commit is walked whole. */
static void commit_whose_forerunner_has_no_seal_is_sealed_all_the_same(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    assert_int_equal(put_and_commit(storage, "key", "one"), 0);
    assert_int_equal(unlink(path_of(SEAL_FILE)), 0);
    assert_int_equal(put_and_commit(storage, "key", "two"), 0);
    assert_int_equal(put_and_commit(storage, "key", "three"), 0);
    expect_sealed_as_whole();
    assert_int_equal(storage_set_fast(storage, true, &error), 0);
    assert_int_equal(put_and_commit(storage, "key", "four"), 0);
    assert_int_equal(storage_set_fast(storage, false, &error), 0);
    expect_sealed_as_whole();
    assert_int_equal(put_and_commit(storage, "key", "five"), 0);
    expect_sealed_as_whole();
    storage_close(storage);
}

static int open_status(void)
{
    struct storage *storage = NULL;
    int status = storage_open(directory, NULL, &storage, &error);
    storage_close(storage);
    return status;
}

static void fill(struct storage *storage, uint32_t step, size_t size)
{
    struct storage_txn *txn = begin_write(storage);
    for (uint32_t i = 0; i < KEYS; i += step) {
        put_number(txn, TABLE_PAGES, i, size);
    }
    assert_int_equal(storage_commit(txn, &error), 0);
}

/* Walking all trees at each commit would have sealed it. */
static void page_damaged_beside_a_commit_is_found_after_it(void **state)
{
    (void)state;
    for (unsigned changed = 0; changed < 2; changed++) { /* whether the commit goes through that page */
        struct storage *storage = open_storage(CREATE);
        memset(content, 'a', sizeof content);
        fill(storage, 1, 900);
        fill(storage, 100, 901);
        struct file file = map_data(PROT_READ | PROT_WRITE);
        struct storage_txn *txn = begin_read(storage);
        uint8_t key[4];
        struct bytes value;
        store_u32_big(key, 1500);
        assert_int_equal(storage_get(txn, TABLE_PAGES, bytes_of(key, sizeof key), &value), 0);
        const uint8_t *at = memmem(file.map, file.size, value.data, value.size);
        assert_non_null(at);
        struct structure_meta newest;
        struct structure_meta other;
        newest_metas(&file, &newest, &other);
        struct structure_walk walk = {.map = file.map, .file_bytes = file.size};
        for (size_t i = 0; i < file.size; i++) { /* in all copies of that value, live or not */
            if (file.size - i > 8 && memcmp(file.map + i, "\0\0\x05\xdd" "aaaa", 8) == 0) {
                file.map[i + 6] ^= 4;
            }
        }
        assert_int_equal(structure_walk(&walk, &newest), 0); /* no structure is hurt */
        storage_read_end(txn);
        txn = begin_write(storage);
        put_number(txn, TABLE_PAGES, changed == 0 ? 10 : 1502, 800);
        assert_int_equal(storage_commit(txn, &error), 0);
        munmap(file.map, file.size);
        storage_close(storage);
        assert_int_equal(open_status(), AISLE_CORRUPT);
        empty_directory();
    }
}

/* Each page that the last commit wrote, as it was before: as a disk leaves it that lost the write. */
static void page_that_was_not_written_is_found(void **state)
{
    (void)state;
    unsigned found = 0;
    struct storage *storage = open_storage(CREATE);
    memset(content, 'b', sizeof content);
    for (unsigned i = 0; i < 8; i++) {
        fill(storage, 97 + i, 300 + i);
    }
    struct file file = map_data(PROT_READ | PROT_WRITE);
    uint8_t *before = malloc(file.size);
    assert_non_null(before);
    memcpy(before, file.map, file.size);
    fill(storage, 500, 299);
    storage_close(storage);
    for (size_t page = 2 * PAGE; page < file.size; page += PAGE) {
        uint8_t written[PAGE];
        if (memcmp(file.map + page, before + page, PAGE) != 0) {
            memcpy(written, file.map + page, PAGE);
            memcpy(file.map + page, before + page, PAGE);
            found += open_status() == AISLE_CORRUPT;
            memcpy(file.map + page, written, PAGE);
            assert_int_equal(open_status(), 0);
        }
    }
    assert_true(found > 5);
    munmap(file.map, file.size);
    free(before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hash_followed_through_random_commits_is_that_of_the_whole),
        TEST(following_one_commit_equals_walking_it),
        TEST(commit_whose_forerunner_has_no_seal_is_sealed_all_the_same),
        TEST(page_damaged_beside_a_commit_is_found_after_it),
        TEST(page_that_was_not_written_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
