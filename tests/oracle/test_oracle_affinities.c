/*
 * test_oracle_affinities.c - what is best for a shopper who likes some values is what brute force says, whatever bounds
 * and marks pass over.
 *
 * Catalogs of more products than a window or two has, in one segment with dead and patched ones, are asked again and
 * again for the same frequent words, so that what is kept of words and values is used, too. The engine's answer without
 * affinities, all of it, is given what each product gets, and sorted. AISLE_ORACLE_CASES questions are asked at least,
 * from AISLE_ORACLE_SEED on.
 */
#include "oracle/random_affinity.h"
#include "oracle/random_sort.h"
#include "oracle/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CASES 40u
#define CASES_TEXT 10u /* of one text */
#define LOOKS 4u
#define HITS_MAX 10000u

struct tally {
    struct random_sort_tally sort;
    uint64_t cases, affinities;
};

static bool ask(struct pair *pair, struct shop *shop, aisle_query query, const aisle_result *whole,
                struct tally *tally)
{
    static char expression[FILTER_TEXT_BYTES];
    struct random_filter *filter = shop_chance(shop, 25) ? random_filter_new(shop, expression) : NULL;
    aisle_result *result = NULL;
    aisle_error error = {.message = ""};
    random_affinities_draw(shop, shop_chance(shop, 30) ? RANDOM_AFFINITIES_MAX : 8);
    query.affinities = random_affinities_texts(&query.affinity_count);
    random_sort_fill(pair, filter, whole);
    query.filter = filter == NULL ? NULL : expression;
    query.no_total = shop_chance(shop, 70);
    query.limit = 1 + shop_random(shop, shop_chance(shop, 20) ? 200 : 15);
    query.offset = shop_chance(shop, 10) ? shop_random(shop, 40) : 0;
    bool same = aisle_search(pair->catalog, &query, &result, &error) == 0 &&
                random_sort_same_hits(result, query.offset, query.limit) &&
                (!shop_chance(shop, 3) || random_sort_same_pages(pair, shop, &query, &tally->sort));
    tally->cases++;
    tally->affinities += query.affinity_count;
    if (!same) {
        fprintf(stderr, "query '%s' filter '%s' weights '%s' from %u on, %u: %s\n", query.text,
                filter == NULL ? "" : expression, query.weights == NULL ? "" : query.weights, query.offset,
                query.limit, error.message);
        for (size_t i = 0; i < query.affinity_count; i++) {
            fprintf(stderr, "affinity '%s'\n", query.affinities[i]);
        }
    }
    random_sort_release();
    random_affinities_release();
    random_filter_free(filter);
    aisle_result_free(result);
    return same;
}

/* Without signals, or with what the schema or the dice give them. */
static const char *draw_weights(struct shop *shop, int64_t *now_ms)
{
    const char *weights = shop_weights(shop, now_ms);
    static const char *const fields[] = {"sales", "price", "rating", "in_stock", "updated"};
    if (!shop->signals || shop_chance(shop, 50)) {
        return weights;
    }
    shop->weights[0] = '\0';
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        char quoted[32];
        snprintf(quoted, sizeof quoted, "\",\"field\":\"%s\"", fields[i]);
        if (strstr(shop->schema, quoted) != NULL) {
            shop_append(shop->weights, sizeof shop->weights, "%s%s:0", shop->weights[0] == '\0' ? "" : ",", fields[i]);
        }
    }
    return shop->weights;
}

static bool compare(struct pair *pair, struct shop *shop, void *context)
{
    static const char *const frequent[] = {"shoe", "red", "running", "shoes", "red shoe", "shirt", "run OR red", "sh*",
                                           "red -blue", ""};
    struct tally *tally = context;
    char text[SHOP_QUERY_BYTES] = "";
    aisle_result *whole = NULL;
    bool same = true;
    if (shop_chance(shop, 20)) {
        (void)shop_query(shop, text);
    } else {
        snprintf(text, sizeof text, "%s", frequent[shop_random(shop, sizeof frequent / sizeof frequent[0])]);
    }
    random_sort_draw_score();
    aisle_query query = {.size = sizeof query, .text = text, .limit = HITS_MAX, .no_products = true, .no_typos = true,
                         .no_stop_words = true, .no_understanding = true};
    query.weights = draw_weights(shop, &query.now_ms);
    int status = aisle_search(pair->catalog, &query, &whole, NULL);
    for (unsigned i = 0; i < CASES_TEXT && status == 0 && same; i++) {
        same = ask(pair, shop, query, whole, tally);
    }
    aisle_result_free(whole);
    return same;
}

static void what_a_shopper_likes_is_what_brute_force_says(void **state)
{
    (void)state;
    struct tally tally = {.cases = 0};
    const struct rounds rounds = {.name = "liked", .compare = compare, .tally = &tally, .looks = LOOKS};
    const char *seed = getenv("AISLE_ORACLE_SEED"), *cases = getenv("AISLE_ORACLE_CASES");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    uint64_t wanted = cases != NULL ? strtoull(cases, NULL, 10) : CASES;
    uint64_t at = first;
    for (; tally.cases < wanted; at++) {
        assert_true(rounds_run_large(&rounds, at));
    }
    printf("seeds %llu to %llu: %llu cases with %llu affinities, %llu pages\n", (unsigned long long)first,
           (unsigned long long)at - 1, (unsigned long long)tally.cases, (unsigned long long)tally.affinities,
           (unsigned long long)tally.sort.pages);
    assert_true(tally.affinities > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_shopper_likes_is_what_brute_force_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
