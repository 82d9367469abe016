/*
 * environment.h - what lies behind the handles: one LMDB environment per directory and process.
 *
 * Private to storage/. env.c opens and closes an environment, env_registry.c shares it among handles, txn.c and
 * cursor.c work in it, space.c measures it, readers.c tells who reads
 * it, copy.c copies it. process.c knows of forks.
 *
 * Thread rule: everything is fixed once the environment is open, except the atomics; `opening`, `references` and
 * `next` belong to the registry's mutex (process_lock).
 */
#ifndef AISLE_STORAGE_ENVIRONMENT_H
#define AISLE_STORAGE_ENVIRONMENT_H

#include "storage/storage.h"

#include <lmdb.h>
#include <stdatomic.h>
#include <sys/types.h>

#define DATA_FILE "data.mdb" /* ON DISK, and LMDB's choice, as is the next */
#define LOCK_FILE "lock.mdb"

/*
 * Finished read transactions kept for renewal. Each keeps a reader slot of the lock file, so that there are far fewer
 * of them than LIMIT_READERS; 64 serve 64 threads searching at once.
 */
#define IDLE_SLOTS 64u

/* One pointer a cache line: threads on different slots do not disturb each other. */
struct idle_slot {
    _Atomic(struct storage_txn *) txn;
    char padding[64 - sizeof(void *)];
};

struct environment {
    MDB_env *lmdb;
    MDB_dbi tables[TABLE_COUNT];
    char *path;        /* owned; as given by the first opener, for messages */
    int directory_fd;  /* owned: while it is open no other directory can get this one's dev and ino */
    int data_fd;       /* LMDB's */
    uint32_t page_bytes;
    const uint8_t *map; /* LMDB's, of map_bytes; it never moves; NULL until it is known */
    uint64_t map_bytes;
    dev_t device;        /* of the directory: the key of the registry */
    ino_t inode;
    pid_t pid;           /* of the process that opened it */
    unsigned generation; /* process_generation() of that process */
    bool read_only;      /* opened MDB_RDONLY */
    bool opening;        /* in the registry, but not open yet */
    unsigned references;
    struct environment *next;
    atomic_bool writing;  /* this process has the write transaction */
    atomic_bool poisoned; /* an assertion struck inside a modification: see lmdb_call.c */
    atomic_bool noted;    /* claims note for the first assertion */
    atomic_bool note_ready;
    char note[160];       /* the first assertion that failed */
    struct idle_slot idle[IDLE_SLOTS];
};

struct storage {
    struct environment *env; /* referenced; in a forked child, the parent's and never touched */
    unsigned generation;
    bool read_only;
    bool fast; /* this handle turned syncs off */
};

struct storage_txn {
    struct storage *storage; /* borrowed; of the present use */
    struct environment *env; /* borrowed */
    MDB_txn *lmdb;           /* owned */
    bool write;
    bool aside; /* what is put is kept aside (aside.c) */
    int status; /* of a write transaction: its first failed put or delete */
    atomic_int failure; /* of a read transaction: what a look-up failed with, but for damage */
};

/*
 * Opens the environment of directory in env, which the registry has made and identified; directory_fd is of O_PATH.
 * Errors as storage_open; after one, environment_close is due as well.
 */
must_check int environment_open(struct environment *env, const char *directory,
                                const struct storage_options *options, aisle_error *error);

/* Closes whatever is open, directory_fd included. A poisoned environment must not be closed (lmdb_call.c). */
void environment_close(struct environment *env);

/* Makes the data file as long as its last commit says, if it is shorter. 0 or an LMDB code. For after a commit. */
int environment_extend(struct environment *env);

/* Receives one record of the list of free pages: the commit that freed them, and their numbers. */
typedef void environment_free_record(void *context, uint64_t commit, const size_t *pages, size_t count);

/* Walks that list as a read transaction sees it, in the order of commits. 0 or an LMDB code. */
must_check int environment_walk_free(MDB_txn *txn, environment_free_record *visit, void *context);

/*
 * Counts the free pages of a read transaction's snapshot, and of them those from page number from on.
 * 0 or an LMDB code.
 */
must_check int environment_free_pages(MDB_txn *txn, uint64_t from, uint64_t *total, uint64_t *behind);

/* As storage_put for a key above all of the table's: pages get full, where splitting in the middle leaves halves. */
must_check int storage_append(struct storage_txn *txn, enum storage_table table, struct bytes key,
                              struct bytes value);

#define STORAGE_KEY_BYTES 511u

/* The key that a put into table is kept aside under, in out; AISLE_END: puts into this table are not. AISLE_INVALID. */
must_check int storage_aside_key(enum storage_table table, struct bytes key, uint8_t out[STORAGE_KEY_BYTES],
                                 struct bytes *aside);

/*
 * Reads a line of mdb_reader_list: "pid thread snapshot", the last a '-' for an idle slot. Whether it is of a reader
 * under way: the heading and remarks do not begin with a digit.
 */
bool environment_reader_line(const char *line, struct storage_reader *out);

/* 0 if the handle may write now: AISLE_FORKED, AISLE_READ_ONLY, AISLE_CORRUPT (poisoned). */
must_check int storage_check_writable(struct storage *storage, aisle_error *error);

/* The status for an LMDB code in env: as storage_error, but a failed write on a full disk is AISLE_DISK_FULL. */
int environment_error(struct environment *env, int lmdb_code, const char *what, aisle_error *error);

#endif
