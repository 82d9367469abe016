/*
 * mapping.c - parsing mapping files, strictly: an unknown key is a fault, because a misspelt one would lose a column.
 *
 * Thread rule: read-only once loaded.
 */
#include "indexer/mapping.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/limits.h"
#include "schema/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define ARENA_BYTES (8u << 20)

struct parse {
    struct json *json;
    const struct json_node *nodes;
    struct bytes text;
    struct mapping *mapping;
    aisle_error *error;
};

static int fault(struct parse *parse, size_t i, const char *what)
{
    char shown[JSON_SHOWN_BYTES];
    return error_set_at(parse->error, AISLE_INVALID, parse->nodes[i].position, "\"%s\" %s",
                        json_show(parse->nodes[i].key, shown), what);
}

static int no_memory(struct parse *parse)
{
    return error_no_memory(parse->error, "reading a mapping file");
}

static int copy(struct parse *parse, struct bytes from, struct bytes *to)
{
    uint8_t *data = arena_copy(&parse->mapping->arena, from.size == 0 ? (const uint8_t *)"" : from.data,
                               from.size == 0 ? 1 : from.size);
    *to = bytes_of(data, from.size);
    return data == NULL ? no_memory(parse) : 0;
}

static int take_string(struct parse *parse, size_t i, struct bytes *out)
{
    return parse->nodes[i].type == JSON_STRING && parse->nodes[i].text.size > 0
               ? copy(parse, parse->nodes[i].text, out)
               : fault(parse, i, "must be a string that is not empty");
}

static int take_bool(struct parse *parse, size_t i, bool *out)
{
    *out = parse->nodes[i].type == JSON_TRUE;
    return *out || parse->nodes[i].type == JSON_FALSE ? 0 : fault(parse, i, "must be true or false");
}

/* A column's name, or a list of them. */
static int take_names(struct parse *parse, size_t i, struct bytes *names, uint32_t *count)
{
    const struct json_node *nodes = parse->nodes;
    *count = 0;
    if (nodes[i].type == JSON_STRING) {
        *count = 1;
        return take_string(parse, i, &names[0]);
    }
    int status = nodes[i].type == JSON_ARRAY && nodes[i].next > i + 1 ? 0 : fault(parse, i, "must name columns");
    for (size_t k = i + 1; status == 0 && k < nodes[i].next; k = nodes[k].next) {
        if (*count == MAPPING_COLUMNS || nodes[k].type != JSON_STRING || nodes[k].text.size == 0) {
            return fault(parse, i, "must be a list of at most 16 columns");
        }
        status = copy(parse, nodes[k].text, &names[(*count)++]);
    }
    return status;
}

static int take_unit(struct parse *parse, size_t i, enum mapping_unit *unit)
{
    static const char *const names[] = {[UNIT_DAYS] = "days", [UNIT_S] = "s", [UNIT_MS] = "ms", [UNIT_US] = "us",
                                        [UNIT_NS] = "ns"};
    for (unsigned u = UNIT_DAYS; u <= UNIT_NS && parse->nodes[i].type == JSON_STRING; u++) {
        if (bytes_equal(parse->nodes[i].text, bytes_of_string(names[u]))) {
            *unit = (enum mapping_unit)u;
            return 0;
        }
    }
    return fault(parse, i, "must be \"days\", \"s\", \"ms\", \"us\" or \"ns\"");
}

static int take_scale(struct parse *parse, size_t i, int16_t *scale)
{
    char text[4] = {0};
    const struct json_node *node = &parse->nodes[i];
    if (node->type != JSON_NUMBER || node->text.size > 2 || node->text.data[0] == '-') {
        return fault(parse, i, "must be a whole number from 0 to 99");
    }
    memcpy(text, node->text.data, node->text.size);
    *scale = (int16_t)strtol(text, NULL, 10);
    return 0;
}

static bool is_key(struct parse *parse, size_t i, const char *name)
{
    return bytes_equal(parse->nodes[i].key, bytes_of_string(name));
}

static int take_field_member(struct parse *parse, size_t i, struct mapping_field *field)
{
    const struct json_node *node = &parse->nodes[i];
    if (is_key(parse, i, "column") || is_key(parse, i, "columns")) {
        return take_names(parse, i, field->columns, &field->column_count);
    }
    if (is_key(parse, i, "value")) {
        return copy(parse, bytes_of(parse->text.data + node->position, node->end - node->position), &field->constant);
    }
    if (is_key(parse, i, "join")) {
        return node->type == JSON_STRING ? copy(parse, node->text, &field->join) : fault(parse, i, "must be a string");
    }
    if (is_key(parse, i, "multiply")) {
        return node->type == JSON_NUMBER ? copy(parse, node->text, &field->multiply)
                                         : fault(parse, i, "must be a number");
    }
    if (is_key(parse, i, "time")) {
        return take_unit(parse, i, &field->unit);
    }
    if (is_key(parse, i, "decimal")) {
        return take_scale(parse, i, &field->decimal);
    }
    return is_key(parse, i, "split")  ? take_string(parse, i, &field->split)
           : is_key(parse, i, "path") ? take_string(parse, i, &field->path)
                                      : fault(parse, i, "is not known here");
}

static int take_field(struct parse *parse, size_t i, struct mapping_field *field)
{
    const struct json_node *nodes = parse->nodes;
    *field = (struct mapping_field){.decimal = -1, .join = bytes_of(" ", 1)};
    int status = copy(parse, nodes[i].key, &field->name);
    if (status != 0 || nodes[i].type == JSON_STRING) {
        field->column_count = 1;
        return status != 0 ? status : take_string(parse, i, &field->columns[0]);
    }
    if (nodes[i].type != JSON_OBJECT) {
        return fault(parse, i, "must be a column's name or an object");
    }
    for (size_t k = i + 1; k < nodes[i].next && status == 0; k = nodes[k].next) {
        status = take_field_member(parse, k, field);
    }
    bool constant = field->constant.size > 0;
    if (status == 0 && constant == (field->column_count > 0)) {
        return fault(parse, i, "needs one of \"column\", \"columns\" and \"value\"");
    }
    return status;
}

static int take_fields(struct parse *parse, size_t i, struct mapping_table *table)
{
    const struct json_node *nodes = parse->nodes;
    int status = nodes[i].type == JSON_OBJECT ? 0 : fault(parse, i, "must be an object");
    size_t count = 0;
    for (size_t k = i + 1; status == 0 && k < nodes[i].next; k = nodes[k].next) {
        count++;
    }
    if (status != 0 || count > LIMIT_FIELDS) {
        return status != 0 ? status : fault(parse, i, "has more fields than a schema may");
    }
    table->fields = arena_calloc(&parse->mapping->arena, count + 1, sizeof *table->fields);
    if (table->fields == NULL) {
        return no_memory(parse);
    }
    for (size_t k = i + 1; status == 0 && k < nodes[i].next; k = nodes[k].next) {
        status = take_field(parse, k, &table->fields[table->field_count++]);
    }
    return status;
}

static int take_table(struct parse *parse, size_t i, struct mapping_table *table)
{
    const struct json_node *nodes = parse->nodes;
    bool rest_given = false;
    *table = (struct mapping_table){0};
    int status = copy(parse, nodes[i].key, &table->name);
    if (status == 0 && nodes[i].type != JSON_OBJECT) {
        return fault(parse, i, "must be an object");
    }
    for (size_t k = i + 1; status == 0 && k < nodes[i].next; k = nodes[k].next) {
        rest_given = rest_given || is_key(parse, k, "rest");
        status = is_key(parse, k, "id")       ? take_names(parse, k, table->id, &table->id_count)
                 : is_key(parse, k, "fields") ? take_fields(parse, k, table)
                 : is_key(parse, k, "patch")  ? take_bool(parse, k, &table->patch)
                 : is_key(parse, k, "ignore") ? take_bool(parse, k, &table->ignore)
                 : is_key(parse, k, "rest")   ? take_bool(parse, k, &table->rest)
                                              : fault(parse, k, "is not known here");
    }
    table->rest = rest_given ? table->rest : !table->patch;
    return status;
}

static int take_tables(struct parse *parse)
{
    const struct json_node *nodes = parse->nodes;
    size_t tables = json_member(parse->json, 0, bytes_of_string("tables"));
    int status = 0;
    if (tables == 0 || nodes[tables].type != JSON_OBJECT || nodes[0].next != nodes[tables].next) {
        return error_set_at(parse->error, AISLE_INVALID, nodes[0].position,
                            "a mapping file is an object with one member, \"tables\", an object");
    }
    parse->mapping->tables = arena_calloc(&parse->mapping->arena, LIMIT_MAP_TABLES, sizeof(struct mapping_table));
    if (parse->mapping->tables == NULL) {
        return no_memory(parse);
    }
    for (size_t i = tables + 1; status == 0 && i < nodes[tables].next; i = nodes[i].next) {
        if (parse->mapping->table_count == LIMIT_MAP_TABLES) {
            return fault(parse, i, "is one table more than a mapping file may have");
        }
        status = take_table(parse, i, &parse->mapping->tables[parse->mapping->table_count++]);
    }
    return status;
}

int mapping_parse(struct bytes text, struct mapping **out, aisle_error *error)
{
    struct parse parse = {.text = text, .error = error};
    *out = NULL;
    int status = json_new(&parse.json);
    parse.mapping = status != 0 ? NULL : mem_calloc(1, sizeof *parse.mapping);
    if (parse.mapping == NULL) {
        json_free(parse.json);
        return no_memory(&parse);
    }
    arena_init(&parse.mapping->arena, ARENA_BYTES);
    status = json_parse(parse.json, text, error);
    if (status == 0) {
        size_t count;
        parse.nodes = json_nodes(parse.json, &count);
        status = take_tables(&parse);
    } else if (status == AISLE_BAD_PRODUCT) {
        status = AISLE_INVALID;
        if (error != NULL) {
            error->code = status;
        }
    }
    json_free(parse.json);
    if (status != 0) {
        mapping_free(parse.mapping);
        return status;
    }
    *out = parse.mapping;
    return 0;
}

static int read_file(const char *path, struct buf *text, aisle_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && buf_status(text) == 0) {
        uint8_t *room = buf_extend(text, 4096);
        got = room == NULL ? 0 : read(fd, room, 4096);
        text->size -= room == NULL ? 0 : 4096 - (size_t)(got > 0 ? got : 0);
    }
    int number = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (got < 0) {
        int code = number == ENOENT ? AISLE_NOT_FOUND : number == EACCES ? AISLE_PERMISSION : AISLE_IO;
        return error_set(error, code, "the mapping file %s cannot be read: %s", path, strerror(number));
    }
    return buf_status(text) == 0 ? 0
                                 : error_set(error, buf_status(text), "the mapping file %s: %s", path,
                                             aisle_error_text(buf_status(text)));
}

int mapping_load(const char *path, struct mapping **out, aisle_error *error)
{
    struct buf text;
    aisle_error reason = {0};
    *out = NULL;
    buf_init(&text, LIMIT_MAP_FILE_BYTES);
    int status = read_file(path, &text, error);
    if (status == 0) {
        status = mapping_parse(buf_bytes(&text), out, &reason);
        if (status != 0) {
            error_set_at(error, status, reason.position, "the mapping file %.80s, byte %zu: %.120s", path,
                         reason.position, reason.message);
        }
    }
    buf_release(&text);
    return status;
}

void mapping_free(struct mapping *mapping)
{
    if (mapping != NULL) {
        arena_release(&mapping->arena);
        mem_free(mapping);
    }
}

static bool is_named(struct bytes name, struct bytes schema, struct bytes table)
{
    bool whole = name.size == schema.size + 1 + table.size && bytes_begin_with(name, schema) &&
                 name.data[schema.size] == '.' &&
                 bytes_equal(bytes_of(name.data + schema.size + 1, table.size), table);
    return whole || bytes_equal(name, table);
}

const struct mapping_table *mapping_find(const struct mapping *mapping, struct bytes schema, struct bytes table)
{
    for (uint32_t i = 0; i < mapping->table_count; i++) {
        if (is_named(mapping->tables[i].name, schema, table)) {
            return &mapping->tables[i];
        }
    }
    return NULL;
}

bool mapping_uses(const struct mapping_table *table, struct bytes column)
{
    for (uint32_t i = 0; i < table->id_count; i++) {
        if (bytes_equal(table->id[i], column)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < table->field_count; i++) {
        for (uint32_t k = 0; k < table->fields[i].column_count; k++) {
            if (bytes_equal(table->fields[i].columns[k], column)) {
                return true;
            }
        }
    }
    return false;
}
