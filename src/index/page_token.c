/*
 * page_token.c - places to text and back.
 *
 * Thread rule: pure functions.
 */
#include "index/page_token.h"

#include "base/hash.h"

#define TOKEN_VERSION 2u
#define TOKEN_BYTES_MAX (64u + LIMIT_SORT_PARTS * (VALUES_FOLDED_BYTES_MAX + 16u))

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_base64(struct bytes bytes, struct buf *out)
{
    uint8_t *p = buf_extend(out, (bytes.size * 4 + 2) / 3);
    for (size_t i = 0; i < bytes.size && p != NULL; i += 3) {
        size_t left = bytes.size - i < 3 ? bytes.size - i : 3;
        uint32_t word = (uint32_t)bytes.data[i] << 16 | (left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0) |
                        (left > 2 ? bytes.data[i + 2] : 0u);
        for (size_t k = 0; k <= left; k++) {
            *p++ = (uint8_t)digits[word >> (18 - 6 * k) & 63];
        }
    }
}

/* Fills out, with room for TOKEN_BYTES_MAX; false for what is no base64url. */
static bool take_base64(struct bytes text, uint8_t *out, size_t *size)
{
    uint32_t word = 0;
    unsigned bits = 0;
    *size = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char *digit = text.data[i] == 0 ? NULL : strchr(digits, text.data[i]);
        if (digit == NULL || *size == TOKEN_BYTES_MAX) {
            return false;
        }
        word = word << 6 | (uint32_t)(digit - digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[(*size)++] = (uint8_t)(word >> bits);
        }
    }
    return (word & ((1u << bits) - 1)) == 0;
}

/* Bytes on the stack, which a cursor of every page need not ask the heap for; values are of bounded size. */
struct writing {
    uint8_t bytes[TOKEN_BYTES_MAX];
    size_t size;
};

static void put_u8(struct writing *out, uint32_t value)
{
    out->bytes[out->size++] = (uint8_t)value;
}

static void put_u64(struct writing *out, uint64_t value)
{
    store_u64(out->bytes + out->size, value);
    out->size += sizeof value;
}

static void put_u32(struct writing *out, uint32_t value)
{
    store_u32(out->bytes + out->size, value);
    out->size += sizeof value;
}

static void put_value(struct writing *out, const struct sort_value *value)
{
    put_u8(out, (uint32_t)value->kind);
    if (value->kind == SORT_NUMBER) {
        put_u64(out, (uint64_t)value->number);
    } else if (value->kind == SORT_WORD) {
        out->size += varint_store(out->bytes + out->size, value->word.size);
        memcpy(out->bytes + out->size, value->word.data, value->word.size);
        out->size += value->word.size;
    }
}

static void put_place(struct writing *token, const struct page_place *place)
{
    put_u8(token, place->value_count);
    if (place->value_count == 0) {
        put_u8(token, place->run);
        put_u32(token, (uint32_t)place->score);
    }
    for (uint32_t i = 0; i < place->value_count; i++) {
        put_value(token, &place->values[i]);
    }
    put_u64(token, place->order);
    put_u64(token, place->id_hash);
}

void page_token_write(const struct page_place *place, uint64_t asked, struct buf *out)
{
    struct writing token;
    token.size = 0;
    put_u8(&token, TOKEN_VERSION);
    put_u64(&token, asked);
    put_u64(&token, (uint64_t)place->now_ms);
    put_u32(&token, place->before.hits);
    put_u32(&token, place->before.pins);
    put_u8(&token, place->is_first ? 0 : 1);
    if (!place->is_first) {
        put_place(&token, place);
    }
    put_u32(&token, hash_checksum(token.bytes, token.size));
    put_base64(bytes_of(token.bytes, token.size), out);
}

/* False when the bytes are no value; *status when there is no memory for it. */
static bool take_value(struct byte_reader *reader, struct arena *arena, struct sort_value *value, int *status)
{
    *value = (struct sort_value){.kind = SORT_MISSING};
    switch (byte_reader_u8(reader)) {
    case SORT_MISSING:
        return true;
    case SORT_NUMBER:
        value->kind = SORT_NUMBER;
        value->number = (int64_t)byte_reader_u64(reader);
        return value->number != COLUMN_MISSING;
    case SORT_WORD: {
        struct bytes word = byte_reader_take(reader, byte_reader_varint(reader));
        value->kind = SORT_WORD;
        if (word.size == 0 || word.size > VALUES_FOLDED_BYTES_MAX) {
            return false;
        }
        value->word = bytes_of(arena_copy(arena, word.data, word.size), word.size);
        *status = value->word.data == NULL ? AISLE_NO_MEMORY : *status;
        return true;
    }
    default:
        return false;
    }
}

static bool take_place(struct byte_reader *reader, struct arena *arena, struct page_place *place, int *status)
{
    place->now_ms = (int64_t)byte_reader_u64(reader);
    place->before.hits = byte_reader_u32(reader);
    place->before.pins = byte_reader_u32(reader);
    uint8_t has_place = byte_reader_u8(reader);
    place->is_first = has_place == 0;
    if (has_place != 1) {
        return has_place == 0 && byte_reader_ok(reader) && byte_reader_left(reader) == 0;
    }
    place->value_count = byte_reader_u8(reader);
    bool sound = place->value_count <= LIMIT_SORT_PARTS;
    if (place->value_count == 0) {
        place->run = byte_reader_u8(reader);
        place->score = (int32_t)byte_reader_u32(reader);
    }
    for (uint32_t i = 0; i < place->value_count && sound; i++) {
        sound = take_value(reader, arena, &place->values[i], status);
    }
    place->order = byte_reader_u64(reader);
    place->id_hash = byte_reader_u64(reader);
    return sound && byte_reader_ok(reader) && byte_reader_left(reader) == 0;
}

int page_token_read(struct bytes text, uint64_t asked, struct arena *arena, struct page_place *place,
                    aisle_error *error)
{
    uint8_t bytes[TOKEN_BYTES_MAX];
    size_t size;
    *place = (struct page_place){.now_ms = 0};
    if (!take_base64(text, bytes, &size) || size < 1 + sizeof(uint64_t) + sizeof(uint32_t) ||
        load_u32(bytes + size - sizeof(uint32_t)) != hash_checksum(bytes, size - sizeof(uint32_t))) {
        return error_set(error, AISLE_BAD_QUERY, "after: expected the cursor of an answer, as it was given");
    }
    struct byte_reader reader = byte_reader_of(bytes_of(bytes, size - sizeof(uint32_t)));
    if (byte_reader_u8(&reader) != TOKEN_VERSION) {
        return error_set(error, AISLE_BAD_QUERY, "after: the cursor was made by another version");
    }
    if (byte_reader_u64(&reader) != asked) {
        return error_set(error, AISLE_BAD_QUERY, "after: the cursor is of another query: text, filter, params, sort "
                                                 "and weights must be the same on every page, and the schema");
    }
    int status = 0;
    if (!take_place(&reader, arena, place, &status)) {
        return error_set(error, AISLE_BAD_QUERY, "after: expected the cursor of an answer, as it was given");
    }
    return status == 0 ? 0 : error_no_memory(error, "reading a cursor");
}
