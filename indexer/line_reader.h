/*
 * line_reader.h - lines of a file or pipe, read in big pieces, with their places.
 *
 * Memory is bounded by LIMIT_LINE_BYTES: a longer line is passed over, and only its beginning is kept for a message.
 * A line that holds a whole transaction (wal2json's format 1, told by a "change" near its beginning) may have
 * LIMIT_TRANSACTION_LINE_BYTES. Places are those of the text: of a compressed file, of what it decompresses to.
 * Does not look into lines otherwise (decoder.h). Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_LINE_READER_H
#define AISLE_INDEXER_LINE_READER_H

#include "base/bytes.h"
#include "indexer/input.h"

/* What is kept of a line that is too long. */
#define LINE_SHOWN_BYTES 4096u

struct line {
    struct bytes text;   /* without its newline, CR and byte order mark; lives until the next call */
    uint64_t offset;     /* in the file, where the line begins */
    uint64_t end_offset; /* behind its newline */
    uint64_t number;     /* from 1; 0 when the reader did not begin at the start */
    bool too_long;       /* text is only the beginning */
    uint32_t bytes_max;  /* with too_long: what a line of its kind may have */
    bool ended;          /* by a newline, not by the end of the file */
};

struct line_reader {
    struct input input;
    bool is_file;  /* regular: has a size and can be read again */
    uint8_t *data; /* owned */
    size_t capacity;
    size_t start; /* of what was not handed out yet */
    size_t end;
    uint64_t offset; /* in the file, of data[start] */
    uint64_t number; /* of the next line; 0 unknown */
    bool at_end;
    bool has_read; /* set by each read of the input; cleared by who looks what the file is now */
    const char *path; /* borrowed */
};

/* Opens path ("-": standard input), borrowed. AISLE_NOT_FOUND, AISLE_PERMISSION, AISLE_IO, AISLE_NO_MEMORY. */
must_check int line_reader_open(struct line_reader *reader, const char *path, const volatile sig_atomic_t *stop,
                                aisle_error *error);

/* Closes; a reader that is all zero is allowed. */
void line_reader_close(struct line_reader *reader);

/* A view of the next bytes without taking them: up to size, fewer only at the end. AISLE_IO, AISLE_NO_MEMORY. */
must_check int line_reader_peek(struct line_reader *reader, size_t size, struct bytes *out, aisle_error *error);

/*
 * Goes on at this offset of a regular file; a compressed one is read up to there. AISLE_END when it has no line that
 * begins there: it is shorter, or another file of the same name. AISLE_IO, AISLE_NO_MEMORY.
 */
must_check int line_reader_seek(struct line_reader *reader, uint64_t offset, aisle_error *error);

/* The next line, or AISLE_END. AISLE_IO, AISLE_NO_MEMORY. */
must_check int line_reader_next(struct line_reader *reader, struct line *line, aisle_error *error);

/*
 * Takes back the last line, which the end of the file had cut: line_reader_again reads it once more. Of one that was
 * too long only the rest comes, as a line of its own. No other call may have come between.
 */
void line_reader_put_back(struct line_reader *reader, const struct line *line);

/* Looks for more behind the end that was met. */
void line_reader_again(struct line_reader *reader);

#endif
