/*
 * fuzz_product.c - any bytes as a product of the shop schema, whole and as a patch: values keep to their bounds, and
 * columns print as JSON.
 */
#include "schema/product.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check_value(const struct field *field, const struct product_value *value)
{
    struct buf out;
    uint64_t bytes = 0;
    buf_init(&out, 100);
    if (field->type == FIELD_TEXT || field->type == FIELD_KEYWORD || field->type == FIELD_PATH) {
        expect(value->present == (value->string_count > 0));
        expect(field->type != FIELD_PATH || value->string_count <= LIMIT_PATH_PARTS);
        for (uint32_t i = 0; i < value->string_count; i++) {
            expect(value->strings[i].size > 0);
            expect(field->type == FIELD_TEXT || value->strings[i].size <= LIMIT_KEYWORD_BYTES);
            for (size_t k = 0; k < value->strings[i].size; k++) {
                bytes += value->strings[i].data[k];
            }
        }
        expect(bytes > 0 || value->string_count == 0);
    } else if (value->present) {
        expect(value->number != INT64_MIN);
        expect(product_value_print(field, value->number, &out) == 0);
    }
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct product_reader *reader = NULL;
    struct schema *schema = NULL;
    struct product product;
    aisle_error error;
    if (product_reader_new(&reader) == 0 && schema_default(&schema) == 0) {
        int whole = product_reader_read(reader, schema, bytes_of(data, size), &product, &error);
        expect(whole == 0 || (whole == AISLE_BAD_PRODUCT && error.position <= size));
        expect(whole != 0 || (product.id.size > 0 && product.id.size <= LIMIT_ID_BYTES));
        int patch = product_reader_read_patch(reader, schema, bytes_of(data, size), &product, &error);
        expect(whole != 0 || patch == 0);
        for (uint8_t i = 0; i < schema->field_count && patch == 0; i++) {
            check_value(&schema->fields[i], &product.values[i]);
        }
    }
    product_reader_free(reader);
    schema_free(schema);
    return 0;
}
