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

int column_pages(const struct column_reader *reader, uint32_t first, uint32_t count, uint32_t wanted,
                 struct bytes *pages)
{
    const struct extent_view *stream = reader->stream;
    uint32_t there = first < reader->page_count ? reader->page_count - first : 0;
    uint32_t asked = there < 2 * count ? there : 2 * count;
    uint64_t at = reader->directory_offset + (uint64_t)first * sizeof(uint64_t);
    const uint8_t *words = extent_view_at(stream, at, asked * sizeof(uint64_t));
    int status = count <= there ? 0 : AISLE_CORRUPT;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        pages[i] = bytes_of(NULL, 0);
        if ((wanted >> i & 1) == 0) {
            continue;
        }
        if (words == NULL) { /* they may straddle extents */
            status = column_page(reader, first + i, &pages[i]);
            continue;
        }
        uint64_t place = load_u64(words + i * sizeof place);
        size_t size = (size_t)(place & ((1u << COLUMN_DIRECTORY_SHIFT) - 1));
        const uint8_t *data = extent_view_at(stream, place >> COLUMN_DIRECTORY_SHIFT, size);
        pages[i] = bytes_of(data, data == NULL ? 0 : size);
        status = data == NULL ? AISLE_CORRUPT : 0;
    }
    bool goes_on = words != NULL && wanted == (1u << count) - 1;
    for (uint32_t i = count; goes_on && i < asked; i++) {
        uint64_t place = load_u64(words + i * sizeof place);
        const uint8_t *data = extent_view_ahead(stream, place >> COLUMN_DIRECTORY_SHIFT, 1);
        if (data != NULL) {
            __builtin_prefetch(data);
            __builtin_prefetch(data + LINE_BYTES);
        }
    }
    return status;
}

/* Where a page lies, unverified, and its size; NULL: nowhere. It may reach behind its extent when damaged. */
static const uint8_t *find_ahead(const struct column_reader *reader, uint32_t page_index, size_t *size)
{
    uint64_t at = reader->directory_offset + (uint64_t)page_index * sizeof(uint64_t);
    const uint8_t *word = page_index >= reader->page_count ? NULL : extent_view_at(reader->stream, at, sizeof at);
    if (word == NULL) {
        return NULL;
    }
    uint64_t place = load_u64(word);
    *size = (size_t)(place & ((1u << COLUMN_DIRECTORY_SHIFT) - 1));
    return *size > COLUMN_PAGE_BYTES_MAX ? NULL : extent_view_ahead(reader->stream, place >> COLUMN_DIRECTORY_SHIFT, 1);
}

void column_page_ahead_at(const struct column_reader *reader, uint32_t page_index, uint32_t index)
{
    size_t size;
    const uint8_t *data = find_ahead(reader, page_index, &size);
    if (data != NULL) {
        __builtin_prefetch(data);
        __builtin_prefetch(data + COLUMN_HEADER_BYTES + size * index / COLUMN_PAGE_DOCUMENTS);
    }
}

void column_keys_ahead(const struct column_reader *reader, uint32_t document, enum column_ahead step)
{
    uint64_t entry = reader->directory_offset + (uint64_t)(document / COLUMN_PAGE_DOCUMENTS) * sizeof(uint64_t);
    bool is_there = document < reader->document_count;
    const uint8_t *at = is_there ? extent_view_ahead(reader->stream, entry, sizeof(uint64_t)) : NULL;
    if (at != NULL && step == COLUMN_AHEAD_PLACE) {
        __builtin_prefetch(at);
    } else if (at != NULL) { /* which may say anything */
        uint64_t place = load_u64(at);
        size_t size = (size_t)place & ((1u << COLUMN_DIRECTORY_SHIFT) - 1);
        const uint8_t *page = extent_view_ahead(reader->stream, place >> COLUMN_DIRECTORY_SHIFT, 1);
        uint32_t index = document % COLUMN_PAGE_DOCUMENTS;
        size_t restart = COLUMN_HEADER_BYTES + index / COLUMN_GROUP_VALUES * COLUMN_RESTART_BYTES;
        size_t group = size * (index - index % COLUMN_GROUP_VALUES) / COLUMN_PAGE_DOCUMENTS;
        size_t end = size * index / COLUMN_PAGE_DOCUMENTS + LINE_BYTES;
        if (page == NULL) {
            return;
        }
        __builtin_prefetch(page);
        __builtin_prefetch(page + restart);
        for (size_t byte = group; byte < end; byte += LINE_BYTES) {
            __builtin_prefetch(page + byte);
        }
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
