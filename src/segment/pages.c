/*
 * pages.c - keys of extents and pages, and the checksum in front of every copy-on-write page.
 */
#include "segment/segment.h"

#include "base/alloc.h"
#include "base/hash.h"

#define PAGE_CONTENT_MAX (1u << 16)

void segment_page_key(uint8_t key[PAGE_KEY_BYTES], uint32_t segment, uint8_t kind, uint32_t page)
{
    store_u32_big(key, segment);
    key[4] = kind;
    store_u32_big(key + 5, page);
}

void segment_extent_key(uint8_t key[EXTENT_KEY_BYTES], uint32_t segment, uint8_t component, uint32_t index)
{
    store_u32_big(key, segment);
    key[4] = component;
    store_u32_big(key + 5, index);
}

int segment_page_put(struct storage_txn *txn, uint32_t segment, uint8_t kind, uint32_t page, struct bytes content)
{
    uint8_t key[PAGE_KEY_BYTES];
    struct buf stored;
    segment_page_key(key, segment, kind, page);
    buf_init(&stored, PAGE_CONTENT_MAX);
    buf_put_u32(&stored, hash_checksum(content.data, content.size));
    buf_put(&stored, content.data, content.size);
    int status = buf_status(&stored);
    if (status == 0) {
        status = storage_put(txn, TABLE_PAGES, bytes_of(key, sizeof key), buf_bytes(&stored));
    }
    buf_release(&stored);
    return status;
}

int segment_page_open(struct bytes stored, struct bytes *content)
{
    *content = bytes_of(NULL, 0);
    if (stored.size <= 4 || load_u32(stored.data) != hash_checksum(stored.data + 4, stored.size - 4)) {
        return AISLE_CORRUPT;
    }
    *content = bytes_of(stored.data + 4, stored.size - 4);
    return 0;
}

int segment_page_get(struct storage_txn *txn, uint32_t segment, uint8_t kind, uint32_t page, struct bytes *content)
{
    uint8_t key[PAGE_KEY_BYTES];
    struct bytes stored;
    *content = bytes_of(NULL, 0);
    segment_page_key(key, segment, kind, page);
    int status = storage_get(txn, TABLE_PAGES, bytes_of(key, sizeof key), &stored);
    return status == AISLE_END ? 0 : status != 0 ? status : segment_page_open(stored, content);
}
