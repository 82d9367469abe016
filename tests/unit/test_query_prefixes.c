/*
 * test_query_prefixes.c - totals of beginnings that segments keep lists and totals of: without dead products, with few,
 * with many, beside a filter, another word and an excluded one, in two segments.
 *
 * Words of a product are told by its number, so that the test counts by itself.
 */
#include "index_fixture.h"

#define SCHEMA                                                                                              \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"},"         \
    "\"price\":{\"type\":\"integer\",\"facet\":true}}}"
#define PRODUCTS 24000u
#define SECOND 18000u /* the first product of the second segment */

static aisle *catalog;
static bool is_dead[PRODUCTS];

/* "ba" begins two frequent words and a thousand rare ones; "bo" rare ones alone, "bu" frequent ones alone. */
static bool begins_with(unsigned i, const char *text)
{
    bool ba = i % 3 == 0 || i % 7 == 0 || i % 5 == 1;
    bool bo = i % 5 == 2;
    bool bu = i % 11 == 0;
    return strcmp(text, "ba") == 0 ? ba : strcmp(text, "bo") == 0 ? bo : strcmp(text, "bu") == 0 ? bu : ba || bo || bu;
}

static void fill(void)
{
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        char product[200];
        int used = snprintf(product, sizeof product, "{\"id\":\"%u\",\"price\":%u,\"title\":\"z%u %s %s %s", i, i % 10,
                            i % 2, i % 3 == 0 ? "bali" : "", i % 7 == 0 ? "bandit" : "", i % 11 == 0 ? "bunker" : "");
        used += i % 5 == 1 ? snprintf(product + used, sizeof product - (size_t)used, " bar%u", i / 5 % 997) : 0;
        used += i % 5 == 2 ? snprintf(product + used, sizeof product - (size_t)used, " bob%u", i / 5 % 997) : 0;
        snprintf(product + used, sizeof product - (size_t)used, "\"}");
        put(writer, product);
        if (i + 1 == SECOND) {
            commit(writer);
        }
    }
    commit(writer);
    aisle_writer_free(writer);
}

static void erase_every(unsigned step, unsigned first, unsigned end)
{
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = first; i < end; i += step) {
        char id[16];
        snprintf(id, sizeof id, "%u", i);
        erase(writer, id);
        is_dead[i] = true;
    }
    commit(writer);
    aisle_writer_free(writer);
}

static void expect_total(const char *text, const char *filter, uint64_t total)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .text = text, .filter = filter, .as_you_type = true};
    assert_done(aisle_search(catalog, &query, &result, &error));
    bool is_exact;
    uint64_t found = aisle_result_total(result, &is_exact);
    if (found != total || !is_exact) {
        fail_msg("'%s' finds %llu, not %llu", text, (unsigned long long)found, (unsigned long long)total);
    }
    aisle_result_free(result);
}

static void expect_totals(void)
{
    static const char *const beginnings[] = {"b", "ba", "bo", "bu"};
    for (size_t k = 0; k < sizeof beginnings / sizeof beginnings[0]; k++) {
        const char *text = beginnings[k];
        char with[32];
        uint64_t all = 0;
        uint64_t cheap = 0;
        uint64_t odd = 0;
        for (unsigned i = 0; i < PRODUCTS; i++) {
            bool matches = !is_dead[i] && begins_with(i, text);
            all += matches ? 1 : 0;
            cheap += matches && i % 10 < 3 ? 1 : 0;
            odd += matches && i % 2 == 1 ? 1 : 0;
        }
        expect_total(text, NULL, all);
        expect_total(text, "price < 3", cheap);
        snprintf(with, sizeof with, "z1 %s", text);
        expect_total(with, NULL, odd);
        snprintf(with, sizeof with, "-z0 %s", text);
        expect_total(with, NULL, odd);
    }
}

static void totals_of_beginnings_are_those_counted_by_hand(void **state)
{
    (void)state;
    create_catalog("beginnings", SCHEMA, 1);
    catalog = open_catalog("beginnings");
    fill();
    expect_totals();
    erase_every(4001, 0, PRODUCTS); /* few: these are looked for */
    expect_totals();
    erase_every(13, 5, SECOND); /* many, in one segment */
    expect_totals();
    aisle_close(catalog);
    assert_sound("beginnings");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_of_beginnings_are_those_counted_by_hand),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
