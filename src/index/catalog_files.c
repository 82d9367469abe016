/*
 * catalog_files.c - reading and writing aisle.json and schema.json.
 */
#include "index/catalog_files.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "index/catalog.h"
#include "schema/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int file_error(const char *what, const char *path, aisle_error *error)
{
    return storage_error(errno, what, path, error);
}

static int read_all(int descriptor, struct buf *out, const char *path, aisle_error *error)
{
    for (;;) {
        uint8_t chunk[4096];
        ssize_t got = read(descriptor, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return file_error("a file of the catalog cannot be read", path, error);
        }
        if (got == 0) {
            break;
        }
        buf_put(out, chunk, (size_t)got);
    }
    int status = buf_status(out);
    return status == 0 ? 0 : error_set(error, status, "a file of the catalog is too large (%s)", path);
}

/* The whole file, with a NUL behind it, in memory of the caller. */
static int read_file(const char *directory, const char *name, char **out, aisle_error *error)
{
    struct buf content;
    *out = NULL;
    char *path = catalog_path(directory, name);
    if (path == NULL) {
        return error_no_memory(error, "opening a catalog");
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        int status = missing ? error_set(error, AISLE_NOT_A_CATALOG, "this is not a catalog: there is no %s (%s)", name,
                                         directory)
                             : file_error("a file of the catalog cannot be opened", path, error);
        mem_free(path);
        return status;
    }
    buf_init(&content, LIMIT_SCHEMA_BYTES + 1);
    int status = read_all(descriptor, &content, path, error);
    if (status == 0) {
        *out = mem_copy_string(content.data, content.size);
        status = *out == NULL ? error_no_memory(error, "opening a catalog") : 0;
    }
    buf_release(&content);
    close(descriptor);
    mem_free(path);
    return status;
}

/* A whole number among the members of the object. */
static bool find_number(const struct json *json, const char *key, uint32_t max, uint32_t *out)
{
    size_t count;
    const struct json_node *nodes = json_nodes(json, &count);
    size_t member = json_member(json, 0, bytes_of_string(key));
    uint64_t value = 0;
    if (member == 0 || nodes[member].type != JSON_NUMBER || nodes[member].text.size > 9) {
        return false;
    }
    for (size_t i = 0; i < nodes[member].text.size; i++) {
        uint8_t digit = nodes[member].text.data[i];
        if (digit < '0' || digit > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(digit - '0');
    }
    *out = (uint32_t)value;
    return value <= max;
}

/*
 * Ties the two files together, so that a changed number of shards or a changed schema shows. 29 bits, because a number
 * that every reader of JSON takes for whole is wanted.
 */
static uint32_t checksum_of(uint32_t format, uint32_t shards, const char *schema_json)
{
    uint64_t seed = (uint64_t)format << 32 | shards;
    return (uint32_t)hash_bytes_seeded(schema_json, strlen(schema_json), seed) & 0x1fffffffu;
}

static int read_properties(const char *text, const char *schema_json, uint32_t *shards, const char *directory,
                           aisle_error *error)
{
    struct json *json = NULL;
    uint32_t format = 0;
    uint32_t checksum = 0;
    int status = json_new(&json);
    if (status == 0) {
        status = json_parse(json, bytes_of_string(text), error);
    }
    if (status != 0) {
        json_free(json);
        return error_set(error, status == AISLE_NO_MEMORY ? status : AISLE_CORRUPT, "aisle.json is damaged (%s)",
                         directory);
    }
    if (!find_number(json, "format", UINT32_MAX, &format) || format == 0) {
        status = error_set(error, AISLE_CORRUPT, "aisle.json names no format (%s)", directory);
    } else if (format > CATALOG_FORMAT) {
        status = error_set(error, AISLE_NEWER_FORMAT, "the catalog has format %u; this version reads %u (%s)",
                           format, CATALOG_FORMAT, directory);
    } else if (format < CATALOG_FORMAT) {
        status = error_set(error, AISLE_OLD_FORMAT,
                           "the catalog has format %u, which was never released; index its products anew (%s)", format,
                           directory);
    } else if (!find_number(json, "shards", LIMIT_SHARDS, shards) || *shards == 0) {
        status = error_set(error, AISLE_CORRUPT, "aisle.json names no number of shards (%s)", directory);
    } else if (!find_number(json, "checksum", UINT32_MAX, &checksum) ||
               checksum != checksum_of(format, *shards, schema_json)) {
        status = error_set(error, AISLE_CORRUPT, "aisle.json or schema.json is damaged: their checksum is wrong (%s)",
                           directory);
    }
    json_free(json);
    return status;
}

int catalog_files_read(const char *directory, uint32_t *shards, char **schema_json, aisle_error *error)
{
    char *properties = NULL;
    *schema_json = NULL;
    int status = read_file(directory, "aisle.json", &properties, error);
    if (status == 0) {
        status = read_file(directory, "schema.json", schema_json, error);
    }
    if (status == 0) {
        status = read_properties(properties, *schema_json, shards, directory, error);
    }
    mem_free(properties);
    return status;
}

static int write_all(int descriptor, const char *text, size_t size)
{
    while (size != 0) {
        ssize_t put = write(descriptor, text, size);
        if (put < 0 && errno == EINTR) { /* GCOVR_EXCL_BR_LINE: local file systems are not interrupted */
            continue;                    /* GCOVR_EXCL_LINE */
        }
        if (put < 0) {
            return -1;
        }
        text += put;
        size -= (size_t)put;
    }
    return fsync(descriptor);
}

static int write_file(const char *directory, const char *name, const char *text, aisle_error *error)
{
    char *path = catalog_path(directory, name);
    if (path == NULL) {
        return error_no_memory(error, "creating a catalog");
    }
    int status = 0;
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0 || write_all(descriptor, text, strlen(text)) != 0) {
        status = file_error("a file of the catalog cannot be written", path, error);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    mem_free(path);
    return status;
}

int catalog_files_write(const char *directory, uint32_t shards, const char *schema_json, aisle_error *error)
{
    char properties[96];
    snprintf(properties, sizeof properties, "{\"format\":%u,\"shards\":%u,\"checksum\":%u}\n", CATALOG_FORMAT, shards,
             checksum_of(CATALOG_FORMAT, shards, schema_json));
    int status = write_file(directory, "schema.json", schema_json, error);
    return status == 0 ? write_file(directory, "aisle.json", properties, error) : status;
}
