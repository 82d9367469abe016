/*
 * places.c - a small, trusting reader of LMDB's data file, version 1, on 64-bit little-endian machines.
 *
 *   page     u64 number, u16, u16 flags (1 branch, 2 leaf, 4 overflow), u16 lower, u16 upper (overflow: u32 pages)
 *   meta     at 16: u32 magic, u32 version, u64, u64, database free list, database main, u64 last page, u64 number
 *   database u32, u16, u16 depth, u64 branches, u64 leaves, u64 overflows, u64 entries, u64 root
 *   node     u16 low, u16 high, u16 flags (1 value in overflow pages, 2 database), u16 key size, key, value
 */
#include "corrupt/places.h"

#include <stdbool.h>
#include <string.h>

#define NONE UINT64_MAX

struct walk {
    const uint8_t *file;
    size_t size;
    uint8_t *places;
};

static uint16_t u16_at(const uint8_t *data)
{
    return (uint16_t)(data[0] | data[1] << 8);
}

static uint64_t u64_at(const uint8_t *data)
{
    uint64_t value;
    memcpy(&value, data, sizeof value);
    return value;
}

const char *place_text(enum place place)
{
    static const char *const texts[] = {
#define XX(name, text) text,
        PLACE_MAP(XX)
#undef XX
    };
    return texts[place];
}

static void paint(struct walk *walk, size_t from, size_t size, enum place place)
{
    memset(walk->places + from, (int)place, size);
}

static void walk_overflow(struct walk *walk, uint64_t number, size_t value_size, bool free_list)
{
    size_t start = (size_t)number * PLACES_PAGE;
    uint32_t pages;
    memcpy(&pages, walk->file + start + 12, sizeof pages);
    paint(walk, start, 16, PLACE_OVERFLOW_HEAD);
    paint(walk, start + 16, value_size, free_list ? PLACE_FREE_LIST : PLACE_PAYLOAD);
    paint(walk, start + 16 + value_size, (size_t)pages * PLACES_PAGE - 16 - value_size, PLACE_SLACK);
}

static void walk_tree(struct walk *walk, uint64_t root, bool free_list);

static void walk_page(struct walk *walk, uint64_t number, bool free_list)
{
    const uint8_t *page = walk->file + number * PLACES_PAGE;
    bool leaf = (u16_at(page + 10) & 2) != 0;
    unsigned count = (u16_at(page + 12) - 16u) / 2;
    enum place place = free_list ? PLACE_FREE_LIST : leaf ? PLACE_LEAF : PLACE_BRANCH;
    paint(walk, (size_t)number * PLACES_PAGE, PLACES_PAGE, place);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *node = page + u16_at(page + 16 + 2 * i);
        uint64_t low = u16_at(node) | (uint64_t)u16_at(node + 2) << 16;
        unsigned flags = u16_at(node + 4);
        const uint8_t *value = node + 8 + u16_at(node + 6);
        if (!leaf) {
            walk_tree(walk, low | (uint64_t)flags << 32, free_list);
        } else if ((flags & 1) != 0) {
            walk_overflow(walk, u64_at(value), (size_t)low, free_list);
        } else if ((flags & 2) != 0) {
            walk_tree(walk, u64_at(value + 40), false);
        }
    }
}

static void walk_tree(struct walk *walk, uint64_t root, bool free_list)
{
    if (root != NONE) {
        walk_page(walk, root, free_list);
    }
}

void places_of_data(const uint8_t *file, size_t size, uint8_t *places)
{
    struct walk walk = {file, size, places};
    const uint8_t *metas[2] = {file + 16, file + PLACES_PAGE + 16};
    unsigned newest = u64_at(metas[0] + 128) > u64_at(metas[1] + 128) ? 0 : 1;
    memset(places, PLACE_FREE, size);
    paint(&walk, newest * PLACES_PAGE, PLACES_PAGE, PLACE_META_NEW);
    paint(&walk, (1 - newest) * PLACES_PAGE, PLACES_PAGE, PLACE_META_OLD);
    walk_tree(&walk, u64_at(metas[newest] + 24 + 40), true);
    walk_tree(&walk, u64_at(metas[newest] + 72 + 40), false);
}
