/*
 * test_index_leads.c - what is kept of suggestions is what was noted last, for the same generations, or nothing.
 */
#include "index/leads.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t key_of(unsigned number, uint64_t seed)
{
    char text[32];
    snprintf(text, sizeof text, "suggestion %u", number);
    return leads_key(bytes_of_string(text), seed);
}

static void nothing_is_known_before_it_is_noted(void **state)
{
    (void)state;
    struct leads leads = {NULL};
    bool leads_somewhere = true;
    assert_false(leads_find(&leads, key_of(1, 7), &leads_somewhere));
    assert_false(leads_somewhere);
    assert_int_equal(leads_bytes(&leads), 0);
    leads_note(&leads, key_of(1, 7), true);
    leads_note(&leads, key_of(2, 7), false);
    assert_true(leads_find(&leads, key_of(1, 7), &leads_somewhere));
    assert_true(leads_somewhere);
    assert_true(leads_find(&leads, key_of(2, 7), &leads_somewhere));
    assert_false(leads_somewhere);
    assert_false(leads_find(&leads, key_of(3, 7), &leads_somewhere));
    assert_false(leads_find(&leads, key_of(1, 8), &leads_somewhere)); /* behind another commit */
    assert_true(leads_bytes(&leads) != 0);
    leads_release(&leads);
    assert_false(leads_find(&leads, key_of(1, 7), &leads_somewhere));
    leads_release(&leads);
}

static void keys_are_never_free_slots(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(key_of(i, i) > 1);
        assert_int_equal(key_of(i, i) & 1, 0);
    }
}

/* Four times as many as there is room for: newer ones take the place of older ones, and no answer is another's. */
static void what_is_found_was_noted_however_much_is(void **state)
{
    (void)state;
    struct leads leads = {NULL};
    unsigned found = 0;
    for (unsigned i = 0; i < 4 * LIMIT_LEADS; i++) {
        bool leads_somewhere;
        leads_note(&leads, key_of(i, 1), i % 3 == 0);
        assert_true(leads_find(&leads, key_of(i, 1), &leads_somewhere));
        assert_int_equal(leads_somewhere, i % 3 == 0);
    }
    for (unsigned i = 0; i < 5 * LIMIT_LEADS; i++) {
        bool leads_somewhere;
        if (leads_find(&leads, key_of(i, 1), &leads_somewhere)) {
            assert_true(i < 4 * LIMIT_LEADS);
            assert_int_equal(leads_somewhere, i % 3 == 0);
            found++;
        }
    }
    assert_in_range(found, LIMIT_LEADS / 2, LIMIT_LEADS);
    leads_release(&leads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_it_is_noted),
        cmocka_unit_test(keys_are_never_free_slots),
        cmocka_unit_test(what_is_found_was_noted_however_much_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
