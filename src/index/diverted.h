/*
 * diverted.h - ids whose products went to another lane than their hash says (workers.h), and to which one.
 *
 * A table of whole hashes: two ids of one hash share their lane, and so whatever is said of either is done in order.
 * It never takes more than it was given at the beginning; once it is full nothing more is diverted.
 *
 * Thread rule: the writer's thread.
 */
#ifndef AISLE_INDEX_DIVERTED_H
#define AISLE_INDEX_DIVERTED_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diverted {
    uint64_t *hashes; /* owned; 0: free; NULL: there are no entries */
    uint8_t *lanes;   /* owned, beside them */
    size_t slots;     /* of both: a power of two */
    size_t count;
    size_t bytes_max;
    bool is_full; /* an id had no room */
};

/* An empty table that takes at most bytes_max, as yet nothing. */
void diverted_init(struct diverted *diverted, size_t bytes_max);
void diverted_release(struct diverted *diverted);

/* Forgets all entries; the memory stays. */
void diverted_clear(struct diverted *diverted);

/* Adds an id that is not there. false: there is no room for it, or no memory; nothing is changed. */
must_check bool diverted_add(struct diverted *diverted, uint64_t id_hash, uint8_t lane);

/* Whether the id is there; then *lane is where it went. */
bool diverted_find(const struct diverted *diverted, uint64_t id_hash, uint8_t *lane);

#endif
