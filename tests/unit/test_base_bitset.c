/*
 * test_base_bitset.c - counting and ranks against bit by bit, from aligned and odd addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bitset.h"

#define WORDS 40u

/* Seed 3. */
static void counts_and_ranks_are_those_of_single_bits(void **state)
{
    (void)state;
    uint8_t bytes[WORDS * 8 + 8];
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        bytes[i] = (uint8_t)(seed >> 33 & seed >> 41);
    }
    for (size_t shift = 0; shift < 8; shift++) {
        const uint8_t *words = bytes + shift;
        size_t seen = 0;
        for (size_t i = 0; i < (size_t)WORDS * 64; i++) {
            assert_int_equal(bitset_rank(words, i), seen);
            if (i % 64 == 0) {
                assert_int_equal(bitset_count(words, i / 64), seen);
            }
            seen += words[i / 8] >> (i % 8) & 1;
        }
        assert_int_equal(bitset_count(words, WORDS), seen);
    }
}

static void rank_of_a_whole_set_reads_nothing_behind_it(void **state)
{
    (void)state;
    uint8_t *words = malloc(16);
    assert_non_null(words);
    for (size_t i = 0; i < 16; i++) {
        words[i] = 0xff;
    }
    assert_int_equal(bitset_rank(words, 128), 128);
    assert_int_equal(bitset_count(words, 0), 0);
    free(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_ranks_are_those_of_single_bits),
        cmocka_unit_test(rank_of_a_whole_set_reads_nothing_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
