/*
 * projection.h - the members of products that a search wants back.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEX_PROJECTION_H
#define AISLE_INDEX_PROJECTION_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/status.h"

struct json;

struct projection {
    struct bytes names[LIMIT_FIELDS]; /* borrowed */
    uint32_t count;                   /* 0: whole products */
    struct json *json;                /* owned; made when first needed */
};

/*
 * Reads names, separated by commas, into an empty projection; NULL leaves it empty. AISLE_BAD_QUERY, AISLE_LIMIT; the
 * message begins with "fields:".
 */
must_check int projection_take(struct projection *projection, const char *fields, aisle_error *error);

/* Appends an object of the wanted members to out, as they stand in product and in its order. AISLE_NO_MEMORY, ... */
must_check int projection_apply(struct projection *projection, struct bytes product, struct buf *out);

void projection_release(struct projection *projection);

#endif
