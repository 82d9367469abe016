/*
 * alloc.c - the heap behind alloc.h: hooks, and a counter that lets tests fail any chosen allocation.
 */
#define AISLE_ALLOC_IMPLEMENTATION
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static aisle_allocator hooks;
static atomic_ulong calls;
static atomic_ulong fail_number; /* 0: off; else the call number that fails */
static atomic_int fail_persistent;

int alloc_hooks_set(const aisle_allocator *wanted)
{
    if (atomic_load(&calls) != 0 || wanted->allocate == NULL || wanted->reallocate == NULL ||
        wanted->release == NULL) {
        return AISLE_INVALID;
    }
    hooks = *wanted;
    return 0;
}

void alloc_fail_at(unsigned long n, int persistent)
{
    atomic_store(&fail_persistent, persistent);
    atomic_store(&fail_number, n == 0 ? 0 : atomic_load(&calls) + n);
}

unsigned long alloc_calls(void)
{
    return atomic_load(&calls);
}

static int refused(void)
{
    unsigned long number = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) + 1;
    unsigned long fail = atomic_load_explicit(&fail_number, memory_order_relaxed);
    return fail != 0 && (number == fail || (number > fail && atomic_load(&fail_persistent)));
}

void *mem_alloc(size_t size)
{
    if (refused()) {
        return NULL;
    }
    size = size == 0 ? 1 : size;
    return hooks.allocate != NULL ? hooks.allocate(hooks.context, size) : malloc(size);
}

void *mem_calloc(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    if (hooks.allocate == NULL) {
        /* The system's calloc hands out fresh zero pages without touching them. */
        return refused() ? NULL : calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
    }
    void *memory = mem_alloc(count * size);
    if (memory != NULL) {
        memset(memory, 0, count * size);
    }
    return memory;
}

void *mem_realloc(void *memory, size_t size)
{
    if (refused()) {
        return NULL;
    }
    size = size == 0 ? 1 : size;
    return hooks.reallocate != NULL ? hooks.reallocate(hooks.context, memory, size) : realloc(memory, size);
}

void mem_free(void *memory)
{
    if (hooks.release != NULL) {
        hooks.release(hooks.context, memory);
    } else {
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
