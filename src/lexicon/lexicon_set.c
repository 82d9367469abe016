/*
 * lexicon_set.c - distinct words in the heap, found by their hash.
 */
#include "lexicon/lexicon.h"

#include "base/alloc.h"
#include "base/hash.h"

#define SLOTS_FIRST 64u
#define BYTES_FIRST 1024u

void lexicon_set_release(struct lexicon_set *set)
{
    mem_free(set->bytes);
    mem_free(set->slots);
    mem_free(set->recent);
    *set = (struct lexicon_set){.bytes = NULL};
}

size_t lexicon_set_memory(const struct lexicon_set *set)
{
    return set->bytes_capacity + set->slot_count * sizeof *set->slots +
           (set->recent == NULL ? 0 : LEXICON_RECENT * sizeof *set->recent);
}

static struct bytes word_at(const struct lexicon_set *set, size_t place)
{
    return bytes_of(set->bytes + place + 1, set->bytes[place]);
}

bool lexicon_set_next(const struct lexicon_set *set, size_t *place, struct bytes *word)
{
    if (*place >= set->bytes_used) {
        return false;
    }
    *word = word_at(set, *place);
    *place += 1 + word->size;
    return true;
}

/* The slot of the word, or the free one where it belongs. There are slots. */
static uint32_t *find_slot(const struct lexicon_set *set, struct bytes word)
{
    size_t mask = set->slot_count - 1;
    size_t at = hash_bytes(word.data, word.size) & mask;
    while (set->slots[at] != 0 && !bytes_equal(word_at(set, set->slots[at] - 1), word)) {
        at = (at + 1) & mask;
    }
    return &set->slots[at];
}

static int grow_slots(struct lexicon_set *set)
{
    size_t count = set->slot_count == 0 ? SLOTS_FIRST : set->slot_count * 2;
    uint32_t *slots = mem_calloc(count, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    mem_free(set->slots);
    set->slots = slots;
    set->slot_count = count;
    struct bytes word;
    size_t place = 0;
    for (size_t next = 0; lexicon_set_next(set, &next, &word); place = next) {
        *find_slot(set, word) = (uint32_t)place + 1;
    }
    return 0;
}

static int grow_bytes(struct lexicon_set *set)
{
    size_t capacity = set->bytes_capacity == 0 ? BYTES_FIRST : set->bytes_capacity * 2;
    if (capacity > LEXICON_SET_BYTES_MAX) {
        return AISLE_LIMIT;
    }
    uint8_t *bytes = mem_realloc(set->bytes, capacity);
    if (bytes == NULL) {
        return AISLE_NO_MEMORY;
    }
    set->bytes = bytes;
    set->bytes_capacity = capacity;
    return 0;
}

bool lexicon_set_has(const struct lexicon_set *set, struct bytes word)
{
    return set->slot_count != 0 && *find_slot(set, word) != 0;
}

int lexicon_set_add(struct lexicon_set *set, struct bytes word)
{
    int status = (size_t)set->count * 2 >= set->slot_count ? grow_slots(set) : 0;
    if (status == 0 && set->bytes_capacity - set->bytes_used < 1 + LIMIT_TERM_BYTES) {
        status = grow_bytes(set);
    }
    if (status != 0) {
        return status;
    }
    uint32_t *slot = find_slot(set, word);
    if (*slot == 0) {
        *slot = (uint32_t)set->bytes_used + 1;
        set->bytes[set->bytes_used] = (uint8_t)word.size;
        memcpy(set->bytes + set->bytes_used + 1, word.data, word.size);
        set->bytes_used += 1 + word.size;
        set->count++;
    }
    return 0;
}

int lexicon_set_add_numbered(struct lexicon_set *set, struct bytes word, uint64_t number)
{
    if (set->recent == NULL) {
        set->recent = mem_calloc(LEXICON_RECENT, sizeof *set->recent);
        if (set->recent == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    int status = lexicon_set_add(set, word);
    if (status == 0) {
        set->recent[number % LEXICON_RECENT] = (uint32_t)(number / LEXICON_RECENT) + 1;
    }
    return status;
}
