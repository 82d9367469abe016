/*
 * test_documents_ids_block.c - blocks of ids made by hand: each refusal has its own bytes, beside a sound block.
 */
#include "documents/ids_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint8_t id[LIMIT_ID_BYTES];
static size_t size;

static int decode(const struct buf *block, uint32_t count, uint32_t index)
{
    return ids_block_decode(buf_bytes(block), count, index, id, &size);
}

/* A block of numbers; its bits and shapes are to follow. */
static void begin_numbers(struct buf *block, uint8_t width, uint8_t shapes, uint64_t least)
{
    buf_clear(block);
    buf_put_u8(block, IDS_KIND_NUMBERS);
    buf_put_u8(block, width);
    buf_put_u8(block, 0);
    buf_put_u8(block, shapes);
    buf_put_u64(block, least);
}

static void put_shape(struct buf *block, uint8_t digits, uint16_t head_size)
{
    buf_put_u8(block, digits);
    buf_put_u16(block, head_size);
    for (uint16_t i = 0; i < head_size; i++) {
        buf_put_u8(block, 'x');
    }
}

static void blocks_too_short_for_their_head_are_refused(void **state)
{
    (void)state;
    static const uint8_t head[IDS_NUMBERS_HEAD_BYTES] = {IDS_KIND_NUMBERS};
    for (size_t cut = 0; cut < sizeof head; cut++) {
        assert_int_equal(ids_block_decode(bytes_of(head, cut), 1, 0, id, &size), AISLE_CORRUPT);
        assert_int_equal(size, 0);
    }
}

static void numbers_are_not_above_the_greatest(void **state)
{
    (void)state;
    struct buf block;
    buf_init(&block, 4096);
    begin_numbers(&block, 8, 1, IDS_NUMBER_MAX - 1);
    buf_put_u8(&block, 1);
    buf_put_u8(&block, 2);
    put_shape(&block, 0, 1);
    assert_int_equal(decode(&block, 2, 0), 0);
    assert_true(bytes_equal(bytes_of(id, size), bytes_of_string("x999999999999999999")));
    assert_int_equal(decode(&block, 2, 1), AISLE_CORRUPT);
    begin_numbers(&block, 0, 1, IDS_NUMBER_MAX + 1);
    put_shape(&block, 0, 1);
    assert_int_equal(decode(&block, 1, 0), AISLE_CORRUPT);
    buf_release(&block);
}

static void heads_and_digits_fit_an_id(void **state)
{
    (void)state;
    struct buf block;
    buf_init(&block, 4096);
    begin_numbers(&block, 0, 1, 42);
    put_shape(&block, 0, LIMIT_ID_BYTES - 2);
    assert_int_equal(decode(&block, 1, 0), 0);
    assert_int_equal(size, LIMIT_ID_BYTES);
    begin_numbers(&block, 0, 1, 42);
    put_shape(&block, 0, LIMIT_ID_BYTES - 1);
    assert_int_equal(decode(&block, 1, 0), AISLE_CORRUPT);
    begin_numbers(&block, 0, 1, 42);
    put_shape(&block, 1, 1);
    assert_int_equal(decode(&block, 1, 0), AISLE_CORRUPT); /* two digits, one announced */
    begin_numbers(&block, 0, 1, 42);
    put_shape(&block, IDS_DIGITS_MAX + 1, 1);
    assert_int_equal(decode(&block, 1, 0), AISLE_CORRUPT);
    begin_numbers(&block, 0, 0, 42);
    put_shape(&block, 0, 1);
    assert_int_equal(decode(&block, 1, 0), AISLE_CORRUPT);
    buf_release(&block);
}

static void an_id_may_be_the_beginning_of_another(void **state)
{
    (void)state;
    const struct bytes ids[] = {bytes_of_string("shoe-red-x"), bytes_of_string("shoe"), bytes_of_string("shoe-red")};
    struct buf block;
    buf_init(&block, 4096);
    assert_int_equal(ids_block_encode(ids, 3, &block), 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(decode(&block, 3, i), 0);
        assert_true(bytes_equal(bytes_of(id, size), ids[i]));
    }
    buf_release(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_too_short_for_their_head_are_refused),
        cmocka_unit_test(numbers_are_not_above_the_greatest),
        cmocka_unit_test(heads_and_digits_fit_an_id),
        cmocka_unit_test(an_id_may_be_the_beginning_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
