/*
 * test_postings_positions_read.c - lists written and found again against the plain model, whatever their size and
 * wherever extents end; and what is refused.
 */
#include "tests/support/positions_model.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct written {
    struct memory_extents memory;
    struct extent_writer stream;
    struct positions_writer writer;
    struct extent_view view;
    struct arena arena;
    struct buf reference; /* of the last list */
    aisle_error error;
};

static void begin(struct written *w)
{
    memset(w, 0, sizeof *w);
    memory_extents_begin(&w->memory, &w->stream);
    assert_int_equal(positions_writer_init(&w->writer, &w->stream), 0);
    arena_init(&w->arena, 4 * POSITIONS_BLOCK_BYTES_MAX);
    buf_init(&w->reference, POSITIONS_REFERENCE_MAX_BYTES);
}

static void view(struct written *w)
{
    positions_writer_release(&w->writer);
    w->view = memory_extents_view(&w->memory, &w->stream);
    w->view.verified = memory_extents_verified(&w->memory);
}

static void end(struct written *w)
{
    memory_extents_release(&w->memory);
    arena_release(&w->arena);
    buf_release(&w->reference);
}

static void write_one(struct written *w, const struct positions_model *model, uint32_t part)
{
    buf_clear(&w->reference);
    write_model(&w->writer, model, part, &w->reference);
}

static struct positions_list decode(struct bytes reference)
{
    struct positions_list list;
    struct bytes rest;
    assert_int_equal(positions_list_decode(reference, &list, &rest), 0);
    assert_int_equal(rest.size, 0);
    return list;
}

static void expect_entry(struct positions_cursor *cursor, const struct positions_model *model, uint32_t i)
{
    struct bytes entry;
    assert_int_equal(positions_cursor_find(cursor, i, &entry), 0);
    assert_true(bytes_equal(entry, model_entry(model, i)));
}

static void expect_list(struct written *w, const struct positions_list *list, const struct positions_model *model)
{
    struct positions_cursor cursor;
    struct bytes entry;
    positions_cursor_init(&cursor, &w->view, &w->arena, list, model->count);
    for (uint32_t i = 0; i < model->count; i++) {
        expect_entry(&cursor, model, i);
    }
    expect_entry(&cursor, model, model->count - 1);
    for (uint32_t i = 0; i < 500; i++) {
        expect_entry(&cursor, model, draw_below(model->count));
    }
    for (uint32_t i = 0; i < model->count; i += 1 + draw_below(100)) {
        expect_entry(&cursor, model, i);
        expect_entry(&cursor, model, i);
    }
    assert_int_equal(positions_cursor_find(&cursor, model->count, &entry), AISLE_INVALID);
    expect_entry(&cursor, model, 0);
    if (positions_check(&w->view, list, model->count, &w->error) != 0) {
        fail_msg("%s", w->error.message);
    }
}

/* Steps give what finding gives, or nothing: when all entries are asked for in turn, and when some are not. */
static void expect_steps(struct written *w, const struct positions_list *list, const struct positions_model *model,
                         uint32_t skipped_of)
{
    struct positions_cursor cursor;
    positions_cursor_init(&cursor, &w->view, &w->arena, list, model->count);
    for (uint32_t i = 0; i < model->count; i++) {
        uint8_t copy[sizeof(uint32_t)];
        struct bytes expected = model_entry(model, i);
        if (skipped_of != 0 && i * 7 % skipped_of < 2) {
            continue;
        }
        size_t size = positions_cursor_step(&cursor, i, copy);
        if (size == 0) {
            expect_entry(&cursor, model, i);
        } else {
            assert_int_equal(size, expected.size);
            assert_memory_equal(copy, expected.data, size);
        }
    }
}

static void write_and_expect(uint32_t count, uint32_t size_max, bool equal, uint32_t part)
{
    struct written w;
    begin(&w);
    struct positions_model model = draw_model(count, size_max, equal);
    write_one(&w, &model, part);
    struct positions_list list = decode(buf_bytes(&w.reference));
    assert_int_equal(w.writer.stream_bytes, w.stream.payload);
    assert_int_equal(w.writer.reference_bytes, w.reference.size);
    view(&w);
    expect_list(&w, &list, &model);
    expect_steps(&w, &list, &model, 0);
    expect_steps(&w, &list, &model, 5);
    release_model(&model);
    end(&w);
}

static void steps_find_most_short_entries(void **state)
{
    (void)state;
    struct written w;
    struct positions_cursor cursor;
    uint32_t stepped = 0;
    begin(&w);
    struct positions_model model = draw_model(3 * POSTINGS_BLOCK, 1, false);
    write_one(&w, &model, 1);
    struct positions_list list = decode(buf_bytes(&w.reference));
    view(&w);
    positions_cursor_init(&cursor, &w.view, &w.arena, &list, model.count);
    for (uint32_t i = 0; i < model.count; i++) {
        uint8_t copy[sizeof(uint32_t)];
        if (positions_cursor_step(&cursor, i, copy) != 0) {
            stepped++;
            assert_true(i % POSTINGS_BLOCK != 0);
        } else {
            expect_entry(&cursor, &model, i);
        }
    }
    assert_true(stepped > model.count * 3 / 4);
    release_model(&model);
    end(&w);
}

static void lists_of_every_size_come_back(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 3, 17, 255, 256, 257, 511, 512, 513, 5000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (uint32_t round = 0; round < 8; round++) {
            write_and_expect(counts[i], 1 + round * 5, round % 3 == 0, round % 2 == 0 ? 1 : 700);
        }
    }
}

static void equal_entries_are_stored_once_a_block(void **state)
{
    (void)state;
    struct written w;
    begin(&w);
    struct positions_model model = draw_model(256, 1, true);
    write_one(&w, &model, 100);
    assert_int_equal(w.stream.payload, 0);
    assert_true(w.reference.size <= 1 + POSITIONS_OCCURRENCE_BYTES_MAX);
    release_model(&model);
    model = draw_model(10000, 1, true);
    write_one(&w, &model, 100);
    assert_true(w.stream.payload <= 40 * (POSITIONS_OCCURRENCE_BYTES_MAX + 8) + 16);
    release_model(&model);
    positions_writer_release(&w.writer);
    extent_writer_release(&w.stream);
    end(&w);
}

static void equal_entries_longer_than_a_block_has_postings_come_back(void **state)
{
    (void)state;
    struct written w;
    struct position many[700];
    struct positions_model model = {.count = 300};
    for (uint32_t i = 0; i < 700; i++) {
        many[i] = (struct position){i * 100, 1 + i % 4};
    }
    begin(&w);
    buf_init(&model.bytes, SIZE_MAX / 2);
    model.starts = mem_alloc((model.count + 1) * sizeof *model.starts);
    for (uint32_t i = 0; i <= model.count; i++) {
        model.starts[i] = model.bytes.size;
        positions_encode(many, 700, &model.bytes);
    }
    model.bytes.size = model.starts[model.count];
    write_one(&w, &model, 7);
    struct positions_list list = decode(buf_bytes(&w.reference));
    view(&w);
    assert_true(w.view.size < 2 * model.starts[1] + 8 * 5);
    expect_list(&w, &list, &model);
    release_model(&model);
    end(&w);
}

/* Many lists in one stream, so that extents end in blocks, between them, and in directories. */
static void lists_that_share_a_stream_come_back(void **state)
{
    (void)state;
    enum { LISTS = 120 };
    static struct positions_model models[LISTS];
    static struct buf references[LISTS];
    struct written w;
    begin(&w);
    for (uint32_t l = 0; l < LISTS; l++) {
        bool large = l % 40 == 7; /* blocks larger than an extent */
        uint32_t count = large ? 300 + draw_below(400) : 1 + draw_below(3000);
        uint32_t size_max = large ? 6000 : 1 + draw_below(40);
        models[l] = draw_model(count, size_max, l % 5 == 3);
        buf_init(&references[l], POSITIONS_REFERENCE_MAX_BYTES);
        write_model(&w.writer, &models[l], 400, &references[l]);
    }
    view(&w);
    assert_true(w.view.extent_count > 10);
    for (uint32_t l = 0; l < LISTS; l++) {
        struct positions_list list = decode(buf_bytes(&references[l]));
        expect_list(&w, &list, &models[l]);
        arena_reset(&w.arena);
        buf_release(&references[l]);
        release_model(&models[l]);
    }
    end(&w);
}

static void a_block_that_straddles_is_copied_into_the_same_memory(void **state)
{
    (void)state;
    struct written w;
    struct positions_cursor cursor;
    begin(&w);
    struct positions_model model = draw_model(1000, 12000, false);
    write_one(&w, &model, 50);
    struct positions_list list = decode(buf_bytes(&w.reference));
    view(&w);
    assert_true(model.bytes.size / 4 > EXTENT_PAYLOAD);
    positions_cursor_init(&cursor, &w.view, &w.arena, &list, model.count);
    for (uint32_t i = 0; i < 3 * model.count; i += 97) {
        expect_entry(&cursor, &model, i % model.count);
    }
    size_t held = w.arena.total_bytes;
    for (uint32_t i = 0; i < 30 * model.count; i += 97) {
        expect_entry(&cursor, &model, i % model.count);
    }
    assert_int_equal(w.arena.total_bytes, held);
    arena_release(&w.arena);
    arena_init(&w.arena, 1000);
    struct bytes entry;
    positions_cursor_init(&cursor, &w.view, &w.arena, &list, model.count);
    assert_int_equal(positions_cursor_find(&cursor, 3, &entry), AISLE_NO_MEMORY);
    release_model(&model);
    end(&w);
}

static void writer_refuses_bytes_that_are_not_the_entries(void **state)
{
    (void)state;
    static const uint8_t two[] = {0x41, 0x05, 0x42};
    static const struct {
        size_t size;
        size_t count;
    } bad[] = {{3, 1}, {3, 3}, {2, 1}, {0, 1}, {3, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct written w;
        begin(&w);
        assert_int_equal(positions_writer_begin(&w.writer), 0);
        assert_int_equal(positions_writer_add(&w.writer, bytes_of(two, bad[i].size), bad[i].count), AISLE_INVALID);
        assert_int_equal(positions_writer_end(&w.writer, &w.reference), AISLE_INVALID);
        positions_writer_release(&w.writer);
        extent_writer_release(&w.stream);
        end(&w);
    }
    struct written w;
    begin(&w);
    assert_int_equal(positions_writer_begin(&w.writer), 0);
    assert_int_equal(positions_writer_end(&w.writer, &w.reference), AISLE_INVALID);
    positions_writer_release(&w.writer);
    extent_writer_release(&w.stream);
    end(&w);
}

static void a_short_list_is_written_at_once_as_in_steps(void **state)
{
    (void)state;
    uint32_t compared = 0;
    for (uint32_t round = 0; round < 1000; round++) {
        struct written w;
        struct buf at_once;
        begin(&w);
        struct positions_model model = draw_model(1 + round % 9, 1 + round % 4, round % 3 == 0);
        buf_init(&at_once, POSITIONS_REFERENCE_MAX_BYTES);
        if (model.bytes.size <= POSITIONS_INLINE_MAX_BYTES) {
            compared++;
            write_one(&w, &model, 3);
            assert_int_equal(
                positions_writer_put_inline(&w.writer, buf_bytes(&model.bytes), model.count, &at_once), 0);
            assert_true(bytes_equal(buf_bytes(&at_once), buf_bytes(&w.reference)));
            assert_int_equal(w.writer.reference_bytes, 2 * at_once.size);
        }
        buf_release(&at_once);
        release_model(&model);
        positions_writer_release(&w.writer);
        extent_writer_release(&w.stream);
        end(&w);
    }
    assert_true(compared > 300);
}

static void what_is_written_at_once_is_short_and_exactly_the_entries(void **state)
{
    (void)state;
    static const uint8_t entries[POSITIONS_INLINE_MAX_BYTES + 1] = {0x41, 0x05, 0x42, [16] = 0x41};
    static const struct {
        size_t size;
        size_t count;
    } bad[] = {{3, 1}, {3, 3}, {2, 1}, {0, 1}, {0, 0}, {3, 0}, {17, 3}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct written w;
        struct bytes given = bytes_of(entries, bad[i].size);
        begin(&w);
        assert_int_equal(positions_writer_put_inline(&w.writer, given, bad[i].count, &w.reference), AISLE_INVALID);
        assert_int_equal(positions_writer_put_inline(&w.writer, bytes_of(entries, 3), 2, &w.reference),
                         AISLE_INVALID); /* sticky */
        assert_int_equal(w.reference.size, 0);
        positions_writer_release(&w.writer);
        extent_writer_release(&w.stream);
        end(&w);
    }
}

static void a_list_begun_anew_forgets_the_first(void **state)
{
    (void)state;
    struct written w;
    begin(&w);
    struct positions_model first = draw_model(700, 5, false);
    struct positions_model second = draw_model(400, 5, false);
    assert_int_equal(positions_writer_begin(&w.writer), 0);
    assert_int_equal(positions_writer_add(&w.writer, buf_bytes(&first.bytes), first.count), 0);
    write_one(&w, &second, 100);
    struct positions_list list = decode(buf_bytes(&w.reference));
    view(&w);
    expect_list(&w, &list, &second);
    release_model(&first);
    release_model(&second);
    end(&w);
}

static void damaged_references_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        uint8_t bytes[16];
    } bad[] = {
        {0, {0}},
        {1, {0x00}},                                 /* inline, empty */
        {2, {0x08, 0x41}},                           /* inline, cut */
        {1, {0x80}},                                 /* no number */
        {1, {0x03}},                                 /* a fourth kind */
        {2, {0x01, 0x00}},                           /* a block of no bytes */
        {1, {0x01}},                                 /* a block without its size */
        {6, {0x01, 0xff, 0xff, 0xff, 0xff, 0x7f}},   /* a block too large */
        {12, {17 << 2, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct positions_list list;
        struct bytes rest;
        assert_int_equal(positions_list_decode(bytes_of(bad[i].bytes, bad[i].size), &list, &rest), AISLE_CORRUPT);
    }
}

/* Whatever byte is changed, nothing is read outside and the check may not pass over what finding notices. */
static void damaged_streams_are_noticed(void **state)
{
    (void)state;
    struct written w;
    begin(&w);
    struct positions_model model = draw_model(700, 6, false);
    write_one(&w, &model, 100);
    struct positions_list list = decode(buf_bytes(&w.reference));
    view(&w);
    w.view.verified = NULL;
    uint32_t noticed = 0;
    for (uint64_t at = 0; at < w.view.size; at++) {
        uint8_t *byte = memory_extents_byte(&w.memory, at);
        uint8_t flip = (uint8_t)(1u << draw_below(8));
        struct positions_cursor cursor;
        struct bytes entry;
        *byte ^= flip;
        int status = positions_check(&w.view, &list, model.count, &w.error);
        assert_true(status == 0 || status == AISLE_CORRUPT);
        noticed += status != 0;
        positions_cursor_init(&cursor, &w.view, &w.arena, &list, model.count);
        for (uint32_t i = 0; i < model.count; i += 50) {
            int found = positions_cursor_find(&cursor, i, &entry);
            assert_true(found == 0 || (found == AISLE_CORRUPT && status == AISLE_CORRUPT));
        }
        *byte ^= flip;
    }
    assert_true(noticed > w.view.size / 8);
    assert_int_equal(positions_check(&w.view, &list, model.count, &w.error), 0);
    /* Another number of postings, another place. */
    assert_int_equal(positions_check(&w.view, &list, model.count - 1, &w.error), AISLE_CORRUPT);
    assert_int_equal(positions_check(&w.view, &list, 700 + 256, &w.error), AISLE_CORRUPT);
    assert_int_equal(positions_check(&w.view, &list, 200, &w.error), AISLE_CORRUPT);
    list.offset += 8;
    assert_int_equal(positions_check(&w.view, &list, model.count, &w.error), AISLE_CORRUPT);
    list.offset = w.view.size;
    assert_int_equal(positions_check(&w.view, &list, model.count, &w.error), AISLE_CORRUPT);
    list.offset = UINT64_MAX - 3;
    assert_int_equal(positions_check(&w.view, &list, model.count, &w.error), AISLE_CORRUPT);
    release_model(&model);
    end(&w);
}

static void damaged_pages_are_noticed_by_their_checksum(void **state)
{
    (void)state;
    struct written w;
    struct positions_cursor cursor;
    struct bytes entry;
    begin(&w);
    struct positions_model model = draw_model(3000, 1, false);
    write_one(&w, &model, 100);
    struct positions_list list = decode(buf_bytes(&w.reference));
    view(&w);
    *memory_extents_byte(&w.memory, 10) ^= 1;
    positions_cursor_init(&cursor, &w.view, &w.arena, &list, model.count);
    assert_int_equal(positions_cursor_find(&cursor, 3, &entry), AISLE_CORRUPT);
    assert_int_equal(positions_check(&w.view, &list, model.count, &w.error), AISLE_CORRUPT);
    release_model(&model);
    end(&w);
}

static void a_stream_that_fails_and_too_many_entries_are_reported(void **state)
{
    (void)state;
    static uint8_t entries[POSTINGS_BLOCK + 2];
    memset(entries, 0x41, sizeof entries);
    for (unsigned way = 0; way < 3; way++) {
        struct written w;
        begin(&w);
        assert_int_equal(positions_writer_begin(&w.writer), 0);
        if (way == 0) {
            w.stream.status = AISLE_DISK_FULL;
            assert_int_equal(positions_writer_add(&w.writer, bytes_of(entries, sizeof entries), sizeof entries),
                             AISLE_DISK_FULL);
        } else if (way == 1) {
            assert_int_equal(positions_writer_add(&w.writer, bytes_of(entries, sizeof entries), sizeof entries), 0);
            w.stream.status = AISLE_DISK_FULL;
            assert_int_equal(positions_writer_end(&w.writer, &w.reference), AISLE_DISK_FULL);
        } else {
            w.writer.count = LIMIT_SEGMENT_DOCUMENTS;
            assert_int_equal(positions_writer_add(&w.writer, bytes_of(entries, 1), 1), AISLE_INVALID);
        }
        positions_writer_release(&w.writer);
        extent_writer_release(&w.stream);
        end(&w);
    }
}

static int open_first(const struct extent_view *view, const struct positions_list *list, uint32_t count)
{
    struct positions_cursor cursor;
    struct arena arena;
    struct bytes entry;
    arena_init(&arena, 4 * POSITIONS_BLOCK_BYTES_MAX);
    positions_cursor_init(&cursor, view, &arena, list, count);
    int status = positions_cursor_find(&cursor, 0, &entry);
    arena_release(&arena);
    return status;
}

static void blocks_without_an_end_or_with_too_many_are_refused(void **state)
{
    (void)state;
    const uint8_t no_end[] = {0x80, 0x80};
    const uint8_t two[] = {0x41, 0x42};
    struct extent_view nothing = {.size = 0};
    struct positions_list list = {.kind = POSITIONS_INLINE, .entries = bytes_of(no_end, sizeof no_end)};
    assert_int_equal(open_first(&nothing, &list, 2), AISLE_CORRUPT);
    list.entries = bytes_of(two, sizeof two);
    assert_int_equal(open_first(&nothing, &list, 2), 0);
    assert_int_equal(open_first(&nothing, &list, 1), AISLE_CORRUPT);
    list.entries = bytes_of(two, 1);
    assert_int_equal(open_first(&nothing, &list, 1), 0);
}

/* A stream whose every extent is the same one, which is enough where only places are judged. */
static void directories_lead_to_blocks_inside_the_stream(void **state)
{
    (void)state;
    const uint32_t extents = (uint32_t)(POSITIONS_BLOCK_BYTES_MAX / EXTENT_PAYLOAD) + 2;
    uint8_t *extent = mem_calloc(1, EXTENT_BYTES);
    const uint8_t **all = mem_calloc(extents, sizeof *all);
    assert_true(extent != NULL && all != NULL);
    for (uint32_t i = 0; i < extents; i++) {
        all[i] = extent;
    }
    struct extent_view view = {.extents = all, .extent_count = extents, .size = extents * (uint64_t)EXTENT_PAYLOAD};
    struct positions_list list = {.kind = POSITIONS_BLOCKS};
    extent[100] = 0x41;
    store_u64(extent, 100);
    store_u64(extent + 8, 101);
    assert_int_equal(open_first(&view, &list, POSTINGS_BLOCK + 1), 0);
    store_u64(extent, 0);
    store_u64(extent + 8, POSITIONS_BLOCK_BYTES_MAX + 1);
    assert_int_equal(open_first(&view, &list, POSTINGS_BLOCK + 1), AISLE_CORRUPT);
    list.offset = view.size - 8; /* the second word is behind the stream */
    assert_int_equal(open_first(&view, &list, POSTINGS_BLOCK + 1), AISLE_CORRUPT);
    mem_free(all);
    mem_free(extent);
}

static void blocks_that_straddle_lie_in_the_stream_and_need_memory(void **state)
{
    (void)state;
    static uint8_t entry[EXTENT_PAYLOAD + 100];
    struct memory_extents memory = {0};
    struct extent_writer writer;
    aisle_error error;
    memset(entry, 0x81, sizeof entry);
    entry[sizeof entry - 1] = 0x41;
    memory_extents_begin(&memory, &writer);
    extent_writer_put(&writer, entry, sizeof entry);
    struct extent_view view = memory_extents_view(&memory, &writer);
    struct positions_list list = {.kind = POSITIONS_SINGLE, .entries = {.size = sizeof entry}};
    assert_int_equal(open_first(&view, &list, 7), 0);
    alloc_fail_at(1, 0);
    assert_int_equal(open_first(&view, &list, 7), AISLE_NO_MEMORY);
    alloc_fail_at(1, 0);
    assert_int_equal(positions_check(&view, &list, 7, &error), AISLE_NO_MEMORY);
    assert_int_equal(error.code, AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    list.offset = 1;
    assert_int_equal(open_first(&view, &list, 7), AISLE_CORRUPT);
    list.offset = 0;
    list.entries.size++;
    assert_int_equal(open_first(&view, &list, 7), AISLE_CORRUPT);
    memory_extents_release(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_every_size_come_back),
        cmocka_unit_test(equal_entries_are_stored_once_a_block),
        cmocka_unit_test(equal_entries_longer_than_a_block_has_postings_come_back),
        cmocka_unit_test(lists_that_share_a_stream_come_back),
        cmocka_unit_test(a_block_that_straddles_is_copied_into_the_same_memory),
        cmocka_unit_test(writer_refuses_bytes_that_are_not_the_entries),
        cmocka_unit_test(a_short_list_is_written_at_once_as_in_steps),
        cmocka_unit_test(what_is_written_at_once_is_short_and_exactly_the_entries),
        cmocka_unit_test(a_list_begun_anew_forgets_the_first),
        cmocka_unit_test(damaged_references_are_refused),
        cmocka_unit_test(damaged_streams_are_noticed),
        cmocka_unit_test(damaged_pages_are_noticed_by_their_checksum),
        cmocka_unit_test(a_stream_that_fails_and_too_many_entries_are_reported),
        cmocka_unit_test(blocks_without_an_end_or_with_too_many_are_refused),
        cmocka_unit_test(directories_lead_to_blocks_inside_the_stream),
        cmocka_unit_test(blocks_that_straddle_lie_in_the_stream_and_need_memory),
        cmocka_unit_test(steps_find_most_short_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
