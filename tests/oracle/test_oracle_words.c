/*
 * test_oracle_words.c - the analyser's tokens against the oracle's, on random texts in which every rule is likely to
 * bite: as a query, as a product, as a part number, with and without stems.
 *
 *     test_oracle_words [ROUNDS [SEED]]
 */
#include "oracle/oracle.h"
#include "text/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TEXT_BYTES 400u

static unsigned long rounds = 30000;
static uint64_t seed = 4242;

static const char *const pieces[] = {
    "a", "b", "s", "t", "x", "n", "in", "at", "ti", "xm4", "wh", "rtx", "shirt", "usb", "type", "1", "2", "3", "15",
    "000", "500", "1024", "4070", "1000", "0", ".5", "gb", "mb", "kg", "g", "ml", "l", "cm", "mm", "m", "w", "inch",
    "fl", "oz", "zoll", "net", "c", "f", "roll", "rock", "c++", "c#", ".net", "24", "7", "mAh", "64gb", "1,5",
    "2.50", "1.234", "men's", "l'o", "Wi", "Fi", "1000xm4", "s24", "80d", "plus", "\u00e9", "\u96fb\u8a71", "\u6a5f",
    "\ud55c\uad6d\uc5b4", "\u30c8\u3099", "\u0e01\u0e34\u0e19", "\u0967", "\u0434\u0430", "running", "cables", "pcs",
    "amp", "6x500ml", "2x", "x5kg", "3x", "x4", "50x70", "50", "70", "x", "3x1.5", "2x3x4x5x6", "6x0.5l", "\u0663",
    "ms", "bs", "50cm", "70cm", "8in", "5ft", "5cmx7cm", "2mx3m", "1.5m",
};
static const char *const gaps[] = {
    " ", " ", " ", " ", " ", "-", "-", "-", ".", ".", ",", "/", "/", "&", " & ", "'", " '", "' ", "\"", "''", "+",
    "++", "#", "_", "", "", "", "  ", ", ", " (", ": ", "\u2033", "\u201d", "*", "\t", " .", " x ", " x ", " \u00d7 ",
    "\u00d7", " x", "x ",
};

static uint32_t next_random(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33);
}

static void make_text(char *text)
{
    uint32_t count = 1 + next_random() % 9;
    text[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        strcat(text, i == 0 && next_random() % 4 != 0 ? "" : gaps[next_random() % (sizeof gaps / sizeof gaps[0])]);
        strcat(text, pieces[next_random() % (sizeof pieces / sizeof pieces[0])]);
    }
    if (next_random() % 4 == 0) {
        strcat(text, gaps[next_random() % (sizeof gaps / sizeof gaps[0])]);
    }
}

/* As oracle_show_tokens. */
static void show(const struct token_list *list, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        const struct token *token = &list->tokens[i];
        const char *brackets = token->kind == TOKEN_JOINED ? "[]" : token->kind == TOKEN_EXTRA ? "()" : "";
        used += (size_t)snprintf(out + used, size - used, "%s%.1s%.*s", i == 0 ? "" : " ", brackets,
                                 (int)token->term.size, (const char *)token->term.data);
        if (brackets[0] != '\0') {
            used += (size_t)snprintf(out + used, size - used, "/%u@%u%c", token->parts, token->position, brackets[1]);
        }
    }
}

static void compare(struct analyser *analyser, const char *text, const char *language_name, uint8_t language, int kind)
{
    struct token_list list;
    char found[8192];
    struct bytes bytes = bytes_of_string(text);
    int status = kind == 0 ? analyser_run(analyser, bytes, language, &list)
                           : analyser_run_product(analyser, bytes, language, kind == 2, &list);
    assert_int_equal(status, 0);
    show(&list, found, sizeof found);
    char *expected = kind == 0 ? oracle_show_tokens(text, language_name)
                               : oracle_show_product_tokens(text, language_name, kind == 2);
    if (strcmp(found, expected) != 0) {
        fail_msg("'%s' (%s, %d) gives\n  %s, expected\n  %s", text, language_name, kind, found, expected);
    }
    free(expected);
}

static void the_analyser_agrees_with_the_oracle(void **state)
{
    (void)state;
    static const char *const languages[] = {"none", "english", "german"};
    struct analyser *analyser = NULL;
    assert_int_equal(analyser_new(&analyser), 0);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (unsigned long i = 0; i < rounds; i++) {
        char text[TEXT_BYTES];
        uint8_t language;
        const char *name = languages[i % 3];
        make_text(text);
        assert_int_equal(text_language_find(name, &language), 0);
        compare(analyser, text, name, language, (int)(next_random() % 3));
    }
    analyser_free(analyser);
}

int main(int count, char **arguments)
{
    rounds = count > 1 ? strtoul(arguments[1], NULL, 10) : rounds;
    seed = count > 2 ? strtoull(arguments[2], NULL, 10) : seed;
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_analyser_agrees_with_the_oracle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
