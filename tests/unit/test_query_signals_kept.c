/*
 * test_query_signals_kept.c - places for the sums of lists: each list has its own, with the price of its first query,
 * and there are no more than there is room for.
 */
#include "query/signals_kept.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TWO_PAGES 2000u
#define ROOM 256u /* sums of two pages */
#define LISTS 8u  /* and slots */

static const struct signal_rules rules = {.count = 0, .max = 1000};
static const struct signals_price first = {10, 1000, 9000};
static const struct signals_price later = {20, 2000, 18000};

static struct signals_kept *keep(struct segment *segment, uint32_t documents)
{
    memset(segment, 0, sizeof *segment);
    segment->info.documents = documents;
    struct signals_kept *kept = signals_kept_of(&segment->kept, segment, &rules, NULL);
    assert_non_null(kept);
    return kept;
}

static void each_list_has_its_own_place_and_first_price(void **state)
{
    (void)state;
    static struct segment segment;
    struct signals_kept *kept = keep(&segment, TWO_PAGES);
    struct signals_price then;
    _Atomic uint16_t *one = signals_kept_sums(kept, 5, 100, &first, &then);
    assert_non_null(one);
    assert_int_equal(then.df, first.df);
    _Atomic uint16_t *other = signals_kept_sums(kept, 6, 100, &later, &then);
    assert_non_null(other);
    assert_true(other >= one + 100 || one >= other + 100);
    assert_int_equal(then.df, later.df);
    assert_ptr_equal(signals_kept_sums(kept, 5, 100, &later, &then), one);
    assert_int_equal(then.df, first.df);
    assert_int_equal(then.length_sum, first.length_sum);
    mem_free(kept);
}

static void lists_beyond_the_room_have_none(void **state)
{
    (void)state;
    static struct segment segment;
    struct signals_kept *kept = keep(&segment, TWO_PAGES);
    struct signals_price then;
    assert_non_null(signals_kept_sums(kept, 1, ROOM - 1, &first, &then));
    assert_null(signals_kept_sums(kept, 2, 2, &first, &then));
    assert_null(signals_kept_sums(kept, 2, 2, &first, &then));
    for (uint64_t key = 3; key < 10 * LISTS; key++) { /* more than slots */
        assert_null(signals_kept_sums(kept, key, ROOM, &first, &then));
    }
    assert_non_null(signals_kept_sums(kept, 1, ROOM - 1, &first, &then));
    mem_free(kept);
}

static void small_segments_keep_no_sums(void **state)
{
    (void)state;
    static struct segment segment;
    struct signals_kept *kept = keep(&segment, COLUMN_PAGE_DOCUMENTS - 1);
    struct signals_price then;
    assert_null(signals_kept_sums(kept, 1, 1, &first, &then));
    mem_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_list_has_its_own_place_and_first_price),
        cmocka_unit_test(lists_beyond_the_room_have_none),
        cmocka_unit_test(small_segments_keep_no_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
