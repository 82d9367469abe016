/*
 * lock.c - the lock that lets one writer at a time work on a catalog, and the one that tells who has it open.
 *
 * Open-file-description locks. Unlike the older process locks they conflict between two descriptors of one process,
 * and they are not lost when some other code closes another descriptor of the file. Their price: a forked child
 * shares the description and would keep a lock alive after the parent's death; so the held locks form a list, and the
 * child's fork handler closes its copies, which leaves the parent's lock as it is.
 *
 * The writer's file holds the holder's process id in decimal. It is for messages only: who holds the lock is the
 * system's knowledge, so a stale or unreadable id does no harm.
 */
#include "storage/environment.h"
#include "storage/process.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct storage_lock {
    int fd; /* owned; -1 in a child of the process that acquired it */
    const struct lock_kind *kind;
    struct storage_lock *next;
};

static struct storage_lock *held; /* under process_lock */

void lock_forget_inherited(void)
{
    while (held != NULL) {
        struct storage_lock *lock = held;
        held = lock->next;
        (void)close(lock->fd);
        lock->fd = -1;
    }
}

static long holder_pid(int fd)
{
    char text[24];
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    if (size <= 0) {
        return 0;
    }
    text[size] = '\0';
    char *end = NULL;
    long pid = strtol(text, &end, 10);
    return *end == '\n' && pid > 0 ? pid : 0;
}

static int busy(int fd, const char *file_path, aisle_error *error)
{
    long pid = holder_pid(fd);
    if (pid == (long)getpid()) {
        return error_set(error, AISLE_BUSY, "this process has another writer on it already (%s)", file_path);
    }
    if (pid != 0) {
        return error_set(error, AISLE_BUSY, "process %ld is writing (%s)", pid, file_path);
    }
    return error_set(error, AISLE_BUSY, "another process is writing (%s)", file_path);
}

/* Best effort: a full disk must not keep a writer out, who may be about to delete. */
static void write_pid(int fd)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)size, 0) != size) {
        (void)!ftruncate(fd, 0);
    }
}

/* One way of locking a file. */
struct lock_kind {
    int open_flags;
    short type;
    bool names_holder; /* the file is the lock's own, and tells whose it is */
    int (*busy)(int fd, const char *file_path, aisle_error *error);
    const char *what;
};

static int busy_shrinking(int fd, const char *file_path, aisle_error *error)
{
    (void)fd;
    return error_set(error, AISLE_BUSY, "the files are being rewritten to give space back; try again later (%s)",
                     file_path);
}

static int busy_open(int fd, const char *file_path, aisle_error *error)
{
    (void)fd;
    return error_set(error, AISLE_BUSY, "it is open, here or in another process; close it everywhere first (%s)",
                     file_path);
}

static const struct lock_kind writer_kind = {O_RDWR | O_CREAT, F_WRLCK, true, busy, "the writer's lock"};
/* A lock for reading needs no permission to write, so it works on read-only media. */
static const struct lock_kind shared_kind = {O_RDONLY, F_RDLCK, false, busy_shrinking, "the lock of an open catalog"};
static const struct lock_kind exclusive_kind = {O_RDWR, F_WRLCK, false, busy_open, "the lock on a whole catalog"};

static int lock_failed(const char *verb, const struct lock_kind *kind, const char *file_path, aisle_error *error)
{
    char what[64];
    int code = errno;
    snprintf(what, sizeof what, "cannot %s %s", verb, kind->what);
    return storage_error(code, what, file_path, error);
}

static int open_and_lock(const char *file_path, const struct lock_kind *kind, int *out, aisle_error *error)
{
    int status = 0;
    int fd = open(file_path, kind->open_flags | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0) {
        return lock_failed("open", kind, file_path, error);
    }
    struct flock range = {.l_type = kind->type, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &range) != 0) {
        bool taken = errno == EAGAIN || errno == EACCES;
        status = taken ? kind->busy(fd, file_path, error) : lock_failed("take", kind, file_path, error);
        (void)close(fd);
        return status;
    }
    if (kind->names_holder) {
        write_pid(fd);
    }
    *out = fd;
    return 0;
}

static int acquire(const char *file_path, const struct lock_kind *kind, struct storage_lock **out, aisle_error *error)
{
    *out = NULL;
    struct storage_lock *lock = mem_alloc(sizeof *lock);
    if (lock == NULL || process_init() != 0) {
        mem_free(lock);
        return error_no_memory(error, "taking a lock");
    }
    *lock = (struct storage_lock){.fd = -1, .kind = kind};
    process_lock();
    int status = open_and_lock(file_path, kind, &lock->fd, error);
    if (status == 0) {
        lock->next = held;
        held = lock;
    }
    process_unlock();
    if (status != 0) {
        mem_free(lock);
        return status;
    }
    *out = lock;
    return 0;
}

int storage_lock_acquire(const char *file_path, struct storage_lock **out, aisle_error *error)
{
    return acquire(file_path, &writer_kind, out, error);
}

int storage_lock_share(const char *file_path, struct storage_lock **out, aisle_error *error)
{
    return acquire(file_path, &shared_kind, out, error);
}

int storage_lock_exclude(const char *file_path, struct storage_lock **out, aisle_error *error)
{
    return acquire(file_path, &exclusive_kind, out, error);
}

/*
 * Who opens an environment keeps a lock for reading on the first byte of its lock file until it closes it. Asking
 * means opening that file, and closing it again drops the process's older locks on it: hence the header's warning.
 */
int storage_check_unused(const char *directory, aisle_error *error)
{
    char path[LIMIT_PATH_BYTES + 64];
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    snprintf(path, sizeof path, "%s/%s", directory, LOCK_FILE);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return errno == ENOENT ? 0 : storage_error(errno, "cannot open the storage's lock", path, error);
    }
    int status = 0;
    if (fcntl(fd, F_OFD_GETLK, &range) != 0) {
        status = storage_error(errno, "cannot look at the storage's lock", path, error);
    } else if (range.l_type != F_UNLCK) {
        status = error_set(error, AISLE_BUSY, "process %ld has the data open; end it first (%s)", (long)range.l_pid,
                           directory);
    }
    (void)close(fd);
    return status;
}

bool storage_lock_is_at(const struct storage_lock *lock, const char *file_path)
{
    struct stat locked;
    struct stat named;
    return fstat(lock->fd, &locked) == 0 && stat(file_path, &named) == 0 && locked.st_dev == named.st_dev &&
           locked.st_ino == named.st_ino;
}

void storage_lock_release(struct storage_lock *lock)
{
    if (lock == NULL) {
        return;
    }
    process_lock();
    struct storage_lock **link = &held;
    while (*link != NULL && *link != lock) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = lock->next;
        if (lock->kind->names_holder) {
            (void)!ftruncate(lock->fd, 0);
        }
        (void)close(lock->fd);
    }
    process_unlock();
    mem_free(lock);
}
