/*
 * builder_private.h - the layout of the memory index, shared by builder.c (filling) and builder_write.c (writing).
 */
#ifndef AISLE_SEGMENT_BUILDER_PRIVATE_H
#define AISLE_SEGMENT_BUILDER_PRIVATE_H

#include "base/arena.h"
#include "segment/segment_private.h"

/* A posting of the forward index: term number in the low bits, class above. */
#define BUILDER_CLASS_SHIFT 29u
#define BUILDER_TERMS_MAX (1u << BUILDER_CLASS_SHIFT)
#define BUILDER_TERM_MASK (BUILDER_TERMS_MAX - 1)

/* Terms of one document: each field's tokens, and what links several of them, are fewer. */
#define BUILDER_SLOTS_MAX (UINT32_C(4) * LIMIT_FIELDS * LIMIT_TOKENS_FIELD)

/* What a document's entries of positions take is below this: LIMIT_PRODUCT_BYTES hold no more occurrences. */
#define BUILDER_POSITIONS_MAX (1u << 24)

static_assert(2 * (uint64_t)LIMIT_PRODUCT_BYTES * POSITIONS_OCCURRENCE_BYTES_MAX <= BUILDER_POSITIONS_MAX,
              "two occurrences for each byte, which is more than any text has");

/* For most words, comparing needs nothing else. */
#define BUILDER_HEAD_BYTES 11u

/* What tells a term from others. */
struct builder_term {
    const uint8_t *data; /* in the arena */
    uint32_t hash;       /* the high half of its hash_bytes, by which dictionaries look for it, too */
    uint8_t size;
    uint8_t head[BUILDER_HEAD_BYTES]; /* its first bytes, zeros behind */
};

/* Its bytes, which for most words are near: as long as no term is added. */
static inline struct bytes builder_text(const struct builder_term *term)
{
    return bytes_of(term->size <= BUILDER_HEAD_BYTES ? term->head : term->data, term->size);
}

/*
 * What a document changes of a term: apart, so that few cache lines hold those of the frequent terms, and none lies in
 * two of them.
 */
struct builder_use {
    uint32_t stamp;       /* 1, postings before the document that touched it last, and its slot there; 0: none did */
    uint32_t df : 31;     /* live documents */
    uint32_t is_word : 1; /* of the lexicon */
};

static_assert(BUILDER_SLOTS_MAX < UINT32_MAX / 2, "a document leaves room for stamps of others");

static_assert(sizeof(struct builder_term) == 24, "no padding");
static_assert(LIMIT_SEGMENT_DOCUMENTS < 1u << 31, "df counts them");

/* Remembers the terms of frequent words; each word has one place. */
#define BUILDER_WORDS (1u << 15)

struct builder_word {
    uint32_t tag; /* the rest of the word's number, by which it has its place; 0: free */
    uint32_t term;
};

/* Everything that is read together lies together, since documents leave in another order than they came. */
struct builder_entry {
    uint64_t order;
    uint64_t id_hash;
    uint8_t *data; /* in the arena: columns, postings, entries of positions, id, stored bytes, without gaps */
    uint32_t length;
    uint32_t posting_count;
    uint32_t positions_size;
    uint32_t stored_size;
    uint16_t id_size;
    uint8_t length_code;
    bool dropped;
};

struct segment_builder {
    uint64_t serial;
    struct segment_columns columns;
    struct values_collector *values; /* owned, by position in columns */
    struct lexicon_set lexicon;
    struct arena bytes;
    bool keep;     /* at resets, what bytes has taken, and scratch */
    void *scratch; /* owned: what writing sorts and turns round in; NULL: none yet */
    size_t scratch_bytes;
    uint32_t *term_slots; /* term number + 1; 0: free */
    size_t term_slot_count;
    struct builder_term *terms;
    struct builder_use *uses; /* by term number, too */
    size_t term_capacity; /* of both */
    uint32_t term_count;
    struct builder_word *words; /* BUILDER_WORDS; NULL while there are few terms */
    uint32_t *id_slots; /* document number + 1 */
    size_t id_slot_count;
    struct builder_entry *documents;
    size_t document_capacity;
    uint32_t document_count;
    uint32_t live_count;
    struct ids_range ids; /* of all documents, and so on */
    size_t posting_count; /* of all documents, dropped ones included */
    uint32_t *touched; /* terms of the document under construction */
    size_t touched_capacity;
    uint32_t touched_count;
};

/* What writing takes beside the builder, at most: of the scratch. */
size_t builder_scratch_bytes(const struct segment_builder *builder);

static inline const int64_t *builder_columns(const struct builder_entry *entry)
{
    return (const int64_t *)(const void *)entry->data;
}

static inline const uint32_t *builder_postings(const struct segment_builder *builder, const struct builder_entry *entry)
{
    return (const uint32_t *)(const void *)(entry->data + builder->columns.count * sizeof(int64_t));
}

static inline struct bytes builder_positions(const struct segment_builder *builder, const struct builder_entry *entry)
{
    return bytes_of((const uint8_t *)(builder_postings(builder, entry) + entry->posting_count), entry->positions_size);
}

static inline struct bytes builder_id(const struct segment_builder *builder, const struct builder_entry *entry)
{
    struct bytes positions = builder_positions(builder, entry);
    return bytes_of(positions.data + positions.size, entry->id_size);
}

static inline struct bytes builder_stored(const struct segment_builder *builder, const struct builder_entry *entry)
{
    struct bytes id = builder_id(builder, entry);
    return bytes_of(id.data + id.size, entry->stored_size);
}

#endif
