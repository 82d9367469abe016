/*
 * apply.c - one line after the other into the catalog, and when to commit.
 *
 * Each line's end is marked before its operations, so a commit keeps both together; no commit comes between a line's
 * changes. Without follow, at most COMMIT_LINES lines or COMMIT_SECONDS seconds of work wait between commits; they are
 * not made more often, because each makes a segment that has to be merged later.
 *
 * With follow, a commit of few changes is made as soon as there is nothing more to read, but not sooner behind the
 * last one than half of what that took, and than COMMIT_GAP_NS: so two thirds of the time at most go into commits, most
 * of it waiting for the disk, and a change is visible after two and a half commits at the latest. Of many changes
 * commits are made less often, so that they take an eighth of the time (what a commit costs whatever is in it, and the
 * pages that several changes share, are then paid less often), as long as the age of the oldest change, which waits for
 * the end of one commit, for the next to begin, and for its end, stays within FRESH_NS; the next is expected to take as
 * long as the longest of late did. Who does not come to
 * the end of what there is between two commits is behind: then it counts how much is taken in, and commits take a
 * quarter.
 * Transactions of several lines are not divided, unless they are large or take long.
 */
#include "indexer/run.h"

#include "base/clock.h"
#include "indexer/freshness.h"

#include <stdio.h>

#define COMMIT_LINES UINT64_C(2000000)
#define COMMIT_SECONDS UINT64_C(30)
#define COMMIT_CHANGES_DEFAULT UINT64_C(100000)
#define COMMIT_BYTES_DEFAULT (UINT64_C(64) << 20)
#define COMMIT_GAP_NS UINT64_C(10000000)
#define COMMIT_SHARE 7u /* times that a commit took, between commits of many changes, unless commit_ms is given */
#define BEHIND_SHARE 3u /* when behind */
#define MANY_CHANGES 256u
#define FRESH_NS UINT64_C(800000000)
#define FORGOTTEN_EIGHTHS 1u /* of the longest commit, by each that is shorter */
#define BEHIND_NS UINT64_C(200000000) /* between commits at least when behind */
#define POSITION_NS UINT64_C(1000000000)    /* how long positions alone wait for a commit */
#define TRANSACTION_NS UINT64_C(5000000000) /* how long an open transaction keeps a commit waiting */
#define TRANSACTION_FACTOR 10u              /* and by how many times it may pass commit_changes */
#define LINES_PER_LOOK 64u                  /* at the clock */
#define LINE_REJECTS 100u /* of one line, that are written: each has the line's place and text, gigabytes in all */
#define PROGRESS_NS UINT64_C(200000000)
#define MS_NS UINT64_C(1000000)

/* ------------------------------------------------------------------------------------------------ commits -- */

int run_mark(struct run *run, uint64_t offset, const char *seq, aisle_error *error)
{
    const aisle_position position = {.source = run->source_name,
                                     .identity = run->identity,
                                     .offset = offset,
                                     .seq = seq == NULL || seq[0] == '\0' ? NULL : seq};
    run->marked.name = run->source_name;
    run->marked.identity = run->identity;
    run->marked.offset = offset;
    return aisle_mark(run->writer, &position, error);
}

/* The greatest sequences of all streams that have moved; then the last place again, to be the last one read. */
static int mark_streams(struct run *run, aisle_error *error)
{
    int status = 0;
    bool any = false;
    for (size_t i = 0; i < run->options->source_count && status == 0; i++) {
        struct stream *stream = &run->streams[i];
        if (strcmp(stream->sequence.high, stream->marked) != 0) {
            const aisle_position position = {
                .source = stream->name, .identity = 1, .offset = ++stream->marks, .seq = stream->sequence.high};
            status = aisle_mark(run->writer, &position, error);
            memcpy(stream->marked, stream->sequence.high, sizeof stream->marked);
            any = true;
        }
    }
    if (any && status == 0 && run->marked.name != NULL) {
        const aisle_position position = {.source = run->marked.name,
                                         .identity = run->marked.identity,
                                         .offset = run->marked.offset,
                                         .seq = run->stream->sequence.high};
        status = aisle_mark(run->writer, &position, error);
    }
    return status;
}

static void note_slowest(struct indexer_slowest *slowest, const struct indexer_slowest *commit)
{
    if (commit->ns > slowest->ns) {
        *slowest = *commit;
    }
}

/* What a commit took that began at start and has just ended; before: what the writer told then. */
static void note_phases(struct run *run, uint64_t start, const aisle_writer_statistics *before)
{
    aisle_writer_statistics after = {.size = sizeof after};
    uint64_t now = clock_monotonic_ns();
    if (run->pending.changes == 0 || aisle_writer_stats(run->writer, &after) != 0) {
        return;
    }
    struct indexer_slowest commit = {.ns = now - run->pending.first_ns,
                                     .changes = run->pending.changes,
                                     .collect_ns = start - run->pending.first_ns};
    for (unsigned i = 0; i < AISLE_PHASES; i++) {
        commit.phase_ns[i] = after.phase_ns[i] - before->phase_ns[i];
    }
    note_slowest(&run->freshness->late.slowest, &commit);
    note_slowest(&run->summary->freshness.slowest, &commit);
    latency_add(&run->freshness->late.commits, now - start);
    latency_add(&run->summary->freshness.commits, now - start);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

int run_commit(struct run *run, aisle_error *error)
{
    uint64_t start = clock_monotonic_ns();
    aisle_writer_statistics before = {.size = sizeof before};
    bool is_told = run->freshness != NULL && aisle_writer_stats(run->writer, &before) == 0;
    int status = mark_streams(run, error);
    status = status != 0 ? status : rejects_sync(&run->rejects, error);
    status = status != 0 ? status : aisle_commit(run->writer, error);
    run->summary->commits += status == 0;
    if (status == 0 && is_told) {
        note_phases(run, start, &before);
    }
    run->pending.lines = 0;
    run->pending.changes = 0;
    run->pending.bytes = 0;
    run->commit_ns = clock_monotonic_ns();
    run->commit_took_ns = run->commit_ns - start;
    run->commit_long_ns = larger(run->commit_took_ns, run->commit_long_ns / 8 * (8 - FORGOTTEN_EIGHTHS));
    if (status == 0 && run->freshness != NULL) {
        freshness_commit(run->freshness, &run->summary->freshness);
    }
    return status;
}

static uint64_t setting(uint64_t given, uint64_t otherwise)
{
    return given == 0 ? otherwise : given;
}

/* From the end of the last commit to the beginning of the next, by how long that took. */
static uint64_t gap_between(const struct run *run)
{
    uint64_t took = run->commit_took_ns;
    uint64_t least = larger(took / 2, COMMIT_GAP_NS);
    uint64_t both = took + run->commit_long_ns;
    uint64_t fresh = FRESH_NS > both ? FRESH_NS - both : 0;
    uint64_t wanted = COMMIT_SHARE * took < fresh ? COMMIT_SHARE * took : fresh;
    return run->pending.changes < MANY_CHANGES ? least : larger(wanted, least);
}

/* Whether the end of what there is was not met since the last commit. */
static bool is_behind(const struct run *run)
{
    return run->seen_ns < run->commit_ns;
}

uint64_t run_commit_due_ns(const struct run *run)
{
    if (run->pending.lines == 0) {
        return UINT64_MAX;
    }
    if (run->pending.changes == 0) {
        return run->pending.first_ns + POSITION_NS;
    }
    if (run->decoder.inside) {
        return run->pending.first_ns + TRANSACTION_NS;
    }
    uint64_t soon = run->commit_ns + gap_between(run);
    uint64_t longest = run->options->commit_ms == 0 ? soon : run->pending.first_ns + run->options->commit_ms * MS_NS;
    return soon < longest ? soon : longest;
}

/* While there is more to read: how long the oldest change waits. */
static uint64_t longest_wait(const struct run *run)
{
    if (run->options->commit_ms != 0) {
        return run->options->commit_ms * MS_NS;
    }
    return is_behind(run) ? larger(BEHIND_SHARE * run->commit_took_ns, BEHIND_NS) : gap_between(run);
}

static bool is_due(const struct run *run, bool drained, uint64_t now)
{
    const struct indexer_options *options = run->options;
    if (drained || run->pending.changes == 0) {
        return now >= run_commit_due_ns(run);
    }
    uint64_t changes = setting(options->commit_changes, COMMIT_CHANGES_DEFAULT);
    if (run->decoder.inside) {
        return run->pending.changes >= changes * TRANSACTION_FACTOR || now >= run->pending.first_ns + TRANSACTION_NS;
    }
    return run->pending.changes >= changes ||
           run->pending.bytes >= setting(options->commit_bytes, COMMIT_BYTES_DEFAULT) ||
           now >= run->pending.first_ns + longest_wait(run);
}

static void report_progress(struct run *run, uint64_t now)
{
    run->summary->counts.ns = now - run->start_ns;
    if (run->options->progress != NULL && now - run->progress_ns >= PROGRESS_NS) {
        run->progress_ns = now;
        run->options->progress(run->options->context, &run->summary->counts);
    }
}

int run_commit_if_due(struct run *run, bool drained, aisle_error *error)
{
    uint64_t now = clock_monotonic_ns();
    struct indexer_signals *signals = run->options->signals;
    report_progress(run, now);
    if (!run->options->follow) {
        bool due = run->pending.lines >= COMMIT_LINES || now - run->commit_ns >= COMMIT_SECONDS * 1000000000;
        /* What is told again must not be seen half told. */
        return run->pending.lines > 0 && due && !run->options->retry ? run_commit(run, error) : 0;
    }
    bool asked = signals != NULL && signals->flush != 0;
    if (asked) {
        signals->flush = 0;
    }
    return run->pending.lines > 0 && (asked || is_due(run, drained, now)) ? run_commit(run, error) : 0;
}

/* ------------------------------------------------------------------------------------------------ rejects -- */

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
    int status = run->line_rejects++ < LINE_REJECTS ? rejects_add(&run->rejects, run->source, line, reason, error) : 0;
    if (status == 0 && run->summary->counts.rejects > run->options->rejects_max) {
        run->summary->too_many_rejects = true;
    }
    return status;
}

/* Whether the status speaks of the line, and not of the catalog or the machine. */
static bool is_line_fault(int status, const struct change *change)
{
    return status == AISLE_BAD_PRODUCT ||
           (status == AISLE_NOT_FOUND && (change->kind == CHANGE_PATCH || change->kind == CHANGE_DELETE));
}

/* ----------------------------------------------------------------------------------------------- a change -- */

static int apply_patch(struct run *run, const struct change *change, aisle_error *error)
{
    const aisle_bytes body = {(const char *)change->body.data, change->body.size};
    const aisle_bytes id = {(const char *)change->id.data, change->id.size};
    const aisle_bytes from = {(const char *)change->moved_from.data, change->moved_from.size};
    int status = from.size > 0 ? aisle_move(run->writer, from, id, body, error)
                               : aisle_patch(run->writer, id, body, error);
    if (status == AISLE_NOT_FOUND && change->or_put) {
        status = aisle_put(run->writer, body, error);
    } else if (status == AISLE_NOT_FOUND && change->is_optional) {
        status = 0;
    }
    run->summary->counts.patches += status == 0;
    return status;
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
        status = apply_patch(run, change, error);
        break;
    case CHANGE_DELETE:
        status = aisle_delete(run->writer, id, error);
        counts->unknown_deletes += status == AISLE_NOT_FOUND;
        status = status == AISLE_NOT_FOUND ? 0 : status;
        counts->deletes += status == 0;
        break;
    case CHANGE_TRUNCATE:
        status = run_truncate(run, error);
        counts->truncates += status == 0;
        break;
    }
    if (status == AISLE_BAD_PRODUCT) {
        /* A place in a body that was made means nothing to who reads the line. */
        error->position = change->body_position + (change->is_made ? 0 : error->position);
    } else if (status == AISLE_NOT_FOUND) {
        /* Without the id, so that all of them are counted as one reason. */
        error_set(error, status, "the patch is of an unknown id");
    }
    return status;
}

static int check_change(const struct run *run, const struct change *change, aisle_error *reason)
{
    if (change->kind != CHANGE_DELETE && change->body.size > LIMIT_PRODUCT_BYTES) {
        return error_set_at(reason, AISLE_BAD_PRODUCT, change->body_position, "the product is longer than %u bytes",
                            LIMIT_PRODUCT_BYTES);
    }
    if (change->kind == CHANGE_TRUNCATE && run->options->truncate == INDEXER_TRUNCATE_REFUSE) {
        char shown[JSON_SHOWN_BYTES];
        return error_set(reason, AISLE_BAD_PRODUCT,
                         "TRUNCATE of %s is refused; --truncate apply would delete all products",
                         json_show(change->table, shown));
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------- a line -- */

static int note_fault(struct run *run, const struct line *line, int status, const struct change *change,
                      const aisle_error *reason, aisle_error *error)
{
    if (status == 0 || is_line_fault(status, change)) {
        return status == 0 ? 0 : reject(run, line, reason, error);
    }
    if (error != NULL) {
        *error = *reason;
    }
    return status;
}

/* TRUNCATE commits: until it is done none may say so, or after a crash its other half would pass for a repeat. */
static int apply_as_of(struct run *run, const struct sequence *before, const struct change *change,
                       aisle_error *reason)
{
    struct sequence *sequence = &run->stream->sequence;
    const struct sequence after = *sequence;
    *sequence = change->kind == CHANGE_TRUNCATE ? *before : after;
    int status = apply(run, change, reason);
    *sequence = status == AISLE_CANCELLED ? *before : after;
    return status;
}

/*
 * Whether a TRUNCATE was carried out before a crash: its deletions are committed by all shards before any gets as far
 * as its line. Shards that have got further keep what they have, for they take none of it again.
 */
static int is_done(const struct run *run, const struct line *line, const struct change *change, bool *done,
                   aisle_error *error)
{
    uint64_t furthest = 0;
    int status = change->kind != CHANGE_TRUNCATE
                     ? 0
                     : aisle_log_furthest(run->catalog, run->source_name, run->identity, &furthest, error);
    *done = furthest >= line->end_offset;
    return status;
}

/*
 * A row of a snapshot that the stream has gone on behind was delivered again: applied, it would undo what came behind
 * it, for that is passed over as a repeat.
 */
static bool is_new(struct run *run, const struct change *change)
{
    struct sequence *sequence = &run->stream->sequence;
    return change->is_snapshot ? !sequence_has_passed(sequence, change->seq) : sequence_take(sequence, change->seq);
}

/* One change of a line, and its fate. */
static int apply_change(struct run *run, const struct line *line, const struct change *change, aisle_error *error)
{
    aisle_error reason = {0};
    const struct sequence before = run->stream->sequence;
    bool done = false;
    int status = is_done(run, line, change, &done, error);
    if (status != 0) {
        return status;
    }
    if (!is_new(run, change) || done) {
        run->summary->counts.repeats++;
        return 0;
    }
    if (run->pending.changes == 0) {
        run->pending.first_ns = clock_monotonic_ns();
    }
    run->pending.changes++;
    if (run->freshness != NULL) {
        freshness_note(run->freshness, run->seen_ns, change->time_ms);
    }
    status = check_change(run, change, &reason);
    status = status != 0 ? status : apply_as_of(run, &before, change, &reason);
    return note_fault(run, line, status, change, &reason, error);
}

/* Marks the line's end, when there is a first change to go with it, or none at all. */
static int mark_line(struct run *run, const struct line *line, const struct change *change, aisle_error *error)
{
    if (run->pending.lines++ == 0) {
        run->pending.first_ns = clock_monotonic_ns();
    }
    run->pending.bytes += line->end_offset - line->offset;
    run->tails[run->tail].offset = line->end_offset;
    return run_mark(run, line->end_offset, change->is_snapshot ? NULL : change->seq, error);
}

/*
 * Of a line that holds a transaction, how many changes the last TRUNCATE makes void. It commits, so that what stands
 * before it in the line would be committed without what stands behind it; and nothing of that would be left.
 */
static int count_void(struct run *run, const struct line *line, uint64_t *count, aisle_error *error)
{
    static const char word[] = "truncate";
    struct sequence sequence = run->stream->sequence;
    uint64_t ignored = run->decoder.rows.ignored;
    aisle_error reason = {0};
    int status = 0;
    *count = 0;
    if (run->options->truncate != INDEXER_TRUNCATE_APPLY ||
        memmem(line->text.data, line->text.size, word, sizeof word - 1) == NULL) {
        return 0;
    }
    decoder_begin(&run->decoder, line->text);
    for (uint64_t before = 0; status == 0 || status == AISLE_BAD_PRODUCT; before++) {
        struct change change;
        status = decoder_next(&run->decoder, &sequence, &change, &reason);
        *count = status == 0 && change.kind == CHANGE_TRUNCATE ? before : *count;
    }
    run->decoder.rows.ignored = ignored;
    if (status != AISLE_END && error != NULL) { /* what cannot be looked through must not be taken for harmless */
        *error = reason;
    }
    return status == AISLE_END ? 0 : status;
}

static int apply_line(struct run *run, const struct line *line, aisle_error *error)
{
    bool marked = false;
    int status = 0;
    run->summary->counts.lines++;
    run->line_rejects = 0;
    if (line->too_long) {
        const struct change none = {.kind = CHANGE_PUT};
        aisle_error reason;
        error_set(&reason, AISLE_BAD_PRODUCT, "the line is longer than %u bytes", line->bytes_max);
        status = mark_line(run, line, &none, error);
        return status != 0 ? status : reject(run, line, &reason, error);
    }
    uint64_t left_out = 0;
    status = count_void(run, line, &left_out, error);
    decoder_begin(&run->decoder, line->text);
    while (status == 0) {
        struct change change;
        aisle_error reason = {0};
        int decoded = decoder_next(&run->decoder, &run->stream->sequence, &change, &reason);
        if (left_out > 0 && (decoded == 0 || decoded == AISLE_BAD_PRODUCT)) {
            left_out--;
            continue;
        }
        bool early = decoded == 0 && change.kind == CHANGE_TRUNCATE; /* commits, and so goes before its mark */
        if (!marked && !early) {
            status = mark_line(run, line, &change, error);
            marked = true;
        }
        if (decoded == AISLE_END) {
            break;
        }
        status = status != 0   ? status
                 : decoded == 0 ? apply_change(run, line, &change, error)
                                : note_fault(run, line, decoded, &change, &reason, error);
    }
    run->summary->counts.torn += run->decoder.torn;
    run->summary->counts.ignored = run->decoder.rows.ignored;
    return status;
}

/* ---------------------------------------------------------------------------------------------- all lines -- */

static bool is_blank(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != ' ' && text.data[i] != '\t') {
            return false;
        }
    }
    return true;
}

/*
 * Whether the last line, which no newline ends, is all there: a writer may be in the middle of it. Only whole JSON is
 * taken; else the position stays before the line, which is read again when more of it has come.
 */
static bool is_whole(struct run *run, const struct line *line)
{
    return line->ended || (!line->too_long && json_parse(run->decoder.json, line->text, NULL) == 0);
}

/*
 * Whether the file was cut off and written anew before its last read: then what that brought, of which the line may be
 * the first part, belongs elsewhere. The file has more to read from its start, however long it is.
 */
static bool is_of_another_log(struct run *run)
{
    bool another = run->reader.has_read && run_is_rewritten(run);
    run->reader.has_read = false;
    if (another) {
        run->tails[run->tail].bytes = UINT64_MAX;
    }
    return another;
}

/* The next line, unless the file ends in the middle of it: AISLE_END, as behind the last. */
static int next_line(struct run *run, struct line *line, aisle_error *error)
{
    run->waits = false;
    int status = line_reader_next(&run->reader, line, error);
    bool waits = status == 0 && !line->ended && !is_blank(line->text) && !is_whole(run, line);
    waits = waits || (status == 0 && is_of_another_log(run));
    if (waits && (run->reader.is_file || run->options->follow)) {
        line_reader_put_back(&run->reader, line);
        run->waits = true;
        return AISLE_END;
    }
    return status;
}

int run_apply_lines(struct run *run, aisle_error *error)
{
    struct indexer_counts *counts = &run->summary->counts;
    uint64_t bytes_before = counts->bytes;
    uint64_t start = run->reader.offset;
    struct line line;
    int status = 0;
    for (unsigned i = 1; status == 0 && !run_is_stopped(run) && !run->summary->too_many_rejects; i++) {
        status = next_line(run, &line, error);
        if (status == 0) {
            counts->bytes = bytes_before + (line.end_offset - start);
            status = is_blank(line.text) ? 0 : apply_line(run, &line, error);
        }
        if (status == 0 && i % LINES_PER_LOOK == 0) {
            status = run_commit_if_due(run, false, error);
        }
    }
    run->tails[run->tail].number = run->reader.number;
    counts->gaps = sequence_gaps(&run->stream->sequence);
    return status == AISLE_END || (status == AISLE_CANCELLED && run_is_stopped(run)) ? 0 : status;
}
