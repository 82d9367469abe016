/*
 * sources.c - listing folders.
 */
#include "indexer/sources.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define REJECTS_SUFFIX ".rejects.jsonl"

static int system_error(const char *path, aisle_error *error)
{
    int code = errno == ENOENT ? AISLE_NOT_FOUND : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "%s cannot be read: %s", path, strerror(errno));
}

static int append(struct sources *sources, const char *path, aisle_error *error)
{
    if (sources->count == LIMIT_SOURCES) {
        return error_set(error, AISLE_LIMIT, "more than %u files to index at once", LIMIT_SOURCES);
    }
    if (sources->count == sources->capacity) {
        size_t capacity = sources->capacity == 0 ? 16 : sources->capacity * 2;
        char **paths = mem_realloc(sources->paths, capacity * sizeof *paths);
        if (paths == NULL) {
            return error_no_memory(error, "listing the sources");
        }
        sources->paths = paths;
        sources->capacity = capacity;
    }
    char *copy = mem_copy_string(path, strlen(path));
    if (copy == NULL) {
        return error_no_memory(error, "listing the sources");
    }
    sources->paths[sources->count++] = copy;
    return 0;
}

static bool is_log_name(const char *name)
{
    size_t size = strlen(name);
    size_t suffix = sizeof REJECTS_SUFFIX - 1;
    return name[0] != '.' && (size < suffix || strcmp(name + size - suffix, REJECTS_SUFFIX) != 0);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int append_folder(struct sources *sources, const char *folder, aisle_error *error)
{
    DIR *listing = opendir(folder);
    if (listing == NULL) {
        return system_error(folder, error);
    }
    int status = 0;
    size_t first = sources->count;
    size_t size = strlen(folder);
    const char *slash = size > 0 && folder[size - 1] == '/' ? "" : "/";
    for (struct dirent *entry = readdir(listing); entry != NULL && status == 0; entry = readdir(listing)) {
        char path[LIMIT_PATH_BYTES];
        struct stat found;
        int written = snprintf(path, sizeof path, "%s%s%s", folder, slash, entry->d_name);
        if (written < 0 || (size_t)written >= sizeof path) {
            status = error_set(error, AISLE_LIMIT, "a path in %.100s is longer than %u bytes", folder,
                               LIMIT_PATH_BYTES - 1);
        } else if (is_log_name(entry->d_name) && stat(path, &found) == 0 && S_ISREG(found.st_mode)) {
            status = append(sources, path, error);
        }
    }
    closedir(listing);
    if (sources->count > first) {
        qsort(sources->paths + first, sources->count - first, sizeof *sources->paths, compare_paths);
    }
    return status;
}

int sources_expand(struct sources *sources, const char *const *names, size_t count, aisle_error *error)
{
    *sources = (struct sources){0};
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        struct stat found;
        bool is_stdin = strcmp(names[i], "-") == 0;
        if (!is_stdin && stat(names[i], &found) != 0) {
            status = system_error(names[i], error);
        } else if (!is_stdin && S_ISDIR(found.st_mode)) {
            status = append_folder(sources, names[i], error);
        } else {
            status = append(sources, names[i], error);
        }
    }
    if (status != 0) {
        sources_release(sources);
    }
    return status;
}

void sources_release(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        mem_free(sources->paths[i]);
    }
    mem_free(sources->paths);
    *sources = (struct sources){0};
}

uint64_t source_bytes(const char *path)
{
    struct stat found;
    return strcmp(path, "-") != 0 && stat(path, &found) == 0 && S_ISREG(found.st_mode) ? (uint64_t)found.st_size : 0;
}
