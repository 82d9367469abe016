/*
 * input.h - the bytes of a file or pipe, decompressed as they are read when they are gzip or zstd.
 *
 * What a file holds is told by its first bytes, not by its name. Several gzip members or zstd frames, one behind the
 * other, are one text. A compressed file may still be growing: its end is only the end for now, and a read tries
 * again. Memory is bounded: 256 KiB of compressed bytes, and what zlib (40 KiB) or zstd (a window of at most 8 MiB)
 * need. Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_INPUT_H
#define AISLE_INDEXER_INPUT_H

#include "base/status.h"

#include <signal.h>
#include <stdint.h>

enum input_kind { INPUT_UNKNOWN, INPUT_PLAIN, INPUT_GZIP, INPUT_ZSTD };

struct input {
    int fd;
    enum input_kind kind; /* unknown until enough was read */
    bool is_file;         /* regular: has a size and can be read again */
    bool waits_not;       /* of a pipe: a read takes what is there, and nothing is an end for now */
    bool ended;           /* a read met the end: final for a pipe */
    bool between;         /* of a compressed file: no member or frame is half read */
    uint64_t file_bytes;  /* as the file lies on the disk, when it was opened */
    uint8_t *raw;         /* owned: read, not yet taken or decompressed */
    size_t raw_start;
    size_t raw_end;
    void *codec;                       /* owned: z_stream or ZSTD_DStream */
    const char *path;                  /* borrowed */
    const volatile sig_atomic_t *stop; /* may be NULL: a signal that sets it ends a waiting read */
};

/* Opens path ("-": standard input), borrowed. AISLE_NOT_FOUND, AISLE_PERMISSION, AISLE_IO, AISLE_NO_MEMORY. */
must_check int input_open(struct input *input, const char *path, const volatile sig_atomic_t *stop,
                          aisle_error *error);

/* Closes; one that is all zero but for fd -1 is allowed. */
void input_close(struct input *input);

/* Reads up to room bytes; *got is 0 at the end for now. AISLE_IO (damage, too), AISLE_NO_MEMORY. */
must_check int input_read(struct input *input, uint8_t *out, size_t room, size_t *got, aisle_error *error);

/* Begins again at this offset of a plain file, and at 0 of a compressed one. AISLE_IO. */
must_check int input_seek(struct input *input, uint64_t offset, aisle_error *error);

/* Whether the end that was met cuts a compressed file in the middle: more is to come, or was lost. */
bool input_is_cut(const struct input *input);

#endif
