/*
 * budget.h - how a writer's memory budget is divided among its parts.
 */
#ifndef AISLE_INDEX_BUDGET_H
#define AISLE_INDEX_BUDGET_H

#include <stdint.h>

struct budget {
    uint32_t workers;                 /* threads that build segments beside the caller; 0: it does so itself */
    uint64_t builder_bytes;           /* memory indexes of all shards, those being written included */
    uint64_t transaction_bytes;       /* of a new segment's extents that wait in memory, for each worker */
    uint64_t merge_transaction_bytes; /* likewise, of a merge */
    uint64_t merge_documents;         /* that one merge may take: each takes some bytes */
    uint64_t parts_bytes;             /* that merging parts may take; never while segments are merged */
    uint64_t diverted_bytes;          /* of a table of ids that not the usual worker was given */
    uint64_t sample_bytes;            /* of products that a dictionary is trained on */
    uint64_t overlay_bytes;           /* of changed column pages that a merge keeps copies of */
};

/* The division for a writer of that many threads, into a catalog with so many columns. */
void budget_divide(uint64_t memory_bytes, uint32_t threads, uint32_t columns, struct budget *budget);

#endif
