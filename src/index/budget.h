/*
 * budget.h - how a writer's memory budget is divided among its parts.
 */
#ifndef AISLE_INDEX_BUDGET_H
#define AISLE_INDEX_BUDGET_H

#include <stdint.h>

struct budget {
    uint64_t builder_bytes;           /* memory indexes of all shards, those being written included */
    uint64_t transaction_bytes;       /* of a new segment's extents that wait in memory */
    uint64_t merge_transaction_bytes; /* likewise, of a merge */
    uint64_t merge_documents;         /* that one merge may take: each costs MERGE_DOCUMENT_BYTES */
    uint64_t overlay_bytes;           /* of changed column pages that a merge keeps copies of */
};

/* The division for a writer of that many threads. */
void budget_divide(uint64_t memory_bytes, uint32_t threads, struct budget *budget);

#endif
