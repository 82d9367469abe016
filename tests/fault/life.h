/*
 * life.h - a catalog that lives through a script, and what is true of it at every moment.
 *
 * life_step does one chapter. When it fails, whatever the reason, life_verify says whether the catalog is what it was
 * before or after that chapter, each shard for itself; doing the chapter again then completes it, from the log's
 * position on. A wrong answer is a loss: it is printed, and counted.
 *
 * Thread rule: one thread.
 */
#ifndef AISLE_TESTS_FAULT_LIFE_H
#define AISLE_TESTS_FAULT_LIFE_H

#include "aisle.h"
#include "tests/fault/script.h"

struct life {
    const struct script *script;
    const char *folder;    /* borrowed; the catalog lies in it, its backup, and nothing else */
    char path[600];        /* of the catalog */
    char backup_path[600]; /* of its copy */
    uint32_t shards;
    uint32_t threads;     /* of the writer */
    aisle *catalog;       /* NULL: not open */
    aisle_writer *writer; /* NULL: none */
    uint32_t next;        /* operation that the writer takes next */
    unsigned long losses; /* wrong answers found */
    bool is_new;          /* all shards held what the later of the two states has, and not the earlier */
    const char *when;     /* borrowed; told with a loss */
};

void life_init(struct life *life, const struct script *script, const char *folder, uint32_t shards);

/* Does a chapter, opening catalog and writer as need be. 0, or an error; then the writer is freed. */
int life_step(struct life *life, uint32_t chapter, aisle_error *error);

/*
 * Compares everything with the states: each shard must hold what it held before or what it holds after so many
 * chapters, in all products, and totals and the log's position must fit that. 0 unless it could not be looked at.
 */
int life_verify(struct life *life, uint32_t before, uint32_t after, aisle_error *error);

/*
 * Compares the backup, as of the chapter that makes it, and checks it: it is whole or not there. must_exist: that it is
 * not there is a loss. 0 unless it could not be looked at.
 */
int life_verify_backup(struct life *life, bool must_exist, aisle_error *error);

/* Closes everything, and checks the catalog's files. 0 unless that could not be done. */
int life_check(struct life *life, aisle_error *error);

/* Frees the writer, and closes the catalog. */
void life_close(struct life *life);

/* Counts a loss and prints it. */
void life_complain(struct life *life, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
