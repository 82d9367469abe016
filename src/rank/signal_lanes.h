/*
 * signal_lanes.h - parts of eight products at once, where the machine has AVX2; equal to those of one at a time.
 *
 * Private to the module. Thread rule: pure functions.
 */
#ifndef AISLE_RANK_SIGNAL_LANES_H
#define AISLE_RANK_SIGNAL_LANES_H

#include "rank/signal.h"

/* Constants of signal.h's formulas. */
#define POPULARITY_DOUBLINGS 20
#define POPULARITY_MAX (INT64_C(1) << POPULARITY_DOUBLINGS)
#define RATING_BEST 5
#define RATING_PRIOR 3
#define RATING_PRIOR_COUNT 10
#define RATING_COUNT_MAX (INT64_C(1) << 20)
#define HALF_LIFE_SHIFT 58u /* 20 * 2^58 is below 2^63 */
#define HALF_LIFE_STEPS 10u /* 1024 steps */
#define SHARE_PER_PART 25   /* hundredths of 65536ths to parts of 2^-18: 100 / 4 */

/*
 * As signal_parts_add, for the first of the n products; how many they are: 0 when the machine or the rule (columns of
 * other types than these signals mostly have) is not made for it.
 */
uint32_t signal_lanes_add(const struct signal_rule *rule, const int64_t *values, const int64_t *counts, uint32_t n,
                          int32_t *parts);

#endif
