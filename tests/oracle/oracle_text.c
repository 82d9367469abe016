/*
 * oracle_text.c - the oracle's analyser: fold, words, stems. Tokens are oracle_words.c's.
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
#define CODE_WORDS_MAX 8u
#define QUOTATION_BYTES 64u
#define SOLID_BYTES_MAX 60u

/* Letters of scripts written without spaces. */
static bool is_solid(utf8proc_int32_t point)
{
    static const utf8proc_int32_t ranges[][2] = {
        {0x0e00, 0x0eff}, {0x1000, 0x109f}, {0x1100, 0x11ff}, {0x1780, 0x17ff}, {0x2e80, 0x2fdf},   {0x3005, 0x3007},
        {0x3031, 0x3035}, {0x303b, 0x303c}, {0x3041, 0x31ff}, {0x3400, 0x9fff}, {0xa960, 0xa97f},   {0xac00, 0xd7ff},
        {0xf900, 0xfaff}, {0x1aff0, 0x1b16f}, {0x20000, 0x3ffff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (point >= ranges[i][0] && point <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

static bool is_mark(utf8proc_int32_t point)
{
    utf8proc_category_t category = utf8proc_category(point);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}

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
        return is_solid(point) ? SOLID : LETTER;
    case UTF8PROC_CATEGORY_ND:
        return DIGIT;
    default:
        return SEPARATOR;
    }
}

utf8proc_int32_t oracle_point(const struct points *points, size_t i)
{
    return i < points->count ? points->items[i] : ' ';
}

enum class oracle_class(const struct points *points, size_t i)
{
    return class_of(oracle_point(points, i));
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

/* ------------------------------------------------------------------------------------------------- words -- */

static size_t count_digits(const struct points *points, size_t i)
{
    size_t count = 0;
    while (oracle_class(points, i + count) == DIGIT) {
        count++;
    }
    return count;
}

/* Whether the sign at i separates thousands; group: digits before it; dotted: an earlier '.' of the word did. */
static bool separates_thousands(const struct points *points, size_t i, size_t group, bool dotted)
{
    utf8proc_int32_t sign = oracle_point(points, i);
    utf8proc_int32_t next = oracle_point(points, i + 4);
    if (group < 1 || group > 3 || count_digits(points, i + 1) != 3) {
        return false;
    }
    if (sign != '.') {
        return !dotted;
    }
    if (dotted || (next == '.' && count_digits(points, i + 5) == 3)) {
        return true;
    }
    size_t last = next == ',' ? count_digits(points, i + 5) : 0;
    utf8proc_int32_t behind = oracle_point(points, i + 5 + last);
    return (last == 1 || last == 2) && class_of(behind) == SEPARATOR && behind != ',' && behind != '.';
}

/* The end of the fraction whose '/' stands at i, behind so many digits; 0: it is none. */
static size_t fraction_end(const struct points *points, size_t i, size_t before)
{
    size_t behind = count_digits(points, i + 1);
    size_t end = i + 1 + behind;
    utf8proc_int32_t next = oracle_point(points, end);
    bool alone = i == before || oracle_point(points, i - before - 1) != '/';
    bool goes_on = next == '/' || ((next == '.' || next == ',') && oracle_class(points, end + 1) == DIGIT);
    return before <= 3 && behind >= 1 && behind <= 3 && alone && !goes_on ? end : 0;
}

/* What stands behind the stretches of a word: signs that are part of it, or a '+' that is a word. */
static void take_signs(struct pool *pool, const struct points *points, struct word *word, size_t *size)
{
    utf8proc_int32_t sign = oracle_point(points, word->end);
    size_t count = sign == '+' && oracle_point(points, word->end + 1) == '+' ? 2 : 1;
    utf8proc_int32_t next = oracle_point(points, word->end + count);
    if ((sign != '+' && sign != '#') || class_of(next) != SEPARATOR || next == sign) {
        return;
    }
    if (sign == '+' && count == 1) {
        word->plus = true;
    } else if (word->letters && !word->digits && !word->other && (sign == '+' || *size == 1)) {
        word->other = true;
        word->bare = pool_text(pool, word->text, *size);
        for (size_t i = 0; i < count; i++) {
            append(word->text, size, sign);
        }
        word->end += count;
    }
}

/* Whether text is numbers with 'x' between, so that the last of them begins anew; *group: its digits. */
static bool ends_behind_times(const char *text, size_t size, size_t *group)
{
    size_t at = size;
    while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9') {
        at--;
    }
    *group = size - at;
    if (size == at || at < 2 || text[at - 1] != 'x' || text[at - 2] < '0' || text[at - 2] > '9' || text[0] < '0' ||
        text[0] > '9') {
        return false;
    }
    return strspn(text, "0123456789.x") >= size;
}

/* The word that starts at i, of letters and digits. */
static struct word scan_word(struct pool *pool, const struct points *points, size_t i)
{
    struct word word = {.start = i, .unit = -1};
    size_t size = 0, group = 0;
    bool digits_only = true, dotted = false, possessive = false; /* digits only since the start or the last sign */
    size_t stop = i;
    while (stop < points->count && oracle_point(points, stop) > ' ') {
        stop++;
    }
    word.text = pool_alloc(pool, (stop - i) * 4 + 8);
    for (;; i++) {
        utf8proc_int32_t point = oracle_point(points, i);
        enum class before = i > word.start ? oracle_class(points, i - 1) : SEPARATOR;
        enum class behind = oracle_class(points, i + 1);
        if (class_of(point) == LETTER || class_of(point) == DIGIT) {
            append(word.text, &size, point);
            word.letters |= class_of(point) == LETTER;
            word.digits |= class_of(point) == DIGIT;
            digits_only = digits_only && class_of(point) == DIGIT;
            group++;
        } else if (point == '\'' && before == LETTER && behind == LETTER) {
            enum class third = oracle_class(points, i + 2);
            if (oracle_point(points, i + 1) == 's' && third != LETTER && third != DIGIT) {
                i += 2;
                possessive = true;
                break;
            }
        } else if ((point == '.' || point == ',' || point == '\'') && before == DIGIT && behind == DIGIT &&
                   (digits_only || ends_behind_times(word.text, size, &group))) {
            dotted = dotted && digits_only;
            digits_only = true;
            bool dropped = separates_thousands(points, i, group, dotted);
            if (point == '\'' && !dropped) {
                break;
            }
            dotted = point == '.' ? dropped : dotted;
            if (!dropped) {
                append(word.text, &size, '.');
                word.other = true;
            }
            group = 0;
        } else {
            break;
        }
    }
    word.end = i;
    size_t end = 0;
    if (oracle_point(points, i) == '/' && !word.letters && !word.other && !possessive &&
        word.end - word.start == group) {
        end = fraction_end(points, i, group);
    }
    if (end != 0) {
        for (; i < end; i++) {
            append(word.text, &size, oracle_point(points, i));
        }
        word.fraction = word.other = true;
        word.end = end;
    } else if (!possessive) {
        take_signs(pool, points, &word, &size);
    }
    word.term = word.text;
    return word;
}

/* A '.' before the word: of a number, or of "net". */
static void take_point(struct pool *pool, const struct points *points, size_t previous_end, struct word *word)
{
    if (word->start == previous_end || word->start == 0 || oracle_point(points, word->start - 1) != '.') {
        return;
    }
    utf8proc_int32_t before = word->start == 1 ? ' ' : oracle_point(points, word->start - 2);
    bool name = strcmp(word->text, "net") == 0;
    bool number = oracle_class(points, word->start) == DIGIT && strchr(word->text, '.') == NULL && !word->fraction;
    if ((before != ' ' && before != '(') || (!name && !number)) {
        return;
    }
    char *text = pool_alloc(pool, strlen(word->text) + 3);
    strcat(strcat(text, name ? "." : "0."), word->text);
    word->bare = name ? word->text : NULL;
    word->text = word->term = text;
    word->other = true;
    word->start--;
}

static struct word scan_solid(struct pool *pool, const struct points *points, size_t i)
{
    struct word word = {.start = i, .unit = -1, .solid = true};
    size_t size = 0;
    word.text = pool_alloc(pool, SOLID_BYTES_MAX + 8);
    append(word.text, &size, oracle_point(points, i++));
    while (oracle_class(points, i) == SOLID && is_mark(oracle_point(points, i))) {
        char encoded[4];
        size_t more = 0;
        append(encoded, &more, oracle_point(points, i));
        if (size + more > SOLID_BYTES_MAX) {
            break;
        }
        append(word.text, &size, oracle_point(points, i++));
    }
    word.end = i;
    word.term = word.text;
    return word;
}

struct word *oracle_scan_words(struct pool *pool, const struct points *points, size_t *count)
{
    struct word *words = pool_alloc(pool, (2 * points->count + 1) * sizeof *words);
    size_t end = 0;
    *count = 0;
    for (size_t i = 0; i < points->count;) {
        if (oracle_class(points, i) == SEPARATOR) {
            i++;
            continue;
        }
        struct word *word = &words[(*count)++];
        if (oracle_class(points, i) == SOLID) {
            *word = scan_solid(pool, points, i);
        } else {
            *word = scan_word(pool, points, i);
            take_point(pool, points, end, word);
        }
        i = end = word->end;
        if (word->plus) {
            char *text = pool_text(pool, "plus", 4);
            words[*count] = (struct word){.start = i, .end = i + 1, .text = text, .term = text, .unit = -1};
            words[(*count)++].letters = true;
            i = end = i + 1;
        }
    }
    return words;
}

void oracle_tokenise(struct pool *pool, const char *text, size_t size, enum text_kind kind, struct tokens *out)
{
    struct points points = fold(text, size);
    oracle_list_tokens(pool, &points, kind, out);
    free(points.items);
}

/* -------------------------------------------------------------------------------------------------- stems -- */

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

static char *show_tokens(const char *text, const char *language, enum text_kind kind)
{
    struct pool pool = {NULL};
    struct tokens tokens;
    struct sb_stemmer *stemmer = strcmp(language, "none") == 0 ? NULL : sb_stemmer_new(language, "UTF_8");
    oracle_tokenise(&pool, text, strlen(text), kind, &tokens);
    char *shown = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&shown, &size);
    if (out == NULL) {
        abort();
    }
    for (size_t i = 0; i < tokens.count; i++) {
        const struct token *token = &tokens.items[i];
        const char *open = token->joined ? "[" : token->extra ? "(" : "";
        fprintf(out, "%s%s%s", i == 0 ? "" : " ", open, oracle_stem(&pool, stemmer, token->term));
        if (open[0] != '\0') {
            fprintf(out, "/%zu@%zu%s", token->parts, token->position, token->joined ? "]" : ")");
        }
    }
    fclose(out);
    sb_stemmer_delete(stemmer);
    pool_release(&pool);
    return shown;
}

char *oracle_show_tokens(const char *text, const char *language)
{
    return show_tokens(text, language, TEXT_QUERY);
}

char *oracle_show_product_tokens(const char *text, const char *language, int code)
{
    return show_tokens(text, language, code ? TEXT_CODE : TEXT_PRODUCT);
}
