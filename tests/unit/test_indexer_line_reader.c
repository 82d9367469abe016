/*
 * test_indexer_line_reader.c - lines, their places, and the ways files end.
 */
#include "base/alloc.h"
#include "base/limits.h"
#include "indexer/line_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "line_reader_%ld.tmp", (long)getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void write_file(const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void open_text(struct line_reader *reader, const char *text)
{
    write_file(text, strlen(text));
    assert_int_equal(line_reader_open(reader, path, NULL, NULL), 0);
}

static void expect_line(struct line_reader *reader, const char *text, uint64_t offset, uint64_t end, uint64_t number)
{
    struct line line;
    assert_int_equal(line_reader_next(reader, &line, NULL), 0);
    assert_true(bytes_equal(line.text, bytes_of_string(text)));
    assert_int_equal(line.offset, offset);
    assert_int_equal(line.end_offset, end);
    assert_int_equal(line.number, number);
}

static void expect_end(struct line_reader *reader)
{
    struct line line;
    assert_int_equal(line_reader_next(reader, &line, NULL), AISLE_END);
    assert_int_equal(line_reader_next(reader, &line, NULL), AISLE_END);
    line_reader_close(reader);
}

static void lines_have_their_places(void **state)
{
    (void)state;
    struct line_reader reader;
    open_text(&reader, "one\n\ntwo\n");
    expect_line(&reader, "one", 0, 4, 1);
    expect_line(&reader, "", 4, 5, 2);
    expect_line(&reader, "two", 5, 9, 3);
    expect_end(&reader);
}

static void byte_order_mark_and_crlf_are_no_text(void **state)
{
    (void)state;
    struct line_reader reader;
    open_text(&reader, "\xef\xbb\xbfone\r\n\r\n\xef\xbb\xbftwo\r\n");
    expect_line(&reader, "one", 0, 8, 1);
    expect_line(&reader, "", 8, 10, 2);
    expect_line(&reader, "\xef\xbb\xbftwo", 10, 18, 3);
    expect_end(&reader);
}

static void last_line_needs_no_newline(void **state)
{
    (void)state;
    struct line_reader reader;
    struct line line;
    open_text(&reader, "one\ntwo");
    expect_line(&reader, "one", 0, 4, 1);
    assert_int_equal(line_reader_next(&reader, &line, NULL), 0);
    assert_true(bytes_equal(line.text, bytes_of_string("two")));
    assert_false(line.ended);
    assert_int_equal(line.end_offset, 7);
    expect_end(&reader);
}

static void empty_file_has_no_line(void **state)
{
    (void)state;
    struct line_reader reader;
    open_text(&reader, "");
    expect_end(&reader);
}

static void seeking_gives_up_the_numbers_but_not_the_offsets(void **state)
{
    (void)state;
    struct line_reader reader;
    struct bytes view;
    open_text(&reader, "one\ntwo\nthree\n");
    assert_int_equal(line_reader_peek(&reader, 5, &view, NULL), 0);
    assert_true(bytes_equal(view, bytes_of_string("one\nt")));
    assert_int_equal(line_reader_peek(&reader, 500, &view, NULL), 0);
    assert_int_equal(view.size, 14);
    assert_int_equal(line_reader_seek(&reader, 4, NULL), 0);
    expect_line(&reader, "two", 4, 8, 0);
    assert_int_equal(line_reader_seek(&reader, 0, NULL), 0);
    expect_line(&reader, "one", 0, 4, 1);
    line_reader_close(&reader);
}

/* A file of lines with these lengths, all of the letter a. */
static void write_lengths(const size_t *lengths, size_t count)
{
    FILE *file = fopen(path, "wb");
    char *piece = mem_alloc(1u << 16);
    assert_true(file != NULL && piece != NULL);
    memset(piece, 'a', 1u << 16);
    for (size_t i = 0; i < count; i++) {
        for (size_t left = lengths[i]; left > 0;) {
            size_t size = left < (1u << 16) ? left : (1u << 16);
            assert_int_equal(fwrite(piece, 1, size, file), size);
            left -= size;
        }
        assert_int_equal(fputc('\n', file), '\n');
    }
    mem_free(piece);
    assert_int_equal(fclose(file), 0);
}

static void long_lines_are_passed_over_and_memory_stays_bounded(void **state)
{
    (void)state;
    const size_t lengths[] = {5, LIMIT_LINE_BYTES, 7, LIMIT_LINE_BYTES + 1, 9, 3u * LIMIT_LINE_BYTES, 11};
    struct line_reader reader;
    uint64_t offset = 0;
    write_lengths(lengths, sizeof lengths / sizeof *lengths);
    assert_int_equal(line_reader_open(&reader, path, NULL, NULL), 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct line line;
        assert_int_equal(line_reader_next(&reader, &line, NULL), 0);
        assert_int_equal(line.too_long, lengths[i] > LIMIT_LINE_BYTES);
        assert_int_equal(line.text.size, line.too_long ? LINE_SHOWN_BYTES : lengths[i]);
        assert_int_equal(line.offset, offset);
        offset += lengths[i] + 1;
        assert_int_equal(line.end_offset, offset);
        assert_int_equal(line.number, i + 1);
        assert_true(line.ended);
        assert_true(reader.capacity <= 4u * LIMIT_LINE_BYTES);
    }
    expect_end(&reader);
}

static void random_lines_come_back(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static size_t lengths[COUNT];
    uint64_t random = 42;
    for (size_t i = 0; i < COUNT; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        lengths[i] = (random >> 33) % ((random >> 60) == 0 ? 200000 : 300);
    }
    write_lengths(lengths, COUNT);
    struct line_reader reader;
    assert_int_equal(line_reader_open(&reader, path, NULL, NULL), 0);
    for (size_t i = 0; i < COUNT; i++) {
        struct line line;
        assert_int_equal(line_reader_next(&reader, &line, NULL), 0);
        assert_int_equal(line.text.size, lengths[i]);
    }
    expect_end(&reader);
}

static void missing_file_is_named(void **state)
{
    (void)state;
    struct line_reader reader;
    aisle_error error;
    assert_int_equal(line_reader_open(&reader, "no-such-file.jsonl", NULL, &error), AISLE_NOT_FOUND);
    assert_non_null(strstr(error.message, "no-such-file.jsonl"));
}

static void no_memory_is_a_status(void **state)
{
    (void)state;
    struct line_reader reader;
    write_file("x\n", 2);
    alloc_fail_at(1, 0);
    int status = line_reader_open(&reader, path, NULL, NULL);
    alloc_fail_at(0, 0);
    assert_int_equal(status, AISLE_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_their_places),
        cmocka_unit_test(byte_order_mark_and_crlf_are_no_text),
        cmocka_unit_test(last_line_needs_no_newline),
        cmocka_unit_test(empty_file_has_no_line),
        cmocka_unit_test(seeking_gives_up_the_numbers_but_not_the_offsets),
        cmocka_unit_test(long_lines_are_passed_over_and_memory_stays_bounded),
        cmocka_unit_test(random_lines_come_back),
        cmocka_unit_test(missing_file_is_named),
        cmocka_unit_test(no_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
