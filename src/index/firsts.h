/*
 * firsts.h - answers to the first keystrokes, one to three characters, kept until the next commit.
 *
 * Every shopper begins with one of a few hundred beginnings, which have the most products of all and so take longest.
 * Kept are the best products and the total of a search for nothing but such a beginning: no filter, no boost, no order
 * of its own, no more hits than FIRST_HITS. What it is kept by: the generations of all shards, the words, the weights
 * and the time of signals, how many hits were looked for.
 *
 * Thread rule: any number of threads ask and note at once.
 */
#ifndef AISLE_INDEX_FIRSTS_H
#define AISLE_INDEX_FIRSTS_H

#include "query/query.h"

#include <pthread.h>

#define FIRST_CHARACTERS 3u
#define FIRST_HITS 16u

/* What a search is known by. */
struct first_key {
    uint64_t generations; /* look_generations */
    uint64_t question;    /* a hash of the rest */
};

struct first_answer {
    uint64_t total;
    uint32_t count; /* of hits */
    struct query_hit hits[FIRST_HITS];
};

struct first_kept {
    struct first_key key;
    struct first_answer answer;
};

struct firsts {
    pthread_mutex_t lock;
    struct first_kept *slots; /* owned; NULL: nothing has been noted yet */
    atomic_size_t bytes;      /* of the heap */
    uint32_t next;            /* which of a bucket's goes next */
};

/* Makes an empty one. AISLE_NO_MEMORY. */
must_check int firsts_init(struct firsts *firsts);
void firsts_release(struct firsts *firsts);

/*
 * Whether a parsed query is one whose answer is kept, and *key with its generations set: the rest. weights: as the
 * caller gave them, NULL: none.
 */
bool first_key_make(const struct query_node *root, const char *weights, int64_t now_ms, uint32_t wanted,
                    struct first_key *key);

/* Copies what is known. */
bool firsts_find(struct firsts *firsts, const struct first_key *key, struct first_answer *answer);

/* Without memory nothing is kept. hits: FIRST_HITS at most. */
void firsts_note(struct firsts *firsts, const struct first_key *key, const struct query_hit *hits, uint32_t count,
                 uint64_t total);

#endif
