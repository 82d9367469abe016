/*
 * merger.h - merges beside the writer, on one thread of their own.
 *
 * The thread sleeps until a commit wakes it, then merges whatever the policy chooses, shard after shard, one merge at
 * a time, until it chooses nothing. It publishes its results itself, so that they are seen and their space comes back
 * when the writer is idle, too.
 *
 * While a large load is under way it merges only whole tiers (merge_order.loading): what is merged in smaller numbers
 * is soon merged again, and the load wants the processor. The rest is merged when the writer ends, when a small commit
 * says that the load is over, or when no commit has come for some time.
 *
 * Thread rule: all functions are for the writer's thread.
 */
#ifndef AISLE_INDEX_MERGER_H
#define AISLE_INDEX_MERGER_H

#include "index/shard_writer.h"

struct merger {
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t wake;  /* there is something to do */
    pthread_cond_t rest;  /* a merge has ended, or all of them */
    pthread_t thread;
    bool ready;   /* lock and conditions are made */
    bool running; /* so is the thread */
    bool wanted;  /* a look at the shards */
    bool busy;    /* looking, and merging */
    bool stop;
    bool loading; /* more is to come */
    atomic_bool cancel;
    int status; /* of the first failure that is not put off, until it is told; then error says what it was */
    aisle_error error;
    struct shard_writer *shards; /* borrowed */
    uint32_t shard_count;
    uint64_t bytes_per_second;
};

/* AISLE_NO_MEMORY. No thread begins yet. */
must_check int merger_init(struct merger *merger, struct shard_writer *shards, uint32_t shard_count,
                           uint64_t bytes_per_second);

/*
 * Stops the thread: with finish after all merges that are called for, of which the caller makes some, too, unless there
 * is a pace to keep; otherwise without the one under way.
 */
void merger_release(struct merger *merger, bool finish);

/* Wakes the thread, making it first; loading: much more is about to come. False: there is no thread to be had. */
bool merger_wake(struct merger *merger, bool loading);

/* Whether a merge is under way or about to be. */
bool merger_busy(struct merger *merger);

/* Waits until a merge has ended; not at all when none is under way. */
void merger_wait(struct merger *merger);

/* Gives up what is under way and what was wanted; nothing runs until the next wake. */
void merger_hush(struct merger *merger);

/* The failure that no later merge can mend, once; 0: none. */
int merger_failure(struct merger *merger, aisle_error *error);

#endif
