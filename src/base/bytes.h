/*
 * bytes.h - borrowed views of bytes, fixed-endian loads and stores, and a bounded reader.
 *
 * All integers on disk are little-endian, except in LMDB keys, where big-endian keeps memcmp order. A byte_reader
 * never reads past its end: after the first short or malformed read every further read returns 0 and
 * byte_reader_ok is false, so a decoder checks once.
 */
#ifndef AISLE_BASE_BYTES_H
#define AISLE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data;
    size_t size;
};

static inline struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){.data = data, .size = size};
}

static inline struct bytes bytes_of_string(const char *text)
{
    return bytes_of(text, strlen(text));
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Order of memcmp, a prefix before what it begins: negative, 0, positive. */
static inline int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool bytes_begin_with(struct bytes text, struct bytes prefix)
{
    return text.size >= prefix.size && (prefix.size == 0 || memcmp(text.data, prefix.data, prefix.size) == 0);
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The formats are little-endian and so are the loads below; a big-endian port adds byte swaps here."
#endif

static inline uint16_t load_u16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint32_t load_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint64_t load_u64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/*
 * Whether a and b have the same size bytes. Up to 16, which words and names have, two loads of each say so, where a
 * call costs more than the comparison.
 */
static inline bool bytes_same(const uint8_t *a, const uint8_t *b, size_t size)
{
    if (size >= 8 && size <= 16) {
        return load_u64(a) == load_u64(b) && load_u64(a + size - 8) == load_u64(b + size - 8);
    }
    if (size >= 4 && size < 8) {
        return load_u32(a) == load_u32(b) && load_u32(a + size - 4) == load_u32(b + size - 4);
    }
    if (size != 0 && size < 4) {
        return a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1];
    }
    return size == 0 || memcmp(a, b, size) == 0;
}

/* Of 1 to 16 bytes two numbers that, with the size, no other has. */
static inline void bytes_ends(const uint8_t *data, size_t size, uint64_t *front, uint64_t *back)
{
    if (size >= 8) {
        *front = load_u64(data);
        *back = load_u64(data + size - 8);
    } else if (size >= 4) {
        *front = load_u32(data);
        *back = load_u32(data + size - 4);
    } else {
        *front = (uint64_t)data[0] | (uint64_t)data[size / 2] << 8;
        *back = data[size - 1];
    }
}

static inline void store_u16(uint8_t *p, uint16_t v)
{
    memcpy(p, &v, sizeof v);
}

static inline void store_u32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, sizeof v);
}

static inline void store_u64(uint8_t *p, uint64_t v)
{
    memcpy(p, &v, sizeof v);
}

static inline void store_u32_big(uint8_t *p, uint32_t v)
{
    store_u32(p, __builtin_bswap32(v));
}

static inline void store_u64_big(uint8_t *p, uint64_t v)
{
    store_u64(p, __builtin_bswap64(v));
}

static inline uint32_t load_u32_big(const uint8_t *p)
{
    return __builtin_bswap32(load_u32(p));
}

static inline uint64_t load_u64_big(const uint8_t *p)
{
    return __builtin_bswap64(load_u64(p));
}

/* How many bytes both begin with. */
static inline size_t bytes_shared(struct bytes a, struct bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    size_t shared = 0;
    for (; shared + sizeof(uint64_t) <= common; shared += sizeof(uint64_t)) {
        uint64_t differ = load_u64(a.data + shared) ^ load_u64(b.data + shared);
        if (differ != 0) {
            return shared + (size_t)__builtin_ctzll(differ) / 8;
        }
    }
    while (shared < common && a.data[shared] == b.data[shared]) {
        shared++;
    }
    return shared;
}

/* LEB128: seven bits a byte, low first; at most 10 bytes. */
#define VARINT_BYTES_MAX 10u

/* Writes v at p, which has room for VARINT_BYTES_MAX, and returns the bytes used. */
static inline size_t varint_store(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    while (v >= 0x80) {
        p[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    p[n++] = (uint8_t)v;
    return n;
}

struct byte_reader {
    const uint8_t *next;
    const uint8_t *end;
    bool failed;
};

static inline struct byte_reader byte_reader_of(struct bytes bytes)
{
    return (struct byte_reader){.next = bytes.data, .end = bytes.size == 0 ? bytes.data : bytes.data + bytes.size};
}

static inline bool byte_reader_ok(const struct byte_reader *reader)
{
    return !reader->failed;
}

static inline size_t byte_reader_left(const struct byte_reader *reader)
{
    return (size_t)(reader->end - reader->next);
}

/* A view of the next size bytes; empty, and the reader failed, when there are fewer. */
static inline struct bytes byte_reader_take(struct byte_reader *reader, uint64_t size)
{
    if (reader->failed || size > byte_reader_left(reader)) {
        reader->failed = true;
        return bytes_of(NULL, 0);
    }
    struct bytes taken = bytes_of(reader->next, (size_t)size);
    reader->next += size;
    return taken;
}

static inline uint8_t byte_reader_u8(struct byte_reader *reader)
{
    struct bytes b = byte_reader_take(reader, 1);
    return b.data == NULL ? 0 : b.data[0];
}

static inline uint16_t byte_reader_u16(struct byte_reader *reader)
{
    struct bytes b = byte_reader_take(reader, 2);
    return b.data == NULL ? 0 : load_u16(b.data);
}

static inline uint32_t byte_reader_u32(struct byte_reader *reader)
{
    struct bytes b = byte_reader_take(reader, 4);
    return b.data == NULL ? 0 : load_u32(b.data);
}

static inline uint64_t byte_reader_u64(struct byte_reader *reader)
{
    struct bytes b = byte_reader_take(reader, 8);
    return b.data == NULL ? 0 : load_u64(b.data);
}

#define VARINT_MAX_BYTES 10u

/* Where the longest varint fits, only its end is looked for; a wrong tenth byte is left to the careful way. */
static inline bool byte_reader_varint_inside(struct byte_reader *reader, uint64_t *value)
{
    const uint8_t *next = reader->next;
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        uint8_t byte = *next++;
        sum |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            reader->next = next;
            *value = sum;
            return true;
        }
    }
    return false;
}

static inline uint64_t byte_reader_varint(struct byte_reader *reader)
{
    uint64_t value = 0;
    if (!reader->failed && byte_reader_left(reader) >= VARINT_MAX_BYTES && byte_reader_varint_inside(reader, &value)) {
        return value;
    }
    for (unsigned shift = 0;; shift += 7) { /* a byte at 63 is the last or one too many */
        uint8_t byte = byte_reader_u8(reader);
        if (reader->failed || (shift == 63 && byte > 1)) {
            break;
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    reader->failed = true;
    return 0;
}

/* As byte_reader_varint, for numbers that mostly take as good as any number of bytes up to eight: without a branch. */
static inline uint64_t byte_reader_varint_long(struct byte_reader *reader)
{
    uint64_t bytes = reader->failed || byte_reader_left(reader) < sizeof bytes ? UINT64_MAX : load_u64(reader->next);
    uint64_t ends = ~bytes & UINT64_C(0x8080808080808080); /* the top bit of each byte that is a last one */
    if (ends == 0) {
        return byte_reader_varint(reader);
    }
    uint64_t x = bytes & (ends ^ (ends - 1)) & UINT64_C(0x7f7f7f7f7f7f7f7f);
    x = (x & UINT64_C(0x007f007f007f007f)) | (x & UINT64_C(0x7f007f007f007f00)) >> 1;
    x = (x & UINT64_C(0x00003fff00003fff)) | (x & UINT64_C(0x3fff00003fff0000)) >> 2;
    reader->next += __builtin_ctzll(ends) / 8 + 1;
    return (x & UINT64_C(0x0fffffff)) | (x & UINT64_C(0x0fffffff00000000)) >> 4;
}

#endif
