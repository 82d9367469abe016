/*
 * test_postings_fill.c - documents as bits, window by window, against bits set one by one.
 */
#include "support/postings_model.h"

#include "base/bitset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t seed = 77003;

#define WINDOW_MAX 9000u

static const struct model_style styles[] = {
    {.count = 1, .gap_max = 9, .classes = 1, .lengths = 1},
    {.count = 4, .gap_max = 900, .classes = 8, .lengths = 9},
    {.count = 90, .gap_max = 100, .classes = 8, .lengths = 1},
    {.count = 20000, .gap_max = 1, .classes = 1, .lengths = 1},
    {.count = 20000, .gap_max = 1, .classes = 8, .lengths = 20, .jump_every = 700, .jump_max = 3000},
    {.count = 20000, .gap_max = 2, .classes = 8, .lengths = 1, .jump_every = 6, .jump_max = 14}, /* bitsets */
    {.count = 20000, .gap_max = 3, .classes = 8, .lengths = 3, .jump_every = 9, .jump_max = 30}, /* bitsets */
    {.count = 200, .gap_max = 2, .classes = 8, .lengths = 3, .jump_every = 6, .jump_max = 14},   /* one bitset */
    {.count = 20000, .gap_max = 7, .classes = 8, .lengths = 3},
    {.count = 20000, .gap_max = 60, .classes = 8, .lengths = 1, .rare_class = 30},
    {.count = 3000, .gap_max = 2000, .classes = 8, .lengths = 1},
};

static void check_windows(const struct model_index *index, const struct model_list *list, bool match)
{
    struct postings_list decoded;
    struct postings_cursor cursor;
    bool accept[256];
    uint32_t last = list->documents[list->count - 1];
    uint64_t from = model_draw(&seed) % 300;
    for (unsigned i = 0; i < 256; i++) {
        accept[i] = i >= 128;
    }
    assert_int_equal(postings_list_decode(bytes_of(list->record, list->record_size), &decoded), 0);
    assert_int_equal(postings_cursor_open(&cursor, &index->source, &decoded), 0);
    while (from <= last) {
        uint64_t bits[WINDOW_MAX / 64 + 2] = {0};
        uint64_t expected[WINDOW_MAX / 64 + 2] = {0};
        uint32_t count = 1 + model_draw(&seed) % WINDOW_MAX;
        size_t matching = 0;
        bits[0] = 1; /* what is there stays */
        expected[0] = 1;
        bits[bitset_words(count)] = 0x5555;
        expected[bitset_words(count)] = 0x5555;
        uint32_t at = model_find(list, 0, postings_cursor_document(&cursor));
        for (at = model_find(list, at, (uint32_t)from); at < list->count && list->documents[at] < from + count; at++) {
            if (!match || accept[list->codes[at]]) {
                bitset_set(expected, list->documents[at] - from);
                matching++;
            }
        }
        if (match) {
            assert_int_equal(postings_cursor_fill_matching(&cursor, (uint32_t)from, count, bits, accept), matching);
        } else {
            postings_cursor_fill(&cursor, (uint32_t)from, count, bits);
        }
        assert_memory_equal(bits, expected, sizeof bits);
        assert_int_equal(postings_cursor_document(&cursor), at < list->count ? list->documents[at] : POSTINGS_END);
        if (at < list->count && from % 2 == 0) {
            assert_int_equal(postings_cursor_code(&cursor), list->codes[at]);
        }
        if (at < list->count && from % 5 == 0) {
            assert_int_equal(postings_cursor_next(&cursor),
                             at + 1 < list->count ? list->documents[at + 1] : POSTINGS_END);
        }
        from += count + (model_draw(&seed) % 4 == 0 ? model_draw(&seed) % 2000 : 0);
    }
    assert_int_equal(postings_cursor_status(&cursor), 0);
}

static void windows(bool match)
{
    for (size_t style = 0; style < sizeof styles / sizeof *styles; style++) {
        struct model_index index;
        struct model_list list = model_draw_list(&styles[style], &seed);
        model_index_begin(&index);
        model_index_add(&index, &list, &seed);
        model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
        for (int round = 0; round < 20; round++) {
            check_windows(&index, &list, match);
        }
        model_list_release(&list);
        model_index_release(&index);
    }
}

static void fill_sets_the_documents_of_its_window(void **state)
{
    (void)state;
    windows(false);
}

static void fill_matching_sets_accepted_documents_only(void **state)
{
    (void)state;
    windows(true);
}

static void fill_leaves_out_what_the_cursor_has_passed(void **state)
{
    (void)state;
    for (size_t style = 0; style < sizeof styles / sizeof *styles; style++) {
        struct model_index index;
        struct model_list list = model_draw_list(&styles[style], &seed);
        struct postings_list decoded;
        struct postings_cursor cursor;
        model_index_begin(&index);
        model_index_add(&index, &list, &seed);
        model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
        assert_int_equal(postings_list_decode(bytes_of(list.record, list.record_size), &decoded), 0);
        for (int round = 0; round < 20; round++) {
            uint64_t bits[WINDOW_MAX / 64 + 2] = {0};
            uint64_t expected[WINDOW_MAX / 64 + 2] = {0};
            uint32_t at = model_draw(&seed) % list.count;
            uint32_t from = list.documents[at] - (list.documents[at] < 1000 ? list.documents[at] : 1000);
            assert_int_equal(postings_cursor_open(&cursor, &index.source, &decoded), 0);
            assert_int_equal(postings_cursor_seek(&cursor, list.documents[at]), list.documents[at]);
            postings_cursor_fill(&cursor, from, WINDOW_MAX, bits);
            for (; at < list.count && list.documents[at] < from + WINDOW_MAX; at++) {
                bitset_set(expected, list.documents[at] - from);
            }
            assert_memory_equal(bits, expected, sizeof bits);
        }
        model_list_release(&list);
        model_index_release(&index);
    }
}

static void fill_after_the_end_sets_nothing(void **state)
{
    (void)state;
    struct model_style style = {.count = 600, .gap_max = 5, .classes = 1, .lengths = 1};
    struct model_index index;
    struct model_list list = model_draw_list(&style, &seed);
    struct postings_list decoded;
    struct postings_cursor cursor;
    const bool accept[256] = {true};
    uint64_t bits[1] = {0};
    model_index_begin(&index);
    model_index_add(&index, &list, &seed);
    model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
    assert_int_equal(postings_list_decode(bytes_of(list.record, list.record_size), &decoded), 0);
    assert_int_equal(postings_cursor_open(&cursor, &index.source, &decoded), 0);
    postings_cursor_fill(&cursor, UINT32_MAX - 64, 64, bits);
    postings_cursor_fill(&cursor, 0, 64, bits);
    assert_int_equal(postings_cursor_fill_matching(&cursor, 0, 64, bits, accept), 0);
    assert_int_equal(bits[0], 0);
    assert_int_equal(postings_cursor_document(&cursor), POSTINGS_END);
    model_list_release(&list);
    model_index_release(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill_sets_the_documents_of_its_window),
        cmocka_unit_test(fill_matching_sets_accepted_documents_only),
        cmocka_unit_test(fill_leaves_out_what_the_cursor_has_passed),
        cmocka_unit_test(fill_after_the_end_sets_nothing),
    };
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
