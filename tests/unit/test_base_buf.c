/*
 * test_base_buf.c - puts, growth, limits and sticky errors of the byte buffer.
 */
#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void puts_append_little_endian(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    buf_put_u8(&buf, 0x01);
    buf_put_u16(&buf, 0x0203);
    buf_put_u32(&buf, 0x04050607);
    buf_put_u64(&buf, UINT64_C(0x08090a0b0c0d0e0f));
    buf_put_varint(&buf, 300);
    buf_put_string(&buf, "xy");
    buf_put(&buf, NULL, 0);
    const uint8_t expected[] = {0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0x0f, 0x0e, 0x0d,
                                0x0c, 0x0b, 0x0a, 0x09, 0x08, 0xac, 0x02, 'x',  'y'};
    assert_int_equal(buf_status(&buf), 0);
    assert_true(bytes_equal(buf_bytes(&buf), bytes_of(expected, sizeof expected)));
    buf_release(&buf);
    assert_int_equal(buf.size, 0);
    assert_int_equal(buf.max_bytes, 1000);
}

static void growing_keeps_the_content(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1u << 20);
    for (uint32_t i = 0; i < 50000; i++) {
        buf_put_u32(&buf, i);
    }
    assert_int_equal(buf_status(&buf), 0);
    assert_int_equal(buf.size, 200000);
    for (uint32_t i = 0; i < 50000; i++) {
        assert_int_equal(load_u32(buf.data + (size_t)i * 4), i);
    }
    buf_release(&buf);
}

static void buffer_fills_to_exactly_its_limit(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 7);
    buf_put_u32(&buf, 1);
    buf_put_u16(&buf, 2);
    buf_put_u8(&buf, 3);
    assert_int_equal(buf_status(&buf), 0);
    assert_int_equal(buf.size, 7);
    assert_non_null(buf_extend(&buf, 0));
    buf_put_u8(&buf, 4);
    assert_int_equal(buf_status(&buf), AISLE_LIMIT);
    assert_int_equal(buf.size, 7);
    buf_release(&buf);
}

static void limit_is_sticky_until_cleared(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4);
    buf_put_u64(&buf, 1);
    buf_put_u8(&buf, 1); /* would fit, but must not be put */
    buf_put_u16(&buf, 1);
    buf_printf(&buf, "%d", 1);
    buf_printf(&buf, "%600d", 1);
    assert_int_equal(buf_status(&buf), AISLE_LIMIT);
    assert_int_equal(buf.size, 0);
    assert_null(buf_extend(&buf, 1));
    buf_clear(&buf);
    buf_put_u32(&buf, 5);
    assert_int_equal(buf_status(&buf), 0);
    assert_int_equal(buf.size, 4);
    assert_null(buf_extend(&buf, SIZE_MAX));
    assert_int_equal(buf_status(&buf), AISLE_LIMIT);
    buf_release(&buf);
}

static void no_memory_is_sticky_and_keeps_the_content(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100000);
    buf_put_string(&buf, "before");
    alloc_fail_at(1, 0);
    assert_null(buf_extend(&buf, 5000));
    alloc_fail_at(0, 0);
    buf_put_string(&buf, "after");
    assert_int_equal(buf_status(&buf), AISLE_NO_MEMORY);
    assert_true(bytes_equal(buf_bytes(&buf), bytes_of_string("before")));
    buf_release(&buf);
}

static void printf_appends_short_and_long_texts(void **state)
{
    (void)state;
    struct buf buf;
    char word[1000];
    memset(word, 'w', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    buf_init(&buf, 10000);
    buf_printf(&buf, "%s=%d;", "a", 12);
    buf_printf(&buf, "%s!", word);
    assert_int_equal(buf_status(&buf), 0);
    assert_int_equal(buf.size, 5 + 1000);
    assert_memory_equal(buf.data, "a=12;w", 6);
    assert_int_equal(buf.data[buf.size - 1], '!');
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_append_little_endian),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(buffer_fills_to_exactly_its_limit),
        cmocka_unit_test(limit_is_sticky_until_cleared),
        cmocka_unit_test(no_memory_is_sticky_and_keeps_the_content),
        cmocka_unit_test(printf_appends_short_and_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
