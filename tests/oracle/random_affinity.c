/*
 * random_affinity.c - conditions on one value each, with a weight.
 */
#include "oracle/random_affinity.h"

#include "base/utf8.h"

#include <string.h>

#define UNITS INT64_C(262144) /* of a score: 2^18 */

static struct {
    struct random_filter *conditions[RANDOM_AFFINITIES_MAX];
    int64_t units[RANDOM_AFFINITIES_MAX];
    char texts[RANDOM_AFFINITIES_MAX][FILTER_TEXT_BYTES];
    const char *views[RANDOM_AFFINITIES_MAX];
    size_t count;
} now;

void random_affinities_release(void)
{
    for (size_t i = 0; i < now.count; i++) {
        random_filter_free(now.conditions[i]);
    }
    now.count = 0;
}

/* Small ones, equal ones and such that nothing else counts. */
static uint32_t draw_weight(struct shop *shop)
{
    static const uint32_t most[] = {30, 200, 1000};
    return shop_chance(shop, 20) ? 50 : 1 + shop_random(shop, most[shop_random(shop, 3)]);
}

void random_affinities_draw(struct shop *shop, uint32_t most)
{
    uint32_t wanted = shop_random(shop, most + 1);
    random_affinities_release();
    for (uint32_t i = 0; i < wanted; i++) {
        char *text = now.texts[now.count];
        uint32_t hundredths = draw_weight(shop);
        struct random_filter *condition = random_filter_value_new(shop, text);
        if (!utf8_valid(bytes_of(text, strlen(text)), NULL)) { /* a value that was cut */
            random_filter_free(condition);
            continue;
        }
        shop_append(text, FILTER_TEXT_BYTES, "=%u.%02u", hundredths / 100, hundredths % 100);
        now.units[now.count] = hundredths * UNITS / 100;
        now.conditions[now.count] = condition;
        now.views[now.count++] = text;
    }
}

const char *const *random_affinities_texts(size_t *count)
{
    *count = now.count;
    return now.views;
}

double random_affinities_of(struct oracle *oracle, const char *id)
{
    int64_t units = 0;
    for (size_t i = 0; i < now.count; i++) {
        units += random_filter_keeps(now.conditions[i], oracle, id) ? now.units[i] : 0;
    }
    return (double)units / (double)UNITS;
}
