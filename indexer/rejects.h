/*
 * rejects.h - the reject file: lines that could not be applied, with their place and the reason.
 *
 * One JSON object a line, behind what the file has already:
 *   {"file":"a.jsonl","line":3,"offset":120,"byte":17,"reason":"...","text":"..."}
 * line is null when the file was not read from its start; offset is the line's place in the file and byte the fault's
 * place in the line; text is the line, cut at 4 KiB, with U+FFFD for what is not UTF-8. The file comes into being with
 * the first reject. Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_REJECTS_H
#define AISLE_INDEXER_REJECTS_H

#include "base/buf.h"
#include "indexer/line_reader.h"

struct rejects {
    const char *path; /* borrowed */
    int fd;
    struct buf line; /* being put together */
};

/* Remembers the path; opens nothing yet. */
void rejects_init(struct rejects *rejects, const char *path);

/* Closes. Free to call after a failure. */
void rejects_release(struct rejects *rejects);

/* Appends one reject. AISLE_IO, AISLE_PERMISSION, AISLE_DISK_FULL, AISLE_NO_MEMORY. */
must_check int rejects_add(struct rejects *rejects, const char *source, const struct line *line,
                           const aisle_error *reason, aisle_error *error);

/* Appends a line of an older reject file as it is. As rejects_add. */
must_check int rejects_keep(struct rejects *rejects, struct bytes line, aisle_error *error);

/* Makes what was added durable. AISLE_IO, AISLE_DISK_FULL. */
must_check int rejects_sync(struct rejects *rejects, aisle_error *error);

#endif
