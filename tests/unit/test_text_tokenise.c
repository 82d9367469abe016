/*
 * test_text_tokenise.c - every rule of the definition of a token, on both sides, by hand-written expectations.
 *
 * A token is written term@position[start-end]; a joined one term@position/parts[start-end]. A check gives all
 * ranges or none; without them they are not compared.
 */
#include "text/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct analyser *analyser;

static int set_up(void **state)
{
    (void)state;
    return analyser_new(&analyser);
}

static int tear_down(void **state)
{
    (void)state;
    analyser_free(analyser);
    return 0;
}

static void write_tokens(const struct token_list *list, bool ranges, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < list->count && used < size; i++) {
        const struct token *token = &list->tokens[i];
        used += (size_t)snprintf(out + used, size - used, "%s%.*s@%u", i == 0 ? "" : " ", (int)token->term.size,
                                 (const char *)token->term.data, token->position);
        if (token->kind == TOKEN_JOINED && used < size) {
            used += (size_t)snprintf(out + used, size - used, "/%u", token->parts);
        }
        if (ranges && used < size) {
            used += (size_t)snprintf(out + used, size - used, "[%u-%u]", token->start, token->end);
        }
    }
}

/* Also that length is the number of words, and their positions 0, 1, 2, ... */
static void check_in(const char *language_name, const char *text, const char *expected)
{
    uint8_t language;
    struct token_list list;
    char found[4096];
    assert_int_equal(text_language_find(language_name, &language), 0);
    assert_int_equal(analyser_run(analyser, bytes_of_string(text), language, &list), 0);
    write_tokens(&list, strchr(expected, '[') != NULL, found, sizeof found);
    if (strcmp(found, expected) != 0) {
        fail_msg("'%s' gives\n  %s, expected\n  %s", text, found, expected);
    }
    uint32_t words = 0;
    for (size_t i = 0; i < list.count; i++) {
        if (list.tokens[i].kind == TOKEN_WORD) {
            assert_int_equal(list.tokens[i].position, words++);
            assert_int_equal(list.tokens[i].parts, 1);
        }
    }
    assert_int_equal(list.length, words);
    assert_false(list.cut);
}

static void check(const char *text, const char *expected)
{
    check_in("none", text, expected);
}

static void words_are_runs_of_letters_and_digits(void **state)
{
    (void)state;
    check("", "");
    check(" \t\n!?*()", "");
    check("Red  running (shoes)!", "red@0[0-3] running@1[5-12] shoes@2[14-19]");
    check("64gb wh1000xm4 4k", "64gb@0 wh1000xm4@1 4k@2");
    check("a$b#c@d=e", "a@0 b@1 c@2 d@3 e@4");
    check("x", "x@0[0-1]");
}

static void letters_of_all_scripts_make_words(void **state)
{
    (void)state;
    check("Caf\u00e9 na\u00efve", "cafe@0[0-5] naive@1[6-12]");
    check("\u041a\u0440\u0430\u0441\u043d\u044b\u0439 \u0447\u0430\u0439",
          "\u043a\u0440\u0430\u0441\u043d\u044b\u0438@0[0-14] \u0447\u0430\u0438@1[15-21]");
    check("\u0939\u093f\u0928\u094d\u0926\u0940",
          "\u0939\u093f\u0928\u094d\u0926\u0940@0[0-18]"); /* vowel signs and virama are letters */
    check("\u4e2d\u6587\u3001\u8336", "\u4e2d\u6587@0[0-6] \u8336@1[9-12]");
    check("a\U0001f600b \U0001f600c\u2013d", "a@0[0-1] b@1[5-6] c@2[11-12] d@3[15-16]");
    check("e\u0301te\u0301,x", "ete@0[0-7] x@1[8-9]"); /* a range takes in the marks */
    check("\u00bd cup", "1@0[0-2] 2@1[0-2] cup@2[3-6]");
    check("\u0967\u0968 \uff11\uff10", "\u0967\u0968@0 10@1");
}

static void invalid_bytes_separate(void **state)
{
    (void)state;
    check("ab\xff" "cd\xc3", "ab@0[0-2] cd@1[3-5]");
    check("\xe2\x82x", "x@0[2-3]");
    check("t\xff-shirt", "t@0 shirt@1");
}

static void possessive_s_goes(void **state)
{
    (void)state;
    check("Men's", "men@0[0-5]");
    check("men\u2019s levi's shoes", "men@0[0-7] levi@1[8-14] shoes@2[15-20]");
    check("men's-shoe", "men@0[0-5] shoe@1[6-10] menshoe@0/2[0-10]");
    check("men'ss", "menss@0");
    check("men's3", "mens3@0");
    check("'s", "s@0[1-2]");
    check("80's", "80@0[0-2] s@1[3-4]");
    check("rock's'n", "rock@0[0-6] n@1[7-8]");
    check("A'S B\u2018S", "a@0 b@1");
}

static void other_apostrophes_between_letters_are_removed(void **state)
{
    (void)state;
    check("L'Oreal", "loreal@0[0-7]");
    check("rock'n'roll", "rocknroll@0[0-11]");
    check("'quoted' dogs' x''y", "quoted@0[1-7] dogs@1[9-13] x@2[15-16] y@3[18-19]");
    check("a'1 1'a", "a@0 1@1 1@2 a@3");
    check("\u0430'\u0431", "\u0430\u0431@0[0-5]");
}

static void points_inside_numbers_stay(void **state)
{
    (void)state;
    check("2.5", "2.5@0[0-3]");
    check("1.2.3 10.", "1.2.3@0[0-5] 10@1[6-8]");
    check(".5 5.", "5@0 5@1");
    check("2..5", "2@0 5@1");
    check("v2.5", "v2@0[0-2] 5@1[3-4] v25@0/2[0-4]"); /* not all digits before: a compound */
    check("2.5m", "2.5m@0[0-4]");
    check("2.5m.3", "2.5m@0 3@1 2.5m3@0/2");
    check("2.x", "2@0 x@1 2x@0/2");
}

static void commas_inside_numbers_are_thousands_or_points(void **state)
{
    (void)state;
    check("1,000", "1000@0[0-5]");
    check("12,500 123,456", "12500@0 123456@1");
    check("1,234,567", "1234567@0[0-9]");
    check("1,234.50", "1234.50@0[0-8]");
    check("1,5 1,50", "1.5@0 1.50@1");
    check("1234,567", "1234.567@0");
    check("1,2345", "1.2345@0");
    check("1,000mah", "1000mah@0[0-8]");
    check("1, 2,a b,3 1,", "1@0 2@1 a@2 b@3 3@4 1@5");
    check("a1,000", "a1@0 000@1");
    check("1,2,3", "1.2.3@0");
    check("\uff11,\uff10\uff10\uff10", "1000@0[0-13]");
    check("\u0967,\u0966\u0966\u0966", "\u0967\u0966\u0966\u0966@0[0-13]"); /* counted as characters */
    check("\u0967,\u0966", "\u0967.\u0966@0");
}

static void numbers_take_their_units(void **state)
{
    (void)state;
    check("64 GB", "64gb@0[0-5]");
    check("64-GB card", "64gb@0[0-5] card@1[6-10]");
    check("64GB", "64gb@0[0-4]");
    check("2.5 m", "2.5m@0[0-5]");
    check("1,000 mAh battery", "1000mah@0[0-9] battery@1[10-17]");
    check("64\u00a0gb", "64gb@0[0-6]");
    check("12 pack 6 count", "12pack@0 6count@1");
    check("1 2 m", "1@0[0-1] 2m@1[2-5]");
    check("5 in.", "5in@0[0-4]");
}

static void only_one_space_or_hyphen_and_a_whole_unit_join(void **state)
{
    (void)state;
    check("64  gb", "64@0 gb@1");
    check("64 -gb", "64@0 gb@1");
    check("64\tgb 64_gb", "64@0 gb@1 64@2 gb@3 64gb@2/2");
    check("64/gb", "64@0 gb@1");
    check("64 gbs", "64@0 gbs@1");
    check("64 gb2", "64@0 gb2@1");
    check("64 gbit", "64@0 gbit@1");
    check("x64 gb", "x64@0 gb@1");
    check("gb 64", "gb@0 64@1");
    check("3 packs", "3@0 packs@1");
}

static void every_unit_is_known(void **state)
{
    (void)state;
    static const char units[] = "mm cm m km in inch ft yd mg g kg lb lbs oz ml cl dl l gal mb gb tb kb w kw kwh v mv a "
                                "ma mah hz khz mhz ghz rpm mp fps nm psi bar db pcs pc pk ct count pack ";
    for (const char *unit = units; *unit != 0; unit = strchr(unit, ' ') + 1) {
        int size = (int)(strchr(unit, ' ') - unit);
        char text[32];
        char expected[32];
        (void)snprintf(text, sizeof text, "7 %.*s", size, unit);
        (void)snprintf(expected, sizeof expected, "7%.*s@0", size, unit);
        check(text, expected);
    }
}

static void compounds_give_their_parts_and_the_whole(void **state)
{
    (void)state;
    check("t-shirt", "t@0[0-1] shirt@1[2-7] tshirt@0/2[0-7]");
    check("WH-1000XM4 new", "wh@0[0-2] 1000xm4@1[3-10] wh1000xm4@0/2[0-10] new@2[11-14]");
    check("AT&T wi_fi", "at@0 t@1 att@0/2 wi@2 fi@3 wifi@2/2");
    check("U.S.A.", "u@0 s@1 a@2 usa@0/3");
    check("a-b_c.d", "a@0[0-1] b@1[2-3] c@2[4-5] d@3[6-7] abcd@0/4[0-7]");
    check("caf\u00e9-bar", "cafe@0[0-5] bar@1[6-9] cafebar@0/2[0-9]");
    check("10-20", "10@0 20@1 1020@0/2");
    check("l'or-d'eau", "lor@0 deau@1 lordeau@0/2");
}

static void only_single_joiners_without_spaces_join(void **state)
{
    (void)state;
    check("t--shirt t- shirt t -shirt -x-", "t@0 shirt@1 t@2 shirt@3 t@4 shirt@5 x@6");
    check("a:b a~b", "a@0 b@1 a@2 b@3");
    check("a\u2010b", "a@0 b@1"); /* not the hyphen of ASCII */
    check("a-b-c-d-e", "a@0 b@1 c@2 d@3 e@4");
}

static void slash_and_plus_only_split(void **state)
{
    (void)state;
    check("a/b a+b", "a@0 b@1 a@2 b@3");
    check("a-b/c", "a@0 b@1 ab@0/2 c@2");
    check("a-b/c-d-e", "a@0 b@1 ab@0/2 c@2 d@3 e@4 cde@2/3");
    check("a-b-c+d-e", "a@0 b@1 c@2 abc@0/3 d@3 e@4 de@3/2");
}

static void number_with_unit_can_be_a_part(void **state)
{
    (void)state;
    check("usb-64gb", "usb@0 64gb@1 usb64gb@0/2");
    check("usb-64 gb", "usb@0[0-3] 64gb@1[4-9] usb64gb@0/2[0-9]");
    check("usb-64-gb-x", "usb@0 64gb@1 x@2 usb64gbx@0/3");
    check("10-in-1", "10in@0[0-5] 1@1[6-7] 10in1@0/2[0-7]");
}

static void letters_only_are_stemmed(void **state)
{
    (void)state;
    check_in("english", "Running shoes", "run@0 shoe@1");
    check_in("english", "hoping ponies 1sts 2.5 easily", "hope@0 poni@1 1sts@2 2.5@3 easili@4");
    check_in("english", "men's T-Shirts", "men@0 t@1 shirt@2 tshirt@1/2");
    check_in("english", "usb4-cables", "usb4@0 cabl@1 usb4cables@0/2");
    check_in("german", "H\u00e4user", "haus@0[0-7]");
    check_in("none", "Running", "running@0");
}

static void folded_form_is_kept_beside_the_stem(void **state)
{
    (void)state;
    struct token_list list;
    uint8_t english;
    assert_int_equal(text_language_find("english", &english), 0);
    assert_int_equal(analyser_run(analyser, bytes_of_string("Hoping-Ponies 64 GB"), english, &list), 0);
    static const char *const folded[] = {"hoping", "ponies", "hopingponies", "64gb"};
    static const char *const terms[] = {"hope", "poni", "hopingponi", "64gb"};
    assert_int_equal(list.count, 4);
    for (size_t i = 0; i < list.count; i++) {
        assert_true(bytes_equal(list.tokens[i].folded, bytes_of_string(folded[i])));
        assert_true(bytes_equal(list.tokens[i].term, bytes_of_string(terms[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_runs_of_letters_and_digits),
        cmocka_unit_test(letters_of_all_scripts_make_words),
        cmocka_unit_test(invalid_bytes_separate),
        cmocka_unit_test(possessive_s_goes),
        cmocka_unit_test(other_apostrophes_between_letters_are_removed),
        cmocka_unit_test(points_inside_numbers_stay),
        cmocka_unit_test(commas_inside_numbers_are_thousands_or_points),
        cmocka_unit_test(numbers_take_their_units),
        cmocka_unit_test(only_one_space_or_hyphen_and_a_whole_unit_join),
        cmocka_unit_test(every_unit_is_known),
        cmocka_unit_test(compounds_give_their_parts_and_the_whole),
        cmocka_unit_test(only_single_joiners_without_spaces_join),
        cmocka_unit_test(slash_and_plus_only_split),
        cmocka_unit_test(number_with_unit_can_be_a_part),
        cmocka_unit_test(letters_only_are_stemmed),
        cmocka_unit_test(folded_form_is_kept_beside_the_stem),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
