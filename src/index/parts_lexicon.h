/*
 * parts_lexicon.h - the lexicon as a kind of parts: words that commits add, and what compaction leaves out.
 *
 * Private to index/. A flush gives the writer the words of its products; those that no part has wait in
 * shard_writer.words until the commit, or are written as a pending part when they are many.
 */
#ifndef AISLE_INDEX_PARTS_LEXICON_H
#define AISLE_INDEX_PARTS_LEXICON_H

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

/* The opened lexicon parts of a view; out has room for all its parts. Returns how many. */
struct shard_view;
size_t parts_lexicon_of(const struct shard_view *view, const struct lexicon_part **out);

/*
 * Makes one part of the lexicon, without words that keep leaves out. Nothing is done when there is one and it keeps
 * all. Takes the lock.
 */
must_check int parts_lexicon_compact(struct shard_writer *writer, lexicon_keep *keep, void *context,
                                     aisle_error *error);

#endif
