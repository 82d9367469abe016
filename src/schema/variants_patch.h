/*
 * variants_patch.h - changes of single variants of a product, named by their key, laid over the list that it has.
 *
 *   changes = { KEY: change, ... }     KEY: the text of the variant's member that the schema's "key" names
 *   change  = { NAME: VALUE, ... }     members laid over those of the variant; null takes a member away
 *           | null                     takes the variant away; one that is not there is no fault
 *
 * Several variants of one key are all changed. A key that no variant has is a fault of the patch, unless the change
 * holds the key member itself with that value: then it is one more variant, the last. So what a stock system tells of a
 * variant that was deleted meanwhile does not bring half of it back.
 *
 * Does not judge values: the product with its changes is read again, as one that is put.
 * Thread rule: functions touch only what they are given.
 */
#ifndef AISLE_SCHEMA_VARIANTS_PATCH_H
#define AISLE_SCHEMA_VARIANTS_PATCH_H

#include "schema/json.h"
#include "schema/schema.h"

/* What is laid over what; everything is borrowed. */
struct variants_patch {
    const struct schema *schema; /* with a field of variants */
    const struct json *json;     /* of the patch */
    struct bytes text;           /* of the patch */
    size_t changes;              /* its node that holds the changes, an object of objects and nulls */
};

/*
 * Appends to out the list of the product's variants with the changes laid over it, as JSON. json: a reader for the
 * product, which holds its nodes then. AISLE_BAD_PRODUCT: no variant has a key, which error names with its byte in the
 * patch, or the product is none or holds no list. AISLE_NO_MEMORY, AISLE_LIMIT (of out). After a failure out is
 * undefined.
 */
must_check int variants_patch_lay(const struct variants_patch *patch, struct json *json, struct bytes product,
                                  struct buf *out, aisle_error *error);

#endif
