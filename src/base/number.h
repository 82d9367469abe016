/*
 * number.h - whole numbers as people write them in options and settings.
 *
 * Thread rule: pure functions.
 */
#ifndef AISLE_BASE_NUMBER_H
#define AISLE_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads digits and, with units, K, M, G or T behind them in either case (powers of 1,024), and nothing else. False for
 * anything other, and for what passes 64 bits; *out is undefined then.
 */
bool number_parse(const char *text, bool units, uint64_t *out);

#endif
