/*
 * sources.h - what was named on the command line, as a list of files in the order to read them.
 *
 * Folders become their files, in the order of their names. Numbers behind a last dot are those of rotations: for a log
 * `c.jsonl` beside `c.jsonl.1` and `c.jsonl.2.gz` the order is 2, 1, c.jsonl, also while c.jsonl is not there. Numbers
 * of eight digits and more are dates, and ascend. Paths stay as the user wrote them, because positions are kept under
 * them. Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_SOURCES_H
#define AISLE_INDEXER_SOURCES_H

#include "base/status.h"

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct source {
    char *path;      /* owned */
    uint32_t stream; /* index of the name that it was found under */
    bool is_file;    /* regular */
    dev_t device;
    ino_t inode;
    uint64_t bytes;          /* as it lies on the disk */
    struct timespec changed; /* when bytes were last written to it */
};

struct sources {
    struct source *files; /* owned */
    size_t count;
    size_t capacity;
};

/*
 * Expands the names; all zero on failure. may_be_missing: a name that is not there is passed over, as between the two
 * steps of a rotation. AISLE_NOT_FOUND, AISLE_PERMISSION, AISLE_IO, AISLE_LIMIT, AISLE_NO_MEMORY.
 */
must_check int sources_expand(struct sources *sources, const char *const *names, size_t count, bool may_be_missing,
                              aisle_error *error);

/*
 * As sources_expand, but lists until two lists in a row name the same files: of one that was made while a rotation went
 * on, files may be missing, and what follows them would be read too early. Sizes are those of the last list, so that a
 * file before another is complete if its writer went on to that.
 */
must_check int sources_settle(struct sources *sources, const char *const *names, size_t count, bool may_be_missing,
                              aisle_error *error);

/* Whether two lists name the same files, of whatever sizes, in the same order. */
bool sources_are_same(const struct sources *a, const struct sources *b);

/* Whether two paths, in one folder or not, are names that one log may have before and behind a rotation. */
bool sources_same_log(const char *a, const char *b);

/* Frees; one that is all zero is allowed. */
void sources_release(struct sources *sources);

#endif
