/*
 * test_index_facet_groups.c - facets that count groups in place of products, against brute force; faults; and that
 * bringing values together looks at the work allowed.
 */
#include "index_fixture.h"

#include <strings.h>

#define SCHEMA                                                                                                 \
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"                                  \
    "\"color\":{\"type\":\"keyword\",\"facet\":true},\"category\":{\"type\":\"path\",\"facet\":true},"          \
    "\"model\":{\"type\":\"keyword\",\"facet\":true},\"family\":{\"type\":\"integer\"},"                        \
    "\"price\":{\"type\":\"decimal\"}}}"

#define PRODUCTS 3000u
#define COLORS 12u
#define MODELS 200u
#define NONE UINT32_MAX

struct product {
    uint32_t colors[2]; /* NONE: no such value */
    uint32_t category, child;
    uint32_t group;
    uint32_t price;
};

static aisle *catalog;
static struct product products[PRODUCTS];
static uint64_t state = 7;

static uint32_t draw(uint32_t limit)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % limit);
}

static void put_product(aisle_writer *writer, uint32_t i)
{
    struct product *product = &products[i];
    char line[512];
    *product = (struct product){.colors = {draw(10) == 0 ? NONE : draw(COLORS), draw(3) == 0 ? draw(COLORS) : NONE},
                                .category = draw(5), .child = draw(4), .group = draw(8) == 0 ? NONE : draw(MODELS),
                                .price = draw(100)};
    int used = snprintf(line, sizeof line, "{\"id\":\"P%u\",\"title\":\"lamp\",\"price\":%u", i, product->price);
    if (product->colors[0] != NONE && product->colors[1] != NONE) {
        used += snprintf(line + used, sizeof line - (size_t)used, ",\"color\":[\"C%u\",\"c%u\"]", product->colors[0],
                         product->colors[1]);
    } else if (product->colors[0] != NONE) {
        used += snprintf(line + used, sizeof line - (size_t)used, ",\"color\":\"c%u\"", product->colors[0]);
    } else {
        product->colors[1] = NONE;
    }
    if (product->child != 0) {
        used += snprintf(line + used, sizeof line - (size_t)used, ",\"category\":[\"k%u\",\"l%u\"]", product->category,
                         product->child);
    } else {
        used += snprintf(line + used, sizeof line - (size_t)used, ",\"category\":[\"k%u\"]", product->category);
    }
    if (product->group != NONE) {
        used += snprintf(line + used, sizeof line - (size_t)used, ",\"model\":\"M%u\",\"family\":%u", product->group,
                         product->group);
    }
    snprintf(line + used, sizeof line - (size_t)used, "}");
    put(writer, line);
}

/* Several segments, some products replaced. */
static void open_shop(const char *name, uint32_t shards)
{
    create_catalog(name, SCHEMA, shards);
    catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        put_product(writer, i);
        if (i % 700 == 699) {
            commit(writer);
        }
    }
    for (uint32_t i = 0; i < PRODUCTS; i += 9) {
        put_product(writer, i);
    }
    commit(writer);
    aisle_writer_free(writer);
}

static bool has_color(const struct product *product, uint32_t color)
{
    return product->colors[0] == color || product->colors[1] == color;
}

/* Groups of the products below a price that have the color (NONE: none of any), or lie in the category and child. */
static uint64_t count_groups(uint32_t price, uint32_t color, uint32_t category, uint32_t child)
{
    bool seen[MODELS] = {false};
    uint64_t count = 0;
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        const struct product *product = &products[i];
        bool wanted = product->price < price &&
                      (category == NONE ? has_color(product, color) && (color != NONE || product->colors[0] == NONE)
                                        : product->category == category && (child == 0 || product->child == child));
        if (wanted && (product->group == NONE || !seen[product->group])) {
            count++;
            if (product->group != NONE) {
                seen[product->group] = true;
            }
        }
    }
    return count;
}

static aisle_result *search_facet(const char *facet, const char *filter)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .text = "lamp", .filter = filter, .facets = &facet,
                               .facet_count = 1};
    int status = aisle_search(catalog, &query, &result, &error);
    if (status != 0) {
        print_message("%s\n", error.message);
    }
    assert_int_equal(status, 0);
    return result;
}

static uint64_t count_of_value(const aisle_result *result, const char *value)
{
    aisle_facet_value got;
    for (size_t k = 0; aisle_result_facet_value(result, 0, k, &got) == 0; k++) {
        if (got.value.size == strlen(value) && strncasecmp(got.value.data, value, got.value.size) == 0) {
            return got.count;
        }
    }
    return 0;
}

static void are_counted(const char *by, uint32_t price)
{
    char facet[64], filter[32], value[32];
    snprintf(filter, sizeof filter, "price < %u", price);
    snprintf(facet, sizeof facet, "color:100:groups=%s", by);
    aisle_result *result = search_facet(facet, filter);
    aisle_facet whole;
    for (uint32_t color = 0; color < COLORS; color++) {
        snprintf(value, sizeof value, "c%u", color);
        assert_int_equal(count_of_value(result, value), count_groups(price, color, NONE, 0));
    }
    assert_int_equal(aisle_result_facet(result, 0, &whole), 0);
    assert_int_equal(whole.missing, count_groups(price, NONE, NONE, 0));
    aisle_result_free(result);
    snprintf(facet, sizeof facet, "category:groups=%s:name", by);
    result = search_facet(facet, filter);
    for (uint32_t category = 0; category < 5; category++) {
        snprintf(value, sizeof value, "k%u", category);
        assert_int_equal(count_of_value(result, value), count_groups(price, NONE, category, 0));
    }
    aisle_result_free(result);
    snprintf(facet, sizeof facet, "category>k3:groups=%s", by);
    result = search_facet(facet, filter);
    for (uint32_t child = 1; child < 4; child++) {
        snprintf(value, sizeof value, "k3 > l%u", child);
        assert_int_equal(count_of_value(result, value), count_groups(price, NONE, 3, child));
    }
    aisle_result_free(result);
}

/* Groups of the products whose price is at least from and below to. */
static uint64_t count_priced(uint32_t from, uint32_t to)
{
    bool seen[MODELS] = {false};
    uint64_t count = 0;
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        const struct product *product = &products[i];
        if (product->price >= from && product->price < to && (product->group == NONE || !seen[product->group])) {
            count++;
            if (product->group != NONE) {
                seen[product->group] = true;
            }
        }
    }
    return count;
}

static void are_counted_by_price(const char *by)
{
    static const uint32_t bounds[] = {0, 7, 8, 50, 100};
    char facet[64], value[32];
    snprintf(facet, sizeof facet, "price[*,7,8,50,*]:stats:groups=%s", by);
    aisle_result *result = search_facet(facet, NULL);
    aisle_facet whole;
    aisle_facet_value got;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(aisle_result_facet_value(result, 0, i, &got), 0);
        assert_int_equal(got.count, count_priced(bounds[i], bounds[i + 1]));
    }
    for (uint32_t i = 0; i < PRODUCTS; i++) {
        sum += products[i].price;
    }
    assert_int_equal(aisle_result_facet(result, 0, &whole), 0);
    assert_int_equal(whole.products, count_priced(0, 100));
    assert_int_equal(strtoull(whole.sum.data, NULL, 10), sum); /* of products */
    assert_true(whole.mean > (double)sum / PRODUCTS - 1e-9 && whole.mean < (double)sum / PRODUCTS + 1e-9);
    aisle_result_free(result);
    snprintf(facet, sizeof facet, "price/25:groups=%s", by);
    result = search_facet(facet, NULL);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(aisle_result_facet_value(result, 0, i, &got), 0);
        assert_int_equal(got.count, count_priced(i * 25, i * 25 + 25));
    }
    aisle_result_free(result);
    snprintf(facet, sizeof facet, "price:200:groups=%s", by);
    result = search_facet(facet, NULL);
    for (uint32_t i = 0; i < 100; i++) {
        snprintf(value, sizeof value, "%u", i);
        assert_int_equal(count_of_value(result, value), count_priced(i, i + 1));
    }
    aisle_result_free(result);
}

static void groups_are_counted_as_brute_force_counts_them(void **unused)
{
    (void)unused;
    for (uint32_t shards = 1; shards <= 3; shards += 2) {
        open_shop(shards == 1 ? "one" : "three", shards);
        for (uint32_t price = 1; price <= 100; price += 33) {
            are_counted("model", price);
            are_counted("family", price);
        }
        are_counted_by_price("model");
        are_counted_by_price("family");
        aisle_close(catalog);
    }
}

static void is_refused(const char *facet, int status, const char *message)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .text = "lamp", .facets = &facet, .facet_count = 1};
    assert_int_equal(aisle_search(catalog, &query, &result, &error), status);
    assert_non_null(strstr(error.message, message));
}

static void what_cannot_be_counted_is_named(void **unused)
{
    (void)unused;
    open_shop("faults", 1);
    is_refused("color:groups=nothing", AISLE_BAD_QUERY, "expected a field's name behind groups=");
    is_refused("color:groups=title", AISLE_BAD_QUERY, "the field cannot group");
    is_refused("price/10:groups=color", AISLE_BAD_QUERY, "products have several values of \"color\"");
    is_refused("color:groups=model:sample=3", AISLE_BAD_QUERY, "groups are counted exactly");
    is_refused("model:groups=color", AISLE_BAD_QUERY, "products have several values of \"color\"");
    aisle_close(catalog);
}

/* Searches with more and more work, each of a catalog that was just opened and may keep so many bytes. */
static void stop_at_any_work(uint64_t cache_bytes, uint32_t values)
{
    static const char *const facets[] = {"model:3"};
    bool in_facet = false;
    bool in_sort = false;
    for (uint64_t work = 1; work < 64; work++) {
        const aisle_options options = {.size = sizeof options, .cache_bytes = cache_bytes};
        aisle_query query = {.size = sizeof query, .text = "", .no_hits = true, .facets = facets, .facet_count = 1,
                             .work = work};
        aisle_result *result = NULL;
        aisle_facet facet;
        assert_done(aisle_open(path_of("many"), &options, &catalog, &error));
        assert_int_equal(aisle_search(catalog, &query, &result, &error), 0);
        assert_int_equal(aisle_result_facet(result, 0, &facet), 0);
        assert_true(aisle_result_partial(result) || facet.distinct == values);
        in_facet = in_facet || (facet.products == values && facet.distinct < values && aisle_result_partial(result));
        query = (aisle_query){.size = sizeof query, .text = "lamp", .sort = "model", .work = work};
        assert_int_equal(aisle_search(catalog, &query, &result, &error), 0);
        bool whole = !aisle_result_partial(result);
        assert_true(!whole || aisle_result_total(result, NULL) == values);
        in_sort = in_sort || !whole;
        aisle_result_free(result);
        aisle_close(catalog);
    }
    assert_true(in_facet);
    assert_true(in_sort);
}

/* Many values of several segments, few windows: what is left of the work ends while values are brought together. */
static void values_are_brought_together_no_longer_than_allowed(void **unused)
{
    enum { VALUES = 20000 };
    (void)unused;
    create_catalog("many", SCHEMA, 1);
    catalog = open_catalog("many");
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t i = 0; i < VALUES; i++) {
        char line[128];
        snprintf(line, sizeof line, "{\"id\":\"P%u\",\"title\":\"lamp\",\"model\":\"M%u\"}", i, i);
        put(writer, line);
        if (i == VALUES / 2) {
            commit(writer);
        }
    }
    commit(writer);
    aisle_writer_free(writer);
    aisle_close(catalog);
    stop_at_any_work(1, VALUES);
    stop_at_any_work(0, VALUES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_counted_as_brute_force_counts_them),
        cmocka_unit_test(what_cannot_be_counted_is_named),
        cmocka_unit_test(values_are_brought_together_no_longer_than_allowed),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
