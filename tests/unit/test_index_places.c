/*
 * test_index_places.c - the entries of one product against a slow model: fields interleaved, caps, doubles, fields
 * without positions.
 */
#include "index/places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define FIELDS 3u

static const struct field fields[FIELDS] = {
    {.searchable = true, .positions = true, .searchable_rank = 0},
    {.searchable = true, .positions = false, .searchable_rank = 1},
    {.searchable = true, .positions = true, .searchable_rank = 2},
};

static uint64_t seed = 7;

static uint32_t draw_below(uint32_t bound)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % bound);
}

static void add(struct places *places, uint32_t slot, uint32_t field, uint32_t position, uint32_t span)
{
    assert_int_equal(places_add(places, slot, &fields[field], position, span), 0);
}

/* Expects the next entry to be exactly these occurrences. */
static void expect(struct bytes *entries, const struct position *expected, size_t count)
{
    struct bytes entry = positions_cut(entries);
    struct position *found = test_malloc(entry.size * sizeof *found);
    size_t found_count;
    assert_int_equal(positions_decode(entry, found, &found_count), 0);
    assert_int_equal(found_count, count);
    assert_memory_equal(found, expected, count * sizeof *found);
    test_free(found);
}

static void fields_interleave_in_the_order_of_places(void **state)
{
    (void)state;
    struct places places;
    struct bytes entries;
    places_init(&places, FIELDS);
    places_begin(&places);
    add(&places, 0, 0, 0, 1);
    add(&places, 1, 0, 1, 1);
    add(&places, 2, 0, 0, 2); /* "t-shirt": t, shirt, tshirt */
    add(&places, 0, 0, 5, 1);
    add(&places, 0, 2, 1, 1);
    add(&places, 0, 2, 0, 1);
    assert_int_equal(places_encode(&places, &entries), 0);
    assert_true(positions_are(entries, 3));
    expect(&entries, (const struct position[]){{0, 1}, {2, 1}, {5, 1}, {15, 1}}, 4);
    expect(&entries, (const struct position[]){{3, 1}}, 1);
    expect(&entries, (const struct position[]){{0, 2}}, 1);
    places_begin(&places);
    assert_int_equal(places_encode(&places, &entries), 0);
    assert_int_equal(entries.size, 0);
    places_release(&places);
}

static void fields_without_positions_have_each_word_once(void **state)
{
    (void)state;
    struct places places;
    struct bytes entries;
    places_init(&places, FIELDS);
    places_begin(&places);
    for (uint32_t i = 0; i < 50; i++) {
        add(&places, 0, 1, i, 1 + i % 4);
    }
    add(&places, 0, 2, 7, 3);
    assert_int_equal(places_encode(&places, &entries), 0);
    expect(&entries, (const struct position[]){{1, 1}, {7 * FIELDS + 2, 3}}, 2);
    assert_int_equal(entries.size, 0);
    places_release(&places);
}

static void a_word_wins_over_a_compound_at_its_place(void **state)
{
    (void)state;
    struct places places;
    struct bytes entries;
    places_init(&places, FIELDS);
    for (unsigned first = 0; first < 2; first++) {
        places_begin(&places);
        add(&places, 0, 0, 4, first == 0 ? 1 : 3);
        add(&places, 0, 0, 4, first == 0 ? 3 : 1);
        add(&places, 0, 2, 4, 3);
        assert_int_equal(places_encode(&places, &entries), 0);
        expect(&entries, (const struct position[]){{12, 1}, {14, 3}}, 2);
    }
    places_release(&places);
}

static void the_first_of_a_field_are_kept(void **state)
{
    (void)state;
    static struct position expected[2 * LIMIT_POSITIONS_FIELD];
    struct places places;
    struct bytes entries;
    places_init(&places, FIELDS);
    for (unsigned round = 0; round < 2; round++) {
        places_begin(&places);
        /* Doubles count as they come. */
        for (uint32_t i = 0; i < LIMIT_POSITIONS_FIELD + 500; i++) {
            add(&places, 0, 0, i / (round + 1), 1 + i % (round + 1));
            add(&places, 1, 0, i, 1);
        }
        for (uint32_t i = 0; i < LIMIT_POSITIONS_FIELD + 1; i++) {
            add(&places, 0, 2, i, 1);
        }
        size_t count = 0;
        for (uint32_t i = 0; i < LIMIT_POSITIONS_FIELD; i++) {
            if (i < LIMIT_POSITIONS_FIELD / (round + 1)) {
                expected[count++] = (struct position){i * FIELDS, 1};
            }
            expected[count++] = (struct position){i * FIELDS + 2, 1};
        }
        assert_int_equal(places_encode(&places, &entries), 0);
        expect(&entries, expected, count);
        assert_int_equal(positions_cut(&entries).size, 1 + LIMIT_POSITIONS_FIELD - 1);
        assert_int_equal(entries.size, 0);
    }
    places_release(&places);
}

#define TERMS 30u
#define TOKENS 400u

static int compare_positions(const void *left, const void *right)
{
    const struct position *a = left;
    const struct position *b = right;
    if (a->place != b->place) {
        return a->place < b->place ? -1 : 1;
    }
    return (a->span > b->span) - (a->span < b->span);
}

static void random_products_equal_the_model(void **state)
{
    (void)state;
    struct places places;
    places_init(&places, FIELDS);
    for (uint32_t round = 0; round < 300; round++) {
        static struct position model[TERMS][FIELDS * TOKENS];
        size_t counts[TERMS] = {0};
        uint32_t slots[TERMS];
        uint32_t slot_count = 0;
        struct bytes entries;
        memset(slots, 0xff, sizeof slots);
        places_begin(&places);
        for (uint32_t f = 0; f < FIELDS; f += 2) {
            for (uint32_t i = 0; i < TOKENS; i++) {
                uint32_t term = draw_below(1 + draw_below(TERMS));
                uint32_t span = draw_below(5) == 0 ? 2 + draw_below(3) : 1;
                uint32_t position = span == 1 ? i : i - draw_below(i < 3 ? i + 1 : 4);
                slots[term] = slots[term] == UINT32_MAX ? slot_count++ : slots[term];
                add(&places, slots[term], f, position, span);
                model[slots[term]][counts[slots[term]]++] = (struct position){position * FIELDS + f, span};
            }
        }
        assert_int_equal(places_encode(&places, &entries), 0);
        for (uint32_t s = 0; s < slot_count; s++) {
            size_t kept = 0;
            qsort(model[s], counts[s], sizeof model[s][0], compare_positions);
            for (size_t i = 0; i < counts[s]; i++) {
                if (kept == 0 || model[s][kept - 1].place != model[s][i].place) {
                    model[s][kept++] = model[s][i];
                }
            }
            expect(&entries, model[s], kept);
        }
        assert_int_equal(entries.size, 0);
    }
    places_release(&places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_interleave_in_the_order_of_places),
        cmocka_unit_test(fields_without_positions_have_each_word_once),
        cmocka_unit_test(a_word_wins_over_a_compound_at_its_place),
        cmocka_unit_test(the_first_of_a_field_are_kept),
        cmocka_unit_test(random_products_equal_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
