/*
 * field_value.c - numbers, strings and paths out of a product's JSON.
 */
#include "oracle/field_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t field_thousandths_of_text(const char *text)
{
    bool negative = text[0] == '-';
    int64_t whole = llabs(strtoll(text, NULL, 10)) * 1000;
    const char *point = strchr(text, '.');
    int64_t unit = 100;
    for (size_t i = 1; point != NULL && point[i] >= '0' && point[i] <= '9'; i++, unit /= 10) {
        whole += (point[i] - '0') * unit;
    }
    return negative ? -whole : whole;
}

int64_t field_thousandths(yajl_val value)
{
    if (YAJL_IS_TRUE(value) || YAJL_IS_FALSE(value)) {
        return YAJL_IS_TRUE(value) ? 1000 : 0;
    }
    return field_thousandths_of_text(YAJL_GET_NUMBER(value));
}

size_t field_strings(yajl_val value)
{
    return YAJL_IS_ARRAY(value) ? YAJL_GET_ARRAY(value)->len : 1;
}

const char *field_string(yajl_val value, size_t i)
{
    return YAJL_GET_STRING(YAJL_IS_ARRAY(value) ? YAJL_GET_ARRAY(value)->values[i] : value);
}

const char *field_path(struct pool *pool, yajl_val value)
{
    char path[8192] = "";
    size_t used = 0;
    for (size_t i = 0; i < field_strings(value); i++) {
        const char *level = field_string(value, i);
        used += (size_t)snprintf(path + used, sizeof path - used, "%s%s", i == 0 ? "" : "\x01",
                                 oracle_fold(pool, level, strlen(level)));
    }
    return pool_text(pool, path, used);
}
