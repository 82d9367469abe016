/*
 * vocabulary.h - the words of the sample catalog, as tables.
 *
 * Lists are one string with '|' between the entries, the more usual entries first; the generator splits them once.
 * Entries hold neither quotes nor backslashes, because they are copied into JSON as they are, and '#' stands for a
 * number in specifications only. Private to data/; the generator's files are the readers, vocabulary_*.c the tables.
 */
#ifndef AISLE_DATA_VOCABULARY_H
#define AISLE_DATA_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

/* How titles and descriptions of a department are worded. */
enum vocabulary_style {
    STYLE_WEAR,
    STYLE_TECH,
    STYLE_HOME,
    STYLE_FOOD,
    STYLE_CARE,
    STYLE_BOOK,
    STYLE_MEDIA,
    STYLE_TOOL,
    STYLE_PLAY,
    STYLE_COUNT
};

/* What sizes a product comes in. */
enum vocabulary_size {
    SIZE_NONE,
    SIZE_SHOE,
    SIZE_WEAR,
    SIZE_CHILD,
    SIZE_ML,
    SIZE_LITRE,
    SIZE_GRAM,
    SIZE_KILO,
    SIZE_PACK,
    SIZE_SCREEN,
    SIZE_STORAGE,
    SIZE_AREA,
    SIZE_LENGTH,
    SIZE_RING,
    SIZE_PIECES,
    SIZE_COUNT
};

struct vocabulary_leaf {
    const char *group; /* the level between department and leaf */
    const char *name;
    const char *nouns;    /* what a title calls the product, Title Case */
    double price_median;
    double price_sigma; /* of the natural logarithm */
    enum vocabulary_size size;
};

struct vocabulary_department {
    const char *name;
    enum vocabulary_style style;
    unsigned weight;        /* relative number of products */
    unsigned colour_percent; /* of products that come in colours */
    const char *brands;     /* the best known, hand-made */
    const char *surname;    /* second word of some brands */
    const char *audiences;  /* of things to wear; NULL: none */
    const char *adjectives; /* Title Case */
    const char *materials;  /* Title Case */
    const char *features;   /* follow "with" */
    const char *uses;       /* follow "for" */
    const char *specifications; /* '#' is a number */
    const struct vocabulary_leaf *leaves;
    size_t leaf_count;
};

struct vocabulary_phrases {
    const char *titles;    /* templates; generate_phrase.c says how they are written */
    const char *sentences;
};

#define VOCABULARY_DEPARTMENTS 22u

extern const struct vocabulary_department *const vocabulary_departments[VOCABULARY_DEPARTMENTS];
extern const struct vocabulary_phrases vocabulary_phrases[STYLE_COUNT];
extern const char *const vocabulary_sentences_common;
extern const char *const vocabulary_sizes[SIZE_COUNT];
extern const char *const vocabulary_colours;
extern const char *const vocabulary_places;
extern const char *const vocabulary_given_names;
extern const char *const vocabulary_series_first;
extern const char *const vocabulary_series_second;

/* The tables of departments, a file a group. */
extern const struct vocabulary_department vocabulary_wear[5];
extern const struct vocabulary_department vocabulary_tech[5];
extern const struct vocabulary_department vocabulary_home[6];
extern const struct vocabulary_department vocabulary_life[6];

#define VOCABULARY_COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
