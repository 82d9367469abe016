/*
 * values_read.c - finds values and lists in a finished dictionary.
 *
 * Every byte comes through extent_view_at, and every length is judged before it is used.
 * Thread rule: readers are shared; cursors belong to one thread.
 */
#include "columns/values_format.h"

int values_open(struct values_reader *reader, const struct extent_view *stream)
{
    *reader = (struct values_reader){.stream = stream};
    if (stream->size < VALUES_FOOTER_BYTES) {
        return AISLE_CORRUPT;
    }
    const uint8_t *footer = extent_view_at(stream, stream->size - VALUES_FOOTER_BYTES, VALUES_FOOTER_BYTES);
    if (footer == NULL || load_u32(footer + 28) != VALUES_MAGIC) {
        return AISLE_CORRUPT;
    }
    if (load_u32(footer + 20) != VALUES_VERSION) {
        return load_u32(footer + 20) > VALUES_VERSION ? AISLE_NEWER_FORMAT : AISLE_CORRUPT;
    }
    reader->directory_offset = load_u64(footer);
    reader->lists_offset = load_u64(footer + 8);
    reader->count = load_u32(footer + 16);
    return reader->count > LIMIT_COLUMN_VALUES || reader->directory_offset > stream->size ||
                   reader->lists_offset > reader->directory_offset
               ? AISLE_CORRUPT
               : 0;
}

static int open_block(const struct values_reader *reader, uint32_t block, struct byte_reader *out)
{
    const uint8_t *word =
        extent_view_at(reader->stream, reader->directory_offset + (uint64_t)block * sizeof(uint64_t), sizeof(uint64_t));
    if (word == NULL) {
        return AISLE_CORRUPT;
    }
    uint64_t place = load_u64(word);
    size_t size = (size_t)(place & ((1u << VALUES_DIRECTORY_SHIFT) - 1));
    const uint8_t *data = extent_view_at(reader->stream, place >> VALUES_DIRECTORY_SHIFT, size);
    *out = byte_reader_of(bytes_of(data, data == NULL ? 0 : size));
    return data == NULL ? AISLE_CORRUPT : 0;
}

/* Reads the value that the block's reader has come to, over the one before it. */
static int read_value(struct values_cursor *cursor)
{
    uint64_t shared = byte_reader_varint(&cursor->block);
    struct bytes rest = byte_reader_take(&cursor->block, byte_reader_varint(&cursor->block));
    uint64_t shown = byte_reader_varint(&cursor->block);
    if (!byte_reader_ok(&cursor->block) || shared > cursor->folded.size ||
        rest.size > VALUES_FOLDED_BYTES_MAX - shared || shared + rest.size == 0) {
        return AISLE_CORRUPT;
    }
    if (rest.size != 0) {
        memcpy(cursor->bytes + shared, rest.data, rest.size);
    }
    cursor->folded = bytes_of(cursor->bytes, (size_t)shared + rest.size);
    cursor->shown = shown == 0 ? cursor->folded : byte_reader_take(&cursor->block, shown - 1);
    return byte_reader_ok(&cursor->block) && (shown == 0 || cursor->shown.size <= LIMIT_KEYWORD_BYTES)
               ? 0
               : AISLE_CORRUPT;
}

/* Stands on the first value of a block. */
static int enter_block(struct values_cursor *cursor, uint32_t block)
{
    cursor->ordinal = block * VALUES_BLOCK;
    cursor->folded = bytes_of(cursor->bytes, 0);
    int status = open_block(cursor->reader, block, &cursor->block);
    return status == 0 ? read_value(cursor) : status;
}

int values_seek(struct values_cursor *cursor, const struct values_reader *reader, uint32_t ordinal)
{
    cursor->reader = reader;
    cursor->ordinal = ordinal;
    cursor->folded = bytes_of(cursor->bytes, 0);
    cursor->shown = cursor->folded;
    if (ordinal >= reader->count) {
        return AISLE_END;
    }
    int status = enter_block(cursor, ordinal / VALUES_BLOCK);
    while (status == 0 && cursor->ordinal < ordinal) {
        cursor->ordinal++;
        status = read_value(cursor);
    }
    return status;
}

int values_next(struct values_cursor *cursor)
{
    if (cursor->ordinal + 1 >= cursor->reader->count) {
        cursor->ordinal = cursor->reader->count;
        return AISLE_END;
    }
    cursor->ordinal++;
    return cursor->ordinal % VALUES_BLOCK == 0 ? enter_block(cursor, cursor->ordinal / VALUES_BLOCK)
                                               : read_value(cursor);
}

/* How a value stands to what is looked for: negative when the search must go on behind it. */
typedef int relation(struct bytes value, struct bytes wanted);

static int relation_of_bound(struct bytes value, struct bytes wanted)
{
    return bytes_compare(value, wanted);
}

static int relation_of_prefix(struct bytes value, struct bytes prefix)
{
    return bytes_begin_with(value, prefix) ? -1 : bytes_compare(value, prefix);
}

/* The first ordinal from low on whose value is not before wanted; the cursor stands there unless it is count. */
static int search(struct values_cursor *cursor, const struct values_reader *reader, uint32_t from, relation *compare,
                  struct bytes wanted, uint32_t *ordinal)
{
    uint32_t low = from / VALUES_BLOCK; /* the last block whose first value is before wanted, or this one */
    uint32_t high = (reader->count + VALUES_BLOCK - 1) / VALUES_BLOCK;
    cursor->reader = reader;
    *ordinal = reader->count;
    if (from >= reader->count) {
        return 0;
    }
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        int status = enter_block(cursor, middle);
        if (status != 0) {
            return status;
        }
        if (compare(cursor->folded, wanted) < 0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    int status = values_seek(cursor, reader, low * VALUES_BLOCK);
    while (status == 0 && (cursor->ordinal < from || compare(cursor->folded, wanted) < 0)) {
        status = values_next(cursor);
    }
    *ordinal = status == 0 ? cursor->ordinal : reader->count;
    return status == AISLE_END ? 0 : status;
}

int values_find(const struct values_reader *reader, struct bytes folded, uint32_t *ordinal, bool *exact)
{
    struct values_cursor cursor;
    int status = search(&cursor, reader, 0, relation_of_bound, folded, ordinal);
    *exact = status == 0 && *ordinal < reader->count && bytes_equal(cursor.folded, folded);
    return status;
}

int values_find_end(const struct values_reader *reader, struct bytes prefix, uint32_t first, uint32_t *end)
{
    struct values_cursor cursor;
    return search(&cursor, reader, first, relation_of_prefix, prefix, end);
}

int values_of_code_init(struct values_of_code *walk, const struct values_reader *reader, int64_t code)
{
    *walk = (struct values_of_code){.count = reader->count};
    if (code < 0) {
        return AISLE_CORRUPT;
    }
    if ((uint64_t)code < reader->count) {
        walk->left = 1;
        walk->next = (uint32_t)code;
        return 0;
    }
    uint64_t offset = (uint64_t)code - reader->count;
    const uint8_t *head = offset < reader->lists_offset || offset >= reader->directory_offset
                              ? NULL
                              : extent_view_at(reader->stream, offset, VALUES_LIST_HEAD);
    const uint8_t *body =
        head == NULL ? NULL : extent_view_at(reader->stream, offset + VALUES_LIST_HEAD, load_u16(head));
    if (body == NULL) {
        return AISLE_CORRUPT;
    }
    walk->deltas = byte_reader_of(bytes_of(body, load_u16(head)));
    uint64_t count = byte_reader_varint(&walk->deltas);
    walk->left = (uint32_t)count;
    return byte_reader_ok(&walk->deltas) && count >= 2 && count <= LIMIT_LIST_VALUES ? 0 : AISLE_CORRUPT;
}

int values_of_code_next(struct values_of_code *walk, uint32_t *ordinal)
{
    if (walk->left == 0) {
        return AISLE_END;
    }
    uint64_t gap = 0;
    if (walk->deltas.next != NULL) { /* otherwise a single value: it is next */
        gap = byte_reader_varint(&walk->deltas);
        if (!byte_reader_ok(&walk->deltas)) {
            return AISLE_CORRUPT;
        }
    }
    if (gap >= walk->count || walk->next + gap >= walk->count) {
        return AISLE_CORRUPT;
    }
    *ordinal = walk->next + (uint32_t)gap;
    walk->next = *ordinal + 1;
    walk->left--;
    return 0;
}
