/*
 * catalogs.h - the catalogs that are served, by name and alias, and the settings they are served with.
 *
 * A set never changes: a reload makes a new one beside it, which takes over the catalogs that stay, and the server
 * switches to it at once. A request holds the set it began with, so that a catalog is closed, and settings are freed,
 * only when nobody uses them.
 *
 * Thread rule: a set is made by one thread and looked up by any that holds it; holding and dropping are the loop
 * thread's.
 */
#ifndef AISLE_SERVER_CATALOGS_H
#define AISLE_SERVER_CATALOGS_H

#include "server/core.h"

#include <sys/types.h>

struct writes;
struct follower;

struct catalog {
    char *path;
    int folder_fd; /* keeps the folder's number from being another's, even when it is removed; -1: none */
    dev_t device;  /* and inode of its folder: what tells after a reload that it is the same */
    ino_t inode;
    aisle *handle;
    _Atomic(struct writes *) writes; /* NULL: for reading only, as it follows a log, or another has its change log */
    atomic_bool is_replacing;  /* that other is the catalog that had its place before, which is being closed */
    struct follower *follower; /* NULL: follows none */
    atomic_uint sets;          /* that it is in; changed by the loop thread */
    uint64_t words_looked_ns;  /* when its files of words and rules were looked at, for brief.c; the loop thread's */
    bool has_many_words;       /* they are large */
};

struct catalog_name {
    char *name;
    struct catalog *catalog;
    uint32_t target; /* of an alias: the name that it stands for */
};

struct catalog_set {
    struct config *config; /* owned */
    struct catalog_name *names;
    uint32_t name_count;
    struct catalog_name *aliases;
    uint32_t alias_count;
    uint32_t holders;
    bool is_awaited; /* while it is being closed: another catalog waits for the change log of one of it */
};

/*
 * Opens what config names; catalogs of old (may be NULL, else held) in the same folders are taken over with the mode
 * they are in, but for those whose change log another had, who may have ended. One in another's place, which a link or
 * a new name can bring about, can be searched at once, and written as soon as the other is closed (catalogs_take_logs).
 * Takes config over, also on failure. The errors of aisle_open and of replaying a catalog's own log.
 */
must_check int catalogs_open(struct server *server, struct config *config, const struct catalog_set *old,
                             struct catalog_set **out, aisle_error *error);

/*
 * Has the pool open the change logs of catalogs of the current set that others had. Nothing else is read anew: neither
 * settings nor rules that are wrong by now are in the way. What fails is told and tried again, after a second that
 * doubles up to a minute, by catalogs_sweep. Loop thread, as is that.
 */
void catalogs_take_logs(struct server *server);

/* What is due at now_ns, of uv_now. */
void catalogs_sweep(struct server *server, uint64_t now_ns);

/* Makes it the server's set: counts its catalogs as its own, holds it, and drops the one before. Loop thread. */
void catalogs_switch(struct server *server, struct catalog_set *set);

/* Holds the set, and lets it go (NULL is allowed): the last holder has closed, by the pool, what no other set has. */
struct catalog_set *catalogs_hold(struct catalog_set *set);
void catalogs_drop(struct server *server, struct catalog_set *set);

/* At the end: carries out the writes that wait and stops the threads of the set's catalogs (NULL is allowed). */
void catalogs_quiet(struct catalog_set *set);

/* Behind that, and behind the last request: closes the set; NULL is allowed. */
void catalogs_close(struct catalog_set *set);

/* The catalog of this name or alias, or NULL. */
struct catalog *catalogs_find(const struct catalog_set *set, struct bytes name);

#endif
