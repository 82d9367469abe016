/*
 * reload.c - new settings and catalogs, beside the service: SIGHUP and AISLE.RELOAD.
 *
 * Read and opened on the pool; the loop then switches at once, or keeps what it has when anything is wrong. Taken over
 * are catalogs, aliases and what is read at each use (deadlines, limits, password), and the slow log is opened anew;
 * addresses, threads and what a catalog was opened with stay as they are until a restart. AISLE.RELOAD CATALOG reads
 * that catalog's synonyms, stop words and rules alone.
 */
#include "server/command.h"

#include "server/catalogs.h"
#include "server/listen.h"
#include "server/notify.h"
#include "server/slow.h"

#include <string.h>

/* The files of words and rules of each catalog; what is wrong with one is told, and the others are read. */
static void reload_words(const struct catalog_set *set)
{
    for (uint32_t i = 0; i < set->name_count; i++) {
        aisle_error error = {0};
        if (aisle_reload(set->names[i].catalog->handle, &error) != 0) {
            server_log("%s: words and rules stay as they were: %s", set->names[i].name, error.message);
        }
    }
}

/* On the pool. *out: the new set; NULL with the error. */
static int load(struct server *server, const struct catalog_set *old, struct catalog_set **out, aisle_error *error)
{
    struct config *config = NULL;
    *out = NULL;
    int status = config_load(server->options, &config, error);
    if (status == 0 && config->password == NULL && listen_is_exposed(server)) {
        config_free(config);
        return error_set(error, AISLE_INVALID, "a socket that stays open until a restart can be reached from elsewhere:"
                                               " that takes a password-file");
    }
    status = status != 0 ? status : catalogs_open(server, config, old, out, error);
    if (status == 0) {
        reload_words(*out);
    }
    return status;
}

/* On the loop: switches, if there is something to switch to. */
static void take_over(struct server *server, struct catalog_set *set)
{
    atomic_store(&server->is_reloading, false);
    if (set == NULL) {
        server->metrics.reload_failures++;
        return;
    }
    catalogs_switch(server, set);
    server_fit_files(server);
    aisle_error error = {0};
    if (slow_reopen(server, &error) != 0) {
        server_log("the slow log stays as it was: %s", error.message);
    }
    server->metrics.reloads++;
    server_log("settings and catalogs were read anew");
}

/* One that was wanted while another was under way, which may have read the settings before they were changed. */
static void go_on(struct server *server)
{
    if (server->reloads_again) {
        server->reloads_again = false;
        server_reload(server);
    }
}

static void reload_one(struct call *call)
{
    aisle_error error = {0};
    struct catalog *catalog = catalogs_find(call->request->set, call->arguments[1]);
    if (catalog == NULL) {
        struct bytes name = call->arguments[1];
        call_fail(call, "NOTFOUND", "no catalog is called '%.*s'", (int)(name.size < 64 ? name.size : 64),
                  (const char *)name.data);
    } else if (aisle_reload(catalog->handle, &error) != 0) {
        call_fail_as(call, &error);
    } else {
        reply_simple(&call->reply, "OK");
    }
}

void command_reload(struct call *call)
{
    aisle_error error = {0};
    struct catalog_set *set = NULL;
    if (call->count == 2) {
        reload_one(call);
        return;
    }
    if (atomic_exchange(&call->server->is_reloading, true)) {
        call_fail(call, "BUSY", "another reload is under way");
        return;
    }
    if (load(call->server, call->request->set, &set, &error) != 0) {
        atomic_store(&call->server->is_reloading, false);
        call_fail_as(call, &error);
        return;
    }
    call->request->context = set;
    reply_simple(&call->reply, "OK");
}

void command_reload_finish(struct request *request)
{
    if (request->context != NULL) {
        take_over(request->server, request->context);
    } else if (request->failed && request->count == 1) {
        request->server->metrics.reload_failures++;
    }
    go_on(request->server);
}

/* ---------------------------------------------------------------------------------------------- signal -- */

static void run(struct request *request)
{
    aisle_error error = {0};
    struct catalog_set *set = NULL;
    if (load(request->server, request->set, &set, &error) != 0) {
        server_log("the reload failed, everything stays as it was: %s", error.message);
    }
    request->context = set;
}

static void finish(struct request *request)
{
    struct server *server = request->server;
    catalogs_drop(server, request->set);
    take_over(server, request->context);
    notify_send("READY=1");
    request_free(request);
    go_on(server);
}

void server_reload(struct server *server)
{
    if (server->drain_ns != 0) {
        return;
    }
    if (atomic_exchange(&server->is_reloading, true)) {
        server->reloads_again = true;
        return;
    }
    struct request *request = request_new(server, NULL, 0);
    if (request == NULL) {
        atomic_store(&server->is_reloading, false);
        return;
    }
    notify_reloading();
    request->set = catalogs_hold(server->set);
    request->run = run;
    request->finish = finish;
    pool_submit(&server->pool, request);
}
