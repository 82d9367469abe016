/*
 * test_indexer_line_reader.c - lines, their places, and the ways files end.
 */
#include "base/alloc.h"
#include "base/limits.h"
#include "indexer/line_reader.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
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
        assert_int_equal(line.bytes_max, line.too_long ? LIMIT_LINE_BYTES : 0);
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

static void files_that_cannot_be_opened_are_told_apart(void **state)
{
    (void)state;
    struct line_reader reader;
    aisle_error error;
    write_file("x\n", 2);
    assert_int_equal(chmod(path, 0), 0);
    uid_t user = geteuid();
    if (user == 0) {
        assert_int_equal(seteuid(65534), 0); /* who may do everything would be let in */
    }
    int status = line_reader_open(&reader, path, NULL, &error);
    assert_int_equal(seteuid(user), 0);
    assert_int_equal(status, AISLE_PERMISSION);
    char below[80];
    snprintf(below, sizeof below, "%s/file", path);
    assert_int_equal(line_reader_open(&reader, below, NULL, &error), AISLE_IO);
    assert_non_null(strstr(error.message, "cannot be opened"));
    assert_int_equal(unlink(path), 0);
}

static void standard_input_is_no_file_and_may_be_closed(void **state)
{
    (void)state;
    struct line_reader reader;
    int kept = dup(STDIN_FILENO);
    write_file("one\n", 4);
    assert_true(kept >= 0 && close(STDIN_FILENO) == 0);
    int closed = line_reader_open(&reader, "-", NULL, NULL);
    assert_int_equal(open(path, O_RDONLY), STDIN_FILENO);
    assert_int_equal(line_reader_open(&reader, "-", NULL, NULL), 0);
    assert_false(reader.is_file);
    expect_line(&reader, "one", 0, 4, 1);
    expect_end(&reader);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
    assert_int_equal(closed, AISLE_IO);
}

static void directory_cannot_be_read(void **state)
{
    (void)state;
    struct line_reader reader;
    struct line line;
    struct bytes view;
    aisle_error error;
    assert_int_equal(line_reader_open(&reader, "/", NULL, NULL), 0);
    assert_false(reader.is_file);
    assert_int_equal(line_reader_next(&reader, &line, &error), AISLE_IO);
    assert_non_null(strstr(error.message, "/ cannot be read"));
    assert_int_equal(line_reader_peek(&reader, 10, &view, &error), AISLE_IO);
    assert_int_equal(view.size, 0);
    line_reader_close(&reader);
}

/* This process's own memory is a file that can break off anywhere: behind what is mapped. */
static void failure_within_a_long_line_is_told(void **state)
{
    (void)state;
    struct line_reader reader;
    struct line line;
    size_t size = LIMIT_LINE_BYTES + (1u << 21);
    char *text = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(text != MAP_FAILED);
    memset(text, 'x', size);
    text[0] = '\n';
    assert_int_equal(munmap(text + size, 4096), 0);
    assert_int_equal(line_reader_open(&reader, "/proc/self/mem", NULL, NULL), 0);
    assert_int_equal(line_reader_seek(&reader, (uint64_t)(uintptr_t)(text + 1), NULL), 0);
    assert_int_equal(line_reader_next(&reader, &line, NULL), AISLE_IO);
    line_reader_close(&reader);
    assert_int_equal(munmap(text, size), 0);
}

static void line_held_whole_by_a_peek_may_still_be_too_long(void **state)
{
    (void)state;
    struct line_reader reader;
    struct line line;
    struct bytes view;
    size_t size = LIMIT_LINE_BYTES + 10;
    char *text = mem_alloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    write_file(text, size);
    mem_free(text);
    assert_int_equal(line_reader_open(&reader, path, NULL, NULL), 0);
    assert_int_equal(line_reader_peek(&reader, size + 1, &view, NULL), 0);
    assert_int_equal(view.size, size);
    assert_int_equal(line_reader_next(&reader, &line, NULL), 0);
    assert_true(line.too_long);
    assert_int_equal(line.text.size, LINE_SHOWN_BYTES);
    assert_int_equal(line.end_offset, size);
    expect_end(&reader);
    assert_int_equal(line_reader_open(&reader, path, NULL, NULL), 0);
    assert_int_equal(line_reader_next(&reader, &line, NULL), 0); /* and read piece by piece, it is as long */
    assert_true(line.too_long && !line.ended);
    assert_int_equal(line.end_offset, size);
    expect_end(&reader);
}

static void buffer_that_cannot_grow_is_a_status(void **state)
{
    (void)state;
    struct line_reader reader;
    struct line line;
    struct bytes view;
    size_t size = 3u << 20;
    char *text = mem_alloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    write_file(text, size);
    mem_free(text);
    assert_int_equal(line_reader_open(&reader, path, NULL, NULL), 0);
    alloc_fail_at(1, 1);
    int peeked = line_reader_peek(&reader, size, &view, NULL);
    int status = line_reader_next(&reader, &line, NULL);
    alloc_fail_at(0, 0);
    line_reader_close(&reader);
    assert_int_equal(peeked, AISLE_NO_MEMORY);
    assert_int_equal(status, AISLE_NO_MEMORY);
}

static int ticks_from;                /* the end of a pipe to write to at the fifth tick, or -1 */
static volatile sig_atomic_t ticks;   /* since the timer began */
static volatile sig_atomic_t stopped; /* set by the fifth tick */

static void on_tick(int number)
{
    (void)number;
    ticks = ticks + 1;
    if (ticks == 5 && ticks_from >= 0) {
        (void)!write(ticks_from, "one\n", 4);
        close(ticks_from);
    }
    stopped = ticks >= 5;
}

/* Interrupts system calls every 5 ms. */
static void begin_ticks(int pipe_end)
{
    ticks_from = pipe_end;
    ticks = 0;
    stopped = 0;
    assert_int_equal(sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_tick}, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){{0, 5000}, {0, 5000}}, NULL), 0);
}

static void end_ticks(void)
{
    assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL), 0);
}

static void signals_end_a_waiting_read_only_when_told_to_stop(void **state)
{
    (void)state;
    for (int told = 0; told < 2; told++) {
        struct line_reader reader;
        struct line line;
        int ends[2];
        char name[32];
        assert_int_equal(pipe(ends), 0);
        snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
        assert_int_equal(line_reader_open(&reader, name, told ? &stopped : NULL, NULL), 0);
        assert_int_equal(line_reader_seek(&reader, 0, NULL), AISLE_IO);
        begin_ticks(told ? -1 : ends[1]);
        int status = line_reader_next(&reader, &line, NULL);
        end_ticks();
        assert_int_equal(status, told ? AISLE_END : 0);
        line_reader_close(&reader);
        close(ends[0]);
        if (told) {
            close(ends[1]);
        }
    }
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
        cmocka_unit_test(files_that_cannot_be_opened_are_told_apart),
        cmocka_unit_test(standard_input_is_no_file_and_may_be_closed),
        cmocka_unit_test(directory_cannot_be_read),
        cmocka_unit_test(failure_within_a_long_line_is_told),
        cmocka_unit_test(line_held_whole_by_a_peek_may_still_be_too_long),
        cmocka_unit_test(buffer_that_cannot_grow_is_a_status),
        cmocka_unit_test(signals_end_a_waiting_read_only_when_told_to_stop),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
