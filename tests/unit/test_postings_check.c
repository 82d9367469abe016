/*
 * test_postings_check.c - damaged records and streams: every byte changed, every end cut, nothing trusted.
 */
#include "support/postings_model.h"
#include "support/postings_torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t seed = 77005;

static const struct model_style styles[] = {
    {.count = 4, .gap_max = 3000, .classes = 4, .lengths = 4},
    {.count = 11, .gap_max = 3000, .classes = 1, .lengths = 9, .lengths_ascend = true},
    {.count = 90, .gap_max = 3000, .classes = 8, .lengths = 32, .jump_every = 20, .jump_max = 900000},
    {.count = POSTINGS_BLOCK, .gap_max = 6, .classes = 8, .lengths = 9, .lengths_ascend = true, .rare_class = 30},
    {.count = 700, .gap_max = 3, .classes = 8, .lengths = 30, .jump_every = 9, .jump_max = 30}, /* bitsets */
    {.count = 900, .gap_max = 200, .classes = 2, .lengths = 1, .jump_every = 100, .jump_max = 300000},
    {.count = 8600, .gap_max = 1, .classes = 1, .lengths = 1, .jump_every = 600, .jump_max = 30},
};
#define STYLES (sizeof styles / sizeof *styles)

struct fixture {
    struct model_index index;
    struct model_list list;
};

static void begin(struct fixture *f, const struct model_style *style)
{
    f->list = model_draw_list(style, &seed);
    model_index_begin(&f->index);
    model_index_add(&f->index, &f->list, &seed);
    model_index_end(&f->index, f->list.documents[f->list.count - 1] + 1);
}

static void end(struct fixture *f)
{
    model_list_release(&f->list);
    model_index_release(&f->index);
}

static int read_all(const struct fixture *f)
{
    struct postings_list decoded;
    int status = postings_list_decode(bytes_of(f->list.record, f->list.record_size), &decoded);
    return status != 0 ? status : torture_list(&f->index.source, &decoded);
}

static void sound_lists_pass(void **state)
{
    (void)state;
    for (size_t style = 0; style < STYLES; style++) {
        struct fixture f;
        begin(&f, &styles[style]);
        assert_int_equal(read_all(&f), 0);
        end(&f);
    }
}

static void any_changed_byte_of_a_record_is_survived(void **state)
{
    (void)state;
    const uint8_t changes[] = {1, 2, 4, 8, 16, 32, 64, 128, 255};
    for (size_t style = 0; style < STYLES; style++) {
        struct fixture f;
        begin(&f, &styles[style]);
        for (size_t i = 0; i < f.list.record_size; i++) {
            for (size_t change = 0; change < sizeof changes; change++) {
                f.list.record[i] ^= changes[change];
                (void)!read_all(&f);
                f.list.record[i] ^= changes[change];
            }
        }
        size_t size = f.list.record_size;
        for (f.list.record_size = 0; f.list.record_size < size; f.list.record_size++) {
            (void)!read_all(&f);
        }
        assert_int_equal(read_all(&f), 0);
        end(&f);
    }
}

/* Returns how many of the changes were noticed. */
static size_t change_each_byte(struct fixture *f, struct memory_extents *memory)
{
    const uint8_t changes[] = {1, 64, 128, 255};
    size_t noticed = 0;
    for (uint64_t i = 0; i < memory->size; i += 1 + memory->size / 1500) {
        uint8_t *byte = memory_extents_byte(memory, i);
        for (size_t change = 0; change < sizeof changes; change++) {
            *byte ^= changes[change];
            noticed += read_all(f) != 0;
            *byte ^= changes[change];
        }
    }
    return noticed;
}

static void any_changed_byte_of_a_stream_is_survived(void **state)
{
    (void)state;
    for (size_t style = 0; style < STYLES; style++) {
        struct fixture f;
        begin(&f, &styles[style]);
        size_t in_blocks = change_each_byte(&f, &f.index.blocks_memory);
        size_t in_skips = change_each_byte(&f, &f.index.skips_memory);
        assert_true(f.index.blocks_memory.size == 0 || in_blocks > 0);
        assert_true(f.index.skips_memory.size == 0 || in_skips > f.index.skips_memory.size / 3);
        end(&f);
    }
}

static void checksums_notice_every_changed_byte(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, &styles[4]);
    for (uint64_t i = 0; i < f.index.blocks_memory.size; i += 7) {
        f.index.source.blocks.verified = memory_extents_verified(&f.index.blocks_memory);
        f.index.source.skips.verified = memory_extents_verified(&f.index.skips_memory);
        *memory_extents_byte(&f.index.blocks_memory, i) ^= 4;
        assert_int_equal(read_all(&f), AISLE_CORRUPT);
        *memory_extents_byte(&f.index.blocks_memory, i) ^= 4;
    }
    end(&f);
}

static void cut_streams_are_noticed(void **state)
{
    (void)state;
    for (size_t style = 3; style < STYLES; style++) {
        struct fixture f;
        begin(&f, &styles[style]);
        uint64_t size = f.index.source.blocks.size;
        for (uint64_t cut = 1; cut <= size; cut += 1 + size / 100) {
            f.index.source.blocks.size = size - cut;
            assert_int_equal(read_all(&f), AISLE_CORRUPT);
        }
        f.index.source.blocks.size = size;
        size = f.index.source.skips.size;
        for (uint64_t cut = 1; cut <= size; cut++) {
            f.index.source.skips.size = size - cut;
            assert_int_equal(read_all(&f), AISLE_CORRUPT);
        }
        end(&f);
    }
}

static void too_low_a_bound_is_noticed(void **state)
{
    (void)state;
    struct fixture f;
    struct postings_list decoded;
    aisle_error error;
    begin(&f, &styles[5]); /* all codes are dominated by class 1, length 0: 0x20 */
    const uint8_t blocks = (900 + POSTINGS_BLOCK - 1) / POSTINGS_BLOCK;
    uint8_t *dominant = memory_extents_byte(&f.index.skips_memory, 5 + blocks * 6u);
    assert_int_equal(*dominant, 0x20);
    assert_int_equal(postings_list_decode(bytes_of(f.list.record, f.list.record_size), &decoded), 0);
    *dominant = 0x00;
    assert_int_equal(postings_check(&f.index.source, &decoded, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "bound 0 of block 0"));
    *dominant = 0x40;
    assert_int_equal(postings_check(&f.index.source, &decoded, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "bound 64 of block 0"));
    *dominant = 0x20;
    assert_int_equal(postings_check(&f.index.source, &decoded, &error), 0);
    end(&f);
}

static void a_second_level_that_disagrees_is_noticed(void **state)
{
    (void)state;
    struct fixture f;
    struct postings_list decoded;
    begin(&f, &styles[6]);
    assert_int_equal(postings_list_decode(bytes_of(f.list.record, f.list.record_size), &decoded), 0);
    assert_int_equal(decoded.kind, POSTINGS_LONG);
    for (uint32_t i = 0; i < 4; i++) {
        *memory_extents_byte(&f.index.skips_memory, decoded.at.skips.upper + i) ^= 1;
        assert_int_equal(postings_check(&f.index.source, &decoded, NULL), AISLE_CORRUPT);
        *memory_extents_byte(&f.index.skips_memory, decoded.at.skips.upper + i) ^= 1;
    }
    uint32_t superblocks = (8600 + POSTINGS_BLOCK * 32 - 1) / (POSTINGS_BLOCK * 32);
    uint8_t *dominant = memory_extents_byte(&f.index.skips_memory, decoded.at.skips.upper + superblocks * 4);
    *dominant = 0x05;
    assert_int_equal(postings_check(&f.index.source, &decoded, NULL), AISLE_CORRUPT);
    end(&f);
}

/* An inline record: 5 postings of 31-bit gaps, constant codes. */
static int read_wide_gaps(const uint32_t gaps[5])
{
    uint8_t record[2 + 1 + 20 + 1] = {POSTINGS_INLINE, 0x80, 31};
    struct postings_source source = {.document_count = 1000};
    struct postings_list list;
    for (uint32_t bit = 0; bit < 5 * 31; bit++) {
        uint32_t set = gaps[bit / 31] >> bit % 31 & 1;
        record[3 + bit / 8] = (uint8_t)(record[3 + bit / 8] | set << bit % 8);
    }
    assert_int_equal(postings_list_decode(bytes_of(record, sizeof record), &list), 0);
    return torture_list(&source, &list);
}

static void sums_of_gaps_that_pass_32_bits_are_noticed(void **state)
{
    (void)state;
    const uint32_t sound[5] = {9, 0, 5, 100, 0};
    const uint32_t wrapped[5] = {9, 0x7fffffff, 0x7fffffff, 0, 0}; /* 9, 2^31 + 9, 9, 10, 11 */
    assert_int_equal(read_wide_gaps(sound), 0);
    assert_int_equal(read_wide_gaps(wrapped), AISLE_CORRUPT);
}

static void a_bitset_of_more_postings_than_announced_is_noticed(void **state)
{
    (void)state;
    uint8_t block[3 + 512 + 1] = {32, 0, 64};
    const uint8_t record[] = {
        POSTINGS_SINGLE, POSTINGS_BLOCK - 1, 0x80, 0, (sizeof block & 127) | 128, sizeof block >> 7};
    const uint8_t *const extents[] = {block};
    struct postings_source source = {.blocks = {.extents = extents, .extent_count = 1, .size = sizeof block},
                                     .document_count = 5000};
    struct postings_list list;
    memset(block + 3, 0xff, 512);
    assert_int_equal(postings_list_decode(bytes_of(record, sizeof record), &list), 0);
    assert_int_equal(torture_list(&source, &list), AISLE_CORRUPT);
}

static void documents_past_the_segment_are_never_shown(void **state)
{
    (void)state;
    for (size_t style = 0; style < STYLES; style++) {
        struct fixture f;
        begin(&f, &styles[style]);
        const uint32_t limits[] = {0, 1, f.list.documents[0], f.list.documents[f.list.count / 2],
                                   f.list.documents[f.list.count - 1]};
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            f.index.source.document_count = limits[i];
            assert_int_equal(read_all(&f), AISLE_CORRUPT);
        }
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_lists_pass),
        cmocka_unit_test(any_changed_byte_of_a_record_is_survived),
        cmocka_unit_test(any_changed_byte_of_a_stream_is_survived),
        cmocka_unit_test(checksums_notice_every_changed_byte),
        cmocka_unit_test(cut_streams_are_noticed),
        cmocka_unit_test(too_low_a_bound_is_noticed),
        cmocka_unit_test(sums_of_gaps_that_pass_32_bits_are_noticed),
        cmocka_unit_test(a_bitset_of_more_postings_than_announced_is_noticed),
        cmocka_unit_test(documents_past_the_segment_are_never_shown),
        cmocka_unit_test(a_second_level_that_disagrees_is_noticed),
    };
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
