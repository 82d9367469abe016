/*
 * query_run.c - the two passes of a query: the best products, and how many match.
 *
 * They are separate because the first skips nearly everything and the second nothing: doing both at once would cost
 * the first its pruning (Lucene's top 100 with count costs ten times its top 100 plus its count).
 *
 * Equal scores are decided by the document order, in all segments together. Within a segment documents come in that
 * order, so once one of them ties with the worst hit held and loses, every later one of the segment with that score
 * loses too, and the minimum is raised above it; the next segment begins at the worst hit's score again.
 *
 * Both passes go part by part (share.h); with a crew, several threads do, each with a heap and an arena of its own.
 */
#include "query/after.h"
#include "query/browse.h"
#include "query/count_words.h"
#include "base/crew.h"
#include "query/cursor.h"
#include "query/scan_count.h"
#include "query/share.h"
#include "query/signals.h"
#include "query/topk.h"
#include "query/watch.h"

#include "base/bitset.h"

#define DOCUMENTS_A_PIECE 256u /* of work, where cursors are followed */

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

/* Counts documents that a loop has looked at; whether it is to stop. */
static bool stops(const struct query_context *context, uint32_t *looked)
{
    return ++*looked % DOCUMENTS_A_PIECE == 0 && query_watch_stops(context->watch);
}

static int boosted_top_of_part(struct query_context *context, struct cursor *cursor, const struct share_part *part,
                               struct signals *signals, struct topk *top)
{
    const struct query_segment *segment = &context->segments[part->segment];
    int32_t minimum = topk_minimum(top);
    uint32_t document = seek_boosted(cursor, signals, part->from, minimum);
    uint32_t looked = 0;
    while (document < part->end && !stops(context, &looked)) {
        if (is_alive(segment, document)) {
            struct query_hit hit = {.score = cursor->ops->score(cursor) + signals_part(signals, document),
                                    .segment = part->segment,
                                    .document = document};
            if (hit.score >= minimum) {
                minimum = topk_offer_in_order(top, &hit);
            }
        }
        document = seek_boosted(cursor, signals, document + 1, minimum);
    }
    int status = cursor->ops->status(cursor);
    status = status != 0 ? status : signals_status(signals);
    return status != 0 ? status : top->status;
}

static int plain_top_of_part(struct query_context *context, struct cursor *cursor, const struct share_part *part,
                             struct topk *top)
{
    const struct query_segment *segment = &context->segments[part->segment];
    int32_t minimum = topk_minimum(top);
    uint32_t from = part->from;
    if (context->after != NULL && context->after->score == 0 && cursor->max == 0 &&
        context->after->first[part->segment] > from) {
        from = context->after->first[part->segment]; /* all scores are equal, so that places alone decide */
    }
    uint32_t document = cursor->ops->seek(cursor, from, minimum);
    uint32_t looked = 0;
    while (document < part->end && !stops(context, &looked)) {
        if (is_alive(segment, document)) {
            struct query_hit hit = {
                .score = cursor->ops->score(cursor), .segment = part->segment, .document = document};
            if (hit.score >= minimum) {
                minimum = topk_offer_in_order(top, &hit);
            }
        }
        document = cursor->ops->seek(cursor, document + 1, minimum);
    }
    int status = cursor->ops->status(cursor);
    return status != 0 ? status : top->status;
}

/* Best by signals alone, or of a leaf of many lists: documents do not come in order, so that segments are whole. */
static bool is_out_of_order(const struct query_context *context, const struct query_node *root, uint32_t number,
                            const struct topk *top)
{
    bool has_signals = context->signals != NULL && context->signals->count != 0;
    bool browsed = root->kind == QUERY_ALL && (has_signals || context->boosts != NULL);
    return context->filter == NULL && (browsed || scan_is_best(context, root, number, top));
}

static int top_of_part(struct query_context *context, const struct query_node *root, const struct share_part *part,
                       struct scan_room *room, struct topk *top)
{
    uint32_t number = part->segment;
    struct cursor *cursor;
    struct scan *scan = NULL;
    struct signals *signals;
    int status = signals_open(context, number, &signals);
    if (status == 0 && is_out_of_order(context, root, number, top)) {
        if (root->kind != QUERY_ALL) {
            return scan_best(context, root, number, signals, top);
        }
        if (signals != NULL) { /* else nothing that is liked occurs here */
            return browse_run(context, number, signals, top);
        }
    }
    bool is_done = false;
    if (status == 0) {
        status = scan_alternatives(context, root, part, room, top, &is_done);
    }
    if (status == 0 && !is_done) {
        status = scan_open(context, root, part, signals, room, &scan);
    }
    if (status == 0 && is_done) {
        return 0;
    }
    if (status != 0 || scan != NULL) {
        return status != 0 ? status : scan_run(scan, top);
    }
    status = cursor_open_filtered(context, root, number, &cursor);
    if (status != 0) {
        return status;
    }
    return signals != NULL ? boosted_top_of_part(context, cursor, part, signals, top)
                           : plain_top_of_part(context, cursor, part, top);
}

/* ---- the best products ---- */

struct top_work {
    const struct query_context *context;
    const struct query_node *root;
    struct share share;
    struct topk *tops; /* one for each worker */
};

static void work_on_top(void *given, uint32_t member, struct arena *arena)
{
    struct top_work *work = given;
    struct query_context context;
    struct scan_room *room = arena_alloc(arena, sizeof *room);
    const struct share_part *part;
    if (room == NULL) {
        share_fail(&work->share, AISLE_NO_MEMORY);
        return;
    }
    query_context_copy(&context, work->context);
    context.arena = arena;
    context.keep = work->share.workers == 1 ? context.keep : NULL;
    room->is_clean = false;
    room->group.is_clean = false;
    while (!query_watch_stops(context.watch) && (part = share_take(&work->share)) != NULL) {
        if (scan_is_absent(work->root, part->segment)) {
            continue;
        }
        struct arena_mark mark = arena_mark(arena);
        int status = top_of_part(&context, work->root, part, room, &work->tops[member]);
        arena_rewind(arena, mark);
        if (status != 0) {
            share_fail(&work->share, status);
        }
    }
}

static void run_shared(const struct query_context *context, const struct share *share, crew_work *work, void *given)
{
    if (share->workers > 1) {
        crew_run(context->crew, share->workers - 1, work, given, context->arena);
    } else {
        work(given, 0, context->arena);
    }
}

int query_top(struct query_context *context, struct query_node *root, uint32_t count, struct query_hit **hits,
              uint32_t *hit_count)
{
    struct top_work work = {.context = context, .root = root};
    atomic_int shared = 0;
    int32_t least = 0;
    struct topk best = {.capacity = count};
    bool whole = false;
    for (uint32_t i = 0; i < context->segment_count; i++) {
        whole = whole || is_out_of_order(context, root, i, &best);
    }
    int status = share_init(&work.share, context, root, whole);
    uint32_t workers = work.share.workers;
    work.tops = status == 0 ? arena_alloc(context->arena, workers * sizeof *work.tops) : NULL;
    status = status == 0 && work.tops == NULL ? AISLE_NO_MEMORY : status;
    status = status == 0 && !whole ? scan_seed(context, root, count, &least) : status;
    atomic_store_explicit(&shared, least, memory_order_relaxed);
    for (uint32_t i = 0; i < workers && status == 0; i++) {
        status = topk_init(&work.tops[i], context, count, workers > 1 || least > 0 ? &shared : NULL);
    }
    if (status == 0 && count != 0) {
        run_shared(context, &work.share, work_on_top, &work);
        status = share_status(&work.share);
    }
    for (uint32_t i = 1; i < workers && status == 0; i++) {
        topk_join(&work.tops[0], &work.tops[i]);
    }
    if (status == 0) {
        topk_sort(&work.tops[0]);
        status = work.tops[0].status;
        *hits = work.tops[0].hits;
        *hit_count = work.tops[0].count;
    }
    return status;
}

/* ---- how many match ---- */

/* A single unrestricted list of a segment without dead documents, or several that are counted, need no walk. */
static bool count_is_known(const struct query_context *context, const struct query_node *root, uint32_t number,
                           uint64_t *count)
{
    const struct query_segment *segment = &context->segments[number];
    if (scan_is_absent(root, number)) {
        *count = 0;
        return true;
    }
    if (context->filter != NULL) {
        return false;
    }
    if (root->kind == QUERY_ALL) {
        *count = segment->segment->info.documents - segment->state->dead_count;
        return true;
    }
    if (root->kind != QUERY_TERMS || segment->state->dead_count != 0 ||
        (root->first_only && !context->weights.single)) {
        return false;
    }
    const struct query_lists *lists = &root->in_segment[number];
    *count = lists->count > 1 ? lists->total : lists->lists[0].postings.count;
    return lists->count == 1 || lists->total != 0;
}

static int count_part(struct query_context *context, const struct query_node *root, const struct share_part *part,
                      struct scan_count_room *room, uint64_t enough, uint64_t *total)
{
    const struct query_segment *segment = &context->segments[part->segment];
    size_t words = ((size_t)segment->segment->info.documents + 63) / 64;
    struct cursor *cursor;
    struct scan *scan = NULL;
    if (count_words(context, root, part, total)) {
        return 0;
    }
    int status = scan_open(context, root, part, NULL, NULL, &scan);
    if (status != 0 || scan != NULL) {
        return status != 0 ? status : scan_count(scan, room, enough, total);
    }
    status = cursor_open_filtered(context, root, part->segment, &cursor);
    if (status != 0) {
        return status;
    }
    uint32_t from = cursor->ops->least(cursor, part->from);
    while (from < part->end && *total < enough && !query_watch_stops(context->watch)) {
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

struct count_work {
    const struct query_context *context;
    const struct query_node *root;
    struct share share;
    uint64_t enough; /* once so many are known nobody goes on */
    atomic_ullong total;
};

static void work_on_count(void *given, uint32_t member, struct arena *arena)
{
    struct count_work *work = given;
    struct query_context context;
    struct scan_count_room *room = arena_alloc(arena, sizeof *room);
    const struct share_part *part;
    uint64_t total = 0;
    (void)member;
    if (room == NULL) {
        share_fail(&work->share, AISLE_NO_MEMORY);
        return;
    }
    query_context_copy(&context, work->context);
    context.arena = arena;
    context.keep = work->share.workers == 1 ? context.keep : NULL;
    while (total < work->enough && !query_watch_stops(context.watch) && (part = share_take(&work->share)) != NULL) {
        uint64_t count = 0;
        if (!count_is_known(&context, work->root, part->segment, &count)) {
            struct arena_mark mark = arena_mark(arena);
            int status = count_part(&context, work->root, part, room, work->enough, &count);
            arena_rewind(arena, mark);
            if (status != 0) {
                share_fail(&work->share, status);
            }
            total += count;
        } else if (part->from == 0) {
            total += count;
        }
    }
    atomic_fetch_add(&work->total, total);
}

int query_count_to(struct query_context *context, struct query_node *root, uint64_t enough, uint64_t *total)
{
    struct count_work work = {.context = context, .root = root, .enough = enough};
    int status = 0;
    bool known = true;
    *total = 0;
    for (uint32_t i = 0; i < context->segment_count && known; i++) {
        uint64_t count = 0;
        known = count_is_known(context, root, i, &count);
        *total += count;
    }
    if (!known) {
        if (enough == UINT64_MAX) {
            count_words_open(context, root);
        }
        status = share_init(&work.share, context, root, false);
        if (status == 0) {
            run_shared(context, &work.share, work_on_count, &work);
            status = share_status(&work.share);
        }
        *total = atomic_load(&work.total);
    }
    return status;
}

int query_count(struct query_context *context, struct query_node *root, uint64_t *total)
{
    return query_count_to(context, root, UINT64_MAX, total);
}

static_assert(QUERY_PART % CURSOR_WINDOW == 0, "parts are whole windows");

int query_has_any_from(struct query_context *context, struct query_node *root, uint32_t documents, uint32_t *from,
                       bool *any)
{
    uint32_t all = context->segments[0].segment->info.documents;
    uint32_t start = *from < all ? *from : all;
    const struct share_part part = {.from = start, .end = all - start < documents ? all : start + documents};
    struct scan_count_room *room = arena_alloc(context->arena, sizeof *room);
    uint64_t total = 0;
    *any = false;
    if (room == NULL) {
        return AISLE_NO_MEMORY;
    }
    int status = start == all || scan_is_absent(root, 0) ? 0 : count_part(context, root, &part, room, 1, &total);
    *from = scan_is_absent(root, 0) ? all : part.end;
    *any = status == 0 && total != 0;
    return status;
}

int query_has_any(struct query_context *context, struct query_node *root, bool *any)
{
    uint64_t total;
    int status = query_count_to(context, root, 1, &total);
    *any = status == 0 && total != 0;
    return status;
}
