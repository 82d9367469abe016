/*
 * batch.h - parsed products on their way from the caller's thread to a worker's.
 *
 * A batch owns copies of all that ingest_add needs of a product: its text and what of its values is a view. Bounded by
 * BATCH_PRODUCTS and, one product past it, by BATCH_BYTES.
 *
 * Thread rule: whoever holds the batch; handing it over is the queue's business (workers.h).
 */
#ifndef AISLE_INDEX_BATCH_H
#define AISLE_INDEX_BATCH_H

#include "base/arena.h"
#include "schema/product.h"

/* Large enough to make a thread's waking cheap, small enough for the caches of the two threads. */
#define BATCH_PRODUCTS 128u
#define BATCH_BYTES ((size_t)64 << 10)

struct batch_product {
    struct bytes id;
    struct bytes text;
    uint64_t id_hash;
    uint32_t lane;
    const struct product_value *values; /* of the schema's fields */
};

struct batch {
    struct batch *next; /* in whatever list it is */
    struct arena memory;
    size_t bytes; /* of what was added */
    uint32_t count;
    struct batch_product products[BATCH_PRODUCTS];
};

/* NULL: no memory. */
struct batch *batch_new(void);
void batch_free(struct batch *batch);

/* Empties it for another use, giving memory back that only rare products need. */
void batch_clear(struct batch *batch);

static inline bool batch_full(const struct batch *batch)
{
    return batch->count == BATCH_PRODUCTS || batch->bytes >= BATCH_BYTES;
}

/* Copies the product, which was read from text; the batch is not full. AISLE_NO_MEMORY: it is as it was. */
must_check int batch_add(struct batch *batch, const struct schema *schema, const struct product *product,
                         struct bytes text, uint64_t id_hash, uint32_t lane);

/* The i-th product as ingest_add takes it; its views live as long as the batch keeps it. */
void batch_get(const struct batch *batch, const struct schema *schema, uint32_t i, struct product *out);

#endif
