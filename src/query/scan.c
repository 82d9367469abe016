/*
 * scan.c - which trees can be scanned, and what of them is a list, a phrase, or something to ask last.
 */
#include "query/scan.h"

#include "query/phrase.h"
#include "query/unions.h"

bool scan_is_absent(const struct query_node *node, uint32_t number)
{
    bool absent;
    switch (node->kind) {
    case QUERY_TERMS:
        return node->in_segment[number].count == 0;
    case QUERY_AND:
        absent = false;
        for (uint32_t i = 0; i < node->child_count && !absent; i++) {
            absent = scan_is_absent(node->children[i], number);
        }
        return absent;
    case QUERY_OR:
    case QUERY_ANY:
        absent = true;
        for (uint32_t i = 0; i < node->child_count && absent; i++) {
            absent = scan_is_absent(node->children[i], number);
        }
        return absent;
    case QUERY_PHRASE:
        return scan_is_absent(node->candidates, number);
    case QUERY_WITHOUT:
    case QUERY_PREFER:
        return scan_is_absent(node->children[0], number);
    case QUERY_ALL:
    case QUERY_NOTHING:
    case QUERY_DOCUMENTS:
        break;
    }
    return node->kind == QUERY_NOTHING;
}

const struct query_node *scan_only_present(const struct query_node *node, uint32_t number)
{
    while (node->kind == QUERY_ANY) {
        const struct query_node *present = NULL;
        for (uint32_t i = 0; i < node->child_count; i++) {
            if (scan_is_absent(node->children[i], number)) {
                continue;
            }
            if (present != NULL) {
                return node;
            }
            present = node->children[i];
        }
        if (present == NULL) {
            return node;
        }
        node = present;
    }
    return node;
}

/* Whether a leaf is one list here whose every posting counts. */
static bool is_list(const struct query_context *context, const struct query_node *node, uint32_t number)
{
    return node->kind == QUERY_TERMS && node->in_segment[number].count == 1 &&
           (!node->first_only || context->weights.single);
}

static int add_list(struct scan *scan, const struct query_node *node)
{
    const struct segment_list *list = &node->in_segment[scan->number].lists[0];
    const struct union_kept *kept = node->in_segment[scan->number].kept;
    struct postings_cursor *postings = arena_alloc(scan->context->arena, sizeof *postings);
    if (postings == NULL) {
        return AISLE_NO_MEMORY;
    }
    if (scan->documents == 0) {
        return AISLE_CORRUPT; /* postings of a segment that says it has no documents */
    }
    uint64_t in_window = (uint64_t)list->postings.count * SCAN_WINDOW / scan->documents;
    scan->lists[scan->list_count++] = (struct scan_list){.postings = postings,
                                                         .table = node->table,
                                                         .bits = kept == NULL ? NULL : kept->bits,
                                                         .count = list->postings.count,
                                                         .total = list->postings.count,
                                                         .max = node->table->bound[list->postings.dominant],
                                                         .is_merged = in_window < SCAN_MERGE_MAX,
                                                         .is_sparse = in_window < SCAN_SPARSE_MAX,
                                                         .followed = true};
    if (scan->signals != NULL) {
        signals_blocks_open(scan->signals, scan->context, node, &list->postings,
                            &scan->lists[scan->list_count - 1].marks);
    }
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

/* Others and further phrases may run ahead of the documents that a phrase is asked about: its cursors are its own. */
static int add_phrase(struct scan *scan, const struct query_node *node)
{
    int status = 0;
    for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
        struct cursor *opened;
        status = cursor_open(scan->context, node->children[i], scan->number, &opened);
    }
    return status == 0 ? phrase_open(scan->context, node, scan->number, &scan->phrases[scan->phrase_count++]) : status;
}

/* A group is opened once all lists are known: how often it will be asked decides what it becomes. */
static void add_group(struct scan *scan, const struct query_node *node)
{
    uint64_t postings = scan_group_postings(node, scan->number);
    bool is_counted = node->kind == QUERY_TERMS && (!node->first_only || scan->context->weights.single);
    scan->lists[scan->list_count++] = (struct scan_list){
        .node = node, .count = postings < UINT32_MAX ? (uint32_t)postings : UINT32_MAX,
        .total = is_counted ? node->in_segment[scan->number].total : 0, .followed = true};
}

static int add_clause(struct scan *scan, const struct query_node *node)
{
    if (is_list(scan->context, node, scan->number)) {
        return add_list(scan, node);
    }
    add_group(scan, node);
    return 0;
}

static bool is_clause(const struct query_context *context, const struct query_node *node, uint32_t number)
{
    return is_list(context, node, number) || scan_group_suits(context, node, number);
}

static int add_optional(struct scan *scan, const struct query_node *node)
{
    if (!is_clause(scan->context, node, scan->number)) {
        scan->is_unfit = true;
        return 0;
    }
    int status = add_clause(scan, node);
    scan->lists[scan->list_count - 1].is_optional = true;
    return status;
}

/* Adds what a document must match. */
static int add_conjuncts(struct scan *scan, const struct query_node *whole)
{
    const struct query_node *node = scan_only_present(whole, scan->number);
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
    if (node->kind == QUERY_PREFER) {
        status = add_conjuncts(scan, node->children[0]);
        for (uint32_t i = 1; i < node->child_count && status == 0; i++) {
            status = add_optional(scan, node->children[i]);
        }
        return status;
    }
    return is_clause(scan->context, node, scan->number) ? add_clause(scan, node) : add_other(scan, node);
}

static int add_alternatives(struct scan *scan, const struct query_node *node)
{
    int status = 0;
    for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
        const struct query_node *child = node->children[i];
        if (child->kind != QUERY_TERMS || child->in_segment[scan->number].count != 0) {
            status = add_clause(scan, child);
        }
    }
    return status;
}

/* Whether all of a sum's children are lists or groups here. */
static bool has_only_lists(const struct query_context *context, const struct query_node *node, uint32_t number)
{
    for (uint32_t i = 0; i < node->child_count; i++) {
        if (!is_clause(context, node->children[i], number)) {
            return false;
        }
    }
    return true;
}

bool scan_counts_dead(const struct scan *scan)
{
    uint32_t wanted = 0;
    bool is_known = true;
    for (uint32_t i = 0; i < scan->list_count; i++) {
        const struct scan_list *list = &scan->lists[i];
        wanted += list->is_optional ? 0 : 1;
        is_known = is_known && (list->is_optional || list->total != 0);
    }
    return scan->all && wanted == 1 && is_known && scan->other_count == 0 && scan->phrase_count == 0 &&
           scan->unwanted == NULL && scan->filter == NULL && scan->segment->state->dead != NULL;
}

/* Words of one query stand together so many times as often as chance has it, for an estimate. */
#define TOGETHER 8u

/* Whether a list is asked before another: rarer ones are, equal ones in their order. */
static bool is_asked_before(const struct scan_list *list, const struct scan_list *other)
{
    return !list->is_optional && (list->count < other->count || (list->count == other->count && list < other));
}

/*
 * About how many documents the list is asked about where all must match: those of the rarest other one, and no more
 * than all that are asked before it may leave.
 */
static uint64_t asks_of(const struct scan *scan, const struct scan_list *list)
{
    uint64_t least = UINT32_MAX;
    double left = scan->documents;
    uint32_t before = 0;
    if (scan->room == NULL && scan_counts_dead(scan)) {
        return scan->segment->state->dead_count;
    }
    for (uint32_t i = 0; i < scan->list_count && scan->all; i++) {
        const struct scan_list *other = &scan->lists[i];
        least = other != list && !other->is_optional && other->count < least ? other->count : least;
        if (other != list && is_asked_before(other, list)) {
            left *= (double)other->count / scan->documents;
            before++;
        }
    }
    return before > 1 && left * TOGETHER < (double)least ? (uint64_t)(left * TOGETHER) + 1 : least;
}

static int open_groups(struct scan *scan, const struct share_part *part)
{
    int status = 0;
    for (uint32_t i = 0; i < scan->list_count && status == 0; i++) {
        struct scan_list *list = &scan->lists[i];
        struct scan_group_options options = {.context = scan->context,
                                             .segment = scan->segment,
                                             .part = part,
                                             .node = list->node,
                                             .room = scan->room == NULL ? NULL : &scan->room->group,
                                             .postings = list->count,
                                             .asked = asks_of(scan, list)};
        if (list->node != NULL) {
            status = scan_group_open(&options, &list->group);
            list->max = status == 0 ? list->group->max : 0;
        }
    }
    return status;
}

/* A list must lead: it is of no use where something else that must match is rarer. */
static bool is_led_by_list(const struct scan *scan)
{
    if (scan->wanted_count == 0) {
        return !scan->all;
    }
    for (uint32_t i = 0; i < scan->other_count; i++) {
        if (scan->others[i]->cost < scan->order[0]->count) {
            return false;
        }
    }
    return true;
}

static bool is_before(const struct scan_list *a, const struct scan_list *b)
{
    return a->is_optional != b->is_optional ? b->is_optional : a->count < b->count;
}

static void order_lists(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->list_count; i++) {
        uint32_t at = i;
        for (; at > 0 && is_before(&scan->lists[i], scan->order[at - 1]); at--) {
            scan->order[at] = scan->order[at - 1];
        }
        scan->order[at] = &scan->lists[i];
        scan->wanted_count += scan->lists[i].is_optional ? 0 : 1;
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

static bool suits(const struct query_context *context, const struct query_node *wanted, uint32_t number)
{
    switch (wanted->kind) {
    case QUERY_OR:
        return has_only_lists(context, wanted, number);
    case QUERY_AND:
    case QUERY_PHRASE:
    case QUERY_PREFER:
        return true;
    default:
        return is_clause(context, wanted, number);
    }
}

/* Lists of a part that does not begin the segment are taken there. */
static void enter_part(struct scan *scan, const struct share_part *part)
{
    scan->from = part->from;
    scan->end = part->end;
    for (uint32_t i = 0; part->from != 0 && i < scan->list_count; i++) {
        (void)scan_list_seek(&scan->lists[i], part->from);
    }
}

int scan_open(struct query_context *context, const struct query_node *root, const struct share_part *part,
              struct signals *signals, struct scan_room *room, struct scan **out)
{
    uint32_t number = part->segment;
    const struct query_node *whole = root->kind == QUERY_WITHOUT ? root->children[0] : root;
    const struct query_node *wanted = scan_only_present(whole, number);
    bool is_sum = wanted->kind == QUERY_OR;
    *out = NULL;
    if (!suits(context, wanted, number)) {
        return 0;
    }
    struct scan *scan = allocate(context, number);
    if (scan == NULL) {
        return AISLE_NO_MEMORY;
    }
    scan->room = room;
    scan->signals = signals;
    scan->all = !is_sum;
    int status = is_sum ? add_alternatives(scan, wanted) : add_conjuncts(scan, wanted);
    if (status == 0 && root != whole) {
        status = cursor_open(context, root->children[1], number, &scan->unwanted);
    }
    status = status == 0 ? add_filter(scan) : status;
    status = status == 0 ? open_groups(scan, part) : status;
    if (status != 0 || scan->is_unfit) {
        return status;
    }
    order_lists(scan);
    enter_part(scan, part);
    scan->extra_max = scan->others_max + (signals == NULL ? 0 : signals->max);
    *out = is_led_by_list(scan) ? scan : NULL;
    return 0;
}
