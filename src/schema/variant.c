/*
 * variant.c - writing and reading the entries of one variant.
 *
 * Thread rule: see variant.h.
 */
#include "schema/variant.h"

void variant_put_word(struct buf *out, uint8_t field, struct bytes word)
{
    buf_put_u8(out, (uint8_t)(field | VARIANT_WORD));
    buf_put_varint(out, word.size);
    buf_put(out, word.data, word.size);
}

void variant_put_number(struct buf *out, uint8_t field, int64_t number)
{
    uint64_t bits = (uint64_t)number;
    buf_put_u8(out, field);
    buf_put_varint(out, bits << 1 ^ (number < 0 ? UINT64_MAX : 0));
}

void variant_put_nothing(struct buf *out)
{
    buf_put_u8(out, VARIANT_EMPTY);
}

int variant_next(struct byte_reader *reader, struct variant_entry *out)
{
    if (byte_reader_left(reader) == 0) {
        return byte_reader_ok(reader) ? AISLE_END : AISLE_CORRUPT;
    }
    uint8_t head = byte_reader_u8(reader);
    if (head == VARIANT_EMPTY) {
        return byte_reader_left(reader) == 0 ? AISLE_END : AISLE_CORRUPT;
    }
    *out = (struct variant_entry){.field = head & (VARIANT_WORD - 1), .is_word = (head & VARIANT_WORD) != 0};
    uint64_t value = byte_reader_varint(reader);
    if (out->is_word) {
        out->word = byte_reader_take(reader, value);
    } else {
        out->number = (int64_t)(value >> 1 ^ (~(value & 1) + 1));
    }
    return byte_reader_ok(reader) && head < 2 * VARIANT_WORD ? 0 : AISLE_CORRUPT;
}

int variant_check(struct bytes bytes)
{
    struct byte_reader reader = byte_reader_of(bytes);
    struct variant_entry entry;
    int last = -1;
    int status = bytes.size == 0 ? AISLE_CORRUPT : 0;
    while (status == 0 && (status = variant_next(&reader, &entry)) == 0) {
        status = entry.field > last ? 0 : AISLE_CORRUPT;
        last = entry.field;
    }
    return status == AISLE_END ? 0 : status;
}
