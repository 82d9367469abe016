/*
 * filter_runs.c - makes the runs of a field: once over the column to count them, once more to write them down.
 *
 * Thread rule: as the header.
 */
#include "query/filter_runs.h"
#include "query/filter.h"

#include "base/alloc.h"

/* Making reads the column twice, document by document: some 10 ns each where comparing takes 0.3. */
#define RUNS_PRICE 32u

/* Segments are made ready one after the other, so that no single query waits for all of them. */
#define RUNS_STAGGER 16u

/* Up to so many values, and one run for so many documents, are walked. */
#define WALK_VALUES 64u
#define WALK_SHARE 32u

#define VALUES_SHARE 2u /* more values than one for so many documents are too many to be kept */

struct making {
    const struct segment *segment;
    const struct values_reader *values;
    const struct column_reader *column;
    uint32_t *ends;  /* by ordinal: behind its last run; 0: it has none yet */
    uint32_t *next;  /* by ordinal: runs counted, then the number of the next one */
    uint8_t *counts; /* by ordinal: of its last run */
    uint64_t total;
    struct filter_runs *runs; /* NULL: they are counted */
};

const struct filter_runs *filter_runs_find(const struct segment *segment, uint8_t field)
{
    const struct filter_runs *runs = atomic_load_explicit(&segment->runs[field].kept.block, memory_order_acquire);
    return runs == NULL || !runs->is_kept ? NULL : runs;
}

static void take_document(struct making *making, uint32_t ordinal, uint32_t document)
{
    bool goes_on = making->ends[ordinal] == document && document != 0 && making->counts[ordinal] < FILTER_RUN_MAX;
    making->ends[ordinal] = document + 1;
    making->counts[ordinal] = goes_on ? (uint8_t)(making->counts[ordinal] + 1) : 1;
    if (!goes_on) {
        making->next[ordinal]++;
        making->total++;
    }
    if (making->runs != NULL) {
        uint32_t run = making->next[ordinal] - 1;
        making->runs->from[run] = goes_on ? making->runs->from[run] : document;
        making->runs->counts[run] = making->counts[ordinal];
    }
}

static int take_code(struct making *making, int64_t code, uint32_t document)
{
    struct values_of_code walk;
    uint32_t ordinal;
    if (code == COLUMN_MISSING) {
        return 0;
    }
    if ((uint64_t)code < making->values->count) {
        take_document(making, (uint32_t)code, document);
        return 0;
    }
    int status = values_of_code_init(&walk, making->values, code);
    while (status == 0 && (status = values_of_code_next(&walk, &ordinal)) == 0) {
        take_document(making, ordinal, document);
    }
    return status == AISLE_END ? 0 : status;
}

/* Once over the column. */
static int pass(struct making *making)
{
    int64_t codes[COLUMN_PAGE_DOCUMENTS];
    int status = 0;
    for (uint32_t number = 0; number < making->column->page_count && status == 0; number++) {
        struct bytes page;
        uint32_t count = 0;
        uint32_t first = number * COLUMN_PAGE_DOCUMENTS;
        status = column_page(making->column, number, &page);
        status = status == 0 ? column_page_decode(page, codes, &count) : status;
        uint32_t left = making->segment->info.documents - first;
        if (status == 0 && count != (left < COLUMN_PAGE_DOCUMENTS ? left : COLUMN_PAGE_DOCUMENTS)) {
            status = AISLE_CORRUPT;
        }
        for (uint32_t i = 0; i < count && status == 0; i++) {
            status = take_code(making, codes[i], first + i);
        }
    }
    return status;
}

static struct filter_runs *new_runs(const struct making *making, bool is_kept, size_t *bytes)
{
    size_t values = is_kept ? making->values->count : 0;
    size_t total = is_kept ? (size_t)making->total : 0;
    *bytes = sizeof(struct filter_runs) + (values + 1 + total) * sizeof(uint32_t) + total;
    struct filter_runs *runs = mem_calloc(1, *bytes);
    if (runs != NULL) {
        runs->is_kept = is_kept;
        runs->values = (uint32_t)values;
        runs->first = (uint32_t *)(runs + 1);
        runs->from = runs->first + values + 1;
        runs->counts = (uint8_t *)(runs->from + total);
    }
    return runs;
}

/* From counts of runs to the number of each value's first. */
static void place(struct making *making)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < making->values->count; i++) {
        making->runs->first[i] = at;
        at += making->next[i];
        making->next[i] = making->runs->first[i];
    }
    making->runs->first[making->values->count] = at;
    memset(making->ends, 0, making->values->count * sizeof *making->ends);
    making->total = 0;
}

static int make(struct making *making, size_t *bytes)
{
    size_t count = (size_t)making->values->count + 1;
    uint32_t documents = making->segment->info.documents;
    making->ends = mem_calloc(count, sizeof *making->ends);
    making->next = mem_calloc(count, sizeof *making->next);
    making->counts = mem_calloc(count, sizeof *making->counts);
    bool whole = making->ends != NULL && making->next != NULL && making->counts != NULL;
    int status = whole ? pass(making) : AISLE_NO_MEMORY;
    if (status == 0) {
        bool is_kept = making->total * WALK_SHARE <= (uint64_t)documents * making->values->count; /* on the average */
        making->runs = new_runs(making, is_kept, bytes);
        status = making->runs == NULL ? AISLE_NO_MEMORY : 0;
        if (status == 0 && is_kept) {
            place(making);
            status = pass(making);
        }
    }
    mem_free(making->ends);
    mem_free(making->next);
    mem_free(making->counts);
    return status;
}

void filter_runs_note(const struct segment *segment, uint8_t field, uint32_t pages)
{
    struct segment_runs *own = (struct segment_runs *)(uintptr_t)&segment->runs[field]; /* it lies in the heap */
    uint64_t price = (uint64_t)segment->column[field].page_count * (RUNS_PRICE + segment->serial % RUNS_STAGGER);
    uint64_t compared = atomic_fetch_add_explicit(&own->compared, pages, memory_order_relaxed) + pages;
    struct making making = {.segment = segment, .values = &segment->values[field], .column = &segment->column[field]};
    size_t bytes;
    if (compared < price || pages == 0 || atomic_load_explicit(&segment->keeps_no_more, memory_order_relaxed) ||
        making.values->count > segment->info.documents / VALUES_SHARE ||
        atomic_load_explicit(&own->kept.block, memory_order_relaxed) != NULL ||
        !atomic_compare_exchange_strong_explicit(&own->compared, &compared, 0, memory_order_relaxed,
                                                 memory_order_relaxed)) {
        return;
    }
    int status = make(&making, &bytes);
    if (status != 0 || segment_keep(&own->kept, making.runs, bytes) != making.runs) {
        mem_free(making.runs); /* damage is told by who compares */
    }
}

/* ---- walking ---- */

/* The runs of one value, and the one that a walk has come to. */
struct run_cursor {
    uint32_t first;
    uint32_t end;
    uint32_t at;
};

struct runs_walk {
    const struct filter_runs *runs;
    uint64_t documents;
    uint32_t count;
    struct run_cursor cursors[];
};

int runs_walk_open(const struct segment *segment, uint8_t field, const struct runs_wanted *wanted,
                   struct arena *arena, struct runs_walk **out)
{
    const struct filter_runs *runs = filter_runs_find(segment, field);
    uint64_t count = wanted->set != NULL ? wanted->set_count : (uint64_t)wanted->greatest - (uint64_t)wanted->least + 1;
    uint32_t total = 0;
    *out = NULL;
    if (runs == NULL || wanted->least < 0 || wanted->least > wanted->greatest || wanted->greatest >= runs->values ||
        count > WALK_VALUES) {
        return 0;
    }
    struct runs_walk *walk = arena_calloc(arena, 1, sizeof *walk + (size_t)count * sizeof walk->cursors[0]);
    if (walk == NULL) {
        return AISLE_NO_MEMORY;
    }
    walk->runs = runs;
    walk->count = (uint32_t)count;
    for (uint32_t i = 0; i < walk->count; i++) {
        int64_t ordinal = wanted->set == NULL ? wanted->least + i : wanted->set[i];
        struct run_cursor *cursor = &walk->cursors[i];
        *cursor = (struct run_cursor){runs->first[ordinal], runs->first[ordinal + 1], runs->first[ordinal]};
        total += cursor->end - cursor->first;
        for (uint32_t run = cursor->first; run < cursor->end; run++) {
            walk->documents += runs->counts[run];
        }
    }
    *out = total <= segment->info.documents / WALK_SHARE ? walk : NULL;
    return 0;
}

uint64_t runs_walk_documents(const struct runs_walk *walk)
{
    return walk->documents;
}

static uint32_t end_of(const struct filter_runs *runs, uint32_t run)
{
    return runs->from[run] + runs->counts[run];
}

/* Goes to the first run that ends behind document: one of the next few, when windows come in order. */
static void seek_run(const struct filter_runs *runs, struct run_cursor *cursor, uint32_t document)
{
    uint32_t low = cursor->at;
    uint32_t high = cursor->at;
    uint32_t step = 1;
    if (low > cursor->first && end_of(runs, low - 1) > document) {
        low = cursor->first;
    } else {
        while (high < cursor->end && end_of(runs, high) <= document) {
            low = high + 1;
            high = cursor->end - high > step ? high + step : cursor->end;
            step *= 2;
        }
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (end_of(runs, middle) <= document) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    cursor->at = low;
}

static void set_run(uint64_t *bits, uint32_t first, uint32_t end)
{
    while (first < end) {
        uint32_t left = 64 - first % 64;
        uint32_t taken = end - first < left ? end - first : left;
        bits[first / 64] |= (taken == 64 ? UINT64_MAX : (UINT64_C(1) << taken) - 1) << (first % 64);
        first += taken;
    }
}

void runs_walk_fill(struct runs_walk *walk, uint32_t from, uint64_t *bits)
{
    const struct filter_runs *runs = walk->runs;
    for (uint32_t i = 0; i < walk->count; i++) {
        struct run_cursor *cursor = &walk->cursors[i];
        seek_run(runs, cursor, from);
        for (uint32_t run = cursor->at; run < cursor->end && runs->from[run] < from + FILTER_WINDOW; run++) {
            uint32_t first = runs->from[run] < from ? 0 : runs->from[run] - from;
            uint32_t end = end_of(runs, run) - from;
            set_run(bits, first, end < FILTER_WINDOW ? end : FILTER_WINDOW);
        }
    }
}

uint32_t runs_walk_groups(struct runs_walk *walk, uint32_t from)
{
    const struct filter_runs *runs = walk->runs;
    uint32_t groups = 0;
    for (uint32_t i = 0; i < walk->count; i++) {
        struct run_cursor *cursor = &walk->cursors[i];
        seek_run(runs, cursor, from);
        for (uint32_t run = cursor->at; run < cursor->end && runs->from[run] < from + COLUMN_PAGE_DOCUMENTS; run++) {
            uint32_t first = runs->from[run] < from ? 0 : (runs->from[run] - from) / 64;
            uint32_t last = (end_of(runs, run) - 1 - from) / 64;
            groups |= (2u << (last < 15 ? last : 15)) - (1u << first);
        }
    }
    return groups;
}

uint32_t runs_walk_next(struct runs_walk *walk, uint32_t from)
{
    uint32_t next = UINT32_MAX;
    for (uint32_t i = 0; i < walk->count; i++) {
        struct run_cursor *cursor = &walk->cursors[i];
        seek_run(walk->runs, cursor, from);
        if (cursor->at < cursor->end && walk->runs->from[cursor->at] < next) {
            next = walk->runs->from[cursor->at];
        }
    }
    return next < from ? from : next;
}
