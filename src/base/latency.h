/*
 * latency.h - a histogram of durations of any length, in little and constant memory (30 KiB).
 *
 * Buckets are log-linear: 64 for each doubling, so that a percentile is read off at most 1.6 % too high. (The idea is
 * that of HdrHistogram, by Gil Tene.) All 64 bits have buckets: a follower that was away for a year tells changes of
 * then beside those of a moment ago.
 *
 * Thread rule: one thread at a time; histograms of several threads are added up afterwards.
 */
#ifndef AISLE_BASE_LATENCY_H
#define AISLE_BASE_LATENCY_H

#include <stdint.h>

#define LATENCY_STEP_BITS 6u
#define LATENCY_BUCKETS ((64u - LATENCY_STEP_BITS + 1u) << LATENCY_STEP_BITS)

struct latency {
    uint64_t count;
    uint64_t sum_ns; /* modulo 2^64 */
    uint64_t max_ns;
    uint64_t buckets[LATENCY_BUCKETS];
};

/* Takes one duration; all zeros are an empty histogram. */
void latency_add(struct latency *latency, uint64_t ns);

/* Adds what other holds. */
void latency_merge(struct latency *latency, const struct latency *other);

/* The duration that share (0 to 1) of all are not above, in nanoseconds; 0 when there are none. */
uint64_t latency_quantile(const struct latency *latency, double share);

#endif
