/*
 * scan_seed.c - what the best of a query score at least, before they are looked for: from documents that boosts make
 * likely.
 *
 * Without boosts the first blocks of a frequent word fill the answer, and bounds pass over the rest. With them, what is
 * found first has no boosts, and nearly everything might be better. So documents that get much (boosts_likely) in the
 * largest segment are looked up in the query's lists first: if as many match as are wanted, the worst of them says what
 * is not worth reading. They are found again by the scan, whose answer depends on them in no other way.
 *
 * Thread rule: as the query.
 */
#include "query/scan.h"

/* Fewer postings in the largest segment are read as fast; more hits are too many to be likely. */
#define POSTINGS_LEAST 2000u
#define HITS_MAX 128u

/* Groups of more lists are dear to open. */
#define GROUP_LISTS_MAX 16u

/* Whether a boost may be for values: exact names and pins are not. */
static bool has_values(const struct boost_list *list)
{
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        enum filter_kind kind = list->boosts[i].filter->kind;
        if (kind == FILTER_WORDS || kind == FILTER_WORD_SET || kind == FILTER_UNDER) {
            return true;
        }
    }
    return false;
}

static uint32_t largest_segment(const struct query_context *context)
{
    uint32_t largest = 0;
    for (uint32_t i = 1; i < context->segment_count; i++) {
        if (context->segments[i].segment->info.documents > context->segments[largest].segment->info.documents) {
            largest = i;
        }
    }
    return largest;
}

static uint32_t lists_of(const struct query_node *node, uint32_t segment)
{
    uint32_t count = node->kind == QUERY_TERMS ? node->in_segment[segment].count : 0;
    for (uint32_t i = 0; node->kind != QUERY_TERMS && i < node->child_count; i++) {
        count += lists_of(node->children[i], segment);
    }
    return count;
}

/* Looks through documents of the list that leads, from the first on. */
static void find_likely(struct scan *scan, struct boosts_likely *likely)
{
    struct scan_candidates *candidates = &scan->room->candidates;
    struct scan_list *lead = scan->order[0];
    struct boosts *boosts = scan->signals->boosts;
    const uint32_t *documents;
    const uint8_t *codes;
    bool more = true;
    size_t got;
    while (more && lead->group != NULL &&
           scan_group_batch(lead->group, scan->end - 1, 0, candidates->documents, candidates->scores,
                            &candidates->count)) {
        more = boosts_likely_take(boosts, likely, candidates->documents, candidates->count);
    }
    while (more && lead->group == NULL &&
           (got = postings_cursor_batch(lead->postings, scan->end - 1, &documents, &codes)) != 0) {
        more = boosts_likely_take(boosts, likely, documents, got);
    }
}

/* Offers the likely documents that match; scan is a new one, whose lists were not read yet. */
static void offer_likely(struct scan *scan, const struct boosts_likely *likely, struct topk *top)
{
    struct scan_candidates *candidates = &scan->room->candidates;
    memcpy(candidates->documents, likely->documents, likely->count * sizeof candidates->documents[0]);
    memset(candidates->scores, 0, likely->count * sizeof candidates->scores[0]);
    candidates->count = likely->count;
    for (uint32_t i = 0; i < scan->list_count; i++) {
        scan->lists[i].bound = scan->lists[i].max;
    }
    scan->top = top;
    scan->all = true; /* of alternatives, too: those that have all of them are the best */
    scan->extra = scan->extra_max;
    scan_complete(scan, scan->order, scan->list_count, 1);
}

/* A scan of the whole segment from its first document on. */
static int open_anew(struct query_context *context, const struct query_node *root, uint32_t number,
                     struct signals *signals, struct scan_room *room, struct scan **out)
{
    const struct share_part part = {
        .segment = number, .from = 0, .end = context->segments[number].segment->info.documents};
    room->is_clean = false;
    room->group.is_clean = false;
    return scan_open(context, root, &part, signals, room, out);
}

static int seed(struct query_context *context, const struct query_node *root, uint32_t number, struct topk *top)
{
    struct scan_room *room = arena_alloc(context->arena, sizeof *room);
    struct boosts_likely *likely = arena_calloc(context->arena, 1, sizeof *likely);
    struct signals *signals = NULL;
    struct scan *scan = NULL;
    if (room == NULL || likely == NULL) {
        return AISLE_NO_MEMORY;
    }
    likely->least = 1;
    int status = signals_open(context, number, &signals);
    if (status == 0 && signals != NULL && signals->boosts != NULL) {
        status = open_anew(context, root, number, signals, room, &scan);
    }
    if (status != 0 || scan == NULL || scan->list_count == 0) {
        return status;
    }
    find_likely(scan, likely);
    status = scan_status(scan);
    if (status == 0 && likely->count >= top->capacity) {
        status = open_anew(context, root, number, signals, room, &scan);
        if (status == 0 && scan != NULL) {
            offer_likely(scan, likely, top);
            status = scan_status(scan);
        }
    }
    return status != 0 ? status : top->status;
}

int scan_seed(struct query_context *context, const struct query_node *root, uint32_t count, int32_t *least)
{
    struct topk top;
    *least = 0;
    if (context->segment_count == 0 || count == 0 || count > HITS_MAX || context->after != NULL ||
        !has_values(context->boosts)) {
        return 0;
    }
    uint32_t number = largest_segment(context);
    if (scan_is_absent(root, number) || scan_group_postings(root, number) < POSTINGS_LEAST ||
        lists_of(root, number) > GROUP_LISTS_MAX) {
        return 0;
    }
    struct arena_mark mark = arena_mark(context->arena);
    int status = topk_init(&top, context, count, NULL);
    status = status == 0 ? seed(context, root, number, &top) : status;
    *least = status == 0 && topk_full(&top) ? topk_worst(&top) : 0;
    arena_rewind(context->arena, mark);
    return status;
}
