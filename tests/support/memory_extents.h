/*
 * memory_extents.h - a component kept in memory: takes what an extent_writer emits and views it again.
 *
 *     struct memory_extents memory = {0};
 *     struct extent_writer writer;
 *     memory_extents_begin(&memory, &writer);
 *     ... put ...
 *     struct extent_view view = memory_extents_view(&memory, &writer);    finishes and releases the writer
 *     ... read ...
 *     memory_extents_release(&memory);
 *
 * Each extent is an allocation of exactly its size, so that a sanitizer sees a read past its end. Checksums are
 * verified when verified is set to memory_extents_verified's bitmap; the view begins without. Fails by assert.
 * For tests, fuzz targets and benches only; one thread.
 */
#ifndef AISLE_TESTS_SUPPORT_MEMORY_EXTENTS_H
#define AISLE_TESTS_SUPPORT_MEMORY_EXTENTS_H

#undef NDEBUG
#include "base/alloc.h"
#include "base/extents.h"

#include <assert.h>

struct memory_extents {
    uint8_t **extents; /* owned, and each of them */
    uint32_t count;
    uint64_t size;              /* logical, after memory_extents_view */
    _Atomic uint64_t *verified; /* owned, or NULL */
};

static inline int memory_extents_emit(void *context, uint32_t index, struct bytes extent)
{
    struct memory_extents *memory = context;
    uint8_t **grown = mem_realloc(memory->extents, (index + 1) * sizeof *grown);
    uint8_t *copy = mem_alloc(extent.size);
    assert(grown != NULL && copy != NULL && index == memory->count);
    memcpy(copy, extent.data, extent.size);
    grown[index] = copy;
    memory->extents = grown;
    memory->count++;
    return 0;
}

/* Begins a writer whose extents go to memory, which is empty. */
static inline void memory_extents_begin(struct memory_extents *memory, struct extent_writer *writer)
{
    int status = extent_writer_init(writer, memory_extents_emit, memory);
    assert(status == 0);
    (void)status;
}

/* Views what memory holds; call memory_extents_view first. */
static inline struct extent_view memory_extents_again(const struct memory_extents *memory)
{
    return (struct extent_view){.extents = (const uint8_t *const *)memory->extents,
                                .extent_count = memory->count,
                                .size = memory->size,
                                .verified = memory->verified};
}

/* Puts zeros up to where the next page begins that has a checksum of its own: an extent starts 16 bytes into a page. */
static inline void memory_extents_fill_page(struct extent_writer *writer)
{
    static const uint8_t zeros[EXTENT_PAGE_BYTES];
    size_t used = (writer->used + 16u) % EXTENT_PAGE_BYTES;
    extent_writer_put(writer, zeros, (EXTENT_PAGE_BYTES - used) % EXTENT_PAGE_BYTES);
}

/* Finishes and releases the writer, and views what it wrote, trusting it. */
static inline struct extent_view memory_extents_view(struct memory_extents *memory, struct extent_writer *writer)
{
    int status = extent_writer_finish(writer, &memory->size);
    assert(status == 0);
    (void)status;
    extent_writer_release(writer);
    return memory_extents_again(memory);
}

/* A bitmap in which no page is verified yet, for the view's field of that name; memory owns it. */
static inline _Atomic uint64_t *memory_extents_verified(struct memory_extents *memory)
{
    mem_free((void *)memory->verified);
    memory->verified = mem_calloc(memory->count + 1, sizeof *memory->verified);
    assert(memory->verified != NULL);
    return memory->verified;
}

/* The byte at a logical offset, to damage it. */
static inline uint8_t *memory_extents_byte(const struct memory_extents *memory, uint64_t offset)
{
    return memory->extents[offset / EXTENT_PAYLOAD] + offset % EXTENT_PAYLOAD;
}

/* Frees everything; the structure is empty and may be used again. */
static inline void memory_extents_release(struct memory_extents *memory)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        mem_free(memory->extents[i]);
    }
    mem_free(memory->extents);
    mem_free((void *)memory->verified);
    *memory = (struct memory_extents){.extents = NULL};
}

#endif
