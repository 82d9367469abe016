/*
 * page_image.h - a small data file of LMDB's, made by hand: what the tests and the fuzz target of storage/structure.h
 * begin with.
 *
 * Ten pages of the least size, sound as they are. Layout in storage/structure.h.
 *
 *   0, 1  meta pages of the commits 2 and 1    4, 5, 6  table "a": a branch; leaves "a", "b" and "m", "n"
 *   2     leaf of the free list                7        value of "n"
 *   3     leaf of the main tree: "a", "b"      8        second record of the free list, which has room left
 *         (which is empty)                     9        a free page
 */
#ifndef AISLE_TESTS_SUPPORT_PAGE_IMAGE_H
#define AISLE_TESTS_SUPPORT_PAGE_IMAGE_H

#include "base/bytes.h"

#define IMAGE_PAGE 512u
#define IMAGE_PAGES 10u
#define IMAGE_BYTES (IMAGE_PAGE * IMAGE_PAGES)
#define IMAGE_HEAD 16u   /* bytes of a page before what it holds */
#define IMAGE_RECORD 48u /* bytes of a tree's record */

/* Flags of pages and of nodes. */
enum { IMAGE_BRANCH = 1, IMAGE_LEAF = 2, IMAGE_OVERFLOW = 4, IMAGE_META = 8 };
enum { IMAGE_BIG = 1, IMAGE_TABLE = 2 };

/* Offsets within a meta page. */
enum { IMAGE_FREE = 40, IMAGE_MAIN = 88, IMAGE_LAST_PAGE = 136, IMAGE_COMMIT = 144 };

struct image {
    uint8_t bytes[IMAGE_BYTES];
};

struct image_tree {
    uint16_t depth;
    uint64_t branches, leaves, overflows, entries, root;
};

static inline uint8_t *image_page(struct image *image, uint64_t number)
{
    return image->bytes + number * IMAGE_PAGE;
}

/* An empty page. */
static inline uint8_t *image_begin(struct image *image, uint64_t number, uint16_t flags)
{
    uint8_t *page = image_page(image, number);
    memset(page, 0, IMAGE_PAGE);
    store_u64(page, number);
    store_u16(page + 10, flags);
    store_u16(page + 12, IMAGE_HEAD);
    store_u16(page + 14, IMAGE_PAGE);
    return page;
}

/* Where node number index of a page is. */
static inline uint8_t *image_node(uint8_t *page, size_t index)
{
    return page + load_u16(page + IMAGE_HEAD + 2 * index);
}

/* Adds a node behind all others; size: what its head says, bytes: of value that stand in the page. */
static inline uint8_t *image_add(uint8_t *page, uint64_t size_or_page, uint16_t flags, struct bytes key,
                                 struct bytes value)
{
    uint16_t lower = load_u16(page + 12);
    size_t bytes = 8 + key.size + value.size;
    uint16_t start = (uint16_t)(load_u16(page + 14) - bytes - bytes % 2);
    uint8_t *node = page + start;
    store_u16(page + lower, start);
    store_u16(page + 12, (uint16_t)(lower + 2));
    store_u16(page + 14, start);
    store_u32(node, (uint32_t)size_or_page);
    store_u16(node + 4, flags);
    store_u16(node + 6, (uint16_t)key.size);
    if (key.size != 0) {
        memcpy(node + 8, key.data, key.size);
    }
    if (value.size != 0) {
        memcpy(node + 8 + key.size, value.data, value.size);
    }
    return node;
}

static inline void image_add_small(uint8_t *page, const char *key, const char *value)
{
    image_add(page, strlen(value), 0, bytes_of_string(key), bytes_of_string(value));
}

/* A value of size bytes in overflow pages from number first on. */
static inline void image_add_big(uint8_t *page, struct bytes key, uint64_t size, uint64_t first)
{
    uint8_t value[8];
    store_u64(value, first);
    image_add(page, size, IMAGE_BIG, key, bytes_of(value, sizeof value));
}

static inline void image_record(uint8_t *record, const struct image_tree *tree)
{
    store_u16(record + 6, tree->depth);
    store_u64(record + 8, tree->branches);
    store_u64(record + 16, tree->leaves);
    store_u64(record + 24, tree->overflows);
    store_u64(record + 32, tree->entries);
    store_u64(record + 40, tree->root);
}

static inline void image_add_table(uint8_t *page, const char *name, const struct image_tree *tree)
{
    uint8_t record[IMAGE_RECORD] = {0};
    image_record(record, tree);
    image_add(page, IMAGE_RECORD, IMAGE_TABLE, bytes_of_string(name), bytes_of(record, sizeof record));
}

static inline void image_make_metas(struct image *image)
{
    for (uint64_t i = 0; i < 2; i++) {
        uint8_t *page = image_page(image, i);
        store_u64(page, i);
        store_u16(page + 10, IMAGE_META);
        store_u32(page + 16, 0xBEEFC0DEu);
        store_u32(page + 20, 1);
        store_u64(page + 32, 1u << 20); /* of the map */
        store_u32(page + IMAGE_FREE, IMAGE_PAGE);
        store_u16(page + IMAGE_FREE + 4, 8);
        image_record(page + IMAGE_FREE,
                     &(struct image_tree){.depth = 1, .leaves = 1, .overflows = 1, .entries = 2, .root = 2});
        image_record(page + IMAGE_MAIN, &(struct image_tree){.depth = 1, .leaves = 1, .entries = 2, .root = 3});
        store_u64(page + IMAGE_LAST_PAGE, IMAGE_PAGES - 1);
        store_u64(page + IMAGE_COMMIT, 2 - i);
    }
}

static inline void image_make(struct image *image)
{
    uint8_t commits[2][8];
    uint8_t free_pages[16];
    memset(image, 0, sizeof *image);
    image_make_metas(image);
    uint8_t *list = image_begin(image, 2, IMAGE_LEAF);
    store_u64(commits[0], 1);
    store_u64(commits[1], 2);
    store_u64(free_pages, 1);
    store_u64(free_pages + 8, 9);
    image_add(list, sizeof free_pages, 0, bytes_of(commits[0], 8), bytes_of(free_pages, sizeof free_pages));
    image_add_big(list, bytes_of(commits[1], 8), 80, 8);
    uint8_t *main = image_begin(image, 3, IMAGE_LEAF);
    image_add_table(main, "a", &(struct image_tree){2, 1, 2, 1, 4, 4});
    image_add_table(main, "b", &(struct image_tree){.root = UINT64_MAX});
    uint8_t *branch = image_begin(image, 4, IMAGE_BRANCH);
    image_add(branch, 5, 0, bytes_of(NULL, 0), bytes_of(NULL, 0));
    image_add(branch, 6, 0, bytes_of_string("c"), bytes_of(NULL, 0));
    uint8_t *left = image_begin(image, 5, IMAGE_LEAF);
    image_add_small(left, "a", "one");
    image_add_small(left, "b", "");
    uint8_t *right = image_begin(image, 6, IMAGE_LEAF);
    image_add_small(right, "m", "two");
    image_add_big(right, bytes_of_string("n"), 400, 7);
    store_u32(image_begin(image, 7, IMAGE_OVERFLOW) + 12, 1);
    store_u32(image_begin(image, 8, IMAGE_OVERFLOW) + 12, 1);
    store_u64(image_page(image, 9), 9);
}

#endif
