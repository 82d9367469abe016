/*
 * test_oracle_real.c - the engine answers as the oracle does on 27,745 real products.
 *
 * Needs the sample products beside the source tree (../shared/data/sample-products.jsonl.gz) and gzip; skipped
 * without. The queries are drawn from the products' titles with a fixed seed.
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
    "\"category\":{\"type\":\"path\",\"facet\":true},\"size\":{\"type\":\"keyword\",\"search_weight\":0.5},"
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

/* Up to four words of a product's title, as they stand there, with what the query grammar would take for its own
 * left out; sometimes OR, an exclusion or a prefix. */
static void make_query(char *out, size_t size)
{
    char title[512] = "";
    const char *line = strstr(lines[draw((uint32_t)line_count)], "\"title\": \"");
    snprintf(title, sizeof title, "%.300s", line != NULL ? line + 10 : "");
    title[strcspn(title, "\"\\")] = '\0';
    char *words[64];
    size_t count = 0;
    for (char *rest = title, *word; count < 64 && (word = strtok_r(rest, " ", &rest)) != NULL;) {
        if (word[0] != '-' && strpbrk(word, ":*") == NULL && strcmp(word, "OR") != 0 && strpbrk(word, ALNUM) != NULL) {
            words[count++] = word;
        }
    }
    size_t first = count > 0 ? draw((uint32_t)count) : 0;
    size_t wanted = 1 + draw(4);
    out[0] = '\0';
    for (size_t i = first; i < count && i < first + wanted; i++) {
        const char *between = i == first ? "" : draw(12) == 0 ? " OR " : draw(12) == 0 ? " -" : " ";
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s", between, words[i]);
    }
    size_t used = strlen(out);
    if (used > 3 && draw(8) == 0 && out[used - 1] >= 'a' && out[used - 1] <= 'z') {
        snprintf(out + used, size - used, "*");
    }
}

static void real_products_are_found_as_the_oracle_finds_them(void **state)
{
    (void)state;
    struct pair pair;
    uint64_t hits = 0;
    assert_true(pair_open(&pair, "oracle.real.catalog", schema, 2));
    for (size_t i = 0; i < line_count; i++) {
        assert_true(pair_put(&pair, lines[i]));
        if (i % (line_count / SEGMENTS + 1) == line_count / SEGMENTS) {
            assert_true(pair_commit(&pair, false));
        }
    }
    assert_true(pair_commit(&pair, false));
    for (unsigned i = 0; i < QUERIES; i++) {
        char text[512];
        make_query(text, sizeof text);
        if (i == QUERIES / 2) {
            assert_true(pair_commit(&pair, true));
        }
        uint32_t offset = draw(4) == 0 ? draw(50) : 0;
        uint32_t limit = draw(10) == 0 ? 1000 : 10;
        assert_true(pair_search(&pair, text, offset, limit, false, &hits));
    }
    printf("%zu products, %u queries, %llu hits compared\n", line_count, QUERIES, (unsigned long long)hits);
    assert_true(hits > QUERIES);
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
