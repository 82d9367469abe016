/*
 * generate.c - aisle generate: the sample catalog, a query log or a stream of changes for it, on standard output.
 *
 * With --rate changes come as they would from a shop: written every few milliseconds, each with the moment of its
 * writing. A pause that was too long is made up for by what is written next, so that the rate is kept on the whole.
 */
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "data/generate_changes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)1 << 20)
#define PAUSE_NS 5000000 /* between what is written at a rate */

struct job {
    const struct generate *generate;
    uint64_t items;
    bool is_queries;
    struct generate_changes *changes; /* NULL: none */
    uint64_t from;
    uint64_t count;
    uint64_t rate; /* changes a second; 0: as fast as can be, at times of their own */
};

static int write_all(const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, data, size);
        if (written < 0 && errno != EINTR) {
            return cli_complain(CLI_RESOURCES, "generate", strerror(errno), "standard output");
        }
        data += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return CLI_DONE;
}

/* How many changes are due, the first at once. */
static uint64_t due_now(const struct job *job, uint64_t start_ns)
{
    double due = (double)(clock_monotonic_ns() - start_ns) / 1e9 * (double)job->rate;
    return due < (double)job->count ? (uint64_t)due + 1 : job->count;
}

static int run_at_rate(const struct job *job, char *buffer)
{
    uint64_t start = clock_monotonic_ns();
    int status = CLI_DONE;
    for (uint64_t written = 0; written < job->count && status == CLI_DONE;) {
        uint64_t due = due_now(job, start);
        size_t used = 0;
        if (written == due) {
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        }
        for (; written < due && used < BUFFER_BYTES; written++) {
            generate_changes_at(job->changes, clock_wall_ms());
            used += generate_change(job->changes, buffer + used);
        }
        status = write_all(buffer, used);
    }
    return status;
}

static int run(const struct job *job, char *buffer)
{
    struct progress progress;
    size_t used = 0;
    int status = CLI_DONE;
    progress_start(&progress);
    for (uint64_t i = 0; i < job->count && status == CLI_DONE; i++) {
        used += job->changes != NULL ? generate_change(job->changes, buffer + used)
                : job->is_queries    ? generate_query(job->generate, job->items, job->from + i, buffer + used)
                                     : generate_item(job->generate, job->from + i, buffer + used);
        if (used >= BUFFER_BYTES) {
            status = write_all(buffer, used);
            used = 0;
            progress_show(&progress, i, job->count, i,
                          job->changes != NULL ? "changes" : job->is_queries ? "queries" : "products");
        }
    }
    progress_end(&progress);
    return status != CLI_DONE ? status : write_all(buffer, used);
}

/* What is wanted, as the options say. */
struct wishes {
    uint64_t items;
    uint64_t seed;
    uint64_t from;
    uint64_t queries;
    uint64_t changes;
    uint64_t start; /* in seconds */
    uint64_t rate;
    bool patches;
};

static int make(const struct wishes *wishes)
{
    struct generate *generate = NULL;
    struct generate_changes *changes = NULL;
    char *buffer = malloc(BUFFER_BYTES + GENERATE_CHANGE_BYTES);
    int status = buffer == NULL ? AISLE_NO_MEMORY : generate_new(wishes->seed, &generate);
    if (status == 0 && wishes->changes != 0) {
        status = generate_changes_new(generate, wishes->seed, wishes->items, wishes->changes,
                                      (int64_t)wishes->start * 1000, &changes);
        if (status == 0 && wishes->patches) {
            generate_changes_columns_only(changes);
        }
    }
    if (status != 0) {
        status = cli_complain(CLI_RESOURCES, "generate", aisle_error_text(status), NULL);
    } else {
        const struct job job = {.generate = generate,
                                .items = wishes->items,
                                .is_queries = wishes->queries != 0,
                                .changes = changes,
                                .from = wishes->from,
                                .rate = wishes->rate,
                                .count = wishes->changes != 0   ? wishes->changes
                                         : wishes->queries != 0 ? wishes->queries
                                                                : wishes->items};
        status = job.rate != 0 ? run_at_rate(&job, buffer) : run(&job, buffer);
    }
    generate_changes_free(changes);
    generate_free(generate);
    free(buffer);
    return status;
}

int cli_generate(int argc, char **argv)
{
    struct wishes wishes = {.seed = 1, .start = UINT64_C(1767225600)};
    const struct option table[] = {
        {.name = "items", .kind = OPTION_NUMBER, .value.number = &wishes.items, .argument = "N",
         .help = "products to make, or to make queries for", .min = 1, .max = GENERATE_ITEMS_MAX},
        {.name = "seed", .kind = OPTION_NUMBER, .value.number = &wishes.seed, .argument = "S",
         .help = "another number, another catalog; default 1", .max = UINT64_MAX},
        {.name = "from", .kind = OPTION_NUMBER, .value.number = &wishes.from, .argument = "K",
         .help = "number of the first line; default 0. Ranges join to the same bytes", .max = GENERATE_ITEMS_MAX - 1},
        {.name = "queries", .kind = OPTION_NUMBER, .value.number = &wishes.queries, .argument = "N",
         .help = "make this many queries instead, one a line", .min = 1, .max = UINT64_C(1) << 40},
        {.name = "changes", .kind = OPTION_NUMBER, .value.number = &wishes.changes, .argument = "N",
         .help = "make this many changes of the products instead, one a line", .min = 1, .max = GENERATE_ITEMS_MAX},
        {.name = "patches", .kind = OPTION_FLAG, .value.flag = &wishes.patches,
         .help = "of these, changes of price, stock and sales alone"},
        {.name = "rate", .kind = OPTION_NUMBER, .value.number = &wishes.rate, .argument = "R",
         .help = "write R changes a second, each with the time of its writing", .min = 1, .max = 1000000000},
        {.name = "start", .kind = OPTION_NUMBER, .value.number = &wishes.start, .argument = "S",
         .help = "when the changes begin, in seconds since 1970; default 2026-01-01", .max = UINT64_C(200000000000)},
    };
    static const struct option_rule rules[] = {
        {"patches", OPTION_NEEDS, "changes"}, {"rate", OPTION_NEEDS, "changes"}, {"start", OPTION_NEEDS, "changes"},
        {"start", OPTION_BARS, "rate"},       {"queries", OPTION_BARS, "changes"}, {"from", OPTION_BARS, "changes"},
    };
    const struct options options = {
        .command = "generate",
        .synopsis = "--items N [--seed S] [--from K] [--queries N | --changes N [--patches] [--rate R]]",
        .about = "Writes invented products as JSON lines, or queries that find them, or changes of them as a shop has\n"
                 "them, to standard output. A product or query depends on the seed and its number alone, a change\n"
                 "also on those before it.",
        .examples = "  aisle generate --items 20000 > products.jsonl\n"
                    "  aisle generate --items 500000 --from 500000 > second-half.jsonl\n"
                    "  aisle generate --items 20000 --queries 1000 > queries.txt\n"
                    "  aisle generate --items 20000 --changes 5000 > changes.jsonl\n"
                    "  aisle generate --items 20000 --changes 60000 --rate 1000 >> log/changes.jsonl\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .rules = rules,
        .rule_count = sizeof rules / sizeof rules[0],
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    if (wishes.items == 0) {
        return cli_complain(CLI_USAGE, "generate", "--items N is needed; see `aisle generate --help`", NULL);
    }
    if (wishes.queries == 0 && wishes.items > GENERATE_ITEMS_MAX - wishes.from) {
        return cli_complain(CLI_USAGE, "generate", "--from and --items pass the last product, 999,999,999", NULL);
    }
    return make(&wishes);
}
