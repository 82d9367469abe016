/*
 * fuzz_terms.c - reads any bytes as a dictionary: u32 size of TERMS, TERMS, INDEX, without checksums.
 *
 * Whatever the bytes, every call must return, and a dictionary that passes the check must find all it lists.
 */
#include "terms/terms.h"

#include <stdlib.h>

#define EXTENTS_MAX 4u
#define STEPS_MAX 2000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A component over a copy of its own, so that a sanitizer sees a read past its end. */
struct component {
    uint8_t *copy;
    const uint8_t *extents[EXTENTS_MAX];
    struct extent_view view;
};

static void make_component(struct component *component, const uint8_t *data, size_t size)
{
    component->copy = NULL;
    size = size > EXTENTS_MAX * EXTENT_PAYLOAD ? EXTENTS_MAX * EXTENT_PAYLOAD : size;
    if (posix_memalign((void **)&component->copy, 16, size == 0 ? 1 : size) != 0) {
        abort();
    }
    memcpy(component->copy, data, size);
    for (uint32_t i = 0; i < extent_count_of(size); i++) {
        component->extents[i] = component->copy + (size_t)i * EXTENT_PAYLOAD;
    }
    component->view = (struct extent_view){
        .extents = component->extents, .extent_count = extent_count_of(size), .size = size, .verified = NULL};
}

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void exercise(const struct terms_reader *reader, struct bytes probe)
{
    struct terms_cursor cursor;
    struct bytes value;
    bool sound = terms_check(reader, NULL) == 0;
    int status = terms_find(reader, probe, &value);
    require(status == 0 || (status <= AISLE_END && value.data == NULL));
    status = terms_cursor_seek(&cursor, reader, probe);
    for (unsigned i = 0; i < STEPS_MAX && status == 0; i++) {
        require(cursor.term.size >= 1 && cursor.term.size <= LIMIT_TERM_BYTES);
        require(cursor.value.size <= LIMIT_TERM_VALUE_BYTES);
        int found = terms_find(reader, cursor.term, &value);
        require(!sound || (found == 0 && bytes_equal(value, cursor.value)));
        status = terms_cursor_next(&cursor);
    }
    require(!sound || status == 0 || status == AISLE_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < sizeof(uint32_t)) {
        return 0;
    }
    size_t terms_size = load_u32(data);
    data += sizeof(uint32_t);
    size -= sizeof(uint32_t);
    terms_size = terms_size > size ? size : terms_size;
    struct component terms;
    struct component index;
    struct terms_reader reader;
    make_component(&terms, data, terms_size);
    make_component(&index, data + terms_size, size - terms_size);
    if (terms_open(&reader, &terms.view, &index.view) == 0) {
        exercise(&reader, bytes_of(NULL, 0));
        exercise(&reader, bytes_of(data, size < 12 ? size : 12));
    }
    free(terms.copy);
    free(index.copy);
    return 0;
}
