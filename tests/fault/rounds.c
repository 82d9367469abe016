/*
 * rounds.c - one child after the other; a new one only where the last did not reach the end.
 */
#include "tests/fault/rounds.h"
#include "tests/fault/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUND_SECONDS 120u /* more is a hang: a round takes milliseconds, or seconds under a sanitizer */

struct progress {
    unsigned long round; /* under way */
    unsigned long wrong;
};

void *rounds_share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void run_child(const struct rounds *rounds, unsigned long first, struct progress *progress)
{
    progress->round = first;
    if (rounds->prepare != NULL) {
        rounds->prepare(rounds->context);
    }
    for (unsigned long round = first; round < rounds->total; round += rounds->stride) {
        progress->round = round;
        (void)alarm(ROUND_SECONDS);
        progress->wrong += rounds->run(rounds->context, round);
        if (rounds->campaign->round >= 0) {
            break;
        }
    }
    (void)alarm(0);
}

/* Waits for a child. Whether it ended well; says so if not. */
static bool ended_well(const struct rounds *rounds, pid_t child, const struct progress *progress)
{
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("no child process");
        return false;
    }
    if (status == 0) {
        return true;
    }
    printf("LOSS (%s --round %lu): the process ended with %s %d\n", rounds->name, progress->round,
           WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}

unsigned long rounds_run(const struct rounds *rounds)
{
    struct progress *progress = rounds_share(sizeof *progress);
    unsigned long next = rounds->campaign->round >= 0 ? (unsigned long)rounds->campaign->round : 0;
    while (progress != NULL && next < rounds->total) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            run_child(rounds, next, progress);
            exit(0); /* not _exit: a leak checker looks now */
        }
        bool well = ended_well(rounds, child, progress);
        progress->wrong += !well;
        next = well || rounds->campaign->round >= 0 ? rounds->total : progress->round + rounds->stride;
        folder_clear(rounds->campaign->folder, false);
    }
    return progress == NULL ? 1 : progress->wrong;
}
