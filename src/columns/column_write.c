/*
 * column_write.c - a column from values in document order.
 *
 * Pages go to the stream as they fill; the directory (8 bytes for 1,024 documents) waits for the end. Emitting and
 * finishing the stream is the caller's.
 * Thread rule: one thread.
 */
#include "columns/columns.h"

#include "columns/columns_format.h"

#define PAGES_MAX (LIMIT_SEGMENT_DOCUMENTS / COLUMN_PAGE_DOCUMENTS + 1)

int column_writer_init(struct column_writer *writer, enum column_kind kind, struct extent_writer *stream)
{
    writer->stream = stream;
    writer->kind = kind;
    writer->page_count = 0;
    writer->filled = 0;
    writer->missing_count = 0;
    writer->min = COLUMN_MISSING;
    writer->max = COLUMN_MISSING;
    buf_init(&writer->page, COLUMN_PAGE_BYTES_MAX);
    buf_init(&writer->directory, (size_t)PAGES_MAX * sizeof(uint64_t));
    writer->status = stream->payload != 0 || (unsigned)kind > COLUMN_ASCENDING ? AISLE_INVALID : 0;
    return writer->status;
}

void column_writer_release(struct column_writer *writer)
{
    buf_release(&writer->page);
    buf_release(&writer->directory);
    writer->status = AISLE_INVALID;
}

static int flush_page(struct column_writer *writer)
{
    buf_clear(&writer->page);
    int status = column_page_encode(writer->kind, writer->values, writer->filled, &writer->page);
    if (status != 0) {
        return status;
    }
    size_t size = writer->page.size;
    uint64_t offset = extent_writer_put_whole(writer->stream, writer->page.data, size, 8);
    buf_put_u64(&writer->directory, offset << COLUMN_DIRECTORY_SHIFT | size);
    writer->page_count++;
    writer->filled = 0;
    return writer->stream->status != 0 ? writer->stream->status : buf_status(&writer->directory);
}

/* first: no value came before. */
static void widen_range(struct column_writer *writer, int64_t value, bool first)
{
    writer->min = first || value < writer->min ? value : writer->min;
    writer->max = first || value > writer->max ? value : writer->max;
}

int column_writer_add(struct column_writer *writer, int64_t value)
{
    if (writer->status != 0) {
        return writer->status;
    }
    uint64_t documents = (uint64_t)writer->page_count * COLUMN_PAGE_DOCUMENTS + writer->filled;
    if (documents == LIMIT_SEGMENT_DOCUMENTS) {
        writer->status = AISLE_LIMIT;
        return writer->status;
    }
    if (writer->kind == COLUMN_ASCENDING && documents != 0 && value < writer->max) {
        writer->status = AISLE_INVALID;
        return writer->status;
    }
    if (writer->kind != COLUMN_ASCENDING && value == COLUMN_MISSING) {
        writer->missing_count++;
    } else {
        widen_range(writer, value, documents == writer->missing_count);
    }
    writer->values[writer->filled++] = value;
    if (writer->filled == COLUMN_PAGE_DOCUMENTS) {
        writer->status = flush_page(writer);
    }
    return writer->status;
}

int column_keys_add(struct column_writer *writer, uint64_t key)
{
    return column_writer_add(writer, column_from_key(key));
}

static void put_footer(struct column_writer *writer, uint64_t directory_offset, uint32_t document_count)
{
    uint8_t footer[COLUMN_FOOTER_BYTES];
    store_u64(footer, directory_offset);
    store_u64(footer + 8, (uint64_t)writer->min);
    store_u64(footer + 16, (uint64_t)writer->max);
    store_u32(footer + 24, writer->page_count);
    store_u32(footer + 28, document_count);
    store_u32(footer + 32, writer->missing_count);
    store_u32(footer + 36, (uint32_t)writer->kind);
    store_u32(footer + 40, COLUMN_VERSION);
    store_u32(footer + 44, COLUMN_MAGIC);
    (void)extent_writer_put_whole(writer->stream, footer, sizeof footer, 8);
}

int column_writer_finish(struct column_writer *writer)
{
    if (writer->status != 0) {
        return writer->status;
    }
    uint32_t document_count = writer->page_count * COLUMN_PAGE_DOCUMENTS + writer->filled;
    int status = writer->filled != 0 ? flush_page(writer) : 0;
    if (status == 0) {
        uint64_t directory_offset = extent_writer_align(writer->stream, sizeof(uint64_t), 8);
        extent_writer_put(writer->stream, writer->directory.data, writer->directory.size);
        put_footer(writer, directory_offset, document_count);
        status = writer->stream->status;
    }
    writer->status = status != 0 ? status : AISLE_INVALID; /* a finished writer takes nothing more */
    return status;
}
