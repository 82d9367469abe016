/*
 * overlay.h - laying columns that were patched over the product as it was stored.
 */
#ifndef AISLE_INDEX_OVERLAY_H
#define AISLE_INDEX_OVERLAY_H

#include "base/buf.h"
#include "schema/schema.h"

/* Columns of one document that differ from its stored product; COLUMN_MISSING removes the field. */
struct overlay {
    uint8_t field[LIMIT_FIELDS];
    int64_t value[LIMIT_FIELDS];
    uint8_t count;
};

static inline void overlay_add(struct overlay *overlay, uint8_t field, int64_t value)
{
    overlay->field[overlay->count] = field;
    overlay->value[overlay->count++] = value;
}

/*
 * Appends product, a JSON object, with the overlay's values in place of its own. Every other byte stays.
 * AISLE_CORRUPT when product is no JSON object, AISLE_NO_MEMORY, AISLE_LIMIT (of out).
 */
must_check int overlay_apply(const struct overlay *overlay, const struct schema *schema, struct bytes product,
                             struct buf *out);

#endif
