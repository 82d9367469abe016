/*
 * shard_copy.h - what a generation of a shard consists of, copied into a storage of its own, with progress.
 *
 * Private to index/: for backups and for giving space back. Extents and pages under ids that the manifest does not
 * list (a build under way, or refuse) stay behind, unless the shard keeps a joint commit aside (joint.h): whether it
 * stands is known to the first shard, and then what it lists must be there.
 * Thread rule: one thread; progress is called by it.
 */
#ifndef AISLE_INDEX_SHARD_COPY_H
#define AISLE_INDEX_SHARD_COPY_H

#include "segment/segment.h"

/* Over all shards of one piece of work; zero but for the first three at the beginning. */
struct shard_copy {
    aisle_progress *progress; /* NULL: nobody wants to know */
    void *context;            /* of progress */
    uint64_t total_bytes;     /* about what will be copied */
    uint64_t done_bytes;
    uint64_t told_bytes; /* done_bytes when progress was last called */
    bool given_up;       /* by progress */
    bool whole;          /* nothing stays behind */
    const struct manifest *manifest;
};

/* The payload of a shard, nearly: changed pages and dictionaries are left out. */
uint64_t shard_copy_expected(const struct manifest *manifest);

/*
 * Copies what txn sees, whose manifest it is, into directory, as storage_copy does. AISLE_END when progress gave up;
 * else its errors.
 */
must_check int shard_copy_run(struct shard_copy *copy, struct storage_txn *txn, const struct manifest *manifest,
                              const char *directory, aisle_error *error);

/* Tells progress that all is done; AISLE_END when it gives up even so. */
must_check int shard_copy_finish(struct shard_copy *copy, aisle_error *error);

#endif
