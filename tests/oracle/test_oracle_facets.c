/*
 * test_oracle_facets.c - facets count exactly what brute force over the products' JSON counts.
 *
 * Each round makes a random catalog with updates, deletes, patches, merges and reopenings (rounds.h). Of each query the
 * engine's whole answer without the filter is cut down by the evaluator of filters, once as it is and once for each
 * facet whose own conditions are lifted, and what is left is counted by the evaluator of facets; the engine answers all
 * of it in one call. AISLE_ORACLE_SEED and AISLE_ORACLE_ROUNDS as in rounds.h.
 */
#include "oracle/random_facet.h"
#include "oracle/random_filter.h"
#include "oracle/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LOOKS 15u
#define HITS_MAX 10000u
#define FACETS_MAX 6u

struct tally {
    uint64_t queries, facets, values;
};

struct drawn {
    struct random_facet *facets[FACETS_MAX];
    char texts[FACETS_MAX][FACET_TEXT_BYTES];
    const char *views[FACETS_MAX];
    size_t count;
    struct random_filter *filter; /* NULL: none */
    char *expression;
};

static void draw(struct shop *shop, struct drawn *drawn)
{
    uint32_t tries = 1 + shop_random(shop, FACETS_MAX);
    *drawn = (struct drawn){.expression = malloc(FILTER_TEXT_BYTES)};
    if (shop_chance(shop, 70)) {
        drawn->filter = random_filter_new(shop, drawn->expression);
    }
    for (uint32_t i = 0; i < tries; i++) {
        char *text = drawn->texts[drawn->count];
        struct random_facet *facet = random_facet_new(shop, text);
        if (facet != NULL) {
            drawn->views[drawn->count] = text;
            drawn->facets[drawn->count++] = facet;
        }
    }
}

static void release(struct drawn *drawn)
{
    for (size_t i = 0; i < drawn->count; i++) {
        random_facet_free(drawn->facets[i]);
    }
    random_filter_free(drawn->filter);
    free(drawn->expression);
}

/* Counts the products of an answer without the filter. Returns how many pass it. */
static uint64_t count_all(struct pair *pair, const struct drawn *drawn, const aisle_result *whole)
{
    uint64_t total = 0;
    aisle_hit hit;
    for (size_t i = 0; aisle_result_hit(whole, i, &hit) == 0; i++) {
        char id[64];
        snprintf(id, sizeof id, "%.*s", (int)hit.id.size, hit.id.data);
        bool kept = drawn->filter == NULL || random_filter_keeps(drawn->filter, pair->oracle, id);
        total += kept ? 1 : 0;
        for (size_t k = 0; k < drawn->count; k++) {
            const char *lifted = random_facet_lifted(drawn->facets[k]);
            bool own = lifted == NULL || drawn->filter == NULL
                           ? kept
                           : random_filter_keeps_without(drawn->filter, pair->oracle, id, lifted);
            if (own) {
                random_facet_add(drawn->facets[k], pair->oracle, id);
            }
        }
    }
    return total;
}

static bool compare(struct pair *pair, struct shop *shop, void *context)
{
    struct tally *tally = context;
    char text[SHOP_QUERY_BYTES] = "";
    aisle_result *whole = NULL;
    aisle_result *result = NULL;
    aisle_error error = {.message = ""};
    struct drawn drawn;
    bool same = true;
    if (shop_chance(shop, 60)) {
        (void)shop_query(shop, text);
    }
    draw(shop, &drawn);
    aisle_query query = {.size = sizeof query, .text = text, .limit = HITS_MAX, .no_products = true, .now_ms = 1,
                         .no_typos = true, .no_stop_words = true, .no_understanding = true};
    if (aisle_search(pair->catalog, &query, &whole, NULL) == 0) {
        uint64_t total = count_all(pair, &drawn, whole);
        query.filter = drawn.filter == NULL ? NULL : drawn.expression;
        query.facets = drawn.views;
        query.facet_count = drawn.count;
        query.limit = 1;
        query.no_hits = shop_chance(shop, 50);
        same = aisle_search(pair->catalog, &query, &result, &error) == 0 &&
               aisle_result_total(result, NULL) == total && !aisle_result_partial(result);
        for (size_t i = 0; i < drawn.count && same; i++) {
            same = random_facet_equals(drawn.facets[i], result, i);
            aisle_facet facet;
            tally->values += same && aisle_result_facet(result, i, &facet) == 0 ? facet.value_count : 0;
        }
        tally->facets += drawn.count;
        tally->queries++;
    }
    if (!same) {
        fprintf(stderr, "query '%s' filter '%s': %s\n", text, drawn.filter == NULL ? "" : drawn.expression,
                error.message);
        for (size_t i = 0; i < drawn.count; i++) {
            fprintf(stderr, "facet '%s'\n", drawn.texts[i]);
        }
    }
    release(&drawn);
    aisle_result_free(whole);
    aisle_result_free(result);
    return same;
}

static void facets_count_what_brute_force_counts(void **state)
{
    (void)state;
    struct tally tally = {0};
    const struct rounds rounds = {.name = "facets", .compare = compare, .tally = &tally, .looks = LOOKS};
    assert_true(rounds_campaign(&rounds));
    printf("%llu queries, %llu facets, %llu values compared\n", (unsigned long long)tally.queries,
           (unsigned long long)tally.facets, (unsigned long long)tally.values);
    assert_true(tally.values > 0);
}

static void facets_count_every_window(void **state)
{
    (void)state;
    const char *count = getenv("AISLE_ORACLE_ROUNDS");
    uint64_t last = count != NULL ? strtoull(count, NULL, 10) / 20 + 1 : 1;
    struct tally tally = {0};
    const struct rounds rounds = {.name = "facets", .compare = compare, .tally = &tally, .looks = LOOKS};
    for (uint64_t seed = 1; seed <= last; seed++) {
        assert_true(rounds_run_large(&rounds, seed));
    }
    assert_true(tally.values > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facets_count_every_window),
        cmocka_unit_test(facets_count_what_brute_force_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
