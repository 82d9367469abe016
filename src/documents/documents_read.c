/*
 * documents_read.c - finds the stored bytes of a document.
 *
 * Thread rule: pure functions over shared readers.
 */
#include "documents/documents.h"

#include "documents/documents_format.h"

static int open_footer(struct documents_reader *reader)
{
    uint64_t index_bytes = reader->index->size;
    if (index_bytes < DOCUMENTS_FOOTER_BYTES) {
        return AISLE_CORRUPT;
    }
    uint64_t footer_offset = index_bytes - DOCUMENTS_FOOTER_BYTES;
    const uint8_t *footer = extent_view_at(reader->index, footer_offset, DOCUMENTS_FOOTER_BYTES);
    if (footer == NULL || load_u32(footer + 28) != DOCUMENTS_MAGIC) {
        return AISLE_CORRUPT;
    }
    if (load_u32(footer + 24) != DOCUMENTS_VERSION) {
        return load_u32(footer + 24) > DOCUMENTS_VERSION ? AISLE_NEWER_FORMAT : AISLE_CORRUPT;
    }
    reader->directory_offset = load_u64(footer + 8);
    reader->count = load_u32(footer + 16);
    uint64_t directory_bytes = (uint64_t)documents_blocks_of(reader->count) * sizeof(uint32_t);
    if (load_u64(footer) != reader->data->size || load_u32(footer + 20) != 0 ||
        reader->count > LIMIT_SEGMENT_DOCUMENTS || reader->directory_offset % 16 != 0 ||
        reader->directory_offset > footer_offset || directory_bytes > footer_offset - reader->directory_offset) {
        return AISLE_CORRUPT;
    }
    return 0;
}

int documents_open(struct documents_reader *reader, const struct extent_view *data, const struct extent_view *index)
{
    *reader = (struct documents_reader){.data = data, .index = index};
    int status = open_footer(reader);
    if (status != 0) {
        reader->count = 0;
    }
    return status;
}

int documents_block_open(const struct documents_reader *reader, uint32_t block, struct documents_block *out)
{
    const uint8_t *entry =
        extent_view_at(reader->index, reader->directory_offset + (uint64_t)block * sizeof(uint32_t), sizeof(uint32_t));
    if (entry == NULL) {
        return AISLE_CORRUPT;
    }
    uint64_t offset = (uint64_t)load_u32(entry) * DOCUMENTS_BLOCK_ALIGNMENT;
    const uint8_t *start = extent_view_at(reader->index, offset, DOCUMENTS_HEAD_BYTES);
    if (start == NULL) {
        return AISLE_CORRUPT;
    }
    uint32_t before = block * DOCUMENTS_BLOCK_DOCUMENTS;
    uint32_t left = reader->count - before;
    out->count = left < DOCUMENTS_BLOCK_DOCUMENTS ? left : DOCUMENTS_BLOCK_DOCUMENTS;
    out->head = documents_head_decode(load_u64(start));
    if (out->head.width == 0 || out->head.width > DOCUMENTS_WIDTH_MAX || out->head.escapes > out->count) {
        return AISLE_CORRUPT;
    }
    size_t codes_bytes = bits_bytes(out->count, out->head.width);
    size_t size = DOCUMENTS_HEAD_BYTES + codes_bytes + out->head.escapes * DOCUMENTS_ESCAPE_BYTES;
    if (size > reader->directory_offset || offset > reader->directory_offset - size ||
        extent_view_at(reader->index, offset, size) == NULL) {
        return AISLE_CORRUPT;
    }
    out->codes = start + DOCUMENTS_HEAD_BYTES;
    out->escapes = out->codes + codes_bytes;
    return 0;
}

int documents_block_locate(const struct documents_block *block, uint32_t index, uint64_t *start, uint32_t *size)
{
    uint32_t escape = (1u << block->head.width) - 1;
    unsigned escapes_used = 0;
    uint64_t sum = 0;
    uint32_t last = 0;
    for (uint32_t i = 0; i <= index; i++) {
        sum += last;
        last = (uint32_t)bits_get(block->codes, i, block->head.width);
        if (last == escape) {
            if (escapes_used == block->head.escapes) {
                return AISLE_CORRUPT;
            }
            const uint8_t *p = block->escapes + escapes_used * DOCUMENTS_ESCAPE_BYTES;
            last = load_u16(p) | (uint32_t)p[2] << 16;
            escapes_used++;
        } else {
            last += block->head.least;
        }
    }
    if (last == 0 || last > DOCUMENT_STORED_BYTES_MAX) {
        return AISLE_CORRUPT;
    }
    *start = sum;
    *size = last;
    return 0;
}

int documents_get(const struct documents_reader *reader, uint32_t document, struct buf *scratch, struct bytes *stored)
{
    *stored = bytes_of(NULL, 0);
    if (document >= reader->count) {
        return AISLE_INVALID;
    }
    struct documents_block block;
    uint64_t start;
    uint32_t size;
    int status = documents_block_open(reader, document / DOCUMENTS_BLOCK_DOCUMENTS, &block);
    if (status == 0) {
        status = documents_block_locate(&block, document % DOCUMENTS_BLOCK_DOCUMENTS, &start, &size);
    }
    if (status != 0) {
        return status;
    }
    start += block.head.base;
    const uint8_t *data;
    if (start % EXTENT_PAYLOAD + size <= EXTENT_PAYLOAD) {
        data = extent_view_at(reader->data, start, size);
    } else {
        if (start > reader->data->size || size > reader->data->size - start) {
            return AISLE_CORRUPT;
        }
        buf_clear(scratch);
        uint8_t *copy = buf_extend(scratch, size);
        if (copy == NULL) {
            return buf_status(scratch);
        }
        data = extent_view_copy(reader->data, start, size, copy) == 0 ? copy : NULL;
    }
    if (data == NULL) {
        return AISLE_CORRUPT;
    }
    *stored = bytes_of(data, size);
    return 0;
}
