/*
 * test_rank_signal.c - shares of signals against values worked out by hand, monotony, and bounds that bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rank/signal.h"
#include "schema/product.h"

#define NOW INT64_C(1700000000000)
#define DAY INT64_C(86400000)

/* The rule of one signal over fields i (integer), d (decimal of 2 places), x (double), b (bool), t (date), weight 1. */
static struct signal_rule rule_of(const char *signal)
{
    static const char *const fields = "\"title\":{\"type\":\"text\"},\"i\":{\"type\":\"integer\"},"
                                      "\"d\":{\"type\":\"decimal\",\"scale\":2},\"x\":{\"type\":\"double\"},"
                                      "\"b\":{\"type\":\"bool\"},\"t\":{\"type\":\"date\"}";
    char json[1024];
    struct schema *schema = NULL;
    struct signal_rules rules;
    snprintf(json, sizeof json, "{\"version\":1,\"id\":\"id\",\"fields\":{%s},\"signals\":[{%s,\"weight\":1}]}", fields,
             signal);
    assert_int_equal(schema_parse(bytes_of_string(json), &schema, NULL), 0);
    signal_rules_init(&rules, schema, NULL, NOW);
    assert_int_equal(rules.count, 1);
    assert_int_equal(rules.max, 1 << 18);
    schema_free(schema);
    return rules.rules[0];
}

/* The share that a part of weight 1 came from, as near as a part tells: it is four times the share. */
static int32_t share(const struct signal_rule *rule, int64_t value, int64_t count)
{
    return signal_part(rule, value, count) / 4;
}

static void popularity_is_a_logarithm_up_to_a_million(void **state)
{
    (void)state;
    struct signal_rule rule = rule_of("\"kind\":\"popularity\",\"field\":\"i\"");
    assert_int_equal(share(&rule, COLUMN_MISSING, COLUMN_MISSING), 0);
    assert_int_equal(share(&rule, -5, COLUMN_MISSING), 0);
    assert_int_equal(share(&rule, 0, COLUMN_MISSING), 0);
    assert_int_equal(share(&rule, 1, COLUMN_MISSING), 65536 / 20);
    assert_int_equal(share(&rule, 2, COLUMN_MISSING), (65536 + 32768) / 20);
    assert_int_equal(share(&rule, 1023, COLUMN_MISSING), 32768);
    assert_int_equal(share(&rule, (1 << 20) - 1, COLUMN_MISSING), 65536);
    assert_int_equal(share(&rule, 1 << 20, COLUMN_MISSING), 65536);
    assert_int_equal(share(&rule, INT64_MAX, COLUMN_MISSING), 65536);
}

static void popularity_knows_halves_and_cents(void **state)
{
    (void)state;
    struct signal_rule decimal = rule_of("\"kind\":\"popularity\",\"field\":\"d\"");
    struct signal_rule real = rule_of("\"kind\":\"popularity\",\"field\":\"x\"");
    assert_int_equal(share(&decimal, 50, COLUMN_MISSING), 32768 / 20);
    assert_int_equal(share(&decimal, 100, COLUMN_MISSING), 65536 / 20);
    assert_int_equal(share(&decimal, INT64_MAX, COLUMN_MISSING), 65536);
    assert_int_equal(share(&real, product_number_of_double(0.5), COLUMN_MISSING), 32768 / 20);
    assert_int_equal(share(&real, product_number_of_double(-7), COLUMN_MISSING), 0);
    assert_int_equal(share(&real, product_number_of_double(1e300), COLUMN_MISSING), 65536);
    assert_int_equal(share(&real, INT64_MAX, COLUMN_MISSING), 0); /* not a number: damage, yet defined */
}

static void rating_is_drawn_to_the_prior_by_few_ratings(void **state)
{
    (void)state;
    struct signal_rule rule = rule_of("\"kind\":\"rating\",\"field\":\"x\",\"count\":\"i\"");
    int64_t five = product_number_of_double(5);
    assert_int_equal(share(&rule, COLUMN_MISSING, 100), 39321);
    assert_int_equal(share(&rule, five, COLUMN_MISSING), 39321);
    assert_int_equal(share(&rule, five, 0), 39321);
    assert_int_equal(share(&rule, five, 10), 4 * 65536 / 5);
    assert_int_equal(share(&rule, five, 1 << 20), 65535);
    assert_int_equal(share(&rule, 0, 10), 65536 * 3 / 2 / 5);
    assert_true(share(&rule, product_number_of_double(4.5), 200) > share(&rule, five, 5));
}

static void rating_without_a_count_is_taken_as_it_is(void **state)
{
    (void)state;
    struct signal_rule rule = rule_of("\"kind\":\"rating\",\"field\":\"d\"");
    assert_int_equal(share(&rule, COLUMN_MISSING, COLUMN_MISSING), 39321);
    assert_int_equal(share(&rule, 450, COLUMN_MISSING), 58982);
    assert_int_equal(share(&rule, 500, COLUMN_MISSING), 65536);
    assert_int_equal(share(&rule, 9900, COLUMN_MISSING), 65536);
    assert_int_equal(share(&rule, -1, COLUMN_MISSING), 0);
}

static void recency_halves_with_every_half_life(void **state)
{
    (void)state;
    struct signal_rule rule = rule_of("\"kind\":\"recency\",\"field\":\"t\",\"half_life\":\"90d\"");
    assert_int_equal(share(&rule, COLUMN_MISSING, COLUMN_MISSING), 0);
    assert_int_equal(share(&rule, NOW, COLUMN_MISSING), 65536);
    assert_int_equal(share(&rule, NOW + DAY, COLUMN_MISSING), 65536);
    assert_int_equal(share(&rule, INT64_MAX, COLUMN_MISSING), 65536);
    /* The rate is rounded down, so that what is a half life old counts as a moment younger. */
    assert_in_range(share(&rule, NOW - 90 * DAY, COLUMN_MISSING), 32768, 32768 + 32);
    assert_in_range(share(&rule, NOW - 180 * DAY, COLUMN_MISSING), 16384, 16384 + 16);
    assert_in_range(share(&rule, NOW - 45 * DAY, COLUMN_MISSING), 49152, 49152 + 32);
    assert_int_equal(share(&rule, NOW - 90 * 20 * DAY, COLUMN_MISSING), 0);
    assert_int_equal(share(&rule, INT64_MIN + 1, COLUMN_MISSING), 0);
}

static void stock_is_all_or_nothing(void **state)
{
    (void)state;
    struct signal_rule truth = rule_of("\"kind\":\"stock\",\"field\":\"b\"");
    struct signal_rule number = rule_of("\"kind\":\"stock\",\"field\":\"i\"");
    assert_int_equal(share(&truth, COLUMN_MISSING, COLUMN_MISSING), 0);
    assert_int_equal(share(&truth, 0, COLUMN_MISSING), 0);
    assert_int_equal(share(&truth, 1, COLUMN_MISSING), 65536);
    assert_int_equal(share(&number, 17, COLUMN_MISSING), 65536);
    assert_int_equal(share(&number, -1, COLUMN_MISSING), 0);
}

static void weights_scale_parts_and_zero_leaves_a_signal_out(void **state)
{
    (void)state;
    struct schema *schema = NULL;
    struct signal_rules rules;
    uint32_t weights[LIMIT_SIGNALS] = {0, SIGNAL_WEIGHT_MAX};
    const char *json = "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
                       "\"b\":{\"type\":\"bool\"}},\"signals\":[{\"kind\":\"stock\",\"field\":\"b\",\"weight\":0.5},"
                       "{\"kind\":\"stock\",\"field\":\"b\",\"weight\":0.01}]}";
    assert_int_equal(schema_parse(bytes_of_string(json), &schema, NULL), 0);
    signal_rules_init(&rules, schema, NULL, NOW);
    assert_int_equal(rules.count, 2);
    assert_int_equal(signal_part(&rules.rules[0], 1, COLUMN_MISSING), 1 << 17);
    assert_int_equal(signal_part(&rules.rules[1], 1, COLUMN_MISSING), 65536 / 25);
    signal_rules_init(&rules, schema, weights, NOW);
    assert_int_equal(rules.count, 1);
    assert_int_equal(signal_part(&rules.rules[0], 1, COLUMN_MISSING), 100 << 18);
    assert_int_equal(rules.max, 100 << 18);
    schema_free(schema);
}

/* ---- random values of each rule ---- */

static uint64_t seed = 7;

static uint64_t draw(uint64_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 20) % limit;
}

static int64_t random_value(enum field_type type)
{
    if (draw(8) == 0) {
        return COLUMN_MISSING;
    }
    switch (type) {
    case FIELD_DOUBLE:
        return product_number_of_double((double)draw(7000) / 1000 - 1);
    case FIELD_DECIMAL:
        return (int64_t)draw(700) - 100;
    case FIELD_BOOL:
        return (int64_t)draw(2);
    case FIELD_DATE:
        return NOW + DAY - (int64_t)draw(1 << 30) * (1 + (int64_t)draw(100));
    default:
        return (int64_t)(draw(UINT64_C(1) << draw(24)));
    }
}

static void extend(struct signal_range *range, int64_t value)
{
    if (value == COLUMN_MISSING) {
        range->has_missing = true;
        return;
    }
    range->min = range->max == COLUMN_MISSING || value < range->min ? value : range->min;
    range->max = range->max == COLUMN_MISSING || value > range->max ? value : range->max;
}

static const char *const signals[] = {
    "\"kind\":\"popularity\",\"field\":\"i\"",
    "\"kind\":\"popularity\",\"field\":\"d\"",
    "\"kind\":\"popularity\",\"field\":\"x\"",
    "\"kind\":\"rating\",\"field\":\"x\",\"count\":\"i\"",
    "\"kind\":\"rating\",\"field\":\"d\",\"count\":\"i\"",
    "\"kind\":\"rating\",\"field\":\"i\"",
    "\"kind\":\"recency\",\"field\":\"t\",\"half_life\":\"1s\"",
    "\"kind\":\"recency\",\"field\":\"t\",\"half_life\":\"36500d\"",
    "\"kind\":\"stock\",\"field\":\"b\"",
    "\"kind\":\"stock\",\"field\":\"i\"",
};

static void bounds_hold_and_runs_equal_single_products(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof signals / sizeof signals[0]; s++) {
        struct signal_rule rule = rule_of(signals[s]);
        for (int round = 0; round < 2000; round++) {
            struct signal_range value_range = {COLUMN_MISSING, COLUMN_MISSING, false};
            struct signal_range count_range = {COLUMN_MISSING, COLUMN_MISSING, false};
            int64_t values[20], counts[20];
            int32_t parts[20] = {0};
            uint32_t n = 1 + (uint32_t)draw(20); /* eight at once, and the rest */
            for (uint32_t i = 0; i < n; i++) {
                values[i] = random_value(rule.type);
                counts[i] = random_value(FIELD_INTEGER);
                extend(&value_range, values[i]);
                extend(&count_range, counts[i]);
            }
            int32_t bound = signal_bound(&rule, &value_range, &count_range);
            signal_parts_add(&rule, values, rule.count_field == SCHEMA_NO_FIELD ? NULL : counts, n, parts);
            for (uint32_t i = 0; i < n; i++) {
                assert_int_equal(parts[i], signal_part(&rule, values[i], counts[i]));
                assert_in_range(parts[i], 0, bound);
            }
        }
    }
}

static void no_part_rises_by_more_than_is_told(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof signals / sizeof *signals; s++) {
        struct signal_rule rule = rule_of(signals[s]);
        bool counts = rule.count_field != SCHEMA_NO_FIELD;
        for (int i = 0; i < 200000; i++) {
            rule.weight = 1 + (int32_t)draw(i % 2 == 0 ? 100 : SIGNAL_WEIGHT_MAX);
            int64_t value[2] = {random_value(rule.type), random_value(rule.type)};
            int64_t count[2] = {random_value(FIELD_INTEGER), random_value(FIELD_INTEGER)};
            value[1] = i % 3 == 1 ? value[0] : value[1];
            count[1] = i % 3 == 2 ? count[0] : count[1];
            int32_t rise = signal_rise(&rule, rule.field, value[0], value[1]);
            rise += counts ? signal_rise(&rule, rule.count_field, count[0], count[1]) : 0;
            int32_t more = signal_part(&rule, value[1], count[1]) - signal_part(&rule, value[0], count[0]);
            assert_true(counts ? rise >= more && rise >= 0 : rise == (more < 0 ? 0 : more));
        }
        assert_int_equal(signal_rise(&rule, rule.field, 3, 3), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(popularity_is_a_logarithm_up_to_a_million),
        cmocka_unit_test(popularity_knows_halves_and_cents),
        cmocka_unit_test(rating_is_drawn_to_the_prior_by_few_ratings),
        cmocka_unit_test(rating_without_a_count_is_taken_as_it_is),
        cmocka_unit_test(recency_halves_with_every_half_life),
        cmocka_unit_test(stock_is_all_or_nothing),
        cmocka_unit_test(weights_scale_parts_and_zero_leaves_a_signal_out),
        cmocka_unit_test(bounds_hold_and_runs_equal_single_products),
        cmocka_unit_test(no_part_rises_by_more_than_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
