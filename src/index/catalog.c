/*
 * catalog.c - aisle_create, aisle_open, aisle_close and the small public functions around them.
 */
#include "index/catalog.h"

#include "base/alloc.h"
#include "index/catalog_files.h"
#include "index/ingest.h"
#include "schema/json.h"

#include <stdio.h>

#define STRINGIFY(x) #x
#define VERSION_TEXT(a, b, c) STRINGIFY(a) "." STRINGIFY(b) "." STRINGIFY(c)

const char *aisle_version(void)
{
    return VERSION_TEXT(AISLE_VERSION_MAJOR, AISLE_VERSION_MINOR, AISLE_VERSION_PATCH);
}

int aisle_set_allocator(const aisle_allocator *allocator)
{
    return alloc_hooks_set(allocator);
}

int aisle_memory(aisle_memory_statistics *out, aisle_error *error)
{
    size_t size = out->size;
    aisle_memory_statistics now = {.size = size, .allocations = alloc_calls()};
    if (size < sizeof out->size || size > sizeof now) {
        return error_set(error, AISLE_INVALID, "aisle_memory_statistics.size is not sizeof(aisle_memory_statistics)");
    }
    alloc_bytes(&now.current_bytes, &now.peak_bytes);
    memcpy(out, &now, size);
    return 0;
}

void aisle_free(void *memory)
{
    mem_free(memory);
}

int aisle_infer_schema(aisle_bytes lines, char **schema, aisle_error *error)
{
    struct buf json;
    *schema = NULL;
    buf_init(&json, LIMIT_SCHEMA_BYTES);
    int status = schema_infer(bytes_of(lines.data, lines.size), &json, error);
    if (status == 0) {
        *schema = mem_copy_string(json.data, json.size);
        status = *schema == NULL ? error_no_memory(error, "guessing a schema") : 0;
    }
    buf_release(&json);
    return status;
}

char *catalog_path(const char *directory, const char *name)
{
    size_t size = strlen(directory) + 1 + strlen(name) + 1;
    char *path = mem_alloc(size);
    if (path != NULL) {
        snprintf(path, size, "%s/%s", directory, name);
    }
    return path;
}

char *catalog_shard_path(const char *directory, uint32_t shard)
{
    char name[32];
    snprintf(name, sizeof name, "shard-%02u", shard);
    return catalog_path(directory, name);
}

uint64_t catalog_cache_bytes(const struct aisle *catalog)
{
    if (catalog->cache_bytes != 0) {
        return catalog->cache_bytes;
    }
    uint64_t products = 0;
    for (uint32_t i = 0; i < catalog->shard_count; i++) {
        products += atomic_load_explicit(&catalog->shards[i].view_products, memory_order_relaxed);
    }
    return LIMIT_CACHE_DEFAULT_BYTES + products * LIMIT_CACHE_PRODUCT_BYTES;
}

/* ---- open ---- */

static int open_shards(struct aisle *catalog, aisle_error *error)
{
    catalog->shards = mem_calloc(catalog->shard_count, sizeof *catalog->shards);
    if (catalog->shards == NULL) {
        return error_no_memory(error, "opening a catalog");
    }
    int status = 0;
    for (uint32_t i = 0; i < catalog->shard_count && status == 0; i++) {
        char *path = catalog_shard_path(catalog->path, i);
        status = path == NULL
                     ? error_no_memory(error, "opening a catalog")
                     : shard_open(path, catalog->read_only, &catalog->columns, &catalog->shards[i], error);
        mem_free(path);
        if (status == AISLE_NOT_FOUND) {
            status = error_set(error, AISLE_CORRUPT, "shard %u of the catalog is missing (%s)", i, catalog->path);
        }
    }
    return status;
}

static int share_presence(struct aisle *catalog, aisle_error *error)
{
    char *path = catalog_path(catalog->path, "aisle.json");
    if (path == NULL) {
        return error_no_memory(error, "opening a catalog");
    }
    int status = storage_lock_share(path, &catalog->presence, error);
    mem_free(path);
    return status;
}

int catalog_check_place(const struct aisle *catalog, aisle_error *error)
{
    char *path = catalog_path(catalog->path, "aisle.json");
    if (path == NULL) {
        return error_no_memory(error, "looking for the catalog");
    }
    bool there = storage_lock_is_at(catalog->presence, path);
    mem_free(path);
    return there ? 0 : error_set(error, AISLE_NOT_FOUND, "the catalog is no longer where it was opened; open it at its "
                                 "new place (%s)", catalog->path);
}

static int open_catalog(struct aisle *catalog, const char *path, const aisle_options *options, aisle_error *error)
{
    catalog->read_only = options->read_only;
    catalog->threads = options->threads;
    catalog->merge_bytes_per_second = options->merge_bytes_per_second;
    catalog->memory_bytes = options->memory_bytes == 0 ? LIMIT_BUDGET_DEFAULT_BYTES : options->memory_bytes;
    catalog->cache_bytes = options->cache_bytes;
    catalog->suggest_share = LIMIT_SUGGEST_SHARE;
    if (catalog->memory_bytes < LIMIT_BUDGET_MIN_BYTES) {
        return error_set(error, AISLE_LIMIT, "a memory budget of %llu bytes is below the least, %llu",
                         (unsigned long long)catalog->memory_bytes, (unsigned long long)LIMIT_BUDGET_MIN_BYTES);
    }
    if (options->threads > LIMIT_THREADS) {
        return error_set(error, AISLE_LIMIT, "%u threads of a writer are above %u", options->threads, LIMIT_THREADS);
    }
    catalog->path = mem_copy_string(path, strlen(path));
    if (catalog->path == NULL) {
        return error_no_memory(error, "opening a catalog");
    }
    int status = storage_filesystem_check(path, error);
    if (status == AISLE_NOT_FOUND) {
        return error_set(error, AISLE_NOT_A_CATALOG, "there is no catalog (%s)", path);
    }
    if (status == 0) {
        status = catalog_files_read(path, &catalog->shard_count, &catalog->schema_json, error);
    }
    if (status == 0) {
        status = share_presence(catalog, error);
    }
    if (status == 0) {
        status = schema_parse(bytes_of_string(catalog->schema_json), &catalog->schema, error);
    }
    if (status != 0) {
        return status;
    }
    rank_weights_init(&catalog->weights, catalog->schema);
    status = open_shards(catalog, error);
    if (status == 0) {
        ingest_columns(catalog->schema, &catalog->columns);
    }
    return status;
}

/* Threads that help with searches share what searches keep of the heap. */
static int start_crew(struct aisle *catalog, const aisle_options *options, aisle_error *error)
{
    if (options->search_threads > LIMIT_THREADS) {
        return error_set(error, AISLE_LIMIT, "%u threads of a search are above %u", options->search_threads,
                         LIMIT_THREADS);
    }
    catalog->crew_postings = options->search_threads_from == 0 ? LIMIT_CREW_POSTINGS : options->search_threads_from;
    if (options->search_threads <= 1) {
        return 0;
    }
    size_t keep_bytes = (size_t)(catalog_cache_bytes(catalog) / 4 / options->search_threads);
    keep_bytes = keep_bytes < SEARCHER_KEPT_BYTES ? keep_bytes : SEARCHER_KEPT_BYTES;
    catalog->crew_bytes = keep_bytes * (options->search_threads - 1);
    int status = crew_new(options->search_threads - 1, keep_bytes, &catalog->crew);
    return status == 0 ? 0 : error_set(error, status, "%u threads for searches cannot be started",
                                       options->search_threads - 1);
}

int aisle_open(const char *path, const aisle_options *given, aisle **out, aisle_error *error)
{
    aisle_options options = {.size = sizeof options};
    *out = NULL;
    if (given != NULL) {
        if (given->size < sizeof given->size || given->size > sizeof options) {
            return error_set(error, AISLE_INVALID, "aisle_options.size is not sizeof(aisle_options)");
        }
        memcpy(&options, given, given->size);
    }
    if (path == NULL || strlen(path) == 0 || strlen(path) > LIMIT_PATH_BYTES) {
        return error_set(error, AISLE_INVALID, "a catalog's path has 1 to %u bytes", LIMIT_PATH_BYTES);
    }
    struct aisle *catalog = mem_calloc(1, sizeof *catalog);
    if (catalog == NULL) {
        return error_no_memory(error, "opening a catalog");
    }
    int status = open_catalog(catalog, path, &options, error);
    if (status == 0 && searcher_pool_init(&catalog->searchers, catalog->shard_count, catalog->schema) != 0) {
        status = error_no_memory(error, "opening a catalog");
    }
    catalog->has_searchers = status == 0;
    if (status == 0 &&
        ranks_keeper_init(&catalog->ranks, (size_t)(catalog_cache_bytes(catalog) / LIMIT_RANKS_SHARE)) != 0) {
        status = error_no_memory(error, "opening a catalog");
    }
    catalog->has_ranks = status == 0;
    if (status == 0 &&
        unions_keeper_init(&catalog->unions, (size_t)(catalog_cache_bytes(catalog) / LIMIT_UNIONS_SHARE)) != 0) {
        status = error_no_memory(error, "opening a catalog");
    }
    catalog->has_unions = status == 0;
    if (status == 0 && firsts_init(&catalog->firsts) != 0) {
        status = error_no_memory(error, "opening a catalog");
    }
    catalog->has_firsts = status == 0;
    const char *const rules[RULES_FILES] = {options.synonyms, options.stop_words, options.rules};
    if (status == 0 && rules_keeper_init(&catalog->rules, path, rules, &catalog->columns) != 0) {
        status = error_no_memory(error, "opening a catalog");
    }
    status = status == 0 ? start_crew(catalog, &options, error) : status;
    if (status != 0) {
        aisle_close(catalog);
        return status;
    }
    *out = catalog;
    return 0;
}

void aisle_close(aisle *catalog)
{
    if (catalog == NULL) {
        return;
    }
    bool forked = catalog->shards != NULL && catalog->shards[0].storage != NULL &&
                  storage_forked(catalog->shards[0].storage);
    crew_free(catalog->crew, forked);
    if (catalog->has_searchers) {
        searcher_pool_release(&catalog->searchers);
    }
    if (catalog->has_ranks) {
        ranks_keeper_release(&catalog->ranks);
    }
    if (catalog->has_unions && !forked) { /* of a child nobody knows what its threads were at */
        unions_keeper_release(&catalog->unions);
    }
    if (catalog->has_firsts) {
        firsts_release(&catalog->firsts);
    }
    leads_release(&catalog->leads);
    words_kept_release(&catalog->words);
    words_kept_release(&catalog->undecided);
    rules_keeper_release(&catalog->rules, forked);
    for (uint32_t i = 0; catalog->shards != NULL && i < catalog->shard_count; i++) {
        shard_close(&catalog->shards[i]);
    }
    mem_free(catalog->shards);
    storage_lock_release(catalog->presence);
    schema_free(catalog->schema);
    mem_free(catalog->schema_json);
    mem_free(catalog->path);
    mem_free(catalog);
}

const char *aisle_schema(const aisle *catalog)
{
    return catalog->schema_json;
}
