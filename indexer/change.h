/*
 * change.h - what one change-log line asks for, in Aisle's own format.
 *
 * Reads the envelope only; products and fields stay bytes, which aisle.h judges. The lines of databases become the same
 * struct change (decoder.h). Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEXER_CHANGE_H
#define AISLE_INDEXER_CHANGE_H

#include "indexer/sequence.h"
#include "schema/json.h"

enum change_kind { CHANGE_PUT, CHANGE_PATCH, CHANGE_DELETE, CHANGE_TRUNCATE };

struct change {
    enum change_kind kind;
    struct bytes id;         /* of a patch or delete; lives until the next decode */
    struct bytes body;       /* the product or the fields */
    size_t body_position;    /* of body in the line; of the row, when body was made from one */
    bool is_made;            /* body does not stand in the line */
    bool or_put;             /* a patch whose body is a whole product if there is none yet */
    bool is_optional;        /* a patch that has nothing to do when there is no product */
    struct bytes moved_from; /* not empty: the id that the product had before */
    struct bytes table;      /* of a truncate, for messages */
    int64_t time_ms;         /* when it happened; 0: not told */
    char seq[SEQUENCE_BYTES + 1]; /* empty: none */
    bool is_snapshot; /* no change: the row as it was at seq, new unless the stream has passed that */
};

/* Whether the nodes of a line are a change of Aisle's own format. */
bool change_matches(const struct json *json);

/*
 * Decodes a change from the nodes of line. AISLE_BAD_PRODUCT with the position and the reason.
 */
must_check int change_decode(const struct json *json, struct bytes line, struct change *change, aisle_error *error);

#endif
