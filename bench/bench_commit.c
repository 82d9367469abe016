/*
 * bench_commit.c - what it costs to make one changed product durable and visible, in a catalog of any size.
 *
 *     bench_commit CATALOG [count=30] [patched=0] [batch=1] [seed=1]
 *
 * The catalog is one of `aisle generate`'s products, and is changed: first patched= random prices and whether they
 * are in stock, committed in batches of 50,000, so that pages of columns are no longer those of the segments. Then
 * count= commits each of one patched price, one replaced product, one new product and one deleted product (batch= of
 * them). For each kind are printed, at the median and at most, milliseconds from the first change to the end of a
 * search that finds the commit's state, the commit's and the search's share of it, and the processor's; then bytes
 * written a commit.
 */
#include "aisle.h"
#include "base/clock.h"
#include "data/generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { COUNT, PATCHED, BATCH, SEED, SETTING_COUNT };

static const char *const names[SETTING_COUNT] = {"count", "patched", "batch", "seed"};
static uint64_t settings[SETTING_COUNT] = {30, 0, 1, 1};

#define ROUNDS_MAX 10000u

enum kind { KIND_PATCH, KIND_REPLACE, KIND_NEW, KIND_DELETE, KIND_COUNT };

static const char *const kind_names[KIND_COUNT] = {"patch", "replace", "new", "delete"};

static aisle_error error;
static aisle *catalog;
static aisle_writer *writer;
static aisle_result *result;
static struct generate *generate;
static uint64_t products;
static uint64_t random_state;

static void must(int status)
{
    if (status != 0 && status != AISLE_NOT_FOUND) {
        fprintf(stderr, "bench_commit: %s\n", error.message);
        exit(1);
    }
}

static uint64_t random_below(uint64_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % n;
}

static uint64_t processor_ns(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

/* What this process has had written to disks. */
static uint64_t written_bytes(void)
{
    char line[128];
    unsigned long long bytes = 0;
    FILE *file = fopen("/proc/self/io", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "write_bytes: %llu", &bytes);
    }
    if (file != NULL) {
        fclose(file);
    }
    return bytes;
}

/* The id of product number index, as its line says. */
static aisle_bytes id_of(uint64_t index, char line[GENERATE_LINE_BYTES])
{
    generate_item(generate, index, line);
    const char *id = strstr(line, "\"id\":\"") + 6;
    return (aisle_bytes){id, (size_t)(strchr(id, '"') - id)};
}

static void patch_one(uint64_t index)
{
    char line[GENERATE_LINE_BYTES];
    char fields[100];
    int size = snprintf(fields, sizeof fields, "{\"price\":%llu.5,\"in_stock\":%s}",
                        (unsigned long long)random_below(900) + 1, random_below(2) == 0 ? "false" : "true");
    must(aisle_patch(writer, id_of(index, line), (aisle_bytes){fields, (size_t)size}, &error));
}

static void change(enum kind kind, uint64_t *next)
{
    char line[GENERATE_LINE_BYTES];
    switch (kind) {
    case KIND_PATCH:
        patch_one(random_below(products));
        break;
    case KIND_REPLACE:
        must(aisle_put(writer, (aisle_bytes){line, generate_item(generate, random_below(products), line) - 1}, &error));
        break;
    case KIND_NEW:
        must(aisle_put(writer, (aisle_bytes){line, generate_item(generate, (*next)++, line) - 1}, &error));
        break;
    default:
        must(aisle_delete(writer, id_of(random_below(products), line), &error));
    }
}

struct figures {
    double whole[ROUNDS_MAX], commit[ROUNDS_MAX], search[ROUNDS_MAX];
    uint64_t processor;
    uint64_t written;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void show(const char *name, const char *of, double *values, uint64_t count)
{
    qsort(values, count, sizeof *values, compare);
    printf("%-8s %-7s %8.2f ms at the median, %8.2f at most\n", name, of, values[count / 2], values[count - 1]);
}

static void run(enum kind kind, uint64_t *next)
{
    static struct figures figures;
    const aisle_query query = {.size = sizeof query, .text = "usb", .limit = 1, .no_total = true};
    figures.processor = processor_ns();
    figures.written = written_bytes();
    for (uint64_t i = 0; i < settings[COUNT]; i++) {
        uint64_t start = clock_monotonic_ns();
        for (uint64_t k = 0; k < settings[BATCH]; k++) {
            change(kind, next);
        }
        uint64_t changed = clock_monotonic_ns();
        must(aisle_commit(writer, &error));
        uint64_t committed = clock_monotonic_ns();
        must(aisle_search(catalog, &query, &result, &error));
        uint64_t end = clock_monotonic_ns();
        figures.whole[i] = (double)(end - start) / 1e6;
        figures.commit[i] = (double)(committed - changed) / 1e6;
        figures.search[i] = (double)(end - committed) / 1e6;
    }
    show(kind_names[kind], "whole", figures.whole, settings[COUNT]);
    show(kind_names[kind], "commit", figures.commit, settings[COUNT]);
    show(kind_names[kind], "search", figures.search, settings[COUNT]);
    printf("%-8s processor %.2f ms, written %.0f KiB a commit\n", kind_names[kind],
           (double)(processor_ns() - figures.processor) / 1e6 / (double)settings[COUNT],
           (double)(written_bytes() - figures.written) / 1024 / (double)settings[COUNT]);
}

static bool read_settings(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        unsigned k = 0;
        while (k < SETTING_COUNT && (equals == NULL || strncmp(argv[i], names[k], (size_t)(equals - argv[i])) != 0)) {
            k++;
        }
        if (k == SETTING_COUNT) {
            return false;
        }
        settings[k] = strtoull(equals + 1, NULL, 10);
    }
    return argc >= 2 && settings[COUNT] >= 1 && settings[COUNT] <= ROUNDS_MAX;
}

int main(int argc, char **argv)
{
    const aisle_options options = {.size = sizeof options, .threads = 2};
    aisle_statistics statistics = {.size = sizeof statistics};
    if (!read_settings(argc, argv)) {
        fprintf(stderr, "usage: bench_commit CATALOG [count=N] [patched=N] [batch=N] [seed=N]\n");
        return 2;
    }
    random_state = settings[SEED];
    must(generate_new(1, &generate));
    must(aisle_open(argv[1], &options, &catalog, &error));
    must(aisle_begin(catalog, &writer, &error));
    must(aisle_stats(catalog, &statistics, &error));
    products = statistics.products;
    uint64_t next = products + 1000000 + random_below(1000000);
    for (uint64_t i = 1; i <= settings[PATCHED]; i++) {
        patch_one(random_below(products));
        if (i % 50000 == 0 || i == settings[PATCHED]) {
            must(aisle_commit(writer, &error));
        }
    }
    printf("%llu products, %llu segments, %llu patched before\n", (unsigned long long)products,
           (unsigned long long)statistics.segments, (unsigned long long)settings[PATCHED]);
    for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
        run((enum kind)kind, &next);
    }
    aisle_result_free(result);
    aisle_writer_free(writer);
    aisle_close(catalog);
    generate_free(generate);
    return 0;
}
