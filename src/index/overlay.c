/*
 * overlay.c - column values printed as JSON and laid over a stored product.
 */
#include "index/overlay.h"

#include "columns/columns.h"
#include "schema/json.h"
#include "schema/product.h"

#define VALUES_BYTES_MAX (LIMIT_FIELDS * 64u)

/* Prints all values behind one another; starts[i] to starts[i + 1] is the i-th, empty where a field goes. */
static int print_values(const struct overlay *overlay, const struct schema *schema, struct buf *values,
                        size_t starts[LIMIT_FIELDS + 1])
{
    int status = 0;
    starts[0] = 0;
    for (uint8_t i = 0; i < overlay->count && status == 0; i++) {
        if (overlay->value[i] != COLUMN_MISSING) {
            status = product_value_print(&schema->fields[overlay->field[i]], overlay->value[i], values);
        }
        starts[i + 1] = values->size;
    }
    return status;
}

int overlay_apply(const struct overlay *overlay, const struct schema *schema, struct bytes product, struct buf *out)
{
    struct json_overlay_field fields[LIMIT_FIELDS];
    size_t starts[LIMIT_FIELDS + 1];
    struct buf values;
    buf_init(&values, VALUES_BYTES_MAX);
    int status = print_values(overlay, schema, &values, starts);
    for (uint8_t i = 0; i < overlay->count && status == 0; i++) {
        bool remove = overlay->value[i] == COLUMN_MISSING;
        fields[i] = (struct json_overlay_field){
            .key = bytes_of_string(schema->fields[overlay->field[i]].name),
            .value_json = bytes_of(remove ? NULL : values.data + starts[i], starts[i + 1] - starts[i]),
            .remove = remove};
    }
    if (status == 0) {
        status = json_overlay(product, fields, overlay->count, out, NULL);
    }
    buf_release(&values);
    return status == AISLE_BAD_PRODUCT ? AISLE_CORRUPT : status;
}
