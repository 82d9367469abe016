/*
 * convert.c - values of rows into values of products.
 *
 * Thread rule: one struct convert, one thread at a time.
 */
#include "indexer/convert.h"

#include "indexer/decimal.h"
#include "indexer/times.h"

#include <stdlib.h>

/* A value, and the text and nodes that it stands in. */
struct value {
    const struct json *json;
    struct bytes text;
    const struct json_node *node;
    size_t index;
};

static int fault(const struct column *column, int code, const char *what, aisle_error *error)
{
    char shown[JSON_SHOWN_BYTES];
    return error_set_at(error, code, column->value->position, "column \"%s\": %s", json_show(column->name, shown),
                        code == AISLE_NO_MEMORY ? aisle_error_text(code) : what);
}

static const struct json_node *nodes_of(const struct json *json)
{
    size_t count;
    return json_nodes(json, &count);
}

static struct value value_at(const struct json *json, struct bytes text, size_t index)
{
    return (struct value){json, text, &nodes_of(json)[index], index};
}

/* ------------------------------------------------------------------------------------- finding the value -- */

/* Looks into a string that holds JSON; one that does not stays as it is. */
static int open_json(struct convert *convert, struct value *value)
{
    if (value->node->type != JSON_STRING) {
        return 0;
    }
    struct bytes text = value->node->text;
    int status = json_parse(convert->json, text, NULL);
    if (status == 0) {
        *value = value_at(convert->json, text, 0);
    }
    return status == AISLE_BAD_PRODUCT ? 0 : status;
}

/* The element of an array that a part of a path counts, or the member that it names; 0: none. */
static size_t step(const struct value *value, struct bytes part)
{
    const struct json_node *nodes = nodes_of(value->json);
    if (value->node->type == JSON_OBJECT) {
        return json_member(value->json, value->index, part);
    }
    char text[8] = {0};
    if (value->node->type != JSON_ARRAY || part.size == 0 || part.size >= sizeof text) {
        return 0;
    }
    memcpy(text, part.data, part.size);
    long count = strtol(text, NULL, 10);
    size_t i = value->index + 1;
    while (i < value->node->next && count > 0) {
        i = nodes[i].next;
        count--;
    }
    return i < value->node->next && count == 0 ? i : 0;
}

/* Follows a path such as size.weight; false: nothing is there. */
static bool follow(struct value *value, struct bytes path)
{
    while (path.size > 0) {
        const uint8_t *dot = memchr(path.data, '.', path.size);
        size_t size = dot == NULL ? path.size : (size_t)(dot - path.data);
        size_t next = step(value, bytes_of(path.data, size));
        if (next == 0) {
            return false;
        }
        *value = value_at(value->json, value->text, next);
        size += dot != NULL;
        path = bytes_of(path.data + size, path.size - size);
    }
    return true;
}

/* ---------------------------------------------------------------------------------------------- numbers -- */

/* The number that the value is, in whatever form; empty: none. */
static struct bytes number_of(const struct value *value, const struct column *column,
                              const struct mapping_field *field, char out[DECIMAL_BYTES])
{
    const struct json_node *node = value->node;
    bool told = field != NULL && field->decimal >= 0;
    if (node->type == JSON_NUMBER) {
        return node->text;
    }
    if (node->type == JSON_OBJECT) { /* Debezium's number of variable scale */
        size_t scale = row_member(value->json, value->index, "scale");
        const struct json_node *nodes = nodes_of(value->json);
        char text[8] = {0};
        if (scale == 0 || nodes[scale].type != JSON_NUMBER || nodes[scale].text.size >= sizeof text) {
            return bytes_of("", 0);
        }
        memcpy(text, nodes[scale].text.data, nodes[scale].text.size);
        bool good = decimal_of_base64(row_text(value->json, value->index, "value"), (int)strtol(text, NULL, 10), out);
        return good ? bytes_of_string(out) : bytes_of("", 0);
    }
    if (node->type != JSON_STRING) {
        return bytes_of("", 0);
    }
    if (column->hint == HINT_DECIMAL || told) {
        int scale = told ? field->decimal : column->scale;
        return decimal_of_base64(node->text, scale, out) ? bytes_of_string(out) : bytes_of("", 0);
    }
    struct bytes text = node->text;
    if (text.size > 0 && text.data[0] == '+') {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    return json_is_number(text) ? text : bytes_of("", 0);
}

static bool is_no_number(struct bytes text)
{
    return bytes_equal(text, bytes_of_string("NaN")) || bytes_equal(text, bytes_of_string("Infinity")) ||
           bytes_equal(text, bytes_of_string("-Infinity"));
}

/* ------------------------------------------------------------------------------------------------ dates -- */

static int64_t scaled_time(int64_t number, uint8_t hint, const struct mapping_field *field)
{
    enum mapping_unit unit = field == NULL ? UNIT_NONE : field->unit;
    if (unit == UNIT_NONE) {
        unit = hint == HINT_DAYS ? UNIT_DAYS : hint == HINT_MS ? UNIT_MS : hint == HINT_US ? UNIT_US
             : hint == HINT_NS   ? UNIT_NS
                                 : UNIT_NONE;
    }
    switch (unit) {
    case UNIT_NONE:
        return times_guess(number);
    case UNIT_DAYS:
        return number > INT64_MAX / 86400000 || number < INT64_MIN / 86400000 ? INT64_MAX : number * 86400000;
    case UNIT_S:
        return number > INT64_MAX / 1000 || number < INT64_MIN / 1000 ? INT64_MAX : number * 1000;
    case UNIT_MS:
        return number;
    case UNIT_US:
        return number / 1000;
    case UNIT_NS:
        return number / 1000000;
    }
    return number;
}

/* Whether the value is a moment; its text then stands in out, empty for an infinite one. */
static bool date_of(const struct value *value, const struct column *column, const struct mapping_field *field,
                    char out[TIMES_BYTES])
{
    const struct json_node *node = value->node;
    int64_t ms;
    out[0] = '\0';
    if (node->type == JSON_STRING) {
        bool infinite = bytes_equal(node->text, bytes_of_string("infinity")) ||
                        bytes_equal(node->text, bytes_of_string("-infinity"));
        return infinite || (times_read(node->text, &ms) && times_print(ms, out));
    }
    char text[24] = {0};
    if (node->type != JSON_NUMBER || node->text.size >= sizeof text) {
        return false;
    }
    memcpy(text, node->text.data, node->text.size);
    if (strpbrk(text, ".eE") != NULL) {
        return false;
    }
    return times_print(scaled_time(strtoll(text, NULL, 10), column->hint, field), out);
}

static bool is_time_hint(uint8_t hint)
{
    return hint == HINT_DAYS || hint == HINT_MS || hint == HINT_US || hint == HINT_NS || hint == HINT_TIME;
}

/* ------------------------------------------------------------------------------------------------ lists -- */

static struct bytes trim(struct bytes text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t')) {
        text.size--;
    }
    return text;
}

static void put_split(struct bytes text, struct bytes separator, struct buf *out)
{
    bool any = false;
    buf_put_u8(out, '[');
    for (bool more = true; more;) {
        const uint8_t *found = memmem(text.data, text.size, separator.data, separator.size);
        struct bytes part = trim(bytes_of(text.data, found == NULL ? text.size : (size_t)(found - text.data)));
        if (part.size > 0) {
            buf_put_string(out, any ? "," : "");
            json_put_string(out, part);
            any = true;
        }
        more = found != NULL;
        if (more) {
            size_t taken = (size_t)(found - text.data) + separator.size;
            text = bytes_of(text.data + taken, text.size - taken);
        }
    }
    buf_put_u8(out, ']');
}

/* One element of PostgreSQL's array at *at, unescaped into element; *is_null: the word NULL. */
static bool take_element(struct bytes text, size_t *at, struct buf *element, bool *is_null)
{
    bool quoted = *at < text.size && text.data[*at] == '"';
    buf_clear(element);
    *at += quoted;
    while (*at < text.size) {
        uint8_t c = text.data[*at];
        if (quoted ? c == '"' : c == ',' || c == '}') {
            break;
        }
        if (!quoted && c == '{') {
            return false;
        }
        *at += c == '\\' && *at + 1 < text.size;
        buf_put_u8(element, text.data[(*at)++]);
    }
    if (quoted && *at < text.size) {
        (*at)++;
    }
    *is_null = !quoted && bytes_equal(buf_bytes(element), bytes_of_string("NULL"));
    return *at < text.size && (text.data[*at] == ',' || text.data[*at] == '}');
}

/* PostgreSQL's array as a JSON array of strings, without nulls; false when it is none, or one of arrays. */
static bool put_array(struct bytes text, struct buf *out)
{
    struct buf element;
    bool good = text.size >= 2 && text.data[0] == '{' && text.data[text.size - 1] == '}';
    size_t before = out->size;
    size_t at = 1;
    bool any = false;
    buf_init(&element, LIMIT_PRODUCT_BYTES);
    buf_put_u8(out, '[');
    while (good && at < text.size - 1) {
        bool is_null;
        good = take_element(text, &at, &element, &is_null) && buf_status(&element) == 0 &&
               (text.data[at] == ',' || at == text.size - 1); /* else it ends before its end */
        if (good && !is_null) {
            buf_put_string(out, any ? "," : "");
            json_put_string(out, buf_bytes(&element));
            any = true;
        }
        at += good && text.data[at] == ',';
    }
    buf_put_u8(out, ']');
    buf_release(&element);
    if (!good && buf_status(out) == 0) {
        out->size = before;
    }
    return good;
}

/* ---------------------------------------------------------------------------------------------- the value -- */

static void put_raw(const struct value *value, struct buf *out)
{
    buf_put(out, value->text.data + value->node->position, value->node->end - value->node->position);
}

/* The value as it stands, but for nulls in a list, which no field takes. */
static void put_as_is(const struct value *value, struct buf *out)
{
    const struct json_node *nodes = nodes_of(value->json);
    bool any = false;
    if (value->node->type != JSON_ARRAY) {
        put_raw(value, out);
        return;
    }
    buf_put_u8(out, '[');
    for (size_t i = value->index + 1; i < value->node->next; i = nodes[i].next) {
        if (nodes[i].type != JSON_NULL) {
            struct value element = value_at(value->json, value->text, i);
            buf_put_string(out, any ? "," : "");
            put_raw(&element, out);
            any = true;
        }
    }
    buf_put_u8(out, ']');
}

static void put_null(struct buf *out, bool *is_null)
{
    buf_put_string(out, "null");
    *is_null = true;
}

static const char *bool_of(const struct json_node *node)
{
    static const char *const yes[] = {"t", "true", "1", "y", "yes", "AQ=="};
    static const char *const no[] = {"f", "false", "0", "n", "no", "AA=="};
    for (size_t i = 0; i < sizeof yes / sizeof *yes && (node->type == JSON_STRING || node->type == JSON_NUMBER); i++) {
        if (bytes_equal(node->text, bytes_of_string(yes[i]))) {
            return "true";
        }
        if (bytes_equal(node->text, bytes_of_string(no[i]))) {
            return "false";
        }
    }
    return NULL;
}

/* What is made for the field's type; false: nothing, the value stays as it is. */
static bool put_typed(const struct value *value, const struct column *column, enum target target,
                      const struct mapping_field *field, struct buf *out, bool *is_null)
{
    const struct json_node *node = value->node;
    char number_text[DECIMAL_BYTES];
    char date[TIMES_BYTES];
    bool dated = target == TARGET_DATE || (target == TARGET_ANY && is_time_hint(column->hint)) ||
                 (field != NULL && field->unit != UNIT_NONE);
    if (dated && date_of(value, column, field, date)) {
        if (date[0] == '\0') {
            put_null(out, is_null);
        } else {
            json_put_string(out, bytes_of_string(date));
        }
        return true;
    }
    bool numeric = target == TARGET_NUMBER || column->hint == HINT_DECIMAL || (field != NULL && field->decimal >= 0);
    struct bytes number = numeric ? number_of(value, column, field, number_text) : bytes_of("", 0);
    if (number.size > 0 && target != TARGET_TEXT) {
        buf_put(out, number.data, number.size);
        return true;
    }
    if (target == TARGET_NUMBER && node->type == JSON_STRING && is_no_number(node->text)) {
        put_null(out, is_null);
        return true;
    }
    if (target == TARGET_BOOL && bool_of(node) != NULL) {
        buf_put_string(out, bool_of(node));
        return true;
    }
    if (target == TARGET_TEXT && (node->type == JSON_NUMBER || node->type == JSON_TRUE || node->type == JSON_FALSE ||
                                  number.size > 0)) {
        json_put_string(out, number.size > 0 ? number
                                             : bytes_of(value->text.data + node->position, node->end - node->position));
        return true;
    }
    return false;
}

static int put_product(const struct value *value, const struct column *column, const struct mapping_field *field,
                       struct buf *out, aisle_error *error)
{
    char text[DECIMAL_BYTES];
    char product[DECIMAL_BYTES];
    struct bytes number = number_of(value, column, field, text);
    if (number.size == 0 || !decimal_multiply(number, field->multiply, product)) {
        return fault(column, AISLE_BAD_PRODUCT, "is not a number that \"multiply\" can take", error);
    }
    buf_put_string(out, product);
    return 0;
}

/* What became of out: a text that is too long is the line's fault, and no reason to stop. */
static int text_status(const struct column *column, const struct buf *out, const char *too_long, aisle_error *error)
{
    int status = buf_status(out);
    return status == 0 ? 0 : fault(column, status == AISLE_LIMIT ? AISLE_BAD_PRODUCT : status, too_long, error);
}

int convert_value(struct convert *convert, const struct column *column, enum target target,
                  const struct mapping_field *field, struct buf *out, bool *is_null, aisle_error *error)
{
    struct value value = {convert->line_json, convert->line, column->value,
                          (size_t)(column->value - nodes_of(convert->line_json))};
    bool has_path = field != NULL && field->path.size > 0;
    int status = has_path || column->hint == HINT_JSON ? open_json(convert, &value) : 0;
    *is_null = false;
    if (status != 0) {
        return fault(column, status, "", error);
    }
    if ((has_path && !follow(&value, field->path)) || value.node->type == JSON_NULL) {
        put_null(out, is_null);
    } else if (field != NULL && field->split.size > 0 && value.node->type == JSON_STRING) {
        put_split(value.node->text, field->split, out);
    } else if (field != NULL && field->multiply.size > 0) {
        status = put_product(&value, column, field, out, error);
    } else if (column->hint == HINT_ARRAY && value.node->type == JSON_STRING && put_array(value.node->text, out)) {
        status = 0;
    } else if (!put_typed(&value, column, target, field, out, is_null)) {
        put_as_is(&value, out);
    }
    return status != 0 ? status : text_status(column, out, "the product becomes too long", error);
}

int convert_text(struct convert *convert, const struct column *column, struct buf *out, aisle_error *error)
{
    const struct json_node *node = column->value;
    char text[DECIMAL_BYTES];
    struct value value = {convert->line_json, convert->line, node, 0};
    if (node->type == JSON_STRING && column->hint == HINT_DECIMAL &&
        decimal_of_base64(node->text, column->scale, text)) {
        buf_put_string(out, text);
    } else if (node->type == JSON_STRING || node->type == JSON_NUMBER) {
        buf_put(out, node->text.data, node->text.size);
    } else if (node->type == JSON_TRUE || node->type == JSON_FALSE) {
        put_raw(&value, out);
    } else if (node->type != JSON_NULL) {
        return fault(column, AISLE_BAD_PRODUCT, "must be a string or number to be joined or an id", error);
    }
    return text_status(column, out, "is too long", error);
}
