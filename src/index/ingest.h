/*
 * ingest.h - from a product's JSON to a document of the memory index: analysis, classes, positions, columns, order key.
 *
 * Thread rule: one ingest, one thread.
 */
#ifndef AISLE_INDEX_INGEST_H
#define AISLE_INDEX_INGEST_H

#include "index/known_values.h"
#include "index/places.h"
#include "rank/rank.h"
#include "schema/product.h"
#include "segment/segment.h"
#include "text/text.h"

/* A token of the product at hand. */
struct ingest_token {
    uint32_t position; /* in its field */
    uint8_t field;
    uint8_t parts;
};

/* A value, some of whose tokens wait, that is known once they do not. */
struct ingest_learning {
    struct known_value *value; /* in known */
    uint32_t first;            /* its first token, of those that wait */
};

#define INGEST_LEARNING_MAX 8u

/* A waiting token whose word is known once it does not wait: its note says the number of its term then. */
struct ingest_fresh {
    struct word_note *note;
    uint64_t word;
    uint32_t at; /* of those that wait */
    bool written; /* the word set has it, or its term is it */
};

/* What is known of the values of the product at hand, by field: bits tell of which. */
struct ingest_facts {
    uint64_t codes;
    uint64_t orders;
    int64_t code[LIMIT_FIELDS];
    uint64_t order[LIMIT_FIELDS];
};

static_assert(LIMIT_FIELDS <= 64, "a bit for each");

/* A shared value of the product at hand: its bytes, and its place among those known. */
struct ingest_value {
    struct bytes raw;
    struct known_value *place; /* NULL: it cannot be known */
};

struct ingest {
    const struct schema *schema;
    const struct segment_columns *columns;
    const struct rank_weights *weights;
    struct analyser *analyser;       /* owned */
    uint8_t language[LIMIT_FIELDS];  /* of each field, for the analyser */
    bool shared[LIMIT_FIELDS];       /* products share its values */
    uint8_t once[LIMIT_FIELDS];      /* by searchable rank: the class of a term that stands there, and only once */
    struct rank_occurrence *slots;   /* owned: of the distinct terms of the product at hand */
    uint8_t *classes;                /* owned, as many */
    size_t slot_capacity;
    size_t slot_count;
    struct places places;
    uint32_t waiting; /* tokens that the builder does not know of yet */
    struct ingest_token tokens[SEGMENT_TOUCH_MAX];
    struct segment_token terms[SEGMENT_TOUCH_MAX]; /* theirs, */
    uint8_t term_bytes[SEGMENT_TOUCH_MAX][LIMIT_TERM_BYTES]; /* copies: the analyser's are gone with the next text */
    struct known_values known;
    struct ingest_learning learning[INGEST_LEARNING_MAX];
    uint32_t learning_count;
    uint32_t rounds; /* how often what waited went to the builder */
    struct bytes text; /* of the product at hand */
    struct ingest_value values[LIMIT_FIELDS]; /* its shared ones, by field */
    struct ingest_facts facts;
    struct ingest_fresh fresh[SEGMENT_TOUCH_MAX];
    uint32_t fresh_count;
    struct buf folded; /* of the value at hand */
    struct buf shown;
    struct buf variant; /* at hand, its words folded */
};

must_check int ingest_init(struct ingest *ingest, const struct schema *schema, const struct segment_columns *columns,
                           const struct rank_weights *weights, aisle_error *error);
void ingest_release(struct ingest *ingest);

/* The columns of a schema: what a segment keeps. */
void ingest_columns(const struct schema *schema, struct segment_columns *columns);

/*
 * Adds the product (as read from text) to the builder. The caller has dropped older versions of it there.
 * AISLE_LIMIT: the builder is full and as it was. AISLE_NO_MEMORY: it can only be freed.
 */
must_check int ingest_add(struct ingest *ingest, struct segment_builder *builder, const struct product *product,
                          uint64_t id_hash, struct bytes text);

#endif
