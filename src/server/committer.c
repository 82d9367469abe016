/*
 * committer.c - lending a writer to a thread that commits it.
 *
 * Knows nothing of what is written (writes.c).
 */
#include "server/committer.h"

static void work(void *context)
{
    struct committer *committer = context;
    uv_mutex_lock(&committer->mutex);
    while (true) {
        while ((committer->writer == NULL || committer->is_done) && !committer->stop) {
            uv_cond_wait(&committer->wake, &committer->mutex);
        }
        if (committer->stop) {
            break;
        }
        aisle_writer *writer = committer->writer;
        uv_mutex_unlock(&committer->mutex);
        aisle_error error = {0};
        int status = aisle_commit(writer, &error);
        uv_mutex_lock(&committer->mutex);
        committer->status = status;
        committer->error = error;
        committer->is_done = true;
        uv_cond_broadcast(&committer->wake);
        uv_mutex_unlock(&committer->mutex);
        committer->ended(committer->context);
        uv_mutex_lock(&committer->mutex);
    }
    uv_mutex_unlock(&committer->mutex);
}

int committer_start(struct committer *committer, void (*ended)(void *context), void *context, aisle_error *error)
{
    *committer = (struct committer){.ended = ended, .context = context};
    if (uv_mutex_init(&committer->mutex) != 0) {
        return error_set(error, AISLE_NO_MEMORY, "a committing thread cannot be started");
    }
    if (uv_cond_init(&committer->wake) != 0) {
        uv_mutex_destroy(&committer->mutex);
        return error_set(error, AISLE_NO_MEMORY, "a committing thread cannot be started");
    }
    if (uv_thread_create(&committer->thread, work, committer) != 0) {
        uv_cond_destroy(&committer->wake);
        uv_mutex_destroy(&committer->mutex);
        return error_set(error, AISLE_NO_MEMORY, "a committing thread cannot be started");
    }
    committer->is_started = true;
    return 0;
}

void committer_lend(struct committer *committer, aisle_writer *writer)
{
    uv_mutex_lock(&committer->mutex);
    committer->writer = writer;
    committer->is_done = false;
    uv_cond_signal(&committer->wake);
    uv_mutex_unlock(&committer->mutex);
}

/* Takes the outcome of a commit that is done; under mutex. */
static void take_back(struct committer *committer, int *status, aisle_error *error)
{
    *status = committer->status;
    *error = committer->error;
    committer->writer = NULL;
    committer->is_done = false;
}

bool committer_poll(struct committer *committer, int *status, aisle_error *error)
{
    uv_mutex_lock(&committer->mutex);
    bool is_done = committer->is_done;
    if (is_done) {
        take_back(committer, status, error);
    }
    uv_mutex_unlock(&committer->mutex);
    return is_done;
}

void committer_wait(struct committer *committer, int *status, aisle_error *error)
{
    uv_mutex_lock(&committer->mutex);
    while (!committer->is_done) {
        uv_cond_wait(&committer->wake, &committer->mutex);
    }
    take_back(committer, status, error);
    uv_mutex_unlock(&committer->mutex);
}

void committer_stop(struct committer *committer)
{
    if (!committer->is_started) {
        return;
    }
    uv_mutex_lock(&committer->mutex);
    committer->stop = true;
    uv_cond_broadcast(&committer->wake);
    uv_mutex_unlock(&committer->mutex);
    uv_thread_join(&committer->thread);
    uv_cond_destroy(&committer->wake);
    uv_mutex_destroy(&committer->mutex);
    committer->is_started = false;
}
