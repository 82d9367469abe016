/*
 * catalogs.c - opening, taking over, switching and closing of catalogs.
 *
 * Opening and closing wait for disks, so they are done by the pool, or before and after the loop runs. Does not know
 * how writes are made durable (writes.c) or how logs are followed (follower.c).
 */
#include "server/catalogs.h"

#include "base/alloc.h"
#include "server/follower.h"
#include "server/writes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between attempts to open change logs. */
#define LOGS_PAUSE_LEAST_NS UINT64_C(1000000000)
#define LOGS_PAUSE_MOST_NS UINT64_C(60000000000)

static void close_catalog(struct catalog *catalog)
{
    if (catalog == NULL) {
        return;
    }
    follower_stop(catalog->follower);
    writes_close(atomic_load(&catalog->writes));
    aisle_close(catalog->handle);
    if (catalog->folder_fd >= 0) {
        close(catalog->folder_fd);
    }
    mem_free(catalog->path);
    mem_free(catalog);
}

static void free_set(struct catalog_set *set)
{
    for (uint32_t i = 0; i < set->name_count; i++) {
        mem_free(set->names[i].name);
    }
    for (uint32_t i = 0; i < set->alias_count; i++) {
        mem_free(set->aliases[i].name);
    }
    mem_free(set->names);
    mem_free(set->aliases);
    config_free(set->config);
    mem_free(set);
}

/* The catalog of the folder among the first count names. */
static struct catalog *find_folder(const struct catalog_name *names, uint32_t count, const struct stat *folder)
{
    for (uint32_t i = 0; i < count; i++) {
        struct catalog *catalog = names[i].catalog;
        if (catalog != NULL && catalog->device == folder->st_dev && catalog->inode == folder->st_ino) {
            return catalog;
        }
    }
    return NULL;
}

/* The source that the catalog of this name follows, or NULL. */
static const char *followed(const struct config *config, const char *name)
{
    for (uint32_t i = 0; i < config->follows.count; i++) {
        struct config_pair pair = config_pair(config->follows.items[i]);
        if (pair.name == NULL || (strlen(name) == pair.name_size && memcmp(name, pair.name, pair.name_size) == 0)) {
            return pair.value;
        }
    }
    return NULL;
}

/* Whether nothing but another's having its change log keeps it from being written. */
static bool is_kept_from_writing(const struct catalog *catalog)
{
    return atomic_load(&catalog->writes) == NULL && catalog->follower == NULL;
}

/* Whether a catalog of the set that is written has this path. */
static bool has_log_of(const struct catalog_set *set, const char *path)
{
    for (uint32_t i = 0; set != NULL && i < set->name_count; i++) {
        const struct catalog *catalog = set->names[i].catalog;
        if (catalog != NULL && atomic_load(&catalog->writes) != NULL && strcmp(catalog->path, path) == 0) {
            return true;
        }
    }
    return false;
}

static int open_writes(struct server *server, const struct config *config, const struct catalog_set *old,
                       struct catalog *catalog, aisle_error *error)
{
    aisle_error why = {0};
    struct writes *writes = NULL;
    if (has_log_of(old, catalog->path)) { /* else the path's folder would be its, and it taken over */
        server_log("%s is another catalog now: it takes writes as soon as the one before is closed", catalog->path);
        atomic_store(&catalog->is_replacing, true);
        return 0;
    }
    int status = writes_open(server, config, catalog->handle, catalog->path, &writes, &why);
    atomic_store(&catalog->writes, writes);
    if (status == AISLE_BUSY) {
        server_log("%s is served for reading only: %s; a reload tries again", catalog->path, why.message);
        return 0;
    }
    if (status != 0 && error != NULL) {
        *error = why;
    }
    return status;
}

static int open_catalog(struct server *server, const struct config *config, const struct catalog_set *old,
                        const char *name, const char *path, struct catalog **out, aisle_error *error)
{
    struct catalog *catalog = mem_calloc(1, sizeof *catalog);
    struct stat folder;
    const char *source = followed(config, name);
    const aisle_options options = {.size = sizeof options, .memory_bytes = config->memory_bytes, .threads = 2,
                                   .cache_bytes = config->cache_bytes};
    *out = catalog;
    if (catalog == NULL) {
        return error_no_memory(error, "opening a catalog");
    }
    catalog->folder_fd = -1;
    catalog->path = mem_copy_string(path, strlen(path));
    if (catalog->path == NULL) {
        return error_no_memory(error, "opening a catalog");
    }
    int status = aisle_open(path, &options, &catalog->handle, error);
    if (status != 0) {
        return status;
    }
    catalog->folder_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (catalog->folder_fd < 0 || fstat(catalog->folder_fd, &folder) != 0) {
        return error_set(error, AISLE_IO, "%.120s: %s", path, strerror(errno));
    }
    catalog->device = folder.st_dev;
    catalog->inode = folder.st_ino;
    return source != NULL ? follower_start(server->options->follow, path, source, &catalog->follower, error)
                          : open_writes(server, config, old, catalog, error);
}

/* What serves the folder already, in this set or the one before; NULL: it is to be opened. */
static struct catalog *find_served(const struct catalog_set *set, const struct catalog_set *old,
                                   const struct stat *folder)
{
    struct catalog *found = find_folder(set->names, set->name_count - 1, folder);
    if (found == NULL && old != NULL) {
        found = find_folder(old->names, old->name_count, folder);
        found = found != NULL && is_kept_from_writing(found) ? NULL : found;
    }
    return found;
}

/* Fills the set's i-th name; what it opens anew is closed again by discard. */
static int add_name(struct server *server, struct catalog_set *set, const struct catalog_set *old, uint32_t i,
                    aisle_error *error)
{
    struct config_pair pair = config_catalog(set->config->catalogs.items[i]);
    struct catalog_name *entry = &set->names[i];
    struct stat folder;
    entry->name = mem_copy_string(pair.name, pair.name_size);
    set->name_count++;
    if (entry->name == NULL) {
        return error_no_memory(error, "opening catalogs");
    }
    if (stat(pair.value, &folder) == 0) {
        entry->catalog = find_served(set, old, &folder);
    }
    if (entry->catalog == NULL) {
        return open_catalog(server, set->config, old, entry->name, pair.value, &entry->catalog, error);
    }
    if (entry->catalog->sets == 0 && entry->catalog->follower == NULL && followed(set->config, entry->name) != NULL) {
        return error_set(error, AISLE_INVALID, "follow %.60s=...: %.100s is served by another name, too: name that one",
                         entry->name, pair.value);
    }
    return 0;
}

static int add_alias(struct catalog_set *set, uint32_t i, aisle_error *error)
{
    struct config_pair pair = config_pair(set->config->aliases.items[i]);
    struct catalog_name *entry = &set->aliases[i];
    entry->name = mem_copy_string(pair.name, pair.name_size);
    set->alias_count++;
    if (entry->name == NULL) {
        return error_no_memory(error, "opening catalogs");
    }
    while (strcmp(set->names[entry->target].name, pair.value) != 0) {
        entry->target++; /* config_load has seen that it is there */
    }
    entry->catalog = set->names[entry->target].catalog;
    return 0;
}

/* Closes what a set that was never switched to has opened. */
static void discard(struct catalog_set *set)
{
    for (uint32_t i = 0; i < set->name_count; i++) {
        struct catalog *catalog = set->names[i].catalog;
        if (catalog == NULL || catalog->sets > 0) {
            continue; /* another set has it */
        }
        for (uint32_t k = i + 1; k < set->name_count; k++) {
            set->names[k].catalog = set->names[k].catalog == catalog ? NULL : set->names[k].catalog;
        }
        close_catalog(catalog);
    }
    free_set(set);
}

int catalogs_open(struct server *server, struct config *config, const struct catalog_set *old,
                  struct catalog_set **out, aisle_error *error)
{
    struct catalog_set *set = mem_calloc(1, sizeof *set);
    *out = NULL;
    if (set == NULL) {
        config_free(config);
        return error_no_memory(error, "opening catalogs");
    }
    set->config = config;
    set->names = mem_calloc(config->catalogs.count, sizeof *set->names);
    set->aliases = mem_calloc(config->aliases.count + 1, sizeof *set->aliases);
    int status = set->names == NULL || set->aliases == NULL ? error_no_memory(error, "opening catalogs") : 0;
    for (uint32_t i = 0; i < config->catalogs.count && status == 0; i++) {
        status = add_name(server, set, old, i, error);
    }
    for (uint32_t i = 0; i < config->aliases.count && status == 0; i++) {
        status = add_alias(set, i, error);
    }
    if (status != 0) {
        discard(set);
        return status;
    }
    *out = set;
    return 0;
}

/* ------------------------------------------------------------------------------------ holding, closing -- */

struct catalog_set *catalogs_hold(struct catalog_set *set)
{
    set->holders++;
    return set;
}

/* Takes each catalog once off or onto the set's count: two names may stand for one. */
static bool is_first_of(const struct catalog_set *set, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++) {
        if (set->names[k].catalog == set->names[i].catalog) {
            return false;
        }
    }
    return true;
}

/* On the pool: closes the catalogs that were left over, and frees the set. */
static void close_left(struct request *request)
{
    struct catalog_set *set = request->context;
    bool is_awaited = set->is_awaited;
    discard(set);
    request->context = is_awaited ? request->server : NULL;
}

static void closed(struct request *request)
{
    struct server *server = request->context;
    request_free(request);
    if (server != NULL) {
        catalogs_take_logs(server);
    }
}

/* Whether a catalog of the set can be written once this one, which is being closed, gives its change log up. */
static bool is_awaited(const struct catalog_set *set, const struct catalog *left)
{
    for (uint32_t i = 0; i < set->name_count && atomic_load(&left->writes) != NULL; i++) {
        const struct catalog *catalog = set->names[i].catalog;
        if (is_kept_from_writing(catalog) && strcmp(catalog->path, left->path) == 0) {
            return true;
        }
    }
    return false;
}

void catalogs_drop(struct server *server, struct catalog_set *set)
{
    if (set == NULL || --set->holders > 0) {
        return;
    }
    for (uint32_t i = 0; i < set->name_count; i++) {
        set->names[i].catalog->sets -= is_first_of(set, i);
    }
    for (uint32_t i = 0; i < set->name_count; i++) {
        struct catalog *catalog = set->names[i].catalog;
        set->names[i].catalog = catalog->sets > 0 ? NULL : catalog;
        set->is_awaited = set->is_awaited || (catalog->sets == 0 && is_awaited(server->set, catalog));
    }
    struct request *request = server->pool.threads == NULL ? NULL : request_new(server, NULL, 0);
    if (request == NULL) {
        discard(set); /* without memory the loop waits for it, once */
        return;
    }
    request->context = set;
    request->run = close_left;
    request->finish = closed;
    pool_submit(&server->pool, request);
}

/* -------------------------------------------------------------------------------- change logs of others -- */

/* On the pool. */
static void open_logs(struct request *request)
{
    const struct catalog_set *set = request->set;
    request->context = NULL;
    for (uint32_t i = 0; i < set->name_count; i++) {
        struct catalog *catalog = set->names[i].catalog;
        aisle_error error = {0};
        if (!is_kept_from_writing(catalog)) {
            continue;
        }
        bool failed = open_writes(request->server, set->config, NULL, catalog, &error) != 0;
        atomic_store(&catalog->is_replacing, failed);
        if (failed) {
            server_log("%s takes no writes yet: %s", catalog->path, error.message);
            request->context = request->server;
        } else if (atomic_load(&catalog->writes) != NULL) {
            server_log("%s takes writes", catalog->path);
        }
    }
}

/* The next attempt, after a pause of twice the last one's. */
static void try_again(struct server *server)
{
    uint64_t pause = server->logs_pause_ns * 2;
    pause = pause < LOGS_PAUSE_LEAST_NS ? LOGS_PAUSE_LEAST_NS : pause;
    server->logs_pause_ns = pause < LOGS_PAUSE_MOST_NS ? pause : LOGS_PAUSE_MOST_NS;
    server->logs_again_ns = uv_now(&server->loop) * 1000000 + server->logs_pause_ns;
}

static void opened_logs(struct request *request)
{
    struct server *server = request->server;
    if (request->context != NULL) {
        try_again(server);
    } else {
        server->logs_pause_ns = 0;
    }
    catalogs_drop(server, request->set);
    request_free(request);
}

void catalogs_take_logs(struct server *server)
{
    struct request *request = server->drain_ns != 0 ? NULL : request_new(server, NULL, 0);
    server->logs_again_ns = 0;
    if (server->drain_ns != 0) {
        return;
    }
    if (request == NULL) {
        try_again(server);
        return;
    }
    request->set = catalogs_hold(server->set);
    request->run = open_logs;
    request->finish = opened_logs;
    pool_submit(&server->pool, request);
}

void catalogs_sweep(struct server *server, uint64_t now_ns)
{
    if (server->logs_again_ns != 0 && now_ns >= server->logs_again_ns) {
        catalogs_take_logs(server);
    }
}

/* ------------------------------------------------------------------------------------------ switching -- */

void catalogs_switch(struct server *server, struct catalog_set *set)
{
    struct catalog_set *before = server->set;
    for (uint32_t i = 0; i < set->name_count; i++) {
        set->names[i].catalog->sets += is_first_of(set, i);
    }
    server->set = catalogs_hold(set);
    server->config = set->config;
    catalogs_drop(server, before);
}

void catalogs_quiet(struct catalog_set *set)
{
    for (uint32_t i = 0; set != NULL && i < set->name_count; i++) {
        struct catalog *catalog = set->names[i].catalog;
        follower_stop(catalog->follower);
        writes_close(atomic_exchange(&catalog->writes, NULL));
        catalog->follower = NULL;
    }
}

void catalogs_close(struct catalog_set *set)
{
    if (set == NULL) {
        return;
    }
    for (uint32_t i = 0; i < set->name_count; i++) {
        set->names[i].catalog->sets = 0;
    }
    discard(set);
}

static struct catalog *find_name(const struct catalog_name *names, uint32_t count, struct bytes name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes_equal(bytes_of_string(names[i].name), name)) {
            return names[i].catalog;
        }
    }
    return NULL;
}

struct catalog *catalogs_find(const struct catalog_set *set, struct bytes name)
{
    struct catalog *catalog = find_name(set->names, set->name_count, name);
    return catalog != NULL ? catalog : find_name(set->aliases, set->alias_count, name);
}
