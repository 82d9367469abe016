/*
 * merge_run.h - one merge under way, as merge_run.c, merge_carry.c and merge_pending.c share it.
 */
#ifndef AISLE_INDEX_MERGE_RUN_H
#define AISLE_INDEX_MERGE_RUN_H

#include "index/product_codec.h"
#include "index/shard_writer_private.h"

struct merge_run {
    struct shard_writer *writer;
    struct merge_run *next; /* in writer->runs */
    const struct merge_order *order;
    struct shard_snapshot snapshot; /* only while states are too large to copy; otherwise without a transaction */
    size_t count;
    struct segment_info infos[LIMIT_SEGMENTS]; /* of the sources, as when the merge began */
    struct merge_source sources[LIMIT_SEGMENTS];
    struct segment_state states[LIMIT_SEGMENTS]; /* copies, or views while the snapshot is held */
    uint32_t *maps[LIMIT_SEGMENTS];              /* owned: where each document went */
    struct product_codec codec;
    struct buf product;
    struct merge_patched patched;
    uint32_t id;              /* of the result */
    struct segment_info info; /* of the result; no documents: everything was dead */
    struct sink_gate gate;
    uint64_t begun_ns;      /* of the writing, for its pace */
    uint64_t written_bytes; /* since then */
};

must_check int merge_run_new(struct shard_writer *writer, const struct merge_order *order, struct merge_run **out,
                             aisle_error *error);
void merge_run_free(struct merge_run *run);

/* Whether the segment is one of the sources. */
bool merge_run_takes(const struct merge_run *run, uint32_t id);

/* Writes the sources as one segment that nothing lists yet: run->info, maps and patched. */
must_check int merge_run_write(struct merge_run *run, aisle_error *error);

/*
 * Trains a dictionary on what is to be merged, when that is due, and makes it the shard's current one when it is
 * better enough. A lack of memory is no failure.
 */
must_check int merge_run_retrain(struct merge_run *run, aisle_error *error);

/* ---- carrying over ---- */

/*
 * What happened to the sources while they were merged, in terms of the result: `stored` and `values` are committed,
 * `kept` and `waiting` hold what the writer has not committed yet, too.
 */
struct merge_carried {
    struct writer_segment stored;
    struct writer_segment kept;
    struct changes values;
    struct changes waiting; /* all of the writer's, those of other segments included */
};

/*
 * Under the lock; now: a snapshot of the last commit. Adds to run->patched the marks made since the merge began.
 * *carried is the caller's to release, on failure too.
 */
must_check int merge_carry(struct merge_run *run, const struct shard_snapshot *now, struct merge_carried *carried);
void merge_carried_release(struct merge_carried *carried);

#endif
