/*
 * test_query_scan.c - queries over more products than windows and superblocks hold: the best ten are the beginning of
 * the best ten thousand, totals are those counted by hand, and a warm query takes no memory.
 *
 * Word number i is in a product's title or body by a hash of both numbers, so the test knows every answer without the
 * engine. Few products are deleted, and a second segment repeats the words, so that ties cross segments. Every query is
 * also asked of the same catalog with helpers, who must change nothing.
 */
#include "index_fixture.h"

#include "base/alloc.h"
#include "base/arena.h"

#define SCHEMA                                                                                                  \
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":3}," \
    "\"body\":{\"type\":\"text\"}}}"
#define PRODUCTS 40000u
#define SECOND 34000u /* the first product of the second segment */
#define WORDS 10u
#define TERMS_MAX 5u
#define MANY 10000u
#define WARM 100u
#define WARMING_MAX 3000u

/* One product in so many has the word, in the title or in the body. */
static const uint32_t rarity[WORDS] = {2, 3, 4, 9, 30, 150, 900, 4000, 2, 12000};
static const char *const words[WORDS] = {"alfa", "bravo", "charly", "delta", "echo",
                                         "alto", "golf",  "hotel",  "all",   "juliet"};

/* One product in UNEVEN_RARITY has each of these in the body, few in the title: blocks of postings differ in worth. */
#define UNEVEN_RARITY 12u
#define UNEVEN_TITLES 100u
static const char *const uneven[] = {"kilo", "lima", "mike"};

#define HELPED_THREADS 3u

static aisle *catalog;
static aisle *helped; /* the same, whose searches several threads work on */
static aisle_result *few;
static aisle_result *many;
static uint32_t random_state = 1;

static uint32_t draw(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)random_state * limit >> 32);
}

static uint32_t mix(uint32_t product, uint32_t word)
{
    uint32_t x = product * 0x9e3779b1u + word * 0x85ebca6bu + 1;
    x = (x ^ x >> 15) * 0x2c1b3c6du;
    x = (x ^ x >> 12) * 0x297a2d39u;
    return x ^ x >> 15;
}

static bool is_deleted(uint32_t product)
{
    return mix(product, 99) % 50 == 0;
}

static bool has_word(uint32_t product, uint32_t word)
{
    return mix(product, word) % rarity[word] == 0;
}

static void put_product(aisle_writer *writer, uint32_t product)
{
    char title[512] = "";
    char body[512] = "";
    char text[1200];
    for (uint32_t word = 0; word < WORDS; word++) {
        uint32_t form = mix(product, word + 1000) % 8;
        if (has_word(product, word)) {
            strcat(form < 5 ? title : body, words[word]);
            strcat(form == 0 ? title : body, form < 2 ? " " : "");
            strcat(form == 0 ? title : body, form < 2 ? words[word] : "");
            strcat(title, " ");
            strcat(body, " ");
        }
    }
    for (uint32_t i = 0; i < sizeof uneven / sizeof uneven[0]; i++) {
        if (mix(product, 3000 + i) % UNEVEN_RARITY == 0) {
            char *field = mix(product, 4000 + i) % UNEVEN_TITLES == 0 ? title : body;
            strcat(field, uneven[i]);
            strcat(field, " ");
        }
    }
    for (uint32_t filler = mix(product, 2000) % 12; filler > 0; filler--) {
        strcat(body, "x ");
    }
    snprintf(text, sizeof text, "{\"id\":\"P%05u\",\"title\":\"%s\",\"body\":\"%s\"}", product, title, body);
    put(writer, text);
}

static int make_catalog(void **state)
{
    if (make_directory(state) != 0) {
        return -1;
    }
    create_catalog("scan", SCHEMA, 1);
    catalog = open_catalog("scan");
    aisle_writer *writer = begin_writing(catalog);
    for (uint32_t product = 0; product < PRODUCTS; product++) {
        put_product(writer, product);
        if (product + 1 == SECOND) {
            commit(writer);
        }
    }
    commit(writer);
    for (uint32_t product = 0; product < PRODUCTS; product++) {
        char id[16];
        snprintf(id, sizeof id, "P%05u", product);
        if (is_deleted(product)) {
            assert_done(aisle_delete(writer, text_bytes(id), &error));
        }
    }
    commit(writer);
    aisle_writer_free(writer);
    aisle_options options = {.size = sizeof options, .search_threads = HELPED_THREADS, .search_threads_from = 1};
    assert_done(aisle_open(path_of("scan"), &options, &helped, &error));
    return 0;
}

static int drop_catalog(void **state)
{
    aisle_result_free(few);
    aisle_result_free(many);
    aisle_close(helped);
    aisle_close(catalog);
    return remove_directory(state);
}

static void search_in(aisle *in, const char *text, uint32_t limit, bool no_total, aisle_result **result)
{
    aisle_query query = {
        .size = sizeof query, .text = text, .limit = limit, .no_total = no_total, .no_products = true};
    assert_done(aisle_search(in, &query, result, &error));
}

static void search(const char *text, uint32_t limit, bool no_total, aisle_result **result)
{
    search_in(catalog, text, limit, no_total, result);
}

/* The best few are the first of the best many, which no minimum has pruned until there are so many. */
static void expect_prefix(aisle *in, const char *text, uint32_t limit)
{
    search_in(in, text, limit, true, &few);
    size_t count = aisle_result_count(few);
    size_t most = aisle_result_count(many);
    assert_int_equal(count, most < limit ? most : limit);
    for (size_t i = 0; i < count; i++) {
        aisle_hit a;
        aisle_hit b;
        assert_int_equal(aisle_result_hit(few, i, &a), 0);
        assert_int_equal(aisle_result_hit(many, i, &b), 0);
        if (a.score != b.score || a.id.size != b.id.size || memcmp(a.id.data, b.id.data, a.id.size) != 0) {
            print_message("%s: hit %zu of %u\n", text, i, limit);
        }
        assert_true(a.score == b.score);
        assert_memory_equal(a.id.data, b.id.data, a.id.size);
    }
}

static void expect(const char *text, uint64_t total)
{
    search(text, MANY, false, &many);
    if (aisle_result_total(many, NULL) != total) {
        print_message("query: %s\n", text);
    }
    assert_int_equal(aisle_result_total(many, NULL), total);
    assert_int_equal(aisle_result_count(many), total < MANY ? total : MANY);
    expect_prefix(catalog, text, 10);
    expect_prefix(catalog, text, 1);
    expect_prefix(catalog, text, 300);
    expect_prefix(helped, text, 10);
    expect_prefix(helped, text, MANY);
    search_in(helped, text, 1, false, &few);
    assert_int_equal(aisle_result_total(few, NULL), total);
}

/* Bits of the words that a product has, and of none when it is deleted. */
static uint64_t count_products(uint32_t wanted, bool all, uint32_t unwanted)
{
    uint64_t count = 0;
    for (uint32_t product = 0; product < PRODUCTS; product++) {
        uint32_t has = 0;
        for (uint32_t word = 0; word < WORDS; word++) {
            has |= ((wanted | unwanted) >> word & 1) != 0 && has_word(product, word) ? 1u << word : 0;
        }
        bool matches = all ? (has & wanted) == wanted : (has & wanted) != 0;
        count += matches && (has & unwanted) == 0 && !is_deleted(product) ? 1 : 0;
    }
    return count;
}

/* Adds count words that are not in *set yet, with what is between them; returns them. */
static uint32_t add_words(char *text, uint32_t count, const char *between, uint32_t set)
{
    uint32_t added = 0;
    for (uint32_t i = 0; i < count;) {
        uint32_t word = draw(WORDS);
        if (((set | added) >> word & 1) == 0) {
            strcat(text, i == 0 ? "" : between);
            strcat(text, words[word]);
            added |= 1u << word;
            i++;
        }
    }
    return added;
}

static void words_that_must_all_occur(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        char text[256] = "";
        uint32_t unwanted = 0;
        uint32_t wanted = add_words(text, 1 + draw(3), " ", 0);
        if (draw(3) == 0) {
            strcat(text, " -");
            unwanted = add_words(text, 1, "", wanted);
        }
        expect(text, count_products(wanted, true, unwanted));
    }
}

static void single_words_count_all_but_the_dead(void **state)
{
    (void)state;
    for (uint32_t word = 0; word < WORDS; word++) {
        expect(words[word], count_products(1u << word, true, 0));
    }
}

static void words_of_which_one_must_occur(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        char text[256] = "";
        expect(text, count_products(add_words(text, 2 + draw(TERMS_MAX - 1), " OR ", 0), false, 0));
    }
}

static void rare_words_whose_blocks_differ(void **state)
{
    (void)state;
    static const char *const texts[] = {"kilo OR lima", "kilo OR lima OR mike", "kilo OR lima OR echo",
                                        "lima OR mike OR alto OR golf", "kilo OR mike OR delta OR alfa"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        search(texts[i], MANY, false, &many);
        expect(texts[i], aisle_result_total(many, NULL));
    }
}

static void prefixes_phrases_and_mixtures(void **state)
{
    (void)state;
    uint32_t with_al = 1u << 0 | 1u << 5 | 1u << 8;
    expect("al*", count_products(with_al, false, 0));
    expect("all", count_products(1u << 8, true, 0));
    expect("juliet OR hotel", count_products(1u << 9 | 1u << 7, false, 0));
    search("\"alfa bravo\"", MANY, false, &many);
    expect("\"alfa bravo\"", aisle_result_total(many, NULL));
    search("title:delta bravo al*", MANY, false, &many);
    expect("title:delta bravo al*", aisle_result_total(many, NULL));
    search("delta al* -\"echo alto\"", MANY, false, &many);
    expect("delta al* -\"echo alto\"", aisle_result_total(many, NULL));
}

static void a_warm_query_takes_no_memory(void **state)
{
    (void)state;
#if ARENA_GUARDED
    skip(); /* each object of an arena is an allocation of its own */
#endif
    static const char *const texts[] = {"alfa",        "alfa bravo",         "alfa bravo charly", "alfa OR bravo",
                                        "echo OR golf", "\"alfa bravo\"", "alfa OR delta OR golf OR hotel OR echo"};
    /* Who helps is chance, so that helpers are warm at some time: then many searches in a row are as they should. */
    for (unsigned helps = 0; helps < 2; helps++) {
        unsigned warm = 0;
        for (unsigned i = 0; i < WARMING_MAX && warm < WARM; i++) {
            unsigned long before = alloc_calls();
            search_in(helps == 0 ? catalog : helped, texts[i % (sizeof texts / sizeof texts[0])], 10, false, &few);
            warm = alloc_calls() == before ? warm + 1 : 0;
        }
        assert_int_equal(warm, WARM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_must_all_occur),
        cmocka_unit_test(single_words_count_all_but_the_dead),
        cmocka_unit_test(words_of_which_one_must_occur),
        cmocka_unit_test(rare_words_whose_blocks_differ),
        cmocka_unit_test(prefixes_phrases_and_mixtures),
        cmocka_unit_test(a_warm_query_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, make_catalog, drop_catalog);
}
