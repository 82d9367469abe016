/*
 * alloc.h - the one door to the heap.
 *
 * Everything Aisle allocates passes here, so that an embedder's allocator, the counters and the fault tests see all
 * of it. Other files may not call malloc and friends (the names are poisoned below). Out of memory is NULL; callers
 * turn it into AISLE_NO_MEMORY.
 *
 * Thread rule: callable from any thread. alloc_hooks_set must come before the first allocation.
 */
#ifndef AISLE_BASE_ALLOC_H
#define AISLE_BASE_ALLOC_H

#include "aisle.h"

#include <stddef.h>
#include <stdint.h>

#define must_check __attribute__((warn_unused_result))

/* size bytes, uninitialised, aligned for any type; NULL when there is no memory. size 0 returns a unique pointer. */
must_check void *mem_alloc(size_t size);

/* count * size bytes, zeroed; NULL when there is no memory or the product overflows. */
must_check void *mem_calloc(size_t count, size_t size);

/* Resizes memory from this door; on NULL the old block is unchanged and still the caller's. */
must_check void *mem_realloc(void *memory, size_t size);

/* Frees; NULL is allowed. */
void mem_free(void *memory);

/* A copy of size bytes with a NUL behind them; NULL when there is no memory. */
must_check char *mem_copy_string(const void *data, size_t size);

/* Routes all later allocations to hooks (copied). AISLE_INVALID once anything has been allocated. */
int alloc_hooks_set(const aisle_allocator *hooks);

/* Bytes of the heap that everything allocated here takes now, and took at most. */
void alloc_bytes(uint64_t *current, uint64_t *peak);

/*
 * Tests only: the n-th allocation from now (1 is the next) fails, once or, with persistent, from then on; 0 turns
 * it off. alloc_calls counts allocations since the program began.
 */
void alloc_fail_at(unsigned long n, int persistent);
unsigned long alloc_calls(void);

#ifndef AISLE_ALLOC_IMPLEMENTATION
#include <stdlib.h>
#include <string.h>
#pragma GCC poison malloc calloc realloc strdup strndup
#endif

#endif
