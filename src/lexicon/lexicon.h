/*
 * lexicon.h - the words of a shard as people write them, and which of them are like a given one.
 *
 * A word is a folded token before stemming: typos are judged on what is typed, and `wireles` stems to something three
 * edits away from `wireless`. Matching does not use the lexicon (segments keep their dictionaries of stems): it answers
 * which words are like this one and which contain this fragment. Whoever asks analyses the answer as if it had been
 * typed, so that stems, frequencies and liveness come from the segments. A lexicon may therefore hold words of products
 * that were deleted since the last compaction, but it holds every word of every live product.
 *
 * A lexicon is a list of immutable parts (lexicon_format.h). Several may have a word; answers tell each once, and a
 * merge of parts writes it once.
 *
 * Which words are eligible:
 *   similar    words without an ASCII digit, of LEXICON_SIMILAR_MIN to LEXICON_SIMILAR_MAX characters. Codes are typed
 *              exactly or they are other codes; of two letters everything is two edits away.
 *   containing codes: words with an ASCII digit, of LEXICON_CODE_MIN bytes or more.
 *   has        all words, of 1 to LIMIT_TERM_BYTES bytes.
 *
 * Distance is optimal string alignment in characters (code points): inserting, deleting or replacing a character, or
 * swapping two neighbours, is one edit, and no place is edited twice.
 *
 * Lifetime: a part borrows its view. Words in answers are views of the arena.
 * Thread rule: a writer and a set belong to one thread. A part never changes after lexicon_open and may be shared.
 */
#ifndef AISLE_LEXICON_LEXICON_H
#define AISLE_LEXICON_LEXICON_H

#include "base/arena.h"
#include "base/extents.h"
#include "base/status.h"
#include "lexicon/lexicon_format.h"

/* ------------------------------------------------------------------------------------------------ reading -- */

/* One opened part. */
struct lexicon_part {
    const struct extent_view *view; /* borrowed */
    uint32_t words;
    struct lexicon_footer footer;
    uint32_t first[LEXICON_CLASSES + 1]; /* number of each class's first word; the last is `words` */
    uint64_t offset[LEXICON_CLASSES];    /* where it stands */
};

/* Opens a part over a view, which must outlive it. Reads footer and classes only. AISLE_CORRUPT, AISLE_NEWER_FORMAT. */
must_check int lexicon_open(struct lexicon_part *part, const struct extent_view *view);

/* Words of a part. */
static inline uint32_t lexicon_words(const struct lexicon_part *part)
{
    return part->words;
}

/* The parts that make up a lexicon, of one shard or of all of them. */
struct lexicon {
    const struct lexicon_part *const *parts; /* borrowed */
    size_t count;
};

/* Whether a word counts as a code: an ASCII digit is in it. */
static inline bool lexicon_is_code(struct bytes word)
{
    bool digit = false;
    for (size_t i = 0; i < word.size; i++) {
        digit = digit || (word.data[i] >= '0' && word.data[i] <= '9');
    }
    return digit;
}

/* 0 when some part has the word, AISLE_END when none has, AISLE_CORRUPT. */
must_check int lexicon_has(const struct lexicon *lexicon, struct bytes word);

/*
 * Sets in known, which has count bits, those of the words that some part has. In the order of their bytes, so that each
 * is looked for from where the one before it was: many of a lexicon's words take a fifth of the time. AISLE_NO_MEMORY,
 * AISLE_CORRUPT.
 */
must_check int lexicon_has_many(const struct lexicon *lexicon, const struct bytes *words, size_t count,
                                uint64_t *known);

struct lexicon_variant {
    struct bytes word;
    uint8_t edits;
};

struct lexicon_variants {
    struct lexicon_variant *list; /* of the arena */
    size_t count;
    bool truncated; /* there are more, or there may be, since it was ended early */
};

/* What is asked for. */
struct lexicon_ask {
    struct bytes word;    /* valid UTF-8, folded */
    uint8_t max_edits;    /* 0 to LEXICON_EDITS_MAX */
    uint8_t fixed_prefix; /* so many characters at the beginning must be the same */
    size_t limit;         /* variants wanted */
    uint32_t codes;       /* lexicon_similar: so many codes of ASCII are looked at, too */
    bool (*stops)(void *context); /* asked every few microseconds: true ends it with what was found; NULL: never */
    void *context;
};

/*
 * Every eligible word within max_edits of ask->word, which need not be in the lexicon itself and comes first when it
 * is; sorted by edits, then by bytes; the first `limit` of them. Codes have no index for this: as many as are asked for
 * are looked at, some 20 ns each, those of the nearest lengths first; of more, `truncated` tells. AISLE_CORRUPT,
 * AISLE_NO_MEMORY; AISLE_INVALID for more edits than LEXICON_EDITS_MAX.
 */
must_check int lexicon_similar(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                               struct lexicon_variants *out);

/*
 * For a word that is still being typed: the beginnings of eligible words that are within max_edits of ask->word, which
 * has LEXICON_SIMILAR_MIN characters or more (fewer: none); a query takes each for a prefix. The character typed last
 * is taken for right, since it cannot be judged yet: `hedph` gives `headph`, `wirel` gives `whirel` but not `wiref`. Of
 * beginnings that go on from one another only those that get closer are told: as prefixes, the others are covered. Two
 * edits are given from LEXICON_PREFIX characters on, fewer characters are given one. Order, limit and errors as
 * lexicon_similar.
 */
must_check int lexicon_similar_prefix(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                                      struct lexicon_variants *out);

/*
 * Eligible words that begin with ask->word and go on for up to LEXICON_BEGINNING_MORE bytes, which `edits` tells of
 * each: shortest first, then by bytes. A stemmer may have cut them shorter than what was typed. Of an ASCII beginning,
 * words of ASCII alone. Only limit is looked at beside; errors as lexicon_similar.
 */
#define LEXICON_BEGINNING_MORE 4u
must_check int lexicon_beginning(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                                 struct lexicon_variants *out);

/*
 * Codes that contain ask->word, a fragment of LEXICON_FRAGMENT_MIN bytes or more (fewer: none), itself first, then
 * those that begin with it, then the others, each shorter before longer, then by bytes; edits is 0. max_edits and
 * fixed_prefix are not looked at. Errors as lexicon_similar; AISLE_INVALID for a limit above LEXICON_CONTAINING_MAX.
 */
#define LEXICON_CONTAINING_MAX 10000u
must_check int lexicon_containing(const struct lexicon *lexicon, const struct lexicon_ask *ask, struct arena *arena,
                                  struct lexicon_variants *out);

/*
 * Walks the whole part: order, classes, every index in agreement with the words. Fills error (may be NULL) with what is
 * wrong. 0, AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int lexicon_check(const struct lexicon_part *part, aisle_error *error);

/* ---------------------------------------------------------------------------------------------- collecting -- */

/* Distinct words in the heap. Zeroed is empty. */
struct lexicon_set {
    uint8_t *bytes; /* owned: u8 size and text of each word, one behind the other */
    size_t bytes_used;
    size_t bytes_capacity;
    uint32_t *slots; /* owned: place in bytes + 1; 0: free */
    size_t slot_count;
    uint32_t count;
    uint32_t *recent; /* owned, LEXICON_RECENT: tags of numbered words that are in the set */
};

/* The bytes of one set; one that would pass it answers AISLE_LIMIT. */
#define LEXICON_SET_BYTES_MAX ((size_t)1 << 31)
#define LEXICON_RECENT (1u << 13)

/* Frees what the set holds; it is empty then. */
void lexicon_set_release(struct lexicon_set *set);

/* What it takes of the heap. */
size_t lexicon_set_memory(const struct lexicon_set *set);

/* Adds a word of 1 to LIMIT_TERM_BYTES bytes; copied. AISLE_NO_MEMORY, AISLE_LIMIT. */
must_check int lexicon_set_add(struct lexicon_set *set, struct bytes word);
bool lexicon_set_has(const struct lexicon_set *set, struct bytes word);

/* As lexicon_set_add and then remembers the number, not 0. */
must_check int lexicon_set_add_numbered(struct lexicon_set *set, struct bytes word, uint64_t number);

/*
 * Adds a word that is the same for the same number (0: no number) for as long as the set lives: most words of most
 * products are known by their number, which costs a comparison.
 */
static inline int lexicon_set_note(struct lexicon_set *set, struct bytes word, uint64_t number)
{
    if (number == 0) {
        return lexicon_set_add(set, word);
    }
    bool known = set->recent != NULL && set->recent[number % LEXICON_RECENT] == (uint32_t)(number / LEXICON_RECENT) + 1;
    return known ? 0 : lexicon_set_add_numbered(set, word, number);
}

/* The words one by one, in no order: *place begins at 0. False behind the last. */
bool lexicon_set_next(const struct lexicon_set *set, size_t *place, struct bytes *word);

/* ------------------------------------------------------------------------------------------------ writing -- */

/* Decides about a word of a part that is merged: false leaves it out. Asked once for each. */
typedef int lexicon_keep(void *context, struct bytes word, bool *keep);

/* Asks about each word of a part, in the order of their numbers; what keep says is not looked at. */
must_check int lexicon_visit(const struct lexicon_part *part, lexicon_keep *keep, void *context);

/* What a part is made of: parts, words in a list, or both. A word that is in several is written once. */
struct lexicon_sources {
    const struct lexicon_part *const *parts;
    size_t part_count;
    const struct bytes *words; /* in any order, each of 1 to LIMIT_TERM_BYTES bytes */
    size_t word_count;
    lexicon_keep *keep;        /* NULL: everything in parts is kept */
    void *context;
};

/* Below, memory for the passes of the index is no longer saved. */
#define LEXICON_WRITE_MEMORY_MIN ((size_t)1 << 20)

/*
 * Writes a part into a fresh stream, short of extent_writer_finish, which is the caller's. *words: how many it has;
 * with none, nothing was written. memory_bytes bounds what is taken from the heap, roughly, from
 * LEXICON_WRITE_MEMORY_MIN and 48 bytes for each word that is not in a part up; with less of it the index is written in
 * more passes. AISLE_NO_MEMORY, AISLE_LIMIT (words), AISLE_CORRUPT (a source), or what the stream or keep reported.
 */
must_check int lexicon_write(struct extent_writer *out, const struct lexicon_sources *sources, size_t memory_bytes,
                             uint32_t *words);

#endif
