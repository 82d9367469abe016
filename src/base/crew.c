/*
 * crew.c - helpers, the searches that are open to them, and the lock between.
 *
 * A search is in the list of open ones from when it begins until the first of its workers is through: then nothing is
 * left to hand out, and who has not begun yet need not. Its memory is the caller's stack, which stays until running,
 * the helpers that are at it, is 0.
 */
#include "base/crew.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <pthread.h>

/* What nearly all queries get by with: a room of 140 KB, 3 KB a list and part. */
#define ARENA_BYTES ((size_t)512 << 10)

struct job {
    crew_work *work;
    void *context;
    uint32_t members; /* that have begun, the caller included */
    uint32_t most;
    uint32_t running; /* helpers that are at it */
    bool is_open;     /* it is in the list */
    struct job *next;
};

struct helper {
    struct crew *crew;
    pthread_t thread;
    struct arena arena; /* its thread's alone */
};

struct crew {
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;  /* a job was opened, or stop */
    pthread_cond_t rest;  /* a helper is through with a job */
    struct job *jobs;
    bool stop;
    size_t keep_bytes;
    uint32_t helper_count; /* whose threads run */
    struct helper *helpers;
};

/* ---- under the lock ---- */

static void close_job(struct crew *crew, struct job *job)
{
    struct job **link = &crew->jobs;
    if (!job->is_open) {
        return;
    }
    while (*link != job) {
        link = &(*link)->next;
    }
    *link = job->next;
    job->is_open = false;
}

static void help(struct crew *crew, struct job *job, struct arena *arena)
{
    uint32_t member = job->members++;
    job->running++;
    if (job->members > job->most) {
        close_job(crew, job);
    }
    pthread_mutex_unlock(&crew->lock);
    if (crew->keep_bytes >= ARENA_BYTES) {
        arena_reserve(arena, ARENA_BYTES);
    }
    job->work(job->context, member, arena);
    arena_reset(arena);
    if (arena->total_bytes > crew->keep_bytes) {
        arena_release(arena);
    }
    pthread_mutex_lock(&crew->lock);
    close_job(crew, job);
    if (--job->running == 0) {
        pthread_cond_broadcast(&crew->rest);
    }
}

/* ---- threads ---- */

static void *run_helper(void *context)
{
    struct helper *helper = context;
    struct crew *crew = helper->crew;
    pthread_mutex_lock(&crew->lock);
    while (!crew->stop) {
        if (crew->jobs != NULL) {
            help(crew, crew->jobs, &helper->arena);
        } else {
            pthread_cond_wait(&crew->wake, &crew->lock);
        }
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static int init_locks(struct crew *crew)
{
    if (pthread_mutex_init(&crew->lock, NULL) != 0) {
        return AISLE_NO_MEMORY;
    }
    if (pthread_cond_init(&crew->wake, NULL) != 0) {
        goto fail_wake;
    }
    if (pthread_cond_init(&crew->rest, NULL) != 0) {
        goto fail_rest;
    }
    return 0;
fail_rest:
    pthread_cond_destroy(&crew->wake);
fail_wake:
    pthread_mutex_destroy(&crew->lock);
    return AISLE_NO_MEMORY;
}

int crew_new(uint32_t helpers, size_t keep_bytes, struct crew **out)
{
    struct crew *crew = mem_calloc(1, sizeof *crew);
    *out = NULL;
    if (crew == NULL) {
        return AISLE_NO_MEMORY;
    }
    crew->keep_bytes = keep_bytes;
    crew->helpers = mem_calloc(helpers, sizeof *crew->helpers);
    if (crew->helpers == NULL || init_locks(crew) != 0) {
        mem_free(crew->helpers);
        mem_free(crew);
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < helpers; i++) {
        struct helper *helper = &crew->helpers[i];
        helper->crew = crew;
        arena_init(&helper->arena, LIMIT_QUERY_MEMORY_BYTES);
        if (pthread_create(&helper->thread, NULL, run_helper, helper) != 0) {
            crew_free(crew, false);
            return AISLE_NO_MEMORY;
        }
        crew->helper_count++;
    }
    *out = crew;
    return 0;
}

void crew_free(struct crew *crew, bool forked)
{
    if (crew == NULL || forked) {
        return;
    }
    pthread_mutex_lock(&crew->lock);
    crew->stop = true;
    pthread_cond_broadcast(&crew->wake);
    pthread_mutex_unlock(&crew->lock);
    for (uint32_t i = 0; i < crew->helper_count; i++) {
        pthread_join(crew->helpers[i].thread, NULL);
        arena_release(&crew->helpers[i].arena);
    }
    pthread_cond_destroy(&crew->rest);
    pthread_cond_destroy(&crew->wake);
    pthread_mutex_destroy(&crew->lock);
    mem_free(crew->helpers);
    mem_free(crew);
}

uint32_t crew_helpers(const struct crew *crew)
{
    return crew->helper_count;
}

void crew_run(struct crew *crew, uint32_t helpers, crew_work *work, void *context, struct arena *arena)
{
    struct job job = {.work = work, .context = context, .members = 1, .most = helpers, .is_open = true};
    pthread_mutex_lock(&crew->lock);
    job.next = crew->jobs;
    crew->jobs = &job;
    for (uint32_t i = 0; i < helpers && i < crew->helper_count; i++) {
        pthread_cond_signal(&crew->wake);
    }
    pthread_mutex_unlock(&crew->lock);
    work(context, 0, arena);
    pthread_mutex_lock(&crew->lock);
    close_job(crew, &job);
    while (job.running != 0) {
        pthread_cond_wait(&crew->rest, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
}
