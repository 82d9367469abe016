/*
 * price.c - the scan for price phrases.
 */
#include "rewrite/price.h"

#include <string.h>

#define TOKENS_MAX 256u
#define WORD_BYTES 16u

enum token_kind { WORD, NUMBER, CURRENCY, DASH, PLUS, BELOW, ABOVE, OTHER };

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
    bool with_currency; /* they are parts of names, too ("air max 90"): the amount must have a currency */
};

static const struct words below[] = {
    {"under", false, false},      {"below", false, false},        {"less than", false, false},
    {"less then", false, false},  {"cheaper than", false, false}, {"lower than", false, false},
    {"not over", true, false},    {"up to", true, false},         {"upto", true, false},
    {"max", true, true},          {"maximum", true, true},        {"at most", true, false},
    {"unter", false, false},      {"weniger als", false, false},  {"bis", true, false},
    {"bis zu", true, false},      {"hochstens", true, false},     {"höchstens", true, false},
    {"maximal", true, false},     {"moins de", false, false},     {"menos de", false, false},
    {"hasta", true, false},       {"meno di", false, false},      {"onder", false, false},
};
static const struct words above[] = {
    {"over", false, false},       {"above", false, false},        {"more than", false, false},
    {"at least", true, false},    {"from", true, true},           {"starting at", true, true},
    {"min", true, true},          {"minimum", true, true},        {"über", false, false},
    {"uber", false, false},       {"mehr als", false, false},     {"ab", true, true},
    {"mindestens", true, false},  {"plus de", false, false},      {"mas de", false, false},
    {"más de", false, false},     {"oltre", false, false},
};

/* Behind an amount with a currency; both include it. */
static const struct words or_below[] = {
    {"or less", true, true},  {"or under", true, true},   {"or below", true, true},   {"or cheaper", true, true},
    {"and less", true, true}, {"and under", true, true},  {"and below", true, true},  {"oder weniger", true, true},
    {"max", true, true},      {"maximum", true, true},    {"ou moins", true, true},   {"o menos", true, true},
};
static const struct words or_above[] = {
    {"or more", true, true},  {"or over", true, true},    {"or above", true, true},   {"or up", true, true},
    {"and up", true, true},   {"and over", true, true},   {"and above", true, true},  {"oder mehr", true, true},
    {"plus", true, true},     {"ou plus", true, true},    {"o mas", true, true},      {"o más", true, true},
};

/* What a number behind "under" or "over" is the age of. */
static const char *const aged[] = {"age",   "aged",  "ages",  "adult", "adults", "women",  "woman", "men",
                                   "man",   "kids",  "kid",   "child", "boys",   "girls",  "baby",  "babies",
                                   "people", "children", "seniors", "toddlers"};
static const char *const between[] = {"between", "from", "zwischen", "von", "entre", "tra", "de"};
static const char *const joins[] = {"to", "and", "bis", "und", "a", "à", "et", "y", "e"};
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
    } else if (*data == '-' || *data == '+') {
        out->kind = *data == '-' ? DASH : PLUS;
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
static size_t match_words(const struct scan *scan, size_t i, const struct words *list, size_t count,
                          const struct words **found)
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
            *found = &list[w];
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
           (touches && next->kind != CURRENCY) || next->kind == OTHER || next->kind == PLUS;
}

static bool is_behind_ages(const struct scan *scan, size_t i)
{
    return i > 0 && scan->pieces[i - 1].kind == WORD && is_among(scan->pieces[i - 1].text, aged, COUNT(aged));
}

/* Fills the phrase of pieces first to last. */
static void take_bound(const struct scan *scan, size_t first, size_t last, size_t number, bool is_below, bool inclusive,
                       struct price_phrase *out)
{
    *out = (struct price_phrase){.start = scan->pieces[first].start,
                                 .end = scan->pieces[last].end,
                                 .includes_low = inclusive,
                                 .includes_high = inclusive};
    memcpy(is_below ? out->high : out->low, scan->pieces[number].text, PRICE_NUMBER_BYTES);
}

static bool match_bound(const struct scan *scan, size_t i, struct price_phrase *out)
{
    const struct piece *first = &scan->pieces[i];
    const struct words sign = {.text = "<", .inclusive = first->inclusive};
    const struct words *words = &sign;
    bool is_below = true;
    bool has_currency = false;
    size_t number;
    size_t taken = first->kind == BELOW ? 1 : match_words(scan, i, below, COUNT(below), &words);
    if (taken == 0) {
        is_below = false;
        taken = first->kind == ABOVE ? 1 : match_words(scan, i, above, COUNT(above), &words);
    }
    size_t amount = taken == 0 ? 0 : match_amount(scan, i + taken, &number, &has_currency);
    bool is_other = words->with_currency || is_behind_ages(scan, i) || is_measure(scan, i + taken + amount);
    if (amount == 0 || (!has_currency && is_other)) {
        return false;
    }
    take_bound(scan, i, i + taken + amount - 1, number, is_below, words->inclusive, out);
    return true;
}

/* "$50 or less", "$100+". */
static bool match_bound_behind(const struct scan *scan, size_t i, struct price_phrase *out)
{
    const struct words *words;
    bool has_currency = false;
    size_t number;
    size_t amount = match_amount(scan, i, &number, &has_currency);
    if (amount == 0 || !has_currency) {
        return false;
    }
    size_t at = i + amount;
    bool is_below = true;
    size_t taken = match_words(scan, at, or_below, COUNT(or_below), &words);
    if (taken == 0) {
        is_below = false;
        bool is_plus = at < scan->count && scan->pieces[at].kind == PLUS &&
                       scan->pieces[at - 1].end == scan->pieces[at].start;
        taken = is_plus ? 1 : match_words(scan, at, or_above, COUNT(or_above), &words);
    }
    if (taken != 0) {
        take_bound(scan, i, at + taken - 1, number, is_below, true, out);
    }
    return taken != 0;
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
        if (match_range(&scan, i, out) || match_bound(&scan, i, out) || match_bound_behind(&scan, i, out)) {
            return true;
        }
    }
    return false;
}
