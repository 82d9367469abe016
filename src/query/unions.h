/*
 * unions.h - what the lists of one clause come to in a segment, kept from query to query.
 *
 * Who types asks the same again and again: a letter more of the last word, the same words before it, and what others
 * have typed today. What is dear of a beginning is that it is many lists: pouring them out to be counted, and bringing
 * short ones into one order. Both follow from the segment and the words alone, and segments never change, so that what
 * was made once serves all queries until the segment is gone; which products are dead, and what a word is worth, is not
 * in it. Answers are the same with or without.
 *
 * Kept is at most the keeper's bytes_max. What is asked for often, saves much for the bytes it takes and was asked for
 * not long ago stays, and nothing comes in that is worth less than what would go for it (GreedyDual-Size-Frequency:
 * Cherkasova, "Improving WWW proxies performance with greedy-dual-size-frequency caching policy", 1998; of a sample, as
 * the exact order is not worth its upkeep).
 *
 * Private to the module but for the keeper. Thread rule: a keeper is shared by threads; what is kept never changes, and
 * lives as long as a query holds it, which is until its query_keep is reset.
 */
#ifndef AISLE_QUERY_UNIONS_H
#define AISLE_QUERY_UNIONS_H

#include "base/limits.h"
#include "query/query.h"

#include <pthread.h>

enum union_kind {
    UNION_BITS, /* the documents of all lists */
    UNION_ARRAY, /* those of the short lists of one leaf, with the best code of each */
    UNION_WORD   /* the documents of a leaf's one list (count_words.h) */
};

struct union_kept {
    uint64_t *bits;      /* UNION_BITS, UNION_WORD: one a document; in this block, as all arrays are */
    uint64_t *marks;     /* UNION_WORD: of the bits (base/bitset.h) */
    uint32_t *documents; /* UNION_ARRAY: ascending */
    uint8_t *codes;
    uint32_t count; /* of documents; may become less until it is kept */
    /* Private: */
    struct unions_keeper *keeper;
    struct union_kept *next; /* of the same bucket */
    uint64_t hash;
    uint64_t worth;    /* what it saves, in thousandths of a posting poured out for each byte */
    uint64_t priority; /* the least goes first */
    uint32_t slot;     /* of the keeper's counters, which segments share */
    uint32_t place;    /* in the keeper's list */
    size_t bytes;      /* of the block */
    uint32_t holders;  /* queries, and the keeper */
    uint32_t key_size;
    uint8_t *key;
};

#define UNIONS_BUCKETS 1024u
#define UNIONS_COUNTERS 4096u

struct unions_keeper {
    pthread_mutex_t lock; /* over all but bytes_max, of what is kept, too */
    struct union_kept *buckets[UNIONS_BUCKETS];
    struct union_kept *list[LIMIT_UNIONS]; /* all of them */
    uint32_t count;
    uint32_t sampled; /* where samples go on */
    uint64_t clock;   /* the priority of what went last */
    uint64_t asked;   /* since counters were halved */
    uint8_t counters[UNIONS_COUNTERS]; /* how often clauses were asked for */
    atomic_size_t bytes;
    atomic_size_t bytes_max; /* 0: nothing is kept; may change between queries (look.c) */
    uint64_t postings_least; /* what fewer make is not worth it; tests make it less */
    uint64_t word_least;     /* likewise of a word's in all segments */
};

/* Makes an empty keeper. AISLE_NO_MEMORY. */
must_check int unions_keeper_init(struct unions_keeper *keeper, size_t bytes_max);

/* No query holds anything any more; other threads may be gone without a word (fork). */
void unions_keeper_release(struct unions_keeper *keeper);

/* Lets go of what is more than so many bytes. */
void unions_keeper_shrink(struct unions_keeper *keeper, size_t bytes);

/*
 * What is kept of a bound clause in a whole segment, or NULL. The clause is one that scan_group_suits; of
 * UNION_ARRAY it is a leaf.
 */
const struct union_kept *unions_find(const struct query_context *context, uint32_t segment,
                                     const struct query_node *node, enum union_kind kind);

/*
 * Notes in a bound leaf, in those segments where it is one list, what is kept of that (UNION_WORD), all at one go.
 * Returns how often the leaf was asked for, about, this time included; 0: nothing can be kept.
 */
uint32_t unions_find_word(const struct query_context *context, struct query_node *leaf);

/*
 * Room for one: for a bit of each of count documents, zeros, or for an array of count. It belongs to the query until
 * unions_keep or unions_drop. NULL: it is not to be kept, since it would save less than what is, is too large, or there
 * is no memory. postings: of the lists it is made of.
 */
struct union_kept *unions_new(const struct query_context *context, uint32_t segment, const struct query_node *node,
                              enum union_kind kind, uint32_t count, uint64_t postings);

/* Keeps it, for the query to read on; false: it may not be read any more. */
bool unions_keep(const struct query_context *context, struct union_kept *made);
void unions_drop(struct union_kept *made);

/* Lets go of what a query holds. */
void unions_let_go(struct query_keep *keep);

#endif
