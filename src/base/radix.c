/*
 * radix.c - the passes. All histograms are made in one walk, so that passes which move nothing are known beforehand.
 */
#include "base/radix.h"

#include <stdbool.h>
#include <string.h>

#define DIGITS 8u
#define VALUES 256u

static void count_digits(const struct radix_entry *entries, size_t count, size_t counts[DIGITS][VALUES])
{
    memset(counts, 0, DIGITS * sizeof counts[0]);
    for (size_t i = 0; i < count; i++) {
        for (unsigned digit = 0; digit < DIGITS; digit++) {
            counts[digit][(entries[i].key >> (8 * digit)) & (VALUES - 1)]++;
        }
    }
}

/* Turns counts into places. Whether more than one value occurs. */
static bool place_values(size_t counts[VALUES], size_t count)
{
    size_t place = 0;
    bool several = true;
    for (unsigned value = 0; value < VALUES; value++) {
        size_t here = counts[value];
        several = several && here != count;
        counts[value] = place;
        place += here;
    }
    return several;
}

void radix_sort(struct radix_entry *entries, struct radix_entry *scratch, size_t count)
{
    size_t counts[DIGITS][VALUES];
    struct radix_entry *from = entries;
    struct radix_entry *to = scratch;
    if (count < 2) {
        return;
    }
    count_digits(entries, count, counts);
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        if (!place_values(counts[digit], count)) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            to[counts[digit][(from[i].key >> (8 * digit)) & (VALUES - 1)]++] = from[i];
        }
        struct radix_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries) {
        memcpy(entries, from, count * sizeof *entries);
    }
}
