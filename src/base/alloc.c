/*
 * alloc.c - the heap behind alloc.h: hooks, counters of bytes, and one that lets tests fail any chosen allocation.
 *
 * What a block takes is asked of the system's heap (malloc_usable_size), so that counting costs no memory and hides no
 * overrun from AddressSanitizer. An embedder's heap need not be able to tell; its blocks get a header with their size.
 * The counters are three words of one cache line, changed by relaxed atomic additions: bench_alloc measures them.
 */
#define AISLE_ALLOC_IMPLEMENTATION
#include "base/alloc.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES ((size_t)2 << 20)
#define HUGE_BLOCK_BYTES (4 * HUGE_PAGE_BYTES) /* what a page more than is used does not matter for */

/* Before each block of an embedder's heap; as large as the strictest alignment, so that the block stays aligned. */
struct header {
    alignas(max_align_t) size_t size; /* of the block with its header */
};

static aisle_allocator hooks;
static struct {
    alignas(64) atomic_ulong calls;
    atomic_size_t current_bytes;
    atomic_size_t peak_bytes;
} counters;
static atomic_ulong fail_number; /* 0: off; else the call number that fails */
static atomic_int fail_persistent;

int alloc_hooks_set(const aisle_allocator *wanted)
{
    if (atomic_load(&counters.calls) != 0 || wanted->allocate == NULL || wanted->reallocate == NULL ||
        wanted->release == NULL) {
        return AISLE_INVALID;
    }
    hooks = *wanted;
    return 0;
}

void alloc_fail_at(unsigned long n, int persistent)
{
    atomic_store(&fail_persistent, persistent);
    atomic_store(&fail_number, n == 0 ? 0 : atomic_load(&counters.calls) + n);
}

unsigned long alloc_calls(void)
{
    return atomic_load(&counters.calls);
}

void alloc_bytes(uint64_t *current, uint64_t *peak)
{
    *current = atomic_load_explicit(&counters.current_bytes, memory_order_relaxed);
    *peak = atomic_load_explicit(&counters.peak_bytes, memory_order_relaxed);
    *peak = *peak < *current ? *current : *peak; /* the peak is raised a moment later */
}

static int refused(void)
{
    unsigned long number = atomic_fetch_add_explicit(&counters.calls, 1, memory_order_relaxed) + 1;
    unsigned long fail = atomic_load_explicit(&fail_number, memory_order_relaxed);
    return fail != 0 && (number == fail || (number > fail && atomic_load(&fail_persistent)));
}

/* Counts size bytes more, less what was there before (a resized block). */
static void count(size_t size, size_t before)
{
    size_t change = size - before; /* may wrap round, and then the sum does, too */
    size_t now = atomic_fetch_add_explicit(&counters.current_bytes, change, memory_order_relaxed) + change;
    size_t peak = atomic_load_explicit(&counters.peak_bytes, memory_order_relaxed);
    while (size > before && now > peak &&
           !atomic_compare_exchange_weak_explicit(&counters.peak_bytes, &peak, now, memory_order_relaxed,
                                                  memory_order_relaxed)) {
    }
}

/* ------------------------------------------------------------------------------------ on an embedder's heap -- */

/* memory may be NULL: a new block. */
static void *hooked_resize(void *memory, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct header)) {
        return NULL;
    }
    size += sizeof(struct header);
    struct header *old = memory == NULL ? NULL : (struct header *)memory - 1;
    size_t before = old == NULL ? 0 : old->size;
    struct header *block = old == NULL ? hooks.allocate(hooks.context, size)
                                       : hooks.reallocate(hooks.context, old, size);
    if (block == NULL) {
        return NULL;
    }
    block->size = size;
    count(size, before);
    return block + 1;
}

static void hooked_free(void *memory)
{
    struct header *block = (struct header *)memory - 1;
    count(0, block->size);
    hooks.release(hooks.context, block);
}

/* ----------------------------------------------------------------------------------------------- the door -- */

/*
 * Large blocks are arrays that are jumped about in: on small pages most of that is looking pages up. Only whole huge
 * pages within the block are asked for, so it takes less than one more than what is used of it.
 */
static void ask_for_huge_pages(void *memory, size_t size)
{
    if (size >= HUGE_BLOCK_BYTES) {
        uintptr_t start = ((uintptr_t)memory + HUGE_PAGE_BYTES - 1) & ~(uintptr_t)(HUGE_PAGE_BYTES - 1);
        uintptr_t end = ((uintptr_t)memory + size) & ~(uintptr_t)(HUGE_PAGE_BYTES - 1);
        (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
    }
}

static void *counted(void *memory)
{
    if (memory != NULL) {
        size_t size = malloc_usable_size(memory);
        count(size, 0);
        ask_for_huge_pages(memory, size);
    }
    return memory;
}

void *mem_alloc(size_t size)
{
    if (refused()) {
        return NULL;
    }
    size = size == 0 ? 1 : size;
    return hooks.allocate != NULL ? hooked_resize(NULL, size) : counted(malloc(size));
}

void *mem_calloc(size_t number, size_t size)
{
    if (size != 0 && number > SIZE_MAX / size) {
        return NULL;
    }
    if (hooks.allocate == NULL) {
        /* The system's calloc hands out fresh zero pages without touching them. */
        return refused() ? NULL : counted(calloc(number == 0 ? 1 : number, size == 0 ? 1 : size));
    }
    void *memory = mem_alloc(number * size);
    if (memory != NULL) {
        memset(memory, 0, number * size);
    }
    return memory;
}

void *mem_realloc(void *memory, size_t size)
{
    if (refused()) {
        return NULL;
    }
    size = size == 0 ? 1 : size;
    if (hooks.allocate != NULL) {
        return hooked_resize(memory, size);
    }
    size_t before = malloc_usable_size(memory);
    void *resized = realloc(memory, size);
    if (resized != NULL) {
        size_t after = malloc_usable_size(resized);
        count(after, before);
        ask_for_huge_pages(resized, after);
    }
    return resized;
}

void mem_free(void *memory)
{
    if (memory == NULL) {
        return;
    }
    if (hooks.release != NULL) {
        hooked_free(memory);
    } else {
        count(0, malloc_usable_size(memory));
        free(memory);
    }
}

char *mem_copy_string(const void *data, size_t size)
{
    char *copy = mem_alloc(size + 1);
    if (copy != NULL) {
        if (size != 0) {
            memcpy(copy, data, size);
        }
        copy[size] = '\0';
    }
    return copy;
}
