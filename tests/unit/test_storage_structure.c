/*
 * test_storage_structure.c - each rule of LMDB's meta pages and trees, broken once in a file made by hand.
 */
#include "base/alloc.h"
#include "storage/structure.h"
#include "support/page_image.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOWHERE 4711u

static struct image image;
static struct structure_walk walk;

static int make(void **state)
{
    (void)state;
    image_make(&image);
    return 0;
}

static bool metas_sound(char fault[112])
{
    const uint8_t *const pages[2] = {image_page(&image, 0), image_page(&image, 1)};
    fault[0] = '\0';
    return structure_metas_sound(pages, fault, 112);
}

/* Walks what the first meta page stands for. */
static int walk_with(bool heads, bool hash_only)
{
    struct structure_meta meta;
    structure_meta_read(image.bytes, &meta);
    walk = (struct structure_walk){
        .map = image.bytes, .file_bytes = sizeof image, .heads = heads, .hash_only = hash_only};
    return structure_walk(&walk, &meta);
}

static void expect_fault(const char *fault)
{
    int status = walk_with(true, false);
    if (status != AISLE_CORRUPT || strstr(walk.fault, fault) == NULL) {
        fail_msg("expected \"%s\", got %d \"%s\"", fault, status, walk.fault);
    }
    image_make(&image);
}

static void expect_sound(void)
{
    int status = walk_with(true, false);
    if (status != 0) {
        fail_msg("%d \"%s\"", status, walk.fault);
    }
    image_make(&image);
}

static uint8_t *page(uint64_t number)
{
    return image_page(&image, number);
}

static uint8_t *node(uint64_t number, size_t index)
{
    return image_node(page(number), index);
}

/* The record of table "a". */
static uint8_t *record(void)
{
    return node(3, 0) + 8 + 1;
}

/* ---------------------------------------------------------------------------------------------------- meta pages -- */

static void expect_bad_metas(const char *expected)
{
    char fault[112];
    if (metas_sound(fault) || strstr(fault, expected) == NULL) {
        fail_msg("expected \"%s\", got \"%s\"", expected, fault);
    }
    image_make(&image);
}

static void meta_pages_of_two_commits_in_a_row_are_sound(void **state)
{
    (void)state;
    char fault[112];
    assert_true(metas_sound(fault));
    store_u64(page(0) + IMAGE_COMMIT, 0);
    assert_true(metas_sound(fault));
    store_u64(page(1) + IMAGE_COMMIT, 0);
    assert_true(metas_sound(fault)); /* nothing committed yet */
    store_u64(page(0) + IMAGE_COMMIT, 4);
    store_u64(page(1) + IMAGE_COMMIT, 5);
    assert_true(metas_sound(fault));
}

static void what_lmdb_itself_refuses_is_left_to_it(void **state)
{
    (void)state;
    char fault[112];
    for (uint64_t i = 0; i < 2; i++) {
        memset(page(i) + IMAGE_FREE, 0xff, IMAGE_RECORD);
        store_u32(page(i) + 16, NOWHERE);
        assert_true(metas_sound(fault));
        store_u32(page(i) + 16, 0xBEEFC0DEu);
        store_u32(page(i) + 20, 2);
        assert_true(metas_sound(fault));
        image_make(&image);
    }
}

static void meta_pages_that_no_commit_writes_are_refused(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 256, 1000, 65536};
    store_u64(page(1), 0);
    expect_bad_metas("page 1: not a meta page");
    store_u16(page(0) + 10, IMAGE_LEAF);
    expect_bad_metas("page 0: not a meta page");
    store_u64(page(0) + 24, 1);
    expect_bad_metas("flags that no commit");
    store_u16(page(1) + IMAGE_FREE + 4, 0);
    expect_bad_metas("flags that no commit");
    store_u16(page(1) + IMAGE_MAIN + 4, 4);
    expect_bad_metas("flags that no commit");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        store_u32(page(0) + IMAGE_FREE, sizes[i]);
        expect_bad_metas("not a page size");
    }
    store_u64(page(0) + IMAGE_COMMIT, 1);
    expect_bad_metas("belongs to the other");
}

static void meta_pages_that_do_not_belong_together_are_refused(void **state)
{
    (void)state;
    store_u32(page(1) + IMAGE_FREE, 1024);
    expect_bad_metas("no two commits");
    store_u64(page(1) + IMAGE_COMMIT, 5);
    expect_bad_metas("no two commits");
    store_u64(page(0) + IMAGE_COMMIT, 4);
    expect_bad_metas("no two commits");
    store_u64(page(0) + IMAGE_COMMIT, 0);
    store_u64(page(1) + IMAGE_COMMIT, 3);
    expect_bad_metas("no two commits");
    store_u64(page(1) + IMAGE_COMMIT, 0);
    expect_bad_metas("no two commits");
}

/* --------------------------------------------------------------------------------------------------------- trees -- */

static void sound_file_has_one_hash_however_it_is_walked(void **state)
{
    (void)state;
    assert_int_equal(walk_with(true, false), 0);
    uint64_t hash = walk.hash;
    for (unsigned way = 0; way < 4; way++) {
        assert_int_equal(walk_with((way & 1) != 0, (way & 2) != 0), 0);
        assert_true(walk.hash == hash);
        assert_string_equal(walk.fault, "");
    }
    image_node(page(5), 0)[9] ^= 1;
    assert_int_equal(walk_with(true, false), 0);
    assert_true(walk.hash != hash);
}

static void walking_without_memory_is_told(void **state)
{
    (void)state;
    alloc_fail_at(1, 0);
    int status = walk_with(false, false);
    alloc_fail_at(0, 0);
    assert_int_equal(status, AISLE_NO_MEMORY);
}

static void last_page_must_be_in_the_file(void **state)
{
    (void)state;
    store_u64(page(0) + IMAGE_LAST_PAGE, 0);
    expect_fault("the last, is not in the file");
    store_u64(page(0) + IMAGE_LAST_PAGE, IMAGE_PAGES);
    expect_fault("the last, is not in the file");
}

static void records_of_trees_are_checked(void **state)
{
    (void)state;
    store_u16(record() + 6, 33);
    expect_fault("a table's record is damaged");
    store_u16(record() + 6, 0);
    expect_fault("a table's record is damaged");
    store_u64(record() + 40, UINT64_MAX);
    expect_fault("a table's record is damaged");
    store_u16(record() + 4, 4);
    expect_fault("a table's record is damaged");
    for (size_t at = 8; at <= 32; at += 8) {
        store_u64(record() + at, load_u64(record() + at) + 1);
        expect_fault("other counts");
    }
    store_u64(record() + 24, NOWHERE);
    assert_int_equal(walk_with(false, false), 0); /* which only the heads tell */
}

static void main_tree_holds_records_of_tables_only(void **state)
{
    (void)state;
    store_u16(node(3, 0) + 4, 0);
    expect_fault("not the record of a table");
    uint8_t *main = image_begin(&image, 3, IMAGE_LEAF);
    uint8_t half[24] = {0};
    image_add(main, sizeof half, IMAGE_TABLE, bytes_of_string("a"), bytes_of(half, sizeof half));
    expect_fault("not the record of a table");
}

static void pages_outside_the_file_or_used_twice_are_refused(void **state)
{
    (void)state;
    store_u64(record() + 40, 1);
    expect_fault("page 1: outside the file");
    store_u64(record() + 40, IMAGE_PAGES);
    expect_fault("page 10: outside the file");
    store_u32(node(4, 1), 5);
    expect_fault("page 5: used twice");
    store_u64(node(6, 1) + 8 + 1, 1);
    expect_fault("page 1: outside the file");
    store_u64(node(6, 1) + 8 + 1, IMAGE_PAGES);
    expect_fault("page 10: outside the file");
    store_u64(node(6, 1) + 8 + 1, 9);
    assert_int_equal(walk_with(false, false), AISLE_CORRUPT);
    assert_string_equal(walk.fault, "page 9: used twice");
    assert_int_equal(walk_with(false, true), 0); /* which is not looked for */
    store_u32(node(6, 1), 2000);
    assert_int_equal(walk_with(false, true), AISLE_CORRUPT);
    assert_string_equal(walk.fault, "page 9: outside the file");
}

static void heads_of_overflow_pages_are_checked(void **state)
{
    (void)state;
    for (uint64_t number = 7; number <= 8; number++) {
        store_u64(page(number), NOWHERE);
        expect_fault("not the overflow page");
        store_u16(page(number) + 10, IMAGE_LEAF);
        expect_fault("not the overflow page");
        store_u32(page(number) + 12, 0);
        expect_fault("not the overflow page");
        store_u32(page(number) + 12, 2);
        expect_fault("not the overflow page");
    }
    struct bytes value = bytes_of(page(7) + IMAGE_HEAD, 400);
    assert_true(structure_head_sound(image.bytes, IMAGE_PAGE, value));
    value.size = 497;
    assert_false(structure_head_sound(image.bytes, IMAGE_PAGE, value));
    store_u64(page(7), 8);
    assert_false(structure_head_sound(image.bytes, IMAGE_PAGE, bytes_of(page(7) + IMAGE_HEAD, 400)));
}

static void records_of_the_free_list_are_checked(void **state)
{
    (void)state;
    uint8_t *value = node(2, 0) + 8 + 8;
    store_u64(value, 2);
    expect_fault("page 2: a record of free pages is too short");
    store_u64(value, UINT64_MAX);
    expect_fault("page 2: a record of free pages is too short");
    store_u64(value + 8, 1);
    expect_fault("page 1: outside the file");
    store_u64(value + 8, 7);
    expect_fault("page 7: used twice");
    store_u64(page(8) + IMAGE_HEAD, 10);
    expect_fault("page 8: a record of free pages is too short");
    store_u64(page(8) + IMAGE_HEAD, 1);
    store_u64(page(8) + IMAGE_HEAD + 8, 8);
    expect_fault("page 8: used twice");
}

/* Too short to hold its count: nothing behind it may be taken for one. */
static void record_of_the_free_list_without_a_count_is_refused(void **state)
{
    (void)state;
    uint8_t key[8];
    uint8_t value[4] = {0};
    store_u64(key, 1);
    for (size_t size = 0; size <= sizeof value; size += 2) {
        uint8_t *list = image_begin(&image, 2, IMAGE_LEAF);
        image_add(list, size, 0, bytes_of(key, sizeof key), bytes_of(value, size));
        assert_int_equal(walk_with(false, true), AISLE_CORRUPT);
        assert_string_equal(walk.fault, "page 2: a record of free pages is too short");
    }
}

static void pages_of_another_kind_are_refused(void **state)
{
    (void)state;
    store_u64(page(5), NOWHERE);
    expect_fault("page 5: not the leaf");
    store_u16(page(5) + 10, IMAGE_BRANCH);
    expect_fault("page 5: not the leaf");
    store_u64(page(4), NOWHERE);
    expect_fault("page 4: not the branch");
    store_u16(page(4) + 10, IMAGE_LEAF);
    expect_fault("page 4: not the branch");
}

static void bounds_of_pages_are_checked(void **state)
{
    (void)state;
    static const uint16_t lowers[] = {0, IMAGE_HEAD, IMAGE_HEAD + 3, IMAGE_PAGE};
    for (size_t i = 0; i < sizeof lowers / sizeof *lowers; i++) {
        store_u16(page(5) + 12, lowers[i]);
        expect_fault("page 5: bounds outside the page");
    }
    store_u16(page(5) + 14, IMAGE_PAGE + 2);
    expect_fault("page 5: bounds outside the page");
}

static void nodes_must_lie_in_their_page_and_fill_it(void **state)
{
    (void)state;
    static const uint16_t starts[] = {IMAGE_HEAD, IMAGE_PAGE - 6, IMAGE_PAGE, UINT16_MAX};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        store_u16(page(5) + IMAGE_HEAD, starts[i]);
        expect_fault("page 5: an entry outside the page");
    }
    store_u32(node(5, 0), IMAGE_PAGE);
    expect_fault("page 5: an entry outside the page");
    store_u16(node(5, 0) + 6, 0);
    expect_fault("page 5: an entry outside the page");
    store_u16(node(4, 1) + 6, 0);
    expect_fault("page 4: an entry outside the page");
    store_u16(node(2, 0) + 6, 7);
    expect_fault("page 2: an entry outside the page");
    store_u16(page(5) + IMAGE_HEAD, load_u16(page(5) + IMAGE_HEAD + 2));
    expect_fault("page 5: entries that overlap");
    store_u16(page(5) + 14, (uint16_t)(load_u16(page(5) + 14) - 2));
    expect_fault("page 5: entries that overlap");
}

static void keys_longer_than_lmdb_takes_are_refused(void **state)
{
    (void)state;
    static uint8_t big[4 * 1024];
    struct structure_meta meta = {.last_page = 3, .page_bytes = 1024};
    uint8_t *leaf = big + 2 * 1024;
    store_u64(meta.bytes + 24 + 40, UINT64_MAX);
    store_u16(meta.bytes + 72 + 6, 1);
    store_u64(meta.bytes + 72 + 40, 2);
    store_u64(leaf, 2);
    store_u16(leaf + 10, IMAGE_LEAF);
    store_u16(leaf + 12, IMAGE_HEAD + 2);
    store_u16(leaf + 14, 1024 - 520);
    store_u16(leaf + IMAGE_HEAD, 1024 - 520);
    store_u16(leaf + 1024 - 520 + 6, 512);
    walk = (struct structure_walk){.map = big, .file_bytes = sizeof big};
    assert_int_equal(structure_walk(&walk, &meta), AISLE_CORRUPT);
    assert_string_equal(walk.fault, "page 2: an entry outside the page");
}

static void keys_must_ascend_within_the_bounds_of_their_branch(void **state)
{
    (void)state;
    node(5, 0)[8] = 'b';
    expect_fault("page 5: keys out of order");
    node(5, 1)[8] = 'c';
    expect_fault("page 5: keys out of order");
    node(6, 0)[8] = 'b';
    expect_fault("page 6: keys out of order");
    node(4, 1)[8] = 'b';
    expect_fault("page 5: keys out of order");
    store_u64(node(2, 0) + 8, 2);
    expect_fault("page 2: keys out of order");
    store_u64(node(2, 0) + 8, 3);
    expect_fault("page 2: keys out of order");
    store_u64(node(2, 0) + 8, 256); /* as a number, not as bytes */
    store_u64(node(2, 1) + 8, 511);
    expect_sound();
}

/* A third level: the page below the first child of a branch that has a lower bound inherits that bound. */
static void bounds_are_handed_down_to_the_first_child(void **state)
{
    (void)state;
    uint8_t *upper = image_begin(&image, 9, IMAGE_BRANCH);
    image_add(upper, 6, 0, bytes_of(NULL, 0), bytes_of(NULL, 0));
    store_u32(node(4, 1), 9);
    store_u64(node(2, 0) + 16, 0); /* page 9 is not free any longer */
    store_u16(record() + 6, 3);
    uint8_t *lower = image_begin(&image, 7, IMAGE_BRANCH);
    image_add(lower, 5, 0, bytes_of(NULL, 0), bytes_of(NULL, 0));
    store_u32(node(4, 0), 7);
    uint8_t *right = image_begin(&image, 6, IMAGE_LEAF);
    image_add_small(right, "c", "two");
    store_u64(record() + 8, 3);
    store_u64(record() + 24, 0);
    store_u64(record() + 32, 3);
    struct image kept = image;
    expect_sound();
    image = kept;
    node(6, 0)[8] = 'b';
    expect_fault("page 6: keys out of order");
    image = kept;
    image_add(page(9), 6, 0, bytes_of_string("c"), bytes_of(NULL, 0));
    expect_fault("page 9: keys out of order");
}

/* The free list's own keys may be missing in the first entry of a branch, too. */
static void free_list_of_two_levels_is_walked(void **state)
{
    (void)state;
    uint8_t key[8];
    uint8_t *branch = image_begin(&image, 9, IMAGE_BRANCH);
    store_u64(node(2, 0) + 16, 0);
    image_add(branch, 2, 0, bytes_of(NULL, 0), bytes_of(NULL, 0));
    store_u16(page(0) + IMAGE_FREE + 6, 2);
    store_u64(page(0) + IMAGE_FREE + 8, 1);
    store_u64(page(0) + IMAGE_FREE + 40, 9);
    struct image kept = image;
    expect_sound();
    image = kept;
    store_u64(key, 2);
    image_add(page(9), 2, 0, bytes_of(key, sizeof key), bytes_of(NULL, 0));
    expect_fault("page 2: keys out of order");
    image = kept;
    image_add(page(9), 2, 0, bytes_of(key, 7), bytes_of(NULL, 0));
    expect_fault("page 9: an entry outside the page");
}

static void unknown_flags_of_nodes_are_refused(void **state)
{
    (void)state;
    store_u16(node(5, 0) + 4, 4);
    expect_fault("page 5: unknown flags");
    store_u16(node(2, 0) + 4, IMAGE_TABLE);
    expect_fault("page 2: unknown flags");
}

#define TEST(name) cmocka_unit_test_setup(name, make)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(meta_pages_of_two_commits_in_a_row_are_sound),
        TEST(what_lmdb_itself_refuses_is_left_to_it),
        TEST(meta_pages_that_no_commit_writes_are_refused),
        TEST(meta_pages_that_do_not_belong_together_are_refused),
        TEST(sound_file_has_one_hash_however_it_is_walked),
        TEST(walking_without_memory_is_told),
        TEST(last_page_must_be_in_the_file),
        TEST(records_of_trees_are_checked),
        TEST(main_tree_holds_records_of_tables_only),
        TEST(pages_outside_the_file_or_used_twice_are_refused),
        TEST(heads_of_overflow_pages_are_checked),
        TEST(records_of_the_free_list_are_checked),
        TEST(record_of_the_free_list_without_a_count_is_refused),
        TEST(pages_of_another_kind_are_refused),
        TEST(bounds_of_pages_are_checked),
        TEST(nodes_must_lie_in_their_page_and_fill_it),
        TEST(keys_longer_than_lmdb_takes_are_refused),
        TEST(keys_must_ascend_within_the_bounds_of_their_branch),
        TEST(bounds_are_handed_down_to_the_first_child),
        TEST(free_list_of_two_levels_is_walked),
        TEST(unknown_flags_of_nodes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
