/*
 * test_base_latency.c - quantiles against sorted values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/latency.h"

#define COUNT 20000u

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Seed 7: values over twelve powers of ten, so that each kind of bucket is used. */
static void quantiles_are_at_most_a_sixty_fourth_too_high(void **state)
{
    (void)state;
    static uint64_t values[COUNT];
    static struct latency latency;
    uint64_t seed = 7;
    uint64_t sum = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        values[i] = (seed >> 24) >> (seed >> 11) % 40;
        latency_add(&latency, values[i]);
        sum += values[i];
    }
    qsort(values, COUNT, sizeof values[0], compare);
    assert_int_equal(latency.count, COUNT);
    assert_int_equal(latency.sum_ns, sum);
    assert_int_equal(latency.max_ns, values[COUNT - 1]);
    assert_int_equal(latency_quantile(&latency, 1), values[COUNT - 1]);
    for (unsigned percent = 1; percent < 100; percent++) {
        uint64_t exact = values[COUNT * percent / 100 - 1];
        uint64_t read = latency_quantile(&latency, percent / 100.0);
        assert_true(read >= exact);
        assert_true(read - exact <= exact / 64);
    }
}

static void merged_histograms_hold_both(void **state)
{
    (void)state;
    static struct latency a;
    static struct latency b;
    for (unsigned i = 1; i <= 50; i++) {
        latency_add(&a, i);
        latency_add(&b, i + 1000000);
    }
    latency_merge(&a, &b);
    assert_int_equal(a.count, 100);
    assert_int_equal(latency_quantile(&a, 0.5), 50);
    assert_int_equal(a.max_ns, 1000050);
    assert_true(latency_quantile(&a, 0.51) > 1000000);
}

/* An hour to a year: what an indexer reads that was away. */
static void long_durations_are_told_apart(void **state)
{
    (void)state;
    static struct latency latency;
    const uint64_t hour = UINT64_C(3600) * 1000000000;
    for (uint64_t i = 1; i <= 8760; i++) {
        latency_add(&latency, i * hour);
    }
    for (uint64_t percent = 10; percent < 100; percent += 10) {
        uint64_t exact = 8760 * percent / 100 * hour;
        uint64_t read = latency_quantile(&latency, (double)percent / 100);
        assert_true(read >= exact);
        assert_true(read - exact <= exact / 64);
    }
}

static void empty_and_huge_are_answered(void **state)
{
    (void)state;
    static struct latency latency;
    assert_int_equal(latency_quantile(&latency, 0.5), 0);
    latency_add(&latency, UINT64_MAX);
    assert_true(latency_quantile(&latency, 0.5) == UINT64_MAX);
    latency_add(&latency, 0);
    assert_int_equal(latency_quantile(&latency, 0.5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_at_most_a_sixty_fourth_too_high),
        cmocka_unit_test(merged_histograms_hold_both),
        cmocka_unit_test(long_durations_are_told_apart),
        cmocka_unit_test(empty_and_huge_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
