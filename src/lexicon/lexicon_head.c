/*
 * lexicon_head.c - groups of words, heads of words, and the subsequences of heads: what writer and reader must agree
 * on.
 */
#include "lexicon/lexicon_private.h"

#include "base/utf8.h"

enum lexicon_group lexicon_group_of(struct bytes word)
{
    size_t characters = 0;
    bool wide = false;
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] >= '0' && word.data[i] <= '9') {
            return LEXICON_CODES;
        }
        characters += (word.data[i] & 0xc0) != 0x80 ? 1 : 0;
        wide = wide || word.data[i] >= 0x80;
    }
    if (characters < LEXICON_SIMILAR_MIN || characters > LEXICON_SIMILAR_MAX) {
        return LEXICON_OTHERS;
    }
    return wide ? LEXICON_WIDE : LEXICON_PLAIN;
}

uint64_t lexicon_head(struct bytes text, unsigned *count)
{
    const uint8_t *p = text.data;
    const uint8_t *end = p + text.size;
    uint64_t head = 0;
    unsigned characters = 0;
    while (p != end && characters < LEXICON_PREFIX) {
        uint32_t character = *p;
        size_t size = character < 0x80 ? 1 : utf8_decode(p, end, &character);
        if (size == 0) { /* damage: the word is entered by what it has */
            size = 1;
            character = UTF8_REPLACEMENT;
        }
        head |= (uint64_t)lexicon_symbol(character) << (8 * characters++);
        p += size;
    }
    *count = characters;
    return head;
}

uint32_t lexicon_mask(struct bytes text)
{
    const uint8_t *p = text.data;
    const uint8_t *end = p + text.size;
    uint32_t mask = 0;
    while (p != end) {
        uint32_t character = *p;
        size_t size = character < 0x80 ? 1 : utf8_decode(p, end, &character);
        mask = lexicon_mask_add(mask, character);
        p += size == 0 ? 1 : size;
    }
    return mask;
}

static inline bool same_as_next(uint64_t head, unsigned i, unsigned count)
{
    return i + 1 < count && ((head >> (8 * i)) & 0xff) == ((head >> (8 * (i + 1))) & 0xff);
}

/* Of equal neighbours the last goes: without another of them, the rest would be the same. */
unsigned lexicon_deletes(uint64_t head, unsigned count, unsigned lacking, uint64_t out[LEXICON_DELETES_MAX])
{
    unsigned made = 0;
    if (lacking >= count) {
        return 0;
    }
    if (lacking == 0) {
        out[0] = head;
        return 1;
    }
    for (unsigned j = 0; j < count; j++) {
        if (same_as_next(head, j, count)) {
            continue;
        }
        uint64_t without = lexicon_without(head, j);
        if (lacking == 1) {
            out[made++] = without;
        }
        for (unsigned i = 0; lacking == 2 && i < j; i++) {
            if (i + 1 == j || !same_as_next(head, i, count)) {
                out[made++] = lexicon_without(without, i);
            }
        }
    }
    return made;
}

unsigned lexicon_entries(struct bytes word, uint64_t out[LEXICON_ENTRIES_MAX])
{
    unsigned count;
    uint64_t head = lexicon_head(word, &count);
    unsigned made = lexicon_deletes(head, count, 1, out);
    made += lexicon_deletes(head, count, 2, out + made);
    if (count < LEXICON_PREFIX) {
        out[made++] = head;
    }
    return made;
}
