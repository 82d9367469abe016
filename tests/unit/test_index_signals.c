/*
 * test_index_signals.c - ten best by words and signals are the first ten of all, whatever queries have left behind.
 *
 * An answer with room for every product prunes nothing. It is compared with short ones, while times go forth and back,
 * weights change, pages are patched and products die: what a query keeps with a segment must bound later ones.
 */
#include "index_fixture.h"

#define SCHEMA                                                                                                   \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5}," \
    "\"body\":{\"type\":\"text\"},\"sales\":{\"type\":\"integer\"},\"rating\":{\"type\":\"double\"},"            \
    "\"reviews\":{\"type\":\"integer\"},\"updated\":{\"type\":\"date\"}},\"order\":[\"length\"],\"signals\":["   \
    "{\"kind\":\"popularity\",\"field\":\"sales\",\"weight\":0.5},"                                              \
    "{\"kind\":\"rating\",\"field\":\"rating\",\"count\":\"reviews\",\"weight\":0.3},"                           \
    "{\"kind\":\"recency\",\"field\":\"updated\",\"half_life\":\"30d\",\"weight\":2}]}"

#define PRODUCTS 6000u
#define NOW INT64_C(1700000000000)
#define DAY INT64_C(86400000)

static aisle *catalog;
static aisle_writer *writer;
static uint64_t seed = 3;

static uint32_t draw(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % limit);
}

static void put_random(unsigned id)
{
    static const char *const words[] = {"lamp", "desk", "lake", "red lamp", "desk lamp", "lamp desk", "large lace"};
    char product[400];
    snprintf(product, sizeof product,
             "{\"id\":\"%u\",\"title\":\"%s\",\"body\":\"%s x%u\",\"sales\":%u,\"rating\":%u.%u,\"reviews\":%u,"
             "\"updated\":%lld}",
             id, words[draw(7)], words[draw(7)], draw(4), draw(1u << draw(20)), draw(5), draw(10), draw(1u << draw(10)),
             (long long)(NOW / 1000 - (long long)draw(30000000)));
    put(writer, product);
}

static aisle_result *search(const char *text, const char *weights, int64_t now_ms, uint32_t limit)
{
    aisle_query query = {.size = sizeof query, .text = text, .weights = weights, .now_ms = now_ms, .limit = limit};
    aisle_result *result = NULL;
    query.no_products = true;
    assert_done(aisle_search(catalog, &query, &result, &error));
    return result;
}

static void first_of_all(const char *text, const char *weights, int64_t now_ms)
{
    aisle_result *best = search(text, weights, now_ms, 10);
    aisle_result *all = search(text, weights, now_ms, 10000);
    aisle_hit hit;
    aisle_hit same;
    assert_int_equal(aisle_result_total(best, NULL), aisle_result_count(all));
    for (size_t i = 0; aisle_result_hit(best, i, &hit) == 0; i++) {
        assert_int_equal(aisle_result_hit(all, i, &same), 0);
        assert_int_equal(hit.id.size, same.id.size);
        assert_memory_equal(hit.id.data, same.id.data, hit.id.size);
        assert_true(hit.score >= same.score && hit.score <= same.score);
    }
    aisle_result_free(best);
    aisle_result_free(all);
}

static void every_query_finds_the_best(void)
{
    static const char *const texts[] = {"",            "lamp",          "lamp desk",   "lamp OR desk",
                                        "la*",         "lamp -desk",    "lamp la*",    "\"desk lamp\"",
                                        "title:lamp",  "lamp OR x1",    "x2 desk",     "lamp OR desk OR red OR x3",
                                        "title:la* x1"};
    static const int64_t days[] = {0, 900, 3, 400, -20, 1};
    static const char *const weights[] = {"sales:9.5", "rating:50,sales:0", "updated:0"};
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        for (size_t d = 0; d < sizeof days / sizeof days[0]; d++) {
            first_of_all(texts[t], NULL, NOW + days[d] * DAY);
        }
        for (size_t w = 0; w < sizeof weights / sizeof weights[0]; w++) {
            first_of_all(texts[t], weights[w], NOW);
        }
    }
}

static void best_are_the_first_of_all(const char *name, uint32_t shards, uint32_t commit_every)
{
    create_catalog(name, SCHEMA, shards);
    catalog = open_catalog(name);
    writer = begin_writing(catalog);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        put_random(i);
        if (i % commit_every == commit_every - 1) {
            commit(writer);
        }
    }
    put(writer, "{\"id\":\"single\",\"title\":\"single\"}");
    commit(writer);
    /* What is kept is begun early, and filled late. */
    first_of_all("single", NULL, NOW);
    aisle_result_free(search("", NULL, NOW + 900 * DAY, 10));
    first_of_all("", NULL, NOW + DAY);
    every_query_finds_the_best();
    for (unsigned i = 0; i < 40; i++) {
        char id[16];
        char fields[100];
        snprintf(id, sizeof id, "%u", draw(i % 2 == 0 ? PRODUCTS : 50));
        snprintf(fields, sizeof fields, "{%s\"sales\":%u}", i % 5 == 0 ? "\"updated\":null," : "", draw(1u << 21));
        assert_done(aisle_patch(writer, text_bytes(id), text_bytes(fields), &error));
    }
    for (unsigned i = 0; i < 30; i++) {
        put_random(draw(PRODUCTS));
    }
    commit(writer);
    every_query_finds_the_best();
    aisle_writer_free(writer);
    aisle_close(catalog);
}

/* What queries have left is taken over by the state behind each commit, and what has changed is added to it. */
static void bounds_follow_patches(void **state)
{
    (void)state;
    create_catalog("followed", SCHEMA, 1);
    catalog = open_catalog("followed");
    writer = begin_writing(catalog);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        put_random(i);
    }
    commit(writer);
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = round % 6 == 5 ? 900 : 3; i > 0; i--) {
            char id[16];
            char fields[100];
            snprintf(id, sizeof id, "%u", draw(PRODUCTS));
            snprintf(fields, sizeof fields, "{\"updated\":%lld,\"sales\":%u}",
                     (long long)(NOW / 1000 - (long long)draw(3000000)), draw(1u << draw(22)));
            assert_done(aisle_patch(writer, text_bytes(id), text_bytes(fields), &error));
        }
        commit(writer);
        first_of_all("lamp", NULL, NOW);
        first_of_all("desk OR la*", NULL, NOW + DAY);
        first_of_all("", round % 8 == 7 ? "sales:9" : NULL, NOW);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void of_one_segment_the_best_are_the_first_of_all(void **state)
{
    (void)state;
    best_are_the_first_of_all("one", 1, PRODUCTS);
}

static void of_shards_and_segments_the_best_are_the_first_of_all(void **state)
{
    (void)state;
    best_are_the_first_of_all("many", 2, 1900);
}

static void browsing_without_signals_keeps_the_order(void **state)
{
    (void)state;
    const char *weights = "sales:0,rating:0,updated:0";
    create_catalog("none", SCHEMA, 1);
    catalog = open_catalog("none");
    writer = begin_writing(catalog);
    put(writer, "{\"id\":\"long\",\"title\":\"a b c\",\"sales\":1000}");
    put(writer, "{\"id\":\"short\",\"title\":\"a\"}");
    commit(writer);
    aisle_result *result = search("", weights, NOW, 10);
    aisle_hit hit;
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_memory_equal(hit.id.data, "short", 5);
    assert_true(hit.score <= 0);
    aisle_result_free(result);
    result = search("", NULL, NOW, 10);
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_memory_equal(hit.id.data, "long", 4);
    aisle_result_free(result);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_segment_the_best_are_the_first_of_all),
        cmocka_unit_test(of_shards_and_segments_the_best_are_the_first_of_all),
        cmocka_unit_test(browsing_without_signals_keeps_the_order),
        cmocka_unit_test(bounds_follow_patches),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
