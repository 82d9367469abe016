/*
 * test_facet_stretches.c - counts from kept stretches, and of ranges that a filter confines, are those of all products:
 * before pages are kept and after, of some matches and all, of values that are missing, single or lists.
 */
#include "index_fixture.h"

#define SCHEMA                                                                                                      \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"},\"category\":{"   \
    "\"type\":\"keyword\",\"facet\":true},\"tags\":{\"type\":\"keyword\",\"facet\":true},\"price\":{\"type\":"      \
    "\"integer\"}},\"order\":[\"category\"]}"

#define PRODUCTS 20000u
#define CATEGORIES 40u
#define TAGS 3u
#define NONE 1000u
#define RANGES 3u

static aisle *catalog;
static uint64_t seed = 5;

static struct {
    uint32_t category, price;
    bool tags[TAGS];
} shop[PRODUCTS];

static uint32_t draw(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % limit);
}

static void put_random(aisle_writer *writer, uint32_t id)
{
    char product[300];
    shop[id].category = draw(9) == 0 ? NONE : draw(CATEGORIES);
    shop[id].price = draw(100);
    int size = snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"lamp\",\"price\":%u", id, shop[id].price);
    if (shop[id].category != NONE) {
        size += snprintf(product + size, sizeof product - (size_t)size, ",\"category\":\"c%u\"", shop[id].category);
    }
    size += snprintf(product + size, sizeof product - (size_t)size, ",\"tags\":[");
    for (uint32_t i = 0; i < TAGS; i++) { /* the same ones of all products of a category, mostly */
        shop[id].tags[i] = draw(200) == 0 ? draw(2) == 0 : shop[id].category % (i + 2) == 0;
        size += shop[id].tags[i]
                    ? snprintf(product + size, sizeof product - (size_t)size, "%s\"t%u\"",
                               product[size - 1] == '[' ? "" : ",", i)
                    : 0;
    }
    snprintf(product + size, sizeof product - (size_t)size, "]}");
    put(writer, product);
}

/* The count of a value of a facet; 0: it is not shown. */
static uint64_t shown(const aisle_result *result, size_t facet, const char *text)
{
    aisle_facet_value value;
    for (size_t i = 0; aisle_result_facet_value(result, facet, i, &value) == 0; i++) {
        if (value.value.size == strlen(text) && memcmp(value.value.data, text, value.value.size) == 0) {
            return value.count;
        }
    }
    return 0;
}

static void counts_are_right(const char *filter, uint32_t from, uint32_t to)
{
    static const char *const facets[] = {"category:100", "tags:100", "price[*,20,60,*]"};
    static const char *const names[RANGES] = {"..20", "20..60", "60.."};
    static const uint32_t bounds[RANGES + 1] = {0, 20, 60, 100};
    uint64_t categories[CATEGORIES] = {0}, tags[TAGS] = {0}, ranges[RANGES] = {0};
    char name[16];
    aisle_result *result = NULL;
    for (uint32_t id = 0; id < PRODUCTS; id++) {
        for (uint32_t i = 0; i < TAGS && shop[id].price >= from && shop[id].price < to; i++) {
            categories[shop[id].category % CATEGORIES] += i == 0 && shop[id].category != NONE ? 1 : 0;
            tags[i] += shop[id].tags[i] ? 1 : 0;
            ranges[i] += shop[id].price >= bounds[i] && shop[id].price < bounds[i + 1] ? 1 : 0;
        }
    }
    const aisle_query query = {.size = sizeof query, .text = "", .no_hits = true, .filter = filter, .facets = facets,
                               .facet_count = 3};
    assert_int_equal(aisle_search(catalog, &query, &result, &error), 0);
    for (uint32_t i = 0; i < CATEGORIES; i++) {
        snprintf(name, sizeof name, "c%u", i);
        assert_int_equal(shown(result, 0, name), categories[i]);
    }
    for (uint32_t i = 0; i < TAGS; i++) {
        snprintf(name, sizeof name, "t%u", i);
        assert_int_equal(shown(result, 1, name), tags[i]);
        assert_int_equal(shown(result, 2, names[i]), ranges[i]);
    }
    aisle_result_free(result);
}

static void counts_from_what_is_kept_are_those_of_all_products(void **state)
{
    (void)state;
    create_catalog("stretches", SCHEMA, 1);
    catalog = open_catalog("stretches");
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t id = 0; id < PRODUCTS; id++) {
        put_random(writer, id);
        if (id == PRODUCTS - 900) {
            commit(writer);
        }
    }
    commit(writer);
    for (unsigned round = 0; round < 3; round++) {
        counts_are_right("price < 10", 0, 10);
        counts_are_right("price < 20", 0, 20);
        counts_are_right("price <= 20", 0, 21);
        counts_are_right(NULL, 0, 100);
        counts_are_right("price 20 TO 59", 20, 60);
        counts_are_right("price >= 60 AND price < 61", 60, 61);
        counts_are_right("NOT price < 60", 60, 100);
        counts_are_right("price < 5 AND price > 7", 0, 0);
        patch(writer, "7", "{\"price\":99}");
        shop[7].price = 99;
        commit(writer);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_from_what_is_kept_are_those_of_all_products),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
