/*
 * convert.h - a database's value as the JSON that a field of the schema takes.
 *
 *   numbers   also out of strings, and of base64 decimals; exact, never through a double
 *   bools     also out of 0, 1, "t", "f", "true", "false", "0", "1"
 *   dates     out of days, seconds, milli-, micro- and nanoseconds since 1970 and of what PostgreSQL prints
 *   text      also out of numbers and bools
 *   lists     out of PostgreSQL's {a,"b c"}, and by splitting
 * What does not fit stays as it is, for aisle_put to judge. Not a number ("NaN") and infinite dates are null.
 *
 * Thread rule: one struct convert, one thread at a time.
 */
#ifndef AISLE_INDEXER_CONVERT_H
#define AISLE_INDEXER_CONVERT_H

#include "base/buf.h"
#include "indexer/mapping.h"
#include "indexer/row.h"

enum target { TARGET_ANY, TARGET_TEXT, TARGET_KEYWORD, TARGET_PATH, TARGET_NUMBER, TARGET_BOOL, TARGET_DATE };

struct convert {
    struct json *json;            /* owned: for JSON in strings */
    const struct json *line_json; /* borrowed: the nodes that columns are of */
    struct bytes line;            /* borrowed: the text that they were made from */
};

/*
 * Appends the value to out. field: NULL, or how the mapping file wants it. *is_null: null was appended.
 * AISLE_BAD_PRODUCT names the column; AISLE_NO_MEMORY.
 */
must_check int convert_value(struct convert *convert, const struct column *column, enum target target,
                             const struct mapping_field *field, struct buf *out, bool *is_null, aisle_error *error);

/* Appends the value as plain text, as an id or a part of a join is made of; nothing for null. As convert_value. */
must_check int convert_text(struct convert *convert, const struct column *column, struct buf *out,
                            aisle_error *error);

#endif
