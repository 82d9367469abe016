/*
 * test_oracle_filter.c - a filter keeps exactly the products that it says, in the order and with the scores that the
 * query gives without it.
 *
 * Each round makes a random catalog with updates, deletes, patches, merges and reopenings. Of each query, the engine's
 * whole answer without the filter is cut down by the evaluator over the products' JSON (random_filter.c); the answer
 * with the filter must be a slice of that, with its total. That unfiltered answers are right is test_oracle.c's.
 * AISLE_ORACLE_SEED and AISLE_ORACLE_ROUNDS as there.
 */
#include "oracle/random_filter.h"
#include "oracle/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FILTERS 30u
#define HITS_MAX 10000u

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

static bool compare(struct pair *pair, struct shop *shop, void *context)
{
    struct tally *tally = context;
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

static void filters_keep_what_brute_force_keeps(void **state)
{
    (void)state;
    struct tally tally = {0};
    const struct rounds rounds = {.name = "filters", .compare = compare, .tally = &tally, .looks = FILTERS};
    assert_true(rounds_campaign(&rounds));
    printf("%llu filters, %llu found something, %llu hits compared\n", (unsigned long long)tally.filters,
           (unsigned long long)tally.found, (unsigned long long)tally.hits);
    assert_true(tally.hits > 0);
}

static void filters_keep_what_they_should_in_every_window(void **state)
{
    (void)state;
    const char *count = getenv("AISLE_ORACLE_ROUNDS");
    uint64_t last = count != NULL ? strtoull(count, NULL, 10) / 20 + 1 : 1;
    struct tally tally = {0};
    const struct rounds rounds = {.name = "filters", .compare = compare, .tally = &tally, .looks = FILTERS};
    for (uint64_t seed = 1; seed <= last; seed++) {
        assert_true(rounds_run_large(&rounds, seed));
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
