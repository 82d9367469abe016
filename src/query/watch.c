/*
 * watch.c - counts pieces of work and looks at the clock now and then.
 *
 * Thread rule: see watch.h.
 */
#include "query/watch.h"

#include "base/clock.h"

#define CLOCK_EVERY 8 /* pieces of work; a power of two */

void query_watch_init(struct query_watch *watch, uint64_t deadline_ns, uint64_t work, const atomic_bool *cancelled)
{
    watch->deadline_ns = deadline_ns;
    watch->cancelled = cancelled;
    atomic_init(&watch->left, work == 0 || work > INT64_MAX ? INT64_MAX : (int64_t)work);
    atomic_init(&watch->state, WATCH_GOES_ON);
}

bool query_watch_spend(struct query_watch *watch)
{
    if (atomic_load_explicit(&watch->state, memory_order_relaxed) != WATCH_GOES_ON) {
        return true;
    }
    if (watch->cancelled != NULL && atomic_load_explicit(watch->cancelled, memory_order_relaxed)) {
        atomic_store_explicit(&watch->state, WATCH_CANCELLED, memory_order_relaxed);
        return true;
    }
    int64_t left = atomic_fetch_sub_explicit(&watch->left, 1, memory_order_relaxed);
    bool late = left % CLOCK_EVERY == 0 && watch->deadline_ns != 0 && clock_monotonic_ns() >= watch->deadline_ns;
    if (left <= 0 || late) {
        atomic_store_explicit(&watch->state, WATCH_PARTIAL, memory_order_relaxed);
        return true;
    }
    return false;
}
