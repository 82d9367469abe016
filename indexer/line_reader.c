/*
 * line_reader.c - the buffer behind line_reader.h: filled by read, searched by memchr, slid when its end is near.
 */
#include "indexer/line_reader.h"

#include "base/alloc.h"
#include "base/limits.h"

#define READ_BYTES ((size_t)1 << 20)
#define HEAD_BYTES 256u /* of a line, in which a transaction shows itself */

int line_reader_open(struct line_reader *reader, const char *path, const volatile sig_atomic_t *stop,
                     aisle_error *error)
{
    *reader = (struct line_reader){.path = path, .number = 1};
    int status = input_open(&reader->input, path, stop, error);
    if (status != 0) {
        return status;
    }
    reader->is_file = reader->input.is_file;
    reader->capacity = 2 * READ_BYTES;
    reader->data = mem_alloc(reader->capacity);
    if (reader->data == NULL) {
        line_reader_close(reader);
        return error_no_memory(error, "reading a change log");
    }
    return 0;
}

void line_reader_close(struct line_reader *reader)
{
    input_close(&reader->input);
    mem_free(reader->data);
    *reader = (struct line_reader){.input.fd = -1};
}

/* Makes room for another read behind what is held. */
static int make_room(struct line_reader *reader, aisle_error *error)
{
    if (reader->capacity - reader->end >= READ_BYTES) {
        return 0;
    }
    memmove(reader->data, reader->data + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
    if (reader->capacity - reader->end >= READ_BYTES) {
        return 0;
    }
    uint8_t *data = mem_realloc(reader->data, reader->capacity * 2);
    if (data == NULL) {
        return error_no_memory(error, "reading a change log");
    }
    reader->data = data;
    reader->capacity *= 2;
    return 0;
}

/* Reads once more, or finds the end. */
static int fill(struct line_reader *reader, aisle_error *error)
{
    size_t got = 0;
    int status = make_room(reader, error);
    status = status != 0 ? status : input_read(&reader->input, reader->data + reader->end, READ_BYTES, &got, error);
    reader->at_end = status == 0 && got == 0;
    reader->has_read = reader->has_read || got > 0;
    reader->end += got;
    return status;
}

int line_reader_peek(struct line_reader *reader, size_t size, struct bytes *out, aisle_error *error)
{
    *out = bytes_of(NULL, 0);
    while (reader->end - reader->start < size && !reader->at_end) {
        int status = fill(reader, error);
        if (status != 0) {
            return status;
        }
    }
    size_t held = reader->end - reader->start;
    *out = bytes_of(reader->data + reader->start, held < size ? held : size);
    return 0;
}

static int read_past(struct line_reader *reader, uint64_t offset, aisle_error *error)
{
    int status = 0;
    while (status == 0 && reader->offset + (reader->end - reader->start) < offset && !reader->at_end) {
        reader->offset += reader->end - reader->start;
        reader->start = 0;
        reader->end = 0;
        status = fill(reader, error);
    }
    uint64_t held = reader->end - reader->start;
    uint64_t wanted = offset - reader->offset;
    reader->start += (size_t)(wanted < held ? wanted : held);
    reader->offset += wanted < held ? wanted : held;
    return status;
}

int line_reader_seek(struct line_reader *reader, uint64_t offset, aisle_error *error)
{
    struct bytes before;
    int status = input_seek(&reader->input, 0, error);
    if (status != 0) {
        return status;
    }
    reader->start = 0;
    reader->end = 0;
    reader->at_end = false;
    if (reader->input.kind == INPUT_UNKNOWN) {
        /* What its beginning tells; a failure shows again below. */
        (void)!line_reader_peek(reader, 1, &before, NULL);
    }
    bool plain = reader->input.kind != INPUT_GZIP && reader->input.kind != INPUT_ZSTD;
    /* One byte before, to see that it ends a line. */
    uint64_t target = offset == 0 ? 0 : offset - 1;
    status = input_seek(&reader->input, plain ? target : 0, error);
    reader->start = 0;
    reader->end = 0;
    reader->offset = plain ? target : 0;
    reader->number = offset == 0;
    reader->at_end = false;
    status = status != 0 || plain ? status : read_past(reader, target, error);
    if (status != 0 || offset == 0) {
        return status;
    }
    status = line_reader_peek(reader, 1, &before, error);
    if (status == 0 && (before.size == 0 || reader->offset != target || memchr("\n}", before.data[0], 2) == NULL)) {
        return AISLE_END;
    }
    reader->start += 1;
    reader->offset += 1;
    return status;
}

/* Hands out size bytes and what ends them (newline: 0 or 1 byte). */
static void take(struct line_reader *reader, size_t size, size_t newline, struct line *line)
{
    static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};
    line->text = bytes_of(reader->data + reader->start, size);
    line->offset = reader->offset;
    line->end_offset = reader->offset + size + newline;
    line->number = reader->number;
    line->too_long = false;
    line->bytes_max = 0;
    line->ended = newline != 0;
    if (reader->offset == 0 && bytes_begin_with(line->text, bytes_of(mark, sizeof mark))) {
        line->text = bytes_of(line->text.data + sizeof mark, line->text.size - sizeof mark);
    }
    if (line->text.size > 0 && line->text.data[line->text.size - 1] == '\r') {
        line->text.size--;
    }
    reader->start += size + newline;
    reader->offset += size + newline;
    reader->number += reader->number != 0;
}

/* Bytes that a line may have that begins so. */
static uint32_t limit_of(const uint8_t *data, size_t size)
{
    static const char mark[] = "\"change\"";
    bool transaction = memmem(data, size < HEAD_BYTES ? size : HEAD_BYTES, mark, sizeof mark - 1) != NULL;
    return transaction ? LIMIT_TRANSACTION_LINE_BYTES : LIMIT_LINE_BYTES;
}

/* Passes over a line of which more than LIMIT_LINE_BYTES are held without its end. */
static int take_long(struct line_reader *reader, struct line *line, aisle_error *error)
{
    uint64_t bytes = reader->end - reader->start;
    uint32_t bytes_max = limit_of(reader->data + reader->start, (size_t)bytes);
    /* The beginning stays at the buffer's front; the rest is read behind it and forgotten. */
    memmove(reader->data, reader->data + reader->start, LINE_SHOWN_BYTES);
    const uint8_t *newline = NULL;
    *line = (struct line){.text = bytes_of(reader->data, LINE_SHOWN_BYTES),
                          .offset = reader->offset,
                          .number = reader->number,
                          .too_long = true,
                          .bytes_max = bytes_max};
    while (newline == NULL && !reader->at_end) {
        reader->start = LINE_SHOWN_BYTES;
        reader->end = LINE_SHOWN_BYTES;
        int status = fill(reader, error);
        if (status != 0) {
            return status;
        }
        newline = memchr(reader->data + reader->start, '\n', reader->end - reader->start);
        size_t taken = newline == NULL ? reader->end - reader->start
                                       : (size_t)(newline - reader->data) - reader->start + 1;
        bytes += taken;
        reader->start += taken;
    }
    line->ended = newline != NULL;
    line->end_offset = line->offset + bytes;
    reader->offset = line->end_offset;
    reader->number += reader->number != 0;
    return 0;
}

static void cut_long(struct line *line)
{
    if (line->text.size > LIMIT_LINE_BYTES && line->text.size > limit_of(line->text.data, line->text.size)) {
        line->bytes_max = limit_of(line->text.data, line->text.size);
        line->text.size = LINE_SHOWN_BYTES;
        line->too_long = true;
    }
}

int line_reader_next(struct line_reader *reader, struct line *line, aisle_error *error)
{
    size_t searched = 0;
    for (;;) {
        const uint8_t *from = reader->data + reader->start + searched;
        size_t held = reader->end - reader->start;
        const uint8_t *newline = held == searched ? NULL : memchr(from, '\n', held - searched);
        size_t size = newline == NULL ? held : (size_t)(newline - (reader->data + reader->start));
        if (newline == NULL && size > LIMIT_LINE_BYTES && !reader->at_end &&
            size > limit_of(reader->data + reader->start, size)) {
            return take_long(reader, line, error);
        }
        if (newline != NULL || (reader->at_end && held > 0)) {
            take(reader, size, newline != NULL, line);
            cut_long(line);
            return 0;
        }
        if (reader->at_end) {
            return AISLE_END;
        }
        searched = held;
        int status = fill(reader, error);
        if (status != 0) {
            return status;
        }
    }
}

void line_reader_put_back(struct line_reader *reader, const struct line *line)
{
    size_t size = (size_t)(line->end_offset - line->offset);
    if (size <= reader->start) { /* else it was passed over and is not held */
        reader->start -= size;
        reader->offset = line->offset;
        reader->number -= reader->number != 0;
    }
}

void line_reader_again(struct line_reader *reader)
{
    reader->at_end = false;
}
