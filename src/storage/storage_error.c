/*
 * storage_error.c - codes of LMDB and errno become AISLE_ codes here and nowhere else.
 */
#include "storage/storage.h"

#include <errno.h>
#include <lmdb.h>
#include <string.h>

static int status_of_lmdb(int lmdb_code)
{
    switch (lmdb_code) {
    case MDB_MAP_FULL:
    case MDB_MAP_RESIZED:
        return AISLE_MAP_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
    case MDB_CURSOR_FULL:
    case MDB_PAGE_FULL:
        return AISLE_CORRUPT;
    case MDB_VERSION_MISMATCH:
        return AISLE_NEWER_FORMAT;
    case MDB_READERS_FULL:
        return AISLE_READERS_FULL;
    case MDB_TXN_FULL:
    case MDB_DBS_FULL:
    case MDB_TLS_FULL:
        return AISLE_LIMIT;
    case MDB_NOTFOUND:
        return AISLE_NOT_FOUND;
    case MDB_KEYEXIST:
        return AISLE_EXISTS;
    case MDB_BAD_TXN:
    case MDB_BAD_VALSIZE:
    case MDB_BAD_DBI:
        return AISLE_INVALID;
    case MDB_PANIC: /* the last commit's own page could not be written: the file is sound, the disk may not be */
    default:
        return AISLE_IO;
    }
}

static int status_of_errno(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return AISLE_DISK_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return AISLE_PERMISSION;
    case ENOMEM:
        return AISLE_NO_MEMORY;
    case ENOENT:
    case ENOTDIR:
        return AISLE_NOT_FOUND;
    case EINVAL:
    case ENAMETOOLONG:
        return AISLE_INVALID;
    case EMFILE:
    case ENFILE:
    case ENOLCK:
        return AISLE_LIMIT;
    default:
        return AISLE_IO;
    }
}

/* Where LMDB's own words would mislead a user, ours. */
static const char *reason_of(int lmdb_code, char *scratch, size_t size)
{
    switch (lmdb_code) {
    case MDB_MAP_FULL:
        return "the address space given to the data is used up";
    case MDB_MAP_RESIZED:
        return "another process has grown the data past this process's map; close and open it again";
    case MDB_PANIC:
        return "an earlier write failed in a way that only closing and opening again can mend";
    case MDB_CORRUPTED:
        return "the data is damaged";
    case MDB_INVALID:
        return "not a data file of this program, or damaged";
    case MDB_VERSION_MISMATCH:
        return "written, or in use, by another version of LMDB";
    case MDB_READERS_FULL:
        return "too many readers at once, in all processes together";
    case MDB_TXN_FULL:
        return "too many changes in one transaction";
    default:
        return lmdb_code < 0 ? mdb_strerror(lmdb_code) : strerror_r(lmdb_code, scratch, size);
    }
}

int storage_error(int lmdb_code, const char *what, const char *path, aisle_error *error)
{
    if (lmdb_code == 0) {
        return 0;
    }
    char scratch[128];
    int code = lmdb_code < 0 ? status_of_lmdb(lmdb_code) : status_of_errno(lmdb_code);
    const char *reason = reason_of(lmdb_code, scratch, sizeof scratch);
    if (path == NULL) {
        return error_set(error, code, "%s: %s", what, reason);
    }
    return error_set(error, code, "%s: %s (%s)", what, reason, path);
}
