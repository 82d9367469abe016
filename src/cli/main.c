/*
 * main.c - the program: finds the subcommand and runs it.
 *
 * The only main. Also prints the list of subcommands and error lines; everything else is the subcommands' business.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"create", cli_create, "make an empty catalog"},
    {"index", cli_index, "add, change and delete products from files; makes the catalog if needed"},
    {"search", cli_search, "find products"},
    {"similar", cli_similar, "find products like one"},
    {"suggest", cli_suggest, "complete what a shopper is typing"},
    {"get", cli_get, "print one product"},
    {"analyse", cli_analyse, "print how a text is understood"},
    {"rules", cli_rules, "list and check the shop's rules"},
    {"stats", cli_stats, "print what a catalog holds"},
    {"check", cli_check, "verify all of a catalog"},
    {"compact", cli_compact, "merge a catalog's segments and drop what was deleted"},
    {"backup", cli_backup, "copy a catalog while it is in use"},
    {"alias", cli_alias, "let a name point to another catalog, at once"},
    {"generate", cli_generate, "make a sample catalog, its changes or a query log"},
    {"bench", cli_bench, "measure how long searches take"},
    {"serve", cli_serve, "answer Redis clients over the network"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

int cli_complain(enum cli_exit status, const char *what, const char *why, const char *where)
{
    fflush(stdout);
    if (where == NULL) {
        fprintf(stderr, "aisle: %s: %s\n", what, why);
    } else {
        fprintf(stderr, "aisle: %s: %s (%s)\n", what, why, where);
    }
    return (int)status;
}

static enum cli_exit status_of(int code)
{
    switch (code) {
    case AISLE_INVALID:
    case AISLE_BAD_PRODUCT:
    case AISLE_BAD_SCHEMA:
    case AISLE_BAD_QUERY:
    case AISLE_NOT_FOUND:
    case AISLE_EXISTS:
    case AISLE_LIMIT:
    case AISLE_PERMISSION:
        return CLI_INPUT;
    case AISLE_BUSY:
    case AISLE_CORRUPT:
    case AISLE_NEWER_FORMAT:
    case AISLE_OLD_FORMAT:
    case AISLE_NOT_A_CATALOG:
    case AISLE_NETWORK_FS:
    case AISLE_READ_ONLY:
        return CLI_CATALOG;
    default:
        return CLI_RESOURCES;
    }
}

int cli_fail(const char *what, const aisle_error *error, const char *where)
{
    const char *why = error->message[0] != '\0' ? error->message : aisle_error_text(error->code);
    if (where != NULL && strstr(why, where) != NULL) {
        where = NULL; /* it says so itself */
    }
    return cli_complain(status_of(error->code), what, why, where);
}

int cli_finish(const char *what)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return cli_complain(CLI_RESOURCES, what, strerror(errno), "standard output");
    }
    return CLI_DONE;
}

static void print_help(FILE *out)
{
    fprintf(out, "aisle %s - an embedded full-text product search engine\n\nUsage: aisle COMMAND ...\n\n",
            aisle_version());
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(out, "\n`aisle COMMAND --help` has options and examples. Exit status: 0 done, 1 usage, 2 bad input,\n"
                 "3 catalog damaged or in use, 4 out of resources.\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return cli_finish("help");
    }
    if (strcmp(name, "--version") == 0) {
        printf("aisle %s\n", aisle_version());
        return cli_finish("version");
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return cli_complain(CLI_USAGE, name, "no such command; `aisle --help` lists them", NULL);
}
