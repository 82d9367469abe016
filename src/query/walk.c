/*
 * walk.c - windows of living matches out of the query's cursor and its filters.
 *
 * Thread rule: as the query.
 */
#include "query/walk.h"

#include "query/cursor.h"
#include "query/watch.h"

#include "base/bitset.h"

static_assert(WALK_WINDOW == CURSOR_WINDOW && WALK_WINDOW == FILTER_WINDOW, "all windows are the same");

/* One segment under way. */
struct passage {
    struct query_context *context;
    const struct query_segment *segment;
    const struct walk *walk;
    struct cursor *cursor;
    struct filter *lifted[LIMIT_FACETS];
    uint64_t bits[WALK_WORDS];
    uint64_t *kept;    /* WALK_WORDS for each lifted filter: the matches of the rest that it keeps */
    uint64_t *without; /* likewise: the matches that all others keep */
};

static void drop_dead(const struct passage *passage, uint32_t from, uint64_t *bits)
{
    size_t words = bitset_words(passage->segment->segment->info.documents);
    const uint64_t *dead = passage->segment->state->dead;
    for (size_t i = 0; dead != NULL && i < WALK_WORDS && from / 64 + i < words; i++) {
        bits[i] &= ~dead[from / 64 + i];
    }
}

static void intersect(uint64_t *bits, const uint64_t *other)
{
    for (uint32_t i = 0; i < WALK_WORDS; i++) {
        bits[i] &= other[i];
    }
}

/* From the matches of the rest of the filter to those of the whole, and those without each lifted filter. */
static int divide(struct passage *passage, uint32_t from)
{
    uint32_t count = passage->walk->lifted_count;
    int status = 0;
    for (uint32_t i = 0; i < count && status == 0; i++) {
        uint64_t *kept = passage->kept + (size_t)i * WALK_WORDS;
        memcpy(kept, passage->bits, sizeof passage->bits);
        memcpy(passage->without + (size_t)i * WALK_WORDS, passage->bits, sizeof passage->bits);
        status = filter_keep(passage->lifted[i], from, kept);
    }
    for (uint32_t i = 0; i < count && status == 0; i++) {
        const uint64_t *kept = passage->kept + (size_t)i * WALK_WORDS;
        intersect(passage->bits, kept);
        for (uint32_t other = 0; other < count; other++) {
            if (other != i) {
                intersect(passage->without + (size_t)other * WALK_WORDS, kept);
            }
        }
    }
    return status;
}

static int walk_window(struct passage *passage, uint32_t number, uint32_t from, const struct walk_visitor *visitor)
{
    uint32_t left = passage->segment->segment->info.documents - from;
    memset(passage->bits, 0, sizeof passage->bits);
    passage->cursor->ops->fill(passage->cursor, from, passage->bits);
    drop_dead(passage, from, passage->bits);
    size_t found = bitset_count(passage->bits, WALK_WORDS);
    if (found == 0) {
        return 0;
    }
    if (passage->walk->lifted_count != 0) {
        int status = divide(passage, from);
        if (status != 0) {
            return status;
        }
        found = bitset_count(passage->bits, WALK_WORDS);
    }
    const struct walk_window window = {.segment = number,
                                       .from = from,
                                       .documents = left < WALK_WINDOW ? left : WALK_WINDOW,
                                       .count = (uint32_t)found,
                                       .bits = passage->bits,
                                       .without = passage->without};
    return visitor->visit(visitor->self, &window);
}

static int walk_segment(struct passage *passage, uint32_t number, const struct walk_visitor *visitor)
{
    struct query_context *context = passage->context;
    int status = cursor_open_filtered(context, passage->walk->root, number, &passage->cursor);
    passage->segment = &context->segments[number];
    for (uint32_t i = 0; i < passage->walk->lifted_count && status == 0; i++) {
        status = filter_open(passage->walk->lifted[i], passage->segment->segment, passage->segment->state,
                             context->arena, &passage->lifted[i]);
    }
    if (status == 0 && visitor->enter != NULL) {
        status = visitor->enter(visitor->self, number);
    }
    uint32_t from = status == 0 ? passage->cursor->ops->least(passage->cursor, 0) : POSTINGS_END;
    while (from != POSTINGS_END && status == 0) {
        from -= from % WALK_WINDOW;
        if (visitor->wants == NULL || visitor->wants(visitor->self, number, from)) {
            status = walk_window(passage, number, from, visitor);
        }
        if (query_watch_stops(context->watch)) {
            break;
        }
        from = passage->cursor->ops->least(passage->cursor, from + WALK_WINDOW);
    }
    return status != 0 ? status : passage->cursor->ops->status(passage->cursor);
}

int query_walk(struct query_context *given, const struct walk *walk, const struct walk_visitor *visitor)
{
    struct query_context context = *given;
    size_t bytes = walk->lifted_count * WALK_WORDS * sizeof(uint64_t);
    struct passage passage = {.context = &context, .walk = walk};
    int status = 0;
    context.filter = walk->filter;
    passage.kept = arena_alloc(context.arena, bytes);
    passage.without = arena_alloc(context.arena, bytes);
    if (passage.kept == NULL || passage.without == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < context.segment_count && status == 0 && !query_watch_stops(context.watch); i++) {
        struct arena_mark mark = arena_mark(context.arena);
        status = walk_segment(&passage, i, visitor);
        arena_rewind(context.arena, mark);
    }
    return status == AISLE_END ? 0 : status;
}
