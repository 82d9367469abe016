/*
 * writes_commit.c - the catalog's writer: taking it, applying the log to it, commits.
 *
 * Does not know batches and their answers (writes.c).
 */
#include "server/writes_private.h"

#include "base/clock.h"

#include <stdio.h>

#define RETRY_MIN_NS UINT64_C(1000000000) /* between tries to commit what the log has, when one has failed */
#define RETRY_MAX_NS UINT64_C(60000000000)

void writes_drop_writer(struct writes *writes)
{
    aisle_writer_free(writes->writer);
    writes->writer = NULL;
    writes->dirty_ns = 0;
    writes->applied = writes->committed;
}

/* Whether the log has what the writer has not. */
bool writes_is_ahead(const struct writes *writes)
{
    return writes->is_committing || (writes->writer != NULL && writes->applied < writes->changes.end);
}

int writes_mark(struct writes *writes, uint64_t offset, uint64_t seq, aisle_error *error)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)seq);
    const aisle_position position = {
        .source = WRITES_SOURCE, .identity = WRITES_IDENTITY, .offset = offset, .seq = text};
    return aisle_mark(writes->writer, &position, error);
}

int writes_apply(struct writes *writes, struct change_line *line, aisle_error *error)
{
    const aisle_bytes id = {(const char *)line->id.data, line->id.size};
    const aisle_bytes body = {(const char *)line->body.data, line->body.size};
    int status = 0;
    switch (line->op) {
    case CHANGE_LINE_PUT:
        return aisle_put(writes->writer, body, error);
    case CHANGE_LINE_PATCH:
        return aisle_patch(writes->writer, id, body, error);
    case CHANGE_LINE_DELETE:
        status = aisle_delete(writes->writer, id, error);
        line->found = status == 0;
        return status == AISLE_NOT_FOUND ? 0 : status;
    }
    return status;
}

/* Whether the status speaks of the write alone, and the writer goes on. */
bool writes_own_fault(int status)
{
    return status == AISLE_BAD_PRODUCT || status == AISLE_NOT_FOUND;
}

/* A line that the log has and the catalog has not; what was wrong with it when it was written is wrong again. */
static int apply_again(void *context, struct bytes text, uint64_t end, aisle_error *error)
{
    struct writes *writes = context;
    struct change_line line;
    int status = change_line_read(text, &line, &writes->scratch, error);
    if (status != 0) {
        return status;
    }
    status = writes_mark(writes, end, line.seq, error);
    status = status != 0 ? status : writes_apply(writes, &line, error);
    if (status == 0 || writes_own_fault(status)) {
        writes->applied = end;
        writes->dirty_ns = writes->dirty_ns == 0 ? clock_monotonic_ns() : writes->dirty_ns;
        return 0;
    }
    writes->is_catalogs_fault = true;
    return status;
}

/* Whether the log itself is damaged, and not what it is applied to. */
static bool is_logs_fault(const struct writes *writes, int status)
{
    return status == AISLE_CORRUPT && !writes->is_catalogs_fault;
}

/*
 * The log cannot be read on behind what the writer has, which is committed as usual; then searches see all there is.
 * A damaged line is not skipped, as those behind it may build on it.
 */
static void give_up_rest(struct writes *writes, const aisle_error *error)
{
    uint64_t lost = writes->changes.end - writes->applied;
    struct waiting kept = {NULL, NULL};
    struct waiting gone = {NULL, NULL};
    struct request *request;
    server_log("%s; %llu bytes of acknowledged writes are lost", error->message, (unsigned long long)lost);
    changes_give_up(&writes->changes, writes->applied);
    writes->figures.lost_bytes += lost;
    writes->unseen_ns = writes->applied == writes->committed ? 0 : writes->unseen_ns;
    while ((request = waiting_pop(&writes->visible)) != NULL) {
        waiting_push(request->log_end <= writes->applied ? &kept : &gone, request);
    }
    writes->visible = kept;
    writes_finish_all(writes, &gone, error);
}

/* Becomes the catalog's writer and applies what the log has beyond the catalog. */
int writes_take_writer(struct writes *writes, aisle_error *error)
{
    if (writes->writer != NULL) {
        return 0;
    }
    int status = aisle_begin(writes->handle, &writes->writer, error);
    if (status != 0) {
        writes->writer = NULL;
        return status;
    }
    status = aisle_log_offset(writes->handle, WRITES_SOURCE, WRITES_IDENTITY, &writes->committed, error);
    writes->applied = writes->committed;
    if (status == 0 && writes->committed < writes->changes.end) {
        aisle_error why = {0};
        writes->is_catalogs_fault = false;
        status = changes_read(&writes->changes, writes->committed, true, apply_again, writes, &why);
        if (is_logs_fault(writes, status) && !writes->is_recovering) {
            give_up_rest(writes, &why);
            return 0;
        }
        if (status != 0 && error != NULL) {
            *error = why;
        }
    }
    if (status != 0) {
        writes_drop_writer(writes);
    }
    return status;
}

/* As apply_again, until the slice of time is over. */
static int apply_in_slice(void *context, struct bytes text, uint64_t end, aisle_error *error)
{
    const struct writes *writes = context;
    return clock_monotonic_ns() > writes->slice_end_ns ? AISLE_END : apply_again(context, text, end, error);
}

/* Brings what the log has ahead to the writer, until then. A failure leaves no writer. */
int writes_apply_until(struct writes *writes, uint64_t end_ns, aisle_error *error)
{
    writes->slice_end_ns = end_ns;
    writes->is_catalogs_fault = false;
    int status = changes_read(&writes->changes, writes->applied, true, apply_in_slice, writes, error);
    if (is_logs_fault(writes, status)) {
        give_up_rest(writes, error);
        return 0;
    }
    if (status < 0) {
        writes_drop_writer(writes);
    }
    return status < 0 ? status : 0;
}

/* A commit, or becoming the writer for one, has failed: when it is tried again, and that. */
static void put_off(struct writes *writes, const aisle_error *error)
{
    uint64_t wait = writes->retry_wait_ns == 0 ? writes->commit_ns : 2 * writes->retry_wait_ns;
    wait = wait < RETRY_MIN_NS ? RETRY_MIN_NS : wait > RETRY_MAX_NS ? RETRY_MAX_NS : wait;
    writes->retry_wait_ns = wait;
    writes->retry_ns = clock_monotonic_ns() + wait;
    server_log("searches do not see all that %s has: %s; trying again in %llu s", writes->changes.folder,
               error->message, (unsigned long long)(wait / 1000000000));
}

/* Lends the writer to the committer, with the requests that wait to see what it has. */
void writes_begin_commit(struct writes *writes)
{
    aisle_error error = {0};
    if (writes_take_writer(writes, &error) != 0) { /* it may have been lost since */
        put_off(writes, &error);
        writes_finish_all(writes, &writes->visible, &error);
        return;
    }
    while (writes->visible.first != NULL && writes->visible.first->log_end <= writes->applied) {
        waiting_push(&writes->hiding, waiting_pop(&writes->visible));
    }
    writes->dirty_ns = 0;
    writes->next_unseen_ns = writes->applied < writes->changes.end ? clock_monotonic_ns() : 0;
    writes->committing = writes->applied;
    writes->is_committing = true;
    committer_lend(&writes->committer, writes->writer);
}

/* Puts those that were held back before what has queued up since. */
static void release_held(struct writes *writes)
{
    if (writes->held.first == NULL) {
        return;
    }
    uv_mutex_lock(&writes->mutex);
    writes->held.last->queued = writes->queue.first;
    writes->queue.last = writes->queue.first == NULL ? writes->held.last : writes->queue.last;
    writes->queue.first = writes->held.first;
    uv_mutex_unlock(&writes->mutex);
    writes->held = (struct waiting){NULL, NULL};
    memset(writes->held_clients, 0, sizeof writes->held_clients);
}

/* Searches see what was committed. */
static void note_visible(struct writes *writes)
{
    struct writes_figures *figures = &writes->figures;
    figures->commits++;
    figures->visible_ns = writes->unseen_ns == 0 ? 0 : clock_monotonic_ns() - writes->unseen_ns;
    figures->visible_sum_ns += figures->visible_ns;
    if (figures->visible_ns > figures->visible_max_ns) {
        figures->visible_max_ns = figures->visible_ns;
    }
    writes->unseen_ns = writes->committed < writes->changes.end ? writes->next_unseen_ns : 0;
}

void writes_end_commit(struct writes *writes, int status, const aisle_error *error)
{
    writes->is_committing = false;
    if (status != 0) {
        put_off(writes, error);
        writes->figures.commit_failures++;
        writes_drop_writer(writes);
        writes_finish_all(writes, &writes->hiding, error);
    } else {
        writes->committed = writes->committing;
        writes->retry_wait_ns = 0;
        note_visible(writes);
        writes_finish_all(writes, &writes->hiding, NULL);
        changes_trim(&writes->changes, writes->committed, writes->keep_bytes);
    }
    release_held(writes);
}

void writes_look_at_commit(struct writes *writes)
{
    aisle_error error = {0};
    int status = 0;
    if (writes->is_committing && committer_poll(&writes->committer, &status, &error)) {
        writes_end_commit(writes, status, &error);
    }
}

/* Whether the log has writes that neither the catalog nor a writer has: a commit failed, or the writer was lost. */
bool writes_is_behind(const struct writes *writes)
{
    return writes->writer == NULL && writes->changes.fd >= 0 && writes->committed < writes->changes.end;
}

/* Brings them to a writer, so that they become visible although nobody writes; what fails is tried again. */
void writes_catch_up(struct writes *writes, uint64_t now)
{
    aisle_error error = {0};
    writes->active_ns = now;
    if (writes_take_writer(writes, &error) != 0) {
        put_off(writes, &error);
    }
}
