/*
 * merge_postings.c - merging dictionaries term by term, and the lists of each term slice by slice.
 *
 * A slice is a range of new documents. Each source's list is ascending, so to a slice every source contributes
 * an ascending run; runs are merged pairwise. Most terms occur in one or two sources and fit one slice. Positions are
 * carried along as they are: each posting of the result takes the entry of the posting that it was, whose number in its
 * source's list the runs are taken with.
 *
 * The lists of most terms are so short that they stand in the dictionary, with their positions: those are read there
 * and sorted as they come, with no cursor.
 */
#include "segment/merge_private.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/hash.h"

#define DOCUMENT_SHIFT 16u /* of a posting in a slice */
#define SOURCE_SHIFT 8u

static_assert(MERGE_SOURCES_MAX <= 1u << (DOCUMENT_SHIFT - SOURCE_SHIFT), "a source is a byte");

/* At most so many postings wait in memory, 25 bytes each; one more is written before it is known to be dead. */
#define SLICE_POSTINGS (MERGE_SLICE + 1)

/* Entries of positions go to the writer when so many bytes of them wait. */
#define ENTRIES_BYTES (1u << 16)
#define BLOCK_BYTES_MAX ((size_t)POSTINGS_BLOCK * POSITIONS_ENTRY_BYTES_MAX)

/* Postings of short lists that are brought together without runs. */
#define FEW_MAX 32u

struct term_input {
    struct terms_cursor terms;
    struct segment_list list; /* of the term that is merged, if the source has it */
    struct postings_cursor postings;
    struct positions_cursor positions;
    uint32_t ordinal; /* of the posting that postings stands on */
    size_t carried;   /* in slice.ordinals: of the next posting whose entry is wanted */
    const struct merge_source *source;
    const uint32_t *map;
    int status; /* of terms: 0 while on a term */
};

/* What the sources stand on, and which of them stand on the least term: mostly one, whose input alone is looked at. */
struct takers {
    uint64_t orders[MERGE_SOURCES_MAX]; /* the first eight bytes of their terms as numbers; UINT64_MAX: they ended */
    size_t sources;
    uint16_t who[MERGE_SOURCES_MAX]; /* ascending */
    size_t count;
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

/* As dictionaries want it. */
static uint32_t term_hash(struct bytes term)
{
    return (uint32_t)(hash_bytes(term.data, term.size) >> 32);
}

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

/*
 * Which of two runs has the next posting is chance, so there is no branch on it, and each step waits for the one
 * before: so the result is written from both of its ends at once, as long as neither run can end within. Apart from its
 * caller, whose variables would take the registers.
 */
__attribute__((noinline)) static void merge_two(const uint64_t *a, const uint64_t *a_end, const uint64_t *b,
                                                const uint64_t *b_end, uint64_t *out)
{
    uint64_t *out_end = out + (a_end - a) + (b_end - b);
    for (;;) {
        ptrdiff_t steps = (a_end - a < b_end - b ? a_end - a : b_end - b) / 2;
        if (steps == 0) {
            break;
        }
        for (ptrdiff_t i = 0; i < steps; i++) {
            size_t first = *a < *b;
            size_t last = a_end[-1] < b_end[-1];
            *out++ = *a < *b ? *a : *b;
            *--out_end = a_end[-1] < b_end[-1] ? b_end[-1] : a_end[-1];
            a += first;
            b += 1 - first;
            a_end -= 1 - last;
            b_end -= last;
        }
    }
    while (a != a_end && b != b_end) {
        size_t first = *a < *b;
        *out++ = *a < *b ? *a : *b;
        a += first;
        b += 1 - first;
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

/* Appends the entry that the source has for a posting. */
static int put_entry(struct positions_cursor *positions, uint32_t ordinal, struct buf *entries)
{
    uint8_t *to = buf_extend(entries, sizeof(uint32_t));
    size_t size = to == NULL ? 0 : positions_cursor_step(positions, ordinal, to);
    entries->size -= to == NULL ? 0 : sizeof(uint32_t) - size;
    if (size != 0) {
        return 0;
    }
    struct bytes entry;
    int status = positions_cursor_find(positions, ordinal, &entry);
    buf_put(entries, entry.data, entry.size);
    return status == 0 ? buf_status(entries) : status;
}

/* Gives each posting of the slice the entry it had in its source. */
static int carry_positions(struct term_input *inputs, struct slice *slice, struct positions_writer *writer)
{
    struct buf *entries = &slice->entries;
    size_t waiting = 0;
    int status = 0;
    buf_clear(entries);
    for (size_t i = 0; i < slice->count && status == 0; i++) {
        struct term_input *input = &inputs[(uint8_t)(slice->postings[i] >> SOURCE_SHIFT)];
        status = put_entry(&input->positions, slice->ordinals[input->carried++], entries);
        waiting++;
        if (status == 0 && (entries->size >= ENTRIES_BYTES || i + 1 == slice->count)) {
            status = positions_writer_add(writer, buf_bytes(entries), waiting);
            buf_clear(entries);
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

/* Decodes what the sources have of the term; *few: all of it is at hand, and little. */
static int decode_lists(struct term_input *inputs, const struct takers *takers, bool *few)
{
    uint32_t postings = 0;
    *few = true;
    for (size_t i = 0; i < takers->count; i++) {
        struct term_input *input = &inputs[takers->who[i]];
        struct segment_list *list = &input->list;
        int status = segment_list_decode(input->terms.value, list);
        if (status != 0) {
            return status;
        }
        bool at_hand = list->postings.kind == POSTINGS_TINY && list->positions.entries.data != NULL;
        postings += at_hand ? list->postings.count : 0;
        *few = *few && at_hand && postings <= FEW_MAX;
    }
    return 0;
}

static int open_lists(struct term_input *inputs, const struct takers *takers, struct arena *blocks)
{
    arena_reset(blocks);
    for (size_t i = 0; i < takers->count; i++) {
        struct term_input *input = &inputs[takers->who[i]];
        const struct segment *segment = input->source->segment;
        const struct segment_list *list = &input->list;
        int status = postings_cursor_open(&input->postings, &segment->postings, &list->postings);
        if (status != 0) {
            return status;
        }
        positions_cursor_init(&input->positions, &segment->views[COMPONENT_POSITIONS], blocks, &list->positions,
                              list->postings.count);
        input->ordinal = 0;
    }
    return 0;
}

static bool all_ended(const struct term_input *inputs, const struct takers *takers)
{
    for (size_t i = 0; i < takers->count; i++) {
        if (postings_cursor_document(&inputs[takers->who[i]].postings) != POSTINGS_END) {
            return false;
        }
    }
    return true;
}

static int merge_list(struct term_input *inputs, const struct takers *takers, struct bytes term, struct slice *slice,
                      const struct merge_plan *plan, struct segment_writer *writer, size_t *total)
{
    int status = open_lists(inputs, takers, &slice->blocks);
    *total = 0;
    if (status == 0) {
        status = segment_writer_begin_list(writer, term);
    }
    const uint32_t *ends = plan->ends;
    for (uint64_t start = 0; status == 0 && !all_ended(inputs, takers);
         start += MERGE_SLICE, ends += takers->sources) {
        bool is_last = start + MERGE_SLICE >= plan->documents;
        slice->count = 0;
        slice->run_count = 0;
        for (size_t i = 0; i < takers->count && status == 0; i++) {
            size_t source = takers->who[i];
            take_run(&inputs[source], source, is_last ? POSTINGS_END : ends[source], slice, plan->length_codes);
            status = postings_cursor_status(&inputs[source].postings);
        }
        *total += slice->count;
        if (status == 0) {
            status = write_slice(inputs, slice, writer);
        }
    }
    return status;
}

/* ---- lists that stand in the dictionary ---- */

struct few_posting {
    uint64_t place; /* document << 8 | code, of the result */
    struct bytes entry;
};

struct few {
    struct few_posting postings[FEW_MAX]; /* ascending */
    uint32_t count;
};

static void put_in_order(struct few *few, const struct few_posting *posting)
{
    uint32_t at = few->count++;
    for (; at != 0 && few->postings[at - 1].place > posting->place; at--) {
        few->postings[at] = few->postings[at - 1];
    }
    few->postings[at] = *posting;
}

/* Bytes of the first entry; 0: none ends there. */
static inline size_t entry_size(struct bytes entries)
{
    for (size_t size = 1; size <= entries.size; size++) {
        if ((entries.data[size - 1] & 0xc0) == 0x40) {
            return size;
        }
    }
    return 0;
}

/* Adds those of the input's postings that live. */
static int take_few(const struct term_input *input, struct few *few, uint8_t *length_codes)
{
    const struct postings_list *list = &input->list.postings;
    struct bytes entries = input->list.positions.entries;
    uint32_t documents = input->source->segment->info.documents;
    bool is_constant = entry_size(entries) == entries.size;
    for (uint32_t i = 0; i < list->count; i++) {
        size_t size = entry_size(entries);
        if (size == 0 || list->at.tiny.documents[i] >= documents) {
            return AISLE_CORRUPT;
        }
        uint32_t mapped = input->map[list->at.tiny.documents[i]];
        uint8_t code = list->at.tiny.codes[i];
        if (mapped != MERGE_DROPPED) {
            struct few_posting posting = {(uint64_t)mapped << 8 | code, bytes_of(entries.data, size)};
            put_in_order(few, &posting);
            if (length_codes != NULL) {
                length_codes[mapped] = code & 31;
            }
        }
        entries = is_constant ? entries : bytes_of(entries.data + size, entries.size - size);
    }
    return is_constant || entries.size == 0 ? 0 : AISLE_CORRUPT;
}

static int write_few(const struct few *few, struct bytes term, uint32_t hash, struct segment_writer *writer,
                     struct buf *value)
{
    uint32_t documents[FEW_MAX];
    uint8_t codes[FEW_MAX];
    uint8_t entries[FEW_MAX * POSITIONS_INLINE_MAX_BYTES];
    size_t size = 0;
    for (uint32_t i = 0; i < few->count; i++) {
        documents[i] = (uint32_t)(few->postings[i].place >> 8);
        codes[i] = (uint8_t)few->postings[i].place;
        memcpy(entries + size, few->postings[i].entry.data, few->postings[i].entry.size);
        size += few->postings[i].entry.size;
    }
    if (few->count <= POSTINGS_TINY_MAX && size <= POSITIONS_INLINE_MAX_BYTES) {
        struct segment_short_list list = {.count = few->count, .entries = bytes_of(entries, size)};
        memcpy(list.documents, documents, sizeof list.documents);
        memcpy(list.codes, codes, sizeof list.codes);
        return segment_writer_put_short(writer, term, hash, &list, value);
    }
    int status = segment_writer_begin_list(writer, term);
    status = status == 0 ? segment_writer_add_postings(writer, documents, codes, few->count) : status;
    status = status == 0 ? positions_writer_add(&writer->positions, bytes_of(entries, size), few->count) : status;
    return status == 0 ? segment_writer_end_list(writer, term, hash, value) : status;
}

static int merge_few(const struct term_input *inputs, const struct takers *takers, struct bytes term,
                     const struct merge_plan *plan, struct segment_writer *writer, struct buf *value, size_t *total)
{
    struct few few;
    int status = 0;
    few.count = 0;
    for (size_t i = 0; i < takers->count && status == 0; i++) {
        status = take_few(&inputs[takers->who[i]], &few, plan->length_codes);
    }
    *total = few.count;
    return status == 0 && few.count != 0 ? write_few(&few, term, term_hash(term), writer, value) : status;
}

/* ---- terms ---- */

/* What the cursor stands on begins with; its buffer has more bytes than that. */
static uint64_t order_of(const struct terms_cursor *term)
{
    uint64_t head = load_u64_big(term->buffer);
    size_t size = term->term.size;
    return size >= sizeof head ? head : head & ~(UINT64_MAX >> 8 * size);
}

/* Of the takers, whose terms begin alike, leaves those that stand on the least. */
static void keep_least(const struct term_input *inputs, struct takers *takers)
{
    struct bytes least = inputs[takers->who[0]].terms.term;
    size_t kept = 0;
    for (size_t i = 1; i < takers->count; i++) {
        struct bytes term = inputs[takers->who[i]].terms.term;
        least = bytes_compare(term, least) < 0 ? term : least;
    }
    for (size_t i = 0; i < takers->count; i++) {
        if (bytes_equal(inputs[takers->who[i]].terms.term, least)) {
            takers->who[kept++] = takers->who[i];
        }
    }
    takers->count = kept;
}

/* The least term any input stands on, and who stands there; false when all have ended. */
static bool choose_term(const struct term_input *inputs, struct takers *takers, struct bytes *term)
{
    uint64_t least = UINT64_MAX;
    takers->count = 0;
    for (size_t i = 0; i < takers->sources; i++) {
        least = takers->orders[i] < least ? takers->orders[i] : least;
    }
    for (size_t i = 0; i < takers->sources; i++) {
        if (takers->orders[i] == least && inputs[i].status == 0) {
            takers->who[takers->count++] = (uint16_t)i;
        }
    }
    if (takers->count > 1) {
        keep_least(inputs, takers);
    }
    *term = takers->count == 0 ? bytes_of(NULL, 0) : inputs[takers->who[0]].terms.term;
    return takers->count != 0;
}

/* Takes over where the source's cursor has come to. Its status, if that is an error. */
static int note_term(struct term_input *inputs, struct takers *takers, size_t source, int status)
{
    inputs[source].status = status;
    takers->orders[source] = status == 0 ? order_of(&inputs[source].terms) : UINT64_MAX;
    return status < 0 ? status : 0;
}

static int advance(struct term_input *inputs, struct takers *takers)
{
    int status = 0;
    for (size_t i = 0; i < takers->count && status == 0; i++) {
        size_t source = takers->who[i];
        status = note_term(inputs, takers, source, terms_cursor_next(&inputs[source].terms));
    }
    return status;
}

static int merge_term(struct term_input *inputs, const struct takers *takers, struct bytes term, struct slice *slice,
                      const struct merge_plan *plan, struct segment_writer *writer, struct buf *value)
{
    size_t postings = 0;
    bool few;
    int status = decode_lists(inputs, takers, &few);
    if (status == 0 && few) {
        status = merge_few(inputs, takers, term, plan, writer, value, &postings);
    } else if (status == 0) {
        status = merge_list(inputs, takers, term, slice, plan, writer, &postings);
        if (status == 0 && postings != 0) {
            status = segment_writer_end_list(writer, term, term_hash(term), value);
        }
    }
    writer->info.postings += postings;
    writer->info.terms += postings != 0;
    return status;
}

static int merge_terms(struct term_input *inputs, struct takers *takers, struct slice *slice,
                       const struct merge_plan *plan, struct segment_writer *writer)
{
    struct buf value;
    struct bytes term;
    int status = segment_writer_begin_lists(writer, plan->documents);
    buf_init(&value, SEGMENT_VALUE_MAX_BYTES);
    while (status == 0 && choose_term(inputs, takers, &term)) {
        status = merge_term(inputs, takers, term, slice, plan, writer, &value);
        if (status == 0) {
            status = advance(inputs, takers);
        }
    }
    buf_release(&value);
    return status;
}

int merge_postings(const struct merge_source *sources, size_t count, struct merge_plan *plan,
                   struct segment_writer *writer)
{
    struct slice slice = {.postings = NULL};
    struct takers takers = {.sources = count};
    struct term_input *inputs = mem_calloc(count, sizeof *inputs);
    int status = inputs == NULL ? AISLE_NO_MEMORY : init_slice(&slice);
    for (size_t i = 0; i < count && status == 0; i++) {
        inputs[i].source = &sources[i];
        inputs[i].map = plan->maps[i];
        status = note_term(inputs, &takers, i,
                           terms_cursor_seek(&inputs[i].terms, &sources[i].segment->terms, bytes_of(NULL, 0)));
    }
    if (status == 0) {
        status = merge_terms(inputs, &takers, &slice, plan, writer);
    }
    release_slice(&slice);
    mem_free(inputs);
    return status;
}
