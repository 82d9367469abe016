/*
 * shim_private.h - what shim.c and shim_heap.c share.
 */
#ifndef AISLE_TESTS_FAULT_SHIM_PRIVATE_H
#define AISLE_TESTS_FAULT_SHIM_PRIVATE_H

#include "tests/fault/shim.h"

/* Finds the shared libraries; until then none of their allocations is seen. */
void shim_heap_init(void);

/* Blocks that the shared libraries hold. */
long shim_heap_blocks(void);

/* Counts an allocation of a shared library; whether it fails. */
bool shim_heap_fails(void);

#endif
