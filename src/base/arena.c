/*
 * arena.c - chunks behind the arena. A chunk is one heap block: a header, then the bytes it hands out.
 */
#include "base/arena.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define CHUNK_FIRST_BYTES 4096u
#define CHUNK_MAX_BYTES ((size_t)1 << 20)
#define CHUNK_SHARE 16u /* or this part of all there is: few blocks, large enough for huge pages (alloc.c) */
#define ALIGNMENT 16u

struct arena_chunk {
    struct arena_chunk *previous;
    size_t capacity;
};

static_assert(sizeof(struct arena_chunk) % ALIGNMENT == 0, "objects behind the header stay aligned");

void arena_init(struct arena *arena, size_t max_bytes)
{
    *arena = (struct arena){.max_bytes = max_bytes, .chunk_share = CHUNK_SHARE};
}

static void drop_newest(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunk;
    arena->chunk = chunk->previous;
    arena->total_bytes -= chunk->capacity + sizeof *chunk;
    mem_free(chunk);
}

void arena_release(struct arena *arena)
{
    while (arena->chunk != NULL) {
        drop_newest(arena);
    }
    while (arena->spare != NULL) {
        struct arena_chunk *next = arena->spare->previous;
        mem_free(arena->spare);
        arena->spare = next;
    }
    arena->used = 0;
}

void arena_empty(struct arena *arena)
{
    while (arena->chunk != NULL && !ARENA_GUARDED) {
        struct arena_chunk *chunk = arena->chunk;
        arena->chunk = chunk->previous;
        chunk->previous = arena->spare;
        arena->spare = chunk;
    }
    while (arena->chunk != NULL) {
        drop_newest(arena);
    }
    arena->total_bytes = 0;
    arena->used = 0;
}

static int add_chunk(struct arena *arena, size_t size)
{
    size_t capacity = arena->chunk == NULL ? CHUNK_FIRST_BYTES : arena->chunk->capacity * 2;
    size_t share = arena->total_bytes == 0 ? 0 : arena->total_bytes / arena->chunk_share;
    size_t most = share > CHUNK_MAX_BYTES ? share : CHUNK_MAX_BYTES;
    capacity = capacity > most ? most : capacity;
    if (capacity < size || ARENA_GUARDED) {
        capacity = size;
    }
    bool again = arena->spare != NULL && arena->spare->capacity >= size;
    capacity = again ? arena->spare->capacity : capacity;
    size_t bytes = capacity + sizeof(struct arena_chunk);
    if (bytes < capacity || arena->total_bytes > arena->max_bytes || bytes > arena->max_bytes - arena->total_bytes) {
        return -1;
    }
    struct arena_chunk *chunk = again ? arena->spare : mem_alloc(bytes);
    if (chunk == NULL) {
        return -1;
    }
    arena->spare = again ? chunk->previous : arena->spare;
    *chunk = (struct arena_chunk){.previous = arena->chunk, .capacity = capacity};
    arena->chunk = chunk;
    arena->used = 0;
    arena->total_bytes += bytes;
    return 0;
}

/* Apart, so that arena_alloc, of which a search makes dozens, saves no registers for it. */
__attribute__((noinline)) static void *alloc_in_new_chunk(struct arena *arena, size_t rounded)
{
    if (add_chunk(arena, rounded) != 0) {
        return NULL;
    }
    arena->used = rounded;
    return arena->chunk + 1;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t rounded = ARENA_GUARDED ? size : (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (arena->chunk == NULL || rounded > arena->chunk->capacity - arena->used || ARENA_GUARDED) {
        return alloc_in_new_chunk(arena, rounded);
    }
    void *object = (uint8_t *)(arena->chunk + 1) + arena->used;
    arena->used += rounded;
    return object;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    void *object = arena_alloc(arena, count * size);
    if (object != NULL) {
        memset(object, 0, count * size);
    }
    return object;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *object = arena_alloc(arena, size);
    if (object != NULL && size != 0) {
        memcpy(object, data, size);
    }
    return object;
}

void arena_reserve(struct arena *arena, size_t bytes)
{
    if (arena->chunk == NULL && !ARENA_GUARDED) {
        (void)add_chunk(arena, bytes);
    }
}

size_t arena_touched(const struct arena *arena)
{
    return arena->total_bytes - (arena->chunk == NULL ? 0 : arena->chunk->capacity - arena->used);
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){.chunk = arena->chunk, .used = arena->used};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    while (arena->chunk != mark.chunk) {
        drop_newest(arena);
    }
    arena->used = mark.used;
}

void arena_reset(struct arena *arena)
{
    if (arena->chunk == NULL) {
        return;
    }
    struct arena_chunk *kept = ARENA_GUARDED ? NULL : arena->chunk;
    struct arena_chunk *chunk = ARENA_GUARDED ? arena->chunk : arena->chunk->previous;
    while (chunk != NULL) {
        struct arena_chunk *previous = chunk->previous;
        arena->total_bytes -= chunk->capacity + sizeof *chunk;
        mem_free(chunk);
        chunk = previous;
    }
    if (kept != NULL) {
        kept->previous = NULL;
    }
    arena->chunk = kept;
    arena->used = 0;
}
