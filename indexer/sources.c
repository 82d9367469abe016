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
#include <stdlib.h>
#include <sys/stat.h>

#define REJECTS_SUFFIX ".rejects.jsonl"
#define SETTLE_TRIES 100u

static int system_error(const char *path, aisle_error *error)
{
    int code = errno == ENOENT ? AISLE_NOT_FOUND : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "%s cannot be read: %s", path, strerror(errno));
}

static int append(struct sources *sources, const char *path, uint32_t stream, const struct stat *found,
                  aisle_error *error)
{
    if (sources->count == LIMIT_SOURCES) {
        return error_set(error, AISLE_LIMIT, "more than %u files to index at once", LIMIT_SOURCES);
    }
    if (sources->count == sources->capacity) {
        size_t capacity = sources->capacity == 0 ? 16 : sources->capacity * 2;
        struct source *files = mem_realloc(sources->files, capacity * sizeof *files);
        if (files == NULL) {
            return error_no_memory(error, "listing the sources");
        }
        sources->files = files;
        sources->capacity = capacity;
    }
    char *copy = mem_copy_string(path, strlen(path));
    if (copy == NULL) {
        return error_no_memory(error, "listing the sources");
    }
    bool is_file = found != NULL && S_ISREG(found->st_mode);
    sources->files[sources->count++] = (struct source){.path = copy,
                                                       .stream = stream,
                                                       .is_file = is_file,
                                                       .device = is_file ? found->st_dev : 0,
                                                       .inode = is_file ? found->st_ino : 0,
                                                       .bytes = is_file ? (uint64_t)found->st_size : 0,
                                                       .changed = is_file ? found->st_mtim : (struct timespec){0}};
    return 0;
}

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name);
    size_t end_size = strlen(end);
    return size >= end_size && strcmp(name + size - end_size, end) == 0;
}

/* Not what is hidden, nor what a run has rejected or is retrying. */
static bool is_log_name(const char *name)
{
    return name[0] != '.' && !ends_with(name, REJECTS_SUFFIX) && !ends_with(name, REJECTS_SUFFIX ".retried");
}

/* ------------------------------------------------------------------------------------------------ order -- */

#define DATE_DIGITS 8u

/* A name's number behind a dot at its end, or its date behind a dot or dash, as rotations append them. */
struct rotation {
    size_t stem; /* bytes before the dot or dash */
    const char *digits;
    size_t digit_count; /* 0: none */
};

static struct rotation rotation_of(const char *path)
{
    size_t end = strlen(path);
    if (end > 3 && strcmp(path + end - 3, ".gz") == 0) {
        end -= 3;
    } else if (end > 4 && strcmp(path + end - 4, ".zst") == 0) {
        end -= 4;
    }
    size_t at = end;
    while (at > 0 && path[at - 1] >= '0' && path[at - 1] <= '9') {
        at--;
    }
    bool numbered = at < end && at > 1 && path[at - 2] != '/' &&
                    (path[at - 1] == '.' || (path[at - 1] == '-' && end - at >= DATE_DIGITS));
    return numbered ? (struct rotation){at - 1, path + at, end - at} : (struct rotation){strlen(path), path, 0};
}

/* Bytes of a name without what a rotation or packing appends. */
static size_t stem_bytes(const char *name)
{
    struct rotation rotation = rotation_of(name);
    size_t size = strlen(name);
    bool gzip = size > 3 && strcmp(name + size - 3, ".gz") == 0;
    bool zstd = size > 4 && strcmp(name + size - 4, ".zst") == 0;
    return rotation.digit_count > 0 ? rotation.stem : size - (gzip ? 3u : zstd ? 4u : 0u);
}

/* Of two rotations of one file: which is older. */
static int compare_rotations(struct rotation a, struct rotation b)
{
    if (a.digit_count == 0 || b.digit_count == 0) {
        return (a.digit_count == 0) - (b.digit_count == 0); /* what is written to is the newest */
    }
    bool a_date = a.digit_count >= DATE_DIGITS;
    bool b_date = b.digit_count >= DATE_DIGITS;
    if (a_date != b_date) {
        return a_date ? -1 : 1;
    }
    if (a.digit_count != b.digit_count) {
        return (a.digit_count < b.digit_count) == a_date ? -1 : 1;
    }
    int order = memcmp(a.digits, b.digits, a.digit_count);
    return a_date ? order : -order;
}

bool sources_same_log(const char *a, const char *b)
{
    const char *slash_a = strrchr(a, '/');
    const char *slash_b = strrchr(b, '/');
    const char *name_a = slash_a == NULL ? a : slash_a + 1;
    const char *name_b = slash_b == NULL ? b : slash_b + 1;
    return bytes_equal(bytes_of(name_a, stem_bytes(name_a)), bytes_of(name_b, stem_bytes(name_b)));
}

static int compare_files(const void *a, const void *b)
{
    const char *x = ((const struct source *)a)->path;
    const char *y = ((const struct source *)b)->path;
    struct rotation first = rotation_of(x);
    struct rotation second = rotation_of(y);
    int order = bytes_compare(bytes_of(x, first.stem), bytes_of(y, second.stem));
    order = order != 0 ? order : compare_rotations(first, second);
    return order != 0 ? order : strcmp(x, y);
}

/* Whether the first is the second, which is a rotation, as a packer is making it or has just made it. */
static bool is_packed_copy(const char *packed, const char *plain)
{
    size_t size = strlen(plain);
    return rotation_of(plain).digit_count > 0 && strncmp(packed, plain, size) == 0 &&
           (strcmp(packed + size, ".gz") == 0 || strcmp(packed + size, ".zst") == 0);
}

/*
 * Of a rotation that stands there plain and packed, as long as a packer works, the plain one counts: the packed one may
 * be cut short, and read as another file it would bring back what newer files have changed. Both stand side by side.
 */
static void drop_packed_copies(struct sources *sources, size_t first)
{
    size_t kept = first;
    for (size_t i = first; i < sources->count; i++) {
        if (kept > first && is_packed_copy(sources->files[i].path, sources->files[kept - 1].path)) {
            mem_free(sources->files[i].path);
        } else {
            sources->files[kept++] = sources->files[i];
        }
    }
    sources->count = kept;
}

static int append_folder(struct sources *sources, const char *folder, uint32_t stream, aisle_error *error)
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
            status = append(sources, path, stream, &found, error);
        }
    }
    closedir(listing);
    if (sources->count > first) {
        qsort(sources->files + first, sources->count - first, sizeof *sources->files, compare_files);
        drop_packed_copies(sources, first);
    }
    return status;
}

int sources_expand(struct sources *sources, const char *const *names, size_t count, bool may_be_missing,
                   aisle_error *error)
{
    *sources = (struct sources){0};
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        struct stat found;
        bool is_stdin = strcmp(names[i], "-") == 0;
        if (!is_stdin && stat(names[i], &found) != 0) {
            status = may_be_missing && errno == ENOENT ? 0 : system_error(names[i], error);
        } else if (!is_stdin && S_ISDIR(found.st_mode)) {
            status = append_folder(sources, names[i], (uint32_t)i, error);
        } else {
            status = append(sources, names[i], (uint32_t)i, is_stdin ? NULL : &found, error);
        }
    }
    if (status != 0) {
        sources_release(sources);
    }
    return status;
}

bool sources_are_same(const struct sources *a, const struct sources *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++) {
        same = a->files[i].device == b->files[i].device && a->files[i].inode == b->files[i].inode &&
               strcmp(a->files[i].path, b->files[i].path) == 0;
    }
    return same;
}

int sources_settle(struct sources *sources, const char *const *names, size_t count, bool may_be_missing,
                   aisle_error *error)
{
    struct sources before;
    bool same = false;
    int status = sources_expand(sources, names, count, may_be_missing, error);
    for (unsigned tries = 0; status == 0 && !same && tries < SETTLE_TRIES; tries++) {
        before = *sources;
        status = sources_expand(sources, names, count, may_be_missing, error);
        same = status == 0 && sources_are_same(&before, sources);
        sources_release(&before);
    }
    return status;
}

void sources_release(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        mem_free(sources->files[i].path);
    }
    mem_free(sources->files);
    *sources = (struct sources){0};
}
