/*
 * test_rewrite_watch.c - corrections end with the query's budget of work: whatever it is, the search comes back, what
 * was found as it was typed stays, what was cut says so, and with enough of it the answer is the whole one. Parts of
 * more codes than are taken say so, too.
 */
#include "index_fixture.h"

#define PRODUCTS 3000u
#define WORK_MAX 4096u

static aisle *catalog;

/* Words that differ in a character or two, so that a typed one has hundreds of neighbours. */
static void fill(void)
{
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < PRODUCTS; i++) {
        char product[200];
        char title[64];
        snprintf(title, sizeof title, "lant%c%crn sh%c%cper", 'a' + (int)(i % 23), 'a' + (int)(i / 23 % 23),
                 'a' + (int)(i % 19), 'a' + (int)(i / 19 % 19));
        snprintf(product, sizeof product, "{\"id\":\"%u\",\"title\":\"%s %s\",\"sku\":\"zq%u44x%u\"}", i, title,
                 i % 1000 == 0 ? "walrus" : "", i, i % 7);
        put(writer, product);
    }
    commit(writer);
    aisle_writer_free(writer);
}

struct answer {
    uint64_t total;
    bool is_exact;
    bool is_partial;
    size_t hits;
    bool is_corrected;
};

static struct answer ask(const char *text, uint64_t work, bool as_you_type)
{
    struct answer answer;
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .text = text, .work = work, .as_you_type = as_you_type};
    assert_done(aisle_search(catalog, &query, &result, &error));
    answer.total = aisle_result_total(result, &answer.is_exact);
    answer.is_partial = aisle_result_partial(result);
    answer.hits = aisle_result_count(result);
    answer.is_corrected = aisle_result_corrected(result).size != 0;
    aisle_result_free(result);
    return answer;
}

static void work_ends_corrections(const char *text, bool as_you_type, uint64_t least_hits)
{
    struct answer whole = ask(text, 0, as_you_type);
    bool was_partial = false;
    bool was_whole = false;
    assert_false(whole.is_partial);
    for (uint64_t work = 1; work <= WORK_MAX && !was_whole; work += 1 + work / 16) {
        struct answer answer = ask(text, work, as_you_type);
        was_partial = was_partial || answer.is_partial;
        assert_true(!answer.is_partial || !answer.is_exact);
        if (!answer.is_partial) {
            was_whole = true;
            assert_int_equal(answer.total, whole.total);
            assert_int_equal(answer.hits, whole.hits);
            assert_int_equal(answer.is_corrected, whole.is_corrected);
        } else if (work > 64) { /* as it was typed it has been searched by then */
            assert_true(answer.hits >= least_hits);
        }
    }
    assert_true(was_partial);
    assert_true(was_whole || ask(text, UINT32_MAX, as_you_type).total == whole.total);
}

static void corrections_end_with_the_work(void **state)
{
    (void)state;
    work_ends_corrections("lantxxrn", false, 0);
    work_ends_corrections("lantxxrn shxxper", false, 0);
    work_ends_corrections("lantorrn shaaper lantxxrm shxxpir", false, 0);
    work_ends_corrections("lantxx", true, 0);
    work_ends_corrections("lantxxr", true, 0);
}

static void what_was_typed_stays_when_corrections_are_cut(void **state)
{
    (void)state;
    assert_int_equal(ask("walrus", 0, false).total, 3);
    work_ends_corrections("walrus", false, 3); /* few: it is corrected, too */
}

static void parts_of_too_many_codes_say_so(void **state)
{
    (void)state;
    struct answer many = ask("44x", 0, false);
    assert_true(many.total >= 32 && !many.is_exact && !many.is_partial);
    struct answer few = ask("2999", 0, false);
    assert_int_equal(few.total, 1);
    assert_true(few.is_exact);
}

static int open_all(void **state)
{
    int status = make_directory(state);
    create_catalog("watched",
                   "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5},\"sku\":"
                   "{\"type\":\"keyword\",\"code\":true,\"search_weight\":3}}}",
                   1);
    catalog = open_catalog("watched");
    fill();
    return status;
}

static int close_all(void **state)
{
    aisle_close(catalog);
    return remove_directory(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corrections_end_with_the_work),
        cmocka_unit_test(what_was_typed_stays_when_corrections_are_cut),
        cmocka_unit_test(parts_of_too_many_codes_say_so),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
