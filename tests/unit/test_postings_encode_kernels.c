/*
 * test_postings_encode_kernels.c - every kernel of writing against its plain twin, and the plain ones against the
 * obvious loop.
 */
#include "postings/encode_kernels.h"

#include "postings/bitpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ROUNDS 300u

static uint64_t seed = 20261127;

static uint32_t draw(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 32);
}

/* All kernel sets of this machine; the second is NULL without AVX2. */
static const struct encode_kernels *kernel_set(unsigned i)
{
    return i == 0 ? &encode_kernels_plain : encode_kernels_avx2();
}

/* Numbers just below, at and above powers of two, which rounding would count wrongly; and others of few bits. */
static uint32_t draw_gap(uint32_t round)
{
    uint32_t bits = draw() % (1 + round % 31);
    uint32_t power = UINT32_C(1) << bits;
    switch (draw() % 4) {
    case 0:
        return power - 1;
    case 1:
        return power;
    case 2:
        return power + (draw() & 1);
    default:
        return draw() % power;
    }
}

static void draw_gaps(uint32_t gaps[POSTINGS_BLOCK], uint32_t round)
{
    for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
        gaps[i] = round == 0 ? 0 : round == 1 ? INT32_MAX : draw_gap(round);
    }
}

static void bits_are_counted_from_none_to_31(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t gaps[POSTINGS_BLOCK];
        uint32_t count = ENCODE_GROUP * (1 + round % (POSTINGS_BLOCK / ENCODE_GROUP));
        draw_gaps(gaps, round);
        for (unsigned set = 0; set < 2 && kernel_set(set) != NULL; set++) {
            uint32_t above[ENCODE_BITS_END];
            kernel_set(set)->count_bits(gaps, count, above);
            for (uint32_t bits = 0; bits < ENCODE_BITS_END; bits++) {
                uint32_t expected = 0;
                for (uint32_t i = 0; i < count; i++) {
                    expected += gaps[i] >= UINT64_C(1) << bits;
                }
                assert_int_equal(above[bits], expected);
            }
        }
    }
}

static void gaps_at_a_limit_are_marked(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t gaps[POSTINGS_BLOCK];
        uint32_t limit = UINT32_C(1) << round % 32;
        uint32_t count = ENCODE_GROUP * (1 + round % (POSTINGS_BLOCK / ENCODE_GROUP));
        draw_gaps(gaps, round);
        for (unsigned set = 0; set < 2 && kernel_set(set) != NULL; set++) {
            uint64_t mask[ENCODE_MASK_WORDS];
            memset(mask, 0xa5, sizeof mask);
            kernel_set(set)->mark_reached(gaps, count, limit, mask);
            for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
                assert_int_equal(mask[i / 64] >> (i % 64) & 1, i < count && gaps[i] >= limit);
            }
        }
    }
}

static void classes_are_counted_and_ranked(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint8_t codes[POSTINGS_BLOCK];
        uint8_t ranks[POSTINGS_CLASSES];
        uint32_t expected[POSTINGS_CLASSES] = {0};
        for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
            codes[i] = (uint8_t)(round == 0 ? 0xff : draw() % (1 + round % 256));
            expected[codes[i] >> POSTINGS_LENGTH_BITS]++;
        }
        for (uint32_t i = 0; i < POSTINGS_CLASSES; i++) {
            ranks[i] = (uint8_t)(draw() % POSTINGS_CLASSES);
        }
        for (unsigned set = 0; set < 2 && kernel_set(set) != NULL; set++) {
            uint32_t counts[POSTINGS_CLASSES];
            uint8_t ranked[POSTINGS_BLOCK];
            kernel_set(set)->count_classes(codes, counts);
            assert_memory_equal(counts, expected, sizeof counts);
            kernel_set(set)->rank_classes(codes, ranks, ranked);
            for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
                assert_int_equal(ranked[i], ranks[codes[i] >> POSTINGS_LENGTH_BITS]);
            }
        }
    }
}

static void planes_have_the_bits_of_values_and_end_there(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t planes = 1 + round % POSTINGS_LENGTH_PLANES_MAX;
        uint8_t values[POSTINGS_BLOCK];
        for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
            values[i] = (uint8_t)(draw() & ((1u << planes) - 1));
        }
        for (unsigned set = 0; set < 2 && kernel_set(set) != NULL; set++) {
            uint8_t out[POSTINGS_LENGTH_PLANES_MAX * POSTINGS_BLOCK / 8 + 1];
            out[planes * POSTINGS_BLOCK / 8] = 0xa5;
            kernel_set(set)->put_planes(values, planes, out);
            assert_int_equal(out[planes * POSTINGS_BLOCK / 8], 0xa5);
            for (uint32_t i = 0; i < planes * POSTINGS_BLOCK; i++) {
                uint32_t plane = i / POSTINGS_BLOCK;
                uint32_t value = i % POSTINGS_BLOCK;
                assert_int_equal(out[i / 8] >> (i % 8) & 1, values[value] >> plane & 1);
            }
        }
    }
}

static void blocks_are_packed_alike_at_every_width(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t width = round % 32;
        uint32_t values[POSTINGS_BLOCK];
        uint8_t expected[POSTINGS_PACKED_BYTES_MAX + 1];
        size_t size = postings_packed_bytes(POSTINGS_BLOCK, width);
        for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
            values[i] = round < 32 ? (UINT32_C(1) << width) - 1 : draw() & ((UINT32_C(1) << width) - 1);
        }
        bitpack_pack(values, width, expected);
        expected[size] = 0xa5;
        for (unsigned set = 0; set < 2 && kernel_set(set) != NULL; set++) {
            uint8_t packed[POSTINGS_PACKED_BYTES_MAX + 1];
            packed[size] = 0xa5;
            kernel_set(set)->pack(values, width, packed);
            assert_memory_equal(packed, expected, size + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_counted_from_none_to_31),
        cmocka_unit_test(gaps_at_a_limit_are_marked),
        cmocka_unit_test(classes_are_counted_and_ranked),
        cmocka_unit_test(planes_have_the_bits_of_values_and_end_there),
        cmocka_unit_test(blocks_are_packed_alike_at_every_width),
    };
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
