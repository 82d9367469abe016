/*
 * scan_best.c - the best products of a leaf of many lists (a prefix, or stems of one word in several languages), or of
 * alternatives that are such leaves (what begins nearly as typed).
 *
 * A document scores the best of its lists, so lists can be read one after the other: those first whose dominating codes
 * are worth most. Most of a prefix's thousands of lists then cannot hold a better hit than
 * those found, which their records say; they are not opened. Documents do not come in order, so a score equal to that
 * of the worst hit held is worth reading only in front of it.
 */
#include "query/scan.h"

#include "base/bitset.h"
#include "base/radix.h"

/* One of the lists. */
struct best_list {
    const struct postings_list *list;
    const struct rank_table *table;
    uint8_t least_class; /* of codes that count */
};

struct best {
    const struct query_segment *segment;
    uint32_t number; /* of the segment */
    struct signals *signals; /* NULL: none */
    struct topk *top;
    const struct select_kernels *kernels;
    struct postings_cursor postings;
};

/* Lists of a leaf, or of all leaves of alternatives; 0: it is something else. */
static uint32_t count_lists(const struct query_node *node, uint32_t number)
{
    uint32_t count = 0;
    if (node->kind == QUERY_TERMS) {
        return node->scope != 0 ? 0 : node->in_segment[number].count;
    }
    for (uint32_t i = 0; node->kind == QUERY_ANY && i < node->child_count; i++) {
        uint32_t lists = count_lists(node->children[i], number);
        if (lists == 0 && !scan_is_absent(node->children[i], number)) {
            return 0;
        }
        count += lists;
    }
    return count;
}

/* Those lists. What is absent may be of any kind: a document that needs two words of which there is one. */
static void collect(const struct query_context *context, const struct query_node *node, uint32_t number,
                    struct best_list *lists, uint32_t *count)
{
    if (scan_is_absent(node, number)) {
        return;
    }
    const struct query_lists *own = node->kind == QUERY_TERMS ? &node->in_segment[number] : NULL;
    uint8_t least = node->first_only && !context->weights.single ? RANK_CLASS_FIRST : 0;
    for (uint32_t i = 0; own != NULL && i < own->count; i++) {
        lists[(*count)++] = (struct best_list){&own->lists[i].postings, node->table, least};
    }
    for (uint32_t i = 0; own == NULL && i < node->child_count; i++) {
        collect(context, node->children[i], number, lists, count);
    }
}

bool scan_is_best(const struct query_context *context, const struct query_node *root, uint32_t number,
                  const struct topk *top)
{
    /* A document that is passed over with its best score must not come in with a lower one. */
    return context->after == NULL && top->capacity <= SCAN_AGAIN_HITS_MAX && count_lists(root, number) > 1;
}

/* What a document from this one on must score to be taken. */
static int32_t minimum_from(const struct best *best, uint32_t document)
{
    const struct topk *top = best->top;
    int32_t shared = topk_shared(top);
    if (!topk_full(top)) {
        return shared;
    }
    bool is_behind = top->hits[0].segment == best->number && top->hits[0].document < document;
    int32_t own = topk_worst(top) + (is_behind ? 1 : 0);
    return own > shared ? own : shared;
}

/* Offers a document of this part, with its signals. */
static void offer(struct best *best, uint32_t document, int32_t part)
{
    int32_t minimum = minimum_from(best, document);
    struct query_hit hit = {.score = part, .segment = best->number, .document = document};
    if (best->signals != NULL && part + signals_bound_near(best->signals, document) >= minimum) {
        hit.score += signals_part(best->signals, document);
    }
    if (hit.score >= minimum && segment_state_alive(best->segment->state, document)) {
        (void)topk_offer_again(best->top, &hit);
    }
}

static int32_t extra_of(struct best *best, uint32_t first, uint32_t last)
{
    uint32_t end = best->segment->segment->info.documents - 1;
    return best->signals == NULL ? 0 : signals_bound(best->signals, first, last < end ? last : end);
}

/* Offers those of a block's postings that are worth enough with at most extra for signals. */
static void take(struct best *best, const struct best_list *list, const uint32_t *documents, const uint8_t *codes,
                 size_t count, int32_t extra)
{
    uint64_t bits[POSTINGS_BLOCK / 64];
    uint8_t limits[SELECT_CLASSES];
    select_limits(list->table, minimum_from(best, documents[0]) - extra, limits);
    memset(limits, 0, list->least_class);
    best->kernels->codes(codes, count, limits, bits);
    for (size_t word = 0; word < bitset_words(count); word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            size_t i = word * 64 + (size_t)__builtin_ctzll(left);
            offer(best, documents[i], list->table->part[codes[i]]);
        }
    }
}

static int read_list(struct best *best, const struct best_list *list)
{
    struct postings_cursor *postings = &best->postings;
    const int32_t most = best->signals == NULL ? 0 : best->signals->max;
    uint32_t from = 0;
    int status = postings_cursor_open(postings, &best->segment->segment->postings, list->list);
    while (status == 0 && postings_cursor_document(postings) != POSTINGS_END) {
        const uint32_t *documents;
        const uint8_t *codes;
        uint32_t last;
        uint32_t document = postings_cursor_document(postings);
        from = document > from ? document : from;
        int32_t minimum = minimum_from(best, from);
        if (minimum > 0 && list->table->bound[postings_cursor_bound_wide(postings, from, &last)] + most < minimum) {
            if (last >= POSTINGS_END - 1) {
                break;
            }
        } else {
            int32_t bound = list->table->bound[postings_cursor_bound(postings, from, &last)];
            int32_t extra = bound + most >= minimum ? extra_of(best, from, last) : 0;
            if (bound + extra >= minimum) {
                postings_cursor_seek(postings, from);
                size_t count = postings_cursor_batch(postings, last, &documents, &codes);
                if (count != 0) {
                    take(best, list, documents, codes, count, extra);
                }
            }
        }
        if (last >= POSTINGS_END - 1) {
            break;
        }
        from = last + 1;
    }
    return status != 0 ? status : postings_cursor_status(postings);
}

/* Few lists are not worth counting bytes of keys. */
#define INSERTED_MAX 64u

static int32_t most_of(const struct best_list *list)
{
    return list->table->bound[list->list->dominant];
}

/* Numbers of the lists as values, ordered by what their dominating codes are worth, most first. scratch: as many. */
static void order_lists(const struct best_list *lists, uint32_t count, struct radix_entry *order,
                        struct radix_entry *scratch)
{
    for (uint32_t i = 0; i < count; i++) {
        struct radix_entry entry = {(uint64_t)(INT32_MAX - most_of(&lists[i])), i};
        uint32_t at = i;
        for (; count <= INSERTED_MAX && at > 0 && order[at - 1].key > entry.key; at--) {
            order[at] = order[at - 1];
        }
        order[at] = entry;
    }
    if (count > INSERTED_MAX) {
        radix_sort(order, scratch, count);
    }
}

int scan_best(struct query_context *context, const struct query_node *root, uint32_t number, struct signals *signals,
              struct topk *top)
{
    uint32_t count = count_lists(root, number);
    uint32_t collected = 0;
    struct best *best = arena_alloc(context->arena, sizeof *best);
    struct best_list *lists = arena_alloc(context->arena, count * sizeof *lists);
    struct radix_entry *order = arena_alloc(context->arena, 2 * (size_t)count * sizeof *order);
    if (best == NULL || lists == NULL || order == NULL) {
        return AISLE_NO_MEMORY;
    }
    best->segment = &context->segments[number];
    best->number = number;
    best->signals = signals;
    best->top = top;
    best->kernels = select_kernels();
    collect(context, root, number, lists, &collected);
    order_lists(lists, count, order, order + count);
    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        const struct best_list *list = &lists[order[i].value];
        int32_t most = most_of(list) + (signals == NULL ? 0 : signals->max);
        if (most < minimum_from(best, 0)) {
            break;
        }
        status = read_list(best, list);
    }
    status = status == 0 && signals != NULL ? signals_status(signals) : status;
    return status != 0 ? status : top->status;
}
