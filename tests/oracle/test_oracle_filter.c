/*
 * test_oracle_filter.c - a filter keeps exactly the products that it says, in the order and with the scores that the
 * query gives without it.
 *
 * Each round makes a random catalog with updates, deletes, patches, merges and reopenings. Of each query, the engine's
 * whole answer without the filter is cut down by the evaluator over the products' JSON (random_filter.c); the answer
 * with the filter must be a slice of that, with its total. That unfiltered answers are right is test_oracle.c's.
 * AISLE_ORACLE_SEED and AISLE_ORACLE_ROUNDS as there.
 */
#include "oracle/engine_fixture.h"
#include "oracle/random_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define ROUNDS 500u
#define SECONDS 3
#define FILTERS 30u
#define HITS_MAX 10000u
#define LARGE_PRODUCTS 9000u

struct tally {
    uint64_t filters, found, hits;
};

static bool same_slice(struct pair *pair, const struct random_filter *filter, aisle_result *whole,
                       aisle_result *filtered, uint32_t offset, uint32_t limit, struct tally *tally)
{
    uint64_t kept = 0;
    size_t at = 0;
    aisle_hit hit, got;
    for (size_t i = 0; aisle_result_hit(whole, i, &hit) == 0; i++) {
        char id[64];
        snprintf(id, sizeof id, "%.*s", (int)hit.id.size, hit.id.data);
        if (!random_filter_keeps(filter, pair->oracle, id)) {
            continue;
        }
        if (kept >= offset && kept < offset + limit) {
            if (aisle_result_hit(filtered, at, &got) != 0 || got.score < hit.score || got.score > hit.score ||
                got.id.size != hit.id.size || memcmp(got.id.data, hit.id.data, hit.id.size) != 0) {
                fprintf(stderr, "hit %zu should be %s\n", at, id);
                return false;
            }
            at++;
        }
        kept++;
    }
    tally->hits += at;
    tally->found += kept != 0 ? 1 : 0;
    if (aisle_result_total(filtered, NULL) != kept || aisle_result_count(filtered) != at) {
        fprintf(stderr, "total %llu should be %llu; %zu hits, should be %zu\n",
                (unsigned long long)aisle_result_total(filtered, NULL), (unsigned long long)kept,
                aisle_result_count(filtered), at);
        return false;
    }
    return true;
}

static bool compare_one(struct pair *pair, struct shop *shop, struct tally *tally)
{
    char text[SHOP_QUERY_BYTES] = "";
    char *expression = malloc(FILTER_TEXT_BYTES);
    aisle_result *whole = NULL;
    aisle_result *filtered = NULL;
    aisle_error error = {.message = ""};
    if (shop_chance(shop, 70)) {
        (void)shop_query(shop, text);
    }
    struct random_filter *filter = random_filter_new(shop, expression);
    aisle_query query = {.size = sizeof query, .text = text, .limit = HITS_MAX, .no_products = true, .now_ms = 1,
                         .no_typos = true, .no_stop_words = true};
    bool same = true;
    if (aisle_search(pair->catalog, &query, &whole, NULL) == 0) {
        query.filter = expression;
        query.offset = shop_chance(shop, 30) ? shop_random(shop, 30) : 0;
        query.limit = shop_chance(shop, 30) ? 5000 : 1 + shop_random(shop, 20);
        same = aisle_search(pair->catalog, &query, &filtered, &error) == 0 &&
               same_slice(pair, filter, whole, filtered, query.offset, query.limit, tally);
        tally->filters++;
    }
    if (!same) {
        fprintf(stderr, "query '%s' filter '%s': %s\n", text, expression, error.message);
    }
    aisle_result_free(whole);
    aisle_result_free(filtered);
    random_filter_free(filter);
    free(expression);
    return same;
}

static bool change(struct pair *pair, struct shop *shop, bool *touched, char *text)
{
    char id[32];
    uint32_t number = shop_id(shop, id, sizeof id);
    uint32_t draw = shop_random(shop, 100);
    bool same;
    if (draw < 65) {
        shop_product(shop, id, text);
        same = pair_put(pair, text);
    } else if (draw < 88) {
        shop_patch(shop, shop_chance(shop, 50), !touched[number], text);
        same = pair_patch(pair, id, text);
    } else {
        same = pair_delete(pair, id);
    }
    touched[number] = true;
    return same;
}

static bool batches(struct pair *pair, struct shop *shop, struct tally *tally, char *text)
{
    uint32_t count = 1 + shop_random(shop, 5);
    for (uint32_t batch = 0; batch < count; batch++) {
        bool touched[SHOP_IDS_MAX] = {false};
        uint32_t changes = shop_random(shop, shop_chance(shop, 15) ? shop->ids * 2 : shop->ids / 2);
        for (uint32_t i = 0; i < changes; i++) {
            if (!change(pair, shop, touched, text)) {
                return false;
            }
        }
        if (!pair_commit(pair, shop_random(shop, 4) == 0) || (shop_random(shop, 5) == 0 && !pair_reopen(pair))) {
            return false;
        }
        for (unsigned i = 0; i < FILTERS; i++) {
            if (!compare_one(pair, shop, tally)) {
                return false;
            }
        }
    }
    return true;
}

static bool run_round(uint64_t seed, struct tally *tally)
{
    struct shop shop;
    struct pair pair = {.catalog = NULL};
    char path[64];
    char *text = malloc(SHOP_TEXT_BYTES);
    snprintf(path, sizeof path, "oracle.%ld.filters", (long)getpid());
    shop_init(&shop, seed);
    bool same = text != NULL && pair_open(&pair, path, shop.schema, shop_random(&shop, 3) == 0 ? 4 : 1) &&
                batches(&pair, &shop, tally, text) && pair_check(&pair);
    if (!same) {
        fprintf(stderr, "seed %llu, schema %s\n", (unsigned long long)seed, shop.schema);
    }
    pair_close(&pair);
    free(text);
    return same;
}

static void filters_keep_what_brute_force_keeps(void **state)
{
    (void)state;
    const char *seed = getenv("AISLE_ORACLE_SEED"), *rounds = getenv("AISLE_ORACLE_ROUNDS");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    uint64_t count = rounds != NULL ? strtoull(rounds, NULL, 10) : seed != NULL ? 1 : ROUNDS;
    struct tally tally = {0};
    uint64_t done = 0;
    time_t end = time(NULL) + SECONDS;
    for (; done < count && (rounds != NULL || time(NULL) < end); done++) {
        assert_true(run_round(first + done, &tally));
    }
    printf("seeds %llu to %llu: %llu filters, %llu found something, %llu hits compared\n", (unsigned long long)first,
           (unsigned long long)(first + done - 1), (unsigned long long)tally.filters, (unsigned long long)tally.found,
           (unsigned long long)tally.hits);
    assert_true(tally.hits > 0);
}

/* More documents than a window or two has, in one segment, some of them dead. */
static bool run_large_round(uint64_t seed, struct tally *tally)
{
    struct shop shop;
    struct pair pair = {.catalog = NULL};
    char path[64];
    char *text = malloc(SHOP_TEXT_BYTES);
    snprintf(path, sizeof path, "oracle.%ld.large", (long)getpid());
    shop_init(&shop, seed);
    bool same = text != NULL && pair_open(&pair, path, shop.schema, 1);
    for (uint32_t i = 0; i < LARGE_PRODUCTS && same; i++) {
        char id[32];
        snprintf(id, sizeof id, "L%u", i);
        shop_product(&shop, id, text);
        same = pair_put(&pair, text);
    }
    same = same && pair_commit(&pair, true);
    for (uint32_t i = 0; i < LARGE_PRODUCTS / 20 && same; i++) {
        char id[32];
        snprintf(id, sizeof id, "L%u", i * 7);
        shop_patch(&shop, true, true, text);
        same = i % 2 == 0 ? pair_patch(&pair, id, text) : pair_delete(&pair, id);
    }
    same = same && pair_commit(&pair, false);
    for (unsigned i = 0; i < FILTERS && same; i++) {
        same = compare_one(&pair, &shop, tally);
    }
    if (!same) {
        fprintf(stderr, "seed %llu, schema %s\n", (unsigned long long)seed, shop.schema);
    }
    pair_close(&pair);
    free(text);
    return same;
}

static void filters_keep_what_they_should_in_every_window(void **state)
{
    (void)state;
    const char *rounds = getenv("AISLE_ORACLE_ROUNDS");
    uint64_t count = rounds != NULL ? strtoull(rounds, NULL, 10) / 20 + 1 : 1;
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= count; seed++) {
        assert_true(run_large_round(seed, &tally));
    }
    assert_true(tally.hits > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_keep_what_they_should_in_every_window),
        cmocka_unit_test(filters_keep_what_brute_force_keeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
