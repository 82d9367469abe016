/*
 * random_shop.c - the vocabulary and the dice.
 *
 * Common words stand first and are drawn far more often (the square of a uniform number), so that df covers all
 * sizes. Text that the definition leaves open is not made: two spaces inside a number and its unit, OR beside an
 * exclusion, pieces without a token in an OR. A call takes at most one throw of the dice among its arguments, because
 * their order is the compiler's.
 */
#include "oracle/random_shop.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const words[] = {
    "shoe", "red", "running", "shoes", "shirt", "blue", "men's", "bottle", "t-shirt", "tshirt", "wi-fi", "wifi",
    "64 gb", "64gb", "128-GB", "usb-c", "usb-64gb", "run", "runs", "cr\u00e8me", "creme", "Cr\u00c8ME",
    "stra\u00dfe", "strasse", "2.5 m", "25 m", "2.5", "1,000", "1000", "1,5", "1.5", "l'oreal", "loreal",
    "levi's", "levis", "at&t", "att", "WH-1000XM4", "wh1000xm4", "wh", "1000xm4", "a/c", "ac", "salt+pepper",
    "salt", "pepper", "mp3", "iphone", "12-pack", "12 pack", "pack", "m", "g", "5 g", "x-y-z", "xyz",
    "a-b-c-d-e", "m\u00f6bel", "mobel", "\ud55c\uad6d\uc5b4", "\u0939\u093f\u0928\u094d\u0926\u0940",
    "\ufb01ne", "fine", "universal", "university", "universe", "happy", "happily", "shop's", "women\u2019s",
    "u.s.a", "usa", "120,000", "120000", "1,234,567", "1234567", "snake_case", "snakecase", "2-in-1", "3,5 mm",
    "3.5mm", "1.2.3", "title", "or",
};

static const char *const brands[] = {
    "Acme", "ACME", "North Star", "northstar", "Levi's", "Caf\u00e9 Noir", "3M", "H&M", "run",
};

static const char *const levels[] = {"Shoes", "Running", "Wear", "T-Shirts", "Home", "64 GB"};
static const char *const languages[] = {"english", "english", "none", "german", "french"};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

uint32_t shop_random(struct shop *shop, uint32_t limit)
{
    shop->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = shop->state;
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(((mixed ^ mixed >> 31) >> 32) * limit >> 32);
}

static bool chance(struct shop *shop, uint32_t percent)
{
    return shop_random(shop, 100) < percent;
}

/* Appends to a text of SHOP_TEXT_BYTES or of the size given. */
__attribute__((format(printf, 3, 4))) static void append(char *out, size_t size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + used, size - used, format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------------------------------------ schema -- */

static struct shop_field *add_field(struct shop *shop, const char *name, enum shop_type type)
{
    struct shop_field *field = &shop->fields[shop->field_count++];
    *field = (struct shop_field){.name = name};
    static const char *const types[] = {"text", "keyword", "keyword", "path", "integer", "decimal", "double", "bool"};
    field->type = type;
    append(shop->schema, sizeof shop->schema, "%s\"%s\":{\"type\":\"%s\"", shop->field_count == 1 ? "" : ",", name,
           types[type]);
    return field;
}

static void end_field(struct shop *shop)
{
    append(shop->schema, sizeof shop->schema, "}");
}

/* A weight of 0.01 to maximum hundredths under this key. */
static void add_weight(struct shop *shop, const char *key, uint32_t maximum)
{
    uint32_t weight = chance(shop, 50) ? maximum : 1 + shop_random(shop, maximum);
    append(shop->schema, sizeof shop->schema, ",\"%s\":%u.%02u", key, weight / 100, weight % 100);
}

static void add_language(struct shop *shop)
{
    if (chance(shop, 15)) {
        shop->one_language = false;
        append(shop->schema, sizeof shop->schema, ",\"language\":\"%s\"",
               languages[shop_random(shop, COUNT(languages))]);
    }
}

static void add_keyword(struct shop *shop, const char *name, enum shop_type type, uint32_t maximum)
{
    struct shop_field *field = add_field(shop, name, type);
    if (chance(shop, 60)) {
        field->searchable = true;
        add_weight(shop, "search_weight", maximum);
        add_language(shop);
    }
    if (chance(shop, 30)) {
        append(shop->schema, sizeof shop->schema, ",\"facet\":true");
    }
    end_field(shop);
}

static void add_fields(struct shop *shop, bool title_only)
{
    static const uint32_t weights[] = {100, 100, 500, 250, 10000, 300, 133};
    uint32_t weight = weights[shop_random(shop, COUNT(weights))];
    if (!title_only && chance(shop, 40)) {
        add_keyword(shop, "brand", SHOP_KEYWORD, weight);
    }
    add_field(shop, "title", SHOP_TEXT)->searchable = true;
    append(shop->schema, sizeof shop->schema, ",\"weight\":%u.%02u", weight / 100, weight % 100);
    end_field(shop);
    if (!title_only && chance(shop, 60)) {
        add_field(shop, "description", SHOP_TEXT)->searchable = true;
        add_weight(shop, "weight", weight);
        add_language(shop);
        end_field(shop);
    }
    if (!title_only && chance(shop, 50)) {
        add_keyword(shop, "category", SHOP_PATH, weight);
    }
    if (!title_only && chance(shop, 30)) {
        add_keyword(shop, "tags", SHOP_LIST, weight);
    }
    if (!title_only && weight >= 100 && chance(shop, 30)) {
        add_field(shop, "sku", SHOP_KEYWORD)->searchable = true;
        append(shop->schema, sizeof shop->schema, ",\"code\":true");
        end_field(shop);
    }
    add_field(shop, "sales", SHOP_INTEGER);
    end_field(shop);
    add_field(shop, "price", SHOP_DECIMAL);
    append(shop->schema, sizeof shop->schema, ",\"scale\":%u", 2);
    end_field(shop);
    add_field(shop, "rating", SHOP_DOUBLE);
    end_field(shop);
    add_field(shop, "in_stock", SHOP_BOOL);
    end_field(shop);
}

/* Parts that fill at most 64 bits together. */
static void add_order(struct shop *shop)
{
    static const unsigned bits[] = {0, 14, 14, 24, 8, 8, 8, 8};
    unsigned room = 64;
    unsigned parts = 0;
    bool length = false;
    append(shop->schema, sizeof shop->schema, ",\"order\":[");
    for (unsigned tries = 0; tries < 8 && parts < 6; tries++) {
        struct shop_field *field = &shop->fields[shop_random(shop, (uint32_t)shop->field_count)];
        bool use_length = !length && chance(shop, 25);
        unsigned need = use_length ? 5 : bits[field->type];
        if (need == 0 || need > room || (!use_length && field->ordered)) {
            continue;
        }
        append(shop->schema, sizeof shop->schema, "%s\"%s", parts++ == 0 ? "" : ",",
               use_length ? "length" : field->name);
        if (!use_length && field->type >= SHOP_INTEGER && chance(shop, 70)) {
            append(shop->schema, sizeof shop->schema, ":%s", chance(shop, 60) ? "desc" : "asc");
        }
        append(shop->schema, sizeof shop->schema, "\"");
        length = length || use_length;
        field->ordered = field->ordered || !use_length;
        room -= need;
    }
    append(shop->schema, sizeof shop->schema, "%s]", parts == 0 ? "\"length\"" : "");
}

void shop_init(struct shop *shop, uint64_t seed)
{
    *shop = (struct shop){.state = seed, .one_language = true};
    shop->ids = 20 + shop_random(shop, chance(shop, 5) ? SHOP_IDS_MAX - 20 : 300);
    shop->garble = chance(shop, 20) ? 40 : 0;
    shop->rare = 10 + shop_random(shop, 2000);
    append(shop->schema, sizeof shop->schema, "{\"version\":1,\"id\":\"id\",");
    if (chance(shop, 85)) {
        append(shop->schema, sizeof shop->schema, "\"language\":\"%s\",",
               languages[shop_random(shop, COUNT(languages))]);
    }
    append(shop->schema, sizeof shop->schema, "\"fields\":{");
    add_fields(shop, chance(shop, 25));
    append(shop->schema, sizeof shop->schema, "}");
    if (chance(shop, 70)) {
        add_order(shop);
    }
    append(shop->schema, sizeof shop->schema, "}");
}

/* ---------------------------------------------------------------------------------------------- products -- */

static const char *common_word(struct shop *shop)
{
    uint64_t n = COUNT(words);
    uint64_t draw = shop_random(shop, 1u << 16);
    return words[draw * draw * n >> 32];
}

/* Signs, letters and digits as they come: where words, numbers, units and compounds begin and end. One of a few, so
 * that queries meet those of products. */
static void add_garble(struct shop *shop, char *out, size_t size)
{
    static const char signs[] = "aasmgx15500,,..''--_&/+";
    struct shop dice = {.state = shop_random(shop, 300)};
    uint32_t length = 3 + shop_random(&dice, 12);
    append(out, size, "%c", "ab1"[shop_random(&dice, 3)]);
    for (uint32_t i = 0; i < length; i++) {
        append(out, size, "%c", signs[shop_random(&dice, COUNT(signs) - 1)]);
    }
}

static void add_word(struct shop *shop, char *out, size_t size)
{
    if (chance(shop, 15)) {
        append(out, size, "rare%u", shop_random(shop, shop->rare));
    } else if (chance(shop, shop->garble)) {
        add_garble(shop, out, size);
    } else if (chance(shop, 5)) {
        uint32_t draw = shop_random(shop, 26 * shop->rare);
        append(out, size, "model%c%u", 'a' + (int)(draw % 26), draw / 26);
    } else {
        append(out, size, "%s", common_word(shop));
    }
}

static void add_words(struct shop *shop, char *out, uint32_t count)
{
    static const char *const between[] = {" ", " ", " ", " ", ", ", " - ", "; ", " (", ". "};
    for (uint32_t i = 0; i < count; i++) {
        append(out, SHOP_TEXT_BYTES, "%s", i == 0 ? "" : between[shop_random(shop, COUNT(between))]);
        add_word(shop, out, SHOP_TEXT_BYTES);
    }
}

static void add_strings(struct shop *shop, char *out, const char *const *values, uint32_t value_count)
{
    uint32_t count = 1 + shop_random(shop, 3);
    append(out, SHOP_TEXT_BYTES, "[");
    for (uint32_t i = 0; i < count; i++) {
        append(out, SHOP_TEXT_BYTES, "%s\"%s\"", i == 0 ? "" : ",", values[shop_random(shop, value_count)]);
    }
    append(out, SHOP_TEXT_BYTES, "]");
}

static void add_text(struct shop *shop, char *out)
{
    static const uint32_t lengths[] = {1, 3, 4, 6, 8, 12, 30, 60, 110, 200};
    uint32_t longest = chance(shop, 90) ? 6 : COUNT(lengths);
    uint32_t count = shop_random(shop, lengths[shop_random(shop, longest)] + 1);
    if (chance(shop, 3)) {
        append(out, SHOP_TEXT_BYTES, "[\"");
        add_words(shop, out, count);
        append(out, SHOP_TEXT_BYTES, "\",\"");
        add_words(shop, out, 2);
        append(out, SHOP_TEXT_BYTES, "\"]");
        return;
    }
    append(out, SHOP_TEXT_BYTES, "\"");
    add_words(shop, out, count);
    append(out, SHOP_TEXT_BYTES, "\"");
}

static void add_value(struct shop *shop, const struct shop_field *field, char *out)
{
    static const char *const stock[] = {"true", "false"};
    uint32_t draw;
    switch (field->type) {
    case SHOP_TEXT:
        add_text(shop, out);
        break;
    case SHOP_KEYWORD:
        append(out, SHOP_TEXT_BYTES, "\"%s\"", brands[shop_random(shop, COUNT(brands))]);
        break;
    case SHOP_LIST:
        add_strings(shop, out, brands, COUNT(brands));
        break;
    case SHOP_PATH:
        add_strings(shop, out, levels, COUNT(levels));
        break;
    case SHOP_INTEGER:
        append(out, SHOP_TEXT_BYTES, "%d", (int)shop_random(shop, chance(shop, 50) ? 20 : 1u << 30) - 3);
        break;
    case SHOP_DECIMAL:
        draw = shop_random(shop, 50000);
        append(out, SHOP_TEXT_BYTES, "%u.%02u", draw / 100, draw % 100);
        break;
    case SHOP_DOUBLE:
        draw = shop_random(shop, 60);
        append(out, SHOP_TEXT_BYTES, "%u.%u", draw / 10, draw % 10);
        break;
    case SHOP_BOOL:
        append(out, SHOP_TEXT_BYTES, "%s", stock[shop_random(shop, 2)]);
        break;
    }
}

void shop_product(struct shop *shop, const char *id, char *out)
{
    out[0] = '\0';
    append(out, SHOP_TEXT_BYTES, "{\"id\":\"%s\"", id);
    for (size_t i = 0; i < shop->field_count; i++) {
        if (chance(shop, 85)) {
            append(out, SHOP_TEXT_BYTES, ",\"%s\":", shop->fields[i].name);
            add_value(shop, &shop->fields[i], out);
        } else if (chance(shop, 10)) {
            append(out, SHOP_TEXT_BYTES, ",\"%s\":null", shop->fields[i].name);
        }
    }
    append(out, SHOP_TEXT_BYTES, "%s}", chance(shop, 10) ? ",\"unknown\":{\"a\":[1,2]}" : "");
}

void shop_patch(struct shop *shop, bool numbers_only, bool ordered, char *out)
{
    unsigned count = 0;
    out[0] = '\0';
    append(out, SHOP_TEXT_BYTES, "{");
    for (size_t i = 0; i < shop->field_count; i++) {
        const struct shop_field *field = &shop->fields[i];
        bool number = field->type >= SHOP_INTEGER;
        if ((numbers_only && !number) || (number && field->ordered && !ordered) || (!number && !field->searchable) ||
            chance(shop, 60)) {
            continue;
        }
        append(out, SHOP_TEXT_BYTES, "%s\"%s\":", count++ == 0 ? "" : ",", field->name);
        if (chance(shop, 15)) {
            append(out, SHOP_TEXT_BYTES, "null");
        } else {
            add_value(shop, field, out);
        }
    }
    append(out, SHOP_TEXT_BYTES, "}");
}

uint32_t shop_id(struct shop *shop, char *out, size_t size)
{
    uint32_t number = shop_random(shop, shop->ids);
    snprintf(out, size, "P%u", number);
    return number;
}

/* ----------------------------------------------------------------------------------------------- queries -- */

/* A word of letters a to z, so that it is one token and its beginnings are cut at a character. */
static const char *plain_word(struct shop *shop)
{
    for (;;) {
        const char *word = common_word(shop);
        if (strspn(word, "abcdefghijklmnopqrstuvwxyz") == strlen(word)) {
            return word;
        }
    }
}

/* A piece that makes at least one token. */
static void add_piece(struct shop *shop, char *out, size_t size, bool *plain)
{
    uint32_t draw = shop_random(shop, 100);
    *plain = *plain && draw < 45 && shop->one_language;
    if (draw < 45) {
        append(out, size, "%s", plain_word(shop));
    } else if (draw < 70) {
        add_word(shop, out, size);
    } else if (draw < 85) {
        const char *word = plain_word(shop);
        append(out, size, "%.*s*", 1 + (int)shop_random(shop, (uint32_t)strlen(word)), word);
    } else if (draw < 93 && shop->one_language) {
        const char *star = chance(shop, 20) ? "*" : "";
        append(out, size, "title:%s%s", plain_word(shop), star);
    } else if (draw < 96) {
        append(out, size, "%s", chance(shop, 50) ? "t-shi*" : "64 g*");
    } else {
        append(out, size, "%s", chance(shop, 50) ? "nothingatall" : "foo:shoe");
    }
}

bool shop_query(struct shop *shop, char *out, size_t size)
{
    static const char *const odd[] = {"", "  ", "!!", "-red", "-t-shirt -shoe", "OR", "red OR", "- red", "RED  SHOE",
                                      "-title:red", "shoe -64gb", "red red", "t shirt", "OR shoe", "-shi*"};
    bool plain = true;
    out[0] = '\0';
    if (chance(shop, 10)) {
        const char *text = odd[shop_random(shop, COUNT(odd))];
        append(out, size, "%s", strstr(text, "title:") != NULL && !shop->one_language ? "shoe" : text);
        return false;
    }
    uint32_t count = 1 + shop_random(shop, shop_random(shop, 4) + 1);
    bool excluded = true;
    for (uint32_t i = 0; i < count; i++) {
        bool exclude = i > 0 && chance(shop, 15);
        if (i > 0) {
            bool join = !exclude && !excluded && chance(shop, 25);
            append(out, size, "%s", join ? " OR " : " ");
            plain = plain && !join;
        }
        append(out, size, "%s", exclude ? "-" : "");
        if (exclude) {
            append(out, size, "%s", plain_word(shop));
        } else {
            add_piece(shop, out, size, &plain);
        }
        excluded = exclude;
    }
    return plain;
}
