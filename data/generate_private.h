/*
 * generate_private.h - what the generator's files share: random numbers, split word lists, one item's choices.
 *
 * All arithmetic is on integers and on doubles with + - * / alone (functions such as exp2 are tables made from
 * those), so the same seed gives the same bytes with every compiler and C library. Private to data/.
 */
#ifndef AISLE_DATA_GENERATE_PRIVATE_H
#define AISLE_DATA_GENERATE_PRIVATE_H

#include "base/arena.h"
#include "data/generate.h"
#include "data/vocabulary.h"

#include <stdbool.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------- random -- */

static inline uint64_t random_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t random_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return random_mix(*state);
}

/* 0 to count - 1. */
static inline uint32_t random_below(uint64_t *state, uint32_t count)
{
    return (uint32_t)((random_next(state) >> 32) * count >> 32);
}

/* As random_below, but the first are likelier: the density falls with the square root of the rank. */
static inline uint32_t random_skewed(uint64_t *state, uint32_t count)
{
    uint64_t u = random_next(state) >> 32;
    return (uint32_t)((u * u >> 32) * count >> 32);
}

static inline bool random_percent(uint64_t *state, uint32_t percent)
{
    return random_below(state, 100) < percent;
}

/* Above 0, at most 1. */
static inline double random_unit(uint64_t *state)
{
    return (double)((random_next(state) >> 11) + 1) / 9007199254740992.0;
}

/* ---------------------------------------------------------------------------------------------- numbers -- */

#define NUMBER_STEPS 1024u /* of the tables; straight lines between */

struct numbers {
    double exp2[NUMBER_STEPS + 1];
    double log2[NUMBER_STEPS + 1];
};

void numbers_init(struct numbers *numbers);

/* 2^x for -1000 < x < 1000 and log2(x) for positive normal x, to about seven digits. */
double numbers_exp2(const struct numbers *numbers, double x);
double numbers_log2(const struct numbers *numbers, double x);

/* A draw of the normal distribution with mean 0 and deviation 1. */
double numbers_normal(uint64_t *state);

/* ------------------------------------------------------------------------------------------------- text -- */

/* Where text is written; what does not fit is left out. */
struct text {
    char *next;
    char *end;
};

static inline void text_put(struct text *text, const char *data, size_t size)
{
    if (size <= (size_t)(text->end - text->next)) {
        memcpy(text->next, data, size);
        text->next += size;
    }
}

static inline void text_put_char(struct text *text, char c)
{
    if (text->next != text->end) {
        *text->next++ = c;
    }
}

/* At least digits digits, with leading zeros. */
void text_put_number(struct text *text, uint64_t value, unsigned digits);

#define TEXT_PUT(text, literal) text_put((text), (literal), sizeof(literal) - 1)

/* ------------------------------------------------------------------------------------------------ names -- */

#define NAME_BYTES 40u

struct name {
    char text[NAME_BYTES];
    uint32_t size;
};

/* A pronounceable invented name for each number; family keeps kinds of names apart. */
void name_compose(uint64_t number, unsigned family, struct name *name);

/* The series with this rank: two words joined as long as there are pairs, then composed names. */
void name_series(const struct generate *generate, uint64_t rank, struct name *name);

/* A model number such as X240, WH1350 or 240XL; frequent ranks have short ones. */
void name_model(uint64_t rank, struct name *name);

/* ------------------------------------------------------------------------------------------- vocabulary -- */

struct word {
    const char *text;
    uint32_t size;
};

struct words {
    const struct word *words;
    const struct word *lower; /* the same in lower case */
    uint32_t count;
};

/* A template, ready to run: literals and slots. */
struct phrase_op {
    const char *literal; /* NULL: a slot */
    uint32_t size;
    char slot;
    bool optional; /* left out half of the time; brings its own space */
};

struct phrase {
    const struct phrase_op *ops;
    uint32_t count;
};

struct phrases {
    const struct phrase *phrases;
    uint32_t count;
};

struct leaf {
    const struct vocabulary_leaf *source;
    struct words nouns;
    struct word lower_name;
    double log2_median;
    double log2_sigma;
};

struct department {
    const struct vocabulary_department *source;
    struct words brands, adjectives, materials, features, uses, specifications;
    struct words audiences; /* empty: none */
    struct leaf *leaves;
    double weight; /* its share of all products */
};

#define DEPARTMENT_SLOTS 4096u

struct generate {
    uint64_t seed;
    struct arena arena;
    struct numbers numbers;
    struct department departments[VOCABULARY_DEPARTMENTS];
    uint8_t department_of[DEPARTMENT_SLOTS]; /* a department as often as its weight says */
    struct phrases titles[STYLE_COUNT];
    struct phrases sentences[STYLE_COUNT];
    struct phrases sentences_common;
    struct words sizes[SIZE_COUNT];
    struct words colours, places, given_names, series_first, series_second;
    struct word *days; /* "2026-10-31" and before it, day by day */
};

#define GENERATE_DAYS 1500u

/* Splits the list at '|'. AISLE_NO_MEMORY. */
must_check int words_split(struct arena *arena, const char *list, struct words *out);

/* Compiles the templates, which stand between '^'. AISLE_NO_MEMORY. */
must_check int phrases_compile(struct arena *arena, const char *templates, struct phrases *out);

/* ------------------------------------------------------------------------------------------------- item -- */

/* What is decided once for a product and used in its title, description and fields. */
struct item {
    const struct generate *generate;
    const struct department *department;
    const struct leaf *leaf;
    uint64_t random; /* state */
    uint32_t noun, colour, size, adjective, material, feature, use, audience;
    bool has_colour;
    bool size_tight; /* "500ml", not "500 ml" */
    bool in_title;
    struct name brand, series, model, person;
};

/* Decides product number index. */
void item_init(struct item *item, const struct generate *generate, uint64_t index);

/* Where slots ended up in a title: offset and bytes by slot letter; 0 bytes for those it does not have. */
struct title_spans {
    uint16_t offset[26];
    uint16_t size[26];
};

/* Runs the template. spans may be NULL. */
void phrase_run(const struct phrase *phrase, struct item *item, struct text *text, struct title_spans *spans);

/* Writes the item's title. Must come first after item_init. spans may be NULL. */
void item_title(struct item *item, struct text *text, struct title_spans *spans);

#endif
