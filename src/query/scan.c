/*
 * scan.c - which trees can be scanned, and what of them is a list, a phrase, or something to ask last.
 */
#include "query/scan.h"

#include "query/phrase.h"

/* Whether a leaf is one list here whose every posting counts. */
static bool is_list(const struct query_context *context, const struct query_node *node, uint32_t number)
{
    return node->kind == QUERY_TERMS && node->in_segment[number].count == 1 &&
           (!node->first_only || context->weights.single);
}

static int add_list(struct scan *scan, const struct query_node *node)
{
    const struct segment_list *list = &node->in_segment[scan->number].lists[0];
    struct postings_cursor *postings = arena_alloc(scan->context->arena, sizeof *postings);
    if (postings == NULL) {
        return AISLE_NO_MEMORY;
    }
    if (scan->documents == 0) {
        return AISLE_CORRUPT; /* postings of a segment that says it has no documents */
    }
    uint64_t in_window = (uint64_t)list->postings.count * SCAN_WINDOW / scan->documents;
    scan->context->leaves[node->leaf] = NULL;
    scan->lists[scan->list_count++] = (struct scan_list){.postings = postings,
                                                         .table = node->table,
                                                         .count = list->postings.count,
                                                         .max = node->table->bound[list->postings.dominant],
                                                         .is_merged = in_window < SCAN_MERGE_MAX,
                                                         .is_sparse = in_window < SCAN_SPARSE_MAX,
                                                         .followed = true};
    return postings_cursor_open(postings, &scan->segment->segment->postings, &list->postings);
}

static int add_other(struct scan *scan, const struct query_node *node)
{
    struct cursor **other = &scan->others[scan->other_count++];
    int status = cursor_open(scan->context, node, scan->number, other);
    if (status == 0) {
        scan->others_max += (*other)->max;
    }
    return status;
}

/* A phrase reads positions through cursors of its own: those of lists run ahead of the documents it is asked about. */
static int add_phrase(struct scan *scan, const struct query_node *node)
{
    int status = 0;
    for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
        struct cursor *opened;
        if (scan->context->leaves[node->children[i]->leaf] == NULL) {
            status = cursor_open(scan->context, node->children[i], scan->number, &opened);
        }
    }
    return status == 0 ? phrase_open(scan->context, node, &scan->phrases[scan->phrase_count++]) : status;
}

/* Adds what a document must match. */
static int add_conjuncts(struct scan *scan, const struct query_node *node)
{
    int status = 0;
    if (node->kind == QUERY_AND) {
        for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
            status = add_conjuncts(scan, node->children[i]);
        }
        return status;
    }
    if (node->kind == QUERY_PHRASE) {
        status = add_conjuncts(scan, node->candidates);
        return status == 0 ? add_phrase(scan, node) : status;
    }
    return is_list(scan->context, node, scan->number) ? add_list(scan, node) : add_other(scan, node);
}

static int add_alternatives(struct scan *scan, const struct query_node *node)
{
    int status = 0;
    for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
        if (is_list(scan->context, node->children[i], scan->number)) {
            status = add_list(scan, node->children[i]);
        }
    }
    return status;
}

/* Whether any of a sum's children is more than a list, or no list at all here. */
static bool has_only_lists(const struct query_context *context, const struct query_node *node, uint32_t number)
{
    for (uint32_t i = 0; i < node->child_count; i++) {
        const struct query_node *child = node->children[i];
        bool is_absent = child->kind == QUERY_TERMS && child->in_segment[number].count == 0;
        if (!is_absent && !is_list(context, child, number)) {
            return false;
        }
    }
    return true;
}

/* A list must lead: it is of no use where something else that must match is rarer. */
static bool is_led_by_list(const struct scan *scan)
{
    if (scan->list_count == 0) {
        return !scan->all;
    }
    for (uint32_t i = 0; i < scan->other_count; i++) {
        if (scan->others[i]->cost < scan->order[0]->count) {
            return false;
        }
    }
    return true;
}

static void order_lists(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->list_count; i++) {
        uint32_t at = i;
        for (; at > 0 && scan->order[at - 1]->count > scan->lists[i].count; at--) {
            scan->order[at] = scan->order[at - 1];
        }
        scan->order[at] = &scan->lists[i];
    }
}

/* At fewer than one document in so many, a filter is asked before the other lists. */
#define FILTER_FIRST 4u

static int add_filter(struct scan *scan)
{
    struct arena *arena = scan->context->arena;
    struct filter *filter;
    if (scan->context->filter == NULL) {
        return 0;
    }
    scan->filter = arena_alloc(arena, sizeof *scan->filter);
    int status = scan->filter == NULL ? AISLE_NO_MEMORY
                                      : filter_open(scan->context->filter, scan->segment->segment,
                                                    scan->segment->state, arena, &filter);
    if (status == 0) {
        filter_asked_init(scan->filter, filter);
        scan->filter_first = filter_estimate(filter) * FILTER_FIRST < scan->documents;
    }
    return status;
}

static struct scan *allocate(struct query_context *context, uint32_t number)
{
    struct arena *arena = context->arena;
    struct scan *scan = arena_calloc(arena, 1, sizeof *scan);
    if (scan == NULL) {
        return NULL;
    }
    scan->context = context;
    scan->number = number;
    scan->segment = &context->segments[number];
    scan->documents = scan->segment->segment->info.documents;
    scan->kernels = select_kernels();
    scan->lists = arena_alloc(arena, LIMIT_QUERY_LEAVES * sizeof *scan->lists);
    scan->order = arena_alloc(arena, LIMIT_QUERY_LEAVES * sizeof *scan->order);
    scan->others = arena_alloc(arena, LIMIT_QUERY_LEAVES * sizeof *scan->others);
    scan->phrases = arena_alloc(arena, LIMIT_QUERY_LEAVES * sizeof *scan->phrases);
    bool complete = scan->lists != NULL && scan->order != NULL && scan->others != NULL && scan->phrases != NULL;
    return complete ? scan : NULL;
}

/* Lists of a part that does not begin the segment are taken there. */
static void enter_part(struct scan *scan, const struct share_part *part)
{
    scan->from = part->from;
    scan->end = part->end;
    for (uint32_t i = 0; part->from != 0 && i < scan->list_count; i++) {
        (void)postings_cursor_seek(scan->lists[i].postings, part->from);
    }
}

int scan_open(struct query_context *context, const struct query_node *root, const struct share_part *part,
              struct signals *signals, struct scan_room *room, struct scan **out)
{
    uint32_t number = part->segment;
    const struct query_node *wanted = root->kind == QUERY_WITHOUT ? root->children[0] : root;
    bool is_sum = wanted->kind == QUERY_OR;
    *out = NULL;
    if (is_sum ? !has_only_lists(context, wanted, number)
               : wanted->kind != QUERY_AND && wanted->kind != QUERY_PHRASE && !is_list(context, wanted, number)) {
        return 0;
    }
    struct scan *scan = allocate(context, number);
    if (scan == NULL) {
        return AISLE_NO_MEMORY;
    }
    scan->room = room;
    scan->all = !is_sum;
    int status = is_sum ? add_alternatives(scan, wanted) : add_conjuncts(scan, wanted);
    if (status == 0 && root != wanted) {
        status = cursor_open(context, root->children[1], number, &scan->unwanted);
    }
    status = status == 0 ? add_filter(scan) : status;
    order_lists(scan);
    enter_part(scan, part);
    scan->signals = signals;
    scan->extra_max = scan->others_max + (signals == NULL ? 0 : signals->max);
    *out = status == 0 && is_led_by_list(scan) ? scan : NULL;
    return status;
}
