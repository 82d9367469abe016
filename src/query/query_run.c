/*
 * query_run.c - the two passes of a query: the best products, and how many match.
 *
 * They are separate because the first skips nearly everything and the second nothing: doing both at once would cost
 * the first its pruning (Lucene's top 100 with count costs ten times its top 100 plus its count).
 *
 * Equal scores are decided by the document order, in all segments together. Within a segment documents come in that
 * order, so once one of them ties with the worst hit held and loses, every later one of the segment with that score
 * loses too, and the minimum is raised above it; the next segment begins at the worst hit's score again.
 */
#include "query/browse.h"
#include "query/cursor.h"
#include "query/scan_count.h"
#include "query/signals.h"
#include "query/topk.h"

#include "base/bitset.h"

static bool is_alive(const struct query_segment *segment, uint32_t document)
{
    return segment_state_alive(segment->state, document);
}

/*
 * The first document at or behind target whose words and signals may score minimum together. Words are bounded for
 * runs of documents, signals for pages of them: a run is passed over when both together cannot reach it.
 */
static uint32_t seek_boosted(struct cursor *cursor, struct signals *signals, uint32_t target, int32_t minimum)
{
    for (;;) {
        uint32_t document = cursor->ops->seek(cursor, target, minimum - signals->max);
        if (document >= signals->documents) {
            return POSTINGS_END;
        }
        uint32_t last;
        int32_t words = cursor->ops->bound(cursor, document, &last);
        uint32_t page_last = document | (COLUMN_PAGE_DOCUMENTS - 1);
        last = last < page_last ? last : page_last;
        last = last < signals->documents ? last : signals->documents - 1;
        if (words + signals_bound(signals, document, last) < minimum) {
            target = last + 1;
            continue;
        }
        int32_t boost = signals_bound_near(signals, document);
        if (cursor->ops->score(cursor) + boost >= minimum) {
            return document;
        }
        target = document + 1;
    }
}

static int boosted_top_of_segment(struct query_context *context, struct cursor *cursor, uint32_t number,
                                  struct signals *signals, struct topk *top)
{
    const struct query_segment *segment = &context->segments[number];
    int32_t minimum = topk_full(top) ? topk_worst(top) : 0;
    uint32_t document = seek_boosted(cursor, signals, 0, minimum);
    while (document != POSTINGS_END) {
        if (is_alive(segment, document)) {
            struct query_hit hit = {.score = cursor->ops->score(cursor) + signals_part(signals, document),
                                    .segment = number,
                                    .document = document};
            if (hit.score >= minimum) {
                minimum = topk_offer_in_order(top, &hit);
            }
        }
        document = seek_boosted(cursor, signals, document + 1, minimum);
    }
    int status = cursor->ops->status(cursor);
    status = status != 0 ? status : signals->status;
    return status != 0 ? status : top->status;
}

static int top_of_segment(struct query_context *context, const struct query_node *root, uint32_t number,
                          struct scan_room *room, struct topk *top)
{
    const struct query_segment *segment = &context->segments[number];
    int32_t minimum = topk_full(top) ? topk_worst(top) : 0;
    struct cursor *cursor;
    struct scan *scan = NULL;
    struct signals *signals;
    bool filtered = context->filter != NULL;
    int status = signals_open(context, number, &signals);
    if (status == 0 && !filtered && signals != NULL && root->kind == QUERY_ALL) {
        return browse_run(context, number, signals, top);
    }
    if (status == 0 && !filtered && scan_is_best(context, root, number, top)) {
        return scan_best(context, root, number, signals, top);
    }
    if (status == 0) {
        status = scan_open(context, root, number, signals, room, &scan);
    }
    if (status != 0 || scan != NULL) {
        return status != 0 ? status : scan_run(scan, top, minimum);
    }
    status = cursor_open_filtered(context, root, number, &cursor);
    if (status != 0 || signals != NULL) {
        return status != 0 ? status : boosted_top_of_segment(context, cursor, number, signals, top);
    }
    uint32_t document = cursor->ops->seek(cursor, 0, minimum);
    while (document != POSTINGS_END) {
        if (is_alive(segment, document)) {
            struct query_hit hit = {.score = cursor->ops->score(cursor), .segment = number, .document = document};
            if (hit.score >= minimum) {
                minimum = topk_offer_in_order(top, &hit);
            }
        }
        document = cursor->ops->seek(cursor, document + 1, minimum);
    }
    status = cursor->ops->status(cursor);
    return status != 0 ? status : top->status;
}

int query_top(struct query_context *context, struct query_node *root, uint32_t count, struct query_hit **hits,
              uint32_t *hit_count)
{
    struct topk top;
    struct scan_room *room = arena_alloc(context->arena, sizeof *room);
    if (room == NULL) {
        return AISLE_NO_MEMORY;
    }
    room->is_clean = false;
    int status = topk_init(&top, context, count);
    for (uint32_t i = 0; i < context->segment_count && status == 0 && count != 0; i++) {
        struct arena_mark mark = arena_mark(context->arena);
        status = top_of_segment(context, root, i, room, &top);
        arena_rewind(context->arena, mark);
    }
    if (status == 0) {
        topk_sort(&top);
        status = top.status;
        *hits = top.hits;
        *hit_count = top.count;
    }
    return status;
}

/* A single unrestricted list of a segment without dead documents needs no walk. */
static bool count_is_known(const struct query_context *context, const struct query_node *root, uint32_t number,
                           uint64_t *count)
{
    const struct query_segment *segment = &context->segments[number];
    if (root->kind == QUERY_ALL) {
        *count = segment->segment->info.documents - segment->state->dead_count;
        return true;
    }
    if (root->kind == QUERY_NOTHING || (root->kind == QUERY_TERMS && root->in_segment[number].count == 0)) {
        *count = 0;
        return true;
    }
    if (root->kind != QUERY_TERMS || root->in_segment[number].count > 1 || segment->state->dead_count != 0 ||
        (root->first_only && !context->weights.single)) {
        return false;
    }
    *count = root->in_segment[number].lists[0].postings.count;
    return true;
}

static int count_segment(struct query_context *context, const struct query_node *root, uint32_t number,
                         struct scan_count_room *room, uint64_t *total)
{
    const struct query_segment *segment = &context->segments[number];
    size_t words = ((size_t)segment->segment->info.documents + 63) / 64;
    struct cursor *cursor;
    struct scan *scan = NULL;
    int status = scan_open(context, root, number, NULL, NULL, &scan);
    if (status != 0 || scan != NULL) {
        return status != 0 ? status : scan_count(scan, room, total);
    }
    status = cursor_open_filtered(context, root, number, &cursor);
    if (status != 0) {
        return status;
    }
    uint32_t from = cursor->ops->least(cursor, 0);
    while (from != POSTINGS_END) {
        uint64_t bits[CURSOR_WINDOW_WORDS] = {0};
        from -= from % CURSOR_WINDOW;
        cursor->ops->fill(cursor, from, bits);
        for (size_t i = 0; segment->state->dead != NULL && i < CURSOR_WINDOW_WORDS && from / 64 + i < words; i++) {
            bits[i] &= ~segment->state->dead[from / 64 + i];
        }
        *total += bitset_count(bits, CURSOR_WINDOW_WORDS);
        from = cursor->ops->least(cursor, from + CURSOR_WINDOW);
    }
    return cursor->ops->status(cursor);
}

int query_count(struct query_context *context, struct query_node *root, uint64_t *total)
{
    struct scan_count_room *room = NULL;
    int status = 0;
    *total = 0;
    for (uint32_t i = 0; i < context->segment_count && status == 0; i++) {
        uint64_t count = 0;
        if (context->filter != NULL || !count_is_known(context, root, i, &count)) {
            room = room != NULL ? room : arena_alloc(context->arena, sizeof *room);
            if (room == NULL) {
                return AISLE_NO_MEMORY;
            }
            struct arena_mark mark = arena_mark(context->arena);
            status = count_segment(context, root, i, room, &count);
            arena_rewind(context->arena, mark);
        }
        *total += count;
    }
    return status;
}
