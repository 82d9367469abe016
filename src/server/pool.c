/*
 * pool.c - the threads that search, the one for errands, their queues, and the list of the done.
 *
 * First come, first served: no connection has more requests in the queue than the pool has threads (connection.c), so
 * that one that pipelines does not keep the others waiting. Errands are reloads, which open catalogs and may apply a
 * log, closing what they leave, and gathering figures: no search waits for those. libuv's own pool is not used: it is
 * shared with file system calls and sized for the process. Knows requests only as something to run.
 */
#include "server/core.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <sys/socket.h>

#define WORKER_ARENA_BYTES (64u << 20)
#define RESULT_BYTES_KEPT (1u << 20) /* a larger result is freed, or each thread would keep the largest it ever made */
#define HIT_BYTES 256u               /* of a hit, besides its product */

static struct request *take(struct pool_queue *queue)
{
    struct pool *pool = queue->pool;
    uv_mutex_lock(&pool->mutex);
    while (queue->first == NULL && !pool->stop) {
        uv_cond_wait(&queue->wake, &pool->mutex);
    }
    struct request *request = queue->first;
    if (request != NULL) {
        queue->first = request->queued;
        queue->last = queue->first == NULL ? NULL : queue->last;
        queue->waiting--;
        queue->busy++;
    }
    uv_mutex_unlock(&pool->mutex);
    return request;
}

static bool is_large(const aisle_result *result)
{
    size_t bytes = aisle_result_count(result) * HIT_BYTES;
    aisle_hit hit;
    for (size_t i = 0; bytes <= RESULT_BYTES_KEPT && aisle_result_hit(result, i, &hit) == 0; i++) {
        bytes += hit.product.size;
    }
    return bytes > RESULT_BYTES_KEPT;
}

void worker_tidy(struct worker *worker)
{
    arena_reset(&worker->arena);
    if (worker->result != NULL && is_large(worker->result)) {
        aisle_result_free(worker->result);
        worker->result = NULL;
    }
}

void worker_release(struct worker *worker)
{
    aisle_result_free(worker->result);
    aisle_suggestions_free(worker->suggestions);
    arena_release(&worker->arena);
}

static void work(void *context)
{
    struct pool_queue *queue = context;
    struct pool *pool = queue->pool;
    struct worker worker = {.result = NULL};
    struct request *request;
    arena_init(&worker.arena, WORKER_ARENA_BYTES);
    while ((request = take(queue)) != NULL) {
        request->started_ns = clock_monotonic_ns();
        if (!atomic_load_explicit(&request->cancelled, memory_order_relaxed)) {
            if (request->command != NULL) {
                request_run(request, &worker);
            } else {
                request->run(request);
            }
            worker_tidy(&worker);
        }
        request->ended_ns = clock_monotonic_ns();
        uv_mutex_lock(&pool->mutex);
        queue->busy--;
        uv_mutex_unlock(&pool->mutex);
        pool_done(pool, request);
    }
    worker_release(&worker);
}

/* Writes what the socket takes at once; the loop does the rest, and finds out what went wrong. */
static void write_lent(struct request *request)
{
    int lent = LEND_LENT;
    if (buf_status(&request->reply) != 0 ||
        !atomic_compare_exchange_strong(&request->lend, &lent, LEND_WRITING)) {
        return;
    }
    /* Noted before it is sent: this thread may sleep as soon as the client is awake, which then asks on. */
    request->is_answered = request->command->class == COMMAND_READ;
    if (request->is_answered) {
        atomic_fetch_add(&request->server->brief.written, 1);
    }
    ssize_t put = send(request->lent_fd, request->reply.data, request->reply.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    request->written = put < 0 ? 0 : (size_t)put;
    atomic_store(&request->lend, LEND_WRITTEN);
}

void pool_done(struct pool *pool, struct request *request)
{
    write_lent(request);
    request->queued = NULL;
    uv_mutex_lock(&pool->mutex);
    bool was_empty = pool->done_first == NULL;
    if (was_empty) {
        pool->done_first = request;
    } else {
        pool->done_last->queued = request;
    }
    pool->done_last = request;
    if (was_empty) {
        uv_async_send(&pool->done); /* under the lock: the loop closes it only behind it */
    }
    uv_mutex_unlock(&pool->mutex);
}

void pool_submit(struct pool *pool, struct request *request)
{
    bool is_errand = request->command == NULL || request->command->finish != NULL;
    struct pool_queue *queue = is_errand ? &pool->errands : &pool->reads;
    request->queued = NULL;
    uv_mutex_lock(&pool->mutex);
    if (queue->first == NULL) {
        queue->first = request;
    } else {
        queue->last->queued = request;
    }
    queue->last = request;
    queue->waiting++;
    uv_cond_signal(&queue->wake);
    uv_mutex_unlock(&pool->mutex);
}

void pool_take_done(struct pool *pool)
{
    if (pool->server == NULL) {
        return; /* never started */
    }
    uv_mutex_lock(&pool->mutex);
    struct request *request = pool->done_first;
    pool->done_first = NULL;
    pool->done_last = NULL;
    uv_mutex_unlock(&pool->mutex);
    while (request != NULL) {
        struct request *next = request->queued;
        request->finish(request);
        request = next;
    }
}

static void on_done(uv_async_t *async)
{
    pool_take_done(async->data);
}

int pool_start(struct pool *pool, struct server *server, uint32_t threads, aisle_error *error)
{
    pool->threads = mem_calloc((size_t)threads + 1, sizeof *pool->threads);
    if (pool->threads == NULL) {
        return error_no_memory(error, "the pool");
    }
    pool->reads.pool = pool;
    pool->errands.pool = pool;
    if (uv_mutex_init(&pool->mutex) != 0 || uv_cond_init(&pool->reads.wake) != 0 ||
        uv_cond_init(&pool->errands.wake) != 0 || uv_async_init(&server->loop, &pool->done, on_done) != 0) {
        return error_set(error, AISLE_IO, "the pool cannot be made");
    }
    pool->done.data = pool;
    pool->server = server;
    pool->thread_count = threads;
    for (; pool->started <= threads; pool->started++) {
        struct pool_queue *queue = pool->started < threads ? &pool->reads : &pool->errands;
        int failed = uv_thread_create(&pool->threads[pool->started], work, queue);
        if (failed != 0) {
            return error_set(error, AISLE_IO, "a thread cannot be started: %s", uv_strerror(failed));
        }
    }
    return 0;
}

void pool_stop(struct pool *pool)
{
    if (pool->threads == NULL) {
        return;
    }
    if (pool->started > 0) {
        uv_mutex_lock(&pool->mutex);
        pool->stop = true;
        uv_cond_broadcast(&pool->reads.wake);
        uv_cond_broadcast(&pool->errands.wake);
        uv_mutex_unlock(&pool->mutex);
    }
    for (; pool->started > 0; pool->started--) {
        uv_thread_join(&pool->threads[pool->started - 1]);
    }
    mem_free(pool->threads);
    pool->threads = NULL;
}
