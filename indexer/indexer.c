/*
 * indexer.c - one run: opens or creates the catalog, applies every source, commits now and then and at the end.
 *
 * Each line's end is marked before its operation, so a commit keeps both together. Between commits a run holds on to
 * at most COMMIT_LINES lines or COMMIT_SECONDS seconds of work; commits are not made more often, because each makes
 * a segment that has to be merged later. Reading is line_reader.h's, decoding change.h's.
 */
#include "indexer/indexer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "indexer/change.h"
#include "indexer/infer.h"
#include "indexer/line_reader.h"
#include "indexer/rejects.h"
#include "indexer/sources.h"

#include <stdio.h>
#include <unistd.h>

#define COMMIT_LINES UINT64_C(2000000)
#define COMMIT_SECONDS UINT64_C(30)
#define LINES_PER_LOOK 256u /* at the clock */
#define PROGRESS_NS UINT64_C(200000000)
#define IDENTITY_BYTES 4096u
#define SOURCE_NAME_BYTES 255u

struct run {
    const struct indexer_options *options;
    struct indexer_summary *summary;
    struct sources sources;
    struct json *json;
    struct rejects rejects;
    char rejects_path[LIMIT_PATH_BYTES];
    aisle *catalog;
    aisle_writer *writer;
    struct line_reader reader;
    const char *source;      /* path of the current one */
    const char *source_name; /* its end, when it is long */
    uint64_t identity;
    uint64_t start_ns;
    uint64_t commit_ns;   /* when the last commit ended */
    uint64_t progress_ns; /* when the caller last heard */
    uint64_t lines_since_commit;
};

static bool is_stopped(const struct run *run)
{
    return run->options->stop != NULL && *run->options->stop != 0;
}

static int commit(struct run *run, aisle_error *error)
{
    int status = rejects_sync(&run->rejects, error);
    status = status != 0 ? status : aisle_commit(run->writer, error);
    run->summary->commits += status == 0;
    run->lines_since_commit = 0;
    run->commit_ns = clock_monotonic_ns();
    return status;
}

/* -------------------------------------------------------------------------------------------- one line -- */

static void count_reason(struct indexer_summary *summary, const char *message)
{
    for (size_t i = 0; i < summary->reason_count; i++) {
        if (strcmp(summary->reasons[i].message, message) == 0) {
            summary->reasons[i].count++;
            return;
        }
    }
    if (summary->reason_count < INDEXER_REASONS) {
        struct indexer_reason *reason = &summary->reasons[summary->reason_count++];
        snprintf(reason->message, sizeof reason->message, "%s", message);
        reason->count = 1;
    }
}

static int reject(struct run *run, const struct line *line, const aisle_error *reason, aisle_error *error)
{
    run->summary->counts.rejects++;
    count_reason(run->summary, reason->message);
    int status = rejects_add(&run->rejects, run->source, line, reason, error);
    if (status == 0 && run->summary->counts.rejects > run->options->rejects_max) {
        run->summary->too_many_rejects = true;
    }
    return status;
}

static int mark(struct run *run, uint64_t offset, const char *seq, aisle_error *error)
{
    const aisle_position position = {.source = run->source_name,
                                     .identity = run->identity,
                                     .offset = offset,
                                     .seq = seq == NULL || seq[0] == '\0' ? NULL : seq};
    return aisle_mark(run->writer, &position, error);
}

/* Applies the change. Its status is that of aisle.h, the error's position one in the line. */
static int apply(struct run *run, const struct change *change, aisle_error *error)
{
    struct indexer_counts *counts = &run->summary->counts;
    const aisle_bytes body = {(const char *)change->body.data, change->body.size};
    const aisle_bytes id = {(const char *)change->id.data, change->id.size};
    int status = 0;
    switch (change->kind) {
    case CHANGE_PUT:
        status = aisle_put(run->writer, body, error);
        counts->puts += status == 0;
        break;
    case CHANGE_PATCH:
        status = aisle_patch(run->writer, id, body, error);
        counts->patches += status == 0;
        break;
    case CHANGE_DELETE:
        status = aisle_delete(run->writer, id, error);
        counts->unknown_deletes += status == AISLE_NOT_FOUND;
        status = status == AISLE_NOT_FOUND ? 0 : status;
        counts->deletes += status == 0;
        break;
    }
    if (status == AISLE_BAD_PRODUCT) {
        error->position += change->body_position;
    } else if (status == AISLE_NOT_FOUND) {
        /* Without the id, so that all of them are counted as one reason. */
        error_set(error, status, "the patch is of an unknown id");
    }
    return status;
}

/* Whether the status speaks of the line, and not of the catalog or the machine. */
static bool is_line_fault(int status, const struct change *change)
{
    return status == AISLE_BAD_PRODUCT || (status == AISLE_NOT_FOUND && change->kind == CHANGE_PATCH);
}

/*
 * Whether the last line, which no newline ends, is all there: a writer may be in the middle of it. Only whole JSON is
 * passed; else the position stays before the line and the next run reads it again.
 */
static bool is_whole(struct run *run, const struct line *line)
{
    return line->ended || json_parse(run->json, line->text, NULL) == 0;
}

static int apply_line(struct run *run, const struct line *line, aisle_error *error)
{
    aisle_error reason = {0};
    struct change change = {0};
    int status;
    run->summary->counts.lines++;
    run->lines_since_commit++;
    bool whole = is_whole(run, line); /* before decoding, which leaves the id in run->json */
    if (line->too_long) {
        status = error_set(&reason, AISLE_BAD_PRODUCT, "the line is longer than %u bytes", LIMIT_LINE_BYTES);
    } else {
        status = change_decode(run->json, line->text, &change, &reason);
    }
    if (status == 0 && change.kind != CHANGE_DELETE && change.body.size > LIMIT_PRODUCT_BYTES) {
        status = error_set_at(&reason, AISLE_BAD_PRODUCT, change.body_position,
                              "the product is longer than %u bytes", LIMIT_PRODUCT_BYTES);
    }
    if (whole) {
        int marked = mark(run, line->end_offset, change.seq, error);
        if (marked != 0) {
            return marked;
        }
    }
    status = status != 0 ? status : apply(run, &change, &reason);
    if (status == 0) {
        return 0;
    }
    if (!is_line_fault(status, &change)) {
        if (error != NULL) {
            *error = reason;
        }
        return status;
    }
    return reject(run, line, &reason, error);
}

static bool is_blank(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != ' ' && text.data[i] != '\t') {
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------------ one source -- */

/* Tells a file from another that takes its name: a hash of its first line, at most IDENTITY_BYTES of it. */
static int identify(struct run *run, aisle_error *error)
{
    if (!run->reader.is_file) {
        /* What comes through a pipe is new each time. */
        const uint64_t now[2] = {(uint64_t)clock_wall_ms(), (uint64_t)getpid() << 32 ^ clock_monotonic_ns()};
        run->identity = hash_bytes(now, sizeof now);
        return 0;
    }
    struct bytes beginning;
    int status = line_reader_peek(&run->reader, IDENTITY_BYTES, &beginning, error);
    if (status == 0) {
        const uint8_t *newline = beginning.size == 0 ? NULL : memchr(beginning.data, '\n', beginning.size);
        size_t size = newline == NULL ? beginning.size : (size_t)(newline - beginning.data);
        size -= size > 0 && beginning.data[size - 1] == '\r';
        run->identity = hash_bytes(beginning.data, size);
    }
    return status;
}

/* Forgets the committed position, or operations before it would count as done already. */
static int forget_position(struct run *run, aisle_error *error)
{
    uint64_t identity = run->identity;
    run->identity = ~identity;
    int status = mark(run, 1, NULL, error);
    status = status != 0 ? status : commit(run, error);
    run->identity = identity;
    return status;
}

/* Goes to where the last run stopped. */
static int resume(struct run *run, aisle_error *error)
{
    uint64_t offset = 0;
    if (!run->reader.is_file) {
        return 0;
    }
    int status = aisle_log_offset(run->catalog, run->source_name, run->identity, &offset, error);
    if (status != 0 || offset == 0) {
        return status;
    }
    /* A file shorter than its position was written anew with the same first line. */
    if (run->options->from_start || offset > run->reader.file_bytes) {
        return forget_position(run, error);
    }
    struct indexer_counts *counts = &run->summary->counts;
    counts->bytes_total -= offset < counts->bytes_total ? offset : counts->bytes_total;
    return line_reader_seek(&run->reader, offset, error);
}

static void report_progress(struct run *run, uint64_t now)
{
    run->summary->counts.ns = now - run->start_ns;
    if (run->options->progress != NULL && now - run->progress_ns >= PROGRESS_NS) {
        run->progress_ns = now;
        run->options->progress(run->options->context, &run->summary->counts);
    }
}

static int look_at_clock(struct run *run, aisle_error *error)
{
    uint64_t now = clock_monotonic_ns();
    report_progress(run, now);
    if (run->lines_since_commit >= COMMIT_LINES ||
        (run->lines_since_commit > 0 && now - run->commit_ns >= COMMIT_SECONDS * 1000000000)) {
        return commit(run, error);
    }
    return 0;
}

static int apply_lines(struct run *run, aisle_error *error)
{
    struct indexer_counts *counts = &run->summary->counts;
    uint64_t bytes_before = counts->bytes;
    uint64_t start = run->reader.offset;
    int status = 0;
    for (unsigned i = 1; status == 0 && !is_stopped(run) && !run->summary->too_many_rejects; i++) {
        struct line line;
        status = line_reader_next(&run->reader, &line, error);
        if (status == 0) {
            counts->bytes = bytes_before + (line.end_offset - start);
            status = is_blank(line.text) ? 0 : apply_line(run, &line, error);
        }
        if (status == 0 && i % LINES_PER_LOOK == 0) {
            status = look_at_clock(run, error);
        }
    }
    return status == AISLE_END ? 0 : status;
}

/* The reader is open already for the first source of a run that creates the catalog. */
static int open_source(struct run *run, size_t i, aisle_error *error)
{
    run->source = run->sources.paths[i];
    size_t size = strlen(run->source);
    run->source_name = run->source + (size > SOURCE_NAME_BYTES ? size - SOURCE_NAME_BYTES : 0);
    return run->reader.data != NULL ? 0
                                    : line_reader_open(&run->reader, run->source, run->options->stop, error);
}

static int apply_source(struct run *run, size_t i, aisle_error *error)
{
    int status = open_source(run, i, error);
    status = status != 0 ? status : identify(run, error);
    status = status != 0 ? status : resume(run, error);
    status = status != 0 ? status : apply_lines(run, error);
    line_reader_close(&run->reader);
    return status;
}

/* --------------------------------------------------------------------------------------------- the run -- */

static int create_catalog(struct run *run, aisle_error *error)
{
    char *schema = NULL;
    int status = open_source(run, 0, error);
    status = status != 0 ? status : infer_schema(&run->reader, run->json, &schema, error);
    status = status != 0 ? status : aisle_create(run->options->catalog, schema, NULL, error);
    if (status == 0 && run->options->created != NULL) {
        run->options->created(run->options->context, schema);
    }
    aisle_free(schema);
    return status;
}

static int open_catalog(struct run *run, aisle_error *error)
{
    int status = 0;
    if (access(run->options->catalog, F_OK) != 0 && run->sources.count > 0) {
        status = create_catalog(run, error);
    }
    const aisle_options options = {
        .size = sizeof options, .memory_bytes = run->options->memory_bytes, .threads = run->options->threads};
    status = status != 0 ? status : aisle_open(run->options->catalog, &options, &run->catalog, error);
    return status != 0 ? status : aisle_begin(run->catalog, &run->writer, error);
}

static int prepare(struct run *run, aisle_error *error)
{
    const struct indexer_options *options = run->options;
    const char *rejects = options->rejects;
    if (rejects == NULL) {
        size_t size = strlen(options->catalog);
        while (size > 1 && options->catalog[size - 1] == '/') {
            size--;
        }
        int written = snprintf(run->rejects_path, sizeof run->rejects_path, "%.*s.rejects.jsonl",
                               (int)(size < LIMIT_PATH_BYTES ? size : LIMIT_PATH_BYTES), options->catalog);
        if (written < 0 || (size_t)written >= sizeof run->rejects_path) {
            return error_set(error, AISLE_LIMIT, "the catalog's path is longer than %u bytes", LIMIT_PATH_BYTES - 20);
        }
        rejects = run->rejects_path;
    }
    rejects_init(&run->rejects, rejects);
    int status = json_new(&run->json);
    if (status != 0) {
        return error_no_memory(error, "starting to index");
    }
    status = sources_expand(&run->sources, options->sources, options->source_count, error);
    for (size_t i = 0; i < run->sources.count; i++) {
        run->summary->counts.bytes_total += source_bytes(run->sources.paths[i]);
    }
    return status;
}

int indexer_run(const struct indexer_options *options, struct indexer_summary *summary, aisle_error *error)
{
    *summary = (struct indexer_summary){.writer = {.size = sizeof summary->writer}};
    struct run run = {.options = options, .summary = summary, .reader = {.fd = -1}, .rejects = {.fd = -1}};
    run.start_ns = clock_monotonic_ns();
    run.commit_ns = run.start_ns;
    int status = prepare(&run, error);
    status = status != 0 ? status : open_catalog(&run, error);
    for (size_t i = 0; status == 0 && i < run.sources.count && !is_stopped(&run) && !summary->too_many_rejects; i++) {
        status = apply_source(&run, i, error);
    }
    status = status != 0 ? status : commit(&run, error);
    summary->stopped = is_stopped(&run);
    if (status == 0 && summary->too_many_rejects) {
        status = error_set(error, AISLE_LIMIT, "more than %llu rejects, the last in %s; see %s",
                           (unsigned long long)options->rejects_max, run.source, run.rejects.path);
    }
    if (run.writer != NULL && aisle_writer_stats(run.writer, &summary->writer) != 0) {
        summary->writer = (aisle_writer_statistics){.size = sizeof summary->writer};
    }
    aisle_writer_free(run.writer);
    aisle_close(run.catalog);
    line_reader_close(&run.reader);
    rejects_release(&run.rejects);
    sources_release(&run.sources);
    json_free(run.json);
    summary->counts.ns = clock_monotonic_ns() - run.start_ns;
    return status;
}
