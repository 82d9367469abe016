/*
 * stem.c - libstemmer and the cache of stems. The only caller of sb_stemmer_stem.
 *
 * An entry keeps a stem as so many bytes of the word and a tail: most stems are plain beginnings of their word and
 * cost no copy at all.
 */
#include "text/stem.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "text/text.h"

#include <libstemmer.h>

#define WAYS 2u
#define SETS (LIMIT_STEM_CACHE / WAYS)

struct stem_entry {
    struct word_note note;
    uint8_t word_size; /* 0: an empty entry */
    uint8_t language;
    uint8_t kept;                   /* the stem is so many bytes of the word, */
    uint8_t tail_size;              /* then so many bytes of tail */
    uint8_t older;                  /* of a set's first entry: which of the two was used less recently */
    uint8_t data[STEM_CACHED_BYTES]; /* word, tail */
};

static_assert(sizeof(struct stem_entry) == STEM_ENTRY_BYTES, "an entry is one cache line");
static_assert((SETS & (SETS - 1)) == 0, "a set is found by masking");
static_assert(STEM_CACHED_BYTES < STEM_WORD_BYTES, "what is cached was stemmed whole");

void stemmer_set_release(struct stemmer_set *set)
{
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        sb_stemmer_delete(set->stemmers[i]);
    }
    mem_free(set->memory);
    exceptions_release(&set->exceptions);
    *set = (struct stemmer_set){0};
}

void stemmer_set_forget(struct stemmer_set *set)
{
    if (set->entries != NULL) {
        memset(set->entries, 0, (size_t)LIMIT_STEM_CACHE * STEM_ENTRY_BYTES);
    }
}

static int make_cache(struct stemmer_set *set)
{
    set->memory = mem_calloc(LIMIT_STEM_CACHE + 1, STEM_ENTRY_BYTES);
    if (set->memory == NULL) {
        return AISLE_NO_MEMORY;
    }
    size_t misplaced = (uintptr_t)set->memory % STEM_ENTRY_BYTES;
    uint8_t *start = (uint8_t *)set->memory + (STEM_ENTRY_BYTES - misplaced) % STEM_ENTRY_BYTES;
    set->entries = (struct stem_entry *)start;
    return 0;
}

int stemmer_set_prepare(struct stemmer_set *set, uint8_t language)
{
    uint8_t found;
    if (language < LANGUAGE_COUNT && set->stemmers[language] != NULL) {
        return 0;
    }
    const char *name = text_language_name(language);
    if (name == NULL || text_language_find(name, &found) != 0 || found == LANGUAGE_NONE) {
        return AISLE_INVALID;
    }
    if (set->entries == NULL && make_cache(set) != 0) {
        return AISLE_NO_MEMORY;
    }
    set->stemmers[language] = sb_stemmer_new(name, "UTF_8");
    return set->stemmers[language] == NULL ? AISLE_NO_MEMORY : 0;
}

/* Stems into libstemmer's own memory, or finds an exception. A stem that came out empty is the word. */
static int stem_word(struct stemmer_set *set, uint8_t language, struct bytes word, struct bytes *stem)
{
    struct sb_stemmer *stemmer = set->stemmers[language];
    struct bytes other;
    if (set->exceptions.count != 0 && exceptions_find(&set->exceptions, word, &other)) {
        if (other.size == 0 || bytes_equal(other, word)) {
            *stem = utf8_cut(word, LIMIT_TERM_BYTES);
            return 0;
        }
        word = other;
    }
    word = utf8_cut(word, STEM_WORD_BYTES);
    const sb_symbol *symbols = sb_stemmer_stem(stemmer, word.data, (int)word.size);
    if (symbols == NULL) {
        return AISLE_NO_MEMORY;
    }
    *stem = bytes_of(symbols, (size_t)sb_stemmer_length(stemmer));
    *stem = utf8_cut(stem->size == 0 ? word : *stem, LIMIT_TERM_BYTES);
    return 0;
}

static size_t common_size(struct bytes a, struct bytes b)
{
    size_t size = 0;
    while (size < a.size && size < b.size && a.data[size] == b.data[size]) {
        size++;
    }
    return size;
}

/* The stem that is kept bytes of word and the tail, in word itself or in arena. */
static int assemble(struct bytes word, size_t kept, struct bytes tail, struct arena *arena, struct bytes *stem)
{
    if (tail.size == 0) {
        *stem = bytes_of(word.data, kept);
        return 0;
    }
    uint8_t *copy = arena_alloc(arena, kept + tail.size);
    if (copy == NULL) {
        return AISLE_NO_MEMORY;
    }
    memcpy(copy, word.data, kept);
    memcpy(copy + kept, tail.data, tail.size);
    *stem = bytes_of(copy, kept + tail.size);
    return 0;
}

int stemmer_set_run_uncached(struct stemmer_set *set, uint8_t language, struct bytes word, struct arena *arena,
                             struct bytes *stem)
{
    *stem = bytes_of(NULL, 0);
    struct bytes stemmed;
    int status = stem_word(set, language, word, &stemmed);
    if (status != 0) {
        return status;
    }
    size_t kept = common_size(word, stemmed);
    return assemble(word, kept, bytes_of(stemmed.data + kept, stemmed.size - kept), arena, stem);
}

/* Most words have 4 to 16 bytes, for which a call costs more than the comparison. */
static inline bool equal_bytes(const uint8_t *a, const uint8_t *b, size_t size)
{
    if (size >= 8 && size <= 16) {
        return load_u64(a) == load_u64(b) && load_u64(a + size - 8) == load_u64(b + size - 8);
    }
    if (size >= 4 && size < 8) {
        return load_u32(a) == load_u32(b) && load_u32(a + size - 4) == load_u32(b + size - 4);
    }
    return memcmp(a, b, size) == 0;
}

static inline bool is_entry(const struct stem_entry *entry, uint8_t language, struct bytes word)
{
    return entry->word_size == word.size && entry->language == language &&
           equal_bytes(entry->data, word.data, word.size);
}

/* Stems word and enters it into the older place of its set, if it fits. */
static int stem_and_enter(struct stemmer_set *set, struct stem_entry *ways, uint8_t language, struct bytes word,
                          struct arena *arena, struct bytes *stem, struct word_note **note)
{
    struct bytes stemmed;
    int status = stem_word(set, language, word, &stemmed);
    if (status != 0) {
        return status;
    }
    size_t kept = common_size(word, stemmed);
    struct bytes tail = bytes_of(stemmed.data + kept, stemmed.size - kept);
    if (word.size + tail.size <= STEM_CACHED_BYTES) {
        uint8_t way = ways[0].older;
        struct stem_entry *entry = &ways[way];
        entry->note = (struct word_note){.word = ++set->entered};
        *note = &entry->note;
        entry->word_size = (uint8_t)word.size;
        entry->language = language;
        entry->kept = (uint8_t)kept;
        entry->tail_size = (uint8_t)tail.size;
        memcpy(entry->data, word.data, word.size);
        memcpy(entry->data + word.size, tail.data, tail.size);
        ways[0].older = way ^ 1;
    }
    return assemble(word, kept, tail, arena, stem);
}

/* For short words, which are all but a few, a quarter of the time of the hash that serves any size. */
static inline uint64_t hash_word(struct bytes word, uint8_t language)
{
    uint64_t front;
    uint64_t back;
    if (word.size > 16 || word.size < 4) {
        return hash_bytes_seeded(word.data, word.size, language);
    }
    if (word.size >= 8) {
        front = load_u64(word.data);
        back = load_u64(word.data + word.size - 8);
    } else {
        front = load_u32(word.data);
        back = load_u32(word.data + word.size - 4);
    }
    uint64_t mixed = (front ^ (uint64_t)language << 56 ^ word.size) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 32 ^ back) * UINT64_C(0xd6e8feb86659fd93);
    return mixed >> 32;
}

uint32_t stemmer_set_place(const struct stemmer_set *set, uint8_t language, struct bytes word)
{
    uint32_t place = (uint32_t)(hash_word(word, language) & (SETS - 1)) * WAYS;
    __builtin_prefetch(&set->entries[place]);
    __builtin_prefetch(&set->entries[place + 1]);
    return place;
}

int stemmer_set_run(struct stemmer_set *set, uint8_t language, struct bytes word, uint32_t place, struct arena *arena,
                    struct bytes *stem, struct word_note **note)
{
    *stem = bytes_of(NULL, 0);
    *note = NULL;
    struct stem_entry *ways = &set->entries[place];
    for (uint8_t way = 0; way < WAYS; way++) {
        struct stem_entry *entry = &ways[way];
        if (is_entry(entry, language, word)) {
            ways[0].older = way ^ 1;
            *note = &entry->note;
            return assemble(word, entry->kept, bytes_of(entry->data + entry->word_size, entry->tail_size), arena, stem);
        }
    }
    return stem_and_enter(set, ways, language, word, arena, stem, note);
}
