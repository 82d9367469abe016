/*
 * ids_write.c - collects ids into blocks, and their hashes for the table.
 *
 * The form of a block is ids_block.c's, the table ids_table.c's. Thread rule: one writer, one thread.
 */
#include "documents/ids.h"

#include "documents/ids_format.h"

int ids_writer_init(struct ids_writer *writer, struct extent_writer *ids, struct extent_writer *table)
{
    *writer = (struct ids_writer){.ids = ids, .table = table};
    buf_init(&writer->text, IDS_BLOCK_IDS * LIMIT_ID_BYTES);
    buf_init(&writer->block, IDS_BLOCK_BYTES_MAX);
    buf_init(&writer->directory, (size_t)ids_blocks_of(LIMIT_SEGMENT_DOCUMENTS) * sizeof(uint64_t));
    buf_init(&writer->hashes, (size_t)LIMIT_SEGMENT_DOCUMENTS * sizeof(uint64_t));
    if (ids->payload != 0 || table->payload != 0) {
        writer->status = AISLE_INVALID;
    }
    return writer->status;
}

static int flush_block(struct ids_writer *writer, uint32_t count)
{
    struct bytes ids[IDS_BLOCK_IDS];
    const uint8_t *next = writer->text.data;
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = bytes_of(next, writer->sizes[i]);
        next += writer->sizes[i];
    }
    buf_clear(&writer->block);
    int status = ids_block_encode(ids, count, &writer->block);
    if (status != 0) {
        return status;
    }
    uint64_t offset = extent_writer_put_whole(writer->ids, writer->block.data, writer->block.size, 1);
    buf_put_u64(&writer->directory, offset << IDS_DIRECTORY_SHIFT | writer->block.size);
    buf_clear(&writer->text);
    return writer->ids->status != 0 ? writer->ids->status : buf_status(&writer->directory);
}

int ids_writer_add(struct ids_writer *writer, struct bytes id)
{
    if (writer->status != 0) {
        return writer->status;
    }
    if (id.size == 0 || id.size > LIMIT_ID_BYTES) {
        return writer->status = AISLE_INVALID;
    }
    if (writer->count == LIMIT_SEGMENT_DOCUMENTS) {
        return writer->status = AISLE_LIMIT;
    }
    buf_put(&writer->text, id.data, id.size);
    buf_put_u64(&writer->hashes, hash_bytes(id.data, id.size));
    writer->sizes[writer->count % IDS_BLOCK_IDS] = (uint16_t)id.size;
    writer->count++;
    writer->status = buf_status(&writer->text) != 0 ? buf_status(&writer->text) : buf_status(&writer->hashes);
    if (writer->status == 0 && writer->count % IDS_BLOCK_IDS == 0) {
        writer->status = flush_block(writer, IDS_BLOCK_IDS);
    }
    return writer->status;
}

int ids_writer_finish(struct ids_writer *writer)
{
    uint32_t waiting = writer->count % IDS_BLOCK_IDS;
    if (writer->status == 0 && waiting != 0) {
        writer->status = flush_block(writer, waiting);
    }
    if (writer->status != 0) {
        return writer->status;
    }
    uint64_t directory_offset = extent_writer_align(writer->ids, sizeof(uint64_t), 16);
    extent_writer_put(writer->ids, writer->directory.data, writer->directory.size);
    uint8_t footer[IDS_FOOTER_BYTES] = {0};
    store_u64(footer, directory_offset);
    store_u32(footer + 8, writer->count);
    store_u32(footer + 16, IDS_VERSION);
    store_u32(footer + 20, IDS_MAGIC);
    extent_writer_put_whole(writer->ids, footer, sizeof footer, 8);
    writer->status = writer->ids->status;
    if (writer->status == 0) {
        writer->status = ids_table_write(writer->table, writer->hashes.data, writer->count);
    }
    return writer->status;
}

void ids_writer_release(struct ids_writer *writer)
{
    buf_release(&writer->text);
    buf_release(&writer->block);
    buf_release(&writer->directory);
    buf_release(&writer->hashes);
    writer->status = AISLE_INVALID;
}
