/*
 * get.c - aisle get: one product, as JSON.
 */
#include "cli/cli.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

int cli_get(int argc, char **argv)
{
    bool original = false;
    const struct option table[] = {
        {.name = "original", .kind = OPTION_FLAG, .value.flag = &original, .help = "as it was put, without patches"},
    };
    const struct options options = {
        .command = "get",
        .synopsis = "CATALOG ID [--original]",
        .about = "Prints the product with this id, byte for byte as it was put, with later patches laid over.",
        .examples = "  aisle get shop P1\n  aisle get shop P1 --original\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 2,
        .operands_max = 2,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    aisle *catalog = NULL;
    aisle_result *result = NULL;
    aisle_error error = {0};
    aisle_hit hit;
    if (aisle_open(argv[0], &(aisle_options){.size = sizeof(aisle_options), .read_only = true}, &catalog, &error) !=
        0) {
        return cli_fail("get", &error, argv[0]);
    }
    if (aisle_get(catalog, (aisle_bytes){argv[1], strlen(argv[1])}, original, &result, &error) != 0) {
        status = cli_fail("get", &error, error.code == AISLE_NOT_FOUND ? argv[1] : argv[0]);
    } else if (aisle_result_hit(result, 0, &hit) == 0) {
        fwrite(hit.product.data, 1, hit.product.size, stdout);
        printf("\n");
        status = cli_finish("get");
    }
    aisle_result_free(result);
    aisle_close(catalog);
    return status;
}
