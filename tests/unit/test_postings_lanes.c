/*
 * test_postings_lanes.c - every kernel over bitsets, at every level the machine has, against the obvious loop.
 */
#include "postings/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t seed = 20240711;

static uint32_t draw(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 32);
}

#define BITS_MAX (POSTINGS_BITSET_WORDS_MAX * 64)

/* One bit in about every; exactly as large as words says, so that a sanitizer sees a read behind. */
static uint8_t *draw_bits(uint32_t words, uint32_t every)
{
    uint8_t *bits = test_malloc(words * sizeof(uint64_t));
    memset(bits, 0, words * sizeof(uint64_t));
    for (uint32_t i = 0; i < words * 64; i++) {
        bits[i / 8] = (uint8_t)(bits[i / 8] | (draw() % every == 0) << (i % 8));
    }
    return bits;
}

static bool is_set(const uint8_t *bits, uint32_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

static void expand_gives_the_numbers_of_set_bits(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 600; round++) {
        uint32_t words = 1 + draw() % POSTINGS_BITSET_WORDS_MAX;
        uint8_t *bits = draw_bits(words, 1 + draw() % 20);
        uint32_t expected[BITS_MAX];
        uint32_t count = 0;
        for (uint32_t i = 0; i < words * 64; i++) {
            expected[count] = 1000 + i;
            count += is_set(bits, i);
        }
        for (int level = 0; level < LANES_LEVELS; level++) {
            const struct postings_lanes *lanes = lanes_of_level((enum lanes_level)level);
            uint32_t limit = round % 2 == 0 ? count : draw() % (count + 1);
            uint32_t *out = test_malloc((limit + POSTINGS_SLACK) * sizeof *out);
            if (lanes != NULL) {
                uint32_t found = lanes->expand(bits, words, 1000, limit, out);
                assert_true(limit == count ? found == count : found > limit);
                assert_true(limit != count || memcmp(out, expected, count * sizeof *out) == 0);
            }
            test_free(out);
        }
        test_free(bits);
    }
}

static void rank_counts_the_bits_before_each_number(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 400; round++) {
        uint32_t words = 1 + draw() % POSTINGS_BITSET_WORDS_MAX;
        uint8_t *bits = draw_bits(words, 1 + draw() % 20);
        uint32_t numbers[200];
        uint32_t count = draw() % 200;
        for (uint32_t i = 0; i < count; i++) {
            numbers[i] = 900 + draw() % (words * 64 + 300); /* in front of the set and behind it, too */
        }
        for (int level = 0; level < LANES_LEVELS; level++) {
            const struct postings_lanes *lanes = lanes_of_level((enum lanes_level)level);
            uint32_t ranks[200];
            if (lanes != NULL) {
                lanes->rank(bits, words, 1000, 70, numbers, count, ranks);
            }
            for (uint32_t i = 0; i < count && lanes != NULL; i++) {
                uint32_t at = numbers[i] - 1000;
                uint32_t before = 0;
                for (uint32_t k = 0; at < words * 64 && k < at; k++) {
                    before += is_set(bits, k);
                }
                assert_int_equal(ranks[i], at < words * 64 && is_set(bits, at) ? 70 + before : UINT32_MAX);
            }
        }
        test_free(bits);
    }
}

/* Both kinds of sums over [start, end) of bits. */
static void check_sums(const uint8_t *bits, uint32_t start, uint32_t end)
{
    int32_t parts[BITS_MAX + POSTINGS_SLACK];
    uint32_t width = end - start;
    int32_t *scores = test_malloc(width * sizeof *scores + 1);
    for (uint32_t i = 0; i < BITS_MAX + POSTINGS_SLACK; i++) {
        parts[i] = (int32_t)draw() / 2;
    }
    for (int level = 0; level < LANES_LEVELS; level++) {
        const struct postings_lanes *lanes = lanes_of_level((enum lanes_level)level);
        for (int equal = 0; equal < 2 && lanes != NULL; equal++) {
            const int32_t *part = parts;
            for (uint32_t i = 0; i < width; i++) {
                scores[i] = (int32_t)i;
            }
            if (equal) {
                lanes->add_equal(bits, start, end, parts[0], scores);
            } else {
                lanes->add(bits, start, end, parts, scores);
            }
            for (uint32_t i = 0; i < width; i++) {
                bool set = is_set(bits, start + i);
                assert_int_equal(scores[i], (int32_t)i + (set ? *part : 0));
                part += set && !equal;
            }
        }
    }
    test_free(scores);
}

static void sums_take_a_part_for_each_set_bit(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 600; round++) {
        uint32_t words = 1 + draw() % (round % 2 == 0 ? 4 : POSTINGS_BITSET_WORDS_MAX);
        uint8_t *bits = draw_bits(words, 1 + draw() % 20);
        uint32_t start = draw() % (words * 64);
        uint32_t end = start + draw() % (words * 64 - start + 1);
        check_sums(bits, start, end);
        check_sums(bits, 0, words * 64);
        test_free(bits);
    }
}

static void price_looks_up_every_code(void **state)
{
    (void)state;
    int32_t table[256];
    for (int i = 0; i < 256; i++) {
        table[i] = (int32_t)draw();
    }
    for (uint32_t count = 0; count <= POSTINGS_BLOCK; count++) {
        uint8_t *codes = test_malloc(count + POSTINGS_SLACK);
        int32_t *parts = test_malloc((count + POSTINGS_SLACK) * sizeof *parts);
        for (uint32_t i = 0; i < count + POSTINGS_SLACK; i++) {
            codes[i] = (uint8_t)draw();
        }
        for (int level = 0; level < LANES_LEVELS; level++) {
            const struct postings_lanes *lanes = lanes_of_level((enum lanes_level)level);
            memset(parts, 0x55, (count + POSTINGS_SLACK) * sizeof *parts);
            if (lanes != NULL) {
                lanes->price(codes, count, table, parts);
            }
            for (uint32_t i = 0; i < count && lanes != NULL; i++) {
                assert_int_equal(parts[i], table[codes[i]]);
            }
        }
        test_free(codes);
        test_free(parts);
    }
}

static void pack_sets_a_bit_for_each_mark(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        uint32_t words = 1 + draw() % 22;
        uint32_t every = 1 + draw() % 9;
        uint8_t *marks = test_malloc(words * 64);
        uint64_t *bits = test_malloc(words * sizeof *bits);
        for (uint32_t i = 0; i < words * 64; i++) {
            marks[i] = draw() % every == 0 ? UINT8_MAX : 0;
        }
        for (int level = 0; level < LANES_LEVELS; level++) {
            const struct postings_lanes *lanes = lanes_of_level((enum lanes_level)level);
            memset(bits, 0, words * sizeof *bits);
            bits[0] = round % 2;
            if (lanes != NULL) {
                lanes->pack(marks, words, bits);
            }
            for (uint32_t i = 0; i < words * 64 && lanes != NULL; i++) {
                bool stays = i == 0 && round % 2 != 0;
                assert_int_equal(bits[i / 64] >> (i % 64) & 1, stays || marks[i] != 0);
            }
        }
        test_free(marks);
        test_free(bits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expand_gives_the_numbers_of_set_bits),
        cmocka_unit_test(rank_counts_the_bits_before_each_number),
        cmocka_unit_test(price_looks_up_every_code),
        cmocka_unit_test(pack_sets_a_bit_for_each_mark),
        cmocka_unit_test(sums_take_a_part_for_each_set_bit),
    };
    printf("seed %llu; AVX2 %s, AVX-512 %s\n", (unsigned long long)seed, lanes_avx2() == NULL ? "absent" : "tested",
           lanes_avx512() == NULL ? "absent" : "tested");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
