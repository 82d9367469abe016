/*
 * buf.c - growth and puts of the byte buffer.
 */
#include "base/buf.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void buf_init(struct buf *buf, size_t max_bytes)
{
    *buf = (struct buf){.max_bytes = max_bytes};
}

void buf_release(struct buf *buf)
{
    mem_free(buf->data);
    buf_init(buf, buf->max_bytes);
}

void buf_clear(struct buf *buf)
{
    buf->size = 0;
    buf->status = 0;
}

static void grow(struct buf *buf, size_t needed)
{
    size_t capacity = buf->capacity < 64 ? 64 : buf->capacity;
    while (capacity < needed) {
        capacity += capacity / 2;
    }
    capacity = capacity > buf->max_bytes ? buf->max_bytes : capacity;
    uint8_t *data = mem_realloc(buf->data, capacity);
    if (data == NULL) {
        buf->status = AISLE_NO_MEMORY;
        return;
    }
    buf->data = data;
    buf->capacity = capacity;
}

uint8_t *buf_extend_slowly(struct buf *buf, size_t size)
{
    if (buf->status != 0) {
        return NULL;
    }
    if (size > buf->max_bytes - buf->size) {
        buf->status = AISLE_LIMIT;
        return NULL;
    }
    if (buf->size + size > buf->capacity || buf->data == NULL) {
        grow(buf, buf->size + size);
        if (buf->status != 0) {
            return NULL;
        }
    }
    uint8_t *start = buf->data + buf->size;
    buf->size += size;
    return start;
}

void buf_put(struct buf *buf, const void *data, size_t size)
{
    uint8_t *p = buf_extend(buf, size);
    if (p != NULL && size != 0) {
        memcpy(p, data, size);
    }
}

void buf_put_string(struct buf *buf, const char *text)
{
    buf_put(buf, text, strlen(text));
}

void buf_put_varint(struct buf *buf, uint64_t value)
{
    uint8_t scratch[VARINT_BYTES_MAX];
    buf_put(buf, scratch, varint_store(scratch, value));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    char scratch[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(scratch, sizeof scratch, format, arguments);
    va_end(arguments);
    assert(size >= 0 && "formats have no wide characters");
    if ((size_t)size < sizeof scratch) {
        buf_put(buf, scratch, (size_t)size);
        return;
    }
    uint8_t *p = buf_extend(buf, (size_t)size + 1);
    if (p != NULL) {
        va_start(arguments, format);
        vsnprintf((char *)p, (size_t)size + 1, format, arguments);
        va_end(arguments);
        buf->size--; /* the NUL */
    }
}
