/*
 * facet_words.c - counts of keywords of several segments brought together by their bytes, and the values to show.
 *
 * A k-way merge over the values that were counted, in the order of their folded bytes; values that no match has are
 * passed over by their counts. When one segment has all there is and no bytes are asked about, only the dictionary
 * entries of values that are shown are read.
 *
 * Thread rule: as the set.
 */
#include "facet/facet_private.h"

#include "query/values_merge.h"
#include "query/watch.h"

#include <stdlib.h>

#define LEVEL_SEPARATOR " > "
#define WATCHED_STEPS 4096u /* values brought together that are a piece of work: some 100 us */

/* A value that may be shown, and where its forms stand. */
struct candidate {
    uint64_t count;
    uint64_t number; /* in the order of values */
    uint32_t segment;
    uint32_t ordinal;
    uint32_t most;       /* that one segment counted of it: the form to show is that segment's */
    struct bytes folded; /* by size only */
};

struct merge {
    struct facet_set *set;
    const struct facet *facet;
    struct values_merge values; /* that were counted */
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

/* Adds the values of a segment that begin as the request wants. */
static int add_source(struct merge *merge, uint32_t number)
{
    const struct facet_request *request = merge->facet->request;
    const struct values_reader *values = &merge->set->context->segments[number].segment->values[request->field];
    uint8_t bytes[2 * VALUES_FOLDED_BYTES_MAX + 1];
    size_t size = 0;
    uint32_t first = 0;
    uint32_t end = values->count;
    bool exact;
    if (request->levels != 0) {
        memcpy(bytes, request->under.data, request->under.size);
        size = request->under.size;
        bytes[size++] = TEXT_PATH_SEPARATOR;
    }
    if (request->prefix.size != 0) {
        memcpy(bytes + size, request->prefix.data, request->prefix.size);
        size += request->prefix.size;
    }
    struct bytes prefix = bytes_of(bytes, size);
    int status = size == 0 ? 0 : values_find(values, prefix, &first, &exact);
    status = status == 0 && size != 0 ? values_find_end(values, prefix, first, &end) : status;
    const struct facet_words *word = &merge->facet->words[number];
    return status != 0 ? status
                       : values_merge_add(&merge->values,
                                          &(struct values_source){
                                              .values = values, .counts = word->counts, .number = number, .end = end},
                                          first);
}

static int open_sources(struct merge *merge)
{
    const struct facet *facet = merge->facet;
    const struct query_context *context = merge->set->context;
    uint32_t counted = 0;
    for (uint32_t i = 0; i < context->segment_count; i++) {
        counted += facet->words[i].counts != NULL ? 1 : 0;
    }
    bool reads_bytes = counted > 1 || merge->is_path || facet->request->contains.size != 0 ||
                       facet->request->like.size != 0 ||
                       facet->request->order == FACET_BY_SIZE;
    int status = values_merge_init(&merge->values, counted, reads_bytes, &merge->set->arena);
    for (uint32_t i = 0; i < context->segment_count && status == 0; i++) {
        status = facet->words[i].counts != NULL ? add_source(merge, i) : 0;
    }
    return status;
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

/* Adds a source's value to the one that is being summed up, or begins with it. */
static int add(struct merge *merge, const struct values_source *source)
{
    const struct facet_request *request = merge->facet->request;
    uint32_t count = source->counts[source->ordinal];
    struct bytes key = merge->values.reads_bytes ? source->cursor.folded : bytes_of(NULL, 0);
    struct bytes label = key;
    int status = 0;
    if (merge->is_path) {
        key = facet_cut_path(key, request->levels, &label);
        if (key.data == NULL) {
            return 0;
        }
    }
    if (merge->is_open && (!merge->values.reads_bytes || !bytes_equal(key, merge->key))) {
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
        *value = (struct candidate){.segment = source->number, .ordinal = source->ordinal, .most = count};
        if (key.size != 0) {
            memcpy(merge->key_bytes, key.data, key.size);
        }
        merge->key = bytes_of(merge->key_bytes, key.size);
    } else if (count > value->most) {
        value->segment = source->number;
        value->ordinal = source->ordinal;
        value->most = count;
    }
    value->count += count;
    return 0;
}

/* What a watch stops is shown as far as it has come; the answer is then marked as a part. */
static int run(struct merge *merge)
{
    struct values_source *source;
    struct query_watch *watch = merge->set->context->watch;
    uint32_t steps = 0;
    int status = open_sources(merge);
    while (status == 0 && (source = values_merge_least(&merge->values)) != NULL) {
        if (++steps % WATCHED_STEPS == 0 && query_watch_stops(watch)) {
            break;
        }
        status = add(merge, source);
        status = status == 0 ? values_merge_next(&merge->values) : status;
    }
    return status == 0 && merge->is_open ? keep(merge) : status;
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
