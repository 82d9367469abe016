/*
 * bench_boosts.c - what signals and affinities cost a search, as ratios to the same search without them.
 *
 *     bench_boosts CATALOG [--passes N] [--bar RATIO] [--only VARIANT]
 *
 * Any catalog of the shop schema. Words are those of titles, in three bands by how many products have them; each search
 * is for the ten best without a total, the best of N passes (default 25) counts, by the processor's time of one thread.
 * With --bar, eight affinities over frequent words that cost more than RATIO times as much as none end the program
 * with 1. With --only, the searches of one variant ("signals") over frequent words are all that is done, for a
 * profiler.
 */
#include "aisle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORDS_MAX 400u
#define WORD_BYTES 64u
#define BANDS 3u
#define OF_BAND 8u
#define AFFINITIES 8u
#define VALUES 50u
#define TEXT_BYTES 256u
#define NO_SIGNALS "sales:0,rating:0,updated:0,in_stock:0,exact:0"
#define SIGNALS "exact:0"

static aisle *catalog;
static aisle_error error;
static unsigned passes = 25;

static struct word {
    char text[WORD_BYTES];
    uint64_t products;
} words[WORDS_MAX];
static uint32_t word_count;

static void check(int status)
{
    if (status != 0) {
        fprintf(stderr, "bench_boosts: %s\n", error.message);
        exit(2);
    }
}

static double processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- words ---- */

static void add_word(const char *text, size_t size)
{
    struct word word = {.products = 0};
    if (size < 2 || size >= WORD_BYTES || word_count == WORDS_MAX) {
        return;
    }
    memcpy(word.text, text, size);
    for (uint32_t i = 0; i < word_count; i++) {
        if (strcmp(words[i].text, word.text) == 0) {
            return;
        }
    }
    words[word_count++] = word;
}

static void add_title(const char *product)
{
    const char *at = strstr(product, "\"title\":\"");
    at = at == NULL ? "" : at + 9;
    while (*at != '\0' && *at != '"') {
        size_t size = 0;
        while (isalpha((unsigned char)at[size])) {
            size++;
        }
        add_word(at, size);
        at += size + (at[size] == '\0' || at[size] == '"' ? 0 : 1);
    }
}

static uint64_t count_products(const char *text)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query,
                               .text = text,
                               .no_hits = true,
                               .no_typos = true,
                               .no_understanding = true};
    check(aisle_search(catalog, &query, &result, &error));
    uint64_t total = aisle_result_total(result, NULL);
    aisle_result_free(result);
    return total;
}

static int compare_words(const void *left, const void *right)
{
    const struct word *a = left;
    const struct word *b = right;
    return (a->products < b->products) - (a->products > b->products);
}

static void take_words(void)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .text = "", .sort = "price", .limit = 300, .fields = "title"};
    aisle_hit hit;
    check(aisle_search(catalog, &query, &result, &error));
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        char product[4096];
        snprintf(product, sizeof product, "%.*s", (int)hit.product.size, hit.product.data);
        add_title(product);
    }
    aisle_result_free(result);
    for (uint32_t i = 0; i < word_count; i++) {
        words[i].products = count_products(words[i].text);
    }
    qsort(words, word_count, sizeof words[0], compare_words);
}

/* ---- affinities ---- */

static char texts[3 * AFFINITIES][TEXT_BYTES];

/* Writes affinities for values of a field, every second of the most frequent. */
static void take_values(const char *field, uint32_t count, const char *out[])
{
    static uint32_t used;
    char facet[TEXT_BYTES];
    const char *const facets[] = {facet};
    aisle_result *result = NULL;
    aisle_facet_value value;
    const aisle_query query = {.size = sizeof query, .text = "", .no_hits = true, .facets = facets, .facet_count = 1};
    snprintf(facet, sizeof facet, "%s:%u", field, VALUES);
    check(aisle_search(catalog, &query, &result, &error));
    for (uint32_t i = 0; i < count; i++) {
        if (aisle_result_facet_value(result, 0, i * 2, &value) != 0) {
            fprintf(stderr, "bench_boosts: too few values of %s\n", field);
            exit(2);
        }
        snprintf(texts[used], TEXT_BYTES, "%s:%.*s=%u.%u", field, (int)value.value.size, value.value.data, i / 4,
                 5 + i % 4);
        out[i] = texts[used++];
    }
    aisle_result_free(result);
}

/* ---- measuring ---- */

struct variant {
    const char *name;
    const char *weights;
    const char *const *affinities;
    size_t count;
};

static double best_us(const char *text, const struct variant *variant)
{
    static aisle_result *result;
    const aisle_query query = {.size = sizeof query,
                               .text = text,
                               .weights = variant->weights,
                               .affinities = variant->affinities,
                               .affinity_count = variant->count,
                               .no_total = true,
                               .no_products = true,
                               .no_typos = true,
                               .no_understanding = true,
                               .now_ms = INT64_C(1767225600000)};
    double best = 1e12;
    for (unsigned pass = 0; pass < passes; pass++) {
        double start = processor_us();
        check(aisle_search(catalog, &query, &result, &error));
        double took = processor_us() - start;
        best = took < best ? took : best;
    }
    return best;
}

/* The mean over the words of a band. */
static double measure(uint32_t band, const struct variant *variant)
{
    double sum = 0;
    uint32_t from = band * (word_count - OF_BAND) / (BANDS - 1);
    for (uint32_t i = 0; i < OF_BAND; i++) {
        sum += best_us(words[from + i].text, variant);
    }
    return sum / OF_BAND;
}

int main(int argc, char **argv)
{
    static const char *const bands[BANDS] = {"frequent", "middling", "rare"};
    const char *brands[AFFINITIES];
    const char *mixed[AFFINITIES];
    const char *only = NULL;
    double bar = 0;
    double worst = 0;
    for (int i = 2; i < argc; i++) {
        passes = strcmp(argv[i], "--passes") == 0 && i + 1 < argc ? (unsigned)strtoul(argv[++i], NULL, 10) : passes;
        only = strcmp(argv[i], "--only") == 0 && i + 1 < argc ? argv[++i] : only;
        bar = strcmp(argv[i], "--bar") == 0 && i + 1 < argc ? strtod(argv[++i], NULL) : bar;
    }
    if (argc < 2) {
        fprintf(stderr, "bench_boosts CATALOG [--passes N] [--bar RATIO] [--only VARIANT]\n");
        return 2;
    }
    check(aisle_open(argv[1], &(aisle_options){.size = sizeof(aisle_options), .read_only = true}, &catalog, &error));
    take_words();
    if (word_count < BANDS * OF_BAND) {
        fprintf(stderr, "bench_boosts: too few words in titles\n");
        return 2;
    }
    take_values("brand", AFFINITIES, brands);
    take_values("brand", 4, mixed);
    take_values("category", 3, mixed + 4);
    mixed[7] = "size:M=0.4";
    const struct variant variants[] = {{"plain", NO_SIGNALS, NULL, 0},
                                       {"signals", SIGNALS, NULL, 0},
                                       {"1 affinity", NO_SIGNALS, brands, 1},
                                       {"8 of one field", NO_SIGNALS, brands, AFFINITIES},
                                       {"8 of three fields", NO_SIGNALS, mixed, AFFINITIES},
                                       {"signals and 8", SIGNALS, mixed, AFFINITIES}};
    for (size_t i = 0; only != NULL && i < sizeof variants / sizeof variants[0]; i++) {
        if (strcmp(variants[i].name, only) == 0) {
            printf("%s: %.1f us\n", only, measure(0, &variants[i]));
        }
    }
    for (uint32_t band = 0; band < BANDS && only == NULL; band++) {
        uint32_t from = band * (word_count - OF_BAND) / (BANDS - 1);
        double plain = 0;
        printf("%s words, %llu to %llu products\n", bands[band], (unsigned long long)words[from].products,
               (unsigned long long)words[from + OF_BAND - 1].products);
        for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
            double took = measure(band, &variants[i]);
            plain = i == 0 ? took : plain;
            worst = band == 0 && (i == 3 || i == 4) && took / plain > worst ? took / plain : worst;
            printf("  %-20s %10.1f us %8.2f times\n", variants[i].name, took, took / plain);
        }
    }
    aisle_close(catalog);
    return bar > 0 && worst > bar ? 1 : 0;
}
