/*
 * searcher.h - what one search needs besides the catalog: analyser, arena, codec. Kept from search to search.
 *
 * A pool hands them out, so that any number of threads search at once and a warmed-up search allocates nothing. What
 * idle ones take is bounded: a searcher that would pass the bound when it is given back is freed instead.
 * Thread rule: take and give from any thread; a searcher belongs to one thread in between.
 */
#ifndef AISLE_INDEX_SEARCHER_H
#define AISLE_INDEX_SEARCHER_H

#include "base/arena.h"
#include "index/product_codec.h"
#include "index/shard.h"
#include "query/query.h"
#include "schema/schema.h"
#include "text/text.h"

#include <pthread.h>

/* A query whose arena grew past this was a rare one; its memory goes back. Chunks are of 1 MiB at most as a rule. */
#define SEARCHER_KEPT_BYTES ((size_t)2 << 20)

struct aisle_result;

struct searcher {
    struct analyser *analyser;
    struct arena arena; /* empty when taken */
    struct query_keep keep;
    struct product_codec codec;
    struct shard_snapshot *snapshots; /* owned; room for one a shard */
    struct aisle_result *spare;       /* owned: an answer that was given back, emptied; NULL: none */
    size_t idle_bytes;                /* of the heap that it takes in the pool */
    struct searcher *next;            /* in the pool */
};

struct searcher_pool {
    pthread_mutex_t lock;
    struct searcher *free;
    size_t idle_bytes; /* of all in the list */
    uint32_t shard_count;
    const struct schema *schema; /* borrowed */
};

/* schema is the caller's and outlives the pool. */
must_check int searcher_pool_init(struct searcher_pool *pool, uint32_t shard_count, const struct schema *schema);
void searcher_pool_release(struct searcher_pool *pool);

/* NULL when there is no memory. */
struct searcher *searcher_take(struct searcher_pool *pool);

/* An empty answer, the spare one if there is one. AISLE_NO_MEMORY. */
must_check int searcher_result(struct searcher *searcher, struct aisle_result **out);

/* Takes an answer that is of no use any more (NULL: none), to be the spare one or to be freed. */
void searcher_set_aside(struct searcher *searcher, struct aisle_result *result);

/* max_bytes: what idle searchers may take now, this one included. */
void searcher_give(struct searcher_pool *pool, struct searcher *searcher, size_t max_bytes);

#endif
