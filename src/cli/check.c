/*
 * check.c - aisle check: verifies a catalog in a child process.
 *
 * Damage inside the storage's own structures can crash whoever reads it; here that ends the child, and the parent
 * reports it like any other damage.
 */
#include "cli/cli.h"
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_fault(void *context, const char *message)
{
    (void)context;
    printf("fault: %s\n", message);
    fflush(stdout); /* or a crash would take it along */
}

static int check(const char *path)
{
    aisle_error error = {0};
    uint64_t faults = 0;
    if (aisle_check(path, print_fault, NULL, &faults, &error) != 0) {
        return cli_fail("check", &error, path);
    }
    if (faults != 0) {
        char why[64];
        snprintf(why, sizeof why, "%llu fault%s found", (unsigned long long)faults, faults == 1 ? "" : "s");
        return cli_complain(CLI_CATALOG, "check", why, path);
    }
    printf("%s: no faults\n", path);
    return cli_finish("check");
}

int cli_check(int argc, char **argv)
{
    const struct options options = {
        .command = "check",
        .synopsis = "CATALOG",
        .about = "Reads all of the catalog and verifies every checksum and structure. Prints each fault; the exit\n"
                 "status is 3 when there are any.",
        .examples = "  aisle check shop\n",
        .operands_min = 1,
        .operands_max = 1,
    };
    int status;
    if (options_parse(&options, argc, argv, &status) == OPTIONS_EXIT) {
        return status;
    }
    pid_t child = fork();
    if (child < 0) {
        return cli_complain(CLI_RESOURCES, "check", strerror(errno), "starting a process");
    }
    if (child == 0) {
        _exit(check(argv[0]));
    }
    int ended = 0;
    while (waitpid(child, &ended, 0) < 0) {
        if (errno != EINTR) {
            return cli_complain(CLI_RESOURCES, "check", strerror(errno), "waiting for a process");
        }
    }
    if (WIFEXITED(ended) && WEXITSTATUS(ended) <= CLI_RESOURCES && WEXITSTATUS(ended) != CLI_USAGE) {
        return WEXITSTATUS(ended);
    }
    return cli_complain(CLI_CATALOG, "check", "damaged: reading it ended in a crash", argv[0]);
}
