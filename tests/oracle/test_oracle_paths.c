/*
 * test_oracle_paths.c - the oracle's phrases against the definition, letter by letter.
 *
 * The definition puts all values of a field on one line with a gap of 64 between them and asks for any path of places
 * whose cost is within the slop. Here that is done just so, every path written out, over many small random texts; the
 * oracle works with values and a table of cheapest costs. Both read the same tokens (which test_oracle_self.c pins).
 */
#include "oracle/inside.h"
#include "oracle/random_shop.h"

#include <libstemmer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CASES 20000u
#define GAP 64u
#define SPOTS_MAX 64u

struct spot {
    const char *term;
    uint32_t start, end;
};

struct line {
    struct pool pool;
    struct sb_stemmer *stemmer;
    struct spot spots[SPOTS_MAX];
    uint32_t count;
    uint32_t base; /* of the next value */
    struct tokens phrase;
};

/* Puts a value's tokens on the line; of those of one term that begin at one place, the shortest. */
static void put_value(struct line *line, const char *text)
{
    struct tokens tokens;
    oracle_tokenise(&line->pool, text, strlen(text), TEXT_PRODUCT, &tokens);
    for (size_t i = 0; i < tokens.count; i++) {
        const struct token *token = &tokens.items[i];
        struct spot spot = {.start = line->base + (uint32_t)token->position};
        spot.term = oracle_stem(&line->pool, line->stemmer, token->term);
        spot.end = spot.start + (uint32_t)token->parts;
        uint32_t k = 0;
        while (k < line->count && (line->spots[k].start != spot.start || strcmp(line->spots[k].term, spot.term) != 0)) {
            k++;
        }
        if (k == line->count) {
            assert_true(line->count < SPOTS_MAX);
            line->spots[line->count++] = spot;
        } else if (spot.end < line->spots[k].end) {
            line->spots[k].end = spot.end;
        }
    }
    line->base += (uint32_t)tokens.words + GAP;
}

/* Whether a path goes on from this place (NULL: from the beginning) to the end of the phrase. */
static bool walk(const struct line *line, size_t position, const struct spot *last, uint32_t slop)
{
    for (size_t i = 0; i < line->phrase.count; i++) {
        const struct token *token = &line->phrase.items[i];
        if (token->position != position) {
            continue;
        }
        for (uint32_t k = 0; k < line->count; k++) {
            const struct spot *spot = &line->spots[k];
            uint32_t cost = last == NULL ? 0 : (uint32_t)abs((int)spot->start - (int)last->end);
            if (strcmp(spot->term, token->text) == 0 && (last == NULL || last->start != spot->start) && cost <= slop &&
                walk(line, position + token->parts, spot, slop - cost)) {
                return true;
            }
        }
    }
    return position == line->phrase.words;
}

static void add_words(struct shop *dice, char *out, size_t size, uint32_t count)
{
    static const char *const words[] = {"a", "b", "c", "a-b", "run-s", "runs", "run", "a-b-c", "ab", "s", "abc", "b-c"};
    for (uint32_t i = 0; i < count; i++) {
        size_t used = strlen(out);
        const char *word = words[shop_random(dice, sizeof words / sizeof words[0])];
        snprintf(out + used, size - used, "%s%s", i == 0 ? "" : " ", word);
    }
}

/* Stems the phrase's tokens in place. */
static void read_phrase(struct line *line, const char *text)
{
    oracle_tokenise(&line->pool, text, strlen(text), TEXT_QUERY, &line->phrase);
    for (size_t i = 0; i < line->phrase.count; i++) {
        struct token *token = &line->phrase.items[i];
        token->text = oracle_stem(&line->pool, line->stemmer, token->term);
    }
}

/* One random text and phrase; whether it is found. */
static bool run_case(struct shop *dice)
{
    bool stems = shop_random(dice, 100) < 50;
    struct line line = {.stemmer = stems ? sb_stemmer_new("english", "UTF_8") : NULL};
    char product[400] = "{\"id\":\"A\",\"title\":[", phrase[100] = "", text[120], schema[160];
    uint32_t values = 1 + shop_random(dice, 3);
    for (uint32_t i = 0; i < values; i++) {
        char value[100] = "";
        add_words(dice, value, sizeof value, shop_random(dice, 5));
        put_value(&line, value);
        size_t used = strlen(product);
        snprintf(product + used, sizeof product - used, "%s\"%s\"%s", i == 0 ? "" : ",", value,
                 i + 1 < values ? "" : "]}");
    }
    uint32_t length = 2 + shop_random(dice, 3);
    add_words(dice, phrase, sizeof phrase, length);
    uint32_t slop = shop_random(dice, shop_random(dice, 100) < 85 ? 7 : 64);
    snprintf(text, sizeof text, "\"%s\"~%u", phrase, slop);
    snprintf(schema, sizeof schema,
             "{\"version\":1,\"id\":\"id\",\"language\":\"%s\",\"fields\":{\"title\":{\"type\":\"text\"}}}",
             stems ? "english" : "none");
    struct oracle *oracle = oracle_new(schema);
    struct oracle_answer answer;
    assert_int_equal(oracle_put(oracle, product), 0);
    assert_int_equal(oracle_search(oracle, text, 0, 1, &answer), 0);
    read_phrase(&line, phrase);
    bool expected = walk(&line, 0, NULL, slop);
    if (answer.total != expected) {
        fail_msg("%s: %s %s, by the definition it %s", product, text, answer.total == 1 ? "matches" : "does not match",
                 expected ? "does" : "does not");
    }
    oracle_answer_release(&answer);
    oracle_free(oracle);
    sb_stemmer_delete(line.stemmer);
    pool_release(&line.pool);
    return expected;
}

static void every_path_is_what_the_table_finds(void **state)
{
    (void)state;
    struct shop dice = {.state = 1};
    uint32_t found = 0;
    for (uint32_t i = 0; i < CASES; i++) {
        found += run_case(&dice);
    }
    printf("%u cases, %u of them match\n", CASES, found);
    assert_in_range(found, CASES / 10, CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_path_is_what_the_table_finds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
