/*
 * oracle.h - a brute-force product search, kept to prove the engine right.
 *
 * Owns a second, simple evaluation of the same definition: every product is analysed on its own, every query is
 * evaluated against every product, all matches are sorted. It shares no code with the engine but the hash of ids and
 * keywords, which is part of the definition. Slow on purpose; for tests only: running out of memory aborts.
 *
 * Replaced and deleted products count in N, the average length and df until a merge drops them. The oracle keeps them
 * all until oracle_merged; oracle_use_statistics and oracle_use_df take the engine's own figures instead.
 *
 * Thread rule: one oracle, one thread at a time.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stddef.h>
#include <stdint.h>

struct oracle;

struct oracle_hit {
    const char *id; /* lives as long as the oracle */
    int64_t score;  /* in 2^-18 */
    uint64_t key;   /* document order */
};

struct oracle_answer {
    uint64_t total;
    size_t count; /* hits held: from offset on, at most limit */
    struct oracle_hit *hits;
};

/* An empty catalog with this schema (JSON text); NULL when the text is no schema that the oracle understands. */
struct oracle *oracle_new(const char *schema);
void oracle_free(struct oracle *oracle);

/* As aisle_put, aisle_patch, aisle_delete, seen by the next search at once. The products are taken to be acceptable;
 * AISLE_BAD_PRODUCT only for what is no JSON object with an id. AISLE_NOT_FOUND as there. */
int oracle_put(struct oracle *oracle, const char *product);
int oracle_patch(struct oracle *oracle, const char *id, const char *fields);
int oracle_delete(struct oracle *oracle, const char *id);

uint64_t oracle_products(const struct oracle *oracle); /* that searches see               */
uint64_t oracle_dead(const struct oracle *oracle);     /* replaced or deleted, still there */

/* Says that a merge has dropped everything dead. */
void oracle_merged(struct oracle *oracle);

/* From now on N is products and the average length sum2 / (2 N), whatever the oracle holds. */
void oracle_use_statistics(struct oracle *oracle, uint64_t products, uint64_t sum2);
/* From now on df of this (analysed) term is df. */
void oracle_use_df(struct oracle *oracle, const char *term, uint64_t df);
/* Back to what the oracle holds. */
void oracle_use_own(struct oracle *oracle);

/* From now on signals have these weights ("sales:2,rating:0", borrowed; NULL: the schema's) at this time. */
void oracle_use_signals(struct oracle *oracle, const char *weights, int64_t now_ms);
/* What was said last. */
const char *oracle_weights(const struct oracle *oracle, int64_t *now_ms);

/*
 * Searches. 0, AISLE_BAD_QUERY or AISLE_LIMIT; on 0 the answer is to be released.
 */
int oracle_search(struct oracle *oracle, const char *text, size_t offset, size_t limit, struct oracle_answer *out);
void oracle_answer_release(struct oracle_answer *answer);

/* The document order key of the live product with this id; 0 when there is none. */
uint64_t oracle_order_key(struct oracle *oracle, const char *id);

/* The tokens of a text in a language, as "red shoe [redshoe/2@0]", for the oracle's own tests; to be freed. */
char *oracle_show_tokens(const char *text, const char *language);
/* Those of a product, extra ones as "(shoe/1@0)"; code: of a part number. */
char *oracle_show_product_tokens(const char *text, const char *language, int code);

/* The code of a posting of this term in the live product with this id, or -1. */
int oracle_code(struct oracle *oracle, const char *id, const char *term);

#endif
