/*
 * test_query_signals_kept.c - places for the sums of lists: each list has its own, with the price of its first query,
 * and there are no more than there is room for. Bounds that states in a row share: each knows whether they are its own,
 * and what has changed is added.
 */
#include "query/signals_kept.h"

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
    signals_kept_free(kept);
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
    signals_kept_free(kept);
}

static void small_segments_keep_no_sums(void **state)
{
    (void)state;
    static struct segment segment;
    struct signals_kept *kept = keep(&segment, COLUMN_PAGE_DOCUMENTS - 1);
    struct signals_price then;
    assert_null(signals_kept_sums(kept, 1, 1, &first, &then));
    signals_kept_free(kept);
}

/* ---- bounds shared by states ---- */

#define FIELD 3u
#define MOST 100000

/* In stock or not. Parts are at most MOST, so that there is room for what other rules would add. */
static const struct signal_rules stock_rule = {
    .count = 1,
    .rules = {{.kind = SIGNAL_STOCK, .field = FIELD, .count_field = SCHEMA_NO_FIELD, .weight = 10, .unit = 1}},
    .max = MOST};

/* What a product in stock gets. */
static int32_t in_stock(void)
{
    return signal_part(&stock_rule.rules[0], 1, COLUMN_MISSING);
}

/* The state of a segment of two pages, both patched. */
static struct signals_kept *keep_state(struct segment *segment, struct segment_state *state_of)
{
    const uint64_t both[1] = {3};
    memset(segment, 0, sizeof *segment);
    memset(state_of, 0, sizeof *state_of);
    segment->info.documents = TWO_PAGES;
    struct signals_kept *kept = signals_kept_of(&state_of->kept, segment, &stock_rule, both);
    assert_non_null(kept);
    return kept;
}

/* The state behind a commit that has changed a value of the first page; told: which one is known. */
static struct signals_kept *next_state(struct signals_kept *kept, struct segment_change change, uint8_t kind,
                                       bool told)
{
    struct segment_page_id page = {.kind = kind, .document_count = told ? 1 : 0};
    const struct segment_changes changes = {&page, 1, &change};
    size_t bytes;
    struct signals_kept *next = kept->head.carry(kept, &changes, &bytes);
    assert_non_null(next);
    return next;
}

static void fill_with(struct signals_kept *kept, uint32_t page, int32_t part)
{
    int32_t parts[COLUMN_PAGE_DOCUMENTS];
    for (size_t i = 0; i < COLUMN_PAGE_DOCUMENTS; i++) {
        parts[i] = part;
    }
    signals_kept_fill(kept, page, parts);
}

static void what_has_changed_raises_what_is_known(void **state)
{
    (void)state;
    static struct segment segment;
    static struct segment_state state_of;
    struct signals_kept *first_kept = keep_state(&segment, &state_of);
    fill_with(first_kept, 0, 5000);
    fill_with(first_kept, 1, 5000);
    struct signals_kept *other = /* of a column that nobody reads */
        next_state(first_kept, (struct segment_change){0, 1, 9}, PAGE_COLUMN + FIELD + 1, true);
    assert_int_equal(signals_kept_known(other, 0), SIGNALS_FULL);
    assert_true(signals_kept_document(other, 9) < 6000);
    struct signals_kept *next = next_state(other, (struct segment_change){0, 1, 7}, PAGE_COLUMN + FIELD, true);
    assert_int_equal(signals_kept_known(next, 0), SIGNALS_FULL);
    assert_int_equal(signals_kept_known(next, 1), SIGNALS_FULL);
    assert_int_equal(signals_kept_known(other, 0), SIGNALS_NOTHING); /* another state's */
    int32_t part = 5000 + in_stock();
    assert_in_range(signals_kept_document(next, 7), part, part + 2 * next->bounds->small_unit);
    assert_in_range(signals_kept_bound(next, &next->bounds->groups[0]), part, part + 2 * next->bounds->unit);
    assert_in_range(signals_kept_bound(next, &next->bounds->page[0]), part, part + 2 * next->bounds->unit);
    assert_true(signals_kept_bound(next, &next->bounds->page[1]) < 6000);
    assert_true(signals_kept_document(next, 8) >= 5000 && signals_kept_document(next, 8) < 6000);
    fill_with(other, 0, 1000); /* late: nothing sinks, and nothing is its own */
    assert_false(signals_kept_page(other, 0, 1000));
    assert_int_equal(signals_kept_known(other, 0), SIGNALS_NOTHING);
    assert_true(signals_kept_document(next, 7) >= part);
    struct signals_kept *sold = next_state(next, (struct segment_change){1, 0, 7}, PAGE_COLUMN + FIELD, true);
    assert_int_equal(signals_kept_known(sold, 0), SIGNALS_FULL);
    assert_in_range(signals_kept_document(sold, 7), 5000, part + 2 * next->bounds->small_unit);
    signals_kept_free(first_kept);
    signals_kept_free(other);
    signals_kept_free(next);
    signals_kept_free(sold);
}

static void the_bound_of_a_page_rises_and_stays_within_the_rules(void **state)
{
    (void)state;
    static struct segment segment;
    static struct segment_state state_of;
    struct signals_kept *kept = keep_state(&segment, &state_of);
    assert_true(signals_kept_page(kept, 0, 5000));
    for (int32_t i = 1; i < 2 * MOST / in_stock(); i++) {
        struct signals_kept *next = next_state(kept, (struct segment_change){0, 1, 7}, PAGE_COLUMN + FIELD, true);
        int32_t part = 5000 + i * in_stock() < MOST ? 5000 + i * in_stock() : MOST;
        assert_int_equal(signals_kept_known(next, 0), SIGNALS_PAGE);
        assert_in_range(signals_kept_bound(next, &next->bounds->page[0]), part, part + (i + 1) * next->bounds->unit);
        signals_kept_free(kept);
        kept = next;
    }
    signals_kept_free(kept);
}

static void what_is_not_told_is_filled_anew(void **state)
{
    (void)state;
    static struct segment segment;
    static struct segment_state state_of;
    const struct segment_change sold = {1, 0, 7};
    struct signals_kept *kept = keep_state(&segment, &state_of);
    fill_with(kept, 0, 5000);
    struct signals_kept *next = next_state(kept, sold, PAGE_COLUMN + FIELD, false);
    signals_kept_free(kept);
    assert_int_equal(signals_kept_known(next, 0), SIGNALS_NOTHING);
    kept = next_state(next, sold, PAGE_COLUMN + FIELD, true); /* told, but of what is not known */
    signals_kept_free(next);
    assert_int_equal(signals_kept_known(kept, 0), SIGNALS_NOTHING);
    fill_with(kept, 0, 4000);
    assert_int_equal(signals_kept_known(kept, 0), SIGNALS_FULL);
    const struct segment_page_id pages[2] = {{.kind = PAGE_COLUMN + FIELD, .document_count = 1},
                                             {.kind = PAGE_COLUMN + FIELD}}; /* one of two tells */
    const struct segment_changes changes = {pages, 2, &sold};
    size_t bytes;
    next = kept->head.carry(kept, &changes, &bytes);
    assert_non_null(next);
    assert_int_equal(signals_kept_known(next, 0), SIGNALS_NOTHING);
    signals_kept_free(kept);
    signals_kept_free(next);
}

static void a_page_that_rose_often_is_filled_anew(void **state)
{
    (void)state;
    static struct segment segment;
    static struct segment_state state_of;
    struct signals_kept *kept = keep_state(&segment, &state_of);
    fill_with(kept, 0, 5000);
    fill_with(kept, 1, 7000);
    uint32_t rises = 0;
    while (signals_kept_known(kept, 0) == SIGNALS_FULL) {
        struct signals_kept *sold = next_state(kept, (struct segment_change){1, 0, 7}, PAGE_COLUMN + FIELD, true);
        assert_int_equal(signals_kept_known(sold, 1), SIGNALS_FULL);
        struct signals_kept *next = next_state(sold, (struct segment_change){0, 1, 7}, PAGE_COLUMN + FIELD, true);
        rises++;
        signals_kept_free(kept);
        assert_true(rises < TWO_PAGES);
        if (signals_kept_known(next, 0) == SIGNALS_NOTHING && signals_kept_known(sold, 0) == SIGNALS_FULL) {
            assert_true(signals_kept_document(sold, 8) >= 5000); /* whoever has the state before still reads its own */
        }
        signals_kept_free(sold);
        kept = next;
    }
    assert_in_range(rises, COLUMN_PAGE_DOCUMENTS / 8, COLUMN_PAGE_DOCUMENTS / 2 + 2);
    assert_int_equal(signals_kept_known(kept, 0), SIGNALS_NOTHING);
    assert_int_equal(signals_kept_known(kept, 1), SIGNALS_FULL);
    assert_in_range(signals_kept_document(kept, COLUMN_PAGE_DOCUMENTS), 7000, 7000 + kept->bounds->small_unit);
    assert_in_range(signals_kept_bound(kept, &kept->bounds->page[1]), 7000, 7000 + kept->bounds->unit);
    fill_with(kept, 0, 3000);
    assert_in_range(signals_kept_document(kept, 7), 3000, 3000 + kept->bounds->small_unit); /* no more than now */
    signals_kept_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_list_has_its_own_place_and_first_price),
        cmocka_unit_test(lists_beyond_the_room_have_none),
        cmocka_unit_test(small_segments_keep_no_sums),
        cmocka_unit_test(what_has_changed_raises_what_is_known),
        cmocka_unit_test(the_bound_of_a_page_rises_and_stays_within_the_rules),
        cmocka_unit_test(what_is_not_told_is_filled_anew),
        cmocka_unit_test(a_page_that_rose_often_is_filled_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
