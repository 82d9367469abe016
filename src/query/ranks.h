/*
 * ranks.h - the values of a keyword or path field over all segments in one order, kept from query to query.
 *
 * Ordinals mean something in one segment only. A table gives each ordinal of each segment a rank that all segments
 * share: ranks ascend with the folded bytes, so counts of segments are added up by rank, and no dictionary is read but
 * for what is shown. Making one is a merge of all dictionaries (100 ns a value), which a query cannot afford every
 * time; after a commit the values of its small segment are looked up in the table before, whose ranks move.
 *
 * A table is made when queries that did without have spent about as much on bringing values together as it costs
 * (ski rental): who asks once, or about few matches, never waits for it.
 *
 * Memory: of the heap, counted, at most the keeper's bytes_max; a table that would pass it is not made. Thread rule: a
 * keeper is shared by threads; a table never changes, and lives as long as anybody holds a reference.
 */
#ifndef AISLE_QUERY_RANKS_H
#define AISLE_QUERY_RANKS_H

#include "base/limits.h"
#include "query/query.h"

#include <pthread.h>

/* Where a value stands: of several segments that have it, in one with the most documents. */
struct ranks_place {
    uint32_t segment; /* number in the context */
    uint32_t ordinal;
};

struct ranks {
    atomic_int references;
    uint32_t segment_count;
    uint64_t *serials; /* owned; of the segments, in the context's order */
    uint32_t **maps;   /* owned, as each of them is: by segment and ordinal, the rank */
    uint32_t *sizes;   /* owned: how many ordinals a segment has */
    struct ranks_place *places; /* owned; by rank */
    uint32_t count;    /* of ranks: different values */
    size_t bytes;
};

struct ranks_keeper {
    pthread_mutex_t lock;               /* over tables and spent */
    pthread_mutex_t making;             /* held by who makes a table; others do without meanwhile */
    struct ranks *tables[LIMIT_FIELDS]; /* references */
    uint64_t spent[LIMIT_FIELDS];       /* values that queries brought together without one */
    atomic_size_t bytes;                /* of tables */
    atomic_size_t bytes_max;            /* may change between queries (look.c) */
};

/* Makes an empty keeper. AISLE_NO_MEMORY. */
must_check int ranks_keeper_init(struct ranks_keeper *keeper, size_t bytes_max);
void ranks_keeper_release(struct ranks_keeper *keeper);

/* Lets go of all tables. */
void ranks_keeper_forget(struct ranks_keeper *keeper);

/* The table of the context's segments, with a reference for the caller, or NULL: none is kept. */
struct ranks *ranks_find(const struct query_context *context, uint8_t field);

/*
 * The same for a query that would have to bring so many values together without. A table that pays is made now; *out
 * is NULL if none does, if context->watch stopped the making, or another thread is at it. AISLE_CORRUPT,
 * AISLE_NO_MEMORY.
 */
must_check int ranks_want(const struct query_context *context, uint8_t field, uint64_t values, struct ranks **out);

/* Drops a reference; NULL is allowed. */
void ranks_drop(struct ranks *ranks);

/* A cursor on the value of a rank, in its place. AISLE_CORRUPT. */
must_check int ranks_seek(const struct ranks *ranks, const struct query_context *context, uint8_t field, uint32_t rank,
                          struct values_cursor *cursor);

/* The first rank from `from` on whose value is not before folded, or count; *exact: it is equal. AISLE_CORRUPT. */
must_check int ranks_lower_bound(const struct ranks *ranks, const struct query_context *context, uint8_t field,
                                 uint32_t from, struct bytes folded, uint32_t *rank, bool *exact);

#endif
