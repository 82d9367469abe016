/*
 * signals_kept.c - begins what is kept of a segment's signals, and fills it page by page.
 */
#include "query/signals_kept.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/clock.h"

/* Older bounds are not taken over, but begun anew: by then products have become less recent. */
#define CARRIED_NS_MAX (UINT64_C(600) * 1000000000)

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

static size_t rounded(size_t bytes)
{
    return (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t);
}

/* Lists of which something is kept have so many slots, and so many sums together, for a page of documents. */
#define LIST_PAGES_MIN 2u
#define PAGE_LISTS 4u
#define LIST_SLOTS_MAX 16384u
#define PAGE_SUMS 128u
#define PROBES 8u

static uint32_t slots_for(uint32_t pages)
{
    uint32_t slots = pages < LIST_PAGES_MIN ? 0 : 1;
    while (slots != 0 && slots < pages * PAGE_LISTS && slots < LIST_SLOTS_MAX) {
        slots *= 2;
    }
    return slots;
}

/*
 * A zeroed block, arrays behind it: lists and their sums, patched bits, what is known of pages, then bounds; each
 * begins at a whole word.
 */
static struct signals_kept *new_block(const struct signal_rules *rules, uint32_t pages, bool has_patched)
{
    uint32_t shift = 0;
    while ((size_t)pages * COLUMN_PAGE_DOCUMENTS >> shift > SIGNALS_SMALL_BYTES_MAX) {
        shift++;
    }
    uint32_t slots = slots_for(pages);
    size_t sum_count = slots == 0 ? 0 : (size_t)pages * PAGE_SUMS;
    size_t sums = sum_count * sizeof(uint16_t);
    size_t lists = slots * sizeof(struct signals_kept_list);
    size_t patched = has_patched ? bitset_words(pages) * sizeof(uint64_t) : 0;
    size_t known = rounded(pages);
    size_t page = rounded(pages * sizeof(uint16_t));
    size_t groups = (size_t)pages * SIGNALS_PAGE_GROUPS * sizeof(uint16_t);
    size_t small = rounded((size_t)pages * COLUMN_PAGE_DOCUMENTS >> shift);
    size_t bytes = sizeof(struct signals_kept) + lists + sums + patched + known + page + groups + small;
    struct signals_kept *kept = mem_calloc(1, bytes);
    if (kept != NULL) {
        uint8_t *arrays = (uint8_t *)(kept + 1) + lists + sums;
        kept->bytes = bytes;
        kept->rules = *rules;
        kept->pages = pages;
        kept->list_slots = slots;
        kept->lists = (struct signals_kept_list *)(kept + 1);
        kept->sums = (_Atomic uint16_t *)(kept->lists + slots);
        kept->sum_count = sum_count;
        kept->small_shift = shift;
        kept->unit = rules->max / UINT16_MAX + 1;
        kept->small_unit = rules->max / UINT8_MAX + 1;
        kept->patched = has_patched ? (uint64_t *)(void *)arrays : NULL;
        kept->known = (_Atomic uint8_t *)(arrays + patched);
        kept->page = (_Atomic uint16_t *)(void *)(arrays + patched + known);
        kept->groups = (_Atomic uint16_t *)(void *)(arrays + patched + known + page);
        kept->small = (_Atomic uint8_t *)(arrays + patched + known + page + groups);
    }
    return kept;
}

static bool reads(const struct signal_rules *rules, uint8_t field)
{
    bool any = false;
    for (uint32_t i = 0; i < rules->count; i++) {
        any = any || rules->rules[i].field == field || rules->rules[i].count_field == field;
    }
    return any;
}

typedef uint64_t __attribute__((may_alias)) word;

/*
 * What is known, then bounds, in words and in this order, while other queries may be filling them: a page that is known
 * in the copy has its bounds there.
 */
static void copy_arrays(const struct signals_kept *from, struct signals_kept *to)
{
    const word *source = (const word *)(const void *)from->known;
    word *target = (word *)(void *)to->known;
    size_t before = (size_t)((const uint8_t *)source - (const uint8_t *)from);
    for (size_t i = 0; i < (from->bytes - before) / sizeof *source; i++) {
        target[i] = __atomic_load_n(&source[i], __ATOMIC_ACQUIRE);
    }
}

/* A segment_carry: a copy without what is known of pages that have changed, and of blocks. */
static void *carry(const void *block, const struct segment_page_id *pages, size_t count, size_t *bytes)
{
    const struct signals_kept *old = block;
    bool holds = old->patched != NULL && clock_monotonic_ns() - old->begun_ns < CARRIED_NS_MAX &&
                 !atomic_load_explicit(&old->is_foreign, memory_order_relaxed);
    struct signals_kept *kept = holds ? new_block(&old->rules, old->pages, true) : NULL;
    if (kept == NULL) {
        return NULL;
    }
    kept->head.carry = carry;
    kept->begun_ns = old->begun_ns;
    memcpy(kept->patched, old->patched, bitset_words(old->pages) * sizeof *kept->patched);
    copy_arrays(old, kept);
    for (size_t i = 0; i < count; i++) {
        bool is_column = pages[i].kind >= PAGE_COLUMN && pages[i].kind < PAGE_COLUMN + LIMIT_FIELDS;
        if (is_column && reads(&kept->rules, (uint8_t)(pages[i].kind - PAGE_COLUMN)) && pages[i].page < kept->pages) {
            bitset_set(kept->patched, pages[i].page);
            atomic_store_explicit(&kept->known[pages[i].page], SIGNALS_NOTHING, memory_order_relaxed);
        }
    }
    *bytes = kept->bytes;
    return kept;
}

static struct signals_kept *begin(const struct segment *segment, const struct signal_rules *rules,
                                  const uint64_t *patched)
{
    uint32_t pages = segment->info.documents / COLUMN_PAGE_DOCUMENTS + 1;
    struct signals_kept *kept = new_block(rules, pages, patched != NULL);
    if (kept != NULL && patched != NULL) {
        memcpy(kept->patched, patched, bitset_words(pages) * sizeof *patched);
    }
    if (kept != NULL) {
        kept->head.carry = carry;
        kept->begun_ns = clock_monotonic_ns();
        atomic_init(&kept->turn, (unsigned)segment->serial); /* segments opened together have theirs apart */
    }
    return kept;
}

struct signals_kept *signals_kept_find(const struct segment_kept *in, const struct signal_rules *rules)
{
    struct signals_kept *kept = atomic_load_explicit(&in->block, memory_order_acquire);
    bool fits = kept != NULL && bounds(&kept->rules, rules);
    if (kept != NULL && !fits) {
        atomic_store_explicit(&kept->is_foreign, true, memory_order_relaxed);
    }
    return fits ? kept : NULL;
}

struct signals_kept *signals_kept_of(const struct segment_kept *in, const struct segment *segment,
                                     const struct signal_rules *rules, const uint64_t *patched)
{
    if (atomic_load_explicit(&in->block, memory_order_acquire) == NULL) {
        struct signals_kept *begun = begin(segment, rules, patched);
        if (begun != NULL && segment_keep(in, begun, begun->bytes) != begun) {
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

/* Takes a place for the sums of a list, whose key this thread has put there. */
static uint64_t settle(struct signals_kept *kept, struct signals_kept_list *list, uint32_t count,
                       const struct signals_price *price)
{
    size_t place = atomic_fetch_add_explicit(&kept->sums_taken, count, memory_order_relaxed);
    bool has_room = place <= kept->sum_count && count <= kept->sum_count - place;
    uint64_t settled = has_room ? place + 1 : SIGNALS_NO_ROOM;
    list->price = *price;
    atomic_store_explicit(&list->place, settled, memory_order_release);
    return settled;
}

_Atomic uint16_t *signals_kept_sums(struct signals_kept *kept, uint64_t key, uint32_t count,
                                    const struct signals_price *now, struct signals_price *then)
{
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    for (uint32_t i = 0; i < PROBES && kept->list_slots != 0; i++) {
        struct signals_kept_list *list = &kept->lists[(hash + i) & (kept->list_slots - 1)];
        uint_fast64_t there = atomic_load_explicit(&list->key, memory_order_relaxed);
        uint64_t place = 0;
        if (there == 0 && atomic_compare_exchange_strong_explicit(&list->key, &there, key, memory_order_relaxed,
                                                                  memory_order_relaxed)) {
            place = settle(kept, list, count, now);
        } else if (there == key) {
            place = atomic_load_explicit(&list->place, memory_order_acquire);
        } else {
            continue;
        }
        if (place == 0 || place == SIGNALS_NO_ROOM) {
            return NULL;
        }
        *then = list->price;
        return kept->sums + (place - 1);
    }
    return NULL;
}
