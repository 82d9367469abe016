/*
 * test_oracle_self.c - the oracle against cases worked out by hand, so that it may judge the engine.
 *
 * Tokens, codes, order keys and three scores to the last bit; test_oracle_phrases.c has phrases and fields. The engine
 * takes no part.
 */
#include "aisle.h"
#include "base/hash.h"
#include "oracle/expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void shows(const char *text, const char *language, const char *expected)
{
    char *shown = oracle_show_tokens(text, language);
    if (strcmp(shown, expected) != 0) {
        fail_msg("\"%s\" gives \"%s\", expected \"%s\"", text, shown, expected);
    }
    free(shown);
}

static void words_are_folded(void **state)
{
    (void)state;
    shows("Crème BRÛLÉE", "none", "creme brulee");
    shows("Straße ﬁne Ⅻ", "none", "strasse fine xii");
    shows("so\xc2\xad" "ft ze\xe2\x80\x8bro", "none", "soft zero");
    shows("हिन्दी", "none", "हिन्दी");
    shows("Æsop œuvre", "none", "æsop œuvre");
    shows("", "none", "");
    shows("!! -- *", "none", "");
}

static void apostrophes_vanish(void **state)
{
    (void)state;
    shows("men's Levi\xe2\x80\x99s L'Oréal rock'n'roll", "none", "men levi loreal rocknroll");
    shows("o'sullivan it's5 5's 'quoted'", "none", "osullivan its5 5 s quoted");
}

static void numbers_keep_their_point(void **state)
{
    (void)state;
    shows("2.5 1,5 1,000 1,234,567 1.2.3", "none", "2.5 1.5 1000 1234567 1.2.3");
    shows("1,2345 1234,567 1,23 12,", "none", "1.2345 1234.567 1.23 12");
    shows("1.5x 7.", "none", "1.5x 7");
    shows("a1.5", "none", "a1 5 [a15/2@0]");
}

static void numbers_take_their_unit(void **state)
{
    (void)state;
    shows("64gb 64 GB 64-Gb", "none", "64gb 64gb 64gb");
    shows("2.5 m 25 m 1,200 mAh", "none", "2.5m 25m 1.2ah");
    shows("64  gb, 64 gbx, 64; gb2, x64, gb", "none", "64 gb 64 gbx 64 gb2 x64 gb");
    shows("5 m m", "none", "5m m");
    shows("12 pack socks", "english", "12pack sock");
}

static void compounds_are_joined(void **state)
{
    (void)state;
    shows("t-shirt", "none", "t shirt [tshirt/2@0]");
    shows("WH-1000XM4 at&t a_b", "none", "wh 1000xm4 [wh1000xm4/2@0] at t [att/2@2] a b [ab/2@4]");
    shows("a-b-c-d", "none", "a b c d [abcd/4@0]");
    shows("a-b-c-d-e", "none", "a b c d e");
    shows("a-bx/c-d e+f", "none", "a bx [abx/2@0] c d [cd/2@2] e f");
    shows("a--b a - b -a-", "none", "a b a b a");
    shows("usb-64gb usb-64-gb 64-gb-usb", "none",
          "usb 64gb [usb64gb/2@0] usb 64gb [usb64gb/2@2] 64gb usb [64gbusb/2@4]");
    shows("men's-shoes", "none", "men shoes [menshoes/2@0]");
}

static void spaces_join_what_is_written_either_way(void **state)
{
    (void)state;
    shows("t shirt a shirt", "none", "t shirt [tshirt/2@0] a shirt");
    shows("rtx 4070 ti super", "none", "rtx 4070 ti [rtx4070ti/3@0] super");
    shows("wh-1000 xm4 rock 'n' roll", "none", "wh 1000 xm4 [wh1000xm4/3@0] rock n roll [rocknroll/3@3]");
    shows("blender 3-in-1 4 wi-fi 2 t shirts", "none",
          "blender 3 in 1 [3in1/3@1] 4 wi fi [wifi/2@5] 2 t shirts [tshirts/2@8]");
    shows("h & m black & decker usb c cable", "none", "h m [hm/2@0] black decker usb c [usbc/2@4] cable");
}

static void amounts_have_one_spelling(void **state)
{
    (void)state;
    shows("1500 ml 1,5 l .5kg 500 grams", "none", "1.5l 1.5l 500g 500g");
    shows("150cm 1024 gb 2.0 kw 0 g", "none", "1.5m 1tb 2kw 0mg");
    shows("15.6\" 3/4 inch \"the 13\" 12 fl. oz", "none", "15.6in 3/4in the 13 12oz");
    shows("1.234.567,8 1'000 24/7 c++ .net s24+", "none", "1234567.8 1000 24/7 c++ .net s24 plus");
}

static void solid_scripts_are_paired(void **state)
{
    (void)state;
    shows("한국어 電話機 茶x", "none", "한국 국어 電話 話機 茶 x");
}

static void shows_product(const char *text, int code, const char *expected)
{
    char *shown = oracle_show_product_tokens(text, "none", code);
    if (strcmp(shown, expected) != 0) {
        fail_msg("\"%s\" gives \"%s\", expected \"%s\"", text, shown, expected);
    }
    free(shown);
}

static void products_have_more_tokens(void **state)
{
    (void)state;
    shows_product("rtx 4070 ti", 0, "rtx 4070 ti [rtx4070ti/3@0] (rtx4070/2@0) (4070ti/2@1)");
    shows_product("64gb 3/4\" c#", 0, "64gb (64/1@0) 3/4in (3/4/1@1) (3/1@1) (4/1@1) c# (c/1@2)");
    shows_product("電話 機", 0, "電話 (電/1@0) (話/1@0) (話機/2@0) 機");
    shows_product("WH-1000XM4/B", 1, "wh 1000xm4 [wh1000xm4/2@0] b (wh1000xm4b/3@0)");
}

static void letters_are_stemmed(void **state)
{
    (void)state;
    shows("running shoes", "english", "run shoe");
    shows("shoes2 running-shoes", "english", "shoes2 run shoe [runningsho/2@1]");
    char text[200];
    memset(text, 'x', 150);
    memcpy(text + 150, "", 1);
    char *shown = oracle_show_tokens(text, "none");
    assert_int_equal(strlen(shown), 120);
    free(shown);
}

static const char *const three_fields =
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5},"
    "\"description\":{\"type\":\"text\"},\"brand\":{\"type\":\"keyword\",\"search_weight\":3},"
    "\"category\":{\"type\":\"path\"},\"sales\":{\"type\":\"integer\"},\"price\":{\"type\":\"decimal\",\"scale\":2}},"
    "\"order\":[\"length\",\"category\",\"brand\",\"sales:desc\",\"price\"]}";

static const char *const one_field =
    "{\"version\":1,\"id\":\"id\",\"fields\":{\"title\":{\"type\":\"text\"}}}";

static void codes_follow_the_weights(void **state)
{
    (void)state;
    struct oracle *oracle = oracle_new(three_fields);
    oracle_put(oracle, "{\"id\":\"A\",\"title\":\"Red shoe red\",\"description\":\"a red thing thing thing shoe\","
                       "\"brand\":\"Acme\"}");
    /* L = 5*3 + 6 + 3 = 24 in units of 5: 4.8 -> 5 */
    assert_int_equal(oracle_code(oracle, "A", "red"), 6 << 5 | 5);   /* 11/5 = 2.2 */
    assert_int_equal(oracle_code(oracle, "A", "shoe"), 5 << 5 | 5);  /* 6/5 = 1.2 */
    assert_int_equal(oracle_code(oracle, "A", "acm"), 2 << 5 | 5);   /* 3/5 = 0.6 */
    assert_int_equal(oracle_code(oracle, "A", "thing"), 2 << 5 | 5); /* 3/5 */
    assert_int_equal(oracle_code(oracle, "A", "a"), 0 << 5 | 5);     /* 1/5 */
    assert_int_equal(oracle_code(oracle, "A", "blue"), -1);
    oracle_free(oracle);
    oracle = oracle_new(one_field);
    oracle_put(oracle, "{\"id\":7,\"title\":\"a a a a a a a b b b b b b b b b b c\"}");
    assert_int_equal(oracle_code(oracle, "7", "a"), 6 << 5 | 18);
    assert_int_equal(oracle_code(oracle, "7", "b"), 7 << 5 | 18);
    assert_int_equal(oracle_code(oracle, "7", "c"), 0 << 5 | 18);
    oracle_free(oracle);
}

static void the_order_key_is_packed(void **state)
{
    (void)state;
    struct oracle *oracle = oracle_new(three_fields);
    oracle_put(oracle, "{\"id\":\"A\",\"title\":\"Red shoe\",\"category\":[\"Wear\",\"Shoes\"],\"brand\":\"ACME\","
                       "\"sales\":255,\"price\":0.07}");
    uint64_t first = hash_bytes("wear", 4) >> 52, whole = hash_bytes("wear\x1fshoes", 10) >> 52;
    uint64_t brand = hash_bytes("acme", 4) >> 50;
    /* length 3: 5*2 + 3 = 13/5 = 2.6; sales: 255 - 8*log2(256) = 191; price: 7 cents, 8*log2(8) = 24 */
    uint64_t key = UINT64_C(3) << 59 | first << 47 | whole << 35 | brand << 21;
    key |= UINT64_C(191) << 13 | UINT64_C(24) << 5;
    assert_int_equal(oracle_order_key(oracle, "A"), key);
    oracle_put(oracle, "{\"id\":\"B\",\"title\":\"x\"}");
    assert_int_equal(oracle_order_key(oracle, "B"), UINT64_C(1) << 59 | UINT64_C(255) << 13);
    oracle_free(oracle);
}

static struct oracle *small_catalog(void)
{
    struct oracle *oracle = oracle_new(one_field);
    oracle_put(oracle, "{\"id\":\"A\",\"title\":\"red shoe\"}");
    oracle_put(oracle, "{\"id\":\"B\",\"title\":\"red red boot big\"}");
    oracle_put(oracle, "{\"id\":\"C\",\"title\":\"blue t-shirt\"}");
    oracle_put(oracle, "{\"id\":\"D\",\"title\":\"tshirt 64 gb\"}");
    return oracle;
}

static void queries_match_by_their_grammar(void **state)
{
    (void)state;
    struct oracle *oracle = small_catalog();
    expect_found(oracle, "RED shoe", "A");
    expect_found(oracle, "red -shoe", "B");
    expect_found(oracle, "-red -blue", "D");
    expect_found(oracle, "blue OR shoe", "A C");
    expect_found(oracle, "red boot OR shoe", "A B");
    expect_found(oracle, "OR", "");
    expect_found(oracle, "t-shirt", "D C"); /* both ways of writing it are worth the same, and D is shorter */
    expect_found(oracle, "tshirt", "D C");
    expect_found(oracle, "t shirt", "D C");
    expect_found(oracle, "64-GB", "D");
    expect_found(oracle, "64 gb tshirt", "D");
    expect_found(oracle, "b*", "C B");
    expect_found(oracle, "title:bo*", "B");
    expect_found(oracle, "unknown:red", "");
    expect_found(oracle, "- red", "B A");
    expect_found(oracle, "!!", "");
    struct oracle_answer answer;
    assert_int_equal(oracle_search(oracle, "  ", 1, 2, &answer), 0);
    assert_int_equal(answer.total, 4);
    assert_int_equal(answer.count, 2);
    oracle_answer_release(&answer);
    oracle_free(oracle);
}

static void a_prefix_finds_the_stem_of_what_was_typed_too(void **state)
{
    (void)state;
    struct oracle *oracle = oracle_new(three_fields);
    oracle_put(oracle, "{\"id\":\"A\",\"title\":\"batteries\"}");
    oracle_put(oracle, "{\"id\":\"B\",\"title\":\"bat\"}");
    expect_found(oracle, "batteries*", "A");
    expect_found(oracle, "battery*", "A");
    expect_found(oracle, "batte*", "A");
    expect_found(oracle, "batterie*", "A");
    expect_found(oracle, "batteriex*", "");
    oracle_free(oracle);
}

/* Worked out apart: N = 4, lengths 2 4 3 2, average 2.75; idf(2) = ln 2, idf(1) = ln(10/3). */
static void scores_are_exact(void **state)
{
    (void)state;
    struct oracle *oracle = small_catalog();
    assert_int_equal(expect_score(oracle, "boot"), 266128);
    assert_int_equal(expect_score(oracle, "red shoe"), 559773);
    assert_int_equal(expect_score(oracle, "red"), 221524);
    assert_int_equal(expect_score(oracle, "boot boot"), 2 * 266128);
    assert_int_equal(expect_score(oracle, "-red"), 0);
    oracle_delete(oracle, "C");
    assert_int_equal(expect_score(oracle, "boot"), 266128);
    assert_int_equal(oracle_dead(oracle), 1);
    oracle_merged(oracle);
    assert_int_equal(oracle_dead(oracle), 0);
    assert_int_not_equal(expect_score(oracle, "boot"), 266128);
    oracle_use_statistics(oracle, 4, 22);
    assert_int_equal(expect_score(oracle, "boot"), 266128);
    oracle_use_df(oracle, "boot", 2);
    assert_int_not_equal(expect_score(oracle, "boot"), 266128);
    oracle_use_own(oracle);
    oracle_free(oracle);
}

static void patches_are_laid_over(void **state)
{
    (void)state;
    struct oracle *oracle = oracle_new(three_fields);
    oracle_put(oracle, "{\"id\":\"A\",\"title\":\"red\",\"sales\":1}");
    uint64_t key = oracle_order_key(oracle, "A");
    assert_int_equal(oracle_patch(oracle, "A", "{\"sales\":9}"), 0);
    assert_int_equal(oracle_dead(oracle), 0);
    assert_int_equal(oracle_order_key(oracle, "A"), key);
    assert_int_equal(oracle_patch(oracle, "A", "{\"title\":\"blue\",\"brand\":\"Acme\"}"), 0);
    assert_int_equal(oracle_dead(oracle), 1);
    expect_found(oracle, "blue acme", "A");
    expect_found(oracle, "red", "");
    assert_int_equal(oracle_patch(oracle, "A", "{\"brand\":null}"), 0);
    expect_found(oracle, "acme", "");
    assert_int_equal(oracle_patch(oracle, "B", "{}"), AISLE_NOT_FOUND);
    assert_int_equal(oracle_delete(oracle, "A"), 0);
    assert_int_equal(oracle_delete(oracle, "A"), AISLE_NOT_FOUND);
    assert_int_equal(oracle_products(oracle), 0);
    oracle_free(oracle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded),          cmocka_unit_test(apostrophes_vanish),
        cmocka_unit_test(numbers_keep_their_point),  cmocka_unit_test(numbers_take_their_unit),
        cmocka_unit_test(compounds_are_joined),      cmocka_unit_test(letters_are_stemmed),
        cmocka_unit_test(spaces_join_what_is_written_either_way),
        cmocka_unit_test(amounts_have_one_spelling), cmocka_unit_test(solid_scripts_are_paired),
        cmocka_unit_test(products_have_more_tokens),
        cmocka_unit_test(codes_follow_the_weights),  cmocka_unit_test(the_order_key_is_packed),
        cmocka_unit_test(queries_match_by_their_grammar), cmocka_unit_test(scores_are_exact),
        cmocka_unit_test(a_prefix_finds_the_stem_of_what_was_typed_too),
        cmocka_unit_test(patches_are_laid_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
