/*
 * test_index_alloc.c - every allocation of a small life fails once: an error status or none, no crash, no leak (under a
 * sanitizer), and a catalog that is as before the commit or as after it.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "index/catalog.h"
#include "index/shard_writer_private.h"

#define STEPS_MAX 40000ul

/* Eight commits of one product: the ninth merges. */
static void make_base(const char *name)
{
    create_catalog(name, NULL, 1);
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < 8; i++) {
        char id[8];
        snprintf(id, sizeof id, "P%u", i);
        put_title(writer, id, "lamp");
        commit(writer);
    }
    patch(writer, "P3", "{\"price\":4}");
    commit(writer);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void copy_base(void)
{
    char command[2000];
    snprintf(command, sizeof command, "rm -rf '%s' && cp -r '%s' '%s'", path_of("copy"), path_of("base"),
             path_of("copy"));
    assert_int_equal(system(command), 0);
}

/* Cleaning on another thread goes by what the writer knows of, also when it could not load what it has committed. */
static void writer_that_lost_its_footing_cleans_nothing_away_and_finds_it_again(void **state)
{
    (void)state;
    make_base("footing");
    aisle *catalog = open_catalog("footing");
    struct budget budget;
    budget_divide(BUDGET_LEAST, 1, catalog->columns.count, &budget);
    unsigned long lost = 0;
    struct shard_writer writer;
    assert_done(shard_writer_begin(&writer, &catalog->shards[0], &budget, &error));
    int status = AISLE_NO_MEMORY;
    for (unsigned long n = 1; status != 0; n++) {
        alloc_fail_at(n, 0);
        shard_writer_lock(&writer);
        status = shard_writer_reload(&writer, &error);
        shard_writer_unlock(&writer);
        alloc_fail_at(0, 0);
        lost += status != 0 ? 1 : 0;
        assert_true(writer.lost == (status != 0));
        assert_done(shard_writer_clean(&writer, CLEAN_ALL, NULL, &error));
    }
    assert_true(lost > 2);
    shard_writer_release(&writer);
    aisle_close(catalog);
    assert_sound("footing");
}

/* Puts, patches and deletes, commits, and looks. The first failure ends it; *committed tells how far it came. */
static int live(bool *committed)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_result *result = NULL;
    aisle_options options = {.size = sizeof options, .memory_bytes = BUDGET_LEAST};
    aisle_query query = {.size = sizeof query, .text = "lamp -wi-fi OR la*", .explain = true};
    *committed = false;
    int status = aisle_open(path_of("copy"), &options, &catalog, &error);
    status = status != 0 ? status : aisle_search(catalog, &query, &result, &error);
    status = status != 0 ? status : aisle_begin(catalog, &writer, &error);
    status = status != 0 ? status : aisle_put(writer, text_bytes("{\"id\":\"P8\",\"title\":\"new lamp\"}"), &error);
    status = status != 0 ? status : aisle_patch(writer, text_bytes("P1"), text_bytes("{\"price\":9}"), &error);
    status = status != 0 ? status : aisle_patch(writer, text_bytes("P3"), text_bytes("{\"title\":\"lamp x\"}"), &error);
    status = status != 0 ? status : aisle_delete(writer, text_bytes("P2"), &error);
    if (status == 0) {
        status = aisle_commit(writer, &error);
        *committed = status == 0;
    }
    /* A commit that was done may have left a writer that lost its footing: it finds it again at the next use. */
    if (status == 0) {
        status = aisle_put(writer, text_bytes("{\"id\":\"P9\",\"title\":\"last lamp\"}"), &error);
    }
    status = status != 0 ? status : aisle_commit(writer, &error);
    status = status != 0 ? status : aisle_search(catalog, &query, &result, &error);
    aisle_result_free(result);
    aisle_writer_free(writer);
    aisle_close(catalog);
    return status;
}

static void check_copy(int status, bool committed)
{
    aisle *catalog = open_catalog("copy");
    uint64_t products = count_of(catalog, "");
    if (status == 0) {
        assert_int_equal(products, 9); /* eight, P8 and P9 came, P2 went */
    } else if (committed) {
        assert_true(products == 8 || products == 9);
    } else {
        assert_int_equal(products, 8);
    }
    assert_int_equal(count_of(catalog, "lamp"), products);
    bool after = count_of(catalog, "new") == 1;
    assert_true(after || !committed);
    assert_product(catalog, "P3", false,
                   after ? "{\"id\":\"P3\",\"title\":\"lamp x\",\"price\":4}"
                         : "{\"id\":\"P3\",\"title\":\"lamp\",\"price\":4}");
    assert_product(catalog, "P1", false,
                   after ? "{\"id\":\"P1\",\"title\":\"lamp\",\"price\":9}" : "{\"id\":\"P1\",\"title\":\"lamp\"}");
    assert_product(catalog, "P2", false, after ? NULL : "{\"id\":\"P2\",\"title\":\"lamp\"}");
    aisle_close(catalog);
}

static void each_failing_allocation_leaves_a_sound_catalog(void **state)
{
    (void)state;
    unsigned long failed = 0;
    bool struck = true;
    make_base("base");
    /* All of the first ones, then every seventh: the rest of the life repeats what they have shown. */
    unsigned long n = 1;
    for (; struck && n < STEPS_MAX; n += n < 60 ? 1 : 7) {
        bool committed;
        copy_base();
        unsigned long before = alloc_calls();
        alloc_fail_at(n, 0);
        int status = live(&committed);
        alloc_fail_at(0, 0);
        struck = alloc_calls() - before >= n;
        if (status != 0) {
            failed++;
            assert_true(error.message[0] != '\0');
            if (status != AISLE_NO_MEMORY) {
                print_message("allocation %lu: %s %s\n", n, aisle_error_name(status), error.message);
            }
            assert_int_equal(status, AISLE_NO_MEMORY);
        }
        check_copy(status, committed);
        if (n % 50 == 0) {
            assert_sound("copy");
        }
    }
    print_message("%lu allocations, %lu failures answered\n", n, failed);
    assert_false(struck);
    assert_true(failed > 50);
}

/* Densely over the second half of a commit, where the published state is loaded again. */
static void failure_after_the_merge_never_loses_products(void **state)
{
    (void)state;
    bool struck = true;
    for (unsigned long n = 1; struck; n += 1) {
        copy_base();
        aisle *catalog = open_catalog("copy");
        aisle_writer *writer = begin_writing(catalog);
        put_title(writer, "P8", "lamp");
        unsigned long before = alloc_calls();
        alloc_fail_at(n < 40 ? n : 600 + (n - 40) * 3, 0);
        int status = aisle_commit(writer, &error);
        alloc_fail_at(0, 0);
        struck = alloc_calls() - before >= (n < 40 ? n : 600 + (n - 40) * 3);
        if (status == 0 && aisle_put(writer, text_bytes("{\"id\":\"P9\",\"title\":\"lamp\"}"), NULL) == 0) {
            commit(writer);
            assert_int_equal(count_of(catalog, "lamp"), 10);
        }
        aisle_writer_free(writer);
        aisle_close(catalog);
        catalog = open_catalog("copy");
        assert_true(count_of(catalog, "lamp") >= (status == 0 ? 9u : 8u));
        aisle_close(catalog);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writer_that_lost_its_footing_cleans_nothing_away_and_finds_it_again),
        cmocka_unit_test(each_failing_allocation_leaves_a_sound_catalog),
        cmocka_unit_test(failure_after_the_merge_never_loses_products),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
