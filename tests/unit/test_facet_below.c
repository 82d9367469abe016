/*
 * test_facet_below.c - numbers and codes below a bound, four or eight at a time, and places of bits, are
 * those of the plain twins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "facet/facet_private.h"

static uint64_t random_state = 11;

static int64_t draw(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)(random_state ^ random_state >> 29);
}

static void as_many_are_below_as_the_plain_twin_says(void **state)
{
    static const int64_t bounds[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 5, INT64_MAX};
    int64_t values[1100];
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        uint32_t count = (uint32_t)((uint64_t)draw() >> 32) % 1100;
        for (uint32_t i = 0; i < count; i++) {
            values[i] = round % 3 == 0 ? draw() : draw() % 8;
        }
        if (count != 0) {
            values[count / 2] = round % 2 == 0 ? INT64_MAX : INT64_MIN;
        }
        for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
            assert_int_equal(facet_below(values, count, bounds[i]), facet_below_plain(values, count, bounds[i]));
        }
        int64_t bound = draw();
        assert_int_equal(facet_below(values, count, bound), facet_below_plain(values, count, bound));
    }
    values[0] = 4;
    values[1] = 5;
    values[2] = 6;
    assert_int_equal(facet_below(values, 3, 5), 1);
}

static void as_many_codes_are_below_as_the_plain_twin_says(void **state)
{
    uint32_t codes[1100];
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        uint32_t count = (uint32_t)((uint64_t)draw() >> 32) % 1100;
        uint32_t mask = round % 2 == 0 ? 7 : INT32_MAX;
        for (uint32_t i = 0; i < count; i++) {
            codes[i] = (uint32_t)draw() & mask;
        }
        for (uint32_t bound = 0; bound < 9; bound++) {
            assert_int_equal(facet_codes_below(codes, count, bound), facet_codes_below_plain(codes, count, bound));
        }
        uint32_t span[2][2] = {{0}};
        for (uint32_t from = 0; from < 9 && from < count; from++) {
            facet_codes_span(codes + from, count - from, &span[0][0], &span[0][1]);
            facet_codes_span_plain(codes + from, count - from, &span[1][0], &span[1][1]);
            assert_memory_equal(span[0], span[1], sizeof span[0]);
        }
        uint32_t bound = (uint32_t)draw() & INT32_MAX;
        assert_int_equal(facet_codes_below(codes, count, bound), facet_codes_below_plain(codes, count, bound));
    }
    codes[0] = 4;
    codes[1] = 5;
    codes[2] = 6;
    assert_int_equal(facet_codes_below(codes, 3, 5), 1);
}

static void positions_are_those_of_the_plain_twin(void **state)
{
    facet_positions *best = facet_positions_best();
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        uint64_t bits[FACET_PAGE_WORDS];
        uint16_t positions[2][COLUMN_PAGE_DOCUMENTS + FACET_POSITIONS_SLACK];
        for (uint32_t i = 0; i < FACET_PAGE_WORDS; i++) {
            uint64_t few = (uint64_t)draw() & (uint64_t)draw() & (uint64_t)draw();
            bits[i] = round % 4 == 0 ? few : round % 4 == 1 ? ~few : round % 4 == 2 ? (uint64_t)draw() : 0;
            bits[i] = round == 7 ? UINT64_MAX : bits[i];
        }
        uint32_t count = facet_positions_plain(bits, positions[0]);
        assert_int_equal(best(bits, positions[1]), count);
        assert_memory_equal(positions[0], positions[1], count * sizeof positions[0][0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_are_below_as_the_plain_twin_says),
        cmocka_unit_test(positions_are_those_of_the_plain_twin),
        cmocka_unit_test(as_many_codes_are_below_as_the_plain_twin_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
