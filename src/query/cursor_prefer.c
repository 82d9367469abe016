/*
 * cursor_prefer.c - the documents of one cursor, scored with what others add where they match, too.
 *
 * The others never lead: they are asked about documents that the first brings up, and only when what they may add at
 * most could lift the document to the minimum.
 */
#include "query/cursor.h"

struct prefer_cursor {
    struct cursor base;
    struct cursor **others;
    struct cursor *wanted;
    uint32_t count;
    int32_t others_max; /* the most that they add together */
    int32_t score;      /* of the current document */
};

static int32_t score_document(struct prefer_cursor *self, uint32_t document)
{
    int32_t score = self->wanted->ops->score(self->wanted);
    for (uint32_t i = 0; i < self->count; i++) {
        struct cursor *other = self->others[i];
        if (other->ops->seek(other, document, CURSOR_ANY_SCORE) == document) {
            score += other->ops->score(other);
        }
    }
    return score;
}

static uint32_t prefer_seek(struct cursor *cursor, uint32_t target, int32_t minimum)
{
    struct prefer_cursor *self = (struct prefer_cursor *)cursor;
    int32_t needed = minimum > 0 ? minimum - self->others_max : minimum;
    uint32_t document = self->wanted->ops->seek(self->wanted, target, needed);
    while (document != POSTINGS_END) {
        self->score = score_document(self, document);
        if (self->score >= minimum) {
            break;
        }
        document = self->wanted->ops->seek(self->wanted, document + 1, needed);
    }
    cursor->document = document;
    return document;
}

static int32_t prefer_score(struct cursor *cursor)
{
    return ((struct prefer_cursor *)cursor)->score;
}

static int32_t prefer_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    struct prefer_cursor *self = (struct prefer_cursor *)cursor;
    return self->wanted->ops->bound(self->wanted, target, last) + self->others_max;
}

static uint32_t prefer_least(struct cursor *cursor, uint32_t target)
{
    struct cursor *wanted = ((struct prefer_cursor *)cursor)->wanted;
    return wanted->ops->least(wanted, target);
}

static void prefer_fill(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    struct cursor *wanted = ((struct prefer_cursor *)cursor)->wanted;
    wanted->ops->fill(wanted, from, bits);
}

static int prefer_status(const struct cursor *cursor)
{
    const struct prefer_cursor *self = (const struct prefer_cursor *)cursor;
    int status = self->wanted->ops->status(self->wanted);
    for (uint32_t i = 0; i < self->count && status == 0; i++) {
        status = self->others[i]->ops->status(self->others[i]);
    }
    return status;
}

static const struct cursor_ops prefer_ops = {prefer_seek, prefer_score,  prefer_bound, prefer_least,
                                             prefer_fill, prefer_status, NULL};

int cursor_open_prefer(struct query_context *context, struct cursor **children, uint32_t count, struct cursor **out)
{
    struct prefer_cursor *self = arena_calloc(context->arena, 1, sizeof *self);
    if (self == NULL) {
        return AISLE_NO_MEMORY;
    }
    self->wanted = children[0];
    self->others = children + 1;
    self->count = count - 1;
    for (uint32_t i = 0; i < self->count; i++) {
        self->others_max += self->others[i]->max;
    }
    self->base = (struct cursor){
        .ops = &prefer_ops, .max = self->wanted->max + self->others_max, .cost = self->wanted->cost};
    *out = &self->base;
    return 0;
}
