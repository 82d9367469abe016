/*
 * merge.c - several segments into one, without analysing anything again.
 *
 * All segments are sorted by the same key, so the documents of the result are a k-way merge of the sources: it is
 * computed once (struct merge_plan: which source each new document comes from, and where each old one goes) and then
 * replayed for ids, columns and stored products. Every posting list is a merge of the sources' lists under
 * that map, done in slices of new documents so that memory stays bounded whatever the list's length.
 */
#include "segment/merge_private.h"

#include "base/alloc.h"
#include "base/bitset.h"
#include "base/hash.h"

struct input {
    struct segment_place place;
    uint8_t id[LIMIT_ID_BYTES];
    uint32_t document; /* the next live one */
    bool hashed;       /* place.id_hash is known: it is needed where documents have the same order, which few do */
    bool ended;
    uint32_t page;     /* of order keys that is decoded; UINT32_MAX: none yet */
    uint32_t page_count;
    int64_t keys[COLUMN_PAGE_DOCUMENTS];
};

/* Order keys are deltas mostly: a page of them is decoded as a whole. */
static int load_order(const struct merge_source *source, struct input *input)
{
    uint32_t number = input->document / COLUMN_PAGE_DOCUMENTS;
    uint32_t index = input->document % COLUMN_PAGE_DOCUMENTS;
    if (number != input->page) {
        struct bytes page;
        int status = column_page(&source->segment->order, number, &page);
        status = status == 0 ? column_page_decode(page, input->keys, &input->page_count) : status;
        if (status != 0) {
            return AISLE_CORRUPT;
        }
        input->page = number;
    }
    if (index >= input->page_count) {
        return AISLE_CORRUPT;
    }
    input->place.order = column_to_key(input->keys[index]);
    return 0;
}

/* Moves to the first live document from input->document on, and reads its place in the order. */
static int load_input(const struct merge_source *source, struct input *input)
{
    uint32_t documents = source->segment->info.documents;
    while (input->document < documents && !segment_state_alive(source->state, input->document)) {
        input->document++;
    }
    if (input->document == documents) {
        input->ended = true;
        return 0;
    }
    size_t size;
    int status = ids_get(&source->segment->ids, input->document, input->id, &size);
    if (status == 0) {
        status = load_order(source, input);
    }
    input->place.id = bytes_of(input->id, size);
    input->hashed = false;
    return status;
}

static void hash_id(struct input *input)
{
    if (!input->hashed) {
        input->place.id_hash = hash_bytes(input->place.id.data, input->place.id.size);
        input->hashed = true;
    }
}

static inline bool is_before(struct input *a, struct input *b)
{
    if (a->place.order != b->place.order) {
        return a->place.order < b->place.order;
    }
    hash_id(a);
    hash_id(b);
    return segment_place_compare(&a->place, &b->place) < 0;
}

static size_t least_input(struct input *inputs, size_t count)
{
    size_t least = count;
    for (size_t i = 0; i < count; i++) {
        if (!inputs[i].ended && (least == count || is_before(&inputs[i], &inputs[least]))) {
            least = i;
        }
    }
    return least;
}

static int allocate_plan(const struct merge_source *sources, size_t count, struct merge_plan *plan)
{
    uint64_t total = 0;
    bool any_dead = false;
    for (size_t i = 0; i < count; i++) {
        total += sources[i].segment->info.documents - sources[i].state->dead_count;
        any_dead = any_dead || sources[i].state->dead_count != 0;
    }
    if (total > LIMIT_SEGMENT_DOCUMENTS) {
        return AISLE_LIMIT;
    }
    plan->maps = mem_calloc(count, sizeof *plan->maps);
    if (plan->maps == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        size_t bytes = sources[i].segment->info.documents * sizeof *plan->maps[i];
        plan->maps[i] = mem_alloc(bytes);
        if (plan->maps[i] == NULL) {
            return AISLE_NO_MEMORY;
        }
        memset(plan->maps[i], 0xff, bytes);
    }
    plan->ends = mem_calloc((size_t)(total / MERGE_SLICE + 1) * count, sizeof *plan->ends);
    plan->origin = mem_alloc((size_t)total);
    if (any_dead) {
        plan->length_codes = mem_calloc((size_t)total, 1);
    }
    bool failed = plan->ends == NULL || plan->origin == NULL || (any_dead && plan->length_codes == NULL);
    return failed ? AISLE_NO_MEMORY : 0;
}

/* A slice is full: what sources go on with is behind it. */
static void end_slice(const struct input *inputs, size_t count, struct merge_plan *plan)
{
    uint32_t *ends = plan->ends + (size_t)(plan->documents / MERGE_SLICE - 1) * count;
    for (size_t i = 0; i < count; i++) {
        ends[i] = inputs[i].document;
    }
}

/* Merges the document orders, writing ids and order keys on the way. */
static int make_plan(const struct merge_source *sources, size_t count, struct segment_writer *writer,
                     struct merge_plan *plan)
{
    struct input *inputs = mem_calloc(count, sizeof *inputs);
    int status = inputs == NULL ? AISLE_NO_MEMORY : allocate_plan(sources, count, plan);
    for (size_t i = 0; i < count && status == 0; i++) {
        inputs[i].page = UINT32_MAX;
        status = load_input(&sources[i], &inputs[i]);
    }
    while (status == 0) {
        size_t i = least_input(inputs, count);
        if (i == count) {
            break;
        }
        plan->maps[i][inputs[i].document] = plan->documents;
        plan->origin[plan->documents++] = (uint8_t)i;
        status = ids_writer_add(&writer->ids, inputs[i].place.id);
        if (status == 0) {
            status = column_keys_add(&writer->order, inputs[i].place.order);
        }
        if (status == 0) {
            inputs[i].document++;
            status = load_input(&sources[i], &inputs[i]);
        }
        if (plan->documents % MERGE_SLICE == 0) {
            end_slice(inputs, count, plan);
        }
    }
    mem_free(inputs);
    return status;
}

void merge_replay_init(struct merge_replay *replay, const struct merge_source *sources, const struct merge_plan *plan)
{
    *replay = (struct merge_replay){.sources = sources, .plan = plan};
}

bool merge_replay_next(struct merge_replay *replay, size_t *source, uint32_t *document)
{
    if (replay->done == replay->plan->documents) {
        return false;
    }
    size_t i = replay->plan->origin[replay->done++];
    while (replay->plan->maps[i][replay->next[i]] == MERGE_DROPPED) {
        replay->next[i]++;
    }
    *source = i;
    *document = replay->next[i]++;
    return true;
}

int merge_column_init(struct merge_column *column, const struct merge_source *sources, size_t count, uint8_t field)
{
    *column = (struct merge_column){.sources = sources, .field = field};
    column->pages = mem_alloc(count * sizeof *column->pages);
    for (size_t i = 0; i < count && column->pages != NULL; i++) {
        column->pages[i].number = UINT32_MAX;
    }
    return column->pages == NULL ? AISLE_NO_MEMORY : 0;
}

void merge_column_release(struct merge_column *column)
{
    mem_free(column->pages);
    column->pages = NULL;
}

static int turn_page(struct merge_column *column, size_t source, uint32_t number)
{
    const struct merge_source *from = &column->sources[source];
    struct merge_page *page = &column->pages[source];
    struct bytes bytes = segment_state_overlay(from->state, (uint8_t)(PAGE_COLUMN + column->field), number);
    int status = bytes.size != 0 ? 0 : column_page(&from->segment->column[column->field], number, &bytes);
    status = status == 0 ? column_page_view_init(&page->view, bytes) : status;
    page->number = status == 0 ? number : UINT32_MAX;
    return status == 0 ? 0 : AISLE_CORRUPT;
}

int merge_column_get(struct merge_column *column, size_t source, uint32_t document, int64_t *value)
{
    struct merge_page *page = &column->pages[source];
    uint32_t index = document % COLUMN_PAGE_DOCUMENTS;
    *value = COLUMN_MISSING;
    if (page->number != document / COLUMN_PAGE_DOCUMENTS) {
        int status = turn_page(column, source, document / COLUMN_PAGE_DOCUMENTS);
        if (status != 0) {
            return status;
        }
    }
    if (index >= page->view.count) {
        return AISLE_CORRUPT;
    }
    *value = column_page_view_at(&page->view, index);
    return 0;
}

static int merge_numbers(const struct merge_source *sources, size_t count, const struct merge_plan *plan,
                         uint8_t field, struct column_writer *writer)
{
    struct merge_replay replay;
    struct merge_column column;
    size_t source;
    uint32_t document;
    int status = merge_column_init(&column, sources, count, field);
    merge_replay_init(&replay, sources, plan);
    while (status == 0 && merge_replay_next(&replay, &source, &document)) {
        int64_t value;
        status = merge_column_get(&column, source, document, &value);
        if (status == 0) {
            status = column_writer_add(writer, value);
        }
    }
    merge_column_release(&column);
    return status;
}

static bool any_patched(const struct merge_source *sources, size_t count, uint8_t field)
{
    for (size_t i = 0; i < count; i++) {
        const struct segment_state *state = sources[i].state;
        for (size_t o = 0; o < state->overlay_count; o++) {
            if (state->overlays[o].kind == PAGE_PATCHED + field) {
                return true;
            }
        }
    }
    return false;
}

/* Carries the marks "stored product older than this column" over to the new documents. */
static int merge_patched_bits(const struct merge_source *sources, const struct merge_plan *plan, uint8_t field,
                              uint64_t **bits)
{
    struct merge_replay replay;
    size_t source;
    uint32_t document;
    uint64_t *words = mem_calloc(bitset_words(plan->documents), sizeof *words);
    if (words == NULL) {
        return AISLE_NO_MEMORY;
    }
    merge_replay_init(&replay, sources, plan);
    for (uint32_t i = 0; merge_replay_next(&replay, &source, &document); i++) {
        if (segment_state_patched(sources[source].state, field, document)) {
            bitset_set(words, i);
        }
    }
    *bits = words;
    return 0;
}

static int merge_documents(const struct merge_source *sources, const struct merge_plan *plan,
                           struct segment_writer *writer, const struct merge_options *options)
{
    struct merge_replay replay;
    struct buf straddling;
    struct buf restored;
    size_t source;
    uint32_t document;
    int status = 0;
    buf_init(&straddling, LIMIT_PRODUCT_BYTES * 2);
    buf_init(&restored, LIMIT_PRODUCT_BYTES * 2);
    merge_replay_init(&replay, sources, plan);
    while (status == 0 && merge_replay_next(&replay, &source, &document)) {
        const struct segment *segment = sources[source].segment;
        struct bytes stored;
        status = documents_get(&segment->documents, document, &straddling, &stored);
        if (status == 0 && segment->info.dictionary != writer->info.dictionary) {
            buf_clear(&restored);
            status = options->restore(options->context, segment->info.dictionary, stored, &restored);
            stored = buf_bytes(&restored);
        }
        if (status == 0) {
            status = documents_writer_add(&writer->documents, stored);
        }
    }
    buf_release(&straddling);
    buf_release(&restored);
    return status;
}

/* The sum of lengths over the result: the sources' sums, unless dead documents dropped out of them. */
static uint64_t length_sum(const struct merge_source *sources, size_t count, const struct merge_plan *plan,
                           const uint16_t *length_of_code)
{
    uint64_t sum = 0;
    if (plan->length_codes == NULL) {
        for (size_t i = 0; i < count; i++) {
            sum += sources[i].segment->info.length_sum;
        }
        return sum;
    }
    for (uint32_t i = 0; i < plan->documents; i++) {
        sum += length_of_code[plan->length_codes[i]];
    }
    return sum;
}

static void release_plan(struct merge_plan *plan, size_t count)
{
    for (size_t i = 0; i < count && plan->maps != NULL; i++) {
        mem_free(plan->maps[i]);
    }
    mem_free(plan->maps);
    mem_free(plan->ends);
    mem_free(plan->origin);
    mem_free(plan->length_codes);
}

/* A merge reads its sources once: without this, large ones would all be resident by its end. */
static void forget_sources(const struct merge_source *sources, size_t count, const struct merge_options *options)
{
    for (size_t i = 0; i < count && options->stored; i++) {
        segment_forget(sources[i].segment);
    }
}

int segment_merge(const struct merge_source *sources, size_t count, struct segment_writer *writer,
                  const struct merge_options *options, struct merge_patched *patched)
{
    struct merge_plan plan = {.documents = 0};
    *patched = (struct merge_patched){{NULL}};
    if (count == 0 || count > MERGE_SOURCES_MAX) {
        return AISLE_INVALID;
    }
    extent_read_ahead(options->stored);
    int status = make_plan(sources, count, writer, &plan);
    if (status == 0) {
        status = merge_postings(sources, count, &plan, writer);
    }
    forget_sources(sources, count, options);
    for (uint8_t i = 0; i < writer->columns.count && status == 0; i++) {
        uint8_t field = writer->columns.field[i];
        status = writer->columns.values[i] ? merge_values(sources, count, &plan, i, writer)
                                           : merge_numbers(sources, count, &plan, field, &writer->column[i]);
        if (status == 0 && any_patched(sources, count, field)) {
            status = merge_patched_bits(sources, &plan, field, &patched->bits[field]);
        }
    }
    if (status == 0) {
        status = merge_documents(sources, &plan, writer, options);
    }
    forget_sources(sources, count, options);
    if (status == 0) {
        writer->info.documents = plan.documents;
        writer->info.length_sum = length_sum(sources, count, &plan, options->length_of_code);
        for (size_t i = 0; i < count && options->maps != NULL; i++) {
            options->maps[i] = plan.maps[i];
            plan.maps[i] = NULL;
        }
    } else {
        merge_patched_release(patched);
    }
    extent_read_ahead(false);
    release_plan(&plan, count);
    return status == AISLE_INVALID ? AISLE_CORRUPT : status; /* what writers refuse the sources gave */
}

void merge_patched_release(struct merge_patched *patched)
{
    for (unsigned i = 0; i < LIMIT_FIELDS; i++) {
        mem_free(patched->bits[i]);
        patched->bits[i] = NULL;
    }
}
