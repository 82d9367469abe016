/*
 * cursor_filter.c - the matches of a query that a filter keeps; what they score is the query's alone.
 *
 * The filter is asked about each match (filter_ask.c); without words to match, its own bits are walked.
 */
#include "query/cursor.h"

#include "query/filter_kept.h"

static_assert(FILTER_WINDOW == CURSOR_WINDOW, "a filter's windows are the cursors'");

struct filter_cursor {
    struct cursor base;
    struct cursor *inner; /* NULL: every document matches */
    struct filter_asked asked;
    struct filter_kept_windows *kept; /* without inner; NULL: none */
    uint32_t documents;
};

static void fail(struct filter_cursor *self, int status)
{
    self->asked.status = self->asked.status == 0 ? status : self->asked.status;
}

/* The bits of the window that document lies in, made at most once for all passes where they are kept. */
static const uint64_t *bits_of_window(struct filter_cursor *self, uint32_t document)
{
    if (self->kept == NULL) {
        return filter_asked_bits(&self->asked, document);
    }
    uint32_t window = document / FILTER_WINDOW;
    uint64_t *bits = self->kept->bits + (size_t)window * CURSOR_WINDOW_WORDS;
    if (!self->kept->known[window]) {
        int status = filter_fill(self->asked.filter, window * FILTER_WINDOW, bits);
        fail(self, status);
        self->kept->known[window] = status == 0;
    }
    return bits;
}

/* The first document at or behind target that the filter keeps. */
static uint32_t next_kept(struct filter_cursor *self, uint32_t target)
{
    while (target < self->documents && self->asked.status == 0) {
        uint32_t at = target % FILTER_WINDOW;
        uint32_t window = target - at;
        const uint64_t *bits = bits_of_window(self, target);
        uint32_t word = at / 64;
        uint64_t left = bits[word] >> (at % 64) << (at % 64);
        while (left == 0 && ++word < CURSOR_WINDOW_WORDS) {
            left = bits[word];
        }
        if (left != 0) {
            return window + word * 64 + (uint32_t)__builtin_ctzll(left);
        }
        target = filter_next(self->asked.filter, window + FILTER_WINDOW);
    }
    return POSTINGS_END;
}

static uint32_t filter_seek(struct cursor *cursor, uint32_t target, int32_t minimum)
{
    struct filter_cursor *self = (struct filter_cursor *)cursor;
    uint32_t document;
    if (self->inner == NULL) {
        document = minimum <= 0 ? next_kept(self, target) : POSTINGS_END;
    } else {
        document = self->inner->ops->seek(self->inner, target, minimum);
        while (document != POSTINGS_END && self->asked.status == 0 && !filter_asks(&self->asked, document)) {
            document = self->inner->ops->seek(self->inner, document + 1, minimum);
        }
    }
    cursor->document = self->asked.status == 0 ? document : POSTINGS_END;
    return cursor->document;
}

static int32_t filter_score(struct cursor *cursor)
{
    struct cursor *inner = ((struct filter_cursor *)cursor)->inner;
    return inner == NULL ? 0 : inner->ops->score(inner);
}

static int32_t filter_bound(struct cursor *cursor, uint32_t target, uint32_t *last)
{
    struct cursor *inner = ((struct filter_cursor *)cursor)->inner;
    *last = POSTINGS_END - 1;
    return inner == NULL ? 0 : inner->ops->bound(inner, target, last);
}

static uint32_t filter_least(struct cursor *cursor, uint32_t target)
{
    struct filter_cursor *self = (struct filter_cursor *)cursor;
    if (self->inner == NULL) {
        target = filter_next(self->asked.filter, target);
        return target < self->documents ? target : POSTINGS_END;
    }
    return self->inner->ops->least(self->inner, target);
}

static void filter_fill_window(struct cursor *cursor, uint32_t from, uint64_t *bits)
{
    struct filter_cursor *self = (struct filter_cursor *)cursor;
    uint64_t own[CURSOR_WINDOW_WORDS] = {0};
    const uint64_t *matched = own;
    if (self->inner == NULL) {
        matched = bits_of_window(self, from);
    } else {
        self->inner->ops->fill(self->inner, from, own);
        fail(self, filter_keep(self->asked.filter, from, own));
    }
    for (unsigned i = 0; i < CURSOR_WINDOW_WORDS && self->asked.status == 0; i++) {
        bits[i] |= matched[i];
    }
}

static int filter_status(const struct cursor *cursor)
{
    const struct filter_cursor *self = (const struct filter_cursor *)cursor;
    int status = self->asked.status;
    return status != 0 || self->inner == NULL ? status : self->inner->ops->status(self->inner);
}

static const struct cursor_ops filter_ops = {filter_seek,        filter_score,  filter_bound, filter_least,
                                             filter_fill_window, filter_status, NULL};

int cursor_open_filtered(struct query_context *context, const struct query_node *root, uint32_t number,
                         struct cursor **out)
{
    const struct query_segment *segment = &context->segments[number];
    if (context->filter == NULL) {
        return cursor_open(context, root, number, out);
    }
    struct filter_cursor *self = arena_calloc(context->arena, 1, sizeof *self);
    struct filter *filter = NULL;
    int status = self == NULL ? AISLE_NO_MEMORY : 0;
    *out = NULL;
    if (status == 0 && root->kind != QUERY_ALL) {
        status = cursor_open(context, root, number, &self->inner);
    }
    if (status == 0) {
        status = filter_open(context->filter, segment->segment, segment->state, context->arena, &filter);
    }
    if (status != 0) {
        return status;
    }
    filter_asked_init(&self->asked, filter);
    self->kept = self->inner == NULL ? filter_kept_find(context, number) : NULL;
    uint64_t kept = filter_estimate(filter);
    self->base = (struct cursor){.ops = &filter_ops, .cost = kept};
    if (self->inner != NULL) {
        self->base.max = self->inner->max;
        self->base.cost = self->inner->cost < kept ? self->inner->cost : kept;
    }
    self->documents = segment->segment->info.documents;
    *out = &self->base;
    return 0;
}
