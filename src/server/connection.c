/*
 * connection.c - reading, taking turns, answering in order, and closing.
 *
 * Reads go into one buffer of the server's; only what is left of them is copied, so that idle connections hold none.
 * After two milliseconds of one turn of the loop, what a client has sent waits for the next turn, so that no client
 * holds the others up. Does not know what commands do (command.c).
 */
#include "server/connection.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "server/address.h"
#include "server/brief.h"
#include "server/catalogs.h"
#include "server/command.h"
#include "server/writes.h"

#include <poll.h>
#include <sched.h>
#include <stdio.h>

#define TURN_MS 2u                 /* of work for clients in one turn of the loop */
#define HUNG_UP_NS UINT64_C(1000000000) /* that reads go on for a client that may have closed only its sending half */
#define KEEPALIVE_SECONDS 60u      /* until a peer that vanished is asked */
#define BUFFER_KEPT_BYTES 1024u    /* a larger empty buffer is given back */
#define REPLY_MOVED_BYTES 16384u   /* a larger reply is not copied: it waits until nothing stands before it */
#define INPUT_MAX_BYTES (LIMIT_SERVER_REQUEST_BYTES + 4u * sizeof((struct server *)0)->input)

bool connection_turn_is_over(const struct server *server)
{
    return clock_monotonic_ns() / 1000000 - uv_now(&server->loop) >= TURN_MS;
}

static uint64_t now_ns(const struct server *server)
{
    return uv_now(&server->loop) * 1000000;
}

static size_t waiting_bytes(const struct connection *connection)
{
    return connection->output.size - connection->output_from + (connection->is_writing ? connection->writing.size : 0);
}

/* Whether the client has to wait, or to take something, before more is done for it. */
static bool is_full(const struct connection *connection)
{
    const struct config *config = connection->server->config;
    return connection->pending >= config->pipeline || connection->pending_bytes >= config->output_bytes ||
           waiting_bytes(connection) >= config->output_bytes;
}

/* ------------------------------------------------------------------------------------------- closing -- */

static void unlink_resume(struct connection *connection)
{
    struct server *server = connection->server;
    struct connection **at = &server->resume;
    struct connection *before = NULL;
    while (*at != connection) {
        before = *at;
        at = &before->resume;
    }
    *at = connection->resume;
    server->resume_last = server->resume_last == connection ? before : server->resume_last;
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    if (connection->is_resuming) {
        unlink_resume(connection);
    }
    protocol_release(&connection->protocol);
    buf_release(&connection->input);
    buf_release(&connection->output);
    buf_release(&connection->writing);
    mem_free(connection);
}

/* Drops what does not run yet. */
static void drop_waiting(struct connection *connection)
{
    struct request **at = &connection->first;
    connection->last = NULL;
    while (*at != NULL) {
        struct request *request = *at;
        if (request->state == REQUEST_WAITING) {
            *at = request->next;
            connection->pending--;
            connection->pending_bytes -= request->bytes;
            connection->server->metrics.cancelled++;
            request_free(request);
        } else {
            connection->last = request;
            at = &request->next;
        }
    }
    connection->start = NULL;
}

/* Takes the socket back from the thread that may be writing to it; that takes it a few microseconds. */
static void take_back(struct request *request)
{
    int lent = LEND_LENT;
    if (!atomic_compare_exchange_strong(&request->lend, &lent, LEND_REVOKED)) {
        while (atomic_load(&request->lend) == LEND_WRITING) {
            sched_yield();
        }
    }
}

/* Leaves what runs to itself. */
static void abandon(struct connection *connection)
{
    drop_waiting(connection);
    while (connection->first != NULL) {
        struct request *request = connection->first;
        connection->first = request->next;
        request->connection = NULL;
        take_back(request);
        if (request->state == REQUEST_DONE) {
            request_free(request);
        } else {
            connection->server->metrics.cancelled++;
            atomic_store_explicit(&request->cancelled, true, memory_order_relaxed);
            if (request->token != NULL) {
                aisle_token_cancel(request->token);
            }
        }
    }
    connection->last = NULL;
}

void connection_close(struct connection *connection)
{
    struct server *server = connection->server;
    if (connection->is_closed) {
        return;
    }
    connection->is_closed = true;
    abandon(connection);
    server->buffered_bytes -= connection->counted_bytes;
    if (connection->previous == NULL) {
        server->connections = connection->next;
    } else {
        connection->previous->next = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    server->connection_count--;
    uv_close(&connection->uv.handle, on_closed);
}

void connection_end(struct connection *connection)
{
    connection->is_ending = true;
    connection_resume(connection);
}

/* ------------------------------------------------------------------------------------------- writing -- */

static void give_back(struct buf *buf)
{
    buf_clear(buf);
    if (buf->capacity > BUFFER_KEPT_BYTES) {
        buf_release(buf);
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct connection *connection = write->data;
    if (connection->is_closed) {
        return;
    }
    if (status < 0) {
        connection_close(connection);
        return;
    }
    connection->is_writing = false;
    connection->stall_ns = 0; /* it took all of that */
    give_back(&connection->writing);
    connection_resume(connection);
}

/* Hands what the socket does not take at once, the output from a byte on, to libuv. */
static void write_later(struct connection *connection, size_t from)
{
    struct buf swapped = connection->writing;
    connection->writing = connection->output;
    connection->output = swapped;
    connection->output_from = 0;
    connection->is_writing = true;
    connection->write.data = connection;
    uv_buf_t buf = uv_buf_init((char *)connection->writing.data + from, (unsigned)(connection->writing.size - from));
    if (uv_write(&connection->write, &connection->uv.stream, &buf, 1, on_written) != 0) {
        connection->is_writing = false;
        connection_close(connection);
    }
}

static void flush(struct connection *connection)
{
    struct buf *output = &connection->output;
    if (connection->is_closed) {
        return;
    }
    if (buf_status(output) != 0) { /* an answer is missing: what came behind it would be taken for it */
        connection_close(connection);
        return;
    }
    if (connection->is_writing || output->size == 0) {
        return;
    }
    size_t from = connection->output_from;
    uv_buf_t buf = uv_buf_init((char *)output->data + from, (unsigned)(output->size - from));
    int written = uv_try_write(&connection->uv.stream, &buf, 1);
    if (written < 0 && written != UV_EAGAIN) {
        connection_close(connection);
        return;
    }
    connection->server->metrics.bytes_out += output->size - from;
    from += written < 0 ? 0 : (size_t)written;
    if (from == output->size) {
        connection->stall_ns = 0;
        connection->output_from = 0;
        give_back(output);
    } else {
        write_later(connection, from);
    }
}

/* ------------------------------------------------------------------------------------- taking turns -- */

/* Whether its reply is moved, since copying would hold the loop up; that takes an output without any other. */
static bool is_large(const struct request *request)
{
    return request->reply.size > REPLY_MOVED_BYTES && buf_status(&request->reply) == 0;
}

static void answer(struct connection *connection, struct request *request)
{
    struct buf *output = &connection->output;
    if (buf_status(&request->reply) != 0) {
        const struct reply reply = {output, request->version};
        char message[120];
        snprintf(message, sizeof message, buf_status(&request->reply) == AISLE_LIMIT
                                              ? "the answer is larger than %u MiB: ask for fewer hits, or for fewer of "
                                                "their fields"
                                              : "out of memory for an answer of up to %u MiB",
                 LIMIT_SERVER_REPLY_BYTES >> 20);
        reply_error(&reply, call_code(buf_status(&request->reply)), message);
        request->failed = true;
    } else if (is_large(request) && request->reply.size > request->written) {
        struct buf empty = *output;
        *output = request->reply;
        output->max_bytes = empty.max_bytes;
        request->reply = empty;
        connection->output_from = request->written;
    } else {
        buf_put(output, request->reply.data + request->written, request->reply.size - request->written);
    }
    connection->server->metrics.bytes_out += request->written;
}

/* Moves answers of what is done to the output, in order; whether there were any. */
static bool answer_done(struct connection *connection)
{
    bool any = false;
    while (connection->first != NULL && connection->first->state == REQUEST_DONE &&
           connection->output.size < connection->server->config->output_bytes &&
           !(is_large(connection->first) && connection->output.size > 0)) {
        struct request *request = connection->first;
        connection->first = request->next;
        connection->last = connection->first == NULL ? NULL : connection->last;
        connection->pending--;
        connection->pending_bytes -= request->bytes;
        connection->running -= request->command->class != COMMAND_LOOP;
        answer(connection, request);
        metrics_count(&connection->server->metrics, request);
        request_free(request);
        any = true;
    }
    return any;
}

static void fail_now(struct request *request, const char *code, const char *message)
{
    const struct reply reply = {&request->reply, request->version};
    reply_error(&reply, code, message);
    request->failed = true;
    request->state = REQUEST_DONE;
}

/* Gives a write to its catalog's thread. */
static void submit_write(struct connection *connection, struct request *request)
{
    struct catalog *catalog = catalogs_find(connection->server->set, request->arguments[1]);
    struct writes *writes = catalog == NULL ? NULL : atomic_load(&catalog->writes);
    if (catalog == NULL) {
        struct bytes name = request->arguments[1];
        char message[100];
        snprintf(message, sizeof message, "no catalog is called '%.*s'", (int)(name.size < 64 ? name.size : 64),
                 (const char *)name.data);
        fail_now(request, "NOTFOUND", message);
    } else if (writes == NULL && atomic_load(&catalog->is_replacing)) {
        fail_now(request, "BUSY", "the catalog that was here before is being closed: try again");
    } else if (writes == NULL) {
        fail_now(request, "READONLY", catalog->follower != NULL
                                          ? "this catalog follows another change log"
                                          : "another server writes this catalog; when it has ended, AISLE.RELOAD");
    } else {
        request->set = catalogs_hold(connection->server->set);
        writes_submit(writes, request);
    }
}

/* Lets the thread that carries out the connection's only request write the answer. */
static void lend_socket(struct connection *connection, struct request *request)
{
    bool is_done_there = request->command->finish == NULL; /* else the answer may come only behind it */
    if (is_done_there && connection->first == request && request->next == NULL && waiting_bytes(connection) == 0 &&
        uv_fileno(&connection->uv.handle, &request->lent_fd) == 0) {
        atomic_store(&request->lend, LEND_LENT);
    }
}

/* Carries a read out, if it is a short one, or gives it to the pool. */
static void start_read(struct connection *connection, struct request *request)
{
    struct server *server = connection->server;
    bool is_alone = connection->first == request && request->next == NULL && !connection->has_more;
    request->set = catalogs_hold(server->set);
    if (brief_run(server, request, is_alone)) {
        catalogs_drop(server, request->set);
        request->set = NULL;
        request->state = REQUEST_DONE;
        return;
    }
    (void)aisle_token_new(&request->token); /* without memory it cannot be cancelled, which is no harm */
    lend_socket(connection, request);
    brief_submitted(server);
    pool_submit(&server->pool, request);
}

/* Starts the next request if it may run now. */
static bool start_next(struct connection *connection)
{
    struct request *request = connection->start;
    if (request == NULL) {
        return false;
    }
    enum command_class class = request->command->class;
    if (class == COMMAND_LOOP ? request != connection->first
                              : connection->running > 0 && connection->running_class != class) {
        return false;
    }
    if (class == COMMAND_READ && connection->running >= connection->server->pool.thread_count) {
        return false;
    }
    connection->start = request->next;
    request->version = connection->version;
    request->state = REQUEST_RUNNING;
    if (class == COMMAND_LOOP) {
        command_run_late(connection, request);
        request->state = REQUEST_DONE;
        return true;
    }
    connection->running++;
    connection->running_class = class;
    if (class == COMMAND_WRITE) {
        lend_socket(connection, request);
        submit_write(connection, request);
    } else {
        start_read(connection, request);
    }
    return true;
}

static void advance(struct connection *connection)
{
    bool moves = true;
    while (moves && !connection->is_closed) {
        moves = answer_done(connection);
        while (!connection->is_closed && start_next(connection)) {
            moves = true;
        }
    }
}

void connection_add(struct connection *connection, struct request *request)
{
    request->connection = connection;
    request->client = connection->id;
    request->finish = connection_finish;
    request->received_ns = clock_monotonic_ns();
    if (connection->first == NULL) {
        connection->first = request;
    } else {
        connection->last->next = request;
    }
    connection->last = request;
    connection->start = connection->start == NULL ? request : connection->start;
    connection->pending++;
    connection->pending_bytes += request->bytes;
    advance(connection);
}

void connection_finish(struct request *request)
{
    struct connection *connection = request->connection;
    if (request->command->class == COMMAND_READ) {
        brief_finished(request->server, request);
    }
    catalogs_drop(request->server, request->set);
    request->set = NULL;
    if (request->command->finish != NULL) {
        request->command->finish(request);
    }
    if (connection == NULL) {
        metrics_count(&request->server->metrics, request);
        request_free(request);
        return;
    }
    request->state = REQUEST_DONE;
    connection_resume(connection);
}

/* ------------------------------------------------------------------------------------------- reading -- */

static void refuse_input(struct connection *connection, const aisle_error *error)
{
    const struct reply reply = {&connection->output, connection->version};
    connection->server->metrics.dropped_protocol++;
    if (connection->first == NULL) { /* else it would stand in for another request's answer */
        reply_error(&reply, "ERR", error->message);
    }
    connection_end(connection);
}

/* Parses and takes on what it can of input; returns what was used up. */
static size_t take_requests(struct connection *connection, struct bytes input)
{
    size_t used = 0;
    while (used < input.size && !is_full(connection)) {
        struct bytes rest = bytes_of(input.data + used, input.size - used);
        size_t consumed = 0;
        aisle_error error = {0};
        int status = protocol_parse(&connection->protocol, rest, &consumed, &error);
        if (status == AISLE_END) {
            break;
        }
        connection->has_more = consumed < rest.size;
        if (status == 0 && connection->protocol.count > 0) {
            command_take(connection, rest);
        } else if (status != 0) {
            refuse_input(connection, &error);
        }
        if (connection->is_ending || connection->is_closed) {
            return input.size;
        }
        protocol_next(&connection->protocol);
        used += consumed;
        connection->stall_ns = 0;
        if (connection_turn_is_over(connection->server)) {
            break;
        }
    }
    return used;
}

/* Drops the bytes that were used up from the front of the kept input. */
static void shift_input(struct connection *connection, size_t used)
{
    struct buf *input = &connection->input;
    if (used > 0 && used < input->size) {
        memmove(input->data, input->data + used, input->size - used);
    }
    input->size -= used;
    if (input->size == 0) {
        give_back(input);
    }
}

/* Brings the server's sum up to date; a client that makes it too large is dropped. */
static void count_bytes(struct connection *connection)
{
    struct server *server = connection->server;
    size_t bytes = connection->input.size + waiting_bytes(connection) + connection->pending_bytes;
    server->buffered_bytes += bytes - connection->counted_bytes;
    connection->counted_bytes = bytes;
    if (server->buffered_bytes > server->config->outputs_bytes && bytes > 0) {
        server->metrics.dropped_slow++;
        connection_close(connection);
    }
}

static void note_stall(struct connection *connection)
{
    bool half_request = connection->input.size > 0 && connection->pending == 0;
    if (waiting_bytes(connection) == 0 && !half_request) {
        connection->stall_ns = 0;
    } else if (connection->stall_ns == 0) {
        connection->stall_ns = now_ns(connection->server);
        connection->stall_left = waiting_bytes(connection);
    }
}

static void set_reading(struct connection *connection, bool wanted);

/* Whether the client has closed both halves, as far as the system tells: of TCP it knows no more than of one. */
static bool is_gone(const struct connection *connection)
{
    struct pollfd polled = {.fd = -1};
    return uv_fileno(&connection->uv.handle, &polled.fd) == 0 && poll(&polled, 1, 0) == 1 &&
           (polled.revents & (POLLHUP | POLLERR)) != 0;
}

/*
 * The client has closed, and what runs for it is cancelled; or only its sending half, and it gets the answers to what
 * runs already, if that does not take long (connection_sweep). Whether there is still something to do for it.
 */
static bool hang_up(struct connection *connection)
{
    if (is_gone(connection)) {
        connection_close(connection);
        return false;
    }
    connection->hung_up_ns = now_ns(connection->server);
    buf_release(&connection->input);
    drop_waiting(connection);
    connection->is_ending = true;
    return true;
}

/* Answers, goes on with kept input, writes, and decides whether to read on or to close. */
static void process(struct connection *connection)
{
    bool more = false;
    if (connection->has_hung_up && connection->hung_up_ns == 0 && !hang_up(connection)) {
        return;
    }
    advance(connection);
    if (!connection->is_closed && !connection->is_ending && connection->input.size > 0) {
        size_t used = take_requests(connection, buf_bytes(&connection->input));
        if (connection->is_closed) {
            return;
        }
        shift_input(connection, used);
        more = used > 0 && connection->input.size > 0 && !is_full(connection);
    }
    flush(connection);
    if (connection->is_closed) {
        return;
    }
    if (more && !connection->is_ending) {
        connection_resume(connection);
    }
    if (connection->is_ending && connection->pending == 0 && waiting_bytes(connection) == 0) {
        connection_close(connection);
        return;
    }
    /* An answer that did not fit the output has room now. */
    if (connection->first != NULL && connection->first->state == REQUEST_DONE && !connection->is_writing) {
        connection_resume(connection);
    }
    set_reading(connection, !connection->is_ending && !more && !is_full(connection));
    if (!connection->is_closed) {
        note_stall(connection);
        count_bytes(connection);
    }
}

/*
 * A client that has an answer from the thread that made it may ask on before the loop is told that it was made. It is
 * told now, or the next request would look as if it overlapped.
 */
static void settle_answered(struct connection *connection)
{
    struct request *first = connection->first;
    if (first != NULL && first->next == NULL && atomic_load(&first->lend) == LEND_WRITTEN) {
        pool_take_done(&connection->server->pool);
        advance(connection);
    }
}

static void take_input(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    struct connection *connection = stream->data;
    struct buf *kept = &connection->input;
    if (size == UV_EOF) {
        set_reading(connection, false);
        connection->has_hung_up = true;
        connection_resume(connection); /* a thousand may close at once */
        return;
    }
    if (size < 0) {
        connection_close(connection);
        return;
    }
    connection->server->metrics.bytes_in += (uint64_t)size;
    connection->active_ns = now_ns(connection->server);
    struct bytes input = bytes_of(buf->base, (size_t)size);
    settle_answered(connection);
    bool is_late = connection_turn_is_over(connection->server);
    size_t used = kept->size > 0 || is_late ? 0 : take_requests(connection, input);
    if (connection->is_closed) {
        return;
    }
    buf_put(kept, input.data + used, input.size - used);
    if (buf_status(kept) != 0) {
        connection_close(connection);
        return;
    }
    if (is_late) {
        connection_resume(connection);
    } else {
        process(connection);
    }
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct connection *connection = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)connection->server->input, sizeof connection->server->input);
}

static void set_reading(struct connection *connection, bool wanted)
{
    if (connection->is_reading == wanted || connection->is_closed) {
        return;
    }
    connection->is_reading = wanted;
    if (!wanted) {
        uv_read_stop(&connection->uv.stream);
    } else if (uv_read_start(&connection->uv.stream, give_buffer, take_input) != 0) {
        connection_close(connection);
    }
}

void connection_resume(struct connection *connection)
{
    struct server *server = connection->server;
    if (connection->is_resuming || connection->is_closed) {
        return;
    }
    connection->is_resuming = true;
    connection->resume = NULL;
    if (server->resume == NULL) {
        server->resume = connection;
    } else {
        server->resume_last->resume = connection;
    }
    server->resume_last = connection;
}

void connection_resume_all(struct server *server)
{
    const struct connection *last = server->resume_last; /* what is resumed meanwhile has its turn in the next one */
    const uint64_t end_ns = clock_monotonic_ns() + (connection_turn_is_over(server) ? 1 : TURN_MS) * UINT64_C(1000000);
    bool more = server->resume != NULL;
    while (more) {
        struct connection *connection = server->resume;
        server->resume = connection->resume;
        connection->is_resuming = false;
        more = connection != last && clock_monotonic_ns() < end_ns;
        if (!connection->is_closed) {
            process(connection);
        }
    }
}

/* ------------------------------------------------------------------------------- accepting, sweeping -- */

static void set_up(struct connection *connection, struct server *server)
{
    connection->server = server;
    connection->uv.handle.data = connection;
    connection->id = ++server->connection_id;
    connection->version = 2;
    connection->created_ns = now_ns(server);
    connection->active_ns = connection->created_ns;
    connection->is_known = server->config->password == NULL;
    protocol_init(&connection->protocol);
    if (!connection->is_known) {
        protocol_limit(&connection->protocol, LIMIT_SERVER_STRANGER_ARGUMENTS, LIMIT_SERVER_STRANGER_BYTES);
    }
    buf_init(&connection->input, INPUT_MAX_BYTES);
    buf_init(&connection->output, SIZE_MAX);
    buf_init(&connection->writing, SIZE_MAX);
    connection->next = server->connections;
    if (server->connections != NULL) {
        server->connections->previous = connection;
    }
    server->connections = connection;
    server->connection_count++;
}

static void on_refused(uv_handle_t *handle)
{
    mem_free(handle->data);
}

bool connection_accept(struct server *server, uv_stream_t *listener)
{
    static const char too_many[] = "-ERR max number of clients reached\r\n";
    bool is_tcp = listener->type == UV_TCP;
    struct connection *connection = mem_calloc(1, sizeof *connection);
    if (connection == NULL) {
        return false;
    }
    int failed = is_tcp ? uv_tcp_init(&server->loop, &connection->uv.tcp)
                        : uv_pipe_init(&server->loop, &connection->uv.pipe, 0);
    if (failed != 0) {
        mem_free(connection);
        return false;
    }
    connection->uv.handle.data = connection;
    failed = uv_accept(listener, &connection->uv.stream);
    if (failed != 0 || server->connection_count >= server_clients_max(server)) {
        uv_buf_t buf = uv_buf_init((char *)(uintptr_t)too_many, sizeof too_many - 1);
        server->metrics.refused++;
        if (failed == 0) {
            (void)uv_try_write(&connection->uv.stream, &buf, 1);
        }
        uv_close(&connection->uv.handle, on_refused);
        return true;
    }
    server->metrics.accepted++;
    if (is_tcp) {
        uv_tcp_nodelay(&connection->uv.tcp, 1);
        uv_tcp_keepalive(&connection->uv.tcp, 1, KEEPALIVE_SECONDS);
    }
    set_up(connection, server);
    set_reading(connection, true);
    return true;
}

/* Whether it has kept something waiting for too long, without taking any of it. */
static bool is_stalled(struct connection *connection, uint64_t now, uint64_t limit_ns)
{
    if (connection->stall_ns == 0) {
        return false;
    }
    size_t left = connection->output.size - connection->output_from +
                  (connection->is_writing ? connection->uv.stream.write_queue_size : 0);
    if (left < connection->stall_left) {
        connection->stall_ns = now;
        connection->stall_left = left;
    }
    return now > connection->stall_ns && now - connection->stall_ns > limit_ns;
}

/* Whether reads still run for it although it has closed a while ago. */
static bool is_left(const struct connection *connection, uint64_t now)
{
    bool reads = connection->running > 0 && connection->running_class == COMMAND_READ;
    return connection->hung_up_ns != 0 && reads && waiting_bytes(connection) == 0 &&
           now > connection->hung_up_ns + HUNG_UP_NS;
}

void connection_sweep(struct server *server, uint64_t now)
{
    const struct config *config = server->config;
    struct connection *next = NULL;
    for (struct connection *connection = server->connections; connection != NULL; connection = next) {
        next = connection->next;
        uint64_t idle = now > connection->active_ns ? now - connection->active_ns : 0;
        if (is_stalled(connection, now, config->stall_s * 1000000000)) {
            server->metrics.dropped_slow++;
            connection_close(connection);
        } else if (is_left(connection, now)) {
            connection_close(connection);
        } else if (config->idle_s > 0 && connection->pending == 0 && idle > config->idle_s * 1000000000) {
            connection_close(connection);
        }
    }
}

void connection_peer(const struct connection *connection, char *text)
{
    struct address address;
    int size = sizeof address.socket;
    memset(&address, 0, sizeof address);
    if (connection->uv.handle.type != UV_TCP ||
        uv_tcp_getpeername(&connection->uv.tcp, (struct sockaddr *)&address.socket, &size) != 0) {
        snprintf(text, ADDRESS_TEXT_BYTES, "unix");
        return;
    }
    address_text(&address, text);
}
