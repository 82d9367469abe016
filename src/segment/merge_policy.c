/*
 * merge_policy.c - which segments to merge, by size and by what is dead in them.
 *
 * Tiered: segments within a factor of TIER_WIDTH of each other are one tier; when a tier holds more than TIER_WIDTH
 * of them, its smallest TIER_WIDTH are merged into one of the next tier. So a document is rewritten once a tier:
 * log(n / flush) / log(8) times. Size is live documents, so that deletes pull a segment down into a tier where the
 * next merge drops them.
 *
 * No merge of several makes more than an eighth of the shard (RESULT_SHARE). A merge needs room for its result beside
 * its sources, and LMDB's file does not shrink: merging everything at once would leave a file of twice the live
 * bytes. The price is up to sixteen large segments instead of one, and above the cap a doubling instead of a tier.
 * What is merged must be a doubling, indeed: a segment larger than those before it together is left out, and what is
 * less than half a tier waits, unless it comes to half of the cap. Else each new segment of an eighth of the cap was
 * merged with a large one: 5,400 products a second, put into ten million for six minutes, were rewritten 5.9 times
 * each, now 3.2, and there are hardly more segments (22 at the mean, before 20).
 *
 * While a large load is under way only whole tiers are merged. What the cap allows then is often two or three of a
 * tier, which are soon merged again: 84 segments of one size are written 2.1 times that way, and once by whole tiers,
 * for up to 63 segments until the load is over. 143: 2.4 and 1.8 times.
 *
 * A large segment of which a fifth is dead is rewritten alone: each dead document that goes costs four live ones
 * copied. Small ones wait until half of them is dead, because they are merged soon in any case and hold little.
 */
#include "segment/segment_private.h"

#include <stdlib.h>

#define TIER_WIDTH 8u /* Lucene's newer default: write amplification 3.4 to 3.8 there, append-only */
#define TIER_FLOOR 64u /* documents; smaller segments count as this many, so that tiny commits merge early:
                          20,000 commits of one product rewrite each 10 times */
#define RESULT_SHARE 8u
#define RESULT_FLOOR 8192u /* documents that any merge may make: the cap is for files large enough to matter */
#define DEAD_PERCENT_LARGE 20u
#define DEAD_PERCENT_SMALL 50u
#define LARGE_SHARE 64u /* a segment of this part of the shard is large */

struct candidate {
    uint32_t position;
    uint32_t size;
};

static uint32_t live_size(const struct segment_info *info)
{
    uint32_t live = info->documents - info->dead;
    return live < TIER_FLOOR ? TIER_FLOOR : live;
}

uint64_t merge_policy_bytes(const struct segment_info *info)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < COMPONENT_COUNT; i++) {
        sum += info->component_size[i];
    }
    return sum;
}

static int compare_sizes(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->size != y->size) {
        return x->size < y->size ? -1 : 1;
    }
    return x->position < y->position ? -1 : 1;
}

/*
 * How many of the tier's smallest are to be merged under the limits; 0 when none. Whoever bounds documents or bytes (a
 * small budget, a commit that has little time) wants few segments more than little work.
 */
static size_t count_fitting(const struct segment_info *infos, const struct candidate *tier,
                            const struct merge_limits *limits)
{
    uint64_t live_max = limits->total_documents / RESULT_SHARE;
    uint64_t live = 0;
    uint64_t documents = 0;
    uint64_t bytes = 0;
    uint64_t fitting_live = 0;
    size_t fitting = 0;
    bool bounded = false;
    live_max = live_max < RESULT_FLOOR ? RESULT_FLOOR : live_max;
    for (size_t i = 0; i < TIER_WIDTH && !bounded; i++) {
        const struct segment_info *info = &infos[tier[i].position];
        uint64_t before = live;
        live += info->documents - info->dead;
        documents += info->documents;
        bytes += merge_policy_bytes(info);
        bounded = documents > limits->documents_max || bytes > limits->bytes_max;
        if (live > live_max) {
            break;
        }
        if (!bounded && (tier[i].size <= before || tier[i].size == TIER_FLOOR)) {
            fitting = i + 1;
            fitting_live = live;
        }
    }
    size_t least = limits->whole_tiers ? TIER_WIDTH : bounded || fitting_live * 2 >= live_max ? 2 : TIER_WIDTH / 2;
    return fitting < least ? 0 : fitting;
}

static size_t choose_tier(const struct segment_info *infos, size_t count, const struct merge_limits *limits,
                          uint32_t *chosen)
{
    struct candidate sorted[LIMIT_SEGMENTS];
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = (struct candidate){i, live_size(&infos[i])};
    }
    qsort(sorted, count, sizeof sorted[0], compare_sizes);
    for (size_t first = 0; first + TIER_WIDTH < count; first++) {
        if (sorted[first + TIER_WIDTH].size >= (uint64_t)sorted[first].size * TIER_WIDTH) {
            continue;
        }
        size_t fitting = count_fitting(infos, sorted + first, limits);
        for (size_t i = 0; i < fitting; i++) {
            chosen[i] = sorted[first + i].position;
        }
        if (fitting != 0) {
            return fitting;
        }
    }
    return 0;
}

/* The segment with the largest dead share of those that pass their threshold. */
static size_t choose_dead(const struct segment_info *infos, size_t count, const struct merge_limits *limits,
                          uint32_t *chosen)
{
    size_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct segment_info *info = &infos[i];
        uint64_t dead = info->dead;
        bool large = info->documents >= RESULT_FLOOR && info->documents >= limits->total_documents / LARGE_SHARE;
        uint64_t percent = large ? DEAD_PERCENT_LARGE : DEAD_PERCENT_SMALL;
        bool fits = info->documents <= limits->documents_max && merge_policy_bytes(info) <= limits->bytes_max;
        if (fits && info->documents > TIER_FLOOR && dead * 100 > info->documents * percent &&
            (found == 0 || dead * infos[chosen[0]].documents > (uint64_t)infos[chosen[0]].dead * info->documents)) {
            chosen[0] = i;
            found = 1;
        }
    }
    return found;
}

size_t merge_policy_choose(const struct segment_info *infos, size_t count, const struct merge_limits *limits,
                           uint32_t *chosen)
{
    count = count > LIMIT_SEGMENTS ? LIMIT_SEGMENTS : count;
    size_t merging = count == 0 ? 0 : choose_tier(infos, count, limits, chosen);
    return merging != 0 ? merging : choose_dead(infos, count, limits, chosen);
}
