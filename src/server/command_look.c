/*
 * command_look.c - AISLE.GET, AISLE.INFO, DBSIZE: one product, and what catalogs hold.
 *
 * The keys of AISLE.INFO are those of `aisle stats --json`. Runs on the pool.
 */
#include "server/command.h"

#include "base/clock.h"
#include "server/catalogs.h"
#include "server/writes.h"

static struct catalog *find(struct call *call, struct bytes name)
{
    struct catalog *catalog = catalogs_find(call->request->set, name);
    if (catalog == NULL) {
        call_fail(call, "NOTFOUND", "no catalog is called '%.*s'", (int)(name.size < 64 ? name.size : 64),
                  (const char *)name.data);
    }
    return catalog;
}

void command_get(struct call *call)
{
    struct catalog *catalog = find(call, call->arguments[1]);
    aisle_error error = {0};
    aisle_hit hit;
    bool original = call->count == 4;
    if (catalog == NULL) {
        return;
    }
    if (original && !command_word(call->arguments[3], "ORIGINAL")) {
        call_fail(call, "ERR", "unknown argument '%.*s' (argument 3)",
                  (int)(call->arguments[3].size < 48 ? call->arguments[3].size : 48),
                  (const char *)call->arguments[3].data);
        return;
    }
    const aisle_bytes id = {(const char *)call->arguments[2].data, call->arguments[2].size};
    call->request->is_plain = true;
    int status = aisle_get(catalog->handle, id, original, &call->worker->result, &error);
    if (status == 0 && aisle_result_hit(call->worker->result, 0, &hit) == 0) {
        reply_bulk(&call->reply, bytes_of(hit.product.data, hit.product.size));
    } else if (status == AISLE_NOT_FOUND) {
        reply_null(&call->reply);
    } else {
        call_fail_as(call, &error);
    }
}

static void put_writes(const struct reply *reply, const struct catalog *catalog)
{
    struct writes_figures of;
    reply_key(reply, "writes");
    struct writes *writes = atomic_load(&catalog->writes);
    if (writes == NULL) {
        reply_null(reply);
        return;
    }
    writes_look(writes, &of);
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"unseen_bytes", of.unseen_bytes},
        {"unseen_ms", of.unseen_ns == 0 ? 0 : (clock_monotonic_ns() - of.unseen_ns) / 1000000},
        {"visible_ms", of.visible_ns / 1000000},
        {"visible_max_ms", of.visible_max_ns / 1000000},
        {"commits", of.commits},
        {"commit_failures", of.commit_failures},
        {"lost_bytes", of.lost_bytes},
    };
    size_t count = sizeof figures / sizeof figures[0];
    reply_map(reply, count + 1);
    reply_key(reply, "refused");
    reply_bool(reply, of.is_refusing);
    for (size_t i = 0; i < count; i++) {
        reply_key(reply, figures[i].name);
        reply_unsigned(reply, figures[i].value);
    }
}

static void put_log(const struct reply *reply, const aisle_statistics *stats)
{
    reply_key(reply, "log");
    if (stats->log_source[0] == '\0') {
        reply_null(reply);
        return;
    }
    reply_map(reply, 3);
    reply_key(reply, "file");
    reply_text(reply, stats->log_source);
    reply_key(reply, "offset");
    reply_unsigned(reply, stats->log_offset);
    reply_key(reply, "seq");
    if (stats->log_seq[0] == '\0') {
        reply_null(reply);
    } else {
        reply_text(reply, stats->log_seq);
    }
}

/* The name that a name or alias stands for. */
static const char *name_of(const struct catalog_set *set, const struct catalog *catalog)
{
    uint32_t i = 0;
    while (set->names[i].catalog != catalog) {
        i++;
    }
    return set->names[i].name;
}

static void info_of_catalog(struct call *call, const struct catalog *catalog)
{
    const struct reply *reply = &call->reply;
    aisle_statistics stats = {.size = sizeof stats};
    aisle_error error = {0};
    if (aisle_stats(catalog->handle, &stats, &error) != 0) {
        call_fail_as(call, &error);
        return;
    }
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"products", stats.products},           {"dead", stats.dead},
        {"shards", stats.shards},               {"segments", stats.segments},
        {"generation", stats.generation},       {"terms", stats.terms},
        {"postings", stats.postings},           {"bytes", stats.bytes},
        {"postings_bytes", stats.postings_bytes}, {"positions_bytes", stats.positions_bytes},
        {"terms_bytes", stats.terms_bytes},     {"columns_bytes", stats.columns_bytes},
        {"ids_bytes", stats.ids_bytes},         {"order_bytes", stats.order_bytes},
        {"documents_bytes", stats.documents_bytes}, {"words", stats.words},
        {"lexicon_bytes", stats.lexicon_bytes}, {"suggestions_bytes", stats.suggestions_bytes},
    };
    size_t count = sizeof figures / sizeof figures[0];
    reply_map(reply, count + 4);
    reply_key(reply, "catalog");
    reply_text(reply, name_of(call->request->set, catalog));
    reply_key(reply, "follows");
    reply_bool(reply, catalog->follower != NULL);
    for (size_t i = 0; i < count; i++) {
        reply_key(reply, figures[i].name);
        reply_unsigned(reply, figures[i].value);
    }
    put_log(reply, &stats);
    put_writes(reply, catalog);
}

void command_aisle_info(struct call *call)
{
    const struct reply *reply = &call->reply;
    const struct catalog_set *set = call->request->set;
    if (call->count == 2) {
        struct catalog *catalog = find(call, call->arguments[1]);
        if (catalog != NULL) {
            info_of_catalog(call, catalog);
        }
        return;
    }
    reply_map(reply, 3);
    reply_key(reply, "version");
    reply_text(reply, aisle_version());
    reply_key(reply, "catalogs");
    reply_array(reply, set->name_count);
    for (uint32_t i = 0; i < set->name_count; i++) {
        reply_text(reply, set->names[i].name);
    }
    reply_key(reply, "aliases");
    reply_map(reply, set->alias_count);
    for (uint32_t i = 0; i < set->alias_count; i++) {
        reply_text(reply, set->aliases[i].name);
        reply_text(reply, set->names[set->aliases[i].target].name);
    }
}

void command_dbsize(struct call *call)
{
    const struct catalog_set *set = call->request->set;
    uint64_t products = 0;
    for (uint32_t i = 0; i < set->name_count; i++) {
        aisle_statistics stats = {.size = sizeof stats};
        aisle_error error = {0};
        if (aisle_stats(set->names[i].catalog->handle, &stats, &error) != 0) {
            call_fail_as(call, &error);
            return;
        }
        products += stats.products;
    }
    reply_unsigned(&call->reply, products);
}
