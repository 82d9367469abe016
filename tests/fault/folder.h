/*
 * folder.h - the directory that the fault tests work in: made, emptied, removed.
 *
 * It lies in memory (/dev/shm) where there is such a thing, because thousands of lives are lived; $TMPDIR, when set,
 * is preferred.
 */
#ifndef AISLE_TESTS_FAULT_FOLDER_H
#define AISLE_TESTS_FAULT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* Makes the directory and returns its absolute path, which lives as long as the program; NULL: it cannot be made. */
const char *folder_make(void);

/* Removes all that is in directory, and with whole, the directory too. */
void folder_clear(const char *directory, bool whole);

/* How many names are in directory. */
size_t folder_count(const char *directory);

#endif
