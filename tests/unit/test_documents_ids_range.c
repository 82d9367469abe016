/*
 * test_documents_ids_range.c - ranges of ids against the ids themselves: in the order of numbers, long ids, joins.
 */
#include "documents/ids_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add_number(struct ids_range *range, unsigned number)
{
    char id[16];
    snprintf(id, sizeof id, "%u", number);
    ids_range_add(range, bytes_of_string(id));
}

static bool has_number(const struct ids_range *range, unsigned number)
{
    char id[16];
    snprintf(id, sizeof id, "%u", number);
    return ids_range_has(range, bytes_of_string(id));
}

static void a_range_holds_the_numbers_between_its_ends(void **state)
{
    (void)state;
    struct ids_range range;
    ids_range_begin(&range);
    assert_false(has_number(&range, 500));
    add_number(&range, 500);
    assert_true(has_number(&range, 500));
    assert_false(has_number(&range, 499));
    assert_false(has_number(&range, 501));
    add_number(&range, 1200);
    add_number(&range, 99);
    for (unsigned number = 0; number < 2000; number++) {
        assert_int_equal(has_number(&range, number), number >= 99 && number <= 1200);
    }
}

static void of_an_unknown_range_nothing_is_excluded(void **state)
{
    (void)state;
    struct ids_range unknown = {.known = false};
    struct ids_range empty;
    struct ids_range one;
    ids_range_begin(&empty);
    ids_range_begin(&one);
    add_number(&one, 7);
    assert_true(has_number(&unknown, 7));
    assert_true(ids_range_meets(&unknown, &one));
    assert_true(ids_range_meets(&one, &unknown));
    assert_true(ids_range_meets(&unknown, &empty));
    assert_false(ids_range_meets(&one, &empty));
    ids_range_join(&one, &unknown);
    assert_true(has_number(&one, 8));
}

static void ranges_meet_where_they_share_a_number(void **state)
{
    (void)state;
    for (unsigned low = 8; low < 14; low++) {
        for (unsigned high = low; high < 14; high++) {
            struct ids_range a;
            struct ids_range b;
            ids_range_begin(&a);
            ids_range_begin(&b);
            add_number(&a, 10);
            add_number(&a, 11);
            add_number(&b, high);
            add_number(&b, low);
            assert_int_equal(ids_range_meets(&a, &b), low <= 11 && high >= 10);
            assert_int_equal(ids_range_meets(&b, &a), low <= 11 && high >= 10);
            ids_range_join(&a, &b);
            for (unsigned number = 0; number < 20; number++) {
                bool inside = number >= (low < 10 ? low : 10) && number <= (high > 11 ? high : 11);
                assert_int_equal(has_number(&a, number), inside);
            }
        }
    }
}

static void long_ids_that_begin_alike_are_never_excluded(void **state)
{
    (void)state;
    uint8_t id[IDS_RANGE_BYTES + 2];
    struct ids_range range;
    memset(id, 'x', sizeof id);
    ids_range_begin(&range);
    id[IDS_RANGE_BYTES] = 'b';
    ids_range_add(&range, bytes_of(id, sizeof id));
    id[IDS_RANGE_BYTES] = 'a';
    assert_true(ids_range_has(&range, bytes_of(id, sizeof id)));
    id[IDS_RANGE_BYTES] = 'c';
    assert_true(ids_range_has(&range, bytes_of(id, sizeof id)));
    assert_false(ids_range_has(&range, bytes_of(id, sizeof id - 1)));
    id[IDS_RANGE_BYTES - 1] = 'w';
    assert_false(ids_range_has(&range, bytes_of(id, sizeof id)));
    ids_range_add(&range, bytes_of(id, sizeof id));
    assert_true(ids_range_has(&range, bytes_of(id, sizeof id)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_holds_the_numbers_between_its_ends),
        cmocka_unit_test(of_an_unknown_range_nothing_is_excluded),
        cmocka_unit_test(ranges_meet_where_they_share_a_number),
        cmocka_unit_test(long_ids_that_begin_alike_are_never_excluded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
