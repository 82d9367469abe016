/*
 * fuzz_recent.c - records of recently changed pages: whatever they are, what comes out is sorted and bounded.
 */
#include "segment/segment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recent_pages recent;
    if (size < 2) {
        return 0;
    }
    struct bytes stored = bytes_of(data + 2, size - 2);
    if (recent_pages_decode(stored, data[0], data[1], &recent) == 0) {
        for (size_t i = 1; i < recent.count; i++) {
            if (recent.pages[i - 1].segment > recent.pages[i].segment ||
                recent.pages[i].documents + (size_t)recent.pages[i].document_count > recent.document_count) {
                abort();
            }
        }
        if (recent.count > size) {
            abort();
        }
        recent_pages_release(&recent);
    }
    return 0;
}
