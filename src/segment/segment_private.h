/*
 * segment_private.h - what the files of this module share with each other and nobody else.
 */
#ifndef AISLE_SEGMENT_SEGMENT_PRIVATE_H
#define AISLE_SEGMENT_SEGMENT_PRIVATE_H

#include "segment/segment.h"

#define SEGMENT_VALUE_MAX_BYTES (POSITIONS_REFERENCE_MAX_BYTES + POSTINGS_RECORD_MAX_BYTES)

static_assert(SEGMENT_VALUE_MAX_BYTES <= LIMIT_TERM_VALUE_BYTES, "a dictionary takes a reference and a record");

/* Ends the lists of positions and of postings, and adds the term with their places; value is for the use of it. */
must_check int segment_writer_end_list(struct segment_writer *writer, struct bytes term, struct buf *value);

/*
 * A document of one of several sorted inputs, as the document order compares it: order key, then hash of the id,
 * then the id itself.
 */
struct segment_place {
    uint64_t order;
    uint64_t id_hash;
    struct bytes id;
};

int segment_place_compare(const struct segment_place *a, const struct segment_place *b);

#endif
