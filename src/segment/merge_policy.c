/*
 * merge_policy.c - which segments to merge, by size alone.
 *
 * Tiered: segments within a factor of TIER_WIDTH of each other are one tier; when a tier holds more than TIER_WIDTH
 * of them, its smallest TIER_WIDTH are merged into one of the next tier. So a document is rewritten once a tier:
 * log(n / flush) / log(8) times. Size is live documents, so that deletes pull a segment down into a tier where the
 * next merge drops them; a segment that is mostly dead is merged alone.
 */
#include "segment/segment_private.h"

#include <stdlib.h>

#define TIER_WIDTH 8u         /* Lucene's newer default: write amplification 3.4 to 3.8 there, append-only */
#define TIER_FLOOR 64u       /* documents; smaller segments count as this many, so that tiny commits merge early:
                                20,000 commits of one product rewrite each 38 times (1,024: 527 times) */
#define DEAD_PERCENT_MAX 50u  /* more than this is merged alone */

struct candidate {
    uint32_t position;
    uint32_t size;
};

static uint32_t live_size(const struct segment_info *info)
{
    uint32_t live = info->documents - info->dead;
    return live < TIER_FLOOR ? TIER_FLOOR : live;
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

size_t merge_policy_choose(const struct segment_info *infos, size_t count, uint32_t *chosen)
{
    struct candidate sorted[LIMIT_SEGMENTS];
    count = count > LIMIT_SEGMENTS ? LIMIT_SEGMENTS : count;
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = (struct candidate){i, live_size(&infos[i])};
    }
    qsort(sorted, count, sizeof sorted[0], compare_sizes);
    for (size_t first = 0; first < count; first++) {
        size_t members = 1;
        while (first + members < count &&
               sorted[first + members].size < (uint64_t)sorted[first].size * TIER_WIDTH) {
            members++;
        }
        if (members > TIER_WIDTH) {
            for (size_t i = 0; i < TIER_WIDTH; i++) {
                chosen[i] = sorted[first + i].position;
            }
            return TIER_WIDTH;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t dead = infos[i].dead;
        if (dead * 100 > (uint64_t)infos[i].documents * DEAD_PERCENT_MAX && infos[i].documents > TIER_FLOOR) {
            chosen[0] = i;
            return 1;
        }
    }
    return 0;
}
