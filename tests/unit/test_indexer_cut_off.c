/*
 * test_indexer_cut_off.c - a log that is copied and cut off, as logrotate's copytruncate does, between two reads of it.
 *
 * The program has a read() of its own, so that the other writer's steps happen exactly where they hurt.
 */
#include "indexer_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define TORN "{\"op\":\"put\",\"seq\":3,\"product\":{\"id\":\"C\",\"ti"
#define PUT(seq, id, title) \
    "{\"op\":\"put\",\"seq\":" seq ",\"product\":{\"id\":\"" id "\",\"title\":\"" title "\"}}\n"
static const char schema[] = "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}}}";
static const char before[] = PUT("1", "A", "first") PUT("2", "B", "second");
static const char rest[] = "tle\":\"third\"}}\n";

static char log_path[320];
static struct indexer_signals signals = {.wake_fd = -1};

static struct {
    const char *copied; /* what the log's copy ends with; NULL: no rotation is to come */
    const char *anew;   /* what the log begins with then */
    unsigned reads;     /* of the log, until it is rotated: this one meets the new log */
    unsigned looks;     /* after it, until the run is told to stop */
} plan;

static void write_to(const char *path, const char *mode, const char *text)
{
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void rotate(void)
{
    char copy[330];
    snprintf(copy, sizeof copy, "%s.1", log_path);
    write_to(copy, "w", before);
    write_to(copy, "a", TORN);
    write_to(copy, "a", plan.copied);
    write_to(log_path, "w", plan.anew);
    plan.copied = NULL;
}

/* The read of the C library, which the program's own stands before. */
static ssize_t plain_read(int fd, void *out, size_t room)
{
    return syscall(SYS_read, fd, out, room);
}

ssize_t read(int fd, void *out, size_t room)
{
    struct stat this;
    struct stat log;
    if (stat(log_path, &log) != 0 || fstat(fd, &this) != 0 || this.st_ino != log.st_ino) {
        return plain_read(fd, out, room);
    }
    if (plan.copied != NULL && --plan.reads == 0) {
        rotate();
    } else if (plan.copied == NULL && plan.looks > 0 && --plan.looks == 0) {
        signals.stop = 1;
    }
    return plain_read(fd, out, room);
}

static void index_log(bool follow, struct indexer_summary *summary)
{
    const char *sources[] = {log_folder};
    const struct indexer_options options = {.catalog = catalog,
                                            .sources = sources,
                                            .source_count = 1,
                                            .rejects_max = UINT64_MAX,
                                            .follow = follow,
                                            .poll_ms = 1,
                                            .signals = &signals};
    aisle_error error;
    int status = indexer_run(&options, summary, &error);
    if (status != 0) {
        fail_msg("%s: %s", aisle_error_name(status), error.message);
    }
}

static void expect_title(const char *id, const char *title)
{
    aisle *shop = NULL;
    aisle_result *result = NULL;
    aisle_hit hit;
    char expected[100];
    assert_int_equal(aisle_open(catalog, NULL, &shop, NULL), 0);
    assert_int_equal(aisle_get(shop, (aisle_bytes){id, strlen(id)}, false, &result, NULL), 0);
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    int size = snprintf(expected, sizeof expected, "{\"id\":\"%s\",\"title\":\"%s\"}", id, title);
    assert_int_equal(hit.product.size, size);
    assert_memory_equal(hit.product.data, expected, (size_t)size);
    aisle_result_free(result);
    aisle_close(shop);
}

/* What is written anew is longer than what was read, so that a read at the old place finds something. */
static const char anew[] = PUT("4", "D", "fourth, of the log that was begun when the other had been copied away")
    PUT("5", "E", "fifth, behind which the read of the old place goes on");

static void expect_all(const struct indexer_summary *summary)
{
    assert_int_equal(summary->counts.rejects, 0);
    assert_string_equal(summary->seq, "5");
    expect_title("A", "first");
    expect_title("B", "second");
    expect_title("C", "third");
    expect_title("E", "fifth, behind which the read of the old place goes on");
}

/* A log that will be rotated at this read of it. */
static void begin(unsigned reads)
{
    assert_int_equal(make_place(schema), 0);
    snprintf(log_path, sizeof log_path, "%s/c.jsonl", log_folder);
    signals.stop = 0;
    write_to(log_path, "w", before);
    write_to(log_path, "a", TORN);
    plan.copied = rest;
    plan.anew = anew;
    plan.reads = reads;
    plan.looks = 20;
}

/* Wherever between two reads it happens. */
static void log_that_is_cut_off_behind_half_a_line_loses_nothing(void **state)
{
    (void)state;
    for (unsigned reads = 1; reads <= 6; reads++) {
        struct indexer_summary summary;
        begin(reads);
        index_log(true, &summary);
        assert_null(plan.copied);
        expect_all(&summary);
        assert_int_equal(remove_place(), 0);
    }
}

/* A run that does not wait ends before what it cannot tell, and the next one takes it all. */
static void run_that_meets_another_log_leaves_it_to_the_next(void **state)
{
    (void)state;
    for (unsigned reads = 1; reads <= 2; reads++) {
        struct indexer_summary summary;
        begin(reads);
        plan.looks = 0;
        index_log(false, &summary);
        assert_null(plan.copied);
        assert_int_equal(summary.counts.rejects, 0);
        index_log(false, &summary);
        expect_all(&summary);
        assert_int_equal(remove_place(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_that_is_cut_off_behind_half_a_line_loses_nothing),
        cmocka_unit_test(run_that_meets_another_log_leaves_it_to_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
