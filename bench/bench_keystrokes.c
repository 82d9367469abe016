/*
 * bench_keystrokes.c - the processor's time of each keystroke of queries, and which are the slowest.
 *
 *     bench_keystrokes CATALOG QUERIES [SHOWN [PASSES [whole]]] [answers=FILE] [complete] [commits] [bar=P50,P99]
 *                                                                   default the 20 slowest, best of 1 pass; of 0 none
 *
 * QUERIES holds one query a line (keystrokes.py --save makes them). Each beginning of one is searched with ten hits
 * and an exact total, its last word being a beginning; with "whole" only what the lines say; with "complete" it is not
 * searched, but completed. The time is that of the
 * calling thread, so that a busy machine does not change it much. Prints percentiles in microseconds of a first pass,
 * which begins with nothing kept between searches, and of the passes behind it, by the length of what was typed, then
 * the slowest. With a bar, in microseconds, the exit status is 1 when all of them together take
 * longer at the median or at 99 %. With answers=FILE the answer to each keystroke is written there, one a line, so that
 * those of two programs can be compared. With "commits" a product is put again and committed before each keystroke, so
 * that all are the first behind a commit: that changes the catalog.
 */
#include "aisle.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TYPED_MAX 256u
#define ANSWERS_NOW_MS INT64_C(1800000000000) /* recency is the same for all programs */
#define LENGTHS 13u /* the last: that many and more */

struct keystroke {
    char typed[TYPED_MAX];
    uint64_t best_ns;
    uint64_t first_ns; /* when nothing was kept yet of this or later ones */
    uint64_t total;
    unsigned length;
};

static struct keystroke *keystrokes;
static size_t count;

static void fail(const char *what)
{
    fprintf(stderr, "bench_keystrokes: %s\n", what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void add(const char *query, size_t end, unsigned length)
{
    static size_t capacity;
    if (count == capacity) {
        capacity = capacity == 0 ? 1024 : capacity * 2;
        keystrokes = realloc(keystrokes, capacity * sizeof *keystrokes);
        if (keystrokes == NULL) {
            fail("no memory");
        }
    }
    struct keystroke *added = &keystrokes[count++];
    *added = (struct keystroke){.best_ns = UINT64_MAX, .length = length < LENGTHS ? length : LENGTHS - 1};
    memcpy(added->typed, query, end);
    added->typed[end] = '\0';
}

static void read_queries(const char *path, bool whole)
{
    char line[TYPED_MAX];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail("the queries cannot be opened");
    }
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned length = 0;
        line[strcspn(line, "\n")] = '\0';
        for (size_t end = 1; line[end - 1] != '\0'; end++) {
            if (((unsigned char)line[end] & 0xc0) != 0x80) { /* a character is complete */
                length++;
                if (!whole || line[end] == '\0') {
                    add(line, end, length);
                }
            }
        }
    }
    fclose(file);
}

static uint64_t search(aisle *catalog, const char *typed)
{
    static aisle_result *result;
    aisle_error error;
    aisle_query query = {.size = sizeof query, .text = typed, .as_you_type = true};
    if (aisle_search(catalog, &query, &result, &error) != 0) {
        fail(error.message);
    }
    return aisle_result_total(result, NULL);
}

/* One line: what was typed, the total, what was corrected, then id and score of each hit. */
static void write_answer(aisle *catalog, const char *typed, FILE *file)
{
    static aisle_result *result;
    aisle_error error;
    aisle_hit hit;
    bool exact;
    aisle_query query = {.size = sizeof query, .text = typed, .as_you_type = true, .now_ms = ANSWERS_NOW_MS};
    if (aisle_search(catalog, &query, &result, &error) != 0) {
        fail(error.message);
    }
    unsigned long long total = aisle_result_total(result, &exact);
    aisle_bytes corrected = aisle_result_corrected(result);
    fprintf(file, "%s\t%llu%s\t%.*s", typed, total, exact ? "" : "+", (int)corrected.size, corrected.data);
    for (size_t i = 0; i < aisle_result_count(result) && aisle_result_hit(result, i, &hit) == 0; i++) {
        fprintf(file, "\t%.*s %.6f", (int)hit.id.size, hit.id.data, hit.score);
    }
    fputc('\n', file);
}

static void write_answers(aisle *catalog, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fail("the file of answers cannot be written");
    }
    for (size_t i = 0; i < count; i++) {
        write_answer(catalog, keystrokes[i].typed, file);
    }
    if (fclose(file) != 0) {
        fail("the file of answers cannot be written");
    }
}

static uint64_t complete(aisle *catalog, const char *typed)
{
    static aisle_suggestions *suggestions;
    aisle_error error;
    aisle_suggest_query query = {.size = sizeof query, .typed = typed};
    if (aisle_suggest(catalog, &query, &suggestions, &error) != 0) {
        fail(error.message);
    }
    return aisle_suggestions_count(suggestions);
}

/* Puts a product again as it is, and commits. */
static void commit_again(aisle *catalog, aisle_writer *writer)
{
    static aisle_result *result;
    aisle_error error;
    aisle_hit hit;
    aisle_query query = {.size = sizeof query, .limit = 1};
    if (aisle_search(catalog, &query, &result, &error) != 0 || aisle_result_hit(result, 0, &hit) != 0 ||
        aisle_put(writer, hit.product, &error) != 0 || aisle_commit(writer, &error) != 0) {
        fail("no product can be put again");
    }
}

static int compare_times(const void *a, const void *b)
{
    const struct keystroke *x = a;
    const struct keystroke *y = b;
    return (x->best_ns < y->best_ns) - (x->best_ns > y->best_ns);
}

/* They are sorted, slowest first. length 0: all. Returns whether a bar was missed. */
static bool print_row(unsigned length, const double bars[2])
{
    size_t of_length = 0;
    size_t seen = 0;
    double shown[4] = {0};
    static const double shares[] = {0.5, 0.1, 0.01, 0};
    for (size_t i = 0; i < count; i++) {
        of_length += length == 0 || keystrokes[i].length == length;
    }
    for (size_t i = 0; i < count; i++) {
        if (length != 0 && keystrokes[i].length != length) {
            continue;
        }
        for (size_t s = 0; s < 4; s++) {
            shown[s] = (double)seen <= shares[s] * (double)of_length ? (double)keystrokes[i].best_ns / 1000 : shown[s];
        }
        seen++;
    }
    if (of_length != 0) {
        printf("%s%2u typed: %6zu keystrokes, p50 %7.0f, p90 %7.0f, p99 %7.0f, most %7.0f us\n",
               length == 0 ? "all, " : "     ", length, of_length, shown[0], shown[1], shown[2], shown[3]);
    }
    return (bars[0] != 0 && shown[0] > bars[0]) || (bars[1] != 0 && shown[2] > bars[1]);
}

static void swap_times(void)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t first_ns = keystrokes[i].first_ns;
        keystrokes[i].first_ns = keystrokes[i].best_ns;
        keystrokes[i].best_ns = first_ns;
    }
}

static void print_first(void)
{
    static const double none[2] = {0};
    swap_times();
    qsort(keystrokes, count, sizeof *keystrokes, compare_times);
    printf("first pass:\n");
    (void)print_row(0, none);
    swap_times();
    printf("then:\n");
}

int main(int argc, char **argv)
{
    aisle *catalog = NULL;
    aisle_error error;
    double bars[2] = {0};
    static const double none[2] = {0};
    if (argc > 3 && sscanf(argv[argc - 1], "bar=%lf,%lf", &bars[0], &bars[1]) == 2) {
        argc--;
    }
    bool commits = argc > 3 && strcmp(argv[argc - 1], "commits") == 0;
    argc -= commits ? 1 : 0;
    bool completes = argc > 3 && strcmp(argv[argc - 1], "complete") == 0;
    argc -= completes ? 1 : 0;
    const char *answers = argc > 3 && strncmp(argv[argc - 1], "answers=", 8) == 0 ? argv[argc - 1] + 8 : NULL;
    argc -= answers != NULL ? 1 : 0;
    if (argc < 3) {
        fail("usage: bench_keystrokes CATALOG QUERIES [SHOWN [PASSES [whole]]] [answers=FILE] [complete] "
             "[commits] [bar=P50,P99]");
    }
    size_t shown = argc > 3 ? strtoul(argv[3], NULL, 10) : 20;
    unsigned passes = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 1;
    read_queries(argv[2], argc > 5);
    if (aisle_open(argv[1], NULL, &catalog, &error) != 0) {
        fail(error.message);
    }
    if (answers != NULL) {
        write_answers(catalog, answers);
    }
    if (passes == 0) {
        aisle_close(catalog);
        free(keystrokes);
        return 0;
    }
    aisle_writer *writer = NULL;
    if (commits && aisle_begin(catalog, &writer, &error) != 0) {
        fail(error.message);
    }
    for (unsigned pass = 0; pass < passes + 1; pass++) { /* the first warms */
        for (size_t i = 0; i < count; i++) {
            struct keystroke *at = &keystrokes[i];
            if (writer != NULL && pass != 0) {
                commit_again(catalog, writer);
            }
            uint64_t start = now_ns();
            at->total = completes ? complete(catalog, at->typed) : search(catalog, at->typed);
            uint64_t took = now_ns() - start;
            at->first_ns = pass == 0 ? took : at->first_ns;
            at->best_ns = pass != 0 && took < at->best_ns ? took : at->best_ns;
        }
    }
    print_first();
    qsort(keystrokes, count, sizeof *keystrokes, compare_times);
    bool is_missed = print_row(0, bars);
    for (unsigned length = 1; length < LENGTHS; length++) {
        (void)print_row(length, none);
    }
    if (is_missed) {
        printf("missed: %.0f and %.0f us\n", bars[0], bars[1]);
    }
    for (size_t i = 0; i < shown && i < count; i++) {
        printf("%8.0f us %10llu found: %s\n", (double)keystrokes[i].best_ns / 1000,
               (unsigned long long)keystrokes[i].total, keystrokes[i].typed);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
    free(keystrokes);
    return is_missed ? 1 : 0;
}
