/*
 * product.c - a parsed product taken apart by its schema.
 *
 * Walks the members of the root once; each is looked up in the schema and read by its field's type. Strings are
 * views, gathered in one array of the reader that is large enough before the walk begins, so pointers into it hold.
 * Thread rule: one reader, one thread at a time.
 */
#include "product_private.h"

#include "base/alloc.h"
#include "value.h"

#include <stdarg.h>
#include <stdio.h>

int product_reader_new(struct product_reader **out)
{
    *out = NULL;
    struct product_reader *reader = mem_calloc(1, sizeof *reader);
    if (reader == NULL) {
        return AISLE_NO_MEMORY;
    }
    buf_init(&reader->variants, LIMIT_PRODUCT_BYTES * 4);
    int status = json_new(&reader->json);
    if (status != 0) {
        mem_free(reader);
        return status;
    }
    *out = reader;
    return 0;
}

void product_reader_free(struct product_reader *reader)
{
    if (reader != NULL) {
        json_free(reader->json);
        mem_free(reader->strings);
        mem_free(reader->values);
        buf_release(&reader->variants);
        mem_free(reader);
    }
}

const struct json *product_reader_json(const struct product_reader *reader)
{
    return reader->json;
}

/*
 * Room for every string of the product: each node is one, and a path string becomes several. Those of variants stand
 * once more with the product's, and each variant's bytes are one.
 */
static int reserve_strings(struct product_reader *reader, size_t node_count)
{
    bool variants = reader->schema->variants_field != SCHEMA_NO_FIELD;
    size_t needed = node_count * (variants ? 3 : 1) + LIMIT_FIELDS * LIMIT_PATH_PARTS;
    reader->string_count = 0;
    if (needed <= reader->string_capacity) {
        return 0;
    }
    needed += needed / 2;
    mem_free(reader->strings);
    reader->string_capacity = 0;
    reader->strings = mem_calloc(needed, sizeof *reader->strings);
    if (reader->strings == NULL) {
        return error_no_memory(reader->error, "reading a product");
    }
    reader->string_capacity = needed;
    return 0;
}

int product_refuse(struct product_reader *reader, const struct json_node *node, const char *name, const char *format,
                   ...)
{
    char reason[sizeof reader->error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return error_set_at(reader->error, AISLE_BAD_PRODUCT, node->position, "field \"%s\": %s", name, reason);
}

static int refuse_type(struct product_reader *reader, const struct json_node *node, const char *name,
                       const char *expected)
{
    return product_refuse(reader, node, name, "found %s, expected %s", json_type_name(node->type), expected);
}

static int refuse_number(struct product_reader *reader, const struct json_node *node, const char *name,
                         const char *reason)
{
    char shown[JSON_SHOWN_BYTES];
    return product_refuse(reader, node, name, "%s %s", json_show(node->text, shown), reason);
}

static void add_string(struct product_reader *reader, struct product_value *value, struct bytes string)
{
    if (string.size == 0) {
        return;
    }
    if (value->string_count == 0) {
        value->strings = reader->strings + reader->string_count;
        value->present = true;
    }
    reader->strings[reader->string_count++] = string;
    value->string_count++;
}

static int read_text(struct product_reader *reader, const struct field *field, const struct json_node *node,
                     struct product_value *value)
{
    if (node->type != JSON_STRING) {
        return refuse_type(reader, node, field->name, "a string or an array of strings");
    }
    add_string(reader, value, node->text);
    return 0;
}

static int read_keyword(struct product_reader *reader, const struct field *field, const struct json_node *node,
                        struct product_value *value)
{
    static const char expected[] = "a string, number or bool, or an array of those";
    struct bytes text = node->text;
    if (node->type == JSON_TRUE || node->type == JSON_FALSE) {
        text = bytes_of_string(json_type_name(node->type));
    } else if (node->type != JSON_STRING && node->type != JSON_NUMBER) {
        return refuse_type(reader, node, field->name, expected);
    }
    if (text.size > LIMIT_KEYWORD_BYTES) {
        return product_refuse(reader, node, field->name, "a value of %zu bytes, expected at most %u", text.size,
                              LIMIT_KEYWORD_BYTES);
    }
    add_string(reader, value, text);
    return 0;
}

typedef int read_string(struct product_reader *reader, const struct field *field, const struct json_node *node,
                        struct product_value *value);

/* One value or an array of them. */
static int read_strings(struct product_reader *reader, const struct field *field, uint32_t index,
                        struct product_value *value, read_string *read_one)
{
    const struct json_node *nodes = reader->nodes;
    if (nodes[index].type != JSON_ARRAY) {
        return read_one(reader, field, &nodes[index], value);
    }
    int status = 0;
    for (uint32_t i = index + 1; i < nodes[index].next && status == 0; i = nodes[i].next) {
        status = read_one(reader, field, &nodes[i], value);
    }
    return status;
}

static int read_keywords(struct product_reader *reader, const struct field *field, uint32_t index,
                         struct product_value *value)
{
    int status = read_strings(reader, field, index, value, read_keyword);
    if (status == 0 && field->column && value->string_count > LIMIT_LIST_VALUES) {
        return product_refuse(reader, &reader->nodes[index], field->name, "%u values, expected at most %u",
                              value->string_count, LIMIT_LIST_VALUES);
    }
    return status;
}

static int read_path_string(struct product_reader *reader, const struct field *field, const struct json_node *node,
                            struct product_value *value)
{
    static const char separator[] = " > ";
    const size_t separator_size = sizeof separator - 1;
    struct bytes rest = node->text;
    for (;;) {
        const uint8_t *found = memmem(rest.data, rest.size, separator, separator_size);
        size_t size = found == NULL ? rest.size : (size_t)(found - rest.data);
        if (value->string_count == LIMIT_PATH_PARTS && size > 0) {
            return product_refuse(reader, node, field->name, "more than %u levels", LIMIT_PATH_PARTS);
        }
        add_string(reader, value, bytes_of(rest.data, size));
        if (found == NULL) {
            return 0;
        }
        rest = bytes_of(found + separator_size, rest.size - size - separator_size);
    }
}

static int read_path_part(struct product_reader *reader, const struct field *field, const struct json_node *node,
                          struct product_value *value)
{
    if (node->type != JSON_STRING) {
        return product_refuse(reader, node, field->name,
                              "found %s in the path, expected an array of strings, top level first",
                              json_type_name(node->type));
    }
    if (value->string_count == LIMIT_PATH_PARTS && node->text.size > 0) {
        return product_refuse(reader, node, field->name, "more than %u levels", LIMIT_PATH_PARTS);
    }
    add_string(reader, value, node->text);
    return 0;
}

static int check_path(struct product_reader *reader, const struct field *field, const struct json_node *node,
                      const struct product_value *value)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < value->string_count; i++) {
        bytes += value->strings[i].size + (i > 0 ? 3 : 0);
    }
    if (bytes > LIMIT_KEYWORD_BYTES) {
        return product_refuse(reader, node, field->name, "a path of %zu bytes, expected at most %u", bytes,
                              LIMIT_KEYWORD_BYTES);
    }
    return 0;
}

static int read_path(struct product_reader *reader, const struct field *field, uint32_t index,
                     struct product_value *value)
{
    const struct json_node *node = &reader->nodes[index];
    int status = 0;
    if (node->type == JSON_STRING) {
        status = read_path_string(reader, field, node, value);
    } else if (node->type == JSON_ARRAY) {
        status = read_strings(reader, field, index, value, read_path_part);
    } else {
        status = refuse_type(reader, node, field->name, "an array of strings, top level first, or \"a > b\"");
    }
    return status != 0 ? status : check_path(reader, field, node, value);
}

static int read_scaled(struct product_reader *reader, const struct field *field, const struct json_node *node,
                       struct product_value *value)
{
    char reason[96];
    if (node->type != JSON_NUMBER) {
        return refuse_type(reader, node, field->name, field->type == FIELD_INTEGER ? "a whole number" : "a number");
    }
    enum value_fault fault = value_scaled(node->text, field->scale, &value->number);
    if (fault == VALUE_TOO_FINE && field->scale == 0) {
        return refuse_number(reader, node, field->name, "is not whole, expected a whole number");
    }
    if (fault == VALUE_TOO_FINE) {
        snprintf(reason, sizeof reason, "is too fine, expected at most %u digits behind the point", field->scale);
        return refuse_number(reader, node, field->name, reason);
    }
    if (fault == VALUE_TOO_LARGE) {
        return refuse_number(reader, node, field->name, "is too large, expected less than 2^63 once scaled");
    }
    value->present = true;
    return 0;
}

static int read_double(struct product_reader *reader, const struct field *field, const struct json_node *node,
                       struct product_value *value)
{
    double number = 0;
    if (node->type != JSON_NUMBER) {
        return refuse_type(reader, node, field->name, "a number");
    }
    if (!value_double(node->text, &number)) {
        return refuse_number(reader, node, field->name, "is too large for a double");
    }
    value->number = product_number_of_double(number);
    value->present = true;
    return 0;
}

static int read_bool(struct product_reader *reader, const struct field *field, const struct json_node *node,
                     struct product_value *value)
{
    if (node->type != JSON_TRUE && node->type != JSON_FALSE) {
        return refuse_type(reader, node, field->name, "true or false");
    }
    value->number = node->type == JSON_TRUE ? 1 : 0;
    value->present = true;
    return 0;
}

static int read_date(struct product_reader *reader, const struct field *field, const struct json_node *node,
                     struct product_value *value)
{
    static const char expected[] = "a date like 2026-11-23 or 2026-11-23T10:00:00Z, or whole seconds since 1970";
    char shown[JSON_SHOWN_BYTES];
    int64_t seconds = 0;
    if (node->type == JSON_STRING) {
        value->present = value_date(node->text, &value->number);
    } else if (node->type == JSON_NUMBER) {
        value->present =
            value_scaled(node->text, 0, &seconds) == VALUE_OK && value_date_of_seconds(seconds, &value->number);
    } else {
        return refuse_type(reader, node, field->name, expected);
    }
    if (!value->present) {
        return product_refuse(reader, node, field->name, "%s is not a date of the years 1 to 9999, expected %s",
                              json_show(node->text, shown), expected);
    }
    return 0;
}

int product_read_field(struct product_reader *reader, const struct field *field, uint32_t index,
                       struct product_value *value)
{
    const struct json_node *node = &reader->nodes[index];
    value->named = true;
    if (node->type == JSON_NULL) {
        return 0;
    }
    switch (field->type) { /* GCOVR_EXCL_BR_LINE: a type is one of these, and each is a line of its own */
    case FIELD_TEXT:
        return read_strings(reader, field, index, value, read_text);
    case FIELD_KEYWORD:
        return read_keywords(reader, field, index, value);
    case FIELD_PATH:
        return read_path(reader, field, index, value);
    case FIELD_INTEGER:
    case FIELD_DECIMAL:
        return read_scaled(reader, field, node, value);
    case FIELD_DOUBLE:
        return read_double(reader, field, node, value);
    case FIELD_BOOL:
        return read_bool(reader, field, node, value);
    case FIELD_DATE:
        return read_date(reader, field, node, value);
    case FIELD_VARIANTS:
        return 0; /* read when the product's own values are known */
    }
    return AISLE_INVALID; /* GCOVR_EXCL_LINE */
}

static bool is_whole_as_written(struct bytes number)
{
    for (size_t i = number.data[0] == '-' ? 1 : 0; i < number.size; i++) {
        if (number.data[i] < '0' || number.data[i] > '9') {
            return false;
        }
    }
    return true;
}

static int read_id(struct product_reader *reader, const struct json_node *node, struct bytes *id)
{
    const char *name = reader->schema->id_name;
    bool number = node->type == JSON_NUMBER && is_whole_as_written(node->text);
    if (node->type == JSON_NUMBER && !number) {
        return refuse_number(reader, node, name, "is not whole, expected a string or whole number as the id");
    }
    if (node->type != JSON_STRING && !number) {
        return refuse_type(reader, node, name, "a string or whole number as the id");
    }
    if (node->text.size == 0 || node->text.size > LIMIT_ID_BYTES) {
        return product_refuse(reader, node, name, "an id of %zu bytes, expected 1 to %u", node->text.size,
                              LIMIT_ID_BYTES);
    }
    *id = node->text;
    return 0;
}

/* The place of a name of 1 to LIMIT_FIELD_NAME_BYTES. */
static inline struct product_name *place_of_name(struct product_reader *reader, struct bytes key)
{
    size_t first = key.data[0];
    size_t last = key.data[key.size - 1];
    return &reader->names[(key.size * 31 + first * 5 + last) % PRODUCT_NAMES];
}

/* What the schema says of the name of a member: its field, or -1, and whether it is the id's. */
static inline const struct product_name *look_up_name(struct product_reader *reader, struct bytes key,
                                                      struct product_name *other)
{
    if (key.size == 0 || key.size > LIMIT_FIELD_NAME_BYTES) {
        *other = (struct product_name){.field = -1};
        return other;
    }
    struct product_name *name = place_of_name(reader, key);
    if (name->size != key.size || !bytes_same(name->text, key.data, key.size)) {
        name->size = (uint8_t)key.size;
        name->field = (int16_t)schema_field_find(reader->schema, key);
        name->is_id = bytes_equal(key, bytes_of_string(reader->schema->id_name));
        memcpy(name->text, key.data, key.size);
    }
    return name;
}

static int read_member(struct product_reader *reader, uint32_t index, struct product *out)
{
    const struct json_node *node = &reader->nodes[index];
    struct product_name other;
    const struct product_name *name = look_up_name(reader, node->key, &other);
    int field = name->field;
    bool is_id = name->is_id;
    int status = 0;
    if (is_id && node->type != JSON_NULL) {
        status = read_id(reader, node, &out->id);
    }
    if (status == 0 && field >= 0) {
        status = product_read_field(reader, &reader->schema->fields[field], index, &out->values[field]);
    }
    if (status == 0 && field < 0 && !is_id) {
        char shown[JSON_SHOWN_BYTES];
        out->unknown_fields++;
        if (reader->schema->strict) {
            status = product_refuse(reader, node, json_show(node->key, shown), "not in the schema, which is strict");
        }
    }
    return status;
}

static int read_object(struct product_reader *reader, const struct schema *schema, struct bytes text,
                       struct product *out, bool need_id, aisle_error *error)
{
    size_t node_count = 0;
    out->id = bytes_of(NULL, 0);
    out->unknown_fields = 0;
    memset(out->values, 0, schema->field_count * sizeof out->values[0]);
    reader->schema = schema;
    reader->error = error;
    if (reader->names_schema != schema || reader->names_print != schema->print) {
        memset(reader->names, 0, sizeof reader->names);
        reader->names_schema = schema;
        reader->names_print = schema->print;
    }
    if (text.size > LIMIT_PRODUCT_BYTES) {
        return error_set_at(error, AISLE_BAD_PRODUCT, LIMIT_PRODUCT_BYTES,
                            "a product of %zu bytes, expected at most %u", text.size, LIMIT_PRODUCT_BYTES);
    }
    int status = json_parse(reader->json, text, error);
    if (status != 0) {
        return status;
    }
    reader->nodes = json_nodes(reader->json, &node_count);
    const struct json_node *root = &reader->nodes[0];
    if (root->type != JSON_OBJECT) {
        return error_set_at(error, AISLE_BAD_PRODUCT, root->position, "found %s, expected an object",
                            json_type_name(root->type));
    }
    status = reserve_strings(reader, node_count);
    for (uint32_t m = 1; m < root->next && status == 0; m = reader->nodes[m].next) {
        status = read_member(reader, m, out);
    }
    if (status == 0 && schema->variants_field != SCHEMA_NO_FIELD) {
        size_t list = json_member(reader->json, 0, bytes_of_string(schema->fields[schema->variants_field].name));
        bool by_key = !need_id && list != 0 && reader->nodes[list].type == JSON_OBJECT;
        status = by_key ? product_read_variants_patch(reader, (uint32_t)list, out)
                        : product_read_variants(reader, (uint32_t)list, out);
    }
    if (status == 0 && need_id && out->id.size == 0) {
        return product_refuse(reader, root, schema->id_name, "missing, every product needs it as its id");
    }
    return status;
}

int product_reader_read(struct product_reader *reader, const struct schema *schema, struct bytes text,
                        struct product *out, aisle_error *error)
{
    return read_object(reader, schema, text, out, true, error);
}

int product_reader_read_patch(struct product_reader *reader, const struct schema *schema, struct bytes text,
                              struct product *out, aisle_error *error)
{
    return read_object(reader, schema, text, out, false, error);
}
