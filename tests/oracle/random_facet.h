/*
 * random_facet.h - a random facet over a random shop, as text for the engine and as counts over the JSON of products.
 *
 * What a facet means is written down here once more, from aisle.h: numbers in thousandths, words by their folded form,
 * paths level by level.
 *
 * Thread rule: that of the shop and the oracle.
 */
#ifndef ORACLE_RANDOM_FACET_H
#define ORACLE_RANDOM_FACET_H

#include "aisle.h"
#include "oracle/oracle.h"
#include "oracle/random_shop.h"

#include <stdbool.h>

#define FACET_TEXT_BYTES 2048

struct random_facet;

/* Writes a facet to text, of FACET_TEXT_BYTES; NULL when the field drawn has none. Freed with random_facet_free. */
struct random_facet *random_facet_new(struct shop *shop, char *text);
void random_facet_free(struct random_facet *facet);

/* The field whose conditions do not narrow it, or NULL. */
const char *random_facet_lifted(const struct random_facet *facet);

/* Counts the live product with this id. */
void random_facet_add(struct random_facet *facet, struct oracle *oracle, const char *id);

/* Whether the i-th facet of the result is what was counted; prints the difference. */
bool random_facet_equals(struct random_facet *facet, const aisle_result *result, size_t i);

#endif
