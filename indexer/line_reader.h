/*
 * line_reader.h - lines of a file or pipe, read in big pieces, with their places.
 *
 * Memory is bounded by LIMIT_LINE_BYTES: a longer line is passed over, and only its beginning is kept for a message.
 * Does not look into lines (change.h). Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_LINE_READER_H
#define AISLE_INDEXER_LINE_READER_H

#include "base/bytes.h"
#include "base/status.h"

#include <signal.h>

/* What is kept of a line that is too long. */
#define LINE_SHOWN_BYTES 4096u

struct line {
    struct bytes text;   /* without its newline, CR and byte order mark; lives until the next call */
    uint64_t offset;     /* in the file, where the line begins */
    uint64_t end_offset; /* behind its newline */
    uint64_t number;     /* from 1; 0 when the reader did not begin at the start */
    bool too_long;       /* text is only the beginning */
    bool ended;          /* by a newline, not by the end of the file */
};

struct line_reader {
    int fd;
    bool is_file; /* regular: has a size and can be read again */
    uint64_t file_bytes;
    uint8_t *data; /* owned */
    size_t capacity;
    size_t start; /* of what was not handed out yet */
    size_t end;
    uint64_t offset; /* in the file, of data[start] */
    uint64_t number; /* of the next line; 0 unknown */
    bool at_end;
    const char *path;                  /* borrowed */
    const volatile sig_atomic_t *stop; /* may be NULL: a signal that sets it ends a waiting read */
};

/* Opens path ("-": standard input), borrowed. AISLE_NOT_FOUND, AISLE_PERMISSION, AISLE_IO, AISLE_NO_MEMORY. */
must_check int line_reader_open(struct line_reader *reader, const char *path, const volatile sig_atomic_t *stop,
                                aisle_error *error);

/* Closes; a reader that is all zero is allowed. */
void line_reader_close(struct line_reader *reader);

/* A view of the next bytes without taking them: up to size, fewer only at the end. AISLE_IO, AISLE_NO_MEMORY. */
must_check int line_reader_peek(struct line_reader *reader, size_t size, struct bytes *out, aisle_error *error);

/* Goes on at this offset of a regular file. AISLE_IO. */
must_check int line_reader_seek(struct line_reader *reader, uint64_t offset, aisle_error *error);

/* The next line, or AISLE_END. AISLE_IO, AISLE_NO_MEMORY. */
must_check int line_reader_next(struct line_reader *reader, struct line *line, aisle_error *error);

#endif
