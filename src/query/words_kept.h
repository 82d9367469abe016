/*
 * words_kept.h - how many products have a word, kept from query to query.
 *
 * What a misspelt word may be is up to a thousand words, each of which is looked up in every segment; and as the next
 * word is typed, they are the same at every keystroke. Kept is a hash of the word and of the segments with the sum over
 * them, in a table where a newer one takes an older one's place. Commits come every second and each brings another
 * segment, so the sum over the large ones is kept as well: behind a commit only the others are looked into.
 *
 * Private to the module but for the table. Thread rule: any number of threads ask and note at once.
 */
#ifndef AISLE_QUERY_WORDS_KEPT_H
#define AISLE_QUERY_WORDS_KEPT_H

#include "base/bytes.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Another thread may write between the loads of both: check is the key with the count mixed in. */
struct word_kept {
    _Atomic uint64_t check;
    _Atomic uint64_t count;
};

/* Zeros are empty. */
struct words_kept {
    _Atomic(struct word_kept *) slots; /* owned; NULL: nothing has been noted yet */
};

void words_kept_release(struct words_kept *words);

/* Of the heap. */
size_t words_kept_bytes(const struct words_kept *words);

/* What count terms are kept as, of segments of which seed is a hash. */
uint64_t words_kept_key(const struct bytes *terms, uint32_t count, uint64_t seed);

bool words_kept_find(const struct words_kept *words, uint64_t key, uint64_t *count);

/* In place of what was noted before. Without memory nothing is kept. */
void words_kept_note(struct words_kept *words, uint64_t key, uint64_t count);

#endif
