/*
 * shim.c - libc's file calls, made by the kernel's numbers so that nothing of libc's own stands in between.
 */
#include "tests/fault/shim_private.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 256
#define MAPS_MAX 64
#define PATH_BYTES 1024

static const char *root;
static size_t root_size;
static atomic_ulong calls[SHIM_CLASSES];
static struct shim_fault armed; /* changes only while one thread makes calls */
static bool is_armed;
static atomic_bool struck;
static void (*record)(const struct shim_event *event);

static struct watched {
    bool is_open;
    bool durable; /* O_DSYNC */
    char path[PATH_BYTES];
} files[FILES_MAX];

static void *maps[MAPS_MAX];
static pthread_mutex_t maps_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---------------------------------------------------------------------------------------------------- control -- */

void shim_watch(const char *directory)
{
    root = directory;
    root_size = strlen(directory);
    shim_heap_init();
}

void shim_arm(const struct shim_fault *fault)
{
    for (int i = 0; i < SHIM_CLASSES; i++) {
        calls[i] = 0;
    }
    struck = false;
    is_armed = fault != NULL;
    armed = fault != NULL ? *fault : (struct shim_fault){.number = 0};
}

bool shim_struck(void)
{
    return struck;
}

unsigned long shim_calls(enum shim_class class)
{
    return calls[class];
}

void shim_record(void (*recorder)(const struct shim_event *event))
{
    record = recorder;
}

static bool is_below(const char *path)
{
    return root != NULL && strncmp(path, root, root_size) == 0;
}

static bool is_watched(int fd)
{
    return fd >= 0 && fd < FILES_MAX && files[fd].is_open;
}

/* Counts a call. Whether it fails, and then how. */
static bool strikes(enum shim_class class, enum shim_way *way)
{
    unsigned long number = atomic_fetch_add(&calls[class], 1) + 1;
    if (!is_armed || armed.class != class || number < armed.number || (number > armed.number && !armed.persistent)) {
        return false;
    }
    struck = true;
    errno = armed.code;
    *way = armed.way;
    return true;
}

/* As strikes, for calls of which nothing is ever done when they fail. */
static bool fails(enum shim_class class)
{
    enum shim_way way;
    return strikes(class, &way);
}

static void tell(const struct shim_event *event)
{
    if (record != NULL) {
        int kept = errno;
        record(event);
        errno = kept;
    }
}

/* ------------------------------------------------------------------------------------------ opening and closing -- */

static int open_at(int directory, const char *path, int flags, mode_t mode)
{
    char whole[PATH_BYTES];
    if (is_watched(directory)) {
        size_t size = strlen(files[directory].path);
        if (size + 1 + strlen(path) >= sizeof whole) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(whole, files[directory].path, size);
        whole[size] = '/';
        strcpy(whole + size + 1, path);
        path = whole;
    }
    bool below = is_below(path);
    if (below && fails(SHIM_OPEN)) {
        return -1;
    }
    bool created = below && (flags & O_CREAT) != 0 && syscall(SYS_faccessat, directory, path, F_OK) != 0;
    int fd = (int)syscall(SYS_openat, directory, path, flags, mode);
    if (below && fd >= FILES_MAX) {
        abort();
    }
    if (below && fd >= 0) {
        files[fd] = (struct watched){.is_open = true, .durable = (flags & O_DSYNC) != 0};
        snprintf(files[fd].path, sizeof files[fd].path, "%s", path);
    }
    if (created && fd >= 0) {
        tell(&(struct shim_event){.kind = EVENT_ADD, .path = path});
    }
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_at(directory, path, flags, mode);
}

int close(int fd)
{
    if (is_watched(fd)) {
        files[fd].is_open = false;
    }
    return (int)syscall(SYS_close, fd);
}

int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    bool locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
    if (locks && is_watched(fd) && ((struct flock *)argument)->l_type != F_UNLCK && fails(SHIM_LOCK)) {
        return -1;
    }
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

/* ------------------------------------------------------------------------------------------ reading and writing -- */

ssize_t read(int fd, void *data, size_t size)
{
    return is_watched(fd) && fails(SHIM_READ) ? -1 : syscall(SYS_read, fd, data, size);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    return is_watched(fd) && fails(SHIM_READ) ? -1 : syscall(SYS_pread64, fd, data, size, offset);
}

/* Tells of the first size bytes of the parts. */
static void tell_written(int fd, const struct iovec *parts, int count, size_t size, off_t offset)
{
    for (int i = 0; i < count && size != 0; i++) {
        size_t taken = parts[i].iov_len < size ? parts[i].iov_len : size;
        tell(&(struct shim_event){.kind = EVENT_WRITE,
                                  .fd = fd,
                                  .offset = (uint64_t)offset,
                                  .data = parts[i].iov_base,
                                  .size = taken,
                                  .durable = files[fd].durable});
        offset += (off_t)taken;
        size -= taken;
    }
}

/* Half of all parts; their last may be cut. */
static ssize_t write_half(int fd, const struct iovec *parts, int count, off_t offset)
{
    size_t whole = 0;
    size_t done = 0;
    for (int i = 0; i < count; i++) {
        whole += parts[i].iov_len;
    }
    for (int i = 0; i < count && done < whole / 2; i++) {
        size_t left = whole / 2 - done;
        size_t size = parts[i].iov_len < left ? parts[i].iov_len : left;
        ssize_t put = syscall(SYS_pwrite64, fd, parts[i].iov_base, size, offset + (off_t)done);
        if (put != (ssize_t)size) {
            return put;
        }
        done += size;
    }
    return (ssize_t)done;
}

/* All parts at offset; at the file's own place, which moves on, when moves. */
static ssize_t write_parts(int fd, const struct iovec *parts, int count, off_t offset, bool moves)
{
    enum shim_way way = SHIM_AFTER;
    bool failed = is_watched(fd) && strikes(SHIM_WRITE, &way);
    int code = errno;
    ssize_t done = -1;
    if (moves) {
        offset = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
    }
    if (failed && way == SHIM_PART) {
        /* What follows a write that came half-way finds no place at all. */
        done = calls[SHIM_WRITE] == armed.number ? write_half(fd, parts, count, offset) : 0;
        failed = done <= 0;
        way = SHIM_BEFORE;
        if (moves && done > 0) {
            (void)syscall(SYS_lseek, fd, offset + done, SEEK_SET);
        }
    } else if (!failed || way == SHIM_AFTER) {
        done = moves ? syscall(SYS_writev, fd, parts, count)
                     : syscall(SYS_pwritev, fd, parts, count, offset, (long)0);
    }
    if (is_watched(fd) && done > 0) {
        tell_written(fd, parts, count, (size_t)done, offset);
    }
    if (failed) {
        errno = code;
        return -1;
    }
    return done;
}

ssize_t write(int fd, const void *data, size_t size)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    return is_watched(fd) ? write_parts(fd, &part, 1, 0, true) : syscall(SYS_write, fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return is_watched(fd) ? write_parts(fd, parts, count, 0, true) : syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    return write_parts(fd, &part, 1, offset, false);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    return write_parts(fd, parts, count, offset, false);
}

static int sync_file(int fd, long call)
{
    enum shim_way way = SHIM_BEFORE;
    bool failed = is_watched(fd) && strikes(SHIM_SYNC, &way);
    int code = errno;
    int result = failed && way != SHIM_AFTER ? 0 : (int)syscall(call, fd);
    if (failed) {
        errno = code;
        return -1;
    }
    if (result == 0 && is_watched(fd)) {
        tell(&(struct shim_event){.kind = EVENT_SYNC, .fd = fd});
    }
    return result;
}

int fsync(int fd)
{
    return sync_file(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_file(fd, SYS_fdatasync);
}

int msync(void *memory, size_t size, int flags)
{
    return fails(SHIM_SYNC) ? -1 : (int)syscall(SYS_msync, memory, size, flags);
}

int ftruncate(int fd, off_t size)
{
    if (is_watched(fd) && fails(SHIM_RESIZE)) {
        return -1;
    }
    int result = (int)syscall(SYS_ftruncate, fd, size);
    if (result == 0 && is_watched(fd)) {
        tell(&(struct shim_event){.kind = EVENT_RESIZE, .fd = fd, .offset = (uint64_t)size});
    }
    return result;
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    struct stat before;
    if (is_watched(fd) && fails(SHIM_RESIZE)) {
        return -1;
    }
    if (fstat(fd, &before) != 0 || syscall(SYS_fallocate, fd, mode, offset, size) != 0) {
        return -1;
    }
    if (is_watched(fd) && offset + size > before.st_size) {
        tell(&(struct shim_event){.kind = EVENT_RESIZE, .fd = fd, .offset = (uint64_t)(offset + size)});
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------ maps and names -- */

/* Puts a map, or its absence, in the place of another. */
static void replace_map(void *from, void *to)
{
    (void)pthread_mutex_lock(&maps_lock);
    for (size_t i = 0; i < MAPS_MAX; i++) {
        if (maps[i] == from) {
            maps[i] = to;
            break;
        }
    }
    (void)pthread_mutex_unlock(&maps_lock);
}

void *mmap(void *place, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (is_watched(fd) && fails(SHIM_MAP)) {
        return MAP_FAILED;
    }

    void *map = (void *)syscall(SYS_mmap, place, size, protection, flags, fd, offset);
    if (is_watched(fd) && map != MAP_FAILED) {
        replace_map(NULL, map);
    }
    return map;
}

int munmap(void *map, size_t size)
{
    replace_map(map, NULL);
    return (int)syscall(SYS_munmap, map, size);
}

int mkdir(const char *path, mode_t mode)
{
    if (is_below(path) && fails(SHIM_NAME)) {
        return -1;
    }
    int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (result == 0 && is_below(path)) {
        tell(&(struct shim_event){.kind = EVENT_ADD, .path = path});
    }
    return result;
}

int rename(const char *from, const char *to)
{
    if (is_below(from) && fails(SHIM_NAME)) {
        return -1;
    }
    int result = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    if (result == 0 && is_below(from)) {
        tell(&(struct shim_event){.kind = EVENT_RENAME, .path = from, .to_path = to});
    }
    return result;
}

static int remove_name(const char *path, int flags)
{
    if (is_below(path) && fails(SHIM_NAME)) {
        return -1;
    }
    if (is_below(path)) {
        tell(&(struct shim_event){.kind = EVENT_REMOVE, .path = path});
    }
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, flags);
}

int unlink(const char *path)
{
    return remove_name(path, 0);
}

int rmdir(const char *path)
{
    return remove_name(path, AT_REMOVEDIR);
}

struct shim_balance shim_balance(void)
{
    struct shim_balance balance = {.blocks = shim_heap_blocks()};
    for (size_t i = 0; i < FILES_MAX; i++) {
        balance.files += files[i].is_open;
    }
    for (size_t i = 0; i < MAPS_MAX; i++) {
        balance.maps += maps[i] != NULL;
    }
    return balance;
}

bool shim_heap_fails(void)
{
    return fails(SHIM_HEAP);
}
