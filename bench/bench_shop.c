/*
 * bench_shop.c - what a shop asks of a catalog, each held against its bar: facets, filters without text, text with a
 * filter and facets, affinities, patches of numbers.
 *
 *     bench_shop CATALOG [--bar] [--queries FILE] [--patches N] [--only FIGURES]
 *
 * Any catalog with the fields brand, category and price; --patches changes its price, stock and sales, of products as
 * they come, and needs a copy of it. FILE has a text a line; without it, texts are the first two words of titles. Times
 * are of one thread, warm; the processor's, because a busy machine shows in the clock's alone. With --bar, a bar that
 * is missed ends the program with 1; bars are those of ten million products, where a million is a tenth of them: of a
 * smaller catalog a tenth is taken, too. With --only, one of "facets", "part", "filter", "texts" and "affinities" is
 * measured, for a profiler.
 *
 * What is measured again and again is told as the median of the passes, with the best. Each figure is told as soon as
 * it is known, and none takes more than some seconds: in a large catalog fewer passes are made and fewer filters and
 * texts drawn, and how many is told.
 */
#include "aisle.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PASSES 41u
#define PASSES_LEAST 5u
#define FILTERS 400u
#define DRAWN_LEAST 20u
#define SECONDS 8u /* that one figure may take, but for its least number of passes */
#define VALUES 50u
#define TEXTS 2000u
#define TEXT_BYTES 256u
#define BATCH 10000u
#define WORDS 8u
#define AFFINITIES 8u

static aisle *catalog;
static aisle_error error;
static bool fails; /* a bar is to be kept */
static unsigned missed;
static char brands[VALUES][TEXT_BYTES];
static uint32_t brand_count;
static char texts[TEXTS][TEXT_BYTES];
static uint32_t text_count;

static void check(int status)
{
    if (status != 0) {
        fprintf(stderr, "bench_shop: %s\n", error.message);
        exit(2);
    }
}

static uint64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare_times(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Whether a figure that was begun then has taken long enough, after so many searches of at least as many. */
static bool is_over(uint64_t start, unsigned done, unsigned least)
{
    return done >= least && clock_monotonic_ns() - start > (uint64_t)SECONDS * 1000000000u;
}

/* The processor's time of one search in ns; *total: how many products match. */
static uint64_t search(const aisle_query *query, uint64_t *total)
{
    static aisle_result *result;
    uint64_t start = processor_ns();
    check(aisle_search(catalog, query, &result, &error));
    uint64_t took = processor_ns() - start;
    *total = aisle_result_total(result, NULL);
    return took;
}

/* Tells a figure with its bar; at_most: the bar is above, not below. */
static void tell(const char *what, double figure, double bar, bool at_most, const char *unit, const char *detail)
{
    bool kept = at_most ? figure <= bar : figure >= bar;
    printf("%-46s %12.2f %-10s bar %10.2f  %s  %s\n", what, figure, unit, bar, kept ? "kept  " : "missed", detail);
    missed += kept ? 0 : 1;
}

/* Of passes of one search, in ms. */
struct figure {
    double median;
    double best;
    unsigned passes;
};

static struct figure measure_ms(const aisle_query *query, uint64_t *total)
{
    uint64_t times[PASSES];
    uint64_t start = clock_monotonic_ns();
    unsigned pass = 0;
    (void)search(query, total);
    for (; pass < PASSES && !is_over(start, pass, PASSES_LEAST); pass++) {
        times[pass] = search(query, total);
    }
    qsort(times, pass, sizeof times[0], compare_times);
    return (struct figure){(double)times[pass / 2] / 1e6, (double)times[0] / 1e6, pass};
}

/* A filter that keeps about so many products, those of least or of most of a field; false: it keeps none. */
static bool find_share(const char *field, bool from_below, uint64_t wanted, char filter[64])
{
    double few = from_below ? 0 : 1e6;
    double many = from_below ? 1e6 : 0;
    uint64_t total = 0;
    for (unsigned step = 0; step < 30; step++) {
        snprintf(filter, 64, "%s %s %.2f", field, from_below ? "<" : ">", (few + many) / 2);
        const aisle_query query = {.size = sizeof query, .text = "", .no_hits = true, .filter = filter};
        (void)search(&query, &total);
        *(total < wanted ? &few : &many) = (few + many) / 2;
    }
    snprintf(filter, 64, "%s %s %.2f", field, from_below ? "<" : ">", many);
    return total != 0;
}

static const char *const three_facets[] = {"brand:10", "category:50", "price[*,20,50,100,500,*]"};

static void measure_facets(void)
{
    char detail[TEXT_BYTES];
    uint64_t total = 0;
    const aisle_query query = {.size = sizeof query, .text = "", .no_hits = true, .facets = three_facets,
                               .facet_count = 3};
    struct figure took = measure_ms(&query, &total);
    snprintf(detail, sizeof detail, "best %.2f of %u; %llu products", took.best, took.passes,
             (unsigned long long)total);
    tell("three facets over all", took.median, 60, true, "ms", detail);
}

/* Those of least price, of which one facet counts ranges, or of best rating, which no facet is about. */
static void measure_share(const char *what, const char *field, bool from_below)
{
    char detail[TEXT_BYTES];
    char filter_text[64];
    uint64_t total = 0;
    aisle_query query = {.size = sizeof query, .text = "", .no_hits = true};
    (void)search(&query, &total);
    if (!find_share(field, from_below, total / 10 < 1000000 ? total / 10 : 1000000, filter_text)) {
        return;
    }
    query.filter = filter_text;
    struct figure filter = measure_ms(&query, &total);
    query.facets = three_facets;
    query.facet_count = 3;
    struct figure took = measure_ms(&query, &total);
    snprintf(detail, sizeof detail, "best %.2f of %u; %llu products; %.2f ms with their filter",
             took.best - filter.best, took.passes, (unsigned long long)total, took.median);
    tell(what, took.median - filter.median, 10, true, "ms", detail);
}

static void measure_part(void)
{
    const aisle_query query = {.size = sizeof query, .text = "", .no_hits = true, .filter = "rating > 0"};
    aisle_result *result = NULL;
    measure_share("three facets over a million matches", "price", true);
    if (aisle_search(catalog, &query, &result, NULL) == 0) { /* there is such a field */
        measure_share("the same of another filter", "rating", false);
    }
    aisle_result_free(result);
}

static void list_brands(void)
{
    const char *facet = "brand:50";
    aisle_result *result = NULL;
    aisle_facet_value value;
    aisle_query query = {.size = sizeof query, .text = "", .no_hits = true, .facets = &facet, .facet_count = 1};
    check(aisle_search(catalog, &query, &result, &error));
    while (brand_count < VALUES && aisle_result_facet_value(result, 0, brand_count, &value) == 0) {
        snprintf(brands[brand_count++], TEXT_BYTES, "%.*s", (int)value.value.size, value.value.data);
    }
    aisle_result_free(result);
}

static uint32_t draw(uint32_t limit)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) * limit >> 31);
}

/* "brand = ... AND price from TO to". */
static void draw_filter(char filter[2 * TEXT_BYTES])
{
    uint32_t low = draw(100);
    snprintf(filter, 2 * TEXT_BYTES, "brand = \"%s\" AND price %u TO %u", brands[draw(brand_count)], low,
             low + 10 + draw(200));
}

static void measure_filter(void)
{
    uint64_t times[FILTERS];
    uint64_t total = 0;
    uint64_t found = 0;
    uint64_t start = clock_monotonic_ns();
    unsigned drawn = 0;
    char detail[TEXT_BYTES];
    for (; drawn < FILTERS && !is_over(start, drawn, DRAWN_LEAST); drawn++) {
        char filter[2 * TEXT_BYTES];
        draw_filter(filter);
        const aisle_query query = {.size = sizeof query, .text = "", .filter = filter, .no_products = true};
        (void)search(&query, &total);
        times[drawn] = search(&query, &total);
        found += total;
    }
    /* The first ones pay for what later ones find: those are told apart. */
    unsigned warm = drawn / 4;
    unsigned count = drawn - warm;
    qsort(times + warm, count, sizeof times[0], compare_times);
    snprintf(detail, sizeof detail, "p99 %.2f ms; the first %.2f ms; %u filters, %llu products at the mean",
             (double)times[warm + (count - 1) * 99 / 100] / 1e6, (double)times[0] / 1e6, drawn,
             (unsigned long long)(found / drawn));
    tell("brand and price range without text, p50", (double)times[warm + count / 2] / 1e6, 2, true, "ms", detail);
}

/* The first two words of titles of products spread over the catalog. */
static void take_titles(void)
{
    aisle_result *result = NULL;
    for (uint32_t offset = 0; offset < 10000 && text_count < TEXTS; offset += 1000) {
        aisle_query query = {.size = sizeof query, .text = "", .offset = offset, .limit = 200, .fields = "title",
                             .sort = "price"};
        aisle_hit hit;
        check(aisle_search(catalog, &query, &result, &error));
        for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0 && text_count < TEXTS; i++) {
            char first[TEXT_BYTES / 4], second[TEXT_BYTES / 4];
            if (sscanf(hit.product.data, "{\"title\":\"%60[A-Za-z] %60[A-Za-z]", first, second) == 2) {
                snprintf(texts[text_count++], TEXT_BYTES, "%s %s", first, second);
            }
        }
    }
    aisle_result_free(result);
}

static void take_queries(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "bench_shop: %s cannot be read\n", path);
        exit(2);
    }
    while (text_count < TEXTS && fgets(texts[text_count], TEXT_BYTES, file) != NULL) {
        texts[text_count][strcspn(texts[text_count], "\t\r\n")] = '\0';
        text_count += texts[text_count][0] != '\0' ? 1 : 0;
    }
    fclose(file);
}

static void measure_texts(void)
{
    static const char *const facets[] = {"brand:10", "category:20", "price[*,20,50,100,500,*]"};
    static uint64_t times[TEXTS];
    uint64_t total = 0;
    char detail[TEXT_BYTES];
    uint64_t start = clock_monotonic_ns();
    uint32_t count = 0;
    for (uint32_t i = 0; i < text_count && !is_over(start, i, DRAWN_LEAST); i++) {
        char filter[64];
        snprintf(filter, sizeof filter, "price %u TO %u", draw(50), 60 + draw(400));
        const aisle_query query = {.size = sizeof query, .text = texts[i], .filter = filter, .facets = facets,
                                   .facet_count = 3};
        (void)search(&query, &total);
        times[i] = search(&query, &total);
        count = i + 1;
    }
    qsort(times, count, sizeof times[0], compare_times);
    snprintf(detail, sizeof detail, "p50 %.3f ms; %u texts", (double)times[count / 2] / 1e6, count);
    tell("text, filter and three facets, p99", (double)times[(count - 1) * 99 / 100] / 1e6, 20, true, "ms", detail);
}

/* ---- affinities ---- */

static char words[WORDS][TEXT_BYTES];
static uint64_t word_products[WORDS];
static char liked[AFFINITIES + AFFINITIES / 2][TEXT_BYTES];
static uint32_t liked_count;

static uint64_t count_products(const char *text)
{
    uint64_t total = 0;
    const aisle_query query = {
        .size = sizeof query, .text = text, .no_hits = true, .no_typos = true, .no_understanding = true};
    (void)search(&query, &total);
    return total;
}

/* Keeps the most frequent of the texts' first words. */
static void take_words(void)
{
    for (uint32_t i = 0; i < text_count && i < 20 * WORDS; i++) {
        char word[TEXT_BYTES];
        uint32_t at = 0;
        snprintf(word, sizeof word, "%.*s", (int)strcspn(texts[i], " "), texts[i]);
        while (at < WORDS && strcmp(words[at], word) != 0) {
            at++;
        }
        uint64_t products = at < WORDS ? 0 : count_products(word);
        for (at = WORDS; at > 0 && products > word_products[at - 1]; at--) {
            if (at < WORDS) {
                word_products[at] = word_products[at - 1];
                memcpy(words[at], words[at - 1], TEXT_BYTES);
            }
        }
        if (at < WORDS && products > word_products[at]) {
            word_products[at] = products;
            memcpy(words[at], word, TEXT_BYTES);
        }
    }
}

/* Writes affinities for count values of a field, every second of the most frequent. */
static void like_values(const char *field, uint32_t count)
{
    char facet[TEXT_BYTES];
    const char *const facets[] = {facet};
    static aisle_result *result;
    aisle_facet_value value;
    snprintf(facet, sizeof facet, "%s:%u", field, VALUES);
    const aisle_query query = {.size = sizeof query, .text = "", .no_hits = true, .facets = facets, .facet_count = 1};
    check(aisle_search(catalog, &query, &result, &error));
    for (uint32_t i = 0; i < count && aisle_result_facet_value(result, 0, i * 2, &value) == 0; i++) {
        snprintf(liked[liked_count++], TEXT_BYTES, "%s:%.*s=%u.%u", field, (int)value.value.size, value.value.data,
                 i / 4, 5 + i % 4);
    }
}

/* The sum over the words, each the median of its passes, in us. */
static double measure_words(const char *const *affinities, uint32_t count)
{
    double sum = 0;
    uint64_t total;
    for (uint32_t i = 0; i < WORDS && word_products[i] != 0; i++) {
        const aisle_query query = {.size = sizeof query,
                                   .text = words[i],
                                   .weights = "sales:0,rating:0,updated:0,in_stock:0,exact:0",
                                   .affinities = affinities,
                                   .affinity_count = count,
                                   .no_total = true,
                                   .no_products = true,
                                   .no_typos = true,
                                   .no_understanding = true};
        sum += measure_ms(&query, &total).median * 1e3;
    }
    return sum;
}

static void measure_affinities(void)
{
    const char *of_brands[AFFINITIES];
    const char *of_fields[AFFINITIES];
    char detail[TEXT_BYTES];
    take_words();
    like_values("brand", AFFINITIES);
    for (uint32_t i = 0; i < liked_count; i++) {
        of_brands[i] = liked[i];
    }
    uint32_t brand_affinities = liked_count;
    like_values("category", AFFINITIES / 2);
    uint32_t field_affinities = 0;
    for (uint32_t i = 0; i < liked_count && field_affinities < AFFINITIES; i++) {
        if (i < AFFINITIES / 2 || i >= brand_affinities) {
            of_fields[field_affinities++] = liked[i];
        }
    }
    double plain = measure_words(NULL, 0);
    double brand = measure_words(of_brands, brand_affinities);
    double mixed = measure_words(of_fields, field_affinities);
    snprintf(detail, sizeof detail, "%.0f us to %.0f at the mean; words of %llu to %llu products", brand / WORDS,
             plain / WORDS, (unsigned long long)word_products[WORDS - 1], (unsigned long long)word_products[0]);
    tell("affinities for 8 brands, to none", brand / plain, 3, true, "times", detail);
    snprintf(detail, sizeof detail, "%.0f us to %.0f", mixed / WORDS, plain / WORDS);
    tell("affinities for brands and categories, to none", mixed / plain, 3, true, "times", detail);
}

/* ---- patches ---- */

/* Batches of patches, each committed, so that the next search sees it. */
static void measure_patches(const char *path, uint64_t count)
{
    aisle_writer *writer = NULL;
    aisle_result *result = NULL;
    static char ids[BATCH][TEXT_BYTES];
    uint64_t known = 0;
    aisle_hit hit;
    char detail[TEXT_BYTES];
    check(aisle_open(path, &(aisle_options){.size = sizeof(aisle_options)}, &catalog, &error));
    const aisle_query query = {.size = sizeof query, .text = "", .sort = "price", .limit = BATCH, .no_products = true};
    check(aisle_search(catalog, &query, &result, &error));
    for (; known < BATCH && aisle_result_hit(result, known, &hit) == 0; known++) {
        snprintf(ids[known], TEXT_BYTES, "%.*s", (int)hit.id.size, hit.id.data);
    }
    aisle_result_free(result);
    check(aisle_begin(catalog, &writer, &error));
    uint64_t start = clock_monotonic_ns();
    uint64_t work = processor_ns();
    for (uint64_t i = 0; i < count; i++) {
        char fields[TEXT_BYTES];
        const char *id = ids[i * 7919 % known];
        int size = snprintf(fields, sizeof fields, "{\"price\":%u.%02u,\"sales\":%u,\"in_stock\":%s}", draw(1000),
                            draw(100), draw(100000), draw(2) == 0 ? "true" : "false");
        check(aisle_patch(writer, (aisle_bytes){id, strlen(id)}, (aisle_bytes){fields, (size_t)size}, &error));
        if (i % BATCH == BATCH - 1 || i + 1 == count) {
            check(aisle_commit(writer, &error));
        }
    }
    double seconds = (double)(clock_monotonic_ns() - start) / 1e9;
    snprintf(detail, sizeof detail, "%.0f by the clock; %llu, each 10,000 committed", (double)count / seconds,
             (unsigned long long)count);
    tell("patches of price, sales and stock", (double)count / ((double)(processor_ns() - work) / 1e9), 100000, false,
         "a second", detail);
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static const struct {
    const char *name;
    void (*measure)(void);
} figures[] = {{"facets", measure_facets},
               {"part", measure_part},
               {"filter", measure_filter},
               {"texts", measure_texts},
               {"affinities", measure_affinities}};

int main(int argc, char **argv)
{
    const char *queries = NULL;
    const char *only = NULL;
    uint64_t patches = 0;
    for (int i = 2; i < argc; i++) {
        fails = fails || strcmp(argv[i], "--bar") == 0;
        queries = strcmp(argv[i], "--queries") == 0 && i + 1 < argc ? argv[++i] : queries;
        only = strcmp(argv[i], "--only") == 0 && i + 1 < argc ? argv[++i] : only;
        patches = strcmp(argv[i], "--patches") == 0 && i + 1 < argc ? strtoull(argv[++i], NULL, 10) : patches;
    }
    if (argc < 2) {
        fprintf(stderr, "bench_shop CATALOG [--bar] [--queries FILE] [--patches N] [--only FIGURES]\n");
        return 2;
    }
    const aisle_options options = {.size = sizeof options, .read_only = true};
    setvbuf(stdout, NULL, _IOLBF, 0);
    check(aisle_open(argv[1], &options, &catalog, &error));
    list_brands();
    if (queries != NULL) {
        take_queries(queries);
    } else {
        take_titles();
    }
    if (brand_count == 0 || text_count == 0) {
        fprintf(stderr, "bench_shop: no brands or no texts\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        if (only == NULL || strcmp(only, figures[i].name) == 0) {
            figures[i].measure();
        }
    }
    aisle_close(catalog);
    if (patches != 0) {
        measure_patches(argv[1], patches);
    }
    return fails && missed != 0 ? 1 : 0;
}
