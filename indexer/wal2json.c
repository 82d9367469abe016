/*
 * wal2json.c - the two formats of wal2json, as pg_recvlogical writes them.
 *
 * Format 2, a line each: {"action":"B","lsn":..,"nextlsn":..,"timestamp":..}, then {"action":"I"|"U"|"D","schema":..,
 * "table":..,"columns":[{"name","type","value"}..],"identity":[..],"pk":[{"name"}..]} and {"action":"T",..}, then
 * {"action":"C",..}.
 * Format 1, a line a transaction: {"nextlsn":..,"timestamp":..,"change":[{"kind":"insert"|"update"|"delete",..,
 * "columnnames":[..],"columntypes":[..],"columnvalues":[..],"oldkeys":{"keynames":[..],..},"pk":{"pknames":[..]}}..]}.
 * (Source: the plugin's README and its output.) Sequences are nextlsn, where the transaction ends in the log, since
 * those are in the order of the lines, and changes' own LSNs are not. Thread rule: one thread at a time.
 */
#include "indexer/row.h"

#include "indexer/times.h"

#include <stdio.h>

#define HEAD_BYTES_MAX 4096u /* of a transaction's line, before its changes */

static const struct json_node *nodes_of(const struct json *json)
{
    size_t count;
    return json_nodes(json, &count);
}

static int64_t time_of(const struct json *json)
{
    int64_t ms = 0;
    struct bytes text = row_text(json, 0, "timestamp");
    return text.size != 0 && times_read(text, &ms) ? ms : 0;
}

static bool ends_with(struct bytes text, const char *end)
{
    size_t size = strlen(end);
    return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

static uint8_t hint_of(struct bytes type)
{
    if (ends_with(type, "[]")) {
        return HINT_ARRAY;
    }
    if (bytes_equal(type, bytes_of_string("json")) || bytes_equal(type, bytes_of_string("jsonb"))) {
        return HINT_JSON;
    }
    return bytes_equal(type, bytes_of_string("date")) || bytes_begin_with(type, bytes_of_string("timestamp"))
               ? HINT_TIME
               : HINT_NONE;
}

/* ------------------------------------------------------------------------------------------- format 2 -- */

bool wal2json_matches(const struct json *json)
{
    struct bytes action = row_text(json, 0, "action");
    if (action.size != 1 || memchr("IUDTBCM", action.data[0], 7) == NULL) {
        return false;
    }
    bool of_row = memchr("IUDT", action.data[0], 4) != NULL;
    return !of_row || row_member(json, 0, "table") != 0;
}

static int read_columns(const struct json *json, const char *member, struct column *columns, uint32_t *count,
                        aisle_error *error)
{
    const struct json_node *nodes = nodes_of(json);
    size_t list = row_member(json, 0, member);
    int status = 0;
    *count = 0;
    if (list == 0 || nodes[list].type != JSON_ARRAY) {
        return 0;
    }
    for (size_t i = list + 1; i < nodes[list].next && status == 0; i = nodes[i].next) {
        size_t value = row_member(json, i, "value");
        struct bytes name = row_text(json, i, "name");
        if (name.size == 0 || value == 0) {
            return error_set_at(error, AISLE_BAD_PRODUCT, nodes[i].position, "a column without \"name\" and \"value\"");
        }
        struct column column = {.name = name, .value = &nodes[value], .hint = hint_of(row_text(json, i, "type"))};
        status = row_add(columns, count, &column, error);
    }
    return status;
}

static void read_keys(const struct json *json, struct row *row)
{
    const struct json_node *nodes = nodes_of(json);
    size_t list = row_member(json, 0, "pk");
    for (size_t i = list + 1; list != 0 && i < nodes[list].next && row->key_count < ROW_KEYS; i = nodes[i].next) {
        struct bytes name = row_text(json, i, "name");
        if (name.size != 0) {
            row->keys[row->key_count++] = name;
        }
    }
}

int wal2json_decode(const struct json *json, struct sequence *sequence, struct row *row, bool *inside,
                    aisle_error *error)
{
    uint8_t action = row_text(json, 0, "action").data[0];
    row->kind = action == 'I'   ? ROW_INSERT
                : action == 'U' ? ROW_UPDATE
                : action == 'D' ? ROW_DELETE
                : action == 'T' ? ROW_TRUNCATE
                                : ROW_NONE;
    row->time_ms = time_of(json);
    if (action == 'B') {
        sequence_begin(sequence, row_text(json, 0, "nextlsn"));
    }
    if (action == 'C') {
        sequence_begin(sequence, bytes_of("", 0));
    }
    *inside = action != 'C' && (action == 'B' || *inside);
    if (row->kind == ROW_NONE) {
        return 0;
    }
    sequence_next(sequence, row->seq);
    row->schema = row_text(json, 0, "schema");
    row->table = row_text(json, 0, "table");
    read_keys(json, row);
    int status = read_columns(json, "columns", row->columns, &row->column_count, error);
    return status != 0 ? status : read_columns(json, "identity", row->old, &row->old_count, error);
}

/* ------------------------------------------------------------------------------------------- format 1 -- */

/* Behind the JSON value that begins at at, by brackets and quotes; 0 when it does not end. */
static size_t skip_value(struct bytes text, size_t at)
{
    size_t depth = 0;
    for (; at < text.size; at++) {
        uint8_t c = text.data[at];
        if (c == '"') {
            for (at++; at < text.size && text.data[at] != '"'; at++) {
                at += text.data[at] == '\\';
            }
            if (at >= text.size) {
                return 0;
            }
        }
        depth += c == '{' || c == '[';
        if ((c == '}' || c == ']') && (depth == 0 || --depth == 0)) {
            return at + 1;
        }
    }
    return 0;
}

/* Behind the bracket that opens the list of changes, or 0. */
static size_t find_changes(struct bytes line)
{
    static const char key[] = "\"change\"";
    const uint8_t *found = memmem(line.data, line.size < HEAD_BYTES_MAX ? line.size : HEAD_BYTES_MAX, key,
                                  sizeof key - 1);
    size_t at = found == NULL ? line.size : (size_t)(found - line.data) + sizeof key - 1;
    while (at < line.size && memchr(" \t:", line.data[at], 3) != NULL) {
        at++;
    }
    return at < line.size && line.data[at] == '[' ? at + 1 : 0;
}

int wal2json_open(struct json *json, struct bytes line, struct sequence *sequence,
                  struct wal2json_transaction *transaction, aisle_error *error)
{
    size_t at = find_changes(line);
    *transaction = (struct wal2json_transaction){.line = line, .at = at};
    if (at == 0) {
        return error_set(error, AISLE_BAD_PRODUCT, "a transaction whose \"change\" is no list near its beginning");
    }
    /* The head alone, closed, is JSON of its own. */
    uint8_t head[HEAD_BYTES_MAX + 16];
    memcpy(head, line.data, at);
    memcpy(head + at, "]}", 2);
    int status = json_parse(json, bytes_of(head, at + 2), error);
    if (status == 0) {
        transaction->time_ms = time_of(json);
        sequence_begin(sequence, row_text(json, 0, "nextlsn"));
    }
    return status;
}

int wal2json_next(struct wal2json_transaction *transaction, struct bytes *change, aisle_error *error)
{
    struct bytes line = transaction->line;
    while (transaction->at < line.size && memchr(" \t,", line.data[transaction->at], 3) != NULL) {
        transaction->at++;
    }
    size_t at = transaction->at;
    if (at < line.size && line.data[at] == ']') {
        return AISLE_END;
    }
    size_t end = at < line.size && line.data[at] == '{' ? skip_value(line, at) : 0;
    if (end == 0) {
        return error_set_at(error, AISLE_BAD_PRODUCT, at, "a transaction whose changes do not end");
    }
    *change = bytes_of(line.data + at, end - at);
    transaction->at = end;
    return 0;
}

/* Parallel lists of names, types and values, in the object at index. */
static int read_lists(const struct json *json, size_t index, const char *const members[3], struct column *columns,
                      uint32_t *count, aisle_error *error)
{
    const struct json_node *nodes = nodes_of(json);
    size_t at[3];
    size_t end[3];
    int status = 0;
    *count = 0;
    for (unsigned i = 0; i < 3; i++) {
        size_t list = row_member(json, index, members[i]);
        bool there = list != 0 && nodes[list].type == JSON_ARRAY;
        at[i] = list + 1;
        end[i] = there ? nodes[list].next : list + 1;
    }
    while (at[0] < end[0] && status == 0) {
        if (at[2] >= end[2] || nodes[at[0]].type != JSON_STRING) {
            return error_set_at(error, AISLE_BAD_PRODUCT, nodes[at[0]].position, "\"%s\" and \"%s\" do not match",
                                members[0], members[2]);
        }
        struct bytes type = at[1] < end[1] ? nodes[at[1]].text : bytes_of("", 0);
        struct column column = {.name = nodes[at[0]].text, .value = &nodes[at[2]], .hint = hint_of(type)};
        status = row_add(columns, count, &column, error);
        for (unsigned i = 0; i < 3; i++) {
            at[i] = at[i] < end[i] ? nodes[at[i]].next : at[i];
        }
    }
    return status;
}

int wal2json_change(const struct json *json, struct sequence *sequence, struct row *row, aisle_error *error)
{
    static const char *const columns[] = {"columnnames", "columntypes", "columnvalues"};
    static const char *const keys[] = {"keynames", "keytypes", "keyvalues"};
    static const char *const kinds[] = {[ROW_INSERT] = "insert", [ROW_UPDATE] = "update", [ROW_DELETE] = "delete",
                                        [ROW_TRUNCATE] = "truncate"};
    const struct json_node *nodes = nodes_of(json);
    struct bytes kind = row_text(json, 0, "kind");
    for (unsigned i = ROW_INSERT; i <= ROW_TRUNCATE; i++) {
        row->kind = bytes_equal(kind, bytes_of_string(kinds[i])) ? (enum row_kind)i : row->kind;
    }
    if (row->kind == ROW_NONE && !bytes_equal(kind, bytes_of_string("message"))) {
        return error_set(error, AISLE_BAD_PRODUCT, "a change whose \"kind\" is not insert, update or delete");
    }
    sequence_next(sequence, row->seq);
    row->schema = row_text(json, 0, "schema");
    row->table = row_text(json, 0, "table");
    size_t list = row_member(json, row_member(json, 0, "pk"), "pknames");
    for (size_t i = list + 1; list != 0 && i < nodes[list].next && row->key_count < ROW_KEYS; i = nodes[i].next) {
        row->keys[row->key_count++] = nodes[i].text;
    }
    int status = read_lists(json, 0, columns, row->columns, &row->column_count, error);
    size_t old = row_member(json, 0, "oldkeys");
    return status != 0 || old == 0 ? status : read_lists(json, old, keys, row->old, &row->old_count, error);
}
