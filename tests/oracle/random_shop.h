/*
 * random_shop.h - random schemas, products, patches and queries for the oracle's tests.
 *
 * Owns the vocabulary, chosen so that products share terms, compounds meet their joined forms and numbers their
 * units, and nothing else: what is right is for the oracle to say. Everything follows from the seed.
 *
 * Thread rule: one shop, one thread at a time.
 */
#ifndef ORACLE_RANDOM_SHOP_H
#define ORACLE_RANDOM_SHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHOP_TEXT_BYTES 65536
#define SHOP_FIELDS_MAX 10
#define SHOP_IDS_MAX 4000u

enum shop_type {
    SHOP_TEXT,
    SHOP_KEYWORD,
    SHOP_LIST, /* keywords */
    SHOP_PATH,
    SHOP_INTEGER, /* from here on: columns only */
    SHOP_DECIMAL,
    SHOP_DOUBLE,
    SHOP_BOOL
};

struct shop_field {
    const char *name;
    enum shop_type type;
    bool searchable;
    bool ordered;
};

struct shop {
    uint64_t state;
    struct shop_field fields[SHOP_FIELDS_MAX];
    size_t field_count;
    bool one_language;
    uint32_t ids;    /* how many ids there are to choose from */
    uint32_t rare;   /* how many words of the long tail       */
    uint32_t garble; /* how many in 100 words are none        */
    char schema[4096];
};

/* A number below limit. */
uint32_t shop_random(struct shop *shop, uint32_t limit);

/* Makes the schema. */
void shop_init(struct shop *shop, uint64_t seed);

/* Writes a product with this id; size is SHOP_TEXT_BYTES. */
void shop_product(struct shop *shop, const char *id, char *out);

/* Writes the fields of a patch: of numbers and bools only, those of the document order left out unless ordered; or
 * of any fields. */
void shop_patch(struct shop *shop, bool numbers_only, bool ordered, char *out);

/* Writes an id; returns its number, below SHOP_IDS_MAX. */
uint32_t shop_id(struct shop *shop, char *out, size_t size);

/* Writes a query. True when it is of plain words only, each one clause with one term. */
bool shop_query(struct shop *shop, char *out, size_t size);

#endif
