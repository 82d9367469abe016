/*
 * retry.c - rejected lines once more.
 *
 * A rejected line is not applied alone, since what came behind it in the log has been applied already: it would undo
 * newer changes. Instead the streams are read again from their first rejected line on, in order, and committed at the
 * end, so that nobody sees old states. The old reject file is kept as NAME.retried until then, and taken up again when
 * a retry was cut short. Lines of files that are not among the sources stay in the reject file.
 * Thread rule: one thread at a time.
 */
#include "indexer/run.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SUFFIX ".retried"
#define COPY_BYTES 65536u

static int io_error(const char *path, aisle_error *error)
{
    int code = errno == ENOSPC ? AISLE_DISK_FULL : errno == EACCES ? AISLE_PERMISSION : AISLE_IO;
    return error_set(error, code, "the reject file %s: %s", path, strerror(errno));
}

static int retried_path(const struct run *run, char path[LIMIT_PATH_BYTES], aisle_error *error)
{
    int size = snprintf(path, LIMIT_PATH_BYTES, "%s" SUFFIX, run->rejects.path);
    return size > 0 && (size_t)size < LIMIT_PATH_BYTES
               ? 0
               : error_set(error, AISLE_LIMIT, "the reject file's path is longer than %u bytes", LIMIT_PATH_BYTES - 10);
}

/* Appends what one file holds to another. */
static int append_file(const char *from, const char *to, aisle_error *error)
{
    uint8_t *buffer = mem_alloc(COPY_BYTES);
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    int status = buffer == NULL       ? error_no_memory(error, "retrying rejects")
                 : in < 0 || out < 0 ? io_error(from, error)
                                     : 0;
    for (ssize_t got = 1; status == 0 && got > 0;) {
        got = read(in, buffer, COPY_BYTES);
        for (ssize_t done = 0; status == 0 && done < got;) {
            ssize_t written = write(out, buffer + done, (size_t)(got - done));
            status = written < 0 ? io_error(to, error) : 0;
            done += written > 0 ? written : 0;
        }
        status = status == 0 && got < 0 ? io_error(from, error) : status;
    }
    status = status == 0 && fdatasync(out) != 0 ? io_error(to, error) : status;
    if (in >= 0) {
        close(in);
    }
    if (out >= 0) {
        close(out);
    }
    mem_free(buffer);
    return status;
}

/* Index of the source of this path, or the count. */
static size_t find_source(const struct run *run, struct bytes path)
{
    size_t i = 0;
    while (i < run->sources.count && !bytes_equal(bytes_of_string(run->sources.files[i].path), path)) {
        i++;
    }
    return i;
}

/* Where each stream begins anew: the first of its files that has a rejected line, and that line's offset. */
struct start {
    size_t source; /* the sources' count: nowhere */
    uint64_t offset;
};

static int take_line(struct run *run, const struct line *line, struct start *starts, aisle_error *error)
{
    size_t count;
    int status = json_parse(run->decoder.json, line->text, NULL);
    if (status != 0) {
        return status == AISLE_NO_MEMORY ? error_no_memory(error, "retrying rejects") : 0;
    }
    const struct json_node *nodes = json_nodes(run->decoder.json, &count);
    size_t member = row_member(run->decoder.json, 0, "offset");
    size_t source = find_source(run, row_text(run->decoder.json, 0, "file"));
    if (source == run->sources.count || member == 0 || nodes[member].type != JSON_NUMBER) {
        return rejects_keep(&run->rejects, line->text, error);
    }
    char text[24] = {0};
    memcpy(text, nodes[member].text.data, nodes[member].text.size < sizeof text ? nodes[member].text.size : 0);
    uint64_t offset = strtoull(text, NULL, 10);
    struct start *start = &starts[run->sources.files[source].stream];
    if (source < start->source || (source == start->source && offset < start->offset)) {
        *start = (struct start){source, offset};
    }
    return 0;
}

static int read_rejects(struct run *run, const char *path, struct start *starts, aisle_error *error)
{
    struct line_reader reader;
    struct line line;
    int status = line_reader_open(&reader, path, NULL, error);
    while (status == 0) {
        status = line_reader_next(&reader, &line, error);
        status = status != 0 || line.text.size == 0 ? status : take_line(run, &line, starts, error);
    }
    line_reader_close(&reader);
    return status == AISLE_END ? 0 : status;
}

/* From there on every file of the stream is read again. */
static int set_back(struct run *run, const struct start *starts, aisle_error *error)
{
    for (size_t i = 0; i < run->sources.count; i++) {
        const struct source *source = &run->sources.files[i];
        const struct start *start = &starts[source->stream];
        if (i < start->source || !source->is_file) {
            continue;
        }
        struct tail *tail = run_tail(run, source->path);
        if (tail == NULL) {
            return error_no_memory(error, "retrying rejects");
        }
        tail->again = true;
        tail->offset = i == start->source ? start->offset : 0;
        run->streams[source->stream].sequence = (struct sequence){.repeats = 0};
    }
    return 0;
}

int run_plan_retry(struct run *run, aisle_error *error)
{
    char path[LIMIT_PATH_BYTES];
    struct start *starts = mem_calloc(run->options->source_count + 1, sizeof *starts);
    int status = starts == NULL ? error_no_memory(error, "retrying rejects") : retried_path(run, path, error);
    bool fresh = status == 0 && access(run->rejects.path, F_OK) == 0;
    bool left = status == 0 && access(path, F_OK) == 0;
    if (fresh && left) {
        status = append_file(run->rejects.path, path, error);
        status = status == 0 && unlink(run->rejects.path) != 0 ? io_error(run->rejects.path, error) : status;
    } else if (fresh && rename(run->rejects.path, path) != 0) {
        status = io_error(run->rejects.path, error);
    }
    for (size_t i = 0; status == 0 && i < run->options->source_count; i++) {
        starts[i].source = run->sources.count;
    }
    if (status == 0 && (fresh || left)) {
        status = read_rejects(run, path, starts, error);
        status = status != 0 ? status : set_back(run, starts, error);
    }
    mem_free(starts);
    return status;
}

int run_finish_retry(struct run *run, aisle_error *error)
{
    char path[LIMIT_PATH_BYTES];
    int status = retried_path(run, path, error);
    return status == 0 && unlink(path) != 0 && errno != ENOENT ? io_error(path, error) : status;
}
