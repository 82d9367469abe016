/*
 * address.h - where to listen, as text.
 *
 * HOST:PORT (IPv4 or localhost), [HOST]:PORT (IPv6), :PORT (every interface) or unix:PATH. Names are not looked up: a
 * server should not depend on who answers for a name. Thread rule: touches only what it is given.
 */
#ifndef AISLE_SERVER_ADDRESS_H
#define AISLE_SERVER_ADDRESS_H

#include "base/status.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } socket; /* of any.sa_family */
};

/* AISLE_INVALID with the reason. */
must_check int address_parse(const char *text, struct address *address, aisle_error *error);

/* Whether only this machine can reach it. */
bool address_is_local(const struct address *address);

/* "127.0.0.1:7707", "[::1]:7707" or "unix:path"; text has ADDRESS_TEXT_BYTES. */
#define ADDRESS_TEXT_BYTES 128u
void address_text(const struct address *address, char *text);

#endif
