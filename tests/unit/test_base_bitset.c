/*
 * test_base_bitset.c - counting, ranks, joined sets and what several have, against bit by bit, from aligned and odd
 * addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bitset.h"

#define WORDS 40u
#define SETS 7u
#define MARKS ((WORDS + BITSET_MARKED - 1) / BITSET_MARKED)

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

static void sets_are_joined_word_by_word_and_counted(void **state)
{
    (void)state;
    size_t (*const joins[])(uint64_t *, const uint64_t *, size_t) = {bitset_and, bitset_or, bitset_and_not};
    uint64_t seed = 4;
    for (size_t count = 0; count <= WORDS; count++) {
        for (size_t join = 0; join < 3; join++) {
            uint64_t *words = malloc(count * sizeof *words + 1); /* nothing behind that may be touched */
            uint64_t *other = malloc(count * sizeof *other + 1);
            uint64_t expected[WORDS];
            assert_true(words != NULL && other != NULL);
            for (size_t i = 0; i < count; i++) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
                words[i] = seed ^ seed >> 29;
                other[i] = seed * 31 ^ seed >> 17;
                expected[i] = join == 0 ? words[i] & other[i] : join == 1 ? words[i] | other[i] : words[i] & ~other[i];
            }
            assert_int_equal(joins[join](words, other, count), bitset_count(expected, count));
            assert_memory_equal(words, expected, count * sizeof *words);
            free(words);
            free(other);
        }
    }
}

/* With every choice of marks, of the first of which there are MARKS. */
static void expect_marked(enum bitset_join join, struct bitset_sets *joined, size_t words)
{
    for (uint64_t marks = 0; marks < UINT64_C(1) << MARKS; marks++) {
        uint64_t mark = words == 0 ? 0 : marks & ((UINT64_C(1) << (words + BITSET_MARKED - 1) / BITSET_MARKED) - 1);
        size_t expected = 0;
        joined->marks = NULL;
        for (size_t from = 0; from < words; from += BITSET_MARKED) {
            const uint64_t *sets[SETS];
            for (size_t i = 0; i < joined->count; i++) {
                sets[i] = joined->sets[i] + from;
            }
            const uint64_t *without = joined->without == NULL ? NULL : joined->without + from;
            const struct bitset_sets part = {sets, joined->count, without, NULL};
            size_t here = words - from < BITSET_MARKED ? words - from : BITSET_MARKED;
            expected += (mark >> from / BITSET_MARKED & 1) != 0 ? bitset_count_joined_plain(join, &part, here) : 0;
        }
        joined->marks = &mark;
        assert_int_equal(bitset_count_joined(join, joined, words), expected);
        assert_int_equal(bitset_count_joined_plain(join, joined, words), expected);
    }
}

static void marks_tell_which_words_hold_anything(void **state)
{
    (void)state;
    for (size_t words = 0; words <= WORDS; words++) {
        for (size_t bit = 0; bit < words * 64; bit += 7) {
            uint64_t set[WORDS] = {0};
            uint64_t marks = UINT64_MAX;
            bitset_set(set, bit);
            bitset_mark(set, words, &marks);
            assert_int_equal(marks, UINT64_C(1) << bit / 64 / BITSET_MARKED);
        }
    }
    assert_int_equal(bitset_mark_words(0), 0);
    assert_int_equal(bitset_mark_words((size_t)BITSET_MARKED * 64), 1);
    assert_int_equal(bitset_mark_words((size_t)BITSET_MARKED * 64 + 1), 2);
}

/* Seed 5. Up to SETS sets of each length, with one to leave out and without, against bit by bit. */
static void several_sets_are_counted_in_one_pass(void **state)
{
    (void)state;
    uint64_t *sets[SETS];
    uint64_t seed = 5;
    for (size_t words = 0; words <= WORDS; words++) {
        for (size_t i = 0; i < SETS; i++) {
            sets[i] = malloc(words * sizeof *sets[i] + 1); /* nothing behind that may be read */
            assert_non_null(sets[i]);
            for (size_t word = 0; word < words; word++) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
                sets[i][word] = (seed ^ seed >> 29) | seed << 7;
            }
        }
        for (size_t count = 1; count < SETS; count++) {
            for (unsigned way = 0; way < 4; way++) {
                enum bitset_join join = way % 2 == 0 ? BITSET_ALL : BITSET_ANY;
                struct bitset_sets joined = {(const uint64_t *const *)sets, count, way < 2 ? NULL : sets[SETS - 1],
                                             NULL};
                size_t expected = 0;
                for (size_t bit = 0; bit < words * 64; bit++) {
                    size_t have = 0;
                    for (size_t i = 0; i < count; i++) {
                        have += bitset_get(sets[i], bit);
                    }
                    bool is_in = join == BITSET_ALL ? have == count : have != 0;
                    expected += is_in && (joined.without == NULL || !bitset_get(joined.without, bit));
                }
                assert_int_equal(bitset_count_joined(join, &joined, words), expected);
                assert_int_equal(bitset_count_joined_plain(join, &joined, words), expected);
                expect_marked(join, &joined, words);
            }
        }
        for (size_t i = 0; i < SETS; i++) {
            free(sets[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_ranks_are_those_of_single_bits),
        cmocka_unit_test(sets_are_joined_word_by_word_and_counted),
        cmocka_unit_test(marks_tell_which_words_hold_anything),
        cmocka_unit_test(several_sets_are_counted_in_one_pass),
        cmocka_unit_test(rank_of_a_whole_set_reads_nothing_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
