/*
 * slow.c - lines of the slow log.
 *
 * A line is one write to a descriptor opened for appending, so that lines of several threads do not mix.
 */
#include "server/slow.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "server/catalogs.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define ARGUMENTS_SHOWN 64u
#define ARGUMENT_BYTES_SHOWN 256u
#define LINE_BYTES_MAX 65536u
#define EXPLAIN_EVERY_NS UINT64_C(1000000000)

/* A descriptor of the log's own, also where it goes to standard error. */
static int open_log(const struct server *server, int *fd, aisle_error *error)
{
    const char *path = server->config->slow_log;
    *fd = path == NULL ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                       : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (*fd >= 0 || path == NULL) {
        return 0; /* without a standard error it goes nowhere */
    }
    int code = errno == ENOENT ? AISLE_NOT_FOUND : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "%.120s: %s", path, strerror(errno));
}

int slow_open(struct server *server, aisle_error *error)
{
    return open_log(server, &server->slow_fd, error);
}

int slow_reopen(struct server *server, aisle_error *error)
{
    int fd = -1;
    int status = open_log(server, &fd, error);
    if (status != 0 || fd < 0) {
        return status;
    }
    if (server->slow_fd < 0) {
        server->slow_fd = fd;
        return 0;
    }
    /* Threads that are writing keep the number, and a line is one write: each goes to the old file or the new one. */
    if (dup3(fd, server->slow_fd, O_CLOEXEC) < 0) {
        status = error_set(error, AISLE_IO, "%s", strerror(errno));
    }
    close(fd);
    return status;
}

void slow_close(struct server *server)
{
    if (server->slow_fd >= 0) {
        close(server->slow_fd);
    }
    server->slow_fd = -1;
}

static bool is_slow(const struct request *request, uint64_t ended_ns)
{
    uint64_t limit_ms = request->set == NULL ? 0 : request->set->config->slow_ms;
    return limit_ms != 0 && ended_ns - request->received_ns >= limit_ms * 1000000;
}

bool slow_wants_explanation(struct request *request, uint64_t ended_ns)
{
    if (!is_slow(request, ended_ns)) {
        return false;
    }
    uint64_t last = atomic_load(&request->server->explained_ns);
    return (last == 0 || ended_ns > last + EXPLAIN_EVERY_NS) &&
           atomic_compare_exchange_strong(&request->server->explained_ns, &last, ended_ns);
}

/* As a JSON string, cut; what is no UTF-8 is a question mark. */
static void put_argument(struct buf *line, struct bytes text)
{
    size_t end = text.size < ARGUMENT_BYTES_SHOWN ? text.size : ARGUMENT_BYTES_SHOWN;
    buf_put_u8(line, '"');
    for (size_t i = 0; i < end;) {
        uint32_t code = 0;
        size_t size = utf8_decode(text.data + i, text.data + text.size, &code);
        uint8_t c = text.data[i];
        if (size == 0) {
            buf_put_u8(line, '?');
        } else if (c == '"' || c == '\\') {
            buf_put_u8(line, '\\');
            buf_put_u8(line, c);
        } else if (c < 0x20) {
            buf_printf(line, "\\u%04x", c);
        } else {
            buf_put(line, text.data + i, size);
        }
        i += size == 0 ? 1 : size;
    }
    buf_put_string(line, text.size > end ? "...\"" : "\"");
}

void slow_note(struct request *request, uint64_t ended_ns, struct bytes explanation)
{
    struct buf line;
    if (!is_slow(request, ended_ns)) {
        return;
    }
    buf_init(&line, LINE_BYTES_MAX + LIMIT_PRODUCT_BYTES);
    buf_printf(&line, "{\"time_ms\":%lld,\"client\":%llu,\"took_us\":%llu,\"waited_us\":%llu,\"failed\":%s,"
                      "\"request\":[",
               (long long)clock_wall_ms(), (unsigned long long)request->client,
               (unsigned long long)((ended_ns - request->received_ns) / 1000),
               (unsigned long long)((request->started_ns - request->received_ns) / 1000),
               request->failed ? "true" : "false");
    for (uint32_t i = 0; i < request->count && i < ARGUMENTS_SHOWN; i++) {
        buf_put_string(&line, i == 0 ? "" : ",");
        put_argument(&line, request->arguments[i]);
    }
    buf_put_string(&line, request->count > ARGUMENTS_SHOWN ? ",\"...\"]" : "]");
    if (explanation.size > 0) {
        buf_put_string(&line, ",\"explanation\":");
        buf_put(&line, explanation.data, explanation.size);
    }
    buf_put_string(&line, "}\n");
    if (buf_status(&line) == 0) {
        (void)!write(request->server->slow_fd, line.data, line.size);
    }
    buf_release(&line);
}
