/*
 * documents_write.c - appends stored products, and indexes where each begins.
 *
 * Compression is not done here (compress.c): what is added is copied as it is. Thread rule: one writer, one thread.
 */
#include "documents/documents.h"

#include "documents/documents_format.h"

int documents_writer_init(struct documents_writer *writer, struct extent_writer *data, struct extent_writer *index)
{
    *writer = (struct documents_writer){.data = data, .index = index};
    buf_init(&writer->directory, (size_t)documents_blocks_of(LIMIT_SEGMENT_DOCUMENTS) * sizeof(uint32_t));
    if (data->payload != 0 || index->payload != 0) {
        writer->status = AISLE_INVALID;
    }
    return writer->status;
}

/* Bytes of codes and escapes of count sizes at this width; *escapes: how many there are. */
static size_t cost_of(const uint32_t *sizes, uint32_t count, uint32_t least, unsigned width, unsigned *escapes)
{
    uint32_t escape = (1u << width) - 1;
    *escapes = 0;
    for (uint32_t i = 0; i < count; i++) {
        *escapes += sizes[i] - least >= escape;
    }
    return bits_bytes(count, width) + *escapes * DOCUMENTS_ESCAPE_BYTES;
}

static struct documents_head choose_head(const uint32_t *sizes, uint32_t count, uint64_t base)
{
    struct documents_head head = {.base = base, .least = DOCUMENTS_LEAST_MAX};
    uint32_t greatest = 0;
    for (uint32_t i = 0; i < count; i++) {
        head.least = sizes[i] < head.least ? sizes[i] : head.least;
        greatest = sizes[i] > greatest ? sizes[i] : greatest;
    }
    /* One more than the greatest difference, because all bits set is the escape. */
    unsigned widest = bits_width((uint64_t)greatest - head.least + 1);
    size_t best = SIZE_MAX;
    for (unsigned width = widest; width >= 1; width--) {
        unsigned escapes;
        size_t cost = cost_of(sizes, count, head.least, width, &escapes);
        if (cost < best) {
            best = cost;
            head.width = width;
            head.escapes = escapes;
        }
    }
    return head;
}

static int flush_block(struct documents_writer *writer, uint32_t count)
{
    uint8_t block[DOCUMENTS_BLOCK_BYTES_MAX] = {0};
    struct documents_head head = choose_head(writer->sizes, count, writer->block_base);
    uint32_t escape = (1u << head.width) - 1;
    uint8_t *codes = block + DOCUMENTS_HEAD_BYTES;
    uint8_t *end = codes + bits_bytes(count, head.width);
    store_u64(block, documents_head_encode(&head));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t code = writer->sizes[i] - head.least;
        if (code >= escape) {
            code = escape;
            store_u16(end, (uint16_t)writer->sizes[i]);
            end[2] = (uint8_t)(writer->sizes[i] >> 16);
            end += DOCUMENTS_ESCAPE_BYTES;
        }
        bits_put(codes, i, head.width, code);
    }
    uint64_t offset =
        extent_writer_put_whole(writer->index, block, (size_t)(end - block), DOCUMENTS_BLOCK_ALIGNMENT);
    buf_put_u32(&writer->directory, (uint32_t)(offset / DOCUMENTS_BLOCK_ALIGNMENT));
    writer->block_base = writer->data->payload;
    return writer->index->status != 0 ? writer->index->status : buf_status(&writer->directory);
}

int documents_writer_add(struct documents_writer *writer, struct bytes stored)
{
    if (writer->status != 0) {
        return writer->status;
    }
    if (stored.size == 0 || stored.size > DOCUMENT_STORED_BYTES_MAX) {
        return writer->status = AISLE_INVALID;
    }
    if (writer->count == LIMIT_SEGMENT_DOCUMENTS) {
        return writer->status = AISLE_LIMIT;
    }
    extent_writer_put(writer->data, stored.data, stored.size);
    writer->status = writer->data->status;
    writer->sizes[writer->count % DOCUMENTS_BLOCK_DOCUMENTS] = (uint32_t)stored.size;
    writer->count++;
    if (writer->status == 0 && writer->count % DOCUMENTS_BLOCK_DOCUMENTS == 0) {
        writer->status = flush_block(writer, DOCUMENTS_BLOCK_DOCUMENTS);
    }
    return writer->status;
}

int documents_writer_finish(struct documents_writer *writer)
{
    uint32_t waiting = writer->count % DOCUMENTS_BLOCK_DOCUMENTS;
    if (writer->status == 0 && waiting != 0) {
        writer->status = flush_block(writer, waiting);
    }
    if (writer->status != 0) {
        return writer->status;
    }
    uint64_t directory_offset = extent_writer_align(writer->index, sizeof(uint32_t), 16);
    extent_writer_put(writer->index, writer->directory.data, writer->directory.size);
    uint8_t footer[DOCUMENTS_FOOTER_BYTES] = {0};
    store_u64(footer, writer->data->payload);
    store_u64(footer + 8, directory_offset);
    store_u32(footer + 16, writer->count);
    store_u32(footer + 24, DOCUMENTS_VERSION);
    store_u32(footer + 28, DOCUMENTS_MAGIC);
    extent_writer_put_whole(writer->index, footer, sizeof footer, 4);
    return writer->status = writer->index->status;
}

void documents_writer_release(struct documents_writer *writer)
{
    buf_release(&writer->directory);
    writer->status = AISLE_INVALID;
}
