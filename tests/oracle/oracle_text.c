/*
 * oracle_text.c - the oracle's analyser: fold, words, numbers with units, compounds, stems.
 *
 * Works on an array of folded code points in plain passes, one per step of the definition. Speed is of no concern.
 */
#include "oracle/inside.h"

#include <libstemmer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define TERM_BYTES_MAX 120u
#define PARTS_MAX 4u

static const char *const units[] = {
    "mm", "cm", "m",  "km", "in", "inch", "ft", "yd", "mg", "g",  "kg",  "lb",  "lbs", "oz",  "ml",  "cl",   "dl",
    "l",  "gal", "mb", "gb", "tb", "kb",  "w",  "kw", "kwh", "v", "mv",  "a",   "ma",  "mah", "hz",  "khz",  "mhz",
    "ghz", "rpm", "mp", "fps", "nm", "psi", "bar", "db", "pcs", "pc", "pk", "ct", "count", "pack",
};

struct points {
    utf8proc_int32_t *items;
    size_t count;
};

/* A word as found in the folded points: [start, end) are the points it covers, text what remains of them. */
struct word {
    size_t start, end;
    char *text;
    bool number; /* digits, with '.' between */
};

enum class { SEPARATOR, LETTER, DIGIT };

static enum class class_of(utf8proc_int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return LETTER;
    case UTF8PROC_CATEGORY_ND:
        return DIGIT;
    default:
        return SEPARATOR;
    }
}

static utf8proc_int32_t point_at(const struct points *points, size_t i)
{
    return i < points->count ? points->items[i] : ' ';
}

static enum class class_at(const struct points *points, size_t i)
{
    return class_of(point_at(points, i));
}

/* Step 1. The points are malloc'd. */
static struct points fold(const char *text, size_t size)
{
    struct points points = {NULL, 0};
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
    utf8proc_option_t options =
        UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    utf8proc_ssize_t count = utf8proc_decompose(bytes, (utf8proc_ssize_t)size, NULL, 0, options);
    if (count < 0) {
        return points;
    }
    points.items = oracle_grow(NULL, ((size_t)count + 1) * sizeof *points.items);
    utf8proc_decompose(bytes, (utf8proc_ssize_t)size, points.items, count, options);
    for (size_t i = 0; i < (size_t)count; i++) {
        utf8proc_int32_t point = points.items[i];
        if (point >= 0x300 && point <= 0x36f) {
            continue;
        }
        points.items[points.count++] = point == 0x2018 || point == 0x2019 ? '\'' : point;
    }
    count = utf8proc_normalize_utf32(points.items, (utf8proc_ssize_t)points.count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    points.count = (size_t)count;
    return points;
}

static void append(char *text, size_t *size, utf8proc_int32_t point)
{
    *size += (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)text + *size);
}

const char *oracle_fold(struct pool *pool, const char *text, size_t size)
{
    struct points points = fold(text, size);
    char *folded = pool_alloc(pool, points.count * 4 + 1);
    size_t length = 0;
    for (size_t i = 0; i < points.count; i++) {
        append(folded, &length, points.items[i]);
    }
    free(points.items);
    return folded;
}

/* Whether the ',' at i separates thousands: group_start is where the digits before it begin. */
static bool separates_thousands(const struct points *points, size_t group_start, size_t i)
{
    size_t before = i - group_start;
    size_t behind = 0;
    while (class_at(points, i + 1 + behind) == DIGIT) {
        behind++;
    }
    return before >= 1 && before <= 3 && behind == 3;
}

/* Step 3: the word that starts at i. */
static struct word scan_word(struct pool *pool, const struct points *points, size_t i)
{
    struct word word = {.start = i, .end = i, .number = true};
    size_t group_start = i;
    size_t size = 0;
    bool digits_only = true; /* since the start or the last sign */
    size_t stop = i;
    while (stop < points->count && point_at(points, stop) > ' ') {
        stop++;
    }
    word.text = pool_alloc(pool, (stop - i) * 4 + 1);
    for (;; i++) {
        utf8proc_int32_t point = point_at(points, i);
        enum class before = i > word.start ? class_at(points, i - 1) : SEPARATOR;
        if (class_of(point) != SEPARATOR) {
            append(word.text, &size, point);
            if (class_of(point) == LETTER) {
                digits_only = false;
                word.number = false;
            }
        } else if (point == '\'' && before == LETTER && class_at(points, i + 1) == LETTER) {
            if (point_at(points, i + 1) == 's' && class_at(points, i + 2) == SEPARATOR) {
                i += 2;
                break;
            }
        } else if ((point == '.' || point == ',') && digits_only && before == DIGIT &&
                   class_at(points, i + 1) == DIGIT) {
            if (point == '.' || !separates_thousands(points, group_start, i)) {
                append(word.text, &size, '.');
            }
            group_start = i + 1;
        } else {
            break;
        }
    }
    word.end = i;
    return word;
}

static bool is_unit(const char *text)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static char *concatenate(struct pool *pool, const struct word *words, size_t count)
{
    size_t size = 1;
    for (size_t i = 0; i < count; i++) {
        size += strlen(words[i].text);
    }
    char *text = pool_alloc(pool, size);
    for (size_t i = 0; i < count; i++) {
        strcat(text, words[i].text);
    }
    return text;
}

/* Step 4: joins numbers with the units behind them; returns how many words remain. */
static size_t join_units(struct pool *pool, const struct points *points, struct word *words, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct word word = words[i];
        if (word.number && i + 1 < count && is_unit(words[i + 1].text) && words[i + 1].start == word.end + 1 &&
            (point_at(points, word.end) == ' ' || point_at(points, word.end) == '-')) {
            word.text = concatenate(pool, words + i, 2);
            word.end = words[i + 1].end;
            word.number = false;
            i++;
        }
        words[kept++] = word;
    }
    return kept;
}

/* Whether one of these joiners alone stands between two words. */
static bool joined_by(const struct points *points, const struct word *left, const char *joiners)
{
    utf8proc_int32_t point = point_at(points, left->end);
    return left[1].start == left->end + 1 && point > ' ' && point < 0x80 && strchr(joiners, (int)point) != NULL;
}

/* Step 5: lists words and, behind the last part of each compound, its joined token. */
static void list_tokens(struct pool *pool, const struct points *points, const struct word *words, size_t count,
                        struct tokens *out)
{
    out->items = pool_alloc(pool, (2 * count + 1) * sizeof *out->items);
    size_t first = 0; /* of the compound that word i belongs to */
    for (size_t i = 0; i < count; i++) {
        out->items[out->count++] = (struct token){.text = words[i].text, .position = i, .parts = 1};
        if (i + 1 < count && joined_by(points, words + i, "-_&.")) {
            continue;
        }
        size_t parts = i + 1 - first;
        if (parts >= 2 && parts <= PARTS_MAX) {
            out->items[out->count++] = (struct token){
                .text = concatenate(pool, words + first, parts), .joined = true, .position = first, .parts = parts};
        }
        first = i + 1;
    }
    out->words = count;
}

void oracle_tokenise(struct pool *pool, const char *text, size_t size, struct tokens *out)
{
    *out = (struct tokens){NULL, 0, 0};
    struct points points = fold(text, size);
    struct word *words = oracle_grow(NULL, (points.count + 1) * sizeof *words);
    size_t count = 0;
    for (size_t i = 0; i < points.count;) {
        if (class_at(&points, i) == SEPARATOR) {
            i++;
            continue;
        }
        words[count] = scan_word(pool, &points, i);
        i = words[count++].end;
    }
    count = join_units(pool, &points, words, count);
    list_tokens(pool, &points, words, count, out);
    free(words);
    free(points.items);
}

/* Whether a token has neither digit nor '.'. */
static bool letters_only(const char *token)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)token;
    size_t size = strlen(token);
    for (size_t i = 0; i < size;) {
        utf8proc_int32_t point;
        i += (size_t)utf8proc_iterate(bytes + i, (utf8proc_ssize_t)(size - i), &point);
        if (class_of(point) != LETTER) {
            return false;
        }
    }
    return true;
}

const char *oracle_stem(struct pool *pool, void *stemmer, const char *token)
{
    size_t size = strlen(token);
    if (stemmer != NULL && letters_only(token)) {
        const sb_symbol *stem = sb_stemmer_stem(stemmer, (const sb_symbol *)token, (int)size);
        int length = sb_stemmer_length(stemmer);
        if (stem != NULL && length > 0) {
            token = (const char *)stem;
            size = (size_t)length;
        }
    }
    if (size > TERM_BYTES_MAX) {
        size = TERM_BYTES_MAX;
        while (size > 0 && ((unsigned char)token[size] & 0xc0u) == 0x80u) {
            size--;
        }
    }
    return pool_text(pool, token, size);
}

char *oracle_show_tokens(const char *text, const char *language)
{
    struct pool pool = {NULL};
    struct tokens tokens;
    struct sb_stemmer *stemmer = strcmp(language, "none") == 0 ? NULL : sb_stemmer_new(language, "UTF_8");
    oracle_tokenise(&pool, text, strlen(text), &tokens);
    char *shown = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&shown, &size);
    if (out == NULL) {
        abort();
    }
    for (size_t i = 0; i < tokens.count; i++) {
        const struct token *token = &tokens.items[i];
        fprintf(out, "%s%s%s", i == 0 ? "" : " ", token->joined ? "[" : "", oracle_stem(&pool, stemmer, token->text));
        if (token->joined) {
            fprintf(out, "/%zu@%zu]", token->parts, token->position);
        }
    }
    fclose(out);
    sb_stemmer_delete(stemmer);
    pool_release(&pool);
    return shown;
}
