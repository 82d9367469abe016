/*
 * suggest_read.c - records and nodes as they lie on disk, the way down to a prefix, and the walk over all records.
 *
 * Every byte comes through extent_view_at and is bounded before use; what does not fit is AISLE_CORRUPT. Whether text
 * and tree agree is left to suggest_check.c.
 * Thread rule: readers are shared, walks are not.
 */
#include "suggest/suggest_private.h"

#include "base/alloc.h"

int suggest_open(struct suggest_reader *reader, const struct extent_view *text, const struct extent_view *tree)
{
    *reader = (struct suggest_reader){.text = text, .tree = tree};
    if (tree->size < SUGGEST_FOOTER_BYTES) {
        return AISLE_CORRUPT;
    }
    const uint8_t *footer = extent_view_at(tree, tree->size - SUGGEST_FOOTER_BYTES, SUGGEST_FOOTER_BYTES);
    if (footer == NULL || load_u32(footer + 36) != SUGGEST_MAGIC) {
        return AISLE_CORRUPT;
    }
    if (load_u32(footer + 32) != SUGGEST_VERSION) {
        return load_u32(footer + 32) > SUGGEST_VERSION ? AISLE_NEWER_FORMAT : AISLE_CORRUPT;
    }
    reader->root = load_u32(footer);
    reader->count = load_u32(footer + 4);
    reader->contexts_offset = load_u64(footer + 16);
    reader->context_count = load_u32(footer + 24);
    reader->products = load_u32(footer + 28);
    bool sound = load_u64(footer + 8) == text->size && reader->contexts_offset <= text->size &&
                 reader->context_count <= text->size / 3 && reader->count <= text->size / SUGGEST_RECORD_HEAD;
    return sound ? 0 : AISLE_CORRUPT;
}

uint64_t suggest_weight(uint16_t code)
{
    uint64_t weight = suggest_units_of(code) >> SUGGEST_UNIT_BITS;
    return weight == 0 ? 1 : weight > SUGGEST_WEIGHT_MAX ? SUGGEST_WEIGHT_MAX : weight;
}

int suggest_node_at(const struct suggest_reader *reader, uint32_t offset, struct suggest_node *node)
{
    const uint8_t *head = extent_view_at(reader->tree, offset, SUGGEST_NODE_HEAD);
    if (head == NULL) {
        return AISLE_CORRUPT;
    }
    node->label_size = head[0];
    node->count = load_u16(head + 1);
    size_t size = SUGGEST_NODE_HEAD + node->label_size + (size_t)node->count * SUGGEST_ENTRY_BYTES;
    if (node->count > SUGGEST_ENTRIES_MAX || extent_view_at(reader->tree, offset, size) == NULL) {
        return AISLE_CORRUPT;
    }
    node->label = head + SUGGEST_NODE_HEAD;
    node->firsts = node->label + node->label_size;
    node->follows = node->firsts + node->count;
    node->codes = node->follows + node->count;
    node->references = node->codes + node->count * sizeof(uint16_t);
    return 0;
}

int suggest_record_at(const struct suggest_reader *reader, uint64_t offset, struct suggest_record *record)
{
    const uint8_t *head = extent_view_at(reader->text, offset, SUGGEST_RECORD_HEAD);
    if (head == NULL) {
        return AISLE_CORRUPT;
    }
    bool keyed = (head[0] & SUGGEST_RECORD_KEYED) != 0;
    size_t shown_size = head[1];
    size_t key_size = head[2];
    record->kind = head[0] & (SUGGEST_RECORD_KEYED - 1);
    record->code = load_u16(head + 3);
    record->context_count = head[5];
    size_t size =
        SUGGEST_RECORD_HEAD + shown_size + key_size + record->context_count * (size_t)SUGGEST_RECORD_CONTEXT;
    if (record->kind == 0 || record->kind >= SUGGEST_KINDS || shown_size == 0 || shown_size > SUGGEST_SHOWN_BYTES ||
        keyed != (key_size != 0) || (keyed ? key_size : shown_size) > SUGGEST_KEY_BYTES ||
        record->context_count > SUGGEST_CONTEXTS || !suggest_code_is_whole(record->code) ||
        extent_view_at(reader->text, offset, size) == NULL) {
        return AISLE_CORRUPT;
    }
    record->shown = bytes_of(head + SUGGEST_RECORD_HEAD, shown_size);
    record->contexts = record->shown.data + shown_size + key_size;
    if (keyed) {
        record->key = bytes_of(record->shown.data + shown_size, key_size);
        return 0;
    }
    for (size_t i = 0; i < shown_size; i++) {
        record->buffer[i] = suggest_small(record->shown.data[i]);
    }
    record->key = bytes_of(record->buffer, shown_size);
    return 0;
}

/* ---- down the tree ---- */

struct suggest_space suggest_space_of(uint8_t field, struct bytes value)
{
    struct suggest_space space = {.size = 1, .bytes = {SUGGEST_ALL}};
    if (value.size != 0 && value.size <= SUGGEST_CONTEXT_BYTES) {
        space.bytes[0] = SUGGEST_IN;
        space.bytes[1] = (uint8_t)(field + SUGGEST_CONTEXT_FIELD);
        memcpy(space.bytes + 2, value.data, value.size);
        space.bytes[2 + value.size] = SUGGEST_IN;
        space.size = 3 + value.size;
    }
    return space;
}

bool suggest_word_that_begins(struct bytes key, struct bytes text, struct bytes *word)
{
    size_t at = 0;
    for (uint32_t i = 0; i <= SUGGEST_LATER && at < key.size; i++) {
        *word = bytes_of(key.data + at, key.size - at);
        if (bytes_begin_with(*word, text)) {
            return true;
        }
        at = suggest_word_after(key, at);
    }
    return false;
}

/* Whether one of the words that a record is found by begins with text. */
static int leaf_begins(const struct suggest_reader *reader, uint32_t reference, struct bytes text)
{
    struct suggest_record record;
    struct bytes word;
    int status = suggest_record_at(reader, reference & ~SUGGEST_LEAF, &record);
    if (status != 0) {
        return status;
    }
    return suggest_word_that_begins(record.key, text, &word) ? 0 : AISLE_END;
}

/*
 * Goes from place on by bytes, of which those from text on are a suggestion's and may lead into a leaf. A step down
 * the tree leads to a smaller offset, so that damage cannot make it go round.
 */
static int walk_down(const struct suggest_reader *reader, struct bytes bytes, size_t text, struct suggest_place *place)
{
    size_t at = 0;
    struct suggest_node node;
    int status = suggest_node_at(reader, place->reference, &node);
    while (status == 0) {
        size_t label_left = node.label_size - place->label_bytes;
        size_t left = bytes.size - at;
        size_t common = left < label_left ? left : label_left;
        if (common != 0 && memcmp(node.label + place->label_bytes, bytes.data + at, common) != 0) {
            return AISLE_END;
        }
        place->label_bytes += common;
        at += common;
        if (at == bytes.size) {
            return 0;
        }
        const uint8_t *first = memchr(node.firsts, bytes.data[at], node.count);
        if (first == NULL) {
            return AISLE_END;
        }
        uint32_t entry = (uint32_t)(first - node.firsts);
        uint32_t reference = suggest_node_reference(&node, entry);
        uint16_t code = suggest_node_code(&node, entry);
        if ((reference & SUGGEST_LEAF) != 0) {
            *place = (struct suggest_place){.reference = reference, .code = code};
            return at < text ? AISLE_CORRUPT
                             : leaf_begins(reader, reference, bytes_of(bytes.data + text, bytes.size - text));
        }
        if (reference >= place->reference) {
            return AISLE_CORRUPT;
        }
        *place = (struct suggest_place){.reference = reference, .code = code};
        at++;
        status = suggest_node_at(reader, reference, &node);
    }
    return status;
}

int suggest_enter(const struct suggest_reader *reader, const struct suggest_space *space, struct suggest_place *place)
{
    *place = (struct suggest_place){.reference = reader->root};
    if ((reader->root & SUGGEST_LEAF) != 0) {
        return AISLE_CORRUPT;
    }
    return walk_down(reader, bytes_of(space->bytes, space->size), space->size, place);
}

int suggest_descend(const struct suggest_reader *reader, struct bytes text, struct suggest_place *place)
{
    return text.size == 0 ? 0 : walk_down(reader, text, 0, place);
}

int suggest_find(const struct suggest_reader *reader, struct suggest_place place, struct bytes key, uint16_t *code)
{
    struct suggest_record record;
    struct suggest_node node;
    int status = suggest_descend(reader, key, &place);
    if (status != 0) {
        return status;
    }
    if ((place.reference & SUGGEST_LEAF) != 0) {
        status = suggest_record_at(reader, place.reference & ~SUGGEST_LEAF, &record);
        *code = place.code;
        return status != 0 ? status : bytes_equal(record.key, key) ? 0 : AISLE_END;
    }
    status = suggest_node_at(reader, place.reference, &node);
    for (uint32_t i = 0; status == 0 && place.label_bytes == node.label_size && i < node.count; i++) {
        uint32_t reference = suggest_node_reference(&node, i);
        if (node.firsts[i] == 0 && (reference & SUGGEST_LEAF) != 0) {
            status = suggest_record_at(reader, reference & ~SUGGEST_LEAF, &record);
            if (status == 0 && bytes_equal(record.key, key)) {
                *code = suggest_node_code(&node, i);
                return 0;
            }
        }
    }
    return status != 0 ? status : AISLE_END;
}

/* ---- all records ---- */

/* The offset of the piece that is written at or behind offset, zeros at an extent's end passed over. */
static uint64_t piece_at(const struct suggest_reader *reader, uint64_t offset)
{
    const uint8_t *head = extent_view_at(reader->text, offset, 1);
    if (head != NULL && *head == 0) {
        offset += EXTENT_PAYLOAD - offset % EXTENT_PAYLOAD;
    }
    return offset;
}

static int load_names(struct suggest_walk *walk)
{
    const struct suggest_reader *reader = walk->reader;
    uint64_t next = reader->contexts_offset;
    walk->names = mem_calloc((size_t)reader->context_count + 1, sizeof *walk->names);
    if (walk->names == NULL) {
        return AISLE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < reader->context_count; i++) {
        next = piece_at(reader, next);
        const uint8_t *head = extent_view_at(reader->text, next, 2);
        if (head == NULL || head[0] == 0 || head[0] > LIMIT_FIELDS || head[1] == 0 ||
            head[1] > SUGGEST_CONTEXT_BYTES || extent_view_at(reader->text, next, 2u + head[1]) == NULL) {
            return AISLE_CORRUPT;
        }
        walk->names[i].value = bytes_of(head + 2, head[1]);
        walk->names[i].field = (uint8_t)(head[0] - 1);
        next += 2u + head[1];
    }
    return 0;
}

int suggest_walk_init(struct suggest_walk *walk, const struct suggest_reader *reader)
{
    walk->reader = reader;
    walk->next = 0;
    walk->left = reader->count;
    walk->names = NULL;
    walk->entry = (struct suggest_entry){.kind = 0};
    int status = load_names(walk);
    if (status != 0) {
        suggest_walk_release(walk);
    }
    return status;
}

int suggest_walk_next(struct suggest_walk *walk)
{
    struct suggest_record *record = &walk->record;
    if (walk->left == 0) {
        return AISLE_END;
    }
    uint64_t offset = piece_at(walk->reader, walk->next);
    int status = suggest_record_at(walk->reader, offset, record);
    if (status != 0) {
        return status;
    }
    for (size_t i = 0; i < record->context_count; i++) {
        const uint8_t *context = record->contexts + i * SUGGEST_RECORD_CONTEXT;
        uint32_t number = load_u32(context);
        uint16_t code = load_u16(context + 4);
        if (number >= walk->reader->context_count || !suggest_code_is_whole(code)) {
            return AISLE_CORRUPT;
        }
        walk->contexts[i] = walk->names[number];
        walk->contexts[i].weight = suggest_weight(code);
    }
    walk->entry = (struct suggest_entry){.key = record->key,
                                         .shown = record->shown,
                                         .weight = suggest_weight(record->code),
                                         .contexts = walk->contexts,
                                         .context_count = record->context_count,
                                         .kind = record->kind};
    const uint8_t *end = record->contexts + record->context_count * SUGGEST_RECORD_CONTEXT;
    walk->next = offset + (uint64_t)(end - record->shown.data) + SUGGEST_RECORD_HEAD;
    walk->left--;
    return 0;
}

void suggest_walk_release(struct suggest_walk *walk)
{
    mem_free(walk->names);
    walk->names = NULL;
}
