/*
 * test_rewrite_alloc.c - every allocation of a search that is rewritten fails once: an error, and the search after it
 * answers as before. Besides: options of rewriting, rules that change, rules in copies.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "index/rules_keeper.h"

static aisle *catalog;

static int set_up(void **state)
{
    if (make_directory(state) != 0) {
        return -1;
    }
    static const char schema[] = "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{"
                                 "\"title\":{\"type\":\"text\"},\"colour\":{\"type\":\"keyword\",\"facet\":true,"
                                 "\"understand\":\"filter\"},\"price\":{\"type\":\"decimal\"}}}";
    create_catalog("failing", schema, 2);
    FILE *file = fopen(path_of("failing/synonyms.txt"), "w");
    assert_non_null(file);
    fputs("tv, television\n", file);
    fclose(file);
    catalog = open_catalog("failing");
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"1\",\"title\":\"Wireless headphones WH-1000XM4\",\"colour\":\"dark blue\",\"price\":99}");
    put(writer, "{\"id\":\"2\",\"title\":\"Bluetooth television speaker\",\"colour\":\"red\",\"price\":49}");
    commit(writer);
    aisle_writer_free(writer);
    return 0;
}

static void write_rules(const char *text)
{
    FILE *file = fopen(path_of("failing/rules.json"), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_done(aisle_reload(catalog, &error));
}

static int tear_down(void **state)
{
    aisle_close(catalog);
    return remove_directory(state);
}

static int search_once(const aisle_query *query, uint64_t *total)
{
    aisle_result *result = NULL;
    int status = aisle_search(catalog, query, &result, &error);
    *total = status == 0 ? aisle_result_total(result, NULL) : 0;
    aisle_result_free(result);
    return status;
}

static void expect_old_or_new(const aisle_query *query)
{
    uint64_t expected;
    uint64_t total;
    assert_done(search_once(query, &expected));
    assert_true(expected != 0);
    for (unsigned long n = 1;; n++) {
        alloc_fail_at(n, 0);
        int status = search_once(query, &total);
        alloc_fail_at(0, 0);
        if (status == 0) {
            assert_int_equal(total, expected);
            break;
        }
        assert_int_equal(status, AISLE_NO_MEMORY);
        assert_done(search_once(query, &total));
        assert_int_equal(total, expected);
    }
}

static void a_search_survives_each_failed_allocation(void **state)
{
    (void)state;
    static const char *const texts[] = {"wireles hedphones", "dark blue hedphones under $100", "tv speeker", "00xm",
                                        "blue tooth televison", "wire less purple thing", "hedph"};
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        aisle_query query = {.size = sizeof query,
                             .text = texts[i],
                             .match = AISLE_MATCH_RELAXED,
                             .as_you_type = true,
                             .explain = true};
        expect_old_or_new(&query);
    }
}

static void a_search_with_rules_survives_each_failed_allocation(void **state)
{
    (void)state;
    static const char *const affinities[] = {"colour:red=0.3", "price:49=1"};
    static const char *const facets[] = {"colour:multi"};
    write_rules("[ {\"query\": \"wireless\", \"match\": \"contains\", \"with_filter\": \"price < 200\", "
                "\"pin\": [\"2\", \"9\"], \"hide\": [\"7\"], \"replace\": \"bluetooth\", "
                "\"filter\": \"price > 1\"},"
                "{\"context\": \"a\", \"boost\": [{\"ids\": [\"1\"], \"weight\": 2}, "
                "{\"filter\": \"price > 50\", \"weight\": 1}]} ]");
    for (unsigned i = 0; i < 3; i++) {
        aisle_query query = {.size = sizeof query,
                             .text = i == 2 ? "" : "wireless",
                             .filter = "price < 200 AND NOT price = 5",
                             .affinities = affinities,
                             .affinity_count = 2,
                             .contexts = "b, a",
                             .facets = facets,
                             .facet_count = i == 0 ? 1 : 0,
                             .sort = i == 1 ? "price" : NULL,
                             .explain = true};
        expect_old_or_new(&query);
    }
}

static void reading_rules_again_survives_each_failed_allocation(void **state)
{
    (void)state;
    for (unsigned long n = 1;; n++) {
        alloc_fail_at(n, 0);
        int status = aisle_reload(catalog, &error);
        alloc_fail_at(0, 0);
        if (status == 0) {
            break;
        }
        assert_int_equal(status, AISLE_NO_MEMORY);
        assert_int_equal(count_of(catalog, "tv"), 1);
    }
    assert_int_equal(count_of(catalog, "tv"), 1);
}

static void changed_rules_are_read_without_indexing(void **state)
{
    (void)state;
    const char *path = path_of("failing/synonyms.txt");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("telly => television\n", file);
    fclose(file);
    assert_done(aisle_reload(catalog, &error));
    assert_int_equal(count_of(catalog, "tv"), 0);
    assert_int_equal(count_of(catalog, "telly"), 1);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("telly\n", file);
    fclose(file);
    assert_int_equal(aisle_reload(catalog, &error), AISLE_INVALID);
    assert_string_equal(error.message,
                        "synonyms.txt:1: one word alone is no synonym: write a, b or a => b: \"telly\"");
    assert_int_equal(count_of(catalog, "telly"), 1); /* what was there before still holds */
    assert_int_equal(remove(path), 0);
    assert_done(aisle_reload(catalog, &error));
    assert_int_equal(count_of(catalog, "telly"), 0);
}

/* The synonyms that a search is given, when a second has gone by since the last look. */
static uint32_t take_synonyms(struct rules_keeper *keeper, const struct schema *schema, struct analyser *analyser)
{
    struct kept_rules *kept = NULL;
    keeper->looked_us = 0;
    assert_done(rules_keeper_take(keeper, schema, analyser, &kept, &error));
    uint32_t count = rules_synonym_count(kept->rules);
    rules_keeper_give(kept);
    return count;
}

static void rules_that_could_not_be_read_are_read_the_next_time(void **state)
{
    struct rules_keeper keeper;
    struct schema *schema = NULL;
    struct analyser *analyser = NULL;
    const char *path = path_of("failing/own.txt");
    (void)state;
    assert_done(schema_parse(bytes_of_string("{\"version\":1,\"id\":\"id\",\"fields\":{"
                                             "\"title\":{\"type\":\"text\"}}}"), &schema, &error));
    assert_int_equal(analyser_new(&analyser), 0);
    const struct segment_columns columns = {.count = 0};
    const char *const paths[RULES_FILES] = {path, NULL, path_of("failing/none.json")};
    assert_int_equal(rules_keeper_init(&keeper, path_of("failing"), paths, &columns), 0);
    assert_int_equal(take_synonyms(&keeper, schema, analyser), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("telly => television\n", file);
    fclose(file);
    alloc_fail_at(1, 0);
    assert_int_equal(take_synonyms(&keeper, schema, analyser), 0);
    alloc_fail_at(0, 0);
    assert_int_equal(take_synonyms(&keeper, schema, analyser), 1);
    rules_keeper_release(&keeper, false);
    analyser_free(analyser);
    schema_free(schema);
}

static void a_backup_has_the_rules_too(void **state)
{
    (void)state;
    aisle *original = catalog;
    assert_done(aisle_backup(catalog, path_of("failing.copy"), NULL, &error));
    catalog = open_catalog("failing.copy");
    assert_int_equal(count_of(catalog, "tv"), 1);
    aisle_close(catalog);
    catalog = original;
}

/* Alone it would be no word, of which there is no beginning. */
static void a_plus_is_typed_to_its_end(void **state)
{
    (void)state;
    uint64_t total;
    aisle_query query = {.size = sizeof query, .text = "wh-1000xm4+", .as_you_type = true};
    assert_done(search_once(&query, &total));
    assert_int_equal(total, 0);
    query.match = AISLE_MATCH_RELAXED;
    assert_done(search_once(&query, &total));
    assert_int_equal(total, 1);
    query.text = "+";
    assert_done(search_once(&query, &total));
}

/* No product is so cheap: the text is read again, when corrections have taken what leaves a query may have. */
static void a_long_query_is_read_again(void **state)
{
    char text[1024] = "";
    uint64_t total;
    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        strcat(text, "hedphones ");
    }
    strcat(text, "under $1");
    aisle_query query = {.size = sizeof query, .text = text, .match = AISLE_MATCH_RELAXED};
    assert_done(search_once(&query, &total));
    assert_int_equal(total, 1);
}

static void options_are_checked_on_both_sides(void **state)
{
    (void)state;
    uint64_t total;
    aisle_typos typos = {.size = sizeof typos, .max_edits = 2, .max_expansions = 64, .fixed_prefix = 1};
    aisle_query query = {.size = sizeof query, .text = "qireless", .typos = &typos, .few = 10000};
    assert_done(search_once(&query, &total));
    assert_int_equal(total, 0);
    typos.fixed_prefix = 0;
    assert_done(search_once(&query, &total));
    assert_int_equal(total, 1);
    typos.exact_words = "lamp qireless";
    assert_done(search_once(&query, &total));
    assert_int_equal(total, 0);
    typos.exact_words = NULL;
    typos.max_edits = 3;
    assert_int_equal(search_once(&query, &total), AISLE_LIMIT);
    typos.max_edits = 1;
    typos.fixed_prefix = 121;
    assert_int_equal(search_once(&query, &total), AISLE_LIMIT);
    typos.fixed_prefix = 120;
    typos.max_expansions = 65;
    assert_int_equal(search_once(&query, &total), AISLE_LIMIT);
    typos.max_expansions = 0;
    typos.size = 1;
    assert_int_equal(search_once(&query, &total), AISLE_INVALID);
    query.typos = NULL;
    query.few = 10001;
    assert_int_equal(search_once(&query, &total), AISLE_LIMIT);
    query.few = 0;
    query.match = 3;
    assert_int_equal(search_once(&query, &total), AISLE_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_survives_each_failed_allocation),
        cmocka_unit_test(a_search_with_rules_survives_each_failed_allocation),
        cmocka_unit_test(reading_rules_again_survives_each_failed_allocation),
        cmocka_unit_test(rules_that_could_not_be_read_are_read_the_next_time),
        cmocka_unit_test(a_backup_has_the_rules_too),
        cmocka_unit_test(a_plus_is_typed_to_its_end),
        cmocka_unit_test(a_long_query_is_read_again),
        cmocka_unit_test(options_are_checked_on_both_sides),
        cmocka_unit_test(changed_rules_are_read_without_indexing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
