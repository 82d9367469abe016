/*
 * test_postings_write.c - what the writer refuses, what it counts, and that it survives failing memory and streams.
 */
#include "support/postings_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static uint64_t seed = 77004;

static void documents_must_ascend_strictly(void **state)
{
    (void)state;
    const uint32_t wrong[][3] = {{5, 5, 6}, {5, 7, 6}, {5, 6, LIMIT_SEGMENT_DOCUMENTS}};
    const uint8_t codes[3] = {1, 2, 3};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct model_index index;
        struct buf record;
        buf_init(&record, POSTINGS_RECORD_MAX_BYTES);
        model_index_begin(&index);
        assert_int_equal(postings_writer_begin(&index.writer), 0);
        assert_int_equal(postings_writer_add(&index.writer, wrong[i], codes, 3), AISLE_INVALID);
        assert_int_equal(postings_writer_add(&index.writer, wrong[i], codes, 1), AISLE_INVALID); /* sticky */
        assert_int_equal(postings_writer_end(&index.writer, &record), AISLE_INVALID);
        assert_int_equal(postings_writer_begin(&index.writer), AISLE_INVALID);
        assert_int_equal(record.size, 0);
        model_index_end(&index, 100);
        model_index_release(&index);
    }
}

static void lists_are_begun_and_not_empty(void **state)
{
    (void)state;
    const uint32_t document = 1;
    const uint8_t code = 1;
    struct model_index index;
    struct buf record;
    buf_init(&record, POSTINGS_RECORD_MAX_BYTES);
    model_index_begin(&index);
    assert_int_equal(postings_writer_add(&index.writer, &document, &code, 1), AISLE_INVALID);
    model_index_end(&index, 100);
    model_index_release(&index);
    model_index_begin(&index);
    assert_int_equal(postings_writer_begin(&index.writer), 0);
    assert_int_equal(postings_writer_begin(&index.writer), 0);
    assert_int_equal(postings_writer_end(&index.writer, &record), AISLE_INVALID);
    model_index_end(&index, 100);
    model_index_release(&index);
}

static void an_abandoned_list_leaves_no_trace_in_the_next(void **state)
{
    (void)state;
    struct model_style style = {.count = 9000, .gap_max = 70, .classes = 8, .lengths = 32};
    struct model_index index;
    struct model_list list = model_draw_list(&style, &seed);
    struct postings_list decoded;
    model_index_begin(&index);
    assert_int_equal(postings_writer_begin(&index.writer), 0);
    assert_int_equal(postings_writer_add(&index.writer, list.documents, list.codes, list.count), 0);
    model_index_add(&index, &list, &seed);
    assert_int_equal(index.writer.postings_written, list.count);
    model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
    assert_int_equal(postings_list_decode(bytes_of(list.record, list.record_size), &decoded), 0);
    assert_int_equal(decoded.at.skips.first, list.documents[0]);
    assert_int_equal(postings_check(&index.source, &decoded, NULL), 0);
    model_list_release(&list);
    model_index_release(&index);
}

static void bytes_are_counted(void **state)
{
    (void)state;
    struct model_index index;
    size_t records = 0;
    uint64_t postings = 0;
    model_index_begin(&index);
    for (uint32_t count = 1; count < 30000; count = count * 2 + 1) {
        struct model_style style = {.count = count, .gap_max = 500, .classes = 4, .lengths = 8};
        struct model_list list = model_draw_list(&style, &seed);
        model_index_add(&index, &list, &seed);
        records += list.record_size;
        postings += count;
        model_list_release(&list);
    }
    assert_int_equal(index.writer.record_bytes, records);
    assert_int_equal(index.writer.postings_written, postings);
    assert_int_equal(index.writer.skip_bytes, index.skips.payload);
    assert_int_equal(index.writer.block_bytes, index.blocks.payload);
    model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
    model_index_release(&index);
}

/* Gaps take 7 bits; streams of 128 waste half a word where the width is odd. */
static void codes_of_ordered_products_cost_little(void **state)
{
    (void)state;
    struct model_style style = {.count = 100000,
                                .gap_max = 100,
                                .classes = 5,
                                .lengths = 30,
                                .lengths_ascend = true,
                                .rare_class = 50};
    struct model_index index;
    struct model_list list = model_draw_list(&style, &seed);
    model_index_begin(&index);
    model_index_add(&index, &list, &seed);
    assert_true(index.writer.block_bytes * 8 < style.count * 84 / 10 + (POSTINGS_BLOCK == 128) * style.count);
    assert_true(index.writer.skip_bytes * 8 < style.count / 2);
    model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
    model_list_release(&list);
    model_index_release(&index);
}

static void a_tiny_list_is_written_at_once_as_in_steps(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        struct model_style style = {
            .count = 1 + round % POSTINGS_TINY_MAX, .gap_max = 1 + round * 5000, .classes = 2, .lengths = 2};
        struct model_list list = model_draw_list(&style, &seed);
        struct model_index index;
        struct buf record;
        buf_init(&record, POSTINGS_RECORD_MAX_BYTES);
        model_index_begin(&index);
        model_index_add(&index, &list, &seed);
        assert_int_equal(postings_writer_put_tiny(&index.writer, list.documents, list.codes, list.count, &record), 0);
        assert_int_equal(record.size, list.record_size);
        assert_memory_equal(record.data, list.record, record.size);
        assert_int_equal(index.writer.postings_written, 2 * list.count);
        assert_int_equal(index.writer.record_bytes, 2 * record.size);
        buf_release(&record);
        model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
        model_list_release(&list);
        model_index_release(&index);
    }
}

static void what_is_written_at_once_is_tiny_and_ascends(void **state)
{
    (void)state;
    static const struct {
        uint32_t count;
        uint32_t documents[POSTINGS_TINY_MAX + 1];
    } wrong[] = {{0, {1}}, {2, {5, 5}}, {3, {5, 7, 6}}, {1, {LIMIT_SEGMENT_DOCUMENTS}}, {5, {1, 2, 3, 4, 5}}};
    const uint8_t codes[POSTINGS_TINY_MAX + 1] = {1};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct model_index index;
        struct buf record;
        buf_init(&record, POSTINGS_RECORD_MAX_BYTES);
        model_index_begin(&index);
        assert_int_equal(
            postings_writer_put_tiny(&index.writer, wrong[i].documents, codes, wrong[i].count, &record),
            AISLE_INVALID);
        assert_int_equal(postings_writer_put_tiny(&index.writer, wrong[1].documents, codes, 1, &record),
                         AISLE_INVALID); /* sticky */
        assert_int_equal(record.size, 0);
        model_index_end(&index, 100);
        model_index_release(&index);
    }
}

static int refuse_extent(void *context, uint32_t index, struct bytes extent)
{
    (void)context;
    (void)index;
    (void)extent;
    return AISLE_DISK_FULL;
}

static void a_failing_stream_is_reported(void **state)
{
    (void)state;
    struct model_style style = {.count = 400000, .gap_max = 500, .classes = 8, .lengths = 8};
    struct model_list list = model_draw_list(&style, &seed);
    struct extent_writer skips;
    struct extent_writer blocks;
    struct postings_writer writer;
    assert_int_equal(extent_writer_init(&skips, refuse_extent, NULL), 0);
    assert_int_equal(extent_writer_init(&blocks, refuse_extent, NULL), 0);
    assert_int_equal(postings_writer_init(&writer, &skips, &blocks), 0);
    assert_int_equal(postings_writer_begin(&writer), 0);
    assert_int_equal(postings_writer_add(&writer, list.documents, list.codes, list.count), AISLE_DISK_FULL);
    postings_writer_release(&writer);
    postings_writer_release(&writer);
    extent_writer_release(&skips);
    extent_writer_release(&blocks);
    model_list_release(&list);
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    struct model_style style = {.count = 9000, .gap_max = 5, .classes = 1, .lengths = 1};
    struct model_list list = model_draw_list(&style, &seed);
    int status = AISLE_NO_MEMORY;
    unsigned long failures = 0;
    for (unsigned long n = 1; status != 0; n++) {
        struct model_index index;
        struct buf record;
        buf_init(&record, POSTINGS_RECORD_MAX_BYTES);
        model_index_begin(&index);
        alloc_fail_at(n, 0);
        status = postings_writer_begin(&index.writer);
        status = status == 0 ? postings_writer_add(&index.writer, list.documents, list.codes, list.count) : status;
        status = status == 0 ? postings_writer_end(&index.writer, &record) : status;
        alloc_fail_at(0, 0);
        assert_true(status == 0 || status == AISLE_NO_MEMORY);
        failures += status != 0;
        buf_release(&record);
        model_index_end(&index, LIMIT_SEGMENT_DOCUMENTS);
        model_index_release(&index);
    }
    assert_true(failures >= 3);
    model_list_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_must_ascend_strictly),
        cmocka_unit_test(lists_are_begun_and_not_empty),
        cmocka_unit_test(an_abandoned_list_leaves_no_trace_in_the_next),
        cmocka_unit_test(bytes_are_counted),
        cmocka_unit_test(codes_of_ordered_products_cost_little),
        cmocka_unit_test(a_tiny_list_is_written_at_once_as_in_steps),
        cmocka_unit_test(what_is_written_at_once_is_tiny_and_ascends),
        cmocka_unit_test(a_failing_stream_is_reported),
        cmocka_unit_test(failing_memory_is_reported),
    };
    printf("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
