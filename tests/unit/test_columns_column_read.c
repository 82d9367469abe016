/*
 * test_columns_column_read.c - whole columns, written and read back: values, pages, footers, limits, damage.
 */
#include "base/alloc.h"
#include "columns/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define EXTENTS_MAX 64u
#define SEED UINT64_C(0xc01c01)

struct column {
    uint8_t *extents[EXTENTS_MAX];
    _Atomic uint64_t verified[EXTENTS_MAX];
    struct extent_view view;
    struct column_reader reader;
    uint32_t refuse_from;
};

static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int reseed(void **state)
{
    (void)state;
    random_state = SEED;
    return 0;
}

static int collect(void *context, uint32_t index, struct bytes extent)
{
    struct column *column = context;
    assert_true(index < EXTENTS_MAX);
    if (index >= column->refuse_from) {
        return AISLE_DISK_FULL;
    }
    column->extents[index] = mem_alloc(extent.size);
    if (column->extents[index] == NULL) {
        return AISLE_NO_MEMORY;
    }
    memcpy(column->extents[index], extent.data, extent.size);
    column->view.extent_count++;
    return 0;
}

static void drop(struct column *column)
{
    for (uint32_t i = 0; i < EXTENTS_MAX; i++) {
        mem_free(column->extents[i]);
    }
}

static int write_column(struct column *column, enum column_kind kind, const int64_t *values, uint32_t count)
{
    struct extent_writer stream;
    struct column_writer writer;
    int status = extent_writer_init(&stream, collect, column);
    if (status != 0) {
        return status;
    }
    status = column_writer_init(&writer, kind, &stream);
    for (uint32_t i = 0; i < count && status == 0; i++) {
        status = column_writer_add(&writer, values[i]);
    }
    status = status != 0 ? status : column_writer_finish(&writer);
    column_writer_release(&writer);
    column_writer_release(&writer);
    status = status != 0 ? status : extent_writer_finish(&stream, &column->view.size);
    extent_writer_release(&stream);
    column->view.extents = (const uint8_t *const *)column->extents;
    column->view.verified = column->verified;
    return status;
}

static void build(struct column *column, enum column_kind kind, const int64_t *values, uint32_t count)
{
    *column = (struct column){.refuse_from = EXTENTS_MAX};
    assert_int_equal(write_column(column, kind, values, count), 0);
    assert_int_equal(column_open(&column->reader, &column->view), 0);
}

static int64_t *make_values(enum column_kind kind, uint32_t count)
{
    int64_t *values = mem_calloc(count + 1, sizeof *values);
    assert_non_null(values);
    uint64_t key = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kind == COLUMN_ASCENDING) {
            key += next_random() % 3 == 0 ? next_random() >> 30 : next_random() % 100;
            values[i] = column_from_key(key);
        } else if (next_random() % 20 == 0) {
            values[i] = COLUMN_MISSING;
        } else if (kind == COLUMN_DOUBLE) {
            values[i] = column_from_double((double)(next_random() % 10000) / 100);
        } else {
            /* Wide pages now and then, so that a long column has several extents. */
            values[i] = (int64_t)(next_random() >> (i / COLUMN_PAGE_DOCUMENTS % 3 == 0 ? 1 : 40));
        }
    }
    return values;
}

static const uint32_t counts[] = {0, 1, 2, 1023, 1024, 1025, 5000, 150000};
#define COUNTS (sizeof counts / sizeof counts[0])

static void columns_of_every_kind_round_trip(void **state)
{
    (void)state;
    for (enum column_kind kind = COLUMN_INTEGER; kind <= COLUMN_ASCENDING; kind++) {
        for (size_t c = 0; c < COUNTS; c++) {
            struct column column;
            int64_t *values = make_values(kind, counts[c]);
            build(&column, kind, values, counts[c]);
            assert_int_equal(column_documents(&column.reader), counts[c]);
            assert_int_equal(column.reader.kind, kind);
            uint32_t missing = 0;
            for (uint32_t i = 0; i < counts[c]; i++) {
                int64_t value;
                uint64_t key;
                assert_int_equal(column_get(&column.reader, i, &value), 0);
                assert_true(value == values[i]);
                missing += kind != COLUMN_ASCENDING && value == COLUMN_MISSING;
                if (kind == COLUMN_ASCENDING) {
                    assert_int_equal(column_keys_get(&column.reader, i, &key), 0);
                    assert_true(key == column_to_key(values[i]));
                }
            }
            assert_int_equal(column.reader.missing_count, missing);
            int64_t value = 1;
            assert_int_equal(column_get(&column.reader, counts[c], &value), AISLE_END);
            assert_int_equal(column_get(&column.reader, UINT32_MAX, &value), AISLE_END);
            aisle_error error = {0};
            if (column_check(&column.reader, &error) != 0) {
                fail_msg("kind %d, %u documents: %s", (int)kind, counts[c], error.message);
            }
            mem_free(values);
            drop(&column);
        }
    }
}

static void pages_decode_to_their_documents(void **state)
{
    (void)state;
    struct column column;
    struct bytes page;
    uint32_t at = 0;
    int64_t *values = make_values(COLUMN_INTEGER, 5000);
    build(&column, COLUMN_INTEGER, values, 5000);
    for (uint32_t i = 0; i < 5; i++) {
        int64_t decoded[COLUMN_PAGE_DOCUMENTS];
        uint32_t count = 0;
        assert_int_equal(column_page(&column.reader, i, &page), 0);
        assert_int_equal((uintptr_t)page.data % 8, 0);
        assert_int_equal(column_page_decode(page, decoded, &count), 0);
        assert_memory_equal(decoded, values + at, count * sizeof *values);
        at += count;
    }
    assert_int_equal(at, 5000);
    assert_int_equal(column_page(&column.reader, 5, &page), AISLE_END);
    assert_null(page.data);
    mem_free(values);
    drop(&column);
}

/* Pages at once are pages one by one, wherever the directory and pages go over into the next extent. */
static void pages_of_a_window_are_those_of_the_directory(void **state)
{
    (void)state;
    const uint32_t count = 200 * COLUMN_PAGE_DOCUMENTS + 77;
    int64_t *values = mem_alloc(count * sizeof *values);
    struct column column = {.refuse_from = UINT32_MAX};
    assert_non_null(values);
    for (uint32_t i = 0; i < count; i++) {
        values[i] = (int64_t)(next_random() >> 1);
    }
    build(&column, COLUMN_INTEGER, values, count);
    for (uint32_t first = 0; first <= column.reader.page_count; first++) {
        struct bytes pages[4];
        uint32_t left = column.reader.page_count - first;
        uint32_t wanted = (uint32_t)next_random() & 15u;
        uint32_t asked = left < 4 ? left : 4;
        assert_int_equal(column_pages(&column.reader, first, asked, wanted, pages), 0);
        for (uint32_t i = 0; i < asked; i++) {
            struct bytes page = bytes_of(NULL, 0);
            assert_int_equal((wanted >> i & 1) == 0 ? 0 : column_page(&column.reader, first + i, &page), 0);
            assert_ptr_equal(pages[i].data, page.data);
            assert_int_equal(pages[i].size, page.size);
        }
        if (left < 4) {
            assert_int_equal(column_pages(&column.reader, first, left + 1, 0, pages), AISLE_CORRUPT);
        }
    }
    mem_free(values);
    drop(&column);
}

static void footer_knows_the_range(void **state)
{
    (void)state;
    struct column column;
    const int64_t values[] = {COLUMN_MISSING, 7, -3, COLUMN_MISSING, 5};
    build(&column, COLUMN_INTEGER, values, 5);
    assert_true(column.reader.min == -3 && column.reader.max == 7);
    assert_int_equal(column.reader.missing_count, 2);
    uint64_t key;
    assert_int_equal(column_keys_get(&column.reader, 1, &key), AISLE_INVALID);
    drop(&column);
    const int64_t none[] = {COLUMN_MISSING, COLUMN_MISSING};
    build(&column, COLUMN_DOUBLE, none, 2);
    assert_true(column.reader.min == COLUMN_MISSING && column.reader.max == COLUMN_MISSING);
    assert_int_equal(column_check(&column.reader, NULL), 0);
    drop(&column);
    const int64_t keys[] = {column_from_key(0), column_from_key(9)};
    build(&column, COLUMN_ASCENDING, keys, 2);
    assert_true(column_to_key(column.reader.min) == 0 && column_to_key(column.reader.max) == 9);
    drop(&column);
}

static void falling_keys_are_refused_across_pages(void **state)
{
    (void)state;
    struct column column = {.refuse_from = EXTENTS_MAX};
    struct extent_writer stream;
    static struct column_writer writer;
    assert_int_equal(extent_writer_init(&stream, collect, &column), 0);
    assert_int_equal(column_writer_init(&writer, (enum column_kind)3, &stream), AISLE_INVALID);
    assert_int_equal(column_writer_init(&writer, COLUMN_ASCENDING, &stream), 0);
    for (uint64_t i = 0; i < COLUMN_PAGE_DOCUMENTS; i++) {
        assert_int_equal(column_keys_add(&writer, i), 0);
    }
    assert_int_equal(column_keys_add(&writer, COLUMN_PAGE_DOCUMENTS - 2), AISLE_INVALID);
    assert_int_equal(column_keys_add(&writer, UINT64_MAX), AISLE_INVALID); /* sticky */
    assert_int_equal(column_writer_finish(&writer), AISLE_INVALID);
    column_writer_release(&writer);
    extent_writer_put(&stream, "x", 1);
    assert_int_equal(column_writer_init(&writer, COLUMN_INTEGER, &stream), AISLE_INVALID);
    extent_writer_release(&stream);
    drop(&column);
}

static void failing_streams_and_memory_are_reported(void **state)
{
    (void)state;
    int64_t *values = make_values(COLUMN_INTEGER, 150000);
    struct column column = {.refuse_from = 1};
    assert_int_equal(write_column(&column, COLUMN_INTEGER, values, 150000), AISLE_DISK_FULL);
    drop(&column);
    unsigned long before = alloc_calls();
    column = (struct column){.refuse_from = EXTENTS_MAX};
    assert_int_equal(write_column(&column, COLUMN_INTEGER, values, 3000), 0);
    unsigned long calls = alloc_calls() - before;
    drop(&column);
    for (unsigned long n = 1; n <= calls; n++) {
        column = (struct column){.refuse_from = EXTENTS_MAX};
        alloc_fail_at(n, 0);
        int status = write_column(&column, COLUMN_INTEGER, values, 3000);
        alloc_fail_at(0, 0);
        assert_int_equal(status, AISLE_NO_MEMORY);
        drop(&column);
    }
    mem_free(values);
}

static void flip(struct column *column, uint64_t bit)
{
    column->extents[bit / 8 / EXTENT_PAYLOAD][bit / 8 % EXTENT_PAYLOAD] ^= (uint8_t)(1u << (bit % 8));
}

static void flips_are_noticed_by_checksums_and_never_crash_without(void **state)
{
    (void)state;
    for (enum column_kind kind = COLUMN_INTEGER; kind <= COLUMN_ASCENDING; kind++) {
        struct column column;
        int64_t *values = make_values(kind, 4000);
        build(&column, kind, values, 4000);
        for (unsigned round = 0; round < 400; round++) {
            struct column_reader reader;
            /* A third of the flips in the directory and footer. */
            uint64_t range = round % 3 == 0 ? 80 : column.view.size;
            uint64_t bit = (column.view.size - range + next_random() % range) * 8 + next_random() % 8;
            flip(&column, bit);
            memset((void *)column.verified, 0, sizeof column.verified);
            int status = column_open(&reader, &column.view);
            assert_int_equal(status != 0 ? status : column_check(&reader, NULL), AISLE_CORRUPT);
            column.view.verified = NULL;
            if (column_open(&reader, &column.view) == 0) {
                status = column_check(&reader, NULL);
                assert_true(status == 0 || status == AISLE_CORRUPT);
                for (uint32_t i = 0; i < 4000; i += 333) {
                    int64_t value;
                    status = column_get(&reader, i, &value);
                    assert_true(status == 0 || status == AISLE_CORRUPT || status == AISLE_END);
                }
            }
            column.view.verified = column.verified;
            flip(&column, bit);
        }
        mem_free(values);
        drop(&column);
    }
}

static void cut_columns_are_corrupt(void **state)
{
    (void)state;
    struct column column;
    struct column_reader reader;
    int64_t *values = make_values(COLUMN_INTEGER, 1500);
    build(&column, COLUMN_INTEGER, values, 1500);
    column.view.verified = NULL;
    uint64_t size = column.view.size;
    for (column.view.size = 0; column.view.size < size; column.view.size++) {
        assert_int_equal(column_open(&reader, &column.view), AISLE_CORRUPT);
    }
    store_u32(column.extents[0] + size - 8, 2);
    assert_int_equal(column_open(&reader, &column.view), AISLE_NEWER_FORMAT);
    mem_free(values);
    drop(&column);
}

/* Pages of one value have no body, so that their headers can be changed alone. */
static void pages_that_differ_from_the_footer_are_corrupt(void **state)
{
    (void)state;
    struct column column;
    aisle_error error;
    int64_t values[10];
    int64_t value;
    for (size_t i = 0; i < 10; i++) {
        values[i] = 7;
    }
    build(&column, COLUMN_INTEGER, values, 10);
    column.view.verified = NULL;
    uint8_t *header = column.extents[0];
    header[0] = COLUMN_DOUBLE;
    assert_int_equal(column_check(&column.reader, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "wrong kind or size"));
    header[0] = COLUMN_INTEGER;
    store_u16(header + 6, 5);
    assert_int_equal(column_get(&column.reader, 4, &value), 0);
    assert_int_equal(column_get(&column.reader, 5, &value), AISLE_CORRUPT);
    assert_int_equal(column_check(&column.reader, &error), AISLE_CORRUPT);
    assert_non_null(strstr(error.message, "wrong kind or size"));
    drop(&column);
}

static void keys_that_cannot_be_read_are_reported(void **state)
{
    (void)state;
    struct column column;
    struct column_reader reader;
    const int64_t keys[] = {1, 2, 3};
    uint64_t key = 9;
    build(&column, COLUMN_ASCENDING, keys, 3);
    assert_int_equal(column_keys_get(&column.reader, 3, &key), AISLE_END);
    assert_int_equal(key, 0);
    column.view.verified = NULL;
    column.extents[0][5] = 1;
    assert_int_equal(column_keys_get(&column.reader, 0, &key), AISLE_CORRUPT);
    store_u32(column.extents[0] + column.view.size - 8, 0); /* there was no version 0 */
    assert_int_equal(column_open(&reader, &column.view), AISLE_CORRUPT);
    drop(&column);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(columns_of_every_kind_round_trip, reseed),
        cmocka_unit_test_setup(pages_decode_to_their_documents, reseed),
        cmocka_unit_test_setup(pages_of_a_window_are_those_of_the_directory, reseed),
        cmocka_unit_test_setup(footer_knows_the_range, reseed),
        cmocka_unit_test_setup(falling_keys_are_refused_across_pages, reseed),
        cmocka_unit_test_setup(failing_streams_and_memory_are_reported, reseed),
        cmocka_unit_test_setup(flips_are_noticed_by_checksums_and_never_crash_without, reseed),
        cmocka_unit_test_setup(cut_columns_are_corrupt, reseed),
        cmocka_unit_test(pages_that_differ_from_the_footer_are_corrupt),
        cmocka_unit_test(keys_that_cannot_be_read_are_reported),
    };
    printf("seed %llx\n", (unsigned long long)SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
