/*
 * exceptions.h - words whose stems are given instead of found: a sorted list of (word, what is stemmed in its place).
 *
 * Private to the module; text.h says what an exception means. Asked only for words that the stem cache does not know.
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_TEXT_EXCEPTIONS_H
#define AISLE_TEXT_EXCEPTIONS_H

#include "base/alloc.h"
#include "base/buf.h"

struct exceptions {
    struct buf bytes; /* words and stems, folded */
    struct exception {
        uint32_t word;
        uint32_t word_size;
        uint32_t stem;
        uint32_t stem_size;
    } *items; /* owned; by word, ascending, once exceptions_sort was called */
    uint32_t count;
};

/* A zeroed list is an empty one. */
void exceptions_release(struct exceptions *exceptions);

/* An empty list with room for count (LIMIT_STEM_EXCEPTIONS at most) in place of what was there. AISLE_NO_MEMORY. */
must_check int exceptions_begin(struct exceptions *exceptions, size_t count);

/* Appends a word; its stem follows, by exceptions_add_stem. AISLE_NO_MEMORY. */
must_check int exceptions_add(struct exceptions *exceptions, struct bytes word);
must_check int exceptions_add_stem(struct exceptions *exceptions, struct bytes stem);

/* Of equal words the first stays in force. */
void exceptions_sort(struct exceptions *exceptions);

/* What stands for word, in *stem; false: it is no exception. */
bool exceptions_find(const struct exceptions *exceptions, struct bytes word, struct bytes *stem);

#endif
