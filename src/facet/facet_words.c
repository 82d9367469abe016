/*
 * facet_words.c - counts of keywords of several segments brought together by their bytes, and the values to show.
 *
 * With ranks (query/ranks.h) counts are added up already, and a walk over them finds what to show. Without, a k-way
 * merge over the values that were counted, in the order of their folded bytes; values that no match has are passed over
 * by their counts. Where no bytes are asked about, with ranks or where one segment has all there is, only the
 * dictionary entries of values that are shown are read.
 *
 * Thread rule: as the set.
 */
#include "facet/facet_private.h"

#include "query/values_merge.h"
#include "query/watch.h"

#include <stdlib.h>

#define LEVEL_SEPARATOR " > "
#define STRIDE 64u /* values that are passed over at once where none is frequent enough */
#define WATCHED_STEPS 4096u /* values brought together that are a piece of work: some 100 us */

/* A value that may be shown, and where its forms stand. */
struct candidate {
    uint64_t count;
    uint64_t number; /* in the order of values */
    uint32_t segment;
    uint32_t ordinal;
    uint32_t most;       /* that one segment counted of it, without ranks: the form to show is that segment's */
    struct bytes folded; /* by size only */
};

struct merge {
    struct facet_set *set;
    struct facet *facet;
    struct values_merge values; /* that were counted; not with ranks */
    bool reads_bytes;
    bool is_path;
    uint32_t like[FACET_LIKE_MAX]; /* characters that values are like */
    uint32_t like_size;            /* 0: any */
    bool is_open;               /* key and value are one that is being summed up */
    struct candidate value;
    struct bytes key;
    uint8_t key_bytes[VALUES_FOLDED_BYTES_MAX];
    struct candidate *kept; /* by count: a heap, the worst first */
    uint32_t kept_count;
    uint32_t kept_max;
    uint64_t distinct;
};

/* ---- sources ---- */

/* What the values to be shown begin with, in room; empty: anything. */
static struct bytes beginning(const struct facet_request *request, uint8_t room[2 * VALUES_FOLDED_BYTES_MAX + 1])
{
    size_t size = 0;
    if (request->levels != 0) {
        memcpy(room, request->under.data, request->under.size);
        size = request->under.size;
        room[size++] = TEXT_PATH_SEPARATOR;
    }
    if (request->prefix.size != 0) {
        memcpy(room + size, request->prefix.data, request->prefix.size);
        size += request->prefix.size;
    }
    return bytes_of(room, size);
}

static int compare_ordinals(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* From ordinals as they were met to each once, ascending, followed by how often. */
static int sum_noted(struct merge *merge, struct facet_words *word)
{
    uint32_t *sums = arena_calloc(&merge->set->arena, word->noted_count, sizeof *sums);
    uint32_t count = 0;
    if (sums == NULL) {
        return AISLE_NO_MEMORY;
    }
    qsort(word->noted, word->noted_count, sizeof *word->noted, compare_ordinals);
    for (uint32_t i = 0; i < word->noted_count; i++) {
        count += count == 0 || word->noted[i] != word->noted[count - 1] ? 1 : 0;
        word->noted[count - 1] = word->noted[i];
        sums[count - 1]++;
    }
    word->noted_count = count;
    word->noted_sums = sums;
    return 0;
}

/* Adds the values of a segment that begin as the request wants. */
static int add_source(struct merge *merge, uint32_t number)
{
    const struct facet_request *request = merge->facet->request;
    const struct values_reader *values = &merge->set->context->segments[number].segment->values[request->field];
    uint8_t room[2 * VALUES_FOLDED_BYTES_MAX + 1];
    struct bytes prefix = beginning(request, room);
    uint32_t first = 0;
    uint32_t end = values->count;
    bool exact;
    int status = prefix.size == 0 ? 0 : values_find(values, prefix, &first, &exact);
    status = status == 0 && prefix.size != 0 ? values_find_end(values, prefix, first, &end) : status;
    struct facet_words *word = &merge->facet->words[number];
    bool listed = word->counts == NULL;
    status = status == 0 && listed ? sum_noted(merge, word) : status;
    const struct values_source source = {.values = values,
                                         .counts = word->counts,
                                         .listed = listed ? word->noted : NULL,
                                         .listed_count = word->noted_count,
                                         .number = number,
                                         .end = end};
    return status != 0 ? status : values_merge_add(&merge->values, &source, first);
}

static bool has_counted(const struct facet_words *word)
{
    return word->counts != NULL || word->noted_count != 0;
}

static int open_sources(struct merge *merge, uint32_t counted)
{
    const struct facet *facet = merge->facet;
    uint32_t segments = merge->set->context->segment_count;
    merge->reads_bytes = merge->reads_bytes || counted > 1;
    int status = values_merge_init(&merge->values, counted, merge->reads_bytes, &merge->set->arena);
    for (uint32_t i = 0; i < segments && status == 0; i++) {
        status = has_counted(&facet->words[i]) ? add_source(merge, i) : 0;
    }
    return status;
}

/* How many segments have counted anything; *values: how much there is to be brought together, about. */
static uint32_t look_at_counts(const struct merge *merge, uint64_t *values)
{
    uint32_t counted = 0;
    *values = 0;
    for (uint32_t i = 0; i < merge->set->context->segment_count; i++) {
        const struct facet_words *word = &merge->facet->words[i];
        counted += has_counted(word) ? 1 : 0;
        *values += word->noted_count;
        for (uint32_t o = 0; word->counts != NULL && o < word->value_count; o++) {
            *values += word->counts[o] != 0 ? 1 : 0;
        }
    }
    return counted;
}

/* ---- what is kept ---- */

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    return a->count != b->count ? a->count > b->count : a->number < b->number;
}

static void sink_candidate(struct merge *merge, uint32_t at)
{
    struct candidate moved = merge->kept[at];
    for (;;) {
        uint32_t child = at * 2 + 1;
        if (child >= merge->kept_count) {
            break;
        }
        if (child + 1 < merge->kept_count && is_better(&merge->kept[child], &merge->kept[child + 1])) {
            child++;
        }
        if (is_better(&merge->kept[child], &moved)) {
            break;
        }
        merge->kept[at] = merge->kept[child];
        at = child;
    }
    merge->kept[at] = moved;
}

static int keep_by_size(struct merge *merge, const struct candidate *value)
{
    struct bytes copy = bytes_of(arena_copy(&merge->set->arena, merge->key.data, merge->key.size), merge->key.size);
    if (merge->kept_count == merge->kept_max) {
        return AISLE_LIMIT;
    }
    merge->kept[merge->kept_count] = *value;
    merge->kept[merge->kept_count++].folded = copy;
    return copy.data == NULL ? AISLE_NO_MEMORY : 0;
}

static void keep_by_count(struct merge *merge, const struct candidate *value)
{
    if (merge->kept_count < merge->kept_max) {
        uint32_t at = merge->kept_count++;
        while (at > 0 && is_better(&merge->kept[(at - 1) / 2], value)) {
            merge->kept[at] = merge->kept[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        merge->kept[at] = *value;
    } else if (merge->kept_max != 0 && is_better(value, &merge->kept[0])) {
        merge->kept[0] = *value;
        sink_candidate(merge, 0);
    }
}

static int keep(struct merge *merge)
{
    struct candidate *value = &merge->value;
    merge->is_open = false;
    value->number = merge->distinct++;
    switch (merge->facet->request->order) {
    case FACET_BY_SIZE:
        return keep_by_size(merge, value);
    case FACET_BY_VALUE:
        if (merge->kept_count < merge->kept_max) {
            merge->kept[merge->kept_count++] = *value;
        }
        return 0;
    case FACET_BY_COUNT:
        break;
    }
    keep_by_count(merge, value);
    return 0;
}

/* ---- from values to what is counted ---- */

struct bytes facet_cut_path(struct bytes path, uint32_t levels, struct bytes *label)
{
    size_t at = 0;
    for (uint32_t level = 0; level < levels; level++) {
        const uint8_t *found = at < path.size ? memchr(path.data + at, TEXT_PATH_SEPARATOR, path.size - at) : NULL;
        if (found == NULL) {
            return bytes_of(NULL, 0);
        }
        at = (size_t)(found - path.data) + 1;
    }
    const uint8_t *end = at < path.size ? memchr(path.data + at, TEXT_PATH_SEPARATOR, path.size - at) : NULL;
    size_t size = end == NULL ? path.size : (size_t)(end - path.data);
    *label = bytes_of(path.data + at, size - at);
    return bytes_of(path.data, size);
}

static bool contains(struct bytes text, struct bytes wanted)
{
    return wanted.size == 0 ||
           (text.size >= wanted.size && memmem(text.data, text.size, wanted.data, wanted.size) != NULL);
}

/* A value that was counted. */
struct counted {
    struct bytes folded; /* empty unless bytes are read */
    uint32_t segment;
    uint32_t ordinal;
    uint32_t count;
};

/* Adds a value to the one that is being summed up, or begins with it. */
static int add(struct merge *merge, const struct counted *counted)
{
    const struct facet_request *request = merge->facet->request;
    struct bytes key = counted->folded;
    struct bytes label = key;
    int status = 0;
    if (merge->is_path) {
        key = facet_cut_path(key, request->levels, &label);
        if (key.data == NULL) {
            return 0;
        }
    }
    if (merge->is_open && (!merge->reads_bytes || !bytes_equal(key, merge->key))) {
        status = keep(merge);
    }
    bool is_shown = contains(label, request->contains) &&
                    (merge->like_size == 0 || facet_is_like(merge->like, merge->like_size, label));
    if (status != 0 || !is_shown) {
        return status;
    }
    struct candidate *value = &merge->value;
    if (!merge->is_open) {
        merge->is_open = true;
        *value = (struct candidate){.segment = counted->segment, .ordinal = counted->ordinal, .most = counted->count};
        if (key.size != 0) {
            memcpy(merge->key_bytes, key.data, key.size);
        }
        merge->key = bytes_of(merge->key_bytes, key.size);
    } else if (counted->count > value->most) {
        value->segment = counted->segment;
        value->ordinal = counted->ordinal;
        value->most = counted->count;
    }
    value->count += counted->count;
    return 0;
}

/* The best of all ranks by count alone: what is worse than those held is only counted. */
static void keep_ranked(struct merge *merge, uint32_t first, uint32_t end)
{
    const struct facet *facet = merge->facet;
    const struct ranks_place *places = facet->ranks->places;
    uint64_t least = 0; /* only more than this is kept */
    bool skips = facet->matches <= INT32_MAX; /* and so no count is more */
    for (uint32_t rank = first; rank < end; rank++) {
        if (skips && least != 0 && (rank - first) % STRIDE == 0 && end - rank >= STRIDE &&
            least <= INT32_MAX - 1 &&
            facet_codes_below(facet->totals + rank, STRIDE, (uint32_t)least + 1) == STRIDE) {
            merge->distinct += STRIDE - facet_codes_below(facet->totals + rank, STRIDE, 1);
            rank += STRIDE - 1;
            continue;
        }
        uint32_t count = facet->totals[rank];
        merge->distinct += count != 0 ? 1 : 0;
        if (count > least) {
            struct ranks_place place = places[rank];
            keep_by_count(merge, &(struct candidate){.count = count, .number = rank, .segment = place.segment,
                                                     .ordinal = place.ordinal});
            least = merge->kept_count < merge->kept_max ? 0 : merge->kept_max == 0 ? UINT64_MAX : merge->kept[0].count;
        }
    }
}

static int find_ranks(struct merge *merge, uint32_t *first, uint32_t *end)
{
    const struct query_context *context = merge->set->context;
    const struct ranks *ranks = merge->facet->ranks;
    uint8_t field = merge->facet->request->field;
    uint8_t room[2 * VALUES_FOLDED_BYTES_MAX + 1];
    struct bytes prefix = beginning(merge->facet->request, room);
    bool exact;
    *first = 0;
    *end = ranks->count;
    if (prefix.size == 0) {
        return 0;
    }
    int status = ranks_lower_bound(ranks, context, field, 0, prefix, first, &exact);
    room[prefix.size - 1]++; /* no byte of a folded form is 255 */
    return status != 0 ? status : ranks_lower_bound(ranks, context, field, *first, prefix, end, &exact);
}

/* What a watch stops is shown as far as it has come; the answer is then marked as a part. */
static int run_ranked(struct merge *merge)
{
    const struct facet *facet = merge->facet;
    const struct query_context *context = merge->set->context;
    struct values_cursor cursor = {.folded = bytes_of(NULL, 0)};
    uint32_t first;
    uint32_t end;
    uint32_t steps = 0;
    int status = find_ranks(merge, &first, &end);
    if (status == 0 && !merge->reads_bytes && facet->request->order == FACET_BY_COUNT) {
        keep_ranked(merge, first, end);
        return 0;
    }
    for (uint32_t rank = first; rank < end && status == 0; rank++) {
        if (facet->totals[rank] == 0) {
            continue;
        }
        if (++steps % WATCHED_STEPS == 0 && query_watch_stops(context->watch)) {
            break;
        }
        if (merge->reads_bytes) {
            status = ranks_seek(facet->ranks, context, facet->request->field, rank, &cursor);
        }
        struct ranks_place place = facet->ranks->places[rank];
        const struct counted counted = {cursor.folded, place.segment, place.ordinal, facet->totals[rank]};
        status = status == 0 ? add(merge, &counted) : status;
    }
    return status == 0 && merge->is_open ? keep(merge) : status;
}

static int run_merged(struct merge *merge, uint32_t segments)
{
    struct values_source *source;
    struct query_watch *watch = merge->set->context->watch;
    uint32_t steps = 0;
    int status = open_sources(merge, segments);
    while (status == 0 && (source = values_merge_least(&merge->values)) != NULL) {
        if (++steps % WATCHED_STEPS == 0 && query_watch_stops(watch)) {
            break;
        }
        const struct counted counted = {
            merge->reads_bytes ? source->cursor.folded : bytes_of(NULL, 0), source->number, source->ordinal,
            source->listed != NULL ? merge->facet->words[source->number].noted_sums[source->at]
                                   : source->counts[source->ordinal]};
        status = add(merge, &counted);
        status = status == 0 ? values_merge_next(&merge->values) : status;
    }
    return status == 0 && merge->is_open ? keep(merge) : status;
}

static int run(struct merge *merge)
{
    const struct facet_request *request = merge->facet->request;
    struct ranks *ranks = NULL;
    uint64_t values = 0;
    uint32_t segments = 0;
    int status = 0;
    merge->reads_bytes = merge->is_path || request->contains.size != 0 || request->like.size != 0 ||
                         request->order == FACET_BY_SIZE;
    if (merge->facet->ranks == NULL) {
        segments = look_at_counts(merge, &values);
        status = segments > 1 ? ranks_want(merge->set->context, request->field, values, &ranks) : 0;
        status = status == 0 && ranks != NULL ? facet_take_ranks(merge->facet, ranks) : status;
    }
    return status != 0 ? status : merge->facet->ranks != NULL ? run_ranked(merge) : run_merged(merge, segments);
}

/* ---- the answer ---- */

static int compare_counts(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    return is_better(a, b) ? -1 : is_better(b, a) ? 1 : 0;
}

static int compare_sizes(const void *left, const void *right)
{
    return facet_compare_sizes(((const struct candidate *)left)->folded, ((const struct candidate *)right)->folded);
}

/* The first levels of a path as it is shown. */
static struct bytes cut_shown(struct bytes shown, uint32_t levels)
{
    size_t at = 0;
    for (uint32_t level = 0; level < levels; level++) {
        const uint8_t *found = memmem(shown.data + at, shown.size - at, LEVEL_SEPARATOR, strlen(LEVEL_SEPARATOR));
        if (found == NULL) {
            return shown;
        }
        at = (size_t)(found - shown.data) + strlen(LEVEL_SEPARATOR);
    }
    return bytes_of(shown.data, at - strlen(LEVEL_SEPARATOR));
}

static int show(const struct merge *merge, const struct candidate *candidate, struct facet_value *value)
{
    const struct query_segment *in = &merge->set->context->segments[candidate->segment];
    const struct facet_request *request = merge->facet->request;
    struct values_cursor cursor;
    int status = values_seek(&cursor, &in->segment->values[request->field], candidate->ordinal);
    if (status != 0) {
        return AISLE_CORRUPT;
    }
    struct bytes shown = merge->is_path ? cut_shown(cursor.shown, request->levels + 1) : cursor.shown;
    value->text = bytes_of(arena_copy(&merge->set->arena, shown.data, shown.size), shown.size);
    value->count = facet_estimate(merge->facet, candidate->count);
    return value->text.data == NULL ? AISLE_NO_MEMORY : 0;
}

int facet_answer_words(struct facet_set *set, struct facet *facet, struct facet_answer *out, aisle_error *error)
{
    const struct facet_request *request = facet->request;
    const struct field *field = &set->context->schema->fields[request->field];
    struct merge merge = {.set = set, .facet = facet, .is_path = field->type == FIELD_PATH && !request->whole};
    bool by_size = request->order == FACET_BY_SIZE;
    merge.like_size = facet_like_read(request->like, merge.like, FACET_LIKE_MAX);
    merge.kept_max = by_size ? LIMIT_FACET_SIZES : request->limit;
    merge.kept = arena_alloc(&set->arena, merge.kept_max * sizeof *merge.kept);
    int status = merge.kept == NULL ? AISLE_NO_MEMORY : run(&merge);
    if (status == AISLE_LIMIT) {
        return error_set(error, status, "facet: field \"%s\" has more than %u values to be ordered by size",
                         field->name, LIMIT_FACET_SIZES);
    }
    if (status == 0 && merge.kept_count != 0 && request->order != FACET_BY_VALUE) {
        qsort(merge.kept, merge.kept_count, sizeof *merge.kept, by_size ? compare_sizes : compare_counts);
    }
    out->value_count = merge.kept_count < request->limit ? merge.kept_count : request->limit;
    struct facet_value *values = arena_calloc(&set->arena, out->value_count, sizeof *values);
    status = status == 0 && values == NULL ? AISLE_NO_MEMORY : status;
    for (uint32_t i = 0; i < out->value_count && status == 0; i++) {
        status = show(&merge, &merge.kept[i], &values[i]);
    }
    out->values = values;
    out->distinct = merge.distinct;
    return status;
}

int facet_set_answer(struct facet_set *set, uint32_t i, struct facet_answer *out, aisle_error *error)
{
    struct facet *facet = &set->facets[i];
    bool words = facet->request->kind == FACET_WORDS;
    *out = (struct facet_answer){.sampled = facet->looked != facet->matches};
    int status = words ? facet_leave_words(facet) : 0;
    if (status == 0) {
        status = words ? facet_answer_words(set, facet, out, error) : facet_answer_numbers(set, facet, out, error);
    }
    out->missing = facet_estimate(facet, facet->missing);
    out->products = facet->groups != NULL ? facet_groups_with_value(facet->groups)
                                          : facet_estimate(facet, facet->looked - facet->missing);
    return status;
}
