/*
 * test_postings_record.c - records made by hand: each refusal has its own bytes, and the greatest that is allowed
 * passes.
 */
#include "postings/postings_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint8_t record[128];
static size_t size;
static struct postings_list list;

static void begin(uint32_t kind, uint32_t extra)
{
    record[0] = (uint8_t)(kind | extra << POSTINGS_KIND_BITS);
    size = 1;
}

static void put(uint8_t byte)
{
    record[size++] = byte;
}

static void put_number(uint64_t number)
{
    size += varint_store(record + size, number);
}

static int decode(void)
{
    return postings_list_decode(bytes_of(record, size), &list);
}

static int decode_two(uint64_t first, uint64_t gap)
{
    begin(POSTINGS_TINY, 1);
    put_number(first);
    put_number(gap);
    put(0x21);
    put(0x22);
    return decode();
}

static void tiny_lists_stay_in_a_segment(void **state)
{
    (void)state;
    assert_int_equal(decode_two(3, LIMIT_SEGMENT_DOCUMENTS - 5), 0);
    assert_int_equal(list.at.tiny.documents[1], LIMIT_SEGMENT_DOCUMENTS - 1);
    assert_int_equal(decode_two(3, LIMIT_SEGMENT_DOCUMENTS - 4), AISLE_CORRUPT);
    assert_int_equal(decode_two(3, LIMIT_SEGMENT_DOCUMENTS), AISLE_CORRUPT);
    assert_int_equal(decode_two(LIMIT_SEGMENT_DOCUMENTS, 0), AISLE_CORRUPT);
    assert_int_equal(decode_two(3, UINT64_MAX), AISLE_CORRUPT);
    begin(POSTINGS_TINY, 2 * POSTINGS_TINY_MAX);
    put_number(1);
    put(0x21);
    assert_int_equal(decode(), AISLE_CORRUPT);
}

static int decode_inline(uint32_t count, size_t block_bytes)
{
    begin(POSTINGS_INLINE, POSTINGS_EXTRA_MAX);
    put((uint8_t)(count - POSTINGS_INLINE_MIN - POSTINGS_EXTRA_MAX));
    put(0x21);
    memset(record + size, 0, block_bytes);
    size += block_bytes;
    return decode();
}

static void inline_blocks_have_a_size_and_a_count_of_blocks(void **state)
{
    (void)state;
    assert_int_equal(decode_inline(POSTINGS_BLOCK, POSTINGS_INLINE_MAX_BYTES), 0);
    assert_int_equal(list.count, POSTINGS_BLOCK);
    assert_int_equal(decode_inline(POSTINGS_BLOCK + 1, POSTINGS_INLINE_MAX_BYTES), AISLE_CORRUPT);
    assert_int_equal(decode_inline(POSTINGS_BLOCK, POSTINGS_INLINE_MAX_BYTES + 1), AISLE_CORRUPT);
    assert_int_equal(decode_inline(POSTINGS_BLOCK, 0), AISLE_CORRUPT);
    size = 2;
    assert_int_equal(decode(), AISLE_CORRUPT);
}

static int decode_single(uint64_t block_bytes)
{
    begin(POSTINGS_SINGLE, 0);
    put(POSTINGS_BLOCK - 1);
    put(0x21);
    put_number(0);
    put_number(block_bytes);
    return decode();
}

static void single_blocks_have_a_size_of_blocks(void **state)
{
    (void)state;
    assert_int_equal(decode_single(POSTINGS_BLOCK_BYTES_MAX), 0);
    assert_int_equal(list.size, POSTINGS_BLOCK_BYTES_MAX);
    assert_int_equal(decode_single(POSTINGS_BLOCK_BYTES_MAX + 1), AISLE_CORRUPT);
    assert_int_equal(decode_single(65536), AISLE_CORRUPT);
}

static int decode_skips(uint32_t kind, uint64_t count, uint64_t first)
{
    begin(kind, 0);
    put_number(count);
    put(0x21);
    put_number(first);
    put_number(0);
    if (kind == POSTINGS_LONG) {
        put_number(0);
    }
    return decode();
}

static void lists_with_skips_have_counts_of_their_kind(void **state)
{
    (void)state;
    assert_int_equal(decode_skips(POSTINGS_SHORT, POSTINGS_BLOCK + 1, LIMIT_SEGMENT_DOCUMENTS - 1), 0);
    assert_int_equal(decode_skips(POSTINGS_SHORT, POSTINGS_BLOCK + 1, LIMIT_SEGMENT_DOCUMENTS), AISLE_CORRUPT);
    assert_int_equal(decode_skips(POSTINGS_SHORT, POSTINGS_BLOCK, 0), AISLE_CORRUPT);
    assert_int_equal(decode_skips(POSTINGS_SHORT, POSTINGS_SUPERBLOCK_POSTINGS + 1, 0), AISLE_CORRUPT);
    assert_int_equal(decode_skips(POSTINGS_LONG, POSTINGS_SUPERBLOCK_POSTINGS, 0), AISLE_CORRUPT);
    assert_int_equal(decode_skips(POSTINGS_LONG, LIMIT_SEGMENT_DOCUMENTS, 0), 0);
    assert_int_equal(decode_skips(POSTINGS_LONG, LIMIT_SEGMENT_DOCUMENTS + UINT64_C(1), 0), AISLE_CORRUPT);
    put(0);
    assert_int_equal(decode_skips(POSTINGS_LONG + 1, POSTINGS_BLOCK + 1, 0), AISLE_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiny_lists_stay_in_a_segment),
        cmocka_unit_test(inline_blocks_have_a_size_and_a_count_of_blocks),
        cmocka_unit_test(single_blocks_have_a_size_of_blocks),
        cmocka_unit_test(lists_with_skips_have_counts_of_their_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
