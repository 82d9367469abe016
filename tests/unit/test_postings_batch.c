/*
 * test_postings_batch.c - runs of postings, window sums and lookups against the plain arrays and the cursor's steps.
 */
#include "support/postings_model.h"

#include "base/bitset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t seed = 77017;

#define WINDOW_MAX 9000u
#define CANDIDATES_MAX 1000u

static const struct model_style styles[] = {
    {.count = 1, .gap_max = 9, .classes = 1, .lengths = 1},
    {.count = 4, .gap_max = 900, .classes = 8, .lengths = 9},
    {.count = 30, .gap_max = 3, .classes = 1, .lengths = 1},
    {.count = 90, .gap_max = 100, .classes = 8, .lengths = 1},
    {.count = 256, .gap_max = 100, .classes = 1, .lengths = 1},
    {.count = 20000, .gap_max = 1, .classes = 1, .lengths = 1},
    {.count = 20000, .gap_max = 1, .classes = 8, .lengths = 20, .jump_every = 700, .jump_max = 3000},
    {.count = 20000, .gap_max = 2, .classes = 1, .lengths = 1, .jump_every = 6, .jump_max = 14}, /* bitsets */
    {.count = 20000, .gap_max = 2, .classes = 1, .lengths = 1},                                  /* bitsets */
    {.count = 20000, .gap_max = 2, .classes = 8, .lengths = 9, .lengths_ascend = true},          /* bitsets */
    {.count = 20000, .gap_max = 3, .classes = 8, .lengths = 3, .jump_every = 9, .jump_max = 30}, /* bitsets */
    {.count = 200, .gap_max = 2, .classes = 8, .lengths = 3, .jump_every = 6, .jump_max = 14},   /* one bitset */
    {.count = 20000, .gap_max = 7, .classes = 8, .lengths = 3, .rare_class = 30},
    {.count = 20000, .gap_max = 60, .classes = 8, .lengths = 1, .rare_class = 30},
    {.count = 20000, .gap_max = 60, .classes = 1, .lengths = 1},
    {.count = 30000, .gap_max = 900, .classes = 4, .lengths = 32, .jump_every = 20, .jump_max = 30000}, /* exceptions */
};
#define STYLES (sizeof styles / sizeof *styles)

struct fixture {
    struct model_index index;
    struct model_list lists[STYLES];
    int32_t table[256];
};

static int write_all(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof *f);
    assert_non_null(f);
    model_index_begin(&f->index);
    for (size_t i = 0; i < STYLES; i++) {
        f->lists[i] = model_draw_list(&styles[i], &seed);
        model_index_add(&f->index, &f->lists[i], &seed);
    }
    model_index_end(&f->index, LIMIT_SEGMENT_DOCUMENTS);
    for (unsigned i = 0; i < 256; i++) {
        f->table[i] = (int32_t)(model_draw(&seed) % 2000000) - 1000;
    }
    *state = f;
    return 0;
}

static int free_all(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < STYLES; i++) {
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
    memset(cursor, 0xee, sizeof *cursor);
    assert_int_equal(postings_cursor_open(cursor, &f->index.source, &decoded), 0);
}

static uint32_t document_at(const struct model_list *list, uint32_t at)
{
    return at < list->count ? list->documents[at] : POSTINGS_END;
}

/* Steps, seeks or asks, so that what follows finds the cursor in every state; returns where it stands. */
static uint32_t disturb(struct postings_cursor *cursor, const struct model_list *list, uint32_t at)
{
    uint32_t kind = model_draw(&seed) % 6;
    if (kind == 0) {
        postings_cursor_next(cursor);
        at += at < list->count;
    } else if (kind == 1) {
        uint32_t jump = at + model_draw(&seed) % 800;
        uint32_t target = jump < list->count ? list->documents[jump] : list->documents[list->count - 1];
        postings_cursor_seek(cursor, target);
        at = model_find(list, at, target);
    } else if (kind == 2 && at < list->count) {
        assert_int_equal(postings_cursor_code(cursor), list->codes[at]);
    } else if (kind == 3) {
        assert_int_equal(postings_cursor_ordinal(cursor), at < list->count ? at : UINT32_MAX);
    } else if (kind == 4 && at < list->count) {
        uint32_t last;
        (void)postings_cursor_bound(cursor, list->documents[at] + model_draw(&seed) % 9000, &last);
    }
    assert_int_equal(postings_cursor_document(cursor), document_at(list, at));
    return at;
}

static void read_batches(const struct fixture *f, const struct model_list *list, uint32_t reach)
{
    struct postings_cursor cursor;
    uint32_t at = 0;
    open_list(f, list, &cursor);
    while (at < list->count) {
        const uint32_t *documents;
        const uint8_t *codes;
        bool ask = model_draw(&seed) % 4 != 0;
        uint32_t last = list->documents[at] + model_draw(&seed) % reach;
        size_t count = postings_cursor_batch(&cursor, last, &documents, ask ? &codes : NULL);
        assert_true(count > 0 && count <= POSTINGS_BLOCK && count <= list->count - at);
        assert_memory_equal(documents, list->documents + at, count * sizeof *documents);
        if (ask) {
            assert_memory_equal(codes, list->codes + at, count);
        }
        at += (uint32_t)count;
        assert_true(document_at(list, at) > last || at % POSTINGS_BLOCK == 0);
        assert_int_equal(postings_cursor_document(&cursor), document_at(list, at));
        if (document_at(list, at) > last) {
            assert_int_equal(postings_cursor_batch(&cursor, last, &documents, &codes), 0);
        }
        at = disturb(&cursor, list, at);
    }
    const uint32_t *documents;
    const uint8_t *codes;
    assert_int_equal(postings_cursor_batch(&cursor, POSTINGS_END, &documents, &codes), 0);
    assert_int_equal(postings_cursor_status(&cursor), 0);
}

/* The same with seeks between: behind a block that was given to its end the cursor is still on its last posting. */
static void take_batches(const struct fixture *f, const struct model_list *list, uint32_t reach)
{
    struct postings_cursor cursor;
    const uint32_t *documents;
    const uint8_t *codes;
    open_list(f, list, &cursor);
    for (uint32_t at = 0; at < list->count;) {
        uint32_t last = list->documents[at] + model_draw(&seed) % reach;
        assert_int_equal(postings_cursor_seek(&cursor, list->documents[at]), list->documents[at]);
        size_t count = postings_cursor_take(&cursor, last, &documents, &codes);
        assert_true(count > 0 && count <= POSTINGS_BLOCK && count <= list->count - at);
        assert_memory_equal(documents, list->documents + at, count * sizeof *documents);
        assert_memory_equal(codes, list->codes + at, count);
        at += (uint32_t)count;
        assert_true(document_at(list, at) > last || at % POSTINGS_BLOCK == 0);
        bool stays = at % POSTINGS_BLOCK == 0 && at != list->count;
        assert_int_equal(postings_cursor_document(&cursor), document_at(list, stays ? at - 1 : at));
        at += model_draw(&seed) % 4 == 0 ? model_draw(&seed) % 700 : 0;
    }
    (void)postings_cursor_seek(&cursor, POSTINGS_END);
    assert_int_equal(postings_cursor_take(&cursor, POSTINGS_END, &documents, &codes), 0);
    assert_int_equal(postings_cursor_status(&cursor), 0);
}

static void batches_give_every_posting_once(void **state)
{
    const struct fixture *f = *state;
    for (size_t i = 0; i < STYLES; i++) {
        read_batches(f, &f->lists[i], 1);
        read_batches(f, &f->lists[i], 50);
        read_batches(f, &f->lists[i], 5000);
        read_batches(f, &f->lists[i], 1u << 30);
        take_batches(f, &f->lists[i], 1);
        take_batches(f, &f->lists[i], 5000);
        take_batches(f, &f->lists[i], 1u << 30);
    }
}

/* Sums in windows that follow each other or leave gaps; bits beside or not. */
static void sum_windows(const struct fixture *f, const struct model_list *list, int32_t *scores, int32_t *expected)
{
    struct postings_cursor cursor;
    uint32_t at = 0;
    uint64_t from = model_draw(&seed) % 300;
    open_list(f, list, &cursor);
    while (at < list->count) {
        uint64_t bits[WINDOW_MAX / 64 + 2] = {0};
        uint64_t expected_bits[WINDOW_MAX / 64 + 2] = {0};
        uint32_t count = 1 + model_draw(&seed) % WINDOW_MAX;
        bool ask = model_draw(&seed) % 2 == 0;
        for (uint32_t i = 0; i < WINDOW_MAX + 1; i++) {
            scores[i] = expected[i] = (int32_t)(i * 7);
        }
        for (at = model_find(list, at, (uint32_t)from); document_at(list, at) < from + count; at++) {
            expected[list->documents[at] - from] += f->table[list->codes[at]];
            bitset_set(expected_bits, ask ? list->documents[at] - from : 0);
        }
        bits[0] |= expected_bits[0] & !ask;
        postings_cursor_accumulate(&cursor, (uint32_t)from, count, f->table, scores, ask ? bits : NULL);
        assert_memory_equal(scores, expected, (WINDOW_MAX + 1) * sizeof *scores);
        assert_memory_equal(bits, expected_bits, sizeof bits);
        assert_int_equal(postings_cursor_document(&cursor), document_at(list, at));
        at = disturb(&cursor, list, at);
        from += count + (model_draw(&seed) % 4 == 0 ? model_draw(&seed) % 2000 : 0);
        if (model_draw(&seed) % 2 == 0 && at < list->count && list->documents[at] > from) {
            from = list->documents[at];
        }
    }
    assert_int_equal(postings_cursor_status(&cursor), 0);
}

static void accumulate_adds_what_each_code_is_worth(void **state)
{
    const struct fixture *f = *state;
    int32_t *scores = test_malloc((WINDOW_MAX + 1) * sizeof *scores);
    int32_t *expected = test_malloc((WINDOW_MAX + 1) * sizeof *expected);
    for (size_t i = 0; i < STYLES; i++) {
        for (int round = 0; round < 10; round++) {
            sum_windows(f, &f->lists[i], scores, expected);
        }
    }
    test_free(scores);
    test_free(expected);
}

/* Ascending candidates near the list's own documents, stride postings apart on the mean. */
static size_t draw_candidates(const struct model_list *list, uint32_t at, uint32_t stride, uint32_t *documents)
{
    size_t wanted = 1 + model_draw(&seed) % (CANDIDATES_MAX - 1);
    size_t count = 0;
    for (uint32_t place = at; count < wanted && place < list->count; place += model_draw(&seed) % stride) {
        uint32_t document = list->documents[place] + model_draw(&seed) % 3;
        if (count == 0 || document > documents[count - 1]) {
            documents[count++] = document;
        } else {
            place++;
        }
    }
    return count;
}

static void look_up(const struct fixture *f, const struct model_list *list, uint32_t stride)
{
    struct postings_cursor cursor;
    uint32_t at = 0;
    open_list(f, list, &cursor);
    while (at < list->count) {
        uint32_t documents[CANDIDATES_MAX];
        uint8_t codes[CANDIDATES_MAX];
        uint64_t found[CANDIDATES_MAX / 64 + 1];
        uint32_t behind = at < 5 || model_draw(&seed) % 8 != 0 ? at : at - 5;
        size_t count = draw_candidates(list, behind, stride, documents);
        uint32_t start = at;
        bool ask = model_draw(&seed) % 4 != 0;
        memset(codes, 0x77, sizeof codes);
        memset(found, 0xff, sizeof found);
        postings_cursor_lookup(&cursor, documents, count, ask ? codes : NULL, found);
        for (size_t i = 0; i < count; i++) {
            uint32_t place = model_find(list, start, documents[i]);
            bool has = document_at(list, place) == documents[i];
            assert_int_equal(bitset_get(found, i), has);
            assert_int_equal(codes[i], has && ask ? list->codes[place] : 0x77);
            at = place;
        }
        assert_true(bitset_words(count) > CANDIDATES_MAX / 64 || found[CANDIDATES_MAX / 64] == UINT64_MAX);
        assert_int_equal(postings_cursor_document(&cursor), document_at(list, at));
        at = disturb(&cursor, list, at);
    }
    assert_int_equal(postings_cursor_status(&cursor), 0);
}

static void lookup_finds_the_candidates_that_the_list_has(void **state)
{
    const struct fixture *f = *state;
    for (size_t i = 0; i < STYLES; i++) {
        const uint32_t strides[] = {2, 5, 60, 700, 9000};
        for (size_t j = 0; j < sizeof strides / sizeof *strides; j++) {
            look_up(f, &f->lists[i], strides[j]);
        }
    }
}

/* Candidates that the list has, mostly: one in every so many of its postings, and now and then one that it has not. */
static uint32_t draw_members(const struct model_list *list, uint32_t at, uint32_t every, uint32_t *documents)
{
    uint32_t count = 0;
    uint32_t wanted = 1 + model_draw(&seed) % CANDIDATES_MAX;
    for (; at < list->count && count < wanted; at += 1 + model_draw(&seed) % every) {
        uint32_t document = list->documents[at] + (model_draw(&seed) % 50 == 0 ? 1 : 0);
        if (count == 0 || documents[count - 1] < document) {
            documents[count++] = document;
        }
    }
    return count;
}

static void locate(const struct fixture *f, const struct model_list *list, uint32_t every)
{
    uint32_t documents[CANDIDATES_MAX];
    uint32_t ordinals[CANDIDATES_MAX];
    struct postings_cursor cursor;
    uint32_t at = 0;
    open_list(f, list, &cursor);
    while (at < list->count) {
        uint32_t count = draw_members(list, at, every, documents);
        uint32_t start = at;
        postings_cursor_locate(&cursor, documents, count, ordinals);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t place = model_find(list, start, documents[i]);
            assert_int_equal(ordinals[i], document_at(list, place) == documents[i] ? place : UINT32_MAX);
            at = place;
        }
        assert_int_equal(postings_cursor_document(&cursor), document_at(list, at));
        at = disturb(&cursor, list, at);
        at = at == start ? disturb(&cursor, list, at) : at;
        if (at == start) {
            postings_cursor_next(&cursor);
            at++;
        }
    }
    uint32_t behind[] = {list->documents[0], list->documents[list->count - 1] + 1};
    postings_cursor_locate(&cursor, behind, 2, ordinals);
    assert_true(ordinals[0] == UINT32_MAX && ordinals[1] == UINT32_MAX);
    assert_int_equal(postings_cursor_status(&cursor), 0);
}

static void locate_tells_the_ordinals_of_candidates(void **state)
{
    const struct fixture *f = *state;
    for (size_t i = 0; i < STYLES; i++) {
        const uint32_t steps[] = {1, 2, 6, 60, 900};
        for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
            locate(f, &f->lists[i], steps[j]);
        }
    }
}

static void nothing_is_found_behind_the_end(void **state)
{
    const struct fixture *f = *state;
    for (size_t i = 0; i < STYLES; i++) {
        struct postings_cursor cursor;
        uint32_t last = f->lists[i].documents[f->lists[i].count - 1];
        uint32_t documents[] = {last, last + 1, last + 70, POSTINGS_END - 1};
        uint8_t codes[4];
        uint64_t found = 0;
        int32_t score = 0;
        open_list(f, &f->lists[i], &cursor);
        postings_cursor_lookup(&cursor, documents, 0, codes, &found);
        assert_int_equal(postings_cursor_document(&cursor), f->lists[i].documents[0]);
        postings_cursor_lookup(&cursor, documents, 4, codes, &found);
        assert_int_equal(found, 1);
        postings_cursor_lookup(&cursor, documents, 4, codes, &found);
        assert_int_equal(found, 0);
        postings_cursor_accumulate(&cursor, last, 1, f->table, &score, NULL);
        postings_cursor_accumulate(&cursor, UINT32_MAX, 1, f->table, &score, NULL);
        assert_int_equal(score, 0);
        assert_int_equal(postings_cursor_status(&cursor), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_give_every_posting_once),
        cmocka_unit_test(accumulate_adds_what_each_code_is_worth),
        cmocka_unit_test(lookup_finds_the_candidates_that_the_list_has),
        cmocka_unit_test(locate_tells_the_ordinals_of_candidates),
        cmocka_unit_test(nothing_is_found_behind_the_end),
    };
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, write_all, free_all);
}
