/*
 * cursor_group.c - the documents of many posting lists as one clause: all terms with a prefix, or stems of one word
 * in several languages. A document scores the best of its lists.
 *
 * A prefix can have thousands of terms, nearly all with a handful of documents. Short lists are decoded once into one
 * sorted array; the few long ones keep a cursor each. Both are poured, window by window, into a table of the best
 * part of each document, so that the cost is a visit for each posting, not a comparison with each list.
 */
#include "query/cursor.h"

#include <stdlib.h>

/* Lists up to this long are decoded into the array: a cursor of its own costs 1.3 KB. */
#define SHORT_LIST_MAX 256u

/* An entry: document << 32 | number of its list << 16 | number of the posting there << 8 | code. */
#define ENTRY_DOCUMENT_SHIFT 32u
#define ENTRY_LIST_SHIFT 16u
#define ENTRY_POSTING_SHIFT 8u

#define ENTRY_LISTS_MAX (1u << (ENTRY_DOCUMENT_SHIFT - ENTRY_LIST_SHIFT))

static_assert(LIMIT_PREFIX_TERMS <= ENTRY_LISTS_MAX, "a list's number fits an entry");
static_assert(SHORT_LIST_MAX <= 1u << (ENTRY_LIST_SHIFT - ENTRY_POSTING_SHIFT), "so does a posting's");

struct long_list {
    struct postings_cursor postings;
    struct positions_cursor positions;
    uint32_t number; /* of the list */
};

struct group_cursor {
    struct cursor base;
    const struct rank_table *table;
    struct query_context *context;
    const struct segment *segment;
    const struct segment_list *lists;
    uint64_t scope;
    struct cursor_places scratch;
    bool accept[256];
    bool is_plain; /* all postings count */
    uint64_t *entries; /* of all short lists, ascending */
    size_t entry_count;
    size_t next_entry;
    struct long_list *longs;
    struct long_list *probes; /* longs again, for places: longs run ahead of the document; NULL: none asked for yet */
    uint32_t long_count;
    uint32_t window; /* first document of the window; windows start at multiples of CURSOR_WINDOW */
    bool loaded;
    bool scored; /* the window has scores, not bits alone */
    bool placed; /* stands on a document, or at the end */
    int status;
    uint64_t bits[CURSOR_WINDOW_WORDS];
    int32_t best[CURSOR_WINDOW];
};

static void open_positions(const struct group_cursor *group, uint32_t list, struct positions_cursor *positions)
{
    positions_cursor_init(positions, &group->segment->views[COMPONENT_POSITIONS], group->context->arena,
                          &group->lists[list].positions, group->lists[list].postings.count);
}

static uint32_t entry_document(const struct group_cursor *group, size_t i)
{
    return (uint32_t)(group->entries[i] >> ENTRY_DOCUMENT_SHIFT);
}

static void pour(struct group_cursor *group, uint32_t document, uint8_t code)
{
    uint32_t at = document - group->window;
    if (!group->accept[code]) {
        return;
    }
    int32_t part = group->table->part[code];
    uint64_t bit = UINT64_C(1) << (at % 64);
    if ((group->bits[at / 64] & bit) == 0 || part > group->best[at]) {
        group->best[at] = part;
        group->bits[at / 64] |= bit;
    }
}

/* Whether the ordinal-th posting of the list counts; what fails is noted. */
static bool is_in_scope(struct group_cursor *group, struct positions_cursor *positions, uint32_t ordinal)
{
    bool in_scope = false;
    int status = cursor_in_scope(group->context, group->scope, positions, ordinal, &group->scratch, &in_scope);
    group->status = group->status != 0 ? group->status : status;
    return in_scope;
}

static void pour_batches(struct group_cursor *group, struct postings_cursor *cursor, uint32_t last)
{
    const uint32_t *documents;
    const uint8_t *codes;
    size_t count;
    while ((count = postings_cursor_batch(cursor, last, &documents, &codes)) != 0) {
        for (size_t i = 0; i < count; i++) {
            pour(group, documents[i], codes[i]);
        }
    }
}

static void pour_in_scope(struct group_cursor *group, struct long_list *list, uint32_t last)
{
    uint32_t document = postings_cursor_document(&list->postings);
    while (document <= last) {
        if (is_in_scope(group, &list->positions, postings_cursor_ordinal(&list->postings))) {
            pour(group, document, postings_cursor_code(&list->postings));
        }
        document = postings_cursor_next(&list->postings);
    }
}

/* Begins a window. Windows never go back. */
static void enter(struct group_cursor *group, uint32_t window, bool scored)
{
    memset(group->bits, 0, sizeof group->bits);
    group->window = window;
    group->loaded = true;
    group->scored = scored;
    while (group->next_entry < group->entry_count && entry_document(group, group->next_entry) < window) {
        group->next_entry++;
    }
}

/* Fills the window that begins at window with bits alone. */
static void load_bits(struct group_cursor *group, uint32_t window)
{
    enter(group, window, false);
    for (size_t i = group->next_entry; i < group->entry_count; i++) {
        uint32_t at = entry_document(group, i) - window;
        if (at >= CURSOR_WINDOW) {
            break;
        }
        group->bits[at / 64] |= UINT64_C(1) << (at % 64);
    }
    for (uint32_t i = 0; i < group->long_count; i++) {
        struct postings_cursor *cursor = &group->longs[i].postings;
        (void)postings_cursor_seek(cursor, window);
        postings_cursor_fill(cursor, window, CURSOR_WINDOW, group->bits);
        group->status = group->status != 0 ? group->status : postings_cursor_status(cursor);
    }
}

/* Likewise with scores. */
static void load(struct group_cursor *group, uint32_t window)
{
    static_assert(LIMIT_SEGMENT_DOCUMENTS <= UINT32_MAX - CURSOR_WINDOW, "windows end before the end mark");
    uint32_t last = window + CURSOR_WINDOW - 1;
    enter(group, window, true);
    for (size_t i = group->next_entry; i < group->entry_count && entry_document(group, i) <= last; i++) {
        pour(group, entry_document(group, i), (uint8_t)group->entries[i]);
    }
    for (uint32_t i = 0; i < group->long_count; i++) {
        struct postings_cursor *cursor = &group->longs[i].postings;
        (void)postings_cursor_seek(cursor, window);
        if (group->scope == 0) {
            pour_batches(group, cursor, last);
        } else {
            pour_in_scope(group, &group->longs[i], last);
        }
        group->status = group->status != 0 ? group->status : postings_cursor_status(cursor);
    }
}

/* The first document of any list at or behind target, from lists that stand before target's window or behind it. */
static uint32_t next_anywhere(struct group_cursor *group, uint32_t target)
{
    uint32_t least = POSTINGS_END;
    while (group->next_entry < group->entry_count && entry_document(group, group->next_entry) < target) {
        group->next_entry++;
    }
    if (group->next_entry < group->entry_count) {
        least = entry_document(group, group->next_entry);
    }
    for (uint32_t i = 0; i < group->long_count; i++) {
        uint32_t document = postings_cursor_seek(&group->longs[i].postings, target);
        least = document < least ? document : least;
    }
    return least;
}

static uint32_t find_in_window(const struct group_cursor *group, uint32_t target)
{
    uint32_t at = target - group->window;
    uint64_t word = group->bits[at / 64] & (UINT64_MAX << (at % 64));
    for (uint32_t i = at / 64;;) {
        if (word != 0) {
            return group->window + i * 64 + (uint32_t)__builtin_ctzll(word);
        }
        if (++i == CURSOR_WINDOW_WORDS) {
            return POSTINGS_END;
        }
        word = group->bits[i];
    }
}

static uint32_t group_seek(struct cursor *cursor, uint32_t target, int32_t minimum)
{
    struct group_cursor *group = (struct group_cursor *)cursor;
    uint32_t document = POSTINGS_END;
    if (group->placed && target <= cursor->document) {
        return cursor->document; /* the window still holds what was passed: going back to it would mislead a parent */
    }
    if (minimum > cursor->max) {
        target = POSTINGS_END;
    } else if (group->loaded && target < group->window) {
        /* The window was found by a lower target already: nothing lies before it, and its lists have been read. */
        target = group->window;
    }
    while (target != POSTINGS_END && document == POSTINGS_END) {
        if (!group->loaded || target - group->window >= CURSOR_WINDOW) {
            target = next_anywhere(group, target);
            if (target == POSTINGS_END) {
                break;
            }
            load(group, target - target % CURSOR_WINDOW);
        }
        document = find_in_window(group, target);
        target = group->window + CURSOR_WINDOW;
    }
    cursor->document = document;
    group->placed = true;
    return document;
}

static size_t first_entry(const struct group_cursor *group, uint32_t document)
{
    size_t low = 0;
    size_t high = group->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry_document(group, middle) < document) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int open_probes(struct group_cursor *group)
{
    int status = 0;
    group->probes = arena_alloc(group->context->arena, group->long_count * sizeof *group->probes);
    for (uint32_t i = 0; i < group->long_count && group->probes != NULL && status == 0; i++) {
        group->probes[i].number = group->longs[i].number;
        status = postings_cursor_open(&group->probes[i].postings, &group->segment->postings,
                                      &group->lists[group->longs[i].number].postings);
    }
    return group->probes == NULL ? AISLE_NO_MEMORY : status;
}

/* Of a window that was only to be counted. */
static int32_t score_anew(struct group_cursor *group, uint32_t document)
{
    int32_t best = 0;
    for (size_t i = first_entry(group, document); i < group->entry_count && entry_document(group, i) == document; i++) {
        int32_t part = group->table->part[(uint8_t)group->entries[i]];
        best = part > best ? part : best;
    }
    int status = group->probes == NULL ? open_probes(group) : 0;
    for (uint32_t i = 0; i < group->long_count && status == 0; i++) {
        struct postings_cursor *postings = &group->probes[i].postings;
        bool has = postings_cursor_seek(postings, document) == document;
        int32_t part = has ? group->table->part[postings_cursor_code(postings)] : 0;
        best = part > best ? part : best;
    }
    group->status = group->status != 0 ? group->status : status;
    return best;
}

static int32_t group_score(struct cursor *cursor)
{
    struct group_cursor *group = (struct group_cursor *)cursor;
    return group->scored ? group->best[cursor->document - group->window] : score_anew(group, cursor->document);
}

static int32_t group_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    (void)target;
    *last = POSTINGS_END - 1;
    return cursor->max;
}

static uint32_t group_least(struct cursor *cursor, uint32_t target)
{
    struct group_cursor *group = (struct group_cursor *)cursor;
    if (group->loaded && target < group->window) {
        target = group->window;
    }
    if (group->loaded && target - group->window < CURSOR_WINDOW) {
        uint32_t document = find_in_window(group, target);
        if (document != POSTINGS_END) {
            return document;
        }
        target = group->window + CURSOR_WINDOW;
    }
    return next_anywhere(group, target);
}

static void group_fill(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    struct group_cursor *group = (struct group_cursor *)cursor;
    if (group->loaded && from < group->window) {
        return; /* as in group_seek: nothing lies before the window */
    }
    if (!group->loaded || group->window < from) {
        if (group->is_plain) {
            load_bits(group, from);
        } else {
            load(group, from);
        }
    }
    for (unsigned i = 0; i < CURSOR_WINDOW_WORDS; i++) {
        bits[i] |= group->bits[i];
    }
}

static int group_status(const struct cursor *cursor)
{
    return ((const struct group_cursor *)cursor)->status;
}

/* ---- places ---- */

static int add_places(struct group_cursor *group, uint32_t list, uint32_t ordinal, struct cursor_places *out)
{
    struct positions_cursor positions;
    open_positions(group, list, &positions);
    return cursor_places_add(out, &positions, ordinal);
}

static int places_in_short(struct group_cursor *group, uint32_t document, struct cursor_places *out)
{
    size_t low = first_entry(group, document);
    int status = 0;
    for (; low < group->entry_count && entry_document(group, low) == document && status == 0; low++) {
        uint32_t list = (uint32_t)(group->entries[low] >> ENTRY_LIST_SHIFT) % ENTRY_LISTS_MAX;
        uint32_t posting = (uint32_t)(group->entries[low] >> ENTRY_POSTING_SHIFT) % SHORT_LIST_MAX;
        if (group->accept[(uint8_t)group->entries[low]]) {
            status = add_places(group, list, posting, out);
        }
    }
    return status;
}

static int places_in_long(struct group_cursor *group, uint32_t document, struct cursor_places *out)
{
    int status = group->probes == NULL ? open_probes(group) : 0;
    for (uint32_t i = 0; i < group->long_count && status == 0; i++) {
        struct postings_cursor *postings = &group->probes[i].postings;
        if (postings_cursor_seek(postings, document) == document && group->accept[postings_cursor_code(postings)]) {
            status = add_places(group, group->probes[i].number, postings_cursor_ordinal(postings), out);
        }
        status = status == 0 ? postings_cursor_status(postings) : status;
    }
    return status;
}

static int compare_places(const void *left, const void *right)
{
    const struct position *a = left;
    const struct position *b = right;
    return (a->place > b->place) - (a->place < b->place);
}

static int group_places(struct cursor *cursor, struct cursor_places *out)
{
    struct group_cursor *group = (struct group_cursor *)cursor;
    int status = places_in_short(group, cursor->document, out);
    if (status == 0 && group->long_count != 0) {
        status = places_in_long(group, cursor->document, out);
    }
    if (status == 0 && out->count > 1) {
        qsort(out->places, out->count, sizeof *out->places, compare_places);
    }
    return status;
}

static const struct cursor_ops group_ops = {group_seek, group_score,  group_bound, group_least,
                                            group_fill, group_status, group_places};

/* ---- opening ---- */

#define DIGIT_BITS 11u
#define DIGITS (1u << DIGIT_BITS)

/*
 * Sorts entries by document, digit by digit from the low end; codes of one document may stand in any order. A short
 * prefix has millions of entries, and comparing them took most of the query. scratch has room for as many.
 */
static void sort_entries(struct group_cursor *group, uint64_t *scratch, uint32_t documents)
{
    uint64_t *from = group->entries;
    uint64_t *to = scratch;
    for (unsigned shift = 0; group->entry_count > 1 && shift < 32 && documents >> shift != 0; shift += DIGIT_BITS) {
        size_t places[DIGITS] = {0};
        for (size_t i = 0; i < group->entry_count; i++) {
            places[(from[i] >> (ENTRY_DOCUMENT_SHIFT + shift)) % DIGITS]++;
        }
        size_t place = 0;
        for (size_t digit = 0; digit < DIGITS; digit++) {
            size_t count = places[digit];
            places[digit] = place;
            place += count;
        }
        for (size_t i = 0; i < group->entry_count; i++) {
            to[places[(from[i] >> (ENTRY_DOCUMENT_SHIFT + shift)) % DIGITS]++] = from[i];
        }
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    group->entries = from;
}

static int decode_short(struct group_cursor *group, uint32_t number)
{
    const struct postings_list *list = &group->lists[number].postings;
    struct postings_cursor cursor;
    struct positions_cursor positions;
    open_positions(group, number, &positions);
    int status = postings_cursor_open(&cursor, &group->segment->postings, list);
    if (status != 0) {
        return status;
    }
    for (uint32_t n = 0; n < list->count && postings_cursor_document(&cursor) != POSTINGS_END; n++) {
        if (group->scope == 0 || is_in_scope(group, &positions, n)) {
            group->entries[group->entry_count++] =
                (uint64_t)postings_cursor_document(&cursor) << ENTRY_DOCUMENT_SHIFT |
                (uint64_t)number << ENTRY_LIST_SHIFT | n << ENTRY_POSTING_SHIFT | postings_cursor_code(&cursor);
        }
        postings_cursor_next(&cursor);
    }
    return group->status != 0 ? group->status : postings_cursor_status(&cursor);
}

static int open_long(struct group_cursor *group, uint32_t number)
{
    struct long_list *added = &group->longs[group->long_count++];
    added->number = number;
    open_positions(group, number, &added->positions);
    return postings_cursor_open(&added->postings, &group->segment->postings, &group->lists[number].postings);
}

/* Sets up lists of both kinds; group's arrays have room for all of them. */
static int take_lists(struct group_cursor *group, uint32_t count)
{
    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        const struct postings_list *list = &group->lists[i].postings;
        int32_t max = group->table->bound[list->dominant];
        group->base.max = max > group->base.max ? max : group->base.max;
        group->base.cost += list->count;
        status = list->count <= SHORT_LIST_MAX ? decode_short(group, i) : open_long(group, i);
    }
    return status;
}

int cursor_open_group(struct query_context *context, const struct query_node *node, uint32_t segment,
                      struct cursor **out)
{
    const struct query_lists *lists = &node->in_segment[segment];
    size_t short_postings = 0;
    uint32_t long_lists = 0;
    for (uint32_t i = 0; i < lists->count; i++) {
        bool is_short = lists->lists[i].postings.count <= SHORT_LIST_MAX;
        short_postings += is_short ? lists->lists[i].postings.count : 0;
        long_lists += is_short ? 0 : 1;
    }
    struct group_cursor *group = arena_alloc(context->arena, sizeof *group);
    uint64_t *entries = arena_alloc(context->arena, short_postings * sizeof *entries);
    uint64_t *scratch = arena_alloc(context->arena, short_postings * sizeof *scratch);
    struct long_list *longs = arena_alloc(context->arena, long_lists * sizeof *longs);
    if (group == NULL || entries == NULL || scratch == NULL || longs == NULL) {
        return AISLE_NO_MEMORY;
    }
    memset(group, 0, offsetof(struct group_cursor, best)); /* best is read only where bits say so */
    group->base = (struct cursor){.ops = &group_ops};
    group->table = node->table;
    group->context = context;
    group->segment = context->segments[segment].segment;
    group->lists = lists->lists;
    group->scope = node->scope;
    group->scratch.arena = context->arena;
    group->entries = entries;
    group->longs = longs;
    memset(group->accept, 1, sizeof group->accept);
    if (node->first_only) {
        cursor_accept_first(context, group->accept);
    }
    group->is_plain = !node->first_only && node->scope == 0;
    *out = &group->base;
    int status = take_lists(group, lists->count);
    if (status == 0) {
        sort_entries(group, scratch, group->segment->info.documents);
    }
    return status;
}
