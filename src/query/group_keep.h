/*
 * group_keep.h - what one query keeps of the groups it has opened, for its other passes.
 *
 * The best products, their number, each way through alternatives and each correction that is tried open the same
 * clauses in the same segments. What is dear of a group is decoding its short lists and bringing them into one order,
 * and pouring lists out to be counted; both are kept here, by segment and by the lists that they were made of. Scores
 * are prices that a later pass may have changed: they are taken only where df and share of every leaf are the same.
 *
 * Kept is at most LIMIT_QUERY_KEPT_BYTES; what does not fit is made anew each time. Private to the module; the owner of
 * a struct query_keep (query.h) begins and ends it. Thread rule: as the query; passes that several threads share keep
 * nothing.
 */
#ifndef AISLE_QUERY_GROUP_KEEP_H
#define AISLE_QUERY_GROUP_KEEP_H

#include "query/query.h"

struct group_key;

/* One list of a group. */
struct group_source {
    const struct postings_list *list; /* as long as the query */
    const struct query_node *leaf;    /* that it is of, and that prices it */
    uint8_t least_class;              /* codes of lower ones do not count */
};

/* One ascending array of several lists; or the bits of their documents. */
struct group_kept {
    struct group_kept *next; /* of the same segment */
    struct group_key *key;
    uint32_t count;      /* of documents */
    uint32_t *documents; /* NULL: bits */
    int32_t *scores;
    int32_t *bounds;
    uint64_t *bits;
};

/*
 * The array made of these lists in this order, if it was kept; priced: with the scores that it would be given now, sums
 * or not. NULL: none.
 */
const struct group_kept *group_keep_array(const struct query_keep *keep, uint32_t segment,
                                          const struct group_source *sources, uint32_t count, bool is_sum, bool priced);

/* Likewise bits. */
const struct group_kept *group_keep_bits(const struct query_keep *keep, uint32_t segment,
                                         const struct group_source *sources, uint32_t count);

/*
 * Room for an array of at most documents entries, or, where that is 0, for words of bits, zeros; it counts as kept
 * once group_keep_add says so. NULL: there is no room, and nothing is to be kept. segments: of the query.
 */
struct group_kept *group_keep_new(struct query_keep *keep, uint32_t segments, const struct group_source *sources,
                                  uint32_t count, bool is_sum, size_t documents, size_t words);
void group_keep_add(struct query_keep *keep, uint32_t segment, struct group_kept *kept);

#endif
