/*
 * filter_run.c - a filter in one segment: its values found in the segment's dictionaries, then windows of bits.
 *
 * A leaf is a test of the integers that a column holds: a range of them, or a sorted set, taken as a bitmap where its
 * values lie close together. Keywords become ordinals here, once a segment; the ordinals that match are nearly always
 * one range. Codes from list_from on are lists, whose ordinals are tested one by one.
 *
 * Of an AND the child that keeps least is evaluated first; where it leaves few documents of a window, the others test
 * those alone, because finding one value costs as much as comparing some thirty side by side.
 */
#include "query/filter.h"
#include "query/filter_runs.h"
#include "query/filter_variant.h"

#include "base/bitset.h"
#include "postings/postings.h"

#define WINDOW_WORDS (FILTER_WINDOW / 64u)
#define PAGE_WORDS (COLUMN_PAGE_DOCUMENTS / 64u)
#define WINDOW_PAGES (FILTER_WINDOW / COLUMN_PAGE_DOCUMENTS)

/* So many documents of a window, or of a page where one condition is asked, or fewer, are tested one by one. */
#define FEW_OF_WINDOW 16u
#define FEW_OF_PAGE 32u

/* Sets are looked up in a bitmap unless that takes more than so many bytes, and so many more for each value. */
#define BITMAP_BYTES (UINT64_C(1) << 16)
#define BITMAP_BYTES_VALUE 64u

static_assert(FILTER_WINDOW % COLUMN_PAGE_DOCUMENTS == 0, "a window is whole pages");

struct filter {
    enum filter_kind kind; /* AND, OR, NOT, ANY, DOCUMENTS, or SET for every other leaf */
    struct filter **children;
    uint32_t child_count;
    uint32_t documents; /* of the segment */
    uint64_t estimate;
    struct variant_test *variants; /* ANY: asked of what the child keeps, if there is one */
    /* Leaves, and ANY: */
    const struct column_reader *column;
    const struct values_reader *values;    /* NULL: numbers */
    const struct segment_state *overlays;  /* NULL: no page of the segment was changed */
    uint8_t field;
    int64_t least; /* of the set too */
    int64_t greatest;
    int64_t list_from; /* codes from here on are lists; INT64_MAX: none */
    bool has_lists;    /* in the segment */
    const int64_t *set; /* NULL: every value from least to greatest */
    uint32_t set_count;
    const uint64_t *bitmap; /* of set, from least on; NULL: search it */
    const struct segment *segment;
    struct runs_walk *runs; /* NULL: pages are compared */
};

/* ---- from values to integers ---- */

/* The values of a leaf: a range as far as they are neighbours, else a set. */
static int take_set(struct filter *filter, const int64_t *set, uint32_t count, struct arena *arena)
{
    filter->least = count == 0 ? 1 : set[0];
    filter->greatest = count == 0 ? 0 : set[count - 1];
    uint64_t span = (uint64_t)filter->greatest - (uint64_t)filter->least;
    if (count == 0 || span == count - 1) {
        return 0;
    }
    filter->set = set;
    filter->set_count = count;
    if (span / 8 >= BITMAP_BYTES + (uint64_t)count * BITMAP_BYTES_VALUE) {
        return 0;
    }
    uint64_t *bitmap = arena_calloc(arena, bitset_words((size_t)span + 1), sizeof *bitmap);
    if (bitmap == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        bitset_set(bitmap, (size_t)((uint64_t)set[i] - (uint64_t)filter->least));
    }
    filter->bitmap = bitmap;
    return 0;
}

/* Ordinals from the first of low to before end. */
static void take_ordinals(struct filter *filter, uint32_t first, uint32_t end)
{
    filter->least = first;
    filter->greatest = (int64_t)end - 1;
}

static int open_words(struct filter *filter, const struct filter_node *node)
{
    uint32_t first = 0;
    uint32_t end = filter->values->count;
    bool exact = false;
    int status = 0;
    if (node->low.data != NULL) {
        status = values_find(filter->values, node->low, &first, &exact);
    }
    if (node->low.data != NULL && node->high.data != NULL && node->includes_low && node->includes_high &&
        bytes_equal(node->low, node->high)) {
        take_ordinals(filter, first, first + (exact ? 1 : 0)); /* mostly it is one value: looked for once */
        return status;
    }
    first += status == 0 && exact && !node->includes_low ? 1 : 0;
    if (status == 0 && node->high.data != NULL) {
        status = values_find(filter->values, node->high, &end, &exact);
        end += status == 0 && exact && node->includes_high ? 1 : 0;
    }
    take_ordinals(filter, first, end);
    return status;
}

static int open_word_set(struct filter *filter, const struct filter_node *node, struct arena *arena)
{
    int64_t *set = arena_alloc(arena, node->count * sizeof *set);
    uint32_t count = 0;
    int status = set == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < node->count && status == 0; i++) {
        uint32_t ordinal;
        bool exact;
        status = values_find(filter->values, node->words[i], &ordinal, &exact);
        if (status == 0 && exact) {
            set[count++] = ordinal;
        }
    }
    return status == 0 ? take_set(filter, set, count, arena) : status;
}

/* The path itself, and the paths that go on behind a separator: nothing sorts between the two. */
static int open_under(struct filter *filter, const struct filter_node *node)
{
    uint8_t below[VALUES_FOLDED_BYTES_MAX + 1];
    uint32_t first = 0;
    uint32_t deeper;
    uint32_t end = 0;
    bool exact = false;
    bool ignored;
    if (node->low.size == 0) {
        take_ordinals(filter, 0, filter->values->count);
        return 0;
    }
    memcpy(below, node->low.data, node->low.size);
    below[node->low.size] = TEXT_PATH_SEPARATOR;
    struct bytes prefix = bytes_of(below, node->low.size + 1);
    int status = values_find(filter->values, node->low, &first, &exact);
    if (status == 0) {
        status = values_find(filter->values, prefix, &deeper, &ignored);
    }
    if (status == 0) {
        first = exact ? first : deeper;
        status = values_find_end(filter->values, prefix, deeper, &end);
    }
    take_ordinals(filter, first, end);
    return status;
}

static int open_values(struct filter *filter, const struct filter_node *node, struct arena *arena)
{
    filter->least = node->least;
    filter->greatest = node->greatest;
    switch (node->kind) { /* GCOVR_EXCL_BR_LINE: every kind is a line */
    case FILTER_NUMBERS:
        return 0;
    case FILTER_SET:
        return take_set(filter, node->numbers, node->count, arena);
    case FILTER_WORDS:
        return open_words(filter, node);
    case FILTER_WORD_SET:
        return open_word_set(filter, node, arena);
    case FILTER_UNDER:
        return open_under(filter, node);
    case FILTER_EXISTS:
        filter->least = COLUMN_MISSING + 1;
        filter->greatest = INT64_MAX;
        filter->list_from = INT64_MAX;
        filter->has_lists = false;
        return 0;
    case FILTER_AND:
    case FILTER_OR:
    case FILTER_NOT:
    case FILTER_ANY:
    case FILTER_DOCUMENTS:
        break;
    }
    return AISLE_INVALID;
}

/* ---- single documents: a set of their numbers, few against those of a window ---- */

static int open_documents(struct filter *filter, const struct filter_node *node, const struct segment *segment,
                          struct arena *arena)
{
    int64_t *set = arena_alloc(arena, node->count * sizeof *set);
    if (set == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->documents[i].segment != segment || node->documents[i].document >= filter->documents) {
            continue;
        }
        uint32_t at = filter->set_count++;
        for (; at > 0 && set[at - 1] > node->documents[i].document; at--) {
            set[at] = set[at - 1];
        }
        set[at] = node->documents[i].document;
    }
    filter->set = set;
    filter->least = filter->set_count == 0 ? 1 : set[0];
    filter->greatest = filter->set_count == 0 ? 0 : set[filter->set_count - 1];
    return 0;
}

static void fill_documents(const struct filter *filter, uint32_t from, uint64_t *bits)
{
    memset(bits, 0, WINDOW_WORDS * sizeof *bits);
    if (filter->greatest < from || filter->least >= (int64_t)from + FILTER_WINDOW) {
        return;
    }
    for (uint32_t i = 0; i < filter->set_count; i++) {
        uint32_t document = (uint32_t)filter->set[i];
        if (document >= from && document - from < FILTER_WINDOW) {
            bitset_set(bits, document - from);
        }
    }
}

/* ---- estimates ---- */

/* As if values were spread evenly. */
static uint64_t estimate_leaf(const struct filter *filter)
{
    const struct column_reader *column = filter->column;
    uint64_t present = filter->documents - column->missing_count;
    double all = filter->values != NULL ? (double)filter->values->count : (double)column->max - (double)column->min + 1;
    int64_t least = filter->least > column->min || filter->values != NULL ? filter->least : column->min;
    int64_t greatest = filter->greatest < column->max || filter->values != NULL ? filter->greatest : column->max;
    if (greatest < least || all < 1) {
        return 0;
    }
    double taken = filter->set != NULL ? (double)filter->set_count : (double)greatest - (double)least + 1;
    return taken >= all ? present : (uint64_t)((double)present * taken / all) + 1;
}

static void estimate(struct filter *filter)
{
    uint64_t documents = filter->documents;
    if (filter->kind == FILTER_SET) {
        filter->estimate = filter->runs != NULL ? runs_walk_documents(filter->runs) : estimate_leaf(filter);
    } else if (filter->kind == FILTER_DOCUMENTS) {
        filter->estimate = filter->set_count;
    } else if (filter->kind == FILTER_NOT) {
        filter->estimate = documents - filter->children[0]->estimate;
    } else if (filter->kind == FILTER_AND) {
        filter->estimate = filter->children[0]->estimate;
    } else if (filter->kind == FILTER_ANY) {
        filter->estimate = filter->child_count == 0 ? documents : filter->children[0]->estimate;
    } else {
        filter->estimate = 0;
        for (uint32_t i = 0; i < filter->child_count; i++) {
            filter->estimate += filter->children[i]->estimate;
        }
    }
    filter->estimate = filter->estimate > documents ? documents : filter->estimate;
}

uint64_t filter_estimate(const struct filter *filter)
{
    return filter->estimate;
}

/* Depth is that of the text. Numbers may have been patched beyond those that their column was written with. */
bool filter_is_empty(const struct filter *filter)
{
    bool is_or = filter->kind == FILTER_OR;
    bool empty = is_or;
    if (filter->kind == FILTER_SET) {
        return filter->estimate == 0 && (filter->overlays == NULL || filter->values != NULL);
    }
    if (filter->kind == FILTER_DOCUMENTS) {
        return filter->set_count == 0;
    }
    for (uint32_t i = 0; i < filter->child_count && filter->kind != FILTER_NOT && empty == is_or; i++) {
        empty = filter_is_empty(filter->children[i]);
    }
    return empty;
}

bool filter_is_range_or_none(const struct filter *filter, uint8_t *field, int64_t *least, int64_t *greatest)
{
    *field = filter->field;
    *least = filter->least;
    *greatest = filter->greatest;
    return filter->kind == FILTER_SET && filter->values != NULL && filter->set == NULL &&
           filter->list_from != INT64_MAX;
}

bool filter_is_range(const struct filter *filter, uint8_t *field, int64_t *least, int64_t *greatest)
{
    return filter_is_range_or_none(filter, field, least, greatest) && *least <= *greatest;
}

bool filter_may_keep(const struct filter *filter, uint32_t first, uint32_t last)
{
    uint32_t low = 0;
    uint32_t high = filter->set_count;
    if (filter->kind != FILTER_DOCUMENTS) {
        return true;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (filter->set[middle] < first) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < filter->set_count && filter->set[low] <= last;
}

/* ---- opening ---- */

static void take_column(struct filter *filter, const struct filter_node *node, const struct segment *segment,
                        const struct segment_state *state)
{
    filter->kind = FILTER_SET;
    filter->field = node->field;
    filter->column = &segment->column[node->field];
    filter->overlays = state->overlay_count == 0 ? NULL : state;
    filter->segment = segment;
    filter->list_from = INT64_MAX;
    for (uint8_t i = 0; i < segment->columns.count; i++) {
        if (segment->columns.field[i] == node->field && segment->columns.values[i]) {
            filter->values = &segment->values[node->field];
            filter->list_from = filter->values->count;
            filter->has_lists = filter->column->max >= filter->list_from;
        }
    }
}

static int find_runs(struct filter *filter, struct arena *arena)
{
    const struct runs_wanted wanted = {.least = filter->least,
                                       .greatest = filter->greatest,
                                       .set = filter->set,
                                       .set_count = filter->set_count};
    return filter->values == NULL ? 0 : runs_walk_open(filter->segment, filter->field, &wanted, arena, &filter->runs);
}

/* A range of variants is a leaf like others; otherwise they are looked into. */
static int open_any(struct filter *filter, const struct filter_node *node, const struct segment *segment,
                    const struct segment_state *state, struct arena *arena)
{
    uint32_t first;
    uint32_t end;
    bool is_range;
    take_column(filter, node, segment, state);
    int status = filter->values == NULL ? AISLE_INVALID
                                        : variant_test_open(node, filter->values, arena, &first, &end, &is_range,
                                                            &filter->variants);
    if (status != 0) {
        return status;
    }
    take_ordinals(filter, first, end);
    if (!is_range && node->child_count > 1) {
        status = filter_open(node->children[1], segment, state, arena, &filter->children[0]);
        filter->child_count = 1;
    }
    filter->kind = is_range ? FILTER_SET : FILTER_ANY;
    return status == 0 && is_range ? find_runs(filter, arena) : status;
}

static int open_leaf(struct filter *filter, const struct filter_node *node, const struct segment *segment,
                     const struct segment_state *state, struct arena *arena)
{
    take_column(filter, node, segment, state);
    int status = open_values(filter, node, arena);
    return status == 0 && node->kind != FILTER_EXISTS ? find_runs(filter, arena) : status;
}

/* Of an AND the rarest first, but variants are looked into last. */
static bool goes_before(const struct filter *a, const struct filter *b)
{
    return (a->kind == FILTER_ANY) != (b->kind == FILTER_ANY) ? b->kind == FILTER_ANY : a->estimate < b->estimate;
}

int filter_open(const struct filter_node *root, const struct segment *segment, const struct segment_state *state,
                struct arena *arena, struct filter **out)
{
    struct filter *filter = arena_calloc(arena, 1, sizeof *filter);
    struct filter **children = arena_calloc(arena, root->child_count, sizeof *children);
    int status = filter == NULL || children == NULL ? AISLE_NO_MEMORY : 0;
    *out = NULL;
    if (status != 0) {
        return status;
    }
    *filter = (struct filter){.kind = root->kind, .children = children, .documents = segment->info.documents};
    for (uint32_t i = 0; i < root->child_count && status == 0 && root->kind != FILTER_ANY; i++) {
        struct filter *child;
        status = filter_open(root->children[i], segment, state, arena, &child);
        uint32_t at = filter->child_count++;
        for (; status == 0 && at > 0 && root->kind == FILTER_AND && goes_before(child, children[at - 1]); at--) {
            children[at] = children[at - 1];
        }
        children[at] = child;
    }
    if (status == 0 && root->kind == FILTER_ANY) {
        status = open_any(filter, root, segment, state, arena);
    } else if (status == 0 && root->kind == FILTER_DOCUMENTS) {
        status = open_documents(filter, root, segment, arena);
    } else if (status == 0 && root->child_count == 0) {
        status = open_leaf(filter, root, segment, state, arena);
    }
    if (status == 0) {
        estimate(filter);
        *out = filter;
    }
    return status;
}

/* ---- leaves ---- */

static bool has_value(const struct filter *filter, int64_t value)
{
    if (value < filter->least || value > filter->greatest) {
        return false;
    }
    if (filter->set == NULL) {
        return true;
    }
    if (filter->bitmap != NULL) {
        return bitset_get(filter->bitmap, (size_t)((uint64_t)value - (uint64_t)filter->least));
    }
    uint32_t low = 0;
    uint32_t high = filter->set_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (filter->set[middle] < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < filter->set_count && filter->set[low] == value;
}

/* Whether a document with this value or code matches. */
static int test_code(const struct filter *filter, int64_t code, bool *matches)
{
    struct values_of_code walk;
    *matches = false;
    if (code == COLUMN_MISSING) {
        return 0;
    }
    if (filter->values == NULL || code < filter->list_from) { /* a number may be as large as list_from, INT64_MAX */
        *matches = has_value(filter, code);
        return 0;
    }
    int status = values_of_code_init(&walk, filter->values, code);
    while (status == 0 && !*matches) {
        uint32_t ordinal;
        status = values_of_code_next(&walk, &ordinal);
        *matches = status == 0 && has_value(filter, ordinal);
    }
    return status == AISLE_END ? 0 : status;
}

static int find_page(const struct filter *filter, uint32_t number, struct bytes *page)
{
    *page = filter->overlays == NULL
                ? bytes_of(NULL, 0)
                : segment_state_overlay(filter->overlays, (uint8_t)(PAGE_COLUMN + filter->field), number);
    int status = page->size != 0 ? 0 : column_page(filter->column, number, page);
    return status == AISLE_END ? AISLE_CORRUPT : status;
}

static int test_page(const struct filter *filter, struct bytes page, uint64_t *bits, uint32_t *count)
{
    int64_t codes[COLUMN_PAGE_DOCUMENTS];
    int status = column_page_decode(page, codes, count);
    for (uint32_t i = 0; i < *count && status == 0; i++) {
        bool matches;
        status = test_code(filter, codes[i], &matches);
        bits[i / 64] |= (uint64_t)matches << (i % 64);
    }
    return status;
}

/* Bits of a page's documents, over zeros. */
static int fill_page(const struct filter *filter, uint32_t number, uint64_t *bits)
{
    struct bytes page;
    int64_t min;
    int64_t max;
    bool has_missing;
    bool constant;
    uint32_t count = 0;
    int status = find_page(filter, number, &page);
    bool ranged = filter->set == NULL;
    if (status == 0 && (!ranged || filter->has_lists)) {
        status = column_page_range(page, &min, &max, &has_missing, &constant);
        bool lists = max >= filter->list_from;
        if (status == 0 && (max == COLUMN_MISSING || filter->least > max || (!lists && filter->greatest < min))) {
            return 0; /* no value at all, or none of these */
        }
        ranged = ranged && !lists;
    }
    if (status == 0) {
        status = ranged ? column_page_match(page, filter->least, filter->greatest, bits, &count)
                        : test_page(filter, page, bits, &count);
    }
    uint32_t expected = filter->documents - number * COLUMN_PAGE_DOCUMENTS;
    expected = expected > COLUMN_PAGE_DOCUMENTS ? COLUMN_PAGE_DOCUMENTS : expected;
    return status == 0 && count != expected ? AISLE_CORRUPT : status;
}

/* Depth is that of the text. */
uint32_t filter_next(const struct filter *filter, uint32_t from)
{
    if (filter->kind == FILTER_SET && filter->runs != NULL) {
        return runs_walk_next(filter->runs, from);
    }
    uint32_t next = from;
    for (uint32_t i = 0; filter->kind == FILTER_AND && i < filter->child_count && next != POSTINGS_END; i++) {
        next = filter_next(filter->children[i], next);
    }
    return next;
}

static int fill_leaf(struct filter *filter, uint32_t from, uint64_t *bits)
{
    int status = 0;
    memset(bits, 0, WINDOW_WORDS * sizeof *bits);
    if (filter->least > filter->greatest) {
        return 0;
    }
    if (filter->runs != NULL) {
        runs_walk_fill(filter->runs, from, bits);
        return 0;
    }
    if (filter->values != NULL) {
        filter_runs_note(filter->segment, filter->field, WINDOW_PAGES);
    }
    for (uint32_t i = 0; i < WINDOW_PAGES && status == 0; i++) {
        uint32_t first = from + i * COLUMN_PAGE_DOCUMENTS;
        if (first < filter->documents) {
            status = fill_page(filter, first / COLUMN_PAGE_DOCUMENTS, bits + i * PAGE_WORDS);
        }
    }
    return status;
}

static int read_code(const struct filter *filter, uint32_t document, int64_t *code)
{
    struct bytes page;
    int status = find_page(filter, document / COLUMN_PAGE_DOCUMENTS, &page);
    status = status == 0 ? column_page_get(page, document % COLUMN_PAGE_DOCUMENTS, code) : status;
    return status == AISLE_END ? AISLE_CORRUPT : status;
}

static int test_leaf(const struct filter *filter, uint32_t document, bool *matches)
{
    int64_t code;
    int status = read_code(filter, document, &code);
    *matches = false;
    return status != 0 ? status : test_code(filter, code, matches);
}

static int test_variants(const struct filter *filter, uint32_t document, bool *matches)
{
    int64_t code;
    int status = read_code(filter, document, &code);
    *matches = false;
    return status != 0 ? status : variant_test_code(filter->variants, code, matches);
}

/* ---- trees; their depth is that of the text, which is bounded ---- */

int filter_test(struct filter *filter, uint32_t document, bool *matches)
{
    if (filter->kind == FILTER_SET) {
        return test_leaf(filter, document, matches);
    }
    if (filter->kind == FILTER_DOCUMENTS) {
        *matches = has_value(filter, document);
        return 0;
    }
    int status = 0;
    bool any = filter->kind == FILTER_OR;
    bool found = !any;
    for (uint32_t i = 0; i < filter->child_count && found != any && status == 0; i++) {
        status = filter_test(filter->children[i], document, &found);
    }
    if (filter->kind == FILTER_ANY) {
        *matches = found;
        return status == 0 && found ? test_variants(filter, document, matches) : status;
    }
    *matches = filter->kind == FILTER_NOT ? !found : found;
    return status;
}

static int keep_few(struct filter *filter, uint32_t from, uint64_t *bits, uint32_t words)
{
    int status = 0;
    for (uint32_t word = 0; word < words && status == 0; word++) {
        for (uint64_t left = bits[word]; left != 0 && status == 0; left &= left - 1) {
            bool matches;
            status = filter_test(filter, from + word * 64 + (uint32_t)__builtin_ctzll(left), &matches);
            bits[word] &= matches ? UINT64_MAX : ~(left & -left);
        }
    }
    return status;
}

/* Takes those out of bits that have no variant that meets what is asked. */
static int keep_variants(const struct filter *filter, uint32_t from, uint64_t *bits)
{
    int status = 0;
    for (uint32_t word = 0; word < WINDOW_WORDS && status == 0; word++) {
        for (uint64_t left = bits[word]; left != 0 && status == 0; left &= left - 1) {
            bool matches;
            status = test_variants(filter, from + word * 64 + (uint32_t)__builtin_ctzll(left), &matches);
            bits[word] &= matches ? UINT64_MAX : ~(left & -left);
        }
    }
    return status;
}

/* All documents of the window that the segment has. */
static void fill_all(const struct filter *filter, uint32_t from, uint64_t *bits)
{
    for (uint32_t word = 0; word < WINDOW_WORDS; word++) {
        uint64_t first = (uint64_t)from + word * 64;
        uint64_t left = filter->documents > first ? filter->documents - first : 0;
        bits[word] = left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
    }
}

static int fill_any(struct filter *filter, uint32_t from, uint64_t *bits)
{
    int status = 0;
    if (filter->child_count == 0) {
        fill_all(filter, from, bits);
    } else {
        status = filter_fill(filter->children[0], from, bits);
    }
    return status == 0 ? keep_variants(filter, from, bits) : status;
}

static int fill_and(struct filter *filter, uint32_t from, uint64_t *bits)
{
    int status = filter_fill(filter->children[0], from, bits);
    for (uint32_t i = 1; i < filter->child_count && status == 0; i++) {
        status = filter_keep(filter->children[i], from, bits);
    }
    return status;
}

static int fill_or(struct filter *filter, uint32_t from, uint64_t *bits)
{
    int status = filter_fill(filter->children[0], from, bits);
    for (uint32_t i = 1; i < filter->child_count && status == 0; i++) {
        uint64_t other[WINDOW_WORDS];
        status = filter_fill(filter->children[i], from, other);
        for (uint32_t word = 0; word < WINDOW_WORDS; word++) {
            bits[word] |= other[word];
        }
    }
    return status;
}

static int fill_not(struct filter *filter, uint32_t from, uint64_t *bits)
{
    uint64_t all[WINDOW_WORDS];
    int status = filter_fill(filter->children[0], from, bits);
    fill_all(filter, from, all);
    for (uint32_t word = 0; word < WINDOW_WORDS; word++) {
        bits[word] = ~bits[word] & all[word];
    }
    return status;
}

int filter_fill(struct filter *filter, uint32_t from, uint64_t *bits)
{
    switch (filter->kind) {
    case FILTER_AND:
        return fill_and(filter, from, bits);
    case FILTER_OR:
        return fill_or(filter, from, bits);
    case FILTER_NOT:
        return fill_not(filter, from, bits);
    case FILTER_ANY:
        return fill_any(filter, from, bits);
    case FILTER_DOCUMENTS:
        fill_documents(filter, from, bits);
        return 0;
    default:
        return fill_leaf(filter, from, bits);
    }
}

/* Few documents of a page, its header read once. */
static int keep_few_of_page(const struct filter *filter, uint32_t number, uint64_t *bits)
{
    struct bytes bytes;
    struct column_page_view view;
    uint32_t expected = filter->documents - number * COLUMN_PAGE_DOCUMENTS;
    int status = find_page(filter, number, &bytes);
    status = status == 0 ? column_page_view_init(&view, bytes) : status;
    if (status != 0 || view.count != (expected > COLUMN_PAGE_DOCUMENTS ? COLUMN_PAGE_DOCUMENTS : expected)) {
        return status == AISLE_NO_MEMORY ? status : AISLE_CORRUPT;
    }
    for (uint32_t word = 0; word < PAGE_WORDS && status == 0; word++) {
        for (uint64_t left = bits[word]; left != 0 && status == 0; left &= left - 1) {
            bool matches;
            uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(left);
            status = test_code(filter, column_page_view_at(&view, at), &matches);
            bits[word] &= matches ? UINT64_MAX : ~(left & -left);
        }
    }
    return status;
}

/* Asks for what lies at the first of few documents in each page, so that one page does not wait for another. */
static void ask_ahead(const struct filter *filter, uint32_t from, const uint64_t *bits)
{
    for (uint32_t i = 0; i < WINDOW_PAGES; i++) {
        const uint64_t *own = bits + i * PAGE_WORDS;
        for (uint32_t word = 0; word < PAGE_WORDS; word++) {
            if (own[word] != 0) {
                column_page_ahead_at(filter->column, from / COLUMN_PAGE_DOCUMENTS + i,
                                     word * 64 + (uint32_t)__builtin_ctzll(own[word]));
                break;
            }
        }
    }
}

/* A page at a time: what a condition before has left often lies in one of them. */
static int keep_leaf(struct filter *filter, uint32_t from, uint64_t *bits)
{
    int status = 0;
    if (filter->runs != NULL) {
        uint64_t own[WINDOW_WORDS] = {0};
        runs_walk_fill(filter->runs, from, own);
        for (uint32_t word = 0; word < WINDOW_WORDS; word++) {
            bits[word] &= own[word];
        }
        return 0;
    }
    ask_ahead(filter, from, bits);
    for (uint32_t i = 0; i < WINDOW_PAGES && status == 0; i++) {
        uint64_t *own = bits + i * PAGE_WORDS;
        uint64_t other[PAGE_WORDS] = {0};
        size_t count = bitset_count(own, PAGE_WORDS);
        if (count == 0) {
            continue;
        }
        uint32_t first = from + i * COLUMN_PAGE_DOCUMENTS;
        if (count <= FEW_OF_PAGE) {
            status = keep_few_of_page(filter, first / COLUMN_PAGE_DOCUMENTS, own);
            continue;
        }
        status = fill_page(filter, first / COLUMN_PAGE_DOCUMENTS, other);
        for (uint32_t word = 0; word < PAGE_WORDS; word++) {
            own[word] &= other[word];
        }
    }
    return status;
}

int filter_keep(struct filter *filter, uint32_t from, uint64_t *bits)
{
    uint64_t other[WINDOW_WORDS];
    if (filter->kind == FILTER_SET) {
        return keep_leaf(filter, from, bits);
    }
    if (filter->kind == FILTER_ANY) {
        int status = filter->child_count == 0 ? 0 : filter_keep(filter->children[0], from, bits);
        return status == 0 ? keep_variants(filter, from, bits) : status;
    }
    if (bitset_count(bits, WINDOW_WORDS) <= FEW_OF_WINDOW) {
        return keep_few(filter, from, bits, WINDOW_WORDS);
    }
    int status = filter_fill(filter, from, other);
    for (uint32_t word = 0; word < WINDOW_WORDS; word++) {
        bits[word] &= other[word];
    }
    return status;
}
