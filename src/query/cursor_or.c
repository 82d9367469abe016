/*
 * cursor_or.c - documents that any child matches; scores the sum of the children that do, or the largest of them.
 *
 * Sums with a minimum use block-max MaxScore (Turtle and Flood 1995; block maxima after Ding and Suel 2011): over the
 * range of documents that one block of each child covers, the weakest children whose bounds together cannot reach
 * the minimum are not followed, only asked about documents that the others bring up; a range that cannot reach it at
 * all is passed over without decoding.
 */
#include "query/cursor.h"

struct or_child {
    struct cursor *cursor;
    int32_t bound; /* in the window */
    bool started;  /* the cursor stands on a document */
};

struct or_cursor {
    struct cursor base;
    struct or_child *children; /* in a window: weakest first */
    uint32_t count;
    uint32_t followed;   /* index of the first child that is followed */
    int32_t *weaker;     /* weaker[i]: sum of the bounds of children before i */
    uint32_t window;     /* the last document of the window */
    int32_t minimum;     /* the window was opened for this one */
    bool has_window;
    bool sum;
    bool scored; /* score is that of the current document */
    int32_t score;
};

static int32_t window_bounds(struct or_cursor *self, uint32_t target)
{
    int32_t bound = 0;
    self->window = POSTINGS_END - 1;
    for (uint32_t i = 0; i < self->count; i++) {
        struct or_child *child = &self->children[i];
        uint32_t last;
        child->bound = child->cursor->ops->bound(child->cursor, target, &last);
        bound = self->sum ? bound + child->bound : child->bound > bound ? child->bound : bound;
        self->window = last < self->window ? last : self->window;
    }
    return bound;
}

/* Sorts the children by bound and finds out which need not be followed for minimum. */
static void divide(struct or_cursor *self, int32_t minimum)
{
    for (uint32_t i = 1; i < self->count; i++) {
        struct or_child child = self->children[i];
        uint32_t at = i;
        for (; at > 0 && self->children[at - 1].bound > child.bound; at--) {
            self->children[at] = self->children[at - 1];
        }
        self->children[at] = child;
    }
    self->followed = 0;
    self->weaker[0] = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        self->weaker[i + 1] = self->weaker[i] + self->children[i].bound;
        if (self->weaker[i + 1] < minimum) {
            self->followed = i + 1;
        }
    }
}

/* Opens windows from target on until one can reach minimum; returns where it begins, or POSTINGS_END. */
static uint32_t find_window(struct or_cursor *self, uint32_t target, int32_t minimum)
{
    while (target != POSTINGS_END) {
        if (window_bounds(self, target) >= minimum) {
            divide(self, minimum);
            self->minimum = minimum;
            self->has_window = true;
            return target;
        }
        target = self->window + 1;
    }
    self->has_window = false;
    return POSTINGS_END;
}

static uint32_t next_followed(struct or_cursor *self, uint32_t target, uint32_t first)
{
    uint32_t least = POSTINGS_END;
    for (uint32_t i = first; i < self->count; i++) {
        struct or_child *child = &self->children[i];
        uint32_t document = child->cursor->document;
        if (!child->started || document < target) {
            document = child->cursor->ops->seek(child->cursor, target, CURSOR_ANY_SCORE);
            child->started = true;
        }
        least = document < least ? document : least;
    }
    return least;
}

/* Full score of document, or as soon as it cannot reach minimum any more, something below minimum. */
static int32_t score_document(struct or_cursor *self, uint32_t document, int32_t minimum)
{
    int32_t score = 0;
    for (uint32_t i = self->followed; i < self->count; i++) {
        struct cursor *child = self->children[i].cursor;
        score += child->document == document ? child->ops->score(child) : 0;
    }
    for (uint32_t i = self->followed; i-- > 0 && score + self->weaker[i + 1] >= minimum;) {
        struct cursor *child = self->children[i].cursor;
        self->children[i].started = true;
        if (child->ops->seek(child, document, CURSOR_ANY_SCORE) == document) {
            score += child->ops->score(child);
        }
    }
    return score;
}

static uint32_t seek_scored(struct or_cursor *self, uint32_t target, int32_t minimum)
{
    while (target != POSTINGS_END) {
        if (!self->has_window || target > self->window || minimum != self->minimum) {
            target = find_window(self, target, minimum);
            if (target == POSTINGS_END) {
                break;
            }
        }
        uint32_t document = next_followed(self, target, self->followed);
        if (document > self->window) {
            target = self->window + 1;
            continue;
        }
        int32_t score = score_document(self, document, minimum);
        if (score >= minimum) {
            self->score = score;
            self->scored = true;
            return document;
        }
        target = document + 1;
    }
    return POSTINGS_END;
}

static uint32_t or_seek(struct cursor *cursor, uint32_t target, int32_t minimum)
{
    struct or_cursor *self = (struct or_cursor *)cursor;
    self->scored = false;
    if (self->sum && minimum > 0) {
        cursor->document = seek_scored(self, target, minimum);
        return cursor->document;
    }
    while (minimum > 0 && target != POSTINGS_END && window_bounds(self, target) < minimum) {
        target = self->window + 1;
    }
    self->has_window = false;
    cursor->document = target == POSTINGS_END ? POSTINGS_END : next_followed(self, target, 0);
    return cursor->document;
}

static int32_t or_score(struct cursor *cursor)
{
    struct or_cursor *self = (struct or_cursor *)cursor;
    if (!self->scored) {
        int32_t score = 0;
        for (uint32_t i = 0; i < self->count; i++) {
            struct cursor *child = self->children[i].cursor;
            if (child->document == cursor->document) {
                int32_t part = child->ops->score(child);
                score = self->sum ? score + part : part > score ? part : score;
            }
        }
        self->score = score;
        self->scored = true;
    }
    return self->score;
}

static int32_t or_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    struct or_cursor *self = (struct or_cursor *)cursor;
    int32_t bound = window_bounds(self, target);
    self->has_window = false;
    *last = self->window;
    return bound;
}

static uint32_t or_least(struct cursor *cursor, uint32_t target)
{
    const struct or_cursor *self = (struct or_cursor *)cursor;
    uint32_t least = POSTINGS_END;
    for (uint32_t i = 0; i < self->count; i++) {
        uint32_t document = self->children[i].cursor->ops->least(self->children[i].cursor, target);
        least = document < least ? document : least;
    }
    return least;
}

static void or_fill(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    const struct or_cursor *self = (struct or_cursor *)cursor;
    for (uint32_t i = 0; i < self->count; i++) {
        self->children[i].cursor->ops->fill(self->children[i].cursor, from, bits);
    }
}

static int or_status(const struct cursor *cursor)
{
    const struct or_cursor *self = (const struct or_cursor *)cursor;
    int status = 0;
    for (uint32_t i = 0; i < self->count && status == 0; i++) {
        status = self->children[i].cursor->ops->status(self->children[i].cursor);
    }
    return status;
}

static const struct cursor_ops or_ops = {or_seek, or_score, or_bound, or_least, or_fill, or_status, NULL};

int cursor_open_or(struct query_context *context, struct cursor **children, uint32_t count, bool sum,
                   struct cursor **out)
{
    struct or_cursor *self = arena_calloc(context->arena, 1, sizeof *self);
    struct or_child *own = arena_calloc(context->arena, count, sizeof *own);
    int32_t *weaker = arena_calloc(context->arena, count + 1, sizeof *weaker);
    if (self == NULL || own == NULL || weaker == NULL) {
        return AISLE_NO_MEMORY;
    }
    self->base = (struct cursor){.ops = &or_ops};
    for (uint32_t i = 0; i < count; i++) {
        own[i].cursor = children[i];
        int32_t max = children[i]->max;
        self->base.max = sum ? self->base.max + max : max > self->base.max ? max : self->base.max;
        self->base.cost += children[i]->cost;
    }
    self->children = own;
    self->count = count;
    self->weaker = weaker;
    self->sum = sum;
    *out = &self->base;
    return 0;
}
