/*
 * schema.h - the door of the schema module: what fields a catalog has and what each is for.
 *
 * Owns the schema's JSON form (data/shop.schema.json is the example), its rules, the schema that is guessed from
 * products, and (json.h, product.h) reading products by it. Does not analyse text, fold values or compute ranks, and
 * does not know which languages exist: `language` is a name that the text module judges.
 *
 *   schema   = { "version": 1, "id": NAME, "language": NAME?, "strict": BOOL?, "fields": { NAME: field, ... },
 *                "order": [ part, ... ]?, "signals": [ signal, ... ]?, "stems": { WORD: WORD, ... }?,
 *                "route": NAME?, "exact": 0.01..100? }
 *   field    = { "type": "text"|"keyword"|"path"|"integer"|"decimal"|"double"|"bool"|"date"|"variants",
 *                "weight": W?                    text: 0.01..100, default 1
 *                "search_weight": W?             keyword, path: makes it searchable
 *                "code": BOOL?                   keyword: a model number or SKU, searchable with weight 1 unless told
 *                "scale": 0..9?                  decimal: digits behind the point, default 2
 *                "facet": BOOL?                  all but text and variants
 *                "variant": BOOL?                all but path and variants: it belongs to the variants
 *                "key": NAME?                    variants: the member that tells a product's variants apart, by which
 *                                                patches name them; default "sku"
 *                "keeps": "least"|"greatest"|"sum"?  number, bool or date of variants: what of theirs is the
 *                                                product's value for facets, sorting and signals; default
 *                                                least, of a bool greatest (true if any is); dates have no sum
 *                "language": NAME?               text, or a field with search_weight; default the schema's
 *                "positions": BOOL?              likewise: whether it keeps where its words stand, for phrases and
 *                                                proximity; default true
 *                "typos": BOOL? }                likewise: whether corrections of misspelled words count in it; default
 *                                                true. Beside one that says false, the others need their positions
 *   part     = "length" | NAME | NAME ":asc" | NAME ":desc"     text fields cannot order; only numbers take a direction
 *   signal   = { "kind": "popularity"|"rating"|"recency"|"stock", "field": NAME, "weight": 0.01..100,
 *                "count": NAME?                  rating: an integer field, how many ratings there are
 *                "half_life": "90d"? }           recency: s, m, h or d; default 90d
 *
 * "stems" are exceptions to stemming, in every language but "none": a word is stemmed as another one would be ("mice":
 * "mouse"), or, when both are the same, not at all ("airpods": "airpods"). At most LIMIT_STEM_EXCEPTIONS of them.
 *
 * "exact" is what a product gets whose whole title, part number or id was typed: a weight, as that of a signal, of
 * which it gets all. The title is the first text field.
 *
 * "route" names a keyword or path: products with an equal first value, of a path with an equal first level, lie in one
 * shard. Without it, and for products without a value, the id decides.
 *
 * A field of type "variants" (one at most) is a list of objects in the product, what it is sold as; fields with
 * "variant" stand in those objects, and a filter can ask that one variant meets several conditions (query/filter.h). A
 * member that a variant does not have it takes from the product, and a product without variants is its own only one.
 *
 * The id stands in the product under its name and is not a field of type text, path, double, ...: it may be listed
 * as a keyword field too, which makes it searchable.
 *
 * Thread rule: a schema does not change after schema_parse; any number of threads may read it.
 */
#ifndef AISLE_SCHEMA_SCHEMA_H
#define AISLE_SCHEMA_SCHEMA_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/status.h"

#define SCHEMA_VERSION 1u
#define SCHEMA_LANGUAGE_BYTES 31u
#define SCHEMA_NO_FIELD 0xffu
#define SCHEMA_VARIANTS_KEY "sku" /* of variants whose schema names none */
#define SCHEMA_SCALE_MAX 9u

enum field_type {
    FIELD_TEXT,
    FIELD_KEYWORD,
    FIELD_PATH,
    FIELD_INTEGER,
    FIELD_DECIMAL,
    FIELD_DOUBLE,
    FIELD_BOOL,
    FIELD_DATE,
    FIELD_VARIANTS
};

/* Whether a field of this type has one number a product. */
static inline bool field_type_is_number(enum field_type type)
{
    return type >= FIELD_INTEGER && type <= FIELD_DATE;
}

/* Whether its values are words, of a dictionary. */
static inline bool field_type_is_words(enum field_type type)
{
    return type == FIELD_KEYWORD || type == FIELD_PATH;
}

/* Which of its variants' numbers a product's column holds. */
enum field_keeps { FIELD_KEEPS_LEAST, FIELD_KEEPS_GREATEST, FIELD_KEEPS_SUM };

/* What becomes of a value of the field that stands in a query. */
enum understand { UNDERSTAND_NONE, UNDERSTAND_FILTER, UNDERSTAND_BOOST };

struct field {
    char name[LIMIT_FIELD_NAME_BYTES + 1];
    enum field_type type;
    uint32_t weight; /* hundredths: of a text field, or search_weight; 0: not searchable */
    uint8_t scale;   /* decimal: digits behind the point; otherwise 0 */
    bool facet;
    uint8_t understand;                       /* enum understand; of a number: of prices */
    bool code;                                /* keyword: a model number or SKU */
    bool of_variants;                         /* a variant of a product has a value of its own */
    uint8_t keeps;                            /* enum field_keeps, of a number of variants */
    char language[SCHEMA_LANGUAGE_BYTES + 1]; /* its own or the schema's; never empty */
    bool searchable;                          /* weight > 0 */
    bool positions;                           /* searchable, and where its words stand is kept */
    bool typos;                               /* searchable, and corrections count in it */
    uint8_t searchable_rank;                  /* number among the searchable fields, from 0 */
    bool column; /* numbers, bools, dates, variants; keyword and path with facet or used in order or signals */
};

struct order_part {
    enum { ORDER_LENGTH, ORDER_FIELD } kind;
    uint8_t field;   /* with ORDER_FIELD */
    bool descending; /* numbers only */
};

enum signal_kind { SIGNAL_POPULARITY, SIGNAL_RATING, SIGNAL_RECENCY, SIGNAL_STOCK };

struct signal {
    enum signal_kind kind;
    uint8_t field;
    uint8_t count_field;  /* rating: how many ratings; SCHEMA_NO_FIELD: none */
    uint32_t weight;      /* hundredths */
    int64_t half_life_ms; /* recency; otherwise 0 */
};

/* An exception to stemming; its texts belong to the schema. */
struct schema_stem {
    struct bytes word;
    struct bytes stem;
};

#define SCHEMA_NAME_SLOTS 256u /* at least 2 * LIMIT_FIELDS, a power of two */

struct schema {
    uint64_t print; /* hash of schema_encode's text: tells whether two catalogs have the same */
    uint32_t version;
    char id_name[LIMIT_FIELD_NAME_BYTES + 1];
    char language[SCHEMA_LANGUAGE_BYTES + 1]; /* "none" when the schema names none */
    uint32_t exact;                           /* hundredths; 0: nothing */
    bool strict;                              /* products with unknown fields are rejected */
    uint8_t field_count;
    uint8_t searchable_count;
    uint8_t first_text; /* the first field of type text; SCHEMA_NO_FIELD: none */
    uint8_t id_field;   /* the field that lists the id too; SCHEMA_NO_FIELD: none */
    uint8_t variants_field; /* of type variants; SCHEMA_NO_FIELD: none */
    char variants_key[LIMIT_FIELD_NAME_BYTES + 1]; /* the member that a patch names variants by */
    uint8_t route_field; /* SCHEMA_NO_FIELD: shards are chosen by id */
    uint8_t order_count;
    uint8_t signal_count;
    struct field fields[LIMIT_FIELDS];
    struct order_part order[LIMIT_ORDER_PARTS]; /* never empty: "length" when the schema names none */
    struct signal signals[LIMIT_SIGNALS];
    struct schema_stem *stems; /* owned, their texts behind them in the same block; NULL: none */
    uint32_t stem_count;
    uint8_t name_slots[SCHEMA_NAME_SLOTS]; /* private to schema_field_find: hash of a name to field + 1, or 0 */
};

/*
 * The schema of a JSON text, for the caller to free with schema_free. AISLE_BAD_SCHEMA: the message names the field
 * at fault and what was expected, position is the byte. AISLE_NO_MEMORY.
 */
must_check int schema_parse(struct bytes json, struct schema **out, aisle_error *error);

/* Frees; NULL is allowed. */
void schema_free(struct schema *schema);

/* The shop schema, the text of data/shop.schema.json, built in; freed as one of schema_parse. AISLE_NO_MEMORY. */
must_check int schema_default(struct schema **out);

/* The JSON text of schema_default; static. */
struct bytes schema_default_json(void);

/* Appends the schema as indented JSON that parses back to an equal one. AISLE_NO_MEMORY, AISLE_LIMIT (of out). */
must_check int schema_encode(const struct schema *schema, struct buf *out);

/* The number of the field with this name, or -1. */
int schema_field_find(const struct schema *schema, struct bytes name);

/* What a field is understood as unless the schema says otherwise: a number called price is a filter. */
enum understand schema_understand_default(const struct field *field);

/* "text", "keyword", ... ; static. */
const char *field_type_name(enum field_type type);

/* "least", ... ; static. */
const char *field_keeps_name(enum field_keeps keeps);

/* What is kept unless the schema says otherwise. */
enum field_keeps field_keeps_default(enum field_type type);

/* "popularity", ... ; static. */
const char *signal_kind_name(enum signal_kind kind);

/*
 * Guesses a schema from products, one JSON object a line, bare or in a change log's {"op":"put","product":{...}};
 * the first 10,000 lines that hold something are read, others of a change log are passed over. Appends JSON that
 * schema_parse accepts; the same lines always give the same text. Lines that are not JSON are passed over too, they
 * are rejected when they are indexed. The id is the first of id, _id, sku, objectID that nine in ten products have.
 * A list of objects called variants, skus or offers becomes the field of variants. Other objects, and links, are left
 * out. AISLE_BAD_PRODUCT when no line holds a product or nothing can be the id;
 * AISLE_NO_MEMORY, AISLE_LIMIT (of json_out).
 */
must_check int schema_infer(struct bytes lines, struct buf *json_out, aisle_error *error);

/* The field whose words are like a query's: the first text, else the first searched; SCHEMA_NO_FIELD: none. */
static inline uint8_t schema_main_field(const struct schema *schema)
{
    uint8_t field = schema->first_text;
    for (uint8_t f = 0; f < schema->field_count && field == SCHEMA_NO_FIELD; f++) {
        field = schema->fields[f].searchable ? f : field;
    }
    return field;
}

#endif
