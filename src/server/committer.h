/*
 * committer.h - the thread that commits, so that writes are acknowledged meanwhile.
 *
 * A commit takes as long as the products since the last one, which may be seconds; an acknowledgement takes a sync of
 * the change log. The writing thread lends its writer for the time of a commit and gets it back with the outcome.
 *
 * Thread rule: the writing thread's, which alone calls these.
 */
#ifndef AISLE_SERVER_COMMITTER_H
#define AISLE_SERVER_COMMITTER_H

#include "server/core.h"

struct committer {
    uv_mutex_t mutex;
    uv_cond_t wake;
    uv_thread_t thread;
    bool is_started;
    void (*ended)(void *context); /* called by its thread when a commit has ended */
    void *context;
    aisle_writer *writer; /* lent, while a commit is wanted; under mutex, as what follows */
    bool is_done;
    bool stop;
    int status;
    aisle_error error;
};

/* Starts the thread. AISLE_NO_MEMORY. */
must_check int committer_start(struct committer *committer, void (*ended)(void *context), void *context,
                               aisle_error *error);

/* Begins to commit the writer, which is the committer's until committer_poll or committer_wait has told the end. */
void committer_lend(struct committer *committer, aisle_writer *writer);

/* Whether the commit has ended; then *status and error are its outcome. */
bool committer_poll(struct committer *committer, int *status, aisle_error *error);

/* Waits for that. */
void committer_wait(struct committer *committer, int *status, aisle_error *error);

/* Ends the thread, which has no writer; nothing for one that was not started. */
void committer_stop(struct committer *committer);

#endif
