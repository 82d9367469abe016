/*
 * scan_best.c - the best products of a leaf of many lists: a prefix, or stems of one word in several languages.
 *
 * A document scores the best of its lists, all priced by one table, so lists can be read one after the other: those
 * first whose dominating codes are worth most. Most of a prefix's thousands of lists then cannot hold a better hit than
 * those found, which their records say; they are not opened. Documents do not come in order, so a score equal to that
 * of the worst hit held is worth reading only in front of it.
 */
#include "query/scan.h"

#include "base/bitset.h"

#define BEST_HITS_MAX 128u

struct best {
    const struct query_segment *segment;
    uint32_t number; /* of the segment */
    const struct rank_table *table;
    const struct query_lists *lists;
    struct signals *signals; /* NULL: none */
    struct topk *top;
    const struct select_kernels *kernels;
    uint8_t least_class; /* of codes that count */
    struct postings_cursor postings;
};

bool scan_is_best(const struct query_context *context, const struct query_node *root, uint32_t number,
                  const struct topk *top)
{
    /* A document that is passed over with its best score must not come in with a lower one. */
    return context->after == NULL && root->kind == QUERY_TERMS && root->in_segment[number].count > 1 &&
           top->capacity <= BEST_HITS_MAX;
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
        topk_offer_again(best->top, &hit);
    }
}

static int32_t extra_of(struct best *best, uint32_t first, uint32_t last)
{
    uint32_t end = best->segment->segment->info.documents - 1;
    return best->signals == NULL ? 0 : signals_bound(best->signals, first, last < end ? last : end);
}

/* Offers those of a block's postings that are worth enough with at most extra for signals. */
static void take(struct best *best, const uint32_t *documents, const uint8_t *codes, size_t count, int32_t extra)
{
    uint64_t bits[POSTINGS_BLOCK / 64];
    uint8_t limits[SELECT_CLASSES];
    select_limits(best->table, minimum_from(best, documents[0]) - extra, limits);
    memset(limits, 0, best->least_class);
    best->kernels->codes(codes, count, limits, bits);
    for (size_t word = 0; word < bitset_words(count); word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            size_t i = word * 64 + (size_t)__builtin_ctzll(left);
            offer(best, documents[i], best->table->part[codes[i]]);
        }
    }
}

static int read_list(struct best *best, const struct postings_list *list)
{
    struct postings_cursor *postings = &best->postings;
    const int32_t most = best->signals == NULL ? 0 : best->signals->max;
    uint32_t from = 0;
    int status = postings_cursor_open(postings, &best->segment->segment->postings, list);
    while (status == 0 && postings_cursor_document(postings) != POSTINGS_END) {
        const uint32_t *documents;
        const uint8_t *codes;
        uint32_t last;
        uint32_t document = postings_cursor_document(postings);
        from = document > from ? document : from;
        int32_t minimum = minimum_from(best, from);
        if (minimum > 0 && best->table->bound[postings_cursor_bound_wide(postings, from, &last)] + most < minimum) {
            if (last >= POSTINGS_END - 1) {
                break;
            }
        } else {
            int32_t bound = best->table->bound[postings_cursor_bound(postings, from, &last)];
            int32_t extra = bound + most >= minimum ? extra_of(best, from, last) : 0;
            if (bound + extra >= minimum) {
                postings_cursor_seek(postings, from);
                size_t count = postings_cursor_batch(postings, last, &documents, &codes);
                if (count != 0) {
                    take(best, documents, codes, count, extra);
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

/* Numbers of the lists, ordered by what their dominating codes are worth, most first. */
static void order_lists(const struct best *best, uint32_t *order)
{
    uint32_t starts[256] = {0};
    uint8_t codes[256];
    uint32_t distinct = 0;
    uint32_t start = 0;
    for (uint32_t i = 0; i < best->lists->count; i++) {
        uint8_t code = best->lists->lists[i].postings.dominant;
        if (starts[code]++ == 0) {
            uint32_t at = distinct++;
            for (; at > 0 && best->table->bound[codes[at - 1]] < best->table->bound[code]; at--) {
                codes[at] = codes[at - 1];
            }
            codes[at] = code;
        }
    }
    for (uint32_t i = 0; i < distinct; i++) {
        uint32_t count = starts[codes[i]];
        starts[codes[i]] = start;
        start += count;
    }
    for (uint32_t i = 0; i < best->lists->count; i++) {
        order[starts[best->lists->lists[i].postings.dominant]++] = i;
    }
}

int scan_best(struct query_context *context, const struct query_node *leaf, uint32_t number, struct signals *signals,
              struct topk *top)
{
    const struct query_lists *lists = &leaf->in_segment[number];
    struct best *best = arena_alloc(context->arena, sizeof *best);
    uint32_t *order = arena_alloc(context->arena, lists->count * sizeof *order);
    if (best == NULL || order == NULL) {
        return AISLE_NO_MEMORY;
    }
    best->segment = &context->segments[number];
    best->number = number;
    best->table = leaf->table;
    best->lists = lists;
    best->signals = signals;
    best->top = top;
    best->kernels = select_kernels();
    best->least_class = leaf->first_only && !context->weights.single ? RANK_CLASS_FIRST : 0;
    order_lists(best, order);
    int status = 0;
    for (uint32_t i = 0; i < lists->count && status == 0; i++) {
        const struct postings_list *list = &lists->lists[order[i]].postings;
        int32_t most = leaf->table->bound[list->dominant] + (signals == NULL ? 0 : signals->max);
        if (most < minimum_from(best, 0)) {
            break;
        }
        status = read_list(best, list);
    }
    status = status == 0 && signals != NULL ? signals_status(signals) : status;
    return status != 0 ? status : top->status;
}
