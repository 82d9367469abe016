/*
 * test_query_select.c - limits of codes and the kernels that use them: both twins, and each code's own bound.
 */
#include "query/select.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static uint64_t random_state = 7;

static uint32_t draw(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % limit);
}

static void fill_table(struct rank_table *table, bool single)
{
    struct rank_weights weights = {.first = 100, .single = single};
    struct rank_statistics statistics = {.products = 1000, .length_sum = 40000};
    rank_table_init(table, &weights, &statistics, 1 + draw(999));
}

static void codes_below_their_limits_are_those_worth_enough(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        struct rank_table table;
        uint8_t limits[SELECT_CLASSES];
        fill_table(&table, round % 2 == 0);
        int32_t least = round % 10 == 0 ? (int32_t)draw(3) - 1 : table.bound[draw(256)] + (int32_t)draw(3) - 1;
        select_limits(&table, least, limits);
        for (unsigned code = 0; code < 256; code++) {
            bool below = (code & RANK_LENGTH_MASK) < limits[code >> RANK_CLASS_SHIFT];
            assert_int_equal(below, table.bound[code] >= least);
        }
    }
}

static void both_kernels_select_the_same_codes(void **state)
{
    (void)state;
    const struct select_kernels *fast = select_kernels();
    uint8_t codes[300];
    for (unsigned round = 0; round < 2000; round++) {
        uint64_t bits[2][5];
        uint8_t limits[SELECT_CLASSES];
        size_t count = 1 + draw(sizeof codes);
        for (size_t i = 0; i < sizeof codes; i++) {
            codes[i] = (uint8_t)draw(256);
        }
        for (size_t i = 0; i < SELECT_CLASSES; i++) {
            limits[i] = (uint8_t)draw(RANK_LENGTH_MASK + 2);
        }
        select_plain.codes(codes, count, limits, bits[0]);
        fast->codes(codes, count, limits, bits[1]);
        assert_memory_equal(bits[0], bits[1], (count + 63) / 64 * sizeof bits[0][0]);
        for (size_t i = 0; i < count; i++) {
            bool wanted = (codes[i] & RANK_LENGTH_MASK) < limits[codes[i] >> RANK_CLASS_SHIFT];
            assert_int_equal(bits[0][i / 64] >> (i % 64) & 1, wanted);
        }
    }
}

static void both_kernels_select_the_same_sums(void **state)
{
    (void)state;
    const struct select_kernels *fast = select_kernels();
    int32_t sums[64];
    for (unsigned round = 0; round < 2000; round++) {
        for (size_t i = 0; i < 64; i++) {
            sums[i] = (int32_t)draw(100);
        }
        int32_t least = round % 5 == 0 ? -(int32_t)draw(1u << 30) : (int32_t)draw(101);
        uint64_t bits = fast->sums(sums, least);
        assert_true(bits == select_plain.sums(sums, least));
        for (size_t i = 0; i < 64; i++) {
            assert_int_equal(bits >> i & 1, sums[i] >= least);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_below_their_limits_are_those_worth_enough),
        cmocka_unit_test(both_kernels_select_the_same_codes),
        cmocka_unit_test(both_kernels_select_the_same_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
