/*
 * scan_group.h - several posting lists as one: alternatives of which a document scores the best, or the sum.
 *
 * What scan.h asks of a list, a group answers for all of its own. Lists of few postings are decoded once, into one
 * ascending array; each of the others keeps a cursor, whose bounds are added up range by range and whose postings are
 * poured into windows of SCAN_WINDOW documents. A group that is only counted is a set of bits instead, for the part of
 * the segment at hand, unless it would be asked about few documents, or an array of its rare lists was kept
 * (group_keep.h). So is a leaf of very many lists, a short prefix, with the best code of each document in a byte
 * beside.
 *
 * Private to the module; lives in the query's arena. Thread rule: as the query.
 */
#ifndef AISLE_QUERY_SCAN_GROUP_H
#define AISLE_QUERY_SCAN_GROUP_H

#include "query/query.h"
#include "query/select.h"
#include "query/share.h"

/* Documents whose scores are summed up together: 16 KiB of sums. */
#define SCAN_WINDOW 4096u

#define SCAN_GROUP_RUN 64u /* rare postings that share a bound */

struct scan_group_list {
    struct postings_cursor *postings;
    const struct rank_table *table;
    uint8_t least_class; /* codes of lower ones do not count */
    bool has_limits;     /* what a code must be to be worth limits_least, the last that was asked for */
    uint8_t limits[SELECT_CLASSES];
    int32_t limits_least;
};

/*
 * A window of one group at a time: its scores and bits are zeros between calls, once is_clean, which groups of more
 * than rare lists see to.
 */
struct scan_group_room {
    bool is_clean;
    int32_t scores[SCAN_WINDOW];
    uint64_t bits[SCAN_WINDOW / 64];
    uint8_t codes[SCAN_WINDOW];
    uint64_t found[SCAN_WINDOW / 64];
};

struct scan_group {
    bool is_sum; /* a document scores the sum of its lists; else the best */
    uint32_t list_count;
    struct scan_group_list *lists; /* with a cursor each */
    uint32_t rare_count;           /* postings of the others, one for a document */
    uint32_t rare_next;            /* the first that was not passed */
    const uint32_t *rare_documents;
    const int32_t *rare_scores;
    const int32_t *rare_bounds; /* the largest of each run of SCAN_GROUP_RUN scores */
    uint32_t span;        /* documents that are bounded and read together */
    int32_t max;          /* the most that any document is worth */
    const struct select_kernels *kernels;
    uint64_t *bits;  /* NULL: none; else the group is these, from document bits_from on, and there are no lists */
    uint8_t *codes;  /* beside them; NULL: it is only counted */
    const struct rank_table *table; /* that prices codes */
    uint32_t bits_from;
    uint32_t bits_end;
    uint32_t bits_at; /* every document of the set from here on is to come */
    struct scan_group_room *room; /* the query's */
};

/* What a group is made for. */
struct scan_group_options {
    struct query_context *context;
    const struct query_segment *segment;
    const struct share_part *part;
    const struct query_node *node;
    struct scan_group_room *room; /* NULL: it is only counted */
    uint64_t postings;            /* of all its lists */
    uint64_t asked;               /* then: about how many documents it would be asked about */
};

/*
 * Whether node is several lists that a group can be made of: a leaf of several, or of codes that count by class, or
 * alternatives of such leaves and sums of single lists.
 */
bool scan_group_suits(const struct query_context *context, const struct query_node *node, uint32_t segment);

/* How many postings the lists of such a node have. */
uint64_t scan_group_postings(const struct query_node *node, uint32_t segment);

/* Makes a group of such a node, options->node. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int scan_group_open(const struct scan_group_options *options, struct scan_group **out);

/* The rest is as the functions of postings.h, with parts in place of codes. */

uint32_t scan_group_document(const struct scan_group *group);
uint32_t scan_group_seek(struct scan_group *group, uint32_t target);

/* The most that a document from from to to is worth; *any: there may be one. */
int32_t scan_group_bound_range(struct scan_group *group, uint32_t from, uint32_t to, bool *any);

/* Likewise up to *last, which is as far as one batch goes, or as a superblock does. */
int32_t scan_group_bound(struct scan_group *group, uint32_t from, uint32_t *last);
int32_t scan_group_bound_wide(struct scan_group *group, uint32_t from, uint32_t *last);

/*
 * Documents from the current one on, none behind last, that are worth least or more; of a best score it is enough that
 * one list gives so much. At most SCAN_WINDOW; *count may be 0. Moves behind all it looked at. False at the end, and
 * when the current document is behind last.
 */
bool scan_group_batch(struct scan_group *group, uint32_t last, int32_t least, uint32_t *documents, int32_t *scores,
                      uint32_t *count);

/* Which of count documents, ascending, at most SCAN_WINDOW, the group has, and what they are worth. */
void scan_group_lookup(struct scan_group *group, const uint32_t *documents, uint32_t count, int32_t *parts,
                       uint64_t *found);

/* Adds what documents of [from, from + count), count at most SCAN_WINDOW, are worth to sums, and sets their bits. */
void scan_group_accumulate(struct scan_group *group, uint32_t from, uint32_t count, int32_t *sums, uint64_t *bits);

/* Sets bits of documents; from is a multiple of 64. */
void scan_group_fill(struct scan_group *group, uint32_t from, uint32_t count, uint64_t *bits);

int scan_group_status(const struct scan_group *group);

#endif
