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
    struct shard_snapshot seen; /* what carrying over has come to; without a transaction before and after */
    struct segment_state seen_states[LIMIT_SEGMENTS]; /* its views of the sources, which are their states then */
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

/* Of a run that is written; *carried is the caller's to release. */
void merge_carry_begin(const struct merge_run *run, struct merge_carried *carried);

/*
 * With or without the lock: adds what was committed since the state that the run's sources have, which becomes that of
 * now; so it can be repeated, and what is left becomes little. Adds to run->patched the marks made since then. The
 * caller ends no snapshot before the next one is carried.
 */
must_check int merge_carry_committed(struct merge_run *run, const struct shard_snapshot *now,
                                     struct merge_carried *carried);

/* Under the lock, when the last commit was carried: adds what waits for the next. */
must_check int merge_carry_waiting(struct merge_run *run, struct merge_carried *carried);
void merge_carried_release(struct merge_carried *carried);

#endif
