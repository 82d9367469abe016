/*
 * random_filter.c - filters by the dice, and their evaluation by brute force.
 */
#include "oracle/random_filter.h"

#include "oracle/field_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 24u
#define CHILDREN_MAX 3u
#define LEVELS_MAX 16u
#define VALUE_BYTES 320u

enum random_kind {
    ALL_OF, ANY_OF, NONE_OF,
    ANY_VARIANT, /* that meets the child */
    IS, IS_NOT, BELOW, AT_MOST, ABOVE, AT_LEAST, BETWEEN, ONE_OF, EXISTS, UNDER
};

struct random_filter {
    enum random_kind kind;
    struct random_filter *children[CHILDREN_MAX];
    size_t count; /* of children or values */
    const char *field;
    enum shop_type type;
    bool of_variants;                         /* a number of variants, asked outside of ANY */
    bool open[2];                             /* BETWEEN: the end is "*" */
    int64_t thousandths[VALUES_MAX];
    char texts[VALUES_MAX][VALUE_BYTES];
};

void random_filter_free(struct random_filter *filter)
{
    for (size_t i = 0; filter != NULL && filter->kind <= ANY_VARIANT && i < filter->count; i++) {
        random_filter_free(filter->children[i]);
    }
    free(filter);
}

/* ---- making ---- */

/* A word that some product may have; one in ten is in none. */
static void draw_word(struct shop *shop, enum shop_type type, char *out)
{
    out[0] = '\0';
    for (int tries = 0; tries < 40 && shop->sample_count != 0; tries++) {
        const struct shop_sample *sample = &shop->samples[shop_random(shop, SHOP_SAMPLES)];
        if (sample->text[0] != '\0' && shop->fields[sample->field].type == type) {
            snprintf(out, VALUE_BYTES, "%s", sample->text);
            break;
        }
    }
    if (out[0] == '\0' || shop_chance(shop, 10)) {
        snprintf(out, VALUE_BYTES, "%s", shop_plain_word(shop));
    }
    for (size_t i = 0; shop_chance(shop, 20) && out[i] != '\0'; i++) {
        out[i] = (char)(out[i] >= 'a' && out[i] <= 'z' ? out[i] - 'a' + 'A' : out[i]);
    }
}

static void draw_number(struct shop *shop, enum shop_type type, struct random_filter *filter, size_t i)
{
    int64_t value = 0;
    if (type == SHOP_INTEGER) {
        value = ((int64_t)shop_random(shop, shop_chance(shop, 60) ? 22 : 1u << 30) - 4) * 1000;
    } else if (type == SHOP_DECIMAL) {
        value = (int64_t)shop_random(shop, 52000) * 10;
    } else if (type == SHOP_DOUBLE) {
        value = (int64_t)shop_random(shop, 65) * 100;
    } else if (type == SHOP_DATE) { /* whole seconds, which dates may be written as */
        value = (INT64_C(1702000000) - shop_random(shop, shop_chance(shop, 50) ? 1u << 22 : 1u << 30)) * 1000;
    } else {
        value = (int64_t)shop_random(shop, 2) * 1000;
    }
    if (type != SHOP_BOOL && type != SHOP_DATE && shop_chance(shop, 20)) {
        value += (int64_t)shop_random(shop, 1000) - 500;
    }
    filter->thousandths[i] = value;
}

static void print_value(const struct random_filter *filter, size_t i, char *text)
{
    if (filter->type <= SHOP_PATH) {
        shop_append(text, FILTER_TEXT_BYTES, "\"%s\"", filter->texts[i]);
    } else if (filter->type == SHOP_BOOL) {
        shop_append(text, FILTER_TEXT_BYTES, "%s", filter->thousandths[i] != 0 ? "true" : "false");
    } else {
        int64_t value = filter->thousandths[i];
        shop_append(text, FILTER_TEXT_BYTES, "%s%lld", value < 0 ? "-" : "", (long long)llabs(value) / 1000);
        if (value % 1000 != 0) {
            shop_append(text, FILTER_TEXT_BYTES, ".%03lld", (long long)(llabs(value) % 1000));
        }
    }
}

static void draw_value(struct shop *shop, struct random_filter *filter, size_t i)
{
    if (filter->type == SHOP_PATH) {
        uint32_t levels = 1 + shop_random(shop, 3);
        filter->texts[i][0] = '\0';
        for (uint32_t level = 0; level < levels; level++) {
            char word[VALUE_BYTES];
            draw_word(shop, SHOP_PATH, word);
            shop_append(filter->texts[i], VALUE_BYTES, "%s%.90s", level == 0 ? "" : " > ", word);
        }
    } else if (filter->type < SHOP_PATH) {
        draw_word(shop, filter->type, filter->texts[i]);
    } else {
        draw_number(shop, filter->type, filter, i);
    }
}

static enum random_kind draw_kind(struct shop *shop, enum shop_type type)
{
    static const enum random_kind path[] = {IS, IS_NOT, ONE_OF, EXISTS, UNDER, UNDER, UNDER};
    static const enum random_kind boolean[] = {IS, IS_NOT, ONE_OF, EXISTS};
    if (type == SHOP_PATH) {
        return path[shop_random(shop, sizeof path / sizeof path[0])];
    }
    return type == SHOP_BOOL ? boolean[shop_random(shop, 4)] : (enum random_kind)(IS + shop_random(shop, UNDER - IS));
}

static void print_condition(struct shop *shop, const struct random_filter *filter, char *text)
{
    static const char *const signs[] = {[IS] = "=",       [IS_NOT] = "!=", [BELOW] = "<",
                                        [AT_MOST] = "<=", [ABOVE] = ">",   [AT_LEAST] = ">="};
    bool quoted = shop_chance(shop, 10);
    shop_append(text, FILTER_TEXT_BYTES, quoted ? "\"%s\"" : "%s", filter->field);
    shop_append(text, FILTER_TEXT_BYTES, " ");
    if (filter->kind <= AT_LEAST) {
        shop_append(text, FILTER_TEXT_BYTES, "%s ", signs[filter->kind]);
        print_value(filter, 0, text);
    } else if (filter->kind == BETWEEN) {
        for (size_t i = 0; i < 2; i++) {
            if (filter->open[i]) {
                shop_append(text, FILTER_TEXT_BYTES, "*");
            } else {
                print_value(filter, i, text);
            }
            shop_append(text, FILTER_TEXT_BYTES, "%s", i == 0 ? " TO " : "");
        }
    } else if (filter->kind == ONE_OF) {
        shop_append(text, FILTER_TEXT_BYTES, "in [");
        for (size_t i = 0; i < filter->count; i++) {
            shop_append(text, FILTER_TEXT_BYTES, "%s", i == 0 ? "" : ",");
            print_value(filter, i, text);
        }
        shop_append(text, FILTER_TEXT_BYTES, "]");
    } else {
        shop_append(text, FILTER_TEXT_BYTES, filter->kind == EXISTS ? "EXISTS" : "UNDER ");
        if (filter->kind == UNDER) {
            print_value(filter, 0, text);
        }
    }
}

/* A condition on a field that can be filtered by, still without a kind. */
static struct random_filter *draw_field(struct shop *shop, bool in_variant)
{
    struct random_filter *filter = calloc(1, sizeof *filter);
    const struct shop_field *field;
    do {
        field = &shop->fields[shop_random(shop, (uint32_t)shop->field_count)];
    } while (field->type == SHOP_TEXT || (field->type <= SHOP_PATH && !field->facet && !field->ordered) ||
             (in_variant && !field->of_variants));
    filter->of_variants = field->of_variants && !in_variant && field->type >= SHOP_INTEGER;
    filter->field = field->name;
    filter->type = field->type;
    return filter;
}

static struct random_filter *draw_condition(struct shop *shop, bool in_variant, char *text)
{
    struct random_filter *filter = draw_field(shop, in_variant);
    filter->kind = draw_kind(shop, filter->type);
    filter->count = 2;
    if (filter->kind == ONE_OF) {
        filter->count = 1 + shop_random(shop, shop_chance(shop, 30) ? VALUES_MAX : 3);
    }
    for (size_t i = 0; i < 2 && filter->kind == BETWEEN; i++) {
        filter->open[i] = shop_chance(shop, 20);
    }
    for (size_t i = 0; i < filter->count; i++) {
        draw_value(shop, filter, i);
    }
    print_condition(shop, filter, text);
    return filter;
}

static struct random_filter *draw_filter(struct shop *shop, unsigned depth, bool in_variant, char *text)
{
    static const char *const between[] = {[ALL_OF] = " AND ", [ANY_OF] = " or ", [NONE_OF] = ""};
    if (shop->has_variants && !in_variant && shop_chance(shop, 30)) {
        struct random_filter *any = calloc(1, sizeof *any);
        any->kind = ANY_VARIANT;
        any->count = 1;
        shop_append(text, FILTER_TEXT_BYTES, "any variants (");
        any->children[0] = draw_filter(shop, 2, true, text);
        shop_append(text, FILTER_TEXT_BYTES, ")");
        return any;
    }
    if (depth == 0 || shop_chance(shop, 35)) {
        return draw_condition(shop, in_variant, text);
    }
    struct random_filter *filter = calloc(1, sizeof *filter);
    filter->kind = (enum random_kind)shop_random(shop, 3);
    filter->count = filter->kind == NONE_OF ? 1 : 2 + shop_random(shop, CHILDREN_MAX - 1);
    shop_append(text, FILTER_TEXT_BYTES, filter->kind == NONE_OF ? "NOT (" : "(");
    for (size_t i = 0; i < filter->count; i++) {
        shop_append(text, FILTER_TEXT_BYTES, "%s", i == 0 ? "" : between[filter->kind]);
        filter->children[i] = draw_filter(shop, depth - 1, in_variant, text);
    }
    shop_append(text, FILTER_TEXT_BYTES, ")");
    return filter;
}

struct random_filter *random_filter_new(struct shop *shop, char *text)
{
    text[0] = '\0';
    return draw_filter(shop, 3, false, text);
}

struct random_filter *random_filter_value_new(struct shop *shop, char *text)
{
    struct random_filter *filter = draw_field(shop, false);
    filter->kind = filter->type == SHOP_PATH ? UNDER : IS;
    filter->count = 1;
    draw_value(shop, filter, 0);
    text[0] = '\0';
    shop_append(text, FILTER_TEXT_BYTES, "%s:", filter->field);
    if (filter->type <= SHOP_PATH) {
        shop_append(text, FILTER_TEXT_BYTES, "%s", filter->texts[0]);
    } else {
        print_value(filter, 0, text);
    }
    return filter;
}

/* ---- evaluating ---- */

/* What a condition is asked of: a product, or one variant of it. */
struct asked {
    const struct version *version;
    yajl_val variant; /* NULL: the product */
};

static yajl_val value_of(const struct asked *asked, const char *name)
{
    const char *path[] = {name, NULL};
    if (asked->variant != NULL) {
        return yajl_tree_get(asked->variant, path, yajl_t_any);
    }
    for (size_t i = asked->version->layer_count; i-- > 0;) {
        yajl_val value = yajl_tree_get(asked->version->layers[i], path, yajl_t_any);
        if (value != NULL) {
            return YAJL_IS_NULL(value) ? NULL : value;
        }
    }
    return NULL;
}

static bool compare(enum random_kind kind, int order)
{
    switch (kind) {
    case IS:
        return order == 0;
    case BELOW:
        return order < 0;
    case AT_MOST:
        return order <= 0;
    case ABOVE:
        return order > 0;
    default:
        return order >= 0;
    }
}

static int order_of(const struct random_filter *filter, yajl_val value, size_t i)
{
    if (filter->type > SHOP_PATH) {
        int64_t own = field_thousandths(value);
        return (own > filter->thousandths[i]) - (own < filter->thousandths[i]);
    }
    const char *text = YAJL_GET_STRING(value);
    return strcmp(field_fold(text, strlen(text)), field_fold(filter->texts[i], strlen(filter->texts[i])));
}

/* The condition about one value that is not a path. */
static bool holds(const struct random_filter *filter, yajl_val value)
{
    bool found = false;
    switch (filter->kind) {
    case EXISTS:
        return true;
    case BETWEEN:
        return (filter->open[0] || order_of(filter, value, 0) >= 0) &&
               (filter->open[1] || order_of(filter, value, 1) <= 0);
    case ONE_OF:
        for (size_t i = 0; i < filter->count; i++) {
            found = found || order_of(filter, value, i) == 0;
        }
        return found;
    default:
        return compare(filter->kind, order_of(filter, value, 0));
    }
}

/* Levels of the i-th value, folded. */
static size_t levels_of(const struct random_filter *filter, size_t i, const char **levels)
{
    const char *text = filter->texts[i];
    size_t count = 0;
    while (text != NULL) {
        const char *end = strstr(text, " > ");
        size_t size = end == NULL ? strlen(text) : (size_t)(end - text);
        levels[count++] = field_fold(text, size);
        text = end == NULL ? NULL : end + 3;
    }
    return count;
}

static bool path_holds(const struct random_filter *filter, yajl_val value)
{
    size_t own = YAJL_IS_ARRAY(value) ? YAJL_GET_ARRAY(value)->len : 1;
    bool found = filter->kind == EXISTS;
    for (size_t i = 0; i < (filter->kind == ONE_OF ? filter->count : 1) && !found; i++) {
        const char *levels[LEVELS_MAX];
        size_t wanted = levels_of(filter, i, levels);
        found = wanted == own || (filter->kind == UNDER && wanted < own);
        for (size_t level = 0; level < wanted && found; level++) {
            const char *text = YAJL_GET_STRING(YAJL_IS_ARRAY(value) ? YAJL_GET_ARRAY(value)->values[level] : value);
            found = strcmp(levels[level], field_fold(text, strlen(text))) == 0;
        }
    }
    return found;
}

static bool keeps(const struct random_filter *filter, const struct asked *asked);

/* Whether one variant meets the condition. */
static bool keeps_any(const struct random_filter *filter, const struct asked *asked)
{
    yajl_val list = value_of(asked, "variants");
    bool found = false;
    for (size_t i = 0; i < YAJL_GET_ARRAY(list)->len && !found; i++) {
        found = keeps(filter, &(struct asked){asked->version, YAJL_GET_ARRAY(list)->values[i]});
    }
    return found;
}

/* Whether the product's or variant's value meets a condition that is not negated. */
static bool condition_holds(const struct random_filter *condition, const struct asked *asked)
{
    yajl_val value = value_of(asked, condition->field);
    bool found = false;
    if (condition->of_variants && asked->variant == NULL) {
        return keeps_any(condition, asked);
    }
    if (value != NULL && condition->type == SHOP_PATH) {
        return path_holds(condition, value);
    }
    if (value != NULL && YAJL_IS_ARRAY(value)) {
        for (size_t i = 0; i < YAJL_GET_ARRAY(value)->len && !found; i++) {
            found = holds(condition, YAJL_GET_ARRAY(value)->values[i]);
        }
        return found;
    }
    return value != NULL && holds(condition, value);
}

static bool keeps(const struct random_filter *filter, const struct asked *asked)
{
    bool found = false;
    if (filter->kind == ANY_VARIANT) {
        return keeps_any(filter->children[0], asked);
    }
    if (filter->kind <= ANY_VARIANT) {
        for (size_t i = 0; i < filter->count; i++) {
            bool kept = keeps(filter->children[i], asked);
            found = i == 0 ? kept : filter->kind == ALL_OF ? found && kept : found || kept;
        }
        return filter->kind == NONE_OF ? !found : found;
    }
    struct random_filter condition = *filter;
    condition.kind = filter->kind == IS_NOT ? IS : filter->kind;
    found = condition_holds(&condition, asked);
    return filter->kind == IS_NOT ? !found : found;
}

bool random_filter_keeps(const struct random_filter *filter, struct oracle *oracle, const char *id)
{
    return keeps(filter, &(struct asked){oracle_find(oracle, id), NULL});
}

static bool is_about(const struct random_filter *filter, const char *field)
{
    bool all = filter->kind > ANY_VARIANT ? strcmp(filter->field, field) == 0 : true;
    for (size_t i = 0; i < filter->count && filter->kind <= ANY_VARIANT; i++) {
        all = all && is_about(filter->children[i], field);
    }
    return all;
}

bool random_filter_keeps_without(const struct random_filter *filter, struct oracle *oracle, const char *id,
                                 const char *field)
{
    if (filter->kind == ALL_OF) {
        bool kept = true;
        for (size_t i = 0; i < filter->count; i++) {
            kept = kept && random_filter_keeps_without(filter->children[i], oracle, id, field);
        }
        return kept;
    }
    return is_about(filter, field) || random_filter_keeps(filter, oracle, id);
}
