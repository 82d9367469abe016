/*
 * indexer.h - reads change logs and applies them to a catalog through aisle.h.
 *
 * A source is a file, a folder (its regular files in order, see sources.h, hidden ones and *.rejects.jsonl left out,
 * folders within not entered), a pipe, or "-" for standard input; files may be gzip or zstd (input.h). Lines are
 * products or changes in the formats of decoder.h. Blank lines are skipped; a byte order mark, CRLF and a last line
 * without its newline are taken, the last if it is whole; else it waits for its rest.
 *
 * A line that cannot be applied goes to the reject file and is counted, and the rest goes on. Deleting an unknown
 * id counts as done without effect; patching one is a reject. Every commit carries the position in the source, so a
 * later run goes on behind the last committed line, also when the file was renamed since then; what a pipe brings is
 * always new. Each name on the command line is a stream of its own: of changes with a sequence (sequence.h), those that
 * are not above the stream's greatest are repeats, and passed over.
 *
 * With `follow` a run does not end with its sources but waits for them to grow, for new ones and for rotations.
 *
 * Does not print; the caller gets progress and the summary. Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_INDEXER_H
#define AISLE_INDEXER_INDEXER_H

#include "base/latency.h"
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
    uint64_t repeats;     /* changes passed over by their sequence */
    uint64_t gaps;        /* numbers missing in dense sequences */
    uint64_t torn;        /* lines with a cut text in front of a whole one */
    uint64_t ignored;     /* rows of tables that the mapping file leaves out */
    uint64_t truncates;   /* applied */
    uint64_t expired;     /* products deleted because their date had passed */
    uint64_t waiting;     /* last lines that are not whole yet */
    uint64_t bytes;       /* read so far, decompressed */
    uint64_t bytes_total; /* to read; 0: unknown */
    uint64_t ns;          /* since the run began */
};

struct indexer_reason {
    char message[240];
    uint64_t count;
};

/* What the commit took whose oldest change had to wait the longest until it was visible. */
struct indexer_slowest {
    uint64_t ns; /* all of it; 0: there was none */
    uint64_t changes;
    uint64_t collect_ns; /* before the commit began */
    uint64_t phase_ns[AISLE_PHASES];
};

/* From a change's being there to its being visible. */
struct indexer_freshness {
    struct latency arrival; /* from when its line could be read, at the latest */
    struct latency event;   /* from the time that the change tells */
    struct latency commits; /* how long they took */
    struct indexer_slowest slowest;
};

struct indexer_summary {
    struct indexer_counts counts;
    struct indexer_reason reasons[INDEXER_REASONS]; /* the first different ones; the rest is in counts alone */
    size_t reason_count;
    uint64_t commits;
    char seq[64];                  /* the greatest of the stream that was read last; empty: none */
    struct indexer_freshness freshness; /* with follow */
    bool stopped;                  /* by the caller's flag */
    bool too_many_rejects;         /* ended the run */
    aisle_writer_statistics writer;
};

/* What a program's signal handlers set; all may be set at any time. */
struct indexer_signals {
    volatile sig_atomic_t stop;   /* finish the line, commit, return */
    volatile sig_atomic_t flush;  /* commit now */
    volatile sig_atomic_t reopen; /* list the sources anew and open them again */
    int wake_fd; /* readable when one was set, to end a wait; -1: a wait then lasts up to a second longer */
    const volatile sig_atomic_t *also_stop; /* NULL, or of another thread, which sets it: as stop */
};

/* Called a few times a second at most. */
typedef void indexer_progress(void *context, const struct indexer_counts *counts);

/* Called once when the run creates the catalog, with the inferred schema. */
typedef void indexer_created(void *context, const char *schema);

/* Called every report_seconds while following: summary holds the whole run so far, of_late the time since the last. */
typedef void indexer_report(void *context, const struct indexer_summary *summary,
                            const struct indexer_freshness *of_late);

enum indexer_truncate { INDEXER_TRUNCATE_REFUSE, INDEXER_TRUNCATE_APPLY };

struct indexer_options {
    const char *catalog; /* created with an inferred schema when there is none */
    const char *const *sources;
    size_t source_count;
    const char *format;    /* a name of decoder.h; NULL: "auto" */
    const char *map;       /* a mapping file (mapping.h); NULL: none */
    const char *rejects;   /* NULL: the catalog's path with .rejects.jsonl behind it */
    uint64_t rejects_max;  /* one more ends the run; UINT64_MAX: any number */
    uint64_t memory_bytes; /* the writer's budget; 0: the default */
    uint32_t threads;      /* as aisle_options.threads */
    bool from_start;       /* reads files from their first line, whatever was committed, and forgets sequences */
    bool retry;            /* reads again from the first line that the reject file names */
    bool follow;
    enum indexer_truncate truncate;
    const char *expire;      /* a date field: products are deleted once it has passed; NULL: none */
    uint64_t commit_ms;      /* with follow: the longest that a change waits for its commit; 0: the default */
    uint64_t commit_changes; /* with follow: at most so many in a commit; 0: the default */
    uint64_t commit_bytes;   /* with follow: at most so many bytes of lines in a commit; 0: the default */
    uint64_t poll_ms;        /* with follow: look this often instead of being told by inotify; 0: be told */
    uint64_t report_seconds; /* with follow; 0: no reports */
    struct indexer_signals *signals; /* may be NULL */
    indexer_progress *progress;      /* may be NULL */
    indexer_created *created;        /* may be NULL */
    indexer_report *report;          /* may be NULL */
    void *context;
};

/*
 * Indexes the sources, one behind the other. summary (zeroed first) also says how far a failed run came; what it had
 * committed stays. Returns 0 also when stopped. AISLE_LIMIT when there were too many rejects: what came before them
 * is committed. AISLE_INVALID for an unknown format or a faulty mapping file. Otherwise the error of what failed: a
 * source (AISLE_NOT_FOUND, AISLE_IO, AISLE_PERMISSION), the schema's inference (AISLE_BAD_PRODUCT), or the catalog.
 */
must_check int indexer_run(const struct indexer_options *options, struct indexer_summary *summary,
                           aisle_error *error);

#endif
