/*
 * builder_write.c - from the memory index to a segment: sort documents, turn the forward index round, encode.
 *
 * Inversion is a counting sort: the terms know how many postings they have, and one pass visits documents in their
 * final order and scatters a record for each posting to its term's place. Lists come out ascending without a sort of
 * their own.
 */
#include "segment/builder_private.h"

#include "base/alloc.h"
#include "base/radix.h"

/*
 * A posting while it is scattered, one write of eight bytes, from the highest bit on
 *   document   as many bits as are left
 *   code       8
 *   apart      1: how the entry of positions is told
 *   entry      32, or 24 where documents need more than 23 bits. Not apart: the entry, which has as many bytes at most
 *              and says itself where it ends; apart: its offset among the document's entries
 * Entries apart cost a miss each; with 32 bits few are.
 */
struct record_shape {
    unsigned entry_bits;
    unsigned code_shift;
    unsigned document_shift;
};

#define RECORD_CODE_BITS 8u
#define RECORD_ENTRY_BITS 32u
#define RECORD_ENTRY_BITS_LEAST 24u

static_assert(LIMIT_SEGMENT_DOCUMENTS < 1u << (64 - RECORD_ENTRY_BITS_LEAST - 1 - RECORD_CODE_BITS), "documents fit");
static_assert(BUILDER_POSITIONS_MAX <= 1u << RECORD_ENTRY_BITS_LEAST, "and so do offsets among a document's entries");

static struct record_shape record_shape_for(uint32_t documents)
{
    uint32_t few = 1u << (64 - RECORD_ENTRY_BITS - 1 - RECORD_CODE_BITS);
    unsigned bits = documents <= few ? RECORD_ENTRY_BITS : RECORD_ENTRY_BITS_LEAST;
    return (struct record_shape){
        .entry_bits = bits, .code_shift = bits + 1, .document_shift = bits + 1 + RECORD_CODE_BITS};
}

/* All of it stands in the builder's scratch. */
struct inversion {
    uint32_t *sorted; /* document numbers of the builder in document order */
    uint32_t count;   /* of live documents */
    struct radix_entry *terms; /* numbers of the terms with postings in byte order; then their keys are lists' ends */
    uint32_t term_count;
    uint32_t *next;    /* by term number: where its next posting goes */
    uint32_t total;    /* postings of all terms */
    uint64_t *records; /* all lists behind one another, terms in byte order */
    struct record_shape shape;
};

/* A kept block is so much larger than asked for: the next writing needs about as much, not just as much. */
#define SCRATCH_SHARE 8u

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

/* The records' room is that of sorting before there are any, and the terms' that of documents. */
static size_t records_bytes(const struct segment_builder *builder, size_t entries)
{
    size_t records = builder->posting_count * sizeof(uint64_t);
    size_t sorting = entries * sizeof(struct radix_entry);
    return records > sorting ? records : sorting;
}

static size_t entries_to_sort(const struct segment_builder *builder)
{
    return builder->term_count > builder->document_count ? builder->term_count : builder->document_count;
}

size_t builder_scratch_bytes(const struct segment_builder *builder)
{
    size_t entries = entries_to_sort(builder);
    return records_bytes(builder, entries) + entries * sizeof(struct radix_entry) +
           ((size_t)builder->term_count + builder->document_count) * sizeof(uint32_t);
}

/* One block, so that a builder can keep it: to clear new memory for it takes a tenth of the time of writing. */
static int take_scratch(struct segment_builder *builder, struct inversion *inversion)
{
    size_t entries = entries_to_sort(builder);
    size_t wanted = builder_scratch_bytes(builder);
    if (wanted > builder->scratch_bytes) {
        mem_free(builder->scratch);
        wanted += builder->keep ? wanted / SCRATCH_SHARE : 0;
        builder->scratch = mem_alloc(wanted);
        builder->scratch_bytes = builder->scratch == NULL ? 0 : wanted;
    }
    if (builder->scratch == NULL) {
        return AISLE_NO_MEMORY;
    }
    inversion->records = builder->scratch;
    inversion->terms = (struct radix_entry *)(void *)((uint8_t *)builder->scratch + records_bytes(builder, entries));
    inversion->next = (uint32_t *)(void *)(inversion->terms + entries);
    inversion->sorted = inversion->next + builder->term_count;
    return 0;
}

/* Sorts the entries, which stand where terms will, by key, and those of equal keys by compare, by their values. */
static void sort_entries(const struct inversion *inversion, size_t count,
                         int compare(const void *a, const void *b, void *builder), struct segment_builder *builder)
{
    struct radix_entry *entries = inversion->terms;
    radix_sort(entries, (struct radix_entry *)(void *)inversion->records, count);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && entries[end].key == entries[i].key) {
            end++;
        }
        if (end - i > 1) {
            qsort_r(entries + i, end - i, sizeof *entries, compare, builder);
        }
        i = end;
    }
}

static int compare_documents(const void *a, const void *b, void *context)
{
    const struct segment_builder *builder = context;
    const struct builder_entry *x = &builder->documents[((const struct radix_entry *)a)->value];
    const struct builder_entry *y = &builder->documents[((const struct radix_entry *)b)->value];
    struct segment_place left = {x->order, x->id_hash, builder_id(builder, x)};
    struct segment_place right = {y->order, y->id_hash, builder_id(builder, y)};
    return segment_place_compare(&left, &right);
}

static void sort_documents(struct segment_builder *builder, struct inversion *inversion)
{
    for (uint32_t i = 0; i < builder->document_count; i++) {
        if (!builder->documents[i].dropped) {
            inversion->terms[inversion->count++] = (struct radix_entry){builder->documents[i].order, i};
        }
    }
    sort_entries(inversion, inversion->count, compare_documents, builder);
    for (uint32_t i = 0; i < inversion->count; i++) {
        inversion->sorted[i] = inversion->terms[i].value;
    }
}

static int compare_terms(const void *a, const void *b, void *context)
{
    const struct segment_builder *builder = context;
    const struct builder_term *x = &builder->terms[((const struct radix_entry *)a)->value];
    const struct builder_term *y = &builder->terms[((const struct radix_entry *)b)->value];
    return bytes_compare(builder_text(x), builder_text(y));
}

/* The first eight bytes of a term, so that numbers compare as terms do, but for equal ones. */
static uint64_t term_key(const struct builder_term *term)
{
    static_assert(BUILDER_HEAD_BYTES >= sizeof(uint64_t), "they are in the head");
    return __builtin_bswap64(load_u64(term->head));
}

/* Terms are visited in another order than they came: they are asked for so many early, and the texts of long ones. */
#define AHEAD_TERM 32u
#define AHEAD_TEXT 16u

/* Lists the terms that have live postings in byte order, and where the list of each begins and ends. */
static void place_terms(struct segment_builder *builder, struct inversion *inversion)
{
    for (uint32_t term = 0; term < builder->term_count; term++) {
        if (builder->uses[term].df != 0) {
            inversion->terms[inversion->term_count++] = (struct radix_entry){term_key(&builder->terms[term]), term};
        }
    }
    sort_entries(inversion, inversion->term_count, compare_terms, builder);
    for (uint32_t i = 0; i < inversion->term_count; i++) {
        struct radix_entry *entry = &inversion->terms[i];
        if (i + AHEAD_TERM < inversion->term_count) {
            uint32_t ahead = inversion->terms[i + AHEAD_TERM].value;
            __builtin_prefetch(&builder->uses[ahead]);
            __builtin_prefetch(&inversion->next[ahead], 1);
        }
        inversion->next[entry->value] = inversion->total;
        inversion->total += builder->uses[entry->value].df;
        entry->key = inversion->total;
    }
}

/*
 * The records are far more than the caches hold, and so is what the scatter reads, since documents leave in another
 * order than they came. It asks for lines this many documents early, each by what the one before it has brought: the
 * document, its postings and positions, the places of its terms, and what stands there.
 */
#define AHEAD_DOCUMENT 24u
#define AHEAD_CONTENT 16u
#define AHEAD_NEXT 8u
#define AHEAD_TARGET 4u

/* A function that only asks has no effect to a compiler: gcc leaves its calls out if they are not inlined at once. */
#define ASK static inline __attribute__((always_inline)) void

/* size bytes, at least one, which may begin and end inside of lines. */
ASK ask_for(const void *start, size_t size)
{
    const uint8_t *p = start;
    for (size_t line = 0; line < size; line += 64) {
        __builtin_prefetch(p + line);
    }
    __builtin_prefetch(p + size - 1);
}

/* The document that is ahead documents behind the i-th in the final order; NULL when there is none. */
static inline const struct builder_entry *entry_ahead(const struct segment_builder *builder,
                                                      const struct inversion *inversion, uint32_t i, uint32_t ahead)
{
    return i + ahead < inversion->count ? &builder->documents[inversion->sorted[i + ahead]] : NULL;
}

ASK ask_ahead(const struct segment_builder *builder, const struct inversion *inversion, uint32_t i)
{
    const struct builder_entry *entry = entry_ahead(builder, inversion, i, AHEAD_DOCUMENT);
    if (entry != NULL) {
        ask_for(entry, sizeof *entry);
    }
    entry = entry_ahead(builder, inversion, i, AHEAD_CONTENT);
    if (entry != NULL) {
        ask_for(builder_postings(builder, entry), entry->posting_count * sizeof(uint32_t) + entry->positions_size);
    }
    entry = entry_ahead(builder, inversion, i, AHEAD_NEXT);
    const uint32_t *postings = entry == NULL ? NULL : builder_postings(builder, entry);
    for (uint32_t p = 0; entry != NULL && p < entry->posting_count; p++) {
        __builtin_prefetch(&inversion->next[postings[p] & BUILDER_TERM_MASK], 1);
    }
    entry = entry_ahead(builder, inversion, i, AHEAD_TARGET);
    postings = entry == NULL ? NULL : builder_postings(builder, entry);
    for (uint32_t p = 0; entry != NULL && p < entry->posting_count; p++) {
        __builtin_prefetch(&inversion->records[inversion->next[postings[p] & BUILDER_TERM_MASK]], 1);
    }
}

/* What a record tells of an entry of positions that begins at offset among the document's. */
static inline uint64_t record_entry(struct bytes entry, size_t offset, unsigned entry_bits)
{
    uint64_t packed = 0;
    if (entry.size * 8 > entry_bits) {
        return UINT64_C(1) << entry_bits | offset;
    }
    for (size_t i = 0; i < entry.size; i++) {
        packed |= (uint64_t)entry.data[i] << 8 * i;
    }
    return packed;
}

static void scatter(const struct segment_builder *builder, struct inversion *inversion)
{
    const struct record_shape shape = record_shape_for(inversion->count);
    inversion->shape = shape;
    for (uint32_t i = 0; i < inversion->count; i++) {
        const struct builder_entry *entry = &builder->documents[inversion->sorted[i]];
        const uint32_t *postings = builder_postings(builder, entry);
        struct bytes positions = builder_positions(builder, entry);
        const uint8_t *first = positions.data;
        ask_ahead(builder, inversion, i);
        for (uint32_t p = 0; p < entry->posting_count; p++) {
            struct bytes occurrences = positions_cut(&positions);
            uint64_t code = postings[p] >> BUILDER_CLASS_SHIFT << 5 | entry->length_code;
            inversion->records[inversion->next[postings[p] & BUILDER_TERM_MASK]++] =
                (uint64_t)i << shape.document_shift | code << shape.code_shift |
                record_entry(occurrences, (size_t)(occurrences.data - first), shape.entry_bits);
        }
    }
}

/* Some postings of a list, on their way from records to the writers. */
#define PART_POSTINGS 1024u

struct list_part {
    uint32_t documents[PART_POSTINGS];
    uint8_t codes[PART_POSTINGS];
    uint8_t entries[(PART_POSTINGS + 1) * sizeof(uint32_t)];
    size_t entries_size;
    size_t waiting; /* entries not given to the writer yet */
};

static int give_entries(struct list_part *part, struct segment_writer *writer)
{
    int status = part->waiting == 0 ? 0
                                    : positions_writer_add(&writer->positions,
                                                           bytes_of(part->entries, part->entries_size), part->waiting);
    part->entries_size = 0;
    part->waiting = 0;
    return status;
}

/* Keeps the order of entries: what waits goes first. */
static int give_entry_apart(const struct segment_builder *builder, const struct inversion *inversion, uint32_t document,
                            size_t offset, struct list_part *part, struct segment_writer *writer)
{
    struct bytes positions = builder_positions(builder, &builder->documents[inversion->sorted[document]]);
    struct bytes rest = bytes_of(positions.data + offset, positions.size - offset);
    int status = give_entries(part, writer);
    return status == 0 ? positions_writer_add(&writer->positions, positions_cut(&rest), 1) : status;
}

/* Writes an entry as records have it, with room for four bytes; returns how many it has. */
static inline unsigned store_entry(uint8_t *out, uint32_t entry)
{
    /* A byte whose high bits are 01 ends it: the first such, by the lowest of the bits that tell. */
    uint32_t ends = entry & ~(entry >> 1) & UINT32_C(0x40404040);
    store_u32(out, entry);
    return (unsigned)__builtin_ctz(ends) / 8 + 1;
}

/* The records are PART_POSTINGS at most. */
static int write_part(const struct segment_builder *builder, const struct inversion *inversion,
                      const uint64_t *records, size_t count, struct list_part *part, struct segment_writer *writer)
{
    const struct record_shape shape = inversion->shape;
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        uint64_t record = records[i];
        uint32_t entry = (uint32_t)(record & ((UINT64_C(1) << shape.entry_bits) - 1));
        part->documents[i] = (uint32_t)(record >> shape.document_shift);
        part->codes[i] = (uint8_t)(record >> shape.code_shift);
        if ((record >> shape.entry_bits & 1) == 0) {
            part->entries_size += store_entry(part->entries + part->entries_size, entry);
            part->waiting++;
        } else {
            status = give_entry_apart(builder, inversion, part->documents[i], entry, part, writer);
        }
    }
    status = status == 0 ? give_entries(part, writer) : status;
    return status == 0 ? segment_writer_add_postings(writer, part->documents, part->codes, count) : status;
}

static int write_list(const struct segment_builder *builder, const struct inversion *inversion, uint32_t start,
                      uint32_t end, struct list_part *part, struct segment_writer *writer)
{
    int status = 0;
    for (uint32_t at = start; at < end && status == 0;) {
        size_t count = end - at < PART_POSTINGS ? end - at : PART_POSTINGS;
        status = write_part(builder, inversion, inversion->records + at, count, part, writer);
        at += (uint32_t)count;
    }
    return status;
}

/* Whether the list of these records is short and stands in them; then it is in *list, whose entries are in bytes. */
static inline bool take_short(struct record_shape shape, const uint64_t *records, uint32_t count,
                              uint8_t bytes[(POSTINGS_TINY_MAX + 1) * sizeof(uint32_t)],
                              struct segment_short_list *list)
{
    size_t size = 0;
    if (count > POSTINGS_TINY_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if ((records[i] >> shape.entry_bits & 1) != 0) {
            return false;
        }
        list->documents[i] = (uint32_t)(records[i] >> shape.document_shift);
        list->codes[i] = (uint8_t)(records[i] >> shape.code_shift);
        size += store_entry(bytes + size, (uint32_t)(records[i] & ((UINT64_C(1) << shape.entry_bits) - 1)));
    }
    static_assert(POSTINGS_TINY_MAX * sizeof(uint32_t) <= POSITIONS_INLINE_MAX_BYTES, "entries of records are short");
    list->count = count;
    list->entries = bytes_of(bytes, size);
    return true;
}

ASK ask_for_term(const struct segment_builder *builder, const struct inversion *inversion, uint32_t i)
{
    if (i + AHEAD_TERM < inversion->term_count) {
        ask_for(&builder->terms[inversion->terms[i + AHEAD_TERM].value], sizeof *builder->terms);
        __builtin_prefetch(builder_text(&builder->terms[inversion->terms[i + AHEAD_TEXT].value]).data);
    }
}

static int write_lists(const struct segment_builder *builder, const struct inversion *inversion,
                       struct segment_writer *writer)
{
    struct list_part part = {.waiting = 0};
    struct segment_short_list list;
    uint8_t entries[(POSTINGS_TINY_MAX + 1) * sizeof(uint32_t)];
    struct buf value;
    buf_init(&value, SEGMENT_VALUE_MAX_BYTES);
    uint32_t start = 0;
    int status = segment_writer_begin_lists(writer, inversion->count);
    for (uint32_t i = 0; i < inversion->term_count && status == 0; i++) {
        const struct builder_term *term = &builder->terms[inversion->terms[i].value];
        struct bytes text = builder_text(term);
        uint32_t end = (uint32_t)inversion->terms[i].key;
        ask_for_term(builder, inversion, i);
        if (take_short(inversion->shape, inversion->records + start, end - start, entries, &list)) {
            status = segment_writer_put_short(writer, text, term->hash, &list, &value);
        } else {
            status = segment_writer_begin_list(writer, text);
            status = status == 0 ? write_list(builder, inversion, start, end, &part, writer) : status;
            status = status == 0 ? segment_writer_end_list(writer, text, term->hash, &value) : status;
        }
        start = end;
    }
    buf_release(&value);
    writer->info.postings = start;
    writer->info.terms = inversion->term_count;
    return status;
}

/* Documents leave in another order than they came: their bytes are asked for a few documents early. */
ASK ask_for_product(const struct segment_builder *builder, const struct inversion *inversion, uint32_t i)
{
    const struct builder_entry *entry = entry_ahead(builder, inversion, i, 2 * AHEAD_TARGET);
    if (entry != NULL) {
        ask_for(entry, sizeof *entry);
    }
    entry = entry_ahead(builder, inversion, i, AHEAD_TARGET);
    if (entry != NULL) {
        struct bytes id = builder_id(builder, entry);
        size_t size = id.size + entry->stored_size;
        __builtin_prefetch(entry->data); /* the columns */
        ask_for(id.data, size < 512 ? size : 512);
    }
}

/* Even as they lie in memory documents are too far apart for the processor to guess. */
#define AHEAD_COLUMNS 12u

/* Writes the dictionaries of the values that live documents have, which are visited as they lie in memory. */
static int write_values(struct segment_builder *builder, struct segment_writer *writer)
{
    int status = 0;
    for (uint32_t i = 0; i < builder->document_count; i++) {
        const struct builder_entry *entry = &builder->documents[i];
        if (i + AHEAD_COLUMNS < builder->document_count) {
            __builtin_prefetch(builder->documents[i + AHEAD_COLUMNS].data);
        }
        for (uint8_t c = 0; c < builder->columns.count && !entry->dropped; c++) {
            if (builder->columns.values[c]) {
                values_collector_use(&builder->values[c], builder_columns(entry)[c]);
            }
        }
    }
    for (uint8_t c = 0; c < builder->columns.count && status == 0; c++) {
        if (builder->columns.values[c]) {
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
        int64_t value = builder_columns(entry)[c];
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
            status = ids_writer_add(&writer->ids, builder_id(builder, entry));
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
    int status = take_scratch(builder, &inversion);
    if (status == 0) {
        sort_documents(builder, &inversion);
        place_terms(builder, &inversion);
        scatter(builder, &inversion);
        status = write_lists(builder, &inversion, writer);
    }
    if (status == 0) {
        status = write_values(builder, writer);
    }
    if (status == 0) {
        status = write_documents(builder, &inversion, writer, store, context);
    }
    return status;
}
