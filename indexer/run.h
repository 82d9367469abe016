/*
 * run.h - what the files of one run share: indexer.c (its life), apply.c (lines), tails.c (files and positions),
 * follow.c (waiting), housekeep.c (truncation and expiry), retry.c.
 *
 * Private to the indexer. Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_RUN_H
#define AISLE_INDEXER_RUN_H

#include "indexer/decoder.h"
#include "indexer/indexer.h"
#include "indexer/line_reader.h"
#include "indexer/rejects.h"
#include "indexer/sources.h"

#define SOURCE_NAME_BYTES 255u
#define RUN_STREAM_PREFIX "stream:" /* of what a stream's greatest sequence is kept under */

/* One name of the command line: an order of changes of its own. */
struct stream {
    const char *operand; /* borrowed */
    char name[SOURCE_NAME_BYTES + 1]; /* that its greatest sequence is kept under, beside the files' positions */
    struct sequence sequence;
    char marked[SEQUENCE_BYTES + 1]; /* the sequence that was marked last */
    uint64_t marks;                  /* made so far: offsets of these marks must grow */
};

/* A file as far as it was read by this run. */
struct tail {
    char *path; /* owned */
    dev_t device;
    ino_t inode;
    uint64_t bytes;          /* on the disk, when its end was met */
    struct timespec changed; /* likewise: cut off, a log may have grown to as many bytes as it had */
    uint64_t identity;
    uint64_t offset;
    uint64_t number; /* of the next line */
    bool opened;     /* by this run */
    bool again;      /* to be read from offset, whatever was committed: retry */
    bool ended;      /* a pipe that has no more */
};

/* A position that the catalog had when the run began. */
struct known_log {
    char *source; /* owned */
    uint64_t identity;
    uint64_t offset;
};

struct waiter;

struct run {
    const struct indexer_options *options;
    struct indexer_summary *summary;
    struct sources sources;
    struct stream *streams; /* owned: one for each operand */
    struct tail *tails;     /* owned, by path */
    size_t tail_count;
    struct known_log *known; /* owned, by identity */
    size_t known_count;
    struct json *schema_json;
    struct product_fields fields;
    struct mapping *mapping;
    struct decoder decoder;
    enum format format;
    struct rejects rejects;
    uint32_t line_rejects; /* of the line under way; a line has at most LIMIT_TRANSACTION_LINE_BYTES */
    char rejects_path[LIMIT_PATH_BYTES];
    aisle *catalog;
    aisle_writer *writer;
    aisle_result *found; /* of searches for what is to go */
    struct line_reader reader;
    struct stream *stream;   /* of the current source */
    size_t tail;             /* index of the current source's */
    const char *source;      /* its path, in the tail */
    const char *source_name; /* its end, when it is long */
    uint64_t identity;
    struct {
        const char *name; /* NULL: none */
        uint64_t identity;
        uint64_t offset;
    } marked;             /* the place that was marked last */
    bool first_line_open; /* no newline ends the file's first line yet, so that its identity may change */
    bool waits;           /* the source ends in the middle of a line */
    uint64_t start_ns;
    uint64_t commit_ns;      /* when the last commit ended */
    uint64_t commit_took_ns; /* how long it took */
    uint64_t commit_long_ns; /* the longest of late */
    uint64_t progress_ns;    /* when the caller last heard */
    uint64_t expire_ns;      /* when expired products were last looked for */
    struct {
        uint64_t lines, changes, bytes;
        uint64_t first_ns; /* when the first of the changes was seen */
    } pending;             /* since the last commit */
    struct freshness *freshness; /* with follow; owned */
    uint64_t seen_ns;      /* when the source's end was last met, or it was told to have grown */
    struct waiter *waiter; /* with follow; owned */
};

static inline bool run_is_stopped(const struct run *run)
{
    const struct indexer_signals *signals = run->options->signals;
    return signals != NULL && (signals->stop != 0 || (signals->also_stop != NULL &&
                                                      __atomic_load_n(signals->also_stop, __ATOMIC_RELAXED) != 0));
}

/* ---- apply.c: lines and commits ---- */

/* Applies lines of the open reader to the end, for now, or until the run is to stop. */
must_check int run_apply_lines(struct run *run, aisle_error *error);

/* Makes everything so far durable and visible, with its positions and sequences. */
must_check int run_commit(struct run *run, aisle_error *error);

/* With follow: commits if it is time; drained: nothing more is to be read just now. */
must_check int run_commit_if_due(struct run *run, bool drained, aisle_error *error);

/* When, with follow, the next commit is due though nothing more comes; UINT64_MAX: never. */
uint64_t run_commit_due_ns(const struct run *run);

/* Marks a place in the current source. */
must_check int run_mark(struct run *run, uint64_t offset, const char *seq, aisle_error *error);

/* ---- tails.c: files and positions ---- */

/*
 * Goes through all sources that have anything new, in order, and lists them anew when one of them is another file than
 * was listed: after a rotation, reading on would take newer changes for older ones.
 */
must_check int run_apply_all(struct run *run, aisle_error *error);

/*
 * Opens a source where it was left and applies what it has. AISLE_END: under its path there is another file by now, or
 * none.
 */
must_check int run_apply_source(struct run *run, const struct source *source, aisle_error *error);

/* Whether there is anything in the source that this run has not read. */
bool run_has_more(struct run *run, const struct source *source);

/* Whether the open file holds another log by now: it was cut off and has grown again. */
bool run_is_rewritten(const struct run *run);

/* Closes the reader, noting how far it came. */
void run_leave_source(struct run *run);

/* Reads the positions that the catalog has, into known and the streams. */
must_check int run_load_logs(struct run *run, aisle_error *error);
void run_release_tails(struct run *run);

/* The tail of this path, made if there is none; NULL without memory. */
struct tail *run_tail(struct run *run, const char *path);

/* ---- follow.c ---- */

/* Waits and applies until told to stop, or all sources are pipes that have ended. */
must_check int run_follow(struct run *run, aisle_error *error);

/* ---- housekeep.c ---- */

/*
 * Deletes every product, committing on the way; what comes before must be marked already. AISLE_CANCELLED when the run
 * is to stop before it is done: then its line must not be marked.
 */
must_check int run_truncate(struct run *run, aisle_error *error);

/* Deletes products whose date has passed; they go with the next commit. */
must_check int run_expire(struct run *run, aisle_error *error);

/* ---- retry.c ---- */

/* Sets the tails of the sources back to before the first rejected line. */
must_check int run_plan_retry(struct run *run, aisle_error *error);

/* Removes the old reject file after the run. */
must_check int run_finish_retry(struct run *run, aisle_error *error);

#endif
