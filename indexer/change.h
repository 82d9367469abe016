/*
 * change.h - what one change-log line asks for.
 *
 * Reads the envelope only; products and fields stay bytes, which aisle.h judges. A line without the text "op" in it,
 * which is nearly every bare product, is not parsed at all. Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_CHANGE_H
#define AISLE_INDEXER_CHANGE_H

#include "schema/json.h"

#include <stdbool.h>

#define CHANGE_SEQ_BYTES 63u

enum change_kind { CHANGE_PUT, CHANGE_PATCH, CHANGE_DELETE };

struct change {
    enum change_kind kind;
    struct bytes id;              /* of a patch or delete; lives until the next decode */
    struct bytes body;            /* the product or the fields, within the line */
    size_t body_position;         /* of body in the line */
    char seq[CHANGE_SEQ_BYTES + 1]; /* empty: none */
};

/*
 * Decodes a line that is not blank. json is the reader to use. AISLE_BAD_PRODUCT with the position and the reason,
 * AISLE_NO_MEMORY.
 */
must_check int change_decode(struct json *json, struct bytes line, struct change *change, aisle_error *error);

#endif
