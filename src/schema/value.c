/*
 * value.c - numbers and dates as exact integers, and back.
 *
 * A JSON number is digits * 10^exponent. Decimals are scaled in integers; doubles take the short way of one exact
 * multiplication or division when digits and power of ten are both exact doubles, and strtod otherwise. The calendar
 * is the proleptic Gregorian one, in days since 1970-01-01.
 * Thread rule: pure functions.
 */
#include "value.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MS_PER_SECOND 1000
#define MS_PER_DAY INT64_C(86400000)
#define SECONDS_MIN INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define DIGITS_MAX 19                     /* that always fit 64 bits */
#define EXPONENT_MAX 100000000            /* a larger one is as good as this: texts are shorter */

struct decimal {
    bool negative;
    bool fits;        /* no more than DIGITS_MAX digits */
    uint64_t digits;  /* without zeros at either end; valid when fits */
    int digit_count;  /* 0 for zero; counting stops a little past DIGITS_MAX */
    int64_t exponent; /* of ten, for the last of digits */
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static int64_t read_exponent(struct bytes number, size_t at)
{
    bool negative = number.data[at] == '-';
    int64_t exponent = 0;
    at += number.data[at] == '-' || number.data[at] == '+' ? 1 : 0;
    for (; at < number.size; at++) {
        exponent = exponent * 10 + (number.data[at] - '0');
        exponent = exponent > EXPONENT_MAX ? EXPONENT_MAX : exponent;
    }
    return negative ? -exponent : exponent;
}

static struct decimal take_apart(struct bytes number)
{
    struct decimal decimal = {.fits = true};
    size_t i = 0;
    int64_t fraction = 0; /* digits behind the point so far */
    int64_t zeros = 0;    /* zeros since the last other digit */
    bool point = false;
    if (number.data[i] == '-') {
        decimal.negative = true;
        i++;
    }
    for (; i < number.size && (is_digit(number.data[i]) || number.data[i] == '.'); i++) {
        if (number.data[i] == '.') {
            point = true;
            continue;
        }
        fraction += point ? 1 : 0;
        if (number.data[i] == '0') {
            zeros += 1;
            continue;
        }
        if (decimal.digit_count > 0) {
            for (; zeros > 0 && decimal.digit_count <= DIGITS_MAX; zeros--) {
                decimal.digits *= 10;
                decimal.digit_count++;
            }
        }
        zeros = 0;
        decimal.fits = decimal.digit_count < DIGITS_MAX;
        if (decimal.fits) {
            decimal.digits = decimal.digits * 10 + (uint64_t)(number.data[i] - '0');
            decimal.digit_count++;
        }
    }
    decimal.exponent = zeros - fraction;
    if (i < number.size) {
        decimal.exponent += read_exponent(number, i + 1); /* behind the e */
    }
    return decimal;
}

enum value_fault value_scaled(struct bytes number, unsigned scale, int64_t *out)
{
    struct decimal decimal = take_apart(number);
    int64_t shift = decimal.exponent + (int64_t)scale;
    if (decimal.digit_count == 0) {
        *out = 0;
        return VALUE_OK;
    }
    if (shift < 0) {
        return VALUE_TOO_FINE;
    }
    if (!decimal.fits || shift > DIGITS_MAX - decimal.digit_count) {
        return VALUE_TOO_LARGE;
    }
    for (; shift > 0; shift--) {
        decimal.digits *= 10;
    }
    if (decimal.digits > INT64_MAX) {
        return VALUE_TOO_LARGE;
    }
    *out = decimal.negative ? -(int64_t)decimal.digits : (int64_t)decimal.digits;
    return VALUE_OK;
}

bool value_floor(struct bytes number, unsigned scale, int64_t *out)
{
    struct decimal decimal = take_apart(number);
    int64_t shift = decimal.exponent + (int64_t)scale;
    if (!decimal.fits) {
        return false;
    }
    for (; shift < 0 && decimal.digits != 0; shift++) {
        decimal.digits /= 10;
    }
    *out = decimal.negative ? -(int64_t)decimal.digits - 1 : (int64_t)decimal.digits;
    return true;
}

unsigned value_fraction_digits(struct bytes number)
{
    struct decimal decimal = take_apart(number);
    if (decimal.digit_count == 0 || decimal.exponent >= 0) {
        return 0;
    }
    return decimal.exponent < -1000 ? 1000u : (unsigned)-decimal.exponent;
}

/* strtod in the C locale, whatever the program has set. */
static double convert(struct bytes number)
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0) { /* GCOVR_EXCL_BR_LINE: every libc has this one ready */
        return strtod((const char *)number.data, NULL); /* GCOVR_EXCL_LINE */
    }
    double value = strtod_l((const char *)number.data, NULL, c_locale);
    freelocale(c_locale);
    return value;
}

bool value_double(struct bytes number, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int64_t power_max = (int64_t)(sizeof powers / sizeof powers[0]) - 1;
    struct decimal decimal = take_apart(number);
    double value;
    if (decimal.digit_count == 0) {
        value = 0.0;
    } else if (decimal.fits && decimal.digits < UINT64_C(1) << 53 && llabs(decimal.exponent) <= power_max) {
        double digits = (double)decimal.digits;
        value = decimal.exponent < 0 ? digits / powers[-decimal.exponent] : digits * powers[decimal.exponent];
        value = decimal.negative ? -value : value;
    } else {
        value = convert(number);
    }
    *out = value;
    return isfinite(value);
}

/* Days from 0001-01-01 to the first of January of year. */
static int64_t days_before_year(int64_t year)
{
    int64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

#define DAYS_BEFORE_1970 INT64_C(719162)

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* count digits at *at as a number from least to most; moves *at behind them. */
static bool read_digits(struct bytes text, size_t *at, size_t count, int64_t least, int64_t most, int64_t *out)
{
    if (text.size - *at < count) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t c = text.data[(*at)++];
        if (!is_digit(c)) {
            return false;
        }
        *out = *out * 10 + (c - '0');
    }
    return *out >= least && *out <= most;
}

static bool read_sign(struct bytes text, size_t *at, char sign)
{
    if (*at < text.size && text.data[*at] == (uint8_t)sign) {
        (*at)++;
        return true;
    }
    return false;
}

/* [.f...] of at most nine digits; what is finer than a millisecond is cut off. */
static bool read_fraction(struct bytes text, size_t *at, int64_t *ms)
{
    int64_t unit = 100;
    size_t first = *at + 1;
    *ms = 0;
    if (!read_sign(text, at, '.')) {
        return true;
    }
    for (; *at < text.size && is_digit(text.data[*at]); (*at)++) {
        *ms += unit * (text.data[*at] - '0');
        unit /= 10;
    }
    return *at > first && *at - first <= 9;
}

/* [Z|+hh:mm|-hh:mm] at the end of the text. */
static bool read_zone(struct bytes text, size_t *at, int64_t *offset_seconds)
{
    int64_t hours = 0;
    int64_t minutes = 0;
    *offset_seconds = 0;
    if (*at == text.size || read_sign(text, at, 'Z')) {
        return true;
    }
    bool west = text.data[*at] == '-';
    if (!read_sign(text, at, west ? '-' : '+')) {
        return false;
    }
    if (!read_digits(text, at, 2, 0, 23, &hours) || !read_sign(text, at, ':') ||
        !read_digits(text, at, 2, 0, 59, &minutes)) {
        return false;
    }
    *offset_seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

bool value_date(struct bytes text, int64_t *ms)
{
    size_t at = 0;
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    if (!read_digits(text, &at, 4, 1, 9999, &year) || !read_sign(text, &at, '-') ||
        !read_digits(text, &at, 2, 1, 12, &month) || !read_sign(text, &at, '-') ||
        !read_digits(text, &at, 2, 1, days_of_month(year, month), &day)) {
        return false;
    }
    int64_t days = days_before_year(year) - DAYS_BEFORE_1970 + day - 1;
    for (int64_t m = 1; m < month; m++) {
        days += days_of_month(year, m);
    }
    *ms = days * MS_PER_DAY;
    if (at == text.size) {
        return true;
    }
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t fraction = 0;
    int64_t offset = 0;
    if (!read_sign(text, &at, 'T') || !read_digits(text, &at, 2, 0, 23, &hour) || !read_sign(text, &at, ':') ||
        !read_digits(text, &at, 2, 0, 59, &minute) || !read_sign(text, &at, ':') ||
        !read_digits(text, &at, 2, 0, 59, &second) || !read_fraction(text, &at, &fraction) ||
        !read_zone(text, &at, &offset) || at != text.size) {
        return false;
    }
    int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset;
    *ms = seconds * MS_PER_SECOND + fraction;
    return seconds >= SECONDS_MIN && seconds <= SECONDS_MAX;
}

bool value_date_of_seconds(int64_t seconds, int64_t *ms)
{
    if (seconds < SECONDS_MIN || seconds > SECONDS_MAX) {
        return false;
    }
    *ms = seconds * MS_PER_SECOND;
    return true;
}

bool value_date_print(int64_t ms, char out[VALUE_DATE_BYTES])
{
    if (ms < SECONDS_MIN * MS_PER_SECOND || ms > SECONDS_MAX * MS_PER_SECOND + MS_PER_SECOND - 1) {
        return false;
    }
    int64_t since_year_one = ms - SECONDS_MIN * MS_PER_SECOND;
    int64_t days = since_year_one / MS_PER_DAY;
    unsigned in_day = (unsigned)(since_year_one % MS_PER_DAY);
    int64_t year = days * 400 / 146097 + 1; /* at most one off */
    year += days >= days_before_year(year + 1) ? 1 : 0;
    year -= days < days_before_year(year) ? 1 : 0;
    days -= days_before_year(year);
    int64_t month = 1;
    while (days >= days_of_month(year, month)) {
        days -= days_of_month(year, month);
        month++;
    }
    unsigned seconds = in_day / MS_PER_SECOND;
    int size =
        snprintf(out, VALUE_DATE_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u", (unsigned)year % 10000, (unsigned)month % 100,
                 ((unsigned)days + 1) % 100, seconds / 3600 % 100, seconds / 60 % 60, seconds % 60);
    size_t room = VALUE_DATE_BYTES - (size_t)size;
    if (in_day % MS_PER_SECOND != 0) {
        snprintf(out + size, room, ".%03uZ", in_day % MS_PER_SECOND);
    } else {
        snprintf(out + size, room, "Z");
    }
    return true;
}

/* printf writes the locale's decimal point, of one or more bytes; JSON has a dot. */
static void put_dot(char *number)
{
    size_t at = strspn(number, "-0123456789");
    size_t size = strcspn(number + at, "0123456789e");
    if (size > 0) {
        memmove(number + at + 1, number + at + size, strlen(number + at + size) + 1);
        number[at] = '.';
    }
}

void value_double_print(double value, char out[VALUE_DOUBLE_BYTES])
{
    double back = 0;
    int digits = 15;
    do {
        snprintf(out, VALUE_DOUBLE_BYTES, "%.*g", digits, value);
        put_dot(out);
    } while (++digits <= 17 && !(value_double(bytes_of_string(out), &back) && back == value));
}
