/*
 * test_postings_bound.c - bounds of blocks and ranges: never below what the postings say, and not far above.
 */
#include "support/postings_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t seed = 77002;

struct fixture {
    struct model_index index;
    struct model_list list;
    struct postings_list decoded;
    struct postings_cursor cursor;
};

static void begin(struct fixture *f, uint32_t count, uint32_t gap_max)
{
    struct model_style style = {
        .count = count, .gap_max = gap_max, .classes = 8, .lengths = 30, .lengths_ascend = true, .rare_class = 300};
    f->list = model_draw_list(&style, &seed);
    model_index_begin(&f->index);
    model_index_add(&f->index, &f->list, &seed);
    model_index_end(&f->index, LIMIT_SEGMENT_DOCUMENTS);
    assert_int_equal(postings_list_decode(bytes_of(f->list.record, f->list.record_size), &f->decoded), 0);
    assert_int_equal(postings_cursor_open(&f->cursor, &f->index.source, &f->decoded), 0);
}

static void end(struct fixture *f)
{
    model_list_release(&f->list);
    model_index_release(&f->index);
}

/* The dominating code of postings first to last. */
static uint8_t dominant_of(const struct model_list *list, uint32_t first, uint32_t last)
{
    uint8_t dominant = list->codes[first];
    for (uint32_t i = first; i <= last; i++) {
        dominant = postings_dominate(dominant, list->codes[i]);
    }
    return dominant;
}

static uint32_t last_of_block(const struct model_list *list, uint32_t i)
{
    uint32_t last = i / POSTINGS_BLOCK * POSTINGS_BLOCK + POSTINGS_BLOCK - 1;
    return last < list->count ? last : list->count - 1;
}

static void dominating_codes_bound_both_parts(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b += 7) {
            uint8_t both = postings_dominate((uint8_t)a, (uint8_t)b);
            assert_true(postings_is_dominated((uint8_t)a, both) && postings_is_dominated((uint8_t)b, both));
            assert_int_equal(both >> 5, a >> 5 > b >> 5 ? a >> 5 : b >> 5);
            assert_int_equal(both & 31, (a & 31) < (b & 31) ? a & 31 : b & 31);
        }
    }
}

static void bound_is_that_of_the_block_of_the_target(void **state)
{
    (void)state;
    const uint32_t counts[] = {1, 4, 5, 100, 256, 257, 8192, 8193, 60000};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        struct fixture f;
        begin(&f, counts[c], 20);
        uint32_t i = 0; /* where the cursor is */
        for (int round = 0; round < 3000 && i < f.list.count; round++) {
            uint32_t ahead = i + model_draw(&seed) % (round % 3 == 0 ? 9000 : 400);
            uint32_t target = f.list.documents[ahead < f.list.count ? ahead : f.list.count - 1];
            uint32_t last;
            target -= target > f.list.documents[i] ? 1 : 0;
            uint32_t found = model_find(&f.list, i, target);
            uint32_t block_last = last_of_block(&f.list, found);
            uint8_t bound = postings_cursor_bound(&f.cursor, target, &last);
            assert_int_equal(last, f.list.documents[block_last]);
            assert_int_equal(bound, dominant_of(&f.list, found / POSTINGS_BLOCK * POSTINGS_BLOCK, block_last));
            assert_int_equal(postings_cursor_document(&f.cursor), f.list.documents[i]);
            if (round % 4 == 3) {
                i = model_find(&f.list, i, target);
                assert_int_equal(postings_cursor_seek(&f.cursor, target), f.list.documents[i]);
                assert_int_equal(postings_cursor_code(&f.cursor), f.list.codes[i]);
            } else if (round % 4 == 1) {
                i++;
                postings_cursor_next(&f.cursor);
            }
        }
        end(&f);
    }
}

static void behind_the_end_nothing_is_bounded(void **state)
{
    (void)state;
    const uint32_t counts[] = {1, 5, 100, 257, 9000};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        struct fixture f;
        uint32_t last = 1;
        bool any = true;
        begin(&f, counts[c], 20);
        uint32_t behind = f.list.documents[f.list.count - 1] + 1;
        assert_int_equal(postings_cursor_bound(&f.cursor, behind, &last), 0);
        assert_int_equal(last, POSTINGS_END - 1);
        assert_int_equal(postings_cursor_bound_range(&f.cursor, behind, POSTINGS_END, &any), 0);
        assert_false(any);
        assert_int_equal(postings_cursor_document(&f.cursor), f.list.documents[0]);
        assert_int_equal(postings_cursor_seek(&f.cursor, behind), POSTINGS_END);
        assert_int_equal(postings_cursor_bound(&f.cursor, POSTINGS_END, &last), 0);
        assert_int_equal(last, POSTINGS_END - 1);
        assert_int_equal(postings_cursor_status(&f.cursor), 0);
        end(&f);
    }
}

static void range_is_that_of_its_blocks(void **state)
{
    (void)state;
    const uint32_t counts[] = {3, 200, 257, 2000, 8192, 50000};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        struct fixture f;
        begin(&f, counts[c], 6);
        uint32_t at = 0;
        for (uint32_t round = 0; round < 800 && at < f.list.count; round++) {
            uint32_t from_index = at + model_draw(&seed) % 5000;
            uint32_t to_index = from_index + model_draw(&seed) % (round % 2 == 0 ? 100 : 40000);
            from_index = from_index < f.list.count ? from_index : f.list.count - 1;
            to_index = to_index < f.list.count ? to_index : f.list.count - 1;
            uint32_t from = f.list.documents[from_index];
            uint32_t to = f.list.documents[to_index] + round % 3;
            bool any = false;
            uint8_t bound = postings_cursor_bound_range(&f.cursor, from, to, &any);
            uint8_t least = dominant_of(&f.list, from_index, to_index);
            uint32_t behind = last_of_block(&f.list, to_index) + 1; /* of the block that may hold to */
            behind = behind < f.list.count ? last_of_block(&f.list, behind) : f.list.count - 1;
            assert_true(any);
            assert_true(postings_is_dominated(least, bound));
            uint32_t block_first = from_index / POSTINGS_BLOCK * POSTINGS_BLOCK;
            assert_true(postings_is_dominated(bound, dominant_of(&f.list, block_first, behind)));
            if (round % 5 == 0) {
                at = from_index;
                assert_int_equal(postings_cursor_seek(&f.cursor, from), from);
                assert_int_equal(postings_cursor_code(&f.cursor), f.list.codes[from_index]);
            }
        }
        end(&f);
    }
}

/*
 * Writes and reads a list of consecutive documents that needs two chunks of its second level, so long that it is not
 * kept as arrays, behind padding bytes in SKIPS. Returns where the second level is.
 */
static uint64_t try_two_chunks(uint64_t padding)
{
    const uint32_t superblock = POSTINGS_BLOCK * POSTINGS_SUPERBLOCK_BLOCKS;
    const uint32_t count = 4096 * superblock + 3 * superblock + 77;
    const uint32_t special = count / 8192 - 100; /* the piece with other codes */
    struct model_index index;
    struct postings_list list;
    struct postings_cursor cursor;
    struct buf record;
    uint32_t documents[8192];
    uint8_t codes[8192];
    uint32_t last;
    bool any;
    model_index_begin(&index);
    buf_init(&record, POSTINGS_RECORD_MAX_BYTES);
    for (uint64_t i = 0; i < padding; i++) {
        extent_writer_put(&index.skips, "", 1);
    }
    assert_int_equal(postings_writer_begin(&index.writer), 0);
    for (uint32_t done = 0; done < count; done += 8192) {
        uint32_t part = count - done < 8192 ? count - done : 8192;
        for (uint32_t i = 0; i < part; i++) {
            documents[i] = 10 + done + i;
        }
        memset(codes, done / 8192 == special ? 0xe3 : 0x85, sizeof codes);
        assert_int_equal(postings_writer_add(&index.writer, documents, codes, part), 0);
    }
    assert_int_equal(postings_writer_end(&index.writer, &record), 0);
    assert_int_equal(postings_list_decode(buf_bytes(&record), &list), 0);
    model_index_end(&index, count + 10);
    assert_int_equal(list.count, count);
    assert_int_equal(list.dominant, 0xe3);
    assert_int_equal(postings_cursor_open(&cursor, &index.source, &list), 0);
    assert_int_equal(postings_cursor_bound_range(&cursor, 10, count, &any), 0xe3);
    assert_int_equal(postings_cursor_bound_range(&cursor, 10, (special - 1) * 8192, &any), 0x85);
    assert_int_equal(postings_cursor_bound_range(&cursor, (special + 2) * 8192, count, &any), 0x85);
    assert_int_equal(postings_cursor_bound(&cursor, 10 + 4096 * superblock, &last), 0x85);
    assert_int_equal(last, 10 + 4096 * superblock + POSTINGS_BLOCK - 1);
    for (uint32_t target = 10; target < count; target += superblock * 7 / 2) {
        assert_int_equal(postings_cursor_seek(&cursor, target), target);
        assert_int_equal(postings_cursor_code(&cursor), (target - 10) / 8192 == special ? 0xe3 : 0x85);
    }
    assert_int_equal(postings_cursor_seek(&cursor, 9 + count), 9 + count);
    assert_int_equal(postings_cursor_next(&cursor), POSTINGS_END);
    assert_int_equal(postings_cursor_status(&cursor), 0);
    buf_release(&record);
    model_index_release(&index);
    return list.at.skips.upper;
}

static void second_level_may_have_several_chunks(void **state)
{
    (void)state;
    uint64_t place = try_two_chunks(0) % EXTENT_PAYLOAD;
    /* Now so that behind the first chunk, of 20,480 bytes, a short second one would fit, but not a full one. */
    uint64_t wanted = EXTENT_PAYLOAD - 20480 - 10000;
    place = try_two_chunks((wanted + EXTENT_PAYLOAD - place) % EXTENT_PAYLOAD) % EXTENT_PAYLOAD;
    assert_in_range(place, wanted - 9000, wanted + 9000);
}

/* Lists of two superblocks until SKIPS has filled an extent: parts of some lie at its very end. */
static void long_lists_open_wherever_their_parts_lie(void **state)
{
    (void)state;
    enum { LISTS = 1300 };
    static struct model_list lists[LISTS];
    struct model_index index;
    struct model_style style = {.count = 8193, .gap_max = 1, .classes = 8, .lengths = 1, .rare_class = 300};
    model_index_begin(&index);
    struct model_list list = model_draw_list(&style, &seed);
    for (size_t i = 0; i < LISTS; i++) {
        lists[i] = list;
        lists[i].count = 8193;
        model_index_add(&index, &lists[i], &seed);
    }
    model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
    assert_true(index.source.skips.extent_count > 1);
    for (size_t i = 0; i < LISTS; i++) {
        struct postings_list decoded;
        struct postings_cursor cursor;
        uint32_t last;
        assert_int_equal(postings_list_decode(bytes_of(lists[i].record, lists[i].record_size), &decoded), 0);
        assert_int_equal(decoded.kind, POSTINGS_LONG);
        assert_int_equal(postings_cursor_open(&cursor, &index.source, &decoded), 0);
        assert_true(postings_is_dominated(list.codes[8192], postings_cursor_bound(&cursor, 8192, &last)));
        assert_int_equal(postings_cursor_seek(&cursor, 8192), 8192);
        assert_int_equal(postings_cursor_status(&cursor), 0);
    }
    model_list_release(&list);
    model_index_release(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dominating_codes_bound_both_parts),
        cmocka_unit_test(bound_is_that_of_the_block_of_the_target),
        cmocka_unit_test(behind_the_end_nothing_is_bounded),
        cmocka_unit_test(range_is_that_of_its_blocks),
        cmocka_unit_test(second_level_may_have_several_chunks),
        cmocka_unit_test(long_lists_open_wherever_their_parts_lie),
    };
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
