/*
 * line_reader.c - the buffer behind line_reader.h: filled by read, searched by memchr, slid when its end is near.
 */
#include "indexer/line_reader.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES ((size_t)1 << 20)
#define PIPE_BYTES (1 << 20) /* what a user may ask for without privileges; 64 KiB are a hundred lines */

static int io_error(const struct line_reader *reader, const char *what, aisle_error *error)
{
    int code = errno == ENOENT ? AISLE_NOT_FOUND : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "%s cannot be %s: %s", reader->path, what, strerror(errno));
}

int line_reader_open(struct line_reader *reader, const char *path, const volatile sig_atomic_t *stop,
                     aisle_error *error)
{
    *reader = (struct line_reader){.fd = -1, .path = path, .stop = stop, .number = 1};
    bool is_stdin = strcmp(path, "-") == 0;
    reader->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat found;
    if (reader->fd < 0 || fstat(reader->fd, &found) != 0) {
        int status = io_error(reader, "opened", error);
        line_reader_close(reader);
        return status;
    }
    /* Standard input may stand anywhere in a file and is read as it comes. */
    reader->is_file = !is_stdin && S_ISREG(found.st_mode);
    reader->file_bytes = reader->is_file ? (uint64_t)found.st_size : 0;
    if (S_ISFIFO(found.st_mode)) {
        (void)fcntl(reader->fd, F_SETPIPE_SZ, PIPE_BYTES); /* may be refused: then the two sides only wake more often */
    }
    reader->capacity = 2 * READ_BYTES;
    reader->data = mem_alloc(reader->capacity);
    if (reader->data == NULL) {
        line_reader_close(reader);
        return error_no_memory(error, "reading a change log");
    }
    return 0;
}

void line_reader_close(struct line_reader *reader)
{
    if (reader->fd > STDIN_FILENO) {
        close(reader->fd);
    }
    mem_free(reader->data);
    *reader = (struct line_reader){.fd = -1};
}

/* Makes room for another read behind what is held. */
static int make_room(struct line_reader *reader, aisle_error *error)
{
    if (reader->capacity - reader->end >= READ_BYTES) {
        return 0;
    }
    memmove(reader->data, reader->data + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
    if (reader->capacity - reader->end >= READ_BYTES) {
        return 0;
    }
    uint8_t *data = mem_realloc(reader->data, reader->capacity * 2);
    if (data == NULL) {
        return error_no_memory(error, "reading a change log");
    }
    reader->data = data;
    reader->capacity *= 2;
    return 0;
}

static bool is_stopped(const struct line_reader *reader)
{
    return reader->stop != NULL && *reader->stop != 0;
}

/* Reads once more, or finds the end. */
static int fill(struct line_reader *reader, aisle_error *error)
{
    int status = make_room(reader, error);
    if (status != 0) {
        return status;
    }
    ssize_t got;
    do {
        got = read(reader->fd, reader->data + reader->end, READ_BYTES);
    } while (got < 0 && errno == EINTR && !is_stopped(reader));
    if (got < 0 && errno != EINTR) {
        return io_error(reader, "read", error);
    }
    reader->at_end = got <= 0;
    reader->end += got > 0 ? (size_t)got : 0;
    return 0;
}

int line_reader_peek(struct line_reader *reader, size_t size, struct bytes *out, aisle_error *error)
{
    *out = bytes_of(NULL, 0);
    while (reader->end - reader->start < size && !reader->at_end) {
        int status = fill(reader, error);
        if (status != 0) {
            return status;
        }
    }
    size_t held = reader->end - reader->start;
    *out = bytes_of(reader->data + reader->start, held < size ? held : size);
    return 0;
}

int line_reader_seek(struct line_reader *reader, uint64_t offset, aisle_error *error)
{
    if (lseek(reader->fd, (off_t)offset, SEEK_SET) < 0) {
        return io_error(reader, "read at its last position", error);
    }
    reader->start = 0;
    reader->end = 0;
    reader->offset = offset;
    reader->number = offset == 0;
    reader->at_end = false;
    return 0;
}

/* Hands out size bytes and what ends them (newline: 0 or 1 byte). */
static void take(struct line_reader *reader, size_t size, size_t newline, struct line *line)
{
    static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};
    line->text = bytes_of(reader->data + reader->start, size);
    line->offset = reader->offset;
    line->end_offset = reader->offset + size + newline;
    line->number = reader->number;
    line->too_long = false;
    line->ended = newline != 0;
    if (reader->offset == 0 && bytes_begin_with(line->text, bytes_of(mark, sizeof mark))) {
        line->text = bytes_of(line->text.data + sizeof mark, line->text.size - sizeof mark);
    }
    if (line->text.size > 0 && line->text.data[line->text.size - 1] == '\r') {
        line->text.size--;
    }
    reader->start += size + newline;
    reader->offset += size + newline;
    reader->number += reader->number != 0;
}

/* Passes over a line of which more than LIMIT_LINE_BYTES are held without its end. */
static int take_long(struct line_reader *reader, struct line *line, aisle_error *error)
{
    /* The beginning stays at the buffer's front; the rest is read behind it and forgotten. */
    memmove(reader->data, reader->data + reader->start, LINE_SHOWN_BYTES);
    uint64_t bytes = reader->end - reader->start;
    const uint8_t *newline = NULL;
    *line = (struct line){.text = bytes_of(reader->data, LINE_SHOWN_BYTES),
                          .offset = reader->offset,
                          .number = reader->number,
                          .too_long = true};
    while (newline == NULL && !reader->at_end) {
        reader->start = LINE_SHOWN_BYTES;
        reader->end = LINE_SHOWN_BYTES;
        int status = fill(reader, error);
        if (status != 0) {
            return status;
        }
        newline = memchr(reader->data + reader->start, '\n', reader->end - reader->start);
        size_t taken = newline == NULL ? reader->end - reader->start
                                       : (size_t)(newline - reader->data) - reader->start + 1;
        bytes += taken;
        reader->start += taken;
    }
    line->ended = newline != NULL;
    line->end_offset = line->offset + bytes;
    reader->offset = line->end_offset;
    reader->number += reader->number != 0;
    return 0;
}

int line_reader_next(struct line_reader *reader, struct line *line, aisle_error *error)
{
    size_t searched = 0;
    for (;;) {
        const uint8_t *from = reader->data + reader->start + searched;
        size_t held = reader->end - reader->start;
        const uint8_t *newline = held == searched ? NULL : memchr(from, '\n', held - searched);
        size_t size = newline == NULL ? held : (size_t)(newline - (reader->data + reader->start));
        if (newline == NULL && size > LIMIT_LINE_BYTES && !reader->at_end) {
            return take_long(reader, line, error);
        }
        if (newline != NULL || (reader->at_end && held > 0)) {
            take(reader, size, newline != NULL, line);
            if (line->text.size > LIMIT_LINE_BYTES) {
                line->text.size = LINE_SHOWN_BYTES;
                line->too_long = true;
            }
            return 0;
        }
        if (reader->at_end) {
            return AISLE_END;
        }
        searched = held;
        int status = fill(reader, error);
        if (status != 0) {
            return status;
        }
    }
}
