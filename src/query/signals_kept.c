/*
 * signals_kept.c - begins what is kept of a segment's signals, and fills it page by page.
 */
#include "query/signals_kept.h"

#include "base/alloc.h"
#include "base/bitset.h"

static bool is_same_rule(const struct signal_rule *a, const struct signal_rule *b)
{
    return a->kind == b->kind && a->field == b->field && a->count_field == b->count_field && a->weight == b->weight &&
           a->rate == b->rate && a->now_ms <= b->now_ms;
}

/* Whether sums by the first rules bound those by the second. */
static bool bounds(const struct signal_rules *kept, const struct signal_rules *rules)
{
    bool same = kept->count == rules->count;
    for (uint32_t i = 0; same && i < rules->count; i++) {
        same = is_same_rule(&kept->rules[i], &rules->rules[i]);
    }
    return same;
}

static struct signals_kept *begin(const struct segment *segment, const struct signal_rules *rules,
                                  const uint64_t *patched, size_t *bytes)
{
    uint32_t pages = segment->info.documents / COLUMN_PAGE_DOCUMENTS + 1;
    size_t words = patched == NULL ? 0 : bitset_words(pages);
    size_t bounds = (size_t)pages * (1 + SIGNALS_PAGE_GROUPS);
    uint32_t shift = 0;
    while ((size_t)pages * COLUMN_PAGE_DOCUMENTS >> shift > SIGNALS_SMALL_BYTES_MAX) {
        shift++;
    }
    size_t small = (size_t)pages * COLUMN_PAGE_DOCUMENTS >> shift;
    *bytes = sizeof(struct signals_kept) + words * sizeof(uint64_t) + bounds * sizeof(uint16_t) + small + pages;
    struct signals_kept *kept = mem_calloc(1, *bytes);
    if (kept != NULL) {
        uint64_t *bits = (uint64_t *)(kept + 1);
        kept->rules = *rules;
        kept->pages = pages;
        kept->small_shift = shift;
        kept->unit = rules->max / UINT16_MAX + 1;
        kept->small_unit = rules->max / UINT8_MAX + 1;
        kept->page = (_Atomic uint16_t *)(bits + words);
        kept->groups = kept->page + pages;
        kept->small = (_Atomic uint8_t *)(kept->page + bounds);
        kept->known = kept->small + small;
        if (words != 0) {
            memcpy(bits, patched, words * sizeof *bits);
            kept->patched = bits;
        }
    }
    return kept;
}

struct signals_kept *signals_kept_find(const struct segment_kept *in, const struct signal_rules *rules)
{
    struct signals_kept *kept = atomic_load_explicit(&in->block, memory_order_acquire);
    return kept != NULL && bounds(&kept->rules, rules) ? kept : NULL;
}

struct signals_kept *signals_kept_of(const struct segment_kept *in, const struct segment *segment,
                                     const struct signal_rules *rules, const uint64_t *patched)
{
    if (atomic_load_explicit(&in->block, memory_order_acquire) == NULL) {
        size_t bytes;
        struct signals_kept *begun = begin(segment, rules, patched, &bytes);
        if (begun != NULL && segment_keep(in, begun, bytes) != begun) {
            mem_free(begun);
        }
    }
    return signals_kept_find(in, rules);
}

/* The largest of count parts, in units, rounded up. */
static int32_t bound_of(const int32_t *parts, uint32_t count, int32_t unit)
{
    int32_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        most = most < parts[i] ? parts[i] : most;
    }
    return (most + unit - 1) / unit;
}

void signals_kept_page(struct signals_kept *kept, uint32_t page, int32_t bound)
{
    uint8_t nothing = SIGNALS_NOTHING;
    uint16_t units = (uint16_t)((bound + kept->unit - 1) / kept->unit);
    if (atomic_load_explicit(&kept->known[page], memory_order_acquire) == SIGNALS_NOTHING) {
        /* Another thread may have filled the page since: then its bound becomes this wider one, which holds as well. */
        atomic_store_explicit(&kept->page[page], units, memory_order_relaxed);
        atomic_compare_exchange_strong_explicit(&kept->known[page], &nothing, SIGNALS_PAGE, memory_order_acq_rel,
                                                memory_order_acquire);
    }
}

void signals_kept_fill(struct signals_kept *kept, uint32_t page, const int32_t parts[COLUMN_PAGE_DOCUMENTS])
{
    const uint32_t small = 1u << kept->small_shift;
    for (uint32_t i = 0; i < COLUMN_PAGE_DOCUMENTS; i += small) {
        int32_t bound = bound_of(parts + i, small, kept->small_unit);
        atomic_store_explicit(&kept->small[(page * COLUMN_PAGE_DOCUMENTS + i) >> kept->small_shift], (uint8_t)bound,
                              memory_order_relaxed);
    }
    for (uint32_t i = 0; i < SIGNALS_PAGE_GROUPS; i++) {
        int32_t bound = bound_of(parts + (size_t)i * SIGNALS_GROUP, SIGNALS_GROUP, kept->unit);
        atomic_store_explicit(&kept->groups[page * SIGNALS_PAGE_GROUPS + i], (uint16_t)bound, memory_order_relaxed);
    }
    atomic_store_explicit(&kept->page[page], (uint16_t)bound_of(parts, COLUMN_PAGE_DOCUMENTS, kept->unit),
                          memory_order_relaxed);
    atomic_store_explicit(&kept->known[page], SIGNALS_FULL, memory_order_release);
}
