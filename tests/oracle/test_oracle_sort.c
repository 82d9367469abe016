/*
 * test_oracle_sort.c - sorted answers, their pages by cursor, and groups are what brute force says.
 *
 * Each round makes a random catalog (rounds.h). Of each query the engine's whole answer by score is cut down by the
 * evaluator of filters and sorted by the values in the products' JSON, then by the oracle's document order. The engine
 * is asked for a slice of that with an offset, and for all of it page by page, each behind the cursor of the one
 * before. AISLE_ORACLE_SEED and AISLE_ORACLE_ROUNDS as in rounds.h.
 */
#include "oracle/random_sort.h"
#include "oracle/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LOOKS 15u
#define HITS_MAX 10000u
#define GROUPED_MAX 1500u /* rows whose groups are looked for pair by pair */

static bool compare(struct pair *pair, struct shop *shop, void *context)
{
    struct random_sort_tally *tally = context;
    char text[SHOP_QUERY_BYTES] = "";
    char sort[256];
    char *expression = malloc(FILTER_TEXT_BYTES);
    struct random_filter *filter = NULL;
    aisle_result *whole = NULL;
    aisle_result *result = NULL;
    aisle_error error = {.message = ""};
    bool same = true;
    if (shop_chance(shop, 60)) {
        (void)shop_query(shop, text);
    }
    random_sort_draw(shop, sort, sizeof sort);
    if (shop_chance(shop, 50)) {
        filter = random_filter_new(shop, expression);
    }
    aisle_query query = {.size = sizeof query, .text = text, .limit = HITS_MAX, .no_products = true, .now_ms = 1,
                         .no_typos = true, .no_stop_words = true, .no_understanding = true};
    if (aisle_search(pair->catalog, &query, &whole, NULL) == 0) {
        random_sort_fill(pair, filter, whole);
        query.filter = filter == NULL ? NULL : expression;
        query.sort = sort;
        query.offset = shop_chance(shop, 40) ? shop_random(shop, 30) : 0;
        query.limit = shop_chance(shop, 20) ? 5000 : 1 + shop_random(shop, 20);
        query.facets = &(const char *const){"in_stock"};
        query.facet_count = shop_chance(shop, 20) ? 1 : 0;
        same = aisle_search(pair->catalog, &query, &result, &error) == 0 &&
               aisle_result_total(result, NULL) == random_sort_rows() &&
               random_sort_same_hits(result, query.offset, query.limit) &&
               random_sort_same_pages(pair, shop, &query, tally) &&
               (random_sort_rows() > GROUPED_MAX || random_sort_same_groups(pair, shop, &query, tally));
        tally->queries++;
        random_sort_release();
    }
    if (!same) {
        fprintf(stderr, "query '%s' filter '%s' sort '%s': %s\n", text, filter == NULL ? "" : expression, sort,
                error.message);
    }
    random_filter_free(filter);
    free(expression);
    aisle_result_free(whole);
    aisle_result_free(result);
    return same;
}

static void sorted_pages_are_those_of_brute_force(void **state)
{
    (void)state;
    struct random_sort_tally tally = {0};
    const struct rounds rounds = {.name = "sort", .compare = compare, .tally = &tally, .looks = LOOKS};
    assert_true(rounds_campaign(&rounds));
    printf("%llu queries, %llu pages, %llu hits, %llu groups compared\n", (unsigned long long)tally.queries,
           (unsigned long long)tally.pages, (unsigned long long)tally.hits, (unsigned long long)tally.groups);
    assert_true(tally.hits > 0);
}

static void pages_of_many_windows_are_those_of_brute_force(void **state)
{
    (void)state;
    const char *count = getenv("AISLE_ORACLE_ROUNDS");
    uint64_t last = count != NULL ? strtoull(count, NULL, 10) / 20 + 1 : 1;
    struct random_sort_tally tally = {0};
    const struct rounds rounds = {.name = "sort", .compare = compare, .tally = &tally, .looks = LOOKS};
    for (uint64_t seed = 1; seed <= last; seed++) {
        assert_true(rounds_run_large(&rounds, seed));
    }
    assert_true(tally.hits > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_of_many_windows_are_those_of_brute_force),
        cmocka_unit_test(sorted_pages_are_those_of_brute_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
