/*
 * oracle_words.c - the oracle's tokens: amounts, pairs of solid characters, compounds, and what products have beside.
 *
 * Works on the list of words of a text (oracle_text.c), pass by pass.
 */
#include "oracle/inside.h"

#include <string.h>

#define PARTS_MAX 4u
#define CODE_WORDS_MAX 8u
#define TERM_BYTES_MAX 120u
#define QUOTATION_BYTES 64u

/* ------------------------------------------------------------------------------------------------- amounts -- */

static bool is_word_point(const struct points *points, size_t i)
{
    return oracle_class(points, i) != SEPARATOR;
}

/* Whether the '"' at i ends a quotation: the nearest '"' not far before begins one. */
static bool closes_quotation(const struct points *points, size_t i)
{
    size_t bytes = 0;
    for (size_t k = i; k-- > 0;) {
        utf8proc_uint8_t encoded[4];
        bytes += (size_t)utf8proc_encode_char(points->items[k], encoded);
        if (bytes > QUOTATION_BYTES) {
            return false;
        }
        if (points->items[k] == '"') {
            return (k == 0 || !is_word_point(points, k - 1)) && is_word_point(points, k + 1);
        }
    }
    return false;
}

/* How many points behind a number are an inch sign. */
static size_t inch_sign(const struct points *points, size_t i)
{
    utf8proc_int32_t point = oracle_point(points, i);
    if (point == '"') {
        return closes_quotation(points, i) ? 0 : 1;
    }
    if (point == 0x201d) {
        return 1;
    }
    return (point == '\'' || point == 0x2032) && oracle_point(points, i + 1) == point ? 2 : 0;
}

/* How many points behind a number are a foot sign, if it stands among lengths. */
static size_t foot_sign(const struct points *points, size_t i)
{
    utf8proc_int32_t point = oracle_point(points, i);
    bool times = oracle_point(points, i + 1) == 'x' && oracle_point(points, i + 2) >= '0' &&
                 oracle_point(points, i + 2) <= '9';
    bool sign = (point == '\'' || point == 0x2032) && inch_sign(points, i) == 0;
    return sign && (times || !is_word_point(points, i + 1)) ? 1 : 0;
}

/* "oz" behind the word "fl" that ends at i; where it ends, or 0. */
static size_t ounces_behind(const struct points *points, size_t i)
{
    i += oracle_point(points, i) == '.';
    i += i < points->count && oracle_point(points, i) == ' ';
    bool found = oracle_point(points, i) == 'o' && oracle_point(points, i + 1) == 'z' && !is_word_point(points, i + 2);
    return found ? i + 2 : 0;
}

static void set_amount(struct pool *pool, struct word *word, const char *number, const char *name, int unit)
{
    word->number = pool_text(pool, number, strlen(number));
    word->unit = unit;
    word->term = oracle_amount(pool, number, unit);
    if (name != NULL) {
        char *text = pool_alloc(pool, strlen(number) + strlen(name) + 1);
        word->text = strcat(strcat(text, number), name);
    } else {
        word->text = word->term;
    }
}

/* How many points from i on are a times sign between numbers. */
static size_t times_sign(const struct points *points, size_t i)
{
    utf8proc_int32_t first = oracle_point(points, i);
    bool spaced = first == ' ';
    utf8proc_int32_t sign = spaced ? oracle_point(points, i + 1) : first;
    size_t size = spaced ? 3 : 1, end;
    if (sign != 0xd7 && !(sign == 'x' && spaced && oracle_point(points, i + 2) == ' ')) {
        return 0;
    }
    if (spaced && oracle_point(points, i + 2) != ' ') {
        return 0;
    }
    for (end = i + size; oracle_class(points, end) == DIGIT; end++) {
    }
    return end > i + size && oracle_point(points, end) != '/' ? size : 0;
}

/* Likewise between lengths: an 'x' directly behind a sign. */
static size_t times_between(const struct points *points, size_t i)
{
    bool behind_sign = i != 0 && !is_word_point(points, i - 1) && oracle_point(points, i - 1) != ' ';
    bool digit = oracle_point(points, i + 1) >= '0' && oracle_point(points, i + 1) <= '9';
    return behind_sign && digit && oracle_point(points, i) == 'x' ? 1 : times_sign(points, i);
}

/* Whether the number at i is ASCII digits with one point or comma at most. */
static bool is_simple_number(const struct points *points, size_t i)
{
    size_t signs = 0;
    for (;; i++) {
        utf8proc_int32_t point = oracle_point(points, i);
        bool sign = (point == '.' || point == ',' || point == '\'') && oracle_class(points, i + 1) == DIGIT;
        if (oracle_class(points, i) != DIGIT && !sign) {
            return signs <= 1;
        }
        if (point > '9' || point == '\'') {
            return false;
        }
        signs += sign;
    }
}

/* Whether behind the foot sign that ends at i the number is multiplied with another that has one. */
static bool feet_follow(const struct points *points, size_t i)
{
    size_t sign = times_between(points, i), end = i + sign, start = end;
    if (sign == 0 || !is_simple_number(points, start)) {
        return false;
    }
    while ((oracle_point(points, end) >= '0' && oracle_point(points, end) <= '9') ||
           (end != start && (oracle_point(points, end) == '.' || oracle_point(points, end) == ',') &&
            oracle_class(points, end + 1) == DIGIT)) {
        end++;
    }
    return end != start && foot_sign(points, end) != 0;
}

/* Joins the unit behind the number words[i], one of lengths in feet or not; returns how many words that took. */
static size_t take_unit(struct pool *pool, const struct points *points, struct word *words, size_t i, size_t count,
                        bool among_feet)
{
    struct word *word = &words[i], *next = &words[i + 1];
    size_t inches = word->plus ? 0 : inch_sign(points, word->end);
    size_t feet = word->plus ? 0 : foot_sign(points, word->end);
    feet = among_feet || feet_follow(points, word->end + feet) ? feet : 0;
    size_t sign = inches + feet;
    if (sign != 0) {
        set_amount(pool, word, word->text, NULL, oracle_unit(inches != 0 ? "in" : "ft"));
        word->end += sign;
        return 0;
    }
    if (i + 1 >= count || !next->letters || next->digits || next->other || word->plus) {
        return 0;
    }
    utf8proc_int32_t gap = oracle_point(points, word->end);
    bool near = (next->start == word->end + 1 && (gap == ' ' || gap == '-')) ||
                (next->start == word->end && word->fraction);
    if (!near) {
        return 0;
    }
    size_t ounces = strcmp(next->text, "fl") == 0 && !next->plus ? ounces_behind(points, next->end) : 0;
    if (ounces != 0) {
        set_amount(pool, word, word->text, "oz", oracle_unit("oz"));
        word->end = ounces;
        word->letters = true;
        return oracle_point(points, next->end) == 'o' ? 1 : 2;
    }
    utf8proc_int32_t behind = oracle_point(points, next->end);
    bool in_one = strcmp(next->text, "in") == 0 && (behind == ' ' || behind == '-') &&
                  oracle_point(points, next->end + 1) == '1' && !is_word_point(points, next->end + 2);
    int unit = oracle_unit(next->text);
    if (unit < 0 || in_one) {
        return 0;
    }
    set_amount(pool, word, word->text, next->text, unit);
    word->end = next->end;
    word->plus = next->plus;
    word->letters = true;
    return 1;
}

/* A unit that is written directly behind its number. */
static void split_amount(struct pool *pool, struct word *word)
{
    size_t size = strspn(word->text, "0123456789.");
    int unit = word->text[0] <= '9' && word->text[0] > 0 ? oracle_unit(word->text + size) : -1;
    if (unit >= 0) {
        char *number = pool_text(pool, word->text, size);
        set_amount(pool, word, number, word->text + size, unit);
    }
}

/* ---- dimensions: numbers with 'x' between ---- */

/* Where the last of two to four numbers with 'x' between begins; *end: behind it. 0: the text does not begin so. */
static size_t last_of_times(const char *text, size_t *end)
{
    size_t numbers = 1, last = 0, at = strspn(text, "0123456789.");
    while (text[0] >= '0' && text[0] <= '9' && text[at] == 'x' && text[at + 1] >= '0' && text[at + 1] <= '9') {
        last = at + 1;
        at = last + strspn(text + last, "0123456789.");
        numbers++;
    }
    *end = at;
    return numbers <= 4 ? last : 0;
}

/* Joins to the number words[i] those behind it that it is multiplied with; returns how many words that took. */
static size_t take_times(struct pool *pool, const struct points *points, struct word *words, size_t i, size_t count)
{
    struct word *word = &words[i];
    bool pointed = oracle_point(points, word->start) == '.'; /* of ".5" */
    size_t taken = 0;
    while (!word->letters && !word->fraction && !word->plus && !pointed && times_sign(points, word->end) != 0) {
        size_t start = word->end + times_sign(points, word->end);
        do {
            taken++;
        } while (i + taken < count && words[i + taken].start < start); /* "x" */
        const struct word *next = &words[i + taken];
        char *text = pool_alloc(pool, strlen(word->text) + strlen(next->text) + 2);
        strcat(strcat(strcat(text, word->text), "x"), next->text);
        word->text = word->term = text;
        word->end = next->end;
        word->plus = next->plus;
        word->other = word->other || next->other;
        word->letters = next->letters;
    }
    word->letters = word->letters || taken != 0;
    return taken;
}

static char *join_numbers(struct pool *pool, const char *front, const char *number)
{
    char *joined = pool_alloc(pool, strlen(front) + strlen(number) + 2);
    return strcat(strcat(strcpy(joined, front), "x"), number);
}

/* Lengths have a form of their own; a sign is no part of the text. */
static void share_form(struct pool *pool, struct word *word, const char *front, const struct word *last)
{
    char *term = oracle_unit_is_length(last->unit)
                     ? oracle_lengths(pool, join_numbers(pool, front, last->number), last->unit)
                     : NULL;
    if (term != NULL) {
        word->term = term;
        word->text = last->text == last->term ? term : word->text;
    }
}

/* What has numbers with 'x' between takes its unit; returns how many words behind words[i + taken] that took. */
static size_t set_times(struct pool *pool, const struct points *points, struct word *words, size_t i, size_t taken,
                        size_t count)
{
    struct word *word = &words[i];
    size_t end;
    size_t last = last_of_times(word->text, &end);
    int unit = word->text[end] == '\0' ? -1 : oracle_unit(word->text + end);
    if (last == 0 || (word->text[end] != '\0' && unit < 0)) {
        return 0;
    }
    struct word each = *word; /* the last number as a word of its own */
    each.text = each.number = pool_text(pool, word->text + last, end - last);
    each.fraction = false;
    size_t more = 0;
    if (unit >= 0) {
        set_amount(pool, &each, each.number, word->text + end, unit);
    } else {
        struct word kept = words[i + taken];
        words[i + taken] = each;
        more = take_unit(pool, points, words, i + taken, count, false);
        each = words[i + taken];
        words[i + taken] = kept;
    }
    char *text = pool_alloc(pool, last + strlen(each.text) + 1);
    char *term = pool_alloc(pool, last + strlen(each.term) + strlen(each.text) + 1);
    word->text = strcat(strncat(text, word->text, last), each.text);
    word->term = each.unit < 0 ? word->text : strcat(strncat(term, word->text, last), each.term);
    word->front = pool_text(pool, text, last - 1);
    if (each.unit >= 0) {
        share_form(pool, word, word->front, &each);
    }
    word->end = each.end;
    word->plus = each.plus;
    word->times = last;
    word->number = each.unit < 0 ? each.text : each.number;
    word->unit = each.unit;
    word->other = true;
    return more;
}

/* ---- dimensions with a unit at each number ---- */

/* Makes "50x70cm" of front "50", and the last one. */
static void set_lengths(struct pool *pool, struct word *word, const char *front, const struct word *last)
{
    size_t size = strlen(front) + strlen(last->text) + strlen(last->term) + 2;
    char *text = strcat(strcpy(pool_alloc(pool, size), front), "x");
    char *term = strcat(strcpy(pool_alloc(pool, size), front), "x");
    word->times = strlen(text);
    word->text = strcat(text, last->text);
    word->term = strcat(term, last->term);
    word->number = last->number;
    word->unit = last->unit;
    word->letters = word->digits = word->other = true;
    word->front = pool_text(pool, front, strlen(front));
    share_form(pool, word, front, last);
}

/* Joins to words[i], a length, those in the same unit that it is multiplied with; returns how many words that took. */
static size_t take_lengths(struct pool *pool, const struct points *points, struct word *words, size_t i, size_t taken,
                           size_t count)
{
    struct word *word = &words[i];
    char *front = word->number;
    bool fits = oracle_unit_is_length(word->unit) && word->times == 0 && !word->fraction &&
                oracle_point(points, word->start) != '.';
    for (size_t numbers = 1; fits && numbers < 4 && !word->plus; numbers++) {
        size_t sign = times_between(points, word->end), next = i + taken + 1, more = 0;
        bool glued = sign == 1 && oracle_point(points, word->end) == 'x';
        while (next < count && words[next].start < word->end + (glued ? 0 : sign)) {
            next++; /* the 'x' */
        }
        if (sign == 0 || next == count || !is_simple_number(points, words[next].start + glued)) {
            break;
        }
        struct word kept = words[next];
        if (glued) { /* the 'x' is part of the word */
            words[next].text++;
            words[next].start++;
            words[next].letters = words[next].text[strspn(words[next].text, "0123456789.")] != '\0';
        }
        if (words[next].letters) {
            split_amount(pool, &words[next]);
        } else {
            more = take_unit(pool, points, words, next, count, word->unit == oracle_unit("ft"));
        }
        struct word each = words[next];
        words[next] = kept;
        utf8proc_int32_t behind = oracle_point(points, each.end);
        bool goes_on = behind == '\'' || behind == '+' || behind == '#' ||
                       (oracle_point(points, each.end - 2) == '\'' && oracle_point(points, each.end - 1) == 's');
        if (each.unit != word->unit || each.fraction || (each.letters && goes_on)) {
            break;
        }
        set_lengths(pool, word, front, &each);
        front = join_numbers(pool, front, each.number);
        word->end = each.end;
        word->plus = each.plus;
        taken = next - i + more;
    }
    return taken;
}

/* "50cmx70cm". */
static void split_lengths(struct pool *pool, struct word *word)
{
    struct word each = *word;
    char *front = NULL;
    int unit = -1;
    size_t numbers = 0;
    for (const char *at = word->text; numbers < 5; numbers++) {
        size_t digits = strspn(at, "0123456789."), end = digits;
        while (at[end] != '\0' && !(at[end] == 'x' && at[end + 1] >= '0' && at[end + 1] <= '9')) {
            end++;
        }
        int own = oracle_unit(pool_text(pool, at + digits, end - digits));
        if (!oracle_unit_is_length(own) || (numbers != 0 && own != unit)) {
            return;
        }
        unit = own;
        set_amount(pool, &each, pool_text(pool, at, digits), pool_text(pool, at + digits, end - digits), unit);
        if (at[end] == '\0') {
            break;
        }
        front = front == NULL ? each.number : join_numbers(pool, front, each.number);
        at += end + 1;
    }
    if (front != NULL && numbers < 4) {
        set_lengths(pool, word, front, &each);
    }
}

static size_t join_units(struct pool *pool, const struct points *points, struct word *words, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t taken = 0;
        if (words[i].digits && !words[i].letters) {
            taken = take_times(pool, points, words, i, count);
            taken += taken == 0 ? take_unit(pool, points, words, i, count, false)
                                : set_times(pool, points, words, i, taken, count);
        } else if (words[i].digits) {
            split_amount(pool, &words[i]);
            taken = words[i].unit < 0 ? set_times(pool, points, words, i, 0, count) : 0;
            if (words[i].unit < 0 && words[i].times == 0 && words[i].text[0] <= '9' && words[i].text[0] > 0) {
                split_lengths(pool, &words[i]);
            }
        }
        taken = take_lengths(pool, points, words, i, taken, count);
        words[kept++] = words[i];
        i += taken;
    }
    return kept;
}

/* ----------------------------------------------------------------------------------------------- compounds -- */

static bool is_letters(const struct word *word)
{
    return word->letters && !word->digits && !word->other;
}

static bool is_number(const struct word *word)
{
    return word->digits && !word->letters && !word->other && word->unit < 0;
}

static bool is_mixed(const struct word *word)
{
    return word->digits && word->letters && !word->other && word->unit < 0;
}

static bool has_digit_at(const struct word *word, size_t i)
{
    return is_number(word) || (is_mixed(word) && word->text[i] >= '0' && word->text[i] <= '9');
}

static bool is(const struct word *word, const char *text)
{
    return strcmp(word->text, text) == 0;
}

/* Words of grammar. */
static bool is_particle(const struct word *word)
{
    static const char particles[] = " ab am an and at avec bei bis by con da de des di en et for from fur im "
                                    "in is les mit of on or over par para per por pour than the to um "
                                    "und up von with zu ";
    char spaced[8];
    return strlen(word->text) <= 4 && strstr(particles, strcat(strcat(strcpy(spaced, " "), word->text), " ")) != NULL;
}

/* "ti", "xm4": what may stand behind the number of a code. */
static bool ends_code(const struct word *word)
{
    bool short_letters = is_letters(word) && strlen(word->text) <= 2 && !is(word, "x") && !is_particle(word);
    return short_letters || (is_mixed(word) && !has_digit_at(word, 0));
}

static bool ends_with_digit(const struct word *word)
{
    return has_digit_at(word, strlen(word->text) - 1);
}

/* What a space may still join behind the compound so far. */
enum form { ANYTHING, NOTHING, NOTHING_BEHIND_SUFFIX, LETTERS_BEHIND_N, ONE_BEHIND_IN };

/* Whether a space joins words[i] to the only word before. */
static bool space_joins_pair(const struct word *last, const struct word *word, enum form *form)
{
    size_t last_size = strlen(last->text), size = strlen(word->text);
    bool letters = is_letters(last) && is_letters(word);
    bool initial = letters && last_size == 1 && strchr("aioy", last->text[0]) == NULL && size >= 3;
    bool port = letters && size == 1 && (is(last, "usb") || is(last, "type"));
    *form = NOTHING;
    if (letters && last_size >= 2 && is(word, "n")) {
        *form = LETTERS_BEHIND_N;
    } else if (is_letters(last) && !is(last, "x") && !is_particle(last) && has_digit_at(word, 0) &&
               (is_number(word) || last_size <= 3)) {
        *form = ANYTHING;
    } else if (is_number(last) && is_letters(word) && is(word, "in")) {
        *form = ONE_BEHIND_IN;
    } else if (ends_with_digit(last) && ends_code(word)) {
        *form = NOTHING_BEHIND_SUFFIX;
    } else {
        return initial || port;
    }
    return true;
}

/* Likewise to two words. */
static bool space_joins_third(const struct word *first, const struct word *last, const struct word *word,
                              enum form *form)
{
    enum form before = *form;
    *form = NOTHING;
    switch (before) {
    case ANYTHING:
        *form = NOTHING_BEHIND_SUFFIX;
        return is_letters(first) && is_number(last) && ends_code(word);
    case LETTERS_BEHIND_N:
        return is_letters(word) && strlen(word->text) >= 2;
    case ONE_BEHIND_IN:
        return is(word, "1");
    case NOTHING:
    case NOTHING_BEHIND_SUFFIX:
        break;
    }
    return false;
}

enum link { LINK_NONE, LINK_SIGN, LINK_SPACE };

/* How the points between two neighbours might link them. */
static enum link link_between(const struct points *points, const struct word *last, const struct word *word)
{
    size_t count = word->start - last->end;
    utf8proc_int32_t first = oracle_point(points, last->end), second = oracle_point(points, last->end + 1);
    bool letters = is_letters(last) && is_letters(word);
    size_t last_size = strlen(last->text), size = strlen(word->text);
    if (count == 1 && (first == '-' || first == '_' || first == '&' || first == '.')) {
        return LINK_SIGN;
    }
    if (count == 1 && first == '/') {
        return letters && last_size == 1 && size == 1 ? LINK_SIGN : LINK_NONE;
    }
    if (count == 3 && first == ' ' && second == '&' && oracle_point(points, last->end + 2) == ' ') {
        return letters && last_size <= 2 && size <= 2 ? LINK_SIGN : LINK_NONE;
    }
    bool quoted = count == 2 && ((first == ' ' && second == '\'') || (first == '\'' && second == ' '));
    return (count == 1 && first == ' ') || (quoted && (is(word, "n") || is(last, "n"))) ? LINK_SPACE : LINK_NONE;
}

/* The number of words from first on that are linked; loose: they are not joined, the next one has left them. */
static size_t compound_parts(const struct points *points, const struct word *words, size_t first, size_t count,
                             bool *loose)
{
    size_t parts = 1;
    enum form form = ANYTHING;
    bool spaced = false; /* by what the last one was linked */
    *loose = false;
    for (; first + parts < count && !words[first + parts].solid; parts++) {
        size_t i = first + parts;
        const struct word *last = &words[i - 1], *word = &words[i];
        enum link link = link_between(points, last, word);
        enum form before = form;
        bool linked = link == LINK_SIGN;
        if (link == LINK_SPACE && parts == 1) {
            linked = space_joins_pair(last, word, &form);
        } else if (link == LINK_SPACE && parts == 2) {
            linked = space_joins_third(&words[i - 2], last, word, &form);
        }
        bool initial = is_letters(last) && strlen(last->text) == 1 && strchr("aioy", last->text[0]) == NULL;
        bool single_space = link == LINK_SPACE && word->start == last->end + 1;
        bool stays = is_number(last) && ends_code(word);
        if ((link == LINK_SIGN && spaced && !stays) ||
            (single_space && !linked && parts >= 2 && is_number(last) && is_letters(word) && is(word, "in")) ||
            (link == LINK_SPACE && !linked && before == NOTHING_BEHIND_SUFFIX && initial && is_letters(word) &&
             strlen(word->text) >= 3)) {
            *loose = true;
            return parts - 1;
        }
        if (!linked) {
            break;
        }
        spaced = link == LINK_SPACE;
    }
    return parts;
}

/* -------------------------------------------------------------------------------------------------- tokens -- */

struct list {
    struct pool *pool;
    struct tokens *out;
    bool product;
};

static struct token *add(struct list *list, const char *text, size_t position, size_t parts)
{
    struct token *token = &list->out->items[list->out->count++];
    *token = (struct token){.text = text, .term = text, .position = position, .parts = parts};
    return token;
}

static void add_extra(struct list *list, const char *text, size_t position, size_t parts)
{
    if (list->product && strlen(text) <= TERM_BYTES_MAX) {
        add(list, text, position, parts < PARTS_MAX ? parts : PARTS_MAX)->extra = true;
    }
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

/* The numbers, the last (of lengths, each) as an amount, and all without the unit. */
static void add_times(struct list *list, const struct word *word, size_t position)
{
    bool unsaid = word->unit >= 0 && oracle_unit_goes_unsaid(word->unit);
    for (const char *at = word->front; *at != '\0'; at += *at == 'x' ? 1 : 0) {
        size_t size = strspn(at, "0123456789.");
        char *number = pool_text(list->pool, at, size);
        add_extra(list, number, position, 1);
        if (oracle_unit_is_length(word->unit)) {
            add_extra(list, oracle_amount(list->pool, number, word->unit), position, 1);
        }
        at += size;
    }
    if (word->unit < 0 || unsaid) {
        add_extra(list, word->number, position, 1);
    }
    if (word->unit >= 0) {
        add_extra(list, join_numbers(list->pool, word->front, word->number), position, 1);
        add_extra(list, oracle_amount(list->pool, word->number, word->unit), position, 1);
    }
}

static void add_word(struct list *list, const struct word *word, size_t position)
{
    add(list, word->text, position, 1)->term = word->term;
    const char *number = word->unit >= 0 ? word->number : word->text;
    if (word->times != 0) {
        add_times(list, word, position);
        return;
    }
    if (oracle_unit_goes_unsaid(word->unit)) {
        add_extra(list, number, position, 1);
    }
    if (word->fraction) {
        const char *slash = strchr(number, '/');
        add_extra(list, pool_text(list->pool, number, (size_t)(slash - number)), position, 1);
        add_extra(list, slash + 1, position, 1);
    }
    if (word->bare != NULL) {
        add_extra(list, word->bare, position, 1);
    }
}

/* The compound of these words; of products also what is inside. */
static void add_compound(struct list *list, const struct word *words, size_t parts, size_t position)
{
    if (parts < 2 || parts > PARTS_MAX) {
        return;
    }
    add(list, concatenate(list->pool, words, parts), position, parts)->joined = true;
    bool in_one = parts == 3 && is_number(&words[0]) && is(&words[1], "in") && is(&words[2], "1");
    for (size_t size = 2; size < parts && !in_one; size++) {
        for (size_t first = 0; first + size <= parts; first++) {
            add_extra(list, concatenate(list->pool, words + first, size), position + first, size);
        }
    }
}

/* A row of solid characters. */
static void add_solid(struct list *list, const struct word *words, size_t count, size_t position)
{
    if (count == 1) {
        add(list, words[0].text, position, 1);
        return;
    }
    for (size_t i = 0; i + 1 < count; i++) {
        add(list, concatenate(list->pool, words + i, 2), position + i, 1);
        add_extra(list, words[i].text, position + i, 1);
    }
    add_extra(list, words[count - 1].text, position + count - 2, 1);
}

static size_t solid_row(const struct word *words, size_t first, size_t count)
{
    size_t row = 1;
    while (first + row < count && words[first + row].solid && words[first + row].start == words[first + row - 1].end) {
        row++;
    }
    return row;
}

/* Of "m&ms" the s goes. */
static void drop_plurals(const struct points *points, struct word *words, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct word *word = &words[i], *before = &words[i - 1];
        size_t gap = word->start - before->end;
        size_t sign = before->end + gap / 2;
        bool spaced = gap == 3 && oracle_point(points, sign - 1) == ' ' && oracle_point(points, sign + 1) == ' ';
        bool and = oracle_point(points, sign) == '&' && (gap == 1 || spaced);
        if (and && is_letters(word) && is_letters(before) && strlen(word->text) == 2 && word->text[1] == 's' &&
            strlen(before->text) == 1) {
            word->text[1] = '\0';
        }
    }
}

void oracle_list_tokens(struct pool *pool, const struct points *points, enum text_kind kind, struct tokens *out)
{
    size_t count = 0, position = 0, last_parts = 0;
    bool solid = false;
    struct word *words = oracle_scan_words(pool, points, &count);
    struct list list = {.pool = pool, .out = out, .product = kind != TEXT_QUERY};
    count = join_units(pool, points, words, count);
    drop_plurals(points, words, count);
    *out = (struct tokens){.items = pool_alloc(pool, (8 * count + 8) * sizeof *out->items)};
    for (size_t i = 0; i < count;) {
        if (words[i].solid) {
            bool across = i > 0 && words[i - 1].solid && words[i].start == words[i - 1].end + 1 &&
                          oracle_point(points, words[i - 1].end) == ' ';
            if (across) {
                add_extra(&list, concatenate(pool, words + i - 1, 2), position - 1, 2);
            }
            size_t row = solid_row(words, i, count);
            add_solid(&list, words + i, row, position);
            position += row == 1 ? 1 : row - 1;
            i += row;
            solid = true;
            continue;
        }
        bool loose;
        size_t parts = compound_parts(points, words, i, count, &loose);
        for (size_t k = 0; k < parts; k++) {
            add_word(&list, &words[i + k], position + k);
        }
        if (!loose) {
            add_compound(&list, words + i, parts, position);
            last_parts = parts >= 2 && parts <= PARTS_MAX ? parts : last_parts;
        }
        position += parts;
        i += parts;
    }
    if (kind == TEXT_CODE && !solid && count >= 2 && count <= CODE_WORDS_MAX && last_parts != count) {
        char *whole = concatenate(pool, words, count);
        size_t size = 0;
        bool fits = strlen(whole) <= TERM_BYTES_MAX;
        for (const char *c = whole; fits && *c != '\0'; c++) {
            whole[size] = *c;
            size += strchr("./+#", *c) == NULL;
        }
        whole[size] = '\0';
        if (fits) {
            add_extra(&list, whole, 0, count);
        }
    }
    out->words = position;
}
