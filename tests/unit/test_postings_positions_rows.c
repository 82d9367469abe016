/*
 * test_postings_positions_rows.c - rows of places: the kernels against each other and against decoded entries, and
 * whole lists through a cursor.
 */
#include "tests/support/positions_model.h"

#include "base/bitset.h"
#include "postings/positions_rows.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct positions_rows_kernels *levels[2];

/* What the row of an entry must be: where each number ends its place, if the entry is one for a row. */
static struct positions_row row_of(struct bytes entry)
{
    struct positions_row row;
    struct position places[POSITIONS_ROW];
    size_t count = 0;
    size_t next = 0;
    memset(&row, 0xff, sizeof row);
    bool fits = entry.size <= POSITIONS_ROW && positions_decode(entry, places, &count) == 0;
    for (size_t i = 0; i < entry.size && fits; i++) {
        fits = i + 1 >= entry.size || entry.data[i] < POSITIONS_MORE || entry.data[i + 1] < POSITIONS_MORE;
    }
    for (size_t i = 0; i < count && fits; i++) {
        fits = places[i].span == 1;
    }
    for (size_t i = 0; i < entry.size && fits; i++) {
        if (entry.data[i] < POSITIONS_MORE) {
            row.places[i] = (uint16_t)places[next++].place;
        }
    }
    return row;
}

static void kernels_decode_entries_alike(void **state)
{
    (void)state;
    uint32_t filled = 0;
    for (uint32_t round = 0; round < 300; round++) {
        struct positions_model model = draw_model(1 + draw_below(300), 1 + round % 9, round % 7 == 0);
        for (uint32_t i = 0; i < model.count; i++) {
            struct bytes entry = model_entry(&model, i);
            struct positions_row expected = row_of(entry);
            uint8_t *exact = test_malloc(POSITIONS_ROW); /* reading behind would be seen */
            memset(exact, (int)draw_below(256), POSITIONS_ROW);
            memcpy(exact, entry.data, entry.size < POSITIONS_ROW ? entry.size : POSITIONS_ROW);
            const uint8_t *at = exact;
            for (int level = 0; level < 2 && levels[level] != NULL; level++) {
                struct positions_row row;
                levels[level]->decode(&at, 1, &row);
                assert_memory_equal(&row, &expected, sizeof row);
            }
            filled += !positions_row_is_empty(&expected);
            test_free(exact);
        }
        release_model(&model);
    }
    assert_true(filled > 10000);
}

/* Whatever eight bytes there are. */
static void kernels_agree_on_damaged_entries(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 200000; round++) {
        uint8_t bytes[POSITIONS_ROW];
        const uint8_t *at = bytes;
        struct positions_row rows[2];
        for (size_t i = 0; i < POSITIONS_ROW; i++) {
            uint32_t kind = draw_below(6);
            uint32_t drawn = draw_below(128);
            bytes[i] = (uint8_t)(kind == 0 ? 0 : kind == 1 ? 0x80 : kind == 2 ? 0x80 | drawn : drawn);
        }
        levels[0]->decode(&at, 1, &rows[0]);
        if (levels[1] != NULL) {
            levels[1]->decode(&at, 1, &rows[1]);
            assert_memory_equal(&rows[0], &rows[1], sizeof rows[0]);
        }
    }
}

static struct positions_row draw_row(void)
{
    struct positions_row row;
    uint32_t place = draw_below(10) == 0 ? draw_below(0x7000) : draw_below(30);
    for (size_t i = 0; i < POSITIONS_ROW; i++) {
        bool is_in = draw_below(3) != 0;
        row.places[i] = is_in ? (uint16_t)place : POSITIONS_NO_PLACE;
        place += 1 + draw_below(6);
    }
    return row;
}

static bool has(const struct positions_row *row, uint32_t place)
{
    for (size_t i = 0; i < POSITIONS_ROW; i++) {
        if (row->places[i] != POSITIONS_NO_PLACE && row->places[i] == place) {
            return true;
        }
    }
    return false;
}

static void neighbours_are_kept(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 20000; round++) {
        struct positions_row before = draw_row();
        struct positions_row next = draw_row();
        uint16_t step = (uint16_t)(draw_below(20) == 0 ? draw_below(0x8000) : 1 + draw_below(5));
        for (int level = 0; level < 2 && levels[level] != NULL; level++) {
            struct positions_row rows[3] = {before, before, before};
            struct positions_row others[3] = {next, next, next};
            levels[level]->follow(rows, others, 2, step);
            for (size_t i = 0; i < POSITIONS_ROW; i++) {
                uint32_t place = next.places[i];
                bool stays = place != POSITIONS_NO_PLACE && place >= step && has(&before, place - step);
                assert_int_equal(rows[0].places[i], stays ? place : POSITIONS_NO_PLACE);
            }
            assert_memory_equal(&rows[0], &rows[1], sizeof rows[0]);
            assert_memory_equal(&rows[2], &before, sizeof before);
        }
    }
}

static void kernels_mark_the_ends_of_entries_alike(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 400; round++) {
        uint32_t size = draw_below(700);
        uint8_t *bytes = test_malloc(size + (size == 0));
        uint64_t marks[2][11];
        for (uint32_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)draw_below(256);
        }
        memset(marks, 0xee, sizeof marks);
        positions_mark_plain(bytes, size, marks[0]);
        if (positions_mark_avx2() != NULL) {
            positions_mark_avx2()(bytes, size, marks[1]);
            assert_memory_equal(marks[0], marks[1], bitset_words(size) * sizeof(uint64_t));
        }
        for (uint32_t i = 0; i < bitset_words(size) * 64; i++) {
            assert_int_equal(bitset_get(marks[0], i), i < size && positions_is_end(bytes[i]));
        }
        test_free(bytes);
    }
}

struct written {
    struct memory_extents memory;
    struct extent_writer stream;
    struct extent_view view;
    struct arena arena;
    struct buf reference;
    struct positions_list list;
};

static void write_list(struct written *w, const struct positions_model *model)
{
    struct positions_writer writer;
    struct bytes rest;
    memset(w, 0, sizeof *w);
    memory_extents_begin(&w->memory, &w->stream);
    assert_int_equal(positions_writer_init(&writer, &w->stream), 0);
    arena_init(&w->arena, 4 * POSITIONS_BLOCK_BYTES_MAX);
    buf_init(&w->reference, POSITIONS_REFERENCE_MAX_BYTES);
    write_model(&writer, model, 300, &w->reference);
    positions_writer_release(&writer);
    w->view = memory_extents_view(&w->memory, &w->stream);
    assert_int_equal(positions_list_decode(buf_bytes(&w->reference), &w->list, &rest), 0);
}

static void release_list(struct written *w)
{
    memory_extents_release(&w->memory);
    arena_release(&w->arena);
    buf_release(&w->reference);
}

/* Asks for one in every so many entries, in calls of some, and of one that is not there. */
static void read_rows(struct written *w, const struct positions_model *model, uint32_t every)
{
    struct positions_cursor cursor;
    positions_cursor_init(&cursor, &w->view, &w->arena, &w->list, model->count);
    for (uint32_t at = draw_below(every); at < model->count;) {
        uint32_t ordinals[400];
        struct positions_row rows[400];
        uint32_t count = 0;
        uint32_t wanted = 1 + draw_below(398);
        for (; at < model->count && count < wanted; at += 1 + draw_below(every)) {
            ordinals[count++] = at;
        }
        ordinals[count++] = draw_below(2) == 0 ? model->count : UINT32_MAX;
        assert_int_equal(positions_cursor_rows(&cursor, ordinals, count, rows), 0);
        assert_true(positions_row_is_empty(&rows[count - 1]));
        for (uint32_t i = 0; i + 1 < count; i++) {
            struct positions_row expected = row_of(model_entry(model, ordinals[i]));
            assert_memory_equal(&rows[i], &expected, sizeof expected);
        }
    }
}

static void rows_of_lists_of_every_size_come_back(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 3, 17, 255, 256, 257, 513, 3000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (uint32_t round = 0; round < 8; round++) {
            struct written w;
            struct positions_model model = draw_model(counts[i], 1 + round * 4, round % 4 == 3);
            write_list(&w, &model);
            read_rows(&w, &model, 1);
            read_rows(&w, &model, 4);
            read_rows(&w, &model, 100);
            release_list(&w);
            release_model(&model);
        }
    }
}

/* Blocks that take more than an extent, and blocks too long to look for all entries at once. */
static void rows_of_long_entries_are_found_one_by_one(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {200, 6000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct written w;
        struct positions_model model = draw_model(600, sizes[i], false);
        write_list(&w, &model);
        read_rows(&w, &model, 1);
        read_rows(&w, &model, 9);
        release_list(&w);
        release_model(&model);
    }
}

/* Whatever byte is changed, nothing is read outside. */
static void damaged_blocks_are_read_within_their_bounds(void **state)
{
    (void)state;
    struct written w;
    struct positions_model model = draw_model(600, 5, false);
    uint32_t noticed = 0;
    write_list(&w, &model);
    for (uint64_t at = 0; at < w.view.size; at++) {
        uint8_t *byte = memory_extents_byte(&w.memory, at);
        uint8_t flip = (uint8_t)(1u << draw_below(8));
        uint32_t ordinals[600];
        struct positions_row rows[600];
        struct positions_cursor cursor;
        *byte ^= flip;
        for (uint32_t i = 0; i < model.count; i++) {
            ordinals[i] = i;
        }
        positions_cursor_init(&cursor, &w.view, &w.arena, &w.list, model.count);
        int status = positions_cursor_rows(&cursor, ordinals, model.count, rows);
        assert_true(status == 0 || status == AISLE_CORRUPT);
        noticed += status != 0;
        *byte ^= flip;
        arena_reset(&w.arena);
    }
    assert_true(noticed > w.view.size / 16);
    release_list(&w);
    release_model(&model);
}

static void no_memory_for_ends_is_told(void **state)
{
    (void)state;
    struct written w;
    struct positions_model model = draw_model(600, 3, false);
    struct positions_cursor cursor;
    uint32_t ordinals[20];
    struct positions_row rows[20];
    write_list(&w, &model);
    arena_release(&w.arena);
    arena_init(&w.arena, 100);
    for (uint32_t i = 0; i < 20; i++) {
        ordinals[i] = i * 3;
    }
    positions_cursor_init(&cursor, &w.view, &w.arena, &w.list, model.count);
    assert_int_equal(positions_cursor_rows(&cursor, ordinals, 20, rows), AISLE_NO_MEMORY);
    release_list(&w);
    release_model(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_decode_entries_alike),
        cmocka_unit_test(kernels_agree_on_damaged_entries),
        cmocka_unit_test(neighbours_are_kept),
        cmocka_unit_test(kernels_mark_the_ends_of_entries_alike),
        cmocka_unit_test(rows_of_lists_of_every_size_come_back),
        cmocka_unit_test(rows_of_long_entries_are_found_one_by_one),
        cmocka_unit_test(damaged_blocks_are_read_within_their_bounds),
        cmocka_unit_test(no_memory_for_ends_is_told),
    };
    levels[0] = &positions_rows_plain;
    levels[1] = positions_rows_avx2();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
