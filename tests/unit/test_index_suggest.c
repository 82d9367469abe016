/*
 * test_index_suggest.c - aisle_suggest and aisle_learn: what products suggest, with which weight, and what is left of
 * it when they go.
 *
 * Usage: test_index_suggest [rounds [seed]]; a campaign is the same program with more rounds.
 */
#include "tests/unit/index_fixture.h"

#include "base/alloc.h"
#include "index/catalog.h"

#include <pthread.h>

/* Under AddressSanitizer everything in an arena is an allocation of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENAS_ALLOCATE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENAS_ALLOCATE 1
#endif
#endif
#ifndef ARENAS_ALLOCATE
#define ARENAS_ALLOCATE 0
#endif

static unsigned long rounds = 2;
static uint64_t seed = 7;

static const char *const shop_schema =
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{"
    "\"title\":{\"type\":\"text\",\"weight\":5},"
    "\"brand\":{\"type\":\"keyword\",\"facet\":true,\"search_weight\":3},"
    "\"category\":{\"type\":\"path\",\"facet\":true,\"search_weight\":1},"
    "\"sales\":{\"type\":\"integer\"}},"
    "\"signals\":[{\"kind\":\"popularity\",\"field\":\"sales\",\"weight\":0.5}]}";

static void put_product(aisle_writer *writer, const char *id, const char *title, const char *brand,
                        const char *category, unsigned sales)
{
    char product[1024];
    snprintf(product, sizeof product,
             "{\"id\":\"%s\",\"title\":\"%s\",\"brand\":\"%s\",\"category\":[%s],\"sales\":%u}", id, title, brand,
             category, sales);
    put(writer, product);
}

static void fill_shop(aisle_writer *writer)
{
    put_product(writer, "1", "Acme Trail Runner X", "Acme", "\"Shoes\",\"Running Shoes\"", 100);
    put_product(writer, "2", "Acme Trail Sandal", "Acme", "\"Shoes\",\"Sandals\"", 50);
    put_product(writer, "3", "Bolt Wireless Headphones", "Bolt", "\"Audio\",\"Headphones\"", 500);
    put_product(writer, "4", "Bolt Non-Stick Pan", "Bolt", "\"Kitchen\",\"Pans\"", 5);
    put_product(writer, "5", "\xc3\x9c" "berphone with Case", "\xc3\x9c" "ber", "\"Audio\",\"Phones\"", 20);
}

static aisle *open_shop(const char *name, uint32_t shards)
{
    create_catalog(name, shop_schema, shards);
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    fill_shop(writer);
    commit(writer);
    aisle_writer_free(writer);
    return catalog;
}

/* The suggestions as "text|text|..." in a static buffer. */
static const char *told(aisle *catalog, const aisle_suggest_query *query)
{
    static char text[8192];
    aisle_suggestions *suggestions = NULL;
    aisle_suggestion one;
    size_t size = 0;
    assert_done(aisle_suggest(catalog, query, &suggestions, &error));
    assert_true(aisle_suggestions_complete(suggestions));
    text[0] = '\0';
    for (size_t i = 0; aisle_suggestions_get(suggestions, i, &one) == 0; i++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%.*s", i == 0 ? "" : "|", (int)one.text.size,
                                 one.text.data);
    }
    aisle_suggestions_free(suggestions);
    return text;
}

static const char *suggest(aisle *catalog, const char *typed)
{
    return told(catalog, &(aisle_suggest_query){.size = sizeof(aisle_suggest_query), .typed = typed});
}

static const char *suggest_in(aisle *catalog, const char *typed, const char *context)
{
    return told(catalog,
                &(aisle_suggest_query){.size = sizeof(aisle_suggest_query), .typed = typed, .context = context});
}

static void products_suggest_brands_categories_and_titles(void **state)
{
    (void)state;
    aisle *catalog = open_shop("sources", 1);
    assert_string_equal(suggest(catalog, "acm"),
                        "Acme|Acme Trail|Acme Running Shoes|Acme Trail Runner|Acme Trail Runner X|Acme Sandals|"
                        "Acme Trail Sandal");
    assert_string_equal(suggest(catalog, "headp"), "Headphones|Bolt Headphones|Bolt Wireless Headphones");
    assert_string_equal(suggest(catalog, "\xc3\xbc" "berphone "), "\xc3\x9c" "berphone with Case");
    assert_string_equal(suggest(catalog, "bolt non"), "Bolt Non-Stick|Bolt Non-Stick Pan");
    assert_string_equal(suggest(catalog, "non-st"), "Bolt Non-Stick|Bolt Non-Stick Pan");
    aisle_close(catalog);
}

static void what_is_typed_may_be_wrong_unless_it_is_exact(void **state)
{
    (void)state;
    aisle *catalog = open_shop("wrong", 1);
    assert_string_equal(suggest(catalog, "hedphones"), "Headphones|Bolt Headphones|Bolt Wireless Headphones");
    assert_string_equal(told(catalog, &(aisle_suggest_query){.size = sizeof(aisle_suggest_query),
                                                             .typed = "hedphones",
                                                             .exact = true}),
                        "");
    aisle_close(catalog);
}

static void nothing_typed_suggests_the_most_popular(void **state)
{
    (void)state;
    aisle *catalog = open_shop("popular", 1);
    const char *best = suggest(catalog, " ");
    assert_int_equal(strncmp(best, "Audio|", 6), 0);
    assert_string_equal(suggest(catalog, NULL), best);
    assert_string_equal(suggest(catalog, "?!"), "");
    aisle_close(catalog);
}

static void a_context_has_weights_of_its_own(void **state)
{
    (void)state;
    aisle *catalog = open_shop("context", 2);
    assert_string_equal(suggest_in(catalog, "bo", "category:Kitchen"),
                        "Bolt|Bolt Non-Stick|Bolt Pans|Bolt Non-Stick Pan");
    assert_string_equal(suggest_in(catalog, "bo", "category:kitchen > pans"),
                        "Bolt|Bolt Non-Stick|Bolt Pans|Bolt Non-Stick Pan");
    assert_string_equal(suggest_in(catalog, "", "brand:\xc3\x9c" "BER"),
                        "Audio|Phones|\xc3\x9c" "ber|\xc3\x9c" "ber Phones|\xc3\x9c" "berphone with Case");
    assert_string_equal(suggest_in(catalog, "a", "category:Pans"), ""); /* a level goes with those above it */
    aisle_close(catalog);
}

/* It has no levels: those behind the first are not below it. */
static void a_keyword_category_is_its_first_value(void **state)
{
    (void)state;
    create_catalog("keyword",
                   "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"},"
                   "\"category\":{\"type\":\"keyword\",\"facet\":true,\"search_weight\":1}}}", 1);
    aisle *catalog = open_catalog("keyword");
    aisle_writer *writer = begin_writing(catalog);
    put(writer, "{\"id\":\"1\",\"title\":\"Lamp\",\"category\":[\"Light\",\"Office\"]}");
    commit(writer);
    assert_string_equal(suggest_in(catalog, "la", "category:light"), "Lamp");
    assert_string_equal(suggest_in(catalog, "la", "category:light > office"), "");
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void deleted_products_suggest_nothing(void **state)
{
    (void)state;
    aisle *catalog = open_shop("deleted", 1);
    aisle_writer *writer = begin_writing(catalog);
    erase(writer, "1");
    commit(writer);
    assert_string_equal(suggest(catalog, "acme"), "Acme|Acme Trail|Acme Sandals|Acme Trail Sandal");
    assert_string_equal(suggest(catalog, "running"), "");
    erase(writer, "2");
    commit(writer);
    assert_string_equal(suggest(catalog, "acme"), "");
    assert_done(aisle_compact(writer, &error));
    assert_string_equal(suggest(catalog, "acme"), "");
    assert_string_equal(suggest(catalog, "bolt he"), "Bolt Headphones");
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void learned_searches_are_replaced_by_the_next(void **state)
{
    (void)state;
    aisle *catalog = open_shop("learned", 2);
    aisle_writer *writer = begin_writing(catalog);
    assert_done(aisle_learn(writer, text_bytes("wireless pan\t9000\nwireless headphones\t500\r\n\nbolt\t1\n"), &error));
    assert_string_equal(suggest(catalog, "wirel"), "Bolt Wireless|Bolt Wireless Headphones"); /* not yet committed */
    commit(writer);
    /* Nothing is found for a wireless pan. */
    assert_string_equal(suggest(catalog, "wirel"), "wireless headphones|Bolt Wireless|Bolt Wireless Headphones");
    assert_done(aisle_compact(writer, &error));
    assert_string_equal(suggest(catalog, "wirel"), "wireless headphones|Bolt Wireless|Bolt Wireless Headphones");
    assert_done(aisle_learn(writer, text_bytes("trail runner\t3"), &error));
    commit(writer);
    assert_string_equal(suggest(catalog, "wirel"), "Bolt Wireless|Bolt Wireless Headphones");
    assert_int_equal(strncmp(suggest(catalog, "trail r"), "trail runner|", 13), 0);
    assert_done(aisle_learn(writer, (aisle_bytes){NULL, 0}, &error));
    commit(writer);
    assert_int_equal(strncmp(suggest(catalog, "trail r"), "Acme Trail Runner", 17), 0);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void a_text_of_too_many_words_hides_no_other(void **state)
{
    (void)state;
    char line[160] = "";
    aisle *catalog = open_shop("many words", 1);
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < 15; i++) { /* a query has them joined, too */
        strcat(line, i == 0 ? "b-c-d-e" : " b-c-d-e");
    }
    strcat(line, "\t100000\n");
    assert_done(aisle_learn(writer, text_bytes(line), &error));
    commit(writer);
    assert_string_equal(suggest(catalog, "bolt he"), "Bolt Headphones");
    assert_int_equal(strncmp(suggest(catalog, "b"), "Bolt|", 5), 0);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void lines_that_are_no_searches_are_refused_and_named(void **state)
{
    static const char *const bad[] = {"a\t1\nb\n", "a\t1\nb\t\n", "a\t1\nb\t0\n", "a\t1\nb\t-1\n", "a\t1\nb\t1 \n",
                                      "a\t1\n\xff\t1\n"};
    (void)state;
    aisle *catalog = open_shop("lines", 1);
    aisle_writer *writer = begin_writing(catalog);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(aisle_learn(writer, text_bytes(bad[i]), &error), AISLE_INVALID);
        assert_int_equal(error.position, 4);
        assert_non_null(strstr(error.message, "line 2"));
    }
    assert_done(aisle_learn(writer, text_bytes("bolt\t18446744073709551617\n"), &error)); /* as much as there is */
    commit(writer);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static void limits_of_a_question_are_kept(void **state)
{
    static char typed[4098];
    aisle_suggestions *suggestions = NULL;
    (void)state;
    aisle *catalog = open_shop("limits", 1);
    aisle_suggest_query query = {.size = sizeof query, .typed = "a", .limit = 64};
    assert_done(aisle_suggest(catalog, &query, &suggestions, &error));
    query.limit = 65;
    assert_int_equal(aisle_suggest(catalog, &query, &suggestions, &error), AISLE_LIMIT);
    query.limit = 1;
    memset(typed, 'a', 4096);
    query.typed = typed;
    assert_done(aisle_suggest(catalog, &query, &suggestions, &error));
    typed[4096] = 'a';
    assert_int_equal(aisle_suggest(catalog, &query, &suggestions, &error), AISLE_LIMIT);
    query.typed = "\xff";
    assert_int_equal(aisle_suggest(catalog, &query, &suggestions, &error), AISLE_BAD_QUERY);
    query.typed = "a";
    static const char *const contexts[] = {"", "brand", "brand:", "title:a", "nowhere:a", ":a", "brand:\xff"};
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        query.context = contexts[i];
        assert_int_equal(aisle_suggest(catalog, &query, &suggestions, &error), AISLE_BAD_QUERY);
        assert_int_equal(aisle_suggestions_count(suggestions), 0);
    }
    query.size = 3;
    assert_int_equal(aisle_suggest(catalog, &query, &suggestions, &error), AISLE_INVALID);
    aisle_suggestions_free(suggestions);
    aisle_suggestions_free(NULL);
    aisle_close(catalog);
}

static void a_catalog_without_products_suggests_nothing(void **state)
{
    (void)state;
    create_catalog("empty", NULL, 3);
    aisle *catalog = open_catalog("empty");
    assert_string_equal(suggest(catalog, ""), "");
    assert_string_equal(suggest(catalog, "abcdef"), "");
    aisle_close(catalog);
}

static void a_warmed_up_call_allocates_nothing(void **state)
{
    aisle_suggestions *suggestions = NULL;
    aisle_suggest_query query = {.size = sizeof query, .typed = "bol", .context = "category:Audio"};
    (void)state;
    aisle *catalog = open_shop("warm", 1);
    for (unsigned i = 0; i < 5; i++) {
        assert_done(aisle_suggest(catalog, &query, &suggestions, &error));
    }
    unsigned long calls = alloc_calls();
    assert_done(aisle_suggest(catalog, &query, &suggestions, &error));
    assert_true(ARENAS_ALLOCATE || alloc_calls() == calls);
    assert_true(aisle_suggestions_count(suggestions) != 0);
    aisle_suggestions_free(suggestions);
    aisle_close(catalog);
}

/* ---- bounds of the search for what suggestions lead to ---- */

#define BESIDE_EACH_OTHER 22000u
#define DEAD_MAX 4096u

/* Ten words of half of the products and ten of the others, and lamps behind many that are to be deleted. */
static aisle *open_large_shop(const char *name)
{
    char id[16];
    create_catalog(name, "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}}}", 1);
    aisle *catalog = open_catalog(name);
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < BESIDE_EACH_OTHER; i++) {
        snprintf(id, sizeof id, "p%u", i);
        put_title(writer, id, i % 2 == 0 ? "wa0 wa1 wa2 wa3 wa4 wa5 wa6 wa7 wa8 wa9"
                                         : "xb0 xb1 xb2 xb3 xb4 xb5 xb6 xb7 xb8 xb9");
    }
    for (unsigned i = 0; i < DEAD_MAX; i++) {
        snprintf(id, sizeof id, "short%u", i);
        put_title(writer, id, "Acme lamp");
    }
    put_title(writer, "middle", "Acme lamp white steel");
    put_title(writer, "long", "Acme lamp green glass and some more words that make it long");
    commit(writer);
    aisle_writer_free(writer);
    return catalog;
}

/*
 * So many searches that find nothing, though each word is frequent where frequent is set, and one that does. Their
 * weight is one that has words compared.
 */
static void learn_in_vain(aisle *catalog, unsigned count, bool frequent, const char *last)
{
    static char lines[1 << 14];
    size_t size = 0;
    for (unsigned i = 0; i < count; i++) {
        size += frequent ? (size_t)snprintf(lines + size, sizeof lines - size, "wa%u xb%u%s\t1\n", i / 10 % 10, i % 10,
                                            i < 100 ? "" : " wa0")
                         : (size_t)snprintf(lines + size, sizeof lines - size, "wa q%u\t2\n", i);
    }
    snprintf(lines + size, sizeof lines - size, "%s\t1\n", last);
    aisle_writer *writer = begin_writing(catalog);
    assert_done(aisle_learn(writer, text_bytes(lines), &error));
    commit(writer);
    aisle_writer_free(writer);
}

/* Asks once; every suggestion must find something. Whether last is among them; *complete: what the answer says. */
static bool suggests(aisle *catalog, const char *typed, const char *last, bool *complete)
{
    aisle_suggestions *suggestions = NULL;
    aisle_result *result = NULL;
    aisle_suggestion one;
    aisle_suggest_query query = {.size = sizeof query, .typed = typed, .limit = 64};
    bool there = false;
    assert_done(aisle_suggest(catalog, &query, &suggestions, &error));
    *complete = aisle_suggestions_complete(suggestions);
    assert_true(aisle_suggestions_count(suggestions) != 0);
    for (size_t i = 0; aisle_suggestions_get(suggestions, i, &one) == 0; i++) {
        char text[256];
        snprintf(text, sizeof text, "%.*s", (int)one.text.size, one.text.data);
        there = there || strcmp(text, last) == 0;
        assert_done(aisle_search(catalog, &(aisle_query){.size = sizeof(aisle_query), .text = text, .no_typos = true},
                                 &result, &error));
        assert_true(aisle_result_total(result, NULL) != 0);
    }
    aisle_result_free(result);
    aisle_suggestions_free(suggestions);
    return there;
}

/* Those that find nothing are remembered, so that each call gets further; without a cache each gets as far. */
static void frequent_words_are_compared_in_a_bounded_number_of_windows(void **state)
{
    aisle_options options = {.size = sizeof options, .cache_bytes = 1};
    bool complete;
    unsigned calls = 1;
    (void)state;
    aisle *catalog = open_large_shop("windows");
    learn_in_vain(catalog, 10, true, "wa0 wa9");
    assert_true(suggests(catalog, "wa", "wa0 wa9", &complete) && complete);
    learn_in_vain(catalog, 200, true, "wa0 wa9 wa8");
    (void)suggests(catalog, "wa", "wa0 wa9 wa8", &complete);
    for (; !complete; calls++) {
        assert_true(calls < 100);
        (void)suggests(catalog, "wa", "wa0 wa9 wa8", &complete);
    }
    assert_true(calls > 1);
    assert_true(suggests(catalog, "wa", "wa0 wa9 wa8", &complete) && complete);
    aisle_close(catalog);
    assert_done(aisle_open(path_of("windows"), &options, &catalog, &error));
    for (unsigned i = 0; i < 3; i++) {
        (void)suggests(catalog, "wa", "wa0 wa9 wa8", &complete);
        assert_false(complete);
    }
    aisle_close(catalog);
}

/* A share of 4,096 documents: the last of the products is met by the seventh call. Meanwhile others are shown. */
static void what_one_call_cannot_decide_is_decided_by_later_ones(void **state)
{
    static const char *const searches[] = {"wa3 xb3", "wa0 xb9"}; /* nothing has the first; one product the second */
    (void)state;
    aisle *catalog = open_large_shop("share");
    for (size_t i = 0; i < 2; i++) {
        bool complete;
        bool there = false;
        unsigned calls = 0;
        char lines[64];
        aisle_writer *writer = begin_writing(catalog);
        snprintf(lines, sizeof lines, "%s\t1\nwa0 wa9\t1\n", searches[i]);
        assert_done(aisle_learn(writer, text_bytes(lines), &error));
        if (i == 1) {
            put_title(writer, "both", "xb0 xb1 xb2 xb3 xb4 xb5 xb6 xb7 xb8 xb9 and behind all of them wa0 as well");
            assert_done(aisle_compact(writer, &error)); /* one segment, in which it is the last */
        }
        commit(writer);
        aisle_writer_free(writer);
        catalog->suggest_share = 4096;
        for (complete = false; !complete; calls++) {
            assert_true(calls < 20);
            there = suggests(catalog, "wa", searches[i], &complete);
            assert_true(there == (complete && i == 1));
            bool is_decided = complete;
            assert_true(suggests(catalog, "wa", "wa0 wa9", &complete));
            complete = is_decided;
        }
        assert_true(calls > 2);
    }
    aisle_close(catalog);
}

static void so_many_suggestions_without_products_are_passed_over(void **state)
{
    bool complete;
    (void)state;
    create_catalog("vain", shop_schema, 1);
    aisle *catalog = open_catalog("vain");
    aisle_writer *writer = begin_writing(catalog);
    put_product(writer, "1", "wa lamp", "Acme", "\"Light\"", 100000);
    put_product(writer, "2", "desk lamp", "Acme", "\"Light\"", 1);
    commit(writer);
    aisle_writer_free(writer);
    learn_in_vain(catalog, 256, false, "wa light");
    assert_true(suggests(catalog, "wa", "wa light", &complete) && complete);
    learn_in_vain(catalog, 257, false, "wa light");
    assert_false(suggests(catalog, "wa", "wa light", &complete) || complete);
    aisle_close(catalog);
}

/* One that cannot be judged is left out alone: those behind it are shown, and the answer says so. */
static void so_many_dead_products_are_passed_over(void **state)
{
    bool complete;
    char id[16];
    (void)state;
    aisle *catalog = open_large_shop("dead");
    aisle_writer *writer = begin_writing(catalog);
    assert_done(aisle_learn(writer, text_bytes("acme lamp glass\t1\n"), &error));
    for (unsigned i = 0; i < DEAD_MAX; i++) {
        snprintf(id, sizeof id, "short%u", i);
        erase(writer, id);
    }
    commit(writer);
    assert_true(suggests(catalog, "acme", "Acme lamp", &complete) && complete);
    erase(writer, "middle");
    commit(writer);
    assert_false(suggests(catalog, "acme", "Acme lamp", &complete) || complete);
    assert_true(suggests(catalog, "acme", "acme lamp glass", &complete) && !complete);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

/* ---- lives ---- */

static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#define PRODUCTS 60u

static void put_any(aisle_writer *writer, unsigned number, uint64_t r)
{
    static const char *const words[] = {"red", "Blue", "trail", "Runner", "shoe", "lamp", "desk", "pro"};
    static const char *const brands[] = {"Acme", "Bolt", "acme", "Core Line"};
    static const char *const categories[] = {"\"Shoes\",\"Running\"", "\"Home\",\"Lamps\"", "\"Home\""};
    char id[16];
    char title[128];
    snprintf(id, sizeof id, "p%u", number);
    snprintf(title, sizeof title, "%s %s %s", words[r % 8], words[(r >> 8) % 8], words[(r >> 16) % 8]);
    put_product(writer, id, title, brands[(r >> 24) % 4], categories[(r >> 32) % 3], (unsigned)(r >> 40) % 50);
}

/* All that is suggested for some prefixes, with weights, as text. */
static char *answers_of(aisle *catalog)
{
    static const char *const typed[] = {"", "a", "b", "bol", "tra", "re", "shoe", "acme r", "core", "lamp", "lmap"};
    static const char *const contexts[] = {NULL, "brand:acme", "category:Home", "category:Shoes > Running"};
    char *all = mem_calloc(1, 1 << 20);
    size_t size = 0;
    for (size_t i = 0; i < sizeof typed / sizeof typed[0] * 4; i++) {
        aisle_suggest_query query = {
            .size = sizeof query, .typed = typed[i / 4], .context = contexts[i % 4], .limit = 64};
        aisle_suggestions *suggestions = NULL;
        aisle_suggestion one;
        assert_done(aisle_suggest(catalog, &query, &suggestions, &error));
        for (size_t s = 0; aisle_suggestions_get(suggestions, s, &one) == 0; s++) {
            size += (size_t)snprintf(all + size, (1 << 20) - size, "%zu %.*s %.3f %s %u\n", i, (int)one.text.size,
                                     one.text.data, one.weight, one.kind, one.edits);
        }
        aisle_suggestions_free(suggestions);
    }
    return all;
}

/* Every suggestion finds something, and every one that all products of the catalog make is there. */
static void expect_that_each_leads_somewhere(aisle *catalog)
{
    aisle_suggestions *suggestions = NULL;
    aisle_result *result = NULL;
    aisle_suggestion one;
    aisle_suggest_query query = {.size = sizeof query, .limit = 64};
    assert_done(aisle_suggest(catalog, &query, &suggestions, &error));
    for (size_t i = 0; aisle_suggestions_get(suggestions, i, &one) == 0; i++) {
        char text[256];
        snprintf(text, sizeof text, "%.*s", (int)one.text.size, one.text.data);
        assert_done(aisle_search(catalog, &(aisle_query){.size = sizeof(aisle_query), .text = text}, &result, &error));
        assert_true(aisle_result_total(result, NULL) != 0);
    }
    aisle_result_free(result);
    aisle_suggestions_free(suggestions);
}

/* Puts, replaces, patches and deletes in many commits; then compaction must leave what a catalog made anew has. */
static void compaction_leaves_what_a_rebuild_has(void **state)
{
    (void)state;
    for (unsigned long round = 0; round < rounds; round++) {
        uint64_t content[PRODUCTS] = {0};
        char living[32];
        char fresh[32];
        random_state = seed + round;
        snprintf(living, sizeof living, "living%lu", round);
        snprintf(fresh, sizeof fresh, "fresh%lu", round);
        create_catalog(living, shop_schema, round % 2 == 0 ? 1 : 3);
        create_catalog(fresh, shop_schema, round % 2 == 0 ? 1 : 3);
        aisle *catalog = open_catalog(living);
        aisle_writer *writer = begin_writing(catalog);
        for (unsigned step = 0; step < 300; step++) {
            unsigned number = (unsigned)(next_random() % PRODUCTS);
            uint64_t r = next_random() | 1;
            char id[16];
            snprintf(id, sizeof id, "p%u", number);
            if (r % 5 == 0 && content[number] != 0) {
                erase(writer, id);
                content[number] = 0;
            } else {
                put_any(writer, number, r);
                content[number] = r;
            }
            if (next_random() % 7 == 0) {
                commit(writer);
                expect_that_each_leads_somewhere(catalog);
            }
        }
        assert_done(aisle_compact(writer, &error));
        aisle_writer_free(writer);
        aisle *other = open_catalog(fresh);
        writer = begin_writing(other);
        for (unsigned i = 0; i < PRODUCTS; i++) {
            if (content[i] != 0) {
                put_any(writer, i, content[i]);
            }
        }
        assert_done(aisle_compact(writer, &error));
        aisle_writer_free(writer);
        char *expected = answers_of(other);
        char *found = answers_of(catalog);
        assert_string_equal(found, expected);
        aisle_close(catalog);
        catalog = open_catalog(living);
        char *again = answers_of(catalog);
        assert_string_equal(again, expected);
        mem_free(again);
        mem_free(found);
        mem_free(expected);
        aisle_close(other);
        aisle_close(catalog);
    }
}

static void *keep_asking(void *catalog)
{
    aisle_suggestions *suggestions = NULL;
    for (unsigned i = 0; i < 300; i++) {
        aisle_suggest_query query = {.size = sizeof query, .typed = i % 2 == 0 ? "b" : "trial"};
        if (aisle_suggest(catalog, &query, &suggestions, NULL) != 0) {
            return "failed";
        }
    }
    aisle_suggestions_free(suggestions);
    return NULL;
}

static void two_threads_ask_while_one_writes(void **state)
{
    pthread_t threads[2];
    (void)state;
    aisle *catalog = open_shop("threads", 2);
    aisle_writer *writer = begin_writing(catalog);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, keep_asking, catalog), 0);
    }
    for (unsigned i = 0; i < 15; i++) {
        put_any(writer, i, next_random());
        commit(writer);
    }
    for (unsigned i = 0; i < 2; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
}

int main(int argc, char **argv)
{
    rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : rounds;
    seed = argc > 2 ? strtoull(argv[2], NULL, 0) : seed;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_suggest_brands_categories_and_titles),
        cmocka_unit_test(what_is_typed_may_be_wrong_unless_it_is_exact),
        cmocka_unit_test(nothing_typed_suggests_the_most_popular),
        cmocka_unit_test(a_context_has_weights_of_its_own),
        cmocka_unit_test(a_keyword_category_is_its_first_value),
        cmocka_unit_test(deleted_products_suggest_nothing),
        cmocka_unit_test(learned_searches_are_replaced_by_the_next),
        cmocka_unit_test(a_text_of_too_many_words_hides_no_other),
        cmocka_unit_test(lines_that_are_no_searches_are_refused_and_named),
        cmocka_unit_test(limits_of_a_question_are_kept),
        cmocka_unit_test(a_catalog_without_products_suggests_nothing),
        cmocka_unit_test(a_warmed_up_call_allocates_nothing),
        cmocka_unit_test(frequent_words_are_compared_in_a_bounded_number_of_windows),
        cmocka_unit_test(what_one_call_cannot_decide_is_decided_by_later_ones),
        cmocka_unit_test(so_many_suggestions_without_products_are_passed_over),
        cmocka_unit_test(so_many_dead_products_are_passed_over),
        cmocka_unit_test(compaction_leaves_what_a_rebuild_has),
        cmocka_unit_test(two_threads_ask_while_one_writes),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
