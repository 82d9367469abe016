/*
 * product_number.c - the number that a text means in a field, as filters write values.
 *
 * Thread rule: pure functions.
 */
#include "schema/product.h"

#include "schema/value.h"

#define NUMBER_BYTES_MAX 63u

static int read_scaled(const struct field *field, struct bytes text, int64_t *floor, bool *exact)
{
    enum value_fault fault = value_scaled(text, field->scale, floor);
    *exact = fault == VALUE_OK;
    if (fault == VALUE_TOO_FINE && value_floor(text, field->scale, floor)) {
        return 0;
    }
    return fault == VALUE_OK ? 0 : AISLE_LIMIT;
}

static int read_double(struct bytes text, int64_t *number)
{
    char copy[NUMBER_BYTES_MAX + 1] = {0}; /* value_double reads the byte behind */
    double value;
    memcpy(copy, text.data, text.size);
    if (!value_double(bytes_of(copy, text.size), &value)) {
        return AISLE_LIMIT;
    }
    *number = product_number_of_double(value);
    return 0;
}

static int read_date(struct bytes text, int64_t *number)
{
    int64_t seconds;
    if (value_date(text, number)) {
        return 0;
    }
    if (!json_is_number(text) || value_scaled(text, 0, &seconds) != VALUE_OK) {
        return AISLE_INVALID;
    }
    return value_date_of_seconds(seconds, number) ? 0 : AISLE_LIMIT;
}

int product_number_read(const struct field *field, struct bytes text, int64_t *floor, bool *exact)
{
    *floor = 0;
    *exact = true;
    if (text.size == 0 || text.size > NUMBER_BYTES_MAX) {
        return AISLE_INVALID;
    }
    switch (field->type) {
    case FIELD_INTEGER:
    case FIELD_DECIMAL:
        return json_is_number(text) ? read_scaled(field, text, floor, exact) : AISLE_INVALID;
    case FIELD_DOUBLE:
        return json_is_number(text) ? read_double(text, floor) : AISLE_INVALID;
    case FIELD_BOOL:
        *floor = bytes_equal(text, bytes_of_string("true"));
        return *floor == 1 || bytes_equal(text, bytes_of_string("false")) ? 0 : AISLE_INVALID;
    case FIELD_DATE:
        return read_date(text, floor);
    case FIELD_TEXT:
    case FIELD_KEYWORD:
    case FIELD_PATH:
    case FIELD_VARIANTS:
        break;
    }
    return AISLE_INVALID;
}
