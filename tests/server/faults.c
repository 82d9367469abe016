/*
 * faults.c - a server whose allocations fail, each in its turn, while it carries out one request after the other.
 *
 * The server runs in this process, on a catalog below /tmp, over an allocator that can be told to fail its n-th call.
 * Each request is sent with n = 0, 1, 2, ... until it passes without a failure: whatever failed, an
 * answer comes, right or an error, or the connection is closed; the server lives, and answers as before. A write that
 * was acknowledged is there, one that was refused may be tried again. The loop's, the pool's and the writing threads'
 * allocations all count.
 */
#include "aisle.h"
#include "server/server.h"

#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_BYTES (1u << 20)
#define PRODUCTS 300
#define ROUNDS_MAX 20000

static atomic_long countdown = -1; /* calls until one fails; below 0: none does */
static atomic_long failed;         /* how many did */
static char folder[] = "/tmp/server-faults-XXXXXX"; /* short: a socket's path has 107 bytes at most */
static char catalog_path[64], socket_path[64];

/* ------------------------------------------------------------------------------------------ the allocator -- */

static bool is_to_fail(void)
{
    if (atomic_load(&countdown) < 0 || atomic_fetch_sub(&countdown, 1) != 0) {
        return false;
    }
    atomic_fetch_add(&failed, 1);
    return true;
}

static void *allocate(void *context, size_t size)
{
    (void)context;
    return is_to_fail() ? NULL : malloc(size);
}

static void *reallocate(void *context, void *memory, size_t size)
{
    (void)context;
    return is_to_fail() ? NULL : realloc(memory, size);
}

static void release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

/* ---------------------------------------------------------------------------------------------- the client -- */

_Noreturn static void die(const char *what, const char *why)
{
    fprintf(stderr, "server_faults: %s: %s\n", what, why);
    exit(1);
}

static int connect_to_server(void)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    int fd = -1;
    snprintf(local.sun_path, sizeof local.sun_path, "%s", socket_path);
    for (int i = 0; i < 2000; i++) {
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&local, sizeof local) == 0) {
            const struct timeval patience = {.tv_sec = 120};
            (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            return fd;
        }
        close(fd);
        usleep(10000);
    }
    die("connect", "the server does not listen");
}

/* Whether an answer of RESP2 is whole. */
static bool is_whole(const char *p, const char *end)
{
    size_t left = 1;
    while (left > 0) {
        const char *line = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
        if (line == NULL) {
            return false;
        }
        long number = *p == '$' || *p == '*' ? strtol(p + 1, NULL, 10) : 0;
        left += *p == '*' && number > 0 ? (size_t)number : 0;
        left--;
        p = line + 1 + (line[-1] == '\r' && *p == '$' && number >= 0 ? number + 2 : 0);
        if (p > end) {
            return false;
        }
    }
    return true;
}

/* Sends the line on a connection of its own; the answer, NUL-terminated, is empty when the server closed instead. */
static const char *ask(const char *line)
{
    static char answer[ANSWER_BYTES];
    int fd = connect_to_server();
    size_t size = strlen(line);
    size_t got = 0;
    ssize_t part = send(fd, line, size, MSG_NOSIGNAL) == (ssize_t)size && send(fd, "\r\n", 2, MSG_NOSIGNAL) == 2;
    while (part > 0 && got < sizeof answer - 1) {
        part = recv(fd, answer + got, sizeof answer - 1 - got, 0);
        got += part > 0 ? (size_t)part : 0;
        if (part > 0 && is_whole(answer, answer + got)) {
            break;
        }
    }
    if (part < 0) {
        die(line, "no answer within two minutes");
    }
    answer[part > 0 ? got : 0] = '\0';
    close(fd);
    return answer;
}

/* ---------------------------------------------------------------------------------------------- the checks -- */

static void expect(const char *line, const char *part)
{
    const char *answer = ask(line);
    if (strstr(answer, part) == NULL) {
        fprintf(stderr, "server_faults: %s: expected %s, not %.300s\n", line, part, answer);
        exit(1);
    }
}

/* The line with each allocation failing in turn; good: what stands in a right answer. Returns how many failed. */
static unsigned sweep(const char *line, const char *good, const char *after, const char *after_good)
{
    unsigned errors = 0;
    unsigned closed = 0;
    long round = 0;
    for (long before = -1; round < ROUNDS_MAX && before != atomic_load(&failed); round++) {
        before = atomic_load(&failed);
        atomic_store(&countdown, round);
        char *answer = strdup(ask(line));
        atomic_store(&countdown, -1);
        bool is_error = answer[0] == '-';
        bool is_good = strstr(answer, good) != NULL;
        if (!is_error && !is_good && answer[0] != '\0') {
            die(line, answer);
        }
        errors += is_error;
        closed += answer[0] == '\0';
        if (is_good || round % 8 == 0) { /* and all is well again */
            expect("PING", "+PONG");
            expect(is_good ? after : line, is_good ? after_good : good);
        }
        free(answer);
    }
    printf("%-60.60s %5ld rounds, %5u errors, %u closed\n", line, round, errors, closed);
    fflush(stdout);
    return errors + closed;
}

/* ------------------------------------------------------------------------------------------------ the server -- */

static void *serve(void *context)
{
    const struct server_given given[] = {{"catalog", catalog_path}, {"listen", context}, {"threads", "1"},
                                         {"commit-ms", "1"},        {"slow-ms", "0"}};
    const struct server_options options = {.given = given, .given_count = sizeof given / sizeof given[0]};
    aisle_error error = {0};
    if (server_run(&options, &error) != 0) {
        die("server", error.message);
    }
    return NULL;
}

static void make_catalog(void)
{
    aisle *catalog = NULL;
    aisle_writer *writer = NULL;
    aisle_error error = {0};
    bool failed_once = aisle_create(catalog_path, NULL, NULL, &error) != 0 ||
                       aisle_open(catalog_path, NULL, &catalog, &error) != 0 ||
                       aisle_begin(catalog, &writer, &error) != 0;
    for (int i = 0; i < PRODUCTS && !failed_once; i++) {
        char product[200];
        int size = snprintf(product, sizeof product,
                            "{\"id\":\"P%d\",\"title\":\"green shoe number %d\",\"brand\":\"B%d\",\"price\":%d}", i, i,
                            i % 7, i);
        failed_once = aisle_put(writer, (aisle_bytes){product, (size_t)size}, &error) != 0;
    }
    if (failed_once || aisle_commit(writer, &error) != 0) {
        die("catalog", error.message);
    }
    aisle_writer_free(writer);
    aisle_close(catalog);
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

int main(void)
{
    const aisle_allocator allocator = {allocate, reallocate, release, NULL};
    char listen_text[80];
    pthread_t thread;
    unsigned failures = 0;
    if (aisle_set_allocator(&allocator) != 0 || mkdtemp(folder) == NULL) {
        die(folder, "cannot begin");
    }
    snprintf(catalog_path, sizeof catalog_path, "%s/shop", folder);
    snprintf(socket_path, sizeof socket_path, "%s/socket", folder);
    snprintf(listen_text, sizeof listen_text, "unix:%s", socket_path);
    make_catalog();
    if (pthread_create(&thread, NULL, serve, listen_text) != 0) {
        die("thread", "cannot be started");
    }
    expect("AISLE.SEARCH shop shoe", "total");
    expect("AISLE.SUGGEST shop gre", "suggestions");
    failures += sweep("AISLE.SEARCH shop 'green shoe' LIMIT 0 20", "shoe number", "PING", "PONG");
    failures += sweep("AISLE.SEARCH shop shoos FACET brand FILTER 'price < 200' SORT price HIGHLIGHT 1 title EXPLAIN",
                      "brand", "PING", "PONG");
    failures += sweep("AISLE.MSEARCH 2 shop shoe 2 shop number", "total", "PING", "PONG");
    failures += sweep("FT.SEARCH shop '@brand:{B1|B2} shoe @price:[1 $p]' PARAMS 2 p 90 HIGHLIGHT", "number", "PING",
                      "PONG");
    failures += sweep("FT.AGGREGATE shop shoe GROUPBY 1 @brand REDUCE COUNT 0 AS n", "B1", "PING", "PONG");
    failures += sweep("AISLE.SUGGEST shop gre", "green", "PING", "PONG");
    failures += sweep("AISLE.GET shop P7", "number 7", "PING", "PONG");
    failures += sweep("AISLE.INFO shop", "products", "PING", "PONG");
    failures += sweep("AISLE.RELOAD", "+OK", "AISLE.SEARCH shop shoe", "total");
    failures += sweep("AISLE.RELOAD shop", "+OK", "PING", "PONG");
    failures += sweep("AISLE.PUT shop '{\"id\":\"new\",\"title\":\"zebra\"}' VISIBLE", ":", "AISLE.GET shop new",
                      "zebra");
    failures += sweep("AISLE.PATCH shop new '{\"price\":5}' KEY k VISIBLE", ":", "AISLE.GET shop new", "\"price\":5");
    failures += sweep("AISLE.DEL shop new VISIBLE", ":", "AISLE.GET shop new", "$-1");
    kill(getpid(), SIGTERM);
    pthread_join(thread, NULL);
    (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    printf("%u requests met a failure; the server has lived through all of them\n", failures);
    return failures == 0;
}
