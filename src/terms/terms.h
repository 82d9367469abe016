/*
 * terms.h - the immutable dictionary of one segment: sorted distinct terms, each with a small opaque value.
 *
 * A dictionary is two components: TERMS holds front-coded blocks of terms and values, INDEX finds a block by a hash
 * of the term (exact look-up) or by order (prefixes). The layout stands in terms_format.h. What a value means, and
 * what becomes of the finished streams, is the business of the segment.
 *
 * Thread rule: a writer belongs to one thread. A reader never changes after terms_open and may be shared; a cursor
 * belongs to one thread.
 */
#ifndef AISLE_TERMS_TERMS_H
#define AISLE_TERMS_TERMS_H

#include "base/buf.h"
#include "base/extents.h"
#include "base/status.h"

/* ------------------------------------------------------------------------------------------------ writing -- */

struct terms_writer {
    struct extent_writer *terms; /* borrowed */
    struct extent_writer *index; /* borrowed */
    struct buf block;            /* the block being filled */
    struct buf hashes;           /* u32 for each term */
    struct buf directory;        /* u64 for each block */
    struct buf samples;          /* a prefix of the first term of every 16th block */
    uint64_t count;
    size_t previous_size;
    uint8_t previous[LIMIT_TERM_BYTES];
    int status; /* sticky */
};

/*
 * Begins a dictionary in two fresh streams, which the writer borrows until its release. The writer takes about 5 bytes
 * of memory for each term, and as much again in terms_writer_finish. AISLE_INVALID when a stream is not fresh.
 */
must_check int terms_writer_init(struct terms_writer *writer, struct extent_writer *terms,
                                 struct extent_writer *index);

/*
 * Adds the next term with its value; both are copied. AISLE_INVALID: term not of 1 to LIMIT_TERM_BYTES bytes, value
 * above LIMIT_TERM_VALUE_BYTES, or term not above the one before in bytes_compare order. AISLE_LIMIT past
 * LIMIT_SEGMENT_TERMS, AISLE_NO_MEMORY, or what a stream reported. After an error every call repeats it.
 */
must_check int terms_writer_add(struct terms_writer *writer, struct bytes term, struct bytes value);

/* terms_writer_add for who has hashed the term already: hash is the high half of its hash_bytes. */
must_check int terms_writer_add_hashed(struct terms_writer *writer, struct bytes term, uint32_t hash,
                                       struct bytes value);

/* Completes both streams, short of extent_writer_finish, which is the caller's. Errors as terms_writer_add. */
must_check int terms_writer_finish(struct terms_writer *writer);

/* Frees what the writer holds, finished or not; allowed twice. The streams stay the caller's. */
void terms_writer_release(struct terms_writer *writer);

/* ------------------------------------------------------------------------------------------------ reading -- */

struct terms_reader {
    const struct extent_view *terms; /* borrowed */
    const struct extent_view *index; /* borrowed */
    uint64_t count;
    uint64_t directory_offset;
    uint64_t sample_offset;
    uint32_t line_count;  /* of the hash table */
    uint32_t block_count; /* of TERMS */
    uint32_t number_bits; /* of a term's number in a slot of the hash table */
};

/*
 * Opens a dictionary over two views, which must outlive the reader. Reads the footer only. AISLE_CORRUPT, or
 * AISLE_NEWER_FORMAT.
 */
must_check int terms_open(struct terms_reader *reader, const struct extent_view *terms,
                          const struct extent_view *index);

/* Number of terms. */
static inline uint64_t terms_count(const struct terms_reader *reader)
{
    return reader->count;
}

/* Where a term may be, as far as is known before it is looked up. */
struct terms_place {
    uint32_t hash;
    uint32_t number; /* in sorted order; TERMS_PLACE_UNKNOWN */
};
#define TERMS_PLACE_UNKNOWN UINT32_MAX

/* Of any dictionary, to begin with: its number is not known. */
struct terms_place terms_place_of(struct bytes term);

/*
 * Asks memory for what looking a term up reads: the line of the hash table, then the place of the block that the term
 * may be in, then the block; each step reads what the one before asked for, and is made for all terms before the next.
 * The second sets the place's number; nothing that they read is verified.
 */
enum terms_ahead { TERMS_AHEAD_LINE, TERMS_AHEAD_PLACE, TERMS_AHEAD_BLOCK, TERMS_AHEAD_STEPS };
void terms_ahead(const struct terms_reader *reader, enum terms_ahead step, struct terms_place *place);

/*
 * Looks one term up. On 0, *value is a view into an extent of TERMS. AISLE_END when the term is not there (*value is
 * empty then); AISLE_CORRUPT.
 */
must_check int terms_find(const struct terms_reader *reader, struct bytes term, struct bytes *value);

/* terms_find for who asks several dictionaries: hash is the high half of the term's hash_bytes. */
must_check int terms_find_hashed(const struct terms_reader *reader, struct bytes term, uint32_t hash,
                                 struct bytes *value);

/* The same, faster when it stands where the steps above have put it. */
must_check int terms_find_at(const struct terms_reader *reader, struct bytes term, const struct terms_place *place,
                             struct bytes *value);

/* A place in the sorted order. It points into itself: do not copy it. No release is needed. */
struct terms_cursor {
    struct bytes term;  /* the current term, in buffer; valid to the next call */
    struct bytes value; /* its value, a view into an extent */
    const struct terms_reader *reader;
    const uint8_t *next; /* unread part of the block */
    const uint8_t *end;
    uint32_t next_block; /* the one behind it */
    uint32_t left;       /* terms unread in the block */
    int status;          /* sticky: AISLE_END or AISLE_CORRUPT; 0 while on a term */
    uint8_t buffer[LIMIT_TERM_BYTES];
};

/*
 * Goes to the first term >= lowest; an empty lowest is the beginning. The reader must outlive the cursor. 0 with the
 * term and its value, AISLE_END when there is none, AISLE_CORRUPT.
 */
must_check int terms_cursor_seek(struct terms_cursor *cursor, const struct terms_reader *reader, struct bytes lowest);

/* Goes to the next term; results as terms_cursor_seek. Further calls after the end or an error repeat it. */
must_check int terms_cursor_next(struct terms_cursor *cursor);

/*
 * Walks the whole dictionary: order, counts, sizes, each term found through the hash table, index in agreement.
 * Fills error (may be NULL) with what is wrong.
 */
must_check int terms_check(const struct terms_reader *reader, aisle_error *error);

#endif
