/*
 * units.c - the table of units and the arithmetic of amounts: decimal digits and a power of ten, so nothing is rounded.
 */
#include "text/units.h"

#include "text/text.h"

#define DIGITS_MAX 32u
#define BYTES_DIGITS_MAX 15u /* of a number of bytes that is tried as a multiple of 1024 */

enum unit_kind { KIND_MASS, KIND_VOLUME, KIND_LENGTH, KIND_BYTES, KIND_POWER, KIND_ENERGY, KIND_CHARGE, KIND_VOLTAGE,
                 KIND_CURRENT, KIND_FREQUENCY, KIND_ALONE };

/* The units, of a kind the smallest first. */
enum unit_number {
    UNIT_MG = UNIT_FOOT + 1, UNIT_G, UNIT_KG, UNIT_ML, UNIT_CL, UNIT_DL, UNIT_L, UNIT_MM, UNIT_CM, UNIT_M, UNIT_KM,
    UNIT_KB, UNIT_MB, UNIT_GB, UNIT_TB, UNIT_W, UNIT_KW, UNIT_WH, UNIT_KWH, UNIT_MAH, UNIT_AH, UNIT_MV, UNIT_V,
    UNIT_KV, UNIT_MA, UNIT_A, UNIT_HZ, UNIT_KHZ, UNIT_MHZ, UNIT_GHZ, UNIT_YD, UNIT_LB, UNIT_GAL, UNIT_QT,
    UNIT_RPM, UNIT_MP, UNIT_FPS, UNIT_NM, UNIT_PSI, UNIT_BAR, UNIT_DB, UNIT_LM, UNIT_DPI, UNIT_MBPS, UNIT_GBPS,
    UNIT_PC, UNIT_PACK,
    UNIT_COUNT
};

static const struct unit {
    char name[6];
    uint8_t kind;
    int8_t power; /* it is so many powers of ten of its kind's reference */
    bool written; /* amounts are written in it */
} units[UNIT_COUNT] = {
    [UNIT_INCH] = {"in", KIND_ALONE, 0, true},
    [UNIT_OUNCE] = {"oz", KIND_ALONE, 0, true},
    [UNIT_FOOT] = {"ft", KIND_ALONE, 0, true},
    [UNIT_MG] = {"mg", KIND_MASS, -3, true},
    [UNIT_G] = {"g", KIND_MASS, 0, true},
    [UNIT_KG] = {"kg", KIND_MASS, 3, true},
    [UNIT_ML] = {"ml", KIND_VOLUME, -3, true},
    [UNIT_CL] = {"cl", KIND_VOLUME, -2, false},
    [UNIT_DL] = {"dl", KIND_VOLUME, -1, false},
    [UNIT_L] = {"l", KIND_VOLUME, 0, true},
    [UNIT_MM] = {"mm", KIND_LENGTH, -3, true},
    [UNIT_CM] = {"cm", KIND_LENGTH, -2, true},
    [UNIT_M] = {"m", KIND_LENGTH, 0, true},
    [UNIT_KM] = {"km", KIND_LENGTH, 3, true},
    [UNIT_KB] = {"kb", KIND_BYTES, 3, true},
    [UNIT_MB] = {"mb", KIND_BYTES, 6, true},
    [UNIT_GB] = {"gb", KIND_BYTES, 9, true},
    [UNIT_TB] = {"tb", KIND_BYTES, 12, true},
    [UNIT_W] = {"w", KIND_POWER, 0, true},
    [UNIT_KW] = {"kw", KIND_POWER, 3, true},
    [UNIT_WH] = {"wh", KIND_ENERGY, 0, true},
    [UNIT_KWH] = {"kwh", KIND_ENERGY, 3, true},
    [UNIT_MAH] = {"mah", KIND_CHARGE, -3, true},
    [UNIT_AH] = {"ah", KIND_CHARGE, 0, true},
    [UNIT_MV] = {"mv", KIND_VOLTAGE, -3, true},
    [UNIT_V] = {"v", KIND_VOLTAGE, 0, true},
    [UNIT_KV] = {"kv", KIND_VOLTAGE, 3, true},
    [UNIT_MA] = {"ma", KIND_CURRENT, -3, true},
    [UNIT_A] = {"a", KIND_CURRENT, 0, true},
    [UNIT_HZ] = {"hz", KIND_FREQUENCY, 0, true},
    [UNIT_KHZ] = {"khz", KIND_FREQUENCY, 3, true},
    [UNIT_MHZ] = {"mhz", KIND_FREQUENCY, 6, true},
    [UNIT_GHZ] = {"ghz", KIND_FREQUENCY, 9, true},
    [UNIT_YD] = {"yd", KIND_ALONE, 0, true},
    [UNIT_LB] = {"lb", KIND_ALONE, 0, true},
    [UNIT_GAL] = {"gal", KIND_ALONE, 0, true},
    [UNIT_QT] = {"qt", KIND_ALONE, 0, true},
    [UNIT_RPM] = {"rpm", KIND_ALONE, 0, true},
    [UNIT_MP] = {"mp", KIND_ALONE, 0, true},
    [UNIT_FPS] = {"fps", KIND_ALONE, 0, true},
    [UNIT_NM] = {"nm", KIND_ALONE, 0, true},
    [UNIT_PSI] = {"psi", KIND_ALONE, 0, true},
    [UNIT_BAR] = {"bar", KIND_ALONE, 0, true},
    [UNIT_DB] = {"db", KIND_ALONE, 0, true},
    [UNIT_LM] = {"lm", KIND_ALONE, 0, true},
    [UNIT_DPI] = {"dpi", KIND_ALONE, 0, true},
    [UNIT_MBPS] = {"mbps", KIND_ALONE, 0, true},
    [UNIT_GBPS] = {"gbps", KIND_ALONE, 0, true},
    [UNIT_PC] = {"pc", KIND_ALONE, 0, true},
    [UNIT_PACK] = {"pack", KIND_ALONE, 0, true},
};

#define NAME_BYTES 11u

/* All names, folded, by their sizes. */
static const struct name {
    char name[NAME_BYTES];
    uint8_t unit;
} names[] = {
    {"a", UNIT_A}, {"g", UNIT_G}, {"l", UNIT_L}, {"m", UNIT_M}, {"v", UNIT_V}, {"w", UNIT_W},
    {"ah", UNIT_AH}, {"cl", UNIT_CL}, {"cm", UNIT_CM}, {"ct", UNIT_PC}, {"db", UNIT_DB}, {"dl", UNIT_DL},
    {"ft", UNIT_FOOT}, {"gb", UNIT_GB}, {"gr", UNIT_G}, {"hz", UNIT_HZ}, {"in", UNIT_INCH}, {"kb", UNIT_KB},
    {"kg", UNIT_KG}, {"km", UNIT_KM}, {"kv", UNIT_KV}, {"kw", UNIT_KW}, {"lb", UNIT_LB}, {"lm", UNIT_LM},
    {"ma", UNIT_MA}, {"mb", UNIT_MB}, {"mg", UNIT_MG}, {"ml", UNIT_ML}, {"mm", UNIT_MM}, {"mp", UNIT_MP},
    {"mv", UNIT_MV}, {"nm", UNIT_NM}, {"oz", UNIT_OUNCE}, {"pc", UNIT_PC}, {"pk", UNIT_PACK}, {"qt", UNIT_QT},
    {"tb", UNIT_TB}, {"wh", UNIT_WH}, {"yd", UNIT_YD},
    {"amp", UNIT_A}, {"bar", UNIT_BAR}, {"dpi", UNIT_DPI}, {"fps", UNIT_FPS}, {"gal", UNIT_GAL}, {"ghz", UNIT_GHZ},
    {"kgs", UNIT_KG}, {"khz", UNIT_KHZ}, {"kwh", UNIT_KWH}, {"lbs", UNIT_LB}, {"ltr", UNIT_L}, {"mah", UNIT_MAH},
    {"mhz", UNIT_MHZ}, {"pcs", UNIT_PC}, {"psi", UNIT_PSI}, {"rpm", UNIT_RPM}, {"stk", UNIT_PC},
    {"amps", UNIT_A}, {"feet", UNIT_FOOT}, {"foot", UNIT_FOOT}, {"gbps", UNIT_GBPS}, {"gram", UNIT_G},
    {"inch", UNIT_INCH}, {"kilo", UNIT_KG}, {"mbps", UNIT_MBPS}, {"pack", UNIT_PACK}, {"volt", UNIT_V},
    {"watt", UNIT_W}, {"yard", UNIT_YD}, {"zoll", UNIT_INCH},
    {"count", UNIT_PC}, {"gramm", UNIT_G}, {"grams", UNIT_G}, {"hertz", UNIT_HZ}, {"kilos", UNIT_KG},
    {"liter", UNIT_L}, {"litre", UNIT_L}, {"litri", UNIT_L}, {"litro", UNIT_L}, {"lumen", UNIT_LM},
    {"meter", UNIT_M}, {"metre", UNIT_M}, {"ounce", UNIT_OUNCE}, {"packs", UNIT_PACK}, {"piece", UNIT_PC},
    {"pound", UNIT_LB}, {"quart", UNIT_QT}, {"stuck", UNIT_PC}, {"volts", UNIT_V}, {"watts", UNIT_W},
    {"yards", UNIT_YD},
    {"gallon", UNIT_GAL}, {"gramme", UNIT_G}, {"inches", UNIT_INCH}, {"liters", UNIT_L}, {"litres", UNIT_L},
    {"litros", UNIT_L}, {"lumens", UNIT_LM}, {"meters", UNIT_M}, {"metres", UNIT_M}, {"ounces", UNIT_OUNCE},
    {"pieces", UNIT_PC}, {"pounds", UNIT_LB}, {"quarts", UNIT_QT},
    {"gallons", UNIT_GAL}, {"grammes", UNIT_G},
    {"gigabyte", UNIT_GB}, {"kilogram", UNIT_KG}, {"terabyte", UNIT_TB},
    {"gigabytes", UNIT_GB}, {"kilogramm", UNIT_KG}, {"kilograms", UNIT_KG}, {"megapixel", UNIT_MP},
    {"terabytes", UNIT_TB},
    {"megapixels", UNIT_MP},
};

#define NAME_COUNT (sizeof names / sizeof names[0])
#define L(letter) (1u << ((letter) - 'a'))

/* The names of each size: where they begin and with which letters, which turns most words away. */
static const struct {
    uint8_t first;
    uint32_t letters;
} sizes[NAME_BYTES + 1] = {
    [1] = {0, L('a') | L('g') | L('l') | L('m') | L('v') | L('w')},
    [2] = {6, L('a') | L('c') | L('d') | L('f') | L('g') | L('h') | L('i') | L('k') | L('l') | L('m') | L('n') |
            L('o') | L('p') | L('q') | L('t') | L('w') | L('y')},
    [3] = {39, L('a') | L('b') | L('d') | L('f') | L('g') | L('k') | L('l') | L('m') | L('p') | L('r') | L('s')},
    [4] = {56, L('a') | L('f') | L('g') | L('i') | L('k') | L('m') | L('p') | L('v') | L('w') | L('y') | L('z')},
    [5] = {69, L('c') | L('g') | L('h') | L('k') | L('l') | L('m') | L('o') | L('p') | L('q') | L('s') | L('v') |
            L('w') | L('y')},
    [6] = {90, L('g') | L('i') | L('l') | L('m') | L('o') | L('p') | L('q')},
    [7] = {103, L('g')},
    [8] = {105, L('g') | L('k') | L('t')},
    [9] = {108, L('g') | L('k') | L('m') | L('t')},
    [10] = {113, L('m')},
    [11] = {NAME_COUNT, 0},
};

#undef L

uint8_t unit_find(struct bytes word)
{
    uint8_t letter = word.size == 0 ? 0 : (uint8_t)(word.data[0] - 'a');
    if (word.size == 0 || word.size >= NAME_BYTES || letter >= 26 || (sizes[word.size].letters >> letter & 1) == 0) {
        return UNIT_NONE;
    }
    uint8_t begin[8] = {0};
    size_t begin_size = word.size < sizeof begin ? word.size : sizeof begin;
    for (size_t i = 0; i < begin_size; i++) {
        begin[i] = word.data[i];
    }
    uint64_t wanted = load_u64(begin);
    for (uint8_t i = sizes[word.size].first; i < sizes[word.size + 1].first; i++) {
        const char *name = names[i].name;
        if (load_u64((const uint8_t *)name) == wanted &&
            memcmp(name + begin_size, word.data + begin_size, word.size - begin_size) == 0) {
            return names[i].unit;
        }
    }
    return UNIT_NONE;
}

bool unit_goes_unsaid(uint8_t unit)
{
    return unit == UNIT_INCH || unit == UNIT_GB || unit == UNIT_TB;
}

bool unit_is_length(uint8_t unit)
{
    return unit == UNIT_INCH || unit == UNIT_FOOT || unit == UNIT_YD || (unit >= UNIT_MM && unit <= UNIT_KM);
}

/* The unit behind a number; UNIT_NONE: the word is something else. */
static uint8_t unit_behind_number(struct bytes folded)
{
    size_t size = 0;
    while (size < folded.size && ((folded.data[size] >= '0' && folded.data[size] <= '9') || folded.data[size] == '.')) {
        size++;
    }
    return size == 0 ? UNIT_NONE : unit_find(bytes_of(folded.data + size, folded.size - size));
}

bool text_is_amount(struct bytes folded)
{
    return unit_behind_number(folded) != UNIT_NONE;
}

bool text_is_length(struct bytes folded)
{
    return unit_is_length(unit_behind_number(folded));
}

/* digits * 10^power, without zeros at either end; no digits: zero. */
struct decimal {
    uint8_t digits[DIGITS_MAX];
    int count;
    int power;
};

/* False when it is not digits with at most one '.', or has too many of them. */
static bool read_decimal(struct bytes number, struct decimal *out)
{
    bool behind_point = false;
    *out = (struct decimal){.count = 0};
    for (size_t i = 0; i < number.size; i++) {
        uint8_t c = number.data[i];
        if (c == '.' && !behind_point) {
            behind_point = true;
            continue;
        }
        if (c < '0' || c > '9' || out->count == (int)DIGITS_MAX) {
            return false;
        }
        if (c != '0' || out->count != 0) {
            out->digits[out->count++] = (uint8_t)(c - '0');
        }
        out->power -= behind_point;
    }
    while (out->count != 0 && out->digits[out->count - 1] == 0) {
        out->count--;
        out->power++;
    }
    return true;
}

/* The largest unit of the kind of which the amount (in the kind's reference) is at least one, or the smallest. */
static uint8_t choose_unit(const struct decimal *amount, uint8_t kind)
{
    uint8_t chosen = UNIT_NONE;
    for (uint8_t i = UNIT_NONE + 1; i < UNIT_COUNT; i++) {
        bool fits = chosen == UNIT_NONE || (amount->count != 0 && amount->count + amount->power > units[i].power);
        if (units[i].kind == kind && units[i].written && fits) {
            chosen = i;
        }
    }
    return chosen;
}

/* A whole number, if it is one and not too large. */
static bool read_whole(const struct decimal *decimal, uint64_t *out)
{
    if (decimal->count == 0 || decimal->power < 0 || decimal->count + decimal->power > (int)BYTES_DIGITS_MAX) {
        return false;
    }
    *out = 0;
    for (int i = 0; i < decimal->count + decimal->power; i++) {
        *out = *out * 10 + (i < decimal->count ? decimal->digits[i] : 0u);
    }
    return true;
}

static void set_whole(struct decimal *decimal, uint64_t number)
{
    uint8_t reversed[DIGITS_MAX];
    int count = 0;
    *decimal = (struct decimal){.count = 0};
    while (number % 10 == 0) {
        number /= 10;
        decimal->power++;
    }
    for (; number != 0; number /= 10) {
        reversed[count++] = (uint8_t)(number % 10);
    }
    while (count > 0) {
        decimal->digits[decimal->count++] = reversed[--count];
    }
}

/* "1024 gb" is as good as "1000 gb": takes multiples of 1024, but not of 1000, to the next unit of bytes. */
static void take_binary_multiples(struct decimal *number, uint8_t *unit)
{
    uint64_t whole;
    while (*unit + 1u < UNIT_COUNT && units[*unit + 1].kind == KIND_BYTES && read_whole(number, &whole) &&
           whole % 1024 == 0 && whole % 1000 != 0) {
        set_whole(number, whole / 1024);
        ++*unit;
    }
}

static size_t print_decimal(const struct decimal *decimal, uint8_t *out)
{
    size_t size = 0;
    int whole = decimal->count == 0 ? 0 : decimal->count + decimal->power; /* digits before the point */
    if (whole <= 0) {
        out[size++] = '0';
    }
    for (int i = whole < 0 ? whole : 0; i < decimal->count || i < whole; i++) {
        if (i == whole) {
            out[size++] = '.';
        }
        out[size++] = (uint8_t)(i >= 0 && i < decimal->count ? '0' + decimal->digits[i] : '0');
    }
    return size;
}

/* Whether an amount is in its canonical form but for the unit's name: a whole number of up to three digits, where the
 * next larger unit is a thousand. */
static bool is_settled(struct bytes number, uint8_t unit)
{
    static const bool close[UNIT_COUNT] = {[UNIT_MM] = true, [UNIT_CM] = true, [UNIT_CL] = true, [UNIT_DL] = true};
    bool settled = number.size <= 3 && !close[unit] && number.data[0] != '0';
    for (size_t i = 0; i < number.size && settled; i++) {
        settled = number.data[i] >= '0' && number.data[i] <= '9';
    }
    return settled;
}

size_t unit_canonical(struct bytes number, uint8_t unit, uint8_t *out)
{
    struct decimal decimal;
    size_t size = 0;
    if (is_settled(number, unit)) {
        memcpy(out, number.data, number.size);
        size = number.size;
    } else if (read_decimal(number, &decimal)) {
        if (units[unit].kind != KIND_ALONE) {
            if (units[unit].kind == KIND_BYTES) {
                take_binary_multiples(&decimal, &unit);
            }
            decimal.power += units[unit].power;
            unit = choose_unit(&decimal, units[unit].kind);
            decimal.power -= units[unit].power;
        }
        if (decimal.count + (decimal.power < 0 ? -decimal.power : decimal.power) + 8 > (int)UNIT_AMOUNT_BYTES) {
            return 0;
        }
        size = print_decimal(&decimal, out);
    } else if (number.size + sizeof units[0].name <= UNIT_AMOUNT_BYTES) { /* a fraction, a version, other digits */
        memcpy(out, number.data, number.size);
        size = number.size;
    } else {
        return 0;
    }
    size_t name_size = strlen(units[unit].name);
    memcpy(out + size, units[unit].name, name_size);
    return size + name_size;
}

/* The smallest of the unit's kind. */
static uint8_t smallest_of(uint8_t unit)
{
    while (units[unit].kind != KIND_ALONE && units[unit - 1].kind == units[unit].kind) {
        unit--;
    }
    return unit;
}

size_t unit_multiple(struct bytes number, uint8_t unit, uint8_t *out)
{
    struct decimal decimal;
    if (!read_decimal(number, &decimal)) {
        return 0;
    }
    decimal.power += units[unit].power - units[smallest_of(unit)].power;
    bool fits = decimal.count + (decimal.power < 0 ? -decimal.power : decimal.power) + 2 <= (int)UNIT_AMOUNT_BYTES;
    return fits ? print_decimal(&decimal, out) : 0;
}

struct bytes unit_smallest(uint8_t unit)
{
    return bytes_of_string(units[smallest_of(unit)].name);
}
