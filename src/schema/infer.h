/*
 * infer.h - private to the module: what is seen of each field while products pass, for guessing a schema.
 *
 * infer_observe.c counts, schema_infer.c decides. Everything is bounded: INFER_FIELDS names, INFER_DISTINCT_MAX
 * different values of each; what comes later is passed over.
 */
#ifndef AISLE_SCHEMA_INFER_H
#define AISLE_SCHEMA_INFER_H

#include "schema/json.h"
#include "schema/schema.h"

#define INFER_FIELDS 256u
#define INFER_DISTINCT_MAX 1000u
#define INFER_DISTINCT_SLOTS 2048u /* a power of two above INFER_DISTINCT_MAX */

struct infer_field {
    char name[LIMIT_FIELD_NAME_BYTES + 1];
    uint64_t strings; /* values that are strings, in arrays or alone */
    uint64_t numbers; /* likewise */
    uint64_t bools;
    uint64_t others; /* objects, arrays in arrays, null in arrays: no field type takes them */
    uint64_t arrays; /* products that have an array */
    uint64_t array_items_max;
    uint64_t dates;       /* strings that are ISO dates */
    uint64_t links;       /* strings that begin with http:// or https:// */
    uint64_t trails;      /* strings with " > " */
    uint64_t good_ids;    /* non-empty strings and whole numbers that can be an id */
    uint64_t big_numbers; /* numbers that no int64 holds, once scaled */
    bool point;           /* some number is written with a point or an exponent */
    unsigned fraction_digits_max;
    size_t longest_bytes;    /* of the strings, and of numbers as written */
    uint64_t *distinct;      /* owned: hashes of strings, 0 is empty; NULL before the first */
    uint32_t distinct_count; /* INFER_DISTINCT_MAX + 1: too many to tell */
};

struct infer {
    struct infer_field *fields; /* owned, INFER_FIELDS of them, in the order first seen */
    uint32_t field_count;
    uint64_t products;
    struct infer *variants; /* owned: of the products' variants; NULL: they have none */
    char variants_name[LIMIT_FIELD_NAME_BYTES + 1];
};

must_check int infer_init(struct infer *infer);
void infer_release(struct infer *infer);

/* Counts the members of the product at node product. AISLE_NO_MEMORY. */
must_check int infer_observe(struct infer *infer, const struct json_node *nodes, uint32_t product);

/* The field with this name, or NULL. */
const struct infer_field *infer_find(const struct infer *infer, const char *name);

#endif
