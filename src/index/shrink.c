/*
 * shrink.c - aisle_shrink: shards rewritten without their free space.
 *
 * LMDB reuses pages but never shortens its file, and a map must not lose pages under readers. So a shard is copied
 * into CATALOG/shrinking/ and renamed over its data file while nobody has the catalog open: the writer's lock keeps
 * writers out, and the lock on aisle.json, which every open catalog shares, all the others. LMDB's lock file stays:
 * whoever opens it next finds itself alone and begins it anew.
 *
 * Thread rule: one thread; the two locks keep every other away.
 */
#include "index/catalog.h"
#include "index/catalog_files.h"
#include "index/shard_copy.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKSHOP "shrinking" /* ON DISK: what a crash leaves is found by this name */
#define DATA_FILE "data.mdb"

/* A shard is rewritten when this part of its file is free; less is soon taken into use again. */
#define WORTH_PART 16u

struct shrink {
    const char *path;
    char *workshop; /* owned: PATH/shrinking */
    uint32_t shards;
    struct shard_copy copy;
    uint64_t freed_bytes;
};

static void remove_in(const char *directory, const char *name)
{
    char *path = catalog_path(directory, name);
    if (path != NULL) {
        unlink(path);
    }
    mem_free(path);
}

void catalog_clean_shrinking(const char *directory)
{
    char *workshop = catalog_path(directory, WORKSHOP);
    if (workshop != NULL && access(workshop, F_OK) == 0) {
        remove_in(workshop, DATA_FILE);
        remove_in(workshop, "lock.mdb");
        remove_in(workshop, "seal");
        rmdir(workshop);
    }
    mem_free(workshop);
}

/* Whether the shard has so much free space that rewriting it pays. */
static int is_worth_it(struct shard *shard, bool *worth, aisle_error *error)
{
    struct storage_space space;
    int status = storage_space(shard->storage, &space, error);
    *worth = status == 0 && space.file_bytes - space.used_bytes > space.file_bytes / WORTH_PART;
    return status;
}

static int copy_shard(struct shrink *shrink, struct shard *shard, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    struct manifest manifest;
    int status = storage_read_begin(shard->storage, &txn, error);
    if (status != 0) {
        return status;
    }
    status = manifest_load(txn, &manifest, error);
    if (status == 0) {
        shrink->copy.total_bytes += shard_copy_expected(&manifest);
        status = shard_copy_run(&shrink->copy, txn, &manifest, shrink->workshop, error);
        manifest_release(&manifest);
    }
    storage_read_end(txn);
    return status;
}

/* The new file gets the owner, group and permissions of the old one: another user may be the one who reads it. */
static int take_over_owner(const char *old, const char *fresh, uint64_t *freed, aisle_error *error)
{
    struct stat was;
    struct stat is;
    if (stat(old, &was) != 0 || stat(fresh, &is) != 0) {
        return storage_error(errno, "cannot look at the data file", old, error);
    }
    bool same = was.st_uid == is.st_uid && was.st_gid == is.st_gid;
    if ((!same && chown(fresh, was.st_uid, was.st_gid) != 0) || chmod(fresh, was.st_mode & 07777) != 0) {
        return storage_error(errno, "cannot give the new data file its owner", fresh, error);
    }
    *freed = was.st_size > is.st_size ? (uint64_t)(was.st_size - is.st_size) : 0;
    return 0;
}

static int sync_path(const char *path, int flags, aisle_error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | flags);
    int failed = descriptor < 0 || fsync(descriptor) != 0;
    int status = failed ? storage_error(errno, "cannot sync", path, error) : 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    return status;
}

/* Puts the copy in the place of the shard's data file, durably. */
static int swap(struct shrink *shrink, const char *shard_path, aisle_error *error)
{
    uint64_t freed = 0;
    char *old = catalog_path(shard_path, DATA_FILE);
    char *fresh = catalog_path(shrink->workshop, DATA_FILE);
    int status = old == NULL || fresh == NULL ? error_no_memory(error, "giving space back") : 0;
    if (status == 0) {
        status = take_over_owner(old, fresh, &freed, error);
    }
    if (status == 0) {
        status = sync_path(fresh, 0, error);
    }
    if (status == 0) {
        storage_break_seal(shard_path);
    }
    if (status == 0 && rename(fresh, old) != 0) {
        status = storage_error(errno, "cannot put the new data file in its place", old, error);
    }
    if (status == 0) {
        shrink->freed_bytes += freed;
        status = sync_path(shard_path, O_DIRECTORY, error);
    }
    mem_free(old);
    mem_free(fresh);
    return status;
}

static int shrink_shard(struct shrink *shrink, uint32_t number, aisle_error *error)
{
    struct shard shard;
    bool worth = false;
    char *path = catalog_shard_path(shrink->path, number);
    if (path == NULL) {
        return error_no_memory(error, "giving space back");
    }
    int status = shard_open(path, false, NULL, &shard, error);
    if (status == 0) {
        status = is_worth_it(&shard, &worth, error);
        if (status == 0 && worth) {
            catalog_clean_shrinking(shrink->path); /* should the last shard's not have gone away */
        }
        if (status == 0 && worth && mkdir(shrink->workshop, 0777) != 0) {
            status = storage_error(errno, "cannot make a place for the new data file", shrink->workshop, error);
        }
        if (status == 0 && worth) {
            status = copy_shard(shrink, &shard, error);
        }
        shard_close(&shard); /* before the file goes from under its map */
    }
    if (status == 0 && worth) {
        /* A program that knows nothing of the lock on aisle.json would go on reading, and writing, the old file. */
        status = storage_check_unused(path, error);
    }
    if (status == 0 && worth) {
        status = swap(shrink, path, error);
    }
    catalog_clean_shrinking(shrink->path);
    mem_free(path);
    return status;
}

static int lock_all(const char *path, struct storage_lock **writer, struct storage_lock **all, aisle_error *error)
{
    char *writer_path = catalog_path(path, "writer.lock");
    char *all_path = catalog_path(path, "aisle.json");
    int status = writer_path == NULL || all_path == NULL ? error_no_memory(error, "giving space back") : 0;
    if (status == 0) {
        status = storage_lock_acquire(writer_path, writer, error);
    }
    if (status == 0) {
        status = storage_lock_exclude(all_path, all, error);
    }
    mem_free(writer_path);
    mem_free(all_path);
    return status;
}

static int shrink_catalog(struct shrink *shrink, aisle_error *error)
{
    struct storage_lock *writer = NULL;
    struct storage_lock *all = NULL;
    char *schema_json = NULL;
    shrink->workshop = catalog_path(shrink->path, WORKSHOP);
    int status = shrink->workshop == NULL ? error_no_memory(error, "giving space back") : 0;
    if (status == 0) {
        status = catalog_files_read(shrink->path, &shrink->shards, &schema_json, error);
        mem_free(schema_json);
    }
    if (status == 0) {
        status = lock_all(shrink->path, &writer, &all, error);
    }
    if (status == 0) {
        catalog_clean_shrinking(shrink->path);
    }
    for (uint32_t i = 0; i < shrink->shards && status == 0; i++) {
        status = shrink_shard(shrink, i, error);
    }
    if (status == 0) {
        status = shard_copy_finish(&shrink->copy, error);
    }
    storage_lock_release(all);
    storage_lock_release(writer);
    mem_free(shrink->workshop);
    return status;
}

int aisle_shrink(const char *path, aisle_progress *progress, void *context, uint64_t *freed_bytes, aisle_error *error)
{
    struct shrink shrink = {.path = path, .copy = {.progress = progress, .context = context}};
    if (freed_bytes != NULL) {
        *freed_bytes = 0;
    }
    if (path == NULL || strlen(path) == 0 || strlen(path) > LIMIT_PATH_BYTES) {
        return error_set(error, AISLE_INVALID, "a catalog's path has 1 to %u bytes", LIMIT_PATH_BYTES);
    }
    int status = shrink_catalog(&shrink, error);
    if (freed_bytes != NULL) {
        *freed_bytes = shrink.freed_bytes;
    }
    return status;
}
