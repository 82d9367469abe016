/*
 * test_index_query_options.c - members of a query that others leave without effect are refused, alone and in pairs.
 */
#include "tests/unit/index_fixture.h"

static const char *const title[] = {"title"};

/* The status of the query; where it is AISLE_INVALID, the message begins with the member that is without effect. */
static int status_of(aisle *catalog, aisle_query query)
{
    aisle_result *result = NULL;
    query.size = sizeof query;
    error = (aisle_error){.code = 0};
    int status = aisle_search(catalog, &query, &result, &error);
    aisle_result_free(result);
    return status;
}

static aisle *open_lamps(const char *name)
{
    create_catalog(name, "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
                         "\"brand\":{\"type\":\"keyword\",\"facet\":true}}}", 1);
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"1\",\"title\":\"red lamp\",\"brand\":\"Acme\"}");
    put(writer, "{\"id\":\"2\",\"title\":\"blue lamp\",\"brand\":\"Bolt\"}");
    commit(writer);
    aisle_writer_free(writer);
    return catalog;
}

static void members_without_effect_are_refused_by_name(void **state)
{
    static const aisle_typos typos = {.size = sizeof typos, .max_edits = 1};
    static const struct {
        aisle_query query;
        const char *member;
    } cases[] = {
        {{.like = "1", .no_typos = true}, "like:"},
        {{.like = "1", .no_synonyms = true}, "like:"},
        {{.like = "1", .no_stop_words = true}, "like:"},
        {{.like = "1", .no_understanding = true}, "like:"},
        {{.like = "1", .as_you_type = true}, "like:"},
        {{.like = "1", .match = AISLE_MATCH_ANY}, "like:"},
        {{.like = "1", .few = 3}, "like:"},
        {{.like = "1", .typos = &typos}, "like:"},
        {{.like = "1", .contexts = "a"}, "contexts:"},
        {{.text = "lamp", .no_typos = true, .typos = &typos}, "typos:"},
        {{.text = "lamp", .no_rules = true, .contexts = "a"}, "contexts:"},
        {{.text = "lamp", .group_size = 2}, "group_size:"},
        {{.text = "lamp", .group_size = 2, .group_by = ""}, "group_size:"},
        {{.text = "lamp", .mark_before = "["}, "highlight:"},
        {{.text = "lamp", .mark_after = "]"}, "highlight:"},
        {{.text = "lamp", .snippet_words = 3}, "highlight:"},
        {{.text = "lamp", .highlight_plain = true}, "highlight:"},
        {{.text = "lamp", .no_total = true, .total_bound = 5}, "total_bound:"},
        {{.text = "lamp", .no_products = true, .fields = "title"}, "fields:"},
    };
    (void)state;
    aisle *catalog = open_lamps("idle");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(status_of(catalog, cases[i].query), AISLE_INVALID);
        assert_int_equal(strncmp(error.message, cases[i].member, strlen(cases[i].member)), 0);
    }
    aisle_close(catalog);
}

static void members_that_go_together_are_taken(void **state)
{
    static const aisle_typos typos = {.size = sizeof typos, .max_edits = 1};
    static const char *const liked[] = {"brand:Acme=1"};
    const aisle_query cases[] = {
        {.like = "1", .no_rules = true},
        {.like = "1", .highlight = title, .highlight_count = 1, .highlight_plain = true},
        {.text = "lamp", .typos = &typos, .few = 3},
        {.text = "lamp", .no_typos = true, .few = 3, .match = AISLE_MATCH_RELAXED},
        {.text = "lamp", .group_by = "brand", .group_size = 2},
        {.text = "lamp", .highlight = title, .highlight_count = 1, .mark_before = "[", .snippet_words = 3},
        {.text = "lamp", .no_hits = true, .fields = "title", .sort = "brand", .explain = true},
        {.text = "lamp", .sort = "brand", .affinities = liked, .affinity_count = 1},
        {.text = "lamp", .filter = " ", .sort = "", .fields = "", .after = "", .group_by = "", .contexts = "a"},
    };
    (void)state;
    aisle *catalog = open_lamps("together");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_done(status_of(catalog, cases[i]));
    }
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_without_effect_are_refused_by_name),
        cmocka_unit_test(members_that_go_together_are_taken),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
