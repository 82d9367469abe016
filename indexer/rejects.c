/*
 * rejects.c - putting reject lines together and writing them.
 */
#include "indexer/rejects.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "schema/json.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A path, a reason and a text, all of whose bytes may become six by escaping. */
#define REJECT_BYTES_MAX ((size_t)6 * (LIMIT_PATH_BYTES + LINE_SHOWN_BYTES) + 8192)

void rejects_init(struct rejects *rejects, const char *path)
{
    *rejects = (struct rejects){.path = path, .fd = -1};
    buf_init(&rejects->line, REJECT_BYTES_MAX);
}

void rejects_release(struct rejects *rejects)
{
    if (rejects->fd >= 0) {
        close(rejects->fd);
    }
    rejects->fd = -1;
    buf_release(&rejects->line);
}

static int io_error(const struct rejects *rejects, aisle_error *error)
{
    int code = errno == ENOSPC ? AISLE_DISK_FULL : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "the reject file %s cannot be written: %s", rejects->path, strerror(errno));
}

static int write_all(struct rejects *rejects, aisle_error *error)
{
    struct bytes rest = buf_bytes(&rejects->line);
    while (rest.size > 0) {
        ssize_t written = write(rejects->fd, rest.data, rest.size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return io_error(rejects, error);
        }
        rest = bytes_of(rest.data + written, rest.size - (size_t)written);
    }
    return 0;
}

/* As a JSON string, with the replacement character for every byte that is not UTF-8. */
static void put_any_text(struct buf *out, struct bytes text)
{
    size_t bad;
    buf_put_u8(out, '"');
    while (text.size > 0) {
        bool valid = utf8_valid(text, &bad);
        struct bytes good = bytes_of(text.data, valid ? text.size : bad);
        size_t before = out->size;
        json_put_string(out, good);
        if (buf_status(out) != 0) {
            return;
        }
        /* Its quotes give way to those of the whole. */
        memmove(out->data + before, out->data + before + 1, out->size - before - 2);
        out->size -= 2;
        if (!valid) {
            buf_put_string(out, "\xef\xbf\xbd");
        }
        text = bytes_of(text.data + good.size + !valid, text.size - good.size - !valid);
    }
    buf_put_u8(out, '"');
}

static int open_file(struct rejects *rejects, aisle_error *error)
{
    if (rejects->fd < 0) {
        rejects->fd = open(rejects->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    }
    return rejects->fd < 0 ? io_error(rejects, error) : 0;
}

int rejects_add(struct rejects *rejects, const char *source, const struct line *line, const aisle_error *reason,
                aisle_error *error)
{
    int status = open_file(rejects, error);
    if (status != 0) {
        return status;
    }
    struct buf *out = &rejects->line;
    buf_clear(out);
    buf_put_string(out, "{\"file\":");
    put_any_text(out, bytes_of_string(source));
    buf_put_string(out, ",\"line\":");
    if (line->number == 0) {
        buf_put_string(out, "null");
    } else {
        buf_printf(out, "%llu", (unsigned long long)line->number);
    }
    buf_printf(out, ",\"offset\":%llu,\"byte\":%zu,\"reason\":", (unsigned long long)line->offset, reason->position);
    put_any_text(out, bytes_of_string(reason->message));
    buf_put_string(out, ",\"text\":");
    struct bytes text = line->text;
    put_any_text(out, text.size > LINE_SHOWN_BYTES ? utf8_cut(text, LINE_SHOWN_BYTES) : text);
    buf_put_string(out, "}\n");
    if (buf_status(out) != 0) {
        return error_set(error, buf_status(out), "a reject cannot be written: %s", aisle_error_text(buf_status(out)));
    }
    return write_all(rejects, error);
}

int rejects_keep(struct rejects *rejects, struct bytes line, aisle_error *error)
{
    int status = open_file(rejects, error);
    buf_clear(&rejects->line);
    buf_put(&rejects->line, line.data, line.size);
    buf_put_u8(&rejects->line, '\n');
    if (status == 0 && buf_status(&rejects->line) != 0) {
        return error_set(error, buf_status(&rejects->line), "a reject cannot be kept: %s",
                         aisle_error_text(buf_status(&rejects->line)));
    }
    return status != 0 ? status : write_all(rejects, error);
}

int rejects_sync(struct rejects *rejects, aisle_error *error)
{
    return rejects->fd >= 0 && fdatasync(rejects->fd) != 0 && errno != EINVAL ? io_error(rejects, error) : 0;
}
