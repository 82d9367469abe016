/*
 * decimal.c - base64, long division by ten, and products of up to 36 digits.
 *
 * Thread rule: pure functions.
 */
#include "indexer/decimal.h"

#include "schema/json.h"

#include <stdio.h>
#include <stdlib.h>

#define NUMBER_BYTES_MAX 64u
#define DIGITS_MAX 160u /* of 64 bytes: 155 */
#define SCALE_MAX 99
#define FACTOR_DIGITS 18u

/* digits without leading zeros, "" for zero, by 10^-scale. */
static void print_scaled(bool minus, const char *digits, int scale, char out[DECIMAL_BYTES])
{
    int count = (int)strlen(digits);
    const char *sign = minus && count > 0 ? "-" : "";
    if (count == 0) {
        snprintf(out, DECIMAL_BYTES, "0");
    } else if (scale <= 0) {
        snprintf(out, DECIMAL_BYTES, "%s%s%.*s", sign, digits, -scale,
                 "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000");
    } else if (count > scale) {
        snprintf(out, DECIMAL_BYTES, "%s%.*s.%s", sign, count - scale, digits, digits + (count - scale));
    } else {
        snprintf(out, DECIMAL_BYTES, "%s0.%0*d%s", sign, scale - count + 1, 0, digits);
        /* One zero more than wanted was printed, since a width of 0 prints one all the same. */
        char *point = strchr(out, '.');
        memmove(point + 1, point + 2, strlen(point + 1));
    }
}

static int value_of_base64(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool decode_base64(struct bytes text, uint8_t out[NUMBER_BYTES_MAX], size_t *size)
{
    uint32_t bits = 0;
    unsigned held = 0;
    *size = 0;
    while (text.size > 0 && text.data[text.size - 1] == '=') {
        text.size--;
    }
    for (size_t i = 0; i < text.size; i++) {
        int value = value_of_base64(text.data[i]);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            if (*size == NUMBER_BYTES_MAX) {
                return false;
            }
            out[(*size)++] = (uint8_t)(bits >> held);
        }
    }
    return *size > 0;
}

/* Divides the number, high byte first, by ten; the rest. */
static unsigned divide(uint8_t *number, size_t size)
{
    unsigned rest = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned value = rest << 8 | number[i];
        number[i] = (uint8_t)(value / 10);
        rest = value % 10;
    }
    return rest;
}

static bool is_zero(const uint8_t *number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (number[i] != 0) {
            return false;
        }
    }
    return true;
}

bool decimal_of_base64(struct bytes base64, int scale, char out[DECIMAL_BYTES])
{
    uint8_t number[NUMBER_BYTES_MAX];
    char digits[DIGITS_MAX + 1];
    size_t size;
    if (scale < -SCALE_MAX || scale > SCALE_MAX || !decode_base64(base64, number, &size)) {
        return false;
    }
    bool minus = (number[0] & 0x80) != 0;
    for (size_t i = size, carry = 1; minus && i-- > 0;) {
        unsigned value = (unsigned)(uint8_t)~number[i] + (unsigned)carry;
        number[i] = (uint8_t)value;
        carry = value >> 8;
    }
    size_t first = DIGITS_MAX;
    digits[first] = '\0';
    while (!is_zero(number, size) && first > 0) {
        digits[--first] = (char)('0' + divide(number, size));
    }
    print_scaled(minus, digits + first, scale, out);
    return true;
}

__extension__ typedef unsigned __int128 wide; /* 36 digits have 120 bits */

struct factor {
    bool minus;
    uint64_t digits;
    int scale; /* the number is digits * 10^-scale */
};

static bool read_factor(struct bytes text, struct factor *factor)
{
    *factor = (struct factor){.minus = text.size > 0 && text.data[0] == '-'};
    if (!json_is_number(text)) {
        return false;
    }
    size_t at = factor->minus;
    bool behind = false;
    unsigned count = 0;
    for (; at < text.size && (text.data[at] | 0x20) != 'e'; at++) {
        if (text.data[at] == '.') {
            behind = true;
            continue;
        }
        factor->digits = factor->digits * 10 + (uint64_t)(text.data[at] - '0');
        count += factor->digits != 0;
        factor->scale += behind;
        if (count > FACTOR_DIGITS) {
            return false;
        }
    }
    if (at < text.size) {
        char exponent[8] = {0};
        if (text.size - at - 1 >= sizeof exponent) {
            return false;
        }
        memcpy(exponent, text.data + at + 1, text.size - at - 1);
        factor->scale -= (int)strtol(exponent, NULL, 10);
    }
    return factor->scale >= -SCALE_MAX / 2 && factor->scale <= SCALE_MAX / 2;
}

bool decimal_multiply(struct bytes a, struct bytes b, char out[DECIMAL_BYTES])
{
    struct factor x;
    struct factor y;
    if (!read_factor(a, &x) || !read_factor(b, &y)) {
        return false;
    }
    wide product = (wide)x.digits * y.digits;
    char digits[41];
    size_t first = sizeof digits - 1;
    int scale = x.scale + y.scale;
    digits[first] = '\0';
    while (product != 0 && product % 10 == 0 && scale > 0) { /* 19.90 rather than 19.9000 */
        product /= 10;
        scale--;
    }
    for (; product != 0; product /= 10) {
        digits[--first] = (char)('0' + (unsigned)(product % 10));
    }
    print_scaled(x.minus != y.minus, digits + first, scale, out);
    return true;
}
