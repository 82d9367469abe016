/*
 * suggest_check.c - proves that records and tree of a part agree: the walk behind `check`.
 *
 * Every record is looked up in every context it names; then the whole tree is walked, whose leaves must be words of
 * the records they lead to, in order, under bounds that are reached. Nodes that are met take no more bytes than there
 * are, so that one to which many ways lead does not keep the walk busy for ever. Page checksums are the extents' own
 * affair.
 */
#include "suggest/suggest_private.h"

struct check {
    const struct suggest_reader *reader;
    aisle_error *error;
    uint64_t left; /* bytes of the tree that nodes met from now on may take */
    uint8_t path[SUGGEST_TREE_KEY_BYTES + 1];
};

static int fault(const struct check *check, const char *what, uint64_t where)
{
    return error_set(check->error, AISLE_CORRUPT, "completions: %s at %llu", what, (unsigned long long)where);
}

/* Whether the tree has the record under its key, with this weight. */
static bool is_listed(const struct suggest_reader *reader, uint8_t field, struct bytes value, struct bytes key,
                      uint64_t weight)
{
    struct suggest_space space = suggest_space_of(field, value);
    struct suggest_place place;
    uint16_t code = 0;
    return suggest_enter(reader, &space, &place) == 0 && suggest_find(reader, place, key, &code) == 0 &&
           code == suggest_code_of(weight);
}

static int check_records(const struct check *check)
{
    struct suggest_walk walk;
    uint8_t last[SUGGEST_KEY_BYTES];
    size_t last_size = 0;
    uint64_t number = 0;
    int status = suggest_walk_init(&walk, check->reader);
    if (status == AISLE_NO_MEMORY) {
        return error_no_memory(check->error, "checking completions");
    }
    if (status != 0) {
        return fault(check, "contexts cannot be read", check->reader->contexts_offset);
    }
    while (status == 0) {
        const struct suggest_entry *entry = &walk.entry;
        status = suggest_walk_next(&walk);
        if (status != 0) {
            status = status == AISLE_END ? status : fault(check, "a suggestion cannot be read", number);
            break;
        }
        bool listed = is_listed(check->reader, 0, bytes_of(NULL, 0), entry->key, entry->weight);
        for (size_t i = 0; i < entry->context_count && listed; i++) {
            listed = is_listed(check->reader, entry->contexts[i].field, entry->contexts[i].value, entry->key,
                               entry->contexts[i].weight);
        }
        if (bytes_compare(bytes_of(last, last_size), entry->key) >= 0) {
            status = fault(check, "a suggestion is out of order", number);
        } else if (!listed) {
            status = fault(check, "the tree lacks a suggestion", number);
        }
        memcpy(last, entry->key.data, entry->key.size);
        last_size = entry->key.size;
        number++;
    }
    suggest_walk_release(&walk);
    return status == AISLE_END ? 0 : status;
}

/* Where the text begins in a path of the tree; more than path_size when it does not. */
static size_t space_of(const struct check *check, size_t path_size)
{
    if (check->path[0] != SUGGEST_IN) {
        return 1;
    }
    const uint8_t *end = path_size < 3 ? NULL : memchr(check->path + 2, SUGGEST_IN, path_size - 2);
    return end == NULL ? path_size + 1 : (size_t)(end - check->path) + 1;
}

/* Whether a word of the record begins with the path behind its space, or is all of it when the key ends there. */
static bool leads_there(const struct check *check, uint32_t reference, size_t path_size, bool ends)
{
    struct suggest_record record;
    size_t space = space_of(check, path_size);
    if (space > path_size || suggest_record_at(check->reader, reference & ~SUGGEST_LEAF, &record) != 0) {
        return false;
    }
    struct bytes path = bytes_of(check->path + space, path_size - space);
    struct bytes word;
    bool begins = suggest_word_that_begins(record.key, path, &word);
    while (begins && ends && word.size != path.size) { /* "go go" ends with "go", but begins with it, too */
        size_t next = suggest_word_after(word, 0);
        begins = suggest_word_that_begins(bytes_of(word.data + next, word.size - next), path, &word);
    }
    return begins;
}

/* What the entry should tell of the bytes behind its first; 0 for what cannot be read, which others find. */
static uint8_t follows_of(struct check *check, const struct suggest_node *node, uint32_t i, size_t path_size)
{
    uint32_t reference = suggest_node_reference(node, i);
    struct suggest_node below;
    struct suggest_record record;
    struct bytes word;
    uint8_t follows = 0;
    check->path[path_size] = node->firsts[i];
    if ((reference & SUGGEST_LEAF) != 0) {
        size_t space = space_of(check, path_size + 1);
        bool met = node->firsts[i] != 0 && space <= path_size + 1 &&
                   suggest_record_at(check->reader, reference & ~SUGGEST_LEAF, &record) == 0;
        size_t size = met ? path_size + 1 - space : 0;
        met = met && suggest_word_that_begins(record.key, bytes_of(check->path + space, size), &word);
        return met && word.size > size ? suggest_follow(word.data[size]) : 0;
    }
    if (suggest_node_at(check->reader, reference, &below) != 0) {
        return 0;
    }
    for (uint32_t n = 0; n < below.count && below.label_size == 0; n++) {
        follows |= below.firsts[n] == 0 ? 0 : suggest_follow(below.firsts[n]);
    }
    return below.label_size == 0 ? follows : suggest_follow(below.label[0]);
}

static int check_node(struct check *check, uint32_t offset, uint16_t code, size_t path_size);

static int check_entry(struct check *check, const struct suggest_node *node, uint32_t i, uint32_t offset,
                       size_t path_size)
{
    uint32_t reference = suggest_node_reference(node, i);
    uint16_t code = suggest_node_code(node, i);
    bool ends = node->firsts[i] == 0;
    if (i != 0 && code > suggest_node_code(node, i - 1)) {
        return fault(check, "a node is out of order", offset);
    }
    if (!ends && memchr(node->firsts, node->firsts[i], i) != NULL) {
        return fault(check, "a node has a branch twice", offset);
    }
    check->path[path_size] = node->firsts[i];
    if (follows_of(check, node, i, path_size) != node->follows[i]) {
        return fault(check, "a node tells wrongly what follows", offset);
    }
    if ((reference & SUGGEST_LEAF) != 0) {
        bool leads = leads_there(check, reference, path_size + (ends ? 0 : 1), ends);
        return leads ? 0 : fault(check, "a leaf leads astray", offset);
    }
    if (ends || reference >= offset) {
        return fault(check, "a node has a branch that leads nowhere", offset);
    }
    return check_node(check, reference, code, path_size + 1);
}

/* code: of the entry that leads here; 0 for the root. Recursion goes as deep as a key has bytes. */
static int check_node(struct check *check, uint32_t offset, uint16_t code, size_t path_size)
{
    struct suggest_node node;
    if (suggest_node_at(check->reader, offset, &node) != 0 || path_size + node.label_size > SUGGEST_TREE_KEY_BYTES) {
        return fault(check, "a node cannot be read", offset);
    }
    uint64_t size = SUGGEST_NODE_HEAD + node.label_size + (uint64_t)node.count * SUGGEST_ENTRY_BYTES;
    if (size > check->left) {
        return fault(check, "a node is met again", offset);
    }
    check->left -= size;
    if (code != 0 && (node.count == 0 || suggest_node_code(&node, 0) != code)) {
        return fault(check, "a bound is not reached", offset);
    }
    memcpy(check->path + path_size, node.label, node.label_size);
    path_size += node.label_size;
    int status = path_size == SUGGEST_TREE_KEY_BYTES && node.count != 0 && memchr(node.firsts, 0, node.count) == NULL
                     ? fault(check, "a key is too long", offset)
                     : 0;
    for (uint32_t i = 0; i < node.count && status == 0; i++) {
        status = check_entry(check, &node, i, offset, path_size);
    }
    return status;
}

int suggest_check(const struct suggest_reader *reader, aisle_error *error)
{
    struct check check = {.reader = reader, .error = error, .left = reader->tree->size};
    int status = check_records(&check);
    if (status != 0) {
        return status;
    }
    return (reader->root & SUGGEST_LEAF) != 0 ? fault(&check, "the root is no node", 0)
                                             : check_node(&check, reader->root, 0, 0);
}
