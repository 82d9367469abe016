/*
 * follow.c - waiting for sources to grow: told by inotify, else by looking.
 *
 * Folders are watched, and the folders that files stand in, since a rotation puts another file under a name. When only
 * the file that is being read has grown, nothing else is looked at; else, and once a second in any case (file systems
 * that other machines write to tell nothing), the sources are listed and compared with what was read.
 * Thread rule: one thread at a time.
 */
#include "indexer/run.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "indexer/freshness.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS_NS UINT64_C(1000000)
#define TICK_MS UINT64_C(1000) /* between looks, when inotify tells */
#define POLL_MS_DEFAULT UINT64_C(50)
#define EVENT_BYTES 16384u
#define EVENTS (IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)

struct waiter {
    int inotify; /* -1: looks instead */
    bool others; /* more may have changed than the file that is being read */
    uint64_t looked_ns;
    uint64_t reported_ns;
    uint8_t events[EVENT_BYTES] __attribute__((aligned(8)));
};

static bool watch_all(const struct run *run, int inotify)
{
    bool good = true;
    for (size_t i = 0; i < run->options->source_count && good; i++) {
        char folder[LIMIT_PATH_BYTES];
        struct stat found;
        const char *operand = run->options->sources[i];
        if (strcmp(operand, "-") == 0) {
            continue;
        }
        bool is_folder = stat(operand, &found) == 0 && S_ISDIR(found.st_mode);
        const char *slash = strrchr(operand, '/');
        int size = is_folder ? (int)strlen(operand) : slash == NULL ? 0 : (int)(slash - operand) + 1;
        snprintf(folder, sizeof folder, "%.*s", size, size == 0 ? "" : operand);
        good = inotify_add_watch(inotify, size == 0 ? "." : folder, EVENTS) >= 0;
    }
    return good;
}

static int start(struct run *run, aisle_error *error)
{
    struct waiter *waiter = mem_calloc(1, sizeof *waiter);
    run->waiter = waiter;
    if (waiter == NULL) {
        return error_no_memory(error, "following change logs");
    }
    waiter->others = true;
    waiter->reported_ns = clock_monotonic_ns();
    waiter->inotify = run->options->poll_ms == 0 ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
    if (waiter->inotify >= 0 && !watch_all(run, waiter->inotify)) {
        close(waiter->inotify);
        waiter->inotify = -1;
    }
    bool pipe_beside = false;
    for (size_t i = 0; i < run->sources.count; i++) {
        pipe_beside = pipe_beside || (!run->sources.files[i].is_file && run->options->source_count > 1);
    }
    return pipe_beside ? error_set(error, AISLE_INVALID, "a pipe can only be followed alone") : 0;
}

static void stop(struct run *run)
{
    if (run->waiter != NULL && run->waiter->inotify >= 0) {
        close(run->waiter->inotify);
    }
    mem_free(run->waiter);
    run->waiter = NULL;
}

/* ------------------------------------------------------------------------------------------------ waiting -- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Takes what inotify has to tell. */
static void take_events(struct run *run)
{
    struct waiter *waiter = run->waiter;
    ssize_t got = read(waiter->inotify, waiter->events, sizeof waiter->events);
    for (ssize_t at = 0; at < got;) {
        const struct inotify_event *event = (const struct inotify_event *)(const void *)(waiter->events + at);
        bool grew = (event->mask & (IN_MODIFY | IN_CLOSE_WRITE)) == event->mask && event->len > 0;
        bool open = run->source != NULL && run->reader.data != NULL && grew &&
                    strcmp(event->name, base_name(run->source)) == 0;
        waiter->others = waiter->others || !open;
        at += (ssize_t)(sizeof *event + event->len);
    }
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Milliseconds until something is due, at least 1. */
static int time_to_wait(const struct run *run, uint64_t now)
{
    uint64_t poll_ms = run->options->poll_ms == 0 ? POLL_MS_DEFAULT : run->options->poll_ms;
    uint64_t tick = run->waiter->inotify >= 0 ? TICK_MS : poll_ms;
    uint64_t due = least(run_commit_due_ns(run), now + tick * MS_NS);
    if (run->options->report_seconds > 0) {
        due = least(due, run->waiter->reported_ns + run->options->report_seconds * 1000 * MS_NS);
    }
    return due <= now ? 1 : (int)((due - now + MS_NS - 1) / MS_NS);
}

static void wait_for_more(struct run *run)
{
    struct waiter *waiter = run->waiter;
    struct indexer_signals *signals = run->options->signals;
    bool is_pipe = run->reader.data != NULL && !run->reader.is_file;
    struct pollfd fds[3] = {{.fd = waiter->inotify, .events = POLLIN},
                            {.fd = signals == NULL ? -1 : signals->wake_fd, .events = POLLIN},
                            {.fd = is_pipe ? run->reader.input.fd : -1, .events = POLLIN}};
    int ready = poll(fds, 3, time_to_wait(run, clock_monotonic_ns()));
    uint64_t now = clock_monotonic_ns();
    if (ready > 0 && fds[1].revents != 0) {
        uint8_t bytes[64];
        (void)!read(fds[1].fd, bytes, sizeof bytes);
    }
    if (ready > 0 && (fds[0].revents != 0 || fds[2].revents != 0)) {
        run->seen_ns = now; /* nothing was there before: it has just come */
    }
    if (ready > 0 && fds[0].revents != 0) {
        take_events(run);
    }
    if (waiter->inotify < 0 || now - waiter->looked_ns >= TICK_MS * MS_NS) {
        waiter->others = true;
    }
}

/* ------------------------------------------------------------------------------------------------ looking -- */

static int look_at_all(struct run *run, aisle_error *error)
{
    run->waiter->others = false;
    run->waiter->looked_ns = clock_monotonic_ns();
    sources_release(&run->sources);
    int status = sources_settle(&run->sources, run->options->sources, run->options->source_count, true, error);
    return status != 0 ? status : run_apply_all(run, error);
}

/* What the open source has got; then, if more may have changed, all others. */
static int look(struct run *run, aisle_error *error)
{
    int status = 0;
    if (run->source != NULL && run->reader.data != NULL && run_is_rewritten(run)) {
        run_leave_source(run);
        run->tails[run->tail].bytes = UINT64_MAX; /* it has more, even if it is as long as it was */
        run->waiter->others = true;               /* its copy, with what was not read of it, comes first */
    }
    if (run->source != NULL && run->reader.data != NULL && !run->first_line_open) {
        /* First, because the file may have been moved out of sight by now. */
        line_reader_again(&run->reader);
        status = run_apply_lines(run, error);
        if (!run->reader.is_file && run->reader.input.ended) {
            run->tails[run->tail].ended = true;
            run_leave_source(run);
        }
    }
    if (status == 0 && (run->waiter->others || run->first_line_open) && !run->summary->too_many_rejects) {
        status = look_at_all(run, error);
    }
    run->seen_ns = clock_monotonic_ns();
    return status;
}

static void report(struct run *run)
{
    uint64_t now = clock_monotonic_ns();
    struct waiter *waiter = run->waiter;
    if (run->options->report_seconds == 0 || run->options->report == NULL ||
        now - waiter->reported_ns < run->options->report_seconds * 1000 * MS_NS) {
        return;
    }
    run->summary->counts.ns = now - run->start_ns;
    waiter->reported_ns = now;
    run->options->report(run->options->context, run->summary, &run->freshness->late);
    run->freshness->late = (struct indexer_freshness){.arrival = {.count = 0}};
}

static void obey_signals(struct run *run)
{
    struct indexer_signals *signals = run->options->signals;
    if (signals != NULL && signals->reopen != 0) {
        signals->reopen = 0;
        run_leave_source(run);
        run->waiter->others = true;
    }
}

static bool has_ended(const struct run *run)
{
    bool ended = run->sources.count > 0;
    for (size_t i = 0; i < run->tail_count; i++) {
        ended = ended && run->tails[i].ended;
    }
    return ended && run->tail_count > 0;
}

int run_follow(struct run *run, aisle_error *error)
{
    int status = start(run, error);
    run->seen_ns = clock_monotonic_ns();
    while (status == 0 && !run_is_stopped(run) && !run->summary->too_many_rejects && !has_ended(run)) {
        obey_signals(run);
        status = look(run, error);
        status = status != 0 ? status : run_expire(run, error);
        status = status != 0 ? status : run_commit_if_due(run, true, error);
        report(run);
        if (status == 0 && !run_is_stopped(run) && !run->summary->too_many_rejects && !has_ended(run)) {
            wait_for_more(run);
        }
    }
    stop(run);
    return status;
}
