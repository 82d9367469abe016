/*
 * watch.h - how long a query may go on: a deadline, a budget of work, and a word from another thread.
 *
 * Whatever passes over documents asks after each piece of work (a window of documents, a range of a list); a piece
 * takes microseconds, and the clock is read for one in eight, so that asking costs nothing that can be measured. Once
 * a query is to stop it is for good: loops end where they are, what they have found stands, the answer is marked.
 *
 * Thread rule: one query's threads may share a watch; whose word it waits for is any thread's.
 */
#ifndef AISLE_QUERY_WATCH_H
#define AISLE_QUERY_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum watch_state {
    WATCH_GOES_ON,
    WATCH_PARTIAL,  /* the time or the work is used up */
    WATCH_CANCELLED /* another thread wants it to end */
};

struct query_watch {
    uint64_t deadline_ns;         /* of clock_monotonic_ns; 0: none */
    const atomic_bool *cancelled; /* borrowed; NULL: nobody can */
    atomic_int_fast64_t left;     /* pieces of work */
    atomic_int state;             /* enum watch_state */
};

/* work: pieces that may be done; 0: any number. */
void query_watch_init(struct query_watch *watch, uint64_t deadline_ns, uint64_t work, const atomic_bool *cancelled);

/* A piece of work was done: whether to stop now. */
bool query_watch_spend(struct query_watch *watch);

/* The same for a query that may have no watch. */
static inline bool query_watch_stops(struct query_watch *watch)
{
    return watch != NULL && query_watch_spend(watch);
}

#endif
