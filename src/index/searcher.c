/*
 * searcher.c - a list of idle searchers behind a lock.
 */
#include "index/searcher.h"

#include "base/alloc.h"
#include "index/analysers.h"
#include "index/result.h"

int searcher_pool_init(struct searcher_pool *pool, uint32_t shard_count, const struct schema *schema)
{
    *pool = (struct searcher_pool){.shard_count = shard_count, .schema = schema};
    return pthread_mutex_init(&pool->lock, NULL) == 0 ? 0 : AISLE_NO_MEMORY;
}

static void free_searcher(struct searcher *searcher)
{
    analyser_free(searcher->analyser);
    arena_release(&searcher->arena);
    query_keep_release(&searcher->keep);
    product_codec_release(&searcher->codec);
    mem_free(searcher->snapshots);
    aisle_result_free(searcher->spare);
    mem_free(searcher);
}

int searcher_result(struct searcher *searcher, struct aisle_result **out)
{
    *out = searcher->spare;
    searcher->spare = NULL;
    return *out == NULL ? result_new(out) : 0;
}

void searcher_set_aside(struct searcher *searcher, struct aisle_result *result)
{
    if (result != NULL && searcher->spare == NULL && result_empty(result)) {
        searcher->spare = result;
    } else {
        aisle_result_free(result);
    }
}

void searcher_pool_release(struct searcher_pool *pool)
{
    while (pool->free != NULL) {
        struct searcher *searcher = pool->free;
        pool->free = searcher->next;
        free_searcher(searcher);
    }
    pthread_mutex_destroy(&pool->lock);
}

static struct searcher *new_searcher(const struct searcher_pool *pool)
{
    struct searcher *searcher = mem_calloc(1, sizeof *searcher);
    if (searcher == NULL) {
        return NULL;
    }
    arena_init(&searcher->arena, LIMIT_QUERY_MEMORY_BYTES);
    query_keep_init(&searcher->keep);
    product_codec_init(&searcher->codec);
    searcher->snapshots = mem_calloc(pool->shard_count, sizeof *searcher->snapshots);
    if (searcher->snapshots == NULL || analysers_new(pool->schema, &searcher->analyser) != 0) {
        free_searcher(searcher);
        return NULL;
    }
    return searcher;
}

static size_t bytes_of_searcher(const struct searcher_pool *pool, const struct searcher *searcher)
{
    size_t arenas = searcher->arena.total_bytes + searcher->keep.arena.total_bytes;
    return sizeof *searcher + pool->shard_count * sizeof *searcher->snapshots + arenas +
           analyser_bytes(searcher->analyser) + product_codec_bytes(&searcher->codec) +
           (searcher->spare == NULL ? 0 : result_bytes(searcher->spare));
}

struct searcher *searcher_take(struct searcher_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct searcher *searcher = pool->free;
    if (searcher != NULL) {
        pool->free = searcher->next;
        pool->idle_bytes -= searcher->idle_bytes;
    }
    pthread_mutex_unlock(&pool->lock);
    return searcher == NULL ? new_searcher(pool) : searcher;
}

void searcher_give(struct searcher_pool *pool, struct searcher *searcher, size_t max_bytes)
{
    arena_reset(&searcher->arena);
    if (searcher->arena.total_bytes > SEARCHER_KEPT_BYTES) {
        arena_release(&searcher->arena);
    }
    query_keep_reset(&searcher->keep);
    if (searcher->keep.arena.total_bytes > SEARCHER_KEPT_BYTES) {
        query_keep_release(&searcher->keep);
    }
    size_t bytes = bytes_of_searcher(pool, searcher);
    pthread_mutex_lock(&pool->lock);
    bool kept = bytes <= max_bytes && pool->idle_bytes <= max_bytes - bytes;
    if (kept) {
        searcher->idle_bytes = bytes;
        searcher->next = pool->free;
        pool->free = searcher;
        pool->idle_bytes += bytes;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!kept) {
        free_searcher(searcher);
    }
}
