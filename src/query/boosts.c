/*
 * boosts.c - filters of boosts in one segment, and their sums in the window at hand.
 *
 * Thread rule: see boosts.h.
 */
#include "query/boosts.h"

#define WINDOW_WORDS (FILTER_WINDOW / 64u)
#define NO_WINDOW UINT32_MAX
#define NOT_KNOWN (-1)

/* Filters that are asked about single documents of a window before its sums are made: about what these cost. */
#define TESTS_MAX 64u

/* Windows of a wider range are not asked for what is known of them. */
#define WINDOWS_MAX 16u

struct boosts {
    struct filter **filters; /* those that keep any document of the segment */
    int32_t *parts;          /* of them */
    uint32_t count;
    uint32_t knowing; /* of them, the first ones, that know which ranges they keep nothing of */
    uint32_t documents;
    int32_t max;
    int32_t rest_max; /* of those that do not */
    int status;
    int32_t *window_max;  /* by window; NOT_KNOWN, or the most that a document of it gets */
    uint32_t tested;      /* window that tests are of */
    uint32_t tests;
    uint32_t document;    /* tested last, after its bound its part is asked for; with what it gets */
    int32_t part;
    uint32_t window;      /* that sums are of; NO_WINDOW: none */
    int32_t *sums;        /* FILTER_WINDOW of them */
    int32_t word_max[WINDOW_WORDS];
};

static void add(struct boosts *boosts, struct filter *filter, int32_t part, bool knows)
{
    uint32_t at = boosts->count++;
    if (knows) { /* to the front */
        boosts->filters[at] = boosts->filters[boosts->knowing];
        boosts->parts[at] = boosts->parts[boosts->knowing];
        at = boosts->knowing++;
    }
    boosts->filters[at] = filter;
    boosts->parts[at] = part;
    boosts->max += part;
    boosts->rest_max += knows ? 0 : part;
}

int boosts_open(const struct query_context *context, uint32_t segment, struct boosts **out)
{
    const struct query_segment *in = &context->segments[segment];
    const struct boost_list *list = context->boosts;
    struct arena *arena = context->arena;
    *out = NULL;
    if (list == NULL || list->count == 0) {
        return 0;
    }
    size_t windows = in->segment->info.documents / FILTER_WINDOW + 1;
    struct boosts *boosts = arena_calloc(arena, 1, sizeof *boosts);
    if (boosts == NULL) {
        return AISLE_NO_MEMORY;
    }
    *boosts = (struct boosts){.filters = arena_alloc(arena, list->count * sizeof *boosts->filters),
                              .parts = arena_alloc(arena, list->count * sizeof *boosts->parts),
                              .documents = in->segment->info.documents,
                              .window_max = arena_alloc(arena, windows * sizeof *boosts->window_max),
                              .tested = NO_WINDOW,
                              .document = UINT32_MAX,
                              .window = NO_WINDOW,
                              .sums = arena_alloc(arena, FILTER_WINDOW * sizeof *boosts->sums)};
    if (boosts->filters == NULL || boosts->parts == NULL || boosts->window_max == NULL || boosts->sums == NULL) {
        return AISLE_NO_MEMORY;
    }
    memset(boosts->window_max, 0xff, windows * sizeof *boosts->window_max); /* NOT_KNOWN */
    for (uint32_t i = 0; i < list->count; i++) {
        struct filter *filter;
        int status = filter_open(list->boosts[i].filter, in->segment, in->state, arena, &filter);
        if (status != 0) {
            return status;
        }
        if (!filter_is_empty(filter)) {
            add(boosts, filter, list->boosts[i].part, list->boosts[i].filter->kind == FILTER_DOCUMENTS);
        }
    }
    *out = boosts->count == 0 ? NULL : boosts;
    return 0;
}

int32_t boosts_max(const struct boosts *boosts)
{
    return boosts->max;
}

int boosts_status(const struct boosts *boosts)
{
    return boosts->status;
}

/* ---- windows ---- */

static void add_filter(struct boosts *boosts, uint32_t number, uint32_t from)
{
    uint64_t bits[WINDOW_WORDS];
    int status = filter_fill(boosts->filters[number], from, bits);
    boosts->status = boosts->status == 0 ? status : boosts->status;
    for (uint32_t word = 0; word < WINDOW_WORDS && status == 0; word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            boosts->sums[word * 64 + (uint32_t)__builtin_ctzll(left)] += boosts->parts[number];
        }
    }
}

/* Makes the sums of the window that document lies in. */
static void enter_window(struct boosts *boosts, uint32_t document)
{
    uint32_t window = document / FILTER_WINDOW;
    int32_t most = 0;
    if (window == boosts->window) {
        return;
    }
    boosts->window = window;
    memset(boosts->sums, 0, FILTER_WINDOW * sizeof *boosts->sums);
    for (uint32_t i = 0; i < boosts->count; i++) {
        add_filter(boosts, i, window * FILTER_WINDOW);
    }
    for (uint32_t word = 0; word < WINDOW_WORDS; word++) {
        int32_t of_word = 0;
        for (uint32_t i = 0; i < 64; i++) {
            int32_t sum = boosts->sums[word * 64 + i];
            of_word = sum > of_word ? sum : of_word;
        }
        boosts->word_max[word] = of_word;
        most = of_word > most ? of_word : most;
    }
    boosts->window_max[window] = most;
}

static int32_t bound_in_window(struct boosts *boosts, uint32_t first, uint32_t last)
{
    uint32_t window = first / FILTER_WINDOW;
    int32_t most = 0;
    if (boosts->window != window && boosts->window_max[window] == 0) {
        return 0;
    }
    enter_window(boosts, first);
    for (uint32_t word = first % FILTER_WINDOW / 64; word <= last % FILTER_WINDOW / 64; word++) {
        most = boosts->word_max[word] > most ? boosts->word_max[word] : most;
    }
    return most;
}

/* The parts of all that may keep a document of the range; of the few that know, which stand in front. */
static int32_t bound_by_filters(const struct boosts *boosts, uint32_t first, uint32_t last)
{
    int32_t sum = boosts->rest_max;
    for (uint32_t i = 0; i < boosts->knowing; i++) {
        sum += filter_may_keep(boosts->filters[i], first, last) ? boosts->parts[i] : 0;
    }
    return sum;
}

int32_t boosts_bound(struct boosts *boosts, uint32_t first, uint32_t last)
{
    uint32_t window = first / FILTER_WINDOW;
    uint32_t end = last / FILTER_WINDOW;
    int32_t most = bound_by_filters(boosts, first, last);
    if (most == 0 || end - window >= WINDOWS_MAX) {
        return most;
    }
    if (window == end) {
        return bound_in_window(boosts, first, last);
    }
    /* Making sums for a block of a rarer list costs more than reading it. */
    int32_t known = 0;
    for (; window <= end && known < most; window++) {
        int32_t of_window = boosts->window_max[window] == NOT_KNOWN ? most : boosts->window_max[window];
        known = of_window > known ? of_window : known;
    }
    return known < most ? known : most;
}

/* ---- single documents ---- */

static int32_t test(struct boosts *boosts, uint32_t document)
{
    int32_t sum = 0;
    for (uint32_t i = 0; i < boosts->count; i++) {
        bool matches = false;
        int status = filter_test(boosts->filters[i], document, &matches);
        boosts->status = boosts->status == 0 ? status : boosts->status;
        sum += matches && status == 0 ? boosts->parts[i] : 0;
    }
    return sum;
}

int32_t boosts_part(struct boosts *boosts, uint32_t document)
{
    uint32_t window = document / FILTER_WINDOW;
    if (window != boosts->window && boosts->window_max[window] == 0) {
        return 0;
    }
    if (window != boosts->tested) {
        boosts->tested = window;
        boosts->tests = 0;
    }
    if (document == boosts->document) {
        return boosts->part;
    }
    if (window != boosts->window && boosts->tests < TESTS_MAX) {
        boosts->tests += boosts->count;
        boosts->document = document;
        boosts->part = test(boosts, document);
        return boosts->part;
    }
    enter_window(boosts, document);
    return boosts->sums[document % FILTER_WINDOW];
}
