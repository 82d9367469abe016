/*
 * shard_writer_private.h - what the files of the shard writer share with each other.
 */
#ifndef AISLE_INDEX_SHARD_WRITER_PRIVATE_H
#define AISLE_INDEX_SHARD_WRITER_PRIVATE_H

#include "index/shard_writer.h"

/* Under the lock: appends a segment with a reference and a copy of dead and of what is known of ids (may be NULL). */
must_check int shard_writer_add_segment(struct shard_writer *writer, const struct segment_info *info,
                                        struct segment *segment, const uint64_t *dead, const struct ids_range *ids,
                                        bool pending);

/*
 * The number of a new segment or part, which cleaning then leaves alone until shard_writer_built says that it is one of
 * the writer's or given up. Takes the lock.
 */
uint32_t shard_writer_build(struct shard_writer *writer);
uint32_t shard_writer_number(struct shard_writer *writer); /* the same, under the lock */

/* Under the lock. */
void shard_writer_built(struct shard_writer *writer, uint32_t id);

/* Opens a segment that is on disk but not listed. */
must_check int shard_writer_open_pending(struct shard_writer *writer, const struct segment_info *info,
                                         struct segment **out, aisle_error *error);

/*
 * Removes extents and pages of segments that are neither listed nor in use, in small transactions, of each table at
 * most batches_max. Takes the lock to look for each. cancel (may be NULL) leaves the rest to later when it is set.
 */
#define CLEAN_ALL UINT32_MAX
#define COMMIT_CLEAN_BATCHES 1u /* behind a commit: the rest waits for the next, so that a commit stays small */
must_check int shard_writer_clean(struct shard_writer *writer, uint32_t batches_max, const atomic_bool *cancel,
                                  aisle_error *error);

/* Marks a document dead; *fresh: it was alive. */
must_check int writer_segment_kill(struct writer_segment *segment, uint32_t document, bool *fresh);
void writer_segment_release(struct writer_segment *segment);

/* Writes the pages of dead bits that have changed; recent (may be NULL) is told which. */
must_check int publish_dead_pages(struct storage_txn *txn, struct writer_segment *segment,
                                  struct recent_pages *recent);

/* Writes changed columns and the marks of the products that are older; changes can only be released then. */
must_check int publish_changes(struct storage_txn *txn, struct changes *changes, const struct writer_segment *segments,
                               uint32_t segment_count, struct recent_pages *recent);

/*
 * As shard_writer_flush, right before a commit: a small segment is made in memory, for the transaction of the commit to
 * write (writer->late), which spares a transaction with its syncs.
 */
must_check int shard_writer_flush_late(struct shard_writer *writer, aisle_error *error);

/* Under the lock: what was to be written late is, or never will be. */
void shard_writer_forget_late(struct shard_writer *writer);

/* ---- a commit in steps, under the lock ---- */

bool publish_has_news(const struct shard_writer *writer);

/*
 * Writes everything since the last commit in one transaction, with parts of parts_change_begin and, unless it is 0, the
 * number of a joint commit; aside: durable, but kept aside (storage.h).
 */
must_check int publish_write(struct shard_writer *writer, struct parts_change *parts, uint64_t joint, bool aside,
                             aisle_error *error);

/* The writer's own state behind a commit that stands. */
void publish_take(struct shard_writer *writer);

/* Whether a merge that is under way has the segment as a source. Under the lock. */
bool merge_holds(const struct shard_writer *writer, uint32_t segment);

/* Whether products of its sources are stored with the dictionary. Under the lock. */
bool merge_reads_dictionary(const struct shard_writer *writer, uint32_t dictionary);

/*
 * A compressor with the shard's current dictionary, whose number it tells, the caller's to free. Trains the dictionary
 * first when there is none yet and the builder holds enough products for it. Takes the lock.
 */
must_check int shard_writer_compressor(struct shard_writer *writer, const struct segment_builder *builder,
                                       uint32_t *number, struct compressor **out, aisle_error *error);

/* Stores a dictionary, which becomes the current one. Takes the lock. */
must_check int shard_writer_adopt_dictionary(struct shard_writer *writer, struct bytes dictionary, uint32_t *number,
                                             aisle_error *error);

/* Under the lock: marks a document of a segment dead. */
must_check int shard_writer_kill_in(struct shard_writer *writer, struct writer_segment *segment, uint32_t document);

/*
 * Merges pending segments into one, LIMIT_SEGMENTS of them at most. No pending column change may refer to them, and
 * nothing may be written to the shard meanwhile. Takes the lock.
 */
must_check int shard_writer_merge_pending(struct shard_writer *writer, aisle_error *error);

#endif
