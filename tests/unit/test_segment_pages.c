/*
 * test_segment_pages.c - copy-on-write pages: keys in order, checksums, and the state of a segment made of them.
 */
#include "segment_fixture.h"

#include <errno.h>

static void keys_sort_by_segment_then_kind_then_page(void **state)
{
    (void)state;
    uint8_t before[PAGE_KEY_BYTES];
    uint8_t after[PAGE_KEY_BYTES];
    segment_page_key(before, 1, 255, UINT32_MAX);
    segment_page_key(after, 2, 0, 0);
    assert_true(memcmp(before, after, sizeof before) < 0);
    segment_page_key(before, 2, 64, UINT32_MAX);
    segment_page_key(after, 2, 65, 0);
    assert_true(memcmp(before, after, sizeof before) < 0);
    segment_extent_key(before, 2, 7, 255);
    segment_extent_key(after, 2, 7, 256);
    assert_true(memcmp(before, after, sizeof before) < 0);
}

static void page_opens_only_whole(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    uint8_t key[PAGE_KEY_BYTES];
    uint8_t damaged[64];
    struct bytes stored;
    struct bytes content;
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(segment_page_put(txn, 5, PAGE_COLUMN, 7, bytes_of("some content", 12)), 0);
    segment_page_key(key, 5, PAGE_COLUMN, 7);
    assert_int_equal(storage_get(txn, TABLE_PAGES, bytes_of(key, sizeof key), &stored), 0);
    assert_int_equal(segment_page_open(stored, &content), 0);
    assert_true(bytes_equal(content, bytes_of("some content", 12)));
    memcpy(damaged, stored.data, stored.size);
    for (size_t i = 0; i < stored.size; i++) {
        damaged[i] ^= 1;
        assert_int_equal(segment_page_open(bytes_of(damaged, stored.size), &content), AISLE_CORRUPT);
        assert_int_equal(content.size, 0);
        damaged[i] ^= 1;
        assert_int_equal(segment_page_open(bytes_of(damaged, i), &content), AISLE_CORRUPT);
    }
    storage_abort(txn);
    storage_close(storage);
}

/* Pages of a segment of many documents, its neighbours' not among them. */
static void state_gathers_dead_bits_and_overlays(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_info info = {.id = 5, .documents = PAGE_BITS_DOCUMENTS + 100, .dead = 3};
    struct segment_state loaded;
    uint64_t bits[PAGE_BITS_WORDS] = {0};
    struct storage_txn *txn = begin_write(storage);
    bitset_set(bits, 0);
    bitset_set(bits, 99);
    bitset_set(bits, 100); /* behind the last document: does not count */
    assert_int_equal(segment_page_put(txn, 5, PAGE_DEAD, 1, bytes_of(bits, sizeof bits)), 0);
    memset(bits, 0, sizeof bits);
    bitset_set(bits, 17);
    assert_int_equal(segment_page_put(txn, 5, PAGE_DEAD, 0, bytes_of(bits, sizeof bits)), 0);
    assert_int_equal(segment_page_put(txn, 5, PAGE_PATCHED + FIELD_A, 0, bytes_of(bits, sizeof bits)), 0);
    assert_int_equal(segment_page_put(txn, 5, PAGE_COLUMN + FIELD_A, 2, bytes_of("two", 3)), 0);
    assert_int_equal(segment_page_put(txn, 5, PAGE_COLUMN + FIELD_A, 1, bytes_of("one", 3)), 0);
    assert_int_equal(segment_page_put(txn, 4, PAGE_COLUMN + FIELD_A, 1, bytes_of("no", 2)), 0);
    assert_int_equal(segment_page_put(txn, 6, PAGE_DEAD, 0, bytes_of(bits, sizeof bits)), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    txn = begin_read(storage);
    assert_int_equal(segment_state_load(txn, &info, &loaded, &error), 0);
    assert_int_equal(loaded.dead_count, 3);
    assert_false(segment_state_alive(&loaded, 17));
    assert_true(segment_state_alive(&loaded, 18));
    assert_false(segment_state_alive(&loaded, PAGE_BITS_DOCUMENTS));
    assert_false(segment_state_alive(&loaded, PAGE_BITS_DOCUMENTS + 99));
    assert_int_equal(loaded.overlay_count, 3);
    assert_true(bytes_equal(segment_state_overlay(&loaded, PAGE_COLUMN + FIELD_A, 1), bytes_of("one", 3)));
    assert_true(bytes_equal(segment_state_overlay(&loaded, PAGE_COLUMN + FIELD_A, 2), bytes_of("two", 3)));
    assert_int_equal(segment_state_overlay(&loaded, PAGE_COLUMN + FIELD_A, 0).size, 0);
    assert_int_equal(segment_state_overlay(&loaded, PAGE_COLUMN + FIELD_B, 1).size, 0);
    assert_true(segment_state_patched(&loaded, FIELD_A, 17));
    assert_false(segment_state_patched(&loaded, FIELD_A, 16));
    assert_false(segment_state_patched(&loaded, FIELD_B, 17));
    assert_false(segment_state_patched(&loaded, FIELD_A, PAGE_BITS_DOCUMENTS + 17));
    segment_state_release(&loaded);
    info.dead = 2;
    assert_int_equal(segment_state_load(txn, &info, &loaded, &error), AISLE_CORRUPT);
    info.documents = 50;
    assert_int_equal(segment_state_load(txn, &info, &loaded, &error), AISLE_CORRUPT);
    storage_read_end(txn);
    storage_close(storage);
}

/* A small page lies inside a tree page of LMDB, which is rewritten when a neighbour goes. */
static void small_overlay_outlives_changes_of_its_neighbours(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_info info = {.id = 5, .documents = 100};
    struct segment_state loaded;
    uint8_t key[PAGE_KEY_BYTES];
    uint8_t filling[3000];
    memset(filling, 0xee, sizeof filling);
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(segment_page_put(txn, 5, PAGE_COLUMN, 0, bytes_of("small page", 10)), 0);
    assert_int_equal(segment_page_put(txn, 6, PAGE_COLUMN, 0, bytes_of("neighbour", 9)), 0);
    assert_int_equal(storage_commit(txn, &error), 0);
    txn = begin_read(storage);
    assert_int_equal(segment_state_load(txn, &info, &loaded, &error), 0);
    storage_read_end(txn);
    for (uint32_t i = 0; i < 20; i++) {
        txn = begin_write(storage);
        segment_page_key(key, 6, PAGE_COLUMN, 0);
        int status = storage_delete(txn, TABLE_PAGES, bytes_of(key, sizeof key));
        assert_true(status == 0 || status == AISLE_END);
        segment_page_key(key, 9, 0, i);
        assert_int_equal(storage_put(txn, TABLE_EXTENTS, bytes_of(key, sizeof key), bytes_of(filling, sizeof filling)),
                         0);
        assert_int_equal(storage_commit(txn, &error), 0);
    }
    assert_true(bytes_equal(segment_state_overlay(&loaded, PAGE_COLUMN, 0), bytes_of("small page", 10)));
    segment_state_release(&loaded);
    storage_close(storage);
}

static void a_page_is_got_or_absent_or_damaged(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    uint8_t key[PAGE_KEY_BYTES];
    struct bytes content;
    struct storage_txn *txn = begin_write(storage);
    assert_int_equal(segment_page_put(txn, 5, PAGE_COLUMN, 7, bytes_of("some content", 12)), 0);
    assert_int_equal(segment_page_get(txn, 5, PAGE_COLUMN, 7, &content), 0);
    assert_true(bytes_equal(content, bytes_of("some content", 12)));
    assert_int_equal(segment_page_get(txn, 5, PAGE_COLUMN, 8, &content), 0);
    assert_int_equal(content.size, 0);
    storage_fail_at(1, 0, EIO);
    assert_int_equal(segment_page_get(txn, 5, PAGE_COLUMN, 7, &content), AISLE_IO);
    storage_fail_at(0, 0, 0);
    segment_page_key(key, 5, PAGE_COLUMN, 7);
    assert_int_equal(storage_put(txn, TABLE_PAGES, bytes_of(key, sizeof key), bytes_of("nonsense", 8)), 0);
    assert_int_equal(segment_page_get(txn, 5, PAGE_COLUMN, 7, &content), AISLE_CORRUPT);
    assert_int_equal(content.size, 0);
    alloc_fail_at(1, 0);
    assert_int_equal(segment_page_put(txn, 5, PAGE_COLUMN, 7, bytes_of("some content", 12)), AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    storage_abort(txn);
    storage_close(storage);
}

/* Bits of whole words, and more small overlays than there is room for at first. */
static void put_pages(struct storage_txn *txn, uint32_t overlays)
{
    uint64_t bits[PAGE_BITS_WORDS] = {7};
    assert_int_equal(segment_page_put(txn, 5, PAGE_DEAD, 0, bytes_of(bits, sizeof bits)), 0);
    for (uint32_t i = 0; i < overlays; i++) {
        assert_int_equal(segment_page_put(txn, 5, PAGE_COLUMN, i, bytes_of("page", 4)), 0);
    }
}

static void state_reports_memory_and_storage_that_fail(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_info info = {.id = 5, .documents = 128, .dead = 3};
    struct segment_state loaded;
    struct storage_txn *txn = begin_write(storage);
    put_pages(txn, 17);
    for (unsigned way = 0; way < 2; way++) {
        int expected = way == 0 ? AISLE_NO_MEMORY : AISLE_IO;
        int status = expected;
        unsigned long n = 0;
        while (status != 0) {
            n++;
            alloc_fail_at(way == 0 ? n : 0, 0);
            storage_fail_at(way == 0 ? 0 : n, 0, EIO);
            status = segment_state_load(txn, &info, &loaded, &error);
            alloc_fail_at(0, 0);
            storage_fail_at(0, 0, 0);
            assert_true(status == 0 || status == expected);
        }
        assert_true(n > 17);
        assert_int_equal(loaded.overlay_count, 17);
        assert_int_equal(loaded.dead_count, 3);
        segment_state_release(&loaded);
    }
    storage_abort(txn);
    storage_close(storage);
}

static void state_refuses_damaged_and_misshapen_pages(void **state)
{
    (void)state;
    struct storage *storage = open_storage(CREATE);
    struct segment_info info = {.id = 5, .documents = 128, .dead = 3};
    struct segment_state loaded;
    uint8_t key[PAGE_KEY_BYTES + 1] = {0};
    struct storage_txn *txn = begin_write(storage);
    put_pages(txn, 1);
    /* A longer key is of no page. */
    segment_page_key(key, 5, PAGE_COLUMN, 0);
    assert_int_equal(storage_put(txn, TABLE_PAGES, bytes_of(key, sizeof key), bytes_of("nonsense", 8)), 0);
    assert_int_equal(segment_state_load(txn, &info, &loaded, &error), 0);
    assert_int_equal(loaded.overlay_count, 1);
    segment_state_release(&loaded);
    assert_int_equal(storage_put(txn, TABLE_PAGES, bytes_of(key, PAGE_KEY_BYTES), bytes_of("nonsense", 8)), 0);
    assert_int_equal(segment_state_load(txn, &info, &loaded, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "the changed pages of segment 5"));
    assert_int_equal(segment_page_put(txn, 5, PAGE_DEAD, 0, bytes_of("short", 5)), 0);
    assert_int_equal(segment_state_load(txn, &info, &loaded, &error), AISLE_CORRUPT);
    storage_abort(txn);
    storage_close(storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_sort_by_segment_then_kind_then_page),
        cmocka_unit_test_setup_teardown(page_opens_only_whole, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_page_is_got_or_absent_or_damaged, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(state_gathers_dead_bits_and_overlays, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(state_reports_memory_and_storage_that_fail, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(state_refuses_damaged_and_misshapen_pages, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(small_overlay_outlives_changes_of_its_neighbours, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
