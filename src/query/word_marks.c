/*
 * word_marks.c - places of lists in a segment's block of marks, and one pass over postings to fill some pages.
 */
#include "query/word_marks.h"

#define PROBES 8u /* places that a list may have */

/* No posting: nothing is worth less, but the words that are worth nothing anywhere. */
#define NO_POSTING 0x1fu

/* A segment's; arrays behind it, by place: groups, then which pages are known. */
struct word_marks_block {
    struct segment_marks_head head;
    _Atomic uint64_t keys[WORD_MARKS]; /* 0: the place is free */
};

#define PAGE_BYTES (WORD_MARKS_PAGE_WORDS * sizeof(uint64_t))
static_assert(sizeof(struct word_marks_block) % sizeof(uint64_t) == 0, "words behind it are aligned");

static struct word_marks_block *block_of(const struct segment *segment)
{
    return segment_begin_marks(segment, SEGMENT_MARKS_OF_WORDS, sizeof(struct word_marks_block),
                               WORD_MARKS * (PAGE_BYTES + 1));
}

/* The place of a list, taken now if it has none; WORD_MARKS: none is free. */
static uint32_t place_of(struct word_marks_block *block, uint64_t key)
{
    uint32_t at = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 40);
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t place = (at + i) % WORD_MARKS;
        uint_fast64_t there = atomic_load_explicit(&block->keys[place], memory_order_relaxed);
        if (there == key || (there == 0 && (atomic_compare_exchange_strong_explicit(&block->keys[place], &there, key,
                                                                                     memory_order_relaxed,
                                                                                     memory_order_relaxed) ||
                                            there == key))) {
            return place;
        }
    }
    return WORD_MARKS;
}

bool word_marks_open(const struct segment *segment, const struct postings_list *list, struct word_marks *out)
{
    bool has_skips = list->kind == POSTINGS_SHORT || list->kind == POSTINGS_LONG;
    if (!has_skips || (uint64_t)list->count * WORD_MARKS_SHARE < segment->info.documents) {
        return false;
    }
    struct word_marks_block *block = block_of(segment);
    uint32_t place = block == NULL ? WORD_MARKS : place_of(block, list->at.skips.superblocks + 1);
    if (place == WORD_MARKS) {
        return false;
    }
    size_t words = (size_t)block->head.pages * WORD_MARKS_PAGE_WORDS;
    _Atomic uint64_t *groups = (_Atomic uint64_t *)(block + 1);
    out->pages = block->head.pages;
    out->groups = groups + place * words;
    out->known = (_Atomic uint8_t *)(groups + WORD_MARKS * words) + (size_t)place * block->head.pages;
    return true;
}

/* ---- filling ---- */

/* Takes the postings of a page into the dominating codes of its groups; the cursor stands at or behind its begin. */
static void take_page(struct postings_cursor *cursor, uint32_t page, uint8_t groups[VALUE_MARKS_PAGE_GROUPS])
{
    const uint32_t *documents;
    const uint8_t *codes;
    uint32_t last = page * COLUMN_PAGE_DOCUMENTS + (COLUMN_PAGE_DOCUMENTS - 1);
    size_t got;
    memset(groups, NO_POSTING, VALUE_MARKS_PAGE_GROUPS);
    while ((got = postings_cursor_batch(cursor, last, &documents, &codes)) != 0) {
        for (size_t i = 0; i < got; i++) {
            uint8_t *group = &groups[documents[i] / VALUE_MARKS_GROUP % VALUE_MARKS_PAGE_GROUPS];
            *group = postings_dominate(*group, codes[i]);
        }
    }
}

/* Stores what is found of a page; other threads may be storing the same. */
static void store_page(const struct word_marks *marks, uint32_t page, const uint8_t *found)
{
    for (size_t i = 0; i < WORD_MARKS_PAGE_WORDS; i++) {
        uint64_t word;
        memcpy(&word, found + i * sizeof word, sizeof word);
        atomic_store_explicit(&marks->groups[page * WORD_MARKS_PAGE_WORDS + i], word, memory_order_relaxed);
    }
    atomic_store_explicit(&marks->known[page], 1, memory_order_release);
}

bool word_marks_fill(const struct word_marks *marks, const struct segment *segment, const struct postings_list *list,
                     uint32_t first, uint32_t last, uint32_t *spare)
{
    struct postings_cursor cursor;
    uint8_t groups[VALUE_MARKS_PAGE_GROUPS];
    bool is_open = false;
    for (uint32_t page = first; page <= last; page++) {
        if (page >= marks->pages) {
            return false;
        }
        if (atomic_load_explicit(&marks->known[page], memory_order_acquire) != 0) {
            continue;
        }
        if (*spare == 0 || (!is_open && postings_cursor_open(&cursor, &segment->postings, list) != 0)) {
            return false;
        }
        --*spare;
        is_open = true;
        (void)postings_cursor_seek(&cursor, page * COLUMN_PAGE_DOCUMENTS);
        take_page(&cursor, page, groups);
        if (postings_cursor_status(&cursor) != 0) {
            return false;
        }
        store_page(marks, page, groups);
    }
    return true;
}
