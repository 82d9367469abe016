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
#include "base/hash.h"
#include "base/limits.h"
#include "text/exceptions.h"
#include "text/text.h"

#define LANGUAGE_NONE 0u
#define LANGUAGE_COUNT 33u

#define STEM_ENTRY_BYTES 64u
#define STEM_WORD_BYTES 512u /* a longer word is cut before stemming: libstemmer is quadratic in some languages */

/* A word longer than this is not cached. */
#define STEM_CACHED_BYTES (STEM_ENTRY_BYTES - 29u)

#define STEM_WAYS 2u
#define STEM_SETS (LIMIT_STEM_CACHE / STEM_WAYS)

struct stem_entry {
    struct word_note note;
    uint8_t word_size; /* 0: an empty entry */
    uint8_t language;
    uint8_t kept;                   /* the stem is so many bytes of the word, */
    uint8_t tail_size;              /* then so many bytes of tail */
    uint8_t older;                  /* of a set's first entry: which of the two was used less recently */
    uint8_t data[STEM_CACHED_BYTES]; /* word, tail */
};

struct sb_stemmer;

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

/* Where a word of 1 to STEM_CACHED_BYTES belongs in the cache, which is asked for from memory. */
static inline uint32_t stemmer_set_place(const struct stemmer_set *set, uint8_t language, struct bytes word)
{
    uint64_t hash = word.size <= 16 ? hash_short(word.data, word.size, language) /* nearly all */
                                    : hash_bytes_seeded(word.data, word.size, language);
    uint32_t place = (uint32_t)(hash & (STEM_SETS - 1)) * STEM_WAYS;
    __builtin_prefetch(&set->entries[place]);
    __builtin_prefetch(&set->entries[place + 1]);
    return place;
}

/* The stem that is kept bytes of word and the tail, in word itself or in arena. AISLE_NO_MEMORY. */
int stem_assemble(struct bytes word, size_t kept, struct bytes tail, struct arena *arena, struct bytes *stem);

/* As stemmer_set_run, of a word that is not in the cache and enters it, if it fits, in place of the older of two. */
int stemmer_set_enter(struct stemmer_set *set, uint8_t language, struct bytes word, uint32_t place,
                      struct arena *arena, struct bytes *stem, struct word_note **note);

/*
 * Stems word (letters only, folded, not empty, at most STEM_CACHED_BYTES) in a language that was prepared; place is
 * what stemmer_set_place said of it. *stem is never empty, at most LIMIT_TERM_BYTES, and either the beginning of word
 * or in arena. *note is kept with the word as long as it is cached, and (*note)->word, not 0, is its number, which is
 * never another's; NULL: it is not cached. 0 or AISLE_NO_MEMORY.
 */
static inline int stemmer_set_run(struct stemmer_set *set, uint8_t language, struct bytes word, uint32_t place,
                                  struct arena *arena, struct bytes *stem, struct word_note **note)
{
    struct stem_entry *ways = &set->entries[place];
    for (uint8_t way = 0; way < STEM_WAYS; way++) {
        struct stem_entry *entry = &ways[way];
        if (entry->word_size == word.size && entry->language == language &&
            bytes_same(entry->data, word.data, word.size)) {
            ways[0].older = way ^ 1;
            *note = &entry->note;
            if (entry->tail_size == 0) {
                *stem = bytes_of(word.data, entry->kept);
                return 0;
            }
            return stem_assemble(word, entry->kept, bytes_of(entry->data + entry->word_size, entry->tail_size), arena,
                                 stem);
        }
    }
    return stemmer_set_enter(set, language, word, place, arena, stem, note);
}

/* As stemmer_set_run, past the cache: for longer words, and for the test that both agree. */
int stemmer_set_run_uncached(struct stemmer_set *set, uint8_t language, struct bytes word, struct arena *arena,
                             struct bytes *stem);

#endif
