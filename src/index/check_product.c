/*
 * check_product.c - aisle_check_product: whether a product would be taken, without a writer.
 *
 * What aisle_put refuses of a product itself, it refuses while reading it, and so does this. Thread rule: any thread's.
 */
#include "index/catalog.h"

#include "schema/product.h"

int aisle_check_product(aisle *catalog, aisle_bytes product, aisle_error *error)
{
    struct product_reader *reader = NULL;
    struct product read;
    int status = product_reader_new(&reader);
    status = status != 0 ? error_no_memory(error, "reading a product")
                         : product_reader_read(reader, catalog->schema, bytes_of(product.data, product.size), &read,
                                               error);
    product_reader_free(reader);
    return status;
}
