/*
 * random_variants.c - variants of random products, and the same products with what their variants come to written out.
 *
 * The oracle knows nothing of variants: it is given products whose fields of variants hold what the definition says
 * (all their words, the least, greatest or summed number), and "variants" with every variant's values, those taken from
 * the product included. A patch replaces all of that, so that what it comes to is known here.
 */
#include "oracle/random_shop.h"

#include "oracle/field_value.h"

#include <stdio.h>
#include <string.h>

#define VARIANTS_MAX 12u
#define VALUE_BYTES 512u

enum keeps { LEAST, GREATEST, SUM };

static const struct {
    const char *name;
    enum shop_type type;
    enum keeps keeps;
    const char *options;
} variant_fields[] = {
    {"color", SHOP_KEYWORD, LEAST, ",\"facet\":true"},
    {"fit", SHOP_KEYWORD, LEAST, ",\"facet\":true"},
    {"part", SHOP_KEYWORD, LEAST, ",\"code\":true"},
    {"cost", SHOP_DECIMAL, LEAST, ""},
    {"pieces", SHOP_INTEGER, SUM, ",\"keeps\":\"sum\""},
    {"stars", SHOP_DOUBLE, GREATEST, ",\"keeps\":\"greatest\""},
    {"sold", SHOP_BOOL, GREATEST, ""},
};

#define FIELDS (sizeof variant_fields / sizeof variant_fields[0])

/* JSON of a variant's values; empty: none. */
struct row {
    char values[FIELDS][VALUE_BYTES];
};

void shop_variants_schema(struct shop *shop)
{
    static const char *const types[] = {[SHOP_KEYWORD] = "keyword", [SHOP_DECIMAL] = "decimal",
                                        [SHOP_INTEGER] = "integer", [SHOP_DOUBLE] = "double",
                                        [SHOP_BOOL] = "bool"};
    shop->has_variants = true;
    shop->first_of_variants = shop->field_count;
    shop_append(shop->schema, sizeof shop->schema, ",\"variants\":{\"type\":\"variants\"}");
    for (size_t i = 0; i < FIELDS; i++) {
        bool code = strstr(variant_fields[i].options, "code") != NULL;
        struct shop_field *field = &shop->fields[shop->field_count++];
        *field = (struct shop_field){.name = variant_fields[i].name, .type = variant_fields[i].type};
        field->of_variants = true;
        field->searchable = code;
        field->positions = code;
        field->facet = !code && field->type == SHOP_KEYWORD;
        shop_append(shop->schema, sizeof shop->schema, ",\"%s\":{\"type\":\"%s\",\"variant\":true%s}",
                    variant_fields[i].name, types[variant_fields[i].type], variant_fields[i].options);
    }
}

static enum keeps keeps_of(const char *name)
{
    size_t i = 0;
    while (strcmp(variant_fields[i].name, name) != 0) {
        i++;
    }
    return variant_fields[i].keeps;
}

static size_t count_fields(const struct shop *shop)
{
    return shop->field_count - shop->first_of_variants;
}

static const struct shop_field *field_of(const struct shop *shop, size_t i)
{
    return &shop->fields[shop->first_of_variants + i];
}

/* Values of some of the fields. */
static void draw_row(struct shop *shop, uint32_t percent, struct row *row)
{
    for (size_t i = 0; i < count_fields(shop); i++) {
        row->values[i][0] = '\0';
        if (shop_chance(shop, percent)) {
            static char text[SHOP_TEXT_BYTES];
            text[0] = '\0';
            shop_value(shop, shop->first_of_variants + i, text);
            size_t size = strlen(text);
            memcpy(row->values[i], text, size < VALUE_BYTES ? size + 1 : 0);
        }
    }
}

/* Appends "name":value of each; first: nothing stands before them in the object. */
static void put_row(const struct shop *shop, const struct row *row, char *out, bool first)
{
    for (size_t i = 0; i < count_fields(shop); i++) {
        if (row->values[i][0] != '\0') {
            shop_append(out, SHOP_TEXT_BYTES, "%s\"%s\":%s", first ? "" : ",", field_of(shop, i)->name,
                        row->values[i]);
            first = false;
        }
    }
}

static int64_t thousandths(const char *value)
{
    return value[0] == 't' ? 1000 : value[0] == 'f' ? 0 : field_thousandths_of_text(value);
}

/* What a number of the variants comes to. */
static void put_number(enum keeps keeps, const struct row *rows, size_t count, size_t i, char *flat)
{
    const char *kept = NULL;
    int64_t sum = 0;
    for (size_t k = 0; k < count; k++) {
        const char *value = rows[k].values[i];
        if (value[0] == '\0') {
            continue;
        }
        sum += thousandths(value);
        bool is_better = kept == NULL || (keeps == LEAST ? thousandths(value) < thousandths(kept)
                                                         : thousandths(value) > thousandths(kept));
        kept = is_better ? value : kept;
    }
    if (kept == NULL) {
        shop_append(flat, SHOP_TEXT_BYTES, "null");
    } else if (keeps == SUM) {
        shop_append(flat, SHOP_TEXT_BYTES, "%lld", (long long)(sum / 1000));
    } else {
        shop_append(flat, SHOP_TEXT_BYTES, "%s", kept);
    }
}

/* The words of the product itself (base) and of all its variants, each once. */
static void put_words(const struct row *base, const struct row *rows, size_t count, size_t i, char *flat)
{
    const char *seen[VARIANTS_MAX + 1];
    size_t words = 0;
    shop_append(flat, SHOP_TEXT_BYTES, "[");
    for (size_t k = 0; k <= count; k++) {
        const char *value = k == 0 ? base->values[i] : rows[k - 1].values[i];
        bool is_new = value[0] != '\0';
        for (size_t other = 0; other < words && is_new; other++) {
            is_new = strcmp(seen[other], value) != 0;
        }
        if (is_new) {
            shop_append(flat, SHOP_TEXT_BYTES, "%s%s", words == 0 ? "" : ",", value);
            seen[words++] = value;
        }
    }
    shop_append(flat, SHOP_TEXT_BYTES, "]");
}

/* Appends what they come to, of every field. */
static void put_flat(const struct shop *shop, const struct row *base, const struct row *rows, size_t count, char *flat)
{
    for (size_t i = 0; i < count_fields(shop); i++) {
        const struct shop_field *field = field_of(shop, i);
        bool any = base->values[i][0] != '\0';
        for (size_t k = 0; k < count; k++) {
            any = any || rows[k].values[i][0] != '\0';
        }
        shop_append(flat, SHOP_TEXT_BYTES, ",\"%s\":", field->name);
        if (!any) {
            shop_append(flat, SHOP_TEXT_BYTES, "null");
        } else if (field->type == SHOP_KEYWORD) {
            put_words(base, rows, count, i, flat);
        } else {
            put_number(keeps_of(field->name), rows, count, i, flat);
        }
    }
    shop_append(flat, SHOP_TEXT_BYTES, ",\"variants\":[");
    for (size_t k = 0; k < count; k++) {
        shop_append(flat, SHOP_TEXT_BYTES, "%s{", k == 0 ? "" : ",");
        put_row(shop, &rows[k], flat, true);
        shop_append(flat, SHOP_TEXT_BYTES, "}");
    }
    shop_append(flat, SHOP_TEXT_BYTES, "]");
}

/* One more variant: what it says itself, to out; what it has, to row. */
static void draw_variant(struct shop *shop, const struct row *base, char *out, struct row *row)
{
    draw_row(shop, 70, row);
    shop_append(out, SHOP_TEXT_BYTES, "{");
    put_row(shop, row, out, true);
    bool first = out[strlen(out) - 1] == '{';
    for (size_t i = 0; i < count_fields(shop); i++) {
        if (row->values[i][0] != '\0') {
            continue;
        }
        if (shop_chance(shop, 20)) {
            shop_append(out, SHOP_TEXT_BYTES, "%s\"%s\":null", first ? "" : ",", field_of(shop, i)->name);
            first = false;
        } else {
            snprintf(row->values[i], VALUE_BYTES, "%s", base->values[i]);
        }
    }
    shop_append(out, SHOP_TEXT_BYTES, "}");
}

void shop_variants(struct shop *shop, bool patch, char *out, char *flat)
{
    static struct row rows[VARIANTS_MAX];
    struct row base = {.values = {""}};
    size_t count = shop_chance(shop, 25) ? 0 : 1 + shop_random(shop, shop_chance(shop, 10) ? VARIANTS_MAX : 4);
    bool named = count != 0 || patch || shop_chance(shop, 20);
    if (shop_chance(shop, count == 0 ? 70 : 40)) {
        draw_row(shop, 60, &base);
    }
    for (size_t i = 0; i < count_fields(shop); i++) {
        if (base.values[i][0] != '\0') {
            shop_append(out, SHOP_TEXT_BYTES, ",\"%s\":%s", field_of(shop, i)->name, base.values[i]);
        } else if (patch) {
            shop_append(out, SHOP_TEXT_BYTES, ",\"%s\":null", field_of(shop, i)->name);
        }
    }
    shop_append(out, SHOP_TEXT_BYTES, "%s", named ? ",\"variants\":[" : "");
    for (size_t k = 0; k < count; k++) {
        shop_append(out, SHOP_TEXT_BYTES, "%s", k == 0 ? "" : ",");
        draw_variant(shop, &base, out, &rows[k]);
    }
    shop_append(out, SHOP_TEXT_BYTES, "%s", named ? "]" : "");
    if (count == 0) {
        rows[0] = base;
    }
    put_flat(shop, &base, rows, count == 0 ? 1 : count, flat);
}
