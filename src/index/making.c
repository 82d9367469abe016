/*
 * making.c - the directory that becomes a catalog.
 *
 * rename takes the place of an empty directory and of nothing else, so two makers cannot both win.
 */
#include "index/making.h"

#include "base/alloc.h"
#include "index/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX_BYTES 48u
#define NAMES_TRIED 64u

static int exists(const char *path, aisle_error *error)
{
    return error_set(error, AISLE_EXISTS, "something is there already (%s)", path);
}

/* The directory that path stands in, in memory of the caller. */
static char *parent_of(const char *path)
{
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    while (size > 0 && path[size - 1] != '/') {
        size--;
    }
    return size == 0 ? mem_copy_string(".", 1) : mem_copy_string(path, size);
}

static int sync_directory(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return -1;
    }
    int failed = fsync(descriptor);
    close(descriptor);
    return failed;
}

/* Told before the work, and again by rename, should somebody come first. */
static int check_free(const char *path, aisle_error *error)
{
    struct stat known;
    if (stat(path, &known) != 0) {
        return 0;
    }
    DIR *entries = S_ISDIR(known.st_mode) ? opendir(path) : NULL;
    if (entries == NULL) {
        return exists(path, error);
    }
    bool empty = true;
    for (struct dirent *entry = readdir(entries); entry != NULL && empty; entry = readdir(entries)) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    closedir(entries);
    return empty ? 0 : exists(path, error);
}

/* Makes a directory of a name that nobody has: a crashed maker may have left its own behind. */
static int claim_name(char *directory, size_t size, aisle_error *error)
{
    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        snprintf(directory + size, SUFFIX_BYTES, ".creating-%ld-%u", (long)getpid(), i);
        if (mkdir(directory, 0777) == 0) {
            return 0;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return storage_error(errno, "the catalog cannot be created", directory, error);
}

int making_begin(struct making *making, const char *target, uint32_t shards, aisle_error *error)
{
    *making = (struct making){.target = target, .shards = shards};
    if (target == NULL || strlen(target) == 0 || strlen(target) > LIMIT_PATH_BYTES) {
        return error_set(error, AISLE_INVALID, "a catalog's path has 1 to %u bytes", LIMIT_PATH_BYTES);
    }
    size_t size = strlen(target);
    while (size > 1 && target[size - 1] == '/') {
        size--;
    }
    char *directory = mem_alloc(size + SUFFIX_BYTES);
    making->parent = parent_of(target);
    int status = making->parent == NULL || directory == NULL ? error_no_memory(error, "creating a catalog") : 0;
    if (status == 0) {
        status = check_free(target, error);
    }
    if (status == 0) {
        status = storage_filesystem_check(making->parent, error);
    }
    if (status == 0) {
        memcpy(directory, target, size);
        status = claim_name(directory, size, error);
    }
    if (status != 0) {
        mem_free(directory);
        return status;
    }
    making->directory = directory;
    return 0;
}

int making_shard(const struct making *making, uint32_t shard, char **path, aisle_error *error)
{
    *path = catalog_shard_path(making->directory, shard);
    if (*path == NULL) {
        return error_no_memory(error, "creating a catalog");
    }
    if (mkdir(*path, 0777) != 0) {
        int status = storage_error(errno, "a shard cannot be created", *path, error);
        mem_free(*path);
        *path = NULL;
        return status;
    }
    return 0;
}

int making_sync_shard(const char *path, aisle_error *error)
{
    return sync_directory(path) == 0 ? 0 : storage_error(errno, "a shard cannot be synced", path, error);
}

static void remove_file(const char *directory, const char *name)
{
    char *file = catalog_path(directory, name);
    if (file != NULL) {
        unlink(file);
    }
    mem_free(file);
}

/* Removes a half-made directory: only what a catalog consists of. */
static void remove_made(const char *directory, uint32_t shards)
{
    for (uint32_t i = 0; i < shards; i++) {
        char *shard = catalog_shard_path(directory, i);
        if (shard != NULL) {
            remove_file(shard, "data.mdb");
            remove_file(shard, "lock.mdb");
            remove_file(shard, "seal");
            rmdir(shard);
        }
        mem_free(shard);
    }
    remove_file(directory, "aisle.json");
    remove_file(directory, "schema.json");
    rmdir(directory);
}

static int put_in_place(const struct making *making, aisle_error *error)
{
    if (sync_directory(making->directory) != 0) {
        return storage_error(errno, "the catalog cannot be synced", making->directory, error);
    }
    if (rename(making->directory, making->target) != 0) {
        bool taken = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
        return taken ? exists(making->target, error)
                     : storage_error(errno, "the catalog cannot be put in its place", making->target, error);
    }
    return 0;
}

int making_finish(struct making *making, int status, aisle_error *error)
{
    if (making->directory != NULL) {
        status = status == 0 ? put_in_place(making, error) : status;
        if (status != 0) {
            remove_made(making->directory, making->shards);
        } else if (sync_directory(making->parent) != 0) {
            status = storage_error(errno, "the directory cannot be synced", making->parent, error);
        }
    }
    mem_free(making->directory);
    mem_free(making->parent);
    *making = (struct making){0};
    return status;
}
