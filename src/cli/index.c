/*
 * index.c - aisle index: change logs into a catalog, with progress, a summary and a clean end on a signal.
 */
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "indexer/indexer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SOURCES_MAX 65536u

static struct indexer_signals signals = {.wake_fd = -1};
static int wake_writer = -1;

static void on_signal(int number)
{
    if (number == SIGHUP) {
        signals.reopen = 1;
    } else if (number == SIGUSR1) {
        signals.flush = 1;
    } else {
        signals.stop = number;
    }
    int code = errno;
    if (wake_writer >= 0) {
        (void)!write(wake_writer, "", 1);
    }
    errno = code;
}

/* The first signal asks for a clean end, interrupting a waiting read; a second one ends the program. */
static void catch_signals(bool follow)
{
    struct sigaction action;
    int ends[2];
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    if (follow && pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
        signals.wake_fd = ends[0];
        wake_writer = ends[1];
    }
    if (follow) {
        sigaction(SIGHUP, &action, NULL);
        sigaction(SIGUSR1, &action, NULL);
    }
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void show_progress(void *context, const struct indexer_counts *counts)
{
    progress_show(context, counts->bytes, counts->bytes_total, counts->lines, "lines");
}

static void show_schema(void *context, const char *schema)
{
    (void)context;
    fprintf(stderr,
            "No catalog yet: created with this schema, guessed from the first products. To change it, save it to\n"
            "FILE, edit it, delete the catalog, and run `aisle create CATALOG --schema FILE` before indexing.\n%s\n",
            schema);
}

static uint64_t per_second(uint64_t count, uint64_t ns)
{
    return ns == 0 ? 0 : (uint64_t)((double)count * 1e9 / (double)ns);
}

static void print_notes(const struct indexer_counts *counts)
{
    const struct {
        uint64_t count;
        const char *text;
    } notes[] = {{counts->unknown_deletes, "of the deletes were of unknown ids"},
                 {counts->repeats, "changes were repeats, by their sequence, and passed over"},
                 {counts->gaps, "numbers are missing in the sequence: changes were lost before they came here"},
                 {counts->torn, "lines held a cut change before a whole one"},
                 {counts->ignored, "rows were of tables that the mapping file leaves out"},
                 {counts->truncates, "times all products were deleted by TRUNCATE"},
                 {counts->expired, "products were deleted because their date has passed"},
                 {counts->waiting, "files end in the middle of a line, which waits for its rest"}};
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        char number[OUTPUT_NUMBER_BYTES];
        if (notes[i].count != 0) {
            fprintf(stderr, "%s %s\n", output_number(notes[i].count, number), notes[i].text);
        }
    }
}

static void print_freshness(const char *what, const struct latency *latency)
{
    if (latency->count > 0) {
        fprintf(stderr, "visible after %s: %.1f ms at the median, %.1f ms p99, %.1f ms at most\n", what,
                (double)latency_quantile(latency, 0.5) / 1e6, (double)latency_quantile(latency, 0.99) / 1e6,
                (double)latency->max_ns / 1e6);
    }
}

static void print_summary(const struct indexer_summary *summary)
{
    const struct indexer_counts *counts = &summary->counts;
    char n[5][OUTPUT_NUMBER_BYTES];
    fprintf(stderr, "%s products, %s patches, %s deletes, %s rejects in %.1f s, %s lines/s%s\n",
            output_number(counts->puts, n[0]), output_number(counts->patches, n[1]),
            output_number(counts->deletes, n[2]), output_number(counts->rejects, n[3]), (double)counts->ns / 1e9,
            output_number(per_second(counts->lines, counts->ns), n[4]), summary->stopped ? "; stopped" : "");
    print_notes(counts);
    print_freshness("their arrival", &summary->freshness.arrival);
    print_freshness("the time they tell", &summary->freshness.event);
}

static void print_rejects(const struct indexer_summary *summary, const char *rejects)
{
    char number[OUTPUT_NUMBER_BYTES];
    uint64_t listed = 0;
    fprintf(stderr, "rejected lines are in %s:\n", rejects);
    for (size_t i = 0; i < summary->reason_count; i++) {
        const struct indexer_reason *reason = &summary->reasons[i];
        fprintf(stderr, "%12s  %s\n", output_number(reason->count, number), reason->message);
        listed += reason->count;
    }
    if (listed < summary->counts.rejects) {
        fprintf(stderr, "%12s  for other reasons\n", output_number(summary->counts.rejects - listed, number));
    }
}

static aisle_memory_statistics memory_now(void)
{
    aisle_memory_statistics memory = {.size = sizeof memory};
    (void)aisle_memory(&memory, NULL); /* fails for another size only */
    return memory;
}

static void print_timings(const struct indexer_summary *summary)
{
    const aisle_writer_statistics *writer = &summary->writer;
    const struct {
        const char *name;
        uint64_t ns;
    } stages[] = {{"parse", writer->parse_ns},       {"analyse", writer->analyse_ns}, {"compress", writer->compress_ns},
                  {"encode", writer->encode_ns},     {"merge", writer->merge_ns},     {"commit", writer->commit_ns}};
    uint64_t rest = summary->counts.ns;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        double share = summary->counts.ns == 0 ? 0 : 100.0 * (double)stages[i].ns / (double)summary->counts.ns;
        fprintf(stderr, "  %-10s %9.2f s %5.1f%%\n", stages[i].name, (double)stages[i].ns / 1e9, share);
        rest -= stages[i].ns < rest ? stages[i].ns : rest;
    }
    fprintf(stderr, "  %-10s %9.2f s %5.1f%%\n", "other", (double)rest / 1e9,
            summary->counts.ns == 0 ? 0 : 100.0 * (double)rest / (double)summary->counts.ns);
    aisle_memory_statistics memory = memory_now();
    fprintf(stderr, "  memory index at most %.1f MiB, all memory at most %.1f MiB, in %llu allocations\n",
            (double)writer->memory_peak / 1048576, (double)memory.peak_bytes / 1048576,
            (unsigned long long)memory.allocations);
}

static void put_latency(const char *name, const struct latency *latency)
{
    printf(",\"%s\":{\"count\":%llu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}", name,
           (unsigned long long)latency->count, (double)latency_quantile(latency, 0.5) / 1e6,
           (double)latency_quantile(latency, 0.99) / 1e6, (double)latency->max_ns / 1e6);
}

/* What commits' time went into: members, each with a comma before it. */
static void put_phases(const uint64_t ns[AISLE_PHASES])
{
    static const char *const names[AISLE_PHASES] = {
        [AISLE_PHASE_SEGMENTS] = "segments", [AISLE_PHASE_LOCK] = "lock",       [AISLE_PHASE_PARTS] = "parts",
        [AISLE_PHASE_TURN] = "turn",         [AISLE_PHASE_CHANGES] = "changes", [AISLE_PHASE_SYNC] = "sync",
        [AISLE_PHASE_STATE] = "state",       [AISLE_PHASE_CLEAN] = "clean",     [AISLE_PHASE_MERGES] = "merges"};
    for (unsigned i = 0; i < AISLE_PHASES; i++) {
        printf(",\"%s_ms\":%.3f", names[i], (double)ns[i] / 1e6);
    }
}

/* Of what the slowest commit's time went into. */
static void put_slowest(const struct indexer_slowest *slowest)
{
    printf(",\"slowest_commit\":{\"changes\":%llu,\"ms\":%.3f,\"collect_ms\":%.3f",
           (unsigned long long)slowest->changes, (double)slowest->ns / 1e6, (double)slowest->collect_ns / 1e6);
    put_phases(slowest->phase_ns);
    printf("}");
}

/* Members, with a comma before each but the first. */
static void put_counts(const struct indexer_summary *summary)
{
    const struct indexer_counts *counts = &summary->counts;
    const struct {
        const char *name;
        uint64_t count;
    } members[] = {{"products", counts->puts},       {"patches", counts->patches},
                   {"deletes", counts->deletes},     {"unknown_deletes", counts->unknown_deletes},
                   {"rejects", counts->rejects},     {"repeats", counts->repeats},
                   {"gaps", counts->gaps},           {"torn", counts->torn},
                   {"ignored", counts->ignored},     {"truncates", counts->truncates},
                   {"expired", counts->expired},     {"waiting", counts->waiting},
                   {"lines", counts->lines},         {"bytes", counts->bytes},
                   {"commits", summary->commits}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        printf("%s\"%s\":%llu", i == 0 ? "" : ",", members[i].name, (unsigned long long)members[i].count);
    }
    printf(",\"seconds\":%.3f,\"lines_per_second\":%llu,\"seq\":", (double)counts->ns / 1e9,
           (unsigned long long)per_second(counts->lines, counts->ns));
    if (summary->seq[0] == '\0') {
        printf("null");
    } else {
        output_json_text(summary->seq);
    }
}

/* While following: one line of JSON. */
static void show_report(void *context, const struct indexer_summary *summary, const struct indexer_freshness *of_late)
{
    (void)context;
    printf("{");
    put_counts(summary);
    put_latency("arrival", &of_late->arrival);
    put_latency("event", &of_late->event);
    put_latency("commit", &of_late->commits);
    put_slowest(&of_late->slowest);
    const aisle_memory_statistics memory = memory_now();
    printf(",\"memory\":%llu,\"all_memory_peak\":%llu}\n", (unsigned long long)memory.current_bytes,
           (unsigned long long)memory.peak_bytes);
    fflush(stdout);
}

static void print_json(const struct indexer_summary *summary)
{
    printf("{");
    put_counts(summary);
    printf(",\"stopped\":%s", summary->stopped ? "true" : "false");
    put_latency("arrival", &summary->freshness.arrival);
    put_latency("event", &summary->freshness.event);
    put_latency("commit", &summary->freshness.commits);
    put_slowest(&summary->freshness.slowest);
    printf(",\"reasons\":[");
    for (size_t i = 0; i < summary->reason_count; i++) {
        printf("%s{\"reason\":", i == 0 ? "" : ",");
        output_json_text(summary->reasons[i].message);
        printf(",\"count\":%llu}", (unsigned long long)summary->reasons[i].count);
    }
    const aisle_writer_statistics *writer = &summary->writer;
    printf("],\"commit_phases\":{\"commits\":%llu", (unsigned long long)summary->commits);
    put_phases(writer->phase_ns);
    printf("},\"timings_ns\":{\"parse\":%llu,\"analyse\":%llu,\"compress\":%llu,\"encode\":%llu,"
           "\"merge\":%llu,\"commit\":%llu},\"memory_peak\":%llu,\"all_memory_peak\":%llu}\n",
           (unsigned long long)writer->parse_ns, (unsigned long long)writer->analyse_ns,
           (unsigned long long)writer->compress_ns, (unsigned long long)writer->encode_ns,
           (unsigned long long)writer->merge_ns, (unsigned long long)writer->commit_ns,
           (unsigned long long)writer->memory_peak, (unsigned long long)memory_now().peak_bytes);
}

static int run(const struct indexer_options *run_options, struct progress *progress, bool timings, bool json)
{
    struct indexer_summary summary;
    aisle_error error = {0};
    catch_signals(run_options->follow);
    int failed = indexer_run(run_options, &summary, &error);
    progress_end(progress);
    if (failed == 0 || summary.counts.lines > 0) {
        print_summary(&summary);
    }
    if (summary.counts.rejects > 0) {
        char path[LIMIT_PATH_BYTES + 32];
        snprintf(path, sizeof path, "%.*s.rejects.jsonl", (int)(LIMIT_PATH_BYTES), run_options->catalog);
        print_rejects(&summary, run_options->rejects == NULL ? path : run_options->rejects);
    }
    if (timings) {
        print_timings(&summary);
    }
    if (json) {
        print_json(&summary);
    }
    if (failed != 0) {
        bool is_source = error.code == AISLE_NOT_FOUND || error.code == AISLE_BAD_PRODUCT || error.code == AISLE_LIMIT;
        return cli_fail("index", &error, is_source ? NULL : run_options->catalog);
    }
    return cli_finish("index");
}

#define NICE_FOLLOWING 5 /* a quarter of a processor that a search wants, too */
#define NICE_MAX 19
#define SLICE_NS UINT64_C(10000000) /* several times what others have */

/* The first of Linux's struct sched_attr, which not every C library declares. */
struct scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns; /* under the usual policy, from Linux 6.12 on: the slice of time that is asked for */
    uint64_t deadline_ns;
    uint64_t period_ns;
};

/*
 * Searches of other processes go first where processors are short: a change may wait some ms for them, while they would
 * wait as long for each slice of time that a commit takes. Who asks for longer slices than others is interrupted when
 * one of them wakes up, and not at the end of its slice. All threads that begin later do as this one; what cannot be
 * set stays as it is.
 */
static void stand_back(uint64_t nice)
{
    errno = 0;
    int now = getpriority(PRIO_PROCESS, 0);
    if (nice == 0 || (now == -1 && errno != 0)) {
        return;
    }
    int lower = now + (int)nice < NICE_MAX ? now + (int)nice : NICE_MAX;
    struct scheduling wanted = {.size = sizeof wanted, .policy = SCHED_OTHER, .nice = lower, .runtime_ns = SLICE_NS};
    if (sched_getscheduler(0) != SCHED_OTHER || syscall(SYS_sched_setattr, 0, &wanted, 0u) != 0) {
        (void)setpriority(PRIO_PROCESS, 0, lower);
    }
}

static bool is_same_file(const char *path, const struct stat *other)
{
    struct stat found;
    return stat(path, &found) == 0 && found.st_dev == other->st_dev && found.st_ino == other->st_ino;
}

/*
 * Whether the file of rejects is the source or would be read as one of its folder: then each reject is a line that is
 * rejected again, for ever when the source is followed. Folders are read without hidden files and *.rejects.jsonl.
 */
static bool feeds_itself(const char *rejects, const char *source)
{
    static const char left_out[] = ".rejects.jsonl";
    char folder[LIMIT_PATH_BYTES];
    struct stat found;
    const char *slash = strrchr(rejects, '/');
    const char *name = slash == NULL ? rejects : slash + 1;
    size_t size = strlen(name);
    size_t end = sizeof left_out - 1;
    if (strcmp(source, "-") == 0 || stat(source, &found) != 0) {
        return false;
    }
    if (!S_ISDIR(found.st_mode)) {
        return is_same_file(rejects, &found);
    }
    if (name[0] == '.' || (size >= end && strcmp(name + size - end, left_out) == 0)) {
        return false;
    }
    int length = snprintf(folder, sizeof folder, "%.*s.", slash == NULL ? 0 : (int)(slash - rejects) + 1, rejects);
    return length < (int)sizeof folder && is_same_file(folder, &found);
}

/* The source that rejects would come back from, or NULL. */
static const char *fed_source(const struct indexer_options *run_options)
{
    char own[LIMIT_PATH_BYTES + 32];
    snprintf(own, sizeof own, "%.*s.rejects.jsonl", (int)LIMIT_PATH_BYTES, run_options->catalog);
    const char *rejects = run_options->rejects == NULL ? own : run_options->rejects;
    for (size_t i = 0; i < run_options->source_count; i++) {
        if (feeds_itself(rejects, run_options->sources[i])) {
            return run_options->sources[i];
        }
    }
    return NULL;
}

/* What the options say, where a number or text does not go straight into the run's. */
struct wishes {
    uint64_t threads;
    uint64_t nice;
    const char *truncate;
    bool timings;
    bool json;
};

static int index_with(struct indexer_options *run_options, const struct wishes *wishes)
{
    struct progress progress;
    if (strcmp(wishes->truncate, "apply") == 0) {
        run_options->truncate = INDEXER_TRUNCATE_APPLY;
    } else if (strcmp(wishes->truncate, "refuse") != 0) {
        return cli_complain(CLI_USAGE, "index", "--truncate must be apply or refuse", wishes->truncate);
    }
    if (run_options->map != NULL && run_options->format != NULL &&
        (strcmp(run_options->format, "products") == 0 || strcmp(run_options->format, "aisle") == 0)) {
        return cli_complain(CLI_USAGE, "index", "--map is about rows of tables, which this --format has none of",
                            run_options->format);
    }
    const char *fed = fed_source(run_options);
    if (fed != NULL) {
        return cli_complain(CLI_USAGE, "index", "rejects would be read as changes again: keep them elsewhere, with "
                                                "--rejects", fed);
    }
    if (run_options->follow && run_options->retry) {
        return cli_complain(CLI_USAGE, "index", "--retry is a run of its own, without --follow", NULL);
    }
    if (run_options->follow) {
        stand_back(wishes->nice);
    }
    progress_start(&progress);
    run_options->threads = (uint32_t)wishes->threads;
    run_options->signals = &signals;
    run_options->progress = show_progress;
    run_options->created = show_schema;
    run_options->report = show_report;
    run_options->context = &progress;
    return run(run_options, &progress, wishes->timings, wishes->json);
}

static uint64_t threads_there_are(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > (long)LIMIT_THREADS ? LIMIT_THREADS : (uint64_t)cores;
}

static const struct option_rule rules[] = {
    {"commit-ms", OPTION_NEEDS, "follow"},    {"commit-changes", OPTION_NEEDS, "follow"},
    {"commit-bytes", OPTION_NEEDS, "follow"}, {"poll", OPTION_NEEDS, "follow"},
    {"nice", OPTION_NEEDS, "follow"},         {"report", OPTION_NEEDS, "follow"},
    {"from-start", OPTION_BARS, "retry"},
};

int cli_index(int argc, char **argv)
{
    struct wishes wishes = {.threads = threads_there_are(),
                            .nice = NICE_FOLLOWING,
                            .truncate = "refuse"};
    struct indexer_options to = {.rejects_max = UINT64_MAX, .memory_bytes = LIMIT_BUDGET_DEFAULT_BYTES};
    const struct option table[] = {
        {"format", OPTION_TEXT, {.text = &to.format}, "NAME",
         "auto (default), products, aisle, debezium or wal2json", 0, 0},
        {"map", OPTION_TEXT, {.text = &to.map}, "FILE", "how columns of tables become fields; see README.md", 0, 0},
        {"follow", OPTION_FLAG, {.flag = &to.follow}, NULL,
         "go on as files grow, rotate and come; SIGTERM ends, SIGUSR1 commits, SIGHUP reopens", 0, 0},
        {"commit-ms", OPTION_NUMBER, {.number = &to.commit_ms}, "MS",
         "with --follow: the longest that a change waits for a commit; default: by how long they take", 1, 3600000},
        {"commit-changes", OPTION_NUMBER, {.number = &to.commit_changes}, "N",
         "with --follow: commit after so many at the latest; default 100000", 1, UINT32_MAX},
        {"commit-bytes", OPTION_SIZE, {.number = &to.commit_bytes}, "SIZE",
         "with --follow: commit after lines of so many bytes at the latest; default 64M", 1, LIMIT_MAP_BYTES},
        {"poll", OPTION_NUMBER, {.number = &to.poll_ms}, "MS",
         "with --follow: look this often instead of waiting to be told by the system", 1, 60000},
        {"nice", OPTION_NUMBER, {.number = &wishes.nice}, "N",
         "with --follow: let other programs go first, as nice does; default 5", 0, NICE_MAX},
        {"report", OPTION_NUMBER, {.number = &to.report_seconds}, "S",
         "with --follow: print counts and freshness as a line of JSON every S seconds", 1, 86400},
        {"truncate", OPTION_TEXT, {.text = &wishes.truncate}, "HOW",
         "what a database's TRUNCATE does: refuse (default: a reject) or apply (deletes all)", 0, 0},
        {"expire", OPTION_TEXT, {.text = &to.expire}, "FIELD",
         "delete products once the date in FIELD has passed", 0, 0},
        {"memory", OPTION_SIZE, {.number = &to.memory_bytes}, "SIZE", "for the memory index; default 512M",
         LIMIT_BUDGET_MIN_BYTES, LIMIT_MAP_BYTES},
        {"rejects", OPTION_TEXT, {.text = &to.rejects}, "FILE",
         "where lines go that cannot be applied; default CATALOG.rejects.jsonl", 0, 0},
        {"max-rejects", OPTION_NUMBER, {.number = &to.rejects_max}, "N",
         "stop after more rejects than this; default: any number", 0, UINT64_MAX},
        {"retry", OPTION_FLAG, {.flag = &to.retry}, NULL,
         "read the sources again from the first rejected line on", 0, 0},
        {"from-start", OPTION_FLAG, {.flag = &to.from_start}, NULL,
         "read files from their first line, not from where the last run stopped", 0, 0},
        {"threads", OPTION_NUMBER, {.number = &wishes.threads}, "N",
         "that analyse and write, beside one that reads; 1: one for all; default: the cores there are", 1,
         LIMIT_THREADS},
        {"timings", OPTION_FLAG, {.flag = &wishes.timings}, NULL, "print where the time went", 0, 0},
        {"json", OPTION_FLAG, {.flag = &wishes.json}, NULL, "print the summary as JSON, too", 0, 0},
    };
    const struct options options = {
        .command = "index",
        .synopsis = "CATALOG FILE|DIR|- ... [options]",
        .about = "Applies JSON lines: products, Aisle's changes (with an \"op\" of put, patch or delete), and those\n"
                 "of Debezium or wal2json, plain or in gzip or zstd. A folder's files are read in the order of their\n"
                 "names; - is standard input. A catalog that does not exist is created, with a schema guessed from\n"
                 "the first products. A rerun goes on where the last one stopped.",
        .examples = "  aisle index shop products.jsonl\n  aisle index shop changes/ --memory 2G\n"
                    "  aisle index shop changes/ --follow --report 10\n"
                    "  xzcat products.jsonl.xz | aisle index shop -\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .rules = rules, .rule_count = sizeof rules / sizeof rules[0],
        .operands_min = 2,
        .operands_max = SOURCES_MAX,
    };
    int status;
    int operands = options_parse(&options, argc, argv, &status);
    if (operands == OPTIONS_EXIT) {
        return status;
    }
    to.catalog = argv[0];
    to.sources = (const char *const *)argv + 1;
    to.source_count = (size_t)operands - 1;
    return index_with(&to, &wishes);
}
