/*
 * radix.h - sorting many numbers by 64-bit keys.
 *
 * Most significant byte first, stable, in linear time: for a million entries some 20 ns each, a tenth of a sort that
 * compares through a function. Bytes that all keys share cost nothing.
 *
 * Thread rule: pure.
 */
#ifndef AISLE_BASE_RADIX_H
#define AISLE_BASE_RADIX_H

#include <stddef.h>
#include <stdint.h>

struct radix_entry {
    uint64_t key;
    uint32_t value;
};

/* Sorts entries in ascending order of keys; equal ones keep theirs. scratch: room for as many. */
void radix_sort(struct radix_entry *entries, struct radix_entry *scratch, size_t count);

#endif
