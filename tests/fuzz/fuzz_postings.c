/*
 * fuzz_postings.c - any record over any SKIPS and BLOCKS: opened, walked, bounded, filled, summed, looked up, checked.
 *
 * Input: u8 size of the record, u16 size of SKIPS, u8 of which the low half shifts the document count; the record,
 * SKIPS, and for the rest BLOCKS. Streams that long fit one extent, whose checksums are left out.
 */
#include "tests/support/postings_torture.h"

#include "base/alloc.h"

#define HEAD_BYTES 4u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy with nothing behind it, so that a sanitizer sees a read past the end. */
static uint8_t *copy_exactly(struct bytes part)
{
    uint8_t *copy = mem_alloc(part.size);
    assert(copy != NULL);
    if (part.size != 0) {
        memcpy(copy, part.data, part.size);
    }
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct byte_reader reader = byte_reader_of(bytes_of(data, size));
    uint8_t record_size = byte_reader_u8(&reader);
    uint16_t skips_size = byte_reader_u16(&reader);
    uint32_t document_count = LIMIT_SEGMENT_DOCUMENTS >> (byte_reader_u8(&reader) % 16);
    struct bytes record = byte_reader_take(&reader, record_size);
    struct bytes skips = byte_reader_take(&reader, skips_size);
    struct bytes blocks = byte_reader_take(&reader, byte_reader_left(&reader));
    struct postings_list list;
    if (!byte_reader_ok(&reader) || blocks.size > EXTENT_PAYLOAD || postings_list_decode(record, &list) != 0) {
        return 0;
    }
    uint8_t *skips_extent = copy_exactly(skips);
    uint8_t *blocks_extent = copy_exactly(blocks);
    const uint8_t *const skips_extents[] = {skips_extent};
    const uint8_t *const blocks_extents[] = {blocks_extent};
    struct postings_source source = {
        .skips = {.extents = skips_extents, .extent_count = 1, .size = skips.size},
        .blocks = {.extents = blocks_extents, .extent_count = 1, .size = blocks.size},
        .document_count = document_count,
    };
    (void)torture_list(&source, &list);
    mem_free(skips_extent);
    mem_free(blocks_extent);
    return 0;
}
