/*
 * test_postings_block_encode.c - what is chosen for a block is the cheapest of all there is, priced one by one.
 */
#include "postings/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROUNDS 4000u
#define FULL_SURCHARGE 8u /* of an exception, as block_encode.c says */
#define PARTIAL_SURCHARGE 1u

static uint64_t random_state = 0xb10c;

static uint32_t chance(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(z >> 32);
}

static uint32_t price(const uint32_t *gaps, uint32_t count, uint32_t width, uint32_t *exceptions)
{
    uint32_t surcharge = count == POSTINGS_BLOCK ? FULL_SURCHARGE : PARTIAL_SURCHARGE;
    uint32_t cost = postings_packed_bytes(count, width);
    uint8_t varint[VARINT_BYTES_MAX];
    *exceptions = 0;
    for (uint32_t i = 0; i < count; i++) {
        if ((uint64_t)gaps[i] >> width != 0) {
            (*exceptions)++;
            cost += 1 + surcharge + (uint32_t)varint_store(varint, (uint64_t)gaps[i] >> width);
        }
    }
    return cost + (*exceptions != 0);
}

static uint8_t expected_shape(const uint32_t *gaps, const uint32_t *documents, uint32_t count)
{
    uint32_t best = UINT32_MAX;
    uint8_t shape = 0;
    for (uint32_t width = 0; width <= POSTINGS_WIDTH_MAX; width++) {
        uint32_t exceptions;
        uint32_t cost = price(gaps, count, width, &exceptions);
        if (cost < best && exceptions <= POSTINGS_EXCEPTIONS_MAX) {
            best = cost;
            shape = (uint8_t)(width | (exceptions == 0 ? 0 : POSTINGS_SHAPE_EXCEPTIONS));
        }
    }
    uint32_t words = (documents[count - 1] - documents[0]) / 64 + 1;
    bool bitset = words <= POSTINGS_BITSET_WORDS_MAX && 2 + words * 8 <= best + best / 8;
    return bitset ? POSTINGS_SHAPE_BITSET : shape;
}

/* Gaps of about as many bits, some of more; codes of few classes or lengths, or of any. */
static uint32_t make_block(uint32_t *gaps, uint32_t *documents, uint8_t *codes)
{
    uint32_t count = chance() % 3 == 0 ? 1 + chance() % POSTINGS_BLOCK : POSTINGS_BLOCK;
    uint32_t bits = chance() % 20;
    uint32_t more = chance() % 9;
    uint32_t rare = 1 + chance() % 40;
    uint8_t mask = (uint8_t)(chance() % 2 == 0 ? chance() : chance() % 2 == 0 ? 0x25 : 0);
    uint32_t document = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t width = bits + (chance() % rare == 0 ? more : 0);
        gaps[i] = chance() & ((1u << (width > 22 ? 22 : width)) - 1);
        document += gaps[i] + (i == 0 ? 0 : 1);
        documents[i] = document;
        codes[i] = (uint8_t)(0x60 | (chance() & mask));
    }
    return count;
}

static void the_cheapest_way_is_chosen_and_read_back(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t gaps[POSTINGS_BLOCK];
        uint32_t documents[POSTINGS_BLOCK + POSTINGS_SLACK];
        uint32_t read[POSTINGS_BLOCK + POSTINGS_SLACK];
        uint8_t codes[POSTINGS_BLOCK + POSTINGS_SLACK];
        uint8_t read_codes[POSTINGS_BLOCK + POSTINGS_SLACK];
        uint8_t stored[POSTINGS_BLOCK_BYTES_MAX];
        uint32_t count = make_block(gaps, documents, codes);
        struct block_content content = {documents, codes, count, -1};
        uint8_t dominant = block_dominant(codes, count);
        size_t size = block_encode(&content, dominant, stored);
        assert_int_equal(stored[0], expected_shape(gaps, documents, count));

        struct block_place place = {bytes_of(stored, size), count, -1, bitpack_kernels()};
        struct block_parts parts;
        assert_int_equal(block_decode(&place, &parts, read), 0);
        for (uint32_t i = 0; i < count && parts.bits == NULL; i++) {
            assert_int_equal(read[i], documents[i]);
        }
        for (uint32_t i = 0; i < count && parts.bits != NULL; i++) {
            uint32_t bit = documents[i] - parts.bits_first;
            assert_true((parts.bits[bit / 8] >> bit % 8 & 1) != 0);
        }
        assert_int_equal(block_decode_codes(place.kernels, parts.coded, count, dominant, read_codes), 0);
        assert_memory_equal(read_codes, codes, count);
    }
}

static void the_dominating_code_is_that_of_all(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint8_t codes[POSTINGS_BLOCK];
        uint32_t count = 1 + chance() % POSTINGS_BLOCK;
        uint8_t dominant = 0;
        for (uint32_t i = 0; i < count; i++) {
            codes[i] = (uint8_t)chance();
            dominant = i == 0 ? codes[0] : postings_dominate(dominant, codes[i]);
        }
        assert_int_equal(block_dominant(codes, count), dominant);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cheapest_way_is_chosen_and_read_back),
        cmocka_unit_test(the_dominating_code_is_that_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
