/*
 * merge_values.c - the dictionaries of one keyword field: a k-way merge of sorted values, then codes anew.
 *
 * Values of dead documents only are left behind, so a first pass over the codes finds out which are in use. What a
 * value's ordinal becomes is kept for each source while its field is merged: four bytes a value.
 */
#include "segment/merge_private.h"

#include "base/alloc.h"

#define UNUSED UINT32_MAX

struct value_input {
    struct values_cursor cursor;
    uint32_t *ordinals; /* owned, by ordinal of the source: 0, then that of the result; UNUSED: no live document */
    bool ended;
};

struct value_merge {
    const struct merge_source *sources;
    const struct merge_plan *plan;
    struct value_input *inputs; /* owned, one for each source */
    size_t count;
    uint8_t field;
    struct merge_column column;
    uint32_t list[LIMIT_LIST_VALUES]; /* ordinals of the document at hand */
};

/* The ordinals, in its source, of a document; their number is 0 when it has none. */
static int load_ordinals(struct value_merge *merge, size_t source, uint32_t document, uint32_t *count)
{
    const struct segment *segment = merge->sources[source].segment;
    struct values_of_code walk;
    int64_t code;
    *count = 0;
    int status = merge_column_get(&merge->column, source, document, &code);
    if (status != 0 || code == COLUMN_MISSING) {
        return status;
    }
    status = values_of_code_init(&walk, &segment->values[merge->field], code);
    while (status == 0 && (status = values_of_code_next(&walk, &merge->list[*count])) == 0) {
        (*count)++;
    }
    return status == AISLE_END ? 0 : status;
}

static int find_used(struct value_merge *merge, size_t source)
{
    const struct segment *segment = merge->sources[source].segment;
    uint32_t value_count = segment->values[merge->field].count;
    uint32_t *ordinals = mem_alloc(value_count * sizeof *ordinals);
    merge->inputs[source].ordinals = ordinals;
    if (ordinals == NULL) {
        return AISLE_NO_MEMORY;
    }
    const struct segment_state *state = merge->sources[source].state;
    bool all = state->dead_count == 0 && state->overlay_count == 0; /* a dictionary has what its documents have */
    memset(ordinals, all ? 0 : 0xff, value_count * sizeof *ordinals);
    if (all) {
        return 0;
    }
    int status = 0;
    for (uint32_t document = 0; document < segment->info.documents && status == 0; document++) {
        uint32_t count = 0;
        if (merge->plan->maps[source][document] != MERGE_DROPPED) {
            status = load_ordinals(merge, source, document, &count);
        }
        for (uint32_t i = 0; i < count && status == 0; i++) {
            ordinals[merge->list[i]] = 0;
        }
    }
    return status;
}

/* Moves on to the next value in use, from where the cursor stands. */
static int settle(struct value_input *input, int status)
{
    while (status == 0 && input->ordinals[input->cursor.ordinal] == UNUSED) {
        status = values_next(&input->cursor);
    }
    input->ended = status == AISLE_END;
    return input->ended ? 0 : status;
}

static struct value_input *least_value(struct value_merge *merge)
{
    struct value_input *least = NULL;
    for (size_t i = 0; i < merge->count; i++) {
        struct value_input *input = &merge->inputs[i];
        if (!input->ended &&
            (least == NULL || bytes_compare(input->cursor.folded, least->cursor.folded) < 0)) {
            least = input;
        }
    }
    return least;
}

/* Adds the value that stands first, in the least of its forms, and moves on all sources that have it. */
static int take_value(struct value_merge *merge, const struct value_input *least, struct values_writer *values)
{
    uint8_t copy[VALUES_FOLDED_BYTES_MAX];
    size_t size = least->cursor.folded.size;
    memcpy(copy, least->cursor.folded.data, size);
    struct value_pair value = {bytes_of(copy, size), least->cursor.shown};
    for (size_t i = 0; i < merge->count; i++) {
        const struct value_input *input = &merge->inputs[i];
        if (!input->ended && bytes_equal(input->cursor.folded, value.folded) &&
            bytes_compare(input->cursor.shown, value.shown) < 0) {
            value.shown = input->cursor.shown;
        }
    }
    uint32_t ordinal = values->count;
    int status = values_writer_add(values, &value);
    for (size_t i = 0; i < merge->count && status == 0; i++) {
        struct value_input *input = &merge->inputs[i];
        if (!input->ended && bytes_equal(input->cursor.folded, value.folded)) {
            input->ordinals[input->cursor.ordinal] = ordinal;
            status = settle(input, values_next(&input->cursor));
        }
    }
    return status;
}

static int merge_dictionary(struct value_merge *merge, struct values_writer *values)
{
    int status = 0;
    for (size_t i = 0; i < merge->count && status == 0; i++) {
        struct value_input *input = &merge->inputs[i];
        status = find_used(merge, i);
        if (status == 0) {
            status = settle(input, values_seek(&input->cursor, &merge->sources[i].segment->values[merge->field], 0));
        }
    }
    struct value_input *least;
    while (status == 0 && (least = least_value(merge)) != NULL) {
        status = take_value(merge, least, values);
    }
    return status;
}

/* Ordinals of a source stay in order in the result, since both are sorted by value. */
static int merge_codes(struct value_merge *merge, struct values_writer *values, struct column_writer *column)
{
    struct merge_replay replay;
    size_t source;
    uint32_t document;
    int status = 0;
    merge_replay_init(&replay, merge->sources, merge->plan);
    while (status == 0 && merge_replay_next(&replay, &source, &document)) {
        uint32_t count;
        int64_t code = COLUMN_MISSING;
        status = load_ordinals(merge, source, document, &count);
        for (uint32_t i = 0; i < count && status == 0; i++) {
            merge->list[i] = merge->inputs[source].ordinals[merge->list[i]];
        }
        if (status == 0 && count == 1) {
            code = merge->list[0];
        } else if (status == 0 && count > 1) {
            status = values_writer_list(values, merge->list, count, &code);
        }
        if (status == 0) {
            status = column_writer_add(column, code);
        }
    }
    return status;
}

int merge_values(const struct merge_source *sources, size_t count, const struct merge_plan *plan, uint8_t column,
                 struct segment_writer *writer)
{
    struct value_merge *merge = mem_calloc(1, sizeof *merge);
    struct value_input *inputs = mem_calloc(count, sizeof *inputs);
    int status = merge == NULL || inputs == NULL ? AISLE_NO_MEMORY : 0;
    if (status == 0) {
        *merge = (struct value_merge){.sources = sources,
                                      .plan = plan,
                                      .inputs = inputs,
                                      .count = count,
                                      .field = writer->columns.field[column]};
        status = merge_column_init(&merge->column, sources, count, merge->field);
    }
    if (status == 0) {
        status = merge_dictionary(merge, &writer->values[column]);
    }
    if (status == 0) {
        status = merge_codes(merge, &writer->values[column], &writer->column[column]);
    }
    for (size_t i = 0; i < count && inputs != NULL; i++) {
        mem_free(inputs[i].ordinals);
    }
    if (merge != NULL) {
        merge_column_release(&merge->column);
    }
    mem_free(inputs);
    mem_free(merge);
    return status;
}
