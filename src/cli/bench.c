/*
 * bench.c - aisle bench: how long searches take, by kind of query.
 *
 * A file of queries, one a line, is searched several times over by one or more threads, each with a result of its own
 * that it reuses. Without --rate every thread asks as soon as it has its answer (closed loop). With --rate queries are
 * due at fixed moments whatever the answers take, and a latency counts from the moment the query was due: a stall is
 * then felt by all queries that it delays (no coordinated omission).
 */
#include "base/clock.h"
#include "base/latency.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KINDS_MAX 64u
#define THREADS_MAX 256u
#define QUERIES_MAX (1u << 24)

struct bench_query {
    char *text; /* in the file's bytes */
    uint32_t kind;
};

struct bench {
    aisle *catalog;
    char *file; /* owned: the whole file, cut into lines */
    struct bench_query *queries;
    size_t query_count;
    const char *kinds[KINDS_MAX];
    uint32_t kind_count;
    uint64_t passes;
    uint64_t rate; /* queries a second; 0: closed loop */
    uint64_t limit;
    bool products;
    bool no_total;
    uint64_t start_ns;
    atomic_uint_fast64_t next;
};

struct bench_thread {
    struct bench *bench;
    pthread_t thread;
    uint64_t hits[KINDS_MAX];
    uint64_t totals[KINDS_MAX];
    struct latency latency[KINDS_MAX];
    aisle_error error; /* code 0: none */
};

/* ---- the queries ---- */

static int read_file(const char *path, char **out)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t capacity = 1 << 20;
    size_t size = 0;
    char *text = file == NULL ? NULL : malloc(capacity);
    while (text != NULL) {
        size_t got = fread(text + size, 1, capacity - size - 1, file);
        size += got;
        if (got == 0) {
            break;
        }
        if (size + 1 == capacity) {
            char *grown = realloc(text, capacity *= 2);
            if (grown == NULL) {
                free(text);
            }
            text = grown;
        }
    }
    int failed = file == NULL || text == NULL || ferror(file) ? errno : 0;
    if (file != NULL && file != stdin) {
        fclose(file);
    }
    if (failed != 0) {
        free(text);
        return failed;
    }
    text[size] = '\0';
    *out = text;
    return 0;
}

/* The number of a kind, new or not; the last one takes what is too many. */
static uint32_t kind_of(struct bench *bench, const char *name)
{
    for (uint32_t i = 0; i < bench->kind_count; i++) {
        if (strcmp(bench->kinds[i], name) == 0) {
            return i;
        }
    }
    if (bench->kind_count == KINDS_MAX) {
        return KINDS_MAX - 1;
    }
    bench->kinds[bench->kind_count] = name;
    return bench->kind_count++;
}

/* Cuts the file into lines "query" or "kind TAB query". */
static int split_lines(struct bench *bench)
{
    size_t capacity = 0;
    for (char *line = bench->file; *line != '\0' && bench->query_count < QUERIES_MAX;) {
        char *end = line + strcspn(line, "\r\n");
        char *next = end + strspn(end, "\r\n");
        char *tab = memchr(line, '\t', (size_t)(end - line));
        *end = '\0';
        if (tab != NULL) {
            *tab = '\0';
        }
        if (bench->query_count == capacity) {
            capacity = capacity == 0 ? 1024 : capacity * 2;
            struct bench_query *grown = realloc(bench->queries, capacity * sizeof *grown);
            if (grown == NULL) {
                return cli_complain(CLI_RESOURCES, "bench", "out of memory", NULL);
            }
            bench->queries = grown;
        }
        if (end > line) {
            bench->queries[bench->query_count++] = (struct bench_query){
                .text = tab == NULL ? line : tab + 1, .kind = kind_of(bench, tab == NULL ? "all" : line)};
        }
        line = next;
    }
    return bench->query_count == 0 ? cli_complain(CLI_INPUT, "bench", "there is no query", NULL) : CLI_DONE;
}

/* ---- running ---- */

static void wait_until(uint64_t ns)
{
    uint64_t now = clock_monotonic_ns();
    if (now < ns) {
        uint64_t left = ns - now;
        struct timespec pause = {.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
        nanosleep(&pause, NULL);
    }
}

static int run_query(struct bench_thread *thread, uint64_t number, aisle_result **result, bool counted)
{
    const struct bench *bench = thread->bench;
    const struct bench_query *asked = &bench->queries[number % bench->query_count];
    const aisle_query query = {.size = sizeof query,
                               .text = asked->text,
                               .limit = (uint32_t)bench->limit,
                               .no_total = bench->no_total,
                               .no_products = !bench->products};
    uint64_t due = clock_monotonic_ns();
    if (counted && bench->rate != 0) {
        due = bench->start_ns + (uint64_t)((double)number * 1e9 / (double)bench->rate);
        wait_until(due);
    }
    int status = aisle_search(bench->catalog, &query, result, &thread->error);
    if (status == 0 && counted) {
        latency_add(&thread->latency[asked->kind], clock_monotonic_ns() - due);
        thread->hits[asked->kind] += aisle_result_count(*result);
        thread->totals[asked->kind] += aisle_result_total(*result, NULL);
    }
    return status;
}

static void *run_thread(void *context)
{
    struct bench_thread *thread = context;
    struct bench *bench = thread->bench;
    aisle_result *result = NULL;
    uint64_t all = bench->passes * bench->query_count;
    int status = 0;
    for (;;) {
        uint64_t number = atomic_fetch_add(&bench->next, 1);
        if (number >= all || status != 0) {
            break;
        }
        status = run_query(thread, number, &result, true);
    }
    aisle_result_free(result);
    return NULL;
}

static int warm_up(struct bench_thread *thread)
{
    aisle_result *result = NULL;
    int status = 0;
    for (uint64_t i = 0; i < thread->bench->query_count && status == 0; i++) {
        status = run_query(thread, i, &result, false);
    }
    aisle_result_free(result);
    return status;
}

static int run_threads(struct bench *bench, struct bench_thread *threads, uint64_t count)
{
    uint64_t started = 0;
    bench->start_ns = clock_monotonic_ns();
    for (; started < count; started++) {
        if (pthread_create(&threads[started].thread, NULL, run_thread, &threads[started]) != 0) {
            break;
        }
    }
    for (uint64_t i = 0; i < started; i++) {
        pthread_join(threads[i].thread, NULL);
    }
    if (started < count) {
        return cli_complain(CLI_RESOURCES, "bench", "not so many threads can be had", NULL);
    }
    for (uint64_t i = 0; i < count; i++) {
        if (threads[i].error.code != 0) {
            return cli_fail("bench", &threads[i].error, NULL);
        }
    }
    return CLI_DONE;
}

/* ---- cold ---- */

static int forget_file(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)walk;
    int descriptor = kind == FTW_F ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor >= 0) {
        (void)fdatasync(descriptor);
        (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
        close(descriptor);
    }
    return 0;
}

/* ---- reporting ---- */

static double us(uint64_t ns)
{
    return (double)ns / 1000;
}

static void print_row(const char *name, const struct bench_thread *sum, uint32_t kind, bool json, bool first)
{
    const struct latency *latency = &sum->latency[kind];
    double count = (double)latency->count;
    double mean = latency->count == 0 ? 0 : us(latency->sum_ns) / count;
    const double p[] = {us(latency_quantile(latency, 0.5)), us(latency_quantile(latency, 0.9)),
                        us(latency_quantile(latency, 0.99)), us(latency_quantile(latency, 0.999))};
    if (json) {
        printf("%s\"%s\":{\"count\":%.0f,\"mean_us\":%.2f,\"p50_us\":%.2f,\"p90_us\":%.2f,\"p99_us\":%.2f,"
               "\"p999_us\":%.2f,\"max_us\":%.2f,\"hits\":%llu,\"total\":%llu}",
               first ? "" : ",", name, count, mean, p[0], p[1], p[2], p[3], us(latency->max_ns),
               (unsigned long long)sum->hits[kind], (unsigned long long)sum->totals[kind]);
    } else {
        printf("%-14s %9.0f %9.1f %9.1f %9.1f %9.1f %9.1f %10.1f %12.1f\n", name, count, mean, p[0], p[1], p[2], p[3],
               us(latency->max_ns), latency->count == 0 ? 0 : (double)sum->totals[kind] / count);
    }
}

static void report(const struct bench *bench, struct bench_thread *threads, uint64_t count, double seconds, bool json)
{
    struct bench_thread *sum = &threads[0];
    uint64_t queries = 0;
    for (uint32_t kind = 0; kind < bench->kind_count; kind++) {
        for (uint64_t i = 1; i < count; i++) {
            latency_merge(&sum->latency[kind], &threads[i].latency[kind]);
            sum->hits[kind] += threads[i].hits[kind];
            sum->totals[kind] += threads[i].totals[kind];
        }
        queries += sum->latency[kind].count;
    }
    if (json) {
        printf("{\"threads\":%llu,\"seconds\":%.3f,\"queries_per_second\":%.1f,\"kinds\":{", (unsigned long long)count,
               seconds, (double)queries / seconds);
    } else {
        printf("%-14s %9s %9s %9s %9s %9s %9s %10s %12s\n", "kind", "queries", "mean us", "p50", "p90", "p99", "p99.9",
               "max", "mean total");
    }
    for (uint32_t kind = 0; kind < bench->kind_count; kind++) {
        print_row(bench->kinds[kind], sum, kind, json, kind == 0);
    }
    if (json) {
        printf("}}\n");
    } else {
        printf("%llu thread%s, %.1f s, %.0f queries/s\n", (unsigned long long)count, count == 1 ? "" : "s", seconds,
               (double)queries / seconds);
    }
}

static int run(struct bench *bench, const char *path, uint64_t threads, bool cold, bool json)
{
    aisle_error error = {0};
    struct bench_thread *all = calloc(threads, sizeof *all);
    if (all == NULL) {
        return cli_complain(CLI_RESOURCES, "bench", "out of memory", NULL);
    }
    if (cold) {
        (void)nftw(path, forget_file, 16, FTW_PHYS);
    }
    int status = CLI_DONE;
    const aisle_options options = {.size = sizeof options, .read_only = true};
    if (aisle_open(path, &options, &bench->catalog, &error) != 0) {
        status = cli_fail("bench", &error, path);
    }
    for (uint64_t i = 0; i < threads; i++) {
        all[i].bench = bench;
    }
    if (status == CLI_DONE && !cold && warm_up(&all[0]) != 0) {
        status = cli_fail("bench", &all[0].error, NULL);
    }
    uint64_t start = clock_monotonic_ns();
    status = status == CLI_DONE ? run_threads(bench, all, threads) : status;
    if (status == CLI_DONE) {
        report(bench, all, threads, (double)(clock_monotonic_ns() - start) / 1e9, json);
        status = cli_finish("bench");
    }
    aisle_close(bench->catalog);
    free(all);
    return status;
}

int cli_bench(int argc, char **argv)
{
    struct bench bench = {.passes = 3, .limit = 10};
    const char *queries = NULL;
    uint64_t threads = 1;
    bool cold = false;
    bool json = false;
    const struct option table[] = {
        {.name = "queries", .kind = OPTION_TEXT, .value.text = &queries, .argument = "FILE",
         .help = "one query a line, or a kind, a tab and a query; - is standard input"},
        {.name = "threads", .kind = OPTION_NUMBER, .value.number = &threads, .argument = "N",
         .help = "that search at once; default 1", .min = 1, .max = THREADS_MAX},
        {.name = "passes", .kind = OPTION_NUMBER, .value.number = &bench.passes, .argument = "N",
         .help = "times over the file; default 3", .min = 1, .max = 1000000},
        {.name = "rate", .kind = OPTION_NUMBER, .value.number = &bench.rate, .argument = "N",
         .help = "queries a second that fall due; default: each as soon as a thread is free", .max = 100000000},
        {.name = "limit", .kind = OPTION_NUMBER, .value.number = &bench.limit, .argument = "N",
         .help = "hits of a query; default 10", .min = 1, .max = 10000},
        {.name = "products", .kind = OPTION_FLAG, .value.flag = &bench.products,
         .help = "fetch the products of hits, too"},
        {.name = "no-total", .kind = OPTION_FLAG, .value.flag = &bench.no_total, .help = "do not count all matches"},
        {.name = "cold", .kind = OPTION_FLAG, .value.flag = &cold,
         .help = "ask the system to forget the catalog's files first, and do not warm up"},
        {.name = "json", .kind = OPTION_FLAG, .value.flag = &json, .help = "one JSON object"},
    };
    const struct options options = {
        .command = "bench",
        .synopsis = "CATALOG --queries FILE [--threads N] [--passes N] [--rate N] [--limit N] ...",
        .about = "Searches for each query of a file and prints how long it took: mean and percentiles in microseconds\n"
                 "for each kind, and queries a second. One pass before the first is not counted.",
        .examples = "  aisle generate --items 20000 --queries 1000 > queries.txt\n"
                    "  aisle bench shop --queries queries.txt\n"
                    "  aisle bench shop --queries queries.txt --threads 2 --rate 5000\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    if (queries == NULL) {
        return cli_complain(CLI_USAGE, "bench", "--queries FILE is needed; see `aisle bench --help`", NULL);
    }
    int failed = read_file(queries, &bench.file);
    status = failed != 0 ? cli_complain(CLI_INPUT, "bench", strerror(failed), queries) : split_lines(&bench);
    if (status == CLI_DONE) {
        status = run(&bench, argv[0], threads, cold, json);
    }
    free(bench.queries);
    free(bench.file);
    return status;
}
