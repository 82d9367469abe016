/*
 * facet_stretches.c - pages of a keyword or path whose neighbouring documents mostly have equal values, as a category's
 * in the usual order of documents: kept as a few stretches, so that matches are counted by bits, without the column.
 *
 * A page of 1,024 documents of such a field is a handful of stretches: 148 bytes in place of one or two kilobytes that
 * come from memory for every count. A quarter of a segment's pages decide whether the field is such: where most have
 * more stretches than are kept, no more are tried. Keywords are never patched in place, so that all holds as long as
 * the segment, with which it is kept.
 *
 * Thread rule: any number of threads read and fill; what they fill is the same.
 */
#include "facet/facet_private.h"

/* So many pages, and a quarter of the segment's, are tried before a field is judged, by whether one in four is kept. */
#define TRIED_LEAST 32u
#define SHARE 4u

enum { PAGE_NEW, PAGE_KEPT, PAGE_MIXED };

/* Its state is stored last; members behind hold once it is known. */
struct page_stretches {
    _Atomic uint16_t state;
    _Atomic uint16_t count;
    _Atomic uint16_t ends[LIMIT_FACET_STRETCHES];  /* behind its last document */
    _Atomic uint32_t codes[LIMIT_FACET_STRETCHES]; /* NO_CODE: no value */
};

#define NO_CODE UINT32_MAX

struct facet_stretches {
    struct segment_marks_head head;
    _Atomic uint32_t tried;
    _Atomic uint32_t kept;
    struct page_stretches page[];
};

/* Whether pages are still tried, or many are kept. */
static bool is_worth(struct facet_stretches *stretches)
{
    uint32_t tried = atomic_load_explicit(&stretches->tried, memory_order_relaxed);
    return tried < TRIED_LEAST + stretches->head.pages / SHARE ||
           atomic_load_explicit(&stretches->kept, memory_order_relaxed) * SHARE >= tried;
}

struct facet_stretches *facet_stretches_of(const struct segment *segment, uint8_t field)
{
    const uint8_t number = (uint8_t)(SEGMENT_MARKS_OF_PAGES + field);
    struct facet_stretches *there = segment_begin_marks(segment, number, sizeof *there, sizeof there->page[0]);
    return there != NULL && is_worth(there) ? there : NULL;
}

/* How many bits are set in each of count stretches of a page, which are one behind the other. */
__attribute__((always_inline)) static inline void count_bits(const uint64_t *bits, const uint32_t *ends, uint32_t count,
                                                             uint32_t *matches)
{
    uint32_t before_word[FACET_PAGE_WORDS + 1];
    uint32_t before = 0;
    before_word[0] = 0;
    for (uint32_t i = 0; i < FACET_PAGE_WORDS; i++) {
        before_word[i + 1] = before_word[i] + (uint32_t)__builtin_popcountll(bits[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t word = ends[i] / 64;
        uint64_t rest = bits[word < FACET_PAGE_WORDS ? word : 0] & ((UINT64_C(1) << ends[i] % 64) - 1);
        uint32_t up_to = before_word[word] + (uint32_t)__builtin_popcountll(rest);
        matches[i] = up_to - before;
        before = up_to;
    }
}

static void count_plain(const uint64_t *bits, const uint32_t *ends, uint32_t count, uint32_t *matches)
{
    count_bits(bits, ends, count, matches);
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) static void count_popcnt(const uint64_t *bits, const uint32_t *ends, uint32_t count,
                                                           uint32_t *matches)
{
    count_bits(bits, ends, count, matches);
}
#endif

static void count_matches(const uint64_t *bits, const uint32_t *ends, uint32_t count, uint32_t *matches)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("popcnt")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        count_popcnt(bits, ends, count, matches);
        return;
    }
#endif
    count_plain(bits, ends, count, matches);
}

static void count_all(const uint32_t *ends, uint32_t count, uint32_t *matches)
{
    for (uint32_t i = 0; i < count; i++) {
        matches[i] = ends[i] - (i == 0 ? 0 : ends[i - 1]);
    }
}

int facet_count_stretches(struct facet *facet, uint32_t number, const uint64_t *bits, bool *done)
{
    struct facet_stretches *stretches = facet->stretches;
    struct page_stretches *page = number < stretches->head.pages ? &stretches->page[number] : NULL;
    uint32_t ends[LIMIT_FACET_STRETCHES] = {0};
    uint32_t matches[LIMIT_FACET_STRETCHES] = {0};
    int status = 0;
    *done = page != NULL && atomic_load_explicit(&page->state, memory_order_acquire) == PAGE_KEPT;
    uint32_t count = *done ? atomic_load_explicit(&page->count, memory_order_relaxed) : 0;
    for (uint32_t i = 0; i < count; i++) {
        ends[i] = atomic_load_explicit(&page->ends[i], memory_order_relaxed);
    }
    if (bits != NULL) {
        count_matches(bits, ends, count, matches);
    } else {
        count_all(ends, count, matches);
    }
    const struct facet_words *word = facet->word;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        uint32_t code = atomic_load_explicit(&page->codes[i], memory_order_relaxed);
        if (word->counts != NULL && code < word->value_count) {
            word->counts[code] += matches[i];
        } else if (matches[i] != 0) {
            status = facet_count_code(facet, code == NO_CODE ? COLUMN_MISSING : (int64_t)code, matches[i]);
        }
    }
    return status;
}

/* ---- keeping ---- */

/* Finds the stretches of a page; 0: there are more than are kept, or codes that are too large. */
static uint32_t find(const struct facet_page *page, uint16_t *ends, uint32_t *found)
{
    uint32_t codes[COLUMN_PAGE_DOCUMENTS];
    const struct column_page_view *view = &page->view;
    uint32_t count = 0;
    bool fits = view->least >= 0 && view->max < (int64_t)NO_CODE && view->width <= COLUMN_CODES_WIDTH_MAX;
    if (view->mask != 0 && fits) {
        column_page_codes(view, codes);
    }
    for (uint32_t i = 0; i < view->count && fits; i++) {
        if (i != 0 && (view->mask == 0 || codes[i] == codes[i - 1])) {
            continue;
        }
        if (count == LIMIT_FACET_STRETCHES) {
            return 0;
        }
        int64_t value = column_page_view_at(view, i);
        fits = value == COLUMN_MISSING || (value >= 0 && value < (int64_t)NO_CODE);
        found[count] = value == COLUMN_MISSING ? NO_CODE : (uint32_t)value;
        ends[count == 0 ? 0 : count - 1] = (uint16_t)i;
        count++;
    }
    ends[count == 0 ? 0 : count - 1] = (uint16_t)view->count;
    return fits ? count : 0;
}

void facet_keep_stretches(struct facet *facet, uint32_t number, const struct facet_page *page)
{
    struct facet_stretches *stretches = facet->stretches;
    struct page_stretches *own = number < stretches->head.pages ? &stretches->page[number] : NULL;
    uint16_t ends[LIMIT_FACET_STRETCHES];
    uint32_t codes[LIMIT_FACET_STRETCHES];
    if (own == NULL || atomic_load_explicit(&own->state, memory_order_relaxed) != PAGE_NEW || !is_worth(stretches)) {
        return;
    }
    uint32_t count = find(page, ends, codes);
    for (uint32_t i = 0; i < count; i++) {
        atomic_store_explicit(&own->ends[i], ends[i], memory_order_relaxed);
        atomic_store_explicit(&own->codes[i], codes[i], memory_order_relaxed);
    }
    atomic_store_explicit(&own->count, (uint16_t)count, memory_order_relaxed);
    atomic_fetch_add_explicit(&stretches->kept, count != 0 ? 1 : 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&stretches->tried, 1, memory_order_relaxed);
    atomic_store_explicit(&own->state, count != 0 ? PAGE_KEPT : PAGE_MIXED, memory_order_release);
}
