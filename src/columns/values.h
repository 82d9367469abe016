/*
 * values.h - the values of a keyword or path field in one segment: a sorted dictionary, and lists of several values.
 *
 * The field's column (columns.h) holds a code for each document, which this module gives out: a value's number in the
 * dictionary ("ordinal"), or, for a document with several values, the dictionary's size plus the place of its list.
 * Values are compared by their folded form, by bytes; each keeps one form to be shown. Folding is the caller's.
 *
 * Dictionaries belong to segments, so an ordinal means something in one segment only, and there it never changes:
 * whoever holds the segment holds the meaning. Merging is a k-way merge of sorted values (segment/merge_values.c).
 * Because ordinals are sorted, ranges of values, and all paths below one, are ranges of ordinals, which the least and
 * greatest code of a page can rule out. The layout stands in values_format.h.
 *
 * Thread rule: writers and collectors belong to one thread. A reader never changes after values_open.
 */
#ifndef AISLE_COLUMNS_VALUES_H
#define AISLE_COLUMNS_VALUES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/extents.h"
#include "base/status.h"

#define VALUES_FOLDED_BYTES_MAX 2048u /* ON DISK: a longer folded form is cut by the caller, at a character */

struct value_pair {
    struct bytes folded; /* 1 to VALUES_FOLDED_BYTES_MAX bytes */
    struct bytes shown;  /* at most LIMIT_KEYWORD_BYTES */
};

/* ------------------------------------------------------------------------------------------------ writing -- */

/* Lists that were met lately, by content. Zeros are an empty one. */
struct values_lists {
    struct buf bytes; /* of these lists, encoded */
    struct values_list_slot *slots;
    size_t slot_count;
    size_t count;
};

struct values_writer {
    struct extent_writer *stream; /* borrowed */
    uint32_t count;
    uint64_t lists_offset; /* of the first list; 0: there is none yet */
    uint64_t list_count;
    struct buf block;
    struct buf directory;
    struct buf last; /* folded form of the value before */
    struct values_lists lists;
    int status; /* sticky */
};

/* Begins in a fresh stream, borrowed until release. AISLE_INVALID for a used one. */
must_check int values_writer_init(struct values_writer *writer, struct extent_writer *stream);

/*
 * Adds the next value; its ordinal is the number of those before. AISLE_INVALID: not behind the one before, of a wrong
 * size, or after a list; AISLE_LIMIT past LIMIT_COLUMN_VALUES; AISLE_NO_MEMORY or what the stream reported. Errors
 * stick.
 */
must_check int values_writer_add(struct values_writer *writer, const struct value_pair *value);

/*
 * The code of a document with these values: count ordinals, ascending, each once, 2 to LIMIT_LIST_VALUES. A list
 * equal to one of the last thousands is not stored again. AISLE_INVALID for anything else; otherwise as
 * values_writer_add.
 */
must_check int values_writer_list(struct values_writer *writer, const uint32_t *ordinals, uint32_t count,
                                  int64_t *code);

/* Completes the stream, short of extent_writer_finish. */
must_check int values_writer_finish(struct values_writer *writer);

/* Frees what the writer holds, finished or not; allowed twice. */
void values_writer_release(struct values_writer *writer);

/* ------------------------------------------------------------------------------------------------ reading -- */

struct values_reader {
    const struct extent_view *stream; /* borrowed */
    uint32_t count;                   /* values */
    uint64_t lists_offset;
    uint64_t directory_offset;
};

/* Opens over a view that must outlive the reader. Reads the footer only. AISLE_CORRUPT, AISLE_NEWER_FORMAT. */
must_check int values_open(struct values_reader *reader, const struct extent_view *stream);

/* A walk over values in ascending order. Large: not for the stack of a recursive function. */
struct values_cursor {
    const struct values_reader *reader;
    struct byte_reader block;
    uint32_t ordinal;
    struct bytes folded; /* of this cursor, valid to its next step */
    struct bytes shown;  /* a view of the stream, or folded */
    uint8_t bytes[VALUES_FOLDED_BYTES_MAX];
};

/* Stands on the value with this ordinal. AISLE_END past the last; AISLE_CORRUPT. */
must_check int values_seek(struct values_cursor *cursor, const struct values_reader *reader, uint32_t ordinal);
must_check int values_next(struct values_cursor *cursor);

/* The first value that is not before folded: its ordinal, or count; *exact: it is equal. AISLE_CORRUPT. */
must_check int values_find(const struct values_reader *reader, struct bytes folded, uint32_t *ordinal, bool *exact);

/* The ordinals behind first of all values that begin with prefix, when first is where values_find put the prefix. */
must_check int values_find_end(const struct values_reader *reader, struct bytes prefix, uint32_t first,
                               uint32_t *end);

/* The ordinals of a document's code, ascending. */
struct values_of_code {
    struct byte_reader deltas;
    uint32_t left;
    uint32_t next;  /* the least that may come */
    uint32_t count; /* values of the segment */
};

/* Begins a walk over code, which is not COLUMN_MISSING. AISLE_CORRUPT: no such code. */
must_check int values_of_code_init(struct values_of_code *walk, const struct values_reader *reader, int64_t code);

/* 0 and the next ordinal, AISLE_END, or AISLE_CORRUPT. */
must_check int values_of_code_next(struct values_of_code *walk, uint32_t *ordinal);

/* Walks all values and lists. Fills error (may be NULL) with what is wrong. */
must_check int values_check(const struct values_reader *reader, aisle_error *error);

/* --------------------------------------------------------------------------------------------- collecting -- */

/* Values as they come, before they are sorted: what the memory index keeps of a field. */
struct values_collector {
    struct arena arena;
    struct collected_value *values; /* owned, by number */
    uint32_t *ordinals; /* owned, by number, too: apart, since writing looks them up for each document */
    size_t capacity;    /* of both */
    uint32_t count;
    uint32_t *slots; /* number + 1 */
    size_t slot_count;
    struct buf lists; /* u32 count, then u32 numbers, each */
    uint32_t *scratch;
};

/* An empty one. Nothing is allocated. */
void values_collector_init(struct values_collector *collector);
void values_collector_release(struct values_collector *collector);

/* Heap bytes held now plus those that writing it out will need. */
uint64_t values_collector_bytes(const struct values_collector *collector);

/* The number of a value; both forms are copied. AISLE_LIMIT past LIMIT_COLUMN_VALUES, AISLE_NO_MEMORY. */
must_check int values_collector_add(struct values_collector *collector, const struct value_pair *value,
                                    uint32_t *number);

/*
 * A code for a document with these numbers, any order and repeats allowed, for this collector only; COLUMN_MISSING for
 * none. numbers are sorted in place. AISLE_LIMIT for more than LIMIT_LIST_VALUES different ones, AISLE_NO_MEMORY.
 */
must_check int values_collector_code(struct values_collector *collector, uint32_t *numbers, uint32_t count,
                                     int64_t *code);

/* States that a document with this code will be written; values that none has are left out. */
void values_collector_use(struct values_collector *collector, int64_t code);

/* Adds all used values to a fresh writer. */
must_check int values_collector_write(struct values_collector *collector, struct values_writer *writer);

/* After that, turns a used code into the one to be stored. */
must_check int values_collector_recode(struct values_collector *collector, struct values_writer *writer, int64_t code,
                                       int64_t *stored);

#endif
