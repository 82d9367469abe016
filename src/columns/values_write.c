/*
 * values_write.c - a dictionary from sorted values, and lists behind it, equal ones once where that is known.
 *
 * Lists go to the stream as they come; copies of the last ones wait here to be compared with later ones. There may be
 * as many different ones as documents, and a merge has no memory for all of them.
 * Thread rule: one thread.
 */
#include "columns/values_format.h"

#include "base/alloc.h"
#include "base/hash.h"

#define SLOTS_FIRST 64u
#define KEPT_LISTS (1u << 14)
#define KEPT_BYTES (1u << 20)

struct values_list_slot {
    uint64_t offset; /* in the stream */
    uint64_t copy;   /* in lists.bytes, + 1; 0: free */
    uint32_t hash;
};

int values_writer_init(struct values_writer *writer, struct extent_writer *stream)
{
    *writer = (struct values_writer){.stream = stream, .status = stream->payload != 0 ? AISLE_INVALID : 0};
    buf_init(&writer->block, VALUES_BLOCK_BYTES_MAX);
    buf_init(&writer->directory, (LIMIT_COLUMN_VALUES / VALUES_BLOCK + 1) * sizeof(uint64_t));
    buf_init(&writer->last, VALUES_FOLDED_BYTES_MAX);
    buf_init(&writer->lists.bytes, (size_t)1 << 40);
    return writer->status;
}

void values_writer_release(struct values_writer *writer)
{
    buf_release(&writer->block);
    buf_release(&writer->directory);
    buf_release(&writer->last);
    buf_release(&writer->lists.bytes);
    mem_free(writer->lists.slots);
    writer->lists.slots = NULL;
    writer->status = AISLE_INVALID;
}

static int fail(struct values_writer *writer, int status)
{
    writer->status = status;
    return status;
}

static int flush_block(struct values_writer *writer)
{
    size_t size = writer->block.size;
    if (size != 0) {
        uint64_t offset = extent_writer_put_whole(writer->stream, writer->block.data, size, 1);
        buf_put_u64(&writer->directory, offset << VALUES_DIRECTORY_SHIFT | size);
        buf_clear(&writer->block);
    }
    return writer->stream->status != 0 ? writer->stream->status : buf_status(&writer->directory);
}

int values_writer_add(struct values_writer *writer, const struct value_pair *value)
{
    struct bytes folded = value->folded;
    struct bytes last = buf_bytes(&writer->last);
    if (writer->status != 0) {
        return writer->status;
    }
    if (writer->lists_offset != 0 || folded.size == 0 || folded.size > VALUES_FOLDED_BYTES_MAX ||
        value->shown.size > LIMIT_KEYWORD_BYTES || (writer->count != 0 && bytes_compare(last, folded) >= 0)) {
        return fail(writer, AISLE_INVALID);
    }
    if (writer->count == LIMIT_COLUMN_VALUES) {
        return fail(writer, AISLE_LIMIT);
    }
    size_t shared = writer->count % VALUES_BLOCK == 0 ? 0 : bytes_shared(last, folded);
    buf_put_varint(&writer->block, shared);
    buf_put_varint(&writer->block, folded.size - shared);
    buf_put(&writer->block, folded.data + shared, folded.size - shared);
    if (bytes_equal(folded, value->shown)) {
        buf_put_varint(&writer->block, 0);
    } else {
        buf_put_varint(&writer->block, value->shown.size + 1);
        buf_put(&writer->block, value->shown.data, value->shown.size);
    }
    buf_clear(&writer->last);
    buf_put(&writer->last, folded.data, folded.size);
    int status = buf_status(&writer->block) != 0 ? buf_status(&writer->block) : buf_status(&writer->last);
    writer->count++;
    if (status == 0 && writer->count % VALUES_BLOCK == 0) {
        status = flush_block(writer);
    }
    return status == 0 ? 0 : fail(writer, status);
}

/* ---- lists ---- */

static int grow_slots(struct values_lists *lists)
{
    size_t count = lists->slot_count == 0 ? SLOTS_FIRST : lists->slot_count * 2;
    struct values_list_slot *slots = mem_calloc(count, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < lists->slot_count; i++) {
        if (lists->slots[i].copy != 0) {
            size_t at = lists->slots[i].hash & (count - 1);
            while (slots[at].copy != 0) {
                at = (at + 1) & (count - 1);
            }
            slots[at] = lists->slots[i];
        }
    }
    mem_free(lists->slots);
    lists->slots = slots;
    lists->slot_count = count;
    return 0;
}

static size_t encode_list(const uint32_t *ordinals, uint32_t count, uint8_t *out)
{
    size_t size = VALUES_LIST_HEAD;
    size += varint_store(out + size, count);
    size += varint_store(out + size, ordinals[0]);
    for (uint32_t i = 1; i < count; i++) {
        size += varint_store(out + size, ordinals[i] - ordinals[i - 1] - 1);
    }
    store_u16(out, (uint16_t)(size - VALUES_LIST_HEAD));
    return size;
}

/* When as many are kept as may be, all are forgotten: those that are met often are soon back. */
static void forget_lists(struct values_lists *lists)
{
    memset(lists->slots, 0, lists->slot_count * sizeof *lists->slots);
    lists->count = 0;
    buf_clear(&lists->bytes);
}

/* The offset in the stream of a list with these bytes, which is put there unless it is known to be already. */
static int place_list(struct values_writer *writer, struct bytes list, uint64_t *offset)
{
    struct values_lists *lists = &writer->lists;
    uint32_t hash = (uint32_t)hash_bytes(list.data, list.size);
    int status = lists->count * 2 >= lists->slot_count && lists->count < KEPT_LISTS ? grow_slots(lists) : 0;
    if (status != 0) {
        return status;
    }
    size_t at = hash & (lists->slot_count - 1);
    for (; lists->slots[at].copy != 0; at = (at + 1) & (lists->slot_count - 1)) {
        const struct values_list_slot *slot = &lists->slots[at];
        const uint8_t *copy = lists->bytes.data + slot->copy - 1;
        /* The head holds the size, so a longer list is never read past what is there. */
        if (slot->hash == hash && load_u16(copy) == load_u16(list.data) && memcmp(copy, list.data, list.size) == 0) {
            *offset = slot->offset;
            return 0;
        }
    }
    if (lists->count == KEPT_LISTS || lists->bytes.size >= KEPT_BYTES) {
        forget_lists(lists);
        at = hash & (lists->slot_count - 1);
    }
    uint64_t copy = lists->bytes.size;
    buf_put(&lists->bytes, list.data, list.size);
    *offset = extent_writer_put_whole(writer->stream, list.data, list.size, 1);
    lists->slots[at] = (struct values_list_slot){.offset = *offset, .copy = copy + 1, .hash = hash};
    lists->count++;
    return writer->stream->status != 0 ? writer->stream->status : buf_status(&lists->bytes);
}

int values_writer_list(struct values_writer *writer, const uint32_t *ordinals, uint32_t count, int64_t *code)
{
    uint8_t encoded[VALUES_LIST_BYTES_MAX + VARINT_BYTES_MAX];
    uint64_t offset = 0;
    if (writer->status != 0) {
        return writer->status;
    }
    if (count < 2 || count > LIMIT_LIST_VALUES) {
        return fail(writer, AISLE_INVALID);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (ordinals[i] >= writer->count || (i != 0 && ordinals[i] <= ordinals[i - 1])) {
            return fail(writer, AISLE_INVALID);
        }
    }
    int status = 0;
    if (writer->lists_offset == 0) {
        status = flush_block(writer);
        writer->lists_offset = writer->stream->payload;
    }
    if (status == 0) {
        status = place_list(writer, bytes_of(encoded, encode_list(ordinals, count, encoded)), &offset);
    }
    *code = (int64_t)(writer->count + offset);
    return status == 0 ? 0 : fail(writer, status);
}

int values_writer_finish(struct values_writer *writer)
{
    uint8_t footer[VALUES_FOOTER_BYTES] = {0};
    if (writer->status != 0) {
        return writer->status;
    }
    int status = flush_block(writer);
    uint64_t lists_offset = writer->lists_offset == 0 ? writer->stream->payload : writer->lists_offset;
    uint64_t directory_offset = extent_writer_align(writer->stream, sizeof(uint64_t), 8);
    if (status == 0 && writer->directory.size != 0) {
        extent_writer_put(writer->stream, writer->directory.data, writer->directory.size);
    }
    store_u64(footer, directory_offset);
    store_u64(footer + 8, lists_offset);
    store_u32(footer + 16, writer->count);
    store_u32(footer + 20, VALUES_VERSION);
    store_u32(footer + 28, VALUES_MAGIC);
    (void)extent_writer_put_whole(writer->stream, footer, sizeof footer, 8);
    status = status == 0 ? writer->stream->status : status;
    writer->status = status != 0 ? status : AISLE_INVALID; /* a finished writer takes nothing more */
    return status;
}
