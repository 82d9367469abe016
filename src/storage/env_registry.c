/*
 * env_registry.c - handles, and the one environment per directory and process behind them.
 *
 * Opening one file twice in a process breaks LMDB's locks (POSIX drops a process's locks when any descriptor of the
 * file is closed), so a list keeps every environment of the process, found by the device and inode of its directory:
 * two names of one directory meet. The directory is held open for as long as its environment is, so the pair cannot
 * come to mean another directory.
 *
 * After a fork the parent's environments stay in the child's list, dead: closing them would clear the parent's
 * reader slots, and dropping them would make leak checkers complain. They are told by their generation, or, where
 * the fork went past pthread_atfork, by their process id.
 *
 * Thread rule: the list and the reference counts are touched under process_lock only.
 */
#include "storage/environment.h"
#include "storage/process.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPENING_POLL_US 500u

static struct environment *environments; /* under process_lock */

static bool is_ours(const struct environment *env)
{
    return env->generation == process_generation() && env->pid == getpid();
}

static struct environment *find(dev_t device, ino_t inode)
{
    for (struct environment *env = environments; env != NULL; env = env->next) {
        if (env->device == device && env->inode == inode && is_ours(env)) {
            return env;
        }
    }
    return NULL;
}

static void unlink_and_close(struct environment *env)
{
    struct environment **link = &environments;
    while (*link != env) {
        link = &(*link)->next;
    }
    *link = env->next;
    environment_close(env);
    mem_free(env);
}

/*
 * Opens the environment of a directory that is in no use yet; takes the descriptor. Under process_lock, which is
 * let go while LMDB works, because that may wait for a writer in another process: the environment stands in the
 * list meanwhile, marked, so that nobody opens it a second time.
 */
static int open_new(const char *directory, int fd, const struct stat *identity,
                    const struct storage_options *options, struct environment **out, aisle_error *error)
{
    struct environment *env = mem_calloc(1, sizeof *env);
    if (env == NULL) {
        (void)close(fd);
        return error_no_memory(error, "opening the storage");
    }
    *env = (struct environment){.directory_fd = fd,
                                .device = identity->st_dev,
                                .inode = identity->st_ino,
                                .pid = getpid(),
                                .generation = process_generation(),
                                .opening = true,
                                .references = 1,
                                .next = environments};
    environments = env;
    process_unlock();
    int status = environment_open(env, directory, options, error);
    process_lock();
    env->opening = false;
    if (status == 0) {
        *out = env;
    } else if (!atomic_load(&env->poisoned)) { /* poisoned at birth, it stays, never to be opened again */
        unlink_and_close(env);
    }
    return status;
}

static int check_shareable(const struct environment *env, const struct storage_options *options, aisle_error *error)
{
    if (atomic_load(&env->poisoned)) {
        return error_set(error, AISLE_CORRUPT, "no opening until this process ends, after damage was met: %s (%s)",
                         env->note, env->path);
    }
    if (env->read_only && !options->read_only) {
        return error_set(error, AISLE_PERMISSION, "open for reading only in this process (%s)", env->path);
    }
    return 0;
}

/* The environment of directory, opened if need be, with one reference more. Under process_lock. */
static int refer(const char *directory, const struct storage_options *options, struct environment **out,
                 aisle_error *error)
{
    struct stat identity;
    int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return storage_error(errno, "cannot open the directory", directory, error);
    }
    if (fstat(fd, &identity) != 0) {
        int status = storage_error(errno, "cannot open the directory", directory, error);
        (void)close(fd);
        return status;
    }
    struct environment *env = find(identity.st_dev, identity.st_ino);
    while (env != NULL && env->opening) {
        /* Another thread's doing. Polling, since the state of a condition variable does not survive a fork. */
        process_unlock();
        (void)usleep(OPENING_POLL_US);
        process_lock();
        env = find(identity.st_dev, identity.st_ino);
    }
    if (env == NULL) {
        return open_new(directory, fd, &identity, options, out, error);
    }
    (void)close(fd);
    int status = check_shareable(env, options, error);
    if (status == 0) {
        env->references++;
        *out = env;
    }
    return status;
}

/* Drops one reference. Under process_lock. A poisoned environment stays for good: see lmdb_call.c. */
static void release(struct environment *env)
{
    env->references--;
    if (env->references == 0 && !atomic_load(&env->poisoned)) {
        unlink_and_close(env);
    }
}

int storage_open(const char *directory, const struct storage_options *options, struct storage **out,
                 aisle_error *error)
{
    static const struct storage_options defaults;
    *out = NULL;
    options = options == NULL ? &defaults : options;
    if (options->create && options->read_only) {
        return error_set(error, AISLE_INVALID, "a storage cannot be created for reading only (%s)", directory);
    }
    struct storage *storage = mem_calloc(1, sizeof *storage);
    if (storage == NULL || process_init() != 0) {
        mem_free(storage);
        return error_no_memory(error, "opening the storage");
    }
    process_lock();
    int status = refer(directory, options, &storage->env, error);
    process_unlock();
    if (status != 0) {
        mem_free(storage);
        return status;
    }
    storage->generation = process_generation();
    storage->read_only = options->read_only;
    *out = storage;
    return 0;
}

void storage_close(struct storage *storage)
{
    if (storage == NULL) {
        return;
    }
    if (!storage_forked(storage) && is_ours(storage->env)) {
        if (storage->fast) {
            (void)!storage_set_fast(storage, false, NULL);
        }
        process_lock();
        release(storage->env);
        process_unlock();
    }
    mem_free(storage);
}

const char *storage_path(const struct storage *storage)
{
    return storage->env->path;
}

bool storage_forked(const struct storage *storage)
{
    return storage->generation != process_generation();
}
