/*
 * number.c - numbers of options and settings, digit by digit, because libc's reading depends on the locale.
 */
#include "base/number.h"

#include <string.h>

bool number_parse(const char *text, bool units, uint64_t *out)
{
    uint64_t value = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    if (p == text) {
        return false;
    }
    static const char letters[] = "KMGT";
    const char *unit = units && *p != '\0' ? memchr(letters, *p & ~0x20, sizeof letters - 1) : NULL;
    if (unit != NULL) {
        unsigned shift = 10 * (unsigned)(unit - letters + 1);
        if (value > UINT64_MAX >> shift) {
            return false;
        }
        value <<= shift;
        p++;
    }
    *out = value;
    return *p == '\0';
}
