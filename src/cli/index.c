/*
 * index.c - aisle index: change logs into a catalog, with progress, a summary and a clean end on a signal.
 */
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "indexer/indexer.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SOURCES_MAX 65536u

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

/* The first signal asks for a clean end, interrupting a waiting read; a second one ends the program. */
static void catch_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
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

static void print_summary(const struct indexer_summary *summary)
{
    const struct indexer_counts *counts = &summary->counts;
    char n[6][OUTPUT_NUMBER_BYTES];
    fprintf(stderr, "%s products, %s patches, %s deletes, %s rejects in %.1f s, %s lines/s%s\n",
            output_number(counts->puts, n[0]), output_number(counts->patches, n[1]),
            output_number(counts->deletes, n[2]), output_number(counts->rejects, n[3]), (double)counts->ns / 1e9,
            output_number(per_second(counts->lines, counts->ns), n[4]), summary->stopped ? "; stopped" : "");
    if (counts->unknown_deletes != 0) {
        fprintf(stderr, "%s of the deletes were of unknown ids\n", output_number(counts->unknown_deletes, n[5]));
    }
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

static void print_json(const struct indexer_summary *summary)
{
    const struct indexer_counts *counts = &summary->counts;
    printf("{\"products\":%llu,\"patches\":%llu,\"deletes\":%llu,\"unknown_deletes\":%llu,\"rejects\":%llu,"
           "\"lines\":%llu,\"bytes\":%llu,\"commits\":%llu,\"seconds\":%.3f,\"lines_per_second\":%llu,\"stopped\":%s,"
           "\"reasons\":[",
           (unsigned long long)counts->puts, (unsigned long long)counts->patches, (unsigned long long)counts->deletes,
           (unsigned long long)counts->unknown_deletes, (unsigned long long)counts->rejects,
           (unsigned long long)counts->lines, (unsigned long long)counts->bytes, (unsigned long long)summary->commits,
           (double)counts->ns / 1e9, (unsigned long long)per_second(counts->lines, counts->ns),
           summary->stopped ? "true" : "false");
    for (size_t i = 0; i < summary->reason_count; i++) {
        printf("%s{\"reason\":", i == 0 ? "" : ",");
        output_json_text(summary->reasons[i].message);
        printf(",\"count\":%llu}", (unsigned long long)summary->reasons[i].count);
    }
    const aisle_writer_statistics *writer = &summary->writer;
    printf("],\"timings_ns\":{\"parse\":%llu,\"analyse\":%llu,\"compress\":%llu,\"encode\":%llu,\"merge\":%llu,"
           "\"commit\":%llu},\"memory_peak\":%llu,\"all_memory_peak\":%llu}\n",
           (unsigned long long)writer->parse_ns, (unsigned long long)writer->analyse_ns,
           (unsigned long long)writer->compress_ns, (unsigned long long)writer->encode_ns,
           (unsigned long long)writer->merge_ns, (unsigned long long)writer->commit_ns,
           (unsigned long long)writer->memory_peak, (unsigned long long)memory_now().peak_bytes);
}

static int run(const struct indexer_options *run_options, struct progress *progress, bool timings, bool json)
{
    struct indexer_summary summary;
    aisle_error error = {0};
    catch_signals();
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

int cli_index(int argc, char **argv)
{
    uint64_t memory = LIMIT_BUDGET_DEFAULT_BYTES;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t threads = cores < 1 ? 1 : cores > (long)LIMIT_THREADS ? LIMIT_THREADS : (uint64_t)cores;
    uint64_t rejects_max = UINT64_MAX;
    const char *rejects = NULL;
    bool from_start = false;
    bool timings = false;
    bool json = false;
    const struct option table[] = {
        {.name = "memory", .kind = OPTION_SIZE, .value.number = &memory, .argument = "SIZE",
         .help = "for the memory index; default 512M", .min = LIMIT_BUDGET_MIN_BYTES, .max = LIMIT_MAP_BYTES},
        {.name = "rejects", .kind = OPTION_TEXT, .value.text = &rejects, .argument = "FILE",
         .help = "where lines go that cannot be applied; default CATALOG.rejects.jsonl"},
        {.name = "max-rejects", .kind = OPTION_NUMBER, .value.number = &rejects_max, .argument = "N",
         .help = "stop after more rejects than this; default: any number", .max = UINT64_MAX},
        {.name = "from-start", .kind = OPTION_FLAG, .value.flag = &from_start,
         .help = "read files from their first line, not from where the last run stopped"},
        {.name = "threads", .kind = OPTION_NUMBER, .value.number = &threads, .argument = "N",
         .help = "that analyse and write, beside one that reads; 1: one for all; default: the cores there are",
         .min = 1, .max = LIMIT_THREADS},
        {.name = "timings", .kind = OPTION_FLAG, .value.flag = &timings, .help = "print where the time went"},
        {.name = "json", .kind = OPTION_FLAG, .value.flag = &json, .help = "print the summary as JSON, too"},
    };
    const struct options options = {
        .command = "index",
        .synopsis = "CATALOG FILE|DIR|- ... [options]",
        .about = "Applies JSON lines: products, or changes, which have an \"op\" of put, patch or delete. A folder's\n"
                 "files are read in the order of their names; - is standard input. A catalog that does not exist is\n"
                 "created, with a schema guessed from the first products. A rerun goes on where the last one stopped.",
        .examples = "  aisle index shop products.jsonl\n  aisle index shop changes/ --memory 2G\n"
                    "  zcat products.jsonl.gz | aisle index shop -\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 2,
        .operands_max = SOURCES_MAX,
    };
    int status;
    int operands = options_parse(&options, argc, argv, &status);
    if (operands == OPTIONS_EXIT) {
        return status;
    }
    struct progress progress;
    progress_start(&progress);
    const struct indexer_options run_options = {.catalog = argv[0],
                                                .sources = (const char *const *)argv + 1,
                                                .source_count = (size_t)operands - 1,
                                                .rejects = rejects,
                                                .rejects_max = rejects_max,
                                                .memory_bytes = memory,
                                                .threads = (uint32_t)threads,
                                                .from_start = from_start,
                                                .stop = &stop_signal,
                                                .progress = show_progress,
                                                .created = show_schema,
                                                .context = &progress};
    return run(&run_options, &progress, timings, json);
}
