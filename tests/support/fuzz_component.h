/*
 * fuzz_component.h - any bytes as a component of a segment, for the fuzz targets of formats that lie in extents.
 *
 * Each component is a copy of its own, so that a sanitizer sees a read past its end; checksums are left out.
 */
#ifndef AISLE_TESTS_SUPPORT_FUZZ_COMPONENT_H
#define AISLE_TESTS_SUPPORT_FUZZ_COMPONENT_H

#include "base/extents.h"

#include <stdlib.h>

#define FUZZ_EXTENTS_MAX 4u

struct component {
    uint8_t *copy; /* owned: free it */
    const uint8_t *extents[FUZZ_EXTENTS_MAX];
    struct extent_view view;
};

static inline void make_component(struct component *component, struct bytes bytes)
{
    size_t most = FUZZ_EXTENTS_MAX * EXTENT_PAYLOAD;
    size_t size = bytes.size > most ? most : bytes.size;
    void *copy = NULL;
    if (posix_memalign(&copy, 16, size == 0 ? 1 : size) != 0) {
        abort();
    }
    if (size != 0) {
        memcpy(copy, bytes.data, size);
    }
    component->copy = copy;
    for (uint32_t i = 0; i < extent_count_of(size); i++) {
        component->extents[i] = component->copy + (size_t)i * EXTENT_PAYLOAD;
    }
    component->view = (struct extent_view){
        .extents = component->extents, .extent_count = extent_count_of(size), .size = size, .verified = NULL};
}

/* The input of a format of two components: u32 size of the first, the first, the second. False: too short. */
static inline bool make_components(const uint8_t *data, size_t size, struct component *first, struct component *second)
{
    struct byte_reader reader = byte_reader_of(bytes_of(data, size));
    uint32_t wanted = byte_reader_u32(&reader);
    if (!byte_reader_ok(&reader)) {
        return false;
    }
    size_t left = byte_reader_left(&reader);
    make_component(first, byte_reader_take(&reader, wanted > left ? left : wanted));
    make_component(second, byte_reader_take(&reader, byte_reader_left(&reader)));
    return true;
}

/* What must hold whatever the input. */
static inline void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

#endif
