/*
 * test_query_df.c - how many products have a word is counted right behind each commit, whatever of it is known
 * from before: sums over a chain of segments are added to as segments come, those over large ones outlive merges.
 */
#include "index/look.h"
#include "base/hash.h"
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

/* Counts each word, some of them together; *known: of how many it is said to be known before. */
static void check_counts(aisle *catalog, uint32_t *known, uint32_t *settled)
{
    struct look look;
    struct query_context context;
    *known = 0;
    assert_done(look_begin(&look, catalog, 0, 1, "counting", &error));
    assert_int_equal(look_gather(&look, &context, NULL), 0);
    for (uint32_t w = 0; w < WORDS; w++) {
        uint32_t other = draw(WORDS);
        struct bytes terms[2] = {bytes_of_string(words[w]), bytes_of_string(words[other])};
        uint64_t df;
        *known += query_df_is_known(&context, terms, 1, &df) && df == having[w];
        query_df_ahead(&context, terms, 2);
        assert_int_equal(query_df(&context, terms, 1, &df), 0);
        assert_int_equal(df, having[w]);
        assert_int_equal(query_df(&context, terms, 2, &df), 0);
        assert_int_equal(df, having[w] > having[other] ? having[w] : having[other]);
        assert_true(query_df_is_known(&context, terms, 2, &df));
        assert_int_equal(df, having[w] > having[other] ? having[w] : having[other]);
    }
    *settled = context.chain->settled;
    look_end(&look, &context);
}

static void counts_are_right_behind_every_commit(void **state)
{
    (void)state;
    create_catalog("words", SCHEMA, 1);
    aisle *catalog = open_catalog("words");
    aisle_writer *writer = begin_writing(catalog);
    uint32_t known;
    uint32_t settled;
    uint32_t most = 0;
    put_products(writer, FIRST);
    for (uint32_t i = 0; i < COMMITS; i++) {
        put_products(writer, draw(12) == 0 ? 200 + draw(400) : 1 + draw(8));
        check_counts(catalog, &known, &settled);
        assert_in_range(settled, 1, 40);
        most = most < settled ? settled : most;
        check_counts(catalog, &known, &settled);
        assert_int_equal(known, WORDS);
    }
    assert_true(most > 1);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

/* A word's sum is noted with what it is of: one that was noted wrongly is found as far as its segments go. */
static void what_is_known_is_added_to(void **state)
{
    (void)state;
    create_catalog("words", SCHEMA, 1);
    aisle *catalog = open_catalog("words");
    aisle_writer *writer = begin_writing(catalog);
    uint64_t sums[2][3]; /* behind each of three small commits: all, and the large segment's */
    memset(having, 0, sizeof having);
    put_products(writer, FIRST);
    for (uint32_t i = 0; i < 3; i++) {
        struct look look;
        struct query_context context;
        struct bytes term = bytes_of_string(words[0]);
        uint64_t df;
        put_products(writer, 5);
        assert_done(look_begin(&look, catalog, 0, 1, "counting", &error));
        assert_int_equal(look_gather(&look, &context, NULL), 0);
        assert_int_equal(query_df(&context, &term, 1, &df), 0);
        uint64_t lie = i == 0 ? 1000 : 0; /* is noted as if it were of the same segments */
        words_kept_note(&catalog->words, hash_bytes(term.data, term.size), context.chain->seeds[i + 2], df + lie);
        sums[0][i] = df;
        sums[1][i] = having[0];
        look_end(&look, &context);
    }
    assert_int_equal(sums[0][0], sums[1][0]);
    assert_int_equal(sums[0][1], sums[1][1] + 1000);
    assert_int_equal(sums[0][2], sums[1][2] + 1000);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_are_right_behind_every_commit, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(what_is_known_is_added_to, make_directory, remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
