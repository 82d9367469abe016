/*
 * backup.c - aisle_backup: a copy of a catalog that others go on using.
 *
 * The snapshots of all shards are taken before the first byte is copied, so that the shards of the copy are as close
 * to one moment as they can be. The price is that no shard reuses space until all are copied. Of a joint commit
 * (joint.h) no later shard may have what the first, whose snapshot is the oldest, does not know of.
 */
#include "index/catalog.h"
#include "index/catalog_files.h"
#include "index/joint.h"
#include "index/making.h"
#include "index/shard_copy.h"

#include "base/alloc.h"

struct backup {
    struct aisle *catalog;
    struct shard_snapshot *snapshots; /* one a shard */
    uint32_t begun;
    struct shard_copy copy;
};

static void end_snapshots(struct backup *backup)
{
    while (backup->begun > 0) {
        shard_end(&backup->snapshots[--backup->begun]);
    }
}

/* Whether no shard has a joint commit that the first shard's snapshot does not know of. */
static int fits(const struct backup *backup, bool *fit, aisle_error *error)
{
    uint64_t first = 0;
    int status = 0;
    *fit = true;
    for (uint32_t i = 0; i < backup->begun && status == 0; i++) {
        uint64_t number = 0;
        status = joint_number(backup->snapshots[i].txn, &number);
        first = i == 0 ? number : first;
        *fit = *fit && number <= first;
    }
    return status == 0 ? 0 : error_set(error, status, "the snapshots cannot be compared: %s (%s)",
                                       aisle_error_text(status), backup->catalog->path);
}

static int take_snapshots(struct backup *backup, aisle_error *error)
{
    struct aisle *catalog = backup->catalog;
    int status = 0;
    backup->copy.total_bytes = 0;
    while (backup->begun < catalog->shard_count && status == 0) {
        struct shard_snapshot *snapshot = &backup->snapshots[backup->begun];
        status = shard_begin(&catalog->shards[backup->begun], snapshot, error);
        if (status == 0) {
            backup->begun++;
            backup->copy.total_bytes += shard_copy_expected(&snapshot->view->manifest);
        }
    }
    return status;
}

#define TRIES 1000u /* a joint commit between the first and the last snapshot, microseconds apart, is rare */

static int begin(struct backup *backup, aisle_error *error)
{
    backup->snapshots = mem_calloc(backup->catalog->shard_count, sizeof *backup->snapshots);
    if (backup->snapshots == NULL) {
        return error_no_memory(error, "backing up");
    }
    bool fit = false;
    int status = 0;
    for (uint32_t i = 0; i < TRIES && status == 0 && !fit; i++) {
        end_snapshots(backup);
        status = take_snapshots(backup, error);
        status = status == 0 ? fits(backup, &fit, error) : status;
    }
    return status == 0 && !fit ? error_set(error, AISLE_BUSY, "each snapshot was overtaken by a commit (%s)",
                                           backup->catalog->path)
                               : status;
}

static void end(struct backup *backup)
{
    end_snapshots(backup);
    mem_free(backup->snapshots);
}

static int copy_shard(struct backup *backup, const struct making *making, uint32_t shard, aisle_error *error)
{
    const struct shard_snapshot *snapshot = &backup->snapshots[shard];
    char *path = NULL;
    int status = making_shard(making, shard, &path, error);
    if (status == 0) {
        status = shard_copy_run(&backup->copy, snapshot->txn, &snapshot->view->manifest, path, error);
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
        status = catalog_files_write(making->directory, catalog->shard_count, catalog->schema_json, error);
    }
    if (status == 0) {
        status = rules_keeper_copy(&catalog->rules, making->directory, error);
    }
    for (uint32_t i = 0; i < catalog->shard_count && status == 0; i++) {
        status = copy_shard(backup, making, i, error);
    }
    end(backup);
    return status == 0 ? shard_copy_finish(&backup->copy, error) : status;
}

int aisle_backup(aisle *catalog, const char *target, const aisle_backup_options *given, aisle_error *error)
{
    aisle_backup_options options = {.size = sizeof options};
    struct making making;
    if (given != NULL) {
        if (given->size < sizeof given->size || given->size > sizeof options) {
            return error_set(error, AISLE_INVALID, "aisle_backup_options.size is not sizeof(aisle_backup_options)");
        }
        memcpy(&options, given, given->size);
    }
    struct backup backup = {.catalog = catalog, .copy = {.progress = options.progress, .context = options.context}};
    int status = making_begin(&making, target, catalog->shard_count, error);
    if (status == 0) {
        status = copy_catalog(&backup, &making, error);
    }
    return making_finish(&making, status, error);
}
