/*
 * shard_writer.h - one shard's half of the writer: memory index, new segments, deaths, patches, publishing, merging.
 *
 * Operations collect here; shard_writer_publish makes them all visible in one transaction. Documents wait in a
 * builder until the budget is reached, then become a pending segment, on disk but listed by no manifest. Older
 * versions of what was put are found when the builder is written, by walking each segment's id table once beside the
 * sorted batch: never one random look-up a put.
 *
 * Thread rule: the writer's thread, but for shard_writer_merge, which the merger's thread calls too (merger.h), and
 * shard_writer_write, which workers call (workers.h). What they all touch is behind `lock`: segments, changes, manifest
 * and times. The writer's thread takes it wherever it looks at them, and never while it waits for a worker; whoever
 * writes to the storage takes its turn, after the lock. What a place (shard_writer_find) says holds as long as the lock
 * is held, because a merge moves documents.
 */
#ifndef AISLE_INDEX_SHARD_WRITER_H
#define AISLE_INDEX_SHARD_WRITER_H

#include "index/changes.h"
#include "index/parts_lexicon.h"
#include "index/parts_suggest.h"
#include "index/position.h"
#include "index/budget.h"
#include "index/shard.h"
#include "index/turns.h"

/* A segment as the writer sees it: listed or pending. */
struct writer_segment {
    struct segment_info info;
    struct segment *segment;
    uint64_t *dead;       /* owned, a bit a document; NULL: none */
    uint64_t *dead_dirty; /* owned, a bit for each page of dead that changed */
    struct ids_range ids; /* known if this writer has made the segment */
    bool pending;
};

/* How far one source has been read. */
struct writer_mark {
    struct log_position position;
    uint64_t skip_until; /* offset that the shard has committed already: operations up to it are not repeated */
    bool changed;        /* since the last publish */
};

/*
 * A flush of each worker and one of the caller, a merge of pending segments, one by the writer, one by the merger, and
 * what a commit adds of parts.
 */
#define WRITER_BUILDING_MAX (LIMIT_THREADS + 4u + 4u)

struct merge_run;

/* What a shard's merges have done, for aisle_writer_statistics. */
struct merge_counts {
    uint64_t merges;
    uint64_t bytes;
    uint64_t failures;
    uint64_t dictionaries; /* adopted */
    int error; /* of the last failure */
};

struct shard_writer {
    struct shard *shard; /* NULL: not begun */
    const struct budget *budget;
    struct segment_builder *builder; /* owned; the caller's: workers have builders of their own */
    struct turns turns;  /* to write to the storage */
    struct sink_gate gate; /* which takes them */
    struct writer_mark *marks; /* owned: of the sources read since the writer began */
    uint32_t mark_count;
    uint32_t mark_current; /* where the next operations come from */
    bool skipping;         /* the current mark is not behind what was committed: operations are repeats */
    pthread_mutex_t learning; /* held while the first dictionary is learned; taken before the lock */
    pthread_mutex_t lock;     /* over all that follows */
    struct manifest manifest; /* as committed; its numbers move on as segments are written */
    struct writer_segment *segments;
    uint32_t segment_count;
    struct {
        uint32_t count; /* of segments that it is for; of another number it is begun anew */
        uint16_t order[LIMIT_SEGMENTS];
    } finding; /* in which order products are looked for */
    struct changes changes;
    struct segment_writer *late; /* owned; a small segment whose extents wait for the commit; NULL: none */
    struct writer_building {
        uint32_t id; /* 0: free */
        uint32_t dictionary; /* the oldest that its products may be stored with */
    } building[WRITER_BUILDING_MAX]; /* segments that are being written */
    struct merge_run *runs;                 /* merges of committed segments under way */
    struct writer_parts parts;
    struct fresh_words words; /* of products that are not committed */
    struct fresh_suggestions suggestions; /* likewise */
    bool any_deaths;
    bool lost; /* the committed state could not be loaded: until it is, only cleaning and release are allowed */
    bool torn; /* what a joint commit keeps aside waits for another writer: nothing may be cleaned either */
    uint64_t compress_ns, encode_ns, merge_ns, commit_ns;
    uint64_t phase_ns[AISLE_PHASES]; /* of the writer's thread alone */
    uint64_t written_bytes;  /* payload of the segments that flushes made */
    uint64_t written_before; /* of that, what commits have merged for */
    struct merge_counts merged;
    uint64_t merged_documents; /* since a dictionary was last tried */
    bool retrained;            /* one has been tried */
};

/* Cleans away what a crashed writer left and loads the current generation. */
must_check int shard_writer_begin(struct shard_writer *writer, struct shard *shard, const struct budget *budget,
                                  aisle_error *error);
void shard_writer_release(struct shard_writer *writer);

/* Around what looks at the segments. */
void shard_writer_lock(struct shard_writer *writer);
void shard_writer_unlock(struct shard_writer *writer);

/*
 * Under the lock: takes the committed state as the writer's own, forgetting everything else but the builder. Tried
 * again when it has failed behind a commit (lost). AISLE_NO_MEMORY, AISLE_IO, AISLE_CORRUPT, AISLE_READERS_FULL.
 */
must_check int shard_writer_reload(struct shard_writer *writer, aisle_error *error);

/* A place for a product that the writer found. */
struct writer_place {
    struct segment_builder *lane;    /* borrowed: a worker's, to be looked at, too; NULL: none */
    struct segment_builder *builder; /* borrowed: which has the product; NULL: a segment */
    uint32_t segment; /* index in segments */
    uint32_t document;
};

/*
 * Under the lock: the live version of a product, not yet committed ones included; place->lane is the caller's to set.
 * Nothing that may hold the product is being written. 0 or AISLE_END.
 */
must_check int shard_writer_find(struct shard_writer *writer, struct bytes id, uint64_t id_hash,
                                 struct writer_place *place);

/* Under the lock: kills it. */
must_check int shard_writer_kill(struct shard_writer *writer, const struct writer_place *place);

/* Adds what a builder's products say and suggest to what the parts are to get. Any thread's. */
must_check int shard_writer_take(struct shard_writer *writer, const struct segment_builder *builder,
                                 aisle_error *error);

/*
 * Writes what was taken as pending parts, unless it is little, when nobody takes or is about to: what a commit would
 * have to do, beside workers that write their segments. Takes the lock for moments.
 */
must_check int shard_writer_spill(struct shard_writer *writer, aisle_error *error);

/*
 * Writes a builder's documents, which have been taken, as a pending segment and empties it; nothing to do when it is
 * empty. Any thread's.
 */
must_check int shard_writer_write(struct shard_writer *writer, struct segment_builder *builder, aisle_error *error);

/* As shard_writer_take and shard_writer_write for the writer's own builder; then tidies. */
must_check int shard_writer_flush(struct shard_writer *writer, aisle_error *error);

/* A batch of many flushes: merges its pending segments when there are too many. No worker may be writing then. */
must_check int shard_writer_tidy(struct shard_writer *writer, aisle_error *error);
bool shard_writer_crowded(struct shard_writer *writer);

/* Flushes, then makes everything since the last publish durable and visible; nothing to do when there is nothing. */
must_check int shard_writer_publish(struct shard_writer *writer, aisle_error *error);

/* How to merge. */
struct merge_order {
    bool all;                  /* everything into one segment, whatever the policy says */
    bool loading;              /* much more is about to come: only whole tiers */
    bool spares_parts;         /* parts wait, unless they are many */
    bool at_the_end;           /* memory indexes are empty: parts before segments, and with their memory */
    uint64_t bytes_max;        /* of the sources */
    uint32_t clean_batches;    /* of refuse to remove behind it, at most; 0: all there is */
    const atomic_bool *cancel; /* NULL, or: give up when it becomes true */
    uint64_t bytes_per_second; /* written at most; 0: as fast as can be */
};

static inline bool merge_is_cancelled(const struct merge_order *order)
{
    return order->cancel != NULL && atomic_load_explicit(order->cancel, memory_order_relaxed);
}

/*
 * One merge of committed segments or, if there are none to merge, of parts, published. *merged: whether there was
 * anything to merge. Two may run at once, on two threads: each leaves the other's segments alone. AISLE_BUSY when it
 * was cancelled. On any failure the sources are as they were.
 */
must_check int shard_writer_merge(struct shard_writer *writer, const struct merge_order *order, bool *merged,
                                  aisle_error *error);

/* Whether a failed merge is no more than put off: its cause (memory, disk) may go away. */
static inline bool merge_can_wait(int status)
{
    return status == AISLE_NO_MEMORY || status == AISLE_DISK_FULL || status == AISLE_MAP_FULL;
}

/* The number of the current dictionary; 0: none yet. Takes the lock. */
uint32_t shard_writer_dictionary(struct shard_writer *writer);

/* Segments that the shard has now. */
uint32_t shard_writer_segments(struct shard_writer *writer);

/* Notes where the next operations come from. AISLE_LIMIT when one commit spans too many sources. */
must_check int shard_writer_mark(struct shard_writer *writer, const struct log_position *position, aisle_error *error);

#endif
