/*
 * test_query_phrase.c - phrases, slop and single fields through whole catalogs: what is found, what is not.
 */
#include "index_fixture.h"

#define SCHEMA                                                                                                  \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5}," \
    "\"body\":{\"type\":\"text\"},\"tags\":{\"type\":\"keyword\",\"search_weight\":3},\"bag\":{\"type\":"        \
    "\"text\",\"positions\":false}}}"

static aisle *catalog;

/* A catalog of products with ids a, b, c, ... and these titles; the last is NULL. */
static void open_titles(const char *name, const char *const *titles)
{
    create_catalog(name, SCHEMA, 1);
    catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; titles[i] != NULL; i++) {
        char product[8192];
        snprintf(product, sizeof product, "{\"id\":\"%c\",\"title\":\"%s\"}", (int)('a' + i), titles[i]);
        put(writer, product);
    }
    commit(writer);
    aisle_writer_free(writer);
}

static int compare_letters(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* The ids of all hits, sorted, must be these letters; totals agree, and so does every explanation. */
static void expect(const char *text, const char *ids)
{
    char found[64] = "";
    aisle_result *result = NULL;
    aisle_query query = {.size = sizeof query, .text = text, .limit = 50, .explain = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    size_t count = aisle_result_count(result);
    for (size_t i = 0; i < count; i++) {
        aisle_hit hit;
        char part[64];
        assert_int_equal(aisle_result_hit(result, i, &hit), 0);
        found[i] = hit.id.data[0];
        snprintf(part, sizeof part, "{\"score\":%.9g,", hit.score);
        assert_true(hit.explanation.size > strlen(part));
        assert_memory_equal(hit.explanation.data, part, strlen(part));
    }
    qsort(found, count, 1, compare_letters);
    if (strcmp(found, ids) != 0) {
        print_message("query: %s\n", text);
    }
    assert_string_equal(found, ids);
    assert_int_equal(aisle_result_total(result, NULL), count);
    query = (aisle_query){.size = sizeof query, .text = text, .no_hits = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_total(result, NULL), count);
    aisle_result_free(result);
}

static void words_of_a_phrase_stand_side_by_side_in_order(void **state)
{
    (void)state;
    static const char *const titles[] = {"red running shoes", "running red shoes", "shoes running", "running",
                                         "running shoes running shoes", "running, shoes", NULL};
    open_titles("side", titles);
    expect("\"running shoes\"", "aef");
    expect("running shoes", "abcef");
    expect("\"red running shoes\"", "a");
    expect("\"shoes running\"", "ce");
    expect("\"shoes running shoes\"", "e");
    expect("\"running running\"", "");
    expect("running -\"running shoes\"", "bcd");
    expect("\"red running\" OR \"shoes running\"", "ace");
    expect("\"running sho*\"", "aef");
    expect("\"red r*\"", "a");
    expect("\"running\"", "abcdef");
    aisle_close(catalog);
}

static void slop_is_the_sum_of_moves(void **state)
{
    (void)state;
    static const char *const titles[] = {"one two three", "one x two three", "two one three", "one x two y three",
                                         "three two one", NULL};
    open_titles("slop", titles);
    expect("\"one two\"", "a");
    expect("\"one two\"~1", "abd");
    expect("\"one two\"~2", "abcde");
    expect("\"one two three\"~1", "ab");
    expect("\"one two three\"~2", "abd");
    expect("\"one two three\"~3", "abcd");
    expect("\"one two three\"~4", "abcde");
    aisle_close(catalog);
}

static void compounds_match_as_parts_and_as_one(void **state)
{
    (void)state;
    static const char *const titles[] = {"red t-shirt blue", "red tshirt blue", "red t shirt blue",
                                         "red shirt t blue", NULL};
    open_titles("compound", titles);
    expect("\"red t-shirt blue\"", "abc");
    expect("\"red tshirt blue\"", "abc");
    expect("\"red t shirt blue\"", "abc");
    expect("\"tshirt blue\"", "abc");
    expect("\"red tsh*\"", "abc");
    expect("\"t-shirt blue\"", "abc");
    expect("\"red t\"", "ac");
    expect("\"shirt t\"", "d");
    aisle_close(catalog);
}

static void neighbours_never_share_a_place(void **state)
{
    (void)state;
    static const char *const titles[] = {"new york", "new new york", "york new", NULL};
    open_titles("share", titles);
    expect("\"new new\"~5", "b");
    expect("\"new new york\"", "b");
    expect("\"new york\"~1", "ab");
    expect("\"new york\"~2", "abc");
    aisle_close(catalog);
}

/* 63 words, each with a thousand places in each of two fields: all pairs of them would take seconds. */
static void many_equal_words_stand_side_by_side(void **state)
{
    (void)state;
    static char words[1024 * 2 + 1];
    static char product[2 * sizeof words + 64];
    char text[160] = "\"";
    for (size_t i = 0; i < 1024; i++) {
        memcpy(words + 2 * i, "a ", 3);
    }
    for (unsigned i = 0; i < 62; i++) {
        strcat(text, "a ");
    }
    create_catalog("equal", SCHEMA, 1);
    catalog = open_catalog("equal");
    aisle_writer *writer = begin_writing(catalog);
    snprintf(product, sizeof product, "{\"id\":\"a\",\"title\":\"%s\",\"body\":\"%s b\"}", words, words);
    put(writer, product);
    snprintf(product, sizeof product, "{\"id\":\"b\",\"title\":\"%.100s\",\"body\":\"%.20s\"}", words, words);
    put(writer, product);
    commit(writer);
    aisle_writer_free(writer);
    size_t size = strlen(text);
    snprintf(text + size, sizeof text - size, "a\"~63");
    expect(text, "ab"); /* moved back and forth, fifty are enough for 63 */
    snprintf(text + size, sizeof text - size, "a\"");
    expect(text, "a");
    snprintf(text + size, sizeof text - size, "b\"");
    expect(text, "a");
    aisle_close(catalog);
}

static void fields_and_values_are_never_crossed(void **state)
{
    (void)state;
    create_catalog("fields", SCHEMA, 1);
    catalog = open_catalog("fields");
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"a\",\"title\":\"alpha\",\"body\":\"beta gamma\",\"tags\":[\"x y\",\"z w\"],"
                "\"bag\":\"p q\"}");
    put(writer, "{\"id\":\"b\",\"title\":\"alpha beta\",\"tags\":[\"y z\"],\"bag\":\"alpha\"}");
    put(writer, "{\"id\":\"c\",\"body\":\"alpha p q\",\"tags\":\"alpha\"}");
    commit(writer);
    aisle_writer_free(writer);
    expect("\"alpha beta\"", "b");
    expect("\"alpha beta\"~63", "b");
    expect("\"beta gamma\"", "a");
    expect("\"y z\"", "b");
    expect("\"y z\"~63", "b");
    expect("\"x y\"", "a");
    expect("\"p q\"", "c");
    expect("title:alpha", "ab");
    expect("body:alpha", "c");
    expect("tags:alpha", "c");
    expect("bag:alpha", "b");
    expect("bag:p", "a");
    expect("bag:al*", "b");
    expect("tags:z*", "ab");
    expect("alpha -body:alpha", "ab");
    expect("body:alpha OR bag:p", "ac");
    expect("body:\"beta gamma\"", "a");
    expect("title:\"beta gamma\"", "");
    expect("tags:\"y z\"", "b");
    expect("tags:y-z", ""); /* single letters, which are "yz" or nothing */
    aisle_close(catalog);
}

/*
 * "t-shirts" and "shoes" both begin with sh, in values apart: while few hits are wanted, the search passes over
 * products, and the words of the phrase are asked about documents behind which its alternatives stand already.
 */
static void few_hits_score_as_many_do(void **state)
{
    (void)state;
    create_catalog("few", SCHEMA, 1);
    catalog = open_catalog("few");
    aisle_writer *writer = begin_writing(catalog);
    uint64_t seed = 11;
    for (unsigned i = 0; i < 400; i++) {
        static const char *const values[] = {"t-shirts", "tshirt", "running shoes", "64 gb", "wi-fi", "T shirt", "!!"};
        char product[300];
        const char *picked[3];
        for (unsigned v = 0; v < 3; v++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            picked[v] = values[(seed >> 33) % 7];
        }
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"%s\",\"tags\":[\"%s\",\"%s\"]}", i,
                 picked[0], picked[1], picked[2]);
        put(writer, product);
    }
    commit(writer);
    aisle_writer_free(writer);
    static const char *const queries[] = {"\"t-sh*\"", "\"t-sh*\"~54", "\"t-sh*\"~3 sh*", "tags:\"t-sh*\"~20"};
    for (unsigned q = 0; q < 4; q++) {
        aisle_result *all = find(catalog, queries[q], 0, 400);
        assert_true(aisle_result_count(all) > 20);
        for (uint32_t limit = 1; limit < aisle_result_count(all); limit++) {
            aisle_result *few = find(catalog, queries[q], 0, limit);
            for (uint32_t i = 0; i < limit; i++) {
                aisle_hit hit;
                aisle_hit same;
                assert_int_equal(aisle_result_hit(few, i, &hit), 0);
                assert_int_equal(aisle_result_hit(all, i, &same), 0);
                assert_true(hit.score == same.score);
                assert_memory_equal(hit.id.data, same.id.data, hit.id.size);
            }
            aisle_result_free(few);
        }
        aisle_result_free(all);
    }
    aisle_close(catalog);
}

/* Blocks of 256 postings, several segments and merges: who has the phrase is known by construction. */
static void phrases_are_found_in_long_lists_and_after_merges(void **state)
{
    (void)state;
    create_catalog("long", SCHEMA, 2);
    catalog = open_catalog("long");
    aisle_writer *writer = begin_writing(catalog);
    unsigned phrases = 0;
    for (unsigned i = 0; i < 6000; i++) {
        char product[300];
        bool in_order = i % 3 == 0;
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"%s w%u\",\"body\":\"%s %s\"}", i,
                 in_order ? "blue lamp" : "lamp blue", i, i % 7 == 0 ? "lamp of" : "of lamp",
                 i % 2 == 0 ? "oak" : "elm");
        put(writer, product);
        if (i % 1000 == 999) {
            commit(writer);
        }
        if (i % 5 == 4) {
            char id[16];
            snprintf(id, sizeof id, "%u", i);
            assert_done(aisle_delete(writer, text_bytes(id), &error));
        } else {
            phrases += in_order ? 1 : 0;
        }
    }
    commit(writer);
    for (int pass = 0; pass < 2; pass++) {
        aisle_result *result = find(catalog, "\"blue lamp\"", 0, 10);
        assert_int_equal(aisle_result_total(result, NULL), phrases);
        aisle_result_free(result);
        result = find(catalog, "title:\"blue lam*\" body:lamp body:oak", 0, 10);
        assert_int_equal(aisle_result_total(result, NULL), phrases / 2);
        aisle_result_free(result);
        result = find(catalog, "\"blue lamp w4*\" OR \"lamp elm\"", 0, 10000);
        assert_int_equal(aisle_result_total(result, NULL), aisle_result_count(result));
        aisle_result_free(result);
        assert_done(aisle_compact(writer, &error));
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_a_phrase_stand_side_by_side_in_order),
        cmocka_unit_test(slop_is_the_sum_of_moves),
        cmocka_unit_test(compounds_match_as_parts_and_as_one),
        cmocka_unit_test(neighbours_never_share_a_place),
        cmocka_unit_test(many_equal_words_stand_side_by_side),
        cmocka_unit_test(fields_and_values_are_never_crossed),
        cmocka_unit_test(few_hits_score_as_many_do),
        cmocka_unit_test(phrases_are_found_in_long_lists_and_after_merges),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
