/*
 * postings_record.c - records: where the list of a term is, or the list itself when it is tiny.
 */
#include "postings/postings_private.h"

#define TINY_BYTES_MAX (1u + POSTINGS_TINY_MAX * (5u + 1u)) /* a document is a varint of up to five bytes */

static_assert(TINY_BYTES_MAX <= POSTINGS_RECORD_MAX_BYTES, "records have room");

static uint32_t read_count(struct byte_reader *reader)
{
    uint64_t count = byte_reader_varint(reader);
    return count > LIMIT_SEGMENT_DOCUMENTS ? 0 : (uint32_t)count;
}

static int decode_tiny(struct byte_reader *reader, uint32_t extra, struct postings_list *out)
{
    uint64_t next = 0;
    out->count = extra % POSTINGS_TINY_MAX + 1;
    for (uint32_t i = 0; i < out->count; i++) {
        uint64_t gap = byte_reader_varint(reader);
        if (gap >= LIMIT_SEGMENT_DOCUMENTS || next + gap >= LIMIT_SEGMENT_DOCUMENTS) {
            return AISLE_CORRUPT;
        }
        out->at.tiny.documents[i] = (uint32_t)(next + gap);
        next = out->at.tiny.documents[i] + 1u;
    }
    for (uint32_t i = 0; i < out->count; i++) {
        bool again = i != 0 && extra >= POSTINGS_TINY_MAX;
        out->at.tiny.codes[i] = again ? out->at.tiny.codes[0] : byte_reader_u8(reader);
    }
    out->dominant = block_dominant(out->at.tiny.codes, out->count);
    return extra < 2 * POSTINGS_TINY_MAX ? 0 : AISLE_CORRUPT;
}

static int decode_inline(struct byte_reader *reader, uint32_t extra, struct postings_list *out)
{
    out->count = POSTINGS_INLINE_MIN + extra;
    if (extra == POSTINGS_EXTRA_MAX) {
        out->count += byte_reader_u8(reader);
    }
    out->dominant = byte_reader_u8(reader);
    struct bytes block = byte_reader_take(reader, byte_reader_left(reader));
    if (!byte_reader_ok(reader) || block.size == 0 || block.size > POSTINGS_INLINE_MAX_BYTES ||
        out->count > POSTINGS_BLOCK) {
        return AISLE_CORRUPT;
    }
    memcpy(out->at.block, block.data, block.size);
    out->size = (uint16_t)block.size;
    return 0;
}

static int decode_single(struct byte_reader *reader, struct postings_list *out)
{
    out->count = byte_reader_u8(reader) + 1u;
    out->dominant = byte_reader_u8(reader);
    out->at.block_offset = byte_reader_varint(reader);
    uint64_t size = byte_reader_varint(reader);
    out->size = (uint16_t)size;
    if (out->count > POSTINGS_BLOCK) { /* LCOV_EXCL_BR_LINE: only with blocks of 128 */
        return AISLE_CORRUPT;
    }
    return size <= POSTINGS_BLOCK_BYTES_MAX ? 0 : AISLE_CORRUPT;
}

static int decode_skips(struct byte_reader *reader, struct postings_list *out)
{
    out->count = read_count(reader);
    out->dominant = byte_reader_u8(reader);
    uint64_t first = byte_reader_varint(reader);
    out->at.skips.first = (uint32_t)first;
    out->at.skips.superblocks = byte_reader_varint(reader);
    out->at.skips.upper = out->kind == POSTINGS_LONG ? byte_reader_varint(reader) : 0;
    bool is_long = out->count > POSTINGS_SUPERBLOCK_POSTINGS;
    if (out->count <= POSTINGS_BLOCK || is_long != (out->kind == POSTINGS_LONG) || first >= LIMIT_SEGMENT_DOCUMENTS) {
        return AISLE_CORRUPT;
    }
    return 0;
}

int postings_list_decode(struct bytes record, struct postings_list *out)
{
    struct byte_reader reader = byte_reader_of(record);
    uint32_t head = byte_reader_u8(&reader);
    uint32_t extra = head >> POSTINGS_KIND_BITS;
    uint32_t kind = head & ((1u << POSTINGS_KIND_BITS) - 1);
    int status = AISLE_CORRUPT;
    memset(out, 0, sizeof *out);
    out->kind = (uint8_t)kind;
    if (kind == POSTINGS_TINY) {
        status = decode_tiny(&reader, extra, out);
    } else if (kind == POSTINGS_INLINE) {
        status = decode_inline(&reader, extra, out);
    } else if (kind <= POSTINGS_LONG && extra == 0) {
        status = kind == POSTINGS_SINGLE ? decode_single(&reader, out) : decode_skips(&reader, out);
    }
    if (status == 0 && (!byte_reader_ok(&reader) || byte_reader_left(&reader) != 0)) {
        status = AISLE_CORRUPT;
    }
    return status;
}

void record_put_tiny(const uint32_t *documents, const uint8_t *codes, uint32_t count, struct buf *record)
{
    uint8_t *start = buf_extend(record, TINY_BYTES_MAX);
    if (start == NULL) {
        return;
    }
    uint8_t *next = start + 1;
    uint32_t above = 0; /* the least that the next document can be */
    bool constant = true;
    for (uint32_t i = 0; i < count; i++) {
        next += varint_store(next, documents[i] - above);
        above = documents[i] + 1;
        constant = constant && codes[i] == codes[0];
    }
    for (uint32_t i = 0; i < (constant ? 1 : count); i++) {
        *next++ = codes[i];
    }
    uint32_t extra = count - 1 + (constant ? POSTINGS_TINY_MAX : 0);
    *start = (uint8_t)(POSTINGS_TINY | extra << POSTINGS_KIND_BITS);
    record->size -= TINY_BYTES_MAX - (size_t)(next - start);
}

static void put_inline(struct bytes block, uint32_t count, uint8_t dominant, struct buf *record)
{
    uint32_t extra = count - POSTINGS_INLINE_MIN;
    bool announced = extra >= POSTINGS_EXTRA_MAX;
    buf_put_u8(record, (uint8_t)(POSTINGS_INLINE | (announced ? POSTINGS_EXTRA_MAX : extra) << POSTINGS_KIND_BITS));
    if (announced) {
        buf_put_u8(record, (uint8_t)(extra - POSTINGS_EXTRA_MAX));
    }
    buf_put_u8(record, dominant);
    buf_put(record, block.data, block.size);
}

void record_put_single(struct postings_writer *writer, struct buf *record)
{
    uint8_t block[POSTINGS_BLOCK_BYTES_MAX];
    struct block_content content = {writer->documents, writer->codes, writer->waiting, -1};
    if (writer->waiting <= POSTINGS_TINY_MAX) {
        record_put_tiny(writer->documents, writer->codes, writer->waiting, record);
        return;
    }
    uint8_t dominant = block_dominant(writer->codes, writer->waiting);
    size_t size = block_encode(&content, dominant, block);
    if (size <= POSTINGS_INLINE_MAX_BYTES) {
        put_inline(bytes_of(block, size), writer->waiting, dominant, record);
        return;
    }
    uint64_t start = writer->blocks->payload;
    uint64_t offset = extent_writer_put_whole(writer->blocks, block, size, 1);
    writer->block_bytes += writer->blocks->payload - start;
    buf_put_u8(record, POSTINGS_SINGLE);
    buf_put_u8(record, (uint8_t)(writer->waiting - 1));
    buf_put_u8(record, dominant);
    buf_put_varint(record, offset);
    buf_put_varint(record, size);
}

void record_put_skips(struct postings_writer *writer, uint64_t upper, struct buf *record)
{
    bool is_long = writer->count > POSTINGS_SUPERBLOCK_POSTINGS;
    buf_put_u8(record, is_long ? POSTINGS_LONG : POSTINGS_SHORT);
    buf_put_varint(record, writer->count);
    buf_put_u8(record, writer->dominant);
    buf_put_varint(record, writer->first);
    buf_put_varint(record, writer->skips_offset);
    if (is_long) {
        buf_put_varint(record, upper);
    }
}
