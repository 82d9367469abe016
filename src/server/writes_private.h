/*
 * writes_private.h - what the two halves of the writing thread share: writes.c (batches, answers, the thread) and
 * writes_commit.c (the catalog's writer, applying the log, commits).
 *
 * Thread rule: the writing thread's, but for what stands under the mutex.
 */
#ifndef AISLE_SERVER_WRITES_PRIVATE_H
#define AISLE_SERVER_WRITES_PRIVATE_H

#include "server/change_line.h"
#include "server/changes.h"
#include "server/committer.h"
#include "server/keys.h"
#include "server/writes.h"

#define WRITES_SOURCE "aisle-serve"
#define WRITES_IDENTITY UINT64_C(0x6169736c652d3031) /* one for ever: a lost log goes on behind (changes.h) */
#define WRITES_BATCH_MAX 512u
#define WRITES_CLIENT_BITS 4096u

struct write {
    struct request *request;
    struct change_line line;
    uint64_t digest;
    bool wants_visible;
    bool is_taken;  /* by the writer or ahead of it, and appended */
    bool is_held;   /* until the commit has ended */
    bool is_repeat; /* of a key that stands in keys, or earlier in this batch */
};

/* Requests in order. */
struct waiting {
    struct request *first, *last;
};

struct writes {
    struct server *server;
    aisle *handle;
    uint64_t commit_ns;
    uint64_t keep_bytes;
    uint64_t idle_ns;        /* without a write, before the writer is given back */
    uv_mutex_t mutex;
    uv_cond_t wake;
    uv_thread_t thread;
    struct waiting queue;         /* under mutex */
    bool stop;                    /* under mutex */
    bool committer_ended;         /* under mutex: look at it */
    struct writes_figures told;   /* under mutex: what others are told */
    /* The thread's: */
    aisle_writer *writer; /* NULL: not taken */
    struct changes changes;
    struct keys keys;
    struct buf scratch;
    uint64_t next_seq;
    struct committer committer;
    bool is_recovering;      /* it is being opened: a damaged log is an error */
    bool is_catalogs_fault;  /* that a line of the log could not be applied */
    bool is_committing;      /* the committer has the writer */
    uint64_t committing;     /* offset in the log that it had then */
    uint64_t applied;        /* offset in the log that the writer has */
    uint64_t slice_end_ns;   /* of applying the log */
    uint64_t committed;      /* and the catalog */
    uint64_t dirty_ns;       /* since when there is something to commit; 0: there is nothing */
    uint64_t unseen_ns;      /* when the oldest line that searches do not see was synced; 0: they see all */
    uint64_t next_unseen_ns; /* and of those behind what is being committed */
    uint64_t active_ns;      /* of the last write */
    uint64_t retry_ns;       /* before that, what the log has is not brought to a writer again */
    uint64_t retry_wait_ns;  /* doubled by each failure to */
    bool is_failing;         /* the log could not be appended to the last time, as the server's log says */
    struct writes_figures figures;
    struct waiting visible;  /* that wait for a commit of their lines */
    struct waiting hiding;   /* that wait for the one under way */
    struct waiting held;     /* that are carried out when it has ended */
    uint64_t held_clients[WRITES_CLIENT_BITS / 64]; /* whose they are, and maybe others */
    struct write batch[WRITES_BATCH_MAX];
    uint32_t batch_count;
};

void waiting_push(struct waiting *waiting, struct request *request);
struct request *waiting_pop(struct waiting *waiting);

/* writes.c: answers with an error; answers all, NULL: with what they have. */
void writes_fail(struct request *request, const aisle_error *error);
void writes_finish_all(struct writes *writes, struct waiting *waiting, const aisle_error *error);

/* writes_commit.c: gives the writer back, with what it has not committed. */
void writes_drop_writer(struct writes *writes);

/* Whether the log has what the writer has not. */
bool writes_is_ahead(const struct writes *writes);

/* Whether the log has writes that neither the catalog nor a writer has: a commit failed, or the writer was lost. */
bool writes_is_behind(const struct writes *writes);

/* Whether the status speaks of a write alone, and the writer goes on. */
bool writes_own_fault(int status);

/* Tells the writer that it has the log up to offset, where the write seq ends; puts a line to it. */
must_check int writes_mark(struct writes *writes, uint64_t offset, uint64_t seq, aisle_error *error);
must_check int writes_apply(struct writes *writes, struct change_line *line, aisle_error *error);

/* Becomes the catalog's writer and applies what the log has beyond the catalog. */
must_check int writes_take_writer(struct writes *writes, aisle_error *error);

/* Brings what the log has ahead to the writer, until then. A failure leaves no writer. */
must_check int writes_apply_until(struct writes *writes, uint64_t end_ns, aisle_error *error);

/* Brings what the log has to a writer, so that it becomes visible although nobody writes; failures are tried again. */
void writes_catch_up(struct writes *writes, uint64_t now_ns);

/* Lends the writer to the committer, with the requests that wait to see what it has. */
void writes_begin_commit(struct writes *writes);

/* Takes it back with the outcome; writes_look_at_commit: if there is one. */
void writes_end_commit(struct writes *writes, int status, const aisle_error *error);
void writes_look_at_commit(struct writes *writes);

#endif
