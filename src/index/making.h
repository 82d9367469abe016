/*
 * making.h - a catalog's directory made beside its place, and put there whole or not at all.
 *
 * Private to index/. The maker fills making.directory, a name of its own beside the target, with the files of a
 * catalog; making_finish syncs and renames it. A maker that dies leaves a directory named TARGET.creating-PID-N, which
 * nothing ever takes for a catalog at its place and anyone may delete.
 * Thread rule: one thread.
 */
#ifndef AISLE_INDEX_MAKING_H
#define AISLE_INDEX_MAKING_H

#include "base/status.h"

#include <stdint.h>

struct making {
    char *directory; /* owned; where to put the files; NULL when making_begin failed */
    const char *target; /* borrowed */
    char *parent;    /* owned; of the target */
    uint32_t shards;
};

/*
 * Makes the directory. target must not exist or be an empty directory, else AISLE_EXISTS; AISLE_INVALID for a path of
 * 0 or too many bytes. AISLE_NETWORK_FS, AISLE_PERMISSION, AISLE_NOT_FOUND, AISLE_IO, AISLE_NO_MEMORY.
 */
must_check int making_begin(struct making *making, const char *target, uint32_t shards, aisle_error *error);

/* Makes the directory of one shard; *path is the caller's to free. */
must_check int making_shard(const struct making *making, uint32_t shard, char **path, aisle_error *error);

/* Syncs one shard's directory, after its files are synced. */
must_check int making_sync_shard(const char *path, aisle_error *error);

/*
 * With status 0 puts the catalog in its place, else removes what was made and answers status. making is done with
 * either way; due also after making_begin failed. AISLE_EXISTS when someone else came first.
 */
int making_finish(struct making *making, int status, aisle_error *error);

#endif
