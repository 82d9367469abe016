/*
 * weights.c - reads "sales:2,rating:0.5".
 *
 * Numbers are read digit by digit, because libc's reading depends on the locale. Thread rule: pure functions.
 */
#include "index/weights.h"

#include <string.h>

static int refuse(const char *text, const char *at, const char *why, struct bytes what, aisle_error *error)
{
    int status = error_set(error, AISLE_BAD_QUERY, "weights: \"%.*s\": %s", (int)(what.size > 64 ? 64 : what.size),
                           (const char *)what.data, why);
    if (error != NULL) {
        error->position = (size_t)(at - text);
    }
    return status;
}

/* A number in hundredths; false when it is none from 0 to 100. */
static bool read_weight(const char *text, size_t size, uint32_t *out)
{
    uint32_t hundredths = 0;
    uint32_t digits = 0;
    uint32_t decimals = 0;
    bool point = false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || ++digits > 6) {
            return false;
        }
        hundredths = hundredths * 10 + (uint32_t)(text[i] - '0');
        decimals += point ? 1 : 0;
    }
    for (uint32_t i = decimals; i < 2; i++) {
        hundredths *= 10;
    }
    *out = hundredths;
    return digits > 0 && decimals <= 2 && (!point || decimals > 0) && hundredths <= SIGNAL_WEIGHT_MAX;
}

/* One FIELD:number of size bytes. */
static int take_weight(const char *text, const char *at, size_t size, const struct schema *schema, uint32_t *weights,
                       uint32_t *exact, aisle_error *error)
{
    const char *colon = memrchr(at, ':', size);
    struct bytes whole = bytes_of(at, size);
    uint32_t weight;
    bool found = false;
    bool again = false;
    if (colon == NULL || !read_weight(colon + 1, size - (size_t)(colon + 1 - at), &weight)) {
        return refuse(text, at, "expected FIELD:WEIGHT, a weight from 0 to 100 with at most two decimals", whole,
                      error);
    }
    struct bytes name = bytes_of(at, (size_t)(colon - at));
    for (uint8_t i = 0; i < schema->signal_count; i++) {
        if (bytes_equal(name, bytes_of_string(schema->fields[schema->signals[i].field].name))) {
            again = weights[i] != SIGNAL_WEIGHT_SCHEMA;
            weights[i] = weight;
            found = true;
        }
    }
    if (!found && schema->exact != 0 && bytes_equal(name, bytes_of_string("exact"))) {
        again = *exact != SIGNAL_WEIGHT_SCHEMA;
        *exact = weight;
        found = true;
    }
    return found && !again ? 0
                           : refuse(text, at, again ? "named twice" : "the schema has no signal that reads this field",
                                    name, error);
}

int weights_parse(const char *text, const struct schema *schema, uint32_t weights[LIMIT_SIGNALS], uint32_t *exact,
                  aisle_error *error)
{
    int status = 0;
    *exact = SIGNAL_WEIGHT_SCHEMA;
    for (uint8_t i = 0; i < LIMIT_SIGNALS; i++) {
        weights[i] = SIGNAL_WEIGHT_SCHEMA;
    }
    for (const char *at = text; at != NULL && status == 0;) {
        size_t size = strcspn(at, ",");
        status = take_weight(text, at, size, schema, weights, exact, error);
        at = at[size] == ',' ? at + size + 1 : NULL;
    }
    *exact = *exact == SIGNAL_WEIGHT_SCHEMA ? schema->exact : *exact;
    return status;
}
