/*
 * test_oracle.c - the engine answers as the oracle does, over thousands of random small catalogs.
 *
 * Each round makes a schema, then batches of puts, replacements, patches and deletes with commits (each a segment),
 * compactions and reopenings between, and compares random queries after each; at the end the catalog must be sound. A
 * failing round prints its seed: AISLE_ORACLE_SEED=n runs that round alone. AISLE_ORACLE_ROUNDS=n runs n rounds; by
 * default, as many as fit a few seconds. AISLE_ORACLE_ORDERS=1 takes the document orders that bench/orders.py measures
 * in turn, and searches more often between changes; AISLE_ORACLE_TOTAL=n goes on until n queries were compared. At the
 * end it prints how many queries of each kind were compared.
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
#define SECONDS 6
#define FIRST_SEED 1u
#define QUERIES 40u
#define QUERIES_OF_ORDERS 400u

/* What was compared so far. */
struct tally {
    unsigned order; /* of the round */
    uint64_t hits;
    uint64_t queries, refused;
    uint64_t boosted; /* ranked by signals, too */
    uint64_t placed; /* that ask where words stand: in phrases or fields */
    uint64_t kinds[SHOP_KINDS], found[SHOP_KINDS]; /* by bit of shop_kind; of found: that had hits */
};

static void count_query(struct tally *tally, const struct pair *pair, unsigned kinds)
{
    tally->queries++;
    tally->refused += pair->status != 0;
    tally->placed += (kinds & ~(unsigned)(SHOP_HAS_WORD | SHOP_HAS_ODD | SHOP_IS_PLAIN)) != 0;
    for (unsigned i = 0; i < SHOP_KINDS; i++) {
        if ((kinds >> i & 1) != 0) {
            tally->kinds[i]++;
            tally->found[i] += pair->status == 0 && pair->total > 0;
        }
    }
}

static void print_tally(const struct tally *tally)
{
    static const char *const names[SHOP_KINDS] = {
        "words", "words of a field", "phrases", "proximity", "phrases of a field", "phrases with a prefix",
        "excluded phrases", "phrases in an OR", "odd",
    };
    printf("%llu queries, %llu of them with phrases or fields, %llu with signals, %llu refused by both, "
           "%llu hits compared\n",
           (unsigned long long)tally->queries, (unsigned long long)tally->placed, (unsigned long long)tally->boosted,
           (unsigned long long)tally->refused, (unsigned long long)tally->hits);
    for (unsigned i = 0; i < SHOP_KINDS; i++) {
        printf("  with %-22s %10llu, found something %10llu\n", names[i], (unsigned long long)tally->kinds[i],
               (unsigned long long)tally->found[i]);
    }
}

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
        same = pair_put_flat(pair, text, shop->flat);
    } else if (draw < 85) {
        shop_patch(shop, shop_random(shop, 2) == 0, !touched[number], text);
        same = pair_patch_flat(pair, id, text, shop->flat);
    } else {
        same = pair_delete(pair, id);
    }
    touched[number] = true;
    return same;
}

static bool compare(struct pair *pair, struct shop *shop, struct tally *tally)
{
    for (unsigned i = 0; i < (tally->order == SHOP_ANY_ORDER ? QUERIES : QUERIES_OF_ORDERS); i++) {
        char text[SHOP_QUERY_BYTES];
        unsigned kinds = shop_query(shop, text);
        bool plain = (kinds & SHOP_IS_PLAIN) != 0;
        uint32_t offset = shop_random(shop, 4) == 0 ? shop_random(shop, 30) : 0;
        uint32_t limit = shop_random(shop, 3) == 0 ? 5000 : 1 + shop_random(shop, 20);
        pair->weights = shop_weights(shop, &pair->now_ms);
        tally->boosted += shop->signals;
        if (!pair_search(pair, text, offset, limit, plain, &tally->hits)) {
            return false;
        }
        count_query(tally, pair, kinds);
    }
    return true;
}

static bool batches(struct pair *pair, struct shop *shop, struct tally *tally, char *text)
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
            (shop_random(shop, 5) == 0 && !pair_reopen(pair)) || !compare(pair, shop, tally)) {
            return false;
        }
    }
    return pair_commit(pair, true) && compare(pair, shop, tally);
}

static bool run_round(uint64_t seed, struct tally *tally)
{
    struct shop shop;
    struct pair pair = {.catalog = NULL};
    char path[64];
    char *text = malloc(SHOP_TEXT_BYTES);
    snprintf(path, sizeof path, "oracle.%ld.catalog", (long)getpid());
    shop_init(&shop, seed, tally->order);
    bool same = text != NULL && pair_open(&pair, path, shop.schema, shop_random(&shop, 3) == 0 ? 4 : 1) &&
                batches(&pair, &shop, tally, text) && pair_check(&pair);
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
    struct tally tally = {0};
    uint64_t done = 0;
    const char *orders = getenv("AISLE_ORACLE_ORDERS"), *total = getenv("AISLE_ORACLE_TOTAL");
    uint64_t wanted = total != NULL ? strtoull(total, NULL, 10) : 0;
    time_t end = time(NULL) + SECONDS;
    for (; wanted != 0 ? tally.queries < wanted : done < count && (rounds != NULL || time(NULL) < end); done++) {
        tally.order = orders != NULL ? SHOP_NO_ORDER + (unsigned)((first + done) % SHOP_ORDERS) : SHOP_ANY_ORDER;
        assert_true(run_round(first + done, &tally));
    }
    printf("seeds %llu to %llu: ", (unsigned long long)first, (unsigned long long)(first + done - 1));
    print_tally(&tally);
    assert_true(tally.hits > 0);
}

static void what_a_query_may_not_be_is_told(void **state)
{
    (void)state;
    static const char *const schema =
        "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
        "\"brand\":{\"type\":\"keyword\",\"search_weight\":1,\"positions\":false}}}";
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
    assert_true(pair_search(&pair, "\"red shoe\"~63", 0, 10, true, NULL));
    assert_true(pair_search(&pair, "\"red shoe\"~64", 0, 10, true, NULL));
    assert_true(pair_search(&pair, "brand:\"red shoe\"", 0, 10, true, NULL));
    assert_true(pair_search(&pair, "shoe -brand:\"red shoe\"", 0, 10, true, NULL));
    assert_true(pair_search(&pair, "brand:\"red\"", 0, 10, true, NULL));
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
