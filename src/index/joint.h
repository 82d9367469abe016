/*
 * joint.h - commits of several shards that stand in all of them or in none.
 *
 * Each shard commits by itself, and mostly that is enough: what concerns one shard is done again or not by the position
 * that stands with its effect. A product that moves from one shard to another is a matter of both: with only one of two
 * commits it would be in both or, worse, in none, its text gone. So a batch that moved anything commits like this:
 *
 *   1. each shard but the first writes all of its commit, and syncs it, but keeps it aside: nobody sees it
 *   2. the first shard commits, with the number of this joint commit: from now on it stands
 *   3. each other shard puts what it kept aside in its place, its own number with it
 *
 * Whoever dies before 2 has left what the next writer forgets, and behind 2 what the next writer puts in its place,
 * before it does anything else. All positions agree with all effects then. Readers take shards as they are: between 2
 * and 3 (a sync for each shard; after a crash, until the next writer begins) they see a product that moved twice, or
 * not at all. The price is one transaction more for each shard but the first, and pages written twice.
 *
 *   ON DISK: "joint" = u64 number, in TABLE_META
 *
 * Thread rule: the writer's.
 */
#ifndef AISLE_INDEX_JOINT_H
#define AISLE_INDEX_JOINT_H

#include "index/shard_writer.h"

must_check int joint_put_number(struct storage_txn *txn, uint64_t number);

/* The last joint commit that this shard has; 0: none. AISLE_CORRUPT. */
must_check int joint_number(struct storage_txn *txn, uint64_t *number);

/*
 * As shard_writer_publish for all shards at once. After an error nothing may be done with the writers but release; the
 * commit stands or not, which the next writer's joint_recover decides.
 */
must_check int joint_publish(struct shard_writer *shards, uint32_t count, aisle_error *error);

/* Ends what a writer that broke or died has left. Before anything else is written; the caller has the writer's lock. */
must_check int joint_recover(struct shard *shards, uint32_t count, aisle_error *error);

#endif
