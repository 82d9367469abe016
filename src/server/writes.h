/*
 * writes.h - AISLE.PUT, AISLE.PATCH and AISLE.DEL of one catalog, on its one writing thread.
 *
 * What has queued up is taken together: each write is tried on the catalog's writer, which refuses what is wrong; those
 * it took are appended to the catalog's own change log and synced once (changes.h), and only then acknowledged. Commits
 * to the catalog follow some time later, with the log's position in them: after a crash, what the log has beyond the
 * committed position is applied again. A write with an idempotency key that was done before is answered with the first
 * result and not done again.
 *
 * The catalog's writer is taken with the first write and given back after a while without any, so that `aisle index`
 * and others get their turn; while they have it, writes are answered with BUSY.
 *
 * Thread rule: opened and closed by one thread at a time; writes_submit is the loop thread's.
 */
#ifndef AISLE_SERVER_WRITES_H
#define AISLE_SERVER_WRITES_H

#include "server/core.h"

struct writes;

/* What others are told of a catalog's writes. */
struct writes_figures {
    bool is_refusing;         /* the log was cut or replaced by another program: see changes.h */
    uint64_t lost_bytes;      /* of acknowledged writes that went with it */
    uint64_t unseen_bytes;    /* of the log, that searches do not see */
    uint64_t unseen_ns;       /* when the oldest of them was synced (clock_monotonic_ns); 0: they see all */
    uint64_t commits;         /* that have succeeded */
    uint64_t commit_failures;
    uint64_t visible_ns;      /* from syncing a commit's first write to its end: the last one, the longest, their sum */
    uint64_t visible_max_ns;
    uint64_t visible_sum_ns;
};

/*
 * Starts the thread for the catalog at path, whose handle is borrowed, after applying and committing what its log has
 * beyond the catalog. AISLE_BUSY when there is such a rest and another has the writer, or another server has the log;
 * the errors of aisle.h's writers and of the log.
 */
must_check int writes_open(struct server *server, const struct config *config, aisle *handle, const char *path,
                           struct writes **out, aisle_error *error);

/* Carries out what is queued, commits, and ends the thread; NULL is allowed. */
void writes_close(struct writes *writes);

/* Any thread, while they are open. */
void writes_look(struct writes *writes, struct writes_figures *out);

/* Queues a write; it comes back through the pool's list of the done. */
void writes_submit(struct writes *writes, struct request *request);

#endif
