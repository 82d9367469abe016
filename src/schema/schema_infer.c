/*
 * schema_infer.c - guesses a schema: what was seen of each field, and what its name means in a shop.
 *
 * A name only suggests a role; the values decide whether it can have it, so that no product seen would be rejected by
 * the guess. Fields of objects, of values that no type takes and of links are left out: they are stored and returned,
 * not searched. The result is written by schema_encode, for a person to edit.
 * Thread rule: functions touch only what they are given.
 */
#include "infer.h"

#include "base/alloc.h"

#include <stdio.h>

#include <strings.h>

#define LINES_MAX 10000u
#define TITLE_WEIGHT 500u
#define BRAND_WEIGHT 300u
#define PLAIN_WEIGHT 100u
#define FACET_BYTES_MAX 80u /* a longer value does not suit a list to click on */
#define EXACT_WEIGHT 10000u                        /* above what any words are worth beside others */
#define HALF_LIFE_MS (INT64_C(90) * 24 * 3600 * 1000) /* of recency */
#define SCALE_PRICE 2u
#define SCALE_GUESSED_MAX 4u

enum role {
    ROLE_NONE,
    ROLE_TITLE,
    ROLE_TEXT, /* prose, however short */
    ROLE_BRAND,
    ROLE_CATEGORY,
    ROLE_CODE,   /* model numbers, SKUs, bar codes */
    ROLE_CHOICE, /* size, colour: a facet however many values */
    ROLE_PRICE,
    ROLE_RATING,
    ROLE_REVIEWS, /* how many ratings */
    ROLE_SALES,
    ROLE_UPDATED, /* since when it is there, or as it is */
    ROLE_STOCK
};

static const struct {
    const char *name; /* lower case, without _ - . */
    enum role role;
} roles[] = {
    {"title", ROLE_TITLE},
    {"name", ROLE_TITLE},
    {"productname", ROLE_TITLE},
    {"producttitle", ROLE_TITLE},
    {"description", ROLE_TEXT},
    {"shortdescription", ROLE_TEXT},
    {"longdescription", ROLE_TEXT},
    {"summary", ROLE_TEXT},
    {"features", ROLE_TEXT},
    {"brand", ROLE_BRAND},
    {"brandname", ROLE_BRAND},
    {"manufacturer", ROLE_BRAND},
    {"vendor", ROLE_BRAND},
    {"category", ROLE_CATEGORY},
    {"categories", ROLE_CATEGORY},
    {"categorypath", ROLE_CATEGORY},
    {"sku", ROLE_CODE},
    {"mpn", ROLE_CODE},
    {"ean", ROLE_CODE},
    {"gtin", ROLE_CODE},
    {"upc", ROLE_CODE},
    {"barcode", ROLE_CODE},
    {"model", ROLE_CODE},
    {"modelnumber", ROLE_CODE},
    {"partnumber", ROLE_CODE},
    {"size", ROLE_CHOICE},
    {"sizes", ROLE_CHOICE},
    {"color", ROLE_CHOICE},
    {"colors", ROLE_CHOICE},
    {"colour", ROLE_CHOICE},
    {"colours", ROLE_CHOICE},
    {"material", ROLE_CHOICE},
    {"gender", ROLE_CHOICE},
    {"price", ROLE_PRICE},
    {"saleprice", ROLE_PRICE},
    {"listprice", ROLE_PRICE},
    {"rating", ROLE_RATING},
    {"ratings", ROLE_RATING},
    {"averagerating", ROLE_RATING},
    {"stars", ROLE_RATING},
    {"reviews", ROLE_REVIEWS},
    {"reviewcount", ROLE_REVIEWS},
    {"numreviews", ROLE_REVIEWS},
    {"ratingcount", ROLE_REVIEWS},
    {"ratingscount", ROLE_REVIEWS},
    {"sales", ROLE_SALES},
    {"popularity", ROLE_SALES},
    {"salesvelocity", ROLE_SALES},
    {"unitssold", ROLE_SALES},
    {"sold", ROLE_SALES},
    {"views", ROLE_SALES},
    {"updated", ROLE_UPDATED},
    {"updatedat", ROLE_UPDATED},
    {"created", ROLE_UPDATED},
    {"createdat", ROLE_UPDATED},
    {"published", ROLE_UPDATED},
    {"publishedat", ROLE_UPDATED},
    {"releasedate", ROLE_UPDATED},
    {"instock", ROLE_STOCK},
    {"available", ROLE_STOCK},
    {"stock", ROLE_STOCK},
    {"inventory", ROLE_STOCK},
    {"quantity", ROLE_STOCK},
};

static enum role role_of(const char *name)
{
    char plain[LIMIT_FIELD_NAME_BYTES + 1];
    size_t used = 0;
    for (const char *p = name; *p != '\0'; p++) {
        if (*p != '_' && *p != '-' && *p != '.') {
            plain[used++] = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
        }
    }
    plain[used] = '\0';
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (strcmp(plain, roles[i].name) == 0) {
            return roles[i].role;
        }
    }
    return ROLE_NONE;
}

/* ------------------------------------------------------------------------------------------ one field -- */

static void make_keyword(struct field *field, bool facet, uint32_t weight, bool code)
{
    field->type = FIELD_KEYWORD;
    field->facet = facet;
    field->code = code;
    field->weight = weight;
}

static void make_text(struct field *field, uint32_t weight)
{
    field->type = FIELD_TEXT;
    field->weight = weight;
}

static bool guess_number(const struct infer_field *seen, enum role role, struct field *field)
{
    unsigned digits = seen->fraction_digits_max;
    field->facet = role == ROLE_PRICE;
    if (role == ROLE_RATING || seen->big_numbers > 0 || digits > SCALE_GUESSED_MAX) {
        field->type = FIELD_DOUBLE;
    } else if (role == ROLE_PRICE || seen->point) {
        field->type = FIELD_DECIMAL;
        field->scale = (uint8_t)(digits < SCALE_PRICE ? SCALE_PRICE : digits);
    } else {
        field->type = FIELD_INTEGER;
    }
    return true;
}

static bool guess_category(const struct infer_field *seen, struct field *field)
{
    if (seen->arrays > 0 || seen->trails > 0) {
        field->type = FIELD_PATH;
        field->facet = true;
        field->weight = PLAIN_WEIGHT;
        return seen->array_items_max <= LIMIT_PATH_PARTS;
    }
    make_keyword(field, true, PLAIN_WEIGHT, false);
    return true;
}

/* Few enough values, each often enough and short enough, that a list of them to click on makes sense. */
static bool is_choice(const struct infer_field *seen)
{
    return seen->distinct_count <= INFER_DISTINCT_MAX && seen->longest_bytes <= FACET_BYTES_MAX &&
           (uint64_t)seen->distinct_count * 2 <= seen->strings;
}

/* Strings only, in arrays or alone. */
static bool guess_string(const struct infer_field *seen, enum role role, struct field *field)
{
    bool keyword_fits = seen->longest_bytes <= LIMIT_KEYWORD_BYTES;
    if (role == ROLE_TITLE || role == ROLE_TEXT) {
        make_text(field, role == ROLE_TITLE ? TITLE_WEIGHT : PLAIN_WEIGHT);
    } else if (seen->links == seen->strings) {
        return false;
    } else if (seen->dates == seen->strings && seen->arrays == 0) {
        field->type = FIELD_DATE;
    } else if (role == ROLE_BRAND && keyword_fits) {
        make_keyword(field, true, BRAND_WEIGHT, false);
    } else if (role == ROLE_CATEGORY && keyword_fits && guess_category(seen, field)) {
        return true;
    } else if (role == ROLE_CODE && keyword_fits) {
        make_keyword(field, false, PLAIN_WEIGHT, true);
    } else if (role == ROLE_CHOICE && keyword_fits) { /* words of a search, too: black shoes, milk 500ml */
        make_keyword(field, true, PLAIN_WEIGHT, false);
    } else if (keyword_fits && (seen->arrays > 0 || is_choice(seen))) {
        make_keyword(field, true, 0, false);
    } else {
        make_text(field, PLAIN_WEIGHT);
    }
    return true;
}

/* Fills field from what was seen; false when it is left out. */
static bool guess_field(const struct infer_field *seen, struct field *field)
{
    enum role role = role_of(seen->name);
    uint64_t values = seen->strings + seen->numbers + seen->bools;
    *field = (struct field){.type = FIELD_TEXT};
    if (values == 0 || seen->others > 0) {
        return false;
    }
    memcpy(field->name, seen->name, sizeof field->name);
    if (seen->strings == values) {
        return guess_string(seen, role, field);
    }
    if (seen->numbers == values && seen->arrays == 0 && role != ROLE_CODE) {
        return guess_number(seen, role, field);
    }
    if (seen->bools == values && seen->arrays == 0) {
        field->type = FIELD_BOOL;
        return true;
    }
    /* Mixed, or numbers in arrays: keywords take them as written. */
    make_keyword(field, role != ROLE_CODE, role == ROLE_CODE ? PLAIN_WEIGHT : 0, role == ROLE_CODE);
    return seen->longest_bytes <= LIMIT_KEYWORD_BYTES;
}

/* ---------------------------------------------------------------------------------------- whole schema -- */

/*
 * The id stands in nine of ten products at least: a few bad lines are rejected later, a field that only some products
 * have is not their id.
 */
static const char *choose_id(const struct infer *infer)
{
    static const char *const candidates[] = {"id", "_id", "sku", "objectID"};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        const struct infer_field *field = infer_find(infer, candidates[i]);
        if (field != NULL && field->good_ids * 10 >= infer->products * 9) {
            return candidates[i];
        }
    }
    return NULL;
}

static void add_field(struct schema *schema, const struct field *field)
{
    if (schema->field_count < LIMIT_FIELDS) {
        struct field *added = &schema->fields[schema->field_count++];
        *added = *field;
        added->searchable = added->weight > 0;
        added->positions = added->searchable;
        added->typos = added->searchable;
        added->understand = (uint8_t)schema_understand_default(added);
        memcpy(added->language, schema->language, sizeof added->language);
    }
}

/* The field that becomes the first text field: the best name, or else the first that is text; NULL when none is. */
static const struct infer_field *choose_title(const struct infer *infer, const char *id)
{
    static const char *const preferred[] = {"title", "name"};
    const struct infer_field *best = NULL;
    struct field guess;
    int best_rank = 4;
    for (uint32_t i = 0; i < infer->field_count; i++) {
        const struct infer_field *seen = &infer->fields[i];
        if (strcmp(seen->name, id) == 0 || !guess_field(seen, &guess) || guess.type != FIELD_TEXT) {
            continue;
        }
        int rank = strcasecmp(seen->name, preferred[0]) == 0   ? 0
                   : strcasecmp(seen->name, preferred[1]) == 0 ? 1
                   : guess.weight == TITLE_WEIGHT              ? 2
                                                               : 3;
        if (rank < best_rank) {
            best_rank = rank;
            best = seen;
        }
    }
    return best;
}

static void add_fields(struct schema *schema, const struct infer *infer)
{
    const struct infer_field *title = choose_title(infer, schema->id_name);
    struct field field;
    if (title != NULL && guess_field(title, &field)) {
        field.weight = TITLE_WEIGHT;
        add_field(schema, &field);
    }
    for (uint32_t i = 0; i < infer->field_count; i++) {
        const struct infer_field *seen = &infer->fields[i];
        bool is_id = strcmp(seen->name, schema->id_name) == 0;
        /* A SKU that is the id is searched for too; other ids are not. */
        bool wanted = seen != title && (!is_id || role_of(seen->name) == ROLE_CODE);
        if (wanted && guess_field(seen, &field)) {
            if (is_id) {
                make_keyword(&field, false, PLAIN_WEIGHT, true);
            }
            if (field.type == FIELD_TEXT) {
                field.weight = PLAIN_WEIGHT;
            }
            add_field(schema, &field);
        }
    }
}

static struct field *find_field(struct schema *schema, const char *name)
{
    for (uint8_t i = 0; i < schema->field_count; i++) {
        if (strcmp(schema->fields[i].name, name) == 0) {
            return &schema->fields[i];
        }
    }
    return NULL;
}

static bool has_values(const struct infer_field *seen)
{
    return seen != NULL && seen->strings + seen->numbers + seen->bools + seen->others + seen->arrays != 0;
}

/*
 * A field that variants have, and perhaps products, of which then both are seen as of one type; what was left out of
 * products, which would be rejected by it, is left out here.
 */
static void add_variant_field(struct schema *schema, const struct infer *infer, const struct infer_field *seen)
{
    struct field field;
    struct field *own = find_field(schema, seen->name);
    const struct infer_field *of_products = infer_find(infer, seen->name);
    bool single = seen->arrays == 0 && (of_products == NULL || of_products->arrays == 0);
    if (strcmp(seen->name, schema->id_name) == 0 || !guess_field(seen, &field) || field.type == FIELD_PATH ||
        (field.type == FIELD_KEYWORD && !single)) {
        return;
    }
    field.of_variants = true;
    field.keeps = (uint8_t)field_keeps_default(field.type);
    if (field.type == FIELD_INTEGER && role_of(seen->name) == ROLE_STOCK) {
        field.keeps = FIELD_KEEPS_SUM;
    }
    if (field.type == FIELD_TEXT) {
        field.weight = PLAIN_WEIGHT;
    }
    if (own == NULL && !has_values(of_products)) {
        add_field(schema, &field);
    } else if (own != NULL && own->type == field.type && own->scale >= field.scale) {
        own->of_variants = true;
        own->keeps = field.keeps;
    }
}

/* "id" where variants have that and no "sku". */
static const char *guess_variants_key(const struct infer *variants)
{
    bool is_id = infer_find(variants, SCHEMA_VARIANTS_KEY) == NULL && infer_find(variants, "id") != NULL;
    return is_id ? "id" : SCHEMA_VARIANTS_KEY;
}

static void add_variants(struct schema *schema, const struct infer *infer)
{
    struct field list = {.type = FIELD_VARIANTS, .column = true};
    if (infer->variants == NULL || find_field(schema, infer->variants_name) != NULL) {
        return;
    }
    memcpy(list.name, infer->variants_name, sizeof list.name);
    add_field(schema, &list);
    snprintf(schema->variants_key, sizeof schema->variants_key, "%s", guess_variants_key(infer->variants));
    for (uint32_t i = 0; i < infer->variants->field_count; i++) {
        add_variant_field(schema, infer, &infer->variants->fields[i]);
    }
}

static bool is_number(enum field_type type)
{
    return type == FIELD_INTEGER || type == FIELD_DECIMAL || type == FIELD_DOUBLE;
}

/* length, category, brand, sales:desc: the first field of each role that has fitting values. */
static void add_order(struct schema *schema)
{
    static const enum role wanted[] = {ROLE_CATEGORY, ROLE_BRAND, ROLE_SALES};
    schema->order[schema->order_count++].kind = ORDER_LENGTH;
    for (size_t w = 0; w < sizeof wanted / sizeof wanted[0]; w++) {
        for (uint8_t i = 0; i < schema->field_count; i++) {
            enum field_type type = schema->fields[i].type;
            bool number = is_number(type);
            bool string = type == FIELD_KEYWORD || type == FIELD_PATH;
            if (role_of(schema->fields[i].name) == wanted[w] && (wanted[w] == ROLE_SALES ? number : string)) {
                schema->order[schema->order_count++] =
                    (struct order_part){.kind = ORDER_FIELD, .field = i, .descending = number};
                break;
            }
        }
    }
}

static bool suits(enum role role, enum field_type type)
{
    return role == ROLE_REVIEWS   ? type == FIELD_INTEGER
           : role == ROLE_UPDATED ? type == FIELD_DATE
           : role == ROLE_STOCK   ? type == FIELD_INTEGER || type == FIELD_BOOL
                                  : is_number(type);
}

/* The first field of this role that a signal can read; SCHEMA_NO_FIELD: none. */
static uint8_t field_of(const struct schema *schema, enum role role)
{
    for (uint8_t i = 0; i < schema->field_count; i++) {
        if (role_of(schema->fields[i].name) == role && suits(role, schema->fields[i].type)) {
            return i;
        }
    }
    return SCHEMA_NO_FIELD;
}

/*
 * As the shop schema's, what products have of it. Weights are small against those of words, of which even a frequent
 * one tells a unit or two: signals decide among what matches about as well.
 */
static void add_signals(struct schema *schema)
{
    static const struct {
        enum role role;
        enum signal_kind kind;
        uint32_t weight;
        int64_t half_life_ms;
    } wanted[] = {{ROLE_SALES, SIGNAL_POPULARITY, 50, 0},
                  {ROLE_RATING, SIGNAL_RATING, 30, 0},
                  {ROLE_UPDATED, SIGNAL_RECENCY, 20, HALF_LIFE_MS},
                  {ROLE_STOCK, SIGNAL_STOCK, 30, 0}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        uint8_t field = field_of(schema, wanted[i].role);
        bool rates = wanted[i].role == ROLE_RATING;
        if (field != SCHEMA_NO_FIELD) {
            schema->signals[schema->signal_count++] =
                (struct signal){.kind = wanted[i].kind,
                                .field = field,
                                .count_field = rates ? field_of(schema, ROLE_REVIEWS) : SCHEMA_NO_FIELD,
                                .weight = wanted[i].weight,
                                .half_life_ms = wanted[i].half_life_ms};
        }
    }
}

static int decide(const struct infer *infer, struct buf *json_out, aisle_error *error)
{
    if (infer->products == 0) {
        return error_set(error, AISLE_BAD_PRODUCT, "no line holds a product, expected one JSON object a line");
    }
    const char *id = choose_id(infer);
    if (id == NULL) {
        return error_set(error, AISLE_BAD_PRODUCT,
                         "no field can be the id, expected id, _id, sku or objectID in every product");
    }
    struct schema *schema = mem_calloc(1, sizeof *schema);
    if (schema == NULL) {
        return error_no_memory(error, "guessing a schema");
    }
    schema->version = SCHEMA_VERSION;
    schema->route_field = SCHEMA_NO_FIELD;
    schema->variants_field = SCHEMA_NO_FIELD;
    memcpy(schema->id_name, id, strlen(id));
    memcpy(schema->language, "english", sizeof "english");
    add_fields(schema, infer);
    add_variants(schema, infer);
    add_order(schema);
    add_signals(schema);
    schema->exact = EXACT_WEIGHT;
    int status = 0;
    if (schema->field_count == 0) {
        status =
            error_set(error, AISLE_BAD_PRODUCT, "the products have no field besides \"%s\" to search or filter", id);
    } else if ((status = schema_encode(schema, json_out)) != 0) {
        error_set(error, status, "guessing a schema: %s", aisle_error_text(status));
    }
    schema_free(schema);
    return status;
}

/* The node of the line's product: the root, or what a change log's put holds; false when there is none. */
static bool find_product(const struct json *json, uint32_t *product)
{
    size_t count = 0;
    const struct json_node *nodes = json_nodes(json, &count);
    if (nodes[0].type != JSON_OBJECT) {
        return false;
    }
    size_t op = json_member(json, 0, bytes_of_string("op"));
    size_t inner = json_member(json, 0, bytes_of_string("product"));
    bool put = op != 0 && nodes[op].type == JSON_STRING && bytes_equal(nodes[op].text, bytes_of_string("put"));
    bool other = op != 0 && nodes[op].type == JSON_STRING &&
                 (bytes_equal(nodes[op].text, bytes_of_string("patch")) ||
                  bytes_equal(nodes[op].text, bytes_of_string("delete")));
    *product = put && inner != 0 && nodes[inner].type == JSON_OBJECT ? (uint32_t)inner : 0;
    return !other;
}

static struct bytes next_line(struct bytes *rest)
{
    const uint8_t *end = memchr(rest->data, '\n', rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    struct bytes line = bytes_of(rest->data, size);
    size_t taken = end == NULL ? size : size + 1;
    *rest = bytes_of(rest->data + taken, rest->size - taken);
    return line;
}

static bool is_blank(struct bytes line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (memchr(" \t\r", line.data[i], 3) == NULL) {
            return false;
        }
    }
    return true;
}

static int observe_lines(struct infer *infer, struct json *json, struct bytes lines)
{
    int status = 0;
    for (uint32_t seen = 0; seen < LINES_MAX && lines.size > 0 && status == 0;) {
        struct bytes line = next_line(&lines);
        uint32_t product = 0;
        if (is_blank(line)) {
            continue;
        }
        seen++;
        status = json_parse(json, line, NULL);
        if (status == AISLE_BAD_PRODUCT) {
            status = 0;
        } else if (status == 0 && find_product(json, &product)) {
            size_t count = 0;
            status = infer_observe(infer, json_nodes(json, &count), product);
        }
    }
    return status;
}

int schema_infer(struct bytes lines, struct buf *json_out, aisle_error *error)
{
    struct infer infer = {.fields = NULL};
    struct json *json = NULL;
    int status = json_new(&json);
    if (status == 0) {
        status = infer_init(&infer);
    }
    if (status == 0) {
        status = observe_lines(&infer, json, lines);
    }
    if (status == 0) {
        status = decide(&infer, json_out, error);
    } else {
        error_no_memory(error, "guessing a schema");
    }
    infer_release(&infer);
    json_free(json);
    return status;
}
