/*
 * structure_page.c - verifying one page of LMDB's trees, and hashing it.
 */
#include "storage/structure_page.h"

#include "base/hash.h"

#include <stdio.h>

#define KEY_BYTES_MAX 511u

bool structure_blame(struct walker *walker, uint64_t page, const char *what)
{
    snprintf(walker->walk->fault, sizeof walker->walk->fault, "page %llu: %s", (unsigned long long)page, what);
    return false;
}

bool structure_last_page_sound(struct walker *walker, const struct structure_meta *meta)
{
    walker->walk->fault[0] = '\0';
    bool sound = meta->last_page >= FIRST_PAGE - 1 && meta->last_page < walker->walk->file_bytes / meta->page_bytes;
    return sound || structure_blame(walker, meta->last_page, "the last, is not in the file");
}

/* Bytes of a node in its page, or 0 when it does not fit into what is left from its start on. */
static size_t node_bytes(const uint8_t *node, size_t left, bool leaf)
{
    size_t size = NODE_BYTES;
    if (left < size) {
        return 0;
    }
    size += load_u16(node + 6);
    if (leaf) {
        size += (load_u16(node + 4) & NODE_BIG) != 0 ? sizeof(uint64_t) : value_size_of(node);
    }
    size += size & 1;
    return size <= left ? size : 0;
}

/* The nodes fill the page from upper to its end. */
bool structure_page_whole(struct walker *walker, enum tree_kind kind, uint64_t number, bool leaf)
{
    const uint8_t *page = page_at(walker, number);
    size_t lower = load_u16(page + 12);
    size_t upper = load_u16(page + 14);
    if (load_u64(page) != number || load_u16(page + 10) != (leaf ? PAGE_LEAF : PAGE_BRANCH)) {
        return structure_blame(walker, number,
                               leaf ? "not the leaf that it should be" : "not the branch that it should be");
    }
    if (lower <= META_HEAD_BYTES || lower % 2 != 0 || lower > upper || upper > walker->page_bytes) {
        return structure_blame(walker, number, "bounds outside the page");
    }
    size_t total = 0;
    for (size_t at = META_HEAD_BYTES; at < lower; at += 2) {
        size_t start = load_u16(page + at);
        size_t size = start < upper || start >= walker->page_bytes
                          ? 0
                          : node_bytes(page + start, walker->page_bytes - start, leaf);
        size_t key_size = size == 0 ? 0 : load_u16(page + start + 6);
        bool first_of_branch = !leaf && at == META_HEAD_BYTES; /* below all others, so its key may be missing */
        if (size == 0 || key_size > KEY_BYTES_MAX || (key_size == 0 && !first_of_branch) ||
            (kind == TREE_FREE && key_size != sizeof(uint64_t) && !first_of_branch)) {
            return structure_blame(walker, number, "an entry outside the page");
        }
        total += size;
    }
    if (total != walker->page_bytes - upper) {
        return structure_blame(walker, number, "entries that overlap");
    }
    return true;
}

bool structure_record_sound(struct walker *walker, const uint8_t *record, enum tree_kind kind)
{
    uint16_t depth = load_u16(record + 6);
    uint64_t root = load_u64(record + 40);
    bool sound = depth <= DEPTH_MAX && (root == NO_PAGE) == (depth == 0) &&
                 (kind != TREE_TABLE || load_u16(record + 4) == 0);
    return sound || structure_blame(walker, root, "a table's record is damaged");
}

uint64_t structure_page_hash(const struct walker *walker, uint64_t number)
{
    const uint8_t *page = page_at(walker, number);
    size_t lower = load_u16(page + 12);
    size_t upper = load_u16(page + 14);
    return hash_bytes_seeded(page + upper, walker->page_bytes - upper, hash_bytes(page, lower));
}

uint64_t structure_record_hash(uint64_t number, struct bytes record)
{
    return hash_bytes_seeded(record.data, record.size, number);
}
