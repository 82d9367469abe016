/*
 * test_query_words_kept.c - what is kept of words is what was noted for them and the same segments, or nothing.
 */
#include "query/words_kept.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t key_of(unsigned number, uint64_t seed)
{
    char text[32];
    snprintf(text, sizeof text, "word%u", number);
    struct bytes term = bytes_of_string(text);
    return words_kept_key(&term, 1, seed);
}

static void nothing_is_known_before_it_is_noted(void **state)
{
    (void)state;
    struct words_kept words = {NULL};
    uint64_t count = 1;
    assert_false(words_kept_find(&words, key_of(1, 7), &count));
    assert_int_equal(words_kept_bytes(&words), 0);
    words_kept_note(&words, key_of(1, 7), 0);
    words_kept_note(&words, key_of(2, 7), UINT64_C(1) << 40);
    assert_true(words_kept_find(&words, key_of(1, 7), &count));
    assert_int_equal(count, 0);
    assert_true(words_kept_find(&words, key_of(2, 7), &count));
    assert_int_equal(count, UINT64_C(1) << 40);
    words_kept_note(&words, key_of(2, 7), 5); /* in place of the first */
    assert_true(words_kept_find(&words, key_of(2, 7), &count));
    assert_int_equal(count, 5);
    assert_false(words_kept_find(&words, key_of(1, 8), &count)); /* of other segments */
    assert_true(words_kept_bytes(&words) != 0);
    words_kept_release(&words);
    assert_false(words_kept_find(&words, key_of(1, 7), &count));
    words_kept_release(&words);
}

static void words_of_several_terms_are_others(void **state)
{
    (void)state;
    struct bytes terms[] = {bytes_of_string("run"), bytes_of_string("runn"), bytes_of_string("n")};
    struct bytes other[] = {bytes_of_string("runn"), bytes_of_string("run"), bytes_of_string("n")};
    assert_int_not_equal(words_kept_key(terms, 1, 1), words_kept_key(terms, 2, 1));
    assert_int_not_equal(words_kept_key(terms, 3, 1), words_kept_key(other, 3, 1));
}

static void what_is_found_was_noted_however_much_is(void **state)
{
    (void)state;
    struct words_kept words = {NULL};
    unsigned found = 0;
    uint64_t count;
    for (unsigned i = 0; i < 4 * LIMIT_WORDS_KEPT; i++) {
        words_kept_note(&words, key_of(i, 1), i);
        assert_true(words_kept_find(&words, key_of(i, 1), &count));
        assert_int_equal(count, i);
    }
    for (unsigned i = 0; i < 5 * LIMIT_WORDS_KEPT; i++) {
        if (words_kept_find(&words, key_of(i, 1), &count)) {
            assert_int_equal(count, i);
            assert_true(i < 4 * LIMIT_WORDS_KEPT);
            found++;
        }
    }
    assert_in_range(found, LIMIT_WORDS_KEPT / 2, LIMIT_WORDS_KEPT);
    words_kept_release(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_it_is_noted),
        cmocka_unit_test(words_of_several_terms_are_others),
        cmocka_unit_test(what_is_found_was_noted_however_much_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
