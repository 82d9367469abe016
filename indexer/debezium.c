/*
 * debezium.c - Debezium's change events, as JSON converters write them: with a "schema" beside the "payload", or bare.
 *
 * {"op":"c"|"u"|"d"|"r"|"t"|"m","before":{..}|null,"after":{..}|null,
 *  "source":{"schema","table","sequence",..},"ts_ms":..}
 * The schema, if there, tells what values mean that JSON cannot show: decimals in base64, dates as days, and so on.
 * (Source: Debezium's documentation of its connectors and of their data types.) A "null" and an event whose payload is
 * null are tombstones, for Kafka's compaction alone. Thread rule: one thread at a time.
 */
#include "indexer/row.h"

#include <stdio.h>
#include <stdlib.h>

#define UNAVAILABLE "__debezium_unavailable_value"
#define UNAVAILABLE_BASE64 "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="

static const struct json_node *nodes_of(const struct json *json)
{
    size_t count;
    return json_nodes(json, &count);
}

static bool is_envelope(const struct json *json, size_t index)
{
    struct bytes op = row_text(json, index, "op");
    return op.size == 1 && memchr("cudrtm", op.data[0], 6) != NULL &&
           (row_member(json, index, "source") != 0 || row_member(json, index, "before") != 0 ||
            row_member(json, index, "after") != 0);
}

bool debezium_matches(const struct json *json)
{
    const struct json_node *nodes = nodes_of(json);
    size_t payload = row_member(json, 0, "payload");
    if (nodes[0].type == JSON_NULL) {
        return true;
    }
    if (payload == 0) {
        return is_envelope(json, 0);
    }
    return is_envelope(json, payload) || row_member(json, 0, "schema") != 0;
}

/* -------------------------------------------------------------------------------------------- its types -- */

static uint8_t hint_of(struct bytes name)
{
    static const struct {
        const char *name;
        uint8_t hint;
    } types[] = {{"org.apache.kafka.connect.data.Decimal", HINT_DECIMAL},
                 {"org.apache.kafka.connect.data.Date", HINT_DAYS},
                 {"org.apache.kafka.connect.data.Timestamp", HINT_MS},
                 {"io.debezium.time.Date", HINT_DAYS},
                 {"io.debezium.time.Timestamp", HINT_MS},
                 {"io.debezium.time.MicroTimestamp", HINT_US},
                 {"io.debezium.time.NanoTimestamp", HINT_NS},
                 {"io.debezium.time.ZonedTimestamp", HINT_TIME},
                 {"io.debezium.data.Json", HINT_JSON}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (bytes_equal(name, bytes_of_string(types[i].name))) {
            return types[i].hint;
        }
    }
    return HINT_NONE;
}

/* The "fields" of the part of the schema that describes before or after; 0: none. */
static size_t find_fields(const struct json *json, const char *part)
{
    const struct json_node *nodes = nodes_of(json);
    size_t fields = row_member(json, row_member(json, 0, "schema"), "fields");
    for (size_t i = fields + 1; fields != 0 && i < nodes[fields].next; i = nodes[i].next) {
        if (bytes_equal(row_text(json, i, "field"), bytes_of_string(part))) {
            return row_member(json, i, "fields");
        }
    }
    return 0;
}

/* Takes over what the fields from first to end say of this column; *at: behind what was found. */
static bool describe_from(const struct json *json, size_t first, size_t end, struct column *column, size_t *at)
{
    const struct json_node *nodes = nodes_of(json);
    for (size_t i = first; i < end; i = nodes[i].next) {
        if (bytes_equal(row_text(json, i, "field"), column->name)) {
            char text[8] = {0};
            struct bytes scale = row_text(json, row_member(json, i, "parameters"), "scale");
            memcpy(text, scale.data, scale.size < sizeof text ? scale.size : 0);
            column->hint = hint_of(row_text(json, i, "name"));
            column->scale = (int16_t)strtol(text, NULL, 10);
            *at = nodes[i].next;
            return true;
        }
    }
    return false;
}

/* Columns stand in the schema's order: the next description is looked at first. */
static void describe(const struct json *json, size_t fields, size_t *at, struct column *column)
{
    size_t end = fields == 0 ? 0 : nodes_of(json)[fields].next;
    if (fields != 0 && !describe_from(json, *at, end, column, at)) {
        (void)describe_from(json, fields + 1, end, column, at);
    }
}

static bool is_unavailable(const struct json_node *nodes, size_t i)
{
    if ((nodes[i].type == JSON_ARRAY || nodes[i].type == JSON_OBJECT) && nodes[i].next == i + 2) {
        i++;
    }
    return nodes[i].type == JSON_STRING && (bytes_equal(nodes[i].text, bytes_of_string(UNAVAILABLE)) ||
                                            bytes_equal(nodes[i].text, bytes_of_string(UNAVAILABLE_BASE64)));
}

static int read_columns(const struct json *json, size_t index, const char *part, struct column *columns,
                        uint32_t *count, aisle_error *error)
{
    const struct json_node *nodes = nodes_of(json);
    size_t object = row_member(json, index, part);
    size_t fields = find_fields(json, part);
    size_t at = fields + 1;
    int status = 0;
    *count = 0;
    if (object == 0 || nodes[object].type != JSON_OBJECT) {
        return 0;
    }
    for (size_t i = object + 1; i < nodes[object].next && status == 0; i = nodes[i].next) {
        struct column column = {.name = nodes[i].key, .value = &nodes[i], .unchanged = is_unavailable(nodes, i)};
        describe(json, fields, &at, &column);
        status = row_add(columns, count, &column, error);
    }
    return status;
}

/* ------------------------------------------------------------------------------------------ the envelope -- */

/* The numbers of a text such as ["24023128","24023160"], joined by slashes. */
static struct bytes numbers_of(struct bytes text, char out[SEQUENCE_BYTES + 1])
{
    size_t size = 0;
    for (size_t i = 0; i < text.size && size < SEQUENCE_BYTES; i++) {
        if (text.data[i] >= '0' && text.data[i] <= '9') {
            out[size++] = (char)text.data[i];
        } else if (text.data[i] == ',') {
            out[size++] = '/';
        }
    }
    return bytes_of(out, size);
}

static struct bytes base_of(const struct json *json, size_t source, char out[SEQUENCE_BYTES + 1])
{
    const struct json_node *nodes = nodes_of(json);
    struct bytes sequence = row_text(json, source, "sequence");
    struct bytes file = row_text(json, source, "file");
    size_t pos = row_member(json, source, "pos");
    size_t row = row_member(json, source, "row");
    if (sequence.size != 0) {
        return numbers_of(sequence, out);
    }
    if (file.size == 0 || pos == 0 || nodes[pos].type != JSON_NUMBER) {
        return bytes_of("", 0);
    }
    struct bytes row_text = row != 0 && nodes[row].type == JSON_NUMBER ? nodes[row].text : bytes_of("0", 1);
    int size = snprintf(out, SEQUENCE_BYTES + 1, "%.*s/%.*s/%.*s", (int)file.size, (const char *)file.data,
                        (int)nodes[pos].text.size, (const char *)nodes[pos].text.data, (int)row_text.size,
                        (const char *)row_text.data);
    return bytes_of(out, size > 0 && size <= (int)SEQUENCE_BYTES ? (size_t)size : 0);
}

/* Events of one place in the database's log (a changed key, rows written together) are numbered. */
static void number(const struct json *json, size_t source, struct sequence *sequence, struct row *row)
{
    char text[SEQUENCE_BYTES + 1];
    struct bytes base = base_of(json, source, text);
    if (base.size == 0 || !bytes_equal(base, bytes_of_string(sequence->base))) {
        sequence_begin(sequence, base);
    }
    sequence_next(sequence, row->seq);
}

static int64_t time_of(const struct json *json, size_t index)
{
    const struct json_node *nodes = nodes_of(json);
    size_t member = row_member(json, index, "ts_ms");
    char text[24] = {0};
    if (member == 0 || nodes[member].type != JSON_NUMBER || nodes[member].text.size >= sizeof text) {
        return 0;
    }
    memcpy(text, nodes[member].text.data, nodes[member].text.size);
    return strtoll(text, NULL, 10);
}

/* Says that the part of the event that has the row's columns is not there, or is something else. */
static int refuse_part(const struct json *json, size_t event, const char *what, const char *part, aisle_error *error)
{
    const struct json_node *nodes = nodes_of(json);
    size_t at = row_member(json, event, part);
    bool is_there = at != 0 && nodes[at].type != JSON_NULL;
    return error_set_at(error, AISLE_BAD_PRODUCT, nodes[is_there ? at : event].position,
                        is_there ? "a Debezium %s whose \"%s\" has no columns" : "a Debezium %s without \"%s\"",
                        what, part);
}

int debezium_decode(const struct json *json, struct sequence *sequence, struct row *row, aisle_error *error)
{
    const struct json_node *nodes = nodes_of(json);
    size_t index = row_member(json, 0, "payload");
    if (nodes[index].type == JSON_NULL) {
        return 0;
    }
    if (!is_envelope(json, index)) {
        return error_set_at(error, AISLE_BAD_PRODUCT, nodes[index].position,
                            "a Debezium event whose \"op\" is not c, u, d, r or t");
    }
    uint8_t op = row_text(json, index, "op").data[0];
    size_t source = row_member(json, index, "source");
    row->kind = op == 'c' || op == 'r' ? ROW_INSERT
                : op == 'u'            ? ROW_UPDATE
                : op == 'd'            ? ROW_DELETE
                : op == 't'            ? ROW_TRUNCATE
                                       : ROW_NONE;
    row->is_whole = true;
    row->schema = row_text(json, source, "schema");
    row->schema = row->schema.size != 0 ? row->schema : row_text(json, source, "db");
    row->table = row_text(json, source, "table");
    row->time_ms = time_of(json, source) != 0 ? time_of(json, source) : time_of(json, index);
    row->is_snapshot = op == 'r';
    if (row->is_snapshot) { /* its rows all have the same place: that of the database when they were read */
        char place[SEQUENCE_BYTES + 1];
        sequence_end_of(base_of(json, source, place), row->seq);
    } else if (op != 'm') {
        number(json, source, sequence, row);
    }
    int status = read_columns(json, index, "after", row->columns, &row->column_count, error);
    status = status != 0 ? status : read_columns(json, index, "before", row->old, &row->old_count, error);
    if (status == 0 && row->column_count == 0 && (row->kind == ROW_INSERT || row->kind == ROW_UPDATE)) {
        return refuse_part(json, index, "event", "after", error);
    }
    if (status == 0 && row->old_count == 0 && row->kind == ROW_DELETE) {
        return refuse_part(json, index, "delete", "before", error);
    }
    return status;
}
