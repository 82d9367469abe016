/*
 * price.c - the scan for price phrases.
 */
#include "rewrite/price.h"

#include <string.h>

#define TOKENS_MAX 256u
#define WORD_BYTES 16u

enum token_kind { WORD, NUMBER, CURRENCY, DASH, BELOW, ABOVE, OTHER };

struct piece {
    enum token_kind kind;
    bool inclusive; /* BELOW, ABOVE: the number itself counts */
    size_t start;
    size_t end;
    char text[WORD_BYTES + PRICE_NUMBER_BYTES]; /* of a word, lower case, cut; of a number as a filter has it */
};

struct words {
    const char *text; /* one or two words */
    bool inclusive;
};

static const struct words below[] = {
    {"under", false}, {"below", false}, {"less than", false}, {"cheaper than", false}, {"up to", true},
    {"max", true},    {"maximum", true}, {"at most", true},   {"unter", false},        {"bis", true},
    {"bis zu", true}, {"hochstens", true}, {"höchstens", true}, {"moins de", false},   {"menos de", false},
    {"hasta", true},  {"meno di", false}, {"onder", false},
};
static const struct words above[] = {
    {"over", false},     {"above", false},   {"more than", false}, {"at least", true}, {"min", true},
    {"minimum", true},   {"über", false},    {"uber", false},      {"mehr als", false}, {"ab", true},
    {"mindestens", true}, {"plus de", false}, {"mas de", false},   {"más de", false},  {"oltre", false},
};
static const char *const between[] = {"between", "from", "zwischen", "von", "entre", "tra", "de"};
static const char *const joins[] = {"to", "and", "bis", "und", "a", "et", "y", "e"};
static const char *const currencies[] = {"usd", "dollar", "dollars", "bucks", "eur", "euro", "euros", "gbp", "quid",
                                         "chf", "cad", "aud", "sek", "nok", "dkk", "pln", "czk", "jpy", "yen", "inr"};
static const char *const units[] = {
    "mm", "cm", "m", "km", "in", "inch", "inches", "ft", "feet", "yd", "mg", "g", "kg", "lb", "lbs", "oz", "ml", "cl",
    "l", "liter", "litre", "gal", "mb", "gb", "tb", "w", "watt", "watts", "kw", "v", "volt", "a", "ma", "mah", "hz",
    "khz", "mhz", "ghz", "rpm", "mp", "db", "pcs", "pieces", "pack", "count", "years", "year", "months", "days",
    "hours", "minutes", "percent", "p", "k", "fps", "mph", "pounds",
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static bool is_among(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- pieces ---- */

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* The bytes of a currency sign at data, of size bytes; 0: none stands there. */
static size_t sign_size(const uint8_t *data, size_t size)
{
    static const char *const signs[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5"};
    for (size_t i = 0; i < COUNT(signs); i++) {
        size_t bytes = strlen(signs[i]);
        if (size >= bytes && memcmp(data, signs[i], bytes) == 0) {
            return bytes;
        }
    }
    return 0;
}

static bool is_letter(struct bytes text, size_t at)
{
    uint8_t byte = text.data[at];
    bool ascii = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    return ascii || (byte >= 0x80 && sign_size(text.data + at, text.size - at) == 0 &&
                     !(text.size - at >= 3 && memcmp(text.data + at, "\xe2\x80\x93", 3) == 0));
}

/* Reads digits with signs; out->text is the number as a filter has it. */
static void read_number(struct bytes text, struct piece *out)
{
    size_t at = out->start;
    size_t last_sign = 0;
    size_t used = 0;
    size_t signs = 0;
    while (at < text.size && (is_digit(text.data[at]) || ((text.data[at] == '.' || text.data[at] == ',') &&
                                                          at + 1 < text.size && is_digit(text.data[at + 1])))) {
        last_sign = is_digit(text.data[at]) ? last_sign : at;
        signs += is_digit(text.data[at]) ? 0 : 1;
        at++;
    }
    out->end = at;
    /* The last sign separates decimals unless exactly three digits follow it. */
    bool decimals = signs != 0 && at - last_sign - 1 != 3;
    out->kind = at - out->start < PRICE_NUMBER_BYTES ? NUMBER : OTHER;
    for (size_t i = out->start; i < at && out->kind == NUMBER; i++) {
        if (is_digit(text.data[i])) {
            out->text[used++] = (char)text.data[i];
        } else if (decimals && i == last_sign) {
            out->text[used++] = '.';
        }
    }
    out->text[used] = '\0';
}

static void read_word(struct bytes text, struct piece *out)
{
    size_t at = out->start;
    size_t used = 0;
    while (at < text.size && is_letter(text, at)) {
        uint8_t byte = text.data[at++];
        if (used + 1 < WORD_BYTES) {
            out->text[used++] = (char)(byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte);
        }
    }
    out->text[used] = '\0';
    out->end = at;
    bool mixed = at < text.size && is_digit(text.data[at]);
    out->kind = mixed                                                  ? OTHER
                : is_among(out->text, currencies, COUNT(currencies)) ? CURRENCY
                                                                       : WORD;
}

static void read_sign(struct bytes text, struct piece *out)
{
    const uint8_t *data = text.data + out->start;
    size_t left = text.size - out->start;
    size_t sign = sign_size(data, left);
    out->kind = OTHER;
    out->end = out->start + 1;
    if (sign != 0) {
        out->kind = CURRENCY;
        out->end = out->start + sign;
    } else if (*data == '-') {
        out->kind = DASH;
    } else if (left >= 3 && memcmp(data, "\xe2\x80\x93", 3) == 0) {
        out->kind = DASH;
        out->end = out->start + 3;
    } else if (*data == '<' || *data == '>') {
        out->kind = *data == '<' ? BELOW : ABOVE;
        out->inclusive = left > 1 && data[1] == '=';
        out->end += out->inclusive ? 1 : 0;
    }
}

static size_t read_pieces(struct bytes text, size_t from, struct piece *pieces)
{
    size_t count = 0;
    for (size_t at = from; at < text.size && count < TOKENS_MAX;) {
        uint8_t byte = text.data[at];
        if (byte == ' ' || (byte >= '\t' && byte <= '\r')) {
            at++;
            continue;
        }
        struct piece *piece = &pieces[count++];
        *piece = (struct piece){.start = at};
        if (is_digit(byte)) {
            read_number(text, piece);
        } else if (is_letter(text, at)) {
            read_word(text, piece);
        } else {
            read_sign(text, piece);
        }
        at = piece->end;
    }
    return count;
}

/* ---- phrases ---- */

struct scan {
    const struct piece *pieces;
    size_t count;
};

static bool is_word(const struct scan *scan, size_t i, const char *text, size_t size)
{
    return i < scan->count && scan->pieces[i].kind == WORD && strlen(scan->pieces[i].text) == size &&
           memcmp(scan->pieces[i].text, text, size) == 0;
}

/* The pieces that one of the words takes at i, the longest first; 0: none is there. */
static size_t match_words(const struct scan *scan, size_t i, const struct words *list, size_t count, bool *inclusive)
{
    size_t best = 0;
    for (size_t w = 0; w < count; w++) {
        const char *space = strchr(list[w].text, ' ');
        size_t first = space == NULL ? strlen(list[w].text) : (size_t)(space - list[w].text);
        size_t taken = !is_word(scan, i, list[w].text, first)                       ? 0
                       : space == NULL                                              ? 1
                       : is_word(scan, i + 1, space + 1, strlen(space + 1)) ? 2
                                                                                    : 0;
        if (taken > best) {
            best = taken;
            *inclusive = list[w].inclusive;
        }
    }
    return best;
}

/* The pieces of an amount at i; *number: which one. */
static size_t match_amount(const struct scan *scan, size_t i, size_t *number, bool *has_currency)
{
    size_t at = i;
    if (at < scan->count && scan->pieces[at].kind == CURRENCY) {
        *has_currency = true;
        at++;
    }
    if (at >= scan->count || scan->pieces[at].kind != NUMBER) {
        return 0;
    }
    *number = at++;
    if (at < scan->count && scan->pieces[at].kind == CURRENCY && !(at + 1 < scan->count &&
                                                                   scan->pieces[at + 1].kind == NUMBER)) {
        *has_currency = true;
        at++;
    }
    return at - i;
}

/* Whether what follows piece i - 1 makes its number something else than an amount. */
static bool is_measure(const struct scan *scan, size_t i)
{
    if (i >= scan->count || i == 0) {
        return false;
    }
    const struct piece *next = &scan->pieces[i];
    bool touches = next->start == scan->pieces[i - 1].end;
    return (next->kind == WORD && (touches || is_among(next->text, units, COUNT(units)))) ||
           (touches && next->kind != CURRENCY) || next->kind == OTHER;
}

static bool match_bound(const struct scan *scan, size_t i, struct price_phrase *out)
{
    const struct piece *first = &scan->pieces[i];
    bool inclusive = first->inclusive;
    bool is_below = true;
    bool has_currency = false;
    size_t number;
    size_t taken = first->kind == BELOW ? 1 : match_words(scan, i, below, COUNT(below), &inclusive);
    if (taken == 0) {
        is_below = false;
        taken = first->kind == ABOVE ? 1 : match_words(scan, i, above, COUNT(above), &inclusive);
    }
    size_t amount = taken == 0 ? 0 : match_amount(scan, i + taken, &number, &has_currency);
    if (amount == 0 || (!has_currency && is_measure(scan, i + taken + amount))) {
        return false;
    }
    *out = (struct price_phrase){.start = first->start, .end = scan->pieces[i + taken + amount - 1].end};
    memcpy(is_below ? out->high : out->low, scan->pieces[number].text, PRICE_NUMBER_BYTES);
    out->includes_low = inclusive;
    out->includes_high = inclusive;
    return true;
}

static bool match_range(const struct scan *scan, size_t i, struct price_phrase *out)
{
    bool has_currency = false;
    bool has_word = scan->pieces[i].kind == WORD && is_among(scan->pieces[i].text, between, COUNT(between));
    size_t from = i + (has_word ? 1 : 0);
    size_t low;
    size_t high;
    size_t first = match_amount(scan, from, &low, &has_currency);
    size_t join = from + first;
    if (first == 0 || join >= scan->count) {
        return false;
    }
    const struct piece *between_both = &scan->pieces[join];
    bool is_join = between_both->kind == DASH ||
                   (between_both->kind == WORD && is_among(between_both->text, joins, COUNT(joins)));
    size_t second = is_join ? match_amount(scan, join + 1, &high, &has_currency) : 0;
    bool names_between = has_word && between_both->kind == WORD;
    if (second == 0 || (!has_currency && (!names_between || is_measure(scan, join + 1 + second)))) {
        return false;
    }
    *out = (struct price_phrase){.start = scan->pieces[i].start,
                                 .end = scan->pieces[join + second].end,
                                 .includes_low = true,
                                 .includes_high = true};
    memcpy(out->low, scan->pieces[low].text, PRICE_NUMBER_BYTES);
    memcpy(out->high, scan->pieces[high].text, PRICE_NUMBER_BYTES);
    return true;
}

bool price_find(struct bytes text, size_t from, struct price_phrase *out)
{
    struct piece pieces[TOKENS_MAX];
    struct scan scan = {.pieces = pieces, .count = read_pieces(text, from, pieces)};
    for (size_t i = 0; i < scan.count; i++) {
        if (match_range(&scan, i, out) || match_bound(&scan, i, out)) {
            return true;
        }
    }
    return false;
}
