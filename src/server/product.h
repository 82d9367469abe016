/*
 * product.h - single fields out of a product's JSON.
 *
 * A product from aisle.h is valid JSON, so that passing over a value is enough. Thread rule: touches only what it is
 * given.
 */
#ifndef AISLE_SERVER_PRODUCT_H
#define AISLE_SERVER_PRODUCT_H

#include "base/buf.h"

struct product_member {
    struct bytes name;  /* between its quotes, as written */
    struct bytes value; /* its JSON, without blanks around */
};

struct product_reader {
    struct bytes text;
    size_t at;
};

/* A reader of the members at the product's top. */
struct product_reader product_read(struct bytes product);

/* The next member; false at the end. */
bool product_next(struct product_reader *reader, struct product_member *member);

/* The value of the member of this name; false when there is none. */
bool product_find(struct bytes product, struct bytes name, struct bytes *value);

/* Appends the product with the named members alone, in the order of names. */
void product_cut(struct bytes product, const struct bytes *names, uint32_t count, struct buf *out);

/* Appends a value as plain text: a string without quotes and escapes, anything else as its JSON. */
void product_plain(struct bytes value, struct buf *out);

#endif
