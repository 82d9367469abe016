/*
 * batch.c - copying a parsed product: its text as one piece, and its views moved over to the copy.
 *
 * Most strings of a product are views of its text, so that they move by the distance of the two texts; those that had
 * escapes lie elsewhere and are copied on their own.
 */
#include "index/batch.h"

#include "base/alloc.h"

#define KEPT_BYTES (8 * BATCH_BYTES) /* of an arena for its next use */
#define ARENA_BYTES_MAX ((size_t)64 << 20)

struct batch *batch_new(void)
{
    struct batch *batch = mem_alloc(sizeof *batch);
    if (batch != NULL) {
        batch->next = NULL;
        batch->bytes = 0;
        batch->count = 0;
        arena_init(&batch->memory, ARENA_BYTES_MAX);
    }
    return batch;
}

void batch_free(struct batch *batch)
{
    if (batch != NULL) {
        arena_release(&batch->memory);
        mem_free(batch);
    }
}

void batch_clear(struct batch *batch)
{
    if (batch->memory.total_bytes > KEPT_BYTES) {
        arena_release(&batch->memory);
    } else {
        arena_reset(&batch->memory);
    }
    batch->bytes = 0;
    batch->count = 0;
}

/* Where the view is to be found in the copy of text; NULL data: no memory. */
static struct bytes move_view(struct arena *arena, struct bytes view, struct bytes text, const uint8_t *copy)
{
    uintptr_t at = (uintptr_t)view.data;
    uintptr_t start = (uintptr_t)text.data;
    if (at >= start && at + view.size <= start + text.size) {
        return bytes_of(copy + (at - start), view.size);
    }
    return bytes_of(arena_copy(arena, view.data, view.size), view.size);
}

static int move_strings(struct arena *arena, struct product_value *value, struct bytes text, const uint8_t *copy)
{
    struct bytes *strings = arena_alloc(arena, value->string_count * sizeof *strings);
    if (strings == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < value->string_count; i++) {
        strings[i] = move_view(arena, value->strings[i], text, copy);
        if (strings[i].data == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    value->strings = strings;
    return 0;
}

static int copy_product(struct batch *batch, const struct schema *schema, const struct product *product,
                        struct bytes text, struct batch_product *out)
{
    struct arena *arena = &batch->memory;
    size_t values_bytes = schema->field_count * sizeof *product->values;
    uint8_t *copy = arena_copy(arena, text.data, text.size);
    struct product_value *values = arena_copy(arena, product->values, values_bytes);
    if (copy == NULL || values == NULL) {
        return AISLE_NO_MEMORY;
    }
    int status = 0;
    for (uint8_t f = 0; f < schema->field_count && status == 0; f++) {
        status = values[f].string_count == 0 ? 0 : move_strings(arena, &values[f], text, copy);
    }
    out->text = bytes_of(copy, text.size);
    out->values = values;
    out->id = move_view(arena, product->id, text, copy);
    return status != 0 || out->id.data == NULL ? AISLE_NO_MEMORY : 0;
}

int batch_add(struct batch *batch, const struct schema *schema, const struct product *product, struct bytes text,
              uint64_t id_hash, uint32_t lane)
{
    struct arena_mark mark = arena_mark(&batch->memory);
    struct batch_product *added = &batch->products[batch->count];
    int status = copy_product(batch, schema, product, text, added);
    if (status != 0) {
        arena_rewind(&batch->memory, mark);
        return status;
    }
    added->id_hash = id_hash;
    added->lane = lane;
    batch->bytes += text.size;
    batch->count++;
    return 0;
}

void batch_get(const struct batch *batch, const struct schema *schema, uint32_t i, struct product *out)
{
    const struct batch_product *product = &batch->products[i];
    out->id = product->id;
    out->unknown_fields = 0;
    memcpy(out->values, product->values, schema->field_count * sizeof *out->values);
}
