/*
 * swarm.c - one writing process and many searching ones, some of which are killed, on one catalog.
 *
 *     swarm [--readers N] [--seconds S] [--shards N] [--products N] [--kill-ms MS] [--seed S] [--place DIR]
 *
 * The writer commits numbered batches, and each batch touches every product: its number decides what it does (puts all,
 * patches all prices, deletes every second product, puts all again), and so what a shard that has it holds. A reader
 * asks for everything and demands of each shard that
 *     all its products carry one batch number, and count, titles and prices are those of that batch: no search sees
 *     half a batch, nor a mixture of what put, patch, delete and merge do;
 *     the number is at least that of the last commit that had returned before the search began, and at most that of the
 *     commit under way when it ended.
 * Readers are killed with SIGKILL at random moments and started anew. When they are all gone, the writer goes on for a
 * while, and the files may not grow: what the dead held is reused. At the end `check` finds no fault.
 *
 * A few seconds are a test; hours with more of everything are a campaign. Exit status: 0 when all held.
 */
#include "aisle.h"

#include "base/hash.h"
#include "index/catalog.h"

#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READERS_MAX 64u
#define SETTLE_BATCHES 60u
#define COMPACT_EVERY 37u

struct settings {
    uint64_t readers, seconds, shards, products, kill_ms, seed;
    const char *parent;
};

/* What the processes tell each other. */
struct shared {
    atomic_ulong begun;     /* batch whose commit was called last */
    atomic_ulong committed; /* batch whose commit returned last */
    atomic_ulong searches;
    atomic_bool stop_readers, stop_writer, settle, settled, failed;
    atomic_ulong bytes_before, bytes_after; /* of the files, around the settling */
};

static struct settings settings = {.readers = 8, .seconds = 3, .shards = 2, .products = 300, .kill_ms = 40, .seed = 1};
static struct shared *shared;
static char catalog_path_name[512];
static char directory[480];

#define DEMAND(condition, ...)                                        \
    do {                                                              \
        if (!(condition)) {                                           \
            atomic_store(&shared->failed, true);                      \
            fprintf(stderr, "swarm: process %ld: ", (long)getpid());  \
            fprintf(stderr, __VA_ARGS__);                             \
            fprintf(stderr, "\n");                                    \
            _exit(1);                                                 \
        }                                                             \
    } while (0)

static uint32_t shard_of(const char *id, size_t size)
{
    const struct aisle routing = {.shard_count = (uint32_t)settings.shards};
    return catalog_shard_of(&routing, hash_bytes(id, size));
}

/* ---- what a batch makes ---- */

enum work { PUT_ALL, PATCH_ALL, DELETE_HALF };

static enum work work_of(unsigned long batch)
{
    static const enum work cycle[] = {PUT_ALL, PATCH_ALL, PATCH_ALL, DELETE_HALF, PUT_ALL, PATCH_ALL};
    return cycle[batch % 6];
}

/* The batch that put the titles that are there after this one. */
static unsigned long title_of(unsigned long batch)
{
    while (work_of(batch) != PUT_ALL) {
        batch--;
    }
    return batch;
}

static bool is_there(unsigned long batch, unsigned long product)
{
    return work_of(batch) != DELETE_HALF || product % 2 == 0;
}

/* ---- the writer ---- */

static void apply(aisle_writer *writer, unsigned long batch)
{
    aisle_error error = {0};
    for (unsigned long i = 0; i < settings.products; i++) {
        char id[32];
        char text[160];
        int size = snprintf(id, sizeof id, "P%lu", i);
        aisle_bytes key = {id, (size_t)size};
        int status;
        if (work_of(batch) == PUT_ALL) {
            size = snprintf(text, sizeof text, "{\"id\":\"%s\",\"title\":\"lamp batch%lu\",\"price\":%lu}", id, batch,
                            batch);
            status = aisle_put(writer, (aisle_bytes){text, (size_t)size}, &error);
        } else if (is_there(batch, i)) {
            size = snprintf(text, sizeof text, "{\"price\":%lu}", batch);
            status = aisle_patch(writer, key, (aisle_bytes){text, (size_t)size}, &error);
        } else {
            status = aisle_delete(writer, key, &error);
        }
        DEMAND(status == 0, "writing batch %lu: %s", batch, error.message);
    }
}

static uint64_t bytes_of_catalog(aisle *catalog)
{
    aisle_statistics statistics = {.size = sizeof statistics};
    aisle_error error = {0};
    DEMAND(aisle_stats(catalog, &statistics, &error) == 0, "stats: %s", error.message);
    return statistics.bytes;
}

static void write_one(aisle_writer *writer, unsigned long batch)
{
    aisle_error error = {0};
    apply(writer, batch);
    atomic_store(&shared->begun, batch);
    DEMAND(aisle_commit(writer, &error) == 0, "committing batch %lu: %s", batch, error.message);
    atomic_store(&shared->committed, batch);
    if (batch % COMPACT_EVERY == 0) {
        DEMAND(aisle_compact(writer, &error) == 0, "compacting after batch %lu: %s", batch, error.message);
    }
}

static void write_batches(void)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_error error = {0};
    aisle_options options = {.size = sizeof options, .memory_bytes = 32u << 20};
    unsigned long batch = 6;
    DEMAND(aisle_open(catalog_path_name, &options, &catalog, &error) == 0 &&
               aisle_begin(catalog, &writer, &error) == 0,
           "opening to write: %s", error.message);
    while (!atomic_load(&shared->settle)) {
        write_one(writer, batch++);
    }
    /* Nobody reads any more: one round takes what the readers held, the next must make do with that. */
    for (unsigned i = 0; i < 2 * SETTLE_BATCHES; i++) {
        write_one(writer, batch++);
        if (i + 1 == SETTLE_BATCHES) {
            atomic_store(&shared->bytes_before, bytes_of_catalog(catalog));
        }
    }
    atomic_store(&shared->bytes_after, bytes_of_catalog(catalog));
    aisle_writer_free(writer);
    aisle_close(catalog);
    _exit(0);
}

/* ---- readers ---- */

/* The number behind name in a product; products are small and ours. */
static unsigned long number_behind(aisle_bytes product, const char *name)
{
    char text[512];
    DEMAND(product.size < sizeof text, "a product of %zu bytes", product.size);
    memcpy(text, product.data, product.size);
    text[product.size] = '\0';
    const char *found = strstr(text, name);
    DEMAND(found != NULL, "no %s in %s", name, text);
    return strtoul(found + strlen(name), NULL, 10);
}

static void check_answer(const aisle_result *result, unsigned long committed, unsigned long begun)
{
    unsigned long batch_of[64] = {0};
    unsigned long count_of[64] = {0};
    unsigned long expected[64] = {0};
    unsigned long hits = 0;
    aisle_hit hit;
    for (size_t i = 0; aisle_result_hit(result, i, &hit) == 0; i++) {
        uint32_t shard = shard_of(hit.id.data, hit.id.size);
        unsigned long price = number_behind(hit.product, "\"price\":");
        unsigned long title = number_behind(hit.product, "batch");
        batch_of[shard] = batch_of[shard] == 0 ? price : batch_of[shard];
        DEMAND(price == batch_of[shard], "shard %u shows batches %lu and %lu at once", shard, batch_of[shard], price);
        DEMAND(title == title_of(price), "batch %lu has the title of batch %lu", price, title);
        DEMAND(price >= committed && price <= begun, "batch %lu seen, but %lu was committed and %lu begun", price,
               committed, begun);
        count_of[shard]++;
        hits++;
    }
    for (unsigned long i = 0; i < settings.products; i++) {
        char id[32];
        int size = snprintf(id, sizeof id, "P%lu", i);
        uint32_t shard = shard_of(id, (size_t)size);
        expected[shard] += batch_of[shard] != 0 && is_there(batch_of[shard], i);
    }
    for (uint32_t shard = 0; shard < settings.shards; shard++) {
        DEMAND(count_of[shard] == expected[shard] && (committed == 0 || count_of[shard] > 0),
               "shard %u shows %lu products of batch %lu, not %lu", shard, count_of[shard], batch_of[shard],
               expected[shard]);
    }
    DEMAND(hits == aisle_result_total(result, NULL), "%lu hits of a total of %lu", hits,
           (unsigned long)aisle_result_total(result, NULL));
}

static void read_on(unsigned number)
{
    aisle *catalog = NULL;
    aisle_result *result = NULL;
    aisle_error error = {0};
    aisle_options options = {.size = sizeof options, .read_only = number % 2 == 0};
    const char *texts[] = {"", "lamp", "lam*"};
    DEMAND(aisle_open(catalog_path_name, &options, &catalog, &error) == 0, "opening to read: %s", error.message);
    for (unsigned long i = number; !atomic_load(&shared->stop_readers); i++) {
        aisle_query query = {.size = sizeof query, .text = texts[i % 3], .limit = (uint32_t)settings.products};
        unsigned long committed = atomic_load(&shared->committed);
        DEMAND(aisle_search(catalog, &query, &result, &error) == 0, "searching: %s", error.message);
        check_answer(result, committed, atomic_load(&shared->begun));
        atomic_fetch_add(&shared->searches, 1);
    }
    aisle_result_free(result);
    aisle_close(catalog);
    _exit(0);
}

/* ---- the parent ---- */

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static pid_t start_reader(unsigned number)
{
    pid_t pid = fork();
    if (pid == 0) {
        read_on(number);
    }
    return pid;
}

/* Waits for the child; whether it ended well. */
static bool ended_well(pid_t pid)
{
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static unsigned kill_some(pid_t *readers)
{
    unsigned killed = 0;
    uint64_t end = now_ms() + settings.seconds * 1000;
    while (now_ms() < end && !atomic_load(&shared->failed)) {
        usleep((useconds_t)(1000 * settings.kill_ms / 2 + 1000 * ((uint64_t)random() % settings.kill_ms)));
        unsigned number = (unsigned)((uint64_t)random() % settings.readers);
        int status = 0;
        kill(readers[number], SIGKILL);
        waitpid(readers[number], &status, 0);
        if (WIFEXITED(status)) {
            return killed; /* it had failed before */
        }
        killed++;
        readers[number] = start_reader(number);
    }
    return killed;
}

static void show_fault(void *context, const char *message)
{
    (void)context;
    fprintf(stderr, "swarm: fault: %s\n", message);
}

static int finish(pid_t writer, unsigned killed)
{
    aisle_error error = {0};
    uint64_t faults = 0;
    atomic_store(&shared->settle, true);
    bool good = ended_well(writer) && !atomic_load(&shared->failed);
    unsigned long before = atomic_load(&shared->bytes_before);
    unsigned long after = atomic_load(&shared->bytes_after);
    printf("%lu batches, %lu searches checked, %u readers killed; files %lu bytes, after %u batches more %lu\n",
           atomic_load(&shared->committed), atomic_load(&shared->searches), killed, before, SETTLE_BATCHES, after);
    /* An eighth: where a merge of the second round finds no hole as large as it needs, a file may grow once. */
    if (good && after > before + before / 8) {
        fprintf(stderr, "swarm: the files grow although nobody reads\n");
        good = false;
    }
    if (aisle_check(catalog_path_name, show_fault, NULL, &faults, &error) != 0 || faults != 0) {
        fprintf(stderr, "swarm: %lu faults; %s\n", (unsigned long)faults, error.message);
        good = false;
    }
    return good ? 0 : 1;
}

static int run(void)
{
    pid_t readers[READERS_MAX];
    aisle_error error = {0};
    aisle_create_options create = {.size = sizeof create, .shards = (uint32_t)settings.shards};
    if (aisle_create(catalog_path_name, NULL, &create, &error) != 0) {
        fprintf(stderr, "swarm: %s\n", error.message);
        return 1;
    }
    pid_t writer = fork();
    if (writer == 0) {
        write_batches();
    }
    for (unsigned i = 0; i < settings.readers; i++) {
        readers[i] = start_reader(i);
    }
    unsigned killed = kill_some(readers);
    atomic_store(&shared->stop_readers, true);
    for (unsigned i = 0; i < settings.readers; i++) {
        if (!ended_well(readers[i])) {
            atomic_store(&shared->failed, true);
        }
    }
    return finish(writer, killed);
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

static bool take_arguments(int argc, char **argv)
{
    const struct {
        const char *name;
        uint64_t *value;
        uint64_t max;
    } numbers[] = {{"--readers", &settings.readers, READERS_MAX}, {"--seconds", &settings.seconds, 1000000},
                   {"--shards", &settings.shards, 64},            {"--products", &settings.products, 10000},
                   {"--kill-ms", &settings.kill_ms, 1000000},     {"--seed", &settings.seed, UINT64_MAX}};
    for (int i = 1; i + 1 < argc; i += 2) {
        bool known = strcmp(argv[i], "--place") == 0;
        if (known) {
            settings.parent = argv[i + 1];
        }
        for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
            if (strcmp(argv[i], numbers[n].name) == 0) {
                *numbers[n].value = strtoull(argv[i + 1], NULL, 10);
                known = *numbers[n].value > 0 && *numbers[n].value <= numbers[n].max;
            }
        }
        if (!known) {
            return false;
        }
    }
    return argc % 2 == 1;
}

int main(int argc, char **argv)
{
    settings.parent = getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR");
    if (!take_arguments(argc, argv)) {
        fprintf(stderr, "swarm: unknown argument or value; the file's first comment has the list\n");
        return 1;
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(directory, sizeof directory, "%s/swarm-XXXXXX", settings.parent);
    if (shared == MAP_FAILED || mkdtemp(directory) == NULL) {
        perror("swarm");
        return 1;
    }
    snprintf(catalog_path_name, sizeof catalog_path_name, "%s/catalog", directory);
    srandom((unsigned)settings.seed);
    int status = run();
    (void)nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}
