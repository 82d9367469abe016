/*
 * units.c - the list of units. Each is one 64-bit word, so that a look is a few dozen compares without a branch on
 * the length; it happens only behind a pure number.
 */
#include "text/units.h"

#define UNIT_BYTES 8u

static const char units[][UNIT_BYTES] = {
    "mm", "cm", "m", "km", "in", "inch", "ft", "yd", "mg", "g", "kg", "lb", "lbs", "oz", "ml", "cl", "dl", "l",
    "gal", "mb", "gb", "tb", "kb", "w", "kw", "kwh", "v", "mv", "a", "ma", "mah", "hz", "khz", "mhz", "ghz", "rpm",
    "mp", "fps", "nm", "psi", "bar", "db", "pcs", "pc", "pk", "ct", "count", "pack",
};

bool unit_known(struct bytes word)
{
    if (word.size >= UNIT_BYTES) {
        return false;
    }
    uint8_t padded[UNIT_BYTES] = {0};
    memcpy(padded, word.data, word.size);
    uint64_t wanted = load_u64(padded);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (load_u64((const uint8_t *)units[i]) == wanted) {
            return true;
        }
    }
    return false;
}
