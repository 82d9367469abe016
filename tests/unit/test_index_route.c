/*
 * test_index_route.c - products that a field routes move from shard to shard with it, and are there once.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "index/route.h"

#define SCHEMA                                                                                                 \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"},"            \
    "\"category\":{\"type\":\"path\",\"facet\":true},\"sales\":{\"type\":\"integer\"}},\"route\":\"category\"}"
#define SHARDS 4u
#define MANY 2500u /* more than a batch that workers do not share */
#define CATEGORIES 9u

static void put_in(aisle_writer *writer, unsigned id, unsigned category)
{
    char product[200];
    snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"lamp %u\",\"category\":[\"C%u\",\"x\"],\"sales\":%u}",
             id, id, category, id);
    put(writer, product);
}

static void patch_category(aisle_writer *writer, unsigned id, unsigned category)
{
    char key[16];
    char fields[64];
    snprintf(key, sizeof key, "%u", id);
    snprintf(fields, sizeof fields, "{\"category\":[\"C%u\",\"y\"]}", category);
    patch(writer, key, fields);
}

static uint64_t count_filtered(aisle *catalog, unsigned category)
{
    char filter[64];
    aisle_result *result = NULL;
    snprintf(filter, sizeof filter, "category UNDER \"C%u\"", category);
    aisle_query query = {.size = sizeof query, .text = "lamp", .filter = filter, .no_hits = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    uint64_t total = aisle_result_total(result, NULL);
    aisle_result_free(result);
    return total;
}

static void a_product_is_in_one_shard_wherever_it_moves(void **state)
{
    (void)state;
    create_catalog("moves", SCHEMA, SHARDS);
    aisle *catalog = open_catalog("moves");
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned round = 0; round < CATEGORIES; round++) {
        put_in(writer, 1, round);
        put_in(writer, 2, round);
        put_in(writer, 2, round + 1); /* twice in one batch */
        if (round % 2 == 0) {
            commit(writer);
            assert_int_equal(count_of(catalog, "lamp"), 2);
            assert_int_equal(count_filtered(catalog, round), 1);
            assert_int_equal(count_filtered(catalog, round + 1), 1);
        }
    }
    for (unsigned round = 0; round < CATEGORIES; round++) {
        patch_category(writer, 1, round);
        commit(writer);
        assert_int_equal(count_of(catalog, "lamp"), 2);
        assert_int_equal(count_filtered(catalog, round), 1);
    }
    assert_product(catalog, "2", true, "{\"id\":\"2\",\"title\":\"lamp 2\",\"category\":[\"C9\",\"x\"],\"sales\":2}");
    patch(writer, "2", "{\"sales\":77}");
    patch(writer, "1", "{\"category\":null}"); /* routed by its id */
    erase(writer, "2");
    commit(writer);
    assert_int_equal(count_of(catalog, "lamp"), 1);
    assert_int_equal(aisle_delete(writer, text_bytes("2"), &error), AISLE_NOT_FOUND);
    assert_int_equal(try_patch(writer, "2", "{\"sales\":1}"), AISLE_NOT_FOUND);
    aisle_writer_free(writer);
    aisle_close(catalog);
    assert_sound("moves");
}

static void workers_move_products_too(void **state)
{
    (void)state;
    create_catalog("wide", SCHEMA, SHARDS);
    aisle *catalog = NULL;
    aisle_options options = {.size = sizeof options, .threads = 3, .memory_bytes = UINT64_C(256) << 20};
    assert_done(aisle_open(path_of("wide"), &options, &catalog, &error));
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            put_in(writer, i, (i + round) % CATEGORIES);
            if (i % 5 == 0) {
                put_in(writer, i / 2, (i / 2 + round) % CATEGORIES); /* again, and in its place */
            }
            if (i % 97 == 0) {
                put_in(writer, i, (i + round + 4) % CATEGORIES);
                put_in(writer, i, (i + round) % CATEGORIES);
            }
        }
        commit(writer);
        assert_int_equal(count_of(catalog, "lamp"), MANY);
        for (unsigned category = 0; category < CATEGORIES; category++) {
            unsigned expected = 0;
            for (unsigned i = 0; i < MANY; i++) {
                expected += (i + round) % CATEGORIES == category ? 1 : 0;
            }
            assert_int_equal(count_filtered(catalog, category), expected);
        }
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
    assert_sound("wide");
}

static void a_route_names_a_keyword_or_path(void **state)
{
    (void)state;
    static const char *const bad[] = {"title", "sales", "nothing"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char schema[512];
        snprintf(schema, sizeof schema,
                 "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
                 "\"sales\":{\"type\":\"integer\"}},\"route\":\"%s\"}", bad[i]);
        assert_int_equal(aisle_create(path_of("bad"), schema, NULL, &error), AISLE_BAD_SCHEMA);
        assert_non_null(strstr(error.message, "keyword or path"));
    }
}

static void an_id_that_could_not_be_noted_may_have_been_seen(void **state)
{
    struct route_seen seen = {.bits = NULL};
    (void)state;
    alloc_fail_at(1, 0);
    route_seen_add(&seen, 7);
    alloc_fail_at(0, 0);
    route_seen_add(&seen, 8);
    assert_true(route_seen_has(&seen, 7));
    assert_true(route_seen_has(&seen, 8));
    route_seen_clear(&seen);
    assert_false(route_seen_has(&seen, 7));
    route_seen_release(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_is_in_one_shard_wherever_it_moves),
        cmocka_unit_test(workers_move_products_too),
        cmocka_unit_test(a_route_names_a_keyword_or_path),
        cmocka_unit_test(an_id_that_could_not_be_noted_may_have_been_seen),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
