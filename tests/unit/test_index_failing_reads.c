/*
 * test_index_failing_reads.c - each look-up of the storage fails once, where pages that patches have changed are read
 * late: what cannot be read is neither damage nor what it was before the patch.
 */
#include "index_fixture.h"

#include "storage/storage.h"

#include <errno.h>

#define PRODUCTS 40u

/* Two segments, some of whose prices have been patched since. */
static void make_patched(const char *name)
{
    create_catalog(name, NULL, 1);
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        char product[128];
        snprintf(product, sizeof product, "{\"id\":\"P%u\",\"title\":\"lamp\",\"brand\":\"b%u\",\"price\":%u}", i,
                 i % 3, i);
        put(writer, product);
        if (i == PRODUCTS / 2) {
            commit(writer);
        }
    }
    commit(writer);
    patch(writer, "P3", "{\"price\":1003}");
    patch(writer, "P30", "{\"price\":1030}");
    commit(writer);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static int search_prices(aisle *catalog)
{
    aisle_result *result = NULL;
    const char *const facets[] = {"price:stats"};
    const aisle_query query = {.size = sizeof query, .text = "lamp", .filter = "price > 20", .sort = "price",
                               .limit = 50, .facets = facets, .facet_count = 1};
    int status = aisle_search(catalog, &query, &result, &error);
    assert_int_equal(status, error.code);
    if (status == 0) {
        assert_int_equal(aisle_result_total(result, NULL), 20); /* 21 to 39, and P3 */
    }
    aisle_result_free(result);
    return status;
}

static void a_page_that_cannot_be_read_is_no_damage(void **state)
{
    (void)state;
    unsigned long failed = 0;
    bool struck = true;
    make_patched("a");
    for (unsigned long n = 1; struck; n++) {
        aisle *catalog = open_catalog("a");
        storage_fail_at(n, 0, EIO);
        int status = search_prices(catalog);
        struck = storage_failed();
        storage_fail_at(0, 0, 0);
        assert_true(status == 0 || status == AISLE_IO);
        failed += status != 0;
        assert_int_equal(search_prices(catalog), 0);
        aisle_close(catalog);
    }
    assert_true(failed > 3);
}

static void a_merge_that_cannot_read_a_page_loses_no_patch(void **state)
{
    (void)state;
    bool struck = true;
    for (unsigned long n = 1; struck; n++) {
        char name[32];
        aisle_writer *writer;
        snprintf(name, sizeof name, "merged%lu", n);
        make_patched(name);
        aisle *catalog = open_catalog(name);
        storage_fail_at(n, 0, EIO);
        int status = aisle_begin(catalog, &writer, &error);
        status = status != 0 ? status : aisle_compact(writer, &error);
        struck = storage_failed();
        storage_fail_at(0, 0, 0);
        assert_true(status == 0 || status == AISLE_IO);
        aisle_writer_free(writer);
        assert_product(catalog, "P3", false, "{\"id\":\"P3\",\"title\":\"lamp\",\"brand\":\"b0\",\"price\":1003}");
        assert_product(catalog, "P30", false, "{\"id\":\"P30\",\"title\":\"lamp\",\"brand\":\"b0\",\"price\":1030}");
        assert_int_equal(search_prices(catalog), 0);
        aisle_close(catalog);
        assert_sound(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_that_cannot_be_read_is_no_damage),
        cmocka_unit_test(a_merge_that_cannot_read_a_page_loses_no_patch),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
