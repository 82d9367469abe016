/*
 * bench_writer.c - a writer's manners under load: how long puts and commits take while segments are merged, what
 * merging writes, how large the file grows and how much memory of its own the process takes.
 *
 *     bench_writer PLACE [name=value ...]
 *
 *     items=300000      generated products to fill the catalog with
 *     operations=600000 that follow: 6 of 10 replace a random product, 3 patch its price, 1 deletes it and puts it back
 *     commit=2000       operations between commits; the first fill commits ten times as many
 *     small=0           every so many milliseconds, a commit of one product alone (0: never)
 *     memory=512        budget in MiB
 *     threads=2
 *     rate=0            merge_bytes_per_second
 *     over=0            percent: the exit status is 1 when memory passes the budget by more (0: any)
 *     growth=0          percent: likewise when the file passes the live bytes' by more
 *
 * PLACE must not exist; the catalog stays there. Live bytes are the payload's share of live products. Memory is what
 * RssAnon of the process grows by from before the catalog is opened, read every millisecond by a thread.
 */
#include "aisle.h"
#include "base/clock.h"
#include "data/generate.h"
#include "storage/storage.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ITEMS, OPERATIONS, COMMIT, SMALL, MEMORY, THREADS, RATE, OVER, GROWTH, SETTING_COUNT };

static const char *const names[SETTING_COUNT] = {"items",   "operations", "commit", "small", "memory",
                                                 "threads", "rate",       "over",   "growth"};
static uint64_t settings[SETTING_COUNT] = {300000, 600000, 2000, 0, 512, 2, 0, 0, 0};

#define TIMES_MAX 1000000u

/* Nanoseconds that single calls took. */
struct times {
    uint64_t *ns;
    size_t count;
};

struct bench {
    aisle *catalog;
    aisle_writer *writer;
    struct generate *generate;
    aisle_error error;
    uint64_t random;
    struct times puts;
    struct times commits;
    struct times small_commits;
    struct storage *storage; /* the shard's, to look at its free pages */
    double growth;           /* highest: of the file, and of its pages in use */
    double used_growth;
    uint64_t small_ns;
};

/* ---- memory ---- */

static atomic_bool watching = true;
static uint64_t first_bytes; /* before the catalog was opened */
static uint64_t peak_bytes;  /* beyond them */

static uint64_t own_bytes(void)
{
    char text[4096];
    FILE *file = fopen("/proc/self/status", "r");
    size_t size = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    if (file != NULL) {
        fclose(file);
    }
    text[size] = '\0';
    const char *found = strstr(text, "RssAnon:");
    return found == NULL ? 0 : strtoull(found + 8, NULL, 10) << 10;
}

static void *watch(void *context)
{
    (void)context;
    while (atomic_load(&watching)) {
        uint64_t bytes = own_bytes();
        bytes -= first_bytes < bytes ? first_bytes : bytes;
        peak_bytes = bytes > peak_bytes ? bytes : peak_bytes;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return NULL;
}

/* ---- times ---- */

static void note(struct times *times, uint64_t start)
{
    if (times->count < TIMES_MAX) {
        times->ns[times->count++] = clock_monotonic_ns() - start;
    }
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *what, struct times *times)
{
    if (times->count == 0) {
        return;
    }
    qsort(times->ns, times->count, sizeof times->ns[0], compare_times);
    printf("  %-14s %8zu  median %9.3f ms  99 %% %9.3f  99.9 %% %9.3f  max %9.3f\n", what, times->count,
           (double)times->ns[times->count / 2] / 1e6, (double)times->ns[times->count * 99 / 100] / 1e6,
           (double)times->ns[times->count * 999 / 1000] / 1e6, (double)times->ns[times->count - 1] / 1e6);
    times->count = 0;
}

/* ---- operations ---- */

static void stop(const struct bench *bench, int status, const char *what)
{
    if (status != 0) {
        fprintf(stderr, "bench_writer: %s: %s: %s\n", what, aisle_error_name(status), bench->error.message);
        exit(2);
    }
}

static uint64_t pick(struct bench *bench, uint64_t below)
{
    bench->random = bench->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (bench->random >> 20) % below;
}

static size_t id_of(const char *line, const char **id)
{
    const char *start = strstr(line, "\"id\":\"");
    *id = start == NULL ? line : start + 6;
    return strcspn(*id, "\"");
}

static void commit(struct bench *bench, struct times *times)
{
    uint64_t start = clock_monotonic_ns();
    stop(bench, aisle_commit(bench->writer, &bench->error), "commit");
    note(times, start);
}

static void look_at_growth(struct bench *bench)
{
    aisle_statistics told = {.size = sizeof told};
    stop(bench, aisle_stats(bench->catalog, &told, &bench->error), "statistics");
    double payload = (double)(told.postings_bytes + told.terms_bytes + told.columns_bytes + told.ids_bytes +
                              told.order_bytes + told.documents_bytes);
    double live = payload * (double)told.products / (double)(told.products + told.dead);
    double growth = live < 1 ? 0 : (double)told.bytes / live;
    bench->growth = growth > bench->growth ? growth : bench->growth;
    struct storage_space space;
    stop(bench, storage_space(bench->storage, &space, &bench->error), "space");
    double used = live < 1 ? 0 : (double)space.used_bytes / live;
    bench->used_growth = used > bench->used_growth ? used : bench->used_growth;
}

static void put(struct bench *bench, const char *line, size_t size)
{
    uint64_t start = clock_monotonic_ns();
    stop(bench, aisle_put(bench->writer, (aisle_bytes){line, size}, &bench->error), "put");
    note(&bench->puts, start);
}

static void operate(struct bench *bench)
{
    static char line[GENERATE_LINE_BYTES];
    const char *id;
    uint64_t kind = pick(bench, 10);
    size_t size = generate_item(bench->generate, pick(bench, settings[ITEMS]), line);
    size_t id_size = id_of(line, &id);
    if (kind < 6) {
        put(bench, line, size);
    } else if (kind < 9) {
        char fields[32];
        int length = snprintf(fields, sizeof fields, "{\"price\":%llu.5}", (unsigned long long)pick(bench, 1000));
        stop(bench,
             aisle_patch(bench->writer, (aisle_bytes){id, id_size}, (aisle_bytes){fields, (size_t)length},
                         &bench->error),
             "patch");
    } else {
        stop(bench, aisle_delete(bench->writer, (aisle_bytes){id, id_size}, &bench->error), "delete");
        put(bench, line, size);
    }
}

/* A commit of one product, when it is time for one; the batch before it is committed first. */
static void commit_small(struct bench *bench)
{
    if (settings[SMALL] == 0 || clock_monotonic_ns() - bench->small_ns < settings[SMALL] * 1000000) {
        return;
    }
    commit(bench, &bench->commits);
    operate(bench);
    commit(bench, &bench->small_commits);
    bench->small_ns = clock_monotonic_ns();
}

/* ---- phases ---- */

static void report(struct bench *bench, const char *phase, uint64_t operations, uint64_t start)
{
    aisle_writer_statistics told = {.size = sizeof told};
    aisle_statistics state = {.size = sizeof state};
    stop(bench, aisle_writer_stats(bench->writer, &told), "statistics");
    stop(bench, aisle_stats(bench->catalog, &state, &bench->error), "statistics");
    double seconds = (double)(clock_monotonic_ns() - start) / 1e9;
    printf("%s: %.0f operations/s, %.1f s; %llu segments, %llu products, %.1f %% dead\n", phase,
           (double)operations / seconds, seconds, (unsigned long long)state.segments,
           (unsigned long long)state.products,
           100.0 * (double)state.dead / (double)(state.products + state.dead + (state.products == 0)));
    printf("  written %.1f MB, merged %.1f MB in %llu merges, %.1f s: amplification %.2f; waited %.1f ms\n",
           (double)told.written_bytes / 1e6, (double)told.merged_bytes / 1e6, (unsigned long long)told.merges,
           (double)told.merge_ns / 1e9,
           1.0 + (double)told.merged_bytes / (double)(told.written_bytes + (told.written_bytes == 0)),
           (double)told.wait_ns / 1e6);
    print_times("puts", &bench->puts);
    print_times("commits", &bench->commits);
    print_times("small commits", &bench->small_commits);
    printf("  file %.1f MB, at most %.2f of the live bytes, its pages in use %.2f\n", (double)state.bytes / 1e6,
           bench->growth, bench->used_growth);
    printf("  peak RssAnon %.1f MiB, %.2f of the budget\n", (double)peak_bytes / 1048576,
           (double)peak_bytes / 1048576 / (double)settings[MEMORY]);
    fflush(stdout);
    bench->growth = 0;
    bench->used_growth = 0;
}

static void fill(struct bench *bench)
{
    static char line[GENERATE_LINE_BYTES];
    uint64_t start = clock_monotonic_ns();
    for (uint64_t i = 0; i < settings[ITEMS]; i++) {
        put(bench, line, generate_item(bench->generate, i, line));
        if ((i + 1) % (settings[COMMIT] * 10) == 0) {
            commit(bench, &bench->commits);
        }
    }
    commit(bench, &bench->commits);
    look_at_growth(bench);
    report(bench, "fill", settings[ITEMS], start);
}

static void change(struct bench *bench)
{
    uint64_t start = clock_monotonic_ns();
    for (uint64_t i = 0; i < settings[OPERATIONS]; i++) {
        operate(bench);
        if ((i + 1) % settings[COMMIT] == 0) {
            commit(bench, &bench->commits);
            look_at_growth(bench);
        }
        commit_small(bench);
    }
    commit(bench, &bench->commits);
    look_at_growth(bench);
    report(bench, "change", settings[OPERATIONS], start);
}

static bool set(const char *argument)
{
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        size_t size = strlen(names[i]);
        if (strncmp(argument, names[i], size) == 0 && argument[size] == '=') {
            settings[i] = strtoull(argument + size + 1, NULL, 10);
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    struct bench bench = {.random = 1};
    char shard[4096];
    pthread_t watcher;
    for (int i = 2; i < argc; i++) {
        if (!set(argv[i])) {
            fprintf(stderr, "bench_writer: what is %s?\n", argv[i]);
            return 2;
        }
    }
    struct times *times[] = {&bench.puts, &bench.commits, &bench.small_commits};
    for (unsigned i = 0; i < 3; i++) {
        times[i]->ns = malloc(TIMES_MAX * sizeof(uint64_t));
        if (times[i]->ns == NULL) {
            return 2;
        }
        memset(times[i]->ns, 1, TIMES_MAX * sizeof(uint64_t)); /* not to be taken for the library's memory later */
    }
    aisle_options options = {.size = sizeof options,
                             .memory_bytes = settings[MEMORY] << 20,
                             .threads = (uint32_t)settings[THREADS],
                             .merge_bytes_per_second = settings[RATE]};
    if (argc < 2 || generate_new(1, &bench.generate) != 0 || (first_bytes = own_bytes()) == 0 ||
        pthread_create(&watcher, NULL, watch, NULL) != 0) {
        fprintf(stderr, "bench_writer: PLACE, please, and memory\n");
        return 2;
    }
    stop(&bench, aisle_create(argv[1], NULL, NULL, &bench.error), "create");
    stop(&bench, aisle_open(argv[1], &options, &bench.catalog, &bench.error), "open");
    snprintf(shard, sizeof shard, "%s/shard-00", argv[1]);
    stop(&bench, storage_open(shard, NULL, &bench.storage, &bench.error), "open");
    stop(&bench, aisle_begin(bench.catalog, &bench.writer, &bench.error), "begin");
    fill(&bench);
    change(&bench);
    double growth = (double)settings[GROWTH];
    bool failed = growth != 0 && bench.growth * 100 > growth;
    uint64_t start = clock_monotonic_ns();
    aisle_writer_free(bench.writer);
    printf("free: %.1f ms\n", (double)(clock_monotonic_ns() - start) / 1e6);
    storage_close(bench.storage);
    aisle_close(bench.catalog);
    atomic_store(&watching, false);
    pthread_join(watcher, NULL);
    failed = failed || (settings[OVER] != 0 && peak_bytes * 100 > (settings[MEMORY] << 20) * (100 + settings[OVER]));
    generate_free(bench.generate);
    for (unsigned i = 0; i < 3; i++) {
        free(times[i]->ns);
    }
    return failed ? 1 : 0;
}
