/*
 * connection.h - one client: its bytes in, its requests in order, its bytes out.
 *
 * Bounded on every side: requests that wait, bytes of a request, bytes of replies not yet read. A client that does not
 * read is first no longer read from, then dropped. Memory of an idle connection: this struct, about 1 KiB.
 *
 * Thread rule: the loop thread's.
 */
#ifndef AISLE_SERVER_CONNECTION_H
#define AISLE_SERVER_CONNECTION_H

#include "server/core.h"
#include "server/protocol.h"

#define CONNECTION_NAME_BYTES 64u

struct connection {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    struct server *server;
    struct connection *previous, *next; /* of all */
    struct connection *resume;          /* next to go on with in the loop's next turn */
    struct protocol protocol;
    struct buf input;                   /* of a request that is not whole yet, and what could not be looked at yet */
    struct request *first, *last;       /* not answered yet, in order */
    struct request *start;              /* the first that does not run yet */
    uint32_t pending;                   /* requests not answered */
    uint32_t running;                   /* of them, those that run or wait for their turn to be answered */
    size_t pending_bytes;               /* of the requests not answered */
    size_t counted_bytes;               /* that the server's buffered_bytes has of this connection */
    enum command_class running_class;
    struct buf output;                  /* to be written */
    size_t output_from;                 /* where what is not written yet begins: a thread may have had the socket */
    uv_write_t write;
    struct buf writing;                 /* being written, while is_writing */
    uint64_t id;
    uint64_t created_ns;
    uint64_t active_ns;                 /* last byte in */
    uint64_t stall_ns;                  /* since when the client keeps a reply or half a request waiting; 0: not */
    size_t stall_left;                  /* bytes it had to take, then */
    uint64_t hung_up_ns;                /* when that was looked at; 0: not yet */
    uint32_t wrong_passwords;
    int version;                        /* of RESP */
    bool is_known;                      /* has shown the password, or there is none */
    bool is_writing;
    bool is_reading;
    bool has_hung_up;                   /* it sends no more, or has gone */
    bool has_more;                      /* bytes at hand behind the request that is being taken */
    bool is_resuming;                   /* is in the list of the next turn */
    bool is_ending;                     /* no more requests; closes when all is written */
    bool is_closed;
    char name[CONNECTION_NAME_BYTES];
};

/* Takes a client of the listening stream; closes it at once when there are too many. False: memory is short. */
bool connection_accept(struct server *server, uv_stream_t *listener);

/* Closes at once: what runs for it is cancelled, what waits is dropped. */
void connection_close(struct connection *connection);

/* No more requests from it: it is closed when it has its answers. */
void connection_end(struct connection *connection);

/* Whether this turn of the loop has done enough for clients. */
bool connection_turn_is_over(const struct server *server);

/* Goes on with it at the end of this turn of the loop, or in the next one. */
void connection_resume(struct connection *connection);

/* Does so, at the end of a turn, for two milliseconds, or one when it was long: the rest waits for the next one. */
void connection_resume_all(struct server *server);

/* Adds the request behind the connection's others and starts what can be started. */
void connection_add(struct connection *connection, struct request *request);

/* A request of it is done; finish of requests. */
void connection_finish(struct request *request);

/* Drops those that stall or idle for too long; once a second. */
void connection_sweep(struct server *server, uint64_t now_ns);

/* The client as text, for logs: "127.0.0.1:52344" or "unix"; text has ADDRESS_TEXT_BYTES. */
void connection_peer(const struct connection *connection, char *text);

#endif
