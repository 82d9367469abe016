/*
 * product_print.c - a column's value as JSON text, and doubles as integers of the same order.
 *
 * What is printed reads back to the same number, so a product with its columns laid over it can be put again.
 * Thread rule: functions touch only what they are given.
 */
#include "schema/product.h"

#include "value.h"

#include <inttypes.h>
#include <math.h>

int64_t product_number_of_double(double value)
{
    int64_t bits;
    value += 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

double product_double_of_number(int64_t number)
{
    int64_t bits = number < 0 ? number ^ INT64_MAX : number;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void put_decimal(int64_t number, unsigned scale, struct buf *out)
{
    uint64_t magnitude = number < 0 ? (uint64_t)-number : (uint64_t)number;
    uint64_t unit = 1;
    for (unsigned i = 0; i < scale; i++) {
        unit *= 10;
    }
    uint64_t fraction = magnitude % unit;
    buf_printf(out, "%s%" PRIu64, number < 0 ? "-" : "", magnitude / unit);
    if (fraction != 0) {
        while (fraction % 10 == 0) {
            fraction /= 10;
            scale--;
        }
        buf_printf(out, ".%0*" PRIu64, (int)scale, fraction);
    }
}

int product_value_print(const struct field *field, int64_t number, struct buf *out)
{
    char text[VALUE_DATE_BYTES > VALUE_DOUBLE_BYTES ? VALUE_DATE_BYTES : VALUE_DOUBLE_BYTES];
    if (number == INT64_MIN) {
        return AISLE_INVALID;
    }
    switch (field->type) {
    case FIELD_INTEGER:
    case FIELD_DECIMAL:
        put_decimal(number, field->scale, out);
        return buf_status(out);
    case FIELD_DOUBLE:
        if (!isfinite(product_double_of_number(number))) {
            return AISLE_INVALID;
        }
        value_double_print(product_double_of_number(number), text);
        buf_put_string(out, text);
        return buf_status(out);
    case FIELD_BOOL:
        buf_put_string(out, number != 0 ? "true" : "false");
        return buf_status(out);
    case FIELD_DATE:
        if (!value_date_print(number, text)) {
            return AISLE_INVALID;
        }
        buf_printf(out, "\"%s\"", text);
        return buf_status(out);
    case FIELD_TEXT:
    case FIELD_KEYWORD:
    case FIELD_PATH:
    case FIELD_VARIANTS:
        break;
    }
    return AISLE_INVALID;
}
