/*
 * leads.h - which suggestions lead to a product and which do not, kept between calls.
 *
 * What is suggested for one beginning is mostly suggested for the next, and to the next shopper. What a search for a
 * suggestion has found is true until the next commit, so that it need not be searched for again. Kept are hashes of
 * texts with the generations of all shards, 63 bits and one for the answer, in a table where a newer one takes an older
 * one's place.
 *
 * Thread rule: any number of threads ask and note at once.
 */
#ifndef AISLE_INDEX_LEADS_H
#define AISLE_INDEX_LEADS_H

#include "base/bytes.h"

#include <stdatomic.h>
#include <stdbool.h>

typedef _Atomic uint64_t leads_slot;

/* Zeros are empty. */
struct leads {
    _Atomic(leads_slot *) slots; /* owned; NULL: nothing has been noted yet */
};

void leads_release(struct leads *leads);

/* Of the heap. */
size_t leads_bytes(const struct leads *leads);

/* What a text is kept as while shards have these generations, of which seed is a hash. */
uint64_t leads_key(struct bytes text, uint64_t seed);

/* Whether something is known of the text, and *leads_somewhere: what. */
bool leads_find(const struct leads *leads, uint64_t key, bool *leads_somewhere);

/* Without memory nothing is kept. */
void leads_note(struct leads *leads, uint64_t key, bool leads_somewhere);

#endif
