/*
 * backup.c - aisle backup: a copy of a catalog in use.
 */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/output.h"

#include <stdio.h>

static int show_progress(void *context, uint64_t done, uint64_t total)
{
    progress_show(context, done, total, done >> 20, "MiB");
    return 0;
}

/* What the copy holds, asked of the copy. */
static int print_copy(const char *target, bool json)
{
    aisle *copy = NULL;
    aisle_error error = {0};
    aisle_statistics stats = {.size = sizeof stats};
    char n[3][OUTPUT_NUMBER_BYTES];
    const aisle_options options = {.size = sizeof options, .read_only = true};
    if (aisle_open(target, &options, &copy, &error) != 0 || aisle_stats(copy, &stats, &error) != 0) {
        aisle_close(copy);
        return cli_fail("backup", &error, target);
    }
    aisle_close(copy);
    if (json) {
        printf("{\"products\":%llu,\"generation\":%llu,\"bytes\":%llu}\n", (unsigned long long)stats.products,
               (unsigned long long)stats.generation, (unsigned long long)stats.bytes);
    } else {
        printf("%s: %s products of generation %s, %s bytes\n", target, output_number(stats.products, n[0]),
               output_number(stats.generation, n[1]), output_number(stats.bytes, n[2]));
    }
    return cli_finish("backup");
}

int cli_backup(int argc, char **argv)
{
    bool json = false;
    const struct option table[] = {
        {.name = "json", .kind = OPTION_FLAG, .value.flag = &json, .help = "print what was copied as JSON"},
    };
    const struct options options = {
        .command = "backup",
        .synopsis = "CATALOG DIR [--json]",
        .about = "Copies the catalog to DIR, which must not exist or be empty, while searching and writing go on. The\n"
                 "copy is a catalog of the last commit; it appears whole or not at all. To restore, move it to the\n"
                 "catalog's place; `aisle index` then goes on from the copy's place in the change log.",
        .examples = "  aisle backup shop shop.monday\n  aisle search shop.monday 'running shoes'\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 2,
        .operands_max = 2,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    struct progress progress;
    progress_start(&progress);
    aisle *catalog = NULL;
    aisle_error error = {0};
    const aisle_options open = {.size = sizeof open, .read_only = true};
    const aisle_backup_options backup = {.size = sizeof backup, .progress = show_progress, .context = &progress};
    if (aisle_open(argv[0], &open, &catalog, &error) != 0) {
        return cli_fail("backup", &error, argv[0]);
    }
    int failed = aisle_backup(catalog, argv[1], &backup, &error);
    aisle_close(catalog);
    progress_end(&progress);
    return failed != 0 ? cli_fail("backup", &error, argv[1]) : print_copy(argv[1], json);
}
