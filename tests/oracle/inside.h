/*
 * inside.h - what the oracle's files share: memory that is freed at once, tokens, versions of products, terms.
 *
 * Private to tests/oracle. oracle.c holds the catalog, oracle_text.c the analysis, oracle_query.c parses and
 * evaluates queries.
 */
#ifndef ORACLE_INSIDE_H
#define ORACLE_INSIDE_H

#include "oracle/oracle.h"

#include <stdbool.h>
#include <yajl/yajl_tree.h>

#define ORACLE_FIELDS_MAX 64
#define ORACLE_ORDER_MAX 6
#define ORACLE_LANGUAGES_MAX 8

/* Memory freed at once. */
struct pool {
    struct pool_block *blocks;
};

void *pool_alloc(struct pool *pool, size_t size); /* zeroed */
char *pool_text(struct pool *pool, const char *text, size_t size);
void pool_release(struct pool *pool);

/* realloc that aborts the test program when there is no memory. */
void *oracle_grow(void *memory, size_t size);

struct token {
    const char *text; /* folded, not stemmed; in the pool */
    bool joined;
    size_t position;
    size_t parts;
};

struct tokens {
    struct token *items; /* in the pool */
    size_t count;
    size_t words; /* those that are not joined */
};

/* Steps 1 to 5: folds and cuts text into tokens. */
void oracle_tokenise(struct pool *pool, const char *text, size_t size, struct tokens *out);

/* Step 1 alone. */
const char *oracle_fold(struct pool *pool, const char *text, size_t size);

/* Steps 6 and 7. stemmer: of libstemmer, or NULL for none. */
const char *oracle_stem(struct pool *pool, void *stemmer, const char *token);

struct oracle_field {
    const char *name;
    enum { TEXT, KEYWORD, PATH, NUMBER, DECIMAL, OTHER } type;
    int64_t weight; /* hundredths; 0: not searchable */
    int scale;
    size_t language; /* index into languages */
};

struct order_part {
    bool length;
    size_t field;
    bool descending;
};

struct term_code {
    uint32_t term;
    uint8_t code;
};

struct version {
    const char *id;
    uint64_t id_hash;
    uint64_t key;
    yajl_val *layers; /* the product, then its patches, in time order */
    size_t layer_count;
    struct term_code *terms; /* ascending */
    size_t term_count;
    unsigned length_code;
    bool alive;
    bool dropped;
};

struct term {
    const char *text;
    uint64_t df;
    int64_t df_used; /* of oracle_use_df, or -1 */
};

struct oracle {
    struct pool pool;
    yajl_val *trees;
    size_t tree_count;
    struct oracle_field fields[ORACLE_FIELDS_MAX];
    size_t field_count;
    size_t first_text;
    size_t searchable_count;
    const char *id_name;
    const char *languages[ORACLE_LANGUAGES_MAX];
    void *stemmers[ORACLE_LANGUAGES_MAX];
    size_t language_count;
    struct order_part order[ORACLE_ORDER_MAX];
    size_t order_count;
    struct version *versions;
    size_t version_count;
    struct term *terms;
    size_t term_count;
    uint32_t *slots; /* hash of a term to its number + 1 */
    size_t slot_count;
    size_t *id_slots; /* hash of an id to its newest version + 1 */
    size_t id_slot_count;
    bool use_given;
    uint64_t given_products;
    uint64_t given_sum2;
};

/* The number of a term, or -1. */
int64_t oracle_term_find(const struct oracle *oracle, const char *text);
/* The newest version of an id that is alive, or NULL. */
struct version *oracle_find(struct oracle *oracle, const char *id);
/* Twice the length that a length code stands for. */
unsigned oracle_length_twice(unsigned code);
/* N and twice the sum of lengths, as given or as held. */
void oracle_statistics(const struct oracle *oracle, uint64_t *products, uint64_t *sum2);

#endif
