/*
 * budget.c - the division of a writer's memory. What the parts take was measured with bench_writer (bench/README.md);
 * the sum of them all at once is what must stay within the budget.
 */
#include "index/budget.h"

#include "base/limits.h"

/*
 * Stem cache 4, known values 1, parsing 1, a compressor and its dictionary 2, components of a new segment 4, what the
 * heap keeps 4.
 */
#define FIXED_BYTES (UINT64_C(16) << 20)
/* Beside the writer: components of the merge's result, slices of its lists, codecs. */
#define MERGER_BYTES (UINT64_C(8) << 20)
/* Each further worker: the same caches 5, a compressor and its dictionary 2, components of a new segment 3. */
#define WORKER_BYTES (UINT64_C(10) << 20)
#define QUEUE_BYTES (UINT64_C(3) << 20) /* batches on their way to a worker, with what their products point to */
#define WORKER_MEMORY_BYTES (UINT64_C(48) << 20)
#define DIVERTED_BYTES_MAX (UINT64_C(32) << 20) /* for a million ids between commits: a quarter of them is diverted */
#define COLUMNS_USUAL 8u                       /* of the components above */
#define COLUMN_BYTES (UINT64_C(256) << 10)     /* each further one: an extent being filled */
#define MERGE_DOCUMENT_BYTES 10u               /* segment/merge.c: map, origin, length code; prefixes */
#define TRANSACTION_BYTES_MAX (UINT64_C(32) << 20)
#define MERGE_TRANSACTION_BYTES_MAX (UINT64_C(4) << 20) /* a small commit waits for one */
#define SAMPLE_BYTES_MAX (UINT64_C(4) << 20) /* bench_dictionary: 8 MiB gain less than 1 % more */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static_assert(TRANSACTION_BYTES_MAX <= LIMIT_TRANSACTION_BYTES, "a sink's transactions are bounded");

/* What one worker is worth: below, more segments of half the size would cost more than they bring. */
static uint32_t workers_of(uint64_t memory_bytes, uint32_t threads)
{
    uint64_t most = least(threads < LIMIT_THREADS ? threads : LIMIT_THREADS, memory_bytes / WORKER_MEMORY_BYTES);
    return threads < 2 ? 0 : (uint32_t)most;
}

void budget_divide(uint64_t memory_bytes, uint32_t threads, uint32_t columns, struct budget *budget)
{
    budget->workers = workers_of(memory_bytes, threads);
    uint64_t builders = budget->workers == 0 ? 1 : budget->workers;
    uint64_t writers = builders + (threads >= 2 ? 1 : 0); /* of segments, at once */
    uint64_t further = columns > COLUMNS_USUAL ? columns - COLUMNS_USUAL : 0;
    uint64_t plan_bytes = memory_bytes / 8;
    budget->transaction_bytes = least(memory_bytes / 16 / builders, TRANSACTION_BYTES_MAX);
    budget->merge_transaction_bytes = least(memory_bytes / 32, MERGE_TRANSACTION_BYTES_MAX);
    budget->merge_documents = plan_bytes / MERGE_DOCUMENT_BYTES;
    budget->parts_bytes = plan_bytes;
    budget->diverted_bytes = budget->workers < 2 ? 0 : least(memory_bytes / 32, DIVERTED_BYTES_MAX);
    budget->sample_bytes = least(memory_bytes / 16, SAMPLE_BYTES_MAX);
    budget->overlay_bytes = memory_bytes / 32;
    uint64_t aside = FIXED_BYTES + (threads >= 2 ? MERGER_BYTES + budget->merge_transaction_bytes : 0) +
                     budget->workers * QUEUE_BYTES + budget->diverted_bytes + (builders - 1) * WORKER_BYTES +
                     further * writers * COLUMN_BYTES + builders * budget->transaction_bytes + plan_bytes;
    /* The memory index gets a quarter at least: with less, segments are too small to be worth writing. */
    budget->builder_bytes = memory_bytes - least(aside, memory_bytes - memory_bytes / 4);
}
