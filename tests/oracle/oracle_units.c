/*
 * oracle_units.c - the oracle's units: names, and amounts in one spelling, by moving the point of a written number.
 */
#include "oracle/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A kind's units from small to large, each with its other names. Moving to a larger one moves the point by places. */
static const struct unit {
    char kind; /* '.': of a kind alone */
    int places;
    bool written;
    const char *names; /* the first is the one that is written */
} units[] = {
    {'g', 0, true, "mg"}, {'g', 3, true, "g gr gram grams gramm gramme grammes"},
    {'g', 6, true, "kg kgs kilo kilos kilogram kilograms kilogramm"},
    {'l', 0, true, "ml"}, {'l', 1, false, "cl"}, {'l', 2, false, "dl"},
    {'l', 3, true, "l ltr liter liters litre litres litro litros litri"},
    {'m', 0, true, "mm"}, {'m', 1, true, "cm"}, {'m', 3, true, "m meter meters metre metres"}, {'m', 6, true, "km"},
    {'b', 0, true, "kb"}, {'b', 3, true, "mb"}, {'b', 6, true, "gb gigabyte gigabytes"},
    {'b', 9, true, "tb terabyte terabytes"},
    {'w', 0, true, "w watt watts"}, {'w', 3, true, "kw"}, {'e', 0, true, "wh"}, {'e', 3, true, "kwh"},
    {'c', 0, true, "mah"}, {'c', 3, true, "ah"}, {'v', 0, true, "mv"}, {'v', 3, true, "v volt volts"},
    {'v', 6, true, "kv"}, {'a', 0, true, "ma"}, {'a', 3, true, "a amp amps"},
    {'h', 0, true, "hz hertz"}, {'h', 3, true, "khz"}, {'h', 6, true, "mhz"}, {'h', 9, true, "ghz"},
    {'.', 0, true, "in inch inches zoll"}, {'.', 0, true, "oz ounce ounces"}, {'.', 0, true, "ft foot feet"},
    {'.', 0, true, "yd yard yards"}, {'.', 0, true, "lb lbs pound pounds"}, {'.', 0, true, "gal gallon gallons"},
    {'.', 0, true, "qt quart quarts"}, {'.', 0, true, "rpm"}, {'.', 0, true, "mp megapixel megapixels"},
    {'.', 0, true, "fps"}, {'.', 0, true, "nm"}, {'.', 0, true, "psi"}, {'.', 0, true, "bar"}, {'.', 0, true, "db"},
    {'.', 0, true, "lm lumen lumens"}, {'.', 0, true, "dpi"}, {'.', 0, true, "mbps"}, {'.', 0, true, "gbps"},
    {'.', 0, true, "pc pcs piece pieces stuck stk ct count"}, {'.', 0, true, "pack packs pk"},
};

#define COUNT ((int)(sizeof units / sizeof units[0]))

int oracle_unit(const char *text)
{
    for (int i = 0; i < COUNT; i++) {
        char names[128];
        snprintf(names, sizeof names, "%s", units[i].names);
        for (char *name = strtok(names, " "); name != NULL; name = strtok(NULL, " ")) {
            if (strcmp(name, text) == 0) {
                return i;
            }
        }
    }
    return -1;
}

static bool is_named(int unit, const char *name)
{
    return unit >= 0 && oracle_unit(name) == unit;
}

bool oracle_unit_goes_unsaid(int unit)
{
    return is_named(unit, "in") || is_named(unit, "gb") || is_named(unit, "tb");
}

bool oracle_unit_is_length(int unit)
{
    return unit >= 0 &&
           (units[unit].kind == 'm' || is_named(unit, "in") || is_named(unit, "ft") || is_named(unit, "yd"));
}

/* Writes number with its point moved to the left by places (negative: to the right), without needless zeros. */
static char *move_point(struct pool *pool, const char *number, int places)
{
    size_t size = strlen(number) + 80;
    char *digits = pool_alloc(pool, size);
    const char *point = strchr(number, '.');
    int whole = (int)(point != NULL ? (size_t)(point - number) : strlen(number)) - places;
    size_t length = 0;
    for (; whole < 1; whole++) {
        digits[length++] = '0';
    }
    for (const char *c = number; *c != '\0'; c++) {
        if (*c != '.') {
            digits[length++] = *c;
        }
    }
    while (length < (size_t)whole) {
        digits[length++] = '0';
    }
    char *out = pool_alloc(pool, length + 2);
    size_t first = 0;
    while (first + 1 < (size_t)whole && digits[first] == '0') {
        first++;
    }
    while (length > (size_t)whole && digits[length - 1] == '0') {
        length--;
    }
    memcpy(out, digits + first, (size_t)whole - first);
    if (length > (size_t)whole) {
        strcat(out, ".");
        memcpy(out + strlen(out), digits + whole, length - (size_t)whole);
    }
    return out;
}

static bool is_decimal(const char *number)
{
    size_t points = 0, digits = 0;
    for (const char *c = number; *c != '\0'; c++) {
        points += *c == '.';
        digits += *c >= '0' && *c <= '9' && (digits != 0 || *c != '0');
        if (*c != '.' && (*c < '0' || *c > '9')) {
            return false;
        }
    }
    return points <= 1 && digits <= 32;
}

/* 1024 of a unit of bytes, but no thousands, are one of the next. */
static char *divide_bytes(struct pool *pool, char *number, int *unit)
{
    while (units[*unit].kind == 'b' && !is_named(*unit, "tb") && strchr(number, '.') == NULL && strlen(number) <= 15) {
        unsigned long long whole = strtoull(number, NULL, 10);
        if (whole == 0 || whole % 1024 != 0 || whole % 1000 == 0) {
            break;
        }
        number = pool_alloc(pool, 24);
        snprintf(number, 24, "%llu", whole / 1024);
        ++*unit;
    }
    return number;
}

char *oracle_amount(struct pool *pool, const char *number, int unit)
{
    char *shown = pool_text(pool, number, strlen(number));
    if (is_decimal(number)) {
        shown = divide_bytes(pool, move_point(pool, number, 0), &unit);
        int base = units[unit].places;
        for (int i = COUNT - 1; i >= 0 && units[unit].kind != '.'; i--) {
            char *moved = units[i].kind == units[unit].kind ? move_point(pool, shown, units[i].places - base) : NULL;
            bool smallest = i == 0 || units[i - 1].kind != units[i].kind;
            if (moved != NULL && units[i].written && ((moved[0] != '0') || smallest)) {
                shown = moved;
                unit = i;
                break;
            }
        }
    }
    char name[8];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(units[unit].names, " "), units[unit].names);
    char *out = pool_alloc(pool, strlen(shown) + sizeof name + 1);
    return strcat(strcat(out, shown), name);
}

char *oracle_lengths(struct pool *pool, const char *numbers, int unit)
{
    char *out = pool_alloc(pool, 16 + 100 * (strlen(numbers) + 1));
    for (const char *at = numbers;; at++) {
        size_t size = strcspn(at, "x");
        char *number = pool_text(pool, at, size);
        if (!is_decimal(number)) {
            return NULL;
        }
        strcat(out, move_point(pool, number, units[unit].kind == 'm' ? -units[unit].places : 0));
        at += size;
        if (*at == '\0') {
            break;
        }
        strcat(out, "x");
    }
    const char *names = units[unit].kind == 'm' ? "mm" : units[unit].names;
    return strncat(out, names, strcspn(names, " "));
}
