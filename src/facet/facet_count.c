/*
 * facet_count.c - from windows of matches to pages of columns.
 *
 * Thread rule: as the set.
 */
#include "facet/facet_private.h"

#include "base/alloc.h"
#include "base/bitset.h"

#define WINDOW_PAGES (WALK_WINDOW / COLUMN_PAGE_DOCUMENTS)

/* From this share of a page on (1 / 4), unpacking all of it is faster than picking. */
#define PICKED_SHARE 4u

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

/* Ranges of a field whose matches lie in one of them, by the filter, need not be looked at. */
static void confine(const struct facet_set *set, struct facet *facet, const struct walk *walk)
{
    const struct facet_request *request = facet->request;
    int64_t least;
    int64_t greatest;
    bool suits = request->kind == FACET_RANGES && !request->stats && !request->by_groups &&
                 !set->context->schema->fields[request->field].of_variants;
    if (suits && facet->lifted == FACET_NOT_LIFTED &&
        filter_confines(walk->filter, request->field, &least, &greatest) && least <= greatest) {
        facet->confined_to = facet_range_of(request, least);
        facet->is_confined = facet->confined_to == facet_range_of(request, greatest);
    }
}

int facet_set_new(const struct query_context *context, const struct facet_request *requests, const struct walk *walk,
                  const uint32_t *lifted, uint32_t count, struct facet_set **out, aisle_error *error)
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
    set->positions_of = facet_positions_best();
    set->facets = arena_calloc(&set->arena, count, sizeof *set->facets);
    int status = set->facets == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        set->facets[i].request = &requests[i];
        set->facets[i].lifted = lifted[i];
        status = prepare(set, &set->facets[i], error);
        confine(set, &set->facets[i], walk);
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

/* ---- windows ---- */

static int enter_words(struct facet *facet, const struct segment *segment)
{
    struct facet_words *word = &facet->words[facet->segment];
    facet->values = &segment->values[facet->request->field];
    word->value_count = facet->values->count;
    word->noted_max = word->value_count / NOTED_SHARE;
    word->noted = arena_alloc(facet->arena, word->noted_max * sizeof *word->noted);
    facet->word = word;
    facet->stretches = facet->groups != NULL ? NULL : facet_stretches_of(segment, facet->request->field);
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
    uint16_t positions[WALK_WINDOW + FACET_POSITIONS_SLACK]; /* of each page from its first document's place on */
};

static void find_matches(const struct facet_set *set, const struct walk_window *window, const uint64_t *bits,
                         struct matches *matches)
{
    matches->bits = bits;
    for (uint32_t page = 0; page < WINDOW_PAGES; page++) {
        uint32_t first = page * COLUMN_PAGE_DOCUMENTS;
        uint32_t left = window->documents > first ? window->documents - first : 0;
        uint32_t documents = left < COLUMN_PAGE_DOCUMENTS ? left : COLUMN_PAGE_DOCUMENTS;
        const uint64_t *own = bits + page * FACET_PAGE_WORDS;
        matches->counts[page] = (uint32_t)bitset_count(own, FACET_PAGE_WORDS);
        matches->whole[page] = matches->counts[page] == documents;
        if (!matches->whole[page] && matches->counts[page] != 0) {
            (void)set->positions_of(own, matches->positions + first);
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

/* The wanted pages of a window, as bits, changed ones as they are now. */
static int open_pages(const struct facet *facet, const struct walk_window *window, uint32_t wanted,
                      struct bytes pages[WINDOW_PAGES])
{
    uint32_t first = window->from / COLUMN_PAGE_DOCUMENTS;
    uint32_t count = (window->documents + COLUMN_PAGE_DOCUMENTS - 1) / COLUMN_PAGE_DOCUMENTS;
    int status = column_pages(facet->column, first, count, wanted, pages);
    for (uint32_t i = 0; facet->overlays != NULL && i < count; i++) {
        if ((wanted >> i & 1) == 0) {
            continue;
        }
        struct bytes changed =
            segment_state_overlay(facet->overlays, (uint8_t)(PAGE_COLUMN + facet->request->field), first + i);
        pages[i] = changed.size != 0 ? changed : pages[i];
    }
    return status == 0 ? 0 : AISLE_CORRUPT;
}

void facet_page_codes(const struct facet_page *page, uint32_t codes[COLUMN_PAGE_DOCUMENTS])
{
    if (page->positions != NULL && page->count < page->view.count / PICKED_SHARE) {
        column_page_pick_codes(&page->view, page->positions, page->count, codes);
        return;
    }
    column_page_codes(&page->view, codes);
    for (uint32_t i = 0; page->positions != NULL && i < page->count; i++) {
        codes[i] = codes[page->positions[i]]; /* positions ascend: what is still to be read is not written over */
    }
}

#define LINE_BYTES 64u

/* From so many matches on, most of a page's lines are read: then they are asked of memory together, before it is. */
#define AHEAD_MATCHES 32u

static void ask_ahead(struct bytes page)
{
    for (size_t at = 0; at < page.size; at += LINE_BYTES) {
        __builtin_prefetch(page.data + at);
    }
}

/* Counts what is known without a look at pages. *wanted: the pages that are left, as bits. */
static int count_known(struct facet *facet, const struct walk_window *window, const struct matches *matches,
                       uint32_t *wanted)
{
    int status = 0;
    *wanted = 0;
    for (uint32_t i = 0; i < WINDOW_PAGES && status == 0; i++) {
        const uint64_t *bits = matches->whole[i] || matches->bits == NULL ? NULL
                                                                          : matches->bits + i * FACET_PAGE_WORDS;
        uint32_t count = matches->counts[i];
        bool done = count == 0;
        facet->looked += count;
        if (!done && facet->is_confined) {
            facet_count_range(facet, facet->confined_to, count);
            done = true;
        } else if (!done && facet->stretches != NULL && (bits != NULL || matches->whole[i])) {
            status = facet_count_stretches(facet, window->from / COLUMN_PAGE_DOCUMENTS + i, bits, &done);
        }
        *wanted |= (uint32_t)!done << i;
    }
    return status;
}

/* Counts a page's matches, whose bytes and positions are there. */
static int count_page(struct facet *facet, uint32_t number, bool real, struct facet_page *page)
{
    if (facet->groups != NULL) {
        return facet_count_groups(facet, page, number, real);
    }
    if (facet->stretches != NULL) {
        facet_keep_stretches(facet, number, page);
    }
    return facet->request->kind == FACET_WORDS ? facet_count_words(facet, page)
                                               : facet_count_numbers(facet, page, real);
}

static int count_facet(struct facet_set *set, struct facet *facet, const struct walk_window *window,
                       const struct matches *matches)
{
    const struct field *field = &set->context->schema->fields[facet->request->field];
    const uint32_t number = window->from / COLUMN_PAGE_DOCUMENTS;
    int status = facet->segment == window->segment ? 0 : enter_segment(set, facet, window->segment);
    struct bytes pages[WINDOW_PAGES];
    uint32_t wanted = 0;
    status = status == 0 ? count_known(facet, window, matches, &wanted) : status;
    status = status == 0 && wanted != 0 ? open_pages(facet, window, wanted, pages) : status;
    for (uint32_t i = 0; i < WINDOW_PAGES && status == 0; i++) {
        struct facet_page page = {.count = matches->counts[i]};
        if (i + 1 < WINDOW_PAGES && (wanted >> (i + 1) & 1) != 0 && matches->counts[i + 1] >= AHEAD_MATCHES) {
            ask_ahead(pages[i + 1]);
        }
        if ((wanted >> i & 1) == 0) {
            continue;
        }
        page.positions = matches->whole[i] ? NULL : matches->positions + i * COLUMN_PAGE_DOCUMENTS;
        page.bits = matches->bits == NULL ? NULL : matches->bits + i * FACET_PAGE_WORDS;
        page.bytes = pages[i];
        status = column_page_view_init(&page.view, page.bytes) == 0 ? 0 : AISLE_CORRUPT;
        uint32_t left = window->documents - i * COLUMN_PAGE_DOCUMENTS;
        if (status == 0 && page.view.count != (left < COLUMN_PAGE_DOCUMENTS ? left : COLUMN_PAGE_DOCUMENTS)) {
            return AISLE_CORRUPT; /* positions may be behind its end */
        }
        status = status == 0 ? count_page(facet, number + i, field->type == FIELD_DOUBLE, &page) : status;
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
            find_matches(set, window, bits, &matches);
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
