/*
 * notify.h - what systemd is told and what it hands over: sd_notify and socket activation, without its library.
 *
 * Both are a few lines over an environment variable and a datagram; libsystemd would be the program's largest
 * dependency for them. Source: sd_notify(3), sd_listen_fds(3). Thread rule: one thread.
 */
#ifndef AISLE_SERVER_NOTIFY_H
#define AISLE_SERVER_NOTIFY_H

/* Sends lines such as "READY=1\nSTATUS=..."; does nothing when nobody asked to be told. */
void notify_send(const char *state);

/* As READY=1 ends a reload, this begins one: with the clock that systemd wants to see. */
void notify_reloading(void);

/* How many sockets were handed over, from descriptor 3 on; clears the variables that say so. */
int notify_sockets(void);

#endif
