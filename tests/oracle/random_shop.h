/*
 * random_shop.h - random schemas, products, patches and queries for the oracle's tests.
 *
 * Owns the vocabulary, chosen so that products share terms, compounds meet their joined forms and numbers their
 * units, and nothing else: what is right is for the oracle to say. Everything follows from the seed. Queries draw
 * phrases from the latest values that were written, so that they have hits.
 *
 * Thread rule: one shop, one thread at a time.
 */
#ifndef ORACLE_RANDOM_SHOP_H
#define ORACLE_RANDOM_SHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHOP_TEXT_BYTES 65536
#define SHOP_FIELDS_MAX 19
#define SHOP_IDS_MAX 4000u
#define SHOP_SAMPLES 128u
#define SHOP_SAMPLE_BYTES 200
#define SHOP_QUERY_BYTES 4096

enum shop_type {
    SHOP_TEXT,
    SHOP_KEYWORD,
    SHOP_LIST, /* keywords */
    SHOP_PATH,
    SHOP_INTEGER, /* from here on: columns only */
    SHOP_DECIMAL,
    SHOP_DOUBLE,
    SHOP_BOOL,
    SHOP_DATE
};

struct shop_field {
    const char *name;
    enum shop_type type;
    bool searchable;
    bool positions;
    bool ordered;
    bool facet;
    bool of_variants;
};

/* A value that was written, or some words of it; the next one in the ring stands behind it in the same product. */
struct shop_sample {
    size_t field;
    char text[SHOP_SAMPLE_BYTES];
};

/* What is in a query. */
enum shop_kind {
    SHOP_HAS_WORD = 1 << 0,
    SHOP_HAS_RESTRICTED_WORD = 1 << 1,
    SHOP_HAS_PHRASE = 1 << 2,    /* of slop 0 */
    SHOP_HAS_PROXIMITY = 1 << 3, /* of more   */
    SHOP_HAS_RESTRICTED_PHRASE = 1 << 4,
    SHOP_HAS_PREFIX_PHRASE = 1 << 5,
    SHOP_HAS_EXCLUDED_PHRASE = 1 << 6,
    SHOP_HAS_OR_PHRASE = 1 << 7,
    SHOP_HAS_ODD = 1 << 8,
    SHOP_KINDS = 9,
    SHOP_IS_PLAIN = 1 << 9 /* words only, each one clause with one term */
};

struct shop {
    uint64_t state;
    struct shop_field fields[SHOP_FIELDS_MAX];
    size_t field_count;
    unsigned order; /* as shop_init was told */
    bool one_language;
    uint32_t ids;    /* how many ids there are to choose from */
    uint32_t rare;   /* how many words of the long tail       */
    uint32_t garble; /* how many in 100 words are none        */
    bool no_positions; /* of no field */
    bool signals;      /* products are ranked by some */
    char weights[128]; /* of shop_weights */
    struct shop_sample samples[SHOP_SAMPLES];
    uint32_t sample_count; /* written so far; the ring holds the last */
    char schema[4096];
    bool has_variants;
    size_t first_of_variants;   /* its fields of variants are the last */
    char flat[SHOP_TEXT_BYTES]; /* the last product or patch as the oracle takes it */
};

/* A number below limit. */
uint32_t shop_random(struct shop *shop, uint32_t limit);

#define SHOP_ANY_ORDER 0u /* of documents: a random one */
#define SHOP_NO_ORDER 1u  /* as they come; the first of SHOP_ORDERS that bench/orders.py measures */
#define SHOP_ORDERS 5u

/* Makes the schema. order: SHOP_ANY_ORDER, or SHOP_NO_ORDER to SHOP_ORDERS. */
void shop_init(struct shop *shop, uint64_t seed, unsigned order);

/* Writes a product with this id; size is SHOP_TEXT_BYTES. shop->flat is what the oracle is to be given. */
void shop_product(struct shop *shop, const char *id, char *out);

/* Writes the fields of a patch: of numbers and bools only, those of the document order left out unless ordered; or
 * of any fields. */
void shop_patch(struct shop *shop, bool numbers_only, bool ordered, char *out);

/* Appends a value of the field's type. */
void shop_value(struct shop *shop, size_t field, char *out);

/* Appends the fields of variants to the schema. */
void shop_variants_schema(struct shop *shop);

/* Appends members of variants to a product, or to a patch, which then leaves nothing of older ones; and to flat what
 * they come to. */
void shop_variants(struct shop *shop, bool patch, char *out, char *flat);

/* Weights of signals for a query, in shop->weights, or NULL for the schema's; and the time of the query in ms. */
const char *shop_weights(struct shop *shop, int64_t *now_ms);

/* Writes an id; returns its number, below SHOP_IDS_MAX. */
uint32_t shop_id(struct shop *shop, char *out, size_t size);

/* Writes a query of at most SHOP_QUERY_BYTES; returns what is in it: shop_kind. */
unsigned shop_query(struct shop *shop, char *out);

/* True percent times in a hundred. */
bool shop_chance(struct shop *shop, uint32_t percent);

/* Appends to a text in a buffer of this size. */
__attribute__((format(printf, 3, 4))) void shop_append(char *out, size_t size, const char *format, ...);

/* A word of letters a to z, so that it is one token and its beginnings are cut at a character. */
const char *shop_plain_word(struct shop *shop);

/* Appends a word of any kind, without white space unless between a number and its unit. */
void shop_word(struct shop *shop, char *out, size_t size);

#endif
