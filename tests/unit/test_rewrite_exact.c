/*
 * test_rewrite_exact.c - rewritten queries over random products: the best few, which pruning finds, are the first of
 * all in their order, pages one behind the other are all of them, groups come as their best hits do, what is found as
 * it was typed stands first, and explained parts sum up to scores. Synonyms, corrections, splits, preferences, any,
 * relaxed.
 *
 *     test_rewrite_exact [QUERIES [SEED]]      a campaign; 400 and 1 without arguments
 */
#include "index_fixture.h"

#define PRODUCTS 1500
#define TEXT_BYTES 256

static const char *const words[] = {"lamp",   "lamps", "camp",  "red",    "read",  "green", "tv",    "television",
                                    "desk",   "disk",  "blue",  "tooth",  "shoe",  "shoes", "short", "shirt",
                                    "wh1000", "1000x", "large", "larger", "bluetooth"};
static const char *const typed[] = {"lmap", "rde", "televison", "telly", "bleu", "shos", "blue", "tooth", "1000",
                                    "bluetoth", "red", "lamp", "tv", "sho*", "the", "desk", "nothing", "green", "la",
                                    "blue tooth", "blue tooth red", "lamb"};

static unsigned queries = 400;
static uint64_t seed = 1;

static unsigned any_of(unsigned count)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % count;
}

/* Words of a Zipf-like spread: the first of the list are the most frequent. */
static unsigned any_word(void)
{
    unsigned count = sizeof words / sizeof words[0];
    unsigned a = any_of(count);
    unsigned b = any_of(count);
    return a < b ? a : b;
}

static void fill(aisle *catalog)
{
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        char title[TEXT_BYTES] = "";
        char product[TEXT_BYTES * 3];
        size_t used = 0;
        for (unsigned n = 1 + any_of(6); n > 0; n--) {
            used += (size_t)snprintf(title + used, sizeof title - used, "%s ", words[any_word()]);
        }
        if (i % 200 == 7) { /* so rare that it may be a misspelling of "lamp" */
            snprintf(title + used, sizeof title - used, "lamb");
        }
        snprintf(product, sizeof product,
                 "{\"id\":\"P%u\",\"title\":\"%s\",\"description\":\"%s %s\",\"brand\":\"%s\",\"price\":%u,"
                 "\"sales\":%u}",
                 i, title, words[any_word()], words[any_word()], words[any_word()], any_of(100), any_of(1000));
        put(writer, product);
        if (i % 400 == 399) {
            commit(writer);
        }
    }
    for (unsigned i = 0; i < PRODUCTS / 10; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%u", i * 10);
        erase(writer, id);
    }
    commit(writer);
    aisle_writer_free(writer);
}

static void make_query(char text[TEXT_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned n = 1 + any_of(4); n > 0; n--) {
        used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s%s", used == 0 ? "" : " ",
                                 typed[any_of(sizeof typed / sizeof typed[0])]);
    }
    if (any_of(8) == 0) {
        snprintf(text + used, TEXT_BYTES - used, " under $%u", any_of(100));
    }
    if (any_of(8) == 0) {
        used = strlen(text);
        snprintf(text + used, TEXT_BYTES - used, " -%s", words[any_word()]);
    }
}

/* Sum of the "part" members of an explanation. */
static double sum_of_parts(aisle_bytes explanation)
{
    static const char name[] = "\"part\":";
    double sum = 0;
    const char *at = explanation.data;
    const char *end = explanation.data + explanation.size;
    while ((at = memmem(at, (size_t)(end - at), name, sizeof name - 1)) != NULL) {
        at += sizeof name - 1;
        sum += strtod(at, NULL);
    }
    return sum;
}

static void assert_same_hit(const aisle_query *query, const aisle_result *all, size_t i, const aisle_result *other,
                            size_t k)
{
    aisle_hit expected;
    aisle_hit found;
    assert_int_equal(aisle_result_hit(all, i, &expected), 0);
    assert_int_equal(aisle_result_hit(other, k, &found), 0);
    bool same = expected.id.size == found.id.size && memcmp(expected.id.data, found.id.data, found.id.size) == 0 &&
                expected.score == found.score;
    if (!same) {
        print_message("query %s, few %u, match %d: hit %zu is %.*s %f, not %.*s %f\n", query->text, query->few,
                      query->match, i, (int)found.id.size, found.id.data, found.score, (int)expected.id.size,
                      expected.id.data, expected.score);
    }
    assert_true(same);
}

/* All hits by pages of a few, each behind the cursor of the one before. */
static void compare_pages(aisle *catalog, const aisle_query *whole, const aisle_result *all)
{
    char cursor[512] = "";
    size_t seen = 0;
    aisle_query query = *whole;
    aisle_result *page = NULL;
    query.limit = 1 + any_of(40);
    query.explain = false;
    for (unsigned pages = 0; pages < 12; pages++) {
        query.after = cursor;
        assert_done(aisle_search(catalog, &query, &page, &error));
        for (size_t i = 0; i < aisle_result_count(page); i++) {
            assert_same_hit(&query, all, seen++, page, i);
        }
        aisle_bytes next = aisle_result_cursor(page);
        if (next.size == 0) {
            assert_int_equal(seen, aisle_result_count(all));
            break;
        }
        snprintf(cursor, sizeof cursor, "%.*s", (int)next.size, next.data);
    }
    aisle_result_free(page);
}

/* What is found without corrections, and as often, is what is found first. */
static void compare_typed(aisle *catalog, const aisle_query *whole, const aisle_result *all)
{
    aisle_query query = *whole;
    aisle_result *plain = NULL;
    query.no_typos = true;
    query.match = AISLE_MATCH_ALL;
    assert_done(aisle_search(catalog, &query, &plain, &error));
    if (whole->match != AISLE_MATCH_ANY && aisle_result_count(plain) != 0) {
        for (size_t i = 0; i < aisle_result_count(plain); i++) {
            assert_same_hit(&query, plain, i, all, i);
        }
    }
    aisle_result_free(plain);
}

/* Groups of one hit, in the order in which all hits first show their values. */
static void compare_groups(aisle *catalog, const aisle_query *whole, const aisle_result *all)
{
    aisle_query query = *whole;
    aisle_result *groups = NULL;
    aisle_group group;
    query.limit = 10;
    query.explain = false;
    query.no_products = false;
    query.group_by = "brand";
    query.group_size = 2;
    query.fields = "brand";
    assert_done(aisle_search(catalog, &query, &groups, &error));
    size_t at = 0;
    for (size_t i = 0; aisle_result_group(groups, i, &group) == 0; i++) {
        aisle_hit first;
        aisle_hit hit;
        assert_int_equal(aisle_result_hit(groups, group.first_hit, &first), 0);
        while (aisle_result_hit(all, at, &hit) == 0 &&
               (hit.id.size != first.id.size || memcmp(hit.id.data, first.id.data, hit.id.size) != 0)) {
            at++;
        }
        assert_true(at < aisle_result_count(all)); /* in the order of all */
        assert_same_hit(&query, all, at, groups, group.first_hit);
    }
    aisle_result_free(groups);
}

static void compare(aisle *catalog, aisle_query *query)
{
    aisle_result *all = NULL;
    aisle_result *best = NULL;
    bool exact = false;
    query->limit = 10000;
    query->explain = true;
    assert_done(aisle_search(catalog, query, &all, &error));
    query->limit = 1 + any_of(12);
    query->explain = false;
    assert_done(aisle_search(catalog, query, &best, &error));
    assert_int_equal(aisle_result_total(all, &exact), aisle_result_count(all));
    assert_true(exact);
    assert_int_equal(aisle_result_total(best, NULL), aisle_result_total(all, NULL));
    size_t expected = aisle_result_count(all) < query->limit ? aisle_result_count(all) : query->limit;
    if (aisle_result_count(best) != expected) {
        print_message("query %s\n", query->text);
    }
    assert_int_equal(aisle_result_count(best), expected);
    for (size_t i = 0; i < aisle_result_count(all); i++) {
        aisle_hit of_all;
        aisle_hit of_best;
        assert_int_equal(aisle_result_hit(all, i, &of_all), 0);
        double difference = sum_of_parts(of_all.explanation) - of_all.score;
        if (difference > 1e-6 || difference < -1e-6) {
            print_message("query %s: %.*s\n", query->text, (int)of_all.explanation.size, of_all.explanation.data);
        }
        assert_true(difference <= 1e-6 && difference >= -1e-6);
        if (i >= expected) {
            continue;
        }
        assert_int_equal(aisle_result_hit(best, i, &of_best), 0);
        if (of_all.id.size != of_best.id.size || memcmp(of_all.id.data, of_best.id.data, of_all.id.size) != 0) {
            print_message("query %s, hit %zu\n", query->text, i);
        }
        assert_memory_equal(of_all.id.data, of_best.id.data, of_all.id.size);
        assert_true(of_all.score == of_best.score);
    }
    compare_pages(catalog, query, all);
    compare_typed(catalog, query, all);
    compare_groups(catalog, query, all);
    aisle_result_free(all);
    aisle_result_free(best);
}

static void search_for_all(const char *description)
{
    char schema[1024];
    snprintf(schema, sizeof schema,
             "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{"
             "\"title\":{\"type\":\"text\",\"weight\":3},\"description\":{\"type\":\"text\"%s},"
             "\"brand\":{\"type\":\"keyword\",\"facet\":true,\"search_weight\":2,\"understand\":\"boost\"},"
             "\"price\":{\"type\":\"decimal\"},\"sales\":{\"type\":\"integer\"}},"
             "\"signals\":[{\"kind\":\"popularity\",\"field\":\"sales\",\"weight\":0.3}]}",
             description);
    create_catalog("exact", schema, 2);
    FILE *file = fopen(path_of("exact/synonyms.txt"), "w");
    assert_non_null(file);
    fputs("tv, television, telly\nblue lamp => green desk\nred => large lamp\n", file);
    fclose(file);
    aisle *catalog = open_catalog("exact");
    fill(catalog);
    for (unsigned i = 0; i < queries; i++) {
        char text[TEXT_BYTES];
        static const uint32_t few[] = {0, 1, 50, 2000};
        make_query(text);
        aisle_query query = {.size = sizeof query,
                             .text = text,
                             .no_products = true,
                             .match = (int)any_of(3),
                             .few = few[any_of(4)],
                             .as_you_type = any_of(3) == 0,
                             .no_synonyms = any_of(4) == 0};
        compare(catalog, &query);
    }
    aisle_close(catalog);
}

static void the_best_of_rewritten_queries_are_the_first_of_all(void **state)
{
    (void)state;
    search_for_all("");
}

static void so_they_are_where_a_field_takes_no_corrections(void **state)
{
    (void)state;
    search_for_all(",\"typos\":false");
}

int main(int argc, char **argv)
{
    queries = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : queries;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : seed;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_best_of_rewritten_queries_are_the_first_of_all, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(so_they_are_where_a_field_takes_no_corrections, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
