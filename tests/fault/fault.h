/*
 * fault.h - the three campaigns of the fault tests, and what they have in common.
 *
 * Thread rule: one thread.
 */
#ifndef AISLE_TESTS_FAULT_FAULT_H
#define AISLE_TESTS_FAULT_FAULT_H

#include "tests/fault/life.h"

#include <stdbool.h>
#include <stdint.h>

struct campaign {
    const char *folder;        /* absolute; everything happens in it */
    const struct script *script;
    uint32_t shards;
    uint32_t threads;          /* of the writer; a sweep alone can follow more than one */
    uint32_t rounds;           /* of each class of faults, or crash images; 0: all there are, and 20,000 images */
    uint64_t seed;
    const char *class;         /* only this class of faults; NULL: all */
    bool lies;                 /* power_loss_run: the disk answers the last sync and does nothing */
    int64_t round;             /* only this round, as it was printed; -1: all */
};

/* Each prints its counts and returns how many things were wrong. */
unsigned long sweep_run(const struct campaign *campaign);      /* every call fails, in turn */
unsigned long disk_full_run(const struct campaign *campaign);  /* a small file system fills up, again and again */
unsigned long power_loss_run(const struct campaign *campaign); /* what a crash leaves of the writes since a sync */

/* Blocks that the library holds of its allocator, which main set. */
long fault_blocks(void);

#endif
