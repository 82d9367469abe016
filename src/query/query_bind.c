/*
 * query_bind.c - from words to posting lists: every leaf's terms are looked up in every segment, their document
 * frequencies summed over the catalog, and the leaf is given the table that prices its codes.
 *
 * A leaf of several terms (stems of several languages) is one clause: its idf is that of its most frequent term, so
 * that a rare spelling does not outrank the usual one. So is a prefix, whose idf is that of all its terms together:
 * where they are many, a segment has one list of them, and with it the sum of their frequencies. Likewise alternatives
 * of one price: what the least informative of them is worth, as the sum of its words' idf, is what each may be worth,
 * and the parts of the others are scaled down to that. Scaling keeps parts in order, so bounds stay bounds.
 */
#include "query/query.h"

/* What leaves that are only counted share; nobody writes to it. */
static const struct rank_table unpriced_table;

static int allocate_leaf(struct query_context *context, struct query_node *node)
{
    node->in_segment = arena_calloc(context->arena, context->segment_count, sizeof *node->in_segment);
    node->table = context->unpriced ? (struct rank_table *)(uintptr_t)&unpriced_table
                                    : arena_alloc(context->arena, sizeof *node->table);
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
            const struct terms_reader *terms = &context->segments[s].segment->terms;
            size_t place = (size_t)t * context->segment_count + s;
            int status = node->places == NULL ? terms_find(terms, node->terms[t], &value)
                                              : terms_find_at(terms, node->terms[t], &node->places[place], &value);
            if (status == AISLE_END) {
                continue;
            }
            if (status == 0) {
                status = segment_list_decode(value, &lists->lists[lists->count]);
            }
            if (status != 0) {
                return status;
            }
            if (!context->unpriced) { /* else it may be enough to know how long it is */
                postings_list_ahead(&context->segments[s].segment->postings, &lists->lists[lists->count].postings);
            }
            df += lists->lists[lists->count++].postings.count;
        }
        node->df = df > node->df ? df : node->df;
    }
    return 0;
}

/* ---- prefixes ---- */

/* The lists of a prefix in one segment while they are found. */
struct prefix_lists {
    struct query_lists *lists;
    uint32_t capacity;
    uint64_t df_sum;
};

/* Lists grow by doubling in the arena; what is left behind goes with the query. */
static int take_list(struct query_context *context, struct prefix_lists *taken, struct bytes value)
{
    struct query_lists *lists = taken->lists;
    if (lists->count == taken->capacity) {
        uint32_t wanted = taken->capacity == 0 ? 16 : taken->capacity * 2;
        struct segment_list *grown = arena_alloc(context->arena, wanted * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        if (lists->count != 0) {
            memcpy(grown, lists->lists, lists->count * sizeof *grown);
        }
        lists->lists = grown;
        taken->capacity = wanted;
    }
    int status = segment_list_decode(value, &lists->lists[lists->count]);
    if (status == 0) {
        taken->df_sum += lists->lists[lists->count++].postings.count;
    }
    return status;
}

/* With the stems, lists are no more than the limit. */
static uint32_t terms_max(const struct query_node *node)
{
    return LIMIT_PREFIX_TERMS - node->term_count;
}

/* The lists of terms that are too frequent for the one that was made. AISLE_LIMIT: they are too many. */
static int take_words(struct query_context *context, const struct query_node *node, const struct segment *segment,
                      struct prefix_lists *taken)
{
    struct terms_cursor cursor;
    struct bytes term;
    int status = segment_prefix_words(segment, node->terms[0], &cursor);
    while (status == 0 && segment_prefix_word(&cursor, node->terms[0], &term)) {
        struct bytes value;
        status = terms_find(&segment->terms, term, &value);
        if (status != 0) {
            return status == AISLE_END ? AISLE_CORRUPT : status;
        }
        status = taken->lists->count == terms_max(node) ? AISLE_LIMIT : take_list(context, taken, value);
        status = status == 0 ? terms_cursor_next(&cursor) : status;
    }
    return status == AISLE_END ? 0 : status;
}

/* The list that was made of the prefix beforehand, and what it is without. AISLE_END: there is none. AISLE_LIMIT. */
static int take_made(struct query_context *context, const struct query_node *node, const struct segment *segment,
                     struct prefix_lists *taken)
{
    struct segment_prefix made;
    if (node->is_placed) {
        return AISLE_END; /* which has no positions */
    }
    int status = segment_prefix_find(segment, node->terms[0], &made);
    if (status != 0) {
        return status;
    }
    struct query_lists *lists = taken->lists;
    taken->capacity = node->term_count; /* and the stems */
    lists->lists = arena_calloc(context->arena, taken->capacity, sizeof *lists->lists);
    if (lists->lists == NULL) {
        return AISLE_NO_MEMORY;
    }
    lists->lists[lists->count++].postings = made.postings;
    taken->df_sum = made.df_sum;
    lists->total = made.total;
    return made.is_whole ? 0 : take_words(context, node, segment, taken);
}

/* Of too many terms the most frequent are taken: those in classes, by the logarithm of the df, from least on. */
struct frequent {
    uint32_t least; /* 0: all */
    uint32_t rest;  /* how many are taken of the class below, the first ones */
};

#define FREQUENCY_CLASSES 32u

static int frequency_of(struct bytes value, uint32_t *class)
{
    struct segment_list list;
    int status = segment_list_decode(value, &list);
    *class = status == 0 && list.postings.count != 0 ? 31u - (uint32_t)__builtin_clz(list.postings.count) : 0;
    return status;
}

static bool is_frequent(struct frequent *frequent, uint32_t class)
{
    if (class + 1 == frequent->least && frequent->rest != 0) {
        frequent->rest--;
        return true;
    }
    return class >= frequent->least;
}

/* Takes the terms that begin with the prefix. AISLE_LIMIT: they are too many. */
static int take_terms(struct query_context *context, const struct query_node *node, const struct segment *segment,
                      struct frequent frequent, struct prefix_lists *taken)
{
    struct terms_cursor cursor;
    int status = terms_cursor_seek(&cursor, &segment->terms, node->terms[0]);
    while (status == 0 && bytes_begin_with(cursor.term, node->terms[0])) {
        uint32_t class = 0;
        status = frequent.least == 0 ? 0 : frequency_of(cursor.value, &class);
        if (status == 0 && is_frequent(&frequent, class)) {
            status = taken->lists->count == terms_max(node) ? AISLE_LIMIT : take_list(context, taken, cursor.value);
        }
        status = status == 0 ? terms_cursor_next(&cursor) : status;
    }
    return status == AISLE_END ? 0 : status;
}

/* Which terms of too many are taken. */
static int find_frequent(const struct query_node *node, const struct segment *segment, struct frequent *frequent)
{
    uint64_t counts[FREQUENCY_CLASSES] = {0};
    uint64_t taken = 0;
    struct terms_cursor cursor;
    int status = terms_cursor_seek(&cursor, &segment->terms, node->terms[0]);
    while (status == 0 && bytes_begin_with(cursor.term, node->terms[0])) {
        uint32_t class;
        status = frequency_of(cursor.value, &class);
        counts[class]++;
        status = status == 0 ? terms_cursor_next(&cursor) : status;
    }
    frequent->least = FREQUENCY_CLASSES;
    while (frequent->least > 1 && taken + counts[frequent->least - 1] <= terms_max(node)) {
        taken += counts[--frequent->least];
    }
    frequent->rest = terms_max(node) - (uint32_t)taken;
    return status == AISLE_END ? 0 : status;
}

static int take_most_frequent(struct query_context *context, const struct query_node *node,
                              const struct segment *segment, struct prefix_lists *taken)
{
    struct frequent frequent;
    int status = find_frequent(node, segment, &frequent);
    taken->lists->count = 0;
    taken->lists->total = 0;
    taken->df_sum = 0;
    context->is_cut = true;
    return status == 0 ? take_terms(context, node, segment, frequent, taken) : status;
}

/* The stem of what was typed may not begin with it: "batteries*" must find "batteri". */
static int take_stems(struct query_context *context, const struct query_node *node, const struct segment *segment,
                      struct prefix_lists *taken)
{
    int status = 0;
    for (uint32_t t = 1; t < node->term_count && status == 0; t++) {
        struct bytes value;
        status = terms_find(&segment->terms, node->terms[t], &value);
        taken->lists->total = status == 0 ? 0 : taken->lists->total;
        status = status == 0 ? take_list(context, taken, value) : status == AISLE_END ? 0 : status;
    }
    return status;
}

static int bind_prefix(struct query_context *context, struct query_node *node)
{
    const struct frequent all = {0, 0};
    uint64_t sum = 0;
    int status = 0;
    for (uint32_t s = 0; s < context->segment_count && status == 0; s++) {
        const struct segment *segment = context->segments[s].segment;
        struct prefix_lists taken = {.lists = &node->in_segment[s]};
        status = take_made(context, node, segment, &taken);
        if (status == AISLE_END) {
            status = take_terms(context, node, segment, all, &taken);
        }
        if (status == AISLE_LIMIT) {
            status = take_most_frequent(context, node, segment, &taken);
        }
        status = status == 0 ? take_stems(context, node, segment, &taken) : status;
        sum += taken.df_sum;
    }
    node->df = rank_prefix_df(&context->statistics, sum);
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

/* Places of a leaf's terms in each segment, which all begin with the hash alone; NULL: no memory. */
static struct terms_place *begin_places(const struct query_context *context, const struct query_node *node)
{
    size_t count = (size_t)node->term_count * context->segment_count;
    struct terms_place *places = arena_alloc(context->arena, count * sizeof *places);
    for (size_t i = 0; i < count && places != NULL; i++) {
        places[i] = i % context->segment_count == 0 ? terms_place_of(node->terms[i / context->segment_count])
                                                    : places[i - 1];
    }
    return places;
}

/* The next step for one leaf. A leaf that there is no memory for is looked up without. */
static void leaf_ahead(const struct query_context *context, struct query_node *node)
{
    if (node->steps_ahead == 0) {
        node->places = begin_places(context, node);
    }
    for (uint32_t t = 0; t < node->term_count && node->places != NULL; t++) {
        for (uint32_t s = 0; s < context->segment_count; s++) {
            terms_ahead(&context->segments[s].segment->terms, (enum terms_ahead)node->steps_ahead,
                        &node->places[(size_t)t * context->segment_count + s]);
        }
    }
    node->steps_ahead++;
}

void query_ahead(const struct query_context *context, struct query_node *root)
{
    if (root->kind == QUERY_TERMS) {
        if (root->in_segment == NULL && !root->prefix && root->steps_ahead < TERMS_AHEAD_STEPS) {
            leaf_ahead(context, root);
        }
        return;
    }
    for (uint32_t i = 0; i < root->child_count; i++) {
        query_ahead(context, root->children[i]);
    }
}

int query_bind(struct query_context *context, struct query_node *root)
{
    for (uint32_t step = 0; step < TERMS_AHEAD_STEPS; step++) {
        query_ahead(context, root);
    }
    int status = find_lists(context, root);
    if (status == 0) {
        price(context, root, 1.0);
    }
    return status;
}
