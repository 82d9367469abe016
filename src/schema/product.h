/*
 * product.h - a product's JSON read by its schema: the id, and a value of the right type for each field.
 *
 * Owns the rules of what a field accepts (below), and the printing of a column's value as JSON. Values are handed out
 * as they stand: folding, analysis and hashing belong to the text module.
 *
 *   id        a string of 1 to LIMIT_ID_BYTES bytes, or an integer as written, whose digits are the id
 *   any       null is absent
 *   text      a string or an array of strings
 *   keyword   a string, number (as written) or bool, or an array of those; each at most LIMIT_KEYWORD_BYTES;
 *             empty strings are absent; a field with a column takes at most LIMIT_LIST_VALUES
 *   path      an array of strings, top level first, or one string with " > " between the parts; at most
 *             LIMIT_PATH_PARTS parts, with separators at most LIMIT_KEYWORD_BYTES; empty parts are left out
 *   integer   a whole number, -(2^63 - 1) to 2^63 - 1 (5.0 and 1e3 are whole)
 *   decimal   a number that is exact with the field's scale, in the same range once scaled
 *   double    a number that is finite as a double
 *   bool      true or false
 *   date      "YYYY-MM-DD" or "YYYY-MM-DDThh:mm:ss", then .f to .fffffffff (read to milliseconds) and Z or +hh:mm or
 *             -hh:mm if wanted (else UTC), or whole seconds since 1970; years 1 to 9999
 *
 * Thread rule: one reader, one thread at a time.
 */
#ifndef AISLE_SCHEMA_PRODUCT_H
#define AISLE_SCHEMA_PRODUCT_H

#include "schema/json.h"
#include "schema/schema.h"

struct product_value {
    bool present;
    bool named;     /* the product has the member, be it null or empty: what a patch would change */
    int64_t number; /* integer; decimal * 10^scale; bool 0 or 1; date in ms since 1970 UTC; double: its bits as an
                       integer of the same order (see product_number_of_double). Never INT64_MIN */
    const struct bytes *strings; /* text, keyword, path */
    uint32_t string_count;       /* 0 exactly when not present, for those three */
};

struct product {
    struct bytes id;                           /* empty only after product_reader_read_patch */
    struct product_value values[LIMIT_FIELDS]; /* the schema's fields; those behind field_count are undefined */
    uint32_t unknown_fields;                   /* members that the schema does not name */
};

struct product_reader;

/* A reader with its memory, reused from product to product; the caller frees it. AISLE_NO_MEMORY. */
must_check int product_reader_new(struct product_reader **out);

/* Frees; NULL is allowed. */
void product_reader_free(struct product_reader *reader);

/*
 * Reads one product. text is borrowed: the views in out live until the reader's next use and as long as the text.
 * AISLE_BAD_PRODUCT: error->position is the byte, the message names the field, what was found and what was expected;
 * out is undefined then. More than LIMIT_PRODUCT_BYTES is AISLE_BAD_PRODUCT. AISLE_NO_MEMORY.
 */
must_check int product_reader_read(struct product_reader *reader, const struct schema *schema, struct bytes text,
                                   struct product *out, aisle_error *error);

/*
 * As product_reader_read for the fields of a patch: an object without the id; with it, the id is read and the caller
 * compares. A field that is named and not present is to be removed. Variants may be changes by their keys, an object
 * (variants_patch.h).
 */
must_check int product_reader_read_patch(struct product_reader *reader, const struct schema *schema, struct bytes text,
                                         struct product *out, aisle_error *error);

/* The parsed JSON of the last read, for json_nodes and json_member; node 0 is the object. */
const struct json *product_reader_json(const struct product_reader *reader);

/*
 * Appends a column's value as JSON text that product_reader_read reads back to the same number: 9.99, true,
 * "2026-11-23T10:00:00Z", doubles in the fewest of 15 to 17 digits. AISLE_INVALID for a field without numbers or a
 * number that its type cannot hold (INT64_MIN, a date past the year 9999), AISLE_NO_MEMORY, AISLE_LIMIT (of out).
 */
must_check int product_value_print(const struct field *field, int64_t number, struct buf *out);

/*
 * The number that text means in a field that holds numbers: as JSON writes it, true or false, or a date as above,
 * which may be seconds. *exact is false for one that is finer than the field's scale; *floor is the greatest number of
 * the field not above it. AISLE_INVALID: not a value of this type; AISLE_LIMIT: too large, or too many digits.
 */
must_check int product_number_read(const struct field *field, struct bytes text, int64_t *floor, bool *exact);

/*
 * A finite double as an integer of the same order, and back: bits of a negative one are turned over but for the sign.
 * -0.0 becomes 0.0. The columns store these integers (ON DISK).
 */
int64_t product_number_of_double(double value);
double product_double_of_number(int64_t number);

#endif
