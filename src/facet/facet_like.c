/*
 * facet_like.c - values that a misspelled text may mean.
 *
 * A value is like a text when some word in it, with what follows, begins as the text does but for a few edits: none for
 * texts of up to two characters, one up to five, two for longer ones. An edit is a character too many, too few, another
 * one, or two neighbours swapped (optimal string alignment). Words begin behind anything that is neither a letter nor a
 * digit of ASCII nor beyond it.
 *
 * Thread rule: pure functions.
 */
#include "facet/facet_private.h"

#include "base/utf8.h"

#define EDITS_MAX 2u
#define COLUMNS (FACET_LIKE_MAX + EDITS_MAX + 1) /* of the beginning of a value, from none on */

uint32_t facet_like_edits(uint32_t characters)
{
    return characters <= 2 ? 0 : characters <= 5 ? 1 : EDITS_MAX;
}

uint32_t facet_like_read(struct bytes text, uint32_t *characters, uint32_t most)
{
    const uint8_t *p = text.data;
    const uint8_t *end = text.size == 0 ? p : p + text.size;
    uint32_t count = 0;
    while (p < end && count < most) {
        size_t size = utf8_decode(p, end, &characters[count]);
        p += size == 0 ? 1 : size;
        count++;
    }
    return count;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Whether wanted becomes some beginning of text by so many edits. */
static bool begins_like(const uint32_t *wanted, uint32_t size, const uint32_t *text, uint32_t text_size,
                        uint32_t edits)
{
    uint8_t rows[3][COLUMNS];
    uint32_t columns = least(text_size, size + edits) + 1;
    for (uint32_t k = 0; k < columns; k++) {
        rows[0][k] = (uint8_t)k;
    }
    for (uint32_t i = 1; i <= size; i++) {
        uint8_t *row = rows[i % 3];
        const uint8_t *above = rows[(i - 1) % 3];
        const uint8_t *higher = rows[(i + 1) % 3]; /* two above */
        uint32_t best = i;
        row[0] = (uint8_t)i;
        for (uint32_t k = 1; k < columns; k++) {
            uint32_t cost = least(above[k] + 1u, row[k - 1] + 1u);
            cost = least(cost, above[k - 1] + (wanted[i - 1] == text[k - 1] ? 0u : 1u));
            if (i > 1 && k > 1 && wanted[i - 1] == text[k - 2] && wanted[i - 2] == text[k - 1]) {
                cost = least(cost, higher[k - 2] + 1u);
            }
            row[k] = (uint8_t)cost;
            best = least(best, cost);
        }
        if (best > edits) {
            return false;
        }
    }
    for (uint32_t k = 0; k < columns; k++) {
        if (rows[size % 3][k] <= edits) {
            return true;
        }
    }
    return false;
}

static bool is_of_word(uint32_t character)
{
    return character >= 0x80 || (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z');
}

bool facet_is_like(const uint32_t *wanted, uint32_t size, struct bytes value)
{
    uint32_t text[VALUES_FOLDED_BYTES_MAX];
    uint32_t count = facet_like_read(value, text, VALUES_FOLDED_BYTES_MAX);
    bool found = false;
    for (uint32_t start = 0; start < count && !found; start++) {
        if (is_of_word(text[start]) && (start == 0 || !is_of_word(text[start - 1]))) {
            found = begins_like(wanted, size, text + start, count - start, facet_like_edits(size));
        }
    }
    return found;
}
