/*
 * fuzz_documents.c - reads any bytes as stored products: u32 size of DATA, DATA, INDEX, without checksums.
 *
 * Whatever the bytes, every call must return, and a store that passes the check must give all its documents.
 */
#include "documents/documents.h"

#include "tests/support/fuzz_component.h"

#define DOCUMENTS_MAX 5000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    struct component stored;
    struct component index;
    struct documents_reader reader;
    if (!make_components(data, size, &stored, &index)) {
        return 0;
    }
    if (documents_open(&reader, &stored.view, &index.view) == 0) {
        exercise(&reader);
    }
    free(stored.copy);
    free(index.copy);
    return 0;
}
