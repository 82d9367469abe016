/*
 * times.c - reading, printing and guessing moments.
 *
 * Days are counted by Howard Hinnant's days_from_civil and civil_from_days (chrono-compatible low-level date
 * algorithms): years begin in March, so that leap days come last.
 */
#include "indexer/times.h"

#include <stdio.h>

#define DAY_MS INT64_C(86400000)
#define FIRST_MS (INT64_C(-62135596800) * 1000) /* 0001-01-01 */
#define LAST_MS (INT64_C(253402300800) * 1000 - 1) /* the end of 9999 */

static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/* Exactly count digits at *at, which moves behind them. */
static bool take_digits(struct bytes text, size_t *at, unsigned count, unsigned *value)
{
    *value = 0;
    for (unsigned i = 0; i < count; i++, (*at)++) {
        if (*at >= text.size || text.data[*at] < '0' || text.data[*at] > '9') {
            return false;
        }
        *value = *value * 10 + (unsigned)(text.data[*at] - '0');
    }
    return true;
}

static bool take_char(struct bytes text, size_t *at, const char *any_of)
{
    bool there = *at < text.size && memchr(any_of, text.data[*at], strlen(any_of)) != NULL;
    *at += there;
    return there;
}

static bool read_day(struct bytes text, size_t *at, int64_t *ms)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year;
    unsigned month;
    unsigned day;
    if (!take_digits(text, at, 4, &year) || !take_char(text, at, "-") || !take_digits(text, at, 2, &month) ||
        !take_char(text, at, "-") || !take_digits(text, at, 2, &day) || year == 0 || month < 1 || month > 12) {
        return false;
    }
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    *ms = days_of(year, month, day) * DAY_MS;
    return day >= 1 && day <= days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

static int64_t take_fraction(struct bytes text, size_t *at)
{
    int64_t ms = 0;
    int64_t unit = 100;
    for (; *at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9'; (*at)++, unit /= 10) {
        ms += (text.data[*at] - '0') * unit;
    }
    return ms;
}

static bool read_zone(struct bytes text, size_t *at, int64_t *ms)
{
    unsigned hours;
    unsigned minutes = 0;
    bool minus = *at < text.size && text.data[*at] == '-';
    if (*at == text.size || take_char(text, at, "Zz")) {
        return true;
    }
    if (!take_char(text, at, "+-") || !take_digits(text, at, 2, &hours)) {
        return false;
    }
    if (*at < text.size) {
        (void)take_char(text, at, ":");
        if (!take_digits(text, at, 2, &minutes)) {
            return false;
        }
    }
    int64_t shift = (int64_t)(hours * 60 + minutes) * 60000;
    *ms += minus ? shift : -shift;
    return hours < 24 && minutes < 60;
}

bool times_read(struct bytes text, int64_t *ms)
{
    size_t at = 0;
    unsigned hour;
    unsigned minute;
    unsigned second;
    if (!read_day(text, &at, ms)) {
        return false;
    }
    if (at < text.size) {
        if (!take_char(text, &at, "Tt ") || !take_digits(text, &at, 2, &hour) || !take_char(text, &at, ":") ||
            !take_digits(text, &at, 2, &minute) || !take_char(text, &at, ":") || !take_digits(text, &at, 2, &second) ||
            hour > 24 || minute > 59 || second > 60) {
            return false;
        }
        *ms += (int64_t)(hour * 3600 + minute * 60 + second) * 1000;
        *ms += take_char(text, &at, ".") ? take_fraction(text, &at) : 0;
        if (!read_zone(text, &at, ms)) {
            return false;
        }
    }
    return at == text.size && *ms >= FIRST_MS && *ms <= LAST_MS;
}

bool times_print(int64_t ms, char out[TIMES_BYTES])
{
    if (ms < FIRST_MS || ms > LAST_MS) {
        return false;
    }
    int64_t days = (ms - (ms < 0 ? DAY_MS - 1 : 0)) / DAY_MS;
    unsigned rest = (unsigned)(ms - days * DAY_MS);
    int64_t shifted = days + 719468;
    int64_t era = shifted / 146097;
    unsigned day_of_era = (unsigned)(shifted - era * 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month = (5 * day_of_year + 2) / 153;
    unsigned day = day_of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    unsigned year = (unsigned)(year_of_era + era * 400) + (month <= 2);
    unsigned second = rest / 1000;
    int size = snprintf(out, TIMES_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u", year % 10000, month, day, second / 3600 % 24,
                        second / 60 % 60, second % 60);
    snprintf(out + size, TIMES_BYTES - (size_t)size, rest % 1000 != 0 ? ".%03uZ" : "Z", rest % 1000);
    return true;
}

int64_t times_guess(int64_t number)
{
    uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number;
    if (size < UINT64_C(1000000)) {
        return number * DAY_MS;
    }
    if (size < UINT64_C(100000000000)) {
        return number * 1000;
    }
    return size < UINT64_C(100000000000000)      ? number
           : size < UINT64_C(100000000000000000) ? number / 1000
                                                 : number / 1000000;
}
