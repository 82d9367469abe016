/*
 * test_index_settled.c - how many products have a word is counted right behind each commit, whatever of it is known
 * from before: the sum over large segments stays known while small ones come and are merged.
 */
#include "index/look.h"
#include "index_fixture.h"
#include "query/words_kept.h"

#define SCHEMA                                                                                                  \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\"}}}"
#define WORDS 24u
#define FIRST 4000u
#define COMMITS 60u

static const char *const words[WORDS] = {"alfa",  "bravo",  "charly", "delta", "echo",   "foxtrot", "golf",    "hotel",
                                         "india", "juliet", "kilo",   "lima",  "mike",   "november", "oscar",  "papa",
                                         "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "xray"};

static uint32_t having[WORDS]; /* products that have the word */
static uint32_t products;
static uint64_t random_state = 5;

static uint32_t draw(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % limit);
}

static void put_products(aisle_writer *writer, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char text[400];
        int size = snprintf(text, sizeof text, "{\"id\":\"P%05u\",\"title\":\"a", products++);
        for (uint32_t w = 0; w < WORDS; w++) {
            if (draw(2 + w * w) == 0) {
                size += snprintf(text + size, sizeof text - (size_t)size, " %s", words[w]);
                having[w]++;
            }
        }
        snprintf(text + size, sizeof text - (size_t)size, "\"}");
        put(writer, text);
    }
    commit(writer);
}

/* Counts each word, some of them together; returns the seed of settled segments. */
static uint64_t check_counts(aisle *catalog)
{
    struct look look;
    struct query_context context;
    assert_done(look_begin(&look, catalog, 0, 1, "counting", &error));
    assert_int_equal(look_gather(&look, &context, NULL), 0);
    for (uint32_t w = 0; w < WORDS; w++) {
        struct bytes terms[2] = {bytes_of_string(words[w]), bytes_of_string(words[draw(WORDS)])};
        uint32_t other = 0;
        uint64_t df;
        while (!bytes_equal(terms[1], bytes_of_string(words[other]))) {
            other++;
        }
        query_df_ahead(&context, terms, 2);
        assert_int_equal(query_df(&context, terms, 1, &df), 0);
        assert_int_equal(df, having[w]);
        assert_int_equal(query_df(&context, terms, 2, &df), 0);
        assert_int_equal(df, having[w] > having[other] ? having[w] : having[other]);
        assert_true(query_df_is_known(&context, terms, 2, &df));
    }
    uint64_t seed = context.settled_seed;
    look_end(&look, &context);
    return seed;
}

static void counts_are_right_behind_every_commit(void **state)
{
    (void)state;
    create_catalog("words", SCHEMA, 1);
    aisle *catalog = open_catalog("words");
    aisle_writer *writer = begin_writing(catalog);
    uint32_t stayed = 0;
    uint64_t seed = 0;
    put_products(writer, FIRST);
    assert_int_equal(check_counts(catalog), 0); /* one segment: what is known of all is known of the settled ones */
    for (uint32_t i = 0; i < COMMITS; i++) {
        put_products(writer, draw(12) == 0 ? 200 + draw(400) : 1 + draw(8));
        uint64_t now = check_counts(catalog);
        stayed += now != 0 && now == seed;
        seed = now;
    }
    assert_true(stayed > COMMITS / 2 && stayed < COMMITS - 1);
    uint64_t sum;
    struct bytes term = bytes_of_string(words[0]);
    assert_true(words_kept_find(&catalog->words, words_kept_key(&term, 1, seed), &sum));
    assert_in_range(sum, 1, having[0] - 1); /* of some segments alone */
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_are_right_behind_every_commit, make_directory, remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
