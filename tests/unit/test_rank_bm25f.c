/*
 * test_rank_bm25f.c - classes, length codes and parts against values worked out by hand, and bounds that bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rank/bm25f_lanes.h"

#include <math.h>

static struct schema *parse(const char *json)
{
    struct schema *schema = NULL;
    assert_int_equal(schema_parse(bytes_of_string(json), &schema, NULL), 0);
    return schema;
}

static struct rank_weights weights_of(const char *json)
{
    struct rank_weights weights;
    struct schema *schema = parse(json);
    rank_weights_init(&weights, schema);
    schema_free(schema);
    return weights;
}

static const struct rank_weights shop = {.first = 500, .single = false};
static const struct rank_weights single = {.first = 100, .single = true};

static void weights_are_those_of_the_first_text_field(void **state)
{
    (void)state;
    struct schema *schema = NULL;
    struct rank_weights weights;
    assert_int_equal(schema_default(&schema), 0);
    rank_weights_init(&weights, schema);
    assert_int_equal(weights.first, 500);
    assert_false(weights.single);
    schema_free(schema);
    weights = weights_of("{\"version\":1,\"id\":\"id\",\"fields\":{\"t\":{\"type\":\"text\",\"weight\":2.5}}}");
    assert_int_equal(weights.first, 250);
    assert_true(weights.single);
    weights = weights_of("{\"version\":1,\"id\":\"id\",\"fields\":{\"k\":{\"type\":\"keyword\",\"search_weight\":3}}}");
    assert_int_equal(weights.first, 300);
    assert_true(weights.single);
    weights = weights_of("{\"version\":1,\"id\":\"id\",\"fields\":{\"n\":{\"type\":\"integer\"}}}");
    assert_true(weights.first > 0);
}

static uint8_t class_of(uint32_t weight, bool in_first)
{
    return rank_class(&shop, &(struct rank_occurrence){.weight = weight, .frequency = 1, .in_first = in_first});
}

static void class_in_the_first_field_rises_at_each_border(void **state)
{
    (void)state;
    assert_int_equal(class_of(500, true), 4);
    assert_int_equal(class_of(574, true), 4);
    assert_int_equal(class_of(575, true), 5);
    assert_int_equal(class_of(749, true), 5);
    assert_int_equal(class_of(750, true), 6);
    assert_int_equal(class_of(1249, true), 6);
    assert_int_equal(class_of(1250, true), 7);
    assert_int_equal(class_of(UINT32_MAX, true), 7);
}

static void class_in_other_fields_rises_behind_each_border(void **state)
{
    (void)state;
    assert_int_equal(class_of(1, false), 0);
    assert_int_equal(class_of(125, false), 0);
    assert_int_equal(class_of(126, false), 1);
    assert_int_equal(class_of(250, false), 1);
    assert_int_equal(class_of(251, false), 2);
    assert_int_equal(class_of(400, false), 2);
    assert_int_equal(class_of(401, false), 3);
    assert_int_equal(class_of(1000000, false), 3);
}

static void class_of_a_single_field_is_by_frequency(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0, 1, 2, 3, 4, 5, 6, 6, 6, 7, 7};
    for (uint32_t tf = 1; tf <= 11; tf++) {
        struct rank_occurrence occurrence = {.weight = tf * 100, .frequency = tf, .in_first = true};
        assert_int_equal(rank_class(&single, &occurrence), expected[tf - 1]);
    }
}

static void length_codes_change_where_the_definition_says(void **state)
{
    (void)state;
    static const struct {
        uint32_t length;
        uint8_t code;
    } cases[] = {{0, 0}, {1, 1}, {19, 19}, {20, 20}, {22, 20}, {23, 21}, {26, 21}, {27, 22}, {31, 22}, {32, 23},
                 {38, 23}, {39, 24}, {48, 24}, {49, 25}, {66, 25}, {67, 26}, {96, 26}, {97, 27}, {150, 27},
                 {151, 28}, {250, 28}, {251, 29}, {450, 29}, {451, 30}, {900, 30}, {901, 31}, {100000, 31}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(rank_length_code(&single, (uint64_t)cases[i].length * 100), cases[i].code);
    }
    assert_int_equal(rank_length_code(&shop, 249), 0);
    assert_int_equal(rank_length_code(&shop, 250), 1);
    assert_int_equal(rank_length_code(&shop, 749), 1);
    assert_int_equal(rank_length_code(&single, UINT64_C(1) << 50), 31);
}

static void representatives_are_doubled_lengths(void **state)
{
    (void)state;
    static const double coarse[] = {21, 24.5, 28.5, 34.5, 43, 57, 81, 123, 200, 350, 650, 1300};
    for (unsigned code = 0; code < 20; code++) {
        assert_int_equal(rank_length_halves[code], 2 * code);
    }
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(rank_length_halves[20 + i], (int)(2 * coarse[i]));
    }
}

static void average_and_idf_follow_the_formula(void **state)
{
    (void)state;
    struct rank_statistics statistics = {.products = 4, .length_sum = 20};
    assert_true(rank_average_length(&statistics) == 2.5);
    assert_true(fabs(rank_idf(&statistics, 1) - log(1 + 3.5 / 1.5)) < 1e-15);
    statistics = (struct rank_statistics){.products = 0, .length_sum = 0};
    assert_true(rank_average_length(&statistics) == 1e-9);
    statistics = (struct rank_statistics){.products = 7, .length_sum = 0};
    assert_true(rank_average_length(&statistics) == 1e-9);
}

/* Worked out apart from this program: see each line. */
static void parts_are_what_they_are_by_hand(void **state)
{
    (void)state;
    struct rank_statistics statistics = {.products = 1000, .length_sum = 40000};
    struct rank_table table;
    rank_table_init(&table, &shop, &statistics, 10);
    /* idf = ln(1 + 990.5 / 10.5) = 4.557380; wtf = 5, wlen = 21, average 20: 262144 * idf * 11 / (5 + 1.2 * 1.0375) */
    assert_int_equal(table.part[4 << 5 | 20], 2104337);
    /* class 0, the shortest: wtf = 1: 262144 * idf * 2.2 / (1 + 1.2 * 0.25) */
    assert_int_equal(table.part[0 << 5 | 0], 2021783);
    /* class 7, the longest: wtf = 15, wlen = 1300, average 20: 262144 * idf * 33 / (15 + 1.2 * 49) */
    assert_int_equal(table.part[7 << 5 | 31], 534211);
    rank_table_init(&table, &single, &statistics, 1000);
    /* idf = ln(1 + 0.5 / 1000.5); ratio 12, wlen 43 */
    assert_int_equal(table.part[7 << 5 | 24], 243);
}

/* Lanes and single numbers give the same parts, whatever the scores: rounded, capped and 0. */
static void lanes_make_the_parts_of_the_formula(void **state)
{
    (void)state;
    double wtf[RANK_CLASSES];
    double norms[RANK_LENGTHS];
    int32_t part[256];
    bool is_monotone;
    for (unsigned turn = 0; turn < 2000; turn++) {
        double top = ldexp(1 + (double)(turn % 97) / 97, (int)(turn % 32) - 4);
        for (unsigned class = 0; class < RANK_CLASSES; class++) {
            wtf[class] = 0.2 + class * (0.1 + (double)(turn % 13) / 7);
        }
        for (unsigned length = 0; length < RANK_LENGTHS; length++) {
            norms[length] = 0.3 + length * ((double)(turn % 11) / 9);
        }
        if (!bm25f_lanes_fill(top, wtf, norms, part, &is_monotone)) {
            skip(); /* this machine has none */
        }
        assert_true(is_monotone);
        for (unsigned code = 0; code < 256; code++) {
            double exact = top * wtf[code >> 5] / (wtf[code >> 5] + norms[code & 31]);
            assert_int_equal(part[code], exact >= RANK_PART_MAX ? RANK_PART_MAX : (int32_t)llrint(exact));
        }
    }
}

static void lanes_see_what_is_not_monotone(void **state)
{
    (void)state;
    double wtf[RANK_CLASSES];
    double norms[RANK_LENGTHS];
    int32_t part[256];
    bool is_monotone;
    for (unsigned wrong = 0; wrong < RANK_CLASSES - 1 + RANK_LENGTHS - 1; wrong++) {
        for (unsigned class = 0; class < RANK_CLASSES; class++) {
            bool is_less = wrong >= RANK_LENGTHS - 1 && class > wrong - (RANK_LENGTHS - 1);
            wtf[class] = (is_less ? 0.5 : 1) + class * 0.01;
        }
        for (unsigned length = 0; length < RANK_LENGTHS; length++) {
            norms[length] = (wrong < RANK_LENGTHS - 1 && length > wrong ? 0.1 : 1) + length * 0.01;
        }
        if (!bm25f_lanes_fill(100000, wtf, norms, part, &is_monotone)) {
            skip();
        }
        assert_false(is_monotone);
    }
}

static void check_bounds(const struct rank_weights *weights, uint64_t products, uint64_t length_sum, uint64_t df)
{
    struct rank_table table;
    rank_table_init(&table, weights, &(struct rank_statistics){products, length_sum}, df);
    for (unsigned dominant = 0; dominant < 256; dominant++) {
        int32_t most = 0;
        for (unsigned code = 0; code < 256; code++) {
            if (code >> 5 <= dominant >> 5 && (code & 31) >= (dominant & 31)) {
                most = table.part[code] > most ? table.part[code] : most;
            }
        }
        assert_int_equal(table.bound[dominant], most);
        assert_true(table.part[dominant] >= 0 && table.part[dominant] <= RANK_PART_MAX);
    }
}

static void bound_is_the_most_of_all_dominated_codes(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 1000, UINT64_C(100000000), UINT64_C(0x7fffff00) * 64};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (uint64_t halves = 0; halves <= 400; halves += 100) {
            check_bounds(&shop, sizes[i], sizes[i] * halves, 1);
            check_bounds(&single, sizes[i], sizes[i] * halves, sizes[i]);
            check_bounds(&single, sizes[i], sizes[i] * halves, sizes[i] / 2 + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_the_first_text_field),
        cmocka_unit_test(class_in_the_first_field_rises_at_each_border),
        cmocka_unit_test(class_in_other_fields_rises_behind_each_border),
        cmocka_unit_test(class_of_a_single_field_is_by_frequency),
        cmocka_unit_test(length_codes_change_where_the_definition_says),
        cmocka_unit_test(representatives_are_doubled_lengths),
        cmocka_unit_test(average_and_idf_follow_the_formula),
        cmocka_unit_test(parts_are_what_they_are_by_hand),
        cmocka_unit_test(lanes_make_the_parts_of_the_formula),
        cmocka_unit_test(lanes_see_what_is_not_monotone),
        cmocka_unit_test(bound_is_the_most_of_all_dominated_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
