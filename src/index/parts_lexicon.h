/*
 * parts_lexicon.h - the lexicon as a kind of parts: words that commits add, and what compaction leaves out.
 *
 * Private to index/. A flush gives the writer the words of its products; those that no part has wait in
 * shard_writer.words until the commit, or are written as a pending part when they are many.
 */
#ifndef AISLE_INDEX_PARTS_LEXICON_H
#define AISLE_INDEX_PARTS_LEXICON_H

#include "index/ingest.h"
#include "index/parts.h"
#include "lexicon/lexicon.h"

struct shard_snapshot;

extern const struct part_kind parts_lexicon;

/* Words that no part of the writer has. */
struct fresh_words {
    struct lexicon_set waiting;
    struct lexicon_set leaving; /* being written as a pending part, by one thread */
};

/* Under the lock: takes from a set of words those that are new. AISLE_NO_MEMORY, AISLE_CORRUPT, AISLE_LIMIT. */
must_check int parts_lexicon_take(struct shard_writer *writer, const struct lexicon_set *words);

/* Writes the words that wait when they are many. Takes the lock. */
must_check int parts_lexicon_spill(struct shard_writer *writer, aisle_error *error);

/*
 * The lexicon of all shards of a search, whose snapshots these are: out->parts is of the arena, and what it points to
 * lives as long as the snapshots. AISLE_NO_MEMORY.
 */
must_check int parts_lexicon_gather(const struct shard_snapshot *snapshots, uint32_t count, struct arena *arena,
                                    struct lexicon *out);

/*
 * For compaction, when nothing is uncommitted and no merge under way: makes one part of the lexicon, without the words
 * that no term of a segment can come from. Nothing is done when there is one part and no such word. Takes the lock.
 */
must_check int parts_lexicon_compact(struct shard_writer *writer, const struct ingest *ingest, aisle_error *error);

#endif
