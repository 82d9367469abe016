/*
 * space.c - how much of the data file is used, who reads it, and when it is on disk.
 *
 * Thread rule: as in storage.h. storage_set_fast counts as writing, because LMDB keeps its flags in one unguarded
 * word that commits touch as well.
 */
#include "storage/environment.h"
#include "storage/lmdb_call.h"
#include "storage/seal.h"

#include <sys/stat.h>

uint64_t storage_file_bytes(struct storage *storage)
{
    struct stat file;
    if (storage_forked(storage) || fstat(storage->env->data_fd, &file) != 0) {
        return 0;
    }
    return (uint64_t)file.st_size;
}

static int count_line(const char *line, void *context)
{
    struct storage_reader reader;
    uint32_t *readers = context;
    *readers += environment_reader_line(line, &reader);
    return 0;
}

int storage_space(struct storage *storage, struct storage_space *out, aisle_error *error)
{
    struct storage_txn *txn = NULL;
    MDB_envinfo info;
    uint64_t free_pages = 0;
    uint64_t behind = 0;
    uint32_t readers = 0;
    *out = (struct storage_space){0};
    int status = storage_read_begin(storage, &txn, error);
    if (status != 0) {
        return status;
    }
    struct environment *env = storage->env;
    int rc = environment_free_pages(txn->lmdb, UINT64_MAX, &free_pages, &behind);
    rc = rc == 0 ? lmdb_fault() : rc;
    rc = rc == 0 ? mdb_env_info(env->lmdb, &info) : rc;
    storage_read_end(txn);
    rc = rc == 0 ? lmdb_fault() : rc;
    if (rc == 0) {
        int lines = mdb_reader_list(env->lmdb, count_line, &readers);
        rc = lines < 0 ? MDB_INVALID : 0;
    }
    if (rc != 0) {
        return environment_error(env, rc, "cannot measure", error);
    }
    /* A commit since then may have taken free pages into use; what is claimed never falls below what was free. */
    uint64_t pages = (uint64_t)info.me_last_pgno + 1;
    out->file_bytes = storage_file_bytes(storage);
    out->used_bytes = (pages - (free_pages < pages ? free_pages : pages)) * env->page_bytes;
    out->free_pages = free_pages;
    out->readers = readers;
    return 0;
}

static int force_sync(struct environment *env, aisle_error *error)
{
    int rc = lmdb_fault();
    rc = rc == 0 ? mdb_env_sync(env->lmdb, 1) : rc;
    return environment_error(env, rc, "cannot sync", error);
}

int storage_set_fast(struct storage *storage, bool fast, aisle_error *error)
{
    int status = storage_check_writable(storage, error);
    if (status != 0) {
        return status;
    }
    struct environment *env = storage->env;
    if (atomic_exchange(&env->writing, true)) {
        return error_set(error, AISLE_BUSY, "a write transaction is under way (%s)", env->path);
    }
    int rc = lmdb_fault();
    rc = rc == 0 ? mdb_env_set_flags(env->lmdb, MDB_NOSYNC, fast) : rc;
    status = environment_error(env, rc, "cannot change the way of syncing", error);
    if (status == 0) {
        storage->fast = fast;
        status = fast ? 0 : force_sync(env, error);
        if (status == 0 && !fast) {
            seal_write(env);
        }
    }
    atomic_store(&env->writing, false);
    return status;
}

int storage_check(struct storage *storage, aisle_error *error)
{
    if (storage_forked(storage)) {
        return error_set(error, AISLE_FORKED, "the storage was opened before a fork; open it again in the child");
    }
    return seal_check_trees(storage->env, true, error);
}
