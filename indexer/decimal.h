/*
 * decimal.h - decimal numbers as texts, exact.
 *
 * Thread rule: pure functions.
 */
#ifndef AISLE_INDEXER_DECIMAL_H
#define AISLE_INDEXER_DECIMAL_H

#include "base/bytes.h"

#define DECIMAL_BYTES 256u /* of a text and its NUL */

/*
 * The number whose two's complement, high byte first, is base64's bytes, at most 64, by 10^-scale (-99 to 99). False
 * when it is no base64 of such.
 */
bool decimal_of_base64(struct bytes base64, int scale, char out[DECIMAL_BYTES]);

/* a * b; false when one is no number or both together have more than 36 digits or large powers of ten. */
bool decimal_multiply(struct bytes a, struct bytes b, char out[DECIMAL_BYTES]);

#endif
