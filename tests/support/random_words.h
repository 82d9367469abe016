/*
 * random_words.h - a vocabulary as catalogs have it: words of syllables, compounds of two, misspellings, codes, and
 * some words that are not ASCII. The same seed gives the same words everywhere.
 *
 * For tests and benches only; fails by assert; one thread.
 */
#ifndef AISLE_TESTS_SUPPORT_RANDOM_WORDS_H
#define AISLE_TESTS_SUPPORT_RANDOM_WORDS_H

#undef NDEBUG
#include "base/utf8.h"
#include "lexicon/lexicon.h"

#include <assert.h>
#include <stdio.h>

struct random_words {
    uint64_t state;
};

static inline uint32_t random_below(struct random_words *random, uint32_t below)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random->state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(((z ^ z >> 31) >> 32) * below >> 32);
}

/* Small numbers are much more frequent: as with syllables of a language. */
static inline uint32_t random_skewed(struct random_words *random, uint32_t below)
{
    uint32_t a = random_below(random, below);
    uint32_t b = random_below(random, below);
    return a < b ? a : b;
}

/* A word of count syllables behind size bytes; returns the new size. */
static inline size_t random_syllables(struct random_words *random, uint8_t *out, size_t size, uint32_t count, bool wide)
{
    static const char *const onsets[] = {"s", "t", "c", "p", "b", "m", "d", "r", "l", "f", "g", "h", "n", "w", "st",
                                         "tr", "pr", "ch", "sh", "br", "cl", "v", "k", "th", "gr", "j", "pl", "sp",
                                         "cr", "fl", "qu", "z"};
    static const char *const nuclei[] = {"e", "a", "i", "o", "u", "ea", "ou", "ee", "ai", "oo", "y", "io"};
    static const char *const wide_nuclei[] = {"\xc3\xa9", "\xc3\xb8", "\xc3\xa5", "\xd0\xb0", "\xe3\x82\xab", "a"};
    static const char *const codas[] = {"",   "",   "",   "r", "n", "l",  "s",  "t",
                                        "ng", "ck", "nd", "m", "x", "rt", "ss", "p"};
    for (uint32_t i = 0; i < count; i++) {
        const char *nucleus = wide && random_below(random, 2) == 0 ? wide_nuclei[random_below(random, 6)]
                                                                    : nuclei[random_skewed(random, 12)];
        int made = snprintf((char *)out + size, 16, "%s%s%s", onsets[random_skewed(random, 32)], nucleus,
                            codas[random_skewed(random, 16)]);
        size += (size_t)made;
    }
    return size;
}

static inline size_t random_code(struct random_words *random, uint8_t *out)
{
    static const char *const shapes[] = {"aann", "aannnna", "ann", "nnnaa", "aaannaa", "nnnnnn", "aannnnaan", "anna"};
    const char *shape = shapes[random_below(random, 8)];
    size_t size = 0;
    for (; shape[size] != 0; size++) {
        out[size] = (uint8_t)(shape[size] == 'a' ? 'a' + random_skewed(random, 26) : '0' + random_skewed(random, 10));
    }
    return size;
}

/* One to three random edits, of which some may be none. The text stays UTF-8 as long as it is ASCII. */
static inline size_t random_edits(struct random_words *random, uint8_t *text, size_t size, uint32_t count)
{
    for (uint32_t i = 0; i < count && size != 0; i++) {
        size_t at = random_below(random, (uint32_t)size);
        uint8_t letter = (uint8_t)('a' + random_below(random, 26));
        if (text[at] >= 0x80) {
            continue;
        }
        switch (random_below(random, 4)) {
        case 0:
            memmove(text + at, text + at + 1, size - at - 1);
            size--;
            break;
        case 1:
            memmove(text + at + 1, text + at, size - at);
            text[at] = letter;
            size++;
            break;
        case 2:
            text[at] = letter;
            break;
        default:
            if (at + 1 < size && text[at + 1] < 0x80) {
                uint8_t kept = text[at];
                text[at] = text[at + 1];
                text[at + 1] = kept;
            }
        }
    }
    return size;
}

#define RANDOM_WORD_BYTES_MAX 160u

/* Any word; out has room for RANDOM_WORD_BYTES_MAX, and the word has at most LIMIT_TERM_BYTES. */
static inline struct bytes random_word(struct random_words *random, uint8_t *out)
{
    uint32_t kind = random_below(random, 100);
    size_t size;
    if (kind < 12) {
        size = random_code(random, out);
    } else if (kind < 55) {
        size = random_syllables(random, out, 0, 2 + random_skewed(random, 3), kind < 15);
    } else if (kind < 90) {
        size = random_syllables(random, out, 0, 1 + random_skewed(random, 3), false);
        size = random_syllables(random, out, size, 1 + random_skewed(random, 3), false);
    } else if (kind < 99) {
        size = random_syllables(random, out, 0, 2 + random_skewed(random, 2), false);
        size = random_edits(random, out, size, 1 + random_below(random, 2));
    } else {
        size = random_syllables(random, out, 0, 1 + random_below(random, 16), false);
    }
    if (size == 0) {
        out[size++] = 'a';
    }
    return utf8_cut(bytes_of(out, size), LIMIT_TERM_BYTES);
}

/* Adds distinct words until the set has count of them. */
static inline void random_set(struct random_words *random, struct lexicon_set *set, uint32_t count)
{
    uint8_t text[RANDOM_WORD_BYTES_MAX];
    while (set->count < count) {
        int status = lexicon_set_add(set, random_word(random, text));
        assert(status == 0);
        (void)status;
    }
}

#endif
