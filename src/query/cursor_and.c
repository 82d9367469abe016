/*
 * cursor_and.c - documents that every child matches and every phrase accepts, the rarest child leading.
 *
 * With a minimum score the leader is not followed blindly: the bounds of all children over the range of documents
 * that one block of each covers are added up first, and a hopeless range is left without decoding anything (block-max
 * conjunction, after Lucene's BlockMaxConjunctionBulkScorer); a document whose leader is too weak is dropped before
 * the next list is touched. Where positions must be looked at, that comes last: of documents that match all children
 * and score enough.
 */
#include "query/cursor.h"

#include "base/bitset.h"
#include "query/phrase.h"

struct and_cursor {
    struct cursor base;
    struct cursor **children; /* rarest first */
    uint32_t count;
    struct phrase **phrases;
    uint32_t phrase_count;
    int32_t *rest;     /* rest[i]: sum of the children's bounds from i on, in the window */
    uint32_t window;   /* the last document those hold for */
    bool has_window;
    bool started; /* stands on a match, or at the end */
};

/* Bounds all children from target on; returns their sum. */
static int32_t open_window(struct and_cursor *self, uint32_t target)
{
    uint32_t window = POSTINGS_END - 1;
    int32_t sum = 0;
    for (uint32_t i = self->count; i-- > 0;) {
        uint32_t last;
        sum += self->children[i]->ops->bound(self->children[i], target, &last);
        self->rest[i] = sum;
        window = last < window ? last : window;
    }
    self->window = window;
    self->has_window = true;
    return sum;
}

/*
 * Whether document, on which the leader stands, can still score minimum. Sets *target to where to look on when not.
 */
static bool is_promising(struct and_cursor *self, uint32_t document, int32_t minimum, uint32_t *target)
{
    if (!self->has_window || document > self->window) {
        open_window(self, document);
    }
    if (self->rest[0] < minimum) {
        *target = self->window + 1;
        return false;
    }
    *target = document + 1;
    struct cursor *lead = self->children[0];
    return self->count == 1 || lead->ops->score(lead) + self->rest[1] >= minimum;
}

static int32_t and_score(struct cursor *cursor)
{
    const struct and_cursor *self = (struct and_cursor *)cursor;
    int32_t sum = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        sum += self->children[i]->ops->score(self->children[i]);
    }
    return sum;
}

/* Whether document, on which all children stand, is a match; one that scores below minimum need not be told. */
static bool passes_phrases(struct and_cursor *self, uint32_t document, int32_t minimum)
{
    if (self->phrase_count != 0 && minimum > 0 && and_score(&self->base) < minimum) {
        return false;
    }
    for (uint32_t i = 0; i < self->phrase_count; i++) {
        if (!phrase_matches(self->phrases[i], document)) {
            return false;
        }
    }
    return true;
}

static uint32_t and_seek(struct cursor *cursor, uint32_t target, int32_t minimum)
{
    struct and_cursor *self = (struct and_cursor *)cursor;
    struct cursor *lead = self->children[0];
    uint32_t document = lead->ops->seek(lead, target, CURSOR_ANY_SCORE);
    while (document != POSTINGS_END) {
        uint32_t behind;
        if (minimum > 0 && !is_promising(self, document, minimum, &behind)) {
            document = lead->ops->seek(lead, behind, CURSOR_ANY_SCORE);
            continue;
        }
        uint32_t found = document;
        for (uint32_t i = 1; i < self->count && found == document; i++) {
            found = self->children[i]->ops->seek(self->children[i], document, CURSOR_ANY_SCORE);
        }
        if (found == document) {
            if (passes_phrases(self, document, minimum)) {
                break;
            }
            found++;
        }
        document = found == POSTINGS_END ? POSTINGS_END : lead->ops->seek(lead, found, CURSOR_ANY_SCORE);
    }
    cursor->document = document;
    self->started = true;
    return document;
}

static int32_t and_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    struct and_cursor *self = (struct and_cursor *)cursor;
    int32_t sum = open_window(self, target);
    *last = self->window;
    return sum;
}

static uint32_t and_least(struct cursor *cursor, uint32_t target)
{
    struct cursor *lead = ((struct and_cursor *)cursor)->children[0];
    return lead->ops->least(lead, target);
}

/* Fewer candidates than this in a window are looked up one by one; more, and whole windows are intersected. */
#define SPARSE_MAX 48u

static void keep_matching(struct cursor *child, uint32_t from, uint64_t *bits)
{
    for (uint32_t word = 0; word < CURSOR_WINDOW_WORDS; word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            uint32_t document = from + word * 64 + (uint32_t)__builtin_ctzll(left);
            if (child->ops->seek(child, document, CURSOR_ANY_SCORE) != document) {
                bits[word] &= ~(left & -left);
            }
        }
    }
}

/* Phrases need the children to stand on each document in turn. */
static void fill_one_by_one(struct and_cursor *self, uint32_t from, uint64_t *bits)
{
    uint32_t document = self->base.document;
    if (!self->started || document < from) {
        document = and_seek(&self->base, from, CURSOR_ANY_SCORE);
    }
    while (document < from + CURSOR_WINDOW) {
        bits[(document - from) / 64] |= UINT64_C(1) << (document % 64);
        document = and_seek(&self->base, document + 1, CURSOR_ANY_SCORE);
    }
}

static void and_fill(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    struct and_cursor *self = (struct and_cursor *)cursor;
    if (self->phrase_count != 0) {
        fill_one_by_one(self, from, bits);
        return;
    }
    uint64_t matched[CURSOR_WINDOW_WORDS] = {0};
    self->children[0]->ops->fill(self->children[0], from, matched);
    for (uint32_t i = 1; i < self->count; i++) {
        size_t candidates = bitset_count(matched, CURSOR_WINDOW_WORDS);
        if (candidates == 0) {
            return;
        }
        if (candidates <= SPARSE_MAX) {
            keep_matching(self->children[i], from, matched);
            continue;
        }
        uint64_t other[CURSOR_WINDOW_WORDS] = {0};
        self->children[i]->ops->fill(self->children[i], from, other);
        for (unsigned word = 0; word < CURSOR_WINDOW_WORDS; word++) {
            matched[word] &= other[word];
        }
    }
    for (unsigned word = 0; word < CURSOR_WINDOW_WORDS; word++) {
        bits[word] |= matched[word];
    }
}

static int and_status(const struct cursor *cursor)
{
    const struct and_cursor *self = (const struct and_cursor *)cursor;
    int status = 0;
    for (uint32_t i = 0; i < self->count && status == 0; i++) {
        status = self->children[i]->ops->status(self->children[i]);
    }
    for (uint32_t i = 0; i < self->phrase_count && status == 0; i++) {
        status = phrase_status(self->phrases[i]);
    }
    return status;
}

static const struct cursor_ops and_ops = {and_seek, and_score, and_bound, and_least, and_fill, and_status, NULL};

int cursor_open_and(struct query_context *context, const struct cursor_conjuncts *conjuncts, struct cursor **out)
{
    struct cursor **children = conjuncts->children;
    uint32_t count = conjuncts->child_count;
    if (count == 1 && conjuncts->phrase_count == 0) {
        *out = children[0];
        return 0;
    }
    struct and_cursor *self = arena_calloc(context->arena, 1, sizeof *self);
    int32_t *rest = arena_calloc(context->arena, count + 1, sizeof *rest);
    if (self == NULL || rest == NULL) {
        return AISLE_NO_MEMORY;
    }
    self->base = (struct cursor){.ops = &and_ops};
    self->children = children;
    self->count = count;
    self->phrases = conjuncts->phrases;
    self->phrase_count = conjuncts->phrase_count;
    self->rest = rest;
    for (uint32_t i = 0; i < count; i++) {
        struct cursor *child = children[i];
        uint32_t at = i;
        self->base.max += child->max;
        for (; at > 0 && children[at - 1]->cost > child->cost; at--) {
            children[at] = children[at - 1];
        }
        children[at] = child;
    }
    self->base.cost = children[0]->cost;
    *out = &self->base;
    return 0;
}
