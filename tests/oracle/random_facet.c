/*
 * random_facet.c - facets by the dice, and their counts by brute force.
 */
#include "oracle/random_facet.h"

#include "oracle/field_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BOUNDS_MAX 6u
#define LEVELS_MAX 16u
#define LEVEL_SIGN "\x01"
#define OPEN_LOW (INT64_MIN / 2)
#define OPEN_HIGH (INT64_MAX / 2)

enum random_facet_kind { WORDS, NUMBERS, RANGES, HISTOGRAM };
enum random_facet_order { BY_COUNT, BY_VALUE };

struct counted {
    const char *key; /* folded; NULL: a number */
    int64_t number;
    uint64_t count;
};

struct random_facet {
    struct pool pool;
    const char *field;
    enum shop_type type;
    enum random_facet_kind kind;
    enum random_facet_order order;
    bool multi, stats;
    size_t limit;
    const char *under[LEVELS_MAX]; /* folded */
    size_t levels;
    const char *prefix, *contains; /* folded; NULL: none */
    int64_t bounds[BOUNDS_MAX];    /* thousandths */
    size_t bound_count;
    int64_t width;
    struct counted *counted;
    size_t count;
    uint64_t products, missing;
    int64_t min, max, sum;
};

/* ---- making ---- */

static void print_thousandths(char *text, int64_t value)
{
    shop_append(text, FACET_TEXT_BYTES, "%s%lld", value < 0 ? "-" : "", (long long)llabs(value) / 1000);
    if (value % 1000 != 0) {
        shop_append(text, FACET_TEXT_BYTES, ".%03lld", (long long)(llabs(value) % 1000));
    }
}

/* The least value that a field is drawn from, and how far it reaches; in thousandths. */
static int64_t draw_number(struct shop *shop, enum shop_type type)
{
    switch (type) {
    case SHOP_INTEGER:
        return ((int64_t)shop_random(shop, shop_chance(shop, 70) ? 30 : 1u << 30) - 5) * 1000;
    case SHOP_DECIMAL:
        return (int64_t)shop_random(shop, 52000) * 10 + (shop_chance(shop, 20) ? 5 : 0);
    case SHOP_DOUBLE:
        return (int64_t)shop_random(shop, 65) * 100;
    default:
        return (INT64_C(1702000000) - shop_random(shop, 1u << 30)) * 1000;
    }
}

static int compare_bounds(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void draw_ranges(struct shop *shop, struct random_facet *facet, char *text)
{
    bool open[2];
    open[0] = shop_chance(shop, 40);
    open[1] = shop_chance(shop, 40);
    size_t wanted = 2 + shop_random(shop, BOUNDS_MAX - 1);
    int64_t drawn[BOUNDS_MAX];
    for (size_t i = 0; i < wanted; i++) {
        drawn[i] = draw_number(shop, facet->type);
    }
    qsort(drawn, wanted, sizeof drawn[0], compare_bounds);
    for (size_t i = 0; i < wanted; i++) {
        /* Decimals have two places: bounds that differ behind them are equal. */
        int64_t gap = facet->bound_count == 0 ? INT64_MAX : drawn[i] - facet->bounds[facet->bound_count - 1];
        if (gap >= 20) {
            facet->bounds[facet->bound_count++] = drawn[i];
        }
    }
    facet->kind = RANGES;
    if (facet->bound_count < 2) {
        facet->bounds[0] -= 100000;
        facet->bounds[1] = facet->bounds[0] + 200000;
        facet->bound_count = 2;
    }
    for (size_t i = 0; i < facet->bound_count; i++) {
        bool is_open = (i == 0 && open[0]) || (i + 1 == facet->bound_count && open[1] && facet->bound_count > 2);
        shop_append(text, FACET_TEXT_BYTES, "%s", i == 0 ? "[" : ",");
        if (is_open) {
            facet->bounds[i] = i == 0 ? OPEN_LOW : OPEN_HIGH;
            shop_append(text, FACET_TEXT_BYTES, "*");
        } else {
            print_thousandths(text, facet->bounds[i]);
        }
    }
    shop_append(text, FACET_TEXT_BYTES, "]");
}

static void draw_histogram(struct shop *shop, struct random_facet *facet, char *text)
{
    uint32_t draw = 1 + shop_random(shop, 40);
    facet->kind = HISTOGRAM;
    shop_append(text, FACET_TEXT_BYTES, "/");
    if (facet->type == SHOP_DATE) {
        facet->width = (int64_t)draw * 86400000 * 30;
        shop_append(text, FACET_TEXT_BYTES, "%ud", draw * 30);
        return;
    }
    facet->width = (int64_t)draw * (facet->type == SHOP_DOUBLE ? 500 : facet->type == SHOP_INTEGER ? 1000000 : 2500);
    print_thousandths(text, facet->width);
}

static const char *fold(const char *text)
{
    return field_fold(text, strlen(text));
}

static void draw_word_options(struct shop *shop, struct random_facet *facet, char *text)
{
    static const char *const pieces[] = {"a", "s", "RU", "no", "sh", "\xc3\xa9", "e"};
    const char *piece = pieces[shop_random(shop, sizeof pieces / sizeof pieces[0])];
    if (shop_chance(shop, 20)) {
        facet->prefix = fold(piece);
        shop_append(text, FACET_TEXT_BYTES, ":prefix=%s", piece);
    }
    if (shop_chance(shop, 20)) {
        piece = pieces[shop_random(shop, sizeof pieces / sizeof pieces[0])];
        facet->contains = fold(piece);
        shop_append(text, FACET_TEXT_BYTES, ":contains=\"%s\"", piece);
    }
}

static void draw_path(struct shop *shop, struct random_facet *facet, char *text)
{
    static const char *const levels[] = {"Shoes", "running", "Wear", "T-Shirts", "Home", "64 gb", "Wi-Fi & USB-C"};
    uint32_t count = shop_random(shop, 3);
    for (uint32_t i = 0; i < count; i++) {
        const char *level = levels[shop_random(shop, sizeof levels / sizeof levels[0])];
        facet->under[facet->levels++] = fold(level);
        shop_append(text, FACET_TEXT_BYTES, shop_chance(shop, 50) ? ">%s" : " > \"%s\"", level);
    }
}

static void draw_options(struct shop *shop, struct random_facet *facet, char *text)
{
    bool spread = facet->kind == RANGES || facet->kind == HISTOGRAM;
    facet->limit = spread ? 10000 : 10;
    facet->order = spread ? BY_VALUE : BY_COUNT;
    if (facet->type >= SHOP_INTEGER && facet->type != SHOP_TEXT && shop_chance(shop, 40)) {
        facet->stats = true;
        shop_append(text, FACET_TEXT_BYTES, ":stats");
        facet->limit = spread ? facet->limit : 0;
    }
    if (!spread && shop_chance(shop, 40)) {
        facet->order = BY_VALUE;
        facet->limit = facet->limit == 0 ? 10 : facet->limit;
        shop_append(text, FACET_TEXT_BYTES, ":name");
    }
    if (shop_chance(shop, 50)) {
        facet->limit = shop_random(shop, shop_chance(shop, 50) ? 4 : 3000);
        shop_append(text, FACET_TEXT_BYTES, ":%zu", facet->limit);
    }
    if (facet->type <= SHOP_PATH) {
        draw_word_options(shop, facet, text);
    }
    if (shop_chance(shop, 50)) {
        facet->multi = true;
        shop_append(text, FACET_TEXT_BYTES, ":multi");
    }
}

struct random_facet *random_facet_new(struct shop *shop, char *text)
{
    const struct shop_field *field = &shop->fields[shop_random(shop, (uint32_t)shop->field_count)];
    if (field->type == SHOP_TEXT || (field->type <= SHOP_PATH && !field->facet && !field->ordered)) {
        return NULL;
    }
    struct random_facet *facet = calloc(1, sizeof *facet);
    facet->field = field->name;
    facet->type = field->type;
    facet->kind = field->type <= SHOP_PATH ? WORDS : NUMBERS;
    facet->min = INT64_MAX;
    facet->max = INT64_MIN;
    text[0] = '\0';
    shop_append(text, FACET_TEXT_BYTES, "%s", field->name);
    if (field->type == SHOP_PATH) {
        draw_path(shop, facet, text);
    } else if (field->type >= SHOP_INTEGER && field->type != SHOP_BOOL && shop_chance(shop, 35)) {
        draw_ranges(shop, facet, text);
    } else if (field->type >= SHOP_INTEGER && field->type != SHOP_BOOL && shop_chance(shop, 40)) {
        draw_histogram(shop, facet, text);
    }
    draw_options(shop, facet, text);
    return facet;
}

void random_facet_free(struct random_facet *facet)
{
    if (facet != NULL) {
        pool_release(&facet->pool);
        free(facet->counted);
        free(facet);
    }
}

const char *random_facet_lifted(const struct random_facet *facet)
{
    return facet->multi ? facet->field : NULL;
}

/* ---- counting ---- */

static void count(struct random_facet *facet, const char *key, int64_t number)
{
    for (size_t i = 0; i < facet->count; i++) {
        struct counted *own = &facet->counted[i];
        if (own->number == number && (key == NULL || strcmp(own->key, key) == 0)) {
            own->count++;
            return;
        }
    }
    facet->counted = oracle_grow(facet->counted, (facet->count + 1) * sizeof *facet->counted);
    facet->counted[facet->count++] = (struct counted){.key = key, .number = number, .count = 1};
}

static int64_t floor_of(int64_t value, int64_t width)
{
    return value / width - (value % width < 0 ? 1 : 0);
}

static void add_number(struct random_facet *facet, yajl_val value)
{
    int64_t number = field_thousandths(value);
    facet->min = number < facet->min ? number : facet->min;
    facet->max = number > facet->max ? number : facet->max;
    facet->sum += number;
    if (facet->kind == NUMBERS) {
        count(facet, NULL, number);
    } else if (facet->kind == HISTOGRAM) {
        count(facet, NULL, floor_of(number, facet->width));
    } else {
        for (size_t i = 0; i + 1 < facet->bound_count; i++) {
            if (number >= facet->bounds[i] && number < facet->bounds[i + 1]) {
                count(facet, NULL, (int64_t)i);
            }
        }
    }
}

static bool is_shown(const struct random_facet *facet, const char *label)
{
    return (facet->prefix == NULL || strncmp(label, facet->prefix, strlen(facet->prefix)) == 0) &&
           (facet->contains == NULL || strstr(label, facet->contains) != NULL);
}

/* The product's words, folded, each once. Returns how many there are. */
static size_t add_words(struct random_facet *facet, yajl_val value)
{
    const char *seen[1024];
    size_t words = 0;
    for (size_t i = 0; i < field_strings(value); i++) {
        const char *word = fold(field_string(value, i));
        bool is_new = word[0] != '\0';
        for (size_t k = 0; k < words; k++) {
            is_new = is_new && strcmp(seen[k], word) != 0;
        }
        if (is_new) {
            seen[words++] = word;
            if (is_shown(facet, word)) {
                count(facet, word, 0);
            }
        }
    }
    return words;
}

static size_t add_path(struct random_facet *facet, yajl_val value)
{
    char key[8192] = "";
    size_t levels = field_strings(value);
    for (size_t level = 0; level <= facet->levels && level < levels; level++) {
        const char *own = fold(field_string(value, level));
        shop_append(key, sizeof key, "%s%s", level == 0 ? "" : LEVEL_SIGN, own);
        if (level < facet->levels ? strcmp(own, facet->under[level]) != 0 : !is_shown(facet, own)) {
            return levels;
        }
    }
    if (levels > facet->levels) {
        count(facet, pool_text(&facet->pool, key, strlen(key)), 0);
    }
    return levels;
}

void random_facet_add(struct random_facet *facet, struct oracle *oracle, const char *id)
{
    yajl_val value = oracle_value(oracle_find(oracle, id), facet->field);
    size_t words = 1;
    if (value != NULL && facet->type == SHOP_PATH) {
        words = add_path(facet, value);
    } else if (value != NULL && facet->type < SHOP_PATH) {
        words = add_words(facet, value);
    } else if (value != NULL) {
        add_number(facet, value);
    }
    if (value == NULL || words == 0) {
        facet->missing++;
    } else {
        facet->products++;
    }
}

/* ---- comparing ---- */

static int compare_values(const struct counted *a, const struct counted *b)
{
    return a->key != NULL ? strcmp(a->key, b->key) : (a->number > b->number) - (a->number < b->number);
}

static int by_value(const void *left, const void *right)
{
    return compare_values(left, right);
}

static int by_count(const void *left, const void *right)
{
    const struct counted *a = left, *b = right;
    return a->count != b->count ? (a->count > b->count ? -1 : 1) : compare_values(a, b);
}

static int64_t number_of(const struct random_facet *facet, aisle_bytes text)
{
    char copy[64];
    struct tm date = {0};
    snprintf(copy, sizeof copy, "%.*s", (int)text.size, text.data);
    if (facet->type == SHOP_BOOL) {
        return strcmp(copy, "true") == 0 ? 1000 : 0;
    }
    if (facet->type == SHOP_DATE) {
        strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &date);
        return (int64_t)timegm(&date) * 1000;
    }
    return facet->type == SHOP_DOUBLE ? llrint(strtod(copy, NULL) * 1000) : field_thousandths_of_text(copy);
}

static bool same_key(struct random_facet *facet, const struct counted *wanted, const aisle_facet_value *got)
{
    char text[8192];
    char key[8192] = "";
    if (facet->kind == RANGES) {
        int64_t low = facet->bounds[wanted->number], high = facet->bounds[wanted->number + 1];
        bool dates = facet->type == SHOP_DATE; /* whose bounds come back as they were written */
        return (low == OPEN_LOW ? got->from.size == 0 : dates || number_of(facet, got->from) == low) &&
               (high == OPEN_HIGH ? got->to.size == 0 : dates || number_of(facet, got->to) == high);
    }
    if (facet->kind == HISTOGRAM) {
        return number_of(facet, got->from) == wanted->number * facet->width &&
               number_of(facet, got->to) == (wanted->number + 1) * facet->width;
    }
    if (facet->kind == NUMBERS) {
        return number_of(facet, got->value) == wanted->number;
    }
    snprintf(text, sizeof text, "%.*s", (int)got->value.size, got->value.data);
    for (char *level = text; level != NULL;) {
        char *end = facet->type == SHOP_PATH ? strstr(level, " > ") : NULL;
        if (end != NULL) {
            *end = '\0';
        }
        shop_append(key, sizeof key, "%s%s", level == text ? "" : LEVEL_SIGN, fold(level));
        level = end == NULL ? NULL : end + 3;
    }
    return strcmp(key, wanted->key) == 0;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(1, fmax(fabs(a), fabs(b)));
}

static bool same_stats(const struct random_facet *facet, const aisle_facet *got)
{
    if (!facet->stats || facet->products == 0) {
        return got->min.size == 0 && got->max.size == 0 && got->sum.size == 0;
    }
    double unit = facet->type == SHOP_DATE || facet->type == SHOP_BOOL ? 1 : 1000;
    double sum = (double)facet->sum / (facet->type == SHOP_BOOL ? 1000 : unit);
    bool summed = facet->type != SHOP_DATE && facet->type != SHOP_BOOL;
    return number_of(facet, got->min) == facet->min && number_of(facet, got->max) == facet->max &&
           near(got->mean, sum / (double)facet->products) && (got->sum.size != 0) == summed &&
           (!summed || number_of(facet, got->sum) == facet->sum);
}

/* Ranges that hold nothing are shown, too. */
static void fill_ranges(struct random_facet *facet)
{
    for (size_t range = 0; facet->kind == RANGES && range + 1 < facet->bound_count; range++) {
        count(facet, NULL, (int64_t)range);
    }
    for (size_t i = 0; facet->kind == RANGES && i < facet->count; i++) {
        facet->counted[i].count--;
    }
}

bool random_facet_equals(struct random_facet *facet, const aisle_result *result, size_t i)
{
    aisle_facet got;
    aisle_facet_value value;
    fill_ranges(facet);
    if (facet->count != 0) {
        qsort(facet->counted, facet->count, sizeof *facet->counted, facet->order == BY_COUNT ? by_count : by_value);
    }
    bool counts = facet->kind == WORDS || facet->kind == RANGES || facet->limit != 0;
    size_t shown = facet->count < facet->limit ? facet->count : facet->limit;
    bool same = aisle_result_facet(result, i, &got) == 0 && got.value_count == shown && !got.sampled &&
                got.products == facet->products && got.missing == facet->missing &&
                got.distinct == (counts ? facet->count : 0) && same_stats(facet, &got);
    if (!same) {
        fprintf(stderr, "facet of '%s': %zu of %llu values in %llu products, %llu without; should be %zu of %zu, %llu, "
                        "%llu; stats %.*s %.*s %.*s %f, should be %lld %lld %lld\n",
                facet->field, got.value_count, (unsigned long long)got.distinct, (unsigned long long)got.products,
                (unsigned long long)got.missing, shown, facet->count, (unsigned long long)facet->products,
                (unsigned long long)facet->missing, (int)got.min.size, got.min.data, (int)got.max.size, got.max.data,
                (int)got.sum.size, got.sum.data, got.mean, (long long)facet->min, (long long)facet->max,
                (long long)facet->sum);
    }
    for (size_t k = 0; same && aisle_result_facet_value(result, i, k, &value) == 0; k++) {
        const struct counted *wanted = &facet->counted[k];
        same = value.count == wanted->count && same_key(facet, wanted, &value);
        if (!same) {
            fprintf(stderr, "value %zu of '%s' is %.*s %llu, should be %s %lld %llu\n", k, facet->field,
                    (int)value.value.size, value.value.data, (unsigned long long)value.count,
                    wanted->key == NULL ? "" : wanted->key, (long long)wanted->number,
                    (unsigned long long)wanted->count);
        }
    }
    return same;
}
