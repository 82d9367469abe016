/*
 * mapping.h - a mapping file: which tables feed the catalog, and how columns become fields.
 *
 *   { "tables": {
 *       "public.products": {                  a name with or without its schema; "": lines that name no table
 *         "id": "sku",                        the column, or a list of columns (joined by "/"); default: the key
 *         "fields": {
 *           "brand":    "maker",                                     rename
 *           "currency": {"value": "EUR"},                            constant
 *           "category": {"columns": ["dept", "group"], "join": " > "},   null parts are left out
 *           "tags":     {"column": "tags", "split": ","},            blanks around the parts go
 *           "price":    {"column": "cents", "multiply": 0.01},       exact in decimal
 *           "weight":   {"column": "specs", "path": "size.weight"},  into JSON
 *           "made":     {"column": "made_at", "time": "ms"},         days, s, ms, us or ns since 1970
 *           "cost":     {"column": "cost", "decimal": 2} },          base64 as Debezium writes it, with its scale
 *         "rest": false },                    columns not named above: true keeps them under their names (default)
 *       "public.prices": {"id": "product_id", "patch": true, "fields": {"price": "amount"}},
 *       "public.audit":  {"ignore": true} } }
 *
 * Rows of a table with "patch" change fields of products that another table brings: an insert or update sets them, a
 * delete removes them, and "rest" is false unless told. They need the product: of an export, the table that brings the
 * products comes first, and once more before the others when it is exported anew, for each of its rows is a product put
 * anew. Rows of tables that the file does not name are ignored.
 *
 * Thread rule: read-only once loaded.
 */
#ifndef AISLE_INDEXER_MAPPING_H
#define AISLE_INDEXER_MAPPING_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

#define MAPPING_COLUMNS 16u /* that one field, or the id, is made from */

enum mapping_unit { UNIT_NONE, UNIT_DAYS, UNIT_S, UNIT_MS, UNIT_US, UNIT_NS };

struct mapping_field {
    struct bytes name;
    struct bytes constant; /* JSON; empty: from columns */
    struct bytes columns[MAPPING_COLUMNS];
    uint32_t column_count;
    struct bytes join;
    struct bytes split;    /* empty: not */
    struct bytes path;     /* empty: the whole */
    struct bytes multiply; /* a number; empty: not */
    enum mapping_unit unit;
    int16_t decimal; /* -1: not */
};

struct mapping_table {
    struct bytes name;
    struct bytes id[MAPPING_COLUMNS];
    uint32_t id_count;
    struct mapping_field *fields;
    uint32_t field_count;
    bool patch;
    bool ignore;
    bool rest;
};

struct mapping {
    struct arena arena;
    struct mapping_table *tables;
    uint32_t table_count;
};

/*
 * Reads a mapping file. AISLE_INVALID names what is wrong and where; AISLE_NOT_FOUND, AISLE_PERMISSION, AISLE_IO,
 * AISLE_LIMIT, AISLE_NO_MEMORY.
 */
must_check int mapping_load(const char *path, struct mapping **out, aisle_error *error);

/* The same of a text. */
must_check int mapping_parse(struct bytes text, struct mapping **out, aisle_error *error);

/* Frees; NULL is allowed. */
void mapping_free(struct mapping *mapping);

/* The table, or NULL when the file does not name it. */
const struct mapping_table *mapping_find(const struct mapping *mapping, struct bytes schema, struct bytes table);

/* Whether a field or the id of the table is made from this column. */
bool mapping_uses(const struct mapping_table *table, struct bytes column);

#endif
