/*
 * cli.h - what the subcommands share: their list, exit statuses, error lines.
 *
 * A subcommand is one file with one function; it parses its options (options.h), calls aisle.h, and prints results to
 * standard output (output.h) and everything else to standard error. No search logic lives here.
 */
#ifndef AISLE_CLI_CLI_H
#define AISLE_CLI_CLI_H

#include "aisle.h"

enum cli_exit {
    CLI_DONE = 0,
    CLI_USAGE = 1,
    CLI_INPUT = 2,    /* something given is not acceptable or does not exist */
    CLI_CATALOG = 3,  /* the catalog is damaged, in use, or none */
    CLI_RESOURCES = 4 /* memory, disk, the system */
};

/* Each runs with its own arguments (argv[0] is its name) and returns an exit status. */
int cli_create(int argc, char **argv);
int cli_index(int argc, char **argv);
int cli_search(int argc, char **argv);
int cli_similar(int argc, char **argv);
int cli_suggest(int argc, char **argv);
int cli_get(int argc, char **argv);
int cli_analyse(int argc, char **argv);
int cli_rules(int argc, char **argv);
int cli_stats(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_compact(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_alias(int argc, char **argv);
int cli_generate(int argc, char **argv);
int cli_bench(int argc, char **argv);
int cli_serve(int argc, char **argv);

/* Prints "aisle: what: why (where)", without the brackets when where is NULL, and returns status. */
int cli_complain(enum cli_exit status, const char *what, const char *why, const char *where);

/* As cli_complain for an error of the library, with the exit status that suits its code. */
int cli_fail(const char *what, const aisle_error *error, const char *where);

/* Flushes standard output; the exit status, which is CLI_RESOURCES when not all could be written. */
int cli_finish(const char *what);

#endif
