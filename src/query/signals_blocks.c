/*
 * signals_blocks.c - sums of blocks: finding, asking, filling.
 */
#include "query/signals_blocks.h"

#include "base/bitset.h"

#define PAGES_MAX 256u /* that a block may cover: of rarer words, nothing is kept */

/* ---- finding ---- */

/* The most by which a part has risen from before to now; 0: by no factor. Factors are compared without dividing. */
static uint32_t rise_of(const int32_t before[256], const int32_t now[256])
{
    uint64_t old = 1;
    uint64_t new = 1;
    for (unsigned code = 0; code < 256; code++) { /* parts are below 2^31 */
        bool is_more = (uint64_t)now[code] * old > new * (uint64_t)before[code];
        old = is_more ? (uint64_t)before[code] : old;
        new = is_more ? (uint64_t)now[code] : new;
    }
    uint64_t most = old == 0 ? 0 : (new * SIGNALS_RISE_ONE + old - 1) / old;
    return most <= UINT32_MAX ? (uint32_t)most : 0;
}

static bool is_same(const struct signals_price *a, const struct signals_price *b)
{
    return a->df == b->df && a->products == b->products && a->length_sum == b->length_sum;
}

/* Finds what is kept in one place; nothing stays in *out if there is no room or no memory. */
static void open_kept(struct signals_kept *kept, const struct query_context *context, const struct query_node *leaf,
                      uint64_t key, uint32_t entries, struct signals_blocks_kept *out)
{
    const struct signals_price now = {leaf->df, context->statistics.products, context->statistics.length_sum};
    struct signals_price then;
    _Atomic uint16_t *sums = signals_kept_sums(kept, key, entries, &now, &then);
    const struct rank_table *table = leaf->table;
    uint32_t rise = SIGNALS_RISE_ONE;
    if (sums != NULL && (!is_same(&now, &then) || leaf->share != 1.0)) {
        const struct rank_statistics statistics = {.products = then.products, .length_sum = then.length_sum};
        struct rank_table *before = arena_alloc(context->arena, sizeof *before);
        if (before != NULL) {
            rank_table_init(before, &context->weights, &statistics, then.df);
        }
        table = before;
        rise = before == NULL ? 0 : rise_of(before->part, leaf->table->part);
    }
    if (sums != NULL && rise != 0) {
        int32_t most = table->bound[UINT8_MAX & ~RANK_LENGTH_MASK] + kept->bounds->rules.max;
        *out = (struct signals_blocks_kept){
            .sums = sums, .unit = most / UINT16_MAX + 1, .parts = table->part, .rise = rise};
    }
}

void signals_blocks_open(const struct signals *signals, const struct query_context *context,
                         const struct query_node *leaf, const struct postings_list *list, struct signals_blocks *out)
{
    uint32_t blocks = (uint32_t)(((uint64_t)list->count + POSTINGS_BLOCK - 1) / POSTINGS_BLOCK);
    uint32_t superblocks = (blocks + POSTINGS_SUPERBLOCK_BLOCKS - 1) / POSTINGS_SUPERBLOCK_BLOCKS;
    bool has_skips = list->kind == POSTINGS_SHORT || list->kind == POSTINGS_LONG;
    *out = (struct signals_blocks){.count = blocks};
    if (blocks < SIGNALS_BLOCKS_MIN || !has_skips || signals->kept == NULL) {
        return;
    }
    uint64_t key = list->at.skips.superblocks + 1;
    open_kept(signals->kept, context, leaf, key, blocks + superblocks, &out->written);
    if (signals->kept_patched != NULL) {
        open_kept(signals->kept_patched, context, leaf, key, blocks + superblocks, &out->patched);
    }
}

/* ---- asking ---- */

/* Whether any page from that of first to that of last is patched; more than is looked at may be. */
static bool has_patched(const struct signals *signals, uint32_t first, uint32_t last)
{
    uint32_t page = first / COLUMN_PAGE_DOCUMENTS;
    uint32_t end = last / COLUMN_PAGE_DOCUMENTS + 1;
    bool has = signals->patched != NULL && end - page > PAGES_MAX;
    for (; signals->patched != NULL && page < end && !has; page++) {
        has = bitset_get(signals->patched, page);
    }
    return has;
}

static const struct signals_blocks_kept *kept_for(const struct signals *signals, const struct signals_blocks *blocks,
                                                  uint32_t first, uint32_t last)
{
    return has_patched(signals, first, last) ? &blocks->patched : &blocks->written;
}

static int32_t bound_of(const struct signals *signals, const struct signals_blocks_kept *kept, uint32_t entry,
                        const struct signals_block *block)
{
    int64_t sum = atomic_load_explicit(&kept->sums[entry], memory_order_relaxed);
    if (sum == 0) {
        return INT32_MAX;
    }
    sum *= kept->unit;
    sum = kept->rise == SIGNALS_RISE_ONE ? sum : (sum * kept->rise) / SIGNALS_RISE_ONE + 1;
    sum += signals->boosts == NULL ? 0 : boosts_bound(signals->boosts, block->first, block->last);
    return sum < INT32_MAX ? (int32_t)sum : INT32_MAX;
}

int32_t signals_blocks_bound(const struct signals *signals, const struct signals_blocks *blocks,
                             const struct signals_block *block)
{
    const struct signals_blocks_kept *kept = kept_for(signals, blocks, block->first, block->last);
    return kept->sums == NULL ? INT32_MAX : bound_of(signals, kept, block->number, block);
}

/* Finds the largest of a superblock's blocks, count of them, if all are known. */
static void sum_up(const _Atomic uint16_t *of_blocks, uint32_t count, _Atomic uint16_t *sum)
{
    uint16_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t units = atomic_load_explicit(&of_blocks[i], memory_order_relaxed);
        if (units == 0) {
            return;
        }
        most = units > most ? units : most;
    }
    atomic_store_explicit(sum, most, memory_order_relaxed);
}

int32_t signals_blocks_bound_wide(const struct signals *signals, const struct signals_blocks *blocks,
                                  const struct signals_block *superblock)
{
    const struct signals_blocks_kept *kept = kept_for(signals, blocks, superblock->first, superblock->last);
    uint32_t first = superblock->number * POSTINGS_SUPERBLOCK_BLOCKS;
    uint32_t entry = blocks->count + superblock->number;
    if (kept->sums == NULL || first >= blocks->count) {
        return INT32_MAX;
    }
    if (atomic_load_explicit(&kept->sums[entry], memory_order_relaxed) == 0) {
        uint32_t left = blocks->count - first;
        sum_up(kept->sums + first, left < POSTINGS_SUPERBLOCK_BLOCKS ? left : POSTINGS_SUPERBLOCK_BLOCKS,
               kept->sums + entry);
    }
    return bound_of(signals, kept, entry, superblock);
}

/* ---- filling ---- */

void signals_blocks_fill(struct signals *signals, const struct signals_blocks *blocks, uint32_t number,
                         const uint32_t *documents, const uint8_t *codes, size_t count)
{
    uint32_t last = documents[count - 1];
    const struct signals_blocks_kept *into = kept_for(signals, blocks, documents[0], last);
    if (into->sums == NULL || atomic_load_explicit(&into->sums[number], memory_order_relaxed) != 0 ||
        last / COLUMN_PAGE_DOCUMENTS - documents[0] / COLUMN_PAGE_DOCUMENTS >= PAGES_MAX) {
        return;
    }
    int32_t most = 1; /* 0 is what is not known */
    for (size_t i = 0; i < count;) {
        uint32_t page = documents[i] / COLUMN_PAGE_DOCUMENTS;
        const struct signals_kept *kept = signals_kept_page_of(signals, page);
        if (kept == NULL) {
            return;
        }
        for (; i < count && documents[i] / COLUMN_PAGE_DOCUMENTS == page; i++) {
            int32_t sum = into->parts[codes[i]] + signals_kept_document(kept, documents[i]);
            most = sum > most ? sum : most;
        }
    }
    int32_t units = most / into->unit + 1;
    atomic_store_explicit(&into->sums[number], units < UINT16_MAX ? (uint16_t)units : UINT16_MAX, memory_order_relaxed);
}
