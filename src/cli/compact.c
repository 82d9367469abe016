/*
 * compact.c - aisle compact: merges a catalog's segments.
 */
#include "cli/cli.h"
#include "cli/options.h"

int cli_compact(int argc, char **argv)
{
    const struct options options = {
        .command = "compact",
        .synopsis = "CATALOG",
        .about = "Merges every shard into as few segments as can be and drops what was replaced or deleted. Searches\n"
                 "go on meanwhile.",
        .examples = "  aisle compact shop\n",
        .operands_min = 1,
        .operands_max = 1,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_error error = {0};
    if (aisle_open(argv[0], NULL, &catalog, &error) != 0 || aisle_begin(catalog, &writer, &error) != 0 ||
        aisle_compact(writer, &error) != 0) {
        status = cli_fail("compact", &error, argv[0]);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
    return status;
}
