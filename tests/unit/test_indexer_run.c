/*
 * test_indexer_run.c - runs over logs that repeat, were moved or packed, and products that go by themselves.
 */
#include "indexer_fixture.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "index/position.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

static struct indexer_summary summary;
static aisle_error error;

static const char schema[] = "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
                             "\"price\":{\"type\":\"decimal\",\"scale\":2},\"until\":{\"type\":\"date\"}}}";

static int set_up(void **state)
{
    (void)state;
    return make_place(schema);
}

static int tear_down(void **state)
{
    (void)state;
    return remove_place();
}

static const char *in_log(const char *name)
{
    static char paths[4][400];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", log_folder, name);
    return path;
}

static void write_log(const char *name, const char *mode, const char *text)
{
    FILE *file = fopen(in_log(name), mode);
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int run_with(struct indexer_options options)
{
    const char *sources[] = {log_folder};
    options.catalog = catalog;
    options.sources = sources;
    options.source_count = 1;
    options.rejects_max = UINT64_MAX;
    int status = indexer_run(&options, &summary, &error);
    if (status != 0) {
        print_message("%s: %s\n", aisle_error_name(status), error.message);
    }
    return status;
}

static void run(void)
{
    assert_int_equal(run_with((struct indexer_options){.catalog = NULL}), 0);
}

static void expect_product(const char *id, const char *text)
{
    aisle *shop = NULL;
    aisle_result *result = NULL;
    aisle_hit hit;
    assert_int_equal(aisle_open(catalog, NULL, &shop, NULL), 0);
    int status = aisle_get(shop, (aisle_bytes){id, strlen(id)}, false, &result, NULL);
    assert_int_equal(status, text == NULL ? AISLE_NOT_FOUND : 0);
    if (status == 0) {
        char found[1000];
        assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
        snprintf(found, sizeof found, "%.*s", (int)hit.product.size, hit.product.data);
        assert_string_equal(found, text);
    }
    aisle_result_free(result);
    aisle_close(shop);
}

#define PUT(seq, id, title) \
    "{\"op\":\"put\",\"seq\":\"" seq "\",\"product\":{\"id\":\"" id "\",\"title\":\"" title "\"}}\n"

static void repeats_change_nothing_whatever_file_brings_them(void **state)
{
    (void)state;
    write_log("1", "w",
              PUT("0/1/0", "A", "old") PUT("0/2/0", "A", "new") "{\"op\":\"delete\",\"seq\":\"0/2/1\",\"id\":\"B\"}\n");
    run();
    assert_int_equal(summary.counts.repeats, 0);
    assert_string_equal(summary.seq, "0/2/1");
    write_log("2", "w", PUT("0/2/0", "A", "never") PUT("0/1/0", "B", "never") PUT("0/A/0", "C", "more"));
    run();
    assert_int_equal(summary.counts.repeats, 2);
    assert_int_equal(summary.counts.puts, 1);
    expect_product("A", "{\"id\":\"A\",\"title\":\"new\"}");
    expect_product("B", NULL);
    assert_int_equal(run_with((struct indexer_options){.from_start = true}), 0);
    expect_product("A", "{\"id\":\"A\",\"title\":\"new\"}");
}

#define EVENT(op, at, id, title)                                                                             \
    "{\"op\":\"" op "\",\"after\":{\"id\":\"" id "\",\"title\":\"" title "\"},\"source\":{\"table\":\"t\"," \
    "\"sequence\":\"[" at "]\"}}\n"

static void snapshot_that_is_delivered_again_does_not_undo_what_came_behind_it(void **state)
{
    (void)state;
    static const char events[] = EVENT("r", "null,\\\"90\\\"", "A", "as it was") EVENT(
        "r", "null,\\\"90\\\"", "B", "as it was") EVENT("u", "\\\"95\\\",\\\"100\\\"", "A", "new");
    write_log("1", "w", events);
    run();
    assert_int_equal(summary.counts.repeats, 0);
    write_log("2", "w", "\n"); /* so that it is another file */
    write_log("2", "a", events);
    run();
    assert_int_equal(summary.counts.repeats, 2); /* the last place of all is taken again, which does no harm */
    expect_product("A", "{\"id\":\"A\",\"title\":\"new\"}");
    expect_product("B", "{\"id\":\"B\",\"title\":\"as it was\"}");
    /* One that is taken beside the stream is of its moment, and new. */
    write_log("3", "w",
              EVENT("r", "\\\"95\\\",\\\"100\\\"", "C", "beside") EVENT("r", "null,\\\"200\\\"", "B", "anew"));
    run();
    assert_int_equal(summary.counts.repeats, 0);
    expect_product("B", "{\"id\":\"B\",\"title\":\"anew\"}");
    expect_product("C", "{\"id\":\"C\",\"title\":\"beside\"}");
}

static void moved_file_is_read_on(void **state)
{
    (void)state;
    write_log("c.jsonl", "w", "{\"id\":\"A\",\"title\":\"a\"}\n");
    run();
    write_log("c.jsonl", "a", "{\"id\":\"B\",\"title\":\"b\"}\n");
    assert_int_equal(rename(in_log("c.jsonl"), in_log("c.jsonl.1")), 0);
    write_log("c.jsonl", "w", "{\"id\":\"B\",\"title\":\"newer\"}\n");
    run();
    assert_int_equal(summary.counts.puts, 2);
    expect_product("B", "{\"id\":\"B\",\"title\":\"newer\"}");
}

static void two_files_that_begin_alike_are_two(void **state)
{
    (void)state;
    write_log("1", "w", "{\"id\":\"A\",\"title\":\"a\"}\n{\"id\":\"B\",\"title\":\"b\"}\n");
    write_log("2", "w", "{\"id\":\"A\",\"title\":\"a\"}\n{\"id\":\"C\",\"title\":\"c\"}\n");
    run();
    assert_int_equal(summary.counts.puts, 4);
    expect_product("C", "{\"id\":\"C\",\"title\":\"c\"}");
}

static void export_of_another_day_is_read_though_it_begins_alike(void **state)
{
    (void)state;
    write_log("monday.jsonl", "w", "{\"id\":\"A\",\"title\":\"a\"}\n{\"id\":\"B\",\"title\":\"b\"}\n");
    run();
    assert_int_equal(unlink(in_log("monday.jsonl")), 0);
    write_log("tuesday.jsonl", "w", "{\"id\":\"A\",\"title\":\"a\"}\n{\"id\":\"B\",\"title\":\"c\"}\n");
    run();
    assert_int_equal(summary.counts.puts, 2);
    expect_product("B", "{\"id\":\"B\",\"title\":\"c\"}");
}

static void packed_files_are_read_and_resumed(void **state)
{
    (void)state;
    static const char lines[] = "{\"id\":\"A\",\"title\":\"a\"}\n{\"id\":\"B\",\"title\":\"b\"}\n";
    char packed[400];
    write_log("c.jsonl", "w", lines);
    run();
    /* What was read is packed, with one line more; another member or frame stands behind. */
    gzFile file = gzopen(in_log("c.jsonl.1.gz"), "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, lines, sizeof lines - 1), sizeof lines - 1);
    assert_int_equal(gzclose(file), Z_OK);
    file = gzopen(in_log("c.jsonl.1.gz"), "ab");
    assert_true(gzputs(file, "{\"id\":\"C\",\"title\":\"c\"}\n") > 0);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(unlink(in_log("c.jsonl")), 0);
    size_t size = ZSTD_compress(packed, sizeof packed, "{\"id\":\"D\",\"title\":\"d\"}\n", 23, 3);
    FILE *zstd = fopen(in_log("d.zst"), "wb");
    assert_int_equal(fwrite(packed, 1, size - 3, zstd), size - 3); /* cut: more is to come */
    assert_int_equal(fclose(zstd), 0);
    run();
    assert_int_equal(summary.counts.puts, 1);
    assert_int_equal(summary.counts.waiting, 1);
    zstd = fopen(in_log("d.zst"), "ab");
    assert_int_equal(fwrite(packed + size - 3, 1, 3, zstd), 3);
    assert_int_equal(fclose(zstd), 0);
    run();
    assert_int_equal(summary.counts.puts + summary.counts.repeats, summary.counts.lines);
    expect_product("C", "{\"id\":\"C\",\"title\":\"c\"}");
    expect_product("D", "{\"id\":\"D\",\"title\":\"d\"}");
}

static void retry_reads_again_in_order_from_the_first_reject(void **state)
{
    (void)state;
    char path[400];
    write_log("1", "w", "{\"id\":\"A\",\"title\":\"a\"}\n");
    write_log("1", "a", "{\"op\":\"patch\",\"seq\":\"7\",\"id\":\"B\",\"fields\":{\"price\":1}}\n");
    write_log("2", "w", "{\"op\":\"patch\",\"seq\":\"8\",\"id\":\"B\",\"fields\":{\"title\":\"late\"}}\n");
    run();
    assert_int_equal(summary.counts.rejects, 2);
    /* The product comes by another way; now both patches can be applied, and in their order. */
    write_log("3", "w", "{\"id\":\"B\",\"title\":\"b\"}\n");
    run();
    assert_int_equal(unlink(in_log("3")), 0);
    assert_int_equal(run_with((struct indexer_options){.retry = true}), 0);
    assert_int_equal(summary.counts.lines, 2);
    assert_int_equal(summary.counts.rejects, 0);
    expect_product("B", "{\"id\":\"B\",\"title\":\"late\",\"price\":1}");
    snprintf(path, sizeof path, "%s.rejects.jsonl", catalog);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s.rejects.jsonl.retried", catalog);
    assert_int_not_equal(access(path, F_OK), 0);
    run();
    assert_int_equal(summary.counts.lines, 0);
}

static void truncate_is_refused_or_deletes_all(void **state)
{
    (void)state;
    static const char truncate[] = "{\"action\":\"T\",\"schema\":\"public\",\"table\":\"products\"}\n";
    write_log("1", "w", "{\"id\":\"A\",\"title\":\"a\"}\n{\"id\":\"B\",\"title\":\"b\"}\n");
    write_log("1", "a", truncate);
    run();
    assert_int_equal(summary.counts.rejects, 1);
    assert_non_null(strstr(summary.reasons[0].message, "TRUNCATE of products is refused"));
    expect_product("A", "{\"id\":\"A\",\"title\":\"a\"}");
    write_log("2", "w", truncate);
    write_log("2", "a", "{\"id\":\"C\",\"title\":\"c\"}\n");
    assert_int_equal(run_with((struct indexer_options){.truncate = INDEXER_TRUNCATE_APPLY}), 0);
    assert_int_equal(summary.counts.truncates, 1);
    expect_product("A", NULL);
    expect_product("C", "{\"id\":\"C\",\"title\":\"c\"}");
}

static void rejects_of_one_line_are_counted_but_few_are_written(void **state)
{
    (void)state;
    char path[400];
    char text[3 * 5000 + 100] = "{\"nextlsn\":\"0/1\",\"change\":[{}";
    unsigned written = 0;
    for (unsigned i = 1; i < 5000; i++) {
        memcpy(text + strlen(text), ",{}", 4);
    }
    memcpy(text + strlen(text), "]}\n", 4);
    write_log("1", "w", text);
    run();
    assert_int_equal(summary.counts.rejects, 5000);
    snprintf(path, sizeof path, "%s.rejects.jsonl", catalog);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int c = getc(file); c != EOF; c = getc(file)) {
        written += c == '\n';
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(written, 100);
}

static void products_whose_date_has_passed_are_deleted(void **state)
{
    (void)state;
    write_log("1", "w", "{\"id\":\"A\",\"title\":\"a\",\"until\":\"2001-01-01\"}\n"
                        "{\"id\":\"B\",\"title\":\"b\",\"until\":\"9999-01-01\"}\n{\"id\":\"C\",\"title\":\"c\"}\n");
    assert_int_equal(run_with((struct indexer_options){.expire = "until"}), 0);
    assert_int_equal(summary.counts.expired, 1);
    expect_product("A", NULL);
    expect_product("B", "{\"id\":\"B\",\"title\":\"b\",\"until\":\"9999-01-01\"}");
    expect_product("C", "{\"id\":\"C\",\"title\":\"c\"}");
}

static uint64_t products_now(void)
{
    aisle *shop = NULL;
    aisle_statistics statistics = {.size = sizeof statistics};
    assert_int_equal(aisle_open(catalog, NULL, &shop, NULL), 0);
    assert_int_equal(aisle_stats(shop, &statistics, NULL), 0);
    aisle_close(shop);
    return statistics.products;
}

struct stopper {
    volatile sig_atomic_t *stop;
    uint64_t products;
};

static void *stop_when_some_are_gone(void *context)
{
    struct stopper *stopper = context;
    while (products_now() == stopper->products) {
        usleep(1000);
    }
    __atomic_store_n(stopper->stop, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void what_rules_hide_goes_with_the_others(void **state)
{
    (void)state;
    char path[400];
    snprintf(path, sizeof path, "%s/rules.json", catalog);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("[{\"hide\":[\"A\",\"B\"]}]", file) >= 0);
    assert_int_equal(fclose(file), 0);
    write_log("1", "w", "{\"id\":\"A\",\"title\":\"a\",\"until\":\"2001-01-01\"}\n"
                        "{\"id\":\"B\",\"title\":\"b\"}\n{\"id\":\"C\",\"title\":\"c\"}\n");
    assert_int_equal(run_with((struct indexer_options){.expire = "until"}), 0);
    assert_int_equal(summary.counts.expired, 1);
    expect_product("A", NULL);
    expect_product("B", "{\"id\":\"B\",\"title\":\"b\"}");
    write_log("2", "w", "{\"action\":\"T\",\"schema\":\"public\",\"table\":\"products\"}\n");
    assert_int_equal(run_with((struct indexer_options){.truncate = INDEXER_TRUNCATE_APPLY}), 0);
    expect_product("B", NULL);
    expect_product("C", NULL);
}

/* The flag is another thread's, which sets it once the first of three batches is gone. */
static void truncate_that_is_told_to_stop_goes_on_in_the_next_run(void **state)
{
    (void)state;
    volatile sig_atomic_t stop = 0;
    struct indexer_signals signals = {.wake_fd = -1, .also_stop = &stop};
    struct indexer_options options = {.truncate = INDEXER_TRUNCATE_APPLY, .signals = &signals};
    FILE *file = fopen(in_log("1"), "w");
    assert_non_null(file);
    for (unsigned i = 0; i < 3 * LIMIT_HITS; i++) {
        assert_true(fprintf(file, "{\"id\":\"P%u\"}\n", i) > 0);
    }
    assert_int_equal(fclose(file), 0);
    run();
    assert_int_equal(summary.counts.puts, 3 * LIMIT_HITS);
    write_log("2", "w", "{\"action\":\"B\",\"nextlsn\":\"0/7\"}\n{\"action\":\"T\",\"table\":\"products\"}\n");
    write_log("3", "w", PUT("0/9/0", "A", "behind"));
    struct stopper stopper = {.stop = &stop, .products = 3 * LIMIT_HITS};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_when_some_are_gone, &stopper), 0);
    assert_int_equal(run_with(options), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    stop = 0;
    assert_int_equal(run_with(options), 0);
    assert_int_equal(products_now(), 1);
    expect_product("A", "{\"id\":\"A\",\"title\":\"behind\"}");
}

#define SHARDS 3u
#define RED(id) "{\"id\":\"" id "\",\"title\":\"red\"}\n"
#define TRUNCATE "{\"action\":\"T\",\"schema\":\"public\",\"table\":\"products\"}\n"

static void write_products(const char *mode, char first, char last)
{
    for (char id = first; id <= last; id++) {
        char text[64];
        snprintf(text, sizeof text, "{\"id\":\"%c\",\"title\":\"red\"}\n", id);
        write_log("1", id == first ? mode : "a", text);
    }
}

static void expect_products(char first, char last, bool there)
{
    for (char id = first; id <= last; id++) {
        char name[2] = {id};
        char text[64];
        snprintf(text, sizeof text, "{\"id\":\"%c\",\"title\":\"red\"}", id);
        expect_product(name, there ? text : NULL);
    }
}

static void create_shards(void)
{
    char other[sizeof catalog];
    snprintf(other, sizeof other, "%s/shards", folder);
    memcpy(catalog, other, sizeof catalog);
    const aisle_create_options options = {.size = sizeof options, .shards = SHARDS};
    assert_int_equal(aisle_create(catalog, schema, &options, NULL), 0);
}

/* As when the process was killed between commits of shards: but for the first, they say that they are at offset. */
static void set_back_shards(uint64_t offset)
{
    for (unsigned i = 1; i < SHARDS; i++) {
        struct storage *storage = NULL;
        struct storage_txn *txn = NULL;
        struct log_position position;
        char path[400];
        snprintf(path, sizeof path, "%s/shard-%02u", catalog, i);
        assert_int_equal(storage_open(path, &(struct storage_options){.create = false}, &storage, &error), 0);
        assert_int_equal(storage_write_begin(storage, &txn, &error), 0);
        assert_int_equal(position_latest(txn, &position), 0);
        position.offset = offset;
        assert_int_equal(position_store(txn, &position), 0);
        assert_int_equal(storage_commit(txn, &error), 0);
        storage_close(storage);
    }
}

static void truncate_deletes_all_where_a_crash_left_shards_apart(void **state)
{
    (void)state;
    create_shards();
    write_products("w", 'A', 'J');
    run();
    set_back_shards(strlen(RED("A")));
    write_log("1", "a", TRUNCATE);
    assert_int_equal(run_with((struct indexer_options){.truncate = INDEXER_TRUNCATE_APPLY}), 0);
    expect_products('A', 'J', false);
}

static void truncate_that_was_done_spares_what_shards_have_from_behind_it(void **state)
{
    (void)state;
    create_shards();
    write_log("1", "w", RED("Z") TRUNCATE);
    write_products("a", 'A', 'J');
    assert_int_equal(run_with((struct indexer_options){.truncate = INDEXER_TRUNCATE_APPLY}), 0);
    expect_products('Z', 'Z', false);
    set_back_shards(strlen(RED("Z")));
    assert_int_equal(run_with((struct indexer_options){.truncate = INDEXER_TRUNCATE_APPLY}), 0);
    assert_int_equal(summary.counts.repeats, 1);
    expect_products('A', 'J', true);
    expect_products('Z', 'Z', false);
}

static void unknown_formats_and_mapping_files_are_refused(void **state)
{
    (void)state;
    write_log("1", "w", "{\"id\":\"A\",\"title\":\"a\"}\n");
    assert_int_equal(run_with((struct indexer_options){.format = "csv"}), AISLE_INVALID);
    assert_int_equal(run_with((struct indexer_options){.map = "/no/such/file"}), AISLE_NOT_FOUND);
    assert_int_equal(run_with((struct indexer_options){.map = in_log("1")}), AISLE_INVALID);
}

/* The truncation commits: what stands before it may not be committed without what stands behind it. */
static void changes_before_a_truncate_in_their_transaction_are_left_out(void **state)
{
    (void)state;
#define TABLE "\"schema\":\"public\",\"table\":\"products\""
#define ROW(id)                                                                                                \
    "{\"kind\":\"insert\"," TABLE ",\"columnnames\":[\"id\",\"title\"],\"columntypes\":[\"text\",\"text\"]," \
    "\"columnvalues\":[\"" id "\",\"red\"]}"
    write_log("0", "w", "{\"id\":\"old\",\"title\":\"red\"}\n");
    write_log("1", "w", "{\"nextlsn\":\"0/1F\",\"change\":[" ROW("A") ",{\"kind\":\"truncate\"," TABLE "},"
                        ROW("B") "," ROW("C") "]}\n");
    assert_int_equal(run_with((struct indexer_options){.truncate = INDEXER_TRUNCATE_APPLY}), 0);
    assert_int_equal(summary.counts.puts + summary.counts.patches, 3); /* old, B and C */
    assert_int_equal(summary.counts.truncates, 1);
    assert_int_equal(summary.counts.rejects, 0);
    expect_product("old", NULL);
    expect_product("A", NULL);
    expect_product("B", "{\"id\":\"B\",\"title\":\"red\"}");
    expect_product("C", "{\"id\":\"C\",\"title\":\"red\"}");
}

/* Memory that runs out while a line is looked through for a TRUNCATE ends the run: it is no line without one. */
static void transaction_with_a_truncate_is_whole_whatever_allocation_fails(void **state)
{
    (void)state;
    const char *sources[] = {log_folder};
    const struct indexer_options options = {.catalog = catalog,
                                            .sources = sources,
                                            .source_count = 1,
                                            .rejects_max = UINT64_MAX,
                                            .truncate = INDEXER_TRUNCATE_APPLY};
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        char line[1000];
        snprintf(line, sizeof line,
                 "{\"nextlsn\":\"0/%06u\",\"change\":[" ROW("A") ",{\"kind\":\"truncate\"," TABLE "}," ROW("B") "," ROW(
                     "C") "]}\n", n);
        write_log("1", "w", line);
        unsigned long calls = alloc_calls();
        alloc_fail_at(n, 0);
        int status = indexer_run(&options, &summary, &error);
        alloc_fail_at(0, 0);
        failed = alloc_calls() - calls >= n;
        if (status != 0) {
            assert_int_equal(status, AISLE_NO_MEMORY);
            assert_int_equal(run_with(options), 0);
        } else {
            assert_int_equal(summary.counts.puts + summary.counts.patches, 2);
        }
    }
    expect_product("A", NULL);
    expect_product("B", "{\"id\":\"B\",\"title\":\"red\"}");
    expect_product("C", "{\"id\":\"C\",\"title\":\"red\"}");
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        RUN_TEST(repeats_change_nothing_whatever_file_brings_them),
        RUN_TEST(snapshot_that_is_delivered_again_does_not_undo_what_came_behind_it),
        RUN_TEST(moved_file_is_read_on),
        RUN_TEST(two_files_that_begin_alike_are_two),
        RUN_TEST(export_of_another_day_is_read_though_it_begins_alike),
        RUN_TEST(packed_files_are_read_and_resumed),
        RUN_TEST(retry_reads_again_in_order_from_the_first_reject),
        RUN_TEST(truncate_is_refused_or_deletes_all),
        RUN_TEST(what_rules_hide_goes_with_the_others),
        RUN_TEST(truncate_that_is_told_to_stop_goes_on_in_the_next_run),
        RUN_TEST(truncate_deletes_all_where_a_crash_left_shards_apart),
        RUN_TEST(truncate_that_was_done_spares_what_shards_have_from_behind_it),
        RUN_TEST(changes_before_a_truncate_in_their_transaction_are_left_out),
        RUN_TEST(transaction_with_a_truncate_is_whole_whatever_allocation_fails),
        RUN_TEST(rejects_of_one_line_are_counted_but_few_are_written),
        RUN_TEST(products_whose_date_has_passed_are_deleted),
        RUN_TEST(unknown_formats_and_mapping_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
