/*
 * ranks.c - makes tables of ranks, from nothing or from the table of the generation before, and keeps them.
 *
 * Making: what the old table still has a segment for keeps its order, found by a walk over the old maps; the values of
 * new segments are merged with each other, and each is looked for in the old order, from the one before it on by
 * doubling steps. Then all maps are rewritten by one addition of what a rank moved by.
 *
 * Thread rule: as the header.
 */
#include "query/ranks.h"

#include "base/alloc.h"
#include "query/values_merge.h"
#include "query/watch.h"

#define WATCHED_STEPS 4096u
#define NO_SEGMENT UINT32_MAX

/* ---- tables ---- */

static void free_table(struct ranks *ranks)
{
    for (uint32_t i = 0; ranks->maps != NULL && i < ranks->segment_count; i++) {
        mem_free(ranks->maps[i]);
    }
    mem_free(ranks->maps);
    mem_free(ranks->sizes);
    mem_free(ranks->serials);
    mem_free(ranks->places);
    mem_free(ranks);
}

void ranks_drop(struct ranks *ranks)
{
    if (ranks != NULL && atomic_fetch_sub_explicit(&ranks->references, 1, memory_order_acq_rel) == 1) {
        free_table(ranks);
    }
}

/* A table for the context's segments, with nothing in its maps. */
static struct ranks *new_table(const struct query_context *context, uint8_t field)
{
    struct ranks *ranks = mem_calloc(1, sizeof *ranks);
    uint32_t count = context->segment_count;
    if (ranks == NULL) {
        return NULL;
    }
    atomic_init(&ranks->references, 1);
    ranks->segment_count = count;
    ranks->serials = mem_calloc(count, sizeof *ranks->serials);
    ranks->sizes = mem_calloc(count, sizeof *ranks->sizes);
    ranks->maps = mem_calloc(count, sizeof *ranks->maps);
    bool whole = ranks->serials != NULL && ranks->sizes != NULL && ranks->maps != NULL;
    for (uint32_t i = 0; i < count && whole; i++) {
        ranks->serials[i] = context->segments[i].segment->serial;
        ranks->sizes[i] = context->segments[i].segment->values[field].count;
        ranks->maps[i] = mem_alloc(((size_t)ranks->sizes[i] + 1) * sizeof **ranks->maps);
        whole = ranks->maps[i] != NULL;
    }
    if (!whole) {
        free_table(ranks);
        return NULL;
    }
    return ranks;
}

static uint64_t values_of(const struct query_context *context, uint8_t field)
{
    uint64_t values = 0;
    for (uint32_t i = 0; i < context->segment_count; i++) {
        values += context->segments[i].segment->values[field].count;
    }
    return values;
}

/* Bytes of a table but for its places, of which there are fewer than values: most are in several segments. */
static uint64_t bytes_of_maps(uint64_t values, uint32_t segments)
{
    return sizeof(struct ranks) + values * sizeof(uint32_t) +
           segments * (sizeof(uint64_t) + 2 * sizeof(uint32_t) + sizeof(void *));
}

/* ---- looking up ---- */

static int seek_place(const struct query_context *context, uint8_t field, const struct ranks_place *place,
                      struct values_cursor *cursor)
{
    const struct values_reader *values = &context->segments[place->segment].segment->values[field];
    return values_seek(cursor, values, place->ordinal) == 0 ? 0 : AISLE_CORRUPT;
}

/* The first of places [from, count) whose value is not before folded: by doubling steps, then by halving. */
static int lower_bound(const struct query_context *context, uint8_t field, const struct ranks_place *places,
                       uint32_t from, uint32_t count, struct bytes folded, uint32_t *at, bool *exact)
{
    struct values_cursor cursor;
    uint32_t low = from; /* all before are before folded */
    uint32_t high = count;
    uint32_t step = 1;
    bool is_found = false; /* high is not before folded */
    int status = 0;
    *exact = false;
    while (low < high && status == 0) {
        uint32_t middle = is_found ? low + (high - low) / 2 : low + step - 1;
        middle = middle < high ? middle : high - 1;
        status = seek_place(context, field, &places[middle], &cursor);
        int compared = status == 0 ? bytes_compare(cursor.folded, folded) : 0;
        if (compared < 0) {
            low = middle + 1;
            step *= 2;
        } else {
            high = middle;
            is_found = true;
            *exact = compared == 0;
        }
    }
    *at = low;
    return status;
}

int ranks_seek(const struct ranks *ranks, const struct query_context *context, uint8_t field, uint32_t rank,
               struct values_cursor *cursor)
{
    return seek_place(context, field, &ranks->places[rank], cursor);
}

int ranks_lower_bound(const struct ranks *ranks, const struct query_context *context, uint8_t field, uint32_t from,
                      struct bytes folded, uint32_t *rank, bool *exact)
{
    return lower_bound(context, field, ranks->places, from, ranks->count, folded, rank, exact);
}

/* ---- making ---- */

struct making {
    const struct query_context *context;
    uint8_t field;
    const struct ranks *old; /* NULL: none */
    uint32_t *old_number;    /* by segment: its number in old, or NO_SEGMENT */
    struct ranks_place *kept; /* values that segments of old still have, in order */
    uint32_t *kept_rank;      /* by old rank: first the number in kept, then the rank */
    uint32_t kept_count;
    struct ranks *made;
    size_t room;        /* of made->places */
    struct arena arena; /* of the merge */
};

static bool has_more_documents(const struct query_context *context, uint32_t a, uint32_t b)
{
    return context->segments[a].segment->info.documents > context->segments[b].segment->info.documents;
}

static void find_old_segments(struct making *making)
{
    const struct ranks *old = making->old;
    for (uint32_t i = 0; i < making->context->segment_count; i++) {
        making->old_number[i] = NO_SEGMENT;
        for (uint32_t k = 0; old != NULL && k < old->segment_count; k++) {
            if (old->serials[k] == making->made->serials[i]) {
                making->old_number[i] = k;
            }
        }
    }
}

/* Lists what is left of the old order, with places in today's segments. */
static void find_kept(struct making *making)
{
    const struct ranks *old = making->old;
    struct ranks_place *places = making->kept;
    for (uint32_t r = 0; r < old->count; r++) {
        places[r].segment = NO_SEGMENT;
    }
    for (uint32_t i = 0; i < making->context->segment_count; i++) {
        uint32_t number = making->old_number[i];
        for (uint32_t o = 0; number != NO_SEGMENT && o < old->sizes[number]; o++) {
            struct ranks_place *place = &places[old->maps[number][o]];
            if (place->segment == NO_SEGMENT || has_more_documents(making->context, i, place->segment)) {
                *place = (struct ranks_place){i, o};
            }
        }
    }
    for (uint32_t r = 0; r < old->count; r++) {
        making->kept_rank[r] = making->kept_count;
        if (places[r].segment != NO_SEGMENT) {
            places[making->kept_count++] = places[r];
        }
    }
}

static int merge_new(struct making *making, struct values_merge *merge)
{
    const struct query_context *context = making->context;
    int status = values_merge_init(merge, context->segment_count, true, &making->arena);
    for (uint32_t i = 0; i < context->segment_count && status == 0; i++) {
        const struct values_reader *values = &context->segments[i].segment->values[making->field];
        if (making->old_number[i] == NO_SEGMENT) {
            status = values_merge_add(merge, &(struct values_source){.values = values, .number = i,
                                                                     .end = values->count}, 0);
        }
    }
    return status;
}

/* The next rank, of a value that stands there. */
static int put_place(struct making *making, struct ranks_place place)
{
    struct ranks *made = making->made;
    if (made->count == making->room) {
        size_t room = making->room * 2 + 1024;
        struct ranks_place *places = mem_realloc(made->places, room * sizeof *places);
        if (places == NULL) {
            return AISLE_NO_MEMORY;
        }
        made->places = places;
        making->room = room;
    }
    made->places[made->count++] = place;
    return 0;
}

/* Ranks of kept values before number `to`; their numbers moved by as many as are new before them. */
static int pass_kept(struct making *making, uint32_t *next, uint32_t to, uint32_t *moved)
{
    int status = 0;
    for (; *next < to && status == 0; ++*next) {
        moved[*next] = making->made->count;
        status = put_place(making, making->kept[*next]);
    }
    return status;
}

/* One value of the merge, and all that are equal to it. *next: the first kept value that has no rank yet. */
static int take_new(struct making *making, struct values_merge *merge, uint32_t *next, uint32_t *moved)
{
    struct ranks *made = making->made;
    struct values_source *source = values_merge_least(merge);
    uint8_t bytes[VALUES_FOLDED_BYTES_MAX];
    struct bytes folded = bytes_of(bytes, source->cursor.folded.size);
    memcpy(bytes, source->cursor.folded.data, folded.size);
    uint32_t at;
    bool exact;
    int status = lower_bound(making->context, making->field, making->kept, *next, making->kept_count, folded, &at,
                             &exact);
    status = status == 0 ? pass_kept(making, next, at + (exact ? 1 : 0), moved) : status;
    if (status == 0 && !exact) {
        status = put_place(making, (struct ranks_place){source->number, source->ordinal});
    }
    if (status != 0) {
        return status;
    }
    uint32_t rank = made->count - 1;
    struct ranks_place *place = &made->places[rank];
    while (status == 0 && (source = values_merge_least(merge)) != NULL && bytes_equal(source->cursor.folded, folded)) {
        made->maps[source->number][source->ordinal] = rank;
        if (has_more_documents(making->context, source->number, place->segment)) {
            *place = (struct ranks_place){source->number, source->ordinal};
        }
        status = values_merge_next(merge);
    }
    return status;
}

/* AISLE_END when the watch stops it. */
static int rank_all(struct making *making, uint32_t *moved)
{
    struct values_merge merge;
    uint32_t next = 0;
    uint32_t steps = 0;
    int status = merge_new(making, &merge);
    while (status == 0 && values_merge_least(&merge) != NULL) {
        if (++steps % WATCHED_STEPS == 0 && query_watch_stops(making->context->watch)) {
            return AISLE_END;
        }
        status = take_new(making, &merge, &next, moved);
    }
    status = status == 0 ? pass_kept(making, &next, making->kept_count, moved) : status;
    for (uint32_t i = 0; i < making->context->segment_count && status == 0; i++) {
        uint32_t number = making->old_number[i];
        for (uint32_t o = 0; number != NO_SEGMENT && o < making->made->sizes[i]; o++) {
            making->made->maps[i][o] = moved[making->kept_rank[making->old->maps[number][o]]];
        }
    }
    return status;
}

static int fill(struct making *making)
{
    uint32_t old_count = making->old == NULL ? 0 : making->old->count;
    making->old_number = mem_calloc(making->context->segment_count, sizeof *making->old_number);
    making->kept = mem_alloc(((size_t)old_count + 1) * sizeof *making->kept);
    making->kept_rank = mem_alloc(((size_t)old_count + 1) * sizeof *making->kept_rank);
    uint32_t *moved = mem_alloc(((size_t)old_count + 1) * sizeof *moved);
    bool whole = making->old_number != NULL && making->kept != NULL && making->kept_rank != NULL && moved != NULL;
    int status = whole ? 0 : AISLE_NO_MEMORY;
    if (whole) {
        find_old_segments(making);
        if (making->old != NULL) {
            find_kept(making);
        }
        status = rank_all(making, moved);
    }
    mem_free(making->old_number);
    mem_free(making->kept);
    mem_free(making->kept_rank);
    mem_free(moved);
    return status;
}

/* Gives back the places that no value took. */
static int trim(struct ranks *made, uint64_t values)
{
    struct ranks_place *places = mem_realloc(made->places, ((size_t)made->count + 1) * sizeof *places);
    if (places == NULL) {
        return AISLE_NO_MEMORY;
    }
    made->places = places;
    made->bytes = (size_t)bytes_of_maps(values, made->segment_count) + made->count * sizeof *places;
    return 0;
}

static int make(const struct query_context *context, uint8_t field, uint64_t values, const struct ranks *old,
                struct ranks **out)
{
    struct making making = {.context = context, .field = field, .old = old, .made = new_table(context, field)};
    *out = NULL;
    if (making.made == NULL) {
        return AISLE_NO_MEMORY;
    }
    arena_init(&making.arena, LIMIT_QUERY_MEMORY_BYTES);
    int status = fill(&making);
    status = status == 0 ? trim(making.made, values) : status;
    arena_release(&making.arena);
    if (status != 0) {
        free_table(making.made);
        return status;
    }
    *out = making.made;
    return 0;
}

/* ---- keeping ---- */

int ranks_keeper_init(struct ranks_keeper *keeper, size_t bytes_max)
{
    *keeper = (struct ranks_keeper){.bytes_max = bytes_max};
    if (pthread_mutex_init(&keeper->lock, NULL) != 0) {
        return AISLE_NO_MEMORY;
    }
    if (pthread_mutex_init(&keeper->making, NULL) != 0) {
        pthread_mutex_destroy(&keeper->lock);
        return AISLE_NO_MEMORY;
    }
    return 0;
}

/* Puts made (may be NULL) into the place of what is kept of the field; takes the caller's reference. */
static void keep(struct ranks_keeper *keeper, uint8_t field, struct ranks *made)
{
    pthread_mutex_lock(&keeper->lock);
    struct ranks *old = keeper->tables[field];
    keeper->tables[field] = made;
    keeper->spent[field] = 0;
    atomic_fetch_add_explicit(&keeper->bytes, made == NULL ? 0 : made->bytes, memory_order_relaxed);
    atomic_fetch_sub_explicit(&keeper->bytes, old == NULL ? 0 : old->bytes, memory_order_relaxed);
    pthread_mutex_unlock(&keeper->lock);
    ranks_drop(old);
}

void ranks_keeper_forget(struct ranks_keeper *keeper)
{
    for (uint8_t field = 0; field < LIMIT_FIELDS; field++) {
        keep(keeper, field, NULL);
    }
}

void ranks_keeper_release(struct ranks_keeper *keeper)
{
    ranks_keeper_forget(keeper);
    pthread_mutex_destroy(&keeper->making);
    pthread_mutex_destroy(&keeper->lock);
}

static bool is_of(const struct ranks *ranks, const struct query_context *context)
{
    bool same = ranks->segment_count == context->segment_count;
    for (uint32_t i = 0; same && i < context->segment_count; i++) {
        same = ranks->serials[i] == context->segments[i].segment->serial;
    }
    return same;
}

/* What is kept of the field, of whatever segments, with a reference; spends values on doing without. */
static struct ranks *take(struct ranks_keeper *keeper, uint8_t field, uint64_t values, uint64_t *spent)
{
    pthread_mutex_lock(&keeper->lock);
    struct ranks *ranks = keeper->tables[field];
    if (ranks != NULL) {
        atomic_fetch_add_explicit(&ranks->references, 1, memory_order_relaxed);
    }
    keeper->spent[field] += values;
    *spent = keeper->spent[field];
    pthread_mutex_unlock(&keeper->lock);
    return ranks;
}

struct ranks *ranks_find(const struct query_context *context, uint8_t field)
{
    uint64_t spent;
    if (context->ranks == NULL || context->segment_count < 2) {
        return NULL;
    }
    struct ranks *kept = take(context->ranks, field, 0, &spent);
    if (kept != NULL && !is_of(kept, context)) {
        ranks_drop(kept);
        kept = NULL;
    }
    return kept;
}

/* What making a table costs, in values brought together: those of new segments; moving others is an eighth of that. */
static uint64_t price(const struct query_context *context, uint8_t field, const struct ranks *old)
{
    uint64_t price = 0;
    for (uint32_t i = 0; i < context->segment_count; i++) {
        const struct segment *segment = context->segments[i].segment;
        bool is_old = false;
        for (uint32_t k = 0; old != NULL && k < old->segment_count && !is_old; k++) {
            is_old = old->serials[k] == segment->serial;
        }
        price += is_old ? segment->values[field].count / 8 : segment->values[field].count;
    }
    return price;
}

int ranks_want(const struct query_context *context, uint8_t field, uint64_t values, struct ranks **out)
{
    struct ranks_keeper *keeper = context->ranks;
    uint64_t all = values_of(context, field);
    uint64_t spent;
    *out = NULL;
    if (keeper == NULL || context->segment_count < 2 || context->statistics.products > UINT32_MAX) {
        return 0;
    }
    struct ranks *old = take(keeper, field, values, &spent);
    if (old != NULL && is_of(old, context)) {
        *out = old;
        return 0;
    }
    size_t others = atomic_load_explicit(&keeper->bytes, memory_order_relaxed) - (old == NULL ? 0 : old->bytes);
    int status = 0;
    bool fits = bytes_of_maps(all, context->segment_count) + others <= keeper->bytes_max;
    if (fits && spent >= price(context, field, old) && pthread_mutex_trylock(&keeper->making) == 0) {
        struct ranks *made;
        status = make(context, field, all, old, &made);
        if (status == 0) {
            bool is_kept = made->bytes + others <= keeper->bytes_max;
            atomic_fetch_add_explicit(&made->references, is_kept ? 1 : 0, memory_order_relaxed);
            keep(keeper, field, is_kept ? made : NULL);
            *out = made;
        }
        pthread_mutex_unlock(&keeper->making);
    }
    ranks_drop(old);
    return status == AISLE_END ? 0 : status;
}
