/*
 * reply.c - the encoder of answers, for both versions of RESP.
 *
 * Numbers are written by hand: a reply of a thousand hits has thousands of headers, and printf would be a third of it.
 * Touches nothing but the buffer that it is given.
 */
#include "server/reply.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADER_BYTES 24u

/* kind, number, line end. */
static void put_header(struct buf *out, char kind, uint64_t number, bool negative)
{
    char text[HEADER_BYTES];
    char *p = text + HEADER_BYTES;
    *--p = '\n';
    *--p = '\r';
    do {
        *--p = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    if (negative) {
        *--p = '-';
    }
    *--p = kind;
    buf_put(out, p, (size_t)(text + HEADER_BYTES - p));
}

void reply_reserve(const struct reply *reply, size_t bytes)
{
    if (buf_extend(reply->out, bytes) != NULL) {
        reply->out->size -= bytes;
    }
}

void reply_simple(const struct reply *reply, const char *text)
{
    buf_put_u8(reply->out, '+');
    buf_put_string(reply->out, text);
    buf_put(reply->out, "\r\n", 2);
}

void reply_error(const struct reply *reply, const char *code, const char *message)
{
    buf_put_u8(reply->out, '-');
    buf_put_string(reply->out, code);
    buf_put_u8(reply->out, ' ');
    for (const char *p = message; *p != '\0'; p++) {
        buf_put_u8(reply->out, *p == '\r' || *p == '\n' ? ' ' : (uint8_t)*p);
    }
    buf_put(reply->out, "\r\n", 2);
}

void reply_integer(const struct reply *reply, int64_t value)
{
    put_header(reply->out, ':', value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
}

void reply_unsigned(const struct reply *reply, uint64_t value)
{
    put_header(reply->out, ':', value > INT64_MAX ? INT64_MAX : value, false);
}

/*
 * Scores are multiples of 2^-18, so that their texts are found with whole numbers, in a tenth of the time that printing
 * and reading back takes.
 */
#define GRID_BITS 18u
__extension__ typedef unsigned __int128 wide;

static wide power_of_ten(unsigned exponent)
{
    wide power = 1;
    while (exponent-- > 0) {
        power *= 10;
    }
    return power;
}

/*
 * The decimal number of so many digits that is nearest to units * 2^-18, of two the even one: *number * 10^-decimals.
 * Whether it reads back as that: units have at most 49 bits, so the next double is 2^-52 of their highest bit away.
 */
static bool nearest_decimal(uint64_t units, unsigned decimals, uint64_t *number)
{
    const uint64_t half = UINT64_C(1) << (GRID_BITS - 1);
    wide power = power_of_ten(decimals);
    wide exact = units * power;
    uint64_t rest = (uint64_t)exact & (2 * half - 1);
    uint64_t floor = (uint64_t)(exact >> GRID_BITS);
    bool up = rest > half || (rest == half && (floor & 1) != 0);
    uint64_t off = up ? 2 * half - rest : rest;
    unsigned highest = 63 - (unsigned)__builtin_clzll(units);
    *number = floor + up;
    return ((wide)off << (53 - highest)) <= power;
}

static size_t put_decimal(uint64_t number, unsigned decimals, char *text)
{
    for (; decimals > 0 && number % 10 == 0; decimals--) {
        number /= 10;
    }
    uint64_t power = (uint64_t)power_of_ten(decimals);
    if (decimals == 0) {
        return (size_t)snprintf(text, REPLY_DOUBLE_BYTES, "%llu", (unsigned long long)number);
    }
    return (size_t)snprintf(text, REPLY_DOUBLE_BYTES, "%llu.%0*llu", (unsigned long long)(number / power),
                            (int)decimals, (unsigned long long)(number % power));
}

/* The text of a multiple of 2^-18 between 1 and 2^31; 0: it is none. */
static size_t put_score(double value, char *text)
{
    if (!(value >= 1 && value < 2147483648.0)) {
        return 0;
    }
    double scaled = value * (1u << GRID_BITS);
    uint64_t units = (uint64_t)scaled;
    uint64_t number = 0;
    unsigned whole = 1; /* digits before the point */
    if ((double)units < scaled) {
        return 0;
    }
    for (double bound = 10; value >= bound; bound *= 10) {
        whole++;
    }
    for (unsigned digits = 15; digits <= 17; digits++) {
        if (nearest_decimal(units, digits - whole, &number)) {
            return put_decimal(number, digits - whole, text);
        }
    }
    return 0;
}

size_t reply_double_text(double value, char text[REPLY_DOUBLE_BYTES])
{
    size_t quick = put_score(value, text);
    if (quick != 0) {
        return quick;
    }
    if (isnan(value) || isinf(value)) {
        return (size_t)snprintf(text, REPLY_DOUBLE_BYTES, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    }
    int size = 0;
    for (int digits = 15; digits <= 17; digits++) {
        size = snprintf(text, REPLY_DOUBLE_BYTES, "%.*g", digits, value);
        double read = strtod(text, NULL);
        if (memcmp(&read, &value, sizeof read) == 0) {
            break;
        }
    }
    return (size_t)size;
}

void reply_double(const struct reply *reply, double value)
{
    char text[REPLY_DOUBLE_BYTES];
    size_t size = reply_double_text(value, text);
    if (reply->version == 2) {
        reply_bulk(reply, bytes_of(text, size));
        return;
    }
    buf_put_u8(reply->out, ',');
    buf_put(reply->out, text, size);
    buf_put(reply->out, "\r\n", 2);
}

void reply_bool(const struct reply *reply, bool value)
{
    if (reply->version == 2) {
        reply_integer(reply, value);
    } else {
        buf_put(reply->out, value ? "#t\r\n" : "#f\r\n", 4);
    }
}

void reply_null(const struct reply *reply)
{
    if (reply->version == 2) {
        buf_put(reply->out, "$-1\r\n", 5);
    } else {
        buf_put(reply->out, "_\r\n", 3);
    }
}

void reply_bulk(const struct reply *reply, struct bytes text)
{
    put_header(reply->out, '$', text.size, false);
    buf_put(reply->out, text.data, text.size);
    buf_put(reply->out, "\r\n", 2);
}

void reply_text(const struct reply *reply, const char *text)
{
    reply_bulk(reply, bytes_of_string(text));
}

void reply_array(const struct reply *reply, size_t count)
{
    put_header(reply->out, '*', count, false);
}

void reply_set(const struct reply *reply, size_t count)
{
    put_header(reply->out, reply->version == 2 ? '*' : '~', count, false);
}

void reply_map(const struct reply *reply, size_t pairs)
{
    if (reply->version == 2) {
        put_header(reply->out, '*', 2 * pairs, false);
    } else {
        put_header(reply->out, '%', pairs, false);
    }
}
