/*
 * test_index_memory.c - what the library counts of its heap, and what it keeps between queries.
 */
#include "index_fixture.h"

#include "index/look.h"

#include <pthread.h>

#define SEARCHERS 8u
#define SEARCHES 60u
#define MIB (UINT64_C(1) << 20)

static aisle *open_with_cache(const char *name, uint64_t cache_bytes)
{
    aisle *catalog = NULL;
    aisle_options options = {.size = sizeof options, .cache_bytes = cache_bytes};
    assert_done(aisle_open(path_of(name), &options, &catalog, &error));
    return catalog;
}

static int make_catalog(void **state)
{
    if (make_directory(state) != 0) {
        return -1;
    }
    create_catalog("a", NULL, 2);
    aisle *catalog = open_catalog("a");
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < 3000; i++) {
        char product[256];
        snprintf(product, sizeof product,
                 "{\"id\":\"P%u\",\"title\":\"lamp number%u of %u\",\"brand\":\"maker %u\",\"price\":%u}", i, i, i % 7,
                 i % 40, i);
        put(writer, product);
    }
    commit(writer);
    aisle_writer_free(writer);
    aisle_close(catalog);
    return 0;
}

static void a_whole_life_gives_everything_back(void **state)
{
    (void)state;
    uint64_t before = memory_now().current_bytes;
    uint64_t peak_before = memory_now().peak_bytes;
    for (unsigned i = 0; i < 3; i++) {
        aisle *catalog = open_catalog("a");
        put_and_commit(catalog, "{\"id\":\"X\",\"title\":\"more lamps\"}");
        aisle_result *result = find(catalog, "lamp number*", 0, 50);
        aisle_memory_statistics inside = memory_now();
        assert_true(inside.current_bytes > before);
        assert_true(inside.peak_bytes >= inside.current_bytes && inside.peak_bytes >= peak_before);
        aisle_result_free(result);
        aisle_close(catalog);
        assert_int_equal(memory_now().current_bytes, before);
    }
    aisle_memory_statistics wrong = {.size = 3};
    assert_int_equal(aisle_memory(&wrong, NULL), AISLE_INVALID);
}

static void *search_again_and_again(void *catalog)
{
    aisle_result *result = NULL;
    aisle_error failure;
    for (unsigned i = 0; i < SEARCHES; i++) {
        aisle_query query = {.size = sizeof query, .text = i % 2 == 0 ? "lamp OR maker" : "number*", .limit = 30};
        if (aisle_search(catalog, &query, &result, &failure) != 0) {
            break;
        }
    }
    bool good = result != NULL && aisle_result_total(result, NULL) == 3000;
    aisle_result_free(result);
    return good ? catalog : NULL;
}

/* Searches on many threads; what is kept of the heap afterwards. */
static uint64_t kept_after_searches(uint64_t cache_bytes)
{
    uint64_t before = memory_now().current_bytes;
    aisle *catalog = open_with_cache("a", cache_bytes);
    pthread_t threads[SEARCHERS];
    for (unsigned i = 0; i < SEARCHERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, search_again_and_again, catalog), 0);
    }
    for (unsigned i = 0; i < SEARCHERS; i++) {
        void *good = NULL;
        assert_int_equal(pthread_join(threads[i], &good), 0);
        assert_non_null(good);
    }
    uint64_t kept = memory_now().current_bytes - before;
    aisle_close(catalog);
    assert_int_equal(memory_now().current_bytes, before);
    return kept;
}

/* An open catalog itself (path, schema, handles) takes less than this. */
#define CATALOG_BYTES (256u << 10)

static void what_queries_leave_stays_within_the_budget(void **state)
{
    (void)state;
    assert_true(kept_after_searches(1) < CATALOG_BYTES);
    assert_true(kept_after_searches(6 * MIB) < 6 * MIB + CATALOG_BYTES);
    assert_true(kept_after_searches(12 * MIB) < 12 * MIB + CATALOG_BYTES);
    uint64_t kept = kept_after_searches(0);
    print_message("kept by default after %u threads: %llu bytes\n", SEARCHERS, (unsigned long long)kept);
    assert_true(kept > 4 * MIB && kept < 128 * MIB + CATALOG_BYTES);
}

static void assert_grown_by(aisle *catalog, uint64_t products)
{
    uint64_t bytes = 128 * MIB + products * 4;
    aisle_result_free(find(catalog, "lamp", 0, 10));
    assert_int_equal(catalog_cache_bytes(catalog), bytes);
    assert_int_equal(catalog->ranks.bytes_max, bytes / LIMIT_RANKS_SHARE);
    assert_int_equal(catalog->unions.bytes_max, bytes / LIMIT_UNIONS_SHARE);
}

/* Also while it is open; what is given does not. */
static void default_budget_grows_with_the_catalog(void **state)
{
    (void)state;
    create_catalog("growing", NULL, 2);
    aisle *catalog = open_catalog("growing");
    aisle *given = open_with_cache("growing", 6 * MIB);
    assert_grown_by(catalog, 0);
    for (unsigned i = 1; i <= 3; i++) {
        char product[64];
        snprintf(product, sizeof product, "{\"id\":\"P%u\",\"title\":\"lamp\"}", i);
        put_and_commit(catalog, product);
        assert_grown_by(catalog, i);
        aisle_result_free(find(given, "lamp", 0, 10));
        assert_int_equal(catalog_cache_bytes(given), 6 * MIB);
        assert_int_equal(given->unions.bytes_max, 6 * MIB / LIMIT_UNIONS_SHARE);
    }
    aisle_close(given);
    aisle_close(catalog);
}

/* A bound that all tables together pass by a byte costs those of one shard, not of all. */
static void tables_above_the_budget_leave_one_shard_after_the_other(void **state)
{
    (void)state;
    aisle *catalog = open_with_cache("a", 0);
    aisle_result_free(find(catalog, "lamp", 0, 10));
    size_t first = catalog->shards[0].view_bytes;
    size_t second = catalog->shards[1].view_bytes;
    aisle_close(catalog);
    assert_true(first > 1000 && second > 1000);
    catalog = open_with_cache("a", first + second - 1);
    for (unsigned i = 0; i < 3; i++) {
        struct shard_view *kept = catalog->shards[1].view;
        struct look look;
        assert_done(look_begin(&look, catalog, 0, 2, "trying", &error));
        look_end(&look, &(struct query_context){0});
        assert_null(catalog->shards[0].view);
        assert_non_null(catalog->shards[1].view);
        assert_true(i == 0 || catalog->shards[1].view == kept);
    }
    aisle_close(catalog);
}

/* Half of the budget is for what queries leave with segments, 2 bytes a product. */
static void segments_without_room_have_no_tables_made(void **state)
{
    (void)state;
    for (uint64_t fit = 0; fit <= 2; fit++) {
        struct look look;
        struct query_context context;
        aisle *catalog = open_with_cache("a", fit == 0 ? 1 : fit * 2 * 2 * 1600);
        assert_done(look_begin(&look, catalog, 0, 2, "trying", &error));
        assert_done(look_gather(&look, &context, NULL));
        uint64_t large = 0;
        for (uint32_t i = 0; i < context.segment_count; i++) {
            const struct segment *segment = context.segments[i].segment;
            if (segment->info.documents > 100) { /* beside the changes of other tests */
                assert_in_range(segment->info.documents, 1400, 1600);
                assert_int_equal(segment->keeps_no_more, large++ >= fit);
            }
        }
        assert_int_equal(large, 2);
        look_end(&look, &(struct query_context){0});
        aisle_close(catalog);
    }
}

static void warmed_up_search_allocates_little_and_keeps_nothing_more(void **state)
{
    (void)state;
    aisle *catalog = open_with_cache("a", 0);
    for (unsigned i = 0; i < 10; i++) {
        aisle_result_free(find(catalog, "lamp OR maker", 0, 10));
    }
    aisle_memory_statistics before = memory_now();
    for (unsigned i = 0; i < 100; i++) {
        aisle_result_free(find(catalog, "lamp OR maker", 0, 10));
    }
    aisle_memory_statistics after = memory_now();
    print_message("%llu allocations in 100 searches\n", (unsigned long long)(after.allocations - before.allocations));
    assert_int_equal(after.current_bytes, before.current_bytes);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_life_gives_everything_back),
        cmocka_unit_test(what_queries_leave_stays_within_the_budget),
        cmocka_unit_test(default_budget_grows_with_the_catalog),
        cmocka_unit_test(tables_above_the_budget_leave_one_shard_after_the_other),
        cmocka_unit_test(segments_without_room_have_no_tables_made),
        cmocka_unit_test(warmed_up_search_allocates_little_and_keeps_nothing_more),
    };
    return cmocka_run_group_tests(tests, make_catalog, remove_directory);
}
