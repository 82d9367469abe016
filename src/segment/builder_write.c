/*
 * builder_write.c - from the memory index to a segment: sort documents, turn the forward index round, encode.
 *
 * Inversion is a counting sort: the terms know how many postings they have and how many bytes of positions, and one
 * pass visits documents in their final order and scatters (document, code, entry of positions) to the terms' places.
 * Lists come out ascending without a sort of their own.
 */
#include "segment/builder_private.h"

#include "base/alloc.h"

/* Where the next posting of a term goes, and the entry of its positions; from one cache line. */
struct next_place {
    uint32_t posting;
    uint32_t byte;
};

struct inversion {
    uint32_t *sorted;     /* document numbers of the builder in document order */
    uint32_t count;       /* of live documents */
    uint32_t *term_order; /* term numbers in byte order; only terms with postings */
    uint32_t term_count;
    struct next_place *next; /* by term number */
    struct next_place total; /* of all terms */
    uint32_t *documents;     /* all lists behind one another, terms in byte order */
    uint8_t *codes;
    uint8_t *positions;
};

int segment_place_compare(const struct segment_place *a, const struct segment_place *b)
{
    if (a->order != b->order) {
        return a->order < b->order ? -1 : 1;
    }
    if (a->id_hash != b->id_hash) {
        return a->id_hash < b->id_hash ? -1 : 1;
    }
    return bytes_compare(a->id, b->id);
}

struct sort_entry {
    uint64_t order;
    uint64_t id_hash;
    const struct builder_entry *entry;
    uint32_t number;
};

static int compare_entries(const void *a, const void *b)
{
    const struct sort_entry *x = a;
    const struct sort_entry *y = b;
    struct segment_place left = {x->order, x->id_hash, bytes_of(x->entry->id, x->entry->id_size)};
    struct segment_place right = {y->order, y->id_hash, bytes_of(y->entry->id, y->entry->id_size)};
    return segment_place_compare(&left, &right);
}

static int sort_documents(const struct segment_builder *builder, struct inversion *inversion)
{
    struct sort_entry *entries = mem_alloc((size_t)builder->live_count * sizeof *entries);
    inversion->sorted = mem_alloc((size_t)builder->live_count * sizeof *inversion->sorted);
    if (entries == NULL || inversion->sorted == NULL) {
        mem_free(entries);
        return AISLE_NO_MEMORY;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < builder->document_count; i++) {
        const struct builder_entry *entry = &builder->documents[i];
        if (!entry->dropped) {
            entries[count++] = (struct sort_entry){entry->order, entry->id_hash, entry, i};
        }
    }
    qsort(entries, count, sizeof *entries, compare_entries);
    for (uint32_t i = 0; i < count; i++) {
        inversion->sorted[i] = entries[i].number;
    }
    inversion->count = count;
    mem_free(entries);
    return 0;
}

static int compare_terms(const void *a, const void *b, void *context)
{
    const struct segment_builder *builder = context;
    const struct builder_term *x = &builder->terms[*(const uint32_t *)a];
    const struct builder_term *y = &builder->terms[*(const uint32_t *)b];
    return bytes_compare(bytes_of(x->data, x->size), bytes_of(y->data, y->size));
}

/* Lists the terms that have live postings in byte order, and where the lists of each begin. */
static int place_terms(struct segment_builder *builder, struct inversion *inversion)
{
    inversion->next = mem_calloc(builder->term_count, sizeof *inversion->next);
    inversion->term_order = mem_alloc(builder->term_count * sizeof *inversion->term_order);
    if (inversion->next == NULL || inversion->term_order == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t term = 0; term < builder->term_count; term++) {
        if (builder->uses[term].df != 0) {
            inversion->term_order[inversion->term_count++] = term;
        }
    }
    if (inversion->term_count != 0) {
        qsort_r(inversion->term_order, inversion->term_count, sizeof *inversion->term_order, compare_terms, builder);
    }
    for (uint32_t i = 0; i < inversion->term_count; i++) {
        uint32_t term = inversion->term_order[i];
        inversion->next[term] = inversion->total;
        inversion->total.posting += builder->uses[term].df;
        inversion->total.byte += builder->uses[term].bytes;
    }
    return 0;
}

/*
 * The arrays that the scatter jumps about in are far larger than the caches, and so is what it reads, since documents
 * leave in another order than they came. It asks for lines this many documents early, each by what the one before it
 * has brought: the document, its postings and positions, the places of its terms, and what stands there.
 */
#define AHEAD_DOCUMENT 24u
#define AHEAD_CONTENT 16u
#define AHEAD_NEXT 8u
#define AHEAD_TARGET 4u

static inline void ask_for(const void *start, size_t size)
{
    const uint8_t *p = start;
    for (size_t line = 0; line < size; line += 64) {
        __builtin_prefetch(p + line);
    }
}

/* The document that is ahead documents behind the i-th in the final order; NULL when there is none. */
static inline const struct builder_entry *entry_ahead(const struct segment_builder *builder,
                                                      const struct inversion *inversion, uint32_t i, uint32_t ahead)
{
    return i + ahead < inversion->count ? &builder->documents[inversion->sorted[i + ahead]] : NULL;
}

static void ask_ahead(const struct segment_builder *builder, const struct inversion *inversion, uint32_t i)
{
    const struct builder_entry *entry = entry_ahead(builder, inversion, i, AHEAD_DOCUMENT);
    if (entry != NULL) {
        ask_for(entry, sizeof *entry + 1); /* may lie in two lines */
    }
    entry = entry_ahead(builder, inversion, i, AHEAD_CONTENT);
    if (entry != NULL && entry->posting_count != 0) {
        uint32_t in_chunk = BUILDER_CHUNK - (uint32_t)(entry->first_posting % BUILDER_CHUNK);
        uint32_t count = entry->posting_count < in_chunk ? entry->posting_count : in_chunk;
        ask_for(builder->chunks[entry->first_posting / BUILDER_CHUNK] + entry->first_posting % BUILDER_CHUNK,
                count * sizeof(uint32_t));
        ask_for(builder_positions(entry).data, entry->positions_size);
    }
    entry = entry_ahead(builder, inversion, i, AHEAD_NEXT);
    for (uint32_t p = 0; entry != NULL && p < entry->posting_count; p++) {
        uint32_t posting = builder_posting(builder, entry->first_posting + p);
        __builtin_prefetch(&inversion->next[posting & BUILDER_TERM_MASK], 1);
    }
    entry = entry_ahead(builder, inversion, i, AHEAD_TARGET);
    for (uint32_t p = 0; entry != NULL && p < entry->posting_count; p++) {
        uint32_t posting = builder_posting(builder, entry->first_posting + p);
        struct next_place at = inversion->next[posting & BUILDER_TERM_MASK];
        __builtin_prefetch(&inversion->documents[at.posting], 1);
        __builtin_prefetch(&inversion->codes[at.posting], 1);
        __builtin_prefetch(&inversion->positions[at.byte], 1);
    }
}

/* Most entries have one byte or two, for which a call is dear. */
static inline void copy_entry(uint8_t *to, struct bytes entry)
{
    if (entry.size == 1) {
        *to = entry.data[0];
    } else if (entry.size <= 4) {
        uint16_t front = load_u16(entry.data);
        store_u16(to + entry.size - 2, load_u16(entry.data + entry.size - 2));
        store_u16(to, front);
    } else {
        memcpy(to, entry.data, entry.size);
    }
}

static int scatter(const struct segment_builder *builder, struct inversion *inversion)
{
    inversion->documents = mem_alloc(inversion->total.posting * sizeof *inversion->documents);
    inversion->codes = mem_alloc(inversion->total.posting);
    inversion->positions = mem_alloc(inversion->total.byte);
    if (inversion->documents == NULL || inversion->codes == NULL || inversion->positions == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < inversion->count; i++) {
        const struct builder_entry *entry = &builder->documents[inversion->sorted[i]];
        struct bytes positions = builder_positions(entry);
        ask_ahead(builder, inversion, i);
        for (uint32_t p = 0; p < entry->posting_count; p++) {
            uint32_t posting = builder_posting(builder, entry->first_posting + p);
            struct next_place *next = &inversion->next[posting & BUILDER_TERM_MASK];
            struct bytes occurrences = positions_cut(&positions);
            inversion->documents[next->posting] = i;
            inversion->codes[next->posting] = (uint8_t)(posting >> BUILDER_CLASS_SHIFT << 5 | entry->length_code);
            copy_entry(inversion->positions + next->byte, occurrences);
            next->posting++;
            next->byte += (uint32_t)occurrences.size;
        }
    }
    return 0;
}

static int write_list(const struct inversion *inversion, struct next_place start, struct next_place end,
                      struct segment_writer *writer)
{
    size_t count = end.posting - start.posting;
    struct bytes positions = bytes_of(inversion->positions + start.byte, end.byte - start.byte);
    int status = postings_writer_begin(&writer->postings);
    if (status == 0) {
        status = positions_writer_begin(&writer->positions);
    }
    if (status == 0) {
        status = postings_writer_add(&writer->postings, inversion->documents + start.posting,
                                     inversion->codes + start.posting, count);
    }
    return status == 0 ? positions_writer_add(&writer->positions, positions, count) : status;
}

static int write_lists(const struct segment_builder *builder, const struct inversion *inversion,
                       struct segment_writer *writer)
{
    struct buf value;
    buf_init(&value, SEGMENT_VALUE_MAX_BYTES);
    struct next_place start = {.posting = 0};
    int status = 0;
    for (uint32_t i = 0; i < inversion->term_count && status == 0; i++) {
        const struct builder_term *term = &builder->terms[inversion->term_order[i]];
        struct next_place end = inversion->next[inversion->term_order[i]];
        status = write_list(inversion, start, end, writer);
        if (status == 0) {
            status = segment_writer_end_list(writer, bytes_of(term->data, term->size), &value);
        }
        start = end;
    }
    buf_release(&value);
    writer->info.postings = start.posting;
    writer->info.terms = inversion->term_count;
    return status;
}

/* Documents leave in another order than they came: their bytes are asked for a few documents early. */
static void ask_for_product(const struct segment_builder *builder, const struct inversion *inversion, uint32_t i)
{
    if (i + 2 * AHEAD_TARGET < inversion->count) {
        __builtin_prefetch(&builder->documents[inversion->sorted[i + 2 * AHEAD_TARGET]]);
    }
    if (i + AHEAD_TARGET < inversion->count) {
        const struct builder_entry *entry = &builder->documents[inversion->sorted[i + AHEAD_TARGET]];
        size_t size = entry->id_size + entry->stored_size < 512 ? entry->id_size + entry->stored_size : 512;
        for (size_t line = 0; line < size; line += 64) {
            __builtin_prefetch(entry->id + line);
        }
        __builtin_prefetch(entry->columns);
    }
}

/* Writes the dictionaries of the values that live documents have. */
static int write_values(struct segment_builder *builder, const struct inversion *inversion,
                        struct segment_writer *writer)
{
    int status = 0;
    for (uint8_t c = 0; c < builder->columns.count && status == 0; c++) {
        if (builder->columns.values[c]) {
            for (uint32_t i = 0; i < inversion->count; i++) {
                values_collector_use(&builder->values[c], builder->documents[inversion->sorted[i]].columns[c]);
            }
            status = values_collector_write(&builder->values[c], &writer->values[c]);
        }
    }
    return status;
}

static int write_columns(struct segment_builder *builder, const struct builder_entry *entry,
                         struct segment_writer *writer)
{
    int status = 0;
    for (uint8_t c = 0; c < builder->columns.count && status == 0; c++) {
        int64_t value = entry->columns[c];
        if (builder->columns.values[c]) {
            status = values_collector_recode(&builder->values[c], &writer->values[c], value, &value);
        }
        if (status == 0) {
            status = column_writer_add(&writer->column[c], value);
        }
    }
    return status;
}

static int write_documents(struct segment_builder *builder, const struct inversion *inversion,
                           struct segment_writer *writer, segment_store *store, void *context)
{
    struct buf scratch;
    buf_init(&scratch, LIMIT_PRODUCT_BYTES * 2);
    int status = 0;
    for (uint32_t i = 0; i < inversion->count && status == 0; i++) {
        const struct builder_entry *entry = &builder->documents[inversion->sorted[i]];
        ask_for_product(builder, inversion, i);
        struct bytes stored = segment_builder_stored(builder, inversion->sorted[i]);
        if (store != NULL) {
            buf_clear(&scratch);
            status = store(context, stored, &scratch);
            stored = buf_bytes(&scratch);
        }
        if (status == 0) {
            status = documents_writer_add(&writer->documents, stored);
        }
        if (status == 0) {
            status = ids_writer_add(&writer->ids, bytes_of(entry->id, entry->id_size));
        }
        if (status == 0) {
            status = column_keys_add(&writer->order, entry->order);
        }
        if (status == 0) {
            status = write_columns(builder, entry, writer);
        }
        writer->info.length_sum += entry->length;
    }
    buf_release(&scratch);
    writer->info.documents = inversion->count;
    return status;
}

int segment_builder_write(struct segment_builder *builder, struct segment_writer *writer, segment_store *store,
                          void *context)
{
    struct inversion inversion = {.count = 0};
    int status = sort_documents(builder, &inversion);
    if (status == 0) {
        status = place_terms(builder, &inversion);
    }
    if (status == 0) {
        status = scatter(builder, &inversion);
    }
    if (status == 0) {
        status = write_lists(builder, &inversion, writer);
    }
    mem_free(inversion.documents);
    mem_free(inversion.codes);
    mem_free(inversion.positions);
    mem_free(inversion.next);
    mem_free(inversion.term_order);
    if (status == 0) {
        status = write_values(builder, &inversion, writer);
    }
    if (status == 0) {
        status = write_documents(builder, &inversion, writer, store, context);
    }
    mem_free(inversion.sorted);
    return status;
}
