/*
 * cursor_group.c - the documents of many posting lists as one clause: all terms with a prefix, or stems of one word
 * in several languages. A document scores the best of its lists.
 *
 * A prefix can have thousands of terms, nearly all with a handful of documents. Short lists are decoded once into one
 * sorted array; the few long ones keep a cursor each. Both are poured, window by window, into a table of the best
 * part of each document, so that the cost is a visit for each posting, not a comparison with each list.
 */
#include "query/cursor.h"

/* Lists up to this long are decoded into the array: a cursor of its own costs 1.3 KB. */
#define SHORT_LIST_MAX 256u

struct group_cursor {
    struct cursor base;
    const struct rank_table *table;
    bool accept[256];
    uint64_t *entries; /* document << 8 | code of all short lists, ascending */
    size_t entry_count;
    size_t next_entry;
    struct postings_cursor *cursors; /* of the long lists */
    uint32_t cursor_count;
    uint32_t window; /* first document of the window; windows start at multiples of CURSOR_WINDOW */
    bool loaded;
    int status;
    uint64_t bits[CURSOR_WINDOW_WORDS];
    int32_t best[CURSOR_WINDOW];
};

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

/* Fills the window that begins at window. Windows never go back. */
static void load(struct group_cursor *group, uint32_t window)
{
    uint64_t end = (uint64_t)window + CURSOR_WINDOW;
    memset(group->bits, 0, sizeof group->bits);
    group->window = window;
    group->loaded = true;
    while (group->next_entry < group->entry_count && group->entries[group->next_entry] >> 8 < window) {
        group->next_entry++;
    }
    for (size_t i = group->next_entry; i < group->entry_count && group->entries[i] >> 8 < end; i++) {
        pour(group, (uint32_t)(group->entries[i] >> 8), (uint8_t)group->entries[i]);
    }
    for (uint32_t i = 0; i < group->cursor_count; i++) {
        struct postings_cursor *cursor = &group->cursors[i];
        uint32_t document = postings_cursor_seek(cursor, window);
        while (document < end && document != POSTINGS_END) {
            pour(group, document, postings_cursor_code(cursor));
            document = postings_cursor_next(cursor);
        }
        group->status = group->status != 0 ? group->status : postings_cursor_status(cursor);
    }
}

/* The first document of any list at or behind target, from lists that stand before target's window or behind it. */
static uint32_t next_anywhere(struct group_cursor *group, uint32_t target)
{
    uint32_t least = POSTINGS_END;
    while (group->next_entry < group->entry_count && group->entries[group->next_entry] >> 8 < target) {
        group->next_entry++;
    }
    if (group->next_entry < group->entry_count) {
        least = (uint32_t)(group->entries[group->next_entry] >> 8);
    }
    for (uint32_t i = 0; i < group->cursor_count; i++) {
        uint32_t document = postings_cursor_seek(&group->cursors[i], target);
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
    return document;
}

static int32_t group_score(struct cursor *cursor)
{
    const struct group_cursor *group = (struct group_cursor *)cursor;
    return group->best[cursor->document - group->window];
}

static int32_t group_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    (void)target;
    *last = POSTINGS_END - 1;
    return cursor->max;
}

static uint32_t group_least(struct cursor *cursor, uint32_t target)
{
    return group_seek(cursor, target, CURSOR_ANY_SCORE);
}

static void group_fill(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    struct group_cursor *group = (struct group_cursor *)cursor;
    if (group->loaded && from < group->window) {
        return; /* as in group_seek: nothing lies before the window */
    }
    if (!group->loaded || group->window < from) {
        load(group, from);
    }
    for (unsigned i = 0; i < CURSOR_WINDOW_WORDS; i++) {
        bits[i] |= group->bits[i];
    }
}

static int group_status(const struct cursor *cursor)
{
    return ((const struct group_cursor *)cursor)->status;
}

static const struct cursor_ops group_ops = {group_seek,  group_score, group_bound,
                                            group_least, group_fill,  group_status};

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
            places[(from[i] >> (8 + shift)) % DIGITS]++;
        }
        size_t place = 0;
        for (size_t digit = 0; digit < DIGITS; digit++) {
            size_t count = places[digit];
            places[digit] = place;
            place += count;
        }
        for (size_t i = 0; i < group->entry_count; i++) {
            to[places[(from[i] >> (8 + shift)) % DIGITS]++] = from[i];
        }
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    group->entries = from;
}

static int decode_short(struct group_cursor *group, const struct postings_source *source,
                        const struct postings_list *list)
{
    struct postings_cursor cursor;
    int status = postings_cursor_open(&cursor, source, list);
    if (status != 0) {
        return status;
    }
    for (uint32_t n = 0; n < list->count && postings_cursor_document(&cursor) != POSTINGS_END; n++) {
        group->entries[group->entry_count++] =
            (uint64_t)postings_cursor_document(&cursor) << 8 | postings_cursor_code(&cursor);
        postings_cursor_next(&cursor);
    }
    return postings_cursor_status(&cursor);
}

/* Sets up lists of both kinds; group's arrays have room for all of them. */
static int take_lists(struct group_cursor *group, const struct query_node *node, const struct query_lists *lists,
                      const struct postings_source *source)
{
    int status = 0;
    for (uint32_t i = 0; i < lists->count && status == 0; i++) {
        const struct postings_list *list = &lists->lists[i];
        int32_t max = node->table->bound[list->dominant];
        group->base.max = max > group->base.max ? max : group->base.max;
        group->base.cost += list->count;
        status = list->count <= SHORT_LIST_MAX
                     ? decode_short(group, source, list)
                     : postings_cursor_open(&group->cursors[group->cursor_count++], source, list);
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
        bool is_short = lists->lists[i].count <= SHORT_LIST_MAX;
        short_postings += is_short ? lists->lists[i].count : 0;
        long_lists += is_short ? 0 : 1;
    }
    struct group_cursor *group = arena_alloc(context->arena, sizeof *group);
    uint64_t *entries = arena_alloc(context->arena, short_postings * sizeof *entries);
    uint64_t *scratch = arena_alloc(context->arena, short_postings * sizeof *scratch);
    struct postings_cursor *cursors = arena_alloc(context->arena, long_lists * sizeof *cursors);
    if (group == NULL || entries == NULL || scratch == NULL || cursors == NULL) {
        return AISLE_NO_MEMORY;
    }
    group->base = (struct cursor){.ops = &group_ops};
    group->table = node->table;
    group->entries = entries;
    group->cursors = cursors;
    group->entry_count = 0;
    group->next_entry = 0;
    group->cursor_count = 0;
    group->loaded = false;
    group->status = 0;
    memset(group->accept, 1, sizeof group->accept);
    if (node->first_only) {
        cursor_accept_first(context, group->accept);
    }
    *out = &group->base;
    int status = take_lists(group, node, lists, &context->segments[segment].segment->postings);
    if (status == 0) {
        sort_entries(group, scratch, context->segments[segment].segment->info.documents);
    }
    return status;
}
