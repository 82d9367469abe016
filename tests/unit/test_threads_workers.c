/*
 * test_threads_workers.c - products taken in by workers: the catalog is the one that a single thread makes.
 *
 * Run under ThreadSanitizer, too.
 */
#include "index_fixture.h"

#define PRODUCTS 6000u
#define PAD_BYTES 8000u
#define BUDGET_OF_WORKER (UINT64_C(48) << 20) /* with less there are fewer workers */

static aisle *fill(const char *name, uint32_t threads, uint32_t shards)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_options options = {.size = sizeof options, .memory_bytes = BUDGET_OF_WORKER * threads, .threads = threads};
    create_catalog(name, NULL, shards);
    assert_done(aisle_open(path_of(name), &options, &catalog, &error));
    assert_done(aisle_begin(catalog, &writer, &error));
    for (unsigned i = 0; i < PRODUCTS; i++) {
        static char product[PAD_BYTES + 192];
        char id[16];
        int size = snprintf(product, sizeof product,
                            "{\"id\":\"P%u\",\"title\":\"item%u shared \\u00e9t\\u00e9\",\"price\":%u,\"pad\":\"",
                            i % 4000, i % 50, i);
        memset(product + size, 'p', PAD_BYTES);
        memcpy(product + size + PAD_BYTES, "\"}", 3);
        assert_done(aisle_put(writer, (aisle_bytes){product, strlen(product)}, &error));
        snprintf(id, sizeof id, "P%u", i / 2 % 4000);
        if (i % 701 == 700) {
            aisle_bytes fields = {"{\"price\":0.5}", 13};
            assert_done(aisle_patch(writer, (aisle_bytes){id, strlen(id)}, fields, &error));
        }
        if (i == 1500) {
            assert_done(aisle_delete(writer, (aisle_bytes){"P7", 2}, &error));
        }
    }
    assert_done(aisle_commit(writer, &error));
    assert_done(aisle_compact(writer, &error));
    aisle_writer_free(writer);
    return catalog;
}

static void workers_make_the_catalog_that_one_thread_makes(void **state)
{
    (void)state;
    aisle *alone = fill("alone", 1, 1);
    aisle *beside = fill("beside", 2, 1);
    aisle *shards = fill("shards", 3, 2);
    static const char *const queries[] = {"", "shared", "ete", "item7", "item1* -item17", "item3 OR item4"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        assert_same_answer(alone, beside, queries[i], true);
        assert_same_answer(alone, shards, queries[i], true);
    }
    aisle_close(alone);
    aisle_close(beside);
    aisle_close(shards);
}

/* A writer that goes while workers are at it waits for them and leaves the catalog as it was. */
static void writer_freed_beside_its_workers_leaves_nothing(void **state)
{
    (void)state;
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_options options = {.size = sizeof options, .memory_bytes = 2 * BUDGET_OF_WORKER, .threads = 2};
    create_catalog("left", NULL, 1);
    assert_done(aisle_open(path_of("left"), &options, &catalog, &error));
    assert_done(aisle_begin(catalog, &writer, &error));
    for (unsigned i = 0; i < 3000; i++) {
        static char product[PAD_BYTES + 192];
        int size = snprintf(product, sizeof product, "{\"id\":\"P%u\",\"pad\":\"", i);
        memset(product + size, 'p', PAD_BYTES);
        memcpy(product + size + PAD_BYTES, "\"}", 3);
        assert_done(aisle_put(writer, (aisle_bytes){product, strlen(product)}, &error));
    }
    aisle_writer_free(writer);
    aisle_statistics statistics = {.size = sizeof statistics};
    assert_done(aisle_stats(catalog, &statistics, &error));
    assert_int_equal(statistics.products, 0);
    assert_int_equal(statistics.generation, 0);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(workers_make_the_catalog_that_one_thread_makes, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(writer_freed_beside_its_workers_leaves_nothing, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
