/*
 * bench_behind.c - what searches pay behind a commit of another process, by how many searches ago it was.
 *
 *     bench_behind CATALOG QUERIES [rate=100] [seconds=30] [slow=0]
 *
 * QUERIES has one a line. They are searched at a fixed rate, while something else changes the catalog (aisle index
 * --follow). For the first search behind a commit or a finished merge, the second, the next two, four and so on, and
 * for all: how many there were, then the mean, the 99 % and the most of the clock's microseconds from when they were
 * due and of the processor's, of thousands of instructions (of the program; 0 where the machine does not count them),
 * of page faults, and of switches to other threads that were not asked for. slow=: those above so many microseconds of
 * the processor are printed one by one.
 */
#include "aisle.h"
#include "base/clock.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { RATE, SECONDS, SLOW, SETTING_COUNT };

static const char *const names[SETTING_COUNT] = {"rate", "seconds", "slow"};
static uint64_t settings[SETTING_COUNT] = {100, 30, 0};

enum { CLOCK, PROCESSOR, INSTRUCTIONS, FAULTS, SWITCHES, FIGURES };

static const char *const figure_names[FIGURES] = {"clock us", "processor us", "k instructions", "faults", "switches"};

#define STEPS 12u
#define TEXTS_MAX 100000u

struct sample {
    uint64_t figures[FIGURES];
    uint64_t behind; /* searches since the last commit */
};

static char *texts[TEXTS_MAX];
static size_t text_count;
static int counter = -1;

static uint64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void read_figures(uint64_t out[FIGURES])
{
    struct rusage usage;
    uint64_t instructions = 0;
    getrusage(RUSAGE_THREAD, &usage);
    if (counter >= 0 && read(counter, &instructions, sizeof instructions) != sizeof instructions) {
        instructions = 0;
    }
    out[PROCESSOR] = processor_ns();
    out[INSTRUCTIONS] = instructions;
    out[FAULTS] = (uint64_t)usage.ru_minflt;
    out[SWITCHES] = (uint64_t)usage.ru_nivcsw;
}

static void open_counter(void)
{
    struct perf_event_attr attributes = {.type = PERF_TYPE_HARDWARE,
                                         .size = sizeof attributes,
                                         .config = PERF_COUNT_HW_INSTRUCTIONS,
                                         .exclude_kernel = 1,
                                         .exclude_hv = 1};
    counter = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0ul);
}

static void read_texts(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    while (file != NULL && text_count < TEXTS_MAX && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        texts[text_count++] = line;
        line = NULL;
        room = 0;
    }
    free(line);
    if (file != NULL) {
        fclose(file);
    }
}

static void wait_until(uint64_t ns)
{
    uint64_t now = clock_monotonic_ns();
    if (now < ns) {
        uint64_t left = ns - now;
        struct timespec pause = {.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
        nanosleep(&pause, NULL);
    }
}

/* One search, due at a moment of the clock. */
static void take(aisle *catalog, const char *text, uint64_t due, aisle_result **result, struct sample *sample)
{
    const aisle_query query = {.size = sizeof query, .text = text, .limit = 10, .no_total = true, .no_products = true};
    uint64_t before[FIGURES];
    uint64_t after[FIGURES];
    aisle_error error;
    sample->behind = aisle_is_ready(catalog) ? sample->behind + 1 : 0;
    read_figures(before);
    if (aisle_search(catalog, &query, result, &error) != 0) {
        fprintf(stderr, "bench_behind: %s\n", error.message);
        exit(1);
    }
    read_figures(after);
    after[CLOCK] = clock_monotonic_ns();
    before[CLOCK] = due;
    for (unsigned f = 0; f < FIGURES; f++) {
        uint64_t unit = f == FAULTS || f == SWITCHES ? 1 : 1000;
        sample->figures[f] = (after[f] - before[f]) / unit;
    }
}

static int compare(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Those of from to end searches behind a commit. */
static void print_row(const struct sample *samples, size_t count, uint64_t from, uint64_t end, uint64_t *room)
{
    char name[32];
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += samples[i].behind >= from && samples[i].behind < end;
    }
    snprintf(name, sizeof name, "%llu to %llu", (unsigned long long)from + 1, (unsigned long long)end);
    printf("%-12s %6zu", end == UINT64_MAX ? "all" : name, found);
    for (unsigned f = 0; f < FIGURES && found != 0; f++) {
        size_t taken = 0;
        uint64_t sum = 0;
        for (size_t i = 0; i < count; i++) {
            if (samples[i].behind >= from && samples[i].behind < end) {
                room[taken++] = samples[i].figures[f];
                sum += samples[i].figures[f];
            }
        }
        qsort(room, taken, sizeof *room, compare);
        printf(" | %7llu %7llu %7llu", (unsigned long long)(sum / taken),
               (unsigned long long)room[(taken - 1) * 99 / 100], (unsigned long long)room[taken - 1]);
    }
    printf("\n");
}

static void report(const struct sample *samples, size_t count)
{
    uint64_t *room = calloc(count, sizeof *room);
    uint64_t from = 0;
    printf("%-12s %6s", "searches", "count");
    for (unsigned f = 0; f < FIGURES; f++) {
        printf(" | %-23s", figure_names[f]);
    }
    printf("\n");
    for (unsigned step = 0; step < STEPS && room != NULL; step++) {
        uint64_t end = step == 0 ? 1 : from * 2;
        print_row(samples, count, from, end, room);
        from = end;
    }
    if (room != NULL) {
        print_row(samples, count, 0, UINT64_MAX, room);
    }
    free(room);
}

static void run(aisle *catalog)
{
    size_t count = settings[RATE] * settings[SECONDS];
    struct sample *samples = calloc(count + 1, sizeof *samples);
    aisle_result *result = NULL;
    struct sample warm = {.behind = 0};
    for (size_t i = 0; i < text_count && samples != NULL; i++) {
        take(catalog, texts[i], clock_monotonic_ns(), &result, &warm);
    }
    uint64_t start = clock_monotonic_ns();
    for (size_t i = 0; i < count && samples != NULL; i++) {
        uint64_t due = start + i * 1000000000u / settings[RATE];
        struct sample *sample = &samples[i];
        sample->behind = i == 0 ? warm.behind : samples[i - 1].behind;
        wait_until(due);
        take(catalog, texts[i % text_count], due, &result, sample);
        if (settings[SLOW] != 0 && sample->figures[PROCESSOR] >= settings[SLOW]) {
            printf("%.3f s, %llu behind, %llu us, %llu k instructions, %llu faults: %s\n",
                   (double)(due - start) / 1e9, (unsigned long long)sample->behind,
                   (unsigned long long)sample->figures[PROCESSOR],
                   (unsigned long long)sample->figures[INSTRUCTIONS], (unsigned long long)sample->figures[FAULTS],
                   texts[i % text_count]);
        }
    }
    if (samples != NULL) {
        report(samples, count);
    }
    aisle_result_free(result);
    free(samples);
}

int main(int argc, char **argv)
{
    aisle *catalog = NULL;
    aisle_error error;
    bool is_good = argc >= 3;
    for (int i = 3; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        unsigned s = 0;
        while (s < SETTING_COUNT &&
               (value == NULL || strncmp(argv[i], names[s], strlen(names[s])) != 0 ||
                argv[i] + strlen(names[s]) != value)) {
            s++;
        }
        is_good = is_good && s < SETTING_COUNT;
        if (s < SETTING_COUNT) {
            settings[s] = strtoull(value + 1, NULL, 10);
        }
    }
    is_good = is_good && settings[RATE] != 0;
    if (is_good) {
        read_texts(argv[2]);
    }
    if (!is_good || text_count == 0) {
        fprintf(stderr, "bench_behind CATALOG QUERIES [rate=100] [seconds=30] [slow=0]\n");
        return 2;
    }
    const aisle_options options = {.size = sizeof options, .read_only = true};
    if (aisle_open(argv[1], &options, &catalog, &error) != 0) {
        fprintf(stderr, "bench_behind: %s\n", error.message);
        return 1;
    }
    open_counter();
    run(catalog);
    aisle_close(catalog);
    return 0;
}
