/*
 * stem.h - stems of words, by libstemmer, behind a cache.
 *
 * libstemmer takes 200 to 1000 ns a word and the cache some 15, and nearly all words of a catalog are a few thousand.
 * The cache is two-way set-associative: a word has two places, and a new one takes that of the two which was used less
 * recently. An entry is one cache line; words and stems too long for it are stemmed each time.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_TEXT_STEM_H
#define AISLE_TEXT_STEM_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "text/exceptions.h"

#define LANGUAGE_NONE 0u
#define LANGUAGE_COUNT 33u

#define STEM_ENTRY_BYTES 64u
#define STEM_WORD_BYTES 512u /* a longer word is cut before stemming: libstemmer is quadratic in some languages */

struct sb_stemmer;
struct word_note;
struct stem_entry;

struct stemmer_set {
    struct sb_stemmer *stemmers[LANGUAGE_COUNT]; /* each made when first needed */
    struct stem_entry *entries;                  /* LIMIT_STEM_CACHE of them; made when first needed */
    void *memory;                                /* the block they lie in, at a multiple of their size */
    uint64_t entered;                            /* words so far; the number of the one entered last */
    struct exceptions exceptions;                /* of all languages; after a change, stemmer_set_forget */
};

/* A zeroed set is an empty one. */
void stemmer_set_release(struct stemmer_set *set);

/*
 * Makes the stemmer of a language and the cache, unless they are there. 0; AISLE_INVALID when the number is no language
 * or libstemmer lacks it; AISLE_NO_MEMORY.
 */
int stemmer_set_prepare(struct stemmer_set *set, uint8_t language);

/* Forgets all cached stems, but no number. */
void stemmer_set_forget(struct stemmer_set *set);

/* A word longer than this is not cached. */
#define STEM_CACHED_BYTES (STEM_ENTRY_BYTES - 29u)

/* Where a word of at most STEM_CACHED_BYTES belongs in the cache, which is asked for from memory. */
uint32_t stemmer_set_place(const struct stemmer_set *set, uint8_t language, struct bytes word);

/*
 * Stems word (letters only, folded, not empty, at most STEM_CACHED_BYTES) in a language that was prepared; place is
 * what stemmer_set_place said of it. *stem is never empty, at most LIMIT_TERM_BYTES, and either the beginning of word
 * or in arena. *note is kept with the word as long as it is cached, and (*note)->word, not 0, is its number, which is
 * never another's; NULL: it is not cached. 0 or AISLE_NO_MEMORY.
 */
int stemmer_set_run(struct stemmer_set *set, uint8_t language, struct bytes word, uint32_t place, struct arena *arena,
                    struct bytes *stem, struct word_note **note);

/* As stemmer_set_run, past the cache: for longer words, and for the test that both agree. */
int stemmer_set_run_uncached(struct stemmer_set *set, uint8_t language, struct bytes word, struct arena *arena,
                             struct bytes *stem);

#endif
