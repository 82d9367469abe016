/*
 * structure_page.h - one page of LMDB's trees, verified and taken apart (structure.h has its layout).
 *
 * Private to structure.c, which walks whole trees, and structure_follow.c, which walks what a commit changed.
 *
 * Thread rule: functions touch only what they are given.
 */
#ifndef AISLE_STORAGE_STRUCTURE_PAGE_H
#define AISLE_STORAGE_STRUCTURE_PAGE_H

#include "storage/structure.h"

#define NO_PAGE UINT64_MAX
#define FIRST_PAGE 2u /* behind the meta pages */
#define DEPTH_MAX 32u
#define NODE_BYTES 8u
#define DATABASE_BYTES 48u

enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8 };
enum { NODE_BIG = 1, NODE_DATABASE = 2 };

/* Offsets within a meta, behind the page's head. */
enum { META_ADDRESS = 8, META_FREE = 24, META_MAIN = 72, META_LAST_PAGE = 120, META_NUMBER = 128 };

enum tree_kind { TREE_FREE, TREE_MAIN, TREE_TABLE };

struct walker {
    struct structure_walk *walk;
    uint32_t page_bytes;
    uint64_t last_page;
    uint64_t *used; /* a bit a page; NULL: not to be known */
};

/* Says what is wrong with a page; false. The walk ends with the first fault. */
bool structure_blame(struct walker *walker, uint64_t page, const char *what);

/* Whether the last page that meta speaks of is in the file; else blames it. Clears the last fault. */
bool structure_last_page_sound(struct walker *walker, const struct structure_meta *meta);

/* Whether a page has its number, its kind and sound bounds, so that its nodes can be looked at; else blames it. */
bool structure_page_whole(struct walker *walker, enum tree_kind kind, uint64_t number, bool leaf);

/* Whether a database's record can be one; else blames it. */
bool structure_record_sound(struct walker *walker, const uint8_t *record, enum tree_kind kind);

/* Whether count pages from number on lie in the file; else blames the first. */
static inline bool structure_in_file(struct walker *walker, uint64_t number, uint64_t count)
{
    bool inside = number >= FIRST_PAGE && number <= walker->last_page && count <= walker->last_page - number + 1;
    return inside || structure_blame(walker, number, "outside the file");
}

/*
 * What a page that is whole adds to the hash of the trees, and what a free-list record in overflow pages adds. The
 * bytes of a page hold its number, and the record's are hashed with its own: contents that changed places do not go
 * unseen, though the parts are summed up.
 */
uint64_t structure_page_hash(const struct walker *walker, uint64_t number);
uint64_t structure_record_hash(uint64_t number, struct bytes record);

/*
 * The used part of a free-list record, a count and as many page numbers; LMDB may have left unused room behind them.
 * Empty when it is damaged.
 */
static inline struct bytes structure_free_record(struct bytes value)
{
    uint64_t count = value.size < sizeof count ? 0 : load_u64(value.data);
    bool sound = value.size >= sizeof count && count <= value.size / sizeof count - 1;
    return sound ? bytes_of(value.data, (size_t)(count + 1) * sizeof count) : bytes_of(NULL, 0);
}

static inline const uint8_t *page_at(const struct walker *walker, uint64_t number)
{
    return walker->walk->map + number * walker->page_bytes;
}

static inline size_t page_entries(const uint8_t *page)
{
    return (load_u16(page + 12) - META_HEAD_BYTES) / 2;
}

static inline const uint8_t *node_of(const uint8_t *page, size_t index)
{
    return page + load_u16(page + META_HEAD_BYTES + 2 * index);
}

static inline struct bytes key_of(const uint8_t *page, size_t index)
{
    const uint8_t *node = node_of(page, index);
    return bytes_of(node + NODE_BYTES, load_u16(node + 6));
}

/* Of a leaf's node: the value, or in its place the number of the first overflow page, and the value's size. */
static inline const uint8_t *value_of(const uint8_t *node)
{
    return node + NODE_BYTES + load_u16(node + 6);
}

static inline size_t value_size_of(const uint8_t *node)
{
    return load_u16(node) | (size_t)load_u16(node + 2) << 16;
}

/* Of a branch's node. */
static inline uint64_t child_of(const uint8_t *page, size_t index)
{
    const uint8_t *node = node_of(page, index);
    return value_size_of(node) | (uint64_t)load_u16(node + 4) << 32;
}

static inline bool overflow_head_sound(const uint8_t *page, uint64_t number, uint64_t pages_min, uint64_t pages_max)
{
    uint32_t pages = load_u32(page + 12);
    return load_u64(page) == number && load_u16(page + 10) == PAGE_OVERFLOW && pages >= pages_min &&
           pages <= pages_max;
}

#endif
