/*
 * product_private.h - what the files that read a product share: the reader, and reading one field.
 *
 * Private to the module. product.c reads members of the product, product_variants.c those of its variants.
 */
#ifndef AISLE_SCHEMA_PRODUCT_PRIVATE_H
#define AISLE_SCHEMA_PRODUCT_PRIVATE_H

#include "base/buf.h"
#include "schema/product.h"

/* What the schema says of names that were met before, each at its place of so many: most are met in each product. */
#define PRODUCT_NAMES 128u

struct product_name {
    uint8_t size;  /* 0: none */
    int16_t field; /* -1: none */
    bool is_id;
    uint8_t text[LIMIT_FIELD_NAME_BYTES];
};

struct product_reader {
    struct json *json;
    struct bytes *strings;
    size_t string_capacity;
    size_t string_count;
    struct buf variants;          /* of the product, as variant.h has them, words as they stand */
    struct product_value *values; /* owned: of variants, one row of the schema's fields for each */
    size_t value_capacity;        /* variants that there is room for */
    const struct schema *names_schema; /* that the names are of, perhaps long gone, */
    uint64_t names_print;              /* and its print */
    struct product_name names[PRODUCT_NAMES];
    /* of the current read */
    const struct json_node *nodes;
    const struct schema *schema;
    aisle_error *error;
};

/* Refuses the value at node: the message begins with the field's name. AISLE_BAD_PRODUCT. */
int product_refuse(struct product_reader *reader, const struct json_node *node, const char *name, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

/* Reads the value at a node as the field's. */
must_check int product_read_field(struct product_reader *reader, const struct field *field, uint32_t index,
                                  struct product_value *value);

/*
 * Reads the variants at a node (0: the product has none), gives the product's fields what theirs come to, and the
 * field of variants what filters ask.
 */
must_check int product_read_variants(struct product_reader *reader, uint32_t index, struct product *out);

/* Reads changes of single variants (variants_patch.h) at an object's node, for their faults alone. */
must_check int product_read_variants_patch(struct product_reader *reader, uint32_t index, struct product *out);

#endif
