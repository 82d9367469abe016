/*
 * changes.c - files of the server's change log.
 *
 * A file is closed to appending from 64 MiB on, so that old ones can be dropped. Knows lines only by their newlines.
 */
#include "server/changes.h"

#include "base/alloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES (UINT64_C(64) << 20)
#define PENDING_BYTES_MAX ((size_t)64 << 20)
#define READ_BYTES ((size_t)1 << 20)
/* A catalog's shards may have committed further than the one furthest behind, by a commit at most. */
#define LOST_GAP_BYTES (UINT64_C(1) << 32)
#define NAME_BYTES 32u
/* A catalog that a reload has let go, or the server before this one, may be about to close the log. */
#define LOCK_TRIES 200u
#define LOCK_WAIT_MS 10
#define SUFFIX ".jsonl"

static int fail(const char *what, aisle_error *error)
{
    int code = errno == ENOSPC || errno == EDQUOT ? AISLE_DISK_FULL : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "the change log %.160s: %s", what, strerror(errno));
}

static void name_of(uint64_t offset, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%020llu" SUFFIX, (unsigned long long)offset);
}

/* Whether the name is of a file of the log. */
static bool offset_of(const char *name, uint64_t *offset)
{
    uint64_t value = 0;
    for (int i = 0; i < 20; i++) {
        if (name[i] < '0' || name[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(name[i] - '0');
    }
    *offset = value;
    return strcmp(name + 20, SUFFIX) == 0;
}

/* The offset of the first file at or behind from; false when there is none. */
static bool next_file(const struct changes *changes, uint64_t from, uint64_t *offset)
{
    bool any = false;
    DIR *folder = opendir(changes->folder);
    const struct dirent *entry;
    uint64_t found;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (offset_of(entry->d_name, &found) && found >= from && (!any || found < *offset)) {
            *offset = found;
            any = true;
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return any;
}

static int sync_parent(const char *path, aisle_error *error)
{
    char parent[LIMIT_PATH_BYTES + 16];
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL) {
        snprintf(parent, sizeof parent, ".");
    } else {
        slash[slash == parent] = '\0';
    }
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0 ? fail(parent, error) : 0;
    if (fd >= 0) {
        close(fd);
    }
    return failed;
}

/* Makes the folder if need be; on read-only media there is none, and writes will fail. */
static int open_folder(struct changes *changes, aisle_error *error)
{
    bool made = mkdir(changes->folder, 0750) == 0;
    if (!made && (errno == EROFS || errno == EACCES)) {
        return 0;
    }
    int status = made ? sync_parent(changes->folder, error) : errno == EEXIST ? 0 : fail(changes->folder, error);
    if (status != 0) {
        return status;
    }
    changes->folder_fd = open(changes->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (changes->folder_fd < 0) {
        return fail(changes->folder, error);
    }
    bool locked = flock(changes->folder_fd, LOCK_EX | LOCK_NB) == 0;
    for (unsigned i = 0; i < LOCK_TRIES && !locked; i++) {
        (void)poll(NULL, 0, LOCK_WAIT_MS);
        locked = flock(changes->folder_fd, LOCK_EX | LOCK_NB) == 0;
    }
    if (!locked) {
        close(changes->folder_fd);
        changes->folder_fd = -1;
        return error_set(error, AISLE_BUSY, "another server writes the change log %.150s", changes->folder);
    }
    return 0;
}

/* Size of the file up to and with its last newline. */
static int whole_bytes(int fd, uint64_t *size, aisle_error *error)
{
    struct stat stat;
    char tail[4096];
    if (fstat(fd, &stat) != 0) {
        return fail("cannot be looked at", error);
    }
    uint64_t end = (uint64_t)stat.st_size;
    while (end > 0) {
        size_t want = end < sizeof tail ? (size_t)end : sizeof tail;
        if (pread(fd, tail, want, (off_t)(end - want)) != (ssize_t)want) {
            return fail("cannot be read", error);
        }
        const char *newline = memrchr(tail, '\n', want);
        if (newline != NULL) {
            *size = end - want + (size_t)(newline - tail) + 1;
            return 0;
        }
        end -= want;
    }
    *size = 0;
    return 0;
}

/* Opens the newest file for appending and cuts off what a crash has left half written. */
static int open_newest(struct changes *changes, aisle_error *error)
{
    char name[NAME_BYTES];
    uint64_t size = 0;
    name_of(changes->file, name);
    changes->fd = openat(changes->folder_fd, name, O_RDWR | O_CLOEXEC);
    if (changes->fd < 0) {
        return fail(name, error);
    }
    int status = whole_bytes(changes->fd, &size, error);
    if (status == 0 && (ftruncate(changes->fd, (off_t)size) != 0 || fsync(changes->fd) != 0)) {
        status = fail(name, error);
    }
    changes->end = changes->file + size;
    return status;
}

static int open_files(struct changes *changes, uint64_t committed, aisle_error *error)
{
    uint64_t offset = 0;
    bool any = changes->folder_fd >= 0 && next_file(changes, 0, &offset);
    changes->first = any ? offset : 0;
    for (bool more = any; more; more = next_file(changes, offset + 1, &offset)) {
        changes->file = offset;
    }
    int status = any ? open_newest(changes, error) : 0;
    if (status == 0 && changes->end < committed) {
        changes->end = committed + LOST_GAP_BYTES;
        if (changes->fd >= 0) {
            close(changes->fd);
            changes->fd = -1;
        }
        changes->first = any ? changes->first : changes->end;
    }
    return status;
}

int changes_open(struct changes *changes, const char *path, uint64_t committed, aisle_error *error)
{
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    *changes = (struct changes){.folder_fd = -1, .fd = -1};
    buf_init(&changes->pending, PENDING_BYTES_MAX);
    if (size > LIMIT_PATH_BYTES) {
        return error_set(error, AISLE_LIMIT, "a catalog's path has at most %u bytes", LIMIT_PATH_BYTES);
    }
    snprintf(changes->folder, sizeof changes->folder, "%.*s.changes", (int)size, path);
    int status = open_folder(changes, error);
    status = status != 0 ? status : open_files(changes, committed, error);
    if (status != 0) {
        changes_close(changes);
    }
    return status;
}

void changes_close(struct changes *changes)
{
    if (changes->fd >= 0) {
        close(changes->fd);
    }
    if (changes->folder_fd >= 0) {
        close(changes->folder_fd);
    }
    buf_release(&changes->pending);
    changes->fd = -1;
    changes->folder_fd = -1;
}

/* -------------------------------------------------------------------------------------------- appending -- */

uint64_t changes_append(struct changes *changes, struct bytes line)
{
    buf_put(&changes->pending, line.data, line.size);
    return buf_status(&changes->pending) == 0 ? changes->end + changes->pending.size : 0;
}

/* Begins a file at the log's end, when there is none to append to or it is full. */
static int begin_file(struct changes *changes, aisle_error *error)
{
    char name[NAME_BYTES];
    if (changes->fd >= 0 && changes->end - changes->file < FILE_BYTES) {
        return 0;
    }
    if (changes->folder_fd < 0) {
        return error_set(error, AISLE_PERMISSION, "the change log %.150s cannot be made", changes->folder);
    }
    name_of(changes->end, name);
    int fd = openat(changes->folder_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0) {
        return fail(name, error);
    }
    if (fsync(changes->folder_fd) != 0) {
        close(fd);
        return fail(name, error);
    }
    if (changes->fd >= 0) {
        close(changes->fd);
    }
    changes->fd = fd;
    changes->file = changes->end;
    return 0;
}

static int write_all(struct changes *changes, aisle_error *error)
{
    size_t done = 0;
    off_t at = (off_t)(changes->end - changes->file);
    while (done < changes->pending.size) {
        ssize_t put = pwrite(changes->fd, changes->pending.data + done, changes->pending.size - done,
                             at + (off_t)done);
        if (put < 0 && errno != EINTR) {
            return fail("cannot be written", error);
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return fdatasync(changes->fd) == 0 ? 0 : fail("cannot be synced", error);
}

/* Takes back what a failed append has written. After a failed sync the kernel may have dropped pages: no further. */
static void take_back(struct changes *changes)
{
    off_t size = (off_t)(changes->end - changes->file);
    changes->is_broken = changes->fd >= 0 && (ftruncate(changes->fd, size) != 0 || fsync(changes->fd) != 0);
}

int changes_sync(struct changes *changes, aisle_error *error)
{
    int status = buf_status(&changes->pending);
    if (status != 0) {
        error_set(error, status, "the change log: %s", aisle_error_text(status));
    } else if (changes->pending.size > 0) {
        if (changes->is_broken) {
            take_back(changes);
        }
        status = changes->is_broken ? error_set(error, AISLE_IO, "the change log cannot be written any more")
                                    : begin_file(changes, error);
        if (status == 0) {
            status = write_all(changes, error);
            if (status != 0) {
                take_back(changes);
            }
        }
        changes->end += status == 0 ? changes->pending.size : 0;
    }
    buf_clear(&changes->pending);
    return status;
}

/* ---------------------------------------------------------------------------------------------- reading -- */

struct reading {
    struct buf text;
    uint64_t offset; /* in the log, of text's first byte */
    changes_line *line;
    void *context;
};

/* Hands out the whole lines of what was read. */
static int hand_out(struct reading *reading, aisle_error *error)
{
    size_t at = 0;
    int status = 0;
    while (status == 0 && at < reading->text.size) {
        const uint8_t *from = reading->text.data + at;
        const uint8_t *newline = memchr(from, '\n', reading->text.size - at);
        if (newline == NULL) {
            break;
        }
        size_t size = (size_t)(newline - from);
        at += size + 1;
        status = reading->line(reading->context, bytes_of(from, size), reading->offset + at, error);
    }
    if (at > 0) {
        memmove(reading->text.data, reading->text.data + at, reading->text.size - at);
        reading->text.size -= at;
        reading->offset += at;
    }
    return status;
}

static int read_file(struct changes *changes, struct reading *reading, uint64_t file, uint64_t from,
                     aisle_error *error)
{
    char name[NAME_BYTES];
    int status = 0;
    name_of(file, name);
    int fd = openat(changes->folder_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(name, error);
    }
    buf_clear(&reading->text);
    reading->offset = from > file ? from : file;
    uint64_t at = reading->offset;
    while (status == 0 && at < changes->end) {
        size_t want = changes->end - at < READ_BYTES ? (size_t)(changes->end - at) : READ_BYTES;
        uint8_t *place = buf_extend(&reading->text, want);
        if (place == NULL) {
            status = error_set(error, buf_status(&reading->text), "a line of the change log is too long");
            break;
        }
        ssize_t got = pread(fd, place, want, (off_t)(at - file));
        reading->text.size -= want - (got > 0 ? (size_t)got : 0);
        if (got <= 0) {
            status = got < 0 ? fail(name, error) : 0;
            break;
        }
        at += (uint64_t)got;
        status = hand_out(reading, error);
    }
    close(fd);
    return status;
}

int changes_read(struct changes *changes, uint64_t from, changes_line *line, void *context, aisle_error *error)
{
    struct reading reading = {.line = line, .context = context};
    uint64_t file = 0;
    int status = 0;
    buf_init(&reading.text, 2 * (size_t)LIMIT_LINE_BYTES + READ_BYTES);
    bool more = changes->folder_fd >= 0 && next_file(changes, 0, &file);
    while (status == 0 && more) {
        uint64_t next = 0;
        more = next_file(changes, file + 1, &next);
        if (!more || next > from) {
            status = read_file(changes, &reading, file, from, error);
        }
        file = next;
    }
    buf_release(&reading.text);
    return status;
}

uint64_t changes_line_start(const struct changes *changes, uint64_t from)
{
    uint64_t offset = 0;
    return changes->folder_fd >= 0 && next_file(changes, from, &offset) ? offset : changes->file;
}

void changes_trim(struct changes *changes, uint64_t committed, uint64_t keep_bytes)
{
    char name[NAME_BYTES];
    uint64_t next = 0;
    while (changes->folder_fd >= 0 && changes->fd >= 0 && changes->end - changes->first > keep_bytes &&
           next_file(changes, changes->first + 1, &next) && next <= committed) {
        name_of(changes->first, name);
        if (unlinkat(changes->folder_fd, name, 0) != 0) {
            return;
        }
        changes->first = next;
    }
}
