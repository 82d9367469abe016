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

/* Of one of its files, or (file NULL) of appending: with the folder, as a server may have many logs. */
static int fail_in(const struct changes *changes, const char *file, aisle_error *error)
{
    int code = errno == ENOSPC || errno == EDQUOT ? AISLE_DISK_FULL : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "the change log %.120s%s%s: %s", changes->folder, file == NULL ? "" : "/",
                     file == NULL ? " cannot be written" : file, strerror(errno));
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
    int fd = openat(changes->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    uint64_t found;
    if (folder == NULL && fd >= 0) {
        close(fd);
    }
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
        return fail_in(changes, name, error);
    }
    int status = whole_bytes(changes->fd, &size, error);
    if (status == 0 && (ftruncate(changes->fd, (off_t)size) != 0 || fsync(changes->fd) != 0)) {
        status = fail_in(changes, name, error);
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
        changes->is_renewed = any || committed > 0;
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
        return fail_in(changes, name, error);
    }
    if (fsync(changes->folder_fd) != 0) {
        close(fd);
        return fail_in(changes, name, error);
    }
    if (changes->fd >= 0) {
        close(changes->fd);
    }
    changes->fd = fd;
    changes->file = changes->end;
    return 0;
}

int changes_check(struct changes *changes, aisle_error *error)
{
    char path[sizeof changes->folder + NAME_BYTES];
    struct stat found;
    struct stat named;
    if (changes->fd >= 0 && !changes->is_lost) {
        uint64_t size = changes->end - changes->file;
        snprintf(path, sizeof path, "%s/%020llu" SUFFIX, changes->folder, (unsigned long long)changes->file);
        bool is_same = fstat(changes->fd, &found) == 0 && stat(path, &named) == 0 && found.st_dev == named.st_dev &&
                       found.st_ino == named.st_ino;
        uint64_t there = is_same ? (uint64_t)found.st_size : 0;
        changes->is_lost = !is_same || there < size || (there > size && !changes->is_broken);
    }
    return changes_refuse(changes, error);
}

int changes_refuse(const struct changes *changes, aisle_error *error)
{
    return !changes->is_lost ? 0
                             : error_set(error, AISLE_IO,
                                         "the change log %.100s was cut or replaced by another program: no writes "
                                         "until the server is started again", changes->folder);
}

static int write_all(struct changes *changes, aisle_error *error)
{
    size_t done = 0;
    off_t at = (off_t)(changes->end - changes->file);
    while (done < changes->pending.size) {
        ssize_t put = pwrite(changes->fd, changes->pending.data + done, changes->pending.size - done,
                             at + (off_t)done);
        if (put < 0 && errno != EINTR) {
            return fail_in(changes, NULL, error);
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return fdatasync(changes->fd) == 0 ? 0 : fail_in(changes, NULL, error);
}

/* Takes back what a failed append has written. After a failed sync the kernel may have dropped pages: no further. */
static void take_back(struct changes *changes)
{
    off_t size = (off_t)(changes->end - changes->file);
    if (changes->is_lost) {
        return; /* the file is shorter, or another's */
    }
    changes->is_broken = changes->fd >= 0 && (ftruncate(changes->fd, size) != 0 || fsync(changes->fd) != 0);
}

/* Appends what is pending and syncs it. */
static int append(struct changes *changes, aisle_error *error)
{
    if (changes->is_broken) {
        take_back(changes);
    }
    int status = changes->is_broken ? error_set(error, AISLE_IO, "the change log %.120s cannot be written any more",
                                                changes->folder)
                                    : changes_check(changes, error);
    status = status != 0 ? status : begin_file(changes, error);
    if (status != 0) {
        return status;
    }
    status = write_all(changes, error);
    if (status == 0) {
        changes->end += changes->pending.size;
        status = changes_check(changes, error); /* whatever was synced is of no use in a file that is not the log's */
        changes->end -= status == 0 ? 0 : changes->pending.size;
    }
    if (status != 0) {
        take_back(changes);
    }
    return status;
}

int changes_sync(struct changes *changes, aisle_error *error)
{
    int status = buf_status(&changes->pending);
    if (status != 0) {
        error_set(error, status, "the change log: %s", aisle_error_text(status));
    } else if (changes->pending.size > 0) {
        status = append(changes, error);
    }
    buf_clear(&changes->pending);
    return status;
}

void changes_give_up(struct changes *changes, uint64_t end)
{
    changes->is_lost = true;
    changes->end = end;
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

/* The newest file is read as it is open, so that nothing is lost with its name. */
static int read_file(struct changes *changes, struct reading *reading, uint64_t file, uint64_t from,
                     aisle_error *error)
{
    char name[NAME_BYTES];
    int status = 0;
    name_of(file, name);
    bool is_newest = changes->fd >= 0 && file == changes->file;
    int fd = is_newest ? changes->fd : openat(changes->folder_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail_in(changes, name, error);
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
            status = got < 0 ? fail_in(changes, name, error) : 0;
            break;
        }
        at += (uint64_t)got;
        status = hand_out(reading, error);
    }
    if (!is_newest) {
        close(fd);
    }
    return status;
}

/* The first file at or behind from that is to be read; another program may have taken the newest from the folder. */
static bool next_to_read(const struct changes *changes, uint64_t from, uint64_t *file)
{
    bool any = changes->folder_fd >= 0 && next_file(changes, from, file);
    if (changes->fd >= 0 && changes->file >= from && (!any || changes->file < *file)) {
        *file = changes->file;
        any = true;
    }
    return any && (changes->fd < 0 || *file <= changes->file);
}

/* Whether lines are missing between two places; a log that went on behind a lost one has a wider gap there. */
static bool is_gap(uint64_t from, uint64_t to)
{
    return from < to && to - from < LOST_GAP_BYTES;
}

int changes_read(struct changes *changes, uint64_t from, bool is_whole, changes_line *line, void *context,
                 aisle_error *error)
{
    struct reading reading = {.line = line, .context = context, .offset = from};
    uint64_t file = 0;
    bool is_missing = false;
    int status = 0;
    buf_init(&reading.text, 2 * (size_t)LIMIT_LINE_BYTES + READ_BYTES);
    bool more = next_to_read(changes, 0, &file);
    while (status == 0 && more && !is_missing) {
        uint64_t next = 0;
        more = next_to_read(changes, file + 1, &next);
        if (!more || next > from) {
            is_missing = is_whole && is_gap(reading.offset, file);
            status = is_missing ? 0 : read_file(changes, &reading, file, from, error);
        }
        file = next;
    }
    is_missing = is_missing || (status == 0 && is_whole && is_gap(reading.offset, changes->end));
    buf_release(&reading.text);
    return !is_missing ? status
                       : error_set(error, AISLE_CORRUPT,
                                   "the change log %.100s lacks what stood behind offset %llu: another program has cut "
                                   "or removed files", changes->folder, (unsigned long long)reading.offset);
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
