/*
 * indexer.h - reads change logs and applies them to a catalog through aisle.h.
 *
 * A source is a file, a folder (its regular files in the order of their names, hidden ones and *.rejects.jsonl left
 * out, folders within not entered), a pipe, or "-" for standard input. A line is one JSON object:
 *     {"id":"P1","title":"..."}                                                a bare product: put it
 *     {"op":"put","seq":"7","time":"...","product":{"id":"P1","title":"..."}}  the same as a change
 *     {"op":"patch","seq":"8","id":"P1","fields":{"price":9.99,"badge":null}}  null removes, absent keeps
 *     {"op":"delete","seq":"9","id":"P1"}
 * A line is a change when a member "op" at its top has one of these values, wherever it stands among the members;
 * a line that begins with "op" is never a product. Blank lines are skipped; a byte order mark, CRLF and a last line
 * without its newline are taken.
 *
 * A line that cannot be applied goes to the reject file and is counted, and the rest goes on. Deleting an unknown
 * id counts as done without effect; patching one is a reject. Every commit carries the position in the source, so a
 * later run goes on behind the last committed line; what a pipe brings is always new. A last line that is neither
 * ended nor acceptable is reported, but not passed: the file may still be growing.
 *
 * Does not print; the caller gets progress and the summary. Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_INDEXER_H
#define AISLE_INDEXER_INDEXER_H

#include "base/status.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define INDEXER_REASONS 16u

struct indexer_counts {
    uint64_t lines; /* that were not blank */
    uint64_t puts, patches, deletes;
    uint64_t unknown_deletes; /* of ids that the catalog did not have */
    uint64_t rejects;
    uint64_t bytes;       /* read so far */
    uint64_t bytes_total; /* to read; 0: unknown */
    uint64_t ns;          /* since the run began */
};

struct indexer_reason {
    char message[240];
    uint64_t count;
};

struct indexer_summary {
    struct indexer_counts counts;
    struct indexer_reason reasons[INDEXER_REASONS]; /* the first different ones; the rest is in counts alone */
    size_t reason_count;
    uint64_t commits;
    bool stopped;     /* by the caller's flag */
    bool too_many_rejects; /* ended the run */
    aisle_writer_statistics writer;
};

/* Called a few times a second at most. */
typedef void indexer_progress(void *context, const struct indexer_counts *counts);

/* Called once when the run creates the catalog, with the inferred schema. */
typedef void indexer_created(void *context, const char *schema);

struct indexer_options {
    const char *catalog; /* created with an inferred schema when there is none */
    const char *const *sources;
    size_t source_count;
    const char *rejects;   /* NULL: the catalog's path with .rejects.jsonl behind it */
    uint64_t rejects_max;  /* one more ends the run; UINT64_MAX: any number */
    uint64_t memory_bytes; /* the writer's budget; 0: the default */
    uint32_t threads;      /* as aisle_options.threads */
    bool from_start;       /* reads files from their first line, whatever was committed */
    const volatile sig_atomic_t *stop; /* may be NULL; not 0: finish the line, commit, return */
    indexer_progress *progress;        /* may be NULL */
    indexer_created *created;          /* may be NULL */
    void *context;
};

/*
 * Indexes the sources, one behind the other. summary (zeroed first) also says how far a failed run came; what it had
 * committed stays. Returns 0 also when stopped. AISLE_LIMIT when there were too many rejects: what came before them
 * is committed. Otherwise the error of what failed: a source (AISLE_NOT_FOUND, AISLE_IO, AISLE_PERMISSION), the
 * schema's inference (AISLE_BAD_PRODUCT), or the catalog.
 */
must_check int indexer_run(const struct indexer_options *options, struct indexer_summary *summary,
                           aisle_error *error);

#endif
