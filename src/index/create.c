/*
 * create.c - aisle_create: a new catalog, whole or not at all.
 *
 * It is built in a directory beside its place, synced, and renamed there; rename takes the place of an empty
 * directory, so two creators cannot both win.
 */
#include "index/catalog.h"
#include "index/catalog_files.h"

#include "base/alloc.h"
#include "text/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_languages(const struct schema *schema, aisle_error *error)
{
    uint8_t language;
    for (uint8_t f = 0; f < schema->field_count; f++) {
        if (text_language_find(schema->fields[f].language, &language) != 0) {
            return error_set(error, AISLE_BAD_SCHEMA, "field \"%s\": unknown language \"%s\"; expected one of "
                             "libstemmer's (\"english\", \"german\", ...) or \"none\"",
                             schema->fields[f].name, schema->fields[f].language);
        }
    }
    return 0;
}

/* Accepting what would have no effect would mislead. */
static int refuse_signals(const struct schema *schema, aisle_error *error)
{
    if (schema->signal_count == 0) {
        return 0;
    }
    return error_set(error, AISLE_BAD_SCHEMA,
                     "\"signals\": this version does not rank by signals yet; leave them out");
}

static int check_schema(const char *schema_json, aisle_error *error)
{
    struct schema *schema = NULL;
    int status = schema_parse(bytes_of_string(schema_json), &schema, error);
    if (status == 0) {
        status = check_languages(schema, error);
        status = status == 0 ? refuse_signals(schema, error) : status;
        schema_free(schema);
    }
    return status;
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

static int make_shards(const char *directory, uint32_t shards, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < shards && status == 0; i++) {
        char *path = catalog_shard_path(directory, i);
        if (path == NULL) {
            return error_no_memory(error, "creating a catalog");
        }
        status = mkdir(path, 0777) != 0 ? storage_error(errno, "a shard cannot be created", path, error)
                                        : shard_create(path, error);
        if (status == 0 && sync_directory(path) != 0) {
            status = storage_error(errno, "a shard cannot be synced", path, error);
        }
        mem_free(path);
    }
    return status;
}

/* Removes a half-made directory: only what this file puts there. */
static void remove_made(const char *directory, uint32_t shards)
{
    static const char *const shard_files[] = {"data.mdb", "lock.mdb"};
    static const char *const files[] = {"aisle.json", "schema.json"};
    for (uint32_t i = 0; i < shards; i++) {
        char *shard = catalog_shard_path(directory, i);
        for (size_t f = 0; shard != NULL && f < sizeof shard_files / sizeof *shard_files; f++) {
            char *file = catalog_path(shard, shard_files[f]);
            if (file != NULL) {
                unlink(file);
            }
            mem_free(file);
        }
        if (shard != NULL) {
            rmdir(shard);
        }
        mem_free(shard);
    }
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char *file = catalog_path(directory, files[f]);
        if (file != NULL) {
            unlink(file);
        }
        mem_free(file);
    }
    rmdir(directory);
}

static int make_directory(const char *making, const char *path, const char *parent, const char *schema_json,
                          uint32_t shards, aisle_error *error)
{
    int status = catalog_files_write(making, shards, schema_json, error);
    if (status == 0) {
        status = make_shards(making, shards, error);
    }
    if (status == 0 && sync_directory(making) != 0) {
        status = storage_error(errno, "the catalog cannot be synced", making, error);
    }
    if (status == 0 && rename(making, path) != 0) {
        bool taken = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
        status = taken ? error_set(error, AISLE_EXISTS, "something is there already (%s)", path)
                       : storage_error(errno, "the catalog cannot be put in its place", path, error);
    }
    if (status != 0) {
        remove_made(making, shards);
        return status;
    }
    return sync_directory(parent) == 0 ? 0 : storage_error(errno, "the directory cannot be synced", parent, error);
}

#define SUFFIX_BYTES 48u
#define NAMES_TRIED 64u

/* Makes a directory of a name that nobody has: a crashed creator may have left its own behind. */
static int claim_name(char *making, size_t size, aisle_error *error)
{
    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        snprintf(making + size, SUFFIX_BYTES, ".creating-%ld-%u", (long)getpid(), i);
        if (mkdir(making, 0777) == 0) {
            return 0;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return storage_error(errno, "the catalog cannot be created", making, error);
}

static int create(const char *path, const char *schema_json, uint32_t shards, aisle_error *error)
{
    struct stat known;
    char *parent = parent_of(path);
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    char *making = mem_alloc(size + SUFFIX_BYTES);
    int status = parent == NULL || making == NULL ? error_no_memory(error, "creating a catalog") : 0;
    if (status == 0 && stat(path, &known) == 0 && !S_ISDIR(known.st_mode)) {
        status = error_set(error, AISLE_EXISTS, "something is there already (%s)", path);
    }
    if (status == 0) {
        status = storage_filesystem_check(parent, error);
    }
    if (status == 0) {
        memcpy(making, path, size);
        status = claim_name(making, size, error);
    }
    if (status == 0) {
        status = make_directory(making, path, parent, schema_json, shards, error);
    }
    mem_free(parent);
    mem_free(making);
    return status;
}

int aisle_create(const char *path, const char *schema, const aisle_create_options *given, aisle_error *error)
{
    aisle_create_options options = {.size = sizeof options};
    if (given != NULL) {
        if (given->size < sizeof given->size || given->size > sizeof options) {
            return error_set(error, AISLE_INVALID, "aisle_create_options.size is not sizeof(aisle_create_options)");
        }
        memcpy(&options, given, given->size);
    }
    options.shards = options.shards == 0 ? 1 : options.shards;
    if (options.shards > LIMIT_SHARDS) {
        return error_set(error, AISLE_LIMIT, "a catalog has at most %u shards, not %u", LIMIT_SHARDS, options.shards);
    }
    if (path == NULL || strlen(path) == 0 || strlen(path) > LIMIT_PATH_BYTES) {
        return error_set(error, AISLE_INVALID, "a catalog's path has 1 to %u bytes", LIMIT_PATH_BYTES);
    }
    struct bytes shop = schema_default_json();
    char *schema_json = schema != NULL ? mem_copy_string(schema, strlen(schema))
                                       : mem_copy_string(shop.data, shop.size);
    int status = schema_json == NULL ? error_no_memory(error, "creating a catalog") : check_schema(schema_json, error);
    if (status == 0) {
        status = create(path, schema_json, options.shards, error);
    }
    mem_free(schema_json);
    return status;
}
