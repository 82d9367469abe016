/*
 * test_oracle_shop.c - one answer with everything a shop asks for at once is what brute force says: total, hits and
 * their order, facets of every kind, stats, groups, pages.
 *
 * Each round makes a random catalog of few products (rounds.h) and asks many questions of it, because a question costs
 * some hundred microseconds that way and a campaign is to have a million: AISLE_ORACLE_CASES of them. The engine's
 * answer to the text alone, at random weights of signals, is cut down by the evaluator of filters, counted by that of
 * facets, given what affinities add, sorted and grouped.
 * AISLE_ORACLE_SEED is the first seed.
 */
#include "oracle/random_affinity.h"
#include "oracle/random_facet.h"
#include "oracle/random_sort.h"
#include "oracle/rounds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CASES 3000u
#define CASES_TEXT 60u /* of one text */
#define LOOKS 4u
#define IDS_MAX 150u
#define HITS_MAX 10000u
#define FACETS_MAX 4u

struct tally {
    struct random_sort_tally sort;
    uint64_t cases, filters, facets, values, hits, liked;
};

struct drawn {
    struct random_facet *facets[FACETS_MAX];
    char texts[FACETS_MAX][FACET_TEXT_BYTES];
    const char *views[FACETS_MAX];
    size_t count;
    struct random_filter *filter; /* NULL: none */
    char expression[FILTER_TEXT_BYTES];
    char sort[256];
};

static void draw(struct shop *shop, struct drawn *drawn)
{
    uint32_t tries = shop_random(shop, FACETS_MAX + 1);
    drawn->count = 0;
    drawn->filter = shop_chance(shop, 75) ? random_filter_new(shop, drawn->expression) : NULL;
    for (uint32_t i = 0; i < tries; i++) {
        char *text = drawn->texts[drawn->count];
        struct random_facet *facet = random_facet_new(shop, text);
        if (facet != NULL) {
            drawn->views[drawn->count] = text;
            drawn->facets[drawn->count++] = facet;
        }
    }
    random_sort_draw(shop, drawn->sort, sizeof drawn->sort);
    random_affinities_draw(shop, !shop_chance(shop, 40) ? 0 : shop_chance(shop, 20) ? RANDOM_AFFINITIES_MAX : 6);
}

static void release(struct drawn *drawn)
{
    for (size_t i = 0; i < drawn->count; i++) {
        random_facet_free(drawn->facets[i]);
    }
    random_filter_free(drawn->filter);
    random_sort_release();
    random_affinities_release();
}

/* Counts what each facet should: the products that pass the filter, less what is lifted for it. */
static void count_facets(struct pair *pair, const struct drawn *drawn, const aisle_result *whole)
{
    aisle_hit hit;
    for (size_t i = 0; drawn->count != 0 && aisle_result_hit(whole, i, &hit) == 0; i++) {
        char id[64];
        snprintf(id, sizeof id, "%.*s", (int)hit.id.size, hit.id.data);
        bool kept = drawn->filter == NULL || random_filter_keeps(drawn->filter, pair->oracle, id);
        for (size_t k = 0; k < drawn->count; k++) {
            const char *lifted = random_facet_lifted(drawn->facets[k]);
            if (lifted == NULL || drawn->filter == NULL
                    ? kept
                    : random_filter_keeps_without(drawn->filter, pair->oracle, id, lifted)) {
                random_facet_add(drawn->facets[k], pair->oracle, id);
            }
        }
    }
}

static bool same_answer(struct pair *pair, struct shop *shop, const struct drawn *drawn, aisle_query *query,
                        struct tally *tally)
{
    aisle_result *result = NULL;
    aisle_error error = {.message = ""};
    bool same = aisle_search(pair->catalog, query, &result, &error) == 0 &&
                aisle_result_total(result, NULL) == random_sort_rows() && !aisle_result_partial(result) &&
                (query->no_hits || random_sort_same_hits(result, query->offset, query->limit));
    for (size_t i = 0; i < drawn->count && same; i++) {
        aisle_facet facet;
        same = random_facet_equals(drawn->facets[i], result, i);
        tally->values += same && aisle_result_facet(result, i, &facet) == 0 ? facet.value_count : 0;
    }
    tally->hits += same ? aisle_result_count(result) : 0;
    aisle_result_free(result);
    if (!same) {
        fprintf(stderr, "total should be %zu: %s\n", random_sort_rows(), error.message);
    }
    query->facet_count = 0;
    query->no_hits = false;
    return same && (!shop_chance(shop, 10) || random_sort_same_pages(pair, shop, query, &tally->sort)) &&
           (!shop_chance(shop, 20) || random_sort_same_groups(pair, shop, query, &tally->sort));
}

static bool ask(struct pair *pair, struct shop *shop, const aisle_query *plain, const aisle_result *whole,
                struct tally *tally)
{
    static struct drawn drawn;
    aisle_query query = *plain;
    draw(shop, &drawn);
    random_sort_fill(pair, drawn.filter, whole);
    count_facets(pair, &drawn, whole);
    query.filter = drawn.filter == NULL ? NULL : drawn.expression;
    query.sort = drawn.sort;
    query.affinities = random_affinities_texts(&query.affinity_count);
    query.facets = drawn.views;
    query.facet_count = drawn.count;
    query.offset = shop_chance(shop, 30) ? shop_random(shop, 20) : 0;
    query.limit = 1 + shop_random(shop, 30);
    query.no_hits = shop_chance(shop, 10);
    bool same = same_answer(pair, shop, &drawn, &query, tally);
    if (!same) {
        fprintf(stderr, "query '%s' filter '%s' sort '%s'\n", query.text, query.filter == NULL ? "" : query.filter,
                query.sort);
        for (size_t i = 0; i < drawn.count; i++) {
            fprintf(stderr, "facet '%s'\n", drawn.texts[i]);
        }
        for (size_t i = 0; i < query.affinity_count; i++) {
            fprintf(stderr, "affinity '%s'\n", query.affinities[i]);
        }
    }
    tally->cases++;
    tally->filters += drawn.filter != NULL ? 1 : 0;
    tally->facets += drawn.count;
    tally->liked += query.affinity_count != 0 ? 1 : 0;
    release(&drawn);
    return same;
}

static bool compare(struct pair *pair, struct shop *shop, void *context)
{
    struct tally *tally = context;
    char text[SHOP_QUERY_BYTES] = "";
    aisle_result *whole = NULL;
    bool same = true;
    if (shop_chance(shop, 60)) {
        (void)shop_query(shop, text);
    }
    aisle_query query = {.size = sizeof query, .text = text, .limit = HITS_MAX, .no_products = true,
                         .no_typos = true, .no_stop_words = true, .no_understanding = true};
    query.weights = shop_weights(shop, &query.now_ms);
    int status = aisle_search(pair->catalog, &query, &whole, NULL);
    for (unsigned i = 0; i < CASES_TEXT && status == 0 && same; i++) {
        same = ask(pair, shop, &query, whole, tally);
    }
    aisle_result_free(whole);
    return same;
}

static void answers_with_everything_are_those_of_brute_force(void **state)
{
    (void)state;
    struct tally tally = {.cases = 0};
    const struct rounds rounds = {
        .name = "shop", .compare = compare, .tally = &tally, .looks = LOOKS, .ids_max = IDS_MAX};
    const char *seed = getenv("AISLE_ORACLE_SEED"), *cases = getenv("AISLE_ORACLE_CASES");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    uint64_t wanted = cases != NULL ? strtoull(cases, NULL, 10) : CASES;
    uint64_t at = first;
    uint64_t told = 0;
    for (; tally.cases < wanted; at++) {
        assert_true(rounds_run(&rounds, at));
        if (tally.cases / 100000 != told) {
            told = tally.cases / 100000;
            printf("%llu cases\n", (unsigned long long)tally.cases);
            fflush(stdout);
        }
    }
    printf("seeds %llu to %llu: %llu cases, %llu filters, %llu facets with %llu values, %llu hits, %llu pages, "
           "%llu groups compared, %llu with affinities\n",
           (unsigned long long)first, (unsigned long long)at - 1, (unsigned long long)tally.cases,
           (unsigned long long)tally.filters, (unsigned long long)tally.facets, (unsigned long long)tally.values,
           (unsigned long long)tally.hits, (unsigned long long)tally.sort.pages,
           (unsigned long long)tally.sort.groups, (unsigned long long)tally.liked);
    assert_true(tally.hits > 0 && tally.values > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_everything_are_those_of_brute_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
