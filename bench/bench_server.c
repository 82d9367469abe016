/*
 * bench_server.c - what the server costs beside calling the library.
 *
 *   bench_server CATALOG ADDRESS QUERIES [overhead] [throughput=CLIENTS,PIPELINE] [seconds=N] [threads=N] [limit=N]
 *
 * ADDRESS is a port of 127.0.0.1 or the path of a Unix socket of a server that serves the same CATALOG under its
 * folder's name; QUERIES is a file of texts, one a line. `overhead`: each query is asked of the library, of the server
 * and as PING in turn, and medians are compared, so that a busy machine hits all three alike. `throughput`: so many
 * connections, each with so many requests under way, beside as many threads in process, each for the seconds given.
 */
#include "aisle.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/latency.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define QUERIES_MAX 100000u
#define CLIENTS_MAX 4096u
#define INPUT_BYTES (1u << 20)

struct setup {
    const char *catalog;
    const char *address;
    char *requests[QUERIES_MAX];
    char *texts[QUERIES_MAX];
    size_t query_count;
    unsigned clients, pipeline, seconds, threads, limit;
    bool overhead;
};

static struct setup setup = {.clients = 0, .pipeline = 1, .seconds = 5, .threads = 2, .limit = 10};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_server: %s: %s\n", what, why);
    exit(1);
}

/* ------------------------------------------------------------------------------------------------ the wire -- */

static int connect_to(const char *address)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in net = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(address))};
    bool is_path = strchr(address, '/') != NULL;
    net.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(local.sun_path, sizeof local.sun_path, "%s", address);
    int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    const struct sockaddr *to = is_path ? (const struct sockaddr *)&local : (const struct sockaddr *)&net;
    if (fd < 0 || connect(fd, to, is_path ? sizeof local : sizeof net) != 0) {
        die(address, strerror(errno));
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
    const char *line = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    if (line == NULL) {
        return NULL;
    }
    char kind = p[0];
    long number = strtol(p + 1, NULL, 10);
    p = line + 1;
    if (kind == '-') {
        die("the server answers", line - 100);
    }
    if (kind == '$' && number >= 0) {
        return end - p >= number + 2 ? p + number + 2 : NULL;
    }
    for (long i = 0; kind == '*' && i < number && p != NULL; i++) {
        p = skip_answer(p, end);
    }
    return p;
}

struct client {
    int fd;
    unsigned under_way;
    size_t next; /* query */
    size_t size;
    char *input;
    uint64_t sent_ns[256]; /* ring of requests under way */
    unsigned first;
};

static void open_client(struct client *client, size_t next)
{
    *client = (struct client){.fd = connect_to(setup.address), .next = next, .input = mem_alloc(INPUT_BYTES)};
    if (client->input == NULL) {
        die("client", "out of memory");
    }
}

/* Waits for one answer of a client that has one request under way. */
static void await_answer(struct client *client)
{
    const char *behind = NULL;
    client->size = 0;
    while (behind == NULL) {
        ssize_t got = recv(client->fd, client->input + client->size, INPUT_BYTES - client->size, 0);
        if (got <= 0) {
            die("recv", "the server has closed the connection");
        }
        client->size += (size_t)got;
        behind = skip_answer(client->input, client->input + client->size);
    }
}

/* ------------------------------------------------------------------------------------------- measurements -- */

static void search_here(aisle *catalog, size_t i, aisle_result **result)
{
    aisle_error error;
    const aisle_query query = {.size = sizeof query, .text = setup.texts[i % setup.query_count],
                               .limit = setup.limit};
    if (aisle_search(catalog, &query, result, &error) != 0) {
        die("search", error.message);
    }
}

static void print_latency(const char *name, const struct latency *latency)
{
    printf("%-22s %9llu  p10 %8.1f  p50 %8.1f  p99 %8.1f  p99.9 %8.1f  max %9.1f us\n", name,
           (unsigned long long)latency->count, (double)latency_quantile(latency, 0.1) / 1e3,
           (double)latency_quantile(latency, 0.5) / 1e3,
           (double)latency_quantile(latency, 0.99) / 1e3, (double)latency_quantile(latency, 0.999) / 1e3,
           (double)latency->max_ns / 1e3);
}

/* The three ways in turn; the difference is taken query by query. */
static void measure_overhead(aisle *catalog)
{
    static struct latency here, there, ping, difference;
    static const char ping_request[] = "*1\r\n$4\r\nPING\r\n";
    struct client client;
    aisle_result *result = NULL;
    open_client(&client, 0);
    uint64_t end = clock_monotonic_ns() + (uint64_t)setup.seconds * 1000000000;
    for (size_t i = 0; clock_monotonic_ns() < end; i++) {
        const char *request = setup.requests[i % setup.query_count];
        search_here(catalog, i, &result); /* both find the processor's caches warm */
        uint64_t start = clock_monotonic_ns();
        search_here(catalog, i, &result);
        uint64_t middle = clock_monotonic_ns();
        send_all(client.fd, request, strlen(request));
        await_answer(&client);
        uint64_t answered = clock_monotonic_ns();
        send_all(client.fd, ping_request, sizeof ping_request - 1);
        await_answer(&client);
        uint64_t ponged = clock_monotonic_ns();
        latency_add(&here, middle - start);
        latency_add(&there, answered - middle);
        latency_add(&ping, ponged - answered);
        uint64_t took = answered - middle;
        latency_add(&difference, took > middle - start ? took - (middle - start) : 0);
    }
    print_latency("in process", &here);
    print_latency("through the server", &there);
    print_latency("their difference", &difference);
    print_latency("PING", &ping);
    aisle_result_free(result);
    close(client.fd);
    mem_free(client.input);
}

static void *search_on(void *context)
{
    aisle *catalog = context;
    aisle_result *result = NULL;
    uintptr_t count = 0;
    uint64_t end = clock_monotonic_ns() + (uint64_t)setup.seconds * 1000000000;
    for (; clock_monotonic_ns() < end; count++) {
        search_here(catalog, count * 7919, &result);
    }
    aisle_result_free(result);
    return (void *)count;
}

static double throughput_here(aisle *catalog)
{
    pthread_t threads[64];
    uintptr_t total = 0;
    for (unsigned i = 0; i < setup.threads; i++) {
        if (pthread_create(&threads[i], NULL, search_on, catalog) != 0) {
            die("thread", "cannot be started");
        }
    }
    for (unsigned i = 0; i < setup.threads; i++) {
        void *count;
        pthread_join(threads[i], &count);
        total += (uintptr_t)count;
    }
    return (double)total / setup.seconds;
}

static void send_more(struct client *client)
{
    while (client->under_way < setup.pipeline) {
        const char *request = setup.requests[client->next];
        client->next = (client->next + 7919) % setup.query_count;
        client->sent_ns[(client->first + client->under_way++) % 256] = clock_monotonic_ns();
        send_all(client->fd, request, strlen(request));
    }
}

/* Takes the answers that are there; returns how many. */
static unsigned take_answers(struct client *client, struct latency *latency)
{
    unsigned count = 0;
    ssize_t got = recv(client->fd, client->input + client->size, INPUT_BYTES - client->size, 0);
    if (got <= 0) {
        die("recv", "the server has closed the connection");
    }
    client->size += (size_t)got;
    const char *p = client->input;
    const char *end = client->input + client->size;
    for (const char *behind; (behind = skip_answer(p, end)) != NULL; p = behind) {
        latency_add(latency, clock_monotonic_ns() - client->sent_ns[client->first++ % 256]);
        client->under_way--;
        count++;
    }
    client->size = (size_t)(end - p);
    memmove(client->input, p, client->size);
    return count;
}

static double throughput_there(struct latency *latency)
{
    static struct client clients[CLIENTS_MAX];
    static struct pollfd polled[CLIENTS_MAX];
    uint64_t count = 0;
    for (unsigned i = 0; i < setup.clients; i++) {
        open_client(&clients[i], (size_t)i * 104729 % setup.query_count);
        polled[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
        send_more(&clients[i]);
    }
    uint64_t end = clock_monotonic_ns() + (uint64_t)setup.seconds * 1000000000;
    while (clock_monotonic_ns() < end && poll(polled, setup.clients, 1000) >= 0) {
        for (unsigned i = 0; i < setup.clients; i++) {
            if ((polled[i].revents & POLLIN) != 0) {
                count += take_answers(&clients[i], latency);
                send_more(&clients[i]);
            }
        }
    }
    return (double)count / setup.seconds;
}

/* --------------------------------------------------------------------------------------------- set-up -- */

static void read_queries(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[4096];
    const char *slash = strrchr(setup.catalog, '/');
    const char *name = slash == NULL ? setup.catalog : slash + 1;
    if (file == NULL) {
        die(path, strerror(errno));
    }
    while (setup.query_count < QUERIES_MAX && fgets(line, sizeof line, file) != NULL) {
        char request[8192];
        char limit[16];
        line[strcspn(line, "\n")] = '\0';
        int digits = snprintf(limit, sizeof limit, "%u", setup.limit);
        int size = snprintf(request, sizeof request,
                            "*6\r\n$12\r\nAISLE.SEARCH\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n$5\r\nLIMIT\r\n$1\r\n0\r\n"
                            "$%d\r\n%s\r\n", strlen(name), name, strlen(line), line, digits, limit);
        setup.requests[setup.query_count] = mem_copy_string(request, (size_t)size);
        setup.texts[setup.query_count++] = mem_copy_string(line, strlen(line));
    }
    fclose(file);
    if (setup.query_count == 0) {
        die(path, "no queries");
    }
}

static void take_argument(const char *text)
{
    if (strcmp(text, "overhead") == 0) {
        setup.overhead = true;
    } else if (sscanf(text, "throughput=%u,%u", &setup.clients, &setup.pipeline) != 2 &&
               sscanf(text, "seconds=%u", &setup.seconds) != 1 && sscanf(text, "threads=%u", &setup.threads) != 1 &&
               sscanf(text, "limit=%u", &setup.limit) != 1) {
        die(text, "no such argument");
    }
    if (setup.clients > CLIENTS_MAX || setup.pipeline > 256 || setup.threads > 64) {
        die(text, "at most 4096 clients, 256 requests under way, 64 threads");
    }
}

int main(int argc, char **argv)
{
    static struct latency latency;
    aisle *catalog = NULL;
    aisle_error error;
    if (argc < 4) {
        die("usage", "CATALOG ADDRESS QUERIES [overhead] [throughput=CLIENTS,PIPELINE] [seconds=N] [threads=N]");
    }
    setup.catalog = argv[1];
    setup.address = argv[2];
    for (int i = 4; i < argc; i++) {
        take_argument(argv[i]);
    }
    read_queries(argv[3]);
    const aisle_options options = {.size = sizeof options, .read_only = true};
    if (aisle_open(setup.catalog, &options, &catalog, &error) != 0) {
        die(setup.catalog, error.message);
    }
    if (setup.overhead) {
        measure_overhead(catalog);
    }
    if (setup.clients > 0) {
        double here = throughput_here(catalog);
        double there = throughput_there(&latency);
        print_latency("latency, all at once", &latency);
        printf("%u threads in process %.0f/s, %u clients x %u %.0f/s: %.0f %%\n", setup.threads, here, setup.clients,
               setup.pipeline, there, 100 * there / here);
    }
    aisle_close(catalog);
    return 0;
}
