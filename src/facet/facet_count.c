/*
 * facet_count.c - from windows of matches to pages of columns, and the counting of keywords.
 *
 * Thread rule: as the set.
 */
#include "facet/facet_private.h"

#include "base/alloc.h"
#include "base/bitset.h"

#define PAGE_WORDS (COLUMN_PAGE_DOCUMENTS / 64u)
#define WINDOW_PAGES (WALK_WINDOW / COLUMN_PAGE_DOCUMENTS)

/* Dictionaries up to this size are counted in lanes: 64 KiB of counts. */
#define LANE_VALUES 4096u
#define LANES 4u

/* Counts behind the last value, without lanes: of what damage may hold, and of no value. */
#define SLOT_DAMAGED 0u
#define SLOT_MISSING 1u
#define SLOTS_BEHIND 2u

/* A list of ordinals turns to counts when it is as long as this share of the values: zeros and sums cost that much. */
#define NOTED_SHARE 16u

static_assert(WALK_WINDOW % COLUMN_PAGE_DOCUMENTS == 0, "a window is whole pages");

/* ---- making ready ---- */

static int refuse_many(const struct query_context *context, const struct facet_request *request, uint64_t values,
                       aisle_error *error)
{
    return error_set(error, AISLE_LIMIT, "facet: field \"%s\" has %llu different values, counted are at most %u",
                     context->schema->fields[request->field].name, (unsigned long long)values, LIMIT_FACET_VALUES);
}

static int prepare(struct facet_set *set, struct facet *facet, aisle_error *error)
{
    const struct query_context *context = set->context;
    const struct facet_request *request = facet->request;
    uint64_t values = 0;
    facet->segment = UINT32_MAX;
    facet->arena = &set->arena;
    facet->min = INT64_MAX;
    facet->max = INT64_MIN;
    facet->is_path = context->schema->fields[request->field].type == FIELD_PATH && !request->whole;
    if (request->by_groups) {
        int status = facet_groups_new(&facet->groups);
        if (status != 0) {
            return status;
        }
    }
    if (request->kind == FACET_WORDS) {
        facet->words = arena_calloc(&set->arena, context->segment_count, sizeof *facet->words);
        for (uint32_t i = 0; i < context->segment_count; i++) {
            values += context->segments[i].segment->values[request->field].count;
        }
        if (values > LIMIT_FACET_VALUES) {
            return refuse_many(context, request, values, error);
        }
        struct ranks *ranks = ranks_find(context, request->field);
        if (facet->words == NULL) {
            ranks_drop(ranks);
            return AISLE_NO_MEMORY;
        }
        return ranks == NULL ? 0 : facet_take_ranks(facet, ranks);
    }
    if (request->kind == FACET_RANGES) {
        facet->ranges = arena_calloc(&set->arena, request->bound_count, sizeof *facet->ranges);
        return facet->ranges == NULL ? AISLE_NO_MEMORY : 0;
    }
    return 0;
}

int facet_set_new(const struct query_context *context, const struct facet_request *requests, const uint32_t *lifted,
                  uint32_t count, struct facet_set **out, aisle_error *error)
{
    struct facet_set *set = mem_calloc(1, sizeof *set);
    *out = NULL;
    if (set == NULL) {
        return AISLE_NO_MEMORY;
    }
    arena_init(&set->arena, LIMIT_QUERY_MEMORY_BYTES);
    set->context = context;
    set->error = error;
    set->count = count;
    set->facets = arena_calloc(&set->arena, count, sizeof *set->facets);
    int status = set->facets == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        set->facets[i].request = &requests[i];
        set->facets[i].lifted = lifted[i];
        status = prepare(set, &set->facets[i], error);
    }
    if (status != 0) {
        facet_set_free(set);
        return status;
    }
    *out = set;
    return 0;
}

void facet_set_free(struct facet_set *set)
{
    if (set != NULL) {
        for (uint32_t i = 0; i < set->count && set->facets != NULL; i++) {
            facet_groups_free(set->facets[i].groups);
            ranks_drop(set->facets[i].ranks);
        }
        arena_release(&set->arena);
        mem_free(set);
    }
}

/* ---- keywords ---- */

/* From the list to a count for each value. */
static int count_all(struct facet *facet)
{
    struct facet_words *word = facet->word;
    word->lane_mask = word->value_count <= LANE_VALUES ? LANES - 1 : 0;
    while ((UINT64_C(1) << word->lane_shift) < word->value_count) {
        word->lane_shift++;
    }
    size_t lane = word->lane_mask != 0 ? (size_t)1 << word->lane_shift : (size_t)word->value_count + SLOTS_BEHIND;
    size_t count = lane * (word->lane_mask + 1);
    if (facet->room_count >= count) {
        word->counts = facet->room;
    } else {
        word->counts = arena_calloc(facet->arena, count, sizeof *word->counts);
        facet->room = word->counts;
        facet->room_count = word->counts == NULL ? 0 : count;
    }
    for (uint32_t i = 0; i < word->noted_count && word->counts != NULL; i++) {
        word->counts[word->noted[i]]++;
    }
    return word->counts == NULL ? AISLE_NO_MEMORY : 0;
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

static int count_code(struct facet *facet, int64_t code, uint32_t count)
{
    return (uint64_t)code < facet->word->value_count ? facet_count_ordinal(facet, (uint32_t)code, count)
                                                     : count_other(facet, code, count);
}

/*
 * Codes that cannot leave a lane, whatever the page holds, are counted without a look at each: those of a page without
 * missing values whose width allows no larger one. What is behind the last value counts in a slot that nobody reads.
 */
static bool fits_lanes(const struct facet_words *word, const struct column_page_view *view)
{
    uint64_t room = UINT64_C(1) << word->lane_shift;
    return word->lane_mask == LANES - 1 && !view->has_missing && view->least >= 0 && (uint64_t)view->least < room &&
           view->mask < room && view->mask << view->shift < room - (uint64_t)view->least;
}

static void count_in_lanes(const struct facet_words *word, const int64_t *codes, uint32_t count)
{
    uint32_t *lane[LANES];
    uint32_t i = 0;
    for (uint32_t k = 0; k < LANES; k++) {
        lane[k] = word->counts + ((size_t)k << word->lane_shift);
    }
    for (; i + LANES <= count; i += LANES) {
        lane[0][codes[i]]++;
        lane[1][codes[i + 1]]++;
        lane[2][codes[i + 2]]++;
        lane[3][codes[i + 3]]++;
    }
    for (; i < count; i++) {
        lane[0][codes[i]]++;
    }
}

/*
 * Codes of a page that has no lists, by its header, are counted without a branch for each; what it does not hold by the
 * header counts in a slot that nobody reads.
 */
static bool has_no_lists(const struct facet_words *word, const struct column_page_view *view)
{
    return word->lane_mask == 0 && view->max < (int64_t)word->value_count;
}

/* Of pages that have no lists. */
static void count_singles(struct facet *facet, const int64_t *codes, uint32_t count)
{
    uint32_t *const counts = facet->word->counts;
    const uint64_t values = facet->word->value_count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t other = values + (codes[i] == COLUMN_MISSING ? SLOT_MISSING : SLOT_DAMAGED);
        counts[(uint64_t)codes[i] < values ? (uint64_t)codes[i] : other]++;
    }
    facet->missing += counts[values + SLOT_MISSING];
    counts[values + SLOT_MISSING] = 0;
}

/* Counts codes of any kind. */
static int count_checked(struct facet *facet, const int64_t *codes, uint32_t count)
{
    uint32_t *const counts = facet->word->counts;
    const uint64_t values = facet->word->value_count;
    const uint32_t mask = facet->word->lane_mask;
    const uint32_t shift = facet->word->lane_shift;
    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        if ((uint64_t)codes[i] < values) {
            counts[((size_t)(i & mask) << shift) + (uint32_t)codes[i]]++;
        } else {
            status = count_other(facet, codes[i], 1);
        }
    }
    return status;
}

static int count_unpacked(struct facet *facet, const struct facet_page *page)
{
    int64_t codes[COLUMN_PAGE_DOCUMENTS];
    uint32_t count;
    int status = column_page_decode(page->bytes, codes, &count);
    if (status == 0 && fits_lanes(facet->word, &page->view)) {
        count_in_lanes(facet->word, codes, count);
        return 0;
    }
    if (status == 0 && has_no_lists(facet->word, &page->view)) {
        count_singles(facet, codes, count);
        return 0;
    }
    return status == 0 ? count_checked(facet, codes, count) : status;
}

static void pick_in_lanes(const struct facet_words *word, const struct facet_page *page)
{
    uint32_t *const counts = word->counts;
    const uint8_t *const codes = page->view.codes;
    const uint64_t mask = page->view.mask;
    const size_t width = page->view.width;
    const uint32_t shift = page->view.shift;
    const uint32_t lane_shift = word->lane_shift;
    const uint64_t least = (uint64_t)page->view.least;
    for (uint32_t i = 0; i < page->count; i++) {
        size_t bit = page->positions[i] * width;
        uint64_t code = load_u64(codes + bit / 8) >> (bit % 8) & mask;
        counts[((size_t)(i % LANES) << lane_shift) + least + (code << shift)]++;
    }
}

/* As count_singles, of a page's matches. */
static void pick_singles(struct facet *facet, const struct facet_page *page)
{
    const struct column_page_view view = page->view;
    const uint64_t missing = view.has_missing ? 0 : UINT64_MAX;
    const uint64_t skip = view.has_missing;
    const uint64_t values = facet->word->value_count;
    uint32_t *const counts = facet->word->counts;
    for (uint32_t i = 0; i < page->count; i++) {
        size_t bit = (size_t)page->positions[i] * view.width;
        uint64_t code = load_u64(view.codes + bit / 8) >> (bit % 8) & view.mask;
        uint64_t value = (uint64_t)view.least + ((code - skip) << view.shift);
        uint64_t slot = value < values ? value : values + SLOT_DAMAGED;
        counts[code == missing ? values + SLOT_MISSING : slot]++;
    }
    facet->missing += counts[values + SLOT_MISSING];
    counts[values + SLOT_MISSING] = 0;
}

static int count_picked(struct facet *facet, const struct facet_page *page)
{
    int64_t codes[COLUMN_PAGE_DOCUMENTS];
    const struct column_page_view view = page->view;
    const uint64_t missing = view.has_missing ? 0 : UINT64_MAX; /* the code of no value; codes are below 2^64 - 1 */
    const uint64_t skip = view.has_missing;
    if (fits_lanes(facet->word, &view)) {
        pick_in_lanes(facet->word, page);
        return 0;
    }
    if (has_no_lists(facet->word, &view)) {
        pick_singles(facet, page);
        return 0;
    }
    for (uint32_t i = 0; i < page->count; i++) {
        size_t bit = (size_t)page->positions[i] * view.width;
        uint64_t code = load_u64(view.codes + bit / 8) >> (bit % 8) & view.mask;
        uint64_t value = (uint64_t)view.least + ((code - skip) << view.shift);
        codes[i] = code == missing ? COLUMN_MISSING : (int64_t)value;
    }
    return count_checked(facet, codes, page->count);
}

/* Single codes while their list has room. */
static int count_listed(struct facet *facet, const struct facet_page *page)
{
    int status = 0;
    for (uint32_t i = 0; i < page->count && status == 0; i++) {
        uint32_t at = page->positions == NULL ? i : page->positions[i];
        status = count_code(facet, column_page_view_at(&page->view, at), 1);
    }
    return status;
}

int facet_count_words(struct facet *facet, const struct facet_page *page)
{
    struct facet_words *word = facet->word;
    if (page->view.decimal) {
        return AISLE_CORRUPT;
    }
    if (page->view.mask == 0) {
        return count_code(facet, column_page_view_at(&page->view, 0), page->count);
    }
    if (word->counts == NULL && word->noted_max - word->noted_count >= page->count) {
        return count_listed(facet, page);
    }
    int status = word->counts == NULL ? count_all(facet) : 0;
    if (status != 0) {
        return status;
    }
    return page->positions == NULL ? count_unpacked(facet, page) : count_picked(facet, page);
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
    memset(word->counts, 0, ((size_t)word->value_count + 1) * sizeof *word->counts); /* and SLOT_DAMAGED */
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

int facet_leave_words(struct facet *facet)
{
    struct facet_words *word = facet->word;
    int status = word == NULL ? 0 : open_lists(facet);
    if (word == NULL || status != 0) {
        return status;
    }
    for (uint32_t lane = 1; lane <= word->lane_mask; lane++) {
        uint32_t *other = word->counts + ((size_t)lane << word->lane_shift);
        for (uint32_t i = 0; i < word->value_count; i++) {
            word->counts[i] += other[i];
        }
        memset(other, 0, sizeof *other << word->lane_shift);
    }
    if (word->lane_mask != 0) {
        size_t lane = (size_t)1 << word->lane_shift;
        memset(word->counts + word->value_count, 0, (lane - word->value_count) * sizeof *word->counts);
    }
    word->lane_mask = 0;
    facet->word = NULL;
    if (facet->ranks != NULL) {
        add_ranked(facet, word);
    } else if (word->counts != NULL) {
        facet->room_count = 0; /* it is not to be used again */
    }
    return 0;
}

/* ---- windows ---- */

static int enter_words(struct facet *facet, const struct segment *segment)
{
    struct facet_words *word = &facet->words[facet->segment];
    facet->values = &segment->values[facet->request->field];
    word->value_count = facet->values->count;
    word->noted_max = word->value_count / NOTED_SHARE;
    word->noted = arena_alloc(facet->arena, word->noted_max * sizeof *word->noted);
    facet->word = word;
    return word->noted == NULL ? AISLE_NO_MEMORY : 0;
}

static int enter_segment(struct facet_set *set, struct facet *facet, uint32_t number)
{
    const struct query_segment *in = &set->context->segments[number];
    bool words = facet->request->kind == FACET_WORDS;
    int status = words ? facet_leave_words(facet) : 0;
    facet->segment = number;
    facet->column = &in->segment->column[facet->request->field];
    facet->overlays = in->state->overlay_count == 0 ? NULL : in->state;
    status = status == 0 && words ? enter_words(facet, in->segment) : status;
    return status == 0 && facet->groups != NULL ? facet_groups_enter(set, facet) : status;
}

/* Matches of a window as positions in its pages. */
struct matches {
    const uint64_t *bits; /* of the window; NULL: a sample */
    uint32_t counts[WINDOW_PAGES];
    bool whole[WINDOW_PAGES]; /* every document matches: no positions */
    uint16_t positions[WALK_WINDOW]; /* of each page from its first document's place on */
};

static uint32_t list_positions(const uint64_t *bits, uint16_t *positions)
{
    uint32_t count = 0;
    for (uint32_t word = 0; word < PAGE_WORDS; word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            positions[count++] = (uint16_t)(word * 64 + (uint32_t)__builtin_ctzll(left));
        }
    }
    return count;
}

static void find_matches(const struct walk_window *window, const uint64_t *bits, struct matches *matches)
{
    matches->bits = bits;
    for (uint32_t page = 0; page < WINDOW_PAGES; page++) {
        uint32_t first = page * COLUMN_PAGE_DOCUMENTS;
        uint32_t left = window->documents > first ? window->documents - first : 0;
        uint32_t documents = left < COLUMN_PAGE_DOCUMENTS ? left : COLUMN_PAGE_DOCUMENTS;
        const uint64_t *own = bits + page * PAGE_WORDS;
        matches->counts[page] = (uint32_t)bitset_count(own, PAGE_WORDS);
        matches->whole[page] = matches->counts[page] == documents;
        if (!matches->whole[page]) {
            list_positions(own, matches->positions + first);
        }
    }
}

/* One of request->sample matches, in their order. */
static void take_sample(struct facet *facet, const struct matches *all, struct matches *sample)
{
    sample->bits = NULL;
    for (uint32_t page = 0; page < WINDOW_PAGES; page++) {
        const uint16_t *positions = all->positions + page * COLUMN_PAGE_DOCUMENTS;
        uint16_t *taken = sample->positions + page * COLUMN_PAGE_DOCUMENTS;
        uint32_t count = 0;
        sample->whole[page] = false;
        uint32_t at = facet->skip;
        for (; at < all->counts[page]; at += facet->request->sample) {
            taken[count++] = all->whole[page] ? (uint16_t)at : positions[at];
        }
        facet->skip = at - all->counts[page];
        sample->counts[page] = count;
    }
}

static int open_page(const struct facet *facet, uint32_t number, struct facet_page *page)
{
    page->bytes = facet->overlays == NULL ? bytes_of(NULL, 0)
                                          : segment_state_overlay(facet->overlays,
                                                                  (uint8_t)(PAGE_COLUMN + facet->request->field),
                                                                  number);
    int status = page->bytes.size != 0 ? 0 : column_page(facet->column, number, &page->bytes);
    status = status == 0 ? column_page_view_init(&page->view, page->bytes) : status;
    return status == 0 ? 0 : AISLE_CORRUPT;
}

static int count_facet(struct facet_set *set, struct facet *facet, const struct walk_window *window,
                       const struct matches *matches)
{
    const struct field *field = &set->context->schema->fields[facet->request->field];
    int status = facet->segment == window->segment ? 0 : enter_segment(set, facet, window->segment);
    for (uint32_t i = 0; i < WINDOW_PAGES && status == 0; i++) {
        uint32_t first = window->from + i * COLUMN_PAGE_DOCUMENTS;
        struct facet_page page = {.count = matches->counts[i]};
        facet->looked += page.count;
        if (page.count == 0) {
            continue;
        }
        page.positions = matches->whole[i] ? NULL : matches->positions + i * COLUMN_PAGE_DOCUMENTS;
        page.bits = matches->bits == NULL ? NULL : matches->bits + i * PAGE_WORDS;
        status = open_page(facet, first / COLUMN_PAGE_DOCUMENTS, &page);
        uint32_t left = window->documents - i * COLUMN_PAGE_DOCUMENTS;
        if (status == 0 && page.view.count != (left < COLUMN_PAGE_DOCUMENTS ? left : COLUMN_PAGE_DOCUMENTS)) {
            return AISLE_CORRUPT; /* positions may be behind its end */
        }
        if (status == 0 && facet->groups != NULL) {
            status = facet_count_groups(facet, &page, first / COLUMN_PAGE_DOCUMENTS, field->type == FIELD_DOUBLE);
        } else if (status == 0) {
            status = facet->request->kind == FACET_WORDS
                         ? facet_count_words(facet, &page)
                         : facet_count_numbers(facet, &page, field->type == FIELD_DOUBLE);
        }
    }
    if (status == AISLE_BAD_QUERY) {
        return error_set(set->error, status, "facet: products have several values of \"%s\", which groups them",
                         set->context->schema->fields[facet->request->group_field].name);
    }
    if (status == AISLE_LIMIT && facet->groups != NULL && facet_groups_are_full(facet->groups)) {
        return error_set(set->error, status, "facet: field \"%s\" has more than %u pairs of values and groups",
                         field->name, LIMIT_FACET_PAIRS);
    }
    if (status == AISLE_LIMIT) {
        bool buckets = facet->request->kind == FACET_HISTOGRAM;
        return error_set(set->error, status, "facet: field \"%s\" has more than %u %s", field->name,
                         buckets ? LIMIT_FACET_BUCKETS : LIMIT_FACET_NUMBERS,
                         buckets ? "buckets of this width" : "different values, count ranges of them");
    }
    return status;
}

/* Facets that see the same matches, one after another. */
static int count_lifted(struct facet_set *set, uint32_t lifted, const struct walk_window *window, const uint64_t *bits)
{
    struct matches matches;
    struct matches sample;
    bool is_found = false;
    int status = 0;
    for (uint32_t i = 0; i < set->count && status == 0; i++) {
        struct facet *facet = &set->facets[i];
        if (facet->lifted != lifted) {
            continue;
        }
        if (!is_found) {
            find_matches(window, bits, &matches);
            is_found = true;
        }
        for (uint32_t page = 0; page < WINDOW_PAGES; page++) {
            facet->matches += matches.counts[page];
        }
        if (facet->request->sample > 1) {
            take_sample(facet, &matches, &sample);
        }
        status = count_facet(set, facet, window, facet->request->sample > 1 ? &sample : &matches);
    }
    return status;
}

int facet_set_count(struct facet_set *set, const struct walk_window *window)
{
    uint32_t lifted = 0;
    int status = window->count == 0 ? 0 : count_lifted(set, FACET_NOT_LIFTED, window, window->bits);
    for (uint32_t i = 0; i < set->count; i++) {
        bool any = set->facets[i].lifted != FACET_NOT_LIFTED;
        lifted = any && set->facets[i].lifted >= lifted ? set->facets[i].lifted + 1 : lifted;
    }
    for (uint32_t i = 0; i < lifted && status == 0; i++) {
        status = count_lifted(set, i, window, window->without + (size_t)i * WALK_WORDS);
    }
    return status;
}
