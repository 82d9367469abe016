/*
 * infer.c - takes the products out of change-log lines and gives them to aisle_infer_schema.
 *
 * Thread rule: one thread at a time.
 */
#include "indexer/infer.h"

#define INFER_BYTES ((size_t)8 << 20)
#define INFER_LINES 10000u

/* Appends the products of one line, if it holds any. Lines that cannot be read are left for the run to reject. */
static int add_products(struct decoder *decoder, struct bytes line, struct buf *products)
{
    struct sequence sequence = {.repeats = 0};
    struct change change;
    int status = 0;
    decoder_begin(decoder, line);
    while (status == 0 || status == AISLE_BAD_PRODUCT) {
        status = decoder_next(decoder, &sequence, &change, NULL);
        if (status == 0 && (change.kind == CHANGE_PUT || change.or_put)) {
            buf_put(products, change.body.data, change.body.size);
            buf_put_u8(products, '\n');
        }
    }
    return status == AISLE_NO_MEMORY ? status : buf_status(products);
}

static int collect(struct decoder *decoder, struct bytes text, struct buf *products)
{
    const uint8_t *next = text.data;
    const uint8_t *end = text.data + text.size;
    if (bytes_begin_with(text, bytes_of("\xef\xbb\xbf", 3))) {
        next += 3;
    }
    int status = 0;
    for (unsigned lines = 0; next < end && lines < INFER_LINES && status == 0; lines++) {
        const uint8_t *newline = memchr(next, '\n', (size_t)(end - next));
        if (newline == NULL && text.size == INFER_BYTES) {
            break; /* cut by the end of what is looked at */
        }
        const uint8_t *line_end = newline == NULL ? end : newline;
        if (line_end > next) {
            status = add_products(decoder, bytes_of(next, (size_t)(line_end - next)), products);
        }
        next = line_end + 1;
    }
    return status;
}

int infer_schema(struct line_reader *reader, enum format format, const struct mapping *mapping, char **schema,
                 aisle_error *error)
{
    static const struct product_fields fields = {.id_name = {(const uint8_t *)"id", 2}};
    struct decoder decoder;
    struct bytes text;
    struct buf products;
    *schema = NULL;
    buf_init(&products, 2 * INFER_BYTES);
    int status = decoder_init(&decoder, format, &fields, mapping);
    if (status != 0) {
        return error_no_memory(error, "inferring a schema");
    }
    status = line_reader_peek(reader, INFER_BYTES, &text, error);
    if (status != 0) {
        goto done;
    }
    if (text.size > 0 && collect(&decoder, text, &products) != 0) {
        status = error_no_memory(error, "inferring a schema");
        goto done;
    }
    if (products.size == 0) {
        status = error_set(error, AISLE_BAD_PRODUCT, "%s holds no product to infer a schema from", reader->path);
        goto done;
    }
    status = aisle_infer_schema((aisle_bytes){(const char *)products.data, products.size}, schema, error);
done:
    decoder_release(&decoder);
    buf_release(&products);
    return status;
}
