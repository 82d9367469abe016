/*
 * places.h - where the words of one product stand: collected as its tokens come, then encoded term by term.
 *
 *   place = position * searchable fields + rank of the field      (postings/positions.h)
 *
 * The words of a value have the positions 0, 1, 2, ... behind its base; the next value's base is PLACES_GAP behind its
 * words, so that no phrase crosses values whatever its slop. A field without positions has its words at position 0,
 * each once. Of a term in a field the first LIMIT_POSITIONS_FIELD occurrences are kept; where a word and a compound
 * that read alike begin at one place, only the word is.
 *
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_INDEX_PLACES_H
#define AISLE_INDEX_PLACES_H

#include "postings/positions.h"
#include "schema/schema.h"

#define PLACES_GAP (LIMIT_SLOP + 1) /* ON DISK */

/* A distinct term of the product, by the number that the builder gave it. */
struct places_slot {
    struct position first; /* most have no other */
    uint32_t count;        /* occurrences kept */
    uint32_t in_field;     /* of them in `rank`, the field that had the term last */
    uint32_t rank;
    uint32_t end; /* while encoding: in sorted, behind those taken over so far */
};

struct places {
    uint32_t fields; /* searchable ones */
    struct places_occurrence {
        uint32_t slot;
        struct position at;
    } *further; /* owned: all but the slots' first, in the order of tokens */
    size_t count;
    size_t capacity;
    struct position *sorted; /* owned, twice capacity: occurrences of the slots that have several, by slot */
    struct places_slot *slots; /* owned */
    size_t slot_count;
    size_t slot_capacity;
    struct buf entries;
};

/* Allocates nothing yet. fields: how many are searchable. */
void places_init(struct places *places, uint32_t fields);
void places_release(struct places *places);

/* Forgets everything but its memory: the next product begins. */
void places_begin(struct places *places);

/* Makes room for one more slot, or one more occurrence. AISLE_NO_MEMORY, AISLE_LIMIT. */
must_check int places_grow_slots(struct places *places);
must_check int places_grow(struct places *places);

/*
 * Notes an occurrence of a term, of span words. Slots are numbered from 0 in the order of their first occurrence; all
 * occurrences in one field come before those of the next. AISLE_NO_MEMORY, AISLE_LIMIT.
 */
static inline must_check int places_add(struct places *places, uint32_t slot, const struct field *field,
                                        uint32_t position, uint32_t span)
{
    uint32_t rank = field->searchable_rank;
    struct position at = {.place = field->positions ? position * places->fields + rank : rank,
                          .span = field->positions ? span : 1};
    if (slot == places->slot_count) {
        int status = places->slot_count == places->slot_capacity ? places_grow_slots(places) : 0;
        if (status != 0) {
            return status;
        }
        places->slots[places->slot_count++] =
            (struct places_slot){.first = at, .count = 1, .in_field = 1, .rank = rank};
        return 0;
    }
    struct places_slot *known = &places->slots[slot];
    known->in_field = known->rank == rank ? known->in_field : 0;
    known->rank = rank;
    if (known->in_field == (field->positions ? LIMIT_POSITIONS_FIELD : 1)) {
        return 0;
    }
    int status = places->count == places->capacity ? places_grow(places) : 0;
    if (status == 0) {
        places->further[places->count++] = (struct places_occurrence){.slot = slot, .at = at};
        known->in_field++;
        known->count++;
    }
    return status;
}

/* The entries of all slots in their order, valid until the next begin. AISLE_NO_MEMORY, AISLE_LIMIT. */
must_check int places_encode(struct places *places, struct bytes *entries);

#endif
