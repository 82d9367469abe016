/*
 * test_rewrite_rules.c - the files of synonyms and stop words: what is read, and what is refused, with its line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "rewrite/rules.h"

static struct schema *schema;
static struct analyser *analyser;
static aisle_error error;

static int set_up(void **state)
{
    (void)state;
    return schema_default(&schema) != 0 || analyser_new(&analyser) != 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    analyser_free(analyser);
    schema_free(schema);
    return 0;
}

static struct rules_source source_of(const char *synonyms, const char *stop_words)
{
    return (struct rules_source){.synonyms = bytes_of_string(synonyms),
                                 .stop_words = bytes_of_string(stop_words == NULL ? "" : stop_words),
                                 .has_stop_words = stop_words != NULL,
                                 .synonyms_name = "synonyms.txt",
                                 .stop_words_name = "stopwords.txt",
                                 .schema = schema,
                                 .analyser = analyser};
}

static struct rules *read_rules(const char *synonyms, const char *stop_words)
{
    struct rules *rules = NULL;
    struct rules_source source = source_of(synonyms, stop_words);
    int status = rules_read(&source, &rules, &error);
    if (status != 0) {
        print_message("%s\n", error.message);
    }
    assert_int_equal(status, 0);
    return rules;
}

static void expect_refused(const char *synonyms, const char *stop_words, int code, const char *message)
{
    struct rules *rules = NULL;
    struct rules_source source = source_of(synonyms, stop_words);
    assert_int_equal(rules_read(&source, &rules, &error), code);
    assert_null(rules);
    assert_string_equal(error.message, message);
}

/* The right sides of the terms, joined by '|'. */
static const char *targets_of(const struct rules *rules, const char *first, const char *second)
{
    static char out[512];
    struct bytes terms[2] = {bytes_of_string(first), bytes_of_string(second == NULL ? "" : second)};
    const struct rules_target *target = rules_find(rules, terms, second == NULL ? 1 : 2);
    out[0] = '\0';
    for (; target != NULL; target = target->next) {
        size_t used = strlen(out);
        snprintf(out + used, sizeof out - used, "%s%.*s", used == 0 ? "" : "|", (int)target->text.size,
                 (const char *)target->text.data);
    }
    return out;
}

static void two_ways_lead_to_all_others(void **state)
{
    (void)state;
    struct rules *rules = read_rules("# screens\n\ntv, television , fernseher\r\n", NULL);
    assert_string_equal(targets_of(rules, "tv", NULL), "television|fernseher");
    assert_string_equal(targets_of(rules, "televis", NULL), "tv|fernseher");
    assert_string_equal(targets_of(rules, "radio", NULL), "");
    assert_int_equal(rules_synonym_count(rules), 3);
    rules_free(rules);
}

static void one_way_leads_from_left_to_right_alone(void **state)
{
    (void)state;
    struct rules *rules = read_rules("gtx 4070, geforce 4070 => rtx 4070\ncouch => sofa\ncouch => settee", NULL);
    assert_string_equal(targets_of(rules, "gtx", "4070"), "rtx 4070");
    assert_string_equal(targets_of(rules, "geforc", "4070"), "rtx 4070");
    assert_string_equal(targets_of(rules, "rtx", "4070"), "");
    assert_string_equal(targets_of(rules, "gtx", NULL), "");
    assert_string_equal(targets_of(rules, "couch", NULL), "settee|sofa");
    assert_int_equal(rules_words_max(rules), 2);
    rules_free(rules);
}

static void a_compound_is_found_joined_and_apart(void **state)
{
    (void)state;
    struct rules *rules = read_rules("t-shirt => tee", NULL);
    assert_string_equal(targets_of(rules, "t", "shirt"), "tee");
    assert_string_equal(targets_of(rules, "tshirt", NULL), "tee");
    rules_free(rules);
}

static void stop_words_are_those_of_the_language_or_the_file(void **state)
{
    (void)state;
    struct rules *rules = read_rules("", NULL);
    assert_true(rules_is_stop_word(rules, bytes_of_string("the")));
    assert_false(rules_is_stop_word(rules, bytes_of_string("lamp")));
    rules_free(rules);
    rules = read_rules("", "# none of the usual\nLamp\n");
    assert_false(rules_is_stop_word(rules, bytes_of_string("the")));
    assert_true(rules_is_stop_word(rules, bytes_of_string("lamp")));
    assert_int_equal(rules_stop_word_count(rules), 1);
    rules_free(rules);
    rules = read_rules("lamp, light", "");
    assert_int_equal(rules_stop_word_count(rules), 0);
    assert_false(rules_is_stop_word(rules, bytes_of_string("lamp")));
    rules_free(rules);
}

static void exact_words_are_told_from_others(void **state)
{
    (void)state;
    struct rules *rules = read_rules("exact: Nike, t-shirt ,wh1000\nexact:lego\ntv, nikon\n", "the");
    assert_true(rules_is_exact(rules, bytes_of_string("nike")));
    assert_true(rules_is_exact(rules, bytes_of_string("tshirt")));
    assert_true(rules_is_exact(rules, bytes_of_string("wh1000")));
    assert_true(rules_is_exact(rules, bytes_of_string("lego")));
    assert_false(rules_is_exact(rules, bytes_of_string("nik")));
    assert_false(rules_is_exact(rules, bytes_of_string("shirt")));
    assert_false(rules_is_exact(rules, bytes_of_string("exact")));
    assert_false(rules_is_exact(rules, bytes_of_string("nikon")));
    assert_false(rules_is_exact(rules, bytes_of_string("the")));
    assert_false(rules_is_stop_word(rules, bytes_of_string("nike")));
    assert_int_equal(rules_synonym_count(rules), 2);
    rules_free(rules);
}

static void faults_are_told_with_their_line(void **state)
{
    (void)state;
    expect_refused("exact: a\nexact: red lamp", NULL, AISLE_INVALID,
                   "synonyms.txt:2: behind \"exact:\" stand words, with commas between: \"red lamp\"");
    expect_refused("exact:", NULL, AISLE_INVALID, "synonyms.txt:1: a word is missing beside a comma or =>: \"\"");
    expect_refused("exact: a,", NULL, AISLE_INVALID, "synonyms.txt:1: a word is missing beside a comma or =>: \"\"");
    expect_refused("exact: !", NULL, AISLE_INVALID,
                   "synonyms.txt:1: behind \"exact:\" stand words, with commas between: \"!\"");
    expect_refused("tv\n", NULL, AISLE_INVALID,
                   "synonyms.txt:1: one word alone is no synonym: write a, b or a => b: \"tv\"");
    expect_refused("a, b\n\ntv, , radio\n", NULL, AISLE_INVALID,
                   "synonyms.txt:3: a word is missing beside a comma or =>: \", radio\"");
    expect_refused("tv =>", NULL, AISLE_INVALID, "synonyms.txt:1: a word is missing beside a comma or =>: \"\"");
    expect_refused("=> tv", NULL, AISLE_INVALID, "synonyms.txt:1: a word is missing beside a comma or =>: \"\"");
    expect_refused("a => b => c", NULL, AISLE_INVALID, "synonyms.txt:1: more than one => on a line: \"a => b => c\"");
    expect_refused("tv, --", NULL, AISLE_INVALID, "synonyms.txt:1: no word that can be searched for: \"--\"");
    expect_refused("tv => !", NULL, AISLE_INVALID, "synonyms.txt:1: no word that can be searched for: \"!\"");
    expect_refused("a, b\n\xff, c", NULL, AISLE_INVALID, "synonyms.txt:2: not UTF-8: \"\"");
    expect_refused("", "the\nred lamp", AISLE_INVALID, "stopwords.txt:2: a stop word is one word a line: \"red lamp\"");
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    struct rules *rules = read_rules("\xef\xbb\xbf# ours\ntv, television\n", "\xef\xbb\xbfthe\n");
    assert_int_equal(rules_synonym_count(rules), 2);
    assert_true(rules_is_stop_word(rules, bytes_of_string("the")));
    rules_free(rules);
}

static void limits_hold_on_both_sides(void **state)
{
    (void)state;
    char line[1024] = "a b c d e f g h, x";
    rules_free(read_rules(line, NULL));
    expect_refused("a b c d e f g h i, x", NULL, AISLE_LIMIT,
                   "synonyms.txt:1: too many words on one side, expected at most 8: \"a b c d e f g h i\"");
    expect_refused("x => a b c d e f g h i", NULL, AISLE_LIMIT,
                   "synonyms.txt:1: too many words on one side, expected at most 8: \"a b c d e f g h i\"");
    size_t used = 0;
    for (unsigned i = 0; i < LIMIT_SYNONYM_ALTERNATIVES; i++) {
        used += (size_t)snprintf(line + used, sizeof line - used, "%sw%u", i == 0 ? "" : ", ", i);
    }
    rules_free(read_rules(line, NULL));
    snprintf(line + used, sizeof line - used, ", last");
    expect_refused(line, NULL, AISLE_LIMIT,
                   "synonyms.txt:1: too many alternatives on one line, expected at most 32: \"last\"");
    char *large = test_calloc(LIMIT_SYNONYM_BYTES + 2, 1);
    memset(large, '\n', LIMIT_SYNONYM_BYTES);
    rules_free(read_rules(large, NULL));
    large[LIMIT_SYNONYM_BYTES] = '\n';
    expect_refused(large, NULL, AISLE_LIMIT, "synonyms.txt: at most 8388608 bytes, not 8388609");
    test_free(large);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    struct rules_source source = source_of("tv, television\ncouch => sofa", "the\n");
    for (unsigned n = 1;; n++) {
        struct rules *rules = NULL;
        alloc_fail_at(n, 0);
        int status = rules_read(&source, &rules, &error);
        alloc_fail_at(0, 0);
        if (status == 0) {
            rules_free(rules);
            assert_true(n > 1);
            break;
        }
        assert_int_equal(status, AISLE_NO_MEMORY);
        assert_null(rules);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_ways_lead_to_all_others),
        cmocka_unit_test(one_way_leads_from_left_to_right_alone),
        cmocka_unit_test(a_compound_is_found_joined_and_apart),
        cmocka_unit_test(stop_words_are_those_of_the_language_or_the_file),
        cmocka_unit_test(exact_words_are_told_from_others),
        cmocka_unit_test(faults_are_told_with_their_line),
        cmocka_unit_test(a_byte_order_mark_is_passed_over),
        cmocka_unit_test(limits_hold_on_both_sides),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
