/*
 * server.h - the door of the server: settings, and a run from start to drain.
 *
 * Serves catalogs over RESP2 and RESP3, so that every Redis client is a client. All it knows of searching is aisle.h.
 * Settings come from a file and, over it, from the command line; a reload reads the file again. One loop thread has all
 * sockets and never waits long for a catalog; searches run on a pool, short ones that are alone on the loop, and writes
 * on one thread a catalog.
 *
 * Thread rule: one server a process; server_run belongs to one thread and blocks it.
 */
#ifndef AISLE_SERVER_SERVER_H
#define AISLE_SERVER_SERVER_H

#include "base/status.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* One setting: `name = VALUE` in the file, `--name VALUE` on the command line. */
struct server_setting {
    const char *name;
    const char *argument; /* as shown in help */
    const char *help;     /* with the default */
    bool is_list;         /* may be given several times */
};

/* All settings there are; static. */
const struct server_setting *server_settings(size_t *count);

/* A setting given on the command line. */
struct server_given {
    const char *name;
    const char *value;
};

/* How one who follows is told to end, and tells how fresh the catalog is. */
struct server_stop {
    volatile sig_atomic_t flag; /* not 0: end; set by another thread */
    int wake_fd;                /* readable when it was set, for who waits; -1: none */
    /* From a change's being there to its being visible: the longest of late, and of the whole run. */
    _Atomic uint64_t visible_ns;
    _Atomic uint64_t visible_max_ns;
    _Atomic uint64_t commits;
};

/*
 * Applies the changes below source to the catalog at path, as they come, until it is told to end; has an own thread and
 * is the catalog's writer meanwhile. 0: told to end, or nothing more will come, and it is called again after a second;
 * else an error.
 */
typedef int server_follow(const char *path, const char *source, struct server_stop *stop, aisle_error *error);

struct server_options {
    const char *config; /* the file; NULL: none */
    const struct server_given *given;
    size_t given_count;
    server_follow *follow;
};

/* Reads the settings and says what is wrong with them; opens no catalog. AISLE_INVALID, AISLE_NOT_FOUND, AISLE_IO. */
must_check int server_check(const struct server_options *options, aisle_error *error);

/*
 * Opens the catalogs, listens and serves until SIGTERM or SIGINT; then takes no more requests, answers those it has,
 * and returns 0. Errors of the settings, of the catalogs and of the addresses to listen on.
 */
must_check int server_run(const struct server_options *options, aisle_error *error);

#endif
