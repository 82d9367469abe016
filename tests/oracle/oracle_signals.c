/*
 * oracle_signals.c - the oracle's signals: what a product's numbers add to its score.
 *
 * Written from the formulas in src/rank/signal.h, by long division and loops; no bounds, no columns.
 */
#include "oracle/inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NONE INT64_MIN
#define NOW_MS INT64_C(1700000000000) /* unless told */

__extension__ typedef __int128 wide;

/* The number of a value: of a date, as random_shop.c writes it, whole seconds since 1970. */
static int64_t number_of(const struct oracle_field *field, yajl_val value)
{
    if (value == NULL) {
        return NONE;
    }
    if (YAJL_IS_TRUE(value) || YAJL_IS_FALSE(value)) {
        return YAJL_IS_TRUE(value);
    }
    double number = strtod(YAJL_GET_NUMBER(value), NULL);
    return field->type == DECIMAL ? llrint(number * pow(10, field->scale)) : (int64_t)number;
}

/* floor(scale * x), x held to 0 .. most. */
static int64_t scaled(const struct oracle_field *field, yajl_val value, int64_t most, int64_t scale)
{
    if (field->real) {
        double x = strtod(YAJL_GET_NUMBER(value), NULL);
        return (int64_t)floor(fmin(fmax(x, 0), (double)most) * (double)scale);
    }
    int64_t unit = 1;
    for (int i = 0; i < field->scale; i++) {
        unit *= 10;
    }
    wide number = number_of(field, value);
    number = number < 0 ? 0 : number > (wide)most * unit ? (wide)most * unit : number;
    return (int64_t)(number * scale / unit);
}

static int64_t popularity(const struct oracle_field *field, yajl_val value)
{
    if (value == NULL) {
        return 0;
    }
    int64_t n = 256 + scaled(field, value, 1 << 20, 256);
    n = n > 1 << 28 ? 1 << 28 : n;
    int64_t power = 256, doublings = 0;
    while (power * 2 <= n) {
        power *= 2;
        doublings++;
    }
    return (doublings * 65536 + (n - power) * 65536 / power) / 20;
}

static int64_t rating(const struct oracle *oracle, const struct oracle_signal *signal, yajl_val value, yajl_val count)
{
    if (value == NULL) {
        return 3 * 65536 / 5;
    }
    int64_t r = scaled(&oracle->fields[signal->field], value, 5, 65536);
    if (signal->count_field < 0) {
        return r / 5;
    }
    int64_t n = count == NULL ? 0 : scaled(&oracle->fields[signal->count_field], count, 1 << 20, 1);
    return (30 * 65536 + n * r) / (10 + n) / 5;
}

static int64_t recency(const struct oracle *oracle, const struct oracle_signal *signal, yajl_val value)
{
    if (value == NULL) {
        return 0;
    }
    wide age = (wide)oracle->now_ms - (wide)number_of(&oracle->fields[signal->field], value) * 1000;
    wide most = (wide)20 * signal->half_life_ms;
    wide rate = ((wide)1 << 58) / signal->half_life_ms;
    age = age < 0 ? 0 : age > most ? most : age;
    int64_t steps = (int64_t)((age * rate) >> 48);
    int64_t share = (2048 - steps % 1024) * 32;
    for (int64_t i = 0; i < steps / 1024; i++) {
        share /= 2;
    }
    return share;
}

static int64_t share_of(const struct oracle *oracle, const struct oracle_signal *signal, const struct version *version)
{
    const struct oracle_field *field = &oracle->fields[signal->field];
    yajl_val value = oracle_value(version, field->name);
    yajl_val count = signal->count_field < 0 ? NULL : oracle_value(version, oracle->fields[signal->count_field].name);
    switch (signal->kind) {
    case 'p':
        return popularity(field, value);
    case 'r':
        return rating(oracle, signal, value, count);
    case 'f':
        return recency(oracle, signal, value);
    default:
        return value != NULL && number_of(field, value) > 0 ? 65536 : 0;
    }
}

int64_t oracle_signals(const struct oracle *oracle, const struct version *version)
{
    int64_t sum = 0;
    for (size_t i = 0; i < oracle->signal_count; i++) {
        const struct oracle_signal *signal = &oracle->signals[i];
        int64_t weight = oracle->weights[signal->field] >= 0 ? oracle->weights[signal->field] : signal->weight;
        sum += weight * share_of(oracle, signal, version) / 25;
    }
    return sum;
}

static int field_of(const struct oracle *oracle, const char *name, size_t size)
{
    for (size_t i = 0; i < oracle->field_count; i++) {
        if (strlen(oracle->fields[i].name) == size && memcmp(oracle->fields[i].name, name, size) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static yajl_val member(yajl_val object, const char *name)
{
    const char *path[] = {name, NULL};
    return yajl_tree_get(object, path, yajl_t_any);
}

static int64_t half_life_of(yajl_val text)
{
    char *unit = NULL;
    const char *written = text == NULL ? NULL : YAJL_GET_STRING(text);
    int64_t count = strtoll(written == NULL ? "90d" : written, &unit, 10);
    char letter = *unit;
    return count * 1000 * (letter == 's' ? 1 : letter == 'm' ? 60 : letter == 'h' ? 3600 : 86400);
}

void oracle_read_signals(struct oracle *oracle, yajl_val list)
{
    for (size_t i = 0; YAJL_IS_ARRAY(list) && i < list->u.array.len; i++) {
        yajl_val value = list->u.array.values[i];
        const char *kind = YAJL_GET_STRING(member(value, "kind"));
        const char *field = YAJL_GET_STRING(member(value, "field"));
        const char *count = YAJL_GET_STRING(member(value, "count"));
        oracle->signals[oracle->signal_count++] = (struct oracle_signal){
            .kind = kind != NULL && strcmp(kind, "recency") == 0 ? 'f' : kind != NULL ? kind[0] : 's',
            .field = field == NULL ? 0 : field_of(oracle, field, strlen(field)),
            .count_field = count == NULL ? -1 : field_of(oracle, count, strlen(count)),
            .weight = llrint(strtod(YAJL_GET_NUMBER(member(value, "weight")), NULL) * 100),
            .half_life_ms = half_life_of(member(value, "half_life")),
        };
    }
    oracle_use_signals(oracle, NULL, NOW_MS);
}

void oracle_use_signals(struct oracle *oracle, const char *weights, int64_t now_ms)
{
    oracle->now_ms = now_ms;
    oracle->weights_text = weights;
    for (size_t i = 0; i < ORACLE_FIELDS_MAX; i++) {
        oracle->weights[i] = -1;
    }
    while (weights != NULL && *weights != '\0') {
        size_t size = strcspn(weights, ":");
        char *end = NULL;
        double weight = strtod(weights + size + 1, &end);
        int field = field_of(oracle, weights, size);
        if (field >= 0) {
            oracle->weights[field] = llrint(weight * 100);
        }
        weights = *end == ',' ? end + 1 : end;
    }
}

const char *oracle_weights(const struct oracle *oracle, int64_t *now_ms)
{
    *now_ms = oracle->now_ms;
    return oracle->weights_text;
}
