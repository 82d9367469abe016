/*
 * test_oracle_phrases.c - the oracle's phrases, proximity and field restriction against cases worked out by hand.
 *
 * Each case is a product or a few, and what the definition says of them: where words stand, what a way through a
 * phrase costs, which fields are looked at, what is refused. The engine takes no part.
 */
#include "aisle.h"
#include "oracle/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A catalog of one text field whose products have these titles and the ids A, B, C, ... */
static struct oracle *titles(const char *language, const char *const *texts, size_t count)
{
    char json[40000];
    snprintf(json, sizeof json,
             "{\"version\":1,\"id\":\"id\",\"language\":\"%s\",\"fields\":{\"title\":{\"type\":\"text\"},"
             "\"rank\":{\"type\":\"integer\"}},\"order\":[\"rank\"]}",
             language);
    struct oracle *oracle = oracle_new(json);
    assert_non_null(oracle);
    for (size_t i = 0; i < count; i++) {
        snprintf(json, sizeof json, "{\"id\":\"%c\",\"title\":\"%s\"}", (int)('A' + i), texts[i]);
        assert_int_equal(oracle_put(oracle, json), 0);
    }
    return oracle;
}

#define TITLES(language, ...)                                                                          \
    titles(language, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* Whether a single product of this title is found. */
static void expect_title(const char *language, const char *title, const char *text, bool found)
{
    struct oracle *oracle = titles(language, &title, 1);
    expect_set(oracle, text, found ? "A" : "");
    oracle_free(oracle);
}

static void a_phrase_is_neighbours_in_their_order(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red shoe", "shoe red", "red big shoe");
    expect_set(oracle, "\"red shoe\"", "A");
    expect_set(oracle, "\"shoe red\"", "B");
    expect_set(oracle, "\"red big shoe\"", "C");
    expect_set(oracle, "\"big shoe\"", "C");
    expect_set(oracle, "\"RED, shoe!\"", "A");
    expect_set(oracle, "\"red shoe\"~0", "A");
    expect_set(oracle, "\"red blue\"", "");
    expect_set(oracle, "red shoe", "A B C");
    oracle_free(oracle);
}

static void signs_take_no_position(void **state)
{
    (void)state;
    expect_title("none", "red, (shoe)", "\"red shoe\"", true);
    expect_title("none", "red / - + shoe", "\"red shoe\"", true);
    expect_title("none", "usb 64 GB stick", "\"64gb stick\"", true);
    expect_title("none", "usb 64 GB stick", "\"usb 64 gb stick\"", true);
    expect_title("none", "men's shoe", "\"men shoe\"", true);
}

/* The costs of the definition: what is skipped, counted in words, and two for a transposition. */
static void slop_pays_for_what_lies_between(void **state)
{
    (void)state;
    static const struct {
        const char *title, *words;
        unsigned cost;
    } cases[] = {
        {"red shoe", "red shoe", 0},
        {"red a shoe", "red shoe", 1},
        {"red a b shoe", "red shoe", 2},
        {"shoe red", "red shoe", 2},              /* 2 back: from the end of red at 2 to the start of shoe at 0 */
        {"shoe a red", "red shoe", 3},
        {"red a shoe b men", "red shoe men", 2},
        {"red men shoe", "red shoe men", 3},      /* 1 over men, then 2 back */
        {"shoe red men", "red shoe men", 3},      /* 2 back, then 1 over red */
        {"men shoe red", "red shoe men", 4},      /* 2 back and 2 back */
        {"red shoe x red men", "red shoe men", 2},
        {"red a b c shoe red d shoe", "red shoe", 1}, /* the cheapest of all ways; red follows shoe there */
        {"red shoe", "red shoe red", 2},          /* only neighbours must differ: red, shoe, and back to red */
        {"red shoe", "shoe red shoe", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned slop = 0; slop <= 6; slop++) {
            char text[100];
            snprintf(text, sizeof text, "\"%s\"~%u", cases[i].words, slop);
            expect_title("none", cases[i].title, text, slop >= cases[i].cost);
        }
    }
}

static void the_largest_slop_is_63(void **state)
{
    (void)state;
    char title[400] = "red";
    for (unsigned i = 0; i < 63; i++) {
        strcat(title, " x");
    }
    strcat(title, " shoe");
    expect_title("none", title, "\"red shoe\"~63", true);
    expect_title("none", title, "\"red shoe\"~62", false);
    expect_title("none", title, "\"red shoe\"~000063", true);
    struct oracle *oracle = TITLES("none", "red shoe");
    expect_refused(oracle, "\"red shoe\"~64", AISLE_LIMIT);
    expect_refused(oracle, "\"red shoe\"~18446744073709551617", AISLE_LIMIT);
    expect_refused(oracle, "shoe -\"red shoe\"~64", AISLE_LIMIT);
    expect_refused(oracle, "title:\"red shoe\"~640", AISLE_LIMIT);
    expect_set(oracle, "\"red shoe\"~06", "A");
    oracle_free(oracle);
}

static void repeated_words_need_places_of_their_own(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red shoe", "red red shoe", "red big red");
    expect_set(oracle, "\"red red\"", "B");
    expect_set(oracle, "\"red red\"~1", "B C");
    expect_set(oracle, "\"red red\"~63", "B C");
    expect_set(oracle, "\"red red red\"", "");
    expect_set(oracle, "\"red red red\"~2", "B"); /* there and back */
    expect_set(oracle, "\"red red red\"~3", "B");
    expect_set(oracle, "\"red red red\"~4", "B C"); /* over big, and 3 back */
    oracle_free(oracle);
}

static void compounds_match_as_one_or_as_parts(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "t-shirt red", "tshirt red", "t shirt red");
    expect_set(oracle, "\"t-shirt red\"", "A B C");
    expect_set(oracle, "\"tshirt red\"", "A B C");
    expect_set(oracle, "\"t shirt red\"", "A B C");
    expect_set(oracle, "\"shirt red\"", "A C");
    expect_set(oracle, "\"t red\"", "");
    expect_set(oracle, "\"t red\"~1", "A C");
    expect_set(oracle, "\"t-shirt\"", "A B C");
    expect_set(oracle, "\"t tshirt\"~63", ""); /* both begin at the same word */
    expect_set(oracle, "\"tshirt shirt\"~1", "A C"); /* one back from behind the compound to its second part */
    expect_set(oracle, "\"tshirt shirt\"", "");
    oracle_free(oracle);
}

static void compounds_in_the_middle_and_of_several_parts(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red x-y-z shoe", "red xyz shoe", "red x y z shoe", "red x-y z shoe");
    expect_set(oracle, "\"red xyz shoe\"", "A B");
    expect_set(oracle, "\"red x-y-z shoe\"", "A B C D");
    expect_set(oracle, "\"red x y z shoe\"", "A C D");
    expect_set(oracle, "\"red x-y z shoe\"", "A C D");
    expect_set(oracle, "\"red xy z shoe\"", "A D");
    expect_set(oracle, "\"red shoe\"~1", "B");
    expect_set(oracle, "\"red shoe\"~2", "B");
    expect_set(oracle, "\"red shoe\"~3", "A B C D");
    oracle_free(oracle);
    /* Of more than four parts there is no compound: only the parts match. */
    expect_title("none", "a-b-c-d-e f", "\"abcde f\"", false);
    expect_title("none", "a b c d e f", "\"a-b-c-d-e f\"", true);
    expect_title("none", "abcde f", "\"a-b-c-d-e f\"", false);
}

static void stems_are_neighbours_too(void **state)
{
    (void)state;
    expect_title("english", "running shoes", "\"run shoe\"", true);
    expect_title("english", "running shoes", "\"runs shoes\"", true);
    expect_title("none", "running shoes", "\"run shoe\"", false);
}

/* "run-s" makes run, s and the compound runs, whose stem is run again: one term at one place, with the word's span. */
static void a_compound_whose_stem_is_its_first_word_is_dropped(void **state)
{
    (void)state;
    expect_title("english", "run-s shoe", "\"run shoe\"", false);
    expect_title("english", "run-s shoe", "\"run shoe\"~1", true);
    expect_title("english", "run-s shoe", "\"runs shoe\"", false);
    expect_title("english", "run-s shoe", "\"run-s shoe\"", true);
    expect_title("english", "run-t shoe", "\"runt shoe\"", true);
}

static void a_prefix_may_end_a_phrase(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red shoe", "red shirt", "shoe red", "red t-shirt", "red tshirt");
    expect_set(oracle, "\"red sh*\"", "A B");
    expect_set(oracle, "\"red s*\"", "A B");
    expect_set(oracle, "\"red sho*\"", "A");
    expect_set(oracle, "\"red t-shi*\"", "D E");
    expect_set(oracle, "\"red tsh*\"", "D E");
    expect_set(oracle, "\"red t*\"", "D E");
    expect_set(oracle, "\"red sh*\"~1", "A B D");
    expect_set(oracle, "\"red sh*\"~2", "A B C D");
    expect_set(oracle, "\"sh*\"", "A B C D");
    expect_set(oracle, "\"re* shoe\"", ""); /* a star elsewhere separates */
    expect_set(oracle, "\"red* shoe\"", "A");
    expect_set(oracle, "\"red sho *\"", "");
    expect_set(oracle, "\"red sho\"*", "");
    expect_set(oracle, "\"red shoe\"*", "A");
    oracle_free(oracle);
}

static const char *const shop =
    "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5},"
    "\"description\":{\"type\":\"text\",\"positions\":true},\"brand\":{\"type\":\"keyword\",\"search_weight\":3},"
    "\"tags\":{\"type\":\"keyword\",\"search_weight\":1},\"category\":{\"type\":\"path\",\"search_weight\":1},"
    "\"material\":{\"type\":\"keyword\",\"search_weight\":2,\"positions\":false},\"colour\":{\"type\":\"keyword\"},"
    "\"sku\":{\"type\":\"keyword\",\"code\":true}}}";

static struct oracle *small_shop(void)
{
    struct oracle *oracle = oracle_new(shop);
    assert_non_null(oracle);
    assert_int_equal(oracle_put(oracle, "{\"id\":\"A\",\"title\":\"Red shoe\",\"description\":\"light trail\","
                                        "\"brand\":\"North Star\",\"tags\":[\"summer sale\",\"new in\"],"
                                        "\"category\":[\"Outdoor Wear\",\"Trail Shoes\"],"
                                        "\"material\":\"suede leather\",\"sku\":\"AB-12\",\"colour\":\"dark red\"}"),
                     0);
    assert_int_equal(oracle_put(oracle, "{\"id\":\"B\",\"title\":\"Star shoe of the north\",\"description\":"
                                        "\"red shoe, light trail shoes\",\"brand\":\"Acme\",\"tags\":\"\"}"),
                     0);
    return oracle;
}

static void values_are_never_crossed(void **state)
{
    (void)state;
    struct oracle *oracle = small_shop();
    expect_set(oracle, "\"summer sale\"", "A");
    expect_set(oracle, "\"new in\"", "A");
    expect_set(oracle, "\"sale new\"", "");
    expect_set(oracle, "\"sale new\"~63", "");
    expect_set(oracle, "\"new sale\"~63", "");
    expect_set(oracle, "\"sale in\"~63", "");
    expect_set(oracle, "\"wear trail\"~63", "");
    expect_set(oracle, "\"shoes outdoor\"~63", "");
    expect_set(oracle, "\"trail shoes\"", "A B");
    expect_set(oracle, "category:\"trail shoes\"", "A");
    expect_set(oracle, "\"sale summer\"~2", "A");
    oracle_free(oracle);
    oracle = oracle_new(shop);
    assert_int_equal(
        oracle_put(oracle, "{\"id\":\"A\",\"title\":[\"red\",\"\",\"shoe\"],\"tags\":[\"x\",\"x\"]}"), 0);
    expect_set(oracle, "\"red shoe\"~63", "");
    expect_set(oracle, "\"x x\"~63", "");
    expect_set(oracle, "red shoe", "A");
    assert_int_equal(oracle_put(oracle, "{\"id\":\"A\",\"title\":[\"tshirt\",\"t-shirt red\"]}"), 0);
    expect_set(oracle, "\"tshirt red\"", "A"); /* the word in the first value hides no compound of the second */
    oracle_free(oracle);
}

static void fields_are_never_crossed(void **state)
{
    (void)state;
    struct oracle *oracle = small_shop();
    expect_set(oracle, "\"shoe light\"~63", "B");
    expect_set(oracle, "\"trail north\"~63", "");
    expect_set(oracle, "\"red shoe\"", "A B"); /* each within a field of its own */
    expect_set(oracle, "\"north star\"", "A");
    expect_set(oracle, "\"star north\"~3", "A B");
    expect_set(oracle, "\"ab 12\"", "A");
    expect_set(oracle, "\"dark red\"~63", ""); /* colour is not searched */
    oracle_free(oracle);
}

static void fields_without_positions_have_no_phrases(void **state)
{
    (void)state;
    struct oracle *oracle = small_shop();
    expect_set(oracle, "\"suede leather\"", "");
    expect_set(oracle, "\"suede leather\"~63", "");
    expect_set(oracle, "suede leather", "A");
    expect_set(oracle, "material:leather", "A");
    expect_set(oracle, "material:leath*", "A");
    expect_set(oracle, "material:\"leather\"", "A");
    expect_set(oracle, "material:\"leath*\"~5", "A");
    expect_refused(oracle, "material:\"suede leather\"", AISLE_BAD_QUERY);
    expect_refused(oracle, "material:\"t-shirt\"", AISLE_BAD_QUERY);
    expect_refused(oracle, "shoe -material:\"suede leather\"", AISLE_BAD_QUERY);
    expect_refused(oracle, "shoe OR material:\"nothing known\"", AISLE_BAD_QUERY);
    expect_set(oracle, "shoe material:\"\"", "A B");
    oracle_free(oracle);
    oracle = oracle_new("{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\",\"positions\":false},"
                        "\"tags\":{\"type\":\"keyword\"}}}");
    assert_int_equal(oracle_put(oracle, "{\"id\":\"A\",\"title\":\"red shoe\",\"tags\":\"red shoe\"}"), 0);
    expect_refused(oracle, "\"red shoe\"", AISLE_BAD_QUERY);
    expect_refused(oracle, "-\"red shoe\"", AISLE_BAD_QUERY);
    expect_set(oracle, "\"red\" \"shoe\"", "A");
    expect_set(oracle, "title:\"red\"", "A");
    expect_set(oracle, "\"\" red", "A");
    oracle_free(oracle);
}

static void words_are_restricted_to_any_searchable_field(void **state)
{
    (void)state;
    struct oracle *oracle = small_shop();
    expect_set(oracle, "title:star", "B");
    expect_set(oracle, "brand:star", "A");
    expect_set(oracle, "brand:north title:red", "A");
    expect_set(oracle, "description:red", "B");
    expect_set(oracle, "tags:new", "A");
    expect_set(oracle, "tags:ne*", "A");
    expect_set(oracle, "category:shoe*", "A");
    expect_set(oracle, "sku:ab12", "A");
    expect_set(oracle, "sku:ab-12", "A");
    expect_set(oracle, "colour:red", ""); /* not searchable: two words */
    assert_int_equal(oracle_put(oracle, "{\"id\":\"C\",\"tags\":\"red colour\"}"), 0);
    expect_set(oracle, "colour:red", "C");
    assert_int_equal(oracle_delete(oracle, "C"), 0);
    expect_set(oracle, "star -brand:star", "B");
    expect_set(oracle, "brand:acme OR tags:sale", "A B");
    expect_set(oracle, "brand:\"north star\"", "A");
    expect_set(oracle, "description:\"red shoe\"", "B");
    expect_set(oracle, "title:\"red shoe\"", "A");
    expect_set(oracle, "title:\"star north\"~3", "B");
    expect_set(oracle, "title:\"star north\"~2", "");
    expect_set(oracle, "brand:\"star north\"~2", "A");
    expect_set(oracle, "brand: star", ""); /* nothing directly behind the colon: a word "brand" */
    oracle_free(oracle);
}

static void a_restricted_word_scores_as_the_word_does(void **state)
{
    (void)state;
    struct oracle *oracle = small_shop();
    int64_t star = expect_score(oracle, "star -title:star");
    assert_true(star > 0);
    assert_int_equal(expect_score(oracle, "brand:star"), star);
    assert_int_equal(expect_score(oracle, "brand:\"star\""), star);
    assert_int_equal(expect_score(oracle, "brand:star brand:star"), 2 * star);
    oracle_free(oracle);
}

/* Only terms that stand in the field count: of a prefix, the best of those. */
static void a_restricted_prefix_scores_by_its_terms_in_the_field(void **state)
{
    (void)state;
    struct oracle *oracle = oracle_new(shop);
    assert_int_equal(oracle_put(oracle, "{\"id\":\"A\",\"title\":\"starling\",\"tags\":\"star\"}"), 0);
    int64_t starling = expect_score(oracle, "starling"), star = expect_score(oracle, "star");
    assert_true(star < starling);
    assert_int_equal(expect_score(oracle, "star*"), starling);
    assert_int_equal(expect_score(oracle, "title:star*"), starling);
    assert_int_equal(expect_score(oracle, "tags:star*"), star);
    oracle_free(oracle);
}

static void a_phrase_scores_as_its_words_do(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red shoe", "red t-shirt", "tshirt red", "blue hat");
    assert_int_equal(expect_score(oracle, "\"red shoe\""), expect_score(oracle, "red shoe"));
    assert_int_equal(expect_score(oracle, "\"shoe red\"~2"), expect_score(oracle, "red shoe"));
    assert_int_equal(expect_score(oracle, "\"red t-shirt\""), expect_score(oracle, "red t shirt -\"tshirt red\""));
    assert_int_equal(expect_score(oracle, "\"tshirt red\""), expect_score(oracle, "tshirt red -t"));
    assert_int_equal(expect_score(oracle, "\"red red\" OR \"red shoe\""), expect_score(oracle, "red shoe"));
    assert_int_equal(expect_score(oracle, "\"red shoe\" red"), expect_score(oracle, "red red shoe"));
    assert_int_equal(expect_score(oracle, "-\"red shoe\""), 0);
    oracle_free(oracle);
}

/* What the words score does not depend on where the phrase was found. */
static void parts_count_from_all_fields(void **state)
{
    (void)state;
    struct oracle *oracle = oracle_new(shop);
    assert_int_equal(oracle_put(oracle, "{\"id\":\"A\",\"title\":\"north\",\"brand\":\"north star\","
                                        "\"material\":\"star\"}"),
                     0);
    assert_int_equal(expect_score(oracle, "\"north star\""), expect_score(oracle, "north star"));
    assert_int_equal(expect_score(oracle, "brand:\"north star\""), expect_score(oracle, "north star"));
    oracle_free(oracle);
}

static void words_have_the_stems_of_all_languages(void **state)
{
    (void)state;
    struct oracle *oracle =
        oracle_new("{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"title\":{\"type\":\"text\"},"
                   "\"beschreibung\":{\"type\":\"text\",\"language\":\"german\"},"
                   "\"brand\":{\"type\":\"keyword\",\"search_weight\":1,\"language\":\"none\"}}}");
    assert_int_equal(oracle_put(oracle, "{\"id\":\"A\",\"title\":\"running shoes\"}"), 0);
    assert_int_equal(oracle_put(oracle, "{\"id\":\"B\",\"beschreibung\":\"leichte Schuhe\"}"), 0);
    assert_int_equal(oracle_put(oracle, "{\"id\":\"C\",\"brand\":\"running shoes\"}"), 0);
    assert_int_equal(oracle_put(oracle, "{\"id\":\"D\",\"brand\":\"run shoe\"}"), 0);
    expect_set(oracle, "\"leicht schuh\"", "B");
    expect_set(oracle, "\"leichte schuhe\"", "B");
    expect_set(oracle, "beschreibung:\"leichte schuhe\"", "B");
    expect_set(oracle, "\"running shoes\" -title:shoes -brand:\"run shoe\"", "C");
    expect_set(oracle, "title:\"running shoes\"", "A");
    expect_set(oracle, "title:\"run shoe\"", "A");
    expect_set(oracle, "brand:\"runs shoes\"", "D"); /* by the English stem that D's brand happens to be */
    expect_set(oracle, "brand:\"runs shoe\"", "D");
    expect_set(oracle, "brand:running -brand:run", "C");
    oracle_free(oracle);
}

/* Of each term in each field the first 1,024 places are kept. */
static void places_beyond_1024_are_forgotten(void **state)
{
    (void)state;
    char *json = malloc(40000);
    for (unsigned repeats = 1023; repeats <= 1024; repeats++) {
        struct oracle *oracle = oracle_new(shop);
        strcpy(json, "{\"id\":\"A\",\"title\":\"");
        for (unsigned i = 0; i < repeats; i++) {
            strcat(json, "a ");
        }
        strcat(json, "a shoe\",\"description\":\"a boot\"}");
        assert_int_equal(oracle_put(oracle, json), 0);
        expect_set(oracle, "\"a shoe\"", repeats == 1023 ? "A" : "");
        expect_set(oracle, "\"a shoe\"~1", "A");
        expect_set(oracle, "\"a boot\"", "A"); /* each field counts on its own */
        expect_set(oracle, "title:a", "A");
        oracle_free(oracle);
    }
    free(json);
}

/* The values of one field share its 1,024; compounds that are dropped take from them too. */
static void dropped_compounds_and_all_values_count(void **state)
{
    (void)state;
    char *json = malloc(40000);
    for (unsigned pairs = 511; pairs <= 512; pairs++) {
        struct oracle *oracle = oracle_new("{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{"
                                           "\"title\":{\"type\":\"text\"}}}");
        strcpy(json, "{\"id\":\"A\",\"title\":[\"");
        for (unsigned i = 0; i < pairs; i++) {
            strcat(json, "run-s ");
        }
        strcat(json, "\",\"run shoe\"]}");
        assert_int_equal(oracle_put(oracle, json), 0);
        expect_set(oracle, "\"run shoe\"", pairs == 511 ? "A" : "");
        expect_set(oracle, "\"run shoe\"~63", pairs == 511 ? "A" : "");
        oracle_free(oracle);
    }
    free(json);
}

static void phrases_are_excluded_and_joined_by_or(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red shoe", "shoe red", "blue boot", "boot blue");
    expect_set(oracle, "shoe -\"red shoe\"", "B");
    expect_set(oracle, "-\"red shoe\"", "B C D");
    expect_set(oracle, "-\"red shoe\"~2", "C D");
    expect_set(oracle, "-title:\"red shoe\" -\"boot blue\"", "B C");
    expect_set(oracle, "-\"red sho*\"", "B C D");
    expect_set(oracle, "\"red shoe\" OR \"blue boot\"", "A C");
    expect_set(oracle, "\"red shoe\" OR boot", "A C D");
    expect_set(oracle, "boot OR \"red shoe\"", "A C D");
    expect_set(oracle, "boot OR title:\"red shoe\" OR \"shoe red\"", "A B C D");
    expect_set(oracle, "\"red shoe\" \"shoe red\"", "");
    expect_set(oracle, "\"red shoe\" OR \"blue boot\" -blue", "A");
    expect_set(oracle, "\"OR\"", ""); /* a word */
    oracle_free(oracle);
}

static void quotes_that_are_not_closed_separate(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red shoe", "shoe red", "5 red");
    expect_set(oracle, "\"red shoe", "A B");
    expect_set(oracle, "red shoe\"", "A B");
    expect_set(oracle, "red\" shoe\"", "A B"); /* no piece begins with a quote */
    expect_set(oracle, "\"", "");
    expect_set(oracle, "\"red shoe\" \"shoe", "A");
    expect_set(oracle, "title:\"red shoe", "A B");
    expect_set(oracle, "shoe -\"5 red", "A B"); /* without 5, with red */
    expect_set(oracle, "5\" red", ""); /* inches */
    oracle_free(oracle);
}

static void phrases_end_where_the_quote_closes(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red shoe big", "shoe red big", "64 gb", "64gb gb 64");
    expect_set(oracle, "\"red shoe\"big", "A");
    expect_set(oracle, "\"red shoe\"\"shoe big\"", "A");
    expect_set(oracle, "\"red shoe\"~2big", "A B");
    expect_set(oracle, "\"red shoe\"~big", "A");
    expect_set(oracle, "\"red shoe\"~ 2", ""); /* a word 2 */
    expect_set(oracle, "\"red shoe\"~", "A");
    expect_set(oracle, "\"shoe big\"~1.0", "");
    expect_set(oracle, "\"64 gb\"", "C D"); /* one word: a number and its unit */
    expect_set(oracle, "\"64\" gb", "D");
    expect_set(oracle, "64 \"gb\"", "D");
    oracle_free(oracle);
}

static void phrases_without_words_are_dropped(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red shoe", "blue");
    expect_set(oracle, "\"\"", "");
    expect_set(oracle, "\" !! \"", "");
    expect_set(oracle, "\"\"~5", "");
    expect_set(oracle, "\"*\"", "");
    expect_set(oracle, "\"\" red", "A");
    expect_set(oracle, "red \"-\" shoe", "A");
    expect_set(oracle, "red OR \"\"", "A");
    expect_set(oracle, "\"\" OR blue OR \"!\"", "B");
    expect_set(oracle, "\"\" OR \"\"", "");
    expect_set(oracle, "\"\" OR \"\" red", "A");
    expect_set(oracle, "red -\"\"", "A");
    expect_set(oracle, "-\"\"", "");
    expect_set(oracle, "title:\"\" red", "A");
    expect_set(oracle, "title:\"\"", "");
    oracle_free(oracle);
}

static void one_word_in_quotes_is_the_word(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "red shoe", "blue");
    expect_set(oracle, "\"red\"", "A");
    expect_set(oracle, "\"red\"~7", "A");
    expect_set(oracle, "\"re*\"", "A");
    expect_set(oracle, "title:\"red\"", "A");
    expect_set(oracle, "-\"red\"", "B");
    expect_set(oracle, "\"shoe\" \"red\"", "A");
    assert_int_equal(expect_score(oracle, "\"red\""), expect_score(oracle, "red"));
    oracle_free(oracle);
}

static void at_most_64_words_are_taken(void **state)
{
    (void)state;
    struct oracle *oracle = TITLES("none", "a a a");
    char text[600] = "\"";
    for (unsigned i = 0; i < 64; i++) {
        strcat(text, "a ");
    }
    strcat(text, "\"~63");
    expect_set(oracle, text, "A"); /* 63 steps between neighbours, there at 0 and back at 2: 31 times 2 */
    strcat(text, " a");
    expect_refused(oracle, text, AISLE_LIMIT);
    oracle_free(oracle);
}

static void changes_move_the_words(void **state)
{
    (void)state;
    struct oracle *oracle = small_shop();
    assert_int_equal(oracle_patch(oracle, "A", "{\"title\":\"shoe red\"}"), 0);
    expect_set(oracle, "title:\"red shoe\"", "");
    expect_set(oracle, "title:\"shoe red\"", "A");
    expect_set(oracle, "\"summer sale\"", "A");
    assert_int_equal(oracle_patch(oracle, "A", "{\"tags\":[\"sale\",\"summer sale\"],\"brand\":null}"), 0);
    expect_set(oracle, "tags:\"sale summer\"~63", "A"); /* within the second value, two back */
    expect_set(oracle, "\"north star\"", "");
    assert_int_equal(oracle_delete(oracle, "B"), 0);
    expect_set(oracle, "\"light trail\"", "A");
    oracle_free(oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phrase_is_neighbours_in_their_order),
        cmocka_unit_test(signs_take_no_position),
        cmocka_unit_test(slop_pays_for_what_lies_between),
        cmocka_unit_test(the_largest_slop_is_63),
        cmocka_unit_test(repeated_words_need_places_of_their_own),
        cmocka_unit_test(compounds_match_as_one_or_as_parts),
        cmocka_unit_test(compounds_in_the_middle_and_of_several_parts),
        cmocka_unit_test(stems_are_neighbours_too),
        cmocka_unit_test(a_compound_whose_stem_is_its_first_word_is_dropped),
        cmocka_unit_test(a_prefix_may_end_a_phrase),
        cmocka_unit_test(values_are_never_crossed),
        cmocka_unit_test(fields_are_never_crossed),
        cmocka_unit_test(fields_without_positions_have_no_phrases),
        cmocka_unit_test(words_are_restricted_to_any_searchable_field),
        cmocka_unit_test(a_restricted_word_scores_as_the_word_does),
        cmocka_unit_test(a_restricted_prefix_scores_by_its_terms_in_the_field),
        cmocka_unit_test(a_phrase_scores_as_its_words_do),
        cmocka_unit_test(parts_count_from_all_fields),
        cmocka_unit_test(words_have_the_stems_of_all_languages),
        cmocka_unit_test(places_beyond_1024_are_forgotten),
        cmocka_unit_test(dropped_compounds_and_all_values_count),
        cmocka_unit_test(phrases_are_excluded_and_joined_by_or),
        cmocka_unit_test(quotes_that_are_not_closed_separate),
        cmocka_unit_test(phrases_end_where_the_quote_closes),
        cmocka_unit_test(phrases_without_words_are_dropped),
        cmocka_unit_test(one_word_in_quotes_is_the_word),
        cmocka_unit_test(at_most_64_words_are_taken),
        cmocka_unit_test(changes_move_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
