/*
 * input.c - reading, telling the kind, and the two decompressors behind one face.
 */
#include "indexer/input.h"

#include "base/alloc.h"
#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define RAW_BYTES ((size_t)256 << 10)
#define PIPE_BYTES (1 << 20) /* what a user may ask for without privileges; 64 KiB are a hundred lines */
#define MAGIC_BYTES 4u
#define GZIP_WINDOW (15 + 16) /* the largest window, in a gzip wrapper */
#define ZSTD_WINDOW_LOG 23    /* 8 MiB: what zstd writes unless it is asked for --ultra or --long */

static int io_error(const struct input *input, const char *what, aisle_error *error)
{
    int code = errno == ENOENT ? AISLE_NOT_FOUND : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "%s cannot be %s: %s", input->path, what, strerror(errno));
}

int input_open(struct input *input, const char *path, const volatile sig_atomic_t *stop, aisle_error *error)
{
    *input = (struct input){.fd = -1, .path = path, .stop = stop, .between = true};
    bool is_stdin = strcmp(path, "-") == 0;
    input->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat found;
    if (input->fd < 0 || fstat(input->fd, &found) != 0) {
        int status = io_error(input, "opened", error);
        input_close(input);
        return status;
    }
    /* Standard input may stand anywhere in a file and is read as it comes. */
    input->is_file = !is_stdin && S_ISREG(found.st_mode);
    input->file_bytes = input->is_file ? (uint64_t)found.st_size : 0;
    if (S_ISFIFO(found.st_mode)) {
        (void)fcntl(input->fd, F_SETPIPE_SZ, PIPE_BYTES); /* may be refused: then the two sides only wake more often */
    }
    input->raw = mem_alloc(RAW_BYTES);
    if (input->raw == NULL) {
        input_close(input);
        return error_no_memory(error, "reading a change log");
    }
    return 0;
}

static void free_codec(struct input *input)
{
    if (input->codec != NULL && input->kind == INPUT_GZIP) {
        (void)inflateEnd(input->codec);
        mem_free(input->codec);
    } else if (input->codec != NULL) {
        ZSTD_freeDStream(input->codec);
    }
    input->codec = NULL;
}

void input_close(struct input *input)
{
    free_codec(input);
    if (input->fd > STDIN_FILENO) {
        close(input->fd);
    }
    mem_free(input->raw);
    *input = (struct input){.fd = -1};
}

/* One read, again after signals that do not ask for the end; *got is 0 at the end. */
static int read_once(struct input *input, uint8_t *out, size_t room, size_t *got, aisle_error *error)
{
    ssize_t bytes;
    struct pollfd ready = {.fd = input->fd, .events = POLLIN};
    *got = 0;
    input->ended = false;
    if (input->waits_not && poll(&ready, 1, 0) <= 0) {
        return 0;
    }
    do {
        bytes = read(input->fd, out, room);
    } while (bytes < 0 && errno == EINTR && (input->stop == NULL || *input->stop == 0));
    *got = bytes > 0 ? (size_t)bytes : 0;
    input->ended = bytes == 0;
    return bytes < 0 && errno != EINTR ? io_error(input, "read", error) : 0;
}

static int fill_raw(struct input *input, size_t *got, aisle_error *error)
{
    if (input->raw_start == input->raw_end) {
        input->raw_start = 0;
        input->raw_end = 0;
    }
    int status = read_once(input, input->raw + input->raw_end, RAW_BYTES - input->raw_end, got, error);
    input->raw_end += *got;
    return status;
}

static void *allocate(void *context, unsigned count, unsigned size)
{
    (void)context;
    return mem_calloc(count, size);
}

static void release(void *context, void *memory)
{
    (void)context;
    mem_free(memory);
}

static int make_codec(struct input *input, aisle_error *error)
{
    bool made = true;
    if (input->kind == INPUT_GZIP) {
        z_stream *stream = mem_calloc(1, sizeof *stream);
        input->codec = stream;
        if (stream != NULL) {
            stream->zalloc = allocate;
            stream->zfree = release;
            made = inflateInit2(stream, GZIP_WINDOW) == Z_OK;
        }
    } else if (input->kind == INPUT_ZSTD) {
        input->codec = ZSTD_createDStream();
        made = input->codec != NULL && !ZSTD_isError(ZSTD_initDStream(input->codec)) &&
               !ZSTD_isError(ZSTD_DCtx_setParameter(input->codec, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
    }
    if (!made || (input->kind != INPUT_PLAIN && input->codec == NULL)) {
        free_codec(input);
        input->kind = INPUT_UNKNOWN;
        return error_no_memory(error, "decompressing a change log");
    }
    return 0;
}

/* The kind of a text that begins so; unknown while it may become a compressed one. */
static enum input_kind kind_of(struct bytes head)
{
    static const uint8_t gzip[] = {0x1f, 0x8b};
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    struct bytes gzip_head = bytes_of(gzip, sizeof gzip);
    struct bytes zstd_head = bytes_of(zstd, sizeof zstd);
    if (bytes_begin_with(head, gzip_head)) {
        return INPUT_GZIP;
    }
    if (bytes_begin_with(head, zstd_head)) {
        return INPUT_ZSTD;
    }
    return bytes_begin_with(gzip_head, head) || bytes_begin_with(zstd_head, head) ? INPUT_UNKNOWN : INPUT_PLAIN;
}

/* Reads until the first bytes tell the kind, no further: a pipe may have no more than a line for now. */
static int find_kind(struct input *input, aisle_error *error)
{
    size_t got = 1;
    int status = 0;
    while (status == 0 && got > 0 && input->kind == INPUT_UNKNOWN) {
        if (input->raw_end - input->raw_start < MAGIC_BYTES) {
            status = fill_raw(input, &got, error);
        }
        input->kind = kind_of(bytes_of(input->raw + input->raw_start, input->raw_end - input->raw_start));
    }
    return status != 0 || input->kind == INPUT_UNKNOWN ? status : make_codec(input, error);
}

static int damaged(const struct input *input, const char *why, aisle_error *error)
{
    return error_set(error, AISLE_IO, "%s cannot be decompressed: %s", input->path, why);
}

/* Decompresses from raw, which holds something. */
static int inflate_some(struct input *input, uint8_t *out, size_t room, size_t *got, aisle_error *error)
{
    z_stream *stream = input->codec;
    stream->next_in = input->raw + input->raw_start;
    stream->avail_in = (unsigned)(input->raw_end - input->raw_start);
    stream->next_out = out;
    stream->avail_out = room < UINT32_MAX ? (unsigned)room : UINT32_MAX;
    unsigned before = stream->avail_out;
    int code = inflate(stream, Z_NO_FLUSH);
    input->raw_start = input->raw_end - stream->avail_in;
    *got = before - stream->avail_out;
    input->between = code == Z_STREAM_END;
    if (code == Z_STREAM_END) {
        code = inflateReset(stream); /* another member may follow */
    }
    if (code == Z_MEM_ERROR) {
        return error_no_memory(error, "decompressing a change log");
    }
    return code == Z_OK || code == Z_BUF_ERROR
               ? 0
               : damaged(input, stream->msg == NULL ? "damaged" : stream->msg, error);
}

static int unpack_some(struct input *input, uint8_t *out, size_t room, size_t *got, aisle_error *error)
{
    ZSTD_inBuffer in = {input->raw + input->raw_start, input->raw_end - input->raw_start, 0};
    ZSTD_outBuffer to = {out, room, 0};
    size_t code = ZSTD_decompressStream(input->codec, &to, &in);
    input->raw_start += in.pos;
    *got = to.pos;
    input->between = code == 0;
    return ZSTD_isError(code) ? damaged(input, ZSTD_getErrorName(code), error) : 0;
}

static int read_codec(struct input *input, uint8_t *out, size_t room, size_t *got, aisle_error *error)
{
    *got = 0;
    for (;;) {
        /* What the codec still holds comes out without more of the file. */
        bool empty = input->raw_start == input->raw_end;
        int status = 0;
        if (!empty || !input->between) {
            status = input->kind == INPUT_GZIP ? inflate_some(input, out, room, got, error)
                                               : unpack_some(input, out, room, got, error);
        }
        if (status != 0 || *got > 0) {
            return status;
        }
        if (input->raw_start == input->raw_end) {
            size_t raw;
            status = fill_raw(input, &raw, error);
            if (status != 0 || raw == 0) {
                return status;
            }
        }
    }
}

int input_read(struct input *input, uint8_t *out, size_t room, size_t *got, aisle_error *error)
{
    *got = 0;
    int status = input->kind == INPUT_UNKNOWN ? find_kind(input, error) : 0;
    if (status != 0 || input->kind == INPUT_UNKNOWN) {
        return status;
    }
    if (input->kind != INPUT_PLAIN) {
        return read_codec(input, out, room, got, error);
    }
    size_t held = input->raw_end - input->raw_start;
    if (held == 0) {
        return read_once(input, out, room, got, error);
    }
    *got = held < room ? held : room;
    memcpy(out, input->raw + input->raw_start, *got);
    input->raw_start += *got;
    return 0;
}

int input_seek(struct input *input, uint64_t offset, aisle_error *error)
{
    if (lseek(input->fd, (off_t)offset, SEEK_SET) < 0) {
        return io_error(input, "read at its last position", error);
    }
    input->raw_start = 0;
    input->raw_end = 0;
    input->between = true;
    if (offset > 0) {
        input->kind = INPUT_PLAIN;
    } else if (input->kind != INPUT_PLAIN) {
        free_codec(input);
        input->kind = INPUT_UNKNOWN;
    }
    return 0;
}

bool input_is_cut(const struct input *input)
{
    return (input->kind == INPUT_GZIP || input->kind == INPUT_ZSTD) &&
           (!input->between || input->raw_start != input->raw_end);
}
