/*
 * column_double.c - doubles as integers of the same order.
 *
 * The bits of a non-negative double, read as an integer, order as the doubles do; those of a negative one order the
 * other way round, so all but the sign are turned over.
 * Thread rule: pure functions.
 */
#include "columns/columns.h"

static int64_t turn(int64_t bits)
{
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

int64_t column_from_double(double value)
{
    int64_t bits;
    if (value != value) {
        return COLUMN_MISSING;
    }
    value += 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &value, sizeof bits);
    return turn(bits);
}

double column_to_double(int64_t value)
{
    /* COLUMN_MISSING turns into all ones, which is not a number. */
    int64_t bits = turn(value);
    double result;
    memcpy(&result, &bits, sizeof result);
    return result;
}
