/*
 * test_index_move.c - products under another id, patches that spare text, and how far logs were consumed.
 */
#include "aisle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[256];
static char path[300];
static aisle *catalog;
static aisle_writer *writer;
static aisle_error error;

static aisle_bytes bytes(const char *text)
{
    return (aisle_bytes){text, strlen(text)};
}

static int open_shop(uint32_t shards)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/aisle-move-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/shop", folder);
    const aisle_create_options options = {.size = sizeof options, .shards = shards};
    return aisle_create(path, NULL, &options, &error) != 0 || aisle_open(path, NULL, &catalog, &error) != 0 ||
           aisle_begin(catalog, &writer, &error) != 0;
}

static int set_up(void **state)
{
    (void)state;
    return open_shop(3);
}

static int tear_down(void **state)
{
    (void)state;
    char command[400];
    aisle_writer_free(writer);
    aisle_close(catalog);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void expect_product(const char *id, const char *text)
{
    aisle_result *result = NULL;
    aisle_hit hit;
    int status = aisle_get(catalog, bytes(id), false, &result, NULL);
    assert_int_equal(status, text == NULL ? AISLE_NOT_FOUND : 0);
    if (status == 0) {
        assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
        assert_int_equal(hit.product.size, strlen(text));
        assert_memory_equal(hit.product.data, text, hit.product.size);
    }
    aisle_result_free(result);
}

static void moved_product_keeps_what_the_fields_leave_out(void **state)
{
    (void)state;
    for (int committed = 0; committed < 2; committed++) {
        assert_int_equal(aisle_put(writer, bytes("{\"id\":\"A\",\"title\":\"red shoe\",\"price\":1.5}"), &error), 0);
        assert_int_equal(committed ? aisle_commit(writer, &error) : 0, 0);
        assert_int_equal(aisle_move(writer, bytes("A"), bytes("B"), bytes("{\"id\":\"B\",\"price\":2}"), &error), 0);
        assert_int_equal(aisle_commit(writer, &error), 0);
        expect_product("A", NULL);
        expect_product("B", "{\"id\":\"B\",\"title\":\"red shoe\",\"price\":2}");
        assert_int_equal(aisle_delete(writer, bytes("B"), &error), 0);
        assert_int_equal(aisle_commit(writer, &error), 0);
    }
}

static void move_of_an_unknown_id_is_a_patch_of_the_new_one(void **state)
{
    (void)state;
    assert_int_equal(aisle_move(writer, bytes("A"), bytes("B"), bytes("{\"id\":\"B\"}"), &error), AISLE_NOT_FOUND);
    assert_int_equal(aisle_put(writer, bytes("{\"id\":\"B\",\"title\":\"blue\"}"), &error), 0);
    assert_int_equal(aisle_move(writer, bytes("A"), bytes("B"), bytes("{\"id\":\"B\",\"price\":3}"), &error), 0);
    assert_int_equal(aisle_move(writer, bytes("B"), bytes("C"), bytes("{\"id\":\"D\"}"), &error), AISLE_BAD_PRODUCT);
    assert_int_equal(aisle_commit(writer, &error), 0);
    expect_product("B", "{\"id\":\"B\",\"title\":\"blue\",\"price\":3}");
    expect_product("C", NULL);
}

static uint64_t count_dead(void)
{
    aisle_statistics stats = {.size = sizeof stats};
    assert_int_equal(aisle_stats(catalog, &stats, &error), 0);
    return stats.dead;
}

static void patch_that_names_text_as_it_stands_changes_columns_alone(void **state)
{
    (void)state;
    const char *product = "{\"id\":\"A\",\"title\":\"red\",\"brand\":\"Acme\",\"price\":1}";
    assert_int_equal(aisle_put(writer, bytes(product), &error), 0);
    assert_int_equal(aisle_commit(writer, &error), 0);
    assert_int_equal(aisle_patch(writer, bytes("A"),
                                 bytes("{\"id\":\"A\",\"title\":\"red\",\"brand\":\"Acme\",\"note\":null,\"price\":2}"),
                                 &error), 0);
    assert_int_equal(aisle_commit(writer, &error), 0);
    assert_int_equal(count_dead(), 0); /* nothing was indexed again */
    expect_product("A", "{\"id\":\"A\",\"title\":\"red\",\"brand\":\"Acme\",\"price\":2}");
    assert_int_equal(aisle_patch(writer, bytes("A"), bytes("{\"title\":\"red\",\"brand\":\"Other\"}"), &error), 0);
    assert_int_equal(aisle_commit(writer, &error), 0);
    expect_product("A", "{\"id\":\"A\",\"title\":\"red\",\"brand\":\"Other\",\"price\":2}");
}

struct seen {
    unsigned count;
    char text[300];
};

static void take_log(void *context, const aisle_position *position)
{
    struct seen *seen = context;
    size_t size = strlen(seen->text);
    seen->count++;
    snprintf(seen->text + size, sizeof seen->text - size, "%s %llu %llu %s;", position->source,
             (unsigned long long)position->identity, (unsigned long long)position->offset,
             position->seq == NULL ? "-" : position->seq);
}

static void every_log_is_told_with_its_last_commit(void **state)
{
    (void)state;
    struct seen seen = {.count = 0};
    assert_int_equal(aisle_logs(catalog, take_log, &seen, &error), 0);
    assert_int_equal(seen.count, 0);
    const aisle_position b = {.source = "b", .identity = 7, .offset = 100, .seq = "0/1F"};
    const aisle_position a = {.source = "a", .identity = 8, .offset = 5};
    assert_int_equal(aisle_mark(writer, &b, &error), 0);
    assert_int_equal(aisle_put(writer, bytes("{\"id\":\"A\",\"title\":\"red\"}"), &error), 0);
    assert_int_equal(aisle_mark(writer, &a, &error), 0);
    assert_int_equal(aisle_commit(writer, &error), 0);
    assert_int_equal(aisle_logs(catalog, take_log, &seen, &error), 0);
    assert_string_equal(seen.text, "a 8 5 -;b 7 100 0/1F;");
}

int main(void)
{
#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        RUN_TEST(moved_product_keeps_what_the_fields_leave_out),
        RUN_TEST(move_of_an_unknown_id_is_a_patch_of_the_new_one),
        RUN_TEST(patch_that_names_text_as_it_stands_changes_columns_alone),
        RUN_TEST(every_log_is_told_with_its_last_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
