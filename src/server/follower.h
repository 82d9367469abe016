/*
 * follower.h - a thread that applies a change log of others to a catalog, as it grows.
 *
 * The work is the caller's function (server.h); when it fails, that is logged and it is tried again, more and more
 * seldom, up to once a minute. Thread rule: started and stopped by one thread at a time.
 */
#ifndef AISLE_SERVER_FOLLOWER_H
#define AISLE_SERVER_FOLLOWER_H

#include "server/core.h"

struct follower;

/* AISLE_INVALID without a function to follow with; AISLE_NO_MEMORY, AISLE_IO. */
must_check int follower_start(server_follow *follow, const char *path, const char *source, struct follower **out,
                              aisle_error *error);

/* What it tells of freshness; lives as long as the follower, and changes. Any thread. */
const struct server_stop *follower_tells(const struct follower *follower);

/* Waits for its end; NULL is allowed. */
void follower_stop(struct follower *follower);

#endif
