/*
 * soak.c - one writer that lives long beside searching processes; memory and files must stay flat, counts exact.
 *
 *     soak [--seconds N] [--minutes N] [--readers N] [--products N] [--memory MiB] [--threads N] [--seed N]
 *          [--place DIR] [--compact 1]
 *
 * The writer puts, replaces, patches and deletes at random, a few hundred changes a commit, and merges as it goes. It
 * keeps a model: which products live, which of a few marker words each has, and its stock. Each reader is a process of
 * its own with its own handle; it searches on and on, and every total must be that of a state which was committed when
 * the search began, or later and announced before it ended. The writer looks products up itself and compares them.
 *
 * Memory (RssAnon of each process) and file size are sampled over time and printed. At the end the verdict: counts
 * equal; and, for runs of a minute and more, memory flat (the last quarter against the second) and the file at most 1.6
 * times what `stats` counts as payload. Exit status: 0, or 1.
 *
 * --compact 1 begins from one segment instead of some ten, as merging leaves them. That one is rewritten beside itself
 * when a fifth of it is dead, so that the file must become twice the payload once.
 */
#include "aisle.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READERS_MAX 64u
#define MARKERS 8u
#define STATES 64u /* remembered of late */
#define CHANGES_MAX 400u
#define SAMPLES_MAX 2000u
#define JUDGED_SECONDS 60u
#define FILE_PER_PAYLOAD 1.6
#define LOOKED_UP 10u /* products after each commit */

static const char *const markers[MARKERS] = {"walnut", "copper",  "velvet", "marble",
                                             "bamboo", "granite", "cotton", "ceramic"};
static const char *const words[] = {"red",   "blue",  "lamp",  "boot",  "shirt", "garden", "cable", "tea",   "cup",
                                    "chair", "small", "large", "phone", "case",  "soap",   "brush", "winter"};

static const char schema[] =
    "{\"version\":1,\"id\":\"id\",\"language\":\"english\",\"fields\":{\"title\":{\"type\":\"text\",\"weight\":5},"
    "\"description\":{\"type\":\"text\"},\"stock\":{\"type\":\"integer\"},\"sales\":{\"type\":\"integer\"}},"
    "\"order\":[\"length\",\"sales:desc\"]}";

struct state {
    uint64_t live;
    uint64_t with[MARKERS];
};

/* Shared by all processes. */
struct shared {
    atomic_uint_fast64_t announced; /* the number of the newest state in states */
    atomic_uint_fast64_t committed; /* of the newest that is surely visible */
    atomic_bool stop;
    atomic_uint_fast64_t searches;
    atomic_uint_fast64_t skipped; /* searches during which too many commits passed to be judged */
    struct state states[STATES];
    char fault[256]; /* the first that a reader met */
};

struct product {
    bool live;
    uint8_t marker;
    uint32_t version;
    uint32_t stock;
};

struct sample {
    double seconds;
    uint64_t writer_kib, readers_kib, file_bytes, payload_bytes;
};

static struct {
    unsigned seconds, readers, products, memory_mib, threads; /* threads of the writer: 2 merges beside */
    bool compact;
    uint64_t seed;
    const char *place;
} options = {.seconds = 5, .readers = 8, .products = 20000, .memory_mib = 64, .threads = 2, .seed = 1, .place = "."};

static struct shared *shared;
static struct product *products;
static struct state now;
static pid_t readers[READERS_MAX];
static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
static uint64_t random_state;
static uint64_t counts[4]; /* puts, patches, deletes, commits */

static uint32_t draw(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % below);
}

static double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static aisle_bytes bytes_of_text(const char *text)
{
    return (aisle_bytes){text, strlen(text)};
}

/* ------------------------------------------------------------------------------------------------- a reader -- */

static bool is_a_state(uint64_t first, uint64_t last, unsigned marker, uint64_t total)
{
    for (uint64_t i = first; i <= last; i++) {
        const struct state *state = &shared->states[i % STATES];
        if ((marker == MARKERS ? state->live : state->with[marker]) == total) {
            return true;
        }
    }
    return false;
}

/* One search for a marker, or for everything; false when its answer is none that it could be. */
static bool search_once(aisle *catalog, unsigned marker, aisle_result **result)
{
    aisle_query query = {.size = sizeof query, .text = marker == MARKERS ? "" : markers[marker], .limit = 5};
    aisle_error error = {.code = 0};
    uint64_t first = atomic_load(&shared->committed);
    if (aisle_search(catalog, &query, result, &error) != 0) {
        snprintf(shared->fault, sizeof shared->fault, "search: %.200s", error.message);
        return false;
    }
    uint64_t last = atomic_load(&shared->announced);
    uint64_t total = aisle_result_total(*result, NULL);
    aisle_hit hit;
    for (size_t i = 0; marker < MARKERS && aisle_result_hit(*result, i, &hit) == 0; i++) {
        if (memmem(hit.product.data, hit.product.size, markers[marker], strlen(markers[marker])) == NULL) {
            snprintf(shared->fault, sizeof shared->fault, "a hit for %s lacks the word", markers[marker]);
            return false;
        }
    }
    /* The slot of the state after the next STATES is being written anew by now. */
    if (last - first >= STATES - 2) {
        atomic_fetch_add(&shared->skipped, 1);
        return true;
    }
    bool known = is_a_state(first, last, marker, total);
    if (!known && atomic_load(&shared->announced) - first < STATES - 2) {
        snprintf(shared->fault, sizeof shared->fault, "%llu match \"%s\"; of states %llu to %llu none has that",
                 (unsigned long long)total, query.text, (unsigned long long)first, (unsigned long long)last);
        return false;
    }
    return true;
}

static int read_on(const char *path, unsigned number)
{
    aisle *catalog = NULL;
    aisle_result *result = NULL;
    aisle_options how = {.size = sizeof how, .read_only = true};
    aisle_error error;
    if (aisle_open(path, &how, &catalog, &error) != 0) {
        snprintf(shared->fault, sizeof shared->fault, "open: %.200s", error.message);
        return 1;
    }
    random_state = options.seed * 1000 + number;
    bool good = true;
    while (good && !atomic_load(&shared->stop)) {
        good = search_once(catalog, draw(MARKERS + 1), &result);
        atomic_fetch_add(&shared->searches, 1);
        usleep(draw(3000));
    }
    aisle_result_free(result);
    aisle_close(catalog);
    return good ? 0 : 1;
}

static void start_readers(const char *path)
{
    for (unsigned i = 0; i < options.readers; i++) {
        readers[i] = fork();
        if (readers[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            _exit(read_on(path, i));
        }
    }
}

/* Whether every reader has ended well. */
static bool stop_readers(void)
{
    bool good = true;
    atomic_store(&shared->stop, true);
    for (unsigned i = 0; i < options.readers; i++) {
        int ended = 0;
        if (waitpid(readers[i], &ended, 0) < 0 || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0) {
            printf("soak: reader %u ended with %d: %s\n", i, ended, shared->fault);
            good = false;
        }
    }
    return good;
}

/* ------------------------------------------------------------------------------------------------ the writer -- */

static const char *id_of(uint32_t number)
{
    static char id[16];
    snprintf(id, sizeof id, "P%07u", number);
    return id;
}

static int put(aisle_writer *writer, uint32_t number, aisle_error *error)
{
    char text[1024];
    struct product *product = &products[number];
    uint8_t marker = (uint8_t)draw(MARKERS);
    uint32_t stock = draw(1000);
    int used = snprintf(text, sizeof text,
                        "{\"id\":\"%s\",\"title\":\"%s %s %u\",\"sales\":%u,\"stock\":%u,\"description\":\"",
                        id_of(number), markers[marker], words[draw(17)], product->version + 1, draw(5000), stock);
    for (unsigned i = 0, count = 5 + draw(40); i < count; i++) {
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%u ", words[draw(17)], draw(300));
    }
    snprintf(text + used, sizeof text - (size_t)used, "\"}");
    int status = aisle_put(writer, bytes_of_text(text), error);
    if (status == 0) {
        now.live += product->live ? 0 : 1;
        now.with[product->marker] -= product->live ? 1 : 0;
        now.with[marker]++;
        *product = (struct product){true, marker, product->version + 1, stock};
        counts[0]++;
    }
    return status;
}

static int patch(aisle_writer *writer, uint32_t number, aisle_error *error)
{
    char fields[64];
    uint32_t stock = draw(1000);
    snprintf(fields, sizeof fields, "{\"stock\":%u}", stock);
    int status = aisle_patch(writer, bytes_of_text(id_of(number)), bytes_of_text(fields), error);
    if (status == 0) {
        products[number].stock = stock;
        counts[1]++;
    }
    return status;
}

static int delete(aisle_writer *writer, uint32_t number, aisle_error *error)
{
    int status = aisle_delete(writer, bytes_of_text(id_of(number)), error);
    if (status == 0) {
        products[number].live = false;
        now.live--;
        now.with[products[number].marker]--;
        counts[2]++;
    }
    return status;
}

/* A few hundred changes and their commit. About seven in ten products live in the steady state. */
static int write_batch(aisle_writer *writer, uint32_t changes, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < changes && status == 0; i++) {
        uint32_t number = draw(options.products);
        uint32_t kind = draw(10);
        if (!products[number].live) {
            status = put(writer, number, error);
        } else if (kind < 3) {
            status = put(writer, number, error);
        } else if (kind < 6) {
            status = patch(writer, number, error);
        } else {
            status = delete(writer, number, error);
        }
    }
    if (status == 0) {
        uint64_t next = atomic_load(&shared->announced) + 1;
        shared->states[next % STATES] = now;
        atomic_store(&shared->announced, next);
        status = aisle_commit(writer, error);
        atomic_store(&shared->committed, next);
        counts[3]++;
    }
    return status;
}

/* Compares some products with the model. */
static bool look_up(aisle *catalog)
{
    aisle_result *result = NULL;
    aisle_error error = {.code = 0};
    bool good = true;
    for (unsigned i = 0; i < LOOKED_UP && good; i++) {
        uint32_t number = draw(options.products);
        const struct product *product = &products[number];
        char stock[32];
        aisle_hit hit;
        snprintf(stock, sizeof stock, "\"stock\":%u,", product->stock);
        int status = aisle_get(catalog, bytes_of_text(id_of(number)), false, &result, &error);
        good = status == (product->live ? 0 : AISLE_NOT_FOUND);
        if (good && product->live) {
            good = aisle_result_hit(result, 0, &hit) == 0 &&
                   memmem(hit.product.data, hit.product.size, stock, strlen(stock)) != NULL &&
                   memmem(hit.product.data, hit.product.size, markers[product->marker],
                          strlen(markers[product->marker])) != NULL;
        }
        if (!good) {
            printf("soak: product %s is not as the model has it: %s\n", id_of(number), aisle_error_name(status));
        }
    }
    aisle_result_free(result);
    return good;
}

/* --------------------------------------------------------------------------------------- samples and verdict -- */

static uint64_t anonymous_kib(pid_t process)
{
    char path[64];
    char line[256];
    unsigned long long kib = 0;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)process);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "RssAnon: %llu", &kib) == 1) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib;
}

static void take_sample(aisle *catalog, double seconds)
{
    aisle_statistics found = {.size = sizeof found};
    if (sample_count == SAMPLES_MAX || aisle_stats(catalog, &found, NULL) != 0) {
        return;
    }
    struct sample *sample = &samples[sample_count++];
    *sample = (struct sample){.seconds = seconds,
                              .writer_kib = anonymous_kib(getpid()),
                              .file_bytes = found.bytes,
                              .payload_bytes = found.postings_bytes + found.terms_bytes + found.columns_bytes +
                                               found.ids_bytes + found.order_bytes + found.documents_bytes +
                                               found.positions_bytes};
    for (unsigned i = 0; i < options.readers; i++) {
        sample->readers_kib += anonymous_kib(readers[i]);
    }
    printf("%7.0f s  writer %7llu KiB  readers %7llu KiB  file %7.2f MiB  payload %7.2f MiB  %5.2fx  live %llu  "
           "dead %llu  segments %llu\n",
           seconds, (unsigned long long)sample->writer_kib, (unsigned long long)sample->readers_kib,
           (double)sample->file_bytes / 1048576, (double)sample->payload_bytes / 1048576,
           (double)sample->file_bytes / (double)(sample->payload_bytes + 1), (unsigned long long)found.products,
           (unsigned long long)found.dead, (unsigned long long)found.segments);
    fflush(stdout);
}

/* The greatest value of a quarter of the samples, 0 to 3, of the numbers at offset in them. */
static uint64_t peak(unsigned quarter, size_t offset)
{
    uint64_t greatest = 0;
    for (size_t i = sample_count * quarter / 4; i < sample_count * (quarter + 1) / 4; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&samples[i] + offset, sizeof value);
        greatest = value > greatest ? value : greatest;
    }
    return greatest;
}

static bool is_flat(const char *what, size_t offset, uint64_t slack)
{
    uint64_t before = peak(1, offset);
    uint64_t after = peak(3, offset);
    bool flat = after <= before + before / 10 + slack;
    printf("soak: %s: %llu in the second quarter, %llu in the last: %s\n", what, (unsigned long long)before,
           (unsigned long long)after, flat ? "flat" : "NOT FLAT");
    return flat;
}

static bool judge(void)
{
    double worst = 0;
    bool good = is_flat("writer's memory (KiB)", offsetof(struct sample, writer_kib), 4096);
    good = is_flat("readers' memory (KiB)", offsetof(struct sample, readers_kib), 8192) && good;
    good = is_flat("file (bytes)", offsetof(struct sample, file_bytes), 1u << 20) && good;
    for (size_t i = sample_count / 2; i < sample_count; i++) {
        double ratio = (double)samples[i].file_bytes / (double)(samples[i].payload_bytes + 1);
        worst = ratio > worst ? ratio : worst;
    }
    printf("soak: file per payload, at worst in the second half: %.2f: %s\n", worst,
           worst <= FILE_PER_PAYLOAD ? "within 1.6" : "ABOVE 1.6");
    return good && worst <= FILE_PER_PAYLOAD;
}

/* ------------------------------------------------------------------------------------------------------ main -- */

static bool write_on(aisle *catalog, aisle_writer *writer)
{
    aisle_error error = {.code = 0};
    double begun = seconds_now();
    double interval = options.seconds < 40 ? 1 : options.seconds / 40.0;
    double due = 0;
    int status = 0;
    bool good = true;
    while (good && status == 0 && seconds_now() - begun < options.seconds) {
        status = write_batch(writer, 1 + draw(CHANGES_MAX), &error);
        good = status == 0 && look_up(catalog) && shared->fault[0] == '\0';
        if (seconds_now() - begun >= due) {
            take_sample(catalog, seconds_now() - begun);
            due += interval;
        }
        usleep(draw(20000));
    }
    if (status != 0) {
        printf("soak: the writer failed: %s\n", error.message);
    }
    return good && status == 0;
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned long value = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seconds") == 0) {
            options.seconds = (unsigned)value;
        } else if (strcmp(argv[i], "--minutes") == 0) {
            options.seconds = (unsigned)value * 60;
        } else if (strcmp(argv[i], "--readers") == 0) {
            options.readers = value > READERS_MAX ? READERS_MAX : (unsigned)value;
        } else if (strcmp(argv[i], "--products") == 0) {
            options.products = (unsigned)value;
        } else if (strcmp(argv[i], "--memory") == 0) {
            options.memory_mib = (unsigned)value;
        } else if (strcmp(argv[i], "--threads") == 0) {
            options.threads = (unsigned)value;
        } else if (strcmp(argv[i], "--seed") == 0) {
            options.seed = value;
        } else if (strcmp(argv[i], "--compact") == 0) {
            options.compact = value != 0;
        } else if (strcmp(argv[i], "--place") == 0) {
            options.place = argv[i + 1];
        } else {
            fprintf(stderr, "soak: unknown argument %s\n", argv[i]);
            exit(2);
        }
    }
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int begin(const char *path, aisle **catalog, aisle_writer **writer, aisle_error *error)
{
    aisle_options how = {.size = sizeof how,
                         .memory_bytes = (uint64_t)options.memory_mib << 20,
                         .threads = options.threads};
    int status = aisle_open(path, &how, catalog, error);
    return status == 0 ? aisle_begin(*catalog, writer, error) : status;
}

/*
 * One large batch, in which many products are replaced and deleted again. Then the file is made as small as it can be,
 * so that what it grows by is the soak's.
 */
static int fill(const char *path, aisle_error *error)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    int status = aisle_create(path, schema, NULL, error);
    status = status == 0 ? begin(path, &catalog, &writer, error) : status;
    status = status == 0 ? write_batch(writer, options.products * 2, error) : status;
    status = status == 0 && options.compact ? aisle_compact(writer, error) : status;
    aisle_writer_free(writer);
    aisle_close(catalog);
    return status == 0 ? aisle_shrink(path, NULL, NULL, NULL, error) : status;
}

static bool run(const char *path)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_error error = {.code = 0};
    int status = fill(path, &error);
    if (status == 0) {
        start_readers(path); /* while this process has no catalog open: a handle does not pass a fork */
        status = begin(path, &catalog, &writer, &error);
    }
    if (status != 0) {
        printf("soak: %s\n", error.message);
    }
    bool good = status == 0 && write_on(catalog, writer);
    good = stop_readers() && good;
    aisle_writer_free(writer);
    aisle_close(catalog);
    return good;
}

static void count_fault(void *context, const char *message)
{
    (void)context;
    printf("soak: check: %s\n", message);
}

int main(int argc, char **argv)
{
    char place[512];
    char path[600];
    uint64_t faults = 1;
    parse(argc, argv);
    random_state = options.seed;
    snprintf(place, sizeof place, "%s/soak-XXXXXX", options.place);
    products = calloc(options.products, sizeof *products);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mkdtemp(place) == NULL || products == NULL || shared == MAP_FAILED) {
        fprintf(stderr, "soak: cannot begin: %s\n", strerror(errno));
        return 2;
    }
    printf("soak: seed %llu, %u s, %u readers, %u products\n", (unsigned long long)options.seed, options.seconds,
           options.readers, options.products);
    fflush(stdout);
    snprintf(path, sizeof path, "%s/shop", place);
    bool good = run(path);
    printf("soak: %llu puts, %llu patches, %llu deletes in %llu commits; %llu searches, %llu not judged: counts %s\n",
           (unsigned long long)counts[0], (unsigned long long)counts[1], (unsigned long long)counts[2],
           (unsigned long long)counts[3], (unsigned long long)atomic_load(&shared->searches),
           (unsigned long long)atomic_load(&shared->skipped), good ? "equal" : "DIFFER");
    good = aisle_check(path, count_fault, NULL, &faults, NULL) == 0 && faults == 0 && good;
    good = (options.seconds < JUDGED_SECONDS || judge()) && good;
    if (good) {
        nftw(place, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    } else {
        printf("soak: kept %s\n", place);
    }
    printf("soak: %s\n", good ? "good" : "FAILED");
    return good ? 0 : 1;
}
