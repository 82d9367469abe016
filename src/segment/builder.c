/*
 * builder.c - the memory index of documents that are not written yet.
 *
 * Documents arrive in any order and leave in document order, so nothing is sorted on the way in: each document keeps
 * the numbers of its terms (a forward index, four bytes a posting) and the positions of each, already as the entries
 * that will be written, beside the product itself, and builder_write.c turns that round at the end.
 * The vocabulary is one hash table; a term has a stamp of the document that touched it last, so that finding "seen
 * already in this document" costs no table of its own.
 *
 * Thread rule: one thread at a time.
 */
#include "segment/builder_private.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <assert.h>
#include <stdatomic.h>

#define TABLE_FIRST 1024u
#define ARENA_BYTES_MAX ((size_t)1 << 40)

/* Of an arena as large as this one large chunks are on huge pages; what is left of the last one is not touched. */
#define ARENA_SHARE 4u

static void begin_empty(struct segment_builder *builder)
{
    static atomic_uint_fast64_t serials;
    builder->serial = atomic_fetch_add_explicit(&serials, 1, memory_order_relaxed) + 1;
    ids_range_begin(&builder->ids);
}

int segment_builder_new(const struct segment_columns *columns, struct segment_builder **out)
{
    *out = NULL;
    struct segment_builder *builder = mem_calloc(1, sizeof *builder);
    if (builder == NULL) {
        return AISLE_NO_MEMORY;
    }
    builder->columns = *columns;
    builder->values = mem_alloc(columns->count * sizeof *builder->values);
    if (builder->values == NULL) {
        mem_free(builder);
        return AISLE_NO_MEMORY;
    }
    for (uint8_t i = 0; i < columns->count; i++) {
        values_collector_init(&builder->values[i]);
    }
    arena_init(&builder->bytes, ARENA_BYTES_MAX);
    builder->bytes.chunk_share = ARENA_SHARE;
    begin_empty(builder);
    *out = builder;
    return 0;
}

static void release_arrays(struct segment_builder *builder)
{
    mem_free(builder->term_slots);
    mem_free(builder->terms);
    mem_free(builder->uses);
    mem_free(builder->words);
    mem_free(builder->id_slots);
    mem_free(builder->documents);
    mem_free(builder->touched);
    for (uint8_t i = 0; i < builder->columns.count; i++) {
        values_collector_release(&builder->values[i]);
    }
}

void segment_builder_free(struct segment_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    release_arrays(builder);
    lexicon_set_release(&builder->lexicon);
    arena_release(&builder->bytes);
    mem_free(builder->scratch);
    mem_free(builder->values);
    mem_free(builder);
}

void segment_builder_keep(struct segment_builder *builder, bool keep)
{
    builder->keep = keep;
}

void segment_builder_reset(struct segment_builder *builder)
{
    if (builder->keep) {
        arena_empty(&builder->bytes);
    } else {
        arena_release(&builder->bytes);
        mem_free(builder->scratch);
        builder->scratch = NULL;
        builder->scratch_bytes = 0;
    }
    release_arrays(builder);
    lexicon_set_release(&builder->lexicon);
    *builder = (struct segment_builder){.columns = builder->columns,
                                        .values = builder->values,
                                        .bytes = builder->bytes,
                                        .keep = builder->keep,
                                        .scratch = builder->scratch,
                                        .scratch_bytes = builder->scratch_bytes};
    begin_empty(builder);
}

/* Makes room for one more element: capacity grows by half. */
static int reserve(void **array, size_t count, size_t *capacity, size_t element_bytes)
{
    if (count < *capacity) {
        return 0;
    }
    size_t wanted = *capacity < 256 ? 256 : *capacity + *capacity / 2;
    void *grown = mem_realloc(*array, wanted * element_bytes);
    if (grown == NULL) {
        return AISLE_NO_MEMORY;
    }
    *array = grown;
    *capacity = wanted;
    return 0;
}

/* ---- the vocabulary ---- */

static int grow_term_slots(struct segment_builder *builder)
{
    size_t count = builder->term_slot_count == 0 ? TABLE_FIRST : builder->term_slot_count * 2;
    uint32_t *slots = mem_calloc(count, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t term = 0; term < builder->term_count; term++) {
        size_t at = builder->terms[term].hash & (count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = term + 1;
    }
    mem_free(builder->term_slots);
    builder->term_slots = slots;
    builder->term_slot_count = count;
    return 0;
}

static void copy_head(uint8_t head[BUILDER_HEAD_BYTES], struct bytes term)
{
    memset(head, 0, BUILDER_HEAD_BYTES);
    memcpy(head, term.data, term.size < BUILDER_HEAD_BYTES ? term.size : BUILDER_HEAD_BYTES);
}

static int reserve_terms(struct segment_builder *builder)
{
    size_t capacity = builder->term_capacity;
    int status = reserve((void **)&builder->uses, builder->term_count, &capacity, sizeof *builder->uses);
    return status == 0 ? reserve((void **)&builder->terms, builder->term_count, &builder->term_capacity,
                                 sizeof *builder->terms)
                       : status;
}

static int add_term(struct segment_builder *builder, struct bytes term, uint32_t hash, size_t at)
{
    if (builder->term_count >= BUILDER_TERMS_MAX) {
        return AISLE_LIMIT;
    }
    int status = reserve_terms(builder);
    uint8_t *copy = arena_copy(&builder->bytes, term.data, term.size);
    if (status != 0 || copy == NULL) {
        return AISLE_NO_MEMORY;
    }
    struct builder_term *added = &builder->terms[builder->term_count];
    *added = (struct builder_term){.data = copy, .hash = hash, .size = (uint8_t)term.size};
    copy_head(added->head, term);
    builder->uses[builder->term_count] = (struct builder_use){.stamp = 0};
    builder->term_slots[at] = ++builder->term_count;
    return 0;
}

static bool is_term(const struct builder_term *known, struct bytes term, uint32_t hash,
                    const uint8_t head[BUILDER_HEAD_BYTES])
{
    return known->hash == hash && known->size == term.size && memcmp(known->head, head, BUILDER_HEAD_BYTES) == 0 &&
           (term.size <= BUILDER_HEAD_BYTES || memcmp(known->data, term.data, term.size) == 0);
}

static int intern(struct segment_builder *builder, struct bytes term, uint32_t hash, uint32_t *number)
{
    uint8_t head[BUILDER_HEAD_BYTES];
    size_t mask = builder->term_slot_count - 1;
    size_t at = hash & mask;
    copy_head(head, term);
    while (builder->term_slots[at] != 0) {
        if (is_term(&builder->terms[builder->term_slots[at] - 1], term, hash, head)) {
            *number = builder->term_slots[at] - 1;
            return 0;
        }
        at = (at + 1) & mask;
    }
    *number = builder->term_count;
    return add_term(builder, term, hash, at);
}

/* The use of a term in the document under construction: its slot there, a new one if it has none yet. */
static int use_term(struct segment_builder *builder, uint32_t number, bool is_word, uint32_t *slot)
{
    struct builder_use *use = &builder->uses[number];
    if (is_word) {
        use->is_word = 1;
    }
    uint32_t first = (uint32_t)builder->posting_count + 1; /* stamps of earlier documents are below */
    if (use->stamp < first) {
        int status = builder->touched_count == BUILDER_SLOTS_MAX
                         ? AISLE_LIMIT
                         : reserve((void **)&builder->touched, builder->touched_count, &builder->touched_capacity,
                                   sizeof *builder->touched);
        if (status != 0) {
            return status;
        }
        use->stamp = first + builder->touched_count;
        builder->touched[builder->touched_count++] = number;
    }
    *slot = use->stamp - first;
    return 0;
}

/* Whether the term of the word is remembered. */
static inline bool recall_word(const struct segment_builder *builder, uint64_t word, uint32_t *number)
{
    if (word == 0 || builder->words == NULL) {
        return false;
    }
    const struct builder_word *known = &builder->words[word % BUILDER_WORDS];
    *number = known->term;
    return known->tag == (uint32_t)(word / BUILDER_WORDS) + 1;
}

static inline void remember_word(struct segment_builder *builder, uint64_t word, uint32_t number)
{
    if (word != 0 && builder->words != NULL) {
        builder->words[word % BUILDER_WORDS] =
            (struct builder_word){.tag = (uint32_t)(word / BUILDER_WORDS) + 1, .term = number};
    }
}

/* Makes room for count more terms, and a memory for words once the terms are many. */
static int reserve_vocabulary(struct segment_builder *builder, size_t count)
{
    while ((builder->term_count + count) * 2 >= builder->term_slot_count) {
        int status = grow_term_slots(builder);
        if (status != 0) {
            return status;
        }
    }
    if (builder->words == NULL && builder->term_count >= BUILDER_WORDS / 4) {
        builder->words = mem_calloc(BUILDER_WORDS, sizeof *builder->words);
        return builder->words == NULL ? AISLE_NO_MEMORY : 0;
    }
    return 0;
}

/*
 * The vocabulary is far larger than the caches: the misses of all terms that are not remembered by their words are let
 * run at once before any is used.
 */
int segment_builder_touch(struct segment_builder *builder, const struct segment_token *tokens, size_t count,
                          uint32_t *slots)
{
    uint32_t hashes[SEGMENT_TOUCH_MAX];
    uint32_t numbers[SEGMENT_TOUCH_MAX];
    int status = reserve_vocabulary(builder, count);
    if (status != 0) {
        return status;
    }
    size_t mask = builder->term_slot_count - 1;
    for (size_t i = 0; i < count; i++) {
        if (tokens[i].number != 0) {
            assert(tokens[i].number <= builder->term_count);
            numbers[i] = tokens[i].number - 1;
            __builtin_prefetch(&builder->uses[numbers[i]], 1);
        } else if (recall_word(builder, tokens[i].word, &numbers[i])) {
            __builtin_prefetch(&builder->uses[numbers[i]], 1);
        } else {
            numbers[i] = BUILDER_TERMS_MAX;
            hashes[i] = (uint32_t)(hash_bytes(tokens[i].term.data, tokens[i].term.size) >> 32);
            __builtin_prefetch(&builder->term_slots[hashes[i] & mask]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = numbers[i] == BUILDER_TERMS_MAX ? builder->term_slots[hashes[i] & mask] : 0;
        if (slot != 0) {
            __builtin_prefetch(&builder->terms[slot - 1]); /* which may lie in two lines */
            __builtin_prefetch(&builder->terms[slot - 1].head[BUILDER_HEAD_BYTES - 1]);
            __builtin_prefetch(&builder->uses[slot - 1], 1);
        }
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        if (numbers[i] == BUILDER_TERMS_MAX) {
            status = intern(builder, tokens[i].term, hashes[i], &numbers[i]);
            remember_word(builder, status == 0 ? tokens[i].word : 0, numbers[i]);
        }
        status = status == 0 ? use_term(builder, numbers[i], tokens[i].is_word, &slots[i]) : status;
    }
    return status;
}

uint32_t segment_builder_number(const struct segment_builder *builder, uint32_t slot)
{
    return builder->touched[slot] + 1;
}

uint64_t segment_builder_serial(const struct segment_builder *builder)
{
    return builder->serial;
}

struct values_collector *segment_builder_values(struct segment_builder *builder, uint8_t column)
{
    return &builder->values[column];
}

struct lexicon_set *segment_builder_word_set(struct segment_builder *builder)
{
    return &builder->lexicon;
}

int segment_builder_words(const struct segment_builder *builder, struct bytes **words, size_t *count)
{
    size_t total = builder->lexicon.count;
    for (uint32_t term = 0; term < builder->term_count; term++) {
        total += builder->uses[term].is_word;
    }
    *count = 0;
    *words = mem_alloc(total * sizeof **words);
    if (*words == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t term = 0; term < builder->term_count; term++) {
        if (builder->uses[term].is_word != 0) {
            (*words)[(*count)++] = builder_text(&builder->terms[term]);
        }
    }
    struct bytes word;
    for (size_t next = 0; lexicon_set_next(&builder->lexicon, &next, &word);) {
        (*words)[(*count)++] = word;
    }
    return 0;
}

void segment_builder_abandon(struct segment_builder *builder)
{
    for (uint32_t i = 0; i < builder->touched_count; i++) {
        builder->uses[builder->touched[i]].stamp = 0;
    }
    builder->touched_count = 0;
}

/* ---- documents ---- */

static int grow_id_slots(struct segment_builder *builder)
{
    size_t count = builder->id_slot_count == 0 ? TABLE_FIRST : builder->id_slot_count * 2;
    uint32_t *slots = mem_calloc(count, sizeof *slots);
    if (slots == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < builder->document_count; i++) {
        size_t at = builder->documents[i].id_hash & (count - 1);
        if (builder->documents[i].dropped) {
            continue;
        }
        while (slots[at] != 0) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = i + 1;
    }
    mem_free(builder->id_slots);
    builder->id_slots = slots;
    builder->id_slot_count = count;
    return 0;
}

void segment_builder_ask(const struct segment_builder *builder, uint64_t id_hash)
{
    if (builder->id_slot_count != 0) {
        __builtin_prefetch(&builder->id_slots[id_hash & (builder->id_slot_count - 1)], 1);
    }
}

int segment_builder_find(const struct segment_builder *builder, struct bytes id, uint64_t id_hash, uint32_t *number)
{
    if (builder->id_slot_count == 0) {
        return AISLE_END;
    }
    size_t mask = builder->id_slot_count - 1;
    for (size_t at = id_hash & mask; builder->id_slots[at] != 0; at = (at + 1) & mask) {
        const struct builder_entry *entry = &builder->documents[builder->id_slots[at] - 1];
        if (entry->id_hash == id_hash && !entry->dropped && bytes_equal(builder_id(builder, entry), id)) {
            *number = builder->id_slots[at] - 1;
            return 0;
        }
    }
    return AISLE_END;
}

static void enter_id(struct segment_builder *builder, uint32_t number)
{
    size_t mask = builder->id_slot_count - 1;
    uint64_t hash = builder->documents[number].id_hash;
    size_t at = hash & mask;
    bool has_dropped = builder->live_count != number; /* else there is no need to wait for the entries' cache lines */
    while (builder->id_slots[at] != 0) {
        const struct builder_entry *entry = &builder->documents[builder->id_slots[at] - 1];
        if (has_dropped && entry->dropped && entry->id_hash == hash) {
            break; /* an older version of the product: without taking its place, puts of one id make a long chain */
        }
        at = (at + 1) & mask;
    }
    builder->id_slots[at] = number + 1;
}

static uint8_t *append(uint8_t *to, const void *data, size_t size)
{
    if (size != 0) {
        memcpy(to, data, size);
    }
    return to + size;
}

/* Copies the document behind its postings, which it makes and counts on the way. */
static int fill_entry(struct segment_builder *builder, const struct builder_document *document,
                      struct builder_entry *entry)
{
    size_t columns_bytes = builder->columns.count * sizeof(int64_t);
    size_t postings_bytes = builder->touched_count * sizeof(uint32_t);
    *entry = (struct builder_entry){.order = document->order,
                                    .id_hash = document->id_hash,
                                    .posting_count = builder->touched_count,
                                    .length = document->length,
                                    .positions_size = (uint32_t)document->positions.size,
                                    .id_size = (uint16_t)document->id.size,
                                    .stored_size = (uint32_t)document->stored.size,
                                    .length_code = document->length_code};
    entry->data = arena_alloc(&builder->bytes, columns_bytes + postings_bytes + document->positions.size +
                                                   document->id.size + document->stored.size);
    if (entry->data == NULL) {
        return AISLE_NO_MEMORY;
    }
    uint8_t *to = append(entry->data, document->columns, columns_bytes);
    uint32_t *postings = (uint32_t *)(void *)to;
    for (uint32_t slot = 0; slot < builder->touched_count; slot++) {
        postings[slot] = builder->touched[slot] | (uint32_t)document->classes[slot] << BUILDER_CLASS_SHIFT;
        builder->uses[builder->touched[slot]].df++;
    }
    to = append(to + postings_bytes, document->positions.data, document->positions.size);
    to = append(to, document->id.data, document->id.size);
    append(to, document->stored.data, document->stored.size);
    return 0;
}

int segment_builder_end(struct segment_builder *builder, const struct builder_document *document, uint32_t *number)
{
    if (builder->document_count >= LIMIT_SEGMENT_DOCUMENTS ||
        builder->posting_count + builder->touched_count > UINT32_MAX - 1 - BUILDER_SLOTS_MAX) {
        return AISLE_LIMIT;
    }
    if (document->positions.size >= BUILDER_POSITIONS_MAX ||
        !positions_are(document->positions, builder->touched_count)) {
        return AISLE_INVALID;
    }
    int status = reserve((void **)&builder->documents, builder->document_count, &builder->document_capacity,
                         sizeof *builder->documents);
    if (status == 0 && builder->document_count * 2 >= builder->id_slot_count) {
        status = grow_id_slots(builder);
    }
    if (status == 0) {
        status = fill_entry(builder, document, &builder->documents[builder->document_count]);
    }
    if (status != 0) {
        return status;
    }
    builder->posting_count += builder->touched_count;
    *number = builder->document_count++;
    enter_id(builder, *number);
    ids_range_add(&builder->ids, document->id);
    builder->live_count++;
    builder->touched_count = 0;
    return 0;
}

void segment_builder_drop(struct segment_builder *builder, uint32_t number)
{
    struct builder_entry *entry = &builder->documents[number];
    if (!entry->dropped) {
        const uint32_t *postings = builder_postings(builder, entry);
        for (uint32_t i = 0; i < entry->posting_count; i++) {
            builder->uses[postings[i] & BUILDER_TERM_MASK].df--;
        }
        entry->dropped = true;
        builder->live_count--;
    }
}

struct bytes segment_builder_stored(const struct segment_builder *builder, uint32_t number)
{
    return builder_stored(builder, &builder->documents[number]);
}

struct bytes segment_builder_id(const struct segment_builder *builder, uint32_t number, uint64_t *id_hash)
{
    *id_hash = builder->documents[number].id_hash;
    return builder_id(builder, &builder->documents[number]);
}

const struct ids_range *segment_builder_ids(const struct segment_builder *builder)
{
    return &builder->ids;
}

uint32_t segment_builder_documents(const struct segment_builder *builder)
{
    return builder->document_count;
}

uint32_t segment_builder_live(const struct segment_builder *builder)
{
    return builder->live_count;
}

bool segment_builder_dropped(const struct segment_builder *builder, uint32_t number)
{
    return builder->documents[number].dropped;
}

uint64_t segment_builder_memory(const struct segment_builder *builder)
{
    uint64_t held = arena_touched(&builder->bytes) + lexicon_set_memory(&builder->lexicon) +
                    builder->term_slot_count * sizeof(uint32_t) +
                    builder->term_capacity * (sizeof *builder->terms + sizeof *builder->uses) +
                    (builder->words == NULL ? 0 : BUILDER_WORDS * sizeof *builder->words) +
                    builder->id_slot_count * sizeof(uint32_t) +
                    builder->document_capacity * sizeof *builder->documents;
    for (uint8_t i = 0; i < builder->columns.count; i++) {
        held += values_collector_bytes(&builder->values[i]);
    }
    return held + builder_scratch_bytes(builder);
}
