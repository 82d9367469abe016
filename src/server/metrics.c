/*
 * metrics.c - counters, duration histograms by command, and their two texts.
 *
 * Buckets are 1, 2, 5 times a power of ten from 10 us to 20 s: fixed, so that servers can be added up. Format of the
 * second text: prometheus.io/docs/instrumenting/exposition_formats.
 */
#include "server/metrics.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "server/command.h"
#include "server/follower.h"
#include "server/writes.h"

#include <time.h>

#define TURN_LIMIT_NS UINT64_C(5000000)

static const uint64_t bounds_us[METRICS_BUCKETS - 1] = {10,    20,     50,     100,    200,     500,     1000,
                                                        2000,  5000,   10000,  20000,  50000,   100000,  200000,
                                                        500000, 1000000, 2000000, 5000000, 20000000};

int metrics_init(struct metrics *metrics, aisle_error *error)
{
    size_t count;
    (void)command_table(&count);
    metrics->commands = mem_calloc(count, sizeof *metrics->commands);
    metrics->started_ns = clock_monotonic_ns();
    return metrics->commands == NULL ? error_no_memory(error, "the server's counters") : 0;
}

void metrics_release(struct metrics *metrics)
{
    mem_free(metrics->commands);
    metrics->commands = NULL;
}

static void count_one(struct metrics *metrics, const struct command *command, uint64_t ns, uint64_t wait_ns,
                      bool failed)
{
    struct command_metrics *counted = &metrics->commands[command_index(command)];
    unsigned bucket = 0;
    while (bucket < METRICS_BUCKETS - 1 && ns > bounds_us[bucket] * 1000) {
        bucket++;
    }
    counted->calls++;
    counted->errors += failed;
    counted->sum_ns += ns;
    counted->wait_ns += wait_ns;
    counted->max_ns = ns > counted->max_ns ? ns : counted->max_ns;
    counted->buckets[bucket]++;
}

void metrics_count(struct metrics *metrics, const struct request *request)
{
    if (request->started_ns == 0) { /* refused before it ran */
        count_one(metrics, request->command, 0, 0, request->failed);
        return;
    }
    uint64_t ns = request->ended_ns - request->received_ns;
    count_one(metrics, request->command, ns, request->started_ns - request->received_ns, request->failed);
}

void metrics_count_now(struct metrics *metrics, const struct command *command, uint64_t ns, bool failed)
{
    count_one(metrics, command, ns, 0, failed);
}

void metrics_turn(struct metrics *metrics, uint64_t busy_ns)
{
    struct timespec cpu;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    uint64_t cpu_ns = (uint64_t)cpu.tv_sec * 1000000000 + (uint64_t)cpu.tv_nsec;
    uint64_t used = metrics->loop_cpu_ns == 0 ? 0 : cpu_ns - metrics->loop_cpu_ns;
    metrics->loop_cpu_ns = cpu_ns;
    metrics->loop_cpu_max_ns = used > metrics->loop_cpu_max_ns ? used : metrics->loop_cpu_max_ns;
    metrics->loop_turns++;
    metrics->loop_sum_ns += busy_ns;
    metrics->loop_max_ns = busy_ns > metrics->loop_max_ns ? busy_ns : metrics->loop_max_ns;
    metrics->loop_over += busy_ns > TURN_LIMIT_NS;
}

/* The bound of the bucket that share of all durations are within, in microseconds. */
static uint64_t quantile_us(const struct command_metrics *counted, double share)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < METRICS_BUCKETS - 1; i++) {
        seen += counted->buckets[i];
        if ((double)seen >= share * (double)counted->calls) {
            uint64_t max_us = (counted->max_ns + 999) / 1000;
            return bounds_us[i] < max_us ? bounds_us[i] : max_us;
        }
    }
    return counted->max_ns / 1000;
}

static void queue_now(struct server *server, uint32_t *waiting, uint32_t *busy)
{
    uv_mutex_lock(&server->pool.mutex);
    *waiting = server->pool.reads.waiting;
    *busy = server->pool.reads.busy;
    uv_mutex_unlock(&server->pool.mutex);
}

static unsigned long long ull(uint64_t value)
{
    return value;
}

static void info_commands(const struct metrics *metrics, struct buf *text)
{
    size_t count;
    const struct command *table = command_table(&count);
    buf_put_string(text, "# Commandstats\r\n");
    for (size_t i = 0; i < count; i++) {
        const struct command_metrics *counted = &metrics->commands[i];
        if (counted->calls == 0) {
            continue;
        }
        buf_printf(text, "cmdstat_%s:calls=%llu,usec=%llu,usec_per_call=%.2f,failed_calls=%llu,wait_usec=%llu,"
                         "p50=%llu,p99=%llu,max=%llu\r\n",
                   table[i].name, ull(counted->calls), ull(counted->sum_ns / 1000),
                   (double)counted->sum_ns / 1000 / (double)counted->calls, ull(counted->errors),
                   ull(counted->wait_ns / 1000), ull(quantile_us(counted, 0.5)), ull(quantile_us(counted, 0.99)),
                   ull(counted->max_ns / 1000));
    }
}

void metrics_info(struct server *server, struct buf *text)
{
    const struct metrics *metrics = &server->metrics;
    aisle_memory_statistics memory = {.size = sizeof memory};
    uint32_t waiting = 0;
    uint32_t busy = 0;
    (void)aisle_memory(&memory, NULL);
    queue_now(server, &waiting, &busy);
    buf_printf(text, "uptime_in_seconds:%llu\r\ncatalogs:%u\r\n\r\n",
               ull((clock_monotonic_ns() - metrics->started_ns) / 1000000000), server->set->name_count);
    buf_printf(text, "# Clients\r\nconnected_clients:%u\r\nmaxclients:%llu\r\n\r\n", server->connection_count,
               ull(server_clients_max(server)));
    buf_printf(text, "# Memory\r\nused_memory:%llu\r\nused_memory_peak:%llu\r\nbuffered_bytes:%llu\r\n\r\n",
               ull(memory.current_bytes), ull(memory.peak_bytes), ull(server->buffered_bytes));
    buf_put_string(text, "# Persistence\r\nloading:0\r\n\r\n");
    buf_printf(text,
               "# Stats\r\ntotal_connections_received:%llu\r\nrejected_connections:%llu\r\ndropped_slow:%llu\r\n"
               "dropped_protocol:%llu\r\ncancelled_requests:%llu\r\ntotal_net_input_bytes:%llu\r\n"
               "total_net_output_bytes:%llu\r\nqueue:%u\r\nsearching_threads:%u\r\nthreads:%u\r\n",
               ull(metrics->accepted), ull(metrics->refused), ull(metrics->dropped_slow),
               ull(metrics->dropped_protocol), ull(metrics->cancelled), ull(metrics->bytes_in),
               ull(metrics->bytes_out), waiting, busy, server->pool.thread_count);
    buf_printf(text, "loop_searches:%llu\r\nloop_searches_given_up:%llu\r\nloop_searches_unready:%llu\r\n",
               ull(server->brief.done), ull(server->brief.given_up), ull(server->brief.unready));
    buf_printf(text, "loop_turns:%llu\r\nloop_turns_over_5ms:%llu\r\nloop_max_usec:%llu\r\n"
                     "loop_max_cpu_usec:%llu\r\nloop_mean_usec:%.2f\r\n\r\n",
               ull(metrics->loop_turns), ull(metrics->loop_over), ull(metrics->loop_max_ns / 1000),
               ull(metrics->loop_cpu_max_ns / 1000),
               metrics->loop_turns == 0 ? 0 : (double)metrics->loop_sum_ns / 1000 / (double)metrics->loop_turns);
    info_commands(metrics, text);
}

/* ------------------------------------------------------------------------------------------ Prometheus -- */

static void put_value(struct buf *text, const char *name, const char *kind, const char *help, double value)
{
    buf_printf(text, "# HELP aisle_%s %s\n# TYPE aisle_%s %s\naisle_%s %.15g\n", name, help, name, kind, name, value);
}

/* How much of the durations was waiting: for a thread, or for the connection's earlier requests. */
static void put_waits(const struct metrics *metrics, struct buf *text)
{
    size_t count;
    const struct command *table = command_table(&count);
    buf_put_string(text, "# HELP aisle_command_wait_seconds_total Of that, before it began to be carried out.\n"
                         "# TYPE aisle_command_wait_seconds_total counter\n");
    for (size_t i = 0; i < count; i++) {
        if (metrics->commands[i].calls > 0) {
            buf_printf(text, "aisle_command_wait_seconds_total{command=\"%s\"} %.9g\n", table[i].name,
                       (double)metrics->commands[i].wait_ns / 1e9);
        }
    }
}

static void put_histograms(const struct metrics *metrics, struct buf *text)
{
    size_t count;
    const struct command *table = command_table(&count);
    buf_put_string(text, "# HELP aisle_command_seconds From receiving a request to its answer.\n"
                         "# TYPE aisle_command_seconds histogram\n");
    for (size_t i = 0; i < count; i++) {
        const struct command_metrics *counted = &metrics->commands[i];
        uint64_t seen = 0;
        for (unsigned b = 0; b < METRICS_BUCKETS - 1 && counted->calls > 0; b++) {
            seen += counted->buckets[b];
            buf_printf(text, "aisle_command_seconds_bucket{command=\"%s\",le=\"%.15g\"} %llu\n", table[i].name,
                       (double)bounds_us[b] / 1e6, ull(seen));
        }
        if (counted->calls > 0) {
            buf_printf(text, "aisle_command_seconds_bucket{command=\"%s\",le=\"+Inf\"} %llu\n"
                             "aisle_command_seconds_sum{command=\"%s\"} %.9g\n"
                             "aisle_command_seconds_count{command=\"%s\"} %llu\n",
                       table[i].name, ull(counted->calls), table[i].name, (double)counted->sum_ns / 1e9,
                       table[i].name, ull(counted->calls));
        }
    }
    put_waits(metrics, text);
    buf_put_string(text, "# HELP aisle_command_errors_total Requests answered with an error.\n"
                         "# TYPE aisle_command_errors_total counter\n");
    for (size_t i = 0; i < count; i++) {
        if (metrics->commands[i].calls > 0) {
            buf_printf(text, "aisle_command_errors_total{command=\"%s\"} %llu\n", table[i].name,
                       ull(metrics->commands[i].errors));
        }
    }
}

void metrics_prometheus(struct server *server, struct buf *text)
{
    const struct metrics *metrics = &server->metrics;
    aisle_memory_statistics memory = {.size = sizeof memory};
    uint32_t waiting = 0;
    uint32_t busy = 0;
    (void)aisle_memory(&memory, NULL);
    queue_now(server, &waiting, &busy);
    const struct {
        const char *name, *kind, *help;
        double value;
    } values[] = {
        {"uptime_seconds", "gauge", "Since the server started.",
         (double)(clock_monotonic_ns() - metrics->started_ns) / 1e9},
        {"clients", "gauge", "Connections.", server->connection_count},
        {"clients_total", "counter", "Connections accepted.", (double)metrics->accepted},
        {"clients_refused_total", "counter", "Connections refused for their number.", (double)metrics->refused},
        {"clients_slow_total", "counter", "Connections dropped for stalling.", (double)metrics->dropped_slow},
        {"clients_broken_total", "counter", "Connections dropped for breaking the protocol.",
         (double)metrics->dropped_protocol},
        {"requests_cancelled_total", "counter", "Requests whose client had gone.", (double)metrics->cancelled},
        {"input_bytes_total", "counter", "Bytes from clients.", (double)metrics->bytes_in},
        {"output_bytes_total", "counter", "Bytes to clients.", (double)metrics->bytes_out},
        {"buffered_bytes", "gauge", "Of requests and replies on their way.", (double)server->buffered_bytes},
        {"queue", "gauge", "Requests that wait for a thread.", waiting},
        {"threads", "gauge", "That search.", server->pool.thread_count},
        {"threads_busy", "gauge", "Of them, at work.", busy},
        {"loop_searches_total", "counter", "Short reads that the loop carried out itself.",
         (double)server->brief.done},
        {"loop_searches_given_up_total", "counter", "Those that were not short, and went to the pool.",
         (double)server->brief.given_up},
        {"loop_searches_unready_total", "counter", "Those that a commit came before, and that went there, too.",
         (double)server->brief.unready},
        {"loop_turns_total", "counter", "Turns of the loop.", (double)metrics->loop_turns},
        {"loop_seconds_total", "counter", "That the loop was at work.", (double)metrics->loop_sum_ns / 1e9},
        {"loop_seconds_max", "gauge", "The longest turn.", (double)metrics->loop_max_ns / 1e9},
        {"loop_cpu_seconds_max", "gauge", "Processor time of the turn that took most.",
         (double)metrics->loop_cpu_max_ns / 1e9},
        {"loop_turns_over_5ms_total", "counter", "Turns longer than 5 ms.", (double)metrics->loop_over},
        {"reloads_total", "counter", "Reloads that succeeded.", (double)metrics->reloads},
        {"reload_failures_total", "counter", "Reloads that failed.", (double)metrics->reload_failures},
        {"heap_bytes", "gauge", "Allocated by the library and the server.", (double)memory.current_bytes},
        {"heap_peak_bytes", "gauge", "The most that was.", (double)memory.peak_bytes},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        put_value(text, values[i].name, values[i].kind, values[i].help, values[i].value);
    }
    put_histograms(metrics, text);
}

/* A label's value: what would end it is escaped. */
static void put_label(struct buf *text, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\') {
            buf_put_u8(text, '\\');
        }
        buf_put_u8(text, (uint8_t)*name);
    }
}

static void count_reader(void *context, const aisle_reader *reader)
{
    uint64_t *oldest = context;
    oldest[0]++;
    oldest[1] = reader->commits_behind > oldest[1] ? reader->commits_behind : oldest[1];
}

/* What is told of each catalog. */
enum figure {
    FIGURE_PRODUCTS,
    FIGURE_DEAD,
    FIGURE_SEGMENTS,
    FIGURE_GENERATION,
    FIGURE_BYTES,
    FIGURE_LOG_OFFSET,
    FIGURE_READERS,
    FIGURE_BEHIND,
    FIGURE_COMMITS,
    FIGURE_VISIBLE,
    FIGURE_VISIBLE_MAX,
    FIGURE_COMMIT_FAILURES, /* from here on only of catalogs that the server writes itself */
    FIGURE_UNSEEN_BYTES,
    FIGURE_UNSEEN_SECONDS,
    FIGURE_REFUSING,
    FIGURE_LOST_BYTES,
    FIGURE_COUNT
};

static const struct {
    const char *name, *kind, *help;
} figure_texts[FIGURE_COUNT] = {
    {"products", "gauge", "Products that searches see."},
    {"dead_products", "gauge", "Products replaced or deleted, not yet merged away."},
    {"segments", "gauge", "Segments of all shards."},
    {"generation", "counter", "Number of the last commit."},
    {"bytes", "gauge", "Space of the files."},
    {"log_offset", "gauge", "How far the change log is in the catalog."},
    {"readers", "gauge", "Searches and others that look at it, of all programs."},
    {"readers_behind_commits", "gauge", "Commits since the oldest of them began."},
    {"commits_total", "counter", "Commits by this server."},
    {"visible_seconds", "gauge", "From a write's being durable to its being visible, the longest of late."},
    {"visible_seconds_max", "gauge", "The longest there was."},
    {"commit_failures_total", "counter", "Commits that failed and are made again."},
    {"unseen_bytes", "gauge", "Of durable writes that searches do not see yet."},
    {"unseen_seconds", "gauge", "Since when the oldest of them has been durable."},
    {"writes_refused", "gauge", "1: another program has cut or replaced the change log."},
    {"log_lost_bytes_total", "counter", "Of acknowledged writes that went with it."},
};

struct figures {
    double values[FIGURE_COUNT];
    enum figure count; /* those that it has; 0: nothing is known */
};

static void look_at_writes(const struct catalog *catalog, struct figures *figures)
{
    double *values = figures->values;
    struct writes *writes = atomic_load(&catalog->writes);
    if (writes != NULL) {
        struct writes_figures of;
        writes_look(writes, &of);
        uint64_t now = clock_monotonic_ns();
        values[FIGURE_COMMITS] = (double)of.commits;
        values[FIGURE_VISIBLE] = (double)of.visible_ns / 1e9;
        values[FIGURE_VISIBLE_MAX] = (double)of.visible_max_ns / 1e9;
        values[FIGURE_COMMIT_FAILURES] = (double)of.commit_failures;
        values[FIGURE_UNSEEN_BYTES] = (double)of.unseen_bytes;
        values[FIGURE_UNSEEN_SECONDS] = of.unseen_ns == 0 ? 0 : (double)(now - of.unseen_ns) / 1e9;
        values[FIGURE_REFUSING] = of.is_refusing;
        values[FIGURE_LOST_BYTES] = (double)of.lost_bytes;
        figures->count = FIGURE_COUNT;
    } else if (catalog->follower != NULL) {
        const struct server_stop *of = follower_tells(catalog->follower);
        values[FIGURE_COMMITS] = (double)of->commits;
        values[FIGURE_VISIBLE] = (double)of->visible_ns / 1e9;
        values[FIGURE_VISIBLE_MAX] = (double)of->visible_max_ns / 1e9;
        figures->count = FIGURE_COMMIT_FAILURES;
    }
}

static void look_at_catalog(const struct catalog *catalog, struct figures *figures)
{
    aisle_statistics stats = {.size = sizeof stats};
    uint64_t readers[2] = {0, 0};
    if (aisle_stats(catalog->handle, &stats, NULL) != 0) {
        return;
    }
    (void)aisle_readers(catalog->handle, count_reader, readers, NULL);
    *figures = (struct figures){
        .values = {(double)stats.products, (double)stats.dead, (double)stats.segments, (double)stats.generation,
                   (double)stats.bytes, (double)stats.log_offset, (double)readers[0], (double)readers[1]},
        .count = FIGURE_COMMITS};
    look_at_writes(catalog, figures);
}

static void put_figure(const struct catalog_set *set, const struct figures *figures, unsigned which, struct buf *text)
{
    const char *name = figure_texts[which].name;
    buf_printf(text, "# HELP aisle_catalog_%s %s\n# TYPE aisle_catalog_%s %s\n", name, figure_texts[which].help, name,
               figure_texts[which].kind);
    for (uint32_t i = 0; i < set->name_count; i++) {
        if (which < figures[i].count) {
            buf_printf(text, "aisle_catalog_%s{catalog=\"", name);
            put_label(text, set->names[i].name);
            buf_printf(text, "\"} %.15g\n", figures[i].values[which]);
        }
    }
}

void metrics_catalogs(const struct catalog_set *set, struct buf *text)
{
    struct figures *figures = mem_calloc(set->name_count, sizeof *figures);
    if (figures == NULL) {
        return; /* the page has the server's own figures */
    }
    for (uint32_t i = 0; i < set->name_count; i++) {
        look_at_catalog(set->names[i].catalog, &figures[i]);
    }
    for (unsigned which = 0; which < FIGURE_COUNT; which++) {
        put_figure(set, figures, which, text);
    }
    mem_free(figures);
}
