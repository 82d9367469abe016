/*
 * searcher.c - a list of idle searchers behind a lock.
 */
#include "index/searcher.h"

#include "base/alloc.h"

int searcher_pool_init(struct searcher_pool *pool, uint32_t shard_count)
{
    *pool = (struct searcher_pool){.shard_count = shard_count};
    return pthread_mutex_init(&pool->lock, NULL) == 0 ? 0 : AISLE_NO_MEMORY;
}

static void free_searcher(struct searcher *searcher)
{
    analyser_free(searcher->analyser);
    arena_release(&searcher->arena);
    product_codec_release(&searcher->codec);
    mem_free(searcher->snapshots);
    mem_free(searcher);
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
    product_codec_init(&searcher->codec);
    searcher->snapshots = mem_calloc(pool->shard_count, sizeof *searcher->snapshots);
    if (searcher->snapshots == NULL || analyser_new(&searcher->analyser) != 0) {
        free_searcher(searcher);
        return NULL;
    }
    return searcher;
}

struct searcher *searcher_take(struct searcher_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct searcher *searcher = pool->free;
    if (searcher != NULL) {
        pool->free = searcher->next;
    }
    pthread_mutex_unlock(&pool->lock);
    if (searcher == NULL) {
        return new_searcher(pool);
    }
    arena_reset(&searcher->arena);
    return searcher;
}

void searcher_give(struct searcher_pool *pool, struct searcher *searcher)
{
    pthread_mutex_lock(&pool->lock);
    searcher->next = pool->free;
    pool->free = searcher;
    pthread_mutex_unlock(&pool->lock);
}
