/*
 * lexicon_similar.h - candidates from the deletes index, for whole words and for beginnings. Private to lexicon.
 */
#ifndef AISLE_LEXICON_LEXICON_SIMILAR_H
#define AISLE_LEXICON_LEXICON_SIMILAR_H

#include "lexicon/lexicon_distance.h"

/* Answers on their way: they grow in the heap of the arena and are sorted at the end. */
struct lexicon_found {
    struct arena *arena;
    struct lexicon_variant *list;
    size_t count;
    size_t capacity;
    bool is_cut; /* not all candidates were looked at */
};

/* Keeps a copy of word. AISLE_NO_MEMORY. */
must_check int lexicon_found_add(struct lexicon_found *found, struct bytes word, unsigned edits);

/*
 * Sorts by edits and bytes, tells each word once, and keeps the first limit, unless looking failed. AISLE_END as status
 * says that it was ended early. Returns 0, or what failed.
 */
must_check int lexicon_found_finish(struct lexicon_found *found, int status, size_t limit,
                                    struct lexicon_variants *out);

/* What a look-up in one part wants. */
struct lexicon_lookup {
    const struct lexicon_part *part;
    const struct lexicon_ask *ask;
    const struct lexicon_pattern *pattern;
    unsigned edits;      /* at most */
    unsigned longest;    /* characters of the words that count, at most */
    unsigned shortest;
    bool beginning;      /* words that begin nearly so are wanted, whatever follows */
    /* Called with each word that may be one, sometimes more than once; plain: it is ASCII. */
    int (*candidate)(const struct lexicon_lookup *lookup, struct bytes word, bool plain, struct lexicon_found *found);
    struct lexicon_found *found;
};

/* Looks in the deletes index of one part. AISLE_CORRUPT, AISLE_END if ask stops it, or what candidate reported. */
must_check int lexicon_lookup(const struct lexicon_lookup *lookup);

/* Whether word begins with the characters that ask fixes. */
bool lexicon_has_fixed(const struct lexicon_lookup *lookup, struct bytes word);

#endif
