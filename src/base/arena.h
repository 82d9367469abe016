/*
 * arena.h - memory that is freed all at once.
 *
 * Suits objects that live exactly as long as one query, one indexing batch or one request. Allocation is a pointer
 * bump inside chunks that double up to 1 MiB or a sixteenth of the whole (or what chunk_share says); arena_mark and
 * arena_rewind free everything allocated in between; arena_reset keeps the newest chunk so that a warmed-up query
 * allocates nothing. Under AddressSanitizer every object is a guarded allocation of its own, so that the arena never
 * hides an overrun.
 *
 * Errors: the only failure is NULL, when there is no memory or max_bytes is reached.
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_BASE_ARENA_H
#define AISLE_BASE_ARENA_H

#include <stddef.h>

/* Whether every object is an allocation of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_GUARDED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_GUARDED 1
#endif
#endif
#ifndef ARENA_GUARDED
#define ARENA_GUARDED 0
#endif

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* the newest; each knows the one before */
    size_t used;               /* bytes handed out of the newest chunk */
    size_t total_bytes;        /* of all chunks */
    size_t max_bytes;
    size_t chunk_share; /* a chunk is 1 MiB at most, or this part of them all */
    struct arena_chunk *spare; /* what arena_empty has kept, the oldest first */
};

struct arena_mark {
    struct arena_chunk *chunk;
    size_t used;
};

/* An empty arena; max_bytes bounds what it takes from the heap. */
void arena_init(struct arena *arena, size_t max_bytes);
void arena_release(struct arena *arena);

/*
 * Gives an empty arena a chunk of this size, which resets keep: what is rewound in between would else free what grew
 * last, and each query take it anew. When there is no memory, later calls tell.
 */
void arena_reserve(struct arena *arena, size_t bytes);

/* size bytes, uninitialised, aligned to 16; lives until rewind past it, reset or release. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_calloc(struct arena *arena, size_t count, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);

/* Bytes of the chunks without what was never handed out of the newest, which the system need not have given yet. */
size_t arena_touched(const struct arena *arena);

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);
void arena_reset(struct arena *arena);

/*
 * Frees all objects, but keeps all chunks, for an arena that is soon to hold about as much again: the system need not
 * clear them anew. They count in total_bytes when they are used again; arena_release frees them.
 */
void arena_empty(struct arena *arena);

#endif
