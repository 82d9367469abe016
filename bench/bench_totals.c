/*
 * bench_totals.c - what exact totals cost on top of the ten best, in nanoseconds a posting, by kind of query.
 *
 *     bench_totals CATALOG [bar=NS] [passes=N] [each=N] [least=SHARE]
 *
 * Any catalog of the shop schema. Words are those of titles that at least one product in SHARE has (default 100);
 * queries of two and three of them are drawn with a fixed seed, and no two are the same. Each is asked with and without
 * its total in turn, all of them once in each of N passes (default 25), so that none finds its lists in the near caches
 * because it was just there; of each the best counts, in processor time of one thread. The difference is divided by
 * what had to match: for AND the products that have the rarest word, for OR the products that match. A kind's figure is
 * the sum over its queries. With a bar, a kind without a filter that is above it ends the program with 1.
 */
#include "aisle.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORDS_MAX 400u
#define WORD_BYTES 64u
#define EACH_MAX 500u
#define TEXT_BYTES (3 * WORD_BYTES + 8)
#define PRODUCT_BYTES 4096u
#define FILTER "price < 100"

static aisle *catalog;
static aisle_error error;
static unsigned passes = 25;
static unsigned each = 60;

static struct word {
    char text[WORD_BYTES];
    uint64_t products;
} words[WORDS_MAX];
static uint32_t word_count;

static struct kind {
    const char *name;
    unsigned words;
    const char *between;
    const char *filter;
} kinds[] = {{"two words", 2, " ", NULL},
             {"three words", 3, " ", NULL},
             {"either of two", 2, " OR ", NULL},
             {"any of three", 3, " OR ", NULL},
             {"two words, filtered", 2, " ", FILTER}};

#define KINDS (sizeof kinds / sizeof kinds[0])

static struct drawn {
    char text[TEXT_BYTES];
    uint64_t postings; /* of the rarest word, or products that match */
    double top_us;
    double total_us;
} drawn[KINDS][EACH_MAX];
static unsigned drawn_count[KINDS];

static void check(int status)
{
    if (status != 0) {
        fprintf(stderr, "bench_totals: %s\n", error.message);
        exit(2);
    }
}

static double processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Seed 1. */
static uint32_t draw(uint32_t below)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % below);
}

static uint64_t search(const char *text, const char *filter, bool no_hits, bool no_total)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query,
                               .text = text,
                               .filter = filter,
                               .no_hits = no_hits,
                               .no_total = no_total,
                               .no_products = true,
                               .no_typos = true,
                               .no_understanding = true};
    check(aisle_search(catalog, &query, &result, &error));
    uint64_t total = aisle_result_total(result, NULL);
    aisle_result_free(result);
    return total;
}

/* ---- words ---- */

static void add_word(const char *text, size_t size, uint64_t least)
{
    struct word word = {.products = 0};
    if (size < 3 || size >= WORD_BYTES || word_count == WORDS_MAX) {
        return;
    }
    for (size_t i = 0; i < size; i++) {
        word.text[i] = (char)tolower((unsigned char)text[i]);
    }
    for (uint32_t i = 0; i < word_count; i++) {
        if (strcmp(words[i].text, word.text) == 0) {
            return;
        }
    }
    word.products = search(word.text, NULL, true, false);
    if (word.products >= least) {
        words[word_count++] = word;
    }
}

static void add_title(const char *product, uint64_t least)
{
    const char *at = strstr(product, "\"title\":\"");
    at = at == NULL ? "" : at + 9;
    while (*at != '\0' && *at != '"') {
        size_t size = 0;
        while (isalpha((unsigned char)at[size])) {
            size++;
        }
        add_word(at, size, least);
        at += size + (at[size] == '\0' || at[size] == '"' ? 0 : 1);
    }
}

static void take_words(unsigned share)
{
    aisle_result *result = NULL;
    const aisle_query query = {.size = sizeof query, .text = "", .sort = "price", .limit = 1000, .fields = "title"};
    uint64_t least = search("", NULL, true, false) / share;
    aisle_hit hit;
    check(aisle_search(catalog, &query, &result, &error));
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        char product[PRODUCT_BYTES];
        snprintf(product, sizeof product, "%.*s", (int)hit.product.size, hit.product.data);
        add_title(product, least);
    }
    aisle_result_free(result);
}

/* ---- queries ---- */

/* False: it was drawn before, or names a word twice. */
static bool draw_query(const struct kind *kind, struct drawn *list, unsigned count)
{
    struct drawn *query = &list[count];
    uint32_t taken[3] = {0};
    query->text[0] = '\0';
    query->postings = UINT64_MAX;
    for (unsigned i = 0; i < kind->words; i++) {
        const struct word *word = &words[taken[i] = draw(word_count)];
        for (unsigned j = 0; j < i; j++) {
            if (taken[j] >= taken[i]) { /* ascending: one order of each */
                return false;
            }
        }
        size_t used = strlen(query->text);
        snprintf(query->text + used, sizeof query->text - used, "%s%s", i == 0 ? "" : kind->between, word->text);
        query->postings = word->products < query->postings ? word->products : query->postings;
    }
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(list[i].text, query->text) == 0) {
            return false;
        }
    }
    if (strcmp(kind->between, " ") != 0) {
        query->postings = search(query->text, kind->filter, true, false);
    }
    query->top_us = query->total_us = 1e12;
    return true;
}

static void draw_all(void)
{
    for (size_t k = 0; k < KINDS; k++) {
        for (unsigned tries = 0; drawn_count[k] < each && tries < 100 * each; tries++) {
            drawn_count[k] += draw_query(&kinds[k], drawn[k], drawn_count[k]) ? 1 : 0;
        }
    }
}

/* ---- measuring ---- */

/* Who is asked second finds in the caches what both read: each is in every other pass. */
static void ask(const struct kind *kind, struct drawn *query, unsigned pass)
{
    for (unsigned i = 0; i < 2; i++) {
        bool no_total = (pass + i) % 2 == 0;
        double *best = no_total ? &query->top_us : &query->total_us;
        double start = processor_us();
        (void)search(query->text, kind->filter, false, no_total);
        double took = processor_us() - start;
        *best = took < *best ? took : *best;
    }
}

static double show(const struct kind *kind, const struct drawn *list, unsigned count)
{
    double top_us = 0;
    double total_us = 0;
    double postings = 0;
    for (unsigned i = 0; i < count; i++) {
        top_us += list[i].top_us;
        total_us += list[i].total_us;
        postings += (double)list[i].postings;
    }
    double extra_ns = postings > 0 ? (total_us - top_us) * 1e3 / postings : 0;
    printf("%-22s %4u %12.0f %12.1f %12.1f %10.3f\n", kind->name, count, postings / count, top_us / count,
           total_us / count, extra_ns);
    return extra_ns;
}

int main(int argc, char **argv)
{
    double bar = 0;
    double worst = 0;
    unsigned share = 100;
    for (int i = 2; i < argc; i++) {
        bar = strncmp(argv[i], "bar=", 4) == 0 ? strtod(argv[i] + 4, NULL) : bar;
        passes = strncmp(argv[i], "passes=", 7) == 0 ? (unsigned)strtoul(argv[i] + 7, NULL, 10) : passes;
        each = strncmp(argv[i], "each=", 5) == 0 ? (unsigned)strtoul(argv[i] + 5, NULL, 10) : each;
        share = strncmp(argv[i], "least=", 6) == 0 ? (unsigned)strtoul(argv[i] + 6, NULL, 10) : share;
    }
    if (argc < 2 || each == 0 || each > EACH_MAX || passes == 0 || share == 0) {
        fprintf(stderr, "bench_totals CATALOG [bar=NS] [passes=N] [each=N] [least=SHARE]\n");
        return 2;
    }
    check(aisle_open(argv[1], &(aisle_options){.size = sizeof(aisle_options), .read_only = true}, &catalog, &error));
    take_words(share);
    if (word_count < 3) {
        fprintf(stderr, "bench_totals: too few frequent words in titles\n");
        return 2;
    }
    draw_all();
    printf("%u words\n%-22s %4s %12s %12s %12s %10s\n", word_count, "kind", "", "postings", "top 10, us",
           "and total", "ns extra");
    for (unsigned pass = 0; pass < passes; pass++) {
        for (size_t k = 0; k < KINDS; k++) {
            for (unsigned i = 0; i < drawn_count[k]; i++) {
                ask(&kinds[k], &drawn[k][i], pass);
            }
        }
    }
    for (size_t k = 0; k < KINDS; k++) {
        double extra_ns = show(&kinds[k], drawn[k], drawn_count[k]);
        worst = kinds[k].filter == NULL && extra_ns > worst ? extra_ns : worst;
    }
    aisle_close(catalog);
    return bar > 0 && worst > bar ? 1 : 0;
}
