/*
 * rank.h - how much a match is worth: posting codes, BM25F over them, and the document order.
 *
 * A posting carries one byte, its code: how strongly the term stands in the product (class) and how long the product
 * is (length). The score is DEFINED on these quantised values, so that block maxima and pruning are exact and every
 * evaluator agrees to the last bit:
 *
 *   code    = class (3 bits) << 5 | length code (5 bits)
 *   class   = 0..3: only in other fields; 4..7: in the first text field, with rising weighted frequency
 *             (with a single searchable field: 0..7 by frequency)
 *   part    = round(2^18 * idf * (k1+1) * wtf / (wtf + k1 * (1 - b + b * wlen / average)))
 *
 * where wtf and wlen are the representatives of class and length code. A product's score is the sum of integer
 * parts; order of summation cannot change it. BM25F after Robertson, Zaragoza and Taylor (CIKM 2004): field weights
 * are folded into frequency and length before saturation, so a query word costs one list, not one per field.
 *
 * Thread rule: pure functions of their arguments.
 */
#ifndef AISLE_RANK_RANK_H
#define AISLE_RANK_RANK_H

#include "schema/product.h"
#include "schema/schema.h"

#define RANK_SCALE (1 << 18)        /* parts of one unit of score */
#define RANK_PART_MAX (1 << 24)     /* cap of one part, so that 64 of them fit an int32 */
#define RANK_CLASS_SHIFT 5          /* ON DISK */
#define RANK_CLASS_FIRST 4          /* ON DISK: least class of a term in the first text field */
#define RANK_LENGTH_MASK 31u        /* ON DISK */
#define RANK_K1 1.2
#define RANK_B 0.75

/* The weights of a schema's searchable fields, in hundredths. */
struct rank_weights {
    uint32_t first;    /* of the first text field; of the only or heaviest searchable field when there is none */
    bool single;       /* just one searchable field */
};

void rank_weights_init(struct rank_weights *weights, const struct schema *schema);

/* What one product's tokens say about one term: summed field weights and plain frequency. */
struct rank_occurrence {
    uint32_t weight;    /* sum of weight * frequency over fields, in hundredths */
    uint32_t frequency; /* occurrences in all fields */
    bool in_first;      /* occurs in the first text field */
};

/* Class of a term in a product, 0..7. */
uint8_t rank_class(const struct rank_weights *weights, const struct rank_occurrence *occurrence);

/* Length code, 0..31, of a product whose searchable fields sum up to weighted_length (hundredths * tokens). */
uint8_t rank_length_code(const struct rank_weights *weights, uint64_t weighted_length);

/* Sums over the whole catalog, replaced and deleted products included until a merge drops them. */
struct rank_statistics {
    uint64_t products;
    uint64_t length_sum; /* of rank_length_halves of each product's length code */
};

/* Twice the length that each of the 32 length codes stands for: whole numbers, so that sums are exact. */
extern const uint16_t rank_length_halves[32];

double rank_average_length(const struct rank_statistics *statistics);
double rank_idf(const struct rank_statistics *statistics, uint64_t df);

/*
 * The df that whatever begins like this is priced by: the sum of its terms', so that it is known without bringing them
 * together, and whatever segments they lie in; but at most half of the products, since what begins with one letter has
 * to be ranked, too.
 */
uint64_t rank_prefix_df(const struct rank_statistics *statistics, uint64_t sum);

/*
 * What each code is worth for a term of this df, and for each code the most that any code it dominates (class not
 * higher, length not lower) is worth: the bound of a block with that dominating code.
 */
struct rank_table {
    int32_t part[256];
    int32_t bound[256];
};

void rank_table_init(struct rank_table *table, const struct rank_weights *weights,
                     const struct rank_statistics *statistics, uint64_t df);

/* Makes every part a share of itself, from 0 to 1, rounded; bounds stay what they are of the parts. */
void rank_table_scale(struct rank_table *table, double share);

/*
 * The document order key of a product: ascending keys are the order of documents in every segment and of hits with
 * equal scores. Frozen at put. folded_hash: for each keyword or path field of the schema's order, the hash of its
 * folded value; for a path, of the first level in the high and of all levels in the low half (see rank_path_hash).
 */
uint64_t rank_order_key(const struct schema *schema, const struct product *product, uint8_t length_code,
                        const uint64_t *folded_hash);

#endif
