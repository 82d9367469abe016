/*
 * catalog.h - a catalog's directory, and what an open one holds.
 *
 *   CATALOG/aisle.json    {"format":1,"shards":N}; locked: shared by all who have the catalog open, exclusively by
 *                         who gives its space back
 *   CATALOG/schema.json   the schema as it was given
 *   CATALOG/synonyms.txt  and stopwords.txt, rules.json: the shop's own, if there are any (rules_keeper.h)
 *   CATALOG/writer.lock   held by the writer for its life
 *   CATALOG/shard-NN/     one LMDB environment each
 *   CATALOG/shrinking/    a shard's data while it is rewritten (shrink.c); refuse when nobody is at it
 *
 * The directory is made under another name beside its place and renamed, so that it appears whole or not at all.
 * Thread rule: an open catalog is shared by threads; what changes in it is behind locks (shard.h, searcher.h).
 */
#ifndef AISLE_INDEX_CATALOG_H
#define AISLE_INDEX_CATALOG_H

#include "base/crew.h"
#include "index/firsts.h"
#include "index/leads.h"
#include "index/rules_keeper.h"
#include "index/searcher.h"
#include "index/shard.h"
#include "query/ranks.h"
#include "query/unions.h"
#include "query/words_kept.h"
#include "rank/rank.h"

struct aisle {
    char *path; /* owned */
    char *schema_json;
    struct schema *schema;
    struct segment_columns columns;
    struct rank_weights weights;
    uint64_t memory_bytes;
    uint64_t cache_bytes; /* as given; 0: the default (catalog_cache_bytes) */
    uint32_t threads;
    uint64_t merge_bytes_per_second;
    bool read_only;
    struct storage_lock *presence; /* owned; tells others that the catalog is open */
    uint32_t shard_count;
    struct shard *shards; /* owned, shard_count */
    struct searcher_pool searchers;
    struct rules_keeper rules;
    struct crew *crew; /* owned; NULL: nobody helps with searches */
    uint64_t crew_postings; /* that a search must have to look at to be helped with */
    uint64_t crew_bytes;    /* of the heap that helpers may keep */
    struct ranks_keeper ranks;
    struct unions_keeper unions;
    struct leads leads;
    struct words_kept undecided; /* by leads_key: where the search for a product of a suggestion goes on */
    uint32_t suggest_share;      /* documents that one call compares words in for one suggestion; tests set less */
    struct words_kept words;
    struct firsts firsts;
    bool has_searchers;
    bool has_ranks;
    bool has_unions;
    bool has_firsts;
};

/* The shard that a product with this id belongs to. ON DISK: the routing must not change. */
static inline uint32_t catalog_shard_of(const struct aisle *catalog, uint64_t id_hash)
{
    /* The high half: id tables inside the shard place by the other bits. */
    return (uint32_t)(((id_hash >> 32) * catalog->shard_count) >> 32);
}

/*
 * What searches may keep of the heap between them: as given, or the default, which grows with the products that the
 * shards' views have shown last. Any thread.
 */
uint64_t catalog_cache_bytes(const struct aisle *catalog);

/* PATH/NAME, in memory of the caller; NULL: no memory. */
char *catalog_path(const char *directory, const char *name);
char *catalog_shard_path(const char *directory, uint32_t shard);

/*
 * 0 when the catalog's path still leads to it. Another may have taken its place, with another writer's lock, so that
 * two could write this one. AISLE_NOT_FOUND.
 */
must_check int catalog_check_place(const struct aisle *catalog, aisle_error *error);

/* Removes what a crash in aisle_shrink has left. For who holds the writer's lock. */
void catalog_clean_shrinking(const char *directory);

#endif
