/*
 * values_merge.h - the keywords of several segments in one ascending walk by their folded bytes.
 *
 * Sources may be narrowed to a range of ordinals, and to values that were counted or listed. Equal values of several
 * sources come one after another, in no certain order. With a single source whose bytes nobody needs, no dictionary is
 * read.
 *
 * Thread rule: as the query.
 */
#ifndef AISLE_QUERY_VALUES_MERGE_H
#define AISLE_QUERY_VALUES_MERGE_H

#include "base/arena.h"
#include "columns/values.h"

struct values_source {
    const struct values_reader *values; /* borrowed */
    const uint32_t *counts;             /* by ordinal; values of 0 are passed over; NULL: none is */
    const uint32_t *listed;             /* ordinals, ascending: others are passed over; NULL: none is */
    uint32_t listed_count;
    uint32_t at;                        /* of listed, that is at hand */
    uint32_t number;                    /* the caller's: of the segment */
    uint32_t ordinal;                   /* the value at hand */
    uint32_t end;                       /* the first ordinal behind the last */
    struct values_cursor cursor;        /* on it, where bytes are read */
};

/* A source in the heap, with the first bytes of its value as a number of the same order: most values differ in them. */
struct values_entry {
    uint64_t head;
    struct values_source *source;
};

struct values_merge {
    struct values_source *sources; /* room for as many as were asked for */
    struct values_entry *heap;     /* those with values left, the least value first */
    uint32_t count;
    uint32_t room;
    bool reads_bytes;
};

/* An empty merge of at most room sources. AISLE_NO_MEMORY. */
must_check int values_merge_init(struct values_merge *merge, uint32_t room, bool reads_bytes, struct arena *arena);

/*
 * Adds the values of a source from first to before end; all are added before the first step.
 * AISLE_CORRUPT.
 */
must_check int values_merge_add(struct values_merge *merge, const struct values_source *source, uint32_t first);

/* The source that stands on the least value, or NULL at the end. */
static inline struct values_source *values_merge_least(const struct values_merge *merge)
{
    return merge->count == 0 ? NULL : merge->heap[0].source;
}

/* Moves the source on the least value to its next. AISLE_CORRUPT. */
must_check int values_merge_next(struct values_merge *merge);

#endif
