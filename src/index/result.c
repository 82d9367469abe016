/*
 * result.c - the public accessors of an answer.
 */
#include "index/result.h"

#include "base/alloc.h"
#include "base/limits.h"

#define RESULT_BYTES_FIRST 1024u /* the ids and the cursor of a page, asked for at once */
#define RESULT_KEPT_BYTES 65536u /* of one that waits for the next search: a page with its products */

int result_new(struct aisle_result **out)
{
    struct aisle_result *result = mem_calloc(1, sizeof *result);
    *out = result;
    if (result == NULL) {
        return AISLE_NO_MEMORY;
    }
    buf_init(&result->bytes, LIMIT_RESULT_BYTES);
    if (buf_extend(&result->bytes, RESULT_BYTES_FIRST) == NULL) {
        aisle_result_free(result);
        *out = NULL;
        return AISLE_NO_MEMORY;
    }
    result->bytes.size = 0;
    return 0;
}

static void free_lists(struct aisle_result *result)
{
    for (size_t i = 0; i < result->facet_count; i++) {
        mem_free(result->facets[i].values);
    }
    mem_free(result->facets);
    mem_free(result->groups);
    mem_free(result->highlights);
    mem_free(result->notes);
    mem_free(result->rules);
}

void aisle_result_free(aisle_result *result)
{
    if (result != NULL) {
        free_lists(result);
        buf_release(&result->bytes);
        mem_free(result->hits);
        mem_free(result);
    }
}

bool result_empty(struct aisle_result *result)
{
    struct aisle_result empty = {
        .bytes = result->bytes, .hits = result->hits, .hit_capacity = result->hit_capacity};
    if (result_bytes(result) > RESULT_KEPT_BYTES) {
        return false;
    }
    free_lists(result);
    buf_clear(&empty.bytes);
    *result = empty;
    return true;
}

size_t result_bytes(const struct aisle_result *result)
{
    return sizeof *result + result->bytes.capacity + result->hit_capacity * sizeof *result->hits;
}

struct result_hit *result_add(struct aisle_result *result)
{
    if (result->hit_count == result->hit_capacity) {
        size_t wanted = result->hit_capacity == 0 ? 16 : result->hit_capacity * 2;
        struct result_hit *grown = mem_realloc(result->hits, wanted * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        result->hits = grown;
        result->hit_capacity = wanted;
    }
    struct result_hit *hit = &result->hits[result->hit_count++];
    *hit = (struct result_hit){.score = 0};
    return hit;
}

struct result_highlight *result_add_highlight(struct aisle_result *result)
{
    if (result->highlights_held == result->highlight_capacity) {
        size_t wanted = result->highlight_capacity == 0 ? 16 : result->highlight_capacity * 2;
        struct result_highlight *grown = mem_realloc(result->highlights, wanted * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        result->highlights = grown;
        result->highlight_capacity = wanted;
    }
    struct result_highlight *highlight = &result->highlights[result->highlights_held++];
    *highlight = (struct result_highlight){.found = 0};
    return highlight;
}

int result_make_facets(struct aisle_result *result, size_t count)
{
    result->facets = mem_calloc(count, sizeof *result->facets);
    result->facet_count = result->facets == NULL ? 0 : count;
    return result->facets == NULL && count != 0 ? AISLE_NO_MEMORY : 0;
}

int result_make_groups(struct aisle_result *result, size_t count)
{
    result->groups = mem_calloc(count, sizeof *result->groups);
    result->group_count = result->groups == NULL ? 0 : count;
    return result->groups == NULL && count != 0 ? AISLE_NO_MEMORY : 0;
}

struct result_slice result_put(struct aisle_result *result, struct bytes bytes)
{
    size_t start = result->bytes.size;
    buf_put(&result->bytes, bytes.data, bytes.size);
    return (struct result_slice){start, result->bytes.size - start};
}

uint64_t aisle_result_total(const aisle_result *result, bool *exact)
{
    if (exact != NULL) {
        *exact = result->total_is_exact;
    }
    return result->total;
}

size_t aisle_result_count(const aisle_result *result)
{
    return result->hit_count;
}

uint64_t aisle_result_took_us(const aisle_result *result)
{
    return result->took_us;
}

static aisle_bytes view(const aisle_result *result, struct result_slice slice)
{
    const char *data = result->bytes.data == NULL ? "" : (const char *)result->bytes.data + slice.start;
    return (aisle_bytes){data, slice.size};
}

int aisle_result_hit(const aisle_result *result, size_t i, aisle_hit *hit)
{
    if (result == NULL || i >= result->hit_count) {
        return AISLE_END;
    }
    const struct result_hit *held = &result->hits[i];
    *hit = (aisle_hit){.id = view(result, held->id),
                       .product = view(result, held->product),
                       .score = held->score,
                       .explanation = view(result, held->explanation)};
    return 0;
}

int aisle_result_highlight(const aisle_result *result, size_t hit, size_t field, aisle_highlight *highlight)
{
    if (result == NULL || hit >= result->hit_count || field >= result->highlight_count) {
        return AISLE_END;
    }
    const struct result_highlight *held = &result->highlights[hit * result->highlight_count + field];
    *highlight = (aisle_highlight){.text = view(result, held->text), .found = held->found};
    return 0;
}

aisle_bytes aisle_result_corrected(const aisle_result *result)
{
    return view(result, result->corrected);
}

int aisle_result_note(const aisle_result *result, size_t i, aisle_note *note)
{
    if (result == NULL || i >= result->note_count) {
        return AISLE_END;
    }
    const struct result_note *held = &result->notes[i];
    *note = (aisle_note){.kind = held->kind, .typed = view(result, held->typed), .used = view(result, held->used)};
    return 0;
}

bool aisle_result_pinned(const aisle_result *result, size_t i)
{
    return i < result->hit_count && result->hits[i].pinned;
}

int aisle_result_rule(const aisle_result *result, size_t i, aisle_bytes *id)
{
    if (i >= result->rule_count) {
        return AISLE_END;
    }
    *id = view(result, result->rules[i]);
    return 0;
}

aisle_bytes aisle_result_cursor(const aisle_result *result)
{
    return view(result, result->cursor);
}

bool aisle_result_partial(const aisle_result *result)
{
    return result->is_partial;
}

int aisle_result_facet(const aisle_result *result, size_t i, aisle_facet *facet)
{
    if (result == NULL || i >= result->facet_count) {
        return AISLE_END;
    }
    const struct result_facet *held = &result->facets[i];
    *facet = (aisle_facet){.field = view(result, held->field),
                           .value_count = held->value_count,
                           .distinct = held->distinct,
                           .products = held->products,
                           .missing = held->missing,
                           .sampled = held->sampled,
                           .min = view(result, held->min),
                           .max = view(result, held->max),
                           .sum = view(result, held->sum),
                           .mean = held->mean};
    return 0;
}

int aisle_result_facet_value(const aisle_result *result, size_t i, size_t k, aisle_facet_value *value)
{
    if (result == NULL || i >= result->facet_count || k >= result->facets[i].value_count) {
        return AISLE_END;
    }
    const struct result_facet_value *held = &result->facets[i].values[k];
    *value = (aisle_facet_value){.value = view(result, held->value),
                                 .from = view(result, held->from),
                                 .to = view(result, held->to),
                                 .count = held->count};
    return 0;
}

uint64_t aisle_result_groups(const aisle_result *result)
{
    return result->group_total;
}

int aisle_result_group(const aisle_result *result, size_t i, aisle_group *group)
{
    if (result == NULL || i >= result->group_count) {
        return AISLE_END;
    }
    const struct result_group *held = &result->groups[i];
    *group = (aisle_group){.value = view(result, held->value),
                           .first_hit = held->first,
                           .hit_count = held->count,
                           .products = held->products};
    return 0;
}
