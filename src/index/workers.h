/*
 * workers.h - threads that analyse, invert and write segments beside the caller, who reads and parses.
 *
 * Products are spread over lanes by a hash of their id. A lane has a memory index of its own and belongs to one worker,
 * which takes its products in the order they came: so what is done to one id stays in order, and workers share nothing
 * while they work. A shard has one lane, or as many as it takes to keep all workers busy.
 *
 * Products travel in batches through a short queue for each worker. When one is full, because its worker writes a
 * segment, say, the caller takes new ids elsewhere: which ones, and where they are, is remembered (diverted.h), so that
 * all that is said of them goes there, too. Where no other lane will do, because an id may be in the full one or a
 * shard has no other, the caller waits, and if that is for a worker that writes, all those that hold much write
 * meanwhile: else they would be without work.
 *
 * What must see an id as it stands (a patch, a delete) settles its lane first: the queue runs empty, what was not
 * handed over yet is done by the caller, and until the next workers_put the lane's builder is the caller's.
 *
 * Thread rule: all functions are for the writer's thread. Workers lock the shards they write to (shard_writer.h).
 */
#ifndef AISLE_INDEX_WORKERS_H
#define AISLE_INDEX_WORKERS_H

#include "index/ingest.h"
#include "index/shard_writer.h"

struct workers;

struct workers_setup {
    const struct schema *schema;
    const struct segment_columns *columns;
    const struct rank_weights *weights;
    const struct budget *budget;
    struct shard_writer *shards; /* borrowed, as all of these */
    struct ingest *ingest;       /* the caller's, which the first worker uses, too: the caller must have settled */
    uint32_t shard_count;
    uint32_t threads; /* wanted; at least 1 */
};

/*
 * Starts the threads, fewer when the system refuses some. AISLE_LIMIT: it refuses all of them. AISLE_NO_MEMORY, and
 * errors of ingest_init.
 */
must_check int workers_new(const struct workers_setup *setup, struct workers **out, aisle_error *error);

/*
 * Discards what waits and ends the threads. Not in a forked child: the threads are not there, and what they were at may
 * be half changed, so all of it stays as it is. May be NULL.
 */
void workers_free(struct workers *workers);

/*
 * Hands a product over, as read from text, both copied; waits for room. is_new: no worker was given its id since they
 * were last flushed. Also the error of what a worker met with
 * earlier products: no error is the product's, and after one only workers_free is allowed.
 */
must_check int workers_put(struct workers *workers, uint32_t shard, const struct product *product, struct bytes text,
                           uint64_t id_hash, bool is_new, aisle_error *error);

/* Settles the lane of an id; *builder is the caller's until the next workers_put. */
must_check int workers_settle_lane(struct workers *workers, uint32_t shard, uint64_t id_hash,
                                   struct segment_builder **builder, aisle_error *error);

/* Settles all lanes and writes what they hold as pending segments, all workers at once. */
must_check int workers_flush(struct workers *workers, aisle_error *error);

/*
 * The same in steps: it begins, without waiting for what it comes to, and is waited for, in the end until all is
 * written, unless it could not begin. Failures are told then.
 */
enum workers_stage {
    WORKERS_MOST_TAKEN, /* shard_writer_take is done, but where a worker is still at a segment that was full before */
    WORKERS_ALL_TAKEN,
    WORKERS_WRITTEN,
};

must_check int workers_flush_begin(struct workers *workers, aisle_error *error);
must_check int workers_flush_await(struct workers *workers, enum workers_stage stage, aisle_error *error);

/* Heap bytes of the builders, as of the last batches. */
uint64_t workers_memory(struct workers *workers);

/* Time spent in analysis and inversion, of all workers together. */
uint64_t workers_analyse_ns(struct workers *workers);

#endif
