/*
 * signals_kept.c - begins what is kept of a segment's signals, fills it page by page, and hands it to the next state.
 */
#include "query/signals_kept.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/clock.h"

#include <sched.h>

/*
 * Older bounds are not taken over, but begun anew, as products have become less recent: by so much, or a part of the
 * shortest half life, if that is longer.
 */
#define CARRIED_MS_MIN UINT64_C(600000)
#define HALF_LIFE_PART 64u

/*
 * A page is worn when so many of its documents may have risen and fallen: then it is filled anew. Pages that documents
 * rise in at random are so one after the other, from the first number of rises to the last.
 */
#define WORN_FIRST (COLUMN_PAGE_DOCUMENTS / 8)
#define WORN_LAST (COLUMN_PAGE_DOCUMENTS / 2)
#define WORN_SHARE 64u /* of the pages: when so many are worn, the next state goes on without what is known of them */

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
    size_t bytes = sizeof(struct signals_bounds) + known + 2 * page + groups + small;
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
        bounds->risen = (uint16_t *)(void *)(arrays + known);
        bounds->page = (_Atomic uint16_t *)(void *)(arrays + known + page);
        bounds->groups = (_Atomic uint16_t *)(void *)(arrays + known + 2 * page);
        bounds->small = (_Atomic uint8_t *)(arrays + known + 2 * page + groups);
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

static uint64_t carried_ms(const struct signal_rules *rules)
{
    uint64_t most = UINT64_MAX;
    for (uint32_t i = 0; i < rules->count; i++) {
        const struct signal_rule *rule = &rules->rules[i];
        if (rule->kind == SIGNAL_RECENCY) {
            uint64_t part = rule->age_max / SIGNAL_HALF_LIVES / HALF_LIFE_PART;
            part = part < CARRIED_MS_MIN ? CARRIED_MS_MIN : part;
            most = most < part ? most : part;
        }
    }
    return most;
}

/* Whether another state is to have the bounds. */
static bool lasts(const struct signals_kept *old)
{
    const struct signals_bounds *bounds = old->bounds;
    return old->patched != NULL &&
           (clock_monotonic_ns() - bounds->begun_ns) / 1000000 < carried_ms(&bounds->rules) &&
           !atomic_load_explicit(&((struct signals_kept *)(uintptr_t)old)->is_foreign, memory_order_relaxed);
}

/* How often documents of a page rise until it is worn. */
static uint32_t wear_of(uint32_t page)
{
    return WORN_FIRST + (page * 2654435761u >> 16) % (WORN_LAST - WORN_FIRST);
}

/* All that is known but of worn pages; NULL: no memory. The caller's. */
static struct signals_bounds *without_worn(struct signals_bounds *old)
{
    struct signals_bounds *bounds = new_bounds(&old->rules, old->pages);
    if (bounds == NULL) {
        return NULL;
    }
    const size_t smalls = COLUMN_PAGE_DOCUMENTS >> old->small_shift;
    bounds->begun_ns = old->begun_ns;
    lock_bounds(old);
    for (uint32_t page = 0; page < old->pages; page++) {
        if (old->risen[page] >= wear_of(page)) {
            continue;
        }
        size_t first = (size_t)page * SIGNALS_PAGE_GROUPS;
        bounds->known[page] = old->known[page];
        bounds->risen[page] = old->risen[page];
        bounds->page[page] = old->page[page];
        memcpy((void *)&bounds->groups[first], (void *)&old->groups[first], SIGNALS_PAGE_GROUPS * sizeof(uint16_t));
        memcpy((void *)&bounds->small[page * smalls], (void *)&old->small[page * smalls], smalls);
    }
    unlock_bounds(old);
    return bounds;
}

/* The bounds for the next state, a reference; NULL: none. */
static struct signals_bounds *bounds_from(const struct signals_kept *old)
{
    struct signals_bounds *bounds = old->bounds;
    if (!lasts(old)) {
        return NULL;
    }
    if (bounds->worn > bounds->pages / WORN_SHARE) {
        return without_worn(bounds);
    }
    atomic_fetch_add_explicit(&bounds->references, 1, memory_order_relaxed);
    return bounds;
}

/* What a document gets more for a value that has changed, by all rules that read it. */
static int32_t rise_of(const struct signal_rules *rules, uint8_t field, const struct segment_change *change)
{
    int32_t rise = 0;
    for (uint32_t i = 0; i < rules->count; i++) {
        if (rules->rules[i].field == field || rules->rules[i].count_field == field) {
            rise += signal_rise(&rules->rules[i], field, change->before, change->after);
        }
    }
    return rise;
}

/*
 * With the lock: a document of a page that all is known of is worth so much more than it was. Its own bound is coarse;
 * that of its group need not pass what it was itself and the rise.
 */
static void raise_document(struct signals_bounds *bounds, uint32_t document, int32_t rise)
{
    _Atomic uint8_t *small = &bounds->small[document >> bounds->small_shift];
    _Atomic uint16_t *group = &bounds->groups[document / SIGNALS_GROUP];
    int32_t of_group = bounds->unit * atomic_load_explicit(group, memory_order_relaxed);
    int32_t part = bounds->small_unit * atomic_load_explicit(small, memory_order_relaxed);
    part = (part < of_group ? part : of_group) + rise;
    part = part < bounds->rules.max ? part : bounds->rules.max;
    raise_small(small, (part + bounds->small_unit - 1) / bounds->small_unit);
    raise_large(group, (part + bounds->unit - 1) / bounds->unit);
    raise_large(&bounds->page[document / COLUMN_PAGE_DOCUMENTS], (part + bounds->unit - 1) / bounds->unit);
}

/* With the lock: the same of a page of which only the bound by its header is known. */
static void raise_page(struct signals_bounds *bounds, uint32_t page, int32_t rise)
{
    int32_t part = bounds->unit * atomic_load_explicit(&bounds->page[page], memory_order_relaxed) + rise;
    part = part < bounds->rules.max ? part : bounds->rules.max;
    raise_large(&bounds->page[page], (part + bounds->unit - 1) / bounds->unit);
}

/* With the lock: the bounds of a page by what has become of one column. */
static void raise_by(struct signals_bounds *bounds, const struct segment_page_id *page,
                     const struct segment_change *changes, enum signals_known known)
{
    int32_t most = 0;
    uint32_t risen = 0;
    for (uint32_t i = 0; i < page->document_count; i++) {
        uint32_t document = page->page * COLUMN_PAGE_DOCUMENTS + changes[i].document;
        int32_t rise = rise_of(&bounds->rules, (uint8_t)(page->kind - PAGE_COLUMN), &changes[i]);
        if (rise != 0 && known == SIGNALS_FULL) {
            raise_document(bounds, document, rise);
        }
        most = most < rise ? rise : most;
        risen += rise != 0;
    }
    if (most != 0 && known == SIGNALS_PAGE) {
        raise_page(bounds, page->page, most);
    }
    uint32_t before = bounds->risen[page->page];
    bounds->worn += before < wear_of(page->page) && before + risen >= wear_of(page->page);
    bounds->risen[page->page] = (uint16_t)(before + risen < UINT16_MAX ? before + risen : UINT16_MAX);
}

/*
 * Marks the pages that rules read and that have changed, and which of them can be raised: what is known of them is of
 * the state before, and all that has changed is told. raised: for each page what is known, SIGNALS_NOTHING at first.
 */
static void mark_changed(struct signals_kept *kept, const struct segment_changes *changes, uint8_t *raised)
{
    const struct signals_bounds *bounds = kept->bounds;
    for (size_t i = 0; i < changes->count; i++) {
        const struct segment_page_id *page = &changes->pages[i];
        if (!reads(&bounds->rules, page->kind) || page->page >= bounds->pages) {
            continue;
        }
        uint64_t known = atomic_load_explicit(&bounds->known[page->page], memory_order_acquire);
        if (kept->changed_at[page->page] != kept->serial && known / SIGNALS_LEVELS == kept->changed_at[page->page]) {
            raised[page->page] = (uint8_t)(known % SIGNALS_LEVELS);
        }
        if (page->document_count == 0) {
            raised[page->page] = SIGNALS_NOTHING;
        }
        bitset_set(kept->patched, page->page);
        kept->changed_at[page->page] = kept->serial;
    }
}

/* Raises what is known of changed pages, which is then known of the new state. */
static void raise_changed(struct signals_kept *kept, const struct segment_changes *changes, const uint8_t *raised)
{
    struct signals_bounds *bounds = kept->bounds;
    for (size_t i = 0; i < changes->count; i++) {
        const struct segment_page_id *page = &changes->pages[i];
        if (reads(&bounds->rules, page->kind) && page->page < bounds->pages && raised[page->page] != SIGNALS_NOTHING) {
            lock_bounds(bounds);
            raise_by(bounds, page, changes->documents + page->documents, (enum signals_known)raised[page->page]);
            unlock_bounds(bounds);
        }
    }
    for (uint32_t page = 0; page < bounds->pages; page++) {
        if (raised[page] != SIGNALS_NOTHING) {
            atomic_store_explicit(&bounds->known[page], kept->serial * SIGNALS_LEVELS + raised[page],
                                  memory_order_release);
        }
    }
}

/* As segment_kept_head says: the bounds, and which pages have changed. */
static void *carry(const void *block, const struct segment_changes *changes, size_t *bytes)
{
    const struct signals_kept *old = block;
    struct signals_bounds *bounds = bounds_from(old);
    struct signals_kept *kept = bounds == NULL ? NULL : new_kept(bounds, true);
    uint32_t pages = old->bounds->pages;
    uint8_t *raised = kept == NULL ? NULL : mem_calloc(pages, sizeof *raised);
    if (raised == NULL) {
        mem_free(kept);
        if (bounds != NULL) {
            release_bounds(bounds);
        }
        return NULL;
    }
    kept->serial = next_serial();
    memcpy(kept->patched, old->patched, bitset_words(pages) * sizeof *kept->patched);
    memcpy(kept->changed_at, old->changed_at, pages * sizeof *kept->changed_at);
    mark_changed(kept, changes, raised);
    raise_changed(kept, changes, raised);
    mem_free(raised);
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

static uint64_t number_of(const struct signals_kept *kept, uint32_t page)
{
    return kept->changed_at == NULL ? 0 : kept->changed_at[page];
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
