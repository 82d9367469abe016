/*
 * signal.h - what a product's numbers add to its score: popularity, rating, recency and stock, and their bounds.
 *
 * A signal turns column values into a share from 0 to 65,536 (one whole), and the share into a part like those of
 * words (rank.h): part = floor(weight * share / 25), weight in hundredths, so that a weight of 1 adds at most one
 * unit of score. Scores are the sum of both kinds. Shares are DEFINED by the integer formulas below (divisions round
 * down), so that every machine and every evaluator agrees to the last bit, and each is monotone in its values, so that
 * the least and greatest value of some products bound their parts.
 *
 *   popularity  n = floor(256 * (1 + x)), x from 0 to 2^20; e = floor(log2 n); share = (e - 8) * 65536 / 20 and
 *               (n - 2^e) * 65536 / 2^e of the next doubling: share = ((e - 8) * 65536 + (n - 2^e) * 65536 / 2^e) / 20.
 *               A logarithm that is straight between powers of two; a million is the whole. Missing: 0
 *   rating      r = floor(65536 * x), x from 0 to 5; n = number of ratings, from 0 to 2^20;
 *               mean = (10 * 3 * 65536 + n * r) / (10 + n); share = mean / 5. A Bayesian mean: ten ratings of 3 stand
 *               before the product's own. Without a count field, share = r / 5. Missing: rating or count: as n = 0;
 *               without a count field the same, 3 / 5
 *   recency     t = min(age, 20 half lives) * floor(2^58 / half life) / 2^48, in 1024ths of a half life, ages in ms;
 *               share = (2048 - t % 1024) * 32 / 2^(t / 1024). Halves with every half life, straight in between.
 *               age is counted from the query's `now`; 0 for dates to come. Missing: 0
 *   stock       the whole for true or a number above 0. Missing: 0
 *
 * x is the value in the schema's own units: of a decimal with s places, its number / 10^s (256 * number / 10^s and
 * 65536 * number / 10^s are rounded down once).
 *
 * Thread rule: pure functions of their arguments.
 */
#ifndef AISLE_RANK_SIGNAL_H
#define AISLE_RANK_SIGNAL_H

#include "columns/columns.h"
#include "schema/schema.h"

#define SIGNAL_WHOLE 65536              /* the largest share */
#define SIGNAL_WEIGHT_MAX 10000u        /* hundredths */
#define SIGNAL_HALF_LIVES 20u           /* an older product gets no less for its recency */
#define SIGNAL_WEIGHT_SCHEMA UINT32_MAX /* the weight that the schema gives */

/* One signal, made ready for a query. */
struct signal_rule {
    enum signal_kind kind;
    enum field_type type; /* of field */
    uint8_t field;
    uint8_t count_field; /* or SCHEMA_NO_FIELD */
    int32_t weight;      /* hundredths, above 0 */
    int64_t unit;        /* decimal: 10^places; otherwise 1 */
    int64_t now_ms;
    uint64_t age_max; /* recency: 20 half lives, in ms */
    uint64_t rate;    /* recency: floor(2^58 / half life) */
};

struct signal_rules {
    struct signal_rule rules[LIMIT_SIGNALS]; /* those of weight 0 left out */
    uint32_t count;
    int32_t max; /* no product's parts sum up to more */
};

/*
 * Makes ready the schema's signals. weights: for each of them in hundredths, at most SIGNAL_WEIGHT_MAX, or
 * SIGNAL_WEIGHT_SCHEMA; NULL: the schema's. now_ms: ms since 1970, that ages count from.
 */
void signal_rules_init(struct signal_rules *rules, const struct schema *schema, const uint32_t *weights,
                       int64_t now_ms);

/* The part of one product; count is read only by a rating with a count field. COLUMN_MISSING where there is none. */
int32_t signal_part(const struct signal_rule *rule, int64_t value, int64_t count);

/*
 * parts[i] += signal_part(rule, values[i], counts[i]), for i below n. counts: NULL when the rule reads none. Any
 * values do, but parts must not overflow.
 */
void signal_parts_add(const struct signal_rule *rule, const int64_t *values, const int64_t *counts, uint32_t n,
                      int32_t *parts);

/*
 * The part of a product rises by no more when its value in this field, the rule's or its count's, becomes another,
 * whatever the other one holds and whenever it is asked for from the rule's now on. Either may be missing.
 */
int32_t signal_rise(const struct signal_rule *rule, uint8_t field, int64_t before, int64_t after);

/* What is known of a column's values in some products: as column_page_range has it. */
struct signal_range {
    int64_t min; /* COLUMN_MISSING both when there is none at all */
    int64_t max;
    bool has_missing;
};

/* The most that a product with values in these ranges gets; count as above. */
int32_t signal_bound(const struct signal_rule *rule, const struct signal_range *value,
                     const struct signal_range *count);

#endif
