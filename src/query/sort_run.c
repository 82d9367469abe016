/*
 * sort_run.c - keys of documents as ascending numbers, pages passed over, a heap of the best.
 *
 * A number v becomes v - 1 ascending and its complement descending, so that the greatest key is left for what is
 * missing. A keyword's number is twice its rank, so that a keyword of another catalog state, which a page begins
 * behind, has a place between two.
 *
 * Thread rule: as the query.
 */
#include "query/sort.h"

#include "query/cursor.h"
#include "query/ranks.h"
#include "query/signals.h"
#include "query/values_merge.h"
#include "query/watch.h"

#include "base/bitset.h"

#define KEY_MISSING INT64_MAX
#define WINDOW_PAGES (WALK_WINDOW / COLUMN_PAGE_DOCUMENTS)
#define PAGE_WORDS (COLUMN_PAGE_DOCUMENTS / 64u)
#define NO_PAGE UINT32_MAX
#define WATCHED_STEPS 4096u /* keywords given ranks that are a piece of work */
#define NARROWED_LEAST 32u /* matches of a page that are looked at together first */

struct sort_hit {
    struct query_hit hit;
    int64_t keys[LIMIT_SORT_PARTS];
};

/* A part in the segment at hand. */
struct sort_column {
    const struct sort_part *part;
    const struct column_reader *reader;
    const struct segment_state *overlays; /* NULL: no page was changed */
    const struct values_reader *values;   /* NULL: numbers */
    const uint32_t *ranks;                /* by ordinal; NULL: they are the ordinals */
    uint32_t **ranks_of;                  /* by segment; NULL: ordinals */
    uint32_t page;                        /* that view is of */
    struct bytes bytes;                   /* of that page */
    struct column_page_view view;
};

struct sorter {
    struct query_context context; /* a copy: cursors for scores must not meet those of the walk */
    const struct query_node *root;
    const struct sort_order *order;
    struct sort_column columns[LIMIT_SORT_PARTS];
    const struct query_after *after; /* NULL: none */
    int64_t after_keys[LIMIT_SORT_PARTS];
    bool reads_scores;
    uint32_t segment;
    struct cursor *cursor;   /* for scores */
    struct signals *signals; /* likewise; NULL: none */
    struct sort_hit *hits;   /* a heap, the worst first */
    uint32_t count;
    uint32_t capacity;
    int status; /* sticky */
};

/* ---- keys ---- */

static int64_t key_of_number(const struct sort_part *part, int64_t number)
{
    return part->descending ? ~number : number - 1;
}

static int64_t rank_of(const struct sort_column *column, uint32_t ordinal)
{
    return (int64_t)(column->ranks == NULL ? ordinal : column->ranks[ordinal]) * 2;
}

static int find_page(struct sort_column *column, uint32_t number)
{
    if (column->page == number) {
        return 0;
    }
    struct bytes page = column->overlays == NULL
                            ? bytes_of(NULL, 0)
                            : segment_state_overlay(column->overlays, (uint8_t)(PAGE_COLUMN + column->part->field),
                                                    number);
    int status = page.size != 0 ? 0 : column_page(column->reader, number, &page);
    status = status == 0 ? column_page_view_init(&column->view, page) : status;
    uint32_t left = column->reader->document_count - number * COLUMN_PAGE_DOCUMENTS;
    bool is_short = status == 0 && column->view.count != (left < COLUMN_PAGE_DOCUMENTS ? left : COLUMN_PAGE_DOCUMENTS);
    bool is_sound = status == 0 && !is_short;
    column->page = is_sound ? number : NO_PAGE; /* a short page is refused again the next time */
    column->bytes = page;
    return is_sound ? 0 : AISLE_CORRUPT;
}

/* The ordinal of a code that counts: the least or the greatest of a list. */
static int ordinal_of(const struct sort_column *column, int64_t code, uint32_t *ordinal)
{
    struct values_of_code walk;
    int status = values_of_code_init(&walk, column->values, code);
    status = status == 0 ? values_of_code_next(&walk, ordinal) : status;
    for (uint32_t next = *ordinal; status == 0 && column->part->descending;) {
        *ordinal = next;
        status = values_of_code_next(&walk, &next);
    }
    return status == AISLE_END ? 0 : status;
}

static int64_t key_of(struct sorter *sorter, struct sort_column *column, uint32_t document)
{
    int status = find_page(column, document / COLUMN_PAGE_DOCUMENTS);
    int64_t value = status == 0 ? column_page_view_at(&column->view, document % COLUMN_PAGE_DOCUMENTS) : COLUMN_MISSING;
    if (value != COLUMN_MISSING && column->values != NULL) {
        uint32_t ordinal = 0;
        status = (uint64_t)value < column->values->count ? 0 : ordinal_of(column, value, &ordinal);
        ordinal = (uint64_t)value < column->values->count ? (uint32_t)value : ordinal;
        value = status == 0 ? rank_of(column, ordinal) : COLUMN_MISSING;
    }
    sorter->status = sorter->status == 0 ? status : sorter->status;
    return value == COLUMN_MISSING ? KEY_MISSING : key_of_number(column->part, value);
}

static int64_t key_of_score(struct sorter *sorter, uint32_t document, int32_t *score)
{
    struct cursor *cursor = sorter->cursor;
    *score = 0;
    if (cursor->ops->seek(cursor, document, CURSOR_ANY_SCORE) == document) {
        *score = cursor->ops->score(cursor) +
                 (sorter->signals == NULL ? 0 : signals_part(sorter->signals, document));
    }
    return -(int64_t)*score;
}

/* ---- ranks of keywords ---- */

/* Finds the place of the keyword that the page begins behind among those of a single segment. */
static int key_of_word(const struct values_reader *values, const struct sort_part *part, struct bytes word,
                       int64_t *key)
{
    uint32_t ordinal;
    bool exact;
    int status = values_find(values, word, &ordinal, &exact);
    *key = key_of_number(part, (int64_t)ordinal * 2 - (exact ? 0 : 1));
    return status;
}

/* Copies a table of ranks, which need not outlive this; drops the reference. word: of the place, or NULL data. */
static int copy_ranks(struct sorter *sorter, uint32_t at, struct ranks *ranks, struct bytes word)
{
    struct sort_column *column = &sorter->columns[at];
    const struct query_context *context = &sorter->context;
    column->ranks_of = arena_calloc(context->arena, context->segment_count, sizeof(uint32_t *));
    int status = column->ranks_of == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < context->segment_count && status == 0; i++) {
        column->ranks_of[i] = arena_alloc(context->arena, ((size_t)ranks->sizes[i] + 1) * sizeof(uint32_t));
        if (column->ranks_of[i] == NULL) {
            status = AISLE_NO_MEMORY;
        } else {
            memcpy(column->ranks_of[i], ranks->maps[i], ranks->sizes[i] * sizeof(uint32_t));
        }
    }
    if (status == 0 && word.data != NULL) {
        uint32_t rank;
        bool exact;
        status = ranks_lower_bound(ranks, context, column->part->field, 0, word, &rank, &exact);
        sorter->after_keys[at] = key_of_number(column->part, (int64_t)rank * 2 - (exact ? 0 : 1));
    }
    ranks_drop(ranks);
    return status;
}

/* Gives every keyword of a field a rank that all segments share. word: of the place, or NULL data. */
static int make_ranks(struct sorter *sorter, uint32_t at, struct bytes word, aisle_error *error)
{
    struct sort_column *column = &sorter->columns[at];
    const struct query_context *context = &sorter->context;
    struct values_merge merge;
    uint64_t total = 0;
    for (uint32_t i = 0; i < context->segment_count; i++) {
        total += context->segments[i].segment->values[column->part->field].count;
    }
    if (total > LIMIT_SORT_VALUES) {
        return error_set(error, AISLE_LIMIT, "sort: field \"%s\" has %llu different values, expected at most %u",
                         context->schema->fields[column->part->field].name, (unsigned long long)total,
                         LIMIT_SORT_VALUES);
    }
    struct ranks *ranks;
    int status = ranks_want(context, column->part->field, total, &ranks);
    if (status != 0 || ranks != NULL) {
        return status != 0 ? status : copy_ranks(sorter, at, ranks, word);
    }
    column->ranks_of = arena_calloc(context->arena, context->segment_count, sizeof(uint32_t *));
    status = column->ranks_of == NULL ? AISLE_NO_MEMORY
                                      : values_merge_init(&merge, context->segment_count, true, context->arena);
    for (uint32_t i = 0; i < context->segment_count && status == 0; i++) {
        const struct values_reader *values = &context->segments[i].segment->values[column->part->field];
        column->ranks_of[i] = arena_calloc(context->arena, values->count, sizeof(uint32_t));
        status = column->ranks_of[i] == NULL
                     ? AISLE_NO_MEMORY
                     : values_merge_add(&merge, &(struct values_source){.values = values, .number = i,
                                                                        .end = values->count}, 0);
    }
    uint8_t last_bytes[VALUES_FOLDED_BYTES_MAX];
    struct bytes last = bytes_of(NULL, 0);
    struct values_source *source;
    int64_t rank = -1;
    int64_t place = -1; /* twice the rank of the word, or one less than that of what is behind it */
    uint32_t steps = 0;
    while (status == 0 && (source = values_merge_least(&merge)) != NULL) {
        struct bytes folded = source->cursor.folded;
        if (++steps % WATCHED_STEPS == 0 && query_watch_stops(context->watch)) {
            break; /* the walk will not begin */
        }
        if (last.data == NULL || !bytes_equal(folded, last)) {
            rank++;
            memcpy(last_bytes, folded.data, folded.size);
            last = bytes_of(last_bytes, folded.size);
            int compared = word.data == NULL ? 1 : bytes_compare(folded, word);
            place = compared < 0 ? rank * 2 + 1 : compared == 0 ? rank * 2 : place;
        }
        column->ranks_of[source->number][source->ordinal] = (uint32_t)rank;
        status = values_merge_next(&merge);
    }
    if (word.data != NULL) {
        sorter->after_keys[at] = key_of_number(column->part, place);
    }
    return status;
}

/* ---- making ---- */

static int prepare(struct sorter *sorter, uint32_t at, const struct sort_after *after, aisle_error *error)
{
    struct sort_column *column = &sorter->columns[at];
    const struct sort_value *value = after == NULL ? NULL : &after->values[at];
    column->part = &sorter->order->parts[at];
    enum field_type type = sorter->context.schema->fields[column->part->field].type;
    bool words = !column->part->is_score && (type == FIELD_KEYWORD || type == FIELD_PATH);
    struct bytes word = value != NULL && value->kind == SORT_WORD ? value->word : bytes_of(NULL, 0);
    if (value != NULL && value->kind != SORT_WORD) {
        sorter->after_keys[at] = value->kind == SORT_MISSING    ? KEY_MISSING
                                 : column->part->is_score ? -value->number
                                                          : key_of_number(column->part, value->number);
    }
    sorter->reads_scores = sorter->reads_scores || column->part->is_score;
    if (!words || sorter->context.segment_count == 0) {
        return 0;
    }
    if (sorter->context.segment_count == 1) {
        return word.data == NULL ? 0
                                 : key_of_word(&sorter->context.segments[0].segment->values[column->part->field],
                                               column->part, word, &sorter->after_keys[at]);
    }
    return make_ranks(sorter, at, word, error);
}

int sorter_new(const struct query_context *context, const struct query_node *root, const struct sort_order *order,
               uint32_t capacity, const struct sort_after *after, struct sorter **out, aisle_error *error)
{
    struct sorter *sorter = arena_calloc(context->arena, 1, sizeof *sorter);
    *out = NULL;
    if (sorter == NULL) {
        return AISLE_NO_MEMORY;
    }
    sorter->context = *context;
    sorter->context.filter = NULL;
    sorter->root = root;
    sorter->order = order;
    sorter->capacity = capacity;
    sorter->after = after == NULL ? NULL : after->place;
    sorter->hits = arena_alloc(context->arena, capacity * sizeof *sorter->hits);
    int status = sorter->hits == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < order->count && status == 0; i++) {
        status = prepare(sorter, i, after, error);
    }
    *out = status == 0 ? sorter : NULL;
    return status;
}

int sorter_enter(struct sorter *sorter, uint32_t number)
{
    const struct query_segment *in = &sorter->context.segments[number];
    int status = 0;
    sorter->segment = number;
    for (uint32_t i = 0; i < sorter->order->count; i++) {
        struct sort_column *column = &sorter->columns[i];
        enum field_type type = sorter->context.schema->fields[column->part->field].type;
        bool words = type == FIELD_KEYWORD || type == FIELD_PATH;
        column->reader = &in->segment->column[column->part->field];
        column->overlays = in->state->overlay_count == 0 ? NULL : in->state;
        column->values = words ? &in->segment->values[column->part->field] : NULL;
        column->ranks = column->ranks_of == NULL ? NULL : column->ranks_of[number];
        column->page = NO_PAGE;
    }
    if (sorter->reads_scores) {
        status = cursor_open(&sorter->context, sorter->root, number, &sorter->cursor);
        status = status == 0 ? signals_open(&sorter->context, number, &sorter->signals) : status;
    }
    return status;
}

/* ---- the heap ---- */

static int compare_hits(struct sorter *sorter, struct sort_hit *a, struct sort_hit *b)
{
    for (uint32_t i = 0; i < sorter->order->count; i++) {
        if (a->keys[i] != b->keys[i]) {
            return a->keys[i] < b->keys[i] ? -1 : 1;
        }
    }
    return query_compare_places(&sorter->context, &a->hit, &b->hit, &sorter->status);
}

static void sink(struct sorter *sorter, uint32_t at)
{
    struct sort_hit hit = sorter->hits[at];
    for (;;) {
        uint32_t child = at * 2 + 1;
        if (child >= sorter->count) {
            break;
        }
        if (child + 1 < sorter->count && compare_hits(sorter, &sorter->hits[child + 1], &sorter->hits[child]) > 0) {
            child++;
        }
        if (compare_hits(sorter, &sorter->hits[child], &hit) <= 0) {
            break;
        }
        sorter->hits[at] = sorter->hits[child];
        at = child;
    }
    sorter->hits[at] = hit;
}

static void offer(struct sorter *sorter, struct sort_hit *hit)
{
    if (sorter->count < sorter->capacity) {
        uint32_t at = sorter->count++;
        while (at > 0 && compare_hits(sorter, hit, &sorter->hits[(at - 1) / 2]) > 0) {
            sorter->hits[at] = sorter->hits[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        sorter->hits[at] = *hit;
    } else if (sorter->capacity != 0 && compare_hits(sorter, hit, &sorter->hits[0]) < 0) {
        sorter->hits[0] = *hit;
        sink(sorter, 0);
    }
}

/* ---- matches ---- */

static bool is_full(const struct sorter *sorter)
{
    return sorter->count == sorter->capacity;
}

/* Whether nothing in a page can enter the answer, as far as the first part tells. */
static bool is_hopeless(struct sorter *sorter, uint32_t number)
{
    struct sort_column *column = &sorter->columns[0];
    if (column->part->is_score || find_page(column, number) != 0) {
        return false; /* what cannot be read is told when it is */
    }
    const struct column_page_view *view = &column->view;
    int64_t best = KEY_MISSING;
    int64_t worst = KEY_MISSING;
    if (view->min != COLUMN_MISSING) {
        int64_t min = view->min;
        int64_t max = view->max;
        if (column->values != NULL) {
            if ((uint64_t)min >= column->values->count || (uint64_t)max >= column->values->count) {
                return false; /* lists */
            }
            min = rank_of(column, (uint32_t)min);
            max = rank_of(column, (uint32_t)max);
        }
        int64_t of_min = key_of_number(column->part, min);
        int64_t of_max = key_of_number(column->part, max);
        best = of_min < of_max ? of_min : of_max;
        worst = view->has_missing ? KEY_MISSING : of_min < of_max ? of_max : of_min;
    }
    bool is_single = sorter->order->count == 1;
    if (is_full(sorter)) {
        const struct sort_hit *held = &sorter->hits[0];
        bool is_behind = is_single && held->hit.segment == sorter->segment;
        if (best > held->keys[0] || (best == held->keys[0] && is_behind)) {
            return true;
        }
    }
    if (sorter->after == NULL) {
        return false;
    }
    uint64_t end = ((uint64_t)number + 1) * COLUMN_PAGE_DOCUMENTS;
    return worst < sorter->after_keys[0] ||
           (is_single && worst == sorter->after_keys[0] && end <= sorter->after->first[sorter->segment]);
}

/* ---- many documents at a time ---- */

/* The ordinals of the segment whose keys' numbers, twice their ranks, are from least to greatest. */
static void take_ordinals(const struct sort_column *column, int64_t *least, int64_t *greatest)
{
    int64_t ends[2] = {*least <= 0 ? 0 : *least / 2 + *least % 2, *greatest < 0 ? 0 : *greatest / 2 + 1};
    for (int end = 0; end < 2; end++) {
        uint32_t low = 0;
        uint32_t high = column->values->count;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if ((int64_t)(column->ranks == NULL ? middle : column->ranks[middle]) < ends[end]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        ends[end] = low;
    }
    *least = ends[0];
    *greatest = ends[1] - 1;
}

/*
 * Sets bits to the page's documents whose keys are from low to high, by comparing the page as it lies packed. False
 * when that cannot be told so: scores, lists.
 */
static bool match_keys(struct sort_column *column, uint32_t page, int64_t low, int64_t high, uint64_t *bits)
{
    uint64_t present[PAGE_WORDS];
    uint32_t count;
    memset(bits, 0, PAGE_WORDS * sizeof *bits);
    if (column->part->is_score || find_page(column, page) != 0 ||
        (column->values != NULL && column->view.max >= (int64_t)column->values->count)) {
        return false;
    }
    bool with_missing = high == KEY_MISSING && column->view.has_missing;
    high = high == KEY_MISSING ? KEY_MISSING - 1 : high;
    if (low <= high) {
        int64_t least = column->part->descending ? ~high : low + 1;
        int64_t greatest = column->part->descending ? ~low : high + 1;
        least = least == COLUMN_MISSING ? COLUMN_MISSING + 1 : least;
        if (column->values != NULL) {
            take_ordinals(column, &least, &greatest);
        }
        if (least <= greatest && column_page_match(column->bytes, least, greatest, bits, &count) != 0) {
            return false;
        }
    }
    if (with_missing) {
        if (column_page_match(column->bytes, COLUMN_MISSING + 1, INT64_MAX, present, &count) != 0) {
            return false;
        }
        for (uint32_t word = 0; word < PAGE_WORDS; word++) {
            bits[word] |= ~present[word];
        }
    }
    return true;
}

/*
 * Documents of a page that may come before a hit with these keys (is_upper), or behind it, decided part by part: those
 * that a part tells, and of those that are equal in it what the parts behind tell. ties: those equal in all parts, too.
 */
static void match_parts(struct sorter *sorter, uint32_t page, const int64_t *keys, bool is_upper, bool ties,
                        uint64_t *bits)
{
    uint64_t equal[PAGE_WORDS]; /* in all parts so far */
    uint64_t own[PAGE_WORDS];
    memset(equal, 0xff, sizeof equal);
    memset(bits, 0, PAGE_WORDS * sizeof *bits);
    for (uint32_t i = 0; i < sorter->order->count; i++) {
        struct sort_column *column = &sorter->columns[i];
        bool some = is_upper ? keys[i] != INT64_MIN : keys[i] != KEY_MISSING;
        int64_t low = is_upper || !some ? INT64_MIN : keys[i] + 1;
        int64_t high = is_upper && some ? keys[i] - 1 : KEY_MISSING;
        if (some) {
            bool told = match_keys(column, page, low, high, own);
            for (uint32_t word = 0; word < PAGE_WORDS; word++) {
                bits[word] |= equal[word] & (told ? own[word] : UINT64_MAX);
            }
            if (!told) {
                return;
            }
        }
        if (!match_keys(column, page, keys[i], keys[i], own)) {
            ties = true; /* nobody knows which are equal here, and what is behind this part */
            break;
        }
        (void)bitset_and(equal, own, PAGE_WORDS);
    }
    for (uint32_t word = 0; word < PAGE_WORDS && ties; word++) {
        bits[word] |= equal[word];
    }
}

/* Leaves of a page's matches those that may enter the answer. */
static void narrow(struct sorter *sorter, uint32_t page, uint64_t *bits)
{
    uint64_t other[PAGE_WORDS];
    if (is_full(sorter) && sorter->capacity != 0) {
        const struct sort_hit *worst = &sorter->hits[0];
        match_parts(sorter, page, worst->keys, true, worst->hit.segment != sorter->segment, other);
        (void)bitset_and(bits, other, PAGE_WORDS);
    }
    if (sorter->after != NULL) {
        uint64_t end = ((uint64_t)page + 1) * COLUMN_PAGE_DOCUMENTS;
        match_parts(sorter, page, sorter->after_keys, false, end > sorter->after->first[sorter->segment], other);
        (void)bitset_and(bits, other, PAGE_WORDS);
    }
}

/* Fills the keys of a document; false when it cannot enter the answer, as far as keys tell. */
static bool take_keys(struct sorter *sorter, struct sort_hit *hit)
{
    bool ties_worst = is_full(sorter) && sorter->capacity != 0;
    bool ties_after = sorter->after != NULL;
    for (uint32_t i = 0; i < sorter->order->count; i++) {
        struct sort_column *column = &sorter->columns[i];
        int64_t key = column->part->is_score ? key_of_score(sorter, hit->hit.document, &hit->hit.score)
                                             : key_of(sorter, column, hit->hit.document);
        hit->keys[i] = key;
        if (ties_worst && key != sorter->hits[0].keys[i]) {
            if (key > sorter->hits[0].keys[i]) {
                return false;
            }
            ties_worst = false;
        }
        if (ties_after && key != sorter->after_keys[i]) {
            if (key < sorter->after_keys[i]) {
                return false;
            }
            ties_after = false;
        }
    }
    return !ties_after || hit->hit.document >= sorter->after->first[sorter->segment];
}

static void visit_page(struct sorter *sorter, uint32_t first, const uint64_t *bits)
{
    for (uint32_t word = 0; word < PAGE_WORDS; word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            struct sort_hit hit = {
                .hit = {.segment = sorter->segment,
                        .document = first + word * 64 + (uint32_t)__builtin_ctzll(left)}};
            if (take_keys(sorter, &hit)) {
                offer(sorter, &hit);
            }
        }
    }
}

int sorter_visit(struct sorter *sorter, const struct walk_window *window)
{
    for (uint32_t page = 0; page < WINDOW_PAGES && sorter->capacity != 0; page++) {
        uint32_t first = window->from + page * COLUMN_PAGE_DOCUMENTS;
        uint64_t bits[PAGE_WORDS];
        memcpy(bits, window->bits + page * PAGE_WORDS, sizeof bits);
        size_t matches = bitset_count(bits, PAGE_WORDS);
        if (matches == 0 || is_hopeless(sorter, first / COLUMN_PAGE_DOCUMENTS)) {
            continue;
        }
        if (matches >= NARROWED_LEAST) {
            narrow(sorter, first / COLUMN_PAGE_DOCUMENTS, bits);
        }
        visit_page(sorter, first, bits);
    }
    return sorter->status;
}

static int enter(void *self, uint32_t segment)
{
    return sorter_enter(self, segment);
}

static bool wants(void *self, uint32_t segment, uint32_t from)
{
    struct sorter *sorter = self;
    uint32_t documents = sorter->context.segments[segment].segment->info.documents;
    bool wanted = false;
    for (uint32_t page = 0; page < WINDOW_PAGES && !wanted; page++) {
        uint32_t first = from + page * COLUMN_PAGE_DOCUMENTS;
        wanted = first < documents && !is_hopeless(sorter, first / COLUMN_PAGE_DOCUMENTS);
    }
    return wanted;
}

static int visit(void *self, const struct walk_window *window)
{
    return sorter_visit(self, window);
}

struct walk_visitor sorter_visitor(struct sorter *sorter)
{
    return (struct walk_visitor){.self = sorter, .enter = enter, .wants = wants, .visit = visit};
}

int sorter_hits(struct sorter *sorter, struct query_hit **hits, uint32_t *count)
{
    uint32_t all = sorter->count;
    struct query_hit *out = arena_alloc(sorter->context.arena, all * sizeof *out);
    if (out == NULL) {
        return AISLE_NO_MEMORY;
    }
    while (sorter->count > 0) {
        struct sort_hit worst = sorter->hits[0];
        sorter->hits[0] = sorter->hits[--sorter->count];
        if (sorter->count > 1) {
            sink(sorter, 0);
        }
        out[sorter->count] = worst.hit;
    }
    *hits = out;
    *count = all;
    return sorter->status;
}
