/*
 * test_index_kept.c - what searches keep of keywords for later ones, ranks over segments and runs of documents: answers
 * are those of a catalog that was just opened, across commits, deletions, failed allocations and threads.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "index/catalog.h"
#include "query/filter_runs.h"

#include <pthread.h>

#define SCHEMA                                                                                                \
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"                                 \
    "\"brand\":{\"type\":\"keyword\",\"facet\":true},\"tags\":{\"type\":\"keyword\",\"facet\":true},"         \
    "\"category\":{\"type\":\"path\",\"facet\":true},\"price\":{\"type\":\"integer\"}},"                      \
    "\"order\":[\"category\",\"brand\"]}"

#define BATCH 1500u
#define WARM 60u

static aisle *catalog;
static uint32_t made; /* products so far */

/* Commits products of brands that come and go with the batches. */
static void add_batch(uint32_t count)
{
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t i = 0; i < count; i++) {
        char product[256];
        uint32_t n = made++;
        snprintf(product, sizeof product,
                 "{\"id\":\"%u\",\"title\":\"lamp\",\"brand\":\"%c Brand %u\","
                 "\"category\":[\"Home\",\"Room %u\",\"Shelf %u\"],\"tags\":[\"t%u\",\"u%u\"],\"price\":%u}",
                 n, 'a' + (int)(n / BATCH * 7 % 26), n * n % 61, n % 3, n / 5 % 9, n % 13, n % 5, n * 17 % 1000);
        put(writer, product);
    }
    commit(writer);
    aisle_writer_free(writer);
}

static int open_shop(void **state)
{
    if (make_directory(state) != 0) {
        return -1;
    }
    create_catalog("shop", SCHEMA, 1);
    catalog = open_catalog("shop");
    made = 0;
    for (uint32_t i = 0; i < 4; i++) {
        add_batch(BATCH);
    }
    return 0;
}

static int close_shop(void **state)
{
    aisle_close(catalog);
    return remove_directory(state);
}

static const char *const facets[] = {"brand:1000", "brand:20:name", "brand:5", "category", "category>Home:name",
                                     "category>\"Home > Room 1\"", "tags:30", "brand:100:prefix=c b",
                                     "brand:100:contains=and 7", "brand:100:like=brnad", "brand:200:size",
                                     "brand:30:groups=category"};

static const char *const filters[] = {"brand = \"a Brand 1\"", "brand IN [\"a brand 9\", \"h brand 4\", \"none\"]",
                                      "category UNDER \"Home > Room 2\"", "tags = \"t7\" AND price 100 TO 700",
                                      "NOT brand = \"a Brand 4\"", "brand != \"o Brand 1\" AND tags = \"u3\"",
                                      "brand = \"a Brand 1\" OR brand = \"v brand 3\"", "brand >= \"v\"",
                                      "brand = \"a Brand 16\" AND category UNDER \"Home > Room 1\" AND price < 500"};

#define FACETS (sizeof facets / sizeof facets[0])
#define FILTERS (sizeof filters / sizeof filters[0])

static int describe(aisle *of, const char *filter, char *out, size_t size)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .text = "", .filter = filter, .facets = facets,
                               .facet_count = FACETS, .limit = 20};
    int status = aisle_search(of, &query, &result, &error);
    uint64_t total = status == 0 ? aisle_result_total(result, NULL) : 0;
    size_t at = (size_t)snprintf(out, size, "%llu: ", (unsigned long long)total);
    aisle_hit hit;
    for (size_t i = 0; status == 0 && aisle_result_hit(result, i, &hit) == 0; i++) {
        at += (size_t)snprintf(out + at, size - at, "%.*s ", (int)hit.id.size, hit.id.data);
    }
    for (size_t f = 0; f < FACETS && status == 0; f++) {
        aisle_facet facet;
        aisle_facet_value value;
        assert_int_equal(aisle_result_facet(result, f, &facet), 0);
        at += (size_t)snprintf(out + at, size - at, "\n%s %llu %llu:", facets[f], (unsigned long long)facet.distinct,
                               (unsigned long long)facet.products);
        for (size_t i = 0; aisle_result_facet_value(result, f, i, &value) == 0; i++) {
            at += (size_t)snprintf(out + at, size - at, " %.*s=%llu", (int)value.value.size, value.value.data,
                                   (unsigned long long)value.count);
        }
    }
    aisle_result_free(result);
    assert_true(at < size);
    return status;
}

/* Ids of two pages sorted by keywords, the second by the cursor of the first. */
static void list_sorted(aisle *of, const char *filter, char *out, size_t size)
{
    aisle_result *result = NULL;
    char cursor[4096] = "";
    size_t at = 0;
    for (uint32_t page = 0; page < 2; page++) {
        const aisle_query query = {.size = sizeof query, .text = "", .filter = filter, .sort = "brand:desc,tags",
                                   .limit = 30, .after = page == 0 ? NULL : cursor};
        aisle_hit hit;
        assert_done(aisle_search(of, &query, &result, &error));
        for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
            at += (size_t)snprintf(out + at, size - at, "%.*s ", (int)hit.id.size, hit.id.data);
        }
        aisle_bytes next = aisle_result_cursor(result);
        if (next.size == 0) {
            break;
        }
        snprintf(cursor, sizeof cursor, "%.*s", (int)next.size, next.data);
    }
    aisle_result_free(result);
}

static aisle *open_without_memory(void)
{
    aisle *opened = NULL;
    const aisle_options options = {.size = sizeof options, .cache_bytes = 1};
    assert_done(aisle_open(path_of("shop"), &options, &opened, &error));
    return opened;
}

/* Every filter, and none, answered by what was kept and by a catalog that has kept nothing. */
static void assert_same_as_fresh(void)
{
    static char warm[1 << 18];
    static char cold[1 << 18];
    for (size_t i = 0; i <= FILTERS; i++) {
        const char *filter = i == FILTERS ? NULL : filters[i];
        aisle *fresh = open_without_memory();
        assert_int_equal(describe(fresh, filter, cold, sizeof cold), 0);
        assert_int_equal(describe(catalog, filter, warm, sizeof warm), 0);
        assert_string_equal(warm, cold);
        list_sorted(fresh, filter, cold, sizeof cold);
        list_sorted(catalog, filter, warm, sizeof warm);
        assert_string_equal(warm, cold);
        aisle_close(fresh);
    }
}

static void warm_up(void)
{
    static char text[1 << 18];
    for (uint32_t i = 0; i < WARM; i++) {
        for (size_t filter = 0; filter <= FILTERS; filter++) {
            assert_int_equal(describe(catalog, filter == FILTERS ? NULL : filters[filter], text, sizeof text), 0);
        }
    }
}

static uint8_t field_of(const char *name)
{
    uint8_t field = 0;
    while (strcmp(catalog->schema->fields[field].name, name) != 0) {
        field++;
    }
    return field;
}

static void what_is_kept_answers_as_nothing_would(void **state)
{
    (void)state;
    warm_up();
    const struct segment *segment = catalog->shards[0].view->segments[0];
    assert_true(catalog->shards[0].view->manifest.segment_count > 1);
    assert_non_null(catalog->ranks.tables[field_of("brand")]);
    assert_non_null(catalog->ranks.tables[field_of("category")]);
    assert_non_null(filter_runs_find(segment, field_of("brand")));
    assert_null(filter_runs_find(segment, field_of("tags"))); /* scattered */
    assert_same_as_fresh();
}

static void commits_and_deletions_are_seen_by_what_is_kept(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 12; round++) {
        aisle_writer *writer = begin_writing(catalog);
        for (uint32_t i = 0; i < 40; i++) {
            char id[16];
            snprintf(id, sizeof id, "%u", (round * 997 + i * 131) % made);
            int status = aisle_delete(writer, text_bytes(id), &error);
            assert_true(status == 0 || status == AISLE_NOT_FOUND);
        }
        commit(writer);
        aisle_writer_free(writer);
        add_batch(round % 3 == 0 ? 3 : 100 + round * 37);
        assert_same_as_fresh();
    }
    warm_up();
    aisle_writer *writer = begin_writing(catalog);
    assert_done(aisle_compact(writer, &error));
    aisle_writer_free(writer);
    assert_same_as_fresh();
}

static void a_catalog_that_keeps_nothing_answers_the_same(void **state)
{
    (void)state;
    aisle *kept = catalog;
    catalog = open_without_memory();
    warm_up();
    assert_null(catalog->ranks.tables[field_of("brand")]);
    assert_same_as_fresh();
    aisle_close(catalog);
    catalog = kept;
}

static void failed_allocations_leave_nothing_half_kept(void **state)
{
    (void)state;
    static char text[1 << 18];
    for (unsigned long n = 1; n <= 220; n++) {
        alloc_fail_at(n, 0);
        int status = describe(catalog, filters[n % FILTERS], text, sizeof text);
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        if (n % 20 == 0) {
            add_batch(2);
        }
    }
    assert_same_as_fresh();
}

static void *ask(void *self)
{
    const size_t first = (size_t)(uintptr_t)self;
    aisle_result *result = NULL;
    aisle_error own;
    uintptr_t failed = 0;
    for (size_t i = 0; i < 300; i++) {
        const aisle_query query = {.size = sizeof query, .text = "", .filter = filters[(first + i) % FILTERS],
                                   .facets = facets, .facet_count = 4};
        failed += aisle_search(catalog, &query, &result, &own) == 0 ? 0u : 1u;
    }
    aisle_result_free(result);
    return (void *)failed;
}

static void threads_share_what_is_kept(void **state)
{
    (void)state;
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask, (void *)(uintptr_t)i), 0);
    }
    for (uint32_t i = 0; i < 15; i++) {
        add_batch(20);
    }
    for (size_t i = 0; i < 3; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_same_as_fresh();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_kept_answers_as_nothing_would, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(commits_and_deletions_are_seen_by_what_is_kept, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(a_catalog_that_keeps_nothing_answers_the_same, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(failed_allocations_leave_nothing_half_kept, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(threads_share_what_is_kept, open_shop, close_shop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
