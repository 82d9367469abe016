/*
 * test_query_words_kept.c - what is found of a word is what was noted of it last, or nothing.
 */
#include "query/words_kept.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t key_of(unsigned number)
{
    return (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void assert_known(const struct words_kept *words, unsigned number, uint64_t of, uint64_t count)
{
    uint64_t known_of = of + 1;
    uint64_t known = count + 1;
    assert_true(words_kept_find(words, key_of(number), &known_of, &known));
    assert_true(known_of == of && known == count);
}

static void nothing_is_known_before_it_is_noted(void **state)
{
    (void)state;
    struct words_kept words = {NULL};
    uint64_t of;
    uint64_t count;
    assert_false(words_kept_find(&words, key_of(1), &of, &count));
    assert_int_equal(words_kept_bytes(&words), 0);
    words_kept_note(&words, key_of(1), 7, 0);
    words_kept_note(&words, key_of(2), 7, UINT64_C(1) << 40);
    assert_known(&words, 1, 7, 0);
    assert_known(&words, 2, 7, UINT64_C(1) << 40);
    words_kept_note(&words, key_of(2), 8, 5); /* in place of the first */
    assert_known(&words, 2, 8, 5);
    assert_false(words_kept_find(&words, key_of(3), &of, &count));
    assert_true(words_kept_bytes(&words) != 0);
    words_kept_release(&words);
    assert_false(words_kept_find(&words, key_of(1), &of, &count));
    words_kept_release(&words);
}

static void what_is_found_was_noted_however_much_is(void **state)
{
    (void)state;
    struct words_kept words = {NULL};
    unsigned found = 0;
    uint64_t of;
    uint64_t count;
    for (unsigned i = 0; i < 4 * LIMIT_WORDS_KEPT; i++) {
        words_kept_note(&words, key_of(i), i / 3, i);
        assert_known(&words, i, i / 3, i);
    }
    for (unsigned i = 0; i < 5 * LIMIT_WORDS_KEPT; i++) {
        if (words_kept_find(&words, key_of(i), &of, &count)) {
            assert_true(count == i && of == i / 3);
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
        cmocka_unit_test(what_is_found_was_noted_however_much_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
