/*
 * compact.c - aisle compact: merges a catalog's segments, and gives the space of what is gone back.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

#include <stdio.h>

static int merge(const char *path)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_error error = {0};
    int status = CLI_DONE;
    if (aisle_open(path, NULL, &catalog, &error) != 0 || aisle_begin(catalog, &writer, &error) != 0 ||
        aisle_compact(writer, &error) != 0) {
        status = cli_fail("compact", &error, path);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
    return status;
}

static int show_progress(void *context, uint64_t done, uint64_t total)
{
    progress_show(context, done, total, done >> 20, "MiB");
    return 0;
}

static int give_back(const char *path)
{
    uint64_t freed = 0;
    aisle_error error = {0};
    char number[OUTPUT_NUMBER_BYTES];
    struct progress progress;
    progress_start(&progress);
    int failed = aisle_shrink(path, show_progress, &progress, &freed, &error);
    progress_end(&progress);
    if (failed == AISLE_BUSY) {
        printf("%s: merged; its files keep their size while others have it open: later writes reuse what is free\n",
               path);
    } else if (failed != 0) {
        return cli_fail("compact: merged, but space could not be given back", &error, path);
    } else if (freed != 0) {
        printf("%s: merged; %s bytes given back\n", path, output_number(freed, number));
    }
    return cli_finish("compact");
}

int cli_compact(int argc, char **argv)
{
    bool keep = false;
    const struct option table[] = {
        {.name = "keep-size", .kind = OPTION_FLAG, .value.flag = &keep,
         .help = "only merge: the next writes fill what is free"},
    };
    const struct options options = {
        .command = "compact",
        .synopsis = "CATALOG [--keep-size]",
        .about = "Merges every shard into as few segments as can be and drops what was replaced or deleted. Searches\n"
                 "go on meanwhile. Then, when nobody else has the catalog open, writes its files anew without the\n"
                 "space that became free; meanwhile opening it answers that it is busy.",
        .examples = "  aisle compact shop\n  aisle compact shop --keep-size\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    status = merge(argv[0]);
    return status != 0 || keep ? status : give_back(argv[0]);
}
