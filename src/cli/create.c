/*
 * create.c - aisle create: an empty catalog, with the shop schema or one from a file.
 */
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads the file as a string, which the caller frees; an exit status. */
static int read_schema(const char *path, char **out)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(LIMIT_SCHEMA_BYTES + 1);
    int status = 0;
    *out = NULL;
    if (file == NULL) {
        status = cli_complain(CLI_INPUT, "create", strerror(errno), path);
    } else if (text == NULL) {
        status = cli_complain(CLI_RESOURCES, "create", "out of memory", path);
    } else {
        size_t size = fread(text, 1, LIMIT_SCHEMA_BYTES + 1, file);
        if (ferror(file)) {
            status = cli_complain(CLI_INPUT, "create", strerror(errno), path);
        } else if (size > LIMIT_SCHEMA_BYTES || memchr(text, '\0', size) != NULL) {
            status = cli_complain(CLI_INPUT, "create", "not a schema: longer than 1 MiB, or not text", path);
        } else {
            text[size] = '\0';
            *out = text;
        }
    }
    if (status != 0) {
        free(text);
    }
    if (file != NULL) {
        fclose(file);
    }
    return status;
}

int cli_create(int argc, char **argv)
{
    const char *schema_path = NULL;
    uint64_t shards = 1;
    const struct option table[] = {
        {.name = "schema", .kind = OPTION_TEXT, .value.text = &schema_path, .argument = "FILE",
         .help = "the fields, as JSON; default: those of a shop"},
        {.name = "shards", .kind = OPTION_NUMBER, .value.number = &shards, .argument = "N",
         .help = "independent parts, 1 to 64; fixed for good; default 1", .min = 1, .max = LIMIT_SHARDS},
    };
    const struct options options = {
        .command = "create",
        .synopsis = "CATALOG [--schema FILE] [--shards N]",
        .about = "Makes an empty catalog, a directory that must not exist or be empty.",
        .examples = "  aisle create shop\n  aisle create shop --schema shop.schema.json --shards 4\n",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    char *schema = NULL;
    if (schema_path != NULL) {
        status = read_schema(schema_path, &schema);
        if (status != 0) {
            return status;
        }
    }
    aisle_error error = {0};
    const aisle_create_options create = {.size = sizeof create, .shards = (uint32_t)shards};
    if (aisle_create(argv[0], schema, &create, &error) != 0) {
        bool is_schema = error.code == AISLE_BAD_SCHEMA && schema_path != NULL;
        char where[512];
        snprintf(where, sizeof where, "%s, byte %zu", is_schema ? schema_path : "", error.position);
        status = cli_fail("create", &error, is_schema ? where : argv[0]);
    }
    free(schema);
    return status;
}
