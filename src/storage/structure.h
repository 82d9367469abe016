/*
 * structure.h - reading LMDB's own structures and verifying them, because LMDB trusts what it reads.
 *
 * Private to storage/. Only structure*.c know the layout of the data file; they change nothing. What
 * the values mean is others' business, and so is their content: they carry checksums of their own.
 *
 * Layout (LMDB's data version 1 on 64-bit little-endian machines; numbers of pages and commits are u64)
 *   page      u64 its number, u16, u16 flags, u16 lower, u16 upper, node offsets (u16) up to lower, gap, nodes from
 *             upper on; an overflow page has u32 pages in place of lower and upper, and its value at once behind
 *   meta      in pages 0 and 1, behind the first 16 bytes: u32 magic, u32 version, u64 address, u64 map size,
 *             database of free pages, main database, u64 last page, u64 number of the commit
 *   database  u32 (of the first: page size), u16 flags, u16 depth, u64 branch, leaf and overflow pages, u64 entries,
 *             u64 root
 *   node      u16 low, u16 high, u16 flags, u16 key size, key, value; in a branch low, high and flags are a page; in
 *             a leaf low and high are the value's size, and the value is a database's record (flag 2), or the number of
 *             its first overflow page (flag 1)
 *
 * Thread rule: functions touch only what they are given.
 */
#ifndef AISLE_STORAGE_STRUCTURE_H
#define AISLE_STORAGE_STRUCTURE_H

#include "storage/storage.h"

#define META_BYTES 136u
#define META_HEAD_BYTES 16u
#define PAGE_BYTES_MIN 512u
#define PAGE_BYTES_MAX 32768u

/* The part of a meta page that one commit writes. */
struct structure_meta {
    uint64_t number; /* of the commit */
    uint64_t hash;   /* of the rest */
    uint64_t last_page;
    uint32_t page_bytes;
    uint8_t bytes[META_BYTES];
};

/* What a walk is given and what it finds. */
struct structure_walk {
    const uint8_t *map; /* borrowed: the data file, file_bytes of it */
    uint64_t file_bytes;
    bool heads;       /* also the heads of values' overflow pages: touches a page for each */
    bool hash_only;   /* allocates nothing, and does not see when a page has two uses */
    bool ahead;       /* asks for all pages below a page before it looks at them: the file may not be in memory */
    uint64_t hash;    /* out: of all pages of all trees, their sum */
    char fault[112];  /* out: what is damaged, and where */
};

/* Takes a meta page apart; page: its first META_HEAD_BYTES + META_BYTES bytes. */
void structure_meta_read(const uint8_t *page, struct structure_meta *out);

/*
 * Whether two meta pages (as far as structure_meta_read reads) could have been written by LMDB for this module, one
 * after the other; true for other magics and versions, which LMDB refuses itself. fault: what is wrong.
 */
bool structure_metas_sound(const uint8_t *const pages[2], char *fault, size_t fault_size);

/*
 * Verifies every page of every tree of the commit that meta stands for: numbers, kinds, bounds, order of keys, counts,
 * and that no page has two uses. The commit's pages must not be reused meanwhile: hold a read transaction.
 * 0, AISLE_CORRUPT (walk->fault), AISLE_NO_MEMORY. In C's stack it goes as deep as the trees, at most 64 frames.
 */
must_check int structure_walk(struct structure_walk *walk, const struct structure_meta *meta);

/*
 * Brings walk->hash from what structure_walk would make it for the commit old to what it would make it for the commit
 * right after it, by the pages that only one of them has (structure_follow.c). Verifies each of these by itself. The
 * pages of both must not be reused meanwhile: a read transaction of the newer one keeps the older one's, too.
 * 0, AISLE_CORRUPT (walk->fault), AISLE_NO_MEMORY: then the hash is of nothing.
 */
must_check int structure_follow(struct structure_walk *walk, const struct structure_meta *old,
                                const struct structure_meta *new);

/*
 * Whether a value of size bytes at value, which lies in overflow pages in the map, is headed by what LMDB wrote there:
 * it frees as many pages as the head says.
 */
bool structure_head_sound(const uint8_t *map, uint32_t page_bytes, struct bytes value);

/* Whether the value at this address of the map lies in overflow pages: it begins right behind a page's head. */
static inline bool structure_in_overflow(const uint8_t *map, uint32_t page_bytes, struct bytes value)
{
    return (size_t)(value.data - map) % page_bytes == META_HEAD_BYTES;
}

/* Overflow pages for a value of this size. */
static inline uint64_t structure_overflow_pages(size_t size, uint32_t page_bytes)
{
    return (META_HEAD_BYTES - 1 + (uint64_t)size) / page_bytes + 1;
}

#endif
