/*
 * share.c - how large parts are, who may help with them, and handing them out.
 */
#include "query/share.h"

#include "base/crew.h"
#include "query/cursor.h"

/*
 * Opening a part's lists costs about a microsecond each, reading 32,768 documents of frequent ones some twenty. Four
 * parts a worker leave nobody waiting long for the last.
 */
#define PART_DOCUMENTS_MIN 32768u
#define PARTS_A_WORKER 4u

static_assert(PART_DOCUMENTS_MIN % CURSOR_WINDOW == 0, "parts are whole windows");

/* Postings that a query may have to look at: about those of its rarest clause, where all must match. */
static uint64_t estimate(const struct query_context *context, const struct query_node *node)
{
    uint64_t sum = 0;
    uint64_t least = UINT64_MAX;
    if (node->kind == QUERY_ALL) {
        return context->statistics.products;
    }
    if (node->kind == QUERY_PHRASE || node->kind == QUERY_WITHOUT || node->kind == QUERY_PREFER) {
        return estimate(context, node->kind == QUERY_PHRASE ? node->candidates : node->children[0]);
    }
    if (node->kind == QUERY_TERMS) {
        for (uint32_t s = 0; s < context->segment_count; s++) {
            for (uint32_t i = 0; i < node->in_segment[s].count; i++) {
                sum += node->in_segment[s].lists[i].postings.count;
            }
        }
        return sum;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        uint64_t child = estimate(context, node->children[i]);
        sum += child;
        least = child < least ? child : least;
    }
    return node->kind == QUERY_AND ? (node->child_count == 0 ? 0 : least * node->child_count) : sum;
}

/* Each part opens its lists anew: a short prefix has thousands, so that segments stay whole. */
#define DIVIDED_LISTS_MAX 256u

static bool has_many_lists(const struct query_context *context, const struct query_node *node)
{
    bool many = false;
    for (uint32_t s = 0; node->kind == QUERY_TERMS && s < context->segment_count && !many; s++) {
        many = node->in_segment[s].count > DIVIDED_LISTS_MAX;
    }
    for (uint32_t i = 0; i < node->child_count && !many; i++) {
        many = has_many_lists(context, node->children[i]);
    }
    return many;
}

static uint32_t part_documents(const struct share *share, uint64_t documents)
{
    uint64_t size = documents / ((uint64_t)share->workers * PARTS_A_WORKER);
    size = size < PART_DOCUMENTS_MIN ? PART_DOCUMENTS_MIN : size;
    return (uint32_t)(size - size % CURSOR_WINDOW);
}

int share_init(struct share *share, struct query_context *context, const struct query_node *root, bool whole)
{
    uint64_t documents = 0;
    uint64_t parts = context->segment_count;
    *share = (struct share){.workers = 1};
    if (context->crew != NULL && estimate(context, root) >= context->crew_postings) {
        share->workers += crew_helpers(context->crew);
    }
    for (uint32_t i = 0; i < context->segment_count; i++) {
        documents += context->segments[i].segment->info.documents;
    }
    whole = whole || share->workers == 1 || has_many_lists(context, root);
    uint32_t size = whole ? UINT32_MAX : part_documents(share, documents);
    parts += documents / size;
    share->parts = arena_alloc(context->arena, parts * sizeof *share->parts);
    if (share->parts == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < context->segment_count; i++) {
        uint32_t end = context->segments[i].segment->info.documents;
        for (uint32_t from = 0; end - from > size; from += size) {
            share->parts[share->count++] = (struct share_part){i, from, from + size};
        }
        uint32_t from = end == 0 ? 0 : (end - 1) / size * size;
        share->parts[share->count++] = (struct share_part){i, from, end};
    }
    share->workers = share->workers < share->count ? share->workers : share->count == 0 ? 1 : share->count;
    return 0;
}

const struct share_part *share_take(struct share *share)
{
    unsigned next = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
    return next < share->count && atomic_load(&share->status) == 0 ? &share->parts[next] : NULL;
}

void share_fail(struct share *share, int status)
{
    int none = 0;
    struct extent_fault fault;
    bool known = extent_fault_take(&fault);
    if (atomic_compare_exchange_strong(&share->status, &none, status) && known) {
        share->fault = fault;
        atomic_store(&share->has_fault, true);
    }
}

int share_status(struct share *share)
{
    if (atomic_load(&share->has_fault)) {
        extent_fault_leave(&share->fault);
    }
    return atomic_load(&share->status);
}
