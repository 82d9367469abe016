/*
 * signals_kept.c - begins what is kept of a segment's signals, fills it page by page, and hands it to the next state.
 */
#include "query/signals_kept.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/clock.h"

#include <sched.h>

/*
 * Older bounds are not taken over, but begun anew: by then products have become less recent. Nor are those of which a
 * quarter of the documents may have risen and fallen: to fill a page anew takes what half of that did.
 */
#define CARRIED_NS_MAX (UINT64_C(600) * 1000000000)
#define RISEN_PAGE (COLUMN_PAGE_DOCUMENTS / 4) /* of a page, at the mean */

static bool is_same_rule(const struct signal_rule *a, const struct signal_rule *b)
{
    return a->kind == b->kind && a->field == b->field && a->count_field == b->count_field && a->weight == b->weight &&
           a->rate == b->rate && a->now_ms <= b->now_ms;
}

/* Whether sums by the first rules bound those by the second. */
static bool bounds_hold(const struct signal_rules *kept, const struct signal_rules *rules)
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
#define SUMS_ASKED_MIN 256u /* of a state, which under a stream of changes lasts for some tens of searches */

static uint32_t slots_for(uint32_t pages)
{
    uint32_t slots = pages < LIST_PAGES_MIN ? 0 : 1;
    while (slots != 0 && slots < pages * PAGE_LISTS && slots < LIST_SLOTS_MAX) {
        slots *= 2;
    }
    return slots;
}

/* A zeroed block, arrays behind it: what is known of pages, then bounds; each begins at a whole word. */
static struct signals_bounds *new_bounds(const struct signal_rules *rules, uint32_t pages)
{
    uint32_t shift = 0;
    while ((size_t)pages * COLUMN_PAGE_DOCUMENTS >> shift > SIGNALS_SMALL_BYTES_MAX) {
        shift++;
    }
    size_t known = pages * sizeof(uint64_t);
    size_t page = rounded(pages * sizeof(uint16_t));
    size_t groups = (size_t)pages * SIGNALS_PAGE_GROUPS * sizeof(uint16_t);
    size_t small = rounded((size_t)pages * COLUMN_PAGE_DOCUMENTS >> shift);
    size_t bytes = sizeof(struct signals_bounds) + known + page + groups + small;
    struct signals_bounds *bounds = mem_calloc(1, bytes);
    if (bounds != NULL) {
        uint8_t *arrays = (uint8_t *)(bounds + 1);
        atomic_init(&bounds->references, 1);
        bounds->bytes = bytes;
        bounds->begun_ns = clock_monotonic_ns();
        bounds->rules = *rules;
        bounds->pages = pages;
        bounds->small_shift = shift;
        bounds->unit = rules->max / UINT16_MAX + 1;
        bounds->small_unit = rules->max / UINT8_MAX + 1;
        bounds->known = (_Atomic uint64_t *)(void *)arrays;
        bounds->page = (_Atomic uint16_t *)(void *)(arrays + known);
        bounds->groups = (_Atomic uint16_t *)(void *)(arrays + known + page);
        bounds->small = (_Atomic uint8_t *)(arrays + known + page + groups);
    }
    return bounds;
}

static void *carry(const void *block, const struct segment_changes *changes, size_t *bytes);

static size_t sums_bytes(uint32_t pages)
{
    uint32_t slots = slots_for(pages);
    return slots == 0 ? 0
                      : sizeof(struct signals_sums) + slots * sizeof(struct signals_kept_list) +
                            (size_t)pages * PAGE_SUMS * sizeof(uint16_t);
}

/* Likewise: lists, then sums. */
static struct signals_sums *new_sums(uint32_t pages)
{
    struct signals_sums *sums = mem_calloc(1, sums_bytes(pages));
    if (sums != NULL) {
        sums->list_slots = slots_for(pages);
        sums->lists = (struct signals_kept_list *)(sums + 1);
        sums->sums = (_Atomic uint16_t *)(sums->lists + sums->list_slots);
        sums->sum_count = (size_t)pages * PAGE_SUMS;
    }
    return sums;
}

/*
 * Likewise: patched bits and numbers of pages. Takes the reference of bounds; NULL: no memory, and bounds is the
 * caller's.
 */
static struct signals_kept *new_kept(struct signals_bounds *bounds, bool has_patched)
{
    size_t patched = has_patched ? bitset_words(bounds->pages) * sizeof(uint64_t) : 0;
    size_t numbers = has_patched ? bounds->pages * sizeof(uint64_t) : 0;
    struct signals_kept *kept = mem_calloc(1, sizeof(struct signals_kept) + patched + numbers);
    if (kept != NULL) {
        uint8_t *arrays = (uint8_t *)(kept + 1);
        kept->head.carry = carry;
        kept->head.free = signals_kept_free;
        kept->bytes = sizeof *kept + patched + numbers + bounds->bytes + sums_bytes(bounds->pages); /* to be begun */
        kept->bounds = bounds;
        kept->patched = has_patched ? (uint64_t *)(void *)arrays : NULL;
        kept->changed_at = has_patched ? (uint64_t *)(void *)(arrays + patched) : NULL;
    }
    return kept;
}

static void release_bounds(struct signals_bounds *bounds)
{
    if (atomic_fetch_sub_explicit(&bounds->references, 1, memory_order_acq_rel) == 1) {
        mem_free(bounds);
    }
}

void signals_kept_free(void *block)
{
    struct signals_kept *kept = block;
    for (uint32_t i = 0; i < kept->delta_count; i++) {
        if (atomic_fetch_sub_explicit(&kept->deltas[i]->references, 1, memory_order_acq_rel) == 1) {
            mem_free(kept->deltas[i]);
        }
    }
    release_bounds(kept->bounds);
    mem_free(atomic_load_explicit(&kept->sums, memory_order_relaxed));
    mem_free(kept);
}

/* ---- from one state to the next ---- */

/* Every state has its own, above 0, and above those of all that were before. */
static uint64_t next_serial(void)
{
    static atomic_uint_fast64_t last;
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

static bool reads(const struct signal_rules *rules, uint8_t kind)
{
    bool any = false;
    for (uint32_t i = 0; i < rules->count; i++) {
        any = any || rules->rules[i].field + PAGE_COLUMN == kind || rules->rules[i].count_field + PAGE_COLUMN == kind;
    }
    return any;
}

/* The documents that rules read and that have changed; NULL: they are not all told, or no memory. */
static struct signals_delta *new_delta(const struct signals_kept *kept, const struct segment_changes *changes)
{
    size_t count = 0;
    bool told = true;
    for (size_t i = 0; i < changes->count; i++) {
        if (reads(&kept->bounds->rules, changes->pages[i].kind)) {
            count += changes->pages[i].document_count;
            told = told && changes->pages[i].document_count != 0;
        }
    }
    struct signals_delta *delta =
        told ? mem_alloc(sizeof *delta + count * sizeof delta->documents[0]) : NULL;
    if (delta == NULL) {
        return NULL;
    }
    uint32_t taken = 0;
    uint8_t kind = 0;
    atomic_init(&delta->references, 1);
    delta->serial = kept->serial;
    delta->list_count = 0;
    for (size_t i = 0; i < changes->count; i++) {
        const struct segment_page_id *page = &changes->pages[i];
        if (!reads(&kept->bounds->rules, page->kind)) {
            continue;
        }
        delta->list_count += page->kind != kind ? 1 : 0;
        kind = page->kind;
        for (uint32_t d = 0; d < page->document_count; d++) {
            delta->documents[taken++] = page->page * COLUMN_PAGE_DOCUMENTS + changes->documents[page->documents + d];
        }
        delta->ends[delta->list_count - 1] = taken;
    }
    return delta;
}

/* Takes over the old state's deltas, but for the oldest if there are too many, and adds one; NULL: from now on. */
static void add_delta(const struct signals_kept *old, struct signals_delta *delta, struct signals_kept *kept)
{
    uint32_t first = old->delta_count == SIGNALS_DELTAS ? 1 : 0;
    kept->since = delta == NULL ? kept->serial : first != 0 ? old->deltas[0]->serial : old->since;
    if (delta == NULL) {
        return;
    }
    for (uint32_t i = first; i < old->delta_count; i++) {
        atomic_fetch_add_explicit(&old->deltas[i]->references, 1, memory_order_relaxed);
        kept->deltas[kept->delta_count++] = old->deltas[i];
    }
    kept->deltas[kept->delta_count++] = delta;
}

/* Whether another state is to have the bounds. */
static bool lasts(const struct signals_kept *old)
{
    const struct signals_bounds *bounds = old->bounds;
    uint32_t risen = atomic_load_explicit(&((struct signals_bounds *)(uintptr_t)bounds)->risen, memory_order_relaxed);
    return old->patched != NULL && clock_monotonic_ns() - bounds->begun_ns < CARRIED_NS_MAX &&
           risen / RISEN_PAGE < bounds->pages &&
           !atomic_load_explicit(&((struct signals_kept *)(uintptr_t)old)->is_foreign, memory_order_relaxed);
}

/* As segment_kept_head says: the bounds, and which pages have changed. */
static void *carry(const void *block, const struct segment_changes *changes, size_t *bytes)
{
    const struct signals_kept *old = block;
    struct signals_kept *kept = lasts(old) ? new_kept(old->bounds, true) : NULL;
    if (kept == NULL) {
        return NULL;
    }
    uint32_t pages = old->bounds->pages;
    atomic_fetch_add_explicit(&old->bounds->references, 1, memory_order_relaxed);
    kept->serial = next_serial();
    memcpy(kept->patched, old->patched, bitset_words(pages) * sizeof *kept->patched);
    memcpy(kept->changed_at, old->changed_at, pages * sizeof *kept->changed_at);
    for (size_t i = 0; i < changes->count; i++) {
        uint32_t page = changes->pages[i].page;
        if (reads(&kept->bounds->rules, changes->pages[i].kind) && page < pages) {
            bitset_set(kept->patched, page);
            kept->changed_at[page] = kept->serial;
        }
    }
    add_delta(old, new_delta(kept, changes), kept);
    *bytes = kept->bytes;
    return kept;
}

static struct signals_kept *begin(const struct segment *segment, const struct signal_rules *rules,
                                  const uint64_t *patched)
{
    uint32_t pages = segment->info.documents / COLUMN_PAGE_DOCUMENTS + 1;
    struct signals_bounds *bounds = new_bounds(rules, pages);
    struct signals_kept *kept = bounds == NULL ? NULL : new_kept(bounds, patched != NULL);
    if (kept == NULL) {
        mem_free(bounds);
        return NULL;
    }
    if (patched != NULL) {
        kept->serial = next_serial();
        kept->since = kept->serial;
        memcpy(kept->patched, patched, bitset_words(pages) * sizeof *patched);
        for (uint32_t page = 0; page < pages; page++) {
            kept->changed_at[page] = bitset_get(patched, page) ? kept->serial : 0;
        }
    }
    atomic_init(&kept->turn, (unsigned)segment->serial); /* segments opened together have theirs apart */
    return kept;
}

struct signals_kept *signals_kept_find(const struct segment_kept *in, const struct signal_rules *rules)
{
    struct signals_kept *kept = atomic_load_explicit(&in->block, memory_order_acquire);
    bool fits = kept != NULL && bounds_hold(&kept->bounds->rules, rules);
    if (kept != NULL && !fits) {
        atomic_store_explicit(&kept->is_foreign, true, memory_order_relaxed);
    }
    return fits ? kept : NULL;
}

struct signals_kept *signals_kept_of(const struct segment_kept *in, const struct segment *segment,
                                     const struct signal_rules *rules, const uint64_t *patched)
{
    if (atomic_load_explicit(&in->block, memory_order_acquire) == NULL &&
        !atomic_load_explicit(&segment->keeps_no_more, memory_order_relaxed)) {
        struct signals_kept *begun = begin(segment, rules, patched);
        if (begun != NULL && segment_keep(in, begun, begun->bytes) != begun) {
            signals_kept_free(begun);
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

static void lock_bounds(struct signals_bounds *bounds)
{
    while (atomic_exchange_explicit(&bounds->is_filled, true, memory_order_acquire)) {
        sched_yield(); /* who has it needs a microsecond or two */
    }
}

static void unlock_bounds(struct signals_bounds *bounds)
{
    atomic_store_explicit(&bounds->is_filled, false, memory_order_release);
}

static uint64_t number_of(const struct signals_kept *kept, uint32_t page)
{
    return kept->changed_at == NULL ? 0 : kept->changed_at[page];
}

/* With the lock, as all that raise. */
static void raise_large(_Atomic uint16_t *bound, int32_t units)
{
    if (atomic_load_explicit(bound, memory_order_relaxed) < units) {
        atomic_store_explicit(bound, (uint16_t)units, memory_order_relaxed);
    }
}

static void raise_small(_Atomic uint8_t *bound, int32_t units)
{
    if (atomic_load_explicit(bound, memory_order_relaxed) < units) {
        atomic_store_explicit(bound, (uint8_t)units, memory_order_relaxed);
    }
}

bool signals_kept_page(struct signals_kept *kept, uint32_t page, int32_t bound)
{
    struct signals_bounds *bounds = kept->bounds;
    uint64_t number = number_of(kept, page);
    lock_bounds(bounds);
    uint64_t known = atomic_load_explicit(&bounds->known[page], memory_order_relaxed);
    bool is_later = known / SIGNALS_LEVELS > number;
    if (!is_later && (known == 0 || known / SIGNALS_LEVELS < number)) {
        raise_large(&bounds->page[page], (bound + bounds->unit - 1) / bounds->unit);
        atomic_store_explicit(&bounds->known[page], number * SIGNALS_LEVELS + SIGNALS_PAGE, memory_order_release);
    }
    unlock_bounds(bounds);
    return !is_later;
}

/* With the lock. */
static void fill(struct signals_bounds *bounds, uint32_t page, const int32_t parts[COLUMN_PAGE_DOCUMENTS])
{
    const uint32_t small = 1u << bounds->small_shift;
    for (uint32_t i = 0; i < COLUMN_PAGE_DOCUMENTS; i += small) {
        raise_small(&bounds->small[(page * COLUMN_PAGE_DOCUMENTS + i) >> bounds->small_shift],
                    bound_of(parts + i, small, bounds->small_unit));
    }
    for (uint32_t i = 0; i < SIGNALS_PAGE_GROUPS; i++) {
        raise_large(&bounds->groups[page * SIGNALS_PAGE_GROUPS + i],
                    bound_of(parts + (size_t)i * SIGNALS_GROUP, SIGNALS_GROUP, bounds->unit));
    }
    raise_large(&bounds->page[page], bound_of(parts, COLUMN_PAGE_DOCUMENTS, bounds->unit));
}

void signals_kept_fill(struct signals_kept *kept, uint32_t page, const int32_t parts[COLUMN_PAGE_DOCUMENTS])
{
    struct signals_bounds *bounds = kept->bounds;
    uint64_t full = number_of(kept, page) * SIGNALS_LEVELS + SIGNALS_FULL;
    lock_bounds(bounds);
    if (atomic_load_explicit(&bounds->known[page], memory_order_relaxed) < full) {
        fill(bounds, page, parts);
        atomic_store_explicit(&bounds->known[page], full, memory_order_release);
    }
    unlock_bounds(bounds);
}

/* The first of count documents, ascending, that is not below least. */
static uint32_t first_from(const uint32_t *documents, uint32_t count, uint32_t least)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (documents[middle] < least) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t signals_kept_risen(const struct signals_kept *kept, uint32_t page, uint32_t documents[SIGNALS_RISING_MAX],
                            uint64_t *known)
{
    uint32_t count = 0;
    *known = atomic_load_explicit(&kept->bounds->known[page], memory_order_acquire);
    uint64_t of = *known / SIGNALS_LEVELS;
    if (*known % SIGNALS_LEVELS != SIGNALS_FULL || of < kept->since || of >= number_of(kept, page)) {
        return 0;
    }
    for (uint32_t i = kept->delta_count; i > 0 && kept->deltas[i - 1]->serial > of; i--) {
        const struct signals_delta *delta = kept->deltas[i - 1];
        for (uint32_t list = 0; list < delta->list_count; list++) {
            uint32_t end = delta->ends[list];
            uint32_t at = list == 0 ? 0 : delta->ends[list - 1];
            at += first_from(delta->documents + at, end - at, page * COLUMN_PAGE_DOCUMENTS);
            for (; at < end && delta->documents[at] / COLUMN_PAGE_DOCUMENTS == page; at++) {
                if (count == SIGNALS_RISING_MAX) {
                    return 0;
                }
                documents[count++] = delta->documents[at];
            }
        }
    }
    return count;
}

void signals_kept_rise(struct signals_kept *kept, uint32_t page, uint64_t known, const uint32_t *documents,
                       const int32_t *parts, uint32_t count)
{
    struct signals_bounds *bounds = kept->bounds;
    lock_bounds(bounds);
    if (atomic_load_explicit(&bounds->known[page], memory_order_relaxed) == known) {
        for (uint32_t i = 0; i < count; i++) {
            int32_t units = (parts[i] + bounds->unit - 1) / bounds->unit;
            raise_small(&bounds->small[documents[i] >> bounds->small_shift],
                        (parts[i] + bounds->small_unit - 1) / bounds->small_unit);
            raise_large(&bounds->groups[documents[i] / SIGNALS_GROUP], units);
            raise_large(&bounds->page[page], units);
        }
        atomic_fetch_add_explicit(&bounds->risen, count, memory_order_relaxed);
        atomic_store_explicit(&bounds->known[page], number_of(kept, page) * SIGNALS_LEVELS + SIGNALS_FULL,
                              memory_order_release);
    }
    unlock_bounds(bounds);
}

/* Takes a place for the sums of a list, whose key this thread has put there. */
static uint64_t settle(struct signals_sums *kept, struct signals_kept_list *list, uint32_t count,
                       const struct signals_price *price)
{
    size_t place = atomic_fetch_add_explicit(&kept->sums_taken, count, memory_order_relaxed);
    bool has_room = place <= kept->sum_count && count <= kept->sum_count - place;
    uint64_t settled = has_room ? place + 1 : SIGNALS_NO_ROOM;
    list->price = *price;
    atomic_store_explicit(&list->place, settled, memory_order_release);
    return settled;
}

/* Those of the kept; begun if they are worth it by now. NULL: they are not, or no memory. */
static struct signals_sums *sums_of(struct signals_kept *kept)
{
    struct signals_sums *sums = atomic_load_explicit(&kept->sums, memory_order_acquire);
    bool is_state = kept->changed_at != NULL;
    if (sums != NULL || slots_for(kept->bounds->pages) == 0 ||
        (is_state && atomic_fetch_add_explicit(&kept->sums_asked, 1, memory_order_relaxed) < SUMS_ASKED_MIN)) {
        return sums;
    }
    struct signals_sums *begun = new_sums(kept->bounds->pages);
    if (begun != NULL && !atomic_compare_exchange_strong_explicit(&kept->sums, &sums, begun, memory_order_acq_rel,
                                                                  memory_order_acquire)) {
        mem_free(begun);
        return sums;
    }
    return begun;
}

_Atomic uint16_t *signals_kept_sums(struct signals_kept *kept, uint64_t key, uint32_t count,
                                    const struct signals_price *now, struct signals_price *then)
{
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    struct signals_sums *sums = sums_of(kept);
    for (uint32_t i = 0; i < PROBES && sums != NULL; i++) {
        struct signals_kept_list *list = &sums->lists[(hash + i) & (sums->list_slots - 1)];
        uint_fast64_t there = atomic_load_explicit(&list->key, memory_order_relaxed);
        uint64_t place = 0;
        if (there == 0 && atomic_compare_exchange_strong_explicit(&list->key, &there, key, memory_order_relaxed,
                                                                  memory_order_relaxed)) {
            place = settle(sums, list, count, now);
        } else if (there == key) {
            place = atomic_load_explicit(&list->place, memory_order_acquire);
        } else {
            continue;
        }
        if (place == 0 || place == SIGNALS_NO_ROOM) {
            return NULL;
        }
        *then = list->price;
        return sums->sums + (place - 1);
    }
    return NULL;
}
