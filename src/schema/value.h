/*
 * value.h - private to the module: exact reading of JSON numbers and ISO 8601 dates, and writing them back.
 *
 * A number is taken apart once into digits and a power of ten, so that decimals are exact and never pass through a
 * double. Nothing here depends on the locale. Which field accepts what is product.c's.
 * Thread rule: pure functions.
 */
#ifndef AISLE_SCHEMA_VALUE_H
#define AISLE_SCHEMA_VALUE_H

#include "base/bytes.h"

enum value_fault {
    VALUE_OK,
    VALUE_TOO_FINE, /* not zero behind the last digit that the scale keeps */
    VALUE_TOO_LARGE /* beyond +-(2^63 - 1) */
};

/* number * 10^scale as an integer. number: a JSON number. *out is set with VALUE_OK only. */
enum value_fault value_scaled(struct bytes number, unsigned scale, int64_t *out);

/*
 * The greatest integer not above number * 10^scale, of a number that is too fine for the scale; false when it has more
 * digits than can be judged.
 */
bool value_floor(struct bytes number, unsigned scale, int64_t *out);

/*
 * Digits behind the point that number needs, trailing zeros not counted: 0 for 5.00, 2 for 1.25, 0 for 1e3.
 * Numbers that need more than 1000 answer 1000.
 */
unsigned value_fraction_digits(struct bytes number);

/* The nearest double; false when that is not finite. The byte behind number is readable and ends it, as in JSON. */
bool value_double(struct bytes number, double *out);

/* Milliseconds since 1970 UTC of "YYYY-MM-DD" or "YYYY-MM-DDThh:mm:ss[.f...][Z|+hh:mm|-hh:mm]", years 1 to 9999. */
bool value_date(struct bytes text, int64_t *ms);

/* The same of seconds since 1970; false outside the years 1 to 9999. */
bool value_date_of_seconds(int64_t seconds, int64_t *ms);

#define VALUE_DATE_BYTES 32u
#define VALUE_DOUBLE_BYTES 32u

/* "2026-11-23T10:00:00Z", with .fff unless zero; false outside the years 1 to 9999. */
bool value_date_print(int64_t ms, char out[VALUE_DATE_BYTES]);

/* A finite double in the fewest of 15 to 17 digits that read back to it. */
void value_double_print(double value, char out[VALUE_DOUBLE_BYTES]);

#endif
