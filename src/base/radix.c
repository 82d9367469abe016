/*
 * radix.c - one byte after the other, from the highest on, until ranges are so short that inserting is faster.
 *
 * From the highest on, because keys are mostly told apart by their first bytes: hashes of a million by two or three,
 * and all ranges but the first are small enough for the processor's caches. (From the lowest on, all eight pass over
 * everything.)
 */
#include "base/radix.h"

#include <stdbool.h>
#include <string.h>

#define BYTES 8u
#define VALUES 256u
#define FEW 24u

static void insert_all(struct radix_entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct radix_entry moved = entries[i];
        size_t at = i;
        for (; at > 0 && entries[at - 1].key > moved.key; at--) {
            entries[at] = entries[at - 1];
        }
        entries[at] = moved;
    }
}

static inline unsigned byte_of(uint64_t key, unsigned byte)
{
    return (unsigned)(key >> (8 * byte)) & (VALUES - 1);
}

/* The highest byte, from the given one down, in which keys differ; false: they are equal there and below. */
static bool find_byte(const struct radix_entry *entries, size_t count, unsigned *byte)
{
    uint64_t differ = 0;
    for (size_t i = 1; i < count; i++) {
        differ |= entries[i].key ^ entries[0].key;
    }
    if (differ != 0) {
        *byte = (63u - (unsigned)__builtin_clzll(differ)) / 8;
    }
    return differ != 0;
}

/* Orders entries by a byte; ends[value] becomes where its range ends. */
static void scatter(struct radix_entry *entries, struct radix_entry *scratch, size_t count, unsigned byte,
                    size_t ends[VALUES])
{
    size_t place = 0;
    memset(ends, 0, VALUES * sizeof *ends);
    for (size_t i = 0; i < count; i++) {
        ends[byte_of(entries[i].key, byte)]++;
    }
    for (unsigned value = 0; value < VALUES; value++) {
        size_t here = ends[value];
        ends[value] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++) {
        scratch[ends[byte_of(entries[i].key, byte)]++] = entries[i];
    }
    memcpy(entries, scratch, count * sizeof *entries);
}

/* No deeper than there are bytes: each range agrees in one more. */
void radix_sort(struct radix_entry *entries, struct radix_entry *scratch, size_t count)
{
    size_t ends[VALUES];
    unsigned byte;
    if (count <= FEW) {
        insert_all(entries, count);
        return;
    }
    if (!find_byte(entries, count, &byte)) {
        return;
    }
    scatter(entries, scratch, count, byte, ends);
    for (unsigned value = 0; value < VALUES && byte != 0; value++) {
        size_t start = value == 0 ? 0 : ends[value - 1];
        if (ends[value] - start > 1) {
            radix_sort(entries + start, scratch, ends[value] - start);
        }
    }
}
