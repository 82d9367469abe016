/*
 * rounds.c - batches of random changes to a pair of catalogs.
 */
#include "oracle/rounds.h"

#include "oracle/field_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 500u
#define SECONDS 3
#define LARGE_PRODUCTS 9000u

static bool change(struct pair *pair, struct shop *shop, bool *touched, char *text)
{
    char id[32];
    uint32_t number = shop_id(shop, id, sizeof id);
    uint32_t draw = shop_random(shop, 100);
    bool same;
    if (draw < 65) {
        shop_product(shop, id, text);
        same = pair_put_flat(pair, text, shop->flat);
    } else if (draw < 88) {
        shop_patch(shop, shop_chance(shop, 50), !touched[number], text);
        same = pair_patch_flat(pair, id, text, shop->flat);
    } else {
        same = pair_delete(pair, id);
    }
    touched[number] = true;
    return same;
}

static bool batches(const struct rounds *rounds, struct pair *pair, struct shop *shop, char *text)
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
        for (unsigned i = 0; i < rounds->looks; i++) {
            if (!rounds->compare(pair, shop, rounds->tally)) {
                return false;
            }
        }
    }
    return true;
}

bool rounds_run(const struct rounds *rounds, uint64_t seed)
{
    struct shop shop;
    struct pair pair = {.catalog = NULL};
    char path[64];
    char *text = malloc(SHOP_TEXT_BYTES);
    snprintf(path, sizeof path, "oracle.%ld.%s", (long)getpid(), rounds->name);
    shop_init(&shop, seed, SHOP_ANY_ORDER);
    shop.ids = rounds->ids_max != 0 && shop.ids > rounds->ids_max ? rounds->ids_max : shop.ids;
    bool same = text != NULL && pair_open(&pair, path, shop.schema, shop_random(&shop, 3) == 0 ? 4 : 1) &&
                batches(rounds, &pair, &shop, text) && pair_check(&pair);
    if (!same) {
        fprintf(stderr, "seed %llu, schema %s\n", (unsigned long long)seed, shop.schema);
    }
    pair_close(&pair);
    field_forget();
    free(text);
    return same;
}

bool rounds_run_large(const struct rounds *rounds, uint64_t seed)
{
    struct shop shop;
    struct pair pair = {.catalog = NULL};
    char path[64];
    char *text = malloc(SHOP_TEXT_BYTES);
    snprintf(path, sizeof path, "oracle.%ld.%s.large", (long)getpid(), rounds->name);
    shop_init(&shop, seed, SHOP_ANY_ORDER);
    bool same = text != NULL && pair_open(&pair, path, shop.schema, 1);
    for (uint32_t i = 0; i < LARGE_PRODUCTS && same; i++) {
        char id[32];
        snprintf(id, sizeof id, "L%u", i);
        shop_product(&shop, id, text);
        same = pair_put_flat(&pair, text, shop.flat);
    }
    same = same && pair_commit(&pair, true);
    for (uint32_t i = 0; i < LARGE_PRODUCTS / 20 && same; i++) {
        char id[32];
        snprintf(id, sizeof id, "L%u", i * 7);
        shop_patch(&shop, true, true, text);
        same = i % 2 == 0 ? pair_patch_flat(&pair, id, text, shop.flat) : pair_delete(&pair, id);
    }
    same = same && pair_commit(&pair, false);
    for (unsigned i = 0; i < rounds->looks && same; i++) {
        same = rounds->compare(&pair, &shop, rounds->tally);
    }
    if (!same) {
        fprintf(stderr, "seed %llu, schema %s\n", (unsigned long long)seed, shop.schema);
    }
    pair_close(&pair);
    field_forget();
    free(text);
    return same;
}

bool rounds_campaign(const struct rounds *rounds)
{
    const char *seed = getenv("AISLE_ORACLE_SEED"), *count = getenv("AISLE_ORACLE_ROUNDS");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    uint64_t most = count != NULL ? strtoull(count, NULL, 10) : seed != NULL ? 1 : ROUNDS;
    uint64_t done = 0;
    bool same = true;
    time_t end = time(NULL) + SECONDS;
    for (; done < most && same && (count != NULL || time(NULL) < end); done++) {
        same = rounds_run(rounds, first + done);
    }
    printf("seeds %llu to %llu: ", (unsigned long long)first, (unsigned long long)(first + done - 1));
    return same;
}
