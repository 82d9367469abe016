/*
 * test_postings_bitpack.c - every kernel against its plain twin and against the obvious loop, at every width.
 */
#include "postings/bitpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t seed = 20240611;

static uint32_t draw(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 32);
}

static void draw_values(uint32_t *values, uint32_t count, uint32_t width, uint32_t round)
{
    uint64_t limit = UINT64_C(1) << width;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = round == 0 ? (uint32_t)(limit - 1) : (uint32_t)(draw() % limit);
    }
}

/* All kernel sets of this machine; the second is NULL without AVX2. */
static const struct postings_kernels *kernel_set(unsigned i)
{
    return i == 0 ? &bitpack_plain : bitpack_avx2();
}

static void full_blocks_unpack_at_every_width(void **state)
{
    (void)state;
    for (uint32_t width = 0; width <= 32; width++) {
        for (uint32_t round = 0; round < 20; round++) {
            uint32_t values[POSTINGS_BLOCK];
            uint8_t packed[33 * POSTINGS_ROW_BYTES];
            uint32_t before = round % 2 == 0 ? UINT32_MAX : draw();
            draw_values(values, POSTINGS_BLOCK, width, round);
            bitpack_pack(values, width, packed);
            for (unsigned set = 0; set < 2 && kernel_set(set) != NULL; set++) {
                uint32_t out[POSTINGS_BLOCK + 8];
                uint32_t expected = before;
                kernel_set(set)->unpack(packed, width, before, out);
                for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
                    expected += values[i] + 1;
                    assert_int_equal(out[i], expected);
                }
            }
        }
    }
}

static void streams_unpack_at_every_width_and_count(void **state)
{
    (void)state;
    for (uint32_t width = 0; width <= 32; width++) {
        for (uint32_t count = 1; count < POSTINGS_BLOCK; count += 1 + count / 8) {
            uint32_t values[POSTINGS_BLOCK];
            uint32_t out[POSTINGS_BLOCK];
            size_t size = ((size_t)count * width + 7) / 8;
            uint8_t *packed = test_malloc(size + 1); /* exactly sized but for one byte, which stays */
            draw_values(values, count, width, count % 3);
            packed[size] = 0xa5;
            bitpack_pack_stream(values, count, width, packed);
            assert_int_equal(packed[size], 0xa5);
            bitpack_unpack_stream(packed, count, width, 7, out);
            uint32_t expected = 7;
            for (uint32_t i = 0; i < count; i++) {
                expected += values[i] + 1;
                assert_int_equal(out[i], expected);
            }
            test_free(packed);
        }
    }
}

static void planes_add_what_their_bits_say(void **state)
{
    (void)state;
    const uint8_t palette[POSTINGS_CLASSES] = {0, 32, 64, 96, 128, 160, 192, 224};
    for (uint32_t planes = 0; planes <= 5; planes++) {
        for (uint32_t count = 1; count <= POSTINGS_BLOCK; count++) {
            uint32_t plane_bytes = postings_plane_bytes(count);
            uint8_t *stored = test_malloc(planes * plane_bytes + 1);
            for (uint32_t i = 0; i < planes * plane_bytes; i++) {
                stored[i] = (uint8_t)draw();
            }
            for (unsigned set = 0; set < 2 && kernel_set(set) != NULL; set++) {
                uint8_t codes[POSTINGS_BLOCK];
                memset(codes, 3, sizeof codes);
                bool mapped = planes <= 3 && count % 2 == 0;
                kernel_set(set)->add_planes(stored, planes, count, mapped ? palette : NULL, codes);
                for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
                    uint32_t value = 0;
                    for (uint32_t plane = 0; plane < planes && i < count; plane++) {
                        value |= ((uint32_t)stored[plane * plane_bytes + i / 8] >> (i % 8) & 1u) << plane;
                    }
                    assert_int_equal(codes[i], 3 + (mapped ? 32 * value : value));
                }
            }
            test_free(stored);
        }
    }
}

static void find_gives_the_first_that_reaches_the_target(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        uint32_t documents[POSTINGS_BLOCK + 8];
        uint32_t count = 1 + draw() % POSTINGS_BLOCK;
        uint32_t document = draw() % 100;
        memset(documents, (int)(draw() & 0xff), sizeof documents);
        for (uint32_t i = 0; i < count; i++) {
            documents[i] = document;
            document += 1 + draw() % (1u << round % 22);
        }
        for (uint32_t start = 0; start < count; start += 1 + draw() % 7) {
            uint32_t last = documents[count - 1];
            uint32_t target = round % 3 == 0 ? documents[start + draw() % (count - start)]
                                             : documents[start] + draw() % (last - documents[start] + 1);
            uint32_t expected = start;
            while (documents[expected] < target) {
                expected++;
            }
            for (unsigned set = 0; set < 2 && kernel_set(set) != NULL; set++) {
                assert_int_equal(kernel_set(set)->find(documents, start, count, target), expected);
            }
        }
    }
}

static void shift_moves_its_range_only(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 2000; round++) {
        uint32_t documents[POSTINGS_BLOCK];
        uint32_t start = draw() % POSTINGS_BLOCK;
        uint32_t end = start + draw() % (POSTINGS_BLOCK - start + 1);
        for (unsigned set = 0; set < 2 && kernel_set(set) != NULL; set++) {
            memset(documents, 0, sizeof documents);
            kernel_set(set)->shift(documents, start, end, 77);
            for (uint32_t i = 0; i < POSTINGS_BLOCK; i++) {
                assert_int_equal(documents[i], i >= start && i < end ? 77 : 0);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_blocks_unpack_at_every_width),
        cmocka_unit_test(streams_unpack_at_every_width_and_count),
        cmocka_unit_test(planes_add_what_their_bits_say),
        cmocka_unit_test(find_gives_the_first_that_reaches_the_target),
        cmocka_unit_test(shift_moves_its_range_only),
    };
    printf("seed %llu; AVX2 %s\n", (unsigned long long)seed, bitpack_avx2() == NULL ? "absent" : "tested");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
