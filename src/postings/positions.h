/*
 * positions.h - where in a product a word stands: for each posting, the places of its occurrences.
 *
 * A place is one number that says both field and position: position * fields + field, where fields is the number of
 * searchable fields and field the rank of one among them. So neighbours in one field differ by exactly `fields`,
 * places of different fields never do, and a phrase is found with additions alone. An occurrence also has a span: the
 * number of words it takes, 1, or 2 to 4 for a compound written as one (the joined "tshirt" of "t-shirt").
 * What places mean is the business of whoever writes and asks; this module stores ascending numbers.
 *
 * The entry of a posting is its occurrences as bytes that say themselves where they end, so that entries of one list
 * simply follow each other, in the order of its postings, in blocks of POSTINGS_BLOCK. Small lists stand in the
 * reference that the dictionary keeps beside the list's record; the others are in a stream of their own, POSITIONS,
 * which nothing but phrases and fields touches. The layout stands in positions_format.h.
 *
 * Thread rule: a writer and a cursor belong to one thread; the stream's view may be shared.
 */
#ifndef AISLE_POSTINGS_POSITIONS_H
#define AISLE_POSTINGS_POSITIONS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/extents.h"
#include "base/status.h"
#include "postings/postings.h"

#define POSITIONS_SPAN_MAX 4u            /* ON DISK */
#define POSITIONS_INLINE_MAX_BYTES 16u   /* ON DISK: entries of a list that stand in its reference */
#define POSITIONS_REFERENCE_MAX_BYTES 20u

/* Numbers in an entry (positions_format.h). ON DISK. */
#define POSITIONS_MORE 0x80u
#define POSITIONS_ENTRY_END 0x40u
#define POSITIONS_MORE_BITS 7u
#define POSITIONS_LAST_BITS 6u

/* What one occurrence takes at most in an entry: a number, and a byte for each further word of its span. */
#define POSITIONS_NUMBER_BYTES_MAX 5u
#define POSITIONS_OCCURRENCE_BYTES_MAX (POSITIONS_NUMBER_BYTES_MAX + POSITIONS_SPAN_MAX - 1)

/* An entry has at most LIMIT_POSITIONS_FIELD occurrences a field. */
#define POSITIONS_ENTRY_BYTES_MAX (LIMIT_POSITIONS_FIELD * LIMIT_FIELDS * POSITIONS_OCCURRENCE_BYTES_MAX)

struct position {
    uint32_t place;
    uint32_t span; /* 1 to POSITIONS_SPAN_MAX */
};

/* ------------------------------------------------------------------------------------------------ writing -- */

/*
 * Appends the entry of one posting: count (at least 1) occurrences, places ascending strictly, below 2^31.
 * Failures are the buffer's, sticky.
 */
void positions_encode(const struct position *occurrences, size_t count, struct buf *out);

/*
 * Writes the entry of one occurrence, if it takes a byte or two, as nearly all do, and says how many; 0: it takes more,
 * and something else may have been written.
 */
static inline size_t positions_encode_short(const struct position *at, uint8_t to[2])
{
    uint32_t last = at->place >> POSITIONS_MORE_BITS;
    if (at->span != 1 || last >= 1u << POSITIONS_LAST_BITS) {
        return 0;
    }
    bool one = at->place < 1u << POSITIONS_LAST_BITS;
    to[0] = (uint8_t)(one ? at->place | POSITIONS_ENTRY_END : at->place | POSITIONS_MORE);
    to[1] = (uint8_t)(last | POSITIONS_ENTRY_END);
    return one ? 1 : 2;
}

/* Whether the bytes are exactly count entries; what these say is not looked at. */
bool positions_are(struct bytes entries, size_t count);

/* Cuts the first entry off *entries, which are some (positions_are), and returns it. */
static inline struct bytes positions_cut(struct bytes *entries)
{
    size_t size = 1;
    while ((entries->data[size - 1] & 0xc0) != 0x40) {
        size++;
    }
    struct bytes first = bytes_of(entries->data, size);
    *entries = bytes_of(entries->data + size, entries->size - size);
    return first;
}

struct positions_writer {
    struct extent_writer *stream; /* borrowed */
    struct buf block;             /* entries of the block being filled */
    struct buf directory;         /* u64 for each finished block of the list: its offset in POSITIONS */
    uint64_t count;               /* entries of the list */
    uint32_t waiting;             /* of them in block */
    uint64_t stream_bytes;        /* put into POSITIONS, padding included */
    uint64_t reference_bytes;
    int status; /* sticky */
};

/* Begins a set of lists in a stream, borrowed until release; nobody else writes to it meanwhile. */
must_check int positions_writer_init(struct positions_writer *writer, struct extent_writer *stream);
void positions_writer_release(struct positions_writer *writer);

/* Begins a list; one that was begun and not ended is given up. */
must_check int positions_writer_begin(struct positions_writer *writer);

/* Adds the next count entries, which are exactly the bytes given; copied. AISLE_INVALID when they are not. */
must_check int positions_writer_add(struct positions_writer *writer, struct bytes entries, size_t count);

/* Ends the list and appends its reference, at most POSITIONS_REFERENCE_MAX_BYTES. AISLE_INVALID: no entries. */
must_check int positions_writer_end(struct positions_writer *writer, struct buf *reference);

/*
 * Begin, add and end in one, for a whole list whose entries take up to POSITIONS_INLINE_MAX_BYTES: its reference.
 * AISLE_INVALID: they take more, or are not exactly count entries.
 */
must_check int positions_writer_put_inline(struct positions_writer *writer, struct bytes entries, size_t count,
                                           struct buf *reference);

/* ------------------------------------------------------------------------------------------------ reading -- */

/* A decoded reference. Inline entries are borrowed from the bytes it was decoded from. */
struct positions_list {
    uint64_t offset; /* of the only block, or of the directory of blocks, in POSITIONS */
    struct bytes entries; /* INLINE: the entries; SINGLE: only their size */
    uint8_t kind;
};

/* Decodes the reference at the front of value; *rest is what stands behind it. AISLE_CORRUPT. */
must_check int positions_list_decode(struct bytes value, struct positions_list *out, struct bytes *rest);

#define POSITIONS_NONE_FOLLOWS UINT32_MAX

/* Finds entries of one list. Cheapest when asked in ascending order. No release is needed. */
struct positions_cursor {
    const struct extent_view *stream; /* borrowed */
    struct arena *arena;              /* borrowed: a block that straddles two extents is copied into it */
    struct positions_list list;
    uint32_t count;      /* entries of the list */
    uint32_t block;      /* that is open; UINT32_MAX: none */
    uint32_t index;      /* entry of the block that `next` stands on */
    uint32_t entries;    /* of the open block */
    bool is_constant;    /* one entry, all of stored, stands for all of them */
    struct bytes stored; /* the open block */
    const uint8_t *next;
    const uint8_t *behind; /* the end of the entry at next */
    const uint8_t *end;    /* behind the open block */
    uint8_t *copy;       /* in the arena, for blocks that straddle; NULL: none yet */
    size_t copy_bytes;
    uint32_t *ends;      /* in the arena: where the entries of ends_block end, from its beginning; NULL: none yet */
    uint32_t ends_block; /* UINT32_MAX: none */
    uint32_t following;  /* posting whose entry is at behind; POSITIONS_NONE_FOLLOWS: it is not looked for there */
};

/* count: postings of the list. stream and arena must outlive the cursor. */
void positions_cursor_init(struct positions_cursor *cursor, const struct extent_view *stream, struct arena *arena,
                           const struct positions_list *list, uint32_t count);

/*
 * The entry of the ordinal-th posting (from 0) of the list: a view of the stream or the arena. AISLE_CORRUPT,
 * AISLE_INVALID when ordinal is not below count, AISLE_NO_MEMORY.
 */
must_check int positions_cursor_find(struct positions_cursor *cursor, uint32_t ordinal, struct bytes *entry);

/*
 * positions_cursor_find for who copies the entries of nearly all postings of a list: if the entry is the one behind
 * that asked for last and ends within four bytes, it is in the first of the four bytes at to, and its size is returned.
 * 0: positions_cursor_find. How long an entry is is chance, so there is no branch for each byte.
 */
static inline size_t positions_cursor_step(struct positions_cursor *cursor, uint32_t ordinal, uint8_t *to)
{
    const uint8_t *next = cursor->behind;
    if (ordinal != cursor->following || (size_t)(cursor->end - next) < sizeof(uint32_t)) {
        return 0;
    }
    uint32_t bytes = load_u32(next);
    uint32_t ends = bytes & ~(bytes >> 1) & UINT32_C(0x40404040);
    if (ends == 0) {
        return 0;
    }
    size_t size = (size_t)__builtin_ctz(ends) / 8 + 1;
    store_u32(to, bytes);
    cursor->next = next;
    cursor->behind = next + size;
    cursor->index++;
    cursor->following = (ordinal + 1) % POSTINGS_BLOCK == 0 ? POSITIONS_NONE_FOLLOWS : ordinal + 1;
    return size;
}

#define POSITIONS_ROW 8u
#define POSITIONS_NO_PLACE UINT16_MAX

/*
 * The places of one entry, ascending, below 2^15, and between and behind them POSITIONS_NO_PLACE. Entries of more than
 * POSITIONS_ROW bytes, or with numbers of three bytes or several words, have empty rows: they are few, and
 * positions_cursor_find's.
 */
struct positions_row {
    uint16_t places[POSITIONS_ROW];
};

/*
 * The rows of the entries of count ordinals, ascending; empty ones for those that are not below the list's count. What
 * is wrong inside of an entry may go unseen. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int positions_cursor_rows(struct positions_cursor *cursor, const uint32_t *ordinals, size_t count,
                                     struct positions_row *rows);

/* Makes each of count rows of places those of the other row that are step, below 2^15, behind one of its own. */
void positions_rows_follow(struct positions_row *places, const struct positions_row *next, size_t count, uint16_t step);

static inline bool positions_row_is_empty(const struct positions_row *row)
{
    uint64_t all = UINT64_MAX;
    for (size_t i = 0; i < POSITIONS_ROW; i += sizeof(uint64_t) / sizeof(uint16_t)) {
        uint64_t some;
        memcpy(&some, row->places + i, sizeof some);
        all &= some;
    }
    return all == UINT64_MAX;
}

/*
 * Decodes an entry: *count occurrences into out, which has room for entry.size of them. AISLE_CORRUPT when they are
 * not ascending or a span is out of range.
 */
must_check int positions_decode(struct bytes entry, struct position *out, size_t *count);

/* Reads all entries of a list; fills error (may be NULL) with what is wrong. 0, or AISLE_CORRUPT. */
must_check int positions_check(const struct extent_view *stream, const struct positions_list *list, uint32_t count,
                               aisle_error *error);

#endif
