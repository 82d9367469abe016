/*
 * server_wire.h - what the benches of the server share: connecting, requests of a file of queries, whole answers.
 *
 * Answers are passed over as RESP2, which is what these clients ask for. All functions end the program when the server
 * does what no bench can go on with. Thread rule: one thread.
 */
#ifndef AISLE_BENCH_SERVER_WIRE_H
#define AISLE_BENCH_SERVER_WIRE_H

#include "base/alloc.h"
#include "base/clock.h"
#include "base/latency.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define QUERIES_MAX 100000u
#define UNDER_WAY_MAX 256u /* of one client */
#define INPUT_BYTES (1u << 20)
#define NOW_MS INT64_C(1767225600000) /* of all searches, so that the cursors in their answers are the same */

static const char ping_request[] = "*1\r\n$4\r\nPING\r\n";

_Noreturn static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_server: %s: %s\n", what, why);
    exit(1);
}

/* A connection to a port of 127.0.0.1 or to the path of a Unix socket. */
static int connect_to(const char *address)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in net = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(address, NULL, 10))};
    bool is_path = strchr(address, '/') != NULL;
    int one = 1;
    net.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(local.sun_path, sizeof local.sun_path, "%s", address);
    int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    const struct sockaddr *to = is_path ? (const struct sockaddr *)&local : (const struct sockaddr *)&net;
    if (fd < 0 || connect(fd, to, is_path ? sizeof local : sizeof net) != 0) {
        die(address, strerror(errno));
    }
    if (!is_path) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    return fd;
}

static void send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t put = send(fd, data, size, 0);
        if (put <= 0) {
            die("send", strerror(errno));
        }
        data += put;
        size -= (size_t)put;
    }
}

/* Behind the answer of RESP2 at p, or NULL when it is not whole. */
static const char *skip_answer(const char *p, const char *end)
{
    size_t left = 1; /* values to pass over */
    while (left > 0) {
        const char *line = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
        if (line == NULL) {
            return NULL;
        }
        char kind = p[0];
        long number = kind == '$' || kind == '*' ? strtol(p + 1, NULL, 10) : 0;
        if (kind == '-') {
            die("the server answers", p);
        }
        p = line + 1;
        left += kind == '*' && number > 0 ? (size_t)number : 0;
        left--;
        if (kind == '$' && number >= 0) {
            if (end - p < number + 2) {
                return NULL;
            }
            p += number + 2;
        }
    }
    return p;
}

struct client {
    int fd;
    unsigned under_way;
    size_t next; /* query */
    size_t size;
    char *input;
    uint64_t due_ns[UNDER_WAY_MAX]; /* ring of requests under way: when each was sent, or was to be sent */
    unsigned first;
};

static void open_client(struct client *client, const char *address, size_t next)
{
    *client = (struct client){.fd = connect_to(address), .next = next, .input = mem_alloc(INPUT_BYTES)};
    if (client->input == NULL) {
        die("client", "out of memory");
    }
}

static void close_client(struct client *client)
{
    close(client->fd);
    mem_free(client->input);
}

static inline void note_sent(struct client *client, uint64_t due_ns)
{
    client->due_ns[(client->first + client->under_way++) % UNDER_WAY_MAX] = due_ns;
}

/* Takes the answers that are there into the histogram; returns how many. */
static inline unsigned take_answers(struct client *client, struct latency *latency)
{
    unsigned count = 0;
    ssize_t got = recv(client->fd, client->input + client->size, INPUT_BYTES - client->size, 0);
    if (got <= 0) {
        die("recv", "the server has closed the connection");
    }
    client->size += (size_t)got;
    const char *p = client->input;
    const char *end = client->input + client->size;
    uint64_t now = clock_monotonic_ns();
    for (const char *behind; client->under_way > 0 && (behind = skip_answer(p, end)) != NULL; p = behind) {
        latency_add(latency, now - client->due_ns[client->first++ % UNDER_WAY_MAX]);
        client->under_way--;
        count++;
    }
    client->size = (size_t)(end - p);
    memmove(client->input, p, client->size);
    return count;
}

/* ---------------------------------------------------------------------------------------------- requests -- */

struct requests {
    char *bytes[QUERIES_MAX]; /* of the whole request */
    size_t sizes[QUERIES_MAX];
    char *texts[QUERIES_MAX];
    size_t count;
};

/* AISLE.SEARCH of each line of a file; with whole products, or ids alone. */
static inline void read_requests(struct requests *requests, const char *path, const char *name, unsigned limit,
                                 bool with_products)
{
    FILE *file = fopen(path, "r");
    char line[4096];
    if (file == NULL) {
        die(path, strerror(errno));
    }
    while (requests->count < QUERIES_MAX && fgets(line, sizeof line, file) != NULL) {
        char request[8192];
        char digits[16];
        line[strcspn(line, "\n")] = '\0';
        int digit_count = snprintf(digits, sizeof digits, "%u", limit);
        int size = snprintf(request, sizeof request,
                            "*%d\r\n$12\r\nAISLE.SEARCH\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n"
                            "$5\r\nLIMIT\r\n$1\r\n0\r\n$%d\r\n%s\r\n$3\r\nNOW\r\n$13\r\n%lld\r\n%s",
                            with_products ? 8 : 10, strlen(name), name, strlen(line), line, digit_count, digits,
                            (long long)NOW_MS, with_products ? "" : "$6\r\nRETURN\r\n$1\r\n0\r\n");
        size_t i = requests->count++;
        requests->bytes[i] = mem_copy_string(request, (size_t)size);
        requests->sizes[i] = (size_t)size;
        requests->texts[i] = mem_copy_string(line, strlen(line));
    }
    fclose(file);
    if (requests->count == 0) {
        die(path, "no queries");
    }
}

static inline void free_requests(struct requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        mem_free(requests->bytes[i]);
        mem_free(requests->texts[i]);
    }
    requests->count = 0;
}

static inline void print_latency(const char *name, const struct latency *latency)
{
    printf("%-34s %9llu  p50 %8.1f  p99 %8.1f  p99.9 %8.1f  max %9.1f us\n", name,
           (unsigned long long)latency->count, (double)latency_quantile(latency, 0.5) / 1e3,
           (double)latency_quantile(latency, 0.99) / 1e3, (double)latency_quantile(latency, 0.999) / 1e3,
           (double)latency->max_ns / 1e3);
}

#endif
