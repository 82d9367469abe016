/*
 * core.h - what the parts of the server share: the server, a request, its life, and who may touch what.
 *
 * A request is born on the loop thread from a client's bytes. A short command is carried out there, once all of its
 * connection's earlier ones are answered; a search goes to the pool, a write to its catalog's writing thread. Either
 * gives it back through the list of the done, and the loop answers it in its turn:
 *
 *     loop: parse, wait for its turn -> pool or writer: run, fill reply -> loop: answer in order, free
 *
 * A connection's reads run side by side, and so do its writes; reads and writes wait for each other, so that a client
 * sees its requests happen in the order in which it sent them.
 *
 * Thread rule: everything is the loop thread's, except what a comment here gives to another.
 */
#ifndef AISLE_SERVER_CORE_H
#define AISLE_SERVER_CORE_H

#include "server/config.h"
#include "server/reply.h"

#include "base/arena.h"

#include <stdatomic.h>
#include <uv.h>

struct server;
struct connection;
struct catalog_set;
struct catalog;
struct call;
struct request;
struct command;

/* ----------------------------------------------------------------------------------------------- requests -- */

enum command_class {
    COMMAND_LOOP, /* at once, on the loop thread */
    COMMAND_READ, /* on the pool */
    COMMAND_WRITE /* on the writing thread of the catalog that is its first argument */
};

struct command {
    const char *name; /* capitals */
    enum command_class class;
    uint32_t arguments_min; /* without the name */
    uint32_t arguments_max; /* UINT32_MAX: any number */
    bool for_strangers;     /* also before the password was shown */
    void (*run)(struct call *call);
    void (*finish)(struct request *request); /* on the loop, before it is answered; NULL: nothing */
};

/*
 * The socket of a connection whose only request this is: the thread that carries it out may write the answer itself,
 * which spares waking the loop before the client has it. Who moves the state first has it: the thread to
 * LEND_WRITING, the loop, which wants to close the socket, to LEND_REVOKED.
 */
enum lend_state { LEND_NOT, LEND_LENT, LEND_WRITING, LEND_WRITTEN, LEND_REVOKED };

enum request_state { REQUEST_WAITING, REQUEST_RUNNING, REQUEST_DONE };

struct request {
    struct request *next;            /* of its connection, in order */
    struct request *queued;          /* of a queue that it is in: the queue's */
    struct server *server;
    struct connection *connection;   /* NULL: its client has gone, or it never had one */
    const struct command *command;
    struct catalog_set *set;         /* held while it runs */
    void (*run)(struct request *request);    /* on the pool, where there is no command */
    void (*finish)(struct request *request); /* on the loop, once done; frees it */
    void *context;                   /* of run and finish */
    enum request_state state;
    int version;                     /* of RESP, when it began to run */
    bool failed;                     /* the answer is an error */
    bool is_answered;                /* counted in brief.written; of the thread that runs it */
    bool is_plain;                   /* a search that brief_fits, or a look-up; of the thread that runs it */
    atomic_bool cancelled;           /* any thread: nobody waits for the answer */
    atomic_int lend;                 /* enum lend_state */
    int lent_fd;
    size_t written;                  /* of the reply, by the thread that had the socket */
    aisle_token *token;              /* of reads: ends what it runs when its client has gone; owned */
    uint64_t client;                 /* its connection's id */
    uint64_t received_ns;
    uint64_t started_ns;             /* 0: not yet */
    uint64_t ended_ns;
    uint64_t log_end;                /* of a write: behind its line in the change log; of its catalog's thread */
    struct buf reply;                /* of the thread that has it */
    size_t bytes;                    /* of the arguments */
    uint32_t count;
    struct bytes arguments[];        /* views of what stands behind them */
};

/* What a thread of the pool keeps from one request to the next. */
struct worker {
    struct arena arena;   /* emptied before each request */
    aisle_result *result; /* reused; may be NULL */
    aisle_suggestions *suggestions;
};

/* Makes it ready for the next request; what is large is given back. And frees what it holds. */
void worker_tidy(struct worker *worker);
void worker_release(struct worker *worker);

/* A command being carried out, by the thread of its class. */
struct call {
    struct server *server;
    struct connection *connection; /* loop commands only, else NULL */
    struct request *request;       /* NULL for a loop command that did not have to wait */
    struct worker *worker;         /* pool commands only */
    const struct bytes *arguments; /* [0] is the command */
    uint32_t count;
    struct reply reply;
    bool failed;
    bool is_brief;    /* on the loop: it has BRIEF_MS */
    bool is_given_up; /* which were not enough: nothing is answered yet */
};

#define BRIEF_MS 1u

/* Answers with an error, "CODE message". */
void call_fail(struct call *call, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As call_fail for an error of the library or of the arguments, with the code that suits it. */
void call_fail_as(struct call *call, const aisle_error *error);

/* As call_fail_as, with the place in the argument that is at fault, where the error tells one. */
void call_fail_at(struct call *call, const aisle_error *error);

/* The code of an answer for a status: "NOTFOUND", "BADQUERY", ... */
const char *call_code(int status);

/* A request of so many argument bytes, zeroed; NULL without memory. */
struct request *request_new(struct server *server, const struct bytes *arguments, uint32_t count);

/* Frees, with its reply. */
void request_free(struct request *request);

/* ---------------------------------------------------------------------------------------------- the pool -- */

/* Requests that wait for one of the threads that take from it; under the pool's mutex. */
struct pool_queue {
    struct pool *pool;
    uv_cond_t wake;
    struct request *first, *last;
    uint32_t waiting;
    uint32_t busy;
};

struct pool {
    uv_mutex_t mutex;
    struct pool_queue reads;   /* taken by thread_count threads */
    struct pool_queue errands; /* by one: what takes long and nobody should wait behind */
    bool stop;                 /* under mutex, as what follows */
    struct request *done_first, *done_last;
    uv_async_t done; /* tells the loop */
    uv_thread_t *threads; /* one more than thread_count, the last for errands */
    uint32_t thread_count;
    uint32_t started;
    struct server *server;
};

must_check int pool_start(struct pool *pool, struct server *server, uint32_t threads, aisle_error *error);

/* Ends the threads, once the queue is empty; the loop must still close `done`. */
void pool_stop(struct pool *pool);

/* On the loop, or behind its end: finishes everything that is done. */
void pool_take_done(struct pool *pool);

/* Gives the request to the pool; loop thread. One without a command, and a reload, is an errand. */
void pool_submit(struct pool *pool, struct request *request);

/* Any thread: the request is done, tell the loop; writes the answer itself when it has the socket. */
void pool_done(struct pool *pool, struct request *request);

/* Carries out the request's command with its arguments; the thread of its class. */
void request_run(struct request *request, struct worker *worker);

/* As request_run, on the loop and within BRIEF_MS; false: it takes longer, and nothing is answered. */
bool request_run_briefly(struct request *request, struct worker *worker);

/* --------------------------------------------------------------------------------------------- the server -- */

#define METRICS_BUCKETS 20u

struct command_metrics {
    uint64_t calls;
    uint64_t errors;
    uint64_t cancelled;
    uint64_t sum_ns; /* from receiving to the answer */
    uint64_t max_ns;
    uint64_t wait_ns; /* of sum_ns, waiting */
    uint64_t buckets[METRICS_BUCKETS];
};

struct metrics {
    struct command_metrics *commands; /* by index in the command table */
    uint64_t started_ns;
    uint64_t accepted, refused, dropped_slow, dropped_protocol, cancelled;
    uint64_t bytes_in, bytes_out;
    uint64_t loop_turns, loop_max_ns, loop_sum_ns, loop_over; /* turns longer than 5 ms */
    uint64_t loop_cpu_ns, loop_cpu_max_ns; /* processor time: last seen, and most in one turn */
    uint64_t reloads, reload_failures;
};

/* Counts a request that was carried out. */
void metrics_count(struct metrics *metrics, const struct request *request);

/* As metrics_count for a command that was carried out at once. */
void metrics_count_now(struct metrics *metrics, const struct command *command, uint64_t ns, bool failed);

/* What the loop knows of reads that it may carry out itself (brief.h). */
struct brief {
    struct worker worker;
    uint32_t streak;     /* short ones in a row, wherever they ran */
    uint32_t under_way;  /* reads that the pool has */
    atomic_uint written; /* of them, those whose answer is sent by the thread that made it; any thread */
    uint64_t client;     /* whose the last one was that the loop carried out */
    uint64_t ended_ns;   /* when that ended */
    uint64_t crowded_ns; /* when reads last overlapped */
    uint64_t done, given_up, unready;
};

struct server {
    uv_loop_t loop;
    const struct server_options *options;
    struct config *config;
    struct catalog_set *set; /* the current one */
    struct pool pool;
    struct brief brief;
    struct metrics metrics;
    struct connection *connections;
    uint32_t connection_count;
    uint64_t clients_fit; /* connections that descriptors are there for */
    uint64_t connection_id;
    uint64_t buffered_bytes; /* of requests and replies of all clients, on their way */
    struct listener *listeners;
    uint32_t listener_count;
    bool is_late; /* some of their clients wait for the next turn */
    uv_signal_t signals[3];
    uv_timer_t sweep;
    uv_check_t check;
    uv_idle_t idle; /* active while there are connections to go on with */
    struct connection *resume, *resume_last; /* those, in order */
    struct http_client *http_clients;
    uint64_t turn_ns; /* when the last turn of the loop ended */
    uint64_t idle_ns; /* what it had waited by then */
    uint64_t drain_ns; /* when the end began; 0: not yet */
    int slow_fd;       /* any thread: written whole lines at once */
    atomic_bool is_reloading;
    bool reloads_again;      /* SIGHUP came meanwhile */
    uint64_t logs_pause_ns;  /* between attempts to open change logs; 0: none has failed */
    uint64_t logs_again_ns;  /* when the next is due, by uv_now; 0: none is */
    _Atomic uint64_t explained_ns; /* when a slow search was explained last */
    uint8_t input[64 * 1024]; /* what a read brings, before it is looked at */
};

/* One line to standard error; any thread. */
void server_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads the settings and opens catalogs anew, beside the service. */
void server_reload(struct server *server);

/* Raises the limit of descriptors to what the settings' clients take, and notes how many fit. */
void server_fit_files(struct server *server);

/* Connections at once, at most. */
uint64_t server_clients_max(const struct server *server);

/* Begins the end. */
void server_drain(struct server *server);

#endif
