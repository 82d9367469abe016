/*
 * bench.c - aisle bench: how long searches take, by kind of query.
 *
 * Queries of a file, or drawn (bench_queries.c), are searched several times over by one or more threads, each with a
 * result of its own that it reuses. Without --rate every thread asks as soon as it has its answer (closed loop). With
 * --rate queries are due at fixed moments whatever the answers take, and a latency counts from the moment the query was
 * due: a stall is then felt by all queries that it delays (no coordinated omission).
 *
 * With --best the least latency of each query's passes counts alone, which tells queries apart where other programs
 * disturb them.
 *
 * Cold: the catalog is closed, the system is asked to drop the pages of its files (posix_fadvise), how many bytes are
 * still in memory is counted (mincore: those that another process maps stay), and the catalog is opened and searched
 * without a pass before. What earlier queries read is in memory for later ones.
 */
#include "base/clock.h"
#include "base/latency.h"
#include "cli/bench.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 256u
#define DRAWN_MAX 100000u
#define SPIN_NS 50000u /* before a query is due: a sleeping thread wakes up too late by this */

struct bench {
    const char *path;
    aisle *catalog;
    struct bench_queries queries;
    uint64_t threads;
    uint64_t search_threads;
    uint64_t passes;
    uint64_t rate; /* queries a second; 0: closed loop */
    uint64_t limit;
    const char *filter;  /* of queries that have none; NULL: none */
    const char *weights; /* of signals; NULL: the schema's */
    bool products;
    bool no_total;
    bool no_typos;
    bool no_understanding;
    bool cold;
    bool best;
    bool json;
    bool is_counted; /* false in the pass that warms up */
    uint64_t file_bytes, resident_bytes; /* of the catalog's files, after they were dropped */
    uint64_t start_ns;
    double open_seconds;
    double seconds; /* of the run */
    atomic_uint_fast64_t next;
    atomic_uint_fast64_t *least; /* owned, with best: of each query, in ns; UINT64_MAX before it is known */
};

struct bench_counts {
    uint64_t asked;
    uint64_t hits;
    uint64_t totals;
    struct latency latency;
};

struct bench_thread {
    struct bench *bench;
    pthread_t thread;
    struct bench_counts kinds[BENCH_KINDS_MAX];
    aisle_error error; /* code 0: none */
    uint32_t line;     /* of the query that failed; 0: drawn */
};

/* ---- running ---- */

static void wait_until(uint64_t ns)
{
    for (uint64_t now = clock_monotonic_ns(); now < ns; now = clock_monotonic_ns()) {
        if (ns - now > SPIN_NS) {
            uint64_t left = ns - now - SPIN_NS;
            struct timespec pause = {.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
            nanosleep(&pause, NULL);
        }
    }
}

static void take_latency(struct bench_thread *thread, size_t query, uint64_t ns)
{
    const struct bench *bench = thread->bench;
    if (bench->least == NULL) {
        latency_add(&thread->kinds[bench->queries.list[query].kind].latency, ns);
        return;
    }
    uint64_t least = atomic_load(&bench->least[query]);
    while (ns < least && !atomic_compare_exchange_weak(&bench->least[query], &least, ns)) {
    }
}

/* The least latencies into the histograms. */
static void settle_least(const struct bench *bench, struct bench_thread *thread)
{
    for (size_t i = 0; bench->least != NULL && i < bench->queries.count; i++) {
        latency_add(&thread->kinds[bench->queries.list[i].kind].latency, atomic_load(&bench->least[i]));
    }
}

static int run_query(struct bench_thread *thread, uint64_t number, aisle_result **result)
{
    const struct bench *bench = thread->bench;
    const struct bench_query *asked = &bench->queries.list[number % bench->queries.count];
    const aisle_query query = {.size = sizeof query,
                               .text = asked->text,
                               .limit = (uint32_t)bench->limit,
                               .filter = asked->filter != NULL ? asked->filter : bench->filter,
                               .weights = bench->weights,
                               .no_total = bench->no_total,
                               .no_typos = bench->no_typos,
                               .no_understanding = bench->no_understanding,
                               .no_products = !bench->products};
    uint64_t due = clock_monotonic_ns();
    if (bench->is_counted && bench->rate != 0) {
        due = bench->start_ns + (uint64_t)((double)number * 1e9 / (double)bench->rate);
        wait_until(due);
    }
    int status = aisle_search(bench->catalog, &query, result, &thread->error);
    thread->line = asked->line;
    if (status == 0 && bench->is_counted) {
        struct bench_counts *counts = &thread->kinds[asked->kind];
        take_latency(thread, number % bench->queries.count, clock_monotonic_ns() - due);
        counts->asked++;
        counts->hits += aisle_result_count(*result);
        counts->totals += aisle_result_total(*result, NULL);
    }
    return status;
}

static void *run_thread(void *context)
{
    struct bench_thread *thread = context;
    struct bench *bench = thread->bench;
    aisle_result *result = NULL;
    uint64_t all = (bench->is_counted ? bench->passes : 1) * bench->queries.count;
    int status = 0;
    (void)prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
    while (status == 0) {
        uint64_t number = atomic_fetch_add(&bench->next, 1);
        if (number >= all) {
            break;
        }
        status = run_query(thread, number, &result);
    }
    aisle_result_free(result);
    return NULL;
}

/* All threads, once over the queries to warm up or as often as is wanted to count. */
static int run_threads(struct bench *bench, struct bench_thread *threads, bool is_counted)
{
    uint64_t started = 0;
    bench->is_counted = is_counted;
    atomic_store(&bench->next, 0);
    bench->start_ns = clock_monotonic_ns();
    for (; started < bench->threads; started++) {
        threads[started].bench = bench;
        if (pthread_create(&threads[started].thread, NULL, run_thread, &threads[started]) != 0) {
            break;
        }
    }
    for (uint64_t i = 0; i < started; i++) {
        pthread_join(threads[i].thread, NULL);
    }
    bench->seconds = (double)(clock_monotonic_ns() - bench->start_ns) / 1e9;
    if (started < bench->threads) {
        return cli_complain(CLI_RESOURCES, "bench", "not so many threads can be had", NULL);
    }
    for (uint64_t i = 0; i < bench->threads; i++) {
        if (threads[i].error.code != 0) {
            char where[64];
            snprintf(where, sizeof where, "line %u of the queries", (unsigned)threads[i].line);
            return cli_fail("bench", &threads[i].error, threads[i].line == 0 ? NULL : where);
        }
    }
    return CLI_DONE;
}

/* ---- cold ---- */

static struct bench *forgetful; /* of forget_file, which nftw calls without a context */

static uint64_t resident_bytes(int descriptor, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t pages = (size + page - 1) / page;
    unsigned char *held = malloc(pages + 1);
    void *map = size == 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_SHARED, descriptor, 0);
    uint64_t resident = 0;
    if (held != NULL && map != MAP_FAILED && mincore(map, size, held) == 0) {
        for (size_t i = 0; i < pages; i++) {
            resident += held[i] & 1u ? page : 0;
        }
    }
    if (map != MAP_FAILED) {
        munmap(map, size);
    }
    free(held);
    return resident;
}

static int forget_file(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)walk;
    int descriptor = kind == FTW_F ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor >= 0) {
        (void)fdatasync(descriptor);
        (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
        forgetful->file_bytes += (uint64_t)found->st_size;
        forgetful->resident_bytes += resident_bytes(descriptor, (size_t)found->st_size);
        close(descriptor);
    }
    return 0;
}

/* ---- reporting ---- */

static double us(uint64_t ns)
{
    return (double)ns / 1000;
}

static void print_row(const char *name, const struct bench_counts *counts, const char *before, bool json)
{
    const struct latency *latency = &counts->latency;
    double count = (double)latency->count;
    double mean = latency->count == 0 ? 0 : us(latency->sum_ns) / count;
    const double p[] = {us(latency_quantile(latency, 0.5)), us(latency_quantile(latency, 0.9)),
                        us(latency_quantile(latency, 0.99)), us(latency_quantile(latency, 0.999))};
    if (json) {
        printf("%s", before);
        output_json_text(name);
        printf(":{\"count\":%.0f,\"mean_us\":%.2f,\"p50_us\":%.2f,\"p90_us\":%.2f,\"p99_us\":%.2f,"
               "\"p999_us\":%.2f,\"max_us\":%.2f,\"hits\":%llu,\"total\":%llu}",
               count, mean, p[0], p[1], p[2], p[3], us(latency->max_ns), (unsigned long long)counts->hits,
               (unsigned long long)counts->totals);
    } else {
        printf("%-14s %9.0f %9.1f %9.1f %9.1f %9.1f %9.1f %10.1f %12.1f\n", name, count, mean, p[0], p[1], p[2], p[3],
               us(latency->max_ns), counts->asked == 0 ? 0 : (double)counts->totals / (double)counts->asked);
    }
}

static void add_counts(struct bench_counts *sum, const struct bench_counts *counts)
{
    latency_merge(&sum->latency, &counts->latency);
    sum->asked += counts->asked;
    sum->hits += counts->hits;
    sum->totals += counts->totals;
}

static void print_head(const struct bench *bench)
{
    if (bench->json) {
        printf("{\"threads\":%llu,\"rate\":%llu,\"cold\":%s,\"file_bytes\":%llu,\"resident_bytes\":%llu,"
               "\"open_seconds\":%.4f,\"seconds\":%.3f,\"kinds\":{",
               (unsigned long long)bench->threads, (unsigned long long)bench->rate, bench->cold ? "true" : "false",
               (unsigned long long)bench->file_bytes, (unsigned long long)bench->resident_bytes, bench->open_seconds,
               bench->seconds);
        return;
    }
    if (bench->cold) {
        printf("cold: of %.1f MB in the catalog's files %.1f were still in memory; opened in %.1f ms\n",
               (double)bench->file_bytes / 1e6, (double)bench->resident_bytes / 1e6, bench->open_seconds * 1e3);
    }
    printf("%-14s %9s %9s %9s %9s %9s %9s %10s %12s\n", "kind", "queries", "mean us", "p50", "p90", "p99", "p99.9",
           "max", "mean total");
}

/* sum: room for one, zeroed. */
static void report(const struct bench *bench, struct bench_thread *threads, struct bench_counts *sum)
{
    print_head(bench);
    for (uint32_t kind = 0; kind < bench->queries.kind_count; kind++) {
        for (uint64_t i = 1; i < bench->threads; i++) {
            add_counts(&threads[0].kinds[kind], &threads[i].kinds[kind]);
        }
        add_counts(sum, &threads[0].kinds[kind]);
        print_row(bench->queries.kinds[kind], &threads[0].kinds[kind], kind == 0 ? "" : ",", bench->json);
    }
    double rate = (double)(bench->passes * bench->queries.count) / bench->seconds;
    if (bench->json) {
        print_row("all", sum, "},", true);
        printf(",\"queries_per_second\":%.1f}\n", rate);
        return;
    }
    if (bench->queries.kind_count > 1) {
        print_row("all", sum, "", false);
    }
    printf("%llu thread%s, %.1f s, %.0f queries/s", (unsigned long long)bench->threads, bench->threads == 1 ? "" : "s",
           bench->seconds, rate);
    if (bench->rate != 0) {
        printf(" of %llu that fell due", (unsigned long long)bench->rate);
    }
    printf("\n");
}

/* ---- the command ---- */

static int open_catalog(struct bench *bench)
{
    aisle_error error = {0};
    const aisle_options options = {.size = sizeof options, .read_only = true,
                                   .search_threads = (uint32_t)bench->search_threads};
    uint64_t start = clock_monotonic_ns();
    int status = aisle_open(bench->path, &options, &bench->catalog, &error);
    bench->open_seconds = (double)(clock_monotonic_ns() - start) / 1e9;
    return status == 0 ? CLI_DONE : cli_fail("bench", &error, bench->path);
}

static void close_catalog(struct bench *bench)
{
    aisle_close(bench->catalog);
    bench->catalog = NULL;
}

static int print_queries(const struct bench_queries *queries)
{
    for (size_t i = 0; i < queries->count; i++) {
        const struct bench_query *query = &queries->list[i];
        printf("%s\t%s%s%s\n", queries->kinds[query->kind], query->text, query->filter == NULL ? "" : "\t",
               query->filter == NULL ? "" : query->filter);
    }
    return cli_finish("bench");
}

static int run(struct bench *bench)
{
    struct bench_thread *threads = calloc(bench->threads, sizeof *threads);
    struct bench_counts *sum = calloc(1, sizeof *sum);
    int status = CLI_DONE;
    bench->least = bench->best ? calloc(bench->queries.count, sizeof *bench->least) : NULL;
    for (size_t i = 0; bench->least != NULL && i < bench->queries.count; i++) {
        atomic_init(&bench->least[i], UINT64_MAX);
    }
    if (threads == NULL || sum == NULL || (bench->best && bench->least == NULL)) {
        status = cli_complain(CLI_RESOURCES, "bench", "out of memory", NULL);
    } else if (bench->cold) {
        close_catalog(bench);
        forgetful = bench;
        (void)nftw(bench->path, forget_file, 16, FTW_PHYS);
        status = open_catalog(bench);
    } else {
        status = run_threads(bench, threads, false);
    }
    status = status == CLI_DONE ? run_threads(bench, threads, true) : status;
    if (status == CLI_DONE) {
        settle_least(bench, &threads[0]);
        report(bench, threads, sum);
        status = cli_finish("bench");
    }
    free(bench->least);
    free(threads);
    free(sum);
    return status;
}

/* Where the queries come from, and where they go. */
struct source {
    const char *file; /* NULL: drawn */
    uint64_t each;
    uint64_t seed;
    bool is_printed;
};

static int get_and_run(struct bench *bench, const struct source *source)
{
    int status = source->file != NULL ? bench_queries_read(&bench->queries, source->file) : CLI_DONE;
    status = status == CLI_DONE ? open_catalog(bench) : status;
    if (status == CLI_DONE && source->file == NULL) {
        status = bench_queries_draw(&bench->queries, bench->catalog, source->each, source->seed);
    }
    if (status == CLI_DONE) {
        status = source->is_printed ? print_queries(&bench->queries) : run(bench);
    }
    close_catalog(bench);
    bench_queries_release(&bench->queries);
    return status;
}

static const struct option_rule rules[] = {
    {"draw", OPTION_BARS, "queries"},
    {"seed", OPTION_BARS, "queries"},
    {"print", OPTION_LEAVES, "queries draw seed"},
};

int cli_bench(int argc, char **argv)
{
    struct bench bench = {.threads = 1, .limit = 10};
    struct source source = {.each = 200, .seed = 1};
    const struct option table[] = {
        {.name = "queries", .kind = OPTION_TEXT, .value.text = &source.file, .argument = "FILE",
         .help = "a query a line, or a kind, a tab and a query, or these, a tab and a filter; - is standard input"},
        {.name = "draw", .kind = OPTION_NUMBER, .value.number = &source.each, .argument = "N",
         .help = "without --queries: draw this many of each kind from products; default 200", .min = 1,
         .max = DRAWN_MAX},
        {.name = "seed", .kind = OPTION_NUMBER, .value.number = &source.seed, .argument = "S",
         .help = "another number, other queries drawn; default 1", .max = UINT64_MAX},
        {.name = "print", .kind = OPTION_FLAG, .value.flag = &source.is_printed,
         .help = "print the queries, for --queries, and do not run them"},
        {.name = "threads", .kind = OPTION_NUMBER, .value.number = &bench.threads, .argument = "N",
         .help = "that search at once; default 1", .min = 1, .max = THREADS_MAX},
        {.name = "search-threads", .kind = OPTION_NUMBER, .value.number = &bench.search_threads, .argument = "N",
         .help = "that work on each search; default 1", .min = 1, .max = 64},
        {.name = "passes", .kind = OPTION_NUMBER, .value.number = &bench.passes, .argument = "N",
         .help = "times over the queries; default 3, with --cold 1", .min = 1, .max = 1000000},
        {.name = "rate", .kind = OPTION_NUMBER, .value.number = &bench.rate, .argument = "N",
         .help = "queries a second that fall due; default: each as soon as a thread is free", .min = 1,
         .max = 100000000},
        {.name = "limit", .kind = OPTION_NUMBER, .value.number = &bench.limit, .argument = "N",
         .help = "hits of a query; default 10", .min = 1, .max = 10000},
        {.name = "products", .kind = OPTION_FLAG, .value.flag = &bench.products,
         .help = "fetch the products of hits, too"},
        {.name = "no-total", .kind = OPTION_FLAG, .value.flag = &bench.no_total, .help = "do not count all matches"},
        {.name = "filter", .kind = OPTION_TEXT, .value.text = &bench.filter, .argument = "EXPR",
         .help = "of the queries that have none of their own"},
        {.name = "weights", .kind = OPTION_TEXT, .value.text = &bench.weights, .argument = "LIST",
         .help = "of signals, in place of the schema's: sales:2,rating:0"},
        {.name = "no-typos", .kind = OPTION_FLAG, .value.flag = &bench.no_typos, .help = "words are meant as typed"},
        {.name = "no-understanding", .kind = OPTION_FLAG, .value.flag = &bench.no_understanding,
         .help = "words are no filters"},
        {.name = "cold", .kind = OPTION_FLAG, .value.flag = &bench.cold,
         .help = "drop the catalog's files from memory first, and do not warm up"},
        {.name = "best", .kind = OPTION_FLAG, .value.flag = &bench.best,
         .help = "count the least latency of a query's passes only"},
        {.name = "json", .kind = OPTION_FLAG, .value.flag = &bench.json, .help = "one JSON object"},
    };
    const struct options options = {
        .command = "bench",
        .synopsis = "CATALOG [--queries FILE | --draw N] [--threads N] [--rate N] [--cold] [--json] ...",
        .about = "Searches for queries and prints how long that took: mean and percentiles in microseconds for each\n"
                 "kind, and queries a second. One pass before the first is not counted. Without --queries they are\n"
                 "drawn: frequent, middling and rare words (in 1 % of products and more; fewer than 0.05 %), 2 and 3\n"
                 "words that must all occur, 2, 3 and 5 of which one must, phrases, prefixes, and 2 words with a\n"
                 "filter by price. With --rate a latency counts from the moment the query was due.",
        .examples = "  aisle bench shop\n"
                    "  aisle bench shop --no-total --threads 2 --rate 5000\n"
                    "  aisle bench shop --cold --json\n"
                    "  aisle generate --items 20000 --queries 1000 | aisle bench shop --queries -\n"
                    "  aisle bench shop --draw 500 --seed 7 --print > queries.txt\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .rules = rules, .rule_count = sizeof rules / sizeof rules[0], .operands_min = 1, .operands_max = 1,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    bench.path = argv[0];
    bench.passes = bench.passes != 0 ? bench.passes : bench.cold ? 1 : 3;
    if (bench.best && bench.passes == 1) {
        return cli_complain(CLI_USAGE, "bench", "--best is the least of several passes: name more with --passes", NULL);
    }
    return get_and_run(&bench, &source);
}
