/*
 * signals.c - opens the pages of signal columns, bounds them by their headers, and adds up parts.
 *
 * Pages that a patch has changed lie among the state's overlays; a bit for each page tells which are to be looked for
 * there.
 */
#include "query/signals.h"

#include "base/bitset.h"

/* A range of more pages is not looked at page by page. */
#define PAGES_MAX 64u

/*
 * Pages of a segment, and superblocks of lists in it, that one query reads only to keep something of them: 10 us each.
 * Of several segments, one has its turn.
 */
#define PAGES_SPARED 16u
#define SUPERBLOCKS_SPARED 8u

static const struct signal_rules no_rules = {.count = 0};

/* The first of the state's overlays of this kind or a higher one. */
static size_t first_overlay(const struct segment_state *state, uint32_t kind)
{
    size_t low = 0;
    size_t high = state->overlay_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (state->overlays[middle].kind < kind) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The column of a field, opened if it is new. */
static uint8_t column_of(struct signals *signals, const struct segment *segment, uint8_t field)
{
    for (uint32_t i = 0; i < signals->column_count; i++) {
        if (signals->columns[i].field == field) {
            return (uint8_t)i;
        }
    }
    struct signals_column *column = &signals->columns[signals->column_count];
    column->field = field;
    column->reader = &segment->column[field];
    column->overlay = first_overlay(signals->state, PAGE_COLUMN + (uint32_t)field);
    column->overlay_end = first_overlay(signals->state, PAGE_COLUMN + (uint32_t)field + 1);
    return (uint8_t)signals->column_count++;
}

static struct signal_range range_of_column(const struct signals_column *column)
{
    return (struct signal_range){column->reader->min, column->reader->max, column->reader->missing_count != 0};
}

static int32_t bound_by(const struct signals *signals, const struct signal_rules *rules,
                        struct signal_range (*range)(const struct signals_column *))
{
    int32_t sum = 0;
    for (uint32_t i = 0; i < rules->count; i++) {
        struct signal_range value = range(&signals->columns[signals->reads[i].value]);
        struct signal_range count = range(&signals->columns[signals->reads[i].count]);
        sum += signal_bound(&rules->rules[i], &value, &count);
    }
    return sum;
}

static bool has_overlays(const struct signals *signals)
{
    for (uint32_t i = 0; i < signals->column_count; i++) {
        if (signals->columns[i].overlay != signals->columns[i].overlay_end) {
            return true;
        }
    }
    return false;
}

/* Marks in the arena the pages that a column has patched. */
static int mark_patched(struct signals *signals, struct arena *arena)
{
    uint32_t pages = signals->documents / COLUMN_PAGE_DOCUMENTS + 1;
    uint64_t *patched = arena_calloc(arena, bitset_words(pages), sizeof *patched);
    if (patched == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < signals->column_count; i++) {
        const struct signals_column *column = &signals->columns[i];
        for (size_t k = column->overlay; k < column->overlay_end; k++) {
            uint32_t page = signals->state->overlays[k].page;
            if (page < pages) {
                bitset_set(patched, page);
            }
        }
    }
    signals->patched = patched;
    return 0;
}

/* Finds or begins what is kept; which pages are patched is marked once for a state, or for each query of own rules. */
static int open_kept(struct signals *signals, const struct query_segment *in, struct arena *arena)
{
    signals->kept = signals_kept_of(&in->segment->kept, in->segment, signals->rules, NULL);
    if (!has_overlays(signals)) {
        signals->max = bound_by(signals, signals->rules, range_of_column);
        return 0;
    }
    signals->max = signals->rules->max; /* patched pages can hold more than the segment was written with */
    signals->kept_patched = signals_kept_find(segment_state_kept(in->state), signals->rules);
    if (signals->kept_patched != NULL) {
        signals->patched = signals->kept_patched->patched;
        return 0;
    }
    int status = mark_patched(signals, arena);
    if (status == 0) {
        signals->kept_patched =
            signals_kept_of(segment_state_kept(in->state), in->segment, signals->rules, signals->patched);
    }
    return status;
}

int signals_open(const struct query_context *context, uint32_t segment_number, struct signals **out)
{
    const struct query_segment *in = &context->segments[segment_number];
    struct boosts *boosts;
    int status = boosts_open(context, segment_number, &boosts);
    bool has_rules = context->signals != NULL && context->signals->count != 0;
    *out = NULL;
    if (status != 0 || (!has_rules && boosts == NULL)) {
        return status;
    }
    struct signals *signals = arena_calloc(context->arena, 1, sizeof *signals);
    uint32_t pages = in->segment->info.documents / COLUMN_PAGE_DOCUMENTS + 1;
    int32_t *page_bound = arena_alloc(context->arena, pages * sizeof *page_bound);
    if (signals == NULL || page_bound == NULL) {
        return AISLE_NO_MEMORY;
    }
    memset(page_bound, has_rules ? 0xff : 0, pages * sizeof *page_bound);
    signals->rules = has_rules ? context->signals : &no_rules;
    signals->boosts = boosts;
    signals->state = in->state;
    signals->documents = in->segment->info.documents;
    signals->page = UINT32_MAX;
    signals->page_bound = page_bound;
    for (uint32_t i = 0; i < signals->rules->count; i++) {
        const struct signal_rule *rule = &signals->rules->rules[i];
        signals->reads[i].value = column_of(signals, in->segment, rule->field);
        signals->reads[i].count = rule->count_field == SCHEMA_NO_FIELD
                                      ? signals->reads[i].value
                                      : column_of(signals, in->segment, rule->count_field);
    }
    *out = signals;
    status = has_rules ? open_kept(signals, in, context->arena) : 0;
    signals->max += boosts == NULL ? 0 : boosts_max(boosts);
    bool lasts = signals->kept != NULL && signals->patched == NULL; /* what is kept of patched pages goes soon */
    if (status == 0 && lasts && signals_kept_turn(signals->kept, context->segment_count)) {
        signals->pages_spared = PAGES_SPARED;
        signals->superblocks_spared = SUPERBLOCKS_SPARED;
    }
    return status;
}

int signals_status(const struct signals *signals)
{
    return signals->status != 0 || signals->boosts == NULL ? signals->status : boosts_status(signals->boosts);
}

static bool is_patched(const struct signals *signals, uint32_t page)
{
    return signals->patched != NULL && bitset_get(signals->patched, page);
}

/* The column's page as the snapshot has it. */
static int find_page(const struct signals *signals, struct signals_column *column, uint32_t page)
{
    column->page = bytes_of(NULL, 0);
    if (is_patched(signals, page)) {
        column->page = segment_state_overlay(signals->state, (uint8_t)(PAGE_COLUMN + column->field), page);
    }
    return column->page.size != 0 ? 0 : column_page(column->reader, page, &column->page);
}

/* Shows the page in all columns. False when it cannot be read. */
static bool turn_to(struct signals *signals, uint32_t page)
{
    if (signals->page == page) {
        return true;
    }
    uint32_t left = signals->documents - page * COLUMN_PAGE_DOCUMENTS;
    uint32_t count = left < COLUMN_PAGE_DOCUMENTS ? left : COLUMN_PAGE_DOCUMENTS;
    signals->page = UINT32_MAX;
    for (uint32_t i = 0; i < signals->column_count && signals->status == 0; i++) {
        struct signals_column *column = &signals->columns[i];
        int status = find_page(signals, column, page);
        status = status == 0 ? column_page_view_init(&column->view, column->page) : status;
        if (status != 0 || column->view.count != count) {
            signals->status = status == AISLE_NO_MEMORY ? status : AISLE_CORRUPT;
        }
    }
    signals->page = signals->status == 0 ? page : UINT32_MAX;
    return signals->status == 0;
}

static struct signal_range range_of_view(const struct signals_column *column)
{
    return (struct signal_range){column->view.min, column->view.max, column->view.has_missing};
}

/* Where bounds of a page are kept; NULL: nowhere. */
static struct signals_kept *kept_of(const struct signals *signals, uint32_t page)
{
    return is_patched(signals, page) ? signals->kept_patched : signals->kept;
}

/* The same when the groups of the page are known; else NULL. */
static const struct signals_kept *groups_of(const struct signals *signals, uint32_t page)
{
    const struct signals_kept *kept = kept_of(signals, page);
    return kept != NULL && signals_kept_known(kept, page) == SIGNALS_FULL ? kept : NULL;
}

static int32_t bound_of_groups(const struct signals_kept *kept, uint32_t first, uint32_t last)
{
    int32_t bound = 0;
    for (uint32_t group = first; group <= last; group++) {
        int32_t of_group = signals_kept_bound(kept, &kept->bounds->groups[group]);
        bound = bound < of_group ? of_group : bound;
    }
    return bound;
}

/* The bound of a page by its header. */
static int32_t bound_by_header(struct signals *signals, uint32_t page, const struct signal_rules *rules)
{
    return turn_to(signals, page) ? bound_by(signals, rules, range_of_view) : 0;
}

/* What one document of the page at hand gets by rules that read what the query's do. */
static int32_t part_by(const struct signals *signals, const struct signal_rules *rules, uint32_t index)
{
    int32_t sum = 0;
    for (uint32_t i = 0; i < rules->count; i++) {
        const struct signal_rule *rule = &rules->rules[i];
        int64_t value = column_page_view_at(&signals->columns[signals->reads[i].value].view, index);
        int64_t count = rule->count_field == SCHEMA_NO_FIELD
                            ? COLUMN_MISSING
                            : column_page_view_at(&signals->columns[signals->reads[i].count].view, index);
        sum += signal_part(rule, value, count);
    }
    return sum;
}

static int32_t bound_of_page(struct signals *signals, uint32_t page)
{
    int32_t *bound = &signals->page_bound[page];
    struct signals_kept *kept = *bound < 0 ? kept_of(signals, page) : NULL;
    if (*bound < 0 && kept == NULL) {
        *bound = bound_by_header(signals, page, signals->rules);
    } else if (*bound < 0) {
        if (signals_kept_known(kept, page) == SIGNALS_NOTHING) {
            int32_t by_header = bound_by_header(signals, page, &kept->bounds->rules);
            if (signals->status != 0) {
                return 0;
            }
            if (!signals_kept_page(kept, page, by_header)) {
                *bound = by_header;
                return by_header;
            }
        }
        *bound = signals_kept_bound(kept, &kept->bounds->page[page]);
    }
    return *bound;
}

/* The bound of the documents from first to last of a page, which is bounded by of_page as a whole. */
static int32_t bound_in_page(const struct signals *signals, uint32_t page, uint32_t first, uint32_t last,
                             int32_t of_page)
{
    const struct signals_kept *kept =
        last - first < COLUMN_PAGE_DOCUMENTS - SIGNALS_GROUP ? groups_of(signals, page) : NULL;
    return kept == NULL ? of_page : bound_of_groups(kept, first / SIGNALS_GROUP, last / SIGNALS_GROUP);
}

/* The bound of signals alone. */
static int32_t bound_of_range(struct signals *signals, uint32_t first, uint32_t last)
{
    uint32_t first_page = first / COLUMN_PAGE_DOCUMENTS;
    uint32_t last_page = last / COLUMN_PAGE_DOCUMENTS;
    int32_t bound = 0;
    if (last_page - first_page >= PAGES_MAX) {
        return signals->max - (signals->boosts == NULL ? 0 : boosts_max(signals->boosts));
    }
    for (uint32_t page = first_page; page <= last_page; page++) {
        int32_t of_page = bound_of_page(signals, page);
        if (of_page > bound) {
            uint32_t page_first = page * COLUMN_PAGE_DOCUMENTS;
            uint32_t page_last = page_first + (COLUMN_PAGE_DOCUMENTS - 1);
            of_page = bound_in_page(signals, page, first > page_first ? first : page_first,
                                    last < page_last ? last : page_last, of_page);
        }
        bound = bound < of_page ? of_page : bound;
    }
    return bound;
}

int32_t signals_bound(struct signals *signals, uint32_t first, uint32_t last)
{
    int32_t bound = bound_of_range(signals, first, last);
    return signals->boosts == NULL ? bound : bound + boosts_bound(signals->boosts, first, last);
}

static int32_t boost_of(struct signals *signals, uint32_t document)
{
    return signals->boosts == NULL ? 0 : boosts_part(signals->boosts, document);
}

int32_t signals_part(struct signals *signals, uint32_t document)
{
    uint32_t index = document % COLUMN_PAGE_DOCUMENTS;
    int32_t sum = boost_of(signals, document);
    if (signals->rules->count == 0) {
        return sum;
    }
    if (!turn_to(signals, document / COLUMN_PAGE_DOCUMENTS)) {
        return 0;
    }
    return sum + part_by(signals, signals->rules, index);
}

/* Adds the parts of a whole page, by rules that read what the query's do, to a buffer of COLUMN_PAGE_DOCUMENTS. */
static int add_page(struct signals *signals, const struct signal_rules *rules, int32_t *parts)
{
    int64_t values[COLUMN_PAGE_DOCUMENTS];
    int64_t counts[COLUMN_PAGE_DOCUMENTS];
    int status = 0;
    for (uint32_t i = 0; i < rules->count && status == 0; i++) {
        const struct signal_rule *rule = &rules->rules[i];
        bool reads_count = rule->count_field != SCHEMA_NO_FIELD;
        uint32_t count = 0;
        status = column_page_decode(signals->columns[signals->reads[i].value].page, values, &count);
        if (status == 0 && reads_count) {
            status = column_page_decode(signals->columns[signals->reads[i].count].page, counts, &count);
        }
        if (status == 0) {
            signal_parts_add(rule, values, reads_count ? counts : NULL, count, parts);
        }
    }
    return status;
}

/* Reads the whole page into what is kept. False when it cannot be read. */
static bool fill_page(struct signals *signals, struct signals_kept *kept, uint32_t page)
{
    int32_t parts[COLUMN_PAGE_DOCUMENTS] = {0};
    if (!turn_to(signals, page)) {
        return false;
    }
    signals->status = add_page(signals, &kept->bounds->rules, parts); /* at the time that they hold from */
    if (signals->status == 0) {
        signals_kept_fill(kept, page, parts);
        signals->page_bound[page] = -1;
    }
    return signals->status == 0;
}

/* Whether all of a page is known now; not when it cannot be read, or a later state has made it known. */
static bool make_full(struct signals *signals, struct signals_kept *kept, uint32_t page)
{
    return signals_kept_known(kept, page) == SIGNALS_FULL ||
           (fill_page(signals, kept, page) && signals_kept_known(kept, page) == SIGNALS_FULL);
}

/* The bound of signals alone. */
static int32_t bound_of_document(struct signals *signals, uint32_t document)
{
    uint32_t page = document / COLUMN_PAGE_DOCUMENTS;
    struct signals_kept *kept = kept_of(signals, page);
    if (kept == NULL) {
        return bound_of_page(signals, page);
    }
    if (!make_full(signals, kept, page)) {
        return signals->status != 0 ? 0 : bound_of_page(signals, page);
    }
    return signals_kept_document(kept, document);
}

const struct signals_kept *signals_kept_page_of(struct signals *signals, uint32_t page)
{
    struct signals_kept *kept = kept_of(signals, page);
    if (kept == NULL || signals_kept_known(kept, page) == SIGNALS_FULL) {
        return kept;
    }
    if (signals->pages_spared == 0 || signals->status != 0) {
        return NULL;
    }
    signals->pages_spared--;
    bool is_full = make_full(signals, kept, page);
    signals->status = 0; /* what is wrong with a page shows where it is read for its own sake */
    return is_full ? kept : NULL;
}

int32_t signals_bound_near(struct signals *signals, uint32_t document)
{
    return bound_of_document(signals, document) + boost_of(signals, document);
}

uint32_t signals_keep(struct signals *signals, uint32_t *documents, int32_t *scores, uint32_t count, int32_t least)
{
    const int32_t boost_max = signals->boosts == NULL ? 0 : boosts_max(signals->boosts);
    uint32_t group = UINT32_MAX; /* that boost_bound is of */
    int32_t boost_bound = 0;
    uint32_t keeps = 0;
    for (uint32_t i = 0; i < count;) {
        uint32_t page = documents[i] / COLUMN_PAGE_DOCUMENTS;
        int32_t bound = bound_of_document(signals, documents[i]);
        const struct signals_kept *kept = groups_of(signals, page);
        for (; i < count && documents[i] / COLUMN_PAGE_DOCUMENTS == page; i++) {
            int32_t score = scores[i];
            uint32_t document = documents[i];
            bound = kept != NULL ? signals_kept_document(kept, document) : bound;
            documents[keeps] = document;
            scores[keeps] = score;
            if (boost_max != 0 && score + bound < least && score + bound + boost_max >= least) {
                if (document / SIGNALS_GROUP != group) {
                    group = document / SIGNALS_GROUP;
                    boost_bound = boosts_bound_near(signals->boosts, document);
                }
                score += score + bound + boost_bound >= least ? boosts_part(signals->boosts, document) : 0;
            }
            keeps += score + bound >= least ? 1 : 0;
        }
    }
    return keeps;
}

int signals_values(struct signals *signals, uint32_t rule, uint32_t document, int64_t *value, int64_t *count)
{
    uint32_t index = document % COLUMN_PAGE_DOCUMENTS;
    *value = COLUMN_MISSING;
    *count = COLUMN_MISSING;
    if (!turn_to(signals, document / COLUMN_PAGE_DOCUMENTS)) {
        return signals->status;
    }
    *value = column_page_view_at(&signals->columns[signals->reads[rule].value].view, index);
    if (signals->rules->rules[rule].count_field != SCHEMA_NO_FIELD) {
        *count = column_page_view_at(&signals->columns[signals->reads[rule].count].view, index);
    }
    return 0;
}
