/*
 * buf.h - a growing byte buffer, born with its maximum.
 *
 * Errors are sticky: after the first failure every further put does nothing, and buf_status tells once what
 * happened (AISLE_NO_MEMORY, or AISLE_LIMIT when max_bytes would be passed). Only byte builders work this way.
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_BASE_BUF_H
#define AISLE_BASE_BUF_H

#include "base/bytes.h"

struct buf {
    uint8_t *data; /* owned */
    size_t size;
    size_t capacity;
    size_t max_bytes;
    int status;
};

/* An empty buffer that holds nothing yet. */
void buf_init(struct buf *buf, size_t max_bytes);
void buf_release(struct buf *buf);

/* Empties the buffer and clears its status; the memory stays. */
void buf_clear(struct buf *buf);

static inline int buf_status(const struct buf *buf)
{
    return buf->status;
}

/* A view of the content, valid to the next put or release. */
static inline struct bytes buf_bytes(const struct buf *buf)
{
    return bytes_of(buf->data, buf->size);
}

/* As buf_extend where that takes more memory, or fails. */
uint8_t *buf_extend_slowly(struct buf *buf, size_t size);

/* Makes the buffer size bytes longer and returns where they begin; NULL after a failure. */
static inline uint8_t *buf_extend(struct buf *buf, size_t size)
{
    if (buf->status != 0 || buf->data == NULL || size > buf->capacity - buf->size) {
        return buf_extend_slowly(buf, size);
    }
    uint8_t *start = buf->data + buf->size;
    buf->size += size;
    return start;
}

void buf_put(struct buf *buf, const void *data, size_t size);
void buf_put_string(struct buf *buf, const char *text);

/* Most puts are of a few bytes, for which a call costs more than the put. */
static inline void buf_put_u8(struct buf *buf, uint8_t value)
{
    uint8_t *p = buf_extend(buf, sizeof value);
    if (p != NULL) {
        *p = value;
    }
}

static inline void buf_put_u16(struct buf *buf, uint16_t value)
{
    uint8_t *p = buf_extend(buf, sizeof value);
    if (p != NULL) {
        store_u16(p, value);
    }
}

static inline void buf_put_u32(struct buf *buf, uint32_t value)
{
    uint8_t *p = buf_extend(buf, sizeof value);
    if (p != NULL) {
        store_u32(p, value);
    }
}

static inline void buf_put_u64(struct buf *buf, uint64_t value)
{
    uint8_t *p = buf_extend(buf, sizeof value);
    if (p != NULL) {
        store_u64(p, value);
    }
}

/* As varint_store writes it. */
void buf_put_varint(struct buf *buf, uint64_t value);

/* As snprintf writes it, without the NUL. */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
