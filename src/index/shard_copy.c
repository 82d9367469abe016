/*
 * shard_copy.c - choosing a shard's records for a copy, and telling how far it is.
 */
#include "index/shard_copy.h"

#include "index/parts.h"

#define PROGRESS_BYTES (1u << 20) /* copied between two calls of progress */

uint64_t shard_copy_expected(const struct manifest *manifest)
{
    uint64_t sum = 0;
    for (uint32_t s = 0; s < manifest->segment_count; s++) {
        for (unsigned c = 0; c < COMPONENT_COUNT; c++) {
            sum += manifest->segments[s].component_size[c];
        }
    }
    for (uint32_t i = 0; i < manifest->part_count; i++) {
        sum += part_bytes(&manifest->parts[i]);
    }
    return sum;
}

static bool is_listed(const struct manifest *manifest, uint32_t id)
{
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        if (manifest->segments[i].id == id) {
            return true;
        }
    }
    for (uint32_t i = 0; i < manifest->part_count; i++) {
        if (manifest->parts[i].id == id) {
            return true;
        }
    }
    return false;
}

static void tell(struct shard_copy *copy)
{
    copy->told_bytes = copy->done_bytes;
    copy->given_up = copy->progress != NULL && copy->progress(copy->context, copy->done_bytes, copy->total_bytes) != 0;
}

static int choose(void *context, enum storage_table table, struct bytes key, struct bytes value)
{
    struct shard_copy *copy = context;
    if (table == TABLE_EXTENTS || table == TABLE_PAGES) {
        if (key.size < sizeof(uint32_t)) {
            return AISLE_CORRUPT;
        }
        if (!copy->whole && !is_listed(copy->manifest, load_u32_big(key.data))) {
            return AISLE_END;
        }
    }
    copy->done_bytes += value.size;
    if (copy->done_bytes - copy->told_bytes >= PROGRESS_BYTES) {
        tell(copy);
    }
    return copy->given_up ? AISLE_INVALID : 0; /* an error, so that the copy ends */
}

static int given_up(aisle_error *error)
{
    return error_set(error, AISLE_END, "given up as asked");
}

int shard_copy_run(struct shard_copy *copy, struct storage_txn *txn, const struct manifest *manifest,
                   const char *directory, aisle_error *error)
{
    struct bytes aside;
    int status = storage_aside_get(txn, TABLE_META, bytes_of(NULL, 0), &aside);
    copy->whole = status == 0;
    copy->manifest = manifest;
    tell(copy);
    if (status < 0) {
        error_set(error, status, "the shard cannot be copied: %s", aisle_error_text(status));
    } else if (!copy->given_up) {
        status = storage_copy(txn, directory, choose, copy, error);
    }
    return copy->given_up ? given_up(error) : status;
}

int shard_copy_finish(struct shard_copy *copy, aisle_error *error)
{
    copy->total_bytes = copy->done_bytes;
    tell(copy);
    return copy->given_up ? given_up(error) : 0;
}
