/*
 * test_index_writer.c - put, replace, patch, delete; batches, discards, budgets, compaction, log positions.
 */
#include "index_fixture.h"

#define P1 "{\"id\":\"P1\",\"title\":\"Red shoe\", \"price\": 59.9 ,\"sales\":7}"

static aisle *catalog;
static aisle_writer *writer;

static int open_new(void **state)
{
    int failed = make_directory(state);
    create_catalog("c", NULL, 1);
    catalog = open_catalog("c");
    writer = begin_writing(catalog);
    return failed;
}

static int close_all(void **state)
{
    aisle_writer_free(writer);
    aisle_close(catalog);
    uint64_t faults = 0;
    int status = aisle_check(path_of("c"), show_fault, NULL, &faults, &error);
    return remove_directory(state) != 0 || status != 0 || faults != 0;
}

static void reopen_writer(void)
{
    aisle_writer_free(writer);
    writer = begin_writing(catalog);
}

static void product_comes_back_byte_for_byte(void **state)
{
    (void)state;
    put(writer, P1);
    assert_product(catalog, "P1", false, NULL);
    commit(writer);
    assert_product(catalog, "P1", false, P1);
    assert_product(catalog, "P1", true, P1);
    assert_product(catalog, "P", false, NULL);
    assert_product(catalog, "", false, NULL);
    put(writer, "{\"id\":17,\"title\":\"number\"}");
    commit(writer);
    assert_product(catalog, "17", false, "{\"id\":17,\"title\":\"number\"}");
}

static void later_put_replaces_in_one_batch_and_across_commits(void **state)
{
    (void)state;
    put_title(writer, "A", "first");
    put_title(writer, "A", "second");
    put_title(writer, "B", "other");
    commit(writer);
    assert_ids(catalog, "first", "");
    assert_ids(catalog, "second", "A");
    assert_int_equal(count_of(catalog, ""), 2);
    assert_int_equal(statistics_of(catalog).dead, 0);
    put_title(writer, "A", "third");
    commit(writer);
    assert_ids(catalog, "second", "");
    assert_ids(catalog, "third", "A");
    assert_int_equal(count_of(catalog, ""), 2);
    assert_int_equal(statistics_of(catalog).products, 2);
    assert_int_equal(statistics_of(catalog).dead, 1);
}

static void deleted_product_is_gone_and_may_come_back(void **state)
{
    (void)state;
    assert_int_equal(aisle_delete(writer, text_bytes("A"), &error), AISLE_NOT_FOUND);
    put_title(writer, "A", "one");
    erase(writer, "A");
    assert_int_equal(aisle_delete(writer, text_bytes("A"), &error), AISLE_NOT_FOUND);
    commit(writer);
    assert_int_equal(count_of(catalog, ""), 0);
    put_title(writer, "A", "one");
    commit(writer);
    put_title(writer, "A", "two"); /* waits in memory over the committed one: both must go */
    erase(writer, "A");
    assert_int_equal(aisle_delete(writer, text_bytes("A"), &error), AISLE_NOT_FOUND);
    assert_int_equal(try_patch(writer, "A", "{\"price\":1}"), AISLE_NOT_FOUND);
    commit(writer);
    assert_int_equal(count_of(catalog, ""), 0);
    assert_product(catalog, "A", false, NULL);
    put_title(writer, "A", "three");
    erase(writer, "A");
    put_title(writer, "A", "four");
    commit(writer);
    assert_ids(catalog, "four", "A");
    assert_int_equal(count_of(catalog, ""), 1);
}

static void column_patch_keeps_the_stored_bytes_and_lays_the_value_over(void **state)
{
    (void)state;
    put(writer, P1);
    put_title(writer, "P2", "Blue shoe");
    commit(writer);
    patch(writer, "P1", "{\"price\":5,\"in_stock\":true}");
    assert_product(catalog, "P1", false, P1);
    commit(writer);
    assert_product(catalog, "P1", false,
                   "{\"id\":\"P1\",\"title\":\"Red shoe\", \"price\": 5 ,\"sales\":7,\"in_stock\":true}");
    assert_product(catalog, "P1", true, P1);
    assert_product(catalog, "P2", false, "{\"id\":\"P2\",\"title\":\"Blue shoe\"}");
    assert_ids(catalog, "red", "P1");
    assert_int_equal(statistics_of(catalog).segments, 1);
    assert_int_equal(statistics_of(catalog).dead, 0);
    patch(writer, "P1", "{\"price\":6.5}");
    patch(writer, "P1", "{\"price\":7.25}");
    commit(writer);
    assert_product(catalog, "P1", false,
                   "{\"id\":\"P1\",\"title\":\"Red shoe\", \"price\": 7.25 ,\"sales\":7,\"in_stock\":true}");
    patch(writer, "P1", "{}");
    commit(writer);
}

static void null_removes_a_field(void **state)
{
    (void)state;
    put(writer, P1);
    commit(writer);
    patch(writer, "P1", "{\"price\":null,\"rating\":null}");
    commit(writer);
    assert_product(catalog, "P1", false, "{\"id\":\"P1\",\"title\":\"Red shoe\" ,\"sales\":7}");
    assert_product(catalog, "P1", true, P1);
    patch(writer, "P1", "{\"title\":null}");
    commit(writer);
    assert_product(catalog, "P1", false, "{\"id\":\"P1\" ,\"sales\":7}");
    assert_ids(catalog, "shoe", "");
    assert_ids(catalog, "", "P1");
}

static void text_patch_indexes_the_product_again(void **state)
{
    (void)state;
    put(writer, P1);
    commit(writer);
    patch(writer, "P1", "{\"title\":\"Green boot\"}");
    commit(writer);
    assert_ids(catalog, "red", "");
    assert_ids(catalog, "boot", "P1");
    assert_product(catalog, "P1", false, "{\"id\":\"P1\",\"title\":\"Green boot\", \"price\": 59.9 ,\"sales\":7}");
    patch(writer, "P1", "{\"brand\":\"Acme\",\"note\":[1,2]}");
    commit(writer);
    assert_ids(catalog, "acme boot", "P1");
    assert_int_equal(count_of(catalog, ""), 1);
}

static void patches_of_one_batch_add_up_in_order(void **state)
{
    (void)state;
    put(writer, P1);
    commit(writer);
    patch(writer, "P1", "{\"price\":5}");
    patch(writer, "P1", "{\"title\":\"Green boot\"}"); /* carries the pending price over */
    patch(writer, "P1", "{\"sales\":8}");               /* of a product that waits in memory */
    commit(writer);
    assert_product(catalog, "P1", false, "{\"id\":\"P1\",\"title\":\"Green boot\", \"price\": 5 ,\"sales\":8}");
    patch(writer, "P1", "{\"price\":9}");
    commit(writer);
    patch(writer, "P1", "{\"title\":\"Hat\"}"); /* carries the committed patch over */
    commit(writer);
    assert_product(catalog, "P1", true, "{\"id\":\"P1\",\"title\":\"Hat\", \"price\": 9 ,\"sales\":8}");
    patch(writer, "P1", "{\"price\":10}");
    put(writer, P1); /* replaces all of it */
    commit(writer);
    assert_product(catalog, "P1", false, P1);
    patch(writer, "P1", "{\"price\":11}");
    erase(writer, "P1");
    commit(writer);
    assert_product(catalog, "P1", false, NULL);
}

static void uncommitted_product_can_be_patched(void **state)
{
    (void)state;
    put_title(writer, "A", "one");
    patch(writer, "A", "{\"price\":3}");
    patch(writer, "A", "{\"title\":\"two\"}");
    commit(writer);
    assert_product(catalog, "A", true, "{\"id\":\"A\",\"title\":\"two\",\"price\":3}");
    assert_ids(catalog, "two", "A");
    assert_ids(catalog, "one", "");
}

static void bad_products_are_refused_and_harm_nothing(void **state)
{
    (void)state;
    char large[700];
    put_title(writer, "A", "one");
    assert_int_equal(aisle_put(writer, text_bytes("{\"id\":\"A\",\"price\":\"x\"}"), &error), AISLE_BAD_PRODUCT);
    assert_non_null(strstr(error.message, "price"));
    assert_int_equal(error.position, 18);
    assert_int_equal(aisle_put(writer, text_bytes("{\"id\":\"A\""), &error), AISLE_BAD_PRODUCT);
    assert_int_equal(aisle_put(writer, text_bytes(""), &error), AISLE_BAD_PRODUCT);
    assert_int_equal(aisle_put(writer, text_bytes("{\"title\":\"no id\"}"), &error), AISLE_BAD_PRODUCT);
    assert_int_equal(aisle_put(writer, text_bytes("{\"id\":\"\"}"), &error), AISLE_BAD_PRODUCT);
    assert_int_equal(try_patch(writer, "A", "{\"price\":\"x\"}"), AISLE_BAD_PRODUCT);
    assert_int_equal(try_patch(writer, "A", "[]"), AISLE_BAD_PRODUCT);
    assert_int_equal(try_patch(writer, "A", "{\"id\":\"B\"}"), AISLE_BAD_PRODUCT);
    assert_int_equal(try_patch(writer, "A", "{\"id\":\"A\",\"price\":4}"), 0);
    for (int size = 512; size <= 513; size++) {
        snprintf(large, sizeof large, "{\"id\":\"%0*d\"}", size, 7);
        assert_int_equal(aisle_put(writer, text_bytes(large), &error), size == 512 ? 0 : AISLE_BAD_PRODUCT);
    }
    commit(writer);
    assert_product(catalog, "A", false, "{\"id\":\"A\",\"title\":\"one\",\"price\":4}");
    assert_int_equal(count_of(catalog, ""), 2);
}

static void product_may_be_a_mebibyte_and_no_more(void **state)
{
    (void)state;
    static char large[(1 << 20) + 2];
    int head = snprintf(large, sizeof large, "{\"id\":\"L\",\"blob\":\"");
    memset(large + head, 'x', sizeof large - (size_t)head);
    memcpy(large + (1 << 20) - 2, "\"}", 3);
    put(writer, large);
    commit(writer);
    assert_product(catalog, "L", false, large);
    assert_int_equal(try_patch(writer, "L", "{\"title\":\"more\"}"), AISLE_BAD_PRODUCT);
    memcpy(large + (1 << 20) - 2, "x\"}", 4);
    assert_int_equal(aisle_put(writer, text_bytes(large), &error), AISLE_BAD_PRODUCT);
    patch(writer, "L", "{\"price\":1}"); /* a column is laid over what is returned, whatever its size */
    commit(writer);
    aisle_result *result = NULL;
    assert_done(aisle_get(catalog, text_bytes("L"), false, &result, &error));
    aisle_result_free(result);
}

static void what_is_not_committed_is_gone_with_the_writer(void **state)
{
    (void)state;
    put_title(writer, "A", "one");
    commit(writer);
    put_title(writer, "B", "two");
    patch(writer, "A", "{\"price\":1}");
    erase(writer, "A");
    reopen_writer();
    commit(writer);
    assert_int_equal(count_of(catalog, ""), 1);
    assert_product(catalog, "A", false, "{\"id\":\"A\",\"title\":\"one\"}");
}

/* A word for each product, padded so that a few thousand of them pass the least budget several times. */
static void put_padded(aisle_writer *to, unsigned i, unsigned version)
{
    static char product[4096];
    const char *words = i % 3 == 0 ? "fizz" : "buzz buzz";
    int size = snprintf(product, sizeof product,
                        "{\"id\":\"P%u\",\"title\":\"item%u version%u %s shared\",\"price\":%u,\"pad\":\"", i, i % 50,
                        version, words, i);
    memset(product + size, 'p', 3000);
    memcpy(product + size + 3000, "\"}", 3);
    put(to, product);
}

/* 5,000 products, a third replaced, a fifth patched, a seventh deleted, all in one batch. */
static void write_life(aisle_writer *to)
{
    for (unsigned i = 0; i < 5000; i++) {
        put_padded(to, i, 1);
    }
    for (unsigned i = 0; i < 5000; i += 3) {
        put_padded(to, i, 2);
    }
    for (unsigned i = 0; i < 5000; i += 5) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i);
        patch(to, id, "{\"price\":0.5}");
    }
    for (unsigned i = 0; i < 5000; i += 7) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i);
        erase(to, id);
    }
    commit(to);
}

/* Three quarters of a megabyte a product, the least budget: some 80 segments, more than a writer keeps pending. */
static void batch_of_many_flushes_is_merged_before_its_commit(void **state)
{
    (void)state;
    enum { PRODUCTS = 1200, IDS = 1000, PAD = 3 << 18 };
    char *product = malloc(PAD + 256);
    assert_non_null(product);
    create_catalog("small", NULL, 1);
    aisle *small = open_with_budget("small", BUDGET_LEAST);
    aisle_writer *to = NULL;
    assert_done(aisle_begin(small, &to, &error));
    for (unsigned i = 0; i < PRODUCTS; i++) {
        int size = snprintf(product, 256, "{\"id\":\"P%u\",\"title\":\"item%u shared\",\"pad\":\"", i % IDS, i % 10);
        memset(product + size, 'p', PAD);
        memcpy(product + size + PAD, "\"}", 3);
        put(to, product);
        if (i == IDS / 2) {
            patch(to, "P303", "{\"price\":0.5}"); /* its segment is pending: indexed anew, not a column change */
            erase(to, "P304");
        }
    }
    commit(to);
    free(product);
    assert_int_equal(count_of(small, "shared"), IDS - 1);
    assert_int_equal(count_of(small, "item7"), IDS / 10);
    assert_int_equal(count_of(small, "item4"), IDS / 10 - 1);
    aisle_statistics statistics = {.size = sizeof statistics};
    assert_done(aisle_stats(small, &statistics, &error));
    assert_int_equal(statistics.products, IDS - 1);
    assert_in_range(statistics.segments, 1, 32);
    aisle_writer_free(to);
    aisle_close(small);
}

static void many_flushes_and_one_flush_give_equal_answers(void **state)
{
    (void)state;
    static const char *const queries[] = {"",          "shared",      "fizz", "buzz -item7", "item7 OR item8", "item*",
                                          "version2",  "version1 fizz", "item1* -fizz OR buzz", "none"};
    create_catalog("small", NULL, 1);
    create_catalog("four", NULL, 4);
    aisle *small = open_with_budget("small", BUDGET_LEAST);
    aisle *four = open_with_budget("four", BUDGET_LEAST);
    aisle_writer *small_writer = begin_writing(small);
    aisle_writer *four_writer = begin_writing(four);
    write_life(writer);
    write_life(small_writer);
    write_life(four_writer);
    aisle_writer_statistics told = {.size = sizeof told};
    assert_int_equal(aisle_writer_stats(small_writer, &told), 0);
    assert_int_equal(told.puts, 5000 + 1667);
    assert_int_equal(told.deletes, 715);
    assert_true(told.memory_peak < BUDGET_LEAST);
    assert_true(statistics_of(small).segments > 1);
    /* Dead products still count in df here and there: scores are equal only when all are merged away. */
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
            if (round == 1) {
                assert_same_answer(catalog, small, queries[i], true);
                assert_same_answer(catalog, four, queries[i], true);
            } else {
                assert_int_equal(count_of(catalog, queries[i]), count_of(small, queries[i]));
                assert_int_equal(count_of(catalog, queries[i]), count_of(four, queries[i]));
            }
        }
        assert_done(aisle_compact(writer, &error));
        assert_done(aisle_compact(small_writer, &error));
        assert_done(aisle_compact(four_writer, &error));
    }
    assert_int_equal(statistics_of(small).segments, 1);
    assert_int_equal(statistics_of(small).dead, 0);
    assert_int_equal(statistics_of(four).segments, 4);
    assert_int_equal(statistics_of(small).products, 5000 - 715);
    aisle_writer_free(small_writer);
    aisle_writer_free(four_writer);
    aisle_close(small);
    aisle_close(four);
    assert_sound("small");
    assert_sound("four");
}

static void compaction_keeps_patches_apart_from_the_stored_bytes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        char id[8];
        snprintf(id, sizeof id, "X%u", i);
        put_title(writer, id, "filler");
        commit(writer);
    }
    put(writer, P1);
    commit(writer);
    patch(writer, "P1", "{\"price\":5}");
    erase(writer, "X3");
    commit(writer);
    assert_done(aisle_compact(writer, &error));
    assert_int_equal(statistics_of(catalog).segments, 1);
    assert_int_equal(statistics_of(catalog).dead, 0);
    assert_product(catalog, "P1", false, "{\"id\":\"P1\",\"title\":\"Red shoe\", \"price\": 5 ,\"sales\":7}");
    assert_product(catalog, "P1", true, P1);
    put_title(writer, "X9", "filler");
    commit(writer);
    assert_done(aisle_compact(writer, &error));
    assert_product(catalog, "P1", false, "{\"id\":\"P1\",\"title\":\"Red shoe\", \"price\": 5 ,\"sales\":7}");
    patch(writer, "P1", "{\"title\":\"Hat\"}");
    commit(writer);
    assert_product(catalog, "P1", true, "{\"id\":\"P1\",\"title\":\"Hat\", \"price\": 5 ,\"sales\":7}");
    assert_int_equal(count_of(catalog, "filler"), 5);
    for (unsigned i = 0; i < 10; i++) {
        char id[8];
        snprintf(id, sizeof id, "X%u", i);
        (void)aisle_delete(writer, text_bytes(id), NULL);
    }
    erase(writer, "P1");
    assert_done(aisle_compact(writer, &error));
    assert_int_equal(statistics_of(catalog).segments, 0);
    assert_int_equal(count_of(catalog, ""), 0);
}

/* What a handle has read once stays right when the writer cleans and writes on without a new commit. */
static void patched_product_is_read_right_beside_an_unfinished_batch(void **state)
{
    (void)state;
    create_catalog("s", NULL, 1);
    aisle *small = open_with_budget("s", BUDGET_LEAST);
    aisle_writer *unfinished = begin_writing(small);
    put_title(unfinished, "A", "a");
    commit(unfinished);
    put_title(unfinished, "B", "b");
    commit(unfinished);
    patch(unfinished, "A", "{\"price\":7}");
    patch(unfinished, "B", "{\"price\":8}");
    commit(unfinished);
    erase(unfinished, "B");
    commit(unfinished);
    for (unsigned i = 0; i < 4000; i++) {
        put_padded(unfinished, i, 1);
    }
    assert_product(small, "A", false, "{\"id\":\"A\",\"title\":\"a\",\"price\":7}");
    aisle_writer_free(unfinished);
    assert_product(small, "A", false, "{\"id\":\"A\",\"title\":\"a\",\"price\":7}");
    assert_int_equal(count_of(small, ""), 1);
    aisle_close(small);
    assert_sound("s");
}

/* ---- log positions ---- */

static void mark(aisle_writer *to, const char *source, uint64_t identity, uint64_t offset)
{
    aisle_position position = {.source = source, .identity = identity, .offset = offset, .seq = "seq-1"};
    assert_done(aisle_mark(to, &position, &error));
}

static uint64_t offset_of(aisle *from, const char *source, uint64_t identity)
{
    uint64_t offset = 99;
    assert_done(aisle_log_offset(from, source, identity, &offset, &error));
    return offset;
}

static void position_is_kept_with_its_commit(void **state)
{
    (void)state;
    assert_int_equal(offset_of(catalog, "log", 1), 0);
    mark(writer, "log", 1, 100);
    put_title(writer, "A", "one");
    assert_int_equal(offset_of(catalog, "log", 1), 0);
    commit(writer);
    assert_int_equal(offset_of(catalog, "log", 1), 100);
    assert_int_equal(offset_of(catalog, "log", 2), 0);
    assert_int_equal(offset_of(catalog, "other", 1), 0);
    assert_string_equal(statistics_of(catalog).log_source, "log");
    assert_string_equal(statistics_of(catalog).log_seq, "seq-1");
    assert_int_equal(statistics_of(catalog).log_offset, 100);
    mark(writer, "log", 1, 200); /* a record without effect */
    commit(writer);
    assert_int_equal(offset_of(catalog, "log", 1), 200);
    mark(writer, "log", 1, 300);
    put_title(writer, "B", "two");
    reopen_writer();
    assert_int_equal(offset_of(catalog, "log", 1), 200);
}

static void operations_under_an_old_mark_after_its_commit_are_not_lost(void **state)
{
    (void)state;
    mark(writer, "log", 1, 100);
    put_title(writer, "A", "one");
    commit(writer);
    put_title(writer, "B", "one");
    patch(writer, "A", "{\"price\":1}");
    commit(writer);
    assert_int_equal(count_of(catalog, "one"), 2);
    assert_product(catalog, "A", false, "{\"id\":\"A\",\"title\":\"one\",\"price\":1}");
}

static void repeated_records_are_passed_over(void **state)
{
    (void)state;
    mark(writer, "log", 1, 100);
    put_title(writer, "A", "old");
    mark(writer, "log", 1, 200);
    put_title(writer, "A", "new");
    commit(writer);
    reopen_writer();
    mark(writer, "log", 1, 100);
    put_title(writer, "A", "old");
    assert_int_equal(aisle_delete(writer, text_bytes("A"), &error), 0);
    assert_int_equal(try_patch(writer, "A", "{\"title\":\"old\"}"), 0);
    mark(writer, "log", 1, 200);
    put_title(writer, "A", "old");
    mark(writer, "log", 1, 300);
    put_title(writer, "B", "new");
    commit(writer);
    assert_ids(catalog, "old", "");
    assert_int_equal(count_of(catalog, "new"), 2);
    assert_int_equal(offset_of(catalog, "log", 1), 300);
    mark(writer, "log", 2, 50); /* another file took the name */
    put_title(writer, "A", "newest");
    commit(writer);
    assert_ids(catalog, "newest", "A");
    assert_int_equal(offset_of(catalog, "log", 2), 50);
    assert_int_equal(offset_of(catalog, "log", 1), 0);
}

static void bad_positions_are_refused(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    assert_int_equal(aisle_mark(writer, &(aisle_position){.source = name}, &error), AISLE_INVALID);
    assert_int_equal(aisle_mark(writer, &(aisle_position){.source = ""}, &error), AISLE_INVALID);
    assert_int_equal(aisle_mark(writer, &(aisle_position){.source = NULL}, &error), AISLE_INVALID);
    assert_int_equal(aisle_mark(writer, &(aisle_position){.source = "s", .offset = 1, .seq = name}, &error),
                     AISLE_INVALID);
    name[255] = '\0';
    mark(writer, name, 1, 5);
    put_title(writer, "A", "one");
    commit(writer);
    assert_int_equal(offset_of(catalog, name, 1), 5);
}

/* All four shards tell the position, those without a product of the batch too. */
static void position_is_that_of_all_shards(void **state)
{
    (void)state;
    create_catalog("p", NULL, 4);
    aisle *four = open_catalog("p");
    aisle_writer *to = begin_writing(four);
    for (uint64_t i = 1; i <= 40; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%llu", (unsigned long long)i);
        mark(to, "log", 7, i * 10);
        put_title(to, id, "x");
        if (i % 10 == 0) {
            commit(to);
            assert_int_equal(offset_of(four, "log", 7), i * 10);
        }
    }
    aisle_writer_free(to);
    to = begin_writing(four);
    for (uint64_t i = 1; i <= 41; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%llu", (unsigned long long)i);
        mark(to, "log", 7, i * 10);
        put_title(to, id, i <= 40 ? "again" : "x");
    }
    commit(to);
    assert_int_equal(count_of(four, "again"), 0);
    assert_int_equal(count_of(four, "x"), 41);
    aisle_writer_free(to);
    aisle_close(four);
}

int main(void)
{
#define CATALOG_TEST(name) cmocka_unit_test_setup_teardown(name, open_new, close_all)
    const struct CMUnitTest tests[] = {
        CATALOG_TEST(product_comes_back_byte_for_byte),
        CATALOG_TEST(later_put_replaces_in_one_batch_and_across_commits),
        CATALOG_TEST(deleted_product_is_gone_and_may_come_back),
        CATALOG_TEST(column_patch_keeps_the_stored_bytes_and_lays_the_value_over),
        CATALOG_TEST(null_removes_a_field),
        CATALOG_TEST(text_patch_indexes_the_product_again),
        CATALOG_TEST(patches_of_one_batch_add_up_in_order),
        CATALOG_TEST(uncommitted_product_can_be_patched),
        CATALOG_TEST(bad_products_are_refused_and_harm_nothing),
        CATALOG_TEST(product_may_be_a_mebibyte_and_no_more),
        CATALOG_TEST(what_is_not_committed_is_gone_with_the_writer),
        CATALOG_TEST(batch_of_many_flushes_is_merged_before_its_commit),
        CATALOG_TEST(many_flushes_and_one_flush_give_equal_answers),
        CATALOG_TEST(compaction_keeps_patches_apart_from_the_stored_bytes),
        CATALOG_TEST(patched_product_is_read_right_beside_an_unfinished_batch),
        CATALOG_TEST(position_is_kept_with_its_commit),
        CATALOG_TEST(operations_under_an_old_mark_after_its_commit_are_not_lost),
        CATALOG_TEST(repeated_records_are_passed_over),
        CATALOG_TEST(bad_positions_are_refused),
        CATALOG_TEST(position_is_that_of_all_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
