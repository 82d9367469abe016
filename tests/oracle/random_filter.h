/*
 * random_filter.h - a random filter over a random shop, as text for the engine and as a tree that is evaluated over
 * the JSON of products, one by one.
 *
 * What a condition means is written down here once more, from the grammar in aisle.h: numbers are compared in
 * thousandths, words by their folded bytes, paths level by level.
 *
 * Thread rule: that of the shop and the oracle.
 */
#ifndef ORACLE_RANDOM_FILTER_H
#define ORACLE_RANDOM_FILTER_H

#include "oracle/oracle.h"
#include "oracle/random_shop.h"

#define FILTER_TEXT_BYTES 16384

struct random_filter;

/* Writes a filter to text, of FILTER_TEXT_BYTES; freed with random_filter_free. */
struct random_filter *random_filter_new(struct shop *shop, char *text);
void random_filter_free(struct random_filter *filter);

/* A condition that a product has one value, or a path or one below; text is FIELD:VALUE, as affinities have it. */
struct random_filter *random_filter_value_new(struct shop *shop, char *text);

/* Whether the live product with this id passes. */
bool random_filter_keeps(const struct random_filter *filter, struct oracle *oracle, const char *id);

/* The same without those conditions that are AND-ed at the top and ask about this field alone. */
bool random_filter_keeps_without(const struct random_filter *filter, struct oracle *oracle, const char *id,
                                 const char *field);

#endif
