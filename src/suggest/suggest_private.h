/*
 * suggest_private.h - what the files of this module share: nodes and places of the tree, the walk from best to worst.
 *
 * Thread rule: as suggest.h.
 */
#ifndef AISLE_SUGGEST_SUGGEST_PRIVATE_H
#define AISLE_SUGGEST_SUGGEST_PRIVATE_H

#include "suggest/suggest.h"
#include "suggest/suggest_format.h"

/* ---- contexts met, numbered as they came (suggest_names.c) ---- */

/* NULL: no memory. */
struct suggest_names *suggest_names_new(void);
void suggest_names_free(struct suggest_names *names);
uint32_t suggest_names_count(const struct suggest_names *names);
size_t suggest_names_memory(const struct suggest_names *names);

/* The number of a context; value has at most SUGGEST_CONTEXT_BYTES. AISLE_NO_MEMORY, AISLE_LIMIT. */
must_check int suggest_names_number(struct suggest_names *names, uint8_t field, struct bytes value, uint32_t *number);

/* The value with a number, and its field; valid until another is numbered. */
struct bytes suggest_name_at(const struct suggest_names *names, uint32_t number, uint8_t *field);

/* ---- the tree being written (suggest_tree.c) ---- */

struct suggest_tree_entry {
    uint32_t reference;
    uint16_t code;
    uint8_t first;
    uint8_t follow;
    bool later; /* a record that is met by a later word */
};

struct suggest_tree {
    struct extent_writer *stream;       /* borrowed */
    struct suggest_tree_entry *entries; /* owned: of all open nodes, the deepest last */
    size_t entry_count;
    size_t entry_capacity;
    struct suggest_tree_open {
        size_t first_entry;
        uint32_t depth; /* bytes of the key before its entries */
    } open[SUGGEST_TREE_KEY_BYTES + 1];
    uint32_t open_count;
    struct suggest_tree_entry pending; /* the last key's, not yet in a node */
    uint8_t last[SUGGEST_TREE_KEY_BYTES];
    uint32_t last_size;
    uint32_t last_space;
    bool has_pending;
    int status;
};

/* One key of the tree. */
struct suggest_tree_key {
    const uint8_t *data;
    uint32_t size;  /* at most SUGGEST_TREE_KEY_BYTES */
    uint32_t space; /* bytes up to the text, which are never left to a leaf */
    uint32_t record;
    uint16_t code;
    bool later;
};

void suggest_tree_init(struct suggest_tree *tree, struct extent_writer *stream);

/* Adds the next key, not before the last. Errors stick: AISLE_NO_MEMORY, AISLE_LIMIT, or the stream's. */
must_check int suggest_tree_add(struct suggest_tree *tree, const struct suggest_tree_key *key);

/* Writes what is open; *root is the offset of the root. */
must_check int suggest_tree_finish(struct suggest_tree *tree, uint32_t *root);
void suggest_tree_release(struct suggest_tree *tree);

/* ---- reading (suggest_read.c) ---- */

struct suggest_node {
    const uint8_t *label;
    const uint8_t *firsts;
    const uint8_t *follows;
    const uint8_t *codes;
    const uint8_t *references;
    size_t label_size;
    uint32_t count;
};

static inline uint16_t suggest_node_code(const struct suggest_node *node, uint32_t i)
{
    return load_u16(node->codes + i * sizeof(uint16_t));
}

static inline uint32_t suggest_node_reference(const struct suggest_node *node, uint32_t i)
{
    return load_u32(node->references + i * sizeof(uint32_t));
}

must_check int suggest_node_at(const struct suggest_reader *reader, uint32_t offset, struct suggest_node *node);
must_check int suggest_record_at(const struct suggest_reader *reader, uint64_t offset, struct suggest_record *record);

/* Everything below one edge of the tree. */
struct suggest_place {
    uint32_t reference;
    uint16_t code;      /* of the best below */
    size_t label_bytes; /* of the node's label that were walked over; of a leaf: 0 */
};

/* A branch of the tree (suggest_format.h): where a context's keys, or all, begin. */
struct suggest_space {
    uint8_t bytes[3 + SUGGEST_CONTEXT_BYTES];
    size_t size;
};

struct suggest_space suggest_space_of(uint8_t field, struct bytes value);

/* The place of space itself. AISLE_END when the part has nothing there; AISLE_CORRUPT. */
must_check int suggest_enter(const struct suggest_reader *reader, const struct suggest_space *space,
                             struct suggest_place *place);

/* Goes from a place that suggest_enter gave down to all that begins with text. AISLE_END, AISLE_CORRUPT. */
must_check int suggest_descend(const struct suggest_reader *reader, struct bytes text, struct suggest_place *place);

/* The code of the suggestion with this key, whole, below a place of suggest_enter. AISLE_END, AISLE_CORRUPT. */
must_check int suggest_find(const struct suggest_reader *reader, struct suggest_place place, struct bytes key,
                            uint16_t *code);

/* The first of the words that a key is found by, with all behind it, that begins with text. */
bool suggest_word_that_begins(struct bytes key, struct bytes text, struct bytes *word);

/* ---- from best to worst (suggest_cursor.c) ---- */

struct suggest_cursor {
    const struct suggest_reader *reader;
    struct arena *arena;
    uint64_t *heap; /* in the arena: code, entry, node */
    size_t count;
    size_t capacity;
    uint32_t *steps; /* borrowed: left to the whole search */
};

void suggest_cursor_init(struct suggest_cursor *cursor, const struct suggest_reader *reader, struct arena *arena,
                         uint32_t *steps);

/* Adds what is below a place. AISLE_NO_MEMORY. */
must_check int suggest_cursor_push(struct suggest_cursor *cursor, const struct suggest_place *place);

/* No code to come is greater; 0: there is none. */
static inline uint16_t suggest_cursor_bound(const struct suggest_cursor *cursor)
{
    return cursor->count == 0 ? 0 : (uint16_t)(cursor->heap[0] >> 48);
}

/* The next record in descending order of codes. AISLE_END, AISLE_CORRUPT, AISLE_NO_MEMORY, AISLE_LIMIT. */
must_check int suggest_cursor_next(struct suggest_cursor *cursor, uint32_t *record, uint16_t *code);

/* ---- with errors in what was typed (suggest_fuzzy.c) ---- */

#define SUGGEST_FUZZY_POINTS 64u /* characters typed; with more, none is taken to be wrong */

struct suggest_typed {
    uint32_t points[SUGGEST_FUZZY_POINTS];
    uint8_t leads[SUGGEST_FUZZY_POINTS]; /* the first byte of each */
    uint32_t count;
    size_t first_bytes; /* of the first character */
};

/* The characters of text; false when there are too many or none. */
bool suggest_typed_of(struct bytes text, struct suggest_typed *typed);

/*
 * Pushes to cursor the places below space where some beginning has exactly `edits` errors and none before it fewer.
 * AISLE_CORRUPT, AISLE_NO_MEMORY, AISLE_LIMIT.
 */
must_check int suggest_fuzzy(struct suggest_cursor *cursor, struct suggest_place space, struct bytes text,
                             const struct suggest_typed *typed, uint8_t edits);

#endif
