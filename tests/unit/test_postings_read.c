/*
 * test_postings_read.c - the cursor against plain arrays: lists of all sizes, densities and kinds of codes.
 */
#include "support/postings_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t seed = 77001;

static const uint32_t counts[] = {1,    2,    3,    4,    5,    6,    17,   35,   36,    37,    127,   128,
                                  129,  255,  256,  257,  300,  511,  512,  1000, 4095,  4096,  4097,  8191,
                                  8192, 8193, 9000, 16384, 16385, 40000};
#define COUNTS (sizeof counts / sizeof *counts)

static const struct model_style styles[] = {
    {.gap_max = 1, .classes = 1, .lengths = 1},                                             /* consecutive      */
    {.gap_max = 1, .classes = 8, .lengths = 32, .jump_every = 300, .jump_max = 50000},      /* runs             */
    {.gap_max = 2, .classes = 2, .lengths = 9, .lengths_ascend = true, .jump_every = 6, .jump_max = 14}, /* bitsets */
    {.gap_max = 3, .classes = 7, .lengths = 32, .jump_every = 9, .jump_max = 30, .rare_class = 40},      /* bitsets */
    {.gap_max = 9, .classes = 5, .lengths = 2, .jump_every = 20, .jump_max = 40}, /* bitsets would be as large */
    {.gap_max = 2, .classes = 3, .lengths = 32, .lengths_ascend = true, .rare_class = 40},
    {.gap_max = 60, .classes = 8, .lengths = 12, .rare_class = 9},
    {.gap_max = 3000, .classes = 4, .lengths = 32, .jump_every = 20, .jump_max = 30000},    /* exceptions       */
    {.gap_max = 40000, .classes = 1, .lengths = 5},
};
#define STYLES (sizeof styles / sizeof *styles)

struct fixture {
    struct model_index index;
    struct model_list lists[STYLES * COUNTS];
    size_t count;
};

static int write_all(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof *f);
    assert_non_null(f);
    model_index_begin(&f->index);
    for (size_t style = 0; style < STYLES; style++) {
        for (size_t i = 0; i < COUNTS; i++) {
            struct model_style one = styles[style];
            one.count = counts[i];
            f->lists[f->count] = model_draw_list(&one, &seed);
            model_index_add(&f->index, &f->lists[f->count], &seed);
            f->count++;
        }
    }
    model_index_end(&f->index, LIMIT_SEGMENT_DOCUMENTS);
    *state = f;
    return 0;
}

static int free_all(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->count; i++) {
        model_list_release(&f->lists[i]);
    }
    model_index_release(&f->index);
    mem_free(f);
    return 0;
}

static void open_list(const struct fixture *f, const struct model_list *list, struct postings_cursor *cursor)
{
    struct postings_list decoded;
    assert_int_equal(postings_list_decode(bytes_of(list->record, list->record_size), &decoded), 0);
    assert_int_equal(decoded.count, list->count);
    for (uint32_t i = 0; i < list->count; i += 97) {
        assert_true(postings_is_dominated(list->codes[i], decoded.dominant));
    }
    memset(cursor, 0xee, sizeof *cursor);
    assert_int_equal(postings_cursor_open(cursor, &f->index.source, &decoded), 0);
}

/* Otherwise the tests below would not show what they are meant to. */
static void drawn_lists_have_blocks_of_every_kind(void **state)
{
    const struct fixture *f = *state;
    struct postings_cursor cursor;
    unsigned kinds[5] = {0};
    unsigned classes[4] = {0};
    unsigned lengths[4] = {0};
    unsigned bitsets = 0;
    for (size_t l = 0; l < f->count; l++) {
        open_list(f, &f->lists[l], &cursor);
        kinds[cursor.list.kind]++;
        while (cursor.list.kind != POSTINGS_TINY && postings_cursor_document(&cursor) != POSTINGS_END) {
            (void)postings_cursor_code(&cursor);
            bitsets += cursor.bits != NULL;
            lengths[cursor.coded.data[0] & 3]++;
            classes[cursor.coded.data[0] >> 2 & 3]++;
            postings_cursor_seek(&cursor, cursor.block_last + 1);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_true(kinds[i] > 10 && kinds[4] > 10);
        assert_true(lengths[i] > 10);
        assert_true(classes[i] > 10 || i == 3);
    }
    assert_true(bitsets > 100);
}

static void next_visits_every_posting(void **state)
{
    const struct fixture *f = *state;
    struct postings_cursor cursor;
    for (size_t l = 0; l < f->count; l++) {
        const struct model_list *list = &f->lists[l];
        open_list(f, list, &cursor);
        for (uint32_t i = 0; i < list->count; i++) {
            assert_int_equal(postings_cursor_document(&cursor), list->documents[i]);
            if (l % 3 != 0 || i % 5 == 0) {
                assert_int_equal(postings_cursor_code(&cursor), list->codes[i]);
            }
            uint32_t next = i + 1 < list->count ? list->documents[i + 1] : POSTINGS_END;
            assert_int_equal(postings_cursor_next(&cursor), next);
        }
        for (int i = 0; i < 3; i++) {
            assert_int_equal(postings_cursor_next(&cursor), POSTINGS_END);
            assert_int_equal(postings_cursor_seek(&cursor, 5), POSTINGS_END);
            assert_int_equal(postings_cursor_seek(&cursor, POSTINGS_END), POSTINGS_END);
            assert_int_equal(postings_cursor_code(&cursor), 0);
            assert_int_equal(postings_cursor_document(&cursor), POSTINGS_END);
        }
        assert_int_equal(postings_cursor_status(&cursor), 0);
    }
}

/* Seeks on by up to stride postings' worth of documents; now and then steps, asks for the code, or seeks back. */
static void walk_by_seeks(const struct fixture *f, const struct model_list *list, uint32_t stride)
{
    struct postings_cursor cursor;
    uint32_t at = 0;
    open_list(f, list, &cursor);
    while (at < list->count) {
        uint32_t jump = at + model_draw(&seed) % stride;
        uint32_t target = jump < list->count ? list->documents[jump] : list->documents[list->count - 1];
        uint32_t kind = model_draw(&seed) % 8;
        if (kind == 0) {
            postings_cursor_next(&cursor);
            at++;
        } else if (kind == 1) {
            assert_int_equal(postings_cursor_seek(&cursor, target / 2 < list->documents[at] ? target / 2 : 0),
                             list->documents[at]);
        } else {
            target += (kind & 1) + (jump > list->count + stride / 4);
            at = model_find(list, at, target);
            postings_cursor_seek(&cursor, target);
        }
        uint32_t expected = at < list->count ? list->documents[at] : POSTINGS_END;
        assert_int_equal(postings_cursor_document(&cursor), expected);
        if (kind % 3 == 0 && at < list->count) {
            assert_int_equal(postings_cursor_code(&cursor), list->codes[at]);
        }
        if (kind % 3 != 1) {
            assert_int_equal(postings_cursor_ordinal(&cursor), at < list->count ? at : UINT32_MAX);
        }
    }
    assert_int_equal(postings_cursor_status(&cursor), 0);
}

static void seek_finds_the_first_at_or_behind_its_target(void **state)
{
    const struct fixture *f = *state;
    for (size_t l = 0; l < f->count; l++) {
        walk_by_seeks(f, &f->lists[l], 5);
        walk_by_seeks(f, &f->lists[l], 100);
        walk_by_seeks(f, &f->lists[l], 700);
        walk_by_seeks(f, &f->lists[l], 20000);
    }
}

static void seek_behind_the_last_ends_the_cursor(void **state)
{
    const struct fixture *f = *state;
    struct postings_cursor cursor;
    for (size_t l = 0; l < f->count; l++) {
        open_list(f, &f->lists[l], &cursor);
        assert_int_equal(postings_cursor_seek(&cursor, f->lists[l].documents[f->lists[l].count - 1] + 1), POSTINGS_END);
        open_list(f, &f->lists[l], &cursor);
        assert_int_equal(postings_cursor_seek(&cursor, POSTINGS_END), POSTINGS_END);
        assert_int_equal(postings_cursor_status(&cursor), 0);
    }
}

static void opening_a_list_with_skips_touches_no_block(void **state)
{
    const struct fixture *f = *state;
    struct postings_cursor cursor;
    struct postings_source source = f->index.source;
    source.blocks = (struct extent_view){.size = 0};
    for (size_t l = 0; l < f->count; l++) {
        struct postings_list list;
        uint32_t last;
        assert_int_equal(postings_list_decode(bytes_of(f->lists[l].record, f->lists[l].record_size), &list), 0);
        if (list.count > POSTINGS_BLOCK) {
            assert_int_equal(postings_cursor_open(&cursor, &source, &list), 0);
            assert_int_equal(postings_cursor_document(&cursor), f->lists[l].documents[0]);
            (void)postings_cursor_bound(&cursor, f->lists[l].documents[list.count - 1], &last);
            assert_int_equal(last, f->lists[l].documents[list.count - 1]);
            assert_int_equal(postings_cursor_status(&cursor), 0);
            assert_int_equal(postings_cursor_next(&cursor), POSTINGS_END);
            assert_int_equal(postings_cursor_status(&cursor), AISLE_CORRUPT);
        }
    }
}

static void short_lists_stand_in_their_records(void **state)
{
    (void)state;
    struct model_index index;
    model_index_begin(&index);
    for (uint32_t count = 1; count <= 12; count++) {
        struct model_style style = {.count = count, .gap_max = 50000, .classes = 1, .lengths = 1};
        struct model_list list = model_draw_list(&style, &seed);
        model_index_add(&index, &list, &seed);
        model_list_release(&list);
    }
    assert_int_equal(index.skips.payload, 0);
    assert_int_equal(index.blocks.payload, 0);
    model_index_end(&index, 1000000);
    model_index_release(&index);
}

static void gaps_may_reach_across_all_documents(void **state)
{
    (void)state;
    struct model_index index;
    struct postings_cursor cursor;
    struct postings_list decoded;
    for (uint32_t count = 1; count <= 1100; count = count * 3 + 1) {
        struct model_style style = {.count = count, .gap_max = 3, .classes = 1, .lengths = 1};
        struct model_list list = model_draw_list(&style, &seed);
        uint32_t low = count / 2; /* the rest ends at the very last document */
        for (uint32_t i = low; i < count; i++) {
            list.documents[i] = LIMIT_SEGMENT_DOCUMENTS - (count - i);
        }
        model_index_begin(&index);
        model_index_add(&index, &list, &seed);
        model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
        assert_int_equal(postings_list_decode(bytes_of(list.record, list.record_size), &decoded), 0);
        assert_int_equal(postings_cursor_open(&cursor, &index.source, &decoded), 0);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(postings_cursor_document(&cursor), list.documents[i]);
            postings_cursor_next(&cursor);
        }
        assert_int_equal(postings_cursor_open(&cursor, &index.source, &decoded), 0);
        assert_int_equal(postings_cursor_seek(&cursor, LIMIT_SEGMENT_DOCUMENTS - 1), LIMIT_SEGMENT_DOCUMENTS - 1);
        assert_int_equal(postings_check(&index.source, &decoded, NULL), 0);
        index.source.document_count--;
        assert_int_equal(postings_check(&index.source, &decoded, NULL), AISLE_CORRUPT);
        model_list_release(&list);
        model_index_release(&index);
    }
}

static void lists_with_wide_gaps_everywhere_are_read(void **state)
{
    (void)state;
    struct model_index index;
    struct postings_cursor cursor;
    struct postings_list decoded;
    struct model_style style = {.count = 600, .gap_max = 6000000, .classes = 3, .lengths = 3};
    struct model_list list = model_draw_list(&style, &seed);
    model_index_begin(&index);
    model_index_add(&index, &list, &seed);
    model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
    assert_int_equal(postings_list_decode(bytes_of(list.record, list.record_size), &decoded), 0);
    assert_int_equal(postings_cursor_open(&cursor, &index.source, &decoded), 0);
    for (uint32_t i = 0; i < list.count; i++) {
        assert_int_equal(postings_cursor_document(&cursor), list.documents[i]);
        assert_int_equal(postings_cursor_code(&cursor), list.codes[i]);
        postings_cursor_next(&cursor);
    }
    model_list_release(&list);
    model_index_release(&index);
}

/* Enough lists that both streams fill several extents; nothing is trusted. */
static void lists_in_many_extents_are_found(void **state)
{
    (void)state;
    enum { LISTS = 1500 };
    struct model_index index;
    struct postings_cursor cursor;
    struct model_list *lists = mem_calloc(LISTS, sizeof *lists);
    assert_non_null(lists);
    model_index_begin(&index);
    for (int l = 0; l < LISTS; l++) {
        struct model_style style = {.count = l % 2 == 0 ? 257 + model_draw(&seed) % 512 : 1 + model_draw(&seed) % 100,
                                    .gap_max = 1000,
                                    .classes = 3,
                                    .lengths = 4};
        style.count = l % 500 == 499 ? 130000 : style.count;
        style.gap_max = l % 500 == 499 ? 30 : style.gap_max;
        lists[l] = model_draw_list(&style, &seed);
        model_index_add(&index, &lists[l], &seed);
    }
    model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
    assert_true(index.blocks_memory.count > 3);
    index.source.skips.verified = memory_extents_verified(&index.skips_memory);
    index.source.blocks.verified = memory_extents_verified(&index.blocks_memory);
    for (int l = 0; l < LISTS; l++) {
        struct postings_list decoded;
        assert_int_equal(postings_list_decode(bytes_of(lists[l].record, lists[l].record_size), &decoded), 0);
        assert_int_equal(postings_cursor_open(&cursor, &index.source, &decoded), 0);
        for (uint32_t i = 0; i < lists[l].count; i++) {
            assert_int_equal(postings_cursor_document(&cursor), lists[l].documents[i]);
            postings_cursor_next(&cursor);
        }
        assert_int_equal(postings_check(&index.source, &decoded, NULL), 0);
        model_list_release(&lists[l]);
    }
    mem_free(lists);
    model_index_release(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_lists_have_blocks_of_every_kind),
        cmocka_unit_test(next_visits_every_posting),
        cmocka_unit_test(seek_finds_the_first_at_or_behind_its_target),
        cmocka_unit_test(seek_behind_the_last_ends_the_cursor),
        cmocka_unit_test(opening_a_list_with_skips_touches_no_block),
        cmocka_unit_test(short_lists_stand_in_their_records),
        cmocka_unit_test(gaps_may_reach_across_all_documents),
        cmocka_unit_test(lists_with_wide_gaps_everywhere_are_read),
        cmocka_unit_test(lists_in_many_extents_are_found),
    };
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, write_all, free_all);
}
