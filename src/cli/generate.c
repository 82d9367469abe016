/*
 * generate.c - aisle generate: the sample catalog or a query log for it, on standard output.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"
#include "data/generate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)1 << 20)

struct job {
    const struct generate *generate;
    uint64_t items;
    bool is_queries;
    uint64_t from;
    uint64_t count;
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

static int run(const struct job *job, char *buffer)
{
    struct progress progress;
    size_t used = 0;
    int status = CLI_DONE;
    progress_start(&progress);
    for (uint64_t i = 0; i < job->count && status == CLI_DONE; i++) {
        used += job->is_queries ? generate_query(job->generate, job->items, job->from + i, buffer + used)
                                : generate_item(job->generate, job->from + i, buffer + used);
        if (used >= BUFFER_BYTES) {
            status = write_all(buffer, used);
            used = 0;
            progress_show(&progress, i, job->count, i, job->is_queries ? "queries" : "products");
        }
    }
    progress_end(&progress);
    return status != CLI_DONE ? status : write_all(buffer, used);
}

static int make(uint64_t items, uint64_t seed, uint64_t from, uint64_t queries)
{
    struct generate *generate = NULL;
    char *buffer = malloc(BUFFER_BYTES + GENERATE_LINE_BYTES);
    int status = buffer == NULL ? AISLE_NO_MEMORY : generate_new(seed, &generate);
    if (status != 0) {
        status = cli_complain(CLI_RESOURCES, "generate", aisle_error_text(status), NULL);
    } else {
        const struct job job = {.generate = generate,
                                .items = items,
                                .is_queries = queries != 0,
                                .from = from,
                                .count = queries != 0 ? queries : items};
        status = run(&job, buffer);
    }
    generate_free(generate);
    free(buffer);
    return status;
}

int cli_generate(int argc, char **argv)
{
    uint64_t items = 0;
    uint64_t seed = 1;
    uint64_t from = 0;
    uint64_t queries = 0;
    const struct option table[] = {
        {.name = "items", .kind = OPTION_NUMBER, .value.number = &items, .argument = "N",
         .help = "products to make, or to make queries for", .min = 1, .max = GENERATE_ITEMS_MAX},
        {.name = "seed", .kind = OPTION_NUMBER, .value.number = &seed, .argument = "S",
         .help = "another number, another catalog; default 1", .max = UINT64_MAX},
        {.name = "from", .kind = OPTION_NUMBER, .value.number = &from, .argument = "K",
         .help = "number of the first line; default 0. Ranges join to the same bytes", .max = GENERATE_ITEMS_MAX - 1},
        {.name = "queries", .kind = OPTION_NUMBER, .value.number = &queries, .argument = "N",
         .help = "make this many queries instead, one a line", .min = 1, .max = UINT64_C(1) << 40},
    };
    const struct options options = {
        .command = "generate",
        .synopsis = "--items N [--seed S] [--from K] [--queries N]",
        .about = "Writes invented products as JSON lines, or queries that find them, to standard output. A line\n"
                 "depends on the seed and its number alone.",
        .examples = "  aisle generate --items 20000 > products.jsonl\n"
                    "  aisle generate --items 500000 --from 500000 > second-half.jsonl\n"
                    "  aisle generate --items 20000 --queries 1000 > queries.txt\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    if (items == 0) {
        return cli_complain(CLI_USAGE, "generate", "--items N is needed; see `aisle generate --help`", NULL);
    }
    if (queries == 0 && items > GENERATE_ITEMS_MAX - from) {
        return cli_complain(CLI_USAGE, "generate", "--from and --items pass the last product, 999,999,999", NULL);
    }
    return make(items, seed, from, queries);
}
