/*
 * stem.c - libstemmer and the cache of stems. The only caller of sb_stemmer_stem.
 *
 * An entry keeps a stem as so many bytes of the word and a tail: most stems are plain beginnings of their word and
 * cost no copy at all.
 */
#include "text/stem.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <libstemmer.h>

static_assert(sizeof(struct stem_entry) == STEM_ENTRY_BYTES, "an entry is one cache line");
static_assert((STEM_SETS & (STEM_SETS - 1)) == 0, "a set is found by masking");
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

int stem_assemble(struct bytes word, size_t kept, struct bytes tail, struct arena *arena, struct bytes *stem)
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
    return stem_assemble(word, kept, bytes_of(stemmed.data + kept, stemmed.size - kept), arena, stem);
}

int stemmer_set_enter(struct stemmer_set *set, uint8_t language, struct bytes word, uint32_t place,
                      struct arena *arena, struct bytes *stem, struct word_note **note)
{
    *stem = bytes_of(NULL, 0);
    *note = NULL;
    struct stem_entry *ways = &set->entries[place];
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
    return stem_assemble(word, kept, tail, arena, stem);
}
