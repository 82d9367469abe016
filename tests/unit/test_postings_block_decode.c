/*
 * test_postings_block_decode.c - blocks made by hand: each refusal has its own bytes, beside sound ones like them.
 */
#include "postings/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint32_t documents[POSTINGS_BLOCK + 8];
static uint8_t codes[POSTINGS_BLOCK];

/* Decodes with both kernels, which must agree. */
static int decode_behind(int64_t before, const uint8_t *bytes, size_t size, uint32_t count)
{
    struct block_parts parts;
    struct block_place place = {
        .stored = bytes_of(bytes, size), .count = count, .before = before, .kernels = &bitpack_plain};
    int status = block_decode(&place, &parts, documents);
    place.kernels = bitpack_kernels();
    assert_int_equal(block_decode(&place, &parts, documents), status);
    return status;
}

static int decode(const uint8_t *bytes, size_t size, uint32_t count)
{
    return decode_behind(-1, bytes, size, count);
}

static void exceptions_are_whole_ascending_and_inside(void **state)
{
    (void)state;
    const uint8_t sound[] = {POSTINGS_SHAPE_EXCEPTIONS, 2, 0, 2, 5, 1};
    const uint8_t falling[] = {POSTINGS_SHAPE_EXCEPTIONS, 2, 2, 0, 5, 1};
    const uint8_t outside[] = {POSTINGS_SHAPE_EXCEPTIONS, 1, 3, 5};
    const uint8_t none[] = {POSTINGS_SHAPE_EXCEPTIONS, 0};
    const uint8_t cut_number[] = {POSTINGS_SHAPE_EXCEPTIONS, 1, 0, 0x85};
    const uint8_t too_large[] = {POSTINGS_SHAPE_EXCEPTIONS, 1, 0, 0x81, 0x80, 0x80, 0x80, 0x08};
    assert_int_equal(decode(sound, sizeof sound, 3), 0);
    assert_int_equal(documents[0], 5);
    assert_int_equal(documents[1], 6);
    assert_int_equal(documents[2], 8);
    assert_int_equal(decode(falling, sizeof falling, 3), AISLE_CORRUPT);
    assert_int_equal(decode(outside, sizeof outside, 3), AISLE_CORRUPT);
    assert_int_equal(decode(none, sizeof none, 3), AISLE_CORRUPT);
    assert_int_equal(decode(cut_number, sizeof cut_number, 3), AISLE_CORRUPT);
    assert_int_equal(decode(cut_number, 3, 3), AISLE_CORRUPT);
    assert_int_equal(decode(too_large, sizeof too_large, 3), AISLE_CORRUPT);
}

/* A bitset of so many words, all bits set, behind skip documents. */
static int decode_bitset(int64_t before, uint64_t skip, uint8_t words)
{
    uint8_t bytes[1 + VARINT_BYTES_MAX + 1 + 255 * 8];
    size_t size = 0;
    bytes[size++] = POSTINGS_SHAPE_BITSET;
    size += varint_store(bytes + size, skip);
    bytes[size++] = words;
    memset(bytes + size, 0xff, words * 8u);
    return decode_behind(before, bytes, size + words * 8u, POSTINGS_BLOCK);
}

static void bitsets_lie_in_a_segment_and_are_not_longer_than_allowed(void **state)
{
    (void)state;
    assert_int_equal(decode_bitset(-1, 0, POSTINGS_BITSET_WORDS_MAX), 0);
    assert_int_equal(decode_bitset(-1, 0, POSTINGS_BITSET_WORDS_MAX + 1), AISLE_CORRUPT);
    assert_int_equal(decode_bitset(-1, 0, 0), AISLE_CORRUPT);
    assert_int_equal(decode_bitset(-1, LIMIT_SEGMENT_DOCUMENTS, 1), 0);
    assert_int_equal(decode_bitset(-1, LIMIT_SEGMENT_DOCUMENTS + UINT64_C(1), 1), AISLE_CORRUPT);
    assert_int_equal(decode_bitset(0, LIMIT_SEGMENT_DOCUMENTS, 1), AISLE_CORRUPT);
    const uint8_t no_first[] = {POSTINGS_SHAPE_BITSET, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0};
    const uint8_t no_last[] = {POSTINGS_SHAPE_BITSET, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    assert_int_equal(decode(no_first, sizeof no_first, 1), AISLE_CORRUPT);
    assert_int_equal(decode(no_last, sizeof no_last, 1), AISLE_CORRUPT);
}

static int decode_codes(const uint8_t *bytes, size_t size, uint32_t count)
{
    return block_decode_codes(bitpack_kernels(), bytes_of(bytes, size), count, 0x20, codes);
}

static void sparse_classes_are_of_postings_and_classes_that_exist(void **state)
{
    (void)state;
    const uint8_t shape = POSTINGS_CLASS_SPARSE << POSTINGS_CLASS_MODE_SHIFT;
    const uint8_t sound[] = {shape, 1, 1, 2, 4};
    const uint8_t behind[] = {shape, 1, 1, 3, 4};
    const uint8_t no_class[] = {shape, 1, 1, 2, POSTINGS_CLASSES};
    const uint8_t no_common[] = {shape, POSTINGS_CLASSES, 0};
    assert_int_equal(decode_codes(sound, sizeof sound, 3), 0);
    assert_int_equal(codes[1], 1 << POSTINGS_LENGTH_BITS);
    assert_int_equal(codes[2], 4 << POSTINGS_LENGTH_BITS);
    assert_int_equal(decode_codes(behind, sizeof behind, 3), AISLE_CORRUPT);
    assert_int_equal(decode_codes(no_class, sizeof no_class, 3), AISLE_CORRUPT);
    assert_int_equal(decode_codes(no_common, sizeof no_common, 3), AISLE_CORRUPT);
    assert_int_equal(decode_codes(sound, 4, 3), AISLE_CORRUPT);
}

/* Whether all codes of the bytes decode; each alone is then the same, and whatever they are reads no further. */
static bool check_single_codes(const uint8_t *bytes, size_t size, uint32_t count)
{
    uint8_t *exact = test_malloc(size + 1);
    memcpy(exact + 1, bytes, size); /* nothing behind */
    bool sound = decode_codes(exact + 1, size, count) == 0;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t code;
        int status = block_decode_code(bytes_of(exact + 1, size), count, 0x20, i, &code);
        assert_true(!sound || (status == 0 && code == codes[i]));
    }
    test_free(exact);
    return sound;
}

static void single_codes_are_those_of_the_whole_block(void **state)
{
    (void)state;
    uint64_t seed = 77023;
    unsigned sound[4] = {0};
    for (int round = 0; round < 40000; round++) {
        uint8_t bytes[300];
        uint32_t bound = 0;
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[i] = (uint8_t)(seed >> 56);
        }
        uint32_t count = 1 + (uint32_t)(seed >> 32) % POSTINGS_BLOCK;
        if (round % 4 == POSTINGS_LENGTH_STEPS) { /* by chance they would not ascend */
            bytes[0] = POSTINGS_LENGTH_STEPS;
            bytes[1] %= POSTINGS_LENGTHS;
            for (size_t i = 2; i < POSTINGS_LENGTHS + 2u; i++) {
                bound += bytes[i] % 16u;
                bytes[i] = (uint8_t)bound;
            }
        } else if (round % 4 == POSTINGS_LENGTH_UNARY) { /* nor have so many ones */
            bytes[0] = POSTINGS_LENGTH_UNARY;
            for (size_t i = 1; i < sizeof bytes; i++) {
                bytes[i] |= (uint8_t)~(1u << bytes[i] % 16u);
            }
        }
        size_t size = round % 3 == 0 ? (size_t)(seed >> 40) % sizeof bytes : sizeof bytes;
        sound[bytes[0] & 3] += check_single_codes(bytes, size, count);
    }
    for (int mode = 0; mode < 4; mode++) {
        assert_true(sound[mode] > 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exceptions_are_whole_ascending_and_inside),
        cmocka_unit_test(bitsets_lie_in_a_segment_and_are_not_longer_than_allowed),
        cmocka_unit_test(sparse_classes_are_of_postings_and_classes_that_exist),
        cmocka_unit_test(single_codes_are_those_of_the_whole_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
