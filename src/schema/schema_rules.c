/*
 * schema_rules.c - what stands beside fields: the document order, the signals, exceptions to stemming, and the rules
 * between fields.
 *
 * Runs after all fields are parsed, so that order and signals may stand anywhere in the text.
 * Thread rule: functions touch only what they are given.
 */
#include "schema_parse.h"

#include "base/alloc.h"
#include "value.h"

#include <stdio.h>

#define HALF_LIFE_DEFAULT_MS (INT64_C(90) * 86400000)
#define HALF_LIFE_MAX_MS (INT64_C(36500) * 86400000)

static bool is_number(enum field_type type)
{
    return type == FIELD_INTEGER || type == FIELD_DECIMAL || type == FIELD_DOUBLE;
}

/* One list of variants at most, and fields of variants only beside one. */
static int check_variants(struct schema_parser *parser, uint8_t i, const char *where)
{
    struct schema *schema = parser->schema;
    const struct field *field = &schema->fields[i];
    if (field->type == FIELD_VARIANTS && schema->variants_field != i) {
        return schema_refuse(parser, parser->field_nodes[i], where, "is a second field of type variants, expected one");
    }
    if (field->of_variants && schema->variants_field == SCHEMA_NO_FIELD) {
        return schema_refuse(parser, parser->field_nodes[i], where,
                             "\"variant\": the schema has no field of type variants");
    }
    if (field->of_variants && strcmp(field->name, schema->id_name) == 0) {
        return schema_refuse(parser, parser->field_nodes[i], where, "is the id, which variants have not");
    }
    return 0;
}

int schema_check_fields(struct schema_parser *parser)
{
    struct schema *schema = parser->schema;
    const struct field *first = schema->first_text == SCHEMA_NO_FIELD ? NULL : &schema->fields[schema->first_text];
    char where[SCHEMA_WHERE_BYTES];
    for (uint8_t i = schema->field_count; i-- > 0;) {
        schema->variants_field = schema->fields[i].type == FIELD_VARIANTS ? i : schema->variants_field;
    }
    for (uint8_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        snprintf(where, sizeof where, "field \"%s\"", field->name);
        int status = check_variants(parser, i, where);
        if (status != 0) {
            return status;
        }
        if (first != NULL && field->weight > first->weight) {
            return schema_refuse(parser, parser->field_nodes[i], where,
                                 "weighs %u.%02u, expected no more than the first text field \"%s\" (%u.%02u)",
                                 field->weight / 100, field->weight % 100, first->name, first->weight / 100,
                                 first->weight % 100);
        }
        if (strcmp(field->name, schema->id_name) == 0) {
            schema->id_field = i;
            if (field->type != FIELD_KEYWORD) {
                return schema_refuse(parser, parser->field_nodes[i], where,
                                     "is the id, found type %s, expected keyword, or not to be listed",
                                     field_type_name(field->type));
            }
        }
    }
    return 0;
}

/* Splits NAME, NAME:asc and NAME:desc. */
static struct bytes split_direction(struct bytes text, bool *directed, bool *descending)
{
    static const char *const directions[] = {":asc", ":desc"};
    for (size_t i = 0; i < 2; i++) {
        struct bytes direction = bytes_of_string(directions[i]);
        if (text.size >= direction.size &&
            memcmp(text.data + text.size - direction.size, direction.data, direction.size) == 0) {
            *directed = true;
            *descending = i == 1;
            return bytes_of(text.data, text.size - direction.size);
        }
    }
    *directed = false;
    *descending = false;
    return text;
}

static int parse_part(struct schema_parser *parser, uint32_t node, struct order_part *part)
{
    static const char where[] = "order";
    struct bytes text = parser->nodes[node].text;
    char shown[JSON_SHOWN_BYTES];
    bool directed = false;
    if (parser->nodes[node].type != JSON_STRING) {
        return schema_refuse(parser, node, where, "found %s, expected \"length\" or a field's name",
                             json_type_name(parser->nodes[node].type));
    }
    if (bytes_equal(text, bytes_of_string("length"))) {
        *part = (struct order_part){.kind = ORDER_LENGTH};
        return 0;
    }
    struct bytes name = split_direction(text, &directed, &part->descending);
    int field = schema_field_find(parser->schema, name);
    if (field < 0) {
        return schema_refuse(parser, node, where, "\"%s\" is no field, expected \"length\" or a field's name",
                             json_show(name, shown));
    }
    enum field_type type = parser->schema->fields[field].type;
    if (type == FIELD_TEXT || type == FIELD_VARIANTS) {
        return schema_refuse(parser, node, where, "field \"%s\" is of type %s, expected another type",
                             json_show(name, shown), field_type_name(type));
    }
    if (directed && field_type_is_words(type)) {
        return schema_refuse(parser, node, where, "field \"%s\" is of type %s, only numbers, bools and dates take %s",
                             json_show(name, shown), field_type_name(type), ":asc or :desc");
    }
    part->kind = ORDER_FIELD;
    part->field = (uint8_t)field;
    parser->schema->fields[field].column = true;
    return 0;
}

static int check_new_part(struct schema_parser *parser, uint32_t node, const struct order_part *part)
{
    const struct schema *schema = parser->schema;
    char shown[JSON_SHOWN_BYTES];
    for (uint8_t i = 0; i < schema->order_count; i++) {
        if (schema->order[i].kind == part->kind && schema->order[i].field == part->field) {
            return schema_refuse(parser, node, "order", "\"%s\" stands twice",
                                 json_show(parser->nodes[node].text, shown));
        }
    }
    return 0;
}

int schema_parse_order(struct schema_parser *parser)
{
    struct schema *schema = parser->schema;
    const struct json_node *nodes = parser->nodes;
    uint32_t list = 0;
    int status = schema_get(parser, 0, "schema", "order", JSON_ARRAY, &list);
    if (status != 0) {
        return status;
    }
    if (list == 0) {
        schema->order[0].kind = ORDER_LENGTH;
        schema->order_count = 1;
        return 0;
    }
    if (nodes[list].next == list + 1) {
        return schema_refuse(parser, list, "order", "is empty, expected 1 to %u parts", LIMIT_ORDER_PARTS);
    }
    for (uint32_t i = list + 1; i < nodes[list].next && status == 0; i = nodes[i].next) {
        struct order_part part = {.kind = ORDER_LENGTH};
        if (schema->order_count == LIMIT_ORDER_PARTS) {
            return schema_refuse(parser, i, "order", "too many parts, expected at most %u", LIMIT_ORDER_PARTS);
        }
        status = parse_part(parser, i, &part);
        if (status == 0) {
            status = check_new_part(parser, i, &part);
        }
        if (status == 0) {
            schema->order[schema->order_count++] = part;
        }
    }
    return status;
}

int schema_parse_route(struct schema_parser *parser)
{
    struct schema *schema = parser->schema;
    uint32_t member = 0;
    int status = schema_get(parser, 0, "schema", "route", JSON_STRING, &member);
    if (status != 0 || member == 0) {
        return status;
    }
    int field = schema_field_find(schema, parser->nodes[member].text);
    enum field_type type = field < 0 ? FIELD_TEXT : schema->fields[field].type;
    if (type != FIELD_KEYWORD && type != FIELD_PATH) {
        return schema_refuse(parser, member, "route", "expected the name of a keyword or path field");
    }
    schema->route_field = (uint8_t)field;
    return 0;
}

/* What a kind of signal reads. */
static const struct {
    const char *name;
    const char *expected;
} kinds[] = {
    [SIGNAL_POPULARITY] = {"popularity", "integer, decimal or double"},
    [SIGNAL_RATING] = {"rating", "integer, decimal or double"},
    [SIGNAL_RECENCY] = {"recency", "date"},
    [SIGNAL_STOCK] = {"stock", "bool or integer"},
};

const char *signal_kind_name(enum signal_kind kind)
{
    return kinds[kind].name;
}

static bool kind_fits(enum signal_kind kind, enum field_type type)
{
    switch (kind) { /* GCOVR_EXCL_BR_LINE: a kind is one of these, and each is a line of its own */
    case SIGNAL_POPULARITY:
    case SIGNAL_RATING:
        return is_number(type);
    case SIGNAL_RECENCY:
        return type == FIELD_DATE;
    case SIGNAL_STOCK:
        return type == FIELD_BOOL || type == FIELD_INTEGER;
    }
    return false; /* GCOVR_EXCL_LINE */
}

static int get_kind(struct schema_parser *parser, uint32_t object, const char *where, enum signal_kind *kind)
{
    uint32_t member = 0;
    char shown[JSON_SHOWN_BYTES];
    int status = schema_need(parser, object, where, "kind", JSON_STRING, &member);
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (bytes_equal(parser->nodes[member].text, bytes_of_string(kinds[i].name))) {
            *kind = (enum signal_kind)i;
            return 0;
        }
    }
    return schema_refuse(parser, member, where, "\"kind\": found \"%s\", expected popularity, rating, recency or stock",
                         json_show(parser->nodes[member].text, shown));
}

/* The field that the member names. */
static int get_field(struct schema_parser *parser, uint32_t member, const char *where, uint8_t *field)
{
    char shown[JSON_SHOWN_BYTES];
    int found = schema_field_find(parser->schema, parser->nodes[member].text);
    if (found < 0) {
        return schema_refuse(parser, member, where, "\"%s\" is no field", json_show(parser->nodes[member].text, shown));
    }
    *field = (uint8_t)found;
    return 0;
}

static int get_fields(struct schema_parser *parser, uint32_t object, const char *where, struct signal *signal)
{
    const struct field *fields = parser->schema->fields;
    uint32_t member = 0;
    int status = schema_need(parser, object, where, "field", JSON_STRING, &member);
    if (status != 0 || (status = get_field(parser, member, where, &signal->field)) != 0) {
        return status;
    }
    if (!kind_fits(signal->kind, fields[signal->field].type)) {
        return schema_refuse(parser, member, where, "field \"%s\" is of type %s, %s expects %s",
                             fields[signal->field].name, field_type_name(fields[signal->field].type),
                             kinds[signal->kind].name, kinds[signal->kind].expected);
    }
    status = schema_get(parser, object, where, "count", JSON_STRING, &member);
    if (status != 0 || member == 0) {
        return status;
    }
    if (signal->kind != SIGNAL_RATING) {
        return schema_refuse(parser, member, where, "\"count\" is only for rating");
    }
    status = get_field(parser, member, where, &signal->count_field);
    if (status == 0 && fields[signal->count_field].type != FIELD_INTEGER) {
        return schema_refuse(parser, member, where, "\"count\": field \"%s\" is of type %s, expected integer",
                             fields[signal->count_field].name, field_type_name(fields[signal->count_field].type));
    }
    return status;
}

/* "90d": a whole number of s, m, h or d; 0 when it is not. */
static int64_t read_half_life(struct bytes text)
{
    static const char units[] = "smhd";
    static const int64_t unit_ms[] = {1000, 60000, 3600000, 86400000};
    int64_t count = 0;
    const char *unit = text.size == 0 ? NULL : memchr(units, text.data[text.size - 1], sizeof units - 1);
    if (unit == NULL || text.size > 12) {
        return 0;
    }
    for (size_t i = 0; i + 1 < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return 0;
        }
        count = count * 10 + (text.data[i] - '0');
    }
    int64_t ms = unit_ms[unit - units];
    return count <= HALF_LIFE_MAX_MS / ms ? count * ms : 0;
}

static int get_half_life(struct schema_parser *parser, uint32_t object, const char *where, struct signal *signal)
{
    uint32_t member = 0;
    char shown[JSON_SHOWN_BYTES];
    int status = schema_get(parser, object, where, "half_life", JSON_STRING, &member);
    if (status != 0) {
        return status;
    }
    if (signal->kind != SIGNAL_RECENCY) {
        return member == 0 ? 0 : schema_refuse(parser, member, where, "\"half_life\" is only for recency");
    }
    signal->half_life_ms = member == 0 ? HALF_LIFE_DEFAULT_MS : read_half_life(parser->nodes[member].text);
    if (signal->half_life_ms == 0) {
        return schema_refuse(parser, member, where,
                             "\"half_life\": found \"%s\", expected a whole number and s, m, h or d, up to 36500d",
                             json_show(parser->nodes[member].text, shown));
    }
    return 0;
}

static int parse_signal(struct schema_parser *parser, uint32_t node, const char *where, struct signal *signal)
{
    static const char *const known[] = {"kind", "field", "count", "weight", "half_life", NULL};
    int status = 0;
    if (parser->nodes[node].type != JSON_OBJECT) {
        return schema_refuse(parser, node, where, "found %s, expected an object",
                             json_type_name(parser->nodes[node].type));
    }
    *signal = (struct signal){.count_field = SCHEMA_NO_FIELD};
    if ((status = schema_check_keys(parser, node, where, known)) != 0 ||
        (status = get_kind(parser, node, where, &signal->kind)) != 0 ||
        (status = get_fields(parser, node, where, signal)) != 0 ||
        (status = schema_get_weight(parser, node, where, "weight", &signal->weight)) != 0 ||
        (status = get_half_life(parser, node, where, signal)) != 0) {
        return status;
    }
    if (signal->weight == 0) {
        return schema_refuse(parser, node, where, "\"weight\" is missing, expected 0.01 to 100");
    }
    return 0;
}

int schema_parse_signals(struct schema_parser *parser)
{
    struct schema *schema = parser->schema;
    const struct json_node *nodes = parser->nodes;
    uint32_t list = 0;
    int status = schema_get(parser, 0, "schema", "signals", JSON_ARRAY, &list);
    for (uint32_t i = list + 1; status == 0 && list != 0 && i < nodes[list].next; i = nodes[i].next) {
        char where[SCHEMA_WHERE_BYTES];
        snprintf(where, sizeof where, "signal %u", schema->signal_count + 1u);
        if (schema->signal_count == LIMIT_SIGNALS) {
            return schema_refuse(parser, i, where, "too many signals, expected at most %u", LIMIT_SIGNALS);
        }
        status = parse_signal(parser, i, where, &schema->signals[schema->signal_count]);
        if (status == 0) {
            schema->signal_count++;
        }
    }
    return status;
}

/* ---- exceptions to stemming ---- */

static bool is_word(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ') {
            return false;
        }
    }
    return text.size != 0 && text.size <= LIMIT_TERM_BYTES;
}

/* Checks the members of "stems" and sums up their number and bytes. */
static int check_stems(struct schema_parser *parser, uint32_t object, uint32_t *count, size_t *bytes)
{
    const struct json_node *nodes = parser->nodes;
    char shown[JSON_SHOWN_BYTES];
    for (uint32_t m = object + 1; m < nodes[object].next; m = nodes[m].next) {
        if (nodes[m].type != JSON_STRING) {
            return schema_refuse(parser, m, "stems", "\"%s\": found %s, expected a word",
                                 json_show(nodes[m].key, shown), json_type_name(nodes[m].type));
        }
        if (!is_word(nodes[m].key) || !is_word(nodes[m].text)) {
            return schema_refuse(parser, m, "stems", "\"%s\": expected one word for one word, of 1 to %u bytes",
                                 json_show(nodes[m].key, shown), LIMIT_TERM_BYTES);
        }
        if (*count == LIMIT_STEM_EXCEPTIONS) {
            return schema_refuse(parser, m, "stems", "too many words, expected at most %u", LIMIT_STEM_EXCEPTIONS);
        }
        *bytes += nodes[m].key.size + nodes[m].text.size;
        ++*count;
    }
    return 0;
}

static struct bytes keep_text(uint8_t **room, struct bytes text)
{
    struct bytes kept = bytes_of(*room, text.size);
    memcpy(*room, text.data, text.size);
    *room += text.size;
    return kept;
}

int schema_parse_stems(struct schema_parser *parser)
{
    const struct json_node *nodes = parser->nodes;
    struct schema *schema = parser->schema;
    uint32_t object = 0;
    uint32_t count = 0;
    size_t bytes = 0;
    int status = schema_get(parser, 0, "schema", "stems", JSON_OBJECT, &object);
    if (status == 0 && object != 0) {
        status = check_stems(parser, object, &count, &bytes);
    }
    if (status != 0 || count == 0) {
        return status;
    }
    schema->stems = mem_alloc(count * sizeof *schema->stems + bytes);
    if (schema->stems == NULL) {
        return error_no_memory(parser->error, "parsing a schema");
    }
    uint8_t *room = (uint8_t *)(schema->stems + count);
    for (uint32_t m = object + 1; m < nodes[object].next; m = nodes[m].next) {
        struct bytes word = keep_text(&room, nodes[m].key);
        schema->stems[schema->stem_count++] = (struct schema_stem){word, keep_text(&room, nodes[m].text)};
    }
    return 0;
}
