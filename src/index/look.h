/*
 * look.h - a call that reads a catalog: snapshots of its shards, their segments as a query wants them, and the end.
 *
 * Thread rule: one thread at a time; any number of looks at once.
 */
#ifndef AISLE_INDEX_LOOK_H
#define AISLE_INDEX_LOOK_H

#include "index/catalog.h"
#include "query/query.h"

struct look {
    struct aisle *catalog;
    struct searcher *searcher; /* NULL: not begun */
    uint32_t begun;            /* snapshots taken: searcher->snapshots[0] on */
};

/*
 * Takes snapshots of count shards from the first on: of all for a search, of one for a look-up. doing is for messages
 * ("searching"). To be ended whatever it returns. AISLE_FORKED, AISLE_NO_MEMORY, errors of shard_begin.
 */
must_check int look_begin(struct look *look, struct aisle *catalog, uint32_t first, uint32_t count, const char *doing,
                          aisle_error *error);

/*
 * Begins a context in the searcher's arena: the segments of all snapshots behind one another, and the sums of their
 * statistics. *shard_of (may be NULL): which snapshot each is of. AISLE_NO_MEMORY.
 */
must_check int look_gather(const struct look *look, struct query_context *context, uint32_t **shard_of);

/* The status; of damage that is a failure to read (shard_failure), that. */
int look_status(const struct look *look, int status);

/* A hash of what the snapshots show: another one behind each commit. */
uint64_t look_generations(const struct look *look);

/* Gives everything back; context is the one of look_gather, or zeros. */
void look_end(struct look *look, const struct query_context *context);

#endif
