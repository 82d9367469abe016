/*
 * test_indexer_indexer.c - whole runs against real catalogs: sources, rejects, resuming, ends.
 */
#include "indexer/indexer.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[256];
static struct indexer_summary summary;
static aisle_error error;

static const char *place(const char *name)
{
    static char paths[8][400];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/aisle-indexer-XXXXXX", parent == NULL ? "/tmp" : parent);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[400];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void write_text(const char *name, const char *mode, const char *text)
{
    FILE *file = fopen(place(name), mode);
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int run_with(struct indexer_options options, const char *source)
{
    char catalog[400];
    char from[400];
    snprintf(catalog, sizeof catalog, "%s", place("shop"));
    snprintf(from, sizeof from, "%s", source);
    const char *sources[] = {from};
    options.catalog = catalog;
    options.sources = sources;
    options.source_count = 1;
    memset(&error, 0, sizeof error);
    int status = indexer_run(&options, &summary, &error);
    if (status != 0) {
        print_message("%s: %s\n", aisle_error_name(status), error.message);
    }
    return status;
}

static int run(const char *name)
{
    return run_with((struct indexer_options){.rejects_max = UINT64_MAX}, place(name));
}

/* The product as the catalog has it now, or "" when it has none. */
static const char *product(const char *id)
{
    static char text[1000];
    aisle *catalog = NULL;
    aisle_result *result = NULL;
    aisle_hit hit;
    text[0] = '\0';
    assert_int_equal(aisle_open(place("shop"), NULL, &catalog, NULL), 0);
    int status = aisle_get(catalog, (aisle_bytes){id, strlen(id)}, false, &result, NULL);
    assert_true(status == 0 || status == AISLE_NOT_FOUND);
    if (status == 0) {
        assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
        snprintf(text, sizeof text, "%.*s", (int)hit.product.size, hit.product.data);
    }
    aisle_result_free(result);
    aisle_close(catalog);
    return text;
}

static char *read_text(const char *name)
{
    static char text[100000];
    FILE *file = fopen(place(name), "rb");
    text[0] = '\0';
    if (file != NULL) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
    }
    return text;
}

static void changes_are_applied_in_order(void **state)
{
    (void)state;
    write_text("log", "w",
               "\xef\xbb\xbf{\"id\":\"A\",\"title\":\"red shoe\",\"price\":1.50}\r\n"
               "\r\n"
               "{\"op\":\"put\",\"seq\":\"1\",\"product\":{\"id\":\"B\",\"title\":\"blue shoe\",\"price\":2}}\n"
               "{\"op\":\"patch\",\"id\":\"A\",\"fields\":{\"price\":9.99}}\n"
               "{\"op\":\"delete\",\"id\":\"B\"}\n"
               "{\"op\":\"delete\",\"id\":\"nobody\"}\n"
               "{\"id\":\"C\",\"title\":\"green shoe\"}");
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.lines, 6);
    assert_int_equal(summary.counts.puts, 3);
    assert_int_equal(summary.counts.patches, 1);
    assert_int_equal(summary.counts.deletes, 2);
    assert_int_equal(summary.counts.unknown_deletes, 1);
    assert_int_equal(summary.counts.rejects, 0);
    assert_string_equal(product("A"), "{\"id\":\"A\",\"title\":\"red shoe\",\"price\":9.99}");
    assert_string_equal(product("B"), "");
    assert_string_equal(product("C"), "{\"id\":\"C\",\"title\":\"green shoe\"}");
}

static void rerun_reads_only_what_is_new(void **state)
{
    (void)state;
    write_text("log", "w", "{\"id\":\"A\",\"title\":\"one\"}\n");
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.puts, 1);
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.lines, 0);
    write_text("log", "a", "{\"id\":\"B\",\"title\":\"two\"}\n");
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.puts, 1);
    assert_string_equal(product("B"), "{\"id\":\"B\",\"title\":\"two\"}");
}

static void from_start_applies_everything_again(void **state)
{
    (void)state;
    write_text("log", "w", "{\"id\":\"A\",\"title\":\"one\"}\n{\"id\":\"B\",\"title\":\"two\"}\n");
    assert_int_equal(run("log"), 0);
    write_text("other", "w", "{\"op\":\"delete\",\"id\":\"A\"}\n");
    assert_int_equal(run("other"), 0);
    assert_string_equal(product("A"), "");
    assert_int_equal(
        run_with((struct indexer_options){.rejects_max = UINT64_MAX, .from_start = true}, place("log")), 0);
    assert_int_equal(summary.counts.puts, 2);
    assert_string_equal(product("A"), "{\"id\":\"A\",\"title\":\"one\"}");
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.lines, 0);
}

static void another_file_of_the_same_name_is_read_from_its_start(void **state)
{
    (void)state;
    write_text("log", "w", "{\"id\":\"A\",\"title\":\"one\"}\n{\"id\":\"B\",\"title\":\"two\"}\n");
    assert_int_equal(run("log"), 0);
    write_text("log", "w", "{\"id\":\"C\",\"title\":\"three\"}\n{\"id\":\"D\",\"title\":\"four\"}\n");
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.puts, 2);
    /* The same first line again, but shorter than what was read. */
    write_text("log", "w", "{\"id\":\"C\",\"title\":\"three\"}\n");
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.puts, 1);
}

static void line_still_being_written_is_read_again_when_whole(void **state)
{
    (void)state;
    write_text("log", "w", "{\"id\":\"A\",\"title\":\"one\"}\n{\"id\":\"B\",\"ti");
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.puts, 1);
    assert_int_equal(summary.counts.rejects, 0);
    assert_int_equal(summary.counts.waiting, 1);
    write_text("log", "a", "tle\":\"two\"}\n");
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.puts, 1);
    assert_int_equal(summary.counts.rejects, 0);
    assert_string_equal(product("B"), "{\"id\":\"B\",\"title\":\"two\"}");
}

static void bad_lines_go_to_the_reject_file_and_nothing_else_is_lost(void **state)
{
    (void)state;
    write_text("good", "w", "{\"id\":\"Z\",\"title\":\"for the schema\"}\n");
    assert_int_equal(run("good"), 0);
    write_text("log", "w",
               "{\"id\":\"A\",\"title\":\"one\"}\n"
               "{\"id\":\"B\",\"title\":\"a \xff byte\"}\n"
               "{\"op\":\"patch\",\"id\":\"unknown\",\"fields\":{\"title\":\"x\"}}\n"
               "{\"op\":\"put\",\"product\":{\"title\":\"no id\"}}\n"
               "nonsense\n"
               "{\"id\":\"C\",\"title\":\"last\"}\n");
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.puts, 2);
    assert_int_equal(summary.counts.rejects, 4);
    assert_int_equal(summary.reason_count, 4);
    assert_string_not_equal(product("C"), "");
    char *rejects = read_text("shop.rejects.jsonl");
    static const char *const expected[] = {"\"line\":2,\"offset\":25,\"byte\":", "\"line\":3,\"offset\":",
                                           "\"line\":4,\"offset\":", "\"line\":5,\"offset\":",
                                           "a \xef\xbf\xbd byte\\\"}\"}\n", "\"text\":\"nonsense\"}\n"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (strstr(rejects, expected[i]) == NULL) {
            print_message("%s is not in:\n%s", expected[i], rejects);
        }
        assert_non_null(strstr(rejects, expected[i]));
    }
    /* A rerun neither repeats nor forgets. */
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.rejects, 0);
}

static void too_many_rejects_end_the_run_with_what_came_before(void **state)
{
    (void)state;
    write_text("log", "w", "{\"id\":\"A\",\"title\":\"one\"}\nx\ny\nz\n{\"id\":\"B\",\"title\":\"two\"}\n");
    assert_int_equal(run_with((struct indexer_options){.rejects_max = 2}, place("log")), AISLE_LIMIT);
    assert_true(summary.too_many_rejects);
    assert_int_equal(summary.counts.rejects, 3);
    assert_string_not_equal(product("A"), "");
    assert_string_equal(product("B"), "");
    assert_int_equal(run("log"), 0);
    assert_string_not_equal(product("B"), "");
}

static void folders_are_read_in_name_order_without_their_folders(void **state)
{
    (void)state;
    assert_int_equal(mkdir(place("logs"), 0777), 0);
    assert_int_equal(mkdir(place("logs/0-inner"), 0777), 0);
    write_text("logs/0-inner/x", "w", "nonsense\n");
    write_text("logs/.hidden", "w", "nonsense\n");
    write_text("logs/shop.rejects.jsonl", "w", "nonsense\n");
    write_text("logs/b", "w", "{\"id\":\"A\",\"title\":\"second\"}\n");
    write_text("logs/a", "w", "{\"id\":\"A\",\"title\":\"first\"}\n");
    assert_int_equal(run("logs"), 0);
    assert_int_equal(summary.counts.puts, 2);
    assert_int_equal(summary.counts.rejects, 0);
    assert_string_equal(product("A"), "{\"id\":\"A\",\"title\":\"second\"}");
}

static void stopping_commits_what_was_read(void **state)
{
    (void)state;
    static struct indexer_signals signals = {.stop = 1, .wake_fd = -1};
    write_text("log", "w", "{\"id\":\"A\",\"title\":\"one\"}\n");
    assert_int_equal(run("log"), 0);
    write_text("log", "a", "{\"id\":\"B\",\"title\":\"two\"}\n");
    assert_int_equal(run_with((struct indexer_options){.rejects_max = 0, .signals = &signals}, place("log")), 0);
    assert_true(summary.stopped);
    assert_int_equal(summary.counts.lines, 0);
    assert_int_equal(run("log"), 0);
    assert_int_equal(summary.counts.puts, 1);
}

static void missing_sources_and_empty_ones_make_no_catalog(void **state)
{
    (void)state;
    assert_int_equal(run("nothing-here"), AISLE_NOT_FOUND);
    write_text("log", "w", "\n\n");
    assert_int_equal(run("log"), AISLE_BAD_PRODUCT);
    assert_int_not_equal(access(place("shop"), F_OK), 0);
}

static void second_writer_is_busy(void **state)
{
    (void)state;
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    write_text("log", "w", "{\"id\":\"A\",\"title\":\"one\"}\n");
    assert_int_equal(run("log"), 0);
    assert_int_equal(aisle_open(place("shop"), NULL, &catalog, NULL), 0);
    assert_int_equal(aisle_begin(catalog, &writer, NULL), 0);
    assert_int_equal(run("log"), AISLE_BUSY);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

#define RUN_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(changes_are_applied_in_order),
        RUN_TEST(rerun_reads_only_what_is_new),
        RUN_TEST(from_start_applies_everything_again),
        RUN_TEST(another_file_of_the_same_name_is_read_from_its_start),
        RUN_TEST(line_still_being_written_is_read_again_when_whole),
        RUN_TEST(bad_lines_go_to_the_reject_file_and_nothing_else_is_lost),
        RUN_TEST(too_many_rejects_end_the_run_with_what_came_before),
        RUN_TEST(folders_are_read_in_name_order_without_their_folders),
        RUN_TEST(stopping_commits_what_was_read),
        RUN_TEST(missing_sources_and_empty_ones_make_no_catalog),
        RUN_TEST(second_writer_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
