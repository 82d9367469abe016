/*
 * budget.c - the division of a writer's memory.
 */
#include "index/budget.h"

#include "base/limits.h"

#define FIXED_BYTES (UINT64_C(16) << 20)
#define MERGE_DOCUMENT_BYTES 6u
#define MERGE_TRANSACTION_BYTES (UINT64_C(8) << 20)

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void budget_divide(uint64_t memory_bytes, uint32_t threads, struct budget *budget)
{
    (void)threads;
    budget->transaction_bytes = least(memory_bytes / 4, LIMIT_TRANSACTION_BYTES);
    budget->merge_transaction_bytes = least(memory_bytes / 16, MERGE_TRANSACTION_BYTES);
    budget->merge_documents = memory_bytes / 4 / MERGE_DOCUMENT_BYTES;
    budget->overlay_bytes = memory_bytes / 32;
    uint64_t aside = budget->transaction_bytes + FIXED_BYTES;
    budget->builder_bytes = memory_bytes > 2 * aside ? memory_bytes - aside : memory_bytes / 2;
}
