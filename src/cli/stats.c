/*
 * stats.c - aisle stats: what a catalog holds and what it takes.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

#include <stdio.h>

struct figure {
    const char *name;  /* in JSON */
    const char *label; /* for people */
    uint64_t value;
};

#define READERS_SHOWN 32u

/* Readers that see an older state than the last commit: the first of each shard are the oldest. */
struct readers {
    aisle_reader shown[READERS_SHOWN];
    unsigned count; /* may pass READERS_SHOWN */
};

static void take_reader(void *context, const aisle_reader *reader)
{
    struct readers *readers = context;
    if (reader->commits_behind == 0) {
        return;
    }
    if (readers->count < READERS_SHOWN) {
        readers->shown[readers->count] = *reader;
    }
    readers->count++;
}

static unsigned shown_count(const struct readers *readers)
{
    return readers->count < READERS_SHOWN ? readers->count : READERS_SHOWN;
}

static void print_readers_json(const struct readers *readers)
{
    printf("\"long_readers\":[");
    for (unsigned i = 0; i < shown_count(readers); i++) {
        const aisle_reader *reader = &readers->shown[i];
        printf("%s{\"pid\":%lld,\"program\":", i == 0 ? "" : ",", (long long)reader->pid);
        output_json_text(reader->program);
        printf(",\"shard\":%u,\"commits_behind\":%llu,\"pinned_bytes\":%llu}", reader->shard,
               (unsigned long long)reader->commits_behind, (unsigned long long)reader->pinned_bytes);
    }
    printf("],");
}

static void print_readers(const struct readers *readers)
{
    char behind[OUTPUT_NUMBER_BYTES];
    char pinned[OUTPUT_NUMBER_BYTES];
    for (unsigned i = 0; i < shown_count(readers); i++) {
        const aisle_reader *reader = &readers->shown[i];
        printf("%-22s process %lld (%s), shard %u: %s commits behind, keeps %s bytes from being reused\n",
               "long reader", (long long)reader->pid, reader->program[0] == '\0' ? "unknown" : reader->program,
               reader->shard, output_number(reader->commits_behind, behind),
               output_number(reader->pinned_bytes, pinned));
    }
    if (readers->count > READERS_SHOWN) {
        printf("%-22s and %u more\n", "long readers", readers->count - READERS_SHOWN);
    }
}

static void print_json(const aisle_statistics *stats, const struct figure *figures, size_t count,
                       const struct readers *readers)
{
    printf("{");
    for (size_t i = 0; i < count; i++) {
        printf("\"%s\":%llu,", figures[i].name, (unsigned long long)figures[i].value);
    }
    print_readers_json(readers);
    if (stats->log_source[0] == '\0') {
        printf("\"log\":null}\n");
        return;
    }
    printf("\"log\":{\"file\":");
    output_json_text(stats->log_source);
    printf(",\"offset\":%llu,\"seq\":", (unsigned long long)stats->log_offset);
    if (stats->log_seq[0] == '\0') {
        printf("null");
    } else {
        output_json_text(stats->log_seq);
    }
    printf("}}\n");
}

static void print_table(const aisle_statistics *stats, const struct figure *figures, size_t count,
                        const struct readers *readers)
{
    char number[OUTPUT_NUMBER_BYTES];
    for (size_t i = 0; i < count; i++) {
        printf("%-22s %18s\n", figures[i].label, output_number(figures[i].value, number));
    }
    if (stats->log_source[0] != '\0') {
        printf("%-22s %s, byte %s%s%s\n", "change log", stats->log_source, output_number(stats->log_offset, number),
               stats->log_seq[0] == '\0' ? "" : ", seq ", stats->log_seq);
    }
    print_readers(readers);
}

int cli_stats(int argc, char **argv)
{
    bool json = false;
    const struct option table[] = {
        {.name = "json", .kind = OPTION_FLAG, .value.flag = &json, .help = "one JSON object"},
    };
    const struct options options = {
        .command = "stats",
        .synopsis = "CATALOG [--json]",
        .about = "Prints what the catalog holds, what its parts take, and how far its change log was read. Names\n"
                 "the processes that read an old state: the space of what changed since cannot be reused.",
        .examples = "  aisle stats shop\n  aisle stats shop --json\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    aisle *catalog = NULL;
    aisle_error error = {0};
    aisle_statistics stats = {.size = sizeof stats};
    struct readers readers = {.count = 0};
    if (aisle_open(argv[0], &(aisle_options){.size = sizeof(aisle_options), .read_only = true}, &catalog, &error) !=
            0 ||
        aisle_stats(catalog, &stats, &error) != 0 ||
        aisle_readers(catalog, take_reader, &readers, &error) != 0) {
        aisle_close(catalog);
        return cli_fail("stats", &error, argv[0]);
    }
    aisle_close(catalog);
    const struct figure figures[] = {
        {"products", "products", stats.products},
        {"dead", "replaced or deleted", stats.dead},
        {"shards", "shards", stats.shards},
        {"segments", "segments", stats.segments},
        {"generation", "generation", stats.generation},
        {"terms", "terms", stats.terms},
        {"words", "words", stats.words},
        {"postings", "postings", stats.postings},
        {"bytes", "bytes", stats.bytes},
        {"postings_bytes", "  of postings", stats.postings_bytes},
        {"positions_bytes", "  of positions", stats.positions_bytes},
        {"terms_bytes", "  of terms", stats.terms_bytes},
        {"columns_bytes", "  of columns", stats.columns_bytes},
        {"ids_bytes", "  of ids", stats.ids_bytes},
        {"order_bytes", "  of the order", stats.order_bytes},
        {"documents_bytes", "  of stored products", stats.documents_bytes},
        {"lexicon_bytes", "  of the lexicon", stats.lexicon_bytes},
        {"suggestions_bytes", "  of suggestions", stats.suggestions_bytes},
    };
    (json ? print_json : print_table)(&stats, figures, sizeof figures / sizeof figures[0], &readers);
    return cli_finish("stats");
}
