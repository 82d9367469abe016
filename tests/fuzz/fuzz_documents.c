/*
 * fuzz_documents.c - reads any bytes as stored products: u32 size of DATA, DATA, INDEX, without checksums.
 *
 * Whatever the bytes, every call must return, and a store that passes the check must give all its documents.
 */
#include "documents/documents.h"

#include <stdlib.h>

#define EXTENTS_MAX 4u
#define DOCUMENTS_MAX 5000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A component over a copy of its own, so that a sanitizer sees a read past its end. */
struct component {
    uint8_t *copy;
    const uint8_t *extents[EXTENTS_MAX];
    struct extent_view view;
};

static void make_component(struct component *component, const uint8_t *data, size_t size)
{
    size = size > EXTENTS_MAX * EXTENT_PAYLOAD ? EXTENTS_MAX * EXTENT_PAYLOAD : size;
    void *copy = NULL;
    if (posix_memalign(&copy, 16, size == 0 ? 1 : size) != 0) {
        abort();
    }
    memcpy(copy, data, size);
    component->copy = copy;
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

static void exercise(const struct documents_reader *reader)
{
    struct buf scratch;
    uint32_t count = documents_count(reader);
    bool sound = documents_check(reader, NULL) == 0;
    buf_init(&scratch, DOCUMENT_STORED_BYTES_MAX);
    for (uint32_t i = 0; i < count && i < DOCUMENTS_MAX; i++) {
        struct bytes stored;
        /* From both ends, as the count may be any. */
        int status = documents_get(reader, i % 2 == 0 ? i / 2 : count - 1 - i / 2, &scratch, &stored);
        require(status == 0 ? stored.size >= 1 && stored.size <= DOCUMENT_STORED_BYTES_MAX : stored.data == NULL);
        require(!sound || status == 0);
        volatile uint8_t last = status == 0 ? stored.data[stored.size - 1] : 0;
        (void)last;
    }
    buf_release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < sizeof(uint32_t)) {
        return 0;
    }
    size_t data_size = load_u32(data);
    data += sizeof(uint32_t);
    size -= sizeof(uint32_t);
    data_size = data_size > size ? size : data_size;
    struct component stored;
    struct component index;
    struct documents_reader reader;
    make_component(&stored, data, data_size);
    make_component(&index, data + data_size, size - data_size);
    if (documents_open(&reader, &stored.view, &index.view) == 0) {
        exercise(&reader);
    }
    free(stored.copy);
    free(index.copy);
    return 0;
}
