/*
 * postings_bound.c - the skip position: which block holds the next posting, and what bounds it.
 *
 * A superblock is judged as a whole when it is loaded: ascending last documents, room for each block's postings, and
 * agreement with the second level. The second level itself is only searched; where it misleads, the superblock found
 * contradicts it and the list is damaged.
 */
#include "postings/postings_private.h"

#include <assert.h>

#define CACHE_LINE_BYTES 64u
#define PREFETCH_BYTES 256u /* most blocks are not larger by much */

static uint32_t last_at(const uint8_t *lasts, uint32_t i)
{
    return load_u32(lasts + i * sizeof(uint32_t));
}

/* Index of the first of lasts, from start on, that is at least target; the one before end is. Tries the next first. */
static uint32_t first_reaching(const uint8_t *lasts, uint32_t start, uint32_t end, uint32_t target)
{
    uint32_t left = end - start;
    if (last_at(lasts, start) >= target) {
        return start;
    }
    while (left > 1) {
        uint32_t half = left / 2;
        start += last_at(lasts, start + half - 1) < target ? half : 0;
        left -= half;
    }
    return start;
}

static uint32_t chunk_entries(const struct postings_cursor *cursor, uint32_t chunk)
{
    uint32_t left = cursor->superblock_count - chunk * POSTINGS_CHUNK_SUPERBLOCKS;
    return left < POSTINGS_CHUNK_SUPERBLOCKS ? left : POSTINGS_CHUNK_SUPERBLOCKS;
}

static bool load_chunk(struct postings_cursor *cursor, uint32_t chunk)
{
    if (cursor->upper_lasts != NULL && cursor->chunk == chunk) {
        return true;
    }
    uint32_t entries = chunk_entries(cursor, chunk);
    uint64_t offset = postings_place_of(cursor->list.at.skips.upper, chunk, POSTINGS_CHUNK_BYTES);
    const uint8_t *stored = extent_view_at(&cursor->source->skips, offset, (size_t)entries * POSTINGS_UPPER_BYTES);
    if (stored == NULL) {
        cursor_fail(cursor);
        return false;
    }
    cursor->upper_lasts = stored;
    cursor->upper_dominants = stored + entries * sizeof(uint32_t);
    cursor->chunk = chunk;
    return true;
}

/* The second level's last document and dominating code of a superblock; dominant may be NULL. */
static bool read_upper(struct postings_cursor *cursor, uint32_t superblock, uint32_t *last, uint8_t *dominant)
{
    if (!load_chunk(cursor, superblock / POSTINGS_CHUNK_SUPERBLOCKS)) {
        return false;
    }
    *last = last_at(cursor->upper_lasts, superblock % POSTINGS_CHUNK_SUPERBLOCKS);
    if (dominant != NULL) {
        *dominant = cursor->upper_dominants[superblock % POSTINGS_CHUNK_SUPERBLOCKS];
    }
    return true;
}

/* Whether the blocks of a superblock can hold their postings from document first on, in ascending order. */
static bool is_sound(const struct postings_cursor *cursor, const uint8_t *lasts, uint32_t blocks, uint64_t first,
                     bool is_final)
{
    for (uint32_t i = 0; i < blocks; i++) {
        bool is_last = is_final && i + 1 == blocks;
        uint32_t postings = is_last ? (cursor->list.count - 1) % POSTINGS_BLOCK + 1 : POSTINGS_BLOCK;
        uint64_t last = last_at(lasts, i);
        if (last + 1 < first + postings) {
            return false;
        }
        first = last + 1;
    }
    return first <= cursor->source->document_count;
}

static bool load_superblock(struct postings_cursor *cursor, uint32_t superblock)
{
    bool is_final = superblock + 1 == cursor->superblock_count;
    uint32_t blocks_left = cursor->block_count - superblock * POSTINGS_SUPERBLOCK_BLOCKS;
    uint32_t blocks = is_final ? blocks_left : POSTINGS_SUPERBLOCK_BLOCKS;
    uint64_t offset = postings_place_of(cursor->list.at.skips.superblocks, superblock, POSTINGS_SUPERBLOCK_BYTES);
    const uint8_t *stored =
        extent_view_at(&cursor->source->skips, offset, POSTINGS_BASE_BYTES + blocks * POSTINGS_SKIP_BYTES);
    uint64_t first = 0;
    uint32_t last = 0;
    if (superblock != 0) {
        if (!read_upper(cursor, superblock - 1, &last, NULL)) {
            return false;
        }
        first = (uint64_t)last + 1;
    }
    if (cursor->superblock_count > 1 && !read_upper(cursor, superblock, &last, NULL)) {
        return false;
    }
    const uint8_t *lasts = stored == NULL ? NULL : stored + POSTINGS_BASE_BYTES;
    if (lasts == NULL || !is_sound(cursor, lasts, blocks, first, is_final) ||
        (cursor->superblock_count > 1 && last_at(lasts, blocks - 1) != last)) {
        cursor_fail(cursor);
        return false;
    }
    cursor->superblock_base = load_u32(stored) | (uint64_t)stored[4] << 32;
    cursor->lasts = lasts;
    cursor->ends = lasts + blocks * sizeof(uint32_t);
    cursor->dominants = cursor->ends + blocks * sizeof(uint16_t);
    cursor->superblock = superblock;
    cursor->superblock_first = (uint32_t)first;
    cursor->superblock_blocks = blocks;
    return true;
}

/* Moves the skip position inside the loaded superblock. */
static void set_skip(struct postings_cursor *cursor, uint32_t i)
{
    cursor->skip_block = cursor->superblock * POSTINGS_SUPERBLOCK_BLOCKS + i;
    cursor->skip_first = i == 0 ? cursor->superblock_first : last_at(cursor->lasts, i - 1) + 1;
    cursor->skip_last = last_at(cursor->lasts, i);
    cursor->skip_dominant = cursor->dominants[i];
}

bool skip_to_block(struct postings_cursor *cursor, uint32_t block)
{
    assert(cursor->superblock_count != 0);
    uint32_t superblock = block / POSTINGS_SUPERBLOCK_BLOCKS;
    if ((cursor->lasts == NULL || cursor->superblock != superblock) && !load_superblock(cursor, superblock)) {
        return false;
    }
    set_skip(cursor, block % POSTINGS_SUPERBLOCK_BLOCKS);
    return true;
}

/*
 * Loads the superblock behind the loaded one that holds the first posting at or behind target. Looks near first and in
 * strides that double, since seeks are short more often than long.
 */
static bool find_superblock(struct postings_cursor *cursor, uint32_t target)
{
    uint32_t start = cursor->superblock + 1;
    while (start < cursor->superblock_count) {
        uint32_t chunk = start / POSTINGS_CHUNK_SUPERBLOCKS;
        uint32_t at = start % POSTINGS_CHUNK_SUPERBLOCKS;
        if (!load_chunk(cursor, chunk)) {
            return false;
        }
        uint32_t entries = chunk_entries(cursor, chunk);
        if (last_at(cursor->upper_lasts, entries - 1) < target) {
            start = (chunk + 1) * POSTINGS_CHUNK_SUPERBLOCKS;
            continue;
        }
        uint32_t stride = 1;
        while (stride < entries - at && last_at(cursor->upper_lasts, at + stride - 1) < target) {
            at += stride;
            stride *= 2;
        }
        uint32_t end = stride < entries - at ? at + stride : entries;
        at = first_reaching(cursor->upper_lasts, at, end, target);
        return load_superblock(cursor, chunk * POSTINGS_CHUNK_SUPERBLOCKS + at);
    }
    return false;
}

bool skip_to(struct postings_cursor *cursor, uint32_t target)
{
    if (cursor->document == POSTINGS_END) {
        return false;
    }
    if (cursor->superblock_count == 0) {
        return target <= cursor->skip_last;
    }
    if (target < cursor->skip_first && !skip_to_block(cursor, cursor->block)) {
        return false;
    }
    if (target <= cursor->skip_last) {
        return true;
    }
    uint32_t at = cursor->skip_block % POSTINGS_SUPERBLOCK_BLOCKS + 1;
    if (target > last_at(cursor->lasts, cursor->superblock_blocks - 1)) {
        if (!find_superblock(cursor, target)) {
            return false;
        }
        /* Whatever the second level says: its entries on both sides of the place were compared with target. */
        assert(target >= cursor->superblock_first && target <= last_at(cursor->lasts, cursor->superblock_blocks - 1));
        at = 0;
    }
    set_skip(cursor, first_reaching(cursor->lasts, at, cursor->superblock_blocks, target));
    return true;
}

/* Asks the processor to fetch size bytes from offset on, as far as they lie in one extent. */
static void fetch(const struct extent_view *view, uint64_t offset, uint64_t size)
{
    const uint8_t *at = extent_view_ahead(view, offset, 1);
    uint64_t left = EXTENT_PAYLOAD - offset % EXTENT_PAYLOAD;
    for (uint64_t i = 0; at != NULL && i < size && i < left; i += CACHE_LINE_BYTES) {
        __builtin_prefetch(at + i);
    }
}

void skip_prefetch(const struct postings_cursor *cursor, uint32_t target)
{
    const struct extent_view *blocks = &cursor->source->blocks;
    uint32_t at = cursor->skip_block % POSTINGS_SUPERBLOCK_BLOCKS + 1;
    if (cursor->lasts == NULL || at >= cursor->superblock_blocks ||
        last_at(cursor->lasts, cursor->superblock_blocks - 1) < target) {
        return;
    }
    at = first_reaching(cursor->lasts, at, cursor->superblock_blocks, target);
    fetch(blocks, cursor->superblock_base + load_u16(cursor->ends + (at - 1) * sizeof(uint16_t)), PREFETCH_BYTES);
}

void skip_prefetch_first(const struct postings_cursor *cursor)
{
    uint64_t size = load_u16(cursor->ends);
    fetch(&cursor->source->blocks, cursor->superblock_base, size < PREFETCH_BYTES ? size : PREFETCH_BYTES);
}

void postings_list_ahead(const struct postings_source *source, const struct postings_list *list)
{
    if (list->kind == POSTINGS_SINGLE) {
        fetch(&source->blocks, list->at.block_offset, list->size);
    } else if (list->kind == POSTINGS_SHORT || list->kind == POSTINGS_LONG) {
        fetch(&source->skips, list->at.skips.superblocks, POSTINGS_SUPERBLOCK_BYTES);
    }
    if (list->kind == POSTINGS_LONG) {
        fetch(&source->skips, list->at.skips.upper, CACHE_LINE_BYTES);
    }
}

uint8_t postings_cursor_find_bound(struct postings_cursor *cursor, uint32_t target, uint32_t *last)
{
    if (!skip_to(cursor, target)) {
        *last = POSTINGS_END - 1;
        return 0;
    }
    *last = cursor->skip_last;
    return cursor->skip_dominant;
}

/* Adds the blocks of the loaded superblock from the skip position on that begin at or before to. */
static uint8_t range_of_blocks(const struct postings_cursor *cursor, uint32_t to, uint8_t dominant)
{
    uint32_t i = cursor->skip_block % POSTINGS_SUPERBLOCK_BLOCKS + 1;
    for (; i < cursor->superblock_blocks && last_at(cursor->lasts, i - 1) < to; i++) {
        dominant = postings_dominate(dominant, cursor->dominants[i]);
    }
    return dominant;
}

/* Adds the superblocks behind the loaded one: as one those that end at or before to, the next by its blocks. */
static uint8_t range_of_superblocks(struct postings_cursor *cursor, uint32_t to, uint8_t dominant)
{
    uint32_t end = last_at(cursor->lasts, cursor->superblock_blocks - 1);
    for (uint32_t i = cursor->superblock + 1; i < cursor->superblock_count && end < to; i++) {
        uint8_t part;
        if (!read_upper(cursor, i, &end, &part)) {
            return 0;
        }
        if (end > to) {
            if (!load_superblock(cursor, i)) {
                return 0;
            }
            set_skip(cursor, 0);
            part = range_of_blocks(cursor, to, cursor->skip_dominant);
        }
        dominant = postings_dominate(dominant, part);
    }
    return dominant;
}

uint8_t postings_cursor_bound_range(struct postings_cursor *cursor, uint32_t from, uint32_t to, bool *any)
{
    from = from < cursor->document ? cursor->document : from;
    *any = from <= to && skip_to(cursor, from);
    if (!*any) {
        return 0;
    }
    uint8_t dominant = cursor->skip_dominant;
    if (cursor->superblock_count != 0 && cursor->skip_last < to) {
        uint32_t block = cursor->skip_block;
        dominant = range_of_blocks(cursor, to, dominant);
        dominant = range_of_superblocks(cursor, to, dominant);
        if (cursor->status == 0) {
            (void)skip_to_block(cursor, block);
        }
        *any = cursor->status == 0;
    }
    return *any ? dominant : 0;
}

uint8_t postings_cursor_bound_wide(struct postings_cursor *cursor, uint32_t target, uint32_t *last)
{
    uint8_t dominant = cursor->list.dominant;
    *last = POSTINGS_END - 1;
    if (cursor->document == POSTINGS_END || cursor->superblock_count == 0) {
        return cursor->document == POSTINGS_END ? 0 : dominant;
    }
    if (!skip_to(cursor, target)) {
        return 0;
    }
    uint32_t end = last_at(cursor->lasts, cursor->superblock_blocks - 1);
    if (cursor->superblock_count > 1 && !read_upper(cursor, cursor->superblock, &end, &dominant)) {
        return 0;
    }
    *last = end;
    return dominant;
}
