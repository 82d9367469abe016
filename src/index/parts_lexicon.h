/*
 * parts_lexicon.h - the lexicon as a kind of parts: words that commits add, and what compaction leaves out.
 *
 * Private to index/. A flush gives the writer the words of its products, which wait in shard_writer.words until the
 * commit, or are written as a pending part when they are many. Of few words those that some part has are left out, so
 * that small commits add nothing but what is new. Of many only those that are no codes: most codes of a large batch are
 * new, and looking each up in every part would take longer than leaving it to the next merge that it is there twice.
 */
#ifndef AISLE_INDEX_PARTS_LEXICON_H
#define AISLE_INDEX_PARTS_LEXICON_H

#include "index/ingest.h"
#include "index/parts.h"
#include "lexicon/lexicon.h"

struct shard_snapshot;

extern const struct part_kind parts_lexicon;

/* Words one behind the other, some more than once. Zeroed is empty. */
struct word_bag {
    uint8_t *bytes; /* owned: u8 size and text of each */
    size_t size;
    size_t capacity;
    uint32_t count;
};

#define LEXICON_SPILLS 4u

/* Words that are in no part of the writer. */
struct fresh_words {
    struct word_bag waiting;
    struct word_bag leaving[LEXICON_SPILLS]; /* each being written as a pending part by one thread, unless empty */
};

/*
 * Takes from a flush's words those that are new. Takes the lock, but not while it looks them up, since others wait for
 * it: words of two flushes at once may be taken twice. AISLE_NO_MEMORY, AISLE_CORRUPT, AISLE_LIMIT, errors of storage.
 */
must_check int parts_lexicon_take(struct shard_writer *writer, const struct bytes *words, size_t count);

/*
 * Writes the words that wait as a pending part when they are many, or before the commit, whose own part, which waits in
 * the heap, is to be small. Takes the lock.
 */
must_check int parts_lexicon_spill(struct shard_writer *writer, enum parts_spill spill, aisle_error *error);

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
