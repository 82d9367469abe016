/*
 * http.c - three pages.
 *
 * Reads no further than the head of a request, at most 8 KiB, and no body: GET and HEAD have none.
 */
#include "server/http.h"

#include "base/alloc.h"
#include "server/catalogs.h"
#include "server/metrics.h"

#include <stdio.h>
#include <strings.h>

#define HEAD_BYTES_MAX 8192u
#define CLIENTS_MAX 64u
#define CLIENT_NS UINT64_C(10000000000)
#define PAGE_BYTES_MAX (8u << 20)

struct http_client {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    struct server *server;
    struct http_client *previous, *next;
    uint64_t since_ns;
    bool is_closed;
    bool is_head; /* the answer has no body */
    struct request *gathering; /* runs for it on the pool; NULL: none */
    uv_write_t write;
    struct buf output;
    char head[HEAD_BYTES_MAX + 1];
    size_t head_size;
};

static void on_closed(uv_handle_t *handle)
{
    struct http_client *client = handle->data;
    buf_release(&client->output);
    mem_free(client);
}

static void close_client(struct http_client *client)
{
    if (client->is_closed) {
        return;
    }
    client->is_closed = true;
    if (client->gathering != NULL) {
        client->gathering->context = NULL;
    }
    if (client->previous == NULL) {
        client->server->http_clients = client->next;
    } else {
        client->previous->next = client->next;
    }
    if (client->next != NULL) {
        client->next->previous = client->previous;
    }
    uv_close(&client->uv.handle, on_closed);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    close_client(write->data);
}

static void answer(struct http_client *client, const char *status, struct bytes body)
{
    buf_printf(&client->output,
               "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %zu\r\n"
               "%sConnection: close\r\n\r\n",
               status, body.size, strncmp(status, "405", 3) == 0 ? "Allow: GET, HEAD\r\n" : "");
    buf_put(&client->output, body.data, client->is_head ? 0 : body.size);
    client->write.data = client;
    uv_buf_t buf = uv_buf_init((char *)client->output.data, (unsigned)client->output.size);
    if (buf_status(&client->output) != 0 ||
        uv_write(&client->write, &client->uv.stream, &buf, 1, on_written) != 0) {
        close_client(client);
    }
}

static void answer_text(struct http_client *client, const char *status, const char *text)
{
    answer(client, status, bytes_of_string(text));
}

/* On the pool. */
static void gather(struct request *request)
{
    metrics_catalogs(request->set, &request->reply);
}

/* On the loop: the counters, then what was gathered. */
static void gathered(struct request *request)
{
    struct http_client *client = request->context;
    struct server *server = request->server;
    if (client != NULL) {
        struct buf page;
        client->gathering = NULL;
        buf_init(&page, PAGE_BYTES_MAX);
        metrics_prometheus(server, &page);
        buf_put(&page, request->reply.data, request->reply.size);
        answer(client, buf_status(&page) == 0 ? "200 OK" : "503 Service Unavailable", buf_bytes(&page));
        buf_release(&page);
    }
    catalogs_drop(server, request->set);
    request_free(request);
}

static void begin_metrics(struct http_client *client)
{
    struct request *request = request_new(client->server, NULL, 0);
    if (request == NULL) {
        answer_text(client, "503 Service Unavailable", "out of memory\n");
        return;
    }
    request->set = catalogs_hold(client->server->set);
    request->context = client;
    request->run = gather;
    request->finish = gathered;
    client->gathering = request;
    pool_submit(&client->server->pool, request);
}

/* Whether the head shows the password, where there is one. */
static bool is_known(const struct http_client *client)
{
    static const char name[] = "\r\nAuthorization: Bearer ";
    const char *password = client->server->config->password;
    if (password == NULL) {
        return true;
    }
    size_t size = strlen(password);
    for (const char *p = strstr(client->head, "\r\n"); p != NULL; p = strstr(p + 2, "\r\n")) {
        if (strncasecmp(p, name, sizeof name - 1) == 0) {
            const char *given = p + sizeof name - 1;
            uint8_t differs = (uint8_t)(strcspn(given, "\r") != size);
            for (size_t i = 0; i < size && differs == 0; i++) {
                differs |= (uint8_t)(given[i] ^ password[i]);
            }
            return differs == 0;
        }
    }
    return false;
}

static void route(struct http_client *client)
{
    const char *head = client->head;
    client->is_head = strncmp(head, "HEAD ", 5) == 0; /* what asks whether it lives may do so */
    if (!client->is_head && strncmp(head, "GET ", 4) != 0) {
        answer_text(client, "405 Method Not Allowed", "only GET and HEAD\n");
        return;
    }
    const char *path = head + (client->is_head ? 5 : 4);
    size_t size = strcspn(path, " ?\r");
    bool ready = client->server->drain_ns == 0;
    if (size == 8 && memcmp(path, "/healthz", 8) == 0) {
        answer_text(client, "200 OK", "ok\n");
    } else if (size == 7 && memcmp(path, "/readyz", 7) == 0) {
        answer_text(client, ready ? "200 OK" : "503 Service Unavailable", ready ? "ready\n" : "ending\n");
    } else if (size != 8 || memcmp(path, "/metrics", 8) != 0) {
        answer_text(client, "404 Not Found", "there are /metrics, /healthz and /readyz\n");
    } else if (!is_known(client)) {
        answer_text(client, "401 Unauthorized", "Authorization: Bearer PASSWORD is wanted\n");
    } else {
        begin_metrics(client);
    }
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct http_client *client = handle->data;
    (void)suggested;
    *buf = uv_buf_init(client->head + client->head_size, (unsigned)(HEAD_BYTES_MAX - client->head_size));
}

static void take_input(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    struct http_client *client = stream->data;
    (void)buf;
    if (size < 0) {
        close_client(client);
        return;
    }
    client->head_size += (size_t)size;
    client->head[client->head_size] = '\0';
    if (strstr(client->head, "\r\n\r\n") != NULL) {
        uv_read_stop(stream);
        route(client);
    } else if (client->head_size == HEAD_BYTES_MAX) {
        uv_read_stop(stream);
        answer_text(client, "431 Request Header Fields Too Large", "at most 8 KiB\n");
    }
}

static uint32_t count_clients(const struct server *server)
{
    uint32_t count = 0;
    for (const struct http_client *client = server->http_clients; client != NULL; client = client->next) {
        count++;
    }
    return count;
}

bool http_accept(struct server *server, uv_stream_t *listener)
{
    struct http_client *client = mem_calloc(1, sizeof *client);
    if (client == NULL) {
        return false;
    }
    int failed = listener->type == UV_TCP ? uv_tcp_init(&server->loop, &client->uv.tcp)
                                          : uv_pipe_init(&server->loop, &client->uv.pipe, 0);
    if (failed != 0) {
        mem_free(client);
        return false;
    }
    bool too_many = count_clients(server) >= CLIENTS_MAX;
    client->uv.handle.data = client;
    client->server = server;
    client->since_ns = uv_now(&server->loop) * 1000000;
    buf_init(&client->output, PAGE_BYTES_MAX + 1024);
    client->next = server->http_clients;
    if (client->next != NULL) {
        client->next->previous = client;
    }
    server->http_clients = client;
    if (uv_accept(listener, &client->uv.stream) != 0 || too_many ||
        uv_read_start(&client->uv.stream, give_buffer, take_input) != 0) {
        close_client(client);
    }
    return true;
}

void http_sweep(struct server *server, uint64_t now_ns)
{
    struct http_client *next = NULL;
    for (struct http_client *client = server->http_clients; client != NULL; client = next) {
        next = client->next;
        if (now_ns > client->since_ns && now_ns - client->since_ns > CLIENT_NS) {
            close_client(client);
        }
    }
}

void http_close_all(struct server *server)
{
    while (server->http_clients != NULL) {
        close_client(server->http_clients);
    }
}
