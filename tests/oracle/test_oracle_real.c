/*
 * test_oracle_real.c - the engine answers as the oracle does on 27,745 real products.
 *
 * Needs the sample products beside the source tree (../shared/data/sample-products.jsonl.gz) and gzip; skipped
 * without. The queries are drawn from the products' titles and descriptions with a fixed seed; AISLE_ORACLE_ROUNDS=n
 * asks n of them instead of the default.
 */
#include "oracle/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SAMPLE AISLE_SOURCE_DIR "/../shared/data/sample-products.jsonl.gz"
#define SKIPPED 77
#define LINES_MAX 40000u
#define QUERIES 1000u
#define SEGMENTS 5u
#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char *const schema =
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5},"
    "\"description\":{\"type\":\"text\"},\"brand\":{\"type\":\"keyword\",\"facet\":true,\"search_weight\":3},"
    "\"category\":{\"type\":\"path\",\"facet\":true},\"size\":{\"type\":\"keyword\",\"search_weight\":0.5,"
    "\"positions\":false},"
    "\"price\":{\"type\":\"decimal\",\"scale\":2},\"rating\":{\"type\":\"double\"}},"
    "\"order\":[\"length\",\"category\",\"brand\",\"price:desc\"]}";

static char **lines;
static size_t line_count;
static uint64_t random_state = 1;

static uint32_t draw(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % limit);
}

static bool read_lines(void)
{
    FILE *file = fopen(SAMPLE, "rb");
    if (file == NULL) {
        return false;
    }
    fclose(file);
    file = popen("gzip -dc '" SAMPLE "'", "r");
    lines = calloc(LINES_MAX, sizeof *lines);
    size_t room = 0;
    while (file != NULL && line_count < LINES_MAX && getline(&lines[line_count], &room, file) > 0) {
        lines[line_count][strcspn(lines[line_count], "\n")] = '\0';
        line_count++;
        room = 0;
    }
    return file != NULL && pclose(file) == 0 && line_count > 0;
}

struct words {
    char text[512];
    char *items[64];
    size_t count;
};

/* The words of a product's field, as they stand there, with what the query grammar would take for its own left out. */
static void read_words(const char *field, struct words *words)
{
    char key[40];
    snprintf(key, sizeof key, "\"%s\": \"", field);
    const char *at = strstr(lines[draw((uint32_t)line_count)], key);
    snprintf(words->text, sizeof words->text, "%.300s", at != NULL ? at + strlen(key) : "");
    words->text[strcspn(words->text, "\"\\")] = '\0';
    words->count = 0;
    for (char *rest = words->text, *word; words->count < 64 && (word = strtok_r(rest, " ", &rest)) != NULL;) {
        if (word[0] != '-' && strpbrk(word, ":*") == NULL && strcmp(word, "OR") != 0 && strpbrk(word, ALNUM) != NULL) {
            words->items[words->count++] = word;
        }
    }
}

static void append(char *out, size_t size, const char *before, const char *text)
{
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s", before, text);
}

static void add_star(char *out, size_t size, uint32_t one_in)
{
    size_t used = strlen(out);
    if (used > 3 && draw(one_in) == 0 && out[used - 1] >= 'a' && out[used - 1] <= 'z') {
        append(out, size, "*", "");
    }
}

/* Up to four words; sometimes OR, an exclusion or a prefix. */
static void make_query(char *out, size_t size)
{
    struct words words;
    read_words("title", &words);
    size_t first = words.count > 0 ? draw((uint32_t)words.count) : 0;
    size_t wanted = 1 + draw(4);
    out[0] = '\0';
    for (size_t i = first; i < words.count && i < first + wanted; i++) {
        append(out, size, i == first ? "" : draw(12) == 0 ? " OR " : draw(12) == 0 ? " -" : " ", words.items[i]);
    }
    add_star(out, size, 8);
}

/* Two to four words of a value as a phrase, sometimes with one left out, two exchanged, a slop, a field before it, a
 * word behind it, or excluded from what has its first word. */
static void make_phrase_query(char *out, size_t size)
{
    static const char *const before[] = {"\"", "\"", "\"", "title:\"", "description:\"", "brand:\"", "size:\""};
    struct words words;
    read_words(draw(3) == 0 ? "description" : "title", &words);
    size_t wanted = 2 + draw(3);
    size_t first = words.count > wanted ? draw((uint32_t)(words.count - wanted + 1)) : 0;
    size_t end = first + wanted < words.count ? first + wanted : words.count;
    size_t left_out = draw(4) == 0 ? first + draw((uint32_t)wanted) : words.count;
    out[0] = '\0';
    if (draw(4) == 0 && first + 1 < end) {
        char *kept = words.items[first];
        words.items[first] = words.items[first + 1];
        words.items[first + 1] = kept;
    }
    if (draw(10) == 0 && first < end) {
        append(out, size, words.items[first], " -");
    }
    append(out, size, before[draw(sizeof before / sizeof before[0])], "");
    for (size_t i = first; i < end; i++) {
        if (i != left_out) {
            append(out, size, i == first ? "" : " ", words.items[i]);
        }
    }
    add_star(out, size, 4);
    append(out, size, "\"", "");
    if (draw(2) == 0) {
        char slop[8];
        snprintf(slop, sizeof slop, "~%u", draw(8) == 0 ? draw(64) : draw(5));
        append(out, size, slop, "");
    }
    if (draw(6) == 0 && words.count > 0) {
        append(out, size, draw(2) == 0 ? " OR " : " ", words.items[draw((uint32_t)words.count)]);
    }
}

static void real_products_are_found_as_the_oracle_finds_them(void **state)
{
    (void)state;
    const char *rounds = getenv("AISLE_ORACLE_ROUNDS");
    uint64_t queries = rounds != NULL ? strtoull(rounds, NULL, 10) : QUERIES;
    struct pair pair;
    uint64_t hits = 0, phrases = 0, found = 0;
    assert_true(pair_open(&pair, "oracle.real.catalog", schema, 2));
    for (size_t i = 0; i < line_count; i++) {
        assert_true(pair_put(&pair, lines[i]));
        if (i % (line_count / SEGMENTS + 1) == line_count / SEGMENTS) {
            assert_true(pair_commit(&pair, false));
        }
    }
    assert_true(pair_commit(&pair, false));
    for (uint64_t i = 0; i < queries; i++) {
        char text[1024];
        bool phrase = draw(2) == 0;
        (phrase ? make_phrase_query : make_query)(text, sizeof text);
        if (i == queries / 2) {
            assert_true(pair_commit(&pair, true));
        }
        uint32_t offset = draw(4) == 0 ? draw(50) : 0;
        uint32_t limit = draw(10) == 0 ? 1000 : 10;
        assert_true(pair_search(&pair, text, offset, limit, false, &hits));
        phrases += phrase;
        found += phrase && pair.status == 0 && pair.total > 0;
    }
    printf("%zu products, %llu queries, %llu of them with phrases of which %llu found something, %llu hits compared\n",
           line_count, (unsigned long long)queries, (unsigned long long)phrases, (unsigned long long)found,
           (unsigned long long)hits);
    assert_true(hits > queries);
    pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(real_products_are_found_as_the_oracle_finds_them)};
    int status = SKIPPED;
    if (read_lines()) {
        status = cmocka_run_group_tests(tests, NULL, NULL);
    } else {
        puts("skipped: no sample products, or no gzip");
    }
    for (size_t i = 0; lines != NULL && i < LINES_MAX; i++) {
        free(lines[i]);
    }
    free(lines);
    return status;
}
