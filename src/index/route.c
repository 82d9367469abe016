/*
 * route.c - the shard of a product, and a set of ids that errs to the safe side.
 */
#include "index/route.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/hash.h"

#define SEEN_BITS ((size_t)1 << 24)

uint32_t route_of(const struct aisle *catalog, const struct product *product, uint64_t id_hash)
{
    if (route_by_field(catalog)) {
        const struct product_value *value = &product->values[catalog->schema->route_field];
        if (value->present && value->string_count != 0) {
            return catalog_shard_of(catalog, hash_bytes(value->strings[0].data, value->strings[0].size));
        }
    }
    return catalog_shard_of(catalog, id_hash);
}

void route_seen_release(struct route_seen *seen)
{
    mem_free(seen->bits);
    seen->bits = NULL;
}

void route_seen_clear(struct route_seen *seen)
{
    if (seen->bits != NULL) {
        memset(seen->bits, 0, SEEN_BITS / 8);
    }
    seen->all = false;
}

void route_seen_add(struct route_seen *seen, uint64_t id_hash)
{
    if (seen->bits == NULL) {
        seen->bits = mem_calloc(bitset_words(SEEN_BITS), sizeof *seen->bits);
        seen->all = seen->all || seen->bits == NULL; /* what could not be noted stays unknown */
    }
    if (seen->bits != NULL) {
        bitset_set(seen->bits, (size_t)(id_hash % SEEN_BITS));
        bitset_set(seen->bits, (size_t)(id_hash / SEEN_BITS % SEEN_BITS));
    }
}

bool route_seen_has(const struct route_seen *seen, uint64_t id_hash)
{
    return seen->all || (seen->bits != NULL && bitset_get(seen->bits, (size_t)(id_hash % SEEN_BITS)) &&
                         bitset_get(seen->bits, (size_t)(id_hash / SEEN_BITS % SEEN_BITS)));
}
