/*
 * latency.c - log-linear buckets: values below 64 have their own, each doubling above has 64.
 */
#include "base/latency.h"

#define STEPS (1u << LATENCY_STEP_BITS)

static uint32_t bucket_of(uint64_t ns)
{
    if (ns < STEPS) {
        return (uint32_t)ns;
    }
    uint32_t shift = 63u - (uint32_t)__builtin_clzll(ns) - LATENCY_STEP_BITS;
    return (shift << LATENCY_STEP_BITS) + (uint32_t)(ns >> shift);
}

/* The highest value that falls into a bucket. */
static uint64_t top_of(uint32_t bucket)
{
    if (bucket < STEPS) {
        return bucket;
    }
    uint32_t shift = (bucket >> LATENCY_STEP_BITS) - 1;
    uint64_t step = bucket - (shift << LATENCY_STEP_BITS);
    return ((step + 1) << shift) - 1;
}

void latency_add(struct latency *latency, uint64_t ns)
{
    latency->count++;
    latency->sum_ns += ns;
    latency->max_ns = ns > latency->max_ns ? ns : latency->max_ns;
    latency->buckets[bucket_of(ns)]++;
}

void latency_merge(struct latency *latency, const struct latency *other)
{
    latency->count += other->count;
    latency->sum_ns += other->sum_ns;
    latency->max_ns = other->max_ns > latency->max_ns ? other->max_ns : latency->max_ns;
    for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
        latency->buckets[i] += other->buckets[i];
    }
}

uint64_t latency_quantile(const struct latency *latency, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)latency->count + 0.999999);
    uint64_t seen = 0;
    for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += latency->buckets[i];
        if (seen >= wanted && seen != 0) {
            uint64_t top = top_of(i);
            return top < latency->max_ns ? top : latency->max_ns;
        }
    }
    return latency->max_ns;
}
