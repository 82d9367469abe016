/*
 * ids_read.c - opens the ids of a segment, and gives the id of a document.
 *
 * Look-up by id is ids_table.c's. Thread rule: pure functions over shared readers.
 */
#include "documents/ids.h"

#include "documents/ids_format.h"

static int open_footer(struct ids_reader *reader)
{
    if (reader->ids->size < IDS_FOOTER_BYTES) {
        return AISLE_CORRUPT;
    }
    uint64_t footer_offset = reader->ids->size - IDS_FOOTER_BYTES;
    const uint8_t *footer = extent_view_at(reader->ids, footer_offset, IDS_FOOTER_BYTES);
    if (footer == NULL || load_u32(footer + 20) != IDS_MAGIC) {
        return AISLE_CORRUPT;
    }
    if (load_u32(footer + 16) != IDS_VERSION) {
        return load_u32(footer + 16) > IDS_VERSION ? AISLE_NEWER_FORMAT : AISLE_CORRUPT;
    }
    reader->directory_offset = load_u64(footer);
    reader->count = load_u32(footer + 8);
    uint64_t directory_bytes = (uint64_t)ids_blocks_of(reader->count) * sizeof(uint64_t);
    if (reader->count > LIMIT_SEGMENT_DOCUMENTS || load_u32(footer + 12) != 0 ||
        reader->directory_offset % 16 != 0 || reader->directory_offset > footer_offset ||
        directory_bytes > footer_offset - reader->directory_offset) {
        return AISLE_CORRUPT;
    }
    return 0;
}

int ids_open(struct ids_reader *reader, const struct extent_view *ids, const struct extent_view *table)
{
    *reader = (struct ids_reader){.ids = ids, .table = table};
    int status = open_footer(reader);
    if (status == 0) {
        status = ids_table_open(reader);
    }
    if (status != 0) {
        reader->count = 0;
    }
    return status;
}

int ids_get(const struct ids_reader *reader, uint32_t document, uint8_t out[LIMIT_ID_BYTES], size_t *size)
{
    *size = 0;
    if (document >= reader->count) {
        return AISLE_INVALID;
    }
    uint32_t block = document / IDS_BLOCK_IDS;
    const uint8_t *entry =
        extent_view_at(reader->ids, reader->directory_offset + (uint64_t)block * sizeof(uint64_t), sizeof(uint64_t));
    if (entry == NULL) {
        return AISLE_CORRUPT;
    }
    uint64_t offset = load_u64(entry) >> IDS_DIRECTORY_SHIFT;
    size_t block_bytes = (size_t)load_u64(entry) & ((1u << IDS_DIRECTORY_SHIFT) - 1);
    const uint8_t *bytes = extent_view_at(reader->ids, offset, block_bytes);
    if (bytes == NULL) {
        return AISLE_CORRUPT;
    }
    uint32_t left = reader->count - block * IDS_BLOCK_IDS;
    uint32_t count = left < IDS_BLOCK_IDS ? left : IDS_BLOCK_IDS;
    return ids_block_decode(bytes_of(bytes, block_bytes), count, document % IDS_BLOCK_IDS, out, size);
}

/* Asks for what decoding one id of a block reads: its head, about where the id's own bits are, and its end. */
static void ask_for_block(const struct ids_reader *reader, uint64_t place, uint32_t index)
{
    size_t size = (size_t)place & ((1u << IDS_DIRECTORY_SHIFT) - 1);
    const uint8_t *block = extent_view_ahead(reader->ids, place >> IDS_DIRECTORY_SHIFT, 1); /* whatever it says */
    if (block != NULL) {
        __builtin_prefetch(block);
        __builtin_prefetch(block + size * index / IDS_BLOCK_IDS);
        __builtin_prefetch(block + size);
    }
}

void ids_ahead(const struct ids_reader *reader, uint32_t document, enum ids_ahead step)
{
    uint64_t entry = reader->directory_offset + (uint64_t)(document / IDS_BLOCK_IDS) * sizeof(uint64_t);
    const uint8_t *at =
        document < reader->count ? extent_view_ahead(reader->ids, entry, sizeof(uint64_t)) : NULL;
    if (at != NULL && step == IDS_AHEAD_PLACE) {
        __builtin_prefetch(at);
    } else if (at != NULL) {
        ask_for_block(reader, load_u64(at), document % IDS_BLOCK_IDS);
    }
}
