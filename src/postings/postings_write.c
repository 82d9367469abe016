/*
 * postings_write.c - lists to blocks, superblocks and second levels, as their postings arrive.
 *
 * Postings wait until a block of them is full and one more comes, so that a list of one block is known to be that
 * before it is written, and is written without skip data.
 */
#include "postings/postings_private.h"

#define UPPER_LASTS_MAX_BYTES ((size_t)LIMIT_SEGMENT_DOCUMENTS / POSTINGS_SUPERBLOCK_POSTINGS * 4 + 4)

int postings_writer_init(struct postings_writer *writer, struct extent_writer *skips, struct extent_writer *blocks)
{
    memset(writer, 0, sizeof *writer);
    writer->skips = skips;
    writer->blocks = blocks;
    buf_init(&writer->upper_lasts, UPPER_LASTS_MAX_BYTES);
    buf_init(&writer->upper_dominants, UPPER_LASTS_MAX_BYTES / sizeof(uint32_t));
    return 0;
}

void postings_writer_release(struct postings_writer *writer)
{
    buf_release(&writer->upper_lasts);
    buf_release(&writer->upper_dominants);
    writer->status = AISLE_INVALID;
}

int postings_writer_begin(struct postings_writer *writer)
{
    if (writer->status == 0) {
        buf_clear(&writer->upper_lasts);
        buf_clear(&writer->upper_dominants);
        writer->superblock.count = 0;
        writer->count = 0;
        writer->waiting = 0;
        writer->before = -1;
        writer->last = -1;
        writer->is_open = true;
    }
    return writer->status;
}

/* The first error of the writer's parts; sticky. */
static int settle_status(struct postings_writer *writer)
{
    const int statuses[] = {writer->skips->status, writer->blocks->status, writer->upper_lasts.status,
                            writer->upper_dominants.status};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses && writer->status == 0; i++) {
        writer->status = statuses[i];
    }
    return writer->status;
}

/* Writes a piece of SKIPS where one of full_size bytes does not straddle; see postings_place_of. */
static uint64_t put_skips(struct postings_writer *writer, const uint8_t *piece, size_t size, size_t full_size)
{
    uint64_t start = writer->skips->payload;
    uint64_t offset = extent_writer_align(writer->skips, full_size, 1);
    extent_writer_put(writer->skips, piece, size);
    writer->skip_bytes += writer->skips->payload - start;
    return offset;
}

static void flush_superblock(struct postings_writer *writer)
{
    struct postings_superblock *superblock = &writer->superblock;
    uint32_t count = superblock->count;
    uint8_t stored[POSTINGS_SUPERBLOCK_BYTES];
    uint8_t *next = stored + POSTINGS_BASE_BYTES;
    uint8_t dominant = block_dominant(superblock->dominants, count);
    bool is_first = writer->upper_dominants.size == 0;
    store_u32(stored, (uint32_t)superblock->base);
    stored[4] = (uint8_t)(superblock->base >> 32);
    memcpy(next, superblock->lasts, count * sizeof(uint32_t));
    next += count * sizeof(uint32_t);
    for (uint32_t i = 0; i < count; i++, next += sizeof(uint16_t)) {
        store_u16(next, (uint16_t)superblock->ends[i]);
    }
    memcpy(next, superblock->dominants, count);
    next += count;
    uint64_t offset = put_skips(writer, stored, (size_t)(next - stored), POSTINGS_SUPERBLOCK_BYTES);
    writer->skips_offset = is_first ? offset : writer->skips_offset;
    writer->dominant = is_first ? dominant : postings_dominate(writer->dominant, dominant);
    buf_put_u32(&writer->upper_lasts, superblock->lasts[count - 1]);
    buf_put_u8(&writer->upper_dominants, dominant);
    superblock->count = 0;
}

/* Makes a block of what waits. */
static void flush_block(struct postings_writer *writer)
{
    struct postings_superblock *superblock = &writer->superblock;
    struct block_content content = {writer->documents, writer->codes, writer->waiting, writer->before};
    uint8_t block[POSTINGS_BLOCK_BYTES_MAX];
    uint8_t dominant = block_dominant(writer->codes, writer->waiting);
    if (superblock->count == POSTINGS_SUPERBLOCK_BLOCKS) {
        flush_superblock(writer);
    }
    size_t size = block_encode(&content, dominant, block);
    uint64_t start = writer->blocks->payload;
    uint64_t offset = extent_writer_put_whole(writer->blocks, block, size, 1);
    writer->block_bytes += writer->blocks->payload - start;
    if (superblock->count == 0) {
        superblock->base = offset;
    }
    superblock->lasts[superblock->count] = writer->documents[writer->waiting - 1];
    superblock->ends[superblock->count] = (uint32_t)(offset + size - superblock->base);
    superblock->dominants[superblock->count] = dominant;
    superblock->count++;
    writer->before = writer->documents[writer->waiting - 1];
    writer->waiting = 0;
}

/* Writes the second level of a list of more than one superblock; returns its offset. */
static uint64_t put_upper(struct postings_writer *writer)
{
    uint8_t chunk[POSTINGS_CHUNK_BYTES];
    uint32_t count = (uint32_t)writer->upper_dominants.size;
    uint64_t offset = 0;
    for (uint32_t done = 0; done < count; done += POSTINGS_CHUNK_SUPERBLOCKS) {
        uint32_t part = count - done < POSTINGS_CHUNK_SUPERBLOCKS ? count - done : POSTINGS_CHUNK_SUPERBLOCKS;
        memcpy(chunk, writer->upper_lasts.data + done * sizeof(uint32_t), part * sizeof(uint32_t));
        memcpy(chunk + part * sizeof(uint32_t), writer->upper_dominants.data + done, part);
        /* Only a second chunk needs the first to leave room as if it were full. */
        size_t size = part * POSTINGS_UPPER_BYTES;
        uint64_t place = put_skips(writer, chunk, size, count > POSTINGS_CHUNK_SUPERBLOCKS ? sizeof chunk : size);
        offset = done == 0 ? place : offset;
    }
    return offset;
}

/* Whether documents ascend from behind last on, and are such as segments have. */
static bool is_sound(int64_t last, const uint32_t *documents, size_t count)
{
    bool ascending = documents[0] > last;
    for (size_t i = 1; i < count; i++) {
        ascending = ascending & (documents[i] > documents[i - 1]);
    }
    return ascending && documents[count - 1] < LIMIT_SEGMENT_DOCUMENTS;
}

int postings_writer_add(struct postings_writer *writer, const uint32_t *documents, const uint8_t *codes, size_t count)
{
    if (writer->status == 0 && !writer->is_open) {
        writer->status = AISLE_INVALID;
    }
    while (count != 0 && writer->status == 0) {
        if (writer->waiting == POSTINGS_BLOCK) {
            flush_block(writer);
            settle_status(writer);
        }
        uint32_t room = POSTINGS_BLOCK - writer->waiting;
        uint32_t part = count < room ? (uint32_t)count : room;
        if (!is_sound(writer->last, documents, part)) {
            writer->status = AISLE_INVALID;
            break;
        }
        memcpy(writer->documents + writer->waiting, documents, part * sizeof *documents);
        memcpy(writer->codes + writer->waiting, codes, part);
        writer->first = writer->count == 0 ? documents[0] : writer->first;
        writer->waiting += part;
        writer->count += part;
        writer->last = documents[part - 1];
        documents += part;
        codes += part;
        count -= part;
    }
    return writer->status;
}

int postings_writer_put_tiny(struct postings_writer *writer, const uint32_t *documents, const uint8_t *codes,
                             uint32_t count, struct buf *record)
{
    size_t record_start = record->size;
    if (writer->status == 0 && (count == 0 || count > POSTINGS_TINY_MAX || !is_sound(-1, documents, count))) {
        writer->status = AISLE_INVALID;
    }
    if (writer->status != 0) {
        return writer->status;
    }
    writer->is_open = false;
    record_put_tiny(documents, codes, count, record);
    writer->postings_written += count;
    writer->record_bytes += record->size - record_start;
    return buf_status(record);
}

int postings_writer_end(struct postings_writer *writer, struct buf *record)
{
    size_t record_start = record->size;
    if (writer->status == 0 && (!writer->is_open || writer->count == 0)) {
        writer->status = AISLE_INVALID;
    }
    if (writer->status != 0) {
        return writer->status;
    }
    writer->is_open = false;
    if (writer->count <= POSTINGS_BLOCK) {
        record_put_single(writer, record);
    } else {
        flush_block(writer);
        flush_superblock(writer);
        record_put_skips(writer, writer->upper_dominants.size > 1 ? put_upper(writer) : 0, record);
    }
    writer->postings_written += writer->count;
    writer->record_bytes += record->size - record_start;
    return settle_status(writer) != 0 ? writer->status : buf_status(record);
}
