/*
 * product_row.c - ids, fields and kinds of change out of rows.
 *
 * Thread rule: one thread at a time.
 */
#include "indexer/product_row.h"

#include "base/alloc.h"

#include <stdio.h>

/* ------------------------------------------------------------------------------------------- the schema -- */

static uint8_t target_of(struct bytes type)
{
    static const struct {
        const char *name;
        uint8_t target;
    } types[] = {{"text", TARGET_TEXT},      {"keyword", TARGET_KEYWORD}, {"path", TARGET_PATH},
                 {"integer", TARGET_NUMBER}, {"decimal", TARGET_NUMBER},  {"double", TARGET_NUMBER},
                 {"bool", TARGET_BOOL},      {"date", TARGET_DATE}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (bytes_equal(type, bytes_of_string(types[i].name))) {
            return types[i].target;
        }
    }
    return TARGET_ANY;
}

int product_fields_read(const char *schema, struct json **json, struct product_fields *fields, aisle_error *error)
{
    *fields = (struct product_fields){.count = 0};
    int status = json_new(json);
    status = status != 0 ? error_no_memory(error, "reading the schema")
                         : json_parse(*json, bytes_of_string(schema), error);
    if (status != 0) {
        return status;
    }
    size_t count;
    const struct json_node *nodes = json_nodes(*json, &count);
    size_t list = row_member(*json, 0, "fields");
    fields->id_name = row_text(*json, 0, "id");
    fields->id_name = fields->id_name.size == 0 ? bytes_of_string("id") : fields->id_name;
    for (size_t i = list + 1; list != 0 && i < nodes[list].next && fields->count < LIMIT_FIELDS; i = nodes[i].next) {
        fields->names[fields->count] = nodes[i].key;
        fields->targets[fields->count++] = target_of(row_text(*json, i, "type"));
    }
    return 0;
}

/* Columns come in the same order again and again: the field behind the last one is looked at first. */
static enum target find_target(const struct product_fields *fields, struct bytes name, uint32_t *next)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        uint32_t at = (*next + i) % fields->count;
        if (bytes_equal(fields->names[at], name)) {
            *next = at + 1;
            return (enum target)fields->targets[at];
        }
    }
    return TARGET_ANY;
}

/* ----------------------------------------------------------------------------------------------- the id -- */

int product_rows_init(struct product_rows *rows, const struct product_fields *fields, const struct mapping *mapping)
{
    *rows = (struct product_rows){.fields = fields, .mapping = mapping};
    buf_init(&rows->id, 4 * LIMIT_ID_BYTES);
    buf_init(&rows->old_id, 4 * LIMIT_ID_BYTES);
    buf_init(&rows->body, LIMIT_LINE_BYTES);
    return json_new(&rows->convert.json);
}

void product_rows_release(struct product_rows *rows)
{
    buf_release(&rows->id);
    buf_release(&rows->old_id);
    buf_release(&rows->body);
    json_free(rows->convert.json);
}

/* The names of the columns that the id is made of; 0: unknown. */
static uint32_t id_columns(const struct product_rows *rows, const struct mapping_table *table, const struct row *row,
                           const struct bytes **names)
{
    const struct bytes *id_name = &rows->fields->id_name;
    if (table != NULL && table->id_count > 0) {
        *names = table->id;
        return table->id_count;
    }
    if (id_name->size > 0 && (row_find(row->columns, row->column_count, *id_name) != NULL ||
                              row_find(row->old, row->old_count, *id_name) != NULL)) {
        *names = id_name;
        return 1;
    }
    *names = row->keys;
    return row->key_count;
}

/* Joins the id out of columns; false when one of them is not there. */
static int make_id(struct product_rows *rows, const struct bytes *names, uint32_t count, const struct column *columns,
                   uint32_t column_count, struct buf *id, bool *whole, aisle_error *error)
{
    int status = 0;
    *whole = count > 0;
    buf_clear(id);
    for (uint32_t i = 0; i < count && status == 0 && *whole; i++) {
        const struct column *column = row_find(columns, column_count, names[i]);
        *whole = column != NULL && !column->unchanged && column->value->type != JSON_NULL;
        buf_put_string(id, i > 0 && *whole ? "/" : "");
        status = *whole ? convert_text(&rows->convert, column, id, error) : 0;
    }
    if (status == 0 && *whole && (id->size == 0 || id->size > LIMIT_ID_BYTES)) {
        return error_set(error, AISLE_BAD_PRODUCT, "the row's id must have 1 to %u bytes", LIMIT_ID_BYTES);
    }
    return status;
}

/* The id before and behind the change; old_id is empty when it is not told. */
static int make_ids(struct product_rows *rows, const struct mapping_table *table, const struct row *row,
                    aisle_error *error)
{
    const struct bytes *names = NULL;
    uint32_t count = id_columns(rows, table, row, &names);
    bool whole;
    bool old_whole;
    int status = make_id(rows, names, count, row->old, row->old_count, &rows->old_id, &old_whole, error);
    if (!old_whole) {
        buf_clear(&rows->old_id);
    }
    status = status != 0 ? status : make_id(rows, names, count, row->columns, row->column_count, &rows->id, &whole,
                                            error);
    if (status != 0) {
        return status;
    }
    if (!whole) { /* a delete has no new row, and an update may leave out a long key that it did not change */
        buf_clear(&rows->id);
        buf_put(&rows->id, rows->old_id.data, rows->old_id.size);
    }
    if (rows->id.size == 0) {
        char shown[JSON_SHOWN_BYTES];
        return error_set(error, AISLE_BAD_PRODUCT, "a row of \"%s\" without the column that the id is made of",
                         json_show(row->table, shown));
    }
    return buf_status(&rows->id) != 0 ? error_no_memory(error, "reading a row's id") : 0;
}

/* --------------------------------------------------------------------------------------------- the body -- */

static void begin_member(struct buf *body, struct bytes name)
{
    buf_put_string(body, body->size > 1 ? "," : "");
    json_put_string(body, name);
    buf_put_u8(body, ':');
}

static int put_column(struct product_rows *rows, struct bytes name, const struct column *column,
                      const struct mapping_field *field, uint32_t *next, aisle_error *error)
{
    bool is_null;
    begin_member(&rows->body, name);
    return convert_value(&rows->convert, column, find_target(rows->fields, name, next), field, &rows->body, &is_null,
                         error);
}

/* The first column that a field is made of; *missing: how many the log left out. */
static const struct column *find_columns(const struct mapping_field *field, const struct row *row, uint32_t *missing)
{
    const struct column *first = NULL;
    *missing = 0;
    for (uint32_t i = 0; i < field->column_count; i++) {
        const struct column *column = row_find(row->columns, row->column_count, field->columns[i]);
        bool there = column != NULL && !column->unchanged;
        *missing += !there;
        first = first == NULL && there ? column : first;
    }
    return first;
}

static int put_joined(struct product_rows *rows, const struct row *row, const struct mapping_field *field,
                      aisle_error *error)
{
    struct buf text;
    int status = 0;
    buf_init(&text, LIMIT_PRODUCT_BYTES);
    for (uint32_t i = 0; i < field->column_count && status == 0; i++) {
        const struct column *column = row_find(row->columns, row->column_count, field->columns[i]);
        if (column->value->type != JSON_NULL) {
            buf_put(&text, field->join.data, text.size > 0 ? field->join.size : 0);
            status = convert_text(&rows->convert, column, &text, error);
        }
    }
    if (status == 0) {
        begin_member(&rows->body, field->name);
        if (text.size == 0) {
            buf_put_string(&rows->body, "null");
        } else {
            json_put_string(&rows->body, buf_bytes(&text));
        }
    }
    buf_release(&text);
    return status;
}

static int put_field(struct product_rows *rows, const struct row *row, const struct mapping_field *field,
                     uint32_t *next, aisle_error *error)
{
    char shown[JSON_SHOWN_BYTES];
    uint32_t missing;
    if (field->constant.size > 0) {
        begin_member(&rows->body, field->name);
        buf_put(&rows->body, field->constant.data, field->constant.size);
        return 0;
    }
    const struct column *first = find_columns(field, row, &missing);
    if (first == NULL) {
        return 0; /* unchanged */
    }
    if (missing > 0 && row->kind == ROW_UPDATE) {
        return error_set(error, AISLE_BAD_PRODUCT,
                         "field \"%s\" is joined of columns of which the log has left some out, as unchanged",
                         json_show(field->name, shown));
    }
    if (missing > 0) {
        return error_set(error, AISLE_BAD_PRODUCT, "field \"%s\" is joined of columns that the row does not have",
                         json_show(field->name, shown));
    }
    return field->column_count > 1 ? put_joined(rows, row, field, error)
                                   : put_column(rows, field->name, first, field, next, error);
}

/* A deleted row of a table that patches: its fields go. */
static void put_removals(struct product_rows *rows, const struct mapping_table *table)
{
    for (uint32_t i = 0; i < table->field_count; i++) {
        begin_member(&rows->body, table->fields[i].name);
        buf_put_string(&rows->body, "null");
    }
}

static int put_fields(struct product_rows *rows, const struct mapping_table *table, const struct row *row,
                      aisle_error *error)
{
    uint32_t next = 0;
    int status = 0;
    for (uint32_t i = 0; table != NULL && i < table->field_count && status == 0; i++) {
        status = put_field(rows, row, &table->fields[i], &next, error);
    }
    for (uint32_t i = 0; (table == NULL || table->rest) && i < row->column_count && status == 0; i++) {
        const struct column *column = &row->columns[i];
        bool is_id = bytes_equal(column->name, rows->fields->id_name);
        if (!column->unchanged && !is_id && (table == NULL || !mapping_uses(table, column->name))) {
            status = put_column(rows, column->name, column, NULL, &next, error);
        }
    }
    return status;
}

static int make_body(struct product_rows *rows, const struct mapping_table *table, const struct row *row,
                     aisle_error *error)
{
    bool removes = row->kind == ROW_DELETE;
    int status = 0;
    buf_clear(&rows->body);
    buf_put_u8(&rows->body, '{');
    if ((table == NULL || !table->patch) && rows->fields->id_name.size > 0) {
        begin_member(&rows->body, rows->fields->id_name);
        json_put_string(&rows->body, buf_bytes(&rows->id));
    }
    if (removes) {
        put_removals(rows, table);
    } else {
        status = put_fields(rows, table, row, error);
    }
    buf_put_u8(&rows->body, '}');
    if (status == 0 && buf_status(&rows->body) != 0) {
        status = buf_status(&rows->body) == AISLE_NO_MEMORY
                     ? error_no_memory(error, "making a product of a row")
                     : error_set(error, AISLE_BAD_PRODUCT, "the row makes a product that is too long");
    }
    return status;
}

/* ------------------------------------------------------------------------------------------- the change -- */

/* Without a mapping file the first table seen is the one: another's ids would overwrite its products. */
static int check_table(struct product_rows *rows, const struct row *row, aisle_error *error)
{
    char name[sizeof rows->table];
    snprintf(name, sizeof name, "%.*s.%.*s", (int)(row->schema.size < 120 ? row->schema.size : 120),
             (const char *)row->schema.data, (int)(row->table.size < 120 ? row->table.size : 120),
             (const char *)row->table.data);
    if (rows->table[0] == '\0') {
        memcpy(rows->table, name, sizeof name);
    }
    return strcmp(rows->table, name) == 0
               ? 0
               : error_set(error, AISLE_BAD_PRODUCT,
                           "a row of table %.80s, but products come from %.80s; a mapping file says what it is", name,
                           rows->table);
}

static void choose_kind(const struct product_rows *rows, const struct mapping_table *table, const struct row *row,
                        struct change *change)
{
    bool patches = table != NULL && table->patch;
    change->kind = patches || row->kind == ROW_UPDATE ? CHANGE_PATCH
                   : row->kind == ROW_DELETE          ? CHANGE_DELETE
                                                      : CHANGE_PUT;
    /* Without old columns but with all new ones (Debezium's) an update may be the first that is seen of a row. */
    bool complete = true;
    for (uint32_t i = 0; i < row->column_count; i++) {
        complete = complete && !row->columns[i].unchanged;
    }
    change->or_put = !patches && row->kind == ROW_UPDATE && row->is_whole && complete;
    change->is_optional = patches && row->kind == ROW_DELETE;
    if (row->kind == ROW_UPDATE && rows->old_id.size > 0 &&
        !bytes_equal(buf_bytes(&rows->old_id), buf_bytes(&rows->id))) {
        change->moved_from = buf_bytes(&rows->old_id);
    }
}

int product_rows_change(struct product_rows *rows, const struct json *json, struct bytes line, const struct row *row,
                        struct change *change, aisle_error *error)
{
    size_t count;
    const struct mapping_table *table = NULL;
    *change = (struct change){.is_made = true, .time_ms = row->time_ms, .table = row->table};
    change->body_position = json_nodes(json, &count)[0].position;
    memcpy(change->seq, row->seq, sizeof change->seq);
    change->is_snapshot = row->is_snapshot;
    rows->convert.line_json = json;
    rows->convert.line = line;
    if (row->kind == ROW_NONE) {
        return AISLE_END;
    }
    if (rows->mapping != NULL) {
        table = mapping_find(rows->mapping, row->schema, row->table);
        if (table == NULL || table->ignore) {
            rows->ignored++;
            return AISLE_END;
        }
    }
    int status = rows->mapping == NULL ? check_table(rows, row, error) : 0;
    if (status == 0 && row->kind == ROW_TRUNCATE) {
        change->kind = CHANGE_TRUNCATE;
        return table != NULL && table->patch
                   ? error_set(error, AISLE_BAD_PRODUCT, "TRUNCATE of a table that patches cannot be followed")
                   : 0;
    }
    status = status != 0 ? status : make_ids(rows, table, row, error);
    if (status != 0) {
        return status;
    }
    choose_kind(rows, table, row, change);
    change->id = buf_bytes(&rows->id);
    status = change->kind == CHANGE_DELETE ? 0 : make_body(rows, table, row, error);
    change->body = buf_bytes(&rows->body);
    return status;
}
