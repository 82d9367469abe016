/*
 * listen.c - binding and listening.
 *
 * A Unix socket whose file is there, but that nobody listens on any more, is taken over.
 */
#include "server/listen.h"

#include "base/alloc.h"
#include "server/address.h"
#include "server/connection.h"
#include "server/http.h"
#include "server/notify.h"

#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 1024
#define FIRST_SOCKET 3

static void on_client(uv_stream_t *stream, int status)
{
    struct listener *listener = stream->data;
    if (status < 0) { /* no descriptor is left (server_fit_files prevents it): libuv closes who waits */
        listener->server->metrics.refused++;
        return;
    }
    listener->is_late = connection_turn_is_over(listener->server);
    if (listener->is_late) { /* a thousand may come at once; libuv waits until this one is taken */
        listener->server->is_late = true;
        return;
    }
    listener->is_owing = listener->is_http ? !http_accept(listener->server, stream)
                                           : !connection_accept(listener->server, stream);
}

bool listen_is_exposed(const struct server *server)
{
    for (uint32_t i = 0; i < server->listener_count; i++) {
        if (!server->listeners[i].is_local) {
            return true;
        }
    }
    return false;
}

void listen_late(struct server *server)
{
    server->is_late = false;
    for (uint32_t i = 0; i < server->listener_count; i++) {
        struct listener *listener = &server->listeners[i];
        if (listener->is_late && !uv_is_closing(&listener->uv.handle)) {
            on_client(&listener->uv.stream, 0);
        }
    }
}

void listen_retry(struct server *server)
{
    for (uint32_t i = 0; i < server->listener_count; i++) {
        struct listener *listener = &server->listeners[i];
        if (listener->is_owing && !uv_is_closing(&listener->uv.handle)) {
            on_client(&listener->uv.stream, 0);
        }
    }
}

/* Removes the file of a socket that nobody listens on. UV_EEXIST: something else is there, which stays. */
static int remove_stale(const struct address *address)
{
    struct stat found;
    if (lstat(address->socket.local.sun_path, &found) == 0 && !S_ISSOCK(found.st_mode)) {
        return UV_EEXIST; /* connecting to a file is refused, too */
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        if (connect(fd, &address->socket.any, sizeof address->socket.local) != 0 && errno == ECONNREFUSED) {
            (void)unlink(address->socket.local.sun_path);
        }
        close(fd);
    }
    return 0;
}

static int bind_address(struct listener *listener, const struct address *address)
{
    uv_loop_t *loop = &listener->server->loop;
    if (address->socket.any.sa_family != AF_UNIX) {
        int failed = uv_tcp_init(loop, &listener->uv.tcp);
        listener->is_open = failed == 0;
        return failed != 0 ? failed : uv_tcp_bind(&listener->uv.tcp, &address->socket.any, 0);
    }
    int failed = remove_stale(address);
    if (failed == 0) {
        failed = uv_pipe_init(loop, &listener->uv.pipe, 0);
        listener->is_open = failed == 0;
    }
    return failed != 0 ? failed : uv_pipe_bind(&listener->uv.pipe, address->socket.local.sun_path);
}

static int listen_on(struct listener *listener, aisle_error *error, int failed, const char *text)
{
    listener->uv.handle.data = listener;
    failed = failed != 0 ? failed : uv_listen(&listener->uv.stream, BACKLOG, on_client);
    if (failed != 0) {
        return error_set(error, AISLE_IO, "cannot listen on %.100s: %s", text, uv_strerror(failed));
    }
    server_log("%s on %s", listener->is_http ? "metrics" : "listening", text);
    return 0;
}

static struct listener *next_listener(struct server *server, bool is_http)
{
    struct listener *listener = &server->listeners[server->listener_count++];
    *listener = (struct listener){.server = server, .is_http = is_http};
    return listener;
}

static int listen_list(struct server *server, const struct config_list *list, bool is_http, aisle_error *error)
{
    int status = 0;
    for (uint32_t i = 0; i < list->count && status == 0; i++) {
        struct address address;
        status = address_parse(list->items[i], &address, error);
        if (status == 0) {
            struct listener *listener = next_listener(server, is_http);
            listener->is_local = address_is_local(&address);
            status = listen_on(listener, error, bind_address(listener, &address), list->items[i]);
        }
    }
    return status;
}

/* Takes over a socket that listens already. */
static int adopt(struct server *server, int fd, aisle_error *error)
{
    struct address address;
    char text[ADDRESS_TEXT_BYTES];
    socklen_t size = sizeof address.socket;
    memset(&address, 0, sizeof address);
    if (getsockname(fd, &address.socket.any, &size) != 0) {
        return error_set(error, AISLE_IO, "descriptor %d, which was handed over, is no socket", fd);
    }
    address_text(&address, text);
    if (server->config->password == NULL && !address_is_local(&address)) {
        return error_set(error, AISLE_INVALID, "%.80s, which was handed over, can be reached from elsewhere: that "
                                               "takes a password-file", text);
    }
    struct listener *listener = next_listener(server, false);
    listener->is_local = address_is_local(&address);
    bool is_pipe = address.socket.any.sa_family == AF_UNIX;
    int failed = is_pipe ? uv_pipe_init(&server->loop, &listener->uv.pipe, 0)
                         : uv_tcp_init(&server->loop, &listener->uv.tcp);
    listener->is_open = failed == 0;
    if (failed == 0) {
        failed = is_pipe ? uv_pipe_open(&listener->uv.pipe, fd) : uv_tcp_open(&listener->uv.tcp, fd);
    }
    return listen_on(listener, error, failed, text);
}

int listen_start(struct server *server, aisle_error *error)
{
    const struct config *config = server->config;
    int handed = notify_sockets();
    size_t count = (size_t)handed + config->listens.count + config->metrics.count;
    server->listeners = mem_calloc(count, sizeof *server->listeners);
    if (server->listeners == NULL) {
        return error_no_memory(error, "listening");
    }
    int status = 0;
    for (int fd = FIRST_SOCKET; fd < FIRST_SOCKET + handed && status == 0; fd++) {
        status = adopt(server, fd, error);
    }
    if (status == 0 && handed == 0) {
        status = listen_list(server, &config->listens, false, error);
    }
    return status != 0 ? status : listen_list(server, &config->metrics, true, error);
}

void listen_close(struct server *server)
{
    for (uint32_t i = 0; i < server->listener_count; i++) {
        struct listener *listener = &server->listeners[i];
        if (listener->is_open && !uv_is_closing(&listener->uv.handle)) {
            uv_close(&listener->uv.handle, NULL);
        }
    }
}

void listen_release(struct server *server)
{
    mem_free(server->listeners);
    server->listeners = NULL;
    server->listener_count = 0;
}
