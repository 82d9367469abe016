/*
 * test_text_letters.c - letters passed eight bytes at a time are those that are passed one by one.
 */
#include "text/letters.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEXT_BYTES 24u

/* As far as eight bytes are left, one by one. */
static size_t plainly(const uint8_t *bytes, size_t size, size_t at)
{
    size_t end = at;
    while (end < size && bytes[end] >= 'a' && bytes[end] <= 'z') {
        end++;
    }
    size_t whole = at + (size - at) / 8 * 8;
    return end < whole ? end : whole;
}

static void any_byte_at_any_place_ends_letters_unless_it_is_one(void **state)
{
    (void)state;
    uint8_t text[TEXT_BYTES];
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < TEXT_BYTES; place++) {
            memset(text, byte % 2 == 0 ? 'a' : 'z', sizeof text);
            text[place] = (uint8_t)byte;
            for (size_t at = 0; at <= TEXT_BYTES; at++) {
                assert_int_equal(letters_pass(text, sizeof text, at), plainly(text, sizeof text, at));
            }
        }
    }
}

static void bytes_beside_a_letter_do_not_change_what_it_is(void **state)
{
    (void)state;
    uint8_t text[8];
    for (unsigned before = 0; before < 256; before++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memset(text, 'm', sizeof text);
            text[3] = (uint8_t)before;
            text[4] = (uint8_t)byte;
            assert_int_equal(letters_pass(text, sizeof text, 0), plainly(text, sizeof text, 0));
        }
    }
}

static void nothing_is_read_behind_the_text(void **state)
{
    (void)state;
    static const uint8_t text[] = {'a', 'b', 'c', 'd', 'e', 'f', 'g'};
    assert_int_equal(letters_pass(text, sizeof text, 0), 0);
    assert_int_equal(letters_pass(text, sizeof text, sizeof text), sizeof text);
    assert_int_equal(letters_pass(text, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_byte_at_any_place_ends_letters_unless_it_is_one),
        cmocka_unit_test(bytes_beside_a_letter_do_not_change_what_it_is),
        cmocka_unit_test(nothing_is_read_behind_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
