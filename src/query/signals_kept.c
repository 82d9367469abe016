/*
 * signals_kept.c - begins what is kept of a segment's signals, and fills it page by page.
 */
#include "query/signals_kept.h"

#include "base/alloc.h"

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

static struct signals_kept *begin(const struct segment *segment, const struct signal_rules *rules)
{
    uint32_t pages = segment->info.documents / COLUMN_PAGE_DOCUMENTS + 1;
    size_t groups = (size_t)pages * SIGNALS_PAGE_GROUPS;
    struct signals_kept *kept = mem_calloc(1, sizeof *kept + groups * sizeof *kept->groups + pages);
    if (kept != NULL) {
        kept->rules = *rules;
        kept->pages = pages;
        kept->unit = rules->max / UINT16_MAX + 1;
        kept->groups = (_Atomic uint16_t *)(kept + 1);
        kept->is_full = (_Atomic uint8_t *)(kept->groups + groups);
    }
    return kept;
}

struct signals_kept *signals_kept_of(const struct segment *segment, const struct signal_rules *rules)
{
    struct signals_kept *kept = atomic_load_explicit(segment_kept(segment), memory_order_acquire);
    if (kept == NULL) {
        struct signals_kept *begun = begin(segment, rules);
        void *none = NULL;
        if (begun == NULL) {
            return NULL;
        }
        if (atomic_compare_exchange_strong_explicit(segment_kept(segment), &none, begun, memory_order_acq_rel,
                                                    memory_order_acquire)) {
            return begun;
        }
        mem_free(begun);
        kept = none;
    }
    return bounds(&kept->rules, rules) ? kept : NULL;
}

void signals_kept_fill(struct signals_kept *kept, uint32_t page, const int32_t parts[COLUMN_PAGE_DOCUMENTS])
{
    for (uint32_t group = 0; group < SIGNALS_PAGE_GROUPS; group++) {
        int32_t most = 0;
        for (uint32_t i = 0; i < SIGNALS_GROUP; i++) {
            int32_t part = parts[group * SIGNALS_GROUP + i];
            most = most < part ? part : most;
        }
        atomic_store_explicit(&kept->groups[page * SIGNALS_PAGE_GROUPS + group],
                              (uint16_t)((most + kept->unit - 1) / kept->unit), memory_order_relaxed);
    }
    atomic_store_explicit(&kept->is_full[page], 1, memory_order_release);
}
