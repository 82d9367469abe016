/*
 * http.h - /metrics, /healthz and /readyz for machines that watch the server.
 *
 * One GET or HEAD a connection, answered and closed; nothing else of HTTP. Few clients, small requests, short time.
 * Where a password is set, it is wanted as "Authorization: Bearer PASSWORD" for /metrics.
 * Thread rule: the loop thread's; what /metrics says of catalogs is gathered on the pool.
 */
#ifndef AISLE_SERVER_HTTP_H
#define AISLE_SERVER_HTTP_H

#include "server/core.h"

/* Takes a client of the listening stream. False: memory is short. */
bool http_accept(struct server *server, uv_stream_t *listener);

/* Closes those that take too long. */
void http_sweep(struct server *server, uint64_t now_ns);

/* Closes all. */
void http_close_all(struct server *server);

#endif
