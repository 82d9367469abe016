/*
 * listen.h - the sockets that clients come to: those of the settings, or those that systemd hands over.
 *
 * Thread rule: the loop thread's.
 */
#ifndef AISLE_SERVER_LISTEN_H
#define AISLE_SERVER_LISTEN_H

#include "server/core.h"

struct listener {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    struct server *server;
    bool is_http;
    bool is_open;
    bool is_local; /* can be reached from this machine alone; as what is above, not changed while the loop runs */
    bool is_late;  /* a client waits for the loop's next turn */
    bool is_owing; /* a client came that there was no memory for: libuv tells of no more until it is taken */
};

/* Listens, and logs where. Sockets handed over take the place of all `listen` settings. AISLE_IO with the reason. */
must_check int listen_start(struct server *server, aisle_error *error);

/* Whether one of the sockets can be reached from elsewhere, which takes a password. Any thread. */
bool listen_is_exposed(const struct server *server);

/* At the beginning of a turn: takes those that came when the one before had done enough. */
void listen_late(struct server *server);

/* Takes the clients that there was no memory for, as far as there is now. */
void listen_retry(struct server *server);

/* No more clients; the memory stays until listen_release, behind the loop's last turn. */
void listen_close(struct server *server);
void listen_release(struct server *server);

#endif
