/*
 * unlikelihood.c - how unlikely one misspelling is, beside others of as many edits.
 *
 * Optimal string alignment with a price for each edit, in tenths. The prices are a ranking of how often people make
 * each error when they type product words, not probabilities: tests/words/misspellings.txt is what they were chosen by.
 */
#include "rewrite/rewrite_private.h"

#include "base/utf8.h"

#define LENGTH_MAX 40u

#define PRICE_ANY 10u
#define PRICE_DOUBLED 4u      /* a letter twice that belongs once, or once that belongs twice */
#define PRICE_SWAPPED 6u      /* two neighbours */
#define PRICE_SOUND 5u        /* vowels, and consonants that sound alike */
#define PRICE_KEYS 8u         /* neighbours on the keyboard */
#define PRICE_MISSING 8u      /* a letter that was not typed */
#define PRICE_MISSING_VOWEL 6u
#define PRICE_END 7u          /* a letter that was not typed at the end */
#define PRICE_MORE 13u        /* a letter that belongs nowhere */
#define PRICE_FIRST 9u        /* more, for the first letter */

static uint32_t decode(struct bytes text, uint32_t *out)
{
    const uint8_t *at = text.data;
    const uint8_t *end = at + text.size;
    uint32_t count = 0;
    while (at < end && count < LENGTH_MAX) {
        size_t size = utf8_decode(at, end, &out[count++]);
        at += size == 0 ? 1 : size;
    }
    return count;
}

/* Sets of letters that sound alike (aeiouy, cks, sz, gj, ckq, fpv, dt, bp, mn, vw, xz): a bit for each that has it. */
#define SOUND_VOWEL 1u
static const uint16_t sounds[128] = {
    ['a'] = 0x1, ['b'] = 0x80, ['c'] = 0x12, ['d'] = 0x40, ['e'] = 0x1, ['f'] = 0x20, ['g'] = 0x8, ['i'] = 0x1,
    ['j'] = 0x8, ['k'] = 0x12, ['m'] = 0x100, ['n'] = 0x100, ['o'] = 0x1, ['p'] = 0xa0, ['q'] = 0x10, ['s'] = 0x6,
    ['t'] = 0x40, ['u'] = 0x1, ['v'] = 0x220, ['w'] = 0x200, ['x'] = 0x400, ['y'] = 0x1, ['z'] = 0x404};

/* Where a key is, from 1 on: its row and its column, with room between rows. */
#define KEY(row, column) ((row) * 16 + (column) + 17)
static const uint8_t keys[128] = {
    ['q'] = KEY(0, 0), ['w'] = KEY(0, 1), ['e'] = KEY(0, 2), ['r'] = KEY(0, 3), ['t'] = KEY(0, 4),
    ['y'] = KEY(0, 5), ['u'] = KEY(0, 6), ['i'] = KEY(0, 7), ['o'] = KEY(0, 8), ['p'] = KEY(0, 9),
    ['a'] = KEY(1, 0), ['s'] = KEY(1, 1), ['d'] = KEY(1, 2), ['f'] = KEY(1, 3), ['g'] = KEY(1, 4),
    ['h'] = KEY(1, 5), ['j'] = KEY(1, 6), ['k'] = KEY(1, 7), ['l'] = KEY(1, 8),
    ['z'] = KEY(2, 0), ['x'] = KEY(2, 1), ['c'] = KEY(2, 2), ['v'] = KEY(2, 3), ['b'] = KEY(2, 4),
    ['n'] = KEY(2, 5), ['m'] = KEY(2, 6), [','] = KEY(2, 7), ['.'] = KEY(2, 8)};

static bool sound_alike(uint32_t a, uint32_t b)
{
    return a < 128 && b < 128 && (sounds[a] & sounds[b]) != 0;
}

static bool is_vowel_or_h(uint32_t c)
{
    return c == 'h' || (c < 128 && (sounds[c] & SOUND_VOWEL) != 0);
}

static bool are_neighbours(uint32_t a, uint32_t b)
{
    if (a >= 128 || b >= 128 || keys[a] == 0 || keys[b] == 0) {
        return false;
    }
    int rows_apart = keys[a] / 16 - keys[b] / 16;
    int columns_apart = keys[a] % 16 - keys[b] % 16;
    return rows_apart >= -1 && rows_apart <= 1 && columns_apart >= -1 && columns_apart <= 1;
}

static uint32_t price_replaced(uint32_t typed, uint32_t meant)
{
    if (typed == meant) {
        return 0;
    }
    return sound_alike(typed, meant) ? PRICE_SOUND : are_neighbours(typed, meant) ? PRICE_KEYS : PRICE_ANY;
}

/* Of the letter at i, that text has and the other has not. */
static uint32_t price_alone(const uint32_t *text, uint32_t length, uint32_t i, bool missing)
{
    if ((i > 0 && text[i - 1] == text[i]) || (i + 1 < length && text[i + 1] == text[i])) {
        return PRICE_DOUBLED;
    }
    uint32_t price = is_vowel_or_h(text[i]) ? PRICE_MISSING_VOWEL : PRICE_MISSING;
    return !missing ? PRICE_MORE : i + 1 == length && price > PRICE_END ? PRICE_END : price;
}

uint32_t rewrite_unlikelihood(struct bytes typed, struct bytes word)
{
    uint32_t a[LENGTH_MAX];
    uint32_t b[LENGTH_MAX];
    uint32_t rows[LENGTH_MAX + 1][LENGTH_MAX + 1];
    uint32_t more_price[LENGTH_MAX];
    uint32_t missing_price[LENGTH_MAX];
    uint32_t n = decode(typed, a);
    uint32_t m = decode(word, b);
    rows[0][0] = 0;
    for (uint32_t i = 1; i <= n; i++) {
        more_price[i - 1] = price_alone(a, n, i - 1, false);
        rows[i][0] = rows[i - 1][0] + more_price[i - 1];
    }
    for (uint32_t j = 1; j <= m; j++) {
        missing_price[j - 1] = price_alone(b, m, j - 1, true);
        rows[0][j] = rows[0][j - 1] + missing_price[j - 1];
    }
    for (uint32_t i = 1; i <= n; i++) {
        for (uint32_t j = 1; j <= m; j++) {
            uint32_t best = rows[i - 1][j - 1] + price_replaced(a[i - 1], b[j - 1]);
            uint32_t more = rows[i - 1][j] + more_price[i - 1];
            uint32_t fewer = rows[i][j - 1] + missing_price[j - 1];
            best = more < best ? more : best;
            best = fewer < best ? fewer : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                uint32_t swapped = rows[i - 2][j - 2] + PRICE_SWAPPED;
                best = swapped < best ? swapped : best;
            }
            rows[i][j] = best;
        }
    }
    return rows[n][m] + (n != 0 && m != 0 && a[0] != b[0] ? PRICE_FIRST : 0);
}

uint32_t rewrite_length(struct bytes text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += (text.data[i] & 0xc0) != 0x80;
    }
    return count;
}

bool rewrite_has_digit(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] >= '0' && text.data[i] <= '9') {
            return true;
        }
    }
    return false;
}
