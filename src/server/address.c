/*
 * address.c - parsing and printing of addresses.
 *
 * Opens no sockets and looks up no names.
 */
#include "server/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static int refuse(const char *text, aisle_error *error)
{
    return error_set(error, AISLE_INVALID, "\"%.80s\" is no address: HOST:PORT, [HOST]:PORT or unix:PATH", text);
}

static bool parse_port(const char *text, in_port_t *port)
{
    unsigned value = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && value <= 65535; p++) {
        value = value * 10 + (unsigned)(*p - '0');
    }
    *port = htons((uint16_t)value);
    return p != text && *p == '\0' && value <= 65535;
}

static int parse_local(const char *text, struct address *address, aisle_error *error)
{
    const char *path = text + strlen("unix:");
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof address->socket.local.sun_path) {
        return error_set(error, AISLE_INVALID, "\"%.80s\": the path of a socket has 1 to %zu bytes", text,
                         sizeof address->socket.local.sun_path - 1);
    }
    address->socket.local.sun_family = AF_UNIX;
    memcpy(address->socket.local.sun_path, path, size + 1);
    return 0;
}

int address_parse(const char *text, struct address *address, aisle_error *error)
{
    memset(address, 0, sizeof *address);
    if (strncmp(text, "unix:", strlen("unix:")) == 0) {
        return parse_local(text, address, error);
    }
    char host[INET6_ADDRSTRLEN + 1];
    in_port_t port = 0;
    bool in_brackets = text[0] == '[';
    const char *colon = in_brackets ? strchr(text, ']') : strchr(text, ':');
    const char *from = text + in_brackets;
    size_t size = colon == NULL ? sizeof host : (size_t)(colon - from);
    if (size >= sizeof host || (in_brackets && colon[1] != ':') || !parse_port(colon + 1 + in_brackets, &port)) {
        return refuse(text, error);
    }
    memcpy(host, from, size);
    host[size] = '\0';
    if (in_brackets) {
        address->socket.v6.sin6_family = AF_INET6;
        address->socket.v6.sin6_port = port;
        return inet_pton(AF_INET6, host, &address->socket.v6.sin6_addr) == 1 ? 0 : refuse(text, error);
    }
    const char *meant = size == 0 ? "0.0.0.0" : strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    address->socket.v4.sin_family = AF_INET;
    address->socket.v4.sin_port = port;
    return inet_pton(AF_INET, meant, &address->socket.v4.sin_addr) == 1 ? 0 : refuse(text, error);
}

bool address_is_local(const struct address *address)
{
    switch (address->socket.any.sa_family) {
    case AF_INET:
        return ntohl(address->socket.v4.sin_addr.s_addr) >> 24 == 127;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&address->socket.v6.sin6_addr) != 0;
    default:
        return true;
    }
}

void address_text(const struct address *address, char *text)
{
    char host[INET6_ADDRSTRLEN] = "";
    switch (address->socket.any.sa_family) {
    case AF_INET:
        (void)inet_ntop(AF_INET, &address->socket.v4.sin_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT_BYTES, "%s:%u", host, ntohs(address->socket.v4.sin_port));
        break;
    case AF_INET6:
        (void)inet_ntop(AF_INET6, &address->socket.v6.sin6_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT_BYTES, "[%s]:%u", host, ntohs(address->socket.v6.sin6_port));
        break;
    default:
        snprintf(text, ADDRESS_TEXT_BYTES, "unix:%.*s", (int)sizeof address->socket.local.sun_path,
                 address->socket.local.sun_path);
        break;
    }
}
