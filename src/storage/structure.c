/*
 * structure.c - verifying LMDB's meta pages and trees.
 *
 * A damaged pointer or count makes LMDB read wherever it leads, hide what is there, or give away pages that are in
 * use, without a word. So the trees are walked once, when the file is opened: a page of a tree describes a hundred
 * extents of 256 KiB, which makes them a few pages for each GiB.
 */
#include "storage/structure_page.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/hash.h"

#include <stdio.h>
#include <sys/mman.h>

#define MAGIC 0xBEEFC0DEu
#define DATA_VERSION 1u
enum { FREE_FLAGS = 8, MAIN_FLAGS = 0 }; /* keys of the free list are integers */

struct tree {
    enum tree_kind kind;
    uint16_t depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries; /* as its record says */
    uint64_t root;
    uint64_t branches, leaves, overflows, found; /* as they are counted */
};

/* ---------------------------------------------------------------------------------------------------- meta pages -- */

void structure_meta_read(const uint8_t *page, struct structure_meta *out)
{
    const uint8_t *meta = page + META_HEAD_BYTES;
    memcpy(out->bytes, meta, META_BYTES); /* once: another process may be writing the page */
    out->number = load_u64(out->bytes + META_NUMBER);
    out->hash = hash_bytes(out->bytes + META_FREE, META_NUMBER - META_FREE);
    out->last_page = load_u64(out->bytes + META_LAST_PAGE);
    out->page_bytes = load_u32(out->bytes + META_FREE);
}

static const char *meta_fault(const uint8_t *page, uint64_t number)
{
    const uint8_t *meta = page + META_HEAD_BYTES;
    uint32_t page_bytes = load_u32(meta + META_FREE);
    uint64_t commit = load_u64(meta + META_NUMBER);
    if (load_u64(page) != number || load_u16(page + 10) != PAGE_META) {
        return "not a meta page";
    }
    if (load_u64(meta + META_ADDRESS) != 0 || load_u16(meta + META_FREE + 4) != FREE_FLAGS ||
        load_u16(meta + META_MAIN + 4) != MAIN_FLAGS) {
        return "flags that no commit has written";
    }
    if (page_bytes < PAGE_BYTES_MIN || page_bytes > PAGE_BYTES_MAX || (page_bytes & (page_bytes - 1)) != 0) {
        return "not a page size";
    }
    return commit != 0 && commit % 2 != number ? "the number of a commit that belongs to the other meta page" : NULL;
}

bool structure_metas_sound(const uint8_t *const pages[2], char *fault, size_t fault_size)
{
    for (uint64_t i = 0; i < 2; i++) {
        const uint8_t *meta = pages[i] + META_HEAD_BYTES;
        if (load_u32(meta) != MAGIC || load_u32(meta + 4) != DATA_VERSION) {
            return true;
        }
    }
    struct structure_meta metas[2];
    for (uint64_t i = 0; i < 2; i++) {
        const char *what = meta_fault(pages[i], i);
        if (what != NULL) {
            snprintf(fault, fault_size, "page %u: %s", (unsigned)i, what);
            return false;
        }
        structure_meta_read(pages[i], &metas[i]);
    }
    uint64_t apart = metas[0].number > metas[1].number ? metas[0].number - metas[1].number
                                                       : metas[1].number - metas[0].number;
    bool fresh = metas[0].number == 0 && metas[1].number == 0;
    if (metas[0].page_bytes != metas[1].page_bytes || (apart != 1 && !fresh)) {
        snprintf(fault, fault_size, "pages 0 and 1: no two commits that follow each other");
        return false;
    }
    return true;
}

/* --------------------------------------------------------------------------------------------------------- trees -- */

/* Marks count pages from number on as used; false when some are outside the file or used already. */
static bool claim(struct walker *walker, uint64_t number, uint64_t count)
{
    if (!structure_in_file(walker, number, count)) {
        return false;
    }
    for (uint64_t i = number; i < number + count && walker->used != NULL; i++) {
        if (bitset_get(walker->used, i)) {
            return structure_blame(walker, i, "used twice");
        }
        bitset_set(walker->used, i);
    }
    return true;
}

bool structure_head_sound(const uint8_t *map, uint32_t page_bytes, struct bytes value)
{
    uint64_t number = (uint64_t)(value.data - map) / page_bytes;
    uint64_t pages = structure_overflow_pages(value.size, page_bytes);
    return overflow_head_sound(map + number * page_bytes, number, pages, pages);
}

/* The content of a free-list record: pages, none of them in use. */
static bool walk_free_record(struct walker *walker, uint64_t page, struct bytes value)
{
    struct bytes record = structure_free_record(value);
    if (record.size == 0) {
        return structure_blame(walker, page, "a record of free pages is too short");
    }
    for (size_t at = sizeof(uint64_t); at < record.size; at += sizeof(uint64_t)) {
        if (!claim(walker, load_u64(record.data + at), 1)) {
            return false;
        }
    }
    return true;
}

/* A value in overflow pages. Those of the free list are read whole; while they were written their size could change. */
static bool walk_overflow(struct walker *walker, struct tree *tree, uint64_t number, size_t size)
{
    uint64_t pages = structure_overflow_pages(size, walker->page_bytes);
    bool is_free_list = tree->kind == TREE_FREE;
    if (!structure_in_file(walker, number, 1)) {
        return false;
    }
    const uint8_t *page = page_at(walker, number);
    if (is_free_list || walker->walk->heads) {
        if (!overflow_head_sound(page, number, pages, is_free_list ? tree->overflow_pages : pages)) {
            return structure_blame(walker, number, "not the overflow page that it should be");
        }
        pages = load_u32(page + 12);
    }
    tree->overflows += pages;
    if (!claim(walker, number, pages)) {
        return false;
    }
    if (!is_free_list) {
        return true;
    }
    struct bytes value = bytes_of(page + META_HEAD_BYTES, size);
    walker->walk->hash += structure_record_hash(number, structure_free_record(value));
    return walk_free_record(walker, number, value);
}

static bool walk_tree(struct walker *walker, const uint8_t *record, enum tree_kind kind);

/* One node of a leaf; size: of the node in the page, its value included. */
static bool walk_value(struct walker *walker, struct tree *tree, uint64_t page, const uint8_t *node, size_t value_size)
{
    unsigned flags = load_u16(node + 4);
    const uint8_t *value = value_of(node);
    tree->found++;
    if (tree->kind == TREE_MAIN) {
        bool is_table = flags == NODE_DATABASE && value_size == DATABASE_BYTES;
        return is_table ? walk_tree(walker, value, TREE_TABLE)
                        : structure_blame(walker, page, "not the record of a table");
    }
    if (flags == NODE_BIG) {
        return walk_overflow(walker, tree, load_u64(value), value_size);
    }
    if (flags != 0) {
        return structure_blame(walker, page, "unknown flags");
    }
    return tree->kind == TREE_FREE ? walk_free_record(walker, page, bytes_of(value, value_size)) : true;
}

static int compare_keys(const struct tree *tree, struct bytes a, struct bytes b)
{
    if (tree->kind != TREE_FREE) {
        return bytes_compare(a, b);
    }
    uint64_t x = load_u64(a.data);
    uint64_t y = load_u64(b.data);
    return x < y ? -1 : x > y;
}

static void ask_for(const struct walker *walker, uint64_t first, uint64_t pages)
{
    if (first <= walker->last_page && pages <= walker->last_page - first + 1) {
        void *start = (void *)(uintptr_t)page_at(walker, first);
        (void)madvise(start, (size_t)pages * walker->page_bytes, MADV_WILLNEED);
    }
}

/* Leaves lie scattered among the values, so that reading them one after the other waits for the disk at each. */
static void ask_for_children(const struct walker *walker, const uint8_t *page, size_t count)
{
    for (size_t i = 0; i < count;) {
        uint64_t first = child_of(page, i++);
        uint64_t pages = 1;
        for (; i < count && child_of(page, i) == first + pages; i++) {
            pages++;
        }
        ask_for(walker, first, pages);
    }
}

static void ask_for_heads(const struct walker *walker, const uint8_t *page, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *node = node_of(page, i);
        if ((load_u16(node + 4) & NODE_BIG) != 0) {
            ask_for(walker, load_u64(value_of(node)), 1);
        }
    }
}

/* A page at level (1 is the root) whose keys must lie in [low, high); either may be empty: no bound. */
static bool walk_page(struct walker *walker, struct tree *tree, uint64_t number, unsigned level, struct bytes low,
                      struct bytes high)
{
    bool leaf = level == tree->depth;
    if (!claim(walker, number, 1) || !structure_page_whole(walker, tree->kind, number, leaf)) {
        return false;
    }
    const uint8_t *page = page_at(walker, number);
    size_t count = page_entries(page);
    walker->walk->hash += structure_page_hash(walker, number);
    tree->leaves += leaf;
    tree->branches += !leaf;
    if (!leaf && walker->walk->ahead) {
        ask_for_children(walker, page, count);
    }
    if (leaf && walker->walk->ahead && walker->walk->heads) {
        ask_for_heads(walker, page, count);
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *node = node_of(page, i);
        struct bytes key = leaf || i != 0 ? key_of(page, i) : low;
        struct bytes next = i + 1 < count ? key_of(page, i + 1) : high;
        bool in_order = (i != 0 || key.size == 0 || low.size == 0 || compare_keys(tree, key, low) >= 0) &&
                        (key.size == 0 || next.size == 0 || compare_keys(tree, key, next) < 0);
        if (!in_order) {
            return structure_blame(walker, number, "keys out of order");
        }
        bool sound = leaf ? walk_value(walker, tree, number, node, value_size_of(node))
                          : walk_page(walker, tree, child_of(page, i), level + 1, key, next);
        if (!sound) {
            return false;
        }
    }
    return true;
}

static bool walk_tree(struct walker *walker, const uint8_t *record, enum tree_kind kind)
{
    struct tree tree = {.kind = kind,
                        .depth = load_u16(record + 6),
                        .branch_pages = load_u64(record + 8),
                        .leaf_pages = load_u64(record + 16),
                        .overflow_pages = load_u64(record + 24),
                        .entries = load_u64(record + 32),
                        .root = load_u64(record + 40)};
    if (!structure_record_sound(walker, record, kind)) {
        return false;
    }
    if (tree.root != NO_PAGE && !walk_page(walker, &tree, tree.root, 1, bytes_of(NULL, 0), bytes_of(NULL, 0))) {
        return false;
    }
    bool overflows_known = walker->walk->heads || kind != TREE_TABLE;
    if (tree.branches != tree.branch_pages || tree.leaves != tree.leaf_pages || tree.found != tree.entries ||
        (overflows_known && tree.overflows != tree.overflow_pages)) {
        return structure_blame(walker, tree.root, "a table has other counts than its record says");
    }
    return true;
}

int structure_walk(struct structure_walk *walk, const struct structure_meta *meta)
{
    struct walker walker = {.walk = walk, .page_bytes = meta->page_bytes, .last_page = meta->last_page};
    walk->hash = 0;
    if (!structure_last_page_sound(&walker, meta)) {
        return AISLE_CORRUPT;
    }
    if (!walk->hash_only) {
        walker.used = mem_calloc(bitset_words(meta->last_page + 1), sizeof *walker.used);
        if (walker.used == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    bool sound = walk_tree(&walker, meta->bytes + META_FREE, TREE_FREE) &&
                 walk_tree(&walker, meta->bytes + META_MAIN, TREE_MAIN);
    mem_free(walker.used);
    return sound ? 0 : AISLE_CORRUPT;
}
