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

static bool is_one_of(uint32_t c, const char *set)
{
    return c != 0 && c < 0x80 && strchr(set, (int)c) != NULL;
}

static bool are_in_one(uint32_t a, uint32_t b, const char *const *sets)
{
    for (; *sets != NULL; sets++) {
        if (is_one_of(a, *sets) && is_one_of(b, *sets)) {
            return true;
        }
    }
    return false;
}

static bool are_neighbours(uint32_t a, uint32_t b)
{
    static const char *const rows[] = {"qwertyuiop", "asdfghjkl;", "zxcvbnm,."};
    int at[2][2] = {{-9, -9}, {-9, -9}};
    for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 9 + (row == 0); column++) {
            uint32_t key = (uint8_t)rows[row][column];
            for (int i = 0; i < 2; i++) {
                if (key == (i == 0 ? a : b)) {
                    at[i][0] = row;
                    at[i][1] = column;
                }
            }
        }
    }
    int rows_apart = at[0][0] - at[1][0];
    int columns_apart = at[0][1] - at[1][1];
    return at[0][0] >= 0 && at[1][0] >= 0 && rows_apart >= -1 && rows_apart <= 1 && columns_apart >= -1 &&
           columns_apart <= 1;
}

static uint32_t price_replaced(uint32_t typed, uint32_t meant)
{
    static const char *const sounds[] = {"aeiouy", "cks", "sz", "gj", "ckq", "fpv", "dt", "bp", "mn", "vw", "xz", NULL};
    if (typed == meant) {
        return 0;
    }
    return are_in_one(typed, meant, sounds) ? PRICE_SOUND : are_neighbours(typed, meant) ? PRICE_KEYS : PRICE_ANY;
}

/* Of the letter at i, that text has and the other has not. */
static uint32_t price_alone(const uint32_t *text, uint32_t length, uint32_t i, bool missing)
{
    if ((i > 0 && text[i - 1] == text[i]) || (i + 1 < length && text[i + 1] == text[i])) {
        return PRICE_DOUBLED;
    }
    uint32_t price = is_one_of(text[i], "aeiouhy") ? PRICE_MISSING_VOWEL : PRICE_MISSING;
    return !missing ? PRICE_MORE : i + 1 == length && price > PRICE_END ? PRICE_END : price;
}

uint32_t rewrite_unlikelihood(struct bytes typed, struct bytes word)
{
    uint32_t a[LENGTH_MAX];
    uint32_t b[LENGTH_MAX];
    uint32_t rows[LENGTH_MAX + 1][LENGTH_MAX + 1];
    uint32_t n = decode(typed, a);
    uint32_t m = decode(word, b);
    rows[0][0] = 0;
    for (uint32_t i = 1; i <= n; i++) {
        rows[i][0] = rows[i - 1][0] + price_alone(a, n, i - 1, false);
    }
    for (uint32_t j = 1; j <= m; j++) {
        rows[0][j] = rows[0][j - 1] + price_alone(b, m, j - 1, true);
    }
    for (uint32_t i = 1; i <= n; i++) {
        for (uint32_t j = 1; j <= m; j++) {
            uint32_t best = rows[i - 1][j - 1] + price_replaced(a[i - 1], b[j - 1]);
            uint32_t more = rows[i - 1][j] + price_alone(a, n, i - 1, false);
            uint32_t fewer = rows[i][j - 1] + price_alone(b, m, j - 1, true);
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
