/*
 * notify.c - the two protocols of systemd.
 *
 * Knows nothing of the server.
 */
#include "server/notify.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_SOCKET 3

void notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address.sun_path) {
        return;
    }
    size_t size = strlen(path);
    memcpy(address.sun_path, path, size);
    address.sun_path[0] = path[0] == '@' ? '\0' : path[0]; /* '@': an abstract name */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
        close(fd);
    }
}

void notify_reloading(void)
{
    char state[64];
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)clock_monotonic_us());
    notify_send(state);
}

int notify_sockets(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");
    int count = 0;
    if (pid != NULL && fds != NULL && strtol(pid, NULL, 10) == (long)getpid()) {
        long number = strtol(fds, NULL, 10);
        count = number > 0 && number < 64 ? (int)number : 0;
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    for (int fd = FIRST_SOCKET; fd < FIRST_SOCKET + count; fd++) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return count;
}
