/*
 * merge_postings.c - merging dictionaries term by term, and the lists of each term slice by slice.
 *
 * A slice is a range of new documents. Each source's list is ascending, so within a slice every source contributes
 * an ascending run; runs are merged pairwise. Most terms occur in one or two sources and fit one slice.
 */
#include "segment/merge_private.h"

#include "base/alloc.h"

/* New documents a slice: at most this many postings wait in memory, 21 bytes each. */
#define SLICE_DOCUMENTS (1u << 18)

struct term_input {
    struct terms_cursor terms;
    struct postings_cursor postings;
    const struct merge_source *source;
    const uint32_t *map;
    int status; /* of terms: 0 while on a term */
    bool taking;
};

struct slice {
    uint64_t *entries; /* new document << 8 | code; owned, SLICE_DOCUMENTS */
    uint64_t *scratch; /* owned, as many */
    uint32_t *documents;
    uint8_t *codes;
    size_t runs[MERGE_SOURCES_MAX + 1]; /* where each run begins */
    size_t run_count;
    size_t count;
};

static int init_slice(struct slice *slice)
{
    slice->entries = mem_alloc(SLICE_DOCUMENTS * sizeof *slice->entries);
    slice->scratch = mem_alloc(SLICE_DOCUMENTS * sizeof *slice->scratch);
    slice->documents = mem_alloc(SLICE_DOCUMENTS * sizeof *slice->documents);
    slice->codes = mem_alloc(SLICE_DOCUMENTS);
    return slice->entries == NULL || slice->scratch == NULL || slice->documents == NULL || slice->codes == NULL
               ? AISLE_NO_MEMORY
               : 0;
}

static void release_slice(struct slice *slice)
{
    mem_free(slice->entries);
    mem_free(slice->scratch);
    mem_free(slice->documents);
    mem_free(slice->codes);
}

/* Appends the source's postings whose new documents are below end. */
static void take_run(struct term_input *input, uint32_t end, struct slice *slice, uint8_t *length_codes)
{
    slice->runs[slice->run_count++] = slice->count;
    uint32_t document = postings_cursor_document(&input->postings);
    while (document != POSTINGS_END) {
        uint32_t mapped = input->map[document];
        if (mapped != MERGE_DROPPED) {
            if (mapped >= end) {
                break;
            }
            uint8_t code = postings_cursor_code(&input->postings);
            slice->entries[slice->count++] = (uint64_t)mapped << 8 | code;
            if (length_codes != NULL) {
                length_codes[mapped] = code & 31;
            }
        }
        document = postings_cursor_next(&input->postings);
    }
}

static void merge_two(const uint64_t *a, const uint64_t *a_end, const uint64_t *b, const uint64_t *b_end,
                      uint64_t *out)
{
    while (a != a_end && b != b_end) {
        *out++ = *a < *b ? *a++ : *b++;
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
            merge_two(slice->entries + start, slice->entries + middle, slice->entries + middle, slice->entries + end,
                      slice->scratch + start);
            slice->runs[merged++] = start;
        }
        slice->run_count = merged;
        uint64_t *swap = slice->entries;
        slice->entries = slice->scratch;
        slice->scratch = swap;
    }
}

static int write_slice(struct slice *slice, struct postings_writer *writer)
{
    merge_runs(slice);
    for (size_t i = 0; i < slice->count; i++) {
        slice->documents[i] = (uint32_t)(slice->entries[i] >> 8);
        slice->codes[i] = (uint8_t)slice->entries[i];
    }
    return slice->count == 0 ? 0 : postings_writer_add(writer, slice->documents, slice->codes, slice->count);
}

static int open_lists(struct term_input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!inputs[i].taking) {
            continue;
        }
        struct postings_list list;
        int status = postings_list_decode(inputs[i].terms.value, &list);
        if (status == 0) {
            status = postings_cursor_open(&inputs[i].postings, &inputs[i].source->segment->postings, &list);
        }
        if (status != 0) {
            return status;
        }
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

static int merge_list(struct term_input *inputs, size_t count, struct slice *slice, const struct merge_plan *plan,
                      struct segment_writer *writer, size_t *total)
{
    int status = open_lists(inputs, count);
    *total = 0;
    if (status == 0) {
        status = postings_writer_begin(&writer->postings);
    }
    for (uint64_t start = 0; status == 0 && !all_ended(inputs, count); start += SLICE_DOCUMENTS) {
        uint64_t end = start + SLICE_DOCUMENTS < plan->documents ? start + SLICE_DOCUMENTS : plan->documents;
        slice->count = 0;
        slice->run_count = 0;
        for (size_t i = 0; i < count && status == 0; i++) {
            if (inputs[i].taking) {
                take_run(&inputs[i], (uint32_t)end, slice, plan->length_codes);
                status = postings_cursor_status(&inputs[i].postings);
            }
        }
        *total += slice->count;
        if (status == 0) {
            status = write_slice(slice, &writer->postings);
        }
    }
    return status;
}

/* The least term any input stands on, and who stands there; false when all have ended. */
static bool choose_term(struct term_input *inputs, size_t count, struct bytes *term)
{
    *term = bytes_of(NULL, 0);
    for (size_t i = 0; i < count; i++) {
        if (inputs[i].status == 0 && (term->data == NULL || bytes_compare(inputs[i].terms.term, *term) < 0)) {
            *term = inputs[i].terms.term;
        }
    }
    for (size_t i = 0; i < count; i++) {
        inputs[i].taking = inputs[i].status == 0 && bytes_equal(inputs[i].terms.term, *term);
    }
    return term->data != NULL;
}

static int advance(struct term_input *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (inputs[i].taking) {
            inputs[i].status = terms_cursor_next(&inputs[i].terms);
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
    struct buf record;
    struct bytes term;
    size_t postings;
    int status = 0;
    buf_init(&record, POSTINGS_RECORD_MAX_BYTES);
    while (status == 0 && choose_term(inputs, count, &term)) {
        status = merge_list(inputs, count, slice, plan, writer, &postings);
        if (status == 0 && postings != 0) {
            buf_clear(&record);
            status = postings_writer_end(&writer->postings, &record);
            if (status == 0) {
                status = terms_writer_add(&writer->terms, term, buf_bytes(&record));
            }
            writer->info.postings += postings;
            writer->info.terms++;
        }
        if (status == 0) {
            status = advance(inputs, count);
        }
    }
    buf_release(&record);
    return status;
}

int merge_postings(const struct merge_source *sources, size_t count, struct merge_plan *plan,
                   struct segment_writer *writer)
{
    struct slice slice = {.entries = NULL};
    struct term_input *inputs = mem_calloc(count, sizeof *inputs);
    int status = inputs == NULL ? AISLE_NO_MEMORY : init_slice(&slice);
    for (size_t i = 0; i < count && status == 0; i++) {
        inputs[i].source = &sources[i];
        inputs[i].map = plan->maps[i];
        inputs[i].status = terms_cursor_seek(&inputs[i].terms, &sources[i].segment->terms, bytes_of(NULL, 0));
        status = inputs[i].status < 0 ? inputs[i].status : 0;
    }
    if (status == 0) {
        status = merge_terms(inputs, count, &slice, plan, writer);
    }
    release_slice(&slice);
    mem_free(inputs);
    return status;
}
