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

static const struct signal_rules one_rule = {
    .count = 1, .rules = {{.field = FIELD, .count_field = SCHEMA_NO_FIELD}}, .max = 100000};

/* The state of a segment of two pages, both patched. */
static struct signals_kept *keep_state(struct segment *segment, struct segment_state *state_of)
{
    const uint64_t both[1] = {3};
    memset(segment, 0, sizeof *segment);
    memset(state_of, 0, sizeof *state_of);
    segment->info.documents = TWO_PAGES;
    struct signals_kept *kept = signals_kept_of(&state_of->kept, segment, &one_rule, both);
    assert_non_null(kept);
    return kept;
}

/* The state behind a commit that has changed a document of the first page; told: which one is known. */
static struct signals_kept *next_state(struct signals_kept *kept, uint16_t document, uint8_t kind, bool told)
{
    struct segment_page_id page = {.kind = kind, .document_count = told ? 1 : 0};
    const struct segment_changes changes = {&page, 1, &document};
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

static void what_has_changed_is_added_to_what_is_known(void **state)
{
    (void)state;
    static struct segment segment;
    static struct segment_state state_of;
    uint32_t documents[SIGNALS_RISING_MAX];
    uint64_t known;
    const int32_t part = 90000;
    struct signals_kept *first_kept = keep_state(&segment, &state_of);
    fill_with(first_kept, 0, 5000);
    fill_with(first_kept, 1, 5000);
    struct signals_kept *other = next_state(first_kept, 9, PAGE_COLUMN + FIELD + 1, true); /* nobody reads that */
    assert_int_equal(signals_kept_known(other, 0), SIGNALS_FULL);
    struct signals_kept *next = next_state(other, 7, PAGE_COLUMN + FIELD, true);
    assert_int_equal(signals_kept_known(next, 0), SIGNALS_NOTHING);
    assert_int_equal(signals_kept_known(next, 1), SIGNALS_FULL);
    assert_int_equal(signals_kept_known(other, 0), SIGNALS_FULL);
    assert_int_equal(signals_kept_risen(next, 0, documents, &known), 1);
    assert_int_equal(documents[0], 7);
    signals_kept_rise(next, 0, known, documents, &part, 1);
    assert_int_equal(signals_kept_known(next, 0), SIGNALS_FULL);
    assert_int_equal(signals_kept_known(other, 0), SIGNALS_NOTHING); /* another state's */
    assert_true(signals_kept_document(next, 7) >= part);
    assert_true(signals_kept_bound(next, &next->bounds->groups[0]) >= part);
    assert_true(signals_kept_bound(next, &next->bounds->page[0]) >= part);
    assert_true(signals_kept_document(next, 8) >= 5000 && signals_kept_document(next, 8) < 6000);
    fill_with(other, 0, 1000); /* late: nothing sinks, and nothing is its own */
    assert_false(signals_kept_page(other, 0, 1000));
    assert_int_equal(signals_kept_known(other, 0), SIGNALS_NOTHING);
    assert_true(signals_kept_document(next, 7) >= part);
    signals_kept_free(first_kept);
    signals_kept_free(other);
    signals_kept_free(next);
}

static void what_is_not_told_is_filled_anew(void **state)
{
    (void)state;
    static struct segment segment;
    static struct segment_state state_of;
    uint32_t documents[SIGNALS_RISING_MAX];
    uint64_t known;
    struct signals_kept *kept = keep_state(&segment, &state_of);
    assert_int_equal(signals_kept_risen(kept, 0, documents, &known), 0); /* never filled */
    fill_with(kept, 0, 5000);
    struct signals_kept *next = next_state(kept, 7, PAGE_COLUMN + FIELD, false);
    signals_kept_free(kept);
    assert_int_equal(signals_kept_known(next, 0), SIGNALS_NOTHING);
    assert_int_equal(signals_kept_risen(next, 0, documents, &known), 0);
    fill_with(next, 0, 4000);
    assert_int_equal(signals_kept_known(next, 0), SIGNALS_FULL);
    for (uint16_t i = 0; i < 2 * SIGNALS_DELTAS; i++) { /* a page that changes all the time, and nobody asks for */
        assert_int_equal(signals_kept_risen(next, 0, documents, &known), i <= SIGNALS_DELTAS ? i : 0);
        kept = next_state(next, i, PAGE_COLUMN + FIELD, true);
        signals_kept_free(next);
        next = kept;
    }
    signals_kept_free(next);
}

static void bounds_that_rose_often_are_begun_anew(void **state)
{
    (void)state;
    static struct segment segment;
    static struct segment_state state_of;
    const struct segment_changes none = {.count = 0};
    uint32_t documents[SIGNALS_RISING_MAX];
    uint64_t known;
    size_t bytes;
    const int32_t part = 1;
    struct signals_kept *kept = keep_state(&segment, &state_of);
    fill_with(kept, 0, 5000);
    uint32_t rises = 0;
    for (struct signals_kept *next = kept; (next = kept->head.carry(kept, &none, &bytes)) != NULL; rises++) {
        signals_kept_free(kept);
        kept = next_state(next, 7, PAGE_COLUMN + FIELD, true);
        signals_kept_free(next);
        assert_int_equal(signals_kept_risen(kept, 0, documents, &known), 1);
        signals_kept_rise(kept, 0, known, documents, &part, 1);
        assert_true(rises < TWO_PAGES);
    }
    assert_true(rises > TWO_PAGES / 8);
    signals_kept_free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_list_has_its_own_place_and_first_price),
        cmocka_unit_test(lists_beyond_the_room_have_none),
        cmocka_unit_test(small_segments_keep_no_sums),
        cmocka_unit_test(what_has_changed_is_added_to_what_is_known),
        cmocka_unit_test(what_is_not_told_is_filled_anew),
        cmocka_unit_test(bounds_that_rose_often_are_begun_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
