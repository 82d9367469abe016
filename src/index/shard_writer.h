/*
 * shard_writer.h - one shard's half of the writer: memory index, new segments, deaths, patches, publishing, merging.
 *
 * Operations collect here; shard_writer_publish makes them all visible in one transaction. Documents wait in a
 * builder until the budget is reached, then become a pending segment, on disk but listed by no manifest. Older
 * versions of what was put are found when the builder is written, by walking each segment's id table once beside the
 * sorted batch: never one random look-up a put.
 *
 * Thread rule: the writer's thread.
 */
#ifndef AISLE_INDEX_SHARD_WRITER_H
#define AISLE_INDEX_SHARD_WRITER_H

#include "index/changes.h"
#include "index/position.h"
#include "index/shard.h"

/* A segment as the writer sees it: listed or pending. */
struct writer_segment {
    struct segment_info info;
    struct segment *segment;
    uint64_t *dead;       /* owned, a bit a document; NULL: none */
    uint64_t *dead_dirty; /* owned, a bit for each page of dead that changed */
    bool pending;
};

/* How far one source has been read. */
struct writer_mark {
    struct log_position position;
    uint64_t skip_until; /* offset that the shard has committed already: operations up to it are not repeated */
    bool changed;        /* since the last publish */
};

struct shard_writer {
    struct shard *shard;
    uint64_t transaction_bytes; /* of a new segment's extents that wait in memory */
    struct segment_builder *builder;
    struct flush *flush;      /* under way on a thread of its own; NULL: none */
    struct manifest manifest; /* as committed; its numbers move on as segments are written */
    struct writer_segment *segments;
    uint32_t segment_count;
    struct changes changes;
    struct writer_mark *marks; /* owned: of the sources read since the writer began */
    uint32_t mark_count;
    uint32_t mark_current;     /* where the next operations come from */
    bool skipping;             /* the current mark is not behind what was committed: operations are repeats */
    bool any_deaths;
    bool lost;           /* the committed state could not be loaded: only release is allowed */
    uint64_t compress_ns, encode_ns, merge_ns, commit_ns;
};

/* Cleans away what a crashed writer left and loads the current generation. */
must_check int shard_writer_begin(struct shard_writer *writer, struct shard *shard, uint64_t transaction_bytes,
                                  aisle_error *error);
void shard_writer_release(struct shard_writer *writer);

/* A place for a product that the writer found. */
struct writer_place {
    bool in_builder;
    uint32_t segment; /* index in segments */
    uint32_t document;
};

/* The live version of a product, not yet committed ones included; nothing may be flushing. 0 or AISLE_END. */
must_check int shard_writer_find(const struct shard_writer *writer, struct bytes id, uint64_t id_hash,
                                 struct writer_place *place);

/* Kills it. */
must_check int shard_writer_kill(struct shard_writer *writer, const struct writer_place *place);

/* Writes the builder's documents as a pending segment. Nothing to do when it is empty. Joins first. */
must_check int shard_writer_flush(struct shard_writer *writer, aisle_error *error);

/*
 * As shard_writer_flush, but returns at once with an empty builder: a thread writes the documents beside what comes
 * next. shard_writer_join waits for it; everything here that looks for products or publishes joins first.
 */
must_check int shard_writer_flush_beside(struct shard_writer *writer, aisle_error *error);
must_check int shard_writer_join(struct shard_writer *writer, aisle_error *error);

/* Heap bytes of the builders, the one being written included. */
uint64_t shard_writer_memory(const struct shard_writer *writer);

/* Flushes, then makes everything since the last publish durable and visible; nothing to do when there is nothing. */
must_check int shard_writer_publish(struct shard_writer *writer, aisle_error *error);

/* Merges what the policy chooses, until it chooses nothing; with all, everything into one segment. Published. */
must_check int shard_writer_merge(struct shard_writer *writer, bool all, aisle_error *error);

/* Notes where the next operations come from. AISLE_LIMIT when one commit spans too many sources. */
must_check int shard_writer_mark(struct shard_writer *writer, const struct log_position *position, aisle_error *error);

#endif
