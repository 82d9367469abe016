/*
 * test_threads_signals.c - threads that search by signals at once, and leave bounds for each other, find the same.
 *
 * Every thread begins with a query of its own, so that they fill what is kept from different ends.
 */
#include "index_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#define SCHEMA                                                                                                   \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"},"              \
    "\"sales\":{\"type\":\"integer\"},\"updated\":{\"type\":\"date\"}},\"signals\":["                            \
    "{\"kind\":\"popularity\",\"field\":\"sales\",\"weight\":1},"                                                \
    "{\"kind\":\"recency\",\"field\":\"updated\",\"weight\":1}]}"

#define PRODUCTS 8000u
#define THREADS 4u
#define QUERIES 4u
#define ROUNDS 5u
#define NOW INT64_C(1700000000000)

static const char *const texts[QUERIES] = {"", "lamp", "lamp OR desk", "la*"};
static aisle *catalog;
static double expected[QUERIES];
static atomic_uint wrong;

/* The score of the third hit; -1: there is none. */
static double third_score(const char *text)
{
    aisle_query query = {.size = sizeof query, .text = text, .now_ms = NOW, .limit = 3, .no_products = true};
    aisle_result *result = NULL;
    aisle_hit hit;
    double score = -1;
    if (aisle_search(catalog, &query, &result, NULL) == 0 && aisle_result_hit(result, 2, &hit) == 0) {
        score = hit.score;
    }
    aisle_result_free(result);
    return score;
}

static void *search_often(void *first)
{
    for (unsigned i = 0; i < QUERIES * ROUNDS; i++) {
        unsigned q = (i + *(unsigned *)first) % QUERIES;
        double score = third_score(texts[q]);
        if (score < expected[q] || score > expected[q]) {
            atomic_fetch_add(&wrong, 1);
        }
    }
    return NULL;
}

static void search_at_once(void)
{
    pthread_t threads[THREADS];
    unsigned first[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        first[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, search_often, &first[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&wrong), 0);
}

static void threads_find_what_one_finds(void **state)
{
    (void)state;
    create_catalog("threads", SCHEMA, 1);
    catalog = open_catalog("threads");
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        char product[200];
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"%s\",\"sales\":%u,\"updated\":%u}", i,
                 i % 3 == 0 ? "lamp" : "lake desk", i * 7919 % 10007, 1600000000 + i * 104729 % 90000000);
        put(writer, product);
    }
    commit(writer);
    for (unsigned patched = 0; patched < 2; patched++) {
        for (unsigned q = 0; q < QUERIES; q++) {
            expected[q] = third_score(texts[q]);
            assert_true(expected[q] > 0);
        }
        aisle_writer_free(writer);
        aisle_close(catalog); /* and with it goes what was kept */
        catalog = open_catalog("threads");
        writer = begin_writing(catalog);
        search_at_once();
        for (unsigned i = 0; i < PRODUCTS && patched == 0; i += 700) {
            char id[16];
            snprintf(id, sizeof id, "%u", i);
            patch(writer, id, "{\"sales\":500000}");
        }
        commit(writer);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
}

/* ---- beside commits ---- */

static atomic_bool is_over;

static void *search_until_over(void *first)
{
    for (unsigned i = *(unsigned *)first; !atomic_load(&is_over); i++) {
        if (third_score(texts[i % QUERIES]) <= 0) {
            atomic_fetch_add(&wrong, 1);
        }
    }
    return NULL;
}

/* Scores of the best count; an answer with room for every product prunes nothing. */
static void best_scores(const char *text, uint32_t limit, double *scores, uint32_t count)
{
    aisle_query query = {.size = sizeof query, .text = text, .now_ms = NOW, .limit = limit, .no_products = true};
    aisle_result *result = NULL;
    aisle_hit hit;
    assert_done(aisle_search(catalog, &query, &result, &error));
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(aisle_result_hit(result, i, &hit), 0);
        scores[i] = hit.score;
    }
    aisle_result_free(result);
}

/*
 * While states follow each other, threads search in several of them and fill bounds that these share: afterwards they
 * still hold.
 */
static void bounds_hold_behind_commits_beside_searches(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned first[THREADS];
    catalog = open_catalog("threads");
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < THREADS; i++) {
        first[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, search_until_over, &first[i]), 0);
    }
    for (unsigned round = 0; round < 60; round++) {
        for (unsigned i = 0; i < 20; i++) {
            char id[16];
            char fields[64];
            snprintf(id, sizeof id, "%u", (round * 7919 + i * 104729) % PRODUCTS);
            snprintf(fields, sizeof fields, "{\"sales\":%u}", (round + i) * 7919 % 1000003 + 1);
            patch(writer, id, fields);
        }
        commit(writer);
    }
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&wrong), 0);
    for (unsigned q = 0; q < QUERIES; q++) {
        double best[10];
        double all[10];
        best_scores(texts[q], 10, best, 10);
        best_scores(texts[q], PRODUCTS, all, 10);
        assert_memory_equal(best, all, sizeof best);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_find_what_one_finds),
        cmocka_unit_test(bounds_hold_behind_commits_beside_searches),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
