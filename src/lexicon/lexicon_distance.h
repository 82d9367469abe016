/*
 * lexicon_distance.h - optimal string alignment distance of one word to many, 64 characters at once.
 *
 * H. Hyyro, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances", 2003: a column of the matrix
 * of distances is two words of bits, its vertical differences, and a character of the text is some fifteen operations.
 * Private to lexicon. Thread rule: one thread.
 */
#ifndef AISLE_LEXICON_LEXICON_DISTANCE_H
#define AISLE_LEXICON_LEXICON_DISTANCE_H

#include "lexicon/lexicon_private.h"

/* A longer word is further from every eligible word than LEXICON_EDITS_MAX. */
#define LEXICON_PATTERN_MAX (LEXICON_SIMILAR_MAX + LEXICON_EDITS_MAX)
static_assert(LEXICON_PATTERN_MAX < 64, "a column fits a word");

struct lexicon_pattern {
    uint64_t masks[128]; /* of each ASCII character: where it stands */
    uint64_t wide_masks[LEXICON_PATTERN_MAX];
    uint32_t wide[LEXICON_PATTERN_MAX];
    unsigned wide_count;
    uint32_t characters[LEXICON_PATTERN_MAX];
    unsigned count;
};

/* Prepares a word. False: it is not UTF-8, is empty, or has more than LEXICON_PATTERN_MAX characters. */
bool lexicon_pattern_init(struct lexicon_pattern *pattern, struct bytes word);

/* The distance of the pattern to word, or anything above most when it is more than that. plain: word is ASCII. */
unsigned lexicon_distance(const struct lexicon_pattern *pattern, struct bytes word, bool plain, unsigned most);

/* The distances of the pattern to all beginnings of a word, shortest first. */
struct lexicon_beginnings {
    const struct lexicon_pattern *pattern;
    struct bytes word;
    uint64_t plus, minus, diagonal, before;
    size_t size; /* bytes of the beginning at hand */
    unsigned distance; /* of it */
};

void lexicon_beginnings_init(struct lexicon_beginnings *walk, const struct lexicon_pattern *pattern, struct bytes word);

/* Goes to the next beginning, one character longer: its size and distance. False at the end of the word. */
bool lexicon_beginnings_next(struct lexicon_beginnings *walk, uint32_t *character);

#endif
