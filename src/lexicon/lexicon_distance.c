/*
 * lexicon_distance.c - one column of distances after the other, as two words of bits.
 */
#include "lexicon/lexicon_distance.h"

#include "base/utf8.h"

static uint64_t *wide_mask(struct lexicon_pattern *pattern, uint32_t character)
{
    unsigned i = 0;
    while (i < pattern->wide_count && pattern->wide[i] != character) {
        i++;
    }
    if (i == pattern->wide_count) {
        pattern->wide[pattern->wide_count++] = character;
        pattern->wide_masks[i] = 0;
    }
    return &pattern->wide_masks[i];
}

bool lexicon_pattern_init(struct lexicon_pattern *pattern, struct bytes word)
{
    const uint8_t *p = word.data;
    const uint8_t *end = p + word.size;
    memset(pattern->masks, 0, sizeof pattern->masks);
    pattern->wide_count = 0;
    pattern->count = 0;
    while (p != end) {
        uint32_t character;
        size_t size = utf8_decode(p, end, &character);
        if (size == 0 || pattern->count == LEXICON_PATTERN_MAX) {
            return false;
        }
        uint64_t bit = UINT64_C(1) << pattern->count;
        if (character < 0x80) {
            pattern->masks[character] |= bit;
        } else {
            *wide_mask(pattern, character) |= bit;
        }
        pattern->characters[pattern->count++] = character;
        p += size;
    }
    return pattern->count != 0;
}

static uint64_t mask_of(const struct lexicon_pattern *pattern, uint32_t character)
{
    if (character < 0x80) {
        return pattern->masks[character];
    }
    for (unsigned i = 0; i < pattern->wide_count; i++) {
        if (pattern->wide[i] == character) {
            return pattern->wide_masks[i];
        }
    }
    return 0;
}

void lexicon_beginnings_init(struct lexicon_beginnings *walk, const struct lexicon_pattern *pattern, struct bytes word)
{
    *walk = (struct lexicon_beginnings){
        .pattern = pattern, .word = word, .plus = UINT64_MAX, .distance = pattern->count};
}

/* The next column. */
static inline void step(struct lexicon_beginnings *walk, uint64_t mask)
{
    unsigned last = walk->pattern->count - 1;
    uint64_t swapped = ((~walk->diagonal & mask) << 1) & walk->before;
    uint64_t diagonal = (((mask & walk->plus) + walk->plus) ^ walk->plus) | mask | walk->minus | swapped;
    uint64_t across_plus = walk->minus | ~(diagonal | walk->plus);
    uint64_t across_minus = diagonal & walk->plus;
    walk->distance += (unsigned)(across_plus >> last & 1);
    walk->distance -= (unsigned)(across_minus >> last & 1);
    across_plus = across_plus << 1 | 1;
    across_minus = across_minus << 1;
    walk->plus = across_minus | ~(diagonal | across_plus);
    walk->minus = across_plus & diagonal;
    walk->diagonal = diagonal;
    walk->before = mask;
}

bool lexicon_beginnings_next(struct lexicon_beginnings *walk, uint32_t *character)
{
    const uint8_t *p = walk->word.data + walk->size;
    size_t size = 1;
    if (walk->size >= walk->word.size) {
        return false;
    }
    *character = *p;
    if (*p >= 0x80) {
        size = utf8_decode(p, walk->word.data + walk->word.size, character);
        if (size == 0) { /* damage: nothing is like it */
            return false;
        }
    }
    walk->size += size;
    step(walk, mask_of(walk->pattern, *character));
    return true;
}

/* As below, for a word of ASCII: most are, and this is most of the time of a search. */
static unsigned distance_plain(const struct lexicon_pattern *pattern, struct bytes word, unsigned most)
{
    uint64_t plus = UINT64_MAX;
    uint64_t minus = 0;
    uint64_t diagonal = 0;
    uint64_t before = 0;
    unsigned last = pattern->count - 1;
    unsigned distance = pattern->count;
    for (size_t i = 0; i < word.size; i++) {
        uint64_t mask = word.data[i] < 0x80 ? pattern->masks[word.data[i]] : 0;
        uint64_t swapped = ((~diagonal & mask) << 1) & before;
        diagonal = (((mask & plus) + plus) ^ plus) | mask | minus | swapped;
        uint64_t across_plus = minus | ~(diagonal | plus);
        uint64_t across_minus = diagonal & plus;
        distance += (unsigned)(across_plus >> last & 1);
        distance -= (unsigned)(across_minus >> last & 1);
        if (distance > most + (word.size - 1 - i)) {
            return most + 1;
        }
        across_plus = across_plus << 1 | 1;
        plus = across_minus << 1 | ~(diagonal | across_plus);
        minus = across_plus & diagonal;
        before = mask;
    }
    return distance;
}

unsigned lexicon_distance(const struct lexicon_pattern *pattern, struct bytes word, bool plain, unsigned most)
{
    struct lexicon_beginnings walk;
    uint32_t character;
    if (plain) {
        return distance_plain(pattern, word, most);
    }
    lexicon_beginnings_init(&walk, pattern, word);
    while (lexicon_beginnings_next(&walk, &character)) {
        /* Each byte that is left lessens the distance by one at most. */
        if (walk.distance > most + (word.size - walk.size)) {
            return most + 1;
        }
    }
    return walk.size == word.size ? walk.distance : most + 1;
}
