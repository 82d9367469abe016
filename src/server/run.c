/*
 * run.c - the life of the server: starting, listening, turns of the loop, signals, the end.
 *
 * Everything that can fail at the start fails before the first client is taken. Does not know what clients say.
 */
#include "server/core.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "server/brief.h"
#include "server/catalogs.h"
#include "server/connection.h"
#include "server/http.h"
#include "server/listen.h"
#include "server/metrics.h"
#include "server/notify.h"
#include "server/slow.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define SWEEP_MS 1000u
#define SPARE_FILES 512u /* descriptors for catalogs and logs, beside those of clients */

static const int signal_numbers[] = {SIGTERM, SIGINT, SIGHUP};

void server_log(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    dprintf(STDERR_FILENO, "aisle: serve: %s\n", line);
}

/* ------------------------------------------------------------------------------------ turns of the loop -- */

/* At the beginning of a turn; while it is active, the loop does not wait for sockets. */
static void keep_turning(uv_idle_t *idle)
{
    struct server *server = idle->data;
    if (server->is_late) {
        listen_late(server);
    }
}

static void on_check(uv_check_t *check)
{
    struct server *server = check->data;
    connection_resume_all(server);
    if (server->resume != NULL || server->is_late) {
        uv_idle_start(&server->idle, keep_turning);
    } else {
        uv_idle_stop(&server->idle);
    }
    uint64_t now = uv_hrtime();
    uint64_t idle = uv_metrics_idle_time(&server->loop);
    uint64_t passed = now - server->turn_ns;
    uint64_t waited = idle - server->idle_ns;
    metrics_turn(&server->metrics, passed > waited ? passed - waited : 0);
    server->turn_ns = now;
    server->idle_ns = idle;
}

static void close_all(struct server *server)
{
    while (server->connections != NULL) {
        connection_close(server->connections);
    }
    http_close_all(server);
}

static void on_sweep(uv_timer_t *timer)
{
    struct server *server = timer->data;
    uint64_t now = uv_now(&server->loop) * 1000000;
    connection_sweep(server, now);
    http_sweep(server, now);
    listen_retry(server);
    catalogs_sweep(server, now);
    if (server->drain_ns == 0) {
        return;
    }
    if (now - server->drain_ns > server->config->drain_s * 1000000000) {
        close_all(server);
    }
    if (server->connections == NULL) {
        http_close_all(server);
        uv_stop(&server->loop);
    }
}

void server_drain(struct server *server)
{
    if (server->drain_ns != 0) {
        close_all(server); /* asked twice */
        return;
    }
    server->drain_ns = uv_now(&server->loop) * 1000000;
    notify_send("STOPPING=1");
    server_log("ending: no more requests, %u clients get their answers", server->connection_count);
    listen_close(server);
    for (struct connection *connection = server->connections; connection != NULL; connection = connection->next) {
        connection_end(connection);
    }
    uv_idle_start(&server->idle, keep_turning);
    uv_timer_start(&server->sweep, on_sweep, 10, 50);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    if (number == SIGHUP) {
        server_reload(server);
    } else {
        server_drain(server);
    }
}

/* ------------------------------------------------------------------------------------------------ start -- */

static int start_handles(struct server *server, aisle_error *error)
{
    int failed = uv_timer_init(&server->loop, &server->sweep);
    failed = failed != 0 ? failed : uv_check_init(&server->loop, &server->check);
    failed = failed != 0 ? failed : uv_idle_init(&server->loop, &server->idle);
    for (size_t i = 0; i < 3 && failed == 0; i++) {
        failed = uv_signal_init(&server->loop, &server->signals[i]);
        failed = failed != 0 ? failed : uv_signal_start(&server->signals[i], on_signal, signal_numbers[i]);
        server->signals[i].data = server;
    }
    if (failed != 0) {
        return error_set(error, AISLE_IO, "the loop cannot be started: %s", uv_strerror(failed));
    }
    server->sweep.data = server;
    server->check.data = server;
    server->idle.data = server;
    uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    uv_check_start(&server->check, on_check);
    return 0;
}

void server_fit_files(struct server *server)
{
    struct rlimit limit;
    uint64_t wanted = server->config->clients + SPARE_FILES;
    server->clients_fit = server->config->clients;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return;
    }
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : (rlim_t)wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted) {
        server->clients_fit = limit.rlim_cur > 2 * SPARE_FILES ? limit.rlim_cur - SPARE_FILES : limit.rlim_cur / 2;
        server_log("only %llu files may be open: %llu clients fit, not %llu", (unsigned long long)limit.rlim_cur,
                   (unsigned long long)server->clients_fit, (unsigned long long)server->config->clients);
    }
}

uint64_t server_clients_max(const struct server *server)
{
    return server->clients_fit < server->config->clients ? server->clients_fit : server->config->clients;
}

static int start(struct server *server, aisle_error *error)
{
    struct config *config = NULL;
    struct catalog_set *set = NULL;
    int status = config_load(server->options, &config, error);
    if (status != 0) {
        return status;
    }
    uint32_t threads = (uint32_t)config->threads;
    status = metrics_init(&server->metrics, error);
    if (status != 0) {
        config_free(config);
        return status;
    }
    server->config = config;
    server_fit_files(server);
    status = catalogs_open(server, config, NULL, &set, error);
    if (status != 0) {
        return status;
    }
    catalogs_switch(server, set);
    status = slow_open(server, error);
    status = status != 0 ? status : start_handles(server, error);
    status = status != 0 ? status : pool_start(&server->pool, server, threads, error);
    return status != 0 ? status : listen_start(server, error);
}

/* -------------------------------------------------------------------------------------------------- end -- */

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void end(struct server *server)
{
    listen_close(server);
    close_all(server);
    uv_run(&server->loop, UV_RUN_NOWAIT); /* frees the connections */
    pool_stop(&server->pool);
    catalogs_quiet(server->set);
    pool_take_done(&server->pool);
    catalogs_close(server->set);
    uv_walk(&server->loop, close_handle, NULL);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    uv_loop_close(&server->loop);
    listen_release(server);
    brief_release(&server->brief);
    slow_close(server);
    metrics_release(&server->metrics);
    mem_free(server);
}

int server_run(const struct server_options *options, aisle_error *error)
{
    struct server *server = mem_calloc(1, sizeof *server);
    if (server == NULL) {
        return error_no_memory(error, "the server");
    }
    server->options = options;
    server->slow_fd = -1;
    brief_init(&server->brief);
    if (uv_loop_init(&server->loop) != 0) {
        mem_free(server);
        return error_set(error, AISLE_IO, "a loop cannot be made");
    }
    signal(SIGPIPE, SIG_IGN);
    (void)uv_loop_configure(&server->loop, UV_METRICS_IDLE_TIME);
    int status = start(server, error);
    if (status == 0) {
        notify_send("READY=1");
        server->turn_ns = uv_hrtime();
        uv_run(&server->loop, UV_RUN_DEFAULT);
        server_log("ended");
    }
    end(server);
    return status;
}
