/*
 * schema_parse.c - a schema's JSON text into a struct schema: the root's members and the fields.
 *
 * Every key is known or refused by name, so that a misspelt option never goes unnoticed. Order, signals and rules
 * between fields are schema_rules.c's; which languages exist is the text module's.
 * Thread rule: functions touch only what they are given.
 */
#include "schema_parse.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define WEIGHT_DEFAULT 100u
#define WEIGHT_MAX 10000u
#define SCALE_DEFAULT 2u

static const char root_where[] = "schema";

static const char *const type_names[] = {"text", "keyword", "path", "integer", "decimal", "double", "bool", "date",
                                         "variants"};

const char *field_type_name(enum field_type type)
{
    return type_names[type];
}

int schema_refuse(struct schema_parser *parser, uint32_t node, const char *where, const char *format, ...)
{
    char reason[sizeof parser->error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return error_set_at(parser->error, AISLE_BAD_SCHEMA, parser->nodes[node].position, "%s: %s", where, reason);
}

int schema_check_keys(struct schema_parser *parser, uint32_t object, const char *where, const char *const *known)
{
    const struct json_node *nodes = parser->nodes;
    for (uint32_t m = object + 1; m < nodes[object].next; m = nodes[m].next) {
        size_t i = 0;
        while (known[i] != NULL && !bytes_equal(nodes[m].key, bytes_of_string(known[i]))) {
            i++;
        }
        if (known[i] == NULL) {
            char shown[JSON_SHOWN_BYTES];
            char list[128] = "";
            size_t used = 0;
            for (i = 0; known[i] != NULL; i++) {
                assert(used < sizeof list);
                used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", known[i]);
            }
            return schema_refuse(parser, m, where, "unknown key \"%s\", expected one of %s",
                                 json_show(nodes[m].key, shown), list);
        }
    }
    return 0;
}

int schema_get(struct schema_parser *parser, uint32_t object, const char *where, const char *key,
               enum json_type expected, uint32_t *member)
{
    *member = (uint32_t)json_member(parser->json, object, bytes_of_string(key));
    uint8_t found = parser->nodes[*member].type;
    bool fits = found == expected || (expected == JSON_TRUE && found == JSON_FALSE);
    if (*member != 0 && !fits) {
        return schema_refuse(parser, *member, where, "\"%s\": found %s, expected %s", key, json_type_name(found),
                             expected == JSON_TRUE ? "true or false" : json_type_name((uint8_t)expected));
    }
    return 0;
}

int schema_need(struct schema_parser *parser, uint32_t object, const char *where, const char *key,
                enum json_type expected, uint32_t *member)
{
    int status = schema_get(parser, object, where, key, expected, member);
    if (status == 0 && *member == 0) {
        return schema_refuse(parser, object, where, "\"%s\" is missing, expected %s", key,
                             json_type_name((uint8_t)expected));
    }
    return status;
}

static int get_bool(struct schema_parser *parser, uint32_t object, const char *where, const char *key, bool *value)
{
    uint32_t member = 0;
    int status = schema_get(parser, object, where, key, JSON_TRUE, &member);
    if (status == 0 && member != 0) {
        *value = parser->nodes[member].type == JSON_TRUE;
    }
    return status;
}

int schema_get_weight(struct schema_parser *parser, uint32_t object, const char *where, const char *key,
                      uint32_t *weight)
{
    uint32_t member = 0;
    int64_t hundredths = 0;
    int status = schema_get(parser, object, where, key, JSON_NUMBER, &member);
    if (status != 0 || member == 0) {
        return status;
    }
    if (value_scaled(parser->nodes[member].text, 2, &hundredths) != VALUE_OK || hundredths < 1 ||
        hundredths > WEIGHT_MAX) {
        char shown[JSON_SHOWN_BYTES];
        return schema_refuse(parser, member, where,
                             "\"%s\": found %s, expected 0.01 to 100 with at most 2 digits behind the point", key,
                             json_show(parser->nodes[member].text, shown));
    }
    *weight = (uint32_t)hundredths;
    return 0;
}

bool schema_is_name(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        bool inner = (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!letter && !(inner && i > 0)) {
            return false;
        }
    }
    return name.size > 0 && name.size <= LIMIT_FIELD_NAME_BYTES;
}

static int check_name(struct schema_parser *parser, uint32_t node, const char *what, struct bytes name)
{
    char shown[JSON_SHOWN_BYTES];
    if (schema_is_name(name)) {
        return 0;
    }
    return schema_refuse(parser, node, what,
                         "\"%s\" cannot be a name, expected 1 to %u bytes of letters, digits, _ - . and a letter or _ "
                         "first",
                         json_show(name, shown), LIMIT_FIELD_NAME_BYTES);
}

static int get_language(struct schema_parser *parser, uint32_t object, const char *where, char *language,
                        uint32_t *member)
{
    int status = schema_get(parser, object, where, "language", JSON_STRING, member);
    if (status != 0 || *member == 0) {
        return status;
    }
    struct bytes text = parser->nodes[*member].text;
    if (!schema_is_name(text) || text.size > SCHEMA_LANGUAGE_BYTES) {
        char shown[JSON_SHOWN_BYTES];
        return schema_refuse(parser, *member, where,
                             "\"language\": found \"%s\", expected a language like \"english\", or \"none\"",
                             json_show(text, shown));
    }
    memcpy(language, text.data, text.size);
    language[text.size] = '\0';
    return 0;
}

static int get_type(struct schema_parser *parser, uint32_t object, const char *where, struct field *field)
{
    uint32_t member = 0;
    int status = schema_need(parser, object, where, "type", JSON_STRING, &member);
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (bytes_equal(parser->nodes[member].text, bytes_of_string(type_names[i]))) {
            field->type = (enum field_type)i;
            return 0;
        }
    }
    char shown[JSON_SHOWN_BYTES];
    return schema_refuse(parser, member, where,
                         "\"type\": found \"%s\", expected text, keyword, path, integer, decimal, double, bool, date "
                         "or variants",
                         json_show(parser->nodes[member].text, shown));
}

/* Refuses options that say nothing for the field's type. */
static int check_options(struct schema_parser *parser, uint32_t object, const char *where, const struct field *field)
{
    const bool is_string = field_type_is_words(field->type);
    const struct {
        const char *key;
        bool allowed;
        const char *only_for;
    } options[] = {
        {"weight", field->type == FIELD_TEXT, "text fields; keyword and path fields have \"search_weight\""},
        {"search_weight", is_string, "keyword and path fields"},
        {"code", field->type == FIELD_KEYWORD, "keyword fields"},
        {"scale", field->type == FIELD_DECIMAL, "decimal fields"},
        {"facet", field->type != FIELD_TEXT && field->type != FIELD_VARIANTS,
         "fields of another type than text and variants"},
        {"variant", field->type != FIELD_PATH && field->type != FIELD_VARIANTS,
         "fields of another type than path and variants"},
        {"key", field->type == FIELD_VARIANTS, "variants"},
        {"keeps", field->of_variants && field_type_is_number(field->type), "numbers, bools and dates with \"variant\""},
        {"language", field->searchable, "text fields and fields with \"search_weight\""},
        {"positions", field->searchable, "text fields and fields with \"search_weight\""},
        {"typos", field->searchable, "text fields and fields with \"search_weight\""},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        uint32_t member = (uint32_t)json_member(parser->json, object, bytes_of_string(options[i].key));
        if (member != 0 && !options[i].allowed) {
            return schema_refuse(parser, member, where, "\"%s\" is only for %s (type is %s)", options[i].key,
                                 options[i].only_for, field_type_name(field->type));
        }
    }
    return 0;
}

static int get_scale(struct schema_parser *parser, uint32_t object, const char *where, struct field *field)
{
    uint32_t member = 0;
    int64_t scale = SCALE_DEFAULT;
    int status = schema_get(parser, object, where, "scale", JSON_NUMBER, &member);
    if (status != 0) {
        return status;
    }
    if (member != 0 && (value_scaled(parser->nodes[member].text, 0, &scale) != VALUE_OK || scale < 0 ||
                        scale > (int64_t)SCHEMA_SCALE_MAX)) {
        char shown[JSON_SHOWN_BYTES];
        return schema_refuse(parser, member, where, "\"scale\": found %s, expected a whole number from 0 to %u",
                             json_show(parser->nodes[member].text, shown), SCHEMA_SCALE_MAX);
    }
    field->scale = field->type == FIELD_DECIMAL ? (uint8_t)scale : 0;
    return 0;
}

static const char *const keeps_names[] = {"least", "greatest", "sum"};

const char *field_keeps_name(enum field_keeps keeps)
{
    return keeps_names[keeps];
}

enum field_keeps field_keeps_default(enum field_type type)
{
    return type == FIELD_BOOL ? FIELD_KEEPS_GREATEST : FIELD_KEEPS_LEAST;
}

static int get_variant(struct schema_parser *parser, uint32_t object, const char *where, struct field *field)
{
    char shown[JSON_SHOWN_BYTES];
    uint32_t member = 0;
    int status = get_bool(parser, object, where, "variant", &field->of_variants);
    status = status == 0 ? schema_get(parser, object, where, "keeps", JSON_STRING, &member) : status;
    field->keeps = (uint8_t)field_keeps_default(field->type);
    if (status != 0 || member == 0) {
        return status;
    }
    size_t i = 0;
    while (i < 3 && !bytes_equal(parser->nodes[member].text, bytes_of_string(keeps_names[i]))) {
        i++;
    }
    if (i == 3 || (i == FIELD_KEEPS_SUM && (field->type == FIELD_DATE || field->type == FIELD_BOOL))) {
        return schema_refuse(parser, member, where,
                             "\"keeps\": found \"%s\", expected least, greatest or, of numbers, sum",
                             json_show(parser->nodes[member].text, shown));
    }
    field->keeps = (uint8_t)i;
    return 0;
}

/* The member that tells variants apart. */
static int get_key(struct schema_parser *parser, uint32_t object, const char *where, const struct field *field)
{
    struct schema *schema = parser->schema;
    uint32_t member = 0;
    int status = schema_get(parser, object, where, "key", JSON_STRING, &member);
    if (status != 0 || field->type != FIELD_VARIANTS) {
        return status;
    }
    struct bytes name = member == 0 ? bytes_of_string(SCHEMA_VARIANTS_KEY) : parser->nodes[member].text;
    if (name.size == 0 || name.size > LIMIT_FIELD_NAME_BYTES) {
        return schema_refuse(parser, member, where, "\"key\": a name of %zu bytes, expected 1 to %u", name.size,
                             LIMIT_FIELD_NAME_BYTES);
    }
    memcpy(schema->variants_key, name.data, name.size);
    schema->variants_key[name.size] = '\0';
    return 0;
}

static int get_weights(struct schema_parser *parser, uint32_t object, const char *where, struct field *field)
{
    int status = get_bool(parser, object, where, "code", &field->code);
    if (status != 0) {
        return status;
    }
    if (field->type == FIELD_TEXT) {
        field->weight = WEIGHT_DEFAULT;
        status = schema_get_weight(parser, object, where, "weight", &field->weight);
    } else {
        field->weight = field->type == FIELD_KEYWORD && field->code ? WEIGHT_DEFAULT : 0;
        status = schema_get_weight(parser, object, where, "search_weight", &field->weight);
    }
    field->searchable = field->weight > 0;
    field->positions = field->searchable;
    field->typos = field->searchable;
    return status;
}

enum understand schema_understand_default(const struct field *field)
{
    bool is_number = field->type == FIELD_INTEGER || field->type == FIELD_DECIMAL || field->type == FIELD_DOUBLE;
    return is_number && strcmp(field->name, "price") == 0 ? UNDERSTAND_FILTER : UNDERSTAND_NONE;
}

/* "filter", "boost" or "off"; a number called price is a filter unless it says otherwise. */
static int get_understand(struct schema_parser *parser, uint32_t object, const char *where, struct field *field)
{
    uint32_t member = 0;
    int status = schema_get(parser, object, where, "understand", JSON_STRING, &member);
    bool is_number = field->type == FIELD_INTEGER || field->type == FIELD_DECIMAL || field->type == FIELD_DOUBLE;
    bool is_value = field_type_is_words(field->type) && field->facet;
    field->understand = (uint8_t)schema_understand_default(field);
    if (status != 0 || member == 0) {
        return status;
    }
    struct bytes text = parser->nodes[member].text;
    bool filters = bytes_equal(text, bytes_of_string("filter"));
    bool boosts = bytes_equal(text, bytes_of_string("boost"));
    if (!filters && !boosts && !bytes_equal(text, bytes_of_string("off"))) {
        char shown[JSON_SHOWN_BYTES];
        return schema_refuse(parser, member, where, "\"understand\": found \"%s\", expected filter, boost or off",
                             json_show(text, shown));
    }
    if (filters && !is_number && !is_value) {
        return schema_refuse(parser, member, where,
                             "\"understand\": only numbers, and keywords and paths with \"facet\", can filter");
    }
    if (boosts && !(is_value && field->searchable && field->positions)) {
        return schema_refuse(parser, member, where, "\"understand\": only keywords and paths with \"facet\", "
                             "\"search_weight\" and positions can boost");
    }
    field->understand = filters ? UNDERSTAND_FILTER : boosts ? UNDERSTAND_BOOST : UNDERSTAND_NONE;
    return 0;
}

static int parse_field(struct schema_parser *parser, uint32_t node)
{
    static const char *const known[] = {"type",     "weight",    "search_weight", "code",       "scale",   "facet",
                                        "language", "positions", "typos",         "understand", "variant", "keeps",
                                        "key",      NULL};
    struct schema *schema = parser->schema;
    struct bytes name = parser->nodes[node].key;
    struct field *field = &schema->fields[schema->field_count];
    char where[SCHEMA_WHERE_BYTES];
    char shown[JSON_SHOWN_BYTES];
    uint32_t language = 0;
    int status = check_name(parser, node, "fields", name);
    if (status != 0) {
        return status;
    }
    snprintf(where, sizeof where, "field \"%s\"", json_show(name, shown));
    if (schema->field_count == LIMIT_FIELDS) {
        return schema_refuse(parser, node, where, "too many fields, expected at most %u", LIMIT_FIELDS);
    }
    if (parser->nodes[node].type != JSON_OBJECT) {
        return schema_refuse(parser, node, where, "found %s, expected an object like {\"type\": \"text\"}",
                             json_type_name(parser->nodes[node].type));
    }
    memcpy(field->name, name.data, name.size);
    memcpy(field->language, schema->language, sizeof field->language);
    if ((status = schema_check_keys(parser, node, where, known)) != 0 ||
        (status = get_type(parser, node, where, field)) != 0 ||
        (status = get_weights(parser, node, where, field)) != 0 ||
        (status = get_scale(parser, node, where, field)) != 0 ||
        (status = get_bool(parser, node, where, "facet", &field->facet)) != 0 ||
        (status = get_language(parser, node, where, field->language, &language)) != 0 ||
        (status = get_bool(parser, node, where, "positions", &field->positions)) != 0 ||
        (status = get_bool(parser, node, where, "typos", &field->typos)) != 0 ||
        (status = get_understand(parser, node, where, field)) != 0 ||
        (status = get_variant(parser, node, where, field)) != 0 ||
        (status = get_key(parser, node, where, field)) != 0 ||
        (status = check_options(parser, node, where, field)) != 0) {
        return status;
    }
    field->column = field->facet || field_type_is_number(field->type) || field->type == FIELD_VARIANTS;
    if (field->type == FIELD_TEXT && schema->first_text == SCHEMA_NO_FIELD) {
        schema->first_text = schema->field_count;
    }
    if (field->searchable) {
        field->searchable_rank = schema->searchable_count++;
    }
    parser->field_nodes[schema->field_count++] = node;
    return 0;
}

/* Where some fields take no corrections, places tell in which one a corrected word stands. */
static int check_typos(struct schema_parser *parser)
{
    const struct schema *schema = parser->schema;
    bool any_without = false;
    int status = 0;
    for (uint8_t f = 0; f < schema->field_count; f++) {
        any_without = any_without || (schema->fields[f].searchable && !schema->fields[f].typos);
    }
    for (uint8_t f = 0; f < schema->field_count && any_without && status == 0; f++) {
        const struct field *field = &schema->fields[f];
        if (field->typos && !field->positions) {
            status = schema_refuse(parser, parser->field_nodes[f], "fields",
                                   "\"%s\" without positions needs \"typos\": false, as another field has it",
                                   field->name);
        }
    }
    return status;
}

static int parse_fields(struct schema_parser *parser)
{
    uint32_t object = 0;
    int status = schema_need(parser, 0, root_where, "fields", JSON_OBJECT, &object);
    if (status != 0) {
        return status;
    }
    if (parser->nodes[object].next == object + 1) {
        return schema_refuse(parser, object, root_where, "\"fields\" is empty, expected at least one field");
    }
    for (uint32_t m = object + 1; m < parser->nodes[object].next && status == 0; m = parser->nodes[m].next) {
        status = parse_field(parser, m);
    }
    return status == 0 ? check_typos(parser) : status;
}

static int parse_version(struct schema_parser *parser)
{
    uint32_t member = 0;
    int64_t version = 0;
    int status = schema_need(parser, 0, root_where, "version", JSON_NUMBER, &member);
    if (status != 0) {
        return status;
    }
    if (value_scaled(parser->nodes[member].text, 0, &version) != VALUE_OK || version != SCHEMA_VERSION) {
        char shown[JSON_SHOWN_BYTES];
        return schema_refuse(parser, member, root_where, "\"version\": found %s, expected %u",
                             json_show(parser->nodes[member].text, shown), SCHEMA_VERSION);
    }
    parser->schema->version = SCHEMA_VERSION;
    return 0;
}

static int parse_id(struct schema_parser *parser)
{
    uint32_t member = 0;
    int status = schema_need(parser, 0, root_where, "id", JSON_STRING, &member);
    if (status == 0) {
        struct bytes name = parser->nodes[member].text;
        status = check_name(parser, member, "id", name);
        if (status == 0) {
            memcpy(parser->schema->id_name, name.data, name.size);
        }
    }
    return status;
}

static int parse_root(struct schema_parser *parser)
{
    static const char *const known[] = {"version", "id", "language", "strict", "fields",
                                        "order",   "signals", "stems", "route", "exact", NULL};
    uint32_t language = 0;
    int status = 0;
    if (parser->nodes[0].type != JSON_OBJECT) {
        return schema_refuse(parser, 0, root_where, "found %s, expected an object",
                             json_type_name(parser->nodes[0].type));
    }
    if ((status = schema_check_keys(parser, 0, root_where, known)) != 0 || (status = parse_version(parser)) != 0 ||
        (status = parse_id(parser)) != 0 ||
        (status = get_language(parser, 0, root_where, parser->schema->language, &language)) != 0 ||
        (status = get_bool(parser, 0, root_where, "strict", &parser->schema->strict)) != 0 ||
        (status = schema_get_weight(parser, 0, root_where, "exact", &parser->schema->exact)) != 0 ||
        (status = parse_fields(parser)) != 0) {
        return status;
    }
    schema_index_names(parser->schema);
    if ((status = schema_check_fields(parser)) != 0 || (status = schema_parse_order(parser)) != 0 ||
        (status = schema_parse_route(parser)) != 0) {
        return status;
    }
    status = schema_parse_signals(parser);
    return status == 0 ? schema_parse_stems(parser) : status;
}

static int take_print(struct schema *schema, aisle_error *error)
{
    struct buf text;
    buf_init(&text, (size_t)LIMIT_SCHEMA_BYTES * 16); /* indentation makes it longer */
    int status = schema_encode(schema, &text);
    schema->print = hash_bytes(text.data, text.size);
    buf_release(&text);
    return status == 0 ? 0 : error_no_memory(error, "parsing a schema");
}

int schema_parse(struct bytes json, struct schema **out, aisle_error *error)
{
    struct schema_parser parser = {.error = error};
    size_t node_count = 0;
    *out = NULL;
    if (json.size > LIMIT_SCHEMA_BYTES) {
        return error_set_at(error, AISLE_BAD_SCHEMA, LIMIT_SCHEMA_BYTES,
                            "schema: a text of %zu bytes, expected at most %u", json.size, LIMIT_SCHEMA_BYTES);
    }
    int status = json_new(&parser.json);
    parser.schema = mem_calloc(1, sizeof *parser.schema);
    if (status != 0 || parser.schema == NULL) {
        status = error_no_memory(error, "parsing a schema");
        goto done;
    }
    status = json_parse(parser.json, json, error);
    if (status == AISLE_BAD_PRODUCT) {
        status = AISLE_BAD_SCHEMA;
        if (error != NULL) {
            error->code = status;
        }
    }
    if (status != 0) {
        goto done;
    }
    parser.nodes = json_nodes(parser.json, &node_count);
    parser.schema->first_text = SCHEMA_NO_FIELD;
    parser.schema->id_field = SCHEMA_NO_FIELD;
    parser.schema->route_field = SCHEMA_NO_FIELD;
    parser.schema->variants_field = SCHEMA_NO_FIELD;
    memcpy(parser.schema->language, "none", sizeof "none");
    status = parse_root(&parser);
    if (status == 0) {
        status = take_print(parser.schema, error);
    }
    if (status == 0) {
        *out = parser.schema;
        parser.schema = NULL;
    }
done:
    json_free(parser.json);
    schema_free(parser.schema);
    return status;
}

void schema_free(struct schema *schema)
{
    if (schema != NULL) {
        mem_free(schema->stems);
    }
    mem_free(schema);
}

/* The slot of name or the empty one where it would stand: there are more slots than names, so one is empty. */
static size_t slot_of(const struct schema *schema, struct bytes name)
{
    size_t i = (size_t)hash_bytes(name.data, name.size) & (SCHEMA_NAME_SLOTS - 1);
    while (schema->name_slots[i] != 0) {
        if (bytes_equal(bytes_of_string(schema->fields[schema->name_slots[i] - 1].name), name)) {
            break;
        }
        i = (i + 1) & (SCHEMA_NAME_SLOTS - 1);
    }
    return i;
}

void schema_index_names(struct schema *schema)
{
    for (uint8_t i = 0; i < schema->field_count; i++) {
        schema->name_slots[slot_of(schema, bytes_of_string(schema->fields[i].name))] = (uint8_t)(i + 1);
    }
}

int schema_field_find(const struct schema *schema, struct bytes name)
{
    if (name.size == 0 || name.size > LIMIT_FIELD_NAME_BYTES) {
        return -1;
    }
    return (int)schema->name_slots[slot_of(schema, name)] - 1;
}
