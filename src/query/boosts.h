/*
 * boosts.h - what products get besides words and signals: a bonus for each filter that keeps them.
 *
 * A shopper's affinities, the shop's rules and exact names are all of this kind: a filter and a part, as those of words
 * (rank/rank.h). A product's bonus is the sum over the filters that keep it. It is additive like signals, and is
 * bounded and added where they are (signals.h), so that whatever passes over documents by bounds stays exact.
 *
 * Those for values of one keyword or path are one look-up of a document's value, however many they are, and are bounded
 * by what is kept of which values 64 documents have (boost_values.h). Any other filter is made into bits, only for
 * windows of documents that a query looks at closely, once a window: these give the sum of each document, and the
 * largest for bounds. Wide ranges are bounded by all parts that the segment may have.
 *
 * Thread rule: as the query whose arena it lives in; the list is read by all its threads.
 */
#ifndef AISLE_QUERY_BOOSTS_H
#define AISLE_QUERY_BOOSTS_H

#include "query/boost_values.h"
#include "query/filter.h"
#include "query/query.h"

#define BOOSTS_LIKELY_MAX 512u /* likely documents that are found at once */

/* One bonus; everything is borrowed for the query. */
struct boost {
    const struct filter_node *filter;
    int32_t part;      /* above 0 */
    const char *kind;  /* "affinity", "rule", "exact": for query_explain */
    struct bytes name; /* of it: what was asked for, the rule's id, what is equal */
};

struct boost_list {
    struct boost *boosts;
    uint32_t count;
};

/* The boosts of one segment. */
struct boosts;

/* Opens them; *out is NULL when there are none. AISLE_NO_MEMORY, AISLE_CORRUPT. */
must_check int boosts_open(const struct query_context *context, uint32_t segment, struct boosts **out);

/* No document of the segment gets more. */
int32_t boosts_max(const struct boosts *boosts);

/* No document from first to last gets more; both lie in the segment. */
int32_t boosts_bound(struct boosts *boosts, uint32_t first, uint32_t last);

/* Likewise of one document, cheaply: nothing is made for it but what is kept. */
int32_t boosts_bound_near(struct boosts *boosts, uint32_t document);

/*
 * A boost for values: which groups of a page have one, boost_like_groups tells. No document with one of the values
 * gets more than reach for values, unless it has one of a field of more values, too.
 */
struct boost_like {
    struct boost_values *values;
    const struct value_place *place; /* of the range; NULL: none */
    uint32_t range;
    uint32_t field; /* number in those that have any */
    bool adds_up;   /* with others of the field */
    int32_t part;
    int32_t reach;
};

static inline uint32_t boost_like_groups(const struct boost_like *like, uint32_t page)
{
    uint32_t known = like->place == NULL ? 0 : value_place_known(like->place, page);
    return known != 0 ? known & (VALUE_GROUPS_KNOWN - 1) : boost_values_groups(like->values, like->range, page);
}

/* Those for values, the furthest reaching first; *count: how many. NULL: there are none, or no memory. */
const struct boost_like *boosts_likes(struct boosts *boosts, uint32_t *count);

/* No document from first to last gets more for all but its values. */
int32_t boosts_bound_besides(struct boosts *boosts, uint32_t first, uint32_t last);

/* No document of a group of 64 gets more for count likes, all that there are. */
int32_t boosts_group_bound(const struct boost_like *likes, uint32_t count, uint32_t group);

/* What each document of a group of 64 gets for its values. */
void boosts_group_parts(struct boosts *boosts, uint32_t group, int32_t parts[VALUE_MARKS_GROUP]);

/* Documents that get much for their values, ascending. Begins as zeros, but for least, which is 1. */
struct boosts_likely {
    uint32_t documents[BOOSTS_LIKELY_MAX];
    int32_t parts[BOOSTS_LIKELY_MAX];
    uint32_t count;
    int32_t least;   /* that is worth finding: more, the more were found */
    uint32_t group;  /* at hand, of 64 documents */
    bool is_worth;   /* a document of it may get least */
    uint32_t passed; /* groups */
    uint32_t looked; /* of them, those whose values were read */
    int32_t group_parts[64];
};

/*
 * Takes those of count documents, ascending and behind all before, that are likely. False: so many were looked at, some
 * 20 us' worth, that no more need be given.
 */
bool boosts_likely_take(struct boosts *boosts, struct boosts_likely *likely, const uint32_t *documents, size_t count);

/* What one document gets. */
int32_t boosts_part(struct boosts *boosts, uint32_t document);

/* Sticky: AISLE_CORRUPT when a page could not be read; parts are 0 then. */
int boosts_status(const struct boosts *boosts);

#endif
