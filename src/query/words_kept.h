/*
 * words_kept.h - how many products have a word, kept from query to query.
 *
 * What a misspelt word may be is up to a thousand words, each of which is looked up in every segment; and as the next
 * word is typed, they are the same at every keystroke. Kept is a hash of the word with a number, and what that is of: a
 * hash of segments, as a rule. The table has few places for each, where a newer one takes an older one's.
 *
 * Private to the module but for the table. Thread rule: any number of threads ask and note at once.
 */
#ifndef AISLE_QUERY_WORDS_KEPT_H
#define AISLE_QUERY_WORDS_KEPT_H

#include "base/bytes.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Another thread may write between the loads: check is the key with the others mixed in. */
struct word_kept {
    _Atomic uint64_t check;
    _Atomic uint64_t of;
    _Atomic uint64_t count;
};

/* Zeros are empty. */
struct words_kept {
    _Atomic(struct word_kept *) slots; /* owned; NULL: nothing has been noted yet */
};

void words_kept_release(struct words_kept *words);

/* Of the heap. */
size_t words_kept_bytes(const struct words_kept *words);

/* What is noted of a key, and what it was noted to be of. False: nothing. */
bool words_kept_find(const struct words_kept *words, uint64_t key, uint64_t *of, uint64_t *count);

/* In place of what was noted of the key before. Without memory nothing is kept. */
void words_kept_note(struct words_kept *words, uint64_t key, uint64_t of, uint64_t count);

#endif
