/*
 * writes.c - the writing thread: batches, acknowledgements, commits, recovery.
 *
 * Order of a batch, each step only when the one before succeeded:
 *   1. every write is put to the writer, with the log offset that its line will end at
 *   2. their lines are appended to the log and synced
 *   3. they are acknowledged; their keys are remembered
 *   4. now and then: commit, on a thread of its own, then acknowledge those that asked to be visible
 * When 2 fails, the writer holds writes that the log does not: it is freed and what the log has is applied anew.
 *
 * While a commit runs, the log goes *ahead* of the writer: a PUT is checked without it, appended and acknowledged, and
 * put to the writer from the log later, a few milliseconds' worth at a time. What only the writer can judge, a PATCH or
 * DEL, waits for the commit to end, and so does what its client sends behind it.
 */
#include "server/writes_private.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "server/write_arguments.h"

#include <stdio.h>

#define SYNC_BYTES ((size_t)32 << 20) /* of a batch's lines, that are synced before more of it is taken (changes.c) */
#define SLEEP_NS UINT64_C(10000000000)        /* at most: what is to be done wakes */
#define KEYS_READ_BYTES (UINT64_C(128) << 20) /* of the log's end, searched for keys when it is opened */
#define LINE_BYTES_MAX (2u * LIMIT_LINE_BYTES)
#define AHEAD_BYTES_MAX ((uint64_t)16 << 20) /* of the log that the writer has not: more writes wait for it */
#define SLICE_NS UINT64_C(5000000)           /* of putting them to the writer, before new ones have their turn */

/* --------------------------------------------------------------------------------------------- answering -- */

static void finish(struct writes *writes, struct request *request)
{
    request->ended_ns = clock_monotonic_ns();
    pool_done(&writes->server->pool, request);
}

void writes_fail(struct request *request, const aisle_error *error)
{
    const struct reply reply = {&request->reply, request->version};
    char message[sizeof error->message + 32];
    int size = snprintf(message, sizeof message, "%s",
                        error->message[0] != '\0' ? error->message : aisle_error_text(error->code));
    if (error->code == AISLE_BAD_PRODUCT && error->position != 0) {
        snprintf(message + size, sizeof message - (size_t)size, " (byte %zu)", error->position);
    }
    buf_clear(&request->reply);
    reply_error(&reply, call_code(error->code), message);
    request->failed = true;
}

/* The answer: the write's number in the log, or 0 for a delete that found nothing. */
static void answer(struct request *request, uint64_t seq, bool found)
{
    const struct reply reply = {&request->reply, request->version};
    reply_unsigned(&reply, found ? seq : 0);
}

void waiting_push(struct waiting *waiting, struct request *request)
{
    request->queued = NULL;
    if (waiting->first == NULL) {
        waiting->first = request;
    } else {
        waiting->last->queued = request;
    }
    waiting->last = request;
}

struct request *waiting_pop(struct waiting *waiting)
{
    struct request *request = waiting->first;
    if (request != NULL) {
        waiting->first = request->queued;
        waiting->last = waiting->first == NULL ? NULL : waiting->last;
    }
    return request;
}

void writes_finish_all(struct writes *writes, struct waiting *waiting, const aisle_error *error)
{
    struct request *request;
    while ((request = waiting_pop(waiting)) != NULL) {
        if (error != NULL) {
            writes_fail(request, error);
        }
        finish(writes, request);
    }
}

/* --------------------------------------------------------------------------------------------- one batch -- */

/* The body as the log will have it, so that its digest is the same when the log is read again. */
static void flatten(struct write *write)
{
    uint8_t *p = (uint8_t *)(uintptr_t)write->line.body.data; /* the request's own copy */
    for (size_t i = 0; i < write->line.body.size; i++) {
        p[i] = p[i] == '\n' || p[i] == '\r' ? ' ' : p[i];
    }
    write->digest = change_line_digest(&write->line);
}

/* An earlier write of this batch with the same key, that is not settled. */
static const struct write *find_in_batch(const struct writes *writes, struct bytes key)
{
    for (uint32_t i = 0; i < writes->batch_count; i++) {
        const struct write *write = &writes->batch[i];
        if (write->is_taken && bytes_equal(write->line.key, key)) {
            return write;
        }
    }
    return NULL;
}

/* Whether a write with its key was done before; then its result is taken from there. */
static int look_up_key(struct writes *writes, struct write *write, aisle_error *error)
{
    if (write->line.key.size == 0) {
        return 0;
    }
    const struct keys_entry *known = keys_find(&writes->keys, write->line.key);
    const struct write *earlier = known == NULL ? find_in_batch(writes, write->line.key) : NULL;
    if (known == NULL && earlier == NULL) {
        return 0;
    }
    if ((known != NULL ? known->digest : earlier->digest) != write->digest) {
        return error_set(error, AISLE_INVALID, "this key was used for another write");
    }
    write->is_repeat = true;
    write->line.seq = known != NULL ? known->seq : earlier->line.seq;
    write->line.found = known != NULL ? known->found : earlier->line.found;
    return 0;
}

static int compose(struct writes *writes, const struct change_line *line, aisle_error *error)
{
    buf_clear(&writes->scratch);
    change_line_put(&writes->scratch, line);
    return buf_status(&writes->scratch) == 0 ? 0 : error_no_memory(error, "a write");
}

/*
 * Takes the write to the writer and its line to the log's pending ones. A status that is not the write's own fault
 * leaves a writer that can only be freed.
 */
static int take(struct writes *writes, struct write *write, aisle_error *error)
{
    struct change_line *line = &write->line;
    line->seq = writes->next_seq;
    line->time_ms = clock_wall_ms();
    line->found = true;
    int status = compose(writes, line, error);
    uint64_t end = writes->changes.end + writes->changes.pending.size + writes->scratch.size;
    status = status != 0 ? status : writes_mark(writes, end, line->seq, error);
    status = status != 0 ? status : writes_apply(writes, line, error);
    if (writes_own_fault(status)) {
        /* The position must not stand behind a line that the log will not have. */
        int marked = writes_mark(writes, writes->changes.end + writes->changes.pending.size, line->seq - 1, error);
        return marked != 0 ? marked : status;
    }
    if (status == 0 && !line->found) {
        status = compose(writes, line, error); /* as long as before */
    }
    if (status == 0 && changes_append(&writes->changes, buf_bytes(&writes->scratch)) == 0) {
        status = error_no_memory(error, "the change log");
    }
    write->is_taken = status == 0;
    writes->next_seq += status == 0;
    return status;
}

static uint32_t client_bit(const struct request *request)
{
    return (uint32_t)(request->client % WRITES_CLIENT_BITS);
}

/* Whether the log is as far ahead as it may be. */
static bool is_far_ahead(const struct writes *writes)
{
    return writes->changes.end + writes->changes.pending.size > writes->applied + AHEAD_BYTES_MAX;
}

/* Whether the write has to wait for the commit's end: the writer must judge it, or it is behind one of its client's. */
static bool must_wait(const struct writes *writes, const struct write *write)
{
    uint32_t bit = client_bit(write->request);
    return writes->is_committing &&
           (write->line.op != CHANGE_LINE_PUT || (writes->held_clients[bit / 64] >> bit % 64 & 1) != 0 ||
            is_far_ahead(writes));
}

static void hold(struct writes *writes, struct write *write)
{
    uint32_t bit = client_bit(write->request);
    write->is_held = true;
    writes->held_clients[bit / 64] |= UINT64_C(1) << bit % 64;
    waiting_push(&writes->held, write->request);
}

/* Takes a PUT to the log's pending lines alone. */
static int take_ahead(struct writes *writes, struct write *write, aisle_error *error)
{
    struct change_line *line = &write->line;
    const aisle_bytes body = {(const char *)line->body.data, line->body.size};
    int status = aisle_check_product(writes->handle, body, error);
    if (status != 0) {
        return status;
    }
    line->seq = writes->next_seq;
    line->time_ms = clock_wall_ms();
    line->found = true;
    status = compose(writes, line, error);
    if (status == 0 && changes_append(&writes->changes, buf_bytes(&writes->scratch)) == 0) {
        status = error_no_memory(error, "the change log");
    }
    write->is_taken = status == 0;
    writes->next_seq += status == 0;
    return status;
}

/* Takes a write that is no repeat. AISLE_END: what is pending must be synced first, so that the writer can have it. */
static int take_one(struct writes *writes, struct write *write, bool *is_broken, aisle_error *error)
{
    int status = changes_refuse(&writes->changes, error);
    if (status != 0) {
        return status;
    }
    if (writes_is_ahead(writes) && write->line.op == CHANGE_LINE_PUT && !is_far_ahead(writes)) {
        return take_ahead(writes, write, error);
    }
    if (writes_is_ahead(writes)) {
        if (writes->changes.pending.size > 0) {
            return AISLE_END;
        }
        status = writes_apply_until(writes, UINT64_MAX, error);
        if (status != 0) {
            return status;
        }
    }
    status = writes_take_writer(writes, error);
    status = status != 0 ? status : changes_refuse(&writes->changes, error); /* reading it may have told so */
    if (status == 0) {
        status = take(writes, write, error);
        *is_broken = status != 0 && !writes_own_fault(status);
    }
    return status;
}

/* Carries out writes from the batch's i-th on until one breaks the writer or there is much to sync; behind which. */
static uint32_t take_some(struct writes *writes, uint32_t i, bool *is_broken)
{
    for (; i < writes->batch_count && !*is_broken && writes->changes.pending.size < SYNC_BYTES; i++) {
        struct write *write = &writes->batch[i];
        aisle_error error = {0};
        write->request->started_ns = clock_monotonic_ns();
        int status = write_arguments_read(write->request, &write->line, &write->wants_visible, &error);
        if (status == 0 && must_wait(writes, write)) {
            hold(writes, write);
            continue;
        }
        if (status == 0) {
            flatten(write);
            status = look_up_key(writes, write, &error);
        }
        if (status == 0 && !write->is_repeat) {
            status = take_one(writes, write, is_broken, &error);
            if (status == AISLE_END) {
                *write = (struct write){.request = write->request}; /* to be read again */
                break;
            }
        }
        if (status != 0) {
            writes_fail(write->request, &error);
        }
        write->request->log_end = writes->changes.end + writes->changes.pending.size;
    }
    return i;
}

static void settle_one(struct writes *writes, struct write *write, const aisle_error *error)
{
    struct request *request = write->request;
    if (write->is_held) {
        return;
    }
    bool done = write->is_taken || write->is_repeat;
    if (done && error->code != 0) {
        writes_fail(request, error);
        done = false;
    }
    if (done) {
        answer(request, write->line.seq, write->line.found);
    }
    if (write->is_taken && error->code == 0 && write->line.key.size > 0 &&
        keys_add(&writes->keys, write->line.key, write->digest, write->line.seq, write->line.found) != 0) {
        server_log("%s: out of memory: the key of write %llu is not remembered", writes->changes.folder,
                   (unsigned long long)write->line.seq);
    }
    write->is_taken = false; /* its request, and the key there, may go any time now */
    bool is_visible = writes->writer == NULL && !writes_is_behind(writes); /* else a repeat has to wait, too */
    if (!done || !write->wants_visible || is_visible) {
        finish(writes, request);
        return;
    }
    waiting_push(&writes->visible, request);
}

/* Lines were synced that searches do not see. */
static void note_unseen(struct writes *writes)
{
    uint64_t *since = writes->is_committing && writes->unseen_ns != 0 ? &writes->next_unseen_ns : &writes->unseen_ns;
    *since = *since == 0 ? clock_monotonic_ns() : *since;
}

/* Makes the batch's writes from first to before end durable, and answers them. */
static void settle(struct writes *writes, uint32_t first, uint32_t end, bool is_broken)
{
    aisle_error error = {0};
    bool any = writes->changes.pending.size > 0;
    bool ahead = writes_is_ahead(writes);
    int status = changes_sync(&writes->changes, &error);
    if (status != 0 && !writes->is_failing) { /* once, not for each of those that are refused */
        server_log("writes are refused: %s", error.message);
    } else if (status == 0 && any && writes->is_failing) {
        server_log("writes are taken again into %s", writes->changes.folder);
    }
    writes->is_failing = status != 0 || (writes->is_failing && !any);
    if (status == 0 && any && !ahead) {
        writes->applied = writes->changes.end;
        writes->dirty_ns = writes->dirty_ns == 0 ? clock_monotonic_ns() : writes->dirty_ns;
    }
    if (status == 0 && any) {
        note_unseen(writes);
    }
    for (uint32_t i = first; i < end; i++) {
        settle_one(writes, &writes->batch[i], &error);
    }
    if ((status != 0 && any && !ahead) || is_broken) {
        writes_drop_writer(writes);
        writes->retry_ns = clock_monotonic_ns() + writes->commit_ns;
    }
}

static void run_batch(struct writes *writes)
{
    uint32_t next = 0;
    aisle_error error = {0};
    writes->active_ns = writes->batch_count > 0 ? clock_monotonic_ns() : writes->active_ns;
    if (writes->batch_count > 0 && !writes->changes.is_lost && changes_check(&writes->changes, &error) != 0) {
        server_log("%s", error.message);
    }
    while (next < writes->batch_count) {
        uint32_t first = next;
        bool is_broken = false;
        next = take_some(writes, first, &is_broken);
        settle(writes, first, next, is_broken);
        if (is_broken && writes->visible.first != NULL) {
            if (writes_take_writer(writes, &error) != 0) {
                writes_finish_all(writes, &writes->visible, &error);
            }
        }
    }
    writes->batch_count = 0;
}

/* ------------------------------------------------------------------------------------------- the thread -- */

/* How long to sleep, in nanoseconds: to the next commit, or to when the writer is given back. */
static uint64_t patience(const struct writes *writes, uint64_t now)
{
    uint64_t due = UINT64_MAX;
    if (writes->is_committing) {
        return SLEEP_NS; /* its end wakes */
    }
    if (writes_is_ahead(writes) || writes->visible.first != NULL) {
        return 0;
    }
    if (writes->dirty_ns != 0) {
        due = writes->dirty_ns + writes->commit_ns;
    } else if (writes_is_behind(writes)) {
        due = writes->retry_ns;
    } else if (writes->writer != NULL) {
        due = writes->active_ns + writes->idle_ns;
    }
    return due == UINT64_MAX ? SLEEP_NS : due > now ? due - now : 0;
}

/* Under the mutex. */
static void tell(struct writes *writes)
{
    writes->told = writes->figures;
    writes->told.is_refusing = writes->changes.is_lost;
    writes->told.unseen_ns = writes->unseen_ns;
    writes->told.unseen_bytes = writes->unseen_ns == 0 ? 0 : writes->changes.end - writes->committed;
}

void writes_look(struct writes *writes, struct writes_figures *out)
{
    uv_mutex_lock(&writes->mutex);
    *out = writes->told;
    uv_mutex_unlock(&writes->mutex);
}

/* Moves what is queued into the batch, waiting for something to do; false at the end. */
static bool collect(struct writes *writes)
{
    struct request *request;
    uv_mutex_lock(&writes->mutex);
    uint64_t wait = patience(writes, clock_monotonic_ns());
    bool wakes = writes->is_committing || !writes->stop;
    tell(writes);
    if (writes->queue.first == NULL && wakes && wait > 0 && !(writes->is_committing && writes->committer_ended)) {
        (void)uv_cond_timedwait(&writes->wake, &writes->mutex, wait);
    }
    writes->committer_ended = false;
    while (writes->batch_count < WRITES_BATCH_MAX && (request = waiting_pop(&writes->queue)) != NULL) {
        writes->batch[writes->batch_count++] = (struct write){.request = request};
    }
    bool go_on = writes->batch_count > 0 || writes->is_committing || !writes->stop;
    uv_mutex_unlock(&writes->mutex);
    return go_on;
}

/* By the committer's thread. */
static void on_commit_ended(void *context)
{
    struct writes *writes = context;
    uv_mutex_lock(&writes->mutex);
    writes->committer_ended = true;
    uv_cond_signal(&writes->wake);
    uv_mutex_unlock(&writes->mutex);
}

/* What is to be done between batches: putting what is ahead to the writer, committing, giving the writer back. */
static void look_after(struct writes *writes)
{
    uint64_t now = clock_monotonic_ns();
    aisle_error error = {0};
    if (!writes->is_committing && writes_is_ahead(writes) && writes_apply_until(writes, now + SLICE_NS, &error) != 0) {
        server_log("the catalog of %s stays behind it: %s", writes->changes.folder, error.message);
    }
    bool is_wanted = writes->visible.first != NULL &&
                     (writes->writer == NULL || writes->visible.first->log_end <= writes->applied);
    bool is_due = writes->dirty_ns != 0 && now >= writes->dirty_ns + writes->commit_ns;
    if (!writes->is_committing && (is_wanted || is_due)) {
        writes_begin_commit(writes);
    }
    bool is_idle = !writes->is_committing && writes->dirty_ns == 0 && !writes_is_ahead(writes);
    if (is_idle && writes_is_behind(writes) && now >= writes->retry_ns) {
        writes_catch_up(writes, now);
    } else if (is_idle && now >= writes->active_ns + writes->idle_ns) {
        writes_drop_writer(writes);
    }
}

/* The end: all that was acknowledged is committed, as far as it can be. */
static void commit_rest(struct writes *writes)
{
    aisle_error error = {0};
    int status = 0;
    if (writes_is_ahead(writes) && writes_apply_until(writes, UINT64_MAX, &error) != 0) {
        server_log("the change log %s has what is not committed: %s", writes->changes.folder, error.message);
    }
    if (writes->dirty_ns != 0 || writes->visible.first != NULL) {
        writes_begin_commit(writes);
    }
    if (writes->is_committing) {
        committer_wait(&writes->committer, &status, &error);
        writes_end_commit(writes, status, &error);
    }
    aisle_writer_abandon(writes->writer); /* merges would hold up the end; the next writer goes on with them */
    writes->writer = NULL;
    writes_drop_writer(writes);
}

static void work(void *context)
{
    struct writes *writes = context;
    while (collect(writes)) {
        run_batch(writes);
        writes_look_at_commit(writes); /* not before: what it releases is older than the batch */
        look_after(writes);
    }
    commit_rest(writes);
}

void writes_submit(struct writes *writes, struct request *request)
{
    uv_mutex_lock(&writes->mutex);
    waiting_push(&writes->queue, request);
    uv_cond_signal(&writes->wake);
    uv_mutex_unlock(&writes->mutex);
}

/* -------------------------------------------------------------------------------------- opening, closing -- */

/* A line of the log's end: its key and number are remembered. */
static int remember(void *context, struct bytes text, uint64_t end, aisle_error *error)
{
    struct writes *writes = context;
    struct change_line line;
    (void)end;
    int status = change_line_read(text, &line, &writes->scratch, error);
    if (status != 0) {
        return status;
    }
    line.found = line.op != CHANGE_LINE_DELETE || line.found;
    writes->next_seq = line.seq + 1;
    return line.key.size == 0
               ? 0
               : keys_add(&writes->keys, line.key, change_line_digest(&line), line.seq, line.found);
}

/* Opens the log, remembers its last keys, and brings the catalog up to it. */
static int recover(struct writes *writes, const char *path, aisle_error *error)
{
    struct changes *changes = &writes->changes;
    int status = aisle_log_offset(writes->handle, WRITES_SOURCE, WRITES_IDENTITY, &writes->committed, error);
    status = status != 0 ? status : changes_open(changes, path, writes->committed, error);
    if (status != 0) {
        return status;
    }
    uint64_t from = changes_line_start(changes, changes->end > KEYS_READ_BYTES ? changes->end - KEYS_READ_BYTES : 0);
    writes->next_seq = changes->end + 1; /* of a log without lines */
    status = changes_read(changes, from, false, remember, writes, error);
    if (status == 0 && changes->is_renewed) {
        server_log("the change log %s lacks what the catalog has had from it: it goes on behind that", changes->folder);
    }
    writes->applied = writes->committed;
    if (status == 0 && changes->fd >= 0 && writes->committed < changes->end) {
        writes->is_recovering = true;
        status = writes_take_writer(writes, error);
        writes->is_recovering = false;
        status = status != 0 ? status : aisle_commit(writes->writer, error);
        writes->committed = status == 0 ? writes->applied : writes->committed;
        writes_drop_writer(writes);
    }
    return status;
}

static void release(struct writes *writes)
{
    committer_stop(&writes->committer);
    changes_close(&writes->changes);
    keys_release(&writes->keys);
    buf_release(&writes->scratch);
    mem_free(writes);
}

static int start_thread(struct writes *writes, aisle_error *error)
{
    int status = AISLE_NO_MEMORY;
    if (uv_mutex_init(&writes->mutex) != 0) {
        goto fail_mutex;
    }
    if (uv_cond_init(&writes->wake) != 0) {
        goto fail_wake;
    }
    status = committer_start(&writes->committer, on_commit_ended, writes, error);
    if (status != 0) {
        goto fail_committer;
    }
    if (uv_thread_create(&writes->thread, work, writes) == 0) {
        return 0;
    }
    committer_stop(&writes->committer);
    status = AISLE_NO_MEMORY;
fail_committer:
    uv_cond_destroy(&writes->wake);
fail_wake:
    uv_mutex_destroy(&writes->mutex);
fail_mutex:
    return error_set(error, status, "a writing thread cannot be started");
}

int writes_open(struct server *server, const struct config *config, aisle *handle, const char *path,
                struct writes **out, aisle_error *error)
{
    *out = NULL;
    struct writes *writes = mem_calloc(1, sizeof *writes);
    if (writes == NULL) {
        return error_no_memory(error, "opening a change log");
    }
    writes->server = server;
    writes->handle = handle;
    writes->commit_ns = config->commit_ms * 1000000;
    writes->keep_bytes = config->log_bytes;
    writes->idle_ns = config->writer_s * 1000000000;
    writes->changes = (struct changes){.folder_fd = -1, .fd = -1};
    buf_init(&writes->scratch, LINE_BYTES_MAX);
    int status = recover(writes, path, error);
    if (status != 0) {
        release(writes);
        return status;
    }
    status = start_thread(writes, error);
    if (status != 0) {
        release(writes);
        return status;
    }
    *out = writes;
    return 0;
}

void writes_close(struct writes *writes)
{
    if (writes == NULL) {
        return;
    }
    uv_mutex_lock(&writes->mutex);
    writes->stop = true;
    uv_cond_signal(&writes->wake);
    uv_mutex_unlock(&writes->mutex);
    uv_thread_join(&writes->thread);
    committer_stop(&writes->committer); /* it may still be about to tell the end of the last commit */
    uv_cond_destroy(&writes->wake);
    uv_mutex_destroy(&writes->mutex);
    release(writes);
}
