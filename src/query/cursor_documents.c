/*
 * cursor_documents.c - a few single products as matches that score nothing: those that rules add to an answer.
 *
 * Thread rule: as the query.
 */
#include "query/cursor.h"
#include "query/filter.h"

#include "base/bitset.h"

struct documents_cursor {
    struct cursor base;
    uint32_t *documents; /* ascending, POSTINGS_END behind the last */
    uint32_t at;
};

static uint32_t documents_seek(struct cursor *cursor, uint32_t target, int32_t minimum)
{
    struct documents_cursor *self = (struct documents_cursor *)cursor;
    (void)minimum;
    while (self->documents[self->at] < target) {
        self->at++;
    }
    cursor->document = self->documents[self->at];
    return cursor->document;
}

static int32_t documents_score(struct cursor *cursor)
{
    (void)cursor;
    return 0;
}

static int32_t documents_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    (void)cursor;
    (void)target;
    *last = POSTINGS_END - 1;
    return 0;
}

static uint32_t documents_least(struct cursor *cursor, uint32_t target)
{
    return documents_seek(cursor, target, CURSOR_ANY_SCORE);
}

static void documents_fill(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    struct documents_cursor *self = (struct documents_cursor *)cursor;
    for (uint32_t i = 0; self->documents[i] != POSTINGS_END; i++) {
        if (self->documents[i] >= from && self->documents[i] - from < CURSOR_WINDOW) {
            bitset_set(bits, self->documents[i] - from);
        }
    }
}

static int documents_status(const struct cursor *cursor)
{
    (void)cursor;
    return 0;
}

static const struct cursor_ops documents_ops = {documents_seek, documents_score, documents_bound, documents_least,
                                                documents_fill, documents_status, NULL};

int cursor_open_documents(struct query_context *context, const struct filter_node *documents, uint32_t segment,
                          struct cursor **out)
{
    const struct segment *in = context->segments[segment].segment;
    struct documents_cursor *self = arena_calloc(context->arena, 1, sizeof *self);
    uint32_t *list = arena_alloc(context->arena, (documents->count + 1) * sizeof *list);
    uint32_t count = 0;
    if (self == NULL || list == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < documents->count; i++) {
        if (documents->documents[i].segment == in) {
            uint32_t at = count++;
            for (; at > 0 && list[at - 1] > documents->documents[i].document; at--) {
                list[at] = list[at - 1];
            }
            list[at] = documents->documents[i].document;
        }
    }
    list[count] = POSTINGS_END;
    self->base = (struct cursor){.ops = &documents_ops, .cost = count};
    self->documents = list;
    *out = &self->base;
    return 0;
}
