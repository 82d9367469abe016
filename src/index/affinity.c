/*
 * affinity.c - reads affinities, through the filter's own reading of values.
 *
 * Thread rule: as the search.
 */
#include "index/affinity.h"

#include "base/utf8.h"
#include "rank/signal.h"
#include "schema/json.h"

#include <stdio.h>

#define SHOWN_MAX 64u

static int refuse(const char *text, int status, const char *why, aisle_error *error)
{
    return error_set(error, status, "affinity: \"%.*s\": %s", (int)strnlen(text, SHOWN_MAX), text, why);
}

bool affinity_weight(struct bytes text, uint32_t max, uint32_t *hundredths)
{
    const struct field decimal = {.type = FIELD_DECIMAL, .scale = 2};
    int64_t number = 0;
    bool exact = false;
    int status = json_is_number(text) ? product_number_read(&decimal, text, &number, &exact) : AISLE_BAD_QUERY;
    *hundredths = status == 0 && exact && number > 0 && number <= max ? (uint32_t)number : 0;
    return *hundredths != 0;
}

int32_t affinity_part(uint32_t hundredths)
{
    return (int32_t)((int64_t)hundredths * RANK_SCALE / 100);
}

/* The condition that field has value, by the filter's own reading of it. */
static int new_condition(const struct field *field, struct bytes value, const struct filter_source *source,
                         const char *text, struct filter_node **out, aisle_error *error)
{
    char condition[LIMIT_FIELD_NAME_BYTES + 16];
    const aisle_bytes values = {(const char *)value.data, value.size};
    const aisle_param param = {.name = "v", .values = &values, .value_count = 1};
    struct filter_source bound = *source;
    bound.params = &param;
    bound.param_count = 1;
    /* Quotes, as the name may be a word of the grammar; nothing in a name needs more. */
    int size = snprintf(condition, sizeof condition, "\"%s\" %s $v", field->name,
                        field->type == FIELD_PATH ? "UNDER" : "=");
    int status = filter_parse(bytes_of(condition, (size_t)size), &bound, out, NULL);
    return status == 0 || status == AISLE_NO_MEMORY
               ? status
               : refuse(text, status, "expected a field that can be filtered by, and a value of its kind", error);
}

static int take_one(const char *text, const struct filter_source *source, struct boost *boost, aisle_error *error)
{
    const char *colon = strchr(text, ':');
    const char *equals = strrchr(text, '=');
    struct filter_node *condition = NULL;
    uint32_t hundredths = 0;
    if (equals == NULL || !affinity_weight(bytes_of_string(equals + 1), AFFINITY_WEIGHT_MAX, &hundredths)) {
        return refuse(text, AISLE_BAD_QUERY,
                      "expected FIELD:VALUE=WEIGHT, a weight above 0, at most 10, with at most two decimals", error);
    }
    int field = colon == NULL || colon > equals
                    ? -1
                    : schema_field_find(source->schema, bytes_of(text, (size_t)(colon - text)));
    if (field < 0) {
        return refuse(text, AISLE_BAD_QUERY, "expected FIELD:VALUE=WEIGHT with a field's name", error);
    }
    int status = new_condition(&source->schema->fields[field], bytes_of(colon + 1, (size_t)(equals - colon) - 1),
                               source, text, &condition, error);
    const char *copy = status == 0 ? arena_copy(source->arena, text, strlen(text) + 1) : NULL;
    if (copy == NULL) {
        return status == 0 ? AISLE_NO_MEMORY : status;
    }
    *boost = (struct boost){.filter = condition,
                            .part = affinity_part(hundredths),
                            .kind = "affinity",
                            .name = bytes_of(copy, (size_t)(equals - text))};
    return 0;
}

int affinity_take(const aisle_query *query, const struct filter_source *source, struct boost_list *list,
                  aisle_error *error)
{
    int status = 0;
    if (query->affinity_count > LIMIT_AFFINITIES) {
        return error_set(error, AISLE_LIMIT, "affinity: %zu are given, expected at most %u", query->affinity_count,
                         LIMIT_AFFINITIES);
    }
    for (size_t i = 0; i < query->affinity_count && status == 0; i++) {
        if (query->affinities[i] == NULL) {
            return error_set(error, AISLE_INVALID, "affinity: number %zu is NULL", i);
        }
        if (!utf8_valid(bytes_of_string(query->affinities[i]), NULL)) {
            return error_set(error, AISLE_BAD_QUERY, "affinity: number %zu is not UTF-8", i);
        }
        status = take_one(query->affinities[i], source, &list->boosts[list->count], error);
        list->count += status == 0 ? 1 : 0;
    }
    return status;
}
