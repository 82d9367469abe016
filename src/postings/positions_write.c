/*
 * positions_write.c - lists of entries to blocks, directories and references.
 *
 * Entries wait until a block of them is full and one more comes, so that a list of one block is known to be that
 * before it is written, and needs no directory. What is added is looked through for the ends of entries only.
 */
#include "postings/positions_private.h"

#define DIRECTORY_BYTES_MAX (((size_t)LIMIT_SEGMENT_DOCUMENTS / POSTINGS_BLOCK + 2) * sizeof(uint64_t))

int positions_writer_init(struct positions_writer *writer, struct extent_writer *stream)
{
    *writer = (struct positions_writer){.stream = stream};
    buf_init(&writer->block, POSITIONS_BLOCK_BYTES_MAX);
    buf_init(&writer->directory, DIRECTORY_BYTES_MAX);
    return 0;
}

void positions_writer_release(struct positions_writer *writer)
{
    buf_release(&writer->block);
    buf_release(&writer->directory);
    writer->status = AISLE_INVALID;
}

int positions_writer_begin(struct positions_writer *writer)
{
    buf_clear(&writer->block);
    buf_clear(&writer->directory);
    writer->count = 0;
    writer->waiting = 0;
    return writer->status;
}

/* The first error of the writer's parts; sticky. */
static int settle_status(struct positions_writer *writer)
{
    const int statuses[] = {writer->stream->status, writer->block.status, writer->directory.status};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses && writer->status == 0; i++) {
        writer->status = statuses[i];
    }
    return writer->status;
}

/* What waits, as a block: all of it, or its first entry when all are equal to that. */
static struct bytes waiting_block(const struct positions_writer *writer)
{
    struct bytes block = buf_bytes(&writer->block);
    size_t first = (size_t)(positions_entry_end(block.data, block.data + block.size) - block.data);
    bool equal = block.size == first * writer->waiting &&
                 memcmp(block.data, block.data + first, block.size - first) == 0;
    return bytes_of(block.data, equal ? first : block.size);
}

/* Puts the block where the reader will look for it; returns its offset. */
static uint64_t put_block(struct positions_writer *writer, struct bytes block)
{
    uint64_t before = writer->stream->payload;
    size_t whole = block.size < EXTENT_PAYLOAD ? block.size : EXTENT_PAYLOAD;
    uint64_t offset = extent_writer_align(writer->stream, whole, 1);
    extent_writer_put(writer->stream, block.data, block.size);
    writer->stream_bytes += writer->stream->payload - before;
    return offset;
}

static void flush_block(struct positions_writer *writer)
{
    struct bytes block = waiting_block(writer);
    uint64_t offset = put_block(writer, block);
    if (writer->directory.size == 0) {
        buf_put_u64(&writer->directory, offset);
    }
    buf_put_u64(&writer->directory, offset + block.size);
    buf_clear(&writer->block);
    writer->waiting = 0;
}

int positions_writer_add(struct positions_writer *writer, struct bytes entries, size_t count)
{
    const uint8_t *next = entries.data;
    const uint8_t *end = entries.size == 0 ? entries.data : entries.data + entries.size;
    while (count != 0 && writer->status == 0) {
        if (writer->waiting == POSTINGS_BLOCK) {
            flush_block(writer);
        }
        uint32_t room = POSTINGS_BLOCK - writer->waiting;
        uint32_t part = count < room ? (uint32_t)count : room;
        const uint8_t *behind = positions_skip(next, end, part);
        if (behind == NULL) {
            writer->status = AISLE_INVALID;
            break;
        }
        buf_put(&writer->block, next, (size_t)(behind - next));
        writer->waiting += part;
        writer->count += part;
        count -= part;
        next = behind;
        settle_status(writer);
    }
    if (writer->status == 0 && (next != end || writer->count > LIMIT_SEGMENT_DOCUMENTS)) {
        writer->status = AISLE_INVALID;
    }
    return writer->status;
}

static void put_single(struct positions_writer *writer, struct buf *reference)
{
    struct bytes block = waiting_block(writer);
    if (block.size <= POSITIONS_INLINE_MAX_BYTES) {
        buf_put_varint(reference, block.size << POSITIONS_KIND_BITS | POSITIONS_INLINE);
        buf_put(reference, block.data, block.size);
        return;
    }
    buf_put_varint(reference, put_block(writer, block) << POSITIONS_KIND_BITS | POSITIONS_SINGLE);
    buf_put_varint(reference, block.size);
}

/* Where the first of count equal entries ends; otherwise where all do. Entries are exactly as many. */
static size_t distinct_size(struct bytes entries, size_t count)
{
    size_t first = 1;
    while (!positions_is_end(entries.data[first - 1])) {
        first++;
    }
    bool equal = entries.size == first * count;
    for (size_t i = first; equal && i < entries.size; i++) {
        equal = entries.data[i] == entries.data[i - first];
    }
    return equal ? first : entries.size;
}

int positions_writer_put_inline(struct positions_writer *writer, struct bytes entries, size_t count,
                                struct buf *reference)
{
    size_t ends = 0;
    for (size_t i = 0; i < entries.size; i++) {
        ends += positions_is_end(entries.data[i]);
    }
    if (writer->status == 0 && (entries.size == 0 || entries.size > POSITIONS_INLINE_MAX_BYTES || ends != count ||
                                !positions_is_end(entries.data[entries.size - 1]))) {
        writer->status = AISLE_INVALID;
    }
    if (writer->status != 0) {
        return writer->status;
    }
    size_t size = count == 1 ? entries.size : distinct_size(entries, count);
    uint8_t *out = buf_extend(reference, 1 + size);
    if (out == NULL) {
        return buf_status(reference);
    }
    *out = (uint8_t)(size << POSITIONS_KIND_BITS | POSITIONS_INLINE);
    memcpy(out + 1, entries.data, size);
    writer->reference_bytes += 1 + size;
    return 0;
}

static void put_directory(struct positions_writer *writer, struct buf *reference)
{
    flush_block(writer);
    uint64_t before = writer->stream->payload;
    uint64_t offset = extent_writer_align(writer->stream, sizeof(uint64_t), sizeof(uint64_t));
    extent_writer_put(writer->stream, writer->directory.data, writer->directory.size);
    writer->stream_bytes += writer->stream->payload - before;
    buf_put_varint(reference, offset << POSITIONS_KIND_BITS | POSITIONS_BLOCKS);
}

int positions_writer_end(struct positions_writer *writer, struct buf *reference)
{
    size_t start = reference->size;
    if (writer->status == 0 && writer->count == 0) {
        writer->status = AISLE_INVALID;
    }
    if (writer->status != 0) {
        return writer->status;
    }
    if (writer->count <= POSTINGS_BLOCK) {
        put_single(writer, reference);
    } else {
        put_directory(writer, reference);
    }
    writer->reference_bytes += reference->size - start;
    writer->count = 0;
    return settle_status(writer) != 0 ? writer->status : buf_status(reference);
}
