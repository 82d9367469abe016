/*
 * parts.h - what a shard keeps besides its segments: immutable parts, of its lexicon, of its suggestions.
 *
 * A part is written once, under an id that no manifest lists; listing it is the commit. Views open the parts that their
 * manifest lists and share them, as they do segments. The writer has a list of its own, listed and pending ones, and a
 * commit may replace some by others: all in the transaction that makes its products visible.
 *
 * To add a kind:
 *   1. A number in enum part_kind_number (segment/segment_format.h): it is ON DISK. Its components are numbered from 0.
 *   2. A struct part_kind in a file of your own, and a line for it in part_kinds (parts.c): how a part is opened from
 *      the views of its components (a reader of reader_bytes, which part_reader gives back), checked, and how several
 *      are merged into one.
 *   3. What is new for a commit: collect it where products are added (the lexicon: ingest.c to lexicon_set, flush.c to
 *      shard_writer.fresh), and give `publish` in your struct part_kind, which writes it as one more part into the
 *      change; it may take older small ones in (parts_change_remove). It is called under the writer's lock.
 *   4. To read: part_first and part_next over a view's parts of your kind.
 * Opening, listing, reloading, merging by tiers, cleaning, backups, shrinking, aisle_check and sums of sizes are done
 * here and need nothing more.
 *
 * Thread rule: a part may be read by many threads; the writer's list is behind shard_writer.lock.
 */
#ifndef AISLE_INDEX_PARTS_H
#define AISLE_INDEX_PARTS_H

#include "segment/segment.h"

struct part;
struct part_writer;
struct parts_change;
struct shard_writer;
struct merge_order;

/* ------------------------------------------------------------------------------------------------- kinds -- */

struct part_kind {
    uint8_t number;      /* enum part_kind_number */
    uint8_t components;  /* at most PART_COMPONENTS */
    const char *name;    /* for messages */
    size_t reader_bytes; /* of what open fills; it has no release */
    bool compacted_apart; /* compaction calls parts_rebuild for it; merges leave that to it */

    /* Opens a part over views[components], which outlive the reader. AISLE_CORRUPT, AISLE_NEWER_FORMAT. */
    int (*open)(void *reader, const struct extent_view *views);

    /* Verifies what it means. AISLE_CORRUPT with the reason in error; AISLE_NO_MEMORY. */
    int (*check)(const void *reader, aisle_error *error);

    /*
     * Writes the sources as one part; memory_bytes: what that may take of the heap, about. Fills out->info.entries;
     * with 0 of them there is no part. Errors are told in error.
     */
    int (*merge)(const struct part *const *sources, size_t count, size_t memory_bytes, struct part_writer *out,
                 aisle_error *error);

    /* Under the lock, before a commit: adds to the change what this one makes new. */
    int (*publish)(struct shard_writer *writer, struct parts_change *change, aisle_error *error);

    /* Under the lock, when a commit stands or everything uncommitted is forgotten: what was new no longer is. */
    void (*forget)(struct shard_writer *writer);
};

/* NULL: no such kind. */
const struct part_kind *part_kind_of(uint8_t number);

/* ------------------------------------------------------------------------------------------------ reading -- */

/* An opened part. Immutable; counted references. */
struct part {
    struct part_info info;
    const struct part_kind *kind;
    struct component_extents stored[PART_COMPONENTS];
    struct extent_view views[PART_COMPONENTS]; /* those of stored */
    void *reader;                              /* owned: what kind->open filled */
    atomic_int references;
};

/* Opens a part that txn sees. One reference is the caller's. Errors are told in error. */
must_check int part_open(struct storage_txn *txn, const struct part_info *info, struct part **out, aisle_error *error);
void part_retain(struct part *part);
void part_release(struct part *part);

/* What its kind filled. */
static inline const void *part_reader(const struct part *part)
{
    return part->reader;
}

/* Of the heap that an opened part takes, about. */
size_t part_memory(const struct part *part);

/* Verifies checksums and content; each fault is reported, and counted in *faults. 0, or AISLE_NO_MEMORY. */
int part_check(const struct part *part, aisle_check_report *report, void *context, uint64_t *faults);

/* Payload bytes. */
uint64_t part_bytes(const struct part_info *info);

/* ------------------------------------------------------------------------------------------------ writing -- */

/* A part being written: extents wait in its sink. */
struct part_writer {
    struct segment_sink sink;
    struct part_stream {
        struct segment_sink *sink;
        uint8_t component;
        struct extent_writer extents;
    } streams[PART_COMPONENTS];
    const struct part_kind *kind;
    struct part_info info; /* entries: the caller's to fill */
};

/* On the heap, under an id of the writer's (parts_build). */
must_check int part_writer_new(struct storage *storage, uint32_t id, const struct part_kind *kind,
                               struct part_writer **out);
void part_writer_free(struct part_writer *writer);

static inline struct extent_writer *part_stream(struct part_writer *writer, unsigned component)
{
    return &writer->streams[component].extents;
}

/* Ends all streams; extents of the last transaction still wait. */
must_check int part_writer_end(struct part_writer *writer, aisle_error *error);

/* ---------------------------------------------------------------------------------------- the writer's list -- */

/* A part as the writer sees it. */
struct writer_part {
    struct part *part; /* a reference */
    bool pending;      /* on disk, not listed */
};

/* Parts of the writer, as committed or about to be. */
struct writer_parts {
    struct writer_part list[LIMIT_PARTS];
    uint32_t count;
    struct parts_run *runs; /* merges under way */
};

/* What one commit changes of the list. */
struct parts_change {
    struct part_writer *added[LIMIT_PARTS]; /* owned; their extents go into the transaction of the commit */
    uint32_t added_count;
    uint32_t removed[LIMIT_PARTS]; /* ids */
    uint32_t removed_count;
};

/*
 * Under the lock: begins a new part whose extents all wait until the commit, so that it is to be small. It is the
 * change's to free.
 */
must_check int parts_change_add(struct shard_writer *writer, struct parts_change *change, const struct part_kind *kind,
                                struct part_writer **out, aisle_error *error);

/* Drops the part begun last: there is nothing in it. */
void parts_change_drop(struct shard_writer *writer, struct parts_change *change);

/* The part is replaced by what the change adds. */
void parts_change_remove(struct parts_change *change, const struct part *part);

/*
 * Under the lock: parts of a kind that a commit with entries new ones had better take in, smallest first, since they
 * are of about one size: at most max entries together. Returns how many; those that a merge reads are left out.
 */
size_t parts_to_take_in(const struct shard_writer *writer, uint8_t kind, uint64_t entries, uint64_t max,
                        const struct part *out[LIMIT_PARTS]);

/* Under the lock: all parts of a kind, pending ones included. Returns how many. */
size_t parts_of(const struct shard_writer *writer, uint8_t kind, const struct part *out[LIMIT_PARTS]);

/* ---- for the shard writer ---- */

/* Under the lock: the list becomes that of a view. */
must_check int parts_reload(struct shard_writer *writer, struct part *const *parts, uint32_t count);
void parts_release(struct shard_writer *writer);

/* Forgets what is new and not committed. */
void parts_forget(struct shard_writer *writer);

/* Whether extents under id belong to a part in use. */
bool parts_hold(const struct shard_writer *writer, uint32_t id);

/* Under the lock, around a commit: asks all kinds for what is new; puts it into the transaction and the manifest. */
must_check int parts_change_begin(struct shard_writer *writer, struct parts_change *change, aisle_error *error);
must_check int parts_change_put(struct shard_writer *writer, struct parts_change *change, struct storage_txn *txn,
                                struct manifest *manifest);
void parts_change_end(struct shard_writer *writer, struct parts_change *change);

/* Deletes what the change replaces in the transaction that does so, instead of leaving refuse to be cleaned later. */
must_check int parts_change_delete(const struct parts_change *change, struct storage_txn *txn);

/* When what waits is written before the commit does it. */
enum parts_spill {
    SPILL_MUCH, /* when it is much */
    SPILL_LAST, /* before a commit: so that its own part stays small */
    /*
     * Likewise, and pending parts become one; no merge is under way, whose memory that takes. Unless there are listed
     * ones, which they are soon merged with, or they are more than that memory: it is to take no longer than what
     * workers write meanwhile.
     */
    SPILL_JOINED,
};

/*
 * Writes a part at once, in transactions of its own: as a pending one that the next commit lists. Takes the lock, but
 * fill is called without it; it fills out->info.entries, and with 0 of them there is no part. When parts are to
 * be joined, or are crowded, the pending ones of the kind are the sources, and the new one takes their place: workers
 * write parts while nobody may tidy.
 */
typedef int parts_fill(void *context, const struct part *const *sources, size_t count, size_t memory_bytes,
                       struct part_writer *out, aisle_error *error);
must_check int parts_write_pending(struct shard_writer *writer, const struct part_kind *kind,
                                   enum parts_spill spill, parts_fill *fill, void *context, aisle_error *error);

/* Under the lock: whether pending parts are so many that they had better be merged before a commit lists them. */
bool parts_crowded(const struct shard_writer *writer);

/* Whether there are so many that merging them goes before segments. Takes the lock. */
bool parts_many(struct shard_writer *writer);

/* A batch that is much larger than the budget: merges pending parts when they are crowded. */
must_check int parts_tidy(struct shard_writer *writer, aisle_error *error);

/*
 * One merge of listed parts of whatever kind, published by itself; *merged: whether there was anything to merge. order
 * as for segments, whose bytes_max it keeps to. Takes the lock. AISLE_BUSY when it was cancelled.
 */
must_check int parts_merge(struct shard_writer *writer, const struct merge_order *order, bool *merged,
                           aisle_error *error);

/* Makes one part of all listed ones of a kind, by fill, and publishes it. No merge of parts is under way. */
must_check int parts_rebuild(struct shard_writer *writer, const struct part_kind *kind, parts_fill *fill,
                             void *context, aisle_error *error);

#endif
