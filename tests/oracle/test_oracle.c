/*
 * test_oracle.c - the engine answers as the oracle does, over thousands of random small catalogs.
 *
 * Each round makes a schema, then batches of puts, replacements, patches and deletes with commits (each a segment),
 * compactions and reopenings between, and compares random queries after each. A failing round prints its seed:
 * AISLE_ORACLE_SEED=n runs that round alone. AISLE_ORACLE_ROUNDS=n runs n rounds; by default, as many as fit a minute.
 */
#include "oracle/engine_fixture.h"
#include "oracle/random_shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define ROUNDS 500u
#define SECONDS 60
#define FIRST_SEED 1u
#define QUERIES 30u

/* One operation. touched: the ids since the last commit; a number in the document order is patched only where the put
 * that froze the order is committed. */
static bool change(struct pair *pair, struct shop *shop, bool *touched, bool only_new, char *text)
{
    char id[32];
    uint32_t number = shop_id(shop, id, sizeof id);
    if (only_new) {
        snprintf(id, sizeof id, "N%u-%u", number, shop_random(shop, UINT32_MAX));
    }
    uint32_t draw = only_new ? 0 : shop_random(shop, 100);
    bool same;
    if (draw < 65) {
        shop_product(shop, id, text);
        same = pair_put(pair, text);
    } else if (draw < 85) {
        shop_patch(shop, shop_random(shop, 2) == 0, !touched[number], text);
        same = pair_patch(pair, id, text);
    } else {
        same = pair_delete(pair, id);
    }
    touched[number] = true;
    return same;
}

static bool compare(struct pair *pair, struct shop *shop, uint64_t *hits)
{
    for (unsigned i = 0; i < QUERIES; i++) {
        char text[512];
        bool plain = shop_query(shop, text, sizeof text);
        uint32_t offset = shop_random(shop, 4) == 0 ? shop_random(shop, 30) : 0;
        uint32_t limit = shop_random(shop, 3) == 0 ? 5000 : 1 + shop_random(shop, 20);
        if (!pair_search(pair, text, offset, limit, plain, hits)) {
            return false;
        }
    }
    return true;
}

static bool batches(struct pair *pair, struct shop *shop, uint64_t *hits, char *text)
{
    bool only_new = shop_random(shop, 4) == 0; /* nothing is replaced: always exact */
    uint32_t count = 1 + shop_random(shop, 6);
    for (uint32_t batch = 0; batch < count; batch++) {
        bool touched[SHOP_IDS_MAX] = {false};
        uint32_t changes = shop_random(shop, shop_random(shop, 8) == 0 ? shop->ids * 2 : shop->ids / 4);
        for (uint32_t i = 0; i < changes; i++) {
            if (!change(pair, shop, touched, only_new, text)) {
                return false;
            }
        }
        if (!pair_commit(pair, shop_random(shop, 6) == 0) || (only_new && !pair->exact) ||
            (shop_random(shop, 5) == 0 && !pair_reopen(pair)) || !compare(pair, shop, hits)) {
            return false;
        }
    }
    return pair_commit(pair, true) && compare(pair, shop, hits);
}

static bool run_round(uint64_t seed, uint64_t *hits)
{
    struct shop shop;
    struct pair pair = {.catalog = NULL};
    char path[64];
    char *text = malloc(SHOP_TEXT_BYTES);
    snprintf(path, sizeof path, "oracle.%ld.catalog", (long)getpid());
    shop_init(&shop, seed);
    bool same = text != NULL && pair_open(&pair, path, shop.schema, shop_random(&shop, 3) == 0 ? 4 : 1) &&
                batches(&pair, &shop, hits, text);
    if (!same) {
        fprintf(stderr, "seed %llu, schema %s\n", (unsigned long long)seed, shop.schema);
    }
    pair_close(&pair);
    free(text);
    return same;
}

static void random_catalogs_answer_as_the_oracle_does(void **state)
{
    (void)state;
    const char *seed = getenv("AISLE_ORACLE_SEED"), *rounds = getenv("AISLE_ORACLE_ROUNDS");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : FIRST_SEED;
    uint64_t count = rounds != NULL ? strtoull(rounds, NULL, 10) : seed != NULL ? 1 : ROUNDS;
    uint64_t hits = 0, done = 0;
    time_t end = time(NULL) + SECONDS;
    for (; done < count && (rounds != NULL || time(NULL) < end); done++) {
        assert_true(run_round(first + done, &hits));
    }
    printf("seeds %llu to %llu: %llu hits compared\n", (unsigned long long)first,
           (unsigned long long)(first + done - 1), (unsigned long long)hits);
    assert_true(hits > 0);
}

static void what_a_query_may_not_be_is_told(void **state)
{
    (void)state;
    static const char *const schema =
        "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
        "\"brand\":{\"type\":\"keyword\",\"search_weight\":1}}}";
    struct pair pair;
    char text[512] = "";
    for (unsigned i = 0; i < 40; i++) {
        strcat(text, "red ");
    }
    assert_true(pair_open(&pair, "oracle.told.catalog", schema, 1));
    assert_true(pair_put(&pair, "{\"id\":1,\"title\":\"red\"}"));
    assert_true(pair_commit(&pair, false));
    assert_true(pair_search(&pair, text, 0, 10, true, NULL));
    strcat(text, "red red red red red red red red red red red red red red red red red red red red red red red red red");
    assert_true(pair_search(&pair, text, 0, 10, true, NULL)); /* 65 words */
    assert_true(pair_search(&pair, "colour:red", 0, 10, true, NULL));
    pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_query_may_not_be_is_told),
        cmocka_unit_test(random_catalogs_answer_as_the_oracle_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
