/*
 * bench_server_rates.c - how long answers take when requests come at a constant rate.
 *
 *   bench_server_rates ADDRESS CATALOG-NAME QUERIES|ping [connections=1,8,64,512] [seconds=N] [limit=N]
 *
 * For each number of connections: first the most that is answered with one request under way on each, then the shares
 * of it below, sent at moments that are fixed beforehand, whatever has been answered by then. A request's time counts
 * from the moment it was to be sent, so that a server that halts for a while is charged for all that should have come
 * meanwhile (no coordinated omission). Requests take connections in turn. `ping` sends PING: the floor, also of a
 * redis-server. Prints lines of a Markdown table.
 */
#include "bench/server_wire.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define CONNECTIONS_MAX 4096u
#define EVENTS_MAX 512

static const unsigned shares[] = {25, 50, 75, 90}; /* percent of the most */

static struct requests requests;
static struct client clients[CONNECTIONS_MAX];
static const char *address;
static unsigned connections, seconds = 3, limit = 10;
static int poll_fd;

static void open_all(void)
{
    poll_fd = epoll_create1(0);
    for (unsigned i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = i}};
        open_client(&clients[i], address, (size_t)i * 104729 % requests.count);
        if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, clients[i].fd, &event) != 0) {
            die("epoll", strerror(errno));
        }
    }
}

static void close_all(void)
{
    for (unsigned i = 0; i < connections; i++) {
        close_client(&clients[i]);
    }
    close(poll_fd);
}

static void send_next(struct client *client, uint64_t due_ns)
{
    size_t i = client->next;
    client->next = (client->next + 7919) % requests.count;
    note_sent(client, due_ns);
    send_all(client->fd, requests.bytes[i], requests.sizes[i]);
}

/* Takes what has come within so many nanoseconds; each client with an answer sends again when asked to. */
static uint64_t take_events(uint64_t wait_ns, struct latency *latency, bool send_again)
{
    struct epoll_event events[EVENTS_MAX];
    const struct timespec wait = {(time_t)(wait_ns / 1000000000), (long)(wait_ns % 1000000000)};
    int count = epoll_pwait2(poll_fd, events, EVENTS_MAX, &wait, NULL);
    uint64_t answers = 0;
    for (int i = 0; i < count; i++) {
        struct client *client = &clients[events[i].data.u32];
        answers += take_answers(client, latency);
        if (send_again && client->under_way == 0) {
            send_next(client, clock_monotonic_ns());
        }
    }
    return answers;
}

/* Answers a second with one request under way on each connection. */
static double measure_most(void)
{
    static struct latency latency;
    uint64_t answers = 0;
    latency = (struct latency){.count = 0};
    open_all();
    for (unsigned i = 0; i < connections; i++) {
        send_next(&clients[i], clock_monotonic_ns());
    }
    uint64_t start = clock_monotonic_ns();
    uint64_t end = start + (uint64_t)seconds * 1000000000;
    while (clock_monotonic_ns() < end) {
        answers += take_events(100000000, &latency, true);
    }
    double passed = (double)(clock_monotonic_ns() - start) / 1e9;
    close_all();
    return (double)answers / passed;
}

/* The connection whose turn it is, or one behind it that may have another request under way; NULL: none. */
static struct client *next_client(unsigned *turn)
{
    for (unsigned i = 0; i < connections; i++) {
        struct client *client = &clients[(*turn)++ % connections];
        if (client->under_way < UNDER_WAY_MAX) {
            return client;
        }
    }
    return NULL;
}

static void measure_rate(double rate, struct latency *latency)
{
    const double gap_ns = 1e9 / rate;
    uint64_t wanted = (uint64_t)(rate * seconds);
    uint64_t sent = 0;
    uint64_t answered = 0;
    unsigned turn = 0;
    open_all();
    uint64_t start = clock_monotonic_ns();
    while (answered < wanted) {
        uint64_t now = clock_monotonic_ns();
        uint64_t due = start + (uint64_t)((double)sent * gap_ns);
        struct client *client = sent < wanted && due <= now ? next_client(&turn) : NULL;
        if (client != NULL) {
            send_next(client, due);
            sent++;
            continue;
        }
        answered += take_events(sent == wanted || due <= now ? 100000000 : due - now, latency, false);
    }
    close_all();
}

static void measure(const char *what)
{
    double most = measure_most();
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        static struct latency latency;
        latency = (struct latency){.count = 0};
        double rate = most * shares[i] / 100;
        measure_rate(rate, &latency);
        printf("| %s | %u | %u %% of %.0f | %.0f | %.0f | %.0f | %.0f |\n", what, connections, shares[i], most,
               (double)latency_quantile(&latency, 0.5) / 1e3, (double)latency_quantile(&latency, 0.99) / 1e3,
               (double)latency_quantile(&latency, 0.999) / 1e3, (double)latency.max_ns / 1e3);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    const char *list = "1,8,64,512";
    struct rlimit files = {CONNECTIONS_MAX + 64, CONNECTIONS_MAX + 64};
    if (argc < 4) {
        die("usage", "ADDRESS CATALOG-NAME QUERIES|ping [connections=1,8,64,512] [seconds=N] [limit=N]");
    }
    for (int i = 4; i < argc; i++) {
        if (strncmp(argv[i], "connections=", 12) == 0) {
            list = argv[i] + 12;
        } else if (sscanf(argv[i], "seconds=%u", &seconds) != 1 && sscanf(argv[i], "limit=%u", &limit) != 1) {
            die(argv[i], "no such argument");
        }
    }
    address = argv[1];
    bool pings = strcmp(argv[3], "ping") == 0;
    if (pings) {
        requests = (struct requests){.count = 1, .sizes = {sizeof ping_request - 1}};
        requests.bytes[0] = mem_copy_string(ping_request, sizeof ping_request - 1);
        requests.texts[0] = mem_copy_string("", 0);
    } else {
        read_requests(&requests, argv[3], argv[2], limit, true);
    }
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0); /* waits end when they are to end */
    (void)setrlimit(RLIMIT_NOFILE, &files);
    for (char *rest = (char *)(uintptr_t)list; *rest != '\0'; rest += *rest == ',') {
        connections = (unsigned)strtoul(rest, &rest, 10);
        if (connections == 0 || connections > CONNECTIONS_MAX || (*rest != ',' && *rest != '\0')) {
            die(list, "connections are numbers up to 4096 with commas between them");
        }
        measure(pings ? "PING" : "search");
    }
    free_requests(&requests);
    return 0;
}
