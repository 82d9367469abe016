/*
 * config.h - the settings of one run, from a file and the command line.
 *
 * The file has lines `name = value`; blank lines and those that begin with # are passed over. A name that does not
 * exist, a value out of range and a second value for what has one are errors with the line's number. What is given on
 * the command line replaces what the file says (lists are replaced as a whole).
 *
 * Thread rule: a config is read by any number of threads once it is made.
 */
#ifndef AISLE_SERVER_CONFIG_H
#define AISLE_SERVER_CONFIG_H

#include "server/server.h"

#include "base/limits.h"

struct config_list {
    char **items; /* owned */
    uint32_t count;
};

struct config {
    struct config_list catalogs;  /* "path" or "name=path" */
    struct config_list aliases;   /* "name=catalog" */
    struct config_list listens;   /* "host:port", "[::1]:port" or "unix:path" */
    struct config_list metrics;   /* as listens */
    struct config_list follows;   /* "source", for the only catalog, or "name=source" */
    char *password;               /* NULL: none */
    char *slow_log;               /* file; NULL: standard error */
    uint64_t threads;
    uint64_t clients;
    uint64_t pipeline;
    uint64_t output_bytes;        /* waiting for one client before it is slowed */
    uint64_t outputs_bytes;       /* waiting for all clients together */
    uint64_t deadline_ms;
    uint64_t idle_s;              /* 0: for ever */
    uint64_t stall_s;
    uint64_t slow_ms;             /* 0: none is slow */
    uint64_t commit_ms;
    uint64_t writer_s;            /* without a write, before others may be the writer */
    uint64_t memory_bytes;
    uint64_t cache_bytes;         /* 0: aisle_open's default */
    uint64_t drain_s;
    uint64_t log_bytes;           /* of own change logs that are kept once committed */
};

/* Splits "name=value"; name NULL when there is no '='. Views into text, not NUL-terminated for the name. */
struct config_pair {
    const char *name; /* name_size bytes; NULL: none */
    size_t name_size;
    const char *value;
};
struct config_pair config_pair(const char *text);

/* The name of a catalog: given, or its folder's. */
struct config_pair config_catalog(const char *text);

/* Makes the settings; AISLE_INVALID, AISLE_NOT_FOUND, AISLE_PERMISSION, AISLE_IO, AISLE_NO_MEMORY. */
must_check int config_load(const struct server_options *options, struct config **out, aisle_error *error);
void config_free(struct config *config);

#endif
