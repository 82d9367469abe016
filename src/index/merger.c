/*
 * merger.c - the thread that merges: its sleep, its work, its end, at which the writer's thread takes part.
 */
#include "index/merger.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A load commits every half minute; when nothing has come for so long, it is over. */
#define LOADING_SECONDS 90

#define MERGER_NICE 10 /* more than who began the writer: a tenth of a processor that others want, too */

int merger_init(struct merger *merger, struct shard_writer *shards, uint32_t shard_count, uint64_t bytes_per_second)
{
    *merger = (struct merger){
        .shards = shards, .shard_count = shard_count, .bytes_per_second = bytes_per_second};
    atomic_init(&merger->cancel, false);
    if (pthread_mutex_init(&merger->lock, NULL) != 0) {
        return AISLE_NO_MEMORY;
    }
    if (pthread_cond_init(&merger->wake, NULL) != 0) {
        pthread_mutex_destroy(&merger->lock);
        return AISLE_NO_MEMORY;
    }
    if (pthread_cond_init(&merger->rest, NULL) != 0) {
        pthread_cond_destroy(&merger->wake);
        pthread_mutex_destroy(&merger->lock);
        return AISLE_NO_MEMORY;
    }
    merger->ready = true;
    return 0;
}

/* ---- the thread ---- */

static void note_end(struct merger *merger, int status, const aisle_error *error)
{
    pthread_mutex_lock(&merger->lock);
    if (status != 0 && status != AISLE_BUSY && !merge_can_wait(status) && merger->status == 0) {
        merger->status = status;
        merger->error = *error;
    }
    pthread_cond_broadcast(&merger->rest);
    pthread_mutex_unlock(&merger->lock);
}

/* Merges in one shard until there is nothing to merge or a merge fails: then the next commit tries again. */
static void merge_shard(struct merger *merger, struct shard_writer *shard, bool at_the_end)
{
    struct merge_order order = {.bytes_max = UINT64_MAX,
                                .at_the_end = at_the_end,
                                .cancel = &merger->cancel,
                                .bytes_per_second = merger->bytes_per_second};
    for (bool merged = true; merged && !atomic_load(&merger->cancel);) {
        aisle_error error = {.code = 0};
        pthread_mutex_lock(&merger->lock);
        order.loading = merger->loading;
        pthread_mutex_unlock(&merger->lock);
        int status = shard_writer_merge(shard, &order, &merged, &error);
        merged = merged && status == 0;
        note_end(merger, status, &error);
    }
}

static void merge_shards(struct merger *merger, bool at_the_end)
{
    for (uint32_t i = 0; i < merger->shard_count; i++) {
        merge_shard(merger, &merger->shards[i], at_the_end);
    }
}

/* Under the lock: until there is something to do. */
static void sleep_until_woken(struct merger *merger)
{
    struct timespec until;
    while (!merger->wanted && !merger->stop) {
        if (!merger->loading) {
            pthread_cond_wait(&merger->wake, &merger->lock);
            continue;
        }
        clock_gettime(CLOCK_REALTIME, &until); /* the conditions' clock; should it jump, that merges sooner or later */
        until.tv_sec += LOADING_SECONDS;
        if (pthread_cond_timedwait(&merger->wake, &merger->lock, &until) == ETIMEDOUT) {
            merger->loading = false;
            merger->wanted = true;
        }
    }
}

/*
 * Where processors are short, searches and whoever writes go before merges, which only save later work. Not by much:
 * a merge that ends holds the lock for a moment. On Linux a priority is of a thread; what cannot be lowered stays.
 */
static void stand_back(void)
{
    id_t thread = (id_t)syscall(SYS_gettid);
    errno = 0;
    int nice = getpriority(PRIO_PROCESS, thread);
    if (nice != -1 || errno == 0) {
        (void)setpriority(PRIO_PROCESS, thread, nice + MERGER_NICE);
    }
}

static void *run_merger(void *context)
{
    struct merger *merger = context;
    stand_back();
    pthread_mutex_lock(&merger->lock);
    for (;;) {
        sleep_until_woken(merger);
        if (!merger->wanted) {
            break;
        }
        merger->wanted = false;
        merger->busy = true;
        pthread_mutex_unlock(&merger->lock);
        merge_shards(merger, false);
        pthread_mutex_lock(&merger->lock);
        merger->busy = false;
        pthread_cond_broadcast(&merger->rest);
    }
    pthread_mutex_unlock(&merger->lock);
    return NULL;
}

/* ---- the writer's side ---- */

bool merger_wake(struct merger *merger, bool loading)
{
    pthread_mutex_lock(&merger->lock);
    if (!merger->running) {
        merger->running = pthread_create(&merger->thread, NULL, run_merger, merger) == 0;
    }
    merger->wanted = merger->running;
    merger->loading = loading && merger->running;
    pthread_cond_signal(&merger->wake);
    bool running = merger->running;
    pthread_mutex_unlock(&merger->lock);
    return running;
}

bool merger_busy(struct merger *merger)
{
    pthread_mutex_lock(&merger->lock);
    bool busy = merger->busy || merger->wanted;
    pthread_mutex_unlock(&merger->lock);
    return busy;
}

void merger_wait(struct merger *merger)
{
    pthread_mutex_lock(&merger->lock);
    if (merger->busy || merger->wanted) {
        pthread_cond_wait(&merger->rest, &merger->lock);
    }
    pthread_mutex_unlock(&merger->lock);
}

void merger_hush(struct merger *merger)
{
    pthread_mutex_lock(&merger->lock);
    merger->wanted = false;
    atomic_store(&merger->cancel, true);
    while (merger->busy) {
        pthread_cond_wait(&merger->rest, &merger->lock);
    }
    atomic_store(&merger->cancel, false);
    pthread_mutex_unlock(&merger->lock);
}

int merger_failure(struct merger *merger, aisle_error *error)
{
    pthread_mutex_lock(&merger->lock);
    int status = merger->status;
    merger->status = 0;
    if (status != 0 && error != NULL) {
        *error = merger->error;
    }
    pthread_mutex_unlock(&merger->lock);
    return status;
}

void merger_release(struct merger *merger, bool finish)
{
    if (!merger->ready) {
        return;
    }
    if (!finish) {
        merger_hush(merger);
    }
    pthread_mutex_lock(&merger->lock);
    merger->stop = true;
    merger->wanted = merger->wanted || (finish && merger->loading);
    merger->loading = false;
    bool helps = finish && merger->bytes_per_second == 0 && (merger->wanted || merger->busy);
    pthread_cond_signal(&merger->wake);
    pthread_mutex_unlock(&merger->lock);
    if (merger->running && helps) {
        /* A large load leaves much, and memory indexes are empty by now: words want many passes with less. */
        merge_shards(merger, true);
    }
    if (merger->running) {
        pthread_join(merger->thread, NULL);
    }
    pthread_cond_destroy(&merger->rest);
    pthread_cond_destroy(&merger->wake);
    pthread_mutex_destroy(&merger->lock);
    *merger = (struct merger){.ready = false};
}
