/*
 * units.h - the units that go with a number, and one spelling for amounts that are equal.
 *
 * A unit has names (gb, gigabyte), and units of one kind are multiples of each other (mg, g, kg). The canonical form of
 * an amount is its number, without needless zeros, in the largest unit of its kind of which it is at least one, up to
 * the kind's smallest: "1500 ml" and "1,5 l" are "1.5l", "0.5 kg" is "500g", "150 cm" is "1.5m". Conversion is
 * exact: by powers of ten. Of bytes, whole multiples of 1024 are also taken as such: "1024 gb" and "1000 gb" are "1tb".
 * Kinds are not converted into each other: an inch is no number of centimetres; fluid ounces are ounces.
 *
 * No state. Thread rule: any thread.
 */
#ifndef AISLE_TEXT_UNITS_H
#define AISLE_TEXT_UNITS_H

#include "base/bytes.h"

#define UNIT_NONE 0u
#define UNIT_INCH 1u
#define UNIT_OUNCE 2u
#define UNIT_FOOT 3u

#define UNIT_AMOUNT_BYTES 64u /* a canonical form is at most so long; what would be longer stays as it is */

/* The number of the unit that a folded word names exactly ("gb", "kg"); UNIT_NONE: none. */
uint8_t unit_find(struct bytes word);

/* Whether people also say the number alone: inches, and bytes from gigabytes up. */
bool unit_goes_unsaid(uint8_t unit);

/* Whether it is one of length, which dimensions are given in: "50cm x 70cm". */
bool unit_is_length(uint8_t unit);

/*
 * Writes the canonical form of number (digits, with '.' or one '/' between; as the tokeniser leaves it) in a unit to
 * out, of UNIT_AMOUNT_BYTES; returns its size. 0: the number is too long, and the word stays as it was written.
 */
size_t unit_canonical(struct bytes number, uint8_t unit, uint8_t *out);

/*
 * Writes how many of the smallest unit of unit's kind a number is, without its name, to out, of UNIT_AMOUNT_BYTES, for
 * amounts of which several stand together: "0.5" metres are "500". Returns its size; 0: it is no decimal number, or too
 * long.
 */
size_t unit_multiple(struct bytes number, uint8_t unit, uint8_t *out);

/* The name of that unit; static. */
struct bytes unit_smallest(uint8_t unit);

#endif
