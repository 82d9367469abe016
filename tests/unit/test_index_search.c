/*
 * test_index_search.c - totals, paging over ties, browsing, limits, options, explanations, error places.
 */
#include "index_fixture.h"

/* Little weight in the order, so that ties are broken by id hashes across segments and shards. */
#define SCHEMA                                                                                                  \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5}," \
    "\"body\":{\"type\":\"text\",\"positions\":false},\"brand\":{\"type\":\"keyword\",\"search_weight\":3},"    \
    "\"n\":{\"type\":\"integer\"}},\"order\":[\"n\"]}"

static aisle *catalog;
static aisle_writer *writer;

static void open_new(const char *name, uint32_t shards)
{
    create_catalog(name, SCHEMA, shards);
    catalog = open_catalog(name);
    writer = begin_writing(catalog);
}

static void close_all(void)
{
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void no_page_repeats_or_misses_a_hit(uint32_t shards, uint32_t commit_every, uint32_t page)
{
    static uint8_t seen[600];
    char name[64];
    snprintf(name, sizeof name, "page-%u-%u-%u", shards, commit_every, page);
    open_new(name, shards);
    for (unsigned i = 0; i < 600; i++) {
        char product[200];
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"%s\",\"n\":%u}", i,
                 i % 2 == 0 ? "lamp" : "lamp lamp desk", i % 4 * 1000);
        put(writer, product);
        if (i % commit_every == commit_every - 1) {
            commit(writer);
        }
    }
    commit(writer);
    static const char *const queries[] = {"lamp", "", "lamp OR desk", "la*", "lamp -desk"};
    for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++) {
        aisle_result *all = find(catalog, queries[q], 0, 1000);
        size_t count = aisle_result_count(all);
        assert_int_equal(count, q == 4 ? 300 : 600);
        assert_int_equal(aisle_result_total(all, NULL), count);
        memset(seen, 0, sizeof seen);
        for (uint32_t offset = 0; offset < count + page; offset += page) {
            aisle_result *part = find(catalog, queries[q], offset, page);
            size_t expected = offset >= count ? 0 : count - offset < page ? count - offset : page;
            assert_int_equal(aisle_result_count(part), expected);
            assert_int_equal(aisle_result_total(part, NULL), count);
            for (size_t i = 0; i < expected; i++) {
                aisle_hit hit;
                aisle_hit same;
                assert_int_equal(aisle_result_hit(part, i, &hit), 0);
                assert_int_equal(aisle_result_hit(all, offset + i, &same), 0);
                assert_int_equal(hit.id.size, same.id.size);
                assert_memory_equal(hit.id.data, same.id.data, hit.id.size);
                assert_true(hit.score == same.score);
                unsigned number = (unsigned)atoi(hit.id.data);
                assert_in_range(number, 0, 599);
                assert_false(seen[number % 600]);
                seen[number % 600] = 1;
            }
            aisle_result_free(part);
        }
        aisle_result_free(all);
    }
    close_all();
}

static void pages_join_without_gap_or_repeat(void **state)
{
    (void)state;
    no_page_repeats_or_misses_a_hit(1, 600, 7);
    no_page_repeats_or_misses_a_hit(1, 100, 64);
    no_page_repeats_or_misses_a_hit(4, 150, 13);
}

static void ties_follow_the_document_order_across_segments_and_shards(void **state)
{
    (void)state;
    open_new("order", 4);
    for (unsigned i = 0; i < 60; i++) {
        char product[100];
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"lamp\",\"n\":%u}", i, 1u << (59 - i) % 20);
        put(writer, product);
        if (i % 20 == 19) {
            commit(writer);
        }
    }
    aisle_result *result = find(catalog, "lamp", 0, 100);
    unsigned last = 0;
    for (size_t i = 0; i < 60; i++) {
        aisle_hit hit;
        assert_int_equal(aisle_result_hit(result, i, &hit), 0);
        unsigned key = (59 - (unsigned)atoi(hit.id.data)) % 20;
        assert_true(key >= last);
        last = key;
    }
    aisle_result_free(result);
    close_all();
}

/* Documents far apart, so that prefixes and alternatives stand in different windows of documents. */
static void prefixes_count_and_match_over_far_windows(void **state)
{
    (void)state;
    open_new("far", 1);
    for (unsigned i = 0; i < 14000; i++) {
        char product[100];
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"base %s\",\"n\":%u}", i,
                 i < 7000 ? "zzz" : i % 2 == 0 ? "abx" : "aby", i < 7000 ? 0 : 1000000);
        put(writer, product);
    }
    commit(writer);
    assert_int_equal(count_of(catalog, "ab*"), 7000);
    assert_int_equal(count_of(catalog, "zzz OR ab*"), 14000);
    assert_int_equal(count_of(catalog, "base -ab*"), 7000);
    assert_int_equal(count_of(catalog, "-ab*"), 7000);
    assert_int_equal(count_of(catalog, "base ab*"), 7000);
    assert_int_equal(count_of(catalog, "zzz ab*"), 0);
    aisle_result *result = find(catalog, "base -ab*", 0, 10000);
    assert_int_equal(aisle_result_count(result), 7000);
    aisle_result_free(result);
    result = find(catalog, "zzz OR ab*", 4500, 5500);
    assert_int_equal(aisle_result_count(result), 5500);
    aisle_result_free(result);
    close_all();
}

static void only_the_first_text_field_is_searched_when_named(void **state)
{
    (void)state;
    open_new("first", 1);
    put(writer, "{\"id\":\"T\",\"title\":\"red lamp\"}");
    put(writer, "{\"id\":\"B\",\"title\":\"lamp\",\"body\":\"red red red\"}");
    put(writer, "{\"id\":\"K\",\"title\":\"lamp\",\"brand\":\"Red\"}");
    commit(writer);
    assert_int_equal(count_of(catalog, "red"), 3);
    assert_ids(catalog, "title:red", "T");
    assert_ids(catalog, "title:re*", "T");
    assert_ids(catalog, "lamp -title:red -brand", "K B");
    close_all();
}

static void compounds_are_found_joined_and_apart(void **state)
{
    (void)state;
    open_new("compound", 1);
    put_title(writer, "A", "t-shirt");
    put_title(writer, "B", "tshirt");
    put_title(writer, "C", "shirt for t");
    put_title(writer, "D", "shirt");
    commit(writer);
    assert_int_equal(count_of(catalog, "t-shirt"), 3);
    assert_int_equal(count_of(catalog, "tshirt"), 2);
    assert_int_equal(count_of(catalog, "t shirt"), 3);
    assert_int_equal(count_of(catalog, "shirt -t-shirt"), 1);
    close_all();
}

static void options_leave_out_what_they_say(void **state)
{
    (void)state;
    open_new("options", 1);
    put_title(writer, "A", "lamp");
    put_title(writer, "B", "lamp");
    commit(writer);
    aisle_result *result = NULL;
    aisle_hit hit;
    bool exact = true;
    aisle_query query = {.size = sizeof query, .text = "lamp", .no_hits = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_count(result), 0);
    assert_int_equal(aisle_result_total(result, &exact), 2);
    assert_true(exact);
    query = (aisle_query){.size = sizeof query, .text = "lamp", .no_total = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_count(result), 2);
    assert_int_equal(aisle_result_total(result, &exact), 0);
    assert_false(exact);
    query = (aisle_query){.size = sizeof query, .text = "lamp", .no_products = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_int_equal(hit.product.size, 0);
    assert_int_equal(hit.id.size, 1);
    assert_int_equal(hit.explanation.size, 0);
    assert_true(hit.score > 0);
    query = (aisle_query){.size = sizeof query};
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_hit(result, 0, &hit), 0);
    assert_true(hit.score == 0);
    /* What was there stays on failure. */
    query = (aisle_query){.size = sizeof query, .text = "body:\"x y\""};
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_BAD_QUERY);
    assert_int_equal(aisle_result_count(result), 2);
    aisle_result_free(result);
    close_all();
}

static void limits_hold_on_both_sides(void **state)
{
    (void)state;
    static char text[4200];
    open_new("limits", 1);
    put_title(writer, "A", "lamp");
    commit(writer);
    aisle_result *result = NULL;
    aisle_query query = {.size = sizeof query, .offset = 9990, .limit = 10};
    assert_done(aisle_search(catalog, &query, &result, &error));
    query.offset++;
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_LIMIT);
    query = (aisle_query){.size = sizeof query, .offset = UINT32_MAX, .limit = 1};
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_LIMIT);
    query = (aisle_query){.size = sizeof query, .limit = 10001};
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_LIMIT);
    query = (aisle_query){.size = 3};
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_INVALID);
    aisle_result_free(result);
    memset(text, ' ', 4097);
    memcpy(text, "lamp", 4);
    text[4096] = '\0';
    assert_int_equal(try_find(catalog, text), 0);
    text[4096] = ' ';
    text[4097] = '\0';
    assert_int_equal(try_find(catalog, text), AISLE_LIMIT);
    text[0] = '\0';
    for (unsigned i = 0; i < 64; i++) {
        strcat(text, "lamp ");
    }
    assert_int_equal(try_find(catalog, text), 0);
    strcat(text, "lamp");
    assert_int_equal(try_find(catalog, text), AISLE_LIMIT);
    close_all();
}

static void refusals_tell_the_place(void **state)
{
    (void)state;
    open_new("places", 1);
    assert_int_equal(try_find(catalog, "lamp body:\"x y\""), AISLE_BAD_QUERY);
    assert_int_equal(error.position, 11);
    assert_int_equal(try_find(catalog, "a \"b c\"~64"), AISLE_LIMIT);
    assert_int_equal(error.position, 8);
    assert_int_equal(try_find(catalog, "a \xff"), AISLE_BAD_QUERY);
    assert_int_equal(try_find(catalog, "anything"), 0);
    close_all();
}

static double sum_of_parts(const char *text, size_t size)
{
    char copy[8192];
    double sum = 0;
    assert_true(size < sizeof copy);
    memcpy(copy, text, size);
    copy[size] = '\0';
    for (const char *at = strstr(copy, "\"part\":"); at != NULL; at = strstr(at + 1, "\"part\":")) {
        sum += strtod(at + 7, NULL);
    }
    return sum;
}

static void parts_of_an_explanation_sum_up_to_the_score(void **state)
{
    (void)state;
    static const char *const queries[] = {"red",        "red lamp",    "red OR lamp OR desk", "re*",
                                          "t-shirt",    "title:red",   "red -desk",           "la* OR t-shirt red",
                                          "lamp lamp",  "-desk",       "",                    "wi-f* OR red"};
    open_new("explain", 2);
    for (unsigned i = 0; i < 200; i++) {
        char product[300];
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"%s %s\",\"body\":\"%s\",\"brand\":\"%s\"}", i,
                 i % 2 == 0 ? "red" : "blue reddish", i % 3 == 0 ? "lamp" : i % 5 == 0 ? "t-shirt wi-fi" : "desk",
                 i % 7 == 0 ? "red lamp lamps long text here" : "tshirt", i % 11 == 0 ? "Red" : "Acme");
        put(writer, product);
        if (i == 120) {
            commit(writer);
        }
    }
    commit(writer);
    for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++) {
        aisle_result *result = NULL;
        aisle_hit hit;
        aisle_query query = {.size = sizeof query, .text = queries[q], .limit = 200, .explain = true};
        assert_done(aisle_search(catalog, &query, &result, &error));
        assert_true(aisle_result_count(result) != 0);
        for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
            double difference = sum_of_parts(hit.explanation.data, hit.explanation.size) - hit.score;
            if (difference > 1e-6 || difference < -1e-6) {
                print_message("%s: %f, %.*s\n", queries[q], hit.score, (int)hit.explanation.size, hit.explanation.data);
            }
            assert_true(difference < 1e-6 && difference > -1e-6);
        }
        aisle_result_free(result);
    }
    close_all();
}

/* The best few are the beginning of all: pruning changes nothing. Seed 20263. */
static void best_few_are_the_beginning_of_all(void **state)
{
    (void)state;
    static const char *const queries[] = {"w1", "w1 w2", "w0 OR w7 OR w30", "w1* OR w2", "w0 w1 OR w5 OR w9", "w* -w3",
                                          "w1-w2 OR w4", "title:w1 OR w2*", "w2 w3* w0", "w0 OR w1 OR w2 OR w3 OR w4"};
    uint64_t seed = 20263;
    open_new("best", 2);
    for (unsigned i = 0; i < 6000; i++) {
        char product[600];
        int size = snprintf(product, sizeof product, "{\"id\":\"%u\",\"n\":%u,\"title\":\"", i, i * 7919 % 5000);
        for (unsigned w = 0; w < 3 + i % 12; w++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            uint64_t random = seed >> 33;
            size += snprintf(product + size, sizeof product - (size_t)size, "w%u ",
                             (unsigned)(random % 40 * (random >> 8 & 63) / 63));
            if (w == 4) {
                size += snprintf(product + size, sizeof product - (size_t)size, "\",\"body\":\"");
            }
        }
        snprintf(product + size, sizeof product - (size_t)size, "\"}");
        put(writer, product);
        if (i == 4000) {
            commit(writer);
        }
    }
    commit(writer);
    for (unsigned i = 0; i < 6000; i += 13) {
        char id[16];
        snprintf(id, sizeof id, "%u", i);
        erase(writer, id);
    }
    commit(writer);
    for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++) {
        aisle_result *all = find(catalog, queries[q], 0, 10000);
        assert_int_equal(aisle_result_count(all), aisle_result_total(all, NULL));
        for (uint32_t limit = 1; limit <= 100; limit = limit * 3 + 1) {
            aisle_result *few = find(catalog, queries[q], 0, limit);
            for (size_t i = 0; i < aisle_result_count(few); i++) {
                aisle_hit a;
                aisle_hit b;
                assert_int_equal(aisle_result_hit(all, i, &a), 0);
                assert_int_equal(aisle_result_hit(few, i, &b), 0);
                if (a.score != b.score || a.id.size != b.id.size || memcmp(a.id.data, b.id.data, a.id.size) != 0) {
                    print_message("query %s, limit %u, hit %zu\n", queries[q], limit, i);
                }
                assert_true(a.score == b.score);
                assert_int_equal(a.id.size, b.id.size);
                assert_memory_equal(a.id.data, b.id.data, a.id.size);
            }
            aisle_result_free(few);
        }
        aisle_result_free(all);
    }
    close_all();
}

/* An answer of just below LIMIT_RESULT_BYTES, and of one product more. */
static void answers_are_bounded_on_both_sides(void **state)
{
    enum { FILLER = 1040000, FIT = 64 };
    static char product[FILLER + 200];
    aisle_result *result = NULL;
    aisle_hit hit;
    (void)state;
    open_new("large", 1);
    for (unsigned i = 0; i <= FIT; i++) {
        int size = snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"lamp\",\"filler\":\"", i);
        memset(product + size, 'x', FILLER);
        memcpy(product + size + FILLER, "\"}", 3);
        put(writer, product);
    }
    commit(writer);
    aisle_query query = {.size = sizeof query, .text = "lamp", .limit = FIT};
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_count(result), FIT);
    query.limit = FIT + 1;
    assert_int_equal(aisle_search(catalog, &query, &result, &error), AISLE_LIMIT);
    assert_non_null(strstr(error.message, "the answer is larger than 64 MiB"));
    assert_int_equal(aisle_result_count(result), FIT);
    query.fields = "id,title";
    assert_done(aisle_search(catalog, &query, &result, &error));
    assert_int_equal(aisle_result_count(result), FIT + 1);
    assert_int_equal(aisle_result_hit(result, FIT, &hit), 0);
    assert_true(hit.product.size < 100);
    aisle_result_free(result);
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_join_without_gap_or_repeat),
        cmocka_unit_test(ties_follow_the_document_order_across_segments_and_shards),
        cmocka_unit_test(prefixes_count_and_match_over_far_windows),
        cmocka_unit_test(only_the_first_text_field_is_searched_when_named),
        cmocka_unit_test(compounds_are_found_joined_and_apart),
        cmocka_unit_test(options_leave_out_what_they_say),
        cmocka_unit_test(limits_hold_on_both_sides),
        cmocka_unit_test(refusals_tell_the_place),
        cmocka_unit_test(parts_of_an_explanation_sum_up_to_the_score),
        cmocka_unit_test(best_few_are_the_beginning_of_all),
        cmocka_unit_test(answers_are_bounded_on_both_sides),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
