/*
 * folder.c - a working directory.
 */
#include "tests/fault/folder.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *kept; /* is not removed */

const char *folder_make(void)
{
    static char path[512];
    const char *parent = getenv("TMPDIR");
    if (parent == NULL) {
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    }
    snprintf(path, sizeof path, "%s/aisle-fault-XXXXXX", parent);
    return mkdtemp(path);
}

static int remove_entry(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    if (kept == NULL || strcmp(path, kept) != 0) {
        (void)remove(path);
    }
    return 0;
}

void folder_clear(const char *directory, bool whole)
{
    kept = whole ? NULL : directory;
    (void)nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

size_t folder_count(const char *directory)
{
    size_t count = 0;
    DIR *open_directory = opendir(directory);
    while (open_directory != NULL && readdir(open_directory) != NULL) {
        count++;
    }
    if (open_directory != NULL) {
        (void)closedir(open_directory);
    }
    return count < 2 ? 0 : count - 2; /* "." and ".." */
}
