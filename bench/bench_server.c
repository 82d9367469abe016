/*
 * bench_server.c - what the server costs beside calling the library.
 *
 *   bench_server CATALOG ADDRESS QUERIES [overhead] [throughput=CLIENTS,PIPELINE] [seconds=N] [threads=N] [limit=N]
 *
 * ADDRESS is a port of 127.0.0.1 or the path of a Unix socket of a server that serves the same CATALOG under its
 * folder's name; QUERIES is a file of texts, one a line.
 *
 * `overhead` asks each query in four ways: of the library, of the library and encoded as the server does, of the
 * server, and as PING; once with ids alone in the answers and once with whole products. First all queries are asked
 * once everywhere and answers compared, so that no process checks pages for the first time later. Then the ways take
 * turns at being first, as whoever is second finds the data in the processor's shared cache, and the two in process at
 * being there, as the second would find it in its own. The overhead is the median of what the server took longer than
 * the library, query by query; without the median of PING it is what serving costs beside the wire.
 *
 * `throughput`: so many connections, each with so many requests under way, beside as many threads in process, each for
 * the seconds given.
 */
#include "aisle.h"
#include "bench/server_wire.h"
#include "server/catalogs.h"
#include "server/command.h"

#include <poll.h>
#include <pthread.h>

#define CLIENTS_MAX 4096u

struct setup {
    const char *catalog;
    const char *name; /* of the catalog on the server */
    const char *address;
    const char *queries;
    unsigned clients, pipeline, seconds, threads, limit;
    bool overhead;
};

static struct setup setup = {.clients = 0, .pipeline = 1, .seconds = 5, .threads = 2, .limit = 10};
static struct requests requests;

/* Waits for the answer of a client that has one request under way; it stands in client->input then. */
static void await_answer(struct client *client)
{
    client->size = 0;
    do {
        ssize_t got = recv(client->fd, client->input + client->size, INPUT_BYTES - client->size, 0);
        if (got <= 0) {
            die("recv", "the server has closed the connection");
        }
        client->size += (size_t)got;
    } while (skip_answer(client->input, client->input + client->size) == NULL);
}

/* --------------------------------------------------------------------------------------------- the ways -- */

/* The server's way from a request to the bytes of its answer, without sockets and threads. */
struct encoder {
    struct server *server;
    struct worker worker;
    struct request *request; /* the last one */
};

static void open_encoder(struct encoder *encoder)
{
    const struct server_given given = {"catalog", setup.catalog};
    static struct server_options options;
    struct config *config = NULL;
    struct catalog_set *set = NULL;
    aisle_error error;
    options = (struct server_options){.given = &given, .given_count = 1};
    encoder->server = mem_calloc(1, sizeof *encoder->server);
    if (encoder->server == NULL) {
        die("server", "out of memory");
    }
    encoder->server->options = &options;
    if (config_load(&options, &config, &error) != 0 ||
        catalogs_open(encoder->server, config, NULL, &set, &error) != 0) {
        die(setup.catalog, error.message);
    }
    catalogs_switch(encoder->server, set);
    arena_init(&encoder->worker.arena, 64u << 20);
}

static void close_encoder(struct encoder *encoder)
{
    request_free(encoder->request);
    worker_release(&encoder->worker);
    catalogs_quiet(encoder->server->set);
    catalogs_close(encoder->server->set);
    mem_free(encoder->server);
}

/* The arguments of a request as it stands on the wire; returns how many. */
static uint32_t split_request(char *request, struct bytes *arguments)
{
    char *p = strchr(request, '\n') + 1;
    uint32_t count = (uint32_t)strtoul(request + 1, NULL, 10);
    for (uint32_t i = 0; i < count; i++) {
        size_t size = strtoul(p + 1, NULL, 10);
        p = strchr(p, '\n') + 1;
        arguments[i] = bytes_of(p, size);
        p += size + 2;
    }
    return count;
}

static void encode(struct encoder *encoder, size_t i)
{
    struct bytes arguments[16];
    uint32_t count = split_request(requests.bytes[i], arguments);
    request_free(encoder->request);
    struct request *request = request_new(encoder->server, arguments, count);
    if (request == NULL) {
        die("request", "out of memory");
    }
    encoder->request = request;
    request->command = command_find(arguments[0]);
    request->set = encoder->server->set;
    request->version = 2;
    request->received_ns = clock_monotonic_ns();
    request_run(request, &encoder->worker);
    worker_tidy(&encoder->worker);
}

static void search_here(aisle *catalog, size_t i, bool with_products, aisle_result **result)
{
    aisle_error error;
    const aisle_query query = {.size = sizeof query, .text = requests.texts[i], .limit = setup.limit,
                               .no_products = !with_products, .now_ms = NOW_MS};
    if (aisle_search(catalog, &query, result, &error) != 0) {
        die("search", error.message);
    }
}

/* Whether two answers are the same but for the time that they took. */
static bool same_answer(struct bytes a, struct bytes b)
{
    static const char took[] = "took_us\r\n:";
    const uint8_t *at = memmem(a.data, a.size, took, sizeof took - 1);
    const uint8_t *other = memmem(b.data, b.size, took, sizeof took - 1);
    if (at == NULL || other == NULL || at - a.data != other - b.data ||
        memcmp(a.data, b.data, (size_t)(at - a.data)) != 0) {
        return false;
    }
    const uint8_t *rest = memchr(at + sizeof took - 1, '\r', a.size - (size_t)(at - a.data) - sizeof took + 1);
    const uint8_t *others = memchr(other + sizeof took - 1, '\r', b.size - (size_t)(other - b.data) - sizeof took + 1);
    size_t size = a.size - (size_t)(rest - a.data);
    return size == b.size - (size_t)(others - b.data) && memcmp(rest, others, size) == 0;
}

enum way { WAY_HERE, WAY_ENCODED, WAY_THERE, WAY_PING, WAYS };
static const char *const way_names[WAYS] = {"in process", "in process, encoded", "through the server", "PING"};

struct measure {
    aisle *catalog;
    aisle_result *result;
    struct encoder encoder;
    struct client client;
    bool with_products;
    struct latency taken[WAYS];
    struct latency difference; /* of the server and the library, where it took longer */
};

static uint64_t take_way(struct measure *measure, enum way way, size_t i)
{
    uint64_t start = clock_monotonic_ns();
    if (way == WAY_HERE) {
        search_here(measure->catalog, i, measure->with_products, &measure->result);
    } else if (way == WAY_ENCODED) {
        encode(&measure->encoder, i);
    } else {
        const char *bytes = way == WAY_PING ? ping_request : requests.bytes[i];
        send_all(measure->client.fd, bytes, way == WAY_PING ? sizeof ping_request - 1 : requests.sizes[i]);
        await_answer(&measure->client);
    }
    return clock_monotonic_ns() - start;
}

/* Asks everything once everywhere, and compares. */
static void warm_up(struct measure *measure)
{
    for (size_t i = 0; i < requests.count; i++) {
        for (enum way way = WAY_HERE; way < WAY_PING; way++) {
            (void)take_way(measure, way, i);
        }
        if (!same_answer(buf_bytes(&measure->encoder.request->reply),
                         bytes_of(measure->client.input, measure->client.size))) {
            die(requests.texts[i], "the server's answer is another one than the library's");
        }
    }
}

static double median_us(const struct latency *latency)
{
    return (double)latency_quantile(latency, 0.5) / 1e3;
}

static void report(const struct measure *measure)
{
    for (enum way way = WAY_HERE; way < WAYS; way++) {
        print_latency(way_names[way], &measure->taken[way]);
    }
    print_latency("server less library, each", &measure->difference);
    printf("overhead: %.1f us at the median of the differences, %.1f us without PING's median; encoding %.1f us\n",
           median_us(&measure->difference), median_us(&measure->difference) - median_us(&measure->taken[WAY_PING]),
           median_us(&measure->taken[WAY_ENCODED]) - median_us(&measure->taken[WAY_HERE]));
}

static void measure_overhead(aisle *catalog, bool with_products)
{
    static struct measure measure;
    measure = (struct measure){.catalog = catalog, .with_products = with_products};
    read_requests(&requests, setup.queries, setup.name, setup.limit, with_products);
    open_encoder(&measure.encoder);
    open_client(&measure.client, setup.address, 0);
    warm_up(&measure);
    uint64_t end = clock_monotonic_ns() + (uint64_t)setup.seconds * 1000000000;
    for (size_t round = 0; clock_monotonic_ns() < end; round++) {
        const enum way ways[] = {round / 3 % 2 == 0 ? WAY_HERE : WAY_ENCODED, WAY_THERE, WAY_PING};
        uint64_t took[3];
        for (unsigned k = 0; k < 3; k++) {
            size_t turn = (k + round) % 3;
            took[turn] = take_way(&measure, ways[turn], round * 7919 % requests.count);
            latency_add(&measure.taken[ways[turn]], took[turn]);
        }
        if (ways[0] == WAY_HERE) {
            latency_add(&measure.difference, took[1] > took[0] ? took[1] - took[0] : 0);
        }
    }
    printf("%s, %zu queries, answers compared:\n", with_products ? "whole products" : "ids alone", requests.count);
    report(&measure);
    aisle_result_free(measure.result);
    close_client(&measure.client);
    close_encoder(&measure.encoder);
    free_requests(&requests);
}

/* ------------------------------------------------------------------------------------------ throughput -- */

static void *search_on(void *context)
{
    aisle *catalog = context;
    aisle_result *result = NULL;
    uintptr_t count = 0;
    uint64_t end = clock_monotonic_ns() + (uint64_t)setup.seconds * 1000000000;
    for (; clock_monotonic_ns() < end; count++) {
        search_here(catalog, count * 7919 % requests.count, true, &result);
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
        size_t i = client->next;
        client->next = (client->next + 7919) % requests.count;
        note_sent(client, clock_monotonic_ns());
        send_all(client->fd, requests.bytes[i], requests.sizes[i]);
    }
}

static double throughput_there(struct latency *latency)
{
    static struct client clients[CLIENTS_MAX];
    static struct pollfd polled[CLIENTS_MAX];
    uint64_t count = 0;
    for (unsigned i = 0; i < setup.clients; i++) {
        open_client(&clients[i], setup.address, (size_t)i * 104729 % requests.count);
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

static void measure_throughput(aisle *catalog)
{
    static struct latency latency;
    read_requests(&requests, setup.queries, setup.name, setup.limit, true);
    double here = throughput_here(catalog);
    double there = throughput_there(&latency);
    print_latency("latency, all at once", &latency);
    printf("%u threads in process %.0f/s, %u clients x %u %.0f/s: %.0f %%\n", setup.threads, here, setup.clients,
           setup.pipeline, there, 100 * there / here);
    free_requests(&requests);
}

/* --------------------------------------------------------------------------------------------- set-up -- */

static void take_argument(const char *text)
{
    if (strcmp(text, "overhead") == 0) {
        setup.overhead = true;
    } else if (sscanf(text, "throughput=%u,%u", &setup.clients, &setup.pipeline) != 2 &&
               sscanf(text, "seconds=%u", &setup.seconds) != 1 && sscanf(text, "threads=%u", &setup.threads) != 1 &&
               sscanf(text, "limit=%u", &setup.limit) != 1) {
        die(text, "no such argument");
    }
    if (setup.clients > CLIENTS_MAX || setup.pipeline > UNDER_WAY_MAX || setup.threads > 64) {
        die(text, "at most 4096 clients, 256 requests under way, 64 threads");
    }
}

int main(int argc, char **argv)
{
    aisle *catalog = NULL;
    aisle_error error;
    if (argc < 4) {
        die("usage", "CATALOG ADDRESS QUERIES [overhead] [throughput=CLIENTS,PIPELINE] [seconds=N] [threads=N]");
    }
    const char *slash = strrchr(argv[1], '/');
    setup.catalog = argv[1];
    setup.name = slash == NULL ? argv[1] : slash + 1;
    setup.address = argv[2];
    setup.queries = argv[3];
    for (int i = 4; i < argc; i++) {
        take_argument(argv[i]);
    }
    const aisle_options options = {.size = sizeof options, .read_only = true};
    if (aisle_open(setup.catalog, &options, &catalog, &error) != 0) {
        die(setup.catalog, error.message);
    }
    if (setup.overhead) {
        measure_overhead(catalog, false);
        measure_overhead(catalog, true);
    }
    if (setup.clients > 0) {
        measure_throughput(catalog);
    }
    aisle_close(catalog);
    return 0;
}
