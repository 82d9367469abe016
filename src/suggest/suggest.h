/*
 * suggest.h - completion: a flat prefix tree with the greatest weight in every node, and the best k below a prefix.
 *
 * A *suggestion* is a text to be offered for what has been typed, with a weight and the form to show. Its key is folded
 * text (text/text.h), words between single spaces; no two suggestions of a part have the same. It is found by what
 * its key begins with, or one of the key's next SUGGEST_LATER words, there with a quarter of its weight. It may have
 * weights of its own in *contexts*: a value of a field, such as a category or a brand.
 *
 * A *part* is an immutable set of suggestions. Several parts answer together as one would that has the sums of their
 * weights (suggest_search_begin); merging them makes that part. How a part lies on disk stands in suggest_format.h.
 *
 * Best-first search after Hsu and Ottaviano, "Space-Efficient Data Structures for Top-k Completion" (WWW 2013): a
 * node's entries stand in descending order of the best below them, so the best k are found by opening about one node
 * for each step of depth and suggestion, however many there are below. Sums over parts by the threshold algorithm of
 * Fagin, Lotem and Naor (2003).
 *
 * This module knows bytes. What is worth suggesting is index's to decide, whether it still leads to a product too.
 * Thread rule: writers and searches belong to one thread; a reader may be read by many.
 */
#ifndef AISLE_SUGGEST_SUGGEST_H
#define AISLE_SUGGEST_SUGGEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/extents.h"
#include "base/status.h"

#define SUGGEST_KEY_BYTES 120u     /* ON DISK: of a key                                                        */
#define SUGGEST_SHOWN_BYTES 240u   /* ON DISK: of what is shown                                                */
#define SUGGEST_CONTEXT_BYTES 120u /* ON DISK: of a context's value                                            */
#define SUGGEST_CONTEXTS 64u       /* ON DISK: contexts of one suggestion; the heaviest are kept               */
#define SUGGEST_LATER 3u           /* words behind the first that a suggestion is found by                     */
#define SUGGEST_WEIGHT_BITS 40u    /* ON DISK                                                                  */
#define SUGGEST_WEIGHT_MAX ((UINT64_C(1) << SUGGEST_WEIGHT_BITS) - 1)

/* ON DISK. Where a text comes from that is suggested; of two sources the later one here names it. */
enum suggest_kind {
    SUGGEST_TITLE = 1, /* the beginning of titles */
    SUGGEST_QUERY,     /* what shoppers searched for */
    SUGGEST_TERM,      /* a brand with a category */
    SUGGEST_CATEGORY,
    SUGGEST_BRAND
};
#define SUGGEST_KINDS 6u

/* ------------------------------------------------------------------------------------------------ writing -- */

/* A weight in a context. */
struct suggest_context {
    struct bytes value; /* folded, 1 to SUGGEST_CONTEXT_BYTES, bytes from 0x20 up */
    uint64_t weight;    /* 1 to SUGGEST_WEIGHT_MAX, as the suggestion's own */
    uint8_t field;      /* of the schema */
};

struct suggest_entry {
    struct bytes key;   /* 1 to SUGGEST_KEY_BYTES bytes from 0x20 up; no space at either end, none beside another */
    struct bytes shown; /* UTF-8, 1 to SUGGEST_SHOWN_BYTES */
    uint64_t weight;
    const struct suggest_context *contexts; /* no two alike */
    size_t context_count;
    uint8_t kind; /* enum suggest_kind */
};

struct suggest_names;

struct suggest_writer {
    struct extent_writer *text; /* borrowed */
    struct extent_writer *tree; /* borrowed */
    struct buf keys;            /* bytes of keys that the tree is made of */
    struct suggest_item *items; /* owned */
    size_t item_count;
    size_t item_capacity;
    struct suggest_names *names; /* owned: the contexts met */
    uint8_t last[SUGGEST_KEY_BYTES];
    size_t last_size;
    uint32_t count;
    int status; /* sticky */
};

/* Begins a part in two fresh streams, borrowed until release. AISLE_INVALID for used ones, AISLE_NO_MEMORY. */
must_check int suggest_writer_init(struct suggest_writer *writer, struct extent_writer *text,
                                   struct extent_writer *tree);

/*
 * Adds the suggestion with the next greater key; everything is copied. Up to suggest_writer_finish each takes about 50
 * bytes of the heap for every way to find it. AISLE_INVALID for what breaks a rule above, AISLE_LIMIT when the part is
 * full, AISLE_NO_MEMORY or what a stream reported. Errors stick.
 */
must_check int suggest_writer_add(struct suggest_writer *writer, const struct suggest_entry *entry);

/* Completes the streams, short of extent_writer_finish. products: that the part was made of, kept as a fact. */
must_check int suggest_writer_finish(struct suggest_writer *writer, uint32_t products);
void suggest_writer_release(struct suggest_writer *writer);

/* Takes one suggestion; not 0 ends the walk with that status. */
typedef int suggest_visit(void *context, const struct suggest_entry *entry);

/* --------------------------------------------------------------------------------------------- collecting -- */

/*
 * Suggestions as they come, in any order. Keys are summed up; what is shown is the form of the latest kind, then the
 * one with most of the weight. Past memory_bytes the lighter half is forgotten. Zeros and suggest_set_init are empty.
 */
struct suggest_set {
    struct buf bytes;
    struct set_entry *entries; /* owned, as all that follow */
    struct set_weight *weights;
    uint32_t *entry_slots;
    uint32_t *weight_slots;
    struct suggest_names *names;
    size_t entry_capacity, weight_capacity;
    size_t entry_slot_count, weight_slot_count;
    uint32_t count; /* suggestions */
    uint32_t weight_count;
    size_t memory_bytes;
};

void suggest_set_init(struct suggest_set *set, size_t memory_bytes);
void suggest_set_release(struct suggest_set *set);

/* Heap bytes held. */
size_t suggest_set_memory(const struct suggest_set *set);

/* Adds a sound entry (as suggest_writer_add, but in any order). AISLE_NO_MEMORY, AISLE_LIMIT. */
must_check int suggest_set_add(struct suggest_set *set, const struct suggest_entry *entry);

/* Visits all in ascending order of keys. The visitor's status, or AISLE_NO_MEMORY. */
must_check int suggest_set_visit(const struct suggest_set *set, suggest_visit *visit, void *context);

/* The same in any order. */
must_check int suggest_set_visit_any(const struct suggest_set *set, suggest_visit *visit, void *context);

/* Chooses the heaviest suggestions whose writing takes no more than so much memory. */
struct suggest_cut {
    uint64_t *bytes; /* owned: by code of a weight */
    uint16_t least;  /* the least code that is kept */
};

must_check int suggest_cut_init(struct suggest_cut *cut);
void suggest_cut_release(struct suggest_cut *cut);
int suggest_cut_count(void *cut, const struct suggest_entry *entry); /* a suggest_visit */
void suggest_cut_decide(struct suggest_cut *cut, size_t memory_bytes);
bool suggest_cut_keeps(const struct suggest_cut *cut, const struct suggest_entry *entry);

/* ------------------------------------------------------------------------------------------------ reading -- */

struct suggest_reader {
    const struct extent_view *text; /* borrowed */
    const struct extent_view *tree; /* borrowed */
    uint64_t contexts_offset;
    uint32_t context_count;
    uint32_t root;
    uint32_t count; /* suggestions */
    uint32_t products;
};

/* Opens over views that must outlive the reader. Reads the footer only. AISLE_CORRUPT, AISLE_NEWER_FORMAT. */
must_check int suggest_open(struct suggest_reader *reader, const struct extent_view *text,
                            const struct extent_view *tree);

/* A suggestion as it is stored. */
struct suggest_record {
    struct bytes shown; /* of the stream */
    struct bytes key;   /* of the stream, or in buffer */
    const uint8_t *contexts;
    size_t context_count;
    uint16_t code; /* of its weight: suggest_weight */
    uint8_t kind;
    uint8_t buffer[SUGGEST_KEY_BYTES];
};

/* A weight in whole units, at least 1, for a code. */
uint64_t suggest_weight(uint16_t code);

/* A walk over all suggestions in ascending order of keys, with their contexts, for merging. On the heap or stack. */
struct suggest_walk {
    const struct suggest_reader *reader;
    uint64_t next;
    uint32_t left;
    struct suggest_context *names; /* owned: the part's contexts */
    struct suggest_record record;  /* the current one */
    struct suggest_context contexts[SUGGEST_CONTEXTS];
    struct suggest_entry entry; /* the same, as a writer takes it; valid to the next step */
};

/* Stands before the first. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int suggest_walk_init(struct suggest_walk *walk, const struct suggest_reader *reader);
/* 0 and the next entry, AISLE_END, or AISLE_CORRUPT. */
must_check int suggest_walk_next(struct suggest_walk *walk);
void suggest_walk_release(struct suggest_walk *walk);

/*
 * Visits the suggestions of all parts as those of one, in ascending order of keys; weights of the same key are summed
 * up, in contexts too. Of two forms to show, that of the later kind stays, then that of the heavier. The visitor's
 * status, AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int suggest_merge(const struct suggest_reader *const *parts, size_t count, suggest_visit *visit,
                             void *context);

/* Walks text and tree and proves that they agree. Fills error (may be NULL) with what is wrong. */
must_check int suggest_check(const struct suggest_reader *reader, aisle_error *error);

/* ---------------------------------------------------------------------------------------------- searching -- */

/* What is asked. */
struct suggest_question {
    struct bytes typed;    /* folded; may be empty, which asks for the best of all */
    struct bytes value;    /* the context's value, folded; empty: no context */
    uint8_t field;         /* the context's field */
    uint8_t edits;         /* most typing errors, 0 to SUGGEST_EDITS; suggest_edits_for says how many suit */
};
#define SUGGEST_EDITS 2u

/* A list this long needs no guesses; two errors are looked for only when one, too, has found nothing. */
#define SUGGEST_ENOUGH 3u

/*
 * Errors that are looked for in what was typed: none up to two characters, one up to five, then two. The first
 * character is never in error. A character too many, missing, another, or two neighbours swapped are one each (optimal
 * string alignment), between what was typed and some beginning of a key or of its later words.
 */
uint8_t suggest_edits_for(struct bytes typed);

/* One answer. */
struct suggest_found {
    struct bytes shown; /* of the stream */
    struct bytes key;   /* in the search's arena */
    uint64_t units;     /* weight, summed over the parts, and a quarter of it when a later word was met; 2^-13 each */
    uint8_t edits;      /* in what was typed */
    uint8_t kind;
};

struct suggest_search;

/*
 * Begins a search over parts, which must stay, as must question's bytes. Everything is allocated in arena, and gone
 * with it. AISLE_NO_MEMORY, AISLE_CORRUPT.
 */
must_check int suggest_search_begin(struct suggest_search **out, const struct suggest_reader *const *parts,
                                    size_t count, const struct suggest_question *question, struct arena *arena);

/*
 * The next best suggestion: those with fewer errors first, then the heavier; equal weights follow the tree. 0;
 * AISLE_END; AISLE_CORRUPT; AISLE_NO_MEMORY; AISLE_LIMIT when the search has taken LIMIT_SUGGEST_STEPS steps and
 * all that it met was found: there may be more.
 */
must_check int suggest_search_next(struct suggest_search *search, struct suggest_found *found);

/* Whether steps did not suffice: since then the best of what was met is found, and heavier ones may be missing. */
bool suggest_search_is_cut(const struct suggest_search *search);

/* States that the last one found is of no use, so that it does not count for SUGGEST_ENOUGH. */
void suggest_search_discard(struct suggest_search *search);

#endif
