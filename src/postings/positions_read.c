/*
 * positions_read.c - references, and finding the entries of a list.
 *
 * A block is looked at once when it is opened, for whether one entry stands for all; after that finding an entry passes
 * over the ends of those in front of it, from the last one found or from the block's beginning.
 */
#include "postings/positions_private.h"

int positions_list_decode(struct bytes value, struct positions_list *out, struct bytes *rest)
{
    struct byte_reader reader = byte_reader_of(value);
    uint64_t head = byte_reader_varint(&reader);
    uint64_t size = 0;
    *out = (struct positions_list){.kind = head & ((1u << POSITIONS_KIND_BITS) - 1)};
    head >>= POSITIONS_KIND_BITS;
    switch (out->kind) {
    case POSITIONS_INLINE:
        size = head <= POSITIONS_INLINE_MAX_BYTES ? head : 0;
        out->entries = byte_reader_take(&reader, size);
        break;
    case POSITIONS_SINGLE:
        out->offset = head;
        size = byte_reader_varint(&reader);
        out->entries.size = size <= POSITIONS_BLOCK_BYTES_MAX ? (size_t)size : 0;
        break;
    case POSITIONS_BLOCKS:
        out->offset = head;
        break;
    default:
        return AISLE_CORRUPT;
    }
    if (!byte_reader_ok(&reader) || (out->kind != POSITIONS_BLOCKS && out->entries.size == 0)) {
        return AISLE_CORRUPT;
    }
    *rest = byte_reader_take(&reader, byte_reader_left(&reader));
    return 0;
}

void positions_cursor_init(struct positions_cursor *cursor, const struct extent_view *stream, struct arena *arena,
                           const struct positions_list *list, uint32_t count)
{
    *cursor = (struct positions_cursor){
        .stream = stream, .arena = arena, .list = *list, .count = count, .block = UINT32_MAX,
        .ends_block = UINT32_MAX, .following = POSITIONS_NONE_FOLLOWS};
}

/* Copies a block that lies in more than one extent; the memory serves all such blocks of the list. */
static int copy_block(struct positions_cursor *cursor, uint64_t offset, size_t size)
{
    if (size > cursor->stream->size || offset > cursor->stream->size - size) {
        return AISLE_CORRUPT;
    }
    if (size > cursor->copy_bytes) {
        cursor->copy_bytes = 0;
        cursor->copy = arena_alloc(cursor->arena, size);
        if (cursor->copy == NULL) {
            return AISLE_NO_MEMORY;
        }
        cursor->copy_bytes = size;
    }
    cursor->stored = bytes_of(cursor->copy, size);
    return extent_view_copy(cursor->stream, offset, size, cursor->copy);
}

static int load_block(struct positions_cursor *cursor, uint64_t offset, size_t size)
{
    if (size > EXTENT_PAYLOAD) {
        return copy_block(cursor, offset, size);
    }
    const uint8_t *data = extent_view_at(cursor->stream, offset, size);
    cursor->stored = bytes_of(data, size);
    return data == NULL ? AISLE_CORRUPT : 0;
}

/* One of several blocks, by the directory. */
static int load_listed(struct positions_cursor *cursor, uint32_t block)
{
    uint64_t offset = cursor->list.offset + (uint64_t)block * sizeof(uint64_t);
    const uint8_t *before = extent_view_at(cursor->stream, offset, sizeof(uint64_t));
    const uint8_t *behind = extent_view_at(cursor->stream, offset + sizeof(uint64_t), sizeof(uint64_t));
    if (before == NULL || behind == NULL) {
        return AISLE_CORRUPT;
    }
    uint64_t start = load_u64(before);
    uint64_t end = load_u64(behind);
    if (end <= start || end > cursor->stream->size) {
        return AISLE_CORRUPT;
    }
    if (start / EXTENT_PAYLOAD != (end - 1) / EXTENT_PAYLOAD) {
        start = (start + EXTENT_PAYLOAD - 1) / EXTENT_PAYLOAD * EXTENT_PAYLOAD;
    }
    return end - start > POSITIONS_BLOCK_BYTES_MAX ? AISLE_CORRUPT : load_block(cursor, start, (size_t)(end - start));
}

static int load_any(struct positions_cursor *cursor, uint32_t block)
{
    const struct positions_list *list = &cursor->list;
    if ((list->kind == POSITIONS_BLOCKS) != (cursor->count > POSTINGS_BLOCK)) {
        return AISLE_CORRUPT;
    }
    if (list->kind == POSITIONS_BLOCKS) {
        return load_listed(cursor, block);
    }
    if (list->kind == POSITIONS_SINGLE) {
        return load_block(cursor, list->offset, list->entries.size);
    }
    cursor->stored = list->entries;
    return 0;
}

int positions_cursor_open_block(struct positions_cursor *cursor, uint32_t block)
{
    uint32_t left = cursor->count - block * POSTINGS_BLOCK;
    cursor->block = UINT32_MAX;
    cursor->following = POSITIONS_NONE_FOLLOWS;
    int status = load_any(cursor, block);
    if (status != 0) {
        return status;
    }
    cursor->entries = left < POSTINGS_BLOCK ? left : POSTINGS_BLOCK;
    cursor->end = cursor->stored.data + cursor->stored.size;
    const uint8_t *first_end = positions_entry_end(cursor->stored.data, cursor->end);
    cursor->is_constant = first_end == cursor->end;
    if (first_end == NULL || (cursor->entries == 1 && !cursor->is_constant)) {
        return AISLE_CORRUPT;
    }
    cursor->next = cursor->stored.data;
    cursor->behind = first_end;
    cursor->index = 0;
    cursor->block = block;
    return 0;
}

/* Goes to another entry of the open block. False when it does not end there. */
static bool move_to(struct positions_cursor *cursor, uint32_t index)
{
    const uint8_t *start = cursor->behind;
    if (index < cursor->index) {
        start = positions_skip(cursor->stored.data, cursor->end, index);
    } else if (index > cursor->index + 1) {
        start = positions_skip(cursor->behind, cursor->end, index - cursor->index - 1);
    }
    cursor->next = start;
    cursor->behind = start == NULL ? NULL : positions_entry_end(start, cursor->end);
    cursor->index = index;
    return cursor->behind != NULL;
}

int positions_cursor_find(struct positions_cursor *cursor, uint32_t ordinal, struct bytes *entry)
{
    uint32_t block = ordinal / POSTINGS_BLOCK;
    uint32_t index = ordinal % POSTINGS_BLOCK;
    *entry = bytes_of(NULL, 0);
    if (ordinal >= cursor->count) {
        return AISLE_INVALID;
    }
    if (block != cursor->block) {
        int status = positions_cursor_open_block(cursor, block);
        if (status != 0) {
            return status;
        }
    }
    if (cursor->is_constant) {
        *entry = cursor->stored;
        return 0;
    }
    if (index != cursor->index && !move_to(cursor, index)) {
        cursor->block = UINT32_MAX;
        return AISLE_CORRUPT;
    }
    *entry = bytes_of(cursor->next, (size_t)(cursor->behind - cursor->next));
    cursor->following = index + 1 < cursor->entries ? ordinal + 1 : POSITIONS_NONE_FOLLOWS;
    return 0;
}
