/*
 * frames.c - a million requests that are nearly right, to the parser and to a running server.
 *
 *   server_frames [FRAMES [SEED [SOCKET]]]     default: 20,000 frames to the parser
 *
 * Frames are requests of real commands with bytes changed, cut, doubled and swapped. The parser must read them alike
 * however they are cut (fuzz_protocol.c). With SOCKET, the path of a server's Unix socket, they are sent there, what
 * comes back is read and thrown away, and a connection that the server closes is opened again; whether the server bears
 * it, and what it takes, is for who started it to see.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_BYTES 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
    "AISLE.SEARCH", "AISLE.MSEARCH", "AISLE.GET", "AISLE.INFO", "AISLE.SUGGEST", "AISLE.PUT", "AISLE.DEL", "FT.SEARCH",
    "FT.AGGREGATE", "FT.INFO", "PING", "HELLO", "CLIENT", "shop", "shoes", "*", "LIMIT", "0", "1", "3", "FILTER",
    "price < $p", "PARAMS", "2", "p", "20", "FACET", "brand:3", "RETURN", "title", "EXPLAIN", "SORT", "price:desc",
    "KEY",
    "{\"id\":\"f1\",\"title\":\"frame\"}", "@brand:{a|b}", "@price:[1 2]", "(a|b) -c", "GROUPBY", "@brand", "REDUCE",
    "COUNT", "AS", "DIALECT", "HIGHLIGHT", "TYPOS", "off", "4294967296", "-1", "", "\xff\xfe", "\"a b\"~3"};

static uint64_t state = 1;

static uint32_t chance(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % n;
}

/* A request of real words, as an array or as a line; returns its size. */
static size_t make(char *frame)
{
    uint32_t count = 1 + chance(8);
    int is_line = chance(8) == 0;
    size_t size = is_line ? 0 : (size_t)sprintf(frame, "*%u\r\n", count);
    for (uint32_t i = 0; i < count; i++) {
        const char *word = words[chance(i == 0 ? 13 : sizeof words / sizeof words[0])];
        size += (size_t)(is_line ? sprintf(frame + size, "%s ", word)
                                 : sprintf(frame + size, "$%zu\r\n%s\r\n", strlen(word), word));
    }
    return is_line ? size + (size_t)sprintf(frame + size, "\r\n") : size;
}

/* Changes a byte or more, in a quarter of the frames; returns the size. */
static size_t spoil(char *frame, size_t size)
{
    static const char telling[] = "*$:\r\n-0199\"'\\ \xff";
    for (uint32_t times = chance(3) == 0 ? chance(4) : 0; times > 0 && size > 2; times--) {
        size_t at = chance((uint32_t)size);
        switch (chance(5)) {
        case 0:
            frame[at] = (char)chance(256);
            break;
        case 1:
            frame[at] = telling[chance(sizeof telling - 1)];
            break;
        case 2:
            size = at + 1;
            break;
        case 3:
            memmove(frame + at, frame + at + 1, size - at - 1);
            size--;
            break;
        default:
            memmove(frame + at + 1, frame + at, size - at);
            size++;
            break;
        }
    }
    return size;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        perror(path);
        exit(1);
    }
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Sends the frame, reading what comes; -1 when the server has closed. */
static int feed(int fd, const char *frame, size_t size)
{
    static char answers[65536];
    while (size > 0) {
        ssize_t put = send(fd, frame, size, MSG_NOSIGNAL);
        if (put < 0 && errno != EAGAIN) {
            return -1;
        }
        frame += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
        ssize_t got = recv(fd, answers, sizeof answers, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            return -1;
        }
        if (put < 0 && got < 0) {
            struct pollfd polled = {.fd = fd, .events = POLLIN | POLLOUT};
            (void)poll(&polled, 1, 1000);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned long frames = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : 1;
    const char *socket_path = argc > 3 ? argv[3] : NULL;
    static char frame[3 * FRAME_BYTES];
    unsigned long closed = 0;
    int fd = socket_path == NULL ? -1 : connect_to(socket_path);
    for (unsigned long i = 0; i < frames; i++) {
        size_t size = make(frame + 1);
        if (chance(4) == 0) {
            size += make(frame + 1 + size);
        }
        size = spoil(frame + 1, size);
        frame[0] = (char)chance(256); /* how the parser's input is cut */
        if (socket_path == NULL) {
            LLVMFuzzerTestOneInput((const uint8_t *)frame, size + 1);
        } else if (feed(fd, frame + 1, size) != 0) {
            close(fd);
            fd = connect_to(socket_path);
            closed++;
        }
    }
    printf("%lu frames, %lu connections closed by the server\n", frames, closed);
    return 0;
}
