/*
 * shard_writer_private.h - what the files of the shard writer share with each other.
 */
#ifndef AISLE_INDEX_SHARD_WRITER_PRIVATE_H
#define AISLE_INDEX_SHARD_WRITER_PRIVATE_H

#include "index/shard_writer.h"

/* Appends a segment with a reference and a copy of dead (may be NULL). */
must_check int shard_writer_add_segment(struct shard_writer *writer, const struct segment_info *info,
                                        struct segment *segment, const uint64_t *dead, bool pending);

must_check int shard_writer_reload(struct shard_writer *writer, aisle_error *error);

/* Opens a segment that is on disk but not listed. */
must_check int shard_writer_open_pending(struct shard_writer *writer, const struct segment_info *info,
                                         struct segment **out, aisle_error *error);

/* Removes extents and pages of segments that the manifest does not list, in small transactions. */
must_check int shard_writer_clean(struct shard_writer *writer, aisle_error *error);

/*
 * A compressor with the shard's current dictionary, the caller's to free. Trains the dictionary first when there is
 * none yet and the builder holds enough products for it.
 */
must_check int shard_writer_compressor(struct shard_writer *writer, const struct segment_builder *builder,
                                       struct compressor **out, aisle_error *error);

/* Marks a document of a segment dead. */
must_check int shard_writer_kill_in(struct shard_writer *writer, struct writer_segment *segment, uint32_t document);

/* Merges all pending segments into one. No pending column change may refer to them. */
must_check int shard_writer_merge_pending(struct shard_writer *writer, aisle_error *error);

/* Forgets the pending segments; their extents are refuse then. */
void shard_writer_drop_pending(struct shard_writer *writer);

/* Waits for a flush beside and forgets its result. */
void flush_abandon(struct shard_writer *writer);

#endif
