/*
 * product_row.h - rows of tables as changes of products.
 *
 * A row's columns become fields of the same names, or as the mapping file says. The product's id is made of the
 * columns that the mapping file names, else of the one called as the schema's id, else of the primary key's columns;
 * several are joined by "/". An update is a patch of the columns that it brings; when its id has changed, the product
 * moves. Columns whose values the log left out stay as they are.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_PRODUCT_ROW_H
#define AISLE_INDEXER_PRODUCT_ROW_H

#include "indexer/change.h"
#include "indexer/convert.h"

/* What the catalog's schema says of its fields. All empty: nothing is known yet, for inferring one. */
struct product_fields {
    struct bytes id_name;
    struct bytes names[LIMIT_FIELDS];
    uint8_t targets[LIMIT_FIELDS]; /* enum target */
    uint32_t count;
};

/* Reads what aisle_schema returns, which must outlive fields. AISLE_BAD_SCHEMA, AISLE_NO_MEMORY. */
must_check int product_fields_read(const char *schema, struct json **json, struct product_fields *fields,
                                   aisle_error *error);

struct product_rows {
    struct convert convert;
    const struct product_fields *fields; /* borrowed */
    const struct mapping *mapping;       /* borrowed; NULL: none */
    char table[256];                     /* without a mapping file: the one that all rows must be of */
    struct buf id;                       /* of the change made last, and what it was before */
    struct buf old_id;
    struct buf body;
    uint64_t ignored; /* rows of tables that the mapping file does not name, or ignores */
};

must_check int product_rows_init(struct product_rows *rows, const struct product_fields *fields,
                                 const struct mapping *mapping);
void product_rows_release(struct product_rows *rows);

/*
 * Makes a change of row, whose nodes are json's and stand in line; its views live until the next call. AISLE_END when
 * there is nothing to do. AISLE_BAD_PRODUCT with the reason; AISLE_NO_MEMORY.
 */
must_check int product_rows_change(struct product_rows *rows, const struct json *json, struct bytes line,
                                   const struct row *row, struct change *change, aisle_error *error);

#endif
