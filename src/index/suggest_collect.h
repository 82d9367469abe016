/*
 * suggest_collect.h - which texts of a product may complete what shoppers type.
 *
 *   brand       the first keyword field with facets that is searchable and no code: its first value
 *   category    the first path field with facets, else the first other keyword with facets that is called "category":
 *               the name of each level
 *   term        the brand with the last level
 *   title       of the first text field: its first two, three and four words, or all of a single one; not what ends
 *               in a word that asks for another ("with", "for")
 *
 * Each counts 1 and the product's popularity (the field of the first such signal, 0 to 2^24) for every product, in all
 * of the catalog and in each of the product's contexts: its brand, and its category's levels, each with those above it
 * ("shoes > running"). Keys are words as the tokeniser makes them, so that "WH-1000XM4" is found by "wh1000" no less
 * than products are; the form shown is the one that most products have.
 *
 * Private to index/. Thread rule: one thread.
 */
#ifndef AISLE_INDEX_SUGGEST_COLLECT_H
#define AISLE_INDEX_SUGGEST_COLLECT_H

#include "schema/product.h"
#include "suggest/suggest.h"
#include "text/text.h"

struct suggest_collector {
    const struct schema *schema;
    struct analyser *analyser;     /* owned */
    struct product_reader *reader; /* owned */
    struct buf brand;              /* keys and values at hand */
    struct buf path;
    struct buf key;
    struct buf shown;
    struct suggest_set set;
    uint64_t products; /* collected from */
};

/* memory_bytes bounds the set. AISLE_NO_MEMORY. */
must_check int suggest_collector_init(struct suggest_collector *collector, const struct schema *schema,
                                      size_t memory_bytes);
void suggest_collector_release(struct suggest_collector *collector);

/* The field that popularity is in, or SCHEMA_NO_FIELD. */
uint8_t suggest_popularity_field(const struct schema *schema);

/*
 * Adds what the product (its JSON) may suggest, as often as it is to count. popularity: NULL, or its column's present
 * value in place of the product's own, COLUMN_MISSING for none. A text that is no product adds nothing.
 * AISLE_NO_MEMORY.
 */
must_check int suggest_collect(struct suggest_collector *collector, struct bytes product, const int64_t *popularity,
                               uint64_t times);

/*
 * Replaces out by the key of a text: its words between single spaces, and one space more when a space stands behind
 * the last one, as when a shopper has typed it to its end. Longer ones are cut at a word. Errors as analyser_run.
 */
must_check int suggest_key_of(struct analyser *analyser, struct bytes text, struct buf *out);

/* Replaces out by a context's value: folded, cut to nothing when it is too long. Errors as analyser_fold. */
must_check int suggest_value_of(struct analyser *analyser, struct bytes text, struct buf *out);

/* Which fields have contexts: brand and category, or SCHEMA_NO_FIELD. */
uint8_t suggest_brand_field(const struct schema *schema);
uint8_t suggest_category_field(const struct schema *schema);

#endif
