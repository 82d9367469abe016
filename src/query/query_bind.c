/*
 * query_bind.c - from words to posting lists: every leaf's terms are looked up in every segment, their document
 * frequencies summed over the catalog, and the leaf is given the table that prices its codes.
 *
 * A leaf of several terms (stems of several languages, or all terms with a prefix) is one clause: its idf is that of
 * its most frequent term, so that a rare spelling does not outrank the usual one. Likewise alternatives of one price:
 * what the least informative of them is worth, as the sum of its words' idf, is what each may be worth, and the parts
 * of the others are scaled down to that. Scaling keeps parts in order, so bounds stay bounds.
 */
#include "query/query.h"

static int allocate_leaf(struct query_context *context, struct query_node *node)
{
    node->in_segment = arena_calloc(context->arena, context->segment_count, sizeof *node->in_segment);
    node->table = arena_alloc(context->arena, sizeof *node->table);
    return (node->in_segment == NULL && context->segment_count != 0) || node->table == NULL ? AISLE_NO_MEMORY : 0;
}

static int bind_terms(struct query_context *context, struct query_node *node)
{
    for (uint32_t s = 0; s < context->segment_count; s++) {
        node->in_segment[s].lists = arena_calloc(context->arena, node->term_count, sizeof(struct segment_list));
        if (node->in_segment[s].lists == NULL) {
            return AISLE_NO_MEMORY;
        }
    }
    for (uint32_t t = 0; t < node->term_count; t++) {
        uint64_t df = 0;
        for (uint32_t s = 0; s < context->segment_count; s++) {
            struct query_lists *lists = &node->in_segment[s];
            struct bytes value;
            int status = terms_find(&context->segments[s].segment->terms, node->terms[t], &value);
            if (status == AISLE_END) {
                continue;
            }
            if (status == 0) {
                status = segment_list_decode(value, &lists->lists[lists->count]);
            }
            if (status != 0) {
                return status;
            }
            df += lists->lists[lists->count++].postings.count;
        }
        node->df = df > node->df ? df : node->df;
    }
    return 0;
}

/* ---- prefixes: a merge of the segments' dictionaries over the terms that begin with it ---- */

struct prefix_input {
    struct terms_cursor cursor;
    int status;        /* 0 while on a term with the prefix */
    uint32_t capacity; /* of the segment's lists */
};

static void settle(struct prefix_input *input, struct bytes prefix)
{
    if (input->status == 0 && !bytes_begin_with(input->cursor.term, prefix)) {
        input->status = AISLE_END;
    }
}

/* Lists grow by doubling in the arena; what is left behind goes with the query. */
static int take_list(struct query_context *context, struct prefix_input *input, struct bytes value,
                     struct query_lists *lists)
{
    if (lists->count == input->capacity) {
        uint32_t wanted = input->capacity == 0 ? 16 : input->capacity * 2;
        struct segment_list *grown = arena_alloc(context->arena, wanted * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        if (lists->count != 0) {
            memcpy(grown, lists->lists, lists->count * sizeof *grown);
        }
        lists->lists = grown;
        input->capacity = wanted;
    }
    return segment_list_decode(value, &lists->lists[lists->count++]);
}

static struct bytes least_term(const struct prefix_input *inputs, uint32_t count)
{
    struct bytes least = bytes_of(NULL, 0);
    for (uint32_t s = 0; s < count; s++) {
        if (inputs[s].status == 0 && (least.data == NULL || bytes_compare(inputs[s].cursor.term, least) < 0)) {
            least = inputs[s].cursor.term;
        }
    }
    return least;
}

/* Takes the lists of one term from all segments that have it and moves those on. */
static int take_term(struct query_context *context, struct query_node *node, struct prefix_input *inputs,
                     struct bytes least)
{
    uint8_t copy[LIMIT_TERM_BYTES];
    uint64_t df = 0;
    memcpy(copy, least.data, least.size);
    struct bytes term = bytes_of(copy, least.size);
    for (uint32_t s = 0; s < context->segment_count; s++) {
        if (inputs[s].status != 0 || !bytes_equal(inputs[s].cursor.term, term)) {
            continue;
        }
        struct query_lists *lists = &node->in_segment[s];
        int status = take_list(context, &inputs[s], inputs[s].cursor.value, lists);
        if (status != 0) {
            return status;
        }
        df += lists->lists[lists->count - 1].postings.count;
        inputs[s].status = terms_cursor_next(&inputs[s].cursor);
        settle(&inputs[s], node->terms[0]);
        if (inputs[s].status == 0 && lists->count == LIMIT_PREFIX_TERMS) {
            inputs[s].status = AISLE_END;
            context->is_cut = true;
        }
        if (inputs[s].status < 0) {
            return inputs[s].status;
        }
    }
    node->df = df > node->df ? df : node->df;
    return 0;
}

/* The stem of what was typed may not begin with it: "batteries*" must find "batteri". */
static int take_stem(struct query_context *context, struct query_node *node, struct prefix_input *inputs,
                     struct bytes stem)
{
    uint64_t df = 0;
    for (uint32_t s = 0; s < context->segment_count; s++) {
        struct query_lists *lists = &node->in_segment[s];
        struct bytes value;
        int status = terms_find(&context->segments[s].segment->terms, stem, &value);
        if (status == AISLE_END) {
            continue;
        }
        if (status == 0) { /* one more than the terms with the prefix may be: there is room for it */
            status = take_list(context, &inputs[s], value, lists);
        }
        if (status != 0) {
            return status;
        }
        df += lists->lists[lists->count - 1].postings.count;
    }
    node->df = df > node->df ? df : node->df;
    return 0;
}

static int bind_prefix(struct query_context *context, struct query_node *node)
{
    struct prefix_input *inputs = arena_calloc(context->arena, context->segment_count, sizeof *inputs);
    if (inputs == NULL && context->segment_count != 0) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t s = 0; s < context->segment_count; s++) {
        inputs[s].status =
            terms_cursor_seek(&inputs[s].cursor, &context->segments[s].segment->terms, node->terms[0]);
        settle(&inputs[s], node->terms[0]);
        if (inputs[s].status < 0) {
            return inputs[s].status;
        }
    }
    for (;;) {
        struct bytes term = least_term(inputs, context->segment_count);
        if (term.data == NULL) {
            break;
        }
        int status = take_term(context, node, inputs, term);
        if (status != 0) {
            return status;
        }
    }
    int status = 0;
    for (uint32_t t = 1; t < node->term_count && status == 0; t++) {
        status = take_stem(context, node, inputs, node->terms[t]);
    }
    return status;
}

/* Gives the leaves their postings. */
static int find_lists(struct query_context *context, struct query_node *node)
{
    int status = 0;
    if (node->kind == QUERY_TERMS && node->in_segment == NULL) {
        status = allocate_leaf(context, node);
        return status != 0 ? status : node->prefix ? bind_prefix(context, node) : bind_terms(context, node);
    }
    for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
        status = find_lists(context, node->children[i]);
    }
    return status;
}

int query_df(const struct query_context *context, const struct bytes *terms, uint32_t count, uint64_t *df)
{
    *df = 0;
    for (uint32_t t = 0; t < count; t++) {
        uint64_t sum = 0;
        for (uint32_t s = 0; s < context->segment_count; s++) {
            struct segment_list list;
            struct bytes value;
            int status = terms_find(&context->segments[s].segment->terms, terms[t], &value);
            if (status == 0) {
                status = segment_list_decode(value, &list);
                sum += status == 0 ? list.postings.count : 0;
            }
            if (status < 0) {
                return status;
            }
        }
        *df = sum > *df ? sum : *df;
    }
    return 0;
}

/* ---- prices ---- */

double query_information(const struct query_context *context, const struct query_node *node)
{
    double sum = 0;
    double least = 0;
    if (node->kind == QUERY_TERMS) {
        return node->df == 0 ? 0 : rank_idf(&context->statistics, node->df);
    }
    if (node->kind == QUERY_PHRASE) {
        return query_information(context, node->candidates);
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        double child = query_information(context, node->children[i]);
        if (child == 0 && node->kind == QUERY_AND) {
            return 0;
        }
        sum += child;
        least = child != 0 && (least == 0 || child < least) ? child : least;
    }
    return node->kind == QUERY_ANY ? least : sum;
}

static void price_leaf(const struct query_context *context, struct query_node *node, double share)
{
    node->share = share;
    if (context->unpriced) {
        memset(node->table, 0, sizeof *node->table);
        return;
    }
    rank_table_init(node->table, &context->weights, &context->statistics, node->df);
    if (share != 1.0) {
        rank_table_scale(node->table, share);
    }
}

static void price(const struct query_context *context, struct query_node *node, double share)
{
    share *= (double)node->weight / QUERY_WEIGHT_WHOLE;
    if (node->kind == QUERY_TERMS) {
        price_leaf(context, node, share);
        return;
    }
    if (node->kind == QUERY_PHRASE) { /* which has the same leaves, and scores */
        price(context, node->candidates, share);
        return;
    }
    double worth = node->one_price ? query_information(context, node) : 0;
    for (uint32_t i = 0; i < node->child_count; i++) {
        double child = node->one_price ? query_information(context, node->children[i]) : 0;
        price(context, node->children[i], child > worth ? share * worth / child : share);
    }
}

int query_bind(struct query_context *context, struct query_node *root)
{
    int status = find_lists(context, root);
    if (status == 0) {
        price(context, root, 1.0);
    }
    return status;
}
