/*
 * create.c - aisle_create: a new catalog from a schema that can be kept. making.h sees to its directory.
 */
#include "index/catalog.h"
#include "index/catalog_files.h"
#include "index/making.h"

#include "base/alloc.h"
#include "text/text.h"

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

static int check_schema(const char *schema_json, aisle_error *error)
{
    struct schema *schema = NULL;
    int status = schema_parse(bytes_of_string(schema_json), &schema, error);
    if (status == 0) {
        status = check_languages(schema, error);
        schema_free(schema);
    }
    return status;
}

static int make_shard(const struct making *making, uint32_t shard, aisle_error *error)
{
    char *path = NULL;
    int status = making_shard(making, shard, &path, error);
    if (status == 0) {
        status = shard_create(path, error);
    }
    if (status == 0) {
        status = making_sync_shard(path, error);
    }
    mem_free(path);
    return status;
}

static int create(const char *path, const char *schema_json, uint32_t shards, aisle_error *error)
{
    struct making making;
    int status = making_begin(&making, path, shards, error);
    if (status == 0) {
        status = catalog_files_write(making.directory, shards, schema_json, error);
    }
    for (uint32_t i = 0; i < shards && status == 0; i++) {
        status = make_shard(&making, i, error);
    }
    return making_finish(&making, status, error);
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
