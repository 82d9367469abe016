/*
 * freshness.c - noting and counting.
 *
 * Thread rule: one thread at a time.
 */
#include "indexer/freshness.h"

#include "base/clock.h"

static void note_event(struct freshness *freshness, int64_t time_ms)
{
    size_t last = freshness->event_count;
    bool same = last > 0 && freshness->events[last - 1].ms == time_ms;
    if (!same && last < FRESHNESS_EVENTS) {
        freshness->events[freshness->event_count++].ms = time_ms;
        freshness->events[last++].count = 0;
    }
    freshness->events[last - 1].count++;
}

void freshness_note(struct freshness *freshness, uint64_t seen_ns, int64_t time_ms)
{
    size_t last = freshness->arrival_count;
    bool same = last > 0 && freshness->arrivals[last - 1].ns == seen_ns;
    if (!same && last < FRESHNESS_ARRIVALS) {
        freshness->arrivals[freshness->arrival_count++].ns = seen_ns;
        freshness->arrivals[last++].count = 0;
    }
    freshness->arrivals[last - 1].count++; /* when there is no room, as if it had come with one before it */
    if (time_ms > 0) {
        note_event(freshness, time_ms);
    }
}

void freshness_commit(struct freshness *freshness, struct indexer_freshness *whole)
{
    uint64_t now = clock_monotonic_ns();
    int64_t wall = clock_wall_ms();
    struct latency arrivals = {.count = 0};
    struct latency events = {.count = 0};
    for (size_t i = 0; i < freshness->arrival_count; i++) {
        for (uint64_t k = 0; k < freshness->arrivals[i].count; k++) {
            latency_add(&arrivals, now - freshness->arrivals[i].ns);
        }
    }
    for (size_t i = 0; i < freshness->event_count; i++) {
        int64_t ms = wall - freshness->events[i].ms;
        for (uint64_t k = 0; k < freshness->events[i].count; k++) {
            latency_add(&events, ms < 0 ? 0 : (uint64_t)ms * 1000000);
        }
    }
    latency_merge(&freshness->late.arrival, &arrivals);
    latency_merge(&freshness->late.event, &events);
    latency_merge(&whole->arrival, &arrivals);
    latency_merge(&whole->event, &events);
    freshness->arrival_count = 0;
    freshness->event_count = 0;
}
