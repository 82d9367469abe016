/*
 * parts_private.h - what the files of parts share with each other.
 */
#ifndef AISLE_INDEX_PARTS_PRIVATE_H
#define AISLE_INDEX_PARTS_PRIVATE_H

#include "index/parts.h"

/*
 * A part is merged when those smaller than it are together a third of it: then there are at most some log4(n) parts,
 * and an entry is written as often, twice or so.
 */
#define PARTS_FACTOR 3u

/*
 * While a large load is under way so many parts of about one size (within this factor) are merged at once instead: of
 * 42 parts an entry is written twice that way, and 5 times by the rule above, which applies again when it is over, or
 * when parts of many sizes have become MANY_PARTS.
 */
#define PARTS_TIER 8u

/* From so many parts on they are merged before segments, and a writer waits for that. */
#define MANY_PARTS (LIMIT_PARTS / 2)

/* All kinds, one by one; NULL behind the last. */
const struct part_kind *part_kind_at(size_t i);

/* Sorts by entries, fewest first; returns count. */
size_t parts_sort(const struct part *parts[LIMIT_PARTS], size_t count);

/* A merge of parts under way. */
struct parts_run {
    struct shard_writer *writer;
    struct parts_run *next; /* in writer->parts.runs */
    const struct part_kind *kind;
    struct part *sources[LIMIT_PARTS]; /* references */
    size_t count;
    size_t memory_bytes; /* of the heap, for writing the result */
    const struct merge_order *order; /* NULL: it is never given up */
    struct sink_gate gate;
    uint32_t id; /* of the result; 0: none yet */
    struct part_info info; /* of the result */
};

/* Under the lock: whether a merge that is under way reads the part, or writes it. */
bool parts_run_holds(const struct shard_writer *writer, uint32_t id);

#endif
