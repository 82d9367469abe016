/*
 * sources.h - what was named on the command line, as a list of files.
 *
 * Folders become their files; the names stay as the user wrote them, because positions are kept under them.
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_SOURCES_H
#define AISLE_INDEXER_SOURCES_H

#include "base/status.h"

#include <stdint.h>

struct sources {
    char **paths; /* owned */
    size_t count;
    size_t capacity;
};

/* Expands the names; all zero on failure. AISLE_NOT_FOUND, AISLE_PERMISSION, AISLE_IO, AISLE_LIMIT, AISLE_NO_MEMORY. */
must_check int sources_expand(struct sources *sources, const char *const *names, size_t count, aisle_error *error);

/* Frees; one that is all zero is allowed. */
void sources_release(struct sources *sources);

/* Size of a regular file; 0 for all else. */
uint64_t source_bytes(const char *path);

#endif
