/*
 * facet_keywords.c - counts of a segment's keywords, page by page: as a list of what was met, then in arrays.
 *
 * Codes of a page are counted as they stand, in up to four lanes, since neighbouring products have equal values and
 * would wait for one counter. Lists of values are counted by their place, and opened later.
 *
 * Thread rule: as the set.
 */
#include "facet/facet_private.h"

/* Dictionaries up to this size are counted in lanes: 128 KiB of counts. */
#define LANE_VALUES 4096u

#define WIDE_VALUES (1u << 20) /* of more values, no room is given to spare their pages a look at each code */

#define SLOTS_BEHIND 2u

/* Counts that a lane needs for pages to stay inside (stays_inside): a code is at most twice what the header spans. */
static uint32_t lane_size_of(uint32_t values)
{
    return values <= WIDE_VALUES ? 2 * values + SLOTS_BEHIND : values + SLOTS_BEHIND;
}

/* From the list to a count for each value. */
static int count_all(struct facet *facet)
{
    struct facet_words *word = facet->word;
    word->lane_count = word->value_count <= LANE_VALUES ? FACET_LANES : 1;
    word->lane_size = lane_size_of(word->value_count);
    size_t count = (size_t)word->lane_size * word->lane_count + 1;
    if (facet->room_count < count) {
        facet->room = arena_calloc(facet->arena, count, sizeof *word->counts);
        facet->room_count = facet->room == NULL ? 0 : count;
    }
    if (facet->room == NULL) {
        return AISLE_NO_MEMORY;
    }
    word->counts = facet->room + 1;
    for (uint32_t i = 0; i < word->noted_count; i++) {
        word->counts[word->noted[i]]++;
    }
    return 0;
}

int facet_count_ordinal(struct facet *facet, uint32_t ordinal, uint32_t count)
{
    struct facet_words *word = facet->word;
    if (word->counts == NULL && word->noted_max - word->noted_count < count) {
        int status = count_all(facet);
        if (status != 0) {
            return status;
        }
    }
    if (word->counts != NULL) {
        word->counts[ordinal] += count;
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        word->noted[word->noted_count++] = ordinal;
    }
    return 0;
}

/* Counts the lists that were met, value by value. */
static int open_lists(struct facet *facet)
{
    int status = 0;
    for (uint32_t i = 0; i < FACET_LISTS && facet->list_used != 0 && status == 0; i++) {
        struct values_of_code walk;
        uint32_t ordinal;
        if (facet->list_counts[i] == 0) {
            continue;
        }
        status = values_of_code_init(&walk, facet->values, facet->list_codes[i]);
        while (status == 0 && (status = values_of_code_next(&walk, &ordinal)) == 0) {
            status = facet_count_ordinal(facet, ordinal, facet->list_counts[i]);
        }
        status = status == AISLE_END ? 0 : status;
        facet->list_counts[i] = 0;
    }
    facet->list_used = 0;
    return status;
}

/* A code that is no ordinal: no value, or a list. */
static int count_other(struct facet *facet, int64_t code, uint32_t count)
{
    if (code == COLUMN_MISSING) {
        facet->missing += count;
        return 0;
    }
    if (facet->list_used > FACET_LISTS * 3 / 4) {
        int status = open_lists(facet);
        if (status != 0) {
            return status;
        }
    }
    uint32_t slot = (uint32_t)(((uint64_t)code * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (FACET_LISTS - 1);
    while (facet->list_counts[slot] != 0 && facet->list_codes[slot] != code) {
        slot = (slot + 1) & (FACET_LISTS - 1);
    }
    facet->list_used += facet->list_counts[slot] == 0 ? 1 : 0;
    facet->list_codes[slot] = code;
    facet->list_counts[slot] += count;
    return 0;
}

int facet_count_code(struct facet *facet, int64_t code, uint32_t count)
{
    return (uint64_t)code < facet->word->value_count ? facet_count_ordinal(facet, (uint32_t)code, count)
                                                     : count_other(facet, code, count);
}

/* Codes of any kind, with a look at each. */
static int count_checked(struct facet *facet, const struct facet_page *page)
{
    const struct column_page_view view = page->view;
    uint32_t codes[COLUMN_PAGE_DOCUMENTS];
    int status = 0;
    if (view.width > COLUMN_CODES_WIDTH_MAX) {
        for (uint32_t i = 0; i < page->count && status == 0; i++) {
            uint32_t at = page->positions == NULL ? i : page->positions[i];
            status = facet_count_code(facet, column_page_view_at(&view, at), 1);
        }
        return status;
    }
    facet_page_codes(page, codes);
    for (uint32_t i = 0; i < page->count && status == 0; i++) {
        uint64_t value = (uint64_t)view.least + ((uint64_t)(codes[i] - view.has_missing) << view.shift);
        status = facet_count_code(facet, view.has_missing && codes[i] == 0 ? COLUMN_MISSING : (int64_t)value, 1);
    }
    return status;
}

/*
 * Whether no code that the page's header allows leaves the room of the counts, so that codes are counted without a look
 * at each. Sound pages without lists are such, but for odd ones.
 */
static bool stays_inside(const struct facet_words *word, const struct column_page_view *view)
{
    return view->max < (int64_t)word->value_count && view->least >= 0 && view->width <= COLUMN_CODES_WIDTH_MAX &&
           (!view->has_missing || view->shift == 0) && view->mask << view->shift < word->lane_size &&
           (uint64_t)view->least < word->lane_size - (view->mask << view->shift);
}

/* Codes of a page that stay inside. Documents without a value count for the value before the page's least at first. */
static void count_inside(struct facet *facet, const struct facet_page *page)
{
    uint32_t codes[COLUMN_PAGE_DOCUMENTS];
    const struct facet_words *word = facet->word;
    const uint32_t count = page->count;
    const uint32_t shift = page->view.shift;
    uint32_t *const before = word->counts + page->view.least - 1;
    uint32_t *const first = before + (page->view.has_missing ? 0 : 1);
    uint32_t *lane[FACET_LANES];
    uint32_t i = 0;
    facet_page_codes(page, codes);
    for (uint32_t k = 0; k < FACET_LANES; k++) {
        lane[k] = first + (k < word->lane_count ? k * (size_t)word->lane_size : 0);
    }
    for (; i + FACET_LANES <= count; i += FACET_LANES) {
        lane[0][codes[i] << shift]++;
        lane[1][codes[i + 1] << shift]++;
        lane[2][codes[i + 2] << shift]++;
        lane[3][codes[i + 3] << shift]++;
    }
    for (; i < count; i++) {
        first[codes[i] << shift]++;
    }
    if (page->view.has_missing) {
        uint32_t missing = facet_codes_below(codes, count, 1);
        facet->missing += missing;
        *before -= missing; /* lanes are summed up modulo 2^32 */
    }
}

int facet_count_words(struct facet *facet, const struct facet_page *page)
{
    struct facet_words *word = facet->word;
    if (page->view.decimal) {
        return AISLE_CORRUPT;
    }
    if (page->view.mask == 0) {
        return facet_count_code(facet, column_page_view_at(&page->view, 0), page->count);
    }
    if (word->counts == NULL && word->noted_max - word->noted_count >= page->count) {
        return count_checked(facet, page);
    }
    int status = word->counts == NULL ? count_all(facet) : 0;
    if (status != 0) {
        return status;
    }
    if (!stays_inside(word, &page->view)) {
        return count_checked(facet, page);
    }
    count_inside(facet, page);
    return 0;
}

/* Adds a segment's counts up by rank; they are zeros then. */
static void add_ranked(struct facet *facet, struct facet_words *word)
{
    const uint32_t *const map = facet->ranks->maps[word - facet->words];
    uint32_t *const totals = facet->totals;
    if (word->counts == NULL) {
        for (uint32_t i = 0; i < word->noted_count; i++) {
            totals[map[word->noted[i]]]++;
        }
        word->noted_count = 0;
        return;
    }
    for (uint32_t i = 0; i < word->value_count; i++) {
        totals[map[i]] += word->counts[i]; /* zeros as well: which values have any cannot be foretold */
    }
    memset(word->counts, 0, (size_t)word->value_count * sizeof *word->counts);
    word->counts = NULL;
}

int facet_take_ranks(struct facet *facet, struct ranks *ranks)
{
    facet->ranks = ranks;
    facet->totals = arena_calloc(facet->arena, ranks->count, sizeof *facet->totals);
    if (facet->totals == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < ranks->segment_count; i++) {
        add_ranked(facet, &facet->words[i]);
    }
    return 0;
}

/* Sums up the lanes into the first; all that is not a value's count is zeros then. */
static void add_lanes(struct facet_words *word)
{
    if (word->counts == NULL) {
        return;
    }
    for (uint32_t lane = 1; lane < word->lane_count; lane++) {
        uint32_t *other = word->counts + (size_t)lane * word->lane_size;
        for (uint32_t i = 0; i < word->value_count; i++) {
            word->counts[i] += other[i];
        }
    }
    size_t behind = (size_t)word->lane_size * word->lane_count - word->value_count;
    memset(word->counts + word->value_count, 0, behind * sizeof *word->counts);
    word->counts[-1] = 0;
    word->lane_count = 1;
}

int facet_leave_words(struct facet *facet)
{
    struct facet_words *word = facet->word;
    int status = word == NULL ? 0 : open_lists(facet);
    if (word == NULL || status != 0) {
        return status;
    }
    add_lanes(word);
    facet->word = NULL;
    if (facet->ranks != NULL) {
        add_ranked(facet, word);
    } else if (word->counts != NULL) {
        facet->room_count = 0; /* it is not to be used again */
    }
    return 0;
}
