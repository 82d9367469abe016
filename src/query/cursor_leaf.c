/*
 * cursor_leaf.c - the documents of one posting list, priced by the leaf's table.
 */
#include "query/cursor.h"

struct leaf_cursor {
    struct cursor base;
    const struct rank_table *table;
    bool restricted; /* to accept */
    bool accept[256];
    struct positions_cursor positions;
    struct postings_cursor postings;
};

/* Moves over documents whose code is not accepted. */
static uint32_t settle(struct leaf_cursor *leaf, uint32_t document)
{
    while (leaf->restricted && document != POSTINGS_END && !leaf->accept[postings_cursor_code(&leaf->postings)]) {
        document = postings_cursor_next(&leaf->postings);
    }
    leaf->base.document = document;
    return document;
}

static uint32_t leaf_seek(struct cursor *cursor, uint32_t target, int32_t minimum)
{
    struct leaf_cursor *leaf = (struct leaf_cursor *)cursor;
    uint32_t document = postings_cursor_document(&leaf->postings);
    while (minimum > 0 && (document < target || document != POSTINGS_END)) {
        uint32_t last;
        uint32_t from = document > target ? document : target;
        if (leaf->table->bound[postings_cursor_bound(&leaf->postings, from, &last)] >= minimum) {
            break;
        }
        if (last >= POSTINGS_END - 1) {
            cursor->document = POSTINGS_END;
            return POSTINGS_END;
        }
        target = last + 1;
        document = target;
    }
    return settle(leaf, postings_cursor_seek(&leaf->postings, target));
}

static int32_t leaf_score(struct cursor *cursor)
{
    struct leaf_cursor *leaf = (struct leaf_cursor *)cursor;
    return leaf->table->part[postings_cursor_code(&leaf->postings)];
}

static int32_t leaf_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    struct leaf_cursor *leaf = (struct leaf_cursor *)cursor;
    uint32_t document = postings_cursor_document(&leaf->postings);
    if (document == POSTINGS_END) {
        *last = POSTINGS_END - 1;
        return 0;
    }
    return leaf->table->bound[postings_cursor_bound(&leaf->postings, target > document ? target : document, last)];
}

static uint32_t leaf_least(struct cursor *cursor, uint32_t target)
{
    return leaf_seek(cursor, target, CURSOR_ANY_SCORE);
}

static void leaf_fill(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    struct leaf_cursor *leaf = (struct leaf_cursor *)cursor;
    if (leaf->restricted) {
        postings_cursor_fill_matching(&leaf->postings, from, CURSOR_WINDOW, bits, leaf->accept);
    } else {
        postings_cursor_fill(&leaf->postings, from, CURSOR_WINDOW, bits);
    }
    settle(leaf, postings_cursor_document(&leaf->postings));
}

static int leaf_status(const struct cursor *cursor)
{
    return postings_cursor_status(&((const struct leaf_cursor *)cursor)->postings);
}

static int leaf_places(struct cursor *cursor, struct cursor_places *out)
{
    struct leaf_cursor *leaf = (struct leaf_cursor *)cursor;
    return cursor_places_add(out, &leaf->positions, postings_cursor_ordinal(&leaf->postings));
}

static const struct cursor_ops leaf_ops = {leaf_seek, leaf_score,  leaf_bound, leaf_least,
                                           leaf_fill, leaf_status, leaf_places};

int cursor_open_leaf(struct query_context *context, const struct query_node *node, uint32_t segment,
                     struct cursor **out)
{
    const struct segment *in = context->segments[segment].segment;
    const struct segment_list *list = &node->in_segment[segment].lists[0];
    struct leaf_cursor *leaf = arena_alloc(context->arena, sizeof *leaf);
    if (leaf == NULL) {
        return AISLE_NO_MEMORY;
    }
    leaf->base = (struct cursor){
        .ops = &leaf_ops, .max = node->table->bound[list->postings.dominant], .cost = list->postings.count};
    leaf->table = node->table;
    leaf->restricted = node->first_only;
    if (leaf->restricted) {
        cursor_accept_first(context, leaf->accept);
    }
    *out = &leaf->base;
    positions_cursor_init(&leaf->positions, &in->views[COMPONENT_POSITIONS], context->arena, &list->positions,
                          list->postings.count);
    return postings_cursor_open(&leaf->postings, &in->postings, &list->postings);
}
