/*
 * column_read.c - finds pages and values in a finished column.
 *
 * Every byte comes through extent_view_at. Pages that were patched since live elsewhere: the caller looks there first.
 * Thread rule: readers are shared.
 */
#include "columns/columns.h"

#include "columns/columns_format.h"

#define LINE_BYTES 64u /* that memory is asked for at once */

int column_open(struct column_reader *reader, const struct extent_view *stream)
{
    *reader = (struct column_reader){.stream = stream, .min = COLUMN_MISSING, .max = COLUMN_MISSING};
    if (stream->size < COLUMN_FOOTER_BYTES) {
        return AISLE_CORRUPT;
    }
    const uint8_t *footer = extent_view_at(stream, stream->size - COLUMN_FOOTER_BYTES, COLUMN_FOOTER_BYTES);
    if (footer == NULL || load_u32(footer + 44) != COLUMN_MAGIC) {
        return AISLE_CORRUPT;
    }
    if (load_u32(footer + 40) != COLUMN_VERSION) {
        return load_u32(footer + 40) > COLUMN_VERSION ? AISLE_NEWER_FORMAT : AISLE_CORRUPT;
    }
    uint32_t pages = load_u32(footer + 24);
    uint32_t documents = load_u32(footer + 28);
    uint32_t missing = load_u32(footer + 32);
    uint32_t kind = load_u32(footer + 36);
    if (documents > LIMIT_SEGMENT_DOCUMENTS || missing > documents || kind > COLUMN_ASCENDING ||
        pages != (documents + COLUMN_PAGE_DOCUMENTS - 1) / COLUMN_PAGE_DOCUMENTS) {
        return AISLE_CORRUPT;
    }
    reader->directory_offset = load_u64(footer);
    reader->min = (int64_t)load_u64(footer + 8);
    reader->max = (int64_t)load_u64(footer + 16);
    reader->page_count = pages;
    reader->document_count = documents;
    reader->missing_count = missing;
    reader->kind = (enum column_kind)kind;
    return 0;
}

int column_page(const struct column_reader *reader, uint32_t page_index, struct bytes *page)
{
    *page = bytes_of(NULL, 0);
    if (page_index >= reader->page_count) {
        return AISLE_END;
    }
    const uint8_t *word = extent_view_at(
        reader->stream, reader->directory_offset + (uint64_t)page_index * sizeof(uint64_t), sizeof(uint64_t));
    if (word == NULL) {
        return AISLE_CORRUPT;
    }
    uint64_t place = load_u64(word);
    size_t size = (size_t)(place & ((1u << COLUMN_DIRECTORY_SHIFT) - 1));
    const uint8_t *data = extent_view_at(reader->stream, place >> COLUMN_DIRECTORY_SHIFT, size);
    if (data == NULL) {
        return AISLE_CORRUPT;
    }
    *page = bytes_of(data, size);
    return 0;
}

void column_page_ahead(const struct column_reader *reader, uint32_t page_index)
{
    uint64_t at = reader->directory_offset + (uint64_t)page_index * sizeof(uint64_t);
    const uint8_t *word = page_index >= reader->page_count ? NULL : extent_view_at(reader->stream, at, sizeof at);
    if (word == NULL) {
        return;
    }
    uint64_t place = load_u64(word);
    size_t size = (size_t)(place & ((1u << COLUMN_DIRECTORY_SHIFT) - 1));
    const uint8_t *data = extent_view_ahead(reader->stream, place >> COLUMN_DIRECTORY_SHIFT);
    for (size_t i = 0; data != NULL && i < size && i < COLUMN_PAGE_BYTES_MAX; i += LINE_BYTES) {
        __builtin_prefetch(data + i); /* may be behind the extent when damaged: asking is harmless */
    }
}

int column_get(const struct column_reader *reader, uint32_t document, int64_t *value)
{
    struct bytes page;
    *value = COLUMN_MISSING;
    if (document >= reader->document_count) {
        return AISLE_END;
    }
    int status = column_page(reader, document / COLUMN_PAGE_DOCUMENTS, &page);
    if (status != 0) {
        return status;
    }
    /* A page that ends early is damage, not the end of the column. */
    status = column_page_get(page, document % COLUMN_PAGE_DOCUMENTS, value);
    return status == AISLE_END ? AISLE_CORRUPT : status;
}

int column_keys_get(const struct column_reader *reader, uint32_t document, uint64_t *key)
{
    int64_t value;
    *key = 0;
    if (reader->kind != COLUMN_ASCENDING) {
        return AISLE_INVALID;
    }
    int status = column_get(reader, document, &value);
    if (status == 0) {
        *key = column_to_key(value);
    }
    return status;
}
