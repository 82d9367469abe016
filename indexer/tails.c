/*
 * tails.c - how far each file was read: by this run, and as the catalog knows.
 *
 * A file is told from another that takes its name by its identity, a hash of its first line. A file that the catalog
 * does not know under its name, but whose identity it has under another, was moved there, if a rotation may have done
 * so and the other name is gone or belongs to another file by now: reading goes on where it was left. Two files that
 * begin with the same line, as exports of each day may, are two files. Rotations that copy a log and cut it off leave
 * the same file with another identity: what is open is looked at again behind each read, and the list of files when one
 * is opened that is no longer as it was listed. Thread rule: one thread at a time.
 */
#include "indexer/run.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDENTITY_BYTES 4096u

/* -------------------------------------------------------------------------------------------------- tails -- */

/* Index of the first tail whose path is not below. */
static size_t lower_bound(const struct run *run, const char *path)
{
    size_t low = 0;
    size_t high = run->tail_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(run->tails[middle].path, path) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct tail *find_tail(const struct run *run, const char *path)
{
    size_t at = lower_bound(run, path);
    return at < run->tail_count && strcmp(run->tails[at].path, path) == 0 ? &run->tails[at] : NULL;
}

struct tail *run_tail(struct run *run, const char *path)
{
    size_t at = lower_bound(run, path);
    if (at < run->tail_count && strcmp(run->tails[at].path, path) == 0) {
        return &run->tails[at];
    }
    if ((run->tail_count & (run->tail_count - 1)) == 0) { /* a power of two is full */
        size_t capacity = run->tail_count == 0 ? 1 : 2 * run->tail_count;
        struct tail *grown = mem_realloc(run->tails, capacity * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        run->tails = grown;
    }
    char *copy = mem_copy_string(path, strlen(path));
    if (copy == NULL) {
        return NULL;
    }
    memmove(&run->tails[at + 1], &run->tails[at], (run->tail_count - at) * sizeof *run->tails);
    run->tails[at] = (struct tail){.path = copy, .number = 1};
    run->tail_count++;
    run->tail += run->source != NULL && at <= run->tail;
    return &run->tails[at];
}

void run_release_tails(struct run *run)
{
    for (size_t i = 0; i < run->tail_count; i++) {
        mem_free(run->tails[i].path);
    }
    for (size_t i = 0; i < run->known_count; i++) {
        mem_free(run->known[i].source);
    }
    mem_free(run->tails);
    mem_free(run->known);
    mem_free(run->streams);
}

bool run_has_more(struct run *run, const struct source *source)
{
    const struct tail *tail = find_tail(run, source->path);
    if (tail == NULL || !tail->opened || !source->is_file) {
        return tail == NULL || !tail->ended;
    }
    return tail->device != source->device || tail->inode != source->inode || tail->bytes != source->bytes ||
           tail->changed.tv_sec != source->changed.tv_sec || tail->changed.tv_nsec != source->changed.tv_nsec;
}

/* ------------------------------------------------------------------------------- what the catalog knows -- */

struct loading {
    struct run *run;
    int status;
};

static void take_log(void *context, const aisle_position *position)
{
    struct loading *loading = context;
    struct run *run = loading->run;
    for (size_t i = 0; i < run->options->source_count; i++) {
        struct stream *stream = &run->streams[i];
        if (strcmp(stream->name, position->source) == 0) {
            stream->marks = position->offset;
            if (position->seq != NULL && !run->options->from_start) {
                sequence_resume(&stream->sequence, position->seq);
                snprintf(stream->marked, sizeof stream->marked, "%s", position->seq);
            }
            return;
        }
    }
    if (strncmp(position->source, RUN_STREAM_PREFIX, sizeof RUN_STREAM_PREFIX - 1) == 0 || loading->status != 0) {
        return;
    }
    size_t count = run->known_count;
    if ((count & (count - 1)) == 0) {
        size_t capacity = count == 0 ? 1 : 2 * count;
        struct known_log *grown = mem_realloc(run->known, capacity * sizeof *grown);
        loading->status = grown == NULL ? AISLE_NO_MEMORY : 0;
        run->known = grown == NULL ? run->known : grown;
    }
    char *copy = loading->status != 0 ? NULL : mem_copy_string(position->source, strlen(position->source));
    if (copy == NULL) {
        loading->status = AISLE_NO_MEMORY;
        return;
    }
    run->known[run->known_count++] = (struct known_log){copy, position->identity, position->offset};
}

static int compare_known(const void *a, const void *b)
{
    uint64_t x = ((const struct known_log *)a)->identity;
    uint64_t y = ((const struct known_log *)b)->identity;
    return (x > y) - (x < y);
}

int run_load_logs(struct run *run, aisle_error *error)
{
    run->streams = mem_calloc(run->options->source_count + 1, sizeof *run->streams);
    if (run->streams == NULL) {
        return error_no_memory(error, "starting to index");
    }
    for (size_t i = 0; i < run->options->source_count; i++) {
        struct stream *stream = &run->streams[i];
        const char *operand = run->options->sources[i];
        size_t size = strlen(operand);
        while (size > 1 && operand[size - 1] == '/') {
            size--;
        }
        size_t room = SOURCE_NAME_BYTES - (sizeof RUN_STREAM_PREFIX - 1);
        size_t left_out = size > room ? size - room : 0;
        stream->operand = operand;
        snprintf(stream->name, sizeof stream->name, RUN_STREAM_PREFIX "%.*s", (int)(size - left_out),
                 operand + left_out);
    }
    struct loading loading = {.run = run};
    int status = aisle_logs(run->catalog, take_log, &loading, error);
    if (status == 0 && loading.status != 0) {
        return error_no_memory(error, "reading the log positions");
    }
    if (run->known_count > 0) {
        qsort(run->known, run->known_count, sizeof *run->known, compare_known);
    }
    return status;
}

/* ----------------------------------------------------------------------------------------------- identity -- */

/* Of a file that begins so, with at most IDENTITY_BYTES; *open: no newline ends its first line yet. */
static uint64_t identity_of(struct bytes beginning, bool *open)
{
    const uint8_t *newline = beginning.size == 0 ? NULL : memchr(beginning.data, '\n', beginning.size);
    size_t size = newline == NULL ? beginning.size : (size_t)(newline - beginning.data);
    size -= size > 0 && beginning.data[size - 1] == '\r';
    *open = newline == NULL && beginning.size < IDENTITY_BYTES;
    return hash_bytes(beginning.data, size);
}

/* The hash of the reader's first line. */
static int hash_first_line(struct line_reader *reader, uint64_t *identity, bool *open, aisle_error *error)
{
    struct bytes beginning;
    int status = line_reader_peek(reader, IDENTITY_BYTES, &beginning, error);
    if (status == 0) {
        *identity = identity_of(beginning, open);
    }
    return status;
}

bool run_is_rewritten(const struct run *run)
{
    const struct input *input = &run->reader.input;
    uint8_t beginning[IDENTITY_BYTES];
    bool open;
    if (!run->reader.is_file || run->first_line_open || input->kind == INPUT_GZIP || input->kind == INPUT_ZSTD) {
        return false;
    }
    ssize_t got = pread(input->fd, beginning, sizeof beginning, 0);
    return got >= 0 && identity_of(bytes_of(beginning, (size_t)got), &open) != run->identity;
}

/* Whether the file under this path is, or may be, the one of this identity; not the one of the source. */
static bool is_still_there(const char *path, const struct source *source, uint64_t identity)
{
    struct stat found;
    struct line_reader reader;
    uint64_t now = 0;
    bool open;
    if (stat(path, &found) != 0 || (found.st_dev == source->device && found.st_ino == source->inode) ||
        line_reader_open(&reader, path, NULL, NULL) != 0) {
        return false;
    }
    int status = hash_first_line(&reader, &now, &open, NULL);
    line_reader_close(&reader);
    return status != 0 || now == identity;
}

/* Where the file was left under another name that it has no longer; 0: nowhere. */
static uint64_t find_moved(const struct run *run, const struct source *source)
{
    for (size_t i = 0; i < run->tail_count; i++) {
        const struct tail *tail = &run->tails[i];
        if (tail->identity == run->identity && tail->offset > 0 && strcmp(tail->path, source->path) != 0 &&
            sources_same_log(tail->path, source->path) && !is_still_there(tail->path, source, run->identity)) {
            return tail->offset;
        }
    }
    struct known_log key = {.identity = run->identity};
    const struct known_log *known = run->known_count == 0 ? NULL
                                                          : bsearch(&key, run->known, run->known_count,
                                                                    sizeof *run->known, compare_known);
    while (known != NULL && known > run->known && known[-1].identity == run->identity) {
        known--;
    }
    for (; known != NULL && known < run->known + run->known_count && known->identity == run->identity; known++) {
        if (known->offset > 0 && strcmp(known->source, run->source_name) != 0 &&
            sources_same_log(known->source, source->path) &&
            !is_still_there(known->source, source, run->identity)) {
            return known->offset;
        }
    }
    return 0;
}

/* ----------------------------------------------------------------------------------------------- opening -- */

void run_leave_source(struct run *run)
{
    line_reader_close(&run->reader);
}

static int open_reader(struct run *run, const struct source *source, aisle_error *error)
{
    const volatile sig_atomic_t *stop = run->options->signals == NULL ? NULL : &run->options->signals->stop;
    struct tail *tail = run_tail(run, source->path);
    if (tail == NULL) {
        return error_no_memory(error, "reading a change log");
    }
    size_t size = strlen(tail->path);
    run->tail = (size_t)(tail - run->tails);
    run->source = tail->path;
    run->source_name = run->source + (size > SOURCE_NAME_BYTES ? size - SOURCE_NAME_BYTES : 0);
    run->stream = &run->streams[source->stream];
    /* The pipe that a schema was inferred from is open already. */
    bool open = run->reader.data != NULL;
    int status = open ? 0 : line_reader_open(&run->reader, run->source, stop, error);
    if (status == AISLE_NOT_FOUND && source->is_file) {
        return AISLE_END;
    }
    run->reader.input.stop = stop;
    run->reader.input.waits_not = run->options->follow && !source->is_file;
    struct stat found;
    bool other = status == 0 && source->is_file && fstat(run->reader.input.fd, &found) == 0 &&
                 (found.st_dev != source->device || found.st_ino != source->inode);
    if (other) {
        run_leave_source(run);
        return AISLE_END;
    }
    return status;
}

static int identify(struct run *run, aisle_error *error)
{
    if (!run->reader.is_file) {
        /* What comes through a pipe is new each time. */
        const uint64_t now[2] = {(uint64_t)clock_wall_ms(), (uint64_t)getpid() << 32 ^ clock_monotonic_ns()};
        run->identity = hash_bytes(now, sizeof now);
        run->first_line_open = false;
        return 0;
    }
    return hash_first_line(&run->reader, &run->identity, &run->first_line_open, error);
}

/* Forgets the committed position, or operations before it would count as done already. */
static int forget_position(struct run *run, aisle_error *error)
{
    uint64_t identity = run->identity;
    run->identity = ~identity;
    int status = run_mark(run, 1, NULL, error);
    status = status != 0 ? status : run_commit(run, error);
    run->identity = identity;
    return status;
}

/* Where to go on; *forget: the committed position is not to be kept to. */
static int find_offset(struct run *run, const struct source *source, uint64_t *offset, bool *forget,
                       aisle_error *error)
{
    const struct tail *tail = &run->tails[run->tail];
    uint64_t committed = 0;
    int status = aisle_log_offset(run->catalog, run->source_name, run->identity, &committed, error);
    *offset = committed;
    *forget = false;
    if (status != 0) {
        return status;
    }
    if (tail->again || (run->options->from_start && !tail->opened)) {
        *offset = tail->again ? tail->offset : 0;
        *forget = committed > 0;
    } else if (tail->opened && tail->identity == run->identity && tail->offset >= committed) {
        *offset = tail->offset;
    } else if (committed == 0) {
        *offset = find_moved(run, source);
    }
    return 0;
}

/*
 * Notes under its name how far a file was read that was moved there: what is read from now on under the name that it
 * had takes the place of its position, and without one a later run would read it again, behind what is newer.
 */
static int keep_position(struct run *run, uint64_t offset, aisle_error *error)
{
    uint64_t committed = 0;
    int status = offset == 0 ? 0 : aisle_log_offset(run->catalog, run->source_name, run->identity, &committed, error);
    if (status != 0 || offset == 0 || committed >= offset) {
        return status;
    }
    if (run->pending.lines++ == 0) {
        run->pending.first_ns = clock_monotonic_ns();
    }
    return run_mark(run, offset, NULL, error);
}

/* Goes to where reading stopped. */
static int resume(struct run *run, const struct source *source, aisle_error *error)
{
    struct tail *tail = &run->tails[run->tail];
    uint64_t offset = 0;
    uint64_t number = tail->number;
    bool forget = false;
    if (!run->reader.is_file) {
        tail->opened = true;
        return 0;
    }
    int status = find_offset(run, source, &offset, &forget, error);
    bool same = tail->opened && tail->identity == run->identity && tail->offset == offset;
    tail->identity = run->identity;
    tail->opened = true;
    tail->again = false;
    if (status == 0 && offset > 0) {
        status = line_reader_seek(&run->reader, offset, error);
        if (status == AISLE_END) { /* it was written anew with the same first line */
            offset = 0;
            forget = true;
            status = line_reader_seek(&run->reader, 0, error);
        }
    }
    run->reader.number = offset == 0 ? 1 : same ? number : 0;
    tail->offset = offset;
    struct indexer_counts *counts = &run->summary->counts;
    counts->bytes_total -= offset < counts->bytes_total ? offset : counts->bytes_total;
    status = status == 0 && forget ? forget_position(run, error) : status;
    return status == 0 ? keep_position(run, offset, error) : status;
}

/* Whether the reader that is open goes on with this source. */
static bool is_open(const struct run *run, const struct source *source)
{
    if (run->reader.data == NULL || run->source == NULL) {
        return false;
    }
    const struct tail *tail = &run->tails[run->tail];
    return !run->first_line_open && strcmp(run->source, source->path) == 0 &&
           tail->device == source->device && tail->inode == source->inode && source->bytes >= tail->bytes &&
           !run_is_rewritten(run);
}

/* Whether the first line, which is not ended, is only begun: until it is whole the file has no identity. */
static int is_begun(struct run *run, bool *begun, aisle_error *error)
{
    struct bytes beginning = bytes_of(NULL, 0);
    int status = run->first_line_open ? line_reader_peek(&run->reader, IDENTITY_BYTES, &beginning, error) : 0;
    *begun = beginning.size > 0 && json_parse(run->decoder.json, beginning, NULL) != 0;
    return status;
}

/*
 * Whether the file that was opened is what was listed. One that has another size, and an identity that this run has not
 * read under its name, may have been copied away and written anew since: its copy, which comes first, is not in the
 * list then.
 */
static int is_as_listed(struct run *run, const struct source *source, bool *as_listed, aisle_error *error)
{
    const struct tail *tail = &run->tails[run->tail];
    struct stat found;
    struct sources now;
    *as_listed = !run->reader.is_file || (tail->opened && tail->identity == run->identity) ||
                 (fstat(run->reader.input.fd, &found) == 0 && (uint64_t)found.st_size == source->bytes);
    if (*as_listed) {
        return 0;
    }
    int status = sources_settle(&now, run->options->sources, run->options->source_count, true, error);
    *as_listed = status == 0 && sources_are_same(&now, &run->sources);
    sources_release(&now);
    return status;
}

/* Opens a source and goes to where reading stopped. AISLE_END as run_apply_source. */
static int enter_source(struct run *run, const struct source *source, bool *begun, aisle_error *error)
{
    bool as_listed = true;
    if (run->source != NULL) {
        run_leave_source(run);
    }
    int status = open_reader(run, source, error);
    status = status != 0 ? status : identify(run, error);
    status = status != 0 ? status : is_as_listed(run, source, &as_listed, error);
    if (status == 0 && !as_listed) {
        run_leave_source(run);
        return AISLE_END;
    }
    status = status != 0 ? status : is_begun(run, begun, error);
    return status != 0 || *begun ? status : resume(run, source, error);
}

int run_apply_source(struct run *run, const struct source *source, aisle_error *error)
{
    int status = 0;
    bool begun = false;
    if (is_open(run, source)) {
        line_reader_again(&run->reader);
    } else {
        status = enter_source(run, source, &begun, error);
    }
    if (status != 0) { /* the tail may be what there was no memory for */
        return status;
    }
    struct tail *tail = &run->tails[run->tail];
    tail->device = source->device;
    tail->inode = source->inode;
    tail->bytes = source->bytes;
    tail->changed = source->changed;
    status = begun ? 0 : run_apply_lines(run, error);
    run->waits = run->waits || begun;
    if (!run->options->follow) {
        run->summary->counts.waiting += status == 0 && (run->waits || input_is_cut(&run->reader.input));
        run->tails[run->tail].ended = !source->is_file;
        run_leave_source(run);
    } else if (!run->reader.is_file && run->reader.input.ended) {
        tail = &run->tails[run->tail];
        tail->ended = true;
        run_leave_source(run);
    }
    return status;
}

int run_apply_all(struct run *run, aisle_error *error)
{
    int status = 0;
    for (size_t i = 0; i < run->sources.count && status == 0; i++) {
        if (run_is_stopped(run) || run->summary->too_many_rejects) {
            break;
        }
        if (run_has_more(run, &run->sources.files[i])) {
            status = run_apply_source(run, &run->sources.files[i], error);
        }
        if (status == AISLE_END) {
            sources_release(&run->sources);
            status = sources_settle(&run->sources, run->options->sources, run->options->source_count, true, error);
            i = SIZE_MAX; /* from the first again; what was read of them has no more */
        }
    }
    return status;
}
