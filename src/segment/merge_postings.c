/*
 * merge_postings.c - merging dictionaries term by term, and the lists of each term slice by slice.
 *
 * A slice is a range of new documents. Each source's list is ascending, so to a slice every source contributes
 * an ascending run; runs are merged pairwise. Most terms occur in one or two sources and fit one slice. Positions are
 * carried along as they are: each posting of the result takes the entry of the posting that it was, whose number in its
 * source's list the runs are taken with.
 */
#include "segment/merge_private.h"

#include "base/alloc.h"
#include "base/arena.h"

#define DOCUMENT_SHIFT 16u /* of a posting in a slice */
#define SOURCE_SHIFT 8u

static_assert(MERGE_SOURCES_MAX <= 1u << (DOCUMENT_SHIFT - SOURCE_SHIFT), "a source is a byte");

/* At most so many postings wait in memory, 25 bytes each; one more is written before it is known to be dead. */
#define SLICE_POSTINGS (MERGE_SLICE + 1)

/* Entries of positions go to the writer when so many bytes of them wait. */
#define ENTRIES_BYTES (1u << 16)
#define BLOCK_BYTES_MAX ((size_t)POSTINGS_BLOCK * POSITIONS_ENTRY_BYTES_MAX)

struct term_input {
    struct terms_cursor terms;
    struct postings_cursor postings;
    struct positions_cursor positions;
    uint64_t order;   /* the first eight bytes of the term, so that numbers compare as terms do, but for equal ones */
    uint32_t ordinal; /* of the posting that postings stands on */
    size_t carried;   /* in slice.ordinals: of the next posting whose entry is wanted */
    const struct merge_source *source;
    const uint32_t *map;
    int status; /* of terms: 0 while on a term */
    bool taking;
};

struct slice {
    uint64_t *postings; /* new document << 16 | source << 8 | code; owned, SLICE_POSTINGS */
    uint64_t *scratch; /* owned, as many */
    uint32_t *documents;
    uint8_t *codes;
    uint32_t *ordinals; /* run by run, as taken; owned, as many */
    struct buf entries;
    struct arena blocks; /* of positions, where they straddle */
    size_t runs[MERGE_SOURCES_MAX + 1]; /* where each run begins */
    size_t run_count;
    size_t count;
};

static int init_slice(struct slice *slice)
{
    buf_init(&slice->entries, ENTRIES_BYTES + BLOCK_BYTES_MAX);
    arena_init(&slice->blocks, MERGE_SOURCES_MAX * 2 * BLOCK_BYTES_MAX);
    slice->postings = mem_alloc(SLICE_POSTINGS * sizeof *slice->postings);
    slice->scratch = mem_alloc(SLICE_POSTINGS * sizeof *slice->scratch);
    slice->documents = mem_alloc(SLICE_POSTINGS * sizeof *slice->documents);
    slice->codes = mem_alloc(SLICE_POSTINGS);
    slice->ordinals = mem_alloc(SLICE_POSTINGS * sizeof *slice->ordinals);
    bool failed = slice->postings == NULL || slice->scratch == NULL || slice->documents == NULL ||
                  slice->codes == NULL || slice->ordinals == NULL;
    return failed ? AISLE_NO_MEMORY : 0;
}

static void release_slice(struct slice *slice)
{
    mem_free(slice->postings);
    mem_free(slice->scratch);
    mem_free(slice->documents);
    mem_free(slice->codes);
    mem_free(slice->ordinals);
    buf_release(&slice->entries);
    arena_release(&slice->blocks);
}

/* Of the slice's postings from the first on: the lengths of their documents. */
static void note_lengths(const struct slice *slice, size_t first, uint8_t *length_codes)
{
    for (size_t i = first; i < slice->count; i++) {
        length_codes[slice->postings[i] >> DOCUMENT_SHIFT] = slice->postings[i] & 31;
    }
}

/* Appends the source's postings before its document end, of those that live. */
static void take_run(struct term_input *input, size_t source, uint32_t end, struct slice *slice, uint8_t *length_codes)
{
    const uint32_t *documents;
    const uint8_t *codes;
    size_t count;
    slice->runs[slice->run_count++] = slice->count;
    input->carried = slice->count;
    while (end != 0 && (count = postings_cursor_batch(&input->postings, end - 1, &documents, &codes)) != 0) {
        size_t taken = slice->count;
        for (size_t i = 0; i < count; i++) {
            uint32_t mapped = input->map[documents[i]];
            slice->ordinals[taken] = input->ordinal++;
            slice->postings[taken] = (uint64_t)mapped << DOCUMENT_SHIFT | source << SOURCE_SHIFT | codes[i];
            taken += mapped != MERGE_DROPPED;
        }
        slice->count = taken;
    }
    if (length_codes != NULL) {
        note_lengths(slice, input->carried, length_codes);
    }
}

static void merge_two(const uint64_t *a, const uint64_t *a_end, const uint64_t *b, const uint64_t *b_end,
                      uint64_t *out)
{
    while (a != a_end && b != b_end) { /* which of them is chance: without a branch */
        bool first = *a < *b;
        *out++ = first ? *a : *b;
        a += first;
        b += !first;
    }
    memcpy(out, a, (size_t)(a_end - a) * sizeof *a);
    memcpy(out + (a_end - a), b, (size_t)(b_end - b) * sizeof *b);
}

/* Merges neighbouring runs until one is left. */
static void merge_runs(struct slice *slice)
{
    while (slice->run_count > 1) {
        size_t merged = 0;
        slice->runs[slice->run_count] = slice->count;
        for (size_t i = 0; i < slice->run_count; i += 2) {
            size_t start = slice->runs[i];
            size_t middle = slice->runs[i + 1];
            size_t end = i + 2 <= slice->run_count ? slice->runs[i + 2] : middle;
            merge_two(slice->postings + start, slice->postings + middle, slice->postings + middle,
                      slice->postings + end, slice->scratch + start);
            slice->runs[merged++] = start;
        }
        slice->run_count = merged;
        uint64_t *swap = slice->postings;
        slice->postings = slice->scratch;
        slice->scratch = swap;
    }
}

/* Most entries have one to four bytes, for which a call costs more than the copy. */
static inline void put_entry(struct buf *entries, struct bytes entry)
{
    if (entry.size == 0 || entry.size > 4) {
        buf_put(entries, entry.data, entry.size);
        return;
    }
    uint8_t *to = buf_extend(entries, entry.size);
    if (to != NULL) {
        to[0] = entry.data[0];
        to[entry.size / 2] = entry.data[entry.size / 2];
        to[entry.size - 1] = entry.data[entry.size - 1];
        to[entry.size / 4] = entry.data[entry.size / 4];
    }
}

/* Gives each posting of the slice the entry it had in its source. */
static int carry_positions(struct term_input *inputs, struct slice *slice, struct positions_writer *writer)
{
    size_t waiting = 0;
    int status = 0;
    buf_clear(&slice->entries);
    for (size_t i = 0; i < slice->count && status == 0; i++) {
        struct term_input *input = &inputs[(uint8_t)(slice->postings[i] >> SOURCE_SHIFT)];
        uint32_t ordinal = slice->ordinals[input->carried++];
        struct bytes entry;
        if (!positions_cursor_step(&input->positions, ordinal, &entry)) {
            status = positions_cursor_find(&input->positions, ordinal, &entry);
        }
        put_entry(&slice->entries, entry);
        waiting++;
        if (status == 0 && (slice->entries.size >= ENTRIES_BYTES || i + 1 == slice->count)) {
            status = buf_status(&slice->entries);
            status = status == 0 ? positions_writer_add(writer, buf_bytes(&slice->entries), waiting) : status;
            buf_clear(&slice->entries);
            waiting = 0;
        }
    }
    return status;
}

static int write_slice(struct term_input *inputs, struct slice *slice, struct segment_writer *writer)
{
    merge_runs(slice);
    for (size_t i = 0; i < slice->count; i++) {
        slice->documents[i] = (uint32_t)(slice->postings[i] >> DOCUMENT_SHIFT);
        slice->codes[i] = (uint8_t)slice->postings[i];
    }
    if (slice->count == 0) {
        return 0;
    }
    int status = segment_writer_add_postings(writer, slice->documents, slice->codes, slice->count);
    return status == 0 ? carry_positions(inputs, slice, &writer->positions) : status;
}

static int open_lists(struct term_input *inputs, size_t count, struct arena *blocks)
{
    arena_reset(blocks);
    for (size_t i = 0; i < count; i++) {
        if (!inputs[i].taking) {
            continue;
        }
        const struct segment *segment = inputs[i].source->segment;
        struct segment_list list;
        int status = segment_list_decode(inputs[i].terms.value, &list);
        if (status == 0) {
            status = postings_cursor_open(&inputs[i].postings, &segment->postings, &list.postings);
        }
        if (status != 0) {
            return status;
        }
        positions_cursor_init(&inputs[i].positions, &segment->views[COMPONENT_POSITIONS], blocks, &list.positions,
                              list.postings.count);
        inputs[i].ordinal = 0;
    }
    return 0;
}

static bool all_ended(const struct term_input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (inputs[i].taking && postings_cursor_document(&inputs[i].postings) != POSTINGS_END) {
            return false;
        }
    }
    return true;
}

static int merge_list(struct term_input *inputs, size_t count, struct bytes term, struct slice *slice,
                      const struct merge_plan *plan, struct segment_writer *writer, size_t *total)
{
    int status = open_lists(inputs, count, &slice->blocks);
    *total = 0;
    if (status == 0) {
        status = segment_writer_begin_list(writer, term);
    }
    const uint32_t *ends = plan->ends;
    for (uint64_t start = 0; status == 0 && !all_ended(inputs, count); start += MERGE_SLICE, ends += count) {
        bool is_last = start + MERGE_SLICE >= plan->documents;
        slice->count = 0;
        slice->run_count = 0;
        for (size_t i = 0; i < count && status == 0; i++) {
            if (inputs[i].taking) {
                take_run(&inputs[i], i, is_last ? POSTINGS_END : ends[i], slice, plan->length_codes);
                status = postings_cursor_status(&inputs[i].postings);
            }
        }
        *total += slice->count;
        if (status == 0) {
            status = write_slice(inputs, slice, writer);
        }
    }
    return status;
}

static uint64_t order_of(struct bytes term)
{
    uint8_t head[sizeof(uint64_t)] = {0};
    memcpy(head, term.data, term.size < sizeof head ? term.size : sizeof head);
    return load_u64_big(head);
}

static bool is_before(const struct term_input *a, const struct term_input *b)
{
    return a->order != b->order ? a->order < b->order : bytes_compare(a->terms.term, b->terms.term) < 0;
}

/* The least term any input stands on, and who stands there; false when all have ended. */
static bool choose_term(struct term_input *inputs, size_t count, struct bytes *term)
{
    const struct term_input *least = NULL;
    for (size_t i = 0; i < count; i++) {
        if (inputs[i].status == 0 && (least == NULL || is_before(&inputs[i], least))) {
            least = &inputs[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        inputs[i].taking = least != NULL && inputs[i].status == 0 && inputs[i].order == least->order &&
                           bytes_equal(inputs[i].terms.term, least->terms.term);
    }
    *term = least == NULL ? bytes_of(NULL, 0) : least->terms.term;
    return least != NULL;
}

static int advance(struct term_input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (inputs[i].taking) {
            inputs[i].status = terms_cursor_next(&inputs[i].terms);
            inputs[i].order = inputs[i].status == 0 ? order_of(inputs[i].terms.term) : 0;
        }
        if (inputs[i].status < 0) {
            return inputs[i].status;
        }
    }
    return 0;
}

static int merge_terms(struct term_input *inputs, size_t count, struct slice *slice, const struct merge_plan *plan,
                       struct segment_writer *writer)
{
    struct buf value;
    struct bytes term;
    size_t postings;
    int status = segment_writer_begin_lists(writer, plan->documents);
    buf_init(&value, SEGMENT_VALUE_MAX_BYTES);
    while (status == 0 && choose_term(inputs, count, &term)) {
        status = merge_list(inputs, count, term, slice, plan, writer, &postings);
        if (status == 0 && postings != 0) {
            status = segment_writer_end_list(writer, term, &value);
            writer->info.postings += postings;
            writer->info.terms++;
        }
        if (status == 0) {
            status = advance(inputs, count);
        }
    }
    buf_release(&value);
    return status;
}

int merge_postings(const struct merge_source *sources, size_t count, struct merge_plan *plan,
                   struct segment_writer *writer)
{
    struct slice slice = {.postings = NULL};
    struct term_input *inputs = mem_calloc(count, sizeof *inputs);
    int status = inputs == NULL ? AISLE_NO_MEMORY : init_slice(&slice);
    for (size_t i = 0; i < count && status == 0; i++) {
        inputs[i].source = &sources[i];
        inputs[i].map = plan->maps[i];
        inputs[i].status = terms_cursor_seek(&inputs[i].terms, &sources[i].segment->terms, bytes_of(NULL, 0));
        inputs[i].order = inputs[i].status == 0 ? order_of(inputs[i].terms.term) : 0;
        status = inputs[i].status < 0 ? inputs[i].status : 0;
    }
    if (status == 0) {
        status = merge_terms(inputs, count, &slice, plan, writer);
    }
    release_slice(&slice);
    mem_free(inputs);
    return status;
}
