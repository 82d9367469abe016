/*
 * fuzz_schema.c - any bytes as a schema, and as the products to guess one from: what is accepted encodes to a schema
 * that is accepted and encodes the same.
 */
#include "schema/schema.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check_encoding(const struct schema *schema)
{
    struct schema *again = NULL;
    struct buf once;
    struct buf twice;
    buf_init(&once, 1u << 20);
    buf_init(&twice, 1u << 20);
    expect(schema_encode(schema, &once) == 0);
    expect(schema_parse(buf_bytes(&once), &again, NULL) == 0);
    expect(schema_encode(again, &twice) == 0);
    expect(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    schema_free(again);
    buf_release(&once);
    buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema *schema = NULL;
    struct buf guess;
    aisle_error error;
    int status = schema_parse(bytes_of(data, size), &schema, &error);
    expect(status == 0 || (status == AISLE_BAD_SCHEMA && error.position <= size));
    if (status == 0) {
        check_encoding(schema);
        schema_free(schema);
    }
    buf_init(&guess, 1u << 20);
    status = schema_infer(bytes_of(data, size), &guess, &error);
    expect(status == 0 || status == AISLE_BAD_PRODUCT);
    if (status == 0) {
        expect(schema_parse(buf_bytes(&guess), &schema, NULL) == 0);
        schema_free(schema);
    }
    buf_release(&guess);
    return 0;
}
