/*
 * test_server_writing.c - what writes are made of: lines of the change log, its files, keys.
 */
#include "base/alloc.h"
#include "server/change_line.h"
#include "server/changes.h"
#include "server/keys.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static struct buf out;
static struct buf scratch;
static char place[64];

static int make(void **state)
{
    (void)state;
    buf_init(&out, 1u << 20);
    buf_init(&scratch, 1u << 20);
    snprintf(place, sizeof place, "server_writing.%d", (int)getpid());
    return 0;
}

static int drop(void **state)
{
    (void)state;
    char command[160];
    buf_release(&out);
    buf_release(&scratch);
    snprintf(command, sizeof command, "rm -rf '%s' '%s.changes'", place, place);
    return system(command);
}

static void lines_read_back_as_written(void **state)
{
    (void)state;
    const struct change_line lines[] = {
        {.op = CHANGE_LINE_PUT, .seq = 1, .body = bytes_of_string("{\"id\":\"A}\"}")},
        {.op = CHANGE_LINE_PATCH, .seq = UINT64_C(999999999999), .time_ms = 1764156000123,
         .key = bytes_of_string("k \"\\\n\x01\xc3\xa9"), .id = bytes_of_string("P\"1\\"),
         .body = bytes_of_string("{}")},
        {.op = CHANGE_LINE_DELETE, .seq = 3, .id = bytes_of_string("P1"), .found = true},
        {.op = CHANGE_LINE_DELETE, .seq = 4, .key = bytes_of_string("k"), .id = bytes_of_string("P1")},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct change_line read;
        buf_clear(&out);
        change_line_put(&out, &lines[i]);
        assert_int_equal(buf_status(&out), 0);
        assert_int_equal(out.data[out.size - 1], '\n');
        assert_int_equal(change_line_read(bytes_of(out.data, out.size - 1), &read, &scratch, NULL), 0);
        assert_int_equal(read.op, lines[i].op);
        assert_int_equal(read.seq, lines[i].seq);
        assert_int_equal(read.found, lines[i].found);
        assert_true(bytes_equal(read.key, lines[i].key));
        assert_true(bytes_equal(read.id, lines[i].id));
        assert_true(bytes_equal(read.body, lines[i].body));
        assert_int_equal(change_line_digest(&read), change_line_digest(&lines[i]));
    }
}

static void any_clock_makes_a_line_that_is_read_back(void **state)
{
    (void)state;
    const int64_t times[] = {INT64_MIN, -1, 0, 253402300799999, 253402300800000, INT64_MAX};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const struct change_line line = {
            .op = CHANGE_LINE_PUT, .seq = 9, .time_ms = times[i], .body = bytes_of_string("{\"id\":\"A\"}")};
        struct change_line read;
        buf_clear(&out);
        change_line_put(&out, &line);
        assert_int_equal(change_line_read(bytes_of(out.data, out.size - 1), &read, &scratch, NULL), 0);
        assert_true(bytes_equal(read.body, line.body));
    }
}

static void line_ends_within_a_body_become_blanks(void **state)
{
    (void)state;
    const struct change_line line = {.op = CHANGE_LINE_PUT, .seq = 1, .body = bytes_of_string("{\r\n\"id\":1}")};
    buf_clear(&out);
    change_line_put(&out, &line);
    assert_ptr_equal(memchr(out.data, '\n', out.size), out.data + out.size - 1);
    assert_null(memchr(out.data, '\r', out.size));
}

static void deletes_are_as_long_found_or_not(void **state)
{
    (void)state;
    struct change_line line = {.op = CHANGE_LINE_DELETE, .seq = 7, .id = bytes_of_string("P1"), .found = true};
    buf_clear(&out);
    change_line_put(&out, &line);
    size_t size = out.size;
    line.found = false;
    buf_clear(&out);
    change_line_put(&out, &line);
    assert_int_equal(out.size, size);
}

static void cut_and_foreign_lines_are_refused(void **state)
{
    (void)state;
    const struct change_line line = {.op = CHANGE_LINE_PATCH, .seq = 5, .key = bytes_of_string("k"),
                                     .id = bytes_of_string("P1"), .body = bytes_of_string("{\"a\":1}")};
    struct change_line read;
    buf_clear(&out);
    change_line_put(&out, &line);
    for (size_t size = 0; size + 2 < out.size; size++) {
        uint8_t *copy = mem_alloc(size + 1); /* so that a read past the end is seen */
        memcpy(copy, out.data, size);
        int status = change_line_read(bytes_of(copy, size), &read, &scratch, NULL);
        assert_true(status == AISLE_CORRUPT || copy[size - 1] == '}');
        mem_free(copy);
    }
    assert_int_equal(change_line_read(bytes_of_string("{\"id\":\"P1\"}"), &read, &scratch, NULL), AISLE_CORRUPT);
}

static void keys_are_known_until_others_push_them_out(void **state)
{
    (void)state;
    struct keys keys = {.entries = NULL};
    char key[32];
    assert_null(keys_find(&keys, bytes_of_string("k0")));
    for (uint32_t i = 0; i < 3 * KEYS_MAX; i++) {
        snprintf(key, sizeof key, "k%u", i);
        assert_null(keys_find(&keys, bytes_of_string(key)));
        assert_int_equal(keys_add(&keys, bytes_of_string(key), i, i + 1, i % 2 == 0), 0);
    }
    for (uint32_t i = 0; i < 3 * KEYS_MAX; i++) {
        snprintf(key, sizeof key, "k%u", i);
        const struct keys_entry *entry = keys_find(&keys, bytes_of_string(key));
        assert_int_equal(entry != NULL, i >= 2 * KEYS_MAX);
        assert_true(entry == NULL || (entry->digest == i && entry->seq == i + 1 && entry->found == (i % 2 == 0)));
    }
    keys_release(&keys);
    alloc_fail_at(2, 0);
    assert_int_equal(keys_add(&keys, bytes_of_string("k"), 1, 1, true), AISLE_NO_MEMORY);
    alloc_fail_at(0, 0);
    assert_null(keys_find(&keys, bytes_of_string("k")));
}

struct seen {
    unsigned count;
    uint64_t last_end;
};

static int see(void *context, struct bytes line, uint64_t end, aisle_error *error)
{
    struct seen *seen = context;
    (void)error;
    assert_true(line.size == 0 || line.data[0] != '\n');
    assert_true(end > seen->last_end);
    seen->last_end = end;
    seen->count++;
    return 0;
}

static unsigned count_lines(struct changes *changes, uint64_t from)
{
    struct seen seen = {0, 0};
    assert_int_equal(changes_read(changes, from, false, see, &seen, NULL), 0);
    return seen.count;
}

static void a_log_goes_on_across_files_and_openings(void **state)
{
    (void)state;
    struct changes changes;
    static char line[1u << 20];
    memset(line, 'a', sizeof line);
    line[sizeof line - 1] = '\n';
    assert_int_equal(changes_open(&changes, place, 0, NULL), 0);
    uint64_t middle = 0;
    for (unsigned i = 0; i < 150; i++) {
        assert_int_equal(changes_append(&changes, bytes_of(line, sizeof line)), (i + 1) * sizeof line);
        assert_int_equal(changes_sync(&changes, NULL), 0);
        middle = i == 99 ? changes.end : middle;
    }
    assert_int_equal(count_lines(&changes, 0), 150);
    assert_int_equal(count_lines(&changes, middle), 50);
    assert_int_equal(count_lines(&changes, changes.end), 0);
    struct changes other;
    changes_trim(&changes, 70 * sizeof line, 0);
    assert_int_equal(count_lines(&changes, 0), 150 - 64);
    changes_trim(&changes, changes.end, sizeof line);
    assert_int_equal(count_lines(&changes, 0), 150 - 128);
    uint64_t end = changes.end;
    changes_close(&changes);
    assert_int_equal(changes_open(&other, place, end, NULL), 0);
    assert_int_equal(other.end, end);
    changes_close(&other);
    assert_int_equal(changes_open(&other, place, end + 1, NULL), 0);
    assert_true(other.end > end + (UINT64_C(1) << 31)); /* it was lost: goes on far behind */
    assert_int_equal(changes_append(&other, bytes_of_string("b\n")), other.end + 2);
    assert_int_equal(changes_sync(&other, NULL), 0);
    assert_int_equal(count_lines(&other, end), 1);
    changes_close(&other);
}

static int read_whole(struct changes *changes, uint64_t from)
{
    struct seen seen = {0, 0};
    return changes_read(changes, from, true, see, &seen, NULL);
}

static void missing_lines_are_told_but_not_those_before(void **state)
{
    (void)state;
    struct changes changes;
    char path[sizeof changes.folder + 32];
    aisle_error error;
    assert_int_equal(changes_open(&changes, place, 0, NULL), 0);
    const uint64_t begin = changes.end;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(changes_append(&changes, bytes_of_string("line\n")) > 0);
        assert_int_equal(changes_sync(&changes, NULL), 0);
    }
    assert_int_equal(read_whole(&changes, begin), 0);
    snprintf(path, sizeof path, "%s/%020llu.jsonl", changes.folder, (unsigned long long)changes.file);
    assert_int_equal(truncate(path, (off_t)(begin - changes.file) + 7), 0);
    assert_int_equal(read_whole(&changes, begin), AISLE_CORRUPT);
    assert_int_equal(read_whole(&changes, changes.end), 0);
    assert_int_equal(count_lines(&changes, begin), 1);
    assert_true(changes_append(&changes, bytes_of_string("late\n")) > 0);
    assert_int_equal(changes_sync(&changes, &error), AISLE_IO);
    assert_non_null(strstr(error.message, "by another program"));
    changes_give_up(&changes, begin + 5);
    assert_int_equal(read_whole(&changes, begin), 0);
    assert_int_equal(changes_refuse(&changes, NULL), AISLE_IO);
    changes_close(&changes);
    assert_int_equal(changes_open(&changes, place, begin, NULL), 0); /* the half line is cut off */
    assert_int_equal(changes.end, begin + 5);
    assert_int_equal(read_whole(&changes, begin), 0);
    changes_close(&changes);
}

static void a_log_read_from_before_its_oldest_file_lacks_lines(void **state)
{
    (void)state;
    struct changes changes;
    assert_int_equal(changes_open(&changes, place, 0, NULL), 0);
    assert_true(changes.first > 0);
    assert_int_equal(read_whole(&changes, changes.first), 0);
    assert_int_equal(read_whole(&changes, changes.first - 1), AISLE_CORRUPT);
    changes_close(&changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_read_back_as_written),
        cmocka_unit_test(any_clock_makes_a_line_that_is_read_back),
        cmocka_unit_test(line_ends_within_a_body_become_blanks),
        cmocka_unit_test(deletes_are_as_long_found_or_not),
        cmocka_unit_test(cut_and_foreign_lines_are_refused),
        cmocka_unit_test(keys_are_known_until_others_push_them_out),
        cmocka_unit_test(a_log_goes_on_across_files_and_openings),
        cmocka_unit_test(missing_lines_are_told_but_not_those_before),
        cmocka_unit_test(a_log_read_from_before_its_oldest_file_lacks_lines),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
