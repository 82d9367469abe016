/*
 * test_postings_bound_chunks.c - skip data of two chunks, made by hand: a list of 33 million postings in less than a
 * megabyte, because all of its blocks are the same two bytes. What is damaged, cut off, or changed under a cursor ends
 * it.
 */
#include "postings/postings_private.h"
#include "support/memory_extents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SUPERBLOCKS (POSTINGS_CHUNK_SUPERBLOCKS + 2)
#define COUNT (SUPERBLOCKS * POSTINGS_SUPERBLOCK_POSTINGS)

/* The list of all documents. Each block is width 0 and one code; those of each superblock begin at offset 0. */
struct fixture {
    struct memory_extents skips;
    struct memory_extents blocks;
    struct postings_source source;
    struct postings_list list;
};

static void put_superblock(struct extent_writer *writer, uint32_t number, uint64_t *offset)
{
    uint8_t bytes[POSTINGS_SUPERBLOCK_BYTES] = {0};
    for (uint32_t i = 0; i < POSTINGS_SUPERBLOCK_BLOCKS; i++) {
        uint32_t block = number * POSTINGS_SUPERBLOCK_BLOCKS + i;
        store_u32(bytes + POSTINGS_BASE_BYTES + i * 4, (block + 1) * POSTINGS_BLOCK - 1);
        store_u16(bytes + POSTINGS_BASE_BYTES + POSTINGS_SUPERBLOCK_BLOCKS * 4 + i * 2, (uint16_t)((i + 1) * 2));
    }
    *offset = extent_writer_put_whole(writer, bytes, sizeof bytes, 1);
}

static uint64_t put_chunk(struct extent_writer *writer, uint32_t first, uint32_t entries)
{
    static uint8_t bytes[POSTINGS_CHUNK_BYTES];
    memset(bytes, 0, sizeof bytes);
    for (uint32_t i = 0; i < entries; i++) {
        store_u32(bytes + i * 4, (first + i + 1) * POSTINGS_SUPERBLOCK_POSTINGS - 1);
    }
    return extent_writer_put_whole(writer, bytes, (size_t)entries * POSTINGS_UPPER_BYTES, 1);
}

static void begin(struct fixture *f)
{
    static const uint8_t blocks[2 * POSTINGS_SUPERBLOCK_BLOCKS] = {0};
    struct extent_writer skips;
    struct extent_writer of_blocks;
    uint64_t offset;
    memset(f, 0, sizeof *f);
    f->list = (struct postings_list){.count = COUNT, .kind = POSTINGS_LONG};
    memory_extents_begin(&f->skips, &skips);
    memory_extents_begin(&f->blocks, &of_blocks);
    for (uint32_t i = 0; i < SUPERBLOCKS; i++) {
        put_superblock(&skips, i, &offset);
        assert_int_equal(offset, postings_place_of(0, i, POSTINGS_SUPERBLOCK_BYTES));
    }
    /* The second chunk begins a page, so that each can be damaged alone. */
    memory_extents_fill_page(&skips);
    f->list.at.skips.upper = put_chunk(&skips, 0, POSTINGS_CHUNK_SUPERBLOCKS);
    offset = put_chunk(&skips, POSTINGS_CHUNK_SUPERBLOCKS, SUPERBLOCKS - POSTINGS_CHUNK_SUPERBLOCKS);
    assert_int_equal(offset, postings_place_of(f->list.at.skips.upper, 1, POSTINGS_CHUNK_BYTES));
    extent_writer_put(&of_blocks, blocks, sizeof blocks);
    f->source.skips = memory_extents_view(&f->skips, &skips);
    f->source.blocks = memory_extents_view(&f->blocks, &of_blocks);
    f->source.document_count = COUNT;
}

static void end(struct fixture *f)
{
    memory_extents_release(&f->skips);
    memory_extents_release(&f->blocks);
}

#define FAR (POSTINGS_CHUNK_SUPERBLOCKS * POSTINGS_SUPERBLOCK_POSTINGS + 7)

static void open_cursor(struct postings_cursor *cursor, const struct fixture *f)
{
    assert_int_equal(postings_cursor_open(cursor, &f->source, &f->list), 0);
}

static void expect_ended(const struct postings_cursor *cursor)
{
    assert_int_equal(postings_cursor_document(cursor), POSTINGS_END);
    assert_int_equal(postings_cursor_status(cursor), AISLE_CORRUPT);
}

static void seeks_cross_chunks(void **state)
{
    (void)state;
    struct fixture f;
    struct postings_cursor cursor;
    bool any;
    begin(&f);
    open_cursor(&cursor, &f);
    assert_int_equal(postings_cursor_bound_range(&cursor, 0, UINT32_MAX - 1, &any), 0);
    assert_true(any);
    assert_int_equal(postings_cursor_seek(&cursor, FAR), FAR);
    assert_int_equal(postings_cursor_next(&cursor), FAR + 1);
    assert_int_equal(postings_cursor_seek(&cursor, COUNT - 1), COUNT - 1);
    assert_int_equal(postings_cursor_next(&cursor), POSTINGS_END);
    assert_int_equal(postings_cursor_status(&cursor), 0);
    end(&f);
}

static void a_chunk_that_is_cut_off_ends_a_seek(void **state)
{
    (void)state;
    struct fixture f;
    struct postings_cursor cursor;
    bool any;
    begin(&f);
    f.source.skips.size--;
    open_cursor(&cursor, &f);
    assert_int_equal(postings_cursor_seek(&cursor, FAR), POSTINGS_END);
    expect_ended(&cursor);
    open_cursor(&cursor, &f);
    assert_int_equal(postings_cursor_bound_range(&cursor, 0, COUNT - 1, &any), 0);
    assert_false(any);
    expect_ended(&cursor);
    end(&f);
}

/* A superblock that begins a chunk takes its first document from the chunk before, which goes bad meanwhile. */
static void a_chunk_that_is_damaged_when_read_again_ends_a_seek(void **state)
{
    (void)state;
    struct fixture f;
    struct postings_cursor cursor;
    begin(&f);
    f.source.skips.verified = memory_extents_verified(&f.skips);
    open_cursor(&cursor, &f);
    f.source.skips.verified = memory_extents_verified(&f.skips);
    *memory_extents_byte(&f.skips, f.list.at.skips.upper) ^= 1;
    assert_int_equal(postings_cursor_seek(&cursor, FAR), POSTINGS_END);
    expect_ended(&cursor);
    end(&f);
}

/* The skip position is ahead, and the superblock of the current block is not what it was. */
static void a_superblock_that_changes_under_a_cursor_ends_it(void **state)
{
    (void)state;
    struct fixture f;
    struct postings_cursor cursor;
    uint32_t last;
    begin(&f);
    for (unsigned way = 0; way < 3; way++) {
        open_cursor(&cursor, &f);
        if (way == 2) {
            assert_int_equal(postings_cursor_seek(&cursor, 1), 1); /* the first block is loaded */
        }
        (void)postings_cursor_bound(&cursor, POSTINGS_SUPERBLOCK_POSTINGS, &last);
        *memory_extents_byte(&f.skips, POSTINGS_BASE_BYTES) ^= 1;
        assert_int_equal(way == 0 ? postings_cursor_next(&cursor) : postings_cursor_seek(&cursor, POSTINGS_BLOCK),
                         POSTINGS_END);
        expect_ended(&cursor);
        *memory_extents_byte(&f.skips, POSTINGS_BASE_BYTES) ^= 1;
    }
    end(&f);
}

static void a_first_document_behind_the_first_block_is_damage(void **state)
{
    (void)state;
    struct fixture f;
    struct postings_cursor cursor;
    begin(&f);
    f.list.at.skips.first = POSTINGS_BLOCK;
    assert_int_equal(postings_cursor_open(&cursor, &f.source, &f.list), AISLE_CORRUPT);
    expect_ended(&cursor);
    end(&f);
}

/* Documents end below POSTINGS_END, which a window may include. */
static void windows_reach_to_the_end_of_numbers(void **state)
{
    (void)state;
    static const bool accept[256] = {true};
    struct fixture f;
    struct postings_cursor cursor;
    uint64_t bits[2] = {0};
    begin(&f);
    open_cursor(&cursor, &f);
    postings_cursor_fill(&cursor, UINT32_MAX - 63, 128, bits);
    assert_int_equal(postings_cursor_fill_matching(&cursor, UINT32_MAX - 63, 128, bits, accept), 0);
    assert_true(bits[0] == 0 && bits[1] == 0);
    assert_int_equal(postings_cursor_status(&cursor), 0);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeks_cross_chunks),
        cmocka_unit_test(a_chunk_that_is_cut_off_ends_a_seek),
        cmocka_unit_test(a_chunk_that_is_damaged_when_read_again_ends_a_seek),
        cmocka_unit_test(a_superblock_that_changes_under_a_cursor_ends_it),
        cmocka_unit_test(a_first_document_behind_the_first_block_is_damage),
        cmocka_unit_test(windows_reach_to_the_end_of_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
