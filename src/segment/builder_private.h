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
#define BUILDER_NO_DOCUMENT UINT32_MAX

/* Each posting has an entry of positions of at least a byte, so that places among both fit 32 bits. */
#define BUILDER_POSITION_BYTES_MAX UINT32_MAX

/* Postings are kept in chunks, so that growing never copies or doubles them; small ones, since
 * each of 64 shards has one within the budget. */
#define BUILDER_CHUNK (1u << 14)

/* For most words, comparing needs nothing else. */
#define BUILDER_HEAD_BYTES 11u

/* What tells a term from others. */
struct builder_term {
    const uint8_t *data; /* in the arena */
    uint32_t hash;
    uint8_t size;
    uint8_t head[BUILDER_HEAD_BYTES]; /* its first bytes, zeros behind */
};

/* What a document changes of a term: apart, so that few cache lines hold those of the frequent terms. */
struct builder_use {
    uint32_t last_document; /* that touched it; BUILDER_NO_DOCUMENT: none */
    uint32_t slot;          /* in that document */
    uint32_t df;            /* live documents */
    uint32_t bytes;         /* of its entries of positions, of live documents */
};

static_assert(sizeof(struct builder_term) == 24, "no padding");
static_assert(sizeof(struct builder_use) == 16, "four share a cache line");

/* Remembers the terms of frequent words; each word has one place. */
#define BUILDER_WORDS (1u << 13)

struct builder_word {
    uint32_t tag; /* the rest of the word's number, by which it has its place; 0: free */
    uint32_t term;
};

struct builder_entry {
    uint64_t order;
    uint64_t id_hash;
    uint64_t first_posting;
    uint32_t length;
    uint32_t positions_size;
    uint8_t *id; /* in the arena; the stored bytes follow the id, and these the entries of positions */
    int64_t *columns;
    uint32_t posting_count;
    uint32_t stored_size;
    uint16_t id_size;
    uint8_t length_code;
    bool dropped;
};

struct segment_builder {
    struct segment_columns columns;
    struct values_collector *values; /* owned, by position in columns */
    struct arena bytes;
    uint32_t *term_slots; /* term number + 1; 0: free */
    size_t term_slot_count;
    struct builder_term *terms;
    struct builder_use *uses; /* by term number, too */
    size_t term_capacity; /* of both */
    uint32_t term_count;
    struct builder_word *words; /* BUILDER_WORDS; NULL while there are few terms */
    uint64_t position_bytes; /* of all documents, dropped ones included; below BUILDER_POSITION_BYTES_MAX */
    uint32_t *id_slots; /* document number + 1 */
    size_t id_slot_count;
    struct builder_entry *documents;
    size_t document_capacity;
    uint32_t document_count;
    uint32_t live_count;
    uint32_t **chunks;
    size_t chunk_count;
    size_t chunk_capacity;
    size_t posting_count;
    uint32_t *touched; /* terms of the document under construction */
    size_t touched_capacity;
    uint32_t touched_count;
};

static inline struct bytes builder_positions(const struct builder_entry *entry)
{
    return bytes_of(entry->id + entry->id_size + entry->stored_size, entry->positions_size);
}

static inline uint32_t builder_posting(const struct segment_builder *builder, size_t i)
{
    return builder->chunks[i / BUILDER_CHUNK][i % BUILDER_CHUNK];
}

#endif
