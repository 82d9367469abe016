/*
 * random_query.c - random queries: words, prefixes, words of one field, phrases drawn from what products say.
 *
 * A phrase is some words of a value that was written, then often spoilt: a word left out, doubled or exchanged, two of
 * them in the wrong order, a compound written otherwise, words of two values. Text that the definition leaves open is
 * not made: OR beside an exclusion, signs directly behind a phrase, a refusal and too many words in one query.
 */
#include "oracle/random_shop.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 12u
#define WORD_BYTES 64

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

struct words {
    char items[WORDS_MAX][WORD_BYTES];
    uint32_t count;
};

static void add(struct words *words, const char *text, size_t size)
{
    if (words->count < WORDS_MAX && size > 0 && size < WORD_BYTES) {
        snprintf(words->items[words->count++], WORD_BYTES, "%.*s", (int)size, text);
    }
}

/* The word that begins at or behind text, up to a space; NULL when there is none. */
static const char *next_word(const char *text, size_t *size)
{
    text += strspn(text, " ");
    *size = strcspn(text, " ");
    return *size > 0 ? text : NULL;
}

/* Takes count words of a text from a random one on; from_end: the last ones. */
static void take_words(struct shop *shop, struct words *words, const char *text, uint32_t count, bool from_end)
{
    uint32_t total = 0;
    size_t size;
    for (const char *word = next_word(text, &size); word != NULL; word = next_word(word + size, &size)) {
        total++;
    }
    uint32_t spare = total > count ? total - count : 0;
    uint32_t first = from_end ? spare : shop_random(shop, spare + 1);
    uint32_t i = 0;
    for (const char *word = next_word(text, &size); word != NULL; word = next_word(word + size, &size), i++) {
        if (i >= first && i < first + count) {
            add(words, word, size);
        }
    }
}

static void swap(struct words *words, uint32_t i, uint32_t k)
{
    char kept[WORD_BYTES];
    memcpy(kept, words->items[i], WORD_BYTES);
    memcpy(words->items[i], words->items[k], WORD_BYTES);
    memcpy(words->items[k], kept, WORD_BYTES);
}

/* Writes a compound as one word, or as several. */
static void respell(char *word, bool apart)
{
    char *to = word;
    for (const char *from = word; *from != '\0'; from++) {
        if (strchr("-_&.", *from) == NULL) {
            *to++ = *from;
        } else if (apart) {
            *to++ = ' ';
        }
    }
    *to = '\0';
}

/* Does something to the words that makes the phrase match less, or by a detour. */
static void spoil(struct shop *shop, struct words *words)
{
    uint32_t draw = shop_random(shop, 100);
    uint32_t i = shop_random(shop, words->count);
    if (draw < 20 && words->count > 2) {
        memmove(words->items[i], words->items[i + 1], (words->count - i - 1) * WORD_BYTES);
        words->count--;
    } else if (draw < 45 && words->count > 1) {
        i = i + 1 < words->count ? i : 0;
        swap(words, i, i + 1);
    } else if (draw < 55 && words->count > 1) {
        for (uint32_t k = 0; k < words->count / 2; k++) {
            swap(words, k, words->count - 1 - k);
        }
    } else if (draw < 68 && words->count < WORDS_MAX) {
        memmove(words->items[i + 1], words->items[i], (words->count - i) * WORD_BYTES);
        words->count++;
    } else if (draw < 80) {
        words->items[i][0] = '\0';
        shop_word(shop, words->items[i], WORD_BYTES);
    } else {
        bool apart = shop_chance(shop, 50);
        respell(words->items[i], apart);
    }
}

/* Cuts the last word to a beginning that ends in a letter or digit, and says that it is one. */
static bool cut_last(struct shop *shop, struct words *words)
{
    char *word = words->items[words->count - 1];
    size_t length = 0;
    while (word[length] > ' ' && word[length] < 0x7f) {
        length++;
    }
    size_t keep = length == 0 ? 0 : 1 + shop_random(shop, (uint32_t)length);
    while (keep > 0 && !isalnum((unsigned char)word[keep - 1])) {
        keep--;
    }
    if (keep == 0 || keep + 1 >= WORD_BYTES) {
        return false;
    }
    memcpy(word + keep, "*", 2);
    return true;
}

/* The words of a phrase; *field is that of the value they were taken from. */
static void draw_words(struct shop *shop, struct words *words, size_t *field)
{
    uint32_t held = shop->sample_count < SHOP_SAMPLES ? shop->sample_count : SHOP_SAMPLES;
    uint32_t number = held > 0 ? shop_random(shop, held) : 0;
    uint32_t wanted = 2 + shop_random(shop, 1 + shop_random(shop, 4));
    uint32_t draw = shop_random(shop, 100);
    words->count = 0;
    *field = shop->samples[number].field;
    if (held > 0 && draw < 8) {
        take_words(shop, words, shop->samples[number].text, (wanted + 1) / 2, true);
        struct shop_sample *behind = &shop->samples[(number + 1) % held];
        size_t size;
        const char *word = next_word(behind->text, &size);
        add(words, word != NULL ? word : "", word != NULL ? size : 0);
    } else if (held > 0 && draw < 92) {
        take_words(shop, words, shop->samples[number].text, draw < 16 ? 1 : wanted, false);
    }
    while (words->count == 0 || (draw >= 92 && words->count < wanted)) {
        words->items[words->count][0] = '\0';
        shop_word(shop, words->items[words->count++], WORD_BYTES);
    }
}

/* Appends "field:" of this field, or of any searchable one; false when a phrase may not be asked of it. */
static bool restrict_to(struct shop *shop, size_t field, bool phrase, char *out)
{
    if (!shop->fields[field].searchable || shop_chance(shop, 20)) {
        do {
            field = shop_random(shop, (uint32_t)shop->field_count);
        } while (!shop->fields[field].searchable);
    }
    if (phrase && !shop->fields[field].positions && (shop->garble > 0 || shop_chance(shop, 80))) {
        return false;
    }
    shop_append(out, SHOP_QUERY_BYTES, "%s:", shop->fields[field].name);
    return true;
}

/* Whether anything keeps positions. */
static bool may_ask_phrases(const struct shop *shop)
{
    for (size_t i = 0; i < shop->field_count; i++) {
        if (shop->fields[i].searchable && shop->fields[i].positions) {
            return true;
        }
    }
    return shop->garble == 0;
}

static unsigned add_phrase(struct shop *shop, char *out)
{
    static const char *const between[] = {" ", " ", " ", " ", " ", ", ", " / ", "  "};
    struct words words;
    size_t field;
    unsigned kinds = 0;
    draw_words(shop, &words, &field);
    if (shop_chance(shop, 45)) {
        spoil(shop, &words);
    }
    if (shop_chance(shop, 20) && cut_last(shop, &words)) {
        kinds |= SHOP_HAS_PREFIX_PHRASE;
    }
    if (shop_chance(shop, 35) && restrict_to(shop, field, true, out)) {
        kinds |= SHOP_HAS_RESTRICTED_PHRASE;
    }
    shop_append(out, SHOP_QUERY_BYTES, "\"%s", words.items[0]);
    for (uint32_t i = 1; i < words.count; i++) {
        shop_append(out, SHOP_QUERY_BYTES, "%s", between[shop_random(shop, COUNT(between))]);
        shop_append(out, SHOP_QUERY_BYTES, "%s", words.items[i]);
    }
    uint32_t draw = shop_random(shop, 100);
    uint32_t slop = shop_random(shop, draw < 80 ? 6 : draw < 93 ? 20 : 64);
    shop_append(out, SHOP_QUERY_BYTES, "\"");
    if (draw < 40) {
        return kinds | SHOP_HAS_PHRASE;
    }
    shop_append(out, SHOP_QUERY_BYTES, "~%u", slop);
    return kinds | (slop > 0 ? SHOP_HAS_PROXIMITY : SHOP_HAS_PHRASE);
}

/* A word of some product's, in some field. */
static unsigned add_restricted_word(struct shop *shop, char *out)
{
    struct words words;
    size_t field;
    draw_words(shop, &words, &field);
    words.count = 1;
    if (shop_chance(shop, 20)) {
        cut_last(shop, &words);
    }
    restrict_to(shop, field, false, out);
    shop_append(out, SHOP_QUERY_BYTES, "%s", words.items[0]);
    return SHOP_HAS_RESTRICTED_WORD;
}

/* A piece that is wanted. */
static unsigned add_piece(struct shop *shop, char *out)
{
    uint32_t draw = shop_random(shop, 100);
    if (draw < 25) {
        const char *word = shop_plain_word(shop);
        shop_append(out, SHOP_QUERY_BYTES, "%s", word);
        return SHOP_HAS_WORD | (word[1] != '\0' ? SHOP_IS_PLAIN : 0); /* "g shoes" is one clause of two ways */
    }
    if (draw < 40) {
        shop_word(shop, out, SHOP_QUERY_BYTES);
    } else if (draw < 48) {
        const char *word = shop_plain_word(shop);
        shop_append(out, SHOP_QUERY_BYTES, "%.*s*", 1 + (int)shop_random(shop, (uint32_t)strlen(word)), word);
    } else if (draw < 60) {
        return add_restricted_word(shop, out);
    } else if (draw < 62) {
        shop_append(out, SHOP_QUERY_BYTES, "%s", shop_chance(shop, 50) ? "t-shi*" : "64 g*");
    } else if (draw < 64 || !may_ask_phrases(shop)) {
        shop_append(out, SHOP_QUERY_BYTES, "%s", shop_chance(shop, 50) ? "nothingatall" : "foo:shoe");
    } else {
        return add_phrase(shop, out);
    }
    return SHOP_HAS_WORD;
}

static unsigned add_excluded(struct shop *shop, char *out)
{
    uint32_t draw = shop_random(shop, 100);
    shop_append(out, SHOP_QUERY_BYTES, "-");
    if (draw < 45 && may_ask_phrases(shop)) {
        return add_phrase(shop, out) | SHOP_HAS_EXCLUDED_PHRASE;
    }
    if (draw < 60) {
        return add_restricted_word(shop, out);
    }
    shop_append(out, SHOP_QUERY_BYTES, "%s", shop_plain_word(shop));
    return SHOP_HAS_WORD | SHOP_IS_PLAIN;
}

static const char *const odd[] = {
    "", "  ", "!!", "-red", "-t-shirt -shoe", "OR", "red OR", "- red", "RED  SHOE", "-title:red", "shoe -64gb",
    "red red", "t shirt", "OR shoe", "-shi*", "\"\"", "\"red shoe", "\"\" -red", "-\"!\"", "\"red shoe\"~64",
    "title:\"\" red", "\"\" OR shoe", "red OR \" - \"", "-\"red shoe\"", "\"shoe\"~3", "\"red\" \"shoe\"",
    "\"red shoe\"~ blue", "\"OR\"", "5\" red", "-title:\"shoe\"", "\"red shoe\"~063", "\"64\" gb",
    "shoe\" red \"blue", "\"shoe*\" OR \"re*\"",
};

/* One piece, two or more; OR between pieces that are wanted. */
unsigned shop_query(struct shop *shop, char *out)
{
    unsigned kinds = 0, last = 0;
    bool plain = shop->one_language, excluded = true;
    out[0] = '\0';
    if (shop_chance(shop, 8)) {
        const char *text = odd[shop_random(shop, COUNT(odd))];
        bool refused_twice = shop->no_positions && strchr(text, '~') != NULL;
        shop_append(out, SHOP_QUERY_BYTES, "%s", refused_twice ? "shoe" : text);
        return SHOP_HAS_ODD;
    }
    uint32_t count = 1 + shop_random(shop, shop_random(shop, 4) + 1);
    for (uint32_t i = 0; i < count; i++) {
        bool exclude = (i > 0 && shop_chance(shop, 15)) || shop_chance(shop, 3);
        bool join = i > 0 && !exclude && !excluded && shop_chance(shop, 25);
        shop_append(out, SHOP_QUERY_BYTES, "%s", i == 0 ? "" : join ? " OR " : " ");
        unsigned piece = exclude ? add_excluded(shop, out) : add_piece(shop, out);
        plain = plain && !join && (piece & SHOP_IS_PLAIN) != 0;
        kinds |= piece & ~(unsigned)SHOP_IS_PLAIN;
        if (join && ((piece | last) & (SHOP_HAS_PHRASE | SHOP_HAS_PROXIMITY)) != 0) {
            kinds |= SHOP_HAS_OR_PHRASE;
        }
        excluded = exclude;
        last = piece;
    }
    return plain ? kinds | SHOP_IS_PLAIN : kinds;
}
