/*
 * bench_facets.c - three facets over all products and over shares of them, on one core.
 *
 *     bench_facets DIRECTORY [ITEMS [built [CORPUS]]]      default 1,000,000 products, compacted into one segment
 *
 * A catalog in DIRECTORY is used again. Each product has words that say which shares it belongs to: by chance ("half",
 * "tenth", "hundredth", "thousandth") and as its top category, whose products stand together. The facets are the ten
 * first brands, the top categories, and the price in five ranges. CORPUS gets the same products as lines for other
 * engines (peers/LuceneFacets.java). Prints for each query: its name, the total, counts, the best time of PASSES in ns.
 */
#include "aisle.h"
#include "base/clock.h"
#include "base/hash.h"
#include "data/generate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASSES 15u
#define TEXT_BYTES 1024u

static aisle *catalog;
static aisle_error error;

static void check(int status)
{
    if (status != 0) {
        fprintf(stderr, "bench_facets: %s\n", error.message);
        exit(1);
    }
}

/* The text behind key in a generated line up to one of ends. */
static void take(const char *line, const char *key, const char *ends, char *out)
{
    const char *start = strstr(line, key);
    start = start == NULL ? "" : start + strlen(key);
    snprintf(out, TEXT_BYTES, "%.*s", (int)strcspn(start, ends), start);
}

/* The letters of a category as a word. */
static void word_of(const char *category, char *word)
{
    for (; *category != '\0'; category++) {
        if (isalpha((unsigned char)*category)) {
            *word++ = (char)tolower((unsigned char)*category);
        }
    }
    *word = '\0';
}

static void put(aisle_writer *writer, const char *line, uint64_t number, FILE *corpus)
{
    char brand[TEXT_BYTES], category[TEXT_BYTES], price[TEXT_BYTES], tags[TEXT_BYTES + 64], product[8 * TEXT_BYTES];
    take(line, "\"brand\":\"", "\"", brand);
    take(line, "\"category\":[\"", "\"", category);
    take(line, "\"price\":", ",}", price);
    uint64_t chance = hash_bytes(&number, sizeof number) % 1000;
    word_of(category, tags);
    strcat(tags, chance % 2 == 0 ? " half" : "");
    strcat(tags, chance % 10 == 0 ? " tenth" : "");
    strcat(tags, chance % 100 == 0 ? " hundredth" : "");
    strcat(tags, chance == 0 ? " thousandth" : "");
    char whole[TEXT_BYTES];
    take(line, "\"category\":", "]", whole);
    int size = snprintf(product, sizeof product,
                        "{\"id\":\"%llu\",\"tag\":\"%s\",\"brand\":\"%s\",\"category\":%s],\"price\":%s}",
                        (unsigned long long)number, tags, brand, whole, price);
    check(aisle_put(writer, (aisle_bytes){product, (size_t)size}, &error));
    if (corpus != NULL) {
        fprintf(corpus, "%llu\t%lld\t%s\t%s\t%s\n", (unsigned long long)number,
                (long long)(strtod(price, NULL) * 100 + 0.5), category, brand, tags);
    }
}

static void build(const char *directory, uint64_t items, bool merged, const char *path)
{
    static const char schema[] =
        "{\"version\":1,\"id\":\"id\",\"language\":\"none\",\"fields\":{\"tag\":{\"type\":\"text\"},"
        "\"brand\":{\"type\":\"keyword\",\"facet\":true},\"category\":{\"type\":\"path\",\"facet\":true},"
        "\"price\":{\"type\":\"decimal\"}},\"order\":[\"length\",\"category\",\"brand\"]}";
    static char line[GENERATE_LINE_BYTES];
    struct generate *generate = NULL;
    aisle_writer *writer = NULL;
    FILE *corpus = path == NULL ? NULL : fopen(path, "w");
    check(aisle_create(directory, schema, NULL, &error));
    check(aisle_open(directory, &(aisle_options){.size = sizeof(aisle_options), .threads = 2}, &catalog, &error));
    check(aisle_begin(catalog, &writer, &error));
    check(generate_new(1, &generate));
    for (uint64_t i = 0; i < items; i++) {
        generate_item(generate, i, line);
        put(writer, line, i, corpus);
    }
    check(aisle_commit(writer, &error));
    check(merged ? aisle_compact(writer, &error) : 0);
    aisle_writer_free(writer);
    aisle_close(catalog);
    generate_free(generate);
    if (corpus != NULL) {
        fclose(corpus);
    }
}

static void print_counts(const aisle_result *result, size_t facet)
{
    aisle_facet_value value;
    printf("\t");
    for (size_t i = 0; aisle_result_facet_value(result, facet, i, &value) == 0; i++) {
        printf("%s%.*s=%llu", i == 0 ? "" : "|", (int)value.value.size, value.value.data,
               (unsigned long long)value.count);
    }
}

static void measure(const char *text)
{
    static const char *const facets[] = {"brand:10", "category:50", "price[*,20,50,100,500,*]"};
    aisle_query query = {.size = sizeof query, .text = text, .no_hits = true, .facets = facets, .facet_count = 3};
    aisle_result *result = NULL;
    uint64_t best = UINT64_MAX;
    for (unsigned pass = 0; pass < PASSES; pass++) {
        uint64_t start = clock_monotonic_ns();
        check(aisle_search(catalog, &query, &result, &error));
        uint64_t took = clock_monotonic_ns() - start;
        best = took < best ? took : best;
    }
    printf("%s\t%llu", text[0] == '\0' ? "all" : text, (unsigned long long)aisle_result_total(result, NULL));
    for (size_t i = 0; i < 3; i++) {
        print_counts(result, i);
    }
    printf("\t%llu\n", (unsigned long long)best);
    aisle_result_free(result);
}

int main(int argc, char **argv)
{
    static const char *const texts[] = {"", "half", "tenth", "hundredth", "thousandth", "shoes", "half shoes"};
    uint64_t items = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    if (argc < 2 || items == 0) {
        fprintf(stderr, "bench_facets DIRECTORY [ITEMS [built [CORPUS]]]\n");
        return 1;
    }
    const aisle_options options = {.size = sizeof options, .read_only = true};
    if (aisle_open(argv[1], &options, &catalog, &error) != 0) {
        build(argv[1], items, argc < 4 || strcmp(argv[3], "built") != 0, argc > 4 ? argv[4] : NULL);
        check(aisle_open(argv[1], &options, &catalog, &error));
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        measure(texts[i]);
    }
    aisle_close(catalog);
    return 0;
}
