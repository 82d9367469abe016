/*
 * cursor.c - trees of cursors from trees of nodes, and the cursors that need no postings: all, nothing, without.
 */
#include "query/cursor.h"

#include "query/phrase.h"

void cursor_accept_first(const struct query_context *context, bool accept[256])
{
    for (unsigned code = 0; code < 256; code++) {
        accept[code] = context->weights.single || code >> RANK_CLASS_SHIFT >= RANK_CLASS_FIRST;
    }
}

/* ---- all documents, or none ---- */

struct all_cursor {
    struct cursor base;
    uint32_t documents;
};

static uint32_t all_seek(struct cursor *cursor, uint32_t target, int32_t minimum)
{
    const struct all_cursor *all = (struct all_cursor *)cursor;
    cursor->document = target < all->documents && minimum <= 0 ? target : POSTINGS_END;
    return cursor->document;
}

static int32_t no_score(struct cursor *cursor)
{
    (void)cursor;
    return 0;
}

static int32_t all_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    (void)cursor;
    (void)target;
    *last = POSTINGS_END - 1;
    return 0;
}

static uint32_t all_least(struct cursor *cursor, uint32_t target)
{
    return target < ((struct all_cursor *)cursor)->documents ? target : POSTINGS_END;
}

static void all_fill(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    uint32_t documents = ((struct all_cursor *)cursor)->documents;
    for (uint32_t i = 0; i < CURSOR_WINDOW && from + i < documents; i += 64) {
        uint32_t left = documents - from - i;
        bits[i / 64] |= left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
    }
}

static int no_status(const struct cursor *cursor)
{
    (void)cursor;
    return 0;
}

static const struct cursor_ops all_ops = {all_seek, no_score, all_bound, all_least, all_fill, no_status, NULL};

int cursor_open_all(struct query_context *context, uint32_t documents, struct cursor **out)
{
    struct all_cursor *all = arena_calloc(context->arena, 1, sizeof *all);
    if (all == NULL) {
        return AISLE_NO_MEMORY;
    }
    all->base = (struct cursor){.ops = &all_ops, .cost = documents};
    all->documents = documents;
    *out = &all->base;
    return 0;
}

/* ---- the first, unless the second ---- */

struct without_cursor {
    struct cursor base;
    struct cursor *wanted;
    struct cursor *unwanted;
};

static uint32_t without_seek(struct cursor *cursor, uint32_t target, int32_t minimum)
{
    struct without_cursor *self = (struct without_cursor *)cursor;
    uint32_t document = self->wanted->ops->seek(self->wanted, target, minimum);
    while (document != POSTINGS_END &&
           self->unwanted->ops->seek(self->unwanted, document, CURSOR_ANY_SCORE) == document) {
        document = self->wanted->ops->seek(self->wanted, document + 1, minimum);
    }
    cursor->document = document;
    return document;
}

static int32_t without_score(struct cursor *cursor)
{
    struct cursor *wanted = ((struct without_cursor *)cursor)->wanted;
    return wanted->ops->score(wanted);
}

static int32_t without_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    struct cursor *wanted = ((struct without_cursor *)cursor)->wanted;
    return wanted->ops->bound(wanted, target, last);
}

static uint32_t without_least(struct cursor *cursor, uint32_t target)
{
    struct cursor *wanted = ((struct without_cursor *)cursor)->wanted;
    return wanted->ops->least(wanted, target);
}

static void without_fill(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    struct without_cursor *self = (struct without_cursor *)cursor;
    uint64_t matched[CURSOR_WINDOW_WORDS] = {0};
    uint64_t removed[CURSOR_WINDOW_WORDS] = {0};
    self->wanted->ops->fill(self->wanted, from, matched);
    self->unwanted->ops->fill(self->unwanted, from, removed);
    for (unsigned i = 0; i < CURSOR_WINDOW_WORDS; i++) {
        bits[i] |= matched[i] & ~removed[i];
    }
}

static int without_status(const struct cursor *cursor)
{
    const struct without_cursor *self = (const struct without_cursor *)cursor;
    int status = self->wanted->ops->status(self->wanted);
    return status != 0 ? status : self->unwanted->ops->status(self->unwanted);
}

static const struct cursor_ops without_ops = {without_seek, without_score,  without_bound, without_least,
                                              without_fill, without_status, NULL};

int cursor_open_without(struct query_context *context, struct cursor *wanted, struct cursor *unwanted,
                        struct cursor **out)
{
    struct without_cursor *self = arena_calloc(context->arena, 1, sizeof *self);
    if (self == NULL) {
        return AISLE_NO_MEMORY;
    }
    self->base = (struct cursor){.ops = &without_ops, .max = wanted->max, .cost = wanted->cost};
    self->wanted = wanted;
    self->unwanted = unwanted;
    *out = &self->base;
    return 0;
}

/* ---- places ---- */

int cursor_places_add(struct cursor_places *out, struct positions_cursor *positions, uint32_t ordinal)
{
    struct bytes entry;
    size_t count = 0;
    int status = positions_cursor_find(positions, ordinal, &entry);
    if (status != 0) {
        return status;
    }
    if (out->capacity - out->count < entry.size) {
        size_t capacity = (out->capacity + entry.size) * 2;
        struct position *grown = arena_alloc(out->arena, capacity * sizeof *grown);
        if (grown == NULL) {
            return AISLE_NO_MEMORY;
        }
        if (out->count != 0) {
            memcpy(grown, out->places, out->count * sizeof *grown);
        }
        out->places = grown;
        out->capacity = capacity;
    }
    status = positions_decode(entry, out->places + out->count, &count);
    out->count += status == 0 ? count : 0;
    return status;
}

int cursor_in_scope(const struct query_context *context, uint64_t scope, struct positions_cursor *positions,
                    uint32_t ordinal, struct cursor_places *scratch, bool *in_scope)
{
    int status = 0;
    *in_scope = scope == 0;
    scratch->count = 0;
    if (scope != 0) {
        status = cursor_places_add(scratch, positions, ordinal);
    }
    for (size_t i = 0; i < scratch->count && !*in_scope; i++) {
        *in_scope = (scope >> (scratch->places[i].place % context->field_count) & 1) != 0;
    }
    return status;
}

/* ---- trees ---- */

static int open_leaf(struct query_context *context, const struct query_node *node, uint32_t segment,
                     struct cursor **out)
{
    uint32_t lists = node->in_segment[segment].count;
    int status = lists == 0   ? cursor_open_all(context, 0, out)
                 : lists == 1 ? cursor_open_leaf(context, node, segment, out)
                              : cursor_open_group(context, node, segment, out);
    context->leaves[node->leaf] = *out;
    return status;
}

static int open_children(struct query_context *context, const struct query_node *node, uint32_t segment,
                         struct cursor ***out)
{
    struct cursor **children = arena_calloc(context->arena, node->child_count, sizeof *children);
    int status = children == NULL ? AISLE_NO_MEMORY : 0;
    for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
        status = cursor_open(context, node->children[i], segment, &children[i]);
    }
    *out = children;
    return status;
}

/* Every child and every phrase has a leaf of its own at least, so that there are fewer than leaves in a query. */
static int open_conjuncts(struct query_context *context, const struct query_node *node, uint32_t segment,
                          struct cursor_conjuncts *out)
{
    int status = 0;
    if (node->kind == QUERY_AND) {
        for (uint32_t i = 0; i < node->child_count && status == 0; i++) {
            status = open_conjuncts(context, node->children[i], segment, out);
        }
        return status;
    }
    if (node->kind == QUERY_PHRASE) {
        status = open_conjuncts(context, node->candidates, segment, out);
        return status == 0 ? phrase_open(context, node, segment, &out->phrases[out->phrase_count++]) : status;
    }
    return cursor_open(context, node, segment, &out->children[out->child_count++]);
}

/*
 * Nested conjunctions are one, and phrases are looked at last: only where all words of the query occur, and the
 * document would score enough.
 */
static int open_conjunction(struct query_context *context, const struct query_node *node, uint32_t segment,
                            struct cursor **out)
{
    struct cursor_conjuncts conjuncts = {
        .children = arena_calloc(context->arena, LIMIT_QUERY_LEAVES, sizeof(struct cursor *)),
        .phrases = arena_calloc(context->arena, LIMIT_QUERY_LEAVES, sizeof(struct phrase *))};
    int status = conjuncts.children == NULL || conjuncts.phrases == NULL ? AISLE_NO_MEMORY : 0;
    if (status == 0) {
        status = open_conjuncts(context, node, segment, &conjuncts);
    }
    return status == 0 ? cursor_open_and(context, &conjuncts, out) : status;
}

int cursor_open(struct query_context *context, const struct query_node *node, uint32_t segment, struct cursor **out)
{
    struct cursor **children = NULL;
    *out = NULL;
    if (node->kind == QUERY_TERMS) {
        return open_leaf(context, node, segment, out);
    }
    if (node->kind == QUERY_AND || node->kind == QUERY_PHRASE) {
        return open_conjunction(context, node, segment, out);
    }
    if (node->kind == QUERY_DOCUMENTS) {
        return cursor_open_documents(context, node->documents, segment, out);
    }
    int status = open_children(context, node, segment, &children);
    if (status != 0) {
        return status;
    }
    switch (node->kind) {
    case QUERY_OR:
        return cursor_open_or(context, children, node->child_count, true, out);
    case QUERY_ANY:
        return cursor_open_or(context, children, node->child_count, false, out);
    case QUERY_PREFER:
        return cursor_open_prefer(context, children, node->child_count, out);
    case QUERY_WITHOUT:
        return cursor_open_without(context, children[0], children[1], out);
    case QUERY_ALL:
        return cursor_open_all(context, context->segments[segment].segment->info.documents, out);
    case QUERY_NOTHING:
    case QUERY_TERMS:
    case QUERY_AND:
    case QUERY_PHRASE:
    case QUERY_DOCUMENTS:
        break;
    }
    return cursor_open_all(context, 0, out);
}
