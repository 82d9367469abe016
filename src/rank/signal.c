/*
 * signal.c - shares of signals in integers, one product at a time and by the page. The formulas stand in signal.h.
 *
 * Reading columns, and which products are looked at, is query's. Thread rule: pure functions.
 */
#include "rank/signal.h"

#include "rank/signal_lanes.h"
#include "schema/product.h"

static int64_t clamp(int64_t value, int64_t max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

/* floor(scale * x), x held to 0 .. max; scale is a power of two. A value that is no number counts as 0. */
static int64_t scaled(const struct signal_rule *rule, int64_t value, int64_t max, int64_t scale)
{
    if (rule->type == FIELD_DOUBLE) {
        double real = product_double_of_number(value);
        real = real > 0 ? real : 0;
        return (int64_t)((real < (double)max ? real : (double)max) * (double)scale);
    }
    if (rule->type == FIELD_DECIMAL) {
        return clamp(value, max * rule->unit) * scale / rule->unit;
    }
    return clamp(value, max) * scale;
}

static int32_t popularity_share(const struct signal_rule *rule, int64_t value)
{
    uint32_t n = 256u + (uint32_t)scaled(rule, value, POPULARITY_MAX, 256);
    n = n > POPULARITY_MAX * 256u ? (uint32_t)POPULARITY_MAX * 256u : n;
    uint32_t e = 31u - (uint32_t)__builtin_clz(n);
    uint32_t rest = (uint32_t)(((uint64_t)(n - (1u << e)) << 16) >> e);
    return (int32_t)((((e - 8) << 16) + rest) / POPULARITY_DOUBLINGS);
}

/* Of count ratings of r, in 65536ths, at the mean; count may be missing. */
static int32_t mean_share(int64_t r, int64_t count)
{
    uint64_t n = (uint64_t)clamp(count, RATING_COUNT_MAX); /* COLUMN_MISSING is below 0 */
    uint64_t sum = (uint64_t)RATING_PRIOR_COUNT * RATING_PRIOR * SIGNAL_WHOLE + n * (uint64_t)r;
    return (int32_t)(sum / (RATING_PRIOR_COUNT + n) / RATING_BEST);
}

/* value may be missing, and so may count. */
static int32_t rating_share(const struct signal_rule *rule, int64_t value, int64_t count)
{
    if (value == COLUMN_MISSING) {
        return RATING_PRIOR * SIGNAL_WHOLE / RATING_BEST;
    }
    int64_t r = scaled(rule, value, RATING_BEST, SIGNAL_WHOLE);
    return rule->count_field == SCHEMA_NO_FIELD ? (int32_t)(r / RATING_BEST) : mean_share(r, count);
}

static int32_t recency_share(const struct signal_rule *rule, int64_t value)
{
    uint64_t age = value >= rule->now_ms ? 0 : (uint64_t)rule->now_ms - (uint64_t)value;
    age = age > rule->age_max ? rule->age_max : age;
    uint32_t steps = (uint32_t)(age * rule->rate >> (HALF_LIFE_SHIFT - HALF_LIFE_STEPS));
    uint32_t fraction = steps & ((1u << HALF_LIFE_STEPS) - 1);
    return (int32_t)((((2u << HALF_LIFE_STEPS) - fraction) << 5) >> (steps >> HALF_LIFE_STEPS));
}

static inline int32_t part_of(const struct signal_rule *rule, int64_t value, int64_t count)
{
    int32_t share = 0;
    switch (rule->kind) {
    case SIGNAL_POPULARITY:
        share = value == COLUMN_MISSING ? 0 : popularity_share(rule, value);
        break;
    case SIGNAL_RATING:
        share = rating_share(rule, value, count);
        break;
    case SIGNAL_RECENCY:
        share = value == COLUMN_MISSING ? 0 : recency_share(rule, value);
        break;
    case SIGNAL_STOCK:
        share = value > 0 ? SIGNAL_WHOLE : 0;
        break;
    }
    return rule->weight * share / SHARE_PER_PART;
}

int32_t signal_part(const struct signal_rule *rule, int64_t value, int64_t count)
{
    return part_of(rule, value, count);
}

/* What it is is settled once, outside of the loop over products. */
void signal_parts_add(const struct signal_rule *rule, const int64_t *values, const int64_t *counts, uint32_t n,
                      int32_t *parts)
{
    const struct signal_rule local = *rule; /* parts cannot change it: kept in registers */
    for (uint32_t i = signal_lanes_add(&local, values, counts, n, parts); i < n; i++) {
        parts[i] += part_of(&local, values[i], counts == NULL ? COLUMN_MISSING : counts[i]);
    }
}

/*
 * A rating's mean rises with the rating; it rises with the count when the rating is above the prior and falls
 * otherwise, so that of the greatest rating the greatest or the least count bounds.
 */
static int32_t rating_bound(const struct signal_rule *rule, const struct signal_range *value,
                            const struct signal_range *count)
{
    int32_t bound = value->has_missing ? part_of(rule, COLUMN_MISSING, COLUMN_MISSING) : 0;
    if (value->max == COLUMN_MISSING) {
        return bound;
    }
    int32_t many = part_of(rule, value->max, count->max);
    int32_t few = part_of(rule, value->max, count->has_missing ? COLUMN_MISSING : count->min);
    bound = bound < many ? many : bound;
    return bound < few ? few : bound;
}

/* A share is rounded down twice on its way. */
#define RATING_ROUNDING 2

/*
 * The more ratings there are, the more a better one counts. More ratings move the mean from the prior towards the
 * product's own, fewer back: straight in the rating, so that the least or the greatest one rises most.
 */
static int32_t rating_rise(const struct signal_rule *rule, uint8_t field, int64_t before, int64_t after)
{
    const int64_t best = (int64_t)RATING_BEST * SIGNAL_WHOLE;
    int32_t rise = 0;
    if (field == rule->field) {
        int32_t share = rating_share(rule, after, RATING_COUNT_MAX) - rating_share(rule, before, RATING_COUNT_MAX);
        rise += share < 0 ? 0 : share + RATING_ROUNDING;
    }
    if (field == rule->count_field) {
        int32_t of_least = mean_share(0, after) - mean_share(0, before);
        int32_t of_best = mean_share(best, after) - mean_share(best, before);
        rise += (of_least < of_best ? of_best : of_least) + RATING_ROUNDING; /* one of them is not below 0 */
    }
    return rise == 0 ? 0 : rule->weight * rise / SHARE_PER_PART + 1;
}

int32_t signal_rise(const struct signal_rule *rule, uint8_t field, int64_t before, int64_t after)
{
    if (rule->kind == SIGNAL_RATING && rule->count_field != SCHEMA_NO_FIELD) {
        return before == after ? 0 : rating_rise(rule, field, before, after);
    }
    int32_t rise = part_of(rule, after, COLUMN_MISSING) - part_of(rule, before, COLUMN_MISSING);
    return rise < 0 ? 0 : rise;
}

int32_t signal_bound(const struct signal_rule *rule, const struct signal_range *value,
                     const struct signal_range *count)
{
    static const struct signal_range none = {COLUMN_MISSING, COLUMN_MISSING, true};
    if (rule->kind == SIGNAL_RATING) {
        return rating_bound(rule, value, count == NULL ? &none : count);
    }
    return part_of(rule, value->max, COLUMN_MISSING); /* missing ones get 0 */
}

static struct signal_rule rule_of(const struct schema *schema, const struct signal *signal, uint32_t weight,
                                  int64_t now_ms)
{
    const struct field *field = &schema->fields[signal->field];
    struct signal_rule rule = {.kind = signal->kind,
                               .type = field->type,
                               .field = signal->field,
                               .count_field = signal->count_field,
                               .weight = (int32_t)weight,
                               .unit = 1,
                               .now_ms = now_ms};
    for (uint8_t place = 0; field->type == FIELD_DECIMAL && place < field->scale; place++) {
        rule.unit *= 10;
    }
    if (signal->kind == SIGNAL_RECENCY) {
        rule.age_max = SIGNAL_HALF_LIVES * (uint64_t)signal->half_life_ms;
        rule.rate = (UINT64_C(1) << HALF_LIFE_SHIFT) / (uint64_t)signal->half_life_ms;
    }
    return rule;
}

void signal_rules_init(struct signal_rules *rules, const struct schema *schema, const uint32_t *weights,
                       int64_t now_ms)
{
    rules->count = 0;
    rules->max = 0;
    for (uint8_t i = 0; i < schema->signal_count; i++) {
        bool own = weights == NULL || weights[i] == SIGNAL_WEIGHT_SCHEMA;
        uint32_t weight = own ? schema->signals[i].weight : weights[i];
        if (weight != 0) {
            rules->rules[rules->count++] = rule_of(schema, &schema->signals[i], weight, now_ms);
            rules->max += (int32_t)weight * SIGNAL_WHOLE / SHARE_PER_PART;
        }
    }
}
