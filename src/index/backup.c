/*
 * backup.c - aisle_backup: a copy of a catalog that others go on using.
 *
 * The snapshots of all shards are taken before the first byte is copied, so that the shards of the copy are as close
 * to one moment as they can be. The price is that no shard reuses space until all are copied. Extents and pages of
 * segments that the manifest does not list (a build under way, or refuse) stay behind.
 */
#include "index/catalog.h"
#include "index/catalog_files.h"
#include "index/making.h"

#include "base/alloc.h"

#define PROGRESS_BYTES (1u << 20) /* copied between two calls of progress */

struct backup {
    struct aisle *catalog;
    aisle_backup_options options;
    struct shard_snapshot *snapshots; /* one a shard */
    uint32_t begun;
    const struct manifest *manifest; /* of the shard that is being copied */
    uint64_t done_bytes;
    uint64_t told_bytes; /* done_bytes when progress was last called */
    uint64_t total_bytes;
    bool given_up;
};

static int begin(struct backup *backup, aisle_error *error)
{
    struct aisle *catalog = backup->catalog;
    backup->snapshots = mem_calloc(catalog->shard_count, sizeof *backup->snapshots);
    if (backup->snapshots == NULL) {
        return error_no_memory(error, "backing up");
    }
    int status = 0;
    while (backup->begun < catalog->shard_count && status == 0) {
        status = shard_begin(&catalog->shards[backup->begun], &backup->snapshots[backup->begun], error);
        backup->begun += status == 0 ? 1 : 0;
    }
    return status;
}

static void end(struct backup *backup)
{
    for (uint32_t i = 0; i < backup->begun; i++) {
        shard_end(&backup->snapshots[i]);
    }
    mem_free(backup->snapshots);
}

/* Components are nearly all of a shard; changed pages and dictionaries are left out. */
static uint64_t expected_bytes(const struct backup *backup)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < backup->begun; i++) {
        const struct manifest *manifest = &backup->snapshots[i].view->manifest;
        for (uint32_t s = 0; s < manifest->segment_count; s++) {
            for (unsigned c = 0; c < COMPONENT_COUNT; c++) {
                sum += manifest->segments[s].component_size[c];
            }
        }
    }
    return sum;
}

static bool is_listed(const struct manifest *manifest, uint32_t segment)
{
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        if (manifest->segments[i].id == segment) {
            return true;
        }
    }
    return false;
}

/* AISLE_END when the caller's progress gives up. */
static int tell(struct backup *backup)
{
    backup->told_bytes = backup->done_bytes;
    if (backup->options.progress == NULL) {
        return 0;
    }
    backup->given_up = backup->options.progress(backup->options.context, backup->done_bytes, backup->total_bytes) != 0;
    return backup->given_up ? AISLE_END : 0;
}

/* A record of the shard's storage: whether it belongs to the copy. */
static int choose(void *context, enum storage_table table, struct bytes key, struct bytes value)
{
    struct backup *backup = context;
    if (table == TABLE_EXTENTS || table == TABLE_PAGES) {
        if (key.size < sizeof(uint32_t)) {
            return AISLE_CORRUPT;
        }
        if (!is_listed(backup->manifest, load_u32_big(key.data))) {
            return AISLE_END;
        }
    }
    backup->done_bytes += value.size;
    if (backup->done_bytes - backup->told_bytes >= PROGRESS_BYTES && tell(backup) != 0) {
        return AISLE_INVALID; /* an error, so that the copy ends; given_up tells which */
    }
    return 0;
}

static int copy_shard(struct backup *backup, const struct making *making, uint32_t shard, aisle_error *error)
{
    char *path = NULL;
    int status = making_shard(making, shard, &path, error);
    if (status == 0) {
        backup->manifest = &backup->snapshots[shard].view->manifest;
        status = storage_copy(backup->snapshots[shard].txn, path, choose, backup, error);
    }
    if (status == 0) {
        status = making_sync_shard(path, error);
    }
    mem_free(path);
    return status;
}

static int copy_catalog(struct backup *backup, const struct making *making, aisle_error *error)
{
    const struct aisle *catalog = backup->catalog;
    int status = begin(backup, error);
    if (status == 0) {
        backup->total_bytes = expected_bytes(backup);
        status = catalog_files_write(making->directory, catalog->shard_count, catalog->schema_json, error);
    }
    for (uint32_t i = 0; i < catalog->shard_count && status == 0; i++) {
        status = copy_shard(backup, making, i, error);
    }
    end(backup);
    return status;
}

int aisle_backup(aisle *catalog, const char *target, const aisle_backup_options *given, aisle_error *error)
{
    struct backup backup = {.catalog = catalog, .options = {.size = sizeof backup.options}};
    struct making making;
    if (given != NULL) {
        if (given->size < sizeof given->size || given->size > sizeof backup.options) {
            return error_set(error, AISLE_INVALID, "aisle_backup_options.size is not sizeof(aisle_backup_options)");
        }
        memcpy(&backup.options, given, given->size);
    }
    int status = making_begin(&making, target, catalog->shard_count, error);
    if (status == 0) {
        status = copy_catalog(&backup, &making, error);
    }
    if (status == 0) {
        backup.total_bytes = backup.done_bytes;
        status = tell(&backup) == 0 ? 0 : AISLE_INVALID;
    }
    status = making_finish(&making, status, error);
    return backup.given_up ? error_set(error, AISLE_END, "the backup was given up (%s)", target) : status;
}
