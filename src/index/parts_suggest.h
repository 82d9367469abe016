/*
 * parts_suggest.h - suggestions as a kind of parts: what new products add, and what compaction counts anew.
 *
 * Private to index/. A flush gives the writer what its products suggest, from some of them when they are many; that
 * waits in shard_writer.suggestions until the commit. What products that are gone have added stays until compaction
 * counts the whole shard again. What shoppers searched for is a kind of its own, which compaction leaves alone.
 */
#ifndef AISLE_INDEX_PARTS_SUGGEST_H
#define AISLE_INDEX_PARTS_SUGGEST_H

#include "index/parts.h"
#include "index/suggest_collect.h"

struct segment_builder;
struct shard_snapshot;

extern const struct part_kind parts_suggest;
extern const struct part_kind parts_learned;

/* Suggestions that no part of the writer has. */
struct fresh_suggestions {
    const struct schema *schema; /* borrowed; NULL: nothing is collected */
    struct suggest_set waiting;
    uint64_t products; /* that they are of */
    uint64_t allowed;  /* how many products of a large shard may be looked into beside one in some */
    uint64_t allowed_ns; /* by this moment */
    struct suggest_set learned; /* searches that are to replace those learned before */
    bool has_learned;
};

/*
 * Adds what the live products of a builder suggest. Takes the lock for moments: while it collects, it has what waits to
 * itself, and a flush beside it begins anew. What waited is lost when it fails, as the writer is. AISLE_NO_MEMORY.
 */
must_check int parts_suggest_take(struct shard_writer *writer, const struct segment_builder *builder);

/*
 * Writes what waits as a pending part, unless a commit had better join it with small ones. Nobody takes meanwhile, or
 * is about to before the commit; takes the lock for moments.
 */
must_check int parts_suggest_spill(struct shard_writer *writer, aisle_error *error);

/*
 * Searches, a line each: the text, a tab, how often. They replace those learned before at the next commit. Takes the
 * lock. AISLE_INVALID and AISLE_LIMIT name the line, error->position is its byte; AISLE_NO_MEMORY. Nothing is changed
 * then.
 */
must_check int parts_learned_take(struct shard_writer *writer, struct analyser *analyser, struct bytes lines,
                                  aisle_error *error);

/*
 * The parts of both kinds in all shards of a search, whose snapshots these are; the array is of the arena, what it
 * points to lives as long as the snapshots. AISLE_NO_MEMORY.
 */
must_check int parts_suggest_gather(const struct shard_snapshot *snapshots, uint32_t count, struct arena *arena,
                                    const struct suggest_reader ***parts, size_t *part_count);

/*
 * For compaction, when nothing is uncommitted and no merge under way: counts what the shard's products suggest, of the
 * first LIMIT_SUGGEST_PRODUCTS or of every n-th if there are more, into one part in place of all. Nothing is done when
 * there is one part that is of just these products. Takes the lock.
 */
must_check int parts_suggest_compact(struct shard_writer *writer, aisle_error *error);

#endif
