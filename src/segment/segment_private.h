/*
 * segment_private.h - what the files of this module share with each other and nobody else.
 */
#ifndef AISLE_SEGMENT_SEGMENT_PRIVATE_H
#define AISLE_SEGMENT_SEGMENT_PRIVATE_H

#include "segment/segment.h"

#define SEGMENT_VALUE_MAX_BYTES (POSITIONS_REFERENCE_MAX_BYTES + POSTINGS_RECORD_MAX_BYTES)

static_assert(SEGMENT_VALUE_MAX_BYTES <= LIMIT_TERM_VALUE_BYTES, "a dictionary takes a reference and a record");

static_assert(VARINT_BYTES_MAX + POSTINGS_RECORD_MAX_BYTES <= LIMIT_TERM_VALUE_BYTES, "likewise a sum and a record");

/* Frees what is kept of a segment or a state, as its head says. */
void segment_kept_free(struct segment_kept *kept);

/* Before the lists of a segment of so many documents. AISLE_NO_MEMORY. */
must_check int segment_writer_begin_lists(struct segment_writer *writer, uint32_t documents);

/* Begins the lists of the next term; its postings follow, and its positions apart from them. */
must_check int segment_writer_begin_list(struct segment_writer *writer, struct bytes term);
must_check int segment_writer_add_postings(struct segment_writer *writer, const uint32_t *documents,
                                           const uint8_t *codes, size_t count);

/*
 * Ends the lists of positions and of postings, and adds the term with their places; hash is the high half of its
 * hash_bytes, value is for the use of it.
 */
must_check int segment_writer_end_list(struct segment_writer *writer, struct bytes term, uint32_t hash,
                                       struct buf *value);

/* Postings of a whole list that is short: 1 to POSTINGS_TINY_MAX. */
struct segment_short_list {
    uint32_t documents[POSTINGS_TINY_MAX];
    uint8_t codes[POSTINGS_TINY_MAX];
    uint32_t count;
    struct bytes entries; /* of positions, up to POSITIONS_INLINE_MAX_BYTES */
};

/*
 * All of the above in one, for a short list; hash is the high half of hash_bytes of the term. Most terms have so few
 * postings that what is done once a list costs more than they do.
 */
must_check int segment_writer_put_short(struct segment_writer *writer, struct bytes term, uint32_t hash,
                                        const struct segment_short_list *list, struct buf *value);

/* ---- lists of what begins alike (prefix_write.c) ---- */

/* For a segment of so many documents; their lists go to postings, borrowed. AISLE_NO_MEMORY: *out is to be freed. */
must_check int prefix_writer_new(struct postings_writer *postings, uint32_t documents, struct prefix_writer **out);
void prefix_writer_free(struct prefix_writer *writer);

/* The next term, while no list is open; then its postings. Errors of the postings' writer. */
must_check int prefix_writer_next(struct prefix_writer *writer, struct bytes term);
void prefix_writer_add(struct prefix_writer *writer, const uint32_t *documents, const uint8_t *codes, size_t count);

/* All terms have gone by: adds the prefixes to their dictionary. Errors of both writers. */
must_check int prefix_writer_finish(struct prefix_writer *writer, struct terms_writer *dictionary);

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
