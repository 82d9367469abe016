/*
 * random_shop.c - the vocabulary and the dice: schemas, products, patches. random_query.c makes the queries.
 *
 * Common words stand first and are drawn far more often (the square of a uniform number), so that df covers all
 * sizes. Text that the definition leaves open is not made: two spaces inside a number and its unit. A call takes at
 * most one throw of the dice among its arguments, because their order is the compiler's.
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
    "Acme", "ACME", "North Star", "northstar", "Levi's", "Caf\u00e9 Noir", "3M", "H&M", "run", "North-Star Red Star",
    "--",
};

static const char *const levels[] = {"Shoes",    "Running", "Wear",          "T-Shirts", "Home",
                                     "64 GB",    "!!",      "Running Shoes", "Wi-Fi & USB-C"};
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

bool shop_chance(struct shop *shop, uint32_t percent)
{
    return shop_random(shop, 100) < percent;
}

void shop_append(char *out, size_t size, const char *format, ...)
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
    static const char *const types[] = {"text", "keyword", "keyword", "path", "integer", "decimal", "double", "bool",
                                        "date"};
    field->type = type;
    shop_append(shop->schema, sizeof shop->schema, "%s\"%s\":{\"type\":\"%s\"", shop->field_count == 1 ? "" : ",", name,
           types[type]);
    return field;
}

static void end_field(struct shop *shop)
{
    shop_append(shop->schema, sizeof shop->schema, "}");
}

/* A weight of 0.01 to maximum hundredths under this key. */
static void add_weight(struct shop *shop, const char *key, uint32_t maximum)
{
    uint32_t weight = shop_chance(shop, 50) ? maximum : 1 + shop_random(shop, maximum);
    shop_append(shop->schema, sizeof shop->schema, ",\"%s\":%u.%02u", key, weight / 100, weight % 100);
}

static void add_positions(struct shop *shop, struct shop_field *field)
{
    field->searchable = true;
    field->positions = !shop->no_positions && shop_chance(shop, 80);
    if (!field->positions || shop_chance(shop, 30)) {
        shop_append(shop->schema, sizeof shop->schema, ",\"positions\":%s", field->positions ? "true" : "false");
    }
}

static void add_language(struct shop *shop)
{
    if (shop_chance(shop, 15)) {
        shop->one_language = false;
        shop_append(shop->schema, sizeof shop->schema, ",\"language\":\"%s\"",
               languages[shop_random(shop, COUNT(languages))]);
    }
}

static void add_keyword(struct shop *shop, const char *name, enum shop_type type, uint32_t maximum)
{
    struct shop_field *field = add_field(shop, name, type);
    if (shop_chance(shop, 60)) {
        add_weight(shop, "search_weight", maximum);
        add_positions(shop, field);
        add_language(shop);
    }
    field->facet = shop_chance(shop, 60);
    if (field->facet) {
        shop_append(shop->schema, sizeof shop->schema, ",\"facet\":true");
    }
    end_field(shop);
}

static void add_fields(struct shop *shop, bool title_only)
{
    static const uint32_t weights[] = {100, 100, 500, 250, 10000, 300, 133};
    uint32_t weight = weights[shop_random(shop, COUNT(weights))];
    if (shop->order != SHOP_ANY_ORDER || (!title_only && shop_chance(shop, 40))) {
        add_keyword(shop, "brand", SHOP_KEYWORD, weight);
    }
    add_positions(shop, add_field(shop, "title", SHOP_TEXT));
    shop_append(shop->schema, sizeof shop->schema, ",\"weight\":%u.%02u", weight / 100, weight % 100);
    end_field(shop);
    if (!title_only && shop_chance(shop, 60)) {
        add_positions(shop, add_field(shop, "description", SHOP_TEXT));
        add_weight(shop, "weight", weight);
        add_language(shop);
        end_field(shop);
    }
    if (shop->order != SHOP_ANY_ORDER || (!title_only && shop_chance(shop, 50))) {
        add_keyword(shop, "category", SHOP_PATH, weight);
    }
    if (!title_only && shop_chance(shop, 30)) {
        add_keyword(shop, "tags", SHOP_LIST, weight);
    }
    if (!title_only && weight >= 100 && shop_chance(shop, 30)) {
        add_positions(shop, add_field(shop, "sku", SHOP_KEYWORD));
        shop_append(shop->schema, sizeof shop->schema, ",\"code\":true");
        end_field(shop);
    }
    add_field(shop, "sales", SHOP_INTEGER);
    end_field(shop);
    add_field(shop, "price", SHOP_DECIMAL);
    shop_append(shop->schema, sizeof shop->schema, ",\"scale\":%u", 2);
    end_field(shop);
    add_field(shop, "rating", SHOP_DOUBLE);
    end_field(shop);
    add_field(shop, "in_stock", SHOP_BOOL);
    end_field(shop);
    if (shop->order == SHOP_NO_ORDER) {
        shop_append(shop->schema, sizeof shop->schema, ",\"nothing\":{\"type\":\"integer\"}");
    }
    if (shop_chance(shop, 50)) {
        shop->signals = true;
        add_field(shop, "reviews", SHOP_INTEGER);
        end_field(shop);
        add_field(shop, "updated", SHOP_DATE);
        end_field(shop);
    }
}

/* Parts that fill at most 64 bits together. */
static void add_order(struct shop *shop)
{
    static const unsigned bits[] = {0, 14, 14, 24, 8, 8, 8, 8, 0};
    unsigned room = 64;
    unsigned parts = 0;
    bool length = false;
    shop_append(shop->schema, sizeof shop->schema, ",\"order\":[");
    for (unsigned tries = 0; tries < 8 && parts < 6; tries++) {
        struct shop_field *field = &shop->fields[shop_random(shop, (uint32_t)shop->field_count)];
        bool use_length = !length && shop_chance(shop, 25);
        unsigned need = use_length ? 5 : bits[field->type];
        if (need == 0 || need > room || (!use_length && field->ordered)) {
            continue;
        }
        shop_append(shop->schema, sizeof shop->schema, "%s\"%s", parts++ == 0 ? "" : ",",
               use_length ? "length" : field->name);
        if (!use_length && field->type >= SHOP_INTEGER && shop_chance(shop, 70)) {
            shop_append(shop->schema, sizeof shop->schema, ":%s", shop_chance(shop, 60) ? "desc" : "asc");
        }
        shop_append(shop->schema, sizeof shop->schema, "\"");
        length = length || use_length;
        field->ordered = field->ordered || !use_length;
        room -= need;
    }
    shop_append(shop->schema, sizeof shop->schema, "%s]", parts == 0 ? "\"length\"" : "");
}

/* The orders that catalogs are compared in (bench/orders.py); no product has a value of the first one's field. */
static const char *const orders[SHOP_ORDERS] = {
    "\"nothing\"",
    "\"category\"",
    "\"length\",\"category\",\"brand\",\"sales:desc\"",
    "\"length\",\"sales:desc\",\"category\"",
    "\"category\",\"length\"",
};

static void set_order(struct shop *shop)
{
    shop_append(shop->schema, sizeof shop->schema, ",\"order\":[%s]", orders[shop->order - SHOP_NO_ORDER]);
    for (size_t i = 0; i < shop->field_count; i++) {
        struct shop_field *field = &shop->fields[i];
        field->ordered = strstr(orders[shop->order - SHOP_NO_ORDER], field->name) != NULL;
    }
}

static const char *const signal_fields[] = {"sales", "price", "rating", "in_stock", "reviews", "updated"};

/* Some of what signals can be, with small and large weights. */
static void add_signals(struct shop *shop)
{
    static const char *const signals[] = {
        "popularity\",\"field\":\"sales",
        "popularity\",\"field\":\"price",
        "popularity\",\"field\":\"rating",
        "rating\",\"field\":\"rating\",\"count\":\"reviews",
        "rating\",\"field\":\"price\",\"count\":\"sales",
        "rating\",\"field\":\"rating",
        "rating\",\"field\":\"sales",
        "recency\",\"field\":\"updated",
        "recency\",\"field\":\"updated\",\"half_life\":\"7s",
        "recency\",\"field\":\"updated\",\"half_life\":\"36500d",
        "stock\",\"field\":\"in_stock",
        "stock\",\"field\":\"sales",
    };
    static const uint32_t weights[] = {30, 100, 10000, 50};
    uint32_t count = 1 + shop_random(shop, 4);
    shop_append(shop->schema, sizeof shop->schema, ",\"signals\":[");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t weight = 1 + shop_random(shop, weights[shop_random(shop, COUNT(weights))]);
        shop_append(shop->schema, sizeof shop->schema, "%s{\"kind\":\"%s\",", i == 0 ? "" : ",",
                    signals[shop_random(shop, COUNT(signals))]);
        shop_append(shop->schema, sizeof shop->schema, "\"weight\":%u.%02u}", weight / 100, weight % 100);
    }
    shop_append(shop->schema, sizeof shop->schema, "]");
}

/* A field that chooses the shard: where there are several, products move when it changes. */
static void add_route(struct shop *shop)
{
    struct shop_field *field = &shop->fields[shop_random(shop, (uint32_t)shop->field_count)];
    if (field->type == SHOP_KEYWORD || field->type == SHOP_LIST || field->type == SHOP_PATH) {
        shop_append(shop->schema, sizeof shop->schema, ",\"route\":\"%s\"", field->name);
    }
}

const char *shop_weights(struct shop *shop, int64_t *now_ms)
{
    *now_ms = INT64_C(1700000000000) + (int64_t)shop_random(shop, 1u << 31);
    shop->weights[0] = '\0';
    for (size_t i = 0; shop->signals && i < COUNT(signal_fields); i++) {
        char quoted[32];
        snprintf(quoted, sizeof quoted, "\"field\":\"%s\"", signal_fields[i]);
        if (strstr(shop->schema, quoted) != NULL && shop_chance(shop, 20)) {
            uint32_t weight = shop_random(shop, 4) == 0 ? 0 : shop_random(shop, 1000);
            shop_append(shop->weights, sizeof shop->weights, "%s%s:", shop->weights[0] == '\0' ? "" : ",",
                        signal_fields[i]);
            shop_append(shop->weights, sizeof shop->weights, "%u.%02u", weight / 100, weight % 100);
        }
    }
    return shop->weights[0] == '\0' ? NULL : shop->weights;
}

void shop_init(struct shop *shop, uint64_t seed, unsigned order)
{
    *shop = (struct shop){.state = seed, .one_language = true, .order = order};
    shop->ids = 20 + shop_random(shop, shop_chance(shop, 5) ? SHOP_IDS_MAX - 20 : 300);
    shop->garble = shop_chance(shop, 20) ? 40 : 0;
    shop->rare = 10 + shop_random(shop, 2000);
    shop->no_positions = shop->garble == 0 && shop_chance(shop, 4);
    shop_append(shop->schema, sizeof shop->schema, "{\"version\":1,\"id\":\"id\",");
    if (shop_chance(shop, 85)) {
        shop_append(shop->schema, sizeof shop->schema, "\"language\":\"%s\",",
               languages[shop_random(shop, COUNT(languages))]);
    }
    shop_append(shop->schema, sizeof shop->schema, "\"fields\":{");
    add_fields(shop, shop_chance(shop, 25));
    if (order == SHOP_ANY_ORDER && seed % 5 < 2) { /* no throw of the dice, which would change all that follows */
        shop_variants_schema(shop);
    }
    shop_append(shop->schema, sizeof shop->schema, "}");
    if (order != SHOP_ANY_ORDER) {
        set_order(shop);
    } else if (shop_chance(shop, 70)) {
        add_order(shop);
    }
    if (shop->signals) {
        add_signals(shop);
    }
    add_route(shop);
    shop_append(shop->schema, sizeof shop->schema, "}");
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
    shop_append(out, size, "%c", "ab1"[shop_random(&dice, 3)]);
    for (uint32_t i = 0; i < length; i++) {
        shop_append(out, size, "%c", signs[shop_random(&dice, COUNT(signs) - 1)]);
    }
}

void shop_word(struct shop *shop, char *out, size_t size)
{
    if (shop_chance(shop, 15)) {
        shop_append(out, size, "rare%u", shop_random(shop, shop->rare));
    } else if (shop_chance(shop, shop->garble)) {
        add_garble(shop, out, size);
    } else if (shop_chance(shop, 5)) {
        uint32_t draw = shop_random(shop, 26 * shop->rare);
        shop_append(out, size, "model%c%u", 'a' + (int)(draw % 26), draw / 26);
    } else {
        shop_append(out, size, "%s", common_word(shop));
    }
}

const char *shop_plain_word(struct shop *shop)
{
    for (;;) {
        const char *word = common_word(shop);
        if (strspn(word, "abcdefghijklmnopqrstuvwxyz") == strlen(word)) {
            return word;
        }
    }
}

/* Words, now and then one twice in a row. */
static void add_words(struct shop *shop, char *out, uint32_t count)
{
    static const char *const between[] = {" ", " ", " ", " ", ", ", " - ", "; ", " (", ". "};
    for (uint32_t i = 0; i < count; i++) {
        size_t start = strlen(out);
        shop_append(out, SHOP_TEXT_BYTES, "%s", i == 0 ? "" : between[shop_random(shop, COUNT(between))]);
        size_t word = strlen(out);
        shop_word(shop, out, SHOP_TEXT_BYTES);
        if (i + 1 < count && word > start && shop_chance(shop, 5)) {
            char again[SHOP_SAMPLE_BYTES];
            snprintf(again, sizeof again, "%s", out + word);
            shop_append(out, SHOP_TEXT_BYTES, " %s", again);
            i++;
        }
    }
}

/* A word about as often as its places are kept; "run-s" is its first word twice, by its stem in English. */
static void add_repeats(struct shop *shop, char *out)
{
    bool compound = shop_chance(shop, 50);
    const char *word = compound ? "run-s" : shop_plain_word(shop);
    uint32_t times = (compound ? 500 : 1010) + shop_random(shop, 20);
    for (uint32_t i = 0; i < times; i++) {
        shop_append(out, SHOP_TEXT_BYTES, "%s ", word);
    }
}

/* Keeps a value, or from some word on what fits. */
static void keep_sample(struct shop *shop, size_t field, const char *value)
{
    struct shop_sample *sample = &shop->samples[shop->sample_count++ % SHOP_SAMPLES];
    size_t length = strlen(value);
    const char *from = value;
    if (length >= SHOP_SAMPLE_BYTES) {
        uint32_t last = (uint32_t)(length - SHOP_SAMPLE_BYTES / 2);
        uint32_t skipped = shop_chance(shop, 40) ? last : shop_random(shop, last);
        const char *space = strchr(value + skipped, ' ');
        from = space != NULL ? space + 1 : value;
    }
    sample->field = field;
    snprintf(sample->text, sizeof sample->text, "%s", from);
    if (strlen(from) >= SHOP_SAMPLE_BYTES) {
        char *space = strrchr(sample->text, ' ');
        *(space != NULL ? space : sample->text) = '\0';
    }
}

/* Appends one string: this value, or with NULL some words. */
static void add_string(struct shop *shop, size_t field, char *out, const char *value, uint32_t count)
{
    shop_append(out, SHOP_TEXT_BYTES, "\"");
    size_t start = strlen(out);
    if (value != NULL) {
        shop_append(out, SHOP_TEXT_BYTES, "%s", value);
    } else {
        if (shop->fields[field].type == SHOP_TEXT && shop_random(shop, 700) == 0) {
            add_repeats(shop, out);
        }
        add_words(shop, out, count);
    }
    keep_sample(shop, field, out + start);
    shop_append(out, SHOP_TEXT_BYTES, "\"");
}

/* One of the values, sometimes some words. */
static void add_keyword_value(struct shop *shop, size_t field, char *out, const char *const *values, uint32_t count)
{
    if (shop_chance(shop, 25)) {
        add_string(shop, field, out, NULL, 1 + shop_random(shop, 4));
    } else {
        add_string(shop, field, out, values[shop_random(shop, count)], 0);
    }
}

static void add_strings(struct shop *shop, size_t field, char *out, const char *const *values, uint32_t value_count)
{
    bool many = shop->fields[field].type == SHOP_LIST && shop_chance(shop, 2);
    uint32_t count = 1 + shop_random(shop, many ? 100 : 3);
    shop_append(out, SHOP_TEXT_BYTES, "[");
    for (uint32_t i = 0; i < count; i++) {
        shop_append(out, SHOP_TEXT_BYTES, "%s", i == 0 ? "" : ",");
        add_keyword_value(shop, field, out, values, value_count);
    }
    shop_append(out, SHOP_TEXT_BYTES, "]");
}

static void add_text(struct shop *shop, size_t field, char *out)
{
    static const uint32_t lengths[] = {1, 3, 4, 6, 8, 12, 30, 60, 110, 200};
    uint32_t longest = shop_chance(shop, 90) ? 6 : COUNT(lengths);
    uint32_t count = shop_random(shop, lengths[shop_random(shop, longest)] + 1);
    if (shop_chance(shop, 6)) {
        shop_append(out, SHOP_TEXT_BYTES, "[");
        add_string(shop, field, out, NULL, count);
        shop_append(out, SHOP_TEXT_BYTES, ",");
        add_string(shop, field, out, NULL, shop_random(shop, 3));
        shop_append(out, SHOP_TEXT_BYTES, ",");
        add_string(shop, field, out, NULL, 2);
        shop_append(out, SHOP_TEXT_BYTES, "]");
        return;
    }
    add_string(shop, field, out, NULL, count);
}

void shop_value(struct shop *shop, size_t number, char *out)
{
    const struct shop_field *field = &shop->fields[number];
    static const char *const stock[] = {"true", "false"};
    uint32_t draw;
    switch (field->type) {
    case SHOP_TEXT:
        add_text(shop, number, out);
        break;
    case SHOP_KEYWORD:
        add_keyword_value(shop, number, out, brands, COUNT(brands));
        break;
    case SHOP_LIST:
        add_strings(shop, number, out, brands, COUNT(brands));
        break;
    case SHOP_PATH:
        add_strings(shop, number, out, levels, COUNT(levels));
        break;
    case SHOP_INTEGER:
        shop_append(out, SHOP_TEXT_BYTES, "%d", (int)shop_random(shop, shop_chance(shop, 50) ? 20 : 1u << 30) - 3);
        break;
    case SHOP_DECIMAL:
        draw = shop_random(shop, 50000);
        shop_append(out, SHOP_TEXT_BYTES, "%u.%02u", draw / 100, draw % 100);
        break;
    case SHOP_DOUBLE:
        draw = shop_random(shop, 60);
        shop_append(out, SHOP_TEXT_BYTES, "%u.%u", draw / 10, draw % 10);
        break;
    case SHOP_BOOL:
        shop_append(out, SHOP_TEXT_BYTES, "%s", stock[shop_random(shop, 2)]);
        break;
    case SHOP_DATE:
        draw = 1700000000u + 2000000u;
        shop_append(out, SHOP_TEXT_BYTES, "%u", draw - shop_random(shop, shop_chance(shop, 30) ? 1u << 22 : draw));
        break;
    }
}

/* Ends a product or patch, with its variants. */
static void end_object(struct shop *shop, bool patch, char *out)
{
    memcpy(shop->flat, out, strlen(out) + 1);
    if (shop->has_variants && (!patch || shop_chance(shop, 40))) {
        uint32_t draw = shop_random(shop, 1u << 30);
        if (patch) { /* never what stands there already, which would be no change */
            shop_append(out, SHOP_TEXT_BYTES, "%s\"again\":%u", strlen(out) == 1 ? "" : ",", draw);
            memcpy(shop->flat, out, strlen(out) + 1);
        }
        shop_variants(shop, patch, out, shop->flat);
    }
    shop_append(out, SHOP_TEXT_BYTES, "}");
    shop_append(shop->flat, SHOP_TEXT_BYTES, "}");
}

void shop_product(struct shop *shop, const char *id, char *out)
{
    out[0] = '\0';
    shop_append(out, SHOP_TEXT_BYTES, "{\"id\":\"%s\"", id);
    for (size_t i = 0; i < shop->field_count && !shop->fields[i].of_variants; i++) {
        if (shop_chance(shop, 85)) {
            shop_append(out, SHOP_TEXT_BYTES, ",\"%s\":", shop->fields[i].name);
            shop_value(shop, i, out);
        } else if (shop_chance(shop, 10)) {
            shop_append(out, SHOP_TEXT_BYTES, ",\"%s\":null", shop->fields[i].name);
        }
    }
    shop_append(out, SHOP_TEXT_BYTES, "%s", shop_chance(shop, 10) ? ",\"unknown\":{\"a\":[1,2]}" : "");
    end_object(shop, false, out);
}

void shop_patch(struct shop *shop, bool numbers_only, bool ordered, char *out)
{
    unsigned count = 0;
    out[0] = '\0';
    shop_append(out, SHOP_TEXT_BYTES, "{");
    for (size_t i = 0; i < shop->field_count; i++) {
        const struct shop_field *field = &shop->fields[i];
        bool number = field->type >= SHOP_INTEGER;
        if (field->of_variants || (numbers_only && !number) || (number && field->ordered && !ordered) ||
            (!number && !field->searchable) ||
            shop_chance(shop, 60)) {
            continue;
        }
        shop_append(out, SHOP_TEXT_BYTES, "%s\"%s\":", count++ == 0 ? "" : ",", field->name);
        if (shop_chance(shop, 15)) {
            shop_append(out, SHOP_TEXT_BYTES, "null");
        } else {
            shop_value(shop, i, out);
        }
    }
    if (numbers_only) {
        shop_append(out, SHOP_TEXT_BYTES, "}");
        memcpy(shop->flat, out, strlen(out) + 1);
    } else {
        end_object(shop, true, out);
    }
}

uint32_t shop_id(struct shop *shop, char *out, size_t size)
{
    uint32_t number = shop_random(shop, shop->ids);
    snprintf(out, size, "P%u", number);
    return number;
}
