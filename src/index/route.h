/*
 * route.h - which shard a product belongs to: by its id, or by a field that the schema names.
 *
 * By id, everything about a product is said to one shard. By a field, a product may move when the field changes: then
 * whoever puts it takes older versions out of the other shards, and whoever looks for it asks all of them. What moved
 * is committed by all shards or by none (joint.h).
 *
 * Thread rule: route_seen belongs to the writer; the rest are pure functions.
 */
#ifndef AISLE_INDEX_ROUTE_H
#define AISLE_INDEX_ROUTE_H

#include "index/catalog.h"
#include "schema/product.h"

/* Whether the id alone does not tell the shard. */
static inline bool route_by_field(const struct aisle *catalog)
{
    return catalog->schema->route_field != SCHEMA_NO_FIELD && catalog->shard_count > 1;
}

/* The shard that product, whose id hashes to id_hash, belongs to. ON DISK: must not change. */
uint32_t route_of(const struct aisle *catalog, const struct product *product, uint64_t id_hash);

/*
 * What workers may hold of ids, 2 MiB of bits: an id that was not seen is in no worker's memory, so that no worker must
 * come to rest to be asked. Of a million others one in eighty seems to have been seen.
 */
struct route_seen {
    uint64_t *bits; /* owned; NULL: not needed yet */
    bool all;       /* there was no memory for bits: everything may have been seen */
};

void route_seen_release(struct route_seen *seen);

/* Forgets all: workers have written what they held. */
void route_seen_clear(struct route_seen *seen);

void route_seen_add(struct route_seen *seen, uint64_t id_hash);

/* Whether id_hash may have been added. */
bool route_seen_has(const struct route_seen *seen, uint64_t id_hash);

#endif
