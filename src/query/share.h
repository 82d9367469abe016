/*
 * share.h - a query's documents in parts that several threads take in turn.
 *
 * A part is a run of documents of one segment, or a whole segment. Who works on a query takes parts until none is left,
 * with a context of its own: a copy of the query's with the thread's arena. Lists, tables, rules and filters that are
 * bound are only read.
 *
 * Thread rule: made and divided by the query's thread; share_take and share_fail from any of its workers.
 */
#ifndef AISLE_QUERY_SHARE_H
#define AISLE_QUERY_SHARE_H

#include "query/query.h"

#include <stdatomic.h>

struct share_part {
    uint32_t segment;
    uint32_t from; /* a multiple of CURSOR_WINDOW */
    uint32_t end;  /* the first document behind it */
};

struct share {
    struct share_part *parts; /* in the query's arena */
    uint32_t count;
    uint32_t workers; /* that may be at it, the caller included; 1: the caller alone */
    atomic_uint next;
    atomic_int status;         /* the first that failed; ends the work */
    struct extent_fault fault; /* of it, when has_fault */
    atomic_bool has_fault;
};

/*
 * Divides a bound query. whole: segments stay whole, however large. Whether helpers are worth waking is judged by the
 * postings that root may have to look at. AISLE_NO_MEMORY.
 */
must_check int share_init(struct share *share, struct query_context *context, const struct query_node *root,
                          bool whole);

/* The next part, or NULL when there is none, or something failed. */
const struct share_part *share_take(struct share *share);

/* Ends the work with a status other than 0, of which the first counts. */
void share_fail(struct share *share, int status);

/* The status of all workers, when they are through; what is known of damage is the calling thread's then. */
int share_status(struct share *share);

#endif
