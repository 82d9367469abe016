/*
 * look.c - taking snapshots, listing segments, giving back within cache_bytes; aisle_is_ready.
 */
#include "index/look.h"

#include "base/hash.h"

/* With less nothing is kept of words and first keystrokes, whose tables are larger. */
#define LEAST_CACHE ((uint64_t)8 << 20)

/* What queries leave with a segment comes to about so much for each product of it: bounds of signals, marks. */
#define KEPT_PRODUCT_BYTES 2u
static_assert(2 * KEPT_PRODUCT_BYTES <= LIMIT_CACHE_PRODUCT_BYTES, "half of the default is enough for all segments");

int look_begin(struct look *look, struct aisle *catalog, uint32_t first, uint32_t count, const char *doing,
               aisle_error *error)
{
    *look = (struct look){.catalog = catalog};
    if (storage_forked(catalog->shards[0].storage)) {
        return error_set(error, AISLE_FORKED, "the catalog was opened before a fork; open it again in the child");
    }
    look->searcher = searcher_take(&catalog->searchers);
    if (look->searcher == NULL) {
        return error_no_memory(error, doing);
    }
    int status = 0;
    while (look->begun < count && status == 0) {
        struct shard *shard = &catalog->shards[first + look->begun];
        status = shard_begin(shard, &look->searcher->snapshots[look->begun], error);
        look->begun += status == 0 ? 1 : 0;
    }
    return status;
}

bool aisle_is_ready(aisle *catalog)
{
    bool is_ready = catalog != NULL;
    for (uint32_t i = 0; is_ready && i < catalog->shard_count; i++) {
        is_ready = shard_is_ready(&catalog->shards[i]);
    }
    return is_ready;
}

int look_status(const struct look *look, int status)
{
    for (uint32_t i = 0; i < look->begun && status == AISLE_CORRUPT; i++) {
        int failure = shard_failure(&look->searcher->snapshots[i]);
        status = failure != 0 ? failure : status;
    }
    return status;
}

uint64_t look_generations(const struct look *look)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < look->begun; i++) {
        uint64_t generation = look->searcher->snapshots[i].view->manifest.generation;
        hash = hash_bytes_seeded(&generation, sizeof generation, hash);
    }
    return hash;
}

static void keep_no_more(const struct query_context *context, uint32_t segment)
{
    struct segment *of = (struct segment *)(uintptr_t)context->segments[segment].segment; /* it lies in the heap */
    atomic_store_explicit(&of->keeps_no_more, true, memory_order_relaxed);
}

/*
 * Only segments whose tables fit together into half of cache_bytes have any made: were all made and all let go of, each
 * search would begin anew. The first are the largest, as a rule, and live longest.
 */
static void share_room(const struct query_context *context, uint64_t cache_bytes)
{
    uint64_t room = cache_bytes / 2;
    for (uint32_t i = 0; i < context->segment_count; i++) {
        uint64_t bytes = context->segments[i].segment->info.documents * (uint64_t)KEPT_PRODUCT_BYTES;
        if (bytes > room) {
            keep_no_more(context, i);
        } else {
            room -= bytes;
        }
    }
}

/* Keepers' parts of what may be kept, which grows with the catalog. */
static void set_most(atomic_size_t *most, uint64_t bytes)
{
    if (atomic_load_explicit(most, memory_order_relaxed) != bytes) {
        atomic_store_explicit(most, (size_t)bytes, memory_order_relaxed);
    }
}

int look_gather(const struct look *look, struct query_context *context, uint32_t **shard_of)
{
    struct arena *arena = &look->searcher->arena;
    uint64_t cache_bytes = catalog_cache_bytes(look->catalog);
    uint32_t total = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < look->begun; i++) {
        total += look->searcher->snapshots[i].view->manifest.segment_count;
    }
    struct query_segment *segments = arena_alloc(arena, total * sizeof *segments);
    struct segment_state *states = arena_alloc(arena, total * sizeof *states);
    uint32_t *of = arena_alloc(arena, total * sizeof *of);
    struct words_chain *chain = arena_calloc(arena, 1, sizeof *chain);
    if (segments == NULL || states == NULL || of == NULL || chain == NULL) {
        return AISLE_NO_MEMORY;
    }
    memset(context, 0, offsetof(struct query_context, leaves));
    context->segments = segments;
    context->segment_count = total;
    context->field_count = look->catalog->schema->searchable_count;
    context->weights = look->catalog->weights;
    context->schema = look->catalog->schema;
    context->ranks = &look->catalog->ranks;
    context->unions = &look->catalog->unions;
    context->chain = chain;
    context->words = cache_bytes < LEAST_CACHE ? NULL : &look->catalog->words;
    context->keep = &look->searcher->keep;
    context->arena = arena;
    for (uint32_t i = 0; i < look->begun; i++) {
        const struct shard_view *view = look->searcher->snapshots[i].view;
        for (uint32_t s = 0; s < view->manifest.segment_count; s++) {
            shard_state(&look->searcher->snapshots[i], s, &states[at]);
            segments[at] = (struct query_segment){.segment = view->segments[s], .state = &states[at]};
            of[at++] = i;
            context->statistics.products += view->manifest.segments[s].documents;
            context->statistics.length_sum += view->manifest.segments[s].length_sum;
        }
    }
    share_room(context, cache_bytes);
    set_most(&look->catalog->ranks.bytes_max, cache_bytes / LIMIT_RANKS_SHARE);
    set_most(&look->catalog->unions.bytes_max, cache_bytes / LIMIT_UNIONS_SHARE);
    if (shard_of != NULL) {
        *shard_of = of;
    }
    return 0;
}

/*
 * What is kept between queries: first the tables of open segments, without which each query would begin by reading
 * them, and kept bytes of what queries have left with segments, then searchers.
 */
static uint64_t tables_bytes(struct aisle *catalog, uint64_t kept)
{
    uint64_t ranks = atomic_load_explicit(&catalog->ranks.bytes, memory_order_relaxed);
    uint64_t tables = kept + ranks + catalog->crew_bytes + leads_bytes(&catalog->leads) +
                      words_kept_bytes(&catalog->words) + words_kept_bytes(&catalog->undecided) +
                      atomic_load_explicit(&catalog->firsts.bytes, memory_order_relaxed);
    for (uint32_t i = 0; i < catalog->shard_count; i++) {
        tables += atomic_load_explicit(&catalog->shards[i].view_bytes, memory_order_relaxed);
    }
    return tables;
}

/* What lists come to may take what tables leave of cache_bytes, but for a fourth, of searchers. Returns its bytes. */
static uint64_t shrink_unions(struct aisle *catalog, uint64_t cache_bytes, uint64_t tables)
{
    uint64_t most = cache_bytes - cache_bytes / 4;
    uint64_t bytes = atomic_load_explicit(&catalog->unions.bytes, memory_order_relaxed);
    if (bytes != 0 && tables + bytes > most) {
        unions_keeper_shrink(&catalog->unions, tables < most ? (size_t)(most - tables) : 0);
        bytes = atomic_load_explicit(&catalog->unions.bytes, memory_order_relaxed);
    }
    return bytes;
}

static uint64_t less(uint64_t tables, uint64_t bytes)
{
    return tables > bytes ? tables - bytes : 0;
}

/*
 * While tables pass the bound, some are let go of: ranks, which only facets and sorting miss, then one shard's after
 * the other, with what was left there. Always the same go first, so that the others stay.
 */
static size_t left_for_searchers(struct aisle *catalog, uint64_t cache_bytes, uint64_t tables)
{
    if (tables > cache_bytes) {
        tables = less(tables, atomic_load_explicit(&catalog->ranks.bytes, memory_order_relaxed));
        ranks_keeper_forget(&catalog->ranks);
    }
    for (uint32_t i = 0; i < catalog->shard_count && tables > cache_bytes; i++) {
        tables = less(tables, atomic_load_explicit(&catalog->shards[i].view_bytes, memory_order_relaxed));
        shard_forget(&catalog->shards[i]);
    }
    return tables <= cache_bytes ? (size_t)(cache_bytes - tables) : 0;
}

static uint64_t runs_bytes(const struct segment *segment)
{
    uint64_t bytes = 0;
    for (uint8_t i = 0; i < segment->columns.count; i++) {
        uint8_t field = segment->columns.field[i];
        bytes += atomic_load_explicit(&segment->runs[field].kept.bytes, memory_order_relaxed);
    }
    return bytes;
}

void look_end(struct look *look, const struct query_context *context)
{
    uint64_t kept = 0;
    if (look->searcher == NULL) {
        return;
    }
    for (uint32_t i = 0; i < context->segment_count; i++) {
        kept += atomic_load_explicit(&context->segments[i].segment->kept.bytes, memory_order_relaxed);
        kept += atomic_load_explicit(&segment_state_kept(context->segments[i].state)->bytes, memory_order_relaxed);
        kept += runs_bytes(context->segments[i].segment);
    }
    uint64_t cache_bytes = catalog_cache_bytes(look->catalog);
    bool is_full = tables_bytes(look->catalog, kept) > cache_bytes / 2;
    for (uint32_t i = 0; is_full && i < context->segment_count; i++) {
        keep_no_more(context, i); /* while it is held */
    }
    for (uint32_t i = 0; i < look->begun; i++) {
        shard_end(&look->searcher->snapshots[i]);
    }
    uint64_t tables = tables_bytes(look->catalog, kept);
    tables += shrink_unions(look->catalog, cache_bytes, tables);
    size_t left = left_for_searchers(look->catalog, cache_bytes, tables);
    searcher_give(&look->catalog->searchers, look->searcher, left);
}
