/*
 * boosts.c - filters of boosts in one segment, and their sums in the window at hand.
 *
 * Filters for values of a keyword or path are taken together by their field (boost_values.h); windows are made of what
 * is left.
 *
 * Thread rule: see boosts.h.
 */
#include "query/boosts.h"

#define WINDOW_WORDS (FILTER_WINDOW / 64u)
#define NO_WINDOW UINT32_MAX
#define NOT_KNOWN (-1)

/* Filters that are asked about single documents of a window before its sums are made: about what these cost. */
#define TESTS_MAX 64u

/* Ranges of values that are taken together; others are filters like any. */
#define RANGES_MAX 64u
static_assert(LIMIT_AFFINITIES + LIMIT_RULE_BOOSTS <= RANGES_MAX, "all that a request may have");

/* A range of more pages is bounded by what no document gets more than. */
#define PAGES_MAX 64u

/* Windows of a wider range are not asked for what is known of them. */
#define WINDOWS_MAX 16u

/* Groups of documents that likely ones are looked for in, and of these, those whose values are read. */
#define GROUPS_PASSED 4096u
#define GROUPS_LOOKED 64u

#define LEVELS 64u /* parts are told apart by, when likely documents are too many */

struct boosts {
    struct boost_values **values; /* of fields */
    uint32_t *ranges_of;  /* how many ranges each of them has */
    uint32_t value_count;
    struct boost_like *likes; /* of all ranges; NULL: they were not asked for yet */
    struct arena *arena;
    int32_t *page_bound;  /* of values, by page: NOT_KNOWN, or the largest of its groups' */
    int32_t *group_bound; /* of VALUE_MARKS_GROUP documents each; of pages that are known */
    struct filter **filters; /* the others that keep any document of the segment */
    int32_t *parts;          /* of them */
    uint32_t count;
    uint32_t knowing; /* of them, the first ones, that know which ranges they keep nothing of */
    uint32_t documents;
    int32_t max;      /* values included */
    int32_t filters_max;
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
    boosts->filters_max += part;
    boosts->rest_max += knows ? 0 : part;
}

/* Ranges of values, gathered by field. */
struct gathering {
    struct boost_range ranges[RANGES_MAX];
    uint8_t fields[RANGES_MAX];
    uint32_t count;
};

static bool add_range(struct gathering *gathering, uint8_t field, int64_t first, int64_t last, int32_t part)
{
    if (first <= last && gathering->count < RANGES_MAX) {
        gathering->fields[gathering->count] = field;
        gathering->ranges[gathering->count++] =
            (struct boost_range){.first = (uint32_t)first, .last = (uint32_t)last, .part = part};
        return true;
    }
    return first > last;
}

/* Whether a filter is for one value, or for all below a path, so that low is its name. */
static bool is_named(const struct filter_node *node)
{
    bool is_one = node->kind == FILTER_WORDS && node->includes_low && node->includes_high && node->high.data != NULL;
    return node->low.data != NULL && node->low.size != 0 &&
           (node->kind == FILTER_UNDER || (is_one && bytes_equal(node->low, node->high)));
}

/* Keeps what a value's name was found to be, for the queries to come. */
static void keep_name(const struct segment *segment, const struct filter_node *node, int64_t least, int64_t greatest)
{
    struct value_marks *marks = value_marks_of_field(segment, node->field);
    if (marks != NULL && least <= greatest) {
        value_name_keep(marks, node->kind, node->low, (uint32_t)least, (uint32_t)greatest);
    } else if (marks != NULL) {
        value_name_keep(marks, node->kind, node->low, 1, 0);
    }
}

static int open_boost(const struct query_context *context, const struct query_segment *in, const struct boost *boost,
                      struct boosts *boosts, struct gathering *gathering)
{
    const struct filter_node *node = boost->filter;
    struct filter *filter;
    uint8_t field;
    int64_t least;
    int64_t greatest;
    bool named = is_named(node);
    const struct value_marks *marks = named ? value_marks_there(in->segment, node->field) : NULL;
    uint32_t first;
    uint32_t last;
    if (marks != NULL && value_name_find(marks, node->kind, node->low, &first, &last) &&
        add_range(gathering, node->field, first, last, boost->part)) {
        return 0;
    }
    int status = filter_open(node, in->segment, in->state, context->arena, &filter);
    if (status != 0) {
        return status;
    }
    bool is_range = filter_is_range_or_none(filter, &field, &least, &greatest);
    if (is_range && named) {
        keep_name(in->segment, node, least, greatest);
    }
    if (!filter_is_empty(filter) && (!is_range || !add_range(gathering, field, least, greatest, boost->part))) {
        add(boosts, filter, boost->part, node->kind == FILTER_DOCUMENTS);
    }
    return 0;
}

static int open_filters(const struct query_context *context, const struct query_segment *in, struct boosts *boosts,
                        struct gathering *gathering)
{
    int status = 0;
    for (uint32_t i = 0; i < context->boosts->count && status == 0; i++) {
        status = open_boost(context, in, &context->boosts->boosts[i], boosts, gathering);
    }
    return status;
}

/* What bounds of values need. */
static int open_bounds(struct boosts *boosts, struct arena *arena)
{
    size_t pages = boosts->documents / COLUMN_PAGE_DOCUMENTS + 1;
    boosts->page_bound = arena_alloc(arena, pages * sizeof *boosts->page_bound);
    boosts->group_bound = arena_alloc(arena, pages * VALUE_MARKS_PAGE_GROUPS * sizeof *boosts->group_bound);
    if (boosts->page_bound == NULL || boosts->group_bound == NULL) {
        return AISLE_NO_MEMORY;
    }
    memset(boosts->page_bound, 0xff, pages * sizeof *boosts->page_bound); /* NOT_KNOWN */
    return 0;
}

/* Opens the ranges of each field together. */
static int open_values(const struct query_segment *in, struct arena *arena, const struct gathering *gathering,
                       struct boosts *boosts)
{
    int status = 0;
    boosts->values = arena_alloc(arena, (gathering->count + 1) * sizeof(struct boost_values *));
    boosts->ranges_of = arena_alloc(arena, (gathering->count + 1) * sizeof *boosts->ranges_of);
    struct boost_range *ranges = arena_alloc(arena, (gathering->count + 1) * sizeof *ranges);
    if (boosts->values == NULL || boosts->ranges_of == NULL || ranges == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < gathering->count && status == 0; i++) {
        uint8_t field = gathering->fields[i];
        uint32_t of_field = 0;
        if (memchr(gathering->fields, field, i) != NULL) {
            continue; /* went with an earlier one */
        }
        for (uint32_t k = i; k < gathering->count; k++) {
            if (gathering->fields[k] == field) {
                ranges[of_field++] = gathering->ranges[k];
            }
        }
        status = boost_values_open(in->segment, field, ranges, of_field, arena, &boosts->values[boosts->value_count]);
        boosts->max += status == 0 ? boost_values_max(boosts->values[boosts->value_count]) : 0;
        boosts->ranges_of[boosts->value_count] = of_field;
        boosts->value_count += status == 0 ? 1 : 0;
        ranges += of_field;
    }
    return status == 0 && boosts->value_count != 0 ? open_bounds(boosts, arena) : status;
}

/* What windows need. */
static int open_windows(struct boosts *boosts, struct arena *arena)
{
    size_t windows = boosts->documents / FILTER_WINDOW + 1;
    boosts->window_max = arena_alloc(arena, windows * sizeof *boosts->window_max);
    boosts->sums = arena_alloc(arena, FILTER_WINDOW * sizeof *boosts->sums);
    if (boosts->window_max == NULL || boosts->sums == NULL) {
        return AISLE_NO_MEMORY;
    }
    memset(boosts->window_max, 0xff, windows * sizeof *boosts->window_max); /* NOT_KNOWN */
    return 0;
}

int boosts_open(const struct query_context *context, uint32_t segment, struct boosts **out)
{
    const struct query_segment *in = &context->segments[segment];
    const struct boost_list *list = context->boosts;
    struct arena *arena = context->arena;
    struct gathering gathering = {.count = 0};
    *out = NULL;
    if (list == NULL || list->count == 0) {
        return 0;
    }
    struct boosts *boosts = arena_calloc(arena, 1, sizeof *boosts);
    if (boosts == NULL) {
        return AISLE_NO_MEMORY;
    }
    *boosts = (struct boosts){.filters = arena_alloc(arena, list->count * sizeof *boosts->filters),
                              .parts = arena_alloc(arena, list->count * sizeof *boosts->parts),
                              .arena = arena,
                              .documents = in->segment->info.documents,
                              .tested = NO_WINDOW,
                              .document = UINT32_MAX,
                              .window = NO_WINDOW};
    if (boosts->filters == NULL || boosts->parts == NULL) {
        return AISLE_NO_MEMORY;
    }
    int status = open_filters(context, in, boosts, &gathering);
    status = status == 0 ? open_values(in, arena, &gathering, boosts) : status;
    status = status == 0 && boosts->count != 0 ? open_windows(boosts, arena) : status;
    *out = status != 0 || (boosts->count == 0 && boosts->value_count == 0) ? NULL : boosts;
    return status;
}

int32_t boosts_max(const struct boosts *boosts)
{
    return boosts->max;
}

int boosts_status(const struct boosts *boosts)
{
    int status = boosts->status;
    for (uint32_t i = 0; i < boosts->value_count && status == 0; i++) {
        status = boost_values_status(boosts->values[i]);
    }
    return status;
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

static int32_t bound_of_filters(struct boosts *boosts, uint32_t first, uint32_t last)
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

/* Learns what a page's groups get for values at most: the fields' largest parts seldom meet in one. */
static int32_t bound_of_page(struct boosts *boosts, uint32_t page)
{
    int32_t *most = &boosts->page_bound[page];
    if (*most == NOT_KNOWN) {
        int32_t *bounds = boosts->group_bound + (size_t)page * VALUE_MARKS_PAGE_GROUPS;
        memset(bounds, 0, VALUE_MARKS_PAGE_GROUPS * sizeof *bounds);
        *most = 0;
        for (uint32_t i = 0; i < boosts->value_count; i++) {
            boost_values_add_bounds(boosts->values[i], page, bounds);
        }
        for (uint32_t i = 0; i < VALUE_MARKS_PAGE_GROUPS; i++) {
            *most = bounds[i] > *most ? bounds[i] : *most;
        }
    }
    return *most;
}

static int32_t bound_of_group(struct boosts *boosts, uint32_t group)
{
    return boosts->value_count == 0 || bound_of_page(boosts, group / VALUE_MARKS_PAGE_GROUPS) == 0
               ? 0
               : boosts->group_bound[group];
}

/* Of documents from first to last of a page. */
static int32_t bound_in_page(struct boosts *boosts, uint32_t page, uint32_t first, uint32_t last)
{
    int32_t of_page = bound_of_page(boosts, page);
    int32_t most = 0;
    if (of_page == 0 || last - first >= COLUMN_PAGE_DOCUMENTS - VALUE_MARKS_GROUP) {
        return of_page;
    }
    for (uint32_t group = first / VALUE_MARKS_GROUP; group <= last / VALUE_MARKS_GROUP; group++) {
        most = boosts->group_bound[group] > most ? boosts->group_bound[group] : most;
    }
    return most;
}

static int32_t bound_of_values(struct boosts *boosts, uint32_t first, uint32_t last)
{
    uint32_t page = first / COLUMN_PAGE_DOCUMENTS;
    uint32_t end = last / COLUMN_PAGE_DOCUMENTS;
    int32_t most = 0;
    if (end - page >= PAGES_MAX) {
        return boosts->max - boosts->filters_max;
    }
    for (; page <= end; page++) {
        uint32_t page_first = page * COLUMN_PAGE_DOCUMENTS;
        uint32_t page_last = page_first + (COLUMN_PAGE_DOCUMENTS - 1);
        int32_t of_page = bound_in_page(boosts, page, first > page_first ? first : page_first,
                                        last < page_last ? last : page_last);
        most = of_page > most ? of_page : most;
    }
    return most;
}

int32_t boosts_bound(struct boosts *boosts, uint32_t first, uint32_t last)
{
    int32_t bound = boosts->count == 0 ? 0 : bound_of_filters(boosts, first, last);
    return boosts->value_count == 0 ? bound : bound + bound_of_values(boosts, first, last);
}

int32_t boosts_bound_near(struct boosts *boosts, uint32_t document)
{
    if (boosts->value_count != 0 && boosts->page_bound[document / COLUMN_PAGE_DOCUMENTS] == NOT_KNOWN) {
        return boosts->max; /* what the document gets is found out as fast as what its page gets */
    }
    return boosts->filters_max + bound_of_group(boosts, document / VALUE_MARKS_GROUP);
}

/* ---- values by group ---- */

/* Puts the likes of a field among those there are, by their reach; behind: the most for fields behind this one. */
static void add_likes(struct boosts *boosts, uint32_t field, int32_t behind, uint32_t *count)
{
    struct boost_values *values = boosts->values[field];
    for (uint32_t range = 0; range < boosts->ranges_of[field]; range++) {
        int32_t own = boost_values_add_up(values) ? boost_values_max(values) : boost_values_range(values, range)->part;
        int32_t reach = own + behind;
        uint32_t at = (*count)++;
        for (; at > 0 && boosts->likes[at - 1].reach < reach; at--) {
            boosts->likes[at] = boosts->likes[at - 1];
        }
        boosts->likes[at] = (struct boost_like){.values = values,
                                                .place = boost_values_place(values, range),
                                                .range = range,
                                                .field = field,
                                                .adds_up = boost_values_add_up(values),
                                                .part = boost_values_range(values, range)->part,
                                                .reach = reach};
    }
}

const struct boost_like *boosts_likes(struct boosts *boosts, uint32_t *count)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < boosts->value_count; i++) {
        all += boosts->ranges_of[i];
    }
    *count = all;
    if (boosts->likes != NULL || all == 0) {
        return boosts->likes;
    }
    boosts->likes = arena_alloc(boosts->arena, all * sizeof *boosts->likes);
    for (uint32_t i = 0, taken = 0; i < boosts->value_count && boosts->likes != NULL; i++) {
        uint32_t own = boost_values_count(boosts->values[i]);
        int32_t behind = 0;
        for (uint32_t k = 0; k < boosts->value_count; k++) {
            uint32_t other = boost_values_count(boosts->values[k]);
            behind += other < own || (other == own && k > i) ? boost_values_max(boosts->values[k]) : 0;
        }
        add_likes(boosts, i, behind, &taken);
    }
    return boosts->likes;
}

int32_t boosts_group_bound(const struct boost_like *likes, uint32_t count, uint32_t group)
{
    int32_t most[RANGES_MAX] = {0}; /* by field */
    int32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct boost_like *like = &likes[i];
        uint32_t groups = boost_like_groups(like, group / VALUE_MARKS_PAGE_GROUPS);
        int32_t part = (groups >> group % VALUE_MARKS_PAGE_GROUPS & 1) != 0 ? like->part : 0;
        int32_t before = most[like->field];
        int32_t now = like->adds_up ? before + part : before > part ? before : part;
        most[like->field] = now;
        sum += now - before;
    }
    return sum;
}

int32_t boosts_bound_besides(struct boosts *boosts, uint32_t first, uint32_t last)
{
    return boosts->count == 0 ? 0 : bound_of_filters(boosts, first, last);
}

void boosts_group_parts(struct boosts *boosts, uint32_t group, int32_t parts[VALUE_MARKS_GROUP])
{
    memset(parts, 0, VALUE_MARKS_GROUP * sizeof *parts);
    for (uint32_t i = 0; i < boosts->value_count; i++) {
        boost_values_add_group(boosts->values[i], group, parts);
    }
}

/* ---- likely documents ---- */

static uint32_t level_of(int32_t part, int32_t max)
{
    return (uint32_t)((int64_t)part * (LEVELS - 1) / max);
}

/* Drops about half of what was found, the least; of what is as good, the last. */
static void raise_least(struct boosts_likely *likely, int32_t max)
{
    uint32_t counts[LEVELS] = {0};
    uint32_t level = LEVELS;
    uint32_t kept = 0;
    uint32_t better = 0;
    for (uint32_t i = 0; i < likely->count; i++) {
        counts[level_of(likely->parts[i], max)]++;
    }
    while (level > 0 && better + counts[level - 1] <= BOOSTS_LIKELY_MAX / 2) {
        better += counts[--level];
    }
    uint32_t as_good = BOOSTS_LIKELY_MAX / 2 - better; /* of the level below */
    for (uint32_t i = 0; i < likely->count; i++) {
        uint32_t own = level_of(likely->parts[i], max);
        bool stays = own >= level || (own + 1 == level && as_good != 0);
        as_good -= own < level && stays ? 1 : 0;
        likely->documents[kept] = likely->documents[i];
        likely->parts[kept] = likely->parts[i];
        kept += stays ? 1 : 0;
    }
    likely->count = kept;
    likely->least = (int32_t)(((int64_t)level * max + LEVELS - 2) / (LEVELS - 1)); /* the first of the level */
}

/* Comes to another group; whether a document of it may be worth finding. */
static bool look_into(struct boosts *boosts, struct boosts_likely *likely, uint32_t group)
{
    likely->group = group;
    likely->passed++;
    if (bound_of_group(boosts, group) < likely->least) {
        return false;
    }
    likely->looked++;
    boosts_group_parts(boosts, group, likely->group_parts);
    return true;
}

bool boosts_likely_take(struct boosts *boosts, struct boosts_likely *likely, const uint32_t *documents, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t group = documents[i] / VALUE_MARKS_GROUP;
        if (group != likely->group || likely->passed == 0) {
            if (likely->passed == GROUPS_PASSED || likely->looked == GROUPS_LOOKED) {
                return false;
            }
            likely->is_worth = look_into(boosts, likely, group);
        }
        int32_t part = likely->group_parts[documents[i] % VALUE_MARKS_GROUP];
        if (!likely->is_worth || part < likely->least) {
            continue;
        }
        if (likely->count == BOOSTS_LIKELY_MAX) {
            raise_least(likely, boosts->max);
            if (part < likely->least) {
                continue;
            }
        }
        likely->documents[likely->count] = documents[i];
        likely->parts[likely->count++] = part;
    }
    return true;
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

static int32_t part_of_filters(struct boosts *boosts, uint32_t document)
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

int32_t boosts_part(struct boosts *boosts, uint32_t document)
{
    int32_t part = boosts->count == 0 ? 0 : part_of_filters(boosts, document);
    for (uint32_t i = 0; i < boosts->value_count; i++) {
        part += boost_values_part(boosts->values[i], document);
    }
    return part;
}
