/*
 * changes.h - the files of a catalog's own change log: appending durably, reading again, dropping what is old.
 *
 * The folder CATALOG.changes holds files NNNNNNNNNNNNNNNNNNNN.jsonl, each named by the offset of its first byte in
 * the whole log: a place in the log is one number across all files. Lines are those of change_line.h. A line is
 * durable when changes_sync has returned; a last line without its newline is of a crash, was never acknowledged and is
 * cut off when the log is opened. A lock on the folder keeps a second server out.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_SERVER_CHANGES_H
#define AISLE_SERVER_CHANGES_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/status.h"

struct changes {
    char folder[LIMIT_PATH_BYTES + 16];
    int folder_fd;      /* -1: there is no folder, and none can be made */
    int fd;             /* of the newest file, for appending; -1: none is open */
    uint64_t first;     /* offset of the oldest file's first byte */
    uint64_t file;      /* offset of the newest file's first byte */
    uint64_t end;       /* behind the last durable line */
    bool is_broken;     /* a failed append may have left bytes behind end */
    bool is_lost;       /* another program has cut, replaced or removed files: nothing is appended any more */
    bool is_renewed;    /* when it was opened, it lacked what the catalog has, and went on behind that */
    struct buf pending; /* lines not written yet */
};

/*
 * Opens the log of the catalog at path, which need not have one. committed: the offset that the catalog has; a log that
 * ends before it has lost its files, and goes on well behind. AISLE_BUSY when another server has it; AISLE_IO,
 * AISLE_PERMISSION, AISLE_NO_MEMORY.
 */
must_check int changes_open(struct changes *changes, const char *path, uint64_t committed, aisle_error *error);
void changes_close(struct changes *changes);

/* Appends a line, with its newline, in memory; returns the offset behind it, or 0 without memory. */
uint64_t changes_append(struct changes *changes, struct bytes line);

/*
 * Makes the appended lines durable, in the file that has the log's name before and behind it. On failure none of them
 * is in the log. AISLE_IO, AISLE_DISK_FULL, AISLE_LIMIT.
 */
must_check int changes_sync(struct changes *changes, aisle_error *error);

/*
 * Looks whether the newest file is still the one with its name, as long as its lines: AISLE_IO from when it is not any
 * more. changes_refuse says so without looking.
 */
must_check int changes_check(struct changes *changes, aisle_error *error);
must_check int changes_refuse(const struct changes *changes, aisle_error *error);

/* Lets go of what cannot be read behind end, which becomes the log's; nothing is appended any more. */
void changes_give_up(struct changes *changes, uint64_t end);

/* Receives a line without its newline; end: the offset behind it. Not 0 ends the reading with that status. */
typedef int changes_line(void *context, struct bytes line, uint64_t end, aisle_error *error);

/*
 * Reads the durable lines from offset on. is_whole: all of them must be there, AISLE_CORRUPT when files have become
 * shorter or fewer. AISLE_IO, AISLE_CORRUPT, AISLE_NO_MEMORY, or what line answered.
 */
must_check int changes_read(struct changes *changes, uint64_t from, bool is_whole, changes_line *line, void *context,
                            aisle_error *error);

/* The offset of the first file that begins at or behind from, or else of the newest file: lines begin there. */
uint64_t changes_line_start(const struct changes *changes, uint64_t from);

/* Deletes the oldest files that end at or before committed, as long as more than keep_bytes stay. */
void changes_trim(struct changes *changes, uint64_t committed, uint64_t keep_bytes);

#endif
