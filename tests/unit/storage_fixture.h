/*
 * storage_fixture.h - what the tests of src/storage share: a directory that comes and goes, and short forms.
 *
 * The directory lies under $TMPDIR, else /tmp. Children report by their exit status: 0 is good, anything else the
 * number of the expectation that failed.
 */
#ifndef AISLE_TESTS_STORAGE_FIXTURE_H
#define AISLE_TESTS_STORAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "storage/storage.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CREATE (&(struct storage_options){.create = true})
#define READ_ONLY (&(struct storage_options){.read_only = true})

/* In a child: leaves with the line number when the expectation does not hold. */
#define CHILD_EXPECT(condition)                                                       \
    do {                                                                              \
        if (!(condition)) {                                                           \
            fprintf(stderr, "child: line %d: %s does not hold\n", __LINE__, #condition); \
            _exit(99);                                                                \
        }                                                                             \
    } while (0)

static char directory[512];
static aisle_error error;

static inline const char *path_of(const char *name)
{
    static char path[800];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static inline void empty_directory(void)
{
    DIR *entries = opendir(directory);
    assert_non_null(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            assert_int_equal(unlink(path_of(entry->d_name)), 0);
        }
    }
    closedir(entries);
}

static inline int make_directory(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/aisle-storage-XXXXXX", parent == NULL ? "/tmp" : parent);
    return mkdtemp(directory) == NULL ? -1 : 0;
}

static inline int remove_directory(void **state)
{
    (void)state;
    storage_fail_at(0, 0, 0);
    empty_directory();
    return rmdir(directory);
}

static inline struct storage *open_storage(const struct storage_options *options)
{
    struct storage *storage = NULL;
    int status = storage_open(directory, options, &storage, &error);
    if (status != 0) {
        print_message("%s: %s\n", aisle_error_name(status), error.message);
    }
    assert_int_equal(status, 0);
    assert_non_null(storage);
    return storage;
}

static inline struct storage_txn *begin_read(struct storage *storage)
{
    struct storage_txn *txn = NULL;
    assert_int_equal(storage_read_begin(storage, &txn, &error), 0);
    return txn;
}

static inline struct storage_txn *begin_write(struct storage *storage)
{
    struct storage_txn *txn = NULL;
    assert_int_equal(storage_write_begin(storage, &txn, &error), 0);
    return txn;
}

static inline int put(struct storage_txn *txn, const char *key, const char *value)
{
    return storage_put(txn, TABLE_META, bytes_of_string(key), bytes_of_string(value));
}

/* One committed record of TABLE_META; a status. */
static inline int put_and_commit(struct storage *storage, const char *key, const char *value)
{
    struct storage_txn *txn = NULL;
    int status = storage_write_begin(storage, &txn, &error);
    if (status != 0) {
        return status;
    }
    status = put(txn, key, value);
    if (status != 0) {
        storage_abort(txn);
        return status;
    }
    return storage_commit(txn, &error);
}

static inline bool holds(struct storage_txn *txn, const char *key, const char *value)
{
    struct bytes found;
    int status = storage_get(txn, TABLE_META, bytes_of_string(key), &found);
    return value == NULL ? status == AISLE_END : status == 0 && bytes_equal(found, bytes_of_string(value));
}

/* Whether the last commit holds value under key; NULL: nothing. */
static inline bool committed(struct storage *storage, const char *key, const char *value)
{
    struct storage_txn *txn = NULL;
    if (storage_read_begin(storage, &txn, &error) != 0) {
        return false;
    }
    bool answer = holds(txn, key, value);
    storage_read_end(txn);
    return answer;
}

/* Exit status of the child, which must end by itself. */
static inline int wait_for(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline uint64_t size_of_file(const char *path)
{
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    return (uint64_t)found.st_size;
}

#endif
